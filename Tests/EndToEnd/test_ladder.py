"""Where the rows of two classes stand between them, and rows that stand for all: over HTTP, beside a brute force."""

import json
import pathlib
import re
import subprocess
import sys

import h5py
import numpy as np
import pytest
from divergence_oracle import Layer
from programs import PROGRAM
from serving import Server
from test_divergences import network, one, store_rows, write
from test_score import JOB, network_with_scores

HERE = pathlib.Path(__file__).parent
SHARES = [0.05, 0.25, 0.5, 0.75, 0.95]


def hashed(row):
    """SplitMix64's finalizer, as HTTP.md's samples choose rows by it."""
    whole = 2**64 - 1
    bits = (row + 1) * 0x9E3779B97F4A7C15 & whole
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & whole
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & whole
    return bits ^ bits >> 31


def chosen(rows, most):
    """The rows with the smallest hashes, in the order of the dump."""
    return sorted(sorted(rows, key=lambda row: (hashed(int(row)), row))[:most])


def judged(store, layers, labels, classes):
    """Means of ln p of every row in every class, by layer."""
    root, _, _, named, sizes = store_rows(store)
    return {name: Layer(root[f"layers/{name}"], one(values), labels, classes, sizes).judge(one(values), named, labels)[1] for name, values in layers.items()}


def check(told, means, labels, named, other, most=512):
    for layer in told["layers"]:
        for key, label in (("named", named), ("other", other)):
            rows = chosen(np.flatnonzero(labels == label), most)
            wanted = means[layer["id"]][rows]
            wanted = (wanted[:, named] - wanted[:, other])[~np.isnan(wanted[:, named])]
            assert layer[f"{key}_rows"] == len(wanted)
            assert layer[key] == pytest.approx(np.quantile(wanted, SHARES), rel=1e-9, abs=1e-12)


def test_bands_equal_the_brute_force(precompute, job, rng, tmp_path):
    layers, labels, named = network_with_scores(rng, 90)
    layers["layer_0"][:4, 3], layers["layer_1"][5], layers["layer_0"][6, 2] = np.nan, np.nan, np.inf
    store = precompute(job(JOB, write(tmp_path / "dump.h5", layers, labels, named)), name="job")
    means = judged(store, layers, labels, 3)
    root = store_rows(store)[0]
    with Server(store.parent.parent) as server:
        base = server.json("/api/v1/datasets/job")["url"]
        assert server.json(base)["judged"] is True
        for named, other in ((0, 1), (2, 0)):
            told = server.json(f"{base}/divergences/ladder?for={named + 1}&over={other + 1}")
            assert (told["named"], told["other"], told["shares"]) == ("abc"[named], "abc"[other], SHARES)
            assert [layer["neurons"] for layer in told["layers"]] == [values.shape[1] for values in layers.values()]
            check(told, means, labels, named, other)
            for layer in told["layers"]:
                ladder = root[f"divergences/{layer['id']}/ladder"][...]
                assert layer["other"][2] == pytest.approx(ladder[other, named], rel=1e-9) and layer["named"][2] == pytest.approx(-ladder[named, other], rel=1e-9)
        for query, status in (("", 400), ("?for=1", 400), ("?for=1&over=1", 400), ("?for=0&over=1", 404), ("?for=1&over=9", 404), ("?for=1&over=x", 400)):
            assert server.get(f"{base}/divergences/ladder{query}")[0] == status, query


def test_of_large_classes_some_rows_are_looked_at(precompute, job, rng, tmp_path):
    layers, labels, named = network(rng, rows=1300, classes=2, neurons=(6, 5))
    store = precompute(job("labels: labels\npredictions: predictions\nlayers: [layer_0, layer_1]", write(tmp_path / "dump.h5", layers, labels, named)), name="job")
    means = judged(store, layers, labels, 2)
    with Server(store.parent.parent) as server:
        base = server.json("/api/v1/datasets/job")["url"] + "/divergences"
        told = server.json(f"{base}/ladder?for=1&over=2")
        assert {layer["named_rows"] for layer in told["layers"]} == {512}
        check(told, means, labels, 0, 1)
        # Rows that stand for all: the same however they are paged, each as it is told by itself.
        rows = chosen(range(1300), 100)
        some = server.json(f"{base}/rows?sample=100&count=70")
        rest = server.json(f"{base}/rows?sample=100&from=70&count=1024")
        assert (some["total"], some["of"], some["from"], rest["from"]) == (100, 1300, 0, 70)
        assert [one["row"] for one in some["rows"] + rest["rows"]] == rows
        assert some["rows"][3] == server.json(f"{base}/rows?from={rows[3]}&count=1")["rows"][0]
        assert "no-cache" in server.get(f"{base}/rows?sample=100")[1]["cache-control"]
        # Where there are no more, all of them.
        whole = server.json(f"{base}/rows?sample=1300&count=2")
        assert whole["total"] == 1300 and "of" not in whole
        for query, status in (("sample=63", 400), ("sample=65537", 400), ("sample=100&from=100", 404)):
            assert server.get(f"{base}/rows?{query}")[0] == status, query
        assert server.get(f"{base}/instances?sample=100")[0] == 400


def test_of_a_large_layer_some_neurons_are_looked_at(precompute, job, rng, tmp_path):
    layers, labels, named = network(rng, rows=60, classes=2, neurons=(4096 + 700,))
    store = precompute(job("labels: labels\npredictions: predictions\nlayers: [layer_0]", write(tmp_path / "dump.h5", layers, labels, named)), name="job")
    # 19 runs of 256 neurons, of which 16 are taken evenly.
    neurons = np.concatenate([np.arange(run * 256, min((run + 1) * 256, 4796)) for run in (k * 19 // 16 for k in range(16))])
    root, _, _, guesses, sizes = store_rows(store)
    oracle = Layer(root["layers/layer_0"], one(layers["layer_0"]), labels, 2, sizes)
    for name in ("exponent", "origin", "tails"):
        setattr(oracle, name, getattr(oracle, name)[neurons])
    oracle.values, oracle.medians = oracle.values[:, :, neurons], oracle.medians[:, neurons]
    means = {"layer_0": oracle.judge(one(layers["layer_0"][:, neurons]), guesses, labels)[1]}
    with Server(store.parent.parent) as server:
        told = server.json(server.json("/api/v1/datasets/job")["url"] + "/divergences/ladder?for=1&over=2")
        assert told["layers"][0]["neurons"] == len(neurons)
        check(told, means, labels, 0, 1)


def test_a_layer_that_cannot_tell_says_why(precompute, job, rng, tmp_path):
    layers, labels, named = network(rng, rows=40, classes=2, neurons=(6,))
    dump = write(tmp_path / "dump.h5", layers, labels, named)
    with h5py.File(dump, "a") as f:
        f["words"] = rng.normal(0, 1, (40, 5, 4)).astype(np.float32)
    text = "layers: [layer_0, {dataset: words, axes: NTC, reduce: samples}]\nlabels: labels\npredictions: predictions"
    store = precompute(job(text, dump), name="job")
    with Server(store.parent.parent) as server:
        told = server.json(server.json("/api/v1/datasets/job")["url"] + "/divergences/ladder?for=1&over=2")
        assert len(told["layers"][0]["named"]) == 5 and set(told["layers"][1]) == {"id", "untold"} and "5 samples" in told["layers"][1]["untold"]
    store = precompute(job(text + "\ndivergences: none", dump), name="job", output=tmp_path / "bare")
    with Server(store.parent.parent) as server:
        base = server.json("/api/v1/datasets/job")["url"]
        assert server.json(base)["judged"] is False
        assert server.get(f"{base}/divergences/ladder?for=1&over=2")[0] == 404


def test_a_static_site_says_the_same(precompute, job, rng, tmp_path):
    layers, labels, named = network_with_scores(rng, 90)
    dump = write(tmp_path / "dump.h5", layers, labels, named)
    source = np.array([4, 60, 61])
    with h5py.File(dump, "a") as f:
        for name, values in layers.items():
            f[f"instances/benign/{name}"] = values[source]
            f[f"instances/attacked/{name}"] = values[source] + rng.normal(0, 1, (3, values.shape[1])).astype(np.float32)
        f["instances/source_row"], f["instances/true_label"] = source, labels[source]
        f["instances/benign_prediction"], f["instances/attacked_prediction"] = named[source], np.array([(labels[4] + 1) % 3, labels[60], 9])
    store = precompute(job(JOB + "\ninstances: instances", dump), name="job")
    site = tmp_path / "site"
    subprocess.run([PROGRAM, "export", store, "--static", site], check=True, capture_output=True)
    host = subprocess.Popen([sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", site], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        address = f"http://127.0.0.1:{re.search(r'port ([0-9]+)', host.stdout.readline())[1]}/"
        with Server(store.parent.parent) as server:
            base = server.json("/api/v1/datasets/job")["url"].removeprefix("/")
            instances = server.json(f"/{base}")["instances"]
            paths = [base, f"{base}/divergences/rows?from=0&count=1024", f"{base}/divergences/rows?from=70&count=64", f"{base}/divergences/instances?from=0&count=6", f"{base}/divergences/instances?from=2&count=2"]
            for number, instance in enumerate(instances):
                paths.append(f"{base}/divergences/instances/{number}")
                contrast = server.json(f"/{paths[-1]}").get("contrast")
                if contrast is None or instance["kind"] == "benign":
                    continue
                classes = f"for={1 + 'abc'.index(contrast['named'])}&over={1 + 'abc'.index(contrast['other'])}"
                twin = next(n for n, one in enumerate(instances) if one["pair"] == instance["pair"] and one["kind"] == "benign")
                paths += [f"{base}/divergences/instances/{twin}?{classes}", f"{base}/divergences/ladder?{classes}"]
            assert len(paths) > 13
            done = subprocess.run(["node", HERE / "static_compare.mjs", address, f"http://127.0.0.1:{server.port}/"], input=json.dumps(paths), capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stderr
            assert int(done.stdout) == len(paths)
    finally:
        host.kill()
        host.wait()
