"""Coefficients of polynomials in random matrices: sums up to rounding, and whether a polynomial is Hermitian.

Numbers that differ by their rounding only are equal here: 0.1 + 0.2 − 0.3 is 0, and coefficients that are complex
conjugates up to rounding are made so. This is the one place that decides Hermiticity.
"""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from rmt.ensembles.letters import Word, adjoint
from rmt.errors import shown

_CANCELLED = 4e-15  # size of a sum, relative to that of its terms, that is rounding
_MIRRORED = 1e-14  # the same for the difference of a coefficient and the conjugate of its mirror image


def as_number(value: Any, symbol: str) -> Any:
    """Return a number as Python's int, Fraction, float or complex; a complex one with imaginary part 0 is real.

    Raises
    ------
    TypeError, ValueError
        If the value is no number, is not finite, or is 0 after a division sign.
    """
    if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0:
        value = value.item()
    if isinstance(value, (str, bytes, np.ndarray)):
        raise TypeError(f"expected a number or an ensemble after {symbol}, got {type(value).__name__}")
    try:
        number = complex(value)
    except OverflowError:
        raise ValueError(
            f"expected a number after {symbol}, got {shown(value)}, beyond the largest float, {sys.float_info.max!r}"
        ) from None
    except (TypeError, ValueError):
        raise TypeError(f"expected a number or an ensemble after {symbol}, got {type(value).__name__}") from None
    if not (math.isfinite(number.real) and math.isfinite(number.imag)):
        raise ValueError(f"expected a finite number after {symbol}, got {value!r}")
    if symbol == "/" and number == 0:
        raise ValueError("division of an ensemble by zero")
    if isinstance(value, (int, float, Fraction)):
        return value
    if isinstance(value, (numbers.Rational, Decimal)):
        return Fraction(value)
    return number if number.imag else number.real


def conjugate(number: Any) -> Any:
    """Complex conjugate of a number of any kind."""
    return number.conjugate() if isinstance(number, complex) else number


def plain(number: Any) -> Any:
    """A coefficient, which may be a Fraction, as a number that arrays multiply with."""
    return number if isinstance(number, complex) else float(number)


def multiply(left: Any, right: Any) -> Any:
    """Product of two numbers; real where its imaginary part is rounding.

    Raises
    ------
    ValueError
        If it is beyond the largest float.
    """
    try:
        product = left * right
    except OverflowError:
        product = math.inf
    if not np.isfinite(complex(product)):
        raise ValueError(
            f"a coefficient is beyond the largest float: {left!r} times {right!r}; scale the matrices before they are "
            "multiplied"
        )
    if isinstance(product, complex) and abs(product.imag) <= _CANCELLED / 8.0 * abs(product.real):
        return product.real
    return product


def collect(terms: Iterable[tuple[Word, Any]]) -> dict[Word, Any]:
    """Coefficients of reduced words, each word once and in its first place; sums that are rounding are left out.

    If the result is Hermitian up to rounding, it is so exactly.
    """
    found: dict[Word, list[Any]] = {}
    for word, c in terms:
        found.setdefault(word, []).append(c)
    sizes = {word: math.fsum(abs(c) for c in parts) for word, parts in found.items()}
    total = {word: _sum(parts) for word, parts in found.items()}
    total = {word: c for word, c in total.items() if abs(c) > _CANCELLED * sizes[word] or (len(found[word]) == 1 and c)}
    _symmetrise(total, sizes)
    return total


def is_hermitian(terms: Mapping[Word, Any]) -> bool:
    """Whether coefficients collected by :func:`collect` are those of a Hermitian polynomial."""
    return all(terms.get(adjoint(word), 0) == conjugate(c) for word, c in terms.items())


def _sum(parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    if any(isinstance(c, complex) for c in parts):
        real, imaginary = (math.fsum(getattr(c, part) for c in parts) for part in ("real", "imag"))
        size = math.fsum(map(abs, parts))
        return complex(real, imaginary) if abs(imaginary) > _CANCELLED * size else real
    if all(isinstance(c, (int, Fraction)) for c in parts):
        return sum(parts)
    return math.fsum(parts)


def _symmetrise(total: dict[Word, Any], sizes: Mapping[Word, float]) -> None:
    """Replace mirrored coefficients by conjugates of each other, if all of them are so up to rounding."""
    pairs = [(word, adjoint(word)) for word in total]
    for word, mirror in pairs:
        size = sizes[word] + sizes.get(mirror, 0.0)
        if abs(total[word] - conjugate(total.get(mirror, 0))) > _MIRRORED * size:
            return
    for word, mirror in pairs:
        if word == mirror:
            total[word] = total[word].real if isinstance(total[word], complex) else total[word]
        elif mirror in total:
            total[mirror] = conjugate(total[word])
        # a word whose mirror image cancelled is rounding itself
        elif word in total:
            del total[word]
