"""Singular values of products of many matrices, none of them lost to rounding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_choice, check_count, check_generator, check_items, check_numbers, shown

Array = NDArray[Any]
Real = NDArray[np.float64]


def product_singular_values(factors: Sequence[ArrayLike]) -> Real:
    """Logarithms of the singular values of a product of matrices, each with small relative error.

    Multiplying first and decomposing then loses every singular value below 1e-16 times the largest, and all of them
    when the product leaves the range of a double; here neither happens.

    Parameters
    ----------
    factors : sequence of array_like
        The factors in the order of the product, leftmost first, as for :func:`numpy.linalg.multi_dot`; 1-d arrays
        stand for diagonal matrices. Real or complex.

    Returns
    -------
    array of min(rows, columns) floats
        Natural logarithms, descending; -inf for singular values that are zero because rows or columns of factors
        are, or because inner dimensions are smaller.

    Raises
    ------
    TypeError
        If the factors are no sequence of arrays of numbers.
    ValueError
        If there is no factor, the shapes do not match, or an entry is not finite.

    Notes
    -----
    A chain of QR factorisations keeps the product as orthogonal reflections times a triangle with rows graded by powers
    of two (Stewart 1995). For Gaussian and orthogonal factors with diagonal matrices between them the relative error of
    every singular value stays below 1e-11 √L, measured for L up to 512 factors and condition numbers up to 1e500. The
    condition of the single factors enters: a factor with condition number 1e8 costs eight digits of the smallest
    singular values, as its own rounding errors do. 11/3 n³ operations for each factor.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.spectra import product_singular_values
    >>> turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    >>> logs = product_singular_values([turn, [1e-200, 1e-100], turn, [1e-200, 1e-100]])
    >>> np.round(logs / np.log(10), 3)
    array([-200.222, -399.778])
    """
    from rmt.numerics.dense.graded_product import log_singular_values_of_product

    arrays = _check_factors(factors)
    count = min(arrays[0].shape[0], arrays[-1].shape[-1])
    met = _without_zero_columns(arrays)
    if min(min(array.shape) for array in met) == 0:
        return np.full(count, -np.inf)
    logs = log_singular_values_of_product(met)
    return np.concatenate([logs, np.full(count - logs.size, -np.inf)])


def gaussian_product_log_singular_values(
    n: int,
    depth: int,
    rng: Any = None,
    *,
    field: str = "real",
    widths: Sequence[int] | None = None,
) -> Real:
    """Draw the log singular values of a product of Gaussian matrices, without drawing the matrices.

    The product is W_L ⋯ W_1 with independent entries of variance E|w|² = 1/columns, which preserves mean squared
    lengths. Its triangular factors are independent (Bartlett 1933), so that half the normals and a sixth of the
    multiplications are enough, and every singular value is accurate as in :func:`product_singular_values`. The widths
    may be reordered without changing the law of the singular values that are not zero (Ipsen and Kieburg 2014); that
    reduces rectangular factors to square ones.

    Parameters
    ----------
    n : int
        Rows and columns of every factor, >= 1.
    depth : int
        Number of factors L, >= 1.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.
    field : {"real", "complex"}
        Field of the entries.
    widths : sequence of depth + 1 ints, optional
        Dimensions n_0, ..., n_L of rectangular factors W_l of n_l rows and n_(l−1) columns; n is then the smallest of
        them.

    Returns
    -------
    array of n floats
        Natural logarithms, descending, of the singular values that are not zero.

    Raises
    ------
    TypeError
        If `n`, `depth`, `rng`, `field` or `widths` is not of the kind named above.
    ValueError
        If ``n < 1``, ``depth < 1``, the field is another one, or the widths do not fit n and depth.

    Examples
    --------
    >>> from rmt.spectra import gaussian_product_log_singular_values
    >>> gaussian_product_log_singular_values(4, 100, rng=0).shape
    (4,)
    """
    from rmt.numerics.dense.blas import one_blas_thread
    from rmt.numerics.dense.graded_product import log_singular_values_of_gaussian_product

    size, length = check_count("n", n), check_count("depth", depth)
    check_choice("field", field, ("real", "complex"))
    dimensions = (
        [size] * (length + 1)
        if widths is None
        else [check_count("widths", w) for w in check_items("widths", widths, "integers")]
    )
    if len(dimensions) != length + 1 or min(dimensions) != size:
        raise ValueError(
            f"widths must be depth + 1 = {length + 1} integers, the smallest of them n = {size}, got {widths!r}"
        )
    others = sorted(dimensions)[1:]
    with one_blas_thread():
        logs = log_singular_values_of_gaussian_product(
            [w - size for w in others], size, check_generator(rng), complex_entries=field == "complex"
        )
    return logs - 0.5 * sum(math.log(w) for w in dimensions[:-1])


def masked_product(weights: Sequence[ArrayLike], masks: Sequence[ArrayLike]) -> Array:
    """Jacobian D_L W_L ⋯ D_1 W_1 of a network whose units are on or off, multiplying active rows and columns only.

    With half of the units on it takes an eighth of the operations of dense products, and rows of units that are off
    are exactly zero.

    Parameters
    ----------
    weights : sequence of array_like (n_l, n_(l−1))
        W_1 first.
    masks : sequence of array_like of n_l bools
        Diagonals of D_1, ..., D_L: which units are on.

    Returns
    -------
    array (n_L, n_0)

    Raises
    ------
    TypeError
        If `weights` or `masks` is not of the kind named above.
    ValueError
        If the numbers of weights and masks differ, or their shapes do not match.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.spectra import masked_product
    >>> masked_product([np.eye(2), 3 * np.eye(2)], [[1, 0], [1, 1]])
    array([[3., 0.],
           [0., 0.]])
    """
    matrices = [check_numbers("weights", w) for w in check_items("weights", weights, "matrices")]
    diagonals = [_check_mask(m) for m in check_items("masks", masks, "masks")]
    if not matrices or len(matrices) != len(diagonals):
        raise ValueError(f"there must be as many masks as weights, at least one, got {len(diagonals)}, {len(matrices)}")
    for level, matrix in enumerate(matrices, start=1):
        if matrix.ndim != 2:
            raise ValueError(f"weights must be matrices, got shape {matrix.shape} at place {level}")
    _check_chain(matrices[::-1])
    for level, (matrix, mask) in enumerate(zip(matrices, diagonals, strict=True), start=1):
        if mask.shape != matrix.shape[:1]:
            raise ValueError(f"mask {level} must have shape {matrix.shape[:1]}, got {mask.shape}")
    active = np.flatnonzero(diagonals[0])
    product = matrices[0][active]
    for matrix, mask in zip(matrices[1:], diagonals[1:], strict=True):
        rows = np.flatnonzero(mask)
        product = matrix[np.ix_(rows, active)] @ product
        active = rows
    out = np.zeros((diagonals[-1].size, product.shape[1]), dtype=product.dtype)
    out[active] = product
    return out


def _check_mask(mask: ArrayLike) -> NDArray[np.bool_]:
    array = np.asarray(mask)
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        raise ValueError(f"masks must hold True and False, or 1 and 0, got {shown(mask)}")
    return array.astype(bool)


def _factor(value: ArrayLike) -> Array:
    return check_numbers("factors", value)


def _check_factors(factors: Sequence[ArrayLike]) -> list[Array]:
    arrays = [_factor(factor) for factor in check_items("factors", factors, "matrices")]
    if not arrays:
        raise ValueError("factors must hold at least one matrix")
    for place, array in enumerate(arrays, start=1):
        if array.ndim not in (1, 2) or array.size == 0 or array.dtype.kind not in "biufc":
            raise ValueError(
                f"factor {place} must be a matrix or the 1-d array of a diagonal one, of numbers, got {array.dtype} "
                f"of shape {array.shape}"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"factor {place} must be finite, got {array[~np.isfinite(array)][0]}")
    _check_chain(arrays)
    return [array.astype(np.result_type(array.dtype, np.float64), copy=False) for array in arrays]


def _without_zero_columns(arrays: Sequence[Array]) -> list[Array]:
    """Leave out the zero columns of every factor, with the rows of the next that meet them."""
    out: list[Array] = []
    met: Any = slice(None)
    for array in arrays:
        rest = array[met]
        if rest.ndim == 2:
            met = rest.any(axis=0)
            rest = rest[:, met]
        out.append(rest)
    return out


def _check_chain(arrays: Sequence[Array]) -> None:
    """Raise unless the columns of every matrix are the rows of the next."""
    for place in range(len(arrays) - 1):
        columns, rows = arrays[place].shape[-1], arrays[place + 1].shape[0]
        if columns != rows:
            raise ValueError(
                f"the shapes of a product must match: {arrays[place].shape} has {columns} columns and is followed by "
                f"{arrays[place + 1].shape} with {rows} rows"
            )
