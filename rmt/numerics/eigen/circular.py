"""Eigenangles of a unitary matrix given by Verblunsky coefficients, by Szegő's recurrence with phases.

With w_k(θ) = e^{-i(k-1)θ/2} Φ_k(e^{iθ}) for the monic orthogonal polynomials Φ_k of the spectral measure, Szegő's
recurrence is w ← e^{iθ/2} (w − conj(α w)). In a frame turned by σ = (π − arg α)/2 the bracket multiplies the real
part by 1 + |α| and the imaginary part by 1 − |α|, which changes no sign: all half turns of w are made by rotations
of less than π, and each shows as a change of sign of the imaginary part. Their number, corrected by the last
coefficient, is the number of eigenangles below θ (phases of Killip and Stoiciu 2009): an analogue
of Sturm's count, one sweep per angle, with the angles in SIMD lanes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.numerics.compilation.jit import inner_kernel, kernel
from rmt.numerics.eigen.counted_roots import counted_roots
from rmt.numerics.eigen.sturm import LANES, ROWS, bits_float, float_bits
from rmt.numerics.eigen.tridiagonal import EPS, check_edges

Array = NDArray[Any]
Real = NDArray[np.float64]
Counts = NDArray[np.int64]

TOLERANCE = 8.0 * EPS
#: floor of (1 − |α|)/(1 + |α|), so that the pair never vanishes; it couples by less than 1e-29
SMALLEST = 2.0**-200


@inner_kernel
def _sweep(cosine: Array, sine: Array, shrink: Array, c: Array, s: Array, u: Array, v: Array, lanes: Array) -> None:
    """Run the recurrence over all coefficients but the last for one block of LANES angles.

    Before row k the frame turns by an angle of `cosine` and `sine`, then the imaginary part is multiplied by
    `shrink`, then the pair is turned by half of θ, of cosine `c` and sine `s`. On return the pair is
    ``(u, v) 2^lanes[1]`` after ``lanes[0]`` half turns.
    """
    for j in range(LANES):
        u[j], v[j] = c[j], s[j]
        lanes[0, j] = 0
        lanes[1, j] = 0
    row = 0
    while row + ROWS <= shrink.size:
        for j in range(LANES):
            x, y, half_cosine, half_sine = u[j], v[j], c[j], s[j]
            turns = lanes[0, j]
            for k in range(ROWS):
                p = cosine[row + k] * x - sine[row + k] * y
                q = sine[row + k] * x + cosine[row + k] * y
                turns -= (float_bits(y) ^ float_bits(q)) >> 63
                r = shrink[row + k] * q
                x = half_cosine * p - half_sine * r
                y = half_sine * p + half_cosine * r
                turns -= (float_bits(q) ^ float_bits(y)) >> 63
            exponent = float_bits(max(abs(x), abs(y))) >> 52
            scale = bits_float((2045 - exponent) << 52)
            u[j], v[j] = x * scale, y * scale
            lanes[0, j] = turns
            lanes[1, j] += exponent - 1022
        row += ROWS
    for k in range(row, shrink.size):
        for j in range(LANES):
            p = cosine[k] * u[j] - sine[k] * v[j]
            q = sine[k] * u[j] + cosine[k] * v[j]
            lanes[0, j] -= (float_bits(v[j]) ^ float_bits(q)) >> 63
            r = shrink[k] * q
            u[j] = c[j] * p - s[j] * r
            v[j] = s[j] * p + c[j] * r
            lanes[0, j] -= (float_bits(q) ^ float_bits(v[j])) >> 63


@kernel
def phase_evaluate(
    cosine: Array, sine: Array, shrink: Array, angles: Array, count: Array, mantissa: Array, exponent: Array
) -> None:
    """Counts and characteristic function at angles in [0, 2π].

    Parameters
    ----------
    cosine, sine : arrays of n
        Of the turns of the frame, in [0, π): before each of the n - 1 rows, and at the end.
    shrink : array of n - 1
        (1 − abs(α))/(1 + abs(α)).
    angles : array
    count : array of int64, filled
        Number of half turns: counts of eigenangles up to a common constant.
    mantissa, exponent : arrays, filled
        A real function with the eigenangles as simple roots.
    """
    c, s, u, v = np.empty(LANES), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    lanes = np.empty((2, LANES), np.int64)
    last = shrink.size
    for start in range(0, angles.size, LANES):
        used = min(LANES, angles.size - start)
        for j in range(LANES):
            half = 0.5 * angles[start + min(j, used - 1)]
            c[j] = math.cos(half)
            s[j] = math.sin(half)
        _sweep(cosine, sine, shrink, c, s, u, v, lanes)
        for j in range(used):
            q = sine[last] * u[j] + cosine[last] * v[j]
            count[start + j] = lanes[0, j] - ((float_bits(v[j]) ^ float_bits(q)) >> 63)
            mantissa[start + j] = q
            exponent[start + j] = lanes[1, j]


class VerblunskySpectrum:
    """Spectrum of the unitary matrix with given Verblunsky coefficients."""

    def __init__(self, coefficients: ArrayLike, complements: ArrayLike | None = None) -> None:
        values = np.asarray(coefficients, dtype=np.complex128)
        if values.ndim != 1 or values.size == 0:
            raise ValueError(f"coefficients must be a non-empty 1-d array, got shape {values.shape}")
        modulus = np.abs(values)
        if not (modulus <= 1.0 + 4.0 * EPS).all() or not abs(modulus[-1] - 1.0) <= 8.0 * EPS:
            raise ValueError("coefficients must lie in the closed unit disc, the last one on the circle")
        inner = modulus[:-1]
        missing = np.maximum((1.0 - inner) * (1.0 + inner), 0.0) if complements is None else np.asarray(complements)
        if missing.shape != inner.shape:
            raise ValueError(f"complements must have shape {inner.shape}, one less than coefficients")
        self.size = int(values.size)
        self._shrink = np.maximum(missing / (1.0 + inner) ** 2, SMALLEST)
        frames = 0.5 * (math.pi - np.angle(values[:-1]))
        turns = -np.diff(np.append(frames, -0.5 * np.angle(values[-1])), prepend=0.0)
        turns = np.mod(turns, math.pi)
        self._cosine, self._sine = np.cos(turns), np.sin(turns)
        self._offset = int(self._evaluate(np.zeros(1))[0][0])

    def _evaluate(self, angles: Real) -> tuple[Counts, Real, Counts]:
        count = np.empty(angles.size, np.int64)
        mantissa = np.empty(angles.size)
        exponent = np.empty(angles.size, np.int64)
        phase_evaluate(self._cosine, self._sine, self._shrink, angles, count, mantissa, exponent)
        return count, mantissa, exponent

    def evaluate(self, angles: Real) -> tuple[Counts, Real, Counts]:
        """Number of eigenangles in [0, θ), and a real function with them as roots, for θ in [0, 2π]."""
        count, mantissa, exponent = self._evaluate(angles)
        return count - self._offset, mantissa, exponent

    def counts(self, angles: Real) -> Counts:
        """Number of eigenangles in [−π, θ) for θ in [−π, π]."""
        wrapped = np.where(angles < 0.0, angles + 2.0 * math.pi, angles)
        count = self.evaluate(np.ravel(wrapped))[0].reshape(angles.shape)
        below = int(self.evaluate(np.array([math.pi]))[0][0])
        return np.where(angles < 0.0, count - below, count + self.size - below)

    def angles(self) -> Real:
        """All eigenangles in [0, 2π), ascending."""
        return counted_roots(self.evaluate, 0.0, 2.0 * math.pi, 0, self.size, absolute=TOLERANCE)


def verblunsky_angles(coefficients: ArrayLike, complements: ArrayLike | None = None) -> Real:
    """Eigenangles in [0, 2π), ascending, of the unitary matrix with the given Verblunsky coefficients.

    Parameters
    ----------
    coefficients : array_like of n complex
        α_0, ..., α_{n−1}: inside the closed unit disc, the last one on the circle. The matrix is the CMV matrix
        (Cantero, Moral and Velázquez 2003) in Simon's convention, Φ_{k+1} = z Φ_k − conj(α_k) Φ_k*.

    complements : array_like of n - 1, optional
        1 − |α_k|² of all but the last, where known to more digits than the modulus gives.

    Returns
    -------
    array of n floats
        Absolute error of a few times 1e-15.

    Raises
    ------
    ValueError
        If a coefficient lies outside the disc, or the last one inside.

    Notes
    -----
    About 9 sweeps of 0.3 ns per row and eigenvalue: O(n²).
    """
    return VerblunskySpectrum(coefficients, complements).angles()


def verblunsky_histogram(coefficients: ArrayLike, edges: ArrayLike, complements: ArrayLike | None = None) -> Counts:
    """Number of eigenangles in each bin ``[edges[i], edges[i+1])`` of [−π, π], without computing them.

    Parameters
    ----------
    coefficients : array_like of n complex
        As for :func:`verblunsky_angles`.
    edges : array_like of bins + 1
        Ascending, between −π and π.
    complements : array_like of n - 1, optional
        As for :func:`verblunsky_angles`.

    Raises
    ------
    ValueError
        If an edge lies outside, or they do not ascend, or the coefficients are not valid.
    """
    x = check_edges(edges)
    if x[0] < -math.pi or x[-1] > math.pi:
        raise ValueError(f"edges must lie between -pi and pi, got {x[0]:g} to {x[-1]:g}")
    return np.diff(VerblunskySpectrum(coefficients, complements).counts(x))
