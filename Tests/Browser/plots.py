"""What the browser tests do to the page, and what they read off it: its own words (data-…) and its pixels."""

import base64

import pytest
from playwright.sync_api import Page, expect


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


def painted(page: Page, picture: bytes, ask: str):
    """What a function of JavaScript says of an image: it gets the image, and the context of a canvas on which that was drawn."""
    return page.evaluate(f"""async picture => {{
        const image = new Image();
        image.src = `data:image/png;base64,${{picture}}`;
        await image.decode();
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [image.width, image.height];
        const context = canvas.getContext('2d');
        context.drawImage(image, 0, 0);
        return ({ask})(image, context);
    }}""", base64.b64encode(picture).decode())


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
    row.wait_for()
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


def settled(page: Page, layer: str, name: str, before) -> dict:
    """The column's words once `name` has changed from `before` and the picture is exact again."""
    page.wait_for_function("([layer, name, before]) => document.querySelector(`#column-${layer}`).dataset[name] !== before", arg=[layer, name, before])
    sharp(page)
    return view(page, layer)


def middle(page: Page, layer: str) -> tuple:
    box = page.locator(f"#column-{layer} canvas.plot").bounding_box()
    return box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.5


def neuron_at(page: Page, layer: str, line: int) -> int:
    """The number that the card gives for a row."""
    text = hover_row(page, layer, line)
    return int(text.split("\n")[0].removeprefix("neuron "))


def over(page: Page, x: float, y: float) -> None:
    page.mouse.move(x - 2, y)
    page.mouse.move(x, y)


def over_element(page: Page, selector: str) -> None:
    box = page.locator(selector).first.bounding_box()
    over(page, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def card_lines(page: Page) -> dict:
    """The figures of the card at the pointer, by the name of the class or instance."""
    lines = page.locator("#hover-card tbody tr:not(.heads)").all()
    return {line.locator("th").inner_text().strip(): line.locator("td").all_inner_texts() for line in lines}


def opened(page):
    """Waits for the divergence view."""
    page.wait_for_selector('#divergence[data-state="ready"]')


def rung(page, layer):
    """A layer's rung of the ladder."""
    return page.locator(f'.rungs.with-ladder .rung[data-layer="{layer}"]')


def open_divergence(page: Page, url: str) -> None:
    """Opens the page, and the divergence view in it."""
    page.goto(url)
    sharp(page)
    page.click("#divergence-open")
    opened(page)


def first_row(page: Page, layer: str) -> None:
    """Goes to the first row of a column by the keys."""
    page.focus(f"#column-{layer} canvas.plot")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => /rank 1$/.test(document.querySelector('#live').textContent)")


def axe_faults(page: Page, **more) -> list:
    """What axe finds fault with: the rule, and an element that breaks it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    return [(one["id"], one["nodes"][0]["html"][:120]) for one in axe.run(page, **more).response["violations"]]
