"""Files that once gave wrong figures, or none, without a word: rows by their ids, numbers by what is said of them, rows never filled.

What is read is compared value for value; what is refused is refused with the line to write, and the line is tried.
"""

import numpy as np
import pytest
from real_world import NAMES, acts, agrees, expected, job_of, mixed, told, write

# Attributes that JSON has no word for


@pytest.mark.parametrize("place", ["fc", "labels", "/"])
@pytest.mark.parametrize("value", [np.float32("nan"), np.array([-np.inf, np.inf]), np.array([np.nan], "f4")], ids=["scalar", "infinite", "array"])
def test_attributes_that_are_no_finite_numbers(program, tmp_path, rng, place, value):
    """xarray writes _FillValue = NaN for every float; of shards, too, the work is told apart by all that the file says."""
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y}, [(place, "_FillValue" if place == "fc" and np.isnan(value).any() else "clip", value)])
    agrees(told(program, [path], tmp_path / "Tiles")[0], expected(x, y))
    shards = (path, "--output", tmp_path / "Shards", "--progress", "none")
    for number in range(2):
        program.ok("precompute", *shards, "--shard", f"{number}/2")
    program.ok("merge", *shards)
    agrees(tmp_path / "Shards/d/current", expected(x, y))
