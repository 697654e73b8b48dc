"""Work that is given up when it takes too long."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

#: seconds between two attempts to stop work that is overdue
PATIENCE = 0.5


class Overdue(Exception):  # noqa: N818
    """Work was given up because it took longer than it may."""


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """The result of ``work()``, if it takes no longer than this.

    The work runs in a thread of its own; when time is over an exception is raised in it, at its next step in Python.

    Parameters
    ----------
    seconds : float
        0 does not start it; inf waits for ever.
    work : callable

    Raises
    ------
    Overdue
        If time is over.
    """
    if seconds <= 0.0:
        raise Overdue("no time was given")
    found: list[Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:  # it is raised again where it is waited for
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(None if seconds == float("inf") else min(seconds, threading.TIMEOUT_MAX))
    if thread.is_alive():
        end = time.monotonic() + 20.0 * PATIENCE
        while thread.is_alive() and time.monotonic() < end:
            assert thread.ident is not None
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Overdue))
            thread.join(PATIENCE)
        raise Overdue(f"took more than {seconds:g} s")
    if failed:
        raise failed[0]
    return found[0]
