"""``rmt check``: whether the gradients of a model written with torch stay alive, block by block."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rmt
from rmt.cli.parser import (
    CommandError,
    UsageError,
    add_json_option,
    count,
    number,
    print_json,
    seed_or_fresh,
    text_of,
    users_mistakes,
    writable,
)
from rmt.numerics.progress import Progress

EXAMPLES = """\
examples:
  rmt check mypackage.models:ResNet18 --input 3,32,32
  rmt check train.py:build --tokens 16 --words 50257 --output logits --json
  rmt check train.py:build --input 64 --at-least NEAR-ISOMETRIC

FACTORY is called without arguments, and gives a torch.nn.Module or (module, input); or it is a module itself; what it
prints goes to stderr

exit codes: 0 report printed, and the verdict is as good as --at-least; 1 the verdict is worse, 2 mistake in the call,
3 anything else
"""

FIGURE_ENDINGS = (".png", ".pdf", ".svg")
GRADES = ("ISOMETRIC", "NEAR-ISOMETRIC", "STABLE BUT NOT ISOMETRIC")
#: packages that this one calls itself
NUMERICS = {"numpy", "scipy", "numba"}
#: functions through which the operations of a model are called; those that fail have no frame of their own
RECORDER = {"__torch_function__", "_on_tokens"}


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options."""
    parser.add_argument("model", metavar="MODULE:FACTORY", help="package.module:name, or file.py:name")
    parser.add_argument("--input", metavar="N,N,...", help="shape of one input, without the batch; normal numbers")
    parser.add_argument("--tokens", type=count("--tokens"), metavar="T", help="an input of T random token indices")
    parser.add_argument("--words", type=count("--words"), default=100, help="number of different tokens (default 100)")
    parser.add_argument("--layers", default="auto", metavar="NAME", help="auto (default), all, or a submodule")
    parser.add_argument("--output", metavar="NAME", help="which output of the model, where it has several")
    parser.add_argument("--at-least", metavar="GRADE", help=f"fail below this verdict: {', '.join(GRADES)}")
    parser.add_argument(
        "--level", metavar="X", default="0.01", help="chance of rejecting a right prediction (default 0.01)"
    )
    parser.add_argument("--measure-only", action="store_true", help="without predictions")
    parser.add_argument("--seed", type=count("--seed", minimum=0), help="integer that fixes the weights and the input")
    parser.add_argument("--out", metavar="FILE", help="write the blocks as a figure (.png, .pdf or .svg)")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Load, measure, print, draw."""
    out = writable(arguments.out, FIGURE_ENDINGS, "figure") if arguments.out is not None else None
    if arguments.at_least is not None and arguments.at_least not in GRADES:
        raise UsageError(f"--at-least must be one of {', '.join(GRADES)}, got {arguments.at_least!r}")
    level = float(number("--level", arguments.level))
    with _users_code():
        factory = _named(arguments.model)
    seed = seed_or_fresh(arguments.seed)
    with Progress("measuring the Jacobian"), users_mistakes(), _users_code():
        from rmt.networks.models import doors as models

        report = models.check_drawn(
            factory,
            seed,
            shape=_shape(arguments),
            words=arguments.words if arguments.tokens is not None else None,
            layers=arguments.layers,
            output=_selector(arguments.output),
            predict=not arguments.measure_only,
            level=level,
        )
    if out is not None:
        from rmt import plotting

        with Progress("drawing"), users_mistakes():
            plotting.save(plotting.model_blocks(report), out)
    passed = arguments.at_least is None or str(report.verdict) in GRADES[: GRADES.index(arguments.at_least) + 1]
    if arguments.json:
        figure = None if out is None else str(out)
        print_json({**report.to_dict(), "seed": seed, "figure": figure, "passed": passed})
    else:
        print(f"{report}\n{'seed':<20}{seed}")
        if out is not None:
            print(f"{'figure':<20}{out}")
    return 0 if passed else 1


@contextmanager
def _users_code() -> Iterator[None]:
    """Context in which code of the user's runs: its prints go to stderr, and its errors are said to be its own."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except (KeyboardInterrupt, MemoryError, UsageError):
        raise
    except BaseException as error:
        if not _is_users(error):
            raise
        if sys.flags.dev_mode:
            traceback.print_exception(error)
        text = text_of(error)
        raise CommandError(f"the model raised {type(error).__name__}{': ' * bool(text)}{text}") from error


def _is_users(error: BaseException) -> bool:
    """Whether an error comes from the model: below the last frame of this package runs torch, or code of the user's."""
    home = os.path.dirname(rmt.__file__) + os.sep
    for code in reversed([frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]):
        if not code.co_filename.startswith(home):
            if not NUMERICS & set(Path(code.co_filename).parts):
                return True
        elif code.co_name not in RECORDER:
            return False
    return False


def _selector(text: str | None) -> str | int | None:
    return int(text) if text is not None and text.isdecimal() else text


def _shape(arguments: argparse.Namespace) -> tuple[int, ...] | None:
    if arguments.tokens is not None:
        if arguments.input is not None:
            raise UsageError("give --input or --tokens, not both")
        return (arguments.tokens,)
    if arguments.input is None:
        return None
    return tuple(int(count("--input")(part)) for part in arguments.input.split(","))


def _named(text: str) -> Any:
    """What MODULE:FACTORY names."""
    home, _, name = text.rpartition(":")
    if not home or not name:
        raise UsageError(f"the model must be named as MODULE:FACTORY, such as mypackage.models:build, got {text!r}")
    try:
        module: Any = _from_file(Path(home)) if home.endswith(".py") else importlib.import_module(home)
    except ModuleNotFoundError as error:
        raise UsageError(f"cannot import {home!r}: no module named {error.name!r}; run where it can be found") from None
    try:
        for part in name.split("."):
            module = getattr(module, part)
    except AttributeError:
        raise UsageError(f"{home} has nothing called {name!r}") from None
    return module


def _from_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module
