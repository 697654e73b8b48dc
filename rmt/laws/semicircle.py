"""Wigner's semicircle law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt.errors import check_real
from rmt.laws.law import Complex, Interval, Law, Real, exact
from rmt.numerics.branches import circular_segment, square_root_pair


@dataclass(frozen=True, init=False, repr=False)
class Semicircle(Law):
    """Semicircle law: limit of Wigner matrices (Wigner 1955, 1958), the free analogue of the normal law.

    Density ``sqrt(4 variance - (x - mean)^2) / (2 pi variance)`` on ``mean ± 2 sqrt(variance)``.

    Parameters
    ----------
    mean : real
        Centre.
    variance : real
        Variance, > 0; the radius is ``2 sqrt(variance)``. The default gives the support [-2, 2].

    Raises
    ------
    ValueError
        If a parameter is not finite, or ``variance <= 0``.

    Examples
    --------
    >>> from rmt.laws import Semicircle
    >>> Semicircle().moments(6)
    (0.0, 1.0, 0.0, 2.0, 0.0, 5.0)
    """

    _mean: Any
    variance: Any

    def __init__(self, mean: Any = 0, variance: Any = 1) -> None:
        object.__setattr__(self, "_mean", check_real("mean", mean))
        object.__setattr__(self, "variance", check_real("variance", variance, above=0.0))

    @property
    def _sigma(self) -> float:
        return math.sqrt(self.variance)

    def _scaled(self, x: Any) -> Any:
        """Map to the standard support [-1, 1]."""
        return (x - float(self._mean)) / (2.0 * self._sigma)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The one interval ``mean ± 2 sqrt(variance)``."""
        centre, radius = float(self._mean), 2.0 * self._sigma
        return (Interval(centre - radius, centre + radius, 0.5, 0.5, 1.0),)

    def _pdf(self, x: Real) -> Real:
        low, high = self._hull()
        inside = np.clip(x, low, high)
        return np.sqrt((inside - low) * (high - inside)) / (2.0 * math.pi * float(self.variance))

    def _cdf(self, x: Real) -> Real:
        low, high = self._hull()
        return circular_segment((np.clip(x, low, high) - low) / (high - low))

    def _sf(self, x: Real) -> Real:
        low, high = self._hull()
        return circular_segment((high - np.clip(x, low, high)) / (high - low))

    def _stieltjes(self, z: Complex) -> Complex:
        low, high = self._hull()
        return 2.0 / (z - float(self._mean) + square_root_pair(z, low, high))

    def _log_potential(self, z: Complex) -> Complex:
        # U = -log G + R-integral: stationarity of the Legendre form, with R(g) = mean + variance g
        g = self._stieltjes(z)
        out = float(self.variance) * g * g / 2.0 - np.log(g)
        return np.asarray(out)

    def _r_transform(self, g: Complex) -> Complex:
        return float(self._mean) + float(self.variance) * g

    def _r_domain(self) -> str:
        return "every complex g (R is entire)"

    def _exact_moments(self, order: int) -> list[Fraction]:
        mean, variance = exact(self._mean), exact(self.variance)
        central = [
            Fraction(math.comb(k, k // 2), k // 2 + 1) * variance ** (k // 2) if k % 2 == 0 else Fraction(0)
            for k in range(order + 1)
        ]
        return [
            sum((math.comb(k, j) * mean ** (k - j) * central[j] for j in range(k + 1)), Fraction(0))
            for k in range(order + 1)
        ]

    def _affine(self, scale: Any, shift: Any) -> Law:
        return Semicircle(scale * self._mean + shift, scale * scale * self.variance)
