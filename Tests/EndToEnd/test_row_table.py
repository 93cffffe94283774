"""The table of rows: labels, scores, columns, pictures and texts of every row, compared with the dump."""

import json
import shutil

import h5py
import numpy as np
import pytest
import zarr

import row_oracle
from fuzz_store import sign
from programs import DATA, peak
from row_tables import ROWS, UTF8, everything, write


def test_labels_alone_make_a_table(table, tmp_path):
    group, told, _ = table({}, write(tmp_path / "a.h5", predictions=np.arange(ROWS) % 5))
    assert told["rows"] == ROWS and sorted(group.array_keys()) == ["label", "prediction"]
    assert row_oracle.classes(group, told, "label") == [str(n % 3) for n in range(ROWS)]
    assert told["label"]["labels"] == [0, 1, 2]
    assert row_oracle.classes(group, told, "prediction") == [str(n % 5) for n in range(ROWS)]


def test_without_labels_there_is_a_table_of_that_length(table, tmp_path):
    group, told, _ = table({}, write(tmp_path / "a.h5", labels=False))
    assert told == {"rows": ROWS, "columns": []} and not list(group.array_keys())


def test_string_labels_and_numeric_predictions(table, tmp_path):
    names = ["dog", "cat", "eel"]
    dump = write(tmp_path / "a.h5", labels=False, y=np.array([names[n % 3] for n in range(ROWS)], dtype="S"), p=np.arange(ROWS) % 2)
    group, told, _ = table({"labels": "y", "predictions": "p", "class_names": names}, dump)
    assert row_oracle.classes(group, told, "label") == [names[n % 3] for n in range(ROWS)]
    assert row_oracle.classes(group, told, "prediction") == [names[n % 2] for n in range(ROWS)]
    assert told["label"]["labels"] == names


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "i4"])
def test_scores_and_margins(table, tmp_path, rng, dtype):
    scores = (rng.normal(size=(ROWS, 7)) * 5).astype(dtype)
    if dtype[0] == "f":
        scores[3, 2], scores[4, [0, 1]], scores[5, 1], scores[6] = np.nan, np.inf, -np.inf, 2.5
    group, told, _ = table({"scores": "p"}, write(tmp_path / "a.h5", p=scores))
    assert told["scores"] == {"path": "p", "classes": 7}
    np.testing.assert_array_equal(group["scores"][...], scores.astype("f4"))
    np.testing.assert_array_equal(group["margin"][...], row_oracle.margins(scores))
    assert group["margin"].dtype == np.float64


def test_scores_of_one_class_have_no_margin(table, tmp_path):
    group, told, _ = table({"scores": "p"}, write(tmp_path / "a.h5", p=np.arange(ROWS, dtype="f4")[:, None]))
    assert group["scores"].shape == (ROWS, 1) and np.isnan(group["margin"][...]).all()


def columns_of(rows, rng):
    """Columns by name: what to write, and what a reader should find."""
    numbers = rng.integers(-(2**62), 2**62, rows)
    reals = np.where(np.arange(rows) % 7 == 0, np.nan, rng.normal(size=rows))
    reals[1] = np.inf
    words = [["train", "val", "", "tëst\0x", "日本"][n % 5] for n in range(rows)]
    enum = h5py.enum_dtype({"low": -1, "high": 4}, basetype="i2")
    return {
        "whole": (numbers, numbers.tolist()),
        "bytes": (np.arange(rows, dtype=np.uint8), list(range(rows))),
        "real": (reals, reals.tolist()),
        "half": (np.arange(rows).astype("f2"), [float(n) for n in range(rows)]),
        "flag": (np.arange(rows) % 2 == 0, [n % 2 == 0 for n in range(rows)]),
        "level": (np.where(np.arange(rows) % 3 == 0, -1, 4).astype(enum), ["low" if n % 3 == 0 else "high" for n in range(rows)]),
        "word": (np.array([w.replace("\0", "") for w in words], dtype=object), [w.replace("\0", "") for w in words]),
        "fixed": (np.array([w.encode() for w in words], dtype="S12"), words),
        "latin": (np.array([b"caf\xe9" if n % 2 else b"tea" for n in range(rows)], dtype="S5"), ["café" if n % 2 else "tea" for n in range(rows)]),
        "lying": (np.arange(rows)[None, :], list(range(rows))),
        "deep/a name, with ('signs') ä": (np.arange(rows) * 2, [2 * n for n in range(rows)]),
    }


def write_columns(path, columns, part=slice(None), **more):
    with h5py.File(write(path, **more), "r+") as f:
        for name, (values, _) in columns.items():
            values = values[:, part] if name == "lying" else values[part]
            f.create_dataset(name, data=values, dtype=UTF8 if name == "word" else None)
    return path


def check_columns(group, told, columns):
    kinds = {"real": "number", "half": "number", "flag": "boolean", "level": "text", "word": "text", "fixed": "text", "latin": "text"}
    assert [c["path"] for c in told["columns"]] == list(columns)
    for path, (_, wanted) in columns.items():
        name = path.split("/")[-1]
        np.testing.assert_equal(row_oracle.column(group, told, name), wanted)
        (entry,) = [c for c in told["columns"] if c["name"] == name]
        assert entry["kind"] == kinds.get(name, "integer"), name
        if entry["kind"] == "text":
            assert entry["values"] == list(dict.fromkeys(wanted))


def test_columns_of_every_kind(table, tmp_path, rng):
    columns = columns_of(ROWS, rng)
    group, told, _ = table({"columns": list(columns)}, write_columns(tmp_path / "a.h5", columns))
    check_columns(group, told, columns)


def test_columns_of_several_files_follow_each_other(table, tmp_path, rng):
    columns = columns_of(100, rng)
    first = write_columns(tmp_path / "a.h5", columns, slice(0, 70), rows=70)
    second = write_columns(tmp_path / "b.h5", columns, slice(70, 100), rows=30)
    group, told, _ = table({"columns": list(columns)}, first, second)
    check_columns(group, told, columns)


def test_columns_under_join_are_those_of_the_groups(table, tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as f:
        for number, rows in enumerate((20, 5)):
            f[f"batch_{number}/layer"] = np.ones((rows, 3), "f4") * number
            f[f"batch_{number}/labels"] = np.arange(rows) % 2
            f[f"batch_{number}/id"] = np.arange(rows) + 100 * number
            f[f"batch_{number}/pictures"] = np.full((rows, 2, 2), number, np.uint8)
        f["id"] = np.zeros(25)
    group, told, _ = table({"join": "batch_*", "columns": ["id"], "pictures": "pictures"}, path)
    assert row_oracle.column(group, told, "id") == [*range(20), *range(100, 105)]
    assert (group["pictures"][...] == np.repeat([0, 1], [20, 5])[:, None, None, None]).all()


def test_rows_beyond_the_count_are_left_out(table, tmp_path):
    dump = write(tmp_path / "a.h5", count=40, id=np.arange(ROWS), p=np.ones((ROWS, 2)), x=np.zeros((ROWS, 2, 2), "u1"), t=["a"] * ROWS)
    group, told, _ = table({"columns": ["id"], "scores": "p", "pictures": "x", "texts": "t", "count": "count"}, dump)
    assert told["rows"] == 40 and row_oracle.column(group, told, "id") == list(range(40))
    assert {group[name].shape[0] for name in ("label", "scores", "margin", "pictures", "texts/ends")} == {40}


def test_chunks_never_written_are_refused_or_filled(table, refused, job, tmp_path):
    with h5py.File(write(tmp_path / "a.h5"), "r+") as f:
        hole = f.create_dataset("id", (ROWS,), "i4", chunks=(20,), fillvalue=-7)
        hole[:20], hole[40:] = 1, 2
    refused(job("layers: [layer]\ncolumns: [id]", tmp_path / "a.h5"), words=["/id", "never written"])
    group, told, _ = table({"columns": ["id"], "missing": "fill"}, tmp_path / "a.h5")
    assert row_oracle.column(group, told, "id") == [1] * 20 + [-7] * 20 + [2] * 20


def test_names_that_collide_are_told_apart(table, tmp_path):
    dump = write(tmp_path / "a.h5", a__size=np.arange(ROWS), b__size=np.arange(ROWS) * 2, SIZE=np.arange(ROWS) * 3, prediction=np.arange(ROWS) % 2)
    group, told, _ = table({"columns": ["a/size", "b/size", "SIZE", "prediction"], "predictions": "false"}, dump)
    assert [c["name"] for c in told["columns"]] == ["/a/size", "/b/size", "SIZE", "/prediction"]
    assert len({c["id"].lower() for c in told["columns"]}) == 4
    assert row_oracle.column(group, told, "/b/size") == [2 * n for n in range(ROWS)]


def test_conventions_of_netcdf_hold_for_columns(table, tmp_path):
    with h5py.File(write(tmp_path / "a.h5", temperature=np.arange(ROWS, dtype="i2")), "r+") as f:
        f["temperature"].attrs.update(scale_factor=0.5, add_offset=10.0, _FillValue=np.int16(3))
    group, told, _ = table({"columns": ["temperature"]}, tmp_path / "a.h5")
    np.testing.assert_equal(row_oracle.column(group, told, "temperature"), [np.nan if n == 3 else n * 0.5 + 10 for n in range(ROWS)])


def test_categories_and_codes_as_anndata_writes_them(table, tmp_path):
    dump = write(tmp_path / "a.h5", obs__kind__codes=(np.arange(ROWS) % 2).astype("i1"), obs__kind__categories=["T", "B"])
    group, told, _ = table({"columns": ["obs/kind"]}, dump)
    assert row_oracle.column(group, told, "kind") == ["TB"[n % 2] for n in range(ROWS)]


PICTURES = {
    "grey": lambda x: (x[..., 0], x[..., :1]),
    "one channel": lambda x: (x[..., :1], x[..., :1]),
    "colour": lambda x: (x, x),
    "planar": lambda x: (x.transpose(0, 3, 1, 2), x),
    "unit": lambda x: ((x / 255).astype("f4"), x),
    "unit in double": lambda x: (x / 255, x),
    "large floats": lambda x: (x.astype("f2"), x),
    "int64": lambda x: (x.astype("i8"), x),
    "planar floats": lambda x: ((x / 255).astype("f8").transpose(0, 3, 1, 2), x),
    "flags": lambda x: (x[..., 0] > 99, (x[..., :1] > 99) * np.uint8(255)),
}


@pytest.mark.parametrize("form", PICTURES)
@pytest.mark.parametrize("size", [(5, 7), (1, 1), (64, 64)])
def test_pictures_of_every_form(table, tmp_path, rng, form, size):
    if "planar" in form and size == (1, 1):
        size = (1, 2)  # of one pixel nobody can tell which axis is which
    stored, wanted = PICTURES[form](rng.integers(0, 256, (ROWS, *size, 3), dtype=np.uint8))
    group, told, _ = table({"pictures": "x"}, write(tmp_path / "a.h5", x=(stored, dict(chunks=(7, *stored.shape[1:]), compression="gzip"))))
    np.testing.assert_array_equal(group["pictures"][...], wanted)
    assert told["pictures"]["source"] == list(size)


@pytest.mark.parametrize("shape", [(65, 64, 1), (64, 129, 3), (100, 3, 1), (1, 2000, 3), (2000, 2000, 3)])
def test_large_pictures_are_made_small(table, tmp_path, rng, shape):
    rows = 3
    pictures = rng.integers(0, 256, (rows, *shape), dtype=np.uint8)
    pictures[1] = 255
    group, told, _ = table({"pictures": "x"}, write(tmp_path / "a.h5", rows=rows, x=pictures))
    small = group["pictures"][...]
    assert max(small.shape[1:3]) == 64 and (small[1] == 255).all()
    checked = pictures if shape[0] < 2000 else pictures[:1, :, :, :1]
    for row, picture in enumerate(checked):
        np.testing.assert_array_equal(small[row][..., :picture.shape[2]], row_oracle.thumbnail(picture))


@pytest.mark.parametrize("texts, kept", [
    (["", "a", "日本 ä", "x" * 16384], ["", "a", "日本 ä", "x" * 16384]),
    (["y" * 16383 + "ä", "x" * 20000, "z", "ä" * 9000], ["y" * 16383, "x" * 16384, "z", "ä" * 8192]),
    (["", "", "", ""], ["", "", "", ""]),
])  # fmt: skip
def test_texts(table, tmp_path, texts, kept):
    dump = write(tmp_path / "a.h5", t=np.array(texts * 15, dtype=object))
    group, told, _ = table({"texts": "t"}, dump)
    assert row_oracle.texts(group, ROWS) == kept * 15
    assert told["texts"]["cut"] == 15 * sum(a != b for a, b in zip(texts, kept))


def test_texts_of_odd_bytes(table, tmp_path):
    values = np.array([[b"a\0b", b"\xff\xfe", b"plain", b"\xc3\xa4"][n % 4] for n in range(ROWS)], dtype="S4")
    group, told, _ = table({"texts": "t"}, write(tmp_path / "a.h5", t=values))
    assert row_oracle.texts(group, 4) == ["a\0b", "ÿþ", "plai", "Ã¤"]


@pytest.mark.parametrize("key, value, words", [
    ("scores", np.ones((50, 3)), ["/x", "50 entries", "60 rows", "scores: PATH"]),
    ("scores", np.ones((ROWS, 3, 2)), ["/x", "[row, class]"]),
    ("scores", np.array(["a"] * ROWS, "S"), ["/x", "Scores are numbers"]),
    ("pictures", np.ones((61, 3, 3), "u1"), ["/x", "61 entries", "60 rows", "pictures: PATH"]),
    ("pictures", np.ones((ROWS, 3), "u1"), ["/x", "[row, height, width]"]),
    ("pictures", np.ones((ROWS, 5, 3, 4), "u1"), ["/x", "[row, height, width, 1 or 3]"]),
    ("pictures", np.full((ROWS, 3, 3), -0.1, "f4"), ["/x", "row 0", "uint8"]),
    ("pictures", np.full((ROWS, 3, 3), np.nan, "f4"), ["/x", "row 0", "nan"]),
    ("pictures", np.full((ROWS, 3, 3), 256, "i4"), ["/x", "256", "uint8"]),
    ("texts", np.array(["a"] * 3, "S"), ["/x", "3 entries", "60 rows", "texts: PATH"]),
    ("texts", np.arange(ROWS), ["/x", "columns: [x]"]),
    ("columns", np.arange(59), ["/x", "59 entries", "60 rows", "columns: PATH"]),
    ("columns", np.ones((ROWS, 2)), ["/x", "one value for each row"]),
    ("columns", np.array([1 + 2j] * ROWS), ["/x", "numbers, truth values or texts"]),
    ("columns", np.array([2**63] * ROWS, "u8"), ["/x", "2^63"]),
])  # fmt: skip
def test_what_does_not_fit_is_refused(refused, job, tmp_path, key, value, words):
    dump = write(tmp_path / "a.h5", x=value)
    refused(job(f"layers: [layer]\n{key}: {'[x]' if key == 'columns' else 'x'}", dump), words=words)


def test_a_path_that_is_not_there_is_refused(program, job, tmp_path):
    dump = write(tmp_path / "a.h5")
    for line in ("scores: x", "pictures: x", "texts: x", "columns: [x]"):
        assert "/x" in program.fails(DATA, "precompute", job(line, dump), "--output", tmp_path / "T", "--progress", "none")


def test_a_column_of_all_different_texts_is_refused(refused, job, tmp_path):
    rows = 70_000
    dump = write(tmp_path / "a.h5", rows=rows, x=np.array([f"{n}" for n in range(rows)], "S8"))
    refused(job("layers: [layer]\ncolumns: [x]", dump), words=["65,536 different texts", "texts: x"])


def test_a_shard_finds_what_the_merge_would_refuse(program, job, tmp_path):
    path = job("layers: [layer]\npictures: x", write(tmp_path / "a.h5", x=np.full((ROWS, 2, 2), 300.0)))
    assert "uint8" in program.fails(DATA, "precompute", path, "--shard", "0/2", "--output", tmp_path / "T", "--progress", "none")


def test_the_same_bytes_however_the_work_is_done(table, sharded, tmp_path, rng):
    rows = 5000
    dump = tmp_path / "a.h5"
    keys = everything(dump, rows, rng)
    group, told, store = table(keys, dump, options=("--progress", "none", "--threads", "1"))
    with h5py.File(dump) as f:
        np.testing.assert_array_equal(group["pictures"][...], f["x"][...])
        assert row_oracle.texts(group, rows) == [t.decode() for t in f["t"][...]]
    version = store.resolve().name
    many = table(keys, dump, options=("--progress", "none", "--threads", "3", "--memory", "256MiB"), output=tmp_path / "Other")[2]
    assert many.resolve().name == version
    assert sharded(tmp_path / "job.yaml", 3).resolve().name == version


def test_reading_takes_memory_by_blocks_alone(tmp_path):
    """245 MB of pictures within 256 MiB, of which the program itself takes a part."""
    rows = 60_000
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["layer"], f["labels"] = np.ones((rows, 2), "f4"), np.arange(rows) % 2
        f.create_dataset("x", data=np.full((rows, 64, 64), 7, "u1"), chunks=(50, 64, 64), compression="gzip")
        f["t"] = np.full(rows, b"t", "S100")
    (tmp_path / "job.yaml").write_text("dumps: [a.h5]\nlayers: [layer]\npictures: x\ntexts: t\n")
    mib = peak("precompute", tmp_path / "job.yaml", "--output", tmp_path / "T", "--memory", "256MiB", "--progress", "none")
    assert mib < 256, f"{mib:.0f} MiB"


def test_chunks_larger_than_the_memory_are_refused(program, tmp_path):
    with h5py.File(write(tmp_path / "a.h5", rows=400), "r+") as f:
        f.create_dataset("x", (400, 512, 512, 3), "u1", chunks=(400, 512, 512, 3), compression="gzip")[0] = 1
    (tmp_path / "job.yaml").write_text("dumps: [a.h5]\nlayers: [layer]\npictures: x\n")
    words = program.fails(64, "precompute", tmp_path / "job.yaml", "--output", tmp_path / "T", "--memory", "256MiB", "--progress", "none")
    assert "--memory" in words and "h5repack" in words


def flip(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def test_verify_finds_a_flipped_byte_in_every_array(table, program, tmp_path, rng):
    keys = everything(tmp_path / "a.h5", ROWS, rng)
    store = table(keys, tmp_path / "a.h5")[2].resolve()
    shards = [p for p in (store / "rows").rglob("*") if p.is_file() and "c" in p.relative_to(store / "rows").parts]
    assert len(shards) == 9
    for shard in shards:
        copy = tmp_path / "copy" / store.name
        shutil.copytree(store, copy)
        flip(copy / shard.relative_to(store))
        assert shard.relative_to(store).as_posix().split("/c/")[0] in program.fails(DATA, "verify", copy)
        shutil.rmtree(copy)


def changed(store, target, change):
    """A store signed anew after `change(group)`, whose arrays may be written to."""
    building = target / ".building"
    shutil.copytree(store, building)
    change(zarr.open_group(str(building), mode="r+")["rows"], building / "rows" / "zarr.json")
    sign(building, target)
    return target


def put(name, place, value):
    def change(group, _):
        values = group[name][...]
        values[place] = value
        group[name][...] = values

    return change


def say(*path, value):
    def change(_, file):
        document = json.loads(file.read_text())
        place = document["attributes"]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        file.write_text(json.dumps(document))

    return change


@pytest.mark.parametrize("change, words", [
    (put("label", 5, 3), "rows/label"), (put("label", 5, 0), "rows/label"), (put("prediction", 0, 99), "rows/prediction"),
    (put("columns/split", 1, 2), "rows/columns/split"), (put("margin", 2, 0.5), "rows/margin"),
    (put("texts/ends", 7, 0), "rows/texts/ends"), (put("texts/ends", 7, 2**40), "rows/texts/ends"), (put("texts/bytes", 3, 255), "rows/texts"),
    (say("rows", value=61), "61 rows"), (say("pictures", "height", value=2**40), "pictures"), (say("scores", "classes", value=2**60), "scores"),
    (say("texts", "bytes", value=2**62), "texts"), (say("columns", 0, "id", value="../../label"), "id"), (say("columns", 0, "name", value="split"), "name"),
    (say("columns", 1, "values", value=None), "split"), (say("label", "names", value=["a"]), "label"),
])  # fmt: skip
def test_tables_that_mean_what_none_does_are_found(table, program, tmp_path, rng, change, words):
    keys = everything(tmp_path / "a.h5", ROWS, rng)
    store = table(keys, tmp_path / "a.h5")[2].resolve()
    assert words in program.fails(DATA, "verify", changed(store, tmp_path / "changed", change))
