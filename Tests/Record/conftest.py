"""What the tests of recorder and reader share: the package, the program, and the oracle of stores. They run in `.venv-record`."""

import json
import os
import pathlib
import subprocess
import sys

import h5py
import hdf5plugin  # noqa: F401  registers filters
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.setdefault("ND_DIVERGENCE", str(ROOT / ".build" / "debug" / "divergence"))
sys.path[:0] = [str(ROOT / "Jobs" / "record"), str(ROOT / "Tests" / "Oracles")]

from store_oracle import check  # noqa: E402


def divergence(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def published(tmp_path):
    """Precomputes the job beside a dump, after `inspect` had nothing to guess in it; the store is compared with the oracle, which knows
    no masks: then `layers` is None."""

    def run(dump, layers):
        found = json.loads(divergence("inspect", dump, "--json"))
        assert found["assumed"] == []
        assert [layer["axes_guessed"] for layer in found["layers"]] == [False] * len(found["layers"])
        divergence("precompute", dump.with_suffix(".yaml"), "--output", tmp_path / "Tiles", "--progress", "none")
        store = tmp_path / "Tiles" / dump.stem / "current"
        assert layers is None or check(store, [dump]) == layers
        divergence("verify", tmp_path / "Tiles" / dump.stem)
        return store

    return run


@pytest.fixture
def recorded():
    """The layers of a dump as float64 arrays by name, in its order."""

    def read(path):
        with h5py.File(path) as file:
            return {name: np.asarray(dataset, np.float64) for name, dataset in file["activations"].items()}

    return read


@pytest.fixture
def rng(request):
    return np.random.default_rng(sum(request.node.name.encode()))
