"""A server on the open internet: what strangers send, and what others get meanwhile."""

import http.client
import json
import random
import socket
import string
import threading
import time
import urllib.parse

import pytest

from serving import GOLDEN, Server

TILES = GOLDEN.parent
VERSION = (GOLDEN / "current").readlink().name
LAYER = f"/api/v1/datasets/golden/{VERSION}/layers/wide"
TILE = f"{LAYER}/tiles/1/0/0"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    file = tmp_path_factory.mktemp("hostile") / "serve.yaml"
    file.write_text("idle_seconds: 1\nbuild_queue: 8\nbuild_threads: 2\ncache_mib: 16\nconnections: 3000\n")
    with Server(TILES, "--config", file) as server:
        yield server
        assert server.get(TILE)[0] == 200
        assert server.stop() == 0


def raw(server, request, wait=5):
    """What the server answers to some bytes, until it closes or `wait` seconds pass."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait) as connection:
        received = b""
        try:
            connection.sendall(request)
            while piece := connection.recv(1 << 16):
                received += piece
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            pass
        return received


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "/.%2e/.%2e/etc/passwd",
        "/%252e%252e%252fetc/passwd", "/..%c0%af..%c0%afetc/passwd", "/..%5c..%5cetc%5cpasswd", "/..\\..\\etc\\passwd",
        "//etc/passwd", "/./././etc/passwd", "/%00/etc/passwd", "/index.html%00.png", "/....//....//etc/passwd",
        "/api/v1/datasets/../../../etc/passwd", "/api/v1/datasets/..%2f..%2fgolden", "/api/v1/datasets/golden/current",
        f"/api/v1/datasets/golden/{VERSION}/../../../../Package.swift", f"{LAYER}/../../MANIFEST", "/.git/config",
        f"{LAYER}/tiles/0/0/..%2f..%2fMANIFEST", "http://127.0.0.1/etc/passwd", "/\u202e/etc", "/?/../../etc/passwd",
    ],
)  # fmt: skip
def test_no_path_leads_out(server, path):
    answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert b"root:" not in answer and b"swift-tools-version" not in answer and b"[core]" not in answer
    status = answer.split(b" ")[1] if answer else b"closed"
    assert status in (b"400", b"404", b"closed") or (status == b"200" and path.startswith("/?")), answer[:300]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 64,
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET / HTTP/1.1\r\nA B: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"G" * 10_000 + b" / HTTP/1.1\r\n\r\n",
    ],
)  # fmt: skip
def test_malformed_requests_are_refused_or_closed(server, request_bytes):
    answer = raw(server, request_bytes)
    assert b" 500 " not in answer.split(b"\r\n")[0] and b" 200 " not in answer.split(b"\r\n")[0] or b"GET /" in request_bytes


def test_huge_headers_and_addresses(server):
    many = b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in range(150))
    answer = raw(server, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 431") and b"application/problem+json" in answer
    answer = raw(server, b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 414")
    answer = raw(server, b"GET /" + b"a" * 5_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert not answer.startswith(b"HTTP/1.1 200")


def test_who_sends_slowly_is_let_go(server):
    start = time.monotonic()
    answer = raw(server, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", wait=10)
    assert answer == b"" and time.monotonic() - start < 6


def test_who_does_not_read_is_let_go(server):
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(f"GET {TILE} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 400)
        deadline = time.monotonic() + 15
        closed = False
        while not closed and time.monotonic() < deadline:
            time.sleep(0.2)
            try:
                connection.sendall(b"\r\n")
            except OSError:
                closed = True
        assert closed


def test_random_addresses_are_never_a_fault(server):
    random.seed(4)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    words = ["median(", "value(", "difference(", ")", ",", "all", "golden", "wide", "0", "-1", "99999999999999999999", "%", "%00",
             "%ff", "%2e", "&", "=", "order", "direction", "axis", "bins", "instances", "..", "NaN", "1e9", "ä".encode().hex()]  # fmt: skip
    for _ in range(600):
        tail = "".join(random.choice(words) for _ in range(random.randint(1, 12)))
        path = random.choice([f"{TILE}?order={tail}", f"{LAYER}/{tail}", f"/{tail}", f"{LAYER}/rows/0/0?{tail}", f"{LAYER}/neurons/{tail}"])
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status in (200, 400, 404), (path, answer.status, body)
        if answer.status != 200:
            assert json.loads(body)["status"] == answer.status


def test_thousands_of_idle_connections_keep_nobody_out(server):
    idle = []
    try:
        for _ in range(2000):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            idle.append(connection)
        start = time.monotonic()
        assert server.get(TILE)[0] == 200
        assert time.monotonic() - start < 3
    finally:
        for connection in idle:
            connection.close()


def test_a_flood_of_new_orderings_leaves_known_tiles_quick_and_memory_bounded(server):
    items = [f"{kind}({name})" for kind in ("median", "mean") for name in ("all", "cat (tabby), or not", "chien λ/2")]
    items += ["value(benign 0)", "value(attacked 0)"]
    paths = [
        f"{LAYER}/tiles/{group}/1/0?axis={axis}&order={urllib.parse.quote(f'difference({a},{b})', safe='')}&direction={d}"
        for a in items for b in items for group in range(3) for axis in ("own", "shared") for d in ("ascending", "descending")
    ]  # fmt: skip
    random.seed(5)
    random.shuffle(paths)
    statuses, stop = [], threading.Event()

    def flood(part):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        for path in paths[part::24]:
            if stop.is_set():
                break
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            statuses.append((answer.status, answer.headers["Retry-After"]))

    assert server.get(TILE)[0] == 200
    flooders = [threading.Thread(target=flood, args=(part,)) for part in range(24)]
    for flooder in flooders:
        flooder.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for _ in range(50):
        assert server.get(TILE, connection=connection)[0] == 200
    for flooder in flooders:
        flooder.join()
    assert {status for status, _ in statuses} <= {200, 503}
    assert all(wait for status, wait in statuses if status == 503)
    assert server.resident_bytes < 400 << 20, "caches of 16 MiB, and the program"


def test_only_reading(server):
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND"):
        name = "".join(random.choice(string.ascii_lowercase) for _ in range(4))
        status, headers, _ = server.get(f"/{name}", method=method)
        assert status == 405 and headers["Allow"] == "GET, HEAD"
