"""Functions of a complex variable as colours."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from rmt.errors import check_count, check_pair, shown
from rmt.laws.law import Law
from rmt.plotting.binning import frame
from rmt.plotting.canvas import axes_or_new, style

#: how much darker a band becomes towards the next larger modulus
BAND_SHADE = 0.35


def domain_coloring(
    function: Law | Callable[[NDArray[np.complex128]], Any],
    ax: Axes | None = None,
    *,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    points: int = 500,
    **kwargs: Any,
) -> Axes:
    """Colour the plane by the values of a function: the hue is the argument, a band spans a factor 2 in modulus.

    For a law the function is its Stieltjes transform G, whose branch cut is the support: colours jump there, because
    ``G(x - i0)`` is the conjugate of ``G(x + i0)``; a pole shows all colours around an atom.

    Parameters
    ----------
    function : Law or callable
        A law, or a function of an array of complex numbers.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new Axes of a pyplot figure when None.
    xlim, ylim : pair of float, optional
        The window. For a law the default leaves half of the width of its support on every side; it must be given for
        a function.
    points : int
        Pixels along the horizontal axis.
    **kwargs
        Passed to ``Axes.imshow``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If `function` is neither a law nor a function.
    ValueError
        If a window is missing or empty.

    Notes
    -----
    The hues are those of Matplotlib's ``twilight``, which is cyclic and even to the eye: light is a positive value,
    dark a negative one.

    Examples
    --------
    >>> import rmt
    >>> ax = rmt.plotting.domain_coloring(rmt.Semicircle(), points=60)
    >>> len(ax.images)
    1
    """
    check_count("points", points, minimum=2)
    if isinstance(function, Law):
        xlim = _window(function) if xlim is None else xlim
        evaluate: Callable[[NDArray[np.complex128]], Any] = function.stieltjes
    else:
        evaluate = function
    if not callable(evaluate):
        raise TypeError(f"function must be a Law or a function of an array of complex numbers, got {shown(function)}")
    if xlim is None:
        raise ValueError("xlim must be given with a function; only a law has a window of its own")
    xlim = check_pair("xlim", xlim)
    half = (xlim[1] - xlim[0]) / 3.0
    ylim = (-half, half) if ylim is None else check_pair("ylim", ylim)
    # an even number of rows: none lies on the branch cut of a window that is symmetric about it
    rows = 2 * max(1, round(points * (ylim[1] - ylim[0]) / (xlim[1] - xlim[0]) / 2.0))
    x = xlim[0] + (np.arange(points) + 0.5) * (xlim[1] - xlim[0]) / points
    y = ylim[0] + (np.arange(rows) + 0.5) * (ylim[1] - ylim[0]) / rows
    values = evaluate(x[None, :] + 1j * y[:, None])
    if np.shape(values) != (rows, points):
        raise TypeError(
            f"function must map an array of complex numbers to an array of the same shape, got {shown(values)}; wrap "
            "it with numpy.vectorize"
        )
    colours = phase_colours(values)
    with style():
        axes = axes_or_new(ax)
        axes.imshow(colours, extent=(*xlim, *ylim), origin="lower", **{"interpolation": "bilinear", **kwargs})
        axes.set_xlabel(r"$\mathrm{Re}\,z$")
        axes.set_ylabel(r"$\mathrm{Im}\,z$")
    return axes


def phase_colours(values: Any) -> NDArray[np.float64]:
    """Colours of complex numbers: shape ``(..., 3)``; white where a value is not finite."""
    import matplotlib as mpl

    w = np.asarray(values, dtype=np.complex128)
    finite = np.isfinite(w) & (w != 0)
    safe = np.where(finite, w, 1.0)
    turn = np.mod(np.angle(safe) / (2.0 * math.pi), 1.0)
    band = np.mod(np.log2(np.abs(safe)), 1.0)
    colours: NDArray[np.float64] = mpl.colormaps["twilight"](turn)[..., :3] * (1.0 - BAND_SHADE * band)[..., None]
    colours[~finite] = 1.0
    return colours


def _window(law: Law) -> tuple[float, float]:
    ends = [end for interval in frame(law, False) for end in interval] + [position for position, _ in law.atoms]
    low, high = min(ends), max(ends)
    margin = (high - low) / 2.0 if high > low else 1.0
    return low - margin, high + margin
