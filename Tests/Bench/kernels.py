"""What the engine is made of: each kernel alone on one core, and the whole job as the sum of them.

    make bench-kernels

First the kernels, on 16,384 x 4,096 float32 behind a ReLU and ten classes: processor time for each value (or for each neuron and group),
and the bytes that go through a core a second, beside merely reading and copying the same bytes. Then decoding, a filter at a time. Then
`divergence precompute` on one lane, without codes, for contiguous data: what the kernels say it takes, and what it takes. What is left over
is starting, mapping the file, sorting rows, and publishing the store. At last, what these times mean for machines of more cores (`lanes.py`).
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

import lanes

ORACLES = pathlib.Path(__file__).resolve().parents[1] / "Oracles"
CLASSES = 10

#: Kernels of a job without codes, and how often each is done: for each value, or for each neuron and group.
PASSES = {"count": 1, "collect candidates": 1}
#: Counts are stored on two axes, with 256, 64 and 16 bins.
STORED = 2 * (1 + 1 / 4 + 1 / 16)
FIGURES = {
    "find pending ranks": 1, "select quartiles": 1, "sum up counts": 2, "encode counts": STORED,
    "checksum of encode counts": STORED, "write of encode counts": STORED,
}  # fmt: skip


def kernels(command):
    """{name: (ns, unit, bytes a unit)}, printed as they come."""
    found = {}
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            name, ns, unit, size = line.rstrip("\n").split("\t")
            found[name] = (float(ns), unit, float(size))
            print(f"{name:32}{float(ns):10.3f} ns a {unit:18}{float(size) / float(ns):8.2f} GB/s", flush=True)
    if process.returncode:
        sys.exit(f"{command}: {process.returncode}")
    return found


def make(path, rows, neurons):
    random = np.random.default_rng(1)
    scale, shift = random.uniform(0.5, 4, neurons).astype("f4"), random.uniform(-1, 1, neurons).astype("f4")
    with h5py.File(path, "w") as file:
        data = file.create_dataset("a", (rows, neurons), "f4")
        for first in range(0, rows, 4096):
            count = min(4096, rows - first)
            data[first : first + count] = np.maximum(random.standard_normal((count, neurons), np.float32) * scale + shift, 0)
        file["labels"] = random.integers(0, CLASSES, rows)
    os.sync()


def processor_seconds(command):
    """Of a process and those that it starts."""
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0o666)])
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{command}: {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def seconds(command):
    began = time.perf_counter()
    processor_seconds(command)
    return time.perf_counter() - began


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--kernels", required=True, help="the program bench-kernels")
    options.add_argument("--divergence", required=True)
    options.add_argument("--rows", type=int, default=40000)
    options.add_argument("--neurons", type=int, default=4096)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--memory", type=float, default=100, help="what all cores of a large machine read together, in GB/s")
    options = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="nd-bench-") as folder:
        folder = pathlib.Path(folder)
        found = kernels([options.kernels, "kernels"])
        subprocess.run([sys.executable, ORACLES / "speed_hdf5.py", folder / "filters.h5"], check=True)
        found |= kernels([options.kernels, "filters", folder / "filters.h5"])

        make(folder / "a.h5", options.rows, options.neurons)
        (folder / "a.yaml").write_text("name: a\ndumps: [a.h5]\ncodes: none\n")
        def command(threads):
            return [os.path.abspath(options.divergence), "precompute", str(folder / "a.yaml"), "--output", str(folder / "Tiles"),
                    "--threads", str(threads), "--progress", "none", "--restart"]  # fmt: skip

        taken = statistics.median(processor_seconds(command(1)) for _ in range(options.runs))
        values, histograms = options.rows * options.neurons, options.neurons * (CLASSES + 1)
        parts = {name: found[name][0] * times * values for name, times in PASSES.items()}
        parts |= {name: found[name][0] * times * histograms for name, times in FIGURES.items()}
        print(f"\nthe whole job, {options.rows:,} x {options.neurons:,} float32, contiguous, one lane: processor time")
        for name, ns in parts.items():
            print(f"{name:32}{ns / 1e9:8.3f} s{ns / values:10.3f} ns a value")
        total = sum(parts.values()) / 1e9
        print(f"{'sum of the kernels':32}{total:8.3f} s{total * 1e9 / values:10.3f} ns a value")
        print(f"{'measured':32}{taken:8.3f} s{taken * 1e9 / values:10.3f} ns a value, {values * 4 / taken / 1e9:.2f} GB/s a core\n")
        ns = {name: ns for name, (ns, _, _) in found.items()}
        print("the plan of lanes (lanes.py) beside what is measured by the clock:")
        for threads in (1, 2):
            clock = statistics.median(seconds(command(threads)) for _ in range(options.runs))
            parts = lanes.job(ns, options.rows, options.neurons, lanes.Machine(ns, threads, options.memory * 1e9))
            print(f"  {threads} lane{'s' * (threads > 1)}: {clock:.3f} s, {values * 4 / clock / 1e9:.2f} GB/s; played through "
                  f"{sum(parts.values()):.3f} s, {lanes.speed(parts, options.rows, options.neurons):.2f} GB/s")  # fmt: skip
        print(*lanes.table(ns, options.memory * 1e9), sep="\n")


if __name__ == "__main__":
    main()
