"""Convolutions, tokens and short numbers beside a plain matrix of the same bytes, in one run, by turns.

    python Tests/Bench/forms.py --divergence .build-release/release/divergence [--old PROGRAM --rows 20000 --runs 5 --only samples]

Every file has rows of 16 KiB behind a ReLU, contiguous and in the page cache, of ten classes; jobs have no codes. Printed for each form of a layer:
the median of its runs, their range, the median of its ratios to the plain float32 matrix that ran just before, and, for numbers of two bytes, of
those to the plain matrix of the same type: twice as many values are counted there. The mark is 1.5.
"""

import argparse
import os
import pathlib
import random
import statistics
import tempfile

import h5py
import numpy as np

from engine import set_aside, timed

ROW_BYTES = 16384
#: Extents of a row of float32, and its axes.
SHAPES = {"plain": ((4096,), "NC"), "NCHW": ((64, 8, 8), "NCHW"), "NHWC": ((8, 8, 64), "NHWC"), "NTD": ((16, 256), "NTD"),
          "NCHW, wide": ((256, 4, 4), "NCHW"), "NCHW, large": ((16, 16, 16), "NCHW")}  # fmt: skip
TYPES = {"float32": "<f4", "float16": "<f2", "bfloat16": "<u2"}


def forms():
    """[(name, shape, type, reduce, masked)]"""
    yield "plain, float32", "plain", "float32", None, False
    for shape in SHAPES:
        for reduce in ("flatten", "max", "mean", "samples") if shape != "plain" else ():
            yield f"{shape}, {reduce}", shape, "float32", reduce, False
    for reduce in ("max", "mean", "samples"):
        yield f"NTD, {reduce}, masked", "NTD", "float32", reduce, True
    for kind in ("float16", "bfloat16"):
        yield f"plain, {kind}", "plain", kind, None, False
        for shape, reduce in (("NCHW", "max"), ("NCHW", "samples"), ("NHWC", "mean"), ("NTD", "flatten"), ("NTD", "samples")):
            yield f"{shape}, {reduce}, {kind}", shape, kind, reduce, False


def make(path, rows, shape, kind):
    rng = np.random.default_rng(1)
    extents, axes = SHAPES[shape]
    # Numbers of two bytes are twice as many in the same bytes: of channels, tokens or places, whatever comes first.
    extents = (extents[0] * 4 // np.dtype(TYPES[kind]).itemsize, *extents[1:])
    values = int(np.prod(extents))
    scale, shift = rng.gamma(2, size=values).astype("f4"), rng.normal(size=values).astype("f4")
    with h5py.File(path, "w") as f:
        data = f.create_dataset("a", (rows, *extents), TYPES[kind])
        for start in range(0, rows, 2048):
            n = min(2048, rows - start)
            block = np.maximum(rng.standard_normal((n, values), np.float32) * scale + shift, 0)
            block = (block.view("u4") >> 16).astype("<u2") if kind == "bfloat16" else block.astype(TYPES[kind])
            data[start : start + n] = block.reshape(n, *extents)
        f["labels"] = rng.integers(0, 10, rows)
        positions = [extents[i - 1] for i, axis in enumerate(axes) if axis in "HWT"]
        if positions:
            f["mask"] = rng.random((rows, *positions)) < 0.7
    os.sync()  # or the first to run would wait for these bytes to reach the disk


def job(path, shape, kind, reduce, masked):
    file = path.with_suffix(f".{reduce}.{'masked' if masked else 'all'}.yaml")
    layer = ["dataset: a", f"axes: {SHAPES[shape][1]}"] + [f"reduce: {reduce}"] * bool(reduce) + ["dtype: bfloat16"] * (kind == "bfloat16")
    lines = [f"name: {path.stem}", f"dumps: ['{path.name}']", "codes: none", "labels: labels", f"layers: [{{{', '.join(layer)}}}]"]
    file.write_text("\n".join(lines + ["mask: mask"] * masked) + "\n")
    return file


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--divergence", required=True)
    options.add_argument("--old", help="an earlier build of the program, a contender in the same run")
    options.add_argument("--rows", type=int, default=20000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--threads", default="2")
    options.add_argument("--only", default="", help="forms whose name has this in it")
    options = options.parse_args()
    programs = {"": options.divergence} | ({"old": options.old} if options.old else {})
    with tempfile.TemporaryDirectory(prefix="nd-bench-") as folder:
        folder = pathlib.Path(folder)

        def run(program, file):
            set_aside(folder / "Tiles")
            return timed([program, "precompute", file, "--output", folder / "Tiles", "--threads", options.threads, "--progress", "none"])[0]

        plain = {"float32": folder / "plain-float32.h5"}
        make(plain["float32"], options.rows, "plain", "float32")
        base = {"float32": job(plain["float32"], "plain", "float32", None, False)}
        print(f"{options.rows:,} rows of {ROW_BYTES // 1024} KiB, {options.threads} threads, medians of {options.runs}")
        print(f"{'':24}{'median':>9}{'range':>17}{'ratio':>8}{'of its type':>13}{'before':>9}")
        path = None
        for name, shape, kind, reduce, masked in forms():
            if options.only not in name:
                continue
            if kind not in base:
                plain[kind] = folder / f"plain-{kind}.h5"
                make(plain[kind], options.rows, "plain", kind)
                base[kind] = job(plain[kind], "plain", kind, None, False)
            wanted = plain[kind] if shape == "plain" else folder / f"{shape.replace(', ', '-')}-{kind}.h5"
            if wanted != path:
                if path and path not in plain.values():
                    path.unlink()
                path = wanted
                if not path.exists():
                    make(path, options.rows, shape, kind)
            file = job(path, shape, kind, reduce, masked)
            tasks = {("", "plain"): (options.divergence, base["float32"]), ("", "type"): (options.divergence, base[kind])}
            tasks |= {(old, "form"): (program, file) for old, program in programs.items()}
            times = {task: [] for task in tasks}
            run(options.divergence, file)
            for turn in range(options.runs):
                for task in random.Random(turn).sample(list(tasks), len(tasks)):
                    times[task].append(run(*tasks[task]))
            own = times["", "form"]
            ratio = lambda other: statistics.median(a / b for a, b in zip(own, times[other]))
            line = f"{name:24}{statistics.median(own):8.2f}s{min(own):8.2f} – {max(own):.2f}s{ratio(('', 'plain')):8.2f}"
            line += f"{ratio(('', 'type')):13.2f}" if kind != "float32" else f"{'':13}"
            print(line + (f"{ratio(('old', 'form')):9.2f}" if options.old else ""), flush=True)


if __name__ == "__main__":
    main()
