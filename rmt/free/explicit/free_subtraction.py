"""Exact free deconvolution: the law Y with X = Y ⊞ noise, or X = Y ⊠ noise, for laws X and noise.

Free cumulants subtract and S-transforms divide, so the result is a node with a negative weight. Most often algebra
removes it: equal terms cancel, variances of semicircles and rates of free Poisson laws subtract. Where one is left, G
of the result is followed from infinity down to the real line through R (or S): the arguments leave the upper half
plane of the factors, which is analytic continuation and needs these transforms in closed form.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

import numpy as np

from rmt._cached import cached_property
from rmt.errors import ConvergenceError
from rmt.free.expressions.closed_forms import plain, recognise
from rmt.free.expressions.computed_law import law_of
from rmt.free.expressions.exact_moments import moments as series_moments
from rmt.free.expressions.leaves import as_sum, rewrite
from rmt.free.expressions.printing import expression
from rmt.free.expressions.tree import (
    AffineNode,
    Compound,
    Leaf,
    Node,
    Product,
    Sum,
    affine,
    free_product,
    free_sum,
    node_of,
)
from rmt.laws.atomic import Atomic
from rmt.laws.given.inverted import InvertedLaw, RInvertedLaw, SInvertedLaw
from rmt.laws.given.moment_sequence import jacobi_coefficients
from rmt.laws.law import Complex, Law
from rmt.laws.named.free_jacobi import Wachter
from rmt.laws.named.marchenko_pastur import FreePoisson, MarchenkoPastur

Terms = list[tuple[Node, Any]]

#: moments whose Hankel determinants are checked
_ORDER = 16


def difference_node(law: Law, noise: Law) -> Node:
    """Node of R_law − R_noise, simplified as far as it goes; weights may be negative."""
    terms = [*_summands(node_of(law), 1), *_summands(node_of(noise), -1)]
    return recognise(free_sum(_merge_compounds(terms)))


def quotient_node(law: Law, noise: Law) -> Node:
    """Node of S_law / S_noise, simplified as far as it goes; weights may be negative."""
    terms = [*_factors(node_of(law), 1), *_factors(node_of(noise), -1)]
    return recognise(free_product(_free_poisson_quotients(terms)))


def _free_poisson_quotients(terms: Terms) -> Terms:
    """Of free Poisson laws of jump 1, S = 1/(rate + m), where the divisor has the larger rate: a Wachter law."""
    above = [i for i, (node, t) in enumerate(terms) if t == 1 and _unit_rate(node) is not None]
    below = [i for i, (node, t) in enumerate(terms) if t == -1 and _unit_rate(node) is not None]
    result: dict[int, tuple[Node, Any]] = dict(enumerate(terms))
    for j in below:
        b = _unit_rate(terms[j][0])
        rates = {i: _unit_rate(terms[i][0]) for i in above if i in result}
        match = next((i for i, a in rates.items() if a is not None and b is not None and a <= b), None)
        if match is not None and b is not None:
            a = rates[match]
            assert a is not None
            above.remove(match)
            del result[j]
            result[match] = (Leaf(Wachter(plain(a), plain(b - a))), 1) if a < b else (Leaf(_point(1)), 1)
    return list(result.values())


def _unit_rate(node: Node) -> Fraction | None:
    """The rate of a free Poisson law of jump 1."""
    if isinstance(node, Leaf) and isinstance(node.law, FreePoisson | MarchenkoPastur):
        rate, jump = node.law._rate_and_jump()
        return Fraction(rate) if jump == 1 else None
    return None


def is_resolved(node: Node) -> bool:
    """Whether no negative weight is left."""
    core = node.child if isinstance(node, AffineNode) else node
    return not isinstance(core, Sum | Product) or all(t > 0 for _, t in core.terms)


def _summands(node: Node, weight: Any) -> Terms:
    """The terms of a free sum, named laws that are sums taken apart."""
    shift: Any = 0
    scale: Any = 1
    if isinstance(node, AffineNode):
        shift, scale, node = node.shift, node.scale, node.child
    parts = [(node, 1)]
    expression = as_sum(node.law) if isinstance(node, Leaf) else None
    if isinstance(node, Sum):
        parts = list(node.terms)
    elif isinstance(expression, Sum):
        parts = list(expression.terms)
    elif isinstance(expression, AffineNode) and isinstance(expression.child, Sum):
        return _summands(affine(affine(expression.child, expression.scale, expression.shift), scale, shift), weight)
    found = [(affine(child, scale, 0), weight * t) for child, t in parts]
    return [*found, (Leaf(_point(weight * shift)), 1)] if shift != 0 else found


def _point(position: Any) -> Law:
    return Atomic((position,), (1,))


def _merge_compounds(terms: Terms) -> Terms:
    """Rates of compound free Poisson laws with the same jumps add."""
    rates: dict[Node, Any] = {}
    rest: Terms = []
    for node, t in terms:
        if isinstance(node, Compound):
            rates[node.child] = rates.get(node.child, 0) + t * node.rate
        else:
            rest.append((node, t))
    for jumps, rate in rates.items():
        if rate != 0:
            rest.append((Compound(jumps, abs(rate)), 1 if rate > 0 else -1))
    return rest


def _factors(node: Node, weight: Any) -> Terms:
    """The factors of a free product, named laws that are products taken apart."""
    if isinstance(node, AffineNode) and node.shift == 0:
        return [*_factors(node.child, weight), (Leaf(_point(node.scale)), weight)]
    law = node.law if isinstance(node, Leaf) else None
    if isinstance(law, FreePoisson | MarchenkoPastur):
        rate, jump = law._rate_and_jump()
        return [(Leaf(FreePoisson(rate, 1)), weight), (Leaf(_point(jump)), weight)]
    expression = None if law is None else rewrite(law)
    parts = node.terms if isinstance(node, Product) else expression.terms if isinstance(expression, Product) else None
    if parts is None:
        return [(node, weight)]
    return [term for child, t in parts for term in _factors(child, weight * t)]


# ---------------------------------------------------------------------- laws by continuation
class _Continued(InvertedLaw):
    """The law of a node with weights that the solver does not take: negative ones, and powers below 1."""

    @property
    @abstractmethod
    def _node(self) -> Node:
        """The sum or product."""

    @cached_property
    def _terms(self) -> tuple[tuple[Law, float], ...]:
        core = self._node.child if isinstance(self._node, AffineNode) else self._node
        return tuple((law_of(child), float(t)) for child, t in zip(core.children, core.weights, strict=True))

    def _exact_moments(self, order: int) -> list[Fraction]:
        return series_moments(self._node, order)

    def _float_moments(self, order: int) -> list[float]:
        try:
            return [float(m) for m in series_moments(self._node, order)]
        except ValueError:
            return [float(m) for m in series_moments(self._node, order, exact=False)]

    def _require_moments(self) -> None:
        """Refuse moments that are not those of a probability law."""
        try:
            moments: Sequence[Any] = series_moments(self._node, _ORDER)[1:]
        except ValueError:
            try:
                moments = series_moments(self._node, _ORDER, exact=False)[1:]
            except ValueError:  # a law without moments
                return
        try:
            jacobi_coefficients(moments)
        except ValueError as error:
            raise ValueError(f"{self!r} is not a probability law: {error}") from None

    def checked(self) -> Self:
        """Return the law, if it is a probability law.

        Raises
        ------
        ValueError
            If it is not.
        ConvergenceError
            If it could not be computed.
        """
        self._require_moments()
        try:
            return self.validated()
        except ValueError as error:
            raise ValueError(f"{self!r} is not a probability law: {error}") from None
        except ConvergenceError as error:
            raise ConvergenceError(
                f"{self!r} could not be computed: {error}. Where R and S of the laws are not known in closed form, "
                "rmt.free_deconvolve estimates the result on a grid"
            ) from None


def _reflected(transform: Callable[[Complex], Complex], at: Complex, at_zero: float) -> Complex:
    """A transform that laws know on the closed lower half plane, at any points; `at_zero` is its value at 0."""
    value = np.full_like(at, at_zero)
    away = at != 0.0
    value[away] = transform(np.where(at.imag > 0.0, at.conj(), at)[away])
    return np.where(at.imag > 0.0, value.conj(), value)


class _ContinuedSum(_Continued, RInvertedLaw):
    """R = Σ t_i R_i."""

    @cached_property
    def _shift(self) -> float:
        return float(self._node.shift) if isinstance(self._node, AffineNode) else 0.0

    def _r_values(self, g: Complex) -> Complex:
        total = np.full_like(g, self._shift)
        with np.errstate(all="ignore"):
            for law, t in self._terms:
                at_zero = law.mean() if (g == 0.0).any() else 0.0
                total += t * _reflected(law._r_transform, g, at_zero)
        return total


@dataclass(frozen=True, repr=False)
class FreeDifference(_ContinuedSum):
    """The law Y with ``law = Y ⊞ noise``; built by :func:`rmt.free_subtract`.

    Attributes
    ----------
    law, noise : Law
    """

    law: Law
    noise: Law

    def __repr__(self) -> str:
        return f"free_subtract({self.law!r}, {self.noise!r})"

    @cached_property
    def _node(self) -> Node:
        return difference_node(self.law, self.noise)


@dataclass(frozen=True, repr=False)
class FreeQuotient(_Continued, SInvertedLaw):
    """The law Y on [0, ∞) with ``law = Y ⊠ noise``; built by :func:`rmt.free_divide`.

    Attributes
    ----------
    law, noise : Law
    """

    law: Law
    noise: Law

    def __repr__(self) -> str:
        return f"free_divide({self.law!r}, {self.noise!r})"

    @cached_property
    def _node(self) -> Node:
        return quotient_node(self.law, self.noise)

    @cached_property
    def _scale(self) -> float:
        return float(self._node.scale) if isinstance(self._node, AffineNode) else 1.0

    def _s_values(self, m: Complex) -> Complex:
        total = np.full_like(m, 1.0 / self._scale)
        with np.errstate(all="ignore"):
            for law, t in self._terms:
                value = _reflected(law._s_transform, m, 1.0 / law.mean())
                total *= value ** (int(t) if t == int(t) else t)
        return total


@dataclass(frozen=True, repr=False)
class SmallPowers(_ContinuedSum):
    """A free sum with powers below 1 that algebra does not resolve; built by :func:`rmt.boxplus`.

    Attributes
    ----------
    node : Node
        The sum.
    """

    node: Node

    def __repr__(self) -> str:
        return expression(self.node)

    @property
    def _node(self) -> Node:
        return self.node


def small_powers(node: Node) -> Law:
    """The law of a sum that has powers below 1, validated.

    Raises
    ------
    ValueError
        If it is not a probability law, or that could not be told.
    """
    result = SmallPowers(node)
    open_terms = list(_without_transform(result._terms, multiplicative=False))
    if not open_terms:
        return result.checked()
    result._require_moments()
    raise ValueError(
        f"{result!r} is not known to be a probability law: powers t >= 1 always exist (Belinschi-Bercovici 2004), "
        "all t > 0 for the free infinitely divisible laws only (Bercovici-Voiculescu 1993; here semicircle, free "
        "Poisson, compound free Poisson, Gaussian, Cauchy and their sums), others where R can be continued, and "
        f"that of {open_terms[0]!r} is not known in closed form. The free cumulants would be t times those of the law: "
        "law.free_cumulants(k)"
    )


def deconvolved(law: Law, noise: Law, *, multiplicative: bool) -> Law:
    """The law of a node with a negative weight, validated."""
    result = FreeQuotient(law, noise) if multiplicative else FreeDifference(law, noise)
    open_terms = list(_without_transform(result._terms, multiplicative))
    if open_terms:
        result._require_moments()
        name = "S" if multiplicative else "R"
        raise ConvergenceError(
            f"{result!r} could not be computed: it needs the {name}-transform of {open_terms[0]!r} beyond the image of "
            "its G, which is not known in closed form. rmt.free_deconvolve estimates the result on a grid"
        )
    return result.checked()


def _without_transform(terms: Iterable[tuple[Law, float]], multiplicative: bool) -> Iterable[Law]:
    """Laws whose R or S is not in closed form on the lower half plane."""
    probe = np.array([-3e3j, -0.5 - 0.5j, 2.0 - 1e-3j])
    for law, _ in terms:
        with np.errstate(all="ignore"):
            value = law._s_transform(probe) if multiplicative else law._r_transform(probe)
        if not np.isfinite(value).all():
            yield law
