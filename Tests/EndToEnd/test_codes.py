"""Codes against the dump, value by value, and the same bytes whatever the way they were made."""

import shutil

import h5py
import numpy as np
import pytest
import zarr
from fuzz_store import sign
from store_oracle import check, check_codes

# What a neuron may be, by name: a function of the values that it would have.
AWKWARD = {
    "ordinary": lambda v: v,
    "relu": lambda v: np.maximum(v, 0),
    "dead": lambda v: 0 * v,
    "minus zero": lambda v: np.where(v > 0, -0.0, 0.0),
    "constant": lambda v: 0 * v + 3.25,
    "all NaN": lambda v: v * np.nan,
    "some NaN": lambda v: np.where(v > 1, np.nan, v),
    "infinities": lambda v: np.where(v > 1, np.inf, np.where(v < -1, -np.inf, v)),
    "nothing finite": lambda v: np.where(v > 0, np.inf, np.nan),
    "outliers": lambda v: np.where(np.arange(len(v)) % 997 == 5, 1e6 * v, np.abs(v) + 0.5),
    "outliers and zeros": lambda v: np.where(np.arange(len(v)) % 997 == 5, 1e6 * v, np.maximum(v, 0)),
    "growing": lambda v: v * np.exp2(np.arange(len(v)) * 20 / len(v)),
    "shrinking": lambda v: v * np.exp2(-np.arange(len(v)) * 20 / len(v)),
    "tiny": lambda v: v * 1e-41,
    "huge": lambda v: np.where(v > 0, 3e38, -3e38),
    "late": lambda v: np.where(np.arange(len(v)) < len(v) // 2, np.nan, v + 7),
    "far": lambda v: v + 1e6,
}


@pytest.fixture
def awkward(rng):
    """`[rows, neurons]`: every kind of neuron, and more than a tile of them."""

    def make(rows, dtype=np.float32):
        with np.errstate(all="ignore"):
            columns = [kind(rng.normal(size=rows)) for kind in AWKWARD.values() for _ in range(5)]
            return np.stack(columns, axis=1).astype(dtype)

    return make


@pytest.fixture
def codes_job(job):
    return lambda dump, codes="both", more="": job(f"codes: {codes}\n{more}", dump)


def arrays_of(store):
    """{path: bytes} of every file of a store."""
    return {str(p.relative_to(store.resolve())): p.read_bytes() for p in store.resolve().rglob("*") if p.is_file()}


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 255, 256, 1003])
def test_awkward_neurons(taken, dump, codes_job, awkward, rng, rows):
    path = dump({"layer": awkward(rows)}, rng.integers(0, 4, rows))
    taken(path, job=codes_job(path))


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint8", "int16", "int32", "int64"])
def test_types(taken, dump, codes_job, awkward, rng, dtype):
    with np.errstate(all="ignore"):
        values = awkward(700, np.float64)
        values = values.astype(dtype) if dtype.startswith("float") else np.clip(np.nan_to_num(values * 10), -100, 100).astype(dtype)
    path = dump({"layer": values}, rng.integers(0, 3, 700))
    taken(path, job=codes_job(path))


def test_many_neurons_and_rows_of_other_widths(taken, dump, codes_job, values, rng):
    path = dump({"wide": values(37, 700), "narrow": values(37, 1), "tile": values(37, 64), "more": values(37, 65)}, rng.integers(0, 2, 37))
    taken(path, job=codes_job(path), layers=4)


def test_more_samples_than_a_chunk(taken, dump, codes_job, rng):
    values = np.maximum(rng.normal(size=(70_001, 3)), 0).astype(np.float32)
    path = dump({"layer": values}, rng.integers(0, 2, 70_001))
    taken(path, job=codes_job(path))


def test_samples_of_a_row_stand_together(taken, dump, codes_job, values, rng):
    path = dump({"layer": values(50, 5, 3, 4)}, rng.integers(0, 3, 50))
    taken(path, job=codes_job(path, more="layers: [{ dataset: layer, axes: NCHW, reduce: samples }]"))


def test_scaled_numbers(precompute, dump, codes_job, rng):
    stored = rng.integers(-128, 127, (300, 9), dtype=np.int8)
    path = dump({"layer": stored}, rng.integers(0, 3, 300))
    store = zarr.open_group(str(precompute(codes_job(path, more="layers: [{ dataset: layer, scale: 0.1, zero_point: 3 }]"), name="job")), mode="r")
    labels = h5py.File(path)["labels"][...]
    masks = [np.ones(300, bool)] + [labels == k for k in range(3)]
    values = stored * 0.1 + -3 * 0.1
    check_codes(store["layers/layer"], dict(store["layers/layer"].attrs), values[:, None, :], masks)


def test_rows_never_written(precompute, codes_job, tmp_path, rng):
    values = rng.normal(size=(400, 9)).astype(np.float32)
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w") as f:
        layer = f.create_dataset("layer", (400, 9), np.float32, chunks=(40, 9))
        layer[:80], layer[160:] = values[:80], values[160:]
    store = zarr.open_group(str(precompute(codes_job(path, more="missing: skip"), name="job")), mode="r")
    missing = np.zeros(400, bool)
    missing[80:160] = True
    check_codes(store["layers/layer"], dict(store["layers/layer"].attrs), values[:, None, :], [np.ones(400, bool)], missing)


@pytest.mark.parametrize("codes", ["none", "columns", "both"])
def test_what_the_job_says(precompute, dump, codes_job, values, codes):
    path = dump({"layer": values(20, 5)})
    store = precompute(codes_job(path, codes), name="job")
    root = zarr.open_group(str(store), mode="r")
    assert root.attrs["layers"][0]["codes"] == codes == root.attrs["job"]["codes"]
    check(store, [path])


def test_columns_are_made_unasked(precompute, dump, values):
    path = dump({"layer": values(20, 5)})
    store = precompute(path)
    assert zarr.open_group(str(store), mode="r").attrs["layers"][0]["codes"] == "columns"
    check(store, [path])


@pytest.mark.parametrize("options", [("--threads", "1"), ("--threads", "3", "--checkpoint", "0"), ("--memory", "256MiB")])
def test_same_bytes_whatever_the_way(precompute, dump, codes_job, awkward, rng, tmp_path, options):
    with np.errstate(all="ignore"):
        values = np.concatenate([awkward(3000)] * 8, axis=1)
    path = dump({"layer": (values, {"chunks": (100, values.shape[1])})}, rng.integers(0, 4, 3000))
    job = codes_job(path)
    expected = precompute(job, name="job")
    found = precompute(job, name="job", output=tmp_path / "other", options=("--progress", "none", *options))
    assert arrays_of(found) == arrays_of(expected)


def test_same_bytes_in_bands_of_neurons(program, precompute, dump, codes_job, values, tmp_path):
    """So many classes that the counters of all neurons do not fit into the budget at once."""
    path = dump({"layer": (values(600, 5000), {"chunks": (600, 100)})}, np.arange(600) % 60)
    job = codes_job(path)
    assert "bands" in program.ok("precompute", job, "--plan-only", "--memory", "256MiB", "--output", tmp_path / "none").stdout
    expected = precompute(job, name="job", options=("--progress", "none", "--memory", "8GiB"))
    found = precompute(job, name="job", output=tmp_path / "other", options=("--progress", "none", "--memory", "256MiB", "--checkpoint", "0"))
    assert arrays_of(found) == arrays_of(expected)


@pytest.mark.parametrize("shards", [2, 3])
@pytest.mark.parametrize("chunks", [None, (50, 256)])
def test_same_bytes_from_shards(precompute, sharded, dump, codes_job, awkward, rng, tmp_path, shards, chunks):
    """By rows where the rows lie in one piece, by neurons where chunks are few; windows of outliers among them."""
    with np.errstate(all="ignore"):
        values = np.concatenate([awkward(5000)] * (7 if chunks else 1), axis=1)
    path = dump({"layer": (values, {"chunks": chunks} if chunks else {})}, rng.integers(0, 4, 5000))
    job = codes_job(path)
    expected = precompute(job, name="job")
    assert arrays_of(sharded(job, shards, "--checkpoint", "0")) == arrays_of(expected)
    assert not list((tmp_path / "Parts").rglob("*.codes*"))


def test_the_plan_says_what_codes_cost(program, dump, job, values):
    path = dump({"layer": values(1024, 1024)}, np.arange(1024) % 2)
    for codes, words in (("columns", "1.1 MiB of it codes (codes: columns; both would be 2.3 MiB)"), ("none", "without codes (codes: none; columns would be 1.1 MiB, both would be 2.3 MiB)")):
        plan = program.ok("precompute", job(f"codes: {codes}", path), "--plan-only").stdout
        assert words in plan and "Note: codes" not in plan, plan


def edited(store, folder, path, change):
    """A copy of a store with an array changed by zarr-python, and signed anew."""
    building = folder / "job" / ".building"
    shutil.copytree(store.resolve(), building)
    array = zarr.open_group(str(building), mode="r+")[path]
    values = array[...]
    change(values)
    array[...] = values
    sign(building, folder / "job")
    return folder / "job" / "current"


def swap(values):
    values[0, [0, 1]] = values[0, [1, 0]]


def another(values):
    values[2, 1] ^= 1


@pytest.mark.parametrize("path, change, words", [
    ("codes/columns", another, "do not count to its histogram"),
    ("codes/columns_apart", another, "neuron 2"),
    ("codes/rows", another, "other codes by row"),
    ("codes/rows_apart", another, "other codes by row"),
    ("extremes/highest", swap, "in another order"),
    ("extremes/lowest_row", lambda v: v.__setitem__((1, 15), 4_000_000_000), "other rows"),
])
def test_verify_compares_codes_with_counts(program, precompute, dump, codes_job, values, tmp_path, path, change, words):
    store = precompute(codes_job(dump({"layer": values(70, 9)}, np.arange(70) % 3)), name="job")
    program.ok("verify", store)
    said = program.fails(65, "verify", edited(store, tmp_path / "other", f"layers/layer/{path}", change))
    assert words in said, said


@pytest.mark.parametrize("name", ["codes/columns", "codes/columns_apart", "codes/rows", "codes/rows_apart", "extremes/highest", "extremes/lowest_row"])
def test_verify_finds_a_flipped_byte(program, precompute, dump, codes_job, values, rng, name):
    store = precompute(codes_job(dump({"layer": values(70, 9)})), name="job")
    file = next(p for p in (store.resolve() / "layers" / "layer" / name / "c").rglob("*") if p.is_file())
    content = bytearray(file.read_bytes())
    content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    file.write_bytes(content)
    assert name in program.run("verify", store).stderr
