"""Numbers of a dump or a job that are far out: one paragraph names the place; nothing traps, and nothing is allocated for them."""

import os
import struct
import zlib

import h5py
import hdf5plugin  # noqa: F401  registers filters
import numpy as np
import pytest
from programs import DATA

USAGE = 64
GZIP, BITSHUFFLE = 1, 32008
UNDEFINED = b"\xff" * 8


def chunk_by_hand(f, name, shape, dtype, chunk, filters=(), raw=None, maxshape=None):
    """A chunked dataset whose first chunk is stored as `raw`, whatever the filters (number, parameters) would make of it."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk(chunk)
    for number, parameters in filters:
        properties.set_filter(number, h5py.h5z.FLAG_OPTIONAL, tuple(parameters))
    group = f.require_group(os.path.dirname("/" + name))
    space = h5py.h5s.create_simple(shape, maxshape or shape)
    dataset = h5py.h5d.create(group.id, os.path.basename(name).encode(), h5py.h5t.py_create(np.dtype(dtype)), space, dcpl=properties)
    if raw is not None:
        dataset.write_direct_chunk((0,) * len(shape), raw)


def patch(path, old, new):
    """Changes bytes that stand once in a file."""
    data = path.read_bytes()
    assert data.count(old) == 1, f"{data.count(old)} places"
    path.write_bytes(data.replace(old, new))


@pytest.fixture
def inspect(program):
    """What `inspect` says, which must not fail: it tells what is wrong."""
    return lambda path, *options: program.ok("inspect", path, *options).stdout


@pytest.mark.parametrize("name", ["layer", "labels", "instances/benign/layer"])
def test_an_axis_longer_than_it_may_be(name, program, tmp_path, inspect):
    """h5py refuses it, and so do we, whatever version of libhdf5 is here."""
    path, shape = tmp_path / "dump.h5", {"layer": (6, 5), "labels": (6,), "instances/benign/layer": (1, 5)}
    with h5py.File(path, "w") as f:
        for place, of in shape.items():
            f[place] = np.ones(of, "f4" if len(of) > 1 else "i8")
        f["instances/attacked/layer"] = np.ones((2, 5), "f4")
    sizes = shape[name]
    patch(path, struct.pack(f"<{2 * len(sizes)}Q", *sizes, *sizes), struct.pack(f"<{2 * len(sizes)}Q", *sizes, *sizes[:-1], sizes[-1] - 1))
    assert f"/{name}" in inspect(path) and f"{sizes[-1] - 1} are the most" in inspect(path)
    error = program.fails(DATA, "precompute", path, "--output", tmp_path / "Tiles", "--progress", "none")
    assert f"/{name}" in error and f"{sizes[-1]} places where {sizes[-1] - 1} are the most" in error


@pytest.fixture
def bitshuffle(dump, values):
    """A dump whose labels are one chunk of 2^31 bytes in one block, 13 MiB in the file."""
    path, size = dump({"a": values(4, 5)}), 1 << 31
    with h5py.File(path, "r+") as f:
        stored = bytes(13 << 20)
        raw = struct.pack(">QII", size, size, len(stored)) + stored
        chunk_by_hand(f, "labels", (size,), "u1", (size,), [(BITSHUFFLE, (0, 2))], raw)
    return path


def test_a_block_of_two_gibibytes(bitshuffle, inspect, program, tmp_path):
    words = ["/labels", "--memory"]
    said = inspect(bitshuffle)
    assert all(word in said for word in words)
    error = program.fails(USAGE, "precompute", bitshuffle, "--output", tmp_path / "Tiles", "--progress", "none")
    assert all(word in error for word in words)
    # Where memory is no reason, the block itself is.
    error = program.fails(DATA, "precompute", bitshuffle, "--memory", "64GiB", "--output", tmp_path / "Tiles", "--progress", "none")
    assert "/labels, chunk at [0]" in error and "block of 2147483648 bytes" in error


def test_a_file_of_a_far_future(dump, values, inspect):
    """The year 2264, which nanoseconds in 63 bits do not reach."""
    path, seconds = dump({"a": values(40, 5)}, np.arange(40) % 3), 9_300_000_000
    os.utime(path, (seconds, seconds))
    assert os.stat(path).st_mtime == seconds
    assert "40 rows in 1 layer" in inspect(path)


def test_a_sparse_file_of_exbibytes(program):
    path = f"/dev/shm/nd-sparse-{os.getpid()}.h5"
    try:
        with open(path, "wb") as f:
            f.truncate(2**62 + 2**61)
        assert "not an HDF5 file" in program.fails(DATA, "inspect", path)
    finally:
        os.remove(path)


@pytest.mark.parametrize("address", [2**64 - 2**16, 2**64 - 2, 2**63, 2**63 - 1, 2**62])
@pytest.mark.parametrize("rows", [0, 40])
def test_addresses_beyond_everything(dump, values, inspect, address, rows):
    path = dump({"a": values(40, 5)}, np.arange(40) % 3)
    with h5py.File(path, "r+") as f:
        del f["labels"]
        f.create_dataset("labels", data=np.arange(rows, dtype="i8"))
        offset = f["labels"].id.get_offset()
    old = UNDEFINED if offset is None else struct.pack("<Q", offset)
    layout = struct.pack("<BB", 3, 1)
    patch(path, layout + old + struct.pack("<Q", 8 * rows), layout + struct.pack("<Q", address) + struct.pack("<Q", 8 * rows))
    said = inspect(path)
    assert "broke down" not in said
    if rows:
        assert f"from byte {address} on" in said


@pytest.mark.parametrize("offset", [2**63 - 1, 2**63 - 64, 2**62])
def test_offsets_in_other_files(dump, values, inspect, tmp_path, offset):
    path = dump({"a": values(40, 5)}, np.arange(40) % 3)
    (tmp_path / "raw").write_bytes(bytes(800))
    with h5py.File(path, "r+") as f:
        f.create_dataset("b", (40, 5), "f4", external=[(b"raw", 16, 800)])
    patch(path, struct.pack("<QQ", 16, 800), struct.pack("<QQ", offset, 800))
    said = inspect(path, "--follow")
    assert "broke down" not in said and f"from byte {offset} on" in said


@pytest.mark.parametrize("name", ["count", "labels", "b", "predictions", "class_names", "instances/benign/a"])
@pytest.mark.parametrize("shape", [(2**62, 4), (2**63 - 1, 2**63 - 1), (2**40, 2**40, 0)])
def test_shapes_beyond_arithmetic(dump, values, program, name, shape):
    path = dump({"a": values(40, 5)}, None if name == "labels" else np.arange(40) % 3)
    with h5py.File(path, "r+") as f:
        chunk_by_hand(f, name, shape, "u1", (1,) * len(shape), maxshape=(h5py.h5s.UNLIMITED,) * len(shape))
    for option in (["--json"], ["--job"]):
        done = program.run("inspect", path, *option)
        assert done.returncode in (0, DATA) and "broke down" not in done.stdout + done.stderr, done.stderr
    assert f"/{name}" in program.ok("inspect", path).stdout


def test_more_rows_in_all_files_than_arithmetic_holds(program, tmp_path):
    paths = []
    for number in range(10):
        paths.append(tmp_path / f"{number}.h5")
        with h5py.File(paths[-1], "w") as f:
            chunk_by_hand(f, "a", (2**59 - 1, 1), "u1", (2**32 - 1, 1), maxshape=(h5py.h5s.UNLIMITED, 1))
    assert "rows" in program.ok("inspect", *paths).stdout
    (tmp_path / "job.yaml").write_text("dumps: ['*.h5']\nmissing: fill\n")
    program.fails(DATA, "precompute", tmp_path / "job.yaml", "--output", tmp_path / "Tiles", "--progress", "none")


@pytest.mark.parametrize("medians", ["exact", "binned"])
@pytest.mark.parametrize("chunk", [(2**30 - 1, 1), (1, 2**30 - 1)])
def test_chunks_far_beyond_the_shape(dump, values, program, tmp_path, job, chunk, medians):
    path = dump({"b": values(40, 5)}, np.arange(40) % 3)
    with h5py.File(path, "r+") as f:
        chunk_by_hand(f, "a", (40, 5), "f4", chunk, [(GZIP, (9,))], maxshape=(h5py.h5s.UNLIMITED,) * 2)
    text = f"medians: {medians}\nmissing: fill"
    error = program.fails(USAGE, "precompute", job(text, path), "--output", tmp_path / "Tiles", "--progress", "none")
    assert f"{path}, dataset /a" in error and "--memory" in error
    assert "40 rows in 2 layers" in program.ok("inspect", path).stdout


def test_texts_that_all_lie_in_one_place(dump, values, inspect):
    """Each of a hundred thousand references leads to the same mebibyte: 100 GiB out of a file of 3 MiB."""
    path = dump({"a": values(100_000, 1)})
    with h5py.File(path, "r+") as f:
        f["word"] = np.array(["x" * (1 << 20)], h5py.string_dtype())
        offset = f["word"].id.get_offset()
    reference = path.read_bytes()[offset:offset + 16]
    with h5py.File(path, "r+") as f:
        f.create_dataset("labels", data=np.array([""] * 100_000, h5py.string_dtype()))
        offset = f["labels"].id.get_offset()
    data = bytearray(path.read_bytes())
    data[offset:offset + 1_600_000] = reference * 100_000
    path.write_bytes(data)
    assert "longer than the file" in inspect(path)


@pytest.mark.parametrize("name, shape, dtype", [
    ("labels", (2**26,), "u1"), ("class_names", (2**24,), "S1"), ("predictions", (2**24,), "f4"), ("count", (2**26,), "i1"),
    ("instances/benign/images", (2, 2**13, 2**12), "u1"), ("instances/true_label", (2**25,), "i2")])  # fmt: skip
def test_zeros_that_take_little_room(program, dump, values, name, shape, dtype, tmp_path):
    path = dump({"a": values(40, 5), "instances/benign/a": values(2, 5)}, None if name == "labels" else np.arange(40) % 3)
    raw = zlib.compress(bytes(int(np.prod(shape)) * np.dtype(dtype).itemsize), 1)
    with h5py.File(path, "r+") as f:
        chunk_by_hand(f, name, shape, dtype, shape, [(GZIP, (9,))], raw)
    job = tmp_path / "job.yaml"
    job.write_text(f"dumps: [dump.h5]\n{'count: count' if name == 'count' else ''}\n")
    error = program.fails(USAGE, "precompute", job, "--memory", "256MiB", "--output", tmp_path / "Tiles", "--progress", "none")
    assert f"{path}, dataset /{name}" in error and "--memory" in error


def test_a_chunk_of_instances_that_takes_more_than_the_budget(program, dump, values, tmp_path):
    path = dump({"a": values(40, 5)}, np.arange(40) % 3)
    with h5py.File(path, "r+") as f:
        chunk_by_hand(f, "instances/benign/a", (2, 5), "f4", (2**12, 2**12), [(GZIP, (9,))], zlib.compress(bytes(2**26), 1), (2**12, 2**12))
    error = program.fails(USAGE, "precompute", path, "--memory", "256MiB", "--output", tmp_path / "Tiles", "--progress", "none")
    assert f"{path}, dataset /instances/benign/a" in error and "--memory" in error


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), -1, 2**32, 2**31])
@pytest.mark.parametrize("names", [False, True])
def test_labels_at_the_ends_of_the_numbers(program, dump, values, tmp_path, value, names):
    labels = np.arange(40) % 3
    labels[7] = value
    path = dump({"a": values(40, 5)}, labels, **({"class_names": ["x", "y", "z"]} if names else {}))
    if value > 0 and not names:
        program.ok("precompute", path, "--output", tmp_path / "Tiles", "--progress", "none")
    else:
        assert "row 7" in program.fails(DATA, "precompute", path, "--output", tmp_path / "Tiles", "--progress", "none")


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), -1, 2**32, 41])
def test_counts_at_the_ends_of_the_numbers(program, dump, values, tmp_path, value):
    path = dump({"a": values(40, 5)}, np.arange(40) % 3, count=value)
    assert "/count" in program.fails(DATA, "precompute", path, "--output", tmp_path / "Tiles", "--progress", "none")


# Attributes


def test_thousands_of_attributes(dump, values, inspect):
    """Once each was looked up anew among all: 5,000 took half a minute, and more were called damage."""
    path = dump({}, np.arange(40) % 3)
    with h5py.File(path, "r+", libver="v110") as f:
        f["a"] = values(5, 40)
        for number in range(5000):
            attribute = h5py.h5a.create(f["a"].id, b"number %d" % number, h5py.h5t.STD_I32LE, h5py.h5s.create(h5py.h5s.SCALAR))
            attribute.write(np.array(number, "i4"))
        f["a"].attrs["axes"] = "CN"
    said = inspect(path)
    assert "axes CN (as the file says)" in said and "damaged" not in said


def test_more_attributes_than_are_taken(dump, values, inspect):
    path = dump({"a": values(40, 5)}, np.arange(40) % 3)
    with h5py.File(path, "w", libver="v110") as f:
        f["a"], f["labels"] = values(40, 5), np.arange(40) % 3
        f["a"].attrs["axes"] = "NC"
        for number in range(50):
            f["labels"].attrs[f"text {number}"] = np.bytes_(b"x" * 400_000)
        f["z"] = values(40, 5)
        f["z"].attrs["axes"] = "NC"
    said = inspect(path)
    assert "/z, attribute axes: the file has more than 16 MiB of attributes." in said


# Jobs


CONDITIONS = {
    "depth": "(" * 40_000 + "label == 1" + ")" * 40_000, "not": "not " * 40_000 + "label == 1",
    "or": " or ".join(f"row == {n}" for n in range(15_000)), "and": " and ".join(["row < 5"] * 20_000),
    "list": f"label in [{', '.join(map(str, range(20_000)))}]", "length": f"label == '{'x' * 300_000}'",
}  # fmt: skip
LIMITS = {"depth": "100", "not": "100", "or": "1,000", "and": "1,000", "list": "10,000", "length": "262,144"}


@pytest.mark.parametrize("kind", CONDITIONS)
def test_conditions_without_end(program, dump, values, tmp_path, kind):
    dump({"a": values(40, 5)}, np.arange(40) % 3)
    (tmp_path / "first.yaml").write_text(f"dumps: [dump.h5]\ngroups:\n  - name: deep\n    where: {CONDITIONS[kind]!a}\n")
    (tmp_path / "second.yaml").write_text("dumps: [dump.h5]\n")
    done = program.run("precompute", tmp_path / "first.yaml", tmp_path / "second.yaml", "--output", tmp_path / "Tiles", "--progress", "none")
    assert done.returncode == DATA, done.stderr
    assert LIMITS[kind] in done.stderr and len(done.stderr) < 2000
    assert (tmp_path / "Tiles" / "second" / "current").exists(), "the later job is done"


def test_conditions_at_their_limits(precompute, dump, values, tmp_path):
    dump({"a": values(40, 5)}, np.arange(40) % 3)
    conditions = ["(" * 99 + "label == 1" + ")" * 99, "not " * 98 + "label == 1", " or ".join(f"row == {n}" for n in range(1000))]
    lines = [f"  - name: group {number}\n    where: {condition!a}\n" for number, condition in enumerate(conditions)]
    (tmp_path / "job.yaml").write_text("dumps: [dump.h5]\ngroups:\n" + "".join(lines))
    precompute(tmp_path / "job.yaml")


JOBS = {
    "no dumps": "dumps: []", "last row": "dumps: [dump.h5]\ninstances: {rows: [9223372036854775807]}",
    "first row": "dumps: [dump.h5]\ninstances: {rows: [-9223372036854775808]}",
    "row beyond": "dumps: [dump.h5]\ninstances: {rows: [9223372036854775808]}", "pair": "dumps: [dump.h5]\nstart: {pair: 9223372036854775807}",
    "bins": "dumps: [dump.h5]\nbins: -9223372036854775808", "bins beyond": "dumps: [dump.h5]\nbins: 1e400",
    "lists": "dumps: [dump.h5]\ngroups: " + "[" * 100_000 + "]" * 100_000, "mappings": "dumps: " + "{a: " * 50_000 + "}" * 50_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", JOBS)
def test_numbers_of_a_job(program, dump, values, tmp_path, kind):
    dump({"a": values(40, 5)}, np.arange(40) % 3)
    (tmp_path / "job.yaml").write_text(JOBS[kind] + "\n")
    program.fails(DATA, "precompute", tmp_path / "job.yaml", "--output", tmp_path / "Tiles", "--progress", "none")


def test_a_row_beyond_numbers_is_compared(precompute, dump, values, tmp_path):
    dump({"a": values(40, 5)}, np.arange(40) % 3)
    where = "row < 1e308 and row != 99999999999999999999999999 and label > -1e400"
    (tmp_path / "job.yaml").write_text(f"dumps: [dump.h5]\ngroups: [{{name: all of them, where: '{where}'}}]\n")
    precompute(tmp_path / "job.yaml")
