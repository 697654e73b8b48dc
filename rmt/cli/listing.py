"""``rmt list``: the table of ensembles and laws."""

from __future__ import annotations

import argparse
from typing import Any

from rmt.cli.parser import add_json_option, print_json

EXAMPLES = """\
examples:
  rmt list
  rmt list --json
"""


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options."""
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    from rmt.cli.law_table import law_table
    from rmt.ensembles.catalogue import CATALOGUE

    ensembles = [
        {
            "name": entry.name,
            "options": _options(entry),
            "law": entry.law,
            "year": entry.year,
            "theorem": entry.theorem,
            "summary": entry.summary,
        }
        for entry in CATALOGUE.values()
    ]
    laws = [
        {
            "name": entry.name,
            "options": _options(entry),
            "year": entry.year,
            "theorem": entry.theorem,
            "summary": entry.summary,
        }
        for entry in law_table().values()
    ]
    if arguments.json:
        print_json({"ensembles": ensembles, "laws": laws})
        return 0
    print("ensembles: rmt compare NAME, rmt sample NAME\n")
    _print_table(ensembles, ("name", "law", "year", "theorem", "options"))
    print("\nlaws: rmt law NAME\n")
    _print_table(laws, ("name", "year", "theorem", "options"))
    return 0


def _options(entry: Any) -> str:
    return " ".join("--" + parameter.name.replace("_", "-") for parameter in entry.parameters)


def _print_table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    cells = [list(columns), *([str("" if row[c] is None else row[c]) for c in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())
