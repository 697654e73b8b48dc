"""Exact moments of the root of a tree with Poisson numbers of children: closed walks on it, counted on average."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

Series = list[Fraction]


@lru_cache(maxsize=64)
def adjacency_moments(degree: Fraction, order: int) -> tuple[Fraction, ...]:
    """Moments m_0, ..., m_order of the adjacency matrix at the root.

    With t = 1/z² the generating function of the closed walks at the root is X = 1/(1 − t Σ X_k), so that E X^a follows
    from E (Σ X_k)^j, which for Poisson many terms are the complete Bell polynomials of degree · E X^i.
    """
    half = order // 2
    powers = _powers_of_root(degree, half)
    moments = [Fraction(0)] * (order + 1)
    moments[::2] = powers[1][: half + 1]
    return tuple(moments)


def _powers_of_root(degree: Fraction, half: int) -> dict[int, Series]:
    """E X^a for a = 1, ..., half + 1 as series in t up to t^half."""
    highest = half + 1
    powers = {a: [Fraction(1)] + [Fraction(0)] * half for a in range(1, highest + 1)}
    for known in range(half):  # every round gives one more coefficient
        bell = bell_series([[degree * c for c in powers[i]] for i in range(1, half + 1)], half)
        for a in powers:
            for k in range(known + 1, half + 1):
                powers[a][k] = sum((math.comb(a + j - 1, j) * bell[j][k - j] for j in range(1, k + 1)), Fraction(0))
    return powers


def bell_series(cumulants: list[Series], highest: int) -> list[Series]:
    """Moments of order 0, ..., highest of a variable whose cumulants are series."""
    size = len(cumulants[0]) if cumulants else 1
    out = [[Fraction(1)] + [Fraction(0)] * (size - 1)]
    for n in range(1, highest + 1):
        total = [Fraction(0)] * size
        for i in range(1, n + 1):
            choose = math.comb(n - 1, i - 1)
            for p, c in enumerate(cumulants[i - 1]):
                if c:
                    for q in range(size - p):
                        total[p + q] += choose * c * out[n - i][q]
        out.append(total)
    return out


@lru_cache(maxsize=64)
def laplacian_moments(degree: Fraction, order: int) -> tuple[Fraction, ...]:
    """Moments m_0, ..., m_order of the Laplacian at the root.

    With t = 1/z, and Y the generating function of the walks at a vertex that stay among its descendants, the edge to
    its parent counted on the diagonal: root R = 1/(1 − t Σ (1 + t Y_k)), child Y = 1/(1 − t − t Σ (1 + t Y_k)).
    """
    # E of powers of Σ_k c_k, c = 1 + t Y; those of Y follow from them with one more power of t
    c_powers = {i: [Fraction(1)] + [Fraction(0)] * order for i in range(1, order + 1)}
    bell: list[Series] = []
    for _ in range(order + 1):
        bell = bell_series([[degree * x for x in c_powers[i]] for i in range(1, order + 1)], order) if order else []
        y_powers = {a: _negative_power(a, bell, order) for a in range(1, order + 1)}
        for i in c_powers:
            series = [Fraction(1)] + [Fraction(0)] * order
            for a in range(1, i + 1):
                for k in range(order - a + 1):
                    series[a + k] += math.comb(i, a) * y_powers[a][k]
            c_powers[i] = series
    if not order:
        return (Fraction(1),)
    moments = [sum((bell[j][k - j] for j in range(k + 1)), Fraction(0)) for k in range(order + 1)]
    return tuple(moments)


def _negative_power(a: int, bell: list[Series], order: int) -> Series:
    """E (1 − t (1 + S))^(−a), where E S^j = bell[j]."""
    out = [Fraction(0)] * (order + 1)
    for j in range(order + 1):
        for i in range(j + 1):
            weight = math.comb(a + j - 1, j) * math.comb(j, i)
            for k in range(order + 1 - j):
                out[j + k] += weight * bell[i][k]
    return out
