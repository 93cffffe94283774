"""Tasks of a researcher, third part: finding neurons by conditions, sets of them, channels of a convolution, NaN, two checkpoints."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from demodump import auroc, first_by
from plots import neuron_at, row_place, sharp, view
from test_exports import paper  # noqa: F401, a fixture
from test_tasks import A, B, OF_BINS

NEURONS = 512


def dead(dump, layer):
    return np.flatnonzero((dump.layers[layer] == 0).all(axis=0))


def shown(page, layer, count):
    page.wait_for_selector(f'#column-{layer}[data-shown="{count}"]')
    sharp(page)


@pytest.mark.task(2, "list the dead neurons", most=3)
def test_the_dead_neurons_are_listed(task, dump):
    hands = task()
    page = hands.page
    hands.click("#filter-open")
    hands.click('.filter-chips .chip:has-text("always 0")')
    for layer in ("dense_1", "dense_2"):
        wanted = dead(dump, layer)
        assert len(wanted) > 10
        shown(page, layer, len(wanted))
        # All keys are equal: they stand by their number.
        assert [neuron_at(page, layer, line) for line in range(4)] == list(wanted[:4])
    expect(page.locator("#filter-count")).to_have_text(f"{len(dead(dump, 'dense_1')) + len(dead(dump, 'dense_2'))} of {2 * NEURONS:,}")


@pytest.mark.task(10, "hide all dead", most=3)
def test_all_dead_neurons_are_hidden(task, dump):
    hands = task()
    page = hands.page
    hands.click("#filter-open")
    hands.click('.filter-chips .chip:has-text("always 0")')
    hands.click('.filter-ways [data-way="hide"]')
    for layer in ("dense_1", "dense_2"):
        shown(page, layer, NEURONS - len(dead(dump, layer)))
    # The last of those that are left is alive: 0 for the picture, and not for all.
    page.focus("#column-dense_1 canvas.plot")
    order = np.lexsort((np.arange(NEURONS), -dump.instances["attacked"]["dense_1"][0]))
    alive = [neuron for neuron in order if neuron not in set(dead(dump, "dense_1"))]
    assert neuron_at(page, "dense_1", 0) == alive[0]


@pytest.mark.task(13, "neurons where the attacked picture leaves its class’s range", most=3)
def test_where_the_attacked_picture_leaves_the_range(task, dump):
    hands = task()
    page = hands.page
    hands.click("#filter-open")
    hands.click(page.locator(".filter-chips .chip", has_text=f"outside {B}’s 1–99 %"))
    page.wait_for_function("() => +document.querySelector('#column-dense_1').dataset.shown < 512")
    sharp(page)
    own, value = dump.of("dense_1", B), dump.instances["attacked"]["dense_1"][0]
    place = 100 * (np.mean(own < value, axis=0) + np.mean(own <= value, axis=0)) / 2
    everything = dump.layers["dense_1"]
    near = np.abs(own - value) <= (everything.max(axis=0) - everything.min(axis=0)) / 128
    slack = 100 * np.mean(near & (own != value), axis=0)
    sure = (place + slack < 1) | (place - slack > 99)
    possible = (place - slack < 1) | (place + slack > 99)
    found = int(view(page, "dense_1")["shown"])
    assert sure.sum() <= found <= possible.sum() and sure.sum() > 5, (sure.sum(), found, possible.sum())
    top = [neuron_at(page, "dense_1", line) for line in range(5)]
    assert possible[top].all()


@pytest.mark.task(12, "twenty neurons as a named set", most=12)
def test_twenty_neurons_are_kept_under_a_name(task, dump):
    hands = task()
    page = hands.page
    hands.nearer("dense_1")
    x = page.locator("#column-dense_1 canvas.plot").bounding_box()["x"] + float(view(page, "dense_1")["plotX"]) - 45
    hands.drag((x, row_place(page, "dense_1", 0)[1]), (x, row_place(page, "dense_1", 19)[1]), steps=20)
    expect(page.locator("#picked-bar")).to_contain_text("20 neurons selected")
    hands.click("#picked-keep")
    hands.type("strong")
    hands.press("Enter")
    page.wait_for_function("() => /sets=strong/.test(location.hash)")
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    sharp(page)
    hands.click('.filter-chips .chip:has-text("strong")')
    shown(page, "dense_1", 20)
    order = list(np.lexsort((np.arange(NEURONS), -dump.instances["attacked"]["dense_1"][0]))[:20])
    assert [neuron_at(page, "dense_1", line) for line in range(20)] == order


@pytest.mark.task(27, "neurons with NaN", most=3)
def test_neurons_with_nan(task, paper):  # noqa: F811
    address, conv, logits, _ = paper
    hands = task(f"{address}#1;d=paper;l=conv,logits;g=1,2;s0=i;s1=i")
    hands.click("#filter-open")
    hands.click('.filter-chips .chip:has-text("NaN or ∞")')
    wanted = np.flatnonzero(~np.isfinite(conv).all(axis=0))
    shown(hands.page, "conv", len(wanted))
    shown(hands.page, "logits", 0)
    assert [neuron_at(hands.page, "conv", line) for line in range(len(wanted))] == list(wanted)


@pytest.fixture(scope="module")
def maps(dump):
    """AUROC of sandal against sneaker over the positions and channels of conv_4, `[y, x, channel]`."""
    return auroc(dump.of("conv_4", A), dump.of("conv_4", B)).reshape(14, 14, 32)


@pytest.mark.task(5, "where in the 14x14 the strong neurons lie", most=4)
def test_where_the_strong_neurons_lie(task, dump, maps):
    hands = task()
    page = hands.page
    hands.click('.layer-toggle[data-layer="conv_4"]')
    hands.click('#column-conv_4 [data-view="channels"]')
    page.wait_for_selector('#column-conv_4 .channels[data-reading="false"]')
    order = [int(one) for one in page.get_attribute("#column-conv_4 .channels", "data-order").split(",")]
    of_channel = np.abs(maps - 0.5).mean(axis=(0, 1))
    assert first_by(of_channel, order, OF_BINS)
    hands.click(f'#column-conv_4 .channel-rows [data-channel="{order[0]}"]')
    told = page.locator("#column-conv_4 .channel-top button").first.inner_text()
    y, x = (int(one) for one in re.search(r"y (\d+), x (\d+)", told).groups())
    strength = np.abs(maps[:, :, order[0]] - 0.5)
    assert strength[y, x] >= strength.max() - OF_BINS, (y, x, np.unravel_index(strength.argmax(), strength.shape))


@pytest.mark.task(6, "one channel over all positions", most=5)
def test_one_channel_over_all_positions(task, dump):
    hands = task()
    page = hands.page
    hands.click('.layer-toggle[data-layer="conv_4"]')
    hands.click('#column-conv_4 [data-view="channels"]')
    page.wait_for_selector('#column-conv_4 .channels[data-reading="false"]')
    channel = int(page.locator("#column-conv_4 .channel-rows button").first.get_attribute("data-channel"))
    hands.click(page.locator("#column-conv_4 .channel-rows button").first)
    hands.click("#column-conv_4 .channel-detail button:has-text('as rows')")
    shown(page, "conv_4", 196)
    of = np.arange(14 * 14) * 32 + channel
    values = dump.instances["attacked"]["conv_4"][0][of]
    assert [neuron_at(page, "conv_4", line) for line in range(4)] == list(of[np.lexsort((of, -values))[:4]])
