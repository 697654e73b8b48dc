"""Where a function of which nothing is known varies: its kinks, bends and jumps, and panels on which it is smooth.

The line is bisected until the function is a polynomial to rounding on every panel. Where that never ends there is a
singular point, however close to the next one; a second pass, cut at these points, leaves few and wide panels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rmt.networks.activations.activation import RealFunction

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: singular points are looked for on [-SEARCH, SEARCH]
SEARCH = 64.0
#: degree of the polynomials, and how many of their last coefficients have to vanish
DEGREE, LAST = 16, 3
#: last coefficients that count as zero: relative to the rise on the panel, and to the size of the function
RESOLVED, ROUNDING = 1e-12, 1e-15
#: last coefficients below this share of the function's size at |x| < 2 are its rounding
NOTHING = 4e-16
#: last coefficients, relative to that size, that are noise if halving a panel so many times lowers neither half's
NOISE = ((1e-10, 2), (1e-6, 4))
#: share of the last coefficients of a panel that those of its halves keep where halving it does not help
STILL = 0.2
#: singular points closer than this, relative to |x|, are one
TOGETHER = 1e-7
#: width relative to |x|, and absolute, at which bisection has come to a singular point
NARROWEST, SMALLEST = 3e-11, 1e-15
#: width of a panel of a quadrature over that of a panel that resolves, and most features that are added
FOLLOWED, ADDED = 8.0, 3
#: bisections behind which panels lie around a point where a derivative jumps, if they are at most so many
DEEP, FEW = 9, 6
#: a smaller jump of the function, relative to its size, is a stair of rounding
STAIRS = 1e-6
#: most panels; a function that oscillates faster is left unresolved
MOST = 40000
#: an irrational factor keeps round numbers off the ends of panels
_OFFSET = 1.0471297
#: nearest panels to 0, widths of the others on [-8, 8] and beyond
_NEAREST, _INNER, _OUTER = 1e-13, 1.0 / 16.0, 0.25
#: a jump of the function exceeds the rise of its derivatives over the point by this factor
_STEEP = 50.0

_NODES = np.cos(math.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1))
_TRANSFORM = np.polynomial.chebyshev.chebvander(_NODES, DEGREE).T * (2.0 / (DEGREE + 1))


@dataclass(frozen=True)
class SmoothPanels:
    """What bisection found.

    Attributes
    ----------
    singular : tuple of float
        Points where the function or one of its derivatives jumps, or is infinite; 0 is among them only if it is one.
    jumps : tuple of (x, height)
        Points where the function itself jumps.
    edges : array
        Increasing ends of panels; the function is smooth on each, to rounding.
    """

    singular: tuple[float, ...]
    jumps: tuple[tuple[float, float], ...]
    edges: Real

    @property
    def widths(self) -> Real:
        """Widths of the panels."""
        return np.diff(self.edges)


def smooth_panels(function: RealFunction, singular: tuple[float, ...] | None = None) -> SmoothPanels:
    """Panels of a function of arrays, and its singular points unless they are given.

    Values that are not finite, or that overflow, are left out: what lies beyond is not resolved.
    """
    jumps: tuple[tuple[float, float], ...] = ()
    base = _base_edges()
    near = base[np.abs(base) < 2.0]
    unit = float(np.nanmax(_tails(function, near[:-1], near[1:])[2], initial=0.0))
    if singular is None:
        edges, open_, level = _bisected(function, base, NARROWEST)
        points, jumps = _singular_points(function, edges, open_, unit)
        singular = _with_bends(function, points, edges, level, unit)
    cuts = sorted({0.0, *singular})
    keep = np.min(np.abs(base[:, None] - np.array(cuts)), axis=1) > 1e-9 * np.maximum(1.0, np.abs(base))
    edges, _, _ = _bisected(function, np.unique(np.concatenate([base[keep], cuts])), 1e-6)
    edges = _merged(function, unit, edges, np.array(cuts))
    if 0.0 not in singular:
        middle = int(np.searchsorted(edges, 0.0))
        reach = 0.5 * float(min(edges[middle + 1], -edges[middle - 1]))
        low, high = np.array([-reach]), np.array([reach])
        if not _one_polynomial(function, unit, low, np.zeros(1), high)[0]:
            singular = tuple(sorted((*singular, 0.0)))
            jumps += _jump_at_zero(function, reach)
    return SmoothPanels(singular, jumps, edges)


def _jump_at_zero(function: RealFunction, reach: float) -> tuple[tuple[float, float], ...]:
    near = 1e-9 * reach
    with np.errstate(all="ignore"):
        values = np.asarray(function(np.array([-16.0 * near, -near, near, 16.0 * near])), dtype=np.float64)
    height, slopes = float(values[2] - values[1]), float(abs(values[1] - values[0]) + abs(values[3] - values[2]))
    return ((0.0, height),) if abs(height) > _STEEP * slopes + 1e-12 * float(np.abs(values).max()) else ()


def _base_edges() -> Real:
    near = np.geomspace(_NEAREST, _INNER, 26)
    inner = np.arange(2, round(8.0 / _INNER) + 1) * _INNER
    outer = 8.0 + np.arange(1, round((SEARCH - 8.0) / _OUTER) + 1) * _OUTER
    half = _OFFSET * np.concatenate([near, inner, outer])
    return np.concatenate([-half[::-1], [0.0], half])


def _tails(function: RealFunction, low: Real, high: Real) -> tuple[Real, Real, Real]:
    """Last coefficients, rise and size of the function on each panel; NaN where it is not finite."""
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    with np.errstate(all="ignore"):
        values = np.asarray(function(middle[:, None] + half[:, None] * _NODES), dtype=np.float64)
        values = np.where(np.abs(values) < 1e200, values, np.nan)
        coefficients = np.abs((values - values[:, DEGREE // 2, None]) @ _TRANSFORM.T)
        return coefficients[:, -LAST:].max(axis=1), np.ptp(values, axis=1), np.abs(values).max(axis=1)


def _bisected(function: RealFunction, edges: Real, narrowest: float) -> tuple[Real, Mask, Real]:
    """Ends of panels that resolve the function, which of them stay open at the narrowest width, and bisections."""
    low, high = edges[:-1], edges[1:]
    before = np.full(low.size, np.inf)
    stalled = np.zeros(low.size, dtype=int)
    done_low: list[Real] = []
    done_high: list[Real] = []
    open_: list[Mask] = []
    levels: list[Real] = []
    count, unit = 0, 0.0
    while low.size:
        tail, rise, size = _tails(function, low, high)
        if not done_low:
            unit = float(np.max(size[(np.abs(low) < 2.0) & np.isfinite(size)], initial=0.0))
        else:  # noise falls in neither half of a panel; a kink or a jump lies in one of them
            still = tail > STILL * before
            both = np.tile(still[: low.size // 2] & still[low.size // 2 :], 2)
            stalled = np.where(both, stalled + 1, 0)
        closed = np.isnan(size) | (tail <= RESOLVED * rise) | (tail <= np.maximum(ROUNDING * size, NOTHING * unit))
        for share, times in NOISE:
            closed |= (stalled >= times) & (tail <= share * np.maximum(size, unit))
        narrow = ~closed & (high - low <= np.maximum(narrowest * np.minimum(np.abs(low), np.abs(high)), SMALLEST))
        ended = closed | narrow
        done_low.append(low[ended])
        done_high.append(high[ended])
        open_.append(narrow[ended])
        levels.append(np.full(int(ended.sum()), float(len(levels))))
        count += int(ended.sum())
        left, right, tail, stalled = low[~ended], high[~ended], tail[~ended], stalled[~ended]
        if count + 2 * left.size > MOST:
            done_low.append(left)
            done_high.append(right)
            open_.append(np.zeros(left.size, dtype=bool))
            levels.append(np.zeros(left.size))
            break
        middle = 0.5 * (left + right)
        low, high = np.concatenate([left, middle]), np.concatenate([middle, right])
        before, stalled = np.concatenate([tail, tail]), np.concatenate([stalled, stalled])
    lows, highs = np.concatenate(done_low), np.concatenate(done_high)
    order = np.argsort(lows)
    return np.append(lows[order], highs[order][-1]), np.concatenate(open_)[order], np.concatenate(levels)[order]


def _singular_points(
    function: RealFunction, edges: Real, open_: Mask, size: float
) -> tuple[list[float], tuple[tuple[float, float], ...]]:
    """Middles of the runs of open panels, those where the function itself jumps apart."""
    points: list[float] = []
    jumps: list[tuple[float, float]] = []
    i, count = 0, open_.size
    while i < count:
        j = i
        while j < count and (open_[j] or _goes_on(edges, open_, i, j)):
            j += 1
        if j > i:
            a, b = float(edges[i]), float(edges[j])
            width = b - a
            x = np.array([a - 8.0 * width, a - width, b + width, b + 8.0 * width])
            with np.errstate(all="ignore"):
                v = np.asarray(function(x), dtype=np.float64)
                slopes = (abs(v[1] - v[0]) + abs(v[3] - v[2])) / (7.0 * width)
                height = float(v[2] - v[1])
            if abs(height) <= _STEEP * 3.0 * width * slopes:
                if _bends(function, 0.5 * (a + b), size):
                    points.append(0.5 * (a + b))
            elif abs(height) > STAIRS * max(size, float(np.max(np.abs(v)))):  # else a stair of rounding
                points.append(0.5 * (a + b))
                jumps.append((0.5 * (a + b), height))
        i = max(j, i + 1)
    return points, tuple(jumps)


def _bends(function: RealFunction, x: float, size: float, step: float = 1e-6) -> bool:
    """Whether the function bends at x by more than rounding."""
    step *= abs(x)
    with np.errstate(all="ignore"):
        values = np.asarray(function(np.array([x - step, x, x + step])), dtype=np.float64)
        bend = abs(values[0] - 2.0 * values[1] + values[2])
    return bool(bend > 8.0 * np.finfo(float).eps * max(size, float(np.abs(values).max())))


def _with_bends(
    function: RealFunction, points: list[float], edges: Real, level: Real, size: float
) -> tuple[float, ...]:
    """The points, and those at which higher derivatives jump: where few panels are much narrower than those around."""
    found = list(points)
    deep = level >= DEEP
    i = 0
    while i < deep.size:
        j = i
        while j < deep.size and deep[j]:
            j += 1
        if j > i:
            lowest = i + np.flatnonzero(level[i:j] >= level[i:j].max() - 1)
            place = 0.5 * float(edges[lowest[0]] + edges[lowest[-1] + 1])
            near = any(edges[i] <= point <= edges[j] for point in points)
            if not near and lowest.size <= FEW and _bends(function, place, size, 1e-5):
                found.append(place)
        i = max(j, i + 1)
    return tuple(sorted(found))


def _goes_on(edges: Real, open_: Mask, first: int, here: int) -> bool:
    """Whether the run of open panels that began at `first` goes on behind a closed one: rounding closes some."""
    if not open_[first]:
        return False
    reach = np.searchsorted(edges, edges[first] + TOGETHER * abs(edges[first])) - 1
    return bool(open_[here : reach + 1].any())


def _merged(function: RealFunction, unit: float, edges: Real, cuts: Real) -> Real:
    """Neighbouring panels joined as long as the polynomial of the union is the function on both."""
    fixed = np.isin(edges, cuts)
    for _ in range(40):
        changed = False
        for parity in (0, 1):
            first = np.arange(parity, edges.size - 2, 2)
            first = first[~fixed[first + 1]]
            if first.size == 0:
                continue
            good = _one_polynomial(function, unit, edges[first], edges[first + 1], edges[first + 2])
            if good.any():
                edges, fixed = np.delete(edges, first[good] + 1), np.delete(fixed, first[good] + 1)
                changed = True
        if not changed:
            break
    return edges


def _one_polynomial(function: RealFunction, unit: float, low: Real, middle: Real, high: Real) -> Mask:
    """Whether the polynomial through the function on [low, high] is the function on both parts."""
    centre, half = 0.5 * (low + high), 0.5 * (high - low)
    parts = [0.5 * (a + b)[:, None] + 0.5 * (b - a)[:, None] * _NODES for a, b in ((low, middle), (middle, high))]
    inside = np.concatenate(parts, axis=1)
    with np.errstate(all="ignore"):
        values = np.asarray(function(centre[:, None] + half[:, None] * _NODES), dtype=np.float64)
        base = values[:, DEGREE // 2, None]
        coefficients = (values - base) @ _TRANSFORM.T
        coefficients[:, 0] *= 0.5
        t = (inside - centre[:, None]) / half[:, None]
        found = base + np.einsum("ijk,ik->ij", np.polynomial.chebyshev.chebvander(t, DEGREE), coefficients)
        error = np.abs(found - np.asarray(function(inside), dtype=np.float64)).max(axis=1)
        tail = np.abs(coefficients[:, -LAST:]).max(axis=1)
        rise, size = np.ptp(values, axis=1), np.abs(values).max(axis=1)
        rounding = np.maximum(ROUNDING * size, NOTHING * unit)
        small = (tail <= RESOLVED * rise) | (tail <= rounding)
        return np.asarray(small & (error <= 10.0 * RESOLVED * rise + 10.0 * rounding))


def grading(edges: Real, singular: tuple[float, ...]) -> tuple[float, tuple[float, ...]]:
    """Scale and features whose geometric grading follows the panels: a width s beside a feature, d at distance d.

    An oscillating function has no such features; it is left to the panels themselves.
    """
    middles, widths = 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)
    given = [0.0, *(x for x in singular if x != 0.0)]
    features, scale = list(given), 1.0
    for _ in range(2 * ADDED):
        distance = np.min(np.abs(middles[:, None] - np.array(features)), axis=1)
        over = np.maximum(distance, scale) / (FOLLOWED * widths)
        worst = int(np.argmax(over))
        if over[worst] <= 1.0:
            break
        if distance[worst] <= FOLLOWED * widths[worst]:
            scale = FOLLOWED * float(widths[worst])
        elif len(features) == len(given) + ADDED:
            return scale, tuple(sorted(given))
        else:
            features.append(float(middles[worst]))
    return scale, tuple(sorted(features))
