"""Groups made on the page: a condition that is typed, a cell of the confusion matrix; and any row as an instance, found by what it is."""

import re
import urllib.parse

import pytest
from playwright.sync_api import expect

from stores import Server, once
from plots import pixels, sharp, view


@pytest.fixture
def base(metadata):
    return f"api/v1/datasets/{metadata['name']}/{metadata['version']}"


@pytest.fixture
def ready(page, url):
    page.goto(url)
    sharp(page)
    page.wait_for_selector("#moments-section:not([hidden])")
    return page


@pytest.fixture(scope="session")
def texts_url(tmp_path_factory):
    """A server whose rows are texts with a column, of which some values are NaN and infinite, one neuron all NaN; a second layer without classes that fire."""

    def make(folder):
        import h5py
        import numpy as np

        rng = np.random.default_rng(5)
        values = rng.normal(size=(90, 12)).astype("f4")
        values[3, 2], values[4, 2] = np.nan, np.inf
        values[:, 5] = np.nan
        values[:, 6] = 0
        with h5py.File(folder / "texts.h5", "w") as file:
            file["layer"] = values
            file["labels"] = np.arange(90) % 3
            file["predictions"] = (np.arange(90) % 3 + (np.arange(90) % 10 == 0)) % 3
            file["texts"] = [f"text number {n}" for n in range(90)]
            file["split"] = np.where(np.arange(90) < 60, "train", "val").astype("S5")
        job = folder / "texts.yaml"
        job.write_text("name: texts\ndumps: [texts.h5]\nlayers: [layer]\nlabels: labels\npredictions: predictions\ntexts: texts\ncolumns: [split]\nclass_names: { 0: ant, 1: bee, 2: 'wasp \"big\"' }\n")
        return job

    server = Server(once(tmp_path_factory, "texts", make))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def uncoded_url(tmp_path_factory):
    """A server whose store has no codes of single rows."""

    def make(folder):
        import h5py
        import numpy as np

        with h5py.File(folder / "uncoded.h5", "w") as file:
            file["layer"] = np.random.default_rng(6).normal(size=(60, 12)).astype("f4")
            file["labels"] = np.arange(60) % 2
        job = folder / "uncoded.yaml"
        job.write_text("name: uncoded\ndumps: [uncoded.h5]\nlayers: [layer]\nlabels: labels\ncodes: none\n")
        return job

    server = Server(once(tmp_path_factory, "uncoded", make))
    yield server.url
    server.stop()


def test_a_layer_without_codes_says_what_it_cannot_show(open_page, uncoded_url):
    page = open_page()
    page.goto(uncoded_url)
    sharp(page)
    page.fill("#condition", "row < 9")
    page.press("#condition", "Enter")
    expect(page.locator(".moment-toggle .amount")).to_have_text("9")
    expect(page.locator(".plot-note")).to_contain_text("row < 9: not in this layer, which has no codes of single rows")
    page.fill("#instance-search", "7")
    page.click('#row-results [data-row="7"]')
    expect(page.locator(".plot-note")).to_contain_text("row 7")
    sharp(page)
    page.focus("canvas.plot")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => /rank 1$/.test(document.querySelector('#live').textContent)")
    page.keyboard.press("Enter")
    page.wait_for_selector("#neuron-panel[open] svg.histogram")
    expect(page.locator(".brush-hint")).to_contain_text("without codes of single rows")
    expect(page.locator(".brush-area")).to_be_hidden()


def test_a_typed_condition_is_a_group_in_all_layers(ready, api, base, story):
    page = ready
    before = {layer: pixels(page, layer) for layer in story["layers"]}
    where = 'label == "shirt" and row < 700'
    total = api(f"{base}/rows?where={urllib.parse.quote(where)}&count=1")["total"]
    page.click("#condition")
    page.keyboard.type(where)
    # It is counted while it is typed.
    expect(page.locator("#condition-count")).to_have_text(f"{total:,} rows")
    page.keyboard.press("Enter")
    toggle = page.locator(".moment-toggle")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    expect(toggle.locator(".amount")).to_have_text(f"{total:,}")
    expect(page.locator("#condition")).to_have_value("")
    page.mouse.move(5, 5)
    sharp(page)
    for layer in story["layers"]:
        assert pixels(page, layer)["hash"] != before[layer]["hash"], "every layer shows it"
    # Named, and the name is in the link.
    page.click(".moment [aria-label^=Rename]")
    page.keyboard.type("odd; shirts, a!")
    page.keyboard.press("Enter")
    expect(toggle.locator(".name")).to_have_text("odd; shirts, a!")
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    sharp(page)
    expect(page.locator(".moment-toggle .name")).to_have_text("odd; shirts, a!")
    expect(page.locator(".moment-toggle .amount")).to_have_text(f"{total:,}")
    expect(page.locator("#legend")).to_contain_text("odd; shirts, a!")
    # Hidden, shown, removed; and undone.
    page.click(".moment-toggle")
    expect(page.locator(".moment-toggle")).to_have_attribute("aria-pressed", "false")
    page.click(".moment-remove")
    expect(page.locator(".moment")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(page.locator(".moment")).to_have_count(1)


def test_a_fault_in_a_condition_is_shown_at_its_place(open_page, url):
    page = open_page()
    page.goto(url)
    sharp(page)
    page.fill("#condition", 'label == "shirt" adn row < 3')
    page.press("#condition", "Enter")
    fault = page.locator("#condition-fault")
    expect(fault).to_contain_text("Character 18")
    expect(fault.locator("code")).to_contain_text("▸adn")
    expect(page.locator("#condition")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".moment")).to_have_count(0)
    page.fill("#condition", "size > 3")
    expect(fault).to_contain_text("no column “size”")
    page.fill("#condition", "row < 3")
    expect(fault).to_be_hidden()
    expect(page.locator("#condition-count")).to_have_text("3 rows")
    # What the server refused is told to the reader, and the browser's own word of it is all that the console has.
    assert all("status of 40" in one for one in page.problems)


def test_a_cell_of_the_confusion_matrix_is_a_group(ready, api, base):
    page = ready
    table = api(f"{base}/confusion")
    page.click("#confusion")
    page.wait_for_selector(".confusion-table")
    seen = {(cell.get_attribute("data-label"), cell.get_attribute("data-prediction")): int(cell.inner_text().replace(",", "")) for cell in page.locator(".confusion-table button").all()}
    assert seen == {(table["labels"][a], table["predictions"][b]): n for a, b, n in table["cells"]}
    label, prediction = next(pair for pair, n in sorted(seen.items(), key=lambda one: -one[1]) if pair[0] != pair[1])
    cell = page.locator(f'.confusion-table button[data-label="{label}"][data-prediction="{prediction}"]')
    cell.click()
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".moment-toggle .name")).to_have_text(f"{label}, named {prediction}")
    expect(page.locator(".moment-toggle .amount")).to_have_text(f"{seen[label, prediction]:,}")
    assert urllib.parse.quote_plus(f'label == "{label}" and prediction == "{prediction}"') in page.url
    # One tab stop; arrows go from cell to cell, over empty ones.
    assert page.locator('.confusion-table button[tabindex="0"]').count() == 1
    first = page.locator(".confusion-table button").first
    first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("() => [document.activeElement.dataset.label, document.activeElement.dataset.prediction]") == list([pair for pair in seen if pair[0] == table["labels"][0]][1])
    cell.click()
    expect(page.locator(".moment")).to_have_count(0)
    sharp(page)


def test_instances_are_searched_over_all_rows(ready, api, base, metadata):
    page = ready
    cells = api(f"{base}/confusion")
    label, prediction, count = max(((cells["labels"][a], cells["predictions"][b], n) for a, b, n in cells["cells"] if cells["labels"][a] != cells["predictions"][b]), key=lambda one: one[2])
    page.click("#instance-search")
    page.keyboard.type(f"{label} -> {prediction}")
    expect(page.locator("#row-results p")).to_contain_text(f"{count:,} row")
    where = urllib.parse.quote(f'label == "{label}" and prediction == "{prediction}"')
    expected = [row["row"] for row in api(f"{base}/rows?where={where}&count=24")["rows"]]
    page.wait_for_selector("#row-results .row-card canvas[data-there]")
    assert [int(card.get_attribute("data-row")) for card in page.locator("#row-results .row-card").all()] == expected
    # By the keyboard: down to the first card, on to the next, and it is an instance.
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    second = expected[min(1, len(expected) - 1)]
    expect(page.locator(f'.row-chip[data-row="{second}"]')).to_contain_text(f"row {second} {label} → {prediction}")
    assert f",r{second};" in page.url
    page.fill("#instance-search", str(metadata["rows"] - 1))
    expect(page.locator("#row-results .row-card")).to_have_count(1)
    expect(page.locator("#row-results .row-card")).to_have_attribute("data-row", str(metadata["rows"] - 1))
    page.fill("#instance-search", str(metadata["rows"]))
    expect(page.locator("#row-results p")).to_contain_text("Rows are numbered from 0")
    page.fill("#instance-search", "row < 5")
    expect(page.locator("#row-results .row-card")).to_have_count(5)
    page.fill("#instance-search", "")
    expect(page.locator("#row-results")).to_be_hidden()


def test_texts_columns_and_values_that_are_no_numbers(open_page, texts_url):
    page = open_page()
    page.goto(texts_url)
    sharp(page)
    page.fill("#instance-search", "val")
    expect(page.locator("#row-results p")).to_contain_text("30 rows")
    expect(page.locator("#row-results .row-text").first).to_have_text("text number 60")
    # A name with quotes in it.
    page.fill("#instance-search", 'wasp "big" → ant')
    expect(page.locator("#row-results p")).to_contain_text(re.compile(r"^3 rows"))
    layer = view(page, "layer") and "layer"
    for neuron, words in ((2, "88 values"), (5, "Every one of the 90 values is NaN."), (6, "every one is exactly 0")):
        page.goto(f"{texts_url}#1;d=texts;l={layer};g=1,2;n={layer}.{neuron}")
        page.reload()
        page.wait_for_selector("#neuron-panel[open] .neuron-words")
        if neuron == 2:
            expect(page.locator(".neuron-words").first).to_have_text("90 values: none is exactly 0, 1 is NaN, 1 is infinite. NaN and infinities are in no bar.")
            expect(page.locator('[aria-labelledby="firing-highest"] .row-text').first).to_contain_text("text number")
        else:
            expect(page.locator(".neuron-words").first).to_contain_text(words)
        if neuron == 5:
            expect(page.locator("#firing-highest")).to_contain_text("no row has a finite value")
        if neuron == 6:
            expect(page.locator("#firing-lowest")).to_contain_text("90 tie at 0")
    assert page.problems == []


def test_with_hundreds_of_classes_the_commonest_mistakes_are_listed(open_page, classes_url):
    page = open_page()
    page.goto(classes_url)
    sharp(page)
    # This one has no predictions: there is nothing to confuse.
    expect(page.locator("#confusion")).to_be_hidden()
    page.fill("#condition", "row < 40")
    page.press("#condition", "Enter")
    expect(page.locator(".moment-toggle .amount")).to_have_text("40")
    sharp(page)
    assert page.problems == []
