"""Labels, names and layers in further forms are read, or named for what they are with what to do; what only looks like a layer is left out aloud."""

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


# Labels in other forms


def nullable(path, x, y, missing):
    write(path, {"X": x, "obs/label/values": y, "obs/label/mask": missing, "obs/_index": np.array([f"c{i}" for i in range(len(y))], object)},
          [("obs/label", "encoding-type", "nullable-integer"), ("obs/label", "encoding-version", "0.1.0"), ("obs", "_index", "_index"),
           ("obs", "encoding-type", "dataframe"), ("/", "encoding-type", "anndata")])  # fmt: skip
    return path


@reads("Assumed: /obs/label holds the labels")
def nullable_labels_of_anndata(folder, rng):
    y, x = mixed(rng)
    return [nullable(folder / "d.h5ad", x, y, np.zeros(60, bool))], {"X": expected(x, y)}


@refused("group /obs/label: 10 of its 60 values are missing", job="labels: labels_given", python=('f["labels_given"]', ", and in a job labels: labels_given"))
def nullable_labels_of_which_some_are_missing(folder, rng):
    y, x = mixed(rng)
    missing = np.arange(60) < 10
    return [nullable(folder / "d.h5ad", x, np.where(missing, 1, y), missing)], {"X": expected(x, np.where(missing, 999, y))}


def test_the_values_alone_are_refused_where_some_are_missing(program, tmp_path, rng):
    y, x = mixed(rng)
    path = nullable(tmp_path / "d.h5ad", x, y, np.arange(60) == 7)
    done = program.run("precompute", job_of(tmp_path / "job.yaml", [path], "labels: /obs/label/values"), "--output", tmp_path / "Tiles")
    assert done.returncode == DATA and "1 of its 60 values are missing, as its mask says (the first in row 7)" in done.stderr


ONE_HOT = ('f["labels_of_columns"]', ", and in a job labels: labels_of_columns")


@reads("Left out: /cls: each of its rows is one 1 among zeros", job="layers: [fc]\nlabels: labels_of_columns", python=ONE_HOT)
def a_column_for_each_class_in_whole_numbers(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "cls": np.eye(3, dtype="i8")[y]})], {"fc": expected(x, y)}


@reads("Left out: /y_train: each of its rows is one 1 among zeros", job="layers: [fc]\nlabels: labels_of_columns", python=ONE_HOT)
def a_column_for_each_class_in_real_numbers(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "y_train": np.eye(3, dtype="f4")[y]})], {"fc": expected(x, y)}


@reads("Left out: /attributes: by its name and its values 0 and 1 it holds properties")
def properties(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "attributes": rng.integers(0, 2, (60, 5)).astype("i1")})], {"fc": expected(x)}


@reads("Left out: /species: it has one value a row and 3 distinct ones, all whole: if these are labels, write labels: /species", job="labels: /species")
def labels_in_real_numbers(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "species": y.astype(float)})], {"fc": expected(x, y)}


def test_a_frame_of_pandas_with_its_label_among_the_neurons(program, tmp_path, rng):
    y, x = mixed(rng)
    columns = [f"n{i}" for i in range(6)] + ["label"]
    path = write(tmp_path / "d.h5", {"df/axis0": np.array(columns, "S5"), "df/axis1": np.arange(60), "df/block0_items": np.array(columns, "S5"),
                                     "df/block0_values": np.c_[x, y].astype("f8")}, [("df", "pandas_type", np.bytes_("frame"))])  # fmt: skip
    done = program.run("precompute", path, "--output", tmp_path / "Tiles")
    assert done.returncode == DATA and "its column 6 is called label, and reads like labels, not like a neuron" in done.stderr
    in_python(done.stderr, path, 'f["neurons"] = ', ", and in a job layers: [neurons], labels: labels_apart")
    store = told(program, [job_of(tmp_path / "job.yaml", [path], "layers: [neurons]\nlabels: labels_apart")], tmp_path / "Advised")[0]
    check(store, {"neurons": expected(x, y)})


@reads()
def categories_of_a_table_of_pandas(folder, rng):
    y, x = mixed(rng)
    rows = np.zeros(60, [("index", "<i8"), ("values_block_0", "<f4", (6,)), ("label", "i1")])
    rows["index"], rows["values_block_0"], rows["label"] = np.arange(60), x, y
    categories = np.array([(n, name.encode()) for n, name in enumerate(NAMES)], [("index", "<i8"), ("values", "S3")])
    path = write(folder / "d.h5", {"df/table": rows, "df/meta/label/meta/table": categories}, [("df", "pandas_type", np.bytes_("frame_table"))])
    return [path], {"df/table/values_block_0": expected(x, y, NAMES)}


@refused("/labels: some of its chunks were never written", job="labels: labels_filled", python=('f["labels_filled"]', ", and name labels_filled in a job"))
def labels_that_were_never_written(folder, rng):
    y, x = mixed(rng, 64, 4)
    with h5py.File(folder / "d.h5", "w") as f:
        f["fc"] = x
        f.create_dataset("labels", (64,), "i8", chunks=(16,))[:48] = y[:48]
    return [folder / "d.h5"], {"fc": expected(x, np.where(np.arange(64) < 48, y, 0))}


@reads("Assumed: /top_acts holds the values of the neurons that /top_indices names")
def lists_that_are_filled_up(folder, rng):
    """A list of the strongest neurons that is shorter than the others names none, −1, with a value of 0."""
    y, x = mixed(rng)
    indices = np.stack([rng.permutation(16)[:4] for _ in range(60)]).astype("i4")
    values = np.abs(acts(rng, y, 4)) + 1
    indices[::7, 3], values[::7, 3] = -1, 0
    dense = np.zeros((60, 17))
    np.put_along_axis(dense, indices, values, 1)  # -1 is the last, which is cut off
    path = write(folder / "d.h5", {"top_acts": values, "top_indices": indices, "labels": y}, [("/", "d_sae", 16)])
    return [path], {"top_acts": expected(dense[:, :16], y)}


# What stands beside the layers


@reads("Left out: /params/Dense_0/kernel: by its name it holds parameters of the network")
def parameters_with_as_many_rows(folder, rng):
    y, x = mixed(rng)
    datasets = {"acts/0": x, "acts/1": x + 1, "acts/label": y, "params/Dense_0/kernel": rng.normal(size=(60, 6)).astype("f4"), "params/Dense_0/bias": np.zeros(6, "f4")}
    return [write(folder / "d.h5", datasets)], {"acts/0": expected(x, y), "acts/1": expected(x + 1, y)}


@reads("Left out: /distances: by its name it holds distances", "Left out: /nn: by its name and its whole numbers it holds row numbers",
       "Left out: /token_type: by its name", "Left out: /boxes: by its name it holds places", "Left out: /weight: by its name")  # fmt: skip
def neighbours_and_places(folder, rng):
    y, x = mixed(rng)
    datasets = {"fc": x, "labels": y, "distances": rng.random((60, 5)).astype("f4"), "nn": rng.integers(0, 60, (60, 5)), "boxes": rng.random((60, 4)),
                "token_type": rng.integers(0, 2, (60, 7)), "weight": rng.random((60, 6))}  # fmt: skip
    return [write(folder / "d.h5", datasets)], {"fc": expected(x, y)}


def by_rows(z):
    """The parts of a sparse matrix stored by rows."""
    row, column = np.nonzero(z)
    return row, column, z[row, column], np.cumsum([0, *(z != 0).sum(1)])


def sparse(rng):
    """Rows, their labels, the rows with most values 0, and the parts of these."""
    y, x = mixed(rng)
    z = np.where(x > 5, x, 0)
    return x, y, z, by_rows(z)


TO_ROWS = ('f["sae_csr/indptr"]', ", and in a job layers: [{ dataset: sae_csr, neurons: ")


@reads("Left out: /sae: it is a sparse matrix of PyTorch", job="layers: [{ dataset: sae_csr, neurons: 6 }]", python=TO_ROWS)
def sparse_by_rows_of_pytorch(folder, rng):
    x, y, z, (_, column, values, starts) = sparse(rng)
    path = write(folder / "d.h5", {"fc": x, "labels": y, "sae/crow_indices": starts, "sae/col_indices": column, "sae/values": values, "sae/size": [60, 6]})
    return [path], {"sae_csr": expected(z, y)}


TO_DENSE = ("dense = np.zeros(", ", and in a job layers: [sae_dense]")


@reads("Left out: /sae: it is a sparse matrix, a row, a column and a value each", job="layers: [sae_dense]", python=TO_DENSE)
def sparse_places_of_pytorch(folder, rng):
    x, y, z, (row, column, values, _) = sparse(rng)
    path = write(folder / "d.h5", {"fc": x, "labels": y, "sae/indices": np.stack([row, column]), "sae/values": values, "sae/size": [60, 6]})
    return [path], {"sae_dense": expected(z, y)}


@refused("/sae: it is a sparse matrix, a row, a column and a value each", job="layers: [sae_dense]", python=TO_DENSE)
def sparse_places(folder, rng):
    x, y, z, (row, column, values, _) = sparse(rng)
    path = write(folder / "d.h5", {"labels": y, "sae/row": row, "sae/col": column, "sae/data": values}, [("sae", "shape", [60, 6])])
    return [path], {"sae_dense": expected(z, y)}


@reads()
def width_in_the_first_file(folder, rng):
    y, x = mixed(rng)
    z = np.where(x > 5, x, 0)
    files = []
    for b in range(2):
        _, column, values, starts = by_rows(z[b * 30 : b * 30 + 30])
        datasets = {"sae/data": values, "sae/indices": column, "sae/indptr": starts, "labels": y[b * 30 : b * 30 + 30]}
        files.append(write(folder / f"part-{b}.h5", datasets, [("/", "d_sae", 6)] if b == 0 else []))
    return files, {"sae": expected(z, y)}


@reads("Assumed: ", "the labels are whole numbers written as texts")
def numbers_in_texts(folder, rng):
    y, x = mixed(rng)
    return [write(folder / "d.h5", {"fc": x, "labels": np.array([str(c) for c in y], object), "class_names": NAMES})], {"fc": expected(x, y, NAMES)}


def test_an_empty_matrix_of_matlab_is_no_column(program, tmp_path, rng):
    y, x = mixed(rng)
    attributes = [(name, "MATLAB_class", np.bytes_("double")) for name in ("features", "labels", "predictions")]
    path = write(tmp_path / "d.mat", {"features": x.T, "labels": (y + 1.0)[None], "predictions": np.zeros(2, "u8")}, [*attributes, ("predictions", "MATLAB_empty", np.uint8(1))])
    check(told(program, [path], tmp_path / "Tiles")[0], {"features": expected(x, y + 1)})


def test_a_mask_of_padding_is_offered_as_its_opposite(program, tmp_path, rng):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"hidden": np.stack([x] * 4, 1), "labels": y, "key_padding_mask": np.arange(4) >= rng.integers(1, 5, 60)[:, None]})
    written = program.ok("inspect", "--job", path).stdout
    assert "mask: key_padding_mask" not in written and "of the opposite of key_padding_mask" in written


def test_the_axes_of_keras(program, tmp_path, rng):
    y, x = mixed(rng)
    conv = np.stack([x * s for s in (1, 2, 3, 4)], 1).reshape(60, 2, 2, 6)
    path = write(tmp_path / "d.h5", {"conv": conv, "labels": y}, [("conv", "data_format", "channels_last")])
    written = program.ok("inspect", "--job", path).stdout
    assert "axes: NHWC, reduce: flatten" in written
    (tmp_path / "job.yaml").write_text(written.replace("reduce: flatten", "reduce: max"))
    check(told(program, [tmp_path / "job.yaml"], tmp_path / "Tiles")[0], {"conv": expected(conv.max((1, 2)), y)})


@refused("a row for each of the 60 numbers in /indices, and there are 100 labels", job="labels: labels_of_rows",
         python=('f["labels_of_rows"]', ", and write in a job labels: labels_of_rows"))  # fmt: skip
def rows_that_are_some_of_those_with_labels(folder, rng):
    all_labels, some = rng.integers(0, 3, 100), rng.permutation(100)[:60]
    x = acts(rng, all_labels[some])
    return [write(folder / "d.h5", {"features": x, "labels": all_labels, "indices": some})], {"features": expected(x, all_labels[some])}


@reads("Assumed: There are ", " classes for 60 rows; perhaps /y holds no labels")
def numbers_that_are_no_classes(folder, rng):
    ages = rng.permutation(np.arange(60) % 40 + 20)
    x = acts(rng, ages % 3)
    return [write(folder / "d.h5", {"fc": x, "y": ages})], {"fc": expected(x, ages)}
