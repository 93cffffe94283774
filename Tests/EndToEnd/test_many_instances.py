"""Instances without number: what they take is known before anything is counted, and is refused where it does not fit."""

import h5py
import numpy as np
import pytest

from programs import DATA, peak

BUDGET = "256MiB"


def make(path, count, length, classes=("zero", "one")):
    """A small layer, two kinds of `count` instances, each with a text of `length` bytes."""
    with h5py.File(path, "w") as f:
        f["one"] = np.arange(36, dtype=np.float32).reshape(12, 3)
        f["labels"] = np.arange(12) % 2
        for kind in ("benign", "attacked"):
            f.create_dataset(f"instances/{kind}/one", (count, 3), "f4", chunks=(1000, 3), compression="lzf")[:] = 1
            f[f"instances/{kind}_prediction"] = np.arange(count) % 2
            if length:
                f[f"instances/{kind}/texts"] = np.array([b"t" * length] * count, f"S{length}")
        f["instances/true_label"] = np.arange(count) % 2
    path.with_suffix(".yaml").write_text(f"dumps: [{path.name}]\nclass_names: [{', '.join(classes)}]\n")
    return path.with_suffix(".yaml")


@pytest.mark.parametrize("count, length", [(6000, 0), (2000, 2500)])
def test_many_instances_stay_within_the_memory(tmp_path, count, length):
    job = make(tmp_path / "many.h5", count, length)
    mib = peak("precompute", job, "--output", tmp_path / "T", "--memory", BUDGET, "--progress", "none")
    assert mib < 256, f"{mib:.0f} MiB"


def test_more_texts_than_memory_are_refused(program, tmp_path):
    job = make(tmp_path / "many.h5", 20_000, 3000)
    paragraph = program.fails(64, "precompute", job, "--output", tmp_path / "T", "--memory", BUDGET, "--progress", "none")
    assert "/instances/benign/texts" in paragraph and "Raise --memory" in paragraph
    assert not (tmp_path / "T").exists()


def test_texts_that_share_their_bytes_are_refused_unread(program, tmp_path):
    """A file of some kilobytes whose references claim gigabytes."""
    make(tmp_path / "few.h5", 10_000, 0)
    with h5py.File(tmp_path / "few.h5", "r+") as f:
        for kind in ("benign", "attacked"):
            f.create_dataset(f"instances/{kind}/texts", data=["t" * 50_000] + [""] * 9999, dtype=h5py.string_dtype())
        places = [f[f"instances/{kind}/texts"].id.get_offset() for kind in ("benign", "attacked")]
    content = bytearray((tmp_path / "few.h5").read_bytes())
    for place in places:
        content[place:place + 160_000] = content[place:place + 16] * 10_000
    (tmp_path / "few.h5").write_bytes(content)
    paragraph = program.fails(DATA, "precompute", tmp_path / "few.yaml", "--output", tmp_path / "T", "--progress", "none")
    assert "/instances/benign/texts" in paragraph and "64 MiB" in paragraph


def test_a_root_that_no_reader_takes_is_refused(program, tmp_path):
    """Two kinds of 40,000 instances, each with a label and a prediction of 2,000 letters: 320 MB of JSON."""
    job = make(tmp_path / "many.h5", 40_000, 0, ["z" * 2000, "o" * 2000])
    paragraph = program.fails(DATA, "precompute", job, "--output", tmp_path / "T", "--memory", "64GiB", "--progress", "none")
    assert "names and labels" in paragraph and "64 MiB" in paragraph
    assert not (tmp_path / "T").exists()
