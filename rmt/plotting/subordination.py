"""Subordination functions on the real axis: a curve in the upper half plane."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from rmt.errors import check_count
from rmt.laws.law import Law, Real, check_law
from rmt.plotting.binning import frame
from rmt.plotting.canvas import axes_or_new, style
from rmt.plotting.labels import label_or, law_label

#: how far beyond the support the curve is drawn, in widths of the support
BEYOND = 0.12


def subordination(
    law: Law, ax: Axes | None = None, *, factor: int = 0, label: str | None = None, points: int = 400, **kwargs: Any
) -> Axes:
    """Draw the curve x ↦ ω(x + i0) of one subordination function of a free sum or product.

    ω maps the upper half plane into itself, and G(z) = G_i(ω(z)) for a sum (M(z) = M_i(ω(z)) for a product). Where x
    runs through the support the curve lies above the real axis, which is what makes the density of the sum analytic
    there; over a gap it lies on the axis. For a semicircle of variance t added to a law, the curve of that law bounds
    the region in which t ∫ μ(dx)/|w − x|² < 1 (Biane 1997a).

    Parameters
    ----------
    law : Law
        Built by ``boxplus``, ``boxtimes``, ``free_power`` or ``compress``, with bounded support.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new Axes of a pyplot figure when None.
    factor : int
        Which of ``law.factors``.
    label : str, optional
        Entry in the legend; the name of the law when None.
    points : int
        Points of the curve on each interval of the support.
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
        If the law has no subordination functions, or no such factor.

    Examples
    --------
    >>> import rmt
    >>> ax = rmt.plotting.subordination(rmt.boxplus(rmt.Semicircle(), rmt.Rademacher()))
    >>> len(ax.lines)
    1
    """
    check_count("points", points, minimum=8)
    check_count("factor", factor, minimum=0)
    curves = check_law(law, "law").subordination(_grid(law, points).astype(np.complex128))
    if factor >= len(curves):
        raise ValueError(f"factor must be one of 0, ..., {len(curves) - 1}, got {factor}")
    omega = np.asarray(curves[factor])
    with style():
        axes = axes_or_new(ax)
        (line,) = axes.plot(omega.real, omega.imag, label=label_or(label, law_label(law)), **kwargs)
        line.sticky_edges.y.append(0.0)
        axes.autoscale_view()
        axes.set_xlabel(r"$\mathrm{Re}\,\omega$")
        axes.set_ylabel(r"$\mathrm{Im}\,\omega$")
    return axes


def _grid(law: Law, points: int) -> Real:
    """Points of the line, dense at the edges of the support, from beyond its left end to beyond its right end."""
    intervals = frame(law, False)
    ends = [end for interval in intervals for end in interval]
    margin = BEYOND * (max(ends) - min(ends))
    gaps = [
        (min(ends) - margin, min(ends)),
        *zip(ends[1::2], ends[2::2], strict=False),
        (max(ends), max(ends) + margin),
    ]
    t = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, points))
    return np.unique(np.concatenate([low + (high - low) * t for low, high in [*intervals, *gaps]]))
