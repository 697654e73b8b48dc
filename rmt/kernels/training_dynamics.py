"""Training of wide networks in closed form: gradient flow and descent, Gaussian posteriors at any time.

On ½ Σ r² the outputs follow f_t(X) = y + e^{−Θt}(f_0(X) − y), and off the data
f_t(x) = f_0(x) − Θ(x, X) P_t (f_0(X) − y) with P_t = Θ⁻¹(1 − e^{−Θt}), formed in the eigenbasis by expm1: kernels
without full rank give the solution of minimum norm (Lee et al. 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import LARGEST_SCALE, check_count, check_real, check_reals
from rmt.kernels.critical import Loss, check_kernel, loss_factor

Real = NDArray[np.float64]

#: eigenvalues below this share of the largest, times n, count as zero
RANK_TOLERANCE = 1e-14


@dataclass(frozen=True, eq=False)
class Posterior:
    """Outputs of trained networks at one time.

    Attributes
    ----------
    mean : ndarray of shape (m,) or (m, k)
        At the test points, or at the training points if none were given; k outputs if `y` has k columns.
    covariance : ndarray of shape (m, m) or None
        Over initialisations; None if no NNGP kernel was given.
    rank : int
        Of the kernel of the training points.
    null_residual : ndarray of shape (n,) or (n, k)
        Part of the targets in the null space of that kernel, which no training reaches.

    Examples
    --------
    >>> from rmt.kernels import bayes
    >>> found = bayes([[1.0]], [2.0], test=[[0.5]], both=[[1.0]], noise=1.0)
    >>> found.mean, found.covariance  # 0.5 · 2/(1 + 1) and 1 − 0.25/2
    (array([0.5]), array([[0.875]]))
    """

    mean: Real
    covariance: Real | None
    rank: int
    null_residual: Real

    @property
    def std(self) -> Real:
        """Standard deviation at each point.

        Raises
        ------
        ValueError
            If there is no covariance.
        """
        if self.covariance is None:
            raise ValueError("no NNGP kernel was given, so that the outputs have no covariance")
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))


@dataclass(frozen=True, eq=False)
class _Eigen:
    values: Real
    vectors: Real
    rank: int

    def apply(self, weights: Real, right: Real) -> Real:
        """Σ v w(λ) vᵀ · right."""
        return np.asarray(self.vectors @ (weights.reshape(-1, *([1] * (right.ndim - 1))) * (self.vectors.T @ right)))


def _eigen(kernel: Real) -> _Eigen:
    values, vectors = np.linalg.eigh(kernel)
    large = values > RANK_TOLERANCE * values.size * max(float(values[-1]), 0.0)
    return _Eigen(np.where(large, values, 0.0), vectors, int(large.sum()))


def flow(
    ntk: ArrayLike,
    y: ArrayLike,
    time: float = np.inf,
    *,
    test: ArrayLike | None = None,
    nngp: ArrayLike | None = None,
    nngp_test: ArrayLike | None = None,
    nngp_both: ArrayLike | None = None,
    initial: ArrayLike | None = None,
    initial_test: ArrayLike | None = None,
    loss: Loss = "half_sum",
) -> Posterior:
    """Outputs of an infinitely wide network after gradient flow for a given time.

    Parameters
    ----------
    ntk : array_like of shape (n, n)
        Tangent kernel Θ(X, X) of the training points.
    y : array_like of shape (n,) or (n, k)
        Targets.
    time : float
        t >= 0; infinite for the end of training.
    test : array_like of shape (m, n), optional
        Θ(x, X) of the test points; without it the outputs at the training points are returned.
    nngp, nngp_test, nngp_both : array_like, optional
        K(X, X) of shape (n, n), K(x, X) of shape (m, n) and K(x, x) of shape (m, m): the initial outputs are Gaussian
        with these covariances, and the result has a covariance. The last two go with `test`.
    initial, initial_test : array_like, optional
        Given initial outputs f_0(X) and f_0(x), zero by default.
    loss : {"half_sum", "sum", "mean", "half_mean"}
        Scales the time by 1, 2, 2/n or 1/n.

    Returns
    -------
    Posterior

    Raises
    ------
    TypeError
        If `ntk`, `y`, `time` or `test` is not of the kind named above.
    ValueError
        If shapes do not fit, something is not finite, the time is negative, or both a random and a given initial output
        are asked for.

    References
    ----------
    Lee et al. 2019.

    Examples
    --------
    >>> out = flow([[2.0, 0.0], [0.0, 2.0]], [1.0, -1.0], 0.5)
    >>> [round(v, 12) for v in out.mean.tolist()]  # 1 − e^−1
    [0.632120558829, -0.632120558829]
    """
    theta = check_kernel("ntk", ntk)
    forever = isinstance(time, (float, np.floating)) and time == np.inf
    duration = np.inf if forever else float(check_real("time", time, at_least=0.0))
    scaled = duration * loss_factor(loss, theta.shape[0])
    eigen = _eigen(theta)
    with np.errstate(invalid="ignore", over="ignore"):
        decay = np.where(eigen.values > 0.0, -np.expm1(-eigen.values * scaled), 0.0)
    return _trained(eigen, decay, y, test, (nngp, nngp_test, nngp_both), (initial, initial_test))


def descent(
    ntk: ArrayLike,
    y: ArrayLike,
    steps: int,
    step: float,
    *,
    test: ArrayLike | None = None,
    nngp: ArrayLike | None = None,
    nngp_test: ArrayLike | None = None,
    nngp_both: ArrayLike | None = None,
    initial: ArrayLike | None = None,
    initial_test: ArrayLike | None = None,
    loss: Loss = "half_sum",
) -> Posterior:
    """Outputs of an infinitely wide network after steps of gradient descent: e^{−Θt} becomes (1 − cηΘ)^k.

    Parameters
    ----------
    ntk, y
        As for :func:`flow`.
    steps : int
        Number k of steps.
    step : float
        Step size η > 0; beyond :func:`critical_step` the outputs diverge, as those of the network do.
    test, nngp, nngp_test, nngp_both, initial, initial_test, loss
        As for :func:`flow`.

    Returns
    -------
    Posterior

    Raises
    ------
    TypeError
        If `ntk`, `y`, `steps`, `step` or `test` is not of the kind named above.
    ValueError
        As for :func:`flow`; if the step is not positive; if the outputs exceed the largest float.

    References
    ----------
    Lee et al. 2019.

    Examples
    --------
    >>> descent([[2.0]], [1.0], steps=3, step=0.25).mean.tolist()
    [0.875]
    """
    theta = check_kernel("ntk", ntk)
    count = check_count("steps", steps, minimum=0)
    size = float(check_real("step", step, above=0.0, at_most=LARGEST_SCALE)) * loss_factor(loss, theta.shape[0])
    eigen = _eigen(theta)
    factor = eigen.values * size
    with np.errstate(over="ignore", divide="ignore"):
        gentle = -np.expm1(count * np.log1p(-np.minimum(factor, 0.5)))
        contracted = np.where(factor < 0.5, gentle, 1.0 - (1.0 - factor) ** count)
    if not np.isfinite(contracted).all():
        raise ValueError(
            f"{count} steps of size {step:g} diverge beyond the largest float; the critical step is "
            f"{2.0 * step / float(factor.max()):.6g}"
        )
    return _trained(eigen, contracted, y, test, (nngp, nngp_test, nngp_both), (initial, initial_test))


def bayes(
    nngp: ArrayLike,
    y: ArrayLike,
    *,
    test: ArrayLike | None = None,
    both: ArrayLike | None = None,
    noise: float = 0.0,
) -> Posterior:
    """Exact Bayesian posterior of an infinitely wide network, a Gaussian process with the NNGP kernel.

    Parameters
    ----------
    nngp : array_like of shape (n, n)
        K(X, X).
    y : array_like of shape (n,) or (n, k)
        Targets.
    test, both : array_like of shape (m, n) and (m, m), optional
        K(x, X) and K(x, x); by default those of the training points.
    noise : float
        Variance of the noise of the targets.

    Returns
    -------
    Posterior
        Mean K_x (K + s²)⁻¹ y and covariance K_xx − K_x (K + s²)⁻¹ K_xᵀ; for a singular kernel without noise by the
        pseudo-inverse, with the part of the targets it cannot reach.

    Raises
    ------
    TypeError
        If `nngp`, `y` or `noise` is not of the kind named above.
    ValueError
        If shapes do not fit, something is not finite, or the noise is negative.

    References
    ----------
    Neal 1996; Lee et al. 2018.

    Examples
    --------
    >>> out = bayes([[1.0, 0.5], [0.5, 1.0]], [1.0, 0.0], test=[[0.8, 0.8]], both=[[1.0]])
    >>> [round(v, 12) for v in (*out.mean.tolist(), float(out.covariance[0, 0]))]
    [0.533333333333, 0.146666666667]
    """
    kernel = check_kernel("nngp", nngp)
    variance = float(check_real("noise", noise, at_least=0.0))
    n = kernel.shape[0]
    targets = _targets(y, n)
    row = kernel if test is None else _shaped("test", test, (None, n))
    prior = kernel if test is None else None if both is None else _shaped("both", both, (row.shape[0],) * 2)
    eigen = _eigen(kernel)
    with np.errstate(divide="ignore"):
        inverse = np.where(eigen.values + variance > 0.0, 1.0 / (eigen.values + variance), 0.0)
    mean = row @ eigen.apply(inverse, targets)
    covariance = None if prior is None else prior - row @ eigen.apply(inverse, np.ascontiguousarray(row.T))
    reached = (eigen.values > 0.0).astype(np.float64)
    null = targets - eigen.apply(reached, targets) if eigen.rank < n else np.zeros_like(targets)
    return Posterior(mean, None if covariance is None else 0.5 * (covariance + covariance.T), eigen.rank, null)


def _trained(
    eigen: _Eigen,
    learned: Real,
    y: ArrayLike,
    test: ArrayLike | None,
    priors: tuple[Any, Any, Any],
    initials: tuple[Any, Any],
) -> Posterior:
    """Outputs when the share `learned` of each eigendirection has been learnt."""
    n = eigen.values.size
    targets = _targets(y, n)
    if initials[0] is not None and priors[0] is not None:
        raise ValueError("initial outputs are either given (initial=) or Gaussian with covariance nngp=, not both")
    start = np.zeros_like(targets) if initials[0] is None else _shaped("initial", initials[0], targets.shape)
    residual = targets - start
    null = targets - eigen.apply((eigen.values > 0.0).astype(np.float64), targets)
    null = null if eigen.rank < n else np.zeros_like(targets)
    if test is None:
        mean = start + eigen.apply(learned, residual)
        covariance = None
        if priors[0] is not None:
            prior = check_kernel("nngp", priors[0])
            half = eigen.apply(1.0 - learned, prior)
            covariance = eigen.apply(1.0 - learned, np.ascontiguousarray(half.T))
        return Posterior(mean, _symmetrised(covariance), eigen.rank, null)
    row = _shaped("test", test, (None, n))
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = np.where(eigen.values > 0.0, learned / eigen.values, 0.0)
    begin: Any = 0.0
    if initials[1] is not None:
        begin = _shaped("initial_test", initials[1], (row.shape[0], *targets.shape[1:]))
    mean = begin + row @ eigen.apply(weights, residual)
    covariance = None
    if priors[0] is not None:
        if priors[1] is None or priors[2] is None:
            raise ValueError("the covariance at test points needs nngp_test= and nngp_both= beside nngp=")
        prior = check_kernel("nngp", priors[0])
        cross = _shaped("nngp_test", priors[1], row.shape)
        own = _shaped("nngp_both", priors[2], (row.shape[0],) * 2)
        gain = eigen.apply(weights, np.ascontiguousarray(row.T))
        mixed = cross @ gain
        covariance = own + gain.T @ prior @ gain - mixed - mixed.T
    return Posterior(mean, _symmetrised(covariance), eigen.rank, null)


def _symmetrised(covariance: Real | None) -> Real | None:
    return None if covariance is None else 0.5 * (covariance + covariance.T)


def _targets(y: ArrayLike, n: int) -> Real:
    array = check_reals("y", y)
    if array.ndim not in (1, 2) or array.shape[0] != n:
        raise ValueError(f"y must hold one row for each of the {n} training points, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"y must be finite, got {array[~np.isfinite(array)][0]}")
    return array


def _shaped(name: str, value: ArrayLike, shape: tuple[int | None, ...]) -> Real:
    array = check_reals(name, value)
    fits = array.ndim == len(shape) and all(b is None or a == b for a, b in zip(array.shape, shape, strict=True))
    if not fits:
        wanted = " × ".join("m" if side is None else str(side) for side in shape)
        raise ValueError(f"{name} must have the shape {wanted}, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)][0]}")
    return array
