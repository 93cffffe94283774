"""Scrubbing a layer of a quarter of a million neurons: the client's marks of DESIGN §10, measured.

    python3 Tests/Bench/client.py --divergence .build-release/release/divergence

Makes a dump of `--neurons` neurons with three classes and pairs, precomputes and serves it, and moves through it in
headless Chromium with real input: zoom, wheel, drag, minimap, jumps, re-sorting; cold and warm, and on a line of 10 Mbit/s
with 60 ms. Told for each: intervals between frames, time in draw, frames drawn without exact rows, time until exact, bytes,
requests, aborts.
"""

import argparse
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAUSE_MS = 8


def make_dump(path, neurons, rows):
    import h5py
    import numpy as np

    rng = np.random.default_rng(1)
    names = ["cat", "dog", "bird"]
    labels = rng.permutation(np.arange(rows) % 3)
    middle = rng.normal(0, 1, neurons)
    shift = rng.normal(0, 0.8, (3, neurons))
    with h5py.File(path, "w") as file:
        file["labels"] = labels.astype("i4")
        file["class_names"] = np.array(names, dtype=h5py.string_dtype())
        layer = file.create_dataset("activations/conv", (rows, neurons), "f2")
        for row in range(rows):
            layer[row] = np.maximum(middle + shift[labels[row]] + rng.normal(0, 0.7, neurons), 0)
        pairs = np.array([0, 1, 2])
        group = file.create_group("instances")
        for kind, moved in (("benign", 0), ("attacked", 1)):
            values = [np.maximum(middle + shift[(label + moved) % 3] + rng.normal(0, 0.7 + 0.5 * moved, neurons), 0) for label in pairs]
            group.create_dataset(f"{kind}/activations/conv", data=np.stack(values).astype("f2"))
        group["true_label"] = pairs
        group["benign_prediction"] = pairs
        group["attacked_prediction"] = (pairs + 1) % 3


def serve(program, tiles):
    process = subprocess.Popen([program, "serve", str(tiles), "--port", "0", "--web", str(ROOT / "web")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        if found := re.search(r"https?://\S+", line):
            return process, found[0].rstrip("/") + "/"
    sys.exit("the server did not start")


PROBE = """() => {
    const probe = window.probe = { intervals: [] };
    let last = 0;
    const tick = time => {
        if (last) probe.intervals.push(time - last);
        last = time;
        requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
}"""
RESET = """() => {
    const { frames, queue } = document.documentElement.neuralDivergence;
    probe.intervals = [];
    frames.times.fill(NaN);
    Object.assign(frames, { count: 0, inexact: 0, waits: [], waitingSince: 0 });
    Object.assign(queue.counters, { requests: 0, bytes: 0, aborts: 0, retries: 0 });
}"""
READ = """() => {
    const { frames, queue } = document.documentElement.neuralDivergence;
    const at = (list, share) => { const s = [...list].filter(x => x === x).sort((a, b) => a - b); return s.length ? s[Math.min(s.length - 1, Math.floor(share * s.length))] : 0; };
    return { frames: probe.intervals.length, over20: probe.intervals.filter(x => x > 20).length / Math.max(1, probe.intervals.length),
        interval99: at(probe.intervals, .99), draw50: at(frames.times, .5), draw99: at(frames.times, .99), drawn: frames.count,
        coarse: frames.inexact / Math.max(1, frames.count), sharp50: at(frames.waits, .5), sharp99: at(frames.waits, .99), ...queue.counters };
}"""


class Line:
    """A line between the browser and the server that is as slow as told: a proxy, since throttling by DevTools passes workers by."""

    def __init__(self, url, bits_per_second, delay_s):
        self.target = urllib.parse.urlsplit(url)
        self.rate, self.delay = bits_per_second / 8, delay_s
        self.free_at = 0.0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection((self.target.hostname, self.target.port))
            threading.Thread(target=self.pump, args=(near, far, self.delay, False), daemon=True).start()
            threading.Thread(target=self.pump, args=(far, near, 0, True), daemon=True).start()

    def pump(self, source, sink, delay, metered):
        try:
            while data := source.recv(16384):
                if delay:
                    time.sleep(delay)
                if metered:
                    with self.lock:
                        self.free_at = max(self.free_at, time.monotonic()) + len(data) / self.rate
                        until = self.free_at
                    time.sleep(max(0, until - time.monotonic()))
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for one in (source, sink):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class Session:
    def __init__(self, browser, url, layer):
        self.page = browser.new_page(viewport={"width": 1440, "height": 900})
        self.layer = layer
        self.page.goto(url)
        self.sharp()
        self.page.evaluate(PROBE)
        self.box = self.page.locator(f"#column-{layer} canvas.plot").bounding_box()
        self.strip = self.page.locator(f"#column-{layer} .minimap").bounding_box()
        self.x, self.y = self.box["x"] + self.box["width"] * 0.6, self.box["y"] + self.box["height"] / 2

    def sharp(self):
        self.page.wait_for_selector('html[data-state="sharp"]', timeout=120_000)

    def measure(self, name, act):
        self.page.evaluate(RESET)
        act()
        self.sharp()
        return name, self.page.evaluate(READ)

    def pause(self):
        self.page.wait_for_timeout(PAUSE_MS)

    def zoom(self):
        self.page.mouse.move(self.x, self.y)
        self.page.keyboard.down("Control")
        for step in range(80):
            self.page.mouse.wheel(0, -120 if step < 50 else 60)
            self.pause()
        self.page.keyboard.up("Control")

    def wheel(self):
        for step in range(200):
            self.page.mouse.wheel(0, 100 if step < 100 else 700)
            self.pause()

    def drag(self):
        for _ in range(6):
            self.page.mouse.move(self.x, self.y + 250)
            self.page.mouse.down()
            for step in range(30):
                self.page.mouse.move(self.x, self.y + 250 - step * 16)
                self.pause()
            self.page.mouse.up()

    def minimap(self):
        x, top, height = self.strip["x"] + 10, self.strip["y"] + 40, self.strip["height"] - 60
        self.page.mouse.move(x, top)
        self.page.mouse.down()
        for step in range(200):
            self.page.mouse.move(x, top + height * (step % 100) / 100)
            self.pause()
        self.page.mouse.up()

    def jumps(self):
        neurons = int(self.page.inner_text(f"#column-{self.layer} .neurons").split()[0].replace(",", ""))
        for step in range(12):
            self.page.fill("#find", str((step * 7919 * 31) % neurons))
            self.page.press("#find", "Enter")
            self.page.wait_for_timeout(60)
            self.sharp()

    def resort(self):
        for _ in range(6):
            self.page.click(f"#column-{self.layer} .direction-button")
            self.page.wait_for_timeout(60)
            self.sharp()

    def run(self):
        for name in ("zoom", "wheel", "drag", "minimap", "jumps", "resort"):
            yield self.measure(name, getattr(self, name))
        self.page.close()


def show(title, results):
    print(f"\n{title}\n{'':10}{'frames':>7}{'>20 ms':>8}{'p99 ms':>8}{'draw p50':>9}{'p99':>6}{'coarse':>8}{'to exact':>9}{'p99':>6}{'requests':>9}{'aborted':>8}{'kB':>8}")
    for name, r in results:
        print(f"{name:10}{r['frames']:7}{100 * r['over20']:7.1f}%{r['interval99']:8.1f}{r['draw50']:9.1f}{r['draw99']:6.1f}{100 * r['coarse']:7.1f}%"
              f"{r['sharp50']:9.0f}{r['sharp99']:6.0f}{r['requests']:9}{r['aborts']:8}{r['bytes'] / 1000:8.0f}")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--divergence", default=str(ROOT / ".build-release" / "release" / "divergence"))
    options.add_argument("--neurons", type=int, default=262_144)
    options.add_argument("--rows", type=int, default=240)
    options.add_argument("--chromium", default="/usr/bin/chromium")
    options.add_argument("--url", help="measure this server's first data set instead of making one")
    options.add_argument("--layer", default="conv")
    options.add_argument("--json", help="write the figures to this file")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        process = None
        url, layer = given.url, given.layer
        if not url:
            began = time.monotonic()
            dump = pathlib.Path(folder) / "bench.h5"
            make_dump(dump, given.neurons, given.rows)
            subprocess.run([given.divergence, "precompute", dump, "--output", f"{folder}/Tiles", "--progress", "none"], check=True)
            print(f"{given.neurons:,} neurons, {given.rows} rows, 3 classes, 1 pair on screen; made in {time.monotonic() - began:.0f} s")
            process, url = serve(given.divergence, f"{folder}/Tiles")
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=given.chromium)
                probe = browser.new_page()
                probe.goto(url)
                probe.wait_for_selector('html[data-state="sharp"]', timeout=120_000)
                layers = probe.eval_on_selector_all(".layer-toggle", "all => all.map(one => one.dataset.layer)")
                layer = layer if layer in layers else layers[-1]
                attacked = probe.get_attribute(".instance-toggle.kind-attacked", "data-instance")
                benign = probe.get_attribute(".instance-toggle.kind-benign", "data-instance")
                probe.close()
                link = f"{url}#1;l={layer};g=1,2,3;i={benign},{attacked};s0=v{attacked}~"
                everything = {}
                for title in ("cold", "warm", "10 Mbit/s, 60 ms"):
                    slow = title.startswith("10")
                    session = Session(browser, link.replace(url, Line(url, 10e6, 0.06).url) if slow else link, layer)
                    everything[title] = list(session.run())
                    show(title, everything[title])
                browser.close()
            if given.json:
                pathlib.Path(given.json).write_text(json.dumps(everything, indent=1))
        finally:
            if process:
                process.terminate()


if __name__ == "__main__":
    main()
