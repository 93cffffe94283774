"""The picture cannot lie: over layers made to mislead, most neurons on screen have a shape, and no bar says more than is known.

The oracle is NumPy over the dump itself; from the page come only pixels and what a column says of its axis (`data-…`).
"""

import json
import math
import urllib.request

import numpy as np
import pytest

from stores import Server, once
from plots import settled, sharp, view

NEURONS, ROWS = 384, 1200


def layers():
    rng = np.random.default_rng(7)
    normal = rng.standard_normal((ROWS, NEURONS))
    gelu = normal * 0.5 * (1 + np.vectorize(math.erf)(normal / math.sqrt(2)))
    logits = rng.standard_normal((ROWS, 10)) * 2
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)

    def times(factor, which):
        values = normal.copy()
        values[:, which] *= factor
        return values

    made = {
        "hot_300": times(300, [17]), "hot_1e6": times(1e6, [17]), "hundred_hot": times(300, rng.permutation(NEURONS)[:100]),
        "heavy_tail": rng.standard_t(2, (ROWS, NEURONS)), "heavier_tail": np.random.default_rng(15).standard_t(1.5, (ROWS, NEURONS)), "two_scales": times(100, np.arange(NEURONS // 2)),
        "constant": np.tile(rng.standard_normal(NEURONS), (ROWS, 1)), "gelu": gelu, "softmax": softmax, "relu": np.maximum(normal - 0.5, 0),
    }
    return {name: values.astype("f4") for name, values in made.items()}


@pytest.fixture(scope="session")
def truth():
    return layers()


@pytest.fixture(scope="session")
def truth_url(tmp_path_factory, truth):
    def make(folder):
        import h5py

        with h5py.File(folder / "truth.h5", "w") as file:
            file["labels"] = np.arange(ROWS) % 2
            for name, values in truth.items():
                file[f"activations/{name}"] = values
        return folder / "truth.h5"

    server = Server(once(tmp_path_factory, "truth", make))
    yield server.url
    server.stop()


@pytest.fixture
def truth_api(truth_url):
    def get(path):
        def ask(address):
            with urllib.request.urlopen(truth_url + address) as response:
                return json.load(response)

        (entry,) = ask("api/v1/datasets")["datasets"]
        return ask(f"api/v1/datasets/{entry['name']}/{entry['version']}/{path}")

    return get


@pytest.fixture
def show(open_page, truth_url):
    pages = []

    def one(name):
        page = open_page()
        pages.append(page)
        page.goto(truth_url)
        sharp(page)
        for other in page.query_selector_all('#layers button[aria-pressed="true"]'):
            other.click()
        page.locator("#layers button").filter(has_text=name).first.click()
        sharp(page)
        return page

    yield one
    for page in pages:
        assert page.problems == []


def column(page):
    return page.get_attribute("section.column", "data-layer")


class Axis:
    """The axis as a column tells it: from values to CSS pixels, and the edges of its bins."""

    def __init__(self, facts):
        self.x, self.width = float(facts["plotX"]), float(facts["plotWidth"])
        self.lo, self.hi, self.unit, self.step = (float(facts[name]) for name in ("lo", "hi", "unit", "step"))

    def warp(self, value):
        value = np.asarray(value, "f8")
        return np.sign(value) * np.log1p(np.abs(value) / self.unit) if self.unit > 0 else value

    def pixel(self, value):
        lo, hi = self.warp(self.lo), self.warp(self.hi)
        return self.x + (self.warp(value) - lo) / (hi - lo) * self.width

    def bins(self, low, high):
        """How many bins lie between two values, as far as they are in view."""
        low, high = np.clip(low, self.lo, self.hi), np.clip(high, self.lo, self.hi)
        return np.floor(self.warp(high) / self.step) - np.floor(self.warp(low) / self.step) + 1


def middle(values):
    """Of each neuron that is not constant: minimum, 5 %, 95 % of what is not 0, and maximum."""
    found = {}
    for neuron in range(values.shape[1]):
        own = values[:, neuron]
        if own.min() < own.max():
            found[neuron] = (own.min(), *np.quantile(own[own != 0], [0.05, 0.95]), own.max())
    return found


ROW_PIXELS = """(element, [line, count]) => {
    const canvas = element.querySelector('canvas.plot'), ratio = devicePixelRatio, facts = element.dataset;
    const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height), rows = [];
    for (let row = 0; row < count; row++) {
        const y = Math.floor((+facts.plotTop + (row + 0.5) * facts.rowHeight) * ratio);
        rows.push(Array.from({ length: width }, (_, x) => (data[(y * width + x) * 4] << 16) | (data[(y * width + x) * 4 + 1] << 8) | data[(y * width + x) * 4 + 2]));
    }
    return rows;
}"""


def rows_of(page, count):
    return page.eval_on_selector("section.column", ROW_PIXELS, [0, count])


MOVING = ("hot_300", "hot_1e6", "hundred_hot", "heavy_tail", "heavier_tail", "two_scales", "gelu", "softmax", "relu")


@pytest.mark.parametrize("name", MOVING)
def test_most_neurons_have_a_shape(show, truth, name):
    page = show(name)
    axis = Axis(view(page, column(page)))
    wide = [int(axis.bins(low, high)) for _, low, high, _ in middle(truth[name]).values()]
    inside = [low >= axis.lo and high <= axis.hi for _, low, high, _ in middle(truth[name]).values()]
    assert np.mean(np.array(wide) >= 8) >= 0.9, f"{name}: {sorted(wide)[:60]}, {axis.lo} to {axis.hi}, unit {axis.unit}"
    assert np.mean(inside) >= 0.9, f"{name}: the middle of most neurons is in view"


def in_original_order(page):
    """Rows of single neurons that stand apart, neuron 0 first. Returns the column's words."""
    layer = column(page)
    if view(page, layer)["order"] != "i":
        page.click(".sort-button")
        page.check("#sort-by-index")
        page.check("#sort-ascending")
        page.click("#sort-apply")
        page.wait_for_selector('section.column[data-order="i"][data-direction="ascending"][data-sorting="false"]')
        sharp(page)
    page.focus("canvas.plot")
    zoomed = float(view(page, layer)["rowHeight"]) < 14
    while float(view(page, layer)["rowHeight"]) < 14:
        before = view(page, layer)["rowHeight"]
        page.keyboard.press("+")
        page.wait_for_function("before => document.querySelector('section.column').dataset.rowHeight !== before", arg=before)
    page.keyboard.press("Home")
    page.wait_for_selector('section.column[data-top="0.000"]')
    if zoomed:
        page.wait_for_function("() => /y0=0_/.test(location.hash)")
    sharp(page)
    return view(page, layer)


def coloured(row, axis):
    """Pixels of the plot in the colours of classes; rules and arrows are grey."""
    r, g, b = row >> 16, (row >> 8) & 255, row & 255
    found = np.flatnonzero(np.maximum(np.maximum(r, g), b) - np.minimum(np.minimum(r, g), b) > 12)
    return found[(found >= int(axis.x) + 1) & (found < int(axis.x + axis.width) - 1)]


@pytest.mark.parametrize("name", MOVING)
def test_bars_end_where_the_values_end(show, truth, name):
    """In pixels, of neurons in their original order: what is coloured lies between minimum and maximum."""
    page = show(name)
    facts = in_original_order(page)
    axis = Axis(facts)
    neurons = min(truth[name].shape[1], int(float(facts["plotHeight"]) / float(facts["rowHeight"])) - 1)
    rows = np.array(rows_of(page, neurons))
    assert neurons >= 10
    few = 0
    for neuron in range(neurons):
        own = truth[name][:, neuron]
        start, end = int(axis.x) + 1, int(axis.x + axis.width) - 1
        row = rows[neuron]
        drawn = coloured(row, axis)
        moving = own[own != 0]
        low, high = axis.pixel(own.min()), axis.pixel(own.max())
        if len(drawn):
            assert drawn[0] >= low - 3 and drawn[-1] <= high + 3, f"{name} {neuron}: {drawn[0]}–{drawn[-1]}, values {low:.1f}–{high:.1f}"
        p5, p95 = axis.pixel(np.quantile(moving, [0.05, 0.95]))
        piece = row[max(start, int(p5)):min(end, int(p95) + 1)]
        if np.count_nonzero(np.diff(piece)) < 7:
            few += 1
    assert few <= 0.1 * neurons, f"{name}: {few} of {neurons} rows are drawn in fewer than 8 bars"


@pytest.mark.parametrize("name", MOVING)
def test_no_bar_is_wider_than_what_is_known(show, truth, truth_api, name):
    """Whatever is coloured lies in the picture's bin of a value, or, where less is known, in the neuron's own bin of it."""
    page = show(name)
    facts = in_original_order(page)
    axis = Axis(facts)
    neurons = min(truth[name].shape[1], int(float(facts["plotHeight"]) / float(facts["rowHeight"])) - 1)
    rows = np.array(rows_of(page, neurons))
    told = truth_api(f"layers/{column(page)}/neurons?neurons={','.join(map(str, range(neurons)))}&groups=0&instances=")["neurons"]
    ends = np.floor(axis.warp([axis.lo, axis.hi]) / axis.step).astype(int)
    seen = 0
    for neuron, one in enumerate(told):
        own = truth[name][:, neuron].astype("f8")
        own = own[own != 0]
        # The least and the greatest value are known exactly, the others to their bin.
        width = 2.0 ** one["grid"]["exponent"]
        first = np.floor(own / width) * width
        low, high = np.maximum(first, own.min()), np.minimum(first + width, own.max())
        known = np.zeros(rows.shape[1], bool)
        for start, end in {(int(a), int(b)) for a, b in zip(np.floor(axis.warp(low) / axis.step), np.floor(axis.warp(high) / axis.step))}:
            start, end = max(start, ends[0]), min(end, ends[1]) + 1
            edges = axis.x + (np.array([start, end]) * axis.step - axis.warp(axis.lo)) / (axis.warp(axis.hi) - axis.warp(axis.lo)) * axis.width
            if start < end:
                known[max(0, int(np.floor(edges[0])) - 1):int(np.ceil(edges[1])) + 1] = True
        drawn = coloured(rows[neuron], axis)
        beyond = drawn[~known[drawn]]
        assert len(beyond) == 0, f"{name} {neuron}: coloured at {beyond[:20]} where no value is"
        seen += len(drawn) > 0
    assert seen > 0.8 * neurons


def test_constant_neurons_have_an_axis_that_can_be_read(show, truth):
    page = show("constant")
    facts = view(page, column(page))
    values = truth["constant"][0]
    assert float(facts["lo"]) <= np.quantile(values, 0.01) and float(facts["hi"]) >= np.quantile(values, 0.99)
    assert float(facts["hi"]) - float(facts["lo"]) < 4 * (values.max() - values.min())


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", MOVING)
def test_zooming_along_the_axis_never_ends_in_a_block(show, truth, name, share):
    """Where there are values, as near as it goes: neither empty nor all of one colour."""
    page = show(name)
    layer = column(page)
    axis = Axis(view(page, layer))
    box = page.locator("canvas.plot").bounding_box()
    values = truth[name][truth[name] != 0]
    page.mouse.move(box["x"] + float(axis.pixel(np.quantile(values, share))), box["y"] + 12)
    before = view(page, layer)
    for _ in range(60):
        page.mouse.wheel(0, -120)
    settled(page, layer, "hi", before["hi"])
    page.wait_for_function("() => /x0=/.test(location.hash)")
    sharp(page)
    facts = view(page, layer)
    near = Axis(facts)
    rows = np.array(rows_of(page, min(truth[name].shape[1], int(float(facts["plotHeight"]) / float(facts["rowHeight"])) - 1)))[:, int(near.x) + 2:int(near.x + near.width) - 2]
    assert len(np.unique(rows)) > 8, f"{name}: {len(np.unique(rows))} colours"
    paper = np.mean(rows == 0xFFFFFF)
    assert paper < 0.98, f"{name}: {paper:.3f} of the view is empty"
    changing = np.mean([np.count_nonzero(np.diff(row)) >= 3 for row in rows])
    assert changing > 0.3, f"{name}: {changing:.2f} of the rows change along the axis"


def test_the_few_beyond_are_told(show, truth):
    page = show("hot_300")
    with page.expect_download() as download:
        page.click("#export")
        page.click("#export-json")
    shot = json.load(open(download.value.path()))
    axis = shot["layers"][0]["axis"]
    values = truth["hot_300"]
    further = int(np.sum((values.max(axis=0) > axis["highest"]) | (values.min(axis=0) < axis["lowest"])))
    assert axis["neuronsBeyond"] == further > 0
