"""Layers and classes as a language model has them: 32 layers with dotted names, 100 classes with long names. Two of the thirty tasks among them."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from demodump import is_told, number
from plots import card_lines, hover_row, neuron_at, pixels, sharp, view
from test_truth import Axis


@pytest.fixture
def layer(language_url, open_page):
    """The id of the last layer on the first view, and its number."""
    page = open_page()
    page.goto(language_url)
    sharp(page)
    return page.locator("#columns .column").last.get_attribute("data-layer")


def number_in(layer):
    return int(re.search(r"layers-(\d+)-", layer)[1])


def of(language, layer, name):
    """The values of a class in a layer, `[row, neuron]`."""
    return language.layers[number_in(layer)][language.labels == language.classes.index(name)].astype("f8")


@pytest.mark.task(23, "one class among a hundred", most=22)
def test_one_class_among_a_hundred(task, language, language_url, layer):
    hands = task(language_url)
    page = hands.page
    wanted = next(name for name in language.classes if name.startswith("highland tree frog"))
    hands.press("c")
    hands.type("highland tree")
    expect(page.locator(".class-toggle:visible")).to_have_count(1)
    hands.press("Enter")
    expect(page.locator("#legend")).to_contain_text(wanted)
    sharp(page)
    hands.nearer(layer)
    neuron = neuron_at(page, layer, 3)
    own = of(language, layer, wanted)[:, neuron]
    cells = card_lines(page)[wanted]
    assert is_told(cells[0], np.median(own)) and number(cells[2]) == len(own) == 8


@pytest.mark.task(24, "twelve classes at once, readable", most=16)
def test_twelve_classes_at_once(task, language, language_url, layer):
    hands = task(language_url)
    page = hands.page
    twelve = [name for name in language.classes if "shepherd" in name]
    hands.double(".class-toggle >> nth=0")
    hands.fill("#class-search", "shepherd")
    listed = page.locator(".class-toggle:visible")
    expect(listed).to_have_count(12)
    hands.click(listed.last, modifiers=["Shift"])
    expect(page.locator("#classes-count")).to_have_text("12 of 101")
    for name in twelve:
        expect(page.locator("#legend")).to_contain_text(name)
    colours = page.eval_on_selector_all('.class-toggle[aria-pressed="true"] .box', "all => all.map(one => getComputedStyle(one).backgroundColor)")
    assert len(set(colours)) == 12
    sharp(page)
    hands.nearer(layer)
    facts = view(page, layer)
    height = float(facts["rowHeight"])
    assert height >= 36, "a row has room for a lane a class"
    # Each lane of a row is coloured where its class has values, and nowhere else.
    page.mouse.move(5, 5)
    neuron = neuron_at(page, layer, 1)
    page.mouse.move(5, 5)
    sharp(page)
    axis = Axis(facts)
    ends = page.eval_on_selector(f"#column-{layer}", """(element, [row, lanes]) => {
        const canvas = element.querySelector('canvas.plot'), ratio = devicePixelRatio, facts = element.dataset;
        const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return Array.from({ length: lanes }, (_, lane) => {
            const y = Math.floor((+facts.plotTop + (row + (lane + 0.5) / lanes) * facts.rowHeight) * ratio), seen = [];
            for (let x = Math.ceil(+facts.plotX) + 1; x < +facts.plotX + +facts.plotWidth - 1; x++) {
                const i = (y * width + x) * 4;
                if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 20) seen.push(x);
            }
            return seen.length > 0 ? [seen[0], seen[seen.length - 1]] : null;
        });
    }""", [1, 12])
    seen = 0
    # A bar covers the neuron's own bin: at most a hundred and twenty-eighth of its range.
    reach = np.ptp(language.layers[number_in(layer)][:, neuron].astype("f8")) / 128
    for name, span in zip(twelve, ends):
        own = of(language, layer, name)[:, neuron]
        if span:
            seen += 1
            assert axis.pixel(own.min() - reach) - 3 <= span[0] and span[1] <= axis.pixel(own.max() + reach) + 3, (name, span)
    assert seen >= 10


def cut(page, selector):
    """Elements of which a part cannot be read."""
    return page.eval_on_selector_all(selector, "all => all.filter(one => one.offsetParent && one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)")


def test_layers_can_be_told_apart_everywhere(open_page, language, language_url):
    page = open_page()
    page.goto(language_url)
    sharp(page)
    names = [name.removeprefix("model.layers.") for name in language.names[::-1]]
    shown = page.eval_on_selector_all(".layer-toggle .name", "all => all.map(one => one.textContent)")
    assert shown == names
    assert cut(page, ".layer-toggle .name .end") == cut(page, ".layer-toggle .name .start") == []
    assert cut(page, ".column h2 .start") == cut(page, ".column h2 .end") == []
    assert [button.get_attribute("aria-label").split(",")[0] for button in page.locator(".layer-toggle").all()] == [f"activations/{name}" for name in language.names[::-1]]


def test_classes_can_be_told_apart(open_page, language, language_url):
    page = open_page()
    page.goto(language_url)
    sharp(page)
    shown = page.eval_on_selector_all(".class-toggle.kind-class .name", "all => all.map(one => one.textContent)")
    assert shown == language.classes
    assert cut(page, ".class-toggle .name .end") == [], "the end of a name is never cut"
    lefts = page.eval_on_selector_all(".class-toggle", "all => all.map(one => one.getBoundingClientRect().left)")
    assert len(set(lefts)) == 1, "a line each"


def test_no_number_of_the_axis_lies_over_the_headings(open_page, language_url):
    """The last layer's axis begins with −100: what is written between the ranks' heading and the plot ends before the plot."""
    page = open_page()
    page.goto(language_url)
    sharp(page)
    layer = page.locator("#columns .column").last.get_attribute("data-layer")
    facts = view(page, layer)
    gap = page.eval_on_selector(f"#column-{layer} canvas.plot", """(canvas, x) => {
        const { data } = canvas.getContext('2d').getImageData(Math.round(x) - 9, 20, 3, 14);
        return data.filter((value, i) => i % 4 === 0 && value < 200).length;
    }""", float(facts["plotX"]))
    assert gap == 0


def test_the_sort_menu_and_the_panel_have_room_for_long_names(open_page, language, language_url, layer):
    page = open_page()
    page.goto(language_url)
    sharp(page)
    page.click(f"#column-{layer} .sort-button")
    menu = page.locator("#popover").bounding_box()
    assert menu["x"] >= 0 and menu["x"] + menu["width"] <= 1440 and menu["y"] + menu["height"] <= 900
    assert page.eval_on_selector("#popover", "one => one.scrollWidth <= one.clientWidth")
    page.keyboard.press("Escape")
    hover_row(page, layer, 20)
    card = page.locator("#hover-card").bounding_box()
    assert card["x"] >= 0 and card["x"] + card["width"] <= 1440
    page.mouse.click(*(page.locator(f"#column-{layer} canvas.plot").bounding_box()[k] + 200 for k in ("x", "y")))
    page.wait_for_selector("#neuron-panel[open] svg.histogram") if page.locator("#neuron-panel[open]").count() else page.keyboard.press("Enter")
    assert pixels(page, layer)["coloured"] > 1000
    assert page.problems == []
