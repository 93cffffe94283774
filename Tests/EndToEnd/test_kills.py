"""Kills, faults of the disk and crashes of the machine at every change that a run makes to files.

With ND_POINTS=all at each of them, two at a time (`make kills`); with a number at so many of each scenario, else at a few; always the
same ones.
"""

import concurrent.futures
import os
import random
import shutil
import time

import h5py
import numpy as np
import pytest

from changes import shim, tree
from scenarios import Scenario, run, settled
from programs import write_dump

POINTS = os.environ.get("ND_POINTS", "4")
THREADS = ["--threads", "1"]
OPTIONS = ["--output", "FOLDER", "--progress", "none", *THREADS]
MERGE = ["--output", "FOLDER", "--progress", "none"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Dumps as small as they can be, and jobs on them."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(7)

    def values(*shape):
        return rng.normal(size=shape).astype("f4")

    labels = np.arange(12) % 2
    write_dump(folder / "two.h5", {"one": values(12, 3), "two": values(12, 2)}, labels)
    write_dump(
        folder / "table.h5", {"one": values(12, 3)}, labels, p=values(12, 2), t=["a text", "another"] * 6, split=np.arange(12) % 3,
        x=rng.integers(0, 255, (12, 2, 2), dtype=np.uint8))
    write_dump(folder / "one.h5", {"one": values(12, 3)}, labels)
    write_dump(folder / "judged.h5", {"one": values(12, 3), "two": values(12, 2)}, labels, predictions=np.roll(labels, 1))
    write_dump(folder / "rows.h5", {"one": values(2100, 2)}, np.arange(2100) % 2)
    with_outliers = values(2100, 2)
    with_outliers[::500, 1] *= 1e6
    write_dump(folder / "outliers.h5", {"one": with_outliers}, np.arange(2100) % 2)
    with h5py.File(write_dump(folder / "dots.h5", {"one": values(12, 2)}, labels), "r+") as f:
        for kind in ("benign", "attacked"):
            f[f"instances/{kind}/one"] = values(2, 2)
            f[f"instances/{kind}/images"] = rng.integers(0, 255, (2, 2, 2), dtype=np.uint8)
            f[f"instances/{kind}/texts"] = ["a text", "another"]
    for name, dump, more in (
        ("a", "two", ""), ("b", "two", "medians: binned"), ("old", "one", ""), ("rows", "rows", ""), ("dots", "dots", ""), ("one", "one", ""),
        ("table", "table", "layers: [one]\nscores: p\npictures: x\ntexts: t\ncolumns: [split]"),
        ("judged", "judged", "instances: { rows: [3] }"), ("codes", "two", "codes: both"), ("coded-rows", "outliers", "codes: both"), ("start", "two", "start: { text: '" + "many words " * 20 + "' }"), ("other-start", "two", "start: { text: few }"),
    ):
        (folder / f"{name}.yaml").write_text(f"name: job\ndumps: [{dump}.h5]\n{more}\n")
    (folder / "web").mkdir()
    (folder / "web" / "index.html").write_text("<html lang=en></html>")
    (folder / "web" / "app.js").write_text("1;\n")
    return folder


def count(job, *more):
    return ["precompute", f"{job}.yaml", *OPTIONS, *more]


def shards(job, number):
    return [count(job, "--shard", f"{n}/{number}") for n in range(number)]


def merge(job):
    return ["merge", f"{job}.yaml", *MERGE, *THREADS]


AGAIN = "--if-changed"
SITE = ["export", "FOLDER/job", "--static", "FOLDER/site", "--web", "web"]
SCENARIOS = {
    "fresh": dict(command=count("a"), after=[count("a", AGAIN)]),
    "pictures and texts": dict(command=count("dots"), after=[count("dots", AGAIN)]),
    "a table of rows": dict(command=count("table"), after=[count("table", AGAIN)]),
    "rows judged": dict(command=count("judged"), after=[count("judged", AGAIN)]),
    "over an older version": dict(before=[count("old")], command=count("a"), after=[count("a", AGAIN)]),
    "the same again": dict(before=[count("one")], command=count("one"), after=[count("one", AGAIN)]),
    "codes by neuron and by row": dict(command=count("codes", "--checkpoint", "0"), after=[count("codes", AGAIN)]),
    "codes without checkpoints": dict(command=count("codes"), after=[count("codes", AGAIN)]),
    "codes, shards by rows": dict(
        command=count("coded-rows", "--shard", "1/2", "--checkpoint", "0"), after=[*shards("coded-rows", 2), merge("coded-rows")]),
    "codes, merge": dict(before=shards("coded-rows", 2), command=merge("coded-rows"), after=[merge("coded-rows")]),
    "with checkpoints, three threads": dict(
        command=["precompute", "two.h5", "--output", "FOLDER", "--progress", "none", "--threads", "3", "--checkpoint", "0"],
        after=[["precompute", "two.h5", "--output", "FOLDER", "--progress", "none", "--threads", "2", AGAIN]]),
    "job A, job B, job A": dict(unpublished=count("a"), command=count("b"), after=[count("a", AGAIN)]),
    "job A, job B, job B": dict(unpublished=count("a"), command=count("b"), after=[count("b", AGAIN)]),
    "restart": dict(unpublished=count("a"), command=count("a", "--restart"), after=[count("a", AGAIN)]),
    "another start": dict(unpublished=count("start"), command=count("other-start"), after=[count("other-start", AGAIN)]),
    "another start, and back": dict(unpublished=count("start"), command=count("other-start"), after=[count("start", AGAIN)]),
    "shards by layers": dict(command=count("a", "--shard", "0/2", "--checkpoint", "0"), after=[*shards("a", 2), merge("a")]),
    "shards by rows": dict(command=count("rows", "--shard", "1/2", "--checkpoint", "0"), after=[*shards("rows", 2), merge("rows")]),
    "a shard's restart": dict(before=shards("a", 2), command=count("a", "--shard", "0/2", "--restart"), after=[*shards("a", 2), merge("a")]),
    "a shard's restart, merged": dict(
        before=[*shards("a", 2), merge("a")], command=count("a", "--shard", "0/2", "--restart"), after=[*shards("a", 2), merge("a")]),
    "merge": dict(before=shards("a", 2), command=merge("a"), after=[merge("a")]),
    "merge, then a shard": dict(before=shards("a", 2), command=merge("a"), after=[merge("a"), *shards("a", 2)]),
    "static site": dict(before=[count("one")], command=SITE, after=[SITE]),
    "static site over an older one": dict(before=[count("old"), SITE, count("one")], command=SITE, after=[SITE]),
}


@pytest.fixture
def scenario(data, tmp_path):
    def make(name):
        def located(command):
            return [str(data / word) if (data / word).exists() else word for word in command]

        told = SCENARIOS[name]
        return Scenario(
            tmp_path / "work", located(told["command"]), [located(c) for c in told["after"]],
            [located(c) for c in told.get("before", [])], located(told["unpublished"]) if "unpublished" in told else None)

    return make


@pytest.mark.parametrize("name", SCENARIOS)
def test_whole_at_every_point(scenario, name):
    """Killed, or without power, or with a disk that fails: what can be seen is whole, and the same command makes the same store."""
    made, begin = scenario(name), time.monotonic()
    states, points = list(made.states()), made.points(("eio", "full"))
    if POINTS != "all":
        # A kill is done for real, too, instead of laying out what it would leave.
        dice, some = random.Random(name), max(1, int(POINTS) // 4)
        states, points = dice.sample(states, min(2 * some, len(states))), [dice.choice(made.points([harm])) for harm in ("kill", "eio") for _ in range(some)]
    points += [("interrupt", 1), ("short", 1)]
    with concurrent.futures.ThreadPoolExecutor(1 if POINTS == "4" else 2) as pool:
        work = [pool.submit(made.go_on, *state) for state in enumerate(states)]
        work += [pool.submit(made.disturb, *point) for point in sorted(set(points))]
        failures = [str(w.exception()) for w in work if w.exception()]
    seconds = time.monotonic() - begin
    print(f"\n{name}: {len(made.log)} changes to files; {len(states)} kills and crashes of the machine, {len(points)} faults; {seconds:.0f} s")
    assert not failures, f"{len(failures)} of {len(work)} points are not whole; the first: {failures[0]}"


def test_a_run_that_was_killed_while_rows_were_judged_goes_on_there(scenario):
    """A layer that was judged is kept, file by file; one that was begun is judged anew; the store is the same to the byte."""
    made = scenario("rows judged")
    named = [f"{change.path} {change.other}" for change in made.log]
    judged = [n for n, words in enumerate(named, 1) if "divergences" in words]
    begun = next(n for n, words in enumerate(named, 1) if "divergences/two" in words)
    # The last of the first layer: without it that is not whole.
    whole = max(n for n, words in enumerate(named[:begun - 1], 1) if "divergences/one" in words)
    assert judged[0] < whole < begun < judged[-1]

    def files(folder):
        return {path.relative_to(folder).as_posix(): written(path.stat()) for path in folder.rglob("*") if path.is_file()}

    def written(status):
        """An inode alone may be used again."""
        return status.st_ino, status.st_mtime_ns

    for at in (judged[0] + 1, whole, begun, begun + 1, judged[-1]):
        folder = made.work / f"judging-{at}"
        shutil.copytree(made.start, folder, symlinks=True)
        assert run(made.command, folder, shim(folder, at=at, harm="kill")).returncode == -9, at
        left = files(folder / "job/.building/divergences")
        settled(made.after[0], folder)
        kept = files(folder / "job/current/divergences")
        assert {path: one for path, one in left.items() if kept.get(path) == one and path.startswith("one/")} == (
            {path: one for path, one in kept.items() if path.startswith("one/")} if at >= begun else {}), at
        made.check_end(tree(folder))


@pytest.mark.parametrize("harm", ["gone", "empty", "cut", "longer"])
def test_a_layer_that_lost_something_is_counted_again(scenario, tmp_path, harm):
    """The sign that a layer is complete is not believed alone: its files are looked at before it is kept."""
    made = scenario("restart")
    for number, file in enumerate(["one/own/256/c/0/0/0", "one/grid/tails/zarr.json", "one/statistics/zarr.json", "two/zarr.json"]):
        folder = tmp_path / f"T{number}"
        shutil.copytree(made.start, folder, symlinks=True)
        victim = folder / "job" / ".building" / "layers" / file
        content = victim.read_bytes()
        victim.write_bytes({"empty": b"", "cut": content[:len(content) // 2], "longer": content + b"x"}.get(harm, content))
        if harm == "gone":
            victim.unlink()
        made.finish(folder, f"{file} {harm}")


def test_what_is_no_part_of_the_store_is_not_published(scenario, tmp_path, program):
    made = scenario("restart")
    stray = made.start / "job" / ".building" / "stray"
    stray.write_text("x")
    assert "stray" in program.fails(73, *[w.replace("FOLDER", str(made.start)) for w in made.after[0]])
    assert not (made.start / "job" / "current").exists()
    stray.unlink()
    made.finish(made.start, "a stray file was removed")
