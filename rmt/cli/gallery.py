"""``rmt gallery``: list the figures of the gallery, or build them."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rmt
from rmt.cli.parser import (
    CommandError,
    UsageError,
    add_json_option,
    count,
    print_json,
    text_of,
    users_mistakes,
    writable_folder,
)
from rmt.errors import check_choice
from rmt.files import replacing
from rmt.numerics.progress import Progress

EXAMPLES = """\
examples:
  rmt gallery                                    list the figures
  rmt gallery F05 F08 --out figures              build two of them
  rmt gallery --out figures --format pdf         build all, with an index page
  rmt gallery F05 -n 4000 --seed 7 --out slides  the same figure from another matrix
"""


@dataclass(frozen=True)
class Script:
    """One figure: its id, title and caption are the docstring of its script."""

    id: str
    title: str
    caption: str
    path: Path

    def figure(self, n: int | None, seed: int) -> Any:
        """Build the figure; the size is that of the script when `n` is None."""
        spec = importlib.util.spec_from_file_location(self.path.stem, self.path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.main(rng=seed) if n is None else module.main(n=n, rng=seed)


def scripts() -> dict[str, Script]:
    """Every script of the gallery by its id.

    Raises
    ------
    UsageError
        If the gallery was not installed.
    """
    package = Path(rmt.__file__).parent
    for folder in (package.parent / "gallery", package / "_gallery"):
        paths = sorted(folder.glob("f[0-9][0-9]_*.py"))
        if paths:
            return {script.id: script for script in map(_read, paths)}
    raise UsageError("the scripts of the gallery are not installed; run this in a clone of the repository")


def index_page(entries: list[Script], pictures: dict[str, str] | None = None) -> str:
    """Markdown page with id, caption and command of every figure, and the pictures where there are any."""
    lines = [
        "# Gallery",
        "",
        "One figure, one fact. Each is a script of at most 40 lines in `gallery/`; the command below it builds",
        "it, `-n` and `--seed` draw it from another matrix, `--format pdf` and `--format svg` are for print. Where a",
        "figure draws no matrix, `-n` is the size of its grid, if it has one, and `--seed` changes nothing.",
        "`rmt gallery --out figures` builds all of them.",
    ]
    for script in entries:
        lines += ["", f"## {script.id} {script.title}", ""]
        if pictures:
            lines += [f"![{script.title}]({pictures[script.id]})", ""]
        lines += [script.caption, "", f"`rmt gallery {script.id} --out figures`"]
    return "\n".join(lines) + "\n"


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options."""
    parser.add_argument("ids", nargs="*", metavar="ID", help="figures to build, such as F05 (default: all)")
    parser.add_argument("--out", metavar="FOLDER", help="build into this folder, which is made if it is missing")
    parser.add_argument("--format", choices=("png", "pdf", "svg"), default="png", help="kind of file (default png)")
    parser.add_argument(
        "-n",
        type=count("-n", minimum=2),
        help="matrix dimension, or size of the grid where a figure draws none (default: that of each script)",
    )
    parser.add_argument("--seed", type=count("--seed", minimum=0), default=0, help="of the random numbers (default 0)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--index", action="store_true", help="print the index page in Markdown")
    add_json_option(what)


def run(arguments: argparse.Namespace) -> int:
    """List or build."""
    table = scripts()
    with users_mistakes():
        names = [check_choice("figure", name.upper(), table) for name in arguments.ids]
        chosen = [table[name] for name in dict.fromkeys(names)] or list(table.values())
    if arguments.index:
        print(index_page(chosen), end="")
        return 0
    if arguments.out is None:
        if arguments.ids:
            raise UsageError("--out FOLDER is needed to build a figure")
        return _list(chosen, arguments.json)
    folder = writable_folder(arguments.out)
    files = {script.id: _build(script, folder, arguments) for script in chosen}
    if not arguments.ids:
        with replacing(folder / "README.md") as stream:
            stream.write(index_page(chosen, files).encode())
    if arguments.json:
        print_json({"folder": str(folder), "files": files})
    else:
        print("\n".join(f"{key}  {folder / name}" for key, name in files.items()))
    return 0


def _build(script: Script, folder: Path, arguments: argparse.Namespace) -> str:
    from rmt import plotting

    name = f"{script.id}.{arguments.format}"
    with Progress(f"{script.id} {script.title}"):
        try:
            with users_mistakes():
                figure = script.figure(arguments.n, arguments.seed)
        except UsageError as error:
            raise UsageError(f"{script.id}: {error}") from error
        except Exception as error:
            raise CommandError(f"{script.id}: {type(error).__name__}: {text_of(error)}") from error
        plotting.save(figure, folder / name)
    return name


def _list(entries: list[Script], as_json: bool) -> int:
    if as_json:
        print_json({"figures": [{"id": s.id, "title": s.title, "caption": s.caption} for s in entries]})
    else:
        print("\n".join(f"{script.id}  {script.title}" for script in entries))
    return 0


def _read(path: Path) -> Script:
    """Read id, title and caption from the docstring, without running the script."""
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    match = re.fullmatch(r"(F\d\d)\. ([^\n]+)\n\n(.*)", doc, re.DOTALL)
    if match is None:
        raise ValueError(f'the docstring of {path.name} must read "F00. Title", an empty line, and the caption')
    return Script(match.group(1), match.group(2).rstrip("."), match.group(3), path)
