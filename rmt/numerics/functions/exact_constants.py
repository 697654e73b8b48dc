"""Constants known beyond double precision: exact square roots, and numbers stored as a sum of two floats.

The distance of a point to an edge decides the accuracy of everything near that edge. An edge rounded to a float
spoils it; the same edge kept as two floats does not.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

#: relative accuracy of :func:`exact_sqrt`, in bits
SQRT_BITS = 200


class TwoFloat(NamedTuple):
    """The number ``high + low``, with `high` its nearest float."""

    high: float
    low: float


def two_float(value: Fraction) -> TwoFloat:
    """Store a rational number as the nearest float and the float nearest to the rest.

    Raises
    ------
    OverflowError
        If `value` is larger than the largest float.
    """
    high = float(value)
    return TwoFloat(high, float(value - Fraction(high)))


def exact_sqrt(value: Fraction) -> Fraction:
    """Square root of a rational number >= 0 to a relative accuracy of 2^-200; exact for squares of rationals."""
    numerator, denominator = value.numerator, value.denominator
    root = math.isqrt(numerator), math.isqrt(denominator)
    if root[0] ** 2 == numerator and root[1] ** 2 == denominator:
        return Fraction(*root)
    shift = SQRT_BITS + max(0, (denominator.bit_length() - numerator.bit_length()) // 2 + 1)
    return Fraction(math.isqrt((numerator << 2 * shift) // denominator), 1 << shift)


def offset(points: Any, centre: TwoFloat) -> Any:
    """``points - centre`` for real or complex points, accurate next to the centre."""
    return (points - centre.high) - centre.low
