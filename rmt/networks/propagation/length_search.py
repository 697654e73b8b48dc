"""Roots of functions of a length q: over which lengths to look, sign changes, tangencies, and points that fail.

All ranges are relative to the scales of the activation itself, of the biases and of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rmt.errors import ConvergenceError
from rmt.networks.activations.activation import Activation, Real

#: values of log(V(q)/q) that count as zero
NOISE = 1e-14
#: lengths of the search relative to the squared scales on which the activation varies, and its points per decade
NEAR, FAR, PER_DECADE = 1e-14, 1e14, 5
#: points per decade beyond, where lengths are so short or so long that maps are linear or powers
SPARSE = 2
#: shortest and longest length that is searched, and that is a length
LEAST, MOST = 1e-290, 1e200
#: neighbouring points that fail behind which none is tried
FAILURES = 3
#: points that are added to a cell in which the function changes sign, and to its neighbours
REFINED = 7

LengthFunction = Callable[[float], float]


def length_grid(phi: Activation, lowest: float | None = None, highest: float | None = None) -> Real:
    """Increasing lengths that show what an activation does: dense around its scales, sparse out to the given ends."""
    smallest, largest = phi.variation
    low, high = max(NEAR * smallest**2, LEAST), min(FAR * largest**2, MOST)
    parts = [_decades(low, high, PER_DECADE)]
    if lowest is not None and lowest < low:
        parts.insert(0, _decades(max(lowest, LEAST), low, SPARSE)[:-1])
    if highest is not None and highest > high:
        parts.append(_decades(high, min(highest, MOST), SPARSE)[1:])
    return np.concatenate(parts)


def _decades(low: float, high: float, density: int) -> Real:
    return np.geomspace(low, high, max(2, round(density * math.log10(high / low)) + 1))


def guarded(function: LengthFunction) -> LengthFunction:
    """The function, NaN where it cannot be computed: one length that fails ends no search."""

    def value(q: float) -> float:
        try:
            return function(q)
        except (ConvergenceError, ArithmeticError, ValueError):
            return math.nan

    return value


def values_on(function: LengthFunction, grid: Real) -> Real:
    """The function on the grid, NaN where it fails and beyond several lengths in a row where it does."""
    tried = guarded(function)
    out = np.full(grid.size, np.nan)
    middle = grid.size // 2
    for steps in (range(middle, grid.size), range(middle - 1, -1, -1)):
        failures = 0
        for i in steps:
            out[i] = tried(float(grid[i]))
            failures = failures + 1 if math.isnan(out[i]) else 0
            if failures >= FAILURES:
                break
    return out


def all_roots(function: LengthFunction, grid: Real, *, noise: float = NOISE) -> list[float]:
    """Isolated roots of a smooth function on an increasing positive grid: sign changes, and tangencies.

    Values up to `noise` count as zero; where several neighbours are zero the function vanishes on an interval,
    whose points are not isolated roots. Lengths at which the function fails are left out.
    """
    values = values_on(function, grid)
    known = ~np.isnan(values)
    points, values = grid[known], values[known]
    # a crossing may hide a tangency nearby
    changes = np.flatnonzero((np.sign(values[:-1]) * np.sign(values[1:]) < 0.0) & (np.abs(values[1:]) > noise))
    cells = np.unique(np.clip(changes[:, None] + np.arange(-1, 2), 0, max(points.size - 2, 0)))
    if changes.size:
        extra = np.concatenate([np.geomspace(points[i], points[i + 1], REFINED + 2)[1:-1] for i in cells])
        found = np.array([guarded(function)(q) for q in extra.tolist()])
        kept = ~np.isnan(found)
        order = np.argsort(np.concatenate([points, extra[kept]]), kind="stable")
        points, values = np.concatenate([points, extra[kept]])[order], np.concatenate([values, found[kept]])[order]
    values[np.abs(values) <= noise] = 0.0
    sign, size = np.sign(values), np.abs(values)
    roots = [
        bracketed_root(function, float(points[i]), float(points[i + 1]))
        for i in np.flatnonzero(sign[:-1] * sign[1:] < 0.0)
    ]
    for i in range(1, points.size - 1):
        if sign[i] == 0.0 and sign[i - 1] != 0.0 and sign[i + 1] != 0.0:
            roots.append(float(points[i]))
        same_sign = sign[i - 1] == sign[i] == sign[i + 1] != 0.0
        if same_sign and size[i] <= min(size[i - 1], size[i + 1]) and size[i] < 0.5:
            roots += roots_near_minimum(function, points[i - 1 : i + 2])
    return sorted(roots)


def roots_near_minimum(function: LengthFunction, bracket: Real) -> list[float]:
    """The two roots, or the double root, that may hide beside a local minimum of the size of `function`."""
    from scipy.optimize import minimize_scalar

    sign = math.copysign(1.0, function(float(bracket[1])))
    result = minimize_scalar(
        lambda t: sign * function(math.exp(t)),
        bounds=(math.log(bracket[0]), math.log(bracket[2])),
        method="bounded",
        options={"xatol": 1e-10},
    )
    lowest, value = math.exp(result.x), float(result.fun)
    if abs(value) <= 1e-12:
        return [lowest]
    if value > 0.0:
        return []
    ends = ((float(bracket[0]), lowest), (lowest, float(bracket[2])))
    return [bracketed_root(function, low, high) for low, high in ends]


def bracketed_root(function: LengthFunction, low: float, high: float) -> float:
    """Root between two positive points of opposite sign, searched on the logarithmic scale."""
    from scipy.optimize import brentq

    a, b = sorted((low, high))
    return math.exp(brentq(lambda t: function(math.exp(t)), math.log(a), math.log(b), xtol=1e-15, rtol=1e-15))


def next_root(function: LengthFunction, start: float, path: Real) -> float | None:
    """First root of `function` on the way from `start` along the monotone `path`; None if there is none.

    A double root on the way counts: a length that moves does not pass it.
    """
    tried = guarded(function)
    seen = [(start, function(start))]
    sign = math.copysign(1.0, seen[0][1])
    failures = 0
    for point in path.tolist():
        value = tried(point)
        if math.isnan(value):
            failures += 1
            if failures >= FAILURES:
                return None
            continue
        failures = 0
        if abs(value) <= NOISE:
            return float(point)
        if value * sign < 0.0:
            around = np.sort(np.array([*(p for p, _ in seen[-2:]), point]))
            return min(all_roots(function, around), key=lambda root: abs(math.log(root / start)))
        seen.append((point, value))
        if len(seen) > 2:
            sizes = [abs(v) for _, v in seen[-3:]]
            if sizes[1] <= min(sizes[0], sizes[2]) and sizes[1] < 0.5:
                near = roots_near_minimum(function, np.sort([p for p, _ in seen[-3:]]))
                if near:
                    return min(near, key=lambda root: abs(math.log(root / start)))
    return None
