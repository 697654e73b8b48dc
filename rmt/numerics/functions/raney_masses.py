"""Masses along the Fuss-Catalan curve for the Raney laws, whose zG is a power of that of the Fuss-Catalan law.

With y = zG of the Fuss-Catalan law, z = y^q/(y − 1), the Raney law of parameters q, r has zG = y^r, so its density
of log x is |y|^r sin(r f)/π, and its log-potential is

    U = (q/r)(y^r − 1) − Ψ(y) − log(y − 1),    Ψ(y) = ∫_1^y (t^r − 1)/(t − 1) dt,

whose imaginary part gives the masses.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from rmt._cached import cached_property
from rmt.numerics.functions.branches import log1p_complex
from rmt.numerics.functions.fuss_catalan_curve import AngleCurve

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

#: moduli of y up to which Ψ is expanded about 0
_INNER = 0.87
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_S, _DS = 0.5 * (_NODES + 1.0), 0.5 * _WEIGHTS
_JACOBI_NODES = 48


class RaneyCurve(AngleCurve):
    """The curve of order ``p = q − 1`` with the masses of the Raney law of parameters q and r, 0 < r <= q."""

    def __init__(self, first: Fraction, r: Fraction) -> None:
        super().__init__(float(first - 1), first - 1)
        self.r = float(r)
        self.share, self.rest = float(r / first), float(1 - r / first)
        # masses next to 0 are proportional to this power of g
        self.mass_power = self.r + (1.0 if self.rest == 0.0 else 0.0)

    @cached_property
    def _rule(self) -> tuple[Real, Real]:
        """Gauss rule of ∫_0^1 s^r g(s) ds."""
        from scipy.special import roots_jacobi

        nodes, weights = roots_jacobi(_JACOBI_NODES, 0.0, self.r)
        return 0.5 * (nodes + 1.0), weights / weights.sum() / (self.r + 1.0)

    @cached_property
    def harmonic(self) -> float:
        """The harmonic number of r, −Ψ(0)."""
        from scipy.special import digamma

        return float(digamma(self.r + 1.0)) + float(np.euler_gamma)

    # ------------------------------------------------------------------ density of log x
    def _log_modulus_upper(self, a: Real) -> Real:
        """Logarithm of |y| = sin a/sin(pf)."""
        f = a / self.q
        if self.p < 1.0:
            return np.asarray(np.log(np.sin(a) / np.sin(a * (self.p / self.q))))
        return np.asarray(-np.log1p(-np.sin(f) * (1.0 / np.tan(a) + np.tan(0.5 * f))))

    def _log_modulus_lower(self, g: Real) -> Real:
        f = (math.pi - g) / self.q
        return np.asarray(-np.log1p(np.sin(f) * (1.0 / np.tan(g) - np.tan(0.5 * f))))

    def _sine(self, g: Real) -> Real:
        """Sine of r f."""
        if self.share > 0.5:
            return np.asarray(np.sin(math.pi * self.rest + self.share * g))
        return np.asarray(np.sin(self.share * (math.pi - g)))

    def log_density_upper(self, a: Real) -> Real:
        """Density of log x."""
        return np.exp(self.r * self._log_modulus_upper(a)) * np.sin(self.share * a) / math.pi

    def log_density_lower(self, g: Real) -> Real:
        """Density of log x."""
        return np.exp(self.r * self._log_modulus_lower(g)) * self._sine(g) / math.pi

    # ------------------------------------------------------------------ masses
    def upper_tail(self, a: Real) -> Real:
        """Mass above: a Gauss rule, the integrand is analytic in a²."""
        nodes = np.asarray(a)[..., None] * _S
        values = self.log_density_upper(nodes) * 2.0 * nodes * self.decay_slope(nodes * nodes)
        return np.asarray(np.asarray(a) * (values @ _DS))

    def lower_tail(self, g: Real) -> Real:
        """Mass below."""
        f = (math.pi - g) / self.q
        log_modulus = self._log_modulus_lower(g)
        below = self.q / self.r * self.log_density_lower(g)
        inner = log_modulus < math.log(_INNER)
        out = np.empty_like(below)
        eta = log_modulus[inner] - 1j * f[inner]
        tail = np.exp(eta) * self._inner_integral(np.exp(eta))
        # y^r = |y|^r e^(−irf), with the sine of rf known better than the angle
        sine, cosine = self._sine(g[inner]), np.cos(self.share * (math.pi - g[inner]))
        turned = sine * tail.real - cosine * tail.imag
        out[inner] = below[inner] + np.exp(self.r * log_modulus[inner]) * turned / math.pi
        outer = ~inner
        out[outer] = below[outer] + (g[outer] + self.psi(log_modulus[outer] - 1j * f[outer]).imag) / math.pi
        return out

    def upper_tail_from_g(self, g: Real) -> Real:
        """Mass above."""
        return np.asarray(1.0 - self.lower_tail(g))

    def _inner_integral(self, y: Complex) -> Complex:
        """∫_0^1 s^r/(1 − y s) ds."""
        nodes, weights = self._rule
        return np.asarray((1.0 / (1.0 - y[..., None] * nodes)) @ weights)

    def psi(self, eta: Complex) -> Complex:
        """Ψ at y = e^η."""
        out = np.empty_like(eta)
        inner = eta.real < math.log(_INNER)
        w = eta[inner]
        y = np.exp(w)
        out[inner] = -self.harmonic - log1p_complex(-y) - np.exp((self.r + 1.0) * w) * self._inner_integral(y)
        path = eta[~inner][:, None] * _S
        small = np.abs(path) < 1e-150
        path = np.where(small, 1e-150, path)
        out[~inner] = eta[~inner] * ((np.expm1(self.r * path) / -np.expm1(-path)) @ _DS)
        return out
