"""Quadrature rules for a law: expectations of functions that are smooth on its support."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rmt.numerics.panels import adaptive_breaks, panel_rule

if TYPE_CHECKING:
    from rmt.laws.law import Interval, Law, Real

#: scales s, in units of the support, of the functions s/(s + |x|) that a rule has to resolve
_PROBES = np.array([1.0, 1e-2, 1e-4, 1e-8, 1e-16])


def expectation_rule(law: Law) -> tuple[Real, Real]:
    """Nodes and weights with E f(X) = Σ weight · f(node), atoms included; the weights sum to 1.

    Each half of an interval of the support is parametrised by a power of the distance to its edge that makes the
    density analytic there, and cut into panels until the mass and the expectations of s/(s + |x|), for scales s down
    to 1e-16 of the support, no longer change: the rules are for functions with singularities near the origin only.

    Raises
    ------
    ValueError
        If the support is unbounded.
    """
    nodes = [np.array([a for a, _ in law.atoms])]
    weights = [np.array([m for _, m in law.atoms])]
    for interval in law.support:
        if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
            raise ValueError(f"{law!r} has an unbounded support; expectations are computed on bounded supports only")
        for lower in (True, False):
            x, w = _half_rule(law, interval, lower)
            nodes.append(x)
            weights.append(w)
    points, masses = np.concatenate(nodes), np.concatenate(weights)
    return points, masses / masses.sum()


def _half_rule(law: Law, interval: Interval, lower: bool) -> tuple[Real, Real]:
    end, sign = (interval.low, 1.0) if lower else (interval.high, -1.0)
    power = _regularising_power(interval.low_exponent if lower else interval.high_exponent)
    half = 0.5 * interval.high - 0.5 * interval.low

    def place(t: Real) -> tuple[Real, Real]:
        distance = half * t**power
        x = end + sign * distance
        with np.errstate(invalid="ignore", over="ignore"):
            density = law._pdf(x)
        weight = np.where(np.isfinite(density), density, 0.0) * distance * power / t
        return x, weight

    def probes(t: Real) -> Real:
        x, weight = place(t)
        kernels = _PROBES[:, None] / (_PROBES[:, None] + np.abs(x) / half)
        return np.asarray(np.vstack([weight, weight * kernels]))

    t, width = panel_rule(adaptive_breaks(probes, np.array([0.0, 0.5, 1.0])))
    x, weight = place(t)
    return x, width * weight


def _regularising_power(exponent: float) -> float:
    """P such that the density near an edge with ``|x − edge|^exponent`` is analytic in ``|x − edge|^(1/p)``."""
    if not math.isfinite(exponent) or exponent == 0.0:
        return 1.0
    return 1.0 / exponent if exponent > 0.0 else 1.0 / (1.0 + exponent)
