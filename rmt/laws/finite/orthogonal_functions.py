"""Orthonormal functions of the classical ensembles, and rules to integrate them."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from rmt.laws.law import Real

#: beyond, the weight underflows where the functions are not small
LARGEST_N = 400
#: of quaternion Wishart matrices, which have functions of twice the degree
LARGEST_QUATERNION = 150


def hermite_functions(count: int, x: Real) -> Real:
    """Functions p_k(x) exp(−x²/4), k < count, orthonormal on the line; shape (count, x.size)."""
    out = np.empty((count, x.size))
    out[0] = np.exp(-0.25 * x * x) / (2.0 * math.pi) ** 0.25
    if count > 1:
        out[1] = x * out[0]
    for k in range(1, count - 1):
        out[k + 1] = (x * out[k] - math.sqrt(k) * out[k - 1]) / math.sqrt(k + 1)
    return out


def laguerre_functions(count: int, alpha: float, x: Real, *, shift: float = 0.0) -> Real:
    """Functions x^shift p_k(x) x^(alpha/2) exp(−x/2), k < count, the p_k orthonormal for the weight x^alpha exp(−x).

    The sign of p_k is that of (−1)^k at 0.
    """
    out = np.empty((count, x.size))
    power = 0.5 * alpha + shift
    with np.errstate(divide="ignore"):
        logarithm = power * np.log(x) if power != 0.0 else np.zeros_like(x)
    out[0] = np.exp(-0.5 * x + logarithm - 0.5 * math.lgamma(alpha + 1.0))
    if count > 1:
        out[1] = (x - 1.0 - alpha) * out[0] / math.sqrt(1.0 + alpha)
    for k in range(1, count - 1):
        out[k + 1] = ((x - (2.0 * k + 1.0 + alpha)) * out[k] - math.sqrt(k * (k + alpha)) * out[k - 1]) / math.sqrt(
            (k + 1.0) * (k + 1.0 + alpha)
        )
    return out


def laguerre_functions_with_slopes(count: int, alpha: float, x: Real) -> tuple[Real, Real]:
    """Those functions without a shift, and x times their derivatives."""
    values = laguerre_functions(count, alpha, x)
    slopes = np.empty_like(values)
    slopes[0] = 0.5 * (alpha - x) * values[0]
    if count > 1:
        slopes[1] = ((x - 1.0 - alpha) * slopes[0] + x * values[0]) / math.sqrt(1.0 + alpha)
    for k in range(1, count - 1):
        here = (x - (2.0 * k + 1.0 + alpha)) * slopes[k] + x * values[k]
        slopes[k + 1] = (here - math.sqrt(k * (k + alpha)) * slopes[k - 1]) / math.sqrt((k + 1.0) * (k + 1.0 + alpha))
    return values, slopes


@lru_cache(maxsize=32)
def legendre_rule(count: int) -> tuple[Real, Real]:
    """Gauss-Legendre nodes and weights on [−1, 1]."""
    return np.polynomial.legendre.leggauss(count)


@lru_cache(maxsize=16)
def integration_matrix(count: int) -> Real:
    """Matrix that maps values at the Gauss-Legendre nodes to integrals from −1 to the nodes."""
    x, w = legendre_rule(count)
    values = np.polynomial.legendre.legvander(x, count)
    coefficients = (np.arange(count) + 0.5)[:, None] * (values[:, :count] * w[:, None]).T
    integrals = np.empty((count, count))
    integrals[:, 0] = x + 1.0
    degrees = np.arange(1, count)
    integrals[:, 1:] = (values[:, 2:] - values[:, : count - 1]) / (2.0 * degrees + 1.0)
    return np.asarray(integrals @ coefficients)
