"""``rmt program``: a network as a tensor program, at finite width with any entries and in the limit."""

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
)
from rmt.numerics.progress import Progress

EXAMPLES = """\
examples:
  rmt program --activation tanh --depth 2 --steps 1 -n 500 --entries gaussian rademacher --seed 0
  rmt program --activation relu --depth 3 --steps 1 --sigma-w 1.4 --rate 0.3 -n 300 --json
  rmt program --activation tanh --depth 2 --steps 1 --show

the outputs are those of the network on one input after the steps, from 0 towards the target 1 (parametrization muP)

exit codes: 0 done, 2 mistake in the call, 3 anything else
"""


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options."""
    parser.add_argument("--activation", required=True, metavar="NAME", help="activation of every hidden layer")
    parser.add_argument("--depth", required=True, type=count("--depth"), help="number of hidden layers")
    parser.add_argument("--sigma-w", metavar="X", default="1", help="weights have variance sigma_w²/fan_in (default 1)")
    parser.add_argument("--steps", type=count("--steps"), default=1, help="steps of gradient descent (default 1)")
    parser.add_argument("--rate", metavar="X", default="1", help="learning rate (default 1)")
    parser.add_argument("-n", type=count("-n"), default=300, help="width (default 300)")
    parser.add_argument("--trials", type=count("--trials", minimum=2), default=20, help="runs a law (default 20)")
    parser.add_argument("--entries", nargs="+", default=["gaussian"], metavar="LAW", help="laws of the matrix entries")
    parser.add_argument("--seed", type=count("--seed", minimum=0), help="integer that fixes the runs")
    parser.add_argument("--show", action="store_true", help="print the program instead of running it")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Build the program; show it, or compare its runs with its limit."""
    from rmt.networks import MLP
    from rmt.programs import Program

    scale, rate = (float(number(n, v)) for n, v in (("--sigma-w", arguments.sigma_w), ("--rate", arguments.rate)))
    if scale <= 0.0:
        raise UsageError(f"--sigma-w must be > 0, got {arguments.sigma_w}")
    with users_mistakes():
        net = MLP(arguments.depth, arguments.activation, scale, input_q=1.0)
        program = Program.from_mlp(net, steps=arguments.steps, rate=rate)
    if arguments.show:
        print(program)
        return 0
    seed = seed_or_fresh(arguments.seed)
    with Progress("integrating the limit"), users_mistakes():
        value, error = program.limit(return_error=True)
    rows: list[dict[str, Any]] = []
    with Progress("running the program"), users_mistakes():
        for law in arguments.entries:
            drawn = program.sample(arguments.n, rng=seed, trials=arguments.trials, entries=law)
            spread = float(drawn.std(ddof=1))
            rows.append({"entries": law, "mean": float(drawn.mean()), "standard_error": spread / arguments.trials**0.5})
    if arguments.json:
        report = {"network": repr(net), "steps": arguments.steps, "rate": rate, "n": arguments.n, "seed": seed}
        print_json({**report, "limit": value, "limit_error": error, "runs": rows})
        return 0
    print(f"{'network':<20}{net!r}, {arguments.steps} steps of rate {rate:g}")
    print(f"{'limit':<20}{value:.10g} ± {error:.1g}")
    for row in rows:
        print(f"{row['entries']:<20}{row['mean']:.6g} ± {row['standard_error']:.2g}, n = {arguments.n}")
    print(f"{'seed':<20}{seed}")
    return 0
