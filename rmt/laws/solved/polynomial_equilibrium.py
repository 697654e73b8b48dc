"""Equilibrium measures of polynomial potentials, on one cut or several."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_items, check_real
from rmt.laws.given.density import NumericLaw
from rmt.laws.law import Interval, Real, exact
from rmt.laws.solved.cut_solver import Cuts, frame, solve_cuts

_LARGEST_DEGREE = 20


@dataclass(frozen=True, init=False, repr=False)
class PolynomialEquilibrium(NumericLaw):
    """Equilibrium measure of a polynomial potential V: where eigenvalues of weight exp(−βnΣV/2) settle.

    It minimises ∬ log 1/|x − y| + ∫ V among all probability measures; on its support, one interval or several, V − 2U
    is constant and least, U the logarithmic potential. :class:`QuarticEquilibrium` has the closed form for even
    quartics.

    Parameters
    ----------
    coefficients : sequence of real
        V(x) = Σ coefficients[k] x^k: of even degree from 2 to 20, the highest > 0. The constant does not matter for the
        measure.

    Raises
    ------
    TypeError
        If `coefficients` is no sequence of numbers.
    ValueError
        If the potential does not confine.
    ConvergenceError
        If no cuts satisfy the variational inequalities, as next to a transition between two numbers of cuts.

    Notes
    -----
    The number of cuts comes from the convex problem on a grid, the edges from Newton's method for the conditions at
    infinity and equal potentials across gaps; then positivity and the inequality off the support, which together
    determine the measure, are asked at some hundred points, and what fails is cut or joined.

    References
    ----------
    Deift 1999; Olver 2011.

    Examples
    --------
    >>> from rmt.laws import PolynomialEquilibrium
    >>> law = PolynomialEquilibrium([0, 0, -1.5, 0, 0.25])  # the quartic with mu = -3, g = 1
    >>> [round(i.high, 9) for i in law.support], round(law.energy, 9)
    ([-1.0, 2.236067977], -1.875)
    """

    coefficients: tuple[Any, ...]

    def __init__(self, coefficients: Any) -> None:
        values = [check_real("coefficients", c) for c in check_items("coefficients", coefficients)]
        while values and values[-1] == 0:
            values.pop()
        degree = len(values) - 1
        if degree < 2 or degree % 2 or values[-1] < 0 or degree > _LARGEST_DEGREE:
            raise ValueError(
                f"coefficients must be those of a polynomial of even degree from 2 to {_LARGEST_DEGREE} with a leading "
                f"coefficient > 0, got {coefficients!r}: other potentials do not hold the eigenvalues together"
            )
        object.__setattr__(self, "coefficients", tuple(values))

    @cached_property
    def _frame(self) -> tuple[float, float]:
        """Middle and half length of the interval in whose units the equations are solved."""
        return frame(np.polynomial.polynomial.polyder(np.array([float(c) for c in self.coefficients])))

    @cached_property
    def _local(self) -> Real:
        """Coefficients of V(middle + half length · t) in t, less the constant; exact up to the last rounding."""
        centre, reach = (Fraction(x) for x in self._frame)
        powers = [exact(c) for c in self.coefficients]
        for first in range(len(powers) - 1):  # Horner's scheme, again and again
            for k in range(len(powers) - 2, first - 1, -1):
                powers[k] += centre * powers[k + 1]
        return np.array([0.0, *(float(c * reach**k) for k, c in enumerate(powers[1:], start=1))])

    @cached_property
    def _cuts(self) -> Cuts:
        return solve_cuts(np.asarray(np.polynomial.polynomial.polyder(self._local), dtype=np.float64))

    @property
    def cuts(self) -> int:
        """Number of intervals of the support."""
        return len(self._cuts.pairs)

    def _potential(self, x: Real) -> Real:
        """V, by powers of the distance to the middle of the support."""
        centre, reach = self._frame
        middle = sum((exact(c) * Fraction(centre) ** k for k, c in enumerate(self.coefficients)), Fraction(0))
        return np.asarray(np.polynomial.polynomial.polyval((x - centre) / reach, self._local) + float(middle))

    @cached_property
    def energy(self) -> float:
        """∬ log 1/|x − y| + ∫ V at the minimum."""
        nodes, weights = self._expectation_rule()
        return 0.5 * (float(weights @ self._potential(nodes)) + self.level)

    @cached_property
    def level(self) -> float:
        """V − 2U, the same on all cuts."""
        edge = np.array([self.support[-1].high])
        return float(self._potential(edge)[0] - 2.0 * self.log_potential(edge)[0].real)

    def _intervals(self) -> tuple[Interval, ...]:
        centre, reach = self._frame
        return tuple(
            Interval(centre + reach * float(low), centre + reach * float(high), 0.5, 0.5, 1.0)
            for low, high in self._cuts.pairs
        )

    def _density(self, x: Real) -> Real:
        centre, reach = self._frame
        return np.maximum(self._cuts.density((x - centre) / reach), 0.0) / reach
