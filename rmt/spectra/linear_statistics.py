"""Fluctuations of linear statistics Σ f(λ_i): the central limit theorem of one-cut ensembles."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import LARGEST_SCALE, check_real, shown
from rmt.laws.law import Law, check_law
from rmt.laws.named.marchenko_pastur import MarchenkoPastur
from rmt.laws.named.semicircle import Semicircle

Float = NDArray[np.float64]

_LARGEST, _SMALL = 1024, 1e-10


@dataclass(frozen=True)
class LinearStatistic:
    """Mean and variance of Σ f(λ_i) for large n: about n · centre + shift, and variance.

    Attributes
    ----------
    centre : float
        ∫ f dμ, per eigenvalue (eigenvalues that are exactly 0 counted).
    shift : float
        Correction of the mean, of order 1.
    variance : float
        Limit of the variance: it does not grow with n.

    Examples
    --------
    >>> import numpy as np, rmt
    >>> from rmt.spectra import linear_statistic
    >>> found = linear_statistic(rmt.Semicircle(), np.square, beta=2)
    >>> round(found.centre, 9), round(found.variance, 9)  # Σ λ² of a GUE has mean n and variance 2
    (1.0, 2.0)
    """

    centre: float
    shift: float
    variance: float


def linear_statistic(
    law: Law,
    f: Callable[[Float], Any],
    *,
    beta: Any = 1,
    fourth_cumulant: Any = 0,
    diagonal_variance: Any = None,
) -> LinearStatistic:
    """Limit of the mean and the variance of Σ f(λ_i) over the eigenvalues of a Wigner or Wishart matrix.

    With edges α ± 2γ and f(α + 2γ cos θ) = c₀/2 + Σ c_k cos kθ: variance (1/2β) Σ k c_k², shift
    (2/β − 1)((f(low) + f(high))/4 − c₀/4).

    Parameters
    ----------
    law : Semicircle or MarchenkoPastur
        The limit law; it tells the kind of matrix. Another law with one interval is taken for an invariant ensemble,
        for which the fourth cumulant must be 0.
    f : callable
        Real function, analytic on the support; takes arrays.
    beta : real
        Dyson index, > 0.
    fourth_cumulant : real
        κ₄ of the entries times √n (Wigner) or of the entries of A (Wishart): E x⁴ − 3, complex E|x|⁴ − 2; 0 is
        Gaussian. It adds κ₄ c₂²/2 to the variance and κ₄ c₄/2 to the shift of Wigner matrices (Lytova and Pastur 2009),
        κ₄ c₁²/4 and κ₄ c₂/2 for Wishart matrices (Bai and Silverstein 2004; Pan and Zhou 2008).
    diagonal_variance : real, optional
        n times the variance of the diagonal entries of a Wigner matrix; 2/β by default. Adds (v − 2/β) c₁²/4 to the
        variance.

    Returns
    -------
    LinearStatistic

    Raises
    ------
    TypeError
        If the law is none, f cannot be called, or a parameter is no number.
    ValueError
        If f has a jump or a kink on the support (the variance of a count grows like log n), the support is not one
        bounded interval, or a parameter does not apply.

    Examples
    --------
    >>> from rmt.laws import Semicircle
    >>> from rmt.spectra import linear_statistic
    >>> round(linear_statistic(Semicircle(), lambda x: x**4, beta=2).variance, 10)
    36.0
    """
    check_law(law)
    index = float(check_real("beta", beta, above=0.0, at_least=1e-100))
    kappa = float(check_real("fourth_cumulant", fourth_cumulant, at_least=-LARGEST_SCALE, at_most=LARGEST_SCALE))
    if not callable(f):
        raise TypeError(f"f must be a function, got {f!r} of type {type(f).__name__}")
    low, high = _one_interval(law)
    series = _cosine_series(f, low, high)
    c = np.concatenate([series, np.zeros(max(0, 5 - series.size))])
    ends = np.asarray(f(np.array([low, high])), dtype=np.float64)
    variance = float(np.arange(c.size) @ c**2) / (2.0 * index)
    shift = (2.0 / index - 1.0) * (float(ends.sum()) / 4.0 - c[0] / 4.0)
    if isinstance(law, Semicircle):
        variance += 0.5 * kappa * c[2] ** 2
        shift += 0.5 * kappa * c[4]
    elif isinstance(law, MarchenkoPastur):
        variance += 0.25 * kappa * c[1] ** 2
        shift += 0.5 * kappa * c[2]
    elif kappa != 0.0:
        raise ValueError(
            f"fourth_cumulant is for Wigner and Wishart matrices (Semicircle, MarchenkoPastur), got "
            f"{fourth_cumulant!r} with {law!r}"
        )
    if diagonal_variance is not None:
        if not isinstance(law, Semicircle):
            raise ValueError(f"diagonal_variance is for Wigner matrices (Semicircle), got it with {law!r}")
        diagonal = float(check_real("diagonal_variance", diagonal_variance, at_least=0.0, at_most=LARGEST_SCALE))
        variance += 0.25 * (diagonal - 2.0 / index) * c[1] ** 2
    return LinearStatistic(_mean(law, f), float(shift), float(variance))


def _one_interval(law: Law) -> tuple[float, float]:
    if len(law.support) != 1 or not all(map(math.isfinite, law._hull())):
        raise ValueError(
            "a linear statistic is Gaussian with these constants on one bounded interval only; "
            f"{law!r} has the support {[(i.low, i.high) for i in law.support]}: between several cuts the number of "
            "eigenvalues fluctuates"
        )
    return law.support[0].low, law.support[0].high


def _cosine_series(f: Callable[[Float], Any], low: float, high: float) -> Float:
    """Coefficients c_k of f(α + 2γ cos θ), with c₀/2 the mean; refuse f that is not smooth."""
    from scipy.fft import dct

    count = 32
    while True:
        x = 0.5 * (low + high) + 0.5 * (high - low) * np.cos(np.pi * (np.arange(count) + 0.5) / count)
        values = np.asarray(f(x), dtype=np.float64)
        if values.shape != x.shape:
            values = np.array([_number(f(t), float(t)) for t in x])
        if not np.isfinite(values).all():
            raise ValueError(f"f must be finite on the support, got {float(values[~np.isfinite(values)][0])!r}")
        series = np.asarray(dct(values, type=2) / count)
        tail = np.abs(series[-count // 4 :]).max()
        if tail <= _SMALL * max(float(np.abs(series).max()), 1e-300):
            return series
        if count >= _LARGEST:
            raise ValueError(
                "f must be analytic on the support: its Chebyshev coefficients do not decay (a jump or a kink?); the "
                "variance of the number of eigenvalues in an interval grows like log n, see number_variance"
            )
        count *= 2


def _number(value: Any, at: float) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"f must return a real number, got {shown(value)} at {at!r}") from None


def _mean(law: Law, f: Callable[[Float], Any]) -> float:
    nodes, weights = law._expectation_rule()
    return math.fsum(weights * np.asarray(f(nodes), dtype=np.float64))
