"""Features of a function that are narrower than the resolution of an integral: found by looking at many points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rmt.networks.activations.gaussian_rules import standard_density
from rmt.programs.cubature import REACH

Real = NDArray[np.float64]

#: points at which a function is compared with polynomials of a degree, on the line, and least and most on a panel
LOOKED_AT, DEGREE, LEAST, MOST = 2**17, 16, 32, 2**13
#: shares of the deviation and of the panel within which what deviates is one narrow feature, and its division
BOUNDED, NARROW, PARTS = 1e-3, 0.2, 8
#: most places, beyond which the function varies everywhere; halvings of panels that show no narrow feature
MOST_PLACES, HALVINGS = 120, 8
#: doublings of the width of a feature that lead away from it
_AWAY = 2.0 ** np.arange(14)

_NODES = np.cos(np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1))
_INVERSE = np.linalg.inv(np.polynomial.chebyshev.chebvander(_NODES, DEGREE))


def narrow_places(
    function: Callable[[Real], Real], width: float, seen: float, kinks: Sequence[float] = ()
) -> tuple[float, ...]:
    """Ends of panels that follow what is narrow in a function of standard deviations.

    Where the function is a polynomial on panels of the `width`, but for a share `seen` of its largest value weighted
    with the density, there is nothing; panels end at `kinks`. Features down to about 2e-5 are found.
    """
    count = round(2.0 * REACH / width)
    points = min(max(LOOKED_AT // count, LEAST), MOST)
    t = (2.0 * (np.arange(points) + np.random.default_rng(0).random(points)) - points) / points
    through = np.polynomial.chebyshev.chebvander(t, DEGREE) @ _INVERSE
    near = sorted(kink for kink in kinks if abs(kink) < REACH)
    edges = np.unique([*np.linspace(-REACH, REACH, count + 1), *near])
    low, high = edges[:-1], edges[1:]
    # what is narrow may have been taken for kinks
    places = [p for a, b in pairwise(near) if b - a < NARROW * width for p in _around(a, b)]
    largest = 0.0
    for _ in range(HALVINGS):
        middle, half = 0.5 * (low + high)[:, None], 0.5 * (high - low)[:, None]
        with np.errstate(all="ignore"):
            x = middle + half * t
            density = standard_density(x)
            values = _values(function, x)
            off = np.abs(values - _values(function, middle + half * _NODES) @ through.T) * density
        largest = max(largest, float((np.abs(values) * density).max(initial=0.0)))
        weights = off.max(axis=1, initial=0.0)
        wide = np.zeros(low.size, dtype=bool)
        for i in np.flatnonzero(weights > seen * largest):
            inside = np.flatnonzero(off[i] > BOUNDED * weights[i])
            first, last = float(x[i, max(inside[0] - 1, 0)]), float(x[i, min(inside[-1] + 1, points - 1)])
            wide[i] = last - first >= NARROW * (high[i] - low[i])
            places += (
                [float(low[i]), 0.5 * float(low[i] + high[i]), float(high[i])] if wide[i] else _around(first, last)
            )
        if len(places) > MOST_PLACES:
            return ()
        if not wide.any():
            break
        middles = 0.5 * (low + high)[wide]
        low, high = np.concatenate([low[wide], middles]), np.concatenate([middles, high[wide]])
    return tuple(sorted({place for place in places if abs(place) < REACH}))


def _values(function: Callable[[Real], Real], points: Real) -> Real:
    """Values of the function, 0 where it is not finite."""
    values = np.asarray(function(points.reshape(-1)), dtype=np.float64)
    found: Real = np.nan_to_num(np.broadcast_to(values, points.size), posinf=0.0, neginf=0.0).reshape(points.shape)
    return found


def _around(low: float, high: float) -> list[float]:
    """Ends of panels in a feature, and of panels that double away from it."""
    steps = (high - low) * _AWAY
    return [*np.linspace(low, high, PARTS + 1).tolist(), *(low - steps).tolist(), *(high + steps).tolist()]
