"""Phase diagrams: into how many intervals the support of a family of laws falls, from its discriminant."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt.errors import check_count
from rmt.exact.equation import Equation, family
from rmt.exact.integer_polynomials import IntegerPolynomial, from_flint
from rmt.laws.law import Law

#: monomials of a discriminant of the discriminant that are still computed
_LARGEST = 4000


@dataclass(frozen=True, eq=False)
class PhaseDiagram:
    """Number of intervals of the support over a grid of two parameters.

    Attributes
    ----------
    names : tuple of str
        The two parameters.
    first, second : ndarray
        Their values.
    intervals : ndarray of int
        Number of intervals, one row for each value of the second parameter.
    boundaries : tuple of IntegerPolynomial
        Polynomials in the parameters on whose zeros alone the number can change.

    Examples
    --------
    >>> from fractions import Fraction
    >>> import rmt
    >>> found = rmt.exact.phase_diagram(
    ...     lambda s, a: rmt.boxplus(rmt.Semicircle(0, s), rmt.Bernoulli(Fraction(1, 2), -a, a)),
    ...     (0.25, 2), (0.5, 2), points=8)
    >>> found.names, found.intervals.shape
    (('s', 'a'), (8, 8))
    """

    names: tuple[str, str]
    first: np.ndarray
    second: np.ndarray
    intervals: np.ndarray
    boundaries: tuple[IntegerPolynomial, ...]


def phase_diagram(
    build: Callable[..., Law], first: tuple[Any, Any], second: tuple[Any, Any], *, points: int = 60, **trial: Any
) -> PhaseDiagram:
    """Count the intervals of the support of a family of laws with two parameters.

    Where two zeros of the discriminant of the equation meet, or one passes the end of another branch, the double
    discriminant vanishes; its zeros cut the plane into cells, and the number of intervals is found once in each.

    Parameters
    ----------
    build : callable
        Builds the law from two parameters, as in :func:`rmt.exact.family`.
    first, second : pair of real
        Ranges of the parameters.
    points : int
        Points of the grid along each.
    **trial : real
        As in :func:`rmt.exact.family`.

    Returns
    -------
    PhaseDiagram

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the function does not have two parameters, or the double discriminant is too large.

    Examples
    --------
    >>> from fractions import Fraction
    >>> import rmt
    >>> diagram = rmt.exact.phase_diagram(
    ...     lambda s, a: rmt.boxplus(rmt.Semicircle(0, s), rmt.Bernoulli(Fraction(1, 2), -a, a)),
    ...     (0.25, 2), (0.5, 2), points=8)
    >>> [str(p) for p in diagram.boundaries][0], sorted({int(k) for k in diagram.intervals.flat})
    ('s - a^2', [1, 2])
    """
    count = check_count("points", points, minimum=2, maximum=2000)
    equation = family(build, **trial)
    if len(equation.variables) != 4:
        raise ValueError(f"a phase diagram needs two parameters, got {', '.join(equation.variables[2:]) or 'none'}")
    boundaries = double_discriminant(equation)
    axes = [np.linspace(float(low), float(high), count) for low, high in (first, second)]
    x, y = np.meshgrid(*axes)
    signs = np.stack([np.sign(p(x, y)) for p in boundaries]) if boundaries else np.ones((1, *x.shape))
    cells = _cells(signs)
    intervals = np.zeros(x.shape, dtype=int)
    names = tuple(equation.variables[2:])
    for label in range(cells.max() + 1):
        where = np.argwhere(cells == label)
        i, j = where[len(where) // 2]
        values = {
            name: Fraction(float(axis[k])).limit_denominator(10**4)
            for name, axis, k in zip(names, axes, (j, i), strict=True)
        }
        intervals[cells == label] = len(equation.at(**values).bands())
    return PhaseDiagram((names[0], names[1]), axes[0], axes[1], intervals, boundaries)


def double_discriminant(equation: Equation) -> tuple[IntegerPolynomial, ...]:
    """Irreducible polynomials in the symbols, on whose zeros real critical points appear, vanish or meet."""
    symbols = equation.variables[2:]
    leading = IntegerPolynomial(
        equation.variables[1:], tuple((k[1:], c) for k, c in equation.terms if k[0] == equation.degrees[0])
    )
    parts = [f for f, _ in equation.discriminant().factors()] + [f for f, _ in leading.factors()]
    unique = {f.terms: f for f in parts}.values()
    found: dict[Any, IntegerPolynomial] = {}

    def keep(p: Any) -> None:
        if len(p.to_dict()) > _LARGEST:
            raise ValueError(
                f"the double discriminant has {len(p.to_dict())} monomials, beyond the limit of {_LARGEST}; fix a "
                "parameter"
            )
        for f, _ in p.factor()[1]:
            if not f.is_constant():
                value = from_flint(f, equation.variables[1:]).without("z")
                found[value.terms] = value

    in_z = [f for f in unique if f.degrees[0] > 0]
    for f in unique:
        top = [(k[1:], c) for k, c in f.terms if k[0] == f.degrees[0]]
        for g, _ in IntegerPolynomial(symbols, IntegerPolynomial.sorted_terms(dict(top))).factors():
            found[g.terms] = g
    for f in in_z:
        if f.degrees[0] > 1:
            keep(f.flint.discriminant("z"))
    for f, g in itertools.combinations(in_z, 2):
        keep(f.flint.resultant(g.flint, "z"))
    return tuple(sorted(found.values(), key=lambda p: (-len(p.terms), p.terms)))


def _cells(signs: np.ndarray) -> np.ndarray:
    """Connected sets of grid points with equal signs, numbered."""
    shape = signs.shape[1:]
    labels = -np.ones(shape, dtype=int)
    count = 0
    for start in np.ndindex(*shape):
        if labels[start] >= 0:
            continue
        labels[start] = count
        stack = [start]
        while stack:
            i, j = stack.pop()
            for a, b in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
                inside = 0 <= a < shape[0] and 0 <= b < shape[1]
                if inside and labels[a, b] < 0 and (signs[:, a, b] == signs[:, i, j]).all():
                    labels[a, b] = count
                    stack.append((a, b))
        count += 1
    return labels
