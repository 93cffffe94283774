"""Dumps that are not in memory, on a slow disk: whether it works while the processors do.

    sudo python Tests/Bench/cold.py --divergence .build-release/release/divergence [--old PROGRAM --rates 200,500,1000 --runs 3]

The disk is that of the folder for temporary files, and a control group lets no process in it read more than so many MB a second (`io.max`, or
`blkio.throttle.read_bps_device` of the older kind): for that one has to be root. Before each run the system is told to forget the file. Printed:
what the job takes with the file in memory, what merely reading the file takes at that rate, what the job takes at that rate, and its ratio to the
larger of the two. The mark is 1.1. With `--memory MB` the processes have no more than that for themselves and the files that they read, so that dumps are
larger than the memory.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import engine

READ = """
import os, sys
file = os.open(sys.argv[1], os.O_RDONLY)
while os.read(file, 4 << 20): pass
"""


class SlowDisk:
    """A control group whose processes read slowly from the disk that holds a folder, and have so much memory, files that they read included."""

    def __init__(self, folder, memory=None):
        device = os.stat(folder).st_dev
        path = pathlib.Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
        if (path / "partition").exists():
            path = path.parent
        if not (path / "dev").exists():
            sys.exit(f"{folder} is on no disk of its own: name a folder that is, in TMPDIR.")
        self.device = (path / "dev").read_text().strip()
        root = pathlib.Path("/sys/fs/cgroup")
        self.is_older = (root / "blkio").exists()
        self.group = (root / "blkio" if self.is_older else root) / f"nd-bench-{os.getpid()}"
        self.groups = [self.group]
        self.memory = memory
        if memory and self.is_older:
            self.groups.append(root / "memory" / self.group.name)

    def __enter__(self):
        if not self.is_older:
            (self.group.parent / "cgroup.subtree_control").write_text("+io +memory" if self.memory else "+io")
        for group in self.groups:
            group.mkdir()
        if self.memory:
            (self.groups[-1] / ("memory.limit_in_bytes" if self.is_older else "memory.max")).write_text(str(self.memory))
        return self

    def __exit__(self, *_):
        for group in self.groups:
            group.rmdir()

    def set(self, rate):
        if self.is_older:
            (self.group / "blkio.throttle.read_bps_device").write_text(f"{self.device} {rate}")
        else:
            (self.group / "io.max").write_text(f"{self.device} rbps={rate}")

    def seconds(self, command):
        began = time.perf_counter()
        done = subprocess.run(
            [*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            preexec_fn=lambda: [(group / "cgroup.procs").write_text(str(os.getpid())) for group in self.groups])
        if done.returncode:
            sys.exit(f"{command[:3]}: {done.stderr.decode()[-500:]}")
        return time.perf_counter() - began


def forget(path):
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        size = os.fstat(file.fileno()).st_size
        held = 0
        for place in range(0, size, size // 64):
            try:
                held += os.preadv(file.fileno(), [bytearray(1)], place, os.RWF_NOWAIT) == 1
            except BlockingIOError:
                pass
        assert held < 4, f"{held} of 64 places of {path} are in memory still"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--divergence", required=True)
    options.add_argument("--old", help="an earlier build of the program, a contender in the same run")
    options.add_argument("--rows", type=int, default=40000)
    options.add_argument("--neurons", type=int, default=4096)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--rates", default="200,500,1000", help="MB a second")
    options.add_argument("--layouts", default="contiguous,lz4,gzip+shuffle")
    options.add_argument("--memory", type=int, help="MB that the processes have, files included")
    options = options.parse_args()
    programs = {"": options.divergence} | ({"old": options.old} if options.old else {})
    with tempfile.TemporaryDirectory(prefix="nd-bench-") as folder, SlowDisk(folder, options.memory and options.memory * 1_000_000) as disk:
        for layout in options.layouts.split(","):
            path = pathlib.Path(folder) / f"{layout.replace('+', '-')}.h5"
            engine.make(path, layout, options.rows, options.neurons, 10)
            file = engine.job(path, "none")
            size = path.stat().st_size

            def run(program, seconds):
                engine.set_aside(f"{folder}/Tiles")
                return seconds([program, "precompute", file, "--output", f"{folder}/Tiles", "--threads", 2, "--progress", "none"])

            subprocess.run([sys.executable, "-c", READ, path], check=True)
            hot = {name: statistics.median(run(program, lambda c: engine.timed(c)[0]) for _ in range(options.runs)) for name, program in programs.items()}
            print(f"\n{layout}, {size / 1e6:,.0f} MB, {options.rows:,} x {options.neurons:,}; in memory: " +
                  ", ".join(f"{name} {seconds:.2f} s".strip() for name, seconds in hot.items()))  # fmt: skip
            for rate in map(int, options.rates.split(",")):
                disk.set(rate * 1_000_000)
                read, cold = [], {name: [] for name in programs}
                for _ in range(options.runs):
                    forget(path)
                    read.append(disk.seconds([sys.executable, "-c", READ, path]))
                    for name, program in programs.items():
                        forget(path)
                        cold[name].append(run(program, disk.seconds))
                reading = statistics.median(read)
                print(f"{rate:6} MB/s: reading {reading:6.2f} s; " + "; ".join(
                    f"{name} {statistics.median(cold[name]):6.2f} s, {statistics.median(cold[name]) / max(reading, hot[name]):.2f} of the larger".strip()
                    for name in programs), flush=True)  # fmt: skip
            path.unlink()


if __name__ == "__main__":
    main()
