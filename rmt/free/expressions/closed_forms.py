"""Free expressions whose law is a named one."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from rmt.free.expressions.gaussian_powers import GaussianPower
from rmt.free.expressions.tree import (
    AffineNode,
    BooleanSum,
    Compound,
    Inverse,
    Leaf,
    Monotone,
    Node,
    Product,
    Sum,
    SymmetricRoot,
    affine,
    boolean_sum,
    free_product,
    free_sum,
    point_mass,
)
from rmt.laws.atomic import AtomicLaw, Bernoulli, Rademacher
from rmt.laws.law import Law
from rmt.laws.named.classical_laws import Arcsine, Cauchy, Gaussian
from rmt.laws.named.free_jacobi import ProjectionProduct, Wachter
from rmt.laws.named.free_meixner import FreeMeixner
from rmt.laws.named.free_stable import FreeStable
from rmt.laws.named.fuss_catalan import FussCatalan
from rmt.laws.named.kesten_mckay import KestenMcKay
from rmt.laws.named.marchenko_pastur import FreePoisson, MarchenkoPastur
from rmt.laws.named.raney import Raney
from rmt.laws.named.semicircle import Semicircle
from rmt.numerics.functions.exact_constants import exact_sqrt

Terms = tuple[tuple[Node, Any], ...]


def recognise(node: Node) -> Node:
    """The same law with named laws in the place of expressions, as far as they are known."""
    if isinstance(node, AffineNode):
        return affine(recognise(node.child), node.scale, node.shift)
    if isinstance(node, Sum):
        return _collected(
            node, [_semicircles, _free_poissons, _cauchys, _gaussians, _free_stables, _two_points, _meixner], free_sum
        )
    if isinstance(node, Product):
        terms = node.terms if len(node.terms) != 1 or node.terms[0][1] != 2 else ((node.terms[0][0], 1),) * 2
        known = _projections(terms)
        return free_product(known) if known != terms else _collected(node, [_fuss_catalan], free_product)
    if isinstance(node, Compound) and isinstance(node.child, Leaf):
        atoms = node.child.law.atoms
        if len(atoms) == 1 and atoms[0][1] == 1.0 and isinstance(node.child.law, AtomicLaw):
            jump = node.child.law._points()[0][0]
            return affine(Leaf(FreePoisson(node.rate, abs(jump))), 1 if jump > 0 else -1, 0)
    if isinstance(node, BooleanSum):
        return _collected(node, [_cauchys, _fair_signs], boolean_sum)
    if isinstance(node, Monotone):
        return _monotone(node)
    law = node.child.law if isinstance(node, Inverse | SymmetricRoot) and isinstance(node.child, Leaf) else None
    if isinstance(node, Inverse) and isinstance(law, Cauchy):
        size = Fraction(law.location) ** 2 + Fraction(law.scale) ** 2
        return Leaf(Cauchy(plain(law.location / size), plain(law.scale / size)))
    if isinstance(node, SymmetricRoot) and isinstance(law, MarchenkoPastur) and law.ratio == 1:
        return Leaf(Semicircle(0, law.variance))
    return node


def _fair_signs(terms: Terms) -> Terms:
    """Symmetric laws of two atoms, k = variance/z: Boolean variances add."""
    members: list[int] = []
    variance: Any = 0
    for i, (child, t) in enumerate(terms):
        law = child.law if isinstance(child, Leaf) else None
        if isinstance(law, Bernoulli | Rademacher):
            positions, weights = law._points()
            if weights == (Fraction(1, 2),) * 2 and positions[0] == -positions[1]:
                members.append(i)
                variance = variance + t * positions[1] * positions[1]
    if not members or (len(members) == 1 and terms[members[0]][1] == 1):
        return terms
    radius = _root(variance)
    return _merged(terms, members, Leaf(Bernoulli(Fraction(1, 2), -radius, radius)))


def _monotone(node: Monotone) -> Node:
    """Arcsine laws, F = √(z² − radius²), and Cauchy laws."""
    first, second = (child.law if isinstance(child, Leaf) else None for child in node.children)
    if isinstance(first, Arcsine) and isinstance(second, Arcsine):
        return Leaf(Arcsine(_root(first.radius * first.radius + second.radius * second.radius)))
    if isinstance(first, Cauchy) and isinstance(second, Cauchy):
        return Leaf(Cauchy(first.location + second.location, first.scale + second.scale))
    return node


def _root(square: Any) -> Any:
    """Square root, an int where it is one."""
    value = math.sqrt(square)
    return int(value) if value == int(value) and int(value) ** 2 == square else value


def _collected(node: Sum | Product | BooleanSum, families: list[Any], build: Any) -> Node:
    """Let every family merge the terms it knows."""
    terms = node.terms
    for family in families:
        terms = family(terms)
    result: Node = build(terms)
    return result


def _semicircles(terms: Terms) -> Terms:
    """Semicircle laws: means and variances add."""
    known = [(i, child.law, t) for i, (child, t) in enumerate(terms) if isinstance(child, Leaf)]
    members = [(i, law, t) for i, law, t in known if isinstance(law, Semicircle)]
    mean = sum(t * law._mean for _, law, t in members)
    variance = sum(t * law.variance for _, law, t in members)
    if not variance >= 0 or not members:
        return terms
    merged = Leaf(Semicircle(mean, variance)) if variance else point_mass(mean)
    return _merged(terms, [i for i, _, _ in members], merged)


def _merged(terms: Terms, members: list[int], node: Node) -> Terms:
    """Put `node` where the first of the members stood, and drop the others."""
    return tuple(
        (node, 1) if i == members[0] else term for i, term in enumerate(terms) if i == members[0] or i not in members
    )


def _free_poissons(terms: Terms) -> Terms:
    """Free Poisson laws of one jump: rates add. A negative jump is a dilation by -1."""
    groups: dict[tuple[int, Fraction], list[tuple[int, Fraction]]] = {}
    for i, (child, t) in enumerate(terms):
        sign = -1 if isinstance(child, AffineNode) and child.scale < 0 and child.shift == 0 else 1
        leaf = affine(child, sign, 0)
        law = leaf.law if isinstance(leaf, Leaf) else None
        if isinstance(law, FreePoisson | MarchenkoPastur):
            rate, jump = law._rate_and_jump()
            groups.setdefault((sign, jump), []).append((i, Fraction(t) * rate))
    result = list(enumerate(terms))
    for (sign, jump), members in groups.items():
        rate = sum((r for _, r in members), Fraction(0))
        if rate >= 0 and (len(members) > 1 or terms[members[0][0]][1] != 1):
            first = members[0][0]
            merged = Leaf(_poisson(rate, jump)) if rate else point_mass(0)
            dropped = {i for i, _ in members}
            result = [
                (i, (affine(merged, sign, 0), 1) if i == first else term)
                for i, term in result
                if i == first or i not in dropped
            ]
    return tuple(term for _, term in result)


def _poisson(rate: Fraction, jump: Fraction) -> Law:
    return FreePoisson(plain(rate), plain(jump))


def _cauchys(terms: Terms) -> Terms:
    """Cauchy laws: locations and scales add."""
    known = [(i, child.law, t) for i, (child, t) in enumerate(terms) if isinstance(child, Leaf)]
    members = [(i, law, t) for i, law, t in known if isinstance(law, Cauchy)]
    scale = sum(t * law.scale for _, law, t in members)
    if not scale >= 0 or not members:
        return terms
    location = sum(t * law.location for _, law, t in members)
    merged = Leaf(Cauchy(location, scale)) if scale else point_mass(location)
    return _merged(terms, [i for i, _, _ in members], merged)


def _gaussians(terms: Terms) -> Terms:
    """Powers of one Gaussian law of which some are below 1: they add."""
    groups: dict[float, list[tuple[int, Any, Any]]] = {}
    small: set[float] = set()
    for i, (child, t) in enumerate(terms):
        scale: Any = 1
        if isinstance(child, AffineNode):
            scale, child = child.scale, child.child
        law = child.law if isinstance(child, Leaf) else None
        if isinstance(law, Gaussian):
            size = math.sqrt(law.variance)
            groups.setdefault(size, []).append((i, t, t * law._mean))
            small.update({size} if t < 1 else ())
        elif isinstance(law, GaussianPower):
            size = abs(float(scale))
            groups.setdefault(size, []).append((i, t * law.power, 0))
            small.update({size} if t != 1 or len(groups[size]) > 1 else ())
    for size in small:
        places, powers, means = zip(*groups[size], strict=True)
        total, scale = sum(powers), plain(Fraction(size))
        if total > 0:
            core = Leaf(GaussianPower(total)) if total < 1 else Leaf(Gaussian(0, plain(Fraction(scale) ** 2)))
            power = affine(core, scale, 0) if total < 1 else free_sum([(core, total)])
            return _gaussians(_merged(terms, list(places), affine(power, 1, sum(means))))
    return terms


def _free_stables(terms: Terms) -> Terms:
    """Free stable laws of the same index and asymmetry: the powers alpha of their scales add."""
    groups: dict[tuple[Any, Any], list[tuple[int, float]]] = {}
    for i, (child, t) in enumerate(terms):
        scale: Any = 1
        if isinstance(child, AffineNode) and child.shift == 0:
            scale, child = child.scale, child.child
        law = child.law if isinstance(child, Leaf) else None
        if isinstance(law, FreeStable):
            rho = law.rho if scale > 0 else 1 - Fraction(law.rho)
            groups.setdefault((law.alpha, rho), []).append((i, float(t) * abs(float(scale)) ** float(law.alpha)))
    for (alpha, rho), members in groups.items():
        total = sum(share for _, share in members)
        if total > 0.0 and (len(members) > 1 or terms[members[0][0]][1] != 1):
            size = total ** (1.0 / float(alpha))
            merged = affine(Leaf(FreeStable(alpha, rho)), plain(Fraction(size)), 0)
            return _free_stables(_merged(terms, [i for i, _ in members], merged))
    return terms


def _meixner(terms: Terms) -> Terms:
    """A lone free power t of a free Meixner law, where the root of t is rational."""
    if len(terms) != 1:
        return terms
    ((child, t),) = terms
    law = child.law if isinstance(child, Leaf) else None
    if not isinstance(law, FreeMeixner) or t == 1 or not t > 0 or Fraction(law.b) < -Fraction(t):  # no law below t = -b
        return terms
    root = exact_sqrt(Fraction(t))
    if root * root != t:
        return terms
    named = FreeMeixner(plain(Fraction(law.a) / root), plain(Fraction(law.b) / Fraction(t)))
    return ((affine(Leaf(named), plain(root), 0), 1),)


def _two_points(terms: Terms) -> Terms:
    """A lone free power t of a law with two atoms, masses p and 1 - p: Arcsine, Kesten-McKay or Wachter law.

    The compression of a projection of trace p by one of trace 1/t is the Wachter law with parameters p t, (1 - p) t.
    """
    if len(terms) != 1:
        return terms
    ((child, t),) = terms
    law = child.law if isinstance(child, Leaf) else None
    if not isinstance(law, Bernoulli | Rademacher) or not t > 1:
        return terms
    (low, high), (rest, p) = law._points()
    if p == Fraction(1, 2) and t >= 2:
        half, middle = (Fraction(high) - Fraction(low)) / 2, t * (low + high) / 2
        named = Leaf(Arcsine(plain(2 * half)) if t == 2 else KestenMcKay(t))
        return ((affine(named, 1 if t == 2 else plain(half), middle), 1),)
    return ((affine(Leaf(Wachter(p * t, rest * t)), t * (high - low), t * low), 1),)


def _projections(terms: Terms) -> Terms:
    """The product of two laws with an atom at 0 and one more."""
    if len(terms) != 2 or any(t != 1 for _, t in terms):
        return terms
    traces, scale = [], Fraction(1)
    for child, _ in terms:
        law = child.law if isinstance(child, Leaf) else None
        if not isinstance(law, AtomicLaw) or len(law._points()[0]) != 2 or law._points()[0][0] != 0:
            return terms
        traces.append(law._points()[1][1])
        scale *= Fraction(law._points()[0][1])
    return ((affine(Leaf(ProjectionProduct(*traces)), plain(scale), 0), 1),)


def _fuss_catalan(terms: Terms) -> Terms:
    """Free Poisson laws of rate 1, S = 1/(jump (1 + m)), and Fuss-Catalan laws: orders add, jumps multiply.

    A Raney law takes them up: with S^-1 = y^p m/((y - 1)(1 + m)) and 1 + m = y^r, an order L makes its p into p + L r.
    """
    order: Any = 0
    members: list[int] = []
    scales: list[tuple[Node, Any]] = []
    for i, (child, t) in enumerate(terms):
        law = child.law if isinstance(child, Leaf) else None
        if isinstance(law, FussCatalan):
            order = order + t * law.order
            members.append(i)
        elif isinstance(law, FreePoisson | MarchenkoPastur) and law._rate_and_jump()[0] == 1:
            order = order + t
            members.append(i)
            scales.append((point_mass(plain(law._rate_and_jump()[1])), t))
    raneys = [(i, child.law) for i, (child, t) in enumerate(terms) if t == 1 and isinstance(child, Leaf)]
    first = next(((i, law) for i, law in raneys if isinstance(law, Raney)), None)
    if order > 0 and first is not None:
        named = Leaf(Raney(first[1].p + order * first[1].r, first[1].r))
        return (*_merged(terms, sorted([first[0], *members]), named), *scales)
    if not order >= 0 or not members or (len(members) == 1 and terms[members[0]][1] == 1):
        return terms
    named = point_mass(1) if order == 0 else Leaf(MarchenkoPastur()) if order == 1 else Leaf(FussCatalan(order))
    return (*_merged(terms, members, named), *scales)


def plain(number: Fraction) -> Any:
    """An int where the fraction is one, else a float where that is exact, else the fraction."""
    if number.denominator == 1:
        return int(number)
    return float(number) if Fraction(float(number)) == number else number
