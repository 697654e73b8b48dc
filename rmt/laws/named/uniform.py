"""The uniform law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_real
from rmt.laws.law import Complex, Interval, Law, Mask, Real, check_range, exact
from rmt.laws.moment_series import langevin_series
from rmt.numerics.functions.branches import log_upper
from rmt.numerics.functions.cotangent import COTANGENT

#: beyond this many half widths from the centre the transforms are summed as power series
_FAR = 4.0
_TERMS = 15


@dataclass(frozen=True, init=False, repr=False)
class Uniform(Law):
    """Uniform law on an interval.

    Its R-transform on [-1, 1] is ``coth(g) - 1/g``.

    Parameters
    ----------
    low, high : real
        The ends, low < high.

    Raises
    ------
    TypeError
        If `low` or `high` is not of the kind named above.
    ValueError
        If a parameter is not finite, or ``low >= high``.

    Examples
    --------
    >>> from rmt.laws import Uniform
    >>> Uniform().free_cumulants(4, exact=True)
    (Fraction(0, 1), Fraction(1, 3), Fraction(0, 1), Fraction(-1, 45))
    """

    low: Any
    high: Any

    _edge_ulps: ClassVar[float] = 0.0

    def __init__(self, low: Any = -1, high: Any = 1) -> None:
        object.__setattr__(self, "low", check_real("low", low))
        object.__setattr__(self, "high", check_real("high", high))
        if not float(self.low) < float(self.high):
            raise ValueError(f"low must be smaller than high, got low = {low!r} and high = {high!r}")
        check_range(self)

    @cached_property
    def _ends(self) -> tuple[float, float, float]:
        """Both ends and the width."""
        return float(self.low), float(self.high), float(exact(self.high) - exact(self.low))

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval itself, with jumps at its ends."""
        low, high, _ = self._ends
        return (Interval(low, high, 0.0, 0.0, 1.0),)

    def _pdf(self, x: Real) -> Real:
        low, high, width = self._ends
        return np.where((x >= low) & (x <= high), 1.0 / width, 0.0)

    def _cdf(self, x: Real) -> Real:
        low, _, width = self._ends
        return np.clip((x - low) / width, 0.0, 1.0)

    def _sf(self, x: Real) -> Real:
        _, high, width = self._ends
        return np.clip((high - x) / width, 0.0, 1.0)

    def _ppf(self, u: Real) -> Real:
        low, high, width = self._ends
        return np.where(u < 0.5, low + width * u, high - width * (1.0 - u))

    def _inverse_distance(self, z: Complex) -> tuple[Complex, Mask]:
        """Half width over the distance to the centre, and where that is small."""
        low, high, width = self._ends
        twice = (z - low) + (z - high)
        far = np.abs(twice) > _FAR * width
        return np.asarray(width / np.where(far, twice, 1.0)), np.asarray(far)

    def _stieltjes(self, z: Complex) -> Complex:
        low, high, width = self._ends
        t, far = self._inverse_distance(z)
        near = np.empty_like(z)
        with np.errstate(divide="ignore"):
            first, last = log_upper(z - low), log_upper(z - high)
        near.real, near.imag = (first.real - last.real) / width, (first.imag - last.imag) / width
        near.imag[z == high] = -math.pi / width  # the density at its upper end, as at the lower one
        square, series = t * t, np.zeros_like(t)
        for k in range(_TERMS, -1, -1):
            series = series * square + 1.0 / (2 * k + 1)
        return np.where(far, 2.0 / width * t * series, near)

    def _t_transform(self, z: Complex) -> Complex:
        width = self._ends[2]
        t, far = self._inverse_distance(z)
        square, series = t * t, np.zeros_like(t)
        for k in range(_TERMS, 0, -1):
            series = (series + 1.0 / (2 * k + 1)) * square
        # zG − 1 = (z − c)G − 1 + cG
        centre = float((exact(self.low) + exact(self.high)) / 2)
        return np.where(far, series + centre * 2.0 / width * t * (1.0 + series), super()._t_transform(z))

    def _log_potential(self, z: Complex) -> Complex:
        low, high, width = self._ends
        t, far = self._inverse_distance(z)
        square, series = t * t, np.zeros_like(t)
        for k in range(_TERMS, 0, -1):
            series = (series + 1.0 / (2 * k * (2 * k + 1))) * square
        with np.errstate(divide="ignore"):
            remote = log_upper(0.5 * ((z - low) + (z - high))) - series
        near = (_times_log(z - low) - _times_log(z - high)) / width - 1.0
        return np.where(far, remote, near)

    def _r_transform(self, g: Complex) -> Complex:
        half = 0.5 * self._ends[2]
        centre = float((exact(self.low) + exact(self.high)) / 2)
        return np.asarray(centre + half * _langevin(half * g))

    def _r_domain(self) -> str:
        return f"every complex g but the poles ±2πik/{self._ends[2]!r}, k = 1, 2, ..."

    def _exact_moments(self, order: int) -> list[Fraction]:
        low, high = exact(self.low), exact(self.high)
        # (high^(k+1) − low^(k+1))/((k + 1) (high − low)), in integers
        scale = math.lcm(low.denominator, high.denominator)
        a, b = int(low * scale), int(high * scale)
        powers = [(a, b)]
        for _ in range(order):
            powers.append((powers[-1][0] * a, powers[-1][1] * b))
        return [Fraction((q - p) // (b - a), (k + 1) * scale**k) for k, (p, q) in enumerate(powers)]

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        low, high = exact(self.low), exact(self.high)
        half = (high - low) / 2
        series = langevin_series(order)
        return [(low + high) / 2, *(series[k] * half**k for k in range(2, order + 1))][:order]

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        ends = sorted((scale * self.low + shift, scale * self.high + shift))
        return Uniform(*ends) if float(ends[0]) < float(ends[1]) else None


def _times_log(w: Complex) -> Complex:
    """W log w in the closed upper half plane, 0 at 0."""
    return w * log_upper(np.where(w == 0.0, 1.0, w))


def _langevin(g: Complex) -> Complex:
    """Coth g − 1/g = Σ_k 2g/(g² + k²π²); NaN at its poles."""
    small = np.abs(g) < 1.0
    square = np.where(small, g * g, 0.0)
    series = np.zeros_like(square)
    for coefficient in COTANGENT[::-1]:
        series = coefficient - series * square
    away = np.where(small, 1.0, g)
    decay = np.exp(-2.0 * np.where(away.real < 0.0, -away, away))
    sign = np.where(away.real < 0.0, -1.0, 1.0)
    rest = 1.0 - decay
    pole = np.abs(rest) < 1e-15
    coth = sign * (1.0 + decay) / np.where(pole, np.nan, rest)
    return np.where(small, g * series, coth - 1.0 / away)
