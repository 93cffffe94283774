"""Along the axis: zooming, moving, finer bins, symlog on the shared axis and on each neuron's own."""

import math

import pytest

from plots import hover_row, middle, pixels, row_place, settled, sharp, view, zoom_to_names


@pytest.fixture
def layer(page, url, story):
    page.goto(url)
    sharp(page)
    # Without the sentence of a first visit, as a link opens it: the plots are a line taller.
    before = view(page, story["layers"][1])
    page.click("#story button")
    settled(page, story["layers"][1], "plotHeight", before["plotHeight"])
    return story["layers"][1]


def number(facts, name):
    return float(facts[name])


def over_axis(page, layer, share):
    facts = view(page, layer)
    box = page.locator(f"#column-{layer} canvas.plot").bounding_box()
    return box["x"] + number(facts, "plotX") + share * number(facts, "plotWidth"), box["y"] + 12


def test_the_wheel_over_the_axis_zooms_where_the_pointer_is(page, layer):
    before = view(page, layer)
    x, y = over_axis(page, layer, 0.25)
    at = number(before, "lo") + 0.25 * (number(before, "hi") - number(before, "lo"))
    page.mouse.move(x, y)
    for _ in range(4):
        page.mouse.wheel(0, -120)
    # Each turn of the wheel is drawn as soon as it comes: wait for the last.
    span = (number(before, "hi") - number(before, "lo")) / math.exp(4 * 120 / 260)
    page.wait_for_function("([layer, span]) => { const { lo, hi } = document.querySelector(`#column-${layer}`).dataset; return Math.abs((hi - lo) / span - 1) < 1e-6 }", arg=[layer, span])
    sharp(page)
    after = view(page, layer)
    assert number(after, "lo") + 0.25 * span == pytest.approx(at, abs=span * 0.01)
    assert after["rowHeight"] == before["rowHeight"], "rows stay as they are"
    # Dragging the axis moves along it; the whole axis is one click, and one step back, away.
    page.mouse.down()
    page.mouse.move(x - 60, y, steps=6)
    page.mouse.up()
    target = number(after, "lo") + 60 / number(after, "plotWidth") * span
    page.wait_for_function("([layer, lo, span]) => Math.abs(document.querySelector(`#column-${layer}`).dataset.lo - lo) < span / 100", arg=[layer, target, span])
    sharp(page)
    moved = view(page, layer)
    # Of the place where the drag ended: the address follows when the view has rested.
    page.wait_for_function(
        "() => { const now = location.hash, last = window.lastHash; window.lastHash = now; return /x1=/.test(now) && now === last; }",
        polling=1000)
    picture = pixels(page, layer)
    page.reload()
    sharp(page)
    assert pixels(page, layer) == picture, "the link shows the same part"
    page.click(f"#column-{layer} .across-fit")
    whole = settled(page, layer, "lo", moved["lo"])
    assert (whole["lo"], whole["hi"]) == (before["lo"], before["hi"])


def test_a_part_of_the_axis_is_drawn_in_finer_bins(page, layer, url, api, metadata, story):
    """Down to the bins of each neuron's own grid: what is drawn for one neuron is what the server counts for it."""
    zoom_to_names(page, layer)
    before = view(page, layer)
    x, y = over_axis(page, layer, 0.1)
    page.mouse.move(x, y)
    for _ in range(8):
        page.mouse.wheel(0, -120)
    near = settled(page, layer, "zoom", before["zoom"])
    assert int(near["zoom"]) >= 3
    bins = (number(near, "hi") - number(near, "lo")) / (2.0 ** (next(one for one in metadata["layers"] if one["id"] == layer)["shared"]["exponent"] - int(near["zoom"])))
    assert 60 <= bins <= 129, "as many bins in view as can be told apart"
    assert pixels(page, layer)["coloured"] > 1000


def test_dots_lie_at_their_values_in_any_part(page, layer, api, metadata, story):
    zoom_to_names(page, layer)
    attacked = next(i for i in story["instances"] if metadata["instances"][i]["kind"] == "attacked")
    for mode, scale in (("shared", "linear"), ("shared", "symlog"), ("own", "linear"), ("own", "symlog")):
        page.select_option("#axis-mode", mode)
        page.select_option("#axis-scale", scale)
        sharp(page)
        neuron = int(hover_row(page, layer, 2).split("\n")[0].removeprefix("neuron "))
        page.mouse.move(5, 5)
        facts = view(page, layer)
        one = api(f"api/v1/datasets/{metadata['name']}/{metadata['version']}/layers/{layer}/neurons/{neuron}?groups=0&instances={attacked}")
        value, width = one["instances"][0]["value"], 2.0 ** one["grid"]["exponent"]
        lo, hi = (one["grid"]["origin"] * width, (one["grid"]["origin"] + 256) * width) if mode == "own" else (number(facts, "lo"), number(facts, "hi"))
        unit = max(abs(lo), abs(hi)) / 100
        warp = (lambda v: math.copysign(math.log1p(abs(v) / unit), v)) if scale == "symlog" else (lambda v: v)
        share = (warp(value) - warp(lo)) / (warp(hi) - warp(lo))
        box = page.locator(f"#column-{layer} canvas.plot").bounding_box()
        _, middle_y = row_place(page, layer, 2)
        x = number(facts, "plotX") + share * number(facts, "plotWidth")
        red = page.eval_on_selector(f"#column-{layer} canvas.plot", """(canvas, [x, y]) => {
            const { data } = canvas.getContext('2d').getImageData(Math.round(x) - 2, Math.round(y) - 2, 5, 5);
            let red = 0;
            for (let i = 0; i < data.length; i += 4) if (data[i] > 190 && data[i + 1] < 70 && data[i + 2] < 80) red++;
            return red;
        }""", [min(x, number(facts, "plotX") + number(facts, "plotWidth")), middle_y - box["y"]])
        assert red > 8, f"{mode} {scale}: no red dot at {x:.0f}"


def test_keys_shift_and_wheel_move_along_the_axis(page, layer):
    before = view(page, layer)
    page.focus(f"#column-{layer} canvas.plot")
    for _ in range(3):
        page.keyboard.press(">")
    near = settled(page, layer, "hi", before["hi"])
    page.keyboard.press("ArrowLeft")
    left = settled(page, layer, "lo", near["lo"])
    assert number(left, "lo") < number(near, "lo")
    page.mouse.move(*middle(page, layer))
    page.mouse.wheel(60, 0)
    right = settled(page, layer, "lo", left["lo"])
    assert number(right, "lo") > number(left, "lo")
    page.keyboard.press("<")
    settled(page, layer, "hi", right["hi"])
    page.keyboard.press("0")
    page.wait_for_function("([layer, hi]) => document.querySelector(`#column-${layer}`).dataset.hi === hi", arg=[layer, before["hi"]])
    assert page.locator(f"#column-{layer} .across-fit").is_hidden()


def test_a_server_without_finer_bins_is_no_hole(open_page, url, story):
    page = open_page()
    page.context.route("**/tiles/**zoom=**", lambda route: route.fulfill(status=400, json={"title": "unknown parameter", "type": "problems/bad-request"}))
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    before = view(page, layer)
    page.mouse.move(*over_axis(page, layer, 0.2))
    for _ in range(6):
        page.mouse.wheel(0, -120)
    settled(page, layer, "hi", before["hi"])
    assert pixels(page, layer)["coloured"] > 1000
    assert page.locator(".notice").count() == 0


def test_the_old_axis_stays_with_its_picture_until_the_new_one_is_there(page, layer):
    """Another mode needs other tiles: meanwhile no density stands on an axis that is not its own."""
    pending = []
    page.context.route("**/tiles/**axis=own**", lambda route: pending.append(route))
    before, picture = view(page, layer), pixels(page, layer)
    page.select_option("#axis-mode", "own")
    page.wait_for_selector(f'#column-{layer}[data-sorting="true"]')
    during = view(page, layer)
    assert (during["lo"], during["hi"]) == (before["lo"], before["hi"]) and pixels(page, layer) == picture
    while page.get_attribute("html", "data-state") != "sharp":
        for route in pending[:]:
            pending.remove(route)
            route.continue_()
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    after = view(page, layer)
    assert (after["lo"], after["hi"]) == ("0", "1") and pixels(page, layer)["hash"] != picture["hash"]
