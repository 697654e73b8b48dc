"""``rmt fit``: the noise of a covariance matrix, and what stands out of it."""

from __future__ import annotations

import argparse

from rmt.cli.data_files import read_numbers
from rmt.cli.parser import UsageError, add_json_option, number, print_json, users_mistakes

EXAMPLES = """\
examples:
  rmt fit returns.csv --correlation
  rmt fit eigenvalues.npy --ratio 0.5 --json
  rmt fit eigenvalues.txt

A file with one column holds eigenvalues; a matrix holds data, its rows observations and its columns variables.

exit codes: 0 done, 2 mistake in the call, 3 anything else
"""


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options."""
    parser.add_argument("data", metavar="FILE", help=".npy, .csv or .txt file of eigenvalues or of data")
    parser.add_argument("--ratio", metavar="X", help="dimension over samples, of eigenvalues (default: fitted)")
    parser.add_argument("--samples", metavar="M", help="degrees of freedom, in place of the ratio")
    parser.add_argument("--correlation", action="store_true", help="of the correlation matrix")
    parser.add_argument("--centred", action="store_true", help="the columns of the data have mean 0")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read, fit, print."""
    from rmt.data import fit_marchenko_pastur, number_of_components, sample_spectrum

    array, _ = read_numbers(arguments.data, "FILE")
    ratio = None if arguments.ratio is None else number("--ratio", arguments.ratio)
    samples = None if arguments.samples is None else number("--samples", arguments.samples)
    with users_mistakes():
        if array.ndim == 2:
            if ratio is not None or samples is not None:
                raise UsageError("--ratio and --samples are for files of eigenvalues; of data they are known")
            spectrum = sample_spectrum(array, centred=arguments.centred, correlation=arguments.correlation)
            values, samples = spectrum.eigenvalues, spectrum.samples
        else:
            values = array
        found = fit_marchenko_pastur(values, ratio, samples=samples, correlation=arguments.correlation)
        tests = number_of_components(values, samples=found.samples, level=0.05)
    if arguments.json:
        print_json({**found.as_dict(), "components": tests.count, "p_values": list(tests.p_values)})
    else:
        shown = ", ".join(f"{p:.3g}" for p in tests.p_values)
        print(f"{found}\n{'components':<10} {tests.count} at level 0.05 (p = {shown})")
    return 0
