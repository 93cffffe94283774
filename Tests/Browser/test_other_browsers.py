"""The walk-through in Firefox and WebKit, beside Chromium: the same words, and roughly the same picture. `make test-browsers` installs them.

ND_SCREENSHOTS=folder keeps a picture of each step.
"""

import os
import pathlib
import shutil

import numpy as np
import pytest

from drivers import Chromium, Firefox, WebKit

SCREENSHOTS = os.environ.get("ND_SCREENSHOTS")
NEEDED = {"firefox": ["firefox-esr"], "webkit": ["WebKitWebDriver", "xvfb-run"]}
GRID = (12, 16)

#: The share of coloured pixels in each cell of a grid over the plot, all of a layer.
CELLS = """const [layer, rows, columns] = arguments, element = document.querySelector(`#column-${layer}`), facts = element.dataset;
const canvas = element.querySelector('canvas.plot'), ratio = devicePixelRatio;
const at = [facts.plotX, facts.plotTop, facts.plotWidth, facts.plotHeight].map((one) => Math.round(one * ratio));
const { data } = canvas.getContext('2d').getImageData(...at);
const cells = Array.from({ length: rows }, () => new Array(columns).fill(0));
for (let y = 0; y < at[3]; y++) for (let x = 0; x < at[2]; x++) {
    const i = (y * at[2] + x) * 4;
    if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 24) cells[Math.floor(y * rows / at[3])][Math.floor(x * columns / at[2])]++;
}
return cells.map((row) => row.map((n) => n * rows * columns / (at[2] * at[3])));"""
TEXT = "return [...document.querySelectorAll(arguments[0])].filter((one) => one.offsetParent !== null || one.closest('svg')).map((one) => (one.selectedOptions ? one.selectedOptions[0].text : one.textContent).replace(/\\s+/g, ' ').trim())"
PLACE = "const box = document.querySelector(arguments[0]).getBoundingClientRect(); return [box.x, box.y, box.width, box.height]"


class Walk:
    """The steps, and what is seen after each: words, and pictures as grids."""

    def __init__(self, browser, url):
        self.browser, self.words, self.pictures = browser, {}, {}
        self.step = 0
        browser.size()
        browser.goto(url)
        self.sharp()
        self.note("first view", ["#dataset-facts", ".layer-toggle .name", ".class-toggle .name", "#story", "#legend .key", "#guide", ".column h2", ".sort-button", ".direction-button"], ["dense_1", "dense_2"])
        self.press('.layer-toggle[data-layer="dense_2"]')
        self.press('.layer-toggle[data-layer="logits"]')
        self.press('.class-toggle[data-group="10"]')
        self.sharp()
        self.note("layer and class", ["#legend .key", ".column h2", ".facts", "#classes-count"], ["dense_1", "logits"])
        x, y, width, _ = self.place("#column-dense_1 canvas.plot")
        facts = self.facts("dense_1")
        self.browser.click(x + float(facts["plotX"]) + 40, y + float(facts["plotTop"]) + 2)
        self.browser.wait("+document.querySelector('#column-dense_1').dataset.rowHeight >= 12")
        self.sharp()
        self.browser.move(5, 5)
        self.note("zoomed in", ["#guide"], ["dense_1"])
        self.press("#column-dense_1 .sort-button")
        self.browser.wait("document.querySelector('#popover:not([hidden]) #sort-by-median')")
        self.note("sort menu", ["#popover h3", "#popover .group-name", "#popover label", "#popover select", "#popover .promise", "#popover button"])
        self.press("#sort-by-median")
        self.press("#sort-apply")
        self.browser.wait("document.querySelector('#column-dense_1[data-order^=m][data-sorting=false]')")
        self.sharp()
        self.note("sorted", [".sort-button", ".direction-button"], ["dense_1"])
        self.over_row(3)
        self.browser.wait("document.querySelector('#hover-card table')")
        self.note("hover", ["#hover-card .card-head", "#hover-card tr", "#hover-card .hint", "#guide"])
        self.browser.click(*self.row(3))
        self.browser.wait("document.querySelector('#neuron-panel[open] svg.histogram') && document.querySelectorAll('.firing-rows canvas[data-there]').length === 32")
        self.browser.move(5, 5)
        self.sharp()
        self.note("panel", ["#neuron-title", "#neuron-where", ".neuron-words", ".neuron-chart text", ".row-caption", ".standings li", ".panel-buttons button"], ["dense_1"])
        self.browser.wheel(x + width / 2, y + float(facts["plotTop"]) + 100, 240)
        self.browser.wait("document.querySelector('#column-dense_1').dataset.top !== '0.000'")
        self.browser.wait("/y0=(?!0_)/.test(location.hash)")
        self.sharp()
        self.words["link"] = self.browser.script("return [location.hash.replace(/;[yw]0=[^;]*/g, '')]")
        link = self.browser.script("return location.href")
        self.browser.goto("about:blank")
        self.browser.goto(link)
        self.browser.wait("document.querySelector('#neuron-panel[open] svg.histogram')")
        self.sharp()
        self.note("from the link", ["#neuron-title", "#legend .key", ".sort-button"], ["dense_1", "logits"])

    def sharp(self):
        self.browser.wait("document.documentElement.dataset.state === 'sharp'")

    def place(self, selector):
        return self.browser.script(PLACE, selector)

    def facts(self, layer):
        return self.browser.script("return {...document.querySelector(`#column-${arguments[0]}`).dataset}", layer)

    def press(self, selector):
        self.browser.script("document.querySelector(arguments[0]).scrollIntoView({ block: 'nearest' })", selector)
        x, y, width, height = self.place(selector)
        self.browser.click(x + min(width / 2, 40), y + height / 2)

    def row(self, line):
        facts = self.facts("dense_1")
        x, y, _, _ = self.place("#column-dense_1 canvas.plot")
        return x + float(facts["plotX"]) + 60, y + float(facts["plotTop"]) + (line + 0.5) * float(facts["rowHeight"])

    def over_row(self, line):
        self.browser.move(*self.row(line))

    def note(self, step, selectors, layers=()):
        for selector in selectors:
            self.words[step, selector] = self.browser.script(TEXT, selector)
        for layer in layers:
            self.pictures[step, layer] = np.array(self.browser.script(CELLS, layer, *GRID))
        if SCREENSHOTS:
            pathlib.Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            (pathlib.Path(SCREENSHOTS) / f"{self.browser.name}-{self.step}-{step.replace(' ', '-')}.png").write_bytes(self.browser.picture())
        self.step += 1


@pytest.fixture(scope="module")
def chromium(browser, url):
    page = browser.new_page(color_scheme="light")
    yield Walk(Chromium(page), url)
    page.close()


@pytest.mark.parametrize("make", [Firefox, WebKit], ids=["firefox", "webkit"])
def test_the_walk_through_elsewhere(make, chromium, url, tmp_path):
    if "ND_BROWSERS" not in os.environ:
        pytest.skip("make test-browsers runs it")
    missing = [one for one in NEEDED[make.name] if not shutil.which(one)]
    if missing:
        pytest.fail(f"{', '.join(missing)} is not installed: make test-browsers")
    other = make(tmp_path)
    try:
        walk = Walk(other, url)
    finally:
        other.close()
    assert walk.words.keys() == chromium.words.keys()
    different = {step: (walk.words[step], words) for step, words in chromium.words.items() if walk.words[step] != words}
    assert different == {}
    for step, cells in chromium.pictures.items():
        seen = walk.pictures[step]
        assert cells.max() > 0.1, step
        # Rows fall a pixel or two apart, where words around the plot are a line longer.
        like = float(np.corrcoef(seen.ravel(), cells.ravel())[0, 1])
        assert like > 0.95 and abs(float(seen.mean() / cells.mean()) - 1) < 0.1, (step, like, float(seen.mean()), float(cells.mean()))
