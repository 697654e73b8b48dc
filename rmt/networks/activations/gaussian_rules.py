"""Gauss-Legendre rules for expectations over Gaussian arguments, split at the kinks of the integrand.

Gauss-Hermite rules lose digits when the variance is large or the integrand has a kink; here the line is cut into
panels that follow both the scale of the Gaussian and the scale on which the integrand varies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

#: nodes in each panel, on the line and in the plane
ORDER, PLANE_ORDER = 24, 16
#: standard deviations kept: the tails beyond carry less than 1e-40 and 1e-18
REACH, PLANE_REACH = 13.5, 9.0
#: widest panel, in standard deviations
WIDEST = 1.0
#: first panel beside a point of rapid variation, on the scale of the integrand
FINEST = 0.5


@lru_cache(maxsize=8)
def legendre_rule(order: int) -> tuple[Real, Real]:
    """Gauss-Legendre nodes and weights on [-1, 1], read-only."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights


@lru_cache(maxsize=64)
def geometric_offsets(reach: float, finest: float = FINEST) -> Real:
    """Offsets 0, ±finest, ±2 finest, ±4 finest, ... up to `reach`."""
    if reach <= finest:
        return np.zeros(1)
    doublings = np.arange(math.ceil(math.log2(reach / finest)))
    steps = finest * 2.0**doublings
    return np.concatenate([-steps[::-1], [0.0], steps])


def panel_nodes(edges: Real, order: int = ORDER) -> tuple[Real, Real]:
    """Nodes and weights of composite Gauss-Legendre over the panels between consecutive `edges` (last axis)."""
    t, w = legendre_rule(order)
    low, high = edges[..., :-1, None], edges[..., 1:, None]
    half = 0.5 * (high - low)
    nodes = 0.5 * (high + low) + half * t
    weights = half * w
    shape = (*edges.shape[:-1], -1)
    return nodes.reshape(shape), weights.reshape(shape)


def standard_density(z: Real) -> Real:
    """Density of the standard normal law."""
    return np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


@lru_cache(maxsize=32)
def gaussian_edges(variance: float, features: tuple[float, ...] = (), *, scale: float = 1.0) -> Real:
    """Ends of the panels of :func:`gaussian_rule`, in standard deviations; read-only."""
    deviation = math.sqrt(max(variance, 1e-290))
    uniform = np.arange(-REACH, REACH + WIDEST / 2, WIDEST)
    offsets = scale * geometric_offsets(2.0 * REACH * deviation / scale)
    edges = np.concatenate([uniform, *((feature + offsets) / deviation for feature in features)])
    edges = np.unique(np.clip(edges, -REACH, REACH))
    edges.flags.writeable = False
    return edges


@lru_cache(maxsize=32)
def gaussian_rule(
    variance: float, features: tuple[float, ...] = (), *, scale: float = 1.0, refine: int = 0
) -> tuple[Real, Real]:
    """Nodes x and weights w with ``E f(x) = sum(w f(x))`` for x ~ N(0, variance).

    Parameters
    ----------
    variance : float
        Variance, >= 0. At 0 the nodes sit at ±0 (limits from both sides).
    features : tuple of float
        Points near which f varies on the scale `scale`, its kinks among them; f is smooth between them.
    scale : float
        Width over which f varies near a feature.
    refine : int
        Each panel is bisected this many times.

    Notes
    -----
    The panels are geometric around each feature on the scale of x and at most one standard deviation wide, so
    the number of nodes grows like the logarithm of the variance.
    """
    # the limit of zero variance keeps the two sides of a kink at 0 apart
    deviation = math.sqrt(max(variance, 1e-290))
    edges = gaussian_edges(variance, features, scale=scale)
    for _ in range(refine):
        edges = np.sort(np.concatenate([edges, 0.5 * (edges[1:] + edges[:-1])]))
    z, w = panel_nodes(edges)
    w = w * standard_density(z)
    x, w = deviation * z, w / w.sum()
    x.flags.writeable = w.flags.writeable = False
    return x, w


def correlated_rule(
    q1: float,
    q2: float,
    c: float,
    features: Sequence[float] = (),
    *,
    gap: float | None = None,
    scale: float = 1.0,
    refine: int = 0,
    kinked: bool = False,
) -> tuple[Real, Real, Real]:
    """Nodes u1, u2 and weights for a centred Gaussian pair with variances q1, q2 and correlation c = 1 − gap.

    With s, d independent of variance (1 ± c)/2 the pair is √q1 (s + d), √q2 (s − d): the kinks of both factors
    lie on lines of slope ±1 in the (s, d) plane, so that every panel in s is free of kinks, and the integral over
    s is smooth in d except where two such lines cross: there it turns within the spread of s. For q1 = q2 the
    integrand must be symmetric in its two arguments: only d >= 0 is returned, with doubled weights.

    Returns
    -------
    u1, u2, weights : ndarray
        Of one common 2-d shape.
    """
    a, b = math.sqrt(max(q1, 1e-290)), math.sqrt(max(q2, 1e-290))
    distance = 1.0 - c if gap is None else gap
    # 1 + c is exact next to c = −1, 2 − (1 − c) is not
    together = 1.0 + c if gap is None else 2.0 - gap
    sum_scale, difference_scale = math.sqrt(max(0.5 * together, 0.0)), math.sqrt(max(0.5 * distance, 0.0))
    kinks = np.asarray(features, dtype=np.float64)
    resolution = scale * min(1.0 / a, 1.0 / b)
    crossings = np.unique(0.5 * (kinks[:, None] / a - kinks[None, :] / b))
    if sum_scale < difference_scale and kinks.size:
        # opposite arguments: what varies in d is the function itself, smoothed over the width of s
        crossings = np.unique(np.concatenate([crossings, kinks / a, -kinks / b]))
    turn = min(resolution, max(sum_scale, 1e-12)) if kinked else resolution
    d, wd = (x[0] for x in _rule_rows(crossings[None, :], difference_scale, turn, refine))
    if a == b and d.size > 1:
        d, wd = d[d > 0.0], 2.0 * wd[d > 0.0]
    centres = np.concatenate([kinks / a - d[:, None], kinks / b + d[:, None]], axis=1)
    s, ws = _rule_rows(centres, sum_scale, resolution, refine)
    return a * (s + d[:, None]), b * (s - d[:, None]), ws * wd[:, None]


def _rule_rows(centres: Real, scale: float, resolution: float, refine: int) -> tuple[Real, Real]:
    """One rule for N(0, scale²) per row of `centres`, graded around the row's centres down to `resolution`."""
    rows = centres.shape[0]
    if scale == 0.0:
        return np.zeros((rows, 1)), np.ones((rows, 1))
    offsets = geometric_offsets(2.0 * PLANE_REACH * scale / resolution) * (resolution / scale)
    graded = (centres[:, :, None] / scale + offsets).reshape(rows, -1)
    uniform = np.arange(-PLANE_REACH, PLANE_REACH + WIDEST / 2, WIDEST)
    edges = np.concatenate([np.broadcast_to(uniform, (rows, uniform.size)), graded], axis=1)
    edges = np.sort(np.clip(edges, -PLANE_REACH, PLANE_REACH), axis=1)
    for _ in range(refine):
        edges = np.sort(np.concatenate([edges, 0.5 * (edges[:, 1:] + edges[:, :-1])], axis=1), axis=1)
    t, w = panel_nodes(edges, PLANE_ORDER)
    w = w * standard_density(t)
    return scale * t, w / w.sum(axis=1, keepdims=True)
