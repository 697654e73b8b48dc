"""Singular values of long products of matrices, each with small relative error, over any range of magnitudes.

A product computed as a matrix keeps only the singular values within 1e16 of the largest. Here A_L ⋯ A_1 = Q T with
T = R_L ⋯ R_1 from a chain of QR factorisations, A_l Q_{l−1} = Q_l R_l (Q_l stays a product of reflections), and T is
kept as 2^e U: rows of comparable size times powers of two that descend. Every step is then accurate relative to each
row (graded products: Stewart 1995; the row ordering that keeps QR stable by rows: Cox and Higham 1998). The singular
values of 2^e U come from one more QR factorisation and dense SVDs of windows that fit the range of a double.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.compilation.jit import kernel
from rmt.numerics.dense.blas import scipy_blas_and_lapack
from rmt.numerics.eigen.sturm import bits_float, float_bits
from rmt.numerics.randomness.draws import fill_normal_triangle

Array = NDArray[Any]
Real = NDArray[np.float64]
Exponents = NDArray[np.int64]

#: bits by which the exponents may ascend before the rows are sorted: the loss of accuracy
DISORDER = 4
#: bits of spread of rows (or columns) beyond which they are sorted before QR (or scaled)
UNEVEN = 3
#: bits in one window of the final SVD, and overlap beyond which windows do not feel each other
WINDOW = 700
OVERLAP = 64
BLOCK = 128
#: bits that the rows of one factor may span
RANGE = 900
#: exponent of zero rows, and the bound below which an exponent means zero
ZERO = -(1 << 40)
VANISHED = -(1 << 39)


class GradedTriangle:
    """The matrix 2^e U with U square and upper triangular, up to an orthogonal factor from the right.

    Attributes
    ----------
    exponents : array of int64
        At most VANISHED for rows that are zero.
    rows : array (k, k)
        U, upper triangular, its other rows of magnitude about one.
    """

    def __init__(self, rows: Array, exponents: Exponents) -> None:
        self.rows = np.asfortranarray(rows)
        self.exponents = exponents

    @property
    def size(self) -> int:
        """Number of rows k."""
        return int(self.exponents.size)

    def order(self) -> Exponents | None:
        """Sort the rows by their exponents, unless they nearly descend; return the permutation that did it."""
        highest_after = np.maximum.accumulate(self.exponents[::-1])[::-1]
        if (highest_after - self.exponents <= DISORDER).all():
            return None
        order = np.argsort(-self.exponents, kind="stable")
        self.exponents = self.exponents[order]
        self.rows = _to_triangle(self.rows[order])
        return order

    def multiply(self, factor: Array) -> None:
        """Replace the matrix by R times it, for R upper triangular or trapezoidal with `size` columns."""
        scaled = np.zeros(factor.shape, dtype=factor.dtype, order="F")
        parts = 2 if np.iscomplexobj(factor) else 1
        exponents = np.empty(factor.shape[0], np.int64)
        scale_by_columns(_real_view(factor), self.exponents, _real_view(scaled), exponents, parts)
        if factor.shape[0] == factor.shape[1]:
            self.rows = triangle_product(scaled, self.rows)
        else:
            self.rows = _to_triangle(scaled @ self.rows)
        normalise_rows(_real_view(self.rows), exponents, parts)
        self.exponents = exponents

    def log_singular_values(self) -> Real:
        """Natural logarithms of the singular values, descending; -inf for zeros."""
        if self.size == 0:
            return np.empty(0)
        _, lapack = scipy_blas_and_lapack()

        self.order()
        factorise = lapack.zgeqrf if np.iscomplexobj(self.rows) else lapack.dgeqrf
        packed, _, _, _ = factorise(self.rows.conj().T.copy(order="F"), lwork=64 * self.size, overwrite_a=1)
        return _windowed_logs(np.triu(packed), self.exponents)


def _windowed_logs(triangle: Array, exponents: Exponents) -> Real:
    """Log singular values of the upper triangle with columns times 2^exponents, which nearly descend.

    A window holds singular values that fit the range of a double together with those so close to its ends that they
    are felt inside.
    """
    size = exponents.size
    falling = -np.minimum.accumulate(exponents)
    out = np.empty(size)
    start = 0
    while start < size:
        stop = int(np.searchsorted(falling, falling[start] + WINDOW, side="right"))
        first = int(np.searchsorted(falling, falling[start] - OVERLAP, side="left"))
        last = int(np.searchsorted(falling, falling[stop - 1] + OVERLAP, side="right"))
        inside = exponents[first:last]
        centre = (int(inside.max()) + int(inside.min())) // 2
        block = np.ldexp(1.0, inside - centre) * triangle[first:last, first:last]
        values = np.linalg.svd(block, compute_uv=False)[start - first : stop - first]
        with np.errstate(divide="ignore"):
            out[start:stop] = np.log(values) + centre * math.log(2.0)
        start = stop
    return np.sort(out)[::-1]


class RowScales:
    """Entries of a diagonal matrix as mantissas times powers of two, so that many may be multiplied."""

    def __init__(self, size: int) -> None:
        self.mantissa: Array = np.ones(size)
        self.powers = np.zeros(size, np.int64)

    def multiply(self, entries: Array) -> None:
        """Multiply by another diagonal matrix."""
        product = self.mantissa * entries
        powers = np.frexp(np.abs(product))[1].astype(np.int64)
        self.mantissa = _times_power(product, -powers)
        self.powers += powers

    def as_floats(self) -> tuple[Array, int]:
        """Numbers of magnitude at most one, and the power of two that was taken out.

        Raises
        ------
        ValueError
            If they span more than the range of a double.
        """
        alive = self.mantissa != 0.0
        if not alive.any():
            return np.zeros_like(self.mantissa), 0
        low, high = int(self.powers[alive].min()), int(self.powers[alive].max())
        if high - low > RANGE:
            raise ValueError(
                f"diagonal factors with no other matrix between them span 2^{high - low}, more than 2^{RANGE}: their "
                "product does not fit the range of a double"
            )
        return _times_power(self.mantissa, np.where(alive, self.powers - high, 0)), high


class QRChain:
    """The product A_l ⋯ A_1 as Q T, factors being multiplied from the left.

    Parameters
    ----------
    size : int
        Columns of A_1.
    dtype : dtype
        float64 or complex128.
    """

    def __init__(self, size: int, dtype: Any) -> None:
        self._dtype = np.dtype(dtype)
        #: rows of the product so far that are not zero, in the order of the rows of Q
        self._support = np.arange(size)
        self._reflections: tuple[Array, Array] | None = None
        self.triangle = GradedTriangle(np.eye(size, dtype=dtype), np.zeros(size, np.int64))

    def multiply(self, matrix: Array | None, scales: RowScales) -> None:
        """Multiply the product by D A, for a matrix A (the identity if None, only at the start) and diagonal D.

        All diagonal matrices between two others must come in one step: the errors of Q are small relative to its norm
        and not to its rows. Rows and columns that vanish are left out of the work.
        """
        if matrix is None:
            self._start_with_diagonal(scales)
            return
        block, shift = _moderate(np.asfortranarray(matrix[:, self._support], dtype=self._dtype))
        block = self._times_q(block)
        order = self.triangle.order()
        if order is not None:
            block = block[:, order]
        factors, more = scales.as_floats()
        self._factorise(factors[:, np.newaxis] * block)
        self.triangle.exponents += shift + more

    def _start_with_diagonal(self, scales: RowScales) -> None:
        self._support = np.flatnonzero(scales.mantissa)
        self.triangle = GradedTriangle(
            np.diag(scales.mantissa[self._support]).astype(self._dtype), scales.powers[self._support]
        )

    def _times_q(self, block: Array) -> Array:
        _, lapack = scipy_blas_and_lapack()

        if self._reflections is None or block.size == 0:
            return block
        vectors, tau = self._reflections
        multiply = lapack.zunmqr if self._dtype.kind == "c" else lapack.dormqr
        out, _, _ = multiply("R", "N", vectors, tau, block, 64 * max(block.shape), overwrite_c=1)
        return np.asarray(out)[:, : self.triangle.size]

    def _factorise(self, block: Array) -> None:
        """QR of the block without its zero rows: Q is kept, R multiplies the triangle."""
        _, lapack = scipy_blas_and_lapack()

        largest = np.abs(block).max(axis=1, initial=0.0)
        active = np.flatnonzero(largest)
        if active.size == 0 or block.shape[1] == 0:
            self._support = np.arange(0)
            self._reflections = None
            self.triangle = GradedTriangle(np.zeros((0, 0), self._dtype), np.zeros(0, np.int64))
            return
        if largest[active].max() > 2.0**UNEVEN * largest[active].min():
            active = active[np.argsort(-largest[active], kind="stable")]
        self._support = active
        factorise = lapack.zgeqrf if self._dtype.kind == "c" else lapack.dgeqrf
        packed, tau, _, _ = factorise(np.asfortranarray(block[active]), lwork=64 * max(block.shape), overwrite_a=1)
        self._reflections = (np.asfortranarray(packed[:, : tau.size]), tau)
        self.triangle.multiply(np.asfortranarray(np.triu(packed[: tau.size])))


def triangle_product(left: Array, right: Array) -> Array:
    """Product of two upper triangular matrices in n³/3 operations, by halves."""
    blas, _ = scipy_blas_and_lapack()
    complex_entries = np.iscomplexobj(left) or np.iscomplexobj(right)
    return _product_by_halves(blas.ztrmm if complex_entries else blas.dtrmm, left, right)


def _product_by_halves(multiply: Callable[..., Array], left: Array, right: Array) -> Array:
    size = left.shape[0]
    if size <= BLOCK:
        return multiply(1.0, left, right)
    half = size // 2
    out = np.zeros_like(right)
    out[:half, :half] = _product_by_halves(multiply, left[:half, :half], right[:half, :half])
    out[half:, half:] = _product_by_halves(multiply, left[half:, half:], right[half:, half:])
    out[:half, half:] = multiply(1.0, left[:half, :half], right[:half, half:])
    out[:half, half:] += multiply(1.0, right[half:, half:], left[:half, half:], side=1)
    return out


@kernel
def scale_by_columns(source: Array, columns: Array, target: Array, rows: Array, parts: int) -> None:
    """Write R 2^columns as 2^rows S with rows of S of magnitude one, for upper triangular R; all by powers of two.

    Matrices are given by the rows of their transposes, complex numbers as `parts` = 2 neighbours.
    """
    width = source.shape[1]
    powers = np.full(width, ZERO)
    for j in range(columns.size):
        if columns[j] > VANISHED:
            for t in range(min(parts * (j + 1), width)):
                x = source[j, t]
                power = ((float_bits(x) >> 52) & 2047) - 1022 + columns[j]
                powers[t] = max(powers[t], power if x != 0.0 else ZERO)
    for i in range(rows.size):
        rows[i] = max(powers[parts * i], powers[parts * i + parts - 1])
        powers[parts * i] = rows[i]
        powers[parts * i + parts - 1] = rows[i]
    for j in range(columns.size):
        if columns[j] > VANISHED:
            for t in range(min(parts * (j + 1), width)):
                shift = min(max(columns[j] - powers[t], -1022), 1023)
                target[j, t] = source[j, t] * bits_float((shift + 1023) << 52)


@kernel
def normalise_rows(matrix: Array, exponents: Array, parts: int) -> None:
    """Give the rows of a triangle magnitude one by powers of two, which go into the exponents.

    Layout as for :func:`scale_by_columns`.
    """
    width = matrix.shape[1]
    largest = np.zeros(width)
    for j in range(matrix.shape[0]):
        for t in range(min(parts * (j + 1), width)):
            largest[t] = max(largest[t], abs(matrix[j, t]))
    for i in range(exponents.size):
        size = max(largest[parts * i], largest[parts * i + parts - 1])
        power = (float_bits(size) >> 52) - 1022
        if size == 0.0:
            exponents[i] = ZERO
            power = 0
        exponents[i] += power
        largest[parts * i] = bits_float((1023 - power) << 52)
        largest[parts * i + parts - 1] = largest[parts * i]
    for j in range(matrix.shape[0]):
        for t in range(min(parts * (j + 1), width)):
            matrix[j, t] *= largest[t]


def _to_triangle(matrix: Array) -> Array:
    """Upper triangle of the RQ factorisation; Q from the right does not change singular values."""
    _, lapack = scipy_blas_and_lapack()

    factorise = lapack.zgerqf if np.iscomplexobj(matrix) else lapack.dgerqf
    rows, columns = matrix.shape
    packed, _, _, _ = factorise(np.array(matrix, order="F"), lwork=64 * rows, overwrite_a=1)
    return np.asfortranarray(np.triu(packed[:, columns - rows :]))


def _real_view(matrix: Array) -> Array:
    """Rows of the transpose, complex numbers as pairs; the matrix is in column order."""
    view: Array = matrix.T.view(np.float64)
    return view


def _moderate(matrix: Array) -> tuple[Array, int]:
    """Divide by the power of two above the largest entry, unless that is moderate; return the power too."""
    power = math.frexp(float(np.abs(matrix).max(initial=0.0)))[1]
    if -100 < power < 100:
        return matrix, 0
    return _times_power(matrix, np.array(-power)), power


def _times_power(numbers: Array, powers: Exponents) -> Array:
    """Numbers times powers of two, in two steps that stay in range."""
    half = powers // 2
    return np.asarray(numbers * np.ldexp(1.0, half) * np.ldexp(1.0, powers - half))


def log_singular_values_of_product(factors: Sequence[Array]) -> Real:
    """Log singular values of A_1 A_2 ⋯ A_L, descending; see :func:`rmt.spectra.product_singular_values`.

    Parameters
    ----------
    factors : sequence of arrays
        Leftmost first, of matching shapes; 1-d arrays are diagonal matrices. Real or complex, finite.
    """
    dtype = np.result_type(np.float64, *factors)
    rows, columns = factors[0].shape[0], factors[-1].shape[-1]
    chain = QRChain(columns, dtype)
    matrix: Array | None = None
    scales = RowScales(columns)
    for factor in reversed(factors):
        if factor.ndim == 1:
            scales.multiply(factor)
            continue
        powers = _uneven_columns(factor)
        scales.powers += powers
        chain.multiply(matrix, scales)
        matrix, scales = _times_power(factor, -powers), RowScales(factor.shape[0])
    chain.multiply(matrix, scales)
    values = chain.triangle.log_singular_values()
    return np.concatenate([values, np.full(min(rows, columns) - values.size, -np.inf)])


def _uneven_columns(matrix: Array) -> Exponents:
    """Powers of two of the columns, if they are very uneven; else zeros."""
    largest = np.abs(matrix).max(axis=0, initial=0.0)
    positive = largest[largest > 0.0]
    if positive.size == 0 or positive.max() <= 2.0**UNEVEN * positive.min():
        return np.zeros(largest.size, np.int64)
    return np.where(largest > 0.0, np.frexp(largest)[1], 0).astype(np.int64)


def log_singular_values_of_gaussian_product(
    excess: Sequence[int], size: int, rng: np.random.Generator, *, complex_entries: bool = False
) -> Real:
    """Log singular values of a product of Gaussian matrices, from triangular factors alone.

    The triangular factors of A_l Q_{l−1} are independent, because A_l is invariant under Q_{l−1}: normals above the
    diagonal and chi variables on it (Bartlett 1933). So nothing is factorised or multiplied but triangles: n²/2
    normals and n³/3 operations for each factor.

    Parameters
    ----------
    excess : sequence of int
        For each factor, its rows or columns beyond `size`: a factor has k + excess degrees of freedom.
    size : int
        Smallest dimension k.
    rng : numpy.random.Generator
    complex_entries : bool
        Standard complex normals, E|a|² = 1, instead of real ones.
    """
    beta = 2 if complex_entries else 1
    dtype = np.complex128 if complex_entries else np.float64
    triangle = GradedTriangle(np.eye(size, dtype=dtype), np.zeros(size, np.int64))
    factor = np.zeros((size, size), dtype=dtype, order="F")
    above = _real_view(factor)
    for extra in excess:
        fill_normal_triangle(rng, beta, math.sqrt(1.0 / beta), above)
        degrees = beta * (size + extra - np.arange(size, dtype=np.float64))
        np.fill_diagonal(factor, np.sqrt(rng.chisquare(degrees) / beta))
        triangle.multiply(factor)
    return triangle.log_singular_values()
