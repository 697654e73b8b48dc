"""Programs as text: in mathematical notation, and as a graph for Graphviz."""

from __future__ import annotations

from typing import Any

import rmt
from rmt.errors import shown
from rmt.programs.nodes import Initial, Map, Matrix, MatrixProduct, Mean, ProgramNode, RootSum
from rmt.programs.vector_laws import repr_of

#: how tightly an operation binds
_BINDING = {"add": 1, "subtract": 1, "negative": 1, "multiply": 2, "divide": 2, "power": 3}


def names(program: rmt.programs.Program) -> dict[Any, str]:
    """A name for every matrix and every node: the given one, or a letter for its kind with a number."""
    everything: list[Any] = [*program.matrices, *program.nodes]
    taken = {thing.name for thing in everything if thing.name is not None}
    counts: dict[str, int] = {}
    found: dict[Any, str] = {}
    hidden = _inline(program)
    things: list[Any] = [*program.matrices, *(n for n in program.nodes if n not in hidden), *sorted(hidden, key=_index)]
    for thing in things:
        name = thing.name
        while name is None or (thing.name is None and name in taken):
            letter = _letter(thing)
            counts[letter] = counts.get(letter, 0) + 1
            name = f"{letter}{counts[letter]}"
        found[thing] = name
    return found


def _index(node: ProgramNode) -> int:
    return node.index


def _inline(program: rmt.programs.Program) -> set[Map]:
    """Arithmetic that is written inside the one step that uses it."""
    uses: dict[ProgramNode, int] = {}
    for node in program.nodes:
        for parent in node.parents:
            uses[parent] = uses.get(parent, 0) + 1
    return {
        node
        for node in program.nodes
        if isinstance(node, Map) and node.function.is_arithmetic and node.name is None and uses.get(node) == 1
    }


def _letter(thing: Any) -> str:
    if isinstance(thing, Matrix):
        return "W"
    if isinstance(thing, Initial):
        return "v"
    if isinstance(thing, MatrixProduct):
        return "g"
    if isinstance(thing, RootSum):
        return "f"
    return "c" if thing.size is None else "x"


def notation(program: rmt.programs.Program) -> str:
    """The program in mathematical notation, one step a line."""
    named = names(program)
    inline = _inline(program)
    lines = [_matrix_line(matrix, named) for matrix in program.matrices]
    lines += [f"{named[n]} = {_right(n, named, inline)}" for n in program.nodes if n not in inline]
    return "\n".join(lines) if lines else "an empty program"


def _matrix_line(matrix: Matrix, named: dict[Any, str]) -> str:
    shape = f"{_size(matrix.rows)} × {_size(matrix.columns)}"
    variance = f"{matrix.variance}/{_size(matrix.columns)}" if matrix.columns == 1 else f"{matrix.variance}/columns"
    return f"{named[matrix]}: {shape} matrix of {repr_of(matrix.entries)} entries with variance {variance}"


def _size(size: Any) -> str:
    return "n" if size == 1 else f"{size}n"


def _right(node: ProgramNode, named: dict[Any, str], inline: set[Map]) -> str:
    if isinstance(node, Initial):
        text = f"vector of {_size(node.size)} {node.law!r} coordinates"
        if node.mixing == (1.0,) and node.covariance == (1,):
            return text
        members = [n for n in node.program.nodes if isinstance(n, Initial) and n.group == node.group]
        pairs = zip(node.covariance[:-1], members, strict=False)
        return ", ".join(
            [f"{text} of variance {node.covariance[-1]}", *(f"covariance {c} with {named[n]}" for c, n in pairs)]
        )
    if isinstance(node, MatrixProduct):
        symbol = named[node.matrix] + ("ᵀ" if node.transposed else "")
        return f"{symbol} {_text(node.argument, named, inline, 4)}"
    if isinstance(node, Mean):
        factor = "(1/√n)" if isinstance(node, RootSum) else "(1/n)"
        return f"{factor} Σ {_text(node.argument, named, inline, 2)}"
    assert isinstance(node, Map)
    return _map_text(node, named, inline, 0)


def _text(argument: Any, named: dict[Any, str], inline: set[Map], binding: int) -> str:
    if not isinstance(argument, ProgramNode):
        return str(argument) if argument >= 0 else f"({argument})"
    if argument in inline:
        assert isinstance(argument, Map)
        return _map_text(argument, named, inline, binding)
    return named[argument]


def _map_text(node: Map, named: dict[Any, str], inline: set[Map], binding: int) -> str:
    function = node.function
    if not function.is_arithmetic:
        inner = ", ".join(_text(a, named, inline, 0) for a in node.arguments)
        from rmt.programs.nonlinearities import COMPARING

        symbol = COMPARING.get(function.name, function.name)
        if function.is_mask and function.compares:
            left, right = (_text(a, named, inline, 1) for a in node.arguments)
            return f"1[{left} {symbol} {right}]"
        return f"{symbol}({inner})"
    strength = _BINDING[function.name]
    if function.name == "negative":
        text = f"−{_text(node.arguments[0], named, inline, 2)}"
    else:
        left = _text(node.arguments[0], named, inline, strength)
        right = _text(node.arguments[1], named, inline, strength + (function.name in ("subtract", "divide", "power")))
        sign = {"add": " + ", "subtract": " − ", "multiply": " ", "divide": "/", "power": "^"}[function.name]
        text = f"{left}{sign}{right}"
    return f"({text})" if strength < binding else text


def edges(program: rmt.programs.Program) -> list[tuple[Any, ProgramNode, str]]:
    """Arrows of the graph of a program: from, to, and the matrix or function on them."""
    named = names(program)
    found: list[tuple[Any, ProgramNode, str]] = []
    for node in program.nodes:
        for parent in dict.fromkeys(node.parents):
            if isinstance(node, MatrixProduct):
                label = named[node.matrix] + ("ᵀ" if node.transposed else "")
            elif isinstance(node, Map):
                label = "" if node.function.is_arithmetic else node.function.name
            else:
                label = "mean"
            found.append((parent, node, label))
    return found


def dot(program: rmt.programs.Program) -> str:
    """The graph of a program in the language of Graphviz.

    Parameters
    ----------
    program : Program
        Any program.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If it is no program.

    Examples
    --------
    >>> from rmt.programs import Program
    >>> P = Program()
    >>> c = P.mean(P.matrix() @ P.vector())
    >>> print(dot(P))
    digraph program {
      "v1" [shape=ellipse];
      "g1" [shape=ellipse];
      "c1" [shape=box];
      "v1" -> "g1" [label="W1"];
      "g1" -> "c1" [label="mean"];
    }
    """
    if not isinstance(program, rmt.programs.Program):
        raise TypeError(
            f"program must be a Program of rmt.programs, got {shown(program)} of type {type(program).__name__}"
        )
    named = {thing: _quoted(name) for thing, name in names(program).items()}
    lines = [f"  {named[n]} [shape={'box' if n.size is None else 'ellipse'}];" for n in program.nodes]
    lines += [f"  {named[a]} -> {named[b]} [label={_quoted(label)}];" for a, b, label in edges(program)]
    return "\n".join(["digraph program {", *lines, "}"])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
