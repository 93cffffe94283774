"""Runs that are disturbed at every change they make: what precedes them, what follows, and what must hold in between and at the end."""

import hashlib
import os
import shutil
import subprocess

from changes import VERSION, Disk, lay_out, read_log, shim, tree
from programs import PROGRAM

# What harms a call, and which calls.
NAMES = {"open", "mkdir", "symlink", "rename"}
LASTING = {"fsync", "fdatasync", "syncfs"}
HARMS = {
    "kill": NAMES | {"write", "truncate", "unlink"},
    "half": {"write"},
    "eio": NAMES | LASTING | {"write", "truncate", "unlink", "hint"},
    "full": NAMES | LASTING | {"write", "truncate"},
}
CANNOT_WRITE, CANNOT_READ = 73, 74


def run(command, folder, environment={}):
    arguments = [a.replace("FOLDER", str(folder)) for a in command]
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=120, env={**os.environ, **environment})


def settled(command, folder):
    done = run(command, folder)
    assert done.returncode == 0, f"{command}: exit {done.returncode}: {done.stderr}"


class Scenario:
    """`before` is undisturbed, `command` disturbed, `after` undisturbed again. FOLDER in a command is where all is written."""

    def __init__(self, work, command, after, before=(), unpublished=None):
        self.work = work
        self.command, self.after = command, after
        self.start = work / "start"
        self.start.mkdir(parents=True)
        for earlier in before:
            settled(earlier, self.start)
        if unpublished:
            self._stop_before_publishing(unpublished)
        self.whole = work / "whole"
        shutil.copytree(self.start, self.whole, symlinks=True)
        self.disk = Disk(self.whole)
        self.log = self._logged(self.whole)
        self.whole_early = tree(self.whole)
        for later in after:
            settled(later, self.whole)
        self.end = tree(self.whole)
        self.stores = self._known_stores()

    def _stop_before_publishing(self, command):
        """Leaves what a run leaves that was killed when all was written and nothing published."""
        trial = self.work / "trial"
        shutil.copytree(self.start, trial, symlinks=True)
        log = self.work / "trial-log"
        run(command, trial, shim(trial, log=log))
        last = max(n for n, change in enumerate(read_log(log), 1) if change.kind == "syncfs")
        run(command, self.start, shim(self.start, at=last, harm="kill"))
        assert not list(self.start.glob("*/current")) and list(self.start.glob("*/.building/zarr.json"))

    def _logged(self, folder):
        log = self.work / "log"
        done = run(self.command, folder, shim(folder, log=log))
        assert done.returncode == 0, done.stderr
        return read_log(log)

    def _known_stores(self):
        """Every version that may be seen, from runs that nothing disturbed: {NAME/VERSION: {path: bytes}}."""
        known = {}
        for found in (tree(self.start), self.whole_early, self.end):
            for path in found:
                parts = path.split("/")
                if len(parts) == 2 and VERSION.match(parts[1]) and not isinstance(found[path], str):
                    known[path] = part(found, path)
        return known

    def check_visible(self, found):
        """Whatever can be seen is whole."""
        for path, content in found.items():
            name, *rest = path.split("/")
            if len(rest) == 1 and rest[0] == "current":
                assert f"{name}/{content}" in found, f"{path} names {content}, which is not there"
            if len(rest) == 1 and VERSION.match(rest[0]):
                assert part(found, path) == self.stores.get(path), f"{path} can be seen and is not whole"

    def check_end(self, found):
        """The same as without any disturbance; a store that the disturbed run published may stand beside it."""
        self.check_visible(found)

        def others(found):
            names = {p for p in found if len(p.split("/")) == 2 and VERSION.match(p.split("/")[1])}
            return {p: c for p, c in found.items() if "/".join(p.split("/")[:2]) not in names and not p.endswith("/.lock")}

        got, expected = others(found), others(self.end)
        assert got.keys() == expected.keys(), f"left over or missing: {sorted(got.keys() ^ expected.keys())[:10]}"
        assert got == expected, f"differ: {[p for p in got if got[p] != expected[p]]}"

    def points(self, harms):
        """(harm, number of the change) of every point at which a run is disturbed."""
        return [(harm, n) for harm in harms for n, change in enumerate(self.log, 1) if change.kind in HARMS[harm]]

    def disturb(self, harm, n):
        """Does harm to a run while it goes on."""
        folder = self.work / f"{harm}-{n}"
        shutil.copytree(self.start, folder, symlinks=True)
        done = run(self.command, folder, shim(folder, at=n, harm=harm, order=n))
        what = f"{harm} at change {n}, a {self.log[n - 1].kind}: exit {done.returncode}: {done.stderr}"
        codes = {"kill": (-9, 0), "half": (-9, 0), "interrupt": (0,), "short": (0,)}.get(harm, (0, CANNOT_WRITE, CANNOT_READ))
        assert done.returncode in codes, what
        assert done.returncode <= 0 or len(done.stderr.strip().splitlines()) == 1, what
        self.finish(folder, what)

    def states(self):
        """Every folder that a kill or a crash of the machine may leave, each once: (number of changes made, words, tree)."""
        seen = set()

        def new(found):
            digest = hashlib.sha256()
            for path in sorted(found):
                digest.update(repr((path, found[path])).encode())
            return digest.digest() not in seen and not seen.add(digest.digest())

        for n, change in enumerate(self.log):
            for found in filter(new, self.disk.kills(change)):
                yield n, "killed", found
            self.disk.apply(change)
            for found in filter(new, self.disk.crashes(n)):
                yield n + 1, "the power fails", found
        assert self.disk.shown() == self.whole_early, "the log does not tell all changes"

    def go_on(self, number, state):
        """Goes on from such a folder."""
        n, why, found = state
        what = f"{why} after {n} of {len(self.log)} changes, the last a {self.log[n - 1].kind}"
        folder = self.work / f"state-{number}"
        lay_out(found, folder)
        self.finish(folder, what)

    def finish(self, folder, what):
        try:
            self.check_visible(tree(folder))
            for later in self.after:
                settled(later, folder)
            self.check_end(tree(folder))
        except AssertionError as error:
            raise AssertionError(f"{what}\n{error}\nsee {folder}") from None
        shutil.rmtree(folder)


def part(found, path):
    return {p[len(path) + 1:]: c for p, c in found.items() if p.startswith(path + "/")}
