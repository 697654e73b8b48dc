"""One step of Chebyshev's recurrence for a block of vectors, with the two inner products that give moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.compilation.jit import kernel

Array = NDArray[Any]


def chebyshev_step(
    operator: Any, product: Callable[[Any], Any], middle: float, radius: float, dtype: Any
) -> Callable[..., tuple[Array, Array]]:
    """Return a function that overwrites `new` by (A − b)/a old, or twice that less `new`.

    It gives ⟨new, old⟩ and |new|². For real sparse matrices in one pass over the rows.
    """
    if getattr(operator, "format", None) is not None:
        rows = operator.tocsr()
        data, indices, pointers = rows.data.astype(dtype), rows.indices.astype(np.int64), rows.indptr.astype(np.int64)
        scale, shift = dtype.type(1.0 / radius), dtype.type(middle)

        def sparse(old: Array, new: Array, *, first: bool) -> tuple[Array, Array]:
            sums = np.zeros((2, old.shape[1]))
            gain, keep = dtype.type(1.0 if first else 2.0), dtype.type(0.0 if first else 1.0)
            if first:
                new[:] = 0.0
            _sparse_step(pointers, indices, data, old, new, gain * scale, shift, keep, sums)
            return sums[0], sums[1]

        return sparse

    def general(old: Array, new: Array, *, first: bool) -> tuple[Array, Array]:
        image = np.asarray(product(old), dtype=dtype)
        image = (image - middle * old) / radius
        new[:] = image if first else 2.0 * image - new
        return np.einsum("ij,ij->j", new, old, dtype=np.float64), np.einsum("ij,ij->j", new, new, dtype=np.float64)

    return general


@kernel
def _sparse_step(
    pointers: Array, indices: Array, data: Array, old: Array, new: Array, gain: Any, shift: Any, keep: Any, sums: Array
) -> None:
    width = old.shape[1]
    total = np.empty(width, old.dtype)
    for i in range(pointers.size - 1):
        for c in range(width):
            total[c] = 0.0
        for p in range(pointers[i], pointers[i + 1]):
            x = data[p]
            row = old[indices[p]]
            for c in range(width):
                total[c] += x * row[c]
        here = old[i]
        out = new[i]
        for c in range(width):
            y = gain * (total[c] - shift * here[c]) - keep * out[c]
            out[c] = y
            sums[0, c] += y * here[c]
            sums[1, c] += y * y
