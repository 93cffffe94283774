"""Scrubbing a layer of a quarter of a million neurons: how steady the frames are and how soon rows are exact, measured.

    python3 Tests/Bench/client.py --divergence .build-release/release/divergence

Makes a dump of `--neurons` neurons with three classes and pairs, precomputes and serves it, and moves through it in
headless Chromium with real input: zoom, wheel, drag, minimap, jumps, re-sorting, zooming along the axis, brushing a neuron's histogram; cold and
warm, and on a line of 10 Mbit/s with 60 ms; then warm on a store of which one neuron is a million times hotter than the others. Told for each: intervals between frames, time in draw, frames drawn without exact rows, time
until exact, bytes, requests, aborts. Then how soon a visit begins to show something on slow lines, the same gestures on
layers of other sizes (`--sizes`): what a frame costs must not depend on them; and from a click on a neuron to the last picture of the rows
that fire it most and least, painted.

With `--old PROGRAM --old-web FOLDER` an earlier build, on its own store and with its own page, does the same gestures by turns.
"""

import argparse
import contextlib
import json
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import h5py
import numpy as np
from playwright.sync_api import sync_playwright

from synthetic import make_dump

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAUSE_MS = 8
ACTIONS = ("zoom", "wheel", "drag", "minimap", "jumps", "resort", "across", "brush")
#: How many times hotter than the others one neuron of the second store is.
HOT = 1e6
PARTS = ("scrubbing", "hot", "visits", "sizes", "rows")
#: Rows in view where layers of different sizes are compared.
ROWS_IN_VIEW = 240
#: Rows and neurons of layers whose rows have pictures: like the demo's, and as large as the one that is scrubbed.
PICTURED = ((2_000, 2_048), (1_000, 262_144))
#: Neurons that are clicked on.
CLICKS = 30


def serve(program, tiles, web=ROOT / "web"):
    process = subprocess.Popen([program, "serve", str(tiles), "--port", "0", "--web", str(web)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
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


#: How long after the hand has moved a picture of where it was is there: from the first move after one to the next.
FOLLOW = """() => {
    window.followed = [];
    let moved = 0, group = "";
    addEventListener('pointermove', () => { moved ||= performance.now(); }, true);
    const tick = () => {
        const now = document.documentElement.neuralDivergence.app?.state.brush;
        if (now !== undefined && now !== null && String(now) !== group) { if (group !== "" && moved) window.followed.push(performance.now() - moved); group = String(now); moved = 0; }
        requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
}"""


class Line:
    """A line between the browser and the server that is as slow as told: a proxy, since throttling by DevTools passes workers by."""

    def __init__(self, url, bits_per_second, delay_s):
        self.target = urllib.parse.urlsplit(url)
        self.rate, self.delay = bits_per_second / 8, delay_s
        self.free_at = 0.0
        self.bytes = 0
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
                        self.bytes += len(data)
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
        self.page.mouse.move(self.x, self.y)
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
        """Another direction, another item, a difference: what people do with the menu and the button beside it."""
        for step in range(24):
            if step % 2 == 0:
                self.page.click(f"#column-{self.layer} .direction-button")
            else:
                self.page.click(f"#column-{self.layer} .sort-button")
                self.page.check(f"#sort-by-{('median', 'value', 'difference', 'mean')[step // 2 % 4]}")
                self.page.click("#sort-apply")
            self.page.wait_for_timeout(200)
            self.sharp()

    def across(self):
        """Zooms and pans along the axis, over its numbers and with Shift."""
        self.page.mouse.move(self.x, self.box["y"] + 12)
        for step in range(60):
            self.page.mouse.wheel(0, -90 if step < 40 else 60)
            self.pause()
        self.page.mouse.move(self.x, self.y)
        for step in range(40):
            self.page.mouse.wheel(40 if step < 20 else -40, 0)
            self.pause()

    def brush(self):
        """Draws a group on a neuron's histogram, and moves its end to and fro."""
        self.page.evaluate(FOLLOW)
        self.page.focus(f"#column-{self.layer} canvas.plot")
        self.page.keyboard.press("ArrowDown")
        self.page.wait_for_function("() => /rank/.test(document.querySelector('#live').textContent)")
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#neuron-panel[open] svg.histogram")
        self.sharp()
        self.page.evaluate(RESET)
        area = self.page.locator(".brush-area").bounding_box()
        y = area["y"] + area["height"] / 2
        self.page.mouse.move(area["x"] + 0.2 * area["width"], y)
        self.page.mouse.down()
        for step in range(160):
            self.page.mouse.move(area["x"] + area["width"] * (0.25 + 0.7 * (step % 80) / 80), y + step % 2)
            self.pause()
        self.page.mouse.up()
        self.page.wait_for_selector('.brush[data-settled="true"]')
        self.sharp()
        self.followed = self.page.evaluate("() => [...window.followed].sort((a, b) => a - b)")
        self.page.click("#brush-clear")
        self.page.keyboard.press("Escape")

    def run(self, names):
        for name in names:
            name, result = self.measure(name, getattr(self, name))
            if name == "brush":
                result["followed"] = self.followed
            yield name, result
        self.page.close()


def visits(browser, url):
    """A first visit on slow lines, nothing cached: milliseconds until something is seen and until all is exact."""
    print(f"\n{'first visit':22}{'seen ms':>9}{'exact ms':>9}{'files':>7}{'kB':>7}")
    figures = {}
    for name, rate, delay in (("as fast as it goes", 1e9, 0), ("10 Mbit/s, 60 ms", 10e6, 0.06), ("1.6 Mbit/s, 150 ms", 1.6e6, 0.15), ("400 kbit/s, 400 ms", 0.4e6, 0.4)):
        line = Line(url, rate, delay)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.add_init_script("""new MutationObserver(() => {
            const state = document.documentElement?.dataset.state;
            window.states ??= {};
            if (state) window.states[state] ??= performance.now();
        }).observe(document, { attributes: true, subtree: true, attributeFilter: ["data-state"] })""")
        page.goto(line.url)
        page.wait_for_selector('html[data-state="sharp"]', timeout=120_000)
        states = page.evaluate("states")
        figures[name] = {"seen": min(states.get("coarse", 1e9), states["sharp"]), "exact": states["sharp"], "files": page.evaluate("performance.getEntriesByType('resource').length + 1"), "bytes": line.bytes}
        print(f"{name:22}{figures[name]['seen']:9.0f}{figures[name]['exact']:9.0f}{figures[name]['files']:7}{line.bytes / 1000:7.0f}")
        context.close()
    return figures


def show(title, results):
    print(f"\n{title}\n{'':10}{'frames':>7}{'>20 ms':>8}{'p99 ms':>8}{'draw p50':>9}{'p99':>6}{'coarse':>8}{'to exact':>9}{'p99':>6}{'requests':>9}{'aborted':>8}{'kB':>8}")
    for name, r in results:
        print(f"{name:10}{r['frames']:7}{100 * r['over20']:7.1f}%{r['interval99']:8.1f}{r['draw50']:9.1f}{r['draw99']:6.1f}{100 * r['coarse']:7.1f}%"
              f"{r['sharp50']:9.0f}{r['sharp99']:6.0f}{r['requests']:9}{r['aborts']:8}{r['bytes'] / 1000:8.0f}", flush=True)
        if followed := r.get("followed"):
            print(f"{'':10}{len(followed)} groups shown while the hand moved, each {followed[len(followed) // 2]:.0f} ms after it (p95 {followed[int(0.95 * len(followed))]:.0f} ms)", flush=True)


def settle(browser, url, layer):
    """The link of the view that is measured: three classes and a pair, sorted by the attacked instance."""
    probe = browser.new_page()
    probe.goto(url)
    probe.wait_for_selector('html[data-state="sharp"]', timeout=120_000)
    layers = probe.eval_on_selector_all(".layer-toggle", "all => all.map(one => one.dataset.layer)")
    layer = layer if layer in layers else layers[-1]
    attacked = probe.get_attribute(".instance-toggle.kind-attacked", "data-instance")
    benign = probe.get_attribute(".instance-toggle.kind-benign", "data-instance")
    probe.close()
    return layer, f"#1;l={layer};g=1,2,3;i={benign},{attacked};s0=v{attacked}~"


def flatness(options, browser, folder):
    """The same gestures on layers of other sizes."""
    print(f"\n{'neurons':>10}{'frames':>8}{'>20 ms':>8}{'draw p50':>9}{'p99':>6}{'to exact':>9}{'requests':>9}{'kB':>8}")
    figures = {}
    for neurons in options.sizes:
        dump = folder / f"flat-{neurons}.h5"
        make_dump(dump, neurons, 48)
        tiles = folder / f"flat-{neurons}"
        subprocess.run([options.divergence, "precompute", dump, "--output", tiles, "--progress", "none"], check=True)
        dump.unlink()
        process, url = serve(options.divergence, tiles)
        try:
            layer, view = settle(browser, url, options.layer)
            # As many rows in view for every size: what is compared is the size of the layer.
            view += f";y0=100_{ROWS_IN_VIEW}"
            # The first round fills the server's caches, as the first visitor of the day does.
            list(Session(browser, url + view, layer).run(("wheel", "resort")))
            results = dict(Session(browser, url + view, layer).run(("wheel", "drag", "minimap", "resort")))
        finally:
            process.terminate()
        frames = sum(r["frames"] for r in results.values())
        one = figures[neurons] = {
            "frames": frames, "over20": sum(r["over20"] * r["frames"] for r in results.values()) / frames,
            "draw50": results["wheel"]["draw50"], "draw99": results["wheel"]["draw99"], "sharp50": results["resort"]["sharp50"],
            "requests": sum(r["requests"] for r in results.values()), "bytes": sum(r["bytes"] for r in results.values())}
        print(f"{neurons:10,}{frames:8}{100 * one['over20']:7.1f}%{one['draw50']:9.1f}{one['draw99']:6.1f}{one['sharp50']:9.0f}{one['requests']:9}{one['bytes'] / 1000:8.0f}")
    return figures


#: Notes when the pointer went up, and when the frame was painted in which the last of so many pictures came.
CLICKED = """() => {
    const cards = () => [...document.querySelectorAll('#neuron-body .row-card canvas')];
    addEventListener('pointerup', event => Object.assign(window, { began: event.timeStamp, seen: 0, before: new Set(cards()) }), true);
    const note = () => requestAnimationFrame(() => setTimeout(() => {
        const shown = cards();
        if (shown.length === 32 && shown.every(one => 'there' in one.dataset && !window.before.has(one))) window.seen ||= performance.now();
    }));
    new MutationObserver(note).observe(document.querySelector('#neuron-body'), { subtree: true, childList: true, attributes: true, attributeFilter: ['data-there'] });
}"""


def rows_that_fire(options, browser, folder):
    """Milliseconds from a click on a neuron that was never looked at to 32 painted pictures, the server's files in memory."""
    print(f"\n{'rows, neurons':>18}{'':12}{'first ms':>9}{'p50':>6}{'worst':>7}   mark: at most 100")
    figures = {}
    for rows, neurons in options.pictured:
        dump, tiles = folder / f"pictured-{neurons}.h5", folder / f"pictured-{neurons}"
        make_dump(dump, neurons, rows)
        with h5py.File(dump, "a") as file:
            file["images"] = np.random.default_rng(3).integers(0, 256, (rows, 28, 28), "u1")
        job = folder / "pictured.yaml"
        job.write_text(f"name: pictured\ndumps: [{dump.name}]\npictures: images\n")
        subprocess.run([options.divergence, "precompute", job, "--output", tiles, "--progress", "none"], check=True)
        dump.unlink()
        process, url = serve(options.divergence, tiles)
        try:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            # A neuron for each click, so that none was asked for before.
            page.goto(f"{url}#1;l=conv;g=1,2;y0=100_{2 * CLICKS + 4}")
            page.wait_for_selector('html[data-state="sharp"]', timeout=120_000)
            page.evaluate(CLICKED)
            for start, among in ((0, "all rows"), (CLICKS + 1, "a class")):
                times = []
                for line in range(start, start + CLICKS + 1):
                    box, facts = page.locator("#column-conv canvas.plot").bounding_box(), page.eval_on_selector("#column-conv", "one => ({...one.dataset})")
                    page.mouse.click(box["x"] + float(facts["plotX"]) + float(facts["plotWidth"]) * 0.6, box["y"] + float(facts["plotTop"]) + (line + 0.5) * float(facts["rowHeight"]))
                    page.wait_for_function("() => window.seen > 0", timeout=60_000)
                    times.append(page.evaluate("() => window.seen - window.began"))
                first, *rest = times
                one = figures[f"{rows} x {neurons}, {among}"] = {"first": first, "p50": statistics.median(rest), "worst": max(rest)}
                print(f"{f'{rows:,} x {neurons:,}':>18}  {among:10}{first:9.0f}{one['p50']:6.0f}{one['worst']:7.0f}", flush=True)
                page.click('.firing-choice [data-group="1"]')
                page.wait_for_function("() => document.querySelectorAll('#neuron-body .row-card canvas[data-there]').length === 32")
            page.close()
        finally:
            process.terminate()
    return figures


def shape(text):
    rows, neurons = text.split("x")
    return int(rows), int(neurons)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--divergence", default=str(ROOT / ".build-release" / "release" / "divergence"))
    options.add_argument("--neurons", type=int, default=262_144)
    options.add_argument("--rows", type=int, default=240)
    options.add_argument("--sizes", type=int, nargs="*", default=[1_000, 16_000, 1_000_000], help="layers to compare the cost on")
    options.add_argument("--pictured", type=shape, nargs="*", default=PICTURED, metavar="ROWSxNEURONS", help="layers whose rows have pictures")
    options.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options.add_argument("--actions", nargs="+", choices=ACTIONS, default=ACTIONS, help="of scrubbing; most move only where zoom went before them")
    options.add_argument("--chromium", default="/usr/bin/chromium")
    options.add_argument("--url", help="measure this server's first data set instead of making one")
    options.add_argument("--layer", default="conv")
    options.add_argument("--json", help="write the figures to this file")
    options.add_argument("--old", help="an earlier build of the program, by turns")
    options.add_argument("--old-web", help="the page of the earlier build")
    options.add_argument("--rounds", type=int, default=1, help="of scrubbing, by turns")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright, contextlib.ExitStack() as running:
        folder = pathlib.Path(name)
        browser = playwright.chromium.launch(executable_path=given.chromium)
        everything = {}
        urls = {"": given.url} if given.url else made(given, folder, running) if {"scrubbing", "visits"} & set(given.parts) else {}
        if "scrubbing" in given.parts:
            everything |= scrubbed(given, browser, urls, ("cold", "warm", "10 Mbit/s, 60 ms"))
        if "hot" in given.parts and not given.url:
            everything |= scrubbed(given, browser, made(given, folder, running, HOT), ("warm",), "one hot neuron, ")
        if "visits" in given.parts:
            for build, url in urls.items():
                everything[f"{build}visits"] = visits(browser, url)
        if "sizes" in given.parts:
            everything["sizes"] = flatness(given, browser, folder)
        if "rows" in given.parts:
            everything["rows"] = rows_that_fire(given, browser, folder)
        browser.close()
        if given.json:
            pathlib.Path(given.json).write_text(json.dumps(everything, indent=1))


def scrubbed(given, browser, urls, titles, what=""):
    """All gestures on each build by turns, under these titles."""
    everything = {}
    layer, view = settle(browser, next(iter(urls.values())), given.layer)
    for title in titles:
        for number in range(given.rounds if title != "cold" else 1):
            for build, url in urls.items():
                slow = title.startswith("10")
                session = Session(browser, (Line(url, 10e6, 0.06).url if slow else url) + view, layer)
                name = f"{build}{what}{title}" + (f", round {number + 1}" if given.rounds > 1 and title != "cold" else "")
                # The first release has no brush.
                everything[name] = list(session.run([action for action in given.actions if not build or action != "brush"]))
                show(name, everything[name])
    return everything


def made(given, folder, running, hot=1.0):
    """The addresses of the builds' servers, each with a store of its own making; with one neuron so many times hotter than the others."""
    name = "bench" if hot == 1 else "hot"
    make_dump(folder / f"{name}.h5", given.neurons, given.rows, hot=hot)
    urls = {}
    for build, program, web in (("", given.divergence, ROOT / "web"), ("old build: ", given.old, given.old_web)):
        if program:
            began, tiles = time.monotonic(), folder / f"{'Old' if build else ''}Tiles-{name}"
            subprocess.run([program, "precompute", folder / f"{name}.h5", "--output", tiles, "--progress", "none"], check=True)
            print(f"{build}{given.neurons:,} neurons, {given.rows} rows, 3 classes, 1 pair on screen{'' if hot == 1 else f', one neuron {hot:g} times hotter'}; made in {time.monotonic() - began:.0f} s", flush=True)
            process, urls[build] = serve(program, tiles, web)
            running.callback(process.terminate)
    return urls


if __name__ == "__main__":
    main()
