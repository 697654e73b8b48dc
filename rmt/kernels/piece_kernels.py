"""The pair integrals of activations made of lines and an exponential: the inner mean closed, the outer by panels.

Given u = √q1 z the other argument is v = √q2 (c z + r y) with r = √(gap (2 − gap)), and E φ(v) is a sum of normal
distribution functions. What is left is an integral over z that varies on the scale r beside the images of the kinks.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmt.numerics.compilation.jit import inner_kernel, kernel

_X, _W = np.polynomial.legendre.leggauss(16)
_NODE_TABLE = tuple(float(t) for t in _X)
_WEIGHT_TABLE = tuple(float(t) for t in _W)
_X, _W = np.polynomial.legendre.leggauss(8)
_SHORT_NODES = tuple(float(0.5 * (1.0 + t)) for t in _X)
_SHORT_WEIGHTS = tuple(float(0.5 * t) for t in _W)

_ROOT_HALF = math.sqrt(0.5)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
#: standard deviations kept
_REACH = 10.0


@inner_kernel
def scaled_erfc(x: Any) -> Any:
    """Return exp(x²) erfc(x) for x >= 0."""
    if x < 24.0:
        high = math.floor(x * 64.0) / 64.0
        return math.erfc(x) * math.exp(high * high) * math.exp((x - high) * (x + high))
    t = 1.0 / (2.0 * x * x)
    return (1.0 - t * (1.0 - 3.0 * t * (1.0 - 5.0 * t * (1.0 - 7.0 * t)))) / (x * math.sqrt(math.pi))


@inner_kernel
def _below(z: Any) -> Any:
    """Normal distribution function."""
    return 0.5 * math.erfc(-z * _ROOT_HALF)


@kernel
def _density(z: Any) -> Any:
    return math.exp(-0.5 * z * z) / _ROOT_TWO_PI if abs(z) < 38.0 else 0.0


@inner_kernel
def _left_exponential(end: Any, mean: Any, deviation: Any) -> Any:
    """E expm1(v) and E exp(v) over v < end, v normal."""
    z = (end - mean) / deviation
    shifted = z - deviation
    if shifted < 0.0:
        # exp(m + r²/2) Φ(z − r) = exp(end − z²/2) exp((z − r)²/2) Φ(z − r)
        whole = 0.5 * math.exp(end - 0.5 * z * z) * scaled_erfc(-shifted * _ROOT_HALF) if abs(z) < 38.0 else 0.0
    else:
        whole = math.exp(mean + 0.5 * deviation * deviation) * _below(shifted)
    exponent = mean + 0.5 * deviation * deviation
    if deviation < 0.7 and abs(exponent) < 0.7:
        # both terms near Φ: their difference from the mass between z − r and z
        between = 0.0
        for i in range(8):
            between += _SHORT_WEIGHTS[i] * _density(z - deviation * _SHORT_NODES[i])
        return math.expm1(exponent) * _below(shifted) - deviation * between, whole
    return whole - _below(z), whole


@kernel
def _inner(kinks: Any, constant: Any, slope: Any, exponential: Any, mean: Any, deviation: Any) -> Any:
    """E φ(v) and E φ'(v) for v ~ N(mean, deviation²)."""
    last = kinks.size
    if deviation == 0.0:
        i = 0
        while i < last and mean > kinks[i]:
            i += 1
        value, tilt = constant[i] + slope[i] * mean, slope[i]
        if exponential[i] != 0.0:
            value += exponential[i] * math.expm1(mean)
            tilt += exponential[i] * math.exp(mean)
        return value, tilt
    value, tilt = 0.0, 0.0
    for i in range(last + 1):
        low = (kinks[i - 1] - mean) / deviation if i > 0 else -np.inf
        high = (kinks[i] - mean) / deviation if i < last else np.inf
        mass = _below(high) - _below(low) if high <= 0.0 else _below(-low) - _below(-high)
        bent = _density(low) - _density(high)
        value += (constant[i] + slope[i] * mean) * mass + slope[i] * deviation * bent
        tilt += slope[i] * mass
        if exponential[i] != 0.0:
            rise, whole = _left_exponential(kinks[0], mean, deviation)
            value += exponential[i] * rise
            tilt += exponential[i] * whole
    return value, tilt


@inner_kernel
def _add_graded(edges: Any, count: Any, centre: Any, finest: Any) -> Any:
    """Panel ends at a centre and at geometric distances from it."""
    if -_REACH < centre < _REACH:
        edges[count] = centre
        count += 1
    step = finest
    while step < 2.0:
        for sign in (-1.0, 1.0):
            point = centre + sign * step
            if -_REACH < point < _REACH:
                edges[count] = point
                count += 1
        step *= 2.0
    return count


@kernel
def _panel_ends(kinks: Any, q1: Any, q2: Any, gap: Any, edges: Any) -> Any:
    """Sorted ends of the panels in z; their number."""
    count = 0
    for i in range(21):
        edges[count] = i - _REACH
        count += 1
    c = 1.0 - gap
    r = math.sqrt(max(gap * (2.0 - gap), 0.0))
    root1, root2 = math.sqrt(q1), math.sqrt(q2)
    own = 0.5 / root1
    for i in range(max(kinks.size, 1)):
        kink = kinks[i] if kinks.size else 0.0
        count = _add_graded(edges, count, kink / root1, own if own < 2.0 else 4.0)
        if abs(c) > 0.05:
            image = kink / (root2 * c)
            width = max(0.5 * r / abs(c), 1e-9)
            count = _add_graded(edges, count, image, width if width < 2.0 else 4.0)
            # the inner mean also varies on the scale of the exponential
            far = 0.5 / (root2 * abs(c))
            if far < 2.0:
                count = _add_graded(edges, count, image, max(far, 1e-9))
    edges[:count].sort()
    return count


@inner_kernel
def piece_pair(kinks: Any, constant: Any, slope: Any, exponential: Any, q1: Any, q2: Any, gap: Any, edges: Any) -> Any:
    """E φ(u) φ(v) and E φ'(u) φ'(v); `edges` is room for the ends of panels."""
    if q1 < q2:
        q1, q2 = q2, q1
    root1, root2 = math.sqrt(q1), math.sqrt(q2)
    c = 1.0 - gap
    deviation = root2 * math.sqrt(max(gap * (2.0 - gap), 0.0))
    count = _panel_ends(kinks, q1, q2, gap, edges)
    total, tilt_total, mass = 0.0, 0.0, 0.0
    for p in range(count - 1):
        half = 0.5 * (edges[p + 1] - edges[p])
        if half <= 0.0:
            continue
        middle = 0.5 * (edges[p + 1] + edges[p])
        for i in range(16):
            z = middle + half * _NODE_TABLE[i]
            weight = half * _WEIGHT_TABLE[i] * math.exp(-0.5 * z * z)
            mass += weight
            outer, outer_tilt = _inner(kinks, constant, slope, exponential, root1 * z, 0.0)
            value, tilt = _inner(kinks, constant, slope, exponential, root2 * c * z, deviation)
            total += weight * outer * value
            tilt_total += weight * outer_tilt * tilt
    return total / mass, tilt_total / mass


@kernel
def room_for_edges(kinks: Any) -> Any:
    """Array that holds the ends of the panels of any pair."""
    return np.empty(21 + max(kinks.size, 1) * 300)


@kernel
def piece_many(
    kinks: Any, constant: Any, slope: Any, exponential: Any, q1: Any, q2: Any, gap: Any, value: Any, tilt: Any
) -> None:
    """Fill `value` and `tilt` for 1-d arrays of the same length."""
    edges = room_for_edges(kinks)
    for i in range(q1.size):
        value[i], tilt[i] = piece_pair(kinks, constant, slope, exponential, q1[i], q2[i], gap[i], edges)


@kernel
def piece_block(
    kinks: Any,
    constant: Any,
    slope: Any,
    exponential: Any,
    q1: Any,
    q2: Any,
    moment1: Any,
    moment2: Any,
    gap: Any,
    start: Any,
    out: Any,
) -> None:
    """One activation on a block of pairs, as :func:`rmt.kernels.pair_kernels.closed_block`."""
    edges = room_for_edges(kinks)
    for i in range(q1.size):
        columns = min(start + i + 1, q2.size) if start >= 0 else q2.size
        for j in range(columns):
            value, tilt = piece_pair(kinks, constant, slope, exponential, q1[i], q2[j], gap[i, j], edges)
            out[i, j] = tilt
            scale = math.sqrt(moment1[i] * moment2[j])
            if scale == 0.0:
                gap[i, j] = 0.0
            elif gap[i, j] >= 1e-3:
                gap[i, j] = min(max(1.0 - value / scale, 0.0), 2.0)
            else:
                # F(gap 0) − F(gap) is the integral of the derivative covariance, over gap = t²
                root, total = math.sqrt(gap[i, j]), 0.0
                for p in range(8 if root > 0.0 else 0):
                    t = root * _SHORT_NODES[p]
                    _, inside = piece_pair(kinks, constant, slope, exponential, q1[i], q2[j], t * t, edges)
                    total += _SHORT_WEIGHTS[p] * 2.0 * t * inside
                radial = 0.0
                if q1[i] != q2[j]:
                    aligned, _ = piece_pair(kinks, constant, slope, exponential, q1[i], q2[j], 0.0, edges)
                    radial = max(0.0, scale - aligned)
                gap[i, j] = (radial + math.sqrt(q1[i]) * math.sqrt(q2[j]) * root * total) / scale
