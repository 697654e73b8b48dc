"""Quantiles of a law whose distribution function is expensive: interpolated once, inverted many times."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev

from rmt.laws.law import Interval, Real

_SIZES = (32, 64, 128, 256, 512, 1024)
_TAIL = 1e-13


class InterpolatedInterval:
    """The mass of one interval as a Chebyshev series in θ, x = centre − half cos θ.

    At ends with density exponent ±1/2 the mass is an analytic function of θ and the series converges
    geometrically; it is refined until its last coefficients are below 1e-13, otherwise `converged` is False.
    """

    def __init__(self, interval: Interval, cdf: Callable[[Real], Real]) -> None:
        self.interval = interval
        self.converged = False
        self._centre = 0.5 * (interval.low + interval.high)
        self._half = 0.5 * (interval.high - interval.low)
        for size in _SIZES:
            nodes = np.cos(math.pi * (np.arange(size) + 0.5) / size)
            coefficients = _interpolate(nodes, cdf(self._point(0.5 * math.pi * (nodes + 1.0))))
            if np.abs(coefficients[-size // 8 :]).max() < _TAIL:
                self.converged = True
                break
        self._series = coefficients
        self._slope = chebyshev.chebder(coefficients)
        self._angles = np.linspace(0.0, math.pi, 4097)
        self._values = np.maximum.accumulate(self._cdf(self._angles))

    def _point(self, theta: Real) -> Real:
        return self._centre - self._half * np.cos(theta)

    def _cdf(self, theta: Real) -> Real:
        return np.asarray(chebyshev.chebval(theta * (2.0 / math.pi) - 1.0, self._series))

    def ppf(self, u: Real) -> Real:
        """Points with the given values of the distribution function, by Newton's method in θ."""
        theta = np.interp(u, self._values, self._angles)
        for _ in range(3):
            slope = chebyshev.chebval(theta * (2.0 / math.pi) - 1.0, self._slope) * (2.0 / math.pi)
            safe = np.maximum(slope, 1e-8)
            theta = np.clip(theta - np.clip((self._cdf(theta) - u) / safe, -1e-3, 1e-3), 0.0, math.pi)
        return self._point(theta)


def _interpolate(nodes: Real, values: Real) -> Real:
    """Chebyshev coefficients of the interpolant at the Chebyshev nodes of the first kind."""
    size = len(nodes)
    angles = math.pi * (np.arange(size) + 0.5) / size
    weights = np.cos(np.outer(np.arange(size), angles))
    coefficients = 2.0 / size * (weights @ values)
    coefficients[0] *= 0.5
    return np.asarray(coefficients)
