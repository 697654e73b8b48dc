"""Dyson's circular ensembles of index 1 and 4 as dense matrices."""

from __future__ import annotations

from typing import Literal

import numpy as np

from rmt.ensembles.beta import CircularEnsemble
from rmt.ensembles.ensemble import Ensemble, Float, Matrix, Warrant
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.spectra.verdict.prediction import Fluctuations


class CircularMatrixEnsemble(Ensemble):
    """Symmetric or self-dual unitary matrices; made by :func:`coe` and :func:`cse`."""

    hermitian = False
    _unitary = True
    #: under orthogonal matrices, or symplectic ones
    warrant = Warrant.INVARIANT

    def __init__(self, beta: Literal[1, 4]) -> None:
        self._index = beta
        self.field = "complex" if beta == 1 else "quaternion"

    @property
    def beta(self) -> float:
        """Dyson index."""
        return float(self._index)

    @property
    def T(self) -> Ensemble:  # noqa: N802
        """The matrix itself, which is symmetric; refused for a quaternion one."""
        return self if self._index == 1 else super().T

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        from rmt.numerics.dense.householder import haar_matrix

        if self._index == 1:
            haar = haar_matrix(n, rng, field="complex")
            return haar.T @ haar
        haar = haar_matrix(2 * n, rng, field="complex")
        return dual(haar) @ haar

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        return CircularEnsemble(self.beta)._eigenvalues(n, rng)

    def _singular_values(self, n: int, rng: np.random.Generator) -> Float:
        return np.ones(n)

    def fluctuations(self) -> Fluctuations:
        """Traces of powers of the circular ensemble."""
        return CircularEnsemble(self.beta).fluctuations()

    def law(self) -> PlanarLaw:
        """Uniform law on the unit circle (Dyson 1962a)."""
        from rmt.laws.planar.planar_law import UnitCircle

        return UnitCircle()

    def gram_law(self) -> Law:
        """The unit mass at 1: X X* is the identity."""
        from rmt.laws.atomic import Atomic

        return Atomic((1,), (1,))

    def __repr__(self) -> str:
        return "coe()" if self._index == 1 else "cse()"


def coe() -> Ensemble:
    """Circular orthogonal ensemble: symmetric unitary matrices UᵀU, U a Haar unitary matrix (Dyson 1962a).

    Invariant under V ↦ WᵀVW for unitary W: scattering with time reversal. ``circular(1)`` has the same eigenvalues.

    Returns
    -------
    Ensemble

    Examples
    --------
    >>> import numpy as np, rmt
    >>> S = rmt.coe().sample(3, rng=0)
    >>> np.allclose(S, S.T), np.allclose(S @ S.conj().T, np.eye(3))
    (True, True)
    """
    return CircularMatrixEnsemble(1)


def cse() -> Ensemble:
    """Circular symplectic ensemble: self-dual unitary matrices of size 2n (Dyson 1962a).

    ``sample(n)`` is Uᴿ U with a Haar unitary U of size 2n and Uᴿ = J Uᵀ J⁻¹, J = [[0, 1], [−1, 0]]: its eigenvalues
    come in equal pairs; ``eigenvalues(n)`` gives the n distinct ones, those of ``circular(4)``.

    Returns
    -------
    Ensemble

    Examples
    --------
    >>> import rmt
    >>> rmt.cse().sample(3, rng=0).shape, rmt.cse().eigenvalues(3, rng=0).shape
    ((6, 6), (3,))
    """
    return CircularMatrixEnsemble(4)


def dual(matrix: Matrix) -> Matrix:
    """The quaternion dual J Mᵀ J⁻¹ of a matrix of even size."""
    n = matrix.shape[0] // 2
    turned = matrix.T
    return np.block([[turned[n:, n:], -turned[n:, :n]], [-turned[:n, n:], turned[:n, :n]]])
