"""Damaged dumps through the whole program: an error of one paragraph, or a store that is equal to what h5py reads.

The short form. ND_MUTATIONS says how many to each seed, ND_SEED which seeds to begin with; `make fuzz` has the long form for reading alone.
"""

import faulthandler
import multiprocessing
import os
import shutil
import subprocess
import traceback
import warnings

import h5py
import numpy as np
import pytest
from programs import PROGRAM
from fuzz_hdf5 import mutate, packed
from numbers_hdf5 import Chunks, Numbers
from store_oracle import check

# What judges begins as a copy of this process: with h5py, NumPy and zarr loaded, thirty times as fast as anew.
FORK = multiprocessing.get_context("fork")

COUNT = int(os.environ.get("ND_MUTATIONS", "12"))
FIRST = int(os.environ.get("ND_SEED", "1"))


def source(path, version):
    """A small dump with a bit of everything, half of it structure: the newer format has checksums over that, and none over values."""
    layer = (np.random.default_rng(1).normal(size=(12, 10)) * 3).astype("f4")
    with h5py.File(path, "w", libver=version) as f:
        f.create_dataset("layers/packed", data=layer, chunks=(5, 4), compression="gzip", shuffle=True, fletcher32=True)
        f.create_dataset("growing", data=layer, chunks=(4, 10), maxshape=(None, 10))
        f["plain"] = np.tile(layer, 16).astype(">f8")
        f["labels"] = np.array(["cat", "dog", "eel"] * 4, h5py.string_dtype())
        f["class_names"] = ["cat", "dog", "eel"]
        f["predictions"] = np.array(["cat", "dog", "dog"] * 4, h5py.string_dtype())
        f["count"] = 12
        f["soft"] = h5py.SoftLink("/plain")
        table = np.zeros(12, [("key", "i8"), ("vector", ">f4", (4,)), ("text", "S3")])
        table["key"], table["vector"] = np.arange(12), layer[:, :4]
        f.create_dataset("table", data=table, chunks=(5,), compression="gzip")
        places = np.argwhere(layer > 0)
        f["sae/data"], f["sae/indices"] = layer[layer > 0], places[:, 1].astype("i4")
        f["sae/indptr"] = np.searchsorted(places[:, 0], np.arange(13)).astype("i4")
        f["sae"].attrs["shape"], f["sae"].attrs["encoding-type"] = layer.shape, np.bytes_("csr_matrix")
        f["top_acts"], f["top_indices"] = layer[:, :3], np.argsort(layer)[:, :3].astype("i2")
        f["top_acts"].attrs["d_sae"] = 10
        for number, kind in enumerate(("benign", "attacked")):
            for name in ("layers/packed", "growing", "plain"):
                f[f"instances/{kind}/{name}"] = f[name][2 * number : 2 * number + 2].astype("f4")
        f["instances/true_label"] = ["cat", "eel"]
    return path


def with_values_of(mutated, sound, filtered=False):
    """The sound file, but for the bytes of its values, which nothing checks: there a mutation makes other values, not damage.

    filtered: also those that filters have packed, of which many check nothing either.
    """
    patched = bytearray(sound.read_bytes())

    def patch(_, node):
        if not isinstance(node, h5py.Dataset) or node.dtype.hasobject or (node.id.get_create_plist().get_nfilters() and not filtered):
            return
        chunks = [node.id.get_chunk_info(i) for i in range(node.id.get_num_chunks())] if node.chunks else []
        stored = [(chunk.byte_offset, chunk.size) for chunk in chunks] or [(node.id.get_offset(), node.id.get_storage_size())]
        for start, size in stored:
            patched[start : start + size] = mutated[start : start + size]

    with h5py.File(sound) as f:
        f.visititems(patch)
    return bytes(patched)


def read_where_it_can_be(mutated, sound, to):
    """Writes the sound file, but with the values that h5py reads of the mutated one, wherever that is."""
    shutil.copy(sound, to)
    with h5py.File(mutated) as damaged, h5py.File(to, "r+") as f:
        names = []
        f.visititems(lambda name, node: names.append(name) if isinstance(node, h5py.Dataset) and not node.dtype.hasobject else None)
        for name in names:
            try:
                values = damaged[name][()]
            except Exception:
                continue
            if np.shape(values) == f[name].shape and np.asarray(values).dtype == f[name].dtype:
                f[name][()] = values


def difference(store, path):
    """What speaks against the store being what NumPy makes of a dump, or None.

    In a process of its own, since libhdf5 may crash or hang on damage: then nobody can judge.
    """
    told, tell = FORK.Pipe(duplex=False)
    process = FORK.Process(target=judge, args=(store, path, tell))
    process.start()
    tell.close()
    try:
        return told.recv() if told.poll(30) else None
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()


def judge(store, path, tell):
    faulthandler.disable()
    warnings.simplefilter("ignore")
    try:
        check(store, [path])
        tell.send(None)
    except Exception:
        tell.send(traceback.format_exc()[-500:])


# What is changed: any bytes, or only numbers, which become extreme ones.
KINDS = {"bytes": lambda path: lambda random: mutate(path.read_bytes(), random), "numbers": lambda path: Numbers(path).mutate}


@pytest.mark.parametrize("version", [("earliest", "v108"), ("v110", "v110")], ids=["old", "new"])
@pytest.mark.parametrize("seed", range(FIRST, FIRST + 2))
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_dumps(tmp_path, version, seed, kind):
    source(tmp_path / "dump.h5", version)
    outcomes = judged(tmp_path, KINDS[kind](tmp_path / "dump.h5"), seed)
    assert 65 in outcomes
    # A single number may well make all of a file unsound.
    assert 0 in outcomes or kind == "numbers"


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 2))
def test_damaged_chunks(tmp_path, seed):
    """The filters that pack numbers or blocks of them: what is in their chunks, and their parameters."""
    with h5py.File(tmp_path / "dump.h5", "w", libver=("v110", "v110")) as f:
        packed(f)
    assert 65 in judged(tmp_path, Chunks(tmp_path / "dump.h5").mutate, seed)


def judged(tmp_path, mutated, seed):
    """Exit codes for mutations of the dump; what is published of them is right."""
    sound = (tmp_path / "dump.h5").read_bytes()
    random = np.random.default_rng([seed, len(sound)])
    path, unharmed, patched, output = (tmp_path / name for name in ("mutated.h5", "dump.h5", "patched.h5", "Tiles"))
    outcomes = []
    for number in range(COUNT):
        path.write_bytes(mutated(random))
        shutil.rmtree(output, ignore_errors=True)
        for command in (["inspect", path, "--job"], ["precompute", path, "--output", output, "--progress", "none"]):
            done = subprocess.run([PROGRAM, *command], capture_output=True, text=True, timeout=900)
            place = f"seed {seed}, number {number}, {command[0]}: {done.returncode} {done.stderr[:500]}"
            # 64: a number that would need more memory than there is.
            assert done.returncode in (0, 65, 66, 74) or (done.returncode == 64 and "--memory" in done.stderr), place
            assert "SIGILL" not in done.stderr and "SIGTRAP" not in done.stderr, place
            assert (done.returncode == 0) == (done.stderr == ""), place
            assert "\n" not in done.stderr.strip(), place
        outcomes.append(done.returncode)
        if done.returncode == 0:
            store = output / "mutated" / "current"
            why = difference(store, path)
            # Where h5py itself fails on the damage, what was there before is as good.
            if why is None or difference(store, unharmed) is None:
                continue
            # Or only its structure; but not where h5py reads other values.
            assert "AssertionError" not in why, f"seed {seed}, number {number}: {why}"
            for way in (False, True, None):
                if way is None:
                    process = FORK.Process(target=read_where_it_can_be, args=(path, unharmed, patched))
                    process.start()
                    process.join(30)
                    process.kill()
                else:
                    patched.write_bytes(with_values_of(path.read_bytes(), unharmed, filtered=way))
                against = difference(store, patched)
                if against is None:
                    break
            assert against is None, f"seed {seed}, number {number}: {why}"
    return outcomes
