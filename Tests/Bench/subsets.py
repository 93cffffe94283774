#!/usr/bin/env python3
"""Groups of the moment: how fast tiles of rows that nobody has named before are, and orders of a whole layer by them.

    make bench-server

Two layers are made and precomputed: one of many rows (60,000 x 16,384: a tile reads 256 neurons, however many others there are), one of
many neurons (2,000 x 262,144), the latter with `codes: both` and with `codes: columns`. Every request is timed by itself.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import urllib.parse

import h5py
import numpy as np
from server import Client, Process, line

LONG, WIDE, CLASSES = (60_000, 16_384), (2_000, 262_144), 10


def make_dump(path, rows, neurons, classes=CLASSES):
    """Something like a layer behind a ReLU, as server.py makes it."""
    random = np.random.default_rng(2)
    labels = np.arange(rows) % classes
    mean = random.normal(-0.3, 0.6, neurons).astype("f4")
    tilt = random.normal(0, 0.5, (classes, neurons)).astype("f4")
    step = max(1, (1 << 23) // neurons)
    with h5py.File(path, "w") as file:
        file["labels"] = labels
        data = file.create_dataset("fc", (rows, neurons), "f2", chunks=(min(rows, 64), min(neurons, 16_384)))
        for row in range(0, rows, step):
            some = labels[row : row + step]
            data[row : row + step] = np.maximum(random.standard_normal((len(some), neurons), dtype="f4") + mean + tilt[some], 0).astype("f2")


def make_store(divergence, work, name, dump, codes):
    if not (work / "Tiles" / name).exists():
        job = work / f"{name}.yaml"
        job.write_text(f"name: {name}\ndumps: [{dump.name}]\ncodes: {codes}\n")
        subprocess.run([divergence, "precompute", job, "--output", work / "Tiles", "--progress", "none"], check=True, stdout=subprocess.DEVNULL)


def quantiles(times):
    times = sorted(times)
    return times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)], times[-1]


def layer(client, name):
    version = json.loads(client.get(f"/api/v1/datasets/{name}", "identity")[1])["url"]
    return f"{version}/layers/{json.loads(client.get(version, 'identity')[1])['layers'][0]['id']}"


def quoted(text):
    return urllib.parse.quote(text, safe="")


def tiles(client, rows, neurons):
    """Level-0 tiles of groups of the moment, each tile asked for once: the rows are known, the tile is not."""
    base = layer(client, "long")
    for share, text in ((0.01, f"row >= 17 and row < {17 + rows // 100}"), (0.1, "label == 3"), (0.5, "label in [0, 2, 4, 6, 8]"), (0.9, "label != 3"), (1, f"row != {rows // 2}")):
        for order in ("index", "median(all)"):
            times = []
            for index in range(neurons // 256):
                for axis in ("own", "shared"):
                    path = f"{base}/tiles/0/0/{index}?order={quoted(order)}&axis={axis}&where={quoted(text)}"
                    times.append(client.get(path)[0])
            first, *rest = times
            mark = "mark: p99 at most 15" if share <= 0.5 else ""
            line(f"tile of {share:.0%} of {rows:,} rows, by {order}, ms: p50, p99, worst", "  ".join(f"{t:.1f}" for t in quantiles(rest)), mark)
            line("  the first, which also evaluates the expression", f"{first:.1f}")


#: What neurons are ordered by: of a group of the moment, `{}`, and of the rest.
FIGURES = ("median({})", "auroc({},{rest})", "mean({})", "deviation({})", "zeros({})", "minimum({})", "maximum({})", "percentile(row 7,{})")


def orders(client, name, sample, mark, figure="median({})"):
    """The first tile of a layer in an order by a group of the moment that nobody has asked for."""
    base = layer(client, name)
    client.get(f"{base}/tiles/0/0/0?order=median(all)")
    times = []
    for number in range(10):
        text = f"label in [{number}, {(number + 1) % CLASSES}, {(number + 3) % CLASSES}, {(number + 4) % CLASSES}, {(number + 6) % CLASSES}] and row != {sample} and row != {FIGURES.index(figure)}"
        order = figure.format(f"where:({text})", rest=f"where:(not ({text}))")
        path = f"{base}/tiles/0/0/0?order={quoted(order)}" + (f"&sample={sample}" if sample else "")
        times.append(client.get(path)[0])
    what = f"with {sample} rows for all" if sample else "exactly"
    named = figure.format("half", rest="rest")
    line(f"first tile by {named}, {what}, ms", "  ".join(f"{t:.0f}" for t in quantiles(times)), mark)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--divergence", required=True, type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, help="folder for dumps and stores (kept), instead of a temporary one")
    parser.add_argument("--long", type=int, nargs=2, default=LONG, metavar=("ROWS", "NEURONS"))
    parser.add_argument("--wide", type=int, nargs=2, default=WIDE, metavar=("ROWS", "NEURONS"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or pathlib.Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        for name, shape, kinds in (("long", arguments.long, {"long": "columns"}), ("wide", arguments.wide, {"wide-both": "both", "wide-columns": "columns"})):
            if not all((work / "Tiles" / store).exists() for store in kinds):
                make_dump(work / f"{name}.h5", *shape)
                for store, codes in kinds.items():
                    make_store(arguments.divergence, work, store, work / f"{name}.h5", codes)
                (work / f"{name}.h5").unlink()
        with Process(arguments.divergence, "serve", work / "Tiles", "--port", "0") as server:
            client = Client(server.port)
            tiles(client, *arguments.long)
            line(f"codes by row and by neuron, {arguments.wide[0]:,} rows x {arguments.wide[1]:,} neurons", "")
            mark = "mark: at most 200"
            for figure in FIGURES:
                orders(client, "wide-both", 0, mark if figure in FIGURES[:2] else "", figure)
            line("codes by neuron only", "")
            for figure in FIGURES:
                orders(client, "wide-columns", 0, mark if figure in FIGURES[:2] else "", figure)
            for figure in FIGURES[:2]:
                orders(client, "wide-columns", 1024, mark, figure)
            line("memory at the end, MiB", f"{server.resident_mib:.0f}")


if __name__ == "__main__":
    main()
