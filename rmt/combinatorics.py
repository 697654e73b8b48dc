"""Moments and cumulants, free, Boolean and classical, over any commutative ring that holds the rationals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def free_cumulants_from_moments(moments: Sequence[Any]) -> list[Any]:
    """Free cumulants κ_1, ..., κ_k from the moments m_1, ..., m_k.

    Solves C(z M(z)) = M(z) for the generating functions M(z) = 1 + Σ m_k z^k, C(w) = 1 + Σ κ_k w^k
    (Nica-Speicher 2006, Theorem 10.23), order by order; exact for ``Fraction`` input.
    """
    order = len(moments)
    series = [1, *moments]
    # powers[s] holds M(z)^s up to z^(order - s)
    cumulants: list[Any] = []
    powers = [[1] + [0] * order, list(series)]
    for _ in range(2, order + 1):
        powers.append(_multiply(powers[-1], series, order))
    for n in range(1, order + 1):
        total = series[n]
        for s in range(1, n):
            total = total - cumulants[s - 1] * powers[s][n - s]
        cumulants.append(total)
    return cumulants


def moments_from_free_cumulants(cumulants: Sequence[Any]) -> list[Any]:
    """Moments m_1, ..., m_k from the free cumulants κ_1, ..., κ_k (the inverse of the function above)."""
    order = len(cumulants)
    series: list[Any] = [1]
    for n in range(1, order + 1):
        padded = series + [0] * (n - len(series))
        power = [1] + [0] * (n - 1)
        total: Any = 0
        for s in range(1, n + 1):
            power = _multiply(power, padded, n - 1)
            total = total + cumulants[s - 1] * power[n - s]
        series.append(total)
    return series[1:]


def _multiply(a: Sequence[Any], b: Sequence[Any], order: int) -> list[Any]:
    """Product of two power series, truncated after z^order."""
    out: list[Any] = [0] * (order + 1)
    for i, x in enumerate(a[: order + 1]):
        if x == 0:
            continue
        for j, y in enumerate(b[: order + 1 - i]):
            out[i + j] = out[i + j] + x * y
    return out
