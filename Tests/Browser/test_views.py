"""Views that open inside the page, for everyone: filter, channels, two versions, divergence; light, dark, 200 %, a phone, forced colours.

Nothing overlaps, no word is cut, the page is no wider than the screen, and axe finds nothing. ND_SCREENSHOTS=folder keeps a picture of each.
"""

import os
import pathlib

import pytest

from plots import axe_faults, opened, sharp
from test_everyone import FAULTS, SIZES
from test_two_stores import checkpoints  # noqa: F401

SCREENSHOTS = os.environ.get("ND_SCREENSHOTS")
LOOKS = {
    "light": SIZES["desk"], "dark": {**SIZES["desk"], "color_scheme": "dark"}, "200 %": SIZES["200 %"],
    "phone": SIZES["phone"], "dark phone": {**SIZES["phone"], "color_scheme": "dark"}, "forced": SIZES["forced"],
}


def press(page, selector):
    """A button that a fold may hide on small screens."""
    page.wait_for_selector(f"{selector}:not([disabled])", state="attached")
    page.eval_on_selector(selector, "one => one.click()")


def filtered(page, url, _):
    page.goto(url)
    sharp(page)
    press(page, "#filter-open")
    page.fill("#filter", "zeros(all) < 0.9 and median(sandal) > 0")
    page.press("#filter", "Enter")
    page.wait_for_selector("#column-dense_1 .neurons.found")


def channels(page, url, _):
    page.goto(f"{url}#1;d=fashion-mnist;l=conv_4;g=6,8;i=0,39;s0=v39~")
    sharp(page)
    press(page, '#column-conv_4 [data-view="channels"]')
    page.wait_for_selector('#column-conv_4 .channels[data-reading="false"]')
    page.locator("#column-conv_4 .channel-rows button").first.click()
    page.wait_for_selector("#column-conv_4 .channel-detail canvas")


def two_versions(page, _, checkpoints):  # noqa: F811
    page.goto(f"{checkpoints}#1;d=before;l=fc;g=1,2;i=0,1;s0=i")
    sharp(page)
    press(page, "#compare")
    page.wait_for_selector('form.compare-menu[data-of="after"]')
    picture(page, "choosing")
    assert axe_faults(page, options=rules(page)) == []
    page.click("#compare-show")
    page.wait_for_selector("#column-fc-other")


def divergence(page, url, _):
    page.goto(url)
    sharp(page)
    press(page, "#divergence-open")
    opened(page)


def rules(page):
    """Forced colours are the reader's own: contrast is theirs."""
    return {"rules": {"color-contrast": {"enabled": not page.evaluate("matchMedia('(forced-colors: active)').matches")}}}


def picture(page, name):
    if SCREENSHOTS:
        pathlib.Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=pathlib.Path(SCREENSHOTS) / f"{page.called}-{name}.png")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("show", [filtered, channels, two_versions, divergence], ids=lambda show: show.__name__)
def test_a_view_is_for_everyone(open_page, url, checkpoints, show, look):  # noqa: F811
    page = open_page(**LOOKS[look], reduced_motion="reduce")
    page.called = f"{show.__name__}-{look.replace(' %', '').replace(' ', '-')}"
    show(page, url, checkpoints)
    sharp(page)
    page.wait_for_load_state("networkidle")
    picture(page, "top")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate(FAULTS) == {"overlaps": [], "cut": []}
    assert axe_faults(page, options=rules(page)) == []
    assert page.problems == []
