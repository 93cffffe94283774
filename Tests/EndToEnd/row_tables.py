"""Dumps with what a table of rows is made of."""

import h5py
import numpy as np

ROWS = 60
UTF8 = h5py.string_dtype()


def write(path, rows=ROWS, layer=None, labels=True, **others):
    with h5py.File(path, "w") as f:
        f["layer"] = np.arange(rows * 3, dtype="f4").reshape(rows, 3) if layer is None else layer
        if labels:
            f["labels"] = np.arange(rows) % 3
        for name, value in others.items():
            if isinstance(value, tuple):
                f.create_dataset(name.replace("__", "/"), data=value[0], **value[1])
            else:
                f[name.replace("__", "/")] = value
    return path


def everything(path, rows, rng, **more):
    """A dump with all of it; what belongs to it in the job."""
    write(
        path, rows=rows, id=np.arange(rows), split=np.array(["train", "val"], "S")[np.arange(rows) % 2], p=rng.random((rows, 5)),
        x=(rng.integers(0, 256, (rows, 9, 8, 3), dtype=np.uint8), dict(chunks=(16, 9, 8, 3), compression="lzf")),
        t=[f"text {n} ä" * (n % 50) for n in range(rows)], predictions=np.arange(rows) % 4, **more)
    return {"columns": ["id", "split"], "scores": "p", "pictures": "x", "texts": "t"}
