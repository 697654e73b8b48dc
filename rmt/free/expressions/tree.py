"""Expression trees: how a law built by free operations is represented.

Protocol
--------
A node is a frozen, hashable dataclass; equal expressions are equal nodes. Every node has

``kind``
    a class attribute, one of ``"leaf" "sum" "product" "compound" "affine" "mixture" "boolean" "monotone"
    "square" "root" "inverse"``;
``children``
    the tuple of nodes it is built from (empty for a leaf);
``weights``
    one real number per child (``int``, ``Fraction`` or ``float``, kept as given so that exact stays exact).

What a node means, in terms of the Boolean self-energy ``k(z) = z - 1/G(z)`` and of R, S of its children:

=========  =======================================  =====================================================
kind       fields                                   law
=========  =======================================  =====================================================
leaf       ``law``                                  the law itself (never a :class:`ComputedLaw`)
sum        ``children, weights``                    R = Σ t_i R_i (free sum, real free powers)
product    ``children, weights``                    S = Π S_i^{t_i}; all factors on [0, ∞) except at most one,
                                                    which then has weight 1 and may be any law
compound   ``child, rate``                          R(g) = rate ∫ t/(1 - t g) ν(dt) (compound free Poisson)
affine     ``child, scale, shift``                  law of scale X + shift, scale ≠ 0
mixture    ``children, weights``                    G = Σ p_i G_i
boolean    ``children, weights``                    k = Σ t_i k_i, all at the same z
monotone   ``first, second``                        F = F_first ∘ F_second
square     ``child``                                law of X²
root       ``child``                                symmetric law whose square is the child (child on [0, ∞))
inverse    ``child``                                law of 1/X (child without atom at 0)
=========  =======================================  =====================================================

The builders at the end of the module put a node into canonical form: sums of sums and products of products are
flattened, equal children merged into their weights, point masses and affine maps absorbed. ``node_of(law)`` is the
node of any law.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from rmt.laws.atomic import Atomic, AtomicLaw
from rmt.laws.law import Law
from rmt.laws.maps.affine import Affine as AffineLaw
from rmt.laws.maps.pushforward import Squared

#: a weight or a parameter: int, Fraction or float
Number = Any


@dataclass(frozen=True, eq=False)
class Node:
    """A law as an expression in other laws; see the module's docstring for the protocol.

    Nothing here recurses, so that expressions may be nested as deeply as one likes: a node hashes, compares and
    pickles by the list of the nodes below it, each of which counts once however often it is shared. The hash, and
    what is derived from a node elsewhere (its law), are kept on it and left out of pickles.
    """

    kind: ClassVar[str]

    @property
    def children(self) -> tuple[Node, ...]:
        """The nodes this one is built from."""
        return ()

    @property
    def weights(self) -> tuple[Number, ...]:
        """One real number per child."""
        return (1,) * len(self.children)

    @property
    def parameters(self) -> tuple[Any, ...]:
        """All that the node holds besides its children."""
        return ()

    @classmethod
    def _from_parts(cls, parameters: tuple[Any, ...], children: tuple[Node, ...]) -> Node:
        return cls(*children, *parameters)

    def __hash__(self) -> int:
        kept: int | None = self.__dict__.get("_hash")
        if kept is None:
            for node in post_order(self, known="_hash"):
                kept = hash((node.kind, node.parameters, tuple(map(hash, node.children))))
                node.__dict__["_hash"] = kept
        assert kept is not None
        return kept

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        if hash(self) != hash(other):
            return False
        pairs: list[tuple[Node, Node]] = [(self, other)]
        compared: set[tuple[int, int]] = set()
        while pairs:
            a, b = pairs.pop()
            if a is b or (id(a), id(b)) in compared:
                continue
            compared.add((id(a), id(b)))
            if type(a) is not type(b) or a.parameters != b.parameters or len(a.children) != len(b.children):
                return False
            pairs.extend(zip(a.children, b.children, strict=True))
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        order = post_order(self)
        place = {id(node): i for i, node in enumerate(order)}
        parts = [(type(node), node.parameters, tuple(place[id(c)] for c in node.children)) for node in order]
        return _from_list, (parts,)


def post_order(root: Node, *, known: str | None = None) -> list[Node]:
    """Every node of an expression once, children before parents.

    Parameters
    ----------
    root : Node
    known : str, optional
        Leave out the nodes that keep a value of this name already, and what only they are built from.
    """
    order: list[Node] = []
    seen: set[int] = set()
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in seen and (known is None or known not in node.__dict__):
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node.children))
    return order


def _from_list(parts: Sequence[tuple[type[Node], tuple[Any, ...], tuple[int, ...]]]) -> Node:
    """The last of a list of nodes given by their class, their parameters and the places of their children."""
    nodes: list[Node] = []
    for kind, parameters, places in parts:
        nodes.append(kind._from_parts(parameters, tuple(nodes[i] for i in places)))
    return nodes[-1]


@dataclass(frozen=True, eq=False)
class Leaf(Node):
    """A law that is not itself the result of a free operation."""

    kind: ClassVar[str] = "leaf"
    law: Law

    @property
    def parameters(self) -> tuple[Any, ...]:
        """The law."""
        return (self.law,)


@dataclass(frozen=True, eq=False)
class _Weighted(Node):
    terms: tuple[tuple[Node, Number], ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The nodes this one is built from."""
        return tuple(node for node, _ in self.terms)

    @property
    def weights(self) -> tuple[Number, ...]:
        """One real number per child."""
        return tuple(weight for _, weight in self.terms)

    @property
    def parameters(self) -> tuple[Any, ...]:
        """The weights."""
        return self.weights

    @classmethod
    def _from_parts(cls, parameters: tuple[Any, ...], children: tuple[Node, ...]) -> Node:
        return cls(tuple(zip(children, parameters, strict=True)))


class Sum(_Weighted):
    """Free additive convolution with real powers: R = Σ t_i R_i."""

    kind: ClassVar[str] = "sum"


class Product(_Weighted):
    """Free multiplicative convolution with real powers: S = Π S_i^{t_i}."""

    kind: ClassVar[str] = "product"


class Mixture(_Weighted):
    """Convex combination of measures: G = Σ p_i G_i."""

    kind: ClassVar[str] = "mixture"


class BooleanSum(_Weighted):
    """Boolean convolution with real powers: k = Σ t_i k_i."""

    kind: ClassVar[str] = "boolean"


@dataclass(frozen=True, eq=False)
class _Unary(Node):
    child: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """The one node this one is built from."""
        return (self.child,)


@dataclass(frozen=True, eq=False)
class Compound(_Unary):
    """Compound free Poisson law with this rate and the child as law of the jumps."""

    kind: ClassVar[str] = "compound"
    rate: Number

    @property
    def parameters(self) -> tuple[Any, ...]:
        """The rate."""
        return (self.rate,)


@dataclass(frozen=True, eq=False)
class AffineNode(_Unary):
    """Law of ``scale * X + shift``, ``scale != 0``."""

    kind: ClassVar[str] = "affine"
    scale: Number
    shift: Number

    @property
    def parameters(self) -> tuple[Any, ...]:
        """The scale and the shift."""
        return self.scale, self.shift


class Square(_Unary):
    """Law of X²."""

    kind: ClassVar[str] = "square"


class SymmetricRoot(_Unary):
    """The symmetric law whose square is the child."""

    kind: ClassVar[str] = "root"


class Inverse(_Unary):
    """Law of 1/X."""

    kind: ClassVar[str] = "inverse"


@dataclass(frozen=True, eq=False)
class Monotone(Node):
    """Monotone convolution: F = F_first ∘ F_second."""

    kind: ClassVar[str] = "monotone"
    first: Node
    second: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """The two nodes, in order."""
        return (self.first, self.second)


# ---------------------------------------------------------------------- from laws to nodes
def node_of(law: Law) -> Node:
    """The node of a law: that of a computed law, or a leaf."""
    node = getattr(law, "node", None)
    if isinstance(node, Node):
        return node
    if isinstance(law, AffineLaw):
        return affine(node_of(law.base), law.scale, law.shift)
    if isinstance(law, Squared):
        return Square(node_of(law.base))
    return Leaf(law)


def point_mass(position: Number) -> Leaf:
    """The leaf of a unit mass."""
    return Leaf(Atomic((position,), (1,)))


def point_mass_position(node: Node) -> Number | None:
    """Where the law of `node` is concentrated, if it is a unit mass; else None."""
    if not (isinstance(node, Leaf) and isinstance(node.law, AtomicLaw)):
        return None
    positions, _ = node.law._points()
    return positions[0] if len(positions) == 1 else None


# ---------------------------------------------------------------------- builders of canonical nodes
def affine(node: Node, scale: Number, shift: Number) -> Node:
    """Node of ``scale * X + shift``."""
    if scale == 0:
        return point_mass(shift)
    if isinstance(node, AffineNode):
        scale, shift, node = scale * node.scale, scale * node.shift + shift, node.child
    if scale == 1 and shift == 0:
        return node
    if isinstance(node, Leaf):
        closed = node.law._affine(scale, shift)
        if closed is not None:
            return Leaf(closed)
    return AffineNode(node, scale, shift)


def free_sum(terms: Iterable[tuple[Node, Number]]) -> Node:
    """Node with R = Σ t_i R_i in canonical form; a weight may be negative as long as it cancels."""
    flat: list[tuple[Node, Number]] = []
    total_shift: Number = 0
    for node, weight in terms:
        scale: Number = 1
        if isinstance(node, AffineNode):
            total_shift = total_shift + weight * node.shift
            scale, node = node.scale, node.child
        position = point_mass_position(node)
        if position is not None:
            total_shift = total_shift + weight * scale * position
        elif isinstance(node, Sum):
            flat.extend((affine(child, scale, 0), weight * t) for child, t in node.terms)
        else:
            flat.append((affine(node, scale, 0), weight))
    merged = _merge(flat)
    if not merged:
        return point_mass(total_shift)
    core = merged[0][0] if len(merged) == 1 and merged[0][1] == 1 else Sum(merged)
    return affine(core, 1, total_shift)


def free_product(terms: Iterable[tuple[Node, Number]]) -> Node:
    """Node with S = Π S_i^{t_i} in canonical form.

    Dilations are pulled out; one whose power leaves the range of double precision (a gain of 1.1 in each of 10^5
    layers) stays inside as a weighted point mass, which the solver treats in logarithms.
    """
    flat: list[tuple[Node, Number]] = []
    scales: list[tuple[Number, Number]] = []
    sign = 1
    for node, weight in terms:
        if isinstance(node, AffineNode) and node.shift == 0:
            if node.scale < 0:
                sign = -sign
            scales.append((abs(node.scale), weight))
            node = node.child
        position = point_mass_position(node)
        if position is not None:
            if position == 0:
                return point_mass(0)
            if position < 0:
                sign = -sign
            scales.append((abs(position), weight))
        elif isinstance(node, Product):
            flat.extend((child, weight * t) for child, t in node.terms)
        else:
            flat.append((node, weight))
    merged = _merge(flat)
    powers = [float(t) * math.log(s) for s, t in scales]
    magnitude = math.fsum(powers)
    scale: Number = sign
    if abs(magnitude) < 500.0 <= math.fsum(map(abs, powers)):  # the powers cancel, but leave the range one by one
        scale = sign * math.exp(magnitude)
    elif abs(magnitude) < 500.0:
        for s, t in scales:
            scale = scale * _power(s, t)
    else:
        merged = _merge([*merged, *((point_mass(s), t) for s, t in scales if s != 1)])
    if not merged:
        return point_mass(scale)
    core = merged[0][0] if len(merged) == 1 and merged[0][1] == 1 else Product(merged)
    return affine(core, scale, 0)


def _merge(terms: Sequence[tuple[Node, Number]]) -> tuple[tuple[Node, Number], ...]:
    """Add the weights of equal nodes, in the order of first appearance, and drop those that cancel."""
    weights: dict[Node, Number] = {}
    for node, weight in terms:
        weights[node] = weights.get(node, 0) + weight
    return tuple((node, weight) for node, weight in weights.items() if weight != 0)


def _power(base: Number, exponent: Number) -> Number:
    """``base ** exponent``, exact where both are."""
    if exponent == int(exponent):
        exponent = int(exponent)
        return Fraction(base) ** exponent if isinstance(base, int) and exponent < 0 else base**exponent
    return float(base) ** float(exponent)


def mixture_node(terms: Iterable[tuple[Node, Number]]) -> Node:
    """Node with G = Σ p_i G_i: mixtures of mixtures flattened, equal parts merged, atomic parts united."""
    flat: list[tuple[Node, Number]] = []
    for node, weight in terms:
        flat.extend((child, weight * p) for child, p in node.terms) if isinstance(node, Mixture) else flat.append(
            (node, weight)
        )
    merged = _merge(flat)
    if len(merged) == 1:
        return merged[0][0]
    if all(isinstance(node, Leaf) and isinstance(node.law, AtomicLaw) for node, _ in merged):
        masses: dict[Number, Number] = {}
        for node, weight in merged:
            assert isinstance(node, Leaf)
            assert isinstance(node.law, AtomicLaw)
            for position, mass in zip(*node.law._points(), strict=True):
                masses[position] = masses.get(position, 0) + weight * mass
        return Leaf(Atomic(tuple(masses), tuple(masses.values())))
    return Mixture(merged)


def boolean_sum(terms: Iterable[tuple[Node, Number]]) -> Node:
    """Node with k = Σ t_i k_i: sums of sums flattened, equal children merged."""
    flat: list[tuple[Node, Number]] = []
    for node, weight in terms:
        if isinstance(node, BooleanSum):
            flat.extend((child, weight * t) for child, t in node.terms)
        else:
            flat.append((node, weight))
    merged = _merge(flat)
    return merged[0][0] if len(merged) == 1 and merged[0][1] == 1 else BooleanSum(merged)


def monotone(first: Node, second: Node) -> Node:
    """Node with F = F_first ∘ F_second; with F(z) = z − a of a unit mass it is a shift, or a Boolean sum."""
    position = point_mass_position(second)
    if position is not None:
        return affine(first, 1, position)
    position = point_mass_position(first)
    if position is not None:  # F_second(z) − a
        return second if position == 0 else boolean_sum([(first, 1), (second, 1)])
    return Monotone(first, second)


def inverse_node(node: Node) -> Node:
    """Node of 1/X: twice is nothing, a dilation is inverted, atoms move."""
    if isinstance(node, Inverse):
        return node.child
    if isinstance(node, AffineNode) and node.shift == 0:
        return affine(inverse_node(node.child), _power(node.scale, -1), 0)
    if isinstance(node, Leaf) and isinstance(node.law, AtomicLaw):
        positions, masses = node.law._points()
        return Leaf(Atomic([_power(a, -1) for a in positions], masses))
    return Inverse(node)
