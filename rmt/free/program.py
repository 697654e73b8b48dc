"""From an expression tree to the flat arrays that the compiled solver runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt.free import tree_kernels as kinds
from rmt.free.computed import law_of
from rmt.free.leaves import leaf_parameters, location, rewrite
from rmt.free.tree import (
    Affine,
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
from rmt.free.tree_kernels import Anchors, Program, State

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
    if isinstance(node, Affine):
        return affine(children[0], node.scale, node.shift)
    return node._from_parts(node.parameters, tuple(children))


def _without_small_weight(node: Node, weight: Any) -> tuple[Node, Any]:
    """A free power below 1 of an infinitely divisible law has to be a law with other parameters."""
    if weight >= 1:
        return node, weight
    from rmt.free.divisible import infinitely_divisible_power

    power = infinitely_divisible_power(node, weight)
    return (node, weight) if power is None else (power, 1)


def compile_program(node: Node) -> tuple[Program, State, bool, float]:
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
    program = Program(
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
    if isinstance(node, Leaf):
        code, parameters, size = leaf_parameters(node.law)
        centre, spread = location(node.law)
        return _Entry(code, [], [], parameters, size, centre, spread)
    if isinstance(node, Product):
        return _product_entry(node)
    if isinstance(node, Square):
        child = _entry(node.child)
        children = [child, _entry(node.child)]
        c, s = child.centre, child.spread
        return _Entry(kinds.SQUARE, children, [1.0, 1.0], [], 0, c * c + s * s, s * (2.0 * abs(c) + s))
    children = [_entry(child) for child in node.children]
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
            math.sqrt(math.fsum(t * c.spread**2 for t, c in pairs)),
            [],
        )
    if isinstance(node, Mixture):
        pairs = list(zip(weights, children, strict=True))
        centre = math.fsum(p * c.centre for p, c in pairs)
        return centre, math.sqrt(math.fsum(p * (c.spread**2 + (c.centre - centre) ** 2) for p, c in pairs)), []
    if isinstance(node, Compound):
        rate = float(node.rate)
        return rate * child.centre, math.sqrt(rate * (child.centre**2 + child.spread**2)), [rate]
    if isinstance(node, Affine):
        scale, shift = float(node.scale), float(node.shift)
        return scale * child.centre + shift, abs(scale) * child.spread, [scale, shift]
    if isinstance(node, SymmetricRoot):
        return 0.0, math.sqrt(child.centre), []
    assert isinstance(node, Inverse)
    at_zero = complex(law_of(node.child).log_potential(0.0))
    size = 1.0 / (abs(child.centre) + child.spread)
    return math.copysign(size, child.centre), size, [at_zero.real, at_zero.imag]


def _product_entry(node: Product) -> _Entry:
    """Point masses of a product shift log x; at most one factor may take negative values."""
    log_scale = 0.0
    factors: list[tuple[Node, float]] = []
    for child, t in node.terms:
        position = point_mass_position(child)
        if position is None:
            factors.append((child, float(t)))
        else:
            log_scale += float(t) * math.log(position)
    children = [_entry(child) for child, _ in factors]
    weights = [t for _, t in factors]
    signs = [is_positive(child) for child, _ in factors]
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
    if isinstance(node, Leaf):
        return node.law._hull()[0] >= 0.0
    if isinstance(node, Product | Mixture | BooleanSum | Compound) and all(map(is_positive, node.children)):
        return True
    if isinstance(node, Sum) and all(map(is_positive, node.children)):
        return True
    if isinstance(node, Affine) and node.scale > 0 and node.shift >= 0 and is_positive(node.child):
        return True
    if isinstance(node, Square):
        return True
    return law_of(node)._hull()[0] >= 0.0
