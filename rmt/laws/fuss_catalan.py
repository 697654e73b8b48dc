"""Fuss-Catalan laws: squared singular values of products of square Gaussian matrices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from rmt.errors import check_real
from rmt.laws.expectation import join, rule_along
from rmt.laws.law import EPS, Complex, Interval, Law, Mask, Real, exact
from rmt.numerics.branches import log1p_complex, log_lower, reciprocal
from rmt.numerics.exact import offset
from rmt.numerics.fuss_catalan import A_SPLIT, Curve

_NEWTON_LIMIT = 60
_STEEPEST = 1.5
_RAY_START = 0.01
_RAY_STEPS = 80


@dataclass(frozen=True, init=False, repr=False)
class FussCatalan(Law):
    """Fuss-Catalan law: limit of ``J J*`` for a product J of `order` independent square Gaussian matrices.

    Entries have variance 1/n, so the mean is 1. The S-transform is ``(1 + m)^-order``, the support
    ``[0, (L+1)^(L+1)/L^L]`` with L the order, and with ``0 < f < pi/(L+1)``::

        x = sin((L+1)f)^(L+1) / (sin(f) sin(L f)^L)
        pdf = sin(f)^2 sin(L f)^(L-1) / (pi sin((L+1) f)^L)

    The law spreads over a range of logarithms proportional to the order: use :meth:`pdf_of_log`,
    :meth:`cdf_of_log` and :meth:`ppf_of_log`, which neither overflow nor underflow. Order 1 is
    ``MarchenkoPastur(1)``.

    Parameters
    ----------
    order : real
        Number of factors L, > 0; non-integer orders are the free multiplicative powers of order 1.

    Raises
    ------
    ValueError
        If `order` is not finite or not > 0.

    References
    ----------
    Banica, Belinschi, Capitaine and Collins, Canad. J. Math. 63 (2011) 3; Haagerup and Möller,
    *The law of large numbers for the free multiplicative convolution* (2013).

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
    def _curve(self) -> Curve:
        return Curve(float(self.order), exact(self.order))

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval from 0, with exponent ``-L/(L+1)``, to ``(L+1)^(L+1)/L^L``."""
        order = float(self.order)
        return (Interval(0.0, self._curve.edge.high, -order / (order + 1.0), 0.5, 1.0),)

    # ------------------------------------------------------------------ along the curve
    def _decay(self, x: Real) -> Real:
        """log(edge/x) for 0 < x < edge, accurate next to the edge."""
        edge = self._curve.edge
        out = -offset(np.log(x), self._curve.log_edge)
        close = x > 0.5 * edge.high
        out[close] = -np.log1p(offset(x[close], edge) / edge.high)
        return np.asarray(out)

    def _split(self, decay: Real) -> tuple[Mask, Real, Real]:
        """Mask of the upper half, `a` there, `g` elsewhere."""
        curve = self._curve
        upper = decay < curve.decay_split
        a = np.sqrt(curve.square_at(decay[upper]))
        g = curve.g_at_log_x(-offset(decay[~upper], curve.log_edge))
        return upper, a, g

    def _density_of_decay(self, decay: Real) -> Real:
        upper, a, g = self._split(decay)
        out = np.empty_like(decay)
        out[upper] = self._curve.log_density_upper(a)
        out[~upper] = self._curve.log_density_lower(g)
        return out

    def _masses_of_decay(self, decay: Real) -> tuple[Real, Real]:
        """Mass below and above; the smaller one is computed, the other is the rest."""
        curve = self._curve
        upper, a, g = self._split(decay)
        below, above = np.empty_like(decay), np.empty_like(decay)
        above[upper] = curve.upper_tail(a)
        below[upper] = 1.0 - above[upper]
        low = curve.lower_tail(g)
        high = 1.0 - low
        major = low >= 0.5
        if curve.p >= 1.0:
            high[major] = curve.upper_tail_from_g(g[major])
            low[major] = 1.0 - high[major]
        below[~upper], above[~upper] = low, high
        return below, above

    def _inside(self, x: Real) -> Mask:
        return np.asarray((x > 0.0) & (x < self._curve.edge.high))

    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        inside = self._inside(x)
        with np.errstate(over="ignore"):  # beyond the largest float next to 0
            out[inside] = self._density_of_decay(self._decay(x[inside])) / x[inside]
        out[x == 0.0] = np.inf
        return out

    def _masses(self, x: Real) -> tuple[Real, Real]:
        above_edge = x >= self._curve.edge.high
        below, above = np.where(above_edge, 1.0, 0.0), np.where(above_edge, 0.0, 1.0)
        inside = self._inside(x)
        below[inside], above[inside] = self._masses_of_decay(self._decay(x[inside]))
        return below, above

    def _cdf(self, x: Real) -> Real:
        return self._masses(x)[0]

    def _sf(self, x: Real) -> Real:
        return self._masses(x)[1]

    def _ppf(self, u: Real) -> Real:
        curve = self._curve
        upper, a, g = self._angles_at_mass(u)
        out = np.empty_like(u)
        out[upper] = curve.edge.high * np.exp(-curve.decay(a * a))
        out[~upper] = np.exp(curve.log_x(g))
        return out

    def _angles_at_mass(self, u: Real) -> tuple[Mask, Real, Real]:
        curve = self._curve
        upper = 1.0 - u < curve.upper_tail(np.array(A_SPLIT))
        return upper, curve.a_at_mass(1.0 - u[upper]), curve.g_at_mass(u[~upper])

    def _pdf_of_log(self, u: Real) -> Real:
        out = np.zeros_like(u)
        decay = -offset(u, self._curve.log_edge)
        inside = (decay > 0.0) & np.isfinite(u)
        out[inside] = self._density_of_decay(decay[inside])
        return out

    def _cdf_of_log(self, u: Real) -> Real:
        decay = -offset(u, self._curve.log_edge)
        out = np.where(decay > 0.0, 0.0, 1.0)
        inside = (decay > 0.0) & np.isfinite(u)
        out[inside] = self._masses_of_decay(decay[inside])[0]
        return out

    def _ppf_of_log(self, v: Real) -> Real:
        curve = self._curve
        out = np.where(v <= 0.0, -np.inf, curve.log_edge.high)
        inside = (v > 0.0) & (v < 1.0)
        upper, a, g = self._angles_at_mass(v[inside])
        values = np.empty(upper.shape)
        values[upper] = curve.log_edge.high - curve.decay(a * a)
        values[~upper] = curve.log_x(g)
        out[inside] = values
        return out

    def _expectation_rule(self) -> tuple[Real, Real]:
        curve = self._curve
        edge = curve.edge.high

        def lower(g: Real) -> tuple[Real, Real]:
            return np.exp(curve.log_x(g)), curve.log_density_lower(g) * curve.log_x_slope(g) / g

        def upper(a: Real) -> tuple[Real, Real]:
            slope = 2.0 * a * curve.decay_slope(a * a)
            return edge * np.exp(-curve.decay(a * a)), curve.log_density_upper(a) * slope

        return join(
            [
                rule_along(lower, np.array([0.0, 1.0 / curve.q, math.pi - A_SPLIT]), edge),
                rule_along(upper, np.array([0.0, A_SPLIT]), edge),
            ]
        )

    # ------------------------------------------------------------------ transforms, all from M = zG - 1
    def _log_one_plus_m(self, z: Complex) -> tuple[Complex, Complex]:
        """η = log(1 + M) = log(zG) and M, for finite `z` not 0 in the closed upper half plane.

        On the real axis in the support from the angle; elsewhere Newton's iteration for q η − log M = log z,
        started from the values on the two half lines of the same modulus, where the iteration is monotone.
        The solution with arg M in [−π, 0] and arg(1 + M) in [−π/q, 0] is unique: z -> M is conformal.
        """
        curve = self._curve
        p, q = curve.p, curve.q
        log_z = np.log(z)
        decay = -offset(log_z, curve.log_edge)
        close = np.abs(z - curve.edge.high) < 0.5 * curve.edge.high
        decay[close] = -log1p_complex(offset(z[close], curve.edge) / curve.edge.high)
        eta, m = np.empty_like(z), np.empty_like(z)
        near = np.abs(decay) < 0.5 * curve.decay_split
        eta[near], m[near] = self._near_edge(decay[near])
        bulk = ~near & (z.imag == 0.0) & self._inside(z.real)
        eta[bulk], m[bulk] = self._on_support(log_z[bulk].real)
        real = (z.imag == 0.0) & ~bulk
        for sign in (1.0, -1.0):
            half = real & ~near & (sign * z.real > 0.0)
            eta[half] = self._monotone_root(log_z[half].real, sign)
            m[half] = np.expm1(eta[half])
        outside = real & near & ~self._inside(z.real)
        eta[outside], m[outside] = eta[outside].real, m[outside].real
        rest = ~near & (z.imag != 0.0)
        if not rest.any():
            return eta, m
        target = log_z[rest]
        start = self._between_half_lines(target)
        value = start
        for _ in range(_NEWTON_LIMIT):
            power = np.expm1(value)
            step = (q * value - log_lower(power) - target) / (p - 1.0 / power)
            value = value - step
            if (np.abs(step) <= 4.0 * EPS * np.abs(value)).all():
                break
        eta[rest], m[rest] = value, np.expm1(value)
        return eta, m

    def _near_edge(self, decay: Complex) -> tuple[Complex, Complex]:
        curve = self._curve
        root = np.sqrt(curve.square_at(decay).conj()).conj() / curve.q
        f = root.real - 1j * np.abs(root.imag)  # off the support too, where only the sign of a zero would tell
        ratio = np.where(f == 0.0, 1.0 / curve.p, np.sin(f) / np.sin(curve.p * np.where(f == 0.0, 1.0, f)))
        m = ratio * np.exp(-1j * curve.q * f)
        return log1p_complex(m), m

    def _on_support(self, log_x: Real) -> tuple[Complex, Complex]:
        curve = self._curve
        upper, a, g = self._split(-offset(log_x, curve.log_edge))
        angle, rest = np.empty_like(log_x), np.empty_like(log_x)
        angle[upper], rest[upper] = a, math.pi - a
        angle[~upper], rest[~upper] = math.pi - g, g
        f = angle / curve.q
        sine = np.sin(rest + f)  # sin(pf)
        eta = np.log(np.sin(rest) / sine) - 1j * f
        return eta, np.sin(f) / sine * (-np.cos(rest) - 1j * np.sin(rest))

    def _between_half_lines(self, log_z: Complex) -> Complex:
        """Hermite interpolation in arg z between the positive and the negative half line."""
        curve = self._curve
        modulus, angle = log_z.real, log_z.imag
        eta0, m0 = np.empty_like(log_z), np.empty_like(log_z)
        inside = modulus < curve.log_edge.high
        eta0[inside], m0[inside] = self._on_support(modulus[inside])
        eta0[~inside] = self._monotone_root(modulus[~inside], 1.0)
        m0[~inside] = np.expm1(eta0[~inside])
        eta1 = self._monotone_root(modulus, -1.0).astype(np.complex128)
        m1 = np.expm1(eta1)
        use_eta = modulus < 0.0
        ends, slopes = [], []
        for eta, m in ((eta0, m0), (eta1, m1)):
            with np.errstate(divide="ignore", invalid="ignore"):
                slope = 1j / (curve.p - 1.0 / m) * np.where(use_eta, 1.0, 1.0 + 1.0 / m)
            # infinite at the edge itself, where a start from the chord is good enough
            steep = ~(np.abs(slope) < _STEEPEST)
            slopes.append(np.where(steep, -0.5j, slope))
            ends.append(np.where(use_eta, eta, log_lower(m)))
        t = angle / math.pi
        value = (
            (1.0 + 2.0 * t) * (1.0 - t) ** 2 * ends[0]
            + t * t * (3.0 - 2.0 * t) * ends[1]
            + math.pi * t * (1.0 - t) ** 2 * slopes[0]
            - math.pi * t * t * (1.0 - t) * slopes[1]
        )
        return np.where(use_eta, value, log1p_complex(np.exp(np.where(use_eta, 0.0, value))))

    def _monotone_root(self, log_modulus: Real, sign: float) -> Real:
        """η on the half line ``sign · z > 0`` outside the support: q η − log|e^η − 1| = log|z|."""
        curve = self._curve
        modulus = np.exp(np.minimum(log_modulus, 700.0))
        # on this side of the root the convex function is positive, so Newton's iteration is monotone
        eta = np.log1p(1.0 / modulus) if sign > 0.0 else np.log1p(-1.0 / (modulus + curve.q))
        for _ in range(_NEWTON_LIMIT):
            power = np.expm1(eta)
            step = (curve.q * eta - np.log(np.abs(power)) - log_modulus) / (curve.p - 1.0 / power)
            eta = eta - step
            if (np.abs(step) <= 4.0 * EPS * np.abs(eta)).all():
                break
        return eta

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
        q = exact(self.order) + 1
        moments = [Fraction(1)]
        for k in range(1, order + 1):
            product = math.prod((q * k - j for j in range(k - 1)), start=Fraction(1))
            moments.append(product / math.factorial(k))
        return moments

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
