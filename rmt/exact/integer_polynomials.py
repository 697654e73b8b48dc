"""Polynomials with integer coefficients as values: printed, typeset, handed to SymPy, factored, evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

from rmt._cached import cached_property
from rmt.exact.rings import require_flint

Terms = tuple[tuple[tuple[int, ...], int], ...]


def require_sympy() -> Any:
    """The module ``sympy``.

    Raises
    ------
    ImportError
        If it is missing.
    """
    try:
        import sympy
    except ImportError:
        raise ImportError("this needs SymPy; install it with: pip install 'rmt[exact]'") from None
    return sympy


@dataclass(frozen=True, repr=False)
class IntegerPolynomial:
    """A polynomial with integer coefficients.

    Attributes
    ----------
    variables : tuple of str
        Names of the variables, the main one first.
    terms : tuple of (exponents, coefficient)
        The monomials, those of highest order first.

    Examples
    --------
    >>> from rmt.exact import IntegerPolynomial
    >>> p = IntegerPolynomial(("x", "y"), IntegerPolynomial.sorted_terms({(2, 0): 1, (0, 2): -1}))
    >>> p, p.latex()
    (x^2 - y^2, 'x^{2} - y^{2}')
    >>> p.factors()
    ((x - y, 1), (x + y, 1))
    >>> p.at(y=2).without("y")
    x^2 - 4
    >>> len(p.sympy().free_symbols)
    2
    """

    variables: tuple[str, ...]
    terms: Terms

    @staticmethod
    def sorted_terms(terms: Mapping[tuple[int, ...], int]) -> Terms:
        """Terms in lexical order, with a positive first coefficient.

        Parameters
        ----------
        terms : mapping of tuple of int to int
            Coefficients by exponents.

        Returns
        -------
        mapping
        """
        ordered = sorted(((k, v) for k, v in terms.items() if v), reverse=True)
        sign = -1 if ordered and ordered[0][1] < 0 else 1
        return tuple((k, sign * v) for k, v in ordered)

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @cached_property
    def flint(self) -> Any:
        """The same as a ``flint.fmpz_mpoly``."""
        flint = require_flint()
        context = flint.fmpz_mpoly_ctx.get(list(self.variables), flint.Ordering.lex)
        return context.from_dict(dict(self.terms))

    @property
    def degrees(self) -> tuple[int, ...]:
        """Degree in each variable."""
        return tuple(max((k[i] for k, _ in self.terms), default=0) for i in range(len(self.variables)))

    def __str__(self) -> str:
        return self._written("*", "^", str) or "0"

    def __repr__(self) -> str:
        return f"{self} = 0" if isinstance(self, _AnEquation) else str(self)

    def _written(self, times: str, power: str, name: Any) -> str:
        out: list[str] = []
        for exponents, c in self.terms:
            factors = [
                name(v)
                if e == 1
                else f"{name(v)}{power}{{{e}}}"
                if power == "^" and times == " "
                else f"{name(v)}{power}{e}"
                for v, e in zip(self.variables, exponents, strict=True)
                if e
            ]
            size = abs(c)
            body = times.join(([str(size)] if size != 1 or not factors else []) + factors)
            out.append(("-" if c < 0 else "") + body if not out else (" - " if c < 0 else " + ") + body)
        return "".join(out)

    def latex(self) -> str:
        """Return LaTeX source.

        Returns
        -------
        str

        Examples
        --------
        >>> IntegerPolynomial(("G", "z"), (((2, 0), 1), ((1, 1), -1), ((0, 0), 1))).latex()
        'G^{2} - G z + 1'
        """
        greek = {"alpha", "beta", "gamma", "sigma", "lambda_", "mu", "nu", "rho", "tau", "theta"}
        return self._written(" ", "^", lambda v: f"\\{v.rstrip('_')}" if v in greek else v) or "0"

    def sympy(self) -> Any:
        """Return the polynomial as a SymPy expression.

        Returns
        -------
        sympy expression

        Raises
        ------
        ImportError
            If SymPy is missing.
        """
        sympy = require_sympy()
        symbols = [sympy.Symbol(name) for name in self.variables]
        return sum(
            (c * sympy.prod(s**e for s, e in zip(symbols, exponents, strict=True)) for exponents, c in self.terms),
            sympy.Integer(0),
        )

    def factors(self) -> tuple[tuple[IntegerPolynomial, int], ...]:
        """Irreducible factors that are not numbers, with their multiplicities.

        Returns
        -------
        tuple of pairs of a factor and its power
        """
        return tuple((from_flint(f, self.variables), int(e)) for f, e in self.flint.factor()[1] if not f.is_constant())

    def without(self, *names: str) -> IntegerPolynomial:
        """The same polynomial without variables that do not occur in it.

        Parameters
        ----------
        *names : str
            Variables of which no power occurs.

        Returns
        -------
        IntegerPolynomial
        """
        keep = [i for i, v in enumerate(self.variables) if v not in names]
        return IntegerPolynomial(
            tuple(self.variables[i] for i in keep), tuple((tuple(k[i] for i in keep), c) for k, c in self.terms)
        )

    def __call__(self, *values: Any) -> Any:
        """Value at numbers, one for each variable; arrays are taken element by element."""
        total: Any = 0
        for exponents, c in self.terms:
            term: Any = c
            for value, e in zip(values, exponents, strict=True):
                if e:
                    term = term * value**e
            total = total + term
        return total

    def at(self, **values: Any) -> IntegerPolynomial:
        """The polynomial with rational numbers in the place of some variables, without denominators.

        Parameters
        ----------
        **values : int or Fraction
            Numbers by the names of variables.

        Returns
        -------
        IntegerPolynomial

        Raises
        ------
        ValueError
            If a name is no variable, or a value is not exact.
        """
        from rmt.exact.rings import exact_parameter

        unknown = set(values) - set(self.variables)
        if unknown:
            raise ValueError(
                f"unknown variable {sorted(unknown)[0]!r}; this polynomial has {', '.join(self.variables)}"
            )
        exact = {name: exact_parameter(value, name) for name, value in values.items()}
        keep = [i for i, v in enumerate(self.variables) if v not in exact]
        total: dict[tuple[int, ...], Fraction] = {}
        for exponents, c in self.terms:
            value = Fraction(c)
            for v, e in zip(self.variables, exponents, strict=True):
                if v in exact:
                    value *= exact[v] ** e
            key = tuple(exponents[i] for i in keep)
            total[key] = total.get(key, Fraction(0)) + value
        return IntegerPolynomial(tuple(self.variables[i] for i in keep), primitive_terms(total))


class _AnEquation:
    """Mark of polynomials that are read as equations."""


def primitive_terms(terms: Mapping[tuple[int, ...], Any]) -> Terms:
    """Terms of the primitive polynomial in the direction of one with rational coefficients."""
    import math

    exact = {k: Fraction(v) for k, v in terms.items() if v}
    if not exact:
        return ()
    scale = math.lcm(*(v.denominator for v in exact.values()))
    whole = {k: int(v * scale) for k, v in exact.items()}
    common = math.gcd(*whole.values())
    return IntegerPolynomial.sorted_terms({k: v // common for k, v in whole.items()})


def from_flint(p: Any, variables: tuple[str, ...]) -> IntegerPolynomial:
    """The value of a flint polynomial in these variables."""
    terms = {tuple(int(e) for e in k): int(c) for k, c in p.to_dict().items()}
    return IntegerPolynomial(variables, IntegerPolynomial.sorted_terms(terms))
