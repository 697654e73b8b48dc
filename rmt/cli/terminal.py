"""Writing to whatever stands behind stdout and stderr: any encoding, a closed pipe, a full disk."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
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
    """Context in which stdout and stderr take every character, whatever their encoding."""
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


def finish(stream: TextIO | None) -> None:
    """Write out what is still in memory; a process started without the stream has none."""
    if stream is not None:
        stream.flush()


def abandon(stream: TextIO | None) -> None:
    """Let what a broken stream still holds go nowhere, so that the interpreter leaves in silence."""
    try:
        finish(stream)
    except OSError:
        assert stream is not None
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
