"""Figures and axes in the house style, without touching any global setting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from rmt.errors import check_count, check_real, shown
from rmt.files import replacing

#: endings of the files :func:`save` writes
FIGURE_ENDINGS = (".png", ".pdf", ".svg")

#: of a figure: panels in a row or a column, and inches
MOST_PANELS, MOST_INCHES = 100, 1000.0
#: fill of a measured spectrum
GREY = "0.80"
#: measured numbers and outlines, dark enough to read
DARK_GREY = "0.35"

_STYLE = Path(__file__).with_name("rmt.mplstyle")


@contextmanager
def style() -> Iterator[None]:
    """Context in which new Matplotlib figures take the style of the gallery.

    The style is colour-blind-safe and prints in grey; nothing changes outside the ``with`` block. The same style by
    its name, for a whole session: ``matplotlib.pyplot.style.use("rmt.plotting.rmt")``.

    Yields
    ------
    None

    Examples
    --------
    >>> import rmt
    >>> with rmt.plotting.style():
    ...     figure, ax = rmt.plotting.figure()
    """
    import matplotlib.style

    with matplotlib.style.context(_STYLE):
        yield


def figure(
    rows: int = 1, columns: int = 1, *, width: float = 6.8, height: float | None = None, **kwargs: Any
) -> tuple[Figure, Any]:
    """Make a styled figure without pyplot: nothing to close, no window.

    Parameters
    ----------
    rows, columns : int
        Panels.
    width, height : float
        Inches; 6.8 is the width of a page and 3.4 of a column. The default height makes panels 1.6 times as wide as
        high.
    **kwargs
        Passed to ``Figure.subplots``.

    Returns
    -------
    (Figure, Axes or array of Axes)

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import rmt
    >>> figure, axes = rmt.plotting.figure(1, 2)
    >>> axes.shape
    (2,)
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    check_count("rows", rows, maximum=MOST_PANELS)
    check_count("columns", columns, maximum=MOST_PANELS)
    inches = float(check_real("width", width, above=0.0, at_most=MOST_INCHES))
    high = rows * (inches / columns) / 1.6
    if height is not None:
        high = float(check_real("height", height, above=0.0, at_most=MOST_INCHES))
    with style():
        size = (inches, high)
        canvas = FigureCanvasAgg(Figure(figsize=size, layout="constrained"))
        return canvas.figure, canvas.figure.subplots(rows, columns, **kwargs)


def axes_or_new(ax: Axes | None) -> Axes:
    """Return `ax`, or new Axes of a pyplot figure, so that scripts and notebooks can show it."""
    if ax is not None:
        return _check_axes(ax)
    import matplotlib.pyplot as plt

    new: Axes = plt.subplots(layout="constrained")[1]
    return new


def _check_axes(ax: Any) -> Axes:
    from matplotlib.axes import Axes

    if isinstance(ax, Axes) and ax.name != "3d":
        return ax
    remedy = "of an array of Axes pass one, as axes[0]; of a Figure, figure.gca()"
    raise TypeError(
        f"ax must be two-dimensional matplotlib Axes, got {shown(ax)} of type {type(ax).__name__}; {remedy}"
    )


def legend(ax: Axes, **kwargs: Any) -> Legend:
    """Put a legend above the frame, where it hides nothing.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The Axes whose labelled artists it names.
    **kwargs
        Passed to ``Axes.legend``.

    Returns
    -------
    matplotlib.legend.Legend

    Examples
    --------
    >>> import rmt
    >>> figure, ax = rmt.plotting.figure()
    >>> lines = ax.plot([0, 1], label="a line")
    >>> rmt.plotting.legend(ax).get_texts()[0].get_text()
    'a line'
    """
    _check_axes(ax)
    with style():
        return ax.legend(**{"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.2, **kwargs})


def check_figure_path(path: str | os.PathLike[str]) -> Path:
    """Return `path` if its ending is one that :func:`save` writes.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be a file name, got {shown(path)} of type {type(path).__name__}")
    target = Path(path)
    if target.suffix.lower() not in FIGURE_ENDINGS:
        raise ValueError(
            f"cannot write a figure to {str(path)!r}: its ending must be one of {', '.join(FIGURE_ENDINGS)}"
        )
    return target


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure, whole or not at all; the same figure gives the same bytes, and text stays text in .svg and .pdf.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What is written.
    path : path
        Ends in ``.png``, ``.pdf`` or ``.svg``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    TypeError
        If `figure` is no figure.
    ValueError
        If the ending is another one.
    OSError
        If the file cannot be written; what was there stays as it was.

    Examples
    --------
    >>> import tempfile, pathlib, rmt
    >>> figure, ax = rmt.plotting.figure()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rmt.plotting.save(figure, pathlib.Path(folder) / "empty.svg").name
    'empty.svg'
    """
    from matplotlib.figure import Figure

    target = check_figure_path(path)
    if not isinstance(figure, Figure):
        remedy = "of Axes pass axes.figure"
        raise TypeError(
            f"figure must be a matplotlib Figure, got {shown(figure)} of type {type(figure).__name__}; {remedy}"
        )
    undated: dict[str, dict[str, Any]] = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}, ".png": {}}
    ending = target.suffix.lower()
    with style(), replacing(target) as stream:
        figure.draw_without_rendering()  # the constrained layout moves with the first draw, and by last bits after it
        layout = figure.get_layout_engine()
        if layout is not None:
            figure.set_layout_engine("none")
            for ax in figure.axes:
                _round_place(ax)
        try:
            figure.savefig(stream, format=ending[1:], metadata=undated[ending])
        finally:
            if layout is not None:
                figure.set_layout_engine(layout)
    return target


def _round_place(ax: Axes) -> None:
    """Round the place of axes in their figure, and leave them to the layout."""
    in_layout = ax.get_in_layout()
    left, bottom, width, height = ax.get_position(original=True).bounds
    ax.set_position((round(left, 9), round(bottom, 9), round(width, 9), round(height, 9)))
    ax.set_in_layout(in_layout)
