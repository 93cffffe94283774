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


def limited(limits, *arguments):
    """Runs the program under limits as `prlimit` takes them."""
    return subprocess.run(["prlimit", *limits, PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=300)


def refused(done, *words):
    assert done.returncode == SYSTEM, (done.returncode, done.stderr)
    assert done.stderr.count("\n") == 1 and all(word in done.stderr for word in words), done.stderr


@pytest.fixture
def two_classes(dump, rng):
    return dump({"a": rng.normal(size=(30, 4)).astype(np.float32)}, np.arange(30) % 3)


@pytest.mark.parametrize("command", [
    ["inspect", "nothing.h5"], ["precompute", "nothing.h5"], ["merge", "nothing.h5"], ["serve", "nothing"], ["show", "nothing"], ["verify", "nothing"],
    ["export", "nothing"], ["--help"]])  # fmt: skip
def test_an_address_space_in_which_nothing_runs_is_named(command):
    refused(limited([f"--as={300 * MIB}"], *command), "512 MiB", "only 300", "ulimit -v")


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
