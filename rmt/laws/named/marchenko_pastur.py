"""Marchenko-Pastur and free Poisson laws: one family, two sets of parameters."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_real
from rmt.laws.law import Complex, Interval, Law, Real, check_range, exact
from rmt.laws.moment_series import root_series
from rmt.numerics.functions.branches import (
    log1p_residual,
    log_lower,
    log_upper,
    reciprocal,
    square_root_pair,
    stable_quotient,
)
from rmt.numerics.functions.exact_constants import TwoFloat, exact_sqrt, offset, two_float
from rmt.numerics.functions.square_root_masses import pole_mass, pole_masses


class _Bulk(NamedTuple):
    """Numbers that the parameters fix once and for all."""

    rate: float
    jump: float
    low: TwoFloat
    high: TwoFloat
    width: float
    kappa: float  # low / width
    mass: float
    atom: float
    shift: TwoFloat  # jump (rate - 1)


class _FreePoissonFamily(Law):
    """Free Poisson law of some rate and jump; equality and hash go by these two numbers in double precision."""

    _edge_ulps: ClassVar[float] = 0.0

    @abstractmethod
    def _rate_and_jump(self) -> tuple[Fraction, Fraction]:
        """Exact rate and jump, each float parameter taken at its binary value."""

    @cached_property
    def _bulk(self) -> _Bulk:
        rate, jump = self._rate_and_jump()
        root = exact_sqrt(rate)
        low, width = jump * (1 - root) ** 2, 4 * jump * root
        return _Bulk(
            rate=float(rate),
            jump=float(jump),
            low=two_float(low),
            high=two_float(low + width),
            width=float(width),
            kappa=float(low / width),
            mass=float(min(rate, Fraction(1))),
            atom=float(max(1 - rate, Fraction(0))),
            shift=two_float(jump * (rate - 1)),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _FreePoissonFamily):
            return NotImplemented
        return self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @cached_property
    def _key(self) -> tuple[float, float]:
        rate, jump = self._rate_and_jump()
        return float(rate), float(jump)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval ``jump (1 ± sqrt(rate))²``; the lower edge is hard when it lies at 0."""
        bulk = self._bulk
        low_exponent = -0.5 if bulk.low.high == 0.0 else 0.5
        return (Interval(bulk.low.high, bulk.high.high, low_exponent, 0.5, bulk.mass),)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """The atom ``(0, 1 - rate)`` when the rate is below 1."""
        return ((0.0, self._bulk.atom),) if self._bulk.atom > 0.0 else ()

    def _pdf(self, x: Real) -> Real:
        bulk = self._bulk
        out = np.zeros_like(x)
        inside = (x > bulk.low.high) & (x < bulk.high.high)
        t = x[inside]
        out[inside] = np.sqrt(offset(t, bulk.low)) / t * (np.sqrt(-offset(t, bulk.high)) / (2.0 * math.pi * bulk.jump))
        if bulk.low.high == 0.0:
            out[x == 0.0] = np.inf
        return out

    def _masses(self, x: Real) -> tuple[Real, Real]:
        """Mass of the absolutely continuous part below and above."""
        bulk = self._bulk
        left = np.clip(offset(x, bulk.low) / bulk.width, 0.0, 1.0)
        right = np.clip(-offset(x, bulk.high) / bulk.width, 0.0, 1.0)
        left[x <= bulk.low.high], right[x >= bulk.high.high] = 0.0, 0.0
        below, above = pole_masses(left, right, bulk.kappa)
        total = pole_mass(bulk.kappa)
        return bulk.mass * (below / total), bulk.mass * (above / total)

    def _cdf(self, x: Real) -> Real:
        return self._masses(x)[0] + np.where(x >= 0.0, self._bulk.atom, 0.0)

    def _sf(self, x: Real) -> Real:
        return self._masses(x)[1] + np.where(x >= 0.0, 0.0, self._bulk.atom)

    def _scaled_transforms(self, z: Complex) -> tuple[Complex, Complex]:
        """``jump G`` and ``1 - jump G``, each the stable root of its quadratic; `z` not 0."""
        bulk = self._bulk
        root = square_root_pair(z, bulk.low, bulk.high)
        return (
            stable_quotient(offset(z, bulk.shift), -root, 2.0 * z, 2.0 * bulk.jump),
            stable_quotient(
                offset(z, TwoFloat(-bulk.shift.high, -bulk.shift.low)),
                root,
                2.0 * z,
                2.0 * bulk.jump * bulk.rate,
            ),
        )

    def _stieltjes(self, z: Complex) -> Complex:
        bulk = self._bulk
        out = np.empty_like(z)
        origin = z == 0.0
        out[~origin] = self._scaled_transforms(z[~origin])[0] / bulk.jump
        if bulk.atom > 0.0:  # the principal value of the rest, and the atom
            out[origin] = complex(-bulk.rate / (bulk.jump * bulk.atom), -np.inf)
        elif bulk.low.high == 0.0:
            out[origin] = complex(0.5 / bulk.jump, -np.inf)
        else:
            out[origin] = -1.0 / bulk.shift.high
        return out

    def _t_transform(self, z: Complex) -> Complex:
        out = np.full_like(z, -self._bulk.mass)
        away = z != 0.0
        g, rest = self._scaled_transforms(z[away])
        out[away] = self._bulk.rate * g / rest
        return out

    def _log_potential(self, z: Complex) -> Complex:
        bulk = self._bulk
        out = np.empty_like(z)
        away = z != 0.0
        g, rest = self._scaled_transforms(z[away])
        # U = -log G + M - rate log(1 + M/rate), with M/rate = aG/(1 - aG)
        residual = log1p_residual(g / rest, -log_upper(rest))
        out[away] = math.log(bulk.jump) - log_lower(g) - bulk.rate * residual
        out[~away] = self._log_potential_at_zero()
        return out

    def _log_potential_at_zero(self) -> complex:
        """Mean of log|X|, and iπ times the mass to the right of 0."""
        bulk = self._bulk
        if bulk.atom > 0.0:
            return complex(-math.inf, math.pi * bulk.mass)
        rate = self._rate_and_jump()[0]
        if rate == 1:
            return complex(math.log(bulk.jump) - 1.0, math.pi)
        tail = math.log1p(-1.0 / bulk.rate) if rate > 2 else math.log(float(1 - 1 / rate))
        return complex(math.log(bulk.jump) + math.log(float(rate - 1)) - 1.0 - bulk.rate * tail, math.pi)

    def _r_transform(self, g: Complex) -> Complex:
        bulk = self._bulk
        return bulk.rate * bulk.jump * reciprocal(1.0 - bulk.jump * g)

    def _r_domain(self) -> str:
        return f"every complex g but the pole 1/jump = {1.0 / self._bulk.jump!r}"

    def _inverse_t_transform(self, m: Complex) -> Complex:
        bulk = self._bulk
        return bulk.jump * (1.0 + m) * (bulk.rate + m) / m

    def _s_transform(self, m: Complex) -> Complex:
        bulk = self._bulk
        return reciprocal(bulk.jump * (bulk.rate + m))

    def _s_domain(self) -> str:
        return f"every complex m but the pole -rate = {-self._bulk.rate!r}"

    def _exact_moments(self, order: int) -> list[Fraction]:
        # zG = (1 + (1 − rate) x − √q)/2 at x = jump/z, with q = 1 − 2 (1 + rate) x + (1 − rate)² x²
        rate, jump = self._rate_and_jump()
        root = root_series(-2 * (1 + rate), (1 - rate) ** 2, order + 1)
        return [Fraction(1), *(-f / 2 * jump**k for k, f in enumerate(root[2:], start=1))]

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        rate, jump = self._rate_and_jump()
        return [rate * jump**k for k in range(1, order + 1)]


@dataclass(frozen=True, init=False, repr=False, eq=False)
class MarchenkoPastur(_FreePoissonFamily):
    """Marchenko-Pastur law: limit of the sample covariance ``X X*/m`` of n × m matrices with iid entries.

    Density ``sqrt((x - a)(b - x)) / (2 pi ratio variance x)`` between the edges
    ``variance (1 ± sqrt(ratio))²``; for ``ratio > 1`` there is an atom of mass ``1 - 1/ratio`` at 0, at
    ``ratio = 1`` the edge at 0 is hard (density ``~ x^(-1/2)``). It is the free Poisson law of rate
    ``1/ratio`` and jump ``ratio * variance`` and equals it:
    ``MarchenkoPastur(c) == FreePoisson(1/c, c)``.

    Parameters
    ----------
    ratio : real
        Dimension over samples, n/m, > 0 (RMTstat and others use the inverse).
    variance : real
        Variance of the entries, > 0; it is the mean of the law.

    Raises
    ------
    TypeError
        If `ratio` or `variance` is not of the kind named above.
    ValueError
        If a parameter is not finite or not > 0.

    References
    ----------
    Marchenko and Pastur 1967. Free Poisson laws: Speicher 1990; Voiculescu, Dykema and Nica 1992.

    Examples
    --------
    >>> from rmt.laws import MarchenkoPastur
    >>> MarchenkoPastur(2).atoms
    ((0.0, 0.5),)
    >>> MarchenkoPastur().moments(5)
    (1.0, 2.0, 5.0, 14.0, 42.0)
    """

    ratio: Any
    variance: Any

    def __init__(self, ratio: Any = 1, variance: Any = 1) -> None:
        object.__setattr__(self, "ratio", check_real("ratio", ratio, above=0.0))
        object.__setattr__(self, "variance", check_real("variance", variance, above=0.0))
        check_range(self)

    def _rate_and_jump(self) -> tuple[Fraction, Fraction]:
        ratio = exact(self.ratio)
        return 1 / ratio, ratio * exact(self.variance)

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        return MarchenkoPastur(self.ratio, scale * self.variance) if shift == 0 and scale > 0 else None


@dataclass(frozen=True, init=False, repr=False, eq=False)
class FreePoisson(_FreePoissonFamily):
    """Free Poisson law: all free cumulants are ``rate * jump^k``; limit of ``(1 - rate/N) δ_0 + (rate/N) δ_jump``.

    The Marchenko-Pastur law of ratio ``1/rate`` and variance ``rate * jump``.

    Parameters
    ----------
    rate : real
        Rate, > 0; below 1 there is an atom of mass ``1 - rate`` at 0.
    jump : real
        Size of the jumps, > 0.

    Raises
    ------
    TypeError
        If `rate` or `jump` is not of the kind named above.
    ValueError
        If a parameter is not finite or not > 0.

    References
    ----------
    Voiculescu, Dykema and Nica, *Free Random Variables*, CRM Monograph Series 1 (1992), example 3.7.5.
    Speicher 1990; Voiculescu, Dykema and Nica 1992.

    Examples
    --------
    >>> from rmt.laws import FreePoisson
    >>> FreePoisson(3, 2).free_cumulants(4)
    (6.0, 12.0, 24.0, 48.0)
    """

    rate: Any
    jump: Any

    def __init__(self, rate: Any = 1, jump: Any = 1) -> None:
        object.__setattr__(self, "rate", check_real("rate", rate, above=0.0))
        object.__setattr__(self, "jump", check_real("jump", jump, above=0.0))
        check_range(self)

    def _rate_and_jump(self) -> tuple[Fraction, Fraction]:
        return exact(self.rate), exact(self.jump)

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        return FreePoisson(self.rate, scale * self.jump) if shift == 0 and scale > 0 else None
