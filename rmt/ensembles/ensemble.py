"""The contract of a random matrix: sample it, take its eigenvalues, name the law they converge to."""

from __future__ import annotations

import os
from abc import abstractmethod
from concurrent.futures import Executor
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from rmt._frozen import Frozen
from rmt.errors import check_count, check_generator, shown
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.numerics.dense.blas import one_blas_thread
from rmt.spectra.verdict.prediction import Fluctuations

if TYPE_CHECKING:
    from rmt.ensembles.expression import Expression

Float = NDArray[np.float64]
Matrix = NDArray[Any]


class Warrant(Enum):
    """Hypothesis under which a matrix is asymptotically free from independent ones; the value is the sentence for it.

    Examples
    --------
    >>> import rmt
    >>> rmt.gue().warrant.name, rmt.wigner().warrant.name, rmt.diagonal(rmt.Uniform()).warrant.name
    ('INVARIANT', 'INVARIANT', 'NONE')
    """

    INVARIANT = "its law is invariant under conjugation by Haar unitary or orthogonal matrices"
    WIGNER = "it is built from independent centred entries"
    PERMUTATION = "it is a uniformly distributed permutation, free from other such, not from diagonal matrices"
    NONE = "nothing makes its eigenvectors generic"


class Ensemble(Frozen):
    """A random matrix that has not been drawn yet.

    An ensemble is a variable: two ensembles are equal only if they are the same object. ``X + X`` is the
    matrix ``2 * X``; ``rmt.gue() + rmt.gue()`` is the sum of two independent matrices.

    `n` always is the matrix dimension (the number of rows). ``rng=`` takes a Generator, a SeedSequence, an
    integer or None, as :func:`numpy.random.default_rng` does; the same `rng` gives the same numbers whatever the
    number of threads or workers.

    Attributes
    ----------
    field : str
        "real", "complex" or "quaternion".
    hermitian : bool
        Whether every sample equals its conjugate transpose.
    warrant : Warrant
        Hypothesis under which it is asymptotically free: why it is asymptotically free from independent matrices.
    shape : tuple of int
        Rows and columns as multiples of n.

    Examples
    --------
    >>> import rmt
    >>> X, W = rmt.gue(), rmt.wishart(ratio=0.5)
    >>> S = X + W
    >>> S.law()
    boxplus(Semicircle(mean=0, variance=1), MarchenkoPastur(ratio=0.5, variance=1))
    >>> S.sample(3, rng=0).shape, S.eigenvalues(5, rng=0).shape
    ((3, 3), (5,))
    >>> S.singular_values(4, rng=0, trials=2).shape
    (2, 4)
    >>> round(W.inverse().law().support[0].high, 9)  # 1/(1 − √ratio)²
    11.656854249
    >>> W.singular_value_law().pdf(5.0), round(W.mean_density(4).mean(), 9)
    (0.0, 1.0)
    >>> X.largest_law(10).mean() < 2.0, W.smallest_law(4).support[0].low
    (True, 0.0)
    >>> rmt.ginibre().gram_law()
    MarchenkoPastur(ratio=1, variance=1)
    """

    field: str = "real"
    hermitian: bool = True
    warrant: Warrant = Warrant.NONE
    shape: tuple[int, int] = (1, 1)

    #: whether every sample is a unitary matrix, or a projection
    _unitary: ClassVar[bool] = False
    _idempotent: ClassVar[bool] = False

    __array_ufunc__: ClassVar[None] = None

    @property
    def is_rigid(self) -> bool:
        """Whether every eigenvalue stays close to its quantile of the law.

        Not so for independent eigenvalues, nor for the largest ones of entries without a fourth moment.
        """
        return True

    def fluctuations(self) -> Fluctuations:
        """What is known of the eigenvalues at finite n: means and covariances of their sums, laws of their ends.

        :func:`rmt.spectra.compare` takes it for ``ensemble=``, and says where nothing is known.

        Returns
        -------
        rmt.spectra.Fluctuations

        Examples
        --------
        >>> import rmt
        >>> rmt.goe().fluctuations().predict(rmt.Semicircle(), 100).kind
        'Gaussian ensemble, beta = 1'
        """
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        return UnknownFluctuations(float(self.beta), rigid=self.is_rigid)

    def singular_value_fluctuations(self) -> Fluctuations:
        """What is known of the singular values at finite n; as :meth:`fluctuations`.

        Returns
        -------
        rmt.spectra.Fluctuations

        Examples
        --------
        >>> import rmt
        >>> X = rmt.ginibre(shape=(1, 2))
        >>> X.singular_value_fluctuations().predict(X.singular_value_law(), 100).squared
        True
        """
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        return UnknownFluctuations(float(self.beta), rigid=self.is_rigid)

    # ------------------------------------------------------------------ hooks a concrete ensemble implements
    @abstractmethod
    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        """One matrix with `n` rows."""

    @abstractmethod
    def law(self) -> Law | PlanarLaw:
        """Limit of the eigenvalue distribution as n grows.

        Returns
        -------
        Law or PlanarLaw
        """

    def gram_law(self) -> Law:
        """Limit law of X X*, that is, of the squared singular values.

        Returns
        -------
        Law
        """
        if self.hermitian:
            from rmt.laws.maps.pushforward import squared

            return squared(cast("Law", self.law()))
        raise TypeError(f"the limit law of the singular values of {self!r} is not known")

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        """Eigenvalues of one matrix, ascending for a Hermitian one; override where a cheaper exact route exists."""
        matrix = self._sample(n, rng)
        return np.linalg.eigvalsh(matrix) if self.hermitian else eigenvalues_in_order(matrix)

    def _singular_values(self, n: int, rng: np.random.Generator) -> Float:
        """Singular values of one matrix, descending; override where a cheaper exact route exists."""
        if self.hermitian:
            return np.sort(np.abs(self._eigenvalues(n, rng)))[::-1]
        return np.linalg.svd(self._sample(n, rng), compute_uv=False)

    def _bytes(self, method: str, n: int) -> float:
        """Memory that ``_sample``, ``_eigenvalues`` or ``_singular_values`` takes at `n`; 0 if next to none.

        An ensemble whose own eigenvalue route draws a dense matrix overrides this.
        """
        if method == "_singular_values" and self.hermitian:
            method = "_eigenvalues"
        overridden = getattr(type(self), method) is not getattr(Ensemble, method)
        return 0.0 if method != "_sample" and overridden else self._dense_bytes(n)

    def _dense_bytes(self, n: int) -> float:
        """Memory for a dense matrix and the two copies that drawing or decomposing it takes."""
        side = 2.0 * n if self.field == "quaternion" else float(n)
        return 3.0 * side * side * (8.0 if self.field == "real" else 16.0)

    def _lighter_route(self, method: str, n: int) -> str:
        """What to do when :meth:`_bytes` is too much; a clause for the message."""
        if method == "_sample" and self._bytes("_eigenvalues", n) < 0.1 * self._bytes("_sample", n):
            return "eigenvalues(n) draws no dense matrix"
        return "take a smaller n: the limit law is approached at the rate 1/n, and trials= fills the histogram"

    def _check_memory(self, method: str, n: int, results: float = 0.0) -> None:
        from rmt.numerics.memory import check_memory

        what = f"{self!r}.{method.lstrip('_')}(n)"
        check_memory(f"n = {n}", self._bytes(method, n) + results, what, lambda: self._lighter_route(method, n))

    # ------------------------------------------------------------------ public face
    def sample(self, n: int, *, rng: Any = None) -> Matrix:
        """Draw one dense matrix with `n` rows.

        Parameters
        ----------
        n : int
            Matrix dimension, >= 1.
        rng : Generator, SeedSequence, int or None
            As :func:`numpy.random.default_rng` takes it.

        Returns
        -------
        ndarray
            Real or complex; twice as many rows and columns for a quaternion ensemble.

        Raises
        ------
        TypeError
            If `n` or `rng` is not of the kind named above.
        ValueError
            If ``n < 1``, or the matrix does not fit into memory (the message says what it would take).
        """
        size = check_count("n", n)
        self._check_memory("_sample", size)
        with one_blas_thread():
            return self._sample(size, check_generator(rng))

    def eigenvalues(
        self,
        n: int,
        *,
        rng: Any = None,
        trials: int = 1,
        executor: Executor | None = None,
        out: str | os.PathLike[str] | None = None,
        progress: bool = False,
    ) -> Matrix:
        """Draw eigenvalues, by the cheapest route that is exact in distribution.

        They have the law of the eigenvalues of :meth:`sample`, but are not those of the matrix that the same `rng`
        gives: where a tridiagonal model or another structure exists, no dense matrix is drawn.

        Parameters
        ----------
        n : int
            Matrix dimension, >= 1.
        rng : Generator, SeedSequence, int or None
            Each trial has its own spawned child generator: the numbers do not depend on who ran them.
        trials : int
            Number of independent repeats.
        executor : concurrent.futures.Executor, optional
            Runs the trials: threads, processes, or any object with the same interface, such as a Dask client's
            ``get_executor()``. Dense LAPACK does not get faster with threads: take processes for matrices.
        out : path, optional
            A ``.npz`` file that keeps finished trials; a repeated call with the same arguments resumes from it.
        progress : bool
            Show a progress bar on stderr; without tqdm nothing is shown.

        Returns
        -------
        ndarray of shape (n,), or (trials, n) for more than one trial
            (2n in place of n for :func:`rmt.haar_symplectic`)
            Ascending for a Hermitian ensemble, by angle in (−π, π] for a unitary one, else by real, then imaginary
            parts (another processor may swap two whose real parts agree to rounding).

        Raises
        ------
        TypeError
            If `n`, `rng` or `trials` is not of the kind named above.
        ValueError
            If ``n < 1``, the work does not fit into memory, or the `out` file holds other trials.
        TrialError
            If a trial fails twice on an executor; the finished ones are kept.
        """
        return self._repeat("_eigenvalues", n, rng, trials, executor, out, progress)

    def singular_values(
        self,
        n: int,
        *,
        rng: Any = None,
        trials: int = 1,
        executor: Executor | None = None,
        out: str | os.PathLike[str] | None = None,
        progress: bool = False,
    ) -> Float:
        """Draw singular values, descending; parameters as for :meth:`eigenvalues`.

        Parameters
        ----------
        n : int
            Matrix dimension (number of rows), >= 1.
        rng : Generator, SeedSequence, int or None
            As :func:`numpy.random.default_rng` takes it.
        trials : int
            Number of independent matrices; more than one give an array with one row a matrix.
        executor : concurrent.futures.Executor, optional
            What the trials run on; the numbers do not depend on it.
        out : str or path, optional
            File to which finished trials are written, and from which a stopped run goes on.
        progress : bool
            Whether to show a bar on long work (needs tqdm).

        Returns
        -------
        ndarray of float, shape (min(n, columns),) or (trials, min(n, columns))

        Raises
        ------
        TypeError
            If `n` or `rng` is not of the kind named above.
        ValueError
            If `n` or `rng` is out of the range named above.
        """
        return self._repeat("_singular_values", n, rng, trials, executor, out, progress)

    def singular_value_law(self) -> Law:
        """Limit law of the singular values: the square root of :meth:`gram_law`.

        Returns
        -------
        Law
        """
        from rmt.laws.maps.pushforward import square_root

        return square_root(self.gram_law())

    def largest_law(self, n: int, *, method: str = "auto") -> Law:
        """Law of the largest eigenvalue at dimension n, on the scale of the eigenvalue itself.

        Known for the Gaussian and Wishart families: ``goe gue gse hermite wigner wishart laguerre``.

        Parameters
        ----------
        n : int
            Matrix dimension, >= 1.
        method : str
            ``"exact"``: the law at finite n, n <= 400, Gaussian entries, beta 1, 2, 4.
            ``"second_order"``: Tracy-Widom with the term of next order, error O(n^(−4/3)).
            ``"first_order"``: without it, with the same centre and scale; ``"plain"``: about 2 + n^(−2/3) TW.
            ``"johnstone"``, ``"ma"``, ``"el_karoui"``: centrings of Wishart matrices in other software.
            ``"auto"``: exact up to n = 200, above it second order; first order for entries that are not Gaussian.

        Returns
        -------
        Law

        Raises
        ------
        TypeError
            If no law is known for the extreme eigenvalues of the ensemble.
        ValueError
            If n < 1, the method is unknown or does not apply, or the entries have no fourth moment.

        Examples
        --------
        >>> import rmt
        >>> round(rmt.goe().largest_law(10).cdf(2.2), 12)
        0.963771363372
        """
        from rmt.ensembles.extremes import largest_law

        return largest_law(self, n, method)

    def smallest_law(self, n: int, *, method: str = "auto") -> Law:
        """Law of the smallest eigenvalue at dimension n; parameters as for :meth:`largest_law`.

        A soft lower edge (Wishart, more samples than dimensions) follows Tracy-Widom in the logarithm of the
        eigenvalue. ``"hard_edge"`` is the Bessel law of nearly square matrices; above n = 200 ``"auto"`` takes it while
        m − n <= n/5. With fewer samples than dimensions the law is the point mass at 0.

        Parameters
        ----------
        n : int
            Matrix dimension, >= 1.
        method : str
            As for :meth:`largest_law`.

        Returns
        -------
        Law

        Raises
        ------
        TypeError
            If `n` or `method` is not of the kind named above.
        ValueError
            If `n` or `method` is out of the range named above.
        """
        from rmt.ensembles.extremes import smallest_law

        return smallest_law(self, n, method)

    def mean_density(self, n: int) -> Law:
        """Mean density of the eigenvalues at dimension n, exactly: the limit law before the limit.

        Known for ``goe gue gse``, Gaussian ``wishart`` of both fields, and the same of ``hermite`` and ``laguerre``.

        Parameters
        ----------
        n : int
            Matrix dimension, 1 <= n <= 400.

        Returns
        -------
        Law

        Raises
        ------
        TypeError
            If the ensemble is of another kind.
        ValueError
            If n is out of range, the entries are not Gaussian, beta is not 1, 2 or 4, or there are
            fewer samples than dimensions.

        Examples
        --------
        >>> import rmt
        >>> round(rmt.goe().mean_density(3).pdf(0.0), 12)
        0.297791361994
        """
        from rmt.ensembles.extremes import mean_density

        return mean_density(self, n)

    @property
    def beta(self) -> float:
        """Dyson index: 1 real, 2 complex, 4 quaternion."""
        return {"real": 1, "complex": 2, "quaternion": 4}[self.field]

    # ------------------------------------------------------------------ algebra of variables
    @property
    def H(self) -> Ensemble:  # noqa: N802 (the field writes A.H for the conjugate transpose)
        """Conjugate transpose of the same random matrix."""
        return self if self.hermitian else self._expression().H

    @property
    def T(self) -> Ensemble:  # noqa: N802
        """Transpose of the same random matrix: the conjugate transpose of a real one.

        The transpose of a complex unitarily invariant matrix is asymptotically free from the matrix itself (Mingo and
        Popa 2016).

        Raises
        ------
        TypeError
            If the matrix is quaternion.
        """
        if self.field == "real":
            return self.H
        from rmt.ensembles.derived import transposed

        return transposed(self)

    def inverse(self) -> Ensemble:
        """Inverse of the same random matrix, for laws without mass at 0; ``X @ X.inverse()`` is the identity.

        Returns
        -------
        Ensemble

        Raises
        ------
        ValueError
            If the matrix is not square, or its limit law has mass at 0.

        Examples
        --------
        >>> import rmt
        >>> [round(m, 12) for m in rmt.wishart(ratio=0.5).inverse().law().moments(3)]
        [2.0, 8.0, 48.0]
        """
        from rmt.ensembles.derived import inverted

        return inverted(self)

    @property
    def _roots(self) -> tuple[Ensemble, ...]:
        """The independent matrices that are drawn for this one."""
        return (self,)

    def _formed(self, drawn: dict[Ensemble, Matrix], n: int) -> Matrix:
        """The matrix, from those drawn for its roots."""
        return drawn[self]

    def _inverse_of(self, other: Ensemble) -> bool:
        """Whether this letter beside the other one gives the identity."""
        return False

    def _expression(self) -> Expression:
        from rmt.ensembles.expression import Expression

        return Expression.variable(self)

    def __add__(self, other: object) -> Ensemble:
        return self._expression() + other

    def __radd__(self, other: object) -> Ensemble:
        return self._expression() + other

    def __sub__(self, other: object) -> Ensemble:
        return self._expression() - other

    def __rsub__(self, other: object) -> Ensemble:
        return -self._expression() + other

    def __neg__(self) -> Ensemble:
        return -self._expression()

    def __pos__(self) -> Ensemble:
        return self

    def __mul__(self, other: object) -> Ensemble:
        if isinstance(other, Ensemble):
            _refuse_star()
        return self._expression() * other

    def __rmul__(self, other: object) -> Ensemble:
        return self._expression() * other

    def __truediv__(self, other: object) -> Ensemble:
        return self._expression() / other

    def __matmul__(self, other: object) -> Ensemble:
        return self._expression() @ other

    def __rmatmul__(self, other: object) -> Ensemble:
        raise TypeError(f"X @ Y needs two ensembles, got {type(other).__name__}; a number multiplies with *")

    def __rtruediv__(self, other: object) -> Ensemble:
        raise TypeError(f"a number over an ensemble is written c * X.inverse(), got {shown(other)} / {shown(self)}")

    def __pow__(self, exponent: object) -> Ensemble:
        return self._expression() ** exponent

    # ------------------------------------------------------------------ repeats
    def _repeat(
        self,
        method: str,
        n: int,
        rng: Any,
        trials: int,
        executor: Executor | None,
        out: str | os.PathLike[str] | None,
        progress: bool,
    ) -> Matrix:
        from rmt.ensembles.repeats import run_trials

        size = check_count("n", n)
        count = check_count("trials", trials)
        self._check_memory(method, size, results=16.0 * size * count)
        rows = run_trials(self, method, size, rng, count, executor=executor, out=out, progress=progress)
        return rows[0] if count == 1 else np.stack(rows)


def eigenvalues_in_order(matrix: Matrix) -> Matrix:
    """Eigenvalues by real parts, then imaginary parts: the order that LAPACK gives depends on the processor.

    Complex for every draw, also where all of them are real.
    """
    return np.sort(np.linalg.eigvals(matrix).astype(np.complex128))


def show_call(name: str, *arguments: tuple[str, Any, Any]) -> str:
    """Text ``name(key=value, ...)`` of a call, from triples (key, value, default); defaults are left out."""
    given = ", ".join(f"{key}={value!r}" for key, value, default in arguments if value != default)
    return f"{name}({given})"


def _refuse_star() -> NoReturn:
    raise TypeError("ensemble * ensemble is ambiguous: write X @ Y for the matrix product")
