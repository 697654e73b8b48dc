"""E φ(u) φ(v) and E φ'(u) φ'(v) of a Gaussian pair in closed form, from the variances and the gap 1 − c.

The angle θ between the inputs comes from the gap (arccos of a correlation loses half of the digits next to 1), and
every square root or arcus sine of a difference is written in the gap as well. Sources: arc-cosine kernels, Cho and Saul
(2009); erf, sine and their kind, Williams (1997) and Han et al. (2022); GELU by Stein's lemma.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmt.numerics.compilation.jit import inner_kernel, kernel

#: kinds of activation with a closed form; the two parameters of each are named beside it
HOMOGENEOUS = 0  # derivatives left and right of a kink at 0
JUMP = 1  # values left and right of a jump at 0
ERF = 2  # scale
SIN = 3
COS = 4
EXP = 5
GAUSSIAN = 6
MONOMIAL = 7  # degree
RELU_SQUARED = 8
GELU = 9

#: below this gap the difference to gap 0 is the integral of the derivative covariance
SMALL_GAP = 1e-3
_NODES, _WEIGHTS = (0.5 * (x + s) for x, s in zip(np.polynomial.legendre.leggauss(8), (1.0, 0.0), strict=True))
_NODE_TABLE = tuple(float(t) for t in _NODES)
_WEIGHT_TABLE = tuple(float(t) for t in _WEIGHTS)


@kernel
def angle(gap: Any) -> Any:
    """θ = arccos(1 − gap)."""
    if gap < 1.0:
        return 2.0 * math.asin(math.sqrt(0.5 * max(gap, 0.0)))
    return math.pi - 2.0 * math.asin(math.sqrt(0.5 * max(2.0 - gap, 0.0)))


@inner_kernel
def sine_minus_chord(gap: Any, theta: Any) -> Any:
    """Return sin θ − θ cos θ without cancellation at small θ."""
    if theta > 0.5:
        return math.sqrt(gap * (2.0 - gap)) - theta * (1.0 - gap)
    t = theta * theta
    series = 1.0 / 45360.0 - t * (1.0 / 3991680.0 - t * (1.0 / 518918400.0 - t / 93405312000.0))
    return theta * t * (1.0 / 3.0 - t * (1.0 / 30.0 - t * (1.0 / 840.0 - t * series)))


@inner_kernel
def _homogeneous(low: Any, high: Any, q1: Any, q2: Any, gap: Any) -> Any:
    theta = angle(gap)
    mean_square = 0.5 * (low * low + high * high)
    asymmetry = (high - low) * (high - low) / (2.0 * math.pi)
    value = mean_square * (1.0 - gap) + asymmetry * sine_minus_chord(gap, theta)
    return math.sqrt(q1) * math.sqrt(q2) * value, mean_square - asymmetry * theta


@kernel
def _gelu(q1: Any, q2: Any, gap: Any) -> Any:
    k = math.sqrt(q1) * math.sqrt(q2) * (1.0 - gap)
    spread = q1 * q2 * gap * (2.0 - gap)
    s2 = 1.0 + q1 + q2 + spread
    s = math.sqrt(s2)
    share = 0.25 + math.atan2(k, s) / (2.0 * math.pi)
    inverses = 1.0 / (1.0 + q1) + 1.0 / (1.0 + q2)
    # q1 q2 + k² h with h = inverses − 1
    rest = spread + k * k * inverses
    unit = 1.0 / (2.0 * math.pi * s)
    return k * share + rest * unit, share + unit * k * ((2.0 * inverses - 1.0) + rest / s2)


@inner_kernel
def _sine_cosine(even: Any, q1: Any, q2: Any, gap: Any) -> Any:
    """Covariance of the sine (or cosine, if `even`) and of its derivative."""
    r1, r2 = math.sqrt(q1), math.sqrt(q2)
    radial = 0.5 * ((q1 - q2) / (r1 + r2)) ** 2 if r1 + r2 > 0.0 else 0.0
    sign = 1.0 if gap <= 1.0 else -1.0
    near = gap if gap <= 1.0 else 2.0 - gap
    size = math.exp(-radial - r1 * r2 * near)
    decay = -2.0 * r1 * r2 * (1.0 - near)
    hyperbolic_sine = -0.5 * sign * size * math.expm1(decay)
    hyperbolic_cosine = 0.5 * size * (1.0 + math.exp(decay))
    if even:
        return hyperbolic_cosine, hyperbolic_sine
    return hyperbolic_sine, hyperbolic_cosine


@inner_kernel
def _monomial(degree: Any, q1: Any, q2: Any, gap: Any) -> Any:
    """Sum over the Hermite coefficients of x^degree."""
    product = math.sqrt(q1) * math.sqrt(q2)
    k = product * (1.0 - gap)
    value, slope = 0.0, 0.0
    j = degree
    while j >= 0:
        half = (degree - j) // 2
        # degree! / (2^half half!) by products, so that nothing overflows early
        coefficient = 1.0
        for i in range(1, half + 1):
            coefficient *= (j + 2.0 * i) * (j + 2.0 * i - 1.0) / (2.0 * i)
        # what is left of degree!/(...) is j!; its square over j! is j!
        term = coefficient * coefficient * product ** (2 * half)
        for i in range(1, j + 1):
            term *= i
        value += term * k**j
        if j > 0:
            slope += term * j * k ** (j - 1)
        j -= 2
    return value, slope


@kernel
def closed_pair(kind: Any, first: Any, second: Any, q1: Any, q2: Any, gap: Any) -> Any:
    """E φ(u) φ(v) and E φ'(u) φ'(v) (NaN for a jump) of the activation `kind` with its two parameters."""
    if kind == HOMOGENEOUS:
        return _homogeneous(first, second, q1, q2, gap)
    if kind == GELU:
        return _gelu(q1, q2, gap)
    product = math.sqrt(q1) * math.sqrt(q2)
    if kind == ERF:
        square = first * first
        spread = 4.0 * square * square * q1 * q2 * gap * (2.0 - gap)
        s = math.sqrt(1.0 + 2.0 * square * (q1 + q2) + spread)
        k = square * product * (1.0 - gap)
        return 2.0 / math.pi * math.atan2(2.0 * k, s), 4.0 / math.pi * square / s
    if kind == JUMP:
        theta = angle(gap)
        difference = second - first
        value = 0.5 * (first * first + second * second) - difference * difference * theta / (2.0 * math.pi)
        return value, math.nan
    if kind == SIN:
        return _sine_cosine(False, q1, q2, gap)
    if kind == COS:
        return _sine_cosine(True, q1, q2, gap)
    if kind == EXP:
        value = math.exp(0.5 * (q1 + q2) + product * (1.0 - gap))
        return value, value
    if kind == GAUSSIAN:
        s = math.sqrt(1.0 + 2.0 * (q1 + q2) + 4.0 * q1 * q2 * gap * (2.0 - gap))
        return 1.0 / s, 4.0 * product * (1.0 - gap) / (s * s * s)
    if kind == MONOMIAL:
        return _monomial(int(first), q1, q2, gap)
    # squared ReLU
    theta = angle(gap)
    c = 1.0 - gap
    sine = math.sqrt(gap * (2.0 - gap))
    value = q1 * q2 * (3.0 * sine * c + (math.pi - theta) * (1.0 + 2.0 * c * c)) / (2.0 * math.pi)
    relu, _ = _homogeneous(0.0, 1.0, q1, q2, gap)
    return value, 4.0 * relu


@inner_kernel
def is_scale_free(kind: Any) -> Any:
    """Whether φ(b x) = b^p φ(x): the gap after the layer depends on the gap before it only."""
    return kind in (HOMOGENEOUS, JUMP, MONOMIAL, RELU_SQUARED)


@inner_kernel
def closed_gap(
    kind: Any, first: Any, second: Any, q1: Any, q2: Any, gap: Any, value: Any, moment1: Any, moment2: Any
) -> Any:
    """1 − F(q1, q2, c)/√(E φ(u)² E φ(v)²), with small relative error also at a small gap."""
    scale = math.sqrt(moment1 * moment2)
    if scale == 0.0:
        return 0.0
    if kind == HOMOGENEOUS:
        asymmetry = (second - first) ** 2 / (math.pi * (first * first + second * second))
        return gap - asymmetry * sine_minus_chord(gap, angle(gap))
    if kind == JUMP:
        return (second - first) ** 2 / (math.pi * (first * first + second * second)) * angle(gap)
    if gap >= SMALL_GAP:
        return min(max(1.0 - value / scale, 0.0), 2.0)
    # F(gap 0) − F(gap) is the integral of the derivative covariance, over gap = t² where this is analytic
    root = math.sqrt(gap)
    total = 0.0
    for i in range(8):
        t = root * _NODE_TABLE[i]
        _, slope = closed_pair(kind, first, second, q1, q2, t * t)
        total += _WEIGHT_TABLE[i] * 2.0 * t * slope
    angular = math.sqrt(q1) * math.sqrt(q2) * root * total
    radial = 0.0
    if q1 != q2 and not is_scale_free(kind):
        aligned, _ = closed_pair(kind, first, second, q1, q2, 0.0)
        radial = max(0.0, scale - aligned)
    return (radial + angular) / scale


@kernel
def closed_many(kind: Any, first: Any, second: Any, q1: Any, q2: Any, gap: Any, value: Any, slope: Any) -> None:
    """Fill `value` and `slope` for 1-d arrays of the same length."""
    for i in range(q1.size):
        value[i], slope[i] = closed_pair(kind, first, second, q1[i], q2[i], gap[i])


@inner_kernel
def _homogeneous_block(low: Any, high: Any, gap: Any, start: Any, slope: Any) -> None:
    """The angle of a homogeneous activation is taken once a pair, and lengths do not matter."""
    mean_square = 0.5 * (low * low + high * high)
    asymmetry = (high - low) * (high - low) / (2.0 * math.pi)
    for i in range(gap.shape[0]):
        columns = min(start + i + 1, gap.shape[1]) if start >= 0 else gap.shape[1]
        for j in range(columns):
            g = gap[i, j]
            theta = angle(g)
            slope[i, j] = mean_square - asymmetry * theta
            gap[i, j] = g - asymmetry / mean_square * sine_minus_chord(g, theta) if mean_square > 0.0 else 0.0


@kernel
def closed_block(
    kind: Any, first: Any, second: Any, q1: Any, q2: Any, moment1: Any, moment2: Any, gap: Any, start: Any, slope: Any
) -> None:
    """One activation on a block of pairs: the gap becomes that of the images; returns the derivative covariance.

    Of a symmetric matrix (``start >= 0``: the index of the first row) only the lower triangle is computed.
    """
    if kind == HOMOGENEOUS:
        _homogeneous_block(first, second, gap, start, slope)
        return
    for i in range(q1.size):
        columns = min(start + i + 1, q2.size) if start >= 0 else q2.size
        for j in range(columns):
            value, tilt = closed_pair(kind, first, second, q1[i], q2[j], gap[i, j])
            slope[i, j] = tilt
            gap[i, j] = closed_gap(kind, first, second, q1[i], q2[j], gap[i, j], value, moment1[i], moment2[j])
