"""Formal power series over any commutative ring, and fractions scaled to integers while that is faster."""

from __future__ import annotations

import cmath
import math
import numbers
import sys
from collections.abc import Mapping, Sequence, Set
from fractions import Fraction
from typing import Any

from rmt.errors import shown

#: fractions are scaled to integers while the scale has so many bits more than their own denominators (measured)
MOST_BITS = 100


class Powers:
    """Coefficients of the powers of a series q without constant term, known so far: extended one by one."""

    def __init__(self) -> None:
        self.series: list[Any] = [0]
        self._rows: list[list[Any]] = [[1]]

    def append(self, coefficient: Any) -> None:
        """Append the next coefficient q_n, and with it the coefficient of s^n in q, q², ..., q^n."""
        q = self.series
        q.append(coefficient)
        n = len(q) - 1
        self._rows[0].append(0)
        self._rows.append([0] * n)
        for j in range(1, n + 1):
            below = self._rows[j - 1]
            total: Any = 0
            for i in range(1, n - j + 2):
                if q[i] != 0 and below[n - i] != 0:
                    total = total + q[i] * below[n - i]
            self._rows[j].append(total)

    def column(self, n: int) -> list[Any]:
        """The coefficients of s^n in q, q², ..., q^n."""
        return [self._rows[j][n] for j in range(1, n + 1)]


def revert(name: str, series: Sequence[Any]) -> list[Any]:
    """Compositional inverse of a series without constant term; divides by its linear coefficient only."""
    if len(series) == 1:
        return [0]
    lead = series[1]
    if lead == 0:
        raise ValueError(f"{name} must not be 0, got {lead!r}: then the S-transform is not a power series")
    if all(isinstance(x, numbers.Rational) for x in series):
        return _revert_rational(lead, series)
    powers = Powers()
    inverse: list[Any] = []
    for n in range(1, len(series)):
        powers.append(series[n])
        target = 1 if n == 1 else 0
        try:
            inverse.append((target - dot(inverse, powers.column(n))) / lead**n)
        except (ZeroDivisionError, OverflowError):
            raise ValueError(
                f"{name} is {lead!r}, and its power {n} leaves the range of floats; give fractions.Fraction numbers"
            ) from None
    return [0, *inverse]


def _revert_rational(lead: Any, series: Sequence[Any]) -> list[Any]:
    """The same for rationals, in integers: f(s) = lead d h(s/d) with h_1 = 1 and integer h_n."""
    monic = [Fraction(x) / lead for x in series[2:]]
    d = _common_scale(monic)
    scaled = [1, *(int(x * d**n) for n, x in enumerate(monic, start=1))]
    powers = Powers()
    inverse: list[int] = []
    for n, coefficient in enumerate(scaled, start=1):
        powers.append(coefficient)
        inverse.append((n == 1) - dot(inverse, powers.column(n)))
    return [Fraction(0), *(Fraction(x) / d ** (n - 1) / lead**n for n, x in enumerate(inverse, start=1))]


def multiply(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    """Product of two power series of the same length, truncated to it."""
    return [dot(a[: n + 1], b[n::-1]) for n in range(len(a))]


def dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """Sum of products over the shorter length."""
    total: Any = 0
    for x, y in zip(a, b, strict=False):
        total = total + x * y
    return total


def numbers_of(sequence: Sequence[Any]) -> list[Any]:
    """The elements of a sequence of numbers, or of other elements of a ring, with Python's own integers.

    Raises
    ------
    TypeError
        If it is no sequence, or an element is no element of a ring: text, None, a sequence.
    """
    if isinstance(sequence, (str, bytes, Mapping, Set)) or not hasattr(sequence, "__len__"):
        raise TypeError(f"moments and cumulants come as a list m_1, ..., m_k of numbers, got {shown(sequence)}")
    if hasattr(sequence, "filled") or getattr(sequence, "ndim", None) == 0:
        raise TypeError(
            "moments and cumulants come as a list m_1, ..., m_k of numbers, got a masked or 0-d array: "
            f"{shown(sequence)}; take its .tolist() and fill what is masked"
        )
    elements = [element_of("moments and cumulants", element) for element in sequence]
    if any(isinstance(x, float) for x in elements):
        for element in elements:
            check_with_floats(element)
    return elements


def check_with_floats(value: Any) -> None:
    """Raise ``ValueError`` for an integer or fraction beyond the largest float, which cannot meet floats."""
    if isinstance(value, numbers.Rational) and abs(Fraction(value)) > sys.float_info.max:
        raise ValueError(
            f"moments and cumulants hold {shown(value)}, which cannot be combined with floats; give fractions.Fraction "
            "throughout"
        )


def element_of(name: str, value: Any) -> Any:
    """A number or another element of a ring, such as a symbol: what can be multiplied by itself and added to 1.

    Raises
    ------
    TypeError
        If it is anything else: text, None, a truth value, a date, a sequence.
    ValueError
        If it is infinite.
    """
    if isinstance(value, (float, complex)):
        if value in (math.inf, -math.inf) or (isinstance(value, complex) and cmath.isinf(value)):
            raise ValueError(f"{name} must be finite, got {value!r} among them")
        return value
    if isinstance(value, numbers.Rational) and not isinstance(value, bool) and type(value).__name__ != "timedelta64":
        return exact(value)
    try:
        if value is None or isinstance(value, bool) or hasattr(value, "__len__"):
            raise TypeError
        value * value + 1
    except Exception:  # whatever an object says to arithmetic
        raise TypeError(f"{name} must be numbers, got {shown(value)} among them") from None
    return exact(value)


def exact(value: Any) -> Any:
    """Python's own integers for integers of any origin: NumPy's would overflow."""
    return int(value) if isinstance(value, numbers.Integral) else value


def integers(*sequences: Sequence[Any]) -> tuple[list[list[Any]], int | None]:
    """Scale fractions by d^n in place n to integers, which are many times faster; find d.

    Moments and cumulants are homogeneous of degree n, so the results scale alike. Anything but fractions stays
    as it is, with None for d; so do fractions whose denominators share too little, as 1/(k + 1): of the integers the
    n-th has n times the bits of d.
    """
    values = [numbers_of(sequence) for sequence in sequences]
    flat = [x for sequence in values for x in sequence]
    if not all(isinstance(x, numbers.Rational) for x in flat) or all(isinstance(x, int) for x in flat):
        return values, None
    scale = math.lcm(*map(_common_scale, values))
    own = max(x.denominator.bit_length() / n for sequence in values for n, x in enumerate(sequence, start=1))
    if scale.bit_length() > MOST_BITS + 4.0 * own:
        return values, None
    return [[int(x * scale**n) for n, x in enumerate(sequence, start=1)] for sequence in values], scale


def _common_scale(values: Sequence[Any]) -> int:
    """An integer d such that d^n times the n-th rational is an integer, for n = 1, 2, ..."""
    scale = 1
    for n, x in enumerate(values, start=1):
        missing = x.denominator // math.gcd(x.denominator, scale**n)
        twos = (missing & -missing).bit_length() - 1  # the denominators of floats are powers of 2
        scale *= (missing >> twos) << -(-twos // n)
    return scale


def unscale(values: list[Any], scale: int | None) -> list[Any]:
    """Undo the scaling of :func:`integers`."""
    return values if scale is None else [Fraction(x) / scale**n for n, x in enumerate(values, start=1)]
