"""``rmt cite``: how to cite the package, and the theorem behind an ensemble."""

from __future__ import annotations

import argparse

import rmt
from rmt.cli.parser import users_mistakes

EXAMPLES = """\
examples:
  rmt cite
  rmt cite product-wishart
"""

#: the same as in CITATION.cff (a test keeps them in step)
TITLE = "rmt: random matrices and free probability"
AUTHOR = "The rmt developers"
RELEASED = "2026-11-22"


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options."""
    parser.add_argument("ensemble", nargs="?", help="also name the theorem behind this ensemble")


def run(arguments: argparse.Namespace) -> int:
    """Print the entry."""
    entry = None
    if arguments.ensemble is not None:
        from rmt.ensembles.catalogue import find

        with users_mistakes():
            entry = find(arguments.ensemble)
    fields = {"title": TITLE, "author": "{" + AUTHOR + "}", "version": rmt.__version__, "year": RELEASED[:4]}
    lines = [f"  {key:<8}= {{{value}}}," for key, value in fields.items()]
    print("\n".join(["@software{rmt,", *lines, "}"]))
    if entry is not None:
        print(f"\n{entry.name}: {entry.summary}\nlimit law {entry.law}: {entry.theorem}")
    return 0
