"""A job much larger than its memory allowance: rate, peak memory, re-reading, and how cost grows.

    python Tests/Bench/large.py --divergence .build-release/release/divergence [--gigabytes 40] [--memory 2GiB]

The dump is made of real activations, those of the demo (dense and convolutional layers of a trained network): rows are drawn again
and again, each value with a little noise, zeros staying zeros, so that distributions and ties are those of a network while no row
is another's copy. It is one file of float16 and float32 layers, contiguous, gzip and lz4, and takes as many GB on disk as asked for, at most what leaves a
tenth of the disk free: then it says so and takes less.

Printed: for the large job, decoded GB, seconds, rate, processor time, peak memory beside --memory, and how often each stored byte was read (from
the program's own counters of reads); then a table of how cost grows with rows, neurons, classes and shards, each beside its base. Everything
lies in one temporary folder that is removed at the end.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import h5py
import hdf5plugin
import numpy as np

DEMO = pathlib.Path(__file__).resolve().parents[2] / "Jobs" / "demo" / "fashion-small.h5"
BLOCK = 1024


class Activations:
    """Real rows of the demo's layers, resampled with noise."""

    def __init__(self):
        with h5py.File(DEMO) as f:
            self.labels = f["labels"][:]
            self.dense = f["activations/dense_1"][:].astype(np.float32)
            self.conv = f["activations/conv_4"][:].reshape(len(self.labels), -1).astype(np.float32)

    def rows(self, kind, chosen, neurons, rng):
        """`[row, neuron]` float32: neurons beyond the layer's own are its own again, in another order of rows."""
        source = getattr(self, kind)
        width = source.shape[1]
        parts = []
        for turn in range(-(-neurons // width)):
            parts.append(source[(chosen + turn * 577) % len(source)][:, :min(width, neurons - turn * width)])
        block = np.concatenate(parts, axis=1)
        block *= 1 + 0.05 * rng.standard_normal(block.shape, dtype=np.float32)
        return block


def make(path, layers, rows, classes, seed=1):
    """Writes a dump with `layers` {name: (kind, neurons, dtype, options)}; returns its logical bytes."""
    source, rng = Activations(), np.random.default_rng(seed)
    with h5py.File(path, "w") as f:
        data = {name: f.create_dataset(name, (rows, neurons), dtype, **options) for name, (_, neurons, dtype, options) in layers.items()}
        labels = np.empty(rows, np.int64)
        for start in range(0, rows, BLOCK):
            n = min(BLOCK, rows - start)
            chosen = rng.integers(0, len(source.labels), n)
            # More classes than ten: each of the ten is parted further.
            labels[start:start + n] = (source.labels[chosen] + 10 * rng.integers(0, max(1, classes // 10), n)) % classes
            for name, (kind, neurons, dtype, _) in layers.items():
                data[name][start:start + n] = source.rows(kind, chosen, neurons, rng).astype(dtype)
        f["labels"] = labels
    return sum(rows * neurons * np.dtype(dtype).itemsize for _, neurons, dtype, _ in layers.values())


def run(command):
    """Runs the program; returns seconds, processor seconds, peak MiB, bytes read, and the last event.

    The peak is what the program's events say of its own process: the figure of wait4 would begin with that of this script.
    """
    start = time.perf_counter()
    process = subprocess.Popen([*map(str, command), "--progress", "json"], stderr=subprocess.PIPE, text=True)
    read, peak, last = 0, 0, None
    for line in process.stderr:
        if not line.startswith("{"):
            sys.stderr.write(line)
            continue
        last = json.loads(line)
        peak = max(peak, last.get("memory_peak", 0))
        try:  # what the process has read so far, by the system's count; each event refreshes it
            read = int(re.search(r"rchar: (\d+)", pathlib.Path(f"/proc/{process.pid}/io").read_text()).group(1))
        except (FileNotFoundError, ProcessLookupError, PermissionError, AttributeError):
            pass
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: ended with {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_utime + usage.ru_stime, peak / 2**20, read, last


def layers_of(rows, gigabytes):
    """The large dump's layers: a wide convolutional one and dense ones, in the forms in which people store them."""
    gzip = {"chunks": (256, 1024), "compression": "gzip", "compression_opts": 1, "shuffle": True}
    neurons = lambda share, itemsize: max(1024, int(gigabytes * 1e9 * share / rows / itemsize) // 1024 * 1024)
    return {
        "conv_contiguous": ("conv", neurons(0.55, 4), "f4", {}),
        "conv_half": ("conv", neurons(0.25, 2), "f2", {}),
        "dense_lz4": ("dense", neurons(0.15, 4), "f4", {"chunks": (256, 1024), **hdf5plugin.LZ4()}),
        "dense_gzip": ("dense", neurons(0.05, 4), "f4", gzip),
    }


def large(options, folder):
    free = shutil.disk_usage(folder)
    gigabytes = min(options.gigabytes, (free.free - free.total / 10) / 1e9 * 0.8)
    if gigabytes < options.gigabytes:
        print(f"The disk allows {gigabytes:.1f} of {options.gigabytes:g} GB.")
    rows = options.rows
    path = folder / "large.h5"
    layers = layers_of(rows, gigabytes)
    start = time.perf_counter()
    logical = make(path, layers, rows, 10)
    stored = path.stat().st_size
    print(f"made in {time.perf_counter() - start:.0f} s: {rows:,} rows, {sum(n for _, n, _, _ in layers.values()):,} neurons in {len(layers)} layers, {logical / 1e9:.1f} GB logical, {stored / 1e9:.1f} GB on disk")
    seconds, processor, peak, read, last = run([options.divergence, "precompute", path, "--output", folder / "T", "--memory", options.memory])
    decoded = last["bytes_decoded"]
    store = sum(p.stat().st_size for p in (folder / "T").rglob("*") if p.is_file() and not p.is_symlink())
    print(f"\n--memory {options.memory}: {seconds:.0f} s, {logical / seconds / 1e9:.2f} GB/s of the dump, {decoded / seconds / 1e9:.2f} GB/s decoded")
    print(f"  decoded {decoded / logical:.2f} times the dump, read {read / stored:.2f} times the file; {processor / seconds:.2f} processors busy")
    print(f"  peak memory {peak:,.0f} MiB; store {store / 1e9:.2f} GB, {stored / max(1, store):.1f} times smaller than the dump")
    path.unlink()
    shutil.rmtree(folder / "T")


def growth(options, folder):
    """One thing twice or more of the base at a time."""
    rows = int(16384 * options.scale)
    base = {"rows": rows, "neurons": 4096, "classes": 10, "shards": 1}
    variants = [base] + [base | {k: v} for k, v in (
        ("rows", 4 * rows), ("neurons", 16384), ("classes", 100), ("classes", 1000), ("shards", 4), ("shards", 16))]
    print(f"\n{'':33}{'decoded':>9}{'seconds':>9}{'cpu s':>8}{'ns/value':>10}{'of base':>9}{'peak':>11}")
    first = None
    for variant in variants:
        rows, neurons, classes, shards = variant.values()
        path = folder / "growth.h5"
        logical = make(path, {"a": ("dense", neurons, "f4", {})}, rows, classes)
        command = [options.divergence, "precompute", path, "--output", folder / "T", "--memory", options.memory]
        if shards == 1:
            parts = [run(command)]
        else:
            parts = [run([*command, "--shard", f"{n}/{shards}"]) for n in range(shards)]
            parts.append(run([options.divergence, "merge", path, "--output", folder / "T", "--memory", options.memory]))
        seconds, processor, peak = sum(p[0] for p in parts), sum(p[1] for p in parts), max(p[2] for p in parts)
        each = processor / (logical / 4) * 1e9
        first = first or each
        name = f"base: {rows:,} x 4,096, 10 classes" if variant is base else ", ".join(f"{v:,} {k}" for k, v in variant.items() if base[k] != v)
        print(f"{name:33}{logical / 1e9:6.2f} GB{seconds:9.1f}{processor:8.1f}{each:10.2f}{each / first:9.2f}{peak:7,.0f} MiB", flush=True)
        path.unlink()
        shutil.rmtree(folder / "T")
    print("Shards run one after another here: seconds and cpu s are those of all of them and the merge together.")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--divergence", required=True)
    options.add_argument("--gigabytes", type=float, default=40)
    options.add_argument("--rows", type=int, default=60_000)
    options.add_argument("--memory", default="2GiB")
    options.add_argument("--scale", type=float, default=1, help="of the rows in the table of growth")
    options.add_argument("--folder", help="where the dump is made; the system's folder for temporary files without it")
    options = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="nd-large-", dir=options.folder) as folder:
        large(options, pathlib.Path(folder))
        growth(options, pathlib.Path(folder))


if __name__ == "__main__":
    main()
