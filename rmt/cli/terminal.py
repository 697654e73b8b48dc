"""Writing to whatever stands behind stdout and stderr: any encoding, a closed pipe, a full disk."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import select
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

#: letters and signs of the messages whose plain form Unicode does not give
PLAIN = {
    "ł": "l",
    "Ł": "L",
    "ø": "o",
    "Ø": "O",
    "×": "x",
    "−": "-",
    "–": "-",
    "—": "-",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
}
PLAIN |= {"λ": "lambda", "σ": "sigma", "χ": "chi", "β": "beta", "π": "pi", "μ": "mu", "ρ": "rho", "…": "...", "≈": "~"}
PLAIN |= {"‘": "'", "’": "'", "“": '"', "”": '"', "·": ".", "⊞": "[+]", "⊠": "[x]", "∞": "inf", "√": "sqrt", "±": "+-"}


def plain(error: UnicodeError) -> tuple[str, int]:
    """Handler of encoding errors: letters lose their accents, signs get their names, the rest is a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain_character, error.object[error.start : error.end])), error.end


def _plain_character(character: str) -> str:
    if character in PLAIN:
        return PLAIN[character]
    kept = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii")
    return kept or "?"


codecs.register_error("rmt.plain", plain)


@contextmanager
def any_terminal() -> Iterator[None]:
    """Context in which stdout and stderr are there, though they were closed, and take every character."""
    with contextlib.ExitStack() as closed:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:  # rmt ... >&-
                setattr(sys, name, closed.enter_context(open(os.devnull, "w", encoding="utf-8")))
                closed.callback(setattr, sys, name, None)
        with _any_character():
            yield


@contextmanager
def _any_character() -> Iterator[None]:
    streams = [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, io.TextIOWrapper)]
    before = [stream.errors for stream in streams]
    for stream in streams:
        stream.reconfigure(errors="rmt.plain")
    try:
        yield
    finally:
        for stream, errors in zip(streams, before, strict=True):
            with contextlib.suppress(OSError, ValueError):
                stream.reconfigure(errors=errors)


def has_no_reader(stream: TextIO) -> bool:
    """Whether the other end of a stream has been closed, as head does; another pipe may be the broken one."""
    try:
        if hasattr(select, "poll"):  # what is written without a buffer leaves nothing to flush
            asked = select.poll()
            asked.register(stream.fileno(), 0)
            if any(events & (select.POLLERR | select.POLLHUP) for _, events in asked.poll(0)):
                return True
        stream.flush()
    except BrokenPipeError:
        return True
    except (OSError, ValueError):  # no file at all, or closed
        return False
    return False


def abandon(stream: TextIO) -> None:
    """Let what a broken stream still holds go nowhere, so that the interpreter leaves in silence."""
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except ValueError:  # a model of the user's has closed it
        return
