"""A made-up dump of the size of a language model's: many layers with long dotted names, a hundred classes whose names are long, too."""

import h5py
import numpy as np

LAYERS, NEURONS, ROWS = 32, 192, 800
PLACES = ["alpine", "Baltic", "coastal", "Dutch lowland", "eastern prairie", "forest-dwelling", "Galician", "highland", "inland desert", "jungle river", "Karelian", "long-haired lowland"]
KINDS = ["shepherd dog", "water spaniel", "carrier pigeon", "draught horse", "tabby cat", "marsh harrier", "tree frog", "dung beetle", "rock lizard"]


class Language:
    names = [f"model.layers.{n}.mlp.down_proj" for n in range(LAYERS)]
    # Twelve shepherd dogs, eleven of each other kind.
    classes = [f"{PLACES[n // len(KINDS)]} {KINDS[n % len(KINDS)]}, photographed outdoors in daylight ({n:02})" for n in range(100)]

    def __init__(self):
        rng = np.random.default_rng(3)
        self.labels = np.arange(ROWS) % len(self.classes)
        shift = rng.normal(0, 0.8, (LAYERS, len(self.classes), NEURONS)).astype("f4")
        noise = rng.standard_normal((LAYERS, ROWS, NEURONS), "f4")
        # Some dimensions of the residual stream are much larger than the rest.
        scale = np.where(np.arange(NEURONS) % 64 == 5, 40, 1).astype("f4")
        self.layers = ((shift[:, self.labels] + 0.6 * noise) * scale).astype("f2")

    def write(self, folder):
        with h5py.File(folder / "language.h5", "w") as file:
            file["labels"], file["class_names"] = self.labels, np.array(self.classes, dtype=h5py.string_dtype())
            for name, values in zip(self.names, self.layers):
                file[f"activations/{name}"] = values
        return folder / "language.h5"
