"""A running server for the tests that need sockets, and stores to put before it."""

import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading

from programs import PROGRAM, ROOT
from running import Child

GOLDEN = ROOT / "Tiles" / "golden" / "store" / "golden"
# The golden stores of all versions of the format, the first one first.
GOLDENS = [GOLDEN, ROOT / "Tiles" / "golden" / "version-2" / "store" / "golden"]


class Server(Child):
    """`divergence serve` on a free port."""

    def __init__(self, tiles, *options, env=None, before=()):
        self.process = subprocess.Popen(
            [*before, PROGRAM, "serve", str(tiles), "--port", "0", *map(str, options)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})},
        )  # fmt: skip
        line = self.process.stdout.readline()
        found = re.search(r"http://[^:]+:(\d+)(\S*)/$", line)
        assert found, f"no address in {line!r}: {self.process.stderr.read() if not line else ''}"
        self.port, self.prefix, self.greeting = int(found[1]), found[2], line
        self.errors = []
        self.output = []
        self.readers = [
            threading.Thread(target=lambda s=stream, to=lines: to.extend(s), daemon=True)
            for stream, lines in ((self.process.stderr, self.errors), (self.process.stdout, self.output))
        ]
        for reader in self.readers:
            reader.start()

    def get(self, path, method="GET", connection=None, **headers):
        """Status, headers and body. Header names are written with underscores."""
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        own.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = own.getresponse()
        body = answer.read()
        if connection is None:
            own.close()
        return answer.status, answer.headers, body

    def json(self, path, **headers):
        status, _, body = self.get(path, **headers)
        assert status == 200, body
        return json.loads(body)

    @property
    def resident_bytes(self):
        pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")

    def stop(self):
        """Asks it to stop, and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=40)
            for reader in self.readers:  # what it said last may still be on its way
                reader.join(timeout=40)
            return code
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class Shelf:
    """A folder of stores, in which versions of one data set are published and removed."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.dataset = self.folder / "golden"
        self.dataset.mkdir(parents=True)

    def publish(self, title):
        """The golden store under another title: another version of it (FORMAT.md §1)."""
        building = self.dataset / f".building-{title}"
        shutil.copytree(GOLDEN / "current", building)
        root = building / "zarr.json"
        root.write_text(root.read_text().replace("The golden store", title))
        manifest = building / "MANIFEST"
        digest = hashlib.sha256(root.read_bytes()).hexdigest()
        lines = [f"{digest}  zarr.json" if line.endswith("  zarr.json") else line for line in manifest.read_text().splitlines()]
        manifest.write_text("\n".join(lines) + "\n")
        version = hashlib.sha256(manifest.read_bytes()).hexdigest()[:16]
        building.rename(self.dataset / version)
        self.point(version)
        return version

    def point(self, version):
        link = self.dataset / ".current"
        link.symlink_to(version)
        link.rename(self.dataset / "current")

    def remove(self, version):
        shutil.rmtree(self.dataset / version)
