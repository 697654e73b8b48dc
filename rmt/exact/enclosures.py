"""Enclosures: intervals that are proven to contain a value of a law, from balls on its branch.

G comes from :mod:`rmt.exact.sheets`. Masses come from the logarithmic potential U, U′ = G and Im U(x + i0) = π sf(x):
its series far away has a proven tail, and along the path down to x it is integrated by Gauss's rule with the error
bound of functions that are analytic and bounded in an ellipse, which every proven disc contains (Rabinowitz 1969).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt.errors import ConvergenceError, check_choice, check_count, shown
from rmt.exact.algebraic_numbers import arb_ends
from rmt.exact.equation import Equation, equation_of
from rmt.exact.rings import require_flint
from rmt.exact.sheets import Sheet, working_bits
from rmt.laws.law import Law

#: working precision of enclosures in double precision
_BITS = 96
#: sum of the half axes of the ellipse around a step in the proven disc, 3 + √8
_ELLIPSE = 3.0 + math.sqrt(8.0)
#: quantities that can be enclosed
QUANTITIES = ("pdf", "cdf", "sf", "stieltjes", "edges", "moment")


@dataclass(frozen=True)
class Enclosure:
    """A closed interval proven to contain a value.

    Attributes
    ----------
    low, high : float
        The ends, rounded outwards; equal to 0 both where it is proven that there is no density.

    Examples
    --------
    >>> import rmt
    >>> bounds = rmt.Semicircle().enclose(0.0)
    >>> bounds.low <= 1 / 3.141592653589793 <= bounds.high
    True
    """

    low: float
    high: float

    @property
    def value(self) -> float:
        """The middle."""
        return self.low + 0.5 * (self.high - self.low)

    @property
    def radius(self) -> float:
        """Half the width."""
        return 0.5 * (self.high - self.low)

    def __contains__(self, number: Any) -> bool:
        return bool(self.low <= number <= self.high)


def rounded_outwards(ball: Any) -> Enclosure:
    """The interval of floats around an ``arb``."""
    return from_ends(*arb_ends(ball))


def from_ends(low: Fraction, high: Fraction) -> Enclosure:
    """The interval of floats around two fractions."""
    first, last = float(low), float(high)
    if Fraction(first) > low:
        first = math.nextafter(first, -math.inf)
    if Fraction(last) < high:
        last = math.nextafter(last, math.inf)
    return Enclosure(first, last)


def exact_point(x: Any) -> Any:
    """A number as an ``arb`` (or complex as ``acb``): floats, integers, fractions and mpmath numbers count as they are.

    Raises
    ------
    TypeError
        If it is no number.
    """
    flint = require_flint()
    if isinstance(x, complex | np.complexfloating):
        return flint.acb(float(x.real), float(x.imag))
    if hasattr(x, "_mpc_"):
        return flint.acb(exact_point(x.real), exact_point(x.imag))
    if hasattr(x, "_mpf_"):
        sign, mantissa, exponent, _ = x._mpf_
        value = Fraction(-int(mantissa) if sign else int(mantissa)) * Fraction(2) ** exponent
        return flint.arb(flint.fmpq(value.numerator, value.denominator))
    if isinstance(x, bool) or not isinstance(x, int | float | Fraction | np.floating | np.integer):
        raise TypeError(
            f"x must be a number, got {shown(x)} of type {type(x).__name__}; enclosures are asked one by one"
        )
    value = Fraction(x.item() if hasattr(x, "item") else x)
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def enclose(law: Law, x: Any = None, quantity: str = "pdf") -> Any:
    """Implement :meth:`rmt.Law.enclose`."""
    check_choice("quantity", quantity, QUANTITIES)
    equation = equation_of(law)
    if quantity == "edges":
        return tuple(from_ends(*edge.isolating_interval(_BITS)) for edge in equation.edges())
    if quantity == "moment":
        value = equation._series(check_count("x", x, minimum=0))[-1]
        return from_ends(value, value)
    ball = enclose_ball(equation, x, quantity, _BITS)
    if quantity == "stieltjes":
        return rounded_outwards(ball.real), rounded_outwards(ball.imag)
    return rounded_outwards(ball)


def enclose_ball(equation: Equation, x: Any, quantity: str, bits: int) -> Any:
    """The same as a ball of about this many bits."""
    flint = require_flint()
    with working_bits(bits):
        point = flint.acb(exact_point(x))
        if quantity != "stieltjes" and not point.imag.is_zero():
            raise TypeError(f"x must be real for {quantity}, got {x!r}")
        below = bool(point.imag < 0)
        target = point.conjugate() if below else point
        try:
            if quantity in ("cdf", "sf"):
                above = _potential(equation, target, bits).imag / flint.arb.pi()
                return above if quantity == "sf" else 1 - above
            value = equation.sheet.value(target, 4.0 * equation.reach + 1.0)
        except ConvergenceError:
            raise _too_near(equation, x) from None
        if point.imag.is_zero() and equation.sheet.real_at(target, value):
            value = flint.acb(value.real)
        if quantity == "pdf":
            return -value.imag / flint.arb.pi()
        return value.conjugate() if below else value


def _too_near(equation: Equation, x: Any) -> ConvergenceError:
    """Say how near a critical point is."""
    with working_bits(256):
        place = exact_point(x)
        real = getattr(place, "real", place)
        nearest = min(equation.critical_points, key=lambda e: float(abs(real - e.ball(256)).mid()))
        distance = abs(real - nearest.ball(256)).upper()
    return ConvergenceError(
        f"no enclosure at {x!r}: it is proven to lie within {float(distance):.3g} of the singular point {nearest!r} of "
        "the equation; ask farther away",
        point=complex(float(x)) if isinstance(x, int | float | Fraction) else None,
        residual=float(distance),
    )


@functools.lru_cache(maxsize=16)
def _gauss(count: int, bits: int) -> tuple[tuple[Any, Any], ...]:
    """Nodes and weights of Gauss's rule on [−1, 1]."""
    with working_bits(bits + 16) as flint:
        found = []
        for k in range(count):
            found.append(flint.arb.legendre_p_root(count, k, weight=True))
        return tuple(found)


def _potential(equation: Equation, target: Any, bits: int) -> Any:
    """U at a point of the closed upper half plane."""
    flint = require_flint()
    sheet: Sheet = equation.sheet
    z, value = sheet.start(target.real, 4.0 * equation.reach + 1.0)
    total = _far_potential(equation, z, bits)
    count = math.ceil(bits * math.log(2.0) / (2.0 * math.log(_ELLIPSE))) + 3
    nodes = _gauss(count, bits)
    share = flint.arb(64) / 15 * flint.arb(_ELLIPSE) ** (-2 * count) * 1.05
    for disc, length, end in sheet.path(z, value, target, share=0.5):
        part = flint.acb(0)
        for node, weight in nodes:
            s = (1 + node) * length / 2
            place = disc.centre + disc.span * s
            g = sheet.curve.point(place, disc.value + disc.tilt * s)
            if g is None or not disc.holds(s, g):
                raise ConvergenceError("a value on the path could not be enclosed", point=complex(place))
            part += weight * g
        error = (share * disc.width).upper()
        part += flint.acb(flint.arb(0, error), flint.arb(0, error))
        total += part * disc.span * length / 2
        value = end
    # the path ends at the midpoint of the target, which may be a ball
    rest = (target - target.mid()) * 2 * abs(value)
    return total + rest


def _far_potential(equation: Equation, z: Any, bits: int) -> Any:
    """Log z − Σ m_k/(k z^k), with |m_k| <= reach^k for the tail."""
    flint = require_flint()
    count = bits // 2 + 4
    moments = equation._series(count)
    t, power, total = 1 / z, flint.acb(1), z.log()
    for k in range(1, count + 1):
        power *= t
        total -= power * flint.arb(flint.fmpq(moments[k].numerator, moments[k].denominator)) / k
    q = flint.arb(equation.reach) * abs(t)
    tail = (q ** (count + 1) / (1 - q)).upper()
    return total + flint.acb(flint.arb(0, tail), flint.arb(0, tail))


def evaluator(equation: Equation, quantity: str, bits: int) -> Callable[[Any], Any]:
    """The function x → ball."""
    return functools.partial(enclose_ball, equation, quantity=quantity, bits=bits)
