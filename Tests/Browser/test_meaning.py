"""What is not a bar: places of neurons, NaN, rows that are still to come, layers and data sets that are not there."""

import pytest
from playwright.sync_api import expect

from plots import hover_row, pixels, sharp, view
from test_exports import paper  # noqa: F401, a fixture


@pytest.fixture
def shown(page, paper):
    page.goto(f"{paper[0]}#1;d=paper;l=conv,logits;g=1,2;s0=i;s1=i;y0=0_24")
    sharp(page)
    return page


def find(page, text):
    page.fill("#find", text)
    page.press("#find", "Enter")


def test_the_find_field_takes_places_channels_and_classes(shown):
    live = shown.locator("#live")
    find(shown, "conv 1,2,0")
    expect(live).to_contain_text("neuron 21 (y 1, x 2, ch 0)")
    find(shown, "y 3, x 4, ch 2")
    expect(live).to_contain_text("neuron 59 (y 3, x 4, ch 2)")
    find(shown, "bee, small")
    expect(live).to_contain_text("neuron 1 (bee, small)")
    find(shown, "ch 1")
    expect(shown.locator("#hint")).to_contain_text("1 of 20 neurons")
    shown.press("#find", "Enter")
    expect(shown.locator("#hint")).to_contain_text("2 of 20 neurons")
    expect(live).to_contain_text("neuron 4 (y 0, x 1, ch 1)")
    find(shown, "9,9,9")
    expect(shown.locator("#hint")).to_contain_text("No layer on screen has")


def test_a_card_says_what_a_neuron_is_and_that_there_is_nothing_to_draw(shown):
    assert "y 0, x 0, ch 2" in hover_row(shown, "conv", 2)
    card = hover_row(shown, "conv", 21)
    assert "y 1, x 2, ch 0" in card and "All values of these classes are NaN" in card
    assert "Hatched" not in card


def test_the_layer_says_how_many_values_are_no_numbers(shown, paper):
    import numpy as np

    nan = int(np.isnan(paper[1]).sum())
    expect(shown.locator("#column-conv .odd")).to_have_text(f"{nan} NaN · 1 ∞")
    expect(shown.locator("#column-logits .odd")).to_have_text("")


def test_layers_are_called_by_their_names(shown):
    names = [button.get_attribute("aria-label") for button in shown.query_selector_all("#layers button[aria-pressed]")]
    assert [name.split(",")[0] for name in names] == ["activations/logits", "activations/conv"]


def test_rows_still_to_come_do_not_look_like_data(open_page, large_url):
    """The sum of neighbours stands in for them: pale, and striped."""
    page = open_page()
    pending = []
    page.goto(large_url)
    sharp(page)
    page.context.route("**/tiles/*/0/**", lambda route: pending.append(route))
    page.focus("canvas.plot")
    before = pixels(page, "conv")
    while float(view(page, "conv")["rowHeight"]) < 14:
        height = view(page, "conv")["rowHeight"]
        page.keyboard.press("+")
        page.wait_for_function("before => document.querySelector('section.column').dataset.rowHeight !== before", arg=height)
    page.wait_for_function("() => /y0=/.test(location.hash)")
    assert view(page, "conv")["sharp"] == "false"
    waiting = pixels(page, "conv")
    page.context.unroute("**/tiles/*/0/**")
    for route in pending:
        route.continue_()
    sharp(page)
    assert waiting["coloured"] < before["coloured"] and waiting["coloured"] < 0.8 * pixels(page, "conv")["coloured"]


def test_a_data_set_that_is_not_here_says_what_is(page, paper):
    page.goto(f"{paper[0]}#1;d=nothing")
    expect(page.locator("#columns")).to_contain_text("There is no data set “nothing” here.")
    page.locator("#columns a").first.click()
    sharp(page)
    assert view(page, "conv")["layer"] == "conv"


def test_a_layer_that_is_not_here_is_told(page, paper):
    page.goto(f"{paper[0]}#1;d=paper;l=gone,conv;g=1;s1=i")
    sharp(page)
    expect(page.locator(".notice")).to_contain_text("no layer “gone”. It has “activations/conv”, “activations/logits”")


def test_three_classes_have_lanes_on_tall_rows_and_none_where_that_was_chosen(shown):
    for group in ("3",):
        shown.click(f'.class-toggle[data-group="{group}"]')
    sharp(shown)
    fitting = pixels(shown, "conv")["hash"]
    shown.select_option("#class-arrangement", "lanes")
    sharp(shown)
    lanes = pixels(shown, "conv")["hash"]
    shown.select_option("#class-arrangement", "overlay")
    sharp(shown)
    assert fitting == lanes != pixels(shown, "conv")["hash"]


def test_one_key_skips_to_the_plot(shown):
    shown.evaluate("document.activeElement.blur()")
    shown.keyboard.press("Tab")
    expect(shown.locator("#skip")).to_be_focused()
    shown.keyboard.press("Enter")
    expect(shown.locator("canvas.plot").first).to_be_focused()


def test_forced_colours_keep_every_mark(open_page, paper):
    page = open_page(forced_colors="active")
    page.goto(f"{paper[0]}#1;d=paper;l=conv;g=1,2;i=0,1;s0=i")
    sharp(page)
    assert pixels(page, "conv")["coloured"] > 1000
    boxes = page.eval_on_selector_all('.class-toggle[aria-pressed="true"] .box', "all => all.map(one => getComputedStyle(one).backgroundColor)")
    assert len(set(boxes)) == 2, "classes keep their colours"
    assert page.problems == []


def test_the_sidebar_is_widened_with_the_pointer_and_by_key_and_stays_so(shown):
    edge = shown.locator(".sidebar-edge")
    width = shown.locator("#selection").bounding_box()["width"]
    box = edge.bounding_box()
    shown.mouse.move(box["x"] + 3, 300)
    shown.mouse.down()
    shown.mouse.move(box["x"] + 123, 300, steps=4)
    shown.mouse.up()
    assert shown.locator("#selection").bounding_box()["width"] == pytest.approx(width + 120, abs=4)
    edge.focus()
    shown.keyboard.press("ArrowLeft")
    narrower = shown.locator("#selection").bounding_box()["width"]
    assert narrower == pytest.approx(width + 96, abs=5)
    shown.reload()
    sharp(shown)
    assert shown.locator("#selection").bounding_box()["width"] == pytest.approx(narrower, abs=1)
