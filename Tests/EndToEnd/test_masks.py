"""`mask:` leaves padded positions out of samples, max and mean: every count and quartile as NumPy has it of the positions that count."""

import json

import h5py
import numpy as np
import pytest
import zarr
from real_world import agrees, expected, job_of, told

ROWS, LONGEST, WIDTH = 90, 7, 5


@pytest.fixture
def padded(rng):
    """(labels, values [row, position, neuron], mask [row, position]): padding holds what would show; rows 4 and 11 have no position."""
    labels = rng.permutation(np.arange(ROWS) % 3)
    x = (rng.normal(0, 1, (ROWS, LONGEST, WIDTH)) + 10 * labels[:, None, None]).astype(np.float32)
    x[rng.random(x.shape) < 0.2] = 0
    mask = np.arange(LONGEST) < rng.integers(1, LONGEST + 1, ROWS)[:, None]
    mask[[4, 11]] = False
    x[~mask] = np.where(rng.random((int((~mask).sum()), WIDTH)) < 0.5, np.nan, -1000)
    return labels, x, mask


def samples(x, mask, reduce):
    """Values that count, `[sample, neuron]`, and the row of each."""
    if reduce == "samples":
        return x[mask], np.nonzero(mask)[0]
    rows = np.nonzero(mask.any(1))[0]
    of = {"max": lambda v: v.max(0), "mean": lambda v: v.astype(float).mean(0)}[reduce]
    return np.array([of(x[r][mask[r]]) for r in rows]), rows


def equals(store, x, mask, labels, reduce, layer="hidden"):
    """Every figure of every group, and each histogram's sum."""
    values, rows = samples(x, mask, reduce)
    root = zarr.open_group(str(store), mode="r")
    attributes = dict(root.attrs)
    found = {name: root[f"layers/{layer}/statistics/{name}"][:] for name in ("count", "zeros", "nan", "minimum", "maximum", "median", "mean")}
    bins = root[f"layers/{layer}/own/256"][:]
    for number, group in enumerate(attributes["groups"]):
        of = values if group["name"] == "all" else values[labels[rows] == group["label"]]
        assert (found["count"][number] == len(of)).all() and (found["nan"][number] == 0).all()
        assert (found["zeros"][number] == (of == 0).sum(0)).all()
        assert (bins[number].sum(1) == len(of)).all()
        for name, right in (("minimum", of.min(0)), ("maximum", of.max(0)), ("median", np.median(of, 0)), ("mean", of.mean(0, dtype=float))):
            np.testing.assert_allclose(found[name][number], right, rtol=1e-6, err_msg=name)
    counted = next(each for each in attributes["layers"] if each["id"] == layer)["counted"]
    left = (~mask).sum() if reduce == "samples" else (~mask.any(1)).sum()
    assert counted["masked_samples"] == left and counted["finite"] == values.size
    return left


AS = {"int64": np.int64, "bool": bool, "uint8": np.uint8, "float32": np.float32}


@pytest.mark.parametrize("kind", AS)
@pytest.mark.parametrize("reduce", ["samples", "max", "mean"])
def test_padding_is_left_out(program, precompute, job, padded, tmp_path, reduce, kind):
    labels, x, mask = padded
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as f:
        f["labels"] = labels
        f.create_dataset("hidden", data=x, chunks=(8, 3, 5), compression="gzip")
        f.create_dataset("attention_mask", data=mask.astype(AS[kind]), chunks=(25, 7), compression="gzip")
    written = job(f"layers: [{{ dataset: hidden, axes: NTD, reduce: {reduce} }}]\nmask: attention_mask", path)
    done = program.ok("precompute", written, "--output", tmp_path / "Tiles", "--progress", "auto")
    store = tmp_path / "Tiles" / "job" / "current"
    left = equals(store, x, mask, labels, reduce)
    assert (f"{left} positions masked, left out" if reduce == "samples" else f"{left} rows without a position that counts, left out") in done.stderr
    assert "attention_mask" not in done.stderr
    assert dict(zarr.open_group(str(store), mode="r").attrs)["job"]["mask"] == "attention_mask"
    program.ok("verify", store)


@pytest.mark.parametrize("axes", ["NCHW", "NHWC", "DTN"])
@pytest.mark.parametrize("reduce", ["samples", "mean"])
def test_any_order_of_axes(program, precompute, job, rng, tmp_path, reduce, axes):
    labels = rng.permutation(np.arange(60) % 3)
    x = rng.normal(0, 1, (60, 4, 3, 5)).astype(np.float32) + labels[:, None, None, None]
    mask = rng.random((60, 4, 3)) < 0.6
    if axes == "DTN":
        x, mask = x[:, :, 0], mask[:, :, 0]
        stored, marks = x.transpose(2, 1, 0), mask.T
    else:
        stored, marks = (x if axes == "NHWC" else x.transpose(0, 3, 1, 2)), mask
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as f:
        f["labels"], f["hidden"], f["m"] = labels, stored, marks.astype("i1")
    store = precompute(job(f"layers: [{{ dataset: hidden, axes: {axes}, reduce: {reduce} }}]\nmask: m", path), name="job")
    equals(store, x.reshape(60, -1, x.shape[-1]), mask.reshape(60, -1), labels, reduce)


def split(tmp_path, labels, x, mask):
    """A file and a half of it in groups, for one dump of three parts."""
    with h5py.File(tmp_path / "a.h5", "w") as f:
        for name, part in {"part_0": slice(0, 31), "part_1": slice(31, 50), "part_2": slice(50, ROWS)}.items():
            f[f"{name}/labels"], f[f"{name}/hidden"], f[f"{name}/m"] = labels[part], x[part], mask[part].astype("u1")
    return tmp_path / "a.h5"


@pytest.mark.parametrize("reduce", ["samples", "max"])
def test_parts_shards_and_memory_make_the_same_store(program, sharded, job, padded, tmp_path, reduce):
    labels, x, mask = padded
    written = job(f"join: 'part_*'\nlayers: [{{ dataset: hidden, axes: NTD, reduce: {reduce} }}]\nmask: m", split(tmp_path, labels, x, mask))

    def made(folder, *options):
        program.ok("precompute", written, "--output", folder, "--progress", "none", *options)
        return (folder / "job" / "current" / "MANIFEST").read_bytes()

    whole = made(tmp_path / "whole")
    equals(tmp_path / "whole" / "job" / "current", x, mask, labels, reduce)
    assert made(tmp_path / "small", "--memory", "256MiB", "--threads", "1") == whole
    assert (sharded(written, 3) / "MANIFEST").read_bytes() == whole


def test_instances_have_the_mean_of_what_counts(precompute, job, padded, tmp_path):
    labels, x, mask = padded
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as f:
        f["labels"], f["hidden"], f["m"] = labels, x, mask.astype("u1")
        for kind, rows in (("benign", [0, 4]), ("attacked", [1, 2])):
            f[f"instances/{kind}/hidden"] = x[rows]
        f["instances/benign/m"] = mask[[0, 4]].astype("u1")
    store = precompute(job("layers: [{ dataset: hidden, axes: NTD, reduce: samples }]\nmask: m\ninstances: { group: instances, rows: [3, 11] }", path), name="job")
    root = zarr.open_group(str(store), mode="r")
    values = root["layers/hidden/values"][:]
    names = [(each["kind"], each["pair"], each["name"]) for each in dict(root.attrs)["instances"]]
    for value, (kind, pair, name) in zip(values, names):
        if kind == "row":
            row = int("".join(c for c in name if c.isdigit()))
            of = x[row][mask[row]]
        elif kind == "benign":
            of = x[[0, 4][pair]][mask[[0, 4][pair]]]
        else:
            of = x[[1, 2][pair]]
        with np.errstate(all="ignore"):
            right = of.mean(0, dtype=float) if len(of) else np.full(WIDTH, np.nan)
        np.testing.assert_allclose(value, right, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("name, opposite", [("attention_mask", False), ("key_padding_mask", True)])
def test_a_mask_is_offered(program, padded, tmp_path, name, opposite):
    labels, x, mask = padded
    x = np.nan_to_num(x)
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as f:
        f["labels"], f["hidden"], f[name] = labels, x, (~mask if opposite else mask)
    _, said = told(program, [path], tmp_path / "Tiles")
    line = next(line for line in said.splitlines() if f"Left out: /{name}: " in line)
    assert "padded ones as well" in line and f"write in a job mask: {name}" in line
    advice = f"mask: {name}\nlayers: [{{ dataset: /hidden, axes: NTD, reduce: samples }}]"
    assert advice.split("\n")[1] in line
    if opposite:
        assert f'f["mask"] = f["{name}"][:] == 0, and mask: mask' in line
        with h5py.File(path, "r+") as f:
            f["mask"] = f[name][:] == 0
        advice = advice.replace(f"mask: {name}", "mask: mask")
    store, _ = told(program, [job_of(tmp_path / "job.yaml", [path], advice)], tmp_path / "Advised")
    equals(store, x, mask, labels, "samples")
    # Uncommented, a line must not count the padding alone.
    written = program.ok("inspect", "--job", path).stdout
    assert (f"# mask: PATH  # of the opposite of {name}" if opposite else f"# mask: {name}") in written
    assert not opposite or f"mask: {name}" not in written


def test_lengths_are_offered_as_a_mask(program, padded, tmp_path):
    labels, x, _ = padded
    lengths = np.arange(ROWS) % LONGEST + 1
    x = np.nan_to_num(x)
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as f:
        f["labels"], f["hidden"], f["lengths"] = labels, x, lengths
    said = told(program, [path], tmp_path / "Tiles")[1]
    assert 'f["mask"] = np.arange(7) < f["lengths"][:].reshape(-1, 1), and in a job mask: mask' in said
    with h5py.File(path, "r+") as f:
        f["mask"] = np.arange(7) < f["lengths"][:].reshape(-1, 1)
    job = job_of(tmp_path / "job.yaml", [path], "mask: mask\nlayers: [{ dataset: /hidden, axes: NTD, reduce: samples }]")
    equals(told(program, [job], tmp_path / "Advised")[0], x, np.arange(7) < lengths[:, None], labels, "samples")


def test_what_a_mask_leaves_alone_is_said(program, padded, job, tmp_path):
    labels, x, mask = padded
    x = np.nan_to_num(x)
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as f:
        f["labels"], f["hidden"], f["kept"], f["fc"], f["short"] = labels, x, x, x[:, 0], x[:, :3]
        f["m"] = mask
    lines = "hidden, axes: NTD, reduce: max }, { dataset: kept, axes: NTD }, { dataset: fc, axes: NU }, { dataset: short, axes: NTD, reduce: max }"
    store, said = told(program, [job(f"layers: [{{ dataset: {lines}]\nmask: m", path)], tmp_path / "Tiles")
    equals(store, x, mask, labels, "max")
    assert "Assumed: The mask m leaves nothing out of /kept, which keeps each position as a neuron" in said
    assert "Assumed: The mask m leaves nothing out of /short, which has 3 positions in each of 90 rows" in said
    assert "/fc" not in said.split("Assumed", 1)[1]
    agrees(store, expected(x[:, :3].max(1), labels), 3)


@pytest.mark.parametrize("marks, words", [
    (lambda mask: mask[:, :4].astype("i8"), ["fits no layer", "90 x 4", "7 positions in each of 90 rows", "reduce: samples"]),
    (lambda mask: mask[:50].astype("i8"), ["fits no layer", "50 x 7"]),
    (lambda mask: np.where(mask, 0, -10000.0), ["row ", "holds -10000.0", 'f["mask"] = f["m"][:] == 0, and in the job mask: mask']),
    (lambda mask: np.where(mask, 1, np.nan), ["holds nan"]),
    (lambda mask: np.where(mask, "y", "n").astype("S1"), ["/m: the job names it as the mask, but its values are text"]),
])  # fmt: skip
def test_what_is_no_mask_is_refused(refused, padded, job, tmp_path, marks, words):
    labels, x, mask = padded
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as f:
        f["labels"], f["hidden"], f["m"] = labels, x, marks(mask)
    refused(job("layers: [{ dataset: hidden, axes: NTD, reduce: samples }]\nmask: m", path), words=words)


def test_a_mask_that_is_not_there_is_refused(refused, padded, job, tmp_path):
    labels, x, mask = padded
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as f:
        f["labels"], f["hidden"] = labels, x
    refused(job("layers: [{ dataset: hidden, axes: NTD, reduce: samples }]\nmask: attention_mask", path), words=["attention_mask"])
    refused(job("mask: labels", path), words=["fits no layer", "keeps each position as a neuron", "axes: NTD, reduce: samples"])


def test_missing_rows_and_a_mask_together(program, padded, job, tmp_path):
    labels, x, mask = padded
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as f:
        f["labels"], f["m"] = labels, mask
        hidden = f.create_dataset("hidden", x.shape, "f4", chunks=(10, LONGEST, WIDTH))
        hidden[:20], hidden[30:] = x[:20], x[30:]
    store, _ = told(program, [job("layers: [{ dataset: hidden, axes: NTD, reduce: samples }]\nmask: m\nmissing: skip", path)], tmp_path / "Tiles")
    program.ok("verify", store)
    there = mask.copy()
    there[20:30] = False
    counted = json.loads((store / "zarr.json").read_text())["attributes"]["layers"][0]["counted"]
    assert counted["missing_rows"] == 10 and counted["finite"] == there.sum() * WIDTH and counted["masked_samples"] == (~mask[:20]).sum() + (~mask[30:]).sum()
