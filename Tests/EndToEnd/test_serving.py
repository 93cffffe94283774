"""The server as a program: how it is told what to do, how it starts, changes and stops."""

import gzip
import json
import os
import re
import shutil
import signal
import socket
import threading
import time

import pytest

from serving import GOLDEN, Server, Shelf

TILES = GOLDEN.parent
VERSION = (GOLDEN / "current").readlink().name
BASE = f"/api/v1/datasets/golden/{VERSION}"
TILE = f"{BASE}/layers/wide/tiles/1/0/0"


def test_it_says_where_it_serves_and_stops_when_asked():
    with Server(TILES) as server:
        assert server.greeting == f"Serving golden at http://127.0.0.1:{server.port}/\n"
        assert server.json("/api/v1/datasets")["datasets"][0]["version"] == VERSION
        assert server.stop() == 0
        assert server.errors == []


def test_the_page_is_the_one_that_came_with_the_program(tmp_path):
    """Not the site of whoever starts it in a folder that has one."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "index.html").write_text("a site of my own")
    with Server(TILES, before=("env", "-C", tmp_path)) as server:
        assert b"<title>Neural Divergence" in server.get("/")[2]


def test_flags_go_before_the_environment_and_that_before_the_file(tmp_path):
    file = tmp_path / "serve.yaml"
    file.write_text("prefix: /file\norigins: [https://file.example]\nadmin_port: 0\nidle_seconds: 7\n")
    with Server(TILES, "--config", file, env={"DIVERGENCE_PREFIX": "/environment"}) as server:
        assert server.prefix == "/environment"
        _, headers, _ = server.get("/environment/api/v1/datasets", Origin="https://file.example")
        assert headers["Access-Control-Allow-Origin"] == "https://file.example"
    with Server(TILES, "--prefix", "flag", env={"DIVERGENCE_PREFIX": "/environment"}) as server:
        assert server.prefix == "/flag"


@pytest.mark.parametrize(
    ("text", "said"),
    [("ports: 80", "ports"), ("port: many", "port"), ("port: 70000", "port"), ("- a", "settings"), ("rate: -1", "rate"),
     ("user_header: X-User", "trusted_proxies"), ("{user_header: 'X User', trusted_proxies: 1}", "header"), ("connections_per_address: -1", "connections_per_address")],
)
def test_unusable_settings_are_refused(program, tmp_path, text, said):
    file = tmp_path / "serve.yaml"
    file.write_text(text + "\n")
    assert said in program.fails(64, "serve", TILES, "--config", file)


def test_a_port_in_use(program):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in program.fails(73, "serve", TILES, "--port", port)


def test_nothing_to_serve(program, tmp_path):
    assert "precompute" in program.fails(66, "serve", tmp_path)
    program.fails(66, "serve", tmp_path / "nowhere")


def test_a_damaged_store_is_named_and_the_others_are_served(program, tmp_path):
    shelf = Shelf(tmp_path / "Tiles")
    version = shelf.publish("damaged")
    root = shelf.dataset / version / "zarr.json"
    root.write_bytes(root.read_bytes().replace(b"220", b"221"))
    assert "zarr.json" in program.fails(65, "serve", shelf.folder).split("divergence: ")[1]
    (shelf.folder / "whole").symlink_to(GOLDEN)
    with Server(shelf.folder) as server:
        assert [d["name"] for d in server.json("/api/v1/datasets")["datasets"]] == ["whole"]
        server.stop()
        assert any("golden" in line and "zarr.json" in line for line in server.errors)


def test_tokens_come_from_the_environment():
    with Server(TILES, "--access-log", env={"DIVERGENCE_TOKENS": "golden=sesame"}) as server:
        assert server.get(BASE)[0] == 401
        status, headers, _ = server.get(BASE, Authorization="Bearer sesame")
        assert status == 200 and headers["Cache-Control"].startswith("private")
        server.stop()
    assert len(server.output) == 2 and "sesame" not in "".join(server.output + server.errors)


def test_tokens_that_would_protect_nothing(program, tmp_path):
    file = tmp_path / "serve.yaml"
    for tokens in ("golden: []", "golden: ['']"):
        file.write_text(f"tokens: {{{tokens}}}\n")
        assert "golden" in program.fails(64, "serve", TILES, "--config", file)
    # A secret that was not set must not open what the file protects.
    file.write_text("tokens: {golden: [sesame]}\n")
    assert "DIVERGENCE_TOKENS" in program.fails(64, "serve", TILES, "--config", file, env={**os.environ, "DIVERGENCE_TOKENS": ""})
    with Server(TILES, env={"DIVERGENCE_TOKENS": "goldne=sesame", "DIVERGENCE_TOKEN": "golden=sesame"}) as server:
        assert server.get(BASE)[0] == 200
        server.stop()
    assert ["goldne" in line or "DIVERGENCE_TOKEN " in line for line in server.errors] == [True, True]


@pytest.fixture
def admin():
    """Another port of a server that is about to start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = Server.__new__(Server)
        server.port = free.getsockname()[1]
    return server


def figures(admin):
    status, _, text = admin.get("/metrics")
    assert status == 200
    return dict(line.rsplit(" ", 1) for line in text.decode().splitlines() if not line.startswith("#"))


def test_metrics_are_on_a_port_of_their_own(admin):
    with Server(TILES, "--admin-port", admin.port, "--access-log") as server:
        assert server.get(TILE)[0] == 200
        assert server.get("/metrics")[0] == 404
        lines = figures(admin)
        route = "/api/v1/datasets/{dataset}/{version}/layers/{layer}/tiles/{group}/{level}/{index}"
        counted = {name: value for name, value in lines.items() if name.startswith("divergence_requests_total")}
        assert counted.get(f'divergence_requests_total{{route="{route}",status="200"}}') == "1", counted
        for _ in range(9):
            server.get(TILE)
        lines = figures(admin)
        assert [lines[f"divergence_cache_{name}_total"] for name in ("hits", "misses")] == ["9.0", "1.0"]
        assert admin.get("/readyz")[0] == 200
        server.stop()
        logged = [json.loads(line) for line in server.output]
        assert logged[0]["path"] == TILE and logged[0]["status"] == 200


def test_requests_under_way_are_finished_before_it_stops(tmp_path):
    with Server(TILES) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as slow:
            # More than its answers fit into what nobody has read: the connection is busy when the signal comes.
            slow.sendall(f"GET {TILE} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 100)
            assert slow.recv(15) == b"HTTP/1.1 200 OK"
            stopped = []
            thread = threading.Thread(target=lambda: stopped.append(server.stop()))
            thread.start()
            received = b""
            try:
                while piece := slow.recv(1 << 16):
                    received += piece
            except ConnectionResetError:
                pass  # how the connection ends does not matter, but that the whole answer came before
            thread.join()
        assert received.count(b"HTTP/1.1 200 OK") == 99 and len(received) > 100 * 256 * 257
        assert stopped == [0]


def test_a_slow_reader_gets_all_while_others_see_that_it_is_stopping(admin):
    with Server(TILES, "--admin-port", admin.port) as server:
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect(("127.0.0.1", server.port))
            slow.sendall(f"GET {TILE} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 200)
            assert slow.recv(15) == b"HTTP/1.1 200 OK"
            server.process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + 10
            while (ready := admin.get("/readyz")[0]) != 503 and time.monotonic() < deadline:
                time.sleep(0.01)
            assert ready == 503
            assert "divergence_requests_total" in admin.get("/metrics")[2].decode()
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            received = b"HTTP/1.1 200 OK"
            while piece := slow.recv(1 << 20):
                received += piece
        assert server.process.wait(timeout=40) == 0
    # Of the answers that were begun, each is whole.
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
        assert len(rest) >= length, f"{len(rest)} of {length} bytes"
        received = rest[length:]


def test_a_version_is_gone_while_it_is_being_removed(tmp_path):
    shelf = Shelf(tmp_path / "Tiles")
    first = shelf.publish("0")
    with Server(shelf.folder) as server:
        second = shelf.publish("1")
        deadline = time.monotonic() + 20
        while server.json("/api/v1/datasets/golden")["version"] != second and time.monotonic() < deadline:
            time.sleep(0.05)
        # Files go before their folder does.
        for version, status in (first, 404), (second, 500):
            shutil.rmtree(shelf.dataset / version / "layers")
            answer = server.get(f"/api/v1/datasets/golden/{version}/layers/wide/tiles/0/0/0?axis=own")
            assert answer[0] == status, answer
            assert json.loads(answer[2])["type"].endswith("/gone") == (status == 404)


def test_versions_change_a_hundred_times_under_load(tmp_path):
    """No answer is of a mixed version, none is an error of the server."""
    shelf = Shelf(tmp_path / "Tiles")
    versions = [shelf.publish("0")]
    with Server(shelf.folder) as server:
        stop = threading.Event()
        wrong, counts = [], {200: 0, 404: 0}

        def ask():
            import http.client

            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            tile = None
            while not stop.is_set():
                current = json.loads(server.get("/api/v1/datasets/golden", connection=connection)[2])
                for path in ("", "/layers/wide/tiles/1/0/0", "/layers/spread/tiles/2/0/0?axis=own", "/layers/wide/find?rank=3"):
                    status, _, body = server.get(current["url"] + path, connection=connection)
                    counts[status] = counts.get(status, 0) + 1
                    if status == 404 and not json.loads(body)["type"].endswith("/gone"):
                        wrong.append(body)
                    if status == 200 and path == "" and json.loads(body)["version"] != current["version"]:
                        wrong.append(body)
                    if status == 200 and "wide/tiles" in path:
                        tile = tile or body
                        if body != tile:
                            wrong.append("another tile")

        askers = [threading.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        for number in range(1, 101):
            versions.append(shelf.publish(str(number)))
            if number % 3 == 0:
                shelf.remove(versions[number - 2])
                shelf.remove(versions[number - 3])
        deadline = time.monotonic() + 20
        while server.json("/api/v1/datasets/golden")["version"] != versions[-1] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.json("/api/v1/datasets/golden")["version"] == versions[-1]
        stop.set()
        for asker in askers:
            asker.join()
        assert wrong == []
        assert set(counts) <= {200, 404}, counts
        assert counts[200] > 100, counts


def test_gzip_holds_the_same_bytes():
    with Server(TILES) as server:
        plain = server.get(TILE)[2]
        _, headers, packed = server.get(TILE, Accept_Encoding="gzip")
        assert headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed) == plain
