"""A small VGG-like network in plain jax: two blocks of two convolutions, two dense layers, logits.

    conv_1 16, conv_2 16, pool, conv_3 32, conv_4 32, pool, dense_1 512, dense_2 512, logits 10

`parameters` is a dictionary: layer name -> (weights, bias).
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

CONVOLUTIONS = {"conv_1": 16, "conv_2": 16, "conv_3": 32, "conv_4": 32}
DENSE = {"dense_1": 512, "dense_2": 512, "logits": 10}
POOLED = {"conv_2", "conv_4"}
LAYERS = [*CONVOLUTIONS, *DENSE]

BATCH = 128
LEARNING_RATE = 1.5e-3
WARM_UP_STEPS = 100
DECAY_1, DECAY_2, EPSILON = 0.9, 0.999, 1e-8

FORWARD_ROWS = 256  # one size for every pass, so that a picture gives the same bits wherever it stands


def initialise(seed):
    """He-normal weights and zero biases: what Kaiming He et al. (2015) advise for ReLU."""
    key = jax.random.key(seed)
    shapes = {}
    channels = 1
    for name, width in CONVOLUTIONS.items():
        shapes[name] = (3, 3, channels, width)
        channels = width
    units = 7 * 7 * channels
    for name, width in DENSE.items():
        shapes[name] = (units, width)
        units = width
    parameters = {}
    for name, shape in shapes.items():
        key, own = jax.random.split(key)
        scale = np.sqrt(2 / np.prod(shape[:-1]))
        parameters[name] = (scale * jax.random.normal(own, shape), jnp.zeros(shape[-1]))
    return parameters


def forward(parameters, images):
    """Every layer's activations for uint8 images [row, 28, 28].

    Returns name -> float32: convolutions [row, height, width, channel] and dense layers [row, unit]
    after ReLU, and the raw logits [row, class].
    """
    x = images[..., None].astype(jnp.float32) / 255
    activations = {}
    for name in CONVOLUTIONS:
        weights, bias = parameters[name]
        x = lax.conv_general_dilated(x, weights, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = activations[name] = jax.nn.relu(x + bias)
        if name in POOLED:
            x = pool(x)
    x = x.reshape(len(x), -1)
    for name in DENSE:
        weights, bias = parameters[name]
        x = x @ weights + bias
        if name != "logits":
            x = jax.nn.relu(x)
        activations[name] = x
    return activations


def pool(x):
    """The maximum of each 2 x 2 square: [row, 2h, 2w, channel] -> [row, h, w, channel]."""
    rows, height, width, channels = x.shape
    return x.reshape(rows, height // 2, 2, width // 2, 2, channels).max((2, 4))


def logits_after(parameters, layer, activations):
    """Logits float32 [row, class] of rows with these activations [row, unit] in a dense layer."""
    x = activations
    later = list(DENSE)[list(DENSE).index(layer) + 1 :]
    for name in later:
        weights, bias = parameters[name]
        x = x @ weights + bias
        if name != later[-1]:
            x = jax.nn.relu(x)
    return np.asarray(x)


def loss(parameters, images, labels):
    """Mean cross-entropy."""
    logarithms = jax.nn.log_softmax(forward(parameters, images)["logits"])
    return -jnp.mean(jnp.take_along_axis(logarithms, labels[:, None], axis=1))


def learning_rate(step, steps):
    """A short linear rise, then a cosine fall to zero at the last step."""
    rise = jnp.minimum(1, (step + 1) / WARM_UP_STEPS)
    return LEARNING_RATE * rise * 0.5 * (1 + jnp.cos(jnp.pi * step / steps))


def train(images, labels, epochs, seed, report):
    """Adam (Kingma and Ba, 2015) over shuffled batches.

    images: uint8 [row, 28, 28], labels: uint8 [row], report: called with (step, steps, loss) now and then.
    Returns the parameters.
    """
    batches = len(images) // BATCH
    steps = epochs * batches

    @jax.jit
    def update(parameters, first, second, step, images, labels):
        cost, slope = jax.value_and_grad(loss)(parameters, images, labels)
        first = jax.tree.map(lambda m, g: DECAY_1 * m + (1 - DECAY_1) * g, first, slope)
        second = jax.tree.map(lambda v, g: DECAY_2 * v + (1 - DECAY_2) * g * g, second, slope)
        rate = learning_rate(step, steps)
        bias_1, bias_2 = 1 - DECAY_1 ** (step + 1), 1 - DECAY_2 ** (step + 1)
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * (m / bias_1) / (jnp.sqrt(v / bias_2) + EPSILON), parameters, first, second
        )
        return parameters, first, second, cost

    parameters = initialise(seed)
    first = jax.tree.map(jnp.zeros_like, parameters)
    second = jax.tree.map(jnp.zeros_like, parameters)
    shuffle = np.random.default_rng(seed)
    labels = labels.astype(np.int32)
    for epoch in range(epochs):
        order = shuffle.permutation(len(images))
        for batch in range(batches):
            step = epoch * batches + batch
            rows = order[batch * BATCH : (batch + 1) * BATCH]
            parameters, first, second, cost = update(
                parameters, first, second, jnp.float32(step), images[rows], labels[rows]
            )
            if (step + 1) % 100 == 0 or step + 1 == steps:
                report(step + 1, steps, float(cost))
    return parameters


def save(parameters, path):
    """Keeps the parameters as float16, 2 MB: LAYER/weights and LAYER/bias of a NumPy archive."""
    parts = {f"{name}/{part}": value for name, pair in parameters.items() for part, value in zip(("weights", "bias"), pair, strict=True)}
    np.savez_compressed(path, **{name: np.asarray(value, np.float16) for name, value in parts.items()})


def load(path):
    """The parameters that `save` kept, as float32."""
    with np.load(path) as kept:
        return {name: tuple(kept[f"{name}/{part}"].astype(np.float32) for part in ("weights", "bias")) for name in LAYERS}


forward_compiled = jax.jit(forward)


def activation_blocks(parameters, images):
    """Yields (first row, name -> float32 [row, ...]) for blocks of FORWARD_ROWS images."""
    for start in range(0, len(images), FORWARD_ROWS):
        block = images[start : start + FORWARD_ROWS]
        padding = FORWARD_ROWS - len(block)
        padded = np.pad(block, ((0, padding), (0, 0), (0, 0)))
        activations = forward_compiled(parameters, padded)
        yield start, {name: np.asarray(value)[: len(block)] for name, value in activations.items()}


def logits_of(parameters, images):
    """The logits alone: float32 [row, class]."""
    return np.concatenate([block["logits"] for _, block in activation_blocks(parameters, images)])
