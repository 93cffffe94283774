"""More new orderings at once than may wait: some are told to come again, nobody else notices."""

import http.client
import itertools
import json
import socket
import threading
import time
import urllib.parse

import numpy as np
import pytest
from programs import Program, write_dump
from serving import Server

NEURONS, CLASSES = 100_000, 6
#: Most answers of each weight that wait or are made.
QUEUE = 4
AT_ONCE = 48


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One layer whose orderings take some milliseconds each, and one thread for them."""
    folder = tmp_path_factory.mktemp("overload")
    random = np.random.default_rng(1)
    labels = np.arange(3 * CLASSES) % CLASSES
    dump = write_dump(folder / "wide.h5", {"activations/wide": random.normal(size=(len(labels), NEURONS)).astype("f2")}, labels)
    Program().ok("precompute", dump, "--output", folder / "Tiles", "--progress", "none")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        admin_port = free.getsockname()[1]
    (folder / "serve.yaml").write_text(f"build_queue: {QUEUE}\nbuild_threads: 1\nadmin_port: {admin_port}\n")
    with Server(folder / "Tiles", "--config", folder / "serve.yaml") as server:
        server.admin_port = admin_port
        yield server
        assert server.stop() == 0


@pytest.fixture(scope="module")
def tile(server):
    """Addresses of tiles by ordering."""
    version = server.json("/api/v1/datasets/wide")["url"]
    layer = server.json(version)["layers"][0]["id"]
    return lambda order, level=0: f"{version}/layers/{layer}/tiles/1/{level}/0?order={urllib.parse.quote(order, safe='')}"


@pytest.fixture(scope="module")
def unseen():
    """Orderings that nobody has asked for: each is given once."""
    items = [f"{kind}({group})" for kind in ("median", "mean") for group in range(CLASSES)]
    return iter([f"difference({a},{b})" for a, b in itertools.permutations(items, 2)])


def at_once(server, paths, address="127.0.0.1"):
    """Status, headers and body of requests that are all sent before any answer is read, each on a connection of its own."""
    connections = [socket.create_connection(("127.0.0.1", server.port), timeout=60, source_address=(address, 0)) for _ in paths]
    for connection, path in zip(connections, paths):
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    for connection in connections:
        with connection, connection.makefile("rb") as file:
            head, _, body = file.read().partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        yield int(first.split()[1]), {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}, body


def test_beyond_the_bound_new_orderings_are_told_to_come_again(server, tile, unseen):
    paths = [tile(order) for order in itertools.islice(unseen, AT_ONCE)]
    answers = list(at_once(server, paths))
    statuses = [status for status, _, _ in answers]
    assert set(statuses) == {200, 503}, "some are made and some refused, and nothing else"
    assert statuses.count(200) >= QUEUE
    for status, headers, body in answers:
        if status == 503:
            assert 1 <= int(headers["retry-after"]) <= 60
            assert headers["content-type"].startswith("application/problem+json") and json.loads(body)["status"] == 503
    # Who comes again as told gets what was refused.
    refused = [path for path, status in zip(paths, statuses) if status == 503]
    deadline = time.monotonic() + 60
    while refused and time.monotonic() < deadline:
        refused = [path for path, (status, _, _) in zip(refused[:QUEUE], at_once(server, refused[:QUEUE])) if status == 503] + refused[QUEUE:]
    assert not refused


def test_meanwhile_others_are_answered_at_once(server, tile, unseen):
    known = tile("median(1)")
    assert server.get(known)[0] == 200
    stop, statuses = threading.Event(), []

    def flood():
        while not stop.is_set():
            paths = [tile(order) for order in itertools.islice(unseen, 8)]
            if not paths:
                return
            statuses.extend(status for status, _, _ in at_once(server, paths))

    flooder = threading.Thread(target=flood)
    flooder.start()
    times = []
    try:
        while len(times) < 60 or (not {200, 503} <= set(statuses) and flooder.is_alive()):
            for path in ("/healthz", known):
                start = time.monotonic()
                assert server.get(path)[0] == 200
                times.append(time.monotonic() - start)
    finally:
        stop.set()
        flooder.join()
    assert set(statuses) == {200, 503}, "there was too much to do"
    times.sort()
    assert times[len(times) // 2] < 0.1 and times[-1] < 2, f"{times[len(times) // 2]:.3f} s, at worst {times[-1]:.3f} s"


def test_a_flood_fills_only_its_own_share(server, tile, unseen):
    """Whoever floods is refused alone, also where both ask for what is heavy, and without any rate limit."""
    orders = [f"{tile(f'difference({a}({x}),{b}({y}))')}&direction=descending" for a, b in (("median", "mean"), ("mean", "median"))
              for x, y in itertools.product(range(CLASSES), repeat=2)]  # fmt: skip
    own, flood = orders[:12], orders[12:]
    statuses = []

    def ask_for_all():
        for start in range(0, len(flood), 20):
            statuses.extend(status for status, _, _ in at_once(server, flood[start : start + 20], "127.0.0.2"))

    flooder = threading.Thread(target=ask_for_all)
    flooder.start()
    try:
        answers = [status for path in own for status, _, _ in at_once(server, [path], "127.0.0.3")]
    finally:
        flooder.join()
    assert set(statuses) == {200, 503}, "the flood was more than its share"
    assert answers == [200] * len(own)


def figures(server, name):
    """The sum of a figure of the server's own, whatever its labels."""
    connection = http.client.HTTPConnection("127.0.0.1", server.admin_port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"divergence_{name}"))


def test_what_nobody_waits_for_is_not_made(server, tile):
    """Who asks for much and goes away leaves nothing in the queue: while one answer is made, all others behind it are given up."""
    # Windows of the axis that nobody has looked at, of 65,536 neurons in a tile: some 20 ms each, on the two threads for such work.
    paths = iter([f"{tile('index', 8)}&zoom=6&from={16 * number}" for number in range(5 * QUEUE)])
    made = figures(server, 'cache_entries{cache="answers"}')
    for _ in range(5):
        first, *others = itertools.islice(paths, QUEUE)
        waiting, *going = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(QUEUE)]
        waiting.sendall(f"GET {first} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        for gone, path in zip(going, others):
            gone.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        # Who goes before the server has begun to answer may still read: they go when they wait.
        for _ in range(20):
            if sum(figures(server, f'build_jobs{{weight="{weight}"}}') for weight in ("light", "heavy")) > 1:
                break
        for gone in going:
            gone.close()
        with waiting, waiting.makefile("rb") as file:
            assert file.read().startswith(b"HTTP/1.1 200")
        while figures(server, 'build_jobs{weight="heavy"}') > 0:
            pass
    # Five were waited for; of the others a few may have been begun before their client was seen to be gone.
    assert figures(server, 'cache_entries{cache="answers"}') - made < 5 * QUEUE
