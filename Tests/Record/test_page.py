"""The page in a notebook's cell, in a real browser: by itself, and behind a real Jupyter with jupyter-server-proxy."""

import os
import re
import shutil
import subprocess
import sys
import threading

import neural_divergence as nd
import numpy as np
import playwright.sync_api as playwright
import pytest
from neural_divergence.recording import Batches, Layer, Recorder


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Layers hidden and logits, classes cat and dog, a pair of instances."""
    folder = tmp_path_factory.mktemp("page")
    x = np.random.default_rng(4).standard_normal((300, 2)).astype(np.float32)

    def forward(inputs):
        return {"hidden": Layer(np.maximum(inputs @ np.float32([[1, -2, 0.5, 0], [0.25, 1, -1, 0]]), 0), "NU"), "logits": Layer(inputs @ np.ones((2, 3), np.float32), "NU")}

    dump = Recorder(
        folder / "made.h5", forward, about={}, class_names=["cat", "dog", "eel"], scores="logits", total=300,
        instances={"benign": {"inputs": x[:2]}, "attacked": {"inputs": -x[:2]}}).run(Batches(64, inputs=x, labels=np.arange(300) % 3), None)  # fmt: skip
    return nd.precompute(dump.with_suffix(".yaml"), folder / "Tiles")


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
    for _ in range(1500):
        if page.link != page.started:
            break
        tab.wait_for_timeout(20)
    assert page.link != page.started, "no link came back from the frame"
    tab.frames[-1].wait_for_selector("canvas")
    assert tab.faults == []
    assert page.selection["layers"] == ["hidden"] and sorted(page.selection["groups"]) == ["cat", "dog"]
    assert page.selection["instances"] == ["attacked 1"]


SHOWN = {"layers": ["hidden"], "groups": ["dog", "cat"], "instances": ["attacked 1"]}


def test_in_a_cell(store, tab):
    page = store.show(**SHOWN)
    try:
        tab.set_content(page._repr_html_())
        is_shown(tab, page)
    finally:
        page.close()


def test_behind_jupyter_server_proxy(store, tab, jupyter, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ana/")
    page = store.show(**SHOWN)
    try:
        assert page.url.startswith("/user/ana/proxy/absolute/")
        tab.goto(f"{jupyter}/user/ana/?token=t")  # signed in from here on
        tab.goto(jupyter + page.url + page.started)
        is_shown(tab, page)
    finally:
        page.close()
