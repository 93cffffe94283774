"""`divergence compare`: every figure of every neuron against the definition, and against the exact figures of the dump's own values."""

import csv
import io
import json
import math

import h5py
import numpy as np
import pytest
import zarr

HEADER = ("neuron,n_a,n_b,auroc,auroc_bound,wasserstein,wasserstein_bound,kolmogorov_smirnov,kolmogorov_smirnov_bound,"
          "jensen_shannon,cohens_d,p,q")


def table(text):
    assert text.splitlines()[0] == HEADER
    rows = [{k: float(v) if v else math.nan for k, v in row.items()} for row in csv.DictReader(io.StringIO(text))]
    assert sorted(row["neuron"] for row in rows) == list(range(len(rows)))
    return sorted(rows, key=lambda row: row["neuron"])


def cells(layer, group, neuron):
    """(low, high, count) of each cell, ascending; zeros are a point, and the ends of a window reach to infinity."""
    counts = layer["own/256"][group, neuron].astype(object)
    zeros = int(layer["statistics/zeros"][group, neuron])
    e, origin = int(layer["grid/exponent"][neuron]), int(layer["grid/origin"][neuron])
    tails = layer["grid/tails"][neuron] == 1
    found = []
    for i, count in enumerate(counts):
        low, high = (origin + i) * 2.0**e, (origin + i + 1) * 2.0**e
        if tails and i == 0:
            low = -math.inf
        if tails and i == 255:
            high = math.inf
        if origin + i == 0 and zeros:
            found.append((0.0, 0.0, zeros))
            count -= zeros
        found.append((low, high, int(count)))
    return found


def defined(layer, a, b, neuron):
    """The figures by their definitions, of two groups on one grid."""
    first, second = cells(layer, a, neuron), cells(layer, b, neuron)
    edges = sorted({(low, high) for low, high, _ in first + second}, key=lambda c: (c[0], c[1]))
    x = np.array([sum(n for low, high, n in first if (low, high) == c) for c in edges], float)
    y = np.array([sum(n for low, high, n in second if (low, high) == c) for c in edges], float)
    n, m = x.sum(), y.sum()
    if n == 0 or m == 0:
        return None
    p, q = x / n, y / m
    widths = np.array([high - low for low, high in edges])
    wide, known = widths > 0, np.isfinite(widths)
    right = np.cumsum(x) / n - np.cumsum(y) / m
    left = np.r_[0, right[:-1]]
    below = np.r_[0, np.cumsum(x)[:-1]]
    u = float((y * (below + x / 2)).sum())
    unit = 2.0 ** int(layer["grid/exponent"][neuron])
    inner = wide & known
    upper = np.maximum(np.minimum(left + p, right + q), -np.maximum(left - q, right - p))[wide & (p + q > 0)]
    s = np.abs(right).max()
    ties = x + y
    total = n + m
    variance = n * m / 12 * (total + 1 - (ties**3 - ties).sum() / (total * (total - 1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        js = np.nansum(np.where(p > 0, p * np.log2(2 * p / (p + q)), 0)) / 2 + np.nansum(np.where(q > 0, q * np.log2(2 * q / (p + q)), 0)) / 2
    return {
        "n_a": n, "n_b": m, "auroc": u / (n * m), "auroc_bound": float((p * q)[wide].sum() / 2),
        "wasserstein": unit * float(((np.abs(left) + np.abs(right)) / 2)[inner].sum()),
        "wasserstein_bound": math.inf if (p + q)[wide & ~known].sum() > 0 else unit * float(((p + q) / 2)[inner].sum()),
        "kolmogorov_smirnov": s, "kolmogorov_smirnov_bound": max(0.0, (upper.max() if len(upper) else 0) - s),
        "jensen_shannon": js,
        "p": math.erfc(abs(u - n * m / 2) / math.sqrt(variance) / math.sqrt(2)) if variance > 0 else 1.0,
    }


def exact(a, b):
    """AUROC, Wasserstein and Kolmogorov-Smirnov of the values themselves."""
    a, b = (np.sort(v[np.isfinite(v)].astype(float)) for v in (a, b))
    if not len(a) or not len(b):
        return None
    low, high = np.searchsorted(a, b, "left"), np.searchsorted(a, b, "right")
    auroc = (low + high).sum() / 2 / len(a) / len(b)
    points = np.sort(np.r_[a, b])
    gap = np.abs(np.searchsorted(a, points, "right") / len(a) - np.searchsorted(b, points, "right") / len(b))
    return auroc, float((gap[:-1] * np.diff(points)).sum()), gap.max()


def rates(p):
    p = np.asarray(p)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    q = np.full(len(p), math.nan)
    least = 1.0
    for rank in range(len(order), 0, -1):
        least = min(least, p[order[rank - 1]] * len(order) / rank)
        q[order[rank - 1]] = least
    return q


def holds_the_exact(row, values):
    auroc, wasserstein, distance = values
    assert abs(row["auroc"] - auroc) <= row["auroc_bound"]
    if math.isfinite(row["wasserstein_bound"]):
        assert abs(row["wasserstein"] - wasserstein) <= row["wasserstein_bound"]
    assert row["kolmogorov_smirnov"] - 1e-12 <= distance <= row["kolmogorov_smirnov"] + row["kolmogorov_smirnov_bound"]


def awkward(rng, rows):
    values = rng.normal(0, 1, (rows, 60)).astype(np.float32)
    values[:, ::3] = np.maximum(values[:, ::3], 0)
    values[:, 1] = 0
    values[:, 2] = 3.5
    values[: rows // 2, 4] = np.nan
    values[::7, 5] = np.inf
    values[3, 7] = 1e30
    values[:, 8] = rng.integers(-2, 3, rows)
    values[:, 10] = np.where(rng.random(rows) < 0.5, 0, rng.random(rows) * 1e-3)
    values[:, 11] = rng.standard_cauchy(rows)
    return values


@pytest.fixture
def compared(program, precompute, dump, rng):
    rows = 900
    labels = np.r_[rng.integers(0, 4, rows - 1), 4]
    values = awkward(rng, rows)
    values[labels == 2] += 0.4
    return dump({"fc": values}, labels), values, labels, precompute(dump({"fc": values}, labels))


def test_two_groups(program, compared):
    _, values, labels, store = compared
    layer = zarr.open_group(str(store), mode="r")["layers/fc"]
    for a, b in [(1, 3), (2, 4), (3, 5)]:
        rows = table(program.ok("compare", store, "--layer", "fc", str(a - 1), str(b - 1)).stdout)
        for row in rows:
            neuron = int(row["neuron"])
            expected = defined(layer, a, b, neuron)
            if expected is None:
                assert math.isnan(row["auroc"]) and math.isnan(row["p"]) and 0 in (row["n_a"], row["n_b"])
                continue
            for name, figure in expected.items():
                assert row[name] == pytest.approx(figure, rel=1e-9, abs=2e-13), (neuron, name)
            holds_the_exact(row, exact(values[labels == a - 1, neuron], values[labels == b - 1, neuron]))
            first, second = (np.asarray(values[labels == g - 1, neuron], float) for g in (a, b))
            first, second = first[np.isfinite(first)], second[np.isfinite(second)]
            spread = math.sqrt((first.var() + second.var()) / 2)
            d = (second.mean() - first.mean()) / spread if spread else 0.0
            assert row["cohens_d"] == pytest.approx(d, rel=1e-6, abs=1e-9)
        assert [r["q"] for r in rows] == pytest.approx(rates([r["p"] for r in rows]).tolist(), rel=1e-12, nan_ok=True)


def test_groups_that_share_rows_have_no_p(program, compared):
    *_, store = compared
    for a, b in [("all", "1"), ("1", "1"), ("0", "0")]:
        result = program.ok("compare", store, "--layer", "fc", a, b)
        rows = table(result.stdout)
        assert all(math.isnan(row["p"]) and math.isnan(row["q"]) for row in rows)
        assert "No p and q" in result.stderr
        assert sum(not math.isnan(row["auroc"]) for row in rows) > 50


def test_orders(program, compared):
    *_, store = compared

    def column(figure):
        text = program.ok("compare", store, "--layer", "fc", "1", "3", "--order", figure).stdout
        found = [row[figure] for row in csv.DictReader(io.StringIO(text))]
        return [float(v) for v in found if v], found

    for figure in ["auroc", "wasserstein", "kolmogorov_smirnov", "jensen_shannon", "cohens_d"]:
        known, found = column(figure)
        assert known == sorted(known, reverse=True) and found[: len(known)] == [v for v in found if v]
    for figure in ["p", "q", "neuron"]:
        known, _ = column(figure)
        assert known == sorted(known)
    default = program.ok("compare", store, "--layer", "fc", "1", "3").stdout
    assert default == program.ok("compare", store, "--layer", "fc", "1", "3", "--order", "auroc").stdout


def test_json_holds_the_same(program, compared):
    *_, store = compared
    text = program.ok("compare", store, "--layer", "fc", "1", "3").stdout
    told = json.loads(program.ok("compare", store, "--layer", "fc", "1", "3", "--format", "json").stdout)
    assert told["columns"] == HEADER.split(",")
    for row, line in zip(told["rows"], text.splitlines()[1:], strict=True):
        for number, field in zip(row, line.split(","), strict=True):
            assert number is None and field in ("", "inf") or float(field) == number


def test_two_stores(program, precompute, dump, rng, tmp_path):
    values = awkward(rng, 600)
    other = values * 1.7 + 0.01
    other[:, ::5] *= 100
    other[:, 1] = 0
    paths = [dump({"fc": v}, None, name=f"{n}.h5") for n, v in [("before", values), ("after", other)]]
    before, after = (precompute(path) for path in paths)
    result = program.ok("compare", before, after, "--layer", "fc")
    for row in table(result.stdout):
        neuron = int(row["neuron"])
        figures = exact(values[:, neuron], other[:, neuron])
        assert math.isnan(row["p"])
        if figures is not None:
            holds_the_exact(row, figures)
    # The same store twice: nothing differs.
    for row in table(program.ok("compare", before, before, "--layer", "fc").stdout):
        assert row["n_a"] == 0 or (row["auroc"], row["wasserstein"], row["kolmogorov_smirnov"], row["jensen_shannon"]) == (0.5, 0, 0, 0)


def test_what_cannot_be_compared(program, precompute, dump, values, compared):
    *_, store = compared
    narrow = precompute(dump({"fc": values(50, 9)}, name="narrow.h5"))
    for arguments, words in [
        ((store, "--layer", "nowhere", "1", "2"), "no layer “nowhere”"),
        ((store, "--layer", "fc", "1", "cat"), "no group “cat”"),
        ((store, narrow, "--layer", "fc"), "neuron by neuron"),
        ((store, "1", "2", "--layer", "fc", "--group", "3"), "--group"),
        ((store, "1", "2", "3", "--layer", "fc"), "two groups"),
    ]:
        result = program.run("compare", *arguments)
        assert result.returncode == 64 and words in result.stderr and not result.stdout
    assert program.run("compare", store, "/nowhere/at/all", "--layer", "fc").returncode == 66


def test_samples_have_no_p(program, precompute, dump, rng, job):
    path = dump({"conv": rng.normal(size=(80, 3, 4, 4)).astype(np.float32)}, rng.integers(0, 2, 80))
    store = precompute(job("layers: [{dataset: conv, reduce: samples, axes: NCHW}]", path), name="job")
    result = program.ok("compare", store, "--layer", "conv", "1", "2")
    rows = table(result.stdout)
    assert all(math.isnan(row["p"]) and not math.isnan(row["auroc"]) for row in rows) and "depend" in result.stderr
