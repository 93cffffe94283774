"""Dumps of any size for the client: a layer like a ReLU's, in which every class moves the neurons its own way."""

import h5py
import numpy as np

NAMES = ["cat", "dog", "bird"]


def make_dump(path, neurons, rows, classes=3, pairs=3, hot=1.0):
    """`neurons` values a row, classes in turn, `pairs` pairs of which the attacked one moves towards the next class. One neuron is `hot` times as
    large as it would be, as some are in transformers: then values are float32, since float16 ends at 65,504."""
    rng = np.random.default_rng(1)
    names = NAMES if classes <= len(NAMES) else [f"class {n:03}" for n in range(classes)]
    labels = rng.permutation(np.arange(rows) % classes)
    middle = rng.normal(0, 1, neurons).astype("f4")
    shift = rng.normal(0, 0.8, (classes, neurons)).astype("f4")
    factor = np.where(np.arange(neurons) == neurons // 3, hot, 1).astype("f4")
    kept = "f2" if hot == 1 else "f4"
    with h5py.File(path, "w") as file:
        file["labels"] = labels.astype("i4")
        file["class_names"] = np.array(names[:classes], dtype=h5py.string_dtype())
        layer = file.create_dataset("activations/conv", (rows, neurons), kept)
        for row in range(rows):
            layer[row] = factor * np.maximum(middle + shift[labels[row]] + 0.7 * rng.standard_normal(neurons, "f4"), 0)
        own = np.arange(pairs) % classes
        group = file.create_group("instances")
        for kind, moved in (("benign", 0), ("attacked", 1)):
            values = [factor * np.maximum(middle + shift[(label + moved) % classes] + (0.7 + 0.5 * moved) * rng.standard_normal(neurons, "f4"), 0) for label in own]
            group.create_dataset(f"{kind}/activations/conv", data=np.stack(values).astype(kept))
        group["true_label"] = own
        group["benign_prediction"] = own
        group["attacked_prediction"] = (own + 1) % classes
