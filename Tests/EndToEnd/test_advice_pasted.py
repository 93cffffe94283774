"""Advice that was once wrong: each line that a refusal or a warning names, pasted into a job as it stands, gives the right values.

Dumps of several networks, splits beside their whole, batches in parts, counts of each part: what `inspect --job` writes for them is run too.
"""

import json

import h5py
import numpy as np
import pytest
from belonging import check, right_or_told, table
from programs import DATA
from real_world import NAMES, acts, expected, in_python, job_of, mixed, told, write

CASES, reads, refused = table()


@pytest.mark.parametrize("make, words, job, is_refused, python", CASES)
def test_right_or_told(program, tmp_path, rng, make, words, job, is_refused, python):
    right_or_told(program, tmp_path, rng, make, words, job, is_refused, python)


# Several networks, epochs or layers that saw the same rows


def two_of(folder, rng, places, column, beside=("labels",)):
    y, x = mixed(rng)
    datasets = {beside[0]: y}
    for number, place in enumerate(places):
        datasets |= {f"{place}/fc": x + number, f"{place}/{column}": (y + number) % 3}
    return [write(folder / "d.h5", datasets)], {f"{place}/fc": expected(x + number, y) for number, place in enumerate(places)}


DIFFER = "there are several columns of predictions, and they differ: write predictions: "


@reads(f"Left out: /student/predictions: {DIFFER}", f"Left out: /teacher/predictions: {DIFFER}")
def teacher_and_student_with_predictions(folder, rng):
    return two_of(folder, rng, ["teacher", "student"], "predictions")


@reads(f"Left out: /epoch_0/preds: {DIFFER}")
def epochs_with_predictions(folder, rng):
    return two_of(folder, rng, ["epoch_0", "epoch_1", "epoch_2"], "preds")


@reads(f"Left out: /resnet/y_pred: {DIFFER}")
def networks_with_predictions(folder, rng):
    return two_of(folder, rng, ["resnet", "vit"], "y_pred", ["targets"])


@refused("its rows lie in batches", "join: ", job="join: '{a,b,c}'")
def batches_with_predictions_and_no_labels_above(folder, rng):
    _, x = mixed(rng)
    datasets = {}
    for number, name in enumerate("abc"):
        datasets |= {f"{name}/fc": x[number * 20 : number * 20 + 20], f"{name}/predictions": np.arange(20) % 3}
    return [write(folder / "d.h5", datasets)], {"fc": expected(x)}


def stack(folder, rng, place, count=2):
    x = rng.normal(size=(20, 6)).astype("f4")
    names = [(place.format(number), part) for number in range(count) for part in ("attn", "mlp")]
    return [write(folder / "d.h5", {f"{group}/{part}": x + at for at, (group, part) in enumerate(names)})], {
        f"{group}/{part}": expected(x + at) for at, (group, part) in enumerate(names)}  # fmt: skip


@reads()
def numbered_layers_in_a_group(folder, rng):
    return stack(folder, rng, "layers/{}")


@reads()
def numbered_heads_of_a_transformer(folder, rng):
    return stack(folder, rng, "transformer/h.{}", 3)


@reads()
def blocks_numbered_deeper(folder, rng):
    return stack(folder, rng, "model/decoder/blocks/{}")


@refused("its groups look like classes", "class_from: group", job="join: 'kinds/*'\nclass_from: group")
def numbered_groups_that_are_classes(folder, rng):
    y = np.repeat([0, 1, 2], [20, 19, 18])
    x = acts(rng, y)
    return [write(folder / "d.h5", {f"kinds/{c}/fc": x[y == c] for c in range(3)})], {"fc": expected(x, y)}


# A whole beside its parts


@refused("/all holds the rows of /test, /train once more", "join: all", "join: 't*'", job="join: all")
def splits_beside_all(folder, rng):
    y, x = mixed(rng)
    parts = {"train": slice(0, 40), "test": slice(40, 60), "all": slice(0, 60)}
    datasets = {f"{name}/{key}": values[rows] for name, rows in parts.items() for key, values in (("fc", x), ("labels", y))}
    return [write(folder / "d.h5", datasets)], {"fc": expected(x, y)}


@refused("/everyone holds the rows of /left, /right once more", job="join: '{left,right}'")
def parts_beside_what_has_their_labels(folder, rng):
    y, x = mixed(rng)
    parts = {"left": slice(0, 35), "right": slice(35, 60), "everyone": slice(0, 60)}
    datasets = {f"{name}/{key}": values[rows] for name, rows in parts.items() for key, values in (("fc", x), ("labels", y))}
    return [write(folder / "d.h5", datasets)], {"fc": expected(x, y)}


@refused("/all holds the rows of /cat, /dog once more", "join: '{cat,dog}' and class_from: group", job="join: '{cat,dog}'\nclass_from: group")
def classes_beside_all(folder, rng):
    y = np.repeat([0, 1], [20, 25])
    x = acts(rng, y)
    return [write(folder / "d.h5", {"cat/fc": x[:20], "dog/fc": x[20:], "all/fc": x})], {"fc": expected(x, y, NAMES)}


def test_a_job_that_joins_the_whole_with_its_parts_is_warned(program, tmp_path, rng):
    files, _ = splits_beside_all(tmp_path, rng)
    _, words = told(program, [job_of(tmp_path / "job.yaml", files, "join: '*'")], tmp_path / "Tiles")
    assert "Assumed: /all is joined with others whose rows it seems to hold once more" in words


def test_three_parts_of_which_one_is_as_long_as_the_others_are_parts(program, tmp_path, rng):
    y, x = mixed(rng, 80)
    parts = {"train": slice(0, 40), "test": slice(40, 60), "val": slice(60, 80)}
    datasets = {f"{name}/{key}": values[rows] for name, rows in parts.items() for key, values in (("fc", x), ("labels", y))}
    path = write(tmp_path / "d.h5", datasets)
    assert "once more" not in program.fails(DATA, "precompute", path, "--output", tmp_path / "Tiles")
    _, words = told(program, [job_of(tmp_path / "job.yaml", [path], "join: '*'")], tmp_path / "Tiles")
    assert "once more" not in words


# Batches in parts


def loaders(folder, rng, counts, place="dataloader_{}"):
    y, x = mixed(rng, 15 * sum(counts))
    datasets, row = {}, 0
    for loader, count in enumerate(counts):
        for batch in range(count):
            group = f"{place.format(loader) if isinstance(place, str) else place[loader]}/batch_{batch}"
            datasets |= {f"{group}/embedding": x[row : row + 15], f"{group}/y": y[row : row + 15]}
            row += 15
    return [write(folder / "d.h5", datasets)], {"embedding": expected(x, y)}


@refused("join: 'dataloader_*/batch_*'", job="join: 'dataloader_*/batch_*'")
def batches_of_loaders(folder, rng):
    return loaders(folder, rng, [2, 2])


@refused("join: 'dataloader_*/batch_*'", job="join: 'dataloader_*/batch_*'")
def batches_of_loaders_of_different_lengths(folder, rng):
    return loaders(folder, rng, [3, 1])


@refused("join: 't*/batch_*'", job="join: 't*/batch_*'")
def batches_of_splits(folder, rng):
    files, right = loaders(folder, rng, [1, 3], ["train", "test"])
    return files, right


@refused("The same stands in /site_b, and would be left out; to join all, join: 'site_*/batch_*'", job="join: 'site_*/batch_*'")
def batches_in_groups_of_any_name(folder, rng):
    return loaders(folder, rng, [3, 2], ["site_a", "site_b"])


# Tables and numbers of rows


TABLE = ("by = dict(", ", and in the job labels: ")


@refused('f["annotations"]["label"]', job="labels: labels_by_key", python=TABLE)
def annotations_in_another_order(folder, rng):
    y, x = mixed(rng)
    order, names = rng.permutation(60), np.array([f"i{i:03}.png" for i in range(60)], "S8")
    rows = np.zeros(60, [("filename", "S8"), ("label", "i4")])
    rows["filename"], rows["label"] = names[order], y[order]
    return [write(folder / "d.h5", {"features": x, "filenames": names, "annotations": rows})], {"features": expected(x, y)}


def test_a_field_that_a_job_names_without_a_slash(program, tmp_path, rng):
    files, right = annotations_in_another_order(tmp_path, rng)
    words = program.fails(DATA, "precompute", job_of(tmp_path / "job.yaml", files, "labels: annotations/label"), "--output", tmp_path / "Tiles")
    in_python(words, files[0], *TABLE)
    check(told(program, [job_of(tmp_path / "job.yaml", files, "labels: labels_by_key")], tmp_path / "Tiles")[0], right)


def joined_by_numbers(folder, rng, count):
    y, x = mixed(rng)
    order = rng.permutation(60)
    datasets = {"labels": y}
    for part in range(count):
        rows = order[part::count]
        datasets |= {f"rank_{part}/fc": x[rows], f"rank_{part}/indices": rows}
    return [write(folder / "d.h5", datasets)], {"fc": expected(x, y)}


@pytest.mark.parametrize("count", [3, 12])
@pytest.mark.parametrize("line", ["join: rank_*", "join: rank_*\nlabels: /labels"])
def test_rows_of_joined_groups_that_number_themselves(program, tmp_path, rng, count, line):
    files, right = joined_by_numbers(tmp_path, rng, count)
    done = program.run("precompute", job_of(tmp_path / "job.yaml", files, line), "--output", tmp_path / "Tiles", "--progress", "auto")
    name = "labels_ordered" if "labels:" in line else "labels_joined"
    assert (done.returncode == DATA) == (name == "labels_joined"), done.stderr
    in_python(done.stderr, files[0], f'f["{name}"] = ', ", and in ")
    check(told(program, [job_of(tmp_path / "job.yaml", files, f"join: rank_*\nlabels: {name}")], tmp_path / "Advised")[0], right)


# How many rows of each part count


def partly_filled(rng, y, x, count):
    some, labels = rng.normal(50, 1, (32, 6)).astype("f4"), np.zeros(32, int)
    some[:count], labels[:count] = x, y
    return some, labels


@reads("Left out: @num_samples: the attribute says 28 in s2.h5", 'write count: "@num_samples"', job='count: "@num_samples"')
def files_that_say_how_many_rows_count(folder, rng):
    y, x = mixed(rng)
    files = []
    for number, rows in enumerate([slice(0, 32), slice(32, 60)], 1):
        some, labels = partly_filled(rng, y[rows], x[rows], len(y[rows]))
        files.append(write(folder / f"s{number}.h5", {"fc": some, "labels": labels}, [("/", "num_samples", len(y[rows]))]))
    return files, {"fc": expected(x, y)}


def test_groups_that_say_how_many_rows_count(program, tmp_path, rng):
    y, x = mixed(rng)
    datasets, attributes = {}, []
    for number, rows in enumerate([slice(0, 32), slice(32, 60)]):
        some, labels = partly_filled(rng, y[rows], x[rows], len(y[rows]))
        datasets |= {f"batch_{number}/fc": some, f"batch_{number}/labels": labels}
        attributes.append((f"batch_{number}", "n_valid", len(y[rows])))
    files = [write(tmp_path / "d.h5", datasets, attributes)]
    _, words = told(program, [job_of(tmp_path / "job.yaml", files, "join: batch_*")], tmp_path / "Tiles")
    assert "the attribute says 28 in /batch_1" in words and 'write count: "@n_valid"' in words
    store, _ = told(program, [job_of(tmp_path / "job.yaml", files, 'join: batch_*\ncount: "@n_valid"')], tmp_path / "Counted")
    check(store, {"fc": expected(x, y)})


# Widths of sparse layers


def strongest(rng, y, width):
    numbers = np.stack([np.sort(rng.choice(300, 8, False)) for _ in y])
    values = (rng.random((60, 8)) + 10 * y[:, None] + 1).astype("f4")
    dense = np.zeros((60, width))
    np.put_along_axis(dense, numbers, values, 1)
    return {"latent_indices": numbers.astype("u2"), "latent_acts": values, "labels": y}, {"latent_acts": expected(dense, y)}


@pytest.mark.parametrize("text", [json.dumps({"d_sae": 512, "k": 8}), json.dumps({"sae": {"k": 8, "d_sae": 512}}), str({"d_sae": 512, "model": "gpt2"})])
@pytest.mark.parametrize("place", ["cfg", "/cfg"])
def test_a_width_in_settings(program, tmp_path, rng, text, place):
    datasets, right = strongest(rng, mixed(rng)[0], 512)
    path = write(tmp_path / "d.h5", datasets | ({"cfg": text} if place == "/cfg" else {}), [] if place == "/cfg" else [("/", "cfg", text)])
    store, words = told(program, [path], tmp_path / "Tiles")
    assert "some of 512 as d_sae in " in words
    check(store, right)
    layers = json.loads((store / "zarr.json").read_text())["attributes"]["layers"]
    assert layers[0]["neurons"] == 512
    line = "layers: [{ dataset: latent_acts, indices: latent_indices, neurons: 300 }]"
    _, words = told(program, [job_of(tmp_path / "job.yaml", [path], line)], tmp_path / "Other")
    assert "though d_sae in " in words and "write neurons: 512" in words


def test_a_width_that_nobody_says_is_offered_as_the_least(program, tmp_path, rng):
    datasets, _ = strongest(rng, mixed(rng)[0], 512)
    words = program.fails(DATA, "precompute", write(tmp_path / "d.h5", datasets), "--output", tmp_path / "Tiles")
    assert f"neurons: {datasets['latent_indices'].max() + 1} }}" in words and "there may be more that no row has" in words


# Classes called by numbers


@refused("its groups look like classes", job="join: '*'\nclass_from: group")
def groups_called_by_numbers_of_names(folder, rng):
    y = np.repeat([0, 1, 2], [20, 19, 18])
    x = acts(rng, y)
    return [write(folder / "d.h5", {f"{c}/fc": x[y == c] for c in range(3)} | {"class_names": NAMES})], {"fc": expected(x, y, NAMES)}


@refused("its groups look like classes", job="join: class_*\nclass_from: group")
def groups_called_class_and_a_number(folder, rng):
    y = np.repeat([0, 1, 2], [20, 19, 18])
    x = acts(rng, y)
    return [write(folder / "d.h5", {f"class_{c}/fc": x[y == c] for c in range(3)}, [("/", "class_names", NAMES)])], {"fc": expected(x, y, NAMES)}


# Frames of pandas


def frame(path, blocks, index=60):
    with h5py.File(path, "a") as f:
        group = f.create_group("df")
        group.attrs["pandas_type"] = np.bytes_("frame")
        group["axis1"] = np.arange(index)
        for number, (names, values) in enumerate(blocks):
            group[f"block{number}_items"], group[f"block{number}_values"] = np.array(names, "S"), values
    return path


@refused("layers: [df/block0_values, df/block1_values, neurons]", python=('f["neurons"] = ', ", and in a job"), job="layers: [df/block0_values, df/block1_values, neurons]\nlabels: labels_apart")
def a_label_among_several_blocks(folder, rng):
    y, x = mixed(rng)
    ages = rng.integers(0, 90, 60)
    blocks = [(list("abcd"), x[:, :4]), (["e", "g"], x[:, 4:].astype("f8")), (["label", "age"], np.stack([y, ages], 1))]
    return [frame(folder / "d.h5", blocks)], {
        "df/block0_values": expected(x[:, :4], y), "df/block1_values": expected(x[:, 4:].astype("f8"), y), "neurons": expected(ages[:, None], y)}  # fmt: skip


# What cannot be taken is not offered


def test_normalised_pictures_are_not_offered(program, tmp_path, rng):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y, "images": rng.normal(size=(60, 3, 8, 8)).astype("f4")})
    assert "pictures: /images" not in told(program, [path], tmp_path / "Tiles")[1]
    assert "pictures: /images" not in program.ok("inspect", "--job", path).stdout
    path = write(tmp_path / "e.h5", {"fc": x, "labels": y, "images": rng.random((60, 3, 8, 8)).astype("f4")})
    assert "pictures: /images" in program.ok("inspect", "--job", path).stdout


def test_labels_of_another_number_of_rows_are_not_joined(program, tmp_path, rng):
    y, x = mixed(rng, 64)
    files = [write(tmp_path / "features.h5", {"fc": x[:60]}), write(tmp_path / "labels.h5", {"labels": y})]
    words = program.fails(DATA, "precompute", *files, "--output", tmp_path / "Tiles")
    assert "64 of them" in words and "60 rows" in words and "labels_from: labels.h5" not in words


def test_names_of_columns_are_no_labels(program, tmp_path, rng):
    _, x = mixed(rng)
    path = frame(tmp_path / "d.h5", [(list("abcdef"), x)])
    with h5py.File(path, "r+") as f:
        for level, codes in enumerate([[0] * 6, [0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]]):
            f[f"df/axis0_label{level}"] = codes
    assert "axis0_label" not in told(program, [path], tmp_path / "Tiles")[1]


def test_classes_of_the_columns_of_scores_are_no_labels(program, tmp_path, rng):
    y, x = mixed(rng)
    scores = np.eye(3, dtype="f4")[y]
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y, "logits": scores}, [("logits", "classes", np.array([2, 0, 1]))])
    assert "logits@classes" not in told(program, [path], tmp_path / "Tiles")[1]


# Labels and names


@reads("Assumed: ", "the labels are -1 and 1, which are taken for two classes")
def labels_of_two_signs(folder, rng):
    y, x = mixed(rng, classes=2)
    return [write(folder / "d.h5", {"fc": x, "labels": 2 * y - 1})], {"fc": expected(x, 2 * y - 1)}


@reads("Assumed: ", 'taken for two classes, "cat" and "dog"')
def labels_of_two_signs_with_names(folder, rng):
    y, x = mixed(rng, classes=2)
    return [write(folder / "d.h5", {"fc": x, "labels": 2 * y - 1, "class_names": NAMES[:2]})], {"fc": expected(x, y, NAMES)}


def test_minus_one_beside_several_classes_is_none(program, tmp_path, rng):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y - 1})
    assert "Labels must not be negative" in program.fails(DATA, "precompute", path, "--output", tmp_path / "Tiles")


@refused("class_names: { 0: cat, 2: dog, 4: eel }", job="class_names: { 0: cat, 2: dog, 4: eel }")
def names_for_labels_with_gaps(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": 2 * y, "class_names": NAMES})], {"fc": expected(x, y, NAMES)}


@refused("there is one label for each token", job="layers: [tokens]\nlabels: token_labels", python=("keep = ", ", and write in a job"))
def labels_of_tokens_of_which_some_have_none(folder, rng):
    y = rng.integers(0, 3, (20, 8))
    x = (rng.normal(0, 1, (20, 8, 6)) + 10 * y[..., None]).astype("f4")
    labels = y.copy()
    labels[:, 0] = -100
    return [write(folder / "d.h5", {"hidden": x, "labels": labels})], {"tokens": expected(x[:, 1:].reshape(-1, 6), y[:, 1:].ravel())}


def test_files_whose_axes_differ(program, tmp_path, rng):
    y, _ = mixed(rng)
    x = rng.normal(size=(60, 4, 4, 4)).astype("f4")
    files = [write(tmp_path / f"a{i}.h5", {"conv": x[:30], "labels": y[:30]}, [("conv", "axes", axes)]) for i, axes in enumerate(["NCHW", "NHWC"])]
    words = program.fails(DATA, "precompute", *files, "--output", tmp_path / "Tiles")
    assert "its axes are NHWC, but NCHW in" in words and "4 x 4 x 4" not in words


def test_predictions_in_other_letters_than_the_names(program, tmp_path, rng):
    y, x = mixed(rng)
    texts = np.array(["Cat", "Dog", "Eel"], object)[y]
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y, "class_names": NAMES, "predictions": texts})
    words = told(program, [path], tmp_path / "Tiles")[1]
    assert "written otherwise than the names of the classes" in words and "give class_names" not in words


# What `inspect --job` writes


@pytest.mark.parametrize("make, words, job, is_refused, python", [case for case in CASES if not case.values[4]])
def test_a_written_job_gives_the_same(program, tmp_path, rng, make, words, job, is_refused, python):
    files, right = make(tmp_path, rng)
    written = program.run("inspect", "--job", *files)
    if written.returncode == DATA and is_refused:
        return  # Nobody but the writer knows.
    (tmp_path / "written.yaml").write_text(written.stdout)
    done = program.run("precompute", tmp_path / "written.yaml", "--output", tmp_path / "Written", "--progress", "auto")
    assert done.returncode == 0, done.stderr
    if is_refused and make is not batches_in_groups_of_any_name:
        (store,) = (tmp_path / "Written").glob("*/current")
        check(store, right)
