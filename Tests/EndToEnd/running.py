"""Programs that run while a test does something to them: watched through their JSON events."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile

from programs import PROGRAM

HERE = pathlib.Path(__file__).parent


def events(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Child:
    """A process, `self.process`, that is killed at the end of the block if it still runs."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()


class Running(Child):
    """`divergence precompute …` under way."""

    def __init__(self, *arguments, environment=None, before=(), **options):
        command = [*before, PROGRAM, "precompute", *map(str, arguments), "--progress", "json"]
        # Whoever runs the tests under nohup ignores SIGHUP, and so would the program.
        self.process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})},
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL), **options)
        self.seen = ""

    def __exit__(self, *_):
        super().__exit__()
        self.process.stderr.close()

    def until(self, event, **fields):
        """Reads on to an event."""
        for line in self.process.stderr:
            self.seen += line
            if line.startswith("{"):
                found = json.loads(line)
                if found["event"] == event and fields.items() <= found.items():
                    return found
        raise AssertionError(f"ended without {event} {fields}: {self.seen}")

    def end(self, code):
        """Waits for the end; returns what is said after the events."""
        self.seen += self.process.stderr.read()
        self.process.wait(timeout=120)
        assert self.process.returncode == code, f"exit {self.process.returncode}, expected {code}: {self.seen}"
        return "\n".join(line for line in self.seen.splitlines() if not line.startswith("{"))

    @property
    def events(self):
        return events(self.seen)


_shim = None


def faults(suffix, **settings):
    """The environment in which reading files with that ending is slow or fails, or the clock jumps: `delay_ms`, `after`, `hang`, `parent`, `ahead`, `clock`; see faults.c."""
    global _shim
    if _shim is None:
        _shim = pathlib.Path(tempfile.mkdtemp(prefix="divergence-faults-")) / "faults.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", _shim, HERE / "faults.c", "-ldl"], check=True)
    return {"LD_PRELOAD": str(_shim), "FAULT_SUFFIX": suffix, **{f"FAULT_{k.upper()}": str(v) for k, v in settings.items()}}
