"""The program under test, and dumps made with h5py."""

import json
import os
import pathlib
import subprocess
import sys

import h5py

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Oracles"))

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


# A process counts the memory of the one it was forked from, so a small one stands between the tests and the program.
LAUNCHER = """
import json, resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(json.dumps([code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024]))
"""


def peak(*arguments, program=PROGRAM):
    """Runs the program, which must print nothing on standard output; returns its peak resident memory in MiB."""
    done = subprocess.run([sys.executable, "-S", "-c", LAUNCHER, program, *map(str, arguments)], capture_output=True, text=True, check=True)
    code, mib = json.loads(done.stdout)
    assert code == 0, done.stderr
    return mib


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
