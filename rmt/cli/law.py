"""``rmt law``: what a law answers, as numbers and as a picture."""

from __future__ import annotations

import argparse
import math
from typing import Any

from rmt.cli.parser import (
    CommandError,
    UsageError,
    add_json_option,
    add_parameters,
    count,
    given_parameters,
    number,
    print_json,
    users_mistakes,
    writable,
)
from rmt.numerics.progress import Progress

EXAMPLES = """\
examples:
  rmt law marchenko-pastur --ratio 2 --at 0.5 1 2
  rmt law fuss-catalan --order 3 --quantile 0.05 0.5 0.95 --json
  rmt law semicircle --variance 1/4 --moments 8 --out semicircle.pdf
"""

FIGURE_ENDINGS = (".png", ".pdf", ".svg")

#: how the density behaves at an edge, by its exponent
EDGE_WORDS = {0.5: "soft edge", -0.5: "hard edge", 0.0: "jump", 1.0 / 3.0: "cusp"}


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options."""
    from rmt.cli.law_table import law_table

    table = law_table()
    parser.add_argument("law", help=f"one of {', '.join(table)}")
    parser.add_argument("--at", nargs="+", metavar="X", default=[], help="density, distribution function and G there")
    parser.add_argument("--quantile", nargs="+", metavar="U", default=[], help="quantiles at these levels in [0, 1]")
    parser.add_argument("--moments", type=count("--moments"), default=4, help="how many moments (default 4)")
    parser.add_argument("--out", metavar="FILE", help="write a figure of the density (.png, .pdf or .svg)")
    parser.add_argument("--log", action=argparse.BooleanOptionalAction, help="logarithmic axis, or not")
    add_json_option(parser)
    add_parameters(parser, table, "the laws", words)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and print."""
    from rmt.cli.law_table import find_law

    with users_mistakes():
        entry = find_law(arguments.law)
    out = writable(arguments.out, FIGURE_ENDINGS, "figure") if arguments.out is not None else None
    points = [float(number("--at", text)) for text in arguments.at]
    if any(math.isnan(x) for x in points):
        raise UsageError("--at needs numbers, got nan")
    levels = [float(number("--quantile", text)) for text in arguments.quantile]
    for level in levels:
        if not 0.0 <= level <= 1.0:
            raise UsageError(f"--quantile must lie in [0, 1], got {level:g}")
    with users_mistakes():
        law = entry.build(**given_parameters(arguments, entry))
    with Progress(f"computing with {law!r}"), users_mistakes():
        record = _record(law, points, levels, arguments.moments)
    if out is not None:
        from rmt import plotting

        with users_mistakes():
            figure, ax = plotting.figure()
            plotting.law(law, ax, log=arguments.log)
            plotting.legend(ax)
        plotting.save(figure, out)
    record["figure"] = None if out is None else str(out)
    if arguments.json:
        print_json(record)
    else:
        print(_text(record))
    return 0


def _record(law: Any, points: list[float], levels: list[float], order: int) -> dict[str, Any]:
    """Every number, in built-in types; None where it does not exist or is infinite."""
    return {
        "law": repr(law),
        "support": [
            {
                "low": _finite(i.low),
                "high": _finite(i.high),
                "low_exponent": _finite(i.low_exponent),
                "high_exponent": _finite(i.high_exponent),
                "mass": i.mass,
            }
            for i in law.support
        ],
        "atoms": [{"position": position, "mass": mass} for position, mass in law.atoms],
        "moments": _numbers(law.moments, order),
        "free_cumulants": _numbers(law.free_cumulants, order),
        "at": [_at(law, x) for x in points],
        "quantiles": [{"level": u, "x": _finite(law.ppf(u))} for u in levels],
    }


def _at(law: Any, x: float) -> dict[str, float | None]:
    g = law.stieltjes(x)
    values = {"pdf": law.pdf(x), "cdf": law.cdf(x), "sf": law.sf(x), "stieltjes_real": g.real, "stieltjes_imag": g.imag}
    return {"x": _finite(x), **{name: _finite(value) for name, value in values.items()}}


def _numbers(function: Any, order: int) -> list[float] | None:
    """Moments or cumulants; None for a law without them."""
    try:
        return [float(value) for value in function(order)]
    except ValueError:
        return None
    except OverflowError as error:
        raise CommandError(f"moments up to order {order} exceed the largest float; ask for fewer: --moments") from error


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def _text(record: dict[str, Any]) -> str:
    lines = [f"{'law':<16}{record['law']}"]
    for i, interval in enumerate(record["support"]):
        low, high = (_end(interval[side], sign) for side, sign in (("low", "-"), ("high", "")))
        lines.append(f"{'support' if i == 0 else '':<16}[{low}, {high}], mass {interval['mass']:.10g}")
        lines += [
            f"{'':<16}  at {interval[side]:.10g}: {_edge_word(interval[f'{side}_exponent'])}"
            for side in ("low", "high")
            if interval[side] is not None
        ]
    for i, atom in enumerate(record["atoms"]):
        lines.append(f"{'atoms' if i == 0 else '':<16}mass {atom['mass']:.10g} at {atom['position']:.10g}")
    for name, title in (("moments", "moments"), ("free_cumulants", "free cumulants")):
        values = record[name]
        lines.append(f"{title:<16}" + ("none" if values is None else "  ".join(f"{v:.10g}" for v in values)))
    if record["at"]:
        lines += ["", f"{'x':>14}{'pdf':>18}{'cdf':>18}{'Re G(x+i0)':>18}{'Im G(x+i0)':>18}"]
        columns = ("pdf", "cdf", "stieltjes_real", "stieltjes_imag")
        lines += [_cell(row["x"], 14) + "".join(_cell(row[c], 18) for c in columns) for row in record["at"]]
    if record["quantiles"]:
        lines += ["", f"{'level':>14}{'quantile':>18}"]
        lines += [_cell(row["level"], 14) + _cell(row["x"], 18) for row in record["quantiles"]]
    if record["figure"]:
        lines += ["", f"{'figure':<16}{record['figure']}"]
    return "\n".join(lines)


def _end(value: float | None, sign: str) -> str:
    return f"{sign}inf" if value is None else f"{value:.10g}"


def _edge_word(exponent: float | None) -> str:
    if exponent is None:
        return "no power law"
    word = EDGE_WORDS.get(exponent, "edge")
    return word if word == "jump" else f"{word}, density ~ distance^{exponent:.4g}"


def _cell(value: float | None, width: int) -> str:
    return f"{'infinite' if value is None else format(value, '.12g'):>{width}}"
