"""Pictures of tensor programs: steps as dots, in the order of computation from left to right."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from rmt.errors import shown
from rmt.plotting.canvas import DARK_GREY, GREY, axes_or_new, style
from rmt.programs import Program
from rmt.programs.nodes import Initial, MatrixProduct
from rmt.programs.notation import edges, names

_COLORS = {"vector": "#0072B2", "product": "#D55E00", "map": "white", "scalar": GREY}


def program(P: Program, ax: Axes | None = None, **kwargs: Any) -> Axes:
    """Draw a program as a graph: vectors are round, scalars square, the arrows into a product name its matrix.

    Parameters
    ----------
    P : Program
        The program to be drawn.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new Axes of a pyplot figure when None.
    **kwargs
        For :meth:`matplotlib.axes.Axes.annotate`, which draws the arrows.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the program has no steps.

    Examples
    --------
    >>> from rmt.programs import Program
    >>> P = Program()
    >>> c = P.mean(P.matrix() @ P.vector())
    >>> [text.get_text() for text in program(P).texts if text.get_text()]
    ['W1', 'mean', 'v1', 'g1', 'c1']
    """
    if not isinstance(P, Program):
        raise TypeError(f"P must be a Program of rmt.programs, got {shown(P)} of type {type(P).__name__}")
    if not P.nodes:
        raise ValueError("the program has no steps to draw: add P.vector() and what is computed from it")
    depth: dict[Any, int] = {}
    for node in P.nodes:
        depth[node] = 1 + max((depth[parent] for parent in node.parents), default=-1)
    columns: dict[int, list[Any]] = {}
    for node in P.nodes:
        columns.setdefault(depth[node], []).append(node)
    place = {
        node: (float(x), (len(column) - 1) / 2.0 - i) for x, column in columns.items() for i, node in enumerate(column)
    }
    named = names(P)
    with style():
        axes = axes_or_new(ax)
        tallest = max(map(len, columns.values()))
        if ax is None:
            picture: Any = axes.get_figure(root=True)
            picture.set_size_inches(max(6.4, 0.9 * len(columns)), max(3.2, 1.1 * tallest))
        for start, end, label in edges(P):
            (a, b), (c, d) = place[start], place[end]
            outwards = -0.25 if b + d >= 0.0 else 0.25
            bend = 0.0 if depth[end] - depth[start] == 1 else outwards
            arrow = {"arrowstyle": "->", "color": DARK_GREY, "shrinkA": 12, "shrinkB": 12}
            arrow["connectionstyle"] = f"arc3,rad={bend}"
            axes.annotate("", (c, d), (a, b), arrowprops=arrow, **kwargs)
            if label:
                middle = (0.5 * (a + c), 0.5 * (b + d) - 0.5 * bend * (c - a))
                axes.text(*middle, label, fontsize=7, color=DARK_GREY, ha="center", va="bottom")
        for node, (x, y) in place.items():
            kind = "scalar" if node.size is None else "map"
            kind = "vector" if isinstance(node, Initial) else "product" if isinstance(node, MatrixProduct) else kind
            marker = "s" if node.size is None else "o"
            axes.plot(x, y, marker, markersize=20, color=_COLORS[kind], markeredgecolor=DARK_GREY)
            light = kind in ("vector", "product")
            axes.text(x, y, named[node], fontsize=8, color="white" if light else "black", ha="center", va="center")
        axes.set_xlim(-0.6, max(columns) + 0.6)
        axes.set_ylim(-tallest / 2.0 - 0.4, tallest / 2.0 + 0.4)
        axes.set_axis_off()
    return axes
