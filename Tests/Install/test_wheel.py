"""The wheel: what is in it, and on a Debian that has Python alone two commands from there to the first picture, which a browser outside looks at.

`ND_PICTURE` names a file to keep the picture in.
"""

import base64
import csv
import hashlib
import io
import json
import os
import re
import shutil
import time
import urllib.request
import zipfile

import pytest
from conftest import MINUTE, PROGRAM, output_of
from playwright.sync_api import sync_playwright
from plots import pixels, sharp


def test_every_file_is_as_the_record_says(wheel):
    with zipfile.ZipFile(wheel) as archive:
        record = next(name for name in archive.namelist() if name.endswith("/RECORD"))
        rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
        assert sorted(row[0] for row in rows) == sorted(archive.namelist())
        for name, digest, size in rows:
            if name != record:
                content = archive.read(name)
                assert digest == "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                assert int(size) == len(content)


def test_its_name_says_version_and_glibc(wheel, system):
    """No newer glibc than here, where it was built, nor than that of the empty system."""
    found = re.fullmatch(r"neural_divergence-(.+)-py3-none-manylinux_2_(\d+)_\w+\.whl", wheel.name)
    assert found and found[1] == output_of(PROGRAM, "--version").strip()
    there = system.run("ldd --version | head -1").split()[-1]
    for version in (os.confstr("CS_GNU_LIBC_VERSION").split()[1], there):
        assert int(found[2]) <= int(version.split(".")[1])


@pytest.fixture(scope="module")
def installed(system, wheel):
    """The system with the wheel in an environment of its own, `~/me`."""
    shutil.copy(wheel, system.folder / "root")
    assert system.run("command -v swift pip3 || true") == ""
    begun = time.monotonic()
    system.run(f"cd && python3 -m venv me && PIP_CERT=/etc/ssl/certs/ca-certificates.crt me/bin/pip install -q --no-cache-dir {wheel.name}")
    size = int(system.run("du -sm ~/me").split()[0])
    print(f"\npip install: {time.monotonic() - begun:.0f} s, {size} MB with all that it needs; the wheel {wheel.stat().st_size / 1e6:.1f} MB")
    return system


def test_it_runs_with_the_libraries_that_it_brought(installed, wheel):
    assert installed.run("~/me/bin/divergence --version") == output_of(PROGRAM, "--version")
    linked = installed.run("ldd ~/me/lib/python3*/site-packages/neural_divergence/bin/divergence")
    others = [line.split()[0].split(".")[0] for line in linked.splitlines() if "=>" in line and "/neural_divergence/" not in line]
    assert set(others) == {"libc", "libm"}, linked


def test_the_demo_is_seen(installed):
    begun = time.monotonic()
    running, url = installed.serve("exec ~/me/bin/divergence demo --port 0")
    print(f"\ndivergence demo: {time.monotonic() - begun:.1f} s until it is served")
    try:
        names = [one["name"] for one in json.load(urllib.request.urlopen(url + "api/v1/datasets", timeout=MINUTE))["datasets"]]
        assert names == ["fashion-mnist"]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=os.environ.get("ND_CHROMIUM") or shutil.which("chromium"))
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            faults = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", lambda one: faults.append(one.text) if one.type in ("error", "warning") else None)
            page.goto(url)
            sharp(page)
            page.screenshot(path=os.environ.get("ND_PICTURE"))
            seen = pixels(page, "dense_1")
            assert faults == [] and seen["coloured"] > 5000 and seen["red"] > 50, seen  # densities, and the attacked picture's dots
            browser.close()
    finally:
        running.kill()
        running.wait()


def test_what_came_along_reads_stores(installed):
    """The store that the demo computed, from Python: read through zarr and through the program."""
    said = installed.run("""cd && me/bin/python - <<PY
import pathlib
import neural_divergence as nd
store = nd.open(pathlib.Path.home() / ".cache/neural-divergence/Tiles/fashion-mnist")
layer = store["dense_1"]
print(len(store.rows), layer.statistics("sandal")["count"].iloc[0], len(layer.compare("sandal", "sneaker")) == layer.neurons)
PY""")
    assert said.split()[0] == "2000" and said.split()[2] == "True"
