"""Joint densities of the eigenvalues of β ensembles and their normalisation (Selberg 1944; Mehta 2004, chapter 17)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from rmt.ensembles.beta import LineEnsemble

Float = NDArray[np.float64]


def log_normalisation(ensemble: LineEnsemble, n: int) -> float:
    """Logarithm of the integral of Π |λ_i − λ_j|^β Π w(λ_i) over all n eigenvalues, in any order."""
    from rmt.ensembles.beta import HermiteEnsemble, LaguerreEnsemble

    beta = _finite_beta(ensemble)
    half = 0.5 * beta
    pairs = sum(math.lgamma(1.0 + half * (j + 1.0)) - math.lgamma(1.0 + half) for j in range(n))
    if isinstance(ensemble, HermiteEnsemble):
        power = 0.5 * n + 0.25 * beta * n * (n - 1.0)
        return 0.5 * n * math.log(2.0 * math.pi) - power * math.log(half * n) + pairs
    if isinstance(ensemble, LaguerreEnsemble):
        m = ensemble.samples(n)
        first = half * (m - n + 1.0)
        _require_full_rank(ensemble, n, m)
        power = n * first + half * n * (n - 1.0)
        return pairs + sum(math.lgamma(first + half * j) for j in range(n)) - power * math.log(half * m)
    first, second = _jacobi_powers(ensemble, n)
    return pairs + sum(
        math.lgamma(first + half * j)
        + math.lgamma(second + half * j)
        - math.lgamma(first + second + half * (n + j - 1.0))
        for j in range(n)
    )


def log_density(ensemble: LineEnsemble, eigenvalues: ArrayLike) -> float | Float:
    """Logarithm of the joint density at eigenvalues in any order, rows of (..., n); −inf outside the support."""
    from rmt.ensembles.beta import HermiteEnsemble, LaguerreEnsemble
    from rmt.errors import check_numbers

    beta = _finite_beta(ensemble)
    values = np.asarray(check_numbers("eigenvalues", eigenvalues))
    if np.iscomplexobj(values):
        raise TypeError("eigenvalues must be real, got complex numbers")
    values = values.astype(np.float64)
    if values.ndim == 0 or values.shape[-1] == 0:
        raise ValueError(f"eigenvalues must have shape (..., n) with n >= 1, got {values.shape}")
    n = values.shape[-1]
    ordered = np.sort(values, axis=-1)
    differences = (ordered[..., None, :] - ordered[..., :, None])[..., *np.triu_indices(n, 1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        total = beta * np.log(differences).sum(axis=-1)
        if isinstance(ensemble, HermiteEnsemble):
            total = total - 0.25 * beta * n * (ordered**2).sum(axis=-1)
            inside = np.ones(total.shape, dtype=bool)
        elif isinstance(ensemble, LaguerreEnsemble):
            m = ensemble.samples(n)
            _require_full_rank(ensemble, n, m)
            power = 0.5 * beta * (m - n + 1.0) - 1.0
            total = total + _power(ordered, power).sum(axis=-1) - 0.5 * beta * m * ordered.sum(axis=-1)
            inside = ordered[..., 0] >= 0.0
        else:
            first, second = _jacobi_powers(ensemble, n)
            total = total + (_power(ordered, first - 1.0) + _power(1.0 - ordered, second - 1.0)).sum(axis=-1)
            inside = (ordered[..., 0] >= 0.0) & (ordered[..., -1] <= 1.0)
    out = np.where(inside, total - log_normalisation(ensemble, n), -np.inf)
    return out if out.ndim else float(out)


def _power(x: Float, power: float) -> Float:
    return np.zeros_like(x) if power == 0.0 else power * np.log(x)


def _jacobi_powers(ensemble: LineEnsemble, n: int) -> tuple[float, float]:
    a, b = ensemble.excesses(n)  # type: ignore[attr-defined]
    return 0.5 * ensemble.beta * (a + 1.0), 0.5 * ensemble.beta * (b + 1.0)


def _finite_beta(ensemble: LineEnsemble) -> float:
    if math.isinf(ensemble.beta):
        raise ValueError(f"the eigenvalues of {ensemble!r} do not fluctuate: they have no density")
    return float(ensemble.beta)


def _require_full_rank(ensemble: LineEnsemble, n: int, m: float) -> None:
    if m <= n - 1:
        raise ValueError(
            f"{ensemble!r} has fewer samples than dimensions at n = {n}: some eigenvalues are exactly 0, and there is "
            "no joint density; take the inverse ratio for the others"
        )
