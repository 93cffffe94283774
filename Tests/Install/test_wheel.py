"""The wheel: what is in it, that it is whole, and that its program runs with the libraries that it brought. On an empty system: try_wheel.sh."""

import base64
import csv
import hashlib
import io
import os
import pathlib
import re
import subprocess
import sys
import urllib.request
import zipfile

import pytest
from conftest import PROGRAM, ROOT

TOOLS = {**os.environ, "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, ROOT / "Jobs/record/make_wheel.py", "--program", PROGRAM, "--output", out], check=True, env=TOOLS)
    return next(out.glob("*.whl"))


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


def test_its_name_says_version_and_glibc(wheel):
    version = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    found = re.fullmatch(r"neural_divergence-(.+)-py3-none-manylinux_2_(\d+)_\w+\.whl", wheel.name)
    assert found and found[1] == version
    assert int(found[2]) <= int(os.confstr("CS_GNU_LIBC_VERSION").split(".")[1])


def test_installed_it_serves_and_counts_with_its_own_libraries(wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", tmp_path / "site", wheel], check=True)
    package = tmp_path / "site" / "neural_divergence"
    linked = subprocess.run(["ldd", package / "bin/divergence"], capture_output=True, text=True, check=True).stdout
    others = [line for line in linked.splitlines() if "=>" in line and str(tmp_path) not in line]
    assert {line.split()[0].split(".")[0] for line in others} <= {"libc", "libm"}, others
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path / "site"), "XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", "from neural_divergence.command import main; main()", "demo", "--port", "0"], env=environment,
        stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        url = next(line for line in running.stdout if line.startswith("Serving")).split()[-1]
        try:
            assert b"fashion-mnist" in urllib.request.urlopen(url + "api/v1/datasets").read()
            assert b"Neural Divergence" in urllib.request.urlopen(url).read()
        finally:
            running.terminate()
    assert (tmp_path / "cache/neural-divergence/Tiles/fashion-mnist/current").is_symlink()
