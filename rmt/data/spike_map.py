"""From an observed outlier back to the population spike that causes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_real, check_reals
from rmt.laws.law import Law, check_law

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PopulationSpike:
    """Population spikes behind observed outliers; made by :func:`population_spike`.

    Attributes
    ----------
    value : float or ndarray
        The population eigenvalue ℓ.
    error : float or ndarray or None
        Its standard error; None without a number of samples, or for a law of one's own.
    overlap : float or ndarray
        Squared inner product of the observed and the population eigenvector.
    interval : tuple of (float or ndarray) or None
        95 % interval. Next to the threshold, where the error diverges, it reaches down to the threshold: there data do
        not tell.

    Examples
    --------
    >>> from rmt.data import population_spike
    >>> found = population_spike(4.5, ratio=0.5, samples=200)
    >>> round(found.value * (1 + 0.5 / (found.value - 1)), 9)  # where the spike sends an eigenvalue
    4.5
    >>> 0.0 < found.overlap < 1.0, found.error > 0.0
    (True, True)
    """

    value: Any
    error: Any
    overlap: Any
    interval: tuple[Any, Any] | None


def population_spike(
    eigenvalue: ArrayLike,
    ratio: Any = None,
    *,
    variance: Any = 1,
    samples: Any = None,
    beta: Any = 1,
    fourth_cumulant: Any = 0,
    localisation: Any = 0,
    law: Law | None = None,
    perturbation: str = "multiplicative",
) -> PopulationSpike:
    """Population eigenvalue ℓ that pulls a sample eigenvalue λ out of the noise.

    In noise of variance σ², λ = ℓ + cσ²ℓ/(ℓ − σ²) (Baik and Silverstein 2006), so that ℓ is a root of a quadratic
    equation. Its standard error is ℓ √(2/(βm(1 − cσ⁴/(ℓ − σ²)²))); for entries with a fourth cumulant κ₄ and an
    eigenvector u the variance has κ₄ ℓ² Σu_i⁴/m more (Bai and Yao 2008).

    Parameters
    ----------
    eigenvalue : array_like of float
        Observed outliers, outside the noise.
    ratio : real, optional
        Dimension over samples; not needed with `law`.
    variance : real
        Noise variance σ².
    samples : real, optional
        Number m of samples, for standard errors.
    beta : real
        Dyson index.
    fourth_cumulant, localisation : real
        κ₄ of the entries, and Σ u_i⁴ of the population eigenvector.
    law : Law, optional
        Another law of the noise: then ℓ = ω(λ), with 1/G for an additive and (1 + M)/M for a multiplicative spike,
        the inverse of :func:`rmt.outliers`.
    perturbation : {"multiplicative", "additive"}
        For `law`.

    Returns
    -------
    PopulationSpike

    Raises
    ------
    TypeError, ValueError
        If an eigenvalue lies inside the noise, or a parameter is missing or out of range.

    Examples
    --------
    >>> from rmt.data import population_spike
    >>> found = population_spike(4.0, ratio=0.5, samples=400)
    >>> round(found.value, 10), round(found.overlap, 10), round(found.error, 6)
    (3.2807764064, 0.7413587112, 0.244009)
    """
    values = check_reals("eigenvalue", eigenvalue)
    if law is not None:
        return _by_law(values, law, perturbation)
    if ratio is None:
        raise ValueError("pass the ratio (dimension over samples), or the law of the noise as law=")
    c = float(check_real("ratio", ratio, above=0.0))
    noise = float(check_real("variance", variance, above=0.0))
    x = np.atleast_1d(values) / noise
    low, high = (1.0 - math.sqrt(c)) ** 2, (1.0 + math.sqrt(c)) ** 2
    inside = ~((x > high) | ((x < low) & (x > 0.0) & (c < 1.0)))
    if inside.any():
        raise ValueError(
            f"eigenvalue must lie outside the noise, which fills [{noise * low:.6g}, {noise * high:.6g}], got "
            f"{float(x[inside][0]) * noise!r}: no spike is to be seen there"
        )
    spike = spike_value(x, c)
    slope = 1.0 - c / (spike - 1.0) ** 2
    overlap = slope / (1.0 + c / (spike - 1.0))
    error = interval = None
    if samples is not None:
        m = float(check_real("samples", samples, above=0.0))
        index = float(check_real("beta", beta, above=0.0))
        kappa = float(check_real("fourth_cumulant", fourth_cumulant))
        weight = float(check_real("localisation", localisation, at_least=0.0, at_most=1.0))
        spread = noise * spike * np.sqrt(np.maximum(2.0 / (index * m * slope) + kappa * weight / m, 0.0))
        centre, edge = noise * spike, noise * np.where(spike > 1.0, 1.0 + math.sqrt(c), 1.0 - math.sqrt(c))
        ends = np.where(spike > 1.0, np.maximum(centre - 1.96 * spread, edge), centre - 1.96 * spread)
        tops = np.where(spike > 1.0, centre + 1.96 * spread, np.minimum(centre + 1.96 * spread, edge))
        error, interval = _like(values, spread), (_like(values, np.maximum(ends, 0.0)), _like(values, tops))
    return PopulationSpike(_like(values, noise * spike), error, _like(values, overlap), interval)


def spike_value(x: Real, ratio: float) -> Real:
    """ℓ in units of the noise; inside the bulk the threshold next to it."""
    half = 0.5 * (x + 1.0 - ratio)
    root = np.sqrt(np.maximum(half * half - x, 0.0))
    top = (1.0 + math.sqrt(ratio)) ** 2
    threshold = np.where(
        x >= 0.5 * (top + (1.0 - math.sqrt(ratio)) ** 2), 1.0 + math.sqrt(ratio), 1.0 - math.sqrt(ratio)
    )
    outside = half * half > x
    # for an outlier below the noise the other root, without cancellation
    found = np.where(x >= 1.0, half + root, x / np.maximum(half + root, 1e-300))
    return np.asarray(np.where(outside, found, threshold))


def _by_law(values: Real, law: Law, perturbation: str) -> PopulationSpike:
    from rmt.free.spikes import outliers

    check_law(law, "law")
    if perturbation not in ("additive", "multiplicative"):
        raise ValueError(f"perturbation must be 'additive' or 'multiplicative', got {perturbation!r}")
    spikes, overlaps = [], []
    for x in np.atleast_1d(values):
        inside = any(i.low <= x <= i.high for i in law.support) or any(x == a for a, _ in law.atoms)
        if inside or not math.isfinite(x):
            raise ValueError(f"eigenvalue must lie outside the support of {law!r}, got {float(x)!r}")
        g = float(np.real(law.stieltjes(complex(x))))
        spike = 1.0 / g if perturbation == "additive" else float(x * g / (x * g - 1.0))
        near = min(outliers(law, [spike], perturbation=perturbation), key=lambda o: abs(o.position - x))  # type: ignore[arg-type]
        spikes.append(spike)
        overlaps.append(near.overlap)
    return PopulationSpike(_like(values, np.array(spikes)), None, _like(values, np.array(overlaps)), None)


def _like(values: Real, found: Real) -> Any:
    return float(found[0]) if values.ndim == 0 else found.reshape(values.shape)
