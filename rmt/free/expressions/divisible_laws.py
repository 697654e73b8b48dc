"""Laws that are infinitely divisible in the free sense: the ones that have free powers below 1."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from rmt.free.expressions.closed_forms import plain
from rmt.free.expressions.gaussian_powers import GaussianPower
from rmt.free.expressions.leaves import as_sum
from rmt.free.expressions.tree import AffineNode, Compound, Leaf, Node, Product, Sum, affine, free_product, free_sum
from rmt.laws.law import exact
from rmt.laws.named.classical_laws import Cauchy, Gaussian
from rmt.laws.named.free_meixner import FreeMeixner
from rmt.laws.named.free_stable import FreeStable
from rmt.laws.named.fuss_catalan import FussCatalan
from rmt.laws.named.marchenko_pastur import FreePoisson, MarchenkoPastur
from rmt.laws.named.raney import Raney
from rmt.laws.named.semicircle import Semicircle
from rmt.numerics.functions.exact_constants import exact_sqrt


def infinitely_divisible_power(node: Node, power: Any) -> Node | None:
    """The free power of a node as one law with other parameters, or None where that is not known to exist.

    Known are the semicircle, free Poisson, Gaussian and Cauchy laws, compound free Poisson laws (the product of a free
    Poisson law of rate 1 with anything and most Raney laws among them), their sums, and laws that are themselves
    powers: a Kesten-McKay law of degree d has the powers t >= 1/d, the arcsine law those from 1/2 on.
    """
    if isinstance(node, Leaf):
        return _leaf_power(node, power)
    if isinstance(node, Compound):
        return Compound(node.child, node.rate * power)
    if isinstance(node, AffineNode):
        child = infinitely_divisible_power(node.child, power)
        return None if child is None else affine(child, node.scale, power * node.shift)
    if isinstance(node, Sum):
        terms = [
            (child, power * t) if power * t >= 1 else (infinitely_divisible_power(child, power * t), 1)
            for child, t in node.terms
        ]
        if any(child is None for child, _ in terms):
            return None
        return free_sum((child, t) for child, t in terms if child is not None)
    if isinstance(node, Product):
        return _product_power(node, power)
    return None


def _leaf_power(node: Leaf, power: Any) -> Node | None:
    law = node.law
    if isinstance(law, Semicircle):
        return Leaf(Semicircle(power * law._mean, power * law.variance))
    if isinstance(law, FreePoisson | MarchenkoPastur):
        rate, jump = law._rate_and_jump()
        return Leaf(FreePoisson(rate * Fraction(power), jump))
    if isinstance(law, FreeMeixner) and exact(law.b) + exact(power) >= 0:  # for b < 0 the powers from -b on
        root = exact_sqrt(exact(power))
        size = root if root * root == power else float(root)
        return affine(Leaf(FreeMeixner(law.a / size, law.b / power)), size, 0)
    if isinstance(law, FreeStable):
        return affine(Leaf(law), float(power) ** (1.0 / float(law.alpha)), 0)
    if isinstance(law, Cauchy):
        return Leaf(Cauchy(power * law.location, power * law.scale))
    if isinstance(law, Gaussian):
        root = exact_sqrt(exact(law.variance))
        scale = plain(root) if root * root == exact(law.variance) else float(root)
        return affine(Leaf(GaussianPower(power)), scale, power * law._mean)
    if isinstance(law, GaussianPower):
        return Leaf(GaussianPower(power * law.power))
    if isinstance(law, FussCatalan):
        return _raney_power(exact(law.order) + 1, Fraction(1), power)
    if isinstance(law, Raney):
        return _raney_power(exact(law.p), exact(law.r), power)
    expression = as_sum(law)
    core = expression.child if isinstance(expression, AffineNode) else expression
    return infinitely_divisible_power(expression, power) if expression is not None and isinstance(core, Sum) else None


def _raney_power(p: Fraction, r: Fraction, power: Any) -> Node | None:
    """The free cumulants of a Raney law are the moments of another, B_(p-r)(z)^r (Młotkowski 2010): its jumps."""
    if p - r < 1 or r > p - r:
        return None
    if r == 1:
        order = p - 2
        if order == 0:
            return Leaf(FreePoisson(power, 1))
        return Compound(Leaf(MarchenkoPastur() if order == 1 else FussCatalan(plain(order))), power)
    return Compound(Leaf(Raney(plain(p - r), plain(r))), power) if p - r > 1 else None


def _product_power(node: Product, power: Any) -> Node | None:
    """Free Poisson (rate 1, jump a) ⊠ ν is compound free Poisson with rate 1 and jumps aν."""
    for i, (child, t) in enumerate(node.terms):
        law = child.law if isinstance(child, Leaf) else None
        if t >= 1 and isinstance(law, FreePoisson | MarchenkoPastur):
            rate, jump = law._rate_and_jump()
            if rate == 1:
                rest = [*node.terms[:i], *node.terms[i + 1 :]]
                if t > 1:
                    rest.append((child, t - 1))
                return Compound(affine(free_product(rest), jump, 0), power)
    return None
