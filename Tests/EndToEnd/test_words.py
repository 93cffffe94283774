"""Names of a dump, a store, a path and an argument may hold anything: none of it commands a terminal or forges a line of a log."""

import csv
import io
import json
import os
import pty
import re
import socket
import subprocess
import unicodedata
import urllib.parse

import h5py
import numpy as np
import pytest
import yaml

from programs import PROGRAM
from serving import Server

FORGED = "2026-01-01 root: all is well"
# The title of a terminal, a cleared screen, the 8-bit form of the same, a line that another wrote, text turned round.
HOSTILE = f"\x1b]0;owned\x07\x1b[2J\x9b2J\x7f\r\n{FORGED}\x85\t\u2028\u2029\u202e\u2066\u200f\u061cx"


def commands(character):
    """Written from Unicode's tables, not from the program's."""
    return unicodedata.category(character) in {"Cc", "Zl", "Zp"} or unicodedata.bidirectional(character) in {
        "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"} or character in "\u061c\u200e\u200f"


def assert_harmless(data, own=r"\n"):
    """`own`: what the program itself sends to a terminal."""
    text = re.sub(own, "", data.decode("utf-8"))
    found = sorted({f"U+{ord(c):04X}" for c in text if commands(c)})
    assert not found, f"{found} in {text[:2000]!r}"
    assert not any(line.startswith(FORGED) for line in data.decode().splitlines()), text


def run(*arguments, code=0, harmless=("stdout", "stderr")):
    done = subprocess.run([PROGRAM, *map(os.fsencode, map(str, arguments))], capture_output=True, timeout=300)
    assert done.returncode == code, done.stderr
    for stream in harmless:
        assert_harmless(getattr(done, stream))
    return done


def on_a_terminal(*arguments, code=0):
    """The same with all output to a terminal; returns what it got."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 65536):
                said += part
        except OSError:  # hung up by the last writer's end
            pass
        os.close(ours)
    assert process.returncode == code, said
    # The terminal makes CR LF of a line feed; the bar clears its line.
    assert_harmless(said, own="\r?\n|\r\x1b\\[K")
    return said.decode()


@pytest.fixture
def hostile(tmp_path, rng):
    """A dump in which everything that has a name has a hostile one; returns it and a job of it."""
    path = tmp_path / f"d{HOSTILE}.h5"
    x = rng.normal(size=(60, 7)).astype("f4")
    x[:, 0] = 0
    with h5py.File(path, "w") as f:
        for layer in "a", "b":
            f[f"acts{HOSTILE}/{layer}{HOSTILE}"] = x
            f[f"instances/benign{HOSTILE}/acts{HOSTILE}/{layer}{HOSTILE}"] = x[:2]
        f[f"text{HOSTILE}"] = "no layer"
        f[f"odd{HOSTILE}"] = np.zeros(60, "V3")
        f[b"bytes \xff\x9b2J\xed\xa0\x80"] = x
        f["labels"] = np.arange(60) % 3
        f["labels"].attrs["class_names"] = [f"{c}{HOSTILE}" for c in "pqr"]
        f["labels"].attrs[f"note{HOSTILE}"] = HOSTILE
        f[f"acts{HOSTILE}/a{HOSTILE}"].attrs["axes"] = HOSTILE
    job = tmp_path / "job.yaml"
    job.write_text(yaml.safe_dump({
        "dumps": [path.name.replace("[", "[[]").replace("*", "[*]")], "name": "store", "title": f"title{HOSTILE}",
        "layers": [{"dataset": f"acts{HOSTILE}/{layer}{HOSTILE}", "axes": "NU"} for layer in "ab"],
        "groups": [{"name": f"none{HOSTILE}", "where": "row < 0"}],
        "start": {"text": HOSTILE}}, allow_unicode=False))
    return path, job


def test_a_dump_is_told_of(hostile):
    path, _ = hostile
    said = run("inspect", path).stdout.decode()
    assert r"acts\u{1b}]0;owned\u{7}" in said and r"\u{202e}" in said
    on_a_terminal("inspect", path)
    found = json.loads(run("inspect", path, "--json").stdout)
    assert found["files"][0]["path"] == str(path)
    assert f"/acts{HOSTILE}/a{HOSTILE}" in {d["path"] for d in found["files"][0]["datasets"]}
    if "problem" not in found:
        job = yaml.safe_load(run("inspect", path, "--job").stdout)
        assert f"/acts{HOSTILE}/a{HOSTILE}" in {layer["dataset"] for layer in job["layers"]}


def test_a_store_is_made_and_looked_at(hostile, tmp_path):
    path, job = hostile
    tiles = tmp_path / f"T{HOSTILE}"
    layer = f"acts{HOSTILE}/a{HOSTILE}"
    run("precompute", job, "--output", tiles, "--plan-only")
    said = run("precompute", job, "--output", tiles).stderr.decode()
    assert r"Odd in /acts\u{1b}" in said or r"Odd in acts\u{1b}" in said
    events = [json.loads(line) for line in run("precompute", job, "--output", tiles, "--restart", "--progress", "json").stderr.splitlines()]
    assert events[0]["layers"][0].strip("/") == layer and events[-1]["path"].startswith(str(tiles))
    assert "█" in on_a_terminal("precompute", job, "--output", tiles, "--restart", "--progress", "bar")
    run("precompute", job, job, "--output", tiles, code=65)
    for shard in "1/2", "2/2":
        run("precompute", job, "--output", tiles, "--shard", shard, "--plan-only")
        run("precompute", job, "--output", tiles, "--shard", shard)
    run("merge", job, "--output", tiles, "--missing", 2)
    run("merge", job, "--output", tiles)
    store = tiles / "store"
    assert r"called “" in run("show", store).stdout.decode()
    on_a_terminal("show", store)
    shown = json.loads(run("show", store, "--json").stdout)
    names = [group["name"] for group in shown["attributes"]["groups"]]
    assert f"p{HOSTILE}" in names and f"none{HOSTILE}" in names
    run("verify", store)
    run("export", store, "--static", tmp_path / f"site{HOSTILE}")
    # To a program the table's names are exact; to a terminal they are not.
    table = run("export", store, "--layer", layer if shown["attributes"]["layers"][0]["name"] == layer else f"/{layer}", harmless=["stderr"]).stdout.decode()
    lines = table.split("\n")
    head = [line for line in lines if line.startswith("# ")]
    assert_harmless("\n".join(head).encode())
    columns = next(csv.reader(io.StringIO("\n".join(lines[len(head):]), newline="")))
    assert any(f"p{HOSTILE}" in column for column in columns)
    name = shown["attributes"]["layers"][0]["name"]
    on_a_terminal("export", store, "--layer", name)
    exported = json.loads(run("export", store, "--layer", name, "--format", "json").stdout)
    assert any(f"p{HOSTILE}" in column for column in exported["columns"]) and exported["origin"]["layer_name"] == name
    victim = next(store.joinpath("current", "layers").rglob("own/256/c/0/0/0"))
    victim.chmod(0o600)
    victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    run("verify", store, code=65)
    run("show", tiles / "nosuch", code=66)


def test_errors_that_quote(hostile, tmp_path):
    path, job = hostile
    tiles = tmp_path / "T"
    run("inspect", tmp_path / f"gone{HOSTILE}.h5", code=66)
    run("inspect", f"--no{HOSTILE}", code=64)
    run("precompute", path, "--memory", HOSTILE, code=64)
    run(f"no{HOSTILE}", code=64)
    on_a_terminal("inspect", f"--no{HOSTILE}", code=64)
    for text in (
            f"dumps: [gone{json.dumps(HOSTILE)[1:-1]}.h5]", json.dumps({f"dumps{HOSTILE}": 1}), json.dumps({"dumps": [path.name], "layers": [f"no{HOSTILE}"]}),
            json.dumps({"dumps": [path.name], "name": HOSTILE}), json.dumps({"dumps": [path.name], "groups": [{"name": "x", "where": HOSTILE}]})):
        wrong = tmp_path / "wrong.yaml"
        wrong.write_text(text)
        done = subprocess.run([PROGRAM, "precompute", wrong, "--output", tiles], capture_output=True, timeout=300)
        assert done.returncode in (65, 66), done.stderr
        assert_harmless(done.stderr)
    with open(path, "r+b") as f:
        f.truncate(os.path.getsize(path) - 1)
    run("precompute", path, "--output", tiles, code=65)
    run("serve", tmp_path / f"none{HOSTILE}", code=66)
    run("serve", tiles, "--config", tmp_path / f"none{HOSTILE}.yaml", code=66)
    run("serve", tiles, "--prefix", HOSTILE, code=64)


def test_a_server_logs(hostile, tmp_path):
    _, job = hostile
    tiles = tmp_path / "T"
    run("precompute", job, "--output", tiles, "--progress", "none")
    with Server(tiles, "--access-log") as server:
        path = f"/api/v1/datasets/{urllib.parse.quote(HOSTILE)}"
        assert server.get(path)[0] == 404
        # As it is, but for what would end the request's first line.
        raw = HOSTILE.replace("\r", "").replace("\n", "").replace(" ", "").encode()
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"GET /api/v1/datasets/" + raw + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            while client.recv(65536):
                pass
        assert server.stop() == 0
        written = "".join([server.greeting, *server.output, *server.errors])
        assert any(path in line for line in server.output)
        assert_harmless(written.encode())
        for line in server.output + server.errors:
            json.loads(line)
