"""Stores and servers of the browser tests: made once in a run, each server on a port of its own."""

import fcntl
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("ND_DIVERGENCE", str(ROOT / ".build" / "debug" / "divergence"))
sys.path[:0] = [str(ROOT / "Tests" / "Bench"), str(ROOT / "Tests" / "Oracles")]


def once(tmp_path_factory, name, make):
    """A folder of stores that is made once, however many workers test."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    tiles = shared / f"{name}-tiles"
    with open(shared / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tiles.exists():
            subprocess.run([PROGRAM, "precompute", make(shared), "--output", tiles, "--progress", "none"], check=True)
    return tiles


def synthetic(folder, name, **size):
    from synthetic import make_dump

    make_dump(folder / f"{name}.h5", **size)
    return folder / f"{name}.h5"


class Server:
    """`divergence serve` on a port of its own; can be stopped and started again in the same place."""

    def __init__(self, tiles, port=0, prefix=None, env=None):
        self.tiles, self.port, self.prefix, self.env = tiles, port, prefix, env
        self.start()

    def start(self):
        options = ["--port", str(self.port), "--web", str(ROOT / "web")] + (["--prefix", self.prefix] if self.prefix else [])
        self.process = subprocess.Popen([PROGRAM, "serve", str(self.tiles), *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **(self.env or {})})
        for line in self.process.stdout:
            found = re.search(r"https?://[^\s]+", line)
            if found:
                self.url = found[0].rstrip("/") + "/"
                self.port = urllib.parse.urlsplit(self.url).port
                return
        raise RuntimeError(f"the server did not start: exit {self.process.wait()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
