"""The measured spectrum of a matrix, as a law."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_numbers, rounding_unit
from rmt.laws.atomic import Empirical


def esd(matrix_or_eigenvalues: ArrayLike) -> Empirical:
    """Empirical spectral distribution of a Hermitian matrix: mass 1/n at each eigenvalue.

    Parameters
    ----------
    matrix_or_eigenvalues : array_like
        A Hermitian matrix (two axes of equal length), or its eigenvalues (one axis), in any order.

    Returns
    -------
    Empirical
        A :class:`~rmt.laws.law.Law`, so that everything asked of a limit law can be asked of it. Eigenvalues of a
        matrix that are zero up to rounding (smaller than ``n * eps`` times the largest, eps that of the input's type)
        are exactly zero, so that
        the rank deficiency of a matrix is an atom. Eigenvalues that are passed in are kept as they are.

    Raises
    ------
    TypeError
        If the eigenvalues are complex, or the entries are not numbers.
    ValueError
        If an entry is NaN or infinite, or the matrix is empty, not square or not Hermitian.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.spectra import esd
    >>> mu = esd(np.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> mu.mean(), mu.cdf(1.5)
    (2.0, 0.5)
    """
    array = check_numbers("matrix_or_eigenvalues", matrix_or_eigenvalues)
    if array.ndim not in (1, 2) or array.size == 0:
        raise ValueError(
            "matrix_or_eigenvalues must be a Hermitian matrix (2 axes) or its eigenvalues (1 axis), not empty; "
            f"got shape {array.shape}"
        )
    _check_finite(array)
    if array.ndim == 1:
        if np.iscomplexobj(array):
            raise TypeError(
                "the eigenvalues must be real, got complex numbers: take those of a Hermitian matrix from "
                "numpy.linalg.eigvalsh, not eigvals; for a spectrum in the plane use "
                "rmt.spectra.compare or rmt.plotting.esd"
            )
        return Empirical(array)
    unit = rounding_unit(matrix_or_eigenvalues)
    _check_hermitian(array, unit)
    eigenvalues = np.linalg.eigvalsh(array)
    rounding = len(eigenvalues) * unit * np.abs(eigenvalues).max()
    return Empirical(np.where(np.abs(eigenvalues) <= rounding, 0.0, eigenvalues))


def _check_finite(array: NDArray[Any]) -> None:
    bad = ~np.isfinite(array)
    if not bad.any():
        return
    position = tuple(int(i) for i in np.argwhere(bad)[0])
    where = f"row {position[0]}, column {position[1]}" if array.ndim == 2 else f"position {position[0]}"
    raise ValueError(
        f"matrix_or_eigenvalues must be finite: {array[position]} at {where}, {int(bad.sum())} of {array.size} "
        "entries are NaN or infinite"
    )


def _check_hermitian(matrix: NDArray[Any], unit: float) -> None:
    rows, columns = matrix.shape
    if rows != columns:
        raise ValueError(
            f"a matrix of shape {matrix.shape} is not square and has no eigenvalues; pass the Gram matrix "
            "A @ A.conj().T, or the singular values np.linalg.svd(A, compute_uv=False)"
        )
    difference = np.abs(matrix - matrix.conj().T)
    row, column = np.unravel_index(np.argmax(difference), difference.shape)
    asymmetry = float(difference[row, column])
    rounding = 16.0 * rows * unit * float(np.abs(matrix).max())
    if asymmetry > rounding:
        raise ValueError(
            f"the matrix must be Hermitian: |A - A*| reaches {asymmetry:.3g} at row {row}, column {column} (rounding "
            f"explains {rounding:.1g}). Pass (A + A.conj().T) / 2 for its Hermitian part, A @ A.conj().T for the "
            "squares of its singular values, or np.linalg.eigvals(A) to rmt.plotting.esd for its spectrum in the plane"
        )
