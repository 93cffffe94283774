"""Recording a Keras 3 model, whatever its backend.

    from neural_divergence.keras import record
    record(model, batches, "night.h5", layers=["conv*", "dense*"], scores="dense_1", class_names=names)
"""

import contextlib
import inspect
import zlib

import keras
import numpy as np

from .names import chosen, insisted
from .outputs import LAST, Outputs
from .recording import Recorder, leaves, check_batches, row_count

FIRST = {**LAST, 3: "NCT", 4: "NCHW", 5: "NCTHW"}


def record(
    model, batches, path, layers="*", *, unpack=None, scores=None, class_names=None, instances=None, dtype=None, axes=None,
    reduce=None, compression="lz4",
):  # fmt: skip
    """Runs `model` over `batches` and writes what its layers put out to the dump `path`, with a job beside it.

    As `neural_divergence.pytorch.record`. Names of layers are those of Keras; of layers within layers, with dots: `block.dense`.
    """
    check_batches(batches)
    named = dict(walk(model))
    wanted = chosen(layers, scores, list(named))
    weights = 0
    for value in model.get_weights():
        weights = zlib.crc32(np.ascontiguousarray(value).tobytes(), weights)
    about = {"framework": "keras", "layers": wanted, "weights": weights, "axes": axes}
    with Runner(model, {name: named.get(name, model) for name in wanted}, insisted(layers, scores), axes) as runner:
        return Recorder(
            path, runner.forward, about=about, dtype=dtype, scores=scores, class_names=class_names, instances=instances,
            compression=compression, reduce=reduce, total=row_count(batches),
        ).run(batches, unpack)  # fmt: skip


def walk(layer, prefix=""):
    """All layers with their names, those within others after them."""
    for inner in layer._flatten_layers(include_self=False, recursive=False):
        if isinstance(inner, keras.layers.InputLayer):
            continue
        yield prefix + inner.name, inner
        yield from walk(inner, f"{prefix}{inner.name}.")


def to_numpy(tensor):
    """Values, and the name of their type; bfloat16, which NumPy lacks, as float32."""
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    tensor = keras.ops.cast(tensor, "float32") if dtype == "bfloat16" else tensor
    return np.array(keras.ops.convert_to_numpy(tensor)), dtype


class Runner:
    """The model with its layers listened to. Left as it was found."""

    def __init__(self, model, wanted, insisted, axes):
        self.model, self.wanted = model, wanted
        self.outputs = Outputs(axes, insisted, keras.ops.is_tensor, to_numpy)

    def __enter__(self):
        for name, layer in self.wanted.items():
            object.__setattr__(layer, "call", self.listening(name, layer.call))
        return self

    def listening(self, name, call):
        def listened(*arguments, **named):
            output = call(*arguments, **named)
            self.outputs.take(name, output)
            return output

        listened.__signature__ = inspect.signature(call)
        return listened

    def __exit__(self, *_):
        for layer in self.wanted.values():
            object.__delattr__(layer, "call")

    def forward(self, inputs):
        """`inputs` an array, a list or tuple of them, or a dict, as the model takes them. Returns `{name: Layer}`."""
        self.outputs.begin()
        with without_gradients():
            self.model(list(inputs) if isinstance(inputs, tuple) else inputs, training=False)
        return self.outputs.layers(self.wanted, len(leaves(inputs)[0]), self.letters)

    def letters(self, key, name, values):
        form = next((at for at in (getattr(l, "data_format", None) for l in [self.wanted[name], *self.wanted[name]._flatten_layers()]) if at), None)
        return (FIRST if (form or keras.config.image_data_format()) == "channels_first" and values.ndim > 3 else LAST).get(values.ndim)


def without_gradients():
    if keras.backend.backend() != "torch":
        return contextlib.nullcontext()
    import torch

    return torch.no_grad()
