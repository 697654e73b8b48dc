"""The phase diagram of wide random networks, and the initialisers of the libraries on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from rmt._cached import cached_property
from rmt.errors import check_count, check_items, check_real, shown
from rmt.laws.law import Real
from rmt.networks.activations.activation import Activation
from rmt.networks.activations.lookup import ActivationLike
from rmt.networks.activations.lookup import activation as as_activation
from rmt.networks.propagation.criticality import critical_points, edge_of_chaos, half_stable_point
from rmt.networks.propagation.initialisers import initialiser, torch_gain
from rmt.plotting.canvas import DARK_GREY, axes_or_new, style

#: lengths beyond which the search for a stationary one ends, and its density
SHORTEST, LONGEST, PER_DECADE = 1e-8, 1e8, 16
#: points of the edge of chaos in the window
EDGE_POINTS = 300
#: part of the diagonal that contours of the stationary length cross, and how far apart
LABELLED, CLEARANCE = (0.4, 0.95), 0.12
#: fills of the regions
ORDERED, CHAOTIC = "#dceaf5", "#fae3d2"
#: a region gets its name if an ellipse of this height and twice the width, as fractions of the window, fits in
NAMED_RADIUS = 0.04
#: the lowest part of the window is left to the names of initialisers, most of which have no bias
LOWEST_NAME = 0.3

#: initialisers by the names on the diagram
INITIALISERS = {
    "LeCun": "lecun_normal",
    "Glorot": "glorot_normal",
    "orthogonal": "orthogonal",
    "He": "he_normal",
    "nn.Linear": "torch_linear",
}


def phase_diagram(
    activation: ActivationLike,
    ax: Axes | None = None,
    *,
    sigma_w: tuple[float, float] = (0.0, 3.0),
    sigma_b: tuple[float, float] = (0.0, 1.0),
    input_q: float = 1.0,
    points: int = 160,
    **kwargs: Any,
) -> Axes:
    """Draw where a wide random network is ordered, where chaotic, and the edge of chaos between.

    Parameters
    ----------
    activation : str, callable or Activation
        See :func:`rmt.networks.activation`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new Axes of a pyplot figure when None.
    sigma_w, sigma_b : pair of float
        The window: scale of the weights (their variance is sigma_w²/fan_in) and standard deviation of the biases.
    input_q : float
        Mean square of the entries of the input; it matters where more than one length is stable.
    points : int
        Resolution of the regions and contours along each axis. The edge does not depend on it.
    **kwargs
        Passed to ``Axes.plot`` for the edge of chaos.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the window is empty or reaches below 0.

    Notes
    -----
    Blue is ordered (chi_perp < 1: nearby inputs merge, gradients vanish), orange chaotic (chi_perp > 1), both at the
    stationary length q* that the length map reaches from `input_q`. Grey lines are contours of q*. Where the map grows
    without bound there is no stationary length, and the plane is hatched. The edge is dashed where its length is
    unstable, up to the half-stable point; for ReLU-like activations it is a single point. Sources: Poole et al. 2016,
    Schoenholz et al. 2017.

    Examples
    --------
    >>> ax = phase_diagram("tanh", sigma_w=(0.5, 2.5), sigma_b=(0.0, 0.6), points=40)
    >>> ax.get_legend_handles_labels()[1]
    ['edge of chaos']
    """
    phi = as_activation(activation)
    window = _check_range("sigma_w", sigma_w), _check_range("sigma_b", sigma_b)
    check_count("points", points, minimum=16)
    start = float(check_real("input_q", input_q, above=0.0))
    with style():
        axes = axes_or_new(ax)
        plane = _Plane.compute(phi, window, start, points)
        _draw_regions(axes, plane)
        _draw_contours(axes, plane)
        _draw_edge(axes, phi, window, kwargs)
        axes.set(xlim=window[0], ylim=window[1], xlabel=r"$\sigma_w$", ylabel=r"$\sigma_b$")
    return axes


def mark_initialisers(
    activation: ActivationLike, ax: Axes | None = None, *, width: int = 512, names: Sequence[str] | None = None
) -> Axes:
    """Mark where the initialisers of the libraries put a square layer on the plane of sigma_w and sigma_b.

    Parameters
    ----------
    activation : str, callable or Activation
        Decides the gain that PyTorch tabulates for it, if it does.
    ax : matplotlib.axes.Axes, optional
        Usually those of :func:`phase_diagram`; new Axes of a pyplot figure when None. Initialisers outside its window
        are left out.
    width : int
        Of the layer; only the biases of ``torch.nn.Linear`` depend on it.
    names : sequence of str, optional
        Some of "LeCun", "Glorot", "orthogonal", "He", "nn.Linear" and "gain"; all by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If a name is unknown.

    Examples
    --------
    >>> ax = mark_initialisers("tanh", phase_diagram("tanh", points=40), names=["He", "gain"])
    >>> [text.get_text() for text in ax.texts if text.get_rotation() == 90]
    ['He', 'gain 5/3']
    """
    from matplotlib.patheffects import withStroke

    places = _places(as_activation(activation), check_count("width", width), names)
    with style():
        axes = axes_or_new(ax)
        if ax is None:
            axes.set(xlabel=r"$\sigma_w$", ylabel=r"$\sigma_b$")
        else:
            (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
            places = {k: v for k, v in places.items() if left <= k[0] <= right and bottom <= k[1] <= top}
        for (x, y), text in sorted(places.items()):
            axes.plot([x], [y], "o", color="black", markeredgecolor="white", clip_on=False, zorder=5)
            axes.annotate(
                text,
                (x, y),
                xytext=(0, 7),
                textcoords="offset points",
                rotation=90,
                ha="center",
                va="bottom",
                fontsize="small",
                path_effects=[withStroke(linewidth=3.0, foreground="white")],
                zorder=5,
            )
    return axes


def _places(phi: Activation, width: int, names: Sequence[str] | None) -> dict[tuple[float, float], str]:
    """Names by the point (sigma_w, sigma_b); those at one point share it."""
    accepted = [*INITIALISERS, "gain"]
    places: dict[tuple[float, float], list[str]] = {}
    for name in accepted if names is None else check_items("names", names, "names"):
        if not isinstance(name, str) or name not in accepted:
            raise ValueError(f"unknown initialiser {shown(name)}; accepted: {', '.join(map(repr, accepted))}")
        if name == "gain":
            try:
                gain = torch_gain(phi.name)
            except ValueError:  # PyTorch tabulates none
                continue
            point, text = (gain, 0.0), "gain 5/3" if phi.name == "tanh" else f"gain {gain:.3g}"
        else:
            found = initialiser(INITIALISERS[name], fan_in=width)
            point, text = (found.sigma_w, found.sigma_b), name
        point = (round(point[0], 12), round(point[1], 12))
        places.setdefault(point, []).append(text)
    return {
        point: ",\n".join(", ".join(texts[i : i + 2]) for i in range(0, len(texts), 2))
        for point, texts in places.items()
    }


def _check_range(name: str, pair: tuple[float, float]) -> tuple[float, float]:
    try:
        low, high = pair
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a pair (low, high) of numbers, got {pair!r}") from None
    low = float(check_real(f"{name}[0]", low, at_least=0.0))
    return low, float(check_real(f"{name}[1]", high, above=low))


@dataclass(frozen=True)
class _Table:
    """Moments of an activation on a grid of lengths, for many points of the plane at once."""

    q: Real
    second: Real
    slope: Real

    @classmethod
    def of(cls, phi: Activation) -> _Table:
        q = np.geomspace(SHORTEST, LONGEST, round(PER_DECADE * math.log10(LONGEST / SHORTEST)) + 1)
        second = np.array([phi.second_moment(float(x)) for x in q])
        return cls(q, second, np.array([phi.slope_moment(1, float(x)) for x in q]))

    @cached_property
    def _splines(self) -> tuple[Any, Any]:
        from scipy.interpolate import CubicSpline

        logs = np.log(self.q)
        return tuple(CubicSpline(logs, np.log(np.maximum(y, 1e-300))) for y in (self.second, self.slope))  # type: ignore[return-value]

    def second_moment(self, q: Real) -> Real:
        """E φ² at any lengths of the range."""
        return np.asarray(np.exp(self._splines[0](np.log(q))))

    def slope_moment(self, q: Real) -> Real:
        """E φ'²; outside the range its value at the end."""
        return np.asarray(np.exp(self._splines[1](np.log(np.clip(q, SHORTEST, LONGEST)))))

    def resting_length(self, weight: Real, bias: Real, input_q: float) -> Real:
        """Length to which V(q) = weight E φ² + bias carries the first layer; inf if it grows without bound."""
        with np.errstate(over="ignore"):
            start = np.clip(weight * input_q + bias, SHORTEST, LONGEST)

        def excess(q: Real) -> Real:
            return weight * self.second_moment(q) + bias - q

        grows = excess(start) > 0.0
        on_grid = weight[:, None] * self.second + bias[:, None] - self.q
        place = np.searchsorted(self.q, start)
        index = np.arange(self.q.size)
        # the map is increasing: it moves to the next root on the side it points to
        ahead = (on_grid <= 0.0) & (index >= place[:, None])
        behind = (on_grid >= 0.0) & (index < place[:, None])
        found = np.where(grows, ahead.any(axis=1), behind.any(axis=1))
        first = np.where(grows, np.argmax(ahead, axis=1), index[-1] - np.argmax(behind[:, ::-1], axis=1))
        low = np.where(grows, np.maximum(self.q[np.maximum(first - 1, 0)], start), self.q[first])
        high = np.where(grows, self.q[first], np.minimum(self.q[np.minimum(first + 1, index[-1])], start))
        for _ in range(24):
            middle = np.sqrt(low * high)
            above = excess(middle) > 0.0
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return np.where(found, np.sqrt(low * high), np.where(grows, np.inf, 0.0))


@dataclass(frozen=True)
class _Plane:
    """The stationary length and chi_perp on a grid of the window, and where lengths begin to grow without bound."""

    sigma_w: Real
    sigma_b: Real
    length: Real
    chi: Real
    unbounded_from: Real

    @classmethod
    def compute(
        cls, phi: Activation, window: tuple[tuple[float, float], tuple[float, float]], input_q: float, points: int
    ) -> _Plane:
        table = _Table.of(phi)
        sw, sb = (np.linspace(low, high, points) for low, high in window)
        length = np.array([table.resting_length(sw**2, np.full(points, b**2), input_q) for b in sb])
        chi = sw**2 * table.slope_moment(length)
        # lengths grow with sigma_w, so that those without bound begin at one sigma_w a row
        low, high = np.full(points, window[0][0]), np.full(points, window[0][1])
        for _ in range(30):
            middle = (low + high) / 2.0
            bounded = np.isfinite(table.resting_length(middle**2, sb**2, input_q))
            low, high = np.where(bounded, middle, low), np.where(bounded, high, middle)
        return cls(sw, sb, length, chi, high)

    @property
    def unbounded(self) -> Any:
        """Mask of the points without a stationary length."""
        return np.isinf(self.length)


def _draw_regions(axes: Axes, plane: _Plane) -> None:
    with np.errstate(divide="ignore"):
        field = np.clip(np.log(plane.chi), -99.0, 99.0)
    axes.contourf(plane.sigma_w, plane.sigma_b, field, levels=[-100.0, 0.0, 100.0], colors=[ORDERED, CHAOTIC], zorder=0)
    if plane.unbounded.any():
        axes.fill_betweenx(
            plane.sigma_b,
            plane.unbounded_from,
            plane.sigma_w[-1],
            where=plane.unbounded_from < plane.sigma_w[-1],
            facecolor="white",
            edgecolor="0.75",
            hatch="//",
            linewidth=0.0,
            zorder=0.5,
        )
    names = {
        "ordered": (field < 0.0) & ~plane.unbounded,
        "chaotic": (field > 0.0) & ~plane.unbounded,
        "unbounded\nlengths": plane.unbounded,
    }
    for name, region in names.items():
        _name_region(axes, plane, name, region)


def _name_region(axes: Axes, plane: _Plane, name: str, region: Any) -> None:
    """Write a name where the region has most room, off the part of the diagonal where contours are labelled."""
    from matplotlib.patheffects import withStroke
    from scipy.ndimage import distance_transform_edt

    size = region.shape[0]
    row, column = np.indices(region.shape)
    labels = (np.abs(row - column) <= 0.12 * size) & ~plane.unbounded
    free = region & ~labels & (row > LOWEST_NAME * size)
    # words are wider than high
    room = distance_transform_edt(np.pad(free, 1), sampling=(1.0, 0.5))[1:-1, 1:-1]
    if room.max() < NAMED_RADIUS * size:
        return
    i, j = np.unravel_index(np.argmax(room), room.shape)
    axes.text(
        plane.sigma_w[j],
        plane.sigma_b[i],
        name,
        ha="center",
        va="center",
        style="italic",
        fontsize="medium",
        color=DARK_GREY,
        path_effects=[withStroke(linewidth=3.0, foreground="white", alpha=0.6)],
        zorder=4,
    )


def _draw_contours(axes: Axes, plane: _Plane) -> None:
    """Contours of q*, labelled where they cross the diagonal: q* grows along it, so each crosses it once."""
    from matplotlib.patheffects import withStroke

    field = np.log10(np.maximum(plane.length, SHORTEST))
    along = np.diagonal(field)
    place = np.linspace(0.0, 1.0, along.size)
    labelled = along[(place >= LABELLED[0]) & (place <= LABELLED[1]) & np.isfinite(along)]
    levels: list[float] = []
    crossings: list[float] = []
    for level in _round_numbers(10.0 ** labelled[0], 10.0 ** labelled[-1]) if labelled.size else []:
        crossing = float(np.interp(math.log10(level), along[np.isfinite(along)], place[np.isfinite(along)]))
        if not crossings or crossing - crossings[-1] >= CLEARANCE:
            levels.append(level)
            crossings.append(crossing)
    if not levels:
        return
    shown = np.ma.masked_invalid(field)
    lines = axes.contour(
        plane.sigma_w,
        plane.sigma_b,
        shown,
        levels=np.log10(levels),
        colors="0.6",
        linewidths=0.7,
        linestyles="-",
        zorder=1,
    )
    positions = [
        tuple(float(side[0] + t * (side[-1] - side[0])) for side in (plane.sigma_w, plane.sigma_b)) for t in crossings
    ]
    texts = {float(v): f"$q^*$ = {level:g}" for v, level in zip(lines.levels, levels, strict=True)}
    for text in axes.clabel(lines, fmt=texts, manual=positions, fontsize="x-small", colors=DARK_GREY, zorder=4):
        text.set_path_effects([withStroke(linewidth=2.0, foreground="white", alpha=0.8)])


def _round_numbers(low: float, high: float) -> list[float]:
    """The numbers 1, 2, 5 times a power of ten in the range."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [float(f"{m}e{k}") for k in decades for m in (1, 2, 5) if low <= float(f"{m}e{k}") <= high]


def _draw_edge(
    axes: Axes, phi: Activation, window: tuple[tuple[float, float], tuple[float, float]], kwargs: dict[str, Any]
) -> None:
    options = {"color": "C0", "linestyle": "-", "zorder": 3, **kwargs}
    if phi.homogeneous:
        (point,) = critical_points(phi, sigma_b=0.0)
        if window[0][0] <= point.sigma_w <= window[0][1] and window[1][0] == 0.0:
            marker = {**options, "marker": "D", "linestyle": "none", "clip_on": False}
            axes.plot([point.sigma_w], [0.0], label="edge of chaos", **marker)
        return
    x, y, stable = _edge_in_window(phi, window)
    if stable.any():
        axes.plot(np.where(stable, x, np.nan), y, label=options.pop("label", "edge of chaos"), **options)
    if (~stable & np.isfinite(y)).any():
        dashed = {**options, "linestyle": (0, (2, 1.5)), "label": "edge, unstable"}
        axes.plot(np.where(stable, np.nan, x), y, **dashed)
    half = half_stable_point(phi)
    if half is not None and all(
        low <= v <= high for v, (low, high) in zip((half.sigma_w, half.sigma_b), window, strict=True)
    ):
        marker = {**options, "marker": "o", "linestyle": "none", "markerfacecolor": "white", "zorder": 4}
        axes.plot([half.sigma_w], [half.sigma_b], **{**marker, "label": "half-stable point"})


def _edge_in_window(phi: Activation, window: tuple[tuple[float, float], tuple[float, float]]) -> tuple[Real, Real, Any]:
    """The edge on a grid of lengths that is dense inside the window; NaN where there is none."""
    q = np.geomspace(SHORTEST, LONGEST, 161)
    for _ in range(2):
        curve = edge_of_chaos(phi, q=q)
        here = np.isin(q, curve.q)
        x, y = np.full(q.size, np.nan), np.full(q.size, np.nan)
        x[here], y[here] = curve.sigma_w, curve.sigma_b
        stable = np.zeros(q.size, dtype=bool)
        stable[here] = curve.stable
        (low, high), (bottom, top) = window
        inside = np.flatnonzero((x >= low) & (x <= high) & (y >= bottom) & (y <= top))
        if inside.size == 0:
            return x[:0], y[:0], stable[:0]
        q = np.geomspace(q[max(inside[0] - 1, 0)], q[min(inside[-1] + 1, q.size - 1)], EDGE_POINTS)
    return x, y, stable
