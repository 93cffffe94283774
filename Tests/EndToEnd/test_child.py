"""The process that reads a file's structure: what ended it is said, a signal need not wait for it, and it outlives nobody."""

import contextlib
import os
import pathlib
import select
import signal
import subprocess

import numpy as np
import pytest

from programs import PROGRAM
from running import events, faults

DATA, READ, STOPPED = 65, 74, 75
FOR_EVER_S = 60
MEMORY = pathlib.Path("/sys/fs/cgroup/memory")


@pytest.fixture
def hung(dump, rng, tmp_path):
    """Starts the program on several files, of which reading the second hangs; returns it, and the child's descriptor and number."""
    for name in "first", "second", "third":
        dump({"a": rng.normal(size=(30, 4)).astype(np.float32)}, np.arange(30) % 3, name=f"{name}.h5")
    fifo = tmp_path / "told"
    os.mkfifo(fifo)
    with contextlib.ExitStack() as stack:

        def start(command, *options, before=(), **settings):
            files = [tmp_path / f"{name}.h5" for name in ("first", "second", "third")]
            process = stack.enter_context(subprocess.Popen(
                [*before, PROGRAM, command, *files, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**os.environ, **faults("second.h5", hang=fifo, **settings)}))
            stack.callback(process.kill)
            # Waits until the child hangs.
            child = int(fifo.read_text())
            descriptor = os.pidfd_open(child)
            stack.callback(os.close, descriptor)
            assert os.stat(f"/proc/{child}").st_uid == os.getuid() and parent_of(child) == process.pid
            return process, descriptor, child

        yield start


def parent_of(process):
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(status.split("PPid:")[1].split()[0])


def assert_ended(descriptor):
    """Waits for a process' end; one that hangs for ever does not come to it."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    assert poll.poll(FOR_EVER_S * 1000), "it still runs"


def end(process, code):
    out, said = process.communicate(timeout=FOR_EVER_S)
    assert process.returncode == code, said
    return said


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_does_not_wait_for_the_child(hung, tmp_path, sent):
    process, descriptor, _ = hung("precompute", "--output", tmp_path / "T", "--progress", "json")
    process.send_signal(sent)
    said = end(process, STOPPED)
    stopped = events(said)[-1]
    assert stopped["event"] == "stopped" and stopped["exit_code"] == STOPPED
    assert "second.h5" in stopped["message"] and "Run the same command again." in stopped["message"]
    assert_ended(descriptor)
    assert not (tmp_path / "T").exists()


def test_an_inspection_ends_with_its_child(hung):
    process, descriptor, _ = hung("inspect")
    process.terminate()
    end(process, -signal.SIGTERM)
    assert_ended(descriptor)


@pytest.mark.parametrize("command", ["inspect", "precompute"])
def test_the_child_does_not_outlive_a_parent_that_was_killed(hung, tmp_path, command):
    process, descriptor, _ = hung(command, *(["--output", tmp_path / "T"] if command == "precompute" else []))
    process.kill()
    end(process, -signal.SIGKILL)
    assert_ended(descriptor)


@pytest.mark.parametrize("sent, code, words", [
    (signal.SIGKILL, STOPPED, ["SIGKILL", "Run the same command again."]), (signal.SIGTERM, STOPPED, ["SIGTERM"]),
    (signal.SIGSEGV, DATA, ["libhdf5", "SIGSEGV", "damaged"]), (signal.SIGABRT, DATA, ["SIGABRT"]), (signal.SIGBUS, DATA, ["SIGBUS"]),
    (signal.SIGXCPU, DATA, ["processor time"])])
def test_what_ended_the_child_is_said(hung, sent, code, words):
    process, descriptor, child = hung("inspect")
    os.kill(child, sent)
    said = end(process, code)
    assert said.count("\n") == 1 and all(word in said for word in ["second.h5", *words]), said
    assert ("damaged" in said) == (code == DATA)
    assert_ended(descriptor)


@pytest.mark.skipif(os.geteuid() != 0 or not (MEMORY / "memory.limit_in_bytes").exists(), reason="needs a control group of its own")
def test_a_child_that_was_killed_for_want_of_memory_is_no_damaged_file(hung, tmp_path):
    go = tmp_path / "go"
    os.mkfifo(go)
    group = MEMORY / f"divergence-test-{os.getpid()}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(64 << 20))
        process, descriptor, child = hung("precompute", "--output", tmp_path / "T", "--progress", "none", hog=go)
        (group / "cgroup.procs").write_text(str(child))
        go.write_text("")
        said = end(process, READ)
        assert "second.h5" in said and "no memory left" in said and "damaged" not in said
        assert_ended(descriptor)
    finally:
        group.rmdir()
