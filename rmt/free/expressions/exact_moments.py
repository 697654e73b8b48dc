"""Exact moments of any expression in free variables, as fractions.

Every node of an expression tree is a rule on formal power series in 1/z: free cumulants add, S-transforms multiply,
Boolean cumulants add, reciprocals of G compose. No limit is taken and nothing is rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from rmt.combinatorics import (
    boolean_cumulants_from_moments,
    boxtimes_moments,
    free_cumulants_from_moments,
    moments_from_boolean_cumulants,
    moments_from_free_cumulants,
    moments_from_s_transform,
    s_transform_from_moments,
)
from rmt.errors import check_count
from rmt.free.expressions.tree import Node, node_of, post_order
from rmt.laws.atomic import AtomicLaw
from rmt.laws.law import Law, check_order
from rmt.laws.named.marchenko_pastur import FreePoisson, MarchenkoPastur

#: binary digits that are kept where fractions are rounded
_BITS = 1000
#: m_1, ..., m_k, or the coefficients of 1, s, s², ...
Series: TypeAlias = list[Fraction]


def moments(expression: Law | Node, order: int, *, exact: bool = True) -> list[Fraction]:
    """Moments m_0, ..., m_order of a law built by free operations, exactly.

    Parameters
    ----------
    expression : Law or Node
        A law, or a node of :mod:`rmt.free.expressions.tree`. A float parameter or weight counts as the binary fraction
        it stores.
    order : int
        Highest moment, >= 0.
    exact : bool
        If false, leaves without rational moments count with their moments as floats, and real powers of means are
        rounded to floats; all else stays exact.

    Returns
    -------
    list of Fraction

    Raises
    ------
    ValueError
        If a leaf has no rational moments (unless not `exact`), or a real power of a mean, or a moment of an inverse,
        is not rational.

    Notes
    -----
    Order 50 of a product of several laws takes some tenths of a second. Free products may contain one factor of
    mean zero, where the S-transform does not exist: it enters through the subordination equations of the Boolean
    self-energies, which need no division (:func:`rmt.combinatorics.boxtimes_moments`).
    """
    node = expression if isinstance(expression, Node) else node_of(expression)
    if node.kind != "leaf":
        check_order(check_count("order", order, minimum=0))
    return [Fraction(1), *_Moments(exact).of(node, check_count("order", order, minimum=0))]


def rounded_moments(node: Node, order: int) -> list[Fraction]:
    """Moments m_0, ..., m_order with hundreds of digits, for expressions in which exact fractions grow too long."""
    return [Fraction(1), *_Moments(False, bits=_BITS).of(node, order)]


class _Moments:
    """Moments of the nodes of one expression; a node that occurs twice is computed once."""

    def __init__(self, exact: bool, bits: int | None = None) -> None:
        self._exact, self._bits = exact, bits
        self._known: dict[tuple[Node, int], Series] = {}

    def of(self, node: Any, order: int) -> Series:
        """The moments m_1, ..., m_order of a node."""
        if (node, order) not in self._known:
            parts = post_order(node)
            orders: dict[int, set[int]] = {id(part): set() for part in parts}
            orders[id(node)].add(order)
            for part in reversed(parts):  # parents before children
                for child in part.children:
                    orders[id(child)] |= {_order_below(part, k) for k in orders[id(part)]}
            for part in parts:
                for k in orders[id(part)]:
                    self._find(part, k)
        return self._known[node, order]

    def _find(self, node: Any, order: int) -> None:
        if (node, order) not in self._known:
            rule: Callable[[Any, int], Series] = getattr(self, f"_{node.kind}")
            found = rule(node, order)
            self._known[node, order] = found if self._bits is None else [_rounded(m, self._bits) for m in found]

    def _leaf(self, node: Any, order: int) -> Series:
        values = node.law._exact_moments(order) if self._exact else node.law._float_moments(order)
        return [Fraction(m) for m in values[1:]]

    def _sum(self, node: Any, order: int) -> Series:
        total = [Fraction(0)] * order
        for child, weight in zip(node.children, map(Fraction, node.weights), strict=True):
            total = [a + weight * b for a, b in zip(total, self._free_cumulants(child, order), strict=True)]
        return moments_from_free_cumulants(total)

    def _free_cumulants(self, node: Any, order: int) -> Series:
        """Free cumulants of a node: by their formula where it is a law that has one."""
        if node.kind == "leaf" and self._exact and order and isinstance(node.law, Law):
            return list(node.law._exact_free_cumulants(order))
        return free_cumulants_from_moments(self.of(node, order))

    def _boolean(self, node: Any, order: int) -> Series:
        return moments_from_boolean_cumulants(self._combination(node, order, boolean_cumulants_from_moments))

    def _mixture(self, node: Any, order: int) -> Series:
        return self._combination(node, order, list)

    def _combination(self, node: Any, order: int, linearise: Callable[[Series], Series]) -> Series:
        """Weighted sum of what is linear for this operation: cumulants, or the moments themselves."""
        total = [Fraction(0)] * order
        for child, weight in zip(node.children, map(Fraction, node.weights), strict=True):
            total = [a + weight * b for a, b in zip(total, linearise(self.of(child, order)), strict=True)]
        return total

    def _product(self, node: Any, order: int) -> Series:
        if order == 0:
            return []
        s = [Fraction(1)] + [Fraction(0)] * (order - 1)
        centred: list[Series] = []
        for child, weight in zip(node.children, map(Fraction, node.weights), strict=True):
            of_child = self.of(child, order)
            if of_child[0] == 0:
                # S does not exist; the tree admits one such factor, with weight 1
                centred.append(of_child)
            else:
                s = _multiply(s, _power(s_transform_from_moments(of_child), weight, exact=self._exact))
        product = moments_from_s_transform(s)
        for factor in centred:
            product = boxtimes_moments(product, factor)
        return product

    def _compound(self, node: Any, order: int) -> Series:
        rate = Fraction(node.rate)
        return moments_from_free_cumulants([rate * m for m in self.of(node.child, order)])

    def _affine(self, node: Any, order: int) -> Series:
        scale, shift = Fraction(node.scale), Fraction(node.shift)
        scaled = [Fraction(1), *(scale**k * m for k, m in enumerate(self.of(node.child, order), start=1))]
        shifts = [shift**k for k in range(order + 1)]
        return [
            sum((math.comb(k, j) * scaled[j] * shifts[k - j] for j in range(k + 1)), Fraction(0))
            for k in range(1, order + 1)
        ]

    def _monotone(self, node: Any, order: int) -> Series:
        """F = F_1 ∘ F_2, so k = k_2 + k_1 ∘ F_2, and 1/F_2 = G_2 is a series in 1/z."""
        first = boolean_cumulants_from_moments(self.of(node.first, order))
        second = boolean_cumulants_from_moments(self.of(node.second, order))
        g = [Fraction(0), Fraction(1), *self.of(node.second, order)][:order]
        power = [Fraction(1)] + [Fraction(0)] * (order - 1)
        total = list(second)
        for coefficient in first:
            total = [a + coefficient * b for a, b in zip(total, power, strict=True)]
            power = _multiply(power, g)
        return moments_from_boolean_cumulants(total)

    def _square(self, node: Any, order: int) -> Series:
        return self.of(node.child, 2 * order)[1::2]

    def _root(self, node: Any, order: int) -> Series:
        of_child = self.of(node.child, order // 2)
        return [of_child[k // 2 - 1] if k % 2 == 0 else Fraction(0) for k in range(1, order + 1)]

    def _inverse(self, node: Any, order: int) -> Series:
        return _negative_moments(node.child, order)


def _order_below(node: Node, order: int) -> int:
    """The order of the moments of its children that a node needs; none for an inverse, which takes others."""
    return {"square": 2 * order, "root": order // 2, "inverse": 0}.get(node.kind, order)


def _rounded(value: Fraction, bits: int) -> Fraction:
    """A fraction cut to so many binary digits."""
    if value.numerator.bit_length() + value.denominator.bit_length() <= 2 * bits:
        return value
    shift = bits - value.numerator.bit_length() + value.denominator.bit_length()
    scaled = round(value * Fraction(2) ** shift)
    return scaled / Fraction(2) ** shift


def _negative_moments(node: Any, order: int) -> Series:
    """Moments of 1/X where they are rational for a reason: point masses, free Poisson laws, their free products.

    S_{1/X}(m) = 1/S_X(−1 − m) (Haagerup-Schultz 2007, Proposition 3.13).
    """
    if order == 0:
        return []
    if node.kind == "affine" and node.shift == 0:
        scale = Fraction(node.scale)
        return [m / scale**k for k, m in enumerate(_negative_moments(node.child, order), start=1)]
    if node.kind == "product":
        s = [Fraction(1)] + [Fraction(0)] * (order - 1)
        for child, weight in zip(node.children, map(Fraction, node.weights), strict=True):
            s = _multiply(s, _power(s_transform_from_moments(_negative_moments(child, order)), weight, exact=True))
        return moments_from_s_transform(s)
    law = node.law if node.kind == "leaf" else None
    if isinstance(law, AtomicLaw):
        pairs = [(Fraction(x), Fraction(p)) for x, p in zip(*law._points(), strict=True)]
        total = sum(p for _, p in pairs)
        return [sum((p / x**k for x, p in pairs), Fraction(0)) / total for k in range(1, order + 1)]
    if isinstance(law, FreePoisson | MarchenkoPastur):
        rate, jump = map(Fraction, law._rate_and_jump())
        if rate > 1:
            # S_X = 1/(jump (rate + m))
            s = [(rate - 1) * jump, -jump] + [Fraction(0)] * order
            return moments_from_s_transform(s[:order])
    raise ValueError(
        f"the moments of 1/X are not known to be rational for {law if law is not None else node!r}; "
        "ask for floats instead (exact=False)"
    )


def _multiply(a: Sequence[Fraction], b: Sequence[Fraction]) -> Series:
    return [sum((x * y for x, y in zip(a[: n + 1], b[n::-1], strict=True)), Fraction(0)) for n in range(len(a))]


def _power(series: Sequence[Fraction], exponent: Fraction, *, exact: bool) -> Series:
    """Real power of a series with constant term, by its differential equation f g' = t f' g for g = f^t."""
    lead = _rational_power(series[0], exponent) if exact else _nearby_power(series[0], exponent)
    f = [x / series[0] for x in series]
    g = [Fraction(1)]
    for n in range(1, len(f)):
        total = sum(((k * exponent - (n - k)) * f[k] * g[n - k] for k in range(1, n + 1)), Fraction(0))
        g.append(total / n)
    return [lead * x for x in g]


def _nearby_power(base: Fraction, exponent: Fraction) -> Fraction:
    """``base ** exponent``, rounded to a double where it is not an integer power."""
    if exponent.denominator == 1:
        return Fraction(base**exponent.numerator)
    return Fraction(float(base) ** float(exponent))


def _rational_power(base: Fraction, exponent: Fraction) -> Fraction:
    """``base ** exponent`` where it is rational."""
    p, q = exponent.numerator, exponent.denominator
    roots = [_integer_root(abs(x), q) for x in (base.numerator, base.denominator)]
    if None in roots or (base < 0 and q % 2 == 0):
        raise ValueError(
            f"the mean {1 / base} to the power {float(exponent)} is not rational, so these moments have no exact "
            "form; ask for floats instead (exact=False), or divide the factor by its mean"
        )
    root = Fraction(*roots)  # type: ignore[arg-type]
    return (-root if base < 0 else root) ** p


def _integer_root(value: int, degree: int) -> int | None:
    """The integer whose power of this degree is `value`, or None."""
    if value < 2 or degree == 1:
        return value
    if degree > value.bit_length():
        return None
    low, high = 1, 1 << (value.bit_length() // degree + 1)
    while low < high:
        middle = (low + high) // 2
        if middle**degree < value:
            low = middle + 1
        else:
            high = middle
    return low if low**degree == value else None
