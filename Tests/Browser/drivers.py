"""Three browsers with the same few verbs: Chromium through Playwright, Firefox through Marionette, WebKit through its WebDriver."""

import base64
import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import urllib.error
import urllib.request

WIDTH, HEIGHT = 1280, 800
TIMEOUT_MS = 60_000

#: Resolves once a condition holds: the page is asked again at every turn of its own clock.
WAIT = """const done = arguments[arguments.length - 1], args = [...arguments].slice(0, -1);
const holds = () => (function () { return (%s); }).apply(null, args);
const timer = setInterval(() => { let value; try { value = holds(); } catch { return; } if (value) { clearInterval(timer); done(value); } }, 25);"""


class Driven:
    """What the walk-through does; each browser has its own `ask`, in the words of W3C WebDriver."""

    name = ""

    def ask(self, command: str, parameters: dict):
        raise NotImplementedError

    def goto(self, url: str) -> None:
        self.ask("Navigate", {"url": url})

    def script(self, body: str, *args):
        """What a function body returns, with `arguments`."""
        return self.ask("ExecuteScript", {"script": body, "args": list(args)})

    def wait(self, condition: str, *args):
        """Until an expression over `arguments` holds."""
        return self.ask("ExecuteAsyncScript", {"script": WAIT % condition, "args": list(args)})

    def size(self) -> None:
        """The page itself is WIDTH x HEIGHT, whatever the window has around it."""
        self.ask("SetWindowRect", {"width": WIDTH, "height": HEIGHT})
        inner = self.script("return [innerWidth, innerHeight]")
        self.ask("SetWindowRect", {"width": 2 * WIDTH - inner[0], "height": 2 * HEIGHT - inner[1]})
        self.wait(f"innerWidth === {WIDTH} && innerHeight === {HEIGHT}")

    def move(self, x: float, y: float) -> None:
        self.pointer(to(x - 3, y), to(x, y))

    def click(self, x: float, y: float) -> None:
        self.pointer(to(x, y), {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0})

    def pointer(self, *actions) -> None:
        self.ask("PerformActions", {"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": list(actions)}]})

    def wheel(self, x: float, y: float, by: int) -> None:
        self.ask("PerformActions", {"actions": [{"type": "wheel", "id": "wheel", "actions": [{"type": "scroll", "x": round(x), "y": round(y), "deltaX": 0, "deltaY": by, "duration": 0, "origin": "viewport"}]}]})

    def press(self, *keys: str) -> None:
        actions = [one for key in keys for one in ({"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})]
        self.ask("PerformActions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def picture(self) -> bytes:
        return base64.b64decode(self.ask("TakeScreenshot", {"full": False}))

    def close(self) -> None:
        pass


def to(x: float, y: float) -> dict:
    return {"type": "pointerMove", "x": round(x), "y": round(y), "duration": 0, "origin": "viewport"}


class Chromium(Driven):
    name = "chromium"

    def __init__(self, page):
        self.page = page
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})

    def goto(self, url):
        self.page.goto(url)

    def script(self, body, *args):
        return self.page.evaluate("([body, args]) => new Function(body).apply(null, args)", [body, list(args)])

    def wait(self, condition, *args):
        return self.page.evaluate("([body, args]) => new Promise(done => new Function(body).apply(null, [...args, done]))", [WAIT % condition, list(args)])

    def size(self):
        pass

    def pointer(self, *actions):
        for action in actions:
            if action["type"] == "pointerMove":
                self.page.mouse.move(action["x"], action["y"])
            elif action["type"] == "pointerDown":
                self.page.mouse.down()
            else:
                self.page.mouse.up()

    def wheel(self, x, y, by):
        self.page.mouse.move(round(x), round(y))
        self.page.mouse.wheel(0, by)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press({"\ue007": "Enter", "\ue00c": "Escape"}.get(key, key))

    def picture(self):
        return self.page.screenshot()


class Firefox(Driven):
    name = "firefox"

    def __init__(self, folder: pathlib.Path):
        from marionette_driver.marionette import Marionette

        self.marionette = Marionette(bin=shutil.which("firefox-esr"), headless=True, port=free_port(), workspace=str(folder), gecko_log=str(folder / "gecko.log"))
        self.marionette.start_session()
        self.marionette.timeout.script = TIMEOUT_MS / 1000

    def ask(self, command, parameters):
        return self.marionette._send_message(f"WebDriver:{command}", parameters, key=None if command in ("Navigate", "SetWindowRect", "PerformActions") else "value")

    def close(self):
        self.marionette.quit(in_app=False)


class WebKit(Driven):
    name = "webkit"
    PLACES = {"Navigate": "url", "ExecuteScript": "execute/sync", "ExecuteAsyncScript": "execute/async", "PerformActions": "actions", "TakeScreenshot": "screenshot", "SetWindowRect": "window/rect", "SetTimeouts": "timeouts"}

    def __init__(self, folder: pathlib.Path):
        browser = next(pathlib.Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
        port = free_port()
        # Its window needs a screen, if only one that nobody sees.
        self.process = subprocess.Popen(["xvfb-run", "-a", "-s", "-screen 0 1920x1200x24", "WebKitWebDriver", f"--port={port}"], stdout=open(folder / "webkit.log", "w"), stderr=subprocess.STDOUT, start_new_session=True)
        self.base = f"http://127.0.0.1:{port}"
        wait_for(port, self.process)
        options = {"binary": str(browser), "args": ["--automation"]}
        answer = self.send("POST", "/session", {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}})
        self.base += f"/session/{answer['sessionId']}"
        self.ask("SetTimeouts", {"script": TIMEOUT_MS, "pageLoad": TIMEOUT_MS})

    def send(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, method=method, data=None if body is None else json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=2 * TIMEOUT_MS / 1000) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {json.load(error)['value']}") from None

    def ask(self, command, parameters):
        if command == "TakeScreenshot":
            return self.send("GET", "/screenshot")
        return self.send("POST", f"/{self.PLACES[command]}", parameters)

    def close(self):
        import os
        import signal

        with contextlib.suppress(Exception):
            self.send("DELETE", "")
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen) -> None:
    """Until something listens there, or the process has ended."""
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
    raise RuntimeError(f"{process.args} ended with {process.returncode}")
