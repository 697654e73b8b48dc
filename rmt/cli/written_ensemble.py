"""Expressions in random matrices on the command line: ``gue + wishart(ratio=2)``."""

from __future__ import annotations

import ast
import operator
from typing import Any

from rmt.cli.parser import UsageError

_BINARY: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.MatMult: operator.matmul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def is_expression(text: str) -> bool:
    """Whether this is more than a name."""
    return any(mark in text for mark in "+*@(/ ")


def read_expression(text: str) -> Any:
    """Build the ensemble of an expression: names of ensembles, numbers, + - * / @ ** and parameters by name.

    Raises
    ------
    UsageError
        If the text is no such expression.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise UsageError(f"{text!r} is no expression: {error.msg}; write names with _, as product_wishart") from None
    return _value(tree, text)


def _value(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, text)
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left, text), _value(node.right, text))
    if isinstance(node, ast.Attribute) and node.attr == "H":
        return _value(node.value, text).H
    if isinstance(node, ast.Name):
        return _ensemble(node.id, {})
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.args:
        return _ensemble(node.func.id, {word.arg or "": _parameter(word.value, text) for word in node.keywords})
    raise UsageError(
        f"{ast.unparse(node)!r} in {text!r} is not understood: use names of ensembles, numbers, + - * / @ ** and "
        "parameters by name, as wishart(ratio=2)"
    )


def _parameter(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    return _value(node, text)


def _ensemble(name: str, parameters: dict[str, Any]) -> Any:
    from rmt.ensembles.catalogue import find

    return find(name).build(**parameters)
