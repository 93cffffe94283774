#!/usr/bin/env python3
"""Mutates HDF5 files and reads them: no crash, no hang, no result that differs silently.

    fuzz_hdf5.py TOOL [--count 5000] [--seed 1] [--jobs 2] [--keep DIR] [--numbers]

TOOL is the test program `catalogue-child`. Every mutated file is read with it, under a deadline.
It may refuse the file, or a dataset of it, with an error. Whatever it does read must be what h5py
(in a process of its own, since libhdf5 may crash) reads from the same bytes; or what was there
before the mutation, because some of h5py's filters answer damage with arbitrary bytes. With --numbers only numbers
are changed, to extreme ones, and checksums are made to fit (numbers_hdf5.py).
"""
import argparse
import collections
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile

import h5py
import hdf5plugin
import numpy as np

from meaning import take
from numbers_hdf5 import Numbers

DEADLINE_S = 30


def seeds(folder):
    """Small files in both formats, so that most of their bytes are structure."""
    rng = np.random.default_rng(11)
    values = (rng.normal(size=(12, 10)) * 3).astype("<f4")
    labels = rng.integers(0, 3, 12)
    made = []
    for libver in ("earliest", "v110"):
        def create(name):
            made.append(os.path.join(folder, f"{libver}_{name}.h5"))
            return h5py.File(made[-1], "w", libver=libver)

        with create("filters") as f:
            for name, options in {
                    "gzip": dict(compression="gzip", shuffle=True, fletcher32=True),
                    "lzf": dict(compression="lzf"), "lz4": hdf5plugin.LZ4(),
                    "zstd": hdf5plugin.Zstd(), "bit": hdf5plugin.Bitshuffle()}.items():
                f.create_dataset(f"layers/{name}", data=values, chunks=(5, 4), **options)
            f["labels"] = labels
        with create("packed") as f:
            packed(f)
        with create("indices") as f:
            for name, maxshape in (("fixed", None), ("rows", (None, 10)), ("both", (None, None))):
                f.create_dataset(name, data=values, chunks=(2, 3), maxshape=maxshape)
            f.create_dataset("one", data=values, chunks=values.shape, compression="gzip")
        with create("plain") as f:
            f["activations/dense_1"] = values
            f["activations/dense_2"] = values.astype(">f8")
            f["labels"] = labels
            f["half"] = values.astype("f2")
        with create("records") as f:
            record = np.dtype([("key", "i8"), ("text", "S5"), ("vector", ">f4", (3,)), ("flag", "?"),
                               ("inner", [("a", "<u2"), ("b", "<f8", (2, 2))])])
            rows = np.zeros(12, record)
            for name in ("key", "flag"):
                rows[name] = labels
            rows["vector"], rows["inner"]["b"] = values[:, :3], values[:, :4].reshape(12, 2, 2)
            f["table"] = rows
            f.create_dataset("packed", data=rows, chunks=(5,), compression="gzip", shuffle=True)
            f.create_dataset("arrays", (12,), np.dtype(("<f4", (10,))), chunks=(4,), compression="lzf")[...] = values
            words = f.create_dataset("words", (6,), [("word", h5py.string_dtype()), ("number", "<i4")])
            words[...] = np.array([(word, number) for number, word in enumerate(["cat", "dog", "größe"] * 2)], words.dtype)
        with create("texts") as f:
            f["names"] = np.array(["cat", "dog", "größe"] * 4, h5py.string_dtype())
            f["fixed"] = np.array([b"cat", b"dog", b"x"])
            f.attrs["class_names"] = ["cat", "dog"]
            f["names"].attrs["of"] = "animals"
            for number in range(20):
                f["fixed"].attrs[f"many {number}"] = np.arange(number)
        with create("links") as f:
            f["a/b/c/values"] = values
            f["soft"] = h5py.SoftLink("/a/b/c/values")
            f["a/b/up"] = f["/a"]
            f["a/loop"] = h5py.SoftLink("/a/loop")
            f["out"] = h5py.ExternalLink("nowhere.h5", "/x")
            for index in range(30):
                f.create_group(f"a/many_{index}")
        with create("holes") as f:
            some = f.create_dataset("some", (40, 10), "<f4", chunks=(4, 5), compression="gzip")
            some[8:16] = 2
            f.create_dataset("never", (40, 10), "<f4")
            f.create_dataset("empty", (0, 10), "<f4")
            small = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            small.set_layout(h5py.h5d.COMPACT)
            space = h5py.h5s.create_simple((6, 7))
            h5py.h5d.create(f.id, b"compact", h5py.h5t.IEEE_F32LE, space, dcpl=small).write(space, space, np.ones((6, 7), "<f4"))
        with create("elsewhere") as f:
            layout = h5py.VirtualLayout((12, 10), "<f4")
            source = h5py.VirtualSource(f"{libver}_plain.h5", "activations/dense_1", (12, 10))
            layout[:4] = source[:4]
            layout[4::2] = source[4:8]
            layout[5::2] = source[8:]
            if libver != "earliest":
                f.create_virtual_dataset("virtual", layout)
            with open(os.path.join(folder, "raw"), "wb") as raw:
                raw.write(values.tobytes() * 2)
            f.create_dataset("external", (12, 10), "<f4", external=[("raw", 16, 160), ("raw", 240, 320)])
    return made


def packed(f):
    """A layer of calm values for each filter that packs numbers or blocks of them, and labels."""
    values = (np.random.default_rng(12).normal(size=(12, 10)) * 20).astype("<f4").round(1)
    for name, (dtype, options) in {
            "blosc": ("<f4", hdf5plugin.Blosc(cname="blosclz", clevel=9)),
            "blosc_lz4": (">f8", hdf5plugin.Blosc(cname="lz4", shuffle=hdf5plugin.Blosc.BITSHUFFLE)),
            "blosc_zstd": ("<f2", hdf5plugin.Blosc(cname="zstd")), "bzip2": ("<f4", hdf5plugin.BZip2()),
            "szip": ("<f4", dict(compression="szip")), "szip_8": ("i1", dict(compression="szip", compression_opts=("ec", 4), shuffle=True)),
            "scaled": ("<i4", dict(scaleoffset=0)), "decimals": ("<f8", dict(scaleoffset=1, compression="gzip"))}.items():
        f.create_dataset(f"layers/{name}", data=values.astype(dtype), chunks=(12, 4), **options)
    kind = h5py.h5t.STD_I32BE.copy()
    kind.set_precision(20)
    kind.set_offset(3)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((5, 4))
    properties.set_filter(5, h5py.h5z.FLAG_OPTIONAL, ())
    dataset = h5py.h5d.create(f.id, b"layers/narrow", kind, h5py.h5s.create_simple(values.shape), dcpl=properties)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, values.astype("<i4"))
    # Records of numbers with few bits, with gaps, arrays and texts.
    record = h5py.h5t.create(h5py.h5t.COMPOUND, 24)
    for name, offset, part in ((b"few", 0, kind), (b"vector", 6, h5py.h5t.array_create(h5py.h5t.IEEE_F32LE, (3,))), (b"text", 19, h5py.h5t.py_create(np.dtype("S3")))):
        record.insert(name, offset, part)
    rows = np.zeros(12, [("few", "<i4"), ("vector", "<f4", (3,)), ("text", "S3")])
    rows["few"], rows["vector"], rows["text"] = values[:, 0], values[:, :3], b"ab"
    properties.set_chunk((5,))
    h5py.h5d.create(f.id, b"records", record, h5py.h5s.create_simple((12,)), dcpl=properties).write(h5py.h5s.ALL, h5py.h5s.ALL, rows)
    f["labels"] = np.arange(12) % 3


def mutate(data, rng):
    """One to six changes: bits, bytes, and runs of the numbers that parsers trip over."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 7)):
        at = int(rng.integers(8, len(data)))
        kind = rng.integers(0, 6)
        if kind == 0:
            data[at] ^= 1 << int(rng.integers(0, 8))
        elif kind == 1:
            data[at] = int(rng.integers(0, 256))
        elif kind == 2:
            data[at:at + 8] = rng.choice([b"\xff" * 8, b"\0" * 8, b"\xff\xff\xff\x7f", b"\x01"])
        elif kind == 3:
            data[at] = (data[at] + int(rng.choice([1, 255]))) % 256
        elif kind == 4:
            length = int(rng.integers(1, 9))
            other = int(rng.integers(8, len(data) - length))
            data[at:at + length] = data[other:other + length]
        else:
            # The old format has no checksums: aim at it where it is.
            word = rng.choice([b"TREE", b"HEAP", b"SNOD", b"GCOL", b"OHDR", b"FAHD", b"EAHD",
                               b"BTHD", b"BTLF", b"FADB", b"EADB", b"OCHK"])
            found = bytes(data).find(word, at)
            if found >= 0:
                data[min(found + int(rng.integers(4, 40)), len(data) - 1)] = int(
                    rng.integers(0, 256))
    return bytes(data)


def reference(path, wanted, connection):
    """Sends for each dataset what h5py makes of it: (shape, bytes), or None if it fails."""
    with h5py.File(path, "r") as f:
        for name in wanted:
            try:
                values = np.asarray(take(f, name))
                if h5py.check_string_dtype(values.dtype) or values.dtype.kind in "SO":
                    flat = values.astype(object).reshape(-1)
                    words = [w if isinstance(w, bytes) else str(w).encode() for w in flat]
                    connection.send((name, list(values.shape), b"\n".join(words)))
                else:
                    values = values.astype(values.dtype.newbyteorder("<"))
                    connection.send((name, list(values.shape), values.tobytes()))
            except Exception:
                pass


def by_h5py(path, wanted):
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(False)
    process = context.Process(target=reference, args=(path, wanted, sender))
    process.start()
    sender.close()
    found = {}
    try:
        while receiver.poll(DEADLINE_S):
            name, shape, data = receiver.recv()
            found[name] = (shape, data)
    except EOFError:
        pass
    process.kill()
    process.join()
    return found


def worker(number, arguments, folder, sources, numbers, results):
    rng = np.random.default_rng([arguments.seed, number])
    path = os.path.join(folder, f"mutated_{number}.h5")
    out = os.path.join(folder, f"out_{number}")
    sys.stderr = open(os.devnull, "w")
    os.dup2(sys.stderr.fileno(), 2)
    for index in range(number, arguments.count, arguments.jobs):
        source = sources[int(rng.integers(0, len(sources)))]
        if arguments.numbers:
            data = numbers[source].mutate(rng)
        else:
            with open(source, "rb") as f:
                data = mutate(f.read(), rng)
        with open(path, "wb") as f:
            f.write(data)
        outcome, detail = judge(arguments.tool, path, out, source)
        if outcome.startswith("BAD"):
            keep = os.path.join(arguments.keep, f"{arguments.seed}_{index}.h5")
            os.makedirs(arguments.keep, exist_ok=True)
            shutil.copy(path, keep)
            detail += f" ({os.path.basename(source)}, kept as {keep})"
        results.put((outcome, detail))


def judge(tool, path, out, source):
    try:
        run = subprocess.run([tool, "read", path, out], capture_output=True, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        return "BAD: hang", ""
    if run.returncode != 0:
        return "BAD: crash", f"code {run.returncode}"
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    if any("path" not in line for line in lines):
        broke = "broke down" in lines[-1]["error"] or "get through" in lines[-1]["error"]
        # libhdf5 may crash over damage; Swift traps where a number is taken unchecked.
        if "SIGILL" in lines[-1]["error"] or "SIGTRAP" in lines[-1]["error"]:
            return "BAD: trap in the child", lines[-1]["error"]
        return ("refused: the child crashed or hung" if broke else "refused: the file"), ""
    readable = [line for line in lines if "bytes" in line]
    with open(out, "rb") as f:
        for line in readable:
            line["data"] = f.read(line["bytes"])
    theirs = by_h5py(path, [line["path"] for line in readable])
    differing = [line for line in readable
                 if line["path"] in theirs and not same(line, *theirs[line["path"]])]
    if differing:
        before = by_h5py(source, [line["path"] for line in differing])
        for line in differing:
            if line["path"] not in before or not same(line, *before[line["path"]]):
                return "BAD: differs", f"{line['path']} {line['shape']} {line['element']}"
        return "read as it was, while h5py reads something else", ""
    if len(readable) < len(lines):
        return "refused: datasets", ""
    return ("read" if len(theirs) == len(readable) else "read, but not by h5py"), ""


def same(line, shape, data):
    if line["shape"] != shape:
        return False
    if line["element"].startswith("text"):
        # h5py leaves spaces and Latin-1 as they are.
        return line["data"].decode().split() == data.decode(errors="surrogateescape").split() \
            or not data.isascii()
    return line["data"] == data


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", default="fuzz-failures")
    parser.add_argument("--numbers", action="store_true")
    arguments = parser.parse_args()
    arguments.tool = os.path.abspath(arguments.tool)
    outcomes = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        sources = seeds(folder)
        numbers = {source: Numbers(source) for source in sources} if arguments.numbers else {}
        results = multiprocessing.Queue()
        workers = [multiprocessing.Process(
            target=worker, args=(n, arguments, folder, sources, numbers, results))
            for n in range(arguments.jobs)]
        for process in workers:
            process.start()
        for _ in range(arguments.count):
            outcome, detail = results.get(timeout=10 * DEADLINE_S)
            outcomes[outcome] += 1
            if outcome.startswith("BAD"):
                print(outcome, detail, flush=True)
        for process in workers:
            process.join()
    for outcome, count in outcomes.most_common():
        print(f"{count:6} {outcome}")
    sys.exit(any(outcome.startswith("BAD") for outcome in outcomes))


if __name__ == "__main__":
    main()
