"""The arrays of the golden stores, byte for byte as FORMAT.md §7 says: chunks, shards, and how they are compressed."""

import pathlib
import struct

import google_crc32c
import numcodecs.lz4
import numpy as np
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, ShardingCodec
from zarr.codecs.numcodecs import LZ4

MISSING = (1 << 64) - 1


def round_up(count, step):
    return -(-count // step) * step


def shapes(kind, shape):
    """Inner chunk and shard of an array."""
    if kind == "counts":
        groups, neurons, bins = shape
        n = min(round_up(neurons, 256), 65536)
        return [1, 4096 // bins, bins], [min(max(65536 // n, 1), groups), n, bins]
    if kind == "images":
        return [1, *shape[1:]], list(shape)
    if kind == "extremes":
        return [256, 16], [min(round_up(shape[0], 256), 65536), 16]
    if kind in ("codes", "bits"):
        each = 8 if kind == "bits" else 1
        k = min(round_up(shape[1] * each, 256), 16384)
        w = min(round_up(shape[1] * each, k), 2**24)
        m = 2**24 // w
        return [1, k // each], [min(m // 64 * 64 if m >= 64 else m, shape[0]), w // each]
    c = min(round_up(shape[-1], 256), 16384)
    n = min(round_up(shape[-1], c), 65536)
    if kind == "grid":
        return [c], [n]
    return [1, c], [min(max(65536 // n, 1), shape[0]), n]


def shuffle_of(path, dtype):
    """What is transposed in the chunks of an array, since version 2."""
    if path.endswith("/own/256") and dtype.itemsize <= 2:
        return "bitshuffle"
    return "shuffle" if dtype.kind in "iu" and dtype.itemsize > 1 else "noshuffle"


SHUFFLE_FLAGS = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 4}


def shuffled(block, how):
    """Row 8j + k holds bit k of byte j of every element, or row j byte j."""
    rows = block.reshape(-1, 1).view(np.uint8).T  # [byte, element]
    if how == "bitshuffle":
        rows = np.packbits(rows[:, None, :] >> np.arange(8)[:, None] & 1, axis=-1, bitorder="little")
    return rows.tobytes() if how != "noshuffle" else block.tobytes()


def blosc(block, how):
    plain, width = block.tobytes(), block.dtype.itemsize
    packed = numcodecs.lz4.compress(shuffled(block, how), 1)[4:]  # without the decoded size
    stored = len(packed) > len(plain) - 8
    body = plain if stored else struct.pack("<II", 20, len(packed)) + packed
    flags = 0x30 | SHUFFLE_FLAGS[how] | (0x02 if stored else 0)
    return struct.pack("<BBBBIII", 2, 1, flags, width, len(plain), len(plain), 16 + len(body)) + body


def encode_chunk(block, how):
    """`how`: what is transposed; `None` in version 1."""
    block = np.ascontiguousarray(block)
    # In version 1: decoded size, then the LZ4 block.
    raw = blosc(block, how) if how else numcodecs.lz4.compress(block.tobytes(), 1)
    return raw + struct.pack("<I", google_crc32c.value(raw))


def encode_shard(kind, block, chunk, inside, how):
    """`block`: the shard's values, filled up with 0; `inside`: the part of its shape that lies in the array."""
    grid = [size // step for size, step in zip(block.shape, chunk)]
    places = [place for place in np.ndindex(*grid) if all(p * c < i for p, c, i in zip(place, chunk, inside))]
    if kind == "counts":
        places.sort(key=lambda place: (place[1] * chunk[1] // 256, place[0], place[1]))
    index = {place: (MISSING, MISSING) for place in np.ndindex(*grid)}
    offset, encoded = 16 * len(index) + 4, []
    for place in places:
        cut = tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, chunk))
        encoded.append(encode_chunk(block[cut], how))
        index[place] = (offset, len(encoded[-1]))
        offset += len(encoded[-1])
    head = b"".join(struct.pack("<QQ", *index[place]) for place in np.ndindex(*grid))
    return head + struct.pack("<I", google_crc32c.value(head)) + b"".join(encoded)


def write_array(root, version, path, kind, values, attributes):
    chunk, shard = shapes(kind, values.shape)
    how = shuffle_of(path, values.dtype) if version > 1 else None
    width = values.dtype.itemsize
    compressor = BloscCodec(cname="lz4", clevel=9, shuffle=how, typesize=width, blocksize=0) if how else LZ4(acceleration=1)
    array = root.create_array(
        path,
        shape=values.shape,
        dtype=values.dtype,
        chunks=shard,
        filters=None,
        compressors=None,
        serializer=ShardingCodec(
            chunk_shape=chunk,
            codecs=[BytesCodec(), compressor, Crc32cCodec()],
            index_codecs=[BytesCodec(), Crc32cCodec()],
            index_location="start",
        ),
        fill_value=0,
        attributes=attributes,
    )
    grid = [-(-size // step) for size, step in zip(values.shape, shard)]
    for place in np.ndindex(*grid):
        block = np.zeros(shard, values.dtype)
        cut = tuple(slice(p * s, min((p + 1) * s, size)) for p, s, size in zip(place, shard, values.shape))
        inside = [c.stop - c.start for c in cut]
        block[tuple(slice(0, i) for i in inside)] = values[cut]
        file = pathlib.Path(root.store.root) / path / "c" / "/".join(map(str, place))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encode_shard(kind, block, chunk, inside, how))
    np.testing.assert_array_equal(array[...], values, err_msg=path)  # zarr-python reads what was written by hand
