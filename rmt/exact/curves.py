"""The equation of an expression in free variables, from those of its leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt.exact import eliminations as eliminate
from rmt.exact.branch_choice import choose, rows_of
from rmt.exact.leaf_equations import irreducible, leaf_candidates
from rmt.exact.rings import Polynomial, Ring, Symbolic, require_flint
from rmt.free.explicit.free_subtraction import FreeDifference, FreeQuotient
from rmt.free.expressions import tree
from rmt.free.expressions.computed_law import law_of
from rmt.free.expressions.exact_moments import moments as series_moments
from rmt.free.polynomials.rectangular_convolution import RectangularConvolution
from rmt.laws.law import Law
from rmt.laws.maps.pushforward import SquareRoot

#: monomials that an elimination may have before it is refused
LIMIT = 40000
#: distance in units of the spread at which transforms tell factors apart where there are no moments
_FAR = 3.0


@dataclass(frozen=True)
class _Curve:
    """A polynomial, with the expression it belongs to."""

    polynomial: Polynomial
    node: tree.Node


class CurveBuilder:
    """Equations of the nodes of one expression; a node that occurs twice is computed once.

    Parameters
    ----------
    ring : Ring
    trial : dict
        Values of the symbols at which factors are told apart.
    limit : int
        Monomials that the result of an elimination may have.
    """

    def __init__(self, ring: Ring, trial: dict[str, Fraction], limit: int = LIMIT) -> None:
        self._ring, self._trial, self._limit = ring, trial, limit
        self._known: dict[tree.Node, Polynomial] = {}

    def of_law(self, law: Law) -> Polynomial:
        """The equation of a law."""
        return self.of(_expression(law))

    def of(self, node: tree.Node) -> Polynomial:
        """The equation of a node."""
        for part in tree.post_order(node):
            if part not in self._known:
                self._known[part] = getattr(self, f"_{part.kind}")(part)
        return self._known[node]

    # ------------------------------------------------------------------ rules
    def _leaf(self, node: Any) -> Polynomial:
        law = node.law
        if isinstance(law, RectangularConvolution):
            return self._rectangular(law)
        inner = _expression(law)
        if inner is not node and not (isinstance(inner, tree.Leaf) and inner.law is law):
            return self.of(inner)
        if isinstance(law, SquareRoot):
            raise ValueError(
                f"{law!r} has no algebraic equation: roots of one sign bring in logarithms; "
                f"rmt.symmetrised(...) of it has one"
            )
        return self._chosen(leaf_candidates(law, self._ring), node)

    def _sum(self, node: Any) -> Polynomial:
        ring = self._ring
        parts = [
            (self._known[c] if t == 1 else eliminate.power(self._known[c], ring.quotient(t, "a power"), ring), (c, t))
            for c, t in node.terms
        ]
        return self._fold(parts, eliminate.plus, lambda terms: tree.Sum(terms))

    def _product(self, node: Any) -> Polynomial:
        parts = []
        for child, t in node.terms:
            p = self._known[child]
            if t != 1:
                if isinstance(t, Symbolic):
                    raise ValueError("a multiplicative power cannot be a symbol; give an int or a Fraction")
                exponent = self._ring.fraction(t, "a power")
                up, down = abs(exponent.numerator), exponent.denominator
                if exponent < 0:
                    p = self._inverted(p)
                self._check(p, up + down, up)
                p = self._chosen(
                    irreducible(eliminate.multiplicative_power(p, up, down, self._ring), self._ring),
                    tree.Product(((child, t),)),
                )
            parts.append((p, (child, t)))
        return self._fold(parts, eliminate.product, lambda terms: tree.Product(terms))

    def _inverted(self, p: Polynomial) -> Polynomial:
        """With 1/S in the place of S: z becomes ((1 + m)/m)²/z."""
        ring = self._ring
        m, z = ring.G, ring.z
        q = ring.substitute(eliminate.to_m(p, ring), z=((1 + m) ** 2, m * m * z))
        return ring.without(eliminate.from_m(ring.without(q, (m, 1 + m, z)), ring), (ring.z, ring.G))

    def _compound(self, node: Any) -> Polynomial:
        rate = self._ring.quotient(node.rate, "rate")
        return self._one(eliminate.compound(self._known[node.child], rate, self._ring), node)

    def _affine(self, node: Any) -> Polynomial:
        ring = self._ring
        scale, shift = ring.quotient(node.scale, "scale"), ring.quotient(node.shift, "shift")
        return eliminate.affine(self._known[node.child], scale, shift, ring)

    def _mixture(self, node: Any) -> Polynomial:
        ring = self._ring
        parts = [
            (eliminate.rescaled(self._known[c], ring.quotient(p, "a weight"), ring), (c, p)) for c, p in node.terms
        ]
        return self._fold(parts, eliminate.added_transforms, _Parts)

    def _boolean(self, node: Any) -> Polynomial:
        ring = self._ring
        parts = [(eliminate.energy(self._known[c], ring.quotient(t, "a power"), ring), (c, t)) for c, t in node.terms]
        back = lambda p: eliminate.from_energy(p, ring)  # noqa: E731
        return self._fold(parts, eliminate.added_transforms, lambda terms: tree.BooleanSum(terms), back)

    def _monotone(self, node: Any) -> Polynomial:
        first, second = self._known[node.first], self._known[node.second]
        self._check_pair(first, second)
        return self._chosen(irreducible(eliminate.monotone(first, second, self._ring), self._ring), node)

    def _square(self, node: Any) -> Polynomial:
        p = self._known[node.child]
        self._check_pair(p, p)
        return self._chosen(irreducible(eliminate.square(p, self._ring), self._ring), node)

    def _root(self, node: Any) -> Polynomial:
        return self._one(eliminate.symmetric_root(self._known[node.child], self._ring), node)

    def _inverse(self, node: Any) -> Polynomial:
        return self._one(eliminate.inverse(self._known[node.child], self._ring), node)

    def _rectangular(self, law: RectangularConvolution) -> Polynomial:
        ring = self._ring
        ratio = ring.quotient(law.ratio, "ratio")
        parts = [(eliminate.to_rectangular(self.of_law(part), ratio, ring), part) for part in law.laws]

        def back(p: Polynomial) -> Polynomial:
            return eliminate.from_rectangular(p, ratio, ring)

        def moments(parts: tuple[Law, ...]) -> Callable[[int], Sequence[Fraction]]:
            return RectangularConvolution(parts, law.ratio)._exact_moments

        return self._fold_with(
            parts,
            eliminate.added_transforms,
            back,
            lambda candidates, terms: self._choose(candidates, moments(terms), law.stieltjes, None),
        )

    # ------------------------------------------------------------------ folding and choosing
    def _fold(self, parts: list[Any], combine: Any, rebuild: Any, back: Any = lambda p: p) -> Polynomial:
        def pick(candidates: list[Polynomial], terms: tuple[Any, ...]) -> int:
            return self._pick(candidates, rebuild(terms))

        return self._fold_with(parts, combine, back, pick)

    def _fold_with(self, parts: list[Any], combine: Any, back: Any, pick: Any) -> Polynomial:
        """Combine the parts two by two, simple ones first, and choose a factor after each step."""
        parts = sorted(parts, key=lambda part: len(part[0].to_dict()))
        total: Polynomial = parts[0][0]
        terms: tuple[Any, ...] = (parts[0][1],)
        for p, term in parts[1:]:
            terms = (*terms, term)
            self._check_pair(total, p)
            candidates = irreducible(combine(total, p, self._ring), self._ring)
            mapped = [back(f) for f in candidates]
            total = candidates[0] if len(candidates) == 1 else candidates[pick(mapped, terms)]
        return back(total) if len(parts) > 1 else self._ring.without(back(total), ())

    def _one(self, p: Polynomial, node: tree.Node) -> Polynomial:
        """What a substitution gives is irreducible but for factors without G."""
        return self._chosen(irreducible(p, self._ring), node)

    def _chosen(self, candidates: list[Polynomial], node: tree.Node) -> Polynomial:
        return candidates[0] if len(candidates) == 1 else candidates[self._pick(candidates, node)]

    def _pick(self, candidates: list[Polynomial], node: Any) -> int:
        if isinstance(node, _Parts):
            return self._choose(candidates, node.moments, node.transform, None)
        law = law_of(node)
        return self._choose(candidates, lambda k: series_moments(node, k), law.stieltjes, law)

    def _choose(
        self, candidates: list[Polynomial], moments: Any, transform: Callable[[Any], Any], law: Law | None
    ) -> int:
        plain = [self._ring.specialise(p, self._trial) if self._ring.symbols else p for p in candidates]
        try:
            moments(1)
        except ValueError:  # no moments, or no rational ones
            return nearest_factor(plain, transform, _size(law))
        return choose(plain, moments)

    def _check_pair(self, p: Polynomial, q: Polynomial) -> None:
        gp, zp, *_ = (int(e) for e in p.degrees())
        gq, zq, *_ = (int(e) for e in q.degrees())
        self._check_size((gp + zp) * (gq + zq), (gp + 1) * (gq + 1))

    def _check(self, p: Polynomial, up: int, down: int) -> None:
        self._check_size(int(p.degrees()[0]) * up + int(p.degrees()[1]) * down, int(p.degrees()[1]) * down + 1)

    def _check_size(self, degree_g: int, degree_z: int) -> None:
        size = (degree_g + 1) * (degree_z + 1)
        if size > self._limit:
            raise ValueError(
                f"this elimination may give a polynomial of degrees {degree_g} in G and {degree_z} in z, {size} "
                f"monomials, beyond the limit of {self._limit}; pass limit={size} if you can wait, or ask the law "
                "for digits, which need no equation"
            )


class _Parts:
    """Some parts of a mixture: G is their sum, and not yet of mass 1."""

    def __init__(self, terms: tuple[Any, ...]) -> None:
        self._terms = terms

    def moments(self, order: int) -> list[Fraction]:
        """Sums of moments with the weights of the parts."""
        total = [Fraction(0)] * (order + 1)
        for node, weight in self._terms:
            values = series_moments(node, order)
            total = [a + Fraction(weight) * b for a, b in zip(total, values, strict=True)]
        return total

    def transform(self, z: Any) -> Any:
        """The same of G."""
        return sum(float(weight) * law_of(node).stieltjes(z) for node, weight in self._terms)


def _expression(law: Law) -> tree.Node:
    if isinstance(law, FreeDifference | FreeQuotient):
        return law._node
    return tree.node_of(law)


def _size(law: Law | None) -> float:
    quantiles = [] if law is None else [abs(float(q)) for q in law.ppf([0.1, 0.9])]
    return max([q for q in quantiles if 0.0 < q < np.inf], default=1.0)


def nearest_factor(candidates: list[Polynomial], transform: Callable[[Any], Any], spread: float) -> int:
    """The one factor that has a root at the value of the transform, at two points off the line.

    Raises
    ------
    ValueError
        If that does not single one out.
    """
    flint = require_flint()
    points = [complex(0.3 * spread, _FAR * spread), complex(-0.7 * spread, 1.7 * spread)]
    distances = np.zeros(len(candidates))
    for z in points:
        value = complex(transform(z))
        for i, p in enumerate(candidates):
            roots = flint.acb_poly([row(flint.acb(z)) for row in rows_of(p)]).roots()
            distances[i] = max(distances[i], min(abs(complex(r) - value) for r in roots) / abs(value))
    order = np.argsort(distances)
    if distances[order[0]] < 1e-10 and distances[order[1]] > 1e-6:
        return int(order[0])
    raise ValueError(
        "the law has no rational moments, and its transform in double precision does not tell the factors of its "
        "equation apart; scale the law to size 1"
    )
