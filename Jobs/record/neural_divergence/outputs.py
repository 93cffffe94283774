"""What layers put out for a batch: single arrays, tuples, dictionaries; and which of it has a row for each input."""

import warnings

import numpy as np

from .names import RecordingError, setting
from .recording import Layer

# Axes where channels or features come last, as everywhere but in convolutions of PyTorch.
LAST = {1: "N", 2: "NU", 3: "NTD", 4: "NHWC", 5: "NTHWC"}


def pieces(output, is_array):
    """The arrays in what a layer puts out, each with its place: none for a single one, `[0]`, `[last_hidden_state]`."""
    if is_array(output):
        return [("", output)]
    items = output.items() if hasattr(output, "items") else enumerate(output) if isinstance(output, (tuple, list)) else []
    found = [(f"[{key}]{place}", array) for key, value in items for place, array in pieces(value, is_array)]
    return [("", found[0][1])] if len(found) == 1 else found


class Outputs:
    """Collects what layers put out while a batch runs. `insisted`: layers that must have something to record; `to_numpy(array)` returns a
    copy on the host and the name of its type."""

    def __init__(self, axes, insisted, is_array, to_numpy):
        self.axes, self.insisted, self.is_array, self.to_numpy = axes, insisted, is_array, to_numpy
        self.warned = set()
        self.begin()

    def begin(self):
        self.found, self.calls = {}, {}

    def take(self, name, output):
        """What `name` puts out; a layer that is called again is `name#2`."""
        calls = self.calls[name] = self.calls.get(name, 0) + 1
        for place, array in pieces(output, self.is_array):
            self.found[name + place + (f"#{calls}" if calls > 1 else "")] = (name, *self.to_numpy(array))

    def layers(self, wanted, rows, letters, row_axis=lambda name, values: 0):
        """`{name: Layer}` with the rows first. `letters(key, name, values)`: the axes of what has its rows first."""
        layers = {}
        for key, (name, values, dtype) in self.found.items():
            said = setting(self.axes, key, None)
            if said and (len(said) != values.ndim or said.count("N") != 1):
                raise RecordingError(f"axes of {key} are {said!r}, and it puts out {values.shape}: one letter an axis, N for the rows.")
            at = said.index("N") if said else row_axis(name, values)
            if values.ndim <= at or values.shape[at] != rows:
                if said or key == name and name in self.insisted:
                    raise RecordingError(
                        f"{key} puts out {values.shape} for {rows} rows: which axis counts the rows? Leave it out of layers=, or say "
                        f"axes={{'{key}': 'TND'}}, with N for the rows.")
                self.warn(key, f"{key}, of shape {values.shape}, is left out: it has no row for each input.")
                continue
            values = np.moveaxis(values, at, 0)
            layers[key] = Layer(values, "N" + said.replace("N", "") if said else letters(key, name, values), dtype)
            if layers[key].axes is None:
                raise RecordingError(f"{key} puts out {values.shape}: say what its axes are, as in axes={{'{key}': 'NTHWC'}}.")
        heard = {found[0] for found in self.found.values()}
        silent = [name for name in wanted if name not in heard]
        if missing := [name for name in silent if name in self.insisted]:
            raise RecordingError(f"Not called by the model, or without an array: {', '.join(missing[:5])}. Leave such layers out of layers=.")
        if silent:
            more = f" and {len(silent) - 5} more" if len(silent) > 5 else ""
            self.warn("", f"Left out, since the model does not call them or they put out no array: {', '.join(silent[:5])}{more}.")
        if not layers:
            raise RecordingError("No layer has a row for each input.")
        return layers

    def warn(self, key, words):
        if key not in self.warned:
            self.warned.add(key)
            warnings.warn(words, stacklevel=9)
