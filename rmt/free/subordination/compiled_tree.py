"""From an expression tree to the flat arrays that the compiled solver runs."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt.errors import ConvergenceError
from rmt.free.expressions.computed_law import law_of
from rmt.free.expressions.leaves import leaf_parameters, location, rewrite
from rmt.free.expressions.tree import (
    AffineNode,
    BooleanSum,
    Compound,
    Inverse,
    Leaf,
    Mixture,
    Monotone,
    Node,
    Product,
    Square,
    Sum,
    SymmetricRoot,
    affine,
    free_product,
    free_sum,
    point_mass_position,
    post_order,
)
from rmt.free.subordination import newton_kernels as kinds
from rmt.free.subordination.newton_kernels import Anchors, CompiledTree, State
from rmt.laws.law import Law

#: most parts of an expression, shared ones written out, that are solved for
LARGEST = 200_000
#: mass that is no rounding error
_SOME_MASS = 1e-6

_KINDS: dict[str, int] = {
    "sum": kinds.SUM,
    "product": kinds.PRODUCT,
    "compound": kinds.COMPOUND,
    "affine": kinds.AFFINE,
    "mixture": kinds.MIXTURE,
    "square": kinds.SQUARE,
    "root": kinds.ROOT,
    "inverse": kinds.INVERSE,
}


@dataclass
class _Entry:
    """A node on its way to the arrays."""

    kind: int
    children: list[_Entry]
    weights: list[float]
    params: list[float]
    length: int
    centre: float
    spread: float
    signed: int = -1  # index among the children


def elementary(node: Node, *, flatten: bool = True) -> Node:
    """Rewrite leaves that are themselves free expressions (Fuss-Catalan, Kesten-McKay, Jacobi) as such.

    A node in which nothing is to be rewritten is returned itself, with what is known of it.
    """
    key = "_elementary" if flatten else "_placed"
    for part in post_order(node, known=key):
        done = _elementary_part(part, key, flatten)
        part.__dict__[key] = part if done == part else done
    result: Node = node.__dict__[key]
    return result


def _elementary_part(node: Node, key: str, flatten: bool) -> Node:
    """The elementary form of a node whose children have theirs."""
    if isinstance(node, Leaf):
        expression = rewrite(node.law)
        return node if expression is None else elementary(expression)
    if isinstance(node, BooleanSum | Monotone):
        return Leaf(law_of(node))  # on panels: these have no formula for the log-potential
    children = [child.__dict__[key] for child in node.children]
    if isinstance(node, Sum | Product | Mixture):
        terms = list(zip(children, node.weights, strict=True))
        if isinstance(node, Sum):
            terms = [_without_small_weight(child, t) for child, t in terms]
        if flatten and isinstance(node, Sum | Product):
            return free_sum(terms) if isinstance(node, Sum) else free_product(terms)
        return type(node)(tuple(terms))
    if isinstance(node, AffineNode):
        return affine(children[0], node.scale, node.shift)
    return node._from_parts(node.parameters, tuple(children))


def _without_small_weight(node: Node, weight: Any) -> tuple[Node, Any]:
    """A free power below 1 of an infinitely divisible law has to be a law with other parameters."""
    if weight >= 1:
        return node, weight
    from rmt.free.expressions.divisible_laws import infinitely_divisible_power

    power = infinitely_divisible_power(node, weight)
    return (node, weight) if power is None else (elementary(power), 1)


def compile_program(node: Node) -> tuple[CompiledTree, State, bool, float]:
    """Arrays of a tree whose root is a sum, a product or a compound free Poisson law.

    Returns
    -------
    program, state, root_log, height
        `root_log` says that targets are logarithms (product of positive laws); `height` is where paths start.
    """
    root = _entry(node)
    order = [root]
    weights = [1.0]
    first, last = [], []
    for entry in order:
        first.append(len(order))
        order.extend(entry.children)
        weights.extend(entry.weights)
        last.append(len(order))
    params: list[float] = []
    offset, length = [], []
    for entry in order:
        offset.append(len(params))
        length.append(entry.length)
        params.extend(entry.params)
    n = len(order)
    relative = np.zeros(n, dtype=np.bool_)
    for i, entry in enumerate(order):
        relative[first[i] : last[i]] = relative[i] or entry.kind == kinds.PRODUCT
    program = CompiledTree(
        kind=np.array([e.kind for e in order], dtype=np.int64),
        first=np.array(first, dtype=np.int64),
        last=np.array(last, dtype=np.int64),
        weight=np.array(weights),
        offset=np.array(offset, dtype=np.int64),
        length=np.array(length, dtype=np.int64),
        params=np.array([*params, 0.0, 0.0]),
        centre=np.array([e.centre for e in order]),
        spread=np.array([e.spread for e in order]),
        signed=np.array([f + e.signed if e.signed >= 0 else -1 for f, e in zip(first, order, strict=True)]),
        relative=relative,
    )
    root_log = root.kind == kinds.PRODUCT and root.signed < 0
    return program, new_state(n), root_log, 0.8 * math.pi if root_log else 6.0 * root.spread


def new_state(n: int) -> State:
    """Work arrays for `n` nodes."""
    real = {"error": np.float64, "pivot": np.int64, "flipped": np.bool_}
    return State(*(np.zeros(n, dtype=real.get(name, np.complex128)) for name in State._fields))


def new_anchors(n: int) -> Anchors:
    """Room for solutions at fixed places."""
    slots = max(64, min(2048, (1 << 18) // n))
    return Anchors(
        key=np.full(slots, np.iinfo(np.int64).min),
        code=np.zeros(slots, dtype=np.int64),
        argument=np.empty((slots, n), dtype=np.complex128),
        log_argument=np.empty((slots, n), dtype=np.complex128),
        flipped=np.empty((slots, n), dtype=np.bool_),
    )


def _entry(node: Node) -> _Entry:
    """The entry of a node; parts that are shared have theirs in common."""
    _check_size(node)
    for part in post_order(node, known="_entry"):
        children = [child.__dict__["_entry"] for child in part.children]
        part.__dict__["_entry"] = _entry_from(part, children)
    entry: _Entry = node.__dict__["_entry"]
    return entry


def _check_size(node: Node) -> None:
    """Refuse an expression that is too large with its shared parts written out, as every argument is its own.

    Raises
    ------
    ValueError
        With the number of parts.
    """
    order = post_order(node)
    sizes: dict[int, int] = {}
    for part in order:
        copies = 2 if isinstance(part, Square) else 1
        sizes[id(part)] = 1 + copies * sum(sizes[id(child)] for child in part.children)
    if sizes[id(node)] > LARGEST:
        raise ValueError(
            f"this expression has {len(order)} different parts, but about 10^{_digits(sizes[id(node)])} where shared "
            f"ones are written out, each with an argument of its own in the equations; at most {LARGEST} are solved. "
            "Moments need no arguments; or put a shared part on panels first (Law.from_pdf)"
        )


def _digits(count: int) -> int:
    """Decimal logarithm of a count, rounded down, however large it is."""
    return int(math.log10(2.0) * (count.bit_length() - 1) + math.log10(count / (1 << (count.bit_length() - 1))))


def _entry_from(node: Node, children: list[_Entry]) -> _Entry:
    """The entry of a node from those of its children."""
    if isinstance(node, Leaf):
        code, parameters, size = leaf_parameters(node.law)
        centre, spread = location(node.law)
        return _Entry(code, [], [], parameters, size, centre, spread)
    if isinstance(node, Product):
        return _product_entry(node, children)
    if isinstance(node, Square):
        (child,) = children
        c, s = child.centre, child.spread
        return _Entry(kinds.SQUARE, [child, child], [1.0, 1.0], [], 0, c * c + s * s, s * (2.0 * abs(c) + s))
    weights = [float(t) for t in node.weights]
    centre, spread, parameters = _combined_location(node, children, weights)
    return _Entry(_KINDS[node.kind], children, weights, parameters, 0, centre, spread)


def _combined_location(node: Node, children: list[_Entry], weights: list[float]) -> tuple[float, float, list[float]]:
    """Centre and spread of a node from those of its children, and its own parameters."""
    child = children[0]
    if isinstance(node, Sum):
        pairs = list(zip(weights, children, strict=True))
        return (
            math.fsum(t * c.centre for t, c in pairs),
            math.hypot(*(math.sqrt(t) * c.spread for t, c in pairs)),
            [],
        )
    if isinstance(node, Mixture):
        pairs = list(zip(weights, children, strict=True))
        centre = math.fsum(p * c.centre for p, c in pairs)
        return centre, math.hypot(*(math.sqrt(p) * math.hypot(c.spread, c.centre - centre) for p, c in pairs)), []
    if isinstance(node, Compound):
        rate = float(node.rate)
        return rate * child.centre, math.sqrt(rate) * math.hypot(child.centre, child.spread), [rate]
    if isinstance(node, AffineNode):
        scale, shift = float(node.scale), float(node.shift)
        return scale * child.centre + shift, abs(scale) * child.spread, [scale, shift]
    if isinstance(node, SymmetricRoot):
        return 0.0, math.sqrt(child.centre), []
    assert isinstance(node, Inverse)
    at_zero = complex(law_of(node.child).log_potential(0.0))
    size = 1.0 / (abs(child.centre) + child.spread)
    return math.copysign(size, child.centre), size, [at_zero.real, at_zero.imag]


def _product_entry(node: Product, entries: list[_Entry]) -> _Entry:
    """Point masses of a product shift log x; at most one factor may take negative values."""
    log_scale = 0.0
    children: list[_Entry] = []
    weights: list[float] = []
    signs: list[bool] = []
    for (child, t), entry in zip(node.terms, entries, strict=True):
        position = point_mass_position(child)
        if position is None:
            children.append(entry)
            weights.append(float(t))
            signs.append(is_positive(child))
        else:
            log_scale += float(t) * math.log(position)
    signed = signs.index(False) if False in signs else -1
    log_mean = log_scale
    relative = 0.0
    for i, (t, c) in enumerate(zip(weights, children, strict=True)):
        if i != signed:
            log_mean += t * math.log(c.centre)
            relative += t * (c.spread / c.centre) ** 2
    mean = math.exp(min(log_mean, 700.0))
    if signed < 0:
        centre, spread = mean, mean * math.sqrt(relative)
    else:
        c = children[signed]
        centre, spread = mean * c.centre, mean * math.hypot(c.spread, c.centre * math.sqrt(relative))
    return _Entry(kinds.PRODUCT, children, weights, [log_scale], 0, centre, spread, signed)


def is_positive(node: Node) -> bool:
    """Whether the law of `node` lives on [0, ∞)."""
    for part in post_order(node, known="_surely_positive"):
        part.__dict__["_surely_positive"] = _surely_positive(part)
    kept: bool | None = node.__dict__.get("_positive")
    if kept is None:
        kept = node.__dict__["_surely_positive"] or not _takes_negative_values(law_of(node))
        node.__dict__["_positive"] = kept
    return kept


def _surely_positive(node: Node) -> bool:
    """Whether the law of `node` lives on [0, ∞) because its children do."""
    positive = [child.__dict__["_surely_positive"] for child in node.children]
    if isinstance(node, Leaf):
        return node.law._hull()[0] >= 0.0
    if isinstance(node, Sum | Product | Mixture | BooleanSum | Compound | Inverse):
        return all(positive)
    if isinstance(node, AffineNode):
        return bool(node.scale > 0 and node.shift >= 0 and positive[0])
    return isinstance(node, Square)


def is_negative(node: Node) -> bool:
    """Whether the law of `node` lives on (-∞, 0]."""
    law = law_of(node)
    with suppress(ConvergenceError):
        if law.sf(0.0) > _SOME_MASS:
            return False
    return law._hull()[1] <= 0.0


def _takes_negative_values(law: Law) -> bool:
    """By the mass below 0 where that is not small, else by the support, whose search takes longer."""
    with suppress(ConvergenceError):
        if law.cdf(0.0) - dict(law.atoms).get(0.0, 0.0) > _SOME_MASS:
            return True
    return law._hull()[0] < 0.0
