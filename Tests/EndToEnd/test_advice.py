"""Advice works: what the program advises to write into a job, pasted there, gives the right values; what it advises to do in Python likewise.

Each advice is found in the sources by a piece of its text; the last test fails for one that stands in no table.
"""

import json
import re

import h5py
import numpy as np
import pytest
import test_real_world  # noqa: F401, which fills READ and REFUSED
from programs import ROOT
from real_world import NAMES, READ, REFUSED, acts, agrees, expected, in_python, job_of, mixed, told, write

ADVICES = []


def advice(*says, before=None):
    """An advice that says all these. Its maker returns files, what the job then says, and what is right; `before` is the job that was refused."""
    return lambda make: ADVICES.append(pytest.param(make, says, before, id=make.__name__)) or make


def one(folder, datasets, attributes=()):
    return write(folder / "d.h5", datasets, attributes)


# Labels, predictions, counts


@advice("several columns may be the ", "labels: /a/labels, or labels: /b/labels")
def several_columns_of_labels(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"net/fc": x, "a/labels": y % 2, "b/labels": y})], "labels: /b/labels", expected(x, y)


@advice("If that is wrong, name another column in a job, as in ", "labels: false says that there are none")
def labels_by_name(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "class_id": y})], "labels: false", expected(x)


@advice("it reads like a coordinate; if it holds labels, write labels: ")
def coordinates_that_are_labels(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "at/x": y % 2, "at/y": y})], "labels: /at/y", expected(x, y)


@advice("holds one label a file: all rows of a file have it. If that is wrong, name another column in a job: labels: PATH")
def one_label_a_file(folder, rng):
    files, each, all_x = [], [], []
    for k in range(2):
        y, x = mixed(rng, 20)
        files.append(write(folder / f"part-{k}.h5", {"fc": x, "label": k, "kinds": y}))
        each.append(y)
        all_x.append(x)
    return files, "labels: kinds", expected(np.concatenate(all_x), np.concatenate(each))


@advice("it holds neither whole numbers nor texts. Name another column in the job, as in labels: PATH", before="labels: fc@shares")
def attribute_of_fractions(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "species": y}, [("fc", "shares", rng.random(60))])], "labels: species", expected(x, y)


@advice("holds no labels. Name another in the job: labels: PATH")
def as_many_classes_as_rows(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "labels": np.arange(60), "species": y})], "labels: species", expected(x, y)


@advice("the labels are a cell array of MATLAB", "or name another dataset in the job: labels: PATH", before="labels: labels")
def cells(folder, rng):
    y, x = mixed(rng)
    with h5py.File(one(folder, {"fc": x, "numbers": y}), "r+") as f:
        ref = f.create_dataset("#refs#/a", data=np.array([[1]], "u2")).ref
        f.create_dataset("labels", data=np.array([ref] * 60, dtype=h5py.ref_dtype)[None], dtype=h5py.ref_dtype).attrs["MATLAB_class"] = np.bytes_("cell")
    return [folder / "d.h5"], "labels: numbers", expected(x, y)


@advice("asks for labels, but the dump has none. Name their dataset in the job: labels: PATH", before="groups: [{ name: g, where: 'label == 1' }]")
def group_without_labels(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "species": y})], "labels: species\ngroups: [{ name: g, where: 'label == 1' }]", expected(x, y) | {"g": expected(x, y)["1"]}


@advice("asks for predictions, but the dump has none. Name their dataset in the job: predictions: PATH", before="groups: [{ name: g, where: 'prediction == 1' }]")
def group_without_predictions(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "labels": y, "said": y})], "predictions: said\ngroups: [{ name: g, where: 'prediction == 1' }]", expected(x, y) | {"g": expected(x, y)["1"]}


@advice("there are several columns of predictions, and they differ: write predictions: ")
def several_columns_of_predictions(folder, rng):
    y, x = mixed(rng)
    job = "predictions: /predictions\ngroups: [{ name: g, where: 'prediction == 2' }]"
    return [one(folder, {"fc": x, "labels": y, "preds": (y + 1) % 3, "predictions": y})], job, expected(x, y) | {"g": expected(x, y)["2"]}


@advice("if the later ones are filler, write count: ")
def number_of_samples(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "labels": y, "num_samples": 40})], "count: /num_samples", expected(x[:40], y[:40])


@advice("the file's attribute says ", "if the later ones are filler, write count: 40")
def number_of_samples_as_an_attribute(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "labels": y}, [("/", "num_samples", 40)])], "count: 40", expected(x[:40], y[:40])


@advice("it should say how many of the ", "Name another dataset in the job, as in count: PATH", before="count: n")
def count_that_is_too_large(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "labels": y, "n": 61, "real": 50})], "count: real", expected(x[:50], y[:50])


# Names of classes


@advice("in one text: ", "If that is wrong, name them in a job: class_names: [cat, dog]")
def names_in_one_text(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "labels": y}, [("/", "class_names", "ant, bee, owl")])], f"class_names: [{', '.join(NAMES)}]", expected(x, y, NAMES)


@advice("names the classes, for it holds ", "If that is wrong, write labels: PATH and class_names: PATH in a job")
def names_called_labels(folder, rng):
    y, x = mixed(rng)
    files = [one(folder, {"fc": x, "y": y % 2, "labels": ["ant", "bee"], "kind": y, "kinds": NAMES})]
    return files, "labels: kind\nclass_names: kinds", expected(x, y, NAMES)


@advice("class names are a one-dimensional list of texts", "or list the names there: class_names: [cat, dog]", before="class_names: fc")
def names_that_are_numbers(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "labels": y})], f"class_names: [{', '.join(NAMES)}]", expected(x, y, NAMES)


@advice("Files of one dump must agree; where the labels do, name the classes in the job, as in class_names: [cat, dog]")
def files_of_other_names(folder, rng):
    y, x = mixed(rng)
    parts = [(slice(0, 30), NAMES), (slice(30, 60), ["Cat", "Dog", "Eel"])]
    files = [write(folder / f"part-{k}.h5", {"fc": x[part], "labels": y[part], "class_names": names}) for k, (part, names) in enumerate(parts)]
    return files, f"class_names: [{', '.join(NAMES)}]", expected(x, y, NAMES)


@advice("they are told apart by their label. To call them otherwise, name the classes in a job: class_names: [cat, dog]")
def names_that_occur_twice(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "labels": y, "class_names": ["crane", "hen", "crane"]})], f"class_names: [{', '.join(NAMES)}]", expected(x, y, NAMES)


@advice("the labels begin at 1", "is the label 0, name each label in a job: class_names: { 0: ant, 1: … }")
def labels_from_one(folder, rng):
    names = ["ant", "bee", "owl", "yak"]
    y, x = mixed(rng)
    right = {name: value for name, value in zip(["all", "bee", "owl", "yak"], expected(x, y).values())}
    return [one(folder, {"fc": x, "labels": y + 1, "class_names": names})], "class_names: { 0: ant, 1: bee, 2: owl, 3: yak }", right | {"ant": (0, np.nan)}


@advice("the label of row ", "Name every class, or other names in the job, as in class_names: [cat, dog]")
def too_few_names(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "labels": y, "class_names": ["ant", "bee"]})], f"class_names: [{', '.join(NAMES)}]", expected(x, y, NAMES)


@advice("which is not one of the ", "Name every class, or other names in the job, as in class_names: [cat, dog]")
def too_few_names_of_texts(folder, rng):
    y, x = mixed(rng)
    texts = np.array([NAMES[c] for c in y], object)
    return [one(folder, {"fc": x, "labels": texts, "class_names": ["cat", "dog"]})], "class_names: [eel, dog, cat]", expected(x, y, NAMES)


@advice("which is the name of the group of all rows", "by its label: class_names: { all: every }")
def class_called_all(folder, rng):
    y, x = mixed(rng)
    texts = np.array([["all", "dog", "eel"][c] for c in y], object)
    return [one(folder, {"fc": x, "labels": texts})], "class_names: { all: every }", expected(x, y, ["every", "dog", "eel"])


@advice("which is the name of the group of all rows", "by its label: class_names: { 1: every }")
def class_of_a_number_called_all(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "labels": y, "class_names": ["cat", "all", "eel"]})], "class_names: { 1: every }", expected(x, y, ["0", "every", "2"])


@advice("no label is called as ", "class_names: { cat: NAME, dog: NAME }", before="class_names: { lynx: cat }")
def name_of_no_label(folder, rng):
    y, x = mixed(rng)
    texts = np.array([NAMES[c] for c in y], object)
    return [one(folder, {"fc": x, "labels": texts})], "class_names: { cat: Cat, dog: Dog }", expected(x, y, ["Cat", "Dog", "eel"])


@advice("the labels are whole numbers, and ", "as in class_names: { 0: cat, 1: dog }", before="class_names: { zero: cat }")
def name_of_no_number(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "labels": y})], "class_names: { 0: cat, 1: dog }", expected(x, y, ["cat", "dog", "2"])


# Layers, their axes and numbers


@advice("there are no labels, and the datasets do not agree on the number of rows. Say in a job which are the layers: ", "(layers: [/fc])")
def layers_that_disagree(folder, rng):
    x = acts(rng, np.arange(40) % 3)
    return [one(folder, {"emb": acts(rng, np.zeros(70)), "fc": x})], "layers: [/fc]", expected(x)


@advice("if these are activations after all, name them in a job: layers: [PATH], labels: PATH")
def activations_called_weights(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"att/weights": x, "ffn/kernel": np.ones((8, 9), "f4"), "kinds": y})], "layers: [att/weights]\nlabels: kinds", expected(x, y)


@advice("if it is a layer, name it in a job: layers: [/token_ids, …]")
def layer_called_ids(folder, rng):
    y, x = mixed(rng)
    whole = np.round(x).astype(int)
    return [one(folder, {"fc": x, "token_ids": whole, "labels": y})], "layers: [/token_ids]", expected(whole, y)


@advice("whose meaning cannot be guessed; name them in the job, as in axes: NCHW")
def six_axes(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"fc": x, "big": x.reshape(60, 1, 2, 1, 3, 1), "labels": y})], "layers: [{ dataset: big, axes: NCDFHW }]", expected(x, y)


@advice("a layer has 2 to 5 axes, or its axes are named in the job, as in axes: NCHW", before="layers: [big]")
def six_axes_of_the_job(folder, rng):
    y, x = mixed(rng)
    return [one(folder, {"big": x.reshape(60, 1, 2, 1, 3, 1), "labels": y})], "layers: [{ dataset: big, axes: NCDFHW }]", expected(x, y)


@advice(", attribute axes: ", "Name the axes in the job, as in axes: NCHW")
def axes_that_are_no_text(folder, rng):
    y, x = mixed(rng)
    path = one(folder, {"fc": x.T, "labels": y}, [("fc", "axes", np.bytes_(b"U\xff"))])
    return [path], "layers: [{ dataset: fc, axes: UN }]", expected(x, y)


@advice("the last axis is taken as that of the rows", "If that is wrong, name the axes in a job, as in axes: NU")
def last_axis(folder, rng):
    y = rng.permutation(np.arange(6) % 3)
    x = acts(rng, np.arange(9) % 3, 6)
    return [one(folder, {"fc": x, "labels": y})], "labels: false\nlayers: [{ dataset: fc, axes: NU }]", expected(x)


@advice("the first axis has a length of 1", "If the whole is one row, name the axes in a job, as in axes: NTD")
def first_axis_of_one(folder, rng):
    x = acts(rng, np.zeros(60), 3)
    return [one(folder, {"fc": x[None], "labels": np.zeros(60, int)})], "labels: false\nlayers: [{ dataset: fc, axes: NTD }]", {"all": (1, float(x[0, 0]))}


@advice("its first and last axis are equally long", "If that is wrong, name the axes in a job, as in axes: UN")
def square(folder, rng):
    y = rng.permutation(np.arange(12) % 3)
    x = acts(rng, y, 12)
    return [one(folder, {"fc": x.T, "labels": y})], "layers: [{ dataset: fc, axes: UN }]", expected(x, y)


@advice("Rows are taken as stored by category", "if that is wrong, name the axes in the job")
def rows_by_category(folder, rng):
    x = rng.random((3, 5, 4), np.float32)
    return [one(folder, {"fc": x, "class_names": NAMES})], "layers: [{ dataset: fc, axes: NTD }]\nlabels: false", expected(x.reshape(3, -1))


@advice("as its attributes say. To take the stored numbers, write { dataset: ", "/fc, raw: true } in a job")
def scaled(folder, rng):
    y, x = mixed(rng)
    stored = np.round(x * 100).astype("i2")
    return [one(folder, {"fc": stored, "labels": y}, [("fc", "scale_factor", 0.01)])], "layers: [{ dataset: /fc, raw: true }]", expected(stored, y)


@advice("as an attribute says. To take them as they are, write { dataset: ", "/fc, raw: true } in a job")
def unsigned(folder, rng):
    y, x = mixed(rng)
    stored = np.round(x * 4).astype("i1")
    return [one(folder, {"fc": stored, "labels": y}, [("fc", "_Unsigned", "true")])], "layers: [{ dataset: /fc, raw: true }]", expected(stored, y)


@advice("is no single number. Write the values as they are meant, or say in the job how to take them: { dataset: ", "/fc, raw: true } takes the stored numbers")
def scale_of_each_neuron(folder, rng):
    y, x = mixed(rng)
    stored = np.round(x * 100).astype("i2")
    return [one(folder, {"fc": stored, "labels": y}, [("fc", "scale_factor", np.full(6, 0.01))])], "layers: [{ dataset: /fc, raw: true }]", expected(stored, y)


@advice("Take the stored numbers with raw: true in the job")
def scale_of_nothing(folder, rng):
    y, x = mixed(rng)
    stored = np.round(x * 100).astype("i2")
    return [one(folder, {"fc": stored, "labels": y}, [("fc", "scale_factor", 0.0)])], "layers: [{ dataset: fc, raw: true }]", expected(stored, y)


@advice("its numbers stand for ", "Files of one dump must agree; raw: true in the job takes the stored numbers")
def files_of_other_scales(folder, rng):
    y, x = mixed(rng)
    stored = np.round(x * 100).astype("i2")
    files = [write(folder / f"part-{k}.h5", {"fc": stored[k * 30 : k * 30 + 30], "labels": y[k * 30 : k * 30 + 30]}, [("fc", "scale_factor", 0.01 + k)]) for k in range(2)]
    return files, "layers: [{ dataset: fc, raw: true }]", expected(stored, y)


def bfloat16(folder, rng, opaque):
    y, x = mixed(rng)
    bits = (x.view("u4") >> 16).astype("u2")
    with h5py.File(folder / "d.h5", "w") as f:
        f["labels"], f["other"] = y, x
        if opaque:
            kind = h5py.h5t.create(h5py.h5t.OPAQUE, 2)
            made = h5py.h5d.create(f.id, b"fc", kind, h5py.h5s.create_simple((60, 6)))
            made.write(h5py.h5s.ALL, h5py.h5s.ALL, bits.view("V2"), kind)
        else:
            f["fc"] = bits
    return [folder / "d.h5"], "layers: [{ dataset: fc, dtype: bfloat16 }]", expected((bits.astype("u4") << 16).view("f4"), y)


@advice("perhaps bfloat16. If so, say dtype: bfloat16 in the job", "if they are bfloat16, name the layer in the job with dtype: bfloat16")
def opaque_numbers(folder, rng):
    return bfloat16(folder, rng, True)


@advice("uint16 values. If they are bfloat16 in disguise, say dtype: bfloat16 in the job")
def numbers_in_disguise(folder, rng):
    return bfloat16(folder, rng, False)


# One structure, repeated


@advice("to take one alone, join: test")
def one_part_of_two(folder, rng):
    (y, x), (v, z) = mixed(rng, 40), mixed(rng, 30)
    return [one(folder, {"train/fc": x, "train/labels": y, "test/fc": z, "test/labels": v})], "join: test", expected(z, v)


@advice("it holds parts of a data set, a group each", "write in a job join: 't*'")
def both_parts(folder, rng):
    y, x = mixed(rng, 70)
    datasets = {"test/fc": x[:30], "test/labels": y[:30], "train/fc": x[30:], "train/labels": y[30:]}
    return [one(folder, datasets)], "join: 't*'", expected(x, y)


@advice("its rows lie in batches, a group each", "write in a job join: 'batch_*'")
def batches_with_labels_above(folder, rng):
    y, x = mixed(rng, 70)
    return [one(folder, {"labels": y} | {f"batch_{k}/fc": x[k * 10 : k * 10 + 10] for k in range(7)})], "join: 'batch_*'\nlabels: labels", expected(x, y)


@advice("if they are layers, name them: layers: [PATH, …]")
def groups_that_are_layers(folder, rng):
    x = acts(rng, np.arange(40) % 3)
    return [one(folder, {f"{name}/out": x + k for k, name in enumerate(NAMES)})], "layers: [cat/out, dog/out, eel/out]", expected(x)


@advice("as one a text or a picture would be", "or if they are layers, name them in a job: layers: [PATH, …]")
def numbered_datasets(folder, rng):
    x = acts(rng, np.arange(5) % 3, 3)
    return [one(folder, {str(k): x + k for k in range(600)})], "layers: [/0, /1]", expected(x)


# What to do in Python


@advice('f["layer"] = np.concatenate([f[k][:] for k in names])')
def numbered_texts(folder, rng):
    x = acts(rng, np.arange(600 * 4) % 3, 3)
    path = one(folder, {str(k): x[k * 4 : k * 4 + 4] for k in range(600)})
    with h5py.File(path, "r+") as f:
        names = sorted(f, key=int)
        f["layer"] = np.concatenate([f[k][:] for k in names])
    return [path], "layers: [layer]", expected(x)


def after(words, change, before=None):
    """The advice is to change the file as it says."""
    return lambda make: ADVICES.append(pytest.param((make, change), words, before, id=make.__name__)) or make


@after(["there is one label for each token", "write in a job layers: [tokens], labels: token_labels"], ('f["tokens"] = ', ", and write in a job"))
def labels_of_tokens(folder, rng):
    y = rng.integers(0, 3, (20, 7))
    x = acts(rng, y.ravel())
    return [one(folder, {"fc": x.reshape(20, 7, 6), "labels": y})], "layers: [tokens]\nlabels: token_labels", expected(x, y.ravel())


@after(["holds rows of different lengths", "and write in a job labels: labels_each"], ('f["labels_each"] = ', ", and write in a job"))
def rows_of_different_lengths(folder, rng):
    y = np.arange(20) % 3
    each = np.repeat(y, np.arange(20) % 4 + 1)
    x = acts(rng, each)
    return [one(folder, {"fc": x, "labels": y, "offsets": np.cumsum([0, *(np.arange(20) % 4 + 1)])})], "labels: labels_each", expected(x, each)


@after(["have the same labels, row for row", "follow: true in the job"], None)
def file_of_each_layer(folder, rng):
    y, x = mixed(rng)
    files = [write(folder / f"conv{k}.h5", {"features": x + k, "labels": y}) for k in (0, 1)]
    with h5py.File(folder / "all.h5", "w") as f:
        for file in files:
            f[file.stem] = h5py.ExternalLink(file.name, "/features")
        f["labels"] = h5py.ExternalLink(files[0].name, "/labels")
    return files, ("follow: true", folder / "all.h5"), expected(x, y)


@pytest.mark.parametrize("make, says, before", ADVICES)
def test_what_is_advised_gives_the_right_values(program, tmp_path, rng, make, says, before):
    make, change = make if isinstance(make, tuple) else (make, None)
    files, job, right = make(tmp_path, rng)
    inputs = [job_of(tmp_path / "before.yaml", files, before)] if before else files
    done = program.run("precompute", *inputs, "--output", tmp_path / "Before", "--progress", "auto")
    words = done.stderr + (program.ok("inspect", *files).stdout if not before else "")
    for each in says:
        assert each in words, f"{each!r} is not in: {words}"
    if isinstance(job, tuple):
        job, *files = job
    if change:
        in_python(words, files[0], *change)
    agrees(told(program, [job_of(tmp_path / "job.yaml", files, job)], tmp_path / "Advised")[0], right)


# `inspect --job` writes what the refusal advises


def maker(name):
    """A dump by the name of its maker."""
    return next(each.values[0] for each in READ + REFUSED + ADVICES if getattr(each.values[0], "__name__", "") == name)


@pytest.mark.parametrize("name, lines", [
    ("batches-32", ['join: "batch_*"']), ("batches-17", ['join: "batch_*"']), ("batches-5", ['join: "batch_*"']),
    ("group_of_each_class", ['join: "*"', "class_from: group"]), ("vector_of_each_picture", ['join: "db/*"']),
    ("splits_below_groups", ["labels: labels/train"]), ("both_parts", ['join: "t*"']),
    ("batches_with_labels_above", ['join: "batch_*"', "labels: /labels"]),
    ("labels_in_a_file_of_their_own", ["labels_from: "]), ("file_of_each_class", ["class_from: file"]),
])  # fmt: skip
def test_inspect_writes_a_job_that_joins(program, tmp_path, rng, name, lines):
    files, *rest = maker(name)(tmp_path, rng)
    written = program.ok("inspect", "--job", *files).stdout
    assert all(line in written for line in lines), written
    assert ("# Without this job: " in written) == (name != "file_of_each_class")
    (tmp_path / "job.yaml").write_text(written)
    agrees(told(program, [tmp_path / "job.yaml"], tmp_path / "Tiles")[0], rest[-1])


@pytest.mark.parametrize("form", [{"3": "cat", "7": "dog", "8": "eel"}, {"cat": 3, "dog": 7, "eel": 8}, {"cat": 3, "dog": 7}])
def test_names_with_their_numbers_keep_their_gaps(program, tmp_path, rng, form):
    y, x = mixed(rng)
    labels = np.array([3, 7, 8])[y]
    path = one(tmp_path, {"fc": x, "labels": labels}, [("/", "class_to_idx", json.dumps(form))])
    names = NAMES if len(form) == 3 else ["cat", "dog", "8"]
    agrees(told(program, [path], tmp_path / "Tiles")[0], expected(x, y, names))
    (tmp_path / "job.yaml").write_text(program.ok("inspect", "--job", path).stdout)
    agrees(told(program, [tmp_path / "job.yaml"], tmp_path / "Pasted")[0], expected(x, y, names))


# All advices there are

ELSEWHERE = {
    "test_hints.py": ["and in the job layers: [real]; layers: [{ dataset: ", "and in a job layers: [real]", "write in a job layers: [{ dataset: ", "and in a job predictions: predictions_from_0", "and in the job labels: labels_joined", "Say in a job which are the layers"],
    "test_masks.py": [" of the mask holds ", "by its name it is a mask of the positions of ", "[:].reshape(-1, 1), and in a job mask: mask"],
    "test_encodings.py": ["(or shift_jis, cp1252, …), and in a job ", "Write it as UTF-8, or name another column in the job", "(sentence(why)) Name the classes in the job",
                          "Name others in the job, as in labels: PATH, or say that there are none: labels: false"],
    "test_real_world.py": ["Join them in a job: dumps: [", "There are no labels: all rows form one group", "say that they stand for other numbers. Say in the job",
                           "If each is a class, write in a job class_from: file", "Name those of one in a job: ", "its groups look like classes, a group each",
                           "its rows lie in groups of their own", "distinct ones: if these are labels, write labels: ", "{ dataset: \\(info.path), axes: N }",
                           ") out, write in a job count: "],
    "test_advice_pasted.py": ["once more, by its name or its labels. To take it alone, write in a job join: ", "If they are in the order of the labels, write in the job class_names: { "],
    "test_claims.py": ["To do without it, name in a job all that is to be taken", "say so in a job: instances: { rows: [] }"],
    "test_sparse.py": ["as 10x writes cells", "If that is the other way round, write sparse: ", "it is taken as stored by rows. If that is wrong",
                       "Say it in a job", "say in a job how many there are"],
    "test_real_world_more.py": ["a form that is not read here; write them in another"],
    "test_row_table.py": ["as in \\(key): PATH, or leave ", "or leave pictures out", "or leave scores out", "it holds no texts. Name another dataset in the job"],
    "test_what_belongs.py": ["Say in a job which is right: class_names: [", "its rows lie in groups, each with one label: ", "its rows lie in groups without labels that are called so",
                             "all the same, write in a job labels: ", "to take it, write in another job layers: ["],
    "test_in_what_form.py": ["and write in a job labels: labels_of_rows", "it is a sparse matrix of PyTorch, by rows", "it is a sparse matrix, a row, a column and a value each",
                             "each of its rows is one 1 among zeros", ", not like a neuron. Write them apart", "values are missing, as its mask says",
                             "some of its chunks were never written, so that their values are unknown"],
    "test_never_wrong.py": ["in another order; rows of layers and of labels are taken to belong together", "of each group says which of them are its own, write these",
                            "Write the \\(what) in the order of ", "Write them in the order of \\(conflict.theirs)", "in another order than that in which they stand, and "],
    "test_never_wrong_numbers.py": ["its first two axes are equally long", "are taken for layers of the same ", "stands for no value. Leave such rows out of the dump", ", where a whole number is due. Write the index of the class there",
                                    "and in the job layers: [real]"],
    "test_joined_by_name.py": ["it holds predictions, several a row", "Put them into one order, with h5py", "of them in one text; to take them", "Say in a job what belongs together", "they are joined by position. If that is wrong, write labels: false in a job"],
    # They name no line of their own, or only files of 2^32 neurons would show them.
    "": ["reduce the positions in the job, as in axes: NCHW, reduce: max", "where rows stored by ", "Raise --memory, or name another dataset in the job", "give class_names in the job to have them called otherwise"],
}  # fmt: skip


def test_every_advice_stands_in_a_table():
    known = [each for parameters in ADVICES for each in parameters.values[1]] + [each for some in ELSEWHERE.values() for each in some]
    for file, some in ELSEWHERE.items():
        assert not file or (ROOT / "Tests" / "EndToEnd" / file).exists()
    advices = []
    for path in sorted((ROOT / "Sources" / "Activations").rglob("*.swift")):
        for line in path.read_text().splitlines():
            if re.search(r"\bin (a|the) job\b(?!:)", line) and '"' in line and not line.lstrip().startswith("//"):
                advices.append((path.name, line.strip()))
    assert len(advices) > 50
    missing = [each for each in advices if not any(piece in each[1] or piece in each[1].replace('\\"', '"') for piece in known)]
    assert not missing, "\n".join(f"{name}: {line}" for name, line in missing)
