"""A link that is kept while its data set is made anew names classes, layers and orders as it did, and says what is gone."""

import pathlib
import shutil
import subprocess

import h5py
import numpy as np
import pytest

from stores import PROGRAM, Server
from plots import sharp, view

pytestmark = pytest.mark.skipif(not pathlib.Path(PROGRAM).exists(), reason="needs the program itself, for a store of its own")

WORDS = {1: ["cat", "dog", "eel"], 2: ["bird", "cat", "dog", "eel"], 3: ["bird", "cat", "eel"]}


def publish(folder, version):
    """A version of one data set; classes that sort first or vanish move the numbers of the others."""
    names = WORDS[version]
    classes = np.arange(120) % len(names)
    with h5py.File(folder / "animals.h5", "w") as f:
        f["fc"] = np.random.default_rng(version).normal(0, 1, (120, 12)) + 10 * classes[:, None]
        f["labels"] = np.array([names[c] for c in classes], object)
    subprocess.run([PROGRAM, "precompute", folder / "animals.h5", "--output", folder / "Tiles", "--progress", "none"], check=True)


def pressed(page):
    return [name.strip() for name in page.locator('.class-toggle[aria-pressed="true"] .name, .class-toggle[aria-pressed="true"]').evaluate_all(
        "all => [...new Set(all.map(one => document.querySelector(`.class-toggle[data-group='${one.closest('.class-toggle').dataset.group}']`).innerText.split('\\n')[0]))]")]


@pytest.mark.parametrize("version, is_there, shown", [(2, True, {"cat", "dog"}), (2, False, {"cat", "dog"}), (3, False, {"cat"})])
def test_a_link_shows_the_classes_that_it_names(open_page, tmp_path, version, is_there, shown):
    publish(tmp_path, 1)
    old = (tmp_path / "Tiles" / "animals" / "current").resolve()
    server = Server(tmp_path / "Tiles")
    try:
        page = open_page()
        page.goto(f"{server.url}#1;d=animals;v={old.name};l=fc;g=1,2;s0=m2~")
        sharp(page)
        assert set(pressed(page)) == {"cat", "dog"} and view(page, "fc")["order"] == "m2"
        page.evaluate("dispatchEvent(new Event('pagehide'))")
        link = page.url
        kept = tmp_path / "kept"
        shutil.copytree(old, kept)
        publish(tmp_path, version)
        if is_there:
            if not old.exists():
                shutil.copytree(kept, old)
        else:
            shutil.rmtree(old, ignore_errors=True)
        server.stop()
        server.start()
        later = open_page()
        later.goto(link.replace(page.url.split("#")[0], server.url))
        sharp(later)
        assert set(pressed(later)) == shown
        order = view(later, "fc")["order"]
        if is_there:
            assert old.name in later.url and order == "m2"
        else:
            later.wait_for_selector(".notice.gone")
            # dog is group 3 of the second version, and gone from the third.
            assert order == {2: "m3", 3: "m2"}[version]
            if version == 3:
                assert "no “dog”" in later.inner_text(".notice.gone")
    finally:
        server.stop()
