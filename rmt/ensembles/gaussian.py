"""Wigner matrices, and the Gaussian ensembles among them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmt.ensembles.beta import HermiteEnsemble
from rmt.ensembles.ensemble import Ensemble, Matrix, Warrant, show_call
from rmt.ensembles.entries import FIELDS, EntryLaw, as_entries, gaussian
from rmt.ensembles.theorems import warn_about_edges
from rmt.errors import check_choice
from rmt.laws.law import Law
from rmt.laws.named.semicircle import Semicircle
from rmt.spectra.verdict.families import HermiteFluctuations
from rmt.spectra.verdict.prediction import Fluctuations


class WignerEnsemble(Ensemble):
    """Hermitian matrices with independent centred entries on and above the diagonal; made by :func:`wigner`."""

    def __init__(self, entries: EntryLaw, field: str) -> None:
        self.entries = entries
        self.field = field
        self.warrant = Warrant.INVARIANT if entries.is_gaussian else Warrant.WIGNER

    @property
    def is_rigid(self) -> bool:
        """Whether the entries have a fourth moment."""
        return self.entries.has_fourth_moment

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        return hermitian_matrix(self.entries, self.field, n, rng, 1.0 / n, 2.0 / (self.beta * n))

    def _bytes(self, method: str, n: int) -> float:
        if method != "_sample" and self.entries.is_gaussian:
            return HermiteEnsemble(self.beta)._bytes("_eigenvalues", n)
        return self._dense_bytes(n)

    def _lighter_route(self, method: str, n: int) -> str:
        if self.entries.is_gaussian:
            return super()._lighter_route(method, n)
        kin = "goe()" if self.field == "real" else "gue()"
        return f"{kin} has the same limit, and its eigenvalues(n) draws no dense matrix"

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        if self.entries.is_gaussian:
            return HermiteEnsemble(self.beta)._eigenvalues(n, rng)
        return super()._eigenvalues(n, rng)

    def fluctuations(self) -> Fluctuations:
        """Those of the Gaussian ensemble, with the cumulants of the entries."""
        if self.entries.is_gaussian:
            return HermiteFluctuations(float(self.beta))
        from rmt.spectra.verdict.independent_entries import WignerFluctuations

        return WignerFluctuations(self.entries.known(), float(self.beta))

    def law(self) -> Law:
        """Semicircle law on [-2, 2] (Wigner 1958; for entries of finite variance Pastur 1972)."""
        warn_about_edges(self, self.entries)
        return Semicircle()

    def __repr__(self) -> str:
        return show_call("wigner", ("entries", self.entries.argument, "gaussian"), ("field", self.field, "real"))


class GaussianEnsemble(WignerEnsemble):
    """The Gaussian ensembles of Dyson index 1, 2 and 4; made by :func:`goe`, :func:`gue` and :func:`gse`."""

    def __init__(self, field: str) -> None:
        super().__init__(gaussian(), field)

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        if self.field != "quaternion":
            return super()._sample(n, rng)
        from rmt.numerics.dense.hermitian import antisymmetric_from_triangle

        diagonal_block = hermitian_matrix(self.entries, "complex", n, rng, 0.5 / n, 0.5 / n)
        coupling = np.empty((n, n), dtype=np.complex128)
        strict = self.entries.draw(rng, n * (n - 1) // 2, field="complex", scale=math.sqrt(0.5 / n))
        antisymmetric_from_triangle(strict, coupling)
        return np.block([[diagonal_block, coupling], [-coupling.conj(), diagonal_block.conj()]])

    def __repr__(self) -> str:
        return {"real": "goe()", "complex": "gue()", "quaternion": "gse()"}[self.field]


def goe() -> Ensemble:
    """Gaussian orthogonal ensemble: real symmetric, invariant under rotations (Dyson index 1).

    Entries have variance 1/n off the diagonal and 2/n on it, so the spectrum fills [-2, 2]; the limit is the
    semicircle law (Wigner 1955, 1958). ``hermite(1)`` is the same ensemble with histograms and extreme eigenvalues.

    Returns
    -------
    Ensemble

    Examples
    --------
    >>> import rmt
    >>> rmt.goe().sample(3, rng=0).shape
    (3, 3)
    """
    return GaussianEnsemble("real")


def gue() -> Ensemble:
    """Gaussian unitary ensemble: complex Hermitian, invariant under unitary matrices (Dyson index 2).

    E|x_ij|² = 1/n, on the diagonal too, so the spectrum fills [-2, 2]; the limit is the semicircle law
    (Wigner 1958).

    Returns
    -------
    Ensemble

    Examples
    --------
    >>> import rmt
    >>> rmt.gue().law(), rmt.gue().eigenvalues(3, rng=0).shape
    (Semicircle(mean=0, variance=1), (3,))
    """
    return GaussianEnsemble("complex")


def gse() -> Ensemble:
    """Gaussian symplectic ensemble: self-dual quaternion matrices (Dyson index 4).

    ``sample(n)`` is the 2n × 2n complex self-dual Hermitian matrix [[A, B], [−B̄, Ā]] with A Hermitian and B
    antisymmetric, whose eigenvalues come in equal pairs; ``eigenvalues(n)`` gives the n distinct ones. A quaternion
    entry has E|q|² = 1/n, the real diagonal variance 1/(2n), so the spectrum fills [-2, 2]; the limit is the
    semicircle law (Wigner 1958; Mehta 2004, chapter 2).

    Returns
    -------
    Ensemble

    Examples
    --------
    >>> import rmt
    >>> rmt.gse().eigenvalues(3, rng=0).shape, rmt.gse().sample(3, rng=0).shape
    ((3,), (6, 6))
    """
    return GaussianEnsemble("quaternion")


def wigner(entries: Any = "gaussian", field: str = "real") -> Ensemble:
    """Wigner matrix: Hermitian, with independent entries on and above the diagonal.

    E|x_ij|² = 1/n off the diagonal. The diagonal is real, from the same entry law, with variance 2/n in a real and
    1/n in a complex matrix: Gaussian entries give :func:`goe` and :func:`gue`. The limit is the semicircle law on
    [-2, 2] for every entry law of finite variance (Wigner 1958; Pastur 1972); the extreme eigenvalues converge to
    its edges exactly if the fourth moment is finite (Bai-Yin 1988).

    Parameters
    ----------
    entries : str, EntryLaw, frozen scipy.stats distribution, or Law
        Entry law, standardised to mean 0 and variance 1: see :mod:`rmt.ensembles.entries`.
    field : {"real", "complex"}
        Field of the off-diagonal entries.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `entries` or `field` is not of the kind named above.
    ValueError
        If the entry law is unknown or has infinite variance, or the field is another one.

    Examples
    --------
    >>> import rmt
    >>> X = rmt.wigner(entries="rademacher")
    >>> X.law(), float(abs(X.sample(4, rng=0))[0, 1])  # 1/√n
    (Semicircle(mean=0, variance=1), 0.5)
    """
    return WignerEnsemble(as_entries(entries), check_choice("field", field, FIELDS))


def hermitian_matrix(
    entries: EntryLaw, field: str, n: int, rng: np.random.Generator, variance: float, diagonal_variance: float
) -> Matrix:
    """Hermitian n × n matrix of independent entries, with the given variances off and on the diagonal."""
    from rmt.numerics.dense.hermitian import hermitian_from_triangle

    strict = entries.draw(rng, n * (n - 1) // 2, field=field, scale=math.sqrt(variance))
    diagonal = entries.draw(rng, n, scale=math.sqrt(diagonal_variance))
    matrix = np.empty((n, n), dtype=strict.dtype)
    hermitian_from_triangle(strict, diagonal, matrix)
    return matrix
