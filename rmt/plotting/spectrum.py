"""Measured spectra as grey histograms or points, alone or under their law."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from rmt.ensembles.ensemble import Ensemble
from rmt.errors import check_choice, check_count, check_flag, check_numbers
from rmt.laws.law import Law, check_law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.laws.planar.planar_rings import EllipticLaw
from rmt.plotting.binning import MOST_BINS, Histogram, histogram
from rmt.plotting.canvas import DARK_GREY, GREY, axes_or_new, style
from rmt.plotting.canvas import legend as legend_above
from rmt.plotting.curve import choose_log, draw_stem, extend_frame, finish_axes, finish_plane
from rmt.plotting.curve import law as draw_law
from rmt.plotting.labels import ensemble_label, label_or, law_label
from rmt.spectra.comparison import Comparison, PlanarComparison
from rmt.spectra.verdict.prediction import Fluctuations

#: larger numbers leave no room for margins in floats
LARGEST_DRAWN = 1e300

#: colour of what fails
FAILED = "#c1272d"

VIEWS = ("eigenvalues", "singular values", "radii", "angles")

HISTOGRAM_STYLE = {
    "fill": True,
    "color": GREY,
    "facecolor": GREY,
    "edgecolor": "0.6",
    "linewidth": 0.4,
    "zorder": 1,
}

_NAMES = {
    "singular values": (r"$s$", r"$\rho(s)$"),
    "radii": (r"$|\lambda|$", r"$\rho(|\lambda|)$"),
    "angles": (r"$\arg\,\lambda$", r"$\rho(\arg\,\lambda)$"),
}


def esd(
    values: ArrayLike,
    ax: Axes | None = None,
    *,
    law: Law | None = None,
    bins: int | None = None,
    log: bool | None = None,
    label: str | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw a measured spectrum: a grey histogram, or points in the plane if the eigenvalues are complex.

    Parameters
    ----------
    values : array_like
        Eigenvalues, of any shape.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new Axes of a pyplot figure when None.
    law : Law, optional
        The prediction. It is not drawn, but the bins then end at its edges, and eigenvalues at its atoms are stems.
        Without it, at least three eigenvalues (and 1 % of them) that agree up to rounding are drawn as a stem.
    bins : int, optional
        Number of bins over the support; ``max(60, ceil(6 size**(1/3)))`` when None.
    log : bool, optional
        Draw the density of log λ over a log axis. When None: as `ax` does if it holds something already, otherwise
        if half of the spectrum lies in the lowest twentieth of its range.
    label : str, optional
        Entry in the legend; "n = " and the number of eigenvalues when None.
    **kwargs
        Passed to ``Axes.stairs``, or to ``Axes.scatter`` for complex eigenvalues.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If the eigenvalues are no numbers, or `law` is not a law on the line.
    ValueError
        If an eigenvalue is NaN or infinite, there is none, or a log axis is asked for negative ones.

    Notes
    -----
    The area of the histogram and the masses of the stems sum to 1. The height of a stem is its mass, where 1 is 90 %
    of the height of the frame.

    Examples
    --------
    >>> import rmt
    >>> ax = rmt.plotting.esd(rmt.gue().eigenvalues(50, rng=0), law=rmt.Semicircle())
    >>> len(ax.get_children()) > 10
    True
    """
    array = check_numbers("values", values).ravel()
    if law is not None:
        check_law(law, "law")
    if bins is not None:
        check_count("bins", bins, maximum=MOST_BINS)
    if array.size == 0:
        raise ValueError("values must hold at least one eigenvalue, got none")
    if not np.isfinite(array).all():
        bad = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ValueError(f"values must be finite: {array[bad]} at position {bad}")
    if np.abs(array).max() > LARGEST_DRAWN:
        raise ValueError(f"values must be at most {LARGEST_DRAWN:g} in size to be drawn; divide them by their largest")
    name = label_or(label, f"n = {array.size}")
    with style():
        axes = axes_or_new(ax)
        if np.iscomplexobj(array):
            _draw_points(axes, array, name, kwargs)
        else:
            on_log = choose_log(axes, array, law, log)
            _draw_histogram(axes, histogram(array, law, bins=bins, log=on_log), name, law is None, kwargs)
            finish_axes(axes, on_log)
    return axes


def compare(
    source: Ensemble | ArrayLike,
    law: Law | PlanarLaw | EllipticLaw | None = None,
    *,
    n: int = 1000,
    rng: Any = None,
    trials: int = 1,
    view: str = "eigenvalues",
    ax: Axes | None = None,
    bins: int | None = None,
    log: bool | None = None,
    label: str | None = None,
    legend: bool = True,
    result: Comparison | PlanarComparison | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw both faces of a random matrix: a sampled spectrum in grey, and its law over it.

    Parameters
    ----------
    source : Ensemble or array_like
        An ensemble, of which a matrix is drawn, or eigenvalues that are there already.
    law : Law, PlanarLaw or EllipticLaw, optional
        The prediction; that of the ensemble when None.
    n : int
        Matrix dimension; with eigenvalues as source it is not used.
    rng : Generator, SeedSequence, int or None
        Passed to the ensemble.
    trials : int
        Number of matrices, pooled in one histogram.
    view : {"eigenvalues", "singular values", "radii", "angles"}
        What to draw. Eigenvalues off the real line are points of the plane, with the circles that bound them;
        "radii" and "angles" are histograms of their absolute values and arguments.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new Axes of a pyplot figure when None.
    bins, log, label
        As for :func:`esd`; "radii" and "angles" have ``ceil(3 size**(1/3))`` bins when None, because eigenvalues are
        less rigid in the plane.
    legend : bool
        Whether a legend names the ensemble, its parameters and n, and the law.
    result : Comparison or PlanarComparison, optional
        What :func:`rmt.spectra.compare` said of these numbers: its marks are drawn, eigenvalues where the law has none
        and masses that are not the law's. When None they are compared here, at the level 0.01.
    **kwargs
        Passed to :func:`law`, and from there to its line (``Axes.plot``).

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If `law` is no law, or a law on the line for eigenvalues in the plane; if `result` is no comparison.
    ValueError
        If `view` is another word or does not suit the law, or a law is missing.

    Examples
    --------
    >>> import rmt
    >>> ax = rmt.plotting.compare(rmt.wishart(ratio=2.0), n=400, rng=0)
    >>> ax.get_legend_handles_labels()[1]
    ['Wishart, ratio 2, n = 400', 'Marchenko–Pastur law, ratio 2']
    """
    check_choice("view", view, VIEWS)
    check_flag("legend", legend)
    if law is not None and not isinstance(law, PlanarLaw | EllipticLaw):
        check_law(law, "law")
    if result is not None and not isinstance(result, (Comparison, PlanarComparison)):
        raise TypeError(
            f"result must be what rmt.spectra.compare returns, got {result!r} of type {type(result).__name__}"
        )
    values, prediction, known, name, law_name = _resolve(source, law, n, rng, trials, view)
    kwargs.setdefault("label", law_name)
    with style():
        axes = axes_or_new(ax)
        if isinstance(prediction, Law):
            if view in ("radii", "angles"):
                kwargs.setdefault("edges", view == "radii")
                bins = math.ceil(3.0 * values.size ** (1.0 / 3.0)) if bins is None else bins
            esd(values, axes, law=prediction, bins=bins, log=log, label=label_or(label, name))
            _name_axes(axes, view)
        else:
            esd(values.astype(np.complex128), axes, label=label_or(label, name))
        draw_law(prediction, axes, **kwargs)
        if isinstance(prediction, Law) and view in ("eigenvalues", "singular values"):
            found = result if isinstance(result, Comparison) else _judged(values, prediction, known)
            _draw_failures(axes, found)
        if legend:
            legend_above(axes)
    return axes


def _resolve(
    source: Any, law: Any, n: int, rng: Any, trials: int, view: str
) -> tuple[NDArray[Any], Law | PlanarLaw | EllipticLaw, Fluctuations | None, str, str]:
    """Numbers to draw (one row a matrix), their law, their fluctuations, and the two entries in the legend."""
    singular = view == "singular values"
    known: Fluctuations | None = None
    if hasattr(source, "eigenvalues"):
        ensemble = cast("Ensemble", source)
        draw = ensemble.singular_values if singular else ensemble.eigenvalues
        values = np.asarray(draw(n, rng=rng, trials=trials))
        name = f"{ensemble_label(ensemble)}, n = {n}" + (f", {trials} trials" if trials > 1 else "")
        known = ensemble.singular_value_fluctuations() if singular else ensemble.fluctuations()
        if law is None:
            law = ensemble.singular_value_law() if singular else ensemble.law()
    else:
        values = check_numbers("source", source)
        name = f"n = {values.shape[-1] if values.ndim else 1}"
        if law is None:
            raise ValueError("law must be given with eigenvalues; only an ensemble knows its own")
    if view not in ("radii", "angles"):
        if isinstance(law, Law) and np.iscomplexobj(values):
            raise TypeError(
                f"the eigenvalues are complex and {law_label(law)} is a law on the line; pass a law of the plane, or "
                'view="singular values" with the law of those'
            )
        return values, law, known, name, law_label(law)
    if isinstance(law, Law):
        raise ValueError(f"view={view!r} needs a law in the plane, got {law!r}")
    if isinstance(law, EllipticLaw):
        raise ValueError(f"view={view!r} needs a law that is the same in all directions, got {law!r}; leave view out")
    if view == "radii":
        return np.abs(values), law.radial_law(), known, name, law_label(law)
    return np.angle(values), law.angle_law(), known, name, law_label(law)


def _judged(values: NDArray[Any], law: Law, known: Fluctuations | None) -> Comparison:
    from rmt.spectra import compare as judge

    found: Comparison = judge(values, law, ensemble=known, statistics=("edges", "atoms", "gaps"))
    return found


def _draw_failures(axes: Axes, result: Comparison) -> None:
    """Mark eigenvalues where the law allows none, and draw atoms whose mass is not the law's in another colour."""
    outliers = [mark.position for mark in result.marks if mark.kind == "outlier"]
    if axes.get_xscale() == "log":
        outliers = [x for x in outliers if x > 0.0]
    if outliers:
        axes.plot(
            outliers,
            [0.02] * len(outliers),
            "v",
            transform=axes.get_xaxis_transform(),
            color=FAILED,
            clip_on=False,
            label=f"{len(outliers)} where the law has none",
            zorder=6,
        )
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, *outliers), max(high, *outliers))
    for mark in (mark for mark in result.marks if mark.kind == "atom"):
        measured = next((pair.measured for pair in result.atoms if pair.position == mark.position), 0.0)
        text = f"measured {measured:.3g}, law {mark.mass:.3g}"
        height = max(mark.mass, measured)
        draw_stem(axes, mark.position, height, text, side="right", color=FAILED, linestyle="--", zorder=6)


def _name_axes(axes: Axes, view: str) -> None:
    if view not in _NAMES:
        return
    x, y = _NAMES[view]
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if view == "angles":
        axes.set_xticks([-math.pi, -math.pi / 2, 0.0, math.pi / 2, math.pi], ["−π", "−π/2", "0", "π/2", "π"])


def _draw_histogram(axes: Axes, data: Histogram, label: str, write_masses: bool, kwargs: dict[str, Any]) -> None:
    if data.outside:
        label += f" ({data.outside} outside the frame)"
    if data.density.size:
        options = {**HISTOGRAM_STYLE, **kwargs}
        axes.stairs(np.zeros(data.density.size), data.edges, label=label, **options).set_data(data.density)
        extend_frame(axes, data.edges, float(data.density.max()))
        label = "_measured"
    for position, mass in data.atoms:
        text = f"mass {mass:.3g}" if write_masses else ""
        options = {"color": "0.72", "linestyle": "-", "linewidth": 6.0, "solid_capstyle": "butt", "zorder": 2}
        draw_stem(axes, position, mass, text, label=label, **options)
        label = "_measured"


def _draw_points(axes: Axes, values: NDArray[np.complex128], label: str, kwargs: dict[str, Any]) -> None:
    options = {"s": min(12.0, 6000.0 / values.size), "color": DARK_GREY, "linewidths": 0, "zorder": 2, **kwargs}
    axes.scatter(values.real, values.imag, label=label, **options)
    finish_plane(axes)
