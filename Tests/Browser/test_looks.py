"""How it is drawn, at which size, for whom: axes, opacity, lanes, themes, phone, accessibility."""

import pytest
from playwright.sync_api import expect

from plots import axe_faults, pixels, sharp, view


@pytest.fixture
def layer(page, url, story):
    page.goto(url)
    sharp(page)
    return story["layers"][0]


def choose(page, menu, value):
    page.select_option(f"#{menu}", value)
    sharp(page)


def test_every_way_of_drawing_is_another_picture_and_its_link_the_same(page, layer):
    seen = {pixels(page, layer)["hash"]: "first"}
    for menu, value in (("axis-mode", "whole"), ("axis-scale", "symlog"), ("axis-mode", "own"), ("axis-scale", "linear"), ("axis-mode", "shared"),
                        ("opacity-curve", "linear"), ("opacity-curve", "log"), ("opacity-full", "0.02"),
                        ("bins", "16"), ("bins", "64"), ("class-arrangement", "lanes")):
        choose(page, menu, value)
        if (menu, value) == ("axis-mode", "shared"):
            assert pixels(page, layer)["hash"] in seen, "back to the first"
            continue
        picture = pixels(page, layer)
        assert picture["hash"] not in seen, f"{menu} {value} looks like {seen.get(picture['hash'])}"
        assert picture["coloured"] > 1000
        seen[picture["hash"]] = f"{menu} {value}"
    page.click("#story button")
    sharp(page)
    before = pixels(page, layer)
    page.reload()
    sharp(page)
    assert pixels(page, layer) == before


def test_the_whole_axis_holds_every_dot(page, layer):
    part = float(view(page, layer)["hi"])
    choose(page, "axis-mode", "whole")
    assert float(view(page, layer)["hi"]) > part


def test_the_legend_names_colours_and_the_full_opacity(page, layer, metadata, story):
    text = page.inner_text("#legend")
    for group in story["groups"]:
        assert metadata["groups"][group]["name"] in text
    for instance in story["instances"]:
        assert metadata["instances"][instance]["name"] in text
    choose(page, "opacity-full", "0.05")
    assert "0–5%" in page.inner_text("#legend")


def test_one_class_or_one_pair_alone(page, layer, story):
    other = page.locator('.class-toggle.kind-class[aria-pressed="false"]').first
    group = other.get_attribute("data-group")
    other.dblclick()
    sharp(page)
    assert page.eval_on_selector_all('.class-toggle[aria-pressed="true"]', "all => all.map(one => one.dataset.group)") == [group]
    order = view(page, layer)["order"]
    page.locator(".pair-name").nth(3).click()
    sharp(page)
    chosen = page.eval_on_selector_all('.instance-toggle[aria-pressed="true"]', "all => all.map(one => +one.dataset.instance)")
    assert len(chosen) == 2 and not set(chosen) & set(story["instances"])
    # A column sorted by the old pair's attacked image follows to the new one's.
    assert view(page, layer)["order"] in [f"v{i}" for i in chosen] and view(page, layer)["order"] != order


def test_an_empty_plot_says_why(page, layer):
    for selector in (".class-toggle", ".instance-toggle"):
        while page.locator(f'{selector}[aria-pressed="true"]').count() > 0:
            page.locator(f'{selector}[aria-pressed="true"]').first.click()
    expect(page.locator(f"#column-{layer} .plot-empty")).to_be_visible()
    page.locator(".class-toggle").first.click()
    expect(page.locator(f"#column-{layer} .plot-empty")).to_be_hidden()


def test_instances_are_found_by_class(page, layer, metadata):
    label = metadata["instances"][-1]["label"]
    page.fill("#instance-search", str(label))
    visible = page.locator(".pair:visible")
    assert 0 < visible.count() < page.locator(".pair").count()
    assert str(label).lower() in visible.first.inner_text().lower()


def test_the_changed_pixel_is_ringed(page, layer):
    page.wait_for_selector(".pair.chosen .ring")
    assert page.locator(".pair.chosen .ring").count() >= 1


@pytest.mark.parametrize("size", [(1440, 900), (1280, 720), (820, 1180), (390, 844)])
def test_nothing_overflows_at_any_size(open_page, url, story, size):
    page = open_page(viewport={"width": size[0], "height": size[1]})
    page.goto(url)
    sharp(page)
    assert page.evaluate("[document.documentElement.scrollWidth <= innerWidth, document.documentElement.scrollHeight <= innerHeight]") == [True, True]
    assert pixels(page, story["layers"][0])["coloured"] > 1000
    for selector in ("#find", "#copy-link", "#export", "#theme", "#help-button"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0], selector
    if size[0] < 760:
        page.click("#selection-toggle")
        expect(page.locator("#selection")).to_be_visible()
        page.click(f'.class-toggle[data-group="{story["groups"][0]}"]')
        sharp(page)
        # A touch of the picture puts it away again.
        page.mouse.click(size[0] - 12, size[1] / 2)
        expect(page.locator("#selection")).to_be_hidden()
        assert page.get_attribute("#selection-toggle", "aria-expanded") == "false"
    assert page.problems == []


@pytest.mark.parametrize("width", [1440, 1280, 1100, 900])
def test_heads_of_columns_stay_inside_them(open_page, url, width):
    """Also where a layer of channels has the choice of its view beside its tools; and its name can be read."""
    page = open_page(viewport={"width": width, "height": 800})
    page.goto(f"{url}#1;d=fashion-mnist;l=conv_4,dense_1;g=6,8")
    sharp(page)
    over = page.eval_on_selector_all(".column .head-line", "lines => lines.map(line => line.scrollWidth - line.clientWidth)")
    assert len(over) >= 4 and max(over) == 0, over
    name = page.locator("#column-conv_4 .column-head h2")
    assert name.evaluate("name => [...name.querySelectorAll('.two > *')].every(part => part.scrollWidth <= part.clientWidth + 1)"), name.bounding_box()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(open_page, url, scheme, width):
    page = open_page(viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce")
    page.goto(url)
    sharp(page)

    def check(what):
        assert axe_faults(page) == [], what

    check("first view")
    page.locator(".sort-button").first.click()
    check("sort menu")
    page.keyboard.press("Escape")
    page.locator(".hidden-strip").first.click()
    check("hidden neurons, none")
    page.keyboard.press("Escape")
    page.click("#export")
    check("export menu")
    page.keyboard.press("Escape")
    page.click("#help-button")
    check("help")
    page.keyboard.press("Escape")
    page.locator("canvas.plot").first.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => /rank/.test(document.querySelector('#live').textContent)")
    page.keyboard.press("Enter")
    page.wait_for_selector("#neuron-body svg.histogram")
    check("neuron panel")


def test_the_column_says_what_it_shows(page, layer, metadata, story):
    label = page.get_attribute(f"#column-{layer} canvas.plot", "aria-label")
    assert "neurons by value of" in label and "descending" in label
    assert page.get_attribute(f"#column-{layer} canvas.plot", "tabindex") == "0"
    # The longer story, which a screen reader reads after the name.
    aloud = page.inner_text(f"#{page.get_attribute(f'#column-{layer} canvas.plot', 'aria-describedby')}")
    assert "Ranks 1 to " in aloud and "The axis goes from 0 to " in aloud
    for group in story["groups"]:
        assert metadata["groups"][group]["name"] in aloud
    page.click(".direction-button")
    page.wait_for_function("id => /smallest|By value of/.test(document.querySelector(id).textContent)", arg=f"#aloud-{layer}")
