"""Limits that the system sets: each is named, and what it ends is called neither damaged nor done."""

import signal
import subprocess

import h5py
import numpy as np
import pytest
from programs import PROGRAM
from serving import GOLDEN, Server
from test_child import READ, STOPPED, end, hung  # noqa: F401

MIB = 1 << 20
SYSTEM = 71
WRITE = 73
EVERY = [
    ["inspect", "nothing.h5"], ["precompute", "nothing.h5"], ["merge", "nothing.h5"], ["serve", "nothing"], ["show", "nothing"], ["verify", "nothing"], ["export", "nothing"], ["--help"]]  # fmt: skip


def limited(limits, *arguments):
    """Runs the program under limits as `prlimit` takes them."""
    return subprocess.run(["prlimit", *limits, PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=300)


def refused(done, *words):
    assert done.returncode == SYSTEM, (done.returncode, done.stderr)
    assert done.stderr.count("\n") == 1 and all(word in done.stderr for word in words), done.stderr


@pytest.fixture
def two_classes(dump, rng):
    return dump({"a": rng.normal(size=(30, 4)).astype(np.float32)}, np.arange(30) % 3)


@pytest.mark.parametrize("command", EVERY)
def test_an_address_space_in_which_nothing_runs_is_named(command):
    refused(limited([f"--as={300 * MIB}"], *command), "512 MiB", "only 300", "ulimit -v")


@pytest.mark.parametrize("command", EVERY)
def test_memory_of_its_own_in_which_nothing_runs_is_named(command):
    refused(limited([f"--data={300 * MIB}"], *command), "512 MiB", "only 300", "ulimit -d")


@pytest.mark.parametrize("command", EVERY)
def test_a_stack_on_which_nothing_runs_is_named(command):
    refused(limited(["--stack=200000"], *command), "1024 KiB", "only 195", "ulimit -s")


def test_threads_have_stacks_of_their_own_size(two_classes, tmp_path):
    """A low limit that may be raised is raised; stacks of threads do not depend on it."""
    limits = ["--stack=131072:unlimited"]
    done = limited(limits, "precompute", two_classes, "--output", tmp_path / "T")
    assert done.returncode == 0, done.stderr
    with Server(tmp_path / "T", before=["prlimit", *limits]) as server:
        task = f"/proc/{server.process.pid}"
        assert len(server.json("/api/v1/datasets")["datasets"]) == 1
        with open(f"{task}/limits") as f:
            assert f"Max stack size            {8 * MIB}" in f.read()
        with open(f"{task}/maps") as f:
            sizes = {int(end, 16) - int(start, 16) for start, end in (line.split()[0].split("-") for line in f)}
        assert 8 * MIB in sizes


def test_a_file_that_may_not_grow_is_an_error_of_writing(two_classes, tmp_path):
    """`ulimit -f`, as the signal that else would end the program without a word."""
    store = tmp_path / "T"
    done = limited(["--fsize=3000"], "precompute", two_classes, "--output", store, "--progress", "none")
    assert done.returncode == WRITE and done.stderr.count("\n") == 1 and "ulimit -f" in done.stderr, done.stderr
    assert not list(store.glob("*/current"))
    assert limited([], "precompute", two_classes, "--output", store, "--progress", "none").returncode == 0
    for command in ["inspect", two_classes], ["export", store / "dump", "--layer", "a"], ["show", store / "dump"], ["--help"]:
        with open(tmp_path / "out", "w") as out:
            done = subprocess.run(["prlimit", "--fsize=20", PROGRAM, *map(str, command)], stdout=out, stderr=subprocess.PIPE, text=True, timeout=300)
        assert done.returncode == WRITE and done.stderr.count("\n") == 1 and "ulimit -f" in done.stderr, (command, done)


def test_what_is_to_be_taken_must_fit_into_the_address_space(two_classes, tmp_path):
    limits = [f"--as={1024 * MIB}"]
    refused(limited(limits, "precompute", two_classes, "--memory", "2GiB", "--output", tmp_path / "T"), "2560 MiB", "only 1024", "--memory")
    assert not (tmp_path / "T").exists()
    refused(limited(limits, "serve", GOLDEN.parent), "1696 MiB", "only 1024", "--cache-mib")
    # What is left to the program is made to fit.
    done = limited(limits, "precompute", two_classes, "--output", tmp_path / "T")
    assert done.returncode == 0, done.stderr
    with Server(tmp_path / "T", "--cache-mib", "64", before=["prlimit", *limits]) as server:
        assert len(server.json("/api/v1/datasets")["datasets"]) == 1


def test_a_limit_of_processor_time_is_no_damage(hung):  # noqa: F811
    process, _, child = hung("inspect", before=["prlimit", "--cpu=110"])
    subprocess.run(["kill", "-XCPU", str(child)], check=True)
    said = end(process, READ)
    assert "second.h5" in said and "ulimit -t 110" in said and "damaged" not in said


def test_a_run_saves_before_its_processor_time_is_used_up(hung, tmp_path):  # noqa: F811
    process, _, _ = hung("precompute", "--output", tmp_path / "T", "--progress", "none", before=["prlimit", "--cpu=110"])
    process.send_signal(signal.SIGXCPU)
    said = end(process, STOPPED)
    assert "processor time" in said and "ulimit -t" in said
    assert not (tmp_path / "T").exists()


def test_a_command_that_saves_nothing_says_why_it_ends(hung):  # noqa: F811
    process, _, _ = hung("inspect", before=["prlimit", "--cpu=110"])
    process.send_signal(signal.SIGXCPU)
    said = end(process, STOPPED)
    assert said.count("\n") == 1 and "ulimit -t 110" in said


def test_groups_within_groups_end_where_their_names_grow_by_the_square(program, tmp_path):
    path = tmp_path / "deep.h5"
    with h5py.File(path, "w") as file:
        file["layer"] = np.arange(60, dtype=np.float32).reshape(20, 3)
        file["labels"] = np.arange(20) % 2
        group = file
        for level in range(3000):
            group = group.create_group("g")
            if level in (500, 600):
                group["found" if level == 500 else "lost"] = np.zeros((4, 2), np.float32)
    said = program.ok("inspect", path).stdout
    assert "more than 512 groups within each other" in said
    assert "found" in said and "lost" not in said
