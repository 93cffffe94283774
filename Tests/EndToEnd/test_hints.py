"""Columns and attributes that say how rows or numbers are meant: used, refused with the line to write, or told; never passed over.

O which rows count, how long they are, in which order, how often; P what the numbers mean; Q which axis is the rows; R names with their
numbers, predictions in another form.
"""

import h5py
import numpy as np
import pytest
from real_world import NAMES, acts, agrees, expected, job_of, mixed, told, write
from test_advice import in_python

TOLD, REFUSED = [], []


def is_told(*words, job=None, code=None):
    """Read, with these words; the `job` (after the `code` that begins and ends so) reads what else it may be."""
    return lambda make: TOLD.append(pytest.param(make, words, job, code, id=make.__name__)) or make


def is_refused(*words, job=None, code=None):
    return lambda make: REFUSED.append(pytest.param(make, words, job, code, id=make.__name__)) or make


def beside(folder, rng, datasets=lambda y, x: {}, attributes=(), stored=lambda x: x):
    y, x = mixed(rng)
    return y, stored(x), write(folder / "d.h5", {"fc": stored(x), "labels": y} | datasets(y, x), attributes)


@is_told("Left out: /split: it tells 2 parts of the rows apart (test, train)")
def split_of_each_row(folder, rng):
    y, x, path = beside(folder, rng, lambda y, x: {"split": np.array(["train"] * 40 + ["test"] * 20, object)})
    return path, expected(x, y)


@is_told("Left out: /shuffle_order: it holds every row number once, in another order")
def order_of_rows(folder, rng):
    y, x, path = beside(folder, rng, lambda y, x: {"shuffle_order": np.roll(np.arange(60), 7)})
    return path, expected(x, y)


@is_told("Left out: /fc@n_valid: the attribute says 40", "write count: 40", job="count: 40")
def rows_that_are_valid(folder, rng):
    y, x, path = beside(folder, rng, attributes=[("fc", "n_valid", 40)])
    return path, expected(x, y), expected(x[:40], y[:40])


@is_told("Left out: /processed: it marks 10 of 60 rows with 0")
def rows_that_are_done(folder, rng):
    y, x, path = beside(folder, rng, lambda y, x: {"processed": (np.arange(60) < 50).astype("u1")})
    return path, expected(x, y)


@is_told("Left out: /sample_id: 30 of its 60 values occur more than once")
def rows_that_occur_twice(folder, rng):
    y, x, path = beside(folder, rng, lambda y, x: {"sample_id": np.arange(60) // 2})
    return path, expected(x, y)


@is_refused("its rows lie in batches", "join: 'rank*'")
def ranks_of_a_sampler(folder, rng):
    y, x = mixed(rng)
    datasets = {"labels": y} | {f"rank{k}/{name}": v[k::2] for k in (0, 1) for name, v in (("fc", x), ("idx", np.arange(60)))}
    return write(folder / "d.h5", datasets), None


def test_ranks_that_are_joined_are_not_labelled_by_position(program, refused, tmp_path, rng):
    y, x = mixed(rng)
    datasets = {"labels": y} | {f"rank{k}/{name}": v[k::2] for k in (0, 1) for name, v in (("fc", x), ("idx", np.arange(60)))}
    path = write(tmp_path / "d.h5", datasets)
    job = job_of(tmp_path / "job.yaml", [path], "join: 'rank*'")
    refused(job, words=["/idx numbers the rows of all groups, and in another order", "labels: labels_joined"])
    words = program.run("precompute", job, "--output", tmp_path / "T").stderr
    code = words[words.index('f["labels_joined"] = ') : words.index(", and in the job labels: labels_joined")]
    with h5py.File(path, "r+") as f:
        exec(code, {"f": f, "np": np, "groups": ["rank0", "rank1"]})
    agrees(told(program, [job_of(tmp_path / "job.yaml", [path], "join: 'rank*'\nlabels: labels_joined")], tmp_path / "Advised")[0], expected(x, y))


@is_refused("its attribute dtype says torch.float16", "layers: [real]", job="layers: [real]", code=('f["real"] = ', ", and in the job"))
def half_floats_in_disguise(folder, rng):
    y, x = mixed(rng)
    half = x.astype("f2")
    return write(folder / "d.h5", {"fc": half.view("u2"), "labels": y}, [("fc", "dtype", "torch.float16")]), expected(half.astype("f4"), y)


def integers(x):
    return np.clip(np.round(x * 5), -128, 127).astype("i1")


@is_told("Left out: /fc_scale: by its name it says for what numbers", job="layers: [real]", code=('f["real"] = ', ", and in a job"))
def scale_of_each_neuron_beside(folder, rng):
    scale = np.linspace(0.1, 0.6, 6).astype("f4")
    y, stored, path = beside(folder, rng, lambda y, x: {"fc_scale": scale}, stored=integers)
    return path, expected(stored, y), expected(stored * scale, y)


@is_refused("its attributes qscale, zp say that they stand for other numbers", "{ dataset: /fc, scale: 0.2, zero_point: 3 }", job="layers: [{ dataset: /fc, scale: 0.2, zero_point: 3 }]")
def quantised_in_other_words(folder, rng):
    y, stored, path = beside(folder, rng, attributes=[("fc", "qscale", 0.2), ("fc", "zp", 3)], stored=integers)
    return path, expected((stored.astype(float) - 3) * 0.2, y)


@is_told("Assumed: /fc: its numbers are counted as stored, though it has the attribute transform (log1p)")
def logarithms(folder, rng):
    y, x, path = beside(folder, rng, attributes=[("fc", "transform", "log1p")])
    return path, expected(x, y)


@is_told("Assumed: /fc: its numbers are counted as stored, though it has the attribute valid_range (0.0, 5.0)")
def range_of_valid_numbers(folder, rng):
    y, x, path = beside(folder, rng, attributes=[("fc", "valid_range", np.array([0.0, 5.0]))])
    return path, expected(x, y)


@is_refused("layers: [{ dataset: /fc1, axes: UN }, { dataset: /fc2, axes: UN }]", job="layers: [{ dataset: /fc1, axes: UN }, { dataset: /fc2, axes: UN }]")
def rows_are_the_last_axis_of_all(folder, rng):
    x = acts(rng, np.arange(60) % 3, 12)
    return write(folder / "d.h5", {"fc1": x.T, "fc2": x[:, :9].T}), expected(x)


@is_refused("if its second axis is that of the rows, write in a job layers: [{ dataset: /rnn, axes: TND }]", job="layers: [{ dataset: /rnn, axes: TND }]")
def time_before_rows(folder, rng):
    y, x = mixed(rng)
    return write(folder / "d.h5", {"rnn": np.stack([x] * 7), "labels": y}), expected(x, y)


@is_told("Assumed: /predictions: it holds 3, which is the label of no row", job="predictions: predictions_from_0\ngroups: [{ name: right, where: 'label == prediction' }]",
         code=('f["predictions_from_0"] = ', ", and in a job"))
def predictions_from_one(folder, rng):
    y, x, path = beside(folder, rng, lambda y, x: {"predictions": y + 1})
    return path, expected(x, y), expected(x, y) | {"right": expected(x)["all"]}


@is_told()
def names_with_one_for_no_class(folder, rng):
    y, x = mixed(rng)
    right = expected(x, y, NAMES) | {"background": (0, np.nan)}
    return write(folder / "d.h5", {"fc": x, "labels": y + 1, "class_names": ["background", *NAMES, "fox"]}), right | {"fox": (0, np.nan)}


@is_told("Left out: /predictions: its predictions are texts", job="class_names: [cat, dog, eel]\ngroups: [{ name: right, where: 'label == prediction' }]")
def predictions_by_name(folder, rng):
    y, x, path = beside(folder, rng, lambda y, x: {"predictions": np.array([NAMES[c] for c in y], object)})
    named = expected(x, y, NAMES)
    return path, expected(x, y), named | {"right": named["all"]}


@pytest.mark.parametrize("make, words, job, code", TOLD)
def test_it_is_told(program, tmp_path, rng, make, words, job, code):
    path, right, *advised = make(tmp_path, rng)
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, right)
    assert all(word in said for word in words), said
    assert words or "Assumed" not in said
    if code:
        in_python(said, path, *code)
    if job:
        agrees(told(program, [job_of(tmp_path / "job.yaml", [path], job)], tmp_path / "Advised")[0], advised[0])


@pytest.mark.parametrize("make, words, job, code", REFUSED)
def test_it_is_refused(program, refused, tmp_path, rng, make, words, job, code):
    path, right = make(tmp_path, rng)
    refused(path, words=words)
    if code:
        in_python(program.run("precompute", path, "--output", tmp_path / "T").stderr, path, *code)
    if job:
        agrees(told(program, [job_of(tmp_path / "job.yaml", [path], job)], tmp_path / "Advised")[0], right)
