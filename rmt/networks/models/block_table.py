"""The blocks of a model, one after the other: scales of their activations, gains, and singular values of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.networks.reports.spectrum_summary import finite, power_of_ten

Real = NDArray[np.float64]

#: levels of the quantiles of the singular values of a block
BLOCK_LEVELS = (0.05, 0.5, 0.95)
#: rows of the text
SHOWN = 64


@dataclass(frozen=True, eq=False)
class BlockReading:
    """A part of a model between two tensors that nothing bypasses: a layer of a chain, or a branch with its skip.

    Attributes
    ----------
    place : str
        Dotted name of the submodule that holds its weights.
    kind : str
        Operations with weights in it.
    shape : (rows, columns) of its Jacobian J_k
    q_in, q_out : float
        Mean squares of the entries that go in and come out.
    log_gain : float
        Logarithm of Tr J_k J_kᵀ over the columns: the mean gain of a random direction forwards.
    log_m1 : float
        Logarithm of m₁ from the beginning of the range to the end of this block.
    relvar : float
        Relative variance of J_k J_kᵀ; NaN if not measured.
    quantiles : tuple of float
        Singular values of J_k at the levels 5 %, 50 % and 95 %; NaN if not measured.
    s_min, s_max : float
        Smallest and largest singular value of J_k.
    """

    place: str
    kind: str
    shape: tuple[int, int]
    q_in: float
    q_out: float
    log_gain: float
    log_m1: float
    relvar: float = math.nan
    quantiles: tuple[float, ...] = (math.nan, math.nan, math.nan)
    s_min: float = math.nan
    s_max: float = math.nan

    @property
    def activation_gain(self) -> float:
        """Mean square that comes out over that which goes in: the gain of the activations forwards."""
        return self.q_out / self.q_in if self.q_in > 0.0 else math.nan

    @property
    def gain(self) -> float:
        """Mean squared length of J_k v for random unit vectors v."""
        return math.exp(self.log_gain) if self.log_gain < 709.0 else math.inf

    @property
    def backward_gain(self) -> float:
        """Mean squared length of J_kᵀ u for random unit vectors u: the gain of gradients backwards."""
        return self.gain * self.shape[1] / self.shape[0]

    def to_dict(self) -> dict[str, Any]:
        """The block in built-in types; None where a number is infinite or not known."""
        names = ("q_in", "q_out", "activation_gain", "gain", "backward_gain", "log_m1", "relvar", "s_min", "s_max")
        return {
            "place": self.place,
            "kind": self.kind,
            "shape": list(self.shape),
            **{name: finite(getattr(self, name)) for name in names},
            "quantiles": {f"{u:g}": finite(s) for u, s in zip(BLOCK_LEVELS, self.quantiles, strict=True)},
        }


def spectrum_of_block(values: Real, columns: int) -> dict[str, Any]:
    """Numbers of a block from the singular values of its Jacobian, descending."""
    squares = values**2
    mean = float(squares.mean())
    return {
        "log_gain": math.log(float(squares.sum()) / columns) if mean > 0.0 else -math.inf,
        "relvar": float(squares.var()) / mean**2 if mean > 0.0 else math.nan,
        "quantiles": tuple(float(v) for v in np.quantile(values, BLOCK_LEVELS)),
        "s_min": float(values[-1]),
        "s_max": float(values[0]),
    }


def table_lines(blocks: Sequence[BlockReading]) -> list[str]:
    """The table as text."""
    header = ("block", "q in", "q out", "gain", "backwards", "m1 so far", "s 5 %", "s 50 %", "s 95 %", "s max")
    rows = []
    for number, block in enumerate(blocks, 1):
        numbers = (block.q_in, block.q_out, block.gain, block.backward_gain)
        spectrum = (*block.quantiles, block.s_max)
        rows.append(
            (
                f"{number} {block.place or block.kind}",
                *(f"{v:.4g}" for v in numbers),
                power_of_ten(block.log_m1),
                *("-" if math.isnan(v) else f"{v:.4g}" for v in spectrum),
            )
        )
    width = max(20, *(len(row[0]) + 1 for row in rows)) if rows else 20
    lines = [f"{cells[0]:<{width}}" + "".join(f"{c:>11}" for c in cells[1:]) for cells in (header, *rows[:SHOWN])]
    return lines + ([f"({len(rows) - SHOWN} more)"] if len(rows) > SHOWN else [])
