"""Reading stores into notebooks: figures as pandas, arrays through zarr, and whatever must be computed through the program."""

import json
import pathlib
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pandas as pd
import zarr

from .program import ProgramError, program, run, table

# In the order of Tiles/FORMAT.md §5. A store has those that its format version had: later ones are missing in older stores.
STATISTICS = (
    "count", "zeros", "nan", "infinite", "minimum", "maximum", "mean", "deviation", "median", "lower_quartile", "upper_quartile",
)  # fmt: skip
ABSENT = 2**32 - 1
FORMATS = range(1, 3)  # Tiles/FORMAT.md §3


def open_store(path):
    """The store at `path`: `Tiles/NAME`, or one of its versions. What is read stays that version, also when another is published."""
    return Store(path)


def precompute(job, output="Tiles"):
    """Runs `divergence precompute` on a job or a dump, says what was left out and assumed, and opens the store."""
    with subprocess.Popen(
        [program(), "precompute", str(job), "--output", str(output), "--progress", "json"], stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as running:  # fmt: skip
        said, store = [], None
        for line in running.stderr:
            event = json.loads(line) if line.startswith("{") else None
            if event is None:
                said.append(line)
            elif event["event"] == "layer":
                print(f"{event['layer']}, {event['number']} of {event['of']}", file=sys.stderr)
            elif event["event"] == "published":
                store = event
    if running.returncode != 0 or store is None:
        raise ProgramError("".join(said).removeprefix("divergence: ").strip())
    for left in store["left_out"]:
        print(f"Left out: {left['path']}: {left['why']}", file=sys.stderr)
    for assumed in store["assumed"]:
        print(f"Assumed: {assumed}", file=sys.stderr)
    return Store(store["path"])


class Histogram(NamedTuple):
    """Counts `[…, bin]`, and the edges of the bins `[…, bin + 1]`, both of the neuron's own grid."""

    counts: np.ndarray
    edges: np.ndarray


class Store:
    """A published store. `layers`, `groups`, `instances` and `rows` are tables; `store["dense_1"]` is a layer."""

    def __init__(self, path):
        folder = pathlib.Path(path)
        self.path = (folder / "current" if (folder / "current").exists() else folder).resolve()
        if not (self.path / "zarr.json").is_file():
            raise FileNotFoundError(f"{path} is no store: it has no current version. divergence precompute makes one.")
        self.zarr = zarr.open_group(str(self.path), mode="r")
        self.attributes = dict(self.zarr.attrs)
        if self.attributes.get("format") != "neural-divergence" or self.attributes.get("format_version") not in FORMATS:
            raise ValueError(f"{path} is no store of a format that this package reads ({min(FORMATS)} to {max(FORMATS)}). Is there a newer one?")
        self.version = self.path.name
        self.name = self.attributes["dataset"]["name"]
        self.title = self.attributes["dataset"]["title"]

    def __repr__(self):
        layers = ", ".join(f"{layer['name']} {layer['neurons']:,}" for layer in self.attributes["layers"])
        return f"<store {self.name} {self.version}: {self.attributes['dataset']['rows']:,} rows; {layers}>"

    @property
    def layers(self):
        """By name: id, neurons, samples, type, shape and axes in the dump, reduction."""
        columns = ["name", "id", "neurons", "samples", "dtype", "shape", "axes", "reduce", "codes"]
        return pd.DataFrame([{key: layer.get(key) for key in columns} for layer in self.attributes["layers"]]).set_index("name")

    @property
    def groups(self):
        """By name: kind, rows, and the label or the condition."""
        return pd.DataFrame(self.attributes["groups"]).set_index("name")

    @property
    def instances(self):
        """By name: kind, pair, label and prediction."""
        return pd.DataFrame(self.attributes["instances"], columns=["name", "kind", "pair", "label", "prediction"]).set_index("name")

    @property
    def rows(self):
        """What the store knows of each row: label, prediction, margin, the columns of the job. No columns where it knows nothing."""
        index = pd.RangeIndex(self.attributes["dataset"]["rows"], name="row")
        if "rows" not in self.zarr:  # as in every store of format 1
            return pd.DataFrame(index=index)
        group = self.zarr["rows"]
        found = {}
        for name in ("label", "prediction"):
            if name in group:
                found[name] = named(group[name][...], group.attrs[name]["names"])
        if "margin" in group:
            found["margin"] = group["margin"][...]
        for column in group.attrs.get("columns", []):
            values = group[f"columns/{column['id']}"][...]
            kind = column["kind"]
            found[column["name"]] = named(values, column["values"]) if kind == "text" else values.astype(bool) if kind == "boolean" else values
        return pd.DataFrame(found, index=index)

    def picture(self, row):
        """What row `row` is, uint8 `[height, width]` or `[height, width, 3]`."""
        picture = self._of_row("pictures", row)["rows/pictures"][row]
        return picture[..., 0] if picture.shape[-1] == 1 else picture

    def text(self, row):
        """What row `row` is."""
        store = self._of_row("texts", row)
        ends = store["rows/texts/ends"]
        start, end = ends[row - 1] if row else 0, ends[row]
        return bytes(store["rows/texts/bytes"][start:end]).decode() if end > start else ""

    def _of_row(self, what, row):
        """The arrays, of which `what` there is one for each row."""
        if f"rows/{what}" not in self.zarr:
            raise KeyError(f"{self.name} has no {what} of its rows.")
        rows = self.attributes["dataset"]["rows"]
        if not 0 <= row < rows:
            raise IndexError(f"{self.name} has the rows 0 to {rows - 1}, and not {row}.")
        return self.zarr

    def __getitem__(self, layer):
        for entry in self.attributes["layers"]:
            if layer in (entry["name"], entry["id"]):
                return Layer(self, entry)
        raise KeyError(f"{self.name} has no layer {layer!r}. It has {', '.join(e['name'] for e in self.attributes['layers'])}.")

    def group(self, name):
        """The place of a group in the store's arrays."""
        names = [group["name"] for group in self.attributes["groups"]]
        if name in names:
            return names.index(name)
        raise KeyError(f"{self.name} has no group {name!r}. It has {', '.join(names[:20])}{', …' if len(names) > 20 else ''}.")

    def known_group(self, name):
        """The name of a group that is there: the program would take one that is not for a number."""
        return self.attributes["groups"][self.group(name)]["name"]

    def compare(self, other, layer, group=None):
        """The same neurons of a layer in two stores, such as two checkpoints: by neuron, what differs most first."""
        more = ["--group", self.known_group(group)] if group is not None else []
        return table("compare", self.path, other.path, "--layer", layer, *more).set_index("neuron")

    def score(self, *dumps, alarm=0.05):
        """How ordinary the rows of a new dump are for the classes that the network gave them, a row each; without a dump, the instances."""
        return table("score", self.path, *dumps, "--alarm", alarm).set_index("row")

    def show(self, **options):
        """The page, in a notebook's cell: see `neural_divergence.page.Page`."""
        from .page import Page

        return Page(self, **options)


def named(values, names):
    return pd.Categorical.from_codes(np.where(values == ABSENT, -1, values.astype(np.int64)), names)


class Layer:
    """A layer of a store. `zarr` has all of its arrays, as `Tiles/FORMAT.md` says."""

    def __init__(self, store, entry):
        self.store, self.entry = store, entry
        self.id, self.name, self.neurons = entry["id"], entry["name"], entry["neurons"]
        self.zarr = store.zarr[f"layers/{self.id}"]

    def __repr__(self):
        return f"<layer {self.name} of {self.store.name}: {self.neurons:,} neurons>"

    def statistics(self, group="all"):
        """Exact figures by neuron; of a group that the store does not hold, see `table`. `group=None`: of all groups, by group and neuron."""
        arrays = {name: self.zarr[f"statistics/{name}"] for name in STATISTICS if f"statistics/{name}" in self.zarr}
        if group is not None:
            place = self.store.group(group)
            return pd.DataFrame({name: array[place] for name, array in arrays.items()}, index=pd.RangeIndex(self.neurons, name="neuron"))
        names = [entry["name"] for entry in self.store.attributes["groups"]]
        index = pd.MultiIndex.from_product([names, range(self.neurons)], names=["group", "neuron"])
        return pd.DataFrame({name: array[...].reshape(-1) for name, array in arrays.items()}, index=index)

    def histogram(self, neuron, group="all", where=None):
        """Counts in the neuron's own 256 bins; with `where`, of the rows for which a condition holds."""
        if not 0 <= neuron < self.neurons:
            raise IndexError(f"{self.name} has the neurons 0 to {self.neurons - 1}, and not {neuron}.")
        if where is None and "own" in self.zarr:
            counts = self.zarr["own/256"][self.store.group(group), neuron]
        else:
            counts = self._counted(group, where, f"index == {neuron}")[0]
        return Histogram(counts, self._edges(slice(neuron, neuron + 1))[0])

    def histograms(self, group="all", where=None):
        """Those of all neurons."""
        if where is None and "own" in self.zarr:
            counts = self.zarr["own/256"][self.store.group(group)]
        else:
            counts = self._counted(group, where)
        return Histogram(counts, self._edges(slice(None)))

    def _counted(self, group, where, neurons=None):
        """`[neuron, 256]`, as the program counts what has no plane in the store."""
        wanted = where if where is not None else group
        found = self.table(groups=[group], where=[where] if where is not None else [], neurons=neurons, counts=True)
        return found[[f"bin_{i}({wanted})" for i in range(256)]].to_numpy()

    def _edges(self, neurons):
        """`[neuron, 257]`. Where a grid has tails, the first and last bin hold all that lies beyond: their outer edges are infinite."""
        grid = self.zarr["grid"]
        bins = grid["origin"][neurons].astype(np.float64)[:, None] + np.arange(257)
        edges = np.ldexp(bins, grid["exponent"][neurons].astype(np.int64)[:, None])
        tails = grid["tails"][neurons].astype(bool)
        edges[tails, 0], edges[tails, -1] = -np.inf, np.inf
        return edges

    def values(self):
        """Activations of the instances: by neuron, a column each."""
        names = [one["name"] for one in self.store.attributes["instances"]]
        values = self.zarr["values"][...].T if names else np.empty((self.neurons, 0), np.float32)
        return pd.DataFrame(values, columns=names, index=pd.RangeIndex(self.neurons, name="neuron"))

    def table(self, order="index", direction="ascending", groups=None, where=(), neurons=None, instances=(), counts=False):
        """Figures of groups in an order, a column for each as `median(cat)`: `divergence export`, whose help names orders and conditions.

        `where`: conditions, a group of the moment each; `neurons`: a condition on neurons; `counts`: with `bin_0(GROUP)` and so on.
        """
        options = ["--order", order, "--direction", direction]
        options += [] if groups is None else ["--groups", *map(self.store.known_group, groups)]
        options += [part for one in ([where] if isinstance(where, str) else where) for part in ("--where", one)]
        options += ["--neurons", neurons] if neurons is not None else []
        options += ["--instances", *instances] if instances else []
        return table("export", self.store.path, "--layer", self.id, *options, *(["--counts"] if counts else [])).set_index("neuron")

    def order(self, order, direction="ascending"):
        """The neurons in an order such as `difference(median(cat),median(dog))`, as an array."""
        return self.table(order, direction, groups=["all"]).index.to_numpy()

    def compare(self, a, b, order="auroc"):
        """What tells two groups apart, by neuron, with bounds. A group's name, or `where:CONDITION`."""
        sides = [side if side.startswith("where:") else self.store.known_group(side) for side in (a, b)]
        return table("compare", self.store.path, *sides, "--layer", self.id, "--order", order).set_index("neuron")

    def rows(self, neuron, group=None, where=None, lowest=False, top=16):
        """The rows that fire a neuron most, or least."""
        options = ["--group", self.store.known_group(group)] if group is not None else []
        options += ["--where", where] if where is not None else []
        options += ["--lowest"] if lowest else []
        return table("rows", self.store.path, "--layer", self.id, "--neuron", neuron, "--top", top, *options).set_index("rank")


__all__ = ["Histogram", "Layer", "ProgramError", "Store", "open_store", "precompute", "run"]
