"""What the server tells of rows: those that fire a neuron, those for which an expression holds, and how labels and predictions meet; against the dump."""

import json
import urllib.parse

import numpy as np
import pytest
from serving import Server

ROWS, NEURONS = 300, 7


@pytest.fixture
def served(dump, job, precompute, rng, tmp_path):
    values = rng.normal(size=(ROWS, NEURONS)).astype("f4")
    values[:, 1] = np.maximum(values[:, 1], 0)
    values[5, 2], values[6, 2], values[7, 2] = np.nan, np.inf, -np.inf
    values[:, 3] = 0
    values[8:, 4] = np.nan
    labels = rng.integers(0, 4, ROWS)
    predictions = np.where(rng.random(ROWS) < 0.6, labels, rng.integers(0, 5, ROWS))
    store = precompute(job("codes: columns\nlayers: [fc]", dump({"fc": values}, labels, predictions=predictions)), name="job")
    with Server(store.parent.parent) as server:
        yield server, f"/api/v1/datasets/job/{store.resolve().name}", values, labels, predictions


def outermost(values, rows, highest):
    rows = [row for row in rows if np.isfinite(values[row])]
    return sorted(rows, key=lambda row: (-values[row] if highest else values[row], row))


def test_the_rows_that_fire_a_neuron(served):
    server, base, values, labels, predictions = served
    for neuron in range(NEURONS):
        for end in ("highest", "lowest"):
            answer = server.json(f"{base}/layers/fc/neurons/{neuron}/rows?end={end}")
            expected = outermost(values[:, neuron], range(ROWS), end == "highest")[:16]
            assert (answer["neuron"], answer["end"]) == (neuron, end)
            assert [row["row"] for row in answer["rows"]] == expected
            for row in answer["rows"]:
                assert row["low"] == row["high"] == values[row["row"], neuron]
                assert (row["label"], row["prediction"]) == (str(labels[row["row"]]), str(predictions[row["row"]]))
    # Of other groups to the bin, in which the values lie; the same whether it is stored or of the moment.
    group = server.json(base)["groups"].index(next(one for one in server.json(base)["groups"] if one["name"] == "2"))
    stored = server.json(f"{base}/layers/fc/neurons/0/rows?group={group}&count=5")["rows"]
    assert stored == server.json(f"{base}/layers/fc/neurons/0/rows?where=label+==+2&count=5")["rows"]
    assert len(stored) == 5 and all(labels[row["row"]] == 2 and row["low"] <= values[row["row"], 0] <= row["high"] for row in stored)
    highest = outermost(values[:, 0], np.flatnonzero(labels == 2), True)
    assert values[highest[4], 0] <= max(row["high"] for row in stored) and highest[0] in [row["row"] for row in stored if row["high"] == stored[0]["high"]]
    assert server.json(f"{base}/layers/fc/neurons/4/rows?where=row+>=+8")["rows"] == []


def place_of(values, exponent):
    """What a code tells of each value: whether it is exactly 0, else its bin."""
    return np.where(values == 0, np.nan, np.floor(values / 2.0**exponent))


@pytest.mark.parametrize("count", [1, 5, 16, 20, 64])
def test_how_many_rows_tie_with_the_last(served, program, tmp_path, count):
    server, base, values, labels, _ = served
    for neuron in range(NEURONS):
        own = values[:, neuron].astype(float)
        exponent = server.json(f"{base}/layers/fc/neurons/{neuron}?groups=0")["grid"]["exponent"]
        place = place_of(own, exponent)
        alike = lambda row: (own == 0) if own[row] == 0 else place == place[row]
        for end in ("highest", "lowest"):
            order = outermost(own, range(ROWS), end == "highest")
            answer = server.json(f"{base}/layers/fc/neurons/{neuron}/rows?end={end}&count={count}")
            last = answer["rows"][-1]["row"]
            if len(order) < 16 or count < 16 and own[last] != own[order[15]]:
                assert answer["tied"] == np.count_nonzero(own == own[last])
            elif count <= 16:
                # Those that are not among the 16 may be as large as the last, as far as the store knows.
                others = np.isin(np.arange(ROWS), order[:16], invert=True)
                assert answer["tied"] == np.count_nonzero(own[order[:16]] == own[last]) + np.count_nonzero(alike(last) & others)
            else:
                known = np.isin(np.arange(ROWS), order[:16]) & (own != 0)
                assert answer["tied"] == np.count_nonzero(alike(last) & ~known)
            told = json.loads(program.ok("rows", tmp_path / "Tiles/job", "--layer", "fc", "--neuron", str(neuron), "--top", str(count), "--format", "json", *(["--lowest"] if end == "lowest" else [])).stdout)
            assert told["tied"] == answer["tied"] and [row[1] for row in told["rows"]] == [row["row"] for row in answer["rows"]]
            some = server.json(f"{base}/layers/fc/neurons/{neuron}/rows?where=label+==+2&end={end}&count={count}")
            assert some["tied"] == (np.count_nonzero(alike(some["rows"][-1]["row"]) & (labels == 2)) if some["rows"] else 0)
    assert server.json(f"{base}/layers/fc/neurons/3/rows")["tied"] == ROWS


def test_rows_chosen_by_an_expression(served):
    server, base, values, labels, predictions = served
    found = np.flatnonzero((labels == 1) & (predictions == 3))
    where = urllib.parse.quote("label == 1 and prediction == 3")
    answer = server.json(f"{base}/rows?where={where}&count=64")
    assert answer["total"] == len(found) and [row["row"] for row in answer["rows"]] == list(found[:64])
    assert answer["rows"][0] == server.json(f"{base}/rows?from={found[0]}&count=1")["rows"][0]
    assert [row["row"] for row in server.json(f"{base}/rows?where={where}&from=1&count=2")["rows"]] == list(found[1:3])
    beyond = server.json(f"{base}/rows?where={where}&from={len(found)}")
    assert beyond == {"from": len(found), "total": len(found), "rows": [], "where": "label == 1 and prediction == 3"}
    positive = server.json(f"{base}/rows?where={urllib.parse.quote('value(fc, 1) > 0')}&count=1")
    assert positive["total"] == np.count_nonzero(values[:, 1] > 0)


def test_the_confusion_of_labels_and_predictions(served):
    server, base, _, labels, predictions = served
    answer = server.json(f"{base}/confusion")
    counts = {(answer["labels"][a], answer["predictions"][b]): n for a, b, n in answer["cells"]}
    pairs, expected = np.unique(np.stack([labels, predictions]), axis=1, return_counts=True)
    assert counts == {(str(a), str(b)): n for (a, b), n in zip(pairs.T, expected)}


def test_what_cannot_be_asked_of_rows(served):
    server, base, *_ = served
    for path, status in (
        ("layers/fc/neurons/7/rows", 404), ("layers/fc/neurons/0/rows?group=99", 404), ("layers/fc/neurons/0/rows?end=most", 400),
        ("layers/fc/neurons/0/rows?count=65", 400), ("layers/fc/neurons/0/rows?count=0", 400),
        ("layers/fc/neurons/0/rows?where=label+==", 400), ("rows?where=nope+==+1", 404), ("rows?where=label+==+1&count=65", 400), ("confusion?a=1", 400),
    ):
        assert server.get(f"{base}/{path}")[0] == status, path


def test_an_expression_stands_in_the_place_of_a_group(served):
    server, base, *_ = served
    alone, beside = (server.get(f"{base}/layers/fc/neurons/0/rows?{query}") for query in ("where=label+==+1", "group=2&where=label+==+1"))
    assert alone[0] == beside[0] == 200 and alone[2] == beside[2]
