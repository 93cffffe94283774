"""Whatever has nothing to show says why, and what to do."""

import pytest
from playwright.sync_api import expect

from plots import sharp
from stores import Server, once


@pytest.fixture(scope="session")
def bare_url(tmp_path_factory):
    """A server with a layer that is all NaN, one that is NaN for one of three classes, and an ordinary one."""

    def make(folder):
        import h5py
        import numpy as np

        values = np.random.default_rng(5).normal(size=(90, 40)).astype("f4")
        labels = np.arange(90) % 3
        with h5py.File(folder / "bare.h5", "w") as file:
            file["labels"], file["class_names"] = labels, np.array(["ant", "bee", "cat"], dtype=h5py.string_dtype())
            file["activations/fine"] = values
            file["activations/none"] = np.full((90, 40), np.nan, "f4")
            file["activations/some"] = np.where(labels[:, None] == 1, np.nan, values)
        return folder / "bare.h5"

    server = Server(once(tmp_path_factory, "bare", make))
    yield server.url
    server.stop()


@pytest.fixture
def show(open_page, bare_url):
    pages = []

    def one(view, before=lambda page: None):
        page = open_page()
        pages.append(page)
        before(page)
        page.goto(f"{bare_url}#1;d=bare;{view}")
        sharp(page)
        return page

    yield one
    for page in pages:
        assert [problem for problem in page.problems if "503" not in problem] == []


def test_no_layer(show):
    page = show("l=;g=1,2")
    expect(page.locator("#columns .empty")).to_have_text("Choose a layer on the left to see its neurons.")
    expect(page.locator("#similar")).to_have_text("Choose a layer to see which classes are alike in it.")


@pytest.mark.parametrize(("layer", "groups", "names"), [("none", "1,2", "ant and bee"), ("some", "2", "bee"), ("none", "0", "all rows")])
def test_no_finite_value(show, layer, groups, names):
    page = show(f"l={layer};g={groups}")
    expect(page.locator(f"#column-{layer} .plot-empty")).to_have_text(f"All values of {names} are NaN or infinite in this layer. Choose another class or layer.")
    expect(page.locator(".layer-toggle[data-layer=none] .thumb")).to_have_text("no values")
    expect(page.locator(".layer-toggle[data-layer=some] .thumb svg")).to_have_count(1)


def test_values_of_one_class_are_something(show):
    page = show("l=some;g=1,2")
    expect(page.locator("#column-some .plot-empty")).to_be_hidden()


def test_a_class_that_cannot_be_compared(show):
    page = show("l=some;g=2")
    expect(page.locator("#similar .like")).to_contain_text("bee")
    expect(page.locator("#similar .like")).to_contain_text("is like no other: none has values in the same neurons of some.")


def test_a_condition_for_no_neuron(show):
    page = show("l=fine;g=1,2")
    page.click("#filter-open")
    page.wait_for_function("() => document.activeElement.id === 'filter'")
    page.keyboard.type("maximum(all) > 99")
    page.keyboard.press("Enter")
    expect(page.locator("#column-fine .plot-empty")).to_have_text("No neuron is left by the condition above. Change it, or × shows all.")
    page.click("#filter-clear")
    expect(page.locator("#column-fine .plot-empty")).to_be_hidden()


def test_all_neurons_hidden(show):
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    hidden = ".".join(digits[n] if n < 36 else f"1{digits[n - 36]}" for n in range(40))
    page = show(f"l=fine;g=1,2;s0=i;h0={hidden}")
    expect(page.locator("#column-fine .plot-empty")).to_have_text("All neurons are hidden: “hidden” above brings them back.")
    page.click("#column-fine .hidden-strip")
    page.locator("#popover button", has_text="all").first.click()
    expect(page.locator("#column-fine .plot-empty")).to_be_hidden()


def test_what_the_server_does_not_answer(show):
    page = show("l=fine,some;g=1,2", lambda page: [page.context.route(f"**/{what}?*", lambda route: route.fulfill(status=404, json={"title": "not found", "type": "problems/not-found"})) for what in ("similar", "separation")])
    expect(page.locator("#similar")).to_have_text("Not compared: the server did not answer.")
    expect(page.locator("#separation")).to_have_text("Not compared: the server did not answer.")
    page.problems.clear()
