"""Layers for the tests of blocks and plans.

    make_layers.py FOLDER [--seed N]

`numbered-0.h5` and `numbered-1.h5`: small layers of every kind of axes, storage and type, whose values follow from their places. Beside
each `/layers/NAME` of the first file stands `/expected/NAME`: the values of both files as NumPy brings them to [sample, neuron].
`shapes-0.h5` …: large layers without values, for plans. Attributes say what a job would: `axes`, and `reduce`.
"""

import argparse
import pathlib

import h5py
import numpy as np

AXES = {"NU": "flatten", "UN": "flatten", "NCHW": "flatten", "NHWC": "max", "NTD": "samples", "TND": "mean", "KNU": "flatten", "CNT": "samples", "NKD": "flatten"}
TYPES = ["<f4", "<f2", "<f8", ">f4", "u1", "<i2", "<i4"]
STORAGE = ["contiguous", "chunked", "gzip"]
EXTENTS = {"U": 70, "C": 5, "D": 23, "H": 3, "W": 4, "T": 6, "K": 3}


def numbered(shape, dtype, offset):
    """Values that tell one place from its neighbours and are exact in `dtype`."""
    most = {"f2": 2039, "u1": 251}.get(dtype[-2:], 32_749)
    return ((np.arange(np.prod(shape)) * 7 + offset) % most).reshape(shape).astype(dtype)


def samples(values, axes, reduce):
    """[sample, neuron]: rows first, category by category; the other axes in stored order."""
    rows = [axes.index(letter) for letter in "KN" if letter in axes]
    others = [axis for axis in range(len(axes)) if axis not in rows]
    values = values.astype("f8")
    is_position = [reduce != "flatten" and axes[axis] in "HWT" for axis in others]
    positions = [axis for axis, yes in zip(others, is_position) if yes]
    neurons = [axis for axis, yes in zip(others, is_position) if not yes]
    values = values.transpose(rows + positions + neurons)
    count = int(np.prod([1] + list(values.shape[:len(rows)])))
    values = values.reshape(count, int(np.prod([1] + list(values.shape[len(rows):len(rows) + len(positions)]))), -1)
    return {"flatten": values[:, 0] if not positions else None, "samples": values.reshape(-1, values.shape[2]), "max": values.max(1), "mean": values.mean(1)}[reduce]


def write(file, name, axes, reduce, shape, dtype, storage, rng, values=None):
    options = {} if storage == "contiguous" else {"chunks": tuple(int(rng.integers(1, extent + 1)) for extent in shape)}
    if storage == "gzip":
        options |= {"compression": "gzip", "compression_opts": 1, "shuffle": True}
    data = file.create_dataset(name, shape, dtype, data=values, **options)
    data.attrs["axes"], data.attrs["reduce"] = axes, reduce


def make_numbered(folder, rng):
    files = [h5py.File(folder / f"numbered-{part}.h5", "w") for part in range(2)]
    for number, (axes, reduce) in enumerate(AXES.items()):
        for storage in STORAGE:
            dtype = TYPES[(number * 2 + STORAGE.index(storage)) % len(TYPES)]
            name = f"{axes}-{storage}-{dtype.strip('<>')}"
            expected = []
            for part, file in enumerate(files):
                shape = tuple((41, 17)[part] if letter == "N" else EXTENTS[letter] for letter in axes)
                values = numbered(shape, dtype, 1000 * part)
                write(file, f"layers/{name}", axes, reduce, shape, dtype, storage, rng, values)
                expected.append(samples(values, axes, reduce))
            expected = np.concatenate(expected)
            files[0][f"expected/{name}"] = expected.astype(dtype).astype("f8") if reduce != "mean" else expected
    for file in files:
        file.close()


def make_shapes(folder, rng):
    for number in range(6):
        rows = 60_000 if number == 0 else int(rng.choice([1, 7, 1_000, 20_000, 60_000]))
        with h5py.File(folder / f"shapes-{number}.h5", "w") as file:
            for layer in range(5):
                # One is always slow to decode and has several blocks of rows.
                is_slow = number == 0 and layer == 1
                neurons = 4096 if is_slow else int(rng.choice([1, 10, 255, 256, 257, 4096, 17_000]))
                shape = (rows, neurons) if layer < 3 else (rows, int(rng.integers(1, 9)), neurons)
                axes = "NU" if layer < 3 else "NTD"
                chunk = tuple(int(rng.integers(1, min(extent, most) + 1)) for extent, most in zip(shape, (500, 300, 300)))
                plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                if layer % 3:
                    plan.set_chunk(chunk)
                    if is_slow or rng.random() < 0.6:
                        plan.set_deflate(1)
                else:
                    # A file with a hole: what is never looked at need not be written.
                    plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
                    plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
                kind = h5py.h5t.py_create(np.dtype(rng.choice(["<f4", "<f2", "<f8"])))
                space = h5py.h5s.create_simple(shape)
                data = h5py.Dataset(h5py.h5d.create(file.id, f"layer-{layer}".encode(), kind, space, plan))
                data.attrs["axes"], data.attrs["reduce"] = axes, "samples" if layer == 3 else "flatten"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(arguments.seed)
    make_numbered(arguments.folder, rng)
    make_shapes(arguments.folder, rng)


if __name__ == "__main__":
    main()
