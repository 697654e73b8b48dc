"""Sums of fixed matrices with Gaussian coefficients, and their bounds at finite size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_generator, check_real, check_reals

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MatrixSeries:
    """Σ g_k B_k with independent standard normal g_k.

    Attributes
    ----------
    terms : array of shape (k, d1, d2)

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import MatrixSeries
    >>> series = MatrixSeries(np.eye(2)[None])  # g times the identity
    >>> series.tail_bound(10.0) < 1e-10, series.sample_norms(3, rng=0).shape, series.mean_bound() > 1.0
    (True, (3,), True)
    """

    terms: Real

    @property
    def variance(self) -> float:
        """ν = max(|Σ B Bᵀ|, |Σ Bᵀ B|)."""
        left = np.einsum("kij,klj->il", self.terms, self.terms)
        right = np.einsum("kij,kil->jl", self.terms, self.terms)
        return float(max(np.linalg.norm(left, 2), np.linalg.norm(right, 2)))

    def tail_bound(self, t: float) -> float:
        """(d1 + d2) e^{−t²/(2ν)}, a bound on the probability of a norm >= t (Tropp 2012); at most 1.

        Parameters
        ----------
        t : float
            Threshold, >= 0.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        size = float(check_real("t", t, at_least=0.0))
        return min(1.0, sum(self.terms.shape[1:]) * math.exp(-size * size / (2.0 * self.variance)))

    def mean_bound(self) -> float:
        """√(2ν log(d1 + d2)), a bound on the mean norm (Tropp 2012).

        Returns
        -------
        float
        """
        return math.sqrt(2.0 * self.variance * math.log(sum(self.terms.shape[1:])))

    def sample_norms(self, count: int, *, rng: Any = None) -> Real:
        """Norms of independent draws.

        Parameters
        ----------
        count : int
            Number of draws.
        rng : Generator, SeedSequence, int or None
            As :func:`numpy.random.default_rng` takes it.

        Returns
        -------
        ndarray of float

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        generator, many = check_generator(rng), len(self.terms)
        draws = (
            np.tensordot(generator.standard_normal(many), self.terms, axes=1)
            for _ in range(check_count("count", count))
        )
        return np.array([np.linalg.norm(m, 2) for m in draws])


def matrix_series(terms: ArrayLike) -> MatrixSeries:
    """Series Σ g_k B_k of given matrices.

    Parameters
    ----------
    terms : array_like of shape (k, d1, d2)
        The matrices B_k.

    Returns
    -------
    MatrixSeries

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    References
    ----------
    Tropp 2012.

    Examples
    --------
    >>> import numpy as np
    >>> units = np.eye(9).reshape(9, 3, 3)  # a Gaussian matrix
    >>> matrix_series(units).variance
    3.0
    """
    array = check_reals("terms", terms)
    if array.ndim != 3 or array.size == 0 or not np.isfinite(array).all() or not array.any():
        raise ValueError(f"terms must be finite matrices of one shape, (k, d1, d2), not all 0, got shape {array.shape}")
    return MatrixSeries(array)
