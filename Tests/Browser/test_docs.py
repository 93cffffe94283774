"""The page of the HTTP interface: everything that /openapi.json says, to be read by people, and examples that answer."""

import urllib.error
import urllib.parse
import urllib.request

import pytest
from playwright.sync_api import expect

from plots import axe_faults


@pytest.fixture
def read(open_page, url):
    def at(path, **options):
        page = open_page(**options)
        page.goto(urllib.parse.urljoin(url, path))
        page.wait_for_selector('html[data-state="sharp"]')
        return page

    return at


def test_it_has_every_operation_with_its_parameters(read, api):
    page = read("docs")
    document = api("openapi.json")
    parameters = document["components"]["parameters"]
    for path, operation in document["paths"].items():
        get = operation["get"]
        section = page.locator(f"section[id='{get['operationId']}']")
        expect(section.locator(".path code")).to_have_text(path)
        expect(section.locator("h3")).to_have_text(get["summary"])
        names = [parameters[one["$ref"].rsplit("/", 1)[1]]["name"] for one in get.get("parameters", [])]
        assert section.locator("tbody th").all_inner_texts() == names, path
        expect(page.locator(f"nav a[href='#{get['operationId']}']")).to_have_text(get["summary"])
    assert page.problems == []


def test_its_examples_answer(read, url):
    page = read("docs.html")
    links = page.locator("section a").evaluate_all("all => all.map(one => one.href)")
    assert len(links) >= 15 and all(link.startswith(url) for link in links)
    for link in links:
        try:
            with urllib.request.urlopen(link) as answer:
                assert answer.status == 200 and answer.read()
        except urllib.error.HTTPError as error:
            # The demo's rows are pictures: they have no texts.
            assert error.code == 404 and link.endswith("/text"), link


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_can_be_read_by_everyone(read, scheme, width):
    page = read("docs.html", viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.locator("details summary").first.click()
    assert axe_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


def test_the_page_leads_to_it_and_it_leads_back(open_page, url):
    page = open_page()
    page.goto(url)
    page.wait_for_selector('html[data-state="sharp"]')
    page.click("#help-button")
    page.click("#docs-link a")
    page.wait_for_selector("section h3")
    page.click("nav a >> nth=0")
    page.wait_for_selector('html[data-state="sharp"] canvas.plot')
    assert page.problems == []
