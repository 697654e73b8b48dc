"""The outer edges of a free convolution: where its support begins and ends.

Outside the support every factor sits in its own outer gap, and a transform is common to all: F = 1/G for sums, H =
x/k = (1 + M)/M for products of positive laws, k = x - F being the self-energy. Inverse functions of the common value
are the coordinates here: no factor is preferred, so that factors may differ in width by any number of decades. With

    sum:      h = -k'/(1 - k'),            z = Σ t_i k_i + F,
    product:  h = q/(1 + q), q = -x k'/k,  z = H Π k_i^{t_i},

z grows away from the support as long as Σ t_i h_i < 1. Each h grows from 0 at infinity (at 0, for the gap between 0 and
the support of a product) towards the factor: 1/(1 - h) - 1 is an integral of a positive measure against 1/(x - t)², or
x/(x - t)². So the edge is the only root of Σ t_i h_i = 1, or where a factor reaches its own edge before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from rmt.errors import ConvergenceError
from rmt.free.support.real_axis import Factor
from rmt.laws.law import EPS, Real
from rmt.numerics.functions.bracketed_roots import bracketed_roots

#: the root is bracketed on geometric grids, each between two neighbours of the one before
_GRID, _GRIDS = 24, 3
#: factor by which a bracket is enlarged, and how far at most
_STRIDE, _FARTHEST = 16.0, 1e280
#: distance of an end from 0 that stands for none; its square does not underflow
_TINY = 1e-140
#: relative widenings of the bracket of a point of a factor
_SLACKS = (8.0 * EPS, 1e-9)
#: steps back from the edge to a point whose strength is no rounding error
_RETREATS = 20
#: relative distances from a root between which z does not change
_AROUND = 1e-9 * np.linspace(-1.0, 1.0, 17)
#: error of the logarithm of an edge of a product beyond which it is refused
_LARGEST_ERROR = 1e-3


def outer_edge(
    factors: Sequence[Factor],
    weights: Sequence[float],
    *,
    upper: bool,
    multiplicative: bool,
    logarithmic: bool = False,
) -> tuple[float, bool]:
    """The highest (lowest) point of the support of a free sum or product.

    Parameters
    ----------
    factors : sequence of Factor
        All bounded on that side; for the lower edge of a product all above 0.
    weights : sequence of float
    upper : bool
    multiplicative : bool
        Product of positive laws.
    logarithmic : bool
        Give the logarithm of the edge of a product.

    Returns
    -------
    edge : float
    soft : bool
        Whether the density vanishes there like a root: the equation has a solution.

    Raises
    ------
    ConvergenceError
        If the edge could not be computed.

    Notes
    -----
    The strength p > 0 of the common value is 1/abs(F) for sums, M above and -1 - M below the support of a product:
    0 at the far end of the gap, largest at the edge. Since z is stationary at a soft edge, half of the digits of the
    root give all of those of the edge.
    """
    sides = [_Side(f, upper=upper, multiplicative=multiplicative) for f in factors]
    curve = _Curve(sides, weights, upper=upper, multiplicative=multiplicative, logarithmic=logarithmic)
    edge, soft = curve.edge()
    if math.isnan(edge):
        raise ConvergenceError("an outer edge of a free convolution could not be computed", residual=math.inf)
    error = 4.0 * EPS * math.fsum(weights)
    if multiplicative and not error < _LARGEST_ERROR:
        raise ConvergenceError(
            f"the logarithm of an edge is known to {error:.3g} only: each of the factors, of total power "
            f"{math.fsum(weights):.6g}, is known to rounding; take smaller powers, or the limit law of the product",
            residual=error,
        )
    return edge, soft


def reaches_origin(factor: Factor) -> bool:
    """Whether a positive law begins so close to 0 that -1 - M at its lower end is lost in rounding."""
    return not _Side(factor, upper=False, multiplicative=True).strongest > 0.0


class _Side:
    """One factor in its outer gap on one side, as a function of the strength of the common value."""

    def __init__(self, factor: Factor, *, upper: bool, multiplicative: bool) -> None:
        gap = factor.upper if upper else factor.lower
        assert gap is not None
        self.factor, self.upper, self.multiplicative = factor, upper, multiplicative
        self.end = gap.low if upper else gap.high
        self.atom = factor.atom_at(self.end)
        self.mean = factor.mean
        distance = 2.0 * EPS * abs(self.end) + _TINY
        #: the last point before the edge, as far as doubles tell
        for _ in range(_RETREATS):
            self.last = self.end + distance if upper else self.end - distance
            self.strongest = float(self.strength(*self._self_energy(np.array([self.last])))[0])
            if self.strongest > 0.0 or not self._beyond(self.strongest):
                break
            distance *= 4.0  # rounding has put k beyond the point

    def _beyond(self, strength: float) -> bool:
        """Whether a strength belongs to a point on the wrong side of its k, which rounding makes of the infinite."""
        return strength < 0.0 and (self.upper or not self.multiplicative)

    @property
    def rises(self) -> bool:
        """Whether the strength or h goes on rising between the last point and the edge."""
        return self.atom > 0.0 or self.factor.bends(self.end, 1 if self.upper else -1)

    def _self_energy(self, x: Real) -> tuple[Real, Real, Real]:
        _, _, k, dk = self.factor.coordinate(x)
        return x, k, dk

    def _common(self, x: Real, k: Real) -> Real:
        """Abs(F) for a sum, H - 1 or H/(1 - H) for a product: what the strength is made of."""
        if not self.multiplicative:
            return np.abs(x - k)
        return (x - k) / k if self.upper else x / (k - x)

    def strength(self, x: Real, k: Real, _: Real) -> Real:
        """1/abs(F), M or -1 - M."""
        with np.errstate(divide="ignore"):
            common = self._common(x, k)
            return common if self.multiplicative and not self.upper else 1.0 / common

    def at(self, p: Real, common: Real) -> tuple[Real, Real]:
        """K and h where the strength is `p`, not above the strongest, and F (H for a product) is `common`.

        Where k moves by more than the point is rounded, next to the edge, it is taken from the common value.
        """
        x, k, dk = self._self_energy(self._place(p))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            bend = -x * dk / k if self.multiplicative else -dk
            steady = x / common if self.multiplicative else x - common
            return np.where(bend < 1.0, k, steady), np.where(np.isinf(bend), 1.0, bend / (1.0 + bend))

    def _place(self, p: Real) -> Real:
        """The point of the gap with this strength; Jensen's inequality and the end of the support bracket it."""
        if self.multiplicative:
            # x = H k, and k lies between the end and the mean
            common = 1.0 + 1.0 / p if self.upper else p / (1.0 + p)
            near, far = self.end * common, self.mean * common
        else:
            near, far = self.end + self._sign / p, self.mean + self._sign / p
        far = np.where(np.isfinite(far), far, self.last)  # an infinite mean bounds nothing
        wanted = p if self.multiplicative and not self.upper else 1.0 / p

        def residual(x: Real, index: Any) -> Real:
            return np.asarray(self._common(*self._self_energy(x)[:2]) - wanted[index])

        found = np.full_like(near, math.nan)
        for share in _SLACKS:  # a narrow law may have its end and its mean from different sources
            slack = share * np.maximum(np.abs(near), np.abs(far)) + _TINY
            low, high = np.fmin(near, far) - slack, np.fmax(near, far) + slack
            if self.upper:
                low, high = np.fmax(low, self.last), np.fmax(high, self.last)
            else:
                low, high = np.fmin(low, self.last), np.fmin(high, self.last)
                if self.multiplicative:
                    low = np.fmax(low, 0.0)
            found = np.where(np.isnan(found), bracketed_roots(residual, low, high), found)
            if not np.isnan(found).any():
                break
        # rounding may put the strongest value a little off the last point
        return np.where(np.isnan(found), self.last, found)

    @property
    def _sign(self) -> float:
        return 1.0 if self.upper else -1.0


class _Curve:
    """All factors together, as functions of the strength."""

    def __init__(
        self,
        sides: Sequence[_Side],
        weights: Sequence[float],
        *,
        upper: bool,
        multiplicative: bool,
        logarithmic: bool,
    ) -> None:
        self.sides, self.weights = sides, weights
        self.upper, self.multiplicative, self.logarithmic = upper, multiplicative, logarithmic
        self.strongest = min(side.strongest for side in sides)

    def _common(self, p: Real) -> Real:
        """F, or H."""
        if not self.multiplicative:
            return 1.0 / p if self.upper else -1.0 / p
        return 1.0 + 1.0 / p if self.upper else p / (1.0 + p)

    def _at(self, p: Real) -> tuple[Real, Real]:
        """Z (or its logarithm), and Σ t h - 1."""
        common = self._common(p)
        z, bend = np.log(common) if self.logarithmic else common.copy(), np.full_like(p, -1.0)
        for side, t in zip(self.sides, self.weights, strict=True):
            k, h = side.at(p, common)
            z = self._joined(z, k, t)
            bend += t * h
        return z, bend

    def _joined(self, z: Any, k: Any, t: float) -> Any:
        """Z with t k, k^t or t log k more."""
        if self.logarithmic:
            return z + t * np.log(k)
        return z * np.power(k, t) if self.multiplicative else z + t * k

    def _atom(self) -> bool:
        """Whether all factors end with atoms that are together so large that there is one in the result."""
        return all(side.atom > 0.0 for side in self.sides) and math.fsum(
            t * (1.0 - side.atom) for side, t in zip(self.sides, self.weights, strict=True)
        ) <= 1.0 + 4.0 * EPS * math.fsum(self.weights)

    def edge(self) -> tuple[float, bool]:
        """The edge, and whether it is soft."""
        if self._atom():
            return self._joined_ends(), False
        last = np.array([self.strongest])
        z, bend = self._at(last)
        if not bend[0] > 0.0:
            # the root may lie between the last point of a factor and its edge
            binding = [side for side in self.sides if side.strongest <= self.strongest]
            return float(z[0]), all(side.rises for side in binding)
        low, high = self._bracket()
        root = bracketed_roots(lambda p, _: self._at(p)[1], np.array([low]), np.array([high]))
        # z is stationary: the mean over neighbours has less rounding error than each
        around = np.minimum(root * (1.0 + _AROUND), self.strongest)
        return float(np.mean(self._at(around)[0])), True

    def _joined_ends(self) -> float:
        z = 1.0 if self.multiplicative and not self.logarithmic else 0.0
        for side, t in zip(self.sides, self.weights, strict=True):
            z = float(self._joined(z, side.end, t))
        return z

    def _bracket(self) -> tuple[float, float]:
        """Strengths on both sides of the root, close to each other."""
        scale = 1.0
        if not self.multiplicative:
            spread = math.fsum(t * abs(s.end - s.mean) for s, t in zip(self.sides, self.weights, strict=True))
            scale = 1.0 / spread if 0.0 < spread < math.inf else 1.0  # a mean may be infinite on the other side
        low = high = min(scale, self.strongest)
        while low > 1.0 / _FARTHEST and self._at(np.array([low]))[1][0] > 0.0:
            high, low = low, low / _STRIDE
        while high < self.strongest and not self._at(np.array([high]))[1][0] > 0.0:
            low, high = high, min(high * _STRIDE, self.strongest)
        for _ in range(_GRIDS):
            p = np.geomspace(low, high, _GRID)
            first = max(int(np.argmax(self._at(p)[1] > 0.0)), 1)
            low, high = float(p[first - 1]), float(p[first])
        return low, high
