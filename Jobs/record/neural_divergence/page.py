"""The page in a notebook's cell.

`divergence serve` runs on a port of its own, and needs a token that only this process knows. Before it stands a small server of this
process, also on this machine only, under a prefix that cannot be guessed: it adds the token, lets notebooks
show the page in a frame, and takes from that frame the link of what is on screen.

    browser -> Jupyter, or jupyter-server-proxy -> this process /PREFIX/… -> divergence serve
"""

import atexit
import ctypes
import html
import http.client
import http.server
import os
import re
import secrets
import signal
import subprocess
import threading
import urllib.parse

from .program import ProgramError, program

FRAME = """<!doctype html><meta charset="utf-8"><title>Neural Divergence</title>
<style>html, body, iframe { margin: 0; border: 0; width: 100%; height: 100%; display: block }</style>
<iframe></iframe>
<script>
const frame = document.querySelector("iframe");
frame.src = "./" + location.hash;
let said = "";
setInterval(() => {
  const link = frame.contentWindow.location.hash;
  if (link && link !== said) fetch("link", { method: "PUT", body: said = link });
}, 200);
</script>
"""
HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-authorization", "host", "authorization"}
LINK_BYTES_MAX = 1 << 16


def behind():
    """The path under which a hub shows this notebook, where there is one: its proxy is used then."""
    return os.environ.get("JUPYTERHUB_SERVICE_PREFIX")


class Page:
    """The page of a store, shown where this is the last thing in a cell.

    - layers, groups, instances: names of what to show first; or `link`, one that was copied or kept.
    - height: of the frame, in pixels.
    - proxy: the base path of a Jupyter server with jupyter-server-proxy, such as `/` or `/user/ana/`; by default that of JupyterHub, if
      there is one, and else the browser talks to this machine directly.

    `page.link` and `page.selection` say what is on screen. `page.close()` stops it, and so does the end of this process.
    """

    def __init__(self, store, layers=None, groups=None, instances=None, link=None, height=720, proxy=None):
        self.store, self.height = store, height
        self.started = link or self._link(layers, groups, instances)
        self.link = self.started
        key = secrets.token_urlsafe(24)
        proxy = proxy if proxy is not None else behind()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.page = self
        port = self.server.server_address[1]
        base = f"{proxy.rstrip('/')}/proxy/absolute/{port}" if proxy is not None else ""
        self.prefix = f"{base}/{key}"
        self.url = ("" if base else f"http://127.0.0.1:{port}") + f"{self.prefix}/view"
        self.token = secrets.token_urlsafe(24)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DIVERGENCE_")}
        environment["DIVERGENCE_TOKENS"] = f"*={self.token}"
        folder = store.path.parent if (store.path.parent / "current").exists() else store.path
        self.process = subprocess.Popen(
            [program(), "serve", str(folder), "--port", "0", "--prefix", self.prefix, "--cache-mib", "256"], env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=end_with_parent)  # fmt: skip
        greeting = self.process.stdout.readline()
        found = re.search(r"http://[^:]+:(\d+)", greeting)
        if not found:
            raise ProgramError(self.process.stderr.read().removeprefix("divergence: ").strip())
        self.port = int(found[1])
        for stream in (self.process.stdout, self.process.stderr):  # what nobody reads would stop it some day
            threading.Thread(target=lambda s=stream: [None for _ in s], daemon=True).start()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        atexit.register(self.close)

    def close(self):
        """Stops the server."""
        atexit.unregister(self.close)
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
            self.server.shutdown()
            self.server.server_close()

    def _link(self, layers, groups, instances):
        if layers is None and groups is None and instances is None:
            return ""
        named = [one["name"] for one in self.store.attributes["instances"]]
        parts = {"d": urllib.parse.quote(self.store.name), "v": self.store.version}
        if layers is not None:
            parts["l"] = ",".join(self.store[layer].id for layer in layers)
        if groups is not None:
            parts["g"] = ",".join(str(self.store.group(group)) for group in groups)
        if instances is not None:
            parts["i"] = ",".join(str(named.index(one)) for one in instances)
        return "#1;" + ";".join(f"{key}={value}" for key, value in parts.items())

    @property
    def selection(self):
        """What is on screen, by name: layers, groups, instances, the neuron whose panel is open, and neurons that are pinned by layer.

        `where`: conditions of the groups that were made on the page, as `Layer.table` takes them; `rows`: numbers of rows that stand where instances do.
        """
        fields = dict(part.split("=", 1) for part in self.link.split(";") if "=" in part)
        entries = {entry["id"]: entry["name"] for entry in self.store.attributes["layers"]}

        def names(key, all_of):
            return [all_of[int(n)]["name"] for n in fields.get(key, "").split(",") if n.isdigit() and int(n) < len(all_of)]

        shown = [entries[one] for one in fields.get("l", "").split(",") if one in entries]
        pinned = {
            layer: [int(n, 36) for n in fields[f"p{place}"].split(".")] for place, layer in enumerate(shown) if fields.get(f"p{place}")
        }
        made = [urllib.parse.unquote_plus(one.partition(".")[2].partition("!")[0]) for one in fields.get("w", "").split(",")]
        moments = [int(one[1:]) for one in fields.get("g", "").split(",") if one[:1] == "w" and one[1:].isdigit()]
        layer, _, neuron = fields.get("n", "").rpartition(".")
        return {
            "layers": shown, "groups": names("g", self.store.attributes["groups"]), "instances": names("i", self.store.attributes["instances"]),
            "where": [made[place] for place in moments if place < len(made)],
            "rows": [int(one[1:]) for one in fields.get("i", "").split(",") if one[:1] == "r" and one[1:].isdigit()],
            "neuron": (entries[layer], int(neuron)) if layer in entries and neuron.isdigit() else None, "pinned": pinned,
        }  # fmt: skip

    def __repr__(self):
        return f"<page of {self.store.name}: {self.url}>"

    def _repr_html_(self):
        return f'<iframe src="{html.escape(self.url + self.started)}" style="width: 100%; height: {int(self.height)}px; border: 0"></iframe>'


def end_with_parent():
    """A kernel that is killed leaves no server behind (Linux)."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    except AttributeError:
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    """Passes requests on to the tile server; a connection to it for each one to here."""

    protocol_version = "HTTP/1.1"
    connection_there = None

    def do_GET(self):
        page = self.server.page
        if not self.path.startswith(page.prefix + "/"):
            self.answer(404, b"")
        elif self.path == page.prefix + "/view":
            self.answer(200, FRAME.encode(), {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"})
        else:
            self.pass_on(page)

    do_HEAD = do_GET

    def do_PUT(self):
        page = self.server.page
        length = self.headers.get("Content-Length", "")
        if self.path != page.prefix + "/link" or not length.isdigit() or int(length) > LINK_BYTES_MAX:
            self.close_connection = True
            return self.answer(404, b"")
        page.link = self.rfile.read(int(length)).decode("utf-8", "replace")
        self.answer(204, b"")

    def pass_on(self, page):
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        headers["Authorization"] = f"Bearer {page.token}"
        for attempt in range(2):
            try:
                if self.connection_there is None:
                    self.connection_there = http.client.HTTPConnection("127.0.0.1", page.port, timeout=60)
                self.connection_there.request(self.command, self.path, headers=headers)
                found = self.connection_there.getresponse()
                body = found.read()
                break
            except (OSError, http.client.HTTPException):
                self.connection_there = None
                if attempt:
                    return self.answer(502, b"")
        kept = {name: value for name, value in found.getheaders() if name.lower() not in HOP | {"content-length"}}
        for name, value in kept.items():
            if name.lower() == "content-security-policy":  # notebooks have any origin; who does not know the prefix has nothing to frame
                kept[name] = value.replace("; frame-ancestors 'none'", "")
        self.answer(found.status, body, kept)

    def answer(self, status, body, headers=None):
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle(self):
        try:
            super().handle()
        except ConnectionError:  # a browser does not wait for what it no longer needs
            self.close_connection = True

    def log_message(self, *_):
        pass
