"""Dumps as people and their software write them, each with what is right: for the tests of what is read, refused and advised.

A row's activations are ten times its class plus noise, so that classes, rows or layers that are mixed up show at once in the medians of
neuron 0. Formats of other software are written with h5py, attribute for attribute as that software writes them.
"""

import json

import h5py
import numpy as np
import pytest
import zarr

NAMES = ["cat", "dog", "eel"]
# The kinds of test_real_world.py.
READ, REFUSED = [], []


def read(kind, *words, job=None):
    """A dump that is read. Its maker returns the files, what is right, and with a `job` (lines suggested) what is right with these."""
    return lambda make: READ.append(pytest.param(make, words, job, id=f"{kind}-{make.__name__}")) or make


def refused_with(kind, *words, job=None):
    """A dump that is refused; a `job` with the line that the refusal names is read."""
    return lambda make: REFUSED.append(pytest.param(make, words, job, id=f"{kind}-{make.__name__}")) or make


def acts(rng, labels, width=6):
    """Activations that tell their class."""
    labels = np.asarray(labels)
    return (rng.normal(0, 1, (len(labels), width)) + 10 * labels[:, None]).astype(np.float32)


def mixed(rng, rows=60, classes=3):
    """Labels in a random order, and activations for them."""
    labels = rng.permutation(np.arange(rows) % classes)
    return labels, acts(rng, labels)


def write(path, datasets, attributes=(), **options):
    """Writes {path: values}, then the attributes [(path, name, value)], making groups that are not there."""
    with h5py.File(path, "w", **options) as f:
        for name, values in datasets.items():
            f[name] = values
        for name, key, value in attributes:
            (f[name] if name in f else f.require_group(name)).attrs[key] = value
    return path


def medians(store, layer=0):
    """{group: (rows, median of neuron 0)} of a store's layer."""
    root = zarr.open_group(str(store), mode="r")
    attributes = dict(root.attrs)
    values = root[f"layers/{attributes['layers'][layer]['id']}/statistics/median"][:, 0]
    return {group["name"]: (group["rows"], float(value)) for group, value in zip(attributes["groups"], values)}


def expected(x, labels=None, names=None):
    """The same from the values themselves; labels are one a row."""
    right = {"all": (len(x), float(np.nanmedian(x[:, 0])))}
    for value in [] if labels is None else np.unique(labels):
        of = x[np.asarray(labels) == value]
        right[str(value) if names is None else names[value]] = (len(of), float(np.nanmedian(of[:, 0])))
    return right


def agrees(store, right, layer=0):
    found = medians(store, layer)
    assert found.keys() == right.keys()
    for group, (rows, median) in right.items():
        assert found[group][0] == rows, group
        assert np.isclose(found[group][1], median, rtol=1e-5, atol=1e-5, equal_nan=True), (group, found[group], median)


def told(program, inputs, folder, *arguments):
    """Precomputes into a folder of stores; returns the store, and what was said after `Published`."""
    done = program.ok("precompute", *inputs, "--output", folder, "--progress", "auto", *arguments)
    (store,) = folder.glob("*/current")
    return store, done.stderr[done.stderr.index("Published") :]


def job_of(path, files, lines):
    """A job with the lines that were suggested; what they name as the file of the labels is no dump."""
    named = {line.split(": ", 1)[1] for line in lines.split("\n") if line.startswith("labels_from")}
    path.write_text(f"dumps: [{', '.join(f'{str(file)!r}' for file in files if file.name not in named)}]\n{lines}\n")
    return path


def in_python(words, path, begin, end):
    """Does what the words advise to do with the file `f`."""
    code = words[words.index(begin) : words.index(end, words.index(begin))]
    with h5py.File(path, "r+") as f:
        exec(code, {"f": f, "np": np, "h5py": h5py, "json": json} | {name: f[name][:] for name in ("labels", "offsets", "lengths") if name in f and f[name].shape})
