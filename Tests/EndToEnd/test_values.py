"""Stores of dumps with every kind of value, type and shape, each compared with the oracle."""

import h5py
import numpy as np
import pytest
import zarr
from store_oracle import check


def relu(rng, rows, neurons, dtype=np.float32):
    values = rng.normal(rng.normal(size=neurons), rng.gamma(2, size=neurons), (rows, neurons))
    return np.maximum(values, 0).astype(dtype)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "u1", "i2", "u2", "i4", "u4", "i8", ">f4", ">i2"])
def test_types(precompute, dump, rng, dtype):
    values = rng.normal(0, 40, (300, 70))
    values = np.abs(values) if "u" in dtype else values
    path = dump({"a": values.astype(dtype)}, rng.integers(0, 4, 300))
    assert check(precompute(path), [path]) == 1


def test_awkward_values(precompute, dump, rng):
    values = rng.normal(size=(500, 300)).astype(np.float32)
    values[rng.random(values.shape) < 0.02] = np.nan
    values[rng.random(values.shape) < 0.02] = np.inf
    values[rng.random(values.shape) < 0.02] = -np.inf
    values[:, 0] = 0.0
    values[:, 1] = -0.0
    values[::2, 2], values[1::2, 2] = 0.0, -0.0
    values[:, 3] = np.nan
    values[:, 4] = np.inf
    values[:, 5] = 7.25
    values[:, 6] = rng.choice([3.4e38, -3.4e38], 500)
    values[:, 7] = rng.integers(-50, 50, 500) * np.float32(1e-45)
    values[:, 8] = np.float32(1) + rng.integers(0, 3, 500) * np.float32(2.0**-23)
    values[:, 9] = np.where(rng.random(500) < 0.5, np.float32(-1e-40), np.float32(2e30))
    values[:, 10] = 1e6 + rng.random(500)
    values[0, 11] = 3e38
    values[:, 12] = np.where(np.arange(500) == 3, 1.0, 0.0)
    path = dump({"odd": values}, np.r_[np.zeros(497, int), 1, 2, 2])
    assert check(precompute(path), [path]) == 1


def test_one_outlier_leaves_the_bulk_its_bins(precompute, dump, rng):
    values = rng.normal(size=(4000, 40)).astype(np.float32)
    values[17, ::2] = 1e30
    values[18, ::4] = -1e30
    values[:, 30:] = np.maximum(values[:, 30:], 0)
    path = dump({"a": values}, rng.integers(0, 3, 4000))
    store = precompute(path)
    check(store, [path])
    group = zarr.open_group(str(store), mode="r")["layers/a"]
    tails = group["grid/tails"][...]
    assert (tails[::2] == 1).all() and (tails[1::2] == 0).all()
    filled = (group["own/256"][0, :, 1:-1] > 0).sum(axis=1)
    assert (filled >= 16).all()


def test_sparse_and_two_valued_neurons_keep_their_range(precompute, dump, rng):
    values = np.zeros((3000, 8), np.float32)
    values[rng.integers(0, 3000, 9), 0] = rng.random(9)
    values[:, 1] = np.where(rng.random(3000) < 0.001, 3, 1)
    values[:, 2] = rng.choice([1, 2], 3000)
    path = dump({"a": values}, rng.integers(0, 3, 3000))
    store = precompute(path)
    check(store, [path])
    assert (zarr.open_group(str(store), mode="r")["layers/a/grid/tails"][...] == 0).all()


def test_classes_of_no_one_and_two_samples(precompute, dump, rng):
    labels = np.r_[np.zeros(40, int), 2, 3, 3]
    path = dump({"a": relu(rng, 43, 20)}, labels, class_names=["many", "none", "one", "two"])
    store = precompute(path)
    check(store, [path])
    groups = zarr.open_group(str(store), mode="r").attrs["groups"]
    assert [(g["name"], g["rows"]) for g in groups] == [("all", 43), ("many", 40), ("none", 0), ("one", 1), ("two", 2)]


@pytest.mark.parametrize("axes, reduce", [
    ("NCHW", "flatten"), ("NHWC", "flatten"), ("NCHW", "max"), ("NHWC", "mean"), ("NCHW", "samples"), ("NHWC", "samples"),
    ("WHCN", "flatten"), ("WHCN", "max")])
def test_axes(precompute, dump, rng, tmp_path, axes, reduce):
    extents = {"N": 60, "C": 5, "H": 4, "W": 3}
    values = rng.normal(size=[extents[a] for a in axes]).astype(np.float32)
    if reduce == "max":
        values.flat[rng.integers(0, values.size, 9)] = np.nan
    path = dump({"conv": (values, {"chunks": tuple(max(1, extents[a] // 2) for a in axes)})}, rng.integers(0, 3, 60))
    job = tmp_path / "job.yaml"
    job.write_text(f"name: j\ndumps: [{path.name}]\nlayers: [{{name: conv, dataset: conv, axes: {axes}, reduce: {reduce}}}]\n"
                   "instances: {rows: [3, 59]}\n")
    assert check(precompute(job, name="j"), [path]) == 1


def test_text_labels_groups_and_several_files(precompute, dump, rng, tmp_path):
    paths = []
    for part, rows in enumerate([70, 1, 129]):
        labels = rng.choice(["cat", "dog", "bird"], rows)
        guesses = np.where(rng.random(rows) < 0.3, "dog", labels)
        paths.append(dump({"acts/a.b c": relu(rng, rows, 33), "acts/b": relu(rng, rows, 7, np.float16)},
                          labels.astype(h5py.string_dtype()), name=f"part-{part + 9}.h5", predictions=guesses.astype(h5py.string_dtype())))
    job = tmp_path / "pets.yaml"
    job.write_text("dumps: ['part-*.h5']\ngroups:\n"
                   "  - {name: 'dogs, they say', where: 'prediction == \"dog\" and label != \"dog\"'}\n"
                   "  - {name: nobody, where: 'label == \"cat\" and label == \"dog\"'}\n"
                   "  - {name: mistakes, where: label != prediction}\n")
    store = precompute(job, name="pets")
    assert check(store, paths) == 2
    layers = zarr.open_group(str(store), mode="r").attrs["layers"]
    assert [layer["name"] for layer in layers] == ["acts/a.b c", "acts/b"]


def test_many_rows_cross_segments_and_bands(precompute, dump, rng):
    values = relu(rng, 40_000, 300, np.float16)
    path = dump({"a": (values, {"chunks": (1000, 96), "compression": "gzip", "shuffle": True})}, rng.integers(0, 25, 40_000))
    store = precompute(path, options=("--progress", "none", "--memory", "256MiB"))
    assert check(store, [path]) == 1


@pytest.mark.parametrize("options", [
    ("--threads", "1"), ("--threads", "5"), ("--memory", "256MiB"), ("--memory", "20GiB", "--threads", "3")])
def test_same_bytes_for_any_threads_and_memory(precompute, dump, rng, tmp_path, options):
    values = rng.normal(size=(3000, 530)).astype(np.float32)
    values[3, ::5] = 1e25
    path = dump({"a": (values, {"chunks": (170, 530), "compression": "lzf"}), "b": values[:, :65].astype(np.float64)},
                rng.integers(0, 40, 3000))
    usual = precompute(path, output=tmp_path / "usual")
    other = precompute(path, output=tmp_path / "other", options=("--progress", "none", *options))
    assert usual.resolve().name == other.resolve().name
    assert (usual / "MANIFEST").read_bytes() == (other / "MANIFEST").read_bytes()


def test_the_oracle_sees_a_wrong_count(precompute, dump, rng):
    path = dump({"a": relu(rng, 200, 20)}, rng.integers(0, 3, 200))
    store = precompute(path)
    with h5py.File(path, "r+") as f:
        f["a"][5, 3] += 0.5
    with pytest.raises(AssertionError):
        check(store, [path])
