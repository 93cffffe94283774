"""Stopping, being killed and going on: the same dump in the end, whatever happened on the way. Without a framework."""

import os
import pathlib
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from programs import ROOT

sys.path.append(str(ROOT / "Jobs" / "record"))

from neural_divergence.hdf5 import from_bfloat16, lookup3, to_bfloat16  # noqa: E402
from neural_divergence.names import RecordingError  # noqa: E402
from neural_divergence.recording import Batches, Layer, Recorder  # noqa: E402

HERE = pathlib.Path(__file__).parent
ROWS, BATCH = 200, 16
CHILD = """
import os, resource, signal, sys
from test_recording import Killed, record
import neural_divergence.dump as dump
dump.CHECKPOINT_SECONDS = 0 if sys.argv[2] == "often" else 1e9
if sys.argv[2].startswith("limit"):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
    record(sys.argv[1], compression=None)
else:
    record(sys.argv[1], Killed(int(sys.argv[3])))
"""


def forward(inputs):
    """Layers of unlike widths, so that their chunks end at unlike rows."""
    x = np.asarray(inputs, np.float32)
    wide = np.repeat(x, 30_000, axis=1) * np.linspace(0, 1, 60_000, dtype=np.float32)
    return {"wide": Layer(wide, "NU"), "narrow": Layer(x @ np.ones((2, 3), np.float32), "NU"), "half": Layer(wide[:, :5000], "NU", "bfloat16")}


def data():
    x = np.random.default_rng(3).random((ROWS, 2), np.float32)
    return {"inputs": x, "labels": np.arange(ROWS) % 3, "texts": [f"input {i}" for i in range(ROWS)], "pictures": np.zeros((ROWS, 4, 4), np.uint8)}


class Killed(Batches):
    """Data under which the process dies when batch number `at` is asked for."""

    def __init__(self, at):
        super().__init__(BATCH, **data())
        self.at = at

    def __iter__(self):
        for number, batch in enumerate(super().__iter__()):
            if number == self.at:
                os.kill(os.getpid(), signal.SIGKILL)
            yield batch


def record(path, batches=None, compression="lz4"):
    batches = Batches(BATCH, **data()) if batches is None else batches
    return Recorder(path, forward, about={"framework": "none"}, total=ROWS, compression=compression, scores="narrow").run(batches, None)


def child(path, *arguments):
    return subprocess.run([sys.executable, "-c", CHILD, str(path), *map(str, arguments)], cwd=HERE, capture_output=True, text=True, timeout=300)


def content(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: np.asarray(item)}) if isinstance(item, h5py.Dataset) else None)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return content(record(tmp_path_factory.mktemp("whole") / "whole.h5"))


def same(a, b):
    assert list(a) == list(b)
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_the_whole_is_right(whole):
    expected = forward(data()["inputs"])
    np.testing.assert_array_equal(whole["activations/wide"], expected["wide"].values)
    np.testing.assert_array_equal(whole["activations/narrow"], expected["narrow"].values)
    np.testing.assert_array_equal(whole["activations/half"], from_bfloat16(to_bfloat16(expected["half"].values)))
    assert [text.decode() for text in whole["texts"]] == data()["texts"]


@pytest.mark.parametrize("compression", ["zstd", None])
def test_all_compressions_hold_the_same(whole, tmp_path, compression):
    same(content(record(tmp_path / "d.h5", compression=compression)), whole)


@pytest.mark.parametrize("how", ["often", "seldom"])
@pytest.mark.parametrize("at", [0, 1, 6, 12])
def test_killed_it_goes_on_to_the_same_dump(whole, tmp_path, how, at):
    path = tmp_path / "dump.h5"
    assert child(path, how, at).returncode == -signal.SIGKILL
    assert not path.exists() and path.with_name("dump.h5.partial").is_dir()
    asked = []

    class Counting(Batches):
        pass

    real = forward
    recorder = Recorder(
        path, lambda inputs: asked.append(len(inputs)) or real(inputs), about={"framework": "none"}, total=ROWS, scores="narrow")
    recorder.run(Batches(BATCH, **data()), None)
    same(content(path), whole)
    assert sum(asked) == ROWS - (at * BATCH if how == "often" else 0)  # nothing is computed twice that a checkpoint holds
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["dump.h5", "dump.yaml"]


def test_killed_again_and_again(whole, tmp_path):
    path = tmp_path / "dump.h5"
    for at in (2, 5, 5, 9):
        assert child(path, "often", at).returncode == -signal.SIGKILL
    record(path)
    same(content(path), whole)


def test_without_room_it_says_so_and_goes_on_later(whole, tmp_path):
    path = tmp_path / "dump.h5"
    done = child(path, "limit", 20_000_000)
    assert done.returncode == 1 and "There is no room left for" in done.stderr and "record again, it goes on from there" in done.stderr
    assert not path.exists()
    with pytest.raises(RecordingError, match="another one: compression differ"):
        record(path)
    record(path, compression=None)
    same(content(path), whole)


def test_a_job_that_somebody_changed_is_kept(tmp_path):
    path = tmp_path / "dump.h5"
    path.with_suffix(".yaml").write_text("mine")
    record(path)
    assert (tmp_path / "dump.yaml.old").read_text() == "mine" and "activations/wide" in path.with_suffix(".yaml").read_text()
    path.unlink()
    record(path)
    assert (tmp_path / "dump.yaml.old").read_text() == "mine"  # the same again replaces nothing


def test_two_recordings_to_one_file(tmp_path):
    path = tmp_path / "dump.h5"

    class Meanwhile(Batches):
        def __iter__(self):
            with pytest.raises(RecordingError, match="is being recorded by another process"):
                record(path)
            yield from super().__iter__()

    record(path, Meanwhile(BATCH, **data()))
    assert path.exists()


def test_what_cannot_be_continued_is_told(tmp_path):
    path = tmp_path / "dump.h5"
    child(path, "often", 4)
    partial = path.with_name("dump.h5.partial")
    (partial / "dump.h5").write_bytes((partial / "dump.h5").read_bytes()[:20] + b"x" * 4000)
    with pytest.raises(RecordingError, match="cannot be continued.*Remove that folder"):
        record(path)


def test_wrong_options_and_places_are_told(tmp_path):
    with pytest.raises(RecordingError, match="compression is 'gzip'; it may be"):
        record(tmp_path / "d.h5", compression="gzip")
    with pytest.raises(RecordingError, match="There is no folder"):
        record(tmp_path / "none" / "d.h5")
    with pytest.raises(RecordingError, match="different lengths: 2, 3"):
        Batches(4, inputs=np.zeros((3, 1)), labels=[0, 1])
    with pytest.raises(RecordingError, match="undo it: pictures"):
        record(tmp_path / "d.h5", [{"inputs": np.zeros((3, 2)), "pictures": np.full((3, 4, 4), -1.0)}])
    with pytest.raises(RecordingError, match="one value a row"):
        record(tmp_path / "d.h5", [{"inputs": np.zeros((3, 2)), "labels": [1, 2]}])
    names = Recorder(tmp_path / "d.h5", forward, about={}, class_names=["a", "b"], scores="narrow")
    with pytest.raises(RecordingError, match="Row 2 has the label 2, and class_names has 2 names, for the labels 0 to 1"):
        names.run(Batches(BATCH, **data()), None)
    for row in (-1, ROWS):
        with pytest.raises(RecordingError, match=f"instances names the row {row}, and the data have the rows 0 to 199"):
            Recorder(tmp_path / "d.h5", forward, about={}, total=ROWS, instances=[3, row])
    with pytest.raises(RecordingError, match="There was no batch"):
        record(tmp_path / "d.h5", [])
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_will_be_too_small_is_told_at_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.warns(UserWarning, match="are free; compressed it may fit"):
        record(tmp_path / "d.h5")


def test_the_checksum_is_that_of_hdf5(tmp_path):
    h5py.File(tmp_path / "a.h5", "w", libver=("v110", "v110")).close()
    head = (tmp_path / "a.h5").read_bytes()[:48]
    assert lookup3(head[:44]).to_bytes(4, "little") == head[44:]
