"""Chebyshev polynomials of eigenvalues: statistics whose means and covariances are known, for fits and their tests.

For Wigner and Wishart matrices and x̂ the place in the support, scaled to [−1, 1], the sums Σ T_k(x̂_i) are about
independent, normal, with variances k/(2β): eigenvalues repel, and a sum fluctuates by O(1), not by √n
(Lytova and Pastur 2009; Bai and Silverstein 2004).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rmt.laws.law import Law

Real = NDArray[np.float64]


def polynomials(x: Real, low: float, high: float, order: int) -> Real:
    """T_1 ... T_order of x scaled from [low, high] to [−1, 1]; one row a polynomial."""
    place = (2.0 * x - (low + high)) / (high - low)
    rows = np.empty((order + 1, place.size))
    rows[0] = 1.0
    rows[1] = place
    for k in range(2, order + 1):
        rows[k] = 2.0 * place * rows[k - 1] - rows[k - 2]
    return rows[1:]


def universal(order: int, beta: float, fourth_cumulant: float = 0.0) -> tuple[Real, Real]:
    """Shifts and variances of Σ T_k on the support of a Wigner or Wishart matrix; the cumulant is Wishart's."""
    k = np.arange(1, order + 1)
    shift = np.where(k % 2 == 0, 0.5 * (2.0 / beta - 1.0), 0.0)
    variance = k / (2.0 * beta)
    variance[0] += 0.25 * fourth_cumulant
    if order > 1:
        shift[1] += 0.5 * fourth_cumulant
    return shift, variance


def expectation_rule(law: Law, *, off_zero: bool = False) -> tuple[Real, Real]:
    """Nodes and weights of ∫ dμ; `off_zero` leaves an atom at 0 out and divides by the rest of the mass."""
    nodes, weights = law._expectation_rule()
    if off_zero:
        nodes, weights = nodes[nodes != 0.0], weights[nodes != 0.0]
    return nodes, weights / weights.sum()


def misfit(residual: Real, variance: Real, directions: Real) -> tuple[float, int]:
    """χ² of a residual left by a fit of parameters with these derivatives (columns), and its degrees of freedom."""
    used = variance > 1e-12 * variance.max()
    root = 1.0 / np.sqrt(variance[used])
    scaled = residual[used] * root
    basis, _ = np.linalg.qr(directions[used] * root[:, None])
    left = scaled - basis @ (basis.T @ scaled)
    return float(left @ left), int(used.sum()) - directions.shape[1]
