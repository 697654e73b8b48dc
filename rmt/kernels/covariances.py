"""Covariances of the features of inputs: variances on both sides and gaps, never correlations.

Gaps are what small angles are made of; they are carried through sums of independent features without cancellation:
for variances (a1, a2) with gap g and (b1, b2) with gap h,

    S − k = √(a1 a2) g + √(b1 b2) h + (√(a1 b2) − √(b1 a2))² / (S + √(a1 a2) + √(b1 b2)),  S² = (a1 + b1)(a2 + b2).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_reals
from rmt.numerics.compilation.jit import inner_kernel, kernel

Real = NDArray[np.float64]

#: gaps below this are recomputed from differences of the inputs
NEAR = 0.01


def check_inputs(name: str, value: ArrayLike) -> Real:
    """Return a finite 2-d array of inputs, one a row.

    Raises
    ------
    TypeError
        If the entries are no real numbers.
    ValueError
        If it is not two-dimensional, empty, or not finite.
    """
    accepted = "a two-dimensional array of finite numbers, one input a row"
    array = check_reals(name, value)
    shape = array.shape
    if len(shape) != 2:
        hint = "; write X[:, None] for scalar inputs, X[None, :] for one input" if len(shape) == 1 else ""
        raise ValueError(f"{name} must be {accepted}, got shape {shape}{hint}")
    if array.size == 0:
        raise ValueError(f"{name} must be {accepted}, got shape {shape}: it is empty")
    bad = ~np.isfinite(array)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(f"{name} must be {accepted}, got {array[row, column]} in row {row}, column {column}")
    return np.ascontiguousarray(array)


def squared_norms(X: Real) -> Real:
    """Sum of squares of each row, the same bits for equal rows."""
    out = np.empty(X.shape[0])
    _norms(X, out)
    return out


@kernel
def _norms(X: Any, out: Any) -> None:
    for i in range(X.shape[0]):
        total = 0.0
        for k in range(X.shape[1]):
            total += X[i, k] * X[i, k]
        out[i] = total


@kernel
def first_gaps(X: Any, Y: Any, norm1: Any, norm2: Any, weight: Any, bias: Any, gap: Any, start: Any) -> None:
    """Turn inner products into gaps of the vectors (√weight x, √bias); close pairs from their differences."""
    for i in range(norm1.size):
        q1 = weight * norm1[i] + bias
        columns = min(start + i + 1, norm2.size) if start >= 0 else norm2.size
        for j in range(columns):
            if start >= 0 and start + i == j:
                gap[i, j] = 0.0
                continue
            q2 = weight * norm2[j] + bias
            scale = math.sqrt(q1) * math.sqrt(q2)
            if scale == 0.0:
                gap[i, j] = 0.0 if q1 == q2 else 1.0
                continue
            found = 1.0 - (weight * gap[i, j] + bias) / scale
            if found < NEAR:
                square, radial = 0.0, 0.0
                for k in range(X.shape[1]):
                    difference = X[i, k] - Y[j, k]
                    square += difference * difference
                    radial += difference * (X[i, k] + Y[j, k])
                radial *= weight / (math.sqrt(q1) + math.sqrt(q2))
                found = (weight * square - radial * radial) / (2.0 * scale)
            gap[i, j] = min(max(found, 0.0), 2.0)


@inner_kernel
def add_gap(a1: Any, a2: Any, g: Any, b1: Any, b2: Any, h: Any) -> Any:
    """Gap of the sum of two independent feature vectors with variances a, b and gaps g, h."""
    whole = math.sqrt(a1 + b1) * math.sqrt(a2 + b2)
    if whole == 0.0:
        return 0.0
    first, second = math.sqrt(a1) * math.sqrt(a2), math.sqrt(b1) * math.sqrt(b2)
    cross = math.sqrt(a1) * math.sqrt(b2) - math.sqrt(b1) * math.sqrt(a2)
    return (first * g + second * h + cross * cross / (whole + first + second)) / whole


@kernel
def dense_block(
    moment1: Any, moment2: Any, gap: Any, slope: Any, tangent: Any, weight: Any, bias: Any, added: Any, start: Any
) -> None:
    """One dense layer after an activation: gaps of the images and tangent kernel, in place.

    ``tangent = added[0] * F + added[1] + weight * slope * tangent``; of a symmetric matrix the lower triangle.
    """
    for i in range(moment1.size):
        columns = min(start + i + 1, moment2.size) if start >= 0 else moment2.size
        for j in range(columns):
            value = math.sqrt(moment1[i] * moment2[j]) * (1.0 - gap[i, j])
            tangent[i, j] = added[0] * value + added[1] + weight * slope[i, j] * tangent[i, j]
            if bias > 0.0:
                gap[i, j] = add_gap(weight * moment1[i], weight * moment2[j], gap[i, j], bias, bias, 0.0)


@kernel
def bias_block(moment1: Any, moment2: Any, gap: Any, weight: Any, bias: Any, start: Any) -> None:
    """Gaps after a dense layer with biases, in place; of a symmetric matrix in the lower triangle."""
    for i in range(moment1.size):
        columns = min(start + i + 1, moment2.size) if start >= 0 else moment2.size
        for j in range(columns):
            gap[i, j] = add_gap(weight * moment1[i], weight * moment2[j], gap[i, j], bias, bias, 0.0)


@kernel
def covariance_block(q1: Any, q2: Any, gap: Any, start: Any) -> None:
    """Replace gaps by covariances √(q1 q2) (1 − gap); of a symmetric matrix in the lower triangle."""
    for i in range(q1.size):
        columns = min(start + i + 1, q2.size) if start >= 0 else q2.size
        for j in range(columns):
            gap[i, j] = math.sqrt(q1[i] * q2[j]) * (1.0 - gap[i, j])
