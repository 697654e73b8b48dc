"""Real algebraic numbers: a polynomial, and which of its real roots."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rmt.exact.integer_polynomials import require_sympy
from rmt.exact.rings import require_flint
from rmt.exact.sheets import working_bits


@functools.total_ordering
@dataclass(frozen=True, repr=False, eq=False)
class AlgebraicNumber:
    """A real root of an irreducible polynomial with integer coefficients.

    Attributes
    ----------
    polynomial : tuple of int
        Coefficients, the constant one first.
    index : int
        Which real root, from the left, from 0.

    Examples
    --------
    >>> root = AlgebraicNumber((-2, 0, 1), 1)
    >>> import mpmath
    >>> float(root), mpmath.nstr(root.digits(30), 30)
    (1.4142135623730951, '1.41421356237309504880168872421')
    >>> import rmt
    >>> number = rmt.MarchenkoPastur(2).equation().edges()[1]  # 3 + 2√2
    >>> low, high = number.isolating_interval()
    >>> bool(5.8 < low < high < 5.9), 5.8 < float(number.ball(60).mid()) < 5.9, number.radicals().is_algebraic
    (True, True, True)
    """

    polynomial: tuple[int, ...]
    index: int

    def ball(self, bits: int) -> Any:
        """An ``arb`` that holds the number, of about this many bits.

        Parameters
        ----------
        bits : int
            Precision, >= 1.

        Returns
        -------
        flint.arb
        """
        if len(self.polynomial) == 2:
            with working_bits(bits) as flint:
                return flint.arb(flint.fmpq(-self.polynomial[0], self.polynomial[1]))
        return _real_roots(self.polynomial, bits)[self.index]

    @property
    def rational(self) -> Fraction | None:
        """The number as a fraction, if it is one."""
        return Fraction(-self.polynomial[0], self.polynomial[1]) if len(self.polynomial) == 2 else None

    def isolating_interval(self, bits: int = 64) -> tuple[Fraction, Fraction]:
        """Rational ends of an interval that holds this root of the polynomial and no other.

        Parameters
        ----------
        bits : int
            Precision of the enclosure to start from.

        Returns
        -------
        tuple of two Fractions
        """
        if self.rational is not None:
            return self.rational, self.rational
        return arb_ends(self.ball(bits))

    def digits(self, digits: int) -> Any:
        """An ``mpmath.mpf`` with this many right digits.

        Parameters
        ----------
        digits : int
            Number of decimal digits, >= 1.

        Returns
        -------
        mpmath.mpf
        """
        import mpmath

        with mpmath.workdps(digits + 5):
            low, high = arb_ends(self.ball(int(3.33 * digits) + 64))
            middle = (low + high) / 2
            return mpmath.mpf(middle.numerator) / middle.denominator

    def radicals(self) -> Any:
        """The number in radicals, as a SymPy expression, where the degree is at most 4.

        Returns
        -------
        sympy expression

        Raises
        ------
        ValueError
            If the degree is higher.
        ImportError
            If SymPy is missing.
        """
        sympy = require_sympy()
        if len(self.polynomial) > 5:
            raise ValueError(
                f"{self!r} is of degree {len(self.polynomial) - 1}; radicals are given up to degree 4, digits(n) always"
            )
        x = sympy.Symbol("x")
        found = sympy.roots(sympy.Poly(list(reversed(self.polynomial)), x), x)
        value = self.digits(40)
        return min(found, key=lambda r: abs(complex(sympy.N(r, 30)) - complex(value)))

    def __float__(self) -> float:
        rational = self.rational
        return float(rational) if rational is not None else float(self.digits(25))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, AlgebraicNumber):
            return (self.polynomial, self.index) == (other.polynomial, other.index)
        return self.rational == other if isinstance(other, int | Fraction) else NotImplemented

    def __lt__(self, other: Any) -> bool:
        if self == other:
            return False
        for bits in (64, 256, 1024, 8192):
            with working_bits(bits) as flint:
                there = (
                    other.ball(bits)
                    if isinstance(other, AlgebraicNumber)
                    else flint.arb(flint.fmpq(other.numerator, other.denominator))
                )
                here = self.ball(bits)
                if here < there or here > there:
                    return bool(here < there)
        return False

    def __hash__(self) -> int:
        return hash(self.rational) if self.rational is not None else hash((self.polynomial, self.index))

    def __repr__(self) -> str:
        if self.rational is not None:
            return str(self.rational)
        body = " + ".join(
            f"{c}*x^{i}" if i > 1 else f"{c}*x" if i else str(c) for i, c in enumerate(self.polynomial) if c
        )
        return f"{float(self)!r} (root {self.index} of {body})"


@functools.lru_cache(maxsize=512)
def _real_roots(polynomial: tuple[int, ...], bits: int) -> tuple[Any, ...]:
    with working_bits(bits + 32) as flint:
        p = flint.fmpz_poly(list(polynomial))
        roots = [r.real for r, _ in p.complex_roots() if r.imag == 0]
        refined = [_refined(p, r, bits) for r in roots]
        return tuple(sorted(refined, key=lambda r: float(r.mid())))


def _refined(p: Any, ball: Any, bits: int) -> Any:
    """A smaller ball around the root that is alone in this one, by Newton's method on balls."""
    flint = require_flint()
    slope = p.derivative()
    goal = flint.arb(2) ** -bits
    for _ in range(64):
        if ball.rad() < goal * abs(ball.mid()) or ball.rad() == 0:
            break
        middle = flint.arb(ball.mid())
        image = middle - p(middle) / slope(ball)
        if not image.is_finite() or not image.rad() < ball.rad():
            break
        ball = image.intersection(ball)
    return ball


def real_roots(polynomial: Any) -> list[AlgebraicNumber]:
    """The real roots of a ``fmpz_poly``, from left to right."""
    flint = require_flint()
    found: list[AlgebraicNumber] = []
    if polynomial.degree() < 1:
        return found
    for factor, _ in polynomial.factor()[1]:
        coefficients = tuple(int(c) for c in (factor if factor.leading_coefficient() > 0 else -factor).coeffs())
        count = 1 if len(coefficients) == 2 else len(_real_roots(coefficients, 64))
        found.extend(AlgebraicNumber(coefficients, i) for i in range(count))
    del flint
    return sorted(found)


def between(low: AlgebraicNumber, high: AlgebraicNumber) -> Fraction:
    """A short fraction strictly between two numbers."""
    for bits in (64, 256, 1024):
        first, last = low.isolating_interval(bits)[1], high.isolating_interval(bits)[0]
        if first < last:
            width = last - first
            scale = 2 ** max(0, 3 - math.floor(math.log2(width)))
            middle = Fraction(round((first + last) / 2 * scale), scale)
            if first < middle < last:
                return middle
    raise ArithmeticError("two algebraic numbers could not be told apart")


def arb_ends(ball: Any) -> tuple[Fraction, Fraction]:
    """Exact ends of a ball, as fractions."""
    middle, radius = _exact(ball.mid()), _exact(ball.rad())
    return middle - radius, middle + radius


def _exact(number: Any) -> Fraction:
    mantissa, exponent = number.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def mid_fraction(balls: Iterable[Any]) -> list[Fraction]:
    """Exact midpoints."""
    return [_exact(b.mid()) for b in balls]
