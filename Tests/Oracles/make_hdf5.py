#!/usr/bin/env python3
"""Makes HDF5 files with h5py and hdf5plugin, and beside them what is in them.

    make_hdf5.py OUT [--seed N]

OUT/cases.json lists every dataset with its shape and element type and where in OUT/expected.bin its
elements lie: little-endian, row-major. The Swift tests read the HDF5 files with their own decoders
and compare every byte. Awkward and damaged files, for which a test knows what to expect, are made
by odd.py.
"""
import argparse
import ctypes
import glob
import itertools
import json
import os
import sys
import zlib

import h5py
import hdf5plugin
import numpy as np

import packed_hdf5

GZIP, SHUFFLE, FLETCHER, LZF, LZ4, BITSHUFFLE, ZSTD = 1, 2, 3, 32000, 32004, 32008, 32015
BZIP2, BLOSC = 307, 32001
# Filters that may find nothing to do, and then leave a chunk as it is.
OPTIONAL = {4, 5, 6, LZF, BLOSC}


def blosc(codec, level=5, shuffle=1):
    """Parameters: four places that the filter fills, level, shuffle (1 bytes, 2 bits), codec."""
    return [(BLOSC, [0, 0, 0, 0, level, shuffle, BLOSC_CODECS.index(codec)])]


BLOSC_CODECS = ["blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"]

DTYPES = ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "i1", "u1", "<i2", ">i2", "<u2", ">u2",
          "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8", "bool"]

# Name of the pipeline: list of (filter, parameters); `s` stands for the element's bytes.
PIPELINES = {
    "none": [],
    "gzip": [(GZIP, [1])],
    "gzip9": [(GZIP, [9])],
    "shuffle": [(SHUFFLE, [])],
    "gzip+shuffle": [(SHUFFLE, []), (GZIP, [4])],
    "fletcher": [(FLETCHER, [])],
    "gzip+shuffle+fletcher": [(SHUFFLE, []), (GZIP, [4]), (FLETCHER, [])],
    "fletcher, then gzip": [(FLETCHER, []), (GZIP, [4])],
    "lzf": [(LZF, [])],
    "lzf+shuffle": [(SHUFFLE, []), (LZF, [])],
    "lz4": [(LZ4, [])],
    "lz4 in blocks of 100": [(LZ4, [100])],
    "lz4+shuffle": [(SHUFFLE, []), (LZ4, [1000])],
    "zstd": [(ZSTD, [3])],
    "zstd+shuffle+fletcher": [(SHUFFLE, []), (ZSTD, [1]), (FLETCHER, [])],
    "bitshuffle": [(BITSHUFFLE, [0, 0])],
    "bitshuffle in blocks of 16": [(BITSHUFFLE, [16, 0])],
    "bitshuffle-lz4": [(BITSHUFFLE, [0, 2])],
    "bitshuffle-lz4 in blocks of 64": [(BITSHUFFLE, [64, 2])],
    "bitshuffle-zstd": [(BITSHUFFLE, [0, 3, 2])],
    "bitshuffle-zstd in blocks of 8": [(BITSHUFFLE, [8, 3, 5])],
    "gzip, then lz4": [(GZIP, [1]), (LZ4, [])],
    "shuffle twice, then zstd": [(SHUFFLE, []), (SHUFFLE, []), (ZSTD, [1])],
    "shuffle, fletcher, then gzip": [(SHUFFLE, []), (FLETCHER, []), (GZIP, [4])],
    "bzip2": [(BZIP2, [9])],
    "bzip2+shuffle+fletcher": [(SHUFFLE, []), (BZIP2, [1]), (FLETCHER, [])],
    "blosc": blosc("blosclz", 9, 0),
    "blosc-blosclz, bits": blosc("blosclz", 9, 2),
    "blosc-lz4": blosc("lz4"),
    "blosc-lz4hc, bits": blosc("lz4hc", 9, 2),
    "blosc-snappy": blosc("snappy"),
    "blosc-zlib": blosc("zlib"),
    "blosc-zstd, bits": blosc("zstd", 3, 2),
    "blosc+shuffle+fletcher": [(SHUFFLE, []), *blosc("lz4", 5, 0), (FLETCHER, [])],
}

ELEMENTS = {"f2": "float16", "f4": "float32", "f8": "float64", "b1": "uint8"}
for _kind, _name in (("i", "int"), ("u", "uint")):
    for _size in (1, 2, 4, 8):
        ELEMENTS[f"{_kind}{_size}"] = f"{_name}{8 * _size}"


def library():
    """The libhdf5 that h5py has loaded, for what h5py does not wrap."""
    folder = os.path.join(os.path.dirname(h5py.__file__), "..", "h5py.libs")
    found = glob.glob(os.path.join(folder, "libhdf5-*.so*"))
    return ctypes.CDLL(found[0]) if found else None


class Maker:
    def __init__(self, out, seed):
        self.out = out
        self.rng = np.random.default_rng(seed)
        self.cases = []
        self.expected = open(os.path.join(out, "expected.bin"), "wb")

    def close(self):
        self.expected.close()
        with open(os.path.join(self.out, "cases.json"), "w") as f:
            json.dump(self.cases, f)

    def expect(self, file, path, values, element=None, **more):
        """Notes what a dataset holds."""
        values = np.asarray(values)
        raw = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
        self.cases.append(dict(
            file=file, dataset=path, shape=list(values.shape),
            element=element or ELEMENTS[values.dtype.str[1:]],
            offset=self.expected.tell(), bytes=raw.nbytes, **more))
        self.expected.write(raw.tobytes())

    def shape(self, most=3000):
        """A random shape of one to four axes, and a chunk that mostly does not divide it."""
        rank = int(self.rng.integers(1, 5))
        shape = [int(self.rng.integers(1, 3 + int(most ** (1 / rank)))) for _ in range(rank)]
        chunk = [int(self.rng.integers(1, s + 1)) for s in shape]
        if self.rng.random() < 0.1:
            chunk = shape
        # Thousands of tiny chunks say no more than hundreds.
        while np.prod([-(-s // c) for s, c in zip(shape, chunk)]) > 200:
            chunk = [min(s, 2 * c) for s, c in zip(shape, chunk)]
        return tuple(shape), tuple(chunk)

    def values(self, shape, dtype):
        """Random values: some compressible, some not, with what is special to floats."""
        dtype = np.dtype(dtype)
        count = int(np.prod(shape))
        if dtype.kind == "b":
            return self.rng.integers(0, 2, shape).astype(bool)
        raw = self.rng.integers(0, 256, count * dtype.itemsize, dtype=np.uint8).tobytes()
        values = np.frombuffer(raw, dtype).copy()
        if self.rng.random() < 0.7:
            calm = (self.rng.normal(0, 1, count) * 20).clip(0, 100).astype(dtype)
            where = self.rng.random(count) < self.rng.choice([0.9, 1.0])
            values[where] = calm[where]
        if dtype.kind == "f" and count > 8:
            values[:6] = [0.0, -0.0, np.nan, np.inf, -np.inf, np.finfo(dtype).smallest_subnormal]
        return values.reshape(shape)

    def properties(self, chunk, pipeline, itemsize):
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk(chunk)
        for identifier, parameters in pipeline:
            if identifier == SHUFFLE:
                plist.set_shuffle()
            elif identifier == FLETCHER:
                plist.set_fletcher32()
            elif identifier == GZIP:
                plist.set_deflate(parameters[0])
            else:
                plist.set_filter(identifier, h5py.h5z.FLAG_OPTIONAL if identifier in OPTIONAL
                                 else h5py.h5z.FLAG_MANDATORY, tuple(parameters))
        return plist

    def chunked(self, f, path, values, chunk, pipeline, maxshape=None, tid=None, plist=None):
        plist = plist or self.properties(chunk, pipeline, values.dtype.itemsize)
        plist.set_obj_track_times(False)
        space = h5py.h5s.create_simple(
            values.shape, tuple(h5py.h5s.UNLIMITED if m is None else m for m in maxshape)
            if maxshape else None)
        lcpl = h5py.h5p.create(h5py.h5p.LINK_CREATE)
        lcpl.set_create_intermediate_group(True)
        tid = tid or h5py.h5t.py_create(values.dtype, logical=True)
        dataset = h5py.h5d.create(f.id, path.encode(), tid, space, dcpl=plist, lcpl=lcpl)
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(values),
                      mtype=tid if values.dtype.kind == "V" else None)
        return dataset

    # Families of files.

    def grid(self, libver):
        """Every filter with every element type, in random shapes and chunks."""
        file = f"grid_{libver}.h5"
        with h5py.File(os.path.join(self.out, file), "w", libver=libver) as f:
            for (name, pipeline), dtype in itertools.product(PIPELINES.items(), DTYPES):
                shape, chunk = self.shape()
                values = self.values(shape, dtype)
                path = f"/{name}/{dtype}"
                maxshape = self.maxshape(shape)
                self.chunked(f, path, values, chunk, pipeline, maxshape)
                self.expect(file, path, values)
            for dtype in DTYPES:
                values = self.values(self.shape()[0], dtype)
                f[f"/contiguous/{dtype}"] = values
                self.expect(file, f"/contiguous/{dtype}", values)
                values = self.values(self.shape(300)[0], dtype)
                plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                plist.set_layout(h5py.h5d.COMPACT)
                self.chunked(f, f"/compact/{dtype}", values, None, None, plist=plist)
                self.expect(file, f"/compact/{dtype}", values)

    def maxshape(self, shape):
        """Which axes may grow decides which index the new format keeps."""
        kind = self.rng.integers(0, 4)
        if kind == 0:
            return None
        if kind == 1:
            return (None,) + shape[1:]
        if kind == 2:
            return (None,) * len(shape)
        return tuple(2 * s for s in shape)

    def indices(self):
        """Each kind of chunk index that the 1.10 format knows, with and without filters."""
        file = "indices.h5"
        with h5py.File(os.path.join(self.out, file), "w", libver="v110") as f:
            for pipeline, kind in itertools.product(
                    ("none", "gzip"), ("single", "implicit", "fixed", "extensible", "btree2")):
                shape, chunk, maxshape = (300, 7), (1, 7), None
                if kind == "single":
                    chunk = shape
                elif kind == "extensible":
                    maxshape = (None, 7)
                elif kind == "btree2":
                    maxshape = (None, None)
                values = self.values(shape, "<f4")
                plist = self.properties(chunk, PIPELINES[pipeline], 4)
                if kind == "implicit":
                    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
                path = f"/{kind}/{pipeline}"
                self.chunked(f, path, values, chunk, None, maxshape, plist=plist)
                self.expect(file, path, values)

    def masks(self):
        """Chunks that some of the filters were not applied to."""
        file = "masks.h5"
        names = ["gzip+shuffle+fletcher", "gzip+shuffle", "fletcher, then gzip"]
        with h5py.File(os.path.join(self.out, file), "w") as f:
            for name, dtype in itertools.product(names, ("<f4", ">f8", "<u2", "i1")):
                shape, chunk = self.shape(500)
                values = self.values(shape, dtype)
                pipeline = PIPELINES[name]
                path = f"/{name}/{dtype}"
                dataset = self.chunked(f, path, values, chunk, pipeline)
                full = np.zeros([-(-s // c) * c for s, c in zip(shape, chunk)], values.dtype)
                full[tuple(slice(0, s) for s in shape)] = values
                for at in itertools.product(*(range(0, s, c) for s, c in zip(shape, chunk))):
                    data = full[tuple(slice(a, a + c) for a, c in zip(at, chunk))].tobytes()
                    mask = int(self.rng.integers(0, 1 << len(pipeline)))
                    for index, (identifier, _) in enumerate(pipeline):
                        if not mask >> index & 1:
                            data = encode(identifier, data, values.dtype.itemsize)
                    dataset.write_direct_chunk(at, data, mask)
                self.expect(file, path, values)

    def unfiltered_edges(self):
        """Chunks over the edge stored without filters, an option of the 1.10 format."""
        file = "edges.h5"
        hdf5 = library()
        with h5py.File(os.path.join(self.out, file), "w", libver="v110") as f:
            for name in ("gzip+shuffle", "zstd", "gzip+shuffle+fletcher", "blosc-lz4", "bzip2"):
                values = self.values((50, 33), "<f4")
                plist = self.properties((16, 8), PIPELINES[name], 4)
                if hdf5 is None or hdf5.H5Pset_chunk_opts(
                        ctypes.c_int64(plist.id), ctypes.c_uint(2)) < 0:
                    sys.exit("H5Pset_chunk_opts cannot be reached")
                self.chunked(f, f"/{name}", values, None, None, plist=plist)
                self.expect(file, f"/{name}", values)

    def brain_floats(self):
        """bfloat16 in its three forms."""
        file = "bfloat16.h5"
        bits = (self.values((40, 9), "<f4").view("<u4") >> 16).astype("<u2")
        with h5py.File(os.path.join(self.out, file), "w") as f:
            for order in "<>":
                name = "little" if order == "<" else "big"
                tid = (h5py.h5t.IEEE_F16LE if order == "<" else h5py.h5t.IEEE_F16BE).copy()
                tid.set_fields(15, 7, 8, 0, 7)
                tid.set_ebias(127)
                stored = np.ascontiguousarray(bits.astype(order + "u2"))
                space = h5py.h5s.create_simple(bits.shape)
                dataset = h5py.h5d.create(f.id, f"custom_{name}".encode(), tid, space)
                dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, stored, mtype=tid)
                self.expect(file, f"/custom_{name}", bits, "bfloat16")
            f["opaque"] = bits.view("V2")
            self.expect(file, "/opaque", bits, "bfloat16", reinterpret="bfloat16")
            f["uint16"] = bits
            self.expect(file, "/uint16", bits, "bfloat16", reinterpret="bfloat16")
            f["uint16_big"] = bits.astype(">u2")
            self.expect(file, "/uint16_big", bits, "bfloat16", reinterpret="bfloat16")

    def user_block(self):
        """A file that begins with something else."""
        file = "userblock.h5"
        with h5py.File(os.path.join(self.out, file), "w", userblock_size=2048) as f:
            values = self.values((100, 10), "<f4")
            f["contiguous"] = values
            self.expect(file, "/contiguous", values)
            f.create_dataset("chunked", data=values, chunks=(7, 3), compression="gzip")
            self.expect(file, "/chunked", values)
        with open(os.path.join(self.out, file), "r+b") as f:
            f.write(b"#!/usr/bin/env something\n")

    def holes(self):
        """Chunks never written, to be filled."""
        file = "holes.h5"
        with h5py.File(os.path.join(self.out, file), "w") as f:
            for dtype, fill in (("<f4", 2.5), (">f8", -1e300), ("<i8", -7), (">u2", 513)):
                values = np.full((20, 30), fill, dtype)
                dataset = f.create_dataset(f"some/{dtype}", values.shape, dtype, chunks=(6, 7),
                                           fillvalue=fill, compression="gzip")
                part = self.values((6, 9), dtype)
                dataset[6:12, 5:14] = part
                values[6:12, 5:14] = part
                self.expect(file, f"/some/{dtype}", values, missing="fill")
                f.create_dataset(f"none/{dtype}", values.shape, dtype, chunks=(6, 7),
                                 fillvalue=fill)
                self.expect(file, f"/none/{dtype}", np.full((20, 30), fill, dtype), missing="fill")
                plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                plist.set_fill_value(np.array(fill, dtype))
                h5py.h5d.create(f.id, f"contiguous {dtype}".replace("<", "l").encode(),
                                h5py.h5t.py_create(np.dtype(dtype)),
                                h5py.h5s.create_simple((5, 4)), dcpl=plist)
                self.expect(file, f"/contiguous {dtype}".replace("<", "l"),
                            np.full((5, 4), fill, dtype), missing="fill")

    def elsewhere(self):
        """Virtual datasets, external storage, external links: read with `follow`."""
        parts = [self.values((10, 6), ">f4") for _ in range(3)]
        for index, part in enumerate(parts):
            with h5py.File(os.path.join(self.out, f"part_{index}.h5"), "w") as f:
                f.create_dataset("rows", data=part, chunks=(4, 6), compression="gzip")
        file = "elsewhere.h5"
        with h5py.File(os.path.join(self.out, file), "w", libver="v110") as f:
            layout = h5py.VirtualLayout((30, 6), ">f4")
            for index in range(3):
                layout[10 * index:10 * index + 10] = h5py.VirtualSource(
                    f"part_{index}.h5", "rows", (10, 6))
            f.create_virtual_dataset("virtual", layout)
            self.expect(file, "/virtual", np.concatenate(parts), follow=True)

            values = self.values((50, 8), "<f8")
            raw = values.tobytes()
            with open(os.path.join(self.out, "raw.bin"), "wb") as g:
                g.write(b"x" * 100 + raw[:1000])
            with open(os.path.join(self.out, "raw2.bin"), "wb") as g:
                g.write(raw[1000:])
            f.create_dataset("external", values.shape, "<f8", external=[
                ("raw.bin", 100, 1000), ("raw2.bin", 0, len(raw) - 1000)])
            self.expect(file, "/external", values, follow=True)
            f["linked"] = h5py.ExternalLink("part_1.h5", "/rows")
            self.expect(file, "/linked", parts[1], follow=True)
            f["whole"] = h5py.ExternalLink("grid_earliest.h5", "/gzip+shuffle")
        for case in [c for c in self.cases if c["file"] == "grid_earliest.h5"
                     and c["dataset"].startswith("/gzip+shuffle/")]:
            self.cases.append(dict(case, file=file, follow=True,
                                   dataset=case["dataset"].replace("/gzip+shuffle", "/whole")))

    def records(self):
        """Fields of records and arrays as elements, in every layout, with every pipeline."""
        for number, (name, pipeline) in enumerate([("contiguous", None), ("compact", []), *PIPELINES.items()]):
            file = f"records_{number}.h5"
            with h5py.File(os.path.join(self.out, file), "w", libver=("earliest", "v110")[number % 2]) as f:
                types = [str(d) for d in self.rng.choice(DTYPES[:-1], 4)]
                record = np.dtype([("a", types[0]), ("text", "S3"), ("vector", types[1], (int(self.rng.integers(1, 6)),)), ("flag", "?"),
                                   ("inner", [("b", types[2]), ("grid", types[3], (2, 3))])], align=bool(number % 2))  # fmt: skip
                shape = (int(self.rng.integers(1, 40)),) if pipeline == [] and name == "compact" else tuple(int(n) for n in self.rng.integers(1, 40, number % 2 + 1))
                rows = np.frombuffer(self.rng.bytes(int(np.prod(shape)) * record.itemsize), np.uint8).copy().view(record).reshape(shape)
                rows["flag"] = self.rng.integers(0, 2, shape)
                vector = np.dtype((types[1], (4,)))
                matrix = self.values((*shape, 4), types[1])
                if name in ("contiguous", "compact"):
                    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                    plist.set_layout(h5py.h5d.COMPACT if name == "compact" else h5py.h5d.CONTIGUOUS)
                    plists = [plist, plist]
                else:
                    chunk = tuple(int(self.rng.integers(1, n + 1)) for n in shape)
                    plists = [self.properties(chunk, pipeline, size) for size in (record.itemsize, vector.itemsize)]
                space = h5py.h5s.create_simple(shape)
                for path, dtype, data, plist in (("table", record, rows, plists[0]), ("arrays", vector, matrix, plists[1])):
                    stored = h5py.h5t.py_create(dtype, logical=True)
                    h5py.h5d.create(f.id, path.encode(), stored, space, dcpl=plist).write(h5py.h5s.ALL, h5py.h5s.ALL, data, mtype=stored)
                self.expect(file, "/arrays", matrix)
                for path in ("a", "vector", "flag", "inner/b", "inner/grid"):
                    values = rows
                    for part in path.split("/"):
                        values = values[part]
                    self.expect(file, f"/table/{path}", np.ascontiguousarray(values), element="uint8" if path == "flag" else None)

    def sparse(self):
        """Matrices of which only what is not zero is stored, by rows, by columns and listed, with zeros stored and places in no order."""
        file = "sparse.h5"
        with h5py.File(os.path.join(self.out, file), "w") as f:
            for number, dtype in enumerate(DTYPES[:-1]):
                index = ["i1", "<i2", ">u4", "<i8", "u1", ">i4", "<u8"][number % 7]
                options = [{}, {"chunks": True}, {"chunks": True, "compression": "gzip", "shuffle": True}][number % 3]
                shape = tuple(int(n) for n in self.rng.integers(1, 90, 2))
                dense = np.where(self.rng.random(shape) < 0.2, self.values(shape, dtype), np.zeros((), dtype))
                # Minus zero is what a sum with zero makes of it: bits are kept, so there is none.
                dense[dense == 0] = 0
                for axis, source in enumerate((dense, dense.T)):
                    places = [self.rng.permutation(np.union1d(np.flatnonzero(line), self.rng.integers(0, len(line), 1))) for line in source]
                    places = [p[: self.rng.choice([0, len(p)], p=[0.2, 0.8])] if not line.any() else p for p, line in zip(places, source)]
                    group = f"{number}/{axis}"
                    parts = {"data": np.concatenate([line[p] for line, p in zip(source, places)]).astype(dtype),
                             "indices": np.concatenate(places).astype(index), "indptr": np.cumsum([0, *map(len, places)])}  # fmt: skip
                    for name, values in parts.items():
                        f.create_dataset(f"{group}/{name}", data=values, **(options if len(values) else {}))
                    self.expect(file, f"/{group}", dense, sparse=dict(axis=axis, values=f"{group}/data", indices=f"{group}/indices", starts=f"{group}/indptr"))
                for lead in ((shape[0],), (shape[0], 3)):
                    k = min(4, shape[1])
                    places = np.argsort(self.rng.random((*lead, shape[1])), axis=-1)[..., :k]
                    values = self.values(places.shape, dtype)
                    values[values == 0] = 0
                    listed = np.zeros((*lead, shape[1]), dtype)
                    np.put_along_axis(listed, places, values, -1)
                    group = f"{number}/list{len(lead)}"
                    f.create_dataset(f"{group}/acts", data=values, **options)
                    f.create_dataset(f"{group}/idx", data=places.astype(index), **options)
                    self.expect(file, f"/{group}", listed, sparse=dict(values=f"{group}/acts", indices=f"{group}/idx"))

    def scalars(self):
        file = "scalars.h5"
        with h5py.File(os.path.join(self.out, file), "w") as f:
            f["scalar"] = np.float32(3.5)
            self.expect(file, "/scalar", np.float32(3.5))
            for name, shape in (("empty", (0,)), ("no_rows", (0, 5)), ("no_columns", (5, 0))):
                f[name] = np.zeros(shape, "<f4")
                self.expect(file, f"/{name}", np.zeros(shape, "<f4"))
            f.create_dataset("empty_chunks", (0, 5), "<f4", chunks=(2, 5), maxshape=(None, 5))
            self.expect(file, "/empty_chunks", np.zeros((0, 5), "<f4"))


def encode(identifier, data, itemsize):
    """What the filter makes of a chunk, in plain Python."""
    if identifier == GZIP:
        return zlib.compress(data, 5)
    if identifier == SHUFFLE:
        whole = len(data) // itemsize * itemsize
        return (np.frombuffer(data[:whole], np.uint8).reshape(-1, itemsize).T.tobytes()
                + data[whole:])
    if identifier == FLETCHER:
        low = high = 0
        for at in range(0, len(data), 2):
            low = (low + (data[at] << 8) + (data[at + 1] if at + 1 < len(data) else 0)) % 65535
            high = (high + low) % 65535
        if any(data):
            low, high = low or 65535, high or 65535
        return data + (high << 16 | low).to_bytes(4, "little")
    raise ValueError(identifier)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    maker = Maker(arguments.out, arguments.seed)
    maker.grid("earliest")
    maker.grid("v110")
    maker.indices()
    maker.masks()
    maker.unfiltered_edges()
    maker.brain_floats()
    maker.user_block()
    maker.holes()
    maker.elsewhere()
    maker.records()
    maker.sparse()
    maker.scalars()
    packed_hdf5.make(maker)
    maker.close()


if __name__ == "__main__":
    main()
