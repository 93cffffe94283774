"""Whole files as they come: thousands of datasets, files that are not whole, orders, names, and numbers in forms that nothing decodes."""

import os
import re
import subprocess
import sys

import h5py
import hdf5plugin
import numpy as np
import pytest
import zarr
from real_world import acts, agrees, expected, mixed, told, write


# How h5py is told to store an element type with each.
FILTERS = {
    "blosc": lambda _: hdf5plugin.Blosc(cname="lz4", shuffle=hdf5plugin.Blosc.BITSHUFFLE), "bzip2": lambda _: hdf5plugin.BZip2(),
    "szip, shuffle": lambda _: {"compression": "szip", "shuffle": True}, "szip, fletcher32": lambda _: {"compression": "szip", "fletcher32": True},
    "scaleoffset, gzip": lambda kind: {"scaleoffset": 2 if kind.kind == "f" else 0, "compression": "gzip"} if kind != "f2" else {"compression": "gzip"}}  # fmt: skip


def names_of(store, what):
    return [each["name"] for each in dict(zarr.open_group(str(store), mode="r").attrs)[what]]


def test_twelve_thousand_datasets_are_a_page(program, refused, tmp_path):
    path = write(tmp_path / "many.h5", {str(i): np.zeros((1 + i % 3, 4), np.float32) for i in range(12_000)})
    refused(path, words=["12,000 numbered datasets", "np.concatenate", "layers: [PATH"])
    assert len(program.ok("inspect", path).stdout.splitlines()) < 60


def test_layers_in_the_order_in_which_they_were_made(program, tmp_path, rng):
    layers = ["stem", "layer1", "layer2", "avgpool", "fc"]
    y = np.arange(60) % 3
    with h5py.File(tmp_path / "d.h5", "w", track_order=True) as f:
        group = f.create_group("acts", track_order=True)
        for name in layers:
            group[name] = acts(rng, y)
        f["labels"] = y
    assert names_of(told(program, [tmp_path / "d.h5"], tmp_path / "Tiles")[0], "layers") == [f"acts/{name}" for name in layers]


def test_numbers_as_texts_sort_as_numbers(program, tmp_path, rng):
    y, x = mixed(rng, 120, 12)
    store, _ = told(program, [write(tmp_path / "d.h5", {"fc": x, "labels": np.array([str(c) for c in y], object)})], tmp_path / "Tiles")
    assert names_of(store, "groups") == ["all", *map(str, range(12))]
    agrees(store, expected(x, y))


def test_thousands_of_classes(program, tmp_path, rng):
    y = rng.integers(0, 700, 3000)
    x = acts(rng, y, 4)
    agrees(told(program, [write(tmp_path / "d.h5", {"mlp": x, "labels": y})], tmp_path / "Tiles")[0], expected(x, y))


@pytest.mark.parametrize("name", ["acts[1].h5", "Übung.h5", ".hidden.h5", "a" * 100 + ".h5"])
def test_names_of_files(program, tmp_path, rng, name):
    y, x = mixed(rng)
    agrees(told(program, [write(tmp_path / name, {"fc": x, "labels": y})], tmp_path / "Tiles")[0], expected(x, y))


def test_one_file_of_a_family(program, tmp_path, rng):
    y, x = mixed(rng, 6000)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fapl_family(65536)
    with h5py.File(h5py.h5f.create(str(tmp_path / "dump_%d.h5").encode(), h5py.h5f.ACC_TRUNC, fapl=access)) as f:
        f["fc"], f["labels"] = x, y
    done = program.run("precompute", tmp_path / "dump_0.h5", "--output", tmp_path / "Tiles")
    assert done.returncode != 0 and "family" in done.stderr and "driver=" in done.stderr


def test_numbers_that_nothing_decodes(refused, tmp_path, rng):
    y, x = mixed(rng)
    small = h5py.h5t.IEEE_F16LE.copy()
    small.set_fields(7, 2, 5, 0, 2)
    small.set_precision(8)
    small.set_size(1)
    small.set_ebias(15)
    with h5py.File(tmp_path / "d.h5", "w") as f:
        f["labels"], f["long"] = y, x.astype(np.longdouble)
        h5py.h5d.create(f.id, b"e5m2", small, h5py.h5s.create_simple(x.shape)).write(h5py.h5s.ALL, h5py.h5s.ALL, x.astype("f2").view("u2").astype("u1"), small)
    refused(tmp_path / "d.h5", words=["/e5m2", "5 + 2 bits", "/long", "16 bytes"])


@pytest.mark.parametrize("name, options", [("blosc2", hdf5plugin.Blosc2()), ("zfp", hdf5plugin.Zfp(reversible=True)), ("sz3", hdf5plugin.SZ3(absolute=0.001))])
def test_a_filter_that_is_not_decoded(program, refused, tmp_path, rng, name, options):
    """Named by its name and number; and the line that the refusal tells makes a file that is read, to the same figures."""
    y, x = mixed(rng)
    with h5py.File(tmp_path / "OLD.h5", "w") as f:
        f.create_dataset("fc", data=x, chunks=(20, 6), **options)
        f["labels"] = y
        read = f["fc"][()]
        number = f["fc"].id.get_create_plist().get_filter(0)[0]
    error = refused(tmp_path / "OLD.h5", words=["/fc", name, f"filter {number} ", "h5repack -f GZIP"])
    line = re.search(r"(HDF5_PLUGIN_PATH=.*? OLD.h5 NEW.h5)", error)[1]
    subprocess.run(["bash", "-c", line], cwd=tmp_path, check=True, env=dict(os.environ, PATH=f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"))
    store, _ = told(program, [tmp_path / "NEW.h5"], tmp_path / "Tiles")
    agrees(store, expected(read.astype("f8"), y))


@pytest.mark.parametrize("options", FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", ">i4"])
def test_filters_people_use(program, tmp_path, rng, options, dtype):
    y, x = mixed(rng)
    with h5py.File(tmp_path / "d.h5", "w") as f:
        f.create_dataset("fc", data=(x * 9).astype(dtype), chunks=(17, 4), **options(np.dtype(dtype)))
        f["labels"] = y
        read = f["fc"][()]
    store, _ = told(program, [tmp_path / "d.h5"], tmp_path / "Tiles")
    agrees(store, expected(read.astype("f8"), y))


def test_labels_that_pandas_has_pickled(program, tmp_path, rng):
    y, x = mixed(rng)
    with h5py.File(tmp_path / "d.h5", "w") as f:
        frame = f.create_group("df")
        frame.attrs["pandas_type"] = np.bytes_("frame")
        frame["block0_values"], frame["block0_items"], frame["block1_items"] = x, np.array([f"f{i}".encode() for i in range(6)]), np.array([b"label"])
        frame.create_dataset("block1_values", (1,), h5py.vlen_dtype(np.uint8))[0] = np.frombuffer(b"pickled", np.uint8)
    store, said = told(program, [tmp_path / "d.h5"], tmp_path / "Tiles")
    agrees(store, expected(x))
    assert "Left out: /df/block1_values: it is a column of objects that pandas has pickled" in said


def test_two_dumps_of_one_file_name(program, tmp_path, rng):
    """The second takes the place of the first, and says so; the same dump again is no other."""
    for network in ("resnet", "vit"):
        y, x = mixed(rng)
        (tmp_path / network).mkdir()
        write(tmp_path / network / "activations.h5", {"fc": x, "labels": y})
    first, second = (tmp_path / network / "activations.h5" for network in ("resnet", "vit"))
    assert "made of another dump" not in told(program, [first], tmp_path / "Tiles")[1]
    with h5py.File(first, "r+") as f:
        f["fc"][0] += 1
    assert "made of another dump" not in told(program, [first], tmp_path / "Tiles")[1]
    _, said = told(program, [second], tmp_path / "Tiles")
    assert f"{first}" in said and "made of another dump before" in said and "name: " in said
    (tmp_path / "nightly.yaml").write_text(f"dumps: [{first}]\n")
    told(program, [tmp_path / "nightly.yaml"], tmp_path / "Nights")
    (tmp_path / "nightly.yaml").write_text(f"dumps: [{second}]\n")
    assert "made of another dump" not in told(program, [tmp_path / "nightly.yaml"], tmp_path / "Nights")[1], "a job that chose its name"
