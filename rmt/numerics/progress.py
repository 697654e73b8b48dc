"""A sign of life on work of more than two seconds: on a terminal only, on stderr, gone when the work is done."""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from types import TracebackType
from typing import Self

DELAY = 2.0
INTERVAL = 0.5


class Progress:
    """Context that shows what is being done and for how long, from two seconds on; silent when piped.

    Parameters
    ----------
    text : str
        What is being done.
    trials : int
        With several trials, and with tqdm installed, nothing is shown here: :attr:`bar` is true, for the sampler to
        show its own bar.
    """

    def __init__(self, text: str, trials: int = 1) -> None:
        self.text = text
        self.bar = trials > 1 and importlib.util.find_spec("tqdm") is not None
        self._done = threading.Event()
        self._shown = 0

    def __enter__(self) -> Self:
        self._start = time.monotonic()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        if sys.stderr.isatty() and not self.bar:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._shown:
            print("\r" + " " * self._shown + "\r", end="", file=sys.stderr, flush=True)

    def _watch(self) -> None:
        pause = DELAY
        while not self._done.wait(pause):
            line = f"{self.text} ... {time.monotonic() - self._start:.0f} s"
            print("\r" + line.ljust(self._shown), end="", file=sys.stderr, flush=True)
            self._shown = max(self._shown, len(line))
            pause = INTERVAL
