"""Bad input: one clear paragraph, the right exit code, nothing half-published."""

import contextlib
import os
import pathlib
import socket
import subprocess
import tempfile

import h5py
import numpy as np
import pytest
import zarr

from programs import PROGRAM

USAGE, DATA, NO_INPUT, WRITE, READ = 64, 65, 66, 73, 74


@pytest.fixture
def good(dump, rng):
    return dump({"a": rng.normal(size=(50, 9)).astype(np.float32)}, rng.integers(0, 3, 50))


def nothing_published(folder):
    return not list(folder.glob("*/current")) and not [p for p in folder.glob("*/*") if not p.name.startswith(".")]


@pytest.fixture
def refused(program, tmp_path):
    """Expects precompute to refuse, naming some words, and to publish nothing."""

    def run(code, *inputs, words=()):
        paragraph = program.fails(code, "precompute", *inputs, "--output", tmp_path / "Tiles", "--progress", "none")
        for word in words:
            assert word in paragraph, f"{word!r} is not in: {paragraph}"
        assert nothing_published(tmp_path / "Tiles")
        return paragraph

    return run


def job(tmp_path, text):
    path = tmp_path / "job.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("command", ["inspect", "precompute"])
def test_no_such_file(program, tmp_path, command):
    assert "nowhere.h5" in program.fails(NO_INPUT, command, tmp_path / "nowhere.h5")


@pytest.mark.parametrize("command", ["inspect", "precompute"])
def test_not_hdf5(program, tmp_path, command):
    path = tmp_path / "text.h5"
    path.write_text("This is no HDF5 file. " * 100)
    assert "HDF5" in program.fails(DATA, command, path)


def test_a_folder_and_an_empty_file(refused, tmp_path):
    refused(NO_INPUT, tmp_path, words=["directory"])
    empty = tmp_path / "empty.h5"
    empty.touch()
    refused(DATA, empty, words=["empty.h5"])


def test_cut_off(refused, good):
    os.truncate(good, os.path.getsize(good) - 1)
    refused(DATA, good, words=[str(good)])


def test_labels_of_another_length(refused, dump, rng):
    path = dump({"a": rng.normal(size=(50, 9))}, rng.integers(0, 3, 49))
    refused(DATA, path, words=["50", "49"])


def test_named_layer_with_labels_of_another_length(refused, dump, rng, tmp_path):
    path = dump({"a": rng.normal(size=(50, 9)), "b": rng.normal(size=(60, 9))}, rng.integers(0, 3, 60))
    refused(DATA, job(tmp_path, f"dumps: [{path.name}]\nlayers: [a, b]"), words=["/a", "50", "60"])


@pytest.mark.parametrize("labels, word", [
    (np.array([0.0, np.nan] * 25), "row 1"), (np.array([0, -1] * 25), "-1"), (np.zeros((50, 3)), "50 x 3"),
    (np.array([0.5] * 50), "row 0")])
def test_labels_that_are_none(refused, dump, rng, labels, word):
    path = dump({"a": rng.normal(size=(50, 9))}, labels)
    refused(DATA, path)


def test_label_without_a_name(refused, dump, rng):
    path = dump({"a": rng.normal(size=(50, 9))}, np.r_[np.zeros(49, int), 5], class_names=["a", "b"])
    refused(DATA, path, words=["row 49", "5", "2 class names"])


def test_unknown_layer_in_the_job(refused, good, tmp_path):
    refused(DATA, job(tmp_path, f"dumps: [{good.name}]\nlayers: [{{name: x, dataset: nosuch}}]"), words=["nosuch", "/a"])


@pytest.mark.parametrize("text, words", [
    ("dumps: [dump.h5]\nlayer: [a]", ["line 2", "layer", "layers"]),
    ("dumps: [dump.h5]\nmedians: rough", ["line 2", "medians", "exact"]),
    ("dumps: [dump.h5]\nbins: 100", ["bins"]),
    ("dumps: [dump.h5]\ngroups: [{name: x, where: 'label = 3'}]", ["where", "character"]),
    ("dumps: [dump.h5]\ngroups: [{name: x, where: 'prediction == 3'}]", ["prediction"]),
    ("dumps: [dump.h5]\nlayers: [{dataset: a, reduce: max}]", ["axes"]),
    ("dumps: [dump.h5]\nlayers: [{dataset: a, axes: NCHW}]", ["NCHW", "50 x 9"]),
    ("dumps: [dump.h5]\nname: ../x", ["name"]),
    ("dumps: [dump.h5]\ninstances: nowhere", ["nowhere"]),
    ("dumps: [dump.h5]\ninstances: {rows: [50]}", ["50"]),
    ("dumps: [dump.h5]\nstart: {layers: [nosuch]}", ["nosuch"]),
    ("layers: [a]", ["dumps"]), ("- a\n- b", []), ("a: [", []), ("", []),
])
def test_jobs_that_are_wrong(refused, good, tmp_path, text, words):
    refused(DATA, job(tmp_path, text), words=[w.replace("where", "condition") if w == "where" else w for w in words])


def test_job_whose_dump_is_missing(refused, tmp_path):
    refused(NO_INPUT, job(tmp_path, "dumps: [gone-*.h5]"), words=["gone-"])


def test_unwritten_chunks(refused, dump, rng, precompute, tmp_path):
    path = dump({}, rng.integers(0, 3, 50))
    with h5py.File(path, "r+") as f:
        f.create_dataset("a", (50, 40), "f4", chunks=(10, 40))[:30] = 1
    refused(DATA, path, words=["/a", "30, 0"])
    for missing, count, left_out in ("fill", 50, 0), ("skip", 30, 20):
        store = zarr.open_group(precompute(job(tmp_path, f"dumps: [{path.name}]\nmissing: {missing}")), mode="r")
        assert (store["layers/a/statistics/count"][0] == count).all()
        assert store.attrs["layers"][0]["counted"]["missing_rows"] == left_out


def test_layers_that_hold_no_numbers(refused, dump, rng, tmp_path):
    path = dump({"t": np.zeros((50, 3), [("x", "S3"), ("y", "S2")]), "c": np.zeros((50, 3), complex)}, rng.integers(0, 3, 50))
    refused(DATA, path, words=["/t", "/c"])
    refused(DATA, job(tmp_path, f"dumps: [{path.name}]\nlayers: [c]"), words=["/c"])


@pytest.mark.parametrize("arguments", [
    ["precompute"], ["nonsense"], ["precompute", "x.h5", "--memory", "lots"], ["precompute", "x.h5", "--threads", "0"],
    *(["precompute", "x.h5", f"--checkpoint={seconds}"] for seconds in ("-1", "1000001", "1e30", "inf", "nan")),
    ["precompute", "a.yaml", "b.h5"], ["inspect", "--nosuch"]])
def test_usage(program, arguments):
    assert program.run(*arguments).returncode == USAGE


def test_output_that_cannot_be_written(program, good, tmp_path):
    (tmp_path / "file").touch()
    program.fails(WRITE, "precompute", good, "--output", tmp_path / "file" / "Tiles", "--progress", "none")


def test_second_run_on_one_output(program, good, tmp_path, precompute):
    import fcntl

    store = precompute(good)
    with open(store.parent / ".lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "Another run" in program.fails(WRITE, "precompute", good, "--output", tmp_path / "Tiles", "--progress", "none")


def test_port_in_use(program, precompute, good, tmp_path):
    precompute(good)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        paragraph = program.fails(WRITE, "serve", tmp_path / "Tiles", "--port", port)
        assert str(port) in paragraph


def test_corrupt_store(program, precompute, good, tmp_path):
    store = precompute(good)
    victim = next(p for p in (store / "layers").rglob("own/256/c/0/0/0"))
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    assert "own/256" in program.fails(DATA, "verify", store)
    (store / "zarr.json").write_text("{}")
    assert "zarr.json" in program.fails(DATA, "serve", tmp_path / "Tiles", "--port", 0)
    program.fails(NO_INPUT, "show", tmp_path / "Tiles" / "nosuch")


def test_standard_output_that_cannot_be_written(program, precompute, good):
    store = precompute(good)
    for arguments in (["inspect", good], ["inspect", good, "--json"], ["inspect", good, "--job"], ["precompute", good, "--plan-only"], ["show", store],
                      ["show", store, "--json"], ["verify", store], ["export", store, "--layer", "a"], ["export", store, "--layer", "a", "--format", "json"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, *map(str, arguments)], stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == WRITE and "No space left" in done.stderr and done.stderr.count("\n") == 1, (arguments, done.stderr)


def test_a_store_that_may_not_be_read_is_not_called_damaged(dump, rng):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        tiles = pathlib.Path(folder, "Tiles")
        source = dump({"a": rng.normal(size=(50, 9)).astype(np.float32)}, rng.integers(0, 3, 50))
        subprocess.run([PROGRAM, "precompute", source, "--output", tiles, "--progress", "none"], check=True)
        store = tiles / "dump" / "current"
        somebody = {"user": 65534} if os.geteuid() == 0 else {}

        def run(*arguments):
            done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, cwd="/", **somebody)
            assert "damaged" not in done.stderr, done.stderr
            return done.returncode, done.stderr

        (store / "layers/a/own/256/c/0/0/0").chmod(0)
        code, said = run("verify", store)
        assert code == READ and "own/256" in said
        assert run("export", store, "--layer", "a")[0] == 0, "no bins are needed for that"
        (store / "zarr.json").chmod(0)
        for command in (["show", store], ["export", store, "--layer", "a"], ["serve", tiles, "--port", "0"]):
            code, said = run(*command)
            assert code == READ and "zarr.json" in said, (command, said)


def test_settings_of_a_server_that_cannot_be_read(program, tmp_path):
    assert "nowhere.yaml" in program.fails(NO_INPUT, "serve", tmp_path, "--config", tmp_path / "nowhere.yaml")
    assert "cannot be read" in program.fails(READ, "serve", tmp_path, "--config", tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"host: \xe4\n")
    assert "UTF-8" in program.fails(USAGE, "serve", tmp_path, "--config", tmp_path / "latin.yaml")


def test_a_server_whose_greeting_nobody_reads_serves(precompute, good, tmp_path):
    precompute(good)
    admin = socket.create_server(("127.0.0.1", 0))
    port = admin.getsockname()[1]
    admin.close()
    with open("/dev/full", "w") as full, subprocess.Popen([PROGRAM, "serve", tmp_path / "Tiles", "--port", str(port)], stdout=full, stderr=subprocess.PIPE) as process:
        try:
            while process.poll() is None:
                with contextlib.suppress(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
            assert process.poll() is None
        finally:
            process.terminate()
            assert process.wait(timeout=60) == 0
