"""Fashion-MNIST: 70,000 real pictures of clothes, as Debian packages them (MIT licence, Zalando SE)."""

import gzip
from pathlib import Path

import numpy as np

PACKAGE = "dataset-fashion-mnist"
PLACE = Path("/usr/share/datasets/fashion-mnist")

CLASS_NAMES = [
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
]

IMAGES_MAGIC = 0x00000803  # unsigned bytes, three dimensions
LABELS_MAGIC = 0x00000801  # unsigned bytes, one dimension


class MissingData(Exception):
    """The package's files are not on this machine."""


def load(part, place=PLACE):
    """One part of the data set.

    part: "train" (60,000 pictures) or "t10k" (10,000).
    Returns images uint8 [row, 28, 28] and labels uint8 [row].
    """
    images = read_idx(place / f"{part}-images-idx3-ubyte.gz", IMAGES_MAGIC)
    labels = read_idx(place / f"{part}-labels-idx1-ubyte.gz", LABELS_MAGIC)
    if len(images) != len(labels):
        raise ValueError(f"{place}: {len(images)} images but {len(labels)} labels in {part}")
    return images, labels


def read_idx(path, magic):
    """A gzipped IDX file of bytes: big-endian magic, one size per dimension, then the bytes."""
    try:
        content = gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise MissingData(
            f"{path} is not there. The pictures come with the Debian and Ubuntu package {PACKAGE}. "
            f"Install it with:  sudo apt-get install {PACKAGE}"
        ) from None
    found = int.from_bytes(content[:4], "big")
    if found != magic:
        raise ValueError(f"{path}: not the expected IDX file (magic {found:#010x}, expected {magic:#010x})")
    dimensions = magic & 0xFF
    shape = np.frombuffer(content, ">u4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
