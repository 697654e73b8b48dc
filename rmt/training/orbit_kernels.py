"""Compiled steps of the models whose tangent kernel moves."""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt.numerics.compilation.jit import kernel


@kernel
def orbit_of_one_example(r: float, y: float, lam: float, a: float, eta: float, steps: int) -> Any:
    """Residuals r and eigenvalues λ of one example, and the steps until r left the range."""
    residuals, eigenvalues = np.empty(steps + 1), np.empty(steps + 1)
    residuals[0], eigenvalues[0] = r, lam
    count = 0
    for t in range(steps):
        g = r + y
        after = (1.0 - eta * lam + a * eta * eta * r * g) * r
        lam = lam - eta * a * (4.0 * r * g - eta * lam * r * r)
        r = after
        residuals[t + 1], eigenvalues[t + 1] = r, lam
        count = t + 1
        if not abs(r) <= 1e30:
            break
    return residuals, eigenvalues, count


@kernel
def orbit_of_a_spectrum(x: Any, weights: Any, gamma: float, eta: float, y: float, steps: int) -> Any:
    """Losses and tangent kernels of a quadratic model whose curvature has a law at nodes x, and the steps."""
    losses, tops = np.empty(steps + 1), np.empty(steps + 1)
    p, begin, count = np.ones(x.size), 0.0, 0
    for t in range(steps + 1):
        first, second = 0.0, 0.0
        for i in range(x.size):
            mass = weights[i] * x[i] * p[i] * p[i]
            first += mass
            second += mass * x[i]
        if t == 0:
            begin = 0.5 * gamma * first
        r = 0.5 * gamma * first - begin - y
        losses[t], tops[t], count = 0.5 * r * r, gamma * gamma * second, t
        if not losses[t] <= 1e60:
            break
        for i in range(x.size):
            p[i] *= 1.0 - eta * gamma * r * x[i]
    return losses, tops, count
