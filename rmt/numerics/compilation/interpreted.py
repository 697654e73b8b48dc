"""Kernels without a compiler (``NUMBA_DISABLE_JIT=1``, for debuggers and coverage), with its rules for numbers.

Compiled kernels give inf and NaN where Python raises: at a division by zero, the logarithm of zero, an overflow. The
interpreted ones do so too: quotients and the functions of ``math`` and ``cmath`` turn to NumPy where Python gives up.
"""

from __future__ import annotations

import ast
import cmath
import functools
import inspect
import math
import textwrap
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

_NAMES = {"acos": "arccos", "asin": "arcsin", "atan": "arctan", "atan2": "arctan2", "pow": "power"}


def interpreted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with NumPy's division, without warnings; lines and file stay those of the source."""
    source, first = inspect.getsource(function), function.__code__.co_firstlineno
    tree = _Rules().visit(ast.parse(textwrap.dedent(source)))
    tree.body[0].decorator_list = []
    ast.increment_lineno(tree, first - 1)
    names = {"_quotient": _quotient, "_math": _Lenient(math), "_cmath": _Lenient(cmath)}
    function.__globals__.update(names)
    place: dict[str, Any] = {}
    exec(compile(ast.fix_missing_locations(tree), inspect.getfile(function), "exec"), function.__globals__, place)
    inner = place[function.__name__]

    @functools.wraps(function)
    def quiet(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return inner(*arguments)

    return quiet


class _Rules(ast.NodeTransformer):
    """a / b becomes _quotient(a, b), and math.f becomes _math.f."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        return ast.copy_location(_call("_quotient", node.left, node.right), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        old = ast.parse(ast.unparse(node.target), mode="eval").body
        return ast.copy_location(ast.Assign([node.target], _call("_quotient", old, node.value)), node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in ("math", "cmath"):
            node.id = f"_{node.id}"
        return node


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _quotient(a: Any, b: Any) -> Any:
    try:
        return a / b
    except ZeroDivisionError:
        return np.divide(a, b)[()]


class _Lenient:
    """A module of elementary functions that gives NumPy's values where its own raise."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._module, name)
        if callable(function):
            function = _lenient(function, getattr(np, _NAMES.get(name, name), None))
        setattr(self, name, function)
        return function


def _lenient(function: Callable[..., Any], ufunc: Callable[..., Any] | None) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except (ValueError, OverflowError):
            if ufunc is None:
                raise
            return ufunc(*arguments)

    return call
