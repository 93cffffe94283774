"""Faults of the world: full disks, reads that fail, files that vanish or change, rights, clocks that jump."""

import os
import subprocess
import time

import h5py
import numpy as np
import pytest

from programs import PROGRAM
from running import Running, events, faults

DATA, NO_INPUT, WRITE, READ = 65, 66, 73, 74
# Root may read and write everything; without these capabilities it is held to the rights as anybody is.
HELD = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@pytest.fixture
def path(dump, rng):
    layers = {f"layer_{i}": (rng.normal(size=(900, 70)).astype(np.float32), {"chunks": (15, 70), "compression": "lzf"}) for i in range(3)}
    return dump(layers, rng.integers(0, 4, 900), name="faulty.h5")


@pytest.fixture
def whole(precompute, path, tmp_path):
    """MANIFEST of an undisturbed run."""
    return (precompute(path, output=tmp_path / "undisturbed") / "MANIFEST").read_bytes()


def published(folder):
    return [p.name for p in folder.glob("*/*") if not p.name.startswith(".")]


def run_held(*arguments):
    return subprocess.run([*HELD, PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60)


# Disks


def mounted(folder, mebibytes):
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", folder], capture_output=True, text=True)


def test_full_disk(program, dump, rng, precompute, tmp_path):
    """A small file system of its own: the error says what and where, nothing is published, and with more room it goes on."""
    layers = {f"layer_{i}": rng.normal(size=(300, 1500)).astype(np.float32) for i in range(6)}
    path = dump(layers, rng.integers(0, 4, 300))
    whole = (precompute(path, output=tmp_path / "undisturbed") / "MANIFEST").read_bytes()
    taken = sum(p.stat().st_size for p in (tmp_path / "undisturbed").rglob("*") if p.is_file()) >> 20
    small = tmp_path / "small"
    small.mkdir()
    done = mounted(small, max(2, taken // 2))
    if done.returncode != 0:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")
    try:
        command = ["precompute", path, "--output", small / "T", "--progress", "none"]
        said = program.fails(WRITE, *command)
        assert "No space left" in said and str(small) in said and "Kept: " in said and "layer_0" in said
        assert published(small / "T") == []
        assert program.fails(WRITE, *command).count("No space left") == 1
        subprocess.run(["mount", "-o", f"remount,size={taken * 3 + 20}m", small], check=True)
        seen = events(program.ok(*command[:-1], "json").stderr)
        assert [e["layer"] for e in seen if e["event"] == "layer kept"][:1] == ["layer_0"]
        assert (small / "T" / "dump" / "current" / "MANIFEST").read_bytes() == whole
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("after", [0, 100_000, 330_000, 700_000])
def test_reads_that_fail(program, path, whole, tmp_path, after):
    with Running(path, "--output", tmp_path / "T", environment=faults("faulty.h5", after=after)) as run:
        said = run.end(READ)
    assert "faulty.h5" in said and "\n" not in said
    assert published(tmp_path / "T") == []
    seen = events(program.ok("precompute", path, "--output", tmp_path / "T", "--progress", "json").stderr)
    assert after < 700_000 or any(e["event"] == "layer kept" for e in seen)
    assert (tmp_path / "T" / "faulty" / "current" / "MANIFEST").read_bytes() == whole


@pytest.mark.parametrize("how", [{}, {"chunks": (100, 2000), "compression": "lzf"}, {"chunks": (100, 500)}])
def test_what_comes_next_is_fetched_ahead(precompute, dump, rng, tmp_path, how):
    """Nothing of the file is in memory: but for the first block, the system is asked for all of it before it is read."""
    rows, neurons, told = 9000, 2000, tmp_path / "told"
    path = dump({"a": (rng.normal(size=(rows, neurons)).astype(np.float32), how)}, rng.integers(0, 4, rows), name="faulty.h5")
    with h5py.File(path) as f:
        data = f["a"].id
        chunks = [data.get_chunk_info(i) for i in range(data.get_num_chunks())] if how else []
        parts = [(c.byte_offset, c.size) for c in chunks] or [(data.get_offset(), rows * neurons * 4)]
    first, end = min(a for a, _ in parts), max(a + n for a, n in parts)
    options = ("--progress", "none", "--memory", "256MiB", "--threads", "2")
    with Running(path, "--output", tmp_path / "T", *options[2:], environment=faults("faulty.h5", ahead=told)) as run:
        run.end(0)
    asked = np.zeros(end - first, bool)
    for line in told.read_text().splitlines():
        at, count = map(int, line.split())
        assert first <= at and at + count <= end and count <= 128 << 10, line
        asked[at - first : at + count - first] = True
    blank = np.flatnonzero(~asked)
    assert 0 < blank.size < 0.6 * asked.size and blank[-1] == blank.size - 1, "asked for all but what is read first"
    usual = precompute(path, output=tmp_path / "usual", options=options)
    assert (tmp_path / "T" / "faulty" / "current" / "MANIFEST").read_bytes() == (usual / "MANIFEST").read_bytes()


# Files that are not what they were


@pytest.mark.parametrize("harm, code, words", [
    ("removed", NO_INPUT, "is gone"), ("cut", DATA, "faulty.h5"), ("written", DATA, "written to"), ("replaced", DATA, "another file")])
def test_a_dump_that_changes_under_way(program, path, whole, tmp_path, harm, code, words):
    original = path.read_bytes()
    with Running(path, "--output", tmp_path / "T", environment=faults("faulty.h5", delay_ms=3)) as run:
        run.until("layer done")
        if harm == "removed":
            path.rename(path.with_suffix(".away"))
        elif harm == "cut":
            os.truncate(path, len(original) // 2)
        elif harm == "written":
            with h5py.File(path, "r+", locking=False) as f:
                f["labels"][0] = 3
        else:
            path.with_suffix(".new").write_bytes(original)
            path.with_suffix(".new").rename(path)
        said = run.end(code)
    assert words in said and "faulty.h5" in said and "\n" not in said
    assert published(tmp_path / "T") == []
    assert ("Kept: 1 of 3 layers" in said) == (harm == "removed")
    if harm == "removed":
        path.with_suffix(".away").rename(path)
        seen = events(program.ok("precompute", path, "--output", tmp_path / "T", "--progress", "json").stderr)
        assert [e["layer"] for e in seen if e["event"] == "layer kept"] == ["layer_0"]
        assert (tmp_path / "T" / "faulty" / "current" / "MANIFEST").read_bytes() == whole


# Rights


def test_inputs_that_may_not_be_read(path, tmp_path):
    job = tmp_path / "job.yaml"
    job.write_text("dumps: [faulty.h5]\n")
    for victim, inputs in (path, [path]), (path, [job]), (job, [job]):
        victim.chmod(0)
        done = run_held("precompute", *inputs, "--output", tmp_path / "T", "--progress", "none")
        victim.chmod(0o644)
        assert done.returncode == READ and victim.name in done.stderr, done.stderr
    assert not (tmp_path / "T").exists() or published(tmp_path / "T") == []


def test_a_pipe_is_no_dump(program, tmp_path):
    os.mkfifo(tmp_path / "pipe.h5")
    assert "pipe" in program.fails(READ, "precompute", tmp_path / "pipe.h5", "--output", tmp_path / "T", "--progress", "none")


def test_outputs_that_may_not_be_written(program, path, whole, tmp_path):
    tiles = tmp_path / "T"
    tiles.mkdir()
    tiles.chmod(0o500)
    done = run_held("precompute", path, "--output", tiles, "--progress", "none")
    tiles.chmod(0o700)
    assert done.returncode == WRITE and str(tiles) in done.stderr and "permission" in done.stderr, done.stderr
    # Rights that are taken away under way: what was complete is kept.
    with Running(path, "--output", tiles, environment=faults("faulty.h5", delay_ms=3), before=HELD) as run:
        run.until("layer done")
        (tiles / "faulty" / ".building" / "layers").chmod(0o500)
        said = run.end(WRITE)
    (tiles / "faulty" / ".building" / "layers").chmod(0o755)
    # The folder of the next layer may have been there already.
    assert ("Kept: 1 of 3 layers" in said or "Kept: 2 of 3 layers" in said) and published(tiles) == []
    assert "layer kept" in program.ok("precompute", path, "--output", tiles, "--progress", "json").stderr
    assert (tiles / "faulty" / "current" / "MANIFEST").read_bytes() == whole


# Clocks


def test_clocks_that_jump(path, whole, tmp_path):
    """The system's clock jumps by days, forward and back, at every look: rates and times to go are none the worse."""
    begin = time.monotonic()
    with Running(path, "--output", tmp_path / "T", environment=faults("faulty.h5", delay_ms=8, clock=1)) as run:
        run.end(0)
    lasted = time.monotonic() - begin
    days = {e["time"][:10] for e in run.events}
    assert len(days) >= 3, f"the clock did not jump: {days}"
    progress = [e for e in run.events if e["event"] == "progress"]
    assert progress
    for event in progress:
        assert event["bytes_per_second"] >= 0 and 0 <= (event["seconds_left"] or 0) < 1000, event
    seconds = [e["seconds"] for e in run.events if e["event"] in ("layer done", "published")]
    assert len(seconds) == 4 and all(0 <= s <= lasted for s in seconds), seconds
    assert sum(seconds[:3]) <= seconds[3] + 0.1
    assert (tmp_path / "T" / "faulty" / "current" / "MANIFEST").read_bytes() == whole
