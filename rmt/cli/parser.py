"""What the commands share: a parser with short messages, options read from signatures, checks before the work."""

from __future__ import annotations

import argparse
import inspect
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn, Protocol

import numpy as np

from rmt.errors import check_count, read_number


class UsageError(Exception):
    """A mistake of the user; its text is the whole message."""


class CommandError(Exception):
    """Something else that went wrong; its text is the whole message."""


#: a keyword in the remedy of a sentence, such as "pass n=" or "ask for exact=True"
REMEDY = re.compile(r"\b(pass|give|set|use|choose|with|ask for) ([a-z_]+)=(\([^()]*\)|[\w.]*)")


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises :class:`UsageError` and reads ``-1e-3``, ``-1/3`` and ``-1,1`` as values."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **kwargs)
        self._negative_number_matcher = re.compile(r"^-(\d|\.\d|inf\b|infinity\b|nan\b)")

    def _parse_optional(self, arg_string: str) -> Any:
        """What looks like a negative number is a value, also where argparse reads ``-nan`` as ``-n an``."""
        if self._negative_number_matcher.match(arg_string):
            return None
        return super()._parse_optional(arg_string)

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise UsageError(f"{message} (see {self.prog} --help)")

    def in_options(self, sentence: str) -> str:
        """A sentence of the library whose remedies name options of this command; those for Python only are left out."""

        def option_of(keyword: str) -> str | None:
            option = f"-{keyword}" if len(keyword) == 1 else f"--{keyword.replace('_', '-')}"
            return option if option in self._option_string_actions else None

        def named(found: re.Match[str]) -> str:
            verb, keyword, value = found.groups()
            return f"{verb} {option_of(keyword)} {value}" if option_of(keyword) else found[0]

        first, *clauses = sentence.split("; ")
        kept = [c for c in clauses if not (found := REMEDY.match(c)) or option_of(found[2])]
        return REMEDY.sub(named, "; ".join([first, *kept])).replace("  ", " ")

    def print_help(self, file: Any = None) -> None:
        """Print as every other text is printed; argparse would not say that a disk is full."""
        print(self.format_help(), end="", file=file)


class HasParameters(Protocol):
    """A row of a catalogue: something with a name and described parameters."""

    @property
    def name(self) -> str:
        """Name on the command line."""
        ...

    @property
    def parameters(self) -> tuple[Any, ...]:
        """Parameters with a name, a kind, choices, a default and a help text."""
        ...


@contextmanager
def users_mistakes() -> Iterator[None]:
    """Turn the errors that the library raises for a refused argument into usage errors."""
    try:
        yield
    except np.linalg.LinAlgError:  # a ValueError by descent, and nobody's mistake
        raise
    except (ValueError, TypeError) as error:
        raise UsageError(text_of(error)) from error


def text_of(error: BaseException) -> str:
    """The text of an error in one line, also where asking for it fails."""
    try:
        return " ".join(str(error).split())
    except BaseException as again:  # a class of the user's may do anything here
        return f"a {type(error).__name__} whose text cannot be had (asking for it raises {type(again).__name__})"


# ---------------------------------------------------------------------- parameters of ensembles and laws
def add_parameters(
    parser: argparse.ArgumentParser, rows: Mapping[str, HasParameters], what: str, words: Sequence[str]
) -> None:
    """Add one option for every parameter that any of the rows has.

    The help shows the parameters of the row that one of the `words` of the call names, or else those of all rows.
    """
    named = next((rows[key] for word in words if (key := word.replace("_", "-").lower()) in rows), None)
    group = parser.add_argument_group(f"parameters of {named.name if named else what}")
    owners: dict[str, list[tuple[HasParameters, Any]]] = {}
    for row in rows.values():
        for parameter in row.parameters:
            owners.setdefault(parameter.name, []).append((row, parameter))
    for name, uses in owners.items():
        own = [parameter for row, parameter in uses if row is named]
        if own:
            remark = "" if own[0].default is inspect.Parameter.empty else f" (default {own[0].default})"
            text = _help(own[0], remark)
        else:
            text = _help(uses[0][1], f" [{', '.join(row.name for row, _ in uses)}]")
        group.add_argument(
            _option(name),
            dest=f"parameter_{name}",
            metavar=_metavar((own or [uses[0][1]])[0]),
            help=argparse.SUPPRESS if named and not own else text,
        )


#: first words that keep their capital
_PROPER_NAMES = {"Dyson", "Bessel"}


def _help(parameter: Any, remark: str) -> str:
    text: str = parameter.help.rstrip(".")
    name = text.partition(" ")[0] in _PROPER_NAMES
    several = "; commas between them" if re.search(r"\b(tuple|sequence)\b", parameter.kind) else ""
    return ((text[:1] if name else text[:1].lower()) + text[1:] + several + remark).replace("%", "%%")


def given_parameters(arguments: argparse.Namespace, row: HasParameters) -> dict[str, Any]:
    """Collect the parameters that were given, as numbers where the row wants numbers.

    Raises
    ------
    UsageError
        If the row has no such parameter, or the text is not a number.
    """
    known = {parameter.name: parameter for parameter in row.parameters}
    given = {
        key.removeprefix("parameter_"): text
        for key, text in vars(arguments).items()
        if key.startswith("parameter_") and text is not None
    }
    for name in given:
        if name not in known:
            accepted = ", ".join(_option(name) for name in known) or "no parameters"
            raise UsageError(f"{row.name} has no option {_option(name)}; it takes {accepted}")
    with users_mistakes():
        return {name: known[name].parse(text) for name, text in given.items()}


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _metavar(parameter: Any) -> str:
    return "{" + ",".join(parameter.choices) + "}" if parameter.choices else parameter.name.upper()


def number(option: str, text: str) -> int | float | Fraction:
    """Read a number: an integer or a fraction like ``1/3`` stays exact.

    Raises
    ------
    UsageError
        If the text is something else.
    """
    try:
        return read_number(text)
    except ValueError:
        raise UsageError(f"{option} needs a number such as 2, 0.5 or 1/3, got {text!r}") from None


# ---------------------------------------------------------------------- common options
def add_ensemble_options(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """Add the ensemble with its parameters, -n, --seed and --trials."""
    from rmt.ensembles.catalogue import CATALOGUE
    from rmt.ensembles.entries import NAMES

    parser.add_argument("ensemble", help=f"one of {', '.join(CATALOGUE)}")
    add_parameters(parser, CATALOGUE, "the ensembles", words)
    parser.epilog = f"entry laws: {', '.join(NAMES)}\n\n{parser.epilog}"
    parser.add_argument("-n", type=count("-n"), default=1000, help="matrix dimension (default 1000)")
    parser.add_argument(
        "--seed", type=count("--seed", minimum=0), help="integer that fixes the random numbers (default: a fresh one)"
    )
    parser.add_argument("--trials", type=count("--trials"), default=1, help="number of matrices (default 1)")


def add_json_option(parser: argparse._ActionsContainer) -> None:
    """Add --json."""
    parser.add_argument("--json", action="store_true", help="print the same numbers as JSON")


def count(option: str, *, minimum: int = 1) -> Callable[[str], int]:
    """Type of an option that counts something."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise UsageError(f"{option} must be an integer >= {minimum}, got {text!r}") from None
        with users_mistakes():
            return check_count(option, value, minimum=minimum)

    return read


def seed_or_fresh(seed: int | None) -> int:
    """Return the seed, or a fresh one to be printed, so that every run can be repeated."""
    return secrets.randbits(32) if seed is None else seed


# ---------------------------------------------------------------------- output
def writable(path: str, endings: tuple[str, ...], what: str) -> Path:
    """Return `path` if a file of one of these endings can be written there; checked before the long work.

    Raises
    ------
    UsageError
        If it cannot.
    """
    target = Path(path)
    if target.suffix.lower() not in endings:
        raise UsageError(f"--out {path}: a {what} is written to a file ending in {', '.join(endings)}")
    try:
        _check_place(path, Path(os.path.realpath(target)))
    except OSError as error:  # a name that no file can have
        raise UsageError(f"--out {path}: {error.strerror}") from error
    return target


def _check_place(path: str, target: Path) -> None:
    folder = target.parent
    if target.is_dir():
        raise UsageError(f"--out {path}: this is a folder")
    if not folder.is_dir():
        raise UsageError(f"--out {path}: there is no folder {os.path.dirname(path) or str(folder)!r}")
    ordinary = target.is_file() or not target.exists()  # these are written beside and renamed
    if (target.exists() and not os.access(target, os.W_OK)) or (ordinary and not os.access(folder, os.W_OK)):
        raise UsageError(f"--out {path}: no permission to write there")


def writable_folder(path: str) -> Path:
    """Return `path` if it is a folder, or can be made one, that files can be written to.

    Raises
    ------
    UsageError
        If it cannot.
    """
    folder = Path(path)
    if not path:
        raise UsageError("--out: the name of the folder is empty")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {path}: cannot make this folder ({error.strerror})") from error
    if not os.access(folder, os.W_OK):
        raise UsageError(f"--out {path}: no permission to write there")
    return folder


def print_json(record: dict[str, Any]) -> None:
    """Print a record as JSON."""
    print(json.dumps(record, indent=2, allow_nan=False))
