"""Wigner's semicircle law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_real
from rmt.laws.law import Complex, Interval, Law, Real, exact
from rmt.laws.moment_series import motzkin_series
from rmt.numerics.functions.branches import circular_segment, log_lower, square_root_pair
from rmt.numerics.functions.exact_constants import TwoFloat, exact_sqrt, offset, two_float


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
    TypeError
        If `mean` or `variance` is not of the kind named above.
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

    _edge_ulps: ClassVar[float] = 0.0

    def __init__(self, mean: Any = 0, variance: Any = 1) -> None:
        object.__setattr__(self, "_mean", check_real("mean", mean))
        object.__setattr__(self, "variance", check_real("variance", variance, above=0.0))

    @cached_property
    def _ends(self) -> tuple[TwoFloat, TwoFloat, float, TwoFloat]:
        """Both edges, the radius and the mean, beyond double precision."""
        mean, radius = exact(self._mean), 2 * exact_sqrt(exact(self.variance))
        return two_float(mean - radius), two_float(mean + radius), float(radius), two_float(mean)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The one interval ``mean ± 2 sqrt(variance)``."""
        low, high, _, _ = self._ends
        return (Interval(low.high, high.high, 0.5, 0.5, 1.0),)

    def _distances(self, x: Real) -> tuple[Real, Real]:
        """Distances to both edges in units of the radius, 0 outside."""
        low, high, radius, _ = self._ends
        left, right = offset(x, low) / radius, -offset(x, high) / radius
        left[x <= low.high], right[x >= high.high] = 0.0, 0.0
        return np.clip(left, 0.0, 2.0), np.clip(right, 0.0, 2.0)

    def _pdf(self, x: Real) -> Real:
        left, right = self._distances(x)
        return np.asarray(np.sqrt(left * right) * (2.0 / (math.pi * self._ends[2])))

    def _cdf(self, x: Real) -> Real:
        left, right = self._distances(x)
        return np.where(left <= right, circular_segment(0.5 * left), 1.0 - circular_segment(0.5 * right))

    def _sf(self, x: Real) -> Real:
        left, right = self._distances(x)
        return np.where(left <= right, 1.0 - circular_segment(0.5 * left), circular_segment(0.5 * right))

    def _stieltjes(self, z: Complex) -> Complex:
        low, high, _, mean = self._ends
        return np.asarray(2.0 / (offset(z, mean) + square_root_pair(z, low, high)))

    def _t_transform(self, z: Complex) -> Complex:
        # zG − 1 = mean G + variance G²
        g = self._stieltjes(z)
        return np.asarray(g * (float(self._mean) + float(self.variance) * g))

    def _log_potential(self, z: Complex) -> Complex:
        # U = −log G + ∫_0^G h R'(h) dh, with R(g) = mean + variance g
        g = self._stieltjes(z)
        return np.asarray(0.5 * float(self.variance) * g * g - log_lower(g))

    def _r_transform(self, g: Complex) -> Complex:
        return float(self._mean) + float(self.variance) * g

    def _r_domain(self) -> str:
        return "every complex g (R is entire)"

    def _g_of_m(self, m: Complex) -> Complex:
        """G/m on the branch that tends to 1/mean, from M = mean G + variance G²."""
        mean, variance = float(self._mean), float(self.variance)
        root = np.sqrt(1.0 + 4.0 * variance / (mean * mean) * m)
        beyond = (m.imag == 0.0) & (4.0 * variance * m.real < -mean * mean)
        return np.where(beyond, np.nan, 2.0 / (mean * (1.0 + root)))

    def _inverse_t_transform(self, m: Complex) -> Complex:
        return np.asarray((1.0 + m) / (m * self._g_of_m(m)))

    def _s_transform(self, m: Complex) -> Complex:
        return self._g_of_m(m)

    def _s_domain(self) -> str:
        return "complex m off the half line left of -mean²/(4 variance)"

    def _exact_moments(self, order: int) -> list[Fraction]:
        return motzkin_series(exact(self._mean), exact(self.variance), order)

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        return [exact(self._mean), exact(self.variance), *[Fraction(0)] * (order - 2)][:order]

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        variance = scale * scale * self.variance
        return Semicircle(scale * self._mean + shift, variance) if 0 < variance < math.inf else None
