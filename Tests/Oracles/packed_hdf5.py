"""Datasets of HDF5's own packing filters (szip, nbit also of records, scaleoffset), and of Blosc beyond small chunks; `make_hdf5.py` makes them.

What is right is what h5py reads: scaleoffset rounds floats, and cuts integers to the bits it was given.
"""
import ctypes
import itertools
import os

import h5py
import numpy as np

SHUFFLE, FLETCHER, GZIP, SZIP, NBIT, SCALEOFFSET, BLOSC = 2, 3, 1, 4, 5, 6, 32001
NEAREST, ENTROPY, RAW = 32, 4, 128
FLOATS, INTEGERS = 0, 2
# Rows of a few chunks each, some over the edge; lines that are whole blocks of szip, and such as are not; more than szip takes as one line.
SHAPES = [((40, 19), (16, 8)), ((23, 75), (10, 33)), ((5003,), (5003,)), ((30, 4), (20, 2))]
SZIPS = {
    "szip": [(SZIP, [NEAREST | RAW, 8])], "szip, entropy alone": [(SZIP, [ENTROPY | RAW, 32])], "szip, least blocks": [(SZIP, [NEAREST | RAW, 2])],
    "shuffle+szip": [(SHUFFLE, []), (SZIP, [NEAREST | RAW, 16])], "szip+fletcher": [(SZIP, [ENTROPY | RAW, 10]), (FLETCHER, [])],
    "szip+gzip": [(SZIP, [NEAREST | RAW, 4]), (GZIP, [1])]}  # fmt: skip
# Bits and the place of the lowest one, for types of 1, 2, 4 and 8 bytes. Libhdf5 writes none that a type of half the bytes could hold.
FIELDS = {1: [(8, 0), (5, 2), (6, 0), (7, 1)], 2: [(16, 0), (12, 0), (9, 3), (11, 5)], 4: [(20, 3), (31, 0), (24, 8), (17, 1)],
          8: [(64, 0), (57, 7), (63, 1), (33, 20), (40, 0)]}  # fmt: skip


def make(maker):
    for libver in ("earliest", "v110"):
        file = f"packed_{libver}.h5"
        with h5py.File(os.path.join(maker.out, file), "w", libver=libver) as f:
            names = [*szips(maker, f), *scaled(maker, f), *narrow(maker, f), *large_bloscs(maker, f), *masked(maker, f)]
            for name in names:
                maker.expect(file, name, f[name][()])
            for name, values in packed_records(maker, f):
                maker.expect(file, name, values, "uint8" if values.dtype == "?" else None)
            for name in wide_elements(maker, f):
                maker.expect(file, name, f[name][()], f"opaque, {f[name].dtype.itemsize} bytes")


def calm(maker, shape, dtype):
    """Values with little to them, as most layers have, some zeros among them."""
    values = (maker.rng.normal(0, 1, shape) * 20).round(2)
    values[maker.rng.random(shape) < 0.3] = 0
    return (abs(values) if np.dtype(dtype).kind == "u" else values).astype(dtype)


def szips(maker, f):
    for (name, pipeline), dtype, (shape, chunk) in itertools.product(SZIPS.items(), ("<f2", "<f4", ">f4", "<f8", "i1", ">u2", "<i4", ">i8"), SHAPES):
        path = f"/{name}/{dtype}/{len(shape)} {chunk}"
        values = calm(maker, shape, dtype)
        maker.chunked(f, path, values, chunk, pipeline)
        assert np.array_equal(f[path][()], values)
        yield path


def scaled(maker, f):
    """Integers in the bits they need and in too few; floats to some decimals; with a fill value, the default, and none at all."""
    for dtype, fill in itertools.product(("i1", "u1", "<i2", ">u2", "<i4", ">i4", "<u8", ">i8", "<f4", ">f4", "<f8", ">f8"), ("default", "own", "none")):
        kind = np.dtype(dtype)
        factors = [(FLOATS, 2), (FLOATS, 0), (FLOATS, 2**32 - 1)] if kind.kind == "f" else [(INTEGERS, 0), (INTEGERS, 5), (INTEGERS, 8 * kind.itemsize)]
        for (scale, factor), (number, (shape, chunk)) in itertools.product(factors, enumerate(SHAPES[:2])):
            pipeline = [[(SCALEOFFSET, [scale, factor])], [(SCALEOFFSET, [scale, factor]), (GZIP, [1])],
                        [(SCALEOFFSET, [scale, factor]), (SHUFFLE, []), (FLETCHER, [])]][int(maker.rng.integers(0, 3))]  # fmt: skip
            plist = maker.properties(chunk, pipeline, kind.itemsize)
            if fill == "own":
                plist.set_fill_value(np.array(7, dtype))
            elif fill == "none":
                undefine_fill_value(maker, plist)
            values = calm(maker, shape, dtype)
            # A chunk of one value, one of all the range, and some of the fill value.
            values[: chunk[0], : chunk[1]] = 7
            if number == 1 and kind.kind != "f":
                values[0, -1], values[1, -1] = np.iinfo(kind).min, np.iinfo(kind).max
            elif number == 1:
                values[0, -1] = np.finfo(kind).max
            path = f"/scaleoffset/{dtype}, {fill}/{factor} {number}"
            maker.chunked(f, path, values, chunk, None, plist=plist)
            yield path


def undefine_fill_value(maker, plist):
    from make_hdf5 import library

    done = library().H5Pset_fill_value(ctypes.c_int64(plist.id), ctypes.c_int64(h5py.h5t.STD_I8LE.id), None)
    assert done >= 0


def narrow(maker, f):
    """Integers of fewer bits than their bytes have, packed by nbit and not; and types that nbit leaves alone."""
    for size, order, sign in itertools.product(FIELDS, "<>", "iu"):
        kind = np.dtype(f"{order}{sign}{size}")
        if size == 1 and order == ">":
            continue
        for (bits, place), (shape, chunk) in itertools.product(FIELDS[size], SHAPES[:2]):
            tid = h5py.h5t.py_create(kind).copy()
            tid.set_precision(bits)
            tid.set_offset(place)
            low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if sign == "i" else (0, 2**bits - 1)
            values = maker.rng.integers(low, high, shape, kind.newbyteorder("="), endpoint=True)
            for name, pipeline in (("nbit", [(NBIT, [])]), ("nbit+gzip", [(NBIT, []), (GZIP, [1])]), ("shuffle", [(SHUFFLE, [])]), ("contiguous", None)):
                path = f"/{name}/{kind.str}, {bits} from {place}/{chunk}"
                plist = maker.properties(chunk, pipeline, size) if pipeline else h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                maker.chunked(f, path, values, chunk, None, tid=tid, plist=plist)
                assert np.array_equal(f[path][()], values), path
                yield path
    for dtype in ("<f4", ">f2"):
        maker.chunked(f, f"/nbit/{dtype}", calm(maker, (40, 9), dtype), (16, 8), [(NBIT, [])])
        yield f"/nbit/{dtype}"


def record_of(fields, narrow, tail):
    """A type of records whose integers have fewer bits than their bytes where `narrow` says so, {name: (bits, place)}; `tail` unused bytes at its end."""
    plain = np.dtype(fields, align=True)
    tid = h5py.h5t.create(h5py.h5t.COMPOUND, plain.itemsize + tail)
    for name, (dtype, offset) in sorted(plain.fields.items(), key=lambda field: field[1][1]):
        base = h5py.h5t.py_create(dtype.base, logical=True)
        if name in narrow:
            base = base.copy()
            base.set_precision(narrow[name][0])
            base.set_offset(narrow[name][1])
        tid.insert(name.encode(), offset, h5py.h5t.array_create(base, dtype.shape) if dtype.shape else base)
    return plain, tid


def packed_records(maker, f):
    """Records and arrays through nbit: fields of all and of some of their bits, arrays of them, records in records, texts, and gaps between."""
    pair, pair_id = record_of([("p", "<u2"), ("q", ">i4")], {"p": (11, 5), "q": (17, 0)}, 0)
    fields = [("a", "<i4"), ("text", "S3"), ("b", ">u8"), ("vector", "<f4", (3,)), ("few", "<i2", (2, 2)), ("flag", "?"), ("wide", ">f8")]
    for number, (pipeline, tail) in enumerate(itertools.product([[(NBIT, [])], [(NBIT, []), (GZIP, [1])], [(SHUFFLE, [])], None], (0, 5))):
        plain, tid = record_of(fields, {"a": (20, 3), "b": (57, 7), "few": (9, 4)}, tail)
        whole = h5py.h5t.create(h5py.h5t.COMPOUND, tid.get_size() + 3 + pair_id.get_size())
        whole.insert(b"one", 0, tid)
        whole.insert(b"pair", tid.get_size() + 3, pair_id)
        rows = np.zeros(90, [("one", plain), ("pair", pair)])
        one = rows["one"]
        one["a"], one["b"] = maker.rng.integers(-(2**19), 2**19, 90), maker.rng.integers(0, 2**57, 90)
        one["text"], one["vector"], one["wide"] = maker.rng.choice([b"cat", b"do", b""], 90), calm(maker, (90, 3), "f4"), calm(maker, 90, "f8")
        one["few"], one["flag"] = maker.rng.integers(-256, 256, (90, 2, 2)), maker.rng.integers(0, 2, 90)
        rows["pair"]["p"], rows["pair"]["q"] = maker.rng.integers(0, 2**11, 90), maker.rng.integers(-(2**16), 2**16, 90)
        path = f"/packed records {number}"
        plist = maker.properties((32,), pipeline, whole.get_size()) if pipeline else h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        h5py.h5d.create(f.id, path[1:].encode(), whole, h5py.h5s.create_simple(rows.shape), dcpl=plist).write(h5py.h5s.ALL, h5py.h5s.ALL, rows)
        read = f[path][()]
        for name in ("one/a", "one/b", "one/vector", "one/few", "one/flag", "one/wide", "pair/p", "pair/q"):
            first, second = name.split("/")
            assert np.array_equal(read[first][second], rows[first][second]), name
            yield f"{path}/{name}", np.ascontiguousarray(rows[first][second])
    for dtype, bits, place in (("<i4", 20, 3), (">i2", 16, 0), ("<f4", 32, 0)):
        base = h5py.h5t.py_create(np.dtype(dtype)).copy()
        if np.dtype(dtype).kind == "i":
            base.set_precision(bits)
            base.set_offset(place)
        values = calm(maker, (40, 6), dtype)
        path = f"/packed arrays {dtype}"
        space, plist = h5py.h5s.create_simple((40,)), maker.properties((16,), [(NBIT, [])], 6 * np.dtype(dtype).itemsize)
        h5py.h5d.create(f.id, path[1:].encode(), h5py.h5t.array_create(base, (6,)), space, dcpl=plist).write(
            h5py.h5s.ALL, h5py.h5s.ALL, values, mtype=h5py.h5t.array_create(h5py.h5t.py_create(np.dtype(dtype)), (6,)))
        assert np.array_equal(f[path][()], values)
        yield path, values


def large_bloscs(maker, f):
    """Chunks of several blocks, blocks split by the bytes of an element, and a chunk that is only copied."""
    from make_hdf5 import BLOSC_CODECS, blosc

    for dtype in ("<f2", "<f8", "i1"):
        values = calm(maker, (200, 700), dtype)
        values[:, 50:] = 3
        for codec, shuffle in itertools.product(BLOSC_CODECS, (0, 1, 2)):
            path = f"/large {codec} {shuffle}/{dtype}"
            dataset = maker.chunked(f, path, values, (150, 700), blosc(codec, 2, shuffle))
            assert len(dataset.read_direct_chunk((0, 0))[1]) < 150 * 700 * values.itemsize
            yield path
    values = calm(maker, (30, 10), "<f4")
    dataset = maker.chunked(f, "/copied", values, (30, 10), blosc("lz4"))
    dataset.write_direct_chunk((0, 0), copied(values.tobytes(), 4))
    yield "/copied"


def copied(data, element):
    """A Blosc chunk that holds its data as they are."""
    return bytes([2, 1, 2 | 1, element]) + b"".join(n.to_bytes(4, "little") for n in (len(data), len(data), len(data) + 16)) + data


def wide_elements(maker, f):
    """Blosc counts an element's bytes in one byte."""
    from make_hdf5 import blosc

    for size in (255, 256, 300):
        values = np.zeros(40, f"V{size}")
        values.view("u1").reshape(40, size)[:] = maker.rng.integers(0, 3, (40, size))
        maker.chunked(f, f"/wide {size}", values, (12,), blosc("lz4"))
        yield f"/wide {size}"


def masked(maker, f):
    """Chunks that went without some of their filters."""
    from make_hdf5 import blosc

    pipelines = {"blosc": [(SHUFFLE, []), *blosc("lz4", 9, 0), (FLETCHER, [])], "szip": [(SHUFFLE, []), (SZIP, [NEAREST | RAW, 8]), (GZIP, [1])],
                 "scaleoffset": [(SCALEOFFSET, [INTEGERS, 0]), (GZIP, [1]), (FLETCHER, [])]}  # fmt: skip
    for (name, pipeline), dtype in itertools.product(pipelines.items(), ("<i4", ">i2")):
        values, chunk = calm(maker, (48, 16), dtype), (16, 8)
        dataset = maker.chunked(f, f"/masked {name}/{dtype}", values, chunk, pipeline)
        for row, column in itertools.product(range(0, 48, 16), range(0, 16, 8)):
            mask = int(maker.rng.integers(0, 8))
            kept = [index for index in range(3) if not mask >> index & 1]
            with h5py.File("one chunk", "w", driver="core", backing_store=False) as g:
                part = np.ascontiguousarray(values[row:row + 16, column:column + 8])
                skipped, data = maker.chunked(g, "/x", part, chunk, [pipeline[index] for index in kept]).read_direct_chunk((0, 0))
            mask |= sum(1 << index for place, index in enumerate(kept) if skipped >> place & 1)
            dataset.write_direct_chunk((row, column), data, mask)
        assert np.array_equal(f[f"/masked {name}/{dtype}"][()], values)
        yield f"/masked {name}/{dtype}"
