"""More files as people and their software write them, whole: every dataset and attribute that pandas, AnnData, netCDF, MATLAB and PyTables put there.

What is refused is refused with a line that helps; the tests do what it says, and compare the medians with those of the values.
"""

import csv
import json
import os
import re
import subprocess

import h5py
import hdf5plugin
import numpy as np
import pytest
import zarr
from programs import DATA
from real_world import NAMES, acts, agrees, expected, job_of, medians, mixed, told, write

READ = 74


def told_alike(program, files, folder, *words):
    """Precomputes; the words stand in what inspect says, and in what is said after the run. Returns the store."""
    store, said = told(program, files, folder)
    for where in (said, program.ok("inspect", *files).stdout):
        for word in words:
            assert word in where, where
    if not words:
        assert "Assumed: " not in said and "Left out: " not in said, said
    return store


def advised(program, folder, files, lines, right):
    agrees(told(program, [job_of(folder / "job.yaml", files, lines)], folder / "Advised")[0], right)


# pandas and PyTables


def node(made, kind, version, **more):
    """The attributes that PyTables gives everything; a title that is empty has no value at all."""
    made.attrs.update({"CLASS": np.bytes_(kind), "TITLE": h5py.Empty("S1"), "VERSION": np.bytes_(version)} | more)
    return made


def frame(path, items, blocks, **options):
    """A frame of pandas in its fixed format: the columns' names, and a block of values for each type."""
    with h5py.File(path, "w") as f:
        node(f, "GROUP", "1.0", PYTABLES_FORMAT_VERSION=np.bytes_("2.1"))
        rows = max(len(values) for values in blocks.values())
        df = node(f.create_group("df"), "GROUP", "1.0", pandas_type=np.bytes_("frame"), pandas_version=np.bytes_("0.15.2"), encoding=np.bytes_("UTF-8"),
                  errors=np.bytes_("strict"), ndim=2, nblocks=len(blocks), axis0_variety=np.bytes_("regular"), axis1_variety=np.bytes_("regular"))  # fmt: skip
        datasets = {"axis0": np.array([name.encode() for name in items]), "axis1": np.arange(rows)}
        for b, (names, values) in enumerate(blocks.items()):
            datasets |= {f"block{b}_items": np.array([name.encode() for name in names]), f"block{b}_values": values}
            df.attrs[f"block{b}_items_variety"] = np.bytes_("regular")
        for name, values in datasets.items():
            chunks = {"chunks": values.shape, **options} if options else {}
            made = df.create_dataset(name, data=values, **chunks)
            node(made, "CARRAY" if options else "ARRAY", "2.4", FLAVOR=np.bytes_("numpy"), transposed=np.uint8(1))
    return path


FEATURES = tuple(f"f{i}" for i in range(6))


@pytest.mark.parametrize("options", [{}, dict(hdf5plugin.Blosc(cname="blosclz", clevel=5, shuffle=hdf5plugin.Blosc.SHUFFLE))], ids=["plain", "blosc"])
@pytest.mark.parametrize("first", ["features", "label"])
def test_a_frame_of_pandas_in_the_fixed_format(program, tmp_path, rng, options, first):
    """Its index is as long as its labels and is none; the label is found in whichever block pandas put it."""
    y, x = mixed(rng)
    blocks = {FEATURES: x, ("label",): y[:, None]}
    blocks = blocks if first == "features" else dict(reversed(blocks.items()))
    path = frame(tmp_path / "frame.h5", (*FEATURES, "label"), blocks, **options)
    agrees(told_alike(program, [path], tmp_path / "Tiles"), expected(x, y))


def test_a_frame_whose_labels_are_objects(program, tmp_path, rng):
    """They are pickled, and never unpickled: named as what they are, with the line that writes them as texts."""
    y, x = mixed(rng)
    path = frame(tmp_path / "objects.h5", (*FEATURES, "label"), {FEATURES: x, ("label",): np.zeros((1, 1))})
    with h5py.File(path, "r+") as f:
        del f["df/block1_values"]
        objects = f.create_dataset("df/block1_values", (1,), h5py.vlen_dtype(np.uint8), chunks=(65536,), maxshape=(None,))
        objects[0] = np.frombuffer(b"\x80\x05 numpy.core.multiarray _reconstruct", np.uint8)
        node(objects, "VLARRAY", "1.4", PSEUDOATOM=np.bytes_("object"), transposed=np.uint8(1))
    line = 'f["labels"] = frame["label"].astype(str).to_numpy(object)'
    agrees(told_alike(program, [path], tmp_path / "Tiles", "Left out: /df/block1_values: it is a column of objects that pandas has pickled", line), expected(x))
    with h5py.File(path, "r+") as f:
        f["labels"] = np.array([NAMES[c] for c in y], object)
    advised(program, tmp_path, [path], "labels: labels", expected(x, y, NAMES))


def test_a_frame_of_pandas_in_the_table_format(program, tmp_path, rng):
    """The label is a column of data, so it has an index of its own, in datasets far longer than the table."""
    y, x = mixed(rng)
    rows = np.zeros(60, [("index", "<i8"), ("values_block_0", "<f4", (6,)), ("label", "<i8")])
    rows["index"], rows["values_block_0"], rows["label"] = np.arange(60), x, y
    with h5py.File(tmp_path / "table.h5", "w") as f:
        df = node(f.create_group("df"), "GROUP", "1.0", pandas_type=np.bytes_("frame_table"), table_type=np.bytes_("appendable_frame"), nan_rep=np.bytes_("nan"))
        table = df.create_dataset("table", data=rows, chunks=(1638,), maxshape=(None,))
        node(table, "TABLE", "2.7", NROWS=60, FIELD_0_NAME=np.bytes_("index"), FIELD_1_NAME=np.bytes_("values_block_0"), FIELD_2_NAME=np.bytes_("label"),
             label_kind=np.bytes_("(lp0\nVlabel\np1\na."), values_block_0_dtype=np.bytes_("float32"))  # fmt: skip
        for column in ("index", "label"):
            index = node(df.create_group(f"_i_table/{column}"), "CINDEX", "2.1")
            for name, width, kind in [("bounds", 127, "i8"), ("indices", 131072, "u4"), ("ranges", 2, "i8"), ("sorted", 131072, "i8")]:
                index.create_dataset(name, (0, width), kind, chunks=(1, min(width, 1024)), maxshape=(None, width))
            for name, kind, length in [("indicesLR", "u4", 131072), ("sortedLR", "i8", 131201)]:
                index.create_dataset(name, (length,), kind, chunks=(1024,))[:60] = np.arange(60)
    agrees(told_alike(program, [tmp_path / "table.h5"], tmp_path / "Tiles"), expected(x, y))
    assert_no_word_of(program, tmp_path / "table.h5", "_i_table")
    assert "never written" not in program.ok("inspect", tmp_path / "table.h5").stdout


def test_a_table_of_pytables(program, tmp_path, rng):
    y, x = mixed(rng)
    rows = np.rec.fromarrays([x, y], dtype=[("embedding", "<f4", (6,)), ("label", "<i8")])
    with h5py.File(tmp_path / "table.h5", "w") as f:
        node(f.create_dataset("samples", data=rows, chunks=(2048,), maxshape=(None,)), "TABLE", "2.7", NROWS=60, FIELD_0_NAME=np.bytes_("embedding"))
    agrees(told_alike(program, [tmp_path / "table.h5"], tmp_path / "Tiles"), expected(x, y))


def test_truth_values_of_pytables(program, tmp_path, rng):
    """It stores them as fields of bits. What is called a mask is none of the layers unless the job says so."""
    y, x = mixed(rng)
    path = tmp_path / "arrays.h5"
    with h5py.File(path, "w") as f:
        node(f.create_dataset("fc", data=x, chunks=(2730, 6), maxshape=(None, 6)), "EARRAY", "1.1", EXTDIM=np.int32(0))
        for name, values, kind in (("labels", y == 1, "ARRAY"), ("mask", x > 5, "CARRAY")):
            made = h5py.h5d.create(f.id, name.encode(), h5py.h5t.STD_B8LE, h5py.h5s.create_simple(values.shape))
            made.write(h5py.h5s.ALL, h5py.h5s.ALL, values.astype("u1"), h5py.h5t.STD_B8LE)
            node(f[name], kind, "2.4")
    agrees(told_alike(program, [path], tmp_path / "Tiles", "Left out: /mask: by its name it is a mask"), expected(x, (y == 1).astype(int), ["false", "true"]))
    advised(program, tmp_path, [path], "layers: [/mask]", expected((x > 5).astype(float), (y == 1).astype(int), ["false", "true"]))


# AnnData


def cells(path, x, column, y, kinds):
    """What AnnData writes around X, which a dense array or the three parts of a matrix by rows give."""
    with h5py.File(path, "w") as f:

        def put(name, kind, version, values=None, **more):
            made = f.create_group(name) if values is None else f.create_dataset(name, data=values)
            made.attrs.update({"encoding-type": kind, "encoding-version": version} | more)

        f.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        for name in ("layers", "obsm", "obsp", "uns", "varm", "varp"):
            put(name, "dict", "0.1.0")
        put("obs", "dataframe", "0.2.0", _index="_index", **{"column-order": np.array([column], object)})
        put("obs/_index", "string-array", "0.2.0", np.array([f"c{i}" for i in range(len(y))], object))
        put(f"obs/{column}", "categorical", "0.2.0", ordered=np.False_)
        put(f"obs/{column}/categories", "string-array", "0.2.0", np.array(kinds, object))
        put(f"obs/{column}/codes", "array", "0.2.0", y.astype(np.int8))
        put("var", "dataframe", "0.2.0", _index="_index", **{"column-order": np.array([], float)})
        put("var/_index", "string-array", "0.2.0", np.array([str(i) for i in range(8)], object))
        if isinstance(x, dict):
            put("X", "csr_matrix", "0.1.0", shape=np.array([len(y), 8]))
            for name, values in x.items():
                f[f"X/{name}"] = values
        else:
            put("X", "array", "0.2.0", x)
            put("obsm/X_pca", "array", "0.2.0", x[:, :3] + 100)
            put("varm/PCs", "array", "0.2.0", np.eye(8, 3, dtype="f4"))
            put("obs/n_counts", "array", "0.2.0", x.sum(1))
    return path


def by_rows(x):
    where = x != 0
    return {"data": x[where], "indices": np.nonzero(where)[1].astype("i4"), "indptr": np.cumsum([0, *where.sum(1)]).astype("i4")}


def test_cells_of_anndata(program, tmp_path, rng):
    y = rng.permutation(np.arange(60) % 3)
    x, kinds = acts(rng, y, 8), ["B", "NK", "T"]
    path = cells(tmp_path / "cells.h5ad", x, "cell_type", y, kinds)
    words = ["Assumed: /obs/cell_type holds the labels", "Left out: /varm/PCs: ", "Left out: /obs/n_counts: "]
    store = told_alike(program, [path], tmp_path / "Tiles", *words)
    agrees(store, expected(x, y, kinds))
    agrees(store, expected(x[:, :3] + 100, y, kinds), layer=1)


def test_sparse_cells_of_anndata(program, tmp_path, rng):
    """Their zeros count as zeros."""
    y = rng.permutation(np.arange(60) % 3)
    x, kinds = np.maximum(acts(rng, y, 8) - 5, 0), ["B", "NK", "T"]
    path = cells(tmp_path / "sparse.h5ad", by_rows(x), "label", y, kinds)
    agrees(told_alike(program, [path], tmp_path / "Tiles", "Assumed: /obs/label holds the labels"), expected(x, y, kinds))


# A matrix that does not say its width, and one of MATLAB


def test_a_sparse_matrix_of_scipy_with_the_line_of_its_refusal(program, refused, tmp_path, rng):
    y = rng.permutation(np.arange(60) % 3)
    x = np.maximum(acts(rng, y, 8) - 5, 0)
    path = write(tmp_path / "csr.h5", {f"sae/{name}": values for name, values in by_rows(x).items()} | {"labels": y})
    said = refused(path, words=["/sae: it is a sparse matrix, by rows (CSR)", "does not say how many neurons"])
    assert "/sae: it is a sparse matrix, by rows (CSR)" in program.ok("inspect", path).stdout
    advised(program, tmp_path, [path], re.search(r"layers: \[\{ dataset: /sae, neurons: \d+ \}\]", said)[0], expected(x, y))


def test_a_sparse_matrix_of_matlab_with_the_line_of_its_refusal(program, refused, tmp_path, rng):
    """MATLAB holds columns together, so the file of a full matrix has its axes the other way round; labels begin at 1."""
    y, x = mixed(rng)
    x = np.maximum(x - 5, 0).astype(float)
    number = [("labels", "MATLAB_class", np.bytes_("double")), ("features", "MATLAB_class", np.bytes_("double"))]
    labels = y[None].astype(float) + 1
    parts = dict(zip(("data", "ir", "jc"), by_rows(x.T).values()))
    datasets = {f"features/{name}": values.astype("f8" if name == "data" else "u8") for name, values in parts.items()}
    sparse = write(tmp_path / "sparse.mat", datasets | {"labels": labels}, [*number, ("features", "MATLAB_sparse", np.uint64(60))])
    refused(sparse, words=["/features: it is a sparse matrix of MATLAB", "full(X)"])
    assert "full(X)" in program.ok("inspect", sparse).stdout
    full = write(tmp_path / "full.mat", {"features": x.T, "labels": labels}, number)
    agrees(told(program, [full], tmp_path / "Tiles")[0], expected(x, y + 1))


# netCDF


def test_numbers_that_netcdf_has_packed(program, tmp_path, rng):
    """With dimensions that are datasets without values, and labels as a coordinate; what was NaN is told from what was stored."""
    y, x = mixed(rng)
    stored = np.round((x.astype(float) - 10) / 0.001).astype("i2")
    stored[5, 0] = -32768
    path = tmp_path / "packed.nc"
    with h5py.File(path, "w") as f:
        f.attrs["_NCProperties"] = np.bytes_("version=2,h5netcdf=1.8.2,hdf5=2.0.0,h5py=3.16.0")
        f["activations"], f["labels"] = stored, y
        for number, (name, length) in enumerate({"presentation": 60, "neuroid": 6}.items()):
            f.create_dataset(name, (length,), ">f4").make_scale(f"This is a netCDF dimension but not a netCDF variable.{length:10}")
            f[name].attrs["_Netcdf4Dimid"] = np.int32(number)
            f["activations"].dims[number].attach_scale(f[name])
        f["labels"].dims[0].attach_scale(f["presentation"])
        packing = {"_FillValue": np.array([-32768], "i2"), "scale_factor": np.array([0.001]), "add_offset": np.array([10.0])}
        f["activations"].attrs.update(packing | {"coordinates": "labels"})
    right = stored * 0.001 + 10
    right[5, 0] = np.nan
    store = told_alike(program, [path], tmp_path / "Tiles", "Assumed: /activations: its numbers are 0.001 x stored + 10.0", "-32768.0 for no value")
    agrees(store, expected(right, y))
    statistics = zarr.open_group(str(store), mode="r")["layers/activations/statistics"]
    assert statistics["nan"][0, 0] == 1 and statistics["nan"][0, 1:].max() == 0
    assert_no_word_of(program, path, "presentation", "neuroid")


def assert_no_word_of(program, path, *names):
    """Nothing is left out, and of the datasets of these names nothing is said."""
    found = json.loads(program.ok("inspect", path, "--json").stdout)
    assert found["left_out"] == []
    for name in names:
        assert not [trap for trap in found["traps"] if f"/{name}" in trap]
        assert not [skipped for skipped in found["skipped"] if f"/{name}" in skipped["dataset"]]


@pytest.mark.parametrize("values", [True, False])
def test_coordinates_are_no_layers_and_dimensions_no_labels(program, tmp_path, rng, values):
    """A coordinate has one value a row, and is none of the network's; a dimension without one is a name alone, be it that of labels."""
    y, x = mixed(rng)
    path = tmp_path / "d.nc"
    with h5py.File(path, "w") as f:
        f["fc"], f["label"] = x, np.array([NAMES[c] for c in y], object)
        for axis, name in enumerate(["labels", "unit"]):
            length = x.shape[axis]
            if values and axis == 0:
                f["time"] = np.linspace(0, 1, length)
                f["time"].make_scale("time")
            f.create_dataset(name, (length,), ">f4").make_scale(f"This is a netCDF dimension but not a netCDF variable.{length:10}")
            f["fc"].dims[axis].attach_scale(f["time"] if values and axis == 0 else f[name])
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, expected(x, y, NAMES))
    assert "Left out: " not in said, said
    assert_no_word_of(program, path, "labels", "unit")


# A file that is not whole, until the line of the refusal has been run


def test_a_mark_of_a_killed_writer_is_cleared_as_told(program, tmp_path, rng):
    y, x = mixed(rng)
    path = tmp_path / "swmr.h5"
    child = os.fork()
    if child == 0:
        f = h5py.File(path, "w", libver=("v110", "v110"))
        f.create_dataset("fc", data=x, chunks=(20, 6), maxshape=(None, 6))
        f["labels"] = y
        f.swmr_mode = True
        f.flush()
        os._exit(9)
    os.waitpid(child, 0)
    said = program.fails(READ, "precompute", path, "--output", tmp_path / "Tiles", "--progress", "none")
    assert "h5clear -s" in said
    subprocess.run(["h5clear", "-s", path], check=True)
    agrees(told(program, [path], tmp_path / "Tiles")[0], expected(x, y))


# Names of files


@pytest.mark.parametrize("name", ["acts[1].h5", "features (1).h5", "Übung.h5", ".hidden.h5", "-run.h5", "~run.h5"])
def test_a_job_that_names_a_file_with_any_name(program, tmp_path, rng, name):
    """The file of that very name comes before whatever a pattern would match."""
    y, x = mixed(rng)
    write(tmp_path / "acts1.h5", {"fc": x + 1000, "labels": y})
    write(tmp_path / name, {"fc": x, "labels": y})
    (tmp_path / "job.yaml").write_text(f'dumps: ["{name}"]\n')
    agrees(told(program, [tmp_path / "job.yaml"], tmp_path / "Tiles")[0], expected(x, y))


def test_two_dumps_of_one_file_name_are_both_kept_as_told(program, tmp_path, rng):
    right = {}
    for k, network in enumerate(("resnet", "vit")):
        y = rng.permutation(np.arange(60) % 3)
        x = acts(rng, y) + 1000 * k
        (tmp_path / network).mkdir()
        write(tmp_path / network / "activations.h5", {"fc": x, "labels": y})
        right[network] = expected(x, y)
    told(program, [tmp_path / "resnet/activations.h5"], tmp_path / "Tiles")
    said = told(program, [tmp_path / "vit/activations.h5"], tmp_path / "Tiles")[1]
    assert f"activations was made of another dump before, {tmp_path / 'resnet/activations.h5'}" in said and "name: OTHER" in said
    agrees(tmp_path / "Tiles/activations/current", right["vit"])
    told(program, [tmp_path / "resnet/activations.h5"], tmp_path / "Both")
    (tmp_path / "job.yaml").write_text(f"name: OTHER\ndumps: ['{tmp_path / 'vit/activations.h5'}']\n")
    done = program.ok("precompute", tmp_path / "job.yaml", "--output", tmp_path / "Both", "--progress", "none")
    assert "made of another dump" not in done.stderr
    agrees(tmp_path / "Both/activations/current", right["resnet"])
    agrees(tmp_path / "Both/OTHER/current", right["vit"])


# Names and numbers of classes, in tables


def table(program, store, *arguments):
    """The first line of a table of neurons, by column; the lines before it say where it comes from."""
    lines = program.ok("export", store, "--layer", "fc", *arguments).stdout.splitlines()
    while lines[0].startswith("# "):
        lines.pop(0)
    return next(csv.DictReader(lines))


def test_programming_languages_as_classes(program, tmp_path, rng):
    words = ["C", "C#", "C++", "F#"]
    y, x = mixed(rng, 80, 4)
    store = told_alike(program, [write(tmp_path / "d.h5", {"fc": x, "labels": np.array([words[c] for c in y], object)})], tmp_path / "Tiles")
    agrees(store, expected(x, y, words))
    row = table(program, store, "--groups", "C,C#", "F#", "C++")
    for c, word in enumerate(words):
        assert np.isclose(float(row[f"median({word})"]), np.median(x[y == c, 0]), rtol=1e-6)
    strongest = program.ok("rows", store, "--layer", "fc", "--neuron", "0", "--group", "C#", "--top", "20").stdout.splitlines()
    found = list(csv.DictReader(strongest))
    assert {row["label"] for row in found} == {"C#"} and {int(row["row"]) for row in found} == set(np.flatnonzero(y == 1))


def test_a_number_names_the_class_of_that_name_first(program, tmp_path, rng):
    """Of labels without names, group 1 is class 0; a table of 1 is that of class 1."""
    y, x = mixed(rng, 100, 5)
    store = told_alike(program, [write(tmp_path / "d.h5", {"fc": x, "labels": y})], tmp_path / "Tiles")
    agrees(store, expected(x, y))
    for given, asked in {("1",): [1], ("1", "3"): [1, 3], ("3,1",): [3, 1]}.items():
        row = table(program, store, "--groups", *given)
        assert [column for column in row if column.startswith("median(")] == [f"median({c})" for c in asked]
        for c in asked:
            assert np.isclose(float(row[f"median({c})"]), np.median(x[y == c, 0]), rtol=1e-6)
    of = program.ok("rows", store, "--layer", "fc", "--neuron", "0", "--group", "1", "--top", "100").stdout.splitlines()
    assert {int(row["row"]) for row in csv.DictReader(of)} == set(np.flatnonzero(y == 1))
    pair = next(csv.DictReader(program.ok("compare", store, "--layer", "fc", "2", "1").stdout.splitlines()))
    assert abs(float(pair["wasserstein"]) - (np.sort(x[y == 2, 0]) - np.sort(x[y == 1, 0])).mean()) <= float(pair["wasserstein_bound"])


def test_names_with_blanks_that_are_made_of_other_names(program, tmp_path, rng):
    words = ["great white shark", "shark", "white", "great", "hen"]
    y, x = mixed(rng, 100, 5)
    store = told_alike(program, [write(tmp_path / "d.h5", {"fc": x, "labels": np.array([words[c] for c in y], object)})], tmp_path / "Tiles")
    agrees(store, expected(x, y, words))
    for given in (["great white shark"], ["great", "white", "shark"], ["hen, great white shark"]):
        row = table(program, store, "--groups", *given)
        asked = [word.strip() for each in given for word in each.split(",")]
        assert [column[7:-1] for column in row if column.startswith("median(")] == asked
        for word in asked:
            assert np.isclose(float(row[f"median({word})"]), np.median(x[y == words.index(word), 0]), rtol=1e-6)


def test_five_thousand_classes(program, tmp_path, rng):
    """As the next token of every row is; those that no row has make no group."""
    y = rng.integers(0, 5000, 20_000)
    x = rng.normal(size=(20_000, 2)).astype("f4")
    store, _ = told(program, [write(tmp_path / "d.h5", {"mlp": x, "labels": y})], tmp_path / "Tiles")
    agrees(store, expected(x, y))
    assert np.isclose(medians(store)["17"][1], np.median(x[y == 17, 0]))


# Numbers of 8 and of 128 bits


def small_float(exponent, mantissa, bias):
    kind = h5py.h5t.IEEE_F16LE.copy()
    kind.set_fields(7, mantissa, exponent, 0, mantissa)
    kind.set_precision(8)
    kind.set_size(1)
    kind.set_ebias(bias)
    return kind


FLOATS = {"e5m2": small_float(5, 2, 15), "e4m3": small_float(4, 3, 7), "long": h5py.h5t.py_create(np.dtype(np.longdouble))}


def write_floats(f, name, values):
    h5py.h5d.create(f.id, name.encode(), FLOATS[name.split("/")[-1]], h5py.h5s.create_simple(values.shape)).write(h5py.h5s.ALL, h5py.h5s.ALL, values)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("group", ["", "net/"])
@pytest.mark.parametrize("named", [True, False])
def test_numbers_that_nothing_decodes_written_as_others(program, tmp_path, rng, name, group, named):
    """They are named with their kind and with the line that makes such of them as are read; this is done, and the right values are taken."""
    y, x = mixed(rng)
    path, path_in_file = tmp_path / "d.h5", group + name
    with h5py.File(path, "w") as f:
        f.require_group(group or "/")
        write_floats(f, path_in_file, x)
        f["labels"] = y
    inputs = [job_of(tmp_path / "first.yaml", [path], f"layers: [{path_in_file}]\nlabels: labels")] if named else [path]
    said = program.fails(DATA, "precompute", *inputs, "--output", tmp_path / "Tiles", "--progress", "none")
    assert f"/{path_in_file}" in said and "values are float of" in said
    done(said, path)
    with h5py.File(path) as f:
        # h5py has libhdf5 convert them.
        right = f[path_in_file].astype("f8")[()]
    lines = re.search(r"in a job (layers: \[[^]]+\])", said)[1] + "\nlabels: labels"
    advised(program, tmp_path, [path], lines, expected(right, y))


def done(said, path):
    """Does what the words advise to do with the file `f`."""
    code = re.search(r'with h5py: (f\["[^"]+"\] = .*?), and in a job', said)[1]
    with h5py.File(path, "r+") as f:
        exec(code, {"f": f, "np": np})


@pytest.mark.parametrize("name", FLOATS)
def test_a_layer_that_nothing_decodes_is_left_out_with_a_word(program, tmp_path, rng, name):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y})
    with h5py.File(path, "r+") as f:
        write_floats(f, name, x + 7)
    said = told(program, [path], tmp_path / "Tiles")[1]
    assert f"Left out: /{name}: its values are float of" in said
    done(said, path)
    agrees(told(program, [path], tmp_path / "Again")[0], expected(x + 7, y) if name == "long" else expected(read(path, f"{name}_f4"), y), layer=name == "long")


def read(path, name):
    with h5py.File(path) as f:
        return f[name][()]


@pytest.mark.parametrize("name, options", [("blosc2", hdf5plugin.Blosc2()), ("zfp", hdf5plugin.Zfp(reversible=True))])
def test_a_layer_with_another_filter_is_left_out_with_a_word(program, tmp_path, rng, name, options):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y})
    with h5py.File(path, "r+") as f:
        f.create_dataset("packed", data=x, chunks=(20, 6), **options)
    store = told_alike(program, [path], tmp_path / "Tiles", "Left out: /packed: it is stored with filter", name, "h5repack -f GZIP=4")
    agrees(store, expected(x, y))


def test_a_family_of_files_is_joined_as_told(program, tmp_path, rng):
    y, x = mixed(rng, 6000)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fapl_family(65536)
    with h5py.File(h5py.h5f.create(str(tmp_path / "dump_%d.h5").encode(), h5py.h5f.ACC_TRUNC, fapl=access)) as f:
        f["fc"], f["labels"] = x, y
    said = program.fails(DATA, "precompute", tmp_path / "dump_0.h5", "--output", tmp_path / "Tiles", "--progress", "none")
    line = said[said.index("with h5py.File(") :].rstrip(".")
    exec(line.replace('"NAME_', f'"{tmp_path}/dump_').replace('"whole.h5"', f'"{tmp_path}/whole.h5"'), {"h5py": h5py})
    agrees(told(program, [tmp_path / "whole.h5"], tmp_path / "Tiles")[0], expected(x, y))


def outside_quotes(line):
    """A line of a table as pandas reads it with comment="#": what follows a # that is not in quotes is lost."""
    return re.match(r'(?:[^"#]|"(?:[^"]|"")*")*', line)[0]


def test_no_name_is_a_comment_in_a_table(program, tmp_path, rng):
    """As the help says, pandas reads the table with comment="#": a class called C# keeps its columns."""
    words = ["C", "C#", "C++", "F#"]
    y, x = mixed(rng, 80, 4)
    store, _ = told(program, [write(tmp_path / "d.h5", {"fc": x, "labels": np.array([words[c] for c in y], object)})], tmp_path / "Tiles")
    said = program.ok("export", store, "--layer", "fc", "--groups", *words).stdout + program.ok("rows", store, "--layer", "fc", "--neuron", "0").stdout
    for line in said.splitlines():
        assert line.startswith("# ") or outside_quotes(line) == line, line
