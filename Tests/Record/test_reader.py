"""The reader, against the dump read with h5py and computed with NumPy; and the page in a frame, in a real browser."""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse

import h5py
import neural_divergence as nd
import numpy as np
import playwright.sync_api as playwright
import pytest
from conftest import ROOT
from neural_divergence.program import ProgramError
from neural_divergence.recording import Batches, Layer, Recorder

ROWS = 300
NAMES = ["1", "a cat, or so", "dog"]  # names that could be taken for numbers or for lists


def forward(inputs):
    x = np.asarray(inputs, np.float32)
    return {"hidden": Layer(np.maximum(x @ np.float32([[1, -2, 0.5, 0], [0.25, 1, -1, 0]]), 0), "NU"), "logits": Layer(x @ np.ones((2, 3), np.float32), "NU")}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    x = np.random.default_rng(4).standard_normal((ROWS, 2)).astype(np.float32)
    pictures = np.random.default_rng(5).integers(0, 256, (ROWS, 6, 5), np.uint8)
    batches = Batches(64, inputs=x, labels=np.arange(ROWS) % 3, texts=[f"Satz {i} – ä" for i in range(ROWS)], pictures=pictures, columns={"age": x[:, 0].astype(float), "even": np.arange(ROWS) % 2 == 0})
    dump = Recorder(
        folder / "made.h5", forward, about={}, class_names=NAMES, scores="logits", total=ROWS,
        instances={"benign": {"inputs": x[:2]}, "attacked": {"inputs": -x[:2]}}).run(batches, None)  # fmt: skip
    store = nd.precompute(dump.with_suffix(".yaml"), folder / "Tiles")
    with h5py.File(dump) as file:
        values = file["activations/hidden"][...]
    return store, values, np.arange(ROWS) % 3, x, pictures, dump


def test_tables(made):
    store, values, labels, x, pictures, _ = made
    assert store.layers.loc["hidden", "neurons"] == 4 and list(store.layers.index) == ["hidden", "logits"]
    assert store.groups["rows"].to_dict() == {"all": 300, "1": 100, "a cat, or so": 100, "dog": 100}
    assert list(store.instances.index) == ["benign 0", "benign 1", "attacked 0", "attacked 1"]
    rows = store.rows
    assert list(rows["label"]) == [NAMES[label] for label in labels] and list(rows["even"]) == [i % 2 == 0 for i in range(ROWS)]
    np.testing.assert_array_equal(rows["age"], x[:, 0].astype(float))
    np.testing.assert_array_equal(store.picture(17), pictures[17])
    assert store.text(0) == "Satz 0 – ä" and store.text(299) == "Satz 299 – ä"
    assert nd.open(store.path.parent).version == nd.open(store.path).version == store.version


def test_statistics_and_values(made):
    store, values, labels, x, _, _ = made
    layer = store["hidden"]
    for place, name in enumerate(NAMES):
        mine = values[labels == place]
        found = layer.statistics(name)
        np.testing.assert_array_equal(found["median"], np.median(mine, 0))
        np.testing.assert_array_equal(found["zeros"], (mine == 0).sum(0))
        np.testing.assert_allclose(found["mean"], mine.astype(float).mean(0))
        np.testing.assert_array_equal(layer.statistics(None).loc[name]["median"], np.median(mine, 0))
    np.testing.assert_array_equal(layer.values()["attacked 1"], forward(-x[1:2])["hidden"].values[0])


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
    found = layer.compare("1", "dog").sort_index()
    a, b = values[labels == 0, 0].astype(float), values[labels == 2, 0].astype(float)
    auroc = (a[:, None] < b).mean() + 0.5 * (a[:, None] == b).mean()  # that the second group is above the first
    assert abs(found.loc[0, "auroc"] - auroc) <= found.loc[0, "auroc_bound"]
    named = layer.table("median(1)", groups=["1", "a cat, or so"], instances=["benign 1"], where="row < 9")
    assert "median(a cat, or so)" in named and "count(row < 9)" in named and list(named["count(1)"]) == [100] * 4
    assert (store.compare(store, "hidden", "dog")["wasserstein"] == 0).all()


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


@pytest.mark.parametrize("golden", ["Tiles/golden/store/golden", "Tiles/golden/version-2/store/golden"])
def test_golden_stores_of_all_formats_are_read(golden):
    store = nd.open(ROOT / golden)
    for name in store.layers.index:
        assert (store[name].histograms().counts.sum(1) == store[name].statistics()["count"]).all()


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
        assert ask(base + "link", "PUT", "#1;l=hidden;n=hidden.3;g=2;p0=3.z")[0] == 204
        assert page.selection == {"layers": ["hidden"], "groups": ["a cat, or so"], "instances": [], "neuron": ("hidden", 3), "pinned": {"hidden": [3, 35]}}
        assert ask(base + "link", "PUT", "x" * 70_000)[0] == 404
    finally:
        page.close()
    assert page.process.returncode == 0


@pytest.fixture
def jupyter(tmp_path):
    """A Jupyter server with jupyter-server-proxy, as a hub runs it for a person: its address with the token."""
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "JUPYTER_DATA_DIR": str(tmp_path / "data"), "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    options = ["--no-browser", "--allow-root", "--ServerApp.port=0", "--ServerApp.ip=127.0.0.1", "--ServerApp.base_url=/user/ana/", "--IdentityProvider.token=t"]
    with subprocess.Popen(
        [sys.executable, "-m", "jupyter", "server", *options, f"--ServerApp.root_dir={tmp_path}"], env=environment, stderr=subprocess.PIPE, text=True
    ) as running:  # fmt: skip
        port = next(found[1] for line in running.stderr if (found := re.search(r"http://127.0.0.1:(\d+)/user/ana/", line)))
        threading.Thread(target=lambda: [None for _ in running.stderr], daemon=True).start()
        yield f"http://127.0.0.1:{port}"
        running.terminate()


@pytest.fixture
def tab():
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=os.environ.get("ND_CHROMIUM") or shutil.which("chromium"))
        tab = browser.new_page()
        tab.faults = []
        tab.on("pageerror", lambda error: tab.faults.append(str(error)))
        yield tab
        browser.close()


def is_shown(tab, page):
    """Waits for the picture in the innermost frame, and for the link of it to come back: the page adds the orders that it chose."""
    while page.link == page.started:
        tab.wait_for_timeout(20)
    tab.frames[-1].wait_for_selector("canvas")
    assert tab.faults == []
    assert page.selection["layers"] == ["hidden"] and sorted(page.selection["groups"]) == ["1", "dog"]
    assert page.selection["instances"] == ["attacked 1"]


SHOWN = {"layers": ["hidden"], "groups": ["dog", "1"], "instances": ["attacked 1"]}


def test_in_a_cell(made, tab):
    page = made[0].show(**SHOWN)
    try:
        tab.set_content(page._repr_html_())
        is_shown(tab, page)
    finally:
        page.close()


def test_behind_jupyter_server_proxy(made, tab, jupyter, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ana/")
    page = made[0].show(**SHOWN)
    try:
        assert page.url.startswith("/user/ana/proxy/absolute/")
        tab.goto(f"{jupyter}/user/ana/?token=t")  # signed in from here on
        tab.goto(jupyter + page.url + page.started)
        is_shown(tab, page)
    finally:
        page.close()
