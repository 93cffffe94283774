"""Every control is found without help: what the page says can be done is said where it is done, and is true."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from plots import middle, neuron_at, over, over_element, row_place, settled, sharp, sort, view, zoom_to_names


@pytest.fixture
def layer(page, url, story):
    page.goto(url)
    sharp(page)
    return story["layers"][0]


def guide(page):
    return page.inner_text("#guide")


def near(page, layer):
    """A click on the first view, with the pointer where it clicked."""
    before = view(page, layer)
    over(page, *middle(page, layer))
    page.mouse.down()
    page.mouse.up()
    return settled(page, layer, "rowHeight", before["rowHeight"])


def test_where_rows_are_thin_a_click_goes_nearer_and_says_so(page, layer):
    first = view(page, layer)
    assert float(first["rowHeight"]) < 5 and first["level"] == "0"
    resting = guide(page)
    assert resting.startswith("click to zoom in there") and "then click a row for its panel" in resting
    assert "wheel or drag to scroll, once zoomed in" in resting and "Shift-click to pin it on top" in resting and "to zoom" in resting
    over(page, *middle(page, layer))
    expect(page.locator("#guide")).to_contain_text("click to zoom in here")
    page.wait_for_selector("#hover-card table")
    clicked = page.inner_text("#hover-card").split("\n")[0]
    assert "click: zoom in" in page.inner_text("#hover-card")
    nearer = near(page, layer)
    assert float(nearer["rowHeight"]) >= 12 and page.inner_text(f"#column-{layer} .hidden-strip") == "0 hidden"
    over(page, *middle(page, layer))
    expect(page.locator("#hover-card")).to_contain_text("click: open")
    assert page.inner_text("#hover-card").split("\n")[0] == clicked, "the row that was clicked is still under the pointer"
    expect(page.locator("#guide")).to_contain_text("wheel or drag to scroll")
    expect(page.locator("#guide")).not_to_contain_text("once zoomed in")
    # A neuron can be pinned from afar: the card says which it is.
    page.click(f"#column-{layer} .zoom-fit")
    settled(page, layer, "rowHeight", nearer["rowHeight"])
    page.keyboard.down("Shift")
    page.mouse.click(*middle(page, layer))
    page.keyboard.up("Shift")
    expect(page.locator(f"#column-{layer} .pinned-strip")).to_have_text("1 pinned")


def test_the_guide_says_what_a_click_does_and_where_it_is_undone(page, layer):
    near(page, layer)
    page.mouse.move(5, 5)
    resting = guide(page)
    assert resting.startswith("click a row for its panel") and "“hidden” above to bring back" in resting
    assert "Shift-click to pin it on top" in resting and "to scroll" in resting and "to zoom" in resting
    over(page, *middle(page, layer))
    expect(page.locator("#guide")).to_contain_text("for this neuron’s panel")
    # As it says.
    page.mouse.down()
    page.mouse.up()
    page.wait_for_selector("#neuron-panel[open]")
    page.click("#neuron-hide")
    page.keyboard.press("Escape")
    hidden = page.locator(f"#column-{layer} .hidden-strip")
    expect(hidden).to_have_text("1 hidden ⤺")
    over_element(page, f"#column-{layer} .hidden-strip")
    expect(page.locator("#guide")).to_contain_text("bring them back")
    hidden.click()
    page.click("#show-all-hidden")
    expect(hidden).to_have_text("0 hidden")
    page.mouse.move(5, 5)
    assert guide(page) == resting


def test_the_guide_changes_with_what_is_under_the_pointer(page, layer, story):
    zoom_to_names(page, layer)
    resting = guide(page)
    facts = view(page, layer)
    box = page.locator(f"#column-{layer} canvas.plot").bounding_box()
    seen = {resting}

    def says(words):
        expect(page.locator("#guide")).to_contain_text(words)
        seen.add(guide(page))

    over(page, *row_place(page, layer, 3))
    says("for this neuron’s panel")
    over(page, box["x"] + float(facts["plotX"]) + 60, box["y"] + 8)
    says("to zoom the x axis")
    for selector, words in ((f"#column-{layer} .minimap", "drag the frame, or click, to scroll"), (f"#column-{layer} .sort-button", "the difference of two"),
                            (f"#column-{layer} .direction-button", "reverse the order"), (".layer-toggle", "layer’s column"), (".class-toggle", "only this one"),
                            (".instance-toggle", "only this pair"), (f"#column-{layer} .pinned-strip", "unpin them")):
        over_element(page, selector)
        says(words)
    page.mouse.move(*row_place(page, layer, 3))
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.locator(f"#column-{layer} .pinned-strip")).to_have_text("1 pinned")
    sharp(page)
    over(page, box["x"] + box["width"] * 0.6, box["y"] + float(facts["plotTop"]) + 10)
    says("to unpin it")
    assert len(seen) == 11, "each place has words of its own"
    page.mouse.move(700, 5)
    assert guide(page) == resting
    page.focus("#find")
    page.keyboard.press("Escape")
    page.locator(f"#column-{layer} .sort-button").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className").startswith("plot"):
            break
    says("Enter open")


def test_where_rows_are_sums_the_guide_says_that_a_click_goes_nearer(page, url, metadata, story):
    largest = max(metadata["layers"], key=lambda one: one["neurons"])["id"]
    page.goto(f"{url}#1;d={metadata['name']};v={metadata['version']};l={largest};g={story['groups'][0]}")
    sharp(page)
    assert int(view(page, largest)["level"]) > 0
    expect(page.locator("#guide")).to_contain_text("click to zoom in there")
    over(page, *middle(page, largest))
    expect(page.locator("#guide")).to_contain_text("click to zoom in to single neurons")
    page.mouse.down()
    page.mouse.up()
    page.wait_for_selector(f'#column-{largest}[data-level="0"]')
    page.mouse.move(5, 5)
    expect(page.locator("#guide")).to_contain_text("click a row for its panel")


def test_the_guide_is_written_only_when_it_changes(page, layer):
    """Scrubbing must not pay for it."""
    zoom_to_names(page, layer)
    over(page, *row_place(page, layer, 1))
    expect(page.locator("#guide")).to_contain_text("for this neuron’s panel")
    page.evaluate("() => { window.written = 0; new MutationObserver(all => { written += all.length; }).observe(document.querySelector('#guide'), { childList: true, subtree: true, characterData: true }); }")
    for line in range(2, 22):
        page.mouse.move(*row_place(page, layer, line))
    for _ in range(10):
        page.mouse.wheel(0, 60)
    sharp(page)
    assert page.evaluate("written") == 0
    page.mouse.move(5, 5)
    page.wait_for_function("() => written > 0")


def test_hidden_and_pinned_are_counted_from_the_start(page, layer):
    zoom_to_names(page, layer)
    for kind, how in (("hidden", "Click a neuron’s bar"), ("pinned", "Shift-click a neuron’s bar")):
        strip = page.locator(f"#column-{layer} .{kind}-strip")
        expect(strip).to_have_text(f"0 {kind}")
        strip.click()
        expect(page.locator("#popover")).to_contain_text(how)
        assert page.locator("#popover .kept-menu button").count() == 0, "there is nothing to bring back yet"
        page.get_by_role("button", name="Close", exact=True).click()
        expect(page.locator("#popover")).to_be_hidden()
    names = [neuron_at(page, layer, line) for line in range(3)]
    page.keyboard.down("Shift")
    for line in (0, 1):
        page.mouse.click(*row_place(page, layer, line))
        page.wait_for_selector(f"#column-{layer} .pinned-strip:text-is('{line + 1} pinned')")
        sharp(page)
    page.keyboard.up("Shift")
    page.mouse.move(5, 5)
    strip = page.locator(f"#column-{layer} .pinned-strip")
    strip.click()
    assert page.locator("#popover .chip").all_inner_texts() == [str(name) for name in names[:2]]
    page.get_by_role("button", name=f"Unpin neuron {names[0]}", exact=True).click()
    expect(strip).to_have_text("1 pinned")
    page.click("#unpin-all")
    expect(page.locator("#popover")).to_be_hidden()
    expect(strip).to_have_text("0 pinned")
    page.go_back()
    expect(strip).to_have_text("1 pinned")


def test_the_sort_control_says_what_it_sorts_by_and_what_else_there_is(page, layer, metadata, story):
    line = page.locator(f"#column-{layer} .sort-line")
    attacked = next(i for i in story["instances"] if metadata["instances"][i]["kind"] == "attacked")
    name = metadata["instances"][attacked]["name"]
    assert re.sub(r"\s+", " ", line.inner_text()).startswith(f"Sort by value of {name} ↓ largest first or class median, difference")
    line.locator(".sort-others").click()
    groups = page.locator("#popover [role=group]")
    groups.first.wait_for()
    assert groups.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))") == ["Neuron", "A class", "An instance", "Both", "Regardless of sign", "Two of these", "Order"]
    kinds = groups.evaluate_all("all => all.map(one => [...one.querySelectorAll('input[type=radio]')].map(input => input.value))")
    assert kinds == [["index"], ["median", "mean", "deviation", "minimum", "maximum", "zeros"], ["value", "contribution"], ["percentile", "auroc", "wasserstein", "kolmogorov_smirnov"], ["absolute"], ["difference"], ["descending", "ascending"]]
    # Radios under each other, menus under each other: it is read as a table.
    for selector in ("#popover .choice input[type=radio]", "#popover .choice .items"):
        lefts = page.locator(selector).evaluate_all("all => all.map(one => Math.round(one.getBoundingClientRect().left))")
        assert len(set(lefts)) == 1, lefts
    page.keyboard.press("Escape")
    sort(page, layer, "difference", [f"value {attacked}", f"median {story['groups'][1]}"], "ascending")
    told = re.sub(r"\s+", " ", line.inner_text())
    taken = metadata["groups"][story["groups"][1]]["name"]
    assert told.startswith(f"Sort by value of {name} − median of {taken} ↑ smallest first")


def test_how_far_two_are_apart_whatever_the_sign(page, layer, api, metadata, story):
    attacked = next(i for i in story["instances"] if metadata["instances"][i]["kind"] == "attacked")
    name, taken = metadata["instances"][attacked]["name"], metadata["groups"][story["groups"][1]]["name"]
    order = f"difference(value({name}),median({taken}))"

    def first(order, direction):
        base = f"api/v1/datasets/{metadata['name']}/{metadata['version']}/layers/{layer}"
        return api(f"{base}/find?order={quote(order, safe='')}&direction={direction}&rank=0")

    page.click(f"#column-{layer} .sort-button")
    page.locator(".choice", has=page.locator("#sort-by-difference")).locator("select").nth(0).select_option(f"value {attacked}")
    page.locator(".choice", has=page.locator("#sort-by-difference")).locator("select").nth(1).select_option(f"median {story['groups'][1]}")
    page.check("#sort-signless")
    page.check("#sort-descending")
    expect(page.locator("#popover .promise")).to_have_text(f"Neurons where value of {name} and median of {taken} lie farthest apart come first; ties by index.")
    page.click("#sort-apply")
    sharp(page)
    line = page.locator(f"#column-{layer} .sort-line")
    expect(line).to_contain_text(f"|value of {name} − median of {taken}|")
    apart = first(f"absolute({order})", "descending")
    assert apart["neuron"] in [first(order, direction)["neuron"] for direction in ("ascending", "descending")]
    for _ in range(2):  # also as a link
        zoom_to_names(page, layer)
        assert neuron_at(page, layer, 0) == apart["neuron"]
        page.reload()
        sharp(page)
    line.locator(".sort-button").click()
    expect(page.locator("#sort-signless")).to_be_checked()


def title_band(page, layer):
    """The pixels between the plot's upper edge and the numbers of its axis."""
    facts = view(page, layer)
    return page.eval_on_selector(f"#column-{layer} canvas.plot", """(canvas, [x, width]) => {
        const { data } = canvas.getContext('2d').getImageData(x, 2, width, 12);
        let ink = 0, hash = 0;
        for (let i = 0; i < data.length; i += 4) {
            if (data[i] < 190) ink++;
            hash = Math.imul(hash ^ data[i], 16777619) >>> 0;
        }
        return [ink, hash];
    }""", [round(float(facts["plotX"])), round(float(facts["plotWidth"]))])


def test_the_axis_has_its_title(page, layer):
    shared, same = title_band(page, layer)
    assert shared > 150
    page.select_option("#axis-mode", "own")
    sharp(page)
    own, other = title_band(page, layer)
    assert own > 150 and other != same, "it says whose axis it is"
    page.select_option("#axis-mode", "shared")
    sharp(page)
    assert title_band(page, layer) == [shared, same]


def test_buttons_have_words(page, layer):
    whole = view(page, layer)
    page.get_by_role("button", name=f"Zoom in: {layer}").click()
    near = settled(page, layer, "rowHeight", whole["rowHeight"])
    page.get_by_role("button", name=f"Zoom out: {layer}").click()
    settled(page, layer, "rowHeight", near["rowHeight"])
    page.get_by_role("button", name=f"Zoom in: {layer}").click()
    near = settled(page, layer, "rowHeight", whole["rowHeight"])
    button = page.get_by_role("button", name=f"whole layer: {layer}")
    assert button.inner_text() == "whole layer"
    button.click()
    assert settled(page, layer, "rowHeight", near["rowHeight"])["rowHeight"] == whole["rowHeight"]
    assert page.get_by_label("scroll layers together").is_checked() is False


def test_a_part_of_the_axis_says_so_beside_the_title(page, layer):
    box, facts = page.locator(f"#column-{layer} canvas.plot").bounding_box(), view(page, layer)
    back = page.locator(f"#column-{layer} .across-fit")
    expect(back).to_be_hidden()
    over(page, box["x"] + float(facts["plotX"]) + 80, box["y"] + 20)
    page.mouse.wheel(0, -240)
    settled(page, layer, "hi", facts["hi"])
    expect(back).to_be_visible()
    place = back.bounding_box()
    assert place["y"] + place["height"] <= box["y"] + 22 and place["x"] + place["width"] <= box["x"] + box["width"]
    back.click()
    expect(back).to_be_hidden()


HEAD = """() => [...document.querySelectorAll('.column')].flatMap(column => [...column.querySelectorAll('.head-line')].map(line => {
    const inside = column.getBoundingClientRect();
    const parts = [...line.children].map(one => one.getBoundingClientRect()).filter(box => box.width > 0);
    return {
        overlaps: parts.filter((box, n) => n > 0 && box.left < parts[n - 1].right - 4.5).length,
        outside: parts.filter(box => box.left < inside.left - 0.5 || box.right > inside.right + 0.5).length,
    };
}))"""


@pytest.mark.parametrize("width", [1440, 1280, 1100, 390])
def test_the_lines_above_a_column_have_room(open_page, url, metadata, story, width):
    page = open_page(viewport={"width": width, "height": 844})
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    benign, attacked = sorted(story["instances"], key=lambda i: metadata["instances"][i]["kind"] == "attacked")
    for order in (None, [f"value {attacked}", f"median {story['groups'][1]}"]):
        if order:
            sort(page, layer, "difference", order, "descending", everywhere=True)
        assert all(line == {"overlaps": 0, "outside": 0} for line in page.evaluate(HEAD)), page.evaluate(HEAD)
        for selector in (".hidden-strip", ".pinned-strip", ".zoom-fit", ".sort-button", ".direction-button"):
            assert page.locator(f"#column-{layer} {selector}").is_visible(), selector
    assert page.problems == []


def test_a_finger_is_told_of_fingers(open_page, url, story):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=3)
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    assert page.evaluate("[innerWidth, innerHeight]") == [390, 844], "nothing widens the page"
    assert page.inner_text("#guide").startswith("tap to zoom in there")
    page.touchscreen.tap(*middle(page, layer))
    page.wait_for_function("layer => +document.querySelector(`#column-${layer}`).dataset.rowHeight >= 12", arg=layer)
    expect(page.locator(f"#column-{layer} .hidden-strip")).to_have_text("0 hidden")
    sharp(page)
    assert page.inner_text("#guide").startswith("tap a row to open, pin, hide")
    # One line, of whole words: at least what a reader needs most.
    line = page.locator("#guide").bounding_box()
    seen = page.locator("#guide > span").evaluate_all("(all, below) => all.filter(one => one.getBoundingClientRect().top < below).map(one => [one.textContent, one.getBoundingClientRect().right])", line["y"] + 12)
    assert [words for words, _ in seen][:3] == ["tap a row to open, pin, hide", "pinch to zoom", "drag to scroll"] and max(right for _, right in seen) <= 390
    zoom_to_names(page, layer)
    page.touchscreen.tap(*row_place(page, layer, 2))
    page.wait_for_selector("#neuron-panel[open]")
    page.locator("#neuron-hide").tap()
    page.locator("#neuron-close").tap()
    expect(page.locator(f"#column-{layer} .hidden-strip")).to_have_text("1 hidden ⤺")
    page.locator(f"#column-{layer} .hidden-strip").tap()
    menu = page.locator("#popover").bounding_box()
    assert menu["x"] >= 0 and menu["x"] + menu["width"] <= 390
    page.locator("#show-all-hidden").tap()
    expect(page.locator(f"#column-{layer} .hidden-strip")).to_have_text("0 hidden")
    assert page.problems == []
