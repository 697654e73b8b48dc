"""``rmt isometry``: whether an initialisation keeps gradients alive, why not, and what to set instead."""

from __future__ import annotations

import argparse
from typing import Any

from rmt.cli.parser import (
    UsageError,
    add_json_option,
    count,
    number,
    print_json,
    seed_or_fresh,
    users_mistakes,
    writable,
)
from rmt.numerics.progress import Progress

EXAMPLES = """\
examples:
  rmt isometry --activation tanh --depth 64 --sigma-w 1.05 --sigma-b 0.2 --weights orthogonal
  rmt isometry --activation relu --depth 32 --sigma-w 1.414 --json
  rmt isometry --activation hard_tanh --depth 16 --initialiser he --input-q 1 --out report.png

activations: linear, relu, leaky_relu, tanh, erf, hard_tanh, sigmoid, sin, arctan, gelu, gelu_tanh, silu, mish, elu,
selu, softplus, shifted_relu, clipped_relu

exit codes: 0 report printed (whatever the verdict), 2 mistake in the call, 3 anything else
"""

FIGURE_ENDINGS = (".png", ".pdf", ".svg")


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options."""
    parser.add_argument("--activation", required=True, metavar="NAME", help="activation of every layer")
    parser.add_argument("--depth", required=True, type=count("--depth"), help="number of layers L")
    parser.add_argument("--sigma-w", metavar="X", help="weights have variance sigma_w²/fan_in")
    parser.add_argument("--sigma-b", metavar="X", help="standard deviation of the biases (default 0)")
    parser.add_argument(
        "--initialiser", metavar="NAME", help="take the scales from he, glorot, lecun, orthogonal, torch_linear, ..."
    )
    parser.add_argument("--weights", metavar="LAW", help="orthogonal, gaussian (default), uniform, rademacher, ...")
    parser.add_argument(
        "--input-q", metavar="X", help="mean square of the entries of the input (default: layers at the stationary q*)"
    )
    parser.add_argument("--widths", metavar="N0,N1,...", help="widths or their ratios, L + 1 numbers (default: equal)")
    parser.add_argument("--target", metavar="X", default="0.2", help="relative variance to advise for (default 0.2)")
    parser.add_argument("-n", type=count("-n", minimum=2), default=400, help="width of the drawn network (default 400)")
    parser.add_argument("--seed", type=count("--seed", minimum=0), help="integer that fixes the drawn network")
    parser.add_argument("--out", metavar="FILE", help="write the figure (.png, .pdf or .svg)")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Predict, print, draw."""
    from rmt.networks import MLP

    out = writable(arguments.out, FIGURE_ENDINGS, "figure") if arguments.out is not None else None
    options = _network_options(arguments)
    with Progress("predicting the spectrum"), users_mistakes():
        report = MLP(**options).isometry(target=float(number("--target", arguments.target)))
    seed = None
    if out is not None:
        from rmt import plotting

        seed = seed_or_fresh(arguments.seed)
        with Progress("drawing"), users_mistakes():
            plotting.save(plotting.isometry_figure(report, n=arguments.n, rng=seed), out)
    if arguments.json:
        print_json({**report.to_dict(), "seed": seed, "figure": None if out is None else str(out)})
        return 0
    print(report)
    if out is not None:
        print(f"\n{'figure':<20}{out}\n{'seed':<20}{seed}")
    return 0


def _network_options(arguments: argparse.Namespace) -> dict[str, Any]:
    options: dict[str, Any] = {
        "depth": arguments.depth,
        "activation": arguments.activation,
        "sigma_b": 0.0,
        "weights": "gaussian",
    }
    if arguments.initialiser is not None:
        options |= _scales_of(arguments)
    elif arguments.sigma_w is None:
        raise UsageError("--sigma-w or --initialiser is needed: the scale of the weights")
    for option in ("sigma_w", "sigma_b", "input_q"):
        text = getattr(arguments, option)
        if text is not None:
            options[option] = float(number("--" + option.replace("_", "-"), text))
    if arguments.weights is not None:
        options["weights"] = arguments.weights
    if arguments.widths is not None:
        options["widths"] = [float(number("--widths", part)) for part in arguments.widths.split(",")]
    return options


def _scales_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Scales and weights of an initialiser at a square layer of n units."""
    from rmt.networks import initialiser

    with users_mistakes():
        found = initialiser(arguments.initialiser, fan_in=arguments.n)
    return {"sigma_w": found.sigma_w, "sigma_b": found.sigma_b, "weights": found.weights}
