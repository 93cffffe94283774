"""Neurons are found by conditions: shown alone, marked, hidden, pinned, kept as a set; against NumPy, and against the server's own figures."""

import json
import urllib.parse
import urllib.request

import numpy as np
import pytest
from playwright.sync_api import expect

from plots import pixels, sharp, view
from test_exports import paper, save  # noqa: F401, a fixture

CONV, LOGITS = 60, 3


@pytest.fixture
def shown(page, paper):
    page.goto(f"{paper[0]}#1;d=paper;l=conv,logits;g=1,2;i=0,1;s0=m1~;s1=i")
    sharp(page)
    page.wait_for_selector("#filter-open:not([disabled])")
    return page


def apply(page, condition):
    page.keyboard.press("Escape")
    page.locator("#skip").evaluate("element => element.blur()")
    if page.locator("#filter-bar").is_hidden():
        page.click("#filter-open")
    page.fill("#filter", condition)
    page.press("#filter", "Enter")
    sharp(page)


def neurons(page, layer):
    """Those of the rows on screen, from the top, as the page exports them."""
    found = json.loads(save(page, "json"))
    (own,) = [one for one in found["layers"] if one["layer"] == layer]
    return [row["neuron"] for row in own["rows"] if not row["pinned"]]


def medians(values, labels, group):
    """Exact, over finite values; NaN where there are none."""
    own = np.where(np.isfinite(values), values, np.nan)[labels == group].astype("f8")
    with np.errstate(all="ignore"):
        return np.array([np.nan if np.isnan(column).all() else np.nanmedian(column) for column in own.T])


def zeros(values, rows):
    own = values[rows]
    finite = np.isfinite(own).sum(0)
    return np.where(finite > 0, (own == 0).sum(0) / np.maximum(finite, 1), np.nan)


@pytest.fixture(scope="session")
def truth(paper):
    _, values, logits, labels = paper
    return {
        "median(ant)": medians(values, labels, 0), "median(cat)": medians(values, labels, 2), "zeros(cat)": zeros(values, labels == 2),
        "zeros(all)": zeros(values, slice(None)), "ant of logits": medians(logits, labels, 0), "zeros of logits": zeros(logits, labels == 2),
    }


def test_a_condition_shows_its_neurons_alone_with_their_number(shown, truth):
    holds = (truth["median(ant)"] > truth["median(cat)"]) & (truth["zeros(cat)"] < 0.5)
    logits = (truth["ant of logits"] > 0) & False
    expected = set(np.flatnonzero(holds).tolist())
    assert 3 < len(expected) < 40
    apply(shown, "median(ant) > median(cat) and zeros(cat) < 50 % and maximum(all) > 0 and ch < 9")
    assert not logits.any()
    expect(shown.locator("#filter-count")).to_have_text(f"{len(expected)} of {CONV + LOGITS}")
    expect(shown.locator("#column-conv .neurons")).to_have_text(f"{len(expected)} of {CONV} neurons")
    found = neurons(shown, "conv")
    assert set(found) == expected
    # In the order of the column, as before.
    keys = truth["median(ant)"][found]
    assert all(keys[:-1] >= keys[1:])
    assert view(shown, "conv")["shown"] == str(len(expected)) and view(shown, "logits")["shown"] == "0"


def test_hide_and_mark_and_undo(shown, truth):
    expected = set(np.flatnonzero(truth["zeros(cat)"] > 0.5).tolist())
    before = pixels(shown, "conv")["hash"]
    apply(shown, "zeros(cat) > 0.5 and ch < 9")
    assert set(neurons(shown, "conv")) == expected
    shown.click('.filter-ways [data-way="hide"]')
    sharp(shown)
    assert set(neurons(shown, "conv")) == set(range(CONV)) - expected
    shown.click('.filter-ways [data-way="mark"]')
    sharp(shown)
    assert set(neurons(shown, "conv")) == set(range(CONV))
    expect(shown.locator("#column-conv .neurons")).to_have_text(f"{len(expected)} of {CONV} neurons marked")
    assert pixels(shown, "conv")["hash"] != before
    shown.locator("canvas.plot").first.focus()
    for left in (len(set(range(CONV)) - expected), len(expected), CONV):
        shown.keyboard.press("Control+z")
        shown.wait_for_selector(f'#column-conv[data-shown="{left}"]')
    assert "filter=" not in shown.url


def test_ready_conditions_say_how_many(shown, paper, truth):
    values = paper[1]
    shown.click("#filter-open")
    chips = shown.locator(".filter-chips .chip")
    odd = (~np.isfinite(values)).any(0).sum()
    for title, number in (("always 0", (truth["zeros(all)"] == 1).sum()), ("NaN or ∞", odd), ("constant", 0)):
        expect(chips.filter(has_text=title)).to_have_text(f"{title} {number}")
    chips.filter(has_text="NaN or ∞").click()
    sharp(shown)
    assert set(neurons(shown, "conv")) == set(np.flatnonzero((~np.isfinite(values)).any(0)).tolist())
    chips.filter(has_text="constant").click()
    sharp(shown)
    assert view(shown, "conv")["shown"] == "0"


def test_an_instance_outside_its_class(shown, paper):
    base = json.load(urllib.request.urlopen(paper[0] + "api/v1/datasets/paper"))["url"]

    def place(neuron):
        facts = json.load(urllib.request.urlopen(urllib.parse.urljoin(paper[0], f"{base}/layers/conv/neurons/{neuron}?groups=1&instances=1")))
        own = facts["instances"][0]["percentiles"]
        return None if not own else (own[0]["low"] + own[0]["high"]) / 2

    places = [place(neuron) for neuron in range(CONV)]
    expected = {n for n, p in enumerate(places) if p is not None and (p < 1 or p > 99)}
    shown.click("#filter-open")
    shown.locator(".filter-chips .chip").filter(has_text="outside ant").first.click()
    sharp(shown)
    assert set(neurons(shown, "conv")) == expected if expected else view(shown, "conv")["shown"] == "0"


def test_what_is_no_condition_is_told_with_its_place(shown):
    shown.click("#filter-open")
    shown.fill("#filter", "median(dog) > 1")
    expect(shown.locator("#filter-fault")).to_have_text("Character 1: there is no such figure, class or instance.")
    shown.fill("#filter", "zeros(ant) = 1")
    expect(shown.locator("#filter-fault")).to_contain_text("Character 12: a comparison is missing")
    shown.fill("#filter", "zeros(ant) == 1")
    expect(shown.locator("#filter-fault")).to_be_hidden()


def test_a_set_is_kept_in_the_link_and_can_be_undone(shown, open_page, truth):
    expected = set(np.flatnonzero(truth["zeros(all)"] < 0.45).tolist())
    assert expected
    apply(shown, "zeros(all) < 0.45 and ch < 9")
    shown.click("#filter-keep")
    shown.fill(".set-name", "seldom, 0!")
    shown.press(".set-name", "Enter")
    chip = shown.locator(".filter-chips .set .chip")
    expect(chip).to_have_text(f"◆ seldom, 0! {len(expected)}")
    chip.click()
    sharp(shown)
    assert set(neurons(shown, "conv")) == expected
    shown.evaluate("dispatchEvent(new Event('pagehide'))")
    other = open_page()
    other.goto(shown.url)
    sharp(other)
    assert set(neurons(other, "conv")) == expected
    expect(other.locator("#filter")).to_have_value("set(seldom, 0!)")
    expect(other.locator(".filter-chips .set .chip")).to_have_count(1)
    other.locator(".filter-chips .set .icon-button").click()
    expect(other.locator(".filter-chips .set")).to_have_count(0)
    other.locator("canvas.plot").first.focus()
    other.keyboard.press("Control+z")
    expect(other.locator(".filter-chips .set")).to_have_count(1)
    assert other.problems == []


def test_the_first_of_those_found_are_pinned(shown, truth):
    apply(shown, "zeros(all) < 0.45 and ch < 9")
    shown.click("#filter-pin")
    found = int((truth["zeros(all)"] < 0.45).sum())
    expect(shown.locator("#column-conv .pinned-strip")).to_have_text(f"{min(24, found)} pinned")


def test_rows_of_a_channel(shown):
    apply(shown, "ch == 1 and y >= 2")
    assert sorted(neurons(shown, "conv")) == [(y * 5 + x) * 3 + 1 for y in (2, 3) for x in range(5)]


def test_few_of_a_quarter_of_a_million(page, large_url):
    page.goto(f"{large_url}#1;d=large;l=conv;g=1,2;s0=m1~;filter=only.index+%3C+40")
    sharp(page)
    assert view(page, "conv")["shown"] == "40" and view(page, "conv")["level"] == "0"
    assert sorted(neurons(page, "conv")) == list(range(40))
    page.click('.filter-ways [data-way="hide"]')
    page.wait_for_selector('#column-conv[data-shown="262104"]')
    sharp(page)
    # Rows are single neurons as long as some are left out: never a sum with those in it.
    assert view(page, "conv")["level"] == "0" and float(view(page, "conv")["rowHeight"]) >= 6
