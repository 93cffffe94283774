"""The Debian package: its man pages and completions follow from the program, its units name places that it has. On an empty system: try_deb.sh."""

import gzip
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from conftest import PROGRAM, ROOT, divergence

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="not a Debian")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    out = tmp_path_factory.mktemp("deb")
    subprocess.run([sys.executable, ROOT / "Jobs/debian/make_deb.py", "--program", PROGRAM, "--output", out], check=True)
    subprocess.run(["dpkg-deb", "-x", next(out.glob("*.deb")), out / "files"], check=True)
    subprocess.run(["dpkg-deb", "-e", next(out.glob("*.deb")), out / "control"], check=True)
    return out


def test_each_subcommand_has_a_page_with_all_its_options(package):
    pages = {path.name.removesuffix(".1.gz"): gzip.decompress(path.read_bytes()).decode() for path in (package / "files/usr/share/man/man1").iterdir()}
    commands = re.findall(r"^  (\w+)  ", divergence("--help").split("SUBCOMMANDS:")[1], re.M)
    assert sorted(pages) == sorted(["divergence", *(f"divergence-{command}" for command in commands)]) and len(commands) > 8
    for command in commands:
        options = set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", divergence(command, "--help"), re.M))
        assert options <= set(re.findall(r"--[\w-]+", pages[f"divergence-{command}"].replace("\\-", "-"))), command
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-Kutf8", "-man", "-ww", "-Tutf8"], input=pages[f"divergence-{command}"].encode(), capture_output=True)
            assert done.returncode == 0 and done.stderr == b""


def test_what_units_and_scripts_name_is_there(package):
    files = package / "files"
    for unit in (files / "lib/systemd/system").iterdir():
        for place in re.findall(r"(?<![\w:])/(?:usr|etc)/[\w./-]*\w", unit.read_text()):
            assert (files / place.lstrip("/")).exists(), f"{unit.name}: {place}"
    for script in ("postinst", "prerm", "postrm"):
        assert os.access(package / "control" / script, os.X_OK)
        subprocess.run(["sh", "-n", package / "control" / script], check=True)
    subprocess.run(["bash", "-n", files / "usr/share/bash-completion/completions/divergence"], check=True)


def test_it_depends_on_what_it_is_linked_with(package):
    control = (package / "control/control").read_text()
    version = divergence("--version").strip()
    assert f"Version: {version}-1\n" in control
    needed = re.search(r"^Depends: (.*)$", control, re.M)[1]
    linked = subprocess.run(["ldd", package / "files/usr/bin/divergence"], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"^\s*lib(zstd|lz4|deflate|bz2|blosc|aec|hdf5)\b", linked, re.M):
        assert f"lib{library}" in needed, library
