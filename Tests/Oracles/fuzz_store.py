"""Changes what a store means and signs it anew (FORMAT.md §1), so that every hash and checksum fits.

`mutated(version, target, random)` copies a version's folder, puts extreme numbers, odd texts and other structures in its
JSON, its indices and its decoded chunks, and returns what it did. Nothing of the project is used.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import struct

import google_crc32c
import numcodecs.blosc
import numcodecs.lz4
import numpy as np

NUMBERS = [0, -1, 1, 2, 3, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**61, 2**62, 2**63 - 1, -(2**63), 2**63, 10**30]
ODD = [None, True, 1.5, -1.5, 1e308, 5e-324, "", "x", "..", "/", "a/b", "\0", "ä" * 300, "x" * 70_000, [], {}, [0], {"x": 1}, [[[]]]]
MISSING = 2**64 - 1
PLACES = [0, 1, 4, 15, 2**31, 2**32, 2**62, 2**63 - 1, 2**63, MISSING - 1, MISSING]


def mutated(version, target, random):
    """Makes the data set's folder `target` with one version of changed meaning; returns what was changed."""
    building = target / ".building"
    shutil.copytree(version, building)
    kinds = [json_value, json_value, json_value, json_key, neurons, index, index, chunk, chunk, chunk, length, missing]
    done = [kinds[random.integers(len(kinds))](building, random) for _ in range(random.integers(1, 3))]
    sign(building, target)
    return "; ".join(done)


def sign(building, target):
    (building / "MANIFEST").unlink(missing_ok=True)
    paths = sorted((str(p.relative_to(building)) for p in building.rglob("*") if p.is_file()), key=os.fsencode)
    lines = [f"{hashlib.sha256((building / p).read_bytes()).hexdigest()}  {p}\n" for p in paths]
    (building / "MANIFEST").write_text("".join(lines))
    name = hashlib.sha256((building / "MANIFEST").read_bytes()).hexdigest()[:16]
    building.rename(target / name)
    (target / "current").symlink_to(name)


# --- JSON ------------------------------------------------------------------------------------------------------------


def places(value, path=()):
    """Paths of everything in a JSON value."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def parent(document, path):
    for key in path[:-1]:
        document = document[key]
    return document


def some_json(folder, random):
    """A zarr.json: often the root's, else any."""
    if random.random() < 0.5:
        return folder / "zarr.json"
    return pick(random, sorted(folder.rglob("zarr.json")))


def pick(random, values):
    return values[random.integers(len(values))]


def twins(folder, file, path, document):
    """The same value where a store says it twice: a layer's attributes stand in the root and in the layer."""
    yield file, path
    if file == folder / "zarr.json" and path[:2] == ("attributes", "layers") and len(path) > 3:
        layer = document["attributes"]["layers"][path[2]].get("id")
        other = folder / "layers" / str(layer) / "zarr.json"
        if other.is_file():
            yield other, ("attributes", *path[3:])


def change(folder, random, body):
    file = some_json(folder, random)
    document = json.loads(file.read_text())
    inside = [p for p in places(document) if p and p[0] in ("attributes", "shape", "chunk_grid", "codecs", "data_type", "fill_value", "node_type")]
    path = pick(random, inside)
    for other, where in list(twins(folder, file, path, document)):
        document = json.loads(other.read_text())
        try:
            said = body(parent(document, where), where[-1])
        except (KeyError, IndexError, TypeError):
            continue
        other.write_text(json.dumps(document, ensure_ascii=False))
    return f"{file.relative_to(folder)} {'.'.join(map(str, path))} {said}"


def json_value(folder, random):
    number, odd, repeat = pick(random, NUMBERS), pick(random, ODD), int(pick(random, [2, 100, 5000]))
    how = random.random()

    def body(owner, key):
        value = owner[key]
        if isinstance(value, list) and how < 0.3:
            owner[key] = value * repeat
            return f"{repeat} times"
        owner[key] = number if isinstance(value, (int, float)) and how < 0.8 else odd
        return f"= {str(owner[key])[:40]!r}"

    return change(folder, random, body)


def json_key(folder, random):
    other = pick(random, ODD)

    def body(owner, key):
        if isinstance(owner, dict):
            del owner[key]
            return "is gone"
        owner.insert(key, other)
        return "has another before it"

    return change(folder, random, body)


def neurons(folder, random):
    """Another number of neurons wherever one stands."""
    count, shard = pick(random, [271, 300, 4096, 65_536, 2**24, 2**30, 2**31 - 1]), pick(random, [512, 65_536])
    for file in [folder / "zarr.json", *sorted((folder / "layers" / "wide").rglob("zarr.json"))]:
        text = re.sub(r"\b270\b", str(count), file.read_text())
        file.write_text(re.sub(r"\b512\b", str(shard), text) if "wide" in str(file.relative_to(folder)) else text)
    return f"{count} neurons in shards of {shard}"


# --- Shards ------------------------------------------------------------------------------------------------------------


def some_shard(folder, random):
    return pick(random, sorted(p for p in folder.rglob("*") if p.is_file() and "/c/" in str(p.relative_to(folder))))


def chunks_of(folder, shard):
    """Inner chunks of a shard, as its array's metadata say, its data type, and what its chunks are shuffled by."""
    array = shard.parent
    while not (array / "zarr.json").is_file():
        array = array.parent
    document = json.loads((array / "zarr.json").read_text())
    try:
        outer = document["chunk_grid"]["configuration"]["chunk_shape"]
        inner = document["codecs"][0]["configuration"]["chunk_shape"]
        shuffle = document["codecs"][0]["configuration"]["codecs"][1]["configuration"].get("shuffle")
        return int(np.prod([a // b for a, b in zip(outer, inner)])), np.dtype(document["data_type"]), shuffle
    except (KeyError, IndexError, TypeError, AttributeError, ZeroDivisionError, ValueError, OverflowError):
        return 1, np.dtype("uint8"), None


def with_index(shard, count, body):
    """Changes entries of a shard's index, and its checksum with them."""
    data = bytearray(shard.read_bytes())
    if not 0 < count * 16 + 4 <= len(data):
        return
    entries = [struct.unpack_from("<QQ", data, 16 * i) for i in range(count)]
    entries = body(entries, data)
    packed = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    data[: len(packed) + 4] = packed + struct.pack("<I", google_crc32c.value(packed))
    shard.write_bytes(data)


SHUFFLES = {"noshuffle": numcodecs.blosc.NOSHUFFLE, "shuffle": numcodecs.blosc.SHUFFLE, "bitshuffle": numcodecs.blosc.BITSHUFFLE}


def decompressed(raw, shuffle):
    return bytearray(numcodecs.blosc.decompress(raw) if shuffle else numcodecs.lz4.decompress(raw))


def compressed(raw, dtype, shuffle, block=0):
    if not shuffle:
        return numcodecs.lz4.compress(raw)
    return numcodecs.blosc.compress(np.frombuffer(raw, dtype if len(raw) % dtype.itemsize == 0 else "uint8"), b"lz4", 5, SHUFFLES.get(shuffle, 0), block)


def index(folder, random):
    shard = some_shard(folder, random)
    count, *_ = chunks_of(folder, shard)
    which, offset, size = random.random(), pick(random, PLACES), pick(random, PLACES)

    def body(entries, data):
        at = int(random.integers(min(len(entries), 8)))
        start, length = entries[at]
        entries[at] = (offset, length) if which < 0.3 else (start, size) if which < 0.6 else (offset, size)
        if which > 0.9:
            entries[at] = entries[-1]
        return entries

    with_index(shard, count, body)
    return f"an index entry of {shard.relative_to(folder)} is {offset}, {size}"


def chunk(folder, random):
    """Other values in a decoded chunk, put behind the others."""
    shard = some_shard(folder, random)
    count, dtype, shuffle = chunks_of(folder, shard)
    said = []

    def body(entries, data):
        at = int(random.integers(min(len(entries), 4)))
        start, length = entries[at]
        if start == MISSING or start + length > len(data) or length < 8:
            return entries
        decoded = decompressed(bytes(data[start : start + length - 4]), shuffle)
        values = np.frombuffer(decoded, dtype) if len(decoded) % dtype.itemsize == 0 else np.frombuffer(decoded, "uint8")
        values = values.copy()
        if dtype.kind == "f":
            some = [np.nan, np.inf, -np.inf, 0.0, -0.0, -(2.0**63), 2.0**63, np.finfo(dtype).max, np.finfo(dtype).tiny, -1e-30]
        else:
            info = np.iinfo(values.dtype)
            some = [info.min, info.max, 0, 1, info.max // 2, info.max - 255]
        with np.errstate(over="ignore"):
            value = np.array(pick(random, some)).astype(values.dtype)
        how = random.random()
        if how < 0.4:
            values[:] = value
        elif how < 0.8:
            values[random.integers(len(values), size=5)] = value
        else:
            random.shuffle(values)
        raw = values.tobytes()
        if how > 0.95:
            raw = raw[: len(raw) // 2]
        encoded = compressed(raw, dtype, shuffle, int(pick(random, [0, 1, 256, 2048])))
        encoded += struct.pack("<I", google_crc32c.value(encoded))
        entries[at] = (len(data), len(encoded))
        data += encoded
        said.append(f"chunk {at}: {value}")
        return entries

    with_index(shard, count, body)
    return f"{shard.relative_to(folder)} {' '.join(said)}"


def length(folder, random):
    shard = some_shard(folder, random)
    data = shard.read_bytes()
    shard.write_bytes(pick(random, [b"", data[:1], data[: len(data) // 2], data[:-1], data + b"\0", data * 2]))
    return f"{shard.relative_to(folder)} has {shard.stat().st_size} of {len(data)} bytes"


def missing(folder, random):
    file = pick(random, sorted(p for p in pathlib.Path(folder).rglob("*") if p.is_file()))
    file.unlink()
    return f"{file.relative_to(folder)} is not there"
