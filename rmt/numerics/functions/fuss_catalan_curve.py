"""The curve log x ↔ angle behind the Fuss-Catalan laws, without cancellation from edge to edge.

With q = p + 1 the density of order p > 0 is parametrised by an angle f in (0, π/q): y = xG(x + i0) =
sin(qf)/sin(pf) · e^(−if), x = y^q/(y − 1) (Haagerup and Möller 2013). Two variables are used instead of f:
``a = qf`` from the upper edge (a = 0) and ``g = π − qf`` from the origin (g = 0), each in its own half.
"""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt._cached import cached_property
from rmt.numerics.functions.cotangent import COTANGENT, LOG_SINC
from rmt.numerics.functions.exact_constants import two_float

Real = NDArray[np.float64]

#: the upper half is ``a <= A_SPLIT``, where the power series in (a/π)² converge fast
A_SPLIT = 1.4
_TABLE = 513
_NEWTON = 5


def _horner(coefficients: Real, x: Any) -> Any:
    """Σ_k coefficients[k] x^k."""
    total = np.full_like(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        total *= x
        total += c
    return total


def _cotangent_defect(y: Real) -> Real:
    """1/y − cot y for 0 <= y <= π/2."""
    return np.asarray(y * _horner(COTANGENT, y * y))


class AngleCurve:
    """The curve of order `p`: ``log x`` and masses as functions of `a` or `g`, and their inverses."""

    #: masses next to 0 are proportional to this power of g
    mass_power = 1.0

    def __init__(self, p: float, exact_order: Fraction) -> None:
        self.p = p
        self.q = p + 1.0
        with decimal.localcontext() as context:
            context.prec = 60
            order = Decimal(exact_order.numerator) / Decimal(exact_order.denominator)
            log_edge = (order + 1) * (order + 1).ln() - order * order.ln()
            self.edge = two_float(Fraction(log_edge.exp()))
            self.log_edge = two_float(Fraction(log_edge))
        k2 = 2.0 * np.arange(1, LOG_SINC.size + 1)
        # q − q^(−2k) − p (p/q)^(2k), and 1 − q^(1−2k), both of positive terms
        bracket = -np.expm1(-k2 * math.log1p(p)) - p * np.expm1(-k2 * math.log1p(1.0 / p))
        self._decay = LOG_SINC * bracket
        self._defect = -COTANGENT * np.expm1((1.0 - k2) * math.log1p(p))
        self.decay_split = float(self.decay(np.array(A_SPLIT**2)))

    # ------------------------------------------------------------------ upper half, in the square of a
    def decay(self, square: Any) -> Any:
        """log(edge/x) as a function of ``a²``."""
        return square * _horner(self._decay, square)

    def decay_slope(self, square: Any) -> Any:
        """Derivative of :meth:`decay`."""
        return _horner(self._decay * np.arange(1, LOG_SINC.size + 1), square)

    def square_at(self, decay: Any) -> Any:
        """``a²`` at a given log(edge/x); also for complex arguments of modulus below ``decay_split``."""
        first, second = self._decay[:2]
        square = decay / first
        square = square / (1.0 + second / first * square)
        for _ in range(_NEWTON + 1):
            square = square - (self.decay(square) - decay) / self.decay_slope(square)
        return square

    def upper_tail(self, a: Real) -> Real:
        """Mass above: ``(a − p/(cot f − cot a))/π`` with the cancelling terms gone."""
        d = a * _horner(self._defect, a * a)
        return np.asarray(a * a * d / (math.pi * (self.p + a * d)))

    def log_density_upper(self, a: Real) -> Real:
        """Density of log x."""
        return np.sin(a) * np.sin(a / self.q) / (math.pi * np.sin(a * (self.p / self.q)))

    # ------------------------------------------------------------------ lower half, in g
    def _height(self, g: Real) -> tuple[Real, Real]:
        """The angle f and p log(sin(pf)/sin g)."""
        f = (math.pi - g) / self.q
        return f, self.p * np.log1p(np.sin(f) * (1.0 / np.tan(g) - np.tan(f / 2.0)))

    def log_x(self, g: Real) -> Real:
        """Logarithm of x."""
        f, height = self._height(g)
        return np.log(np.sin(g) / np.sin(f)) - height

    def log_x_slope(self, g: Real) -> Real:
        """Derivative of :meth:`log_x` with respect to log g."""
        f = (math.pi - g) / self.q
        return g * (self.q / np.tan(g) + 1.0 / (self.q * np.tan(f)) - self.p * (self.p / self.q) / np.tan(g + f))

    def log_density_lower(self, g: Real) -> Real:
        """Density of log x."""
        f = (math.pi - g) / self.q
        return np.sin(g) * np.sin(f) / (math.pi * np.sin(g + f))

    def lower_tail(self, g: Real) -> Real:
        """Mass below."""
        return g / math.pi + self.p * self.log_density_lower(g)

    def upper_tail_from_g(self, g: Real) -> Real:
        """Mass above, for order p >= 1 accurate also where it is of order 1/p."""
        a = math.pi - g
        d = 1.0 / a + 1.0 / np.tan(g) - _cotangent_defect(a / self.q)
        return a / math.pi * (a * d / (self.p + a * d))

    @cached_property
    def _table(self) -> tuple[Real, Real, Real]:
        """Logarithms of g, of x and of the mass below, on a grid that starts where the curve is a power law."""
        log_g = np.linspace(math.log(1e-18 / self.q), math.log(math.pi - A_SPLIT), _TABLE)
        g = np.exp(log_g)
        return log_g, self.log_x(g), np.log(self.lower_tail(g))

    def g_at_log_x(self, log_x: Real) -> Real:
        """Invert :meth:`log_x`."""
        table, values, _ = self._table
        log_g = np.interp(log_x, values, table)
        # below the table log x = q log g − q log sin(π/q) to double precision
        log_g += np.minimum(log_x - values[0], 0.0) / self.q
        inside = log_x > values[0]
        for _ in range(_NEWTON - 1):
            g = np.exp(log_g[inside])
            log_g[inside] -= (self.log_x(g) - log_x[inside]) / self.log_x_slope(g)
        return np.asarray(np.exp(log_g))

    def g_at_mass(self, mass: Real) -> Real:
        """Invert :meth:`lower_tail`."""
        table, _, values = self._table
        log_mass = np.log(mass)
        log_g = np.interp(log_mass, values, table) + np.minimum(log_mass - values[0], 0.0) / self.mass_power
        inside = log_mass > values[0]
        for _ in range(_NEWTON - 1):
            g = np.exp(log_g[inside])
            slope = self.log_density_lower(g) * self.log_x_slope(g)
            log_g[inside] -= (self.lower_tail(g) - mass[inside]) / slope
        return np.asarray(np.exp(log_g))

    @cached_property
    def _upper_table(self) -> tuple[Real, Real]:
        a = A_SPLIT * np.linspace(1e-3, 1.0, _TABLE)
        return a, np.cbrt(self.upper_tail(a))

    def a_at_mass(self, mass: Real) -> Real:
        """Invert :meth:`upper_tail`."""
        table, values = self._upper_table
        root = np.cbrt(mass)
        a = np.interp(root, values, table) * np.minimum(root / values[0], 1.0)
        for _ in range(_NEWTON - 1):
            slope = 2.0 * a * self.log_density_upper(a) * self.decay_slope(a * a)
            a -= (self.upper_tail(a) - mass) / slope
        return np.asarray(a)
