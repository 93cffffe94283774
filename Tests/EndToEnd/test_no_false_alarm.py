"""Sound dumps that look a little like those that are refused: they are read, and nothing false is said of them."""

import json

import h5py
import numpy as np
import pytest
from real_world import agrees, expected, mixed, told, write

DUMPS = {}


def dump(make):
    DUMPS[make.__name__] = make
    return make


@dump
def times_of_each_layer_that_differ_a_little(x, y, rng):
    ticks = np.arange(60) * 1000
    return {"labels": y} | {f"l{n}/{name}": values for n in range(3) for name, values in (("act", x), ("timestamp", ticks + rng.integers(0, 9, 60)))}


@dump
def sizes_that_are_the_same_by_chance(x, y, rng):
    return {"act/fc": x, "act/length": rng.permutation(200)[:60], "meta/label": y, "meta/length": rng.permutation(200)[:60]}


@dump
def neighbours_of_each_row(x, y, rng):
    return {"labels": y} | {f"l{n}/{name}": values for n in range(2) for name, values in (("act", x), ("nearest", rng.permutation(60)))}


@dump
def numbers_of_pairs(x, y, rng):
    return {"labels": y, "acts/fc": x, "acts/pair_index": np.arange(60) ^ 1}


@dump
def raters_called_alike(x, y, rng):
    return {"act/fc": x, "act/subject": np.array([*"abcdef"] * 10, object), "meta/label": y, "meta/reviewer": np.array([*"fedcba"] * 10, object)}


@dump
def file_names_with_and_without_folders(x, y, rng):
    return {"act/fc": x, "act/filename": np.array([f"/data/{i:03}.png" for i in range(60)], object),
            "meta/label": y, "meta/filename": np.array([f"{i:03}.npy" for i in range(60)], object)}


@dump
def scales_that_change_nothing(x, y, rng):
    return {"fc": (x * 10).astype("i2"), "labels": y, "@scale": 1.0, "@zero_point": 0}


@dump
def a_scale_that_is_a_word(x, y, rng):
    return {"fc": (x * 10).astype("i2"), "labels": y, "@scale": "log"}


@dump
def a_type_of_the_network(x, y, rng):
    return {"fc": x, "spikes": (x > 0).astype("i2") * 3 + np.arange(6, dtype="i2"), "labels": y, "@torch_dtype": "torch.bfloat16"}


@dump
def operations_of_tensorflow(x, y, rng):
    return {"dense/BiasAdd": x, "softmax_weights": x, "weight_norm_1": x, "labels": y}


@dump
def heads_called_like_something_else(x, y, rng):
    whole = (np.abs(x) * 10).astype("u1")
    return {"token_mixer": whole, "nn_fc1": whole, "type_head": whole, "distance_layer": x, "labels": y}


@dump
def one_expert_for_each_row(x, y, rng):
    return {"fc": x, "moe/expert": np.eye(6, dtype="f4")[rng.integers(0, 6, 60)], "labels": y}


@dump
def a_narrow_layer_that_is_often_zero(x, y, rng):
    relu = np.where(rng.random((60, 1)) < 0.7, 0, np.abs(x[:, :2])).astype("f4")
    relu[10:16], relu[20], relu[19], relu[21] = 0, 0, 1, 1
    return {"relu": relu, "labels": y}


@dump
def places_in_a_maze(x, y, rng):
    return {"fc": x, "labels": y, "row": rng.integers(0, 9, 60), "col": rng.integers(0, 9, 60), "values": rng.normal(size=60).astype("f4")}


@dump
def class_names_and_the_labels_themselves(x, y, rng):
    return {"fc": x, "labels": y, "class_names": np.array(["0", "1", "2"], object), "labels@classes": ["0", "1", "2"]}


@dump
def class_names_in_other_capitals(x, y, rng):
    return {"fc": x, "labels": y, "class_names": np.array(["Cat", "Dog", "Eel"], object), "labels@class_names": ["cat", "dog", "eel"]}


FALSE = ["differently", "in common", "sparse matrix", "writers", "stand for other numbers", "holds labels", "parameters", "of things", "row numbers", "pairs", "more than once", "in another order"]


@pytest.mark.parametrize("name", DUMPS)
def test_a_sound_dump(program, tmp_path, rng, name):
    y, x = mixed(rng, 60, 3)
    content = DUMPS[name](x, y, rng)
    path = write(tmp_path / "d.h5", {key: value for key, value in content.items() if "@" not in key})
    with h5py.File(path, "r+") as f:
        for key, value in content.items():
            place, _, attribute = key.partition("@")
            if attribute:
                f[place or "/"].attrs[attribute] = value
    store, said = told(program, [path], tmp_path / "Tiles")
    assert not [line for line in said.splitlines() if line.lstrip().startswith(("Assumed", "Left out")) and any(word in line for word in FALSE)]
    layers = {"/" + key: values for key, values in content.items() if "@" not in key and getattr(values, "ndim", 0) == 2}
    stored = json.loads((store / "zarr.json").read_text())["attributes"]["layers"]
    assert {layer["dataset"] for layer in stored} == layers.keys()
    names = [*content.get("class_names", ["0", "1", "2"])]
    for number, layer in enumerate(stored):
        agrees(store, expected(layers[layer["dataset"]].astype("f8"), y, names), number)
