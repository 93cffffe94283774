"""Empty systems: Debian in a folder, without Swift and without this project, and commands in it. `make test-install` has the packages made first.

As root, with debootstrap. `RELEASE` names another release of Debian, `ND_OLD` a program that an older package is made of, `ND_EMPTY` a folder in which the
empty system is kept for the next time.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Tests" / "Browser"))
PROGRAM = ROOT / ".build-release" / "release" / "divergence"  # that both were made of
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
MINUTE = 60
ENTER = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && shift && exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"'


def output_of(*command):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, timeout=MINUTE).stdout


class System:
    """A Debian in `folder`. What a command mounts and starts ends with it."""

    def __init__(self, folder):
        self.folder = folder

    def command(self, script, user):
        who = [] if user is None else [f"--userspec={user}"]
        return [
            "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, self.folder, "--",
            "chroot", *who, self.folder, "bash", "-euo", "pipefail", "-c", script,
        ]  # fmt: skip

    def run(self, script, user=None, timeout=10 * MINUTE):
        """What a script prints; it must succeed."""
        done = subprocess.run(self.command(script, user), capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"{script}\nended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout

    def start(self, script, user=None, **options):
        return subprocess.Popen(self.command(script, user), text=True, **options)

    def serve(self, script, user=None):
        """Starts a server; returns its process, which is to be killed (unshare minds no other signal), and its address."""
        running = self.start(script, user, stdout=subprocess.PIPE)
        url = next((line.split()[-1] for line in running.stdout if line.startswith("Serving")), None)
        assert url, f"{script} ended with {running.wait()}"
        return running, url

    def install(self, *packages):
        quoted = " ".join(map(shlex.quote, packages))
        return self.run(f"DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold {quoted} 2>&1")

    def has(self, path):
        return os.path.lexists(self.folder / path.lstrip("/"))


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """A Debian with Python alone. Certificates are those of this machine, for a registry with its own."""
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        pytest.fail("needs root and debootstrap: make test-install")
    kept = os.environ.get("ND_EMPTY")
    folder = pathlib.Path(kept) if kept else tmp_path_factory.mktemp("base") / "system"
    if (folder / CERTIFICATES).exists():
        return folder
    subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates", os.environ.get("RELEASE", "bookworm"), folder],
        check=True, stdout=subprocess.DEVNULL, timeout=10 * MINUTE)  # fmt: skip
    shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
    shutil.copy(os.environ.get("PIP_CERT", f"/{CERTIFICATES}"), folder / CERTIFICATES)
    return folder


@pytest.fixture(scope="module")
def system(base, tmp_path_factory):
    folder = tmp_path_factory.mktemp("empty") / "system"
    subprocess.run(["cp", "-a", base, folder], check=True, timeout=10 * MINUTE)
    yield System(folder)
    shutil.rmtree(folder)


def newest(pattern):
    found = sorted((ROOT / ".build-release").glob(pattern), key=lambda path: path.stat().st_mtime)
    if not found:
        pytest.fail(f"There is no .build-release/{pattern}: make test-install makes it.")
    return found[-1]


@pytest.fixture(scope="session")
def wheel():
    return newest("wheels/*.whl")


@pytest.fixture(scope="session")
def package():
    return newest("packages/divergence_*-1_*.deb")


@pytest.fixture(scope="session")
def older_package(tmp_path_factory):
    """Of the program that `ND_OLD` names; else of this one, under an older revision."""
    program = os.environ.get("ND_OLD") or PROGRAM
    out = tmp_path_factory.mktemp("older")
    subprocess.run(
        [sys.executable, ROOT / "Jobs/debian/make_deb.py", "--program", program, "--revision", "0", "--output", out], check=True, timeout=5 * MINUTE)
    return next(out.glob("*.deb"))


def version_of(path):
    """`0.4.0` of a package's or a wheel's file."""
    return re.search(r"[-_](\d+\.\d+\.\d+)", path.name)[1]
