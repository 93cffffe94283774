"""What a job's path means in a file: datasets, fields of records, and sparse layers made dense, with h5py and NumPy in the plainest way."""

import h5py
import numpy as np


def take(f, path):
    """The elements of a dataset; or of a field of its records, `table/vector`."""
    node = f
    for name in filter(None, path.split("/")):
        if isinstance(node, h5py.Dataset):
            node = node[()]
        node = node[name]
    return node[()] if isinstance(node, h5py.Dataset) else node


def has(f, path):
    """Whether there is a dataset, a group or a field of this path: anything else, such as a named type, holds no values.

    Raises KeyError for one that is there and cannot be opened.
    """
    node = f
    for name in filter(None, path.split("/")):
        if isinstance(node, h5py.Dataset):
            return name in (node.dtype.names or ())
        is_hard = isinstance(node.get(name, getlink=True), h5py.HardLink)
        node = node[name] if is_hard else node.get(name)
        if not isinstance(node, (h5py.Dataset, h5py.Group)):
            return False
    return True


def dense(f, entry, group=""):
    """A layer as the job's entry says, of the file or of a group in it: what is not stored is 0, what is named twice is added up."""
    path = group + entry["dataset"]
    if "indices" in entry:
        values, indices = take(f, path), take(f, group + entry["indices"]).astype(np.int64)
        matrix = np.zeros((*values.shape[:-1], entry["neurons"]), values.dtype)
        np.add.at(matrix, (*np.indices(values.shape)[:-1], indices), values)
        return matrix
    if "sparse" in entry:
        place = path.removesuffix("/data") if path.endswith("/data") else path
        data, indices, ends = (take(f, f"{place}/{name}") for name in ("data", "indices", "indptr"))
        lines = np.repeat(np.arange(len(ends) - 1), np.diff(ends.astype(np.int64)))
        if entry["sparse"] == "csr":
            matrix = np.zeros((len(ends) - 1, entry["neurons"]), data.dtype)
            np.add.at(matrix, (lines, indices.astype(np.int64)), data)
        else:
            matrix = np.zeros((int(f[place].attrs["shape"][0]), len(ends) - 1), data.dtype)
            np.add.at(matrix, (indices.astype(np.int64), lines), data)
        return matrix
    return take(f, path)
