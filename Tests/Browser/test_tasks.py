"""Tasks of a researcher on the demo, first part: telling classes apart, and what one neuron does. With real input events; what they take is counted.

What the page shows in the end is compared with NumPy over the dump (`demodump.py`).
"""

import re
import urllib.parse

import numpy as np
import pytest
import zarr
from divergence_oracle import Layer, contributions
from playwright.sync_api import expect

from demodump import auroc, first_by, is_told, number, ranks
from plots import card_lines, neuron_at, pixels, sharp, view

A, B = "sandal", "sneaker"
#: AUROC from 256 bins and zeros lies so near to that of the values (measured: Tiles/COMPARING.md).
OF_BINS = 0.004


def lively(dump, layer):
    """The neuron of a layer with the most different values: no ties, no doubt."""
    return int(np.argmax([len(np.unique(own)) for own in dump.layers[layer].T]))


def firing(page, end):
    """The rows of a list of pictures, once they are drawn."""
    page.wait_for_function("""end => { const cards = [...document.querySelectorAll(`[aria-labelledby="firing-${end}"] .row-card`)];
        return cards.length > 0 && cards.every(card => card.querySelector('canvas[data-there]')); }""", arg=end)
    return [int(card.get_attribute("data-row")) for card in page.locator(f'[aria-labelledby="firing-{end}"] .row-card').all()]


@pytest.mark.task(1, "tell sandal from sneaker best", most=6)
def test_what_tells_two_classes_apart(task, dump):
    hands = task()
    page = hands.page
    hands.sort("dense_1", "auroc")
    hands.nearer("dense_1")
    best = auroc(dump.of("dense_1", B), dump.of("dense_1", A))
    top = [neuron_at(page, "dense_1", line) for line in range(5)]
    assert first_by(best, top, 2 * OF_BINS), (top, best[top], best.max())
    # Its panel says how surely, in words.
    hands.row("dense_1", 0)
    expect(page.locator(".neuron-words b")).to_contain_text("AUROC")
    told = page.locator(".neuron-words", has=page.locator("b")).inner_text()
    assert float(re.search(r"AUROC (?:about )?(\.\d+|1\.0+)", told)[1]) == pytest.approx(best[top[0]], abs=OF_BINS + 0.0005)
    assert f"a {B} lies above a {A}" in told


@pytest.mark.task(3, "the neurons behind a misclassification", most=5)
def test_what_speaks_for_the_wrong_class(task, dump, store):
    hands = task()
    page = hands.page
    hands.sort("dense_1", "contribution")
    hands.nearer("dense_1")
    labels = np.array([dump.names.index(name) for name in dump.labels])
    group = zarr.open_group(store / "fashion-mnist" / "current", mode="r")["layers/dense_1"]
    oracle = Layer(group, dump.layers["dense_1"][:, None], labels, len(dump.names), np.bincount(labels))
    row = dump.source[0]
    of = contributions(oracle, dump.instances["attacked"]["dense_1"][0], dump.layers["dense_1"][row], labels[row], dump.names.index(dump.taken[0]), dump.names.index(dump.true[0]))
    top = [neuron_at(page, "dense_1", line) for line in range(6)]
    assert view(page, "dense_1")["direction"] == "descending"
    assert first_by(of, top, 1e-9), (top, of[top])
    assert (of[top] > 0).all(), "they speak for the sneaker"


@pytest.mark.task(4, "three classes in a convolution", most=7)
def test_three_classes_in_a_convolution(task, dump):
    hands = task()
    page = hands.page
    hands.click('.layer-toggle[data-layer="conv_4"]')
    hands.click('.class-toggle:has-text("ankle boot")')
    sharp(page)
    hands.click("#column-conv_4 .sort-button")
    hands.click("#sort-by-median")
    hands.click("#sort-apply")
    page.wait_for_selector('#column-conv_4[data-sorting="false"]')
    sharp(page)
    assert int(view(page, "conv_4")["level"]) > 0
    three = (A, B, "ankle boot")
    for name in three:
        expect(page.locator("#legend")).to_contain_text(name)
    # A row is the sum of neighbours: those of the first row are the first by the median.
    card = hover_first(page, "conv_4")
    last = int(re.search(r"ranks 1–(\d+) of 6,272", card)[1])
    hands.nearer("conv_4")
    assert last > 1 and first_by(dump.median("conv_4", A), [neuron_at(page, "conv_4", line) for line in range(4)])
    neuron = neuron_at(page, "conv_4", 0)
    y, x, channel = np.unravel_index(neuron, (14, 14, 32))
    assert f"y {y}, x {x}, ch {channel}" in page.inner_text("#hover-card")
    lines = card_lines(page)
    for name in three:
        own = dump.of("conv_4", name)[:, neuron]
        median, zeros, values = lines[name][:3]
        assert is_told(median, np.median(own)) and zeros == f"{100 * np.mean(own == 0):.1f}%" and number(values) == len(own), name


def first_place(page, layer):
    facts = view(page, layer)
    box = page.locator(f"#column-{layer} canvas.plot").bounding_box()
    return box["x"] + float(facts["plotX"]) + 40, box["y"] + float(facts["plotTop"]) + 0.5


def hover_first(page, layer):
    x, y = first_place(page, layer)
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    page.wait_for_selector("#hover-card:not([hidden])")
    return page.inner_text("#hover-card")


@pytest.mark.task(7, "top inputs of a neuron", most=16)
def test_the_inputs_that_fire_a_neuron_most(task, dump):
    hands = task()
    neuron = lively(dump, "dense_1")
    hands.open_neuron("dense_1", neuron)
    own = dump.layers["dense_1"][:, neuron]
    rows = np.arange(len(own))
    assert firing(hands.page, "highest") == list(np.lexsort((rows, -own))[:16])
    shown = hands.page.locator('[aria-labelledby="firing-highest"] .row-card').first
    assert shown.get_attribute("aria-label").startswith(f"row {np.argmax(own)}, {dump.labels[np.argmax(own)]}")


@pytest.mark.task(8, "a pair by class (“sneaker → ankle boot” typed)", most=26)
def test_a_pair_is_found_by_its_classes(task, dump):
    hands = task()
    page = hands.page
    label, taken = B, "ankle boot"
    hands.fill("#instance-search", f"{label}->{taken}")
    wanted = np.flatnonzero((dump.true == label) & (dump.taken == taken))
    assert len(wanted) > 0
    expect(page.locator(".pair:visible")).to_have_count(len(wanted))
    assert [int(one.get_attribute("data-pair")) for one in page.locator(".pair:visible").all()] == list(wanted)
    # Rows of the data that were mistaken so stand above them.
    mistaken = np.flatnonzero((dump.labels == label) & (dump.predictions == taken))
    expect(page.locator("#row-results p")).to_contain_text(re.compile(rf"^{len(mistaken) or 'no'} rows?"))
    assert [int(one.get_attribute("data-row")) for one in page.locator("#row-results .row-card").all()] == list(mistaken[:24])
    hands.click(page.locator(".pair:visible .pair-name").first)
    sharp(page)
    chosen = [one.get_attribute("aria-label") for one in page.locator('.instance-toggle[aria-pressed="true"]').all()]
    assert chosen == [f"benign {wanted[0]}: is {label}, predicted {label}", f"attacked {wanted[0]}: is {label}, predicted {taken}"]
    # The columns follow to it: the largest values of the attacked picture come first.
    hands.nearer("dense_1")
    values = dump.instances["attacked"]["dense_1"][wanted[0]]
    assert first_by(values, [neuron_at(page, "dense_1", line) for line in range(5)])


@pytest.mark.task(9, "two pairs at once", most=4)
def test_two_pairs_at_once(task, dump):
    hands = task()
    page = hands.page
    for toggle in page.locator('.pair[data-pair="1"] .instance-toggle').all():
        hands.click(toggle)
    sharp(page)
    hands.nearer("dense_1")
    neuron = neuron_at(page, "dense_1", 0)
    lines = card_lines(page)
    for pair in (0, 1):
        for kind in ("benign", "attacked"):
            value = dump.instances[kind]["dense_1"][pair, neuron]
            assert is_told(lines[f"{kind} {pair}"][0], value), (kind, pair)
            standing = lines[f"{kind} {pair}"][1]
            own = dump.of("dense_1", A)[:, neuron]
            assert (f"above every {A}" in standing) == (value > own.max())


@pytest.mark.task(11, "pin five and follow them through three orders", most=25)
def test_five_pinned_neurons_are_followed(task, dump):
    hands = task()
    page = hands.page
    hands.nearer("dense_1")
    top = float(view(page, "dense_1")["plotTop"])
    pinned = []
    for line in range(0, 10, 2):
        pinned.append(neuron_at(page, "dense_1", line))
        hands.row("dense_1", line, shift=True)
        expect(page.locator("#column-dense_1 .pinned-strip")).to_have_text(f"{len(pinned)} pinned")
        sharp(page)
    medians = {name: dump.median("dense_1", name) for name in (A, B)}
    for by, menus, keys in (("median", [], medians[A]), ("median", [B], medians[B]), ("difference", [], None)):
        if keys is None:
            # Offered: how far the attacked picture exceeds the class that it was taken for.
            keys = dump.instances["attacked"]["dense_1"][0] - medians[B].astype("f8")
        hands.sort("dense_1", by, *menus)
        page.mouse.move(5, 5)
        rank = ranks(keys)
        expect(page.locator("#hint")).to_contain_text(f"neuron {pinned[0]}: rank ")
        box = page.locator("#column-dense_1 canvas.plot").bounding_box()
        for place, neuron in enumerate(pinned):
            x, y = box["x"] + box["width"] * 0.6, box["y"] + top + 18 * place + 9
            page.mouse.move(x - 3, y)
            page.mouse.move(x, y)
            expect(page.locator("#hover-card")).to_contain_text(re.compile(rf"^neuron {neuron}\D.*rank {rank[neuron] + 1} of 512", re.S))


@pytest.mark.task(14, "order by how unusual an instance is", most=5)
def test_neurons_by_how_unusual_an_instance_is(task, dump):
    hands = task()
    page = hands.page
    hands.sort("dense_1", "percentile")
    hands.nearer("dense_1")
    expect(page.locator("#column-dense_1 .sort-button")).to_have_text(f"percentile of attacked 0 in {B}")
    own, value = dump.of("dense_1", B), dump.instances["attacked"]["dense_1"][0]
    share = 100 * (np.mean(own < value, axis=0) + np.mean(own <= value, axis=0)) / 2
    # As far as bins tell: a bin is at most a hundred and twenty-eighth of a neuron's range.
    everything = dump.layers["dense_1"]
    near = np.abs(own - value) <= (everything.max(axis=0) - everything.min(axis=0)) / 128
    slack = 100 * np.mean(near & (own != value), axis=0)
    top = [neuron_at(page, "dense_1", line) for line in range(5)]
    for neuron in top:
        assert share[neuron] + slack[neuron] >= np.sort(share)[-6], (neuron, share[neuron])
    assert first_by(share + slack, top, slack[top].max() + slack.max())


@pytest.mark.task(16, "exact numbers, share of a bin", most=18)
def test_exact_numbers_and_the_share_of_a_bin(task, dump):
    hands = task()
    page = hands.page
    neuron = lively(dump, "dense_1")
    hands.open_neuron("dense_1", neuron)
    # A part of the histogram: exactly so many rows.
    box = page.locator(".brush-area").bounding_box()
    y = box["y"] + 30
    hands.drag((box["x"] + 0.30 * box["width"], y), (box["x"] + 0.36 * box["width"], y))
    page.wait_for_selector('.brush[data-settled="true"]')
    where = urllib.parse.unquote_plus(re.search(r";w=([^;]*)", page.url)[1]).split(".", 1)[1]
    low, high = (float(re.search(rf"{sign} (-?[0-9.e-]+)", where)[1]) for sign in (">=", "<"))
    own = dump.layers["dense_1"][:, neuron]
    inside = (own >= low) & (own < high)
    assert page.inner_text(".brush-words b").startswith(f"{inside.sum():,} of 2,000 rows")
    counts = {name: int(inside[dump.labels == name].sum()) for name in dump.names}
    for told in page.locator(".brush-class").all_inner_texts():
        name, count = told.rsplit(" ", 1)
        assert number(count) == counts[name] > 0
    hands.click(".neuron-more summary")
    titles = page.locator("#neuron-body thead th").all_inner_texts()
    figures = {"minimum": np.min, "maximum": np.max, "median": np.median, "mean": np.mean}
    assert set(figures) <= set(titles), titles
    lines = {line.locator("th").inner_text().strip(): line for line in page.locator("#neuron-body tbody tr").all()}
    assert {A, B} < set(lines), "and the brushed rows"
    for name in (A, B):
        own, line = dump.of("dense_1", name)[:, neuron], lines[name]
        cells = dict(zip(titles[1:], line.locator("td").all_inner_texts()))
        for figure, of in figures.items():
            assert is_told(cells[figure], of(own)), (name, figure, cells[figure], of(own))


@pytest.mark.task(18, "the same selection in two layers", most=17)
def test_a_selection_in_one_layer_shows_in_another(task, dump):
    hands = task()
    page = hands.page
    before = {layer: pixels(page, layer)["hash"] for layer in ("dense_1", "dense_2")}
    neuron = lively(dump, "dense_1")
    hands.open_neuron("dense_1", neuron)
    box = page.locator(".brush-area").bounding_box()
    hands.drag((box["x"] + 0.6 * box["width"], box["y"] + 30), (box["x"] + box["width"], box["y"] + 30))
    page.wait_for_selector('.brush[data-settled="true"]')
    sharp(page)
    where = urllib.parse.unquote_plus(re.search(r";w=([^;]*)", page.url)[1]).split(".", 1)[1]
    low = float(re.search(r">= (-?[0-9.e-]+)", where)[1])
    rows = dump.layers["dense_1"][:, neuron] >= low
    expect(page.locator(".moment .amount")).to_have_text(f"{rows.sum():,}")
    page.mouse.move(5, 5)
    for layer, picture in before.items():
        assert pixels(page, layer)["hash"] != picture
    # Zoomed in over there: what of these rows is 0 for a neuron of the other layer.
    hands.nearer("dense_2")
    other = neuron_at(page, "dense_2", 1)
    name = page.locator(".moment-toggle .name").inner_text()
    cells = card_lines(page)[name]
    own = dump.layers["dense_2"][rows, other]
    assert cells[1] == f"{100 * np.mean(own == 0):.1f}%" and number(cells[2]) == rows.sum()


@pytest.mark.task(28, "which of all classes drives a neuron", most=16)
def test_the_class_that_drives_a_neuron(task, dump):
    hands = task()
    page = hands.page
    medians = np.array([dump.median("dense_1", name) for name in dump.names])
    neuron = int(np.argmax(np.sort(medians, axis=0)[-1] - np.sort(medians, axis=0)[-2]))
    hands.open_neuron("dense_1", neuron)
    zeros = [np.mean(dump.of("dense_1", name)[:, neuron] == 0) for name in dump.names]
    order = sorted(range(len(dump.names)), key=lambda c: (-medians[c, neuron], zeros[c], c))
    texts = page.locator(".neuron-chart text.ink").all_text_contents()
    # Longer names are cut in the middle.
    at = [max(i for i, text in enumerate(texts) if text == name) for name in (dump.names[c] for c in order) if len(name) <= 14]
    assert at == sorted(at) and len(at) >= 9
