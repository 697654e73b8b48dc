"""Distances between a measured spectrum and a law on the line."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.laws.law import Law

Real = NDArray[np.float64]
Indices = NDArray[np.intp]

#: intervals that the search for the largest gap begins with
_FIRST_INTERVALS = 32


def kolmogorov_smirnov(x: Real, law: Law, weights: Real | None = None) -> float:
    """Supremum of |F_n - F| for a sorted sample, attained from the left or from the right at one of its points.

    The weights sum to 1; equal ones if None.
    """
    if weights is None:
        points, counts = np.unique(x, return_counts=True)
        share = counts / x.size
        after = np.cumsum(counts) / x.size
    else:
        points, first = np.unique(x, return_index=True)
        share = np.add.reduceat(weights, first)
        after = np.cumsum(share)
    mass = dict(law.atoms)
    jumps = np.array([mass.get(float(p), 0.0) for p in points])

    def levels(i: Indices) -> tuple[Real, Real]:
        level = law.cdf(points[i])
        return level - jumps[i], level

    return largest_gap(after - share, after, levels)


def largest_gap(before: Real, after: Real, levels: Callable[[Indices], tuple[Real, Real]]) -> float:
    """Return the largest of |after - F| and |before - F-| over the distinct points of a sample, in ascending order.

    Parameters
    ----------
    before, after : ndarray
        Share of the sample below every point, and below it or at it.
    levels : callable
        Left-hand limits F- and values F of a distribution function at the points with these indices.

    Notes
    -----
    Both functions increase, so that between two points the gaps are at most ``before[j] - F[i]`` and
    ``F-[j] - after[i]``: F is asked only where that exceeds a gap already found, at about a tenth of all points, and
    the result is the one from all of them.
    """
    known = np.unique(np.linspace(0, before.size - 1, _FIRST_INTERVALS + 1).round().astype(np.intp))
    below, above = levels(known)
    best = 0.0
    while True:
        gaps = np.abs(after[known] - above), np.abs(before[known] - below)
        best = max(best, float(gaps[0].max()), float(gaps[1].max()))
        left, right = known[:-1], known[1:]
        bound = np.maximum(before[right] - above[:-1], below[1:] - after[left])
        wanted = (right - left > 1) & (bound > best)
        if not wanted.any():
            return best
        middle = (left[wanted] + right[wanted]) // 2
        places = np.flatnonzero(wanted) + 1
        found = levels(middle)
        known = np.insert(known, places, middle)
        below, above = np.insert(below, places, found[0]), np.insert(above, places, found[1])


def wasserstein(x: Real, law: Law, weights: Real | None = None) -> float:
    """Area between the distribution functions, cut at every point where their order or a formula changes.

    The weights, which sum to 1, belong to the points of the sorted sample; equal ones if None.
    """
    ends = [e for i in law.support for e in (i.low, i.high)] + [position for position, _ in law.atoms]
    low, high = min(ends), max(ends)
    cuts = np.unique(np.concatenate([x, [e for e in ends if math.isfinite(e)]]))
    reached = np.searchsorted(x, cuts[:-1], side="right")
    level = reached / x.size if weights is None else np.append(0.0, np.minimum(np.cumsum(weights), 1.0))[reached]
    crossing = np.clip(law.ppf(level), cuts[:-1], cuts[1:])
    nodes, weights = np.polynomial.legendre.leggauss(min(64, max(4, 512 // x.size)))
    area = 0.0
    for left, right in ((cuts[:-1], crossing), (crossing, cuts[1:])):
        half = (right - left) / 2.0
        points = (left + half)[:, None] + half[:, None] * nodes
        area += float(np.abs((law.cdf(points) - level[:, None]) @ weights) @ half)
    return area + _tail(law.cdf, cuts[0], low) + _tail(law.sf, cuts[-1], high)


def _tail(mass: Any, start: float, end: float) -> float:
    """Integral of the mass beyond the sample, over an unbounded support."""
    if math.isfinite(end):
        return 0.0
    from scipy.integrate import quad

    return abs(float(quad(mass, start, end)[0]))
