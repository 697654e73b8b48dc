"""Iterated maps of the line as cobwebs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from rmt.errors import check_count, check_pair, check_real, check_reals, shown
from rmt.laws.law import Real
from rmt.plotting.canvas import DARK_GREY, axes_or_new, style
from rmt.plotting.labels import label_or

#: a derivative so much above 1 still counts as stable: the map of a critical network touches the diagonal
MARGINAL = 1e-4
#: step of the derivative at a fixed point, as a fraction of the window
STEP = 1e-5


def cobweb(
    function: Callable[[float], float],
    start: float | Sequence[float],
    ax: Axes | None = None,
    *,
    steps: int = 40,
    window: tuple[float, float] | None = None,
    label: str | None = None,
    points: int = 200,
    **kwargs: Any,
) -> Axes:
    """Draw a map of the line, the diagonal, and the staircase that iteration climbs or descends between them.

    Parameters
    ----------
    function : callable
        From float to float, such as ``field.length_map`` or ``field.correlation_map`` of a
        :class:`rmt.networks.MeanField`.
    start : float or sequence of float
        Where the iterations start, one staircase each.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new Axes of a pyplot figure when None.
    steps : int
        Iterations of each staircase.
    window : pair of float, optional
        Range of the map to draw; by default what the iterations visit, with a margin.
    label : str, optional
        Entry of the map in the legend.
    points : int
        Points of the map.
    **kwargs
        Passed to ``Axes.plot`` for the map.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an iteration leaves the floats, or the window is empty.

    Notes
    -----
    Fixed points inside the window are dots: filled where the derivative is at most 1 in absolute value, open where the
    iteration runs away.

    Examples
    --------
    >>> from rmt.networks import mean_field
    >>> ax = cobweb(mean_field("tanh", sigma_w=2.0).length_map, 0.1)
    >>> [round(float(dot.get_xdata()[0]), 4) for dot in ax.lines if dot.get_gid() == "fixed point"]
    [0.0, 2.1215]
    """
    check_count("steps", steps)
    check_count("points", points, minimum=8)
    if not callable(function):
        raise TypeError(f"function must be a function of one number, got {shown(function)}")
    starts = check_reals("start", start).ravel().tolist()
    orbits = [_orbit(function, float(x), steps) for x in starts]
    low, high = _window(orbits, window)
    x = np.linspace(low, high, points)
    y = np.array([function(float(v)) for v in x])
    with style():
        axes = axes_or_new(ax)
        if not any(line.get_gid() == "diagonal" for line in axes.lines):
            axes.plot([low, high], [low, high], color="0.6", linestyle="-", linewidth=0.8, gid="diagonal", zorder=1)
        (line,) = axes.plot(x, y, **{"label": label_or(label, "") or None, "zorder": 3, **kwargs})
        for orbit in orbits:
            corners = np.repeat(orbit, 2)
            heights = np.concatenate([[low], np.repeat(orbit[1:], 2), orbit[-1:]])
            axes.plot(corners, heights, color=DARK_GREY, linestyle="-", linewidth=0.9, gid="staircase", zorder=2)
        for point, stable in _fixed_points(function, x, y):
            face = line.get_color() if stable else "white"
            options: dict[str, Any] = {
                "color": line.get_color(),
                "markerfacecolor": face,
                "clip_on": False,
                "zorder": 4,
            }
            axes.plot([point], [point], "o", gid="fixed point", **options)
        axes.set(xlim=(low, high), ylim=(low, high))
        if not axes.get_xlabel():
            axes.set_xlabel(r"$x_l$")
        if not axes.get_ylabel():
            axes.set_ylabel(r"$x_{l+1}$")
    return axes


def _orbit(function: Callable[[float], float], start: float, steps: int) -> Real:
    orbit = [float(check_real("start", start))]
    for step in range(steps):
        following = function(orbit[-1])
        try:
            orbit.append(float(following))
        except (TypeError, ValueError):
            raise TypeError(f"function must return numbers, got {shown(following)} at {orbit[-1]!r}") from None
        if not math.isfinite(orbit[-1]):
            raise ValueError(
                f"the iteration from start = {start!r} is {orbit[-1]!r} after {step + 1} steps; lower steps"
            )
    return np.array(orbit)


def _window(orbits: list[Real], window: tuple[float, float] | None) -> tuple[float, float]:
    if window is not None:
        return check_pair("window", window)
    low, high = min(float(o.min()) for o in orbits), max(float(o.max()) for o in orbits)
    margin = 0.15 * (high - low) if high > low else 0.5 * max(abs(high), 1.0)
    return (0.0 if 0.0 <= low <= 2.0 * margin else low - margin), high + margin


def _fixed_points(function: Callable[[float], float], x: Real, y: Real) -> list[tuple[float, bool]]:
    """Fixed points in the window and whether iteration returns to them; none if the map is the identity."""
    from scipy.optimize import brentq

    width = float(x[-1] - x[0])
    gap = y - x
    zero = np.abs(gap) <= 1e-12 * width
    if zero.mean() > 0.5:
        return []
    gap[zero] = 0.0
    found = x[zero].tolist()
    for (a, u), (b, v) in pairwise(zip(x.tolist(), gap.tolist(), strict=True)):
        if u * v < 0.0:
            found.append(brentq(lambda t: function(t) - t, a, b, xtol=1e-14 * width, rtol=1e-14))
    result = []
    for point in sorted(found):
        left, right = max(point - STEP * width, float(x[0])), min(point + STEP * width, float(x[-1]))
        slope = (function(right) - function(left)) / (right - left)
        result.append((point, abs(slope) <= 1.0 + MARGINAL))
    return result
