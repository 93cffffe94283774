"""The selection views for many: typing, lists by keyboard, similar classes, several pairs; and how tracked neurons are followed."""

import numpy as np
import pytest
from playwright.sync_api import expect

from plots import first_row, hover_row, neuron_at, pixels, row_place, sharp, sort, view, zoom_to_names


def test_similar_classes_stand_beside_the_chosen(page, url, api, metadata, story):
    page.goto(url)
    sharp(page)
    page.wait_for_selector(".similar-toggle")
    # By hand: the mean over neurons of |2 AUROC - 1|, each from 256 bins of its own grid with the zeros apart.
    layer = next(one for one in reversed(metadata["layers"]) if one["id"] in story["layers"])
    classes = [g for g, group in enumerate(metadata["groups"]) if group["kind"] == "class"]
    chosen = story["groups"][0]
    told = {g: [] for g in classes if g != chosen}
    for neuron in range(layer["neurons"]):
        groups = ",".join(map(str, classes))
        answer = api(f"api/v1/datasets/{metadata['name']}/{metadata['version']}/layers/{layer['id']}/neurons/{neuron}?groups={groups}&instances=")
        cells = {}
        for one in answer["groups"]:
            counts = np.array(one["counts"], float)
            home = -answer["grid"]["origin"]
            if one["zeros"]:
                counts[home] -= one["zeros"]
            cells[one["group"]] = counts / one["count"], one["zeros"] / one["count"], home
        for other, found in told.items():
            (p, p_zero, home), (q, q_zero, _) = cells[chosen], cells[other]
            p, q = (np.insert(some, min(max(home, 0), 256), zero) for some, zero in ((p, p_zero), (q, q_zero)))
            found.append(abs(2 * ((np.cumsum(p) - p / 2) * q).sum() - 1))
    separation = {g: float(np.mean(found)) for g, found in told.items()}
    expected = sorted(separation, key=separation.get)[:2]
    line = page.locator(".like", has=page.locator(f"b:text-is('{metadata['groups'][chosen]['name']}')")).first
    seen = [int(one) for one in line.locator(".similar-toggle").evaluate_all("all => all.map(one => one.dataset.group)")]
    assert seen == expected
    assert float(line.locator(".similar-toggle .quiet").first.inner_text()) == pytest.approx(separation[expected[0]], abs=0.0051)
    # One click shows it.
    other = next(g for g in seen if g not in story["groups"])
    page.locator(f'.similar-toggle[data-group="{other}"]').first.click()
    expect(page.locator(f'.class-toggle[data-group="{other}"]')).to_have_attribute("aria-pressed", "true")
    sharp(page)


def test_lists_are_walked_by_arrows_and_letters(page, url, metadata):
    page.goto(url)
    sharp(page)
    page.locator(".class-toggle").first.focus()
    page.keyboard.press("ArrowDown")
    names = page.locator(".class-toggle .name").all_inner_texts()
    assert page.evaluate("document.activeElement.querySelector('.name').textContent") == names[1]
    page.keyboard.type("sn")
    assert page.evaluate("document.activeElement.querySelector('.name').textContent").startswith("sn")
    page.locator(".layer-toggle").first.focus()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.dataset.layer") == metadata["layers"][0]["id"]


def test_several_pairs_at_once_have_shapes_of_their_own(page, url, story, metadata):
    page.goto(url)
    sharp(page)
    before = pixels(page, story["layers"][0])
    for name in (2, 3):
        for toggle in page.locator(".pair").nth(name).locator(".instance-toggle").all():
            toggle.click()
    sharp(page)
    assert page.locator('.instance-toggle[aria-pressed="true"]').count() == 6
    shapes = page.locator(".pair.chosen .mark svg > *").evaluate_all("all => all.map(one => one.tagName + (one.getAttribute('d') ?? ''))")
    assert len(shapes) == 6 and len(set(shapes)) == 3, "a shape a pair: the second encoding beside colour"
    colours = page.locator(".pair.chosen .mark svg > *").evaluate_all("all => all.map(one => one.getAttribute('fill'))")
    assert len(set(colours)) == 6
    assert pixels(page, story["layers"][0])["hash"] != before["hash"]


def test_lanes_are_the_second_encoding_of_classes(page, url, story):
    page.goto(url)
    sharp(page)
    zoom_to_names(page, story["layers"][0])
    page.select_option("#class-arrangement", "lanes")
    sharp(page)
    # In a row, each lane holds one class's colour only, in the order of the legend.
    facts = view(page, story["layers"][0])
    height, top = float(facts["rowHeight"]), float(facts["plotTop"])
    hues = page.eval_on_selector(f"#column-{story['layers'][0]} canvas.plot", """(canvas, [x0, width, y0, height]) => {
        const lane = y => {
            const { data } = canvas.getContext('2d').getImageData(x0 + 4, Math.round(y), Math.round(width * 0.9), 1);
            let orange = 0, purple = 0;
            for (let i = 0; i < data.length; i += 4) {
                if (data[i] - data[i + 2] > 24 && data[i] > 200) orange++;
                if (data[i + 2] - data[i + 1] > 24) purple++;
            }
            return [orange, purple];
        };
        const sums = [[0, 0], [0, 0]];
        for (let row = 0; row < 20; row++) [0.22, 0.72].forEach((at, n) => lane(y0 + (row + at) * height).forEach((count, c) => { sums[n][c] += count; }));
        return sums;
    }""", [float(facts["plotX"]), float(facts["plotWidth"]), top, height])
    assert hues[0][0] > 20 * hues[0][1] and hues[1][1] > 20 * hues[1][0], hues


def test_hatching_tells_overlaid_classes_apart_without_colour(page, url, story):
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    # As a link opens it, so that a reload is comparable.
    page.click("#story button")
    page.wait_for_function("() => document.querySelector('#story').hidden")
    zoom_to_names(page, layer)
    plain = pixels(page, layer)
    page.select_option("#class-arrangement", "hatched")
    page.wait_for_selector("#hint.shown")
    sharp(page)
    hatched = pixels(page, layer)
    assert hatched["hash"] != plain["hash"] and hatched["red"] == plain["red"], "the dots stay as they are"
    ramps = page.locator("#legend .ramp").evaluate_all("all => all.map(one => one.style.background)")
    assert "repeating" not in ramps[0] and "repeating" in ramps[1], "the legend shows the stripes: the first class is solid"
    page.wait_for_function("() => /m=hatched/.test(location.hash)")
    page.reload()
    sharp(page)
    assert pixels(page, layer) == hatched
    page.select_option("#class-arrangement", "overlay")
    sharp(page)
    assert pixels(page, layer) == plain


def test_tracked_neurons_stay_marked_and_their_way_is_told(page, url, story):
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    zoom_to_names(page, layer)
    neuron = neuron_at(page, layer, 2)
    page.keyboard.down("Shift")
    page.mouse.click(*row_place(page, layer, 2))
    page.keyboard.up("Shift")
    page.mouse.move(5, 5)
    sharp(page)
    sort(page, layer, "median", [f"median {story['groups'][1]}"], "ascending")
    page.wait_for_function("neuron => document.querySelector('#hint').textContent.startsWith(`neuron ${neuron}: rank 3 → `)", arg=neuron)
    told = int(page.inner_text("#hint").split("→ ")[1].replace(",", ""))
    page.fill("#find", f"#{told}")
    page.press("#find", "Enter")
    page.wait_for_function("told => new RegExp(`rank ${told}$`).test(document.querySelector('#live').textContent.replace(',', ''))", arg=told)
    sharp(page)
    assert f"neuron {neuron}\n" in hover_row(page, layer, told - 1 - float(view(page, layer)["top"]))


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_marks_travel_only_where_motion_is_welcome(open_page, url, story, motion):
    page = open_page(reduced_motion=motion)
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    first_row(page, layer)
    page.keyboard.press("p")
    sharp(page)
    page.click(f"#column-{layer} .direction-button")
    page.wait_for_function("() => /→/.test(document.querySelector('#hint').textContent)")
    frames = "document.documentElement.neuralDivergence.frames.count"
    page.wait_for_timeout(150)
    drawn = -page.evaluate(frames)
    page.evaluate("() => new Promise(done => { let n = 12; const tick = () => n-- > 0 ? requestAnimationFrame(tick) : done(); tick(); })")
    drawn += page.evaluate(frames)
    assert drawn <= 2 if motion == "reduce" else drawn >= 8, drawn
    assert page.problems == []


def test_sorting_all_layers_and_one(page, url, story):
    page.goto(url)
    sharp(page)
    first, second = story["layers"][:2]
    sort(page, first, "index", [], "ascending", everywhere=True)
    assert (view(page, first)["order"], view(page, second)["order"]) == ("i", "i")
    sort(page, second, "median", [f"median {story['groups'][0]}"], "descending")
    assert (view(page, first)["order"], view(page, second)["order"]) == ("i", f"m{story['groups'][0]}")
