"""A layer of 262,144 neurons, and 300 classes: the same features, no hole, nothing that takes longer."""

import json
import re

import pytest
from playwright.sync_api import expect

from plots import click_row, hover_row, middle, neuron_at, pixels, row_place, settled, sharp, sort, view, zoom_to_names

NEURONS = 262_144


@pytest.fixture
def layer(page, large_url):
    page.goto(large_url)
    sharp(page)
    return page.get_attribute("#columns .column", "data-layer")


def number(facts, name):
    return float(facts[name])


#: Every frame drawn while scrubbing: whether each band of the plot had something in it, the lane of zeros included: there are neurons that
#: are 0 for all rows.
WATCH = """layer => {
    const canvas = document.querySelector(`#column-${layer} canvas.plot`), facts = document.querySelector(`#column-${layer}`).dataset;
    window.watched = { frames: 0, blank: 0 };
    const look = () => {
        const context = canvas.getContext('2d'), x = Math.round(+facts.plotX - 24), top = Math.round(+facts.plotTop) + 2;
        const height = Math.floor(+facts.plotHeight) - 4;
        const { data } = context.getImageData(x, top, Math.round(+facts.plotWidth / 3), height);
        const band = 16, width = Math.round(+facts.plotWidth / 3);
        watched.frames++;
        for (let y = 0; y + band <= height; y += band) {
            let seen = false;
            for (let i = y * width * 4; i < (y + band) * width * 4 && !seen; i += 4) seen = Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 6;
            if (!seen) watched.blank++;
        }
        window.watching = requestAnimationFrame(look);
    };
    look();
}"""


def test_from_the_whole_layer_to_single_neurons_without_a_hole(page, layer):
    whole = view(page, layer)
    assert int(whole["level"]) >= 8 and "1 row = " in page.get_attribute(f"#column-{layer} .grain", "title")
    page.evaluate(WATCH, layer)
    page.mouse.move(*middle(page, layer))
    page.keyboard.down("Control")
    for _ in range(30):
        page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    near = settled(page, layer, "level", whole["level"])
    assert near["level"] == "0" and number(near, "rowHeight") > 12
    box = page.locator(f"#column-{layer} .minimap").bounding_box()
    top, height = box["y"] + number(near, "plotTop"), number(near, "plotHeight")
    page.mouse.move(box["x"] + 10, top + 5)
    page.mouse.down()
    for step in range(40):
        page.mouse.move(box["x"] + 10, top + 0.4 * height * (step % 20) / 20)
    page.mouse.up()
    sharp(page)
    watched = page.evaluate("() => { cancelAnimationFrame(watching); return watched; }")
    assert watched["frames"] > 10 and watched["blank"] == 0, watched


def test_a_new_order_comes_whole_and_every_row_is_its_neuron(page, layer, large_url, api):
    zoom_to_names(page, layer)
    dataset = api(large_url + "api/v1/datasets")["datasets"][0]
    for by, items, name in (("median", ["median 2"], "median(dog)"), ("difference", ["median 1", "median 3"], "difference(median(cat),median(bird))")):
        sort(page, layer, by, items, "descending")
        found = api(f"{large_url}api/v1/datasets/{dataset['name']}/{dataset['version']}/layers/{layer}/find?order={name}&direction=descending&rank=4")
        assert neuron_at(page, layer, 4) == found["neuron"]
        page.mouse.move(5, 5)


def test_jump_hide_pin_and_open(page, layer):
    page.keyboard.press("/")
    page.keyboard.type("200017")
    page.keyboard.press("Enter")
    page.wait_for_function("() => /neuron 200017, rank/.test(document.querySelector('#live').textContent)")
    sharp(page)
    rank = int(page.inner_text("#live").split("rank ")[1].replace(",", ""))
    line = rank - 1 - number(view(page, layer), "top")
    assert f"rank {rank:,} of {NEURONS:,}" in hover_row(page, layer, line)
    page.keyboard.press("p")
    page.wait_for_function("() => /pinned/.test(document.querySelector('#live').textContent)")
    page.keyboard.press("Enter")
    page.wait_for_selector("#neuron-panel[open] svg.histogram")
    assert page.inner_text("#neuron-title") == "Neuron 200017"
    page.keyboard.press("Escape")
    page.wait_for_selector("#neuron-panel", state="hidden")
    page.mouse.move(5, 5)
    # Another order: the pinned one stays on top, the strip beside shows where it went.
    sort(page, layer, "index", [], "ascending")
    page.wait_for_function("() => /neuron 200017: rank/.test(document.querySelector('#hint').textContent)")
    assert page.inner_text("#hint").endswith("→ 200,018")
    page.mouse.click(*row_place(page, layer, 3))
    page.locator("#neuron-panel[open]").get_by_role("button", name="Hide", exact=True).click()
    expect(page.locator(f"#column-{layer} .hidden-strip")).to_have_text("1 hidden ⤺")


def test_what_is_exported_is_what_is_on_screen(page, layer):
    page.click("#export")
    with page.expect_download() as download:
        page.click("#export-json")
    data = json.load(open(download.value.path()))["layers"][0]
    facts = view(page, layer)
    assert data["neuronsPerRow"] == 2 ** int(facts["level"]) and len(data["rows"]) == -(-NEURONS // data["neuronsPerRow"])
    assert data["rows"][-1]["lastRank"] == NEURONS
    assert not data["axis"]["zerosInBins"] and data["axis"]["shareAbove"] < 0.01
    assert all(abs(sum(group["densities"]) + group["zeroShare"] - 1) < 0.1 for row in data["rows"][:20] for group in row["groups"])


def test_away_from_a_busy_server_only_what_is_seen_is_asked_for(page, layer):
    """Scrubbing leaves nothing behind: at the end the queue holds what the last picture needs."""
    zoom_to_names(page, layer)
    queue = "document.documentElement.neuralDivergence.queue"
    page.evaluate(f"{queue}.counters.requests = 0")
    box = page.locator(f"#column-{layer} .minimap").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 60)
    page.mouse.down()
    for step in range(120):
        page.mouse.move(box["x"] + 10, box["y"] + 60 + step * 4)
        assert page.evaluate(f"{queue}.waiting.size + {queue}.flying.size") <= 40
    page.mouse.up()
    sharp(page)
    page.wait_for_function(f"() => {queue}.waiting.size + {queue}.flying.size === 0")


def test_a_brush_asks_for_what_is_seen_and_no_more_while_it_moves(page, layer):
    """The overview takes a pass over all neurons: it comes when the hand rests."""
    zoom_to_names(page, layer)
    click_row(page, layer, 3)
    page.wait_for_selector("#neuron-panel[open] svg.histogram")
    sharp(page)
    levels = []
    page.on("request", lambda request: levels.append(int(re.search(r"/tiles/0/(\d+)/", request.url)[1])) if "where=" in request.url and "/tiles/" in request.url else None)
    area = page.locator(".brush-area").bounding_box()
    y = area["y"] + area["height"] / 2
    page.mouse.move(area["x"] + 0.2 * area["width"], y)
    page.mouse.down()
    for step in range(30):
        page.mouse.move(area["x"] + area["width"] * (0.25 + 0.02 * step), y)
        page.evaluate("() => new Promise(requestAnimationFrame)")
    moving = list(levels)
    page.mouse.up()
    page.wait_for_selector('.brush[data-settled="true"]')
    assert moving and set(moving) == {0}, moving
    page.wait_for_function("() => document.documentElement.neuralDivergence.queue.waiting.size + document.documentElement.neuralDivergence.queue.flying.size === 0")
    sharp(page)
    assert max(levels) > 8


def test_three_hundred_classes_are_found_by_typing(page, classes_url):
    page.goto(classes_url)
    sharp(page)
    page.keyboard.press("c")
    assert page.evaluate("document.activeElement.id") == "class-search"
    page.keyboard.type("class 217")
    assert page.locator(".class-toggle:visible").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_selector('#classes-chosen .chip:has-text("class 217")')
    sharp(page)
    assert "class 217" in page.inner_text("#legend")
    page.fill("#class-search", "no such class")
    expect(page.locator("#classes .none")).to_be_visible()
    page.fill("#class-search", "")
    page.click('#classes-chosen .chip:has-text("class 217")')
    expect(page.locator('#classes-chosen .chip:has-text("class 217")')).to_have_count(0)
    # Compared only when asked: 300 tiles are not for everyone.
    page.click(".ask-similar")
    page.wait_for_selector(".similar-toggle")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert pixels(page, page.get_attribute("#columns .column", "data-layer"))["coloured"] > 500
