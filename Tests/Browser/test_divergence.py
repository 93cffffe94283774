"""The divergence view, by mouse and keys: its figures are those of the server and of NumPy; and a word where there are none."""

import re
import urllib.parse
import urllib.request

import numpy as np
import pytest
from playwright.sync_api import expect

from plots import axe_faults, open_divergence, opened, pixels, rung, sharp

RATES = [0.001, 0.002, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3]


@pytest.fixture(scope="session")
def base(metadata):
    return f"api/v1/datasets/{metadata['name']}/{metadata['version']}"


@pytest.fixture(scope="session")
def figures(api, base, metadata):
    """Every row and every instance, as the server tells them."""
    def pages(what, total):
        return [one for first in range(0, total, 1024) for one in api(f"{base}/divergences/{what}?from={first}&count=1024")[what]]
    return pages("rows", metadata["rows"]), pages("instances", len(metadata["instances"]))


def pair_of(metadata, story):
    """The attacked instance of the story, and its twin."""
    kinds = {metadata["instances"][i]["kind"]: i for i in story["instances"]}
    return kinds["attacked"], kinds["benign"]


def group_of(metadata, name):
    return next(g for g, group in enumerate(metadata["groups"]) if group["kind"] == "class" and group["name"] == name)


@pytest.fixture
def ready(page, url):
    open_divergence(page, url)
    return page


def shown(number):
    """A number of a rung as the page has it."""
    text = re.sub(r"^(-?)0\.", r"\1.", f"{number:.2f}")
    return {"-.00": ".00"}.get(text, text).replace("-", "−")


def test_the_ladder_and_the_gauges_are_the_servers(ready, api, base, metadata, story):
    page = ready
    attacked, benign = pair_of(metadata, story)
    own = api(f"{base}/divergences/instances/{attacked}")
    named, other = (group_of(metadata, own["contrast"][k]) for k in ("named", "other"))
    twin = api(f"{base}/divergences/instances/{benign}?for={named}&over={other}")
    bands = api(f"{base}/divergences/ladder?for={named}&over={other}")
    assert [row.get_attribute("data-layer") for row in page.locator(".rungs .rung[data-layer]").all()] == [layer["id"] for layer in metadata["layers"]]
    for layer, before, band in zip(own["layers"], twin["layers"], bands["layers"]):
        row = rung(page, layer["id"])
        zero, one = layer["other_median"], layer["named_median"]
        numbers = [cell.inner_text() for cell in row.locator(".number").all()]
        assert numbers == [shown((before["contribution"] - zero) / (one - zero)), shown(layer["ladder"])]
        # Dots and bands lie where the numbers say: pixels are linear from 0 to 1.
        drawn = row.locator(".ladder-rung")
        ends = drawn.locator("line.end").evaluate_all("all => all.map(one => +one.getAttribute('x1'))")
        place = lambda value: ends[0] + (value - zero) / (one - zero) * (ends[1] - ends[0])  # noqa: E731
        dots = drawn.locator("g > :last-child").evaluate_all("all => all.map(one => +/translate\\(([-\\d.]+)/.exec(one.getAttribute('transform'))[1])")
        assert dots == pytest.approx([place(before["contribution"]), place(layer["contribution"])], abs=0.02)
        for key, kind in (("other", 0), ("named", 1)):
            box = drawn.locator("rect.most").nth(kind).evaluate("one => [+one.getAttribute('x'), +one.getAttribute('x') + +one.getAttribute('width')]")
            width = float(drawn.get_attribute("width"))
            assert box == pytest.approx([min(width - 8, max(8, place(band[key][k]))) for k in (0, 4)], abs=0.02)
        for name in "DTR":
            gauge = row.locator(f'[data-gauge="{name}"]')
            assert gauge.locator(".value").inner_text() == str(int(np.floor(layer[f"{name}_percentile"] + 0.5)))
            usual = gauge.locator("rect.usual").evaluate("one => [+one.getAttribute('x'), +one.getAttribute('width')]")
            x = gauge.locator("g > :last-child").evaluate_all("all => all.map(one => +/translate\\(([-\\d.]+)/.exec(one.getAttribute('transform'))[1])")
            assert [(at - usual[0]) / usual[1] * 90 + 5 for at in x] == pytest.approx([before[f"{name}_percentile"], layer[f"{name}_percentile"]], abs=0.1)
    assert f"{own['calibrating']} named {own['prediction']}" in page.inner_text(".references")
    assert f"{twin['calibrating']} named {twin['prediction']}" in page.inner_text(".references")
    # The alarm: at the rate that is asked, it rings or does not, and its p is the server's.
    rings = own["alarm_p"] <= 0.05
    expect(page.locator(".verdict h3")).to_have_text("The alarm rings at 5 %" if rings else "No alarm at 5 %")
    assert float(re.search(r"p = ([\d.]+)", page.inner_text(".verdict"))[1]) == pytest.approx(own["alarm_p"], rel=0.01)
    words = page.inner_text("#divergence").lower()
    assert "detect" not in words and "not that there was an attack" in words


def test_bands_are_those_of_the_rows(api, base, metadata, story):
    """Beside the figure of each row by itself, between the same classes, in NumPy."""
    attacked, _ = pair_of(metadata, story)
    own = api(f"{base}/divergences/instances/{attacked}")
    named, other = (group_of(metadata, own["contrast"][k]) for k in ("named", "other"))
    bands = api(f"{base}/divergences/ladder?for={named}&over={other}")
    where = urllib.parse.quote(f'label == "{own["contrast"]["other"]}"')
    rows = []
    while (page := api(f"{base}/rows?where={where}&from={len(rows)}&count=64"))["rows"]:
        rows += [row["row"] for row in page["rows"]]
        if len(rows) >= page["total"]:
            break
    told = [api(f"{base}/divergences/rows/{row}?for={named}&over={other}")["layers"] for row in rows]
    for place, band in enumerate(bands["layers"]):
        if band["neurons"] < metadata["layers"][place]["neurons"]:
            continue
        assert band["other_rows"] == len(rows)
        assert band["other"] == pytest.approx(np.quantile([layers[place]["contribution"] for layers in told], bands["shares"]), rel=1e-9, abs=1e-12)


def curve(page, kind):
    """Corners of a curve on screen, as shares."""
    path = page.get_attribute(f".roc .curve.{kind}", "d")
    return np.array([[float(x) / 176, 1 - float(y) / 176] for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)])


def far_from(corners, point):
    """How far a point is from a line with these corners."""
    start, way = corners[:-1], np.diff(corners, axis=0)
    along = np.clip(((point - start) * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-12), 0, 1)
    return np.linalg.norm(start + along[:, None] * way - point, axis=1).min()


def area(ordinary, kind):
    """AUROC, pair by pair: what is smaller rings first."""
    return np.mean([(one < ordinary).mean() + (one == ordinary).mean() / 2 for one in kind])


def percent(text):
    return 0.0 if text == "none" else float(text.removesuffix(" %")) / 100


def test_the_roc_is_what_numpy_makes_of_the_servers_figures(ready, metadata, figures):
    page = ready
    rows, instances = figures
    judged = [row for row in rows if row["alarm_p"] is not None]
    right = [row for row in judged if row["label"] == row["prediction"]]
    assert len(right) > 1000
    kinds = {}
    for one in instances:
        kinds.setdefault(metadata["instances"][one["instance"]]["kind"], []).append(one)
    lines = {line.get_attribute("data-kind"): line for line in page.locator(".kinds tr[data-kind]").all()}
    assert set(lines) == set(kinds)
    for name, line in lines.items():
        assert line.locator(".area.alarm").inner_text() == shown(area(np.array([r["alarm_p"] for r in right]), [k["alarm_p"] for k in kinds[name]]))
        assert line.locator(".area.margin").inner_text() == shown(area(np.array([r["margin"] for r in right]), [k["margin"] for k in kinds[name]]))
    page.click('.kinds tr[data-kind="attacked"] button')
    expect(page.locator('.kinds tr[data-kind="attacked"] button')).to_be_focused()
    for key, kind in (("alarm_p", "alarm"), ("margin", "margin")):
        ordinary, attacked = (np.array([one[key] for one in some]) for some in (right, kinds["attacked"]))
        thresholds = np.unique(np.concatenate([ordinary, attacked]))
        exact = np.array([[0, 0]] + [[(ordinary <= t).mean(), (attacked <= t).mean()] for t in thresholds])
        seen = curve(page, kind)
        assert seen[0].tolist() == [0, 0] and seen[-1] == pytest.approx([1, 1])
        # Every corner on screen is a point of the exact curve, and none of that is farther than a pixel from what is drawn.
        assert max(np.abs(exact - corner).max(axis=1).min() for corner in seen) < 0.001
        assert max(far_from(seen, point) for point in exact) < 1 / 176
    # The least rate that is offered is one at which the alarm can ring for nine rows of ten.
    least = sorted(row["alarm_p_least"] for row in judged)[int(0.9 * len(judged))]
    offered = [rate for rate in RATES if rate >= least - 1e-12]
    assert page.get_attribute("#false-alarms", "max") == str(len(offered) - 1)
    all_margins = np.array([row["margin"] for row in judged])
    page.focus("#false-alarms")
    page.keyboard.press("Home")
    for rate in offered:
        expect(page.locator(".rate")).to_have_text(f"{100 * rate:g} %")
        counts = [np.mean([one["alarm_p"] <= rate for one in some]) for some in (judged, kinds["attacked"])]
        words = page.inner_text(".sentence")
        false, hits = re.match(r"Asked for [\d.]+ %, (none|[\d.]+ %) of ordinary rows rang and (none|[\d.]+ %) of these", words).groups()
        assert percent(false) == pytest.approx(counts[0], abs=0.0051 if counts[0] >= 0.0995 else 0.00051)
        assert percent(hits) == pytest.approx(counts[1], abs=0.0051 if counts[1] >= 0.0995 else 0.00051)
        # The margin beside it, at the largest threshold that lets no more ordinary rows ring than were asked for.
        allowed = [t for t in np.unique(all_margins) if (all_margins <= t).mean() <= rate + 1e-9]
        by_margin = np.mean([one["margin"] <= max(allowed, default=-np.inf) for one in kinds["attacked"]])
        if abs(by_margin - counts[1]) > 0.005:
            caught = re.search(r"The margin alone would catch (none|[\d.]+ %)", words)[1]
            assert percent(caught) == pytest.approx(by_margin, abs=0.0051 if by_margin >= 0.0995 else 0.00051)
            assert ("the better alarm" in words) == (by_margin > counts[1])
        if counts[0] + counts[1] > 0:
            value = round(100 * counts[1] * 0.01 / (counts[1] * 0.01 + counts[0] * 0.99))
            assert f"{value} of 100 alarms would be; the other {100 - value} are ordinary inputs" in words
        # The point lies on its curve.
        at = page.eval_on_selector(".roc circle.alarm", "one => [one.getAttribute('cx') / 176, 1 - one.getAttribute('cy') / 176]")
        assert at == pytest.approx([np.mean([r["alarm_p"] <= rate for r in right]), counts[1]], abs=1e-6)
        page.keyboard.press("ArrowRight")


def test_the_slider_the_prevalence_and_a_link_that_holds_them(ready, open_page):
    page = ready
    box = page.locator("#false-alarms").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    expect(page.locator(".rate")).to_have_text("30 %")
    # What it means for the chosen input follows at once.
    expect(page.locator(".verdict h3")).to_contain_text("at 30 %")
    page.select_option("#one-in", "1000")
    expect(page.locator(".sentence")).to_contain_text("one input in 1,000")
    page.click('.kinds tr[data-kind="benign"] button')
    expect(page.locator('.kinds tr[data-kind="benign"]')).to_have_class("on")
    page.select_option(".divergence-neurons select", index=0)
    opened(page)
    page.wait_for_function("() => /j=[^;]*,0\\.3,1000,benign/.test(location.hash)")
    words = {part: page.inner_text(part) for part in (".rung-tables", ".responsible", ".divergence-alarm", ".verdict", "#divergence-title")}
    other = open_page()
    other.goto(page.url)
    opened(other)
    assert {part: other.inner_text(part) for part in words} == words
    other.keyboard.press("Escape")
    expect(other.locator("#divergence")).to_be_hidden()
    sharp(other)
    assert other.problems == []


def test_responsible_neurons_are_pinned_in_the_plot(ready, api, base, metadata, story):
    page = ready
    attacked, benign = pair_of(metadata, story)
    names = [metadata["instances"][i]["name"] for i in (attacked, benign)]
    layer = page.input_value(".divergence-neurons select")
    assert layer == [one["id"] for one in api(f"{base}/divergences/instances/{attacked}")["layers"] if one["in_omnibus"]][-1]
    order = urllib.parse.quote(f"contribution({names[0]})")
    expected = [api(f"{base}/layers/{layer}/find?order={order}&direction=descending&rank={rank}")["neuron"] for rank in range(8)]
    listed = [int(row.get_attribute("data-neuron")) for row in page.locator(".responsible tbody tr").all()]
    assert listed == expected
    for neuron in listed[:3]:
        told = {one["instance"]: one["value"] for one in api(f"{base}/layers/{layer}/neurons/{neuron}?groups=0&instances={attacked},{benign}")["instances"]}
        cells = [cell.inner_text() for cell in page.locator(f'.responsible tr[data-neuron="{neuron}"] td.number').all()]
        assert [float(cell.replace("−", "-")) for cell in cells] == pytest.approx([told[benign], told[attacked]], rel=0.01, abs=1e-9)
    page.check(f'.responsible input[data-neuron="{listed[1]}"]')
    page.click(".divergence-neurons button:has-text('Pin 5')")
    for neuron in listed[:5]:
        expect(page.locator(f'.responsible input[data-neuron="{neuron}"]')).to_be_checked()
    expect(page.locator(".divergence-neurons button:has-text('Unpin 5')")).to_be_visible()
    pinned = ".".join(sorted((np.base_repr(n, 36).lower() for n in listed[:5]), key=lambda text: int(text, 36)))
    place = story["layers"].index(layer)
    assert f";p{place}={pinned}" in page.evaluate("location.hash")
    page.keyboard.press("Escape")
    expect(page.locator("#divergence")).to_be_hidden()
    sharp(page)
    with_pins = pixels(page, layer)
    page.click(f"#column-{layer} .pinned-strip")
    expect(page.locator("#popover")).to_contain_text(str(listed[0]))
    page.keyboard.press("Escape")
    # And unpinned here, the ticks are gone there.
    page.keyboard.press("d")
    opened(page)
    page.click(".divergence-neurons button:has-text('Unpin 5')")
    for neuron in listed[:5]:
        expect(page.locator(f'.responsible input[data-neuron="{neuron}"]')).not_to_be_checked()
    assert f";p{place}=" not in page.evaluate("location.hash")
    page.keyboard.press("Escape")
    sharp(page)
    assert pixels(page, layer)["hash"] != with_pins["hash"]


def said_by(neuron, groups, value, row, label):
    """ln p of the named class less that of the other, of a value, without the row of that label: from the counts of one neuron, as FORMAT.md §10 writes it."""
    grid = neuron["grid"]

    def cell(number):
        place = int(np.floor(number / 2.0 ** grid["exponent"])) - grid["origin"]
        return 16 if number == 0 else 17 if place < 0 else 18 if place > 255 else place // 16

    cells = {}
    for name, group in zip(("all", "other", "named"), groups):
        one = next(g for g in neuron["groups"] if g["group"] == group)
        h = np.append(np.array(one["counts"]).reshape(16, 16).sum(axis=1), [one["zeros"], 0, 0]).astype(float)
        if one["zeros"]:
            h[-grid["origin"] // 16] -= one["zeros"]
        cells[name] = h
    gone = np.zeros(19)
    gone[cell(row)] = 1
    cells["all"] -= gone
    if label in ("named", "other"):
        cells[label] -= gone
    b = cell(value)
    q = (cells["all"][b] + 0.5) / (cells["all"].sum() + 19 / 2)
    p = {name: (cells[name][b] + q) / (cells[name].sum() + 1) for name in ("named", "other")}
    return np.log(p["named"] / p["other"])


def test_what_neurons_say_is_what_their_counts_say(ready, url, api, base, metadata, story):
    page = ready
    attacked, benign = pair_of(metadata, story)
    own = api(f"{base}/divergences/instances/{attacked}")
    groups = [0, *(group_of(metadata, own["contrast"][k]) for k in ("other", "named"))]
    layer = page.input_value(".divergence-neurons select")
    order = urllib.parse.quote(f"contribution({metadata['instances'][attacked]['name']})")
    with urllib.request.urlopen(f"{url}{base}/layers/{layer}/rows/0/0?order={order}&direction=descending&instances=") as answer:
        body = answer.read()
    rows = int.from_bytes(body[8:12], "little")
    neurons = np.frombuffer(body, "<u4", rows, 32)
    keys = dict(zip(neurons.tolist(), np.frombuffer(body, "<f8", rows, 32 + 4 * rows).tolist()))
    for line in page.locator(".responsible tbody tr").all():
        neuron = int(line.get_attribute("data-neuron"))
        told = api(f"{base}/layers/{layer}/neurons/{neuron}?groups={','.join(map(str, groups))}&instances={attacked},{benign},row%20{own['source_row']}")
        values = [one["value"] if "value" in one else one["low"] for one in told["instances"]]
        after, before, row = values if attacked < benign else (values[1], values[0], values[2])
        assert keys[neuron] == pytest.approx(said_by(told, groups, after, row, "other"), rel=1e-9)
        assert float(line.locator(".amount").inner_text()) == pytest.approx(keys[neuron], rel=0.01)
        assert float(line.locator(".contribution").get_attribute("data-twin")) == pytest.approx(said_by(told, groups, before, row, "other"), rel=1e-9, abs=1e-12)
    for column in (".amount", ".number"):
        shown_figures = page.locator(f".responsible tbody {column}").all_inner_texts()
        assert len({len(one.partition(".")[2]) for one in shown_figures}) == 1, f"figures that stand under each other have the same decimals: {shown_figures}"
    # All of them together make the layer's mean.
    whole = next(one["contribution"] for one in own["layers"] if one["id"] == layer)
    if len(keys) == next(one["neurons"] for one in metadata["layers"] if one["id"] == layer):
        assert np.mean(list(keys.values())) == pytest.approx(whole, rel=1e-9)


def test_pinning_in_a_layer_that_is_not_shown_shows_it(ready, metadata, story):
    page = ready
    hidden = next(layer["id"] for layer in metadata["layers"] if layer["id"] not in story["layers"])
    page.click(f'.rung[data-layer="{hidden}"] .layer button')
    opened(page)
    expect(page.locator(".divergence-neurons select")).to_be_focused()
    assert page.input_value(".divergence-neurons select") == hidden
    page.locator(".responsible input").first.check()
    expect(page.locator(f'.layer-toggle[data-layer="{hidden}"]')).to_have_attribute("aria-pressed", "true")
    # A neuron is opened beside the picture, and the way back is the browser's.
    neuron = page.locator(".responsible tbody tr").first.get_attribute("data-neuron")
    page.locator(".responsible th button").first.click()
    expect(page.locator("#divergence")).to_be_hidden()
    expect(page.locator("#neuron-title")).to_have_text(f"Neuron {neuron}")
    page.wait_for_selector("#neuron-body svg.histogram")
    page.go_back()
    opened(page)
    expect(page.locator("#neuron-panel")).to_be_hidden()


def test_another_pair_and_any_row(ready, api, base, metadata, figures):
    page = ready
    page.locator(".pair-name").nth(1).click()
    first = metadata["instances"][int(page.locator(".pair").nth(1).locator(".kind-attacked").get_attribute("data-instance"))]
    expect(page.locator("#divergence-title")).to_have_text(f"pair {first['pair']}: {first['label']} → {first['prediction']}")
    opened(page)
    row = next(one for one in figures[0] if one["label"] != one["prediction"])
    page.fill("#instance-search", f"#{row['row']}")
    page.click(f'#row-results [data-row="{row["row"]}"]')
    # Both are chosen now: which of them is a choice of the view.
    page.select_option("#divergence select[aria-label^=Which]", label=f"row {row['row']}")
    expect(page.locator("#divergence-title")).to_have_text(f"row {row['row']}: {row['label']} → {row['prediction']}")
    opened(page)
    told = api(f"{base}/divergences/rows/{row['row']}")
    for layer in told["layers"]:
        assert rung(page, layer["id"]).locator(".number").all_inner_texts() == [shown(layer["ladder"])]
    assert f";j=r{row['row']}" in page.evaluate("location.hash")
    page.locator(".responsible input").first.check()
    # A row that is named rightly stands between its class and the one that comes next.
    right = next(one for one in figures[0] if one["label"] == one["prediction"])
    page.fill("#instance-search", f"#{right['row']}")
    page.click(f'#row-results [data-row="{right["row"]}"]')
    page.select_option("#divergence select[aria-label^=Which]", label=f"row {right['row']}")
    opened(page)
    contrast = api(f"{base}/divergences/rows/{right['row']}")["contrast"]
    expect(page.locator(".say h3")).to_have_text(f"Between {contrast['other']} and {contrast['named']}")
    page.fill("#instance-search", "")
    page.locator(".pair.chosen .pair-name").click()
    expect(page.locator("#divergence select[aria-label^=Which]")).to_be_hidden()
    while page.locator('.instance-toggle[aria-pressed="true"]').count() > 0:
        page.locator('.instance-toggle[aria-pressed="true"]').first.click()
    expect(page.locator("#divergence > .empty")).to_contain_text("Choose an instance")


def test_layers_that_tell_two_classes_apart(page, url, api, base, metadata, story):
    page.goto(url)
    sharp(page)
    a, b = story["groups"]
    told = api(f"{base}/separation?a={a}&b={b}")["layers"]
    lines = page.locator("#separation .apart-toggle")
    expect(lines).to_have_count(min(4, len(told)))
    assert [line.get_attribute("data-layer") for line in lines.all()] == [one["layer"] for one in told[:4]]
    assert lines.locator(".amount").all_inner_texts() == [shown(one["separation"]) for one in told[:4]]
    hidden = next(one["layer"] for one in told if one["layer"] not in story["layers"])
    page.click(f'#separation [data-layer="{hidden}"]')
    expect(page.locator(f'.layer-toggle[data-layer="{hidden}"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f'#separation [data-layer="{hidden}"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f'#separation [data-layer="{hidden}"]')).to_be_focused()
    # With one class, or three, there is nothing to tell apart.
    page.click(f'.class-toggle[data-group="{a}"]')
    expect(page.locator("#separation")).to_be_hidden()
    page.click(f'.class-toggle[data-group="{a}"]')
    expect(page.locator("#separation")).to_be_visible()
    sharp(page)


def test_by_keys_alone(page, url):
    page.goto(url)
    sharp(page)
    page.focus("#divergence-open")
    page.keyboard.press("Enter")
    opened(page)
    expect(page.locator("#divergence-title")).to_be_focused()
    # What lies below cannot be reached.
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        inside = page.evaluate("document.activeElement.closest('#divergence') !== null")
        seen.add(page.evaluate("document.activeElement.closest('#stage, #legend, #view-options') !== null"))
        if not inside:
            break
    assert seen == {False}
    page.focus("#divergence-title")
    page.keyboard.press("Escape")
    expect(page.locator("#divergence")).to_be_hidden()
    expect(page.locator("#divergence-open")).to_be_focused()
    page.keyboard.press("d")
    opened(page)
    page.keyboard.press("d")
    expect(page.locator("#divergence")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(open_page, url, scheme, width):
    page = open_page(viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce")
    open_divergence(page, url)
    assert axe_faults(page) == []
    assert page.evaluate("[document.documentElement.scrollWidth <= innerWidth, document.querySelector('#divergence').scrollWidth <= document.querySelector('#divergence').clientWidth]") == [True, True]
    if width == 390:
        # Another pair is chosen without leaving the view.
        page.click("#divergence .fold")
        page.locator(".pair-name").nth(2).click()
        page.mouse.click(384, 500)
        expect(page.locator("#selection")).to_be_hidden()
        opened(page)
        expect(page.locator("#divergence")).to_be_visible()
    assert page.problems == []
