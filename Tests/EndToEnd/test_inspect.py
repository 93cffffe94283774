"""`inspect`: plain words, stable JSON, and a job file that precompute takes as it is."""

import json

import h5py
import numpy as np
import pytest
import zarr
from programs import ROOT
from store_oracle import check

DATA = 65


@pytest.fixture
def rich(dump, rng, tmp_path):
    """A dump with a bit of everything, and a file of class names beside it."""
    path = dump(
        {"conv 1": (rng.normal(size=(60, 3, 4, 5)).astype(np.float16), {"chunks": (20, 3, 4, 5), "compression": "gzip"}),
         "fc/no": rng.normal(size=(60, 9)).astype(">f4"), "short": rng.normal(size=(7, 2))},
        rng.integers(0, 3, 60), predictions=rng.integers(0, 3, 60),
        **{f"instances/{kind}/{layer}": rng.normal(size=(2, *shape))
           for kind in ("benign", "attacked") for layer, shape in (("conv 1", (3, 4, 5)), ("fc/no", (9,)))})
    (tmp_path / "class_names.txt").write_text("cat\nyes\n\"it's\": [ünï] # \\\n")
    return path


def counts(store):
    """Everything that a store says of its layers, and the bins and medians of each."""
    group = zarr.open_group(str(store), mode="r")
    layers = group.attrs["layers"]
    arrays = [group[f"layers/{l['id']}/{name}"][...] for l in layers for name in ("own/256", "statistics/median", "grid/origin")]
    return [{k: v for k, v in l.items() if k != "shared"} for l in layers], group.attrs["groups"], group.attrs["instances"], arrays


def same(a, b):
    return a[:3] == b[:3] and all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a[3], b[3], strict=True))


def test_words(program, rich):
    words = program.ok("inspect", rich).stdout
    for part in (
            "Looks like one dataset a layer, one row a sample, with labels, predictions and instances beside.", "60 rows in 2 layers",
            "60 neurons, kept position by position, axes NCHW (a guess): 60 x 3 x 4 x 5 float16, chunks of 20 x 3 x 4 x 5, gzip,", "KiB of 7.0 KiB",
            "60 x 9 float32, big-endian, 2.1 KiB", "Labels in /labels: 3 classes, whole numbers", "cat (", "class_names.txt",
            "Predictions in /predictions", "Instances in /instances: 2 benign, 2 attacked", "/short: it has the shape 7 x 2, not one row for each of the 60 labels",
            "torch writes NCHW", f"Next: divergence precompute {rich}, or", "--job > job.yaml"):
        assert part in words, f"{part!r} is not in:\n{words}"


def test_names_of_classes_that_are_used_are_not_told_as_not_taken(program, dump, rng, tmp_path):
    names = np.array(["cat", "dog"], h5py.string_dtype())
    path = dump({"activations/fc": rng.normal(size=(20, 3)).astype("f4")}, np.arange(20) % 2, class_names=names, notes=names)
    planned = program.ok("precompute", path, "--output", tmp_path, "--plan-only")
    for said in (program.ok("inspect", path).stdout, planned.stdout + planned.stderr):
        assert "/notes: its values are text" in said and "/class_names: " not in said
    assert [one["dataset"] for one in json.loads(program.ok("inspect", path, "--json").stdout)["skipped"]] == ["/class_names", "/notes"]


def test_json(program, rich):
    found = json.loads(program.ok("inspect", rich, "--json").stdout)
    assert found.keys() == {
        "assumed", "convention", "evidence", "files", "filler_rows", "instances", "labels", "layers", "left_out", "predictions", "rows", "skipped", "traps"}
    assert found["layers"][0].keys() == {"axes", "axes_guessed", "dataset", "dtype", "name", "neurons", "reduce", "shape"}
    assert found["labels"].keys() == {"classes", "dataset", "integers", "named_by"}
    datasets = {d["path"]: d for d in found["files"][0]["datasets"]}
    assert datasets["/conv 1"] | {"stored_bytes": 0} == {
        "path": "/conv 1", "shape": [60, 3, 4, 5], "dtype": "float16", "byte_order": "little", "layout": "chunked", "filters": ["gzip"], "chunks": [20, 3, 4, 5],
        "chunks_unwritten": 0, "logical_bytes": 7200, "stored_bytes": 0}
    keys = (ROOT / "Jobs" / "README.md").read_text()
    for key in found.keys() | found["layers"][0].keys() | found["labels"].keys() | datasets["/conv 1"].keys():
        assert f"`{key}`" in keys, f"{key} is not in Jobs/README.md"


def test_what_cannot_be_precomputed_is_told_all_the_same(program, dump, rng):
    path = dump({"a": rng.normal(size=(50, 9))}, rng.integers(0, 3, 49))
    words = program.ok("inspect", path).stdout
    assert "cannot be precomputed" in words and "/a  50 x 9 float64" in words
    assert "problem" in json.loads(program.ok("inspect", path, "--json").stdout)
    assert "49" in program.fails(DATA, "inspect", path, "--job")


def test_unwritten_chunks(program, dump, rng):
    path = dump({}, rng.integers(0, 3, 50))
    with h5py.File(path, "r+") as f:
        f.create_dataset("a", (50, 40), "f4", chunks=(10, 40), fillvalue=7)[:30] = 1
    words = program.ok("inspect", path).stdout
    assert "2 of 5 chunks were never written" in words and "missing: fill (take them as 7" in words
    assert "2 of 5 chunks" in program.ok("inspect", path, "--job").stdout


def make(kind, dump, rng):
    """Dumps of several conventions, for `inspect --job`."""
    values = lambda *shape: rng.normal(size=shape).astype(np.float32)  # noqa: E731
    if kind == "categories":
        return [dump({"a": values(3, 20, 6)}, class_names=["x", "null", "3"])]
    if kind == "files":
        return [dump({"a": values(6)}, i % 2, name=f"{i} [x].h5") for i in range(6)]
    if kind == "matlab":
        return [dump({"a": values(6, 40)}, rng.integers(0, 3, (1, 40)).astype(float))]
    if kind == "filler":
        return [dump({"a": values(50, 6)}, all_labels=np.arange(50) % 3, count=33)]
    if kind == "parts":
        return [dump({"a": values(n, 6)}, np.arange(n) % 3, name=f"part-{n}.h5") for n in (9, 10, 11)]
    path = dump({"a": values(40, 6)}, np.arange(40) % 2)
    with h5py.File(path, "r+") as f:
        f["labels"].attrs["class_names"] = ["tab\there", "\u2028 line"]
    return [path]


@pytest.mark.parametrize("kind", ["rich", "demo", "categories", "files", "matlab", "filler", "parts", "attribute"])
def test_the_job_does_what_precompute_does_without_one(program, precompute, dump, rng, tmp_path, request, kind):
    if kind == "rich":
        dumps = [request.getfixturevalue("rich")]
    elif kind == "demo":
        dumps = [ROOT / "Jobs" / "demo" / "fashion-small.h5"]
    else:
        dumps = make(kind, dump, rng)
    plain = precompute(*dumps, output=tmp_path / "plain", name=json_name(dumps))
    job = tmp_path / "elsewhere" / "job.yaml"
    job.parent.mkdir()
    job.write_text(program.ok("inspect", *dumps, "--job").stdout, encoding="utf-8")
    by_job = precompute(job, output=tmp_path / "by job", name=json_name(dumps))
    assert same(counts(plain), counts(by_job))
    if kind != "demo":
        check(by_job, dumps)


def json_name(dumps):
    """The name of a store made without a job: the first dump's, with what no name may have replaced."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in dumps[0].stem)


def test_one_form_at_a_time(program, rich):
    assert program.run("inspect", rich, "--json", "--job").returncode == 64
