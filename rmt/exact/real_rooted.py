"""Roots of polynomials all of whose roots are real, from exact coefficients.

Euclid's algorithm on p and p′ gives the Jacobi matrix with this characteristic polynomial (Schmeisser 1993); it exists
exactly where all roots are real. It loses some bits a degree, so it runs on integers of O(n) bits; the eigenvalues of
the matrix are then found in double precision, and polished by Newton's method on the polynomial.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from rmt.errors import ConvergenceError

#: bits a degree that Euclid's algorithm may lose, at the first try
_LOSS = 7
#: bits that are dropped after each degree
_DROP = 5
#: steps of Newton's method, in units of the spread, that are rounding
_STEP = 1e-9


def roots_of(elementary: Sequence[Fraction]) -> np.ndarray:
    """Roots of Σ (−1)^i a_i x^(n−i), increasing.

    Raises
    ------
    ValueError
        If some are not real.
    ConvergenceError
        If they could not be found to precision.
    """
    n = len(elementary) - 1
    mean = elementary[1] / n
    if n == 1:
        return np.array([float(mean)])
    variance = mean * mean * n - (elementary[1] ** 2 - 2 * elementary[2])  # −Σ (x − mean)²
    variance = -variance
    if variance < 0:
        raise ValueError(_not_real())
    if variance == 0:
        candidate = [math.comb(n, i) * mean**i for i in range(n + 1)]
        if candidate == list(elementary):
            return np.full(n, float(mean))
        raise ValueError(_not_real())
    centre = Fraction(round(mean * 2**20), 2**20)
    if 16 * mean * mean < variance:
        centre = Fraction(0)
    reach = 2.0 * math.sqrt(float(variance / n)) + abs(float(mean - centre))
    exponent = math.frexp(reach)[1]
    for factor in (1, 2, 4):
        bits = factor * (_LOSS * n + 200)
        scaled = _scaled(elementary, centre, exponent, bits)
        diagonal, below = _jacobi(scaled, bits)
        matrix_roots = _eigenvalues(diagonal, below)
        found, step = _polished(matrix_roots, scaled, bits)
        if step < _STEP:
            return np.asarray(np.sort(found) * 2.0**exponent + float(centre))
    raise ConvergenceError("the roots of this polynomial could not be found to precision", residual=step)


def _not_real() -> str:
    return (
        "this polynomial has roots that are not real; finite free convolutions of polynomials with real roots have "
        "real roots (⊠_n: one of them without negative ones)"
    )


def _scaled(elementary: Sequence[Fraction], centre: Fraction, exponent: int, bits: int) -> list[int]:
    """Coefficients of the monic polynomial of (x − centre)/2^exponent, the highest first, times 2^bits."""
    n = len(elementary) - 1
    scale = math.lcm(*(a.denominator for a in elementary))
    p = [(-1) ** i * a.numerator * (scale // a.denominator) for i, a in enumerate(elementary)]
    if centre:
        num, den = centre.numerator, centre.denominator
        # in whole numbers: coefficients of den^n p((y + num)/den), by Horner's shifts
        p = [c * den**i for i, c in enumerate(p)]
        for k in range(n):
            for i in range(1, n - k + 1):
                p[i] += num * p[i - 1]
        total = [Fraction(c, scale * den**i) for i, c in enumerate(p)]
        unit = [t * Fraction(2) ** (bits - exponent * i) for i, t in enumerate(total)]
        return [round(u) for u in unit]
    out = []
    for i, c in enumerate(p):
        shift = bits - exponent * i
        out.append((c << shift) // scale if shift >= 0 else c // (scale << -shift))
    return out


def _jacobi(p: list[int], bits: int) -> tuple[list[float], list[float]]:
    """Diagonal and squared off-diagonal of the Jacobi matrix, from fixed-point coefficients."""
    n = len(p) - 1
    upper = big_integers(p)
    p = upper
    lower = [(n - i) * c // n for i, c in enumerate(p[:-1])]
    diagonal: list[float] = []
    squares: list[float] = []
    while len(lower) > 1:
        # upper = (x − b) lower − c next
        zero = 1 << (bits - bits // 4)
        b = lower[1] - upper[1]
        rest = [u - v + (b * w >> bits) for u, v, w in zip(upper[2:], [*lower[2:], 0], lower[1:], strict=True)]
        diagonal.append(_real(b, bits))
        c = -rest[0]
        if c < -zero or (c <= zero and any(abs(r) > zero << (bits // 16) for r in rest)):
            raise ValueError(_not_real())
        if c <= zero:  # lower divides upper: begin anew with it and its derivative
            squares.append(0.0)
            m = len(lower) - 1
            upper, lower = lower, [(m - i) * v // m for i, v in enumerate(lower[:-1])]
            continue
        squares.append(_real(c, bits))
        inverse = (1 << 2 * bits) // c
        upper, lower = lower, [1 << bits, *(-(r * inverse >> bits) for r in rest[1:])]
        if bits > _DROP + 300:  # what lies below is lost already
            upper, lower = [v >> _DROP for v in upper], [v >> _DROP for v in lower]
            bits -= _DROP
    diagonal.append(_real(-upper[1], bits))
    return diagonal, squares


def big_integers(values: Any) -> list[Any]:
    """The integers as python-flint's, which multiply faster, where it is installed; results are the same."""
    try:
        from flint import fmpz
    except ImportError:
        return list(values)
    return [fmpz(v) for v in values]


def _real(value: Any, bits: int) -> float:
    shift = max(0, value.bit_length() - 64)
    return math.ldexp(float(int(value >> shift)), shift - bits)


def _eigenvalues(diagonal: list[float], squares: list[float]) -> np.ndarray:
    from scipy.linalg import eigvalsh_tridiagonal

    values: Any = eigvalsh_tridiagonal(np.array(diagonal), np.sqrt(np.array(squares)))
    return np.asarray(values)


def _polished(roots: np.ndarray, p: list[int], bits: int) -> tuple[np.ndarray, float]:
    """One step of Newton's method at each root, in fixed point; and the largest step."""
    out = roots.copy()
    largest = 0.0
    whole = type(big_integers([1])[0])
    fewer = min(bits, 2 * len(p) + 150)
    p, bits = big_integers([c >> (bits - fewer) for c in p]), fewer
    for i, root in enumerate(roots.tolist()):
        x = whole(int(Fraction(root) * (1 << bits)))
        value, slope = p[0], 0
        for c in p[1:]:
            slope = (slope * x >> bits) + value
            value = (value * x >> bits) + c
        noise = 4 * len(p)
        if abs(slope) <= noise << (bits // 8) or abs(value) <= noise:
            continue
        step = _ratio(value, slope)
        if abs(step) < 1e-3:
            out[i] = root - step
        largest = max(largest, abs(step))
    return out, largest


def _ratio(a: Any, b: Any) -> float:
    a, b = int(a), int(b)
    shift = max(0, max(a.bit_length(), b.bit_length()) - 900)
    return float(Fraction(a >> shift, (b >> shift) or 1)) if b else math.inf
