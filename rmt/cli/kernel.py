"""``rmt kernel``: the kernel of a wide network on the sphere, its spectrum, and the critical learning rate."""

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
  rmt kernel --activation relu --depth 3 --points sphere -n 1000 --dimension 1000
  rmt kernel --activation tanh --depth 5 --sigma-w 1.3 --sigma-b 0.1 -n 500 --dimension 1000 --json
  rmt kernel --activation relu --depth 2 -n 1000 --dimension 2000 --kernel nngp --seed 0 --out spectrum.png

points: n uniform points on the sphere of radius sqrt(dimension), the only choice

exit codes: 0 done, 2 mistake in the call, 3 anything else
"""

FIGURE_ENDINGS = (".png", ".pdf", ".svg")


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options."""
    parser.add_argument("--activation", required=True, metavar="NAME", help="activation of every hidden layer")
    parser.add_argument("--depth", required=True, type=count("--depth"), help="number of hidden layers L")
    parser.add_argument("--sigma-w", metavar="X", help="weights have variance sigma_w²/fan_in (default sqrt(2))")
    parser.add_argument("--sigma-b", metavar="X", default="0", help="standard deviation of the biases (default 0)")
    parser.add_argument("--kernel", default="ntk", choices=("ntk", "nngp"), help="which kernel (default ntk)")
    parser.add_argument("--points", default="sphere", choices=("sphere",), help="where the inputs lie (default sphere)")
    parser.add_argument("-n", type=count("-n", minimum=2), default=500, help="number of inputs (default 500)")
    parser.add_argument(
        "--dimension", type=count("--dimension", minimum=2), help="dimension of the inputs (default: as many as inputs)"
    )
    parser.add_argument("--seed", type=count("--seed", minimum=0), help="integer that fixes the drawn inputs")
    parser.add_argument("--out", metavar="FILE", help="write the figure (.png, .pdf or .svg)")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Predict, draw, print."""
    from rmt.kernels import MLP, SphereKernelMatrix, activation, condition_number, critical_step, zonal

    out = writable(arguments.out, FIGURE_ENDINGS, "figure") if arguments.out is not None else None
    n, dimension = arguments.n, arguments.dimension or arguments.n
    scale = 2.0**0.5 if arguments.sigma_w is None else float(number("--sigma-w", arguments.sigma_w))
    bias = float(number("--sigma-b", arguments.sigma_b))
    if scale <= 0.0:
        raise UsageError(f"--sigma-w must be > 0, got {arguments.sigma_w}")
    with Progress("predicting the spectrum"), users_mistakes():
        net = MLP(arguments.depth, activation(arguments.activation), scale, bias)
        kernel = zonal(net, arguments.kernel)
        ensemble = SphereKernelMatrix(kernel, n / dimension)
        law, outlier = ensemble.law(), kernel.outlier(n, dimension)
        steps = {loss: critical_step(law, loss, n=n, outlier=outlier) for loss in ("half_sum", "mean")}
        condition = condition_number(law) if outlier is None else outlier / _bottom(law)
    seed = seed_or_fresh(arguments.seed)
    with Progress("drawing"), users_mistakes():
        values = ensemble.eigenvalues(n, rng=seed)
        figure = _figure(values, law, outlier, n) if out is not None else None
        if figure is not None and out is not None:
            from rmt import plotting

            plotting.save(figure, out)
    report: dict[str, Any] = {
        "kernel": arguments.kernel,
        "network": repr(net),
        "n": n,
        "dimension": dimension,
        "law": repr(law),
        "bulk": [_bottom(law), _top(law)],
        "outlier": outlier,
        "largest_drawn": float(values[-1]),
        "smallest_drawn": float(values[0]),
        "critical_step_half_sum": steps["half_sum"],
        "critical_step_mean": steps["mean"],
        "condition_number": condition,
        "seed": seed,
        "figure": None if out is None else str(out),
    }
    if arguments.json:
        print_json(report)
        return 0
    rows = [
        ("network", report["network"]),
        ("kernel", f"{arguments.kernel} on {n} points of the sphere in dimension {dimension}"),
        ("law of the bulk", report["law"]),
        ("bulk", f"[{_bottom(law):.6g}, {_top(law):.6g}]"),
        ("outlier", "none" if outlier is None else f"{outlier:.6g}"),
        ("drawn", f"[{values[0]:.6g}, {values[-1]:.6g}]"),
        ("critical step", f"{steps['half_sum']:.6g} for ½ Σ r², {steps['mean']:.6g} for (1/n) Σ r²"),
        ("condition number", f"{condition:.6g}"),
        ("seed", str(seed)),
    ]
    if out is not None:
        rows.append(("figure", str(out)))
    print("\n".join(f"{name:<20}{value}" for name, value in rows))
    return 0


def _bottom(law: Any) -> float:
    return float(min([i.low for i in law.support] + [x for x, _ in law.atoms]))


def _top(law: Any) -> float:
    return float(max([i.high for i in law.support] + [x for x, _ in law.atoms]))


def _figure(values: Any, law: Any, outlier: float | None, n: int) -> Any:
    """Bulk over its law, and the outlier on an axis of its own."""
    from rmt import plotting

    with plotting.style():
        figure, axes = plotting.figure(1, 2, height=3.2)
        bulk = values if outlier is None else values[:-1]
        plotting.compare(bulk, law, ax=axes[0], legend=False)
        axes[0].set(xlabel="eigenvalue", ylabel="density", title="bulk")
        axes[1].plot(range(1, n + 1), values[::-1], ".", markersize=3, color="0.5", label="drawn")
        if outlier is not None:
            axes[1].axhline(outlier, linewidth=1, label="outlier")
        axes[1].set(xscale="log", yscale="log", xlabel="rank", ylabel="eigenvalue", title="all eigenvalues")
        axes[1].legend()
    return figure
