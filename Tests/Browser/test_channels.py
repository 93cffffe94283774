"""A convolution channel by channel: maps of positions, sorted, and from a cell to its neuron; against NumPy and the comparison of the server."""

import json
import re
import urllib.parse
import urllib.request

import numpy as np
import pytest
from playwright.sync_api import expect

from plots import sharp, view
from test_exports import SHAPE, paper  # noqa: F401, a fixture

LINK = "#1;d=paper;l=conv;g=1,2;i=0,1;s0=m1~"
READ = '#column-conv .channels[data-reading="false"]'


@pytest.fixture
def shown(page, paper):
    page.goto(paper[0] + LINK)
    sharp(page)
    page.click('#column-conv .view-ways [data-view="channels"]')
    page.wait_for_selector(READ)
    return page


@pytest.fixture(scope="session")
def auroc(paper):
    """Of each neuron, as the server compares the two classes; NaN where it has no values of both."""
    base = json.load(urllib.request.urlopen(paper[0] + "api/v1/datasets/paper"))["url"]
    answer = json.load(urllib.request.urlopen(urllib.parse.urljoin(paper[0], f"{base}/layers/conv/compare?a=1&b=2")))
    out = np.full(int(np.prod(SHAPE)), np.nan)
    for row in answer["rows"]:
        if row[3] is not None:
            out[row[0]] = row[3]
    return out.reshape(SHAPE)


def order(page):
    return [int(n) for n in page.get_attribute("#column-conv .channels", "data-order").split(",")]


def settle(page, before):
    page.wait_for_function("before => document.querySelector('.channels').dataset.order !== before", arg=",".join(map(str, before)))
    return order(page)


def ranked(figures):
    return sorted(range(len(figures)), key=lambda c: (-figures[c], c))


def test_channels_are_sorted_by_what_tells_the_classes_apart(shown, auroc):
    figures = np.nanmean(np.abs(auroc - 0.5), (0, 1))
    assert order(shown) == ranked(figures)
    first = shown.locator(".channel-rows .channel-row").first
    assert first.get_attribute("aria-label").startswith(f"Channel {order(shown)[0]}, {figures.max():.3f}".replace(", 0.", ", ."))
    expect(shown.locator(".channel-sort .quiet[role=status]")).to_have_text("4×5 positions × 3 channels · by chance .041")
    # There are no rows in which classes overlap.
    expect(shown.locator("#legend")).not_to_contain_text(re.compile("both|exact zeros|beyond the axis"))
    expect(shown.locator("#legend .ramp")).to_have_count(2)


def test_by_zeros_largest_of_positions_and_reversed(shown, paper):
    values = paper[1].reshape(-1, *SHAPE)
    zeros = (values == 0).sum(0) / np.maximum(np.isfinite(values).sum(0), 1)
    zeros[~np.isfinite(values).any(0)] = np.nan
    by, over = shown.locator(".channel-sort select").all()
    before = order(shown)
    by.select_option("zeros")
    over.select_option("max")
    expected = ranked(np.nanmax(zeros, (0, 1)))
    if expected != before:
        settle(shown, before)
    assert order(shown) == expected
    shown.click(".channel-sort .direction-button")
    assert settle(shown, expected) == sorted(range(3), key=lambda c: (np.nanmax(zeros, (0, 1))[c], c))
    shown.evaluate("dispatchEvent(new Event('pagehide'))")
    assert "channels=conv.zeros.max~" in shown.url
    by.select_option("index")
    assert order(shown) in ([0, 1, 2], [2, 1, 0])


def test_a_cell_leads_to_its_neuron(shown, paper, auroc):
    values, labels = paper[1], paper[3]
    shown.locator('.channel-row[data-channel="1"]').click()
    detail = shown.locator(".channel-detail")
    expect(detail.locator("h3")).to_have_text("channel 1")
    canvas = detail.locator("canvas").first
    box = canvas.bounding_box()
    cell = (box["width"] - 20) / SHAPE[1]
    y, x = 2, 3
    neuron = (y * SHAPE[1] + x) * SHAPE[2] + 1
    shown.mouse.move(box["x"] + 20 + (x + 0.4) * cell, box["y"] + (y + 0.4) * cell)
    shown.mouse.move(box["x"] + 20 + (x + 0.5) * cell, box["y"] + (y + 0.5) * cell)
    words = shown.locator(".channel-words")
    expect(words).to_contain_text(f"y {y}, x {x}, ch 1 · neuron {neuron}: ant {float(f'{np.median(values[labels == 0, neuron]):.3g}'):g}")
    expect(words).to_contain_text(f"AUROC {auroc[y, x, 1]:.3f}".replace(" 0.", " ."))
    change = float(values[5, neuron]) - float(values[2, neuron])
    expect(words).to_contain_text(f"attacked − benign {float(f'{change:.3g}'):g}".replace("-", "−"))
    shown.mouse.down()
    shown.mouse.up()
    expect(shown.locator("#neuron-title")).to_have_text(f"Neuron {neuron}")
    expect(shown.locator("#neuron-where")).to_contain_text(f"y {y}, x {x}, ch 1")
    shown.get_by_role("button", name="Show it in the picture").click()
    sharp(shown)
    expect(shown.locator(".channels")).to_be_hidden()
    expect(shown.locator("#column-conv canvas.plot")).to_be_focused()
    assert float(view(shown, "conv")["rowHeight"]) >= 12


def test_by_the_keys_alone(shown):
    shown.locator(".channel-rows .channel-row").first.focus()
    shown.keyboard.press("ArrowDown")
    second = order(shown)[1]
    shown.keyboard.press("Enter")
    expect(shown.locator(".channel-detail h3")).to_have_text(f"channel {second}")
    shown.focus(".channel-large")
    for key in ("ArrowUp",) * 4 + ("ArrowLeft",) * 5 + ("ArrowDown", "ArrowRight", "ArrowRight"):
        shown.keyboard.press(key)
    expect(shown.locator(".channel-words")).to_contain_text(f"y 1, x 2, ch {second} ·")
    shown.keyboard.press("Enter")
    expect(shown.locator("#neuron-title")).to_have_text(f"Neuron {(1 * 5 + 2) * 3 + second}")
    shown.keyboard.press("ArrowRight")
    expect(shown.locator("#neuron-title")).to_have_text(f"Neuron {(1 * 5 + 3) * 3 + second}")
    # One after the other, what was opened last first.
    shown.keyboard.press("Escape")
    expect(shown.locator("#neuron-panel")).to_be_hidden()
    shown.keyboard.press("Escape")
    expect(shown.locator(".channel-detail")).to_be_hidden()


def test_a_link_a_channel_as_rows_and_undo(shown, open_page, paper):
    shown.locator('.channel-row[data-channel="2"]').click()
    shown.evaluate("dispatchEvent(new Event('pagehide'))")
    other = open_page()
    other.goto(shown.url)
    other.wait_for_selector(READ)
    expect(other.locator(".channel-detail h3")).to_have_text("channel 2")
    other.get_by_role("button", name="Show its 20 as rows").click()
    other.wait_for_selector('#column-conv[data-shown="20"]')
    sharp(other)
    expect(other.locator("#filter")).to_have_value("ch == 2")
    other.locator("canvas.plot").focus()
    other.keyboard.press("Control+z")
    other.wait_for_selector(READ)
    expect(other.locator(".channel-detail")).to_be_visible()
    assert other.problems == []


def test_layers_without_positions_have_no_channels(page, paper):
    page.goto(f"{paper[0]}#1;d=paper;l=conv,logits;g=1;s0=i;s1=i")
    sharp(page)
    page.wait_for_selector("#column-conv .view-ways")
    expect(page.locator("#column-logits .view-ways")).to_have_count(0)
