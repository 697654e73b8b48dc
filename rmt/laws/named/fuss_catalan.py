"""Fuss-Catalan laws: squared singular values of products of square Gaussian matrices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_real
from rmt.laws.law import EPS, Complex, Interval, Real, exact
from rmt.laws.moment_series import raney_numbers
from rmt.laws.named.curve_law import CurveLaw
from rmt.numerics.functions.branches import log1p_complex, log_lower, reciprocal
from rmt.numerics.functions.fuss_catalan_curve import AngleCurve

_RAY_START = 0.01
_RAY_STEPS = 80


@dataclass(frozen=True, init=False, repr=False)
class FussCatalan(CurveLaw):
    """Fuss-Catalan law: limit of ``J J*`` for a product J of `order` independent square Gaussian matrices.

    Entries have variance 1/n, so the mean is 1. The S-transform is ``(1 + m)^-order``, the support
    ``[0, (L+1)^(L+1)/L^L]`` with L the order, and with ``0 < f < pi/(L+1)``::

        x = sin((L+1)f)^(L+1) / (sin(f) sin(L f)^L)
        pdf = sin(f)^2 sin(L f)^(L-1) / (pi sin((L+1) f)^L)

    The law spreads over a range of logarithms proportional to the order: use :meth:`pdf_of_log`,
    :meth:`cdf_of_log` and :meth:`ppf_of_log`, which neither overflow nor underflow. Order 1 is
    the law of ``MarchenkoPastur(1)``; in the notation of Młotkowski (2010) the law is μ(s + 1, 1), ``Raney(s + 1, 1)``.

    Parameters
    ----------
    order : real
        Number of factors L, > 0; non-integer orders are the free multiplicative powers of order 1.

    Raises
    ------
    TypeError
        If `order` is not of the kind named above.
    ValueError
        If `order` is not finite or not > 0.

    References
    ----------
    Banica, Belinschi, Capitaine and Collins 2011; Haagerup and Möller 2013.

    Examples
    --------
    >>> from rmt.laws import FussCatalan
    >>> FussCatalan(2).moments(5)
    (1.0, 3.0, 12.0, 55.0, 273.0)
    >>> FussCatalan(2).support[0].high
    6.75
    """

    order: Any

    _edge_ulps: ClassVar[float] = 0.0

    def __init__(self, order: Any = 1) -> None:
        object.__setattr__(self, "order", check_real("order", order, above=0.0))

    @cached_property
    def _curve(self) -> AngleCurve:
        return AngleCurve(float(self.order), exact(self.order))

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval from 0, with exponent ``-L/(L+1)``, to ``(L+1)^(L+1)/L^L``."""
        order = float(self.order)
        return (Interval(0.0, self._curve.edge.high, -order / (order + 1.0), 0.5, 1.0),)

    # ------------------------------------------------------------------ transforms, all from M = zG - 1
    def _stieltjes(self, z: Complex) -> Complex:
        out = np.empty_like(z)
        away = z != 0.0
        out[away] = np.exp(self._log_one_plus_m(z[away])[0]) / z[away]
        direction = math.cos(math.pi / self._curve.q)
        out[~away] = complex(0.5 if self.order == 1 else math.copysign(math.inf, direction), -math.inf)
        return out

    def _t_transform(self, z: Complex) -> Complex:
        out = np.full_like(z, -1.0)
        away = z != 0.0
        out[away] = self._log_one_plus_m(z[away])[1]
        return out

    def _log_potential(self, z: Complex) -> Complex:
        p = self._curve.p
        out = np.full_like(z, complex(-p, math.pi))
        away = z != 0.0
        m = self._log_one_plus_m(z[away])[1]
        out[away] = p * m - log_lower(m)
        return out

    def _r_transform(self, g: Complex) -> Complex:
        # κ_n of order p are the moments of order p − 1: R(g) = M/g with M = g (1 + M)^p
        order = exact(self.order)
        if order == 1:
            return reciprocal(1.0 - g)
        if order > 1:
            lower = FussCatalan(order - 1)
            on_cut = (g.imag == 0.0) & (g.real * lower.support[0].high >= 1.0)
            out = np.full_like(g, np.nan)
            out[~on_cut] = lower.t_transform(1.0 / g[~on_cut]) / g[~on_cut]
            return out
        return self._r_of_small_order(g)

    def _r_of_small_order(self, g: Complex) -> Complex:
        """Order < 1: continuation of M = g (1 + M)^p along the ray from 0, on which M stays off its cut."""
        p = self._curve.p
        radius = np.abs(g)
        on_slit = np.abs(np.abs(np.angle(g)) - (1.0 - p) * math.pi) <= 4.0 * EPS
        on_slit &= radius >= (1.0 - p) ** (p - 1.0) * p**-p
        start = np.minimum(1.0, _RAY_START / radius)
        eta = log1p_complex(g * start)
        for t in np.minimum(np.linspace(0.0, 1.1, _RAY_STEPS), 1.0):
            target = g * start ** (1.0 - t)
            for _ in range(4):
                power = np.expm1(eta)
                eta = eta - (power - target * np.exp(p * eta)) / (1.0 + power - p * power)
        return np.where(on_slit, np.nan, np.expm1(eta) / g)

    def _r_domain(self) -> str:
        order = exact(self.order)
        if order < 1:
            return "complex g off the slits from (1-L)^(L-1)/L^L outward on the rays of argument ±(1-L)pi, L the order"
        return "complex g off the real half line right of (L-1)^(L-1)/L^L, L the order"

    def _inverse_t_transform(self, m: Complex) -> Complex:
        cut = (m.imag == 0.0) & (m.real <= -1.0)
        return np.exp(self._curve.q * log1p_complex(np.where(cut, np.nan, m))) / m

    def _s_transform(self, m: Complex) -> Complex:
        cut = (m.imag == 0.0) & (m.real <= -1.0)
        return np.exp(-self._curve.p * log1p_complex(np.where(cut, np.nan, m)))

    def _s_domain(self) -> str:
        return "complex m off the half line (-inf, -1]"

    def _exact_moments(self, order: int) -> list[Fraction]:
        return raney_numbers(exact(self.order) + 1, 1, order)

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        # those of order s are the moments of order s − 1 (Młotkowski 2010)
        return raney_numbers(exact(self.order), 1, order)[1:]

    def _relative_error(self, x: Any) -> Real:
        """Relative error of density, masses and G: rounding, and the logarithm of the point."""
        curve = self._curve
        with np.errstate(divide="ignore"):
            logarithm = np.abs(np.log(np.abs(x)))
        return np.asarray(EPS * (64.0 * (1.0 + 1.0 / curve.p) + 8.0 * logarithm / curve.q))

    def _pdf_error(self, x: Real, value: Real) -> Real:
        with np.errstate(invalid="ignore"):
            relative = np.where(value == 0.0, 0.0, self._relative_error(x) * np.abs(value))
        return super()._pdf_error(x, value) + relative

    def _cdf_error(self, x: Real, value: Real) -> Real:
        inside = self._inside(x)
        extra = np.zeros_like(x)
        extra[inside] = self._relative_error(x[inside]) * value[inside]
        return super()._cdf_error(x, value) + extra

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        return super()._stieltjes_error(z, value) + self._relative_error(z) * np.abs(value)
