"""The paper's section 2 in a real browser, on the demo store.

    ND_URL=http://127.0.0.1:8080/ python3 -m pytest Tests/Browser/walkthrough.py

Needs Playwright and a Chromium (ND_CHROMIUM, default /usr/bin/chromium). ND_SCREENSHOT=file.png keeps the picture of the
first view at 1440x900. The tests wait for what the page says of itself (html[data-state]), never for a clock.
"""

import json
import os
import re
import urllib.parse
import urllib.request

import pytest
from playwright.sync_api import Page, expect, sync_playwright

URL = os.environ.get("ND_URL", "http://127.0.0.1:8080/")
CHROMIUM = os.environ.get("ND_CHROMIUM", "/usr/bin/chromium")
SCREENSHOT = os.environ.get("ND_SCREENSHOT")
TIMEOUT_MS = 30_000


def api(path: str):
    with urllib.request.urlopen(urllib.parse.urljoin(URL, path)) as response:
        return json.load(response)


@pytest.fixture(scope="session")
def metadata():
    target = os.environ.get("ND_DATASET")
    catalogue = api("api/v1/datasets")
    entries = catalogue if isinstance(catalogue, list) else catalogue["datasets"]
    entry = next((one for one in entries if one["name"] == target), entries[0])
    return api(f"api/v1/datasets/{entry['name']}/{entry['version']}")


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    problems = []
    # The one warning left out is about the tests' own reading of pixels.
    page.on("console", lambda message: problems.append(message.text)
            if message.type in ("error", "warning") and "willReadFrequently" not in message.text else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == [], "the console stays empty"


@pytest.fixture
def story(metadata):
    """The last two dense layers, two classes and a pair: the job's choice, or the paper's."""
    start = metadata.get("start") or {}
    layers = [layer["id"] for layer in metadata["layers"]]
    classes = [i for i, group in enumerate(metadata["groups"]) if group["kind"] == "class"]
    return {
        "layers": start.get("layers") or layers[-3:-1],
        "groups": start.get("groups") or classes[:2],
        "instances": start.get("instances") or [0, 1],
    }


def sharp(page: Page) -> None:
    page.wait_for_selector('html[data-state="sharp"]')


def view(page: Page, layer: str) -> dict:
    """What a column says of itself: data-… of its element."""
    return page.eval_on_selector(f"#column-{layer}", "element => ({...element.dataset})")


def pixels(page: Page, layer: str) -> dict:
    """A hash of the plot's pixels, and how many are coloured, red, and black."""
    return page.eval_on_selector(f"#column-{layer} canvas.plot", """canvas => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let hash = 2166136261, coloured = 0, red = 0, black = 0;
        for (let i = 0; i < data.length; i += 4) {
            const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
            hash = Math.imul(hash ^ (r | g << 8 | b << 16), 16777619) >>> 0;
            if (Math.max(r, g, b) - Math.min(r, g, b) > 24) coloured++;
            if (r > 190 && g < 60 && b < 70) red++;
            if (r < 40 && g < 40 && b < 45) black++;
        }
        return { hash, coloured, red, black };
    }""")


def red_profile(page: Page, layer: str) -> list:
    """x of the attacked dots' leftmost red pixel, in each of 40 bands from top to bottom of the plot (None: no red there)."""
    return page.eval_on_selector(f"#column-{layer}", """element => {
        const canvas = element.querySelector('canvas.plot'), ratio = devicePixelRatio;
        const x0 = Math.round((+element.dataset.plotX + 4) * ratio), y0 = Math.round(element.dataset.plotTop * ratio);
        const width = Math.round((element.dataset.plotWidth - 8) * ratio), height = Math.floor(element.dataset.plotHeight * ratio);
        const { data } = canvas.getContext('2d').getImageData(x0, y0, width, height);
        return Array.from({ length: 40 }, (_, band) => {
            const xs = [];
            for (let y = Math.floor(band * height / 40); y < Math.floor((band + 1) * height / 40); y++)
                for (let x = 0; x < width; x++) {
                    const i = (y * width + x) * 4;
                    if (data[i] > 190 && data[i + 1] < 60 && data[i + 2] < 70) xs.push(x);
                }
            return xs.length > 3 ? xs.sort((a, b) => a - b)[xs.length >> 1] : null;
        });
    }""")


def choose_story(page: Page, story: dict) -> None:
    """Sets the toggles by hand, as Rachael does, from nothing chosen."""
    for layer in page.query_selector_all('.layer-toggle[aria-pressed="true"]'):
        layer.click()
    expect(page.locator("#columns .column")).to_have_count(0)
    for selector in (".class-toggle", ".instance-toggle"):
        while page.locator(f'{selector}[aria-pressed="true"]').count() > 0:
            page.locator(f'{selector}[aria-pressed="true"]').first.click()
    for layer in story["layers"]:
        page.click(f'.layer-toggle[data-layer="{layer}"]')
    for group in story["groups"]:
        page.click(f'.class-toggle[data-group="{group}"]')
    for instance in story["instances"]:
        page.click(f'.instance-toggle[data-instance="{instance}"]')
    sharp(page)


def sort(page: Page, layer: str, by: str, items: list, direction: str, everywhere: bool = False) -> str:
    """Through the menu; returns the sentence that it promised."""
    page.click(f"#column-{layer} .sort-button")
    row = page.locator(".choice", has=page.locator(f"#sort-by-{by}"))
    for select, value in zip(row.locator("select").all(), items):
        select.select_option(value)
    page.check(f"#sort-by-{by}")
    page.check(f"#sort-{direction}")
    promise = page.inner_text(".promise")
    page.click("#sort-apply-all" if everywhere else "#sort-apply")
    expect(page.locator("#popover")).to_be_hidden()
    page.wait_for_selector(f'#column-{layer}[data-sorting="false"]')
    sharp(page)
    return promise


def test_first_visit_shows_the_story(page, metadata, story):
    page.goto(URL)
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


def test_the_walk_through(page, metadata, story):
    page.goto(URL)
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
    row = page.locator("#hover-card tbody tr").first.inner_text()
    assert names[first] in row and f"{facts['count']:,}" in row

    # A click hides it, the strip says so, and the next neuron takes its place.
    before = pixels(page, layer)
    click_row(page, layer, 0)
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
    expect(page.locator(f"#column-{layer} .hidden-strip")).to_be_hidden()
    page.go_back()
    expect(page.locator(f"#column-{layer} .hidden-strip")).to_be_visible()


def zoom_to_names(page: Page, layer: str) -> None:
    """Zooms until rows carry numbers; the top stays at the top."""
    while float(view(page, layer)["rowHeight"]) < 14:
        before = view(page, layer)["rowHeight"]
        page.click(f"#column-{layer} .zoom-in")
        page.wait_for_function("([layer, before]) => document.querySelector(`#column-${layer}`).dataset.rowHeight !== before", arg=[layer, before])
    page.focus(f"#column-{layer} canvas.plot")
    page.keyboard.press("Home")
    page.wait_for_selector(f'#column-{layer}[data-top="0.000"]')
    sharp(page)


def row_place(page: Page, layer: str, line: int) -> tuple:
    facts = view(page, layer)
    box = page.locator(f"#column-{layer} canvas.plot").bounding_box()
    return (box["x"] + float(facts["plotX"]) + float(facts["plotWidth"]) * 0.7,
            box["y"] + float(facts["plotTop"]) + (line + 0.5) * float(facts["rowHeight"]))


def hover_row(page: Page, layer: str, line: int) -> str:
    x, y = row_place(page, layer, line)
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    page.wait_for_selector("#hover-card table")
    return page.inner_text("#hover-card")


def click_row(page: Page, layer: str, line: int) -> None:
    page.mouse.click(*row_place(page, layer, line))


def test_toggles_colour_what_is_shown_and_grey_what_is_not(page, story):
    page.goto(URL)
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


def test_works_in_the_dark(page, story):
    page.goto(URL)
    sharp(page)
    page.click("#theme")
    page.wait_for_selector('html[data-theme="dark"]')
    sharp(page)
    page.wait_for_function("layer => { const c = document.querySelector(`#column-${layer} canvas.plot`); return c.getContext('2d').getImageData(c.width - 2, 2, 1, 1).data[0] < 60 }", arg=story["layers"][0])
    assert pixels(page, story["layers"][0])["coloured"] > 3_000
