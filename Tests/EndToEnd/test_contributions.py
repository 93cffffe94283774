"""What speaks for the class that the network named: as an order, and with the layers' ladder over HTTP, beside a brute force."""

import csv
import io
import urllib.parse

import h5py
import numpy as np
import pytest
from divergence_oracle import Layer, contributions
from serving import Server
from test_divergences import network, one, store_rows, write
from test_score import JOB, network_with_scores, scored

SOURCE = np.array([4, 60, -1])


@pytest.fixture
def attacked(precompute, job, rng, tmp_path):
    """Three attacked rows, of which one comes from no row of the dump; one is named as its true label says."""
    layers, labels, named = network_with_scores(rng, 90)
    layers["layer_0"][4, 3], layers["layer_1"][60] = np.nan, layers["layer_1"][61]
    inputs = {name: values[SOURCE] + rng.normal(0, 1, (3, values.shape[1])).astype(np.float32) for name, values in layers.items()}
    inputs["layer_0"][0, 2] = np.inf
    truth = labels[SOURCE]
    guesses = np.array([(truth[0] + 1) % 3, truth[1], (truth[2] + 2) % 3])
    dump = write(tmp_path / "dump.h5", layers, labels, named)
    with h5py.File(dump, "a") as f:
        for name, values in inputs.items():
            f[f"instances/attacked/{name}"] = values
        f["instances/source_row"], f["instances/attacked_prediction"], f["instances/true_label"] = SOURCE, guesses, truth
    store = precompute(job(JOB + "\ninstances: {group: instances, rows: [7]}", dump), name="job")
    runner_up = next(k for k in np.argsort(-inputs["scores"][1]) if k != guesses[1])
    contrasts = [(guesses[0], truth[0]), (guesses[1], runner_up), (guesses[2], truth[2])]
    return store, layers, labels, named, inputs, contrasts


def expected(store, layers, labels, name, value, source, named, other):
    root, _, _, _, sizes = store_rows(store)
    oracle = Layer(root[f"layers/{name}"], one(layers[name]), labels, 3, sizes)
    own = labels[source] if source >= 0 else -1
    return contributions(oracle, value, layers[name][source], own, named, other)


def keys_of(program, store, layer, order):
    told = program.ok("export", store, "--layer", layer, "--groups", "all", "--order", order).stdout
    lines = list(csv.DictReader(line for line in io.StringIO(told) if not line.startswith("#")))
    keys = np.full(len(lines), np.nan)
    for line in lines:
        keys[int(line["neuron"])] = float(line["key"])
    return keys, [int(line["neuron"]) for line in lines]


def test_orders_by_contribution(program, attacked):
    store, layers, labels, named, inputs, contrasts = attacked
    for name in ("layer_0", "layer_1"):
        for i, (t, y) in enumerate(contrasts):
            keys, order = keys_of(program, store, name, f"contribution(attacked {i})")
            wanted = expected(store, layers, labels, name, inputs[name][i], SOURCE[i], t, y)
            assert np.allclose(keys, wanted, rtol=1e-9, atol=1e-12, equal_nan=True), (name, i)
            assert order == sorted(range(len(keys)), key=lambda n: (np.isnan(keys[n]), keys[n] if not np.isnan(keys[n]) else 0, n))
        row = next(i for i in range(90) if named[i] != labels[i] and i != 7)
        keys, _ = keys_of(program, store, name, f"contribution(row {row})")
        wanted = expected(store, layers, labels, name, layers[name][row], row, named[row], labels[row])
        assert np.allclose(keys, wanted, rtol=1e-9, atol=1e-12, equal_nan=True), (name, row)


def test_one_input_over_http(program, attacked):
    store, layers, labels, named, inputs, contrasts = attacked
    root, _, _, _, sizes = store_rows(store)
    table, _, _ = scored(program, store)
    with Server(store.parent.parent) as server:
        base = server.json("/api/v1/datasets/job")["url"] + "/divergences"
        listed = server.json(f"{base}/instances")
        assert listed["total"] == 4 and [i["name"] for i in listed["instances"]] == ["attacked 0", "attacked 1", "attacked 2", "row 7"]
        for i, line in enumerate(table):
            told = server.json(f"{base}/instances/{i}")
            assert told["instance"] == i and told.get("source_row") == [4, 60, None, 7][i]
            for key in ("margin", "margin_p", "omnibus", "omnibus_p", "alarm_p"):
                assert told[key] == (float(line[key]) if line[key] else None) == listed["instances"][i][key], key
            for layer in told["layers"]:
                for gauge in ("D", "T", "R", "D_p", "T_p", "R_p"):
                    assert layer[gauge] == float(line[f"{layer['id']}:{gauge}"])
                assert layer["in_omnibus"] == (layer["id"] != "scores") and 0 <= layer["T_percentile"] <= 100
        for i, (t, y) in enumerate(contrasts):
            told = server.json(f"{base}/instances/{i}")
            assert told["contrast"] == {"named": "abc"[t], "other": "abc"[y]}
            for layer in told["layers"]:
                wanted = np.nanmean(expected(store, layers, labels, layer["id"], inputs[layer["id"]][i], SOURCE[i], t, y))
                ladder = root[f"divergences/{layer['id']}/ladder"][...]
                zero, whole = ladder[y, t], -ladder[t, y]
                assert layer["contribution"] == pytest.approx(wanted, rel=1e-9)
                assert (layer["other_median"], layer["named_median"]) == (zero, whole)
                assert layer["ladder"] == pytest.approx((wanted - zero) / (whole - zero), rel=1e-6)
        turned = server.json(f"{base}/instances/0?for={1 + contrasts[0][1]}&over={1 + contrasts[0][0]}")
        there = server.json(f"{base}/instances/0")
        assert [-a["contribution"] for a in turned["layers"]] == pytest.approx([a["contribution"] for a in there["layers"]])
        rows = server.json(f"{base}/rows?from=5&count=3")
        assert [r["row"] for r in rows["rows"]] == [5, 6, 7] and rows["total"] == 90
        seven, same = server.json(f"{base}/rows/7"), server.json(f"{base}/instances/3")
        assert seven["layers"] == same["layers"] and seven["alarm_p"] == rows["rows"][2]["alarm_p"] == same["alarm_p"]
        order = urllib.parse.quote("contribution(attacked 0)")
        status, _, _ = server.get(base.replace("/divergences", f"/layers/layer_0/rows/0/0?order={order}&direction=descending"))
        assert status == 200
        for path, code in (("/instances/4", 404), ("/rows/90", 404), ("/rows?from=90", 404), ("/rows?count=0", 400), ("/instances/0?for=0", 404), ("/instances/0?by=1", 400)):
            assert server.get(base + path)[0] == code, path


def test_without_what_it_takes_there_is_a_word(precompute, program, job, rng, tmp_path):
    layers, labels, named = network(rng, rows=40)
    dump = write(tmp_path / "dump.h5", layers, labels, named)
    right = int(np.flatnonzero(labels == named)[0])
    store = precompute(dump)
    with Server(store.parent.parent) as server:
        told = server.json(server.json("/api/v1/datasets/dump")["url"] + f"/divergences/rows/{right}")
        assert "without scores" in told["without_contrast"] and "contrast" not in told and "ladder" not in told["layers"][0]
    assert "without scores" in program.fails(64, "export", store, "--layer", "layer_0", "--order", f"contribution(row {right})")
    store = precompute(job("divergences: none", dump), name="job", output=tmp_path / "bare")
    with Server(store.parent.parent) as server:
        base = server.json("/api/v1/datasets/job")["url"]
        status, _, body = server.get(f"{base}/divergences/rows")
        assert status == 404 and b"not judged" in body


@pytest.mark.parametrize("classes, rows", [(40, 400), (1000, 3000)])
def test_of_many_classes_there_is_a_contribution_and_no_ladder(precompute, program, job, rng, tmp_path, classes, rows):
    """Also of classes too small for planes of their own: the figure is exact, and what is not kept is told."""
    layers, labels, named = network(rng, rows=rows, classes=classes, neurons=(9,))
    labels[:classes] = np.arange(classes)
    store = precompute(job("layers: [layer_0]\nlabels: labels\npredictions: predictions", write(tmp_path / "dump.h5", layers, labels, named)), name="job")
    root, attributes, labels, named, sizes = store_rows(store)
    assert len(sizes) == classes and ("plane" in attributes["groups"][1]) == (classes > 64)
    oracle = Layer(root["layers/layer_0"], one(layers["layer_0"]), labels, classes, sizes)
    wrong = [int(row) for row in np.flatnonzero(named != labels)[:3]]
    with Server(store.parent.parent) as server:
        base = server.json("/api/v1/datasets/job")["url"] + "/divergences"
        for row in wrong:
            keys, _ = keys_of(program, store, "layer_0", f"contribution(row {row})")
            wanted = contributions(oracle, layers["layer_0"][row], layers["layer_0"][row], labels[row], named[row], labels[row])
            assert np.allclose(keys, wanted, rtol=1e-9, atol=1e-12, equal_nan=True), row
            answer = server.json(f"{base}/rows/{row}")
            assert answer["contrast"] == {"named": str(named[row]), "other": str(labels[row])}
            assert f"There are {classes} classes" in answer["without_ladder"]
            (layer,) = answer["layers"]
            assert layer["contribution"] == pytest.approx(np.nanmean(wanted), rel=1e-9)
            assert layer["ladder"] is layer["named_median"] is layer["other_median"] is None
