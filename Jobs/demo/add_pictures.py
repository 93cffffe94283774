#!/usr/bin/env python3
"""Appends the rows' pictures to a dump that was made before dumps had them.

    ./add_pictures.py fashion-small.h5

Nothing else in the file changes. That picture r is row r of the dump is checked first, and nothing is written where it cannot be told:
labels in the same order, the pairs' benign pictures at their rows, and each row's activations: a linear map from conv_4 to pictures,
fitted to nine tenths of the rows, must draw each row of the last tenth so that it looks most like that row's own picture, of all pictures.
"""

import sys

import h5py
import numpy as np

import dump
import fashion

FOLDS = 10
# Pictures that look alike are confused now and then; of rows in another order hardly any would be met.
RECOGNISED_MIN = 0.98


def main(path):
    with h5py.File(path, "r+") as file:
        labels = file["labels"][:]
        images, wanted = fashion.load("t10k")
        images, wanted = images[: len(labels)], wanted[: len(labels)]
        dump.require_same(labels, wanted, "labels")
        source = file["instances/source_row"][:]
        dump.require_same(images[source], file["instances/benign/images"][:], "benign pictures")
        recognised = share_recognised(file["activations/conv_4"][:], images)
        print(f"{recognised:.1%} of {len(labels):,} rows are recognised by their activations")
        dump.require(recognised >= RECOGNISED_MIN, "activations do not tell their pictures")
        dump.write_pictures(file, images)
    dump.check(path)


def share_recognised(activations, images):
    """Share of rows whose activations, through a map fitted to other rows, come nearest to the row's own picture."""
    features = activations.reshape(len(activations), -1).astype(np.float32)
    pictures = images.reshape(len(images), -1).astype(np.float32) / 255
    order = np.random.default_rng(0).permutation(len(images))
    met = 0
    for fold in range(FOLDS):
        held, fitted = order[fold::FOLDS], np.setdiff1d(order, order[fold::FOLDS])
        centre, mean = features[fitted].mean(0), pictures[fitted].mean(0)
        inner = (features[fitted] - centre) @ (features[fitted] - centre).T
        ridge = 0.01 * np.trace(inner) / len(fitted) * np.eye(len(fitted))
        weights = np.linalg.solve(inner + ridge, pictures[fitted] - mean)
        drawn = (features[held] - centre) @ (features[fitted] - centre).T @ weights + mean
        distances = (pictures**2).sum(1) - 2 * drawn @ pictures.T
        met += np.count_nonzero(distances.argmin(1) == held)
    return met / len(images)


if __name__ == "__main__":
    import pathlib

    main(pathlib.Path(sys.argv[1]))
