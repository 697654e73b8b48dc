"""Single-sample stochastic gradient descent on least squares: the Volterra equation of its loss.

f(x) = ½|Ax − b|² with A of n rows and d columns, r = d/n, rows drawn one by one, step γ, time in epochs; μ is the law
of AᵀA. In high dimension the loss of every run follows

    ψ(t) = ½R² h₁(t) + ½N (r h₀(t) + 1 − r) + γ² r ∫₀ᵗ h₂(t − s) ψ(s) ds,    h_k(t) = ∫ x^k e^{−2γxt} dμ

with R² = |x_0 − x̃|² and N the squared noise of b = A x̃ + η (Paquette, Lee, Pedregosa and Paquette 2021).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_real, check_reals
from rmt.laws import Law
from rmt.optimisation.law_nodes import check_spectrum, gauss_nodes, law_nodes, mass_at_zero

Real = NDArray[np.float64]

#: nodes of a Gauss rule for e^{−sx}, 0 <= s <= τ, on an interval of length l: so many and so many times √(τ l)
_LEAST_NODES, _NODES = 24, 3.5


def sgd_loss(
    law: Law,
    t: ArrayLike,
    *,
    ratio: float,
    step: float,
    distance: float = 1.0,
    noise: float = 0.0,
) -> Real:
    """Loss ½|Ax − b|² of single-sample stochastic gradient descent after t epochs (Paquette et al. 2021).

    The Volterra equation is solved as a linear system of differential equations on the nodes of a quadrature of the
    law, in its eigenvectors: no time stepping, at any time.

    Parameters
    ----------
    law : Law
        Law of the eigenvalues of AᵀA, rows of A of mean square norm 1: for iid entries MP(r)/r.
    t : array_like
        Epochs (n steps each), >= 0.
    ratio : float
        r = d/n: columns over rows, the dimension of the law over the number of samples.
    step : float
        γ > 0. From :func:`sgd_critical_step` on, the loss grows.
    distance : float
        R² = |x_0 − x̃|².
    noise : float
        N = |b − A x̃|².

    Returns
    -------
    ndarray
        Of the shape of `t`; relative error about 1e-11.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the law has eigenvalues below 0, a parameter is out of range, or the loss is beyond the largest float.

    Examples
    --------
    >>> import rmt
    >>> law = rmt.MarchenkoPastur(ratio=0.5) * 2
    >>> sgd_loss(law, [0.0, 1.0, 3.0], ratio=0.5, step=0.8, noise=1.0).round(9).tolist()
    [1.5, 0.613314589, 0.448768162]
    """
    checked, r, gamma = _arguments(law, ratio, step)
    times = check_reals("t", t)
    bad = ~(np.isfinite(times) & (times >= 0.0))
    if bad.any():
        raise ValueError(f"t must hold finite epochs >= 0, got {float(times[bad].flat[0])!r}")
    start, variance = (
        float(check_real(name, value, at_least=0.0)) for name, value in (("distance", distance), ("noise", noise))
    )
    _, low, high = check_spectrum(checked)
    decay = 2.0 * gamma * float(times.max(initial=0.0))
    nodes, weights = law_nodes(checked, degree=2, decay=decay)
    nodes, weights = nodes[nodes > 0.0], weights[nodes > 0.0]
    nodes, weights = gauss_nodes(nodes, weights, _LEAST_NODES + math.ceil(_NODES * math.sqrt(decay * (high - low))))
    # z_i' = −2γ x_i z_i + γ² r x_i² Σ w z, a diagonal plus rank one: symmetric in the variables z_i √(w_i/r)/(γ x_i)
    root = np.sqrt(weights * r)
    coupling = gamma * root * nodes
    values, vectors = np.linalg.eigh(np.diag(-2.0 * gamma * nodes) + np.outer(coupling, coupling))
    read = vectors.T @ coupling
    planted = vectors.T @ (0.5 * start * root / (gamma * r))
    # the part of the noise begins with ½N, and its derivative obeys the same equation
    drift = vectors.T @ (0.5 * variance * root * (gamma * nodes - 2.0))
    flat = times.ravel()[:, None]
    with np.errstate(over="ignore", invalid="ignore"):
        grown = np.where(values == 0.0, flat, np.expm1(values * flat) / np.where(values == 0.0, 1.0, values))
        out = np.exp(values * flat) @ (read * planted) + 0.5 * variance + grown @ (read * drift)
    if not np.isfinite(out).all():
        raise ValueError(
            f"the loss is beyond the largest float: step {gamma:g} is above the critical one, {_critical(checked, r):g}"
        )
    return np.asarray(out.reshape(times.shape))


def sgd_critical_step(law: Law, *, ratio: float) -> float:
    """Step from which on the loss of single-sample stochastic gradient descent grows: 2/(r ∫ x dμ).

    Twice over the mean square norm of a row, 2 in the usual scaling: the MEAN of the law, where gradient descent
    needs its EDGE (Paquette et al. 2021).

    Parameters
    ----------
    law : Law
        Law of AᵀA.
    ratio : float
        r = d/n.

    Returns
    -------
    float

    Examples
    --------
    >>> import rmt
    >>> sgd_critical_step(rmt.MarchenkoPastur(ratio=0.5) * 2, ratio=0.5)
    2.0
    """
    checked, r, _ = _arguments(law, ratio, 1.0)
    return _critical(checked, r)


def _critical(law: Law, r: float) -> float:
    return 2.0 / (r * float(law.mean()))


def sgd_transition_step(law: Law, *, ratio: float) -> float:
    """Step γ* from which on noise and not the lowest eigenvalue sets the rate: 2/(r ∫ x²/(x − x₋) dμ).

    For MP(r)/r it is 2√r/(r − √r + 1) (Paquette et al. 2021). The smallest positive point of the law is x₋.

    Parameters
    ----------
    law : Law
        Law of AᵀA.
    ratio : float
        r = d/n.

    Returns
    -------
    float
        0 where the integral diverges, as at an atom or a hard edge above 0.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.

    Examples
    --------
    >>> import rmt
    >>> round(sgd_transition_step(rmt.MarchenkoPastur(ratio=0.25) * 4, ratio=0.25), 12)
    1.333333333333
    """
    checked, r, _ = _arguments(law, ratio, 1.0)
    _, low, _ = check_spectrum(checked)
    if low == 0.0:
        return _critical(checked, r)
    value = _pole_integral(checked, low)
    return 2.0 / (r * value) if math.isfinite(value) else 0.0


def sgd_rate(law: Law, *, ratio: float, step: float) -> float:
    """Exponential rate, in epochs, at which the loss of stochastic gradient descent tends to its limit.

    2γx₋ for steps up to :func:`sgd_transition_step`; above, the λ with γ² r ∫ x²/(2γx − λ) dμ = 1 (Paquette et al.
    2021).

    Parameters
    ----------
    law : Law
        Law of AᵀA.
    ratio : float
        r = d/n.
    step : float
        γ > 0.

    Returns
    -------
    float
        Negative above :func:`sgd_critical_step`: then the loss grows at this rate. Relative error about 1e-12.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.

    Examples
    --------
    >>> import rmt
    >>> law = rmt.MarchenkoPastur(ratio=0.5) * 2
    >>> round(sgd_rate(law, ratio=0.5, step=1.9), 9)
    0.357284161
    """
    from scipy.optimize import brentq

    checked, r, gamma = _arguments(law, ratio, step)
    _, low, high = check_spectrum(checked)

    def excess(s: float) -> float:
        return 0.5 * gamma * r * _pole_integral(checked, s) - 1.0

    edge = excess(low)
    if edge <= 0.0:
        return 2.0 * gamma * low
    left, width = low, high
    while excess(left - width) > 0.0:
        width *= 2.0
    right = low
    if not math.isfinite(edge):  # an infinite value at the edge itself: step away from it
        gap = 1e-3 * high
        while not (excess(low - gap) > 0.0):
            gap *= 0.25
        right = low - gap
    root = brentq(excess, left - width, right, xtol=1e-15 * high, rtol=1e-14)
    return 2.0 * gamma * float(root)


def _pole_integral(law: Law, s: float) -> float:
    """∫ x²/(x − s) dμ = m₁ + s − s² G(s) for s at most the smallest positive point of the law."""
    if s == 0.0:
        return float(law.mean())
    if any(position == s for position, _ in law.atoms):
        return math.inf
    value = float(law.hilbert(s))
    return float(law.mean()) + s - s * s * value


def sgd_limit(law: Law, *, ratio: float, step: float, noise: float) -> float:
    """Loss to which constant-step stochastic gradient descent tends: ½N(1 − r + r μ{0})/(1 − γ r m₁/2).

    Parameters
    ----------
    law : Law
        Law of AᵀA.
    ratio : float
        r = d/n.
    step : float
        γ below :func:`sgd_critical_step`.
    noise : float
        N = |b − A x̃|².

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the step is critical or above: the loss then has no limit.

    References
    ----------
    Paquette, Lee, Pedregosa and Paquette 2021.

    Examples
    --------
    >>> import rmt
    >>> law = rmt.MarchenkoPastur(ratio=0.5) * 2
    >>> round(sgd_limit(law, ratio=0.5, step=0.8, noise=1.0), 12)
    0.416666666667
    """
    checked, r, gamma = _arguments(law, ratio, step)
    variance = float(check_real("noise", noise, at_least=0.0))
    critical = _critical(checked, r)
    if gamma >= critical:
        raise ValueError(
            f"step must be below the critical step {critical:g} for the loss to have a limit, got {step!r}"
        )
    return 0.5 * variance * (1.0 - r + r * mass_at_zero(checked)) / (1.0 - gamma / critical)


def _arguments(law: Law, ratio: float, step: float) -> tuple[Law, float, float]:
    checked, _, _ = check_spectrum(law)
    r = float(check_real("ratio", ratio, above=0.0))
    if mass_at_zero(checked) < 1.0 - 1.0 / r - 1e-12:
        raise ValueError(
            f"ratio = d/n = {ratio!r} leaves at least the share {1.0 - 1.0 / r:g} of the eigenvalues of AᵀA at 0, the "
            f"law has {mass_at_zero(checked):g} there"
        )
    return checked, r, float(check_real("step", step, above=0.0))
