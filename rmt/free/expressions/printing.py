"""How a computed law prints: as the call that builds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rmt.free.expressions.closed_forms import recognise
from rmt.free.expressions.tree import AffineNode, Compound, Leaf, Node, post_order

#: calls within calls, and parts written out, from which parts get names; Python reads 200 parentheses in each other
_DEEPEST, _LONGEST = 50, 1000

_UNARY = {"square": "squared({})", "root": "symmetrised(square_root({}))", "inverse": "inverse({})"}


def expression(node: Node) -> str:
    """Python expression in the public functions whose value is the law of `node`.

    Where that would be nested more deeply than Python reads, or very long because of shared parts, parts get names:
    ``(p0 := ..., p1 := boxplus(p0, ...), boxtimes(p1, ...))[-1]``.
    """
    parts = post_order(node)
    depth: dict[int, int] = {}
    length: dict[int, int] = {}
    for part in parts:
        depth[id(part)] = 1 + max((depth[id(child)] for child in part.children), default=0)
        length[id(part)] = 1 + sum(length[id(child)] for child in part.children)
    named = depth[id(node)] > _DEEPEST or length[id(node)] > _LONGEST
    uses = Counter(id(child) for part in parts for child in part.children)
    written: dict[int, str] = {}
    definitions: list[str] = []
    for part in parts:
        text = _written(part, [written[id(child)] for child in part.children])
        shared = uses[id(part)] > 1 and part.children
        if named and part is not node and (shared or depth[id(part)] % _DEEPEST == 0):
            definitions.append(f"p{len(definitions)} := {text}")
            text = f"p{len(definitions) - 1}"
        written[id(part)] = text
    result = written[id(node)]
    return f"({', '.join([*definitions, result])})[-1]" if definitions else result


def _written(node: Node, arguments: list[str]) -> str:
    """The expression of a node, given those of its children."""
    if isinstance(node, Leaf):
        return repr(node.law)
    if isinstance(node, AffineNode):
        scaled = arguments[0] if node.scale == 1 else f"{node.scale!r} * {arguments[0]}"
        return scaled if node.shift == 0 else f"{scaled} + {node.shift!r}"
    if node.kind in _UNARY:
        return _UNARY[node.kind].format(arguments[0])
    if isinstance(node, Compound):
        return _call("CompoundFreePoisson", [repr(node.rate), *arguments], node)
    if node.kind == "monotone":
        return _call("monotone_convolution", arguments, node)
    if node.kind == "mixture":
        return _call("mixture", [*arguments, f"weights={_tuple(node.weights)}"], node)
    name, power = {
        "sum": ("boxplus", "free_power"),
        "product": ("boxtimes", "multiplicative_power"),
        "boolean": ("boolean_convolution", ""),
    }[node.kind]
    if len(arguments) == 1 and power:
        return _call(power, [arguments[0], repr(node.weights[0])], node)
    if any(t != 1 for t in node.weights):
        arguments = [*arguments, f"powers={_tuple(node.weights)}"]
    return _call(name, arguments, node)


def _call(name: str, arguments: Sequence[str], node: Node) -> str:
    if recognise(node) != node:
        arguments = [*arguments, "closed_form=False"]
    return f"{name}({', '.join(arguments)})"


def _tuple(values: Sequence[Any]) -> str:
    return "(" + ", ".join(map(repr, values)) + ("," if len(values) == 1 else "") + ")"
