"""Stores that are signed and whole, and mean what no sound one does: an error in plain words, never a crash, and memory as for a sound one.

The short form. ND_STORES says how many, ND_SEED which ones; `make fuzz` has the long form.
"""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np

from fuzz_store import mutated
from programs import LAUNCHER, PROGRAM
from serving import GOLDEN, GOLDENS, Server

COUNT = int(os.environ.get("ND_STORES", "30"))
SEED = int(os.environ.get("ND_SEED", "1"))
# Of a debug build, with 16 MiB of cache; a server of the golden store alone takes half of it.
SERVER_MIB = 256
VERIFY_MIB = 128

ORDERS = ["index", "median(all)", "mean(all)", "value(benign 0)", "difference(median(all),mean(chien λ/2))"]


def addresses(metadata):
    """Every route of a version, at its ends."""
    layers = [layer["id"] for layer in metadata["layers"]][:3] if metadata else ["wide", "spread"]
    instances = metadata["instances"] if metadata else [{"name": "benign 0", "image": "images/0"}]
    names = [f"value({i['name']})" for i in instances[:2]] + [f"median({g['name']})" for g in (metadata or {"groups": []})["groups"][:3]]
    yield from (f"images/{i}" for i in range(min(len(instances), 3)))
    for layer in layers:
        base = f"layers/{layer}"
        yield f"{base}/summary"
        for neuron in (0, 9, 269):
            yield f"{base}/neurons/{neuron}"
        for group in (0, 2):
            for query in ("", "axis=own&bins=16", "zoom=1&from=128", "zoom=16&from=0&bins=64", "direction=descending&order=mean(all)"):
                for level in (0, 1, 2):
                    yield f"{base}/tiles/{group}/{level}/0?{query}"
        for order in ORDERS + names:
            yield f"{base}/tiles/1/0/0?order={order}"
            yield f"{base}/rows/0/0?order={order}&instances=0,1"
            yield f"{base}/rows/1/0?order={order}&direction=descending"
            yield f"{base}/find?order={order}&neuron=5"


def quoted(address):
    return "".join(c if c.isascii() and (c.isalnum() or c in "/?=&,.-_") else "".join(f"%{b:02x}" for b in c.encode()) for c in address)


def peak_mib(pid):
    line = next(line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def test_a_server_survives_any_meaning(tmp_path):
    random = np.random.default_rng(SEED)
    tiles = tmp_path / "Tiles"
    changes = {}
    for number in range(COUNT):
        folder = tiles / f"m{number:05}"
        folder.mkdir(parents=True)
        changes[folder.name] = mutated((GOLDENS[number % 2] / "current").resolve(), folder, random)
    (tiles / "sound").symlink_to(GOLDEN)
    statuses = {}
    with Server(tiles, "--cache-mib", "16") as server:
        connection = None
        for name, change in {**changes, "sound": "nothing"}.items():
            place = f"seed {SEED}, {name}: {change}"
            version = (tiles / name / "current").readlink().name
            status, _, body = server.get(f"/api/v1/datasets/{name}/{version}")
            metadata = json.loads(body) if status == 200 else None
            answers = {"": (status, body)}
            # Refused as a whole: one more address tells.
            asked = list(addresses(metadata)) if status == 200 else ["layers/wide/summary"]
            for address in asked:
                try:
                    status, _, body = server.get(quoted(f"/api/v1/datasets/{name}/{version}/{address}"), connection=connection)
                except OSError as error:
                    raise AssertionError(f"{place}: {address}: {error}; {server.errors[-5:]}") from error
                answers[address] = (status, body)
            for address, (status, body) in answers.items():
                assert status in (200, 404, 500), f"{place}: {address}: {status} {body[:300]}"
                if status == 500:
                    assert json.loads(body)["type"].endswith("/damaged"), f"{place}: {address}: {body} {server.errors[-3:]}"
                statuses[status] = statuses.get(status, 0) + 1
            assert name != "sound" or all(status in (200, 404) for status, _ in answers.values())
            assert peak_mib(server.process.pid) < SERVER_MIB, place
        assert server.stop() == 0
    assert all(statuses.get(status, 0) > COUNT / 10 for status in (200, 404)), statuses


def test_verify_survives_any_meaning(tmp_path):
    random = np.random.default_rng(SEED)
    codes = {}
    for number in range(COUNT):
        folder = tmp_path / f"m{number:05}"
        folder.mkdir()
        place = f"seed {SEED}, {folder.name}: {mutated((GOLDENS[number % 2] / 'current').resolve(), folder, random)}"
        done = subprocess.run([sys.executable, "-S", "-c", LAUNCHER, PROGRAM, "verify", folder], capture_output=True, text=True)
        (code, mib), said = json.loads(done.stdout.splitlines()[-1]), done.stderr
        codes[code] = codes.get(code, 0) + 1
        assert code in (0, 65), f"{place}: {code} {said}"
        assert (code == 0) == (said == "") and "\n" not in said.strip(), f"{place}: {said}"
        assert mib < VERIFY_MIB, f"{place}: {mib} MiB"
    assert codes.get(65, 0) > COUNT / 2, codes
