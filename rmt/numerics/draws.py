"""Random numbers in bulk: NumPy's own bit generators, driven from compiled loops.

Numba compiles the ziggurat loops of :class:`numpy.random.Generator` inline: the same bits as
``Generator.standard_normal`` in a quarter of its time, for every bit generator. The stream is read in order by one
thread, so the numbers do not depend on the number of threads. Each function fills a contiguous 1-d array.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.kernel import kernel

Float = NDArray[np.float64]


@kernel
def fill_normal(rng: np.random.Generator, out: Float) -> None:
    """Standard normals, bit for bit those of ``rng.standard_normal``."""
    for i in range(out.size):
        out[i] = rng.standard_normal()


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


@kernel
def fill_exponential(rng: np.random.Generator, out: Float) -> None:
    """Standard exponentials, bit for bit those of ``rng.standard_exponential``."""
    for i in range(out.size):
        out[i] = rng.standard_exponential()


@kernel
def fill_laplace(rng: np.random.Generator, out: Float) -> None:
    """Laplace numbers of scale 1: an exponential with a random sign."""
    for i in range(out.size):
        x = rng.standard_exponential()
        out[i] = x if rng.random() < 0.5 else -x


@kernel
def fill_cauchy(rng: np.random.Generator, out: Float) -> None:
    """Standard Cauchy numbers, as ratios of two normals."""
    for i in range(out.size):
        out[i] = rng.standard_normal() / rng.standard_normal()


@kernel
def fill_planar_normal(rng: np.random.Generator, first: Float, square: Float) -> None:
    """First coordinates and squared radii of normal points in the plane."""
    for i in range(first.size):
        x, y = rng.standard_normal(), rng.standard_normal()
        first[i] = x
        square[i] = x * x + y * y


@kernel
def multiply_by_root(factor: float, numerator: Float, denominator: Float, out: Float) -> None:
    """Multiply `out` by the square root of factor · numerator / denominator."""
    for i in range(out.size):
        out[i] *= np.sqrt(factor * numerator[i] / denominator[i])


@kernel
def expand_signs(words: NDArray[np.uint64], magnitude: float, out: Float) -> None:
    """One sign for every bit of `words`: ``out[i] = ± magnitude``."""
    for k in range(words.size):
        word = words[k]
        start = 64 * k
        for j in range(min(64, out.size - start)):
            bit = np.float64((word >> np.uint64(j)) & np.uint64(1))
            out[start + j] = magnitude * (2.0 * bit - 1.0)
