"""Rows over HTTP: any of them in place of an instance, found by expressions; what every answer tells of an expression; samples."""

import json
import math
import urllib.parse

import numpy as np
import pytest
from serving import Server
from test_moment import ROWS, at, moment, moment_served
from test_rows_as_instances import arrays, bounds, middle

__all__ = ["moment", "moment_served"]


@pytest.fixture
def served(moment, moment_served):
    values, facts, _ = moment
    server, url, store = moment_served
    return server, url, f"{url}/layers/fc", arrays(store), values, facts


def extents(body, instances):
    """`[instance, row, 3]` of an answer of rows."""
    rows = int.from_bytes(body[8:12], "little")
    return np.frombuffer(body[-4 * 3 * rows * instances:], "<f4").reshape(instances, rows, 3)


def test_any_row_among_the_instances_of_rows(served, rng):
    server, _, base, layer, values, _ = served
    for row in (0, ROWS - 1, int(rng.integers(ROWS))):
        _, _, body = server.get(f"{base}/rows/0/0?instances=row%20{row},row+{row}")
        found = extents(body, 2)
        assert np.array_equal(found[0], found[1], equal_nan=True)
        for n in range(values.shape[1]):
            low, high = bounds(layer, values, n, row)
            told = found[0, n].astype(float)
            if math.isnan(low):
                assert np.isnan(told).all()
                continue
            assert told[0] <= low and high <= told[2] and (low == np.float32(low)) <= (told[0] == low) and (high == np.float32(high)) <= (told[2] == high)
            assert (told[0] == told[1] == told[2]) if low == high else told[0] < told[2]
            assert told[0] <= values[row, n] <= told[2]
    for text, status in [("row%20700", 404), ("row", 400), ("row%20x", 400), ("row%2007", 404), ("1e3", 400), (",".join(["row%201"] * 65), 400), ("", 200)]:
        assert server.get(f"{base}/rows/0/0?instances={text}")[0] == status, text


def test_any_row_in_a_neuron(served, rng):
    server, _, base, layer, values, _ = served
    for n in range(values.shape[1]):
        rows = sorted({0, *map(int, rng.integers(0, ROWS, 3)), *map(int, np.flatnonzero(~np.isfinite(values[:, n]))[:2])})
        answer = server.json(f"{base}/neurons/{n}?groups=0&instances={','.join(f'row%20{row}' for row in reversed(rows))}")
        assert [entry["row"] for entry in answer["instances"]] == rows
        whole = values[np.isfinite(values[:, n]), n].astype(float)
        for entry in answer["instances"]:
            value, (low, high) = values[entry["row"], n], bounds(layer, values, n, entry["row"])
            if np.isfinite(value):
                assert (entry["low"], entry["high"]) == (low, high) and "value_text" not in entry
            else:
                assert entry["low"] is entry["high"] is None
                assert entry["value_text"] == ("nan" if np.isnan(value) else "inf" if value > 0 else "-inf")
            if np.isnan(value) or not len(whole):
                assert entry["percentiles"] == []
                continue
            (place,) = entry["percentiles"]
            below, most = 100 * (whole < value).mean(), 100 * (whole <= value).mean()
            assert place["low"] <= below + 1e-9 and most - 1e-9 <= place["high"]


def test_orders_by_any_row(served, rng):
    server, _, base, layer, values, _ = served
    row = int(rng.integers(ROWS))
    keys = [middle(*bounds(layer, values, n, row)) for n in range(values.shape[1])]
    order = sorted(range(len(keys)), key=lambda n: (math.isnan(keys[n]), keys[n] if not math.isnan(keys[n]) else 0, n))
    for rank, neuron in enumerate(order):
        assert server.json(at(f"{base}/find", None, order=f"value(row {row})", rank=rank)) == {"neuron": neuron, "rank": rank}
    assert server.get(at(f"{base}/find", None, order=f"value(row {ROWS})"))[0] == 404
    assert server.get(at(f"{base}/find", None, order=f"percentile(row {row})"))[0] == 400


def test_rows_found(served, rng):
    server, url, _, _, _, facts = served
    for text, holds in [("label != prediction", facts["label"] != facts["prediction"]), ('split == "val" and age > 40', (facts["split"] == "val") & (facts["age"] > 40)),
                        ("row in [3, 699, 40]", np.isin(facts["row"], [3, 699, 40])), ("row < 0", facts["row"] < 0), ("row >= 0", facts["row"] >= 0)]:
        every = np.flatnonzero(holds)
        whole = {entry["row"]: entry for entry in server.json(f"{url}/rows?count=1024")["rows"]}
        for start in range(0, max(len(every), 1), 50):
            answer = server.json(at(f"{url}/rows", text, **{"from": start, "count": 50}))
            assert answer["total"] == len(every) and answer["from"] == start and "moved" not in answer
            assert answer["rows"] == [whole[row] for row in every[start : start + 50]]
        assert server.json(at(f"{url}/rows", text, **{"from": len(every) + 5}))["rows"] == []
    assert server.json(at(f"{url}/rows", "( row in[40,3] )"))["where"] == "row in [3, 40]"
    assert server.get(at(f"{url}/rows", "label = 3"))[0] == 400
    assert server.get(at(f"{url}/rows", "colour == 3"))[0] == 404


def test_what_was_moved_is_told_wherever_an_expression_stands(served):
    server, url, base, layer, values, _ = served
    n = next(n for n in range(values.shape[1]) if not layer["grid/tails"][n] and np.ptp(values[np.isfinite(values[:, n]), n]) > 0)
    e, origin = int(layer["grid/exponent"][n]), int(layer["grid/origin"][n])
    number, edge = (origin + 100.75) * 2.0**e, (origin + 101) * 2.0**e
    text = f"value(fc, {n}) >= {number!r}"
    order = f"median(where:({text}))"
    places = [at(f"{base}/tiles/0/0/0", text), at(f"{base}/tiles/0/0/0", None, order=order), at(f"{base}/rows/0/0", None, order=order), at(f"{base}/find", None, order=order),
              at(f"{base}/summary", text), at(f"{base}/neurons/1", text), at(f"{base}/neurons/1/rows", text), at(f"{url}/rows", text)]  # fmt: skip
    for path in places * 2:
        status, headers, body = server.get(path)
        assert status == 200
        (moved,) = json.loads(headers["Expression-Moved"])
        assert moved.startswith(f'value("fc", {n}) >= ') and float(moved.split(" was taken as >= ")[1]) == edge
        if headers["Content-Type"] == "application/json":
            answer = json.loads(body)
            assert [moved] == (answer["groups"][-1] if "groups" in answer and "grid" in answer else answer)["moved"]
    for path in (at(f"{base}/tiles/0/0/0", "row < 3"), f"{base}/tiles/0/0/0"):
        assert server.get(path)[1]["Expression-Moved"] is None
    many = " or ".join(f"value(fc, {n}) >= {number + i * 2.0**e!r}" for i in range(100))
    status, headers, _ = server.get(at(f"{base}/tiles/0/0/0", many))
    assert status == 200 and 0 < len(json.loads(headers["Expression-Moved"])) < 100 and len(headers["Expression-Moved"]) <= 4096


def test_some_rows_stand_for_all(served):
    server, _, base, layer, values, facts = served
    text = "row >= 50"
    status, headers, tile = server.get(at(f"{base}/tiles/0/0/0", text, sample=128))
    sample = json.loads(headers["Expression-Sample"])
    assert status == 200 and headers["Cache-Control"] == "no-cache" and sample["rows"] == 128 and sample["of"] == ROWS - 50
    assert sample["bound"] == pytest.approx(math.sqrt(math.log(2 / 0.05) / 256)) and sample["bound_all"] == pytest.approx(math.sqrt(math.log(2 * values.shape[1] / 0.05) / 256))
    assert tile != server.get(at(f"{base}/tiles/0/0/0", text))[2], "a sample is not the whole, and has a place of its own in the caches"
    assert "immutable" in server.get(at(f"{base}/tiles/0/0/0", text))[1]["Cache-Control"]
    assert server.get(at(f"{base}/tiles/0/0/0", text, sample=128))[2] == tile
    few = server.get(at(f"{base}/tiles/0/0/0", "row < 64", sample=64))
    assert few[1]["Expression-Sample"] is None and few[2] == server.get(at(f"{base}/tiles/0/0/0", "row < 64"))[2]
    for n in range(values.shape[1]):
        group = server.json(at(f"{base}/neurons/{n}", text, sample=128))["groups"][-1]
        assert group["count"] + group["nan"] + group["infinite"] == 128 and group["sample"]["of"] == ROWS - 50
        whole = np.bincount(layer["codes/columns"][n][50:][np.isfinite(values[50:, n])], minlength=256)
        if group["count"] == 128:
            assert np.abs(np.cumsum(group["counts"]) / 128 - np.cumsum(whole) / whole.sum()).max() <= sample["bound_all"]
    found = server.json(at(f"{base}/find", None, order=f"mean(where:({text}))", sample=128))
    assert found["sample"]["rows"] == 128 and "moved" not in found
    for wrong in (0, 63, 65537, "x"):
        assert server.get(at(f"{base}/tiles/0/0/0", text, sample=wrong))[0] == 400


def test_neurons_from_end_to_end_of_their_type_have_a_summary(served):
    """The width of their spread is no number that JSON has."""
    server, _, base, _, values, _ = served
    assert (np.ptp(np.where(np.isfinite(values), values, 0).astype(float), axis=0) > np.finfo(np.float32).max).any()
    spread = server.json(f"{base}/summary?groups=0")["spread"]
    assert all(math.isfinite(figure) for name, figures in spread.items() if name != "neurons" for figure in figures)
