"""`divergence` as pip installs it: the program itself, and `divergence demo`, for which nothing else is needed."""

import os
import pathlib
import sys

from .program import HERE, ProgramError, program

DEMO = """usage: divergence demo [--port PORT]

Computes the store of the demo, 2,000 pictures of clothes through a small network, once, and serves it."""


def main():
    arguments = sys.argv[1:]
    try:
        if arguments[:1] == ["demo"]:
            demo(arguments[1:])
        else:
            os.execv(program(), ["divergence", *arguments])
    except ProgramError as error:
        sys.exit(f"divergence: {error}")


def demo(options):
    """Stores lie in the user's cache; what is there already is not computed again."""
    if options and not (len(options) == 2 and options[0] == "--port" and options[1].isdigit()):
        print(DEMO)
        sys.exit(0 if options[0] in ("-h", "--help") else 64)
    job = next((path for path in (HERE / "demo.yaml", HERE.parents[1] / "demo.yaml") if path.exists()), None)
    if job is None:
        raise ProgramError("The demo did not come with this installation.")
    tiles = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "neural-divergence" / "Tiles"
    tiles.mkdir(parents=True, exist_ok=True)
    code = os.spawnv(os.P_WAIT, program(), ["divergence", "precompute", str(job), "--output", str(tiles), "--if-changed"])
    if code:
        sys.exit(code)
    os.execv(program(), ["divergence", "serve", str(tiles), *options])
