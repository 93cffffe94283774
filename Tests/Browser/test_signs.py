"""What the parts of the page look like says what they are: buttons, the overview, the rows' title, the legend, the card, the folds."""

import re

import pytest
from playwright.sync_api import expect

from plots import hover_row, over_element, painted, row_place, settled, sharp, view, zoom_to_names


@pytest.fixture
def layer(page, url, story):
    page.goto(url)
    sharp(page)
    return story["layers"][0]


BUTTONS = (".hidden-strip", ".pinned-strip", ".zoom-out", ".zoom-in", ".zoom-fit", ".sort-button", ".direction-button")
LOOK = """one => {
    const { borderTopStyle, borderTopWidth, borderTopColor, backgroundColor, cursor, opacity, outlineStyle } = getComputedStyle(one);
    return { edge: `${borderTopStyle} ${borderTopWidth} ${borderTopColor}`, backgroundColor, cursor, opacity, outlineStyle };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_buttons_look_like_buttons_and_dull_where_they_would_do_nothing(open_page, url, story, scheme):
    page = open_page(color_scheme=scheme)
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    look = lambda selector: page.locator(f"#column-{layer} {selector}").evaluate(LOOK)
    assert len({look(selector)["edge"] for selector in BUTTONS}) == 1 and look(".sort-button")["edge"].startswith("solid 1px ")
    # The whole layer is in view: nothing to zoom out to.
    whole = view(page, layer)
    for selector in (".zoom-out", ".zoom-fit"):
        dull = look(selector)
        assert (dull["opacity"], dull["cursor"], page.get_attribute(f"#column-{layer} {selector}", "aria-disabled")) == ("0.4", "default", "true")
        over_element(page, f"#column-{layer} {selector}")
        page.mouse.down()
        page.mouse.up()
        assert look(selector)["backgroundColor"] == dull["backgroundColor"] and view(page, layer)["rowHeight"] == whole["rowHeight"]
    page.click(f"#column-{layer} .zoom-in")
    settled(page, layer, "rowHeight", whole["rowHeight"])
    for selector in BUTTONS:
        page.mouse.move(5, 5)
        resting = look(selector)
        assert (resting["opacity"], resting["cursor"]) == ("1", "pointer"), selector
        over_element(page, f"#column-{layer} {selector}")
        page.wait_for_function("([selector, before]) => getComputedStyle(document.querySelector(selector)).backgroundColor !== before",
                               arg=[f"#column-{layer} {selector}", resting["backgroundColor"]])
    page.focus(f"#column-{layer} .hidden-strip")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.className") == "kept-strip pinned-strip" and look(".pinned-strip")["outlineStyle"] == "solid"
    # So near that a row is as high as rows become: the other end.
    while page.get_attribute(f"#column-{layer} .zoom-in", "aria-disabled") is None:
        before = view(page, layer)["rowHeight"]
        page.click(f"#column-{layer} .zoom-in")
        settled(page, layer, "rowHeight", before)
    assert float(view(page, layer)["rowHeight"]) == 72
    # The keyboard stays on the button that has just done its work.
    page.focus(f"#column-{layer} .zoom-fit")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#column-{layer} .zoom-fit[aria-disabled=true]")
    assert page.evaluate("document.activeElement.className") == "zoom-button zoom-fit"
    assert page.problems == []


def test_the_overview_is_named_and_has_its_frame(page, layer):
    strip, caption, frame = (page.locator(f"#column-{layer} {one}") for one in (".minimap", ".minimap-caption", ".minimap-window"))
    facts, box, named = view(page, layer), strip.bounding_box(), caption.bounding_box()
    assert caption.inner_text() == "overview" and "drag" in strip.get_attribute("title")
    assert abs(named["x"] + named["width"] - box["x"] - box["width"]) <= 1 and named["y"] + named["height"] <= box["y"] + 20
    # All in view: the frame is around all of it, and a try to drag it is answered.
    around = frame.bounding_box()
    assert around["y"] == pytest.approx(box["y"] + float(facts["plotTop"]), abs=1) and around["height"] == pytest.approx(float(facts["plotHeight"]), abs=1)
    assert float(frame.evaluate("one => getComputedStyle(one).borderTopWidth").removesuffix("px")) >= 1
    accent = page.locator(".sort-button").first.evaluate("one => { const probe = document.createElement('i'); probe.style.color = 'var(--accent)'; one.append(probe); const colour = getComputedStyle(probe).color; probe.remove(); return colour; }")
    assert frame.evaluate("one => getComputedStyle(one).borderTopColor") == accent
    over_element(page, f"#column-{layer} .minimap")
    expect(page.locator("#guide")).to_contain_text("once zoomed in, drag the frame to scroll")
    page.mouse.down()
    page.mouse.up()
    page.wait_for_selector("#hint.shown")
    assert "The whole layer is in view" in page.inner_text("#hint")
    # Nearer, the frame goes with the pointer from where it is held.
    page.click(f"#column-{layer} .zoom-in")
    settled(page, layer, "rowHeight", facts["rowHeight"])
    held = frame.bounding_box()
    x, y = held["x"] + held["width"] / 2, held["y"] + held["height"] - 10
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x, y + 5 * step)
    page.mouse.up()
    sharp(page)
    assert frame.bounding_box()["y"] == pytest.approx(held["y"] + 40, abs=1.5)


LEFT = """(canvas, [x, y, width, height]) => {
    const { data } = canvas.getContext('2d').getImageData(x, y, width, height);
    let ink = 0, hash = 0;
    for (let i = 0; i < data.length; i += 4) {
        if (data[i] < 190) ink++;
        hash = Math.imul(hash ^ data[i], 16777619) >>> 0;
    }
    return [ink, hash];
}"""


def test_the_rows_have_a_title_and_their_last_rank(page, layer):
    def title():
        facts = view(page, layer)
        return page.eval_on_selector(f"#column-{layer} canvas.plot", LEFT, [0, round(float(facts["plotTop"])), 13, round(float(facts["plotHeight"]))])

    down, largest = title()
    assert down > 300
    page.click(f"#column-{layer} .direction-button")
    page.wait_for_selector(f'#column-{layer}[data-direction="ascending"]')
    sharp(page)
    up, smallest = title()
    assert up > 300 and smallest != largest, "it says what stands first"
    facts = view(page, layer)
    corner = [14, round(float(facts["plotTop"]) + float(facts["plotHeight"])) - 11, round(float(facts["plotX"])) - 50, 11]
    last, _ = page.eval_on_selector(f"#column-{layer} canvas.plot", LEFT, corner)
    assert last > 20, "the last rank is told at the end of the axis"
    page.click(f"#column-{layer} .zoom-in")
    settled(page, layer, "rowHeight", facts["rowHeight"])
    assert title()[1] == smallest, "it stays while the rows move"


def test_the_exported_picture_has_the_title_and_a_whole_legend(page, layer, story):
    page.click(f'.layer-toggle[data-layer="{story["layers"][1]}"]')
    sharp(page)
    page.click("#export")
    with page.expect_download() as download:
        page.click("#export-png")
    picture = open(download.value.path(), "rb").read()
    # Ink in the strip of the title, left of the ranks; and in the margin right of the legend, which a single column must not cut.
    title, cut = painted(page, picture, """(image, context) => {
        const dark = (x, y, width, height) => context.getImageData(x, y, width, height).data.filter((value, i) => i % 4 === 0 && value < 190).length;
        const top = Math.round(image.height * 0.3);
        return [dark(40, top, 28, Math.round(image.height * 0.5)), dark(image.width - 19, image.height - 80, 19, 80)];
    }""")
    assert title > 300 and cut == 0, "the title is there, and no key of the legend is cut off at the edge"


def test_the_legend_says_what_mixed_colours_and_dots_are(page, layer, story):
    ramps = page.locator("#legend .ramp")
    assert ramps.count() == 3 and "both" in page.inner_text("#legend") and "dot: one instance" in page.inner_text("#legend")
    last = lambda n: [int(v) for v in re.findall(r"rgb\((\d+), (\d+), (\d+)\)", ramps.nth(n).evaluate("one => getComputedStyle(one).backgroundImage"))[-1]]
    first, second, both = last(0), last(1), last(2)
    # Inks on white: each channel of the mixture is the product of the two.
    assert both == pytest.approx([a * b / 255 for a, b in zip(first, second)], abs=1.5)
    page.select_option("#class-arrangement", "lanes")
    sharp(page)
    expect(ramps).to_have_count(2)
    page.select_option("#class-arrangement", "overlay")
    page.locator('.class-toggle.kind-class[aria-pressed="false"]').first.click()
    expect(ramps).to_have_count(4)
    expect(page.locator("#legend")).to_contain_text("colours mix where classes overlap")
    for one in story["instances"]:
        page.click(f'.instance-toggle[data-instance="{one}"]')
    expect(page.locator("#legend")).not_to_contain_text("dot:")


@pytest.mark.parametrize("place", [0, 1])
def test_the_card_stands_beside_its_column_with_figures_under_each_other(page, url, story, place):
    page.goto(url)
    sharp(page)
    layer = story["layers"][place]
    zoom_to_names(page, layer)
    hover_row(page, layer, 20)
    page.wait_for_selector("#hover-card table")
    card, plot = page.locator("#hover-card").bounding_box(), page.locator(f"#column-{layer} canvas.plot").bounding_box()
    assert card["x"] >= plot["x"] + plot["width"] or card["x"] + card["width"] <= plot["x"], "it covers none of the column's rows"
    assert card["x"] >= 0 and card["x"] + card["width"] <= 1440
    heads = page.locator("#hover-card .heads").all_inner_texts()
    assert [re.split(r"\s*\t\s*", head) for head in heads] == [["class", "median", "zero", "values"], ["instance", "value", "among the classes"]]
    cells = page.locator("#hover-card tr:not(.heads) td:nth-child(2)")
    texts = cells.all_inner_texts()
    assert len(texts) == 4 and len({len(text.split(".")[1]) for text in texts}) == 1, texts
    rights = cells.evaluate_all("all => all.map(one => { const range = document.createRange(); range.selectNodeContents(one); return range.getBoundingClientRect().right; })")
    assert max(rights) - min(rights) < 1, "the decimal points are under each other"


def test_a_card_without_room_beside_leaves_the_rows_next_to_its_own_free(open_page, url, story):
    page = open_page(viewport={"width": 700, "height": 900})
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    zoom_to_names(page, layer)
    facts = view(page, layer)
    height = float(facts["rowHeight"])
    last = int(float(facts["plotHeight"]) / height) - 1
    for line in (1, last // 2, last):
        hover_row(page, layer, line)
        card, (_, y) = page.locator("#hover-card").bounding_box(), row_place(page, layer, line)
        assert card["y"] > y + 3 * height or card["y"] + card["height"] < y - 3 * height, line
        assert card["y"] >= 0 and card["y"] + card["height"] <= 900
    assert page.problems == []


def test_the_sort_panel_shows_whole_names_and_closes_three_ways(page, layer):
    button, popover = page.locator(f"#column-{layer} .sort-button"), page.locator("#popover")
    order = view(page, layer)["order"]
    button.click()
    page.check("#sort-by-difference")
    menus = page.locator("#popover select")
    assert menus.evaluate_all("all => all.every(one => one.title === one.selectedOptions[0].text)")
    lefts = menus.evaluate_all("all => all.map(one => Math.round(one.getBoundingClientRect().left))")
    assert len(lefts) == 19 and len(set(lefts)) == 1, lefts
    # Wide enough for the text of what is chosen, beside the arrow.
    assert menus.evaluate_all("""all => all.every(one => {
        const context = document.createElement('canvas').getContext('2d');
        context.font = getComputedStyle(one).font;
        return context.measureText(one.selectedOptions[0].text).width + 24 < one.getBoundingClientRect().width;
    })""")
    menus.last.select_option(index=3)
    assert menus.last.evaluate("one => one.title === one.selectedOptions[0].text")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(popover).to_be_hidden()
    assert view(page, layer)["order"] == order, "nothing was sorted"
    assert page.evaluate("document.activeElement.className") == "sort-button"
    button.click()
    page.focus("#popover select")
    page.keyboard.press("Escape")
    expect(popover).to_be_hidden()
    button.click()
    expect(popover).to_be_visible()
    button.click()
    expect(popover).to_be_hidden()


def test_on_a_phone_two_buttons_say_what_they_unfold(open_page, url, story):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=2)
    page.goto(url)
    sharp(page)
    assert page.locator("#folds button").all_inner_texts() == ["Layers, classes, instances", "Display"]
    for one in page.locator("#folds button").all():
        box = one.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and one.evaluate("one => one.scrollWidth <= one.clientWidth")
    expect(page.locator("#view-options")).to_be_hidden()
    page.locator("#options-toggle").tap()
    assert page.get_attribute("#options-toggle", "aria-expanded") == "true"
    for box in (one.bounding_box() for one in page.locator("#view-options > *").all()):
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    sharp(page)
    before = view(page, story["layers"][0])
    page.select_option("#axis-mode", "whole")
    settled(page, story["layers"][0], "hi", before["hi"])
    page.locator("#options-toggle").tap()
    expect(page.locator("#view-options")).to_be_hidden()
    page.locator("#selection-toggle").tap()
    expect(page.locator("#classes-section")).to_be_visible()
    assert page.problems == []


def test_dots_on_dark_paper_have_dark_outlines(open_page, url, story):
    page = open_page(color_scheme="dark")
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]

    def black(selector):
        """Pixels darker than the paper: only outlines are."""
        return page.eval_on_selector(selector, """canvas => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            let black = 0;
            for (let i = 0; i < data.length; i += 4) if (data[i] < 6 && data[i + 1] < 6 && data[i + 2] < 6) black++;
            return black;
        }""")

    plot = f"#column-{layer} canvas.plot"
    assert black(plot) > 300, "small dots, too"
    zoom_to_names(page, layer)
    assert black(plot) > 300
    for one in story["instances"]:
        page.click(f'.instance-toggle[data-instance="{one}"]')
    sharp(page)
    assert black(plot) == 0
    assert page.problems == []


def test_an_instance_without_a_layer_says_so(open_page, lacking_url):
    page = open_page()
    page.goto(lacking_url)
    sharp(page)
    note = lambda layer: page.locator(f'.column[data-layer="{layer}"] .plot-note')
    expect(note("second")).to_have_text("attacked 0: no value in this layer")
    expect(note("first")).to_be_hidden()
    page.locator(".instance-toggle.kind-attacked").first.click()
    expect(note("second")).to_be_hidden()
    assert page.problems == []
