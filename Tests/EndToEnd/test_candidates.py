"""Layers that are slow to decode are decoded once: candidates for their quartiles are kept while they are counted.

Whatever the rows are like, the store is the one that reading twice makes; contiguous data are read twice, if they are in memory.
"""

import json
import os

import h5py
import hdf5plugin
import numpy as np
import pytest
from programs import Program, write_dump

ROWS, WIDTH = 24_000, 768  # several blocks of 32 MiB


def activations(rng):
    """Of few bits, so that they are quickly compressed: signed, half of them 0, mostly 0, whole numbers, constant."""
    values = rng.normal(size=(ROWS, WIDTH)).astype(np.float16).astype(np.float32)
    values[:, 64:256] = np.maximum(values[:, 64:256], 0)
    values[:, 256:320] *= rng.random((ROWS, 64)) < 0.0005
    values[:, 320:384] = np.round(values[:, 320:384] * 3)
    values[:, 384:390] = 1.5
    return values


def as_they_come(values, labels):
    pass


def class_by_class(values, labels):
    labels.sort()
    values += labels[:, None]


def growing(values, labels):
    values *= np.linspace(1, 20, ROWS, dtype=np.float32)[:, None]


def odd_ones(values, labels):
    values[-1, :200] = 1e30
    values[-2, 200:260] = [np.nan, np.inf, -np.inf] * 20
    values[-3, 600:700] = -3.4e38
    values[ROWS // 2:, 700:] += 40


@pytest.mark.parametrize("change", [as_they_come, class_by_class, growing, odd_ones])
def test_as_when_read_twice(tmp_path, change):
    rng = np.random.default_rng(11)
    values, labels = activations(rng), rng.integers(0, 3, ROWS)
    change(values, labels)
    program, made, passes = Program(), {}, {}
    for kind, options in {"slow": {"chunks": (500, 768), "compression": "gzip", "compression_opts": 1, "shuffle": True}, "plain": {}}.items():
        dump = write_dump(tmp_path / f"{kind}.h5", {"a": (values, options)}, labels=labels)
        plan = program.ok("precompute", dump, "--output", tmp_path, "--plan-only").stdout
        assert ("read once" in plan) == (kind == "slow" and change is not class_by_class), plan
        events = program.ok("precompute", dump, "--output", tmp_path, "--progress", "json").stderr.splitlines()
        passes[kind] = json.loads(events[-1])["bytes_decoded"] / values.nbytes
        manifest = (tmp_path / kind / "current" / "MANIFEST").read_text().splitlines()
        # Means are taken segment by segment, and segments are whole chunks: another layout rounds otherwise.
        made[kind] = [line for line in manifest if "/c/" in line and not {"mean", "deviation"} & set(line.split("/"))]
    assert len(made["slow"]) > 15 and made["slow"] == made["plain"]
    # Where the rows tell of the rest nothing is decoded twice; where they do not, at most all of it.
    assert passes["plain"] > 1.5
    assert passes["slow"] == 1 if change is as_they_come else 1 < passes["slow"] <= 2

    # So it is where the rows are divided among shards: nothing is decoded by two of them, nor by the merge.
    shards = tmp_path / "shards"
    job = (tmp_path / "slow.h5", "--output", shards, "--progress", "json")
    runs = [program.ok("precompute", *job, "--shard", f"{number}/3").stderr for number in range(3)]
    runs.append(program.ok("merge", *job).stderr)
    *parts, merge = [json.loads(run.splitlines()[-1])["bytes_decoded"] / values.nbytes for run in runs]
    assert (shards / "slow" / "current" / "MANIFEST").read_bytes() == (tmp_path / "slow" / "current" / "MANIFEST").read_bytes()
    if change is as_they_come:
        assert merge == 0 and sum(parts) == pytest.approx(1, abs=1e-12) and max(parts) < 0.5
    else:
        assert 1 < sum(parts) <= 2 and merge <= 2


def forget(path):
    """Has the system forget a file, so that it comes from the disk."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        size = os.fstat(file.fileno()).st_size
        for place in range(0, size, size // 16):
            try:
                if os.preadv(file.fileno(), [bytearray(1)], place, os.RWF_NOWAIT):
                    pytest.skip("this file system keeps files in memory")
            except BlockingIOError:
                pass
            except OSError as error:
                pytest.skip(f"this file system does not tell what is in memory: {error}")


def whole(path, values, labels, **options):
    write_dump(path, {"a": (values, options)}, labels=labels)


def batch_by_batch(path, values, labels, **options):
    """Three layers that grow together, as recorders leave them: the chunks of each are a third of the bytes among which they lie."""
    with h5py.File(path, "w") as file:
        file["labels"] = labels
        layers = [file.create_dataset(name, values.shape, "f4", **options) for name in "abc"]
        for row in range(0, ROWS, 500):
            for layer in layers:
                layer[row:row + 500] = values[row:row + 500]


LZ4 = {"chunks": (500, 768), **hdf5plugin.LZ4()}


@pytest.mark.parametrize("write, options", [(whole, {}), (whole, LZ4), (batch_by_batch, LZ4)], ids=["contiguous", "lz4", "lz4, batch by batch"])
def test_what_is_not_in_memory_is_read_once(tmp_path, write, options):
    """Also where a plan was looked at before: to ask what is in memory brings nothing there."""
    rng = np.random.default_rng(12)
    program, dump = Program(), tmp_path / "cold.h5"
    write(dump, activations(rng), rng.integers(0, 3, ROWS), **options)
    made, passes = {}, {}
    for state, words, others in [("cold", "read once", "read twice"), ("warm", "read twice", "read once")]:
        dump.read_bytes()
        if state == "cold":
            forget(dump)
        for _ in range(2):
            plan = program.ok("precompute", dump, "--output", tmp_path, "--plan-only").stdout
            assert words in plan and others not in plan
        events = program.ok("precompute", dump, "--output", tmp_path / state, "--progress", "json").stderr.splitlines()
        published = json.loads(events[-1])
        passes[state] = published["bytes_decoded"] / (ROWS * WIDTH * 4 * len(published["layers"]))
        made[state] = (tmp_path / state / "cold" / "current" / "MANIFEST").read_bytes()
    assert made["cold"] == made["warm"]
    assert passes["cold"] == 1 and passes["warm"] == 2
