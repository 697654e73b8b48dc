"""Sturm sequences of a symmetric tridiagonal matrix: counts and characteristic polynomial at many points.

The leading principal minors p_k(x) = det(T_k − x) obey p_{k+1} = (d_k − x) p_k − e_{k−1}² p_{k−1}, and the number
of sign changes along the sequence is the number of eigenvalues below x (Givens 1954; Wilkinson 1965, ch. 5 §38).
Written without division the recurrence is two multiplications and one subtraction per row, independent for every
point: the points are the SIMD lanes, a pass of eight rows stays in registers, and an exact power of two keeps the
pair inside the exponent range. The computed sequence is exact for a matrix whose entries differ from T by a few
rounding errors relative to ‖T‖ (relative to each entry when the diagonal is zero).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.compilation.jit import inner_kernel, kernel

Array = NDArray[Any]
Real = NDArray[np.float64]
Counts = NDArray[np.int64]

LANES = 128
ROWS = 8
#: smallest squared off-diagonal (norm one) for which eight rows cannot underflow; it moves no eigenvalue by more
#: than 2^-55
FLOOR = 2.0**-110


@inner_kernel
def float_bits(x: Any) -> Any:
    """Bits of a double as a signed integer: negative for negative numbers."""
    return np.float64(x).view(np.int64)


@inner_kernel
def bits_float(b: Any) -> Any:
    """Double with the given bits."""
    return np.int64(b).view(np.float64)


@kernel
def _sweep(diagonal: Array, squared: Array, x: Array, p: Array, q: Array, negative: Array, exponent: Array) -> None:
    """Run the recurrence over all rows for one block of LANES points.

    On return the characteristic polynomial at x is ``p 2^exponent`` and ``negative`` is minus the count.
    """
    n = diagonal.size
    for j in range(LANES):
        p[j] = diagonal[0] - x[j]
        q[j] = 1.0
        negative[j] = float_bits(p[j]) >> 63
        exponent[j] = 0
    row = 1
    while row + ROWS <= n:
        for j in range(LANES):
            u = p[j]
            v = q[j]
            changes = negative[j]
            shift = x[j]
            for k in range(0, ROWS, 2):
                v = (diagonal[row + k] - shift) * u - squared[row + k - 1] * v
                changes += (float_bits(u) ^ float_bits(v)) >> 63
                u = (diagonal[row + k + 1] - shift) * v - squared[row + k] * u
                changes += (float_bits(u) ^ float_bits(v)) >> 63
            power = float_bits(max(abs(u), abs(v))) >> 52
            scale = bits_float((2045 - power) << 52)
            p[j] = u * scale
            q[j] = v * scale
            negative[j] = changes
            exponent[j] += power - 1022
        row += ROWS
    for k in range(row, n):
        for j in range(LANES):
            v = (diagonal[k] - x[j]) * p[j] - squared[k - 1] * q[j]
            negative[j] += (float_bits(p[j]) ^ float_bits(v)) >> 63
            q[j] = p[j]
            p[j] = v


@kernel
def sturm_evaluate(
    diagonal: Array, squared: Array, points: Array, count: Array, mantissa: Array, exponent: Array
) -> None:
    """Counts and characteristic polynomial of a scaled matrix at every point.

    Parameters
    ----------
    diagonal : array of n
        Diagonal; the matrix is scaled to norm at most one, and the points to [-1.01, 1.01].
    squared : array of n - 1
        Squares of the off-diagonal, at least FLOOR.
    points : array
    count : array of int64, filled
        Number of eigenvalues below each point.
    mantissa, exponent : arrays, filled
        ``det(T - x) = mantissa 2^exponent``.
    """
    x = np.empty(LANES)
    p = np.empty(LANES)
    q = np.empty(LANES)
    negative = np.empty(LANES, np.int64)
    power = np.empty(LANES, np.int64)
    for start in range(0, points.size, LANES):
        used = min(LANES, points.size - start)
        for j in range(LANES):
            x[j] = points[start + min(j, used - 1)]
        _sweep(diagonal, squared, x, p, q, negative, power)
        for j in range(used):
            count[start + j] = -negative[j]
            mantissa[start + j] = p[j]
            exponent[start + j] = power[j]


#: smallest pivot of the sequence with divisions; relative to points above 1e-290 a change below the rounding unit
PIVOT = 1e-306
MANTISSA_AND_SIGN = ~(2047 << 52)
ONE = 1023 << 52


@kernel
def wide_range_evaluate(couplings: Array, points: Array, count: Array, mantissa: Array, exponent: Array) -> None:
    """Counts and characteristic polynomial of a matrix with zero diagonal and couplings of any magnitude.

    The ratios of successive minors, u_{k+1} = −x − b_k (b_k/u_k), never leave the exponent range, so that couplings
    may span it whole; one division per row makes it three times slower than :func:`sturm_evaluate`.

    Parameters
    ----------
    couplings : array of n - 1
        Off-diagonal, between 1e-300 and 1.
    points : array
        Between 1e-290 and 1.01.
    count, mantissa, exponent : arrays, filled
        As in :func:`sturm_evaluate`.
    """
    x = np.empty(LANES)
    ratio = np.empty(LANES)
    product = np.empty(LANES)
    power = np.empty(LANES, np.int64)
    negative = np.empty(LANES, np.int64)
    for start in range(0, points.size, LANES):
        used = min(LANES, points.size - start)
        for j in range(LANES):
            x[j] = points[start + min(j, used - 1)]
            ratio[j] = -x[j]
            negative[j] = -1
            product[j] = -x[j]
            power[j] = 0
        for k in range(couplings.size):
            b = couplings[k]
            for j in range(LANES):
                u = -(x[j] + b * (b / ratio[j]))
                u = u if abs(u) >= PIVOT else -PIVOT
                ratio[j] = u
                negative[j] += float_bits(u) >> 63
                bits = float_bits(product[j])
                power[j] += ((bits >> 52) & 2047) - 1023
                product[j] = bits_float((bits & MANTISSA_AND_SIGN) | ONE) * u
        for j in range(used):
            count[start + j] = -negative[j]
            mantissa[start + j] = product[j]
            exponent[start + j] = power[j]
