"""Quantiles of laws that are known by the logarithms of their tails: Newton's iteration for the logarithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rmt.errors import ConvergenceError
from rmt.laws.law import EPS, Real

if TYPE_CHECKING:
    from rmt.laws.edges.log_tails import LogTailLaw

_LIMIT = 80
#: after so many steps only rounding of the tails is left; the residual that this may be
_PATIENCE, _NOISE = 40, 1e-11


def log_quantiles(law: LogTailLaw, u: Real) -> Real:
    """Points with the given cdf in (0, 1), to rounding in both tails.

    Parameters
    ----------
    law : LogTailLaw
        Its logarithms of tails are concave, as for every log-concave density.
    u : ndarray
        Levels in (0, 1).

    Raises
    ------
    ConvergenceError
        If Newton's iteration does not settle.
    """
    grid, floor = law._grid(), law._hull()[0]
    tails = law._log_tails(grid)
    odds = np.where(tails.lower, 1.0, -1.0) * (tails.value - np.log(-np.expm1(tails.value)))
    log_u, log_rest = np.log(u), np.log1p(-u)
    x = np.interp(log_u - log_rest, odds, grid)
    active = np.arange(u.size)
    for iteration in range(_LIMIT):
        here = x[active]
        at = law._log_tails(here)
        residual = at.value - np.where(at.lower, log_u[active], log_rest[active])
        new = here - residual / at.slope
        low = new <= floor
        new[low] = floor + 0.125 * (here[low] - floor)
        x[active] = new
        moving = np.abs(x[active] - here) > 4.0 * EPS * np.abs(here)
        moving &= np.abs(residual) > 4.0 * EPS * (1.0 + np.abs(at.value))
        if iteration >= _PATIENCE:
            moving &= np.abs(residual) > _NOISE
        if not moving.any():
            return np.asarray(x)
        active = active[moving]
    raise ConvergenceError(
        f"the quantile of {law!r} did not converge; ask for a level farther from 0 and 1",
        point=float(u[active[0]]),
        residual=float(residual[moving][0]),
    )
