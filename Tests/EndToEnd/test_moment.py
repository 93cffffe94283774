"""Groups of the moment against the dump: an expression stands wherever a group's name does, and says what a stored group would."""

import csv
import io
import json
import math
import threading
import urllib.parse

import h5py
import numpy as np
import pytest
import zarr
from serving import Server
from test_codes import AWKWARD

ROWS = 700


def table(text):
    lines = [line for line in text.splitlines() if not line.startswith("# ")]
    return list(csv.DictReader(io.StringIO("\n".join(lines))))


@pytest.fixture
def moment(dump, job, precompute, rng):
    """The dump's values, labels, predictions and columns, and a function that makes a store with some groups in its job."""
    with np.errstate(all="ignore"):
        values = np.stack([kind(rng.normal(size=ROWS)) for kind in AWKWARD.values() for _ in range(2)], axis=1).astype(np.float32)
    labels = rng.integers(0, 5, ROWS)
    predictions = np.where(rng.random(ROWS) < 0.7, labels, rng.integers(0, 5, ROWS))
    age = rng.integers(10, 90, ROWS)
    score = np.where(rng.random(ROWS) < 0.1, np.nan, rng.normal(size=ROWS))
    split = np.where(rng.random(ROWS) < 0.3, "val", "train")
    path = dump({"fc": values}, labels, predictions=predictions)
    with h5py.File(path, "a") as f:
        f["meta/age"], f["meta/score"] = age, score
        f["meta/split"] = split.astype("S5")

    def store(groups=(), name="job"):
        text = "codes: columns\nlayers: [fc]\ncolumns: [meta/age, meta/score, meta/split]\nclass_names: { 0: cat, 1: dog }\n"
        if groups:
            text += "groups:\n" + "".join(f"  - {{ name: g{i}, where: '{g}' }}\n" for i, g in enumerate(groups))
        return precompute(job(text, path), name=name)

    facts = {"label": labels, "prediction": predictions, "row": np.arange(ROWS), "age": age, "score": score, "split": split}
    return values, facts, store


@pytest.fixture
def moment_served(moment):
    """A server of the store without groups, the address of its data set, and the store."""
    store = moment[2]()
    with Server(store.parent.parent) as server:
        yield server, server.json("/api/v1/datasets/job")["url"], store


NAMES = {0: "cat", 1: "dog"}


def leaf(rng, facts, words):
    """An expression and the rows for which it holds."""
    kind = rng.choice(words)
    if kind in ("label", "prediction"):
        if rng.random() < 0.3:
            return "label != prediction", facts["label"] != facts["prediction"]
        k = int(rng.integers(0, 5))
        text = f'"{NAMES[k]}"' if k in NAMES and rng.random() < 0.5 else str(k)
        if rng.random() < 0.3:
            other = int(rng.integers(0, 5))
            return f"{kind} in [{text}, {other}]", np.isin(facts[kind], [k, other])
        return f"{kind} == {text}", facts[kind] == k
    if kind == "split":
        return 'split != "val"', facts["split"] != "val"
    op = rng.choice(["<", "<=", ">", ">=", "==", "!="])
    number = float(rng.choice(facts[kind][np.isfinite(facts[kind])])) if kind == "score" else int(rng.choice(facts[kind]))
    functions = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal}
    return f"{kind} {op} {number!r}", functions[op](facts[kind], number) & ~np.isnan(facts[kind])


def expression(rng, facts, words, depth=3):
    if depth == 0 or rng.random() < 0.25:
        return leaf(rng, facts, words)
    a, x = expression(rng, facts, words, depth - 1)
    if rng.random() < 0.2:
        return f"not ({a})", ~x
    b, y = expression(rng, facts, words, depth - 1)
    return (f"({a}) and ({b})", x & y) if rng.random() < 0.5 else (f"({a}) or ({b})", x | y)


JOB = ["label", "prediction", "row"]
MOMENT = [*JOB, "age", "score", "split"]


def exact(values, dtype=np.float32):
    """Each figure of the finite values of a neuron."""
    v = values[np.isfinite(values)].astype(float)
    if not len(v):
        return None
    with np.errstate(over="ignore"):
        return {"minimum": v.min(), "maximum": v.max(), "mean": v.mean(), "deviation": v.std(),
                "median": dtype(np.median(v)), "lower_quartile": dtype(np.percentile(v, 25)), "upper_quartile": dtype(np.percentile(v, 75))}


def test_random_expressions_are_counted_exactly(program, moment, rng):
    values, facts, store = moment
    store = store()
    layer = zarr.open_group(str(store), mode="r")["layers/fc"]
    codes, origin, e = layer["codes/columns"][:], layer["grid/origin"][:], layer["grid/exponent"][:]
    asked = [expression(rng, facts, MOMENT) for _ in range(12)]
    arguments = [word for text, _ in asked for word in ("--where", text)]
    rows = table(program.ok("export", store, "--layer", "fc", "--groups", "all", "--counts", *arguments).stdout)
    for n, row in enumerate(rows):
        for text, holds in asked:
            some = values[holds, n]
            finite = np.isfinite(some)
            assert int(row[f"count({text})"]) == finite.sum()
            assert int(row[f"zeros({text})"]) == (some == 0).sum()
            assert int(row[f"nan({text})"]) == np.isnan(some).sum()
            assert int(row[f"infinite({text})"]) == np.isinf(some).sum()
            bins = np.bincount(codes[n][holds][finite], minlength=256)
            assert [int(row[f"bin_{i}({text})"]) for i in range(256)] == bins.tolist()
            figures = exact(some)
            for name in ("minimum", "maximum", "mean", "deviation", "median", "lower_quartile", "upper_quartile"):
                low, high = float(row[f"{name}_low({text})"]), float(row[f"{name}_high({text})"])
                if figures is None:
                    assert math.isnan(low) and math.isnan(high)
                else:
                    assert low <= figures[name] <= high or not math.isfinite(figures[name]), (n, text, name, low, figures[name], high)
            if figures and name == "median":
                assert high - low <= 2.0 ** int(e[n]) or layer["grid/tails"][n]


def test_as_a_stored_group(program, moment, rng):
    _, facts, store = moment
    asked = []
    while len(asked) < 6:
        text, holds = expression(rng, facts, JOB)
        if holds.any() and text not in asked:
            asked.append(text)
    first = store(asked)
    arguments = [word for text in asked for word in ("--where", text)]
    rows = table(program.ok("export", first, "--layer", "fc", "--counts", *arguments).stdout)
    for row in rows:
        for i, text in enumerate(asked):
            for name in ["count", "zeros", "nan", "infinite", *(f"bin_{b}" for b in range(256))]:
                assert row[f"{name}({text})"] == row[f"{name}(g{i})"]
            for name in ("minimum", "maximum", "mean", "deviation", "median", "lower_quartile", "upper_quartile"):
                low, figure, high = (float(row[k]) for k in (f"{name}_low({text})", f"{name}(g{i})", f"{name}_high({text})"))
                assert low <= figure <= high or math.isnan(low) and math.isnan(figure) or not math.isfinite(figure), (name, low, figure, high)


def taken(layer, neuron, op, number):
    """A comparison with an activation by the rule: at the nearest edge; with 0 exactly."""
    codes, origin, e = layer["codes/columns"][neuron].astype(int), int(layer["grid/origin"][neuron]), int(layer["grid/exponent"][neuron])
    place = min(max(math.floor(number / 2.0**e + 0.5) - origin, 0), 256)
    if layer["grid/tails"][neuron]:
        place = min(max(place, 1), 255)
    return codes >= place if op in (">", ">=") else codes < place


def test_activations_in_expressions(program, moment, rng):
    values, _, store = moment
    store = store()
    layer = zarr.open_group(str(store), mode="r")["layers/fc"]
    functions = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal}
    for n in range(values.shape[1]):
        finite = np.isfinite(values[:, n])
        asked = []
        for op in ("<", "<=", ">", ">="):
            number = float(rng.choice(values[finite, n])) if finite.any() else 1.0
            number = number * 1.1 or 0.3
            functions_of = functions[op](values[:, n], number)
            asked.append((f"value(fc, {n}) {op} {number!r}", np.where(finite, taken(layer, n, op, number), functions_of)))
        if not layer["grid/tails"][n]:
            asked += [(f"value(fc, {n}) {op} 0", function(values[:, n], 0) & ~np.isnan(values[:, n])) for op, function in functions.items()]
        done = program.ok("export", store, "--layer", "fc", "--groups", "all", *(w for t, _ in asked for w in ("--where", t)))
        row = table(done.stdout)[n]
        for text, holds in asked:
            assert int(row[f"count({text})"]) == np.isfinite(values[holds, n]).sum(), text
            assert int(row[f"infinite({text})"]) == np.isinf(values[holds, n]).sum(), text
            assert int(row[f"zeros({text})"]) == (values[holds, n] == 0).sum(), text


def test_what_a_comparison_was_taken_as(program, dump, precompute):
    path = dump({"fc": np.arange(256, dtype=np.float32)[:, None]})
    store = precompute(path)
    for asked, moved in [("> 17", ">= 17"), ("<= 17", "< 17"), (">= 17.4", ">= 17"), ("< 17.5", "< 18"), (">= 17", None), ("< 0.5", "< 1"), ("> 0", None), ("> 300", None)]:
        done = program.ok("export", store, "--layer", "fc", "--where", f"value(fc, 0) {asked}")
        assert (f"taken as {moved}" in done.stderr) if moved else done.stderr == "", (asked, done.stderr)
        for options in (("--order", f"mean(where:(value(fc, 0) {asked}))"), ("--neurons", f"index < 3 or zeros(where:(value(fc, 0) {asked})) > 2")):
            done = program.ok("export", store, "--layer", "fc", *options)
            assert (done.stderr.count(f"taken as {moved}") == 1) if moved else done.stderr == "", (options, done.stderr)


def test_rows_that_fire(program, moment):
    values, facts, store = moment
    store = store(['label == "cat" or row < 9'])
    layer = zarr.open_group(str(store), mode="r")["layers/fc"]
    sides = [((), np.ones(ROWS, bool)), (("--group", "dog"), facts["label"] == 1), (("--group", "g0"), (facts["label"] == 0) | (facts["row"] < 9)),
             (("--where", "label != prediction"), facts["label"] != facts["prediction"])]
    names = {0: "cat", 1: "dog"}
    for n in range(values.shape[1]):
        e, origin, tails = int(layer["grid/exponent"][n]), int(layer["grid/origin"][n]), bool(layer["grid/tails"][n])
        for options, holds in sides:
            for lowest in (False, True):
                text = program.ok("rows", store, "--layer", "fc", "--neuron", n, *options, *(["--lowest"] if lowest else []), "--top", "20").stdout
                assert text.splitlines()[0] == "rank,row,low,high,label,prediction"
                found = list(csv.DictReader(io.StringIO(text)))
                these = np.flatnonzero(holds & np.isfinite(values[:, n]))
                code = layer["codes/columns"][n].astype(int) * 2 + (values[:, n] != 0)
                order = sorted(these, key=lambda r: (code[r] if lowest else -code[r], r))
                exact = []
                if not options and "extremes" in layer:
                    exact = sorted(these, key=lambda r: (values[r, n] if lowest else -values[r, n], r))[:16]
                expected = [*exact, *(r for r in order if r not in exact)][:20]
                assert [int(row["row"]) for row in found] == expected
                for rank, row in enumerate(found):
                    r, low, high = int(row["row"]), float(row["low"]), float(row["high"])
                    assert int(row["rank"]) == rank and low <= values[r, n] <= high
                    if r in exact or values[r, n] == 0:
                        assert low == high == values[r, n]
                    else:
                        assert high - low == 2.0**e or tails
                    assert row["label"] == names.get(facts["label"][r], str(facts["label"][r]))
                    assert row["prediction"] == names.get(facts["prediction"][r], str(facts["prediction"][r]))


def test_what_cannot_be_asked(program, moment, dump, precompute, job, rng):
    _, _, store = moment
    store = store()
    for text, words in [("label = 3", "at character"), ("colour == 3", "no column"), ("value(gc, 1) > 0", "no layer"), ("value(fc, 99) > 0", "no 99"),
                        ("value(fc, 1) == 3", "value()"), ("label == ", "missing")]:
        assert words in program.fails(64, "export", store, "--layer", "fc", "--where", text)
    path = dump({"fc": rng.normal(size=(20, 3)).astype(np.float32)}, name="other.h5")
    bare = precompute(job("codes: none", path), name="job")
    assert len(program.ok("rows", bare, "--layer", "fc", "--neuron", "1").stdout.splitlines()) == 17, "the extreme rows are kept without codes"
    assert "codes: columns" in program.fails(64, "rows", bare, "--layer", "fc", "--neuron", "1", "--top", "17")
    assert "codes: columns" in program.fails(64, "export", bare, "--layer", "fc", "--where", "row < 3")
    assert "labels" in program.fails(64, "export", bare, "--layer", "fc", "--where", "label == 3")


def at(path, text, **parameters):
    return f"{path}?" + urllib.parse.urlencode({**parameters, **({"where": text} if text else {})}, quote_via=urllib.parse.quote)


def test_tiles_are_those_of_a_stored_group(moment, rng, dump, job, precompute):
    """Byte for byte, on both axes, in every number of bins, zoomed in and out; of a small layer and of one with several levels."""
    _, facts, store = moment
    asked = []
    while len(asked) < 5:
        text, holds = expression(rng, facts, JOB)
        if holds.any() and text not in asked:
            asked.append(text)
    store = store(asked)
    attributes = zarr.open_group(str(store), mode="r").attrs
    with Server(store.parent.parent) as server:
        base = server.json("/api/v1/datasets/job")["url"] + "/layers/fc"
        stored = {text: next(i for i, g in enumerate(attributes["groups"]) if g["name"] == f"g{k}") for k, text in enumerate(asked)}
        for text, group in stored.items():
            views = [{"axis": a, "bins": b} for a in ("shared", "own") for b in (256, 64, 16)] + [{"zoom": 3, "from": 512}, {"order": "median(cat)", "direction": "descending"}]
            for view in views:
                want, got = (server.get(at(f"{base}/tiles/{g}/0/0", t, **view)) for g, t in ((group, None), (0, text)))
                assert want[0] == got[0] == 200 and want[2] == got[2], (text, view, got)
            want, got = server.json(at(f"{base}/summary", None, groups=group)), server.json(at(f"{base}/summary", text, groups=0))
            for name in ("zeros", "dead", "nan", "infinite"):
                assert want[name][0] == got[name][1], (text, name)
            assert want["distribution"]["counts"][0] == got["distribution"]["counts"][1]
            for n in (0, 11, 20):
                want = server.json(at(f"{base}/neurons/{n}", None, groups=group))["groups"][0]
                got = server.json(at(f"{base}/neurons/{n}", text, groups=0))["groups"][1]
                assert all(want[name] == got[name] for name in ("count", "zeros", "nan", "infinite", "counts"))


def test_tiles_of_all_levels(rng, dump, job, precompute):
    values = np.maximum(rng.normal(size=(300, 1500)), 0).astype(np.float32)
    values[rng.random(values.shape) < 0.001] = np.nan
    values[:, 1] *= np.where(np.arange(300) % 97 == 5, 1e6, 1)
    path = dump({"fc": values}, rng.integers(0, 3, 300))
    store = precompute(job("groups: [{ name: few, where: 'label == 1 and row >= 50' }]", path), name="job")
    with Server(store.parent.parent) as server:
        base = server.json("/api/v1/datasets/job")["url"] + "/layers/fc/tiles"
        for level in (3, 2, 1, 0):
            for index in range(-(-1500 // (256 << level))):
                for view in ({"axis": "own"}, {"bins": 64}, {"zoom": 2, "from": 128}):
                    want, got = (server.get(at(f"{base}/{g}/{level}/{index}", t, **view)) for g, t in ((4, None), (0, "row >= 50 and label == 1")))
                    assert want[0] == got[0] == 200 and want[2] == got[2], (level, index, view)


def test_problems_name_the_place(moment, dump, job, precompute, rng):
    _, _, store = moment
    store = store()
    path = dump({"fc": rng.normal(size=(20, 3)).astype(np.float32)}, name="other.h5")
    precompute(job("codes: none\nlayers: [fc]", path).rename(path.with_name("bare.yaml")), name="job", output=path.with_name("Bare"))
    with Server(store.parent.parent) as server:
        base = server.json("/api/v1/datasets/job")["url"] + "/layers/fc"
        for text, status, words in [("label = 3", 400, "character 7"), ("value(fc, 1) == 3", 400, "value()"), ("colour == 3", 404, "no column"),
                                    ("value(gc, 1) > 0", 404, "no layer"), ("(" * 300 + "row < 1" + ")" * 300, 400, "too large"), ("", 400, "missing")]:
            for place in ("/tiles/0/0/0", "/summary", "/neurons/3"):
                code, headers, body = server.get(f"{base}{place}?where={urllib.parse.quote(text)}")
                assert code == status and words in json.loads(body)["detail"], (text, place, body)
        assert server.get(at(f"{base}/tiles/1/0/0", "row < 3"))[0] == 404
        # Many clients write a space as +; what is a + itself stays one.
        summary = [server.json(f"{base}/summary?where={text}") for text in ("row+<+3", "row%20%3C%203", "row+<+3e%2B0")]
        assert [answer["where"] for answer in summary] == ["row < 3"] * 3 and summary[0]["rows"] == 3
        assert server.get(at(f"{base}/tiles/0/0/0", "row < 0"))[0] == 200
    with Server(path.with_name("Bare")) as server:
        url = server.json("/api/v1/datasets/job")["url"]
        code, _, body = server.get(at(f"{url}/layers/fc/tiles/0/0/0", "row < 3"))
        assert code == 404 and "codes: columns" in json.loads(body)["detail"]


def test_compared(program, moment):
    _, _, store = moment
    store = store(['label == "cat" and row < 400', 'label == "dog"', "row < 300"])
    whole = program.ok("compare", store, "--layer", "fc", "g0", "g1")
    other = program.ok("compare", store, "--layer", "fc", 'where:label == "cat" and row < 400', 'where:label == "dog"')
    assert "No p" not in whole.stderr + other.stderr and "Cohen" in other.stderr
    for want, got in zip(table(whole.stdout), table(other.stdout), strict=True):
        assert got.pop("cohens_d") == "" and want.pop("cohens_d") is not None
        assert want == got
    for sides in (("g0", "g2"), ("where:row < 4", "where:row < 8"), ("all", "where:row < 8")):
        done = program.ok("compare", store, "--layer", "fc", *sides)
        assert "share rows" in done.stderr and all(row["p"] == row["q"] == "" for row in table(done.stdout))


def test_orders_by_groups_of_the_moment(program, moment):
    """By exact figures the order is that of the stored group; by others it stands within the bounds."""
    _, _, store = moment
    store = store(["row >= 100 and label != prediction"])
    text = "where:(label != prediction and row >= 100)"
    for direction in ("ascending", "descending"):
        want = table(program.ok("export", store, "--layer", "fc", "--order", "zeros(g0)", "--direction", direction).stdout)
        got = table(program.ok("export", store, "--layer", "fc", "--order", f"zeros({text})", "--direction", direction).stdout)
        assert [row["neuron"] for row in want] == [row["neuron"] for row in got]
        assert [row["key"] for row in want] == [row["key"] for row in got]
    expression = text[len("where:("):-1]
    for row in table(program.ok("export", store, "--layer", "fc", "--where", expression, "--order", f"median({text})").stdout):
        low, high, key = float(row[f"median_low({expression})"]), float(row[f"median_high({expression})"]), float(row["key"])
        assert low <= key <= high or math.isnan(low) and math.isnan(key)
    with Server(store.parent.parent) as server:
        base = server.json("/api/v1/datasets/job")["url"] + "/layers/fc"
        for name in ("zeros({})", "absolute(zeros({}))", "difference(zeros({}),zeros(all))", "difference(zeros(cat),zeros({}))"):
            places = [server.json(at(f"{base}/find", None, order=name.format(group), rank=5)) for group in ("g0", text)]
            assert places[0] == places[1]
            answers = [server.get(at(f"{base}/rows/0/0", None, order=name.format(group)))[2] for group in ("g0", text)]
            assert answers[0] == answers[1]
        code, _, _ = server.get(at(f"{base}/find", None, order="median(where:(colour == 3))"))
        assert code == 404


def test_neurons_by_a_condition(program, moment):
    _, _, store = moment
    store = store()
    rows = table(program.ok("export", store, "--layer", "fc").stdout)

    def share(row, group):
        return int(row[f"zeros({group})"]) / int(row[f"count({group})"]) if int(row[f"count({group})"]) else math.nan

    conditions = {
        "zeros(all) < 0.4": lambda r: share(r, "all") < 0.4,
        "zeros(all)<0.9 and median(cat)>median(dog)": lambda r: share(r, "all") < 0.9 and float(r["median(cat)"]) > float(r["median(dog)"]),
        "not (mean(all) >= 0 or index == 3)": lambda r: not (float(r["mean(all)"]) >= 0 or r["neuron"] == "3"),
        "difference(maximum(cat),minimum(cat)) != 0": lambda r: float(r["maximum(cat)"]) - float(r["minimum(cat)"]) not in (0, math.nan) and r["count(cat)"] != "0",
        "absolute(mean(all)) <= 1e0 or index < 2": lambda r: abs(float(r["mean(all)"])) <= 1 or int(r["neuron"]) < 2,
        "zeros(where:(label == 2 or row < 3)) > 0.5": lambda r: None,
    }
    for text, holds in conditions.items():
        for order in ("index", "mean(all)"):
            found = table(program.ok("export", store, "--layer", "fc", "--order", order, "--neurons", text).stdout)
            every = table(program.ok("export", store, "--layer", "fc", "--order", order).stdout)
            assert found and [r for r in every if r in found] == found
            if holds(rows[0]) is not None:
                assert found == [r for r in every if holds(r)], text
    for text, words in [("zeros(all)", "comparison"), ("zeros(nobody) < 1", "at byte 1"), ("zeros(all) < ", "missing"), ("zeros(all) < 1 1", "follows"),
                        ("(" * 200 + "index < 1" + ")" * 200, "inside each other")]:
        assert words in program.fails(64, "export", store, "--layer", "fc", "--neurons", text)


def test_a_flood_of_expressions(moment, rng):
    """Many clients with expressions that nobody else asks for: every answer is right or says when to come again."""
    _, facts, store = moment
    store = store()
    asked = [expression(rng, facts, MOMENT) for _ in range(60)]
    hostile = ["(" * 90 + "row < 5" + ")" * 90, " or ".join(["row == 1"] * 1000), " or ".join(["row == 1"] * 1001), "row in [" + ",".join(map(str, range(9000))) + "]",
               "row < 1e999", "row < -1e999", "value(fc, 3) < 1e999", "not " * 99 + "row < 3", "not " * 101 + "row < 3", '"' * 31, "\x00", "row == 1 " + "or" * 500]
    with Server(store.parent.parent) as server:
        base = server.json("/api/v1/datasets/job")["url"] + "/layers/fc"
        found = {}

        def ask(k):
            for text, holds in asked[k::12]:
                status, headers, body = server.get(at(f"{base}/summary", text, groups=0))
                found[text] = status in (503, 429) and headers["Retry-After"] or json.loads(body)["rows"] == int(holds.sum())
            for text in hostile[k::12]:
                status, _, body = server.get(at(f"{base}/tiles/0/0/0", text))
                found[text] = status in (200, 400, 414, 431, 503)

        threads = [threading.Thread(target=ask, args=(k,)) for k in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == len({*hostile, *(text for text, _ in asked)}) and all(found.values()), [t for t, ok in found.items() if not ok]
        assert server.stop() == 0


def test_brushes_of_twenty_clients_at_once(moment):
    """Each drags a brush of its own over a neuron: every position a group that nobody has asked for. What is kept of them is bounded."""
    values, _, store = moment
    store = store()
    codes = zarr.open_group(str(store), mode="r")["layers/fc/codes/columns"][:]
    with Server(store.parent.parent, "--cache-mib", "16") as server:
        url = server.json("/api/v1/datasets/job")["url"]
        layer = zarr.open_group(str(store), mode="r")["layers/fc"]
        found, others = [], []

        def drag(client):
            n = client % values.shape[1]
            e, origin = float(layer["grid/exponent"][n]), int(layer["grid/origin"][n])
            for step in range(20):
                a, b = (origin + 5 + 7 * step) * 2.0**e, (origin + 9 + 9 * step) * 2.0**e
                text = f"value(fc, {n}) >= {a!r} and value(fc, {n}) < {b!r}"
                status, _, body = server.get(at(f"{url}/rows", text, count=1))
                server.get(at(f"{url}/layers/fc/tiles/0/0/0", text))
                finite = np.isfinite(values[:, n])
                expected = int(((codes[n] >= 5 + 7 * step) & (codes[n] < 9 + 9 * step) & finite).sum())
                found.append(status in (429, 503) or status == 200 and json.loads(body)["total"] == expected)
                others.append(server.get(f"{url}/layers/fc/summary?groups=0")[0])

        clients = [n for n in range(values.shape[1]) if not layer["grid/tails"][n] and np.isfinite(values[:, n]).any()]
        threads = [threading.Thread(target=drag, args=(clients[k % len(clients)],)) for k in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 400 and all(found) and set(others) <= {200, 429, 503}
        assert server.resident_bytes < 256 << 20
        assert server.stop() == 0


def test_rows_of_several_samples_and_rows_never_written(program, precompute, job, tmp_path, rng):
    values = np.maximum(rng.normal(size=(120, 5, 3, 4)), 0).astype(np.float32)
    values[7, 2] = np.nan
    flat = rng.normal(size=(120, 6)).astype(np.float32)
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w") as f:
        f["conv"], f["labels"] = values, rng.integers(0, 3, 120)
        f.create_dataset("fc", (120, 6), np.float32, chunks=(40, 6))[:80] = flat[:80]
    store = precompute(job("missing: skip\nlayers: [{ dataset: conv, axes: NCHW, reduce: samples }, fc]", path), name="job")
    some = np.arange(120) % 2 == 1
    text = f"row in [{', '.join(map(str, np.flatnonzero(some)))}]"
    for row in table(program.ok("export", store, "--layer", "conv", "--where", text).stdout):
        these = values[some][:, int(row["neuron"])].ravel()
        assert int(row[f"count({text})"]) == np.isfinite(these).sum() and int(row[f"zeros({text})"]) == (these == 0).sum()
    for row in table(program.ok("export", store, "--layer", "fc", "--where", text, "--where", "value(fc, 1) < 0 or value(fc, 1) >= 0").stdout):
        assert int(row[f"count({text})"]) == 40 and int(row["count(value(fc, 1) < 0 or value(fc, 1) >= 0)"]) == 80
        low, high = float(row[f"median_low({text})"]), float(row[f"median_high({text})"])
        assert low <= np.median(flat[:80][some[:80], int(row["neuron"])]) <= high
    found = list(csv.DictReader(io.StringIO(program.ok("rows", store, "--layer", "conv", "--neuron", "2", "--where", "row < 50", "--top", "50").stdout)))
    best = {r: np.nanmax(values[r, 2]) for r in range(50) if r != 7}
    assert {int(row["row"]) for row in found} == set(best)
    assert all(float(row["low"]) <= best[int(row["row"])] <= float(row["high"]) for row in found)
    assert "samples" in program.fails(64, "export", store, "--layer", "fc", "--where", "value(conv, 1) > 0")


def test_a_class_that_is_not_there_is_told(program, precompute, dump, rng):
    """A group of no rows is no answer to a typing error."""
    path = dump({"fc": rng.normal(size=(40, 3)).astype(np.float32)}, np.array([b"cat", b"dog"])[np.arange(40) % 2])
    store = precompute(path)
    done = program.ok("export", store, "--layer", "fc", "--where", 'label == "Cat" or label in ["dog", 7]')
    assert 'no class "Cat"' in done.stderr and "no class 7" in done.stderr and "dog" not in done.stderr
    assert "no class" not in program.ok("rows", store, "--layer", "fc", "--neuron", "0", "--where", "label != 'cat'").stderr
