"""Single neurons: hide, bring back, pin, open; and the files that a view can be saved as."""

import csv
import io
import json

import pytest
from playwright.sync_api import expect

from plots import click_row, first_row, neuron_at, row_place, sharp, sort, view


def test_hidden_neurons_come_back_one_by_one(page, layer):
    names = [neuron_at(page, layer, line) for line in range(3)]
    for name in names:
        click_row(page, layer, 0)
        expect(page.locator("#neuron-title")).to_have_text(f"Neuron {name}")
        page.click("#neuron-hide")
        sharp(page)
    page.keyboard.press("Escape")
    strip = page.locator(f"#column-{layer} .hidden-strip")
    expect(strip).to_have_text("3 hidden ⤺")
    assert neuron_at(page, layer, 0) not in names
    page.mouse.move(5, 5)
    strip.click()
    page.click(f'.chip:has-text("{names[1]}")')
    expect(strip).to_have_text("2 hidden ⤺")
    page.keyboard.press("Escape")
    sharp(page)
    assert neuron_at(page, layer, 0) == names[1]
    # Hidden they stay when the order turns round, and in a link.
    page.mouse.move(5, 5)
    page.click(f"#column-{layer} .direction-button")
    page.wait_for_selector(f'#column-{layer}[data-direction="ascending"]')
    sharp(page)
    page.reload()
    sharp(page)
    expect(page.locator(f"#column-{layer} .hidden-strip")).to_have_text("2 hidden ⤺")


def test_pinned_neurons_stay_on_top_in_every_order(page, layer, story):
    neuron = neuron_at(page, layer, 4)
    plot_top = float(view(page, layer)["plotTop"])
    page.keyboard.down("Shift")
    page.mouse.click(*row_place(page, layer, 4))
    page.keyboard.up("Shift")
    sharp(page)
    page.mouse.move(5, 5)
    assert float(view(page, layer)["plotTop"]) > plot_top + 15, "the pinned row has its place above"
    box = page.locator(f"#column-{layer} canvas.plot").bounding_box()
    for by, items in (("median", [f"median {story['groups'][1]}"]), ("index", [])):
        sort(page, layer, by, items, "ascending")
        x, y = box["x"] + box["width"] * 0.6, page.locator(f"#column-{layer} canvas.plot").bounding_box()["y"] + plot_top + 10
        page.mouse.move(x - 3, y)
        page.mouse.move(x, y)
        page.wait_for_selector("#hover-card table")
        assert page.inner_text("#hover-card").startswith(f"neuron {neuron}\n")
        page.mouse.move(5, 5)
    assert "p0=" in page.url


def test_the_panel_tells_everything_of_a_neuron(page, layer, api, metadata, story):
    neuron = neuron_at(page, layer, 0)
    click_row(page, layer, 0)
    page.wait_for_selector("#neuron-panel[open] svg.histogram")
    assert page.inner_text("#neuron-title") == f"Neuron {neuron}"
    expect(page.locator("#neuron-where")).to_contain_text("rank 1 of")
    groups = ",".join(map(str, story["groups"]))
    instances = ",".join(map(str, story["instances"]))
    exact = api(f"api/v1/datasets/{metadata['name']}/{metadata['version']}/layers/{layer}/neurons/{neuron}?groups={groups}&instances={instances}")
    for name in (metadata["groups"][group]["name"] for group in story["groups"]):
        expect(page.locator(".neuron-chart text.strong", has_text=name).first).to_be_visible()
    page.click(".neuron-more summary")
    for row, group in zip(page.locator("#neuron-body tbody tr").all(), exact["groups"]):
        cells = row.locator("td").all_inner_texts()
        assert cells[0] == f"{group['count']:,}"
        for cell, name in zip(cells[2:], ("minimum", "lower_quartile", "median", "upper_quartile", "maximum", "mean", "deviation")):
            assert float(cell.replace("−", "-")) == pytest.approx(group[name], rel=1e-3, abs=1e-9)
    assert page.locator(".standings li").count() == len(story["instances"])
    assert f"n={layer}.{neuron}" in page.url
    # On to its neighbours, and back by the browser.
    page.click("#neuron-next")
    expect(page.locator("#neuron-where")).to_contain_text("rank 2 of")
    page.keyboard.press("Escape")
    page.wait_for_selector("#neuron-panel", state="hidden")


def test_keys_pressed_fast_lose_no_row(page, layer):
    names = [neuron_at(page, layer, line) for line in range(5)]
    page.mouse.move(5, 5)
    page.focus(f"#column-{layer} canvas.plot")
    for key in ("ArrowDown", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    page.wait_for_function("name => document.querySelector('#live').textContent === `neuron ${name}, rank 3`", arg=names[2])
    # Hiding goes on to the row that takes the place.
    page.keyboard.press("h")
    page.wait_for_function("name => document.querySelector('#live').textContent === `neuron ${name}, rank 4`", arg=names[3])
    page.keyboard.press("h")
    page.wait_for_function("name => document.querySelector('#live').textContent === `neuron ${name}, rank 5`", arg=names[4])
    expect(page.locator(f"#column-{layer} .hidden-strip")).to_have_text("2 hidden ⤺")


def test_the_keyboard_hides_pins_and_opens(page, layer):
    first_row(page, layer)
    page.keyboard.press("p")
    page.wait_for_function("() => /pinned/.test(document.querySelector('#live').textContent)")
    page.keyboard.press("h")
    expect(page.locator(f"#column-{layer} .hidden-strip")).to_have_text("1 hidden ⤺")
    page.keyboard.press("Enter")
    page.wait_for_selector("#neuron-panel[open]")


def test_exports_are_what_is_on_screen(page, layer, metadata, story):
    first = neuron_at(page, layer, 0)
    page.mouse.move(5, 5)

    def save(kind):
        page.click("#export")
        with page.expect_download() as download:
            page.click(f"#export-{kind}")
        assert download.value.suggested_filename.endswith(f".{kind}")
        return open(download.value.path(), "rb").read()

    data = json.loads(save("json"))
    assert data["dataset"]["version"] == metadata["version"] and data["provenance"]["dumps"]
    shown = next(one for one in data["layers"] if one["layer"] == layer)
    facts = view(page, layer)
    assert shown["rows"][0]["neuron"] == first and shown["rows"][0]["firstRank"] == 1
    assert len(shown["rows"]) == -(-float(facts["plotHeight"]) // float(facts["rowHeight"]))
    assert shown["axis"]["highest"] == float(facts["hi"])
    assert [group["group"] for group in shown["rows"][0]["groups"]] == story["groups"]
    keys = [row["key"] for row in shown["rows"]]
    assert keys == sorted(keys, reverse=True)
    attacked = next(i for i in story["instances"] if metadata["instances"][i]["kind"] != "benign")
    assert [next(v["mean"] for v in row["values"] if v["instance"] == attacked) for row in shown["rows"]] == keys

    lines = save("csv").decode().split("\r\n")
    assert lines[0].startswith("# ") and metadata["version"] in lines[0] and lines[1].startswith("# pandas.read_csv(")
    table = [row for row in csv.DictReader(io.StringIO("\n".join(lines[2:]))) if row["layer"] == shown["name"]]
    assert [row["neuron"] for row in table] == [str(row["neuron"]) for row in shown["rows"]]

    picture = save("png")
    assert picture[:8] == b"\x89PNG\r\n\x1a\n" and len(picture) > 20_000


def test_back_undoes_and_forward_redoes(page, layer):
    neuron = neuron_at(page, layer, 0)
    first_row(page, layer)
    page.keyboard.press("h")
    page.mouse.move(5, 5)
    strip = page.locator(f"#column-{layer} .hidden-strip")
    expect(strip).to_have_text("1 hidden ⤺")
    page.click(f"#column-{layer} .direction-button")
    page.wait_for_selector(f'#column-{layer}[data-direction="ascending"]')
    page.go_back()
    page.wait_for_selector(f'#column-{layer}[data-direction="descending"]')
    expect(strip).to_have_text("1 hidden ⤺")
    page.go_back()
    expect(strip).to_have_text("0 hidden")
    sharp(page)
    assert neuron_at(page, layer, 0) == neuron
    page.go_forward()
    expect(strip).to_have_text("1 hidden ⤺")
