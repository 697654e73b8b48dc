"""Quantiles of a law whose density is expensive: interpolated once, inverted many times."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev

from rmt.laws.law import EPS, Interval, Real

_NODES = 16
_SPLIT = 0.4375
_DEPTH = 30  # subdivisions in θ next to a singularity
_CHUNK = 1 << 14
_TOLERANCE = 1e-13

_POINTS = np.cos(math.pi * (np.arange(_NODES) + 0.5) / _NODES)
_TO_COEFFICIENTS = np.cos(np.outer(np.arange(_NODES), math.pi * (np.arange(_NODES) + 0.5) / _NODES)) * 2.0 / _NODES
_TO_COEFFICIENTS[0] *= 0.5


class InterpolatedInterval:
    """The distribution function on one interval of the support, by Chebyshev series on pieces of it.

    In θ, x = centre − half cos θ, a density with exponents ±1/2 at its edges is analytic up to the ends. Pieces are
    divided until their series end below 1e-13 of the mass; next to a cusp or a singularity that never happens, and
    the smallest pieces get their mass from `cdf`.

    Parameters
    ----------
    interval : Interval
        The interval and its mass.
    pdf, cdf : callable
        The density, NaN where it is not known, and the distribution function of the law.
    """

    def __init__(self, interval: Interval, pdf: Callable[[Real], Real], cdf: Callable[[Real], Real]) -> None:
        self.interval = interval
        self._centre = 0.5 * (interval.low + interval.high)
        self._half = 0.5 * (interval.high - interval.low)
        starts, widths, series = self._resolve(pdf, cdf)
        order = np.argsort(starts)
        self._starts, self._widths, self._density = starts[order], widths[order], series[order]
        # antiderivatives that vanish at the left ends
        integral = chebyshev.chebint(self._density, axis=1) * (0.5 * self._widths[:, None])
        integral[:, 0] -= integral @ (-1.0) ** np.arange(integral.shape[1])
        self._integral = integral
        masses = integral.sum(axis=1)
        self._scale = interval.mass / masses.sum()
        self._reached = np.concatenate([[0.0], np.cumsum(masses)])

    def _point(self, theta: Real) -> Real:
        return self._centre - self._half * np.cos(theta)

    def _resolve(self, pdf: Callable[[Real], Real], cdf: Callable[[Real], Real]) -> tuple[Real, Real, Real]:
        """Left ends, widths and Chebyshev coefficients of the density in θ on the pieces."""
        ends = np.linspace(0.0, math.pi, 8)
        pending, width = ends[:-1], np.diff(ends)
        starts, widths, series = [], [], []
        for depth in range(_DEPTH):
            if pending.size == 0:
                break
            theta = pending[:, None] + 0.5 * width[:, None] * (1.0 + _POINTS)
            density = pdf(self._point(theta).ravel()).reshape(theta.shape)
            coefficients = (density * self._half * np.sin(theta)) @ _TO_COEFFICIENTS.T
            done = np.abs(coefficients[:, -3:]).max(axis=1) * width < _TOLERANCE * self.interval.mass
            last = np.isnan(coefficients).any(axis=1) | (depth == _DEPTH - 1) & ~done
            if last.any():
                below = cdf(self._point(np.stack([pending[last], pending[last] + width[last]])))
                coefficients[last] = 0.0
                coefficients[last, 0] = (below[1] - below[0]) / width[last]
                done |= last
            starts.append(pending[done])
            widths.append(width[done])
            series.append(coefficients[done])
            # not in the middle: symmetric laws are singular there
            left = _SPLIT * width[~done]
            pending, width = (
                np.concatenate([pending[~done], pending[~done] + left]),
                np.concatenate([left, width[~done] - left]),
            )
        return np.concatenate(starts), np.concatenate(widths), np.concatenate(series)

    def ppf(self, mass: Real) -> Real:
        """Points with the given mass of the interval on their left, by Newton's method on the series."""
        order = np.argsort(mass, kind="stable")
        out = np.empty_like(mass)
        for start in range(0, mass.size, _CHUNK):
            chosen = order[start : start + _CHUNK]
            out[chosen] = self._ppf(mass[chosen] / self._scale)
        return out

    def _ppf(self, target: Real) -> Real:
        piece = np.clip(np.searchsorted(self._reached, target, side="right") - 1, 0, len(self._starts) - 1)
        rest = target - self._reached[piece]
        integral, density = self._integral[piece], self._density[piece] * (0.5 * self._widths[piece, None])
        low, high = np.full_like(rest, -1.0), np.ones_like(rest)
        t = 2.0 * rest / (self._reached[piece + 1] - self._reached[piece]) - 1.0
        for _ in range(50):
            value = _clenshaw(integral, t) - rest
            low, high = np.where(value < 0.0, t, low), np.where(value < 0.0, high, t)
            following = t - value / _clenshaw(density, t)
            following = np.where((following >= low) & (following <= high), following, 0.5 * (low + high))
            settled = (np.abs(following - t) < 1e-13) | (np.abs(value) < EPS * self._reached[-1])
            t = following
            if settled.all():
                break
        return self._point(self._starts[piece] + 0.5 * self._widths[piece] * (1.0 + t))


def _clenshaw(coefficients: Real, t: Real) -> Real:
    """Chebyshev series, one row a point."""
    first, second = np.zeros_like(t), np.zeros_like(t)
    for j in range(coefficients.shape[1] - 1, 0, -1):
        first, second = coefficients[:, j] + 2.0 * t * first - second, first
    return np.asarray(coefficients[:, 0] + t * first - second)
