"""Raney laws, also called free Fuss-Catalan laws: moments r/(np + r) binom(np + r, n)."""

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
from rmt.laws.named.fuss_catalan import FussCatalan
from rmt.numerics.functions.branches import log1p_complex, log_lower
from rmt.numerics.functions.raney_masses import RaneyCurve


@dataclass(frozen=True, init=False, repr=False)
class Raney(CurveLaw):
    """Raney law: its moments are the Raney numbers ``r/(np + r) binom(np + r, n)`` (Młotkowski 2010).

    With B(w) the generating function of ``r = 1``, B = 1 + w B^p, one has zG(z) = B(1/z)^r. ``Raney(p, 1)`` has
    the law of ``FussCatalan(p - 1)``, ``Raney(2, 2)`` that of a semicircle about 2. On ``[0, p^p/(p-1)^(p-1)]``, with
    0 < f < pi/p,

        x = sin(p f)^p / (sin(f) sin((p-1) f)^(p-1)),
        pdf = (sin(p f)/sin((p-1) f))^r sin(r f) / (pi x).

    The free cumulants are the Raney numbers of p - r and r. As for :class:`FussCatalan` there are :meth:`pdf_of_log`,
    :meth:`cdf_of_log` and :meth:`ppf_of_log`.

    Parameters
    ----------
    p : real
        > 1.
    r : real
        0 < r <= p, where the numbers are moments of a law.

    Raises
    ------
    TypeError
        If `p` or `r` is not of the kind named above.
    ValueError
        If a parameter is not finite, ``p <= 1``, or `r` lies outside (0, p].

    References
    ----------
    Młotkowski 2010; Penson and Życzkowski 2011; Forrester and Liu 2015.

    Examples
    --------
    >>> from rmt.laws import Raney
    >>> Raney(3, 2).moments(4)
    (2.0, 7.0, 30.0, 143.0)
    >>> Raney(3, 2).free_cumulants(4)
    (2.0, 3.0, 4.0, 5.0)
    """

    p: Any
    r: Any

    _edge_ulps: ClassVar[float] = 0.0

    def __init__(self, p: Any = 2, r: Any = 1) -> None:
        object.__setattr__(self, "p", check_real("p", p, above=1.0))
        object.__setattr__(self, "r", check_real("r", r, above=0.0, at_most=float(self.p)))

    @cached_property
    def _curve(self) -> RaneyCurve:
        return RaneyCurve(exact(self.p), exact(self.r))

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval from 0, with exponent r/p - 1 (1/p where r = p), to ``p^p/(p-1)^(p-1)``."""
        p, r = exact(self.p), exact(self.r)
        return (Interval(0.0, self._curve.edge.high, float(r / p - 1 if r < p else 1 / p), 0.5, 1.0),)

    # ------------------------------------------------------------------ transforms
    def _stieltjes(self, z: Complex) -> Complex:
        out = np.full_like(z, self._at_origin)
        away = z != 0.0
        out[away] = np.exp(self._curve.r * self._log_one_plus_m(z[away])[0]) / z[away]
        return out

    @cached_property
    def _at_origin(self) -> complex:
        """G at 0, the limit from the right: its phase tends to that of e^(-i pi r/p)."""
        p, r = exact(self.p), exact(self.r)
        if r == p:
            return complex(-1.0)
        if 2 * r == p:  # e^(-i pi/2): the next term decides
            return complex(0.5 if p == 2 else math.inf if p > 2 else 0.0, -math.inf)
        return complex(math.copysign(math.inf, p - 2 * r), -math.inf)

    def _t_transform(self, z: Complex) -> Complex:
        out = np.full_like(z, -1.0)
        away = z != 0.0
        w = self._curve.r * self._log_one_plus_m(z[away])[0]
        out[away] = np.expm1(w)
        return out

    def _log_potential(self, z: Complex) -> Complex:
        curve = self._curve
        out = np.full_like(z, complex(curve.harmonic - curve.q / curve.r, math.pi))
        away = z != 0.0
        eta, m = self._log_one_plus_m(z[away])
        out[away] = curve.q / curve.r * np.expm1(curve.r * eta) - curve.psi(eta) - log_lower(m)
        return out

    def _r_transform(self, g: Complex) -> Complex:
        # the free cumulants are the moments of parameters p − r, r: R(g) = (B_{p−r}(g)^r − 1)/g
        order = exact(self.p) - exact(self.r)
        first = FussCatalan(order)._r_transform(g) * g if order else np.where(self._on_cut(g), np.nan, g)
        return np.asarray(np.expm1(self._curve.r * log1p_complex(first)) / g)

    def _on_cut(self, g: Complex) -> Any:
        return (g.imag == 0.0) & (g.real <= -1.0) & (exact(self.r).denominator != 1)

    def _r_domain(self) -> str:
        order = exact(self.p) - exact(self.r)
        if order:
            return FussCatalan(order)._r_domain().replace("L the order", f"L = p - r = {float(order):g}")
        return "complex g off the half line (-inf, -1]"

    def _inverse_t_transform(self, m: Complex) -> Complex:
        # 1 + m = y^r and z = y^p/(y − 1)
        cut = (m.imag == 0.0) & (m.real <= -1.0)
        eta = log1p_complex(np.where(cut, np.nan, m)) / self._curve.r
        return np.asarray(np.exp(self._curve.q * eta) / np.expm1(eta))

    def _s_domain(self) -> str:
        return "complex m off the half line (-inf, -1]"

    def _exact_moments(self, order: int) -> list[Fraction]:
        return raney_numbers(exact(self.p), exact(self.r), order)

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        # Młotkowski 2010
        return raney_numbers(exact(self.p) - exact(self.r), exact(self.r), order)[1:]

    # ------------------------------------------------------------------ errors
    def _relative_error(self, x: Any) -> Real:
        """Relative error of density, masses and G: rounding, and the logarithm of the point."""
        curve = self._curve
        with np.errstate(divide="ignore"):
            logarithm = np.abs(np.log(np.abs(x)))
        return np.asarray(EPS * (64.0 * (1.0 + 1.0 / curve.p) + 8.0 * logarithm / curve.q) * max(1.0, curve.r))

    def _pdf_error(self, x: Real, value: Real) -> Real:
        with np.errstate(invalid="ignore"):
            relative = np.where(value == 0.0, 0.0, self._relative_error(x) * np.abs(value))
        return super()._pdf_error(x, value) + relative

    def _cdf_error(self, x: Real, value: Real) -> Real:
        inside = self._inside(x)
        extra = np.zeros_like(x)
        extra[inside] = self._relative_error(x[inside]) * value[inside] + 8.0 * EPS
        return super()._cdf_error(x, value) + extra

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        return super()._stieltjes_error(z, value) + self._relative_error(z) * np.abs(value)
