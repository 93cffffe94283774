"""The demo: what `make demo` computes, compared with its dump; what `inspect` says of it."""

import json

import h5py
import numpy as np
import pytest
from programs import ROOT
from store_oracle import check

DUMP = ROOT / "Jobs" / "demo" / "fashion-small.h5"


def test_the_demo_store_equals_its_dump(precompute, program, tmp_path):
    store = precompute(ROOT / "Jobs" / "demo.yaml", name="fashion-mnist")
    assert check(store, [DUMP]) == 4
    assert "is whole" in program.ok("verify", store).stdout
    shown = json.loads(program.ok("show", store, "--json").stdout)
    assert shown["attributes"]["dataset"]["rows"] == 2000


def test_inspect_tells_the_demo_dump_in_plain_words(program):
    words = program.ok("inspect", DUMP).stdout
    for fact in ("2,000 rows", "conv_4", "6,272 neurons", "dense_1", "512 neurons", "logits", "10 classes", "sandal (195)",
                 "39 benign", "39 attacked", "/class_names"):
        assert fact in words, f"{fact!r} is not in:\n{words}"


def test_inspect_tells_it_to_programs(program):
    told = json.loads(program.ok("inspect", DUMP, "--json").stdout)
    assert [layer["neurons"] for layer in told["layers"]] == [6272, 512, 512, 10]


def test_export_names_where_it_comes_from(precompute, program):
    store = precompute(ROOT / "Jobs" / "demo.yaml", name="fashion-mnist")
    table = program.ok("export", store, "--layer", "dense_2", "--order", "difference(median(sandal),median(sneaker))",
                       "--groups", "sandal,sneaker", "--format", "csv").stdout
    lines = [line for line in table.splitlines() if not line.startswith("#")]
    assert len(lines) == 513 and "sandal" in table
    told = json.loads(program.ok("export", store, "--layer", "logits", "--format", "json").stdout)
    assert "fashion" in json.dumps(told)


def test_the_parameters_beside_the_dump_give_its_activations():
    """From pixels to logits in plain NumPy: the first pictures, and the attacked ones."""
    with np.load(ROOT / "Jobs/demo/parameters.npz") as kept:
        network = {name: kept[name].astype("f4") for name in kept}

    def convolution(x, name):
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
        return np.maximum(np.einsum("nyxcij,ijck->nyxk", windows, network[f"{name}/weights"], optimize=True) + network[f"{name}/bias"], 0)

    def pool(x):
        return x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).max((2, 4))

    def dense(x, name):
        return x @ network[f"{name}/weights"] + network[f"{name}/bias"]

    with h5py.File(ROOT / "Jobs/demo/fashion-small.h5") as dump:
        for group, images, named in (
            (dump, dump["images"][:16], dump["predictions"][:16]),
            (dump["instances/attacked"], dump["instances/attacked/images"][:], dump["instances/attacked_prediction"][:]),
        ):
            x = convolution(convolution(images[..., None].astype("f4") / 255, "conv_1"), "conv_2")
            x = convolution(convolution(pool(x), "conv_3"), "conv_4")
            found = {"conv_4": x, "dense_1": np.maximum(dense(pool(x).reshape(len(x), -1), "dense_1"), 0)}
            found["dense_2"] = np.maximum(dense(found["dense_1"], "dense_2"), 0)
            found["logits"] = dense(found["dense_2"], "logits")
            for layer, values in found.items():
                np.testing.assert_allclose(values, group[f"activations/{layer}"][: len(values)], atol=0.01, err_msg=layer)
            np.testing.assert_array_equal(found["logits"].argmax(1), named)
