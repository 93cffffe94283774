"""What a store says of how its dump was read stands in the header, from a server and on a site of plain files."""

import json
import pathlib
import re
import subprocess
import sys

import h5py
import numpy as np
import pytest

from stores import PROGRAM, ROOT, Server, once
from plots import sharp

pytestmark = pytest.mark.skipif(not pathlib.Path(PROGRAM).exists(), reason="needs the program itself, for a store of its own")


@pytest.fixture(scope="module")
def tiles(tmp_path_factory):
    def make(folder):
        values = np.random.default_rng(1).random((60, 20), "f4")
        with h5py.File(folder / "guessed.h5", "w") as f:
            f["net/fc"], f["old/targets"], f["obs/kind"] = values, np.arange(60) % 3, np.arange(60) % 2
            f["net/<b>mask"] = np.ones((60, 4), int)
        return folder / "guessed.h5"

    return once(tmp_path_factory, "guessed", make)


@pytest.fixture(scope="module", params=["server", "site"])
def address(request, tiles, tmp_path_factory):
    if request.param == "server":
        server = Server(tiles)
        yield server.url
        server.stop()
        return
    folder = tmp_path_factory.mktemp("notes") / "site"
    subprocess.run([PROGRAM, "export", tiles / "guessed", "--static", folder, "--web", ROOT / "web"], check=True, stdout=subprocess.DEVNULL)
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", folder]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield f"http://127.0.0.1:{re.search(r'port ([0-9]+)', process.stdout.readline())[1]}/"
    process.kill()
    process.wait()


def test_guesses_are_told_in_the_program_s_words(open_page, address, tiles):
    kept = json.loads((tiles / "guessed" / "current" / "zarr.json").read_text())["attributes"]["provenance"]
    lines = [f"Assumed: {each}" for each in kept["assumed"]] + [f"Left out: {each['path']}: {each['why']}" for each in kept["left_out"]]
    assert len(kept["assumed"]) == 1 and len(kept["left_out"]) == 2
    page = open_page()
    page.goto(address)
    sharp(page)
    button = page.get_by_role("button", name="1 assumed · 2 left out")
    assert button.is_visible() and page.locator("#popover").is_hidden()
    button.click()
    dialog = page.get_by_role("dialog", name="How the dump was read")
    assert dialog.locator("li").all_inner_texts() == lines
    page.keyboard.press("Escape")
    assert dialog.is_hidden() and button.evaluate("it => it === document.activeElement")
    page.set_viewport_size({"width": 390, "height": 800})
    assert button.is_visible() and page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    button.click()
    box = dialog.bounding_box()
    assert 0 <= box["x"] and box["x"] + box["width"] <= 390
    assert page.problems == []


def test_a_dump_that_was_plain_has_no_such_line(page, url):
    page.goto(url)
    sharp(page)
    assert page.locator("#dump-notes").is_hidden()
