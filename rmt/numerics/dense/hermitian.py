"""Dense Hermitian matrices from their triangle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.compilation.jit import kernel

# the transposed writes of one block stay in the first-level cache
_BLOCK = 32


@kernel
def hermitian_from_triangle(
    strict: NDArray[np.inexact[Any]], diagonal: NDArray[np.float64], out: NDArray[np.inexact[Any]]
) -> None:
    """Fill `out` with the Hermitian matrix of the given strict lower triangle (rows in order) and diagonal."""
    n = out.shape[0]
    k = 0
    for i in range(n):
        for j in range(i):
            out[i, j] = strict[k]
            k += 1
        out[i, i] = diagonal[i]
    mirror_lower(out)


@kernel
def mirror_lower(matrix: NDArray[np.inexact[Any]]) -> None:
    """Overwrite the strict upper triangle by the conjugate of the strict lower one."""
    n = matrix.shape[0]
    for top in range(0, n, _BLOCK):
        for left in range(0, top + 1, _BLOCK):
            for i in range(top, min(top + _BLOCK, n)):
                for j in range(left, min(left + _BLOCK, i)):
                    matrix[j, i] = np.conj(matrix[i, j])


@kernel
def antisymmetric_from_triangle(strict: NDArray[np.inexact[Any]], out: NDArray[np.inexact[Any]]) -> None:
    """Fill `out` with the antisymmetric matrix (no conjugation) of the given strict lower triangle."""
    n = out.shape[0]
    k = 0
    for i in range(n):
        for j in range(i):
            out[i, j] = strict[k]
            out[j, i] = -strict[k]
            k += 1
        out[i, i] = 0.0
