"""Sample covariance matrices and products of independent matrices."""

from __future__ import annotations

import math
import os
from concurrent.futures import Executor
from typing import Any

import numpy as np

from rmt.ensembles.beta import LaguerreEnsemble
from rmt.ensembles.ensemble import Ensemble, Float, Matrix, Warrant, show_call
from rmt.ensembles.entries import FIELDS, EntryLaw, as_entries
from rmt.ensembles.theorems import warn_about_edges
from rmt.errors import check_choice, check_count, check_real
from rmt.laws.law import Law
from rmt.spectra.verdict.prediction import Fluctuations

#: factors times n³: a day
_MOST_OPERATIONS = 1e14


class WishartEnsemble(Ensemble):
    """Sample covariance matrices A A*/m; made by :func:`wishart`."""

    def __init__(self, ratio: Any, entries: EntryLaw, field: str) -> None:
        self.ratio = ratio
        self.entries = entries
        self.field = field
        self.warrant = Warrant.INVARIANT if entries.is_gaussian else Warrant.WIGNER

    def samples(self, n: int) -> int:
        """Number of samples m, the columns of A: n/ratio rounded, at least 1."""
        nearest: int = round(n / self.ratio)
        return max(1, nearest)

    @property
    def is_rigid(self) -> bool:
        """Whether the entries have a fourth moment."""
        return self.entries.has_fourth_moment

    def _bytes(self, method: str, n: int) -> float:
        if method != "_sample" and self.entries.is_gaussian:
            return LaguerreEnsemble(self.beta, self.ratio, None)._bytes("_eigenvalues", n)
        itemsize = 8.0 if self.field == "real" else 16.0
        return self._dense_bytes(n) + 2.0 * itemsize * n * self.samples(n)

    def _data(self, n: int, rng: np.random.Generator) -> Matrix:
        """A/√m, so that W = data data*."""
        m = self.samples(n)
        return self.entries.draw(rng, (n, m), field=self.field, scale=math.sqrt(1.0 / m))

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        m = self.samples(n)
        return bartlett(n, m, self.field, rng) if self.entries.is_gaussian and m >= n else gram(self._data(n, rng))

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        if self.entries.is_gaussian:
            return LaguerreEnsemble(self.beta, self.ratio, None)._eigenvalues(n, rng)
        # the singular values of A keep the digits of the small eigenvalues that forming A A* loses
        return squares_padded(np.linalg.svd(self._data(n, rng), compute_uv=False), n)

    def fluctuations(self) -> Fluctuations:
        """Those of the Wishart ensemble, with the fourth cumulant of the entries."""
        if self.entries.is_gaussian:
            from rmt.spectra.verdict.families import LaguerreFluctuations

            return LaguerreFluctuations(float(self.beta))
        from rmt.spectra.verdict.independent_entries import CovarianceFluctuations

        return CovarianceFluctuations(self.entries.known(), float(self.beta))

    def law(self) -> Law:
        """Marchenko-Pastur law of the same ratio (Marchenko-Pastur 1967)."""
        from rmt.laws import MarchenkoPastur

        warn_about_edges(self, self.entries)
        return MarchenkoPastur(ratio=self.ratio)

    def __repr__(self) -> str:
        return show_call(
            "wishart",
            ("ratio", self.ratio, 1),
            ("entries", self.entries.argument, "gaussian"),
            ("field", self.field, "real"),
        )


class ProductWishartEnsemble(Ensemble):
    """J J* for a product J of independent square matrices; made by :func:`product_wishart`."""

    def __init__(self, depth: int, entries: EntryLaw, field: str) -> None:
        self.depth = depth
        self.entries = entries
        self.field = field
        self.warrant = Warrant.INVARIANT if entries.is_gaussian else Warrant.WIGNER

    @property
    def is_rigid(self) -> bool:
        """Whether the entries have a fourth moment."""
        return self.entries.has_fourth_moment

    def _bytes(self, method: str, n: int) -> float:
        held = 1 if method == "_sample" or self.entries.is_gaussian else self.depth
        return self._dense_bytes(n) * (1.75 + held / 3.0)

    def _check_memory(self, method: str, n: int, results: float = 0.0) -> None:
        super()._check_memory(method, n, results)
        if float(self.depth) * float(n) ** 3 > _MOST_OPERATIONS:
            raise ValueError(
                f"n = {n} and depth = {self.depth} would take more than a day for one matrix: the factors are "
                "multiplied one by one; law() is the limit for every depth"
            )

    def _factor(self, n: int, rng: np.random.Generator) -> Matrix:
        return self.entries.draw(rng, (n, n), field=self.field, scale=math.sqrt(1.0 / n))

    def _product(self, n: int, rng: np.random.Generator) -> Matrix:
        """J = W_L ... W_1, the first factor drawn first."""
        product = self._factor(n, rng)
        for _ in range(self.depth - 1):
            product = self._factor(n, rng) @ product
        return product

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        return gram(self._product(n, rng))

    def log_eigenvalues(
        self,
        n: int,
        *,
        rng: Any = None,
        trials: int = 1,
        executor: Executor | None = None,
        out: str | os.PathLike[str] | None = None,
        progress: bool = False,
    ) -> Float:
        """Draw logarithms of the eigenvalues, ascending, each with small relative error however deep the product.

        Eigenvalues of deep products leave the range of a double; their logarithms do not. The law of the logarithm is
        ``law().cdf_of_log``. Parameters as for :meth:`eigenvalues`; the same `rng` gives the same matrices. A
        zero gives −inf where it comes from empty rows or columns of a factor, else the logarithm of a rounding error.
        """
        return self._repeat("_log_eigenvalues", n, rng, trials, executor, out, progress)

    def _log_eigenvalues(self, n: int, rng: np.random.Generator) -> Float:
        """No product is formed: multiplying first loses every singular value below 1e-16 of the largest."""
        from rmt.spectra.product_spectra import gaussian_product_log_singular_values, product_singular_values

        if self.entries.is_gaussian:
            logs = gaussian_product_log_singular_values(n, self.depth, rng, field=self.field)
        else:
            factors = [self._factor(n, rng) for _ in range(self.depth)]
            logs = product_singular_values(factors[::-1])
        return 2.0 * logs[::-1]

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        return np.exp(self._log_eigenvalues(n, rng))

    def law(self) -> Law:
        """Fuss-Catalan law of order `depth`."""
        from rmt.laws import FussCatalan

        warn_about_edges(self, self.entries)
        return FussCatalan(order=self.depth)

    def __repr__(self) -> str:
        return show_call(
            "product_wishart",
            ("depth", self.depth, None),
            ("entries", self.entries.argument, "gaussian"),
            ("field", self.field, "real"),
        )


def wishart(ratio: Any = 1, entries: Any = "gaussian", field: str = "real") -> Ensemble:
    """Wishart (sample covariance) matrix W = A A*/m with A of n rows and m columns.

    `n` is the dimension of W and m = n/ratio the number of samples, rounded to an integer >= 1. E|a_ij|² = 1, so W has
    mean 1; its limit is the Marchenko-Pastur law on [(1 − √ratio)², (1 + √ratio)²], with an atom of mass 1 − 1/ratio at
    0 for ratio > 1 (Marchenko-Pastur 1967; for entries of finite variance Yin 1986). The largest eigenvalue converges
    to the upper edge if (Yin-Bai-Krishnaiah 1988) and only if (Bai-Silverstein-Yin 1988) the fourth moment is finite;
    the smallest that is not 0 converges to the lower edge (Bai and Yin 1993) whenever the variance is finite
    (Tikhomirov 2015).

    Parameters
    ----------
    ratio : float
        Dimension / samples, > 0. (Some packages use the inverse.)
    entries : str, EntryLaw, frozen scipy.stats distribution, or Law
        Entry law, standardised to mean 0 and variance 1: see :mod:`rmt.ensembles.entries`.
    field : {"real", "complex"}
        Field of the entries.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `ratio`, `entries` or `field` is not of the kind named above.
    ValueError
        If the ratio is not a finite number > 0, the entry law is unknown or has infinite variance, or the field is
        another one.

    Examples
    --------
    >>> import rmt
    >>> values = rmt.wishart(ratio=2.0).eigenvalues(10, rng=0)
    >>> int((values == 0.0).sum())
    5
    """
    return WishartEnsemble(
        check_real("ratio", ratio, above=0.0), as_entries(entries), check_choice("field", field, FIELDS)
    )


def product_wishart(depth: int = 2, entries: Any = "gaussian", field: str = "real") -> ProductWishartEnsemble:
    """Product Wishart matrix J J* with J = W_L ⋯ W_1, the input-output Jacobian of a deep linear network at its start.

    The W_l are independent n × n matrices with entries of variance 1/n, so J J* has mean 1. Its limit is the
    Fuss-Catalan law of order L = `depth` on [0, (L+1)^(L+1)/L^L] (Müller 2002; Penson-Życzkowski 2011; for general
    entries Alexeev, Götze and Tikhomirov 2010); depth 1 is ``wishart(ratio=1)``.

    Parameters
    ----------
    depth : int
        Number of factors L, >= 1.
    entries : str, EntryLaw, frozen scipy.stats distribution, or Law
        Entry law of the factors, standardised: see :mod:`rmt.ensembles.entries`.
    field : {"real", "complex"}
        Field of the entries.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `depth`, `entries` or `field` is not of the kind named above.
    ValueError
        If ``depth < 1``, the entry law is unknown or has infinite variance, or the field is another one.

    Examples
    --------
    >>> import rmt
    >>> rmt.product_wishart(depth=3).law(), rmt.product_wishart(depth=3).eigenvalues(4, rng=0).shape
    (FussCatalan(order=3), (4,))
    """
    return ProductWishartEnsemble(
        check_count("depth", depth), as_entries(entries), check_choice("field", field, FIELDS)
    )


def bartlett(n: int, m: int, field: str, rng: np.random.Generator) -> Matrix:
    """Gaussian Wishart matrix of m >= n samples from its triangular factor: n²/2 normals instead of n m.

    W = U U* with U upper triangular, normal above the diagonal and chi with β(m − n + j) degrees of freedom at its
    j-th place (Bartlett 1933; Goodman 1963 for the complex field).
    """
    from rmt.numerics.dense.blas import scipy_blas_and_lapack
    from rmt.numerics.dense.hermitian import mirror_lower
    from rmt.numerics.randomness.draws import fill_normal_triangle

    _, lapack = scipy_blas_and_lapack()
    beta = 1 if field == "real" else 2
    factor = np.zeros((n, n), dtype=np.float64 if field == "real" else np.complex128)
    fill_normal_triangle(rng, beta, math.sqrt(1.0 / (beta * m)), factor.view(np.float64))
    degrees = beta * (m - n + np.arange(1, n + 1))
    np.fill_diagonal(factor, np.sqrt(rng.chisquare(degrees) / (beta * m)))
    multiply = lapack.dlauum if field == "real" else lapack.zlauum
    # in the column order of LAPACK the lower triangle is the upper one
    product, _ = multiply(factor.T, lower=0, overwrite_c=1)
    wishart_matrix: Matrix = product.T
    mirror_lower(wishart_matrix)
    return wishart_matrix


def gram(factor: Matrix) -> Matrix:
    """Return F F*, exactly Hermitian."""
    product = factor @ factor.conj().T
    if np.iscomplexobj(product):
        from rmt.numerics.dense.hermitian import mirror_lower

        mirror_lower(product)
        np.fill_diagonal(product, product.diagonal().real)
    return product


def squares_padded(singular_values: Float, n: int) -> Float:
    """Eigenvalues of the n × n matrix F F*, ascending: exact zeros, then the squared singular values of F."""
    values = np.zeros(n)
    values[n - singular_values.size :] = singular_values[::-1] ** 2
    return values
