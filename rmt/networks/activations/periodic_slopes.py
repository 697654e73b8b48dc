"""Activations whose derivative is periodic: the period, and Gaussian moments at lengths that hold many periods.

Such a φ is a line and a periodic part, φ(x + T) = φ(x) + a T. Averages of a periodic function over N(0, q) are those
over one period up to exp(−2π² q/T²), its Fourier coefficients (Poisson summation).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
RealFunction = Callable[[Real], Real]

#: stretches on which the derivative is compared with itself, and points of each
SPANS, POINTS = (120.0, 48.0, 12.0, 3.0, 0.75, 0.1), 4096
#: share of its variance by which a derivative may miss itself a period later before the period is refined
ALIKE = 0.02
#: points in a period, and periods in a stretch, that show it
SHOWN, REPEATED = 24, 3
#: multiples of the period over which the function must repeat itself, and how closely, relative to its size
MULTIPLES, REPEATS = (1, 7, 64, 1009), 1e-11
#: q/T² from which on averages are those over one period to 4e-22
MANY = 2.5


def slope_period(function: RealFunction, slope: RealFunction) -> float | None:
    """Period of the derivative of `function`; None where there is none, or its derivative is constant."""
    for span in SPANS:
        step = span / POINTS
        x = step * (np.arange(POINTS, dtype=np.float64) - POINTS // 2 + 0.0123456789)
        with np.errstate(all="ignore"):
            values = np.asarray(slope(x), dtype=np.float64)
        if not np.isfinite(values).all():
            continue
        parts = values.reshape(4, -1)
        size = float(np.ptp(values))
        if size <= 1e-9 * float(np.abs(values).max()) or np.ptp(parts, axis=1).min() < 0.5 * size:
            continue
        lag = _first_return(values)
        if lag is None or lag < SHOWN:
            continue
        period = _refined(slope, x[: POINTS // 2], lag * step)
        if period is not None and _repeats(function, period):
            return period
    return None


def _first_return(values: Real) -> int | None:
    """The first lag at which the values come back to themselves, of those that a third of them shows."""
    lags = np.arange(1, values.size // REPEATED)
    squares = np.concatenate([[0.0], np.cumsum(values**2)])
    padded = np.fft.rfft(values, 2 * values.size)
    products = np.fft.irfft(padded * padded.conj())[lags]
    kept = values.size - lags
    missed = (squares[kept] + squares[-1] - squares[lags] - 2.0 * products) / kept
    level = 2.0 * ALIKE * float(values.var())
    gone = np.flatnonzero(missed > level)
    if gone.size == 0:
        return None
    back = np.flatnonzero(missed[gone[0] :] < level)
    if back.size == 0:
        return None
    first = int(gone[0] + back[0])
    away = np.flatnonzero(missed[first:] > level)
    last = first + int(away[0]) if away.size else missed.size
    return int(lags[first + np.argmin(missed[first:last])])


def _refined(slope: RealFunction, x: Real, period: float) -> float | None:
    """The period by Gauss-Newton steps on the difference to the derivative one period later."""
    shift = 1e-3 * period / (2.0 * math.pi)
    tilt = (slope(x + shift) - slope(x - shift)) / (2.0 * shift)
    weight = float(tilt @ tilt)
    found = period
    for _ in range(12):
        change = -float((slope(x + found) - slope(x)) @ tilt) / weight
        found += change
        if not abs(found - period) < 0.1 * period:
            return None
        if abs(change) <= 1e-15 * period:
            break
    return found


def _repeats(function: RealFunction, period: float) -> bool:
    """Whether the function is itself plus the same rise after each of many periods."""
    x: Real = period * (np.linspace(0.0, 1.0, 61) - 0.4321)
    with np.errstate(all="ignore"):
        here, rise = np.asarray(function(x)), float(np.ptp(np.asarray(function(x))))
        for times in MULTIPLES:
            for distance in (times * period, -times * period):
                there = np.asarray(function(x + distance))
                change = there - here
                # the period is known to rounding, relative to the distance
                slack = REPEATS * (np.abs(there) + np.abs(here) + times * rise)
                if not np.all(np.abs(change - change.mean()) <= slack):
                    return False
    return True


def period_average(function: RealFunction, period: float, inner: Real) -> float:
    """Mean of a periodic function over one period, by panels between `inner` points that are halved until it stays."""
    from rmt.networks.activations.gaussian_rules import panel_nodes

    inner = np.asarray(inner)
    edges = np.unique(np.concatenate([np.linspace(0.0, period, 9), inner[(inner > 0.0) & (inner < period)]]))
    before = math.inf
    for _ in range(9):
        x, w = panel_nodes(edges)
        terms = np.asarray(function(x), dtype=np.float64) * w
        found = float(terms.sum()) / period
        if abs(found - before) <= 1e-14 * float(np.abs(terms).sum()) / period:
            return found
        before = found
        edges = np.sort(np.concatenate([edges, 0.5 * (edges[1:] + edges[:-1])]))
    return found
