"""How a computed law prints: as the call that builds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rmt.free.closed_forms import recognise
from rmt.free.tree import Affine, Compound, Leaf, Node

_UNARY = {"square": "squared({})", "root": "symmetrised(square_root({}))", "inverse": "inverse({})"}


def expression(node: Node) -> str:
    """Python expression in the public functions whose value is the law of `node`."""
    if isinstance(node, Leaf):
        return repr(node.law)
    if isinstance(node, Affine):
        scaled = expression(node.child) if node.scale == 1 else f"{node.scale!r} * {expression(node.child)}"
        return scaled if node.shift == 0 else f"{scaled} + {node.shift!r}"
    arguments = [expression(child) for child in node.children]
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
        arguments.append(f"powers={_tuple(node.weights)}")
    return _call(name, arguments, node)


def _call(name: str, arguments: Sequence[str], node: Node) -> str:
    if recognise(node) != node:
        arguments = [*arguments, "closed_form=False"]
    return f"{name}({', '.join(arguments)})"


def _tuple(values: Sequence[Any]) -> str:
    return "(" + ", ".join(map(repr, values)) + ("," if len(values) == 1 else "") + ")"
