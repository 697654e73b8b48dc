"""Models of several widths, depths and seeds: what depends on the width, before and after a step of training."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rmt.errors import check_count, check_items
from rmt.networks.reports.spectrum_summary import finite
from rmt.networks.torch.check import check_isometry
from rmt.networks.torch.inputs import output_of
from rmt.networks.torch.recording import Forward
from rmt.networks.torch.surroundings import undisturbed

Real = NDArray[np.float64]

#: quantities whose slope with the width is fitted, and what it is for standard parametrisation and for muP
SLOPES = {
    "output": (0.0, -0.5),
    "readout gain": (0.0, -1.0),
    "change of the last hidden layer": (0.5, 0.0),
    "change of the output": (1.0, 0.0),
}
#: standard errors by which a slope must be farther from the one parametrisation than from the other, and their floor
APART, SMALLEST_ERROR = 3.0, 0.03


@dataclass(frozen=True)
class ScanCell:
    """Models of one width and depth; every number is a mean over the seeds and its standard error.

    Attributes
    ----------
    width, depth : int or None
    log_m1, s_max : tuple
    q : tuple of tuples
        Mean square of the activations after every block.
    output, hidden : tuple
        Root mean squares of the output and of what enters the readout.
    readout_gain : tuple
        Sum of the squared weights of the readout over its outputs.
    hidden_change, output_change : tuple or None
        Root mean square of what one step changes; None without a step.
    """

    width: int
    depth: int | None
    log_m1: tuple[float, float]
    s_max: tuple[float, float]
    q: tuple[tuple[float, float], ...]
    output: tuple[float, float]
    hidden: tuple[float, float]
    readout_gain: tuple[float, float]
    hidden_change: tuple[float, float] | None = None
    output_change: tuple[float, float] | None = None


@dataclass(frozen=True)
class Scan:
    """What :func:`scan` found.

    Attributes
    ----------
    cells : tuple of ScanCell
    slopes : dict
        Slopes of log-log fits against the width at the last depth, with standard errors, by the name of the quantity.
    seeds : int
    """

    cells: tuple[ScanCell, ...]
    slopes: dict[str, tuple[float, float]]
    seeds: int

    @property
    def parametrization(self) -> str | None:
        """``"standard"`` or ``"muP"``, as far as the slopes tell; None where they do not."""
        votes = {vote for name in self.slopes if (vote := self._vote(name)) is not None}
        return votes.pop() if len(votes) == 1 else None

    def _vote(self, name: str) -> str | None:
        standard, mup = SLOPES[name]
        slope, error = self.slopes[name]
        if not math.isfinite(slope):
            return None
        middle, slack = 0.5 * (standard + mup), APART * max(error, SMALLEST_ERROR)
        if abs(slope - middle) < slack:
            return None
        return "muP" if (slope > middle) == (mup > standard) else "standard"

    def to_dict(self) -> dict[str, Any]:
        """Everything in built-in types."""

        def plain(value: Any) -> Any:
            if isinstance(value, tuple):
                return [plain(v) for v in value]
            return finite(value) if isinstance(value, float) else value

        return {
            "cells": [{k: plain(v) for k, v in vars(cell).items()} for cell in self.cells],
            "slopes": {name: plain(value) for name, value in self.slopes.items()},
            "seeds": self.seeds,
            "parametrization": self.parametrization,
        }

    def __str__(self) -> str:
        lines = [f"{'width':>8}{'depth':>8}{'log m1':>18}{'s_max':>18}{'q of the last block':>24}{'output':>18}"]
        for cell in self.cells:
            last = cell.q[-1] if cell.q else (math.nan, math.nan)
            numbers = (cell.log_m1, cell.s_max, last, cell.output)
            texts = [f"{mean:.4g} ± {error:.1g}" for mean, error in numbers]
            depth = "-" if cell.depth is None else str(cell.depth)
            lines.append(f"{cell.width:>8}{depth:>8}{texts[0]:>18}{texts[1]:>18}{texts[2]:>24}{texts[3]:>18}")
        lines.append("")
        for name, (slope, error) in self.slopes.items():
            standard, mup = SLOPES[name]
            lines.append(f"slope of the {name}: {slope:.3f} ± {error:.2g} (standard {standard:g}, muP {mup:g})")
        if self.parametrization is not None:
            lines.append(f"the width acts as in the {self.parametrization} parametrization")
        else:
            lines.append("the slopes do not tell the standard parametrization from muP")
        if "change of the last hidden layer" not in self.slopes:
            lines.append(
                "m1, s_max and q of hidden layers at initialisation are the same in both; only the readout tells them "
                "apart here: give step= to see what one step of the optimiser changes"
            )
        return "\n".join(lines)


def scan(
    make_model: Callable[..., Any],
    make_input: Any,
    *,
    widths: Sequence[int],
    depths: Sequence[int] | None = None,
    seeds: int = 5,
    step: Callable[[Any, Any], Any] | None = None,
    output: Any = None,
    layers: Any = "auto",
    **options: Any,
) -> Scan:
    """Measure models of several widths, depths and seeds.

    Parameters
    ----------
    make_model : callable
        ``make_model(width)``, or ``make_model(width, depth)`` with depths, gives a module; the random state of torch is
        set before every call, and restored at the end.
    make_input : Tensor or callable
        The input, or ``make_input(width)``.
    widths : sequence of int
    depths : sequence of int, optional
    seeds : int
        Models of every width and depth.
    step : callable, optional
        ``step(model, x)`` makes one step of the user's optimiser, in place.
    output, layers, **options
        As for :func:`check_isometry`.

    Returns
    -------
    Scan
        log m₁, s_max and the mean squares after every block with standard errors; slopes against the width of the
        output and the readout at initialisation, and with `step` of what one step changes. Hidden layers at
        initialisation cannot tell the standard parametrization from muP: their slopes are 0 in both.

    Raises
    ------
    TypeError, ValueError
        If the widths, depths or seeds are no positive integers, fewer than two seeds, or a model cannot be measured.

    Examples
    --------
    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> found = scan(lambda n: torch.nn.Sequential(torch.nn.Linear(4, n), torch.nn.Linear(n, 4)), torch.ones(4),
    ...              widths=(8, 16), seeds=2)
    >>> [cell.width for cell in found.cells]
    [8, 16]
    """
    sizes = [check_count("widths", n) for n in check_items("widths", widths, "positive integers")]
    levels: list[int | None] = [None]
    if depths is not None:
        levels = [check_count("depths", n) for n in check_items("depths", depths, "positive integers")]
    draws = check_count("seeds", seeds, minimum=2)
    cells = []
    with torch.random.fork_rng(devices=[]):
        for depth in levels:
            for width in sizes:
                found = []
                for seed in range(draws):
                    torch.manual_seed(seed)
                    model = make_model(width) if depth is None else make_model(width, depth)
                    x = make_input(width) if callable(make_input) else make_input
                    found.append(_measure(model, x, step, output, layers, options))
                cells.append(_cell(width, depth, found))
    return Scan(tuple(cells), _slopes([cell for cell in cells if cell.depth == levels[-1]]), draws)


def _measure(model: Any, x: Any, step: Any, output: Any, layers: Any, options: dict[str, Any]) -> dict[str, Any]:
    report = check_isometry(model, x, layers=layers, output=output, **{"predict": False, **options})
    hidden, result, readout = _ends(model, x, output)
    found = {
        "log_m1": report.log_m1,
        "s_max": report.s_max,
        "q": [block.q_out for block in report.blocks],
        "output": _rms(result),
        "hidden": _rms(hidden),
        "readout_gain": float(readout.double().square().sum()) / readout.shape[0],
    }
    if step is not None:
        with torch.enable_grad():
            step(model, x)
        after, given, _ = _ends(model, x, output)
        found |= {"hidden_change": _rms(after - hidden), "output_change": _rms(given - result)}
    return found


def _ends(model: Any, x: Any, output: Any) -> tuple[Any, Any, Any]:
    """What enters the last layer, the output, and the weights of the last layer."""
    with undisturbed(model, x.device):
        run = Forward(model, x, output=output_of(output)).record()
    simple = [layer for layer in run.layers if layer.is_layer]
    if not simple:
        raise ValueError("the model has no linear or convolution layer that could be its readout")
    last = simple[-1]
    return last.source.detach().double(), run.output.detach().double(), last.weight.detach().clone()


def _rms(tensor: Any) -> float:
    return float(tensor.double().square().mean().sqrt())


def _cell(width: int, depth: int | None, found: list[dict[str, Any]]) -> ScanCell:
    def average(values: Any) -> tuple[float, float]:
        numbers = np.array(values, dtype=np.float64)
        return float(numbers.mean()), float(numbers.std(ddof=1)) / math.sqrt(numbers.size)

    scalars = {name: average([f[name] for f in found]) for name in found[0] if name != "q"}
    blocks = zip(*(f["q"] for f in found), strict=True)
    return ScanCell(width=width, depth=depth, q=tuple(average(values) for values in blocks), **scalars)


def _slopes(cells: Sequence[ScanCell]) -> dict[str, tuple[float, float]]:
    """Slopes of log-log fits against the width, weighted by the standard errors of the means."""
    if len({cell.width for cell in cells}) < 2:
        return {}
    names = dict(zip(SLOPES, ("output", "readout_gain", "hidden_change", "output_change"), strict=True))
    found = {}
    for name, attribute in names.items():
        values = [getattr(cell, attribute) for cell in cells]
        if any(value is None or value[0] <= 0.0 for value in values):
            continue
        x = np.log([float(cell.width) for cell in cells])
        y = np.log([mean for mean, _ in values])
        errors = np.array([max(error / mean, 1e-3) for mean, error in values])
        weights = 1.0 / errors**2
        centred = x - float(weights @ x) / float(weights.sum())
        scale = float(weights @ centred**2)
        found[name] = float((weights * centred) @ y) / scale, scale**-0.5
    return found
