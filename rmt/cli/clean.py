"""``rmt clean``: a cleaned covariance matrix from data."""

from __future__ import annotations

import argparse

from rmt.cli.data_files import ENDINGS, read_numbers, write_numbers
from rmt.cli.parser import UsageError, add_json_option, print_json, users_mistakes, writable

EXAMPLES = """\
examples:
  rmt clean returns.csv --out cleaned.csv
  rmt clean returns.csv --correlation --method clip --out cleaned.npy

Rows are observations, columns are variables; a first line of names is kept, a first column of dates left out.

exit codes: 0 done, 2 mistake in the call, 3 anything else
"""


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options."""
    parser.add_argument("data", metavar="FILE", help=".npy, .csv or .txt file of data")
    parser.add_argument("--method", default="auto", metavar="NAME", help="as of rmt.data.clean_covariance (auto)")
    parser.add_argument("--loss", default="frobenius", metavar="NAME", help="for --method spiked")
    parser.add_argument("--correlation", action="store_true", help="clean the correlation matrix")
    parser.add_argument("--centred", action="store_true", help="the columns have mean 0")
    parser.add_argument("--out", required=True, metavar="FILE", help="where the matrix goes (.npy, .csv or .txt)")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read, clean, write."""
    from rmt.data import clean_covariance

    out = writable(arguments.out, ENDINGS, "matrix")
    array, names = read_numbers(arguments.data, "FILE")
    if array.ndim != 2:
        raise UsageError(f"{arguments.data}: a covariance needs observations of several variables, got one column")
    with users_mistakes():
        found = clean_covariance(
            array,
            arguments.method,
            loss=arguments.loss,
            correlation=arguments.correlation,
            centred=arguments.centred,
        )
    write_numbers(out, found.covariance, names)
    raw = found.sample.eigenvalues
    record = {
        "variables": int(array.shape[1]),
        "samples": found.sample.samples,
        "method": found.method,
        "outliers": found.outliers,
        "smallest": [float(raw.min()), float(found.eigenvalues.min())],
        "largest": [float(raw.max()), float(found.eigenvalues.max())],
        "file": str(out),
    }
    if arguments.json:
        print_json(record)
    else:
        for name, value in record.items():
            text = f"{value[0]:.6g} -> {value[1]:.6g}" if isinstance(value, list) else str(value)
            print(f"{name:<10} {text}")
    return 0
