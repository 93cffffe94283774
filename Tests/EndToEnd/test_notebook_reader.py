"""The reader for notebooks: what it gives equals what NumPy makes of the dump, in a new store and in the golden ones of all formats."""

import http.client
import json
import os
import shutil
import sys
import urllib.parse

import h5py
import numpy as np
import pytest

from programs import PROGRAM, ROOT, Program, write_dump
from serving import GOLDENS

os.environ.setdefault("ND_DIVERGENCE", PROGRAM)
sys.path += [str(ROOT / "Jobs" / "record"), str(ROOT / "Tiles" / "golden")]

import make_golden  # noqa: E402
import neural_divergence as nd  # noqa: E402
import neural_divergence.store as reader  # noqa: E402
from neural_divergence.program import ProgramError  # noqa: E402

ROWS = 300
NAMES = ["1", "a cat, or so", "dog"]  # names that could be taken for numbers or for lists
TEXTS = [f"Satz {i} – ä" if i % 7 else "" for i in range(ROWS)]
JOB = """
name: made
dumps: [made.h5]
layers:
  - { name: hidden, dataset: activations/hidden, axes: NU }
  - { name: logits, dataset: activations/logits, axes: NU }
labels: labels
predictions: predictions
class_names: class_names
scores: activations/logits
pictures: pictures
texts: texts
columns: [columns/age, columns/even]
instances: instances
"""


def forward(x):
    return np.maximum(x @ np.float32([[1, -2, 0.5, 0], [0.25, 1, -1, 0]]), 0), x @ np.float32([[1, 0, -1], [0, 1, -1]])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    x = np.random.default_rng(4).standard_normal((ROWS, 2)).astype(np.float32)
    hidden, logits = forward(x)
    twins = {"benign": forward(x[:2]), "attacked": forward(-x[:2])}
    strings = h5py.string_dtype()
    dump = write_dump(
        folder / "made.h5", {"activations/hidden": hidden, "activations/logits": logits, "texts": (TEXTS, {"dtype": strings}), "class_names": (NAMES, {"dtype": strings})},
        labels=np.arange(ROWS) % 3, predictions=logits.argmax(1), pictures=np.random.default_rng(5).integers(0, 256, (ROWS, 6, 5), np.uint8),
        **{"columns/age": x[:, 0].astype(float), "columns/even": np.arange(ROWS) % 2 == 0},
        **{f"instances/{kind}/activations/{layer}": values for kind, both in twins.items() for layer, values in zip(("hidden", "logits"), both)},
        **{f"instances/{kind}_prediction": both[1].argmax(1) for kind, both in twins.items()})  # fmt: skip
    (folder / "made.yaml").write_text(JOB)
    store = nd.precompute(folder / "made.yaml", folder / "Tiles")
    with h5py.File(dump) as file:
        return store, hidden, np.arange(ROWS) % 3, x, file["pictures"][...], dump


def test_tables(made):
    store, values, labels, x, pictures, _ = made
    assert store.layers.loc["hidden", "neurons"] == 4 and list(store.layers.index) == ["hidden", "logits"]
    assert store.groups["rows"].to_dict() == {"all": 300, "1": 100, "a cat, or so": 100, "dog": 100}
    assert list(store.instances.index) == ["benign 0", "benign 1", "attacked 0", "attacked 1"]
    rows, logits = store.rows, np.sort(forward(x)[1].astype(float), axis=1)
    assert list(rows["label"]) == [NAMES[label] for label in labels] and list(rows["even"]) == [i % 2 == 0 for i in range(ROWS)]
    assert list(rows["prediction"]) == [NAMES[k] for k in forward(x)[1].argmax(1)]
    np.testing.assert_array_equal(rows["margin"], logits[:, -1] - logits[:, -2])
    np.testing.assert_array_equal(rows["age"], x[:, 0].astype(float))
    np.testing.assert_array_equal(store.picture(17), pictures[17])
    assert [store.text(row) for row in (0, 1, 6, 7, 8, ROWS - 1)] == [TEXTS[row] for row in (0, 1, 6, 7, 8, ROWS - 1)]
    assert nd.open(store.path.parent).version == nd.open(store.path).version == store.version


def test_statistics_and_values(made):
    store, values, labels, x, _, _ = made
    layer = store["hidden"]
    everything = layer.statistics(None)
    for place, name in enumerate(NAMES):
        found = layer.statistics(name)
        is_as_numpy_has_it(found, values[labels == place].astype(float), np.float32)
        assert everything.loc[name].equals(found)
    np.testing.assert_array_equal(layer.values()["attacked 1"], forward(-x[1:2])[0][0])


def is_as_numpy_has_it(found, values, kind):
    """A table of statistics beside `values` [value, neuron] in float64."""
    finite = [column[np.isfinite(column)] for column in values.T]
    exact = {
        "count": [len(one) for one in finite], "zeros": [(one == 0).sum() for one in finite],
        "nan": np.isnan(values).sum(0), "infinite": np.isinf(values).sum(0),
        "minimum": [one.min(initial=np.inf) if len(one) else np.nan for one in finite],
        "maximum": [one.max(initial=-np.inf) if len(one) else np.nan for one in finite],
        **{name: [kind(np.quantile(one, q)) if len(one) else np.nan for one in finite]
           for name, q in (("median", 0.5), ("lower_quartile", 0.25), ("upper_quartile", 0.75))},
    }  # fmt: skip
    for name, expected in exact.items():
        np.testing.assert_array_equal(found[name], expected, err_msg=name)
    for name, expected in {"mean": np.mean, "deviation": np.std}.items():
        np.testing.assert_allclose(found[name], [expected(one) if len(one) else np.nan for one in finite], rtol=1e-9, atol=1e-12, err_msg=name)
    assert sorted(found) == sorted([*exact, "mean", "deviation"])


def test_histograms_have_their_edges(made):
    store, values, labels, _, _, _ = made
    layer = store["hidden"]
    many = layer.histograms("dog")
    for neuron in range(4):
        counts, edges = layer.histogram(neuron, "dog")
        np.testing.assert_array_equal(counts, np.histogram(values[labels == 2, neuron], edges)[0])
        np.testing.assert_array_equal(many.counts[neuron], counts)
        np.testing.assert_array_equal(many.edges[neuron], edges)
        moment, _ = layer.histogram(neuron, where="row < 70 and label == 'dog'")
        np.testing.assert_array_equal(moment, np.histogram(values[:70][labels[:70] == 2, neuron], edges)[0])


def test_orders_rows_and_comparisons_are_the_programs(made):
    store, values, labels, _, _, _ = made
    layer = store["hidden"]
    medians = [np.median(values[labels == place], 0).astype(float) for place in range(3)]
    np.testing.assert_array_equal(layer.order("difference(median(dog),median(1))", "descending"), np.argsort(-(medians[2] - medians[0]), kind="stable"))
    top = layer.rows(1, group="a cat, or so", top=5)
    mine = np.flatnonzero(labels == 1)
    assert list(top["row"]) == list(mine[np.argsort(-values[mine, 1], kind="stable")][:5])
    assert set(layer.rows(1, where="row >= 290")["row"]) <= set(range(290, 300))
    told_apart(layer.compare("1", "dog"), values[labels == 0].astype(float), values[labels == 2].astype(float))
    named = layer.table("median(1)", groups=["1", "a cat, or so"], instances=["benign 1"], where="row < 9")
    assert "median(a cat, or so)" in named and "count(row < 9)" in named and list(named["count(1)"]) == [100] * 4
    assert (store.compare(store, "hidden", "dog")["wasserstein"] == 0).all()


def told_apart(found, a, b, has_tails=lambda neuron: False):
    """A comparison of two groups, sorted by its first figure, beside their values [value, neuron] in float64."""
    assert sorted(found.index) == list(range(a.shape[1]))
    for neuron, one in found.sort_index().iterrows():
        first, second = (side[:, neuron][np.isfinite(side[:, neuron])] for side in (a, b))
        if not len(first) or not len(second):
            assert np.isnan(one["auroc"]) and np.isnan(one["wasserstein"]), neuron
            continue
        auroc = (first[:, None] < second).mean() + 0.5 * (first[:, None] == second).mean()  # that the second group is above the first
        at = np.unique(np.concatenate([first, second]))
        shares = [np.searchsorted(np.sort(side), at, "right") / len(side) for side in (first, second)]
        wasserstein = (np.abs(shares[0] - shares[1])[:-1] * np.diff(at)).sum()
        assert abs(one["auroc"] - auroc) <= one["auroc_bound"] + 1e-12, neuron
        if has_tails(neuron):  # how far the values in its last bins lie, nobody knows
            assert np.isnan(one["wasserstein_bound"]), neuron
        else:
            assert abs(one["wasserstein"] - wasserstein) <= one["wasserstein_bound"] * (1 + 1e-9) + 1e-12, neuron
        assert abs(one["kolmogorov_smirnov"] - np.abs(shares[0] - shares[1]).max()) <= one["kolmogorov_smirnov_bound"] + 1e-12, neuron


def test_rows_are_judged_by_the_program(made):
    store, dump = made[0], made[5]
    judged = store.score(dump, alarm=0.1)
    assert len(judged) == ROWS and list(judged["prediction"]) == list(store.rows["prediction"])
    ordinary = judged["alarm"].mean()
    assert 0 < ordinary < 0.3 and list(store.score().index) == list(store.instances.index)


def test_what_is_not_there_is_told(made, tmp_path):
    store = made[0]
    with pytest.raises(KeyError, match="has no layer 'hiden'. It has hidden, logits"):
        store["hiden"]
    with pytest.raises(KeyError, match="has no group '2'"):
        store["hidden"].statistics("2")
    with pytest.raises(KeyError, match="has no group '2'"):
        store["hidden"].rows(0, group="2")
    with pytest.raises(IndexError, match="neurons 0 to 3"):
        store["hidden"].histogram(4)
    for row in (-1, ROWS):
        for what in (store.picture, store.text):
            with pytest.raises(IndexError, match=f"made has the rows 0 to 299, and not {row}"):
                what(row)
    with pytest.raises(FileNotFoundError, match="is no store"):
        nd.open(tmp_path)
    with pytest.raises(ProgramError, match="nonsense"):
        store["hidden"].order("median(nonsense)")


def test_a_store_of_a_later_format_is_refused(made, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(made[0].path, copy)
    root = copy / "zarr.json"
    found = json.loads(root.read_text())
    found["attributes"]["format_version"] = 9
    root.write_text(json.dumps(found))
    with pytest.raises(ValueError, match="Is there a newer one"):
        nd.open(copy)


# Golden stores, beside the rows that they were made of, which `make_golden.make_rows` makes again.

of_all_formats = pytest.mark.parametrize("golden", GOLDENS, ids=["version 1", "version 2"])
GROUPS = {"all": None, "cat (tabby), or not": 0, "chien λ/2": 1}


def golden_values(layer, group):
    """[value, neuron] in float64, each position a value."""
    labels, layers, _ = make_golden.make_rows()
    values = layers[layer] if GROUPS[group] is None else layers[layer][labels == GROUPS[group]]
    return values.reshape(-1, values.shape[-1]).astype(float)


@of_all_formats
@pytest.mark.parametrize("layer, kind", [("wide", np.float32), ("spread", np.float64)])
def test_golden_statistics(golden, layer, kind):
    for group in GROUPS:
        is_as_numpy_has_it(nd.open(golden)[layer].statistics(group), golden_values(layer, group), kind)


@of_all_formats
@pytest.mark.parametrize("layer", ["wide", "spread"])
def test_golden_histograms_with_their_edges(golden, layer):
    for group in GROUPS:
        found = nd.open(golden)[layer].histograms(group)
        for neuron, values in enumerate(golden_values(layer, group).T):
            counts = np.histogram(values[np.isfinite(values)], found.edges[neuron])[0]
            np.testing.assert_array_equal(found.counts[neuron], counts, err_msg=f"{group} {neuron}")
        one = nd.open(golden)[layer].histogram(9, group)
        np.testing.assert_array_equal(one.counts, found.counts[9])
        np.testing.assert_array_equal(one.edges, found.edges[9])
    assert np.isinf(nd.open(golden)["wide"].histogram(9).edges[[0, -1]]).all()  # the one with tails


@of_all_formats
def test_golden_orders(golden):
    layer = nd.open(golden)["block 1/wide"]  # by its name, which is not its id
    values = layer.values()
    _, _, instances = make_golden.make_rows()
    np.testing.assert_array_equal(values.to_numpy().T, instances["wide"])
    medians = {group: layer.statistics(group)["median"].to_numpy(float) for group in GROUPS}
    difference = medians["cat (tabby), or not"] - medians["chien λ/2"]
    np.testing.assert_array_equal(layer.order("median(cat (tabby), or not)"), sorted_by(medians["cat (tabby), or not"]))
    np.testing.assert_array_equal(layer.order("difference(median(cat (tabby), or not),median(chien λ/2))", "descending"), sorted_by(-difference))
    np.testing.assert_array_equal(layer.order("value(attacked 0)", "descending"), sorted_by(-instances["wide"][1].astype(float)))


@of_all_formats
@pytest.mark.parametrize("layer", ["wide", "spread"])
def test_golden_comparisons(golden, layer):
    names, edges = list(GROUPS)[1:], nd.open(golden)[layer].histograms().edges
    found = nd.open(golden)[layer].compare(*names)
    told_apart(found, *(golden_values(layer, name) for name in names), has_tails=lambda neuron: np.isinf(edges[neuron, 0]))


@of_all_formats
def test_golden_rows(golden):
    """What each row is, neither store says; which rows fire a neuron most is in the store since format 2."""
    store = nd.open(golden)
    assert len(store.rows) == store.attributes["dataset"]["rows"] == 220 and list(store.rows.columns) == []
    for what in (store.picture, store.text):
        with pytest.raises(KeyError, match="golden has no (pictures|texts) of its rows"):
            what(0)
    neuron, values = 30, make_golden.make_rows()[1]["wide"][:, 0, 30]
    if golden == GOLDENS[0]:
        with pytest.raises(ProgramError, match="codes|rows"):
            store["wide"].rows(neuron)
    else:
        assert list(store["wide"].rows(neuron, top=16)["row"]) == list(np.argsort(-values, kind="stable")[:16])


@of_all_formats
def test_a_statistic_that_came_later_is_missing_in_older_stores(golden, monkeypatch):
    monkeypatch.setattr(reader, "STATISTICS", ("count", "mode", *reader.STATISTICS[1:]))
    layer = nd.open(golden)["wide"]
    for found in (layer.statistics(), layer.statistics(None)):
        assert list(found) == [name for name in reader.STATISTICS if name != "mode"]


def sorted_by(keys):
    """Ascending; ties by neuron, NaN last."""
    return np.lexsort((np.arange(len(keys)), np.where(np.isnan(keys), 0, keys), np.isnan(keys)))


def ask(url, method="GET", body=None, **headers):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request(method, parts.path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_the_page_is_behind_its_own_prefix_and_token(made):
    page = made[0].show()
    try:
        base = page.url.removesuffix("view")
        status, headers, _ = ask(base)
        assert status == 200 and "frame-ancestors" not in headers["Content-Security-Policy"]
        assert json.loads(ask(base + "api/v1/datasets")[2])["datasets"][0]["name"] == "made"
        origin = base[: base.index("/", 8)]
        assert ask(origin + "/")[0] == ask(origin + "/view")[0] == 404
        # The tile server itself tells nobody anything but whoever has the token.
        prefix = urllib.parse.urlsplit(base).path
        assert json.loads(ask(f"http://127.0.0.1:{page.port}{prefix}api/v1/datasets")[2])["datasets"] == []
        made_there = "w=3.label+%3D%3D+%22dog%22+and+row+%3C+9!my+dogs,4.label+%21%3D+prediction"  # as `web/src/model/moments.js` writes them
        assert ask(base + "link", "PUT", f"#1;l=hidden;n=hidden.3;g=2,w1,w0;i=1,r17;{made_there};p0=3.z")[0] == 204
        assert page.selection == {
            "layers": ["hidden"], "groups": ["a cat, or so"], "instances": ["benign 1"], "where": ["label != prediction", 'label == "dog" and row < 9'],
            "rows": [17], "neuron": ("hidden", 3), "pinned": {"hidden": [3, 35]}}  # fmt: skip
        assert [f"count({one})" in made[0]["hidden"].table(where=one) for one in page.selection["where"]] == [True, True]
        assert ask(base + "link", "PUT", "x" * 70_000)[0] == 404
    finally:
        page.close()
    assert page.process.returncode == 0
