"""The R- and S-transform on the real line, with their domains."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from rmt.errors import check_count, check_pair
from rmt.laws.law import Law, Real, check_law
from rmt.plotting.binning import hull
from rmt.plotting.canvas import axes_or_new, style
from rmt.plotting.labels import label_or, law_label

#: an unbounded domain of R is drawn up to this many times the inverse half-width of the support
FARTHEST = 5.0
#: this fraction of the domain at an end where the transform is unbounded does not stretch the frame
END = 0.08
#: height of the bars that show the domains, and their distance, as fractions of the frame
BAR, BAR_STEP = 0.018, 0.032


def r_transform(
    law: Law,
    ax: Axes | None = None,
    *,
    window: tuple[float, float] | None = None,
    label: str | None = None,
    points: int = 400,
    **kwargs: Any,
) -> Axes:
    """Draw R(g) where it is defined on the real line, and its domain as a bar above the axis.

    The domain is the image under G of the line outside the convex hull of the support. A dot marks an end that is the
    value of G at an edge: beyond it, R would be a value of another branch. Several calls with the same `ax` lay
    transforms over one another; where the domains of two laws overlap, those of their free sum add.

    Parameters
    ----------
    law : Law
        With bounded support.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new Axes of a pyplot figure when None.
    window : pair of float, optional
        Part of the domain to draw. The default is the domain, cut at 10 divided by the width of the support.
    label : str, optional
        Entry in the legend; the name of the law when None.
    points : int
        Points of the line.
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
        If the support is unbounded, or the window holds no part of the domain.

    Examples
    --------
    >>> import rmt
    >>> ax = rmt.plotting.r_transform(rmt.Semicircle())
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('$g$', '$R(g)$')
    """
    low, high = _bounded_hull(law)
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = [_end_value(law.stieltjes(edge), sign) for edge, sign in ((low, -1.0), (high, 1.0))]
    farthest = 2.0 * FARTHEST / (high - low) if high > low else FARTHEST
    window = (-farthest, farthest) if window is None else check_pair("window", window)
    return _draw(law, ax, law.r_transform, (ends[0], ends[1]), window, (r"$g$", r"$R(g)$"), label, points, kwargs)


def s_transform(
    law: Law,
    ax: Axes | None = None,
    *,
    window: tuple[float, float] | None = None,
    label: str | None = None,
    points: int = 400,
    **kwargs: Any,
) -> Axes:
    """Draw S(m) where it is defined on the real line, and its domain as a bar above the axis.

    The domain is the image under M(z) = zG(z) − 1 of the line outside the convex hull of the support; it starts at
    −(1 − δ), with δ the mass at 0, if the support reaches 0. Where the domains of two laws overlap, the S-transforms of
    their free product multiply.

    Parameters
    ----------
    law : Law
        On [0, ∞), with bounded support, not the unit mass at 0.
    ax
        As for :func:`r_transform`.
    window : pair of float, optional
        Part of the domain to draw; the default is the domain, cut at −2 and 2.
    label, points
        As for :func:`r_transform`.
    **kwargs
        As for :func:`r_transform`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the law takes negative values, its support is unbounded, or the window holds no part of the domain.

    Examples
    --------
    >>> import rmt
    >>> ax = rmt.plotting.s_transform(rmt.MarchenkoPastur(ratio=0.5))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('$m$', '$S(m)$')
    """
    low, high = _bounded_hull(law)
    if low < 0.0:
        raise ValueError(f"s_transform draws laws on [0, inf); the support of {law!r} starts at {low:.6g}")
    at_zero = math.fsum(mass for position, mass in law.atoms if position == 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        start = at_zero - 1.0 if low == 0.0 else _end_value(law.t_transform(low), -1.0)
        end = _end_value(law.t_transform(high), 1.0)
    window = (-2.0, 2.0) if window is None else check_pair("window", window)
    return _draw(law, ax, law.s_transform, (start, end), window, (r"$m$", r"$S(m)$"), label, points, kwargs)


def _bounded_hull(law: Law) -> tuple[float, float]:
    low, high = hull(check_law(law, "law"))
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"the support of {law!r} is unbounded, so its transforms have no domain on the real line")
    return low, high


def _end_value(value: complex, sign: float) -> float:
    """Value of a transform at an edge, infinite where the density is."""
    return value.real if math.isfinite(abs(value)) else sign * math.inf


def _draw(
    law: Law,
    ax: Axes | None,
    function: Callable[[Any], Any],
    domain: tuple[float, float],
    window: tuple[float, float],
    names: tuple[str, str],
    label: str | None,
    points: int,
    kwargs: dict[str, Any],
) -> Axes:
    check_count("points", points, minimum=8)
    low, high = max(domain[0], window[0]), min(domain[1], window[1])
    if not low < high:
        raise ValueError(f"window must hold a part of the domain ({domain[0]:.6g}, {domain[1]:.6g}), got {window!r}")
    inset = 1e-9 * (high - low)
    x = np.linspace(low + inset, high - inset, points)
    y = np.asarray(function(x))
    with style():
        axes = axes_or_new(ax)
        (line,) = axes.plot([], [], label=label_or(label, law_label(law)), **kwargs)
        line.set_data(x, y)
        shown = _bounded_part(x, y)
        axes.update_datalim(np.column_stack([x[shown], y[shown]]))
        for k, end in ((0, domain[0]), (-1, domain[1])):
            if window[0] <= end <= window[1] and shown[k]:
                axes.plot(x[k], y[k], "o", color=line.get_color())
        _draw_bar(axes, low, high, line.get_color())
        axes.set_xlabel(names[0])
        axes.set_ylabel(names[1])
        axes.autoscale_view()
    return axes


def _bounded_part(x: Real, y: Real) -> Any:
    """Points that set the frame: all, but not those next to an end at which the values run away."""
    shown = np.ones(x.shape, dtype=bool)
    cut = END * (x[-1] - x[0])
    inner = np.ptp(y[(x - x[0] > cut) & (x[-1] - x > cut)])
    for near in (x - x[0] <= cut, x[-1] - x <= cut):
        if np.ptp(y[near]) > 2.0 * inner > 0.0:
            shown &= ~near
    return shown


def _draw_bar(axes: Axes, low: float, high: float, colour: Any) -> None:
    """A bar from end to end of the domain, above those that are there already."""
    bars = sum(patch.get_gid() == "domain" for patch in axes.patches)
    axes.axvspan(low, high, BAR_STEP * bars, BAR_STEP * bars + BAR, color=colour, linewidth=0.0, gid="domain")
    axes.set_ymargin(BAR_STEP * (bars + 1) + 0.05)
