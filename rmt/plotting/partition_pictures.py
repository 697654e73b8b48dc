"""Pictures of partitions of {1, ..., n}: points on a circle, blocks as polygons, and their lattice."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from rmt.combinatorics import (
    Partition,
    as_partition,
    hasse_diagram,
    is_noncrossing,
    kreweras_complement,
    noncrossing_partitions,
)
from rmt.errors import check_count, check_flag, check_items, check_real, shown
from rmt.plotting.canvas import DARK_GREY, GREY, axes_or_new, style

#: larger lattices have more partitions than a page has room for
LARGEST_LATTICE = 5
#: coordinates beyond which Matplotlib overflows
LARGEST_DRAWN = 1e150
#: radius of a partition in the lattice, whose neighbours in a row are 1 apart, and the distance of the rows
NODE = 0.34
ROW = 1.9
CROSSING = "#D55E00"
COMPLEMENT = "#0072B2"


def partition(
    blocks: Iterable[Iterable[int]],
    ax: Axes | None = None,
    *,
    centre: tuple[float, float] = (0.0, 0.0),
    radius: float = 1.0,
    complement: bool = False,
    numbers: bool = True,
    **kwargs: Any,
) -> Axes:
    """Draw a partition of {1, ..., n}: n points on a circle, each block the polygon of its points.

    The point 1 is on the left of the top, the numbers run clockwise. A crossing partition is drawn in red.

    Parameters
    ----------
    blocks : iterable of iterables of int
        A partition of {1, ..., n}.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new Axes of a pyplot figure when None.
    centre, radius : pair of float, float
        The circle, in data coordinates.
    complement : bool
        Also draw the Kreweras complement, dashed, on the points between the points.
    numbers : bool
        Whether the points are numbered.
    **kwargs
        Passed to the polygons (``matplotlib.patches.Polygon``).

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the blocks are no partition, there is none, or the complement of a crossing one is asked for.

    Examples
    --------
    >>> import rmt
    >>> ax = rmt.plotting.partition([[1, 3], [2], [4]])
    """
    from matplotlib.patches import Circle

    parts = as_partition(blocks)
    n = sum(map(len, parts))
    if n == 0:
        raise ValueError("blocks must partition {1, ..., n} for some n >= 1, got none: there is nothing to draw")
    colour = DARK_GREY if is_noncrossing(parts) else CROSSING
    centre = _position(centre)
    radius = float(check_real("radius", radius, above=0.0, at_most=LARGEST_DRAWN))
    check_flag("complement", complement)
    check_flag("numbers", numbers)
    with style():
        axes = axes_or_new(ax)
        axes.add_patch(Circle(centre, radius, fill=False, edgecolor="0.75", linewidth=0.6))
        _draw_blocks(axes, parts, _points(n, 0.0, centre, radius), {"facecolor": GREY, "edgecolor": colour, **kwargs})
        if complement:
            dashed = {"facecolor": "none", "edgecolor": COMPLEMENT, "linestyle": (0, (2, 1.5))}
            _draw_blocks(axes, kreweras_complement(parts), _points(n, 0.5, centre, radius), dashed)
        if numbers:
            for k, (x, y) in enumerate(_points(n, 0.0, centre, 1.28 * radius), 1):
                axes.text(x, y, str(k), ha="center", va="center", fontsize="x-small")
        axes.set_aspect("equal")
        axes.set_axis_off()
        axes.autoscale_view()
    return axes


def _position(value: Any) -> tuple[float, float]:
    items = check_items("centre", value, "two numbers")
    if len(items) != 2:
        raise ValueError(f"centre must be a pair of numbers, got {shown(value)}")
    x, y = (float(check_real("centre", item, at_least=-LARGEST_DRAWN, at_most=LARGEST_DRAWN)) for item in items)
    return x, y


def noncrossing_lattice(
    n: int = 4, ax: Axes | None = None, *, complement: bool = False, crossing: bool = True, **kwargs: Any
) -> Axes:
    """Draw the lattice of non-crossing partitions NC(n) as its Hasse diagram.

    A partition stands at the height n minus the number of its blocks, and is joined to those it covers: one of its
    blocks split in two. The Kreweras complement turns the picture upside down (Kreweras 1972).

    Parameters
    ----------
    n : int
        1 to 5.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new Axes of a pyplot figure when None.
    complement : bool
        Also draw the Kreweras complement of each partition.
    crossing : bool
        For n = 4 also draw, in red and joined to nothing, the one partition that is left out: {1, 3}, {2, 4}.
    **kwargs
        Passed to the lines of the diagram (``Axes.plot``).

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If `n` is not between 1 and 5.

    Examples
    --------
    >>> import rmt
    >>> ax = rmt.plotting.noncrossing_lattice(3)
    """
    check_count("n", n)
    check_flag("complement", complement)
    check_flag("crossing", crossing)
    if n > LARGEST_LATTICE:
        raise ValueError(f"n must be at most {LARGEST_LATTICE}, got {n}: larger lattices do not fit on a page")
    places = _places(n)
    with style():
        axes = axes_or_new(ax)
        options = {"color": "0.6", "linewidth": 0.8, "linestyle": "-", "zorder": 0, **kwargs}
        for lower, upper in hasse_diagram(n):
            axes.plot(*zip(places[lower], places[upper], strict=True), **options)
        for parts, centre in places.items():
            _draw_disc(axes, centre)
            partition(parts, axes, centre=centre, radius=NODE, complement=complement, numbers=len(parts) == 1)
        if crossing and n == 4:
            x, y = max(places.values(), key=lambda place: (place[1] == 2.0 * ROW, place[0]))
            partition(((1, 3), (2, 4)), axes, centre=(x + 1.2, y), radius=NODE, numbers=False)
    return axes


def _draw_disc(axes: Axes, centre: tuple[float, float]) -> None:
    """Keep the lines of the diagram out of a partition."""
    from matplotlib.patches import Circle

    axes.add_patch(Circle(centre, 1.15 * NODE, facecolor="white", edgecolor="none"))


def _draw_blocks(axes: Axes, parts: Partition, points: NDArray[np.float64], options: dict[str, Any]) -> None:
    from matplotlib.patches import Polygon

    for block in parts:
        corners = points[[k - 1 for k in block]]
        if len(block) > 1:
            axes.add_patch(Polygon(corners, closed=len(block) > 2, linewidth=1.2, joinstyle="round", **options))
        axes.plot(*corners.T, ".", color=options["edgecolor"], markersize=3.0, zorder=2)


def _points(n: int, shift: float, centre: tuple[float, float], radius: float) -> NDArray[np.float64]:
    """The points 1, ..., n of a circle, clockwise; symmetric about the vertical."""
    angle = math.pi / 2.0 + math.pi / n - 2.0 * math.pi * (np.arange(n) + shift) / n
    return np.column_stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)])


def _places(n: int) -> dict[Partition, tuple[float, float]]:
    """Places of the partitions: rows by rank, ordered so that few lines cross (barycentres, swept to rest)."""
    rows: list[list[Partition]] = [[] for _ in range(n)]
    for parts in noncrossing_partitions(n):
        rows[n - len(parts)].append(parts)
    neighbours: dict[Partition, list[Partition]] = {parts: [] for row in rows for parts in row}
    for lower, upper in hasse_diagram(n):
        neighbours[lower].append(upper)
        neighbours[upper].append(lower)
    x = {parts: k - (len(row) - 1) / 2.0 for row in rows for k, parts in enumerate(row)}
    for _ in range(20):
        for row in rows:
            row.sort(key=lambda parts: (np.mean([x[other] for other in neighbours[parts]] or [0.0]), parts))
            x |= {parts: k - (len(row) - 1) / 2.0 for k, parts in enumerate(row)}
    return {parts: (x[parts], ROW * rank) for rank, row in enumerate(rows) for parts in row}
