"""Scrolling and zooming with real input: wheel, drag, pinch, keys, minimap, find."""

import re

import pytest

from plots import hover_row, middle, neuron_at, pixels, settled, sharp, sort, view, zoom_to_names


@pytest.fixture
def layer(page, url, metadata, story):
    """The largest layer alone, in the order of its attacked instance."""
    largest = max(metadata["layers"], key=lambda one: one["neurons"])["id"]
    page.goto(url)
    sharp(page)
    if largest not in story["layers"]:
        page.click(f'.layer-toggle[data-layer="{largest}"]')
    for one in story["layers"]:
        if one != largest:
            page.click(f'.layer-toggle[data-layer="{one}"]')
    sharp(page)
    return largest


def number(facts, name):
    return float(facts[name])


def test_the_whole_layer_is_aggregated_and_says_so(page, metadata, layer):
    facts = view(page, layer)
    neurons = next(one["neurons"] for one in metadata["layers"] if one["id"] == layer)
    assert int(facts["level"]) > 0
    assert f"1 row = {2 ** int(facts['level']):,} neurons" in page.get_attribute(f"#column-{layer} .grain", "title")
    assert number(facts, "rowHeight") * neurons == pytest.approx(number(facts, "plotHeight"), rel=1e-3)
    x, y = middle(page, layer)
    page.mouse.move(x, y)
    page.mouse.move(x + 2, y)
    page.wait_for_selector("#hover-card:not([hidden])")
    assert "One row here is the sum of these neurons." in page.inner_text("#hover-card")
    # A click on many neurons hides none: it goes nearer.
    page.mouse.click(x, y)
    nearer = settled(page, layer, "level", facts["level"])
    assert nearer["level"] == "0" and number(nearer, "rowHeight") >= 12


def test_wheel_scrolls_and_with_ctrl_zooms_at_the_pointer(page, layer):
    x, y = middle(page, layer)
    page.mouse.move(x, y)
    page.mouse.wheel(0, 300)
    page.wait_for_selector("#hint.shown")
    before = view(page, layer)
    page.keyboard.down("Control")
    for _ in range(12):
        page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    zoomed = settled(page, layer, "level", before["level"])
    assert number(zoomed, "rowHeight") > 10 * number(before, "rowHeight")
    top = number(zoomed, "top")
    page.mouse.wheel(0, 200)
    scrolled = settled(page, layer, "top", zoomed["top"])
    assert number(scrolled, "top") == pytest.approx(top + 200 / number(zoomed, "rowHeight"), abs=0.01)


def test_dragging_moves_the_rows_with_the_pointer(page, layer):
    zoom_to_names(page, layer)
    third = neuron_at(page, layer, 12)
    x, y = middle(page, layer)
    height = number(view(page, layer), "rowHeight")
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(x, y - step * height)
    page.mouse.up()
    sharp(page)
    assert number(view(page, layer), "top") == pytest.approx(10, abs=0.01)
    assert neuron_at(page, layer, 2) == third
    assert page.inner_text(f"#column-{layer} .hidden-strip") == "0 hidden", "a drag is no click"


def test_pinching_zooms(open_page, url, story):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=2)
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    before = view(page, layer)
    x, y = middle(page, layer)
    touch = page.context.new_cdp_session(page)
    fingers = lambda apart: [{"x": x, "y": y - apart, "id": 1}, {"x": x, "y": y + apart, "id": 2}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": fingers(20)})
    for apart in range(30, 161, 10):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": fingers(apart)})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    after = settled(page, layer, "rowHeight", before["rowHeight"])
    assert number(after, "rowHeight") > 3 * number(before, "rowHeight")
    assert page.problems == []


def test_the_keyboard_reaches_everything(page, metadata, layer):
    neurons = next(one["neurons"] for one in metadata["layers"] if one["id"] == layer)
    page.focus(f"#column-{layer} canvas.plot")
    before = view(page, layer)
    for _ in range(20):
        page.keyboard.press("+")
    near = settled(page, layer, "level", before["level"])
    page.keyboard.press("Home")
    page.wait_for_selector(f'#column-{layer}[data-top="0.000"]')
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => /rank 1$/.test(document.querySelector('#live').textContent)")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => /rank 2$/.test(document.querySelector('#live').textContent)")
    page.keyboard.press("PageDown")
    paged = settled(page, layer, "top", "0.000")
    assert number(paged, "top") == pytest.approx(0.9 * number(near, "plotHeight") / number(near, "rowHeight"), rel=0.02)
    page.keyboard.press("End")
    last = settled(page, layer, "top", paged["top"])
    assert number(last, "top") + number(last, "plotHeight") / number(last, "rowHeight") == pytest.approx(neurons, abs=0.01)
    page.keyboard.press("0")
    assert settled(page, layer, "level", "0")["level"] == before["level"]
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#help", state="hidden")


def test_the_minimap_scrubs(page, layer):
    zoom_to_names(page, layer)
    box = page.locator(f"#column-{layer} .minimap").bounding_box()
    facts = view(page, layer)
    x, top, height = box["x"] + 10, box["y"] + number(facts, "plotTop"), number(facts, "plotHeight")
    page.mouse.move(x, top + 5)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(x, top + height * step / 20)
    page.mouse.move(x, top + height / 2)
    page.mouse.up()
    page.wait_for_function("layer => +document.querySelector(`#column-${layer}`).dataset.top > 100", arg=layer)
    sharp(page)
    facts = view(page, layer)
    total = number(facts, "top") * 2 + height / number(facts, "rowHeight")
    neurons = int(page.inner_text(f"#column-{layer} .neurons").split()[0].replace(",", ""))
    assert total == pytest.approx(neurons, rel=0.01), "the middle of the strip is the middle of the layer"


def test_find_goes_to_a_neuron_or_a_rank(page, metadata, layer):
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("417")
    page.keyboard.press("Enter")
    page.wait_for_function("() => /neuron 417 \\(.*\\), rank/.test(document.querySelector('#live').textContent)")
    sharp(page)
    facts = view(page, layer)
    rank = int(page.inner_text("#live").split("rank ")[1].replace(",", "")) - 1
    line = rank - number(facts, "top")
    assert 0 <= line < number(facts, "plotHeight") / number(facts, "rowHeight")
    assert neuron_at(page, layer, line) == 417
    page.mouse.move(5, 5)
    page.fill("#find", "#1")
    page.press("#find", "Enter")
    page.wait_for_function("() => /rank 1$/.test(document.querySelector('#live').textContent)")
    sharp(page)
    assert "rank 1 of" in hover_row(page, layer, 0 - number(view(page, layer), "top"))
    page.fill("#find", "99999999")
    page.press("#find", "Enter")
    page.wait_for_selector("#hint.shown")


def test_columns_can_move_together(page, url, story):
    page.goto(url)
    sharp(page)
    first, second = story["layers"][:2]
    page.check("#linked")
    page.focus(f"#column-{first} canvas.plot")
    before = view(page, second)["rowHeight"]
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.keyboard.press("+")
    after = settled(page, second, "rowHeight", before)
    assert after["rowHeight"] == view(page, first)["rowHeight"]


def test_the_overviews_frame_stands_at_the_ranks_in_view_where_a_condition_takes_rows_away(page, url):
    layer = "dense_1"
    page.goto(f"{url}#1;d=fashion-mnist;l={layer};g=6,8;i=0,39;s0=u6.8~;y0=5_20;filter=only.zeros(sandal)+%3C+50+%25")
    sharp(page)
    page.wait_for_selector(f"#column-{layer} .neurons.found")

    def frame_and_ranks():
        sharp(page)
        facts, box = view(page, layer), page.locator(f"#column-{layer} .minimap-window").bounding_box()
        top = page.locator(f"#column-{layer} canvas.plot").bounding_box()["y"] + number(facts, "plotTop")
        first, last = (int(one) for one in re.search(r"Ranks (\d+) to (\d+) of 512", page.inner_text(f"#aloud-{layer}")).groups())
        frame = [512 * (y - top) / number(facts, "plotHeight") for y in (box["y"], box["y"] + box["height"])]
        return frame, [first - 1, last]

    frame, ranks = frame_and_ranks()
    assert frame == pytest.approx(ranks, abs=3) and ranks[1] - ranks[0] > 30
    strip = page.locator(f"#column-{layer} .minimap-canvas").bounding_box()
    facts = view(page, layer)
    page.mouse.click(strip["x"] + 10, strip["y"] + number(facts, "plotTop") + 0.25 * number(facts, "plotHeight"))
    page.wait_for_function("([layer, first]) => !document.querySelector(`#aloud-${layer}`).textContent.includes(`Ranks ${first} to`)", arg=[layer, ranks[0] + 1])
    frame, ranks = frame_and_ranks()
    assert frame == pytest.approx(ranks, abs=3) and ranks[0] < 128 < ranks[1]


def test_a_new_ordering_never_leaves_a_hole(page, metadata, story, layer):
    """With slow tiles the old picture stays, whole, until the new one can take its place."""
    context = page.context
    pending = []
    context.route("**/tiles/**", lambda route: pending.append(route))
    context.route("**/rows/**", lambda route: pending.append(route))
    before = pixels(page, layer)
    group = story["groups"][0]
    page.click(f"#column-{layer} .sort-button")
    page.check("#sort-by-mean")
    page.click("#sort-apply")
    page.wait_for_selector(f'#column-{layer}[data-sorting="true"]')
    page.mouse.move(5, 5)
    during = pixels(page, layer)
    assert during["coloured"] == before["coloured"] and view(page, layer)["order"].startswith("v")
    while page.get_attribute("html", "data-state") != "sharp":
        for route in pending[:]:
            pending.remove(route)
            route.continue_()
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        # The old ordering or the new one: never less than a picture.
        assert pixels(page, layer)["coloured"] > 0.3 * before["coloured"]
    assert view(page, layer)["order"] == f"a{group}"
