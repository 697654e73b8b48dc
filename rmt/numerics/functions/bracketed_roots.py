"""Roots of many scalar equations at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
#: bisections from one end of the range of doubles to the other
_LIMIT = 1200


def bracketed_roots(
    function: Callable[[Real, NDArray[np.intp]], Real], low: Real, high: Real, *, absolute: float = 0.0
) -> Real:
    """Solve ``function(x, index)[i] = 0`` for every equation, `x` between ``low[i]`` and ``high[i]``.

    Inverse quadratic interpolation safeguarded by bisection (Chandrupatla 1997), all equations in lockstep; an
    equation leaves the iteration when its bracket is a few ulps wide.

    Parameters
    ----------
    function : callable
        Maps points and the indices of their equations to residuals.
    low, high : ndarray
        Brackets. Where the residuals at the ends have the same sign the result is NaN.
    absolute : float
        Distance that does not matter: a root at 0 has no relative accuracy.
    """
    everything = np.arange(low.size)
    b, a = low.astype(np.float64), high.astype(np.float64)
    fb, fa = function(b, everything), function(a, everything)
    root = np.where(fb == 0.0, b, np.where(fa == 0.0, a, np.nan))
    live = np.flatnonzero(np.sign(fa) * np.sign(fb) < 0.0)
    a, b, fa, fb = a[live], b[live], fa[live], fb[live]
    c, fc = a.copy(), fa.copy()
    t = np.full(a.shape, 0.5)
    for _ in range(_LIMIT):
        if live.size == 0:
            break
        x = a + t * (b - a)
        fx = function(x, live)
        same = np.sign(fx) == np.sign(fa)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = x, fx
        best = np.where(np.abs(fa) < np.abs(fb), a, b)
        within = np.maximum(2.0 * EPS * np.abs(best), absolute)
        slack = within / np.maximum(np.abs(b - c), np.finfo(float).tiny)
        done = (slack > 0.5) | (fa == 0.0) | (np.abs(b - a) <= within)
        root[live[done]] = np.where(fa == 0.0, a, best)[done]
        keep = ~done
        live, a, b, c, fa, fb, fc = (v[keep] for v in (live, a, b, c, fa, fb, fc))
        t = _next_position(a, b, c, fa, fb, fc)
    root[live] = a
    return root


def _next_position(a: Real, b: Real, c: Real, fa: Real, fb: Real, fc: Real) -> Real:
    """Where between a (0) and b (1) to look next: interpolation where it is safe, else the middle."""
    with np.errstate(all="ignore"):  # residuals may be infinite at the ends: bisect there
        xi = (a - b) / (c - b)
        phi = (fa - fb) / (fc - fb)
        interpolate = (phi * phi < xi) & ((1.0 - phi) ** 2 < 1.0 - xi)
        t = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
    slack = 2.0 * EPS * np.abs(a) / np.maximum(np.abs(b - a), np.finfo(float).tiny)
    low = np.minimum(slack, 0.5)
    return np.where(interpolate & np.isfinite(t), np.clip(t, low, 1.0 - low), 0.5)
