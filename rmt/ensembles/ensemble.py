"""The contract of a random matrix: sample it, take its eigenvalues, name the law they converge to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rmt.errors import check_count

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from rmt.laws.law import Law
    from rmt.laws.planar import PlanarLaw


class Warrant(Enum):
    """Why a matrix is asymptotically free from independent ones; the value is the sentence for messages."""

    INVARIANT = "its law is invariant under conjugation by Haar unitary or orthogonal matrices"
    WIGNER = "its entries are independent (Wigner or iid)"
    NONE = "nothing makes its eigenvectors generic"


class Ensemble(ABC):
    """A random matrix that has not been drawn yet.

    An ensemble is a variable: two ensembles are equal only if they are the same object. ``X + X`` is ``2 * X``,
    ``X + rmt.gue()`` is the sum of two independent matrices.

    `n` always is the matrix dimension (the number of rows). ``rng=`` takes a Generator, a SeedSequence, an
    integer or None, as :func:`numpy.random.default_rng` does; the same `rng` gives the same matrix whatever the
    number of threads or workers.
    """

    #: "real", "complex" or "quaternion"
    field: str = "real"
    #: whether every sample equals its conjugate transpose
    hermitian: ClassVar[bool] = True
    #: why it is asymptotically free from independent matrices
    warrant: Warrant = Warrant.NONE

    __array_ufunc__: ClassVar[None] = None

    # ------------------------------------------------------------------ hooks a concrete ensemble implements
    @abstractmethod
    def _sample(self, n: int, rng: np.random.Generator) -> NDArray[Any]:
        """One matrix with `n` rows."""

    @abstractmethod
    def law(self) -> Law | PlanarLaw:
        """Limit of the eigenvalue distribution as n grows."""

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> NDArray[Any]:
        """Eigenvalues of one matrix, ascending for a Hermitian one; override where a cheaper exact route exists."""
        matrix = self._sample(n, rng)
        return np.linalg.eigvalsh(matrix) if self.hermitian else np.linalg.eigvals(matrix)

    def _singular_values(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Singular values of one matrix, descending; override where a cheaper exact route exists."""
        return np.linalg.svd(self._sample(n, rng), compute_uv=False)

    def gram_law(self) -> Law:
        """Law of X X*, that is, of the squared singular values."""
        raise TypeError(f"the law of the singular values of {self!r} is not known to this ensemble")

    # ------------------------------------------------------------------ public face
    def sample(self, n: int, *, rng: Any = None) -> NDArray[Any]:
        """Draw one dense matrix with `n` rows.

        Parameters
        ----------
        n : int
            Matrix dimension, >= 1.
        rng : Generator, SeedSequence, int or None

        Returns
        -------
        ndarray
        """
        return self._sample(check_count("n", n), np.random.default_rng(rng))

    @property
    def beta(self) -> int:
        """Dyson index: 1 real, 2 complex, 4 quaternion."""
        return {"real": 1, "complex": 2, "quaternion": 4}[self.field]
