"""Which factor of an elimination is the equation of the law: decided by exact power series at infinity.

With m_0 ... m_K exact and g = Σ m_k t^{k+1}, t = 1/z, a polynomial f of degree d in z has t^d f(g, 1/t) modulo t^{K+2}
as if g were G itself. A factor for which this does not vanish is not the equation; one factor is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from rmt.errors import ConvergenceError
from rmt.exact.rings import Polynomial, require_flint

Moments = Callable[[int], Sequence[Fraction]]

#: moments beyond which it is given up to tell two factors apart
_MOST = 400


def series_of(moments: Sequence[Fraction]) -> Any:
    """G as a polynomial in t = 1/z, from m_0, m_1, ..."""
    flint = require_flint()
    return flint.fmpq_poly([0, *(flint.fmpq(m.numerator, m.denominator) for m in map(Fraction, moments))])


def rows_of(p: Polynomial) -> list[Any]:
    """The coefficients of G^0, G^1, ... of a polynomial without symbols, as polynomials in z."""
    flint = require_flint()
    degree_g, degree_z = (int(e) for e in p.degrees()[:2])
    table = [[0] * (degree_z + 1) for _ in range(degree_g + 1)]
    for monomial, c in p.to_dict().items():
        table[int(monomial[0])][int(monomial[1])] = int(c)
    return [flint.fmpz_poly(row) for row in table]


def reversed_rows(rows: Sequence[Any]) -> list[Any]:
    """The same in t = 1/z, all times t^degree."""
    flint = require_flint()
    degree = max(row.degree() for row in rows)
    out = []
    for row in rows:
        coefficients = [int(c) for c in row.coeffs()]
        out.append(flint.fmpq_poly([*reversed([*coefficients, *[0] * (degree + 1 - len(coefficients))])]))
    return out


def value_on_series(rows: Sequence[Any], g: Any, length: int) -> Any:
    """The polynomial with these rows in t at G = g, modulo t^length."""
    total = rows[-1]
    for row in reversed(rows[:-1]):
        total = (total * g).truncate(length) + row
    return total.truncate(length)


def order_of(p: Any) -> int | None:
    """Order of vanishing at t = 0; None for 0."""
    return next((i for i, c in enumerate(p.coeffs()) if c != 0), None)


def choose(candidates: Sequence[Polynomial], moments: Moments) -> int:
    """The place of the factor that vanishes on the series with these moments.

    Raises
    ------
    ConvergenceError
        If no factor does, or if several still do after some hundred moments.
    """
    left = list(range(len(candidates)))
    tables = [reversed_rows(rows_of(p)) for p in candidates]
    count = 4
    while len(left) > 1 or count == 4:
        g = series_of(moments(count))
        left = [i for i in left if value_on_series(tables[i], g, count + 2) == 0]
        if len(left) == 1:
            return left[0]
        count *= 2
        if not left or count > _MOST:
            break
    reason = "no factor of the elimination has" if not left else f"{len(left)} factors of the elimination have"
    raise ConvergenceError(f"{reason} the moments of the law, so its equation is not known")
