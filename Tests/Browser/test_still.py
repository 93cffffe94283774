"""What one is looking at, or about to click, stays where it is: when the focus moves, and when answers arrive."""

import pytest

from plots import sharp

PLOT = "() => { const { x, y, width, height } = document.querySelector('canvas.plot').getBoundingClientRect(); return [x, y, width, height]; }"
FOCUSED = "() => { const one = document.activeElement; return one === document.body ? null : `${one.tagName}#${one.id}.${one.className} ${one.getAttribute('aria-label') ?? one.textContent.slice(0, 30)}`; }"
STEPS_MAX = 400


@pytest.mark.parametrize("size", [(1440, 900), (1280, 800), (720, 450), (390, 844)], ids=str)
@pytest.mark.parametrize("opens", [None, "#filter-open", ".minimap"], ids=["nothing", "filter", "panel"])
def test_the_plot_stays_where_it_is_as_the_focus_moves(open_page, url, size, opens):
    page = open_page(viewport={"width": size[0], "height": size[1]})
    page.goto(f"{url}#1;d=fashion-mnist;l=dense_1,dense_2;g=6,8;i=0,39;s0=v39~;y0=0_20{';n=dense_1.43' if opens == '.minimap' else ''}")
    sharp(page)
    page.wait_for_selector("#filter-open:not([disabled])", state="attached")
    if opens == "#filter-open":
        page.evaluate("() => document.querySelector('#filter-open').click()")
        page.wait_for_selector("#filter-bar:not([hidden])")
    elif opens:
        page.wait_for_selector("#neuron-panel[open] svg.histogram")
    page.wait_for_load_state("networkidle")
    sharp(page)
    page.evaluate("() => document.activeElement.blur()")
    before = page.evaluate(PLOT)
    seen = set()
    for _ in range(STEPS_MAX):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        # Once around.
        if here is None or here in seen:
            break
        seen.add(here)
        # A strip of columns wider than the screen scrolls to what has the focus.
        assert page.evaluate(PLOT)[1:] == before[1:], here
    assert len(seen) > 5
    assert page.problems == []


def test_classes_stay_under_the_pointer_when_those_like_them_arrive(open_page, url):
    page = open_page(viewport={"width": 1280, "height": 800})
    held = []
    page.route("**/similar?*", lambda route: held.append(route))
    page.route("**/separation?*", lambda route: held.append(route))
    page.goto(f"{url}#1;d=fashion-mnist;l=dense_1,logits;g=6,8;i=0,39;s0=i")
    sharp(page)
    places = "() => [...document.querySelectorAll('#classes, #moments-section, #instances-section')].map((one) => one.getBoundingClientRect().toJSON())"
    page.wait_for_selector("#separation:not([hidden])")
    page.wait_for_load_state("domcontentloaded")
    before = page.evaluate(places)
    for route in held:
        route.continue_()
    page.unroute_all()
    page.wait_for_selector(".similar-toggle")
    page.wait_for_selector(".apart-toggle")
    assert page.evaluate(places) == before
    # Nor with a class more, or with none.
    for group in (10, 8, 6, 10):
        page.click(f'.class-toggle[data-group="{group}"]')
        sharp(page)
        assert page.evaluate(places) == before, group
    assert page.problems == []


@pytest.mark.parametrize("chosen", ["", "6", "6,8", "6,8,10"], ids=["none", "one", "two", "three"])
def test_the_room_of_one_height_is_used_whatever_is_chosen(open_page, url, chosen):
    page = open_page()
    page.goto(f"{url}#1;d=fashion-mnist;l=dense_1,dense_2;g={chosen};i=0,39;s0=i")
    sharp(page)
    if chosen == "":
        page.wait_for_selector("#similar p >> text=two, to see which layers tell them apart")
        return
    page.wait_for_selector(".apart-toggle" if chosen == "6,8" else ".similar-toggle")
    page.wait_for_load_state("networkidle")
    room, used = page.evaluate("""() => {
        const box = document.querySelector('#likeness').getBoundingClientRect();
        const ends = [...document.querySelectorAll('#likeness button')].map((one) => one.getBoundingClientRect().bottom);
        return [box.height, Math.max(...ends) - box.top];
    }""")
    assert used >= 0.7 * room, f"{used} of {room} pixels"
    assert page.problems == []
