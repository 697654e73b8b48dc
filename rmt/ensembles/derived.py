"""Letters made from another one: transposes and inverses of the same random matrix."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from rmt.ensembles.ensemble import Ensemble, Matrix
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.spectra.verdict.prediction import Fluctuations


class DerivedEnsemble(Ensemble):
    """A function of another random matrix; two of the same kind of the same matrix are equal."""

    def __init__(self, base: Ensemble) -> None:
        self.base = base
        self.field = base.field
        self.hermitian = base.hermitian
        self.warrant = base.warrant
        self.shape = base.shape

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, DerivedEnsemble) and self.base is other.base

    def __hash__(self) -> int:
        return hash((type(self), id(self.base)))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.base,)

    @property
    def is_rigid(self) -> bool:
        """That of the matrix itself."""
        return self.base.is_rigid

    @property
    def _roots(self) -> tuple[Ensemble, ...]:
        return self.base._roots

    def _formed(self, drawn: dict[Ensemble, Matrix], n: int) -> Matrix:
        return self._made_of(self.base._formed(drawn, n))

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        return self._made_of(self.base._sample(n, rng))

    def _bytes(self, method: str, n: int) -> float:
        return self.base._bytes(method, n) + (self._dense_bytes(n) if method == "_sample" else 0.0)

    @abstractmethod
    def _made_of(self, matrix: Matrix) -> Matrix:
        """The function of one sample."""


class TransposedEnsemble(DerivedEnsemble):
    """The transpose of a complex random matrix; made by ``X.T``."""

    def __init__(self, base: Ensemble) -> None:
        super().__init__(base)
        rows, columns = base.shape
        self.shape = columns, rows

    def _made_of(self, matrix: Matrix) -> Matrix:
        return matrix.T

    def fluctuations(self) -> Fluctuations:
        """Those of the matrix itself: it has the same eigenvalues."""
        return self.base.fluctuations()

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        return self.base._eigenvalues(n, rng)

    def _singular_values(self, n: int, rng: np.random.Generator) -> Any:
        return self.base._singular_values(n, rng)

    @property
    def T(self) -> Ensemble:  # noqa: N802
        """The matrix itself."""
        return self.base

    def law(self) -> Law | PlanarLaw:
        """The law of the matrix itself."""
        return self.base.law()

    def gram_law(self) -> Law:
        """Limit law of X^T (X^T)*, that of X* X transposed."""
        return self.base.gram_law() if self.hermitian else self.base.H.gram_law()

    def __repr__(self) -> str:
        return f"{self.base!r}.T"


class InverseEnsemble(DerivedEnsemble):
    """The inverse of a random matrix; made by ``X.inverse()``."""

    def _made_of(self, matrix: Matrix) -> Matrix:
        found = np.linalg.inv(matrix)
        return (found + found.conj().T) / 2.0 if self.hermitian else found

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        values = 1.0 / self.base._eigenvalues(n, rng)
        return np.sort(values)

    def _inverse_of(self, other: Ensemble) -> bool:
        return other is self.base

    def inverse(self) -> Ensemble:
        """The matrix itself."""
        return self.base

    def law(self) -> Law:
        """The law of 1/X."""
        from rmt.free import inverse
        from rmt.laws.law import Law as LineLaw

        law = self.base.law()
        if not isinstance(law, LineLaw):
            raise TypeError(
                f"the limit law of the inverse of {self.base!r} does not live on the line; gram_law() does, and "
                ".eigenvalues(n) samples it"
            )
        return inverse(law)

    def gram_law(self) -> Law:
        """The law of the inverse of X* X."""
        from rmt.free import inverse

        return super().gram_law() if self.hermitian else inverse(self.base.gram_law())

    def __repr__(self) -> str:
        return f"{self.base!r}.inverse()"


def transposed(ensemble: Ensemble) -> Ensemble:
    """The transpose of a complex ensemble that is no expression."""
    if ensemble.field == "quaternion":
        raise TypeError(f"the transpose of {ensemble!r} is no quaternion matrix; X.H is the conjugate transpose")
    return TransposedEnsemble(ensemble)


def inverted(ensemble: Ensemble) -> Ensemble:
    """The inverse of an ensemble; adjoint for a unitary one."""
    rows, columns = ensemble.shape
    if rows != columns:
        raise ValueError(f"{ensemble!r} of shape {rows}n x {columns}n is not square, so it has no inverse")
    if ensemble._unitary:
        return ensemble.H
    from rmt.laws.law import Law as LineLaw

    law = ensemble.law() if ensemble.hermitian else ensemble.gram_law()
    mass = dict(law.atoms).get(0.0, 0.0) if isinstance(law, LineLaw) else 0.0
    if mass > 0.0:
        raise ValueError(
            f"{ensemble!r} has no inverse: its limit law has mass {mass:.6g} at 0; add a constant first, "
            "(X + c).inverse()"
        )
    return InverseEnsemble(ensemble)
