"""What recording is the same for every framework: batches in, a dump out."""

import json
import re
import shutil
import warnings
import zlib

import h5py
import numpy as np

from .dump import CHUNK_ROWS_MAX, Dump, inwords, is_full
from .hdf5 import create, to_bfloat16, write_rows
from .names import RecordingError, setting
from .progress import Progress

KEYS = ("inputs", "labels", "pictures", "texts", "mask", "columns")
DTYPES = (None, "float16", "bfloat16", "float32", "float64")

REDUCTIONS = (None, "flatten", "max", "mean", "samples")


class Batches:
    """Batches of arrays whose rows belong together: `Batches(64, inputs=x, labels=y, pictures=p)`.

    `inputs` may be a tuple or a dict of arrays, `columns` is a dict of them, `texts` a list.
    """

    def __init__(self, size, **arrays):
        unknown = [key for key in arrays if key not in KEYS]
        if unknown or "inputs" not in arrays:
            raise RecordingError(f"Batches takes inputs= and, if you like, {', '.join(KEYS[1:])}; not {', '.join(unknown) or 'nothing'}.")
        self.size = size
        self.arrays = {key: value for key, value in arrays.items() if value is not None}
        lengths = {len(leaf) for leaf in leaves(self.arrays, texts_are_leaves=False)}
        if len(lengths) != 1:
            raise RecordingError(f"What belongs to the same rows has different lengths: {', '.join(map(str, sorted(lengths)))}.")
        self.rows = lengths.pop()

    def __len__(self):
        return -(-self.rows // self.size)

    def __iter__(self):
        for first in range(0, self.rows, self.size):
            yield mapped(self.arrays, lambda value: value[first : first + self.size])


def mapped(tree, change):
    if isinstance(tree, dict):
        return {key: mapped(value, change) for key, value in tree.items()}
    if isinstance(tree, tuple):
        return tuple(mapped(value, change) for value in tree)
    return change(tree)


def leaves(tree, texts_are_leaves=True):
    """Arrays and lists of texts in a tree of dicts, tuples and lists."""
    if hasattr(tree, "items"):
        return [leaf for value in tree.values() for leaf in leaves(value, texts_are_leaves)]
    is_list = isinstance(tree, list)
    if isinstance(tree, tuple) or is_list and texts_are_leaves and tree and not isinstance(tree[0], (str, int, float)):
        return [leaf for value in tree for leaf in leaves(value, texts_are_leaves)]
    return [] if tree is None else [tree]


def unpacked(batch, unpack):
    """A batch as a dict with `inputs` and what else is known of its rows."""
    if unpack is not None:
        batch = unpack(batch)
    if hasattr(batch, "keys") and "inputs" in batch:
        found = dict(batch)
    elif hasattr(batch, "keys"):  # as tokenizers and data sets of Hugging Face have it
        found = {"inputs": {key: value for key, value in batch.items() if key not in ("labels", "label")}}
        for key in ("labels", "label"):
            if key in batch:
                found["labels"] = batch[key]
        if "attention_mask" in batch:
            found["mask"] = batch["attention_mask"]
    elif isinstance(batch, (tuple, list)):
        if len(batch) > 2 or not batch:
            raise RecordingError(
                f"A batch is a {type(batch).__name__} of {len(batch)}, and what each is cannot be known. Say so: "
                "unpack=lambda b: {'inputs': (b[0], b[1]), 'labels': b[2]}.")
        found = dict(zip(("inputs", "labels"), batch))
    else:
        found = {"inputs": batch}
    unknown = [key for key in found if key not in KEYS]
    if unknown:
        raise RecordingError(f"A batch has {', '.join(map(repr, unknown))}; it may have {', '.join(KEYS)} (columns are a dict by name).")
    return found


def host(value):
    """A NumPy array of what any framework has."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
    return np.asarray(value)


def as_column(name, values, rows):
    """A list of numbers or texts, one a row."""
    values = host(values) if not isinstance(values, (list, tuple)) else np.asarray([v.item() if hasattr(v, "item") else v for v in values])
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1 or len(values) != rows:
        raise RecordingError(f"{name} has the shape {inwords(values.shape)} for a batch of {rows} rows; it needs one value a row.")
    if values.dtype.kind not in "biufUS":
        raise RecordingError(f"{name} holds {values.dtype}; a column is numbers or texts.")
    return [v.decode() if isinstance(v, bytes) else v for v in values.tolist()]


def as_pictures(values, rows):
    """uint8 [row, height, width, channel] of pictures in uint8 or in floats of 0 to 1, channels first or last."""
    values = host(values)
    if values.ndim == 4 and values.shape[1] in (1, 3) and values.shape[3] not in (1, 3):
        values = values.transpose(0, 2, 3, 1)
    if values.ndim not in (3, 4) or len(values) != rows or values.ndim == 4 and values.shape[3] not in (1, 3):
        raise RecordingError(f"pictures have the shape {inwords(values.shape)}; they need one a row, with 1 or 3 channels.")
    if values.dtype == np.uint8:
        return values
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise RecordingError(
            f"pictures go from {values.min():.4g} to {values.max():.4g}; they need to be uint8, or floats from 0 to 1. "
            "If they were normalised, undo it: pictures * std + mean.")
    return np.floor(values.astype(np.float64) * 255 + 0.5).astype(np.uint8)


def checksum(batch):
    """Of the inputs and labels of a batch, to know it again."""
    total = 0
    for leaf in leaves({key: batch.get(key) for key in ("inputs", "labels")}):
        leaf = np.ascontiguousarray(host(leaf))
        content = leaf.view(np.uint8).reshape(-1) if leaf.dtype.kind in "biufc" else repr(leaf.tolist()).encode()
        total = zlib.crc32(content, zlib.crc32(repr(leaf.shape).encode(), total))
    return total


def cast(values, dtype):
    """Values as they are stored; of bfloat16 the bits."""
    if dtype == "bfloat16":
        return to_bfloat16(values)
    with np.errstate(over="ignore"):
        return values.astype(dtype, copy=False)


class Layer:
    """A layer's output for a batch. `values` [row, …] on the host; `dtype` as the network has it; `axes` letters, `N` first."""

    def __init__(self, values, axes, dtype=None):
        self.values, self.axes, self.dtype = values, axes, dtype or str(values.dtype)


class Recorder:
    """Records with `forward(inputs) -> {name: Layer}`, the only thing that knows the framework."""

    def __init__(self, path, forward, *, about, dtype=None, scores=None, class_names=None, instances=None, compression="lz4", reduce=None, total=None):
        for value in dtype.values() if isinstance(dtype, dict) else [dtype]:
            if value not in DTYPES:
                raise RecordingError(f"dtype is {value!r}; it may be float16, bfloat16, float32 or float64, or such by pattern of layers.")
        for value in reduce.values() if isinstance(reduce, dict) else [reduce]:
            if value not in REDUCTIONS:
                raise RecordingError(f"reduce is {value!r}; it may be flatten, max, mean or samples, or such by pattern of layers.")
        self.forward, self.dtype, self.scores = forward, dtype, scores
        self.class_names, self.instances = class_names, instances
        self.total, self.reduce = total, reduce
        if instances is not None and not isinstance(instances, dict) and total is not None:
            for row in instances:
                if not 0 <= row < total:
                    raise RecordingError(f"instances names the row {row}, and the data have the rows 0 to {total - 1}.")
        self.overflowed = {}
        options = {"dtype": dtype, "scores": scores, "class_names": list(class_names) if class_names is not None else None, "compression": compression}
        self.dump = Dump(path, json.loads(json.dumps({**about, **options}, default=str)), compression)

    def run(self, batches, unpack):
        """Records all batches, or those that an earlier run did not."""
        try:
            with Progress(self.total, self.dump.resumed) as progress:
                done = list(self.dump.batches)
                for number, raw in enumerate(batches):
                    batch = unpacked(raw, unpack)
                    mark = checksum(batch)
                    if number < len(done):
                        if mark != done[number][1]:
                            raise RecordingError(
                                f"Batch {number} is not the one that was recorded as such before: the data come in another order, or are changed by "
                                f"chance on the way. Make them the same every time, or remove {self.dump.folder} to start over.")
                        continue
                    self._one(batch, mark)
                    progress.at(self.dump.rows, self.dump.path.name)
                if self.dump.rows == 0:
                    raise RecordingError("There was no batch to record.")
                if self.total is not None and self.dump.rows != self.total:
                    warnings.warn(f"{self.dump.rows:,} rows were recorded, and {self.total:,} were expected.", stacklevel=4)
            self.dump.finish(self.job())
        except BaseException as error:
            kept = self.dump.leave()
            if isinstance(error, Exception) and is_full(error):
                raise RecordingError(
                    f"There is no room left for {self.dump.path}. {kept:,} rows are kept: make room and record again, it goes on from there.") from error
            raise
        for name, count in self.overflowed.items():
            warnings.warn(f"{name}: {count:,} values are beyond {self._dtype_of(name)} and were recorded as infinite.", stacklevel=4)
        return self.dump.path

    def _dtype_of(self, name):
        return next(s["dtype"] for s in self.specs if s["path"] == f"activations/{name}")

    @property
    def specs(self):
        return [stream.spec for stream in self.dump.streams.values()]

    def _one(self, batch, mark):
        layers = self.forward(batch["inputs"])
        rows = len(next(iter(layers.values())).values)
        beside = {}
        if batch.get("pictures") is not None:
            beside["pictures"] = as_pictures(batch["pictures"], rows)
        if batch.get("mask") is not None:
            beside["mask"] = (host(batch["mask"]) != 0).astype(np.uint8)
        columns = {key: as_column(key, batch[key], rows) for key in ("labels", "texts") if batch.get(key) is not None}
        self._check_names(columns.get("labels", []))
        columns.update({f"columns/{key}": as_column(key, values, rows) for key, values in (batch.get("columns") or {}).items()})
        if self.scores is not None:
            columns["predictions"] = self._scores(layers).argmax(1).tolist()
        if not self.dump.is_begun:
            self._begin(layers, beside)
        values = {f"activations/{name}": self._cast(name, layer.values) for name, layer in layers.items()}
        values.update(beside)
        expected = list(self.dump.streams)
        if sorted(values) != sorted(expected):
            odd = sorted(set(values) ^ set(expected))
            raise RecordingError(f"Not every batch has the same: {', '.join(odd[:5])}.")
        for path, one in values.items():
            if len(one) != rows:
                raise RecordingError(f"{path} has {len(one)} rows in a batch of {rows}.")
        self.dump.append(values, columns, mark)

    def _check_names(self, labels):
        for row, label in enumerate(labels if self.class_names is not None else []):
            if isinstance(label, int) and label >= len(self.class_names):
                raise RecordingError(
                    f"Row {self.dump.rows + row} has the label {label}, and class_names has {len(self.class_names)} names, for the labels 0 to "
                    f"{len(self.class_names) - 1}. Name every class.")

    def _scores(self, layers):
        if self.scores not in layers:
            raise RecordingError(f"scores is {self.scores!r}, which is not among the layers that are recorded: {', '.join(list(layers)[:12])}.")
        values = layers[self.scores].values
        if values.ndim != 2:
            raise RecordingError(f"{self.scores} has the shape {inwords(values.shape)}; scores are [row, class].")
        return values

    def _cast(self, name, values):
        """The values of a layer as they are stored; what becomes infinite by that is told."""
        dtype = self.dump.streams[f"activations/{name}"].dtype if f"activations/{name}" in self.dump.streams else str(values.dtype)
        stored = cast(values, dtype)
        if values.dtype.kind != "f" or dtype == str(values.dtype):
            return stored
        infinite = (stored & 0x7FFF) == 0x7F80 if dtype == "bfloat16" else np.isinf(stored)
        lost = int(np.count_nonzero(infinite & np.isfinite(values))) if infinite.any() else 0
        if lost:
            if name not in self.overflowed:
                most = np.abs(values[np.isfinite(values)]).max()
                warnings.warn(
                    f"{name} goes up to {most:.4g}, beyond {dtype}: such values are recorded as infinite. "
                    f"Record it as dtype={{'{name}': 'float32'}}, or 'bfloat16'.", stacklevel=6)
            self.overflowed[name] = self.overflowed.get(name, 0) + lost
        return stored

    def _begin(self, layers, beside):
        specs = []
        for name, layer in layers.items():
            kept = layer.dtype if layer.values.dtype.kind == "f" else str(layer.values.dtype)
            dtype = setting(self.dtype, name, None) or kept if layer.values.dtype.kind == "f" else kept
            specs.append({"path": f"activations/{name}", "shape": layer.values.shape[1:], "dtype": dtype, "axes": layer.axes})
        specs += [{"path": path, "shape": values.shape[1:], "dtype": "uint8"} for path, values in beside.items()]
        for spec in specs:
            spec["rows_max"] = max(1, self.total or CHUNK_ROWS_MAX)
        self._warn_of_room(specs)
        self.dump.begin(json.loads(json.dumps(specs)), self._beside(specs))

    def _warn_of_room(self, specs):
        if self.total is None:
            return
        size = {"bfloat16": 2}
        row = sum(int(np.prod(s["shape"], dtype=np.int64)) * (size.get(s["dtype"]) or np.dtype(s["dtype"]).itemsize) for s in specs)
        free = shutil.disk_usage(self.dump.folder).free
        if row * self.total > free:
            warnings.warn(f"The dump takes up to {row * self.total / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are free; compressed it may fit.", stacklevel=6)

    def _beside(self, specs):
        """Writes class names and instances, which do not grow."""
        kinds = {}
        if isinstance(self.instances, dict):
            for kind, given in self.instances.items():
                batch = unpacked(given, None)
                kinds[kind] = (batch, self.forward(batch["inputs"]))

        def write(file):
            file.attrs["recorder"] = "neural_divergence"
            if self.class_names is not None:
                file.create_dataset("class_names", data=list(map(str, self.class_names)), dtype=h5py.string_dtype())
            for kind, (batch, layers) in kinds.items():
                rows = len(next(iter(layers.values())).values)
                for spec in specs:
                    name = spec["path"].removeprefix("activations/")
                    if name in layers:
                        values, place = cast(layers[name].values, spec["dtype"]), f"instances/{kind}/{spec['path']}"
                        write_rows(create(file, place, values.shape[1:], spec["dtype"], rows, None, spec["axes"]), 0, values, spec["dtype"])
                if batch.get("pictures") is not None:
                    file[f"instances/{kind}/images"] = as_pictures(batch["pictures"], rows)
                if batch.get("texts") is not None:
                    file.create_dataset(f"instances/{kind}/texts", data=as_column("texts", batch["texts"], rows), dtype=h5py.string_dtype())
                if batch.get("labels") is not None and "instances/true_label" not in file:
                    labels = as_column("labels", batch["labels"], rows)
                    file.create_dataset("instances/true_label", data=labels, dtype=h5py.string_dtype() if isinstance(labels[0], str) else None)
                if self.scores is not None:
                    file[f"instances/{kind}_prediction"] = self._scores(layers).argmax(1)

        return write

    def job(self):
        """The text of the job for this dump: with it, nothing is guessed."""
        quoted = lambda text: json.dumps(text, ensure_ascii=False)  # noqa: E731  JSON is YAML
        name = re.sub(r"[^A-Za-z0-9._-]", "-", self.dump.path.stem).lstrip("._-")[:100] or "dump"
        lines = [
            "# Written when the dump was recorded; all keys: Jobs/README.md", f"name: {quoted(name)}", f"dumps: [{quoted(self.dump.path.name)}]",
            "layers:  # reduce: flatten, max, mean or samples",
        ]  # fmt: skip
        for spec in self.specs:
            if spec["path"].startswith("activations/"):
                layer = quoted(spec["path"].removeprefix("activations/"))
                lines.append(f"  - {{ name: {layer}, dataset: {quoted(spec['path'])}, axes: {spec['axes']}, reduce: {self._reduced(spec)} }}")
        columns = self.dump.columns()
        there = {*columns, *self.dump.streams}
        lines += [f"{key}: {key if key in there else 'false'}" for key in ("labels", "predictions")]
        lines += [f"{key}: {key}" for key in ("pictures", "texts", "mask") if key in there]
        if self.scores is not None:
            lines.append(f"scores: {quoted(f'activations/{self.scores}')}")
        if self.class_names is not None:
            lines.append("class_names: class_names")
        named = [name for name in columns if name.startswith("columns/")]
        if named:
            lines.append(f"columns: [{', '.join(map(quoted, named))}]")
        if isinstance(self.instances, dict):
            lines.append("instances: instances")
        elif self.instances is not None:
            lines.append(f"instances: {{ rows: {list(map(int, self.instances))} }}")
        return "\n".join(lines) + "\n"

    def _reduced(self, spec):
        """What the job says of a layer's positions: where there is a mask of them, each that counts is a sample."""
        said = setting(self.reduce, spec["path"].removeprefix("activations/"), None)
        mask = self.dump.streams.get("mask")
        positions = tuple(extent for letter, extent in zip(spec["axes"][1:], spec["shape"]) if letter in "HWTSLP")
        return (said or ("samples" if mask and positions == mask.shape else None) if positions else None) or "flatten"


BY_CHANCE = {"RandomSampler", "SubsetRandomSampler", "WeightedRandomSampler"}  # of PyTorch, whose loaders are given to other frameworks, too


def check_batches(batches):
    """Refuses what makes no batches, and a loader that says, itself or by its samplers, that it shuffles."""
    of_torch = any(kind.__module__.startswith("torch.utils.data") for kind in type(batches).__mro__)
    if of_torch and not hasattr(batches, "__iter__"):
        raise RecordingError("This is a data set, and no batches of it. Make them: DataLoader(data, batch_size=64).")
    pair = [getattr(one, "shape", ()) for one in batches] if isinstance(batches, tuple) else []
    if hasattr(batches, "shape") or len(pair) == 2 and len(pair[0]) > len(pair[1]) == 1 and pair[0][0] == pair[1][0]:
        raise RecordingError("These are whole arrays, and no batches of them. Make them: neural_divergence.Batches(64, inputs=…, labels=…).")
    within = getattr(batches, "batch_sampler", None)
    for one in (batches, getattr(batches, "sampler", None), within, getattr(within, "sampler", None)):
        if BY_CHANCE & {kind.__name__ for kind in type(one).__mro__} or getattr(one, "shuffle", False) is True:
            raise RecordingError(
                "The loader shuffles: row 17 of the dump would be another input every time. Make one that does not; of PyTorch: "
                "DataLoader(loader.dataset, batch_size=loader.batch_size, shuffle=False).")


def row_count(batches):
    """How many rows there will be, if that can be known."""
    if isinstance(batches, Batches):
        return batches.rows
    try:
        return len(batches.dataset)
    except (AttributeError, TypeError):
        return None


