"""Laws whose density is parametrised by the angle of the Fuss-Catalan curve: what they share."""

from __future__ import annotations

import math
from abc import abstractmethod

import numpy as np

from rmt.laws.expectation import join, rule_along
from rmt.laws.law import EPS, Complex, Law, Mask, Real
from rmt.numerics.functions.branches import log1p_complex, log_lower
from rmt.numerics.functions.exact_constants import offset
from rmt.numerics.functions.fuss_catalan_curve import A_SPLIT, AngleCurve

_NEWTON_LIMIT = 60
_STEEPEST = 1.5
_SMALLEST_ANGLE = 1e-280


class CurveLaw(Law):
    """A law on [0, edge] whose transforms are functions of y = zG of the Fuss-Catalan law of the same edge."""

    @property
    @abstractmethod
    def _curve(self) -> AngleCurve:
        """The curve, with the masses of the law along it."""

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
        tail = curve.upper_tail(a)
        rest = 1.0 - tail
        most = tail > 0.5
        rest[most] = curve.lower_tail(math.pi - a[most])
        tail[most] = 1.0 - rest[most]
        above[upper], below[upper] = tail, rest
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
        out[x == 0.0] = np.inf if self.support[0].low_exponent < 0.0 else 0.0
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
        decay, share = self._above_floor(u)
        inside = (decay > 0.0) & np.isfinite(u)
        out[inside] = self._density_of_decay(decay[inside]) * share[inside]
        return out

    def _cdf_of_log(self, u: Real) -> Real:
        decay, share = self._above_floor(u)
        out = np.where(decay > 0.0, 0.0, 1.0)
        inside = (decay > 0.0) & np.isfinite(u)
        out[inside] = self._masses_of_decay(decay[inside])[0] * share[inside]
        return out

    def _above_floor(self, u: Real) -> tuple[Real, Real]:
        """log(edge/x) up to where the angle would underflow, and the factor by which a power law decays below."""
        curve = self._curve
        floor = float(curve.log_x(np.array(_SMALLEST_ANGLE)))
        with np.errstate(invalid="ignore"):
            share = np.exp(curve.mass_power / curve.q * np.minimum(u - floor, 0.0))
        return np.asarray(-offset(np.maximum(u, floor), curve.log_edge)), share

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

        power = max(1.0, 1.0 / curve.mass_power)

        def lower(t: Real) -> tuple[Real, Real]:
            g = t**power
            return np.exp(curve.log_x(g)), curve.log_density_lower(g) * curve.log_x_slope(g) * power / t

        def upper(a: Real) -> tuple[Real, Real]:
            slope = 2.0 * a * curve.decay_slope(a * a)
            return edge * np.exp(-curve.decay(a * a)), curve.log_density_upper(a) * slope

        return join(
            [
                rule_along(lower, np.array([0.0, 1.0 / curve.q, math.pi - A_SPLIT]) ** (1.0 / power), edge),
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
        if near.any():
            eta[near], m[near] = self._near_edge(decay[near])
        bulk = ~near & (z.imag == 0.0) & self._inside(z.real)
        if bulk.any():
            eta[bulk], m[bulk] = self._on_support(log_z[bulk].real)
        real = (z.imag == 0.0) & ~bulk
        for sign in (1.0, -1.0):
            half = real & ~near & (sign * z.real > 0.0)
            if half.any():
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
        if inside.any():
            eta0[inside], m0[inside] = self._on_support(modulus[inside])
        if not inside.all():
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
