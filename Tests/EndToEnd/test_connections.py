"""Connections of clients that take more than their share, over raw sockets: what the server reads, for how long it waits, and how many it holds."""

import contextlib
import json
import os
import pathlib
import re
import select
import socket
import subprocess
import time

import pytest

from programs import PROGRAM
from serving import GOLDEN, Server, Shelf

TILES = GOLDEN.parent
VERSION = (GOLDEN / "current").readlink().name
TILE = f"/api/v1/datasets/golden/{VERSION}/layers/wide/tiles/1/0/0"
#: Far beyond what any of this takes; only for a server that waits for ever.
PATIENCE = 30


def with_figures(*options, env=None):
    """A server, and what reads its figures."""
    admin = Server.__new__(Server)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        admin.port = free.getsockname()[1]
    server = Server(TILES, "--admin-port", admin.port, *options, env=env)

    def figures():
        lines = admin.get("/metrics")[2].decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}

    server.figures = figures
    return server


@pytest.fixture(scope="module")
def server():
    with with_figures("--access-log", env={"DIVERGENCE_IDLE_SECONDS": "1"}) as server:
        yield server
        assert server.get(TILE)[0] == 200
        assert server.stop() == 0


@pytest.fixture
def figures(server):
    return server.figures


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)


def until_closed(connection):
    received = b""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while piece := connection.recv(1 << 16):
            received += piece
    return received


def answers(received):
    """The statuses of whole answers one after another, and the body of the last."""
    found, body = [], b""
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
        assert len(rest) >= length
        found.append(int(head.split()[1]))
        body, received = rest[:length], rest[length:]
    return found, body


def asked(server, request):
    with connect(server) as connection:
        connection.sendall(request)
        return answers(until_closed(connection))


FLAWS = {
    "no host": (b"GET /healthz HTTP/1.1\r\n\r\n", 400, "host"),
    "two hosts": (b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "host"),
    "two hosts in HTTP/1.0": (b"GET /healthz HTTP/1.0\r\nHost: a\r\nhOST: b\r\n\r\n", 400, "host"),
    "a host that is none": (b"GET /healthz HTTP/1.1\r\nHost: a/b@c\r\n\r\n", 400, "host"),
    "a body": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", 413, "body"),
    "a body to HEAD's": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 413, "body"),
    "a chunked body": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 413, "body"),
    "a body that is waited for": (b"POST /healthz HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", 413, "body"),
    "another request as a body": (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 44\r\n\r\nGET /api/v1/datasets HTTP/1.1\r\nHost: x\r\n\r\n", 413, "body"),
    "a length and chunks": (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        (400, 413), ("body", "syntax")),
    "chunks and no length": (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        (400, 413), ("body", "syntax")),
    "chunks, hidden": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n", (400, 413), ("body", "syntax")),
    "two lengths": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello", (400, 413), ("body", "syntax")),
    "a length that is none": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nhello", 400, "syntax"),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "syntax"),
    "too many headers": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in range(150)) + b"\r\n", 431, "headers_too_large"),
}  # fmt: skip


@pytest.mark.parametrize("name", FLAWS)
def test_what_is_refused_is_answered_once_counted_and_logged(server, figures, name):
    request, status, flaw = FLAWS[name]
    flaws = (flaw,) if isinstance(flaw, str) else flaw
    statuses = (status,) if isinstance(status, int) else status
    counters = [f'divergence_malformed_requests_total{{flaw="{one}"}}' for one in flaws]
    before, lines = figures(), len(server.output)
    found, body = asked(server, request)
    assert len(found) == 1 and found[0] in statuses, "one answer, and none to what is hidden in the body"
    assert json.loads(body)["status"] == found[0]
    after = figures()
    assert sum(after[one] - before[one] for one in counters) == 1
    said = [json.loads(line) for line in waited(server, lines)]
    assert [(line["message"], line["flaw"] in flaws, line["client"]) for line in said if "flaw" in line] == [("malformed request", True, "127.0.0.1")]


def waited(server, lines, text='"flaw"'):
    """The lines of output from a place on, when one with that text is there: they are written beside the answers."""
    end = time.monotonic() + PATIENCE
    while not any(text in line for line in server.output[lines:]) and time.monotonic() < end:
        time.sleep(0.01)
    return server.output[lines:]


def test_answers_that_are_due_come_before_a_refusal(server):
    good = f"GET {TILE} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    for bad in b"GET / HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc":
        found, _ = asked(server, good * 3 + bad + good)
        assert found[:3] == [200] * 3 and found[3] in (400, 413) and len(found) == 4


def test_requests_without_a_body_say_so_in_many_ways(server):
    for head in "GET /healthz HTTP/1.0\r\n", "GET /healthz HTTP/1.1\r\nHost: [::1]:8080\r\nContent-Length: 0\r\n", "HEAD / HTTP/1.1\r\nHost:\r\n":
        with connect(server) as connection:
            connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
            status = until_closed(connection).split(b" ")[1]
        assert status in (b"200", b"404"), head


def test_nothing_is_read_of_a_refused_body(server):
    """A client that goes on sending fills the buffers of the system, and no more, until it is cut off."""
    with connect(server) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        sent, piece = 0, b"a" * (1 << 16)
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while sent < 200 << 20:
                sent += connection.send(piece)
        assert sent < 64 << 20


DRIPS = {"a head": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", "a body": b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n", "an address": b"GET /"}


@pytest.mark.parametrize("name", DRIPS)
def test_who_sends_a_byte_at_a_time_is_let_go(server, name):
    with connect(server) as connection:
        end = time.monotonic() + PATIENCE
        connection.sendall(DRIPS[name])
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while time.monotonic() < end:
                connection.sendall(b"a")
                time.sleep(0.05)
        assert time.monotonic() < end


def test_who_reads_a_little_at_a_time_is_let_go(server, figures):
    before = figures()['divergence_closed_connections_total{reason="slow_reader"}']
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", server.port))
        connection.setblocking(False)
        request = f"GET {TILE} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 20
        end = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < end:
                # As much as the server takes, so that there is always something to answer.
                with contextlib.suppress(BlockingIOError):
                    connection.send(request)
                with contextlib.suppress(BlockingIOError):
                    connection.recv(20)
                time.sleep(0.05)
        except OSError:
            pass
        assert time.monotonic() < end
    assert figures()['divergence_closed_connections_total{reason="slow_reader"}'] == before + 1


def test_an_address_has_so_many_connections():
    with with_figures(env={"DIVERGENCE_CONNECTIONS_PER_ADDRESS": "5"}) as server:
        held = [connect(server) for _ in range(5)]
        for connection in held:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 200"
        for _ in range(20):
            with connect(server) as refused:
                assert until_closed(refused) == b""
        assert server.figures()['divergence_closed_connections_total{reason="address_limit"}'] == 20
        # Another address is another client.
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE, source_address=("127.0.0.9", 0)) as other:
            other.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert other.recv(12) == b"HTTP/1.1 200"
        held.pop().close()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with connect(server) as again, contextlib.suppress(ConnectionResetError, BrokenPipeError):
                again.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                if again.recv(12) == b"HTTP/1.1 200":
                    break
        assert time.monotonic() < end
        for connection in held:
            connection.close()
        assert server.stop() == 0


@pytest.mark.parametrize(("proxies", "refused"), [(0, 8), (1, 0)])
def test_whoever_listens_to_others_has_a_limit_by_itself(proxies, refused):
    """A classroom fits into it. Behind a proxy all connections are the proxy's."""
    with Server(TILES, "--host", "127.0.0.2", "--trusted-proxies", str(proxies)) as server:
        held = [socket.create_connection(("127.0.0.2", server.port), timeout=PATIENCE) for _ in range(520)]
        waiting, end = select.poll(), time.monotonic() + PATIENCE
        for connection in held:
            waiting.register(connection, select.POLLIN)
        # Nobody has asked for anything: what can be read is an end.
        while len(ended := {number for number, _ in waiting.poll(0)}) < refused and time.monotonic() < end:
            time.sleep(0.01)
        assert len(ended) == refused
        for connection in held:
            if connection.fileno() not in ended:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert until_closed(connection).startswith(b"HTTP/1.1 200")
            connection.close()
        assert server.stop() == 0


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_out_of_descriptors_it_waits_and_comes_back():
    with with_figures() as server:
        pid = server.process.pid
        most = descriptors(pid) + 20
        subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={most}:{most}"], check=True)
        idle = [connect(server) for _ in range(60)]
        end = time.monotonic() + PATIENCE
        while descriptors(pid) < most and time.monotonic() < end:
            time.sleep(0.01)
        before, start = processor_seconds(pid), time.monotonic()
        time.sleep(1.5)
        used = (processor_seconds(pid) - before) / (time.monotonic() - start)
        assert used < 0.1, f"{used:.2f} of a core, with nothing to do"
        for connection in idle:
            connection.close()
        assert server.get(TILE)[0] == 200
        assert server.figures()["divergence_accept_pauses_total"] > 1
        assert server.stop() == 0
    assert sum("Too many open files" in line for line in server.errors if "connections wait" in line) == 1


def test_connections_leave_descriptors_for_the_stores(tmp_path):
    """With more clients than descriptors the library is still read, and a new version is served."""
    shelf = Shelf(tmp_path / "Tiles")
    shelf.publish("0")
    with Server(shelf.folder, env={"DIVERGENCE_CONNECTIONS": "4000"}, before=["prlimit", "--nofile=128:128"]) as server:
        idle = [connect(server) for _ in range(200)]
        version = shelf.publish("1")
        end = time.monotonic() + PATIENCE
        while not any(version in line for line in server.errors) and time.monotonic() < end:
            time.sleep(0.01)
        for connection in idle:
            connection.close()
        assert server.json("/api/v1/datasets/golden")["version"] == version
        assert server.stop() == 0
    assert [("at most 64 connections" in line, "now serving" in line) for line in server.errors] == [(True, False), (False, True)]


@pytest.mark.parametrize("most", [1, 2, 4, 8, 14])
def test_too_few_threads_are_told_before_anything_is_served(most):
    # Root has no such limit: another user, who has no other process.
    other = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"] if os.geteuid() == 0 else []
    done = subprocess.run([*other, "prlimit", f"--nproc={most}", PROGRAM, "serve", TILES, "--port", "0"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 71 and done.stdout == ""
    assert re.fullmatch(r"divergence: This takes \d+ more threads, and the system allows only \d+\. Raise .*TasksMax.*\n", done.stderr), done.stderr
