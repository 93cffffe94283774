"""What is named is joined by its names, not by its position: neurons of several parts, rows of several groups, classes and their numbers.

Each dump is right, or refused and right with the line that the refusal names, or what was assumed is said.
"""

import json

import h5py
import numpy as np
import pytest
from belonging import check, right_or_told, table
from real_world import NAMES, acts, expected, in_python, mixed, write

CASES, reads, refused = table()


@pytest.mark.parametrize("make, words, job, is_refused, python", CASES)
def test_right_or_told(program, tmp_path, rng, make, words, job, is_refused, python):
    right_or_told(program, tmp_path, rng, make, words, job, is_refused, python)


def texts(values):
    return np.array(list(values), object)


# Neurons that each part names


def in_two_orders(rng):
    """Two batches, the neurons of the second in another order: the orders, labels and values; and those in the first's."""
    orders = [np.arange(6), rng.permutation(6)]
    batches = [mixed(rng, 30) for _ in orders]
    spread = np.arange(6) * 100
    values = [(x + spread).astype("f4") for _, x in batches]
    return orders, [y for y, _ in batches], [x[:, order] for x, order in zip(values, orders)], np.concatenate(values)


GENES = texts(f"g{n}" for n in range(6))


def test_variables_of_anndata_in_another_order(program, refused, job, tmp_path, rng, monkeypatch):
    orders, labels, values, all_values = in_two_orders(rng)
    paths = []
    for number, (order, y, x) in enumerate(zip(orders, labels, values)):
        paths.append(write(tmp_path / f"s{number}.h5ad", {"X": x, "obs/label": y, "var/_index": GENES[order]}, [("var", "_index", "_index")]))
    said = refused(*paths, words=["/var/_index names the neurons of /X in another order than in ", "in each file"])
    monkeypatch.chdir(tmp_path)
    for path in paths:
        in_python(said, path, "names = ", ", and in a job")
    program.ok("precompute", job("layers: [by_name/X]", *paths), "--output", tmp_path / "Tiles")
    check(tmp_path / "Tiles/job/current", {"by_name/X": expected(all_values, np.concatenate(labels))})


def test_feature_names_of_joined_groups(program, refused, job, tmp_path, rng):
    orders, labels, values, all_values = in_two_orders(rng)
    datasets = {}
    for number, (order, y, x) in enumerate(zip(orders, labels, values)):
        datasets |= {f"site_{number}/fc": x, f"site_{number}/labels": y, f"site_{number}/feature_names": GENES[order]}
    path = write(tmp_path / "d.h5", datasets)
    said = refused(job("join: 'site_*'", path), words=["/feature_names names the neurons of /fc in another order than in /site_0", "layers: [by_name/fc]"])
    in_python(said, path, "names = ", ", and in the job")
    program.ok("precompute", job("join: 'site_*'\nlayers: [by_name/fc]", path), "--output", tmp_path / "Tiles")
    check(tmp_path / "Tiles/job/current", {"by_name/fc": expected(all_values, np.concatenate(labels))})


@pytest.mark.parametrize("what", ["attribute", "numbers", "same", "order"])
def test_names_of_neurons_in_two_files(program, refused, tmp_path, rng, what):
    orders, labels, values, _ = in_two_orders(rng)
    paths = []
    for number, (order, y, x) in enumerate(zip(orders, labels, values)):
        datasets = {"fc": x, "labels": y}
        attributes = [("fc", "columns", list(GENES[order]))] if what == "attribute" else []
        if what == "numbers":
            datasets["unit_id"] = order + 10
        if what == "same":
            datasets["feature_names"] = GENES
        # An order of neurons is no name of them.
        if what == "order":
            datasets["unit_order"] = order
        paths.append(write(tmp_path / f"s{number}.h5", datasets, attributes))
    if what in ("attribute", "numbers"):
        refused(*paths, words=["names the neurons of /fc in another order than in ", "layers: [by_name/fc]"])
    else:
        done = program.ok("precompute", *paths, "--output", tmp_path / "Tiles")
        assert "Assumed" not in done.stderr and "neurons of /fc" not in done.stderr


def test_parts_that_name_other_neurons_are_told_of(program, tmp_path, rng):
    paths = []
    for number in range(2):
        y, x = mixed(rng, 30)
        paths.append(write(tmp_path / f"s{number}.h5", {"fc": x, "labels": y, "feature_names": texts(f"g{n + 4 * number}" for n in range(6))}))
    assert "Assumed: /feature_names names 4 other neurons of /fc in " in program.ok("precompute", *paths, "--output", tmp_path / "Tiles").stderr


# Rows that each group names


def shuffled(rng):
    y, x = mixed(rng)
    return y, x, rng.permutation(60)


def by_key(name):
    def make(folder, rng):
        y, x, order = shuffled(rng)
        return [write(folder / "d.h5", {"features/fc": x, f"features/{name}": np.arange(60), "annot/label": y[order], f"annot/{name}": order})], {"features/fc": expected(x, y)}

    make.__name__ = f"rows_by_{name}"
    return refused("number the rows differently", job="labels: features/labels_by_key", python=("by = ", ", and in the job"))(make)


for name in ("sample", "trial", "rowid"):
    by_key(name)


@refused("number the rows differently", job="labels: features/labels_by_key", python=("by = ", ", and in the job"))
def rows_by_time(folder, rng):
    y, x, order = shuffled(rng)
    times = np.arange(60) / 7
    return [write(folder / "d.h5", {"features/fc": x, "features/timestamp": times, "annot/label": y[order], "annot/timestamp": times[order]})], {"features/fc": expected(x, y)}


@refused("/mod/prot/obs/_index and /mod/rna/obs/_index number the rows differently", job="layers: [mod/rna/X, mod/rna/mod_prot_X_by_key]", python=("at = ", ", and in the job"))
def modalities_of_mudata(folder, rng):
    y, x, order = shuffled(rng)
    barcodes = texts(f"b{n}" for n in range(60))
    datasets = {"obs/_index": barcodes, "obs/label": y}
    for name, rows in (("rna", np.arange(60)), ("prot", order)):
        datasets |= {f"mod/{name}/X": x[rows], f"mod/{name}/obs/_index": barcodes[rows]}
    path = write(folder / "d.h5mu", datasets, [("obs", "_index", "_index"), ("mod/rna/obs", "_index", "_index"), ("mod/prot/obs", "_index", "_index")])
    return [path], {"mod/rna/X": expected(x, y), "mod/rna/mod_prot_X_by_key": expected(x, y)}


@pytest.mark.parametrize("ours, theirs", [(lambda n: n, lambda n: texts(map(str, n))), (lambda n: texts(f"/data/{k}.png" for k in n), lambda n: texts(map(str, n))), (lambda n: n, lambda n: texts(f"img_{k:04}" for k in n))], ids=["numbers_and_texts", "paths_and_stems", "numbers_at_the_end"])
def test_keys_that_are_written_in_two_ways(program, refused, tmp_path, rng, ours, theirs):
    y, x, order = shuffled(rng)
    names = ("id", "id") if ours(order) is order else ("path", "image")
    path = write(tmp_path / "d.h5", {"features/fc": x, f"features/{names[0]}": ours(np.arange(60)), "annot/label": y[order], f"annot/{names[1]}": theirs(order)})
    refused(path, words=["number the rows differently", "/annot/label cannot be joined"])
    with h5py.File(path, "r+") as f:
        del f["annot/label"], f[f"annot/{names[1]}"]
        f["annot/label"], f[f"annot/{names[1]}"] = y, theirs(np.arange(60))
    assert "number the rows" not in program.ok("precompute", path, "--output", tmp_path / "Tiles").stderr


@reads("Assumed: /features/video and /annot/video hold the same values in different orders")
def rows_by_two_columns(folder, rng):
    y, x, order = shuffled(rng)
    video, frame = np.arange(60) // 10, np.arange(60) % 10
    datasets = {"features/fc": x, "features/video": video, "features/frame": frame, "annot/label": y[order], "annot/video": video[order], "annot/frame": frame[order]}
    return [write(folder / "d.h5", datasets)], {"features/fc": expected(x, y[order])}


# Classes and their numbers


def numbered(make):
    return reads("Assumed: ", "holds the label of each of the names in", job="")(make)


@numbered
def names_beside_their_numbers(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": y, "class_names": texts(["eel", "cat", "dog"]), "class_ids": np.array([2, 0, 1])})], {"fc": expected(x, y, NAMES)}


@numbered
def names_beside_unique_labels(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": y * 10, "label_names": texts(NAMES), "unique_labels": np.array([0, 10, 20])})], {"fc": expected(x, y, NAMES)}


@numbered
def names_and_numbers_in_attributes(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": y}, [("/", "class_names", ["eel", "cat", "dog"]), ("/", "class_ids", [2, 0, 1])])], {"fc": expected(x, y, NAMES)}


@numbered
def a_table_of_classes(folder, rng):
    y, x = mixed(rng)
    rows = np.array([(2, b"eel"), (0, b"cat"), (1, b"dog")], [("id", "i8"), ("name", "S3")])
    return [write(folder / "d.h5", {"fc": x, "labels": y, "classes": rows})], {"fc": expected(x, y, NAMES)}


@pytest.mark.parametrize("name, numbers", [("class_ids", [17, 18, 44]), ("class_index", [2, 0, 1]), ("number", [20, 19, 21])])
def test_numbers_beside_names_that_are_no_labels(program, tmp_path, rng, name, numbers):
    """Ids of a catalogue, an order, counts: names go by their places, as ever."""
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y, "class_names": texts(NAMES), name: np.array(numbers)})
    assert "the label of each" not in program.ok("precompute", path, "--output", tmp_path / "Tiles").stderr
    check(tmp_path / "Tiles/d/current", {"fc": expected(x, y, NAMES)})


@pytest.mark.parametrize("names", [["500 Hz", "1000 Hz", "2000 Hz"], ["0 deg", "45 deg", "90 deg"], ["10:00", "11:00", "12:00"], ["7, rue X", "8, rue Y", "9, rue Z"], ["1 room", "2 rooms", "3 rooms"], ["#cat", "#dog", "#eel"], ["# hashtag", "dog", "eel"], ["id 7", "name 8", "9 lives"]], ids=" ".join)
def test_names_in_a_text_file_that_hold_numbers(program, tmp_path, rng, names):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y})
    (tmp_path / "class_names.txt").write_text("\n".join(names) + "\n")
    done = program.ok("precompute", path, "--output", tmp_path / "Tiles")
    assert "Assumed" not in done.stderr
    check(tmp_path / "Tiles/d/current", {"fc": expected(x, y, names)})


@pytest.mark.parametrize("text, words", [("2 eel\n0 cat\n1 dog\n", "gives each name its label"), ("id,name\n2,eel\n0,cat\n1,dog\n", "gives each name its label"), ("# classes\ncat\ndog\neel\n", "is taken for a remark"), (json.dumps(NAMES), "")], ids=["numbered", "csv", "remark", "json"])
def test_names_in_a_text_file(program, tmp_path, rng, text, words):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y})
    (tmp_path / "class_names.txt").write_text(text)
    done = program.ok("precompute", path, "--output", tmp_path / "Tiles")
    assert words in done.stderr
    check(tmp_path / "Tiles/d/current", {"fc": expected(x, y, NAMES)})


def test_a_job_that_inspect_writes_keeps_the_numbers_of_names(program, tmp_path, rng):
    files, right = names_beside_their_numbers(tmp_path, rng)
    (tmp_path / "job.yaml").write_text(program.ok("inspect", *files, "--job").stdout)
    program.ok("precompute", tmp_path / "job.yaml", "--output", tmp_path / "Tiles")
    check(tmp_path / "Tiles/d/current", right)


@reads("Assumed: s1.h5 names the classes, and those before it do not")
def names_in_the_second_file(folder, rng):
    files, values = [], []
    for number in range(2):
        y, x = mixed(rng, 30)
        files.append(write(folder / f"s{number}.h5", {"fc": x, "labels": y} | ({"class_names": texts(NAMES)} if number else {})))
        values.append((y, x))
    return files, {"fc": expected(np.concatenate([x for _, x in values]), np.concatenate([y for y, _ in values]), NAMES)}


# Labels of other rows


@reads("Left out: /fc_val: its labels are /labels_val, which differ from /labels", "layers: [/fc_val], labels: /labels_val")
def labels_of_two_splits(folder, rng):
    (y, x), (z, v) = mixed(rng), mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": y, "fc_val": v, "labels_val": z})], {"fc": expected(x, y)}


def test_a_job_that_names_labels_of_some_layers(program, job, tmp_path, rng):
    (y, x), (z, v) = mixed(rng), mixed(rng)
    path = write(tmp_path / "d.h5", {"query_feats": x, "query_labels": y, "gallery_feats": v, "gallery_labels": z})
    done = program.ok("precompute", job("labels: query_labels", path), "--output", tmp_path / "Tiles")
    assert "Left out: /gallery_feats: its labels are /gallery_labels" in done.stderr
    check(tmp_path / "Tiles/job/current", {"query_feats": expected(x, y)})


@pytest.mark.parametrize("names", [("tp_rank0", "tp_rank1"), ("part_0", "part_1")])
def test_batches_with_the_same_labels_in_disorder_are_told_of(program, tmp_path, rng, names):
    y, x = mixed(rng)
    paths = [write(tmp_path / f"{name}.h5", {"fc": x[:, 3 * n : 3 * n + 3], "labels": y}) for n, name in enumerate(names)]
    assert "have the same labels, row for row" in program.ok("precompute", *paths, "--output", tmp_path / "Tiles").stderr
    for path in paths:
        with h5py.File(path, "r+") as f:
            f["labels"][:] = np.sort(y)
    assert "same labels" not in program.ok("precompute", *paths, "--output", tmp_path / "Tiles").stderr


def along(path, **dimensions):
    """Gives the axes of datasets names, as netCDF does: {dataset: [name of each axis]}."""
    with h5py.File(path, "r+") as f:
        for name, axes in dimensions.items():
            for axis, scale in enumerate(axes):
                if scale not in f:
                    f[scale] = np.arange(f[name].shape[axis])
                    f[scale].make_scale(scale)
                f[name].dims[axis].attach_scale(f[scale])
    return path


@refused("the rows of /fc2 lie along the dimension val_sample, and the labels /label along train_sample", job="layers: [/fc2]\nlabels: /stimulus")
def labels_of_another_dimension(folder, rng):
    (y, x), (z, v) = mixed(rng), mixed(rng)
    path = write(folder / "d.nc", {"fc": x, "label": y, "fc2": v, "stimulus": z})
    along(path, fc=["train_sample", "unit"], label=["train_sample"], fc2=["val_sample", "unit"], stimulus=["val_sample"])
    return [path], {"fc2": expected(v, z)}


@reads("Assumed: the rows of /fc lie along the dimension sample, and the labels /label along trial", "write labels: false", job="labels: false")
def labels_of_the_only_other_dimension(folder, rng):
    y, x = mixed(rng)
    path = write(folder / "d.nc", {"fc": x, "label": y})
    return [along(path, fc=["sample", "unit"], label=["trial"])], {"fc": expected(x)}


@pytest.mark.parametrize("datasets", [
    {"features/trial": "order", "annot/sample": "order"}, {"features/sample_size": "counts", "annot/sample_size": "other"},
    {"features/row_norm": "real", "annot/row_norm": "realer"}, {"features/timestamp": "real", "annot/timestamp": "realer"},
    {"features/onset_s": "real", "annot/onset_ms": "realer"},
])  # fmt: skip
def test_columns_that_tell_no_rows(program, tmp_path, rng, datasets):
    y, x = mixed(rng)
    values = {"order": rng.permutation(60), "counts": rng.integers(0, 9, 60), "other": rng.integers(0, 9, 60), "real": rng.normal(size=60), "realer": rng.normal(size=60)}
    path = write(tmp_path / "d.h5", {"features/fc": x, "annot/label": y} | {name: values[kind] for name, kind in datasets.items()})
    said = program.ok("precompute", path, "--output", tmp_path / "Tiles").stderr
    assert "joined by" not in said and "number the rows" not in said


@pytest.mark.parametrize("names", [{"top_units": "int"}, {"units_by_rate": "text"}, {"features_ranked": "text"}, {"test_idx": "int"}, {"genes_by_variance": "text", "feature_names": "same"}, {"history": "text"}, {"source_files": "text"}], ids=" ".join)
def test_what_names_no_neurons(program, tmp_path, rng, names):
    paths = []
    for number in range(2):
        y, x = mixed(rng, 30)
        order = rng.permutation(6)
        of = {"int": order, "text": GENES[order], "same": GENES}
        paths.append(write(tmp_path / f"s{number}.h5", {"fc": x, "labels": y} | {name: of[kind] for name, kind in names.items()}))
    assert "neurons of /fc" not in program.ok("precompute", *paths, "--output", tmp_path / "Tiles").stderr


def test_scaled_neurons_stay_scaled(program, refused, job, tmp_path, rng, monkeypatch):
    """What is advised keeps the attributes, also where both files are called alike."""
    orders, labels, values, all_values = in_two_orders(rng)
    paths = []
    for number, (order, y, x) in enumerate(zip(orders, labels, values)):
        (tmp_path / f"run{number}").mkdir()
        paths.append(write(tmp_path / f"run{number}/acts.h5", {"fc": np.round(x * 5).astype("i2"), "labels": y, "feature_names": GENES[order]}, [("fc", "scale_factor", 0.2)]))
    said = refused(*paths, words=["/feature_names names the neurons of /fc in another order"])
    for path in paths:
        in_python(said, path, "names = ", ", and in a job")
    (tmp_path / "job.yaml").write_text("name: job\ndumps: [run0/acts.h5, run1/acts.h5]\nlayers: [by_name/fc]\n")
    program.ok("precompute", tmp_path / "job.yaml", "--output", tmp_path / "Tiles")
    check(tmp_path / "Tiles/job/current", {"by_name/fc": expected(np.round(all_values * 5) * 0.2, np.concatenate(labels))})


@pytest.mark.parametrize("attributes, line", [({"scale": "0.05"}, "scale: 0.05"), ({"q_scale": 0.1, "zero_point": "3"}, "scale: 0.1, zero_point: 3.0"), ({"divisor": 5.0, "offset": 10.0}, "scale: 0.2, zero_point: -50.0"), ({"divisor": 0.0}, "scale: NUMBER"), ({"gain": 2.0, "scale": 0.1}, "scale: NUMBER")])
def test_the_line_that_scales(refused, tmp_path, rng, attributes, line):
    y, x = mixed(rng)
    refused(write(tmp_path / "d.h5", {"fc": x.astype("i2"), "labels": y}, [("fc", *each) for each in attributes.items()]), words=[f"{{ dataset: /fc, {line}"])


# Numbers of another kind


@pytest.mark.parametrize("name, value, scale", [("gain", 0.2, "0.2"), ("divisor", 5.0, "0.2"), ("bitVolts", 0.2, "0.2"), ("conversion", 0.2, "0.2")])
def test_factors_of_instruments(refused, program, job, tmp_path, rng, name, value, scale):
    y, x = mixed(rng)
    stored = np.round(x * 5).astype("i2")
    path = write(tmp_path / "d.h5", {"fc": stored, "labels": y}, [("fc", name, value)])
    refused(path, words=[name, line := f"layers: [{{ dataset: /fc, scale: {scale} }}]"])
    program.ok("precompute", job(line, path), "--output", tmp_path / "Tiles")
    check(tmp_path / "Tiles/job/current", {"fc": expected(stored * 0.2, y)})
    # A factor of 1 says nothing, nor does that of real numbers change what is stored.
    with h5py.File(path, "r+") as f:
        f["fc"].attrs[name] = 1.0
    program.ok("precompute", path, "--output", tmp_path / "Tiles")


@pytest.mark.parametrize("name, values", [("units", ("mV", "uV")), ("normalized", (True, False))])
def test_units_of_two_files(program, tmp_path, rng, name, values):
    paths = []
    for number, value in enumerate(values):
        y, x = mixed(rng, 30)
        paths.append(write(tmp_path / f"s{number}.h5", {"fc": x, "labels": y}, [("fc", name, value)]))
    assert f"Assumed: /fc: its attribute {name} says" in program.ok("precompute", *paths, "--output", tmp_path / "Tiles").stderr


# What is no layer, and columns that nothing heeds


@reads("Left out: /predictions: by its name and its whole numbers it holds predictions, several a row", job="predictions: predictions_first", python=("f[\"predictions_first\"]", ", and in a job"))
def the_five_best(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": y, "predictions": np.stack([y, y + 1, y + 2, y + 3, y + 4], 1)})], {"fc": expected(x, y)}


@reads("Left out: /seq_len: it says how long each row is", "Left out: /is_padding: it marks 4 of 60 rows with 1", "Left out: /count: it may say how often each row counts", "Left out: /meta/block0_values: its whole numbers are columns called age, batch")
def columns_that_nothing_heeds(folder, rng):
    y, x = mixed(rng)
    datasets = {"fc": x, "labels": y, "seq_len": rng.integers(1, 9, 60), "is_padding": np.arange(60) > 55, "count": rng.integers(1, 4, 60)}
    datasets |= {"meta/block0_values": rng.integers(20, 70, (60, 2)), "meta/block0_items": texts(["age", "batch"]), "meta/axis0": texts(["age", "batch"])}
    return [write(folder / "d.h5", datasets, [("meta", "pandas_type", "frame")])], {"fc": expected(x, y)}


@reads("Assumed: /rates: the first axis is taken as that of the rows (axes: NU), though /trial_type has a value for each", job="layers: [{ dataset: /rates, axes: UN }]")
def rows_last_without_labels(folder, rng):
    x = acts(rng, np.arange(60) % 3)
    return [write(folder / "d.h5", {"rates": np.ascontiguousarray(x.T), "trial_type": texts(NAMES[n % 3] for n in range(60)), "unit_id": np.arange(6)})], {"rates": expected(x)}


@reads("Left out: /labels: it is called like labels, and holds 60 of them in one text", job="labels: labels_of_rows", python=("f[\"labels_of_rows\"]", ", and in a job"))
def labels_in_one_text(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": json.dumps([NAMES[label] for label in y])})], {"fc": expected(x, y, NAMES)}


@reads("Assumed: /labels: 20 rows have an empty text for a label")
def an_empty_text_for_a_label(folder, rng):
    y, x = mixed(rng)
    names = ["", "cat", "dog"]
    return [write(folder / "d.h5", {"fc": x, "labels": texts(names[label] for label in y)})], {"fc": expected(x, y, names)}
