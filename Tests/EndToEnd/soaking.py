"""A store and a server for a crowd (`crowd.py`), new versions published and old ones removed meanwhile, and what the server takes."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading

import h5py
import numpy as np
from programs import Program
from running import Child
from serving import Server

HERE = pathlib.Path(__file__).parent
DATASET = "wide"
#: What the server may take beside its cache: threads, connections, answers under way.
BESIDE_CACHE_MIB = 160
MEMORY = "private memory at most that of the cache and 160 MiB"


def make_store(folder, neurons, rows, classes, instances):
    """A layer like one behind a ReLU, and instances to look at; returns the folder of stores."""
    random = np.random.default_rng(1)
    labels = np.arange(rows) % classes
    mean = random.normal(-0.3, 0.6, neurons).astype("f4")
    dump = folder / f"{DATASET}.h5"
    with h5py.File(dump, "w") as file:
        file["labels"] = labels
        data = file.create_dataset("activations/wide", (rows, neurons), "f2", chunks=(50, min(neurons, 16_384)))
        for row in range(0, rows, 50):
            count = min(50, rows - row)
            data[row : row + count] = np.maximum(random.standard_normal((count, neurons), dtype="f4") + mean, 0).astype("f2")
    job = folder / "job.yaml"
    job.write_text(f"name: {DATASET}\ndumps: [{dump.name}]\ninstances: {{ rows: {list(range(instances))} }}\n")
    Program().ok("precompute", job, "--output", folder / "Tiles", "--progress", "none")
    dump.unlink()
    return folder / "Tiles"


def serve(tiles, **settings):
    """The server of a folder of stores."""
    config = tiles.parent / "serve.yaml"
    config.write_text("".join(f"{name}: {value}\n" for name, value in settings.items()))
    return Server(tiles, "--config", config)


class Crowd(Child):
    """Readers of a kind in a process of their own; `end` waits for what they saw."""

    def __init__(self, server, seconds, kind, count, seed=1, nice=0):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "crowd.py", str(server.port), DATASET, str(seconds), kind, str(count), str(seed)],
            stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.nice(nice),
        )  # fmt: skip

    def end(self):
        text, _ = self.process.communicate(timeout=3600)
        assert self.process.returncode == 0
        return json.loads(text)


class Watch:
    """Publishes a new version every `interval` seconds and removes the one before the last; measures the server meanwhile."""

    def __init__(self, server, tiles, interval):
        self.server, self.dataset, self.interval = server, tiles / DATASET, interval
        self.versions = [(self.dataset / "current").readlink().name]
        self.memory_mib, self.flips = 0.0, 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def run(self):
        left = self.interval
        while not self.stop.wait(0.25):
            self.measure()
            left -= 0.25
            if left <= 0:
                self.flip()
                left = self.interval

    def measure(self):
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        pages = next((line for line in status.splitlines() if line.startswith("RssAnon:")), "RssAnon: 0 kB")
        self.memory_mib = max(self.memory_mib, int(pages.split()[1]) / 1024)

    def flip(self):
        """The same store under another title is another version of it (FORMAT.md §1)."""
        self.flips += 1
        building = self.dataset / f".building-{self.flips}"
        shutil.copytree(self.dataset / "current", building, copy_function=os.link)
        changed = {}
        for name, text in (("zarr.json", self.retitled(building)), ("MANIFEST", None)):
            if name == "MANIFEST":
                lines = (building / name).read_text().splitlines()
                text = "".join(f"{changed['zarr.json']}  zarr.json\n" if line.endswith("  zarr.json") else f"{line}\n" for line in lines)
            # Not into the file that the other version has, too.
            (building / name).unlink()
            (building / name).write_text(text)
            changed[name] = hashlib.sha256(text.encode()).hexdigest()
        version = changed["MANIFEST"][:16]
        building.rename(self.dataset / version)
        link = self.dataset / ".current"
        link.symlink_to(version)
        link.rename(self.dataset / "current")
        self.versions.append(version)
        if len(self.versions) > 2:
            shutil.rmtree(self.dataset / self.versions.pop(0))

    def retitled(self, building):
        root = json.loads((building / "zarr.json").read_text())
        root["attributes"]["dataset"]["title"] = f"edition {self.flips}"
        return json.dumps(root)


def allowed(statuses):
    """Whether nobody was told of a fault: of the server's errors only 503."""
    return all(not status.startswith("5") or status == "503" for status in statuses)
