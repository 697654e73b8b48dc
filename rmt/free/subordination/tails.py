"""Masses beyond a point that are small against 1: the density integrated from the end of the law.

The log-potential gives masses to absolute accuracy only.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rmt.laws.law import Real

Density = Callable[[Real], Real]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
#: Gauss rule on [0, 1]
_UNIT, _SHARES = 0.5 * (_NODES + 1.0), 0.5 * _WEIGHTS
#: double exponential rule: from 1e-61 of the distance to 1 - 1e-16
_STEPS = np.linspace(-4.5, 3.2, 90)


def mass_from_edge(density: Density, edge: float, distance: Real, exponent: float, side: float) -> Real:
    """Mass between an edge and points at these distances, by a Gauss rule in a power of the distance.

    Parameters
    ----------
    density : callable
        The density at an array of points.
    edge, exponent : float
        The end of the law, and the exponent of the density there.
    distance : ndarray
    side : float
        1 if the law lies above the edge, -1 if below.
    """
    power = 1.0 / exponent if exponent > 0.0 else 1.0 / (1.0 + exponent)
    d = distance[:, None] * _UNIT**power
    x = edge + side * d
    rounded = np.abs(x - edge)
    height = density(x.ravel()).reshape(d.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        height = np.where(rounded > 0.0, height * (d / rounded) ** exponent, 0.0)
    return np.asarray((height * d * (power / _UNIT) * _SHARES).sum(axis=-1))


def mass_to_infinity(density: Density, centre: float, x: Real) -> Real:
    """Mass beyond points far from the centre, on their side, where the law has no end.

    A double exponential rule in the reciprocal of the distance to the centre, for tails of any power and for faster
    ones.
    """
    growth = np.exp(-math.pi * np.sinh(_STEPS))
    s = 1.0 / (1.0 + growth)
    weights = (_STEPS[1] - _STEPS[0]) * math.pi * np.cosh(_STEPS) * growth * s * s
    reach = np.abs(x - centre)[:, None]
    height = density((centre + (x - centre)[:, None] / s).ravel()).reshape(reach.shape[0], s.size)
    return np.asarray((height * (reach / (s * s)) * weights).sum(axis=-1))


def mass_below_log(density: Density, u: Real, rate: float) -> Real:
    """Mass below points where the density decays like exp(rate u) towards -inf: a Gauss rule in that exponential."""
    lower = u[:, None] + np.log(_UNIT) / rate
    height = density(lower.ravel()).reshape(lower.shape) / (rate * _UNIT)
    return np.asarray((height * _SHARES).sum(axis=-1))
