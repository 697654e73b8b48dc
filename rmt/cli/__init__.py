"""The command line: ``rmt compare | law | sample | isometry | list | gallery | cite``.

Exit codes: 0, done (and a comparison accepted, or too small for a verdict); 1, a comparison rejected, or a number that
could not be certified; 2, a mistake in the call.

A command is a module of this package with ``EXAMPLES``, ``add_options(parser, words)`` and ``run(arguments)``, listed
in ``COMMANDS``. The words of the call let its help show the options of the ensemble that it names.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, TextIO

import rmt
from rmt.cli.parser import Parser, UsageError
from rmt.errors import ConvergenceError, MomentConditionWarning

#: every command, with the module that holds it; modules load when their command is called
COMMANDS = {
    "compare": ("rmt.cli.compare", "sample a matrix and lay its spectrum over the limit law"),
    "law": ("rmt.cli.law", "support, atoms, moments, density and quantiles of a law"),
    "sample": ("rmt.cli.sample", "write eigenvalues, singular values or a matrix to a file"),
    "isometry": ("rmt.cli.isometry", "whether an initialisation keeps the gradients of a deep network alive"),
    "list": ("rmt.cli.listing", "the table of ensembles and laws, with year and theorem"),
    "gallery": ("rmt.cli.gallery", "build the figures of the gallery"),
    "cite": ("rmt.cli.cite", "how to cite this package, and the theorem behind an ensemble"),
}

OVERVIEW = """\
every random matrix has two faces: a matrix you can sample, and the law its spectrum converges to

commands:
{commands}

examples:
  rmt compare product-wishart --depth 3 -n 1000 --seed 0 --out product-wishart.png
  rmt law marchenko-pastur --ratio 2 --at 0.5 1 2
  rmt sample goe -n 1000 --seed 0 --out eigenvalues.npy
  rmt isometry --activation tanh --depth 64 --sigma-w 1.05 --sigma-b 0.2 --weights orthogonal
  rmt COMMAND --help

exit codes: 0 done, 1 comparison rejected, 2 mistake in the call
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the name of the program; those of the process when None.

    Returns
    -------
    int
        The exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            warnings.simplefilter("always", MomentConditionWarning)
            return _dispatch(arguments)
    except UsageError as error:
        return _complain(str(error), 2)
    except ConvergenceError as error:
        return _complain(str(error), 1)
    except MemoryError as error:
        return _complain(f"not enough memory: {error}; choose a smaller -n", 2)
    except BrokenPipeError:  # rmt list | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _complain("interrupted", 130)
    except SystemExit as exit_:  # argparse after --help
        return int(exit_.code or 0)


def _dispatch(arguments: list[str]) -> int:
    first = arguments[0] if arguments else "--help"
    if first in ("-h", "--help"):
        width = max(map(len, COMMANDS))
        lines = (f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items())
        print("usage: rmt COMMAND ...\n\n" + OVERVIEW.format(commands="\n".join(lines)), end="")
        return 0
    if first == "--version":
        print(f"rmt {rmt.__version__}")
        return 0
    if first not in COMMANDS:
        near = difflib.get_close_matches(first, COMMANDS, n=2, cutoff=0.6)
        hint = f"did you mean {' or '.join(near)}?" if near else f"the commands are {', '.join(COMMANDS)}"
        raise UsageError(f"no command {first!r}; {hint}")
    home, summary = COMMANDS[first]
    command: Any = importlib.import_module(home)
    parser = Parser(prog=f"rmt {first}", description=summary, epilog=command.EXAMPLES)
    command.add_options(parser, arguments[1:])
    return int(command.run(parser.parse_args(arguments[1:])))


def _complain(message: str, code: int) -> int:
    print(f"rmt: error: {message}", file=sys.stderr)
    return code


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print the warning without the place in the source, which means nothing to a user of the command line."""
    print(f"rmt: warning: {message}", file=sys.stderr)
