"""Finding and asking the program, which has all arithmetic on stores: nothing is computed twice in two languages."""

import json
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


class ProgramError(Exception):
    """What the program said when it refused."""


def program():
    """The path of `divergence`: as `ND_DIVERGENCE` says, the one that came with the package, the one that was built, or that of `PATH`."""
    said = os.environ.get("ND_DIVERGENCE")
    places = [said, HERE / "bin" / "divergence", HERE.parents[2] / ".build-release/release/divergence", shutil.which("divergence")]
    for place in places:
        if place and os.access(place, os.X_OK):
            return str(place)
    raise ProgramError("The program divergence is not there. Install the wheel that has it, or say where it is: ND_DIVERGENCE=/path/to/divergence.")


def run(*arguments):
    """What the program prints on standard output. Raises `ProgramError` with its words."""
    done = subprocess.run([program(), *map(str, arguments)], capture_output=True)
    if done.returncode != 0:
        raise ProgramError(done.stderr.decode(errors="replace").removeprefix("divergence: ").strip())
    return done.stdout


def table(*arguments):
    """A table of the program as pandas."""
    import pandas

    found = json.loads(run(*arguments, "--format", "json"))
    return pandas.DataFrame(found["rows"], columns=found["columns"])
