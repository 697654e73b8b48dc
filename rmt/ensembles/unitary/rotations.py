"""Haar measure on the rotations, the component of the orthogonal group that holds the identity."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rmt.ensembles.ensemble import Matrix
from rmt.ensembles.haar import HaarEnsemble
from rmt.numerics.dense.householder import HouseholderProduct, haar_product
from rmt.spectra.verdict.prediction import Fluctuations


class RotationEnsemble(HaarEnsemble):
    """The uniform law on SO(n); made by :func:`haar_special_orthogonal`."""

    def __init__(self) -> None:
        super().__init__("real")

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        return rotation(haar_product(n, rng)).matrix()

    def reflections(self, n: int, *, columns: int | None = None, rng: Any = None) -> HouseholderProduct:
        """As for :func:`haar_orthogonal`; fewer than n columns are those of O(n)."""
        return rotation(super().reflections(n, columns=columns, rng=rng))

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        return self._of_determinant_one(n, rng)

    def fluctuations(self) -> Fluctuations:
        """Traces of powers of rotations."""
        from rmt.spectra.verdict.kinds import CircleFluctuations

        return CircleFluctuations(float(self.beta), "special")

    def __repr__(self) -> str:
        return "haar_special_orthogonal()"


def haar_special_orthogonal() -> HaarEnsemble:
    """Haar measure on the rotations SO(n): orthogonal matrices of determinant 1.

    The eigenvalues are conjugate pairs, and 1 in odd dimension. Traces of powers below n/2 have the moments of
    :func:`haar_orthogonal`: the determinant is a polynomial of degree n.

    Returns
    -------
    Ensemble

    Examples
    --------
    >>> import numpy as np, rmt
    >>> Q = rmt.haar_special_orthogonal().sample(5, rng=0)
    >>> round(float(np.linalg.det(Q)), 12)
    1.0
    """
    return RotationEnsemble()


def rotation(product: HouseholderProduct) -> HouseholderProduct:
    """The product with its first column turned, where it is square and has determinant −1."""
    rows, columns = product.shape
    if columns < rows:
        return product
    determinant = np.prod(np.where(product.tau != 0.0, -1.0, 1.0)) * np.prod(product.phases)
    phases = product.phases.copy()
    phases[0] *= np.sign(determinant)
    return replace(product, phases=phases)
