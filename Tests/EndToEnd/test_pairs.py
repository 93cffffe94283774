"""Two groups beside each other, wherever that can be asked: orders, conditions, routes, two stores; against `compare`, and NumPy over the dump."""

import csv
import io
import json
import math
import struct
import urllib.parse

import numpy as np
import pytest
from serving import GOLDEN, Server
from test_compare import HEADER, awkward, exact, holds_the_exact, table

FIGURES = ["auroc", "wasserstein", "kolmogorov_smirnov"]


def number(text):
    return float(text) if text else math.nan


def columns(text):
    """The columns of a table by name, as they are written; lines that begin with # are left out."""
    lines = [line for line in text.splitlines() if not line.startswith("# ")]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    return {name: [row[name] for row in rows] for name in rows[0]}


def ordered(keys, descending):
    """Neurons by key, equal ones by index, NaN last."""
    known = sorted((n for n, key in enumerate(keys) if not math.isnan(key)), key=lambda n: (-keys[n] if descending else keys[n], n))
    return known + [n for n, key in enumerate(keys) if math.isnan(key)]


def keys_of(body, rows):
    """Neurons and keys of an answer of `rows`."""
    return list(struct.unpack_from(f"<{rows}I", body, 32)), list(struct.unpack_from(f"<{rows}d", body, 32 + 4 * rows))


class Pages:
    """A server of the folder of stores, and addresses in it."""

    def __init__(self, server):
        self.server = server
        self.urls = {one["name"]: one["url"] for one in server.json("/api/v1/datasets")["datasets"]}

    def version(self, name):
        return f"{name}/{self.urls[name].rsplit('/', 1)[1]}"

    def ask(self, name, path, **parameters):
        status, headers, body = self.server.get(f"{self.urls[name]}{path}?{urllib.parse.urlencode(parameters)}")
        return status, headers, body

    def json(self, name, path, **parameters):
        status, _, body = self.ask(name, path, **parameters)
        assert status == 200, body
        return json.loads(body)


@pytest.fixture
def compared(program, precompute, dump, rng):
    """A store with awkward neurons and classes of 0 to 500 rows, values, labels, and a second store with other values of the same neurons."""
    rows = 900
    labels = np.r_[rng.integers(0, 3, rows - 6), 3, 4, 4, 5, 5, 5]
    values = awkward(rng, rows)
    values[labels == 2] += 0.4
    others = values * 1.7 + 0.01
    others[:, ::5] *= 100
    others[:, 1] = 0
    before = precompute(dump({"fc": values}, labels, name="before.h5"))
    after = precompute(dump({"fc": others}, labels, name="after.h5"))
    return values, others, labels, before, after


@pytest.fixture
def pages(compared, tmp_path):
    with Server(tmp_path / "Tiles") as server:
        yield Pages(server)
        assert server.stop() == 0 and not server.errors


PAIRS = [("0", "1", 1, 2), ("1", "0", 2, 1), ("3", "2", 4, 3), ("4", "5", 5, 6), ("all", "2", 0, 3), ("1", "1", 2, 2)]


@pytest.mark.parametrize("figure", FIGURES)
def test_an_order_has_the_figures_of_compare(program, compared, pages, figure):
    _, _, _, store, _ = compared
    for a, b, _, _ in PAIRS:
        told = columns(program.ok("compare", store, "--layer", "fc", a, b, "--order", "neuron").stdout)[figure]
        keys = [number(field) for field in told]
        for direction in ["ascending", "descending"]:
            name = f"{figure}({a},{b})"
            order = columns(program.ok("export", store, "--layer", "fc", "--groups", "all", "--order", name, "--direction", direction).stdout)
            assert [int(n) for n in order["neuron"]] == ordered(keys, direction == "descending")
            # To the digit: a figure is one number, wherever it stands.
            assert [field.replace("nan", "") for field in order["key"]] == [told[int(n)] for n in order["neuron"]]
            _, _, body = pages.ask("before", "/layers/fc/rows/0/0", order=name, direction=direction)
            neurons, found = keys_of(body, len(keys))
            assert neurons == ordered(keys, direction == "descending")
            assert [repr(key) for key in found] == [repr(keys[n]) for n in neurons]
            assert pages.json("before", "/layers/fc/find", order=name, direction=direction, rank=7)["neuron"] == neurons[7]
            status, _, tile = pages.ask("before", "/layers/fc/tiles/1/0/0", order=name, direction=direction)
            _, _, natural = pages.ask("before", "/layers/fc/tiles/1/0/0")
            rows = len(keys)
            assert status == 200 and [tile[32 + 256 * i : 288 + 256 * i] for i in range(rows)] == [natural[32 + 256 * n : 288 + 256 * n] for n in neurons]


def test_orders_by_groups_of_the_moment(program, compared):
    values, _, labels, store, _ = compared
    expression = "row < 300 and label != 2"
    holds = (np.arange(len(labels)) < 300) & (labels != 2)
    for figure, place in zip(FIGURES, range(3)):
        order = columns(program.ok("export", store, "--layer", "fc", "--groups", "all", "--order", f"{figure}(where:({expression}),2)").stdout)
        rows = {int(r["neuron"]): r for r in table(program.ok("compare", store, "--layer", "fc", f"where:{expression}", "2").stdout)}
        for n, key in zip(map(int, order["neuron"]), map(float, order["key"])):
            assert repr(key) == repr(rows[n][figure])
            figures = exact(values[holds, n], values[labels == 2, n])
            bound = rows[n][f"{figure}_bound"]
            if figures and math.isfinite(bound):
                assert abs(key - figures[place]) <= bound + 1e-12
    assert len(order["neuron"]) == values.shape[1]


def test_conditions_on_pairs(program, compared):
    *_, store, _ = compared
    rows = {int(r["neuron"]): r for r in table(program.ok("compare", store, "--layer", "fc", "0", "2").stdout)}
    told = columns(program.ok("export", store, "--layer", "fc", "--groups", "all", "--neurons",
                              "auroc(0,2) > 0.6 and not (wasserstein(0,2) >= 0.5 or kolmogorov_smirnov(0,2) <= 0.3)").stdout)
    expected = [n for n, r in rows.items() if r["auroc"] > 0.6 and not (r["wasserstein"] >= 0.5 or r["kolmogorov_smirnov"] <= 0.3)]
    assert [int(n) for n in told["neuron"]] == expected and 0 < len(expected) < len(rows)


def test_the_table_over_http_is_that_of_the_program(program, compared, pages):
    _, _, _, store, _ = compared
    for a, b, i, j in PAIRS:
        assert pages.ask("before", "/layers/fc/compare", a=i, b=j)[2] == pages.ask("before", "/layers/fc/compare", a=i, b=j, order="auroc")[2]
        for order in ["neuron", "auroc", "p", "cohens_d"]:
            text = program.ok("compare", store, "--layer", "fc", a, b, "--order", order).stdout
            status, headers, body = pages.ask("before", "/layers/fc/compare", a=i, b=j, order=order, format="csv")
            assert status == 200 and headers["Content-Type"].startswith("text/csv") and body.decode() == text
            told = json.loads(program.ok("compare", store, "--layer", "fc", a, b, "--order", order, "--format", "json").stdout)
            found = pages.json("before", "/layers/fc/compare", a=i, b=j, order=order)
            assert found["rows"] == told["rows"] and found["columns"] == HEADER.split(",")
            assert (found["from"], found["total"], found["a"]["name"], found["b"]["group"]) == (0, len(told["rows"]), a, j)
            assert ("untested" in found) == ((a, b) in [("all", "2"), ("1", "1")])
            joined = [pages.json("before", "/layers/fc/compare", a=i, b=j, order=order, count=17, **{"from": f}) for f in range(0, found["total"], 17)]
            assert [row for page in joined for row in page["rows"]] == told["rows"] and [page["from"] for page in joined] == list(range(0, found["total"], 17))


def test_what_no_difference_looks_like(compared, pages):
    _, _, labels, _, _ = compared
    n, m = (labels == 0).sum(), (labels == 1).sum()
    null = pages.json("before", "/layers/fc/compare", a=1, b=2)["null"]
    assert (null["n_a"], null["n_b"]) == (n, m) and null["deviation"] == pytest.approx(math.sqrt((n + m + 1) / (12 * n * m)))
    assert null["deviation"] < null["farthest"] < 4 * null["deviation"]


def test_expressions_over_http(program, compared, pages):
    *_, store, _ = compared
    text = program.ok("compare", store, "--layer", "fc", "where:row < 300 and label != 2", "2", "--order", "auroc").stdout
    told = pages.json("before", "/layers/fc/compare", a="where:row < 300 and label != 2", b=3, order="auroc")
    status, _, body = pages.ask("before", "/layers/fc/compare", a="where:( row<300 and label !=2)", b=3, order="auroc", format="csv")
    assert status == 200 and body.decode() == text
    assert (told["a"]["where"], told["a"]["moved"]) == ("row < 300 and label != 2", []) and told["a"]["rows"] > 0
    assert all(row[10] is None for row in told["rows"]), "no Cohen's d"
    nobody = pages.json("before", "/layers/fc/compare", a="where:row < 0", b=3)
    assert "null" not in nobody and all(row[1] == 0 and row[3] is None and row[11] is None for row in nobody["rows"])


def test_one_neuron(program, compared, pages):
    *_, store, _ = compared
    for a, b in [(1, 3), ("where:row < 300 and label != 2", 3), (5, 6), (0, 1)]:
        whole = pages.json("before", "/layers/fc/compare", a=a, b=b, order="neuron")
        for neuron in [0, 1, 2, 4, 7, 59]:
            pair = pages.json("before", f"/layers/fc/neurons/{neuron}", a=a, b=b)["pair"]
            expected = dict(zip(whole["columns"], whole["rows"][neuron], strict=True))
            assert {name: pair[name] for name in expected if name not in ("neuron", "q")} == {n: v for n, v in expected.items() if n not in ("neuron", "q")}
            assert "q" not in pair and pair["a"] == whole["a"] and ("untested" in pair) == ("untested" in whole)
    assert "pair" not in pages.json("before", "/layers/fc/neurons/3")
    alone, beside = (pages.json("before", "/layers/fc/neurons/3", **groups)["pair"] for groups in ({"a": 2}, {"a": 2, "b": 0}))
    assert alone == beside, "one group alone is compared with all"


def test_two_stores_over_http(program, compared, pages):
    values, others, labels, before, after = compared
    text = program.ok("compare", before, after, "--layer", "fc", "--group", "1", "--order", "wasserstein").stdout
    other = pages.version("after")
    status, _, body = pages.ask("before", "/layers/fc/compare", a=2, b=2, order="wasserstein", format="csv", **{"with": other})
    assert status == 200 and body.decode() == text
    rows = table(text)
    for row in rows:
        if figures := exact(values[labels == 1, int(row["neuron"])], others[labels == 1, int(row["neuron"])]):
            holds_the_exact(row, figures)
    told = pages.json("before", "/layers/fc/compare", a=2, b=2, **{"with": other})
    assert "two stores" in told["untested"] and all(row[11] is None for row in told["rows"])
    pair = pages.json("before", "/layers/fc/neurons/9", a=2, b=2, **{"with": other})["pair"]
    assert pair["wasserstein"] == rows[9]["wasserstein"] and pair["p"] is None

    # The same neuron in the same row: what changed most comes first, in both stores.
    for figure in FIGURES:
        keys = [row[figure] for row in rows]
        asked = {"order": f"{figure}(1,1)", "direction": "descending", "with": other}
        _, _, body = pages.ask("before", "/layers/fc/rows/0/0", **asked)
        neurons, found = keys_of(body, len(keys))
        assert neurons == ordered(keys, True) and [repr(key) for key in found] == [repr(keys[n]) for n in neurons]
        for name, extra in [("before", {}), ("after", {"of": pages.version("before")})]:
            _, _, tile = pages.ask(name, "/layers/fc/tiles/2/0/0", **asked, **extra)
            _, _, natural = pages.ask(name, "/layers/fc/tiles/2/0/0")
            assert [tile[32 + 256 * i : 288 + 256 * i] for i in range(len(keys))] == [natural[32 + 256 * n : 288 + 256 * n] for n in neurons]
        assert keys_of(pages.ask("after", "/layers/fc/rows/0/0", **asked, of=pages.version("before"))[2], len(keys))[0] == neurons
    # Any order of one store, in the other.
    _, _, mine = pages.ask("before", "/layers/fc/rows/0/0", order="median(2)")
    _, _, borrowed = pages.ask("after", "/layers/fc/rows/0/0", order="median(2)", of=pages.version("before"))
    assert keys_of(mine, len(keys)) == keys_of(borrowed, len(keys))
    # A version with itself differs in nothing, and is what it is without.
    own = pages.version("before")
    assert pages.ask("before", "/layers/fc/rows/0/0", order="auroc(0,1)", of=own, **{"with": own})[2] == pages.ask("before", "/layers/fc/rows/0/0", order="auroc(0,1)")[2]


def test_other_versions_that_are_not_there(program, precompute, dump, values, compared, tmp_path):
    precompute(dump({"fc": values(50, 9), "other": values(50, 60)}, name="narrow.h5"))
    (tmp_path / "Tiles" / "golden").symlink_to(GOLDEN)
    with Server(tmp_path / "Tiles", env={"DIVERGENCE_TOKENS": "after=sesame"}) as server:
        pages = Pages(server)
        narrow, golden, mine = pages.version("narrow"), pages.version("golden"), pages.version("before")
        after = "after/" + (tmp_path / "Tiles" / "after" / "current").readlink().name
        for other, status, words in [(narrow, 404, "9 in the other version"), (golden, 404, "no layer"), ("before", 400, "NAME/VERSION"),
                                     ("nobody/0123456789abcdef", 404, "no data set"), ("before/0123456789abcdef", 404, "not here any more"), (after, 401, "token")]:
            for parameters in [{"a": 0, "b": 0, "with": other}]:
                found, _, body = pages.ask("before", "/layers/fc/compare", **parameters)
                assert found == status and words in body.decode(), body
            assert pages.ask("before", "/layers/fc/tiles/0/0/0", of=other)[0] == status
        # Whoever sees the other one sees the comparison, and nobody else may keep it.
        url = f"{pages.urls['before']}/layers/fc/compare?a=1&b=1&with={urllib.parse.quote(after)}"
        status, headers, _ = server.get(url, Authorization="Bearer sesame")
        assert status == 200 and headers["Cache-Control"].startswith("private")
        assert server.get(url)[0] == 401 and mine
        assert server.stop() == 0


def test_layers_and_classes_by_what_tells_them_apart(program, precompute, dump, rng, tmp_path):
    rows, labels = 400, np.arange(400) % 4
    shift = np.array([0, 0.2, 1.5, 3])[labels][:, None]
    layers = {"weak": rng.normal(size=(rows, 30)) + 0.1 * shift, "strong": rng.normal(size=(rows, 20)) + shift * (np.arange(20) < 15), "none": np.zeros((rows, 5))}
    layers["none"][:, 0] = np.nan
    store = precompute(dump({name: v.astype(np.float32) for name, v in layers.items()}, labels, name="four.h5"))
    with Server(tmp_path / "Tiles") as server:
        pages = Pages(server)

        def mean(layer, a, b):
            found = table(program.ok("compare", store, "--layer", layer, str(a), str(b)).stdout)
            known = [r for r in found if not math.isnan(r["auroc"])]
            return known, sum(abs(2 * r["auroc"] - 1) for r in known) / len(known) if known else math.nan

        told = pages.json("four", "/separation", a=1, b=4)
        assert [one["layer"] for one in told["layers"]] == ["strong", "weak", "none"] and told["b"]["name"] == "3"
        for one in told["layers"]:
            known, separation = mean(one["layer"], 0, 3)
            assert one["neurons"] == len(known) and one["separation"] == pytest.approx(separation, rel=1e-12)
            assert one["kolmogorov_smirnov"] == pytest.approx(sum(r["kolmogorov_smirnov"] for r in known) / len(known), rel=1e-12)
            best = max(known, key=lambda r: abs(r["auroc"] - 0.5))
            assert one["best"] == {"neuron": best["neuron"], "auroc": best["auroc"]}
            assert one["null"] == pytest.approx(2 * math.sqrt(201 / 120_000) * math.sqrt(2 / math.pi))
            farthest = pages.json("four", f"/layers/{one['layer']}/compare", a=1, b=4)["null"]["farthest"]
            assert one["beyond"] == sum(abs(r["auroc"] - 0.5) > farthest for r in known)
        assert told["layers"][0]["beyond"] == 15 and told["layers"][2]["beyond"] == 0
        similar = pages.json("four", "/layers/strong/similar", a=1)
        assert [one["name"] for one in similar["classes"]] == ["1", "2", "3"] and similar["a"] == {"group": 1, "name": "0"}
        for one in similar["classes"]:
            assert one["separation"] == pytest.approx(mean("strong", 0, int(one["name"]))[1], rel=1e-12)
        expressed = pages.json("four", "/layers/strong/similar", a="where:label == 0")
        assert [one["name"] for one in expressed["classes"]] == ["0", "1", "2", "3"] and expressed["classes"][0]["separation"] == 0
        assert server.stop() == 0


def test_a_thousand_classes_and_layers_of_samples(program, precompute, dump, rng, job, tmp_path):
    labels = np.arange(3000) % 1000
    values = rng.normal(size=(3000, 8)).astype(np.float32)
    precompute(dump({"fc": values}, labels, name="many.h5"))
    path = dump({"conv": rng.normal(size=(80, 3, 4, 4)).astype(np.float32)}, rng.integers(0, 2, 80))
    precompute(job("layers: [{dataset: conv, reduce: samples, axes: NCHW}]", path), name="job")
    with Server(tmp_path / "Tiles") as server:
        pages = Pages(server)
        similar = pages.json("many", "/layers/fc/similar", a=500)["classes"]
        assert len(similar) == 999 and similar == sorted(similar, key=lambda one: one["separation"])
        rows = pages.json("many", "/layers/fc/compare", a=1, b=1000, order="neuron")["rows"]
        for n, row in enumerate(rows):
            told = dict(zip(HEADER.split(","), row, strict=True))
            holds_the_exact(told, exact(values[labels == 0, n], values[labels == 999, n]))
        told = pages.json("job", "/layers/conv/compare", a=1, b=2)
        assert "depend" in told["untested"] and all(row[11] is None and row[3] is not None for row in told["rows"])
        assert pages.ask("job", "/layers/conv/tiles/0/0/0", order="auroc(0,1)")[0] == 200
        assert server.stop() == 0


def test_labels_without_meaning_find_nothing(program, precompute, dump, rng):
    """With permuted labels, of the neurons at most one in twenty has q <= 0.05: what is found, is found by chance."""
    rows, neurons = 400, 2000
    base = rng.normal(size=(rows, 40)) @ rng.normal(size=(40, neurons)) + rng.normal(size=(rows, neurons))
    values = np.maximum(base, 0).astype(np.float32)
    labels = rng.permutation(np.arange(rows) % 4)
    store = precompute(dump({"fc": values}, labels))
    for a, b in [(0, 1), (2, 3), (0, 3)]:
        found = table(program.ok("compare", store, "--layer", "fc", str(a), str(b)).stdout)
        assert sum(row["q"] <= 0.05 for row in found) <= neurons / 20
    values[labels == 1, :300] += 3
    shifted = precompute(dump({"fc": values}, labels, name="shifted.h5"))
    found = table(program.ok("compare", shifted, "--layer", "fc", "0", "1").stdout)
    assert all(row["q"] <= 0.05 for row in found[:300])
