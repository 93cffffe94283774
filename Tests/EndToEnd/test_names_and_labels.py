"""Names of layers and classes, and labels, that are lawful and odd: each keeps its own, or is refused by row."""

import csv
import io
import json

import h5py
import numpy as np
import pytest
import zarr
from store_oracle import check


def groups(attributes, kind="class"):
    return {g["name"]: g["rows"] for g in attributes["groups"] if g["kind"] == kind}


@pytest.mark.parametrize("names", [
    ["\u0301accent first", "g/\u0338x"], ["a\r\nb", "tab\tx", "line\nx"], ["..", "...x", "dot."], ["-1", "--", "<<"], ["x" * 3000, "g/" + "y" * 300],
    ["x/a", "y/a", "y/A", "z/a-2", "w/a."], ['comma, "quote" \'s', "層/ü: [x]"]])  # fmt: skip
def test_names_of_layers(taken, program, dump, values, tmp_path, names):
    path = dump({name: values(40, 5 + n) for n, name in enumerate(names)}, np.arange(40) % 3)
    attributes, _ = taken(path, layers=len(names))
    assert {l["name"]: l["neurons"] for l in attributes["layers"]} == {name: 5 + n for n, name in enumerate(names)}
    store = tmp_path / "Tiles" / "dump"
    program.ok("verify", store)
    shown = json.loads(program.ok("show", store, "--json").stdout)
    assert [l["name"] for l in shown["attributes"]["layers"]] == [l["name"] for l in attributes["layers"]]
    assert all(l["id"] in program.ok("show", store).stdout for l in attributes["layers"])
    for layer in attributes["layers"]:
        table = json.loads(program.ok("export", store, "--layer", layer["id"], "--format", "json").stdout)
        assert len(table["rows"]) == layer["neurons"] and table["origin"]["layer_name"] == layer["name"]


def test_names_that_only_bytes_tell_apart(program, precompute, dump, values, job):
    """NFC and NFD: one name to Unicode, two to HDF5."""
    path = dump({"caf\u00e9": values(40, 5), "cafe\u0301": values(40, 6)}, np.arange(40) % 3)
    said = job('layers: [{name: one, dataset: "caf\\u00e9"}, {name: two, dataset: "cafe\\u0301"}]', path)
    store = precompute(said, name="job")
    assert check(store, [path]) == 2
    assert {l["name"]: l["neurons"] for l in zarr.open_group(str(store), mode="r").attrs["layers"]} == {"one": 5, "two": 6}


def test_an_accent_may_be_spelt_otherwise_in_the_job(taken, dump, values, job):
    path = dump({"cafe\u0301": values(40, 6)}, np.arange(40) % 3)
    said = job('layers: [{name: x, dataset: "caf\\u00e9"}]', path)
    assert taken(path, job=said)[0]["layers"][0]["neurons"] == 6


def test_labels_that_only_bytes_tell_apart(refused, dump, values):
    labels = np.array(["tea", "caf\u00e9", "cafe\u0301"] * 14, h5py.string_dtype())
    refused(dump({"a": values(42, 5)}, labels), words=["/labels", "rows 1 and 2", "normalize"])


def test_texts_of_every_kind_as_labels(taken, program, dump, values, tmp_path):
    words = ["a,b", 'q"uote', "new\nline", "ü", " lead", "trail ", "1", "01"]
    attributes, _ = taken(dump({"a": values(40, 5)}, np.array(words * 5, h5py.string_dtype())))
    assert groups(attributes) == dict.fromkeys(words, 5)
    table = json.loads(program.ok("export", tmp_path / "Tiles" / "dump", "--layer", "a", "--groups", "a,b", "--order", "median(a,b)", "--format", "json").stdout)
    assert any("a,b" in column for column in table["columns"])


@pytest.mark.parametrize("pad", [h5py.h5t.STR_NULLTERM, h5py.h5t.STR_NULLPAD, h5py.h5t.STR_SPACEPAD])
def test_padded_texts_as_labels(program, precompute, dump, values, pad):
    path = dump({"a": values(40, 5)})
    fill = b" " if pad == h5py.h5t.STR_SPACEPAD else b"\0"
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(7)
    kind.set_strpad(pad)
    with h5py.File(path, "r+") as f:
        labels = h5py.h5d.create(f.id, b"labels", kind, h5py.h5s.create_simple((40,)))
        raw = b"".join([w.ljust(7, fill) for w in (b"cat", b"a dog")] * 20)
        labels.write(h5py.h5s.ALL, h5py.h5s.ALL, np.frombuffer(raw, "S7").copy(), mtype=kind)
    store = precompute(path)
    assert groups(zarr.open_group(str(store), mode="r").attrs) == {"a dog": 20, "cat": 20}


def test_an_enumeration_as_labels(program, precompute, dump, values, tmp_path):
    kind = h5py.enum_dtype({"eel": 5, "dog": 1, "cat": 0}, basetype=">i2")
    numbers = np.array([0, 1, 5, 0] * 10)
    path = dump({"a": values(40, 5)}, numbers.astype(kind), predictions=np.array([0, 1, 1, 1] * 10).astype(kind))
    assert "an enumeration" in program.ok("inspect", path).stdout
    store = precompute(path)
    got = zarr.open_group(str(store), mode="r")
    assert groups(got.attrs) == {"cat": 20, "dog": 10, "eel": 10} and list(groups(got.attrs)) == ["cat", "dog", "eel"]
    with h5py.File(path) as f:
        for group, mask in enumerate([numbers >= 0, numbers == 0, numbers == 1, numbers == 5]):
            assert np.array_equal(got["layers/a/statistics/median"][group], np.median(f["a"][mask].astype(float), axis=0).astype(np.float32))
    job = tmp_path / "again.yaml"
    job.write_text(program.ok("inspect", path, "--job").stdout)
    assert precompute(job, name="dump", output=tmp_path / "Again").resolve().name == store.resolve().name


@pytest.mark.parametrize("kind", [bool, "bits"])
def test_truth_values_as_labels(program, precompute, dump, values, tmp_path, job, kind):
    """They are called false and true, and stay the labels 0 and 1 to conditions; who names them otherwise is heeded."""
    truth = np.arange(40) % 5 < 2
    path = dump({"a": values(40, 5)}, truth)
    if kind == "bits":
        # As PyTables writes them.
        with h5py.File(path, "r+") as f:
            del f["labels"]
            labels = h5py.h5d.create(f.id, b"labels", h5py.h5t.STD_B8LE, h5py.h5s.create_simple((40,)))
            labels.write(h5py.h5s.ALL, h5py.h5s.ALL, truth.astype("u1"), mtype=h5py.h5t.STD_B8LE)
    store = precompute(path)
    got = zarr.open_group(str(store), mode="r")
    assert groups(got.attrs) == {"false": 24, "true": 16} and [g["label"] for g in got.attrs["groups"][1:3]] == [0, 1]
    with h5py.File(path) as f:
        for group, mask in enumerate([truth | True, ~truth, truth]):
            assert np.array_equal(got["layers/a/statistics/median"][group], np.median(f["a"][mask].astype(float), axis=0).astype(np.float32))
    again = tmp_path / "again.yaml"
    again.write_text(program.ok("inspect", path, "--job").stdout)
    assert precompute(again, name="dump", output=tmp_path / "Again").resolve().name == store.resolve().name
    conditions = ["label == 0", "label != 1", 'label == "false"', "label < 1", 'label in ["false"]', "not label == 1"]
    entries = ", ".join(f"{{ name: g{n}, where: '{condition}' }}" for n, condition in enumerate(conditions))
    found = groups(zarr.open_group(str(precompute(job(f"groups: [{entries}]", path), name="job")), mode="r").attrs, "where")
    assert found == {f"g{n}": 24 for n in range(len(conditions))}
    named = precompute(job("class_names: [quiet, loud]", path), name="job", output=tmp_path / "Named")
    assert groups(zarr.open_group(str(named), mode="r").attrs) == {"quiet": 24, "loud": 16}
    with h5py.File(path, "r+") as f:
        f["class_names"] = ["cat", "dog"]
    assert groups(zarr.open_group(str(precompute(path, output=tmp_path / "Beside")), mode="r").attrs) == {"cat": 24, "dog": 16}


def test_an_enumeration_without_a_name_for_a_label(refused, dump, values):
    kind = h5py.enum_dtype({"dog": 1, "cat": 0}, basetype="i2")
    refused(dump({"a": values(40, 5)}, np.r_[np.zeros(39, int), 7].astype(kind)), words=["/labels", "row 39", "7"])


def test_classes_that_are_called_like_other_labels(precompute, dump, values, job, rng):
    """A prediction of 5 is the sixth class, not the first, though that is called "5"."""
    labels, predictions = rng.integers(0, 2, 400), rng.integers(0, 7, 400)
    path = dump({"a": values(400, 5)}, labels, predictions=predictions, class_names=["5", "6"])
    store = precompute(job("groups: [{name: right, where: 'label == prediction'}]", path), name="job")
    assert groups(zarr.open_group(str(store), mode="r").attrs, "where") == {"right": (labels == predictions).sum()}


def test_conditions_of_every_form(precompute, dump, values, job, rng):
    label, prediction, row = rng.integers(0, 3, 400), rng.integers(0, 4, 400), np.arange(400)
    path = dump({"a": values(400, 5)}, label, predictions=prediction, class_names=["cat", "dog", "eel"])
    conditions = {
        'label == "cat" and prediction == "dog"': (label == 0) & (prediction == 1),
        "label != prediction": label != prediction,
        'label in ["cat", "eel"] and not row < 100': ((label == 0) | (label == 2)) & (row >= 100),
        "label in [0, 2]": label != 1, "label > 0 and label <= 1": label == 1, "prediction not in [3]": prediction != 3,
        "row < 0": row < 0, "row >= 0": row >= 0,
        'label == "cat" or (label == "dog" and row > 200)': (label == 0) | ((label == 1) & (row > 200))}  # fmt: skip
    text = "\n".join(f"  - {{name: '{n}', where: '{c}'}}" for n, c in enumerate(conditions))
    store = precompute(job(f"groups:\n{text}", path), name="job")
    got = zarr.open_group(str(store), mode="r")
    assert groups(got.attrs, "where") == {str(n): mask.sum() for n, mask in enumerate(conditions.values())}
    with h5py.File(path) as f:
        for group, mask in enumerate(conditions.values(), start=4):
            maximum = f["a"][mask].max(axis=0) if mask.any() else np.full(5, np.nan)
            assert np.array_equal(got["layers/a/statistics/maximum"][group], maximum, equal_nan=True)


def test_a_class_that_there_is_not(program, dump, values, job, rng, tmp_path):
    """Said before the work begins, at its end, and to programs."""
    path = dump({"a": values(40, 5)}, rng.integers(0, 2, 40), class_names=["cat", "dog"])
    where = job("groups: [{name: odd, where: 'label == \"dgo\"'}, {name: cats, where: 'label == \"cat\"'}]", path)
    note = 'The group "odd" has no rows; there is no class "dgo".'
    assert f"  Note: {note}\n" in program.ok("precompute", where, "--plan-only").stdout
    assert program.ok("precompute", where, "--output", tmp_path / "T").stderr.count(f"  Note: {note}\n") == 2
    events = map(json.loads, program.ok("precompute", where, "--output", tmp_path / "U", "--progress", "json").stderr.splitlines())
    noted = {event["event"]: event["notes"] for event in events if "notes" in event}
    assert set(noted) == {"plan", "published"} and note in noted["plan"] and noted["published"] == [note]


def test_a_count_counts_only_where_it_stands_with_the_rows(taken, dump, values):
    attributes, _ = taken(dump({"a": values(40, 5)}, np.arange(40) % 3, **{"optimizer/count": 12}))
    assert attributes["dataset"]["rows"] == 40


def test_only_the_last_file_has_a_count(program, precompute, dump, values, tmp_path):
    dumps = [dump({"a": values(40, 5)}, np.arange(40) % 3, name="part-1.h5"), dump({"a": values(40, 5)}, np.arange(40) % 3, name="part-2.h5", count=9)]
    store = precompute(*dumps)
    assert zarr.open_group(str(store), mode="r").attrs["dataset"]["rows"] == 49
    job = tmp_path / "again.yaml"
    job.write_text(program.ok("inspect", *dumps, "--job").stdout)
    assert precompute(job, name="part-1", output=tmp_path / "Again").resolve().name == store.resolve().name


def test_a_count_that_is_not_there(refused, dump, values, job):
    path = dump({"a": values(40, 5)}, np.arange(40) % 3)
    refused(job("count: nowhere", path), words=["/nowhere", "no such dataset"])


def test_the_same_file_twice_is_told(program, dump, values):
    path = dump({"a": values(40, 5)}, np.arange(40) % 3)
    assert "named twice" in program.ok("inspect", path, path).stdout


@pytest.mark.parametrize("labels", [np.array([0.5] * 40), np.array([2**64 - 1] * 40, "u8"), np.zeros(40, complex), np.zeros(40, [("a", "i4")])])
def test_what_to_do_is_said_where_labels_are_none(refused, dump, values, labels):
    refused(dump({"a": values(40, 5)}, labels), words=["/labels", "index of the class", "labels: PATH"])


def test_files_that_name_their_classes_differently(refused, taken, dump, values, job, rng):
    first, second = (dump({"a": values(40, 3)}, rng.integers(0, 2, 40), name=f"part-{n}.h5", class_names=names)
                     for n, names in ((1, ["cat", "dog"]), (2, ["dog", "cat"])))  # fmt: skip
    refused(first, second, words=[str(second), "dog, cat", "cat, dog", str(first), "class_names: ["])
    attributes, _ = taken(first, second, job=job("class_names: [cat, dog]", first, second))
    assert list(groups(attributes)) == ["cat", "dog"]


def test_names_that_only_the_first_file_has(taken, dump, values, job, rng, tmp_path):
    first = dump({"a": values(40, 3)}, rng.integers(0, 2, 40), name="part-1.h5", names=["cat", "dog"])
    second = dump({"a": values(40, 3)}, rng.integers(0, 2, 40), name="part-2.h5")
    # Beside the dump lie names that are not of these files.
    (tmp_path / "class_names.txt").write_text("one\ntwo\n")
    attributes, _ = taken(first, second, job=job("class_names: names", first, second))
    assert list(groups(attributes)) == ["cat", "dog"]
    with h5py.File(first, "r+") as f:
        f.move("names", "class_names")
    attributes, _ = taken(first, second, job=job("", first, second))
    assert list(groups(attributes)) == ["cat", "dog"]


def test_names_in_a_damaged_attribute(refused, taken, dump, values, job, rng):
    path = dump({"a": values(40, 3)}, rng.integers(0, 2, 40))
    with h5py.File(path, "r+") as f:
        f["labels"].attrs.create("class_names", ["cat", "dog"], dtype=h5py.string_dtype())
    data = path.read_bytes()
    assert data.count(b"GCOL") == 1
    path.write_bytes(data.replace(b"GCOL", b"GONE"))
    refused(path, words=[str(path), "attribute class_names of /labels", "class_names: ["])
    attributes, _ = taken(path, job=job("class_names: [cat, dog]", path))
    assert list(groups(attributes)) == ["cat", "dog"]


def test_names_with_line_breaks_in_a_table(precompute, program, dump, values, tmp_path):
    names = ["a\nb", "c\r\nd", 'e"f', "g,h"]
    store = precompute(dump({"la\nyer": values(40, 3)}, np.array(names * 10, dtype=h5py.string_dtype())))
    text = program.ok("export", store, "--layer", "la-yer", "--format", "csv").stdout
    origin = [line for line in text.splitlines() if line.startswith("# ")]
    assert '# layer_name: "la\\nyer"' in origin
    rows = list(csv.reader(io.StringIO(text[sum(len(line) + 1 for line in origin):], newline="")))
    assert len(rows) == 1 + 3 and {len(row) for row in rows} == {len(rows[0])}
    assert all(any(name.replace("\r", "") in cell for cell in rows[0]) for name in names)


def test_a_label_that_would_command_the_terminal(refused, dump, values):
    labels = np.array(["cat", "do\ng\x1b[2J"] * 20, dtype=h5py.string_dtype())
    refused(dump({"a": values(40, 3)}, labels, class_names=["cat", "dog"]), words=["the label of row 1 is \"do\\ng\\u{1b}[2J\""])
