"""Many rows are selected: by dragging, with Shift and Ctrl, with the keys; and then pinned, hidden, shown alone, kept."""

import json

import pytest
from playwright.sync_api import expect

from plots import row_place, sharp, view
from test_exports import paper, save  # noqa: F401, a fixture


@pytest.fixture
def shown(page, paper):
    page.goto(f"{paper[0]}#1;d=paper;l=conv;g=1,2;s0=i;y0=0_30")
    sharp(page)
    page.wait_for_selector("#picked-bar", state="attached")
    return page


def numbers(page, line):
    """The place of a row's number."""
    _, y = row_place(page, "conv", line)
    return page.locator("#column-conv canvas.plot").bounding_box()["x"] + 30, y


def drag(page, first, last):
    page.mouse.move(*numbers(page, first))
    page.mouse.down()
    page.mouse.move(*numbers(page, (first + last) // 2))
    page.mouse.move(*numbers(page, last))
    page.mouse.up()


def selected(page):
    """As the link has it."""
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    found = page.evaluate("/picked=conv((?:\\.[0-9a-z]+)*)/.exec(location.hash)?.[1] ?? ''")
    return sorted(int(n, 36) for n in found.split(".") if n)


def test_dragging_over_the_numbers_selects_and_scrolls_nothing(shown):
    drag(shown, 3, 7)
    expect(shown.locator("#picked-bar b")).to_have_text("5 neurons selected")
    assert selected(shown) == [3, 4, 5, 6, 7] and view(shown, "conv")["top"] == "0.000"
    drag(shown, 12, 10)
    assert selected(shown) == [10, 11, 12]
    shown.keyboard.press("Control+z")
    expect(shown.locator("#picked-bar b")).to_have_text("5 neurons selected")
    shown.keyboard.press("Control+z")
    expect(shown.locator("#picked-bar")).to_be_hidden()


def test_shift_and_ctrl(shown):
    x, y = row_place(shown, "conv", 4)
    shown.keyboard.down("Control")
    shown.mouse.click(x, y)
    shown.keyboard.up("Control")
    assert selected(shown) == [4]
    shown.keyboard.down("Shift")
    shown.mouse.click(*row_place(shown, "conv", 8))
    shown.keyboard.up("Shift")
    expect(shown.locator("#picked-bar b")).to_have_text("5 neurons selected")
    assert selected(shown) == [4, 5, 6, 7, 8]
    shown.keyboard.down("Control")
    shown.mouse.click(*row_place(shown, "conv", 6))
    shown.keyboard.up("Control")
    assert selected(shown) == [4, 5, 7, 8]
    # With Shift a drag selects anywhere.
    shown.keyboard.down("Shift")
    shown.mouse.move(*row_place(shown, "conv", 14))
    shown.mouse.down()
    shown.mouse.move(*row_place(shown, "conv", 15))
    shown.mouse.move(*row_place(shown, "conv", 16))
    shown.mouse.up()
    shown.keyboard.up("Shift")
    assert selected(shown) == [14, 15, 16]
    assert view(shown, "conv")["top"] == "0.000"


def test_the_keys_select_and_escape_lets_go(shown):
    shown.focus("#column-conv canvas.plot")
    shown.keyboard.press("ArrowDown")
    for n in range(3):
        shown.keyboard.press("Shift+ArrowDown")
        expect(shown.locator("#picked-bar b")).to_have_text(f"{n + 2} neurons selected")
    assert selected(shown) == [0, 1, 2, 3]
    shown.keyboard.press("Shift+ArrowUp")
    expect(shown.locator("#picked-bar b")).to_have_text("3 neurons selected")
    assert selected(shown) == [0, 1, 2]
    shown.keyboard.press("Escape")
    expect(shown.locator("#picked-bar")).to_be_hidden()


def test_what_is_selected_is_hidden_pinned_shown_alone_and_kept(shown):
    drag(shown, 2, 5)
    shown.click("#picked-hide")
    expect(shown.locator("#column-conv .hidden-strip")).to_contain_text("4 hidden")
    expect(shown.locator("#picked-bar")).to_be_hidden()
    shown.click("#hint .notice-action")
    expect(shown.locator("#column-conv .hidden-strip")).to_contain_text("0 hidden")
    expect(shown.locator("#picked-bar b")).to_have_text("4 neurons selected")
    shown.click("#picked-pin")
    expect(shown.locator("#column-conv .pinned-strip")).to_have_text("4 pinned")
    shown.click("#picked-keep")
    shown.fill(".set-name", "twenty")
    shown.press(".set-name", "Enter")
    expect(shown.locator(".filter-chips .set .chip")).to_have_text("◆ twenty 4")
    shown.click("#picked-only")
    shown.wait_for_selector('#column-conv[data-shown="4"]')
    sharp(shown)
    (layer,) = json.loads(save(shown, "json"))["layers"]
    assert [row["neuron"] for row in layer["rows"] if not row["pinned"]] == [2, 3, 4, 5]


def test_where_a_row_is_several_neurons_nothing_is_selected(page, large_url):
    page.goto(f"{large_url}#1;d=large;l=conv;g=1;s0=i")
    sharp(page)
    page.wait_for_selector("#picked-bar", state="attached")
    box = page.locator("canvas.plot").bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 230)
    page.mouse.move(box["x"] + 30, box["y"] + 260)
    page.mouse.up()
    expect(page.locator("#hint")).to_contain_text("zoom in to select single ones")
    expect(page.locator("#picked-bar")).to_be_hidden()
