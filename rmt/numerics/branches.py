"""Functions whose obvious formula takes the wrong branch or cancels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


def square_root_pair(z: Complex, low: float, high: float) -> Complex:
    """√(z − low) √(z − high) ~ z at infinity, analytic off [low, high].

    Two roots and not the root of the product, whose cut is elsewhere. For real `z` the value from above
    (``z.imag`` must be ``>= +0.0``).
    """
    return np.asarray(np.sqrt(z - low) * np.sqrt(z - high))


def circular_segment(t: Real) -> Real:
    """Share of a disc left of the vertical line at `t` of its diameter, ``0 <= t <= 1``.

    With t = sin²(θ/2) the share is (θ − sin θ cos θ)/π, which cancels as θ³ near 0; there its power series is
    summed. Relative error below 1e-15 times a small constant for all t.
    """
    theta = 2.0 * np.arcsin(np.sqrt(t))
    direct = theta - np.sin(theta) * np.cos(theta)
    # (2θ)^3/12 (1 - (2θ)²/20 (1 - (2θ)²/42 (1 - ...))) = (2θ - sin 2θ)/2
    square = (2.0 * np.minimum(theta, 0.6)) ** 2
    series = np.ones_like(theta)
    for n in range(11, 0, -1):
        series = 1.0 - square / ((2 * n + 2) * (2 * n + 3)) * series
    small = (2.0 * theta) ** 3 / 12.0 * series
    return np.where(theta < 0.6, small, direct) / np.pi
