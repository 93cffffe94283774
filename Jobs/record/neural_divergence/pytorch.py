"""Recording a PyTorch model.

    from neural_divergence.pytorch import record
    record(model, loader, "night.h5", layers=["layer*", "fc"], scores="fc", class_names=names)
"""

import zlib

import torch
from torch import nn

from .names import chosen, insisted
from .outputs import LAST, Outputs
from .recording import Recorder, leaves, check_batches, row_count

CHANNELS_FIRST = ("Conv", "BatchNorm", "InstanceNorm", "GroupNorm", "MaxPool", "AvgPool", "AdaptiveMaxPool", "AdaptiveAvgPool", "Upsample")
FEATURES_LAST = ("Linear", "LayerNorm", "RMSNorm", "Embedding", "MultiheadAttention", "LSTM", "GRU", "RNN")
AXES = {True: {**LAST, 3: "NCT", 4: "NCHW", 5: "NCTHW"}, False: LAST}


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
    check_batches(batches)
    model = unwrapped(model)
    named = {name: module for name, module in model.named_modules() if name}
    wanted = chosen(layers, scores, list(named))
    runner = Runner(model, {name: named.get(name, model) for name in wanted}, insisted(layers, scores), axes)
    about = {"framework": "pytorch", "layers": wanted, "weights": weights(model), "axes": axes}
    with runner:
        return Recorder(
            path, runner.forward, about=about, dtype=dtype, scores=scores, class_names=class_names, instances=instances,
            compression=compression, reduce=reduce, total=row_count(batches),
        ).run(batches, unpack)  # fmt: skip


def unwrapped(model):
    """Without what torch.compile and training in parallel put around it: names are those of the network, and its layers can be heard."""
    while True:
        parallel = isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel))
        inner = model.module if parallel else getattr(model, "_orig_mod", None)
        if inner is None:
            return model
        model = inner


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


def to_numpy(tensor):
    """Values, and the name of their type; bfloat16, which NumPy lacks, as float32."""
    values = host(tensor)
    return (values.float() if values.dtype == torch.bfloat16 else values).numpy(), str(tensor.dtype).removeprefix("torch.")


class Runner:
    """The model in a state in which `forward` gives its layers: in evaluation, with hooks. Left as it was found."""

    def __init__(self, model, wanted, insisted, axes):
        self.model, self.wanted = model, wanted
        self.outputs = Outputs(axes, insisted, lambda value: isinstance(value, torch.Tensor), to_numpy)
        self.names = [name for name, _ in model.named_modules()]

    def __enter__(self):
        self.training = {module: module.training for module in self.model.modules()}
        self.model.eval()
        self.hooks = [
            module.register_forward_hook(lambda _, __, output, name=name: self.outputs.take(name, output)) for name, module in self.wanted.items()
        ]
        self.device = next(self.model.parameters(), next(self.model.buffers(), torch.empty(0))).device
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()
        for module, training in self.training.items():
            module.training = training

    def forward(self, inputs):
        """`inputs` a tensor, a tuple of them for as many arguments, or a dict by argument. Returns `{name: Layer}`."""
        self.outputs.begin()
        moved = moved_to(self.device, inputs)
        with torch.inference_mode():
            if hasattr(moved, "keys"):
                self.model(**moved)
            elif isinstance(moved, tuple):
                self.model(*moved)
            else:
                self.model(moved)
        return self.outputs.layers(self.wanted, len(leaves(inputs)[0]), self.letters, self.row_axis)

    def row_axis(self, name, values):
        module = self.wanted[name]
        return 1 if isinstance(module, nn.RNNBase) and not module.batch_first and values.ndim == 3 else 0

    def letters(self, key, name, values):
        """By what kind of layer made it: the last one inside it, or else, as for an activation function, the one before it in the model."""
        if values.ndim < 3:
            return LAST[values.ndim]
        place = self.names.index(name) if name in self.names else len(self.names)
        inside = [is_channels_first(module) for module in self.wanted[name].modules()]
        before = [is_channels_first(module) for _, module in list(self.model.named_modules())[:place]]
        known = [kind for kind in before + inside if kind is not None]
        found = AXES[known[-1] if known else values.ndim > 3].get(values.ndim)
        if found and (not known or values.ndim > 3 and not known[-1] and not any(kind is not None for kind in inside)):
            self.outputs.warn(key, f"{key} puts out {values.shape}; its axes are taken to be {found}. If they are not, say axes={{'{key}': …}}.")
        return found


def is_channels_first(module):
    """Whether channels come right after the rows in what this kind of layer puts out; None: its kind does not say."""
    name = type(module).__name__
    return True if name.startswith(CHANNELS_FIRST) else False if name.startswith(FEATURES_LAST) else None


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
