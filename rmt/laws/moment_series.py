"""Moments and free cumulants by recursions of fixed length, in exact arithmetic.

The transforms of most named laws contain one square root of a quadratic, whose power series has a recursion of two
terms: a thousand moments cost a thousand steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any


def root_series(linear: Any, quadratic: Any, order: int) -> list[Fraction]:
    """Coefficients f_0 ... f_order of √(1 + linear x + quadratic x²), from 2 q f′ = q′ f."""
    a, b, scale = _to_integers(linear, quadratic)
    # f_n (4 scale)^n are integers: 1 + 4u has a root with integer coefficients
    f: list[Any] = [1]
    for n in range(1, order + 1):
        before = f[n - 2] if n > 1 else 0
        f.append((-2 * a * (2 * n - 3) * f[n - 1] - 16 * b * (n - 3) * before) // n)
    return unscaled(f, 4 * scale)


def _to_integers(linear: Any, quadratic: Any) -> tuple[int, int, int]:
    """Integers a, b, d with linear = a/d and quadratic = b/d²."""
    first, second = Fraction(linear), Fraction(quadratic)
    scale = math.lcm(first.denominator, second.denominator)
    if (first * (root := math.isqrt(second.denominator))).denominator == 1 and root * root == second.denominator:
        scale = root or 1
    return int(first * scale), int(second * scale * scale), scale


def unscaled(values: Sequence[int], scale: int) -> list[Fraction]:
    """Fractions ``values[n] / scale**n``."""
    return [Fraction(value, scale**n) for n, value in enumerate(values)]


def motzkin_series(linear: Any, square: Any, order: int) -> list[Fraction]:
    """Moments of the semicircle law of mean `linear` and variance `square`, which may be 0 or negative.

    They count Motzkin paths: (n + 2) m_n = (2n + 1) linear m_{n−1} − (n − 1)(linear² − 4 square) m_{n−2}.
    """
    first, second = Fraction(linear), Fraction(square)
    a, b, scale = _to_integers(first, second)
    moments: list[int] = [1]
    for n in range(1, order + 1):
        before = moments[n - 2] if n > 1 else 0
        moments.append(((2 * n + 1) * a * moments[n - 1] - (n - 1) * (a * a - 4 * b) * before) // (n + 2))
    return unscaled(moments, scale)


def raney_numbers(p: Any, r: Any, order: int) -> list[Fraction]:
    """Raney numbers A_0 ... A_order: r/n! (np + r − 1)(np + r − 2) ... (np + r − n + 1), of any rational p and r."""
    first, second = Fraction(p), Fraction(r)
    scale = math.lcm(first.denominator, second.denominator)
    a, b = int(first * scale), int(second * scale)
    numbers = [Fraction(1)]
    for n in range(1, order + 1):
        if scale == 1 and n * a + b - n + 1 > 0:
            top = n * a + b
            numbers.append(Fraction(b * math.comb(top, n), top))
            continue
        product = math.prod(range(n * a + b - scale, n * a + b - n * scale, -scale), start=b)
        numbers.append(Fraction(product, scale**n * math.factorial(n)))
    return numbers


@lru_cache(maxsize=4)
def langevin_series(order: int) -> tuple[Fraction, ...]:
    """Coefficients c_0 ... c_order of g coth g = Σ c_n g^n, from the tangent numbers."""
    half = order // 2
    tangent = [0, 1] + [0] * max(0, half - 1)
    for k in range(2, half + 1):
        tangent[k] = (k - 1) * tangent[k - 1]
    for k in range(2, half + 1):
        for j in range(k, half + 1):
            tangent[j] = (j - k) * tangent[j - 1] + (j - k + 2) * tangent[j]
    series = [Fraction(1)] + [Fraction(0)] * order
    for k in range(1, half + 1):
        # 4^k B_2k/(2k)!, with B_2k = ± 2k T_k/(4^k (4^k − 1))
        sign = 1 if k % 2 else -1
        series[2 * k] = Fraction(sign * 2 * k * tangent[k], (4**k - 1) * math.factorial(2 * k))
    return tuple(series)


@lru_cache(maxsize=4)
def connected_pairings(order: int) -> tuple[int, ...]:
    """Numbers of pairings of 2, 4, ..., 2 order points on a circle whose chords hang together."""
    counts = [0, 1]
    for n in range(2, order + 1):
        counts.append((n - 1) * sum(counts[i] * counts[n - i] for i in range(1, n)))
    return tuple(counts[1 : order + 1])
