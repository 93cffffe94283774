#!/usr/bin/env python3
"""Prints the figures of README.md from a dump: mistakes, dead neurons, and how far each picture lies from a class.

    ./measure.py full/fashion-full.h5
"""

import sys

import h5py
import numpy as np


def main(path):
    with h5py.File(path, "r") as file:
        labels, predictions = file["labels"][:], file["predictions"][:]
        right = labels == predictions
        names = file["class_names"].asstr()[:]
        print(f"{right.mean():.2%} of {len(labels):,} right, {right[:2000].mean():.2%} of the first 2,000")
        for label, name in enumerate(names):
            print(f"  {name}: {np.count_nonzero(~right & (labels == label))} mistaken")
        for layer in ("dense_1", "dense_2"):
            activations = file["activations"][layer][:]
            print(f"{layer}: {(activations[:2000] == 0).all(0).mean():.0%} dead in the first 2,000")
            measure_pairs(file["instances"], layer, activations, labels, right, names)


def measure_pairs(instances, layer, activations, labels, right, names):
    """Compares every benign picture with its class, and every attacked one with the class it is taken for."""
    benign, attacked = (instances[kind]["activations"][layer][:] for kind in ("benign", "attacked"))
    true, false = instances["true_label"][:], instances["attacked_prediction"][:]
    unusual, farther = 0, 0
    for pair in range(len(true)):
        before = distance(benign[pair], activations[right & (labels == true[pair])])
        after = distance(attacked[pair], activations[right & (labels == false[pair])])
        unusual += after[1] > 0.5
        farther += after[0] > before[0]
        if pair == 0:
            print(f"  pair 0, benign from {names[true[0]]}: {before[0]:.2f}, farther than {before[1]:.0%}")
            print(f"  pair 0, attacked from {names[false[0]]}: {after[0]:.2f}, farther than {after[1]:.0%}")
    print(f"  {unusual} of {len(true)} attacked pictures lie farther out than half of the class they are taken for")
    print(f"  {farther} of {len(true)} lie farther out than their benign twin")


def distance(values, others):
    """Mean distance of values [neuron] from the medians of others [row, neuron].

    Returns it as a multiple of the others' own mean, and the share of the others that lie closer.
    """
    medians = np.median(others, axis=0)
    usual = np.abs(others - medians).mean(1)
    own = np.abs(values - medians).mean()
    return own / usual.mean(), (usual < own).mean()


if __name__ == "__main__":
    main(sys.argv[1])
