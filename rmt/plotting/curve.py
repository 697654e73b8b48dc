"""The law of a spectrum as a line, its atoms as stems, its edges as ticks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from rmt.errors import check_count, check_flag
from rmt.laws.law import Law, check_law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.laws.planar.planar_rings import EllipticLaw
from rmt.plotting.binning import frame, hull, wants_log
from rmt.plotting.canvas import axes_or_new, style
from rmt.plotting.labels import edge_labels, label_or, law_label

Real = NDArray[np.float64]

#: an unbounded density is drawn up to its mean over this fraction of the interval next to the edge
EDGE_CELL = 1.0 / 60.0
#: what lies below exp of this has no place on an axis of floats; the legend then says how much that is
LOWEST_LOG = -600.0
#: decades of a log axis on either side of 1
MOST_DECADES = 307.0
#: so many decades of a log axis are ticked with plain numbers
FEW_DECADES = 3.0
MANY_DECADES = 250.0
#: a stem of mass 1 takes this fraction of the height of the frame
STEM_HEIGHT = 0.9
#: with more atoms than this their masses are not written
WRITTEN_ATOMS = 8
#: a label of so few characters stands centred under its edge
SHORT_LABEL = 6


def law(
    law: Law | PlanarLaw | EllipticLaw,
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
    law : Law, PlanarLaw or EllipticLaw
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

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Notes
    -----
    Where the density is unbounded the line leaves the frame; the frame is as high as the mean density over the last
    sixtieth of the support. A log axis leaves out the lowest thousandth of the mass, and what lies below 1e-260, which
    the legend then says. The height of a stem is its mass, where 1 is 90 % of the height of the frame: a mass is
    not a density and has no place on the vertical axis.

    Examples
    --------
    >>> import rmt
    >>> ax = rmt.plotting.law(rmt.Semicircle())
    >>> ax.get_legend_handles_labels()[1]
    ['semicircle law']
    """
    check_count("points", points, minimum=8)
    if not isinstance(law, PlanarLaw | EllipticLaw):
        check_law(law, "law")
    with style():
        axes = axes_or_new(ax)
        name = label_or(label, law_label(law))
        if not isinstance(law, Law):
            _draw_circles(axes, law, name, kwargs)
            return axes
        on_log = choose_log(axes, None, law, log)
        pieces = _pieces(law, on_log)
        if on_log and pieces and pieces[0].low == LOWEST_LOG:
            name += f", mass {law.cdf_of_log(LOWEST_LOG):.2g} below {math.exp(LOWEST_LOG):.0e}"
        (line,) = axes.plot([], [], label=name, **kwargs)
        if pieces:
            _draw_density(axes, line, law, pieces, on_log, points)
        _draw_atoms(axes, law, on_log, line.get_color())
        if check_flag("edges", edges):
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
        log = bool(axes.get_xscale() == "log" if axes.has_data() else wants_log(values, law))
    check_flag("log", log)
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
    if log:
        _keep_margin_in_range(axes)
    axes.autoscale_view()
    if log:
        _tick_decades(axes)
    only_stems = axes.dataLim.height <= 0.0
    if only_stems:
        axes.set_ylim(0.0, 1.0 / STEM_HEIGHT)
    if axes.get_ylabel() in ("", "mass"):
        axes.set_ylabel("mass" if only_stems else r"$\lambda\,\rho(\lambda)$" if log else r"$\rho(\lambda)$")


def _keep_margin_in_range(axes: Axes) -> None:
    """Narrow the margins of a log axis that would reach beyond floats."""
    low, high = axes.dataLim.minposx, axes.dataLim.x1
    if not 0.0 < low < high < math.inf:
        return
    decades = math.log10(high) - math.log10(low)
    room = min(math.log10(low) + MOST_DECADES, MOST_DECADES - math.log10(high))
    margin = axes.get_xmargin()
    if margin * decades > room:
        axes.set_xmargin(max(room, 0.0) / decades)


def _tick_decades(axes: Axes) -> None:
    """Write 0.2, 0.5, 1, 2, 5 under a few decades, and powers of ten under more."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogFormatterSciNotation, NullFormatter, NullLocator

    low, high = axes.get_xlim()
    if math.log10(high) - math.log10(low) > MANY_DECADES:  # Matplotlib's own ticks overflow
        first, last = math.ceil(math.log10(low) / 50.0), math.floor(math.log10(high) / 50.0)
        axes.xaxis.set_major_locator(FixedLocator([10.0 ** (50 * k) for k in range(first, last + 1)]))
        axes.xaxis.set_minor_locator(NullLocator())
    if math.log10(high) - math.log10(low) > FEW_DECADES:
        axes.xaxis.set_major_formatter(LogFormatterSciNotation())
        axes.xaxis.set_minor_formatter(NullFormatter())
        return

    def plain(x: float, _: Any) -> str:
        return f"{x:g}" if f"{x:e}"[0] in "125" else ""

    axes.xaxis.set_major_formatter(FuncFormatter(plain))
    axes.xaxis.set_minor_formatter(FuncFormatter(plain))


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


def draw_stem(axes: Axes, position: float, mass: float, text: str, *, side: str = "left", **kwargs: Any) -> None:
    """Draw an atom, its text on one side; on a log axis an atom at 0 stands at the left end of the frame."""
    from matplotlib.patheffects import withStroke

    height = STEM_HEIGHT * mass
    at_end = axes.get_xscale() == "log" and position <= 0.0
    transform = axes.transAxes if at_end else axes.get_xaxis_transform()
    position = 0.0 if at_end else position
    side = "right" if at_end else side
    axes.plot([position, position], [0.0, height], transform=transform, clip_on=False, **kwargs)
    if text:
        axes.annotate(
            text,
            (position, 0.0),
            xycoords=transform,
            xytext=(5 if side == "right" else -5, 5),
            textcoords="offset points",
            ha="left" if side == "right" else "right",
            va="bottom",
            rotation=90,
            color=kwargs.get("color"),
            fontsize="small",
            path_effects=[withStroke(linewidth=3.0, foreground="white")],
            zorder=5,
        )


def _draw_circles(axes: Axes, law: PlanarLaw | EllipticLaw, label: str, kwargs: dict[str, Any]) -> None:
    if isinstance(law, EllipticLaw):
        ellipses = [law.semi_axes]
    else:
        radial = law.radial_law()
        radii = [edge for i in radial.support for edge in (i.low, i.high)] + [position for position, _ in radial.atoms]
        ellipses = [(r, r) for r in sorted({r for r in radii if r > 0.0 and math.isfinite(r)})]
    turn = np.linspace(0.0, 2.0 * math.pi, 361)
    options = kwargs
    for along, across in ellipses:
        (line,) = axes.plot(along * np.cos(turn), across * np.sin(turn), label=label, **options)
        label = "_circle"
        options = {"color": line.get_color(), "linestyle": line.get_linestyle(), **kwargs}
    finish_plane(axes)


class _Piece(NamedTuple):
    """An interval to draw over, in λ or log λ; the exponent is None at an end that is no edge (a tail cut off)."""

    low: float
    high: float
    low_exponent: float | None
    high_exponent: float | None


def _pieces(law: Law, log: bool) -> list[_Piece]:
    pieces = []
    for interval, (low, high) in zip(law.support, frame(law, log), strict=True):
        if log and high <= LOWEST_LOG:
            continue
        low_is_edge = interval.low > 0.0 if log else math.isfinite(interval.low)
        pieces.append(
            _Piece(
                max(low, LOWEST_LOG) if log else low,
                high,
                interval.low_exponent if low_is_edge else None,
                interval.high_exponent if math.isfinite(interval.high) else None,
            )
        )
    return pieces


def _draw_density(axes: Axes, line: Any, law: Law, pieces: list[_Piece], log: bool, points: int) -> None:
    """Fill the line; the frame follows the bounded part of the density only."""
    density = law.pdf_of_log if log else law.pdf
    cumulative = law.cdf_of_log if log else law.cdf
    parts: list[Real] = []
    top = 0.0
    for piece in pieces:
        u = _grid(piece, points)
        y = np.asarray(density(u))
        y[~np.isfinite(y)] = np.nan
        top = max(top, _visible_top(piece, u, y, cumulative))
        parts += [
            np.array([[piece.low, 0.0 if _comes_down(piece.low_exponent) else np.nan]]),
            np.c_[u, y],
            np.array([[piece.high, 0.0 if _comes_down(piece.high_exponent) else np.nan]]),
        ]
    u, y = np.concatenate(parts).T
    x = np.exp(u) if log else u
    line.set_data(x, y)
    line.sticky_edges.y.append(0.0)
    extend_frame(axes, x, top)


def _comes_down(exponent: float | None) -> bool:
    """Whether the line goes down to the axis at this end."""
    return exponent is not None and not exponent < 0.0


def _grid(piece: _Piece, points: int) -> Real:
    """Points inside the piece, as dense at each end as the density there is steep."""
    t = np.linspace(0.0, 1.0, points // 2 + 1)[1:]
    half = (piece.high - piece.low) / 2.0
    from_low = piece.low + half * t ** _clustering(piece.low_exponent)
    from_high = piece.high - half * t ** _clustering(piece.high_exponent)
    return np.concatenate([from_low, from_high[-2::-1]])


def _clustering(exponent: float | None) -> float:
    """Power of a uniform parameter that spreads the mass near an end evenly."""
    if exponent is None:
        return 1.0
    return 1.0 / (1.0 + exponent) if exponent < -0.5 else 2.0


def _visible_top(piece: _Piece, u: Real, y: Real, cumulative: Callable[[Any], Any]) -> float:
    """Largest ordinate to show: the density, but near an unbounded edge its mean over the last cell."""
    cell = EDGE_CELL * (piece.high - piece.low)
    shown = np.isfinite(y)
    means = [0.0]
    for exponent, end, sign in ((piece.low_exponent, piece.low, 1.0), (piece.high_exponent, piece.high, -1.0)):
        if exponent is not None and exponent < 0.0:
            shown &= np.abs(u - end) >= cell
            means.append(abs(float(cumulative(end + sign * cell) - cumulative(end))) / cell)
    return max(float(y[shown].max(initial=0.0)), *means)


def _draw_atoms(axes: Axes, law: Law, log: bool, color: Any) -> None:
    atoms = law.atoms
    for position, mass in atoms:
        text = f"mass {mass:.3g}" if len(atoms) <= WRITTEN_ATOMS else ""
        if text and log and position == 0.0:
            text += " at 0"
        side = "right" if law.support and position > law.support[-1].high else "left"
        options = {"color": color, "linestyle": "-", "marker": "o", "markevery": [1], "zorder": 3}
        draw_stem(axes, position, mass, text, side=side, **options)


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
