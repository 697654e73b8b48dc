"""Haar-distributed orthogonal, unitary and symplectic matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rmt.ensembles.beta import CircularEnsemble, jacobi_model
from rmt.ensembles.ensemble import Ensemble, Float, Matrix, Warrant
from rmt.errors import check_count, check_generator
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.spectra.verdict.prediction import Fluctuations

if TYPE_CHECKING:
    from rmt.numerics.dense.householder import Field, HouseholderProduct


class HaarEnsemble(Ensemble):
    """The uniform law on a compact group; made by :func:`haar_orthogonal` and its siblings."""

    hermitian = False
    warrant = Warrant.INVARIANT
    field: Field
    _unitary = True

    def __init__(self, field: Field) -> None:
        self.field = field

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        from rmt.numerics.dense.householder import haar_matrix

        return haar_matrix(n, rng, field=self.field)

    def reflections(self, n: int, *, columns: int | None = None, rng: Any = None) -> HouseholderProduct:
        """Draw a matrix as a product of Householder reflections, without forming it.

        The result multiplies vectors and matrices in O(n²) operations a column: ``Q.apply(B)`` is Q B,
        ``Q.apply_adjoint(B)`` is Q* B, and ``Q.matrix()`` forms it.

        Parameters
        ----------
        n : int
            Matrix dimension, >= 1.
        columns : int, optional
            From 1 to n, by default n; fewer give the uniform law on the Stiefel manifold of orthonormal columns.
        rng : Generator, SeedSequence, int or None

        Raises
        ------
        ValueError
            If ``n < 1``, or `columns` is not between 1 and n.

        Examples
        --------
        >>> import numpy as np, rmt
        >>> Q = rmt.haar_orthogonal().reflections(1000, rng=0)
        >>> x = Q.apply(np.ones(1000))
        >>> bool(np.isclose(x @ x, 1000.0))
        True
        """
        from rmt.numerics.dense.householder import haar_product

        size = check_count("n", n)
        self._check_memory("_sample", size)
        return haar_product(size, check_generator(rng), columns, self.field)

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        if self.field == "complex":
            return CircularEnsemble(2.0)._eigenvalues(n, rng)
        if self.field == "quaternion":
            return _conjugate_pairs(_jacobi_angles(n, 0.5, 0.5, rng))
        if rng.random() < 0.5:
            return self._of_determinant_one(n, rng)
        fixed = [-1.0] if n % 2 else [-1.0, 1.0]
        return _conjugate_pairs(_jacobi_angles((n - 1) // 2, 0.5, -0.5 if n % 2 else 0.5, rng), fixed)

    def _of_determinant_one(self, n: int, rng: np.random.Generator) -> Matrix:
        """Angles in conjugate pairs, and 1 in odd dimension."""
        angles = _jacobi_angles(n // 2, -0.5, 0.5 if n % 2 else -0.5, rng)
        return _conjugate_pairs(angles, [1.0] if n % 2 else [])

    def _singular_values(self, n: int, rng: np.random.Generator) -> Float:
        return np.ones(2 * n if self.field == "quaternion" else n)

    def fluctuations(self) -> Fluctuations:
        """Traces of powers of Haar matrices."""
        from rmt.spectra.verdict.kinds import CircleFluctuations

        return CircleFluctuations(float(self.beta), self.field)

    def law(self) -> PlanarLaw:
        """Uniform law on the unit circle (Diaconis-Shahshahani 1994)."""
        from rmt.laws.planar.planar_law import UnitCircle

        return UnitCircle()

    def gram_law(self) -> Law:
        """The unit mass at 1: X X* is the identity."""
        from rmt.laws import Atomic

        return Atomic((1,), (1,))

    def __repr__(self) -> str:
        return {"real": "haar_orthogonal()", "complex": "haar_unitary()", "quaternion": "haar_symplectic()"}[self.field]


def _jacobi_angles(count: int, a: float, b: float, rng: np.random.Generator) -> Float:
    """Angles in (0, π), ascending, of the conjugate pairs of eigenvalues of an orthogonal or symplectic Haar matrix.

    The cos²(θ/2) have the density ∏ (y_i − y_j)² ∏ y^a (1 − y)^b (Weyl 1939; Johansson 1997): the Jacobi ensemble of
    β = 2, whose bidiagonal matrix has the cos(θ/2) as singular values.
    """
    from rmt.numerics.eigen.bidiagonal import bidiagonal_singular_values

    if count == 0:
        return np.empty(0)
    cosines = bidiagonal_singular_values(*jacobi_model(count, a, b, 2.0, rng))
    return 2.0 * np.arccos(np.minimum(cosines[::-1], 1.0))


def _conjugate_pairs(angles: Float, fixed: Sequence[float] = ()) -> Matrix:
    """Eigenvalues exp(±iθ) and the fixed ones among ±1, sorted by angle in (−π, π]."""
    upper = np.exp(1j * angles)
    middle = [value for value in fixed if value > 0.0]
    last = [value for value in fixed if value < 0.0]
    return np.concatenate([upper[::-1].conj(), middle, upper, last])


def haar_orthogonal() -> HaarEnsemble:
    """Haar measure on the orthogonal group O(n), both components (determinant 1 and −1).

    The eigenvalues fill the unit circle uniformly as n grows; the traces of its powers are asymptotically
    independent normals (Diaconis-Shahshahani 1994).

    Returns
    -------
    Ensemble

    Examples
    --------
    >>> import numpy as np, rmt
    >>> Q = rmt.haar_orthogonal().sample(4, rng=0)
    >>> bool(np.allclose(Q @ Q.T, np.eye(4)))
    True
    """
    return HaarEnsemble("real")


def haar_unitary() -> HaarEnsemble:
    """Haar measure on the unitary group U(n): the circular unitary ensemble (Dyson 1962a).

    E|tr U^k|² = min(k, n) (Diaconis-Shahshahani 1994; Diaconis-Evans 2001).

    Returns
    -------
    Ensemble

    Examples
    --------
    >>> import numpy as np, rmt
    >>> U = rmt.haar_unitary().sample(3, rng=0)
    >>> np.allclose(U @ U.conj().T, np.eye(3)), rmt.haar_unitary().law()
    (True, UnitCircle())
    """
    return HaarEnsemble("complex")


def haar_symplectic() -> HaarEnsemble:
    """Haar measure on the compact symplectic group Sp(n): unitary n × n quaternion matrices.

    ``sample(n)`` is the 2n × 2n complex matrix [[A, B], [−B̄, Ā]]; ``eigenvalues(n)`` gives all its 2n eigenvalues,
    n conjugate pairs on the unit circle (they are distinct, unlike the equal pairs of :func:`rmt.gse`).

    Returns
    -------
    Ensemble

    References
    ----------
    Mezzadri 2007.

    Examples
    --------
    >>> import numpy as np, rmt
    >>> U = rmt.haar_symplectic().sample(3, rng=0)
    >>> U.shape, np.allclose(U @ U.conj().T, np.eye(6))
    ((6, 6), True)
    """
    return HaarEnsemble("quaternion")
