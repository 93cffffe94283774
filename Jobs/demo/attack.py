"""One-pixel attacks (Su, Vargas and Sakurai, 2019), found by trying every place with every grey value.

The paper searches by differential evolution because its pictures are larger and in colour; with 784 places and three
grey values there are 2,352 candidates a picture, and all of them are tried.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from network import forward

GREYS = (0, 128, 255)
SIDE = 28
PLACES = SIDE * SIDE


@dataclass(frozen=True)
class Attack:
    """One test picture and the single pixel that makes the network name another class."""

    row: int  # of the test picture, in the data set's order
    label: int  # its true class, which the network names for the untouched picture
    prediction: int  # the class named for the attacked picture
    place: tuple  # (row, column) of the pixel
    old: int  # its grey value before
    new: int  # and after
    benign_confidence: float  # the network's probability of the true class, untouched picture
    attacked_confidence: float  # its probability of the false class, attacked picture


@jax.jit
def probabilities_everywhere(parameters, image, grey):
    """Class probabilities [place, class] of one image [28, 28] with `grey` put at each of its 784 places."""
    masks = jnp.eye(PLACES, dtype=bool).reshape(PLACES, SIDE, SIDE)
    images = jnp.where(masks, grey, image[None])
    return jax.nn.softmax(forward(parameters, images)["logits"])


def search(parameters, image, label):
    """Tries every place and grey of one image uint8 [28, 28] that the network gets right.

    Returns (place, grey, prediction, confidence) of the flip with the highest probability of a false class, or None
    when no single pixel flips the prediction.
    """
    best = None
    for grey in GREYS:
        chances = np.array(probabilities_everywhere(parameters, image, np.uint8(grey)))
        flips = (chances.argmax(1) != label) & (image.reshape(-1) != grey)
        chances[:, label] = 0
        confidences = np.where(flips, chances.max(1), 0)
        place = int(confidences.argmax())
        if flips[place] and (best is None or confidences[place] > best[3]):
            best = (place, grey, int(chances[place].argmax()), float(confidences[place]))
    return best


def find(parameters, images, labels, chances, rows):
    """Attacks on the given rows of the test set.

    images: uint8 [row, 28, 28], labels: [row], chances: [row, class] the network's probabilities for the untouched
    images, rows: which to try. Returns a list of `Attack`, in the order of `rows`, without those that withstood.
    """
    found = []
    for row in rows:
        label = int(labels[row])
        best = search(parameters, images[row], label)
        if best is None:
            continue
        place, grey, prediction, confidence = best
        y, x = divmod(place, SIDE)
        found.append(
            Attack(
                row=int(row),
                label=label,
                prediction=prediction,
                place=(y, x),
                old=int(images[row, y, x]),
                new=grey,
                benign_confidence=float(chances[row, label]),
                attacked_confidence=confidence,
            )
        )
    return found


def margins(chances, labels):
    """How far the true class leads the best other one, as probabilities: [row], negative when mistaken."""
    rows = np.arange(len(labels))
    others = chances.copy()
    others[rows, labels] = 0
    return chances[rows, labels] - others.max(1)


def apply(attack, image):
    """A copy of the image [28, 28] with the attack's pixel changed."""
    attacked = image.copy()
    attacked[attack.place] = attack.new
    return attacked
