"""Limits of polynomial programs in exact arithmetic.

Every vector of the limit is a polynomial in Gaussian variables with rational coefficients; Wick's formula gives its
expectations, and its derivatives the transpose correction. For linear programs this counts the non-crossing pairings
of each matrix with its transpose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rmt.programs.nodes import Initial, Map, MatrixProduct, Mean, ProgramNode, RootSum
from rmt.programs.runs import needed

if TYPE_CHECKING:
    from rmt.programs.tensor_program import Program

#: (variable, power) for each variable that occurs, by the index of its node
Monomial = tuple[tuple[int, int], ...]


class Polynomial:
    """A polynomial in commuting variables with rational coefficients.

    Attributes
    ----------
    terms : dict
        Monomials to coefficients, none of which is 0.
    """

    def __init__(self, terms: dict[Monomial, Fraction]) -> None:
        self.terms = {m: c for m, c in terms.items() if c != 0}

    @classmethod
    def constant(cls, value: Fraction) -> Polynomial:
        """A number."""
        return cls({(): value})

    @classmethod
    def variable(cls, index: int) -> Polynomial:
        """A variable."""
        return cls({((index, 1),): Fraction(1)})

    def __add__(self, other: Any) -> Polynomial:
        right = _as_polynomial(other)
        if right is None:
            return NotImplemented
        terms = dict(self.terms)
        for m, c in right.terms.items():
            terms[m] = terms.get(m, Fraction(0)) + c
        return Polynomial(terms)

    __radd__ = __add__

    def __neg__(self) -> Polynomial:
        return Polynomial({m: -c for m, c in self.terms.items()})

    def __pos__(self) -> Polynomial:
        return self

    def __sub__(self, other: Any) -> Polynomial:
        right = _as_polynomial(other)
        return NotImplemented if right is None else self + -right

    def __rsub__(self, other: Any) -> Polynomial:
        left = _as_polynomial(other)
        return NotImplemented if left is None else left + -self

    def __mul__(self, other: Any) -> Polynomial:
        right = _as_polynomial(other)
        if right is None:
            return NotImplemented
        terms: dict[Monomial, Fraction] = {}
        for a, c in self.terms.items():
            for b, d in right.terms.items():
                key = _product(a, b)
                terms[key] = terms.get(key, Fraction(0)) + c * d
        return Polynomial(terms)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Polynomial:
        right = _as_polynomial(other)
        if right is None or list(right.terms) != [()]:
            return NotImplemented
        return self * (1 / right.terms[()])

    def __pow__(self, exponent: Any) -> Polynomial:
        value = _as_polynomial(exponent)
        number = None if value is None else value.terms.get((), Fraction(0)) if set(value.terms) <= {()} else None
        if number is None or number < 0 or number.denominator != 1:
            return NotImplemented
        result = Polynomial.constant(Fraction(1))
        for _ in range(int(number)):
            result = result * self
        return result

    def derivative(self, index: int) -> Polynomial:
        """With respect to one variable."""
        terms = {}
        for m, c in self.terms.items():
            powers = dict(m)
            power = powers.pop(index, 0)
            if power:
                if power > 1:
                    powers[index] = power - 1
                terms[tuple(sorted(powers.items()))] = c * power
        return Polynomial(terms)


def _product(a: Monomial, b: Monomial) -> Monomial:
    powers = dict(a)
    for index, power in b:
        powers[index] = powers.get(index, 0) + power
    return tuple(sorted(powers.items()))


def _as_polynomial(value: Any) -> Polynomial | None:
    if isinstance(value, Polynomial):
        return value
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return Polynomial.constant(Fraction(value))
    if isinstance(value, float):
        return Polynomial.constant(as_fraction(value))
    return None


def as_fraction(value: Any) -> Fraction:
    """A number exactly; a float as the shortest decimal that gives it, 0.1 as 1/10."""
    return Fraction(repr(float(value))) if isinstance(value, float) else Fraction(value)


def polynomial_map(program: Program, node: Map, arguments: Sequence[Any]) -> Any:
    """A map applied to polynomials (or anything with their operators).

    Raises
    ------
    ValueError
        If it is no polynomial.
    """
    name = node.function.name
    table: dict[str, Callable[..., Any]] = {
        "add": lambda a, b: a + b,
        "subtract": lambda a, b: a - b,
        "multiply": lambda a, b: a * b,
        "divide": lambda a, b: a / b,
        "power": lambda a, b: a**b,
        "negative": lambda a: -a,
        "linear": lambda a: a,
    }
    try:
        return table.get(name, node.function.call)(*arguments)
    except (TypeError, AttributeError, ValueError):
        raise ValueError(
            f"exact results are for polynomials, and the map {name} of {program._name(node)} is none that can be seen; "
            "write it with + − * and integer powers, or take limit()"
        ) from None


def refuse_root_sum(program: Program, node: ProgramNode) -> None:
    """Refuse what has no limit."""
    if isinstance(node, RootSum):
        raise ValueError(f"{program._name(node)} stays random as n grows; P.variance gives its variance")


def exact_limits(program: Program, outputs: Sequence[ProgramNode]) -> list[Fraction]:
    """Limits of some scalars; see :meth:`Program.exact_limit`."""
    limit = _ExactLimit(program)
    for node in needed(tuple(outputs)):
        limit.add(node)
    return [limit.scalars[node] for node in outputs]


class _ExactLimit:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.scalars: dict[ProgramNode, Fraction] = {}
        self.vectors: dict[ProgramNode, Polynomial] = {}
        self._products: list[MatrixProduct] = []
        self._covariance: dict[tuple[int, int], Fraction] = {}
        self._initial: dict[int, Initial] = {}
        self._moments: dict[Monomial, Fraction] = {(): Fraction(1)}

    def add(self, node: ProgramNode) -> None:
        refuse_root_sum(self.program, node)
        if isinstance(node, Initial):
            self._add_initial(node)
        elif isinstance(node, MatrixProduct):
            self._add_product(node)
        elif isinstance(node, Mean):
            self.scalars[node] = self.expectation(self.vectors[node.argument])
        else:
            assert isinstance(node, Map)
            arguments = [self._argument(a) for a in node.arguments]
            value = polynomial_map(self.program, node, arguments)
            if node.size is None:
                self.scalars[node] = Fraction(value)
            else:
                self.vectors[node] = value if isinstance(value, Polynomial) else Polynomial.constant(Fraction(value))

    def _argument(self, a: Any) -> Any:
        if not isinstance(a, ProgramNode):
            return as_fraction(a)
        return self.scalars[a] if a.size is None else self.vectors[a]

    def _add_initial(self, node: Initial) -> None:
        self.vectors[node] = Polynomial.variable(node.index)
        self._initial[node.index] = node
        if not node.law.is_gaussian:
            return
        if node.law.mean != 0 or node.law.scale != 1:
            scaled = self.vectors[node] * as_fraction(node.law.scale)
            self.vectors[node] = scaled + as_fraction(node.law.mean)
        members = [n for n in self.program.nodes if isinstance(n, Initial) and n.group == node.group]
        for other, value in zip(members, node.covariance, strict=False):
            self._covariance[node.index, other.index] = self._covariance[other.index, node.index] = as_fraction(value)

    def _add_product(self, node: MatrixProduct) -> None:
        x, gain = self.vectors[node.argument], as_fraction(node.gain)
        result = Polynomial.variable(node.index)
        for other in self._products:
            if other.matrix is not node.matrix:
                continue
            y = self.vectors[other.argument]
            if other.transposed == node.transposed:
                value = gain * self.expectation(x * y)
                self._covariance[node.index, other.index] = self._covariance[other.index, node.index] = value
            else:
                result = result + y * (gain * self.expectation(x.derivative(other.index)))
        self._covariance[node.index, node.index] = gain * self.expectation(x * x)
        self.vectors[node] = result
        self._products.append(node)

    def expectation(self, polynomial: Polynomial) -> Fraction:
        return sum((c * self._moment(m) for m, c in polynomial.terms.items()), Fraction(0))

    def _moment(self, monomial: Monomial) -> Fraction:
        """Wick's formula for the Gaussian variables, times the moments of the others."""
        if monomial in self._moments:
            return self._moments[monomial]
        first, power = monomial[0]
        node = self._initial.get(first)
        if node is not None and not node.law.is_gaussian:
            own = node.law.moment(power)
            if own is None:
                raise ValueError(
                    f"exact results need rational moments, and E {self.program._name(node)}^{power} of {node.law!r} is "
                    "not known as one; take limit()"
                )
            value = own * self._moment(monomial[1:])
        else:
            value, powers = Fraction(0), dict(monomial)
            powers[first] -= 1
            for other, count in list(powers.items()):
                covariance = self._covariance.get((first, other), Fraction(0))
                if count and covariance:
                    rest = {k: p - (k == other) for k, p in powers.items()}
                    value += covariance * count * self._moment(tuple(sorted((k, p) for k, p in rest.items() if p)))
        self._moments[monomial] = value
        return value
