"""The dual activation of a smooth φ as a Hermite (Mehler) series, with its own certificate.

With a_k(q) = E φ(√q z) h_k(z) for the orthonormal Hermite polynomials h_k,

    E φ(u) φ(v) = Σ a_k(q1) a_k(q2) c^k,    E φ'(u) φ'(v) = Σ k a_k(q1) a_k(q2) c^(k−1) / √(q1 q2)

(Daniely, Frostig and Singer 2016). By Parseval the tail of the first series beyond K is at most √(T1 T2) with
T = E φ² − Σ_{k≤K} a_k²; the second has its own tail, which a certificate of the first does not bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.networks.activations.activation import SMALLEST_LENGTH, Activation
from rmt.networks.activations.gaussian_rules import panel_nodes, standard_density
from rmt.numerics.compilation.jit import inner_kernel, kernel

Real = NDArray[np.float64]

#: terms computed, tried in turn
STAGES = (96, 320, 1000)
#: relative energy of the terms left out, of the values and of the derivatives
TAIL = 2e-15
#: quadrature has to give E φ² this well at the ends of the range
MOMENT_ACCURACY = 2e-14
_REACH, _PANELS, _ORDER = 14.0, 56, 40


@dataclass(frozen=True, eq=False)
class HermiteSeries:
    """Coefficients for some variances.

    Attributes
    ----------
    q : ndarray of shape (m,)
    coefficients : ndarray of shape (m, K + 1)
    moments : ndarray of shape (m,)
        E φ².
    tail : float
        Bound on the relative energy left out.
    """

    q: Real
    coefficients: Real
    moments: Real
    tail: float


@lru_cache(maxsize=3)
def _weighted_hermite(terms: int) -> tuple[Real, Real, Real]:
    """Nodes z, √w, and h_k(z) √w for k < terms: scaled so that nothing overflows."""
    z, w = panel_nodes(np.linspace(-_REACH, _REACH, _PANELS + 1), _ORDER)
    root = np.sqrt(w * standard_density(z))
    table = np.empty((terms, z.size))
    table[0] = root
    table[1] = z * root
    for k in range(1, terms - 1):
        table[k + 1] = (z * table[k] - math.sqrt(k) * table[k - 1]) / math.sqrt(k + 1)
    return z, root, table


def hermite_series(phi: Activation, q: Real) -> HermiteSeries | None:
    """Series of φ at the variances `q`, or None where it cannot be certified with 1000 terms."""
    if phi.kinks:
        return None
    length = np.maximum(q, SMALLEST_LENGTH)
    for terms in STAGES:
        z, root, table = _weighted_hermite(terms)
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.asarray(phi.function(np.sqrt(length)[:, None] * z), dtype=np.float64) * root
        if not np.isfinite(values).all():
            return None
        moments = np.einsum("ij,ij->i", values, values)
        if not (moments > 0.0).all() or not _resolved(phi, length, moments):
            return None
        coefficients = values @ table.T
        kept = _terms_needed(coefficients, moments)
        if kept is not None:
            left = np.abs(moments - np.einsum("ij,ij->i", coefficients, coefficients))
            kept_coefficients = np.ascontiguousarray(coefficients[:, :kept])
            return HermiteSeries(q, kept_coefficients, moments, float((left / moments).max()) + TAIL)
    return None


def _resolved(phi: Activation, q: Real, moments: Real) -> bool:
    """Whether the panels give E φ² at the smallest and the largest variance."""
    return all(
        abs(moments[i] - phi.second_moment(float(q[i]))) <= MOMENT_ACCURACY * moments[i]
        for i in {int(np.argmin(q)), int(np.argmax(q))}
    )


def _terms_needed(coefficients: Real, moments: Real) -> int | None:
    """Terms after which values and derivatives are complete to `TAIL`; None unless the last third is negligible."""
    energy = coefficients**2
    count = energy.shape[1]
    if (np.abs(moments - energy.sum(axis=1)) > 20.0 * TAIL * moments).any():
        return None
    k = np.arange(count)
    slopes = k * energy
    beyond = np.cumsum(energy[:, ::-1], axis=1)[:, ::-1] / energy.sum(axis=1, keepdims=True)
    total = slopes.sum(axis=1, keepdims=True)
    slopes_beyond = np.cumsum(slopes[:, ::-1], axis=1)[:, ::-1] / np.where(total > 0.0, total, 1.0)
    worst = np.maximum(beyond, slopes_beyond).max(axis=0)
    small = np.flatnonzero(worst < TAIL)
    if small.size == 0 or small[0] > 0.7 * count:
        return None
    return max(int(small[0]), 2)


@inner_kernel
def series_pair(a: Any, b: Any, gap: Any) -> Any:
    """Σ a_k b_k c^k and Σ k a_k b_k c^(k−1)."""
    c = 1.0 - gap
    value, slope = 0.0, 0.0
    for k in range(a.size - 1, -1, -1):
        slope = slope * c + value
        value = value * c + a[k] * b[k]
    return value, slope


@inner_kernel
def series_gap(a: Any, b: Any, gap: Any, value: Any, moment1: Any, moment2: Any) -> Any:
    """1 − F/√(E φ(u)² E φ(v)²), with small relative error also at a small gap."""
    scale = math.sqrt(moment1 * moment2)
    if scale == 0.0:
        return 0.0
    if gap >= 1e-3:
        return min(max(1.0 - value / scale, 0.0), 2.0)
    c = 1.0 - gap
    power, lost, radial, angular = 1.0, 0.0, 0.0, 0.0
    for k in range(a.size):
        angular += a[k] * b[k] * lost
        radial += (a[k] - b[k]) ** 2
        lost += power * gap
        power *= c
    radial -= (math.sqrt(moment1) - math.sqrt(moment2)) ** 2
    return (angular + 0.5 * max(radial, 0.0)) / scale


@kernel
def series_many(a: Any, b: Any, first: Any, second: Any, gap: Any, value: Any, slope: Any) -> None:
    """Fill `value` and `slope`; `first` and `second` index the rows of coefficients."""
    for i in range(gap.size):
        value[i], slope[i] = series_pair(a[first[i]], b[second[i]], gap[i])


@kernel
def series_block(
    a: Any, b: Any, q1: Any, q2: Any, moment1: Any, moment2: Any, gap: Any, start: Any, slope: Any
) -> None:
    """One activation on a block of pairs, as :func:`rmt.kernels.pair_kernels.closed_block`."""
    for i in range(q1.size):
        columns = min(start + i + 1, q2.size) if start >= 0 else q2.size
        for j in range(columns):
            value, tilt = series_pair(a[i], b[j], gap[i, j])
            slope[i, j] = tilt / (math.sqrt(q1[i]) * math.sqrt(q2[j]))
            gap[i, j] = series_gap(a[i], b[j], gap[i, j], value, moment1[i], moment2[j])
