"""Any Zarr reader opens a store: zarr-python, TensorStore and zarrs read every array alike, and what libblosc writes is read here."""

import hashlib
import json
import shutil
import struct

import google_crc32c
import numcodecs.blosc
import numpy as np
import pytest
import tensorstore
import zarr
import zarrs  # noqa: F401  (registers its pipeline)

from fuzz_store import MISSING, SHUFFLES, chunks_of, sign, with_index
from programs import DATA, Program, write_dump
from serving import GOLDENS
from test_golden import arrays, expected


def read_all(version):
    with zarr.config.set({"threading.max_workers": 2}):
        return {path: array[...] for path, array in arrays(zarr.open_group(str(version), mode="r"))}


def read_by_tensorstore(version, path):
    source = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{version / path}/"}}
    return tensorstore.open(source, read=True).result().read().result()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with counts of every width, figures of both, instances and pictures in grey and colour."""
    folder = tmp_path_factory.mktemp("readers")
    random = np.random.default_rng(3)
    values = np.maximum(random.normal(0, 1, (300, 700)), 0)
    dump = write_dump(
        folder / "dump.h5",
        {"activations/plain": values.astype("f4"), "activations/wide": values[:, :20] * 1e-9,
         "activations/places": np.maximum(random.normal(0, 1, (300, 250, 3)), 0).astype("f2")},
        labels=np.arange(300) % 3,
        **{f"instances/{kind}/activations/plain": values[:4].astype("f4") for kind in ("benign", "attacked")},
        **{"instances/benign/images": random.integers(0, 256, (4, 9, 7), np.uint8),
           "instances/attacked/images": random.integers(0, 256, (4, 9, 7, 3), np.uint8)})  # fmt: skip
    job = folder / "job.yaml"
    job.write_text(
        f"dumps: [{dump}]\nlabels: labels\ninstances: instances\nlayers:\n  - {{dataset: activations/plain}}\n  - {{dataset: activations/wide}}\n"
        "  - {dataset: activations/places, axes: NTD, reduce: samples}\n")  # fmt: skip
    Program().ok("precompute", job, "--output", folder / "Tiles")
    (current,) = (folder / "Tiles").glob("*/current")
    return current.resolve()


def test_every_reader_reads_every_array_alike(store):
    plain = read_all(store)
    assert {values.dtype.name for path, values in plain.items() if path.endswith("own/256")} == {"uint16", "uint32"}
    assert {"float32", "float64", "uint8", "int16", "int64"} <= {values.dtype.name for values in plain.values()}
    with zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline", "codec_pipeline.strict": True}):
        assert {path: values.tobytes() for path, values in read_all(store).items()} == {p: v.tobytes() for p, v in plain.items()}
    for path, values in plain.items():
        np.testing.assert_array_equal(read_by_tensorstore(store, path), values, err_msg=path)


def test_tensorstore_reads_the_golden_store_as_it_was_written():
    version = (GOLDENS[1] / "current").resolve()
    for path, wanted in expected(GOLDENS[1])["arrays"].items():
        values = read_by_tensorstore(version, path)
        assert values.shape == tuple(wanted["shape"]) and values.dtype.name == wanted["dtype"], path
        assert hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest() == wanted["sha256"], path


def shards(version):
    return sorted(path for path in version.rglob("*") if path.is_file() and "/c/" in str(path.relative_to(version)))


def test_libblosc_decodes_every_chunk(store):
    """By itself, without Zarr; and what it says of the buffer is what the array's metadata say."""
    found = set()
    for shard in shards(store):
        count, dtype, shuffle = chunks_of(store, shard)
        data = shard.read_bytes()
        for start, length in (struct.unpack_from("<QQ", data, 16 * i) for i in range(count)):
            if start == MISSING:
                continue
            buffer = data[start : start + length - 4]
            flags, width, size, _, compressed = struct.unpack_from("<BBIII", buffer, 2)
            assert compressed == len(buffer) and len(numcodecs.blosc.decompress(buffer)) == size
            assert width == dtype.itemsize and numcodecs.blosc.cbuffer_complib(buffer) == "LZ4"
            assert flags & 5 == {"noshuffle": 0, "shuffle": 1, "bitshuffle": 4}[shuffle]
            found.add((shuffle, dtype.name, flags & 2 != 0))
    assert {shuffle for shuffle, _, _ in found} == set(SHUFFLES) and {stored for _, _, stored in found} == {False, True}, found


@pytest.mark.parametrize("block", [0, 128, 1024, 4096])
def test_what_libblosc_writes_is_read(program, tmp_path, store, block):
    """Every chunk written anew by libblosc, in blocks of several sizes, split as it likes."""
    building = tmp_path / "golden" / ".building"
    shutil.copytree(store, building)
    flags = set()
    for shard in shards(building):
        count, dtype, shuffle = chunks_of(building, shard)
        parts = []

        def rewritten(entries, data):
            at = len(entries) * 16 + 4
            # In the order in which they lie, without gaps.
            for number in sorted(range(len(entries)), key=lambda i: entries[i]):
                start, length = entries[number]
                if start == MISSING:
                    continue
                raw = np.frombuffer(numcodecs.blosc.decompress(bytes(data[start : start + length - 4])), dtype)
                buffer = numcodecs.blosc.compress(raw, b"lz4", 9, SHUFFLES[shuffle], block)
                flags.add(buffer[2] & 0x12)
                parts.append(buffer + struct.pack("<I", google_crc32c.value(buffer)))
                entries[number] = (at, len(parts[-1]))
                at += len(parts[-1])
            data[len(entries) * 16 + 4 :] = b"".join(parts)
            return entries

        with_index(shard, count, rewritten)
    before = {path: values.tobytes() for path, values in read_all(building).items()}
    assert before == {path: values.tobytes() for path, values in read_all(store).items()}
    sign(building, tmp_path / "golden")
    # Whether numbers agree with each other is compared too: nothing is read that was not written.
    assert "is whole" in program.ok("verify", tmp_path / "golden").stdout
    assert {0x00, 0x02} <= flags or block == 128, flags


def codecs(version):
    """The codecs of inner chunks, by what the array is and its data type; shapes of chunks apart."""
    found = {}
    for file in sorted(version.rglob("zarr.json")):
        document = json.loads(file.read_text())
        if document["node_type"] == "array":
            parts = file.parent.relative_to(version).parts
            sharding = document["codecs"][0]["configuration"]
            what = (parts[0] if parts[0] == "images" else "/".join(parts[2:]), document["data_type"])
            found[what] = (sharding["codecs"], sharding["index_codecs"], sharding["index_location"])
    return found


def test_arrays_have_the_codecs_of_the_format(store):
    """Those that the second writer gave the golden store, which was made from FORMAT.md alone."""
    ours, golden = codecs(store), codecs((GOLDENS[1] / "current").resolve())
    both = ours.keys() & golden.keys()
    assert len(both) > 20
    # Codes were packed otherwise when the golden store was made: readers take either.
    of_codes = {what for what in both if what[0].startswith("codes/")}
    assert {what: ours[what] for what in both - of_codes} == {what: golden[what] for what in both - of_codes}
    packed = {what[0]: inner[1]["configuration"] for what, (inner, *_) in ours.items() if what in of_codes}
    assert {path: (of["clevel"], of["shuffle"]) for path, of in packed.items()} == {
        "codes/columns": (5, "bitshuffle"), "codes/columns_apart": (5, "noshuffle")}
    shuffles = {what: inner[1]["configuration"]["shuffle"] for what, (inner, *_) in ours.items()}
    assert shuffles["own/256", "uint16"] == "bitshuffle" and shuffles["own/256", "uint32"] == shuffles["shared/256", "uint16"] == "shuffle"


CODEC = ("codecs", 0, "configuration", "codecs", 1)


@pytest.mark.parametrize(
    ("place", "value"),
    [("cname", "zstd"), ("cname", "lz4hc"), ("shuffle", "shuffle"), ("shuffle", "noshuffle"), ("shuffle", "bits"), ("typesize", 1), ("typesize", 4),
     ("typesize", None), ("clevel", 10), ("blocksize", -1), ("name", "numcodecs.lz4"), ("name", "zstd")])  # fmt: skip
def test_metadata_that_do_not_describe_the_chunks_are_refused(program, tmp_path, store, place, value):
    building = tmp_path / "store" / ".building"
    shutil.copytree(store, building)
    file = building / "layers/plain/own/256/zarr.json"
    document = json.loads(file.read_text())
    codec = document
    for key in CODEC:
        codec = codec[key]
    (codec if place == "name" else codec["configuration"])[place] = value
    file.write_text(json.dumps(document))
    sign(building, tmp_path / "store")
    assert "layers/plain/own/256" in program.fails(DATA, "verify", tmp_path / "store")
