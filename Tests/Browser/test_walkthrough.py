"""The paper's section 2 in a real browser, on the demo store (see conftest.py). ND_SCREENSHOT=file.png keeps the picture
of the first view at 1440x900."""

import os
import re
import urllib.parse

from playwright.sync_api import expect

from plots import choose_story, click_row, hover_row, pixels, red_profile, sharp, sort, view, zoom_to_names

SCREENSHOT = os.environ.get("ND_SCREENSHOT")


def test_first_visit_shows_the_story(page, url, api, metadata, story):
    page.goto(url)
    sharp(page)
    assert page.eval_on_selector_all("#columns .column", "all => all.map(one => one.dataset.layer)") == story["layers"]
    for layer in story["layers"]:
        seen = pixels(page, layer)
        assert seen["coloured"] > 5_000 and seen["red"] > 100 and seen["black"] > 100, seen
    assert page.locator("#story").inner_text().strip()
    names = [metadata["groups"][g]["name"] for g in story["groups"]]
    for name in names:
        assert name in page.inner_text("#legend")
    if SCREENSHOT:
        page.screenshot(path=SCREENSHOT)


def test_the_walk_through(page, url, api, metadata, story):
    page.goto(url)
    sharp(page)
    choose_story(page, story)
    layer = story["layers"][-1]
    neurons = next(one["neurons"] for one in metadata["layers"] if one["id"] == layer)
    benign, attacked = story["instances"][0], story["instances"][1]
    if metadata["instances"][attacked]["kind"] == "benign":
        benign, attacked = attacked, benign
    first, second = story["groups"][0], story["groups"][1]
    names = {i: metadata["groups"][i]["name"] for i in (first, second)}

    # By the attacked value: the red dots fall from the right to the left.
    promise = sort(page, layer, "value", [f"value {attacked}"], "descending", everywhere=True)
    assert promise.startswith("Neurons with the largest value of")
    for one in story["layers"]:
        assert view(page, one)["order"] == f"v{attacked}"
        profile = [x for x in red_profile(page, one) if x is not None]
        assert len(profile) >= 5 and all(a >= b - 6 for a, b in zip(profile, profile[1:])), profile
    by_value = pixels(page, layer)

    # By a class's median: another picture, and the figures beside the rows fall.
    sort(page, layer, "median", [f"median {first}"], "descending")
    assert view(page, layer)["order"] == f"m{first}"
    assert pixels(page, layer)["hash"] != by_value["hash"]
    assert view(page, story["layers"][0])["order"] == f"v{attacked}", "the other layer keeps its own"

    # By how far the attacked image exceeds the class it is taken for.
    promise = sort(page, layer, "difference", [f"value {attacked}", f"median {second}"], "descending")
    assert names[second] in promise and "exceeds" in promise
    assert view(page, layer)["order"] == f"v{attacked}-m{second}"

    # The benign image against its own class: the black dots.
    sort(page, layer, "difference", [f"value {benign}", f"median {first}"], "ascending")
    assert view(page, layer)["direction"] == "ascending"
    sort(page, layer, "difference", [f"value {attacked}", f"median {second}"], "descending")

    # The first neuron of the screen is the server's first of that ordering.
    zoom_to_names(page, layer)
    query = urllib.parse.urlencode({
        "order": f"difference(value({metadata['instances'][attacked]['name']}),median({names[second]}))", "direction": "descending", "rank": 0,
    }, quote_via=urllib.parse.quote)
    expected = api(f"api/v1/datasets/{metadata['name']}/{metadata['version']}/layers/{layer}/find?{query}")["neuron"]
    card = hover_row(page, layer, 0)
    assert f"neuron {expected}\n" in card and f"rank 1 of {neurons:,}" in card
    facts = api(f"api/v1/datasets/{metadata['name']}/{metadata['version']}/layers/{layer}/neurons/{expected}?groups={first}&instances=")["groups"][0]
    row = page.locator("#hover-card tbody tr:not(.heads)").first.inner_text()
    assert names[first] in row and f"{facts['count']:,}" in row

    # A click opens it, and there it is hidden; the strip says so, and the next neuron takes its place.
    before = pixels(page, layer)
    click_row(page, layer, 0)
    page.wait_for_selector("#neuron-panel[open]")
    page.click("#neuron-hide")
    page.keyboard.press("Escape")
    sharp(page)
    assert page.inner_text(f"#column-{layer} .hidden-strip").startswith("1 hidden")
    assert f"neuron {expected}\n" not in hover_row(page, layer, 0)
    page.mouse.move(5, 5)
    hidden = pixels(page, layer)
    assert hidden["hash"] != before["hash"]

    # The link shows the same, to the pixel.
    page.wait_for_function("() => /y\\d=/.test(location.hash)")
    link = page.url
    state = {one: {k: v for k, v in view(page, one).items()} for one in story["layers"]}
    pictures = {one: pixels(page, one) for one in story["layers"]}
    page.goto("about:blank")
    page.goto(link)
    sharp(page)
    # The sentence of a first visit is not part of a link, and the plots are a line taller without it.
    assert [view(page, one)["order"] for one in story["layers"]] == [state[one]["order"] for one in story["layers"]]
    assert page.inner_text(f"#column-{layer} .hidden-strip").startswith("1 hidden")
    again = page.url
    assert again == link
    reloaded = {one: pixels(page, one) for one in story["layers"]}
    page.reload()
    sharp(page)
    assert {one: pixels(page, one) for one in story["layers"]} == reloaded
    assert pictures.keys() == reloaded.keys()

    # It comes back, and "back" undoes that.
    page.click(f"#column-{layer} .hidden-strip")
    page.click("#show-all-hidden")
    expect(page.locator(f"#column-{layer} .hidden-strip")).to_have_text("0 hidden")
    page.go_back()
    expect(page.locator(f"#column-{layer} .hidden-strip")).to_have_text("1 hidden ⤺")


def test_toggles_colour_what_is_shown_and_grey_what_is_not(page, url, story):
    page.goto(url)
    sharp(page)
    layer, group = story["layers"][0], story["groups"][0]
    toggle = page.locator(f'.class-toggle[data-group="{group}"]')
    colour = lambda: toggle.locator(".box").evaluate("box => getComputedStyle(box).backgroundColor")
    assert re.match(r"rgb\(", colour()) and colour() != "rgba(0, 0, 0, 0)"
    both = pixels(page, layer)
    toggle.click()
    sharp(page)
    assert colour() == "rgba(0, 0, 0, 0)"
    assert pixels(page, layer)["coloured"] < both["coloured"]
    toggle.click()
    sharp(page)
    assert pixels(page, layer) == both


def test_works_in_the_dark(page, url, story):
    page.goto(url)
    sharp(page)
    page.click("#theme")
    page.wait_for_selector('html[data-theme="dark"]')
    sharp(page)
    page.wait_for_function("layer => { const c = document.querySelector(`#column-${layer} canvas.plot`); return c.getContext('2d').getImageData(c.width - 2, 2, 1, 1).data[0] < 60 }", arg=story["layers"][0])
    assert pixels(page, story["layers"][0])["coloured"] > 3_000


def test_the_story_goes_while_something_else_is_shown(page, url, story):
    page.goto(url)
    sharp(page)
    other = next(g for g in range(1, 11) if g not in story["groups"])
    page.wait_for_selector("#story:not([hidden])")
    page.click(f'.class-toggle[data-group="{other}"]')
    page.wait_for_selector("#story", state="hidden")
    page.go_back()
    page.wait_for_selector("#story:not([hidden])")
    page.click("#story button")
    page.wait_for_selector("#story", state="hidden")
