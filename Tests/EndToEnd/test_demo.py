"""The demo: what `make demo` computes, compared with its dump; what `inspect` says of it."""

import json

import h5py
import numpy as np
import pytest
import zarr
from divergence_oracle import high, low, omnibus
from programs import ROOT
from store_oracle import check

DUMP = ROOT / "Jobs" / "demo" / "fashion-small.h5"


def test_the_demo_store_equals_its_dump(precompute, program, tmp_path):
    store = precompute(ROOT / "Jobs" / "demo.yaml", name="fashion-mnist")
    assert check(store, [DUMP]) == 4
    assert "is whole" in program.ok("verify", store).stdout
    shown = json.loads(program.ok("show", store, "--json").stdout)
    assert shown["attributes"]["dataset"]["rows"] == 2000


def test_inspect_tells_the_demo_dump_in_plain_words(program):
    words = program.ok("inspect", DUMP).stdout
    for fact in ("2,000 rows", "conv_4", "6,272 neurons", "dense_1", "512 neurons", "logits", "10 classes", "sandal (195)",
                 "39 benign", "39 attacked", "/class_names"):
        assert fact in words, f"{fact!r} is not in:\n{words}"


def test_inspect_tells_it_to_programs(program):
    told = json.loads(program.ok("inspect", DUMP, "--json").stdout)
    assert [layer["neurons"] for layer in told["layers"]] == [6272, 512, 512, 10]


def test_export_names_where_it_comes_from(precompute, program):
    store = precompute(ROOT / "Jobs" / "demo.yaml", name="fashion-mnist")
    table = program.ok("export", store, "--layer", "dense_2", "--order", "difference(median(sandal),median(sneaker))",
                       "--groups", "sandal,sneaker", "--format", "csv").stdout
    lines = [line for line in table.splitlines() if not line.startswith("#")]
    assert len(lines) == 513 and "sandal" in table
    told = json.loads(program.ok("export", store, "--layer", "logits", "--format", "json").stdout)
    assert "fashion" in json.dumps(told)


def test_the_parameters_beside_the_dump_give_its_activations():
    """From pixels to logits in plain NumPy: the first pictures, and the attacked ones."""
    with np.load(ROOT / "Jobs/demo/parameters.npz") as kept:
        network = {name: kept[name].astype("f4") for name in kept}

    def convolution(x, name):
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
        return np.maximum(np.einsum("nyxcij,ijck->nyxk", windows, network[f"{name}/weights"], optimize=True) + network[f"{name}/bias"], 0)

    def pool(x):
        return x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).max((2, 4))

    def dense(x, name):
        return x @ network[f"{name}/weights"] + network[f"{name}/bias"]

    with h5py.File(ROOT / "Jobs/demo/fashion-small.h5") as dump:
        for group, images, named in (
            (dump, dump["images"][:16], dump["predictions"][:16]),
            (dump["instances/attacked"], dump["instances/attacked/images"][:], dump["instances/attacked_prediction"][:]),
        ):
            x = convolution(convolution(images[..., None].astype("f4") / 255, "conv_1"), "conv_2")
            x = convolution(convolution(pool(x), "conv_3"), "conv_4")
            found = {"conv_4": x, "dense_1": np.maximum(dense(pool(x).reshape(len(x), -1), "dense_1"), 0)}
            found["dense_2"] = np.maximum(dense(found["dense_1"], "dense_2"), 0)
            found["logits"] = dense(found["dense_2"], "logits")
            for layer, values in found.items():
                np.testing.assert_allclose(values, group[f"activations/{layer}"][: len(values)], atol=0.01, err_msg=layer)
            np.testing.assert_array_equal(found["logits"].argmax(1), named)


def test_ordinary_rows_of_the_demo_alarm_as_often_as_was_asked(precompute):
    """Half of the rows calibrate and half are fresh: each is judged by rows of the same prediction alone, so all are judged without themselves."""
    store = zarr.open_group(str(precompute(ROOT / "Jobs" / "demo.yaml", name="fashion-mnist")), mode="r")
    named, margins = store["rows/prediction"][...], store["rows/margin"][...]
    ids = [layer for layer in store["divergences"].attrs["layers"] if layer != store["divergences"].attrs["scores"]]
    gauges = np.concatenate([store[f"divergences/{layer}/rows"][...] for layer in ids], axis=1)
    assert ids == ["conv_4", "dense_1", "dense_2"] and np.isfinite(gauges).all()
    halves = np.random.default_rng(20).permutation(len(named)) % 2 == 0
    rates = (0.01, 0.05, 0.1)
    counts, alarms, sizes = np.zeros(3), np.zeros(3), []
    for c in np.unique(named):
        calibrating, fresh = np.flatnonzero((named == c) & halves), np.flatnonzero((named == c) & ~halves)
        own, distance = omnibus(gauges[calibrating])
        sizes.append((len(calibrating), len(fresh)))
        for i in fresh:
            p = high(own, distance(gauges[i]))
            alarm = min(1, 2 * min(p, low(margins[calibrating], margins[i])))
            counts += [p <= rate for rate in rates]
            alarms += [alarm <= rate for rate in rates]
    for rate, count, alarm in zip(rates, counts, alarms):
        # Of a class, the number of alarms is beta-binomial.
        mean = variance = 0
        for m, n in sizes:
            ranks = np.floor(rate * (m + 1) + 1e-9)
            if ranks > 0:
                share = ranks / (m + 1)
                mean += n * share
                variance += n * share * (1 - share) * (n + m + 1) / (m + 2)
        assert abs(count - mean) <= 4 * variance**0.5, (rate, count, mean)
        assert alarm <= rate * sum(n for _, n in sizes) + 4 * variance**0.5, (rate, alarm)
