"""Peak memory stays under --memory, whatever the dump's size, and the store does not depend on it.

With ND_DIVERGENCE_RELEASE naming a release build, the dumps are several times the budget; a debug build gets smaller ones.
"""

import os

import h5py
import numpy as np
import pytest
import zarr
from programs import PROGRAM, peak

RELEASE = os.environ.get("ND_DIVERGENCE_RELEASE")
BUDGET = 256  # MiB, the least that --memory takes


def make(path, rows, width, chunk, **filters):
    """Rows of few different values, so that making and reading them is quick; no two stretches of rows are alike."""
    rng = np.random.default_rng(7)
    step = min(rows, 1000)
    pattern = np.maximum(rng.normal(size=(step, width)), 0).astype(np.float16).astype(np.float32)
    with h5py.File(path, "w") as f:
        layer = f.create_dataset("a", (rows, width), "f4", chunks=chunk, **filters)
        for first in range(0, rows, step):
            layer[first:first + step] = np.roll(pattern[:rows - first], first // step, axis=1)
        f["labels"] = np.arange(rows) % 10
    return path


def precompute(dump, output, memory):
    options = ["--output", output, "--memory", memory, "--progress", "none", "--threads", 2]
    mib = peak("precompute", dump, *options, program=RELEASE or PROGRAM)
    return mib, (output / dump.stem / "current" / "MANIFEST").read_bytes()


# Rows of the larger dump of a release and of a debug build, neurons, storage.
DUMPS = {
    "rows in chunks": (320_000, 100_000, 1024, (256, 1024), {"compression": "lzf"}),
    "tiles in chunks": (320_000, 100_000, 1024, (1000, 64), {"compression": "gzip", "compression_opts": 1, "shuffle": True}),
    "contiguous": (320_000, 100_000, 1024, None, {}),
}


@pytest.mark.parametrize("kind", DUMPS)
def test_peak_memory(tmp_path, kind):
    many, few, width, chunk, filters = DUMPS[kind]
    rows = many if RELEASE else few
    large = make(tmp_path / "large.h5", rows, width, chunk, **filters)
    small = make(tmp_path / "small.h5", rows // 4, width, chunk, **filters)
    (four, tight), (one, _) = (precompute(dump, tmp_path / "tight", f"{BUDGET}MiB") for dump in (large, small))
    assert max(four, one) < BUDGET, f"{one:.0f} and {four:.0f} MiB"
    _, plenty = precompute(large, tmp_path / "plenty", "16GiB")
    assert tight == plenty
    # Where chunks span all neurons, parts of them cannot be read alone: there the candidates for quartiles grow with the rows
    # until their share of the budget is full. The dumps for a debug build are too small to fill a block.
    if RELEASE and kind != "rows in chunks":
        assert abs(four - one) <= 0.05 * max(four, one), f"{one:.0f} MiB for N rows, {four:.0f} MiB for 4N"


def test_peak_memory_of_a_wide_layer(tmp_path):
    """Many neurons, few rows, each row one chunk: the counts are written and read back shard by shard."""
    dump = make(tmp_path / "wide.h5", 100, 60_000 if RELEASE else 10_000, (1, 60_000 if RELEASE else 10_000))
    mib, _ = precompute(dump, tmp_path / "tight", f"{BUDGET}MiB")
    assert mib < BUDGET, f"{mib:.0f} MiB"


def test_uneven_parts_of_a_second_look(tmp_path):
    """Where the values that it collects do not fit at once, few neurons may need as many as all others together."""
    rows, width = 2000, 16_384
    rng = np.random.default_rng(9)
    values = np.full((rows, width), 2, np.float32)
    values[:, :64 * 64] = rng.normal(size=(rows, 64 * 64)).astype(np.float16)
    values[0, :64 * 64] = 1000  # outliers: all values of these neurons are looked at again
    values[:, -64:] = rng.normal(size=(rows, 64)).astype(np.float16)
    with h5py.File(tmp_path / "uneven.h5", "w") as f:
        f["a"] = values
        f["labels"] = np.arange(rows) % 3
    _, tight = precompute(tmp_path / "uneven.h5", tmp_path / "tight", f"{BUDGET}MiB")
    _, plenty = precompute(tmp_path / "uneven.h5", tmp_path / "plenty", "16GiB")
    assert tight == plenty


def test_outliers_in_every_neuron(tmp_path):
    """All values of a neuron whose grid an outlier has squeezed are looked at again: of one tile more than there is room for."""
    rng = np.random.default_rng(4)
    with h5py.File(tmp_path / "outliers.h5", "w") as f:
        layer = f.create_dataset("a", (640_000, 64), "f4")
        for first in range(0, 640_000, 40_000):
            layer[first:first + 40_000] = rng.normal(size=(40_000, 64)).astype(np.float16)
        layer[7] = 1e30
        f["labels"] = np.arange(640_000) % 3
    mib, tight = precompute(tmp_path / "outliers.h5", tmp_path / "tight", f"{BUDGET}MiB")
    assert mib < BUDGET, f"{mib:.0f} MiB"
    _, plenty = precompute(tmp_path / "outliers.h5", tmp_path / "plenty", "16GiB")
    assert tight == plenty


@pytest.mark.parametrize("chunk, in_bands", [(None, True), ((500, 1024), False), ((500, 512), True), ((500, 700), False)])
def test_counters_that_outweigh_the_data(tmp_path, program, chunk, in_bands):
    """New memory costs more than reading a part of the neurons; but no chunk is decoded for two bands."""
    with h5py.File(tmp_path / "many.h5", "w") as f:
        f.create_dataset("a", (4000, 1024), "f4", chunks=chunk)[:] = 1
        f["labels"] = np.arange(4000) % 1000
    # With codes, classes of four rows would have no counters of their own.
    (tmp_path / "many.yaml").write_text("dumps: [many.h5]\ncodes: none\n")
    plan = program.ok("precompute", tmp_path / "many.yaml", "--plan-only", "--memory", "16GiB").stdout
    assert ("2 bands of neurons" in plan) == in_bands, plan
    width = 1024 if chunk is None else -(-1024 // chunk[1]) * chunk[1]
    assert f" {width * 4000 * 4 / 2**20:.1f} MiB to decode" in plan, plan


def test_instances_in_chunks_that_span_all_rows(tmp_path):
    """A block of whole rows would take more than the budget."""
    rows, width = 1024, 65_536
    with h5py.File(tmp_path / "tall.h5", "w") as f:
        layer = f.create_dataset("a", (rows, width), "f4", chunks=(rows, 64), compression="lzf")
        for first in range(0, width, 4096):
            layer[:, first:first + 4096] = np.tile((np.arange(4096) + first) % 1000, (rows, 1))
        f["labels"] = np.arange(rows) % 2
    (tmp_path / "tall.yaml").write_text("dumps: [tall.h5]\ninstances: { rows: [500, 3, 500] }\n")
    mib = peak("precompute", tmp_path / "tall.yaml", "--output", tmp_path, "--memory", f"{BUDGET}MiB", "--progress", "none", program=RELEASE or PROGRAM)
    assert mib < BUDGET, f"{mib:.0f} MiB"
    store = zarr.open_group(str(tmp_path / "tall/current"), mode="r")
    assert (store["layers/a/values"][:] == np.arange(width) % 1000).all()


def test_chunks_without_filters_that_are_larger_than_the_budget(tmp_path, program):
    with h5py.File(tmp_path / "huge.h5", "w") as f:
        f.create_dataset("a", (300, 262_144), "f4", chunks=(300, 262_144))
        f["a"][0, :2] = 1
        f["labels"] = np.arange(300) % 2
    paragraph = program.fails(64, "precompute", tmp_path / "huge.h5", "--output", tmp_path, "--memory", f"{BUDGET}MiB")
    assert "Raise --memory" in paragraph


def test_more_neurons_than_can_be_ordered(tmp_path, program):
    with h5py.File(tmp_path / "neurons.h5", "w") as f:
        f.create_dataset("a", (2, 6_000_000), "f4")[0, :2] = 1
        f["labels"] = np.arange(2)
    paragraph = program.fails(64, "precompute", tmp_path / "neurons.h5", "--output", tmp_path, "--memory", f"{BUDGET}MiB")
    assert "to order its 6,000,000 neurons" in paragraph


@pytest.mark.parametrize("chunks", [None, (9,)])
def test_many_files_of_one_row(tmp_path, program, chunks):
    """libhdf5 takes half a mebibyte for each file that it has open: of contiguous data it need not."""
    for number in range(400):
        with h5py.File(tmp_path / f"s{number}.h5", "w") as f:
            f.create_dataset("a", (9,), "f4", chunks=chunks)[:] = number
            f["labels"] = number % 3
    (tmp_path / "many.yaml").write_text("dumps: ['s*.h5']\n")
    if chunks:
        paragraph = program.fails(64, "precompute", tmp_path / "many.yaml", "--output", tmp_path, "--memory", f"{BUDGET}MiB")
        assert "Raise --memory" in paragraph
    else:
        options = ["--output", tmp_path, "--memory", f"{BUDGET}MiB", "--progress", "none"]
        mib = peak("precompute", tmp_path / "many.yaml", *options, program=RELEASE or PROGRAM)
        assert mib < BUDGET / 2, f"{mib:.0f} MiB"
