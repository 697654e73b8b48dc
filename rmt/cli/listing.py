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
    laws = [{"name": e.name, "options": _options(e), "summary": e.summary} for e in law_table().values()]
    if arguments.json:
        print_json({"ensembles": ensembles, "laws": laws})
        return 0
    print("ensembles: rmt compare NAME, rmt sample NAME\n")
    _print_table(ensembles, ("name", "law", "year", "theorem", "options"))
    print("\nlaws: rmt law NAME\n")
    _print_table(laws, ("name", "options", "summary"))
    return 0


def _options(entry: Any) -> str:
    return " ".join("--" + parameter.name.replace("_", "-") for parameter in entry.parameters)


def _print_table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    widths = [max(len(column), *(len(str(row[column])) for row in rows)) for column in columns]
    for row in [{column: column for column in columns}, *rows]:
        print("  ".join(f"{row[c]!s:<{width}}" for c, width in zip(columns, widths, strict=True)).rstrip())
