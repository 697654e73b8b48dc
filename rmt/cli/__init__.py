"""The command line: ``rmt COMMAND``, the commands in ``COMMANDS``.

Exit codes: 0, done (and a comparison accepted, or too small for a verdict); 1, rejected (a comparison, or a model below
``rmt check --at-least``), and nothing else;
2, a mistake in the call; 3, anything else: a number that could not be certified, a file that could not be written, a
failure of this package. After an interrupt, 130. Every failure is one sentence on stderr.

A command is a module of this package with ``EXAMPLES``, ``add_options(parser, words)`` and ``run(arguments)``, listed
in ``COMMANDS``. The words of the call let its help show the options of the ensemble that it names. Entry points:
:func:`main`, :class:`~rmt.cli.parser.Parser`, :func:`~rmt.cli.parser.number`.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Any, TextIO

import rmt
from rmt.cli.parser import CommandError, Parser, UsageError, text_of
from rmt.cli.terminal import abandon, any_terminal, has_no_reader
from rmt.errors import ConvergenceError, MomentConditionWarning

#: every command, with the module that holds it; modules load when their command is called
COMMANDS = {
    "compare": ("rmt.cli.compare", "sample a matrix and lay its spectrum over the limit law"),
    "fit": ("rmt.cli.fit", "fit the noise of a covariance matrix, and say what stands out of it"),
    "clean": ("rmt.cli.clean", "clean the covariance matrix of data"),
    "law": ("rmt.cli.law", "support, atoms, moments, density and quantiles of a law"),
    "sample": ("rmt.cli.sample", "write eigenvalues, singular values or a matrix to a file"),
    "isometry": ("rmt.cli.isometry", "whether an initialisation keeps the gradients of a deep network alive"),
    "check": ("rmt.cli.check", "whether the gradients of a model written with torch stay alive, block by block"),
    "kernel": ("rmt.cli.kernel", "spectrum and critical learning rate of the kernel of a wide network"),
    "program": ("rmt.cli.network_program", "a network in training as a tensor program: its runs and its limit"),
    "equation": ("rmt.cli.equation_command", "the polynomial equation of a law, with edges and moments"),
    "list": ("rmt.cli.listing", "the table of ensembles and laws, with year and theorem"),
    "gallery": ("rmt.cli.gallery", "build the figures of the gallery"),
    "cite": ("rmt.cli.cite", "how to cite this package, and the theorem behind an ensemble"),
    "warm": ("rmt.cli.warm", "compile everything once, so that no later call waits for it"),
}

OVERVIEW = """\
every random matrix has two faces: a matrix you can sample, and the law its spectrum converges to

commands:
{commands}

examples:
  rmt compare product-wishart --depth 3 -n 1000 --seed 0 --out product-wishart.png
  rmt fit returns.csv --correlation
  rmt law marchenko-pastur --ratio 2 --at 0.5 1 2
  rmt sample goe -n 1000 --seed 0 --out eigenvalues.npy
  rmt isometry --activation tanh --depth 64 --sigma-w 1.05 --sigma-b 0.2 --weights orthogonal
  rmt kernel --activation relu --depth 3 --points sphere -n 1000 --dimension 1000
  rmt program --activation tanh --depth 2 --steps 1 -n 500 --entries gaussian rademacher
  rmt COMMAND --help

exit codes: 0 done, 1 rejected, 2 mistake in the call, 3 anything else
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
    with any_terminal():
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning
                warnings.simplefilter("always", MomentConditionWarning)
                code = _dispatch(arguments)
            sys.stdout.flush()  # a full disk behind stdout is found here, not when the interpreter leaves
            return code
        except KeyboardInterrupt:
            return _complain("interrupted", 130)
        except BaseException as error:  # a model of the user's may call sys.exit(1), which says "rejected" here
            done = isinstance(error, BrokenPipeError) and has_no_reader(sys.stdout)  # rmt list | head
            abandon(sys.stdout)
            return 0 if done else _complain(*_sentence(error))


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
    try:
        options = parser.parse_args(arguments[1:])
    except SystemExit:  # argparse has printed the help
        return 0
    try:
        return int(command.run(options))
    except Exception as error:
        if len(error.args) == 1 and isinstance(error.args[0], str):
            error.args = (parser.in_options(error.args[0]),)
        raise


def _sentence(error: BaseException) -> tuple[str, int]:
    """What went wrong, in one line, and the exit code."""
    text = text_of(error)
    if isinstance(error, UsageError):
        return text, 2
    if isinstance(error, (ConvergenceError, CommandError)):
        return text, 3
    if isinstance(error, MemoryError):
        return f"not enough memory{': ' * bool(text)}{text}; ask for less: a smaller -n, fewer --trials or --bins", 3
    if isinstance(error, OSError):
        why = error.strerror or text or "no more is known"
        return f"cannot read or write {error.filename or 'the output'}: {why}", 3
    if isinstance(error, OverflowError):
        numbered = len(error.args) == 2 and isinstance(error.args[1], str)  # (34, "Numerical result out of range")
        return f"too large a number: {error.args[1] if numbered else text or 'overflow'}", 3
    if sys.flags.dev_mode:
        traceback.print_exception(error)
    return f"{type(error).__name__}: {text or 'no more is known'} (unforeseen: python -X dev -m rmt ... shows where)", 3


def _complain(message: str, code: int) -> int:
    with contextlib.suppress(OSError, ValueError):  # nobody reads stderr: the exit code has to do
        print(f"rmt: error: {message}", file=sys.stderr)
        sys.stderr.flush()
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
    with contextlib.suppress(OSError):  # nobody reads stderr
        print(f"rmt: warning: {str(message).removeprefix('rmt: ')}", file=sys.stderr)
