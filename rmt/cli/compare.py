"""``rmt compare``: both faces of a random matrix, as numbers and as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rmt.cli.parser import (
    UsageError,
    add_ensemble_options,
    add_json_option,
    add_parameters,
    count,
    given_parameters,
    number,
    print_json,
    seed_or_fresh,
    users_mistakes,
    writable,
)
from rmt.numerics.progress import Progress

EXAMPLES = """\
examples:
  rmt compare product-wishart --depth 3 -n 1000 --seed 0 --out product-wishart.png
  rmt compare wishart --ratio 2 --entries rademacher -n 2000 --json
  rmt compare ginibre -n 1000 --out circle.svg
  rmt compare "gue + wishart(ratio=2)" -n 1000
  rmt compare marchenko-pastur --ratio 0.5 --data eigenvalues.npy

exit codes: 0 accepted, or no verdict where nothing is calibrated; 1 rejected at the level; 2 mistake in the call;
3 anything else
"""

FIGURE_ENDINGS = (".png", ".pdf", ".svg")


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options: with --data, those of the laws."""
    if any(word.split("=")[0] == "--data" for word in words):
        _add_data_options(parser, words)
        return
    add_ensemble_options(parser, words)
    parser.add_argument(
        "--data", metavar="FILE", help="compare your own eigenvalues with a law: rmt compare LAW --data"
    )
    parser.add_argument("--singular-values", action="store_true", help="compare the singular values")
    _add_test_options(parser)
    _add_figure_options(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Sample, compare, print, draw."""
    if arguments.data is not None:
        return _run_data(arguments)
    from rmt.cli.written_ensemble import is_expression, read_expression
    from rmt.ensembles.catalogue import find
    from rmt.spectra import compare

    written = is_expression(arguments.ensemble)
    with users_mistakes():
        entry = None if written else find(arguments.ensemble)
    out = writable(arguments.out, FIGURE_ENDINGS, "figure") if arguments.out is not None else None
    with users_mistakes():
        if entry is None:
            ensemble = read_expression(arguments.ensemble)
            if any(key.startswith("parameter_") and value is not None for key, value in vars(arguments).items()):
                raise UsageError("parameters of an expression stand in it, as wishart(ratio=2)")
        else:
            ensemble = entry.build(**given_parameters(arguments, entry))
        law = ensemble.singular_value_law() if arguments.singular_values else ensemble.law()
        _check_log(arguments.log, law)
    n, seed, trials = arguments.n, seed_or_fresh(arguments.seed), arguments.trials
    draw = ensemble.singular_values if arguments.singular_values else ensemble.eigenvalues
    with Progress(f"sampling {ensemble!r}, n = {n}", trials) as progress, users_mistakes():
        values = draw(n, rng=seed, trials=trials, progress=progress.bar)
    with Progress("comparing with the law"), users_mistakes():
        known = ensemble.singular_value_fluctuations() if arguments.singular_values else ensemble.fluctuations()
        result = compare(values, law, ensemble=known, **_test_options(arguments))
    if out is not None:
        with Progress("drawing"), users_mistakes():
            from rmt.plotting.labels import ensemble_label

            trials_text = f", {trials} trials" if trials > 1 else ""
            label = f"{ensemble_label(ensemble)}, n = {n}{trials_text}"
            view = "singular values" if arguments.singular_values else "eigenvalues"
            _draw(values, law, arguments, out, label=label, view=view, result=result)
    if arguments.json:
        figure = None if out is None else str(out)
        print_json({"ensemble": repr(ensemble), "seed": seed, "trials": trials, **result.as_dict(), "figure": figure})
    else:
        print(f"{'ensemble':<14}{ensemble!r}\n{'seed':<14}{seed}\n{result}")
        if out is not None:
            print(f"\n{'figure':<14}{out}")
    return 1 if result.passed is False else 0


def _add_data_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options for numbers of one's own."""
    from rmt.cli.law_table import law_table

    table = law_table()
    parser.add_argument("law", help=f"one of {', '.join(table)}")
    add_parameters(parser, table, "the laws", words)
    parser.add_argument("--data", metavar="FILE", help="eigenvalues of one matrix (.npy, .csv or .txt)")
    parser.add_argument("--dyson", metavar="X", default="1", help="Dyson index, 1 real and 2 complex (default 1)")
    _add_test_options(parser)
    parser.add_argument("--matrix", type=count("--matrix"), metavar="N", help="dimension of each of several matrices")
    parser.add_argument("--independent", action="store_true", help="the numbers do not repel each other")
    _add_figure_options(parser)
    add_json_option(parser)


def _run_data(arguments: argparse.Namespace) -> int:
    from rmt.cli.data_files import read_numbers
    from rmt.cli.law_table import find_law
    from rmt.spectra import compare

    with users_mistakes():
        entry = find_law(arguments.law)
        law = entry.build(**given_parameters(arguments, entry))
        _check_log(arguments.log, law)
    out = writable(arguments.out, FIGURE_ENDINGS, "figure") if arguments.out is not None else None
    values, _ = read_numbers(arguments.data, "--data")
    with Progress("comparing with the law"), users_mistakes():
        result = compare(
            values,
            law,
            n=arguments.matrix,
            beta=float(number("--dyson", arguments.dyson)),
            rigidity=not arguments.independent,
            **_test_options(arguments),
        )
    if out is not None:
        with Progress("drawing"), users_mistakes():
            _draw(values, law, arguments, out, label=Path(arguments.data).name, result=result)
    if arguments.json:
        figure = {} if out is None else {"figure": str(out)}
        print_json({"data": arguments.data, **result.as_dict(), **figure})
    else:
        print(f"{'data':<14}{arguments.data}\n{result}")
        if out is not None:
            print(f"\n{'figure':<14}{out}")
    return 1 if result.passed is False else 0


def _add_figure_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="FILE", help="write the figure (.png, .pdf or .svg)")
    parser.add_argument("--log", action=argparse.BooleanOptionalAction, help="logarithmic axis, or not")
    parser.add_argument("--bins", type=count("--bins"), help="number of bins (default: at least 60)")


def _add_test_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--level", metavar="X", default="0.01", help="chance of rejecting a right law (default 0.01)")
    parser.add_argument("--spacings", action="store_true", help="ask the spacings of neighbours, too: they tell beta")


def _test_options(arguments: argparse.Namespace) -> dict[str, Any]:
    from rmt.spectra.verdict.judge import ALL_STATISTICS, STATISTICS

    return {
        "level": float(number("--level", arguments.level)),
        "statistics": ALL_STATISTICS if arguments.spacings else STATISTICS,
    }


def _check_log(log: bool | None, law: Any) -> None:
    from rmt.laws.law import Law

    if not log:
        return
    if not isinstance(law, Law):
        raise UsageError(f"--log: {law!r} is a law in the plane and has no log axis")
    low = min([i.low for i in law.support] + [position for position, _ in law.atoms])
    if low < 0.0:
        raise UsageError(f"--log needs a spectrum on [0, inf); the support of {law!r} starts at {low:.6g}")


def _draw(values: Any, law: Any, arguments: argparse.Namespace, out: Any, **options: Any) -> None:
    from rmt import plotting
    from rmt.laws.law import Law

    square = not isinstance(law, Law)
    figure, ax = plotting.figure(width=5.4 if square else 6.8, height=5.0 if square else None)
    plotting.compare(
        values,
        law,
        ax=ax,
        log=arguments.log,
        bins=arguments.bins,
        **options,
    )
    plotting.save(figure, out)
