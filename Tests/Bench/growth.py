#!/usr/bin/env python3
"""How groups of the moment and the rows of a neuron cost with rows, neurons, classes and the size of the group.

    make bench-growth

From one base (4,000 rows x 16,384 neurons, ten classes) one of rows, neurons and classes grows at a time, each store made with `codes: both`;
neurons grow with 1,000 rows, so that a million of them take 7 GB of disk. Told for each: seconds and bytes of the store, then milliseconds of
a tile of a group of the moment nobody asked for, of the neuron's rows that fire it, and of the first tile in an order by that group's median and
by its AUROC against the rest. *Cold*: the server is new and the store's files are dropped from the page cache; *hot*: the same question of
another group.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from server import Client, Process
from subsets import layer, make_dump, quoted

BASE = {"rows": 4_000, "neurons": 16_384, "classes": 10}
GROWTH = {
    "neurons": (1_024, 16_384, 131_072, 1_048_576),
    "rows": (1_000, 4_000, 16_000, 64_000),
    "classes": (10, 100, 1_000),
}
#: What differs from the base where one of them grows.
BESIDE = {"neurons": {"rows": 1_000}}
#: A group's share of the rows.
SHARES = (0.01, 0.1, 0.5, 0.9)
QUESTIONS = ("tile", "rows", "median", "auroc")


def drop(folder):
    """Drops a store's files from the page cache."""
    os.sync()
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file() and not path.is_symlink():
            with open(path, "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def some(share, rows, number):
    """A group of that share of the rows, another one for each number: every k-th row or all but every k-th."""
    if share <= 0.5:
        return f"row >= {number} and row < {number + max(1, int(share * rows))}"
    return f"row < {number} or row >= {number + max(1, int((1 - share) * rows))}"


def questions(base, neurons, share, rows, number):
    text = some(share, rows, number)
    return {
        "tile": f"{base}/tiles/0/0/{number % max(1, neurons // 256)}?where={quoted(text)}",
        "rows": f"{base}/neurons/{(number * 7919) % neurons}/rows?where={quoted(text)}",
        "median": f"{base}/tiles/0/0/0?order={quoted(f'median(where:({text}))')}",
        "auroc": f"{base}/tiles/0/0/0?order={quoted(f'auroc(where:({text}),where:(not ({text})))')}",
    }


def asked(program, tiles, name, neurons, rows, share):
    """{question: (cold ms, hot ms of the median)}."""
    cold, hot = {}, {}
    for what in QUESTIONS:
        drop(tiles)
        with Process(program, "serve", tiles, "--port", "0") as server:
            client = Client(server.port)
            base = layer(client, name)
            cold[what] = client.get(questions(base, neurons, share, rows, 1)[what])[0]
            hot[what] = statistics.median(client.get(questions(base, neurons, share, rows, number)[what])[0] for number in range(2, 9))
    return {what: (cold[what], hot[what]) for what in cold}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--divergence", required=True, type=pathlib.Path)
    parser.add_argument("--axes", nargs="+", choices=[*GROWTH, "share"], default=[*GROWTH, "share"])
    arguments = parser.parse_args()
    print(f"{'':34}{'made s':>8}{'MB':>8}" + "".join(f"{f'{what}, cold':>13}{'hot ms':>9}" for what in QUESTIONS))
    with tempfile.TemporaryDirectory(prefix="nd-growth-") as folder:
        for axis in arguments.axes:
            for value in GROWTH.get(axis, (None,)):
                shape = BASE | BESIDE.get(axis, {}) | ({axis: value} if value else {})
                work = pathlib.Path(folder)
                make_dump(work / "dump.h5", shape["rows"], shape["neurons"], shape["classes"])
                (work / "job.yaml").write_text("name: grown\ndumps: [dump.h5]\ncodes: both\n")
                began = time.monotonic()
                subprocess.run([arguments.divergence, "precompute", work / "job.yaml", "--output", work / "Tiles", "--progress", "none"], check=True, stdout=subprocess.DEVNULL)
                seconds = time.monotonic() - began
                size = sum(path.lstat().st_size for path in (work / "Tiles").rglob("*")) / 1e6
                for share in SHARES if axis == "share" else (0.1,):
                    times = asked(arguments.divergence, work / "Tiles", "grown", shape["neurons"], shape["rows"], share)
                    title = f"{shape['rows']:,} x {shape['neurons']:,}, {shape['classes']}, {share:.0%}"
                    print(f"{title:34}{seconds:8.1f}{size:8.0f}" + "".join(f"{cold:13.1f}{hot:9.1f}" for cold, hot in times.values()), flush=True)
                shutil.rmtree(work / "Tiles")
                (work / "dump.h5").unlink()


if __name__ == "__main__":
    main()
