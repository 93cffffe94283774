"""Layers and labels that are fields of records, arrays as elements, truth values and enumerations, as pandas, PyTables and h5py write them."""

import h5py
import numpy as np
import pytest
from real_world import acts, agrees, expected, job_of, mixed, told, write

TABLE = [("index", "i8"), ("values_block_0", "f4", (6,)), ("label", "i8")]


def table(y, x, dtype=TABLE, **more):
    rows = np.zeros(len(y), dtype)
    for name, values in {"values_block_0": x, "label": y, "index": np.arange(len(y)), **more}.items():
        if name in rows.dtype.names:
            rows[name] = values
    return rows


@pytest.mark.parametrize("options", [{}, {"chunks": (7,), "compression": "gzip", "shuffle": True}, {"chunks": (60,), "fletcher32": True}], ids=["contiguous", "packed", "one_chunk"])
def test_a_table_as_pandas_writes_it(taken, dump, tmp_path, rng, options):
    y, x = mixed(rng)
    path = dump({"df/table": (table(y, x), options)})
    attributes, found = taken(path)
    assert attributes["layers"][0]["dataset"] == "/df/table/values_block_0" and attributes["job"]["labels"] == "/df/table/label"
    assert {d["path"]: d["shape"] for d in found["files"][0]["datasets"]} == {
        "/df/table": [60], "/df/table/index": [60], "/df/table/label": [60], "/df/table/values_block_0": [60, 6]}


@pytest.mark.parametrize("dtype", [">f8", "<f2", "i1", "<u4", "?"])
def test_vectors_of_any_numbers(taken, dump, rng, dtype):
    y, x = mixed(rng)
    rows = table(y, 0, [("pad", "S3"), ("vector", dtype, (6,)), ("label", "u1")], vector=np.abs(x).astype(dtype))
    rows["vector"] = np.abs(x).astype(dtype)
    taken(dump({"samples": (rows, {"chunks": (11,), "compression": "lzf"})}))


def test_fields_that_a_job_names(taken, dump, job, rng):
    """Fields of fields, with axes of their own; columns beside layers of another dataset."""
    y, x = mixed(rng)
    rows = np.zeros(60, [("meta", [("label", "S3"), ("guess", "i4")]), ("maps", "f4", (2, 3)), ("score", "f8")])
    rows["meta"]["label"], rows["meta"]["guess"] = np.array([b"cat", b"dog", b"eel"])[y], y
    rows["maps"], rows["score"] = x.reshape(60, 2, 3), x[:, 0]
    path = dump({"samples": rows, "fc": x})
    layers = "[{ dataset: samples/maps, axes: NTD, reduce: max }, { dataset: samples/score, axes: N }, fc]"
    attributes, _ = taken(path, job=job(f"layers: {layers}\nlabels: samples/meta/label", path), layers=3)
    assert [group["name"] for group in attributes["groups"]] == ["all", "cat", "dog", "eel"]


def test_a_table_named_as_a_whole(refused, dump, job, rng):
    y, x = mixed(rng)
    path = dump({"df/table": table(y, x)})
    refused(job("layers: [df/table]", path), words=["/df/table", "/df/table/values_block_0 60 x 6"])


def test_texts_of_any_length_in_a_table(program, tmp_path, rng):
    y, x = mixed(rng)
    with h5py.File(tmp_path / "d.h5", "w") as f:
        for name, options in {"table": {}, "packed": {"chunks": (9,), "compression": "gzip"}}.items():
            rows = f.create_dataset(name, (60,), [("word", h5py.string_dtype()), ("vector", "f4", (6,)), ("label", h5py.string_dtype())], **options)
            data = np.zeros(60, rows.dtype)
            data["word"], data["vector"], data["label"] = [f"row {i}" for i in range(60)], x, np.array(["cat", "dog", "größe"], object)[y]
            rows[...] = data
    for name in ("table", "packed"):
        lines = f"name: {name}\nlayers: [{name}/vector]\nlabels: {name}/label"
        agrees(told(program, [job_of(tmp_path / f"{name}.yaml", [tmp_path / "d.h5"], lines)], tmp_path / name)[0], expected(x, y, ["cat", "dog", "größe"]))


def test_records_in_a_header(program, dump, tmp_path, rng):
    """In the compact layout records of numbers are read; with texts of any length they are named, and do no harm to the rest."""
    y, x = mixed(rng)
    path = dump({"fc": x}, y)
    with h5py.File(path, "r+") as f:
        small = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        small.set_layout(h5py.h5d.COMPACT)
        for name, dtype in {"numbers": np.dtype(TABLE), "words": np.dtype([("word", h5py.string_dtype()), ("label", "i8")])}.items():
            made = h5py.Dataset(h5py.h5d.create(f.id, name.encode(), h5py.h5t.py_create(dtype, logical=True), h5py.h5s.create_simple((60,)), dcpl=small))
            if name == "numbers":
                made[...] = table(y, x + 100)
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, expected(x, y))
    agrees(store, expected(x + 100, y), layer=1)
    assert "variable length" in program.ok("inspect", path).stdout


def test_a_table_of_columns(program, refused, dump, tmp_path, rng):
    """Each column could be a neuron, or none: nobody can tell, and each can be named."""
    y, x = mixed(rng)
    rows = table(y, 0, [(f"f{i}", "f4") for i in range(6)] + [("label", "i8")], **{f"f{i}": x[:, i] for i in range(6)})
    path = dump({"df/table": rows})
    refused(path, words=["/df/table: it is a table", "6 of its columns", "np.stack", "{ dataset: /df/table/f0, axes: N }"])
    store, _ = told(program, [job_of(tmp_path / "job.yaml", [path], "layers: [{ dataset: /df/table/f0, axes: N }]\nlabels: df/table/label")], tmp_path / "Advised")
    agrees(store, expected(x, y))


def test_a_table_for_each_part(program, refused, tmp_path, rng):
    """Refused with the line that joins them, which makes the right store."""
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"train": table(y[:40], x[:40]), "test": table(y[40:], x[40:])})
    refused(path, words=["parts of a data set", "join: 't*'"])
    agrees(told(program, [job_of(tmp_path / "job.yaml", [path], "join: 't*'")], tmp_path / "Advised")[0], expected(x, y))


def test_labels_in_a_table_beside_the_layers(program, tmp_path, rng):
    y, x = mixed(rng)
    meta = np.zeros(60, [("path", "S20"), ("label", "i8"), ("split", "S5")])
    meta["label"] = y
    agrees(told(program, [write(tmp_path / "d.h5", {"features": x, "meta": meta})], tmp_path / "Tiles")[0], expected(x, y))


@pytest.mark.parametrize("options", [{}, {"chunks": (7,), "compression": "gzip"}], ids=["contiguous", "packed"])
@pytest.mark.parametrize("extents", [(6,), (2, 3)])
def test_arrays_as_elements(taken, dump, tmp_path, rng, options, extents):
    y, x = mixed(rng)
    with h5py.File(tmp_path / "d.h5", "w") as f:
        f["labels"] = y
        f.create_dataset("embedding", (60,), np.dtype((">f4", extents)), **options)[...] = x.reshape(60, *extents)
    attributes, _ = taken(tmp_path / "d.h5")
    assert attributes["layers"][0]["neurons"] == 6


def test_truth_values_and_enumerations(taken, tmp_path, rng):
    y, x = mixed(rng)
    with h5py.File(tmp_path / "d.h5", "w") as f:
        f["labels"], f["fires"] = y == 1, x > 5
        f.create_dataset("states", data=(x > 0).astype("i2") + (x > 10), dtype=h5py.enum_dtype({"off": 0, "low": 1, "high": 2}, "i2"))
    attributes, _ = taken(tmp_path / "d.h5", layers=2)
    assert [layer["name"] for layer in attributes["layers"]] == ["fires", "states"]
    assert [group["label"] for group in attributes["groups"][1:]] == [0, 1]


def test_records_that_were_never_written(program, refused, taken, job, tmp_path, rng):
    y, x = mixed(rng)
    with h5py.File(tmp_path / "d.h5", "w") as f:
        rows = f.create_dataset("table", (60,), TABLE, chunks=(20,), compression="gzip")
        rows[:40] = table(y, x)[:40]
        f["labels"] = y
    refused(job("layers: [table/values_block_0]\nlabels: labels", tmp_path / "d.h5"), words=["/table", "never written", "missing: skip"])
    taken(tmp_path / "d.h5", job=job("layers: [table/values_block_0]\nlabels: labels\nmissing: fill", tmp_path / "d.h5"))


def test_shards_and_memory_make_the_same_bytes_of_records(precompute, sharded, dump, tmp_path, rng):
    y = rng.integers(0, 3, 5000)
    path = dump({"df/table": (table(y, acts(rng, y, 300), [("key", "i8"), ("vector", "f4", (300,)), ("label", "i4")], vector=acts(rng, y, 300)), {"chunks": (97,), "compression": "gzip"})})
    single = (precompute(path) / "MANIFEST").read_bytes()
    assert (precompute(path, output=tmp_path / "Small", options=("--memory", "256MiB", "--threads", "1", "--progress", "none")) / "MANIFEST").read_bytes() == single
    assert (sharded(path, 3) / "MANIFEST").read_bytes() == single
