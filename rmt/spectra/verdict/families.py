"""The classical ensembles: exact means and covariances of sums, exact counts of zeros, and laws of both ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.polynomial import Polynomial
from numpy.polynomial.chebyshev import cheb2poly

from rmt.laws.law import Law
from rmt.laws.maps.affine import Affine
from rmt.laws.named.free_jacobi import Wachter
from rmt.laws.named.marchenko_pastur import MarchenkoPastur
from rmt.laws.named.semicircle import Semicircle
from rmt.spectra.verdict.power_sums import (
    ORDER,
    HermiteVariables,
    JacobiVariables,
    LaguerreVariables,
    Variables,
    power_sum_covariance,
    power_sum_means,
)
from rmt.spectra.verdict.prediction import ExactSum, Fluctuations, Prediction, Real, Sums

#: covariances are those of a matrix of at most this dimension: they change by a share of 1/n only
_LARGEST_COVARIANCE = 400
#: digits that powers may lose, as a share of the fluctuations
_LOST = 1e-4
#: the lower edge of a Wishart matrix is hard while samples exceed dimensions by this share, soft from this excess on
_HARD_SHARE, _SMALLEST_SOFT = 0.2, 3.0
#: from this share of the dimension on, fixed excesses of samples are not small: the limit is not near
_FIXED_SHARE = 0.5
#: smallest dimension for the second-order laws of the ends
SMALLEST_NORMAL = 20


@dataclass(frozen=True)
class HermiteFluctuations(Fluctuations):
    """The Gaussian ensemble of any Dyson index; its limit is a semicircle law of any mean and variance."""

    beta: float = 1.0

    def predict(self, law: Law, n: int) -> Prediction:
        """Exact sums; the ends by Tracy and Widom with the term of next order, exact below n = 20."""
        placed = semicircle_place(law)
        if placed is None:
            return foreign(self, law)
        lower, upper = gaussian_ends(self.beta, n)
        return Prediction(
            kind=f"Gaussian ensemble, beta = {self.beta:g}",
            shift=placed[0],
            scale=placed[1],
            sums=hermite_sums(self.beta, n),
            lower=lower,
            upper=upper,
            continuous=math.isfinite(self.beta),
            simple=True,
        )


@dataclass(frozen=True)
class LaguerreFluctuations(Fluctuations):
    """The Wishart ensemble of any Dyson index; its limit is a Marchenko-Pastur law of any ratio and variance.

    Attributes
    ----------
    excess : float or None
        Samples minus dimensions, where it is fixed; else the samples are those of the ratio.
    rounded : bool
        Whether the number of samples is n/ratio rounded.
    """

    beta: float = 1.0
    excess: float | None = None
    rounded: bool = True

    def samples(self, ratio: float, n: int) -> float:
        """Number of samples m."""
        if self.excess is not None:
            return n + self.excess
        return float(max(1, round(n / ratio))) if self.rounded else n / ratio

    def predict(self, law: Law, n: int) -> Prediction:
        """Exact sums of the positive eigenvalues; the ends by Tracy and Widom or the Bessel law, exact below n = 20."""
        placed = marchenko_pastur_place(law)
        if placed is None:
            return foreign(self, law)
        shift, scale, ratio = placed
        m = self.samples(ratio, n)
        zeros = n - int(m) if m <= n - 1 else 0
        lower, upper = wishart_ends(self.beta, n, m)
        return Prediction(
            kind=f"Wishart ensemble of {m:g} samples, beta = {self.beta:g}",
            shift=shift,
            scale=scale,
            sums=laguerre_sums(self.beta, n, m),
            lower=lower,
            upper=upper,
            counts=((shift, zeros, zeros),) if zeros or law.atoms else (),
            continuous=math.isfinite(self.beta),
            hard=(0.5 * self.beta * (abs(m - n) + 1.0 if abs(m - n) >= 1.0 else m - n + 1.0), 0.5),
            simple=True,
            remark=_far_from_limit(n, (self.excess,), "ratio") if self.excess is not None else "",
        )


@dataclass(frozen=True)
class JacobiFluctuations(Fluctuations):
    """The MANOVA ensemble on [0, 1] of any Dyson index.

    Attributes
    ----------
    excesses : tuple of float, or None
        Samples minus dimensions of both Wishart matrices at every n, or None where they grow as the limit law says.
    """

    beta: float = 1.0
    excesses: tuple[float, float] | None = None

    def predict(self, law: Law, n: int) -> Prediction:
        """Exact sums; an eigenvalue beyond 0 or 1 is impossible."""
        if self.excesses is not None:
            a, b = self.excesses
        elif isinstance(law, Wachter) and min(law.a, law.b) >= 1:
            a, b = (float(round(float(x) * n) - n) for x in (law.a, law.b))
        else:
            return foreign(self, law)
        return Prediction(
            kind=f"Jacobi ensemble, a = {a:g}, b = {b:g}, beta = {self.beta:g}",
            sums=jacobi_sums(self.beta, n, a, b),
            lower="the law of its smallest eigenvalue is not among those that are known here",
            upper="the law of its largest eigenvalue is not among those that are known here",
            continuous=math.isfinite(self.beta),
            hard=(0.5 * self.beta * (a + 1.0), 0.5 * self.beta * (b + 1.0)),
            simple=True,
            remark=_far_from_limit(n, (a, b), "ratios") if self.excesses is not None else "",
        )


def foreign(fluctuations: Fluctuations, law: Law) -> Prediction:
    """Nothing is known, as the law belongs to other matrices."""
    reason = f"{law!r} is no limit law of {fluctuations!r}"
    return Prediction(kind="unknown", sums=reason, lower=reason, upper=reason, counts=reason)


def _far_from_limit(n: int, excesses: tuple[float, ...], parameter: str) -> str:
    """A sentence where fixed excesses are of the order of n, so that the law is not that of this n."""
    if max(excesses) <= _FIXED_SHARE * n:
        return ""
    shares = [f"{n / (n + excess):.6g}" for excess in excesses]
    shown = shares[0] if len(shares) == 1 else f"({', '.join(shares)})"
    return (
        f"excesses of {' and '.join(f'{e:g}' for e in excesses)} samples are of the order of n = {n}, so that the law "
        f"for fixed excesses is far from this n: {parameter}={shown} has the law of these"
    )


# ---------------------------------------------------------------------- where a law lies
def semicircle_place(law: Law) -> tuple[float, float] | None:
    """Mean and standard deviation of a semicircle law."""
    if isinstance(law, Semicircle):
        return float(law.mean()), math.sqrt(float(law.variance))
    return None


def marchenko_pastur_place(law: Law) -> tuple[float, float, float] | None:
    """Shift, scale and ratio of a Marchenko-Pastur law, also of a shifted or reflected one."""
    shift, scale, base = 0.0, 1.0, law
    if isinstance(law, Affine):
        shift, scale, base = float(law.shift), float(law.scale), law.base
    if not isinstance(base, MarchenkoPastur):
        return None
    return shift, scale * float(base.variance), float(base.ratio)


# ---------------------------------------------------------------------- sums
@lru_cache(maxsize=64)
def hermite_sums(beta: float, n: int) -> Sums | str:
    """Chebyshev sums of the Gaussian ensemble on [−2, 2]."""
    exact: tuple[ExactSum, ...] = ()
    if math.isfinite(beta):
        step = 2.0 / (beta * n)
        exact = (ExactSum(1, math.sqrt(step * n), None), ExactSum(2, step, n + 0.5 * beta * n * (n - 1)))
    small = min(n, _LARGEST_COVARIANCE)
    return chebyshev_sums(-2.0, 2.0, n, HermiteVariables(beta, n), HermiteVariables(beta, small), exact)


@lru_cache(maxsize=64)
def laguerre_sums(beta: float, n: int, m: float) -> Sums | str:
    """Chebyshev sums of the positive eigenvalues of A A*/m, on the support at these n and m."""
    short, long = (float(n), m) if m > n - 1 else (m, float(n))
    count, unit = int(short), long / m  # the model is that of short rows, in units of the longer side
    root = math.sqrt(short / long) if long > short else 1.0
    low, high = unit * (1.0 - root) ** 2, unit * (1.0 + root) ** 2
    exact = (ExactSum(1, 1.0 / (beta * m), beta * n * m),) if math.isfinite(beta) else ()
    small = min(count, _LARGEST_COVARIANCE)
    most = LaguerreVariables(beta, count, long)
    few = LaguerreVariables(beta, small, long if small == count else long * small / count)
    return chebyshev_sums(low, high, count, most, few, exact, unit)


@lru_cache(maxsize=64)
def jacobi_sums(beta: float, n: int, a: float, b: float) -> Sums | str:
    """Chebyshev sums of the MANOVA ensemble on the support at these n, a and b."""
    p, q = (n + a) / n, (n + b) / n
    middle, half = p * (p + q - 1.0) + q, 2.0 * math.sqrt(max(p * q * (p + q - 1.0), 0.0))
    low, high = max((middle - half) / (p + q) ** 2, 0.0), min((middle + half) / (p + q) ** 2, 1.0)
    if not high - low > 1e-3:
        low, high = 0.0, 1.0
    share = min(1.0, _LARGEST_COVARIANCE / n)
    small = round(n * share)
    few = JacobiVariables(beta, small, a * small / n, b * small / n)
    return chebyshev_sums(low, high, n, JacobiVariables(beta, n, a, b), few)


def chebyshev_sums(
    low: float,
    high: float,
    count: int,
    variables: Variables,
    smaller: Variables,
    exact: tuple[ExactSum, ...] = (),
    unit: float = 1.0,
) -> Sums | str:
    """Means and covariances of Σ T_k over [low, high], from those of power sums of an eigenvalue over `unit`."""
    table = chebyshev_coefficients(low, high)
    table = table * unit ** np.arange(ORDER + 1)
    means, covariance = power_sum_means(variables), power_sum_covariance(smaller)
    if math.isinf(variables.beta):
        covariance = np.zeros_like(covariance)
    powers = np.concatenate([[count], means])
    if loses_digits(table, powers):
        return too_narrow(low, high)
    return Sums(low, high, table @ powers, table[:, 1:] @ covariance @ table[:, 1:].T, exact)


def loses_digits(table: Real, powers: Real) -> bool:
    """Whether Chebyshev sums of power sums, of order 1, are differences of too large numbers."""
    return bool(np.abs(table * powers).max() * np.finfo(float).eps * ORDER > _LOST)


def too_narrow(low: float, high: float) -> str:
    """Why there are no sums then."""
    return f"its support [{low:.6g}, {high:.6g}] is too narrow for its place: sums lose their digits"


def chebyshev_coefficients(low: float, high: float, order: int = ORDER) -> Real:
    """Coefficients of 1, x, x², ... in T_1, ..., T_order of x scaled from [low, high] to [−1, 1]; one row each."""
    place = Polynomial([-(low + high) / (high - low), 2.0 / (high - low)])
    rows = np.zeros((order, order + 1))
    for k in range(1, order + 1):
        found = Polynomial(cheb2poly([0.0] * k + [1.0]))(place).coef
        rows[k - 1, : found.size] = found
    return rows


# ---------------------------------------------------------------------- both ends
def gaussian_ends(beta: float, n: int) -> tuple[Law | str, Law | str]:
    """Laws of the smallest and the largest eigenvalue of the Gaussian ensemble."""
    if beta not in (1, 2, 4):
        return _no_table(beta), _no_table(beta)
    index = int(beta)
    if n < SMALLEST_NORMAL:
        from rmt.laws.finite.extreme_laws import GaussianLargest

        largest: Law = GaussianLargest(index, n)
    else:
        from rmt.laws.edges.soft_edge import gaussian_soft_edge

        largest = gaussian_soft_edge(index, n)
    return -largest, largest


def wishart_ends(beta: float, n: int, m: float) -> tuple[Law | str, Law | str]:
    """Laws of the smallest positive and the largest eigenvalue of A A*/m."""
    if beta not in (1, 2, 4):
        return _no_table(beta), _no_table(beta)
    index, short, long = int(beta), min(float(n), m), max(float(n), m)
    if m < n and m > n - 1:
        short, long = float(n), m
    if short < SMALLEST_NORMAL:
        return _small_wishart_ends(index, short, long, m)
    from rmt.laws.edges.bessel import BesselEdge
    from rmt.laws.edges.soft_edge import wishart_soft_edge

    upper = wishart_soft_edge(index, n, m)
    excess = long - short
    if excess <= _HARD_SHARE * short:
        shifted = short + 0.5 * (excess + 1.0) - 1.0 / index
        hard: Law = BesselEdge(index, int(excess) if excess == int(excess) else excess) * (1.0 / (4.0 * shifted * m))
        return hard, upper
    if excess < _SMALLEST_SOFT:
        return f"the hard edge of beta = {index} has no table", upper
    return wishart_soft_edge(index, n, m, smallest=True), upper


def _small_wishart_ends(beta: int, short: float, long: float, m: float) -> tuple[Law | str, Law | str]:
    """Exact laws, where they are known."""
    from rmt.laws.finite.extreme_laws import WishartLargest, WishartSmallest

    if short != int(short) or (beta != 2 and long != int(long)) or long < short:
        reason = (
            f"the laws of the ends of fewer than {SMALLEST_NORMAL} eigenvalues are not known here for beta = {beta}"
        )
        return reason, reason
    samples = int(long) if long == int(long) else long
    unit = long / m  # the laws are those of A A*/samples with the longer side as samples
    laws = (WishartSmallest(beta, int(short), samples), WishartLargest(beta, int(short), samples))
    return laws if unit == 1.0 else (laws[0] * unit, laws[1] * unit)


def _no_table(beta: float) -> str:
    if math.isinf(beta):
        return "frozen eigenvalues do not fluctuate"
    return f"the edge law of beta = {beta:g} has no table; it is there for 1, 2 and 4"
