"""Tails that cost a determinant a point, put on Chebyshev pieces once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rmt.laws.edges.chebyshev_pieces import ChebyshevPieces, fit_pieces, piece_points
from rmt.laws.edges.log_tails import LogTails
from rmt.laws.law import Real

#: pieces end where the smaller tail is this small; a determinant has absolute errors of 1e-15
SMALLEST_TAIL = 1e-9
_PIECES, _DEGREE = 20, 16
#: how far below SMALLEST_TAIL the grid goes, in logarithms
_DEPTH = 37.0


@dataclass(frozen=True, eq=False)
class TabulatedTails:
    """Log F on the pieces before `switch`, log(1 − F) from it on, as functions of t; continued beyond the pieces.

    The continuation is linear in t, on the right in exp(t) where t is a logarithm: tails that are concave as
    functions of t, or of exp(t), lie below it.
    """

    pieces: ChebyshevPieces
    switch: int
    logarithmic: bool = False

    def log_tails(self, t: Real) -> LogTails:
        """The smaller tail at finite points."""
        beyond = t - np.clip(t, self.pieces.low, self.pieces.high)
        value, slope = self.pieces(t - beyond)
        lower = self.pieces.piece(t) < self.switch
        if self.logarithmic:
            growth = np.exp(np.maximum(beyond, 0.0))
            value += slope * np.where(beyond > 0.0, growth - 1.0, beyond)
            return LogTails(lower, value, slope * growth)
        value += slope * beyond
        return LogTails(lower, value, slope)

    def grid(self) -> Real:
        """Points from a lower to an upper tail below 1e-25."""
        low, high = self.pieces.low, self.pieces.high
        _, (up, down) = self.pieces(np.array([low, high]))
        beyond = math.log1p(-_DEPTH / down) if self.logarithmic else -_DEPTH / down
        return np.linspace(low - _DEPTH / up, high + beyond, 512)


def tabulate(
    tails: Callable[[float], tuple[float, float]], guess: float, step: float, *, logarithmic: bool = False
) -> TabulatedTails:
    """Tabulate tails on the range that matters.

    Parameters
    ----------
    tails : callable
        Maps a point to (log F, log(1 − F)).
    guess, step : float
        A point near the bulk of the law, and a length to search with.
    logarithmic : bool
        Whether t is the logarithm of the eigenvalue.
    """
    low = _search(lambda t: tails(t)[0], guess, -step)
    high = _search(lambda t: tails(t)[1], guess, step)
    width = (high - low) / _PIECES
    points = piece_points(low, width, _PIECES, _DEGREE)
    values = np.array([[tails(t) for t in row] for row in points])
    before = max(1, int(np.count_nonzero(values[:, 0, 0] < np.log(0.5))))
    table = np.vstack([values[:before, :, 0], values[before:, :, 1]])
    return TabulatedTails(fit_pieces(low, width, table), before, logarithmic)


def _search(log_tail: Callable[[float], float], start: float, step: float) -> float:
    """Point in the direction of the step where a tail is SMALLEST_TAIL, to a factor e."""
    floor = math.log(SMALLEST_TAIL)
    inside, outside = start, start + step
    value = log_tail(outside)
    while value > floor:
        step *= 1.5
        inside, outside = outside, outside + step
        value = log_tail(outside)
    while value < floor - 1.0:
        middle = 0.5 * (inside + outside)
        at = log_tail(middle)
        if at > floor:
            inside = middle
        else:
            outside, value = middle, at
    return outside
