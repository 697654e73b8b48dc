"""Equilibrium measures: where the eigenvalues of an invariant ensemble with weight exp(−βnΣV/2) settle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt.errors import check_real
from rmt.laws.given.density import NumericLaw
from rmt.laws.law import Interval, Real


@dataclass(frozen=True, init=False, repr=False)
class QuarticEquilibrium(NumericLaw):
    """Equilibrium measure of the potential V(x) = mu x²/2 + g x⁴/4: one cut for mu >= −2√g, two below.

    It minimises ∬ log 1/|x − y| + ∫ V (Brézin, Itzykson, Parisi and Zuber 1978); mu = 1, g = 0 is the semicircle law.

    Parameters
    ----------
    mu : real
        Coefficient of x²/2; > 0 if g = 0.
    g : real
        Coefficient of x⁴/4, >= 0.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number, or the potential does not confine.

    Examples
    --------
    >>> from rmt.laws import QuarticEquilibrium
    >>> law = QuarticEquilibrium(-3, 1)
    >>> len(law.support), law.energy
    (2, -1.875)
    """

    mu: Any
    g: Any

    def __init__(self, mu: Any = 1, g: Any = 1) -> None:
        object.__setattr__(self, "mu", check_real("mu", mu))
        object.__setattr__(self, "g", check_real("g", g, at_least=0.0))
        if self.g == 0 and self.mu <= 0:
            raise ValueError(f"mu must be > 0 for g = 0, got {mu!r}: the potential does not confine the eigenvalues")

    @property
    def cuts(self) -> int:
        """Number of intervals of the support."""
        return 1 if self.mu >= -2.0 * math.sqrt(self.g) else 2

    @property
    def _quarter(self) -> float:
        """a² of the one-cut support [−2a, 2a]: 3 g a⁴ + mu a² = 1, by the root that does not cancel."""
        mu, g = float(self.mu), float(self.g)
        root = math.sqrt(mu * mu + 12.0 * g)
        return 2.0 / (mu + root) if mu >= 0.0 else (root - mu) / (6.0 * g)

    @property
    def energy(self) -> float:
        """∬ log 1/|x − y| + ∫ V at the minimum."""
        mu, g = float(self.mu), float(self.g)
        if self.cuts == 1:
            square = self._quarter
            return 0.75 - 0.5 * math.log(square) + (mu * square - 1.0) * (9.0 - mu * square) / 24.0
        return 0.375 + 0.25 * math.log(g) - mu * mu / (4.0 * g)

    def _intervals(self) -> tuple[Interval, ...]:
        if self.cuts == 1:
            edge = 2.0 * math.sqrt(self._quarter)
            if self.mu == -2.0 * math.sqrt(self.g):  # the cut closes: the density is a square at 0
                return (Interval(-edge, 0.0, 0.5, 2.0, 0.5), Interval(0.0, edge, 2.0, 0.5, 0.5))
            return (Interval(-edge, edge, 0.5, 0.5, 1.0),)
        inner, outer = self._edges_of_two()
        return (Interval(-outer, -inner, 0.5, 0.5, 0.5), Interval(inner, outer, 0.5, 0.5, 0.5))

    def _edges_of_two(self) -> tuple[float, float]:
        mu, g = float(self.mu), float(self.g)
        high = (-mu + 2.0 * math.sqrt(g)) / g
        low = (mu * mu / g - 4.0) / (g * high)  # the product of both squares is (mu² − 4g)/g²
        return math.sqrt(max(low, 0.0)), math.sqrt(high)

    def _float_moments(self, order: int) -> list[float]:
        return [1.0, *self.line_panels.moments(order)[1:]]

    def _density(self, x: Real) -> Real:
        mu, g = float(self.mu), float(self.g)
        if self.cuts == 1:
            square = self._quarter
            edge = 2.0 * math.sqrt(square)
            root = np.sqrt(np.maximum((edge - x) * (edge + x), 0.0))
            flat = mu + 2.0 * g * square  # 0 at the transition
            flat = 0.0 if self.mu == -2.0 * math.sqrt(self.g) else flat
            return np.asarray((flat + g * x * x) * root / (2.0 * math.pi))
        inner, outer = self._edges_of_two()
        t = np.abs(x)
        root = np.sqrt(np.maximum((t - inner) * (t + inner) * (outer - t) * (outer + t), 0.0))
        return np.asarray(g * t * root / (2.0 * math.pi))
