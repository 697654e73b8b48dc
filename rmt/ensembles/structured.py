"""Projections, diagonal matrices, and what turns any matrix into a free one: conjugation by a Haar matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rmt.ensembles.ensemble import Ensemble, Float, Matrix, Warrant, show_call
from rmt.ensembles.entries import FIELDS
from rmt.errors import check_choice, check_real
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.spectra.verdict.prediction import Fluctuations

if TYPE_CHECKING:
    from rmt.numerics.dense.householder import Field


class ProjectionEnsemble(Ensemble):
    """Orthogonal projections on uniformly distributed subspaces; made by :func:`projection`."""

    warrant = Warrant.INVARIANT
    _idempotent = True

    def __init__(self, fraction: Any, field: str) -> None:
        self.fraction = fraction
        self.field = field

    def rank(self, n: int) -> int:
        """Dimension of the subspace: fraction · n rounded."""
        nearest: int = round(self.fraction * n)
        return nearest

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        rank = self.rank(n)
        if rank > n - rank:
            return np.eye(n) - self._onto_subspace(n, n - rank, rng)
        return self._onto_subspace(n, rank, rng)

    def _onto_subspace(self, n: int, rank: int, rng: np.random.Generator) -> Matrix:
        from rmt.ensembles.covariance import gram
        from rmt.numerics.dense.householder import haar_matrix

        if rank == 0:
            return np.zeros((n, n), dtype=np.float64 if self.field == "real" else np.complex128)
        return gram(haar_matrix(n, rng, rank, cast("Field", self.field)))

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        return np.repeat([0.0, 1.0], [n - self.rank(n), self.rank(n)])

    def fluctuations(self) -> Fluctuations:
        """Exact counts: the rank is not random."""
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        return UnknownFluctuations(
            float(self.beta), reason="the spectrum does not fluctuate", biased=True, continuous=False
        )

    def law(self) -> Law:
        """Bernoulli law: mass `fraction` at 1, the rest at 0."""
        from rmt.laws import Bernoulli

        return Bernoulli(self.fraction)

    def __repr__(self) -> str:
        return show_call("projection", ("fraction", self.fraction, None), ("field", self.field, "real"))


class PermutationEnsemble(Ensemble):
    """Uniformly distributed permutation matrices; made by :func:`permutation`."""

    hermitian = False
    warrant = Warrant.PERMUTATION
    _discrete = True
    _unitary = True

    @property
    def is_rigid(self) -> bool:
        """Of n eigenvalues about log n are 1, with a spread of its root, and other places like it."""
        return False

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        return np.eye(n)[rng.permutation(n)]

    def _bytes(self, method: str, n: int) -> float:
        return self._dense_bytes(n) if method == "_sample" else 0.0

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        """A cycle of length k has the k-th roots of 1."""
        image = rng.permutation(n)
        turns: list[Float] = []
        seen = np.zeros(n, dtype=bool)
        for start in range(n):
            length, place = 0, start
            while not seen[place]:
                seen[place] = True
                place, length = int(image[place]), length + 1
            if length:
                turns.append(np.arange(length) / length)
        angles = 2.0 * np.pi * np.concatenate(turns)
        return np.exp(1j * np.sort(np.where(angles > np.pi, angles - 2.0 * np.pi, angles)))

    def _singular_values(self, n: int, rng: np.random.Generator) -> Float:
        return np.ones(n)

    def fluctuations(self) -> Fluctuations:
        """Counts of cycles, which are independent Poisson numbers in the limit: not those of a Haar matrix."""
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        reason = "the eigenvalues are the roots of 1 of the cycles, which are few: one matrix is not near its law"
        return UnknownFluctuations(
            float(self.beta), reason=reason, rigid=self.is_rigid, biased=True, exact_atoms=False, continuous=False
        )

    def law(self) -> PlanarLaw:
        """Uniform law on the unit circle."""
        from rmt.laws.planar.planar_law import UnitCircle

        return UnitCircle()

    def gram_law(self) -> Law:
        """The unit mass at 1."""
        from rmt.laws import Atomic

        return Atomic((1,), (1,))

    def __repr__(self) -> str:
        return "permutation()"


class DiagonalEnsemble(Ensemble):
    """Diagonal matrices; made by :func:`diagonal`."""

    def __init__(self, law: Law, points: str) -> None:
        self._law = law
        self.points = points

    @property
    def is_rigid(self) -> bool:
        """Whether the eigenvalues are the quantiles of the law, not independent draws."""
        return self.points != "random"

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        return np.diag(self._entries(n, rng))

    def _entries(self, n: int, rng: np.random.Generator) -> Float:
        if self.points == "random":
            return np.asarray(self._law.rvs(n, rng=rng))
        return np.asarray(self._law.ppf((np.arange(n) + 0.5) / n))

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        return np.sort(self._entries(n, rng))

    def fluctuations(self) -> Fluctuations:
        """Independent points, or quantiles, which do not fluctuate."""
        from rmt.spectra.verdict.kinds import IndependentFluctuations, UnknownFluctuations

        if self.points == "random":
            return IndependentFluctuations()
        return UnknownFluctuations(
            float(self.beta), reason="the spectrum does not fluctuate", biased=True, continuous=False
        )

    def law(self) -> Law:
        """The law it was made of."""
        return self._law

    def __repr__(self) -> str:
        return show_call("diagonal", ("law", self._law, None), ("points", self.points, "quantiles"))


class HaarConjugateEnsemble(Ensemble):
    """Q X Q* with Q a Haar matrix; made by :func:`haar_conjugate`."""

    warrant = Warrant.INVARIANT

    def __init__(self, ensemble: Ensemble, field: str) -> None:
        self.ensemble = ensemble
        self.field = field
        self.hermitian = ensemble.hermitian
        self.shape = ensemble.shape

    def fluctuations(self) -> Fluctuations:
        """Those of the matrix inside: it has the same eigenvalues."""
        return self.ensemble.fluctuations()

    @property
    def is_rigid(self) -> bool:
        """That of the matrix inside."""
        return self.ensemble.is_rigid

    def _bytes(self, method: str, n: int) -> float:
        inner = self.ensemble._bytes(method, n)
        return inner + self._dense_bytes(n) if method == "_sample" else inner

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        from rmt.numerics.dense.householder import haar_product

        matrix = self.ensemble._sample(n, rng)
        size = matrix.shape[0] // 2 if self.field == "quaternion" else matrix.shape[0]
        q = haar_product(size, rng, field=cast("Field", self.field))
        conjugated = q.apply(q.apply(matrix).conj().T).conj().T
        return (conjugated + conjugated.conj().T) / 2.0 if self.hermitian else conjugated

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        return self.ensemble._eigenvalues(n, rng)

    def _singular_values(self, n: int, rng: np.random.Generator) -> Float:
        return self.ensemble._singular_values(n, rng)

    def law(self) -> Law | PlanarLaw:
        """The law of the conjugated ensemble."""
        return self.ensemble.law()

    def gram_law(self) -> Law:
        """That of the conjugated ensemble."""
        return self.ensemble.gram_law()

    def __repr__(self) -> str:
        return show_call(
            "haar_conjugate", ("ensemble", self.ensemble, None), ("field", self.field, self.ensemble.field)
        )


def projection(fraction: float = 0.5, field: str = "real") -> Ensemble:
    """Orthogonal projection on a uniformly distributed subspace of dimension round(fraction · n).

    Its law is Bernoulli, with mass `fraction` at 1; two of them are asymptotically free (Voiculescu 1991), and
    P Q P then has the law of Voiculescu-Dykema-Nica (1992, Example 3.6.7).

    Parameters
    ----------
    fraction : float
        Rank over dimension, in [0, 1].
    field : {"real", "complex"}
        Whether the subspace is one of ℝⁿ or of ℂⁿ.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `fraction` or `field` is not of the kind named above.
    ValueError
        If the fraction lies outside [0, 1], or the field is another one.

    Examples
    --------
    >>> import rmt
    >>> rmt.projection(0.25).law(), rmt.projection(0.25).eigenvalues(4, rng=0)
    (Bernoulli(p=0.25, low=0, high=1), array([0., 0., 0., 1.]))
    """
    return ProjectionEnsemble(
        check_real("fraction", fraction, at_least=0.0, at_most=1.0), check_choice("field", field, FIELDS)
    )


def permutation() -> Ensemble:
    """Uniformly distributed permutation matrix.

    Independent ones are asymptotically free Haar unitaries (Nica 1993): the adjacency matrix S + Sᵀ + T + Tᵀ of a
    random 4-regular graph has a Kesten-McKay law, but for its eigenvalue 4. They are free from Haar conjugates and
    from matrices of independent entries, not from diagonal matrices: S D Sᵀ is diagonal again, and S D Sᵀ + B has the
    classical convolution of both laws.

    Returns
    -------
    Ensemble

    References
    ----------
    Nica 1993.

    Examples
    --------
    >>> import rmt
    >>> S, T = rmt.permutation(), rmt.permutation()
    >>> S.sample(3, rng=0)
    array([[0., 0., 1.],
           [1., 0., 0.],
           [0., 1., 0.]])
    >>> (S + S.T + T + T.T).law().moments(4)
    (0.0, 4.0, 0.0, 28.0)
    """
    return PermutationEnsemble()


def diagonal(law: Law, points: str = "quantiles") -> Ensemble:
    """Diagonal matrix whose entries follow a law on the real line.

    Nothing makes its eigenvectors generic: in a sum or product with another such matrix, conjugate one of them with
    :func:`haar_conjugate`.

    Parameters
    ----------
    law : Law
        Law of the eigenvalues.
    points : {"quantiles", "random"}
        The n quantiles of order (i − 1/2)/n, ascending, so that the spectrum is as regular as eigenvalues are; or
        n independent draws, with fluctuations of order 1/√n.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `law` is not a law.
    ValueError
        If `points` is another string.

    Examples
    --------
    >>> import rmt
    >>> rmt.diagonal(rmt.Uniform()).eigenvalues(4)
    array([-0.75, -0.25,  0.25,  0.75])
    """
    if not isinstance(law, Law):
        raise TypeError(
            f"law must be a law of rmt.laws, got {law!r} of type {type(law).__name__}; numbers become one with "
            "rmt.Empirical(numbers), a density with rmt.Law.from_pdf"
        )
    return DiagonalEnsemble(law, check_choice("points", points, ("quantiles", "random")))


def haar_conjugate(ensemble: Ensemble, field: str | None = None) -> Ensemble:
    """Q X Q* with a Haar matrix Q: the same eigenvalues, uniformly distributed eigenvectors.

    The result is asymptotically free from every independent matrix (Voiculescu 1991; Collins-Śniady 2006 for the
    orthogonal and symplectic groups). It draws its own copy of the ensemble: ``X + rmt.haar_conjugate(X)`` has two
    independent terms.

    Parameters
    ----------
    ensemble : Ensemble
        What is conjugated.
    field : {"real", "complex"}, optional
        Orthogonal or unitary Q; by default the field of the ensemble (symplectic Q for a quaternion one).

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `ensemble` is not an ensemble.
    ValueError
        If the ensemble is not square, or the field does not contain that of the ensemble.

    Examples
    --------
    >>> import rmt
    >>> D = rmt.diagonal(rmt.Rademacher())
    >>> (D + rmt.haar_conjugate(D)).law()
    Arcsine(radius=2)
    """
    if not isinstance(ensemble, Ensemble):
        raise TypeError(
            f"ensemble must be a random matrix, got {ensemble!r} of type {type(ensemble).__name__}; a law becomes one "
            "with rmt.diagonal(law)"
        )
    rows, columns = ensemble.shape
    if rows != columns:
        raise ValueError(
            f"haar_conjugate needs a square matrix, got {ensemble!r} of shape {rows}n x {columns}n; multiply it by "
            "rmt.haar_unitary() on either side"
        )
    containing = {"real": ("real", "complex"), "complex": ("complex",), "quaternion": ("quaternion",)}[ensemble.field]
    return HaarConjugateEnsemble(
        ensemble, ensemble.field if field is None else check_choice("field", field, containing)
    )
