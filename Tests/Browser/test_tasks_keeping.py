"""Tasks of a researcher, second part: going there and back, keeping and sharing; on a phone, and without a pointer."""

import io
import re

import numpy as np
import pandas
import pytest
from playwright.sync_api import expect

from demodump import auroc, is_told, number, ranks
from plots import card_lines, hover_row, neuron_at, pixels, row_place, sharp, view
from test_tasks import A, B, OF_BINS
from test_two_stores import MOVED, ROWS, checkpoints, other_card, values_of  # noqa: F401

NEURONS = 512


def attacked(dump, layer, pair=0):
    return dump.instances["attacked"][layer][pair]


@pytest.mark.task(15, "a confusion cell as a group", most=4)
def test_a_confusion_cell_is_a_group(task, dump):
    hands = task()
    page = hands.page
    hands.nearer("dense_1")
    hands.click("#confusion")
    hands.click('.confusion-table button[data-label="shirt"][data-prediction="T-shirt/top"]')
    rows = (dump.labels == "shirt") & (dump.predictions == "T-shirt/top")
    expect(page.locator(".moment-toggle .amount")).to_have_text(str(rows.sum()))
    sharp(page)
    neuron = neuron_at(page, "dense_1", 2)
    expect(page.locator("#hover-card")).to_contain_text("shirt, named T-shirt/top")
    cells = card_lines(page)["shirt, named T-shirt/top"]
    own = dump.layers["dense_1"][rows, neuron]
    assert cells[1] == f"{100 * np.mean(own == 0):.1f}%" and number(cells[2]) == rows.sum()


@pytest.mark.task(17, "zoom x to one bin and back", most=3)
def test_along_the_axis_to_one_bin_and_back(task, dump):
    hands = task()
    page = hands.page
    hands.nearer("dense_1")
    page.mouse.move(5, 5)
    sharp(page)
    before, picture = view(page, "dense_1"), pixels(page, "dense_1")
    box = page.locator("#column-dense_1 canvas.plot").bounding_box()
    x0, width = float(before["plotX"]), float(before["plotWidth"])
    page.mouse.move(box["x"] + x0 + 0.2 * width, box["y"] + 12)
    hands.turn(16)
    page.wait_for_function("hi => document.querySelector('#column-dense_1').dataset.hi !== hi", arg=before["hi"])
    page.wait_for_function("() => /x0=/.test(location.hash)")
    sharp(page)
    near = view(page, "dense_1")
    lo, hi, step = (float(near[name]) for name in ("lo", "hi", "step"))
    assert hi - lo < 4 * float(before["step"]), "a few bins of the first picture fill the axis"
    # What is coloured, row by row: where a chosen class has values in this part, and nowhere else.
    lines = int(float(near["plotHeight"]) / float(near["rowHeight"])) - 1
    page.mouse.move(5, 5)
    neurons = np.argsort(-attacked(dump, "dense_1"), kind="stable")[:lines]
    coloured = page.eval_on_selector("#column-dense_1", """(element, count) => {
        const canvas = element.querySelector('canvas.plot'), ratio = devicePixelRatio, facts = element.dataset;
        const from = Math.round((+facts.plotX + 1) * ratio), width = Math.round((facts.plotWidth - 2) * ratio);
        return Array.from({ length: count }, (_, row) => {
            const y = Math.round((+facts.plotTop + (row + 0.5) * facts.rowHeight) * ratio);
            const { data } = canvas.getContext('2d').getImageData(from, y, width, 1);
            let n = 0;
            for (let i = 0; i < data.length; i += 4) if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 24) n++;
            return n;
        });
    }""", lines)
    chosen = dump.layers["dense_1"][np.isin(dump.labels, (A, B))]
    within = lambda neuron, reach: int(np.sum((chosen[:, neuron] > lo - reach) & (chosen[:, neuron] < hi + reach) & (chosen[:, neuron] != 0)))
    # Each neuron has bins of its own: up to as wide as a hundred and twenty-eighth of its range.
    reach = np.ptp(dump.layers["dense_1"], axis=0) / 128
    for line, neuron in enumerate(neurons):
        if within(neuron, -min(reach[neuron], (hi - lo) / 3)) > 0:
            assert coloured[line] > 0, (line, neuron, step)
        if within(neuron, reach[neuron]) == 0:
            # Dots of the pair may lie there.
            dots = [dump.instances[kind]["dense_1"][0, neuron] for kind in ("benign", "attacked")]
            assert coloured[line] == 0 or any(lo - reach[neuron] < dot < hi + reach[neuron] for dot in dots), (line, neuron)
    hands.click("#column-dense_1 .across-fit")
    page.wait_for_function("hi => document.querySelector('#column-dense_1').dataset.hi === hi", arg=before["hi"])
    sharp(page)
    page.mouse.move(5, 5)
    assert (view(page, "dense_1")["lo"], view(page, "dense_1")["hi"]) == (before["lo"], before["hi"])
    # Opacity follows what is in view when the rows have come to rest.
    page.wait_for_function("full => document.querySelector('#column-dense_1').dataset.full === full", arg=before["full"])
    assert pixels(page, "dense_1")["coloured"] == pytest.approx(picture["coloured"], rel=0.02)


@pytest.mark.task(19, "undo", most=9)
def test_every_step_is_undone(task, dump):
    hands = task()
    page = hands.page
    hands.nearer("dense_1")
    page.mouse.move(5, 5)
    first = neuron_at(page, "dense_1", 0)
    hands.row("dense_1", 0)
    expect(page.locator("#neuron-title")).to_have_text(f"Neuron {first}")
    hands.press("Escape")
    hands.press("h")
    expect(page.locator("#column-dense_1 .hidden-strip")).to_have_text("1 hidden ⤺")
    sharp(page)
    order = list(np.argsort(-attacked(dump, "dense_1"), kind="stable"))
    assert [neuron_at(page, "dense_1", line) for line in range(3)] == order[1:4]
    hands.click(".class-toggle >> nth=0")
    sharp(page)
    # Two steps were made: two are undone, by the button that the page offers or by the keys.
    hands.press("Control+z")
    expect(page.locator("#column-dense_1 .hidden-strip")).to_have_text("1 hidden ⤺")
    hands.press("Control+z")
    expect(page.locator("#column-dense_1 .hidden-strip")).to_have_text("0 hidden")
    sharp(page)
    assert [neuron_at(page, "dense_1", line) for line in range(3)] == order[:3] and first == order[0]


@pytest.mark.task(20, "a link for a colleague", most=7)
def test_a_link_shows_a_colleague_the_same(task, dump, open_page):
    hands = task(permissions=["clipboard-read", "clipboard-write"])
    page = hands.page
    hands.sort("dense_1", "median")
    hands.nearer("dense_1")
    hands.click("#copy-link")
    expect(page.locator("#hint")).to_contain_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    other = open_page()
    other.goto(link)
    sharp(other)
    expect(other.locator("#column-dense_1 .sort-button")).to_have_text(f"median of {A}")
    wanted = ranks(dump.median("dense_1", A))
    for line in range(3):
        neuron = neuron_at(other, "dense_1", line)
        assert wanted[neuron] == line and neuron_at(page, "dense_1", line) == neuron
    for one in (page, other):
        one.mouse.move(5, 5)
        sharp(one)
    assert other.problems == [] and view(other, "dense_2")["order"] == view(page, "dense_2")["order"]


@pytest.mark.task(21, "a CSV that pandas opens", most=2)
def test_a_table_that_pandas_opens(task, dump):
    hands = task()
    hands.click("#export")
    with hands.page.expect_download() as download:
        hands.click("#export-csv")
    text = open(download.value.path()).read()
    options = re.search(r"read_csv\(.*?, (.*)\)", text.split("\n")[1])[1]
    table = eval(f"pandas.read_csv(io.StringIO(text), {options})", {"pandas": pandas, "io": io, "text": text})
    for layer in ("dense_1", "dense_2"):
        own = table[table["layer"].str.endswith(layer)].set_index("neuron")
        assert len(own) == NEURONS
        for name in (A, B):
            assert np.array_equal(own.loc[range(NEURONS), f"{name}: median"].astype("f4"), dump.median(layer, name))
            assert np.array_equal(own.loc[range(NEURONS), f"{name}: zeros"], (dump.of(layer, name) == 0).sum(axis=0))
        assert np.array_equal(own.loc[range(NEURONS), "attacked 0: mean"], attacked(dump, layer).astype("f4"))


@pytest.mark.task(22, "a figure for a paper", most=4)
def test_a_figure_for_a_paper(task, dump):
    hands = task(color_scheme="dark")
    hands.nearer("dense_1")
    hands.click("#export")
    with hands.page.expect_download() as download:
        hands.click("#export-svg")
    text = open(download.value.path()).read()
    lines = re.findall(r"<text[^>]*>([^<]*)</text>", text)
    # The neurons' numbers stand in the order of the attacked picture's values, as NumPy sorts them.
    order = np.argsort(-attacked(dump, "dense_1"), kind="stable")[:20]
    numbers = [int(text) for text in lines if text.isdigit()]
    assert any(numbers[i::step][:20] == list(order) for i in range(len(numbers)) for step in (1, 2)), (order, numbers[:200])
    assert "sandal" in text and "sneaker" in text and "127.0.0.1" not in text
    assert 'fill="#ffffff"' in text or "rgb(255" in text, "light paper, whatever the screen"


@pytest.mark.task(25, "jump to a neuron of one layer, not of all", most=13)
def test_a_neuron_of_one_layer_is_found(task, dump):
    hands = task()
    page = hands.page
    other = view(page, "dense_2")
    hands.press("/")
    hands.type("dense_1 417")
    hands.press("Enter")
    rank = ranks(attacked(dump, "dense_1"))[417]
    expect(page.locator("#live")).to_have_text(f"dense_1: neuron 417, rank {rank + 1}")
    sharp(page)
    top = float(view(page, "dense_1")["top"])
    assert neuron_at(page, "dense_1", rank - top) == 417
    page.mouse.move(5, 5)
    assert {name: view(page, "dense_2")[name] for name in ("top", "rowHeight", "order")} == {name: other[name] for name in ("top", "rowHeight", "order")}


@pytest.mark.task(26, "a neuron of a layer that is not shown", most=15)
def test_a_neuron_of_a_layer_that_is_not_shown_is_found(task, dump):
    hands = task()
    page = hands.page
    hands.press("/")
    hands.type("conv_4 3,7,19")
    hands.press("Enter")
    neuron = int(np.ravel_multi_index((3, 7, 19), (14, 14, 32)))
    rank = ranks(attacked(dump, "conv_4"))[neuron]
    expect(page.locator("#live")).to_have_text(f"conv_4: neuron {neuron} (y 3, x 7, ch 19), rank {rank + 1:,}")
    expect(page.locator('.layer-toggle[data-layer="conv_4"]')).to_have_attribute("aria-pressed", "true")
    sharp(page)
    assert "y 3, x 7, ch 19" in hover_row(page, "conv_4", rank - float(view(page, "conv_4")["top"]))
    # One step back, and it is as it was.
    page.mouse.move(5, 5)
    page.go_back()
    expect(page.locator("#column-conv_4")).to_have_count(0)


@pytest.mark.task(29, "two checkpoints", most=4)
def test_what_changed_between_two_checkpoints(task, checkpoints):  # noqa: F811
    hands = task(f"{checkpoints}#1;d=before;l=fc;g=1,2;s0=i")
    page = hands.page
    hands.click("#compare:not([disabled])")
    # The other data set is offered first, and its current version.
    page.wait_for_selector('form.compare-menu[data-of="after"]')
    hands.click("#compare-show")
    page.wait_for_selector("#column-fc-other")
    sharp(page)
    hands.click("#compare-sort")
    page.wait_for_selector('#column-fc[data-order="w0.0"]')
    sharp(page)
    most = sorted(MOVED, key=lambda neuron: -MOVED[neuron])
    for line, neuron in enumerate(most):
        assert neuron_at(page, "fc", line) == neuron
        cats = np.arange(ROWS) % 2 == 0
        before, after = (np.median(values_of(checkpoint)[cats, neuron].astype("f8")) for checkpoint in ("before", "after"))
        assert is_told(card_lines(page)["cat"][0], before)
        (told,) = [cells.split("\t")[1] for cells in other_card(page, line).split("\n") if cells.startswith("cat")]
        assert is_told(told, after), (neuron, told, after)


@pytest.mark.task(30, "the same on a phone", most=6)
def test_what_tells_two_classes_apart_on_a_phone(task, dump):
    hands = task(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=2)
    page = hands.page
    hands.tap("#column-dense_1 .sort-button")
    hands.tap("label:has(#sort-by-auroc)")
    hands.tap("#sort-apply")
    page.wait_for_selector('#column-dense_1[data-order^="u"][data-sorting="false"]')
    sharp(page)
    facts = view(page, "dense_1")
    box = page.locator("#column-dense_1 canvas.plot").bounding_box()
    hands.clicks += 1
    page.touchscreen.tap(box["x"] + box["width"] * 0.6, box["y"] + float(facts["plotTop"]) + 2)
    page.wait_for_function("() => +document.querySelector('#column-dense_1').dataset.rowHeight >= 12")
    sharp(page)
    hands.clicks += 1
    page.touchscreen.tap(*row_place(page, "dense_1", 0))
    expect(page.locator(".neuron-words b")).to_contain_text("AUROC")
    best = auroc(dump.of("dense_1", B), dump.of("dense_1", A))
    # A finger is some rows wide: where it tapped stands one of the first.
    neuron = int(page.inner_text("#neuron-title").removeprefix("Neuron "))
    assert best[neuron] >= np.sort(best)[-6] - 2 * OF_BINS


@pytest.mark.task(30, "the same by keyboard alone", most=30)
def test_what_tells_two_classes_apart_by_keyboard(task, dump):
    hands = task()
    page = hands.page
    for _ in range(20):
        hands.press("Tab")
        if page.evaluate("document.activeElement.className") == "sort-button":
            break
    assert page.evaluate("document.activeElement.closest('section.column')?.dataset.layer") == "dense_1"
    hands.press("Enter")
    page.wait_for_selector("#popover input:checked:focus")
    while page.evaluate("document.activeElement.value") != "auroc":
        hands.press("ArrowDown")
    hands.press("Enter")
    page.wait_for_selector('#column-dense_1[data-order^="u"][data-sorting="false"]')
    sharp(page)
    while not page.evaluate("document.activeElement.classList.contains('plot')"):
        hands.press("Tab")
    hands.press("ArrowDown")
    expect(page.locator("#live")).to_contain_text("rank 1")
    hands.press("Enter")
    expect(page.locator(".neuron-words b")).to_contain_text("AUROC")
    best = auroc(dump.of("dense_1", B), dump.of("dense_1", A))
    neuron = int(page.inner_text("#neuron-title").removeprefix("Neuron "))
    assert best[neuron] >= best.max() - 2 * OF_BINS
