"""Data sets that need a token: it comes in a link or is typed in, goes with every request, and shows up nowhere else."""

import pathlib
import re
import shutil
import urllib.parse

import pytest
from playwright.sync_api import expect

from stores import PROGRAM, Server
from plots import sharp

pytestmark = pytest.mark.skipif(not pathlib.Path(PROGRAM).exists(), reason="needs the program itself, to give it tokens")

TOKEN = "open;sésame=1"
QUOTED = urllib.parse.quote(TOKEN, safe="")


@pytest.fixture(scope="module")
def server(store):
    server = Server(store, prefix="/lab", env={"DIVERGENCE_TOKENS": f"*={TOKEN}"})
    yield server
    server.stop()


@pytest.fixture
def dataset(store):
    return next(path.name for path in pathlib.Path(store).iterdir() if not path.name.startswith("."))


def asked(page):
    """All requests below the interface, with their headers."""
    requests = []
    page.context.on("request", lambda request: requests.append(request) if "/api/" in request.url else None)
    return requests


def open_with_the_token(page, server):
    page.goto(server.url)
    page.fill("#token-form input", TOKEN)
    page.press("#token-form input", "Enter")
    sharp(page)


def test_a_link_with_a_token_opens_the_data_set_and_leaves_no_trace(open_page, server, dataset):
    page = open_page()
    requests = asked(page)
    page.goto(f"{server.url}#token={QUOTED};1;d={dataset}")
    sharp(page)
    page.wait_for_selector(".pair.chosen .ring")
    assert page.problems == []
    assert "token" not in page.url and f"d={dataset}" in page.url
    page.click("#copy-link")
    assert page.evaluate("history.length") <= 2 and "token" not in page.evaluate("location.href")
    kinds = {re.sub(r".*/(tiles|rows|summary|images|datasets)\b.*", r"\1", urllib.parse.urlsplit(one.url).path) for one in requests}
    assert {"tiles", "rows", "summary", "images"} <= kinds
    sent = f"Bearer {TOKEN}".encode().decode("latin-1")
    for one in requests:
        assert one.all_headers().get("authorization") == sent, one.url
        assert not one.all_headers().get("referer") and "token" not in one.url
    # The tab remembers it, its storage is its own, and another tab has to ask.
    page.reload()
    sharp(page)
    other = page.context.new_page()
    other.goto(server.url)
    other.wait_for_selector("#token-form")


def test_a_token_in_a_link_that_is_opened_where_the_page_is_already(open_page, server, dataset):
    page = open_page()
    page.goto(f"{server.url}#1;d={dataset}")
    page.wait_for_selector("#token-form")
    page.goto(f"{server.url}#1;d={dataset};token={QUOTED}")
    sharp(page)
    assert "token" not in page.url


def test_without_a_token_the_page_asks_for_it_and_says_when_it_is_wrong(open_page, server, dataset):
    page = open_page()
    page.goto(f"{server.url}#1;d={dataset}")
    form = page.locator("#token-form")
    expect(form).to_contain_text(f"“{dataset}” is not open to everybody")
    expect(form.get_by_label("Token")).to_be_focused()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text(f"does not open “{dataset}”")
    page.keyboard.type(TOKEN)
    form.get_by_role("button", name="Open").click()
    sharp(page)
    assert f"d={dataset}" in page.url
    assert all("401" in problem for problem in page.problems), page.problems


def test_a_server_that_shows_nothing_without_a_token_asks_for_one(open_page, server, dataset):
    page = open_page()
    page.goto(server.url)
    expect(page.locator("#token-form")).to_contain_text("No data set here is open to everybody")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#token-form [role=alert]")).to_contain_text("does not open any data set here")
    page.keyboard.type(TOKEN)
    page.keyboard.press("Enter")
    sharp(page)


@pytest.fixture(scope="module")
def mixed(store, tmp_path_factory):
    """A server with a data set that is open to all and one that is not."""
    folder = tmp_path_factory.mktemp("mixed") / "Tiles"
    for name in "all", "secret":
        shutil.copytree(next(path for path in pathlib.Path(store).iterdir() if not path.name.startswith(".")), folder / name, symlinks=True)
    server = Server(folder, env={"DIVERGENCE_TOKENS": "secret=sesame"})
    yield server
    server.stop()


def test_a_link_with_nothing_but_a_token_shows_what_the_token_opens(open_page, mixed):
    page = open_page()
    page.goto(mixed.url)
    sharp(page)
    assert page.input_value("#dataset") == "all" and page.locator("#dataset option").count() == 1
    page = open_page()
    page.goto(f"{mixed.url}#token=sesame")
    sharp(page)
    assert page.input_value("#dataset") == "secret" and page.locator("#dataset option").count() == 2
    # The picker's other data set is open in the same tab, and the way back as well.
    for name in "all", "secret":
        with page.expect_event("load"):
            page.select_option("#dataset", name)
        sharp(page)
        assert page.input_value("#dataset") == name
    assert page.problems == []


def test_a_link_with_a_token_that_opens_nothing_says_so(open_page, mixed):
    page = open_page()
    page.goto(f"{mixed.url}#token=wrong")
    expect(page.locator("#token-form [role=alert]")).to_contain_text("does not open any data set here")
    page.keyboard.type("sesame")
    page.keyboard.press("Enter")
    sharp(page)
    assert page.input_value("#dataset") == "secret"


def test_a_token_that_is_taken_back_is_told_and_what_is_on_screen_stays(open_page, store, story):
    server = Server(store, env={"DIVERGENCE_TOKENS": "*=first"})
    try:
        page = open_page()
        page.goto(f"{server.url}#token=first")
        sharp(page)
        server.stop()
        server.env = {"DIVERGENCE_TOKENS": "*=second"}
        server.start()
        page.click(f"#column-{story['layers'][0]} .direction-button")
        page.wait_for_selector(".notice.refused")
        assert "does not open this data set any more" in page.inner_text(".notice.refused")
        page.click(".notice.refused .notice-action")
        page.wait_for_selector("#token-form [role=alert]")
        page.keyboard.type("second")
        page.keyboard.press("Enter")
        sharp(page)
    finally:
        server.stop()


def test_a_sign_in_that_has_ended_is_told(open_page, url, story):
    page = open_page()
    page.goto(url)
    sharp(page)
    page.context.route("**/tiles/**", lambda route: route.fulfill(status=401, content_type="text/html", body="<h1>401</h1>"))
    page.click(f"#column-{story['layers'][0]} .direction-button")
    page.wait_for_selector(".notice.refused")
    assert "not signed in any more" in page.inner_text(".notice.refused")
