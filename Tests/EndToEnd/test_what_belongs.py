"""Labels, names and predictions go to what they belong to, or are missed aloud.

Each dump is read (every layer's medians are right), or is refused and read with the line that the refusal names. Where `inspect --job`
writes a job, that job gives the right values or says what it left out.
"""

import h5py
import hdf5plugin
import numpy as np
import pytest
from belonging import check, right_or_told, table
from real_world import NAMES, expected, job_of, medians, mixed, told, write

CASES, reads, refused = table()


@pytest.mark.parametrize("make, words, job, is_refused, python", CASES)
def test_right_or_told(program, tmp_path, rng, make, words, job, is_refused, python):
    right_or_told(program, tmp_path, rng, make, words, job, is_refused, python)


# Labels of some layers


@reads("Assumed: The groups /layer1, /layer2 have the same labels, row for row", "join: 'layer*'")
def labels_beside_each_layer(folder, rng):
    y, x = mixed(rng)
    datasets = {f"layer{i}/{name}": values for i in (1, 2) for name, values in (("activations", x + i), ("labels", y))}
    return [write(folder / "d.h5", datasets)], {f"layer{i}/activations": expected(x + i, y) for i in (1, 2)}


@reads("Assumed: The groups /epoch_0, /epoch_1, /epoch_2 have the same labels, row for row")
def labels_of_each_epoch(folder, rng):
    y, x = mixed(rng)
    datasets = {f"epoch_{i}/{name}": values for i in range(3) for name, values in (("fc", x + i), ("labels", y))}
    return [write(folder / "d.h5", datasets)], {f"epoch_{i}/fc": expected(x + i, y) for i in range(3)}


@refused("several columns may be the labels", "layers: [/fc_batch1], labels: /labels_batch1", job="layers: [/fc_batch1]\nlabels: /labels_batch1")
def labels_with_the_number_of_a_batch(folder, rng):
    y, x = mixed(rng)
    datasets = {}
    for b in range(3):
        datasets |= {f"fc_batch{b}": x[b * 20 : b * 20 + 20], f"labels_batch{b}": y[b * 20 : b * 20 + 20]}
    return [write(folder / "d.h5", datasets)], {"fc_batch1": expected(x[20:40], y[20:40])}


@refused("several columns may be the labels", "layers: [/features/0], labels: /labels/0", job="layers: [/features/0]\nlabels: /labels/0")
def labels_numbered_in_a_group(folder, rng):
    y, x = mixed(rng)
    datasets = {}
    for b in range(3):
        datasets |= {f"features/{b}": x[b * 20 : b * 20 + 20], f"labels/{b}": y[b * 20 : b * 20 + 20]}
    return [write(folder / "d.h5", datasets)], {"features/0": expected(x[:20], y[:20])}


@refused("several columns may be the labels", "layers: [/head/act], labels: /head/label", job="labels: /head/label")
def labels_in_the_order_of_each_layer(folder, rng):
    """Pasted without the layers, the other layer is left out rather than given labels of other rows."""
    y, x = mixed(rng)
    o = rng.permutation(60)
    path = write(folder / "d.h5", {"stem/act": x, "stem/label": y, "head/act": np.tile(x[o], (1, 2)), "head/label": y[o]})
    return [path], {"head/act": expected(x[o], y[o])}


@refused("several columns may be the labels", "layers: [/batch_1/hidden], labels: /batch_1/labels", job="layers: [/batch_1/hidden]\nlabels: /batch_1/labels")
def batches_of_other_lengths(folder, rng):
    y, x = mixed(rng)
    datasets = {}
    for b, length in enumerate((3, 5, 4)):
        datasets |= {f"batch_{b}/hidden": np.stack([x[b * 20 : b * 20 + 20]] * length, 1), f"batch_{b}/labels": y[b * 20 : b * 20 + 20]}
    return [write(folder / "d.h5", datasets)], {"batch_1/hidden": expected(x[20:40], y[20:40])}


def test_foreign_labels_are_told(program, tmp_path, rng):
    """A job that gives a layer the labels of another does so aloud; so does one that joins what has the same labels."""
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"a/act": x, "a/label": y, "b/act": x[:, :4], "b/label": y[::-1]})
    said = told(program, [job_of(tmp_path / "job.yaml", [path], "layers: [/a/act, /b/act]\nlabels: /a/label")], tmp_path / "Tiles")[1]
    assert "Assumed: /b/act has the labels /a/label, as the job says, though /b/label belongs to it" in said
    said = told(program, [job_of(tmp_path / "job.yaml", [path], "labels: /a/label")], tmp_path / "Left")[1]
    assert "Left out: /b/act: its labels are /b/label, which differ from /a/label" in said
    path = write(tmp_path / "e.h5", {"vit/fc": x, "vit/labels": y, "resnet/fc": x, "resnet/labels": y})
    said = told(program, [job_of(tmp_path / "job.yaml", [path], "join: '*'")], tmp_path / "Joined")[1]
    assert "have the same labels, row for row, and their rows follow each other all the same" in said


# Groups that are no classes


@refused("its rows lie in groups, each with one label", "join: 'slide_*'", job="join: 'slide_*'")
def label_of_each_group(folder, rng):
    y, x = mixed(rng)
    datasets = {}
    for c in range(3):
        datasets |= {f"slide_{c}/fc": x[y == 2 - c], f"slide_{c}/label": 2 - c}
    return [write(folder / "d.h5", datasets)], {"fc": expected(x, y)}


@refused("its rows lie in groups, each with one label", "join: 's*'", job="join: 's*'")
def label_of_each_group_as_an_attribute(folder, rng):
    y, x = mixed(rng)
    path = write(folder / "d.h5", {f"s{c}/fc": x[y == 2 - c] for c in range(3)}, [(f"s{c}", "label", NAMES[2 - c]) for c in range(3)])
    return [path], {"fc": expected(x, y, NAMES)}


@refused("without labels that are called so", "join: 'sub-*'", "labels: condition", job="join: 'sub-*'\nlabels: condition")
def subjects(folder, rng):
    y, x = mixed(rng)
    datasets = {}
    for b in range(3):
        datasets |= {f"sub-0{b}/eeg": x[b * 20 : b * 20 + 20], f"sub-0{b}/condition": y[b * 20 : b * 20 + 20]}
    return [write(folder / "d.h5", datasets)], {"eeg": expected(x, y)}


@pytest.mark.parametrize("make, right", [(label_of_each_group, True), (label_of_each_group_as_an_attribute, True), (subjects, False)])
def test_inspect_writes_no_classes_of_groups(program, tmp_path, rng, make, right):
    files, values = make(tmp_path, rng)
    (tmp_path / "job.yaml").write_text(program.ok("inspect", "--job", *files).stdout)
    store, said = told(program, [tmp_path / "job.yaml"], tmp_path / "Tiles")
    if right:
        check(store, values)
    else:
        assert medians(store).keys() == {"all"} and "Left out: /condition: it has one value a row and 3 distinct ones" in said


# Files of classes in folders


@reads("If each is a class, write in a job class_from: file", job="class_from: file")
def files_in_folders_of_classes(folder, rng):
    y, x = mixed(rng)
    files = []
    for c, name in enumerate(NAMES):
        (folder / name).mkdir()
        files.append(write(folder / name / "features.h5", {"fc": x[y == c]}))
    return files, {"fc": expected(x, y, NAMES)}


# What is stored in a way that is not read, or elsewhere


def with_blosc2(path, datasets, name, values):
    write(path, datasets)
    with h5py.File(path, "r+") as f:
        f.create_dataset(name, data=values, chunks=(len(values),), **hdf5plugin.Blosc2())
    return path


@refused("/labels: these seem to be the labels, but", "To take /kmeans/labels all the same, write in a job labels: /kmeans/labels", job="labels: /kmeans/labels")
def labels_that_cannot_be_decoded(folder, rng):
    y, x = mixed(rng)
    clusters = rng.integers(0, 4, 60)
    return [with_blosc2(folder / "d.h5", {"fc": x, "kmeans/labels": clusters}, "labels", y)], {"fc": expected(x, clusters)}


@refused("/labels: these seem to be the labels, but", "labels: false", job="labels: false")
def only_labels_that_cannot_be_decoded(folder, rng):
    y, x = mixed(rng)
    return [with_blosc2(folder / "d.h5", {"fc": x}, "labels", y)], {"fc": expected(x)}


@refused("/labels: these seem to be the labels, but", "follow: true", job="follow: true")
def labels_in_another_file(folder, rng):
    y, x = mixed(rng)
    write(folder / "l.h5", {"y": y})
    with h5py.File(folder / "d.h5", "w") as f:
        f["fc"], f["kmeans/labels"] = x, rng.integers(0, 4, 60)
        f["labels"] = h5py.ExternalLink("l.h5", "/y")
    return [folder / "d.h5"], {"fc": expected(x, y)}


@reads("Left out: /predictions: it is stored with filter 32026")
def predictions_that_cannot_be_decoded(folder, rng):
    y, x = mixed(rng)
    return [with_blosc2(folder / "d.h5", {"fc": x, "labels": y}, "predictions", y)], {"fc": expected(x, y)}


@reads("Left out: /class_names: it is stored with filter 32026")
def names_that_cannot_be_decoded(folder, rng):
    y, x = mixed(rng)
    return [with_blosc2(folder / "d.h5", {"fc": x, "labels": y}, "class_names", np.array(NAMES, "S8"))], {"fc": expected(x, y)}


@reads("Left out: /fc: it is an external link", "follow: true", job="follow: true")
def layer_in_another_file(folder, rng):
    y, x = mixed(rng)
    write(folder / "acts.h5", {"fc": x})
    with h5py.File(folder / "d.h5", "w") as f:
        f["emb"], f["labels"], f["fc"] = x + 1, y, h5py.ExternalLink("acts.h5", "/fc")
    return [folder / "d.h5"], {"fc": expected(x, y), "emb": expected(x + 1, y)}


# Names


@reads("Assumed: /label_names has a text for each row")
def names_of_each_row(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": y + 3, "label_names": np.array(NAMES, object)[y]})], {"fc": expected(x, y, NAMES)}


@reads("Left out: /label_names: it has a text for each row, and rows of the label")
def names_of_each_row_that_are_other_classes(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": y, "label_names": np.array(NAMES, object)[y[::-1]]})], {"fc": expected(x, y)}


PYTHON = [str(NAMES), str(tuple(NAMES)), str(np.array(NAMES)), str(dict(enumerate(NAMES))), str({name: n for n, name in enumerate(NAMES)}), str(["cat", "dog's", "eel"])]


@pytest.mark.parametrize("text", PYTHON)
def test_names_as_python_prints_them(program, tmp_path, rng, text):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y}, [("/", "class_names", text)])
    names = ["cat", "dog's", "eel"] if "dog's" in text else NAMES
    store, said = told(program, [path], tmp_path / "Tiles")
    check(store, {"fc": expected(x, y, names)})
    assert "Assumed: The attribute class_names of / names the classes in one text" in said


def test_names_in_a_text_that_is_no_list(program, tmp_path, rng):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y}, [("/", "class_names", "[cat dog")])
    assert "Left out: @class_names: it is called like names of the classes, but" in told(program, [path], tmp_path / "Tiles")[1]


ORDER = ["eel", "cat", "dog"]


def named_by(folder, rng, datasets, attributes=()):
    """A dump whose classes are named by a group's members."""
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": y} | datasets, attributes)], {"fc": expected(x, y, ORDER)}


@reads()
def names_in_a_group(folder, rng):
    return named_by(folder, rng, {f"class_to_idx/{name}": n for n, name in enumerate(ORDER)})


@reads()
def names_as_attributes_of_a_group(folder, rng):
    return named_by(folder, rng, {}, [("class_to_idx", name, n) for n, name in enumerate(ORDER)])


@reads()
def numbers_in_a_group(folder, rng):
    return named_by(folder, rng, {f"id2label/{n}": name for n, name in enumerate(ORDER)})


@reads()
def meanings_of_flags(folder, rng):
    y, x = mixed(rng)
    attributes = [("labels", "flag_values", np.array([1, 2, 3], "i1")), ("labels", "flag_meanings", "cat dog eel")]
    return [write(folder / "d.h5", {"fc": x, "labels": (y + 1).astype("i1")}, attributes)], {"fc": expected(x, y, NAMES)}


@refused("the classes are cat, dog, eel as /label_names says, and eel, dog, cat as the attribute categories of /labels says",
         "class_names: [eel, dog, cat]", job="class_names: [eel, dog, cat]")  # fmt: skip
def names_that_contradict_each_other(folder, rng):
    y, x = mixed(rng)
    path = write(folder / "d.h5", {"fc": x, "labels": y, "label_names": NAMES}, [("labels", "categories", NAMES[::-1])])
    return [path], {"fc": expected(x, y, NAMES[::-1])}


# Predictions above groups that are joined


@refused("its rows lie in batches", job="join: 'batch*'\ngroups: [{ name: wrong, where: 'label != prediction' }]")
def predictions_above_batches(folder, rng):
    y, x = mixed(rng)
    predicted = (y + (np.arange(60) % 7 == 0)) % 3
    datasets = {"predictions": predicted}
    for b in range(4):
        datasets |= {f"batch{b}/fc": x[b * 15 : b * 15 + 15], f"batch{b}/labels": y[b * 15 : b * 15 + 15]}
    wrong = {"wrong": (int((predicted != y).sum()), float(np.median(x[predicted != y, 0])))}
    return [write(folder / "d.h5", datasets)], {"fc": expected(x, y) | wrong}
