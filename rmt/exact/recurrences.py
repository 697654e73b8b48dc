"""The linear recurrence with polynomial coefficients that the moments of an algebraic law obey.

An algebraic function solves a linear differential equation, so its coefficients obey Σ_j p_j(n) m_{n+j} = 0
(Stanley 1980). It is found among the first moments and proven by counting: what it leaves of G is algebraic of
known degrees, and vanishes if it vanishes to a high order.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rmt.exact.rings import require_flint

#: a prime of 62 bits, for the search
_PRIME = 4611686018427387847
#: unknown coefficients up to which a recurrence is looked for
_LARGEST = 150


@dataclass(frozen=True, repr=False)
class Recurrence:
    """Σ_j p_j(n) m_{n+j} = 0 for all n >= 0.

    Attributes
    ----------
    coefficients : tuple of tuple of int
        p_0, p_1, ..., each by its coefficients of 1, n, n², ...

    Examples
    --------
    >>> import rmt
    >>> recurrence = rmt.MarchenkoPastur().equation().recurrence()
    >>> recurrence.continued([1, 1], 5)  # Catalan numbers
    [Fraction(1, 1), Fraction(1, 1), Fraction(2, 1), Fraction(5, 1), Fraction(14, 1), Fraction(42, 1)]
    """

    coefficients: tuple[tuple[int, ...], ...]

    @property
    def order(self) -> int:
        """How many moments the next one needs."""
        return len(self.coefficients) - 1

    @property
    def degree(self) -> int:
        """Largest degree of a coefficient."""
        return max(len(p) for p in self.coefficients) - 1

    def __str__(self) -> str:
        parts = []
        for j, p in enumerate(self.coefficients):
            if any(p):
                inner = " + ".join(
                    (f"{c}" if i == 0 else f"{'' if c == 1 else c}n" + (f"^{i}" if i > 1 else ""))
                    for i, c in reversed(list(enumerate(p)))
                    if c
                ).replace("+ -", "- ")
                parts.append(f"({inner}) m(n{f'+{j}' if j else ''})")
        return " + ".join(parts) + " = 0"

    __repr__ = __str__

    def continued(self, start: Sequence[Fraction], count: int) -> list[Fraction]:
        """Moments m_0 ... m_count from the first ones.

        Parameters
        ----------
        start : sequence of Fraction
            The first moments m_0, m_1, ....
        count : int
            Order of the last moment.

        Returns
        -------
        list of Fraction

        Raises
        ------
        ValueError
            If fewer are given than it needs.
        """
        first = self.needed
        if len(start) < first:
            raise ValueError(f"the recurrence needs the first {first} moments, got {len(start)}")
        exact = [Fraction(m) for m in start]
        base = _base(exact)
        return self._continued(exact, count, base) if base else self._rational(exact, count)

    def _continued(self, start: list[Fraction], count: int, base: int) -> list[Fraction]:
        """The same in integers: m_n base^n is one for the moments known, and division shows whether for the next."""
        flint = require_flint()
        order = self.order
        whole = [flint.fmpz(int(m * base**n)) for n, m in enumerate(start)]
        polynomials = [flint.fmpz_poly(list(p)) * base ** (order - j) for j, p in enumerate(self.coefficients)]
        for n in range(len(whole) - order, count - order + 1):
            total = flint.fmpz(0)
            for p, a in zip(polynomials, whole[n : n + order], strict=False):
                total -= p(n) * a
            quotient, remainder = divmod(total, polynomials[order](n))
            if remainder != 0:
                return self._rational(start, count)
            whole.append(quotient)
        if base == 1:
            return [Fraction(int(a)) for a in whole[: count + 1]]
        power, out = flint.fmpz(1), []
        for a in whole[: count + 1]:
            common = a.gcd(power)
            out.append(_fraction(int(a // common), int(power // common)))
            power *= base
        return out

    def _rational(self, start: list[Fraction], count: int) -> list[Fraction]:
        flint = require_flint()
        values = [flint.fmpq(m.numerator, m.denominator) for m in start]
        polynomials = [flint.fmpz_poly(list(p)) for p in self.coefficients]
        order = self.order
        for n in range(len(values) - order, count - order + 1):
            total = flint.fmpq(0)
            for j in range(order):
                total += polynomials[j](n) * values[n + j]
            values.append(-total / polynomials[order](n))
        return [_fraction(int(v.p), int(v.q)) for v in values[: count + 1]]

    @property
    def needed(self) -> int:
        """Moments (m_0 included) from which it continues: its order, and all up to integer zeros of the leading p."""
        flint = require_flint()
        roots = [int(r) for r, _ in flint.fmpz_poly(list(self.coefficients[-1])).roots()] if self.degree else []
        return max([self.order, *(r + self.order + 1 for r in roots if r >= 0)])


def _fraction(numerator: int, denominator: int) -> Fraction:
    """A fraction from coprime numbers, without looking for a common divisor."""
    maker: Any = getattr(Fraction, "_from_coprime_ints", None)
    if maker is None:  # Python 3.11
        maker = functools.partial(Fraction, _normalize=False)
    made: Fraction = maker(numerator, denominator)
    return made


def _base(moments: Sequence[Fraction]) -> int:
    """The smallest b of primes below 10^4 with m_n b^n whole for these moments; 0 if there is none."""
    flint = require_flint()
    base = 1
    for prime, _ in flint.fmpz(math.lcm(*(m.denominator for m in moments))).factor(trial_limit=10000):
        need = 0
        for n, m in enumerate(moments):
            power, rest = 0, m.denominator
            while rest % int(prime) == 0:
                power, rest = power + 1, rest // int(prime)
            need = max(need, -(-power // n) if n else 10**6 * (power > 0))
        base *= int(prime) ** need
    return base if all((m * base**n).denominator == 1 for n, m in enumerate(moments)) else 0


def find_recurrence(moments: Any, degrees: tuple[int, int]) -> Recurrence:
    """Find and prove the recurrence of the moments of an equation of these degrees in G and z.

    Parameters
    ----------
    moments : callable
        m_0 ... m_k as fractions.
    degrees : pair of int

    Raises
    ------
    ValueError
        If there is none up to the size that is searched.
    """
    flint = require_flint()
    known: list[Fraction] = []
    for size, degree, order in _shapes():
        need = size + order + 12
        if len(known) < need:
            known = list(moments(2 * need))
        matrix = [
            [_residue(known[n + j]) * pow(n, i, _PRIME) % _PRIME for j in range(order + 1) for i in range(degree + 1)]
            for n in range(size + 10)
        ]
        _kernel, nullity = flint.nmod_mat(matrix, _PRIME).nullspace()
        if nullity == 0:
            continue
        exact = _exact_kernel(known, degree, order, size + 10)
        if exact is None:
            continue
        found = Recurrence(exact)
        if _proven(found, moments, degrees):
            return found
    raise ValueError(
        f"no recurrence with up to {_LARGEST} coefficients was found for the moments; equation.moments(k) does "
        "without one"
    )


def _shapes() -> list[tuple[int, int, int]]:
    """Number of unknowns, degree and order, simple ones first."""
    shapes = [((d + 1) * (r + 1), d, r) for d in range(0, 16) for r in range(1, 24)]
    return sorted(s for s in shapes if s[0] <= _LARGEST)


def _residue(m: Fraction) -> int:
    return m.numerator % _PRIME * pow(m.denominator, -1, _PRIME) % _PRIME


def _exact_kernel(known: Sequence[Fraction], degree: int, order: int, rows: int) -> tuple[tuple[int, ...], ...] | None:
    """One vector of the kernel over the rationals, cleared."""
    flint = require_flint()
    table = []
    for n in range(rows):
        scale = math.lcm(*(known[n + j].denominator for j in range(order + 1)))
        table.append([int(known[n + j] * scale) * n**i for j in range(order + 1) for i in range(degree + 1)])
    kernel, nullity = flint.fmpz_mat(table).nullspace()
    if nullity == 0:
        return None
    vector = [int(kernel[i, 0]) for i in range(len(table[0]))]
    common = math.gcd(*vector)
    vector = [v // common for v in vector]
    groups = [vector[j * (degree + 1) : (j + 1) * (degree + 1)] for j in range(order + 1)]
    if not any(groups[-1]):
        return None
    sign = 1 if next(c for c in reversed(groups[-1]) if c) > 0 else -1
    trimmed = []
    for group in groups:
        while len(group) > 1 and group[-1] == 0:
            group = group[:-1]
        trimmed.append(tuple(sign * c for c in group))
    return tuple(trimmed)


def _proven(found: Recurrence, moments: Any, degrees: tuple[int, int]) -> bool:
    """Check as many terms as the degrees allow zeros.

    The operator has order r = `degree` in t d/dt and degree ρ = `order` in t = 1/z. The k-th derivative of G is
    N_k/(P_G)^(2k−1) with N_k of degree at most (2k − 1)(d − 1) + 1 in G and (2k − 1) d_z in z; so what is left is a
    polynomial in G and z over (P_G)^(2r−1), and its resultant with P has at most the zeros counted here.
    """
    d, dz = degrees
    r, rho = found.degree, found.order
    in_g = max(1, 2 * r - 1) * (d - 1) + 1
    in_z = max(1, 2 * r - 1) * dz + rho + r
    count = d * in_z + dz * in_g + rho + 2
    values = moments(count + rho)
    return all(
        sum(sum(c * n**i for i, c in enumerate(p)) * values[n + j] for j, p in enumerate(found.coefficients)) == 0
        for n in range(count + 1)
    )
