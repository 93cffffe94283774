"""Kills at random moments: the same command goes on, and the store is the one of an undisturbed run."""

import os
import shutil
import signal
import subprocess
import time

import h5py
import numpy as np
import pytest

from programs import PROGRAM
from running import Running, faults

KILLS = int(os.environ.get("ND_KILLS", "12"))


@pytest.fixture
def job(dump, rng):
    if KILLS > 12:  # large enough that layers are read in several blocks, and kills hit the middle of them
        layers = {f"layer_{i}": rng.normal(size=(40_000, 300)).astype(np.float32) for i in range(3)}
        return dump(layers, rng.integers(0, 4, 40_000))
    layers = {f"layer_{i}": (rng.normal(size=(1500, 150)).astype(np.float32), {"chunks": (50, 150), "compression": "lzf"}) for i in range(8)}
    return dump(layers, rng.integers(0, 4, 1500))


def check_visible(folder, undisturbed):
    """Whatever can be seen is whole: versions equal to the undisturbed one, `current` naming one of them."""
    for path in folder.glob("*/*"):
        if not path.name.startswith("."):
            assert path.resolve().name == undisturbed.resolve().name, f"{path} can be seen"
            assert (path / "MANIFEST").read_bytes() == (undisturbed / "MANIFEST").read_bytes()


def test_kills(program, precompute, job, rng, tmp_path):
    """Kills at random moments, mostly without mercy; when the job is done in spite of them, it is begun again."""
    undisturbed = precompute(job, output=tmp_path / "undisturbed")
    tiles = tmp_path / "Tiles"
    options = ["--output", str(tiles), "--progress", "json", "--memory", "256MiB", "--checkpoint", "0"]
    command = [PROGRAM, "precompute", str(job), *options]
    start = time.monotonic()
    program.ok("precompute", job, "--output", tmp_path / "timing", *options[2:])
    usual = time.monotonic() - start
    kills = kept = rounds = 0
    for _ in range(20 * KILLS):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        stop = signal.SIGTERM if kills % 3 == 0 else signal.SIGKILL
        # Before the program has begun, SIGTERM ends it as it ends any; the first event says that it has.
        begun = process.stderr.readline() if stop == signal.SIGTERM else ""
        try:
            _, error = process.communicate(timeout=usual * rng.uniform(0.02, 0.9))
        except subprocess.TimeoutExpired:
            process.send_signal(stop)
            _, error = process.communicate(timeout=60)
            assert process.returncode in ((75, 0) if stop == signal.SIGTERM else (-signal.SIGKILL, 0))
            kills += process.returncode != 0
        error = begun + error
        assert '"anew"' not in error, "what was left was taken for something else"
        kept += error.count('"layer kept"') + error.count('"layer resumed"')
        check_visible(tiles, undisturbed)
        if kills == KILLS:
            break
        if process.returncode == 0:
            assert (tiles / "dump" / "current" / "MANIFEST").read_bytes() == (undisturbed / "MANIFEST").read_bytes()
            shutil.rmtree(tiles)
            rounds += 1
    assert kills == KILLS, f"{kills} kills"
    done = program.ok(*command[1:])
    kept += done.stderr.count('"layer kept"') + done.stderr.count('"layer resumed"')
    assert kept > 0, "nothing was kept between runs"
    resumed = tiles / "dump" / "current"
    assert resumed.resolve().name == undisturbed.resolve().name
    assert (resumed / "MANIFEST").read_bytes() == (undisturbed / "MANIFEST").read_bytes()
    program.ok("verify", resumed)
    print(f"{kills} kills, {rounds + 1} stores made in spite of them, {kept} layers or parts of them kept")


@pytest.mark.parametrize("memory", ["256MiB", "4GiB"])
def test_kills_inside_a_layer(program, precompute, dump, rng, tmp_path, memory):
    """A single layer is not begun anew: with a checkpoint after every block, later runs go on inside it."""
    values = (rng.normal(size=(3000, 4000)) * rng.choice([1, 1e-3, 50], 4000)).astype(np.float32)
    values[:, ::2] = np.maximum(values[:, ::2], 0)
    path = dump({"layer": (values, {"chunks": (100, 4000), "compression": "gzip", "compression_opts": 1})}, rng.integers(0, 9, 3000))
    undisturbed = precompute(path, output=tmp_path / "undisturbed")
    command = [PROGRAM, "precompute", str(path), "--output", str(tmp_path / "Tiles"), "--progress", "none", "--memory", memory, "--checkpoint", "0"]
    scratch = tmp_path / "Tiles" / "dump" / ".building" / ".scratch"
    kept = 0
    for number in range(KILLS):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not list(scratch.glob("layer-0-*")):
            time.sleep(0.002)
        kept += process.poll() is None
        try:
            process.communicate(timeout=rng.uniform(0, 0.2))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM if number % 3 == 0 else signal.SIGKILL)
            process.communicate(timeout=60)
        if process.returncode == 0:
            break
        check_visible(tmp_path / "Tiles", undisturbed)
    program.ok(*command[1:])
    assert kept > 0, "nothing was kept inside the layer"
    resumed = tmp_path / "Tiles" / "dump" / "current"
    assert (resumed / "MANIFEST").read_bytes() == (undisturbed / "MANIFEST").read_bytes()
    program.ok("verify", resumed)


@pytest.mark.parametrize("threads", [(1, 5), (5, 1)])
def test_other_threads_go_on_with_a_layer_in_bands(precompute, dump, rng, tmp_path, threads):
    path = dump({"a": (rng.normal(size=(400, 6000)).astype(np.float32), {"chunks": (20, 6000)})}, np.arange(400) % 40, name="slow.h5")
    options = ["--output", tmp_path / "Tiles", "--memory", "256MiB", "--checkpoint", "0"]
    with Running(path, *options, "--threads", threads[0], environment=faults("slow.h5", delay_ms=10)) as run:
        while run.until("progress")["bytes_done"] == 0:
            pass
        run.process.send_signal(signal.SIGTERM)
        run.end(75)
    with Running(path, *options, "--threads", threads[1]) as run:
        assert run.until("layer resumed")["bytes"] > 0
        run.end(0)
    undisturbed = precompute(path, name="slow", output=tmp_path / "undisturbed", options=("--progress", "none", "--memory", "256MiB"))
    assert (tmp_path / "Tiles" / "slow" / "current" / "MANIFEST").read_bytes() == (undisturbed / "MANIFEST").read_bytes()


def test_a_changed_dump_is_begun_anew(program, precompute, job, tmp_path):
    command = [PROGRAM, "precompute", str(job), "--output", str(tmp_path / "Tiles"), "--progress", "json"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if '"layer done"' in line:
            process.kill()
            break
    process.wait()
    with h5py.File(job, "r+") as f:
        f["layer_0"][3, 3] = 99
    done = program.ok(*command[1:])
    assert '"layer kept"' not in done.stderr
    fresh = precompute(job, output=tmp_path / "fresh")
    assert (tmp_path / "Tiles" / "dump" / "current").resolve().name == fresh.resolve().name


def test_a_new_version_stands_beside_the_old_one(program, precompute, job, tmp_path):
    old = precompute(job).resolve()
    manifest = (old / "MANIFEST").read_bytes()
    with h5py.File(job, "r+") as f:
        f["labels"][0] = (int(f["labels"][0]) + 1) % 4
    new = precompute(job).resolve()
    assert new != old and new.parent == old.parent
    assert (old / "MANIFEST").read_bytes() == manifest
    program.ok("verify", old)
