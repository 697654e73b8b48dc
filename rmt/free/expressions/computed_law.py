"""Laws that are free expressions: what all of them share."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from rmt._cached import cached_property
from rmt.free.expressions.tree import AffineNode, Leaf, Node, Square, affine, post_order
from rmt.laws.law import Complex, Law
from rmt.laws.maps.affine import Affine as AffineLaw
from rmt.laws.maps.pushforward import Squared

#: parts of an expression up to which moments are computed exactly before they are rounded
_FEW_PARTS = 60
#: even order of the moment that says whether far higher ones exceed the largest float
_TRIAL_ORDER = 64


_Kind = TypeVar("_Kind", bound="ComputedLaw")
#: the class of law for each kind of node: :func:`represents` enters it where the class is defined
_CLASSES: dict[str, type[ComputedLaw]] = {}


def represents(*kinds: str) -> Callable[[type[_Kind]], type[_Kind]]:
    """Enter a class as that of the laws of nodes of these kinds."""

    def enter(cls: type[_Kind]) -> type[_Kind]:
        _CLASSES.update(dict.fromkeys(kinds, cls))
        return cls

    return enter


@dataclass(frozen=True, repr=False)
class ComputedLaw(Law):
    """A law given by an expression in other laws; nothing is computed before it is asked for.

    Built by the functions of :mod:`rmt.free`, not directly. ``repr`` is the expression, and evaluating it gives an
    equal law where its parts allow that (a law made from a function shows the function).

    Attributes
    ----------
    node : Node
        The expression (:mod:`rmt.free.expressions.tree`).

    Examples
    --------
    >>> import rmt
    >>> law = rmt.boxplus(rmt.Uniform(), rmt.Semicircle())
    >>> law, len(law.subordination(1j))
    (boxplus(Uniform(low=-1, high=1), Semicircle(mean=0, variance=1)), 2)
    """

    node: Node

    def __repr__(self) -> str:
        from rmt.free.expressions.printing import expression

        return expression(self.node)

    def __post_init__(self) -> None:
        # the law of its node: what is computed for it serves wherever it is a part
        self.node.__dict__.setdefault("_law", self)

    def __hash__(self) -> int:
        return hash(self.node)

    @property
    def factors(self) -> tuple[tuple[Law, Any], ...]:
        """The laws this one is built from, each with its weight or power."""
        return tuple(zip(self._child_laws, self.node.weights, strict=True))

    @cached_property
    def _child_laws(self) -> tuple[Law, ...]:
        return tuple(law_of(child) for child in self.node.children)

    # ------------------------------------------------------------------ moments
    def _exact_moments(self, order: int) -> list[Fraction]:
        from rmt.free.expressions.exact_moments import moments

        return moments(self.node, order)

    def _float_moments(self, order: int) -> list[float]:
        from rmt.free.expressions.exact_moments import moments, rounded_moments

        if order > _TRIAL_ORDER:
            self._refuse_growth(order)
        small = len(post_order(self.node)) <= _FEW_PARTS
        refusal = None
        for exact in (True, False) if small else (False,):
            try:
                found = moments(self.node, order, exact=exact) if small else rounded_moments(self.node, order)
                return self._as_floats(found, "ask for exact=True" if exact else "ask for fewer")
            except ValueError as error:  # a leaf without rational moments, a real power of a mean
                refusal = error
        if refusal is not None and not all(map(math.isfinite, self._hull())):
            raise refusal
        nodes, weights = self._expectation_rule()
        with np.errstate(over="ignore", invalid="ignore"):
            values = [float(weights @ nodes**k) for k in range(order + 1)]
        if not np.isfinite(values).all():
            raise OverflowError(f"a moment of order <= {order} of {self!r} exceeds the largest float; ask for fewer")
        return values

    def _refuse_growth(self, order: int) -> None:
        """Refuse an order at once where a low one shows it: E[X^2k]^(1/2k) never decreases (Lyapunov)."""
        low = self._float_moments(_TRIAL_ORDER)[_TRIAL_ORDER]
        if low > 0.0 and (order - order % 2) / _TRIAL_ORDER * math.log(low) > math.log(sys.float_info.max):
            raise OverflowError(f"a moment of order <= {order} of {self!r} exceeds the largest float; ask for fewer")

    def _as_floats(self, moments: list[Fraction], remedy: str) -> list[float]:
        try:
            return [float(m) for m in moments]
        except OverflowError:
            raise OverflowError(
                f"a moment of order <= {len(moments) - 1} of {self!r} exceeds the largest float; {remedy}"
            ) from None

    def _affine(self, scale: Any, shift: Any) -> Law:
        return law_of(affine(self.node, scale, shift))


def law_of(node: Node) -> Law:
    """The law of a node; one object per node, so that its support is searched once."""
    if isinstance(node, Leaf):
        return node.law
    kept: Law | None = node.__dict__.get("_law")
    if kept is None:
        kept = node.__dict__.setdefault("_law", _new_law(node))
    return kept


def _new_law(node: Node) -> Law:
    if isinstance(node, AffineNode):
        return AffineLaw(law_of(node.child), node.scale, node.shift)
    if isinstance(node, Square):
        return Squared(law_of(node.child))
    return _CLASSES[node.kind](node)


def upper(z: ArrayLike) -> Complex:
    """Complex array in the closed upper half plane from a real one or one that is there already."""
    out = np.array(z, dtype=np.complex128)
    out.imag[out.imag == 0.0] = 0.0
    return out
