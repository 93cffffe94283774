"""Files that once gave wrong figures, or none, without a word: rows by their ids, numbers by what is said of them, rows never filled.

What is read is compared value for value; what is refused is refused with the line to write, and the line is tried.
"""

import re

import h5py
import numpy as np
import pytest
from real_world import NAMES, acts, agrees, expected, job_of, mixed, told, write

# Attributes that JSON has no word for


@pytest.mark.parametrize("place", ["fc", "labels", "/"])
@pytest.mark.parametrize("value", [np.float32("nan"), np.array([-np.inf, np.inf]), np.array([np.nan], "f4")], ids=["scalar", "infinite", "array"])
def test_attributes_that_are_no_finite_numbers(program, tmp_path, rng, place, value):
    """xarray writes _FillValue = NaN for every float; of shards, too, the work is told apart by all that the file says."""
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y}, [(place, "_FillValue" if place == "fc" and np.isnan(value).any() else "clip", value)])
    agrees(told(program, [path], tmp_path / "Tiles")[0], expected(x, y))
    shards = (path, "--output", tmp_path / "Shards", "--progress", "none")
    for number in range(2):
        program.ok("precompute", *shards, "--shard", f"{number}/2")
    program.ok("merge", *shards)
    agrees(tmp_path / "Shards/d/current", expected(x, y))


# Rows that are known by a column: its numbers, its files' names


def files_of(form, n=60):
    """What tells a row, in several forms."""
    return {"numbers": np.arange(n), "thousands": np.arange(n) * 3 + 1000, "texts": np.array([f"img_{i:03}.jpg" for i in range(n)], object)}[form]


def does(said, path, begin):
    """Does with the file `f` what is advised with h5py, and returns what the job is to say."""
    code, line = re.search(rf"with h5py[^:]*: ({re.escape(begin)}.*?), and in (?:a|the) job ([a-z]+: (?:\[.*?\]|[^\s,;]+?))(?:, without labels_from)?\.?(?=$|\s)", said).groups()
    with h5py.File(path, "r+") as f:
        exec(code, {"f": f, "np": np, "h5py": h5py})
    return line


def advised(program, folder, files, lines, right, layer=0):
    store = told(program, [job_of(folder / "advised.yaml", files, lines)], folder / "Advised")[0]
    agrees(store, right, layer)


KEYS = [("sample_id", "numbers"), ("key", "thousands"), ("filename", "texts"), ("image_names", "texts"), ("stimulus", "thousands"), ("uuid", "texts")]


@pytest.mark.parametrize("name, form", KEYS)
@pytest.mark.parametrize("shuffled", [True, False])
def test_labels_that_stand_apart_are_joined_by_key_or_not_at_all(program, refused, tmp_path, rng, name, form, shuffled):
    y, x = mixed(rng)
    keys, order = files_of(form), rng.permutation(60) if shuffled else np.arange(60)
    path = write(tmp_path / "d.h5", {f"acts/{name}": keys, "acts/fc": x, f"meta/{name}": keys[order], "meta/label": y[order]})
    if not shuffled:
        return agrees(told(program, [path], tmp_path / "Tiles")[0], expected(x, y))
    said = refused(path, words=[f"/acts/{name} and /meta/{name} number the rows differently", "/meta/label cannot be joined to /acts/fc by position"])
    refused(job_of(tmp_path / "named.yaml", [path], "labels: meta/label"), words=["number the rows differently"])
    advised(program, tmp_path, [path], does(said, path, "by = "), expected(x, y))


def test_keys_of_other_names_and_keys_that_are_no_keys(program, refused, tmp_path, rng):
    """Each name is held against its namesake; what merely counts from 0, or from 1, says nothing of the order."""
    y, x = mixed(rng)
    order = rng.permutation(60)
    same = {"acts/index": np.arange(60), "acts/sample_id": order, "acts/fc": x, "meta/index": np.arange(60) + 1, "meta/sample_id": order, "meta/label": y}
    agrees(told(program, [write(tmp_path / "same.h5", same)], tmp_path / "Tiles")[0], expected(x, y))
    other = {"acts/axis1": np.arange(60), "acts/block0_values": x, "labels/index": order, "labels/values": y[order]}
    path = write(tmp_path / "pandas.h5", other)
    said = refused(job_of(tmp_path / "job.yaml", [path], "labels: /labels/values"), words=["/acts/axis1 and /labels/index number the rows differently"])
    advised(program, tmp_path, [path], does(said, path, "by = "), expected(x, y))


def test_keys_of_which_some_are_missing(program, refused, tmp_path, rng):
    """Nobody can put these into order; keys that have nothing in common are told of."""
    y, x = mixed(rng)
    datasets = {"acts/id": np.arange(60), "acts/fc": x, "meta/label": y}
    refused(write(tmp_path / "some.h5", datasets | {"meta/id": rng.permutation(60) + 30}), words=["/acts/id and /meta/id number the rows differently", "Write the labels in the order of /acts/id"])
    store, said = told(program, [write(tmp_path / "none.h5", datasets | {"meta/id": rng.permutation(60) + 100})], tmp_path / "Tiles")
    agrees(store, expected(x, y))
    assert "Assumed: /acts/id and /meta/id have no value in common, and rows are joined by their position" in said


@pytest.mark.parametrize("form", ["numbers", "thousands", "texts"])
def test_labels_from_a_file_are_joined_by_key_or_not_at_all(program, refused, tmp_path, rng, form):
    y, x = mixed(rng)
    keys, order = files_of(form), rng.permutation(60)
    files = write(tmp_path / "features.h5", {"fc": x, "id": keys}), write(tmp_path / "labels.h5", {"labels": y[order], "id": keys[order]})
    job = job_of(tmp_path / "job.yaml", files, "labels_from: labels.h5")
    said = refused(job, words=["/id and /id of labels.h5 number the rows differently"])
    line = does(said.replace('"labels.h5"', f'"{files[1]}"'), files[0], "l = ")
    advised(program, tmp_path, files[:1], line, expected(x, y))
    write(files[1], {"labels": y, "id": keys})
    agrees(told(program, [job], tmp_path / "Tiles")[0], expected(x, y))


@pytest.mark.parametrize("form", ["numbers", "texts"])
def test_labels_above_groups_are_joined_by_key_or_not_at_all(program, refused, tmp_path, rng, form):
    y, x = mixed(rng)
    keys, order = files_of(form), rng.permutation(60)
    batches = {f"batch_{b}/{name}": values[order][b * 20 : b * 20 + 20] for b in range(3) for name, values in (("fc", x), ("name", keys))}
    path = write(tmp_path / "d.h5", batches | {"labels": y, "name": keys})
    for lines in ("join: batch_*", "join: batch_*\nlabels: labels"):
        said = refused(job_of(tmp_path / "job.yaml", [path], lines), words=["/name of the groups and /name above them number the rows differently"])
    advised(program, tmp_path, [path], "join: batch_*\n" + does(said, path, "by = "), expected(x[order], y[order]))


def test_numbers_of_rows_that_begin_at_1(program, refused, tmp_path, rng):
    y, x = mixed(rng)
    order = rng.permutation(60)
    ranks = {f"rank{b}/{name}": values[b * 30 : b * 30 + 30] for b in range(2) for name, values in (("fc", x[order]), ("sample_id", order + 1))}
    path = write(tmp_path / "d.h5", ranks | {"labels": y})
    said = refused(job_of(tmp_path / "job.yaml", [path], "join: rank*"), words=["/sample_id numbers the rows of all groups, and in another order"])
    line = does(said.replace("for group in groups", 'for group in ["rank0", "rank1"]'), path, 'f["labels_joined"] = ')
    advised(program, tmp_path, [path], "join: rank*\n" + line, expected(x[order], y[order]))


def test_groups_that_number_rows_of_longer_labels(program, tmp_path, rng):
    y = rng.integers(0, 3, 100)
    order = rng.permutation(100)[:60]
    x = acts(rng, y[order])
    batches = {f"batch_{b}/{name}": values[b * 20 : b * 20 + 20] for b in range(3) for name, values in (("fc", x), ("index", order))}
    path = write(tmp_path / "d.h5", batches | {"labels": y})
    store, said = told(program, [job_of(tmp_path / "job.yaml", [path], "join: batch_*")], tmp_path / "Tiles")
    agrees(store, expected(x))
    assert "Left out: /labels: it is called like labels, but has 100 values for the 60 rows of the groups" in said
    advised(program, tmp_path, [path], "join: batch_*\n" + does(said, path, "[f.create"), expected(x, y[order]))


@pytest.mark.parametrize("name", ["index", "sample_idx", "sort_idx"])
def test_numbers_in_another_order_beside_labels_are_told(program, tmp_path, rng, name):
    y, x = mixed(rng)
    order = rng.permutation(60)
    path = write(tmp_path / "d.h5", {"fc": x[order], name: order, "labels": y})
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, expected(x[order], y))
    assert f"Left out: /{name}: it holds every row number once, in another order" in said
    if name != "sort_idx":
        advised(program, tmp_path, [path], does(said, path, 'f["labels_ordered"]'), expected(x[order], y[order]))
    for counted in (np.arange(60), np.arange(60) + 1):
        assert "Left out" not in told(program, [write(path, {"fc": x, name: counted, "labels": y})], tmp_path / "Counted")[1]


def test_numbers_in_another_order_and_labels_apart(program, refused, tmp_path, rng):
    y, x = mixed(rng)
    order = rng.permutation(60)
    path = write(tmp_path / "d.h5", {"acts/fc": x[order], "acts/sample_idx": order, "dataset/labels": y})
    said = refused(path, words=["/acts/sample_idx numbers the rows in another order", "write labels: dataset/labels"])
    code, line = re.search(r"with h5py: (.*?), and in the job (labels: \w+)", said).groups()
    with h5py.File(path, "r+") as f:
        exec(code, {"f": f})
    advised(program, tmp_path, [path], line, expected(x[order], y[order]))


def test_a_layer_in_another_order(program, refused, tmp_path, rng):
    """The labels stand beside the first layer, whose rows they are; or above both."""
    y, x = mixed(rng)
    order, names = rng.permutation(60), files_of("texts")
    layers = {"conv/filenames": names, "conv/act": x, "head/filenames": names[order], "head/act": x[order] + 100}
    for number, labels in enumerate(({"conv/labels": y}, {"labels": y, "filenames": names})):
        path = write(tmp_path / f"{number}.h5", layers | labels)
        said = refused(path, words=["/head/filenames and /conv/filenames number the rows differently", "the rows of /head/act"])
        line = does(said, path, "at = ")
        store = told(program, [job_of(tmp_path / "job.yaml", [path], line)], tmp_path / f"Advised{number}")[0]
        agrees(store, expected(x, y))
        agrees(store, expected(x + 100, y), layer=1)


def test_predictions_in_another_order_are_left_out(program, refused, tmp_path, rng):
    y, x = mixed(rng)
    order, ids = rng.permutation(60), np.arange(60)
    predicted = (y + (ids % 7 == 0)) % 3
    path = write(tmp_path / "d.h5", {"id": ids, "fc": x, "labels": y, "results/id": order, "results/y_pred": predicted[order]})
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, expected(x, y))
    assert "Left out: /results/y_pred: /id and /results/id number the rows differently" in said and "holds the predictions" not in said
    refused(job_of(tmp_path / "job.yaml", [path], "predictions: results/y_pred"), words=["/id and /results/id number the rows differently"])
    line = does(said, path, "by = ")
    wrong = "groups: [{ name: wrong, where: 'label != prediction' }]"
    advised(program, tmp_path, [path], f"{line}\n{wrong}", expected(x, y) | {"wrong": expected(x[predicted != y])["all"]})


def test_inputs_that_two_files_hold(program, tmp_path, rng):
    y, x = mixed(rng)
    files = [write(tmp_path / f"part-{b}.h5", {"fc": x[rows], "labels": y[rows], "sample_id": np.arange(60)[rows]}) for b, rows in enumerate((slice(0, 32), slice(28, 60)))]
    assert "Left out: /sample_id: 4 of its 64 values occur more than once" in told(program, files, tmp_path / "Tiles")[1]
    for file in files:
        with h5py.File(file, "r+") as f:
            f["sample_id"][:] = np.arange(32)
    assert "Left out" not in told(program, files, tmp_path / "Counted")[1]


def test_numbers_that_end_where_numbers_end(program, tmp_path, rng):
    """A sentinel at the end of 64 bits, in each of several files, is a number like others."""
    y, x = mixed(rng)
    ids = np.full(30, np.iinfo("i8").max)
    files = [write(tmp_path / f"part{part}.h5", {"fc": x[rows], "labels": y[rows], "sample_id": ids}) for part, rows in enumerate((slice(0, 30), slice(30, 60)))]
    agrees(told(program, [job_of(tmp_path / "job.yaml", files, "labels: labels")], tmp_path / "Tiles")[0], expected(x, y))


def test_labels_in_a_table_are_joined_by_its_key(program, refused, tmp_path, rng):
    """What is advised takes a field of a table as h5py takes it."""
    y, x = mixed(rng)
    order = rng.permutation(60)
    table = np.zeros(60, [("id", "i8"), ("label", "i8")])
    table["id"], table["label"] = order, y[order]
    path = write(tmp_path / "d.h5", {"acts/fc": x, "acts/ids": np.arange(60), "meta": table})
    said = refused(path, words=["number the rows differently"])
    advised(program, tmp_path, [path], does(said, path, "by = "), expected(x, y))


def test_files_of_classes_in_folders_of_splits(program, tmp_path, rng):
    y, x = mixed(rng)
    files = []
    for split, rows in (("train", np.arange(60) < 40), ("test", np.arange(60) >= 40)):
        (tmp_path / split).mkdir()
        files += [write(tmp_path / split / f"{name}.h5", {"fc": x[rows & (y == c)]}) for c, name in enumerate(NAMES)]
    agrees(told(program, [job_of(tmp_path / "job.yaml", files, "class_from: file")], tmp_path / "Tiles")[0], expected(x, y, NAMES))


def test_columns_called_alike_that_tell_no_rows(program, tmp_path, rng):
    """Durations, some of them the same by chance, number nothing."""
    y, x = mixed(rng)
    times = rng.permutation(200)[:60]
    path = write(tmp_path / "d.h5", {"acts/fc": x, "acts/time": times, "meta/label": y, "meta/time": rng.permutation(200)[:60]})
    agrees(told(program, [job_of(tmp_path / "job.yaml", [path], "layers: [acts/fc]\nlabels: meta/label")], tmp_path / "Tiles")[0], expected(x, y))
