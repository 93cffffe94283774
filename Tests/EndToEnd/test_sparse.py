"""Layers of which only what is not zero is stored: matrices as SciPy and AnnData write them, and the strongest neurons of each row."""

import re

import h5py
import numpy as np
import pytest
from programs import peak
from real_world import agrees, expected, job_of, told


def matrix(rng, rows=60, neurons=40, dtype="f4", share=0.2):
    """Mostly zeros; with rows and neurons of zeros alone."""
    values = (rng.random((rows, neurons)) < share) * rng.normal(0, 9, (rows, neurons))
    values[5] = values[:, 3] = 0
    if np.dtype(dtype).kind == "u":
        values = np.abs(values)
    return values.astype(dtype)


def compressed(x, lines="csr", rng=None):
    """`data`, `indices`, `indptr`: with some zeros stored, and places in no order where `rng` is given."""
    source = x if lines == "csr" else x.T
    data, indices, ends = [], [], [0]
    for line in source:
        places = np.flatnonzero(line)
        if rng is not None:
            places = rng.permutation(np.union1d(places, rng.integers(0, len(line), 2)))
        data.append(line[places])
        indices.append(places)
        ends.append(ends[-1] + len(places))
    return {"data": np.concatenate(data), "indices": np.concatenate(indices).astype("i4"), "indptr": np.array(ends, "i4")}


def write(path, parts, labels=None, group="X", options=None, **attributes):
    with h5py.File(path, "w") as f:
        for name, values in parts.items():
            f.create_dataset(f"{group}/{name}", data=values, **(options or {}))
        f[group].attrs.update(attributes)
        if labels is not None:
            f["labels"] = labels
    return path


@pytest.fixture
def labels(rng):
    return rng.integers(0, 3, 60)


@pytest.mark.parametrize("lines", ["csr", "csc"])
@pytest.mark.parametrize("dtype", ["f4", ">f8", "f2", "i2", "u1", "i8"])
@pytest.mark.parametrize("options", [{}, {"chunks": (37,), "compression": "gzip", "shuffle": True}], ids=["contiguous", "packed"])
def test_matrices_as_anndata_writes_them(taken, tmp_path, rng, labels, lines, dtype, options):
    x = matrix(rng, dtype=dtype)
    attributes = {"encoding-type": f"{lines}_matrix", "encoding-version": "0.1.0", "shape": x.shape}
    path = write(tmp_path / "d.h5", compressed(x, lines, rng), labels, options=options, **attributes)
    store, found = taken(path)
    assert store["layers"][0]["neurons"] == 40 and store["layers"][0]["name"] == "X"
    assert found["assumed"] == [] and found["layers"][0]["shape"] == [60, 40]


@pytest.mark.parametrize("index", ["i1", "u1", "i2", ">u2", "u4", "i8", "u8"])
def test_places_of_any_whole_numbers(taken, tmp_path, rng, labels, index):
    x = matrix(rng)
    parts = compressed(x) | {"indices": compressed(x)["indices"].astype(index), "indptr": compressed(x)["indptr"].astype("u8")}
    taken(write(tmp_path / "d.h5", parts, labels, shape=x.shape, format="csr"))


@pytest.mark.parametrize("lines", ["csr", "csc"])
def test_a_shape_and_a_format_as_datasets(taken, tmp_path, rng, labels, lines):
    """As `scipy.sparse.save_npz` names them; which lines are stored is also told by how many there are."""
    x = matrix(rng)
    parts = compressed(x, lines) | {"shape": np.array(x.shape)}
    taken(write(tmp_path / "named.h5", parts | {"format": lines.encode()}, labels, shape=x.shape))
    _, found = taken(write(tmp_path / "counted.h5", parts, labels, shape=x.shape))
    assert found["assumed"] == []


def test_a_square_matrix_that_does_not_say_which(program, tmp_path, rng, labels):
    x = matrix(rng, 60, 60)
    by_rows, by_columns = (write(tmp_path / f"{lines}.h5", compressed(x, lines), labels, shape=x.shape) for lines in ("csr", "csc"))
    store, said = told(program, [by_rows], tmp_path / "Tiles")
    agrees(store, expected(x, labels))
    assert "Assumed: /X: it has as many rows as columns" in said and "{ dataset: /X, sparse: csc }" in said
    agrees(told(program, [job_of(tmp_path / "job.yaml", [by_columns], "layers: [{ dataset: /X, sparse: csc }]\nlabels: labels")], tmp_path / "Advised")[0], expected(x, labels))


@pytest.mark.parametrize("group", ["sae", "/"])
def test_a_width_that_nothing_says(program, refused, tmp_path, rng, labels, group):
    """Refused with the line to write, which makes the right store; an attribute says it as well."""
    x = matrix(rng)
    x[:, -1] = 7
    path = write(tmp_path / "d.h5", compressed(x), labels, group=group)
    refused(path, words=["sparse matrix", "neurons: 40", "toarray()"])
    line = re.search(r"layers: \[.*?\]", program.run("precompute", path, "--output", tmp_path / "None").stderr)[0]
    agrees(told(program, [job_of(tmp_path / "job.yaml", [path], line)], tmp_path / "Advised")[0], expected(x, labels))
    agrees(told(program, [write(tmp_path / "wide.h5", compressed(x), labels, group=group, d_sae=40)], tmp_path / "Wide")[0], expected(x, labels))


def test_matrices_of_pairs_are_no_layers(program, tmp_path, rng, labels):
    x, pairs = matrix(rng), matrix(rng, 60, 60)
    path = write(tmp_path / "d.h5", compressed(x), labels, **{"encoding-type": "csr_matrix", "shape": x.shape})
    with h5py.File(path, "r+") as f:
        for group in ("obsp/connectivities", "graph"):
            for name, values in compressed(pairs).items():
                f[f"{group}/{name}"] = values
            f[group].attrs["shape"], f[group].attrs["encoding-type"] = pairs.shape, "csr_matrix"
        f["obsp/distances"] = pairs
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, expected(x, labels))
    for group in ("/obsp/connectivities", "/obsp/distances", "/graph"):
        assert f"Left out: {group}: " in said and "pair of rows" in said


def test_cells_in_columns(program, tmp_path, rng, labels):
    """As 10x writes them: genes are the first axis, and each column is a cell."""
    x = matrix(rng, 60, 40)
    path = write(tmp_path / "d.h5", compressed(x, "csr") | {"shape": np.array([40, 60]), "barcodes": np.array([b"AC-1"] * 60)}, labels, group="matrix")
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, expected(x, labels))
    assert "Assumed: /matrix: its columns are the rows, for /matrix/barcodes names them" in said


def strongest(x, k):
    """The k largest of each row by size, in no order: values and neurons."""
    indices = np.argsort(-np.abs(x), axis=-1, kind="stable")[..., :k]
    return np.take_along_axis(x, indices, -1), indices.astype("i4")


@pytest.mark.parametrize("options", [{}, {"chunks": (7, 3), "compression": "gzip"}], ids=["contiguous", "packed"])
def test_the_strongest_neurons_of_each_row(program, taken, refused, job, tmp_path, rng, labels, options):
    values, indices = strongest(matrix(rng, share=0.5), 4)
    with h5py.File(tmp_path / "d.h5", "w") as f:
        f.create_dataset("top_acts", data=values, **options)
        f.create_dataset("top_indices", data=indices, **options)
        f["labels"] = labels
    refused(tmp_path / "d.h5", words=["top-k", "{ dataset: /top_acts, indices: /top_indices, neurons: ", "a column for every neuron"])
    line = "layers: [{ name: sae, dataset: top_acts, indices: top_indices, neurons: 40 }]"
    store, _ = taken(tmp_path / "d.h5", job=job(line, tmp_path / "d.h5"))
    assert store["layers"][0]["neurons"] == 40
    with h5py.File(tmp_path / "d.h5", "r+") as f:
        f["top_acts"].attrs["d_sae"] = 40
    _, found = taken(tmp_path / "d.h5")
    assert "some of 40 as /top_acts@d_sae says" in found["assumed"][0]
    # What inspect writes is the same layer.
    (tmp_path / "written.yaml").write_text(program.ok("inspect", tmp_path / "d.h5", "--job").stdout)
    assert "indices: /top_indices, neurons: 40" in (tmp_path / "written.yaml").read_text()
    x = np.zeros((60, 40), "f4")
    np.put_along_axis(x, indices, values, -1)
    agrees(told(program, [tmp_path / "written.yaml"], tmp_path / "Written")[0], expected(x, labels))


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_lists_that_are_filled_up(program, job, tmp_path, rng, labels, zero):
    """With values of 0, of either sign, that belong to no neuron, and to one that is there already."""
    values, indices = strongest(matrix(rng, share=0.5), 4)
    values[::3, 2:], indices[::3, 2:] = zero, -1
    values[1::3, 3], indices[1::3, 3] = zero, indices[1::3, 0]
    with h5py.File(tmp_path / "d.h5", "w") as f:
        f["acts"], f["idx"], f["labels"] = values, indices, labels
    x = np.zeros((60, 40), "f4")
    for row in range(60):
        for value, neuron in zip(values[row], indices[row]):
            if value != 0:
                x[row, neuron] = value
    line = job("layers: [{ dataset: acts, indices: idx, neurons: 40 }]", tmp_path / "d.h5")
    agrees(told(program, [line], tmp_path / "Tiles")[0], expected(x, labels))


@pytest.mark.parametrize("reduce", ["flatten", "max", "mean", "samples"])
def test_the_strongest_neurons_of_each_token(taken, job, tmp_path, rng, labels, reduce):
    values, indices = strongest(rng.normal(0, 1, (60, 5, 24)).astype("f4"), 3)
    with h5py.File(tmp_path / "d.h5", "w") as f:
        f["acts"], f["idx"], f["labels"] = values, indices, labels
    taken(tmp_path / "d.h5", job=job(f"layers: [{{ dataset: acts, indices: idx, neurons: 24, axes: NTD, reduce: {reduce} }}]", tmp_path / "d.h5"))


def test_instances_are_sparse_as_their_layer(taken, tmp_path, rng, labels):
    x = matrix(rng)
    path = write(tmp_path / "d.h5", compressed(x), labels, **{"encoding-type": "csr_matrix", "shape": x.shape})
    values, indices = strongest(x, 3)
    with h5py.File(path, "r+") as f:
        f["acts"], f["idx"] = values, indices
        f["acts"].attrs["d_sae"] = 40
        for kind in ("benign", "attacked"):
            for name, part in compressed(x[10:14]).items():
                f[f"instances/{kind}/X/{name}"] = part
            f[f"instances/{kind}/X"].attrs["shape"] = (4, 40)
            f[f"instances/{kind}/acts"], f[f"instances/{kind}/idx"] = values[10:14], indices[10:14]
    store, _ = taken(path, layers=2)
    assert len(store["instances"]) == 8


def test_rows_as_instances(taken, job, tmp_path, rng, labels):
    x = matrix(rng)
    for lines in ("csr", "csc"):
        path = write(tmp_path / f"{lines}.h5", compressed(x, lines), labels, **{"encoding-type": f"{lines}_matrix", "shape": x.shape})
        taken(path, job=job("instances: { rows: [59, 5, 17] }", path))


@pytest.mark.parametrize("form", ["csr", "csc", "list"])
def test_shards_and_memory_make_the_same_bytes(precompute, sharded, tmp_path, rng, form):
    x = matrix(rng, 5000, 700, share=0.02)
    y = rng.integers(0, 3, 5000)
    if form == "list":
        values, indices = strongest(x, 9)
        with h5py.File(tmp_path / "dump.h5", "w") as f:
            f.create_dataset("acts", data=values, chunks=(300, 4), compression="gzip")
            f.create_dataset("idx", data=indices, chunks=(211, 9), compression="gzip")
            f["acts"].attrs["d_sae"], f["labels"] = 700, y
    else:
        write(tmp_path / "dump.h5", compressed(x, form, rng), y, options={"chunks": (500,), "compression": "gzip"}, **{"encoding-type": f"{form}_matrix", "shape": x.shape})
    single = (precompute(tmp_path / "dump.h5") / "MANIFEST").read_bytes()
    for number, options in enumerate([("--memory", "256MiB"), ("--threads", "1"), ("--memory", "256MiB", "--checkpoint", "0")]):
        store = precompute(tmp_path / "dump.h5", output=tmp_path / f"Other{number}", options=(*options, "--progress", "none"))
        assert (store / "MANIFEST").read_bytes() == single, options
    assert (sharded(tmp_path / "dump.h5", 3) / "MANIFEST").read_bytes() == single


def test_it_is_never_dense_in_memory(tmp_path, rng):
    """375 MiB of values, hardly any of which are stored, within 256."""
    x = np.zeros((12_000, 8192), "f4")
    x[np.arange(12_000), rng.integers(0, 8192, 12_000)] = 1
    path = write(tmp_path / "d.h5", compressed(x), rng.integers(0, 2, 12_000), **{"encoding-type": "csr_matrix", "shape": x.shape})
    assert path.stat().st_size < 1 << 20
    assert peak("precompute", path, "--output", tmp_path / "Tiles", "--progress", "none", "--memory", "256MiB") < 256


DAMAGE = {
    "ends_that_descend": (lambda p: p["indptr"].__setitem__(7, 0), ["/X/indptr", "its entry 7 is 0", "ascend"]),
    "a_first_end": (lambda p: p["indptr"].__setitem__(0, 1), ["/X/indptr", "its first entry is 1, not 0"]),
    "a_last_end": (lambda p: p["indptr"].__setitem__(60, p["indptr"][59]), ["/X/indptr", "its last entry is"]),
    "an_end_beyond": (lambda p: p["indptr"].__setitem__(60, 10**6), ["/X/indptr", "its entry 60 is 1000000"]),
    "a_place_beyond": (lambda p: p["indices"].__setitem__(3, 40), ["/X/indices", "row 0 names the neuron 40, and there are 40"]),
    "a_place_before": (lambda p: p["indices"].__setitem__(3, -1), ["/X/indices", "the neuron -1"]),
    "a_place_twice": (lambda p: p["indices"].__setitem__(1, p["indices"][0]), ["/X/indices", "more than once", "sum_duplicates"]),
    "fewer_places": (lambda p: p.__setitem__("indices", p["indices"][:-1]), ["/X", "indices"]),
    "fewer_ends": (lambda p: p.__setitem__("indptr", p["indptr"][:-1]), ["/X", "indptr"]),
    "places_that_are_real": (lambda p: p.__setitem__("indices", p["indices"] + 0.5), ["/X/indices", "whole numbers"]),
}


@pytest.mark.parametrize("change, words", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_matrix(refused, job, tmp_path, rng, labels, change, words):
    x = matrix(rng)
    x[0, :4] = [1, 2, 3, 4]
    parts = compressed(x)
    change(parts)
    path = write(tmp_path / "d.h5", parts, labels, **{"encoding-type": "csr_matrix", "shape": x.shape})
    refused(path, words=words)
    refused(job("layers: [X]\nlabels: labels", path), words=words)


WRONG = {
    "{ dataset: X, neurons: 41 }": ["neurons: 41", "60 x 40"],
    "{ dataset: X, sparse: csc }": ["60 columns", "sparse: csr"],
    "{ dataset: fc, neurons: 40 }": ["/fc", "dense matrix"],
    "{ dataset: acts, indices: idx }": ["/acts", "neurons: 4"],
    "{ dataset: acts, indices: idx, neurons: 3 }": ["/idx", "the neuron 3, and there are 3"],
    "{ dataset: acts, indices: X/indices, neurons: 40 }": ["/X/indices"],
    "{ dataset: acts, indices: idx, sparse: csr, neurons: 4 }": ["leave one of the keys out"],
    "{ dataset: X, neurons: 0 }": ["layers[0].neurons: 0 is no number of neurons"],
    "{ dataset: X, sparse: coo }": ["csr, csc"],
    "{ dataset: X, scale: 2, zero_point: 1 }": ["zeros that are not stored"],
}


@pytest.mark.parametrize("line, words", WRONG.items(), ids=WRONG)
def test_what_a_job_says_wrongly(program, job, tmp_path, rng, labels, line, words):
    x = matrix(rng)
    path = write(tmp_path / "d.h5", compressed(x), labels, **{"encoding-type": "csr_matrix", "shape": x.shape})
    with h5py.File(path, "r+") as f:
        f["fc"], f["acts"], f["idx"] = x, x[:, :4] + 1, np.tile(np.arange(4), (60, 1))
    done = program.run("precompute", job(f"layers: [{line}]\nlabels: labels", path), "--output", tmp_path / "Tiles", "--progress", "none")
    assert done.returncode in (64, 65) and not list(tmp_path.glob("Tiles/*/current")), done.stderr
    assert all(word in done.stderr for word in words), done.stderr
