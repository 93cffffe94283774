"""Files as people and their software write them: read rightly, refused with the line to write, or read with a word on what was assumed.

The kinds have letters: A whose labels, B one structure repeated, C what is a layer, D labels in another form, E rows never filled,
F numbers with a convention, G what other software writes, H needless refusals, I class names, J several files, K masks, L order, N right
all along.
"""

import json

import numpy as np
import pytest
import real_world_forms  # noqa: F401, whose kinds are among those below
import zarr
from real_world import NAMES, READ, REFUSED, acts, agrees, expected, job_of, mixed, read, refused_with, told, write

# A. Labels, names and counts belong to the data beside them


@read("A", "Left out: /kmeans/labels: ", "labels: /kmeans/labels", job="labels: /kmeans/labels")
def labels_of_clusters(folder, rng):
    y, x = mixed(rng)
    clusters = rng.integers(0, 2, 60)
    files = [write(folder / "d.h5", {"fc": x, "labels": y, "kmeans/labels": clusters})]
    return files, expected(x, y), expected(x, clusters)


@read("A", "Left out: /coords/y: ", "labels: /coords/y")
def coordinates(folder, rng):
    x = acts(rng, np.zeros(60))
    return [write(folder / "d.h5", {"features": x, "coords/x": np.tile(np.arange(6), 10), "coords/y": np.repeat(np.arange(10), 6)})], expected(x)


@read("A", "Assumed: /labels names the classes")
def names_called_labels(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "y": y, "labels": NAMES})], expected(x, y, NAMES)


@read("A", "Assumed: /old/targets holds the labels, by its name, though it stands in a group apart", "Left out: /obs/kind: ", job="labels: obs/kind")
def labels_in_a_group_apart(folder, rng):
    y, x = mixed(rng)
    old = rng.integers(0, 2, 60)
    return [write(folder / "d.h5", {"net/fc": x, "obs/kind": y, "old/targets": old})], expected(x, old), expected(x, y)


# B. One structure, repeated


def batches_of(sizes):
    def make(folder, rng):
        y, x = mixed(rng, sum(sizes))
        at = np.cumsum([0, *sizes])
        datasets = {}
        for b, (i, j) in enumerate(zip(at, at[1:])):
            datasets |= {f"batch_{b}/conv1": x[i:j], f"batch_{b}/labels": y[i:j]}
        return [write(folder / "d.h5", datasets)], expected(x, y)

    make.__name__ = f"batches-{sizes[-1]}"
    return make


for sizes in ([32] * 4, [32, 32, 32, 17], [5] * 12):
    refused_with("B", "join: 'batch_*'", job="join: 'batch_*'")(batches_of(sizes))


@refused_with("B", "class_from: group", "join: '*'", job="join: '*'\nclass_from: group")
def group_of_each_class(folder, rng):
    y = np.repeat([0, 1, 2], [40, 40, 25])
    x = acts(rng, y)
    return [write(folder / "d.h5", {f"{name}/fc": x[y == c] for c, name in enumerate(NAMES)})], expected(x, y, NAMES)


@refused_with("B", "layers: [features/train], labels: labels/train", job="layers: [features/train]\nlabels: labels/train")
def splits_below_groups(folder, rng):
    (y, x), (v, z) = mixed(rng), mixed(rng, 30)
    return [write(folder / "d.h5", {"features/train": x, "features/test": z, "labels/train": y, "labels/test": v})], expected(x, y)


@refused_with("B", "layers: [X_test], labels: y_test", job="layers: [X_test]\nlabels: y_test")
def splits_by_name(folder, rng):
    (y, x), (v, z) = mixed(rng), mixed(rng, 30)
    return [write(folder / "d.h5", {"X_train": x, "X_test": z, "y_train": y, "y_test": v})], expected(z, v)


@read("B", "Assumed: The files hold rows of one group", "class_from: file", job="class_from: file")
def file_of_each_class(folder, rng):
    y = np.repeat([0, 1], [40, 25])
    x = acts(rng, y)
    files = [write(folder / f"{name}.h5", {"features": x[y == c]}) for c, name in enumerate(NAMES[:2])]
    return files, expected(x), expected(x, y, NAMES)


def slides(is_attribute):
    def make(folder, rng):
        y, sizes = np.array([0, 1, 0, 1]), [10, 14, 16, 18]
        each = np.repeat(y, sizes)
        x, number = acts(rng, each), np.repeat(np.arange(4), sizes)
        files = []
        for k, label in enumerate(y):
            datasets = {"features": x[number == k]} | ({} if is_attribute else {"label": np.int64(label)})
            files.append(write(folder / f"slide_{k}.h5", datasets, [("/", "label", int(label))] if is_attribute else []))
        return files, expected(x, each)

    make.__name__ = "label_of_each_file_as_an_attribute" if is_attribute else "label_of_each_file"
    return make


for is_attribute in (False, True):
    read("B", "holds one label a file")(slides(is_attribute))


@refused_with("B", "join: 'db/*'", job="join: 'db/*'")
def vector_of_each_picture(folder, rng):
    x = acts(rng, np.arange(12) % 3, 64)
    return [write(folder / "d.h5", {f"db/{i:02}.jpg/global_descriptor": row for i, row in enumerate(x)})], expected(x)


# C. What is a row, what is a layer


@refused_with("C", "top-k", "/top_acts")
def strongest_neurons(folder, rng):
    y = np.arange(80) % 3
    return [write(folder / "d.h5", {"top_acts": acts(rng, y, 4), "top_indices": rng.integers(0, 64, (80, 4), np.int32), "labels": y})], None


@refused_with("C", "layers: [train]", job="layers: [train]")
def neighbours(folder, rng):
    x = acts(rng, np.arange(500) % 3, 25)
    datasets = {"train": x, "test": x[:40] + 100, "neighbors": rng.integers(0, 500, (40, 100), np.int32), "distances": rng.random((40, 100), np.float32)}
    return [write(folder / "d.h5", datasets)], expected(x)


@read("C", "Left out: /count: it says 15", job="count: count")
def statistics_beside(folder, rng):
    y, x = mixed(rng)
    files = [write(folder / "d.h5", {"fc": x, "labels": y, "mean": x.mean(0), "var": x.var(0), "count": 15})]
    return files, expected(x, y), expected(x[:15], y[:15])


@refused_with("C", "weights of a network")
def weights(folder, rng):
    shapes = {"conv2d/vars/0": (3, 3, 3, 32), "conv2d/vars/1": 32, "dense/vars/0": (128, 64), "dense/vars/1": 64, "dense_1/vars/0": (64, 10)}
    return [write(folder / "d.h5", {f"layers/{name}": rng.random(shape, np.float32) for name, shape in shapes.items()})], None


@read("C", *(f"Left out: /{name}: " for name in ("images", "labels_onehot", "bbox", "attention_mask", "input_ids")))
def inputs_beside(folder, rng):
    y, x = mixed(rng)
    others = {"images": rng.integers(0, 255, (60, 8, 8, 3), np.uint8), "labels_onehot": np.eye(3, dtype=np.uint8)[y]}
    others |= {"bbox": rng.integers(0, 99, (60, 4)), "attention_mask": np.ones((60, 7), int), "input_ids": rng.integers(0, 30000, (60, 7))}
    return [write(folder / "d.h5", {"features": x, "labels": y} | others)], expected(x, y)


@refused_with("C", "layers: [/pool5]", "/probe/other", job="layers: [/pool5]")
def rows_that_disagree(folder, rng):
    x = acts(rng, np.arange(400) % 3, 8)
    return [write(folder / "d.h5", {"pool5": x, "probe/other": acts(rng, np.zeros(50), 3), "probe/weight": acts(rng, np.zeros(50), 8)})], expected(x)


# D. Labels under another name, or in another form


def labels_called(name):
    def make(folder, rng):
        y, x = mixed(rng)
        return [write(folder / "d.h5", {"fc": x, name: y})], expected(x, y)

    make.__name__ = f"labels_called_{name}"
    return make


for name in ("y_test", "class_id", "gt", "category", "class_labels", "label_ids", "targets_0", "test_labels"):
    read("D", f"Assumed: /{name} holds the labels")(labels_called(name))
read("D")(labels_called("Y"))


@read("D", "Left out: /group7: ", "labels: /group7", job="labels: /group7")
def labels_under_no_usual_name(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "group7": y})], expected(x), expected(x, y)


@read("D")
def frame_of_pandas(folder, rng):
    y, x = mixed(rng)
    datasets = {"axis0": np.array([b"f0", b"label"]), "block0_values": x, "block0_items": np.array([f"f{i}".encode() for i in range(6)]),
                "block1_values": y[:, None], "block1_items": np.array([b"label"])}  # fmt: skip
    return [write(folder / "d.h5", {f"df/{k}": v for k, v in datasets.items()}, [("df", "pandas_type", np.bytes_("frame"))])], expected(x, y)


@read("D", "Assumed: /obs/cell_type holds the labels", "Left out: /varm/PCs")
def cells(folder, rng):
    y, x = mixed(rng)
    datasets = {"X": x, "obs/cell_type/codes": y.astype(np.int8), "obs/cell_type/categories": ["B", "NK", "T"], "varm/PCs": np.eye(8, 3)}
    return [write(folder / "d.h5", datasets)], expected(x, y, ["B", "NK", "T"])


def test_what_is_taken_is_not_left_out(program, tmp_path, rng):
    assert "Left out: /obs/cell_type" not in told(program, cells(tmp_path, rng)[0], tmp_path / "Tiles")[1]


def labels_as_attribute(place):
    def make(folder, rng):
        y, x = mixed(rng)
        return [write(folder / "d.h5", {"fc": x}, [(place, "labels", y)])], expected(x, y)

    make.__name__ = f"attribute_of_{place.strip('/') or 'the_file'}"
    return make


for place in ("/", "fc"):
    read("D", "@labels holds the labels")(labels_as_attribute(place))


@read("D")
def labels_in_a_table(folder, rng):
    y, x = mixed(rng)
    table = np.zeros(60, [("path", "S20"), ("label", "i8")])
    table["label"] = y
    return [write(folder / "d.h5", {"features": x, "meta": table})], expected(x, y)


# What holds for all of them


@pytest.mark.parametrize("make, words, job", READ)
def test_it_is_read_and_told(program, tmp_path, rng, make, words, job):
    files, right, *advised = make(tmp_path, rng)
    store, said = told(program, files, tmp_path / "Tiles")
    agrees(store, right)
    for where in (said, program.ok("inspect", *files).stdout, program.ok("precompute", *files, "--output", tmp_path / "Other", "--plan-only").stdout):
        for word in words:
            assert word in where, where
    attributes = dict(zarr.open_group(str(store), mode="r").attrs)
    kept = attributes["provenance"]
    taken = {attributes["job"].get(key) for key in ("labels", "predictions", "count")} | {layer["dataset"] for layer in attributes["layers"]}
    assert not taken & {each["path"] for each in kept["left_out"]}
    shown = program.ok("show", store).stdout
    assert all(f"Assumed: {each}" in shown for each in kept["assumed"])
    assert all(f"Left out: {each['path']}: {each['why']}" in shown for each in kept["left_out"])
    inspected = json.loads(program.ok("inspect", *files, "--json").stdout)
    assert kept["assumed"] == inspected["assumed"] and kept["left_out"] == inspected["left_out"]
    assert [line.strip() for line in said.splitlines() if "Left out: " in line or "Assumed: " in line] == (
        [f"Left out: {each['path']}: {each['why']}" for each in kept["left_out"]] + [f"Assumed: {each}" for each in kept["assumed"]])
    if job:
        agrees(told(program, [job_of(tmp_path / "job.yaml", files, job)], tmp_path / "Advised")[0], advised[0])


@pytest.mark.parametrize("make, words, job", REFUSED)
def test_it_is_refused_with_the_line_to_write(program, refused, tmp_path, rng, make, words, job):
    files, right = make(tmp_path, rng)
    refused(*files, words=words)
    looked = program.ok("inspect", *files).stdout
    assert all(word in looked for word in words), looked
    if job:
        agrees(told(program, [job_of(tmp_path / "job.yaml", files, job)], tmp_path / "Advised")[0], right)
