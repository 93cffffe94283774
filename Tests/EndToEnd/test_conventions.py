"""Dumps as people write them: each taken, and equal to the oracle, or refused with the exact reason."""

import json

import h5py
import numpy as np
import pytest


def class_rows(attributes):
    return {g["name"]: g["rows"] for g in attributes["groups"] if g["kind"] == "class"}


# Layouts


def test_each_row_a_chunk(taken, dump, values, rng):
    path = dump({name: (values(60, width), {"chunks": (1, width)}) for name, width in (("conv1", 40), ("fc7", 12))}, rng.integers(0, 3, 60))
    taken(path, layers=2, convention="layers")


def test_activations_of_numbered_layers(taken, dump, values, rng):
    layers = {f"activations/layer_{i}": values(40, 7) for i in (2, 10)} | {"activations/layer_1": values(40, 5, 7)}
    attributes, found = taken(dump(layers, rng.integers(0, 3, 40)), layers=3)
    assert [l["name"] for l in attributes["layers"]] == [f"activations/layer_{i}" for i in (1, 2, 10)]
    assert attributes["layers"][0]["axes"] == "NTD" and found["layers"][0]["axes_guessed"]


def test_activations_labels_and_predictions(taken, program, dump, values, rng):
    path = dump({"activations": values(50, 20)}, rng.integers(0, 4, 50), predictions=rng.integers(0, 4, 50))
    _, found = taken(path, convention="layers")
    assert found["predictions"] == "/predictions" and found["labels"]["dataset"] == "/labels"
    assert "of 50 equal the label" in program.ok("inspect", path).stdout


@pytest.mark.parametrize("spare", [0, 20])
@pytest.mark.parametrize("width", [9, 80])
def test_filler_beyond_a_count(taken, program, dump, values, rng, spare, width):
    path = dump({"all_feats": values(100, width)}, all_labels=rng.integers(0, 3, 80 + spare), count=80)
    attributes, found = taken(path, convention="filler")
    assert attributes["dataset"]["rows"] == 80 and attributes["layers"][0]["axes"] == "NU"
    assert found["filler_rows"] == spare
    assert spare == 0 or "the first 80 of 100 rows" in program.ok("inspect", path).stdout


def test_a_count_of_more_than_there_is(refused, dump, values):
    refused(dump({"all_feats": values(100, 9)}, all_labels=np.zeros(100, int), count=101), words=["/count", "100 rows"])


def test_more_rows_than_labels_without_a_count(refused, dump, values, job):
    path = dump({"a": values(60, 9)}, np.zeros(50, int))
    refused(path, words=["/a", "60 x 9", "50 labels"])
    refused(job("layers: [a]", path), words=["/a", "60 rows", "50 labels"])


def test_features_without_labels(taken, dump, values):
    attributes, found = taken(dump({"weights": values(7, 3), "features": values(70, 30), "more": values(70, 5)}), layers=2, convention="unlabelled")
    assert len(attributes["groups"]) == 1
    assert any("no labels" in trap for trap in found["traps"])
    assert [s["dataset"] for s in found["skipped"]] == ["/weights"]


# By category


@pytest.mark.parametrize("chunks", [None, (1, 10, 6), (3, 4, 5)])
def test_rows_by_category_are_guessed_from_the_class_names(taken, dump, values, chunks):
    layers = {"fc": (values(4, 25, 6), {"chunks": chunks}), "conv": values(4, 25, 3, 2, 2)}
    attributes, found = taken(dump(layers, class_names=list("abcd")), layers=2, convention="categories")
    assert class_rows(attributes) == dict.fromkeys("abcd", 25)
    assert [l["axes"] for l in found["layers"]] == ["KNCHW", "KNU"]
    assert any("by category" in trap for trap in found["traps"])


@pytest.mark.parametrize("axes, reduce", [("KNU", "flatten"), ("NKU", "flatten"), ("KNTD", "max"), ("UNK", "flatten"), ("TKND", "samples"), ("NDKT", "mean")])
def test_rows_by_category_as_the_job_says(taken, dump, values, job, axes, reduce):
    extents = {"K": 5, "N": 12, "U": 70, "D": 7, "T": 3}
    path = dump({"a": values(*(extents[x] for x in axes))})
    attributes, _ = taken(path, job=job(f"layers: [{{dataset: a, axes: {axes}, reduce: {reduce}}}]\ninstances: {{rows: [0, 13, 59]}}", path))
    assert class_rows(attributes) == dict.fromkeys("01234", 12)
    assert [i["label"] for i in attributes["instances"]] == ["0", "1", "4"]


def test_rows_by_category_with_labels_and_instances(taken, dump, values, job, rng, tmp_path):
    dumps = [dump({"a": values(3, 4, 8)}, ["x", "y", "z"], name="each.h5", **{"instances/benign/a": values(2, 8)}),
             dump({"a": values(3, 4, 8)}, rng.integers(0, 2, 12), name="all.h5")]
    for path, expected in zip(dumps, ({"x": 4, "y": 4, "z": 4}, None)):
        attributes, _ = taken(path, job=job("layers: [{dataset: a, axes: KNU}]", path))
        assert expected is None or class_rows(attributes) == expected


def test_several_files_by_category(taken, dump, values, job):
    dumps = [dump({"a": values(3, 4, 8)}, name="1.h5"), dump({"a": values(3, 9, 8)}, name="2.h5")]
    attributes, _ = taken(*dumps, job=job("layers: [{dataset: a, axes: KNU}]", *dumps))
    assert class_rows(attributes) == dict.fromkeys("012", 13)


def test_categories_that_do_not_fit(refused, dump, values, job):
    path = dump({"a": values(3, 4, 8)}, np.zeros(7, int))
    refused(job("layers: [{dataset: a, axes: KNU}]", path), words=["7 labels", "3 categories", "4 rows each", "one label a category"])
    path = dump({"a": values(3, 4, 8)}, name="counted.h5", count=5)
    refused(job("layers: [{dataset: a, axes: KNU}]", path), words=["/count", "5 of 12", "of which category"])


# One file a sample


@pytest.mark.parametrize("label", [lambda k: k, lambda k: [k], lambda k: [[k]], lambda k: f"class {k}"])
@pytest.mark.parametrize("shape", [(9,), (1, 9)])
def test_one_file_a_sample(taken, dump, values, label, shape):
    dumps = [dump({"fc": values(*shape), "fc2": values(*shape[:-1], 5)}, label(i % 3), name=f"s{i:02}.h5") for i in range(14)]
    attributes, found = taken(*dumps, layers=2, convention="files" if len(shape) == 1 else "layers")
    assert attributes["dataset"]["rows"] == 14 and list(class_rows(attributes).values()) == [5, 5, 4]


def test_one_file_a_sample_without_labels(taken, dump, values, job):
    dumps = [dump({"fc": values(9)}, name=f"{i}.h5") for i in range(5)]
    taken(*dumps, convention="files")
    dumps = [dump({"conv": values(3, 4, 4)}, name=f"c{i}.h5") for i in range(5)]
    attributes, _ = taken(*dumps, job=job("layers: [{dataset: conv, axes: CHW, reduce: max}]\ninstances: {rows: [4, 0]}", *dumps))
    assert attributes["layers"][0]["neurons"] == 3


def test_files_that_differ(refused, dump, values):
    dumps = [dump({"fc": values(9 + i // 3)}, name=f"{i}.h5") for i in range(5)]
    refused(*dumps, words=["3.h5", "/fc", "9", "10"])


def test_axes_without_rows_in_a_file_of_many(refused, dump, values, job):
    path = dump({"a": values(50, 3, 2)}, np.zeros(50, int))
    refused(job("layers: [{dataset: a, axes: CHW}]", path), words=["/a", "axes: NCHW"])


# MATLAB v7.3: axes reversed, columns as matrices of doubles


@pytest.mark.parametrize("shape", [(1, 60), (60, 1)])
@pytest.mark.parametrize("width", [7, 60])
def test_matlab(taken, program, dump, values, rng, shape, width):
    path = dump({"features": values(width, 60, dtype=float), "conv": values(2, 3, 4, 60)}, rng.integers(1, 4, shape).astype(float))
    with h5py.File(path, "r+") as f:
        for name in f:
            f[name].attrs["MATLAB_class"] = np.bytes_("double")
        f["title"] = np.frombuffer("résumé".encode("utf-16-le"), np.uint16)[:, None]
        f["title"].attrs["MATLAB_class"] = np.bytes_("char")
    attributes, found = taken(path, layers=2, convention="matlab")
    assert list(class_rows(attributes)) == ["1", "2", "3"]
    assert {l["dataset"]: l["axes"] for l in found["layers"]} == {"/conv": "WHCN", "/features": "UN"}
    assert "taken as a column" in program.ok("inspect", path).stdout
    assert any("/title" == s["dataset"] and "text" in s["why"] for s in found["skipped"])


def test_reversed_without_a_word_from_matlab(taken, dump, values, rng):
    _, found = taken(dump({"features": values(7, 60)}, rng.integers(0, 3, 60)))
    assert found["layers"][0]["axes"] == "UN" and any("last axis" in trap for trap in found["traps"])


# Types and storage


@pytest.mark.parametrize("dtype", ["<f2", ">f2", ">f4", ">f8", ">i4"])
def test_types(taken, dump, values, rng, dtype):
    _, found = taken(dump({"a": values(60, 40, dtype=dtype)}, rng.integers(0, 3, 60)))
    assert found["files"][0]["datasets"][0]["byte_order"] == ("big" if dtype[0] == ">" else "little")


def bfloat16():
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_fields(15, 7, 8, 0, 7)
    kind.set_size(2)
    kind.set_ebias(127)
    return kind


@pytest.mark.parametrize("form", ["float", "opaque", "uint16", "int16"])
def test_bfloat16(taken, refused, program, dump, values, rng, job, form):
    bits = (values(50, 20).view(np.uint32) >> 16).astype(np.uint16)
    path = dump({}, rng.integers(0, 3, 50))
    with h5py.File(path, "r+") as f:
        if form == "float":
            kind = bfloat16()
            data = h5py.h5d.create(f.id, b"a", kind, h5py.h5s.create_simple(bits.shape))
            data.write(h5py.h5s.ALL, h5py.h5s.ALL, bits, kind)
        else:
            f["a"] = bits.view({"opaque": "V2", "uint16": "u2", "int16": "i2"}[form])
    said = job("layers: [{dataset: a, dtype: bfloat16}]", path)
    if form == "float":
        assert "bfloat16" in program.ok("inspect", path).stdout
    elif form != "int16":  # these are mostly what they seem to be
        assert "dtype: bfloat16" in program.ok("inspect", path).stdout
    if form == "opaque":
        refused(path, words=["/a", "dtype: bfloat16"])
    attributes, _ = taken(path, job=said)
    assert attributes["layers"][0]["dtype"] == "bfloat16"


def virtual(path, places):
    """Twenty rows of `a`, of which each source gives ten."""
    layout = h5py.VirtualLayout((20, 5), "f4")
    for number, place in enumerate(places):
        source = path.with_name(f"source-{number}.h5")
        with h5py.File(source, "w") as f:
            f["a"] = np.random.default_rng(number).normal(size=(10, 5)).astype("f4")
        layout[place] = h5py.VirtualSource(source.name, "a", (10, 5))
    with h5py.File(path, "w") as f:
        f.create_virtual_dataset("a", layout)
        f["labels"] = np.arange(20) % 2
    return path


FANCY = [0, 1, 2, 3, 4, 5, 6, 7, 9, 15]


@pytest.mark.parametrize("places", [
    (np.s_[:10], np.s_[10:]), (np.s_[::2], np.s_[1::2]), (FANCY, sorted(set(range(20)) - set(FANCY)))])  # fmt: skip
def test_virtual_datasets(taken, tmp_path, job, places):
    path = virtual(tmp_path / "dump.h5", places)
    taken(path, job=job("follow: true", path))


@pytest.mark.parametrize("places", [(np.s_[:10], np.s_[5:15]), (np.s_[::2], np.s_[::2]), (FANCY, [*range(8, 18)])])
def test_virtual_datasets_of_which_some_was_never_given(refused, tmp_path, job, places):
    path = virtual(tmp_path / "dump.h5", places)
    refused(job("follow: true", path), words=[str(path), "/a", "give the same elements"])


def test_virtual_datasets_and_texts_behind_a_link(taken, refused, tmp_path, job):
    (tmp_path / "sub").mkdir()
    virtual(tmp_path / "sub/dump.h5", (np.s_[:10], np.s_[10:]))
    with h5py.File(tmp_path / "sub/texts.h5", "w") as f:
        f["texts"] = ["cat", "dog"] * 10
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w") as f:
        f["a"] = h5py.ExternalLink("sub/dump.h5", "/a")
        f["labels"] = h5py.ExternalLink("sub/texts.h5", "/texts")
    attributes, _ = taken(path, job=job("follow: true", path))
    assert [group["name"] for group in attributes["groups"]] == ["all", "cat", "dog"]

    layout = h5py.VirtualLayout((20,), h5py.string_dtype())
    layout[:] = h5py.VirtualSource("sub/texts.h5", "texts", (20,))
    with h5py.File(path, "r+") as f:
        del f["labels"]
        f.create_virtual_dataset("labels", layout)
    refused(job("follow: true", path), words=[str(path), "/labels", "variable-length text"])


def test_what_cannot_be_bfloat16(refused, dump, values, job):
    path = dump({"a": values(50, 3, dtype=np.float16)}, np.zeros(50, int))
    refused(job("layers: [{dataset: a, dtype: bfloat16}]", path), words=["/a", "float16", "Leave dtype out"])


def test_an_output_that_is_called_like_predictions(taken, program, dump, values, rng):
    path = dump({"a": values(50, 3), "predictions": rng.random((50, 1), np.float32)}, rng.integers(0, 2, 50))
    attributes, found = taken(path, layers=2)
    assert {layer["name"] for layer in attributes["layers"]} == {"a", "predictions"}
    assert "/predictions is called like" in program.ok("inspect", path).stdout


def test_pictures_that_are_read_in_parts(taken, dump, values, rng):
    path = dump({"a": values(50, 3)}, rng.integers(0, 2, 50))
    with h5py.File(path, "r+") as f:
        f["instances/benign/a"] = values(150, 3)
        f["instances/benign/images"] = rng.integers(0, 255, (150, 400, 400), np.uint8)  # 23 MiB
    taken(path)


def test_damaged_predictions_are_no_output(refused, dump, values, rng):
    path = dump({"a": values(50, 3)}, rng.integers(0, 2, 50))
    with h5py.File(path, "r+") as f:
        f.create_dataset("predictions", data=rng.integers(0, 2, 50).astype("f4"), chunks=(50,), fletcher32=True)
        place = f["predictions"].id.get_chunk_info(0).byte_offset
    data = bytearray(path.read_bytes())
    data[place + 3] ^= 1
    path.write_bytes(data)
    refused(path, words=[str(path), "/predictions"])


def test_columns_that_are_none(taken, refused, dump, values, job, rng):
    path = dump({"a": values(50, 3)}, y=rng.random(50), predictions=rng.integers(0, 2, 50), count=np.array([20]))
    refused(path, words=["/y", "labels: false"])
    attributes, _ = taken(path, job=job("labels: false\npredictions: false\ncount: false", path))
    assert [group["rows"] for group in attributes["groups"]] == [50]
    assert not {"labels", "predictions", "count"} & set(attributes["job"])


def test_complex_and_compound_layers(refused, taken, dump, values, job):
    pair = np.zeros((50, 3), [("x", "f4"), ("y", "i8")])
    pair["x"], pair["y"] = values(50, 3), np.arange(150).reshape(50, 3)
    path = dump({"z": values(50, 3).astype(complex), "pair": pair}, np.zeros(50, int))
    refused(job("layers: [z]", path), words=["/z", "complex"])
    refused(job("layers: [pair]", path), words=["/pair", "compound", "/pair/x 50 x 3"])
    _, found = taken(path, layers=2)
    assert {layer["dataset"] for layer in found["layers"]} == {"/pair/x", "/pair/y"}
    assert any(skipped["dataset"] == "/z" and "complex" in skipped["why"] for skipped in found["skipped"])


@pytest.mark.parametrize("shape", [(0, 5), (50, 0)])
def test_empty_datasets(refused, taken, dump, values, job, shape):
    path = dump({"none": np.zeros(shape, np.float32), "a": values(50, 4)}, np.zeros(50, int))
    refused(job("layers: [none]", path), words=["/none", "empty"])
    _, found = taken(path)
    assert any(s["dataset"] == "/none" and "empty" in s["why"] for s in found["skipped"])
    refused(dump({"a": values(0, 4)}, np.zeros(0, int), name="nothing.h5"), words=["no rows"])


def test_newer_format(refused, taken, tmp_path, values):
    """h5py's latest is HDF5 2.0, which libhdf5 1.10 cannot read; what 1.10 itself calls latest it can."""
    for version in ("latest", "v110"):
        path = tmp_path / f"{version}.h5"
        with h5py.File(path, "w", libver=(version, version)) as f:
            f.create_dataset("a", data=values(50, 4), chunks=(20, 4), compression="gzip")
            f["labels"] = np.arange(50) % 3
        if version == "v110":
            taken(path)
        else:
            refused(path, words=[str(path), "new"])


# Names and links


def test_names_of_every_kind(taken, dump, values, rng):
    names = ["a.b.c", "with space/in it", "slash/deep/er", "層 1", "Ünï/cödé \"quoted\" 'so'", "x: [y]", "-1", "no"]
    attributes, _ = taken(dump({name: values(40, 5) for name in names}, rng.integers(0, 3, 40)), layers=len(names))
    assert {l["name"] for l in attributes["layers"]} == set(names)


def test_links_and_oddities_beside_the_layers_harm_nothing(taken, dump, values, rng):
    path = dump({"acts/a": values(40, 5)}, rng.integers(0, 3, 40), epoch=3, note="hello")
    with h5py.File(path, "r+") as f:
        f["acts/up"] = f["/"]
        f["acts/round"] = h5py.SoftLink("/acts/trip")
        f["acts/trip"] = h5py.SoftLink("/acts/round")
        f["gone"] = h5py.SoftLink("/nowhere")
        f["again"] = h5py.SoftLink("/acts/a")
        f["acts/hard"] = f["acts/a"]
        f["outside"] = h5py.ExternalLink("other.h5", "/a")
        f["null"] = h5py.Empty("f4")
    attributes, found = taken(path)
    assert [l["dataset"] for l in attributes["layers"]] == ["/acts/a"]
    assert {"/null", "/epoch", "/note", "/gone", "/outside"} <= {s["dataset"] for s in found["skipped"]}


def test_data_in_other_files(taken, refused, program, dump, values, job, tmp_path):
    """Virtual, external and linked datasets are refused by name, and taken with `follow: true`."""
    source = dump({"a": values(40, 5)}, name="source.h5")
    labels = np.arange(40) % 3
    layout = h5py.VirtualLayout((40, 5), "f4")
    layout[:] = h5py.VirtualSource("source.h5", "a", (40, 5))
    (tmp_path / "raw.bin").write_bytes(values(40, 5).tobytes())
    for kind in ("virtual", "external", "linked"):
        path = dump({}, labels, name=f"{kind}.h5")
        with h5py.File(path, "r+") as f:
            if kind == "virtual":
                f.create_virtual_dataset("a", layout)
            elif kind == "external":
                f.create_dataset("a", (40, 5), "f4", external=[(str(tmp_path / "raw.bin"), 0, h5py.h5f.UNLIMITED)])
            else:
                f["a"] = h5py.ExternalLink("source.h5", "/a")
        refused(path, words=["/a", "follow: true"])
        taken(path, job=job("follow: true", path)) if kind != "external" else program.ok("precompute", job("follow: true", path), "--output", tmp_path / "T", "--progress", "none")
        assert "follow: true" in program.ok("inspect", path, "--follow", "--job").stdout
    assert source.exists()


def test_labels_out_of_reach(refused, taken, dump, values, job):
    """Without them all rows would silently be one group."""
    dump({}, np.arange(40) % 3, name="other.h5")
    path = dump({"a": values(40, 5)})
    with h5py.File(path, "r+") as f:
        f["labels"] = h5py.ExternalLink("other.h5", "/labels")
    refused(path, words=["/labels", "external link", "follow: true"])
    with h5py.File(path, "r+") as f:
        del f["labels"]
        f["labels"] = h5py.SoftLink("/nowhere")
    refused(path, words=["/labels", "does not exist"])


# Labels


@pytest.mark.parametrize("labels", [
    np.array([5, 7, 5, 9] * 10, np.uint8), np.array([5.0, 7.0, 5.0, 9.0] * 10, ">f8"), np.array([True, False] * 20),
    np.array([b"cat", b"dog", b"cat", b"eel"] * 10), np.array(["cat", "dog", "cat", "ünïcödé"] * 10, h5py.string_dtype()),
    np.array([-0.0, 2**40] * 20)])
def test_labels_of_every_kind(taken, dump, values, labels):
    taken(dump({"a": values(40, 5)}, labels))


@pytest.mark.parametrize("change, words", [
    ({17: np.nan}, ["/labels", "row 17", "nan"]), ({17: -1}, ["/labels", "row 17", "-1"]), ({17: 0.5}, ["/labels", "row 17", "0.5"]),
    ({17: np.inf}, ["/labels", "row 17", "inf"]), ({17: 3}, ["/labels", "row 17", "3 class names", "0 to 2"])])
@pytest.mark.parametrize("shape", [(40,), (1, 40), (40, 1)])
def test_labels_that_are_none(refused, dump, values, change, words, shape):
    labels = np.arange(40) % 3.0
    for row, label in change.items():
        labels[row] = label
    refused(dump({"a": values(40, 5)}, labels.reshape(shape), class_names=["x", "y", "z"]), words=words)


def test_labels_that_are_no_column(refused, dump, values):
    refused(dump({"a": values(40, 5)}, np.eye(4)[np.arange(40) % 4]), words=["/labels", "40 x 4", "index of the class"])
    refused(dump({"a": values(40, 5)}, np.zeros(40, complex), name="c.h5"), words=["/labels", "complex"])


# Names of classes


@pytest.mark.parametrize("place", ["dataset", "attribute of the labels", "attribute of the file", "file of the dump", "file of the folder", "job"])
def test_class_names(taken, dump, values, job, tmp_path, place):
    path = dump({"a": values(40, 5)}, np.arange(40) % 3)
    names = ["cat", "Ünï", "no: [x]"]
    with h5py.File(path, "r+") as f:
        if place == "dataset":
            f["meta/class_names"] = names
        elif place == "attribute of the labels":
            f["labels"].attrs["classes"] = names
        elif place == "attribute of the file":
            f.attrs["class_names"] = names
    if place == "file of the dump":
        (tmp_path / "dump.classes.txt").write_text("\n".join(names) + "\n\n", encoding="utf-8")
        (tmp_path / "class_names.txt").write_text("wrong\n")
    elif place == "file of the folder":
        (tmp_path / "class_names.txt").write_bytes("\r\n".join(names).encode())
    said = job(f"class_names: {json.dumps(names)}", path) if place == "job" else None
    attributes, found = taken(path, job=said)
    assert list(class_rows(attributes)) == names
    assert place == "job" or place.startswith("file") == found["labels"]["named_by"].endswith(".txt")


def test_too_few_class_names_beside_the_dump(refused, dump, values, tmp_path):
    (tmp_path / "class_names.txt").write_text("one\ntwo\n")
    refused(dump({"a": values(40, 5)}, np.arange(40) % 3), words=["row 2", "class_names.txt", "2 class names"])
