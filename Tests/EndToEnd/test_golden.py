"""The golden stores, read in Python: every array by zarr, as README and FORMAT.md promise."""

import hashlib
import json
import shutil

import pytest
import zarr

from fuzz_store import sign
from programs import DATA
from serving import GOLDENS

pytestmark = pytest.mark.parametrize("golden", GOLDENS, ids=["version 1", "version 2"])


def expected(golden):
    return json.loads((golden.parents[1] / "expected.json").read_text())


def arrays(group):
    """All arrays below a group, by path."""
    for _, member in sorted(group.members()):
        if isinstance(member, zarr.Group):
            yield from arrays(member)
        else:
            yield member.path, member


def test_zarr_reads_every_array_as_it_was_written(golden):
    store = zarr.open_group(str(golden / "current"), mode="r")
    found = dict(arrays(store))
    assert found.keys() == expected(golden)["arrays"].keys()
    for path, wanted in expected(golden)["arrays"].items():
        values = found[path][...]
        assert list(values.shape) == wanted["shape"] and str(values.dtype) == wanted["dtype"], path
        assert hashlib.sha256(values.tobytes()).hexdigest() == wanted["sha256"], path


def test_the_manifest_names_every_file_by_its_hash(golden):
    version = (golden / "current").resolve()
    manifest = (version / "MANIFEST").read_bytes()
    assert hashlib.sha256(manifest).hexdigest()[:16] == version.name == expected(golden)["version"]
    named = dict(reversed(line.split("  ", 1)) for line in manifest.decode().splitlines())
    there = {str(path.relative_to(version)) for path in version.rglob("*") if path.is_file()} - {"MANIFEST"}
    assert named.keys() == there
    for path, digest in named.items():
        assert hashlib.sha256((version / path).read_bytes()).hexdigest() == digest, path


@pytest.mark.parametrize("ordering", ["median", "value"])
def test_verify_finds_neurons_out_of_order(program, tmp_path, golden, ordering):
    """A store that is signed and whole, in which two neurons of one ordering have changed places."""
    building = tmp_path / "golden" / ".building"
    shutil.copytree((golden / "current").resolve(), building)
    path = f"layers/wide/orderings/{ordering}"
    order = zarr.open_array(str(building / path), mode="r+")
    plane = order[1]
    plane[[0, -1]] = plane[[-1, 0]]
    order[1] = plane
    sign(building, tmp_path / "golden")
    assert f"{path}: plane 1 is out of order" in program.fails(DATA, "verify", tmp_path / "golden")
