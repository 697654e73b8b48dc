"""Free powers below 1 of a Gaussian law: its G is entire, so their subordination function may leave the half plane."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.combinatorics import moments_from_free_cumulants
from rmt.errors import ConvergenceError
from rmt.laws.given.density import NumericLaw
from rmt.laws.law import EPS, Complex, Interval, Real, exact
from rmt.laws.named.classical_laws import Gaussian

#: steps of the power from 1 on, a factor of e; iterations of Newton's method
_STEPS, _NEWTON = 6.0, 12
#: size of a step, in ulps, and residual of a solution
_ULPS, _RESIDUAL = 8.0, 1e-10
#: densities below this multiple of t are known to first order in that of the Gaussian law, to relative accuracy
_FAINT = 1e-8
#: beyond it ω is z to rounding, and beyond it the density underflows
_FAR, _DARK = 1e8, 45.0
_STANDARD = Gaussian()


@dataclass(frozen=True, repr=False)
class GaussianPower(NumericLaw):
    """Free power t < 1 of the standard normal law; built by :func:`rmt.free_power`.

    It exists for every t > 0 (Belinschi, Bożejko, Lehner and Speicher 2011). G(z) is the Gaussian G at ω with
    tω + (1 − t)/G(ω) = z, where ω = z for t = 1; from there the power is made smaller step by step.

    Attributes
    ----------
    power : real
        t, 0 < t < 1.
    """

    power: Any

    def __repr__(self) -> str:
        return f"free_power({_STANDARD!r}, {self.power!r})"

    @property
    def _t(self) -> float:
        return float(self.power)

    def _intervals(self) -> tuple[Interval, ...]:
        return (Interval(-math.inf, math.inf, math.nan, math.nan, math.nan),)

    @cached_property
    def _length(self) -> float:
        """The width of the density at 0, which is that of a Cauchy law for small t."""
        return float(1.0 / -self._stieltjes(np.zeros(1, dtype=np.complex128))[0].imag)

    def _omega(self, z: Complex) -> Complex:
        """The subordination function, from the power 1 down."""
        near = np.abs(z) < _FAR
        w = z.astype(np.complex128)
        w[near] = self._followed(z[near])
        return w

    def _followed(self, z: Complex) -> Complex:
        w, step = z, np.zeros_like(z)
        powers = np.geomspace(1.0, self._t, 2 + math.ceil(-_STEPS * math.log(self._t)))
        for before, t in itertools.pairwise(powers.tolist()):
            f, slope = _reciprocal(w)
            w = w - (t - before) * (w - f) / (before + (1.0 - before) * slope)
            for _ in range(_NEWTON):
                f, slope = _reciprocal(w)
                step = (t * w + (1.0 - t) * f - z) / (t + (1.0 - t) * slope)
                w = w - step
                if (np.abs(step) <= _ULPS * EPS * np.abs(w)).all():
                    break
        residual = np.abs(step) / (1.0 + np.abs(w))
        failed = ~(residual <= _RESIDUAL)
        if failed.any():
            raise ConvergenceError(
                f"the subordination function of {self!r} was not found at z = {complex(z[failed][0])!r}",
                residual=float(residual[failed][0]),
                point=complex(z[failed][0]),
            )
        return w

    def _stieltjes(self, z: Complex) -> Complex:
        return _STANDARD._stieltjes(self._omega(z))

    def _density(self, x: Real) -> Real:
        out = np.zeros_like(x)
        near = np.abs(x) < _DARK
        w = self._omega(x[near].astype(np.complex128))
        density = -_STANDARD._stieltjes(w).imag / math.pi
        faint = density < _FAINT * self._t
        density[faint] = self._faint_density(x[near][faint], w[faint].real)
        out[near] = density
        return out

    def _faint_density(self, x: Real, u: Real) -> Real:
        """To first order in the Gaussian density φ, G = g − πiφ: tφ(u)/(t + (1 − t)(1/g)′) where tu + (1 − t)/g = x."""
        t = self._t
        for _ in range(_NEWTON):
            g = _STANDARD._stieltjes(u.astype(np.complex128)).real
            slope = t + (1.0 - t) * (u * g - 1.0) / g**2
            u = u - (t * u + (1.0 - t) / g - x) / slope
        return np.asarray(t * _STANDARD._pdf(u) / slope)

    def _exact_moments(self, order: int) -> list[Fraction]:
        if order == 0:
            return [Fraction(1)]
        cumulants = [exact(self.power) * k for k in _STANDARD._exact_free_cumulants(order)]
        return [Fraction(1), *moments_from_free_cumulants(cumulants)]

    def _float_moments(self, order: int) -> list[float]:
        return [float(m) for m in self._exact_moments(order)]

    def _pdf_error(self, x: Real, value: Real) -> Real:
        return (
            super()._pdf_error(x, value)
            + 64.0 * EPS * (1.0 + value)
            + 8.0 * _FAINT * np.minimum(value, _FAINT * self._t)
        )


def _reciprocal(w: Complex) -> tuple[Complex, Complex]:
    """F = 1/G of the standard normal law on the whole plane, and F′: G′ = 1 − wG."""
    g = _STANDARD._stieltjes(w)
    return 1.0 / g, (w * g - 1.0) / g**2
