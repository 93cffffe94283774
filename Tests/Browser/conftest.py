"""What the browser tests share: a server with the demo store, a Chromium, and a page whose console must stay empty.

With ND_URL set, that server is used; otherwise the demo job is precomputed and served from a temporary folder by the
program named in ND_DIVERGENCE (default: the debug build). ND_CHROMIUM names the browser. Tests wait for what the page
says of itself (html[data-state]), never for a clock.
"""

import json
import os
import urllib.parse
import urllib.request

import pytest
from demodump import Dump
from hands import Hands
from playwright.sync_api import sync_playwright
from plots import sharp, zoom_to_names
from stores import ROOT, Server, once, synthetic

CHROMIUM = os.environ.get("ND_CHROMIUM", "/usr/bin/chromium")
TIMEOUT_MS = 30_000


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """The demo store."""
    return once(tmp_path_factory, "demo", lambda _: ROOT / "Jobs" / "demo.yaml")


@pytest.fixture(scope="session")
def large_url(tmp_path_factory):
    """A server with one layer of 262,144 neurons, three classes and three pairs."""
    server = Server(once(tmp_path_factory, "large", lambda folder: synthetic(folder, "large", neurons=262_144, rows=24)))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def classes_url(tmp_path_factory):
    """A server with 300 classes."""
    server = Server(once(tmp_path_factory, "classes", lambda folder: synthetic(folder, "classes", neurons=96, rows=1200, classes=300, pairs=40)))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def language():
    """What layers and classes of a language model look like: `names`, `classes`, `labels` [row], `layers` [layer, row, neuron]."""
    from language import Language

    return Language()


@pytest.fixture(scope="session")
def language_url(tmp_path_factory, language):
    """A server with the layers and classes of `language`."""
    server = Server(once(tmp_path_factory, "language", language.write))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def lacking_url(tmp_path_factory):
    """A server with two layers, of which the attacked instance has the first only."""

    def make(folder):
        import h5py
        import numpy as np

        values = np.random.default_rng(1).random((60, 40), "f4")
        with h5py.File(folder / "lacking.h5", "w") as file:
            file["labels"] = np.arange(60) % 2
            for layer in ("first", "second"):
                file[f"activations/{layer}"] = values
                file[f"instances/benign/activations/{layer}"] = values[:1]
            file["instances/attacked/activations/first"] = values[1:2]
        return folder / "lacking.h5"

    server = Server(once(tmp_path_factory, "lacking", make))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def url(request):
    if os.environ.get("ND_URL"):
        yield os.environ["ND_URL"].rstrip("/") + "/"
        return
    server = Server(request.getfixturevalue("store"))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def api(url):
    def get(path):
        with urllib.request.urlopen(urllib.parse.urljoin(url, path)) as response:
            return json.load(response)
    return get


@pytest.fixture(scope="session")
def metadata(api):
    entry = api("api/v1/datasets")["datasets"][0]
    return api(f"api/v1/datasets/{entry['name']}/{entry['version']}")


@pytest.fixture(scope="session")
def story(metadata):
    """The last two dense layers, two classes and a pair: the job's choice, or the paper's."""
    start = metadata.get("start") or {}
    layers = [layer["id"] for layer in metadata["layers"]]
    classes = [i for i, group in enumerate(metadata["groups"]) if group["kind"] == "class"]
    return {
        "layers": start.get("layers") or layers[-3:-1],
        "groups": start.get("groups") or classes[:2],
        "instances": start.get("instances") or [0, 1],
    }


@pytest.fixture(scope="session")
def dump():
    """The demo's dump in NumPy."""
    return Dump()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Opens pages of any size; what they write to the console is collected in `page.problems`."""
    contexts = []

    def open_one(**options):
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "color_scheme": "light", **options})
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        page.problems = []
        # The one warning left out is about the tests' own reading of pixels.
        page.on("console", lambda message: page.problems.append(message.text)
                if message.type in ("error", "warning") and "willReadFrequently" not in message.text else None)
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page):
    page = open_page()
    yield page
    assert page.problems == [], "the console stays empty"


def pytest_configure(config):
    config.addinivalue_line("markers", "task(number, words, most): one of the thirty tasks of a researcher, and how many clicks and keys it may take")


@pytest.fixture
def task(open_page, request, record_property):
    """Opens the page for a task, by default on the demo; what the task took is counted, printed at the end of all tests, and bounded."""
    marker = request.node.get_closest_marker("task")
    taken = []

    def begin(address=None, **options):
        page = open_page(**options)
        page.goto(address or request.getfixturevalue("url"))
        sharp(page)
        taken.append(Hands(page))
        return taken[-1]

    yield begin
    clicks, keys, turns = (sum(getattr(hands, name) for hands in taken) for name in ("clicks", "keys", "turns"))
    record_property("task", [*marker.args, clicks, keys, turns])
    assert [hands.page.problems for hands in taken] == [[]] * len(taken), "the console stays empty"
    assert clicks + keys <= marker.kwargs["most"], f"{clicks} clicks and {keys} keys"


def pytest_terminal_summary(terminalreporter):
    found = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", []):
                if name == "task":
                    found.setdefault(tuple(value[:2]), value)
    if found:
        terminalreporter.section("what the tasks take")
        terminalreporter.write_line(f"{'':>2}  {'task':<58}{'clicks':>7}{'keys':>6}{'wheel':>7}")
        for number, words, clicks, keys, turns in sorted(found.values()):
            terminalreporter.write_line(f"{number:>2}  {words:<58}{clicks:>7}{keys or '':>6}{turns or '':>7}")


@pytest.fixture
def layer(page, url, story):
    """The story's first layer, on a page that shows the names of its neurons."""
    page.goto(url)
    sharp(page)
    zoom_to_names(page, story["layers"][0])
    return story["layers"][0]
