"""Dumps with what is right layer by layer, and what is said of them: for the tests of what belongs to what."""

import numpy as np
import pytest
import zarr
from programs import DATA
from real_world import in_python, job_of, medians, told


def table():
    """A list of cases, and the decorators that add one that is read and one that is refused.

    A case's maker returns files and {layer: right}, after the job's lines if there are any. `words` are said; `python` marks what is
    advised to be run in Python.
    """
    cases = []

    def reads(*words, job=None, refused=False, python=None):
        return lambda make: cases.append(pytest.param(make, words, job, refused, python, id=make.__name__)) or make

    def refused(*words, job, python=None):
        return reads(*words, job=job, refused=True, python=python)

    return cases, reads, refused


def check(store, right):
    names = [layer["name"] for layer in zarr.open_group(str(store), mode="r").attrs["layers"]]
    assert sorted(names) == sorted(right)
    for number, name in enumerate(names):
        found = medians(store, number)
        assert found.keys() == right[name].keys(), name
        for group, (rows, median) in right[name].items():
            assert found[group][0] == rows and np.isclose(found[group][1], median, rtol=1e-5, atol=1e-5, equal_nan=True), (name, group, found[group], median)


def right_or_told(program, tmp_path, rng, make, words, job, is_refused, python):
    files, right = make(tmp_path, rng)
    done = program.run("precompute", *files, "--output", tmp_path / "Tiles", "--progress", "auto")
    assert (done.returncode == DATA) == is_refused, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    if not words:
        assert "Assumed: " not in done.stderr and "Left out: " not in done.stderr, done.stderr
    if not job:
        check(tmp_path / "Tiles" / files[0].stem / "current", right)
    else:
        if python:
            in_python(done.stderr, files[0], *python)
        check(told(program, [job_of(tmp_path / "job.yaml", files, job)], tmp_path / "Advised")[0], right)
