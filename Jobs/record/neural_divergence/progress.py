"""How far a recording is: a bar on a terminal or in a notebook, a line every half minute elsewhere."""

import os
import sys
import time


class Progress:
    def __init__(self, total, resumed, stream=None):
        self.total, self.resumed = total, resumed
        self.stream = stream or sys.stderr
        self.is_live = self.stream.isatty() or "ipykernel" in sys.modules
        self.every = 0.2 if self.is_live else 30
        self.begun = self.shown = time.monotonic()
        self.width = 0

    def __enter__(self):
        if self.resumed:
            self.stream.write(f"{self.resumed:,} rows are recorded already; it goes on from there.\n")
        return self

    def at(self, rows, what):
        now = time.monotonic()
        if now - self.shown < self.every and rows != self.total:
            return
        self.shown = now
        rate = (rows - self.resumed) / max(1e-9, now - self.begun)
        text = f"{what}: {rows:,} rows"
        if self.total:
            share = min(1, rows / self.total)
            text = f"{what} [{'#' * round(24 * share):24}] {rows:,} of {self.total:,} rows"
            text += f", {clock((self.total - rows) / max(rate, 1e-9))} left" if rows < self.total else f" in {clock(now - self.begun)}"
        text += f", {rate:,.0f} a second"
        if self.is_live:
            text = text[: width() - 1]
            self.stream.write("\r" + text.ljust(self.width))
            self.width = len(text)
        else:
            self.stream.write(text + "\n")
        self.stream.flush()

    def __exit__(self, *_):
        if self.is_live and self.width:
            self.stream.write("\n")


def width():
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return 100


def clock(seconds):
    minutes, seconds = divmod(round(max(0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
