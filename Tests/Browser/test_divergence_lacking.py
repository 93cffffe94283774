"""The divergence view where there is no figure, or not every one: a word; and on a site of plain files."""

import re
import subprocess
import sys

import numpy as np
import pytest
from playwright.sync_api import expect

from stores import PROGRAM, ROOT, Server, once
from plots import open_divergence, opened, rung, sharp


def served(tmp_path_factory, name, text, **datasets):
    """A server with a store of a job of its own."""
    def make(folder):
        import h5py

        with h5py.File(folder / f"{name}.h5", "w") as file:
            for key, values in datasets.items():
                file[key.replace("__", "/")] = values
        job = folder / f"{name}.yaml"
        job.write_text(f"name: {name}\ndumps: [{name}.h5]\n{text}\n")
        return job

    return Server(once(tmp_path_factory, name, make))


def network(rows=120, classes=3, neurons=20, seed=3):
    rng = np.random.default_rng(seed)
    labels = np.arange(rows) % classes
    named = np.where(rng.random(rows) < 0.1, (labels + 1) % classes, labels)
    values = np.maximum(rng.normal(0, 1, (classes, neurons))[labels] + rng.normal(0, 1, (rows, neurons)), 0).astype("f4")
    return rng, values, labels, named


AWKWARD = {
    "unjudged": ("divergences: none", "divergences: none, or the store was made by an earlier version"),
    "uncodable": ("codes: none", "no codes of single rows"),
    "unpredicted": ("", "no predictions"),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_a_store_without_judged_rows_says_so(open_page, tmp_path_factory, name):
    line, words = AWKWARD[name]
    _, values, labels, named = network()
    datasets = {"layer": values, "labels": labels, "instances__benign__layer": values[:2], "instances__attacked__layer": values[3:5]}
    if name != "unpredicted":
        datasets["predictions"] = named
        line += "\npredictions: predictions"
    server = served(tmp_path_factory, name, f"layers: [layer]\nlabels: labels\ninstances: instances\n{line}", **datasets)
    try:
        page = open_page()
        open_divergence(page, server.url)
        expect(page.locator("#divergence > .empty")).to_contain_text(words)
        expect(page.locator("#divergence .rungs, #divergence .roc")).to_have_count(0)
        page.keyboard.press("Escape")
        sharp(page)
        assert page.problems == []
    finally:
        server.stop()


def nothing_odd(page):
    words = page.inner_text("#divergence")
    assert not re.search(r"NaN|undefined|null|Infinity", words), words
    assert page.problems == []


def test_without_scores_and_with_classes_of_few_rows_there_is_a_word(open_page, tmp_path_factory):
    rng, values, labels, named = network()
    labels[:2], named[:2] = 7, 7  # a class of two rows
    inputs = values[10:14] + rng.normal(0, 1, (4, 20)).astype("f4")
    server = served(
        tmp_path_factory, "scoreless", "layers: [layer]\nlabels: labels\npredictions: predictions\ninstances: instances", layer=values, labels=labels, predictions=named,
        instances__benign__layer=values[10:14], instances__attacked__layer=inputs, instances__source_row=np.arange(10, 14), instances__true_label=labels[10:14], instances__benign_prediction=labels[10:14],
        # One is named as it is labelled, one as a class that has two rows.
        instances__attacked_prediction=np.array([(labels[10] + 1) % 3, labels[11], 7, (labels[13] + 1) % 3]))
    try:
        page = open_page()
        open_divergence(page, server.url)
        expect(page.locator(".sentence")).to_contain_text("no scores, so no margin")
        expect(page.locator(".roc .curve")).to_have_count(1)
        expect(page.locator(".kinds .area.margin")).to_have_count(0)
        expect(page.locator(".verdict")).to_contain_text("alone, as there are no scores")
        nothing_odd(page)
        # Named as it is labelled: without scores nothing says which class comes next.
        page.locator(".pair-name").nth(1).click()
        expect(page.locator(".say")).to_contain_text("without scores nothing tells which class comes next")
        opened(page)
        expect(page.locator(".responsible table")).to_have_count(0)
        expect(page.locator(".rungs.with-ladder")).to_have_count(0)
        expect(page.locator(".rungs.with-gauges .rung[data-layer]")).to_have_count(1)
        nothing_odd(page)
        # Named as a class of two rows: no p, and a word.
        page.locator(".pair-name").nth(2).click()
        expect(page.locator(".verdict")).to_contain_text("No more than 2 rows are named 7: it takes 3.")
        opened(page)
        assert rung(page, "layer").locator(".value").all_inner_texts() == ["–", "–", "–"]
        nothing_odd(page)
    finally:
        server.stop()


def test_a_layer_of_several_samples_a_row_says_that_it_has_no_path(open_page, tmp_path_factory):
    rng, values, labels, named = network()
    inputs = values[10:12] + rng.normal(0, 1, (2, 20)).astype("f4")
    server = served(
        tmp_path_factory, "sampled", "layers: [layer, { dataset: words, axes: NTC, reduce: samples }]\nlabels: labels\npredictions: predictions\ninstances: instances",
        layer=values, words=rng.normal(0, 1, (120, 4, 6)).astype("f4"), labels=labels, predictions=named, instances__benign__layer=values[10:12], instances__attacked__layer=inputs,
        instances__benign__words=rng.normal(0, 1, (2, 4, 6)).astype("f4"), instances__attacked__words=rng.normal(0, 1, (2, 4, 6)).astype("f4"),
        instances__source_row=np.arange(10, 12), instances__true_label=labels[10:12], instances__benign_prediction=labels[10:12], instances__attacked_prediction=(labels[10:12] + 1) % 3)
    try:
        page = open_page()
        open_divergence(page, server.url)
        words = rung(page, "words")
        expect(words.locator(".ladder")).to_contain_text("4 samples")
        assert words.locator(".number").all_inner_texts() == ["–", "–"]
        assert words.locator(".value").all_inner_texts() == ["–", "–", "–"]
        assert re.fullmatch(r"−?\d?\.\d\d", rung(page, "layer").locator(".number.own").inner_text())
        expect(page.locator(".verdict h3")).to_have_text("No p")
        expect(page.locator(".divergence-alarm")).to_contain_text("No instance has a p")
        expect(page.locator(".roc")).to_be_hidden()
        nothing_odd(page)
    finally:
        server.stop()


def test_a_site_of_plain_files_has_what_it_can_and_says_what_takes_a_server(open_page, url, store, tmp_path):
    subprocess.run([PROGRAM, "export", str(store), "--static", str(tmp_path / "site"), "--web", str(ROOT / "web")], check=True, stdout=subprocess.DEVNULL)
    process = subprocess.Popen([sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", str(tmp_path / "site")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        page = open_page()
        page.goto(f"http://127.0.0.1:{re.search(r'port ([0-9]+)', process.stdout.readline())[1]}/")
        sharp(page)
        expect(page.locator("#separation")).to_contain_text("takes a server")
        page.wait_for_selector(".similar-toggle")
        page.click("#divergence-open")
        opened(page)
        # Ladder, gauges and alarm are as with the server.
        with_server = open_page()
        with_server.goto(url)
        with_server.click("#divergence-open")
        opened(with_server)
        for part in (".rung-tables", ".references", ".say", ".verdict", ".divergence-alarm", ".ladder-rung >> nth=1"):
            assert page.inner_html(part) == with_server.inner_html(part), part
        expect(page.locator(".responsible")).to_contain_text("takes a server")
        page.locator(".pair-name").nth(1).click()
        opened(page)
        expect(page.locator(".rungs.with-ladder")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(page.locator("#divergence")).to_be_hidden()
        sharp(page)
        assert page.problems == []
    finally:
        process.kill()
        process.wait()
