"""Two checkpoints side by side: the same neuron in the same row, ordered by what changed, by a control and by a link."""

import io
import json
import subprocess

import h5py
import numpy as np
import pandas
import pytest
from playwright.sync_api import expect

from stores import PROGRAM, Server, once
from plots import hover_row, row_place, sharp, view
from test_exports import save

ROWS, NEURONS = 240, 20
# What training did to these neurons: to a class of the second checkpoint so much is added.
MOVED = {7: 3.0, 12: 2.0, 3: 1.0}


def values_of(checkpoint):
    values = np.abs(np.random.default_rng(3).normal(size=(ROWS, NEURONS))).astype("f4")
    if checkpoint == "after":
        for neuron, by in MOVED.items():
            values[:, neuron] += by
    return values


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    """Two stores of the same rows; in the second, classes have other numbers, and there is a layer less and one that is larger. `run` is one store in both versions."""

    def make(folder):
        jobs = []
        for name in ("before", "after"):
            values, labels = values_of(name), np.arange(ROWS) % 2
            with h5py.File(folder / f"{name}.h5", "w") as file:
                file["fc"] = values
                file["wide"] = np.tile(values, (1, 2)) if name == "after" else values
                file["labels"] = labels + (name == "after")
                file["instances/benign/fc"], file["instances/attacked/fc"] = values[:1], values[1:2]
                file["instances/benign/wide"], file["instances/attacked/wide"] = (np.tile(values[i:i + 1], (1, 2 if name == "after" else 1)) for i in (0, 1))
            names = "{ 0: cat, 1: dog }" if name == "before" else "{ 0: ant, 1: cat, 2: dog }"
            job = folder / f"{name}.yaml"
            job.write_text(f"name: {name}\ndumps: [{name}.h5]\nlayers: [fc, wide]\nlabels: labels\nclass_names: {names}\ninstances: instances\n")
            jobs.append(job)
            run = folder / f"run-{name}.yaml"
            run.write_text(job.read_text().replace(f"name: {name}", "name: run"))
            jobs.append(run)
        for job in jobs[1:]:
            subprocess.run([PROGRAM, "precompute", job, "--output", folder / "checkpoints-tiles", "--progress", "none"], check=True)
        return jobs[0]

    server = Server(once(tmp_path_factory, "checkpoints", make))
    yield server.url
    server.stop()


@pytest.fixture
def shown(page, checkpoints):
    page.goto(f"{checkpoints}#1;d=before;l=fc;g=1,2;i=0,1;s0=i;y0=0_20")
    sharp(page)
    page.wait_for_selector("#compare:not([disabled])")
    return page


def beside(page):
    page.click("#compare")
    page.select_option("#compare-dataset", "after")
    page.wait_for_selector('form.compare-menu[data-of="after"]')
    page.click("#compare-show")
    page.wait_for_selector("#column-fc-other")
    sharp(page)


def other_card(page, line):
    """What the card says of a row of the other version."""
    facts = page.eval_on_selector("#column-fc-other", "element => ({...element.dataset})")
    box = page.locator("#column-fc-other canvas.plot").bounding_box()
    x = box["x"] + float(facts["plotX"]) + float(facts["plotWidth"]) * 0.7
    y = box["y"] + float(facts["plotTop"]) + (line + 0.5) * float(facts["rowHeight"])
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    page.wait_for_selector("#hover-card-other table")
    return page.inner_text("#hover-card-other")


def test_the_same_neuron_stands_in_the_same_row_with_figures_of_its_own(shown):
    beside(shown)
    labels = np.arange(ROWS) % 2
    for line, neuron in ((7, 7), (4, 4)):
        first, other = hover_row(shown, "fc", line), other_card(shown, line)
        for card, checkpoint in ((first, "before"), (other, "after")):
            assert card.startswith(f"neuron {neuron}")
            for group, name in ((0, "cat"), (1, "dog")):
                median = float(np.median(values_of(checkpoint)[labels == group, neuron].astype("f8")))
                told = [line.split("\t") for line in card.split("\n") if line.startswith(name)][0]
                assert abs(float(told[1]) - median) < 0.006, (card, median)
    first, other = view(shown, "fc"), shown.eval_on_selector("#column-fc-other", "element => ({...element.dataset})")
    assert [first[name] for name in ("lo", "hi", "rowHeight", "top", "order")] == [other[name] for name in ("lo", "hi", "rowHeight", "top", "order")]
    assert first["version"] != other["version"]


def test_the_legend_tells_the_versions_apart(shown):
    beside(shown)
    shares = dict.fromkeys(part.split(")")[0] for part in shown.inner_text("#legend").split("(")[1:])
    assert {"fc", "fc in after"} <= set(shares), shares


def test_what_changed_comes_first_in_both(shown):
    beside(shown)
    shown.click("#compare-sort")
    shown.wait_for_selector('#column-fc[data-order="w0.0"]')
    sharp(shown)
    for layer in json.loads(save(shown, "json"))["layers"]:
        assert [row["neuron"] for row in layer["rows"]][:3] == sorted(MOVED, key=lambda n: -MOVED[n])
    assert "what changed in all rows (Wasserstein distance)" in shown.get_attribute("#column-fc .sort-button", "aria-label")
    for line, neuron in enumerate(sorted(MOVED, key=lambda n: -MOVED[n])):
        assert other_card(shown, line).startswith(f"neuron {neuron}")
    # Of one class, whose number is another there.
    shown.select_option("#compare-bar select >> nth=0", label="dog")
    shown.click("#compare-sort")
    shown.wait_for_selector('#column-fc[data-order="w2.2"]')
    sharp(shown)
    assert other_card(shown, 0).startswith("neuron 7")


def test_both_scroll_and_filter_together_and_a_link_opens_both(shown, open_page):
    beside(shown)
    shown.focus("#column-fc canvas.plot")
    shown.keyboard.press("+")
    shown.keyboard.press("End")
    shown.wait_for_function("() => document.querySelector('#column-fc').dataset.top !== '0.000'")
    shown.wait_for_function("() => document.querySelector('#column-fc').dataset.top === document.querySelector('#column-fc-other').dataset.top")
    shown.click("#filter-open")
    shown.fill("#filter", "index >= 10")
    shown.press("#filter", "Enter")
    shown.wait_for_selector('#column-fc-other[data-shown="10"]')
    sharp(shown)
    shown.evaluate("dispatchEvent(new Event('pagehide'))")
    other = open_page()
    other.goto(shown.url)
    other.wait_for_selector('#column-fc-other[data-shown="10"]')
    sharp(other)
    assert other_card(other, 0).startswith("neuron 10")
    other.click("#compare-close")
    expect(other.locator("#column-fc-other")).to_have_count(0)
    other.focus("#column-fc canvas.plot")
    other.keyboard.press("Control+z")
    other.wait_for_selector("#column-fc-other")
    sharp(other)
    assert other.problems == []


def test_a_layer_with_other_neurons_stands_alone_and_says_so(shown):
    beside(shown)
    shown.click('.layer-toggle[data-layer="wide"]')
    sharp(shown)
    expect(shown.locator("#column-wide-other")).to_have_count(0)
    expect(shown.locator("#compare-bar")).to_contain_text("It has no wide of as many neurons")


def test_what_is_not_here_is_told(checkpoints, open_page):
    page = open_page()
    page.goto(f"{checkpoints}#1;d=before;l=fc;g=1;s0=i;other=gone/0123")
    sharp(page)
    expect(page.locator("#hint")).to_contain_text("is not here")
    expect(page.locator("#column-fc-other")).to_have_count(0)


def test_versions_of_one_data_set_are_chosen_from_a_list(checkpoints, open_page):
    page = open_page()
    page.goto(f"{checkpoints}#1;d=run;l=fc;g=1,2;s0=i;y0=0_20")
    sharp(page)
    newer = view(page, "fc")["version"]
    page.click("#compare")
    page.select_option("#compare-dataset", "run")
    page.wait_for_selector('form.compare-menu[data-of="run"]')
    (older,) = page.eval_on_selector_all("#compare-version option", "all => all.map(({ value }) => value)")
    assert older != newer, "not itself"
    page.click("#compare-show")
    page.wait_for_selector(f'#column-fc-other[data-version="{older}"]')
    sharp(page)
    assert other_card(page, 7).startswith("neuron 7")
    # A data set of one version has none to show beside it.
    page.goto("about:blank")
    page.goto(f"{checkpoints}#1;d=before;l=fc;g=1,2;s0=i")
    sharp(page)
    page.click("#compare")
    page.select_option("#compare-dataset", "before")
    page.wait_for_selector('form.compare-menu[data-of="before"]')
    expect(page.locator(".compare-menu [role=alert]")).to_have_text("This data has no other version here. Choose other data above, or precompute the next one under the same name.")
    expect(page.locator("#compare-show")).to_be_disabled()
    assert page.problems == []


def test_tables_hold_both_versions_by_their_names(shown):
    beside(shown)
    own, other = (f"{name}/{shown.get_attribute(selector, 'data-version')}" for name, selector in (("before", "#column-fc"), ("after", "#column-fc-other")))
    shown.click("#export")
    with shown.expect_download() as download:
        shown.click("#export-csv")
    for one in (own, other):
        name, version = one.split("/")
        assert f"{name}-{version[:8]}" in download.value.suggested_filename
    text = open(download.value.path(), newline="").read()
    assert f"{own.replace('/', ' ')}, beside it {other.replace('/', ' ')}" in text.split("\r\n")[0]
    table = pandas.read_csv(io.StringIO(text), comment="#")
    labels = np.arange(ROWS) % 2
    for version, checkpoint in ((own, "before"), (other, "after")):
        rows = table[table.version == version].set_index("neuron")
        assert sorted(rows.index) == list(range(NEURONS)) and set(rows.layer) == {"fc"}
        for group, name in ((0, "cat"), (1, "dog")):
            medians = np.median(values_of(checkpoint)[labels == group].astype("f8"), axis=0).astype("f4")
            assert (rows.sort_index()[f"{name}: median"].to_numpy() == medians.astype("f8")).all(), (checkpoint, name)
    data = json.loads(save(shown, "json"))
    assert [f"{layer['dataset']['name']}/{layer['dataset']['version']}" for layer in data["layers"]] == [own, other]
    assert data["beside"]["rows"] == ROWS and {layer["name"] for layer in data["layers"]} == {"fc"}
    for layer, checkpoint in zip(data["layers"], ("before", "after")):
        for row in layer["rows"]:
            for group in row["groups"]:
                own = values_of(checkpoint)[labels == group["group"] - 1, row["neuron"]]
                assert group["figures"]["maximum"] == float(own.max()) and sum(group["counts"]) == len(own)


def test_a_click_in_the_other_opens_the_neuron(shown):
    beside(shown)
    other_card(shown, 5)
    shown.mouse.down()
    shown.mouse.up()
    expect(shown.locator("#neuron-title")).to_have_text("Neuron 5")
    x, y = row_place(shown, "fc", 6)
    shown.mouse.move(x - 2, y)
    shown.mouse.move(x, y)
    shown.wait_for_selector("#hover-card table")
