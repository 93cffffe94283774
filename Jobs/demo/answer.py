#!/usr/bin/env python3
"""The demo's answer to the paper's question: can the amount of divergence tell attacked pictures from ordinary ones?

    ./answer.py full/answer --divergence ../../.build-release/release/divergence     # some minutes, 1 GB of disk

Test pictures 0 to 4,999 become a store. The others are fresh, and everything is made from those: one-pixel attacks on the first right
ones in order and on the least certain, projected gradient descent within 8 of 255; and handwritten digits, which are foreign. `divergence
score` judges each kind against the store, and undo.py looks at what neurons say of the one-pixel ones. Prints the tables of ANSWER.md. Every
seed is fixed.
"""

import argparse
import csv
import subprocess
import sys
import time
from pathlib import Path

import h5py
import jax
import numpy as np

import fashion
import kinds
import network
import rates
import undo
from dump import write_layers, write_pictures

STORE_ROWS = 5000
IN_ORDER = 200
LEAST_CERTAIN = 8
ASKED = (0.01, 0.05, 0.10)
KINDS = ("fresh", "one-pixel, in order", "one-pixel, least certain", "PGD 8 of 255", "digits")
FIGURES = {
    "margin": lambda row: -float(row["margin"]),
    "D, dense_2": lambda row: float(row["dense_2:D"]),
    "R, dense_1": lambda row: float(row["dense_1:R"]),
    "omnibus": lambda row: float(row["omnibus"]),
    "alarm": lambda row: -float(row["alarm_p"]),
}


def main():
    options = parse()
    options.folder.mkdir(parents=True, exist_ok=True)
    images, labels = fashion.load("t10k")
    parameters = network.load(Path(__file__).with_name("parameters.npz"))
    chances = np.asarray(jax.nn.softmax(network.logits_of(parameters, images)))
    right = chances.argmax(1) == labels
    say(f"{right.mean():.2%} of the {len(images):,} test pictures right")

    make_dumps(options.folder, parameters, images, labels, chances, right)
    subprocess.run(
        [options.divergence, "precompute", write_job(options.folder), "--output", options.folder / "Tiles", "--if-changed", "--progress", "none"], check=True
    )

    scores = {kind: score(options, options.folder / f"{kind}.h5") for kind in KINDS}
    say("judged")
    ordinary = [row for row, is_right in zip(scores["fresh"], right[STORE_ROWS:], strict=True) if is_right]
    print_areas(ordinary, {kind: rows for kind, rows in scores.items() if kind != "fresh"})
    predicted = network.logits_of(parameters, images).argmax(1)
    print_rates(scores, np.bincount(predicted[:STORE_ROWS], minlength=10), np.bincount(predicted[STORE_ROWS:], minlength=10))
    print_validity(scores["fresh"], predicted)
    undo.print_turned(options.divergence, options.folder / "Tiles" / "rows", parameters, options.folder / "rows.h5", fashion.CLASS_NAMES)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="for the parameters, the dumps and the store")
    parser.add_argument("--divergence", type=Path, required=True, help="the program")
    return parser.parse_args()


def dump(path, parameters, images, labels=None, source_row=None, pairs=None):
    """Activations of all layers, float16, in the order of `images`.

    source_row: the test picture that each was made of; pairs: what `undo.write_instances` takes.
    """
    partial = path.with_suffix(".partial")
    with h5py.File(partial, "w") as file:
        logits = write_layers(file.create_group("activations"), parameters, images, network.LAYERS, np.float16, 1)
        file["predictions"] = logits.argmax(1)
        write_pictures(file, images)
        if labels is not None:
            file["labels"] = labels.astype(np.int64)
            file["class_names"] = fashion.CLASS_NAMES
        if source_row is not None:
            file["source_row"] = source_row
        if pairs is not None:
            undo.write_instances(file.create_group("instances"), parameters, *pairs)
    partial.rename(path)


def write_job(folder):
    layers = [f"{{ name: {name}, dataset: activations/{name}{', axes: NHWC, reduce: flatten' if name.startswith('conv') else ''} }}" for name in network.LAYERS]
    job = folder / "rows.yaml"
    job.write_text("\n  - ".join(["name: rows\ndumps: [rows.h5]\nlabels: labels\npredictions: predictions\nclass_names: class_names\nscores: activations/logits\npictures: images\ninstances: instances\nlayers:", *layers]) + "\n")
    return job


def make_dumps(folder, parameters, images, labels, chances, right):
    """The dump of the store and one of each kind, each made once."""
    rows = np.flatnonzero(right[STORE_ROWS:]) + STORE_ROWS
    hardest = rows[kinds.least_certain(chances[rows], labels[rows], LEAST_CERTAIN)]
    pictures = {
        "fresh": lambda: (images[STORE_ROWS:], None),
        "one-pixel, in order": lambda: kinds.one_pixel(parameters, images, labels, chances, rows[:IN_ORDER]),
        "one-pixel, least certain": lambda: kinds.one_pixel(parameters, images, labels, chances, hardest),
        "PGD 8 of 255": lambda: (kinds.projected_gradient(parameters, images[rows[: kinds.PGD_ROWS]], labels[rows[: kinds.PGD_ROWS]]), None),
        "digits": lambda: (kinds.digits(), None),
    }
    for kind, make in pictures.items():
        path = folder / f"{kind}.h5"
        if not path.exists():
            made, source_row = make()
            dump(path, parameters, made, source_row=source_row)
            say(f"{kind}: {len(made)} pictures")
    path = folder / "rows.h5"
    if not path.exists():
        dump(path, parameters, images[:STORE_ROWS], labels[:STORE_ROWS], pairs=pairs_of(folder, parameters, images, labels, rows))
        say(f"rows: {STORE_ROWS} pictures")


def pairs_of(folder, parameters, images, labels, rows):
    """The one-pixel pictures, then as many genuine ones of `rows` with the same margins; and the labels of all."""
    attacked, sources = [], []
    for kind in KINDS:
        if kind.startswith("one-pixel"):
            with h5py.File(folder / f"{kind}.h5") as file:
                attacked.append(file["images"][:])
                sources.append(file["source_row"][:])
    attacked, sources = np.concatenate(attacked), np.concatenate(sources)
    _, first = np.unique(sources, return_index=True)
    attacked, sources = attacked[np.sort(first)], sources[np.sort(first)]
    others = np.setdiff1d(rows, sources)
    margins = [undo.margins(network.logits_of(parameters, pictures)) for pictures in (attacked, images[others])]
    genuine = others[undo.alike(*margins)]
    return np.concatenate([attacked, images[genuine]]), labels[np.concatenate([sources, genuine])].astype(np.int64)


def score(options, path):
    """What `divergence score` says of each row of a dump."""
    told = subprocess.run([options.divergence, "score", options.folder / "Tiles" / "rows", path], check=True, capture_output=True, text=True).stdout
    return list(csv.DictReader(told.splitlines()))


def print_areas(ordinary, others):
    print(f"\nAUROC against {len(ordinary):,} fresh pictures that are named rightly\n")
    print("| | " + " | ".join(f"{kind} ({len(rows)})" for kind, rows in others.items()) + " |\n|---|" + "---|" * len(others))
    for name, figure in FIGURES.items():
        base = np.array([figure(row) for row in ordinary])
        cells = ["{:.2f} ({:.2f}–{:.2f})".format(*rates.area(base, np.array([figure(row) for row in rows]))) for rows in others.values()]
        print(f"| {name} | " + " | ".join(cells) + " |")


def print_validity(fresh, predicted):
    """Whether fresh pictures ring as often as was asked, also within each class that the network names: p by Holm over the classes."""
    print("\nfresh pictures by the class that the network named: share at or below the rate asked, and p of as odd a share (of the alarm: as large a one), by Holm\n")
    print("| class | fresh | " + " | ".join(f"{name} {asked:.0%} | p" for name in ("omnibus", "alarm") for asked in ASKED) + " |")
    print("|---|---|" + "---|---|" * 2 * len(ASKED))
    of_store, of_fresh = predicted[:STORE_ROWS], predicted[STORE_ROWS:]
    columns = []
    for name in ("omnibus_p", "alarm_p"):
        chances = np.array([float(row[name]) for row in fresh])
        for asked in ASKED:
            found = rates.by_class(chances, asked, of_fresh, np.bincount(of_store, minlength=10), upper=name == "alarm_p")
            columns.append([f"{share:.1%} | {p:.2g}" for share, p in found])
    for label, name in enumerate(fashion.CLASS_NAMES):
        print(f"| {name} | {np.sum(of_fresh == label)} | " + " | ".join(column[label] for column in columns) + " |")


def print_rates(scores, calibration, fresh):
    for name in ("omnibus_p", "alarm_p"):
        print(f"\n{name}: share of rows at or below the rate asked\n")
        print("| asked | " + " | ".join(scores) + " | fresh, allowed |\n|---|" + "---|" * (len(scores) + 1))
        for asked in ASKED:
            cells = ["{:.1%} ({:.1%}–{:.1%})".format(*rates.share(sum(float(row[name]) <= asked for row in rows), len(rows))) for rows in scores.values()]
            low, high = rates.allowed(asked, calibration, fresh)
            print(f"| {asked:.0%} | " + " | ".join(cells) + f" | {low:.1%}–{high:.1%} |")


STARTED = time.monotonic()


def say(text):
    print(f"{time.monotonic() - STARTED:6.1f} s  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except fashion.MissingData as missing:
        sys.exit(f"error: {missing}")
