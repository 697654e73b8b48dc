"""Free Jacobi laws: the Wachter law of MANOVA matrices, and the product of two free projections."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_real
from rmt.laws.law import Complex, Interval, Law, Real, exact
from rmt.laws.moment_series import root_series
from rmt.numerics.functions.branches import log1p_residual, log_lower, reciprocal, square_root_pair, stable_quotient
from rmt.numerics.functions.exact_constants import TwoFloat, exact_sqrt, offset, two_float
from rmt.numerics.functions.square_root_masses import pole_mass, pole_masses

_CIRCLE = 64
#: offset from 0 and 1, in widths, at which continuous functions are read off
_NUDGE = 1e-30


class _Bulk(NamedTuple):
    """Numbers that the parameters fix once and for all."""

    alpha: float
    beta: float
    low: TwoFloat
    high: TwoFloat
    width: float
    kappa: tuple[float, float]  # distances of 0 and 1 to the support, in widths
    atoms: tuple[float, float]
    mass: float
    total: TwoFloat  # α + β
    rest: TwoFloat  # 2 − α − β
    excess: TwoFloat  # α + β − 1
    difference: tuple[TwoFloat, TwoFloat]  # β − α and α − β


class _FreeJacobi(Law):
    """Laws made of PQP for free projections P, Q of traces α and β.

    With ψ the moment function of PQP, z = (ψ + α)(ψ + β)/(ψ (ψ + 1)). A law of the family has M = ψ/fraction.
    """

    _edge_ulps: ClassVar[float] = 0.0

    @abstractmethod
    def _traces(self) -> tuple[Fraction, Fraction]:
        """α and β, both in (0, 1)."""

    @abstractmethod
    def _fraction(self) -> Fraction:
        """M = ψ/fraction: 1 for PQP itself, α for its compression to the range of P."""

    @cached_property
    def _bulk(self) -> _Bulk:
        alpha, beta = self._traces()
        fraction = self._fraction()
        first, second = exact_sqrt(alpha * (1 - beta)), exact_sqrt(beta * (1 - alpha))
        low, high = (first - second) ** 2, (first + second) ** 2
        # masses of PQP: max(1 − α, 1 − β) at 0 and α + β − 1 at 1; the compression removes 1 − α at 0
        at_zero = (max(1 - alpha, 1 - beta) - (1 - fraction)) / fraction
        at_one = max(alpha + beta - 1, Fraction(0)) / fraction
        return _Bulk(
            alpha=float(alpha),
            beta=float(beta),
            low=two_float(low),
            high=two_float(high),
            width=float(high - low),
            kappa=(float(low / (high - low)), float((1 - high) / (high - low))),
            atoms=(float(at_zero), float(at_one)),
            mass=float(1 - at_zero - at_one),
            total=two_float(alpha + beta),
            rest=two_float(2 - alpha - beta),
            excess=two_float(alpha + beta - 1),
            difference=(two_float(beta - alpha), two_float(alpha - beta)),
        )

    @property
    def support(self) -> tuple[Interval, ...]:
        """One interval inside [0, 1]; an edge at 0 or 1 is hard."""
        bulk = self._bulk
        low_exponent = -0.5 if bulk.kappa[0] == 0.0 else 0.5
        high_exponent = -0.5 if bulk.kappa[1] == 0.0 else 0.5
        return (Interval(bulk.low.high, bulk.high.high, low_exponent, high_exponent, bulk.mass),)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """The atoms at 0 and 1, where there are any."""
        return tuple((x, mass) for x, mass in zip((0.0, 1.0), self._bulk.atoms, strict=True) if mass > 0.0)

    def _pdf(self, x: Real) -> Real:
        bulk = self._bulk
        out = np.zeros_like(x)
        inside = (x > bulk.low.high) & (x < bulk.high.high)
        t = x[inside]
        root_low, root_high = np.sqrt(offset(t, bulk.low)), np.sqrt(-offset(t, bulk.high))
        out[inside] = root_low / t * (root_high / (1.0 - t)) / (2.0 * math.pi * float(self._fraction()))
        out[(x == bulk.low.high) & (bulk.kappa[0] == 0.0)] = np.inf
        out[(x == bulk.high.high) & (bulk.kappa[1] == 0.0)] = np.inf
        return out

    def _masses(self, x: Real) -> tuple[Real, Real]:
        """Mass of the absolutely continuous part below and above."""
        bulk = self._bulk
        left = np.clip(offset(x, bulk.low) / bulk.width, 0.0, 1.0)
        right = np.clip(-offset(x, bulk.high) / bulk.width, 0.0, 1.0)
        left[x <= bulk.low.high], right[x >= bulk.high.high] = 0.0, 0.0
        # 1/(x(1 − x)) = 1/x + 1/(1 − x)
        below, above = pole_masses(left, right, bulk.kappa[0])
        beyond, before = pole_masses(right, left, bulk.kappa[1])
        total = pole_mass(bulk.kappa[0]) + pole_mass(bulk.kappa[1])
        return bulk.mass * ((below + before) / total), bulk.mass * ((above + beyond) / total)

    def _cdf(self, x: Real) -> Real:
        at_zero, at_one = self._bulk.atoms
        below = self._masses(x)[0] + np.where(x >= 0.0, at_zero, 0.0)
        return np.where(x >= 1.0, 1.0, below) if at_one > 0.0 else below

    def _sf(self, x: Real) -> Real:
        at_zero, at_one = self._bulk.atoms
        above = self._masses(x)[1] + np.where(x >= 1.0, 0.0, at_one)
        return np.where(x < 0.0, 1.0, above) if at_zero > 0.0 else above

    # ------------------------------------------------------------------ transforms
    def _root(self, z: Complex) -> Complex:
        return square_root_pair(z, self._bulk.low, self._bulk.high)

    def _psi(self, z: Complex) -> Complex:
        bulk = self._bulk
        return stable_quotient(-offset(z, bulk.total), self._root(z), 2.0 * (z - 1.0), -2.0 * bulk.alpha * bulk.beta)

    def _one_plus_psi(self, z: Complex) -> Complex:
        bulk = self._bulk
        product = -2.0 * (1.0 - bulk.alpha) * (1.0 - bulk.beta)
        return stable_quotient(offset(z, bulk.rest), self._root(z), 2.0 * (z - 1.0), product)

    def _trace_plus_psi(self, z: Complex, trace: float, difference: TwoFloat) -> Complex:
        """ψ + α, given α and β − α; or ψ + β, given β and α − β."""
        # z (1 − 2α) + α − β, from the nearer of the points 0 and 1, each with its constant beyond double precision
        left = z.real < 0.5
        near = np.where(left, z, z - 1.0)
        from_zero, from_one = -offset(near, difference), -offset(near, self._bulk.excess)
        half_sum = np.where(left, from_zero, from_one) + 2.0 * trace * near
        return stable_quotient(half_sum, self._root(z), 2.0 * (z - 1.0), -2.0 * trace * (1.0 - trace) * z)

    @abstractmethod
    def _regular_stieltjes(self, z: Complex) -> Complex:
        """G away from 0 and 1."""

    def _stieltjes(self, z: Complex) -> Complex:
        out = np.empty_like(z)
        special = (z == 0.0) | (z == 1.0)
        out[~special] = self._regular_stieltjes(z[~special])
        for end in (0, 1):
            if (z == end).any():
                out[z == end] = self._end_value(end)
        return out

    def _end_value(self, end: int) -> complex:
        """G at 0 or 1: the principal value of the rest where there is an atom or a hard edge, minus i∞."""
        bulk, fraction = self._bulk, float(self._fraction())
        if bulk.kappa[end] == 0.0:
            return complex((1.0 - 2.0 * bulk.alpha, 2.0 * fraction - 1.0)[end] / (2.0 * fraction), -math.inf)
        # mean over a circle around the point that meets nothing else
        radius = min(0.5 * bulk.width * bulk.kappa[end], 0.5)
        circle = radius * np.exp(2j * math.pi * (np.arange(_CIRCLE) + 0.5) / _CIRCLE)
        value = float(np.mean(self.stieltjes(end + circle)).real)
        return complex(value, -math.inf if bulk.atoms[end] > 0.0 else 0.0)

    def _t_transform(self, z: Complex) -> Complex:
        out = np.full_like(z, self._bulk.atoms[0] - 1.0)
        away = (z != 0.0) & (z != 1.0)
        out[away] = self._psi(z[away]) / float(self._fraction())
        if (z == 1.0).any():
            out[z == 1.0] = self._end_value(1) - 1.0
        return out

    def _logarithms(self, z: Complex) -> tuple[Complex, Complex, Complex]:
        """log(1 + v) for v = ψ, ψ/α and ψ/β; less v where ψ is small, because the linear terms of U cancel."""
        bulk = self._bulk
        psi = self._psi(z)
        small = np.abs(psi) < 1.0
        one = log_lower(self._one_plus_psi(z))
        first = log_lower(self._trace_plus_psi(z, bulk.alpha, bulk.difference[0]) / bulk.alpha)
        second = log_lower(self._trace_plus_psi(z, bulk.beta, bulk.difference[1]) / bulk.beta)
        return (
            np.where(small, log1p_residual(psi, one), one),
            np.where(small, log1p_residual(psi / bulk.alpha, first), first),
            np.where(small, log1p_residual(psi / bulk.beta, second), second),
        )

    def _log_potential(self, z: Complex) -> Complex:
        out = np.empty_like(z)
        special = (z == 0.0) | (z == 1.0)
        out[~special] = self._regular_log_potential(z[~special])
        for end in (0, 1):
            at = z == end
            if at.any():
                # the mean logarithm is continuous up to the edge; the imaginary part has the jump of an atom
                near = np.array([end + 1j * _NUDGE * self._bulk.width])
                real = -math.inf if self._bulk.atoms[end] > 0.0 else self._regular_log_potential(near)[0].real
                out[at] = complex(real, math.pi * float(self._sf(np.array([float(end)]))[0]))
        return out

    @abstractmethod
    def _regular_log_potential(self, z: Complex) -> Complex:
        """U away from 0 and 1."""

    @abstractmethod
    def _exact_moments(self, order: int) -> list[Fraction]: ...


@dataclass(frozen=True, init=False, repr=False)
class Wachter(_FreeJacobi):
    """Wachter law: limit of the MANOVA matrix ``A (A + B)^-1``, A and B independent Wishart matrices.

    A has ``a n`` and B ``b n`` degrees of freedom in dimension n, so a and b are inverse aspect ratios. The law is
    symmetric: X has parameters (a, b) when 1 - X has (b, a). For a < 1 there is an atom of mass 1 - a at 0, for
    b < 1 one of mass 1 - b at 1; an edge is hard at 0 for a = 1 and at 1 for b = 1. With c = a + b the density
    is ``c sqrt((x - l)(h - x)) / (2 pi x (1 - x))``, ``l, h = ((sqrt(b) ± sqrt(a (c - 1)))/c)²``. It is the
    law of P Q P in the algebra compressed by P, for free projections of traces 1/c and a/c
    (see :class:`ProjectionProduct`).

    Parameters
    ----------
    a, b : real
        Degrees of freedom over dimension of the two Wishart matrices, > 0, with a + b > 1.

    Raises
    ------
    TypeError
        If `a` or `b` is not of the kind named above.
    ValueError
        If a parameter is not finite or not > 0, or ``a + b <= 1``.

    References
    ----------
    Wachter 1980; Collins 2005.

    Examples
    --------
    >>> from rmt.laws import Wachter
    >>> Wachter(0.5, 2).atoms
    ((0.0, 0.5),)
    """

    a: Any
    b: Any

    def __init__(self, a: Any = 1, b: Any = 1) -> None:
        object.__setattr__(self, "a", check_real("a", a, above=0.0))
        object.__setattr__(self, "b", check_real("b", b, above=0.0))
        if exact(self.a) + exact(self.b) <= 1:
            raise ValueError(
                f"a + b must be > 1, got a = {a!r} and b = {b!r}; below 1 the sum of the Wishart matrices is "
                "singular, at 1 the matrix is a projection: Bernoulli(a)"
            )

    def _traces(self) -> tuple[Fraction, Fraction]:
        total = exact(self.a) + exact(self.b)
        return 1 / total, exact(self.a) / total

    def _fraction(self) -> Fraction:
        return 1 / (exact(self.a) + exact(self.b))

    def _regular_stieltjes(self, z: Complex) -> Complex:
        bulk = self._bulk
        return self._trace_plus_psi(z, bulk.alpha, bulk.difference[0]) / (bulk.alpha * z)

    def _regular_log_potential(self, z: Complex) -> Complex:
        one, _, second = self._logarithms(z)
        bulk = self._bulk
        g = self._regular_stieltjes(z)
        return np.asarray((one - bulk.beta * second) / bulk.alpha - log_lower(g))

    def _r_transform(self, g: Complex) -> Complex:
        a, b = float(self.a), float(self.b)
        total = a + b
        root = np.sqrt((g + (a - b)) ** 2 + 4.0 * a * b)
        return np.asarray(0.5 * (1.0 + (g + 2.0 * (a - b)) / (root + total)))

    def _r_domain(self) -> str:
        return "every complex g (off the two vertical cuts the branch is analytic)"

    def _inverse_t_transform(self, m: Complex) -> Complex:
        a, b = float(self.a), float(self.b)
        return np.asarray((1.0 + m) * (m + a) * reciprocal(m * (m + (a + b))))

    def _s_transform(self, m: Complex) -> Complex:
        a, b = float(self.a), float(self.b)
        return np.asarray((m + (a + b)) * reciprocal(m + a))

    def _s_domain(self) -> str:
        return "every complex m but the poles -a and -a-b"

    def _exact_moments(self, order: int) -> list[Fraction]:
        return _wachter_moments(exact(self.a), exact(self.b), order)

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        # zG = (G − c + 2 + √(c² − (2c − 4a) G + G²))/2
        a, c = exact(self.a), exact(self.a) + exact(self.b)
        root = root_series((4 * a - 2 * c) / c**2, 1 / c**2, order)
        cumulants = [c * f / 2 for f in root[1:]]
        cumulants[0] += Fraction(1, 2)
        return cumulants

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        return Wachter(self.b, self.a) if scale == -1 and shift == 1 else None


@dataclass(frozen=True, init=False, repr=False)
class ProjectionProduct(_FreeJacobi):
    """Law of P Q P (or Q P Q) for free projections P and Q: the multiplicative convolution of two Bernoulli laws.

    Density ``sqrt((x - l)(h - x)) / (2 pi x (1 - x))`` with ``l, h = s + t - 2 s t ∓ sqrt(4 s t (1 - s)(1 - t))``
    for the traces s and t; atoms ``max(1 - s, 1 - t)`` at 0 and ``max(0, s + t - 1)`` at 1.

    Parameters
    ----------
    first, second : real
        Traces of the projections, strictly between 0 and 1.

    Raises
    ------
    TypeError
        If `first` or `second` is not of the kind named above.
    ValueError
        If a trace is not in (0, 1).

    References
    ----------
    Voiculescu, Dykema and Nica, *Free Random Variables*, CRM Monograph Series 1 (1992), example 3.6.7.
    Voiculescu, Dykema and Nica 1992.

    Examples
    --------
    >>> from rmt.laws import ProjectionProduct
    >>> ProjectionProduct(0.75, 0.5).atoms
    ((0.0, 0.5), (1.0, 0.25))
    """

    first: Any
    second: Any

    def __init__(self, first: Any = 0.5, second: Any = 0.5) -> None:
        for name, value in (("first", first), ("second", second)):
            trace = check_real(name, value, at_least=0.0, at_most=1.0)
            if trace in (0, 1):
                raise ValueError(
                    f"{name} must lie strictly between 0 and 1, got {value!r}; with a trivial projection the product "
                    "is 0 or the other projection, whose law is Bernoulli"
                )
            object.__setattr__(self, name, trace)

    def _traces(self) -> tuple[Fraction, Fraction]:
        return exact(self.first), exact(self.second)

    def _fraction(self) -> Fraction:
        return Fraction(1)

    def _regular_stieltjes(self, z: Complex) -> Complex:
        return self._one_plus_psi(z) / z

    def _regular_log_potential(self, z: Complex) -> Complex:
        one, first, second = self._logarithms(z)
        bulk = self._bulk
        g = self._regular_stieltjes(z)
        return np.asarray(2.0 * one - bulk.alpha * first - bulk.beta * second - log_lower(g))

    def _inverse_t_transform(self, m: Complex) -> Complex:
        bulk = self._bulk
        return np.asarray((m + bulk.alpha) * (m + bulk.beta) * reciprocal(m * (1.0 + m)))

    def _s_transform(self, m: Complex) -> Complex:
        bulk = self._bulk
        return np.asarray((1.0 + m) ** 2 * reciprocal((m + bulk.alpha) * (m + bulk.beta)))

    def _s_domain(self) -> str:
        return "every complex m but -1 and the poles at minus the traces"

    def _exact_moments(self, order: int) -> list[Fraction]:
        # the compression to the range of the first projection, and zeros
        first, second = self._traces()
        moments = _wachter_moments(second / first, (1 - second) / first, order)
        return [Fraction(1), *(first * m for m in moments[1:])]


def _wachter_moments(a: Fraction, b: Fraction, order: int) -> list[Fraction]:
    """Moments from (1 − x) zG = (c √(1 − (l + h) x + l h x²) − c + 2 − (1 − a) x)/2 at x = 1/z, c = a + b."""
    c = a + b
    root = root_series(-2 * (b + a * (c - 1)) / c**2, (1 - a) ** 2 / c**2, order)
    moments = [Fraction(1)]
    for k in range(1, order + 1):
        moments.append(moments[-1] + c * root[k] / 2 - ((1 - a) / 2 if k == 1 else 0))
    return moments
