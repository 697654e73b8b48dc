"""Singular values of small bidiagonal matrices by quotients and differences, in one call.

The differential qd algorithm with shifts (Fernando and Parlett, Numer. Math. 67, 1994; Parlett and Marques, Linear
Algebra Appl. 309, 2000) keeps the squares of the entries positive, so that every transform, however many there are,
moves every singular value by a few rounding units of itself at most. Shifts come from below: without a shift the d_k
of a transform are the reciprocals of the diagonal of (B Bᵀ)⁻¹, and the reciprocal of their trace is Newton's step from
0 towards the smallest eigenvalue. O(n²) operations with two divisions each, and next to nothing besides: the quickest
way where Sturm sequences of many points have too few rows to work on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.compilation.jit import inner_kernel, kernel

Array = NDArray[Any]

EPS = float(np.finfo(np.float64).eps)
#: smallest coupling other than 0, and smallest eigenvalue of B Bᵀ, at norm one: squares keep all their digits
_SMALLEST_COUPLING = 1e-140
_SMALLEST_EIGENVALUE = 1e-280
_TRANSFORMS_PER_ROW = 100


@inner_kernel
def _split(q: Array, e: Array, base: Array, rest: Array, last: int) -> tuple[int, float]:
    """First row of the block that ends at a row, and the reciprocal of the trace of its inverse.

    A coupling is dropped, and made 0, if that moves no singular value by more than a rounding unit of itself.
    """
    first = last
    while first > 0 and e[first - 1] != 0.0:
        first -= 1
    d = q[first]
    total = 1.0 / d
    for k in range(first, last):
        if e[k] <= EPS * EPS * (base[last] + d):
            e[k] = 0.0
            base[k], rest[k] = base[last], rest[last]
            first = k + 1
            total = 0.0
        d = q[k + 1] * (d / (d + e[k])) if e[k] != 0.0 else q[k + 1]
        total += 1.0 / d
    return first, 1.0 / total


@inner_kernel
def _transform(q: Array, e: Array, first: int, last: int, shift: float, new_q: Array, new_e: Array) -> bool:
    """One transform of the block with a shift; whether all stays positive."""
    d = q[first] - shift
    for k in range(first, last):
        if not d >= 0.0:
            return False
        new_q[k] = d + e[k]
        t = q[k + 1] / new_q[k]
        new_e[k] = e[k] * t
        d = d * t - shift
    new_q[last] = d
    return bool(d >= 0.0)


@inner_kernel
def _turn(q: Array, e: Array, first: int, last: int) -> None:
    """Turn a block round; small singular values are found first where small entries lie at the end."""
    for k in range((last - first + 1) // 2):
        q[first + k], q[last - k] = q[last - k], q[first + k]
    for k in range((last - first) // 2):
        e[first + k], e[last - 1 - k] = e[last - 1 - k], e[first + k]


@kernel
def singular_values_by_qd(couplings: Array, out: Array) -> bool:
    """Fill `out` with the n singular values, ascending; whether all were found, and their squares lie in range.

    Parameters
    ----------
    couplings : array of 2n - 1
        d_1, e_1, d_2, ..., d_n of the bidiagonal matrix, all >= 0, of norm one.
    out : array of n, filled
    """
    n = out.size
    for c in couplings:
        if c != 0.0 and c < _SMALLEST_COUPLING:
            return False
    q, e = np.empty(n), np.zeros(n)
    new_q, new_e = np.empty(n), np.zeros(n)
    # what has been subtracted from the block that ends at a row, in two parts
    base, rest = np.zeros(n), np.zeros(n)
    for k in range(n):
        q[k] = couplings[2 * k] ** 2
        if k < n - 1:
            e[k] = couplings[2 * k + 1] ** 2
    last = n - 1
    seen = n, n
    for _ in range(_TRANSFORMS_PER_ROW * n):
        if last < 0:
            break
        first, shift = _split(q, e, base, rest, last)
        if (first, last) != seen:
            seen = first, last
            if q[last] > 1.5 * q[first]:
                _turn(q, e, first, last)
        if first == last:
            out[last] = q[last] + rest[last] + base[last]
            last -= 1
            continue
        shift *= 1.0 - 4.0 * EPS * (last - first + 1)
        if not _transform(q, e, first, last, shift, new_q, new_e):
            shift = 0.0
            _transform(q, e, first, last, shift, new_q, new_e)
        for k in range(first, last):
            q[k], e[k] = new_q[k], new_e[k]
        q[last] = new_q[last]
        total = base[last] + shift
        rest[last] += shift - (total - base[last])
        base[last] = total
    out.sort()
    for k in range(n):
        if last >= 0 or not out[k] >= _SMALLEST_EIGENVALUE:
            return False
        out[k] = np.sqrt(out[k])
    return True
