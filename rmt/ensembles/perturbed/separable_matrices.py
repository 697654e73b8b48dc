"""Sample covariance matrices with correlated variables and correlated samples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmt.ensembles.covariance import squares_padded
from rmt.ensembles.ensemble import Ensemble, Float, Matrix, show_call
from rmt.ensembles.entries import FIELDS, EntryLaw, as_entries
from rmt.ensembles.theorems import warn_about_edges
from rmt.errors import check_choice, check_real
from rmt.laws.law import Law, check_law
from rmt.spectra.verdict.prediction import Fluctuations


class SeparableCovarianceEnsemble(Ensemble):
    """A^{1/2} X B X* A^{1/2}/m with diagonal A and B; made by :func:`separable_covariance`."""

    def __init__(self, population: Law | None, temporal: Law | None, ratio: Any, entries: EntryLaw, field: str) -> None:
        self.population = population
        self.temporal = temporal
        self.ratio = ratio
        self.entries = entries
        self.field = field

    @property
    def is_rigid(self) -> bool:
        """Whether the entries have a fourth moment."""
        return self.entries.has_fourth_moment

    def samples(self, n: int) -> int:
        """Number of samples m: n/ratio rounded, at least 1."""
        nearest: int = round(n / self.ratio)
        return max(1, nearest)

    def _bytes(self, method: str, n: int) -> float:
        itemsize = 8.0 if self.field == "real" else 16.0
        return self._dense_bytes(n) + 2.0 * itemsize * n * self.samples(n)

    def _data(self, n: int, rng: np.random.Generator) -> Matrix:
        m = self.samples(n)
        data = self.entries.draw(rng, (n, m), field=self.field, scale=math.sqrt(1.0 / m))
        return data * _roots(self.population, n)[:, None] * _roots(self.temporal, m)

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        from rmt.ensembles.covariance import gram

        return gram(self._data(n, rng))

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        return squares_padded(np.linalg.svd(self._data(n, rng), compute_uv=False), n)

    def fluctuations(self) -> Fluctuations:
        """Not known; the quantiles of a population give its law up to 1/n."""
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        reason = "the covariances of sums are not known for two populations"
        return UnknownFluctuations(float(self.beta), reason=reason, rigid=self.is_rigid, biased=True)

    def law(self) -> Law:
        """Free product of the population and a compound free Poisson law (Paul-Silverstein 2009)."""
        from rmt.free import CompoundFreePoisson, boxtimes
        from rmt.laws.named.marchenko_pastur import MarchenkoPastur

        warn_about_edges(self, self.entries)
        if self.temporal is None:
            white: Law = MarchenkoPastur(self.ratio)
        else:
            white = self.ratio * CompoundFreePoisson(1 / self.ratio, self.temporal)
        return white if self.population is None else boxtimes(self.population, white)

    def __repr__(self) -> str:
        return show_call(
            "separable_covariance",
            ("population", self.population, None),
            ("temporal", self.temporal, None),
            ("ratio", self.ratio, 0.5),
            ("entries", self.entries.argument, "gaussian"),
            ("field", self.field, "real"),
        )


def separable_covariance(
    population: Law | None = None,
    temporal: Law | None = None,
    ratio: Any = 0.5,
    entries: Any = "gaussian",
    field: str = "real",
) -> SeparableCovarianceEnsemble:
    """Sample covariance matrix A^{1/2} X B X* A^{1/2}/m of correlated variables (A) and correlated samples (B).

    A and B are diagonal, with the quantiles of their laws; with Gaussian entries only their eigenvalues count. With
    ``temporal=None`` it is the covariance matrix of a population, with both None :func:`wishart`. The limit law is a
    free product (Paul and Silverstein 2009); for an AR(1) process see
    :func:`rmt.data.temporal_law`.

    Parameters
    ----------
    population : Law, optional
        Law of the eigenvalues of A, on [0, ∞); all 1 by default.
    temporal : Law, optional
        Law of the eigenvalues of B, on [0, ∞); all 1 by default.
    ratio : float
        Dimension / samples, > 0.
    entries : str, EntryLaw, frozen scipy.stats distribution, or Law
        Entry law of X, standardised: see :mod:`rmt.ensembles.entries`.
    field : {"real", "complex"}
        Field of the entries.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If a parameter is not of the kind named above.
    ValueError
        If a law has mass below 0, the ratio is not a finite number > 0, the entry law is unknown or has infinite
        variance, or the field is another one.

    Examples
    --------
    >>> import rmt
    >>> S = rmt.separable_covariance(rmt.Atomic((1, 4), (0.5, 0.5)), rmt.Uniform(0, 2), ratio=0.5)
    >>> [round(m, 9) for m in S.law().moments(2)]  # m2 = tr A² (tr B)² + ratio (tr A)² tr B²
    [2.5, 12.666666667]
    """
    laws = [_check_positive(name, law) for name, law in (("population", population), ("temporal", temporal))]
    share = check_real("ratio", ratio, above=0.0)
    return SeparableCovarianceEnsemble(
        laws[0], laws[1], share, as_entries(entries), check_choice("field", field, FIELDS)
    )


def _check_positive(name: str, law: Law | None) -> Law | None:
    if law is None:
        return None
    low = check_law(law, name)._hull()[0]
    if low < 0.0:
        raise ValueError(f"{name} must be a law on [0, inf), as that of a covariance, got {law!r} with mass at {low!r}")
    return law


def _roots(law: Law | None, count: int) -> Float:
    """Square roots of the quantiles of a law."""
    if law is None:
        return np.ones(count)
    return np.sqrt(np.maximum(np.asarray(law.ppf((np.arange(count) + 0.5) / count)), 0.0))
