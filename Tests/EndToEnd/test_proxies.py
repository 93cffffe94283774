"""The examples of Jobs/hosting as a real nginx runs them, with a certificate of its own, before a real server or plain files."""

import contextlib
import gzip
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
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
