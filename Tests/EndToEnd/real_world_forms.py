"""Dumps of the kinds E to N of test_real_world.py: rows, numbers, classes and files in the forms that people and their software give them."""

import json

import h5py
import numpy as np
from real_world import NAMES, acts, expected, mixed, read, refused_with, write

# E. Rows never filled


@read("E", "Assumed: The last 30 rows are zero", "count: 60", job="count: 60")
def writer_that_was_stopped(folder, rng):
    y, x = mixed(rng, 90)
    y[60:], x[60:] = 0, 0
    return [write(folder / "d.h5", {"fc": x, "labels": y})], expected(x, y), expected(x[:60], y[:60])


def longer_than_filled(fill):
    def make(folder, rng):
        y, x = mixed(rng, 55)
        with h5py.File(folder / "d.h5", "w") as f:
            f.create_dataset("fc", (64, 6), "f4", chunks=(32, 6), maxshape=(None, 6), fillvalue=fill)[:55] = x
            f.create_dataset("labels", (64,), "i8", chunks=(32,), maxshape=(None,))[:55] = y
        whole, labels = np.full((64, 6), fill, np.float32), np.zeros(64, int)
        whole[:55], labels[:55] = x, y
        return [folder / "d.h5"], expected(whole, labels), expected(x, y)

    make.__name__ = f"resized_filled_with_{fill}"
    return make


for fill in (0, np.nan, -1):
    read("E", "Assumed: The last 9 rows are", "count: 55", job="count: 55")(longer_than_filled(fill))


@read("E", "Assumed: The last row is", "count: 60", job="count: 60")
def one_row_too_many(folder, rng):
    y, x = mixed(rng)
    whole, labels = np.vstack([x + 5, np.zeros((1, 6), np.float32)]), np.append(y, 0)
    return [write(folder / "d.h5", {"fc": whole, "labels": labels})], expected(whole, labels), expected(x + 5, y)


# F. Numbers with a convention


def packed(rng):
    y, x = mixed(rng)
    stored = np.round((x.astype(float) - 10) / 0.001).astype(np.int16)
    stored[5, 0] = -32768
    attributes = [("activations", "scale_factor", 0.001), ("activations", "add_offset", 10.0), ("activations", "_FillValue", np.int16(-32768))]
    return y, stored, attributes


@read("F", "Assumed: /activations: its numbers are 0.001 x stored", "raw: true", job="layers: [{ dataset: /activations, raw: true }]")
def packed_by_netcdf(folder, rng):
    y, stored, attributes = packed(rng)
    x = stored * 0.001 + 10
    x[stored == -32768] = np.nan
    return [write(folder / "d.h5", {"activations": stored, "labels": y}, attributes)], expected(x, y), expected(stored, y)


def quantised(job, meaning):
    def make(folder, rng):
        y, x = mixed(rng)
        stored = np.clip(np.round(x / 0.15 + 30), 0, 255).astype(np.uint8)
        files = [write(folder / "d.h5", {"fc": stored, "labels": y}, [("fc", "scale", 0.15), ("fc", "zero_point", 30)])]
        return files, expected(meaning(stored.astype(float)), y)

    make.__name__ = f"quantised_taken_{'raw' if 'raw' in job else 'scaled'}"
    refused_with("F", job, job=f"layers: [{job}]" if not job.startswith("[") else f"layers: {job}")(make)


quantised("{ dataset: /fc, scale: 0.15, zero_point: 30 }", lambda stored: (stored - 30) * 0.15)
quantised("{ dataset: /fc, raw: true }", lambda stored: stored)


# G. What other software writes


def foreign(kind, words, datasets, attributes=()):
    def make(folder, rng):
        y, x = mixed(rng)
        return [write(folder / "d.h5", datasets(y, x), attributes)], None

    make.__name__ = kind
    refused_with("G", *words)(make)


SPARSE = {"data": np.arange(320.0), "indices": np.arange(320) % 8, "indptr": np.linspace(0, 320, 61).astype(int)}
foreign("sparse_matrix", ["sparse matrix", "toarray()"], lambda y, x: {f"X/{k}": v for k, v in SPARSE.items()} | {"labels": y}, [("X", "encoding-type", "csr_matrix")])
foreign("sparse_matrix_of_scipy", ["sparse matrix"], lambda y, x: {f"sae/{k}": v for k, v in SPARSE.items()} | {"labels": y})
foreign("sparse_matrix_of_matlab", ["sparse matrix of MATLAB", "full(X)"], lambda y, x: {
    "features/data": np.arange(240.0), "features/ir": np.arange(240, dtype=np.uint64), "features/jc": np.arange(7, dtype=np.uint64), "labels": y[None].astype(float)},
    [("features", "MATLAB_sparse", 60)])  # fmt: skip
foreign("labels_of_tokens", ["one label for each token", "reshape(-1, 6)"], lambda y, x: {"layer_5": np.zeros((20, 7, 6), "f4"), "labels": np.zeros((20, 7), int)})
foreign("rows_of_different_lengths", ["np.diff(offsets)"], lambda y, x: {"layer_5": np.zeros((100, 6), "f4"), "labels": y[:20], "offsets": np.arange(21) * 5})


@read("G")
def arrays_as_elements(folder, rng):
    y, x = mixed(rng)
    with h5py.File(folder / "d.h5", "w") as f:
        f["labels"] = y
        f.create_dataset("embedding", (60,), np.dtype(("f4", (6,))))[...] = x
    return [folder / "d.h5"], expected(x, y)


@read("G")
def table_of_pandas(folder, rng):
    y, x = mixed(rng)
    table = np.zeros(60, [("index", "i8"), ("values_block_0", "f4", (6,)), ("label", "i8")])
    table["index"], table["values_block_0"], table["label"] = np.arange(60), x, y
    return [write(folder / "d.h5", {"df/table": table}, [("df", "pandas_type", np.bytes_("frame_table"))])], expected(x, y)


@read("G", "Left out: /labels: it is an object of MATLAB (categorical)", "categories(labels)")
def object_of_matlab(folder, rng):
    y, x = mixed(rng)
    datasets = {"features": x.T, "labels": np.array([[0xDD000000, 2, 1, 1, 1, 1]], np.uint32)}
    return [write(folder / "d.h5", datasets, [("features", "MATLAB_class", np.bytes_("single")), ("labels", "MATLAB_class", np.bytes_("categorical")),
                                              ("labels", "MATLAB_object_decode", np.int32(3))])], expected(x)  # fmt: skip


@read("G", "Left out: /labels: it is a cell array of MATLAB", "the last axis is taken as that of the rows")
def cells_of_matlab(folder, rng):
    y, x = mixed(rng)
    with h5py.File(write(folder / "d.h5", {"features": x.T}, [("features", "MATLAB_class", np.bytes_("single"))]), "r+") as f:
        cells = [f.create_dataset(f"#refs#/{i}", data=np.array([[1]], "u2")).ref for i in y.tolist() if not f.get(f"#refs#/{i}")]
        f.create_dataset("labels", data=np.array([cells[0]] * 60, dtype=h5py.ref_dtype)[None], dtype=h5py.ref_dtype)
        f["labels"].attrs["MATLAB_class"] = np.bytes_("cell")
    return [folder / "d.h5"], expected(x)


# H. Needless refusals


@read("H", "axes: PNU")
def first_axis_of_one(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"features": x[None], "labels": y[None]})], expected(x, y)


@read("H", "Left out: /score: ", "{ dataset: /score, axes: N }", job="layers: [{ dataset: /score, axes: N }]")
def layer_of_one_neuron(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "score": x[:, 0] + 1000, "labels": y})], expected(x, y), expected(x + 1000, y)


@read("H")
def part_without_rows(folder, rng):
    y, x = mixed(rng, 40)
    return [write(folder / f"part-{k}.h5", {"fc": x[i:j], "labels": y[i:j]}) for k, (i, j) in enumerate([(0, 20), (20, 40), (40, 40)])], expected(x, y)


@read("H", "Left out: /instances/pred_boxes")
def group_that_is_called_instances(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"backbone/res5": x, "labels": y, "instances/pred_boxes": rng.random((200, 4)), "instances/scores": rng.random(200)})], expected(x, y)


@read("H", "Assumed: Several classes share a name (crane)")
def classes_of_one_name(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": y, "class_names": ["crane", "hen", "crane"]})], expected(x, y, ["crane [0]", "hen", "crane [2]"])


# I. Class names


def labels_from_one(highest):
    def make(folder, rng):
        names = ["ant", "bee", "owl", "yak"]
        y, x = mixed(rng, 60, highest)
        right = expected(x, y, names) | ({"yak": (0, np.nan)} if highest < 4 else {})
        return [write(folder / "d.h5", {"fc": x, "labels": y + 1, "class_names": names})], right

    make.__name__ = f"labels_1_to_{highest}"
    return make


for highest in (3, 4):
    read("I", "the labels begin at 1")(labels_from_one(highest))


@refused_with("I", 'called "all"', "class_names")
def class_called_all(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": [["all", "dog", "eel"][c] for c in y]})], None


for at, text in {"/": json.dumps(NAMES), "class_names": "cat, dog, eel"}.items():

    def names_in_one_text(folder, rng, at=at, text=text):
        y, x = mixed(rng)
        others, attributes = ({}, [("/", "class_names", text)]) if at == "/" else ({"class_names": text}, [])
        return [write(folder / "d.h5", {"fc": x, "labels": y} | others, attributes)], expected(x, y, NAMES)

    names_in_one_text.__name__ += "_of_the_file" if at == "/" else ""
    read("D", "in one text: cat, dog, eel")(names_in_one_text)


# J. Several files


@refused_with("J", "the same labels, row for row", "ExternalLink")
def file_of_each_layer(folder, rng):
    y, x = mixed(rng)
    return [write(folder / f"conv{k}.h5", {"features": x + k, "labels": y}) for k in (4, 5)], None


@refused_with("J", "labels_from: labels.h5", job="labels_from: labels.h5")
def labels_in_a_file_of_their_own(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "features.h5", {"features": x}), write(folder / "labels.h5", {"labels": y})], expected(x, y)


# K, L, N


@read("K", "Left out: /attention_mask: ", job="layers: [{ dataset: /hidden, axes: NTD, reduce: max }]")
def padded_positions(folder, rng):
    y, x = mixed(rng)
    hidden = np.stack([x] * 8, 1)
    return [write(folder / "d.h5", {"hidden": hidden, "labels": y, "attention_mask": rng.integers(0, 2, (60, 8))})], expected(x, y), expected(x, y)


@read("N")
def axes_with_names(folder, rng):
    y = rng.permutation(np.arange(12) % 3)
    x = acts(rng, y, 12)
    with h5py.File(write(folder / "d.h5", {"fc": x.T, "labels": y}), "r+") as f:
        f["fc"].dims[0].label, f["fc"].dims[1].label = "neuron", "sample"
    return [folder / "d.h5"], expected(x, y)


@read("N")
def texts_of_all_kinds(folder, rng):
    names = ["", "nan", "crane (bird", "x,y", "50%", "C#", "a&b=c#d", "=1+1", "💡", "median(all)"]
    y, x = mixed(rng, 100, len(names))
    return [write(folder / "d.h5", {"fc": x, "labels": np.array([names[c] for c in y], object)})], expected(x, y, names)


@refused_with("N", "61 x 6", "60 labels")
def row_of_padding(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"embedding": np.vstack([0 * x[:1], x]), "labels": y})], None
