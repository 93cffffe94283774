"""The demo's dump in NumPy: what the page says of neurons is compared with this."""

import pathlib
import re

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Dump:
    """`layers` [row, neuron], `labels` and `predictions` [row] as names, and for each kind of instance the layers [pair, neuron]."""

    def __init__(self, path=ROOT / "Jobs" / "demo" / "fashion-small.h5"):
        with h5py.File(path) as file:
            self.layers = {name: flat(values[...]) for name, values in file["activations"].items()}
            self.names = [name.decode() for name in file["class_names"][...]]
            self.labels, self.predictions = (np.array(self.names)[file[which][...]] for which in ("labels", "predictions"))
            pairs = file["instances"]
            self.instances = {kind: {name: flat(values[...]) for name, values in pairs[f"{kind}/activations"].items()} for kind in ("benign", "attacked")}
            self.true, self.taken = (np.array(self.names)[pairs[which][...]] for which in ("true_label", "attacked_prediction"))
            self.source = pairs["source_row"][...]

    def of(self, layer, name):
        """The rows of a class, `[row, neuron]`."""
        return self.layers[layer][self.labels == name]

    def median(self, layer, name):
        """As the store has it: float32."""
        return np.median(self.of(layer, name), axis=0).astype("f4")


def flat(values):
    return values.reshape(len(values), -1).astype("f8")


def ranks(keys, descending=True):
    """Rank of each neuron by its key, from 0; equal keys by number."""
    order = np.lexsort((np.arange(len(keys)), -keys if descending else keys))
    found = np.empty(len(keys), int)
    found[order] = np.arange(len(keys))
    return found


def auroc(more, less):
    """`[neuron]`: how often a value of the first group lies above one of the second, ties half."""
    return np.array([np.mean((a[:, None] > b) + 0.5 * (a[:, None] == b)) for a, b in zip(more.T, less.T)])


def first_by(keys, neurons, slack=0.0):
    """Whether neurons are those with the largest keys, in their order, as far as keys are known to `slack`."""
    rest = np.array(keys, float)
    for neuron in neurons:
        if rest[neuron] < np.nanmax(rest) - slack:
            return False
        rest[neuron] = -np.inf
    return True


def number(text):
    """A figure as the page writes it."""
    return float(text.replace("−", "-").replace(",", ""))


def is_told(text, value):
    """Whether a figure that the page tells is the value, to the digits that it has."""
    text = text.strip()
    if text.startswith("< "):
        return 0 < value < number(text[2:]) * 1.0001
    digits = re.search(r"\.(\d+)", text)
    return abs(number(text) - value) <= 0.5001 * 10.0 ** -(len(digits[1]) if digits else 0)
