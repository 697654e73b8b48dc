"""The isometry report as a figure: the spectrum, what the layers do, and where the network sits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from rmt.errors import check_count, shown
from rmt.networks.activations.activation import Activation
from rmt.networks.architecture.jacobian import Jacobian
from rmt.networks.architecture.mlp import MLP
from rmt.networks.reports.jacobian_report import Cause, IsometryReport
from rmt.plotting.canvas import DARK_GREY, GREY, axes_or_new, legend, style
from rmt.plotting.curve import draw_stem, extend_frame
from rmt.plotting.phase import phase_diagram

Real = NDArray[np.float64]

LN10 = math.log(10.0)
#: mass of the bulk below which the frame ends
LOWEST = 1e-3
#: points of the line of the law
POINTS = 500
#: layers up to which every one has a marker
MARKED_LAYERS = 24
#: the band of singular values that count as close to 1
BAND = math.log10(2.0)


def isometry(report: IsometryReport, ax: Axes | None = None, *, n: int = 400, rng: Any = 0) -> Axes:
    r"""Draw an isometry report.

    Parameters
    ----------
    report : IsometryReport
        From ``MLP.isometry()`` or a check of a real model.
    ax : matplotlib.axes.Axes, optional
        Where to draw the spectrum alone. A pyplot figure with all panels when None: the spectrum; chi and q against
        depth; the point on the phase diagram.
    n : int
        Output units of the network that is sampled where nothing was measured.
    rng : Generator, SeedSequence, int or None
        For that sample.

    Returns
    -------
    matplotlib.axes.Axes
        Those of the spectrum.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Notes
    -----
    The spectrum is drawn in log₁₀ s: area is mass, and a stem of mass 1 takes 90 % of the height. The lowest
    thousandth of the bulk is left out.

    Examples
    --------
    >>> import rmt
    >>> report = rmt.MLP(8, "tanh", 1.1, weights="orthogonal").isometry()
    >>> isometry(report, rmt.plotting.figure()[1], n=60).get_xlabel()
    '$\\log_{10} s$'
    """
    _check_report(report)
    check_count("n", n, minimum=2)
    with style():
        if ax is not None:
            _draw_spectrum(axes_or_new(ax), report, n, rng)
            return ax
        import matplotlib.pyplot as plt

        return _fill(plt.figure(figsize=_size(report), layout="constrained"), report, n, rng)


def isometry_figure(report: IsometryReport, *, n: int = 400, rng: Any = 0) -> Figure:
    """All panels of :func:`isometry` in a figure of their own, without pyplot: nothing to close, no window.

    Parameters
    ----------
    report : IsometryReport
        What :func:`rmt.networks.isometry` returns.
    n : int
        Width of the network that is sampled where nothing was measured.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import rmt
    >>> report = rmt.networks.isometry(rmt.networks.MLP(4, "relu", sigma_w=2**0.5))
    >>> figure = rmt.plotting.isometry_figure(report, n=20)
    >>> len(figure.axes) > 1
    True
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    _check_report(report)
    check_count("n", n, minimum=2)
    with style():
        figure = FigureCanvasAgg(Figure(figsize=_size(report), layout="constrained")).figure
        _fill(figure, report, n, rng)
    return figure


def _check_report(report: Any) -> None:
    if not isinstance(report, IsometryReport):
        raise TypeError(
            f"report must be an IsometryReport, got {shown(report)} of type {type(report).__name__}; it is what "
            "net.isometry() of a network gives"
        )


def _size(report: IsometryReport) -> tuple[float, float]:
    return (9.6, 7.4) if report.layers else (6.8, 4.2)


def _fill(figure: Figure | SubFigure, report: IsometryReport, n: int, rng: Any) -> Axes:
    """Lay the panels out, and return the one of the spectrum."""
    phi = _activation(report)
    lower = ["layers"] if phi is None else ["layers", "phase"]
    rows: list[Any] = [["spectrum"] * len(lower), lower] if report.layers else [["spectrum"]]
    panels = figure.subplot_mosaic(rows)
    spectrum: Axes = panels["spectrum"]
    _draw_spectrum(spectrum, report, n, rng)
    if report.layers:
        _draw_layers(panels["layers"], report)
    if phi is not None:
        _draw_phase(panels["phase"], phi, report)
    return spectrum


def _activation(report: IsometryReport) -> Activation | None:
    """The one activation of the network that is not linear, if there is one."""
    if not isinstance(report.network, MLP) or not report.layers:
        return None
    found = {phi for phi in report.network.activations if phi.name != "linear"} or {report.network.activations[0]}
    return found.pop() if len(found) == 1 else None


# ---------------------------------------------------------------------- the spectrum
def _draw_spectrum(axes: Axes, report: IsometryReport, n: int, rng: Any) -> None:
    values, label = _values(report, n, rng)
    low, high = _frame(report, values)
    axes.axvspan(-BAND, BAND, color="C2", alpha=0.12, linewidth=0.0, zorder=0)
    axes.axvline(0.0, color="C2", linewidth=0.8, linestyle="-", zorder=0)
    if values.size:
        _draw_histogram(axes, values, label, low, high, report)
    if report.law is not None:
        _draw_law(axes, report, low, high)
    axes.set_xlim(low, high)
    axes.set_ylim(bottom=0.0)
    _draw_outliers(axes, report)
    axes.set_xlabel(r"$\log_{10} s$")
    axes.set_ylabel("density")
    axes.set_title(f"{report.verdict}: relative variance {report.relvar:.3g}", loc="right", fontsize="medium")
    legend(axes, ncols=3)


def _values(report: IsometryReport, n: int, rng: Any) -> tuple[Real, str]:
    """Measured log₁₀ s, or those of a sampled network; −inf for zeros."""
    if report.values is not None:
        measured = np.asarray(report.values, dtype=np.float64)
        return measured / LN10, f"measured, {measured.size} values"
    if report.network is None:
        return np.empty(0), ""
    jacobian = report.network.jacobian()
    if isinstance(jacobian, Jacobian):
        logs = jacobian.log_singular_values(n, rng=rng)
    else:
        logs = np.log(jacobian.singular_values(n, rng=rng))
    missing = np.full(max(n - logs.size, 0), -np.inf)
    return np.concatenate([logs, missing]) / LN10, f"sampled network, n = {n}"


def _frame(report: IsometryReport, values: Real) -> tuple[float, float]:
    """Ends of the horizontal axis: the bulk but for its lowest thousandth, the outliers, and 1."""
    ends = [-BAND, BAND]
    alive = values[np.isfinite(values)]
    for summary in filter(None, (report.predicted, report.measured)):
        logs = [v for v in summary.log_quantiles if math.isfinite(v)]
        ends += [v / LN10 for v in (*logs[:1], summary.log_s_max) if math.isfinite(v)]
    apart = [o.log_position / LN10 for o in report.outliers]
    if alive.size:
        ends += [float(np.quantile(alive, LOWEST)), float(alive.max())]
        apart.append(float(alive.min()))
    width = max(ends) - min(ends)
    ends += [place for place in apart if _near(place, ends, width)]
    margin = 0.04 * (max(ends) - min(ends))
    return min(ends) - margin, max(ends) + margin


def _near(position: float, ends: list[float], width: float) -> bool:
    """Whether an outlier fits in the picture without squeezing the bulk."""
    return min(ends) - 1.5 * width <= position <= max(ends) + 1.5 * width


def _draw_histogram(axes: Axes, values: Real, label: str, low: float, high: float, report: IsometryReport) -> None:
    atoms = [math.log10(s) for s, _ in report.atoms if s > 0.0] if report.values is None else []
    at_atom = np.zeros(values.size, dtype=bool)
    for position in atoms:
        at_atom |= np.abs(values - position) < 1e-9
    count = max(40, math.ceil(4.0 * values.size ** (1.0 / 3.0)))
    edges = np.linspace(low, high, count + 1)
    rest = values[~at_atom & np.isfinite(values)]
    density = np.histogram(rest, edges)[0] / (values.size * np.diff(edges))
    axes.stairs(density, edges, fill=True, facecolor=GREY, edgecolor="0.6", linewidth=0.4, label=label, zorder=1)
    extend_frame(axes, edges, float(density.max()))
    for position in atoms:
        mass = float(np.mean(np.abs(values - position) < 1e-9))
        draw_stem(axes, position, mass, "", **_STEM)
    zeros = float(np.mean(np.isneginf(values)))
    if zeros:
        draw_stem(axes, low, zeros, "", **_STEM)


_STEM: dict[str, Any] = {"color": "0.72", "linestyle": "-", "linewidth": 7.0, "solid_capstyle": "butt", "zorder": 2}


def _draw_law(axes: Axes, report: IsometryReport, low: float, high: float) -> None:
    law = report.law
    assert law is not None
    x = np.linspace(low, high, POINTS)
    continuous = sum(mass for _, mass in law.atoms) < 1.0 - 1e-9
    if continuous:
        u = 2.0 * LN10 * x - report.log_scale
        inside = u < float(law.ppf_of_log(1.0))
        density = np.zeros_like(x)
        density[inside] = 2.0 * LN10 * np.asarray(law.pdf_of_log(u[inside]))
        axes.plot(x, density, color="C0", linestyle="-", label="law", zorder=3)
    name = "_law" if continuous else "law"
    for position, mass in law.atoms:
        place = low if position == 0.0 else (math.log(position) + report.log_scale) / (2.0 * LN10)
        where = " at s = 0" if position == 0.0 else ""
        side = "right" if position == 0.0 else "left"
        stem = {"color": "C0", "linestyle": "-", "linewidth": 1.8, "label": name, "zorder": 4}
        draw_stem(axes, place, mass, f"mass {mass:.3g}{where}", side=side, **stem)
        name = "_law"


def _draw_outliers(axes: Axes, report: IsometryReport) -> None:
    low, high = axes.get_xlim()
    name = "outlier"
    for outlier in report.outliers:
        place = outlier.log_position / LN10
        text = {Cause.RADIAL: "input direction", Cause.MEAN_MODE: "mean mode"}.get(outlier.cause, "outlier")
        inside = low <= place <= high
        share = (place - low) / (high - low)
        side = "left" if share < 0.1 else "right" if share > 0.9 else "center"
        at = min(max(place, low), high)
        marker = "v" if inside else ("<" if place < low else ">")
        axes.plot(
            [at], [0.03], marker, color="C1", transform=axes.get_xaxis_transform(), label=name, clip_on=False, zorder=5
        )
        axes.annotate(
            text if inside else f"{text}, $10^{{{place:.3g}}}$",
            (at, 0.03),
            xycoords=axes.get_xaxis_transform(),
            xytext=({"left": 6, "center": 0, "right": -6}[side], 8),
            textcoords="offset points",
            ha=side,
            fontsize="small",
            color="C1",
            zorder=5,
        )
        name = "_outlier"


# ---------------------------------------------------------------------- the layers
def _draw_layers(axes: Axes, report: IsometryReport) -> None:
    from matplotlib.ticker import MaxNLocator

    depth = np.arange(1, len(report.layers) + 1)
    marker = "o" if depth.size <= MARKED_LAYERS else ""
    lines: list[Any] = []
    for name, text, style_ in (("chi_perp", r"$\chi_\perp$", "-"), ("chi_par", r"$\chi_\parallel$", "--")):
        values = _column(report, name)
        if np.isfinite(values).any():
            color = "C0" if name == "chi_perp" else "C1"
            lines += axes.plot(depth, values, linestyle=style_, marker=marker, color=color, label=text)
    axes.axhline(1.0, color=DARK_GREY, linewidth=0.8, linestyle="-", zorder=0)
    axes.set_xlabel("layer")
    axes.set_ylabel(r"$\chi$")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    lengths = _column(report, "q")
    if np.isfinite(lengths).any():
        twin = axes.twinx()
        twin.spines["right"].set_visible(True)
        lines += twin.plot(depth, lengths, linestyle=":", marker=marker, color="C2", label=r"$q$ (right)")
        positive = lengths[np.isfinite(lengths) & (lengths > 0.0)]
        if positive.size == depth.size and positive.max() > 30.0 * positive.min():
            twin.set_yscale("log")
        else:
            twin.set_ylim(0.0, 1.25 * max(float(np.nanmax(lengths)), 1e-300))
        twin.set_ylabel(r"$q$", color="C2")
    legend(axes, handles=lines, ncols=3)


def _column(report: IsometryReport, name: str) -> Real:
    return np.array([math.nan if (v := getattr(layer, name)) is None else v for layer in report.layers])


# ---------------------------------------------------------------------- the phase diagram
def _draw_phase(axes: Axes, phi: Activation, report: IsometryReport) -> None:
    here = {(layer.sigma_w, layer.sigma_b or 0.0) for layer in report.layers if layer.sigma_w is not None}
    advice = report.advice
    target: set[tuple[float, float]] = set()
    if advice is not None and advice.sigma_w is not None and advice.sigma_b is not None:
        place = (advice.sigma_w, advice.sigma_b)
        target = set() if any(math.dist(place, point) < 1e-6 for point in here) else {place}
    right = max(2.0, 1.3 * max(w for w, _ in here | target))
    top = max(0.6, 1.4 * max(b for _, b in here | target))
    phase_diagram(phi, axes, sigma_w=(0.0, right), sigma_b=(0.0, top), points=100)
    mark: dict[str, Any] = {"linestyle": "none", "markeredgecolor": "white", "clip_on": False, "zorder": 6}
    for points, marker, size, color, label in (
        (here, "o", 8, "black", "this network"),
        (target, "*", 14, "C1", "advice"),
    ):
        if points:
            x, y = zip(*sorted(points), strict=True)
            axes.plot(x, y, marker=marker, color=color, markersize=size, label=label, **mark)
    legend(axes, ncols=3, columnspacing=1.0, handletextpad=0.4)
