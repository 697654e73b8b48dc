"""Random numbers that do not fit a fixed number of counters, from NumPy's own bit generators in compiled loops.

Numba compiles the ziggurat loops of :class:`numpy.random.Generator` inline: the same bits as
``Generator.standard_normal`` in a quarter of its time, for every bit generator. The stream is read in order by one
thread, so the numbers do not depend on the number of threads. For whole arrays of independent numbers
:func:`rmt.numerics.random_streams.fill` is faster still.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.kernel import kernel

Float = NDArray[np.float64]


@kernel
def fill_normal_triangle(rng: np.random.Generator, width: int, scale: float, out: Float) -> None:
    """Normals of standard deviation `scale` left of the diagonal: ``width * i`` of them in row i of the 2-d `out`."""
    for i in range(out.shape[0]):
        for j in range(width * i):
            out[i, j] = scale * rng.standard_normal()


@kernel
def fill_truncated_normal(rng: np.random.Generator, bound: float, out: Float) -> None:
    """Standard normals conditioned to lie in [-bound, bound], by rejection."""
    for i in range(out.size):
        x = rng.standard_normal()
        while abs(x) > bound:
            x = rng.standard_normal()
        out[i] = x
