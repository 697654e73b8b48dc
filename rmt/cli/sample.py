"""``rmt sample``: eigenvalues, singular values or a matrix, to a file or to the screen."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.cli.parser import (
    UsageError,
    add_ensemble_options,
    add_json_option,
    given_parameters,
    print_json,
    seed_or_fresh,
    users_mistakes,
    writable,
)
from rmt.files import replacing
from rmt.numerics.progress import Progress

EXAMPLES = """\
examples:
  rmt sample goe -n 1000 --seed 0 --out eigenvalues.npy
  rmt sample wishart --ratio 0.5 -n 200 --trials 100 --out eigenvalues.csv
  rmt sample haar-unitary -n 50 --matrix --out unitary.npy

files: .npy holds the array, one row a trial; .txt and .csv hold one number a line, or one trial (or row of the matrix)
a line, with all digits; complex numbers look like 1.5+0.5j, which numpy.loadtxt(..., dtype=complex) reads
"""

DATA_ENDINGS = (".npy", ".csv", ".txt")


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options."""
    add_ensemble_options(parser, words)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--matrix", action="store_true", help="the dense matrix instead of its eigenvalues")
    what.add_argument("--singular-values", action="store_true", help="singular values instead of eigenvalues")
    parser.add_argument("--out", metavar="FILE", help="write to this file (.npy, .csv or .txt), not to the screen")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Sample and write."""
    from rmt.ensembles.catalogue import find

    with users_mistakes():
        entry = find(arguments.ensemble)
    out = writable(arguments.out, DATA_ENDINGS, "sample") if arguments.out is not None else None
    if arguments.matrix and arguments.trials > 1:
        raise UsageError("--matrix writes one matrix; leave out --trials")
    with users_mistakes():
        ensemble = entry.build(**given_parameters(arguments, entry))
    seed = seed_or_fresh(arguments.seed)
    kind = "matrix" if arguments.matrix else "singular_values" if arguments.singular_values else "eigenvalues"
    with Progress(f"sampling {ensemble!r}, n = {arguments.n}", arguments.trials) as progress, users_mistakes():
        numbers = _draw(ensemble, kind, arguments.n, seed, arguments.trials, progress.bar)
    record = {"ensemble": repr(ensemble), "n": arguments.n, "seed": seed, "trials": arguments.trials, "kind": kind}
    if out is not None:
        _write(numbers, out)
        record |= {"shape": list(numbers.shape), "file": str(out)}
        if arguments.json:
            print_json(record)
        else:
            shape = " x ".join(map(str, numbers.shape))
            print(f"{ensemble!r}, n = {arguments.n}, seed {seed}: {kind.replace('_', ' ')} ({shape}) in {out}")
    elif arguments.json:
        print_json(record | {"values": _as_json(numbers)})
    else:
        print(f"# {ensemble!r}, n = {arguments.n}, seed {seed}: {kind.replace('_', ' ')}")
        sys.stdout.writelines(_lines(numbers if kind == "matrix" or arguments.trials > 1 else numbers[:, None], " "))
    return 0


def _draw(ensemble: Any, kind: str, n: int, seed: int, trials: int, bar: bool) -> NDArray[Any]:
    if kind == "matrix":
        return np.asarray(ensemble.sample(n, rng=seed))
    return np.asarray(getattr(ensemble, kind)(n, rng=seed, trials=trials, progress=bar))


def _write(numbers: NDArray[Any], out: Path) -> None:
    with replacing(out) as stream:
        if out.suffix.lower() == ".npy":
            np.save(stream, numbers)
        else:
            rows = numbers if numbers.ndim == 2 else numbers[:, None]
            stream.writelines(line.encode("ascii") for line in _lines(rows, _delimiter(out)))


def _delimiter(out: Path) -> str:
    return "," if out.suffix.lower() == ".csv" else " "


def _lines(rows: NDArray[Any], delimiter: str) -> Iterator[str]:
    form = "{0.real!r}{0.imag:+}j" if np.iscomplexobj(rows) else "{0!r}"
    for row in rows.tolist():
        yield delimiter.join(form.format(value) for value in row) + "\n"


def _as_json(numbers: NDArray[Any]) -> Any:
    """Nested lists; a complex number is a pair."""
    if np.iscomplexobj(numbers):
        return np.stack([numbers.real, numbers.imag], axis=-1).tolist()
    return numbers.tolist()
