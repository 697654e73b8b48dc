"""A law from a polynomial P(G, z): the branch that is a Cauchy transform, or the reason why none is."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.errors import ConvergenceError, shown
from rmt.exact.algebraic_numbers import between
from rmt.exact.equation import Equation, from_polynomial
from rmt.exact.integer_polynomials import IntegerPolynomial, primitive_terms
from rmt.exact.rings import exact_parameter, require_flint
from rmt.exact.sheets import working_bits
from rmt.laws.given.green import GreenLaw
from rmt.laws.law import Complex, Interval, Law

#: factor between heights of a descent to the line in double precision
_DESCENT = 0.7
#: exponents of a density at an edge of an algebraic law have denominators up to this
_ROOTS = 12
#: size of a singularity in the upper half plane against the whole: nearer to the line is on it
_ON_LINE = 1e-25


def law_from_equation(polynomial: Any, moments: Sequence[Any] = ()) -> Law:
    """Implement :meth:`rmt.laws.Law.from_equation`."""
    if isinstance(polynomial, Equation) and polynomial.seed and not moments:
        equation = polynomial._plain("a law")
    else:
        terms = read_polynomial(polynomial)
        equation = from_polynomial(
            IntegerPolynomial(("G", "z"), terms), [exact_parameter(m, "a moment") for m in moments]
        )
    check_positive(equation)
    return EquationLaw(equation)


def read_polynomial(polynomial: Any) -> tuple[Any, ...]:
    """The terms of a polynomial in G and z.

    Raises
    ------
    TypeError
        If it is none of what is accepted.
    ValueError
        If it is no polynomial in G and z with rational coefficients.
    """
    if isinstance(polynomial, IntegerPolynomial):
        return polynomial.terms
    if isinstance(polynomial, Mapping):
        return primitive_terms({tuple(map(int, k)): exact_parameter(v, "a coefficient") for k, v in polynomial.items()})
    if isinstance(polynomial, str):
        return primitive_terms(_Parser(polynomial).result())
    if hasattr(polynomial, "as_poly"):
        import sympy

        p = sympy.Poly(polynomial, sympy.Symbol("G"), sympy.Symbol("z"))
        return primitive_terms({tuple(map(int, k)): exact_parameter(v, "a coefficient") for k, v in p.terms()})
    raise TypeError(
        f"an equation must be text such as 'G^2 - z*G + 1', an Equation, a SymPy expression or a dict of terms, got "
        f"{shown(polynomial)} of type {type(polynomial).__name__}"
    )


#: coefficients by exponents
_Terms = dict[tuple[int, ...], Fraction]


class _Parser:
    """Polynomials in G and z as a person writes them: + − * ^ ** / by numbers, and brackets."""

    def __init__(self, text: str) -> None:
        self._text = text.split("=", 1)
        self._tokens: list[str] = []

    def result(self) -> _Terms:
        total: _Terms = {}
        for part, sign in zip(self._text, (1, -1), strict=False):
            self._tokens = re.findall(r"\*\*|[A-Za-z]+|\d+\.?\d*|\S", part)
            for k, v in self._sum().items():
                total[k] = total.get(k, Fraction(0)) + sign * v
            if self._tokens:
                self._fail(self._tokens[0])
        return total

    def _fail(self, token: str) -> None:
        raise ValueError(
            f"{'='.join(self._text)!r} is no polynomial in G and z: {token!r} is not understood; write it as "
            "'c*z*G^2 - (z + c - 1)*G + 1' with numbers in the place of c"
        )

    def _sum(self) -> _Terms:
        total: _Terms = {}
        sign = 1
        while True:
            while self._tokens and self._tokens[0] in "+-−":
                sign = -sign if self._tokens.pop(0) in "-−" else sign
            for k, v in self._product().items():
                total[k] = total.get(k, Fraction(0)) + sign * v
            if not self._tokens or self._tokens[0] not in "+-−":
                return total
            sign = 1

    def _product(self) -> _Terms:
        value = self._power()
        while self._tokens and self._tokens[0] not in "+-−)":
            if self._tokens[0] == "/":
                self._tokens.pop(0)
                divisor = self._power()
                if set(divisor) != {(0, 0)} or not divisor[0, 0]:
                    self._fail("/")
                value = {k: v / divisor[0, 0] for k, v in value.items()}
                continue
            if self._tokens[0] == "*":
                self._tokens.pop(0)
            value = _times(value, self._power())
        return value

    def _power(self) -> _Terms:
        if not self._tokens:
            self._fail("the end")
        token = self._tokens.pop(0)
        value: _Terms
        if token == "(":
            value = self._sum()
            if not self._tokens or self._tokens.pop(0) != ")":
                self._fail("a bracket that is not closed")
        elif token in ("G", "z"):
            value = {(1, 0) if token == "G" else (0, 1): Fraction(1)}
        elif token[0].isdigit():
            value = {(0, 0): Fraction(token)}
        else:
            self._fail(token)
        if self._tokens and self._tokens[0] in ("^", "**"):
            self._tokens.pop(0)
            exponent = self._tokens.pop(0) if self._tokens else ""
            if not exponent.isdigit():
                self._fail(f"the exponent {exponent}")
            power: _Terms = {(0, 0): Fraction(1)}
            for _ in range(int(exponent)):
                power = _times(power, value)
            value = power
        return value


def _times(first: _Terms, second: _Terms) -> _Terms:
    out: _Terms = {}
    for (a, b), v in first.items():
        for (c, d), w in second.items():
            out[a + c, b + d] = out.get((a + c, b + d), Fraction(0)) + v * w
    return out


def check_positive(equation: Equation) -> None:
    """Check that the branch with zG → 1 is the transform of a probability law.

    It is analytic in the upper half plane and Im G <= 0 on the line, which is decided at one point between any two
    critical points; then G is the transform of a positive measure of mass 1.

    Raises
    ------
    ValueError
        If it is not, with the reason.
    """
    flint = require_flint()
    sheet, reach = equation.sheet, equation.reach
    places = equation.critical_points
    for low, high in itertools.pairwise(places):
        x = between(low, high)
        with working_bits(128):
            value = sheet.value(flint.acb(flint.fmpq(x.numerator, x.denominator)), 4.0 * reach + 1.0)
        if value.imag > 0:
            raise ValueError(
                "no law has this equation: the branch with zG → 1 has the density "
                f"{-float(value.imag.mid()) / math.pi:.6g} at x = {float(x)!r}, and it would have to be positive"
            )
    for point in _upper_points(equation):
        with working_bits(128):
            target = flint.acb(point.real.mid(), point.imag.mid())
            try:
                sheet.value(target, 4.0 * reach + 1.0)
            except ConvergenceError:
                raise ValueError(
                    "no law has this equation: the branch with zG → 1 is singular at "
                    f"{complex(target):.6g} in the upper half plane, where a Cauchy transform is analytic"
                ) from None
    moments = equation._series(2)
    if moments[2] < moments[1] ** 2:
        raise ValueError(
            "no law has this equation: the branch with zG → 1 has the variance "
            f"{float(moments[2] - moments[1] ** 2):.6g} by its first moments"
        )
    for place, mass in equation.poles():
        if mass < 0:
            raise ValueError(
                f"no law has this equation: the branch with zG → 1 has the residue {float(mass):.6g} at "
                f"{float(place):.6g}, which would be the mass of an atom"
            )


def _upper_points(equation: Equation) -> list[Any]:
    """Critical points with positive imaginary part, as balls."""
    found = []
    with working_bits(160):
        for p in equation.critical_polynomials:
            for factor, _ in p.factor()[1]:
                if factor.degree() > 1:
                    found += [r for r, _ in factor.complex_roots() if r.imag > _ON_LINE]
    return found


@dataclass(frozen=True, repr=False)
class EquationLaw(GreenLaw):
    """Law with an algebraic equation; built by :meth:`rmt.laws.Law.from_equation`.

    Attributes
    ----------
    polynomial : Equation
    """

    polynomial: Equation

    def __repr__(self) -> str:
        return f"Law.from_equation({str(self.polynomial)!r})"

    @property
    def _bounds(self) -> tuple[float, float]:
        ends = [float(e) for e in self.polynomial.edges()] + [float(a.position) for a in self.polynomial.atoms()]
        width = max(ends) - min(ends) or 1.0
        return min(ends) - 0.01 * width, max(ends) + 0.01 * width

    @cached_property
    def _structure(self) -> tuple[tuple[Interval, ...], tuple[tuple[float, float], ...]]:
        """Intervals and atoms, from the exact ones."""
        intervals = []
        for band in self.polynomial.pieces():
            low, high = float(band.low), float(band.high)
            first, last = edge_exponent(self.polynomial, band, 1), edge_exponent(self.polynomial, band, -1)
            intervals.append(Interval(low, high, first, last, math.nan))
        return tuple(intervals), tuple((float(a.position), float(a.mass)) for a in self.polynomial.atoms())

    def _exact_moments(self, order: int) -> list[Fraction]:
        return self.polynomial._series(order)

    @cached_property
    def _table(self) -> Any:
        rows = [[float(int(c)) for c in row.coeffs()] for row in self.polynomial.rows]
        degree = max(map(len, rows))
        return np.array([row + [0.0] * (degree - len(row)) for row in rows])

    def _green(self, z: Complex) -> Complex:
        """Newton's method down from far above, and on the line."""
        reach = self.polynomial.reach
        heights = [4.0 * reach + 1.0]
        while heights[-1] > 1e-9 * reach:
            heights.append(heights[-1] * _DESCENT)
        with np.errstate(all="ignore"):
            place = z.real + 1j * np.maximum(z.imag, heights[0])
            g = self._far(place)
            for height in [*heights[1:], 0.0]:
                new = z.real + 1j * np.maximum(z.imag, height)
                g, place = self._moved(place, new, g), new
        return g

    def _far(self, z: Complex) -> Complex:
        total = np.zeros_like(z)
        for m in reversed(self.polynomial._series(40)):
            total = total / z + float(m)
        return total / z

    def _moved(self, old: Complex, new: Complex, g: Complex) -> Complex:
        _, slope, along = self._values(old, g)
        step = np.where(slope != 0, -along / slope * (new - old), 0.0)
        g = g + np.where(np.isfinite(step), step, 0.0)
        for _ in range(5):
            value, slope, _ = self._values(new, g)
            step = value / slope
            g = g - np.where(np.isfinite(step), step, 0.0)
        return g

    def _values(self, z: Complex, g: Complex) -> tuple[Complex, Complex, Complex]:
        """P, its derivative in G, and that in z."""
        powers = z[:, None] ** np.arange(self._table.shape[1])
        rows = powers @ self._table.T
        slopes = powers[:, :-1] @ (self._table[:, 1:] * np.arange(1, self._table.shape[1])).T
        value, slope, along = rows[:, -1], np.zeros_like(z), slopes[:, -1]
        for i in range(rows.shape[1] - 2, -1, -1):
            slope = slope * g + value
            value = value * g + rows[:, i]
            along = along * g + slopes[:, i]
        return value, slope, along


def edge_exponent(equation: Equation, band: Any, side: int) -> float:
    """Exponent of the density at an end of a piece of the support, a fraction with a small denominator."""
    flint = require_flint()
    width = float(band.high) - float(band.low)
    values = []
    with working_bits(256):
        edge = (band.low if side > 0 else band.high).ball(256)
        for k in (60, 80):
            distance = flint.arb(width) * flint.arb(2) ** -k
            point = flint.acb((edge + side * distance).mid())
            value = equation.sheet.value(point, 4.0 * equation.reach + 1.0)
            values.append(float(abs(value.imag).log().mid()))
    slope = (values[0] - values[1]) / (20.0 * math.log(2.0))
    near = Fraction(slope).limit_denominator(_ROOTS)
    return float(near)
