"""Sorting anew: what it shows beforehand, and that it draws no picture twice."""

import re

from plots import sharp, view

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
