"""The examples of Jobs/hosting as a real nginx runs them, with a certificate of its own, before a real server or plain files."""

import contextlib
import gzip
import http.client
import http.server
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time

import pytest

from programs import ROOT
from serving import GOLDEN, Server

TILES = GOLDEN.parent
VERSION = (GOLDEN / "current").readlink().name
HOST = "activations.example"
PATH = os.environ.get("PATH", "") + ":/usr/sbin"


class Nginx:
    """A server block of Jobs/hosting with other paths and ports, and nothing else."""

    def __init__(self, folder, example, replaced):
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
            check=True, capture_output=True)  # fmt: skip
        block = (ROOT / "Jobs" / "hosting" / example).read_text()
        replaced |= {
            f"/etc/ssl/{HOST}/fullchain.pem": f"{folder}/cert.pem", f"/etc/ssl/{HOST}/privkey.pem": f"{folder}/key.pem",
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
        }  # fmt: skip
        for there, here in replaced.items():
            assert there in block, there
            block = block.replace(there, here)
        block, count = re.subn(r"\n *listen \[::\]:443 .*", "", block)
        assert count == 1
        temporary = " ".join(f"{kind}_temp_path temporary-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"{user} daemon off; worker_processes 1; pid pid; error_log stderr; events {{ }}\n"
            f"http {{ access_log off; {temporary} include /etc/nginx/mime.types;\n{block}\n}}\n")
        command = ["nginx", "-p", f"{folder}/", "-e", "stderr", "-c", folder / "nginx.conf"]
        self.process = subprocess.Popen(command, env={**os.environ, "PATH": PATH}, stderr=subprocess.PIPE, text=True)
        self.trust = ssl.create_default_context(cafile=folder / "cert.pem")
        self.trust.check_hostname = False
        end = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                break
            assert self.process.poll() is None and time.monotonic() < end, self.process.communicate()[1]
            time.sleep(0.02)

    def get(self, path, source="127.0.0.1", **headers):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.trust, timeout=30, source_address=(source, 0))
        connection.request("GET", path, headers={"Host": HOST, **{k.replace("_", "-"): v for k, v in headers.items()}})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=20)


def before(server, tmp_path):
    return Nginx(tmp_path, "nginx.conf", {"127.0.0.1:8080": f"127.0.0.1:{server.port}", "/var/cache/nginx/divergence": f"{tmp_path}/cache"})


def asked(server, path):
    """How often the server was asked for a path, and by whom."""
    time.sleep(0.2)
    return [line["client"] for line in map(json.loads, filter(lambda l: l.startswith("{"), server.output)) if line["path"] == path]


@pytest.mark.parametrize("prefix", ["", "/demo"])
def test_what_browsers_and_nginx_may_keep(prefix, tmp_path):
    tile = f"{prefix}/api/v1/datasets/golden/{VERSION}/layers/wide/tiles/1/0/0"
    with Server(TILES, "--access-log", "--trusted-proxies", "1", "--prefix", prefix) as server, before(server, tmp_path) as nginx:
        plain = server.get(tile)[2]
        for _ in range(3):
            status, headers, body = nginx.get(tile, Accept_Encoding="gzip", X_Forwarded_For="6.6.6.6")
            assert status == 200 and headers["Content-Encoding"] == "gzip" and gzip.decompress(body) == plain
            assert headers["Cache-Control"] == "public, max-age=31536000, immutable" and "max-age" in headers["Strict-Transport-Security"]
        assert nginx.get(tile)[2] == plain
        # Directly, once for gzip, once for what is not packed; who wrote X-Forwarded-For himself is not believed.
        assert asked(server, tile) == ["127.0.0.1"] * 3

        for path in tile, f"{prefix}/api/v1/datasets", f"{prefix}/", f"{prefix}/src/app.js":
            tag = nginx.get(path)[1]["ETag"]
            status, headers, body = nginx.get(path, If_None_Match=tag)
            assert (status, headers["ETag"], body) == (304, tag, b""), path

        status, headers, body = nginx.get(f"{tile}?order=none")
        assert status == 400 and headers["Content-Type"] == "application/problem+json" and json.loads(body)["instance"] == tile

        # What is kept is there without the server; the rest says so.
        server.stop()
        assert nginx.get(tile)[::2] == (200, plain)
        assert nginx.get(f"{prefix}/api/v1/datasets")[0] == 502


def test_tokens_and_limits(tmp_path):
    settings = tmp_path / "serve.yaml"
    settings.write_text("tokens: {golden: [a-long-random-text]}\nrate: 1\nburst: 20\ntrusted_proxies: 1\n")
    metadata = f"/api/v1/datasets/golden/{VERSION}"
    with Server(TILES, "--config", settings) as server, before(server, tmp_path) as nginx:
        status, headers, _ = nginx.get(metadata, Authorization="Bearer a-long-random-text")
        assert status == 200 and headers["Cache-Control"].startswith("private")
        status, headers, _ = nginx.get(metadata)
        assert status == 401 and headers["WWW-Authenticate"]

        while (answer := nginx.get("/api/v1/datasets", X_Forwarded_For="10.0.0.1"))[0] == 200:
            pass
        assert answer[0] == 429 and int(answer[1]["Retry-After"]) >= 1
        assert nginx.get("/api/v1/datasets", source="127.0.0.2")[0] == 200


def test_a_site_of_plain_files(program, tmp_path):
    program.ok("export", TILES / "golden", "--static", tmp_path / "site", "--web", ROOT / "web")
    with Nginx(tmp_path, "nginx-static.conf", {"/srv/divergence-site": f"{tmp_path}/site"}) as nginx:
        for path in sorted(p for p in (tmp_path / "site").rglob("*") if p.is_file()):
            name = str(path.relative_to(tmp_path / "site"))
            status, headers, body = nginx.get(f"/{name}", Accept_Encoding="gzip")
            packed = headers["Content-Encoding"] == "gzip"
            assert status == 200 and (gzip.decompress(body) if packed else body) == path.read_bytes(), name
            assert packed == (path.suffix in (".json", ".js", ".css", ".html", ".svg") and path.stat().st_size >= 20), name
            immutable = "public, max-age=31536000, immutable"
            assert headers["Cache-Control"] == (immutable if name.startswith("api/") else "no-cache"), name
            assert "max-age" in headers["Strict-Transport-Security"]
        assert nginx.get("/")[2] == (tmp_path / "site" / "index.html").read_bytes()


class SignIn(http.server.BaseHTTPRequestHandler):
    """Answers as oauth2-proxy does with --set-xauthrequest: its cookie says who is signed in."""

    def do_GET(self):
        user = re.fullmatch(r"_oauth2_proxy=(\w+)", self.headers["Cookie"] or "")
        self.server.asked.append((self.path, self.headers["X-Forwarded-Uri"]))
        if self.path == "/oauth2/auth":
            self.send_response(202 if user else 401)
            if user:
                self.send_header("X-Auth-Request-User", user[1])
        else:
            self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def sign_in():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SignIn)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_only_who_is_signed_in_sees_anything(sign_in, tmp_path):
    settings = tmp_path / "serve.yaml"
    settings.write_text("access_log: true\ntrusted_proxies: 1\nuser_header: X-Auth-Request-User\nrate: 0.001\nburst: 60\n")
    metadata = f"/api/v1/datasets/golden/{VERSION}"
    ann, bob = "_oauth2_proxy=ann", "_oauth2_proxy=bob"
    with Server(TILES, "--config", settings) as server:
        replaced = {
            "127.0.0.1:8080": f"127.0.0.1:{server.port}", "127.0.0.1:4180": f"127.0.0.1:{sign_in.server_port}",
            "/var/cache/nginx/divergence": f"{tmp_path}/cache",
        }  # fmt: skip
        with Nginx(tmp_path, "nginx-sign-in.conf", replaced) as nginx:
            # A page goes to sign in, what a page asks for does not, and nothing reaches the server.
            status, headers, _ = nginx.get("/")
            assert status == 302 and headers["Location"].endswith("/oauth2/start?rd=/")
            for path in "/api/v1/datasets", metadata, f"{metadata}/layers/wide/tiles/1/0/0":
                assert nginx.get(path, X_Auth_Request_User="mallory")[0] == 401
            assert nginx.get("/oauth2/start?rd=/")[0] == 200
            assert nginx.get("/oauth2/auth", Cookie=ann)[0] == 404, "it is asked by nginx only"
            assert server.output == []

            assert nginx.get("/", Cookie=ann)[0] == 200
            assert nginx.get("/api/v1/datasets", Cookie=ann, X_Auth_Request_User="mallory")[0] == 200
            for cookie in ann, bob, ann:
                assert nginx.get(metadata, Cookie=cookie)[0] == 200
            assert ("/oauth2/auth", metadata) in sign_in.asked
            # What one has asked for is kept for the other, and still not for a stranger.
            assert asked(server, metadata) == ["127.0.0.1"] and nginx.get(metadata)[0] == 401
            lines = [json.loads(line) for line in server.output]
            assert {line["user"] for line in lines} == {"ann"}

            # Limits are a user's, not an address's.
            while (status := nginx.get("/api/v1/datasets", Cookie=ann)[0]) == 200:
                pass
            assert status == 429 and nginx.get("/api/v1/datasets", Cookie=bob)[0] == 200


def test_an_id_follows_a_request_through_nginx_and_logs(tmp_path):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    tile = f"/api/v1/datasets/golden/{VERSION}/layers/wide/tiles/1/0/0"
    with Server(TILES, "--access-log") as server, before(server, tmp_path) as nginx:
        ids = []
        for _ in range(2):
            status, headers, _ = nginx.get(tile, X_Request_Id="made-up", Traceparent=f"00-{trace}-00f067aa0ba902b7-01")
            assert status == 200 and len(headers.get_all("X-Request-Id")) == 1 and headers["traceparent"] is None
            ids.append(headers["X-Request-Id"])
        assert len(set(ids)) == 2 and "made-up" not in ids
        asked(server, tile)
        lines = [json.loads(line) for line in server.output]
        assert [(line["request"], line["trace"]) for line in lines] == [(ids[0], trace)]
