"""Compiled recursions of polynomials on the nodes of a law, and of single-sample gradient descent."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmt.numerics.compilation.jit import kernel


@kernel
def orthogonal_recursion(nodes: Any, weights: Any, count: int) -> Any:
    """Steps and momenta of the polynomials orthogonal with respect to Σ weight δ_node, normalised to 1 at 0."""
    steps, momenta = np.zeros(count), np.zeros(count)
    size = nodes.size
    before, now = np.zeros(size), np.ones(size)
    norm_before, ratio_before = 0.0, 0.0
    for k in range(count):
        norm, mean = 0.0, 0.0
        for i in range(size):
            square = weights[i] * now[i] * now[i]
            norm += square
            mean += square * nodes[i]
        if k == 0:
            first = norm
        if not norm > 1e-290 * first:  # the last polynomial vanishes on all nodes: nothing is left to learn
            break
        centre = mean / norm
        shift = 0.0
        if k > 0:
            shift = ratio_before * norm / norm_before  # b_k / ρ_{k−1}, with b_k = ρ² n_k/n_{k−1}
        ratio = -centre - shift
        steps[k] = -1.0 / ratio
        momenta[k] = shift / ratio
        for i in range(size):
            after = (1.0 + momenta[k] - steps[k] * nodes[i]) * now[i] - momenta[k] * before[i]
            before[i] = now[i]
            now[i] = after
        norm_before, ratio_before = norm, ratio
    return steps, momenta


@kernel
def polynomial_values(nodes: Any, steps: Any, momenta: Any, extrapolated: Any) -> Any:
    """P_k at the nodes after all steps."""
    before, now = np.zeros(nodes.size), np.ones(nodes.size)
    for k in range(steps.size):
        for i in range(nodes.size):
            x = nodes[i]
            after = (1.0 + momenta[k] - steps[k] * x) * now[i] - (momenta[k] - extrapolated[k] * x) * before[i]
            before[i] = now[i]
            now[i] = after
    return now


@kernel
def squared_sums(nodes: Any, weights: Any, steps: Any, momenta: Any, extrapolated: Any) -> Any:
    """Σ weight P_k(node)² for k = 0, ..., number of steps."""
    out = np.zeros(steps.size + 1)
    before, now = np.zeros(nodes.size), np.ones(nodes.size)
    for i in range(nodes.size):
        out[0] += weights[i]
    for k in range(steps.size):
        total = 0.0
        for i in range(nodes.size):
            x = nodes[i]
            after = (1.0 + momenta[k] - steps[k] * x) * now[i] - (momenta[k] - extrapolated[k] * x) * before[i]
            before[i] = now[i]
            now[i] = after
            total += weights[i] * after * after
        out[k + 1] = total
    return out


@kernel
def stochastic_losses(rows: Any, right: Any, order: Any, step: float, counts: Any) -> Any:
    """½ |A x − b|² after each of these counts of single-sample steps."""
    n, d = rows.shape
    x, out, done = np.zeros(d), np.empty(counts.size), 0
    for place in range(counts.size):
        while done < counts[place]:
            i = order[done]
            error = -right[i]
            for j in range(d):
                error += rows[i, j] * x[j]
            for j in range(d):
                x[j] -= step * error * rows[i, j]
            done += 1
        total = 0.0
        for i in range(n):
            error = -right[i]
            for j in range(d):
                error += rows[i, j] * x[j]
            total += error * error
        out[place] = 0.5 * total
    return out


@kernel
def jacobi_matrix(nodes: Any, weights: Any, count: int) -> Any:
    """Diagonal and second diagonal of multiplication by x in the orthonormal polynomials (Stieltjes' recursion)."""
    centre, off = np.zeros(count), np.zeros(count)
    before, now = np.zeros(nodes.size), np.full(nodes.size, 1.0 / math.sqrt(weights.sum()))
    many = 0
    for k in range(count):
        mean, second = 0.0, 0.0
        for i in range(nodes.size):
            mean += weights[i] * nodes[i] * now[i] * now[i]
        link = off[k - 1] if k > 0 else 0.0
        for i in range(nodes.size):
            after = (nodes[i] - mean) * now[i] - link * before[i]
            before[i] = now[i]
            now[i] = after
            second += weights[i] * after * after
        centre[k] = mean
        off[k] = math.sqrt(second)
        many = k + 1
        if off[k] <= 1e-14 * nodes.max():
            break
        for i in range(nodes.size):
            now[i] /= off[k]
    return centre, off, many
