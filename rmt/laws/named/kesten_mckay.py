"""The Kesten-McKay law of regular graphs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_real
from rmt.laws.law import Complex, Interval, Law, Real, exact
from rmt.laws.moment_series import root_series
from rmt.numerics.functions.branches import log1p_complex, log_lower, reciprocal, square_root_pair
from rmt.numerics.functions.exact_constants import TwoFloat, exact_sqrt, offset, two_float
from rmt.numerics.functions.square_root_masses import pole_mass, pole_masses


class _Bulk(NamedTuple):
    """Numbers that the degree fixes once and for all."""

    degree: float
    less: float  # degree − 1
    edge: TwoFloat  # 2 √(degree − 1)
    gap: TwoFloat  # degree − edge
    kappa: float  # gap / (2 edge)


@dataclass(frozen=True, init=False, repr=False)
class KestenMcKay(Law):
    """Kesten-McKay law: eigenvalues of large random regular graphs, and the free sum of `degree` Rademacher laws.

    Density ``d sqrt(4(d - 1) - x²) / (2 pi (d² - x²))`` between ``±2 sqrt(d - 1)``. Degree 2 is the arcsine law on
    [-2, 2]; divided by sqrt(d) it tends to the semicircle. Non-integer degrees are the free additive powers of the
    Rademacher law.

    Parameters
    ----------
    degree : real
        Degree of the graph, >= 2.

    Raises
    ------
    TypeError
        If `degree` is not of the kind named above.
    ValueError
        If `degree` is not finite or < 2.

    References
    ----------
    Kesten 1959; McKay 1981.

    Examples
    --------
    >>> from rmt.laws import KestenMcKay
    >>> KestenMcKay(3).moments(6)
    (0.0, 3.0, 0.0, 15.0, 0.0, 87.0)
    """

    degree: Any

    _edge_ulps: ClassVar[float] = 0.0

    def __init__(self, degree: Any = 3) -> None:
        object.__setattr__(self, "degree", check_real("degree", degree, at_least=2.0))

    @cached_property
    def _bulk(self) -> _Bulk:
        degree = exact(self.degree)
        edge = 2 * exact_sqrt(degree - 1)
        return _Bulk(
            degree=float(degree),
            less=float(degree - 1),
            edge=two_float(edge),
            gap=two_float(degree - edge),
            kappa=float((degree - edge) / (2 * edge)),
        )

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval ``±2 sqrt(degree - 1)``."""
        edge, exponent = self._bulk.edge.high, -0.5 if self._bulk.kappa == 0.0 else 0.5
        return (Interval(-edge, edge, exponent, exponent, 1.0),)

    def _distances(self, x: Real) -> tuple[Real, Real]:
        """Distances to both edges, 0 outside."""
        edge = self._bulk.edge
        left, right = offset(x, TwoFloat(-edge.high, -edge.low)), -offset(x, edge)
        left, right = np.maximum(left, 0.0), np.maximum(right, 0.0)
        left[x <= -edge.high], right[x >= edge.high] = 0.0, 0.0
        return left, right

    def _pdf(self, x: Real) -> Real:
        bulk = self._bulk
        out = np.zeros_like(x)
        inside = np.abs(x) < bulk.edge.high
        left, right = self._distances(x[inside])
        ratio = np.sqrt(left) / (left + bulk.gap.high) * (np.sqrt(right) / (right + bulk.gap.high))
        out[inside] = bulk.degree / (2.0 * math.pi) * ratio
        if bulk.kappa == 0.0:
            out[np.abs(x) == bulk.edge.high] = np.inf
        return out

    def _masses(self, x: Real) -> tuple[Real, Real]:
        bulk = self._bulk
        left, right = self._distances(x)
        width = 2.0 * bulk.edge.high
        left, right = np.minimum(left / width, 1.0), np.minimum(right / width, 1.0)
        # 2d/(d² − x²) = 1/(d + x) + 1/(d − x)
        below, above = pole_masses(left, right, bulk.kappa)
        beyond, before = pole_masses(right, left, bulk.kappa)
        total = 2.0 * pole_mass(bulk.kappa)
        return (below + before) / total, (above + beyond) / total

    def _cdf(self, x: Real) -> Real:
        return self._masses(x)[0]

    def _sf(self, x: Real) -> Real:
        return self._masses(x)[1]

    def _root(self, z: Complex) -> Complex:
        edge = self._bulk.edge
        return square_root_pair(z, TwoFloat(-edge.high, -edge.low), edge)

    def _stieltjes(self, z: Complex) -> Complex:
        bulk = self._bulk
        denominator = (bulk.degree - 2.0) * z + bulk.degree * self._root(z)
        pole = denominator == 0.0  # an edge of the arcsine law
        out = np.asarray(2.0 * bulk.less * reciprocal(denominator))
        out[pole] = complex(0.0, -math.inf)
        return out

    def _t_transform(self, z: Complex) -> Complex:
        bulk = self._bulk
        root = self._root(z)
        denominator = (z + root) * ((bulk.degree - 2.0) * z + bulk.degree * root)
        pole = denominator == 0.0
        out = np.asarray(4.0 * bulk.degree * bulk.less * reciprocal(denominator))
        out[pole] = complex(-1.0, -math.inf)
        return out

    def _log_potential(self, z: Complex) -> Complex:
        # free power of the Rademacher law at the subordinate point ω = (z + root)/2: U = −log G − (d/2) log(1 − ω^-2)
        bulk = self._bulk
        root = self._root(z)
        inverse = 2.0 / (z + root)
        g = (bulk.degree - 2.0) * z + bulk.degree * root
        # for degree 2 both terms diverge at the edges and cancel elsewhere
        if bulk.less == 1.0:
            return -log_lower(inverse)
        return -log_lower(2.0 * bulk.less / g) - 0.5 * bulk.degree * log1p_complex(-inverse * inverse)

    def _r_transform(self, g: Complex) -> Complex:
        return np.asarray(2.0 * self._bulk.degree * g / (1.0 + np.sqrt(1.0 + 4.0 * g * g)))

    def _r_domain(self) -> str:
        return "every complex g (off the two vertical cuts that start at ±i/2 the branch is analytic)"

    def _exact_moments(self, order: int) -> list[Fraction]:
        # zG = (degree √(1 − 4 (degree − 1) x²) − degree + 2)/(2 − 2 degree² x²) at x = 1/z
        degree = exact(self.degree)
        root = root_series(0, -4 * (degree - 1), order)
        moments = [Fraction(1)]
        for k in range(1, order + 1):
            moments.append(degree * root[k] / 2 + (degree**2 * moments[k - 2] if k > 1 else 0))
        return moments

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        # the degree-th free power of the Rademacher law, with R(g) = (√(1 + 4g²) − 1)/(2g)
        degree = exact(self.degree)
        return [degree * f / 2 for f in root_series(0, 4, order)[1:]]
