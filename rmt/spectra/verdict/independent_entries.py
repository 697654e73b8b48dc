"""Matrices of independent entries that are not Gaussian: what the fourth cumulant and the tails change."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from rmt.laws.law import Law
from rmt.spectra.verdict.families import (
    HermiteFluctuations,
    LaguerreFluctuations,
    foreign,
    marchenko_pastur_place,
    semicircle_place,
)
from rmt.spectra.verdict.prediction import Fluctuations, Prediction, Sums

#: sums to order 4, 2 and 1 are normal, with the variances of large n, while |κ₄| is at most this share of n
_ALL_ORDERS, _TWO_ORDERS, _ONE_ORDER = 0.02, 0.1, 1.0


@dataclass(frozen=True)
class Entries:
    """What is known of the entries, standardised to variance 1.

    Attributes
    ----------
    kurtosis : float
        E x⁴ of a real entry, or of the real part of a complex one over its variance.
    skewness : float
    finite_moments : float
        Moments below this exist.
    tail : callable
        P(|x| > t).
    discrete : bool
        Whether single values have a positive probability, so that a matrix can be singular.
    """

    kurtosis: float
    skewness: float
    finite_moments: float
    tail: Callable[[float], float]
    discrete: bool

    def fourth_cumulant(self, beta: float) -> float:
        """E|x|⁴ − 3 of a real entry, E|x|⁴ − 2 of a complex one."""
        return (self.kurtosis - 3.0) / beta

    def order(self, beta: float, n: float) -> int:
        """How many Chebyshev sums of a Wigner matrix are normal, with known variances."""
        size = abs(self.fourth_cumulant(beta)) / n
        if math.isinf(self.finite_moments) and size <= _ALL_ORDERS:
            return 4
        return 2 if size <= _TWO_ORDERS else 1 if size <= _ONE_ORDER else 0

    def order_of_squares(self, beta: float, n: float) -> int:
        """The same for A A*, whose second sum holds fourth powers of the entries, so that its variance needs eighth."""
        size = abs(self.fourth_cumulant(beta)) / n
        if math.isinf(self.finite_moments) and size <= _ALL_ORDERS:
            return 4 if size <= 0.5 * _ALL_ORDERS else 2
        return 1 if size <= _ONE_ORDER else 0

    def bounds_ends(self, beta: float, n: float) -> bool:
        """Whether no row is so much longer than another one that it makes an eigenvalue of its own."""
        return abs(self.fourth_cumulant(beta)) / n <= _TWO_ORDERS

    def too_few(self) -> str:
        """Why nothing is known of sums."""
        return f"the fourth cumulant of the entries is too large for n: sums are normal for n >> {self.kurtosis:.3g}"

    def exceeding(self, t: float, beta: float) -> float:
        """Bound of P(|x| > t)."""
        return min(1.0, beta * self.tail(t))


@dataclass(frozen=True)
class WignerFluctuations(Fluctuations):
    """Hermitian matrices of independent entries, the diagonal from the same law with variance 2/(βn)."""

    entries: Entries
    beta: float = 1.0

    def predict(self, law: Law, n: int) -> Prediction:
        """Sums of the Gaussian ensemble with the cumulants of the entries (Lytova and Pastur 2009)."""
        if semicircle_place(law) is None:
            return foreign(self, law)
        if not math.isfinite(self.entries.kurtosis):
            return _heavy(HermiteFluctuations(self.beta).predict(law, n), self._far(n))
        base = HermiteFluctuations(self.beta).predict(law, n)
        kappa, order = self.entries.fourth_cumulant(self.beta), self.entries.order(self.beta, n)
        variance = 2.0 / (self.beta * n)
        sums = base.sums
        if not order:
            sums = self.entries.too_few()
        elif isinstance(sums, Sums):
            third = n * self.entries.skewness * variance**1.5
            diagonal = n * (self.entries.kurtosis - 3.0) * variance**2
            mean, covariance = sums.mean.copy(), np.diag(np.diag(sums.covariance))
            mean[2] += 0.5 * third
            mean[3] += 0.5 * (kappa * (n - 1.0) / n + diagonal)
            covariance[1, 1] += 0.25 * (2.0 * kappa * (n - 1.0) / n + diagonal)
            covariance[0, 1] += 0.25 * third
            covariance[1, 0] += 0.25 * third
            sums = replace(sums, mean=mean[:order], covariance=covariance[:order, :order], exact=())
        stray = self._stray(n) if self.entries.bounds_ends(self.beta, n) else self._far(n)
        return _of_entries(base, sums, self.entries, kappa / n, stray)

    def _far(self, n: int) -> Callable[[float], float]:
        """Bounds for all entries: z² is at most Tr X², of mean n (1 + 1/n), and z at most n times the largest entry."""

        def probability(z: float) -> float:
            largest = z / math.sqrt(n)  # of an entry, the diagonal of variance 2/(βn) among them
            entries = n * n * self.entries.exceeding(largest * min(1.0, math.sqrt(0.5 * self.beta)), self.beta)
            return min(1.0, entries, (n + max(2.0 / self.beta, 1.0)) / (z * z) if z > 0.0 else 1.0)

        return probability

    def _stray(self, n: int) -> Callable[[float], float]:
        """One large entry θ makes a pair of eigenvalues ±(θ + 1/θ) (Capitaine, Donati-Martin and Féral 2009)."""

        def probability(z: float) -> float:
            theta = 0.5 * (z + math.sqrt(max(z * z - 4.0, 0.0)))
            off = 0.5 * n * (n - 1) * self.entries.exceeding(theta * math.sqrt(n), self.beta)
            return off + n * self.entries.tail(theta * math.sqrt(0.5 * self.beta * n))

        return probability


@dataclass(frozen=True)
class CovarianceFluctuations(Fluctuations):
    """Sample covariance matrices A A*/m of independent entries; m is n/ratio rounded."""

    entries: Entries
    beta: float = 1.0

    def predict(self, law: Law, n: int) -> Prediction:
        """Sums of the Wishart ensemble with the cumulant of the entries (Pan and Zhou 2008)."""
        placed = marchenko_pastur_place(law)
        if placed is None:
            return foreign(self, law)
        base = LaguerreFluctuations(self.beta).predict(law, n)
        m = LaguerreFluctuations(self.beta).samples(placed[2], n)
        if not math.isfinite(self.entries.kurtosis):
            return _heavy(base, self._far(n, m))
        kappa, order = self.entries.fourth_cumulant(self.beta), self.entries.order_of_squares(self.beta, min(n, m))
        sums = base.sums
        if not order:
            sums = self.entries.too_few()
        elif isinstance(sums, Sums):
            mean, covariance = sums.mean.copy(), np.diag(np.diag(sums.covariance))
            mean[1] += 0.5 * kappa
            covariance[0, 0] += 0.25 * kappa
            sums = replace(sums, mean=mean[:order], covariance=covariance[:order, :order], exact=())
        ratio = n / m
        shift = abs(kappa) / min(n, m) * (1.0 + math.sqrt(ratio)) ** 2

        def probability(z: float) -> float:
            # one entry θ of A/√m makes the eigenvalue (1 + θ²)(c + θ²)/θ² (Benaych-Georges and Nadakuditi 2012)
            half = 0.5 * (z - 1.0 - ratio)
            theta = math.sqrt(half + math.sqrt(max(half * half - ratio, 0.0))) if half > 0.0 else ratio**0.25
            return n * m * self.entries.exceeding(theta * math.sqrt(m), self.beta)

        stray = probability if self.entries.bounds_ends(self.beta, min(n, m)) else self._far(n, m)
        found = _of_entries(base, sums, self.entries, shift, stray)
        if self.entries.discrete and not isinstance(found.counts, str):
            found = replace(found, counts=tuple((x, fewest, n) for x, fewest, _ in found.counts))
        return found

    def _far(self, n: int, m: float) -> Callable[[float], float]:
        """Bounds for all entries: z is at most Tr W, of mean n, and n times the square of the largest entry."""

        def probability(z: float) -> float:
            largest = math.sqrt(max(z, 0.0) / n)
            return min(1.0, n * m * self.entries.exceeding(largest, self.beta), n / z if z > 0.0 else 1.0)

        return probability


def _of_entries(
    base: Prediction, sums: Sums | str, entries: Entries, shift: float, stray: Callable[[float], float]
) -> Prediction:
    """The prediction of Gaussian entries, changed to others."""
    reason = "the law of the ends at this n is known for Gaussian entries only"
    return replace(
        base,
        kind=f"{base.kind}, with the cumulants of the entries",
        sums=sums,
        lower=reason,
        upper=reason,
        continuous=not entries.discrete,
        biased=isinstance(sums, str),
        distance="the eigenvalues of such entries are not rigid at this n" if isinstance(sums, str) else "rigid",
        edge_shift=max(shift, 0.0),
        stray=stray,
    )


def _heavy(base: Prediction, stray: Callable[[float], float]) -> Prediction:
    """Nothing but the zeros of a matrix of too few rows: entries without a fourth moment."""
    reason = "the entries have no fourth moment: sums are not normal, and the law is approached slowly (Bai-Yin 1988)"
    return replace(
        base,
        kind="entries without a fourth moment",
        sums=reason,
        lower=reason,
        upper=reason,
        biased=True,
        distance=reason,
        stray=stray,
    )
