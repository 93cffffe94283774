"""What no first picture needs comes later: not before it, at once when it is wanted, and aloud where it does not come."""

import re

from plots import sharp
from playwright.sync_api import expect

MODULES = "() => performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname).filter((path) => path.startsWith('/src/'))"
NEEDED_LATER = ["panels/neuron.js", "panels/neuronchart.js", "panels/filterbar.js", "panels/sets.js", "panels/export.js", "export/figure.js", "panels/divergence.js", "view/ladder.js", "panels/compare.js", "panels/sortmenu.js", "panels/neuronlist.js"]
#: What the worker loads is not preloaded by the page.
WORKER = {"/src/data/worker.js", "/src/model/crc32c.js", "/src/model/tile.js", "/src/data/authorization.js"}


def test_the_first_picture_asks_for_its_own_modules_alone_and_the_others_come_by_themselves(page, url):
    page.add_init_script("""new MutationObserver(() => {
        if (document.documentElement?.dataset.state === 'sharp') window.modulesAtFirst ??= (%s)();
    }).observe(document, { attributes: true, subtree: true, attributeFilter: ['data-state'] })""" % MODULES)
    page.goto(url)
    sharp(page)
    named = {f"/{one}" for one in page.eval_on_selector_all("link[rel=modulepreload]", "all => all.map((one) => one.getAttribute('href'))")}
    assert set(page.evaluate("() => window.modulesAtFirst")) - named - WORKER == set()
    page.wait_for_function("(wanted) => wanted.every((one) => performance.getEntriesByType('resource').some(({ name }) => name.endsWith(`/src/${one}`)))", arg=NEEDED_LATER)


def test_what_is_clicked_before_its_part_is_here_opens_when_it_comes(page, url):
    held, holds = [], True
    page.route(re.compile(r"/panels/(export|filterbar|divergence)\.js$"), lambda route: held.append(route) if holds else route.continue_())
    page.goto(url)
    sharp(page)
    page.click("#divergence-open")
    page.click("#export")
    expect(page.locator("#export-csv")).to_have_count(0)
    holds = False
    for route in held:
        route.continue_()
    expect(page.locator("#export-csv")).to_be_visible()
    page.wait_for_selector("#divergence[data-state=ready]")
    expect(page.locator("#divergence-title")).to_be_visible()


def test_what_is_typed_before_a_field_is_here_is_in_it_when_it_comes(page, url):
    held, holds = [], True
    page.route(re.compile(r"/panels/(filterbar|groups)\.js$"), lambda route: held.append(route) if holds else route.continue_())
    page.goto(f"{url}#1;d=fashion-mnist;l=dense_1;g=6,8;i=0,39;s0=v39~")
    sharp(page)
    address = page.url
    page.fill("#condition", "")
    page.keyboard.type('label == "Sneaker" and rwo')
    page.click("#filter-open")
    # Keys of the page among them: f, d, c, h, ?, a space on the button that was clicked.
    page.keyboard.type("zeros(all) < 5 %")
    for key in ("Backspace", "Backspace", "0", " ", "%", "Enter"):
        page.keyboard.press(key)
    assert page.url == address
    expect(page.locator("#filter, #divergence:not([hidden]), dialog[open]")).to_have_count(0)
    holds = False
    for route in held:
        route.continue_()
    expect(page.locator("#filter")).to_have_value("zeros(all) < 50 %")
    page.wait_for_function("() => /of 512/.test(document.querySelector('#filter-count').textContent)")
    assert "zeros" in page.url
    # What was typed where there was a field: told as if it had been typed now.
    expect(page.locator("#condition-fault")).not_to_be_empty()
    expect(page.locator("#condition")).to_have_value('label == "Sneaker" and rwo')


def test_a_condition_that_is_entered_before_its_part_is_here_becomes_a_group(page, url):
    held, holds = [], True
    page.route(re.compile(r"/panels/groups\.js$"), lambda route: held.append(route) if holds else route.continue_())
    page.goto(url)
    sharp(page)
    page.click("#condition")
    page.keyboard.type("row < 100")
    page.keyboard.press("Enter")
    holds = False
    for route in held:
        route.continue_()
    expect(page.locator("#moments li")).to_have_count(1)
    expect(page.locator("#condition")).to_have_value("")
    assert page.url.split("#")[0] == url


def test_a_neuron_typed_before_the_page_has_started_stays_typed(page, url):
    held = []
    page.route("**/src/main.js", lambda route: held.append(route))
    page.goto(f"{url}#1;d=fashion-mnist;l=dense_1;g=6,8", wait_until="commit")
    page.wait_for_selector("#find")
    page.click("#find")
    page.keyboard.type("dense_1 43")
    page.keyboard.press("Enter")
    for route in held:
        route.continue_()
    sharp(page)
    assert page.url.startswith(f"{url}#1;d=fashion-mnist")
    expect(page.locator("#find")).to_have_value("dense_1 43")


def test_a_part_that_does_not_load_is_told_and_can_be_tried_again(open_page, url):
    page = open_page()
    page.route("**/panels/export.js", lambda route: route.abort())
    page.goto(url)
    sharp(page)
    page.click("#export")
    notice = page.locator('.notice[data-kind="part"]')
    expect(notice).to_contain_text("did not load")
    page.unroute_all()
    notice.get_by_role("button", name="Try again").click()
    expect(page.locator("#export-csv")).to_be_visible()
    expect(notice).to_have_count(0)
    assert [one for one in page.problems if "ERR_FAILED" not in one] == []


def test_a_link_shows_its_parts_at_once(page, url):
    page.goto(f"{url}#1;d=fashion-mnist;l=dense_1,dense_2;g=6,8;i=0,39;s0=v39~;n=dense_1.43")
    page.wait_for_selector("#neuron-panel[open] svg.histogram")
    expect(page.locator("#neuron-title")).to_have_text("Neuron 43")
