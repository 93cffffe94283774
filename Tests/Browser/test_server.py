"""What happens when the server goes, comes back, moves on, lives elsewhere, or sends damage."""

import pathlib
import shutil

import pytest
from playwright.sync_api import expect

from stores import PROGRAM, Server
from plots import pixels, sharp, sort, view

pytestmark = pytest.mark.skipif(not pathlib.Path(PROGRAM).exists(), reason="needs the program itself, to stop it")


@pytest.fixture
def own_server(store):
    server = Server(store)
    yield server
    server.stop()


def test_an_away_server_is_told_and_its_return_noticed(open_page, own_server, story):
    page = open_page()
    page.goto(own_server.url)
    sharp(page)
    layer = story["layers"][0]
    before = pixels(page, layer)
    own_server.stop()
    page.click(f"#column-{layer} .direction-button")
    page.wait_for_selector(".notice.away")
    assert "does not answer" in page.inner_text(".notice.away") and "Try now" in page.inner_text(".notice.away")
    assert pixels(page, layer)["coloured"] == before["coloured"], "what was there stays"
    own_server.start()
    page.wait_for_selector(f'#column-{layer}[data-direction="ascending"]')
    sharp(page)
    expect(page.locator(".notice.away")).to_have_count(0)
    expect(page.locator("#hint")).to_have_text("The server is back.")


def test_what_is_asked_for_early_is_what_the_first_picture_needs(page, url):
    """The early requests of the page only warm the cache for its worker: one that the worker does not make as well is wasted."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    sharp(page)
    early = page.evaluate("performance.getEntriesByType('resource').map(one => one.name).filter(name => name.includes('/layers/'))")
    assert len(early) >= 6
    for name in early:
        assert asked.count(name) == 2, name
    assert sum(one.endswith("/api/v1/datasets") for one in asked) == 1


def test_under_a_path_prefix(open_page, store, story):
    server = Server(store, prefix="/a/demo")
    try:
        page = open_page()
        page.goto(server.url if "/a/demo" in server.url else server.url + "a/demo/")
        sharp(page)
        assert pixels(page, story["layers"][0])["coloured"] > 5000
        page.wait_for_selector(".pair.chosen .ring")
        assert page.problems == []
    finally:
        server.stop()


def test_a_new_version_is_offered_not_forced(open_page, url, story):
    page = open_page()
    page.goto(url)
    sharp(page)
    layer = story["layers"][0]
    before = pixels(page, layer)
    # The server's answer to "which version?" as it will be after tonight's run.
    page.context.route("**/api/v1/datasets/*", lambda route: route.fulfill(json={**route.fetch().json(), "version": "f" * 16}))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector(".notice.version")
    assert pixels(page, layer) == before
    page.click(".notice.version [aria-label=Dismiss]")
    expect(page.locator(".notice.version")).to_have_count(0)


def test_a_link_to_a_version_that_is_gone_says_so(open_page, url, metadata, story):
    page = open_page()
    page.goto(f"{url}#1;d={metadata['name']};v={'e' * 16};l={story['layers'][0]};g={story['groups'][0]};s0=m{story['groups'][0]}~")
    sharp(page)
    page.wait_for_selector(".notice.gone")
    assert view(page, story["layers"][0])["order"] == f"m{story['groups'][0]}"
    assert metadata["version"] in page.url


def damage_first(page, count, answer):
    """Has the first tiles that are asked for answered so; returns their addresses, as they come."""
    damaged = []

    def damage(route):
        if len(damaged) >= count:
            return route.continue_()
        damaged.append(route.request.url)
        return answer(route)

    page.context.route("**/tiles/**", damage)
    return damaged


def test_damaged_tiles_are_never_drawn(open_page, url, story):
    page = open_page()

    def answer(route):
        body = bytearray(route.fetch().body())
        body[len(body) // 2] ^= 255
        route.fulfill(body=bytes(body), content_type="application/octet-stream")

    damaged = damage_first(page, 3, answer)
    page.goto(url)
    sharp(page)
    clean = open_page()
    clean.goto(url)
    sharp(clean)
    assert len(damaged) == 3
    assert pixels(page, story["layers"][0]) == pixels(clean, story["layers"][0])


def flipped(route, at, mask):
    """The server's answer with a byte changed on the way, and its HTTP headers as they were."""
    answer = route.fetch()
    body = bytearray(answer.body())
    body[at] ^= mask
    headers = {name: value for name, value in answer.headers.items() if name not in ("content-encoding", "content-length", "cache-control")}
    route.fulfill(body=bytes(body), headers=headers)


@pytest.mark.parametrize("at, mask", [(7, 255), (9, 1), (14, 1), (18, 1), (19, 128), (20, 1)],
                         ids=["header size", "rows", "level", "scale", "sign of the scale", "first row"])
def test_a_header_that_is_damaged_on_the_way_is_no_absence(open_page, url, story, at, mask):
    page = open_page()
    damaged = damage_first(page, 3, lambda route: flipped(route, at, mask))
    told = []
    page.expose_function("told", lambda kind: told.append(kind))
    page.add_init_script("new MutationObserver(() => document.querySelector('.notice.away') && told('away')).observe(document, { childList: true, subtree: true })")
    page.goto(url)
    sharp(page)
    clean = open_page()
    clean.goto(url)
    sharp(clean)
    assert len(damaged) == 3 and told == []
    assert pixels(page, story["layers"][0]) == pixels(clean, story["layers"][0])


def test_what_is_damaged_at_every_try_is_given_up_and_said_in_its_place(open_page, url, story):
    page = open_page()
    layer, other = story["layers"]
    asked = []

    def damage(route):
        asked.append(route.request.url)
        return flipped(route, 19, 1)

    wanted = f"**/layers/{layer}/tiles/{story['groups'][0]}/**"
    page.context.route(wanted, damage)
    page.goto(url)
    page.wait_for_selector(f'#column-{layer}[data-lacking="true"]')
    told = page.inner_text(".notice.damaged")
    assert f"layers/{layer}/tiles/" in told and "checksum of the header" in told
    expect(page.locator(".notice.away")).to_have_count(0)
    page.wait_for_selector(f'#column-{other}[data-sharp="true"][data-lacking="false"]')
    # Frames go on, requests for the same do not: the page itself asks for an address once, its worker four times.
    for key in ("ArrowDown", "ArrowUp", "ArrowDown", "ArrowUp"):
        page.locator(f"#column-{layer} canvas.plot").press(key)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_selector(f'#column-{layer}[data-lacking="true"]')
    assert all(asked.count(one) <= 5 for one in asked)
    page.context.unroute(wanted)
    page.click(".notice.damaged .notice-action")
    sharp(page)
    expect(page.locator(".notice.damaged")).to_have_count(0)
    assert view(page, layer)["lacking"] == "false"


def test_an_answer_that_is_no_json_is_told_as_damage_not_as_absence(open_page, url, story):
    page = open_page()
    page.context.route(f"**/layers/{story['layers'][0]}/summary*", lambda route: route.fulfill(status=200, content_type="text/html", body="<!doctype html><p>Please log in"))
    page.goto(url)
    page.wait_for_selector(".notice.damaged")
    told = page.inner_text(".notice.damaged")
    assert f"layers/{story['layers'][0]}/summary" in told and "not JSON" in told
    expect(page.locator(".notice.away")).to_have_count(0)
    # The other layer is drawn as ever.
    page.wait_for_selector(f'#column-{story["layers"][1]}[data-sharp="true"]')
    assert pixels(page, story["layers"][1])["coloured"] > 5000
