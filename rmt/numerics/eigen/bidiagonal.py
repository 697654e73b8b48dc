"""Singular values of bidiagonal matrices with full relative accuracy, counts and histograms.

The Golub-Kahan matrix, with zero diagonal and the couplings d_1, e_1, d_2, e_2, ..., d_n, has the eigenvalues ±σ.
Sturm sequences of a matrix with zero diagonal are exact up to a small relative change of every coupling, and such
a change moves every singular value, however small, by at most that relative amount times 2n, in practice by a few
rounding units (Demmel and Kahan 1990). B Bᵀ as a tridiagonal matrix loses this.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt._cached import cached_property
from rmt.errors import check_reals
from rmt.numerics.eigen.counted_roots import counted_roots
from rmt.numerics.eigen.divide_and_conquer import eigenvalues_by_division
from rmt.numerics.eigen.quotient_difference import singular_values_by_qd
from rmt.numerics.eigen.sturm import FLOOR, sturm_evaluate, wide_range_evaluate
from rmt.numerics.eigen.tridiagonal import (
    EPS,
    SMALLEST_DIVISION,
    check_edges,
    check_entries,
    check_indices,
    power_of_two_above,
    prefers_division,
)

Real = NDArray[np.float64]
Counts = NDArray[np.int64]

#: singular values below this share of the norm are returned as zero
NEGLIGIBLE = 1e-290
#: up to so many rows the qd algorithm is the quickest
LARGEST_QD = 32
#: relative tolerance of the iterations
TOLERANCE = 4.0 * EPS
#: share of the norm below which the absolute error of divide and conquer is repaired
SMALL = 0.01


class ScaledBidiagonal:
    """Golub-Kahan form of a bidiagonal matrix, divided by a power of two so that its norm is at most one."""

    def __init__(self, diagonal: ArrayLike, super_diagonal: ArrayLike) -> None:
        d, e = check_entries("diagonal", diagonal), check_entries("super_diagonal", super_diagonal)
        if d.size == 0 or e.size != d.size - 1:
            raise ValueError(f"super_diagonal must have one entry less than diagonal (of {d.size} >= 1), got {e.size}")
        couplings = np.empty(2 * d.size - 1)
        couplings[0::2] = np.abs(d)
        couplings[1::2] = np.abs(e)
        bound = np.append(couplings, 0.0)
        bound[1:] += couplings
        self.size = int(d.size)
        self.scale = power_of_two_above(float(bound.max()))
        self.high = float(bound.max()) / self.scale * (1.0 + 4.0 * EPS)
        self.couplings = couplings / self.scale

    @cached_property
    def _squared(self) -> Real:
        return self.couplings**2

    @cached_property
    def _wide(self) -> bool:
        return bool((self._squared < FLOOR).any())

    @cached_property
    def _floored(self) -> Real:
        return np.maximum(self.couplings, 1e-300)

    def evaluate(self, points: Real) -> tuple[Counts, Real, Counts]:
        """Counts of ±σ below, and characteristic polynomial, at positive scaled points."""
        count = np.empty(points.size, np.int64)
        mantissa = np.empty(points.size)
        exponent = np.empty(points.size, np.int64)
        tiny = np.full(points.shape, self._wide) | (points < FLOOR)
        for here, wide in ((tiny, True), (~tiny, False)):
            if not here.any():
                continue
            values = np.empty(int(here.sum()), np.int64), np.empty(int(here.sum())), np.empty(int(here.sum()), np.int64)
            if wide:
                wide_range_evaluate(self._floored, points[here], *values)
            else:
                sturm_evaluate(np.zeros(2 * self.size), self._squared, points[here], *values)
            count[here], mantissa[here], exponent[here] = values
        return count, mantissa, exponent

    def counts(self, points: Real) -> Counts:
        """Number of singular values below each point, in the units of the original matrix."""
        x = np.clip(points / self.scale, NEGLIGIBLE, 1.01)
        count = self.evaluate(np.ravel(x))[0].reshape(points.shape) - self.size
        count[points <= 0.0] = 0
        count[points / self.scale > self.high] = self.size
        return count

    def negligible(self) -> int:
        """Number of singular values that are zero or negligible."""
        return int(self.evaluate(np.array([NEGLIGIBLE]))[0][0]) - self.size


def bidiagonal_counts(diagonal: ArrayLike, super_diagonal: ArrayLike, points: ArrayLike) -> Counts:
    """Number of singular values below each point.

    Parameters
    ----------
    diagonal : array_like of n
    super_diagonal : array_like of n - 1
        Or the sub-diagonal: the singular values are the same.
    points : array_like
        Any shape.

    Returns
    -------
    array of int64, shaped like `points`

    Raises
    ------
    ValueError
        If the shapes disagree, an entry is not finite, or a point is NaN.
    """
    x = check_reals("points", points)
    if np.isnan(x).any():
        raise ValueError("points must not contain NaN")
    return ScaledBidiagonal(diagonal, super_diagonal).counts(x)


def bidiagonal_histogram(diagonal: ArrayLike, super_diagonal: ArrayLike, edges: ArrayLike) -> Counts:
    """Number of singular values in each bin ``[edges[i], edges[i+1])``, in O(n edges) and without computing them.

    Parameters
    ----------
    diagonal : array_like of n
    super_diagonal : array_like of n - 1
    edges : array_like of bins + 1
        Ascending.

    Returns
    -------
    array of int64 with one entry fewer than `edges`

    Raises
    ------
    ValueError
        If the shapes disagree, an entry is not finite, or the edges do not ascend.
    """
    return np.diff(bidiagonal_counts(diagonal, super_diagonal, check_edges(edges)))


def bidiagonal_singular_values(
    diagonal: ArrayLike, super_diagonal: ArrayLike, *, indices: tuple[int, int] | None = None
) -> Real:
    """Singular values of a bidiagonal matrix, ascending, each with full relative accuracy.

    Parameters
    ----------
    diagonal : array_like of n
    super_diagonal : array_like of n - 1
        Or the sub-diagonal: the singular values are the same.
    indices : (first, last), optional
        Only singular values number ``first <= k < last``, counted from 0 at the smallest.

    Returns
    -------
    array of float

    Raises
    ------
    ValueError
        If the shapes disagree, an entry is not finite, or the range is empty or out of bounds.

    Notes
    -----
    Relative error of a few rounding units; below 1e-12 where divide and conquer takes over (thousands of singular
    values at once). Singular values below 1e-290 times the norm are returned as 0. Up to 32 rows by quotients and
    differences (:mod:`.quotient_difference`).
    """
    matrix = ScaledBidiagonal(diagonal, super_diagonal)
    n = matrix.size
    first, last = (0, n) if indices is None else check_indices(indices, n)
    if n <= LARGEST_QD:
        values = np.empty(n)
        if singular_values_by_qd(matrix.couplings, values):
            return np.asarray(values[first:last] * matrix.scale)
    zeros = matrix.negligible()
    start = max(first, zeros)
    if n >= SMALLEST_DIVISION and prefers_division(2 * n, last - start):
        values = _by_division(matrix, zeros)[start - zeros : last - zeros]
    else:
        values = _by_secants(matrix, start, last)
    return np.concatenate([np.zeros(max(0, min(last, zeros) - first)), values * matrix.scale])


def _by_secants(matrix: ScaledBidiagonal, first: int, last: int, grid: Real | None = None) -> Real:
    n = matrix.size
    return counted_roots(
        matrix.evaluate,
        NEGLIGIBLE,
        matrix.high,
        n + first,
        n + last,
        absolute=0.0,
        relative=TOLERANCE,
        grid=grid,
    )


def _by_division(matrix: ScaledBidiagonal, zeros: int) -> Real:
    """All singular values that are not negligible; the small ones found again between close bounds."""
    n = matrix.size
    values = eigenvalues_by_division(np.zeros(2 * n), matrix.couplings)[n + zeros :]
    small = int(np.searchsorted(values, SMALL * matrix.high))
    if small > 0:
        radius = 16.0 * EPS * matrix.high
        bounds = np.concatenate([values[:small] - radius, values[:small] + radius])
        values[:small] = _by_secants(matrix, zeros, zeros + small, np.sort(bounds))
    return np.sort(values)
