"""Random files of layers, labels and what only looks like them, in random groups: the store is right, or the program says what it did.

Right is what the file's maker meant. Where the program took something else, it must have named what was meant among what it left out, or
among what it assumed; or it must have refused the file, and said what to write. There is no fourth case.
The short form. ND_LAYOUTS says how many, or which: 400 or 400-800.
"""

import os

import h5py
import numpy as np
import pytest
import zarr
from programs import DATA
from real_world import acts, expected, medians

FIRST, LAST = map(int, ("0-" + os.environ.get("ND_LAYOUTS", "40")).split("-")[-2:])
LABELS = ["labels", "label", "y", "targets", "y_true", "class_id", "gt", "test_labels", "kind", "species"]
LAYERS = ["fc", "conv1", "hidden", "layer4", "features", "block/out"]
GROUPS = ["", "", "acts/", "net/", "a/b/", "data/"]
DECOYS = ["kmeans/labels", "clusters", "meta/epoch", "ids", "coords/y", "old/labels", "pred", "split/label", "noise", "other/targets"]


def layout(path, rng):
    """Writes a file; returns {layer: values}, the labels' path and the labels."""
    rows, classes = int(rng.integers(20, 90)), int(rng.integers(2, 5))
    labels = rng.permutation(np.arange(rows) % classes)
    group = rng.choice(GROUPS)
    layers = {group + name: acts(rng, labels, int(rng.integers(2, 9))) for name in rng.choice(LAYERS, int(rng.integers(1, 4)), replace=False)}
    place = group if rng.random() < 0.6 else rng.choice(["", "meta/", "obs/"])
    name = place + rng.choice(LABELS)
    datasets = {**layers, name: labels if rng.random() < 0.7 else np.array([f"c{c}" for c in labels], object)}
    for decoy in rng.choice(DECOYS, int(rng.integers(0, 4)), replace=False):
        if decoy in datasets:
            continue
        length = rows if rng.random() < 0.7 else int(rng.integers(3, 200))
        datasets[decoy] = rng.integers(0, int(rng.integers(2, 30)), length) if rng.random() < 0.8 else rng.random(length, np.float32)
    if rng.random() < 0.3:
        datasets[rng.choice(["weights/kernel", "probe/other", "stats"])] = rng.random((int(rng.integers(2, 120)), 7), np.float32)
    order = rng.permutation(len(datasets))
    items = list(datasets.items())
    with h5py.File(path, "w") as f:
        for i in order:
            f[items[i][0]] = items[i][1]
    return layers, name, labels, datasets


@pytest.mark.parametrize("seed", range(FIRST, LAST))
def test_right_or_said(program, tmp_path, seed):
    rng = np.random.default_rng([18, seed])
    path = tmp_path / "dump.h5"
    layers, name, labels, datasets = layout(path, rng)
    done = program.run("precompute", path, "--output", tmp_path / "Tiles", "--progress", "auto")
    if done.returncode != 0:
        assert done.returncode == DATA, done.stderr
        assert "layers: [" in done.stderr or "labels: " in done.stderr, done.stderr
        return
    store = tmp_path / "Tiles" / "dump" / "current"
    said = done.stderr[done.stderr.index("Published") :]
    attributes = dict(zarr.open_group(str(store), mode="r").attrs)
    taken = {layer["name"]: number for number, layer in enumerate(attributes["layers"])}
    for layer in layers.keys() - taken.keys():
        assert f"Left out: /{layer}: " in said, (layer, said)
    names = None if datasets[name].dtype != object else [f"c{c}" for c in range(labels.max() + 1)]
    labels_taken = attributes["job"].get("labels")
    assert labels_taken is None or f"Left out: {labels_taken}: " not in said, said
    for layer, number in taken.items():
        found = medians(store, number)
        # A matrix that is no layer of the maker's must at least have as many rows.
        values = layers.get(layer, datasets.get(layer))
        assert values is not None and len(values) == attributes["dataset"]["rows"], layer
        if labels_taken == f"/{name}":
            right = expected(values, labels, names)
            assert found.keys() == right.keys()
            assert all(found[g][0] == rows and np.isclose(found[g][1], median, rtol=1e-5, atol=1e-5) for g, (rows, median) in right.items())
        else:
            assert f"Left out: /{name}: " in said, (labels_taken, name, said)
            assert labels_taken is None or f"Assumed: {labels_taken} " in said or f"labels: /{name}" in said, said
