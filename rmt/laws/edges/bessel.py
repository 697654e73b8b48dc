"""The hard edge: the smallest eigenvalue of nearly square sample covariance matrices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rmt.errors import check_real
from rmt.laws.edges.chebyshev_pieces import ChebyshevPieces, fit_pieces, piece_points
from rmt.laws.edges.log_tails import LogTailLaw, LogTails
from rmt.laws.law import Interval, Real

LARGEST_A = 400.0
_NODES, _DEGREE = 48, 18
#: exponent from which V is computed as it is, and powers of a Bessel function below 2
_SQUARE_INTEGRABLE, _TERMS = -0.9, 24
#: smallest survival function of the pieces; a determinant has absolute errors of 1e-16
_SMALLEST = 1e-10


@dataclass(frozen=True, init=False, repr=False)
class BesselEdge(LogTailLaw):
    """Limit law of the smallest eigenvalue at a hard edge: of 4 n² λ_min for Wishart matrices A A*/m, m = n + a.

    For finite n take 4 ν λ_min(A A*) with ν = n + (a + 1)/2 − 1/β instead, which follows the law up to O(1/n²): for
    β = 2, ν = n + a/2, by Edelman, Guionnet and Péché (2016). At ``a = 0`` the survival function is exp(−s/4) for
    beta = 2 and exp(−s/8 − √s/2) for beta = 1 (Edelman 1988).

    Parameters
    ----------
    beta : {1, 2, 4}
        Real, complex or quaternion matrices.
    a : real
        Excess m − n of samples, −1 < a <= 400 (200 for beta = 4); not necessarily an integer.

    Raises
    ------
    TypeError
        If a parameter is no number.
    ValueError
        If beta is another number, or a is out of range.

    Notes
    -----
    With V(x, y) = (√s/2) J_a(√(s x y)) on (0, 1) the survival function is det(1 − V) for beta = 1 and det(1 − V²), the
    determinant of the Bessel kernel, for beta = 2 (Forrester 2006); for beta = 4 it is (det(1 − V) + det(1 + V))/2 with
    2a for a and 4s for s, after the superpositions of Forrester and Rains (2001). For beta = 4 and a <= −1/2 the first
    power of V, which is not square integrable, is a rank-one term that is continued analytically. Gauss-Jacobi rules,
    tabulated at the first evaluation. The cdf has small relative errors down to 0 (for beta = 4 absolute
    ones of 1e-12, and it ends as a power), the survival function absolute errors below 1e-13; below 1e-10 it
    continues by exp(−βs/8 + b √s + c), its known form (Forrester and Hughes 1994).

    Examples
    --------
    >>> import math
    >>> from rmt.laws import BesselEdge
    >>> math.isclose(BesselEdge(beta=2, a=0).sf(3.0), math.exp(-0.75), rel_tol=1e-13)
    True
    """

    beta: Any
    a: Any

    def __init__(self, beta: Any = 2, a: Any = 0) -> None:
        index = check_real("beta", beta, above=0.0)
        if index not in (1, 2, 4):
            raise ValueError(
                f"beta must be 1, 2 or 4, got {beta!r}; for others sample rmt.laguerre(beta, a=a).smallest(n)"
            )
        excess = check_real("a", a, above=-1.0)
        largest = LARGEST_A / 2.0 if index == 4 else LARGEST_A
        if excess > largest:
            raise ValueError(
                f"a must be <= {largest:g}, got {a!r}; with many more samples than dimensions the lower edge is "
                "soft: wishart(ratio).smallest_law(n)"
            )
        object.__setattr__(self, "beta", index)
        object.__setattr__(self, "a", excess)

    @property
    def _power(self) -> float:
        """Exponent of the cdf at 0."""
        return 0.5 * float(self.beta) * (float(self.a) + 1.0)

    def _intervals(self) -> tuple[Interval, ...]:
        return (Interval(0.0, math.inf, self._power - 1.0, math.nan, 1.0),)

    def _stretch(self) -> Interval:
        return Interval(0.0, float(self._grid()[-1]), self._power - 1.0, 0.0, 1.0)

    def _log_tails(self, x: Real) -> LogTails:
        pieces, switch, (slope_end, constant) = _table(int(self.beta), float(self.a))
        r = np.sqrt(x)
        value, slope = pieces(np.clip(r, pieces.low, pieces.high))
        lower = pieces.piece(r) < switch
        value = np.where(lower, value + 2.0 * self._power * np.log(r), value)
        slope = np.where(lower, slope + 2.0 * self._power / r, slope)
        below = r < pieces.low  # the regular factor is constant there
        slope = np.where(below, 2.0 * self._power / r, slope)
        beyond = r > pieces.high
        value[beyond] = -self.beta / 8.0 * x[beyond] + slope_end * r[beyond] + constant
        slope[beyond] = -self.beta / 4.0 * r[beyond] + slope_end
        return LogTails(lower, value, slope / (2.0 * r))

    def _grid(self) -> Real:
        pieces, _, (slope_end, _) = _table(int(self.beta), float(self.a))
        # −(β/8)(r² − high²) + b (r − high) = −37
        steep = self.beta / 4.0 * pieces.high - slope_end
        beyond = (math.sqrt(steep**2 + 18.5 * self.beta) - steep) * 4.0 / self.beta
        return np.asarray(np.linspace(1e-3 * pieces.high, pieces.high + beyond, 512) ** 2)


def log_survival(beta: int, a: float, r: float) -> float:
    """Logarithm of the survival function at s = r², from the eigenvalues of V."""
    if beta == 4:
        value = 0.5 * sum(_determinants(2.0 * a, 2.0 * r))
        return math.log(value) if value > 0.0 else -math.inf  # below its rounding error
    shares = _shares(a, r)
    shares = np.clip(shares if beta == 1 else shares * shares, -1.0, 1.0 - 2.0**-53)
    return float(np.log1p(-shares).sum())


def _shares(a: float, r: float) -> Real:
    """Eigenvalues of V."""
    from scipy.special import jv

    x, root = _jacobi_rule(a)
    return np.asarray(np.linalg.eigvalsh(0.5 * r * root[:, None] * jv(a, r * np.sqrt(x[:, None] * x)) * root))


def _determinants(b: float, r: float) -> tuple[float, float]:
    """det(1 − V) and det(1 + V), also for −2 < b <= −1, where the first may be negative."""
    if b > _SQUARE_INTEGRABLE:
        shares = _shares(b, r)
        return float(np.prod(1.0 - shares)), float(np.prod(1.0 + shares))
    from scipy.special import rgamma

    # V = W + c φ φᵀ, φ = x^(b/2), where c ∫ φ² = (r/2)^(b+1)/Γ(b + 2) by continuation
    x, root = _jacobi_rule(b + 1.0)
    regular = 0.5 * r * root[:, None] * _without_first_power(b, r * np.sqrt(x[:, None] * x)) * root
    first = root * x ** (0.5 * b)
    size, strength = (0.5 * r) ** (b + 1.0) * rgamma(b + 2.0), (0.5 * r) ** (b + 1.0) * rgamma(b + 1.0)
    shares, vectors = np.linalg.eigh(regular)
    weights = (vectors.T @ first) ** 2 * strength
    out = []
    for sign in (1.0, -1.0):
        # φᵀ(1 − W)⁻¹φ = φᵀφ + φᵀ W (1 − W)⁻¹ φ
        factor = 1.0 - sign * (size + float((weights * sign * shares / (1.0 - sign * shares)).sum()))
        out.append(factor * float(np.prod(1.0 - sign * shares)))
    return out[0], out[1]


def _without_first_power(b: float, z: Real) -> Real:
    """J_b(z) − (z/2)^b/Γ(b + 1), by its series where that cancels."""
    from scipy.special import jv, rgamma

    near = z < 2.0
    series = np.zeros_like(z)
    square = np.where(near, -0.25 * z * z, 0.0)
    term = (0.5 * z) ** b
    for k in range(1, _TERMS):
        term = term * square / k
        series += term * rgamma(k + b + 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(near, series, jv(b, z) - (0.5 * z) ** b * rgamma(b + 1.0))


@lru_cache(maxsize=64)
def _jacobi_rule(a: float) -> tuple[Real, Real]:
    """Nodes of the Gauss-Jacobi rule for x^a on (0, 1), and the roots of its weights over x^a."""
    from scipy.special import roots_jacobi

    nodes, weights = roots_jacobi(_NODES, 0.0, a)
    x = 0.5 * (1.0 + nodes)
    return x, np.asarray(np.exp(0.5 * (np.log(weights) - (a + 1.0) * math.log(2.0) - a * np.log(x))))


@lru_cache(maxsize=64)
def _table(beta: int, a: float) -> tuple[ChebyshevPieces, int, tuple[float, float]]:
    """Pieces in r = √s: log F − 2 power log r, then log(1 − F) from a piece on; slope in r and constant beyond."""
    power = 0.5 * beta * (a + 1.0)
    floor = math.log(_SMALLEST)
    smallest = 1e-12 if power > 4.0 else 0.0
    if beta == 4:  # the cdf has absolute errors; below, it is a power up to a share r², which is 1e-13 of the whole
        smallest = max(1e-9, 1e-13 ** (power / (power + 1.0)))
    first = _first(beta, a, smallest)
    high = max(2.0 * first, 4.0)
    while log_survival(beta, a, high) > floor:
        high += 0.5 * math.sqrt(1.0 + a) + 2.0
    inside = max(first, 0.5 * high)
    while log_survival(beta, a, high) < floor - 1.0:
        middle = 0.5 * (inside + high)
        inside, high = (middle, high) if log_survival(beta, a, middle) > floor else (inside, middle)
    count = 20
    width = (high - first) / count
    points = piece_points(first, width, count, _DEGREE)
    upper = np.array([[log_survival(beta, a, r) for r in row] for row in points])
    before = max(1, int(np.count_nonzero(upper[:, -1] > math.log(0.5))))
    lower = np.log(-np.expm1(upper[:before])) - 2.0 * power * np.log(points[:before])
    pieces = fit_pieces(first, width, np.vstack([lower, upper[before:]]))
    value, slope = (float(v[0]) for v in pieces(np.array([high])))
    linear = slope + 0.25 * beta * high
    return pieces, before, (linear, value + beta / 8.0 * high**2 - linear * high)


def _first(beta: int, a: float, smallest: float) -> float:
    """Where the pieces start: at 0, or where the cdf reaches a smallest value that matters."""
    if smallest == 0.0:
        return 0.0
    low, high = 0.0, 2.0 * math.sqrt(1.0 + a)
    while log_survival(beta, a, high) > -smallest:
        low, high = high, 1.3 * high
    for _ in range(20):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if log_survival(beta, a, middle) > -smallest else (low, middle)
    return low
