"""Recording a PyTorch model.

    from neural_divergence.pytorch import record
    record(model, loader, "night.h5", layers=["layer*", "fc"], scores="fc", class_names=names)
"""

import warnings
import zlib

import torch
from torch import nn

from .names import RecordingError, chosen, setting
from .recording import Layer, Recorder, leaves, row_count

CHANNELS_FIRST = ("Conv", "BatchNorm", "InstanceNorm", "GroupNorm", "MaxPool", "AvgPool", "AdaptiveMaxPool", "AdaptiveAvgPool", "Upsample")
FEATURES_LAST = ("Linear", "LayerNorm", "RMSNorm", "Embedding", "MultiheadAttention", "LSTM", "GRU", "RNN")
AXES = {True: {2: "NU", 3: "NCT", 4: "NCHW", 5: "NCTHW"}, False: {2: "NU", 3: "NTD", 4: "NHWC", 5: "NTHWC"}}


def record(
    model, batches, path, layers="*", *, unpack=None, scores=None, class_names=None, instances=None, dtype=None, axes=None,
    reduce=None, compression="lz4",
):  # fmt: skip
    """Runs `model` over `batches` and writes what its layers put out to the dump `path`, with a job beside it.

    - batches: a DataLoader that does not shuffle, or anything that yields batches: inputs, `(inputs, labels)`, a dict of inputs with
      `labels`, or a dict with `inputs` and any of `labels`, `pictures`, `texts`, `mask`, `columns`. Inputs may be a tensor, a tuple or a dict.
    - layers: patterns of names in `model.named_modules()`; `*` stands for a name without dots, `**` for any. `output` is what the model returns.
    - unpack: makes of a batch a dict as above.
    - scores: the layer `[row, class]` whose largest value is the prediction.
    - instances: row numbers, or `{"benign": batch, "attacked": batch}`, whose rows are pairs.
    - dtype: float16, bfloat16, float32, or such by pattern; by default as the layer has it.
    - axes: letters (Jobs/README.md) by pattern, where they cannot be known from the kind of layer.

    - reduce: what the job beside the dump says of positions, by pattern; by default `samples` where there is a mask of them, else `flatten`.

    Returns the path. A recording that was stopped goes on when it is called again. Raises `RecordingError`.
    """
    refuse_shuffling(batches)
    named = {name: module for name, module in model.named_modules() if name}
    wanted = chosen(layers, scores, list(named))
    runner = Runner(model, {name: named.get(name, model) for name in wanted}, axes)
    about = {"framework": "pytorch", "layers": wanted, "weights": weights(model), "axes": axes}
    with runner:
        return Recorder(
            path, runner.forward, about=about, dtype=dtype, scores=scores, class_names=class_names, instances=instances,
            compression=compression, reduce=reduce, total=row_count(batches),
        ).run(batches, unpack)  # fmt: skip


def refuse_shuffling(batches):
    sampler = getattr(batches, "sampler", None)
    if isinstance(batches, torch.utils.data.DataLoader) and isinstance(
        sampler, (torch.utils.data.RandomSampler, torch.utils.data.SubsetRandomSampler, torch.utils.data.WeightedRandomSampler)
    ):
        raise RecordingError(
            "The loader shuffles: row 17 of the dump would be another input every time. Make one that does not: "
            "DataLoader(loader.dataset, batch_size=loader.batch_size, shuffle=False).")


def weights(model):
    """A checksum of the parameters and buffers, so that a recording does not go on with another model."""
    total = 0
    for name, value in model.state_dict().items():
        if isinstance(value, torch.Tensor):
            total = zlib.crc32(name.encode(), total)
            total = zlib.crc32(host(value.contiguous().reshape(-1)).view(torch.uint8).numpy(), total)
    return total


def host(tensor):
    """A copy on the host: what is not copied at once, layers that work in place change."""
    return tensor.detach().to("cpu", copy=True)


class Runner:
    """The model in a state in which `forward` gives its layers: in evaluation, with hooks. Left as it was found."""

    def __init__(self, model, wanted, axes):
        self.model, self.wanted, self.axes = model, wanted, axes
        self.warned = set()

    def __enter__(self):
        self.training = {module: module.training for module in self.model.modules()}
        self.model.eval()
        self.hooks = [
            module.register_forward_hook(lambda _, __, output, name=name: self.take(name, output)) for name, module in self.wanted.items()
        ]
        first = next(self.model.parameters(), next(self.model.buffers(), torch.empty(0)))
        self.device = first.device
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()
        for module, training in self.training.items():
            module.training = training

    def take(self, name, output):
        calls = self.calls[name] = self.calls.get(name, 0) + 1
        for place, tensor in tensors(output):
            key = name + place + (f"#{calls}" if calls > 1 else "")
            self.found[key] = (name, tensor.dtype, host(tensor))

    def forward(self, inputs):
        """`inputs` a tensor, a tuple of them for as many arguments, or a dict by argument. Returns `{name: Layer}`."""
        self.found, self.calls = {}, {}
        moved = moved_to(self.device, inputs)
        rows = len(leaves(inputs)[0])
        with torch.inference_mode():
            if hasattr(moved, "keys"):
                self.model(**moved)
            elif isinstance(moved, (tuple, list)):
                self.model(*moved)
            else:
                self.model(moved)
        layers = {}
        for key, (name, dtype, tensor) in self.found.items():
            layer = self.layer(key, name, dtype, tensor, rows)
            if layer is not None:
                layers[key] = layer
        silent = [name for name in self.wanted if not any(found[0] == name for found in self.found.values())]
        if silent:
            raise RecordingError(f"Not called by the model, or without a tensor: {', '.join(silent[:5])}. Leave such layers out of layers=.")
        if not layers:
            raise RecordingError("No layer has a row for each input.")
        return layers

    def layer(self, key, name, dtype, tensor, rows):
        said = setting(self.axes, key, None)
        if said and (len(said) != tensor.ndim or "N" not in said):
            raise RecordingError(f"axes of {key} are {said!r}, and it puts out {tuple(tensor.shape)}: one letter an axis, N for the rows.")
        at = said.index("N") if said else self.row_axis(name, tensor)
        if tensor.ndim < 2 and not (tensor.ndim == 1 and len(tensor) == rows) or tensor.shape[at] != rows:
            if said or key == name:
                raise RecordingError(
                    f"{key} puts out {tuple(tensor.shape)} for {rows} rows: which axis counts the rows? Leave it out of layers=, or say "
                    f"axes={{'{key}': 'TND'}}, with N for the rows.")
            self.warn(key, f"{key}, of shape {tuple(tensor.shape)}, is left out: it has no row for each input.")
            return None
        tensor = tensor.movedim(at, 0)
        letters = "N" + said.replace("N", "") if said else self.letters(key, name, tensor)
        values = tensor.float() if dtype == torch.bfloat16 else tensor
        return Layer(values.numpy(), letters, str(dtype).removeprefix("torch."))

    def row_axis(self, name, tensor):
        module = self.wanted[name]
        return 1 if isinstance(module, nn.RNNBase) and not module.batch_first and tensor.ndim == 3 else 0

    def letters(self, key, name, tensor):
        if tensor.ndim < 3:
            return "NU"[: tensor.ndim]
        # What kind of layer made it: the last one inside it, or else, as for an activation function, the one before it in the model.
        names = [other for other, _ in self.model.named_modules()]
        place = names.index(name) if name in names else len(names)
        inside = [is_channels_first(module) for module in self.wanted[name].modules()]
        before = [is_channels_first(module) for _, module in list(self.model.named_modules())[:place]]
        known = [kind for kind in before + inside if kind is not None]
        first = AXES[known[-1] if known else tensor.ndim > 3].get(tensor.ndim)
        is_guess = not known or tensor.ndim > 3 and not known[-1] and not any(kind is not None for kind in inside)
        if first and is_guess:
            self.warn(key, f"{key} puts out {tuple(tensor.shape)}; its axes are taken to be {first}. If they are not, say axes={{'{key}': …}}.")
        if first is None:
            raise RecordingError(f"{key} puts out {tuple(tensor.shape)}: say what its axes are, as in axes={{'{key}': 'NTHWC'}}.")
        return first

    def warn(self, key, words):
        if key not in self.warned:
            self.warned.add(key)
            warnings.warn(words, stacklevel=8)


def is_channels_first(module):
    """Whether channels come right after the rows in what this kind of layer puts out; None: its kind does not say."""
    name = type(module).__name__
    return True if name.startswith(CHANNELS_FIRST) else False if name.startswith(FEATURES_LAST) else None


def tensors(output):
    """The tensors in what a layer puts out, each with its place: none for a single one, `[0]`, `[last_hidden_state]`."""
    if isinstance(output, torch.Tensor):
        return [("", output)]
    items = output.items() if hasattr(output, "items") else enumerate(output) if isinstance(output, (tuple, list)) else []
    found = [(f"[{key}]{place}", tensor) for key, value in items for place, tensor in tensors(value)]
    return [("", found[0][1])] if len(found) == 1 else found


def moved_to(device, inputs):
    if isinstance(inputs, torch.Tensor):
        return inputs.to(device)
    if hasattr(inputs, "items"):
        return {key: moved_to(device, value) for key, value in inputs.items()}
    if isinstance(inputs, (tuple, list)):
        return tuple(moved_to(device, value) for value in inputs)
    if hasattr(inputs, "__array__"):
        return torch.as_tensor(inputs).to(device)
    return inputs
