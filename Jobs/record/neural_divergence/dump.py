"""Writing a dump, row by row, so that it may stop at any moment and go on later.

While it is being recorded, `night.h5` is a folder, `night.h5.partial`:

    dump.h5      the layers, written under SWMR: consistent at every moment
    rows.jsonl   what is known of the rows, a line a batch
    state.npz    at the last checkpoint: how many rows there are, and those that do not yet fill a chunk
    lock         held by whoever records

Only whole chunks are written, each of them once. In the end `dump.h5` takes the columns in and is renamed.
"""

import errno
import fcntl
import json
import os
import pathlib
import shutil
import time

import h5py
import numpy as np

from .hdf5 import COMPRESSIONS, LIBVER, create, revive, write_rows
from .names import RecordingError

CHUNK_BYTES = 1 << 20
CHUNK_ROWS_MAX = 1 << 16  # where it is not known how many rows there will be
CHECKPOINT_SECONDS = 30
FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


class Streamed:
    """A dataset whose rows come in batches and leave in chunks."""

    def __init__(self, file, spec, compression):
        self.spec = spec
        self.shape = tuple(spec["shape"])
        self.dtype = spec["dtype"]
        stored = np.dtype(np.uint16 if self.dtype == "bfloat16" else self.dtype)
        row_bytes = int(np.prod(self.shape, dtype=np.int64)) * stored.itemsize
        self.buffer = np.empty((max(1, min(spec["rows_max"], CHUNK_BYTES // max(1, row_bytes))), *self.shape), stored)
        self.held = 0
        self.written = 0
        if spec["path"] not in file:
            create(file, spec["path"], self.shape, self.dtype, len(self.buffer), compression, spec.get("axes"))
        self.dataset = file[spec["path"]]

    @property
    def rows(self):
        return self.written + self.held

    def append(self, values):
        if values.shape[1:] != self.shape:
            raise RecordingError(
                f"{self.spec['path']} had {inwords(self.shape)} values a row, and now has {inwords(values.shape[1:])}. "
                "All batches must be alike but for their length: pad texts to one length (with mask=), resize pictures to one size.")
        while len(values):
            some = values[: len(self.buffer) - self.held]
            self.buffer[self.held : self.held + len(some)] = some
            self.held += len(some)
            values = values[len(some) :]
            if self.held == len(self.buffer):
                self.flush()

    def flush(self):
        write_rows(self.dataset, self.written, self.buffer[: self.held], self.dtype)
        self.written += self.held
        self.held = 0


def inwords(shape):
    return " x ".join(map(str, shape)) or "one"


class Dump:
    """The dump at `path` under way. `about` tells recordings apart: one that was begun goes on only if it is the same."""

    def __init__(self, path, about, compression="lz4"):
        if compression not in COMPRESSIONS:
            raise RecordingError(f"compression is {compression!r}; it may be 'lz4', 'zstd' or None.")
        self.path = pathlib.Path(path)
        self.folder = self.path.with_name(self.path.name + ".partial")
        self.about = about
        self.compression = compression
        self.file = None
        self.streams = {}
        self.batches = []  # of each that is recorded: rows and checksum
        self.log_bytes = 0
        self.resumed = 0
        if self.path.exists():
            raise RecordingError(f"{self.path} is there already. Remove it, or record under another name.")
        if not self.path.parent.is_dir():
            raise RecordingError(f"There is no folder {self.path.parent} to write {self.path.name} into.")
        self.folder.mkdir(exist_ok=True)
        self.lock = open(self.folder / "lock", "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.lock.close()
            raise RecordingError(f"{self.path} is being recorded by another process. Wait for it, or record under another name.") from None
        try:
            if (self.folder / "state.npz").exists():
                self._resume()
            self.log = open(self.folder / "rows.jsonl", "r+b" if self.log_bytes else "w+b")
            self.log.truncate(self.log_bytes)
            self.log.seek(self.log_bytes)
        except BaseException:
            self.lock.close()
            raise
        self.saved = time.monotonic()

    @property
    def rows(self):
        return sum(rows for rows, _ in self.batches)

    def _resume(self):
        begun = f"{self.folder} holds a recording that was begun"
        with np.load(self.folder / "state.npz") as state:
            meta = json.loads(state["meta"].tobytes())
            differ = [key for key in {**meta["about"], **self.about} if meta["about"].get(key) != self.about.get(key)]
            if differ:
                raise RecordingError(f"{begun}, and it is another one: {', '.join(sorted(differ))} differ. Remove that folder to start over.")
            try:
                revive(self.folder / "dump.h5")
                self.file = h5py.File(self.folder / "dump.h5", "r+", libver=LIBVER)
                self._open(meta["streams"])
            except (OSError, ValueError, KeyError, RuntimeError) as error:
                raise RecordingError(f"{begun} and cannot be continued ({error}). Remove that folder to start over.") from error
            for number, stream in enumerate(self.streams.values()):
                tail = state[f"tail{number}"]
                stream.written = meta["written"][number]
                stream.held = len(tail)
                stream.buffer[: len(tail)] = tail
                if len(stream.dataset) < stream.written:
                    raise RecordingError(f"{begun} and cannot be continued: {stream.spec['path']} lacks rows. Remove that folder to start over.")
        self.log_bytes = meta["log_bytes"]
        with open(self.folder / "rows.jsonl", "rb") as log:
            for line in log.read(self.log_bytes).splitlines():
                entry = json.loads(line)
                self.batches.append((entry["rows"], entry["checksum"]))
        self.resumed = self.rows

    @property
    def is_begun(self):
        return self.file is not None

    def begin(self, specs, beside):
        """Makes the datasets. `specs`: a dict with `path`, `shape` of a row, `dtype`, `axes` and `rows_max` of a chunk for each; `beside(file)` writes what
        does not grow."""
        self.file = h5py.File(self.folder / "dump.h5", "w", libver=LIBVER, track_order=True)
        self.file.create_group("activations", track_order=True)
        beside(self.file)
        self._open(specs)
        self.checkpoint()

    def _open(self, specs):
        for spec in specs:
            self.streams[spec["path"]] = Streamed(self.file, spec, self.compression)
        self.file.swmr_mode = True

    def append(self, values, columns, checksum):
        """A batch: `values` by path of a dataset, each [row, …]; `columns` by name, a list each."""
        rows = len(next(iter(values.values())))
        for path, stream in self.streams.items():
            stream.append(values[path])
        entry = {"rows": rows, "checksum": checksum, "columns": columns}
        self.log_bytes += self.log.write(json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        self.batches.append((rows, checksum))
        if time.monotonic() - self.saved > CHECKPOINT_SECONDS:
            self.checkpoint()

    def checkpoint(self):
        """After this, a recording that is killed goes on from here."""
        self.log.flush()
        os.fsync(self.log.fileno())
        self.file.flush()
        sync(self.folder / "dump.h5")
        meta = {
            "about": self.about, "log_bytes": self.log_bytes, "streams": [stream.spec for stream in self.streams.values()],
            "written": [stream.written for stream in self.streams.values()],
        }  # fmt: skip
        tails = {f"tail{number}": stream.buffer[: stream.held] for number, stream in enumerate(self.streams.values())}
        with open(self.folder / "state.new", "wb") as state:
            np.savez(state, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8), **tails)
            state.flush()
            os.fsync(state.fileno())
        os.replace(self.folder / "state.new", self.folder / "state.npz")
        self.saved = time.monotonic()

    def columns(self):
        """All that was said of the rows, by name, as lists."""
        self.log.flush()
        found = {}
        with open(self.folder / "rows.jsonl", "rb") as log:
            for line in log.read(self.log_bytes).splitlines():
                for name, values in json.loads(line)["columns"].items():
                    found.setdefault(name, []).extend(values)
        return found

    def finish(self, job):
        """Completes the file and gives it its name; `job` is the text of a job for it, written beside it."""
        self.checkpoint()
        for stream in self.streams.values():
            stream.flush()
            stream.dataset.resize(stream.written, axis=0)
        self.file.close()
        self.file = h5py.File(self.folder / "dump.h5", "r+", libver=LIBVER)
        for name, values in self.columns().items():
            if name in self.file:
                del self.file[name]
            texts = bool(values) and isinstance(values[0], str)
            self.file.create_dataset(name, data=values, dtype=h5py.string_dtype() if texts else None)
        self.file.close()
        sync(self.folder / "dump.h5")
        beside = self.path.with_suffix(".yaml")
        if beside.exists() and beside.read_text(encoding="utf-8", errors="replace") != job:
            os.replace(beside, beside.with_name(beside.name + ".old"))  # somebody may have changed it
        beside.write_text(job, encoding="utf-8")
        os.replace(self.folder / "dump.h5", self.path)
        self.log.close()
        self.lock.close()
        shutil.rmtree(self.folder)
        sync(self.path.parent)

    def leave(self):
        """Stops in the middle, and keeps what there is. Returns how many rows are kept."""
        kept = 0
        try:
            if self.is_begun:
                self.checkpoint()
                kept = self.rows
        except (OSError, RuntimeError, ValueError):
            kept = self._kept()
            self._let_go()
        for one in (self.file, self.log, self.lock):
            try:
                if one is not None:
                    one.close()
            except (OSError, RuntimeError, ValueError):
                pass
        if not (self.folder / "state.npz").exists():
            shutil.rmtree(self.folder, ignore_errors=True)
        return kept

    def _let_go(self):
        """What could not be written goes nowhere: libhdf5 would try again when the file is closed, and crash. On disk all stays as it is."""
        try:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, self.file.id.get_vfd_handle())
            os.close(nowhere)
        except (OSError, RuntimeError, ValueError):
            pass

    def _kept(self):
        try:
            with np.load(self.folder / "state.npz") as state:
                log = (self.folder / "rows.jsonl").read_bytes()[: json.loads(state["meta"].tobytes())["log_bytes"]]
            return sum(json.loads(line)["rows"] for line in log.splitlines())
        except (OSError, ValueError, KeyError):
            return 0


def is_full(error):
    """Whether an error says that there is no room; libhdf5 says so in words."""
    return getattr(error, "errno", None) in FULL or any(f"errno = {code}" in str(error) for code in FULL)


def sync(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
