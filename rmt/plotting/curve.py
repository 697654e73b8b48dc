"""The law of a spectrum as a line, its atoms as stems, its edges as ticks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import check_count
from rmt.laws.law import Law
from rmt.plotting.binning import frame, hull, wants_log
from rmt.plotting.canvas import axes_or_new, style
from rmt.plotting.labels import edge_labels, law_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rmt.laws.law import Interval
    from rmt.laws.planar import PlanarLaw

Real = NDArray[np.float64]

#: an unbounded density is drawn up to its mean over this fraction of the interval next to the edge
EDGE_CELL = 1.0 / 60.0
#: a stem of mass 1 takes this fraction of the height of the frame
STEM_HEIGHT = 0.9
#: with more atoms than this their masses are not written
WRITTEN_ATOMS = 8
#: a label of so few characters stands centred under its edge
SHORT_LABEL = 6


def law(
    law: Law | PlanarLaw,
    ax: Axes | None = None,
    *,
    log: bool | None = None,
    edges: bool = True,
    label: str | None = None,
    points: int = 400,
    **kwargs: Any,
) -> Axes:
    """Draw a law: its density as a line, its atoms as stems with their masses, its edges as labelled ticks.

    Several calls with the same `ax` lay laws over one another.

    Parameters
    ----------
    law : Law or PlanarLaw
        A law in the plane is drawn as the circles that bound its support, or carry it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new Axes of a pyplot figure when None.
    log : bool, optional
        Draw the density of log λ, which is λρ(λ), over a log axis. When None: as `ax` does if it holds something
        already, otherwise if half of the mass lies in the lowest twentieth of the support.
    edges : bool
        Whether the edges of the support are ticked and labelled below the axis.
    label : str, optional
        Entry in the legend; the name of the law when None.
    points : int
        Points of the line on each interval of the support, dense at the edges.
    **kwargs
        Passed to ``Axes.plot``.

    Returns
    -------
    matplotlib.axes.Axes

    Notes
    -----
    Where the density is unbounded the line leaves the frame; the frame is as high as the mean density over the last
    sixtieth of the support. The height of a stem is its mass, where 1 is 90 % of the height of the frame: a mass is
    not a density and has no place on the vertical axis.

    Examples
    --------
    >>> import rmt
    >>> ax = rmt.plotting.law(rmt.Semicircle())
    >>> ax.get_legend_handles_labels()[1]
    ['semicircle law']
    """
    check_count("points", points, minimum=8)
    with style():
        axes = axes_or_new(ax)
        name = law_label(law) if label is None else label
        if not isinstance(law, Law):
            _draw_circles(axes, law, name, kwargs)
            return axes
        on_log = choose_log(axes, None, law, log)
        intervals = frame(law, on_log)
        if on_log and any(low < -690.0 for low, _ in intervals):
            raise ValueError(
                f"{law!r} reaches down to exp({min(low for low, _ in intervals):.0f}), which no float holds; draw "
                "law.pdf_of_log(u) against u"
            )
        (line,) = axes.plot([], [], label=name, **kwargs)
        if intervals:
            _draw_density(axes, line, law, intervals, on_log, points)
        _draw_atoms(axes, law, on_log, line.get_color())
        if edges:
            _mark_edges(axes, law, line.get_color())
        finish_axes(axes, on_log)
    return axes


def choose_log(axes: Axes, values: Any, law: Law | None, log: bool | None) -> bool:
    """Whether the horizontal axis is logarithmic; sets it so.

    Raises
    ------
    ValueError
        If a log axis is asked for a spectrum with negative values.
    """
    if log is None:
        log = axes.get_xscale() == "log" if axes.has_data() else wants_log(values, law)
    low = hull(law)[0] if law is not None else float(np.min(values))
    if log and law is not None and low < 0.0:
        raise ValueError(f"log=True needs a law on [0, inf); the support of {law!r} starts at {low:.6g}")
    if log:
        axes.set_xscale("log")
    return log


def finish_axes(axes: Axes, log: bool) -> None:
    """Name the axes, unless they have names, and frame what was drawn."""
    if not axes.get_xlabel():
        axes.set_xlabel(r"$\lambda$")
    if not axes.get_ylabel():
        axes.set_ylabel(r"$\lambda\,\rho(\lambda)$" if log else r"$\rho(\lambda)$")
    axes.autoscale_view()


def finish_plane(axes: Axes) -> None:
    """Name the axes of the complex plane, unless they have names, with equal units on both."""
    axes.set_aspect("equal", adjustable="datalim")
    if not axes.get_xlabel():
        axes.set_xlabel(r"$\mathrm{Re}\,\lambda$")
    if not axes.get_ylabel():
        axes.set_ylabel(r"$\mathrm{Im}\,\lambda$")


def extend_frame(axes: Axes, x: Any, top: float) -> None:
    """Let the frame hold these abscissae, and ordinates from 0 to `top`."""
    axes.update_datalim([(float(np.min(x)), 0.0), (float(np.max(x)), top)])


def draw_stem(axes: Axes, position: float, mass: float, text: str, **kwargs: Any) -> None:
    """Draw an atom; on a log axis, where 0 has no place, an atom at 0 stands at the left end of the frame."""
    from matplotlib.patheffects import withStroke

    height = STEM_HEIGHT * mass
    at_end = axes.get_xscale() == "log" and position <= 0.0
    transform = axes.transAxes if at_end else axes.get_xaxis_transform()
    position = 0.0 if at_end else position
    axes.plot([position, position], [0.0, height], transform=transform, clip_on=False, **kwargs)
    if text:
        axes.annotate(
            text,
            (position, 0.0),
            xycoords=transform,
            xytext=(5 if at_end else -5, 5),
            textcoords="offset points",
            ha="left" if at_end else "right",
            va="bottom",
            rotation=90,
            color=kwargs.get("color"),
            fontsize="small",
            path_effects=[withStroke(linewidth=3.0, foreground="white")],
            zorder=5,
        )


def _draw_circles(axes: Axes, law: PlanarLaw, label: str, kwargs: dict[str, Any]) -> None:
    radial = law.radial_law()
    radii = [edge for i in radial.support for edge in (i.low, i.high)] + [position for position, _ in radial.atoms]
    turn = np.linspace(0.0, 2.0 * math.pi, 361)
    options = kwargs
    for radius in sorted({r for r in radii if r > 0.0 and math.isfinite(r)}):
        (line,) = axes.plot(radius * np.cos(turn), radius * np.sin(turn), label=label, **options)
        label = "_circle"
        options = {"color": line.get_color(), "linestyle": line.get_linestyle(), **kwargs}
    finish_plane(axes)


def _draw_density(
    axes: Axes, line: Any, law: Law, intervals: list[tuple[float, float]], log: bool, points: int
) -> None:
    """Fill the line; the frame follows the bounded part of the density only."""
    density = law.pdf_of_log if log else law.pdf
    cumulative = law.cdf_of_log if log else law.cdf
    pieces = []
    top = 0.0
    for interval, (low, high) in zip(law.support, intervals, strict=True):
        u = _grid(interval, low, high, points)
        y = np.asarray(density(u))
        y[~np.isfinite(y)] = np.nan
        top = max(top, _visible_top(interval, (low, high), u, y, cumulative))
        at_low = [] if _unbounded(interval.low_exponent) else [(low, 0.0)]
        at_high = [] if _unbounded(interval.high_exponent) else [(high, 0.0)]
        # an infinite end, or a tail left out, has no edge to come down to
        at_low = at_low if math.isfinite(interval.low) and (interval.low > 0.0 or not log) else []
        at_high = at_high if math.isfinite(interval.high) else []
        pieces.append(np.concatenate([np.reshape(part, (-1, 2)) for part in (at_low, np.c_[u, y], at_high)]))
        pieces.append(np.array([[high, np.nan]]))
    u, y = np.concatenate(pieces[:-1]).T
    x = np.exp(u) if log else u
    line.set_data(x, y)
    line.sticky_edges.y.append(0.0)
    extend_frame(axes, x, top)


def _grid(interval: Interval, low: float, high: float, points: int) -> Real:
    """Points of (low, high), as dense at each end as the density there is steep."""
    t = np.linspace(0.0, 1.0, points // 2 + 1)[1:]
    half = (high - low) / 2.0
    from_low = low + half * t ** _clustering(interval.low_exponent)
    from_high = high - half * t ** _clustering(interval.high_exponent)
    return np.concatenate([from_low, from_high[-2::-1]])


def _clustering(exponent: float) -> float:
    # with this power of a uniform parameter the mass near the edge is spread evenly
    return 2.0 if not math.isfinite(exponent) or exponent >= -0.5 else 1.0 / (1.0 + exponent)


def _unbounded(exponent: float) -> bool:
    return exponent < 0.0


def _visible_top(
    interval: Interval, ends: tuple[float, float], u: Real, y: Real, cumulative: Callable[[Any], Any]
) -> float:
    """Largest ordinate to show: the density, but near an unbounded edge its mean over the last cell."""
    low, high = ends
    cell = EDGE_CELL * (high - low)
    shown = np.isfinite(y)
    means = [0.0]
    for exponent, end, sign in ((interval.low_exponent, low, 1.0), (interval.high_exponent, high, -1.0)):
        if _unbounded(exponent):
            shown &= np.abs(u - end) >= cell
            means.append(abs(float(cumulative(end + sign * cell) - cumulative(end))) / cell)
    return max(float(y[shown].max(initial=0.0)), *means)


def _draw_atoms(axes: Axes, law: Law, log: bool, color: Any) -> None:
    atoms = law.atoms
    for position, mass in atoms:
        text = f"mass {mass:.3g}" if len(atoms) <= WRITTEN_ATOMS else ""
        if text and log and position == 0.0:
            text += " at 0"
        draw_stem(axes, position, mass, text, color=color, linestyle="-", marker="o", markevery=[1], zorder=3)


def _mark_edges(axes: Axes, law: Law, color: Any) -> None:
    """Tick every finite edge on the axis and write its value a line below the tick labels."""
    labels = {x: text for x, text in edge_labels(law).items() if x > 0.0 or axes.get_xscale() != "log"}
    transform = axes.get_xaxis_transform()
    options = {"color": color, "transform": transform, "clip_on": False, "linestyle": "none", "zorder": 4}
    for edge, text in labels.items():
        axes.plot([edge], [0.0], marker=2, **options)
        side = _alignment(edge, list(labels)) if len(text) > SHORT_LABEL else "center"
        axes.annotate(
            text,
            (edge, 0.0),
            xycoords=transform,
            xytext=({"left": -4, "center": 0, "right": 4}[side], -19),
            textcoords="offset points",
            ha=side,
            va="top",
            color=color,
            fontsize="small",
            annotation_clip=True,
        )
    if labels:
        axes.xaxis.labelpad = max(axes.xaxis.labelpad, 13.0)


def _alignment(edge: float, edges: list[float]) -> str:
    """Long labels of the outermost edges grow inwards, so that they stay in the frame."""
    if edge == max(edges):
        return "right"
    return "left" if edge == min(edges) else "center"
