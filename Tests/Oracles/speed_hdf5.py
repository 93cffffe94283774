#!/usr/bin/env python3
"""Makes a file with one dataset for each filter, to measure decoding.

    speed_hdf5.py FILE && bench-kernels filters FILE

The values are those of a layer behind ReLU: half zeros, the rest normal, kept to 12 bits of
mantissa so that compressors have something to find.
"""
import sys

import h5py
import hdf5plugin
import numpy as np

rng = np.random.default_rng(0)
values = np.maximum(rng.normal(size=(8192, 2048)), 0).astype("<f4")
values = (values.view("<u4") & 0xfffff800).view("<f4")
# Row i holds float32 values and a whole one of them is 64 MiB; chunks hold 64 rows or one.
OPTIONS = {
    "contiguous": dict(),
    "none": dict(chunks=(64, 2048)),
    "none, a row a chunk": dict(chunks=(1, 2048)),
    "none, tiles": dict(chunks=(256, 64)),
    "none, columns": dict(chunks=(8192, 1)),
    "gzip": dict(chunks=(64, 2048), compression="gzip", compression_opts=1),
    "gzip+shuffle": dict(chunks=(64, 2048), compression="gzip", compression_opts=1, shuffle=True),
    "shuffle": dict(chunks=(64, 2048), shuffle=True),
    "fletcher32": dict(chunks=(64, 2048), fletcher32=True),
    "lzf": dict(chunks=(64, 2048), compression="lzf"),
    "lzf+shuffle": dict(chunks=(64, 2048), compression="lzf", shuffle=True),
    "lz4": dict(chunks=(64, 2048), **hdf5plugin.LZ4()),
    "lz4, a row a chunk": dict(chunks=(1, 2048), **hdf5plugin.LZ4()),
    "zstd": dict(chunks=(64, 2048), **hdf5plugin.Zstd()),
    "bitshuffle": dict(chunks=(64, 2048), **hdf5plugin.Bitshuffle(cname="none")),
    "bitshuffle-lz4": dict(chunks=(64, 2048), **hdf5plugin.Bitshuffle(cname="lz4")),
    "bitshuffle-zstd": dict(chunks=(64, 2048), **hdf5plugin.Bitshuffle(cname="zstd")),
}
with h5py.File(sys.argv[1], "w") as f:
    for name, options in OPTIONS.items():
        f.create_dataset(name, data=values, **options)
    f.create_dataset("big-endian", data=values.astype(">f4"))
