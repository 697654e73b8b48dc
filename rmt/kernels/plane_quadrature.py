"""Pair integrals of any activation by quadrature in the plane."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError
from rmt.kernels.kernel_activations import is_known
from rmt.networks.activations.activation import Activation
from rmt.networks.activations.gaussian_rules import correlated_rule

Real = NDArray[np.float64]


def plane_pair(phi: Activation, q1: float, q2: float, gap: float) -> tuple[float, float, float, float]:
    """E φ(u) φ(v) and E φ'(u) φ'(v) with a bound on the error of each: for callables the difference of two resolutions.

    Raises
    ------
    ValueError
        If φ is not finite where the pair is.
    ConvergenceError
        If the resolutions do not settle.
    """
    before, errors = (math.nan, math.nan), [math.inf]
    for refine in (0,) if is_known(phi) else (0, 1, 2):
        with np.errstate(over="ignore", invalid="ignore"):
            values, slopes = _terms(phi, q1, q2, gap, refine)
        if not (np.isfinite(values).all() and np.isfinite(slopes).all()):
            raise ValueError(f"activation {phi.name!r} gives values that are not finite within 9 standard deviations")
        now = (float(values.sum()), float(slopes.sum()))
        sizes = (float(np.abs(values).sum()), float(np.abs(slopes).sum()))
        if is_known(phi):  # the features and the scale are known: one resolution suffices
            return now[0], now[1], 1e-13 * sizes[0], 1e-13 * sizes[1]
        errors = [abs(a - b) + 1e-15 * s for a, b, s in zip(now, before, sizes, strict=True)]
        if errors[0] <= 1e-13 * sizes[0] and errors[1] <= 1e-11 * sizes[1]:
            return now[0], now[1], errors[0], errors[1]
        before = now
    raise ConvergenceError(
        f"the pair integral of activation {phi.name!r} at q1 = {q1:.6g}, q2 = {q2:.6g}, gap = {gap:.6g} did not settle "
        "under refinement; pass kinks= with every point where its derivative jumps",
        residual=max(errors),
    )


def _terms(phi: Activation, q1: float, q2: float, gap: float, refine: int) -> tuple[Real, Real]:
    """Terms of the two sums; beyond a gap of 1 for the pair (u, −v), whose inner integral varies slowly."""
    function, slope = phi.function, phi.slope
    if gap <= 1.0:
        u, v, w = correlated_rule(q1, q2, 1.0 - gap, phi.features, gap=gap, scale=phi.scale, refine=refine)
        return np.asarray(function(u)) * function(v) * w, np.asarray(slope(u)) * slope(v) * w
    mirrored = tuple(sorted({*phi.features, *(-f for f in phi.features)}))
    u, v, w = correlated_rule(q1, q2, gap - 1.0, mirrored, gap=2.0 - gap, scale=phi.scale, refine=refine)
    if q1 != q2:
        return np.asarray(function(u)) * function(-v) * w, np.asarray(slope(u)) * slope(-v) * w
    # for equal variances the rule wants an integrand that is symmetric in its two arguments
    half = 0.5 * w
    values = half * (np.asarray(function(u)) * function(-v) + np.asarray(function(v)) * function(-u))
    return values, half * (np.asarray(slope(u)) * slope(-v) + np.asarray(slope(v)) * slope(-u))


def plane_many(phi: Activation, q1: Real, q2: Real, gap: Real) -> tuple[Real, Real, Real, Real]:
    """:func:`plane_pair` for 1-d arrays, each distinct triple once."""
    triples = np.stack([np.minimum(q1, q2), np.maximum(q1, q2), gap], axis=1)
    distinct, inverse = np.unique(triples, axis=0, return_inverse=True)
    rows = np.array([plane_pair(phi, *map(float, triple)) for triple in distinct])
    value, slope, error, slope_error = rows[inverse.ravel()].T
    return value, slope, error, slope_error
