"""Peak memory stays under --memory, whatever the dump's size, and the store does not depend on it.

With ND_DIVERGENCE_RELEASE naming a release build, the dumps are several times the budget; a debug build gets smaller ones.
"""

import os
import re
import subprocess

import h5py
import numpy as np
import pytest
from conftest import PROGRAM

RELEASE = os.environ.get("ND_DIVERGENCE_RELEASE")
BUDGET = 256  # MiB, the least that --memory takes
WIDTH = 1024
ROWS = 80_000 if RELEASE else 20_000  # 1,250 or 312 MiB of float32 in the larger dump


def make(path, rows, chunk, **filters):
    """Rows of few different values, so that making and reading them is quick; each chunk differs."""
    rng = np.random.default_rng(7)
    pattern = np.maximum(rng.normal(size=(1000, WIDTH)), 0).astype(np.float16).astype(np.float32)
    with h5py.File(path, "w") as f:
        layer = f.create_dataset("a", (rows, WIDTH), "f4", chunks=chunk, **filters)
        for first in range(0, rows, 1000):
            layer[first:first + 1000] = np.roll(pattern[:min(1000, rows - first)], first // 1000, axis=1)
        f["labels"] = np.arange(rows) % 10
    return path


def peak(*arguments):
    """Runs the program; returns its peak resident memory in MiB, children included."""
    pid = subprocess.Popen([RELEASE or PROGRAM, *map(str, arguments)])
    _, status, usage = os.wait4(pid.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return usage.ru_maxrss / 1024


def precompute(dump, output, memory):
    mib = peak("precompute", dump, "--output", output, "--memory", memory, "--progress", "none", "--threads", 2)
    return mib, (output / dump.stem / "current" / "MANIFEST").read_bytes()


@pytest.mark.parametrize("chunk, filters", [
    ((256, WIDTH), {"compression": "lzf"}), ((1000, 64), {"compression": "gzip", "compression_opts": 1, "shuffle": True}),
    (None, {})])
def test_peak_memory(tmp_path, chunk, filters):
    large = make(tmp_path / "large.h5", ROWS, chunk, **filters)
    small = make(tmp_path / "small.h5", ROWS // 4, chunk, **filters)
    (four, tight), (one, _) = (precompute(dump, tmp_path / "tight", f"{BUDGET}MiB") for dump in (large, small))
    assert max(four, one) < BUDGET, f"{four:.0f} and {one:.0f} MiB"
    assert abs(four - one) < 0.05 * max(four, one), f"{one:.0f} MiB for N rows, {four:.0f} MiB for 4N"
    _, plenty = precompute(large, tmp_path / "plenty", "16GiB")
    assert re.findall("layers/.*", tight.decode()) == re.findall("layers/.*", plenty.decode())
    assert tight == plenty
