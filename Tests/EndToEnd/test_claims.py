"""Files that claim what they do not hold: one paragraph names the place, nothing is allocated for the claim."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time

import h5py
import numpy as np
import pytest
from programs import DATA, PROGRAM, peak

NO_INPUT, READ = 66, 74


@pytest.fixture
def claims(dump):
    """A dump whose layer `a` has a shape, of which only the first few values were written."""

    def make(shape, labels=None, chunks=None, write=True):
        path = dump({}, labels)
        with h5py.File(path, "r+") as f:
            layer = f.create_dataset("a", shape, "f4", chunks=chunks)
            if write:
                layer[:10, :4] = 1
        return path

    return make


SHAPES = [
    pytest.param((2**40, 16), (1000, 16), id="rows"), pytest.param((2**33, 16), (1000, 16), id="rows beyond 32 bits"),
    pytest.param((40, 2**45), (40, 1024), id="neurons"), pytest.param((40, 2**31), (1, 1024), id="chunks")]  # fmt: skip


@pytest.mark.parametrize("missing", ["refuse", "skip", "fill"])
@pytest.mark.parametrize("shape, chunks", SHAPES)
def test_shapes_of_which_hardly_anything_is_there(refused, claims, job, shape, chunks, missing):
    path = claims(shape, np.arange(40) % 3 if shape[0] == 40 else None, chunks)
    refused(job(f"missing: {missing}", path), words=[str(path), "/a"])


@pytest.mark.parametrize("each", [2**40, 2**30])
@pytest.mark.parametrize("axes", ["", "layers: [{dataset: a, axes: KNU}]"])
def test_categories_of_which_hardly_anything_is_there(refused, claims, job, each, axes):
    path = claims((3, each, 8), chunks=(1, 1000, 8))
    with h5py.File(path, "r+") as f:
        f["class_names"] = ["x", "y", "z"]
    refused(job(axes, path), words=[str(path), "/a"])


@pytest.mark.parametrize("shape", [(2**40, 16), (40, 2**45), (40, 2**31)])
def test_shapes_of_which_nothing_is_there(refused, claims, program, shape):
    path = claims(shape, np.arange(40) % 3 if shape[0] == 40 else None, write=False)
    refused(path, words=[str(path), "/a"])
    assert "never written" in program.ok("inspect", path).stdout


def test_the_first_chunk_that_is_missing_is_named_before_any_work(refused, dump, values):
    path = dump({"b": values(40, 6)}, np.arange(40) % 3)
    with h5py.File(path, "r+") as f:
        f.create_dataset("c", (40, 6), "f4", chunks=(10, 2))[:25] = 1
    refused(path, words=[str(path), "/c", "[30, 0]", "missing: skip"])


@pytest.mark.parametrize("name, shape, dtype", [("labels", (2**36,), "i8"), ("labels", (2**29,), "i8"), ("class_names", (2**34,), "S10"), ("count", (1,), "i8")])
def test_columns_that_are_not_there(refused, dump, values, name, shape, dtype):
    path = dump({"a": values(40, 5)}, **({} if name == "labels" else {"labels": np.arange(40) % 3}))
    with h5py.File(path, "r+") as f:
        f.create_dataset(name, shape, dtype, chunks=(min(1000, *shape),))
    refused(path, words=[f"/{name}"])


def test_more_instances_than_anyone_looks_at(refused, dump, values):
    path = dump({"a": values(40, 5)}, np.arange(40) % 3)
    with h5py.File(path, "r+") as f:
        f.create_dataset("instances/benign/a", (2**40, 5), "f4", chunks=(1000, 5))
    refused(path, words=["/instances", "1,099,511,627,776", "100,000"])


@pytest.mark.parametrize("name, content, words", [
    ("benign/texts", ["one"], ["/instances/benign/texts", "2 instances"]), ("true_label", [0, 1, 2], ["3 entries", "2 pairs"]),
    ("benign/images", np.zeros((3, 4, 4), np.uint8), ["3 x 4 x 4", "2 instances"]), ("benign/images", np.zeros((2, 4, 4)), ["float64", "uint8"]),
    ("attacked/a", np.zeros((3, 5), "f4"), ["3 instances", "2 of the other kind"]), ("attacked/a", np.zeros((2, 4), "f4"), ["2 x 4", "40 x 5"])])
def test_instances_that_contradict_each_other(refused, dump, values, name, content, words):
    refused(dump({"a": values(40, 5), "instances/benign/a": values(2, 5)}, np.arange(40) % 3, **{f"instances/{name}": content}), words=words)


def test_more_rows_than_memory_for_their_groups(program, claims, tmp_path):
    path = claims((10**8, 1), chunks=(10**6, 1))
    with h5py.File(path, "r+") as f:
        for first in range(0, 10**8, 10**6):
            f["a"][first] = 1
    job = tmp_path / "job.yaml"
    job.write_text(f"dumps: [{path.name}]\nmissing: fill\n")
    assert "--memory" in program.fails(64, "precompute", job, "--memory", "300MiB", "--output", tmp_path / "Tiles", "--progress", "none")


def test_a_bomb_of_zeros_is_decoded_within_the_budget(dump, tmp_path):
    """40 MiB of zeros in a few KiB are no fault, only much to count."""
    path = dump({}, np.arange(640) % 3)
    with h5py.File(path, "r+") as f:
        layer = f.create_dataset("a", (640, 2**14), "f4", chunks=(16, 2**14), compression="gzip", compression_opts=9)
        layer[:] = 0
    mib = peak("precompute", path, "--memory", "400MiB", "--output", tmp_path / "Tiles", "--progress", "none")
    assert mib < 400, f"{mib:.0f} MiB"


# Changed while it is read


@pytest.mark.parametrize("change", ["touched", "cut", "replaced"])
def test_changed_while_it_is_read(dump, values, tmp_path, change):
    path = dump({f"layer_{n}": (values(20_000, 300), {"chunks": (100, 300), "compression": "gzip", "compression_opts": 1}) for n in range(3)}, np.arange(20_000) % 3)
    output = tmp_path / "Tiles"
    run = subprocess.Popen([PROGRAM, "precompute", path, "--output", output, "--progress", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(output.glob("**/own")) and run.poll() is None:
        time.sleep(0.002)
    run.send_signal(signal.SIGSTOP)
    if change == "touched":
        os.utime(path)
    elif change == "cut":
        os.truncate(path, 100_000)
    else:
        os.replace(dump({"other": values(5, 5)}, name="other.h5"), path)
    run.send_signal(signal.SIGCONT)
    _, error = run.communicate(timeout=120)
    words = {"touched": "written to", "cut": "its size went from", "replaced": "another file has taken its place"}[change]
    paragraph = error.strip().splitlines()[-1]
    assert run.returncode == DATA and str(path) in paragraph and words in paragraph, error
    assert not list(output.glob("*/current"))


# What is no file of ours


@pytest.mark.parametrize("command", ["inspect", "precompute"])
@pytest.mark.parametrize("name, content, word", [
    ("a.npz", b"PK\x03\x04" + bytes(99), "npz"), ("a.npy", b"\x93NUMPY" + bytes(99), "NumPy"), ("a.h5.gz", b"\x1f\x8b" + bytes(99), "gunzip"),
    ("a.mat", b"MATLAB 5.0 MAT-file" + bytes(200), "-v7.3"), ("a.nc", b"CDF\x01" + bytes(99), "nccopy"), ("a.csv", b"a,b\n1,2\n", "signature")])
def test_other_formats_are_named(program, tmp_path, command, name, content, word):
    (tmp_path / name).write_bytes(content)
    assert word in program.fails(DATA, command, tmp_path / name)


@pytest.mark.parametrize("command", ["inspect", "precompute"])
def test_paths_that_lead_to_no_file(program, tmp_path, command):
    os.mkfifo(tmp_path / "pipe.h5")
    os.symlink(tmp_path / "round.h5", tmp_path / "round.h5")
    os.symlink(tmp_path / "gone.h5", tmp_path / "dangling.h5")
    assert "not a regular file" in program.fails(READ, command, tmp_path / "pipe.h5")
    assert "round.h5" in program.fails(READ, command, tmp_path / "round.h5")
    assert "no such file" in program.fails(NO_INPUT, command, tmp_path / "dangling.h5")
    assert "directory" in program.fails(NO_INPUT, command, tmp_path)
    job = tmp_path / "job.yaml"
    job.write_text("dumps: [round.h5]\n")
    assert "round.h5" in program.fails(READ, "precompute", job)


@pytest.mark.parametrize("command", ["inspect", "precompute"])
def test_files_that_may_not_be_read(dump, values, tmp_path, command):
    path = dump({"a": values(40, 5)}, np.arange(40) % 3)
    path.chmod(0)
    for folder in (tmp_path, *tmp_path.parents):
        if folder == pathlib.Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)

    def become_nobody():
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)

    # A copy: nobody may not see where the program was built.
    program = tmp_path / "divergence"
    program.write_bytes(open(PROGRAM, "rb").read())
    program.chmod(0o755)
    done = subprocess.run([program, command, path], capture_output=True, text=True, preexec_fn=become_nobody, cwd="/", timeout=60)
    assert done.returncode == READ and "not permitted" in done.stderr and str(path) in done.stderr


def test_no_plugin_is_loaded_from_where_the_environment_says(program, tmp_path, values):
    """A library at the place where libhdf5 would look for plugins, which leaves a mark when it is loaded."""
    import hdf5plugin

    mark = tmp_path / "loaded"
    (tmp_path / "plugin.c").write_text(
        f'#include <stdio.h>\n__attribute__((constructor)) static void f(void) {{ FILE *f = fopen("{mark}", "w"); if (f) fclose(f); }}\n')
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    subprocess.run(["cc", "-shared", "-fPIC", "-o", plugins / "libh5blosc2.so", tmp_path / "plugin.c"], check=True)
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w") as f:
        f.create_dataset("a", data=values(40, 50), chunks=(10, 50), **hdf5plugin.Blosc2())
        f.create_dataset("b", data=values(40, 50), chunks=(10, 50), **hdf5plugin.Bitshuffle())
        f["labels"] = np.arange(40) % 3
    environment = dict(os.environ, HDF5_PLUGIN_PATH=str(plugins), HDF5_PLUGIN_PRELOAD="x")
    for arguments in (["inspect", path], ["precompute", path, "--output", tmp_path / "Tiles", "--progress", "none"]):
        done = program.ok(*arguments, env=environment)
    assert "32026" in program.ok("inspect", path, env=environment).stdout and done.returncode == 0
    assert not mark.exists()


# Damage to a part


def test_a_damaged_dataset_is_not_left_out_without_a_word(refused, taken, dump, values, job, tmp_path):
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w", libver=("earliest", "v108")) as f:
        f["a"], f["labels"] = values(40, 5), np.arange(40) % 3
        f.create_dataset("b", data=values(40, 6), chunks=(10, 6))
        f["instances/benign/a"] = values(2, 5)
        address = h5py.h5o.get_info(f["b"].id).addr
        instance = h5py.h5o.get_info(f["instances/benign/a"].id).addr
    data = bytearray(path.read_bytes())
    data[address] = 77
    path.write_bytes(data)
    refused(path, words=["/b", "make or copy it again", "layers:"])
    taken(path, job=job("layers: [a]", path))
    data[instance] = 77
    path.write_bytes(data)
    refused(job("layers: [a]", path), words=["/instances/benign/a", "rows: []"])
    taken(path, job=job("layers: [a]\ninstances: {rows: []}", path))


def test_a_part_in_a_newer_format_is_not_left_out_without_a_word(refused, taken, tmp_path, values, job):
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w", libver="latest") as f:
        f["a"], f["labels"] = values(40, 5), np.arange(40) % 3
        f.create_dataset("b", data=values(40, 6), chunks=(10, 6), compression="gzip")
    refused(path, words=["/b", "newer", "libver"])
    taken(path, job=job("layers: [a]", path))


def test_sources_that_are_not_there(refused, dump, values, job):
    path = dump({"a": values(40, 5)}, np.arange(40) % 3)
    layout = h5py.VirtualLayout((40, 5), "f4")
    layout[:] = h5py.VirtualSource("gone.h5", "a", (40, 5))
    with h5py.File(path, "r+") as f:
        f.create_virtual_dataset("v", layout)
    refused(job("follow: true", path), words=["/v", "gone.h5", "no such file"])
