"""Pair integrals of an activation interpolated in (log q1, log q2, θ), where they are analytic."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from rmt.errors import ConvergenceError
from rmt.kernels.pair_kernels import angle
from rmt.numerics.compilation.jit import inner_kernel, kernel

Real = NDArray[np.float64]
#: (q1, q2, gap) -> E φ φ and E φ' φ', for 1-d arrays
Source = Callable[[Real, Real, Real], tuple[Real, Real]]

#: Chebyshev points in (log q, θ), tried in turn; one point in log q when all variances are equal
GRIDS = ((9, 33), (13, 49), (17, 97))
ANGLES = (17, 33, 65, 129, 257)


@dataclass(frozen=True, eq=False)
class Interpolant:
    """Chebyshev coefficients of the two pair integrals over √(q1 q2) and 1, in θ and in both log q.

    Attributes
    ----------
    value, slope : ndarray of shape (N, M, M)
    low, high : float
        Range of log q.
    error : float
        Largest difference to the source at points between the nodes, relative to the diagonal.
    """

    value: Real
    slope: Real
    low: float
    high: float
    error: float

    def points(self, q: Real) -> Real:
        """Chebyshev polynomials of log q, one row a variance."""
        size = self.value.shape[1]
        if size == 1:
            return np.ones((q.size, 1))
        x = (2.0 * np.log(q) - self.low - self.high) / (self.high - self.low)
        return np.asarray(np.cos(np.arange(size) * np.arccos(np.clip(x, -1.0, 1.0))[:, None]))

    def pairs(self, q1: Real, q2: Real, gap: Real) -> tuple[Real, Real]:
        """E φ φ and E φ' φ' for 1-d arrays."""
        value, slope = np.empty_like(gap), np.empty_like(gap)
        grid_many(self.value, self.slope, self.points(q1), self.points(q2), gap, value, slope)
        return value * np.sqrt(q1) * np.sqrt(q2), slope


def interpolant(source: Source, q: Real, name: str, accuracy: float) -> Interpolant:
    """Interpolate the pair integrals over the range of `q` and all angles, to `accuracy` relative to the diagonal.

    Raises
    ------
    ConvergenceError
        If no grid reaches the accuracy: kinks off 0 make the integrals vary on two scales where q1 = q2 and θ = 0.
    """
    low, high = float(np.log(q.min())), float(np.log(q.max()))
    found = None
    for shape in [(1, n) for n in ANGLES] if high - low < 1e-14 else list(GRIDS):
        found = _fit(source, low, high, *shape)
        if found.error <= accuracy:
            return found
    assert found is not None
    raise ConvergenceError(
        f"the pair integrals of {name!r} cannot be interpolated for q in [{math.exp(low):.6g}, {math.exp(high):.6g}]; "
        "evaluate fewer pairs, or take inputs of equal length",
        residual=found.error,
    )


def _fit(source: Source, low: float, high: float, size: int, angles: int) -> Interpolant:
    u = np.cos(np.pi * np.arange(size) / max(size - 1, 1))
    q = np.exp(0.5 * (low + high) + 0.5 * (high - low) * u) if size > 1 else np.array([math.exp(low)])
    theta = 0.5 * np.pi * (1.0 + np.cos(np.pi * np.arange(angles) / (angles - 1)))
    a, b = np.tril_indices(size)
    first, second = np.repeat(q[a], angles), np.repeat(q[b], angles)
    f, s = source(first, second, np.tile(2.0 * np.sin(0.5 * theta) ** 2, a.size))
    value, slope = np.empty((angles, size, size)), np.empty((angles, size, size))
    value[:, a, b] = value[:, b, a] = (f / np.sqrt(first) / np.sqrt(second)).reshape(a.size, angles).T
    slope[:, a, b] = slope[:, b, a] = s.reshape(a.size, angles).T
    for axis in range(3):
        value, slope = _chebyshev(value, axis), _chebyshev(slope, axis)
    if size == 1:
        value, slope = _trimmed(value), _trimmed(slope)
    made = Interpolant(value, slope, low, high, 0.0)
    return Interpolant(value, slope, low, high, _largest_difference(source, made))


def _chebyshev(values: Real, axis: int) -> Real:
    """Coefficients from values at the extrema of a Chebyshev polynomial."""
    size = values.shape[axis]
    if size == 1:
        return values
    out = np.moveaxis(np.asarray(dct(values, type=1, axis=axis)) / (size - 1), axis, 0)
    out[0] *= 0.5
    out[-1] *= 0.5
    return np.ascontiguousarray(np.moveaxis(out, 0, axis))


def _trimmed(coefficients: Real) -> Real:
    """The coefficients without a tail of rounding errors."""
    large = np.flatnonzero(np.abs(coefficients[:, 0, 0]) > 1e-16 * np.abs(coefficients).max())
    return coefficients[: large[-1] + 1]


def _largest_difference(source: Source, made: Interpolant) -> float:
    """Compare with the source at fixed points between the nodes, near the ends of θ among them."""
    rng = np.random.default_rng(20)
    gap = np.concatenate([rng.uniform(0.0, 2.0, 8), [1e-6, 1e-3, 0.02, 1.98, 2.0 - 1e-4, 2.0 - 1e-7]])
    q1, q2 = np.exp(rng.uniform(made.low, made.high, (2, gap.size)))
    q2[8:11] = q1[8:11]
    value, slope = source(q1, q2, gap)
    f, s = made.pairs(q1, q2, gap)
    diagonals = [source(q, q, np.zeros_like(q)) for q in (q1, q2)]
    scale, tilt = (np.sqrt(x * y) for x, y in zip(*diagonals, strict=True))
    return float(max(np.max(np.abs(f - value) / scale), np.max(np.abs(s - slope) / tilt)))


@kernel
def _clenshaw(coefficients: Any, x: Any) -> Any:
    one, two = 0.0, 0.0
    for k in range(coefficients.size - 1, 0, -1):
        one, two = coefficients[k] + 2.0 * x * one - two, one
    return coefficients[0] + x * one - two


@inner_kernel
def _contract(tensor: Any, left: Any, out: Any) -> None:
    """Sum a row of Chebyshev polynomials into the last axis of the tensor: out[b, k]."""
    angles, size, _ = tensor.shape
    for b in range(size):
        for k in range(angles):
            total = 0.0
            for a in range(size):
                total += tensor[k, b, a] * left[a]
            out[b, k] = total


@kernel
def _second(half: Any, right: Any, out: Any) -> None:
    for k in range(out.size):
        total = 0.0
        for b in range(right.size):
            total += half[b, k] * right[b]
        out[k] = total


@kernel
def grid_many(value: Any, slope: Any, left: Any, right: Any, gap: Any, f: Any, s: Any) -> None:
    """Fill `f` (over √(q1 q2)) and `s` for 1-d arrays."""
    angles, size, _ = value.shape
    if size == 1:
        for i in range(gap.size):
            x = angle(gap[i]) * (2.0 / math.pi) - 1.0
            f[i] = _clenshaw(value[:, 0, 0], x)
            s[i] = _clenshaw(slope[:, 0, 0], x)
        return
    half, line = np.empty((size, angles)), np.empty(angles)
    for i in range(gap.size):
        x = angle(gap[i]) * (2.0 / math.pi) - 1.0
        _contract(value, left[i], half)
        _second(half, right[i], line)
        f[i] = _clenshaw(line, x)
        _contract(slope, left[i], half)
        _second(half, right[i], line)
        s[i] = _clenshaw(line, x)


@kernel
def grid_block(
    value: Any,
    slope: Any,
    left: Any,
    right: Any,
    q1: Any,
    q2: Any,
    moment1: Any,
    moment2: Any,
    gap: Any,
    start: Any,
    out: Any,
) -> None:
    """One activation on a block of pairs, as :func:`rmt.kernels.pair_kernels.closed_block`."""
    angles, size, _ = value.shape
    half, tilted, line = np.empty((size, angles)), np.empty((size, angles)), np.empty(angles)
    for i in range(q1.size):
        _contract(value, left[i], half)
        _contract(slope, left[i], tilted)
        columns = min(start + i + 1, q2.size) if start >= 0 else q2.size
        for j in range(columns):
            x = angle(gap[i, j]) * (2.0 / math.pi) - 1.0
            _second(tilted, right[j], line)
            out[i, j] = _clenshaw(line, x)
            scale = math.sqrt(moment1[i] * moment2[j])
            root = math.sqrt(q1[i]) * math.sqrt(q2[j])
            if scale == 0.0:
                gap[i, j] = 0.0
            elif gap[i, j] < 1e-3 and q1[i] == q2[j]:
                # F(gap 0) − F(gap) ≈ √(q1 q2) gap F', by the midpoint in √gap where F' is linear
                x = angle(0.25 * gap[i, j]) * (2.0 / math.pi) - 1.0
                gap[i, j] = root * gap[i, j] * (out[i, j] + 2.0 * _clenshaw(line, x)) / (3.0 * scale)
            else:
                _second(half, right[j], line)
                gap[i, j] = min(max(1.0 - root * _clenshaw(line, x) / scale, 0.0), 2.0)
