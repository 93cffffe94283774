#!/usr/bin/env python3
"""Makes HDF5 files that are awkward, damaged, or made to do harm.

    odd.py OUT

What is expected of each is in Tests/HDF5Tests: here they are only made.
"""
import gzip
import os
import struct
import subprocess
import sys
import zlib

import h5py
import hdf5plugin
import numpy as np

from make_hdf5 import (BITSHUFFLE, FLETCHER, GZIP, LZ4, LZF, SHUFFLE, ZSTD, Maker, encode)

OUT = sys.argv[1]


def create(name, **options):
    return h5py.File(os.path.join(OUT, name), "w", **options)


def stored(filters, data):
    """What libhdf5's own filters make of a chunk of bytes, read back raw."""
    path = os.path.join(OUT, "stored.tmp")
    with h5py.File(path, "w") as f:
        plist = MAKER.properties((len(data),), filters, 1)
        dataset = MAKER.chunked(f, "/x", np.frombuffer(data, np.uint8), None, None, plist=plist)
        raw = dataset.read_direct_chunk((0,))[1]
    os.remove(path)
    return raw


def wrong_sizes():
    """Chunks of 64 float32 whose second one decodes to less or more than its shape calls for."""
    pipelines = {
        "none": [], "gzip": [(GZIP, [4])], "shuffle": [(SHUFFLE, [])], "fletcher": [(FLETCHER, [])],
        "lzf": [(LZF, [])], "lz4": [(LZ4, [])], "zstd": [(ZSTD, [3])],
        "bitshuffle": [(BITSHUFFLE, [0, 0])], "bitshuffle-lz4": [(BITSHUFFLE, [0, 2])],
        "bitshuffle-zstd": [(BITSHUFFLE, [0, 3, 3])],
        "gzip+shuffle": [(SHUFFLE, []), (GZIP, [4])],
    }
    with create("wrong_size.h5") as f:
        for name, pipeline in pipelines.items():
            values = np.zeros((32, 8), "<f4")
            for kind, length in (("short", 252), ("long", 260), ("empty", 0), ("bomb", 1 << 22)):
                dataset = MAKER.chunked(f, f"/{name}/{kind}", values, (8, 8), pipeline)
                data = bytes(length)
                if length == 0:
                    raw = b"" if name == "none" else b"\0"
                elif name in ("none", "shuffle"):
                    raw = data
                elif name == "fletcher":
                    raw = encode(FLETCHER, data, 1)
                elif name == "gzip+shuffle":
                    raw = zlib.compress(data)
                else:
                    raw = stored([(i, p) for i, p in pipeline], data)
                if raw and (kind != "bomb" or name not in ("none", "shuffle", "fletcher",
                                                           "bitshuffle")):
                    dataset.write_direct_chunk((8, 0), raw, 0)
                elif raw:
                    dataset.write_direct_chunk((8, 0), raw[:1 << 16], 0)
                else:
                    dataset.write_direct_chunk((8, 0), b"\0", 0)


def flipped():
    """Good chunks with one byte changed, where a checksum tells."""
    rng = np.random.default_rng(5)
    with create("flipped.h5") as f:
        for name, pipeline in (("gzip", [(GZIP, [4])]), ("fletcher", [(FLETCHER, [])]),
                               ("gzip+fletcher", [(GZIP, [1]), (FLETCHER, [])])):
            values = rng.normal(size=(16, 8)).astype("<f4")
            dataset = MAKER.chunked(f, f"/{name}", values, (8, 8), pipeline)
            raw = bytearray(dataset.read_direct_chunk((8, 0))[1])
            raw[len(raw) // 2] ^= 0x10
            dataset.write_direct_chunk((8, 0), bytes(raw), 0)


def bombs():
    """Shapes and chunks that claim far more than is there."""
    with create("bombs.h5") as f:
        dataset = f.create_dataset("shape", (10**9, 10**6), "<f4", chunks=(1000, 100),
                                   compression="gzip")
        dataset[0:10, 0:10] = 1
        f.create_dataset("empty", (10**12, 10**5), "<f4", chunks=(100, 100))
        plist = MAKER.properties((1 << 29,), [(GZIP, [9])], 4)
        space = h5py.h5s.create_simple((1 << 29,))
        chunk = h5py.h5d.create(f.id, b"chunk", h5py.h5t.IEEE_F32LE, space, dcpl=plist)
        chunk.write_direct_chunk((0,), zlib.compress(bytes(4096)), 0)
        contiguous = f.create_dataset("contiguous", (100,), "<f4")
        contiguous[...] = 1


def links():
    with create("links.h5") as f:
        f["layers/dense_10"] = np.arange(6, dtype="<f4").reshape(2, 3)
        f["layers/dense_2"] = np.arange(4, dtype="<f4")
        f["layers/again"] = f["layers"]
        f["layers/deep/up"] = f["/"]
        f["also"] = f["layers/dense_2"]
        f["soft"] = h5py.SoftLink("/layers/dense_10")
        f["a_soft_group"] = h5py.SoftLink("/layers")
        f["dangling"] = h5py.SoftLink("/nowhere/at/all")
        f["loop_a"] = h5py.SoftLink("/loop_b")
        f["loop_b"] = h5py.SoftLink("/loop_a")
        f["itself"] = h5py.SoftLink("itself")
        f["outside"] = h5py.ExternalLink("other.h5", "/x")
        f["soft_outside"] = h5py.SoftLink("/outside")
        f["outside_missing"] = h5py.ExternalLink("missing.h5", "/x")
        f["virtual_like"] = np.dtype("<f4")
    with create("other.h5") as f:
        f["x"] = np.arange(5, dtype="<f8")
        f["back"] = h5py.ExternalLink("links.h5", "/layers")


def names():
    with create("names.h5") as f:
        for name in ("conv.1", "a b", "größe", "層", "x/y/z", "dense_10", "dense_9", "dense_09",
                     "x-1", "x 2", "B", "a"):
            f[name] = np.zeros(2, "<f4")
        f.id.links.create_hard(b"not \xff utf-8", f.id, b"a")
        group = f
        for _ in range(300):
            group = group.create_group("d")
        group["bottom"] = np.zeros(3, "<f4")


def kinds():
    """Everything that is not a number."""
    with create("kinds.h5") as f:
        f["null"] = h5py.Empty("<f4")
        f["scalar"] = np.int16(-3)
        f["compound"] = np.zeros(3, [("a", "<i4"), ("b", "<f8")])
        f["complex"] = np.zeros(3, "<c16")
        f["enum"] = np.zeros(3, h5py.enum_dtype({"cat": 0, "dog": 1}, basetype="i2"))
        f["boolean"] = np.array([True, False, True])
        f["reference"] = np.array([f["null"].ref], h5py.ref_dtype)
        f.create_dataset("sequences", (2,), h5py.vlen_dtype("<i4"))
        f["arrays"] = np.zeros(3, [("v", "<f4", (2,))])["v"]
        f.create_dataset("array_type", (3,), np.dtype(("<f4", (2,))))
        f["opaque"] = np.zeros(3, "V5")
        f["long_double"] = np.zeros(3, np.longdouble)
        odd = h5py.h5t.STD_I32LE.copy()
        odd.set_precision(20)
        h5py.h5d.create(f.id, b"odd_integer", odd, h5py.h5s.create_simple((3,)))
        f["named_type"] = np.dtype("<f4")
        for axis in range(3):
            f.attrs[f"number {axis}"] = axis


def texts():
    words = ["", "cat", "a dog", "größer", "層が深い", "x" * 300]
    with create("texts.h5") as f:
        f["variable"] = np.array(words, h5py.string_dtype())
        f["variable_ascii"] = np.array(["a", "bc"], h5py.string_dtype("ascii"))
        f.create_dataset("variable_chunked", data=np.array(words * 50, h5py.string_dtype()),
                         chunks=(7,), compression="gzip", shuffle=True)
        f.create_dataset("variable_lz4", data=np.array(words, h5py.string_dtype()), chunks=(4,),
                         **hdf5plugin.LZ4())
        f["variable_scalar"] = "only one"
        f["variable_grid"] = np.array([["a", "b"], ["c", "d"]], h5py.string_dtype())
        f.create_dataset("variable_unwritten", (3,), h5py.string_dtype())
        f["many"] = np.array([f"word {i}" for i in range(5000)], h5py.string_dtype())
        f["fixed"] = np.array([w.encode()[:40] for w in words], "S40")
        f["fixed_utf8"] = np.array([w.encode() for w in words],
                                   h5py.string_dtype("utf-8", 300))
        for name, padding in (("null_terminated", h5py.h5t.STR_NULLTERM),
                              ("null_padded", h5py.h5t.STR_NULLPAD),
                              ("space_padded", h5py.h5t.STR_SPACEPAD)):
            tid = h5py.h5t.C_S1.copy()
            tid.set_size(6)
            tid.set_strpad(padding)
            fill = b" " if padding == h5py.h5t.STR_SPACEPAD else b"\0"
            raw = b"".join(w.ljust(6, fill) for w in (b"cat", b"a dog", b"", b"sixsix"[:5], b" x"))
            dataset = h5py.h5d.create(f.id, name.encode(), tid, h5py.h5s.create_simple((5,)))
            dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.frombuffer(raw, "S6").copy(), mtype=tid)
        f["latin"] = np.array([b"gr\xf6\xdfe"], "S8")

        for name in ("labels_i8", "labels_u64", "labels_f4", "labels_half", "labels_nan",
                     "labels_big"):
            values = {"labels_i8": np.array([0, -1, 7], "i1"),
                      "labels_u64": np.array([0, 2**63 - 1], ">u8"),
                      "labels_f4": np.array([0, 3, -2], "<f4"),
                      "labels_half": np.array([1, 2, 2.5], "<f8"),
                      "labels_nan": np.array([[1, np.nan], [2, 3]], "<f4"),
                      "labels_big": np.array([1, 2**64 - 1], "<u8")}[name]
            f[name] = values
        f.attrs["class_names"] = ["cat", "dog", "größe"]
        f.attrs["fixed names"] = np.array([b"x", b"yz"])
        f.attrs["count"] = 3
        f.attrs["counts"] = np.array([1, 2, 3], ">i2")
        f.attrs["scale"] = np.float32(0.5)
        f.attrs["scales"] = np.array([0.5, np.nan, np.inf])
        f.attrs["text"] = "one"
        f.attrs["nothing"] = h5py.Empty("f4")
        f.attrs["compound"] = np.zeros(2, [("a", "i4")])
        f["variable"].attrs["of"] = "a dataset"
        f.create_group("g").attrs["of"] = "a group"


def damaged_heap():
    """Variable-length text whose heap is gone, or whose references lead astray."""
    with create("heap.h5") as f:
        f["words"] = np.array(["one", "two", "three"], h5py.string_dtype())
        f["numbers"] = np.arange(3, dtype="<f4")
    with open(os.path.join(OUT, "heap.h5"), "rb") as f:
        data = bytearray(f.read())
    at = data.index(b"GCOL")
    for name, change in (
            ("heap_signature.h5", lambda d: d.__setitem__(at, 0)),
            ("heap_size.h5", lambda d: d.__setitem__(slice(at + 8, at + 16), b"\xff" * 8)),
            ("heap_object.h5", lambda d: d.__setitem__(slice(at + 24, at + 32), b"\xff" * 8)),
            ("heap_index.h5", lambda d: d.__setitem__(at + 16, 200))):
        copy = bytearray(data)
        change(copy)
        with open(os.path.join(OUT, name), "wb") as f:
            f.write(copy)


def holes():
    with create("holes.h5") as f:
        some = f.create_dataset("some", (10, 10), "<f4", chunks=(4, 4), compression="gzip",
                                fillvalue=7)
        some[0:4, 0:10] = 1
        f.create_dataset("none", (10, 10), "<f4", chunks=(4, 4))
        f.create_dataset("contiguous", (10, 10), "<f4")
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((4,))
        plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        h5py.h5d.create(f.id, b"labels", h5py.h5t.STD_I32LE, h5py.h5s.create_simple((10,)),
                        dcpl=plist)


def filters():
    values = np.random.default_rng(0).normal(size=(20, 20)).astype("<f4")
    with create("filters.h5") as f:
        f.create_dataset("blosc2", data=values, chunks=(10, 10), **hdf5plugin.Blosc2())
        f.create_dataset("zfp", data=values, chunks=(10, 10), **hdf5plugin.Zfp())
        f.create_dataset("good", data=values, chunks=(10, 10), **hdf5plugin.Bitshuffle())
    # libhdf5 itself would decode the source of this one, if it might load a plugin.
    with create("plugin.h5", libver="v110") as f:
        layout = h5py.VirtualLayout((20, 20), "<f4")
        layout[...] = h5py.VirtualSource("filters.h5", "blosc2", (20, 20))
        f.create_virtual_dataset("virtual", layout)
    with open(os.path.join(OUT, "plugin_path"), "w") as f:
        f.write(hdf5plugin.PLUGIN_PATH)


def whole_files():
    with create("good.h5") as f:
        f.create_dataset("x", data=np.arange(4000, dtype="<f4").reshape(100, 40),
                         chunks=(30, 40), compression="gzip")
        f["y"] = np.arange(4000, dtype="<f4")
    with create("run.h5") as f:
        f["y"] = np.arange(4000, dtype="<f4")
    with open(os.path.join(OUT, "good.h5"), "rb") as f:
        data = f.read()

    def write(name, content):
        with open(os.path.join(OUT, name), "wb") as f:
            f.write(content)

    write("cut_one.h5", data[:-1])
    write("cut_half.h5", data[:len(data) // 2])
    write("cut_header.h5", data[:40])
    write("signature_only.h5", data[:8])
    write("empty.h5", b"")
    write("text.h5", b"label,activation\n" * 100)
    write("gzipped.h5", gzip.compress(data))
    write("future.h5", data[:8] + b"\x09" + data[9:])
    # Cut off, and the mark of its end moved: what is beyond must be noticed dataset by dataset.
    half = data[:-6000]
    write("cut_and_marked.h5", half[:40] + struct.pack("<Q", len(half)) + half[48:])
    np.save(os.path.join(OUT, "array.npy"), np.zeros(3))
    os.replace(os.path.join(OUT, "array.npy"), os.path.join(OUT, "numpy.h5"))
    with create("latest.h5", libver="latest") as f:
        f.create_dataset("new", data=np.zeros((10, 10), "<f4"), chunks=(3, 3), compression="gzip")
        f["old"] = np.arange(5, dtype="<f4")
    # A writer that was killed.
    subprocess.run([sys.executable, "-c", f"""
import h5py, os
f = h5py.File({os.path.join(OUT, "killed.h5")!r}, "w", libver="v110")
f["x"] = [1.0]
f.flush()
os._exit(0)
"""], check=True)


def many():
    """More chunks and groups than usual, to be listed quickly."""
    with create("many.h5") as f:
        f.create_dataset("rows", data=np.zeros((20000, 4), "<f4"), chunks=(1, 4))
        for index in range(500):
            f[f"samples/{index}/features"] = np.zeros(3, "<f4")


def children():
    """Programs that take the place of the child, and fail in its place."""
    for name, script in (
            ("crash", "kill -SEGV $$"), ("hang", "exec sleep 30"),
            ("hang silently", "exec >&-; exec sleep 30"), ("half", "echo '{\"catalogue\":{'"),
            ("code", "exit 3"), ("slow", "exec sleep 3"), ("killed", "kill -KILL $$"), ("over time", "kill -XCPU $$")):
        path = os.path.join(OUT, f"child {name}")
        with open(path, "w") as f:
            f.write(f"#!/bin/sh\n{script}\n")
        os.chmod(path, 0o755)


def main():
    for make in (children, wrong_sizes, flipped, bombs, links, names, kinds, texts, damaged_heap, holes,
                 filters, whole_files, many):
        make()


os.makedirs(OUT, exist_ok=True)
MAKER = Maker(OUT, 3)
main()
