"""Any row stands where an instance stands: NumPy over the dump says what its bins, places and orders are."""

import math

import numpy as np
import pytest
import zarr
from test_moment import ROWS, moment, table

__all__ = ["moment"]


def arrays(store):
    """Of the layer, in memory: element by element zarr takes its time."""
    layer = zarr.open_group(str(store), mode="r")["layers/fc"]
    return {name: layer[name][:] for name in ("grid/exponent", "grid/origin", "grid/tails", "codes/columns")}


def bounds(layer, values, n, row):
    """Between what the value of a row lies: the edges of its bin, at the ends of a window the neuron's extremes; equal where it is known."""
    value, finite = values[row, n], values[np.isfinite(values[:, n]), n].astype(float)
    if not np.isfinite(value) or value == 0:
        return float(value), float(value)
    e, origin, code = int(layer["grid/exponent"][n]), int(layer["grid/origin"][n]), int(layer["codes/columns"][n, row])
    low, high = (origin + code) * 2.0**e, (origin + code + 1) * 2.0**e
    if layer["grid/tails"][n]:
        low, high = finite.min() if code == 0 else low, finite.max() if code == 255 else high
    return low, high


def middle(low, high):
    return low / 2 + high / 2


def ordered(keys, descending=False):
    """Neurons by key, equal ones by index, NaN last."""
    known = sorted((n for n, key in enumerate(keys) if not math.isnan(key)), key=lambda n: (-keys[n] if descending else keys[n], n))
    return known + [n for n, key in enumerate(keys) if math.isnan(key)]


def share(layer, values, n, low, high, holds):
    """Where a value stands among those of some rows, in percent: the middle of what bins tell."""
    some = values[holds, n]
    finite = np.isfinite(some)
    total = finite.sum()
    if not total or math.isnan(low):
        return math.nan
    whole = values[np.isfinite(values[:, n]), n].astype(float)
    if low == high and (low < whole.min() or low > whole.max()):
        return 0.0 if low < whole.min() else 100.0
    codes = layer["codes/columns"][n].astype(int)[holds][finite]
    e, origin = float(layer["grid/exponent"][n]), int(layer["grid/origin"][n])
    bin = min(max(math.floor(middle(low, high) / 2.0**e) - origin, 0), 255)
    below, most = 100 * (codes < bin).sum() / total, 100 * (codes <= bin).sum() / total
    if low == high:
        below, most = 0.0 if low == whole.min() else below, 100.0 if high == whole.max() else most
    return middle(below, most)


@pytest.mark.parametrize("direction", ["ascending", "descending"])
def test_orders_by_the_value_of_a_row(program, moment, direction, rng):
    values, _, store = moment
    store = store()
    layer = arrays(store)
    for row in [0, ROWS - 1, *map(int, rng.integers(0, ROWS, 6))]:
        keys = [middle(*bounds(layer, values, n, row)) for n in range(values.shape[1])]
        for order, expected in ((f"value(row {row})", keys), (f"absolute(value(row {row}))", [abs(key) for key in keys])):
            found = table(program.ok("export", store, "--layer", "fc", "--groups", "all", "--order", order, "--direction", direction).stdout)
            assert [int(line["neuron"]) for line in found] == ordered(expected, direction == "descending")
            for line in found:
                key = float(line["key"])
                assert key == expected[int(line["neuron"])] or math.isnan(key) and math.isnan(expected[int(line["neuron"])])


def test_orders_by_the_percentile_of_a_row(program, moment, rng):
    values, facts, store = moment
    store = store(["row >= 100 and label != prediction"])
    layer = arrays(store)
    groups = {
        "where:(label != prediction)": facts["label"] != facts["prediction"], "where:(row in [3, 5, 7])": np.isin(facts["row"], [3, 5, 7]),
        "all": np.ones(ROWS, bool), "dog": facts["label"] == 1, "where:(row < 0)": np.zeros(ROWS, bool),
    }
    for row in [0, ROWS - 1, *map(int, rng.integers(0, ROWS, 4))]:
        for name, holds in groups.items():
            found = table(program.ok("export", store, "--layer", "fc", "--groups", "all", "--order", f"percentile(row {row},{name})").stdout)
            keys = {int(line["neuron"]): float(line["key"]) for line in found}
            assert [int(line["neuron"]) for line in found] == ordered([keys[n] for n in range(len(keys))])
            for n, key in keys.items():
                low, high = bounds(layer, values, n, row)
                some = values[holds & np.isfinite(values[:, n]), n]
                if math.isnan(low) or not len(some):
                    assert math.isnan(key), (n, row, name)
                    continue
                # The true place lies no farther from the middle than the values of the bin that hold it.
                true = 50 * ((some < values[row, n]).mean() + (some <= values[row, n]).mean())
                codes = layer["codes/columns"][n].astype(int)[holds & np.isfinite(values[:, n])]
                width = 100 * (codes == int(layer["codes/columns"][n, row])).mean() if np.isfinite(values[row, n]) else 0
                assert abs(key - true) <= width / 2 + 1e-9, (n, row, name, key, true)
                if name.startswith("where") and low != high:
                    assert key == pytest.approx(share(layer, values, n, low, high, holds), abs=1e-9)


def test_conditions_and_what_cannot_be_asked(program, moment, dump, precompute, job, rng):
    values, _, store = moment
    store = store()
    layer = arrays(store)
    found = table(program.ok("export", store, "--layer", "fc", "--groups", "all", "--neurons", "value(row 5) > median(all) and percentile(row 5,all) >= 75").stdout)
    every = table(program.ok("export", store, "--layer", "fc", "--groups", "all", "--order", "percentile(row 5,all)").stdout)
    place = {int(line["neuron"]): float(line["key"]) for line in every}
    assert found and [int(line["neuron"]) for line in found] == [
        n for n in range(values.shape[1])
        if place[n] >= 75 and middle(*bounds(layer, values, n, 5)) > float(next(line for line in every if int(line["neuron"]) == n)["median(all)"])
    ]  # fmt: skip
    assert "no ordering" in program.fails(64, "export", store, "--layer", "fc", "--order", f"value(row {ROWS})")
    conv = rng.normal(size=(20, 3, 4, 4)).astype(np.float32)
    path = dump({"fc": rng.normal(size=(20, 3)).astype(np.float32), "conv": conv}, name="other.h5")
    bare = precompute(job("codes: none\nlayers: [fc]", path), name="job")
    assert "codes: columns" in program.fails(64, "export", bare, "--layer", "fc", "--order", "value(row 3)")
    many = precompute(job("layers: [{ dataset: conv, axes: NCHW, reduce: samples }]", path), name="job")
    assert "16 samples" in program.fails(64, "export", many, "--layer", "conv", "--order", "value(row 3)")
