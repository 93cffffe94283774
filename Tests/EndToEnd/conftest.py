"""What the end-to-end tests share: the program, a place for stores, and dumps made with h5py."""

import json
import os
import pathlib
import subprocess
import sys

import h5py
import numpy as np
import pytest
import zarr

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Oracles"))

from store_oracle import check  # noqa: E402: it lies in that folder

DATA = 65
PROGRAM = os.environ.get("ND_DIVERGENCE", str(ROOT / ".build" / "debug" / "divergence"))


class Program:
    """Runs `divergence`; `ok` expects success, `fails` an exit code and one paragraph on standard error."""

    def run(self, *arguments, **options):
        return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options)

    def ok(self, *arguments, **options):
        done = self.run(*arguments, **options)
        assert done.returncode == 0, done.stderr
        return done

    def fails(self, code, *arguments, **options):
        done = self.run(*arguments, **options)
        assert done.returncode == code, f"exit {done.returncode}, expected {code}: {done.stderr}"
        assert done.stdout == ""
        paragraph = done.stderr.strip()
        assert paragraph and "\n" not in paragraph, f"not one paragraph: {paragraph!r}"
        return paragraph


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


def write_dump(path, layers, labels=None, **others):
    """A dump with `layers` {path: array or (array, options)}."""
    with h5py.File(path, "w") as f:
        for name, values in layers.items():
            values, options = values if isinstance(values, tuple) else (values, {})
            f.create_dataset(name, data=values, **options)
        if labels is not None:
            f["labels"] = labels
        for name, values in others.items():
            f[name] = values
    return path


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

    return run
