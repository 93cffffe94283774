"""D, T and R of rows and instances, in the store: beside a brute force, whatever is odd, and however the store is made."""

import hashlib
import pathlib

import h5py
import numpy as np
import pytest
import zarr
from divergence_oracle import Layer

TOLERANCE = 1e-6


def opened(store):
    return zarr.open_group(str(store), mode="r")


def store_rows(store):
    root = opened(store)
    attributes = dict(root.attrs)
    classes = [g for g in attributes["groups"] if g["kind"] == "class"]
    table = root["rows"]
    known = lambda name: table[name][...].astype(np.int64) if name in table else np.full(attributes["dataset"]["rows"], 2**32 - 1)  # noqa: E731
    labels, named = known("label"), known("prediction")
    labels[labels >= len(classes)], named[named >= len(classes)] = -1, -1
    return root, attributes, labels, named, [g["rows"] for g in classes]


def compare(got, expected, what):
    assert got.shape == expected.shape, what
    assert (np.isnan(got) == np.isnan(expected)).all(), f"{what}: {got[np.isnan(got) != np.isnan(expected)]}"
    there = ~np.isnan(expected)
    assert np.allclose(got[there], expected[there], rtol=TOLERANCE, atol=TOLERANCE), f"{what}: {np.abs(got - expected)[there].max()}"


def check_rows(store, matrices, rivals=None):
    """Compares all layers with the brute force: `matrices` are `{layer: [row, sample, neuron]}`."""
    root, attributes, labels, named, sizes = store_rows(store)
    assert root["divergences"].attrs["layers"] == [layer["id"] for layer in attributes["layers"]]
    judged = {}
    for layer in attributes["layers"]:
        values = matrices[layer["name"]]
        oracle = Layer(root[f"layers/{layer['id']}"], values, labels, len(sizes), sizes)
        figures, means = oracle.judge(values, named, labels, rivals=rivals)
        compare(root[f"divergences/{layer['id']}/rows"][...], figures, layer["name"])
        if len(sizes) <= 32:
            compare(root[f"divergences/{layer['id']}/ladder"][...], oracle.ladder(means), f"ladder of {layer['name']}")
        judged[layer["name"]] = oracle
    return judged


def one(values):
    """[row, neuron] as [row, sample, neuron]."""
    return np.asarray(values)[:, None, :]


def network(rng, rows=90, classes=3, neurons=(40, 7), wrong=0.2):
    labels = rng.integers(0, classes, rows)
    named = np.where(rng.random(rows) < wrong, rng.integers(0, classes, rows), labels)
    layers = {}
    for number, count in enumerate(neurons):
        centre = rng.normal(0, 1, (classes, count))
        layers[f"layer_{number}"] = np.maximum(centre[labels] + rng.normal(0, 1, (rows, count)), 0 if number == 0 else -9).astype(np.float32)
    return layers, labels, named


def write(path, layers, labels=None, named=None, **others):
    with h5py.File(path, "w") as f:
        for name, values in layers.items():
            f[name] = values
        if labels is not None:
            f["labels"] = labels
        if named is not None:
            f["predictions"] = named
        for name, values in others.items():
            f[name] = values
    return path


def test_figures_equal_the_brute_force(precompute, rng, tmp_path):
    layers, labels, named = network(rng)
    store = precompute(write(tmp_path / "dump.h5", layers, labels, named))
    check_rows(store, {name: one(values) for name, values in layers.items()})


def test_odd_neurons_and_odd_values(precompute, rng, tmp_path):
    layers, labels, named = network(rng, rows=420, neurons=(12, 8))
    a, b = layers["layer_0"], layers["layer_1"]
    a[:, 0], a[:, 1], a[:, 2] = 5, 0, np.nan  # constant, dead, without a finite value
    a[:7, 3], a[3, 4:9], a[5] = np.nan, np.inf, np.nan  # a row without any
    a[labels == 1, 10] = np.nan  # a class without a median
    b[0, 0], b[1, 1], b[2, 2] = 1e30, -1e30, -np.inf  # windows with tails
    b[:, 3] = np.where(np.arange(420) % 2, 1e-30, -1e-30)
    store = precompute(write(tmp_path / "dump.h5", layers, labels, named))
    judged = check_rows(store, {name: one(values) for name, values in layers.items()})
    assert judged["layer_1"].tails.any()
    assert np.isnan(opened(store)["divergences/layer_0/rows"][5]).all()


def test_float64_and_whole_numbers(precompute, rng, tmp_path):
    layers, labels, named = network(rng, neurons=(10, 10))
    layers = {"wide": layers["layer_0"].astype(np.float64) * 1e200, "whole": (layers["layer_1"] * 9).astype(np.int32)}
    store = precompute(write(tmp_path / "dump.h5", layers, labels, named))
    root, attributes, labels, named, sizes = store_rows(store)
    for layer in attributes["layers"]:
        values = one(layers[layer["name"]].astype(np.float64))
        figures, _ = Layer(root[f"layers/{layer['id']}"], values, labels, len(sizes), sizes).judge(values, named, labels)
        got = root[f"divergences/{layer['id']}/rows"][...]
        assert np.allclose(got, figures, rtol=TOLERANCE), layer["name"]


def test_small_classes_and_classes_never_named(precompute, job, rng, tmp_path):
    layers, labels, named = network(rng, rows=60, classes=3, neurons=(12,))
    labels[:3], named[:3] = [7, 8, 8], [7, 0, 8]  # classes of one and two rows
    named[named == 2], named[10] = 1, 5  # one that is never named, and one that no row has
    dump = write(tmp_path / "dump.h5", layers, labels, named)
    check_rows(precompute(dump), {"layer_0": one(layers["layer_0"])})
    text = "layers: [layer_0]\nlabels: labels\npredictions: predictions\nclass_names: {0: a, 1: b, 2: c, 5: nobody, 7: d, 8: e}"
    check_rows(precompute(job(text, dump), name="job"), {"layer_0": one(layers["layer_0"])})


def test_samples_of_a_row_are_taken_out_together(precompute, job, rng, tmp_path):
    rows, positions, neurons = 40, 21, 6
    labels = rng.integers(0, 3, rows)
    values = np.maximum(rng.normal(0, 1, (rows, positions, neurons)) + labels[:, None, None] * 0.3, 0).astype(np.float32)
    values[4, 3], values[5] = np.nan, np.nan
    mask = rng.random((rows, positions)) < 0.8
    dump = write(tmp_path / "dump.h5", {"words": values}, labels, np.roll(labels, 1), mask=mask.astype(np.uint8))
    text = "layers: [{dataset: words, axes: NTC, reduce: samples}]\nlabels: labels\npredictions: predictions"
    check_rows(precompute(job(text, dump), name="job"), {"words": values})
    store = precompute(job(text + "\nmask: mask", dump), name="job")
    masked = np.where(mask[:, :, None], values, np.nan)
    check_rows(store, {"words": masked})


def test_rows_that_were_never_written(precompute, job, rng, tmp_path):
    layers, labels, named = network(rng, rows=64, neurons=(16,))
    path = write(tmp_path / "dump.h5", {}, labels, named)
    with h5py.File(path, "a") as f:
        data = f.create_dataset("layer_0", (64, 16), np.float32, chunks=(8, 16))
        data[:24], data[32:] = layers["layer_0"][:24], layers["layer_0"][32:]
    store = precompute(job("missing: skip\nlabels: labels\npredictions: predictions", path), name="job")
    layers["layer_0"][24:32] = np.nan
    check_rows(store, {"layer_0": one(layers["layer_0"])})


@pytest.mark.parametrize("with_scores", [True, False])
def test_of_many_classes_the_rival_is_the_one_with_the_largest_score(precompute, job, rng, tmp_path, with_scores):
    classes, rows = 40, 200
    layers, labels, named = network(rng, rows=rows, classes=classes, neurons=(9,))
    labels[:classes] = np.arange(classes)
    scores = rng.normal(0, 1, (rows, classes)).astype(np.float32)
    scores[3] = np.nan
    dump = write(tmp_path / "dump.h5", layers, labels, named, scores=scores)
    text = "layers: [layer_0]\nlabels: labels\npredictions: predictions" + ("\nscores: scores" if with_scores else "")
    store = precompute(job(text, dump), name="job")
    others = scores.copy()
    others[np.arange(rows), named] = -np.inf
    rivals = np.where(np.isnan(scores).any(axis=1) | (not with_scores), -1, np.nanargmax(np.where(np.isnan(others), -np.inf, others), axis=1))
    check_rows(store, {"layer_0": one(layers["layer_0"])}, rivals=rivals)
    assert "ladder" not in opened(store)["divergences/layer_0"]


def instances_of(store):
    return dict(opened(store).attrs)["instances"]


def test_instances_are_judged_without_the_row_that_they_come_from(precompute, job, rng, tmp_path):
    layers, labels, named = network(rng)
    dump = write(tmp_path / "dump.h5", layers, labels, named)
    source, pairs = np.array([4, 80, -1, 4]), 4
    attacked = {name: values[source] + rng.normal(0, 2, (pairs, values.shape[1])).astype(np.float32) for name, values in layers.items()}
    guesses = {"benign": labels[source], "attacked": np.array([0, 1, 2, 1])}
    with h5py.File(dump, "a") as f:
        for name, values in layers.items():
            f[f"instances/benign/{name}"], f[f"instances/attacked/{name}"] = values[source], attacked[name]
        f["instances/source_row"], f["instances/true_label"] = source, labels[source]
        for kind, guess in guesses.items():
            f[f"instances/{kind}_prediction"] = guess
    store = precompute(job("instances: {group: instances, rows: [7, 80]}", dump), name="job")
    assert [i.get("source_row") for i in instances_of(store)] == [4, 80, None, 4] * 2 + [7, 80]
    root, attributes, labels, named, sizes = store_rows(store)
    for name, oracle in check_rows(store, {n: one(v) for n, v in layers.items()}).items():
        own = np.where(source < 0, -1, labels[source])
        got = root[f"divergences/{name}/instances"][...]
        for kind, first in (("benign", 0), ("attacked", pairs)):
            inputs = layers[name][source] if kind == "benign" else attacked[name]
            expected, _ = oracle.judge(one(inputs), guesses[kind], own, without=one(layers[name][source]))
            compare(got[first : first + pairs], expected, f"{kind} in {name}")
        compare(got[2 * pairs :], root[f"divergences/{name}/rows"][...][[7, 80]], f"rows in {name}")


def bytes_of(store):
    store = pathlib.Path(store)
    return {p.relative_to(store.resolve()).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(store.resolve().rglob("*")) if p.is_file()}


def test_the_same_bytes_however_it_is_made(precompute, sharded, job, rng, tmp_path):
    layers, labels, named = network(rng, rows=300, neurons=(700, 30))
    dump = write(tmp_path / "dump.h5", layers, labels, named)
    stores = {}
    for threads in (1, 3):
        for codes in ("columns", "both"):
            made = job(f"codes: {codes}\ninstances: {{rows: [3, 5]}}", dump)
            output = tmp_path / f"{threads}-{codes}"
            store = precompute(made, name="job", output=output, options=("--progress", "none", "--threads", str(threads)))
            stores[threads, codes] = {k: v for k, v in bytes_of(store).items() if k.startswith("divergences")}
    assert len(stores[1, "columns"]) > 6 and len({tuple(s.items()) for s in stores.values()}) == 1
    made = job("codes: columns\ninstances: {rows: [3, 5]}", dump)
    assert bytes_of(sharded(made, 3)) == bytes_of(tmp_path / "1-columns" / "job" / "current")


def test_they_are_left_out_where_nobody_wants_them_or_nothing_names_a_class(precompute, program, job, rng, tmp_path):
    layers, labels, named = network(rng, rows=30, neurons=(5,))
    full = write(tmp_path / "full.h5", layers, labels, named)
    assert "divergences" not in opened(precompute(job("divergences: none", full), name="job"))
    for text, lacking in (("codes: none", "codes: columns"), ("predictions: false", "predictions: PATH"), ("labels: false", "labels: PATH")):
        store = precompute(job(text, full), name="job")
        assert "divergences" not in opened(store), text
        refused = program.fails(65, "precompute", job(f"divergences: rows\n{text}", full), "--output", tmp_path / "Tiles")
        assert "divergences" in refused and lacking in refused, refused
    plan = program.ok("precompute", job("", full), "--output", tmp_path / "Tiles", "--plan-only").stdout
    assert "judged" in plan
