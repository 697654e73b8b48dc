"""The ring of integer polynomials in G, z, an auxiliary w and the symbols of a family, and numbers in it."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

#: bits of the denominator up to which a float counts as the fraction it was meant to be, as 0.5 and 1.75 do
_SHORT = 12
#: denominator up to which a fraction is proposed in the place of a float
_PROPOSED = 1000
#: prime in the denominator of the values at which symbols are tried out: a fraction that has it came from a symbol
MARK = 1000003

#: flint.fmpz_mpoly; python-flint has no types
Polynomial = Any
#: numerator and denominator
Quotient = tuple[Polynomial, Polynomial]


def require_flint() -> Any:
    """The module ``flint``.

    Raises
    ------
    ImportError
        If python-flint is missing.
    """
    try:
        import flint
    except ImportError:
        raise ImportError(
            "exact equations need python-flint; install it with: pip install 'rmt[exact]' (double precision, finite "
            "free convolutions and rmt.cov do without it)"
        ) from None
    return flint


class Ring:
    """The ring Z[G, z, w, symbols]; one object for each tuple of symbols.

    Parameters
    ----------
    symbols : tuple of str
    binary : bool
        Whether floats count as the binary numbers they store, and are not refused.
    """

    def __init__(self, symbols: tuple[str, ...] = (), binary: bool = False) -> None:
        flint = require_flint()
        self.symbols = symbols
        self._binary = binary
        self.context = flint.fmpz_mpoly_ctx.get(["G", "z", "w", *symbols], flint.Ordering.lex)
        self.G, self.z, self.w, *self.generators = self.context.gens()
        self.one = self.context.constant(1)

    def quotient(self, value: Any, name: str = "a parameter") -> Quotient:
        """A parameter as numerator and denominator.

        Raises
        ------
        ValueError
            If it is a float whose fraction is not plain; the message proposes one.
        """
        if isinstance(value, Symbolic):
            return value.numerator_polynomial, value.denominator_polynomial
        number = self.fraction(value, name)
        return self.context.constant(number.numerator), self.context.constant(number.denominator)

    def fraction(self, value: Any, name: str = "a parameter") -> Fraction:
        """A parameter without symbols; errors as in :func:`exact_parameter`."""
        return Fraction(value) if self._binary and isinstance(value, float) else exact_parameter(value, name)

    def substitute(self, p: Polynomial, **places: Quotient) -> Polynomial:
        """The numerator of p with quotients in the place of G and z."""
        names = {"G": 0, "z": 1, "w": 2}
        powers: dict[int, list[Polynomial]] = {}
        degrees = p.degrees()
        for name, (numerator, denominator) in places.items():
            i = names[name]
            ups, downs = [self.one], [self.one]
            for _ in range(degrees[i]):
                ups.append(ups[-1] * numerator)
                downs.append(downs[-1] * denominator)
            powers[i] = [u * d for u, d in zip(ups, reversed(downs), strict=True)]
        parts: dict[tuple[int, ...], dict[tuple[int, ...], Any]] = {}
        for monomial, c in p.to_dict().items():
            moved = tuple(int(monomial[i]) for i in powers)
            rest = tuple(0 if i in powers else int(e) for i, e in enumerate(monomial))
            parts.setdefault(moved, {})[rest] = c
        total = self.context.from_dict({})
        for moved, rest_terms in parts.items():
            term = self.context.from_dict(rest_terms)
            for i, e in zip(powers, moved, strict=True):
                term = term * powers[i][e]
            total = total + term
        return total

    def without(self, p: Polynomial, factors: Iterable[Polynomial]) -> Polynomial:
        """P without these factors and without its content."""
        for f in factors:
            while not f.is_constant():
                quotient, remainder = divmod(p, f)
                if not remainder.is_zero():
                    break
                p = quotient
        return p.primitive()[1] if not p.is_zero() else p

    def specialise(self, p: Polynomial, values: Mapping[str, Fraction]) -> Polynomial:
        """P at rational values of the symbols, in the ring without symbols."""
        plain = ring(())
        total: dict[tuple[int, ...], Fraction] = {}
        for monomial, c in p.to_dict().items():
            value = Fraction(int(c))
            for symbol, e in zip(self.symbols, monomial[3:], strict=True):
                value *= values[symbol] ** int(e)
            key = tuple(int(e) for e in monomial[:3])
            total[key] = total.get(key, Fraction(0)) + value
        scale = math.lcm(*(v.denominator for v in total.values())) if total else 1
        out = plain.context.from_dict({k: int(v * scale) for k, v in total.items() if v})
        return out if out.is_zero() else out.primitive()[1]


@functools.cache
def ring(symbols: tuple[str, ...], binary: bool = False) -> Ring:
    """The ring with these symbols."""
    return Ring(symbols, binary)


def exact_parameter(value: Any, name: str = "a parameter") -> Fraction:
    """A parameter as the fraction it is; a float counts where it is a short binary fraction such as 0.5.

    Raises
    ------
    ValueError
        If it is another float, with the fraction that it may mean; or if a symbol has been lost on the way.
    """
    if isinstance(value, float):
        number = Fraction(value)
        if number.denominator > 1 << _SHORT:
            meant = Fraction(value).limit_denominator(_PROPOSED)
            near = abs(float(meant) - value) <= 4e-16 * abs(value)
            remedy = f"Fraction({meant.numerator}, {meant.denominator})" if near else "a Fraction"
            raise ValueError(
                f"an equation needs exact parameters, got {name} = {value!r}; give {remedy}, or "
                f"Fraction({value!r}) for the binary number that is stored"
            )
        return number
    try:
        number = Fraction(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"an equation needs exact parameters, got {name} = {value!r} of type {type(value).__name__}; give an int "
            "or a Fraction"
        ) from None
    if not isinstance(value, Symbolic) and number.denominator % MARK == 0:
        raise ValueError(
            "a symbol has become a number where two laws were merged into a named one; build the law in the family "
            "with closed_form=False, or write the named law yourself"
        )
    return number


class Symbolic(Fraction):
    """A rational function of symbols that passes for the rational number it is at one trial point.

    Laws take it as a parameter like any other; what is computed with it by + − × ÷ and integer powers stays symbolic.
    """

    numerator_polynomial: Polynomial
    denominator_polynomial: Polynomial

    def __new__(cls, value: Fraction, numerator: Polynomial, denominator: Polynomial) -> Symbolic:
        """Make one from its value at the trial point and its numerator and denominator."""
        self = super().__new__(cls, value.numerator, value.denominator)
        common = numerator.gcd(denominator)
        self.numerator_polynomial = divmod(numerator, common)[0]
        self.denominator_polynomial = divmod(denominator, common)[0]
        return self

    @property
    def trial(self) -> Fraction:
        """The value at the trial point."""
        return Fraction(self.numerator, self.denominator)

    def _other(self, other: Any) -> tuple[Fraction, Polynomial, Polynomial] | None:
        if isinstance(other, Symbolic):
            return other.trial, other.numerator_polynomial, other.denominator_polynomial
        if isinstance(other, float) and Fraction(other).denominator > 1 << _SHORT:
            return None
        if not isinstance(other, int | float | Fraction):
            return None
        number = Fraction(other)
        constant = self.numerator_polynomial.context().constant
        return number, constant(number.numerator), constant(number.denominator)

    def _add(self, other: Any, sign: int) -> Any:
        found = self._other(other)
        if found is None:
            return NotImplemented
        value, n, d = found
        return Symbolic(
            self.trial + sign * value,
            self.numerator_polynomial * d + sign * n * self.denominator_polynomial,
            self.denominator_polynomial * d,
        )

    def __add__(self, other: Any) -> Any:
        return self._add(other, 1)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._add(other, -1)

    def __rsub__(self, other: Any) -> Any:
        return (-self)._add(other, 1)

    def __neg__(self) -> Symbolic:
        return Symbolic(-self.trial, -self.numerator_polynomial, self.denominator_polynomial)

    def __pos__(self) -> Symbolic:
        return self

    def __abs__(self) -> Symbolic:
        return self if self.trial >= 0 else -self

    def __mul__(self, other: Any) -> Any:
        found = self._other(other)
        if found is None:
            return NotImplemented
        value, n, d = found
        return Symbolic(self.trial * value, self.numerator_polynomial * n, self.denominator_polynomial * d)

    __rmul__ = __mul__

    def _inverse(self) -> Symbolic:
        return Symbolic(1 / self.trial, self.denominator_polynomial, self.numerator_polynomial)

    def __truediv__(self, other: Any) -> Any:
        found = self._other(other)
        if found is None:
            return NotImplemented
        value, n, d = found
        return Symbolic(self.trial / value, self.numerator_polynomial * d, self.denominator_polynomial * n)

    def __rtruediv__(self, other: Any) -> Any:
        return self._inverse().__mul__(other)

    def __pow__(self, exponent: Any) -> Any:
        if exponent != int(exponent):
            return NotImplemented
        n = int(exponent)
        base = self if n >= 0 else self._inverse()
        return Symbolic(
            base.trial ** abs(n), base.numerator_polynomial ** abs(n), base.denominator_polynomial ** abs(n)
        )

    def __repr__(self) -> str:
        n, d = self.numerator_polynomial, self.denominator_polynomial
        return f"({n})/({d})" if not d.is_one() else f"({n})"

    __str__ = __repr__

    # equality and order are those of the trial values, which are generic
    __hash__ = Fraction.__hash__

    def __reduce__(self) -> Any:
        raise TypeError("a symbol of a family cannot be pickled; pickle the equation")
