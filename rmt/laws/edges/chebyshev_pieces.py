"""A function on equal pieces of an interval, each a Chebyshev series: values and derivatives by compiled code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ChebyshevPieces:
    """Chebyshev series on pieces of equal width.

    Attributes
    ----------
    low, width : float
        Left end of the first piece, width of every piece.
    coefficients : ndarray of shape (pieces, degree + 1)
    """

    low: float
    width: float
    coefficients: Real

    @property
    def high(self) -> float:
        """Right end of the last piece."""
        return self.low + self.width * len(self.coefficients)

    def __call__(self, x: Real) -> tuple[Real, Real]:
        """Values and derivatives; points outside the pieces take the nearest one."""
        from rmt.laws.edges.chebyshev_kernel import evaluate_pieces

        value, slope = np.empty_like(x), np.empty_like(x)
        evaluate_pieces(np.ascontiguousarray(x), self.low, self.width, self.coefficients, value, slope)
        return value, slope

    def piece(self, x: Real) -> NDArray[np.intp]:
        """Index of the piece that holds each point."""
        last = len(self.coefficients) - 1
        return np.clip(np.floor((x - self.low) / self.width), 0, last).astype(np.intp)


def piece_points(low: float, width: float, pieces: int, degree: int) -> Real:
    """Chebyshev points of every piece, shape (pieces, degree + 1)."""
    angles = np.pi * (2.0 * np.arange(degree + 1) + 1.0) / (2.0 * degree + 2.0)
    starts = low + width * np.arange(pieces)
    return np.asarray(starts[:, None] + 0.5 * width * (1.0 + np.cos(angles)))


def fit_pieces(low: float, width: float, values: Real) -> ChebyshevPieces:
    """Series through the values at :func:`piece_points`."""
    count = values.shape[1]
    angles = np.pi * (2.0 * np.arange(count) + 1.0) / (2.0 * count)
    transform = 2.0 / count * np.cos(np.outer(angles, np.arange(count)))
    transform[:, 0] *= 0.5
    return ChebyshevPieces(low, width, np.ascontiguousarray(values @ transform))
