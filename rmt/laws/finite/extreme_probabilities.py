"""Chance that no eigenvalue lies beyond a point, exactly at finite n: determinants and Pfaffians.

Everything is for matrices of unit variance (not divided by n or m): Gaussian ensembles with weight exp(−βy²/4),
Wishart matrices A A* with weight y^(β(m−n+1)/2−1) exp(−βy/2). Beta 2: Fredholm determinant of the
Christoffel-Darboux kernel (Bornemann 2010). Beta 1 and 4: Pfaffians of skew products of orthonormal functions (Mehta
2004, chapters 5 and 7), the inner integral by a spectral integration matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rmt.laws.finite.orthogonal_functions import (
    hermite_functions,
    integration_matrix,
    laguerre_functions,
    laguerre_functions_with_slopes,
    legendre_rule,
)
from rmt.laws.law import Real

Family = Callable[[Real], Real]

#: nodes of the rule for a determinant, beyond the number of oscillations of the functions
_NODES = 50
_LARGEST_SHARE = 1.0 - 2.0**-53


@dataclass(frozen=True)
class Tails:
    """Logarithm of the chance that the interval is empty, and of its complement."""

    log_empty: float
    log_occupied: float


def log_complement(value: float) -> float:
    """log(1 − exp(value)) for value <= 0."""
    if value >= 0.0:
        return -math.inf
    return math.log(-math.expm1(value)) if value > -0.7 else math.log1p(-math.exp(value))


# ---------------------------------------------------------------------- determinants
def determinant_tails(functions: Family, low: float, high: float, nodes: int) -> Tails:
    """Chance that (low, high) holds no point of the process with the projection kernel of these functions."""
    x, w = legendre_rule(nodes)
    half = 0.5 * (high - low)
    values = functions(low + half * (1.0 + x)) * np.sqrt(half * w)
    small = values @ values.T if len(values) <= nodes else values.T @ values
    shares = np.clip(np.linalg.eigvalsh(small), 0.0, _LARGEST_SHARE)
    empty = float(np.log1p(-shares).sum())
    return Tails(min(empty, 0.0), log_complement(empty))


# ---------------------------------------------------------------------- Pfaffians
def log_pfaffian(functions: Real, primitives: Real, weights: Real) -> float:
    """Half of the logarithm of the determinant of ∫∫ sgn(y − x) f_j(x) f_k(y), bordered by ∫ f_j for odd n."""
    count = len(functions)
    total = functions @ weights
    matrix = ((2.0 * primitives - total[:, None]) * weights) @ functions.T
    matrix = 0.5 * (matrix - matrix.T)
    if count % 2:
        matrix = np.block([[matrix, total[:, None]], [-total[None, :], np.zeros((1, 1))]])
    return 0.5 * float(np.linalg.slogdet(matrix)[1])


def orthogonal_log_pfaffian(functions: Family, low: float, high: float, nodes: int) -> float:
    """Logarithm of the integral over (low, high)^n for beta = 1, up to a constant."""
    x, w = legendre_rule(nodes)
    half = 0.5 * (high - low)
    values = functions(low + half * (1.0 + x))
    return log_pfaffian(values, half * (values @ integration_matrix(nodes).T), half * w)


def symplectic_log_pfaffian(functions: Family, slopes: Family, low: float, high: float, nodes: int) -> float:
    """The same for beta = 4: Pfaffian of ∫ (f_j f_k′ − f_j′ f_k)."""
    x, w = legendre_rule(nodes)
    half = 0.5 * (high - low)
    points = low + half * (1.0 + x)
    matrix = (slopes(points) * (half * w)) @ functions(points).T
    return 0.5 * float(np.linalg.slogdet(matrix - matrix.T)[1])


# ---------------------------------------------------------------------- Gaussian ensembles
def gaussian_end(beta: float, n: int) -> float:
    """A point beyond all eigenvalues but for a chance below 1e-19."""
    return 2.0 * math.sqrt(n) + (9.5 if beta < 4 else 7.5)


def gaussian_largest(beta: int, n: int) -> Callable[[float], Tails]:
    """Tails of the largest eigenvalue: y ↦ P(λ_max <= y) and its complement, entries of unit variance."""
    end = gaussian_end(beta, n)
    if beta == 2:

        def unitary(y: float) -> Tails:
            top = max(end, y + 6.0)
            return determinant_tails(lambda t: hermite_functions(n, t), y, top, _NODES + n // 4)

        return unitary
    if beta == 1:
        nodes = _pfaffian_nodes(n)
        return _ratio(lambda y: orthogonal_log_pfaffian(lambda t: hermite_functions(n, t), -end, y, nodes), end)
    nodes = _pfaffian_nodes(2 * n)
    count, root = 2 * n, math.sqrt(2.0)

    def functions(t: Real) -> Real:
        return hermite_functions(count, root * t)

    def slopes(t: Real) -> Real:
        values = functions(t)
        out = np.zeros_like(values)
        out[1:] = np.sqrt(np.arange(1.0, count))[:, None] * values[:-1]
        return out

    return _ratio(lambda y: symplectic_log_pfaffian(functions, slopes, -end, y, nodes), end)


def _ratio(log_integral: Callable[[float], float], end: float) -> Callable[[float], Tails]:
    """Chances from integrals over a domain that shrinks from everything (at `end`)."""
    everything = log_integral(end)

    def tails(y: float) -> Tails:
        empty = min(log_integral(y) - everything, 0.0)
        return Tails(empty, log_complement(empty))

    return tails


# ---------------------------------------------------------------------- Wishart matrices
def wishart_end(beta: float, n: float, m: float) -> float:
    """A point beyond all eigenvalues of A A* but for a chance below 1e-19."""
    total: float = math.sqrt(m) + math.sqrt(n)
    width = total * math.pow(1.0 / math.sqrt(m) + 1.0 / math.sqrt(n), 1.0 / 3.0)
    return total * total + 20.0 * width + 90.0 / beta


def wishart_largest(beta: int, n: int, m: float) -> Callable[[float], Tails]:
    """Tails of the largest eigenvalue of A A*, n <= m."""
    end = wishart_end(beta, n, m)
    if beta == 2:

        def unitary(y: float) -> Tails:
            top = max(end, 1.5 * y + 80.0)
            # in u = √y: the functions oscillate evenly there
            return determinant_tails(
                lambda u: laguerre_functions(n, m - n, u * u, shift=0.25) * math.sqrt(2.0),
                math.sqrt(y),
                math.sqrt(top),
                _NODES + n // 2,
            )

        return unitary
    if beta == 4:
        low, top = _quaternion_beginning(n, m), math.sqrt(end)
        over = _ratio(lambda u: quaternion_log_pfaffian(n, m, min(low, 0.5 * u), u), top)
        return lambda y: over(math.sqrt(y))
    nodes, low = _pfaffian_nodes(n), _real_beginning(n, m)
    functions = _real_family(n, m)
    over = _ratio(lambda u: orthogonal_log_pfaffian(functions, min(low, 0.5 * u), u, nodes), math.sqrt(end))
    return lambda y: over(math.sqrt(y))


def wishart_smallest(beta: int, n: int, m: float) -> Callable[[float], Tails]:
    """Tails of the smallest eigenvalue of A A*, n <= m: `log_empty` is log P(λ_min > y)."""
    top = math.sqrt(wishart_end(beta, n, m))
    if beta == 2:

        def unitary(y: float) -> Tails:
            return determinant_tails(
                lambda u: laguerre_functions(n, m - n, u * u, shift=0.25) * math.sqrt(2.0),
                0.0,
                math.sqrt(y),
                _NODES + n // 2,
            )

        return unitary
    if beta == 4:
        low = _quaternion_beginning(n, m)

        def integral(u: float) -> float:
            return quaternion_log_pfaffian(n, m, u, top)
    else:
        nodes, low = _pfaffian_nodes(n), _real_beginning(n, m)
        functions = _real_family(n, m)

        def integral(u: float) -> float:
            return orthogonal_log_pfaffian(functions, u, top, nodes)

    everything = integral(low)

    def tails(y: float) -> Tails:
        if y <= low * low:
            return Tails(0.0, -math.inf)
        empty = min(integral(math.sqrt(y)) - everything, 0.0)
        return Tails(empty, log_complement(empty))

    return tails


def quaternion_log_pfaffian(n: int, m: float, low: float, high: float) -> float:
    """Logarithm of the integral over (low, high)^n for beta = 4, up to a constant, in u = √y."""
    x, w = legendre_rule(_pfaffian_nodes(2 * n))
    half = 0.5 * (high - low)
    return 0.5 * float(np.linalg.slogdet(skew_products(n, m, low + half * (1.0 + x), half * w)[0])[1])


def skew_products(n: int, m: float, u: Real, weights: Real) -> tuple[Real, Real, Real]:
    """∫ (f_j f_k′ − f_j′ f_k) over polynomials times the root of the weight y^(2(m−n)+1) exp(−2y); f; and f′ du/dy."""
    values, slopes = laguerre_functions_with_slopes(2 * n, 2.0 * (m - n) + 1.0, 2.0 * u * u)
    slopes = slopes * (2.0 / u)
    matrix = (values * weights) @ slopes.T
    return matrix - matrix.T, values, slopes


def _quaternion_beginning(n: int, m: float) -> float:
    """The root of a point below all eigenvalues but for a chance below 1e-19."""
    return max(0.0, math.sqrt(m) - math.sqrt(n) - 4.5)


def _pfaffian_nodes(count: int) -> int:
    """Nodes that resolve products of two of the functions: they oscillate at up to 2 √count per unit of length."""
    return 2 * count + round(10.0 * math.sqrt(count)) + 70


def _real_beginning(n: int, m: float) -> float:
    """The root of a point below all eigenvalues but for a chance below 1e-19; 0 next to the hard edge."""
    return max(0.0, math.sqrt(m) - math.sqrt(n) - 6.5)


def _real_family(n: int, m: float) -> Family:
    """Functions of u = √y that span the polynomials times the square root of the weight, smooth for every m >= n."""
    return lambda u: laguerre_functions(n, m - n - 0.5, u * u, shift=0.25)
