"""Compiled evaluation of Chebyshev series on equal pieces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.compilation.jit import kernel

Real = NDArray[np.float64]


@kernel
def evaluate_pieces(x: Real, low: float, width: float, coefficients: Real, value: Real, slope: Real) -> None:
    """Clenshaw's recurrence for a series and its derivative at every point."""
    pieces, terms = coefficients.shape
    for i in range(x.size):
        place = (x[i] - low) / width
        piece = int(min(max(place, 0.0), pieces - 1.0))
        t = 2.0 * (place - piece) - 1.0
        b1, b2, d1, d2 = 0.0, 0.0, 0.0, 0.0
        for k in range(terms - 1, 0, -1):
            d1, d2 = 2.0 * b1 + 2.0 * t * d1 - d2, d1
            b1, b2 = coefficients[piece, k] + 2.0 * t * b1 - b2, b1
        value[i] = coefficients[piece, 0] + t * b1 - b2
        slope[i] = (b1 + t * d1 - d2) * 2.0 / width
