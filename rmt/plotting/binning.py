"""Histograms of spectra: bins that respect edges, atoms and log axes. Numbers only, nothing is drawn here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_reals
from rmt.laws.law import Law

Real = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
#: the lower end of a law on a log axis leaves out this mass
LOG_TAIL = 1e-3
#: bins beyond the support and next to each end of a gap, before one wide bin takes the rest
FARTHEST_BINS = 600
#: more bins than any page has dots
MOST_BINS = 10**6
#: narrower bins have densities beyond floats
_NARROWEST = 1e-290


@dataclass(frozen=True)
class Histogram:
    """Density of a sample over bins, with its atoms apart.

    Attributes
    ----------
    edges : ndarray of shape (bins + 1,)
        Ends of the bins, in λ (also on a log axis).
    density : ndarray of shape (bins,)
        Fraction of the sample per unit of λ, or per unit of log λ on a log axis; times the widths it sums to 1 minus
        the masses of the atoms minus the fraction outside.
    atoms : tuple of (position, mass)
    outside : int
        Number of values that no bin holds: beyond the frame of an unbounded law, or not positive on a log axis.
    log : bool
    """

    edges: Real
    density: Real
    atoms: tuple[tuple[float, float], ...]
    outside: int
    log: bool


def histogram(
    values: ArrayLike,
    law: Law | None = None,
    *,
    bins: int | None = None,
    log: bool = False,
) -> Histogram:
    """Histogram of eigenvalues whose bins end at the edges of the support and never hold an atom.

    Parameters
    ----------
    values : array_like of float
        Eigenvalues, of any shape.
    law : Law, optional
        Gives the edges and the positions of the atoms. Without it the bins span the sample, and values that agree up
        to rounding, at least three and at least 1 % of the sample, are an atom.
    bins : int, optional
        Number of bins over the support. The default is ``max(60, ceil(6 size**(1/3)))``: eigenvalues are rigid, the
        count in a bin fluctuates by a few only, so that bins finer than those for independent points are smooth.
    log : bool
        Bins of equal width in log λ.
    """
    x = np.sort(check_reals("values", values).ravel())
    count = max(60, math.ceil(6.0 * x.size ** (1.0 / 3.0)))
    if bins is not None:
        count = check_count("bins", bins, maximum=MOST_BINS)
    tolerance = 4.0 * max(x.size, 100) * EPS * float(np.abs(x).max())
    if law is not None:
        positions = np.array([position for position, _ in law.atoms])
    elif log:  # a tiny value is a value there
        positions, tolerance = np.unique(x[x == 0.0]), 0.0
    else:
        positions = _clusters(x, tolerance)
    owner, distance = _nearest(x, positions)
    at_atom = distance <= tolerance
    atoms = tuple((float(p), float(np.mean(at_atom & (owner == i)))) for i, p in enumerate(positions))
    rest = x[~at_atom]
    if log:
        rest = rest[rest > 0.0]
    edges = _edges(np.log(rest) if log else rest, _frame(law, log), count, bounded=_is_bounded(law))
    if edges.size == 0:
        return Histogram(edges, edges, atoms, 0, log)
    position = np.log(rest) if log else rest
    inside = position[(position >= edges[0]) & (position <= edges[-1])]
    counts = np.histogram(inside, edges)[0]
    density = counts / (x.size * np.diff(edges))
    outside = int((~at_atom).sum()) - inside.size
    return Histogram(np.exp(edges) if log else edges, density, atoms, outside, log)


def wants_log(values: ArrayLike | None, law: Law | None) -> bool:
    """Whether a linear axis would squeeze half of a spectrum on [0, inf) into a twentieth of its range.

    Atoms do not count. A law decides where there is one, the sample otherwise.
    """
    if law is not None:
        low, high = hull(law)
        zero = sum(mass for position, mass in law.atoms if position == 0.0)
        if low < 0.0 or not math.isfinite(high) or not law.support or high == 0.0:
            return False
        return bool(law.cdf(high / 20.0) > zero + (1.0 - zero) / 2.0)
    x = np.asarray(values, dtype=np.float64).ravel()
    positive = x[x > 4.0 * max(x.size, 100) * EPS * np.abs(x).max()]
    return bool((x >= 0.0).all() and positive.size and np.median(positive) < x.max() / 20.0)


def hull(law: Law) -> tuple[float, float]:
    """Smallest and largest point of the support, atoms included."""
    points = [e for i in law.support for e in (i.low, i.high)] + [position for position, _ in law.atoms]
    return min(points), max(points)


def frame(law: Law, log: bool) -> list[tuple[float, float]]:
    """Finite intervals to draw a law over, in λ or log λ: its support without the far tails.

    An infinite end is cut where the density has fallen to 1 % of its largest value; on a log axis the lowest
    ``LOG_TAIL`` of the mass is left out.
    """
    if log:
        return _log_frame(law)
    intervals = []
    for interval in law.support:
        low, high = interval.low, interval.high
        if not (math.isfinite(low) and math.isfinite(high)):
            near, far = _bulk(law)
            low, high = max(low, near), min(high, far)
        intervals.append((low, high))
    return intervals


def _frame(law: Law | None, log: bool) -> list[tuple[float, float]]:
    return [] if law is None else frame(law, log)


def _log_frame(law: Law) -> list[tuple[float, float]]:
    intervals = []
    for interval in law.support:
        if interval.low > 0.0:
            low = math.log(interval.low)
        else:
            below = sum(mass for position, mass in law.atoms if position <= 0.0)
            low = float(law.ppf_of_log(below + LOG_TAIL * interval.mass))
        if math.isfinite(interval.high):
            high = math.log(interval.high)
        else:
            high = float(law.ppf_of_log(1.0 - LOG_TAIL * interval.mass))
        intervals.append((low, high))
    return intervals


def _bulk(law: Law) -> tuple[float, float]:
    """Range in which the density exceeds 1 % of its maximum, as far as 40 interquartile distances."""
    lower, middle, upper = law.ppf([0.25, 0.5, 0.75])
    grid = middle + (upper - lower) * np.linspace(-40.0, 40.0, 8001)
    density = np.nan_to_num(law.pdf(grid), posinf=0.0)
    seen = grid[density > 0.01 * density.max()]
    return float(seen[0]), float(seen[-1])


def _is_bounded(law: Law | None) -> bool:
    return law is None or all(math.isfinite(end) for end in hull(law))


def _edges(x: Real, intervals: list[tuple[float, float]], count: int, *, bounded: bool) -> Real:
    """Bin ends: whole bins in every interval, in the gaps between them, and beyond them as far as the sample goes."""
    if not intervals:
        if x.size == 0:
            return np.array([])
        low, high = float(x[0]), float(x[-1])
        if (0.5 * high - 0.5 * low) / count < _NARROWEST:  # densities would overflow: as for a single point
            low, high = low - 0.5, high + 0.5
        return np.unique(np.linspace(low, high, count + 1))
    width = sum(high - low for low, high in intervals) / count
    ends = [end for interval in intervals for end in interval]
    pieces = [
        _inner_bins(left, right, width, 2.0 * FARTHEST_BINS if k % 2 else math.inf)  # every second one is a gap
        for k, (left, right) in enumerate(pairwise(ends))
        if right > left
    ]
    if not pieces:  # the support is narrower than one float
        return _edges(x, [], count, bounded=True)
    if bounded and x.size:
        pieces.insert(0, ends[0] - _outer_bins(ends[0] - x[0], width)[::-1])
        pieces.append(ends[-1] + _outer_bins(x[-1] - ends[-1], width))
    return np.unique(np.concatenate(pieces))


def _inner_bins(left: float, right: float, width: float, most: float) -> Real:
    """Ends of equal bins about this wide between two edges; of one wide bin in the middle if they are too many."""
    steps = round((right - left) / width)
    if steps <= most:
        return np.linspace(left, right, max(1, steps) + 1)
    ends = width * np.arange(FARTHEST_BINS + 1)
    return np.concatenate([left + ends, right - ends[::-1]])


def _outer_bins(distance: float, width: float) -> Real:
    """Ends of bins that cover `distance` beyond an edge, counted from the edge."""
    if distance <= 0.0:
        return np.array([])
    steps = math.ceil(min(distance / width, 1e18))
    ends: Real = width * np.arange(1, min(steps, FARTHEST_BINS) + 1, dtype=np.float64)
    return ends if steps <= FARTHEST_BINS else np.concatenate([ends, [distance]])


def _nearest(x: Real, positions: Real) -> tuple[NDArray[Any], Real]:
    """Index of the nearest position, and the distance to it."""
    if positions.size == 0:
        return np.zeros(x.shape, dtype=int), np.full(x.shape, math.inf)
    middles = (positions[1:] + positions[:-1]) / 2.0
    owner = np.searchsorted(middles, x)
    return owner, np.abs(x - positions[owner])


def _clusters(x: Real, tolerance: float) -> Real:
    """Positions of atoms of a sorted sample: values equal up to rounding, at least 3 and 1 % of them."""
    with np.errstate(over="ignore"):
        steps = np.diff(x)
    starts = np.concatenate([[0], np.flatnonzero(steps > tolerance / 4.0) + 1, [x.size]])
    large = np.flatnonzero(np.diff(starts) >= max(3.0, x.size / 100.0))
    groups = [x[starts[i] : starts[i + 1]] for i in large]
    atoms = [group for group in groups if np.ptp(group) <= tolerance]
    return np.array([0.0 if np.abs(group).min() <= tolerance else float(np.median(group)) for group in atoms])
