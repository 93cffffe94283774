"""What is damaged on disk is made again, not kept: published versions, unfinished work, and what a timer passes over."""

import os
import socket

import numpy as np
import pytest
from programs import DATA
from running import Running, faults
from serving import Server


@pytest.fixture
def path(dump, rng):
    return dump({f"layer_{i}": (rng.normal(size=(300, 70)).astype(np.float32), {"chunks": (15, 70)}) for i in range(2)}, rng.integers(0, 3, 300))


def flip(file, at):
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)


def shard(version):
    """A shard of figures, whose last bytes are of an inner chunk."""
    return version / "layers" / "layer_0" / "statistics" / "median" / "c" / "0" / "0"


def test_a_damaged_version_is_replaced(program, precompute, path):
    """As `verify` advises. Damage within a chunk leaves the index sound and every size as it was."""
    version = precompute(path).resolve()
    manifest = (version / "MANIFEST").read_bytes()
    flip(shard(version), -100)
    assert "checksum" in program.fails(DATA, "verify", version)
    assert precompute(path, options=("--restart", "--progress", "none")).resolve() == version
    program.ok("verify", version)
    assert (version / "MANIFEST").read_bytes() == manifest


def test_unfinished_work_that_is_damaged_is_done_again(program, precompute, path, tmp_path):
    whole = precompute(path, output=tmp_path / "whole")
    tiles = tmp_path / "Tiles"
    with Running(path, "--output", tiles, environment=faults("dump.h5", delay_ms=5)) as run:
        run.until("layer done")
        run.process.kill()
    building = tiles / "dump" / ".building"
    flip(shard(building), -100)
    seen = program.ok("precompute", path, "--output", tiles, "--progress", "json").stderr
    store = tiles / "dump" / "current"
    program.ok("verify", store)
    assert (store / "MANIFEST").read_bytes() == (whole / "MANIFEST").read_bytes()
    assert '"layer": "layer_0"' not in "".join(l for l in seen.splitlines(True) if '"layer kept"' in l)


def test_what_is_not_whole_is_not_passed_over(program, precompute, path):
    version = precompute(path).resolve()
    shard(version).unlink()
    program.fails(DATA, "verify", "--quick", version)
    precompute(path, options=("--if-changed", "--progress", "none"))
    program.ok("verify", version)
    inode = (version / "MANIFEST").stat().st_ino
    precompute(path, options=("--if-changed", "--progress", "none"))
    assert (version / "MANIFEST").stat().st_ino == inode, "what is whole is passed over"


def test_versions_beside_a_damaged_current_one_answer(program, precompute, path, dump, rng):
    """A link of yesterday works, whatever became of tonight's version, also after a restart."""
    first = precompute(path).resolve()
    with open(path, "r+b") as f:
        f.seek(-4, os.SEEK_END)
        f.write(b"\x01\x02\x03\x3f")
    second = precompute(path).resolve()
    assert first != second
    (second / "zarr.json").unlink()
    with Server(first.parents[1]) as server:
        assert server.json(f"/api/v1/datasets/dump/{first.name}")["version"] == first.name
        assert server.json("/api/v1/datasets/dump")["version"] == first.name


def test_a_request_for_another_protocol_is_the_last(precompute, path):
    """Nothing that follows it on its connection waits for an answer that does not come."""
    store = precompute(path)
    with Server(store.parents[1]) as server:
        for head in ("Connection: Upgrade\r\nUpgrade: websocket\r\n", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"):
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
                connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
                with connection.makefile("rb") as file:
                    answer = file.read()
            assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"ok\n")
