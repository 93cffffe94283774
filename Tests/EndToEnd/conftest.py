"""What the end-to-end tests share: the program, a place for stores, and dumps made with h5py."""

import json
import pathlib

import numpy as np
import pytest
import zarr
from programs import DATA, Program, write_dump  # and where oracles are

import row_oracle
from store_oracle import check


@pytest.fixture
def program():
    return Program()


@pytest.fixture
def precompute(program, tmp_path):
    """Precomputes dumps or a job, and returns the published store."""

    def run(*inputs, name=None, output=None, options=("--progress", "none")):
        output = output or tmp_path / "Tiles"
        program.ok("precompute", *inputs, "--output", output, *options)
        name = name or pathlib.Path(inputs[0]).stem
        return output / name / "current"

    return run


@pytest.fixture
def sharded(program, tmp_path):
    """Precomputes a dump or a job in parts and merges them; returns the published store."""

    def run(given, shards, *options):
        common = ("--output", tmp_path / "Parts", "--progress", "none")
        for number in range(shards):
            program.ok("precompute", given, *common, *options, "--shard", f"{number}/{shards}")
        program.ok("merge", given, *common)
        (store,) = (tmp_path / "Parts").glob("*/current")
        return store

    return run


@pytest.fixture
def dump(tmp_path):
    return lambda layers, labels=None, name="dump.h5", **others: write_dump(tmp_path / name, layers, labels, **others)


@pytest.fixture
def rng(request):
    """Random numbers of the test's own, the same at every run."""
    return np.random.default_rng(sum(request.node.name.encode()))


@pytest.fixture
def values(rng):
    """Activations in shape and type as asked."""
    return lambda *shape, dtype=np.float32: np.maximum(rng.normal(0.3, 1, shape), 0).astype(dtype)


@pytest.fixture
def job(tmp_path):
    def write(text, *dumps):
        path = tmp_path / "job.yaml"
        names = ", ".join(f"'{d.name}'" for d in dumps)
        path.write_text(f"name: job\ndumps: [{names}]\n{text}\n")
        return path

    return write


@pytest.fixture
def taken(program, precompute):
    """Precomputes and compares with the oracle; returns the store's attributes and what inspect says."""

    def run(*dumps, job=None, layers=1, convention=None):
        store = precompute(job, name="job") if job else precompute(*dumps)
        assert check(store, dumps) == layers
        found = json.loads(program.ok("inspect", *dumps, "--json").stdout)
        if convention:
            assert found["convention"]["id"] == convention
            assert found["convention"]["words"] in program.ok("inspect", *dumps).stdout
        return dict(zarr.open_group(str(store), mode="r").attrs), found

    return run


@pytest.fixture
def refused(program, tmp_path):
    """Expects one paragraph with all of `words`, and nothing published."""

    def published():
        return sorted(path for path in (tmp_path / "Tiles").glob("*/*") if not path.name.startswith("."))

    def run(*inputs, words):
        before = published()
        paragraph = program.fails(DATA, "precompute", *inputs, "--output", tmp_path / "Tiles", "--progress", "none")
        for word in words:
            assert word in paragraph, f"{word!r} is not in: {paragraph}"
        assert published() == before
        return paragraph

    return run


@pytest.fixture
def table(tmp_path, precompute, job, program):
    """Precomputes a job with these keys on dumps; returns the table, its attributes and the store."""

    def run(keys, *dumps, options=("--progress", "none"), output=None):
        text = "\n".join(f"{key}: {json.dumps(value)}" for key, value in keys.items())
        path = job(f"layers: [layer]\n{text}", *dumps)
        store = precompute(path, name="job", options=options, output=output)
        assert "is whole" in program.ok("verify", store).stdout
        return *row_oracle.open_table(store), store

    return run
