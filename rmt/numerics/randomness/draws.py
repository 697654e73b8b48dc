"""Random numbers beside plain arrays of them: triangles of normals, and normals by rejection."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.compilation.jit import kernel
from rmt.numerics.randomness.random_streams import fill

Float = NDArray[np.float64]


def fill_normal_triangle(rng: np.random.Generator, width: int, scale: float, out: Float) -> None:
    """Normals of standard deviation `scale` left of the diagonal: ``width * i`` of them in row i of the 2-d `out`."""
    rows = out.shape[0]
    _place_in_triangle(fill("normal", width * (rows * (rows - 1) // 2), rng, scale=scale), width, out)


@kernel
def _place_in_triangle(numbers: Float, width: int, out: Float) -> None:
    start = 0
    for i in range(out.shape[0]):
        for j in range(width * i):
            out[i, j] = numbers[start + j]
        start += width * i


@kernel
def fill_truncated_normal(rng: np.random.Generator, bound: float, out: Float) -> None:
    """Standard normals conditioned to lie in [-bound, bound], by rejection.

    How many numbers that takes is not known before, so they come in order from the stream of the generator.
    """
    for i in range(out.size):
        x = rng.standard_normal()
        while abs(x) > bound:
            x = rng.standard_normal()
        out[i] = x
