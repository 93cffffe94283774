"""The engine beside the public parts one would use instead, in one run, in turns.

    python Tests/Bench/engine.py --divergence .build-release/release/divergence [--old PROGRAM --rows 80000 --neurons 4096 --runs 5]

Each contender works on the same file, 80,000 x 4,096 float32 by default, half of it zeros as after a ReLU, rows of ten or a
thousand classes in random order. The file is in the page cache. Contenders take turns in changing order, so that a
machine that slows down slows all of them down. With `--old`, an earlier build is one of them, on the bare dump. Printed: median of the runs with their range, decoded bytes a second, ratio to this engine at
all lanes, and peak memory; below, how far the marks are met. That counts and medians of the store are those that NumPy finds is
checked on some neurons of every file. The loop of NumPy functions, which takes about half a minute, runs on the contiguous file only.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

import h5py
import hdf5plugin
import numpy as np

LAYOUTS = {
    "contiguous": {},
    "gzip+shuffle": {"chunks": (256, 512), "compression": "gzip", "compression_opts": 4, "shuffle": True},
    "lz4": {"chunks": (256, 512), **hdf5plugin.LZ4()},
    "bitshuffle-lz4": {"chunks": (256, 512), **hdf5plugin.Bitshuffle(cname="lz4")},
}


def make(path, layout, rows, neurons, classes):
    rng = np.random.default_rng(1)
    scale, shift = rng.gamma(2, size=neurons), rng.normal(size=neurons)
    with h5py.File(path, "w") as f:
        data = f.create_dataset("a", (rows, neurons), "f4", **LAYOUTS[layout])
        for start in range(0, rows, 8192):
            n = min(8192, rows - start)
            block = rng.standard_normal((n, neurons), np.float32) * scale.astype("f4") + shift.astype("f4")
            # Trained activations have few significant bits; random mantissas would not compress at all.
            block = np.maximum(block, 0).view("u4") & np.uint32(0xFFFFF000)
            data[start:start + n] = block.view("f4")
        f["labels"] = rng.integers(0, classes, rows)
    os.sync()  # or the first to run would wait for these bytes to reach the disk


# --- contenders: each a command, so that time and memory are those of a whole process

RIVALS = {
    "h5py, reading only": """
import h5py, sys
f = h5py.File(sys.argv[1]); d = f["a"]
for s in range(0, len(d), 4096): d[s:s+4096]
""",
    "h5py + NumPy": """
import h5py, sys, numpy as np
f = h5py.File(sys.argv[1]); d = f["a"]; labels = f["labels"][:]
classes = labels.max() + 1
for c in range(0, d.shape[1], 256):
    x = d[:, c:c+256]
    for j in range(x.shape[1]):
        lo, hi = x[:, j].min(), x[:, j].max()
        for k in range(classes):
            v = x[labels == k, j]
            np.histogram(v, 256, (lo, hi)); np.median(v)
""",
    "bincount + polars": """
import h5py, sys, numpy as np, polars as pl
f = h5py.File(sys.argv[1]); d = f["a"]; labels = f["labels"][:]
classes = labels.max() + 1
for c in range(0, d.shape[1], 256):
    x = d[:, c:c+256]
    lo, hi = x.min(0), x.max(0)
    b = ((x - lo) * (np.float32(255.99) / np.maximum(hi - lo, np.float32(1e-30)))).astype(np.int32)
    w = x.shape[1]
    flat = (b + np.arange(w, dtype=np.int32) * 256 + (labels.astype(np.int32) * (w * 256))[:, None]).ravel()
    np.bincount(flat, minlength=classes * w * 256)
    frame = pl.DataFrame({str(j): x[:, j] for j in range(w)}).with_columns(label=pl.Series(labels))
    frame.group_by("label").agg(pl.all().median())
""",
    "dask (histograms only)": """
import h5py, sys, numpy as np, dask, dask.array as da
f = h5py.File(sys.argv[1]); d = f["a"]; labels = f["labels"][:]
classes = int(labels.max()) + 1
x = da.from_array(d, chunks=(4096, d.shape[1]), lock=True)
lo, hi = dask.compute(x.min(0), x.max(0))
def count(block, labels):
    w = block.shape[1]
    b = ((block - lo) * (np.float32(255.99) / np.maximum(hi - lo, np.float32(1e-30)))).astype(np.int32)
    flat = (b + np.arange(w, dtype=np.int32) * 256 + (labels.astype(np.int32) * (w * 256))[:, None]).ravel()
    return np.bincount(flat, minlength=classes * w * 256).astype(np.int32)
total = 0
parts = [dask.delayed(count)(b, labels[i*4096:(i+1)*4096]) for i, b in enumerate(x.to_delayed().ravel())]
for start in range(0, len(parts), 2):
    total = total + sum(dask.compute(*parts[start:start+2], scheduler="threads", num_workers=2))
""",
}


# A process counts the memory of the one it was forked from, so a small one stands between this script and a contender.
LAUNCHER = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
seconds = time.perf_counter() - start
print(json.dumps([done.returncode, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.stderr.decode()[-500:]]))
"""


def timed(command):
    done = subprocess.run([sys.executable, "-S", "-c", LAUNCHER, *map(str, command)], capture_output=True, check=True)
    code, seconds, peak, error = json.loads(done.stdout)
    if code != 0:
        raise RuntimeError(f"{command[:3]}: {error}")
    return seconds, peak * 1024


def set_aside(stores):
    """Makes room for a run that publishes a store where there is none; to remove that of the run before is not its work.

    The bytes are given back and the files stay, in a folder beside it, until all is removed: for five seconds whoever makes files has ext4 step over
    each inode of a removed one.
    """
    stores = pathlib.Path(stores)
    if not stores.exists():
        return
    for file in stores.rglob("*"):
        if file.is_file() and not file.is_symlink():
            os.truncate(file, 0)
    stores.rename(stores.parent / f"aside-{time.monotonic_ns()}")


def agree(path, store):
    """Counts and medians of some neurons, computed here from the file."""
    import warnings

    import zarr

    warnings.filterwarnings("ignore", message="Numcodecs codecs")
    group = zarr.open_group(str(store), mode="r")
    with h5py.File(path) as f:
        labels = f["labels"][:]
        for neuron in (0, f["a"].shape[1] // 2, f["a"].shape[1] - 1):
            x = f["a"][:, neuron]
            exponent, origin = int(group["layers/a/grid/exponent"][neuron]), int(group["layers/a/grid/origin"][neuron])
            for g in (0, 1, 5):
                v = x if g == 0 else x[labels == g - 1]
                bins = (np.floor(np.ldexp(v.astype("f8"), -exponent)) - origin).astype(int)
                assert (np.bincount(bins, minlength=256) == group["layers/a/own/256"][g, neuron]).all()
                assert np.float32(np.median(v.astype("f8"))) == group["layers/a/statistics/median"][g, neuron]


def job(path, codes):
    """A job for a dump, with that choice of codes."""
    file = path.with_suffix(f".{codes}.yaml")
    file.write_text(f"name: '{path.stem}'\ndumps: ['{path.name}']\ncodes: {codes}\n")
    return file


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--divergence", required=True)
    options.add_argument("--old", help="an earlier build of the program, a contender in the same run")
    options.add_argument("--rows", type=int, default=80000)
    options.add_argument("--neurons", type=int, default=4096)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--layouts", default=",".join(LAYOUTS))
    options.add_argument("--classes", default="10,1000")
    options = options.parse_args()
    decoded = options.rows * options.neurons * 4
    with tempfile.TemporaryDirectory(prefix="nd-bench-") as folder:
        for classes in map(int, options.classes.split(",")):
            for layout in options.layouts.split(",") if classes == 10 else ["contiguous"]:
                path = pathlib.Path(folder) / f"{layout.replace('+', '-')}-{classes}.h5"
                make(path, layout, options.rows, options.neurons, classes)
                engine = lambda lanes, codes="none": [
                    options.divergence, "precompute", job(path, codes), "--output", f"{folder}/Tiles", "--threads", str(lanes), "--progress", "none"]
                contenders = {"this engine, 2 lanes": engine(2), "this engine, 1 lane": engine(1)}
                contenders |= {f"2 lanes, codes: {codes}": engine(2, codes) for codes in ("columns", "both")}
                if options.old:
                    contenders["an older build, 2 lanes"] = [options.old, "precompute", path, "--output", f"{folder}/Tiles", "--threads", "2", "--progress", "none"]
                plugin = "import hdf5plugin\n" if "lz4" in layout else ""
                contenders |= {name: [sys.executable, "-c", plugin + code, path] for name, code in RIVALS.items()}
                if classes > 10 or layout != "contiguous":  # with a thousand classes it would take an hour
                    del contenders["h5py + NumPy"]
                if classes > 10:  # its counts would take 8 GiB a block of rows
                    del contenders["dask (histograms only)"]
                times, memory = {n: [] for n in contenders}, {n: 0 for n in contenders}
                timed(contenders["this engine, 2 lanes"])
                agree(path, f"{folder}/Tiles/{path.stem}/current")
                for turn in range(options.runs):
                    # Whoever runs after a contender that took much memory finds the machine otherwise than after a small one.
                    for name, command in random.Random(turn).sample(list(contenders.items()), len(contenders)):
                        set_aside(f"{folder}/Tiles")
                        seconds, peak = timed(command)
                        times[name].append(seconds)
                        memory[name] = max(memory[name], peak)
                base = statistics.median(times["this engine, 2 lanes"])
                print(f"\n{layout}, {classes} classes: {options.rows:,} x {options.neurons:,} float32, {path.stat().st_size / 2**20:,.0f} MiB on disk")
                print(f"{'':26}{'median':>9}{'range':>17}{'GB/s':>8}{'ratio':>8}{'peak':>11}")
                for name, runs in times.items():
                    middle = statistics.median(runs)
                    print(f"{name:26}{middle:8.2f}s{min(runs):8.2f} – {max(runs):.2f}s{decoded / middle / 1e9:8.2f}{middle / base:8.2f}{memory[name] / 2**20:7,.0f} MiB")
                middle = {name: statistics.median(runs) for name, runs in times.items()}
                print(f"two lanes are {middle['this engine, 1 lane'] / base:.2f} times as fast as one; "
                      f"the whole job takes {base / middle['h5py, reading only']:.2f} of the time in which h5py reads the file")
                sys.stdout.flush()
                path.unlink()


if __name__ == "__main__":
    main()
