"""Recording a network in JAX: a module of Flax (Linen or NNX), or any function that returns its layers by name.

    from neural_divergence.jax import record
    record(model, batches, "night.h5", variables=variables, layers=["Conv_*", "Dense_*"], scores="Dense_1")
"""

import zlib

import jax
import numpy as np

from .names import RecordingError, chosen, insisted
from .outputs import LAST, Outputs
from .recording import Recorder, leaves, check_batches, row_count


def record(
    model, batches, path, layers="*", *, variables=None, arguments=None, unpack=None, scores=None, class_names=None, instances=None,
    dtype=None, axes=None, reduce=None, compression="lz4",
):  # fmt: skip
    """Runs `model` over `batches` and writes what its layers put out to the dump `path`, with a job beside it.

    As `neural_divergence.pytorch.record`, but for:

    - model: a Linen module with its `variables`, an NNX module, or a function `inputs -> {name: array}` or `-> (output, {name: array})`.
    - arguments: what the module is called with besides, such as `{"train": False}`. NNX modules are put into evaluation by `nnx.view`.

    Names are those of the modules, with dots: `Block_0.Dense_1`. What the model returns is `output`.
    """
    check_batches(batches)
    call, weights = traced(model, variables, arguments or {})
    runner = Runner(call, layers, scores, axes)
    about = {"framework": "jax", "layers": layers, "weights": weights, "axes": axes}
    return Recorder(
        path, runner.forward, about=about, dtype=dtype, scores=scores, class_names=class_names, instances=instances,
        compression=compression, reduce=reduce, total=row_count(batches),
    ).run(batches, unpack)  # fmt: skip


def traced(model, variables, named):
    """A pure function of inputs that returns `{name: outputs, a tuple of one for each call}`, and a checksum of the weights."""
    try:
        from flax import linen, nnx
    except ImportError:
        linen = nnx = None
    if linen is not None and isinstance(model, linen.Module):
        if variables is None:
            raise RecordingError("A module of Flax Linen needs its variables: record(model, …, variables=variables).")

        def call(variables, arguments):
            _, state = model.apply(variables, *arguments, **named, capture_intermediates=True, mutable=["intermediates"])
            return flattened(state["intermediates"])

        return (call, variables), checksum(variables)
    if nnx is not None and isinstance(model, nnx.Module):
        graph, state = nnx.split(nnx.view(model, deterministic=True, use_running_average=True, raise_if_not_found=False))

        def call(state, arguments):
            _, found = nnx.capture(nnx.merge(graph, state), nnx.Intermediate, method_outputs=nnx.Intermediate)(*arguments, **named)
            return flattened(nnx.to_pure_dict(found))

        return (call, state), checksum(nnx.to_pure_dict(state))
    if not callable(model):
        raise RecordingError(f"The model is a {type(model).__name__}; it may be a module of Flax, or a function that returns its layers by name.")

    def call(_, arguments):
        found = model(*arguments, **named)
        output, found = found if isinstance(found, tuple) else (None, found)
        return {name: (value,) for name, value in {**found, **({} if output is None else {"output": output})}.items()}

    return (call, None), 0


def flattened(tree, prefix=""):
    """`{"Block_0.Dense_1": outputs}` of what Flax keeps of calls, which is by module and method."""
    found = {}
    for name, value in tree.items():
        if name == "__call__":
            found[prefix.removesuffix(".") or "output"] = value if isinstance(value, tuple) else (value,)
        elif isinstance(value, dict):
            found.update(flattened(value, f"{prefix}{name}."))
    return found


def checksum(tree):
    total = 0
    for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
        if hasattr(leaf, "dtype") and not jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            total = zlib.crc32(np.ascontiguousarray(leaf).tobytes(), zlib.crc32(jax.tree_util.keystr(path).encode(), total))
    return total


def to_numpy(array):
    """Values, and the name of their type; bfloat16, which NumPy lacks, as float32."""
    return np.asarray(array.astype("float32") if array.dtype == "bfloat16" else array), str(array.dtype)


class Runner:
    """The network compiled so that it computes the layers that are wanted, and no others."""

    def __init__(self, traced, layers, scores, axes):
        (self.call, self.weights), self.layers, self.scores = traced, layers, scores
        self.outputs = Outputs(axes, insisted(layers, scores), lambda value: isinstance(value, (jax.Array, np.ndarray)), to_numpy)
        self.compiled = None

    def forward(self, inputs):
        """`inputs` an array, a tuple of them for as many arguments, or a dict for one. Returns `{name: Layer}`."""
        arguments = inputs if isinstance(inputs, tuple) else (inputs,)
        arguments = jax.tree.map(np.asarray, arguments)
        if self.compiled is None:
            names = list(jax.eval_shape(self.call, self.weights, arguments))
            self.wanted = chosen(self.layers, self.scores, [name for name in names if name != "output"])
            self.compiled = jax.jit(lambda weights, arguments: [self.call(weights, arguments).get(name, ()) for name in self.wanted])
        self.outputs.begin()
        for name, calls in zip(self.wanted, self.compiled(self.weights, arguments)):
            for output in calls:
                self.outputs.take(name, output)
        return self.outputs.layers(self.wanted, len(leaves(inputs)[0]), lambda key, name, values: LAST.get(values.ndim))
