"""What a store's table of rows should hold, computed from the dump's arrays with NumPy in the plainest way.

Nothing of the project is used.
"""

from fractions import Fraction

import numpy as np
import zarr

SIDE = 64
TEXT_BYTES = 16384
ABSENT = 2**32 - 1


def open_table(store):
    """The group `rows`, and its attributes."""
    group = zarr.open_group(str(store), mode="r")["rows"]
    return group, dict(group.attrs)


def column(group, attributes, name):
    """The values of a column as Python has them."""
    (entry,) = [c for c in attributes["columns"] if c["name"] == name]
    values = group[f"columns/{entry['id']}"][...]
    if entry["kind"] == "text":
        return [None if v == ABSENT else entry["values"][v] for v in values]
    return [bool(v) for v in values] if entry["kind"] == "boolean" else values.tolist()


def classes(group, attributes, name):
    return [None if v == ABSENT else attributes[name]["names"][v] for v in group[name][...]]


def texts(group, rows):
    content = group["texts/bytes"][...].tobytes() if "texts/bytes" in group else b""
    ends = [0, *group["texts/ends"][...].tolist()]
    return [content[ends[r]:ends[r + 1]].decode() for r in range(rows)]


def margins(scores):
    """Largest minus second largest, of float32 scores in float64."""
    scores = np.asarray(scores).astype(np.float32).astype(np.float64)
    if scores.shape[1] < 2:
        return np.full(len(scores), np.nan)
    with np.errstate(invalid="ignore"):
        ordered = np.sort(scores, axis=1)
        return np.where(np.isnan(scores).any(1), np.nan, ordered[:, -1] - ordered[:, -2])


def thumbnail(picture):
    """Of a picture [height, width, channel] in uint8: the mean of what each small pixel covers, rounded half up."""
    height, width = picture.shape[:2]
    longer = max(height, width)
    if longer <= SIDE:
        return picture
    small = [max(1, int(Fraction(side * SIDE, longer) + Fraction(1, 2))) for side in (height, width)]
    rows, columns = (cover(large, few) for large, few in zip((height, width), small))
    sums = np.stack([rows @ picture[..., c].astype(np.int64) @ columns.T for c in range(picture.shape[2])], axis=-1)
    return ((2 * sums + height * width) // (2 * height * width)).astype(np.uint8)


def cover(large, small):
    """[small, large]: how much of each large pixel a small one covers, in parts of 1/small."""
    weights = np.zeros((small, large), np.int64)
    for place in range(small):
        for pixel in range(large):
            weights[place, pixel] = max(0, min((place + 1) * large, (pixel + 1) * small) - max(place * large, pixel * small))
    return weights
