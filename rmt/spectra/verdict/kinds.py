"""Matrices that are no classical ensemble, and what a law alone tells of its matrices."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rmt.laws.law import Law
from rmt.laws.named.free_jacobi import Wachter
from rmt.spectra.verdict.circle import Traces
from rmt.spectra.verdict.families import (
    HermiteFluctuations,
    JacobiFluctuations,
    LaguerreFluctuations,
    foreign,
    marchenko_pastur_place,
    semicircle_place,
)
from rmt.spectra.verdict.point_masses import counts_of
from rmt.spectra.verdict.prediction import Fluctuations, Prediction

#: powers whose traces are asked
_TRACES = 4


@dataclass(frozen=True)
class IndependentFluctuations(Fluctuations):
    """Eigenvalues that are independent draws from the law."""

    beta: float = 0.0

    def predict(self, law: Law, n: int) -> Prediction:
        """Binomial counts and the law of Kolmogorov."""
        reason = "independent points are compared by their distance"
        return Prediction(
            kind="independent points",
            sums=reason,
            lower=reason,
            upper=reason,
            counts=reason,
            distance="independent",
            biased=True,
        )


@dataclass(frozen=True)
class WeightedFluctuations(Fluctuations):
    """Points with weights, whose weighted distribution is compared."""

    def predict(self, law: Law, n: int) -> Prediction:
        """Nothing but a distance, no larger than that of independent points, and the hull of the support."""
        reason = "sums, ends and counts of weighted points have no laws that are known here"
        return Prediction(
            kind="weighted points",
            sums=reason,
            lower=reason,
            upper=reason,
            counts=reason,
            continuous=False,
            distance="weighted",
            biased=True,
            hull=True,
        )


@dataclass(frozen=True)
class UnknownFluctuations(Fluctuations):
    """Matrices whose sums are not known.

    Attributes
    ----------
    reason : str
    rigid : bool
        Whether eigenvalues stay as near to their quantiles as log(n)/n.
    biased : bool
        Whether the law is approached more slowly than the eigenvalues fluctuate.
    exact_atoms : bool
        Whether the masses of atoms are those of the law up to one eigenvalue.
    continuous : bool
        Whether exact zeros are impossible where the law has no atom.
    strays : bool
        Whether some eigenvalues belong outside the support: those of spikes and of the largest entries.
    """

    beta: float = 1.0
    reason: str = "the covariances of its sums are not known"
    rigid: bool = True
    biased: bool = False
    exact_atoms: bool = True
    continuous: bool = True
    strays: bool = False

    def predict(self, law: Law, n: int) -> Prediction:
        """Only what holds for all of them."""
        reason = self.reason
        return Prediction(
            kind="unknown",
            sums=reason,
            lower=reason,
            upper=reason,
            counts=counts_of(law, n) if self.exact_atoms else reason,
            continuous=self.continuous,
            distance="rigid" if self.rigid else reason,
            biased=self.biased,
            stray=_anywhere if self.strays else None,
        )


def _anywhere(z: float) -> float:
    """Probability of an eigenvalue beyond z, where any place is possible."""
    return 1.0


@dataclass(frozen=True)
class AffineFluctuations(Fluctuations):
    """Those of scale · X + shift.

    Attributes
    ----------
    base : Fluctuations
    law : Law
        Limit law of X.
    scale, shift : float
    """

    base: Fluctuations
    law: Law
    scale: float
    shift: float

    @property
    def beta(self) -> float:  # type: ignore[override]
        """Dyson index."""
        return self.base.beta

    def predict(self, law: Law, n: int) -> Prediction:
        """The prediction for X, moved; for another law than that of scale · X + shift that of the base."""
        own = self.scale * self.law + self.shift
        if law != own:
            return self.base.predict(law, n)
        found = self.base.predict(self.law, n)
        counts = found.counts
        if not isinstance(counts, str):
            # the atoms of the law, to the last digit
            own_atoms = dict(zip((x for x, _ in self.law.atoms), (x for x, _ in law.atoms), strict=True))
            if self.scale < 0.0:
                own_atoms = dict(zip(own_atoms, reversed(own_atoms.values()), strict=True))
            counts = tuple((own_atoms.get(x, self.scale * x + self.shift), a, b) for x, a, b in counts)
        return replace(
            found, shift=self.scale * found.shift + self.shift, scale=self.scale * found.scale, counts=counts
        )


@dataclass(frozen=True)
class SingularValueFluctuations(Fluctuations):
    """Singular values, by the fluctuations of their squares.

    Attributes
    ----------
    base : Fluctuations
    squares : Law
        Limit law of the squares.
    law : Law
        Limit law of the singular values.
    """

    base: Fluctuations
    squares: Law
    law: Law

    @property
    def beta(self) -> float:  # type: ignore[override]
        """Dyson index."""
        return self.base.beta

    def predict(self, law: Law, n: int) -> Prediction:
        """The prediction for the squares."""
        if law != self.law:
            return foreign(self, law)
        found = self.base.predict(self.squares, n)
        counts = found.counts if isinstance(found.counts, str) else counts_of(law, n)
        return replace(found, squared=True, counts=counts)


@dataclass(frozen=True)
class CircleFluctuations(Fluctuations):
    """Points on the unit circle: traces of powers, Σ zᵏ, whose means and variances are exact.

    Attributes
    ----------
    field : {"real", "special", "complex", "quaternion"}
        Haar measure on O(n), SO(n), U(n) or Sp(n); "circular" for the circular ensemble of index beta.
    """

    beta: float = 2.0
    field: str = "circular"

    def predict(self, law: Law, n: int) -> Prediction:
        """Rigid points."""
        reason = "points of the circle are compared by the traces of their powers"
        return Prediction(kind=f"unit circle, {self.field}", sums=reason, lower=reason, upper=reason, biased=True)

    def traces(self, n: int) -> Traces:
        """Diaconis and Shahshahani (1994), Hughes and Rudnick (2003); COE and CSE Haake et al. (1996)."""
        k = np.arange(1, _TRACES + 1)
        if self.field in ("real", "special", "quaternion"):
            # the determinant, of degree n, tells rotations from reflections
            k = k[2 * k < n] if self.field == "special" else k[2 * k <= n]
            sign = -1.0 if self.field == "quaternion" else 1.0
            return Traces(np.where(k % 2 == 0, sign, 0.0), k.astype(np.float64), real=True)
        k = k[k <= n]
        if math.isinf(self.beta):
            return Traces(np.zeros(k.size), np.zeros(k.size), real=False)
        if self.beta == 2:
            variance = k.astype(np.float64)
        elif self.beta == 1:
            variance = np.array([2 * j - j * sum(1 / (m + (n - 1) / 2) for m in range(1, j + 1)) for j in k])
        elif self.beta == 4:
            variance = np.array([j / 2 + j / 4 * sum(1 / (n + 0.5 - m) for m in range(1, j + 1)) for j in k])
        else:
            variance = np.array([2.0 * n / (self.beta * n - self.beta + 2.0)])
        return Traces(np.zeros(variance.size), variance, real=False)


def of_law(law: Law, beta: float, *, independent: bool = False) -> Fluctuations:
    """What a law tells of its matrices: a semicircle law is that of Gaussian ones, and so on."""
    if independent:
        return IndependentFluctuations()
    if semicircle_place(law) is not None:
        return HermiteFluctuations(beta)
    if marchenko_pastur_place(law) is not None:
        return LaguerreFluctuations(beta)
    if isinstance(law, Wachter):
        return JacobiFluctuations(beta)
    return UnknownFluctuations(beta, reason="a law alone does not tell the covariances of sums; ensemble= may")
