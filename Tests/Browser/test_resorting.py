"""Sorting anew: what it shows beforehand, and that it draws no picture twice."""

import re

from playwright.sync_api import expect

from plots import sharp, view, zoom_to_names

TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
#: How often the whole plot of a column is painted.
COUNT_PICTURES = """() => {
    window.pictures = 0;
    const fill = CanvasRenderingContext2D.prototype.fillRect;
    CanvasRenderingContext2D.prototype.fillRect = function (x, y, width, height) {
        if (this.canvas.matches?.(".plot") && width === this.canvas.width && height === this.canvas.height) window.pictures++;
        return fill.call(this, x, y, width, height);
    };
}"""


def test_what_comes_of_an_order_that_is_not_shown_yet_draws_nothing(page, url):
    layer = "conv_4"
    page.goto(f"{url}#1;d=fashion-mnist;l={layer};g=6,8;i=0,39;s0=v39~;y0=300_800")
    sharp(page)
    page.wait_for_load_state("networkidle")
    held, holds = [], True
    page.context.route(re.compile("/(tiles|rows)/"), lambda route: held.append(route) if holds else route.continue_())
    page.click(f"#column-{layer} .direction-button")
    page.wait_for_selector(f'#column-{layer}[data-sorting="true"]')
    page.mouse.move(5, 5)
    page.evaluate(TWO_FRAMES)
    page.evaluate(COUNT_PICTURES)
    came = 0
    while view(page, layer)["sorting"] == "true":
        assert page.evaluate("() => window.pictures") == 0, f"after {came} answers"
        if held:
            held.pop(0).continue_()
            came += 1
        page.evaluate(TWO_FRAMES)
    assert came > 1
    assert page.evaluate("() => window.pictures") > 0
    holds = False
    for route in held:
        route.continue_()
    sharp(page)
    page.wait_for_load_state("networkidle")
    page.context.unroute_all(behavior="wait")


#: Has what waits for the pointer to rest wait for `rest()` instead of the clock.
RESTS = """(() => {
    const { setTimeout: later, clearTimeout: clear } = window;
    const waiting = new Map();
    let last = 1e9;
    window.setTimeout = (run, ms, ...rest) => (ms === 150 ? (waiting.set(++last, run), last) : later(run, ms, ...rest));
    window.clearTimeout = (one) => waiting.delete(one) || clear(one);
    window.rest = () => { for (const [one, run] of [...waiting]) { waiting.delete(one); run(); } };
})()"""


def order_of(page, by):
    return page.locator(".choice", has=page.locator(f"#sort-by-{by}"))


def test_the_sort_menu_names_the_first_neurons_of_what_the_pointer_rests_on(page, url, metadata, story):
    layer, group = story["layers"][0], story["groups"][0]
    asked = []
    page.context.on("request", lambda request: asked.append(request.url) if "/rows/0/0?" in request.url else None)
    page.add_init_script(RESTS)
    page.goto(url)
    sharp(page)
    page.click(f"#column-{layer} .sort-button")
    first = page.locator(".first-neurons")
    shown = page.inner_text(f"#column-{layer} .sort-button")
    expect(first).to_contain_text(f"First by {shown}: …")
    page.evaluate("() => window.rest()")
    expect(first.locator("b")).to_have_count(5)
    asked.clear()
    height = page.evaluate("() => document.querySelector('#popover').offsetHeight")
    name = metadata["groups"][group]["name"]
    # Over others on the way: only where the pointer rests is the server asked.
    for by in ("index", "mean", "deviation", "median"):
        order_of(page, by).hover()
    expect(first).to_contain_text(f"First by median of {name}: …")
    page.evaluate("() => window.rest()")
    expect(first.locator("b")).to_have_count(5)
    assert page.evaluate("() => document.querySelector('#popover').offsetHeight") == height
    assert len(asked) == 1, asked
    named = first.locator("b").all_inner_texts()
    # Nothing is chosen yet; when it is, these come first.
    page.click("#sort-by-median")
    page.click("#sort-apply")
    page.wait_for_selector(f'#column-{layer}[data-order="m{group}"][data-sorting="false"]')
    sharp(page)
    aloud = page.locator(f"#aloud-{layer}")
    zoom_to_names(page, layer)
    expect(aloud).to_contain_text("from the top: " + f"neuron {named[0]} with")
    assert re.findall(r"neuron (\d+) with", aloud.inner_text()) == named
