"""For everyone: few tab stops, 200 %, forced colours, a phone, 4K; nothing overlaps, no word is cut, and the plot has room. And the promise to tests from outside."""

import pytest
from playwright.sync_api import expect

from plots import axe_faults, first_row, pixels, row_place, sharp, view, zoom_to_names

SIZES = {
    "desk": {"viewport": {"width": 1440, "height": 900}},
    # A browser's zoom at 200 %: half as many CSS pixels.
    "200 %": {"viewport": {"width": 720, "height": 450}, "device_scale_factor": 2},
    "laptop at 200 %": {"viewport": {"width": 960, "height": 540}, "device_scale_factor": 2},
    "4K": {"viewport": {"width": 3840, "height": 2160}},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "has_touch": True, "is_mobile": True},
    "small phone": {"viewport": {"width": 320, "height": 568}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True},
    "forced": {"viewport": {"width": 1440, "height": 900}, "forced_colors": "active"},
}

#: Controls that lie over each other, and words of which a part is cut off: neither whole, nor hidden whole, nor ended by an ellipsis.
FAULTS = """() => {
    const seen = (one) => one.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true }) && one.getClientRects().length > 0;
    const clip = (box, one) => {
        for (let up = one.parentElement; up; up = up.parentElement) {
            const style = getComputedStyle(up);
            if (style.overflowX === 'visible' && style.overflowY === 'visible' && style.clipPath === 'none') continue;
            const of = up.getBoundingClientRect();
            box = { left: Math.max(box.left, of.left), right: Math.min(box.right, of.right), top: Math.max(box.top, of.top), bottom: Math.min(box.bottom, of.bottom) };
        }
        return box;
    };
    const area = (box) => Math.max(0, box.right - box.left) * Math.max(0, box.bottom - box.top);
    const controls = [...document.querySelectorAll('button, select, input, a')].filter((one) => seen(one) && !one.closest('.sr-only, #popover, #hint'))
        .map((one) => ({ one, box: clip(one.getBoundingClientRect(), one) })).filter(({ box }) => area(box) > 4);
    const overlaps = [];
    controls.forEach((a, i) => controls.slice(i + 1).forEach((b) => {
        const both = { left: Math.max(a.box.left, b.box.left), right: Math.min(a.box.right, b.box.right), top: Math.max(a.box.top, b.box.top), bottom: Math.min(a.box.bottom, b.box.bottom) };
        if (both.right - both.left > 2 && both.bottom - both.top > 2 && !a.one.contains(b.one) && !b.one.contains(a.one)) overlaps.push(`${a.one.id || a.one.className} × ${b.one.id || b.one.className}`);
    }));
    const cut = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const text = walk.currentNode, one = text.parentElement;
        if (!text.data.trim() || !seen(one) || one.closest('.sr-only, option, noscript, script, svg, #hint, #skip')) continue;
        let scrolls = false, ends = false;
        for (let up = one; up; up = up.parentElement) {
            const style = getComputedStyle(up);
            scrolls ||= ['auto', 'scroll'].includes(style.overflowY) || ['auto', 'scroll'].includes(style.overflowX);
            ends ||= style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none';
        }
        if (scrolls || ends) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        for (const box of range.getClientRects()) {
            const left = clip({ left: box.left, right: box.right, top: box.top + 2, bottom: box.bottom - 3 }, one), whole = (box.right - box.left) * (box.bottom - box.top - 5);
            if (whole > 4 && area(left) > 0.02 * whole && area(left) < 0.93 * whole) cut.push(text.data.trim().slice(0, 60));
        }
    }
    return { overlaps, cut };
}"""


@pytest.mark.parametrize("name", SIZES)
def test_there_is_room(open_page, url, story, name):
    page = open_page(**SIZES[name])
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    width, height = (SIZES[name]["viewport"][side] for side in ("width", "height"))
    assert page.evaluate("[innerWidth, document.documentElement.scrollWidth <= innerWidth, document.documentElement.scrollHeight <= innerHeight]") == [width, True, True]
    assert page.evaluate(FAULTS) == {"overlaps": [], "cut": []}
    facts = view(page, layer)
    assert float(facts["plotHeight"]) >= 0.36 * height and float(facts["plotWidth"]) >= 110, (facts["plotHeight"], facts["plotWidth"])
    assert pixels(page, layer)["coloured"] > 1000
    # The same with rows that carry their numbers.
    page.locator(f"#column-{layer} canvas.plot").scroll_into_view_if_needed()
    page.focus(f"#column-{layer} canvas.plot")
    while float(view(page, layer)["rowHeight"]) < 14:
        before = view(page, layer)["rowHeight"]
        page.keyboard.press("+")
        page.wait_for_function("([layer, before]) => document.querySelector(`#column-${layer}`).dataset.rowHeight !== before", arg=[layer, before])
    sharp(page)
    assert float(view(page, layer)["plotWidth"]) >= 100
    assert page.evaluate(FAULTS) == {"overlaps": [], "cut": []}
    assert page.problems == []


@pytest.mark.parametrize("size", [(1280, 800), (1440, 900)], ids=str)
def test_the_display_options_have_one_line(open_page, url, size):
    """With two layers, whatever is chosen in them, and none of them is lost."""
    page = open_page(viewport={"width": size[0], "height": size[1]})
    page.goto(url)
    sharp(page)
    page.wait_for_selector("#divergence-open:not([disabled])")
    names = [one.inner_text().strip() for one in page.locator("#view-options .option .quiet").all()]
    assert names == ["x axis", "scale", "bins", "opacity", "full at", "classes"]
    for selector in ("#compare", "#filter-open", "#linked", "#divergence-open"):
        expect(page.locator(selector)).to_be_visible()

    def lines():
        middles = page.eval_on_selector_all("#view-options > *, #divergence-open", "all => all.map(one => one.getBoundingClientRect()).map(({ top, bottom }) => (top + bottom) / 2)")
        return max(middles) - min(middles)

    assert lines() < 8
    for select in page.locator("#view-options select").all():
        select.select_option(select.evaluate("one => [...one.options].sort((a, b) => b.text.length - a.text.length)[0].value"))
        assert lines() < 8, select.get_attribute("id")
    assert page.evaluate(FAULTS) == {"overlaps": [], "cut": []}
    sharp(page)
    assert page.problems == []


@pytest.mark.parametrize("name", SIZES)
def test_a_panel_leaves_the_plot_and_has_all_its_words(open_page, url, story, name):
    page = open_page(**SIZES[name])
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    first_row(page, layer)
    page.keyboard.press("Enter")
    page.wait_for_selector("#neuron-panel[open] svg.histogram")
    assert page.evaluate(FAULTS)["cut"] == []
    box = page.locator("#neuron-panel").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= SIZES[name]["viewport"]["width"] and box["y"] + box["height"] <= SIZES[name]["viewport"]["height"]
    for selector in ("#neuron-pin", "#neuron-hide", "#neuron-close"):
        one = page.locator(selector).bounding_box()
        assert one["x"] >= box["x"] and one["x"] + one["width"] <= box["x"] + box["width"], selector
    assert page.problems == []


@pytest.mark.parametrize("name", SIZES)
def test_the_sort_menu_can_be_applied_without_looking_for_it(open_page, url, name):
    page = open_page(**SIZES[name])
    page.goto(url)
    sharp(page)
    page.locator(".sort-button").first.click()
    page.wait_for_selector("#sort-apply")
    width, height = (SIZES[name]["viewport"][side] for side in ("width", "height"))
    for selector in ("#sort-apply", "#sort-apply-all"):
        box = page.locator(selector).bounding_box()
        assert 0 <= box["x"] and box["x"] + box["width"] <= width and 0 <= box["y"] and box["y"] + box["height"] <= height, selector
        assert page.eval_on_selector(selector, "one => { const { left, top, width, height } = one.getBoundingClientRect(); return one.contains(document.elementFromPoint(left + width / 2, top + height / 2)) }")
    assert page.problems == []


@pytest.mark.parametrize("name", ["200 %", "4K", "small phone", "forced"])
def test_axe_finds_nothing_at_any_size(open_page, url, name):
    page = open_page(**SIZES[name], reduced_motion="reduce")
    page.goto(url)
    sharp(page)
    page.locator(".sort-button").first.click()
    # Forced colours are the reader's own: contrast is theirs.
    options = {"rules": {"color-contrast": {"enabled": name != "forced"}}}
    assert axe_faults(page, options=options) == []


@pytest.mark.parametrize("name", ["desk", "laptop at 200 %", "phone"])
def test_few_tab_stops_lie_before_the_plot(open_page, url, name):
    page = open_page(**SIZES[name])
    page.goto(url)
    sharp(page)
    page.evaluate("document.activeElement.blur()")
    stops = []
    while not page.evaluate("document.activeElement.matches('canvas.plot')"):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        assert len(stops) <= 10, stops
    # And then to what is chosen: its lists are each one stop.
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#columns .column").first.locator(".sort-button")).to_be_focused()


def test_rows_of_controls_are_gone_through_with_arrows(page, url, story):
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    page.focus("#copy-link")
    for wanted in ("export", "theme", "help-button"):
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.id") == wanted
    axis, before = page.locator("#axis-mode"), view(page, layer)
    axis.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "axis-scale" and axis.input_value() == "shared", "to the next, and nothing is changed"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => document.querySelector('#axis-mode').value !== 'shared'")
    sharp(page)
    page.focus(f"#column-{layer} .sort-button")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.className").endswith("zoom-fit")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_function("([layer, before]) => document.querySelector(`#column-${layer}`).dataset.rowHeight !== before", arg=[layer, before["rowHeight"]])
    # Tab goes on, and comes back to the order.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('canvas.plot')")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.className") == "sort-button"


def test_what_tests_from_outside_rely_on(page, url, metadata, story):
    """The list of layers, the columns and their pictures, by the names that were promised."""
    page.goto(url)
    sharp(page)
    buttons = page.locator("#layers button[aria-pressed]")
    assert buttons.count() == len(metadata["layers"])
    names = [layer["name"] for layer in reversed(metadata["layers"])]
    spoken = [button.get_attribute("aria-label") for button in buttons.all()]
    assert all(told.startswith(name) for told, name in zip(spoken, names)), spoken
    for name in names:
        assert page.get_by_role("button", name=name, exact=False).first.is_visible()
    pressed = {layer["id"] for layer, button in zip(reversed(metadata["layers"]), buttons.all()) if button.get_attribute("aria-pressed") == "true"}
    columns = page.locator("section.column[data-layer]")
    assert {column.get_attribute("data-layer") for column in columns.all()} == pressed == set(story["layers"])
    for column in columns.all():
        expect(column.locator("canvas.plot")).to_have_count(1)
        assert column.locator("canvas.plot").bounding_box()["height"] > 100
    # Pressed once, a layer has its column; again, none.
    last = metadata["layers"][-1]
    button = page.locator("#layers").get_by_role("button", name=last["name"])
    button.click()
    expect(page.locator(f'section.column[data-layer="{last["id"]}"] canvas.plot')).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(page.locator(f'section.column[data-layer="{last["id"]}"]')).to_have_count(0)


def test_no_tap_goes_through_a_closing_drawer(open_page, url, story):
    page = open_page(**SIZES["phone"])
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    zoom_to_names(page, layer)
    page.locator("#selection-toggle").tap()
    expect(page.locator("#layers-section")).to_be_visible()
    before = view(page, layer)
    box = page.locator(f"#column-{layer} canvas.plot").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 6, box["y"] + box["height"] / 2)
    expect(page.locator("#selection.open")).to_have_count(0)
    sharp(page)
    assert page.locator("#neuron-panel[open]").count() == 0, "the tap closed the drawer, and opened no neuron"
    assert view(page, layer)["rowHeight"] == before["rowHeight"]
    assert page.problems == []


def test_no_tap_goes_through_to_the_sheet_that_it_opens(open_page, url, story):
    page = open_page(**SIZES["phone"])
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    zoom_to_names(page, layer)
    page.touchscreen.tap(*row_place(page, layer, 0))
    expect(page.locator("#neuron-title")).to_be_visible()
    button = page.locator("#neuron-panel .panel-buttons button").nth(1).bounding_box()
    page.locator("#neuron-close").tap()
    expect(page.locator("#neuron-title")).to_be_hidden()
    facts, box = view(page, layer), page.locator(f"#column-{layer} canvas.plot").bounding_box()
    x, y = button["x"] + button["width"] / 2, button["y"] + button["height"] / 2
    line = int((y - box["y"] - float(facts["plotTop"])) / float(facts["rowHeight"]))
    page.evaluate("addEventListener('click', () => { window.clicked = true; }, true)")
    page.touchscreen.tap(x, y)
    page.wait_for_function("() => window.clicked")
    expect(page.locator("#neuron-where")).to_contain_text(f"rank {line + 1} of")
    assert page.problems == []
