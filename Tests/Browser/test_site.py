"""The client on a site of plain files, under `python3 -m http.server`: it looks and does as with the server."""

import pathlib
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from stores import PROGRAM, ROOT
from plots import neuron_at, pixels, sharp, sort, view, zoom_to_names

pytestmark = pytest.mark.skipif(not pathlib.Path(PROGRAM).exists(), reason="needs the program itself, to export")


# The link follows the view a little later, when that has come to rest.
LINK_IS_AT_REST = """() => {
  if (window.lastLink !== location.hash) [window.lastLink, window.lastChange] = [location.hash, performance.now()];
  return location.hash.length > 1 && performance.now() - window.lastChange > 1000;
}"""


@pytest.fixture(scope="module")
def site(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "site"
    subprocess.run([PROGRAM, "export", str(store), "--static", str(folder), "--web", str(ROOT / "web")], check=True, stdout=subprocess.DEVNULL)
    # A folder deeper than the root: a site may lie anywhere on a host.
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", str(folder.parent)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield f"http://127.0.0.1:{re.search(r'port ([0-9]+)', process.stdout.readline())[1]}/site/"
    process.kill()
    process.wait()


@pytest.fixture
def both(open_page, url, site):
    """The same page from the server and from plain files."""
    pages = []
    for address in (url, site):
        page = open_page()
        page.goto(address)
        sharp(page)
        pages.append(page)
    yield pages
    for page in pages:
        assert page.problems == [], "the console stays empty"


def test_the_story_looks_the_same(both, story):
    layer = story["layers"][0]
    served, static = both
    seen = pixels(served, layer)
    assert seen["coloured"] > 5000
    assert pixels(static, layer) == seen
    for by, items in (
        ("median", [f"median {story['groups'][0]}"]),
        ("difference", [f"value {story['instances'][0]}", f"median {story['groups'][1]}"]),
        ("index", []),
    ):
        for direction in ("ascending", "descending"):
            for page in both:
                sort(page, layer, by, items, direction)
            assert pixels(static, layer) == pixels(served, layer), (by, direction)
    assert pixels(static, layer) != seen


def test_the_sort_menu_names_the_first_neurons(both, story):
    told = []
    for page in both:
        page.click(f"#column-{story['layers'][0]} .sort-button")
        page.locator(".choice", has=page.locator("#sort-by-median")).hover()
        expect(page.locator(".first-neurons")).to_contain_text("First by median of")
        expect(page.locator(".first-neurons b")).to_have_count(5)
        told.append(page.inner_text(".first-neurons"))
    assert told[0] == told[1]


def test_zoomed_in_rows_neurons_and_pictures(both, story):
    layer = story["layers"][0]
    words = []
    for page in both:
        page.wait_for_selector(".pair.chosen .ring")
        zoom_to_names(page, layer)
        names = [neuron_at(page, layer, line) for line in range(3)]
        page.wait_for_function(LINK_IS_AT_REST)
        page.goto(f"{page.url};n={layer}.{names[1]}")
        page.reload()
        page.wait_for_function("() => document.querySelectorAll('.row-card').length === 32")
        page.click(".neuron-more summary")
        page.wait_for_selector("#neuron-body table")
        page.wait_for_selector(".ranks li")
        sharp(page)
        words.append((names, view(page, layer), pixels(page, layer), [page.locator(f"#neuron-body {part}").first.inner_text() for part in (".neuron-words", ".firing-lists", ".standings", ".neuron-more")]))
    assert words[0] == words[1]
    assert "Fire it most" in words[1][3][1]
    assert "std. dev." in words[1][3][3]


@pytest.mark.parametrize(("menu", "value"), [("axis-mode", "own"), ("axis-scale", "symlog"), ("bins", "16"), ("bins", "256")])
def test_other_axes_and_bins_look_the_same(both, story, menu, value):
    served, static = both
    for page in both:
        page.select_option(f"#{menu}", value)
        sharp(page)
    for layer in story["layers"]:
        assert pixels(static, layer) == pixels(served, layer)


def test_no_request_needs_a_server(open_page, site):
    page = open_page()
    asked = []
    page.on("request", lambda request: asked.append((request.url, request.headers.get("range"))))
    page.goto(site)
    sharp(page)
    assert asked and all(url.startswith(site) and "?" not in url and ranged is None for url, ranged in asked)
    data = [url for url, _ in asked if "/api/" in url]
    assert data and all(re.search(r"/[0-9a-f]{32}\.(bin|json|png)$", url) for url in data)
    assert page.problems == []
