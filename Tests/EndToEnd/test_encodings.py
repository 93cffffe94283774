"""Texts of labels and of class names that are not UTF-8, or stand in matrices of characters: no two that differ become one, and how they were read is said."""

import h5py
import numpy as np
import pytest
from real_world import agrees, expected, job_of, mixed, told, write

GBK = ["猫", "狗", "鸟"]
LATIN = ["pêche", "pèche", "péché"]


def stored(words, encoding, form):
    texts = [word.encode(encoding) for word in words]
    return np.array(texts) if form == "fixed" else np.array(texts, h5py.string_dtype("utf-8"))


@pytest.mark.parametrize("form", ["fixed", "variable"])
@pytest.mark.parametrize("words, encoding", [(LATIN, "latin1"), (GBK, "gbk")])
def test_labels_in_another_encoding(program, tmp_path, rng, words, encoding, form):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": stored([words[c] for c in y], encoding, form)})
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, expected(x, y, [word.encode(encoding).decode("latin1") for word in words]))
    line = next(line for line in said.splitlines() if "Assumed: /labels of d.h5: its texts are not UTF-8" in line)
    assert "read byte by byte as Latin-1" in line and "labels: labels_utf8" in line
    # What it advises, with the right encoding.
    advice = line[line.index('f["labels_utf8"] = ') : line.index(" (or shift_jis")].replace("gbk", encoding)
    with h5py.File(path, "r+") as f:
        exec(advice, {"f": f})
    agrees(told(program, [job_of(tmp_path / "job.yaml", [path], "labels: labels_utf8")], tmp_path / "Advised")[0], expected(x, y, words))


def test_one_text_that_is_utf8_by_chance_does_not_join_another(program, tmp_path, rng):
    # As Latin-1, the second would read like the first as UTF-8.
    y, x = mixed(rng, 60, 3)
    texts = [b"\xc3\xa8", b"\xe8", b"cat"]
    path = write(tmp_path / "d.h5", {"fc": x, "labels": np.array([texts[c] for c in y])})
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, expected(x, y, [text.decode("latin1") for text in texts]))
    assert "its texts are not UTF-8" in said


def test_utf8_is_read_without_a_word(program, tmp_path, rng):
    y, x = mixed(rng)
    for form in ("fixed", "variable"):
        path = write(tmp_path / f"{form}.h5", {"fc": x, "labels": stored([GBK[c] for c in y], "utf8", form)})
        store, said = told(program, [path], tmp_path / form)
        agrees(store, expected(x, y, GBK))
        assert "Assumed" not in said and "Left out" not in said


def test_names_of_classes_in_another_encoding(program, tmp_path, rng):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y, "class_names": stored(GBK, "gbk", "fixed")})
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, expected(x, y, [word.encode("gbk").decode("latin1") for word in GBK]))
    line = next(line for line in said.splitlines() if "Assumed: /class_names of d.h5: its texts are not UTF-8" in line)
    with h5py.File(path, "r+") as f:
        exec(line[line.index('f["class_names_utf8"] = ') : line.index(" (or shift_jis")], {"f": f})
    assert "class_names: class_names_utf8" in line
    agrees(told(program, [job_of(tmp_path / "job.yaml", [path], "class_names: class_names_utf8")], tmp_path / "Advised")[0], expected(x, y, GBK))


def attribute(path, object_path, name, words):
    """An attribute of texts that are not UTF-8, in fixed length."""
    with h5py.File(path, "r+") as f:
        f[object_path].attrs[name] = np.array([word.encode("gbk") for word in words])


def test_names_in_an_attribute_that_is_not_utf8_are_refused(program, refused, tmp_path, rng):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y})
    attribute(path, "labels", "class_names", GBK)
    refused(path, words=["attribute class_names of /labels", "not UTF-8", "class_names: [cat, dog]"])
    agrees(told(program, [job_of(tmp_path / "job.yaml", [path], "class_names: [猫, 狗, 鸟]")], tmp_path / "Advised")[0], expected(x, y, GBK))


def test_labels_in_an_attribute_that_is_not_utf8_are_refused(program, refused, tmp_path, rng):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x})
    attribute(path, "fc", "labels", [GBK[c] for c in y])
    refused(path, words=["/fc@labels", "seem to be the labels", "not UTF-8", "labels: false"])
    agrees(told(program, [job_of(tmp_path / "job.yaml", [path], "labels: false")], tmp_path / "Advised")[0], expected(x))


@pytest.mark.parametrize("job", [None, "labels: species\nclass_names: legend"])
def test_a_matrix_of_characters_is_a_column_of_texts(program, tmp_path, rng, job):
    # As netCDF writes texts; each has its own length, filled up with zero bytes.
    names = ["cat", "doggo", "él"]
    y, x = mixed(rng)
    wide = np.array([names[c].encode().ljust(6, b"\0") for c in y], "S6").view("S1").reshape(60, 6)
    number = np.array([name.encode().ljust(6, b"\0") for name in names], "S6").view("S1").reshape(3, 6)
    datasets = {"fc": x, "labels": wide} if job is None else {"fc": x, "species": y, "legend": number}
    path = write(tmp_path / "d.h5", datasets)
    inputs = [path] if job is None else [job_of(tmp_path / "job.yaml", [path], job)]
    agrees(told(program, inputs, tmp_path / "Tiles")[0], expected(x, y, names))


def test_a_char_matrix_of_matlab_is_a_column_of_texts(program, tmp_path, rng):
    names = ["cat ", "wolf", "él  "]
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"features": x.T, "labels": np.array([[ord(c) for c in names[k]] for k in y], "u2").T},
                 [("features", "MATLAB_class", np.bytes_("single")), ("labels", "MATLAB_class", np.bytes_("char"))])  # fmt: skip
    agrees(told(program, [path], tmp_path / "Tiles")[0], expected(x, y, [name.rstrip() for name in names]))


@pytest.mark.parametrize("place", ["", "instances/benign/"])
def test_a_dataset_whose_name_is_not_utf8_is_no_secret(program, refused, tmp_path, rng, place):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y, "instances/benign/fc": x[:1]})
    with h5py.File(path, "r+") as f:
        f[place.encode() + "größe".encode("latin1")] = x[:1] if place else x
    refused(path, words=[f"/{place}gr\N{REPLACEMENT CHARACTER}", "its name is not UTF-8", "Give it another one"])
    job = job_of(tmp_path / "job.yaml", [path], "layers: [fc]\nlabels: labels\ninstances: { rows: [] }")
    agrees(told(program, [job], tmp_path / "Tiles")[0], expected(x, y, ["0", "1", "2"]))
