"""Neurons with the same key are shown as tied: a bracket at their ranks, words in the card and in the panel, in any size of rows."""

import numpy as np
import pytest
from playwright.sync_api import expect

from demodump import ranks
from plots import hover_row, row_place, sharp, sort, view, zoom_to_names

LAYER, CLASS = "dense_1", "sandal"


@pytest.fixture
def sorted_page(page, url, metadata):
    """By a median that is 0 for most neurons."""
    page.goto(url)
    sharp(page)
    group = next(i for i, one in enumerate(metadata["groups"]) if one["name"] == CLASS)
    sort(page, LAYER, "median", [f"median {group}"], "descending")
    return page


def joined(page, first, last):
    """Of the lines from `first` to `last`, which are joined to the next by the bracket: dark between both, in one column of pixels beside the ranks."""
    return page.eval_on_selector(f"#column-{LAYER}", """(element, [first, last]) => {
        const canvas = element.querySelector('canvas.plot'), context = canvas.getContext('2d'), facts = element.dataset, height = +facts.rowHeight;
        const dark = (x, y) => { const [r, g, b] = context.getImageData(x, y, 1, 1).data; return Math.max(r, g, b) < 150 && Math.max(r, g, b) - Math.min(r, g, b) < 40; };
        const edges = Array.from({ length: last - first + 1 }, (_, i) => Math.floor(+facts.plotTop + (first + i + 1) * height));
        // Right of the title of the rows, left of the plot and its lane of zeros.
        const columns = Array.from({ length: Math.floor(+facts.plotX) - 40 }, (_, i) => edges.map((y) => dark(20 + i, y)));
        return columns.sort((a, b) => b.filter(Boolean).length - a.filter(Boolean).length)[0];
    }""", [first, last])


def test_rows_with_the_same_key_are_bracketed_and_counted(sorted_page, dump):
    page = sorted_page
    zoom_to_names(page, LAYER)
    keys = dump.median(LAYER, CLASS)
    place = ranks(keys)
    zero = int(np.sum(keys > 0))
    assert 0 < zero < len(keys) - 100 and np.sum(keys == 0) == len(keys) - zero
    # To the first of those that tie: above it no two keys are the same.
    page.press(f"#column-{LAYER} canvas.plot", "/")
    page.keyboard.type(f"{LAYER} {int(np.flatnonzero(place == zero + 6)[0])}")
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => /rank {zero + 7}$/.test(document.querySelector('#live').textContent)")
    sharp(page)
    top = float(view(page, LAYER)["top"])
    line = zero - int(np.ceil(top))
    assert 3 <= line
    assert joined(page, line - 3, line + 4) == [False] * 3 + [True] * 5
    text = hover_row(page, LAYER, zero - top + 2)
    page.wait_for_selector("#hover-card .ties")
    tied = len(keys) - zero
    expect(page.locator("#hover-card .ties")).to_have_text(f"{tied - 1} others have the same median of {CLASS}: ranks {zero + 1}–{len(keys)} are in original order.")
    hover_row(page, LAYER, zero - top - 2)
    expect(page.locator("#hover-card table")).to_be_visible()
    expect(page.locator("#hover-card .ties")).to_have_count(0)
    assert text
    page.mouse.click(*row_place(page, LAYER, zero - top + 2))
    expect(page.locator("#neuron-where")).to_contain_text(f"rank {zero + 3} of {len(keys)} by median of {CLASS}; {tied - 1} others tie")
    page.mouse.click(*row_place(page, LAYER, zero - top - 2))
    expect(page.locator("#neuron-where")).to_contain_text(f"rank {zero - 1} of {len(keys)} by median of {CLASS}")
    expect(page.locator("#neuron-where")).not_to_contain_text("tie")


def test_thin_rows_have_one_bracket_for_all_that_tie(sorted_page, dump):
    """With the whole layer in view it shows how many of the ranks say nothing."""
    page = sorted_page
    assert float(view(page, LAYER)["rowHeight"]) < 3
    keys = dump.median(LAYER, CLASS)
    zero = int(np.sum(keys > 0))
    seen = np.array(joined(page, 0, len(keys) - 2))
    assert seen[zero + 4:].mean() > 0.97 and seen[:zero - 2].mean() < 0.1, (zero, np.flatnonzero(np.diff(seen)))


def test_the_original_order_has_no_ties(page, url):
    page.goto(url)
    sharp(page)
    sort(page, LAYER, "index", [], "ascending")
    zoom_to_names(page, LAYER)
    assert sum(joined(page, 0, 20)) == 0
