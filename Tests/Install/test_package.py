"""The Debian package: what is in it; and on an empty Debian: installed in an older version, used, upgraded with its stores, removed and purged, in this order."""

import gzip
import json
import os
import pty
import re
import select
import shutil
import subprocess
import time
import urllib.request

import pytest
from conftest import MINUTE, PROGRAM, ROOT, output_of, version_of

UNITS = ("divergence.service", "divergence-nightly.service", "divergence-nightly.timer")
GOLDEN = {"golden-1": "Tiles/golden/store/golden", "golden-2": "Tiles/golden/version-2/store/golden"}  # stores of each format
STORES = "/srv/divergence"
JOB = "/etc/divergence/jobs/demo.yaml"
# Of what every version knows.
JOB_TEXT = f"""
name: fashion-mnist
dumps: [{STORES}/dumps/fashion-small.h5]
layers:
  - {{ name: dense_1, dataset: activations/dense_1 }}
  - {{ name: logits, dataset: activations/logits }}
labels: labels
class_names: class_names
"""


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    out = tmp_path_factory.mktemp("deb")
    subprocess.run(["dpkg-deb", "-x", package, out / "files"], check=True)
    subprocess.run(["dpkg-deb", "-e", package, out / "control"], check=True)
    return out


def test_each_subcommand_has_a_page_with_all_its_options(unpacked):
    pages = {path.name.removesuffix(".1.gz"): gzip.decompress(path.read_bytes()).decode() for path in (unpacked / "files/usr/share/man/man1").iterdir()}
    commands = re.findall(r"^  (\w+)  ", output_of(PROGRAM, "--help").split("SUBCOMMANDS:")[1], re.M)
    assert sorted(pages) == sorted(["divergence", *(f"divergence-{command}" for command in commands)]) and len(commands) > 8
    for command, abstract in re.findall(r"^  (\w+)  +(.+)$", output_of(PROGRAM, "--help").split("SUBCOMMANDS:")[1], re.M):
        assert f"divergence-{command}\\fR(1)\n{abstract[:40]}" in pages["divergence"].replace("\\-", "-"), command
    for command in commands:
        options = set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", output_of(PROGRAM, command, "--help"), re.M))
        assert options <= set(re.findall(r"--[\w-]+", pages[f"divergence-{command}"].replace("\\-", "-"))), command
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-Kutf8", "-man", "-ww", "-Tutf8"], input=pages[f"divergence-{command}"].encode(), capture_output=True)
            assert done.returncode == 0 and done.stderr == b""


def test_what_units_and_scripts_name_is_there(unpacked):
    files = unpacked / "files"
    for unit in (files / "lib/systemd/system").iterdir():
        for place in re.findall(r"(?<![\w:])/(?:usr|etc)/[\w./-]*\w", unit.read_text()):
            assert (files / place.lstrip("/")).exists(), f"{unit.name}: {place}"
    for script in ("postinst", "prerm", "postrm"):
        assert os.access(unpacked / "control" / script, os.X_OK)
        subprocess.run(["sh", "-n", unpacked / "control" / script], check=True)
    subprocess.run(["bash", "-n", files / "usr/share/bash-completion/completions/divergence"], check=True)


def test_it_depends_on_what_it_is_linked_with(unpacked):
    control = (unpacked / "control/control").read_text()
    version = output_of(PROGRAM, "--version").strip()
    assert f"Version: {version}-1\n" in control
    needed = re.search(r"^Depends: (.*)$", control, re.M)[1]
    linked = subprocess.run(["ldd", unpacked / "files/usr/bin/divergence"], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"^\s*lib(zstd|lz4|deflate|bz2|blosc|aec|hdf5)\b", linked, re.M):
        assert f"lib{library}" in needed, library


@pytest.fixture(scope="module")
def older(system, older_package):
    """The system with the older package, a job and the store that it made, stores of earlier formats, and a setting of our own."""
    system.run("apt-get update -qq")
    shutil.copy(older_package, system.folder / "tmp/older.deb")
    system.install("/tmp/older.deb")
    (system.folder / "srv/divergence/dumps").mkdir()
    shutil.copy(ROOT / "Jobs/demo/fashion-small.h5", system.folder / "srv/divergence/dumps")
    (system.folder / JOB.lstrip("/")).write_text(JOB_TEXT)
    system.run(nightly(system), user="divergence:divergence")
    for name, store in GOLDEN.items():
        shutil.copytree(ROOT / store, system.folder / STORES.lstrip("/") / name, symlinks=True)
    system.run(f"chown -R divergence:divergence {STORES} && echo '# a setting of our own' >> /etc/divergence/serve.yaml")
    return system


@pytest.fixture(scope="module")
def made(older):
    """Which version of the demo's store the older program made."""
    return current(older)


@pytest.fixture(scope="module")
def newer(older, made, package):
    """The same after the upgrade."""
    shutil.copy(package, older.folder / "tmp/newer.deb")
    older.install("/tmp/newer.deb")
    return older


def current(system):
    return os.readlink(system.folder / STORES.lstrip("/") / "fashion-mnist/current")


def unit(system, name):
    return (system.folder / "lib/systemd/system" / name).read_text()


def nightly(system):
    """The command of the nightly service, as systemd would run it."""
    return re.search(r"^ExecStart=(.*)$", unit(system, "divergence-nightly.service"), re.M)[1]


def test_the_older_one_works(older, older_package, made):
    assert older.run("divergence --version").strip() == version_of(older_package)
    assert older.run(f"stat -c %U {STORES}").strip() == "divergence" and older.has(f"{STORES}/fashion-mnist/{made}/zarr.json")


def test_after_the_upgrade_all_that_was_there_is_there(newer, package, made):
    assert newer.run("divergence --version").strip() == version_of(package)
    assert newer.run("dpkg-query -W -f '${Status} ${Version}' divergence") == f"install ok installed {version_of(package)}-1"
    assert newer.run("dpkg --verify divergence | grep -v serve.yaml || true") == ""
    assert "# a setting of our own" in (newer.folder / "etc/divergence/serve.yaml").read_text() and newer.has(JOB)
    assert current(newer) == made
    for store in ("fashion-mnist", *GOLDEN):
        newer.run(f"divergence verify {STORES}/{store}")


def test_the_newer_server_serves_the_older_stores(newer, made):
    """As its unit says; where systemd would put the settings, they are in /etc."""
    command = re.search(r"^ExecStart=(.*)$", unit(newer, "divergence.service"), re.M)[1].replace("%d/", "/etc/divergence/")
    running, url = newer.serve(f"exec {command} --port 0 --admin-port 0")
    try:
        found = {one["name"]: one for one in json.load(urllib.request.urlopen(url + "api/v1/datasets", timeout=MINUTE))["datasets"]}
        assert sorted(found) == ["fashion-mnist", *GOLDEN] and found["fashion-mnist"]["version"] == made
        for address in ("", "api/v1/datasets/fashion-mnist", "api/v1/datasets/golden-1", "api/v1/datasets/golden-2"):
            assert urllib.request.urlopen(url + address, timeout=MINUTE).status == 200
    finally:
        running.kill()
        running.wait()


def test_the_next_night_goes_on_beside_the_older_store(newer, older_package, package, made):
    newer.run(nightly(newer), user="divergence:divergence")
    assert newer.has(f"{STORES}/fashion-mnist/{made}/zarr.json")  # for two weeks: prune.sh
    newer.run(f"divergence verify {STORES}/fashion-mnist")
    pruned = re.search(r"^ExecStopPost=-(.*)$", unit(newer, "divergence-nightly.service"), re.M)[1]
    newer.run(pruned, user="divergence:divergence")
    assert newer.has(f"{STORES}/fashion-mnist/{made}/zarr.json") and newer.has(f"{STORES}/golden-1/current/zarr.json")


def test_systemd_takes_the_units(newer):
    newer.install("systemd")
    for name in UNITS:
        said = newer.run(f"systemd-analyze verify --man=no /lib/systemd/system/{name} 2>&1 || true")
        assert "divergence" not in said, said
    broken = unit(newer, UNITS[0]).replace("/usr/bin/divergence", "/usr/bin/no-such-program")
    (newer.folder / "tmp/divergence-broken.service").write_text(broken)
    assert "no-such-program" in newer.run("systemd-analyze verify --man=no /tmp/divergence-broken.service 2>&1 || true")


def test_man_shows_the_pages(newer):
    newer.install("man-db", "groff")
    commands = re.findall(r"^  (\w+)  ", newer.run("divergence --help").split("SUBCOMMANDS:")[1], re.M)
    for page in ("divergence", *(f"divergence-{command}" for command in commands if command != "help")):
        said = newer.run(f"MANWIDTH=100 man --warnings=w {page} 2>&1")
        assert "SYNOPSIS" in said and "warning" not in said, said[:400]
        assert max(map(len, said.splitlines())) <= 100, page
    assert "--neuron <neuron>" in newer.run("MANWIDTH=100 man divergence-rows")
    assert "divergence-rows (1)" in newer.run("mandb -q; apropos divergence")


# As bash calls the function behind a Tab.
IN_BASH = """set +eu
. /usr/share/bash-completion/bash_completion
. /usr/share/bash-completion/completions/divergence
COMP_LINE="TYPED" COMP_TYPE=9 COMP_KEY=9
read -ra COMP_WORDS <<< "$COMP_LINE"
COMP_POINT=${#COMP_LINE} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_divergence divergence "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf "%s\\n" "${COMPREPLY[@]}"
"""


def test_shells_complete(newer):
    newer.install("zsh", "fish", "bash-completion")
    for typed, completed in (("divergence pre", "precompute"), ("divergence rows --neu", "--neuron")):
        assert newer.run(IN_BASH.replace("TYPED", typed)).split() == [completed]
        assert newer.run(f"fish -c 'complete -C \"{typed}\"'").split()[0] == completed
        assert typed_in_zsh(newer, typed, f"{completed} ")


def typed_in_zsh(system, start, completed):
    """Whether a Tab behind `start` makes it end so, in a real terminal; half a minute at most."""
    ours, theirs = pty.openpty()
    running = system.start("TERM=dumb exec zsh -f -i", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said, until = b"", time.monotonic() + MINUTE / 2
    try:
        os.write(ours, b"autoload -U compinit; compinit -u; PS1=READY-; unsetopt zle_bracketed_paste\n")
        sent = False
        while time.monotonic() < until and completed.encode() not in said:
            if select.select([ours], [], [], 1)[0]:
                said += os.read(ours, 65536)
            if not sent and b"\nREADY-" in said.replace(b"\r", b"\n"):
                os.write(ours, start.encode() + b"\t")
                sent = True
        return completed.encode() in said
    finally:
        running.kill()
        running.wait()
        os.close(ours)


def test_removed_and_purged_it_leaves_only_what_is_ours(newer):
    store = current(newer)
    newer.run("DEBIAN_FRONTEND=noninteractive apt-get remove -y -qq divergence")
    assert not newer.has("/usr/bin/divergence") and newer.has(JOB) and newer.has("/etc/divergence/serve.yaml")
    newer.run("DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq divergence")
    left = newer.run("find / -xdev -iname '*divergence*' -not -path '/proc/*' -not -path '/tmp/*' -not -path '/srv/divergence/*' -not -path '/var/cache/*'")
    assert left.split() == [STORES], left
    assert current(newer) == store  # nights of work are not purged
    assert newer.run("getent passwd divergence")  # whose stores they are
