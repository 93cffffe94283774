#!/usr/bin/env python3
"""What the inner chunks of a store take with LZ4 alone, with shuffle and with bitshuffle, and how fast (`chunks.c`), by kind of array.

    .venv/bin/python Tests/Bench/chunks.py Tiles/fashion-mnist/current
"""

import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import zarr

ROOT = pathlib.Path(__file__).resolve().parents[2]
KERNELS = ROOT / "Sources" / "CKernels"
# More of a kind tells nothing new.
MOST_BYTES = 32 << 20


def arrays(group):
    for _, member in sorted(group.members()):
        if isinstance(member, zarr.Group):
            yield from arrays(member)
        else:
            yield member


def chunks(array):
    """All inner chunks as bytes, those over the edge filled up with 0. Of images and counts, the axes behind the second are whole."""
    inner = array.metadata.codecs[0].chunk_shape
    values = array[...]
    axis = 0 if values.ndim == 1 else 1
    padding = [(0, -size % step if place == axis else 0) for place, (size, step) in enumerate(zip(values.shape, inner))]
    return np.pad(values, padding).tobytes(), int(np.prod(inner)) * values.dtype.itemsize


def main(path):
    warnings.simplefilter("ignore")
    kinds = {}
    for array in arrays(zarr.open_group(path, mode="r")):
        kind = "images" if array.path.startswith("images/") else array.path.split("/", 2)[2]
        data, size = chunks(array)
        held = kinds.setdefault((kind, array.dtype.itemsize, size), bytearray())
        if len(held) < MOST_BYTES:
            held += data
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "chunks"
        sources = [ROOT / "Tests/Bench/chunks.c", *(KERNELS / f"{name}.c" for name in ("shuffle", "unshuffle", "crc32c"))]
        subprocess.run(["clang", "-O3", "-fno-math-errno", f"-I{KERNELS}", f"-I{KERNELS / 'include'}", *sources, "-llz4", "-o", program], check=True)
        for (kind, width, size), data in sorted(kinds.items()):
            file = pathlib.Path(folder) / "data"
            file.write_bytes(data)
            subprocess.run([program, file, str(width), str(size), kind], check=True)


if __name__ == "__main__":
    main(sys.argv[1])
