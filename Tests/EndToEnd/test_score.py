"""`divergence score`: rows of a new dump, and a store's instances, beside a brute force; and what is said of what cannot be judged."""

import csv
import io
import json

import h5py
import numpy as np
import pytest
from divergence_oracle import Layer, high, low, omnibus
from test_divergences import compare, network, one, store_rows, write

HEADER = ["row", "prediction", "margin", "margin_p", "omnibus", "omnibus_p", "alarm_p", "alarm"]
GAUGES = ["D", "T", "R", "D_p", "T_p", "R_p"]
JOB = "labels: labels\npredictions: predictions\nscores: scores\nlayers: [layer_0, layer_1, scores]\nclass_names: [a, b, c]"


def numbers(table, name):
    return np.array([float(line[name]) if line[name] else np.nan for line in table])


def scored(program, *arguments):
    done = program.ok("score", *arguments)
    table = list(csv.DictReader(io.StringIO(done.stdout)))
    return table, next(csv.reader(io.StringIO(done.stdout))), done.stderr


def network_with_scores(rng, rows, **others):
    layers, labels, named = network(rng, rows=rows, **others)
    layers["scores"] = rng.normal(0, 1, (rows, 3)).astype(np.float32)
    layers["scores"][np.arange(rows), named] += 3
    return layers, labels, layers["scores"].argmax(axis=1)


def two_sided(reference, value):
    return min(1, 2 * min(high(reference, value), low(reference, value)))


def expected(figures, margins, named, calibrating, leave_out=None, own=None):
    """What score prints of one row: gauges, margins and predictions of rows that calibrate, and of the row."""
    z, cal_margins, cal_named = calibrating
    rows = np.flatnonzero(cal_named == named)
    distances, distance = omnibus(z[rows])
    mine = distances[list(rows).index(own)] if own is not None else distance(figures[:6])
    keep = rows != leave_out
    p_omnibus, p_margin = high(distances[keep], mine), low(cal_margins[rows][keep], margins)
    return mine, p_omnibus, p_margin, min(1, 2 * min(p_omnibus, p_margin)), rows[keep]


def test_new_rows_equal_the_brute_force(precompute, program, job, rng, tmp_path):
    layers, labels, named = network_with_scores(rng, 150)
    store = precompute(job(JOB, write(tmp_path / "dump.h5", layers, labels, named)), name="job")
    fresh, _, guesses = network_with_scores(rng, 70)
    fresh["layer_0"][3, 2], fresh["layer_0"][4, 1], fresh["layer_1"][5] = np.nan, 1e6, np.nan
    guesses[6] = 9  # a class that no row has
    new = write(tmp_path / "new.h5", fresh, None, guesses)
    table, header, told = scored(program, store, new, "--alarm", "0.1")
    assert header == HEADER + [f"{layer}:{g}" for layer in layers for g in GAUGES]
    root, attributes, labels, named, sizes = store_rows(store)
    stored = {name: root[f"divergences/{name}/rows"][...] for name in layers}
    gauges = {}
    for name in layers:
        oracle = Layer(root[f"layers/{name}"], one(layers[name]), labels, 3, sizes)
        figures, _ = oracle.judge(one(fresh[name]), np.where(guesses < 3, guesses, -1), np.full(70, -1))
        compare(np.stack([numbers(table, f"{name}:{g}") for g in "DTR"], axis=1), figures, name)
        gauges[name] = figures
    z = np.concatenate([stored["layer_0"], stored["layer_1"]], axis=1)
    cal = z, root["rows/margin"][...], named
    top = np.sort(fresh["scores"].astype(np.float64), axis=1)
    margins = top[:, -1] - top[:, -2]
    for i, line in enumerate(table):
        assert int(line["row"]) == i and line["prediction"] == ("9" if i == 6 else "abc"[guesses[i]])
        assert float(line["margin"]) == margins[i]
        if i in (5, 6):  # no finite value in a layer; no such class
            assert line["omnibus"] == line["omnibus_p"] == line["alarm"] == line["alarm_p"] == ""
            continue
        mine = np.concatenate([gauges["layer_0"][i], gauges["layer_1"][i]])
        value, p, p_margin, alarm, rows = expected(mine, margins[i], guesses[i], cal)
        assert np.isclose(float(line["omnibus"]), value, rtol=1e-6)
        assert np.isclose([float(line[k]) for k in ("omnibus_p", "margin_p", "alarm_p")], [p, p_margin, alarm], atol=1e-12).all()
        assert line["alarm"] == str(int(alarm <= 0.1))
        for name in layers:
            for place, g in enumerate("DTR"):
                reference = stored[name][rows, place]
                assert np.isclose(float(line[f"{name}:{g}_p"]), two_sided(reference, float(line[f"{name}:{g}"])), atol=1e-12)
    assert "exchangeable" in told and "of 70 rows alarm" in told and "not say which were attacked" in told
    as_json = json.loads(program.ok("score", store, new, "--format", "json").stdout)
    assert as_json["columns"] == header and len(as_json["rows"]) == 70
    assert as_json["rows"][0][4] == float(table[0]["omnibus"]) and as_json["rows"][6][7] is None


def test_the_order_of_rows_and_their_number_do_not_matter(precompute, program, job, rng, tmp_path):
    layers, labels, named = network_with_scores(rng, 120)
    store = precompute(job(JOB, write(tmp_path / "dump.h5", layers, labels, named)), name="job")
    fresh, _, guesses = network_with_scores(rng, 50)
    whole, _, _ = scored(program, store, write(tmp_path / "a.h5", fresh, None, guesses))
    first = write(tmp_path / "b.h5", {k: v[:20] for k, v in fresh.items()}, None, guesses[:20])
    rest = write(tmp_path / "c.h5", {k: v[20:] for k, v in fresh.items()}, None, guesses[20:])
    assert scored(program, store, first, rest, "--threads", "1")[0] == whole
    with h5py.File(tmp_path / "d.h5", "w") as f:
        f["predictions"] = guesses
        for name, values in fresh.items():
            f.create_dataset(name, data=values, chunks=(7, values.shape[1]), compression="gzip")
    assert scored(program, store, tmp_path / "d.h5", "--threads", "3")[0] == whole
    # Labels are not looked at, whatever they are.
    assert scored(program, store, write(tmp_path / "e.h5", fresh, np.full(50, 77), guesses))[0] == whole


def test_instances_are_judged_beside_the_others(precompute, program, job, rng, tmp_path):
    layers, labels, named = network_with_scores(rng, 90)
    dump = write(tmp_path / "dump.h5", layers, labels, named)
    with h5py.File(dump, "a") as f:
        for name, values in layers.items():
            f[f"instances/attacked/{name}"] = values[[4, 60]] + np.float32(0.5)
        f["instances/source_row"], f["instances/attacked_prediction"] = np.array([4, 60]), named[[4, 60]]
    store = precompute(job(JOB + "\ninstances: {group: instances, rows: [7]}", dump), name="job")
    table, _, _ = scored(program, store)
    assert [line["row"] for line in table] == ["attacked 0", "attacked 1", "row 7"]
    root, attributes, labels, named, sizes = store_rows(store)
    z = np.concatenate([root[f"divergences/layer_{i}/rows"][...] for i in (0, 1)], axis=1)
    figures = np.concatenate([root[f"divergences/layer_{i}/instances"][...] for i in (0, 1)], axis=1)
    cal = z, root["rows/margin"][...], named
    for i, (line, source) in enumerate(zip(table, (4, 60, 7))):
        value, p, p_margin, alarm, _ = expected(figures[i], float(line["margin"]), named[source], cal, source, source if i == 2 else None)
        assert np.isclose(float(line["omnibus"]), value, rtol=1e-6), i
        assert np.isclose([float(line[k]) for k in ("omnibus_p", "margin_p", "alarm_p")], [p, p_margin, alarm], atol=1e-12).all(), i


def test_without_scores_the_omnibus_alone_alarms_and_small_classes_say_so(precompute, program, rng, tmp_path):
    layers, labels, named = network(rng, rows=60)
    named[named == 2], named[:2] = 0, 2  # two rows calibrate class 2
    store = precompute(write(tmp_path / "dump.h5", layers, labels, named))
    fresh, _, _ = network(rng, rows=9)
    table, _, told = scored(program, store, write(tmp_path / "new.h5", fresh, None, np.arange(9) % 3))
    for line in table:
        assert line["margin"] == line["margin_p"] == ""
        assert line["alarm_p"] == line["omnibus_p"] and (line["alarm"] == "") == (line["prediction"] == "2")
    assert "3 rows have no p" in told and "no scores" in told


def test_too_few_rows_for_the_rate_are_told(precompute, program, job, rng, tmp_path):
    layers, labels, named = network_with_scores(rng, 30)
    store = precompute(job(JOB, write(tmp_path / "dump.h5", layers, labels, named)), name="job")
    _, _, told = scored(program, store, write(tmp_path / "new.h5", layers, None, named), "--alarm", "0.01")
    assert "too few rows to alarm at 0.01" in told


def test_a_changed_scale_is_told(precompute, program, rng, tmp_path):
    layers, labels, named = network(rng, rows=60)
    store = precompute(write(tmp_path / "dump.h5", layers, labels, named))
    far = {name: values * 100 for name, values in layers.items()}
    _, _, told = scored(program, store, write(tmp_path / "new.h5", far, None, named))
    assert "beyond what any row of the store has" in told


@pytest.mark.parametrize("fault", ["shape", "layer", "predictions", "damage", "missing", "unjudged"])
def test_what_cannot_be_judged_is_refused(precompute, program, job, rng, tmp_path, fault):
    layers, labels, named = network(rng, rows=40)
    dump = write(tmp_path / "dump.h5", layers, labels, named)
    store = precompute(job("divergences: none", dump), name="job") if fault == "unjudged" else precompute(dump)
    new = tmp_path / "new.h5"
    code, words = 65, ["layer_1"]
    if fault == "shape":
        write(new, {**layers, "layer_1": layers["layer_1"][:, :5]}, None, named)
    elif fault == "layer":
        write(new, {"layer_0": layers["layer_0"]}, None, named)
    elif fault == "predictions":
        write(new, layers)
        words = ["predictions"]
    elif fault == "damage":
        write(new, layers, None, named)
        new.write_bytes(new.read_bytes()[:-700])
        words = ["new.h5"]
    elif fault == "missing":
        code, words = 66, ["new.h5"]
    else:
        write(new, layers, None, named)
        words = ["not judged", "divergences: none"]
    told = program.fails(code, "score", store, new)
    assert all(word in told for word in words), told


def test_the_share_is_a_share(precompute, program, rng, tmp_path):
    layers, labels, named = network(rng, rows=20)
    store = precompute(write(tmp_path / "dump.h5", layers, labels, named))
    assert program.run("score", store, "--alarm", "5").returncode == 64
    assert program.run("score", store).returncode == 64  # no instances
