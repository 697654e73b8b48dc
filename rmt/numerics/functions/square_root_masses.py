"""Masses under the density of a free Meixner type law: a semicircle divided by the distance to a pole.

All closed-form one-cut laws of free probability (semicircle, Marchenko-Pastur, Kesten-McKay, Wachter, arcsine) have
densities that are sums of √((x − l)(h − x)) / |x − p| with poles p outside (l, h). On the unit interval, with the
pole at −κ, one function of s and κ >= 0 gives all their distribution functions.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

#: Gauss nodes of ∫_0^1 √t g(t) dt. Next to an edge the other singularities lie at distance >= 1, where the error
#: decreases as (3 + √8)^(-2n): 4e-19 for n = 12
_TAIL_NODES = 12


def _tail_rule() -> tuple[Real, Real]:
    """Nodes and weights of ∫_0^1 √t g(t) dt, from Gauss-Legendre in r with t = r²."""
    nodes, weights = np.polynomial.legendre.leggauss(2 * _TAIL_NODES)
    r, w = nodes[_TAIL_NODES:], weights[_TAIL_NODES:]
    mass = 2.0 * w * r * r
    return r * r, mass * (2.0 / 3.0 / mass.sum())  # the rule of numpy is normalised to 1e-15 only


_T, _W = _tail_rule()


def pole_mass(kappa: float) -> float:
    """(1/π) ∫_0^1 √(t(1 − t))/(t + κ) dt."""
    return 0.25 / (0.5 + kappa + math.sqrt(kappa * (1.0 + kappa)))


def pole_masses(left: Real, right: Real, kappa: float) -> tuple[Real, Real]:
    """Split (1/π) ∫_0^1 √(t(1 − t))/(t + κ) dt at a point, both parts to full relative accuracy.

    Parameters
    ----------
    left, right : ndarray
        Distances of the point to 0 and to 1, each accurate on its own (their sum is 1).
    kappa : float
        Distance of the pole to the left of 0, >= 0.

    Returns
    -------
    below, above : ndarray
        Masses to the left and to the right of the point; their sum is :func:`pole_mass`.
    """
    total = pole_mass(kappa)
    below, above = np.empty_like(left), np.empty_like(left)
    low = left <= 0.5
    tail = low & (left <= kappa) & (kappa > 0.0)
    middle = low & ~tail
    for part, function in ((tail, _lower_tail), (middle, _closed_form)):
        if part.any():
            below[part] = function(left[part], right[part], kappa)
            above[part] = total - below[part]
    high = ~low
    if high.any():
        above[high] = _upper_tail(right[high], kappa)
        below[high] = total - above[high]
    return below, above


def _lower_tail(left: Real, right: Real, kappa: float) -> Real:
    total = np.zeros_like(left)
    for t, w in zip(_T, _W, strict=True):
        total += w * np.sqrt(1.0 - left * t) / (left * t + kappa)
    return left * np.sqrt(left) * total / math.pi


def _upper_tail(right: Real, kappa: float) -> Real:
    total = np.zeros_like(right)
    for t, w in zip(_T, _W, strict=True):
        total += w * np.sqrt(1.0 - right * t) / (1.0 + kappa - right * t)
    return right * np.sqrt(right) * total / math.pi


def _closed_form(left: Real, right: Real, kappa: float) -> Real:
    """With t = sin²(θ/2) and q the pole in Joukowski's coordinate; no cancellation for left > κ."""
    root = math.sqrt(kappa * (1.0 + kappa))
    one_minus_q = 2.0 * kappa / (root + kappa) if kappa > 0.0 else 0.0
    q = 1.0 - one_minus_q
    sine = 2.0 * np.sqrt(left * right)
    theta = 2.0 * np.arcsin(np.sqrt(left))
    angle = np.arctan2(q * sine, one_minus_q + 2.0 * q * left)
    return (q * theta + sine - 4.0 * root * angle) / (2.0 * math.pi)
