"""Deterministic equivalents of ridge regression: kernels, linear models and random features.

For eigenvalues λ_i of the kernel, target coefficients β_i in the orthonormal eigenbasis, noise variance s² and the
predictor of K + δ the effective ridge κ solves n = Σ λ_i/(λ_i + κ) + δ/κ, and

    df1 = Σ λ/(λ + κ),  df2 = Σ (λ/(λ + κ))²,  test = (Σ (κ/(λ + κ))² β² + s²)/(1 − df2/n),  train = (δ/(nκ))² test

(Bordelon, Canatar and Pehlevan 2020; Simon et al. 2023). For m Gaussian features of the eigenfunctions two such
equations hold (Simon et al. 2024). Eigenvalues left out act as a ridge of the size of their trace: it enters the
equation for κ and the degrees of freedom, not the residuals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from rmt.errors import ConvergenceError, check_real, check_reals
from rmt.kernels.zonal import Mercer
from rmt.laws import Law

Real = NDArray[np.float64]

#: range of log κ over the largest eigenvalue
_LOWEST, _HIGHEST = -700.0, 80.0


@dataclass(frozen=True)
class RidgeEquivalent:
    """What ridge regression on n samples tends to.

    Attributes
    ----------
    n : float
    ridge : float
        δ of K + δ.
    kappa : float
        Effective ridge.
    df1, df2 : float
        Σ λ/(λ + κ), the degrees of freedom (with the trace left out, over κ), and the same with squares.
    test : float
        Mean squared error on new noisy data.
    train : float
        Mean squared residual on the data.
    noise : float

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.kernels import ridge
    >>> found = ridge(np.ones(50) / 50, np.ones(50), n=20, ridge=0.1)
    >>> found.df1 < 20, found.test > found.train
    (True, True)
    """

    n: float
    ridge: float
    kappa: float
    df1: float
    df2: float
    test: float
    train: float
    noise: float

    @property
    def risk(self) -> float:
        """Test error without the noise of the new data."""
        return self.test - self.noise

    @property
    def gcv(self) -> float:
        """Generalised cross-validation train/(1 − df1/n)², which equals `test`."""
        return self.train / (1.0 - self.df1 / self.n) ** 2


@dataclass(frozen=True)
class FeatureEquivalent:
    """What ridge regression on m random features tends to.

    Attributes
    ----------
    n, features : float
    kappa, gamma : float
        The two effective ridges.
    test, train : float
        As for :class:`RidgeEquivalent`.
    noise : float

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.kernels import random_features
    >>> found = random_features(np.ones(50) / 50, np.ones(50), n=20, features=40, ridge=0.1)
    >>> found.test > found.train
    True
    """

    n: float
    features: float
    kappa: float
    gamma: float
    test: float
    train: float
    noise: float


@dataclass(frozen=True, eq=False)
class _Spectrum:
    """Eigenvalues with their multiplicities and the target's squared coefficients on each."""

    values: Real
    weights: Real
    energy: Real
    rest: float

    def shares(self, kappa: float) -> Real:
        return np.asarray(self.values / (self.values + kappa))

    def sum(self, terms: Real) -> float:
        return float(self.weights @ terms)


def _spectrum(eigenvalues: Any, target: Any, size: float | None) -> _Spectrum:
    """Read eigenvalues given as numbers, as a Mercer spectrum or as a law."""
    if isinstance(eigenvalues, Law):
        if size is None:
            raise ValueError("a law says nothing of the number of eigenvalues; pass size=, the dimension p")
        count = float(check_real("size", size, above=0.0))
        low, _ = eigenvalues._hull()
        if low < 0.0:
            raise ValueError(f"eigenvalues must be >= 0, the support of {eigenvalues!r} starts at {low:.6g}")
        nodes, weights = eigenvalues._expectation_rule()
        total = float(check_real("target", target, at_least=0.0)) if np.ndim(target) == 0 else None
        if total is None:
            raise ValueError("with a law, target is the squared norm of a target spread evenly over the eigenvectors")
        return _Spectrum(np.asarray(nodes), count * np.asarray(weights), np.asarray(weights) * total, 0.0)
    if size is not None:
        raise ValueError("size= belongs to eigenvalues given as a law")
    if isinstance(eigenvalues, Mercer):
        values, weights = eigenvalues.eigenvalues, np.array(eigenvalues.multiplicities, dtype=np.float64)
        rest = max(eigenvalues.rest, 0.0)
    else:
        values = np.atleast_1d(check_reals("eigenvalues", eigenvalues))
        weights, rest = np.ones(values.size), 0.0
    energy = np.atleast_1d(check_reals("target", target))
    if values.ndim != 1 or values.size == 0 or energy.shape != values.shape:
        raise ValueError(
            f"eigenvalues and target must be one-dimensional and equally long, got shapes {values.shape} and "
            f"{energy.shape}"
        )
    for name, array in (("eigenvalues", values), ("target", energy)):
        if not (np.isfinite(array) & (array >= 0.0)).all():
            raise ValueError(f"{name} must be finite and >= 0, got {array[~(np.isfinite(array) & (array >= 0.0))][0]}")
    if not values.any():
        raise ValueError("eigenvalues are all 0: the kernel predicts nothing")
    return _Spectrum(values, weights, energy, rest)


def _log_root(function: Callable[[float], float], scale: float) -> float:
    """Exp of the root of a decreasing function of log κ."""
    low, high = _LOWEST, math.log(scale) + _HIGHEST
    if not function(low) > 0.0 > function(high):
        raise ConvergenceError("the effective ridge is out of the range of floats; scale the eigenvalues")
    return math.exp(brentq(function, low, high, xtol=1e-15, rtol=8.9e-16, maxiter=500))


def ridge(
    eigenvalues: Any,
    target: Any,
    n: float,
    ridge: float,
    noise: float = 0.0,
    *,
    size: float | None = None,
) -> RidgeEquivalent:
    """Training and test error of (kernel) ridge regression, K + δ with δ = `ridge`, from the spectrum alone.

    Parameters
    ----------
    eigenvalues : array_like, Mercer, or Law
        λ_i of the kernel under the distribution of the inputs (not n λ_i); a Mercer spectrum counts each degree with
        its multiplicity and puts the trace of degrees left out into the ridge; a law stands for `size` eigenvalues.
    target : array_like or float
        β_i², squared coefficients in the orthonormal eigenbasis: one for each eigenvalue, the sum over a degree for a
        Mercer spectrum, the whole squared norm (spread evenly) for a law.
    n : float
        Number of samples.
    ridge : float
        δ >= 0.
    noise : float
        Variance of the noise of the targets; the test error includes it.
    size : float, optional
        Number of eigenvalues that a law stands for.

    Returns
    -------
    RidgeEquivalent

    Raises
    ------
    TypeError
        If `eigenvalues`, `target`, `n`, `ridge` or `noise` is not of the kind named above.
    ValueError
        If something is negative or of the wrong length; if the ridge is 0 and the kernel has no more than n
        eigenvalues with no noise to be the limit (κ = 0 then: the model is unregularised least squares).
    ConvergenceError
        If a value cannot be certified.

    Notes
    -----
    With ``ridge=0`` and more than n eigenvalues κ stays positive. With fewer, κ = 0 and the test error is
    (s² + unlearnable)/(1 − p/n).

    References
    ----------
    Bordelon, Canatar and Pehlevan 2020; Simon et al. 2023.

    Examples
    --------
    >>> out = ridge([1.0, 0.5, 0.25], [1.0, 0.3, 0.1], n=10, ridge=0.1, noise=0.05)
    >>> abs(out.gcv / out.test - 1.0) < 1e-12
    True
    """
    spectrum = _spectrum(eigenvalues, target, size)
    count = float(check_real("n", n, above=0.0, at_least=1e-100, at_most=1e100))
    own = float(check_real("ridge", ridge, at_least=0.0, at_most=1e100))
    delta = own + spectrum.rest
    variance = float(check_real("noise", noise, at_least=0.0))
    rank = spectrum.sum((spectrum.values > 0.0).astype(np.float64))
    if delta == 0.0 and rank <= count:
        return _least_squares(spectrum, count, rank, variance)
    scale = float(spectrum.values.max()) * max(1.0, rank / count) + delta

    def excess(log_kappa: float) -> float:
        kappa = math.exp(log_kappa)
        return spectrum.sum(spectrum.shares(kappa)) + delta / kappa - count

    kappa = _log_root(excess, scale)
    shares = spectrum.shares(kappa)
    df1, df2 = spectrum.sum(shares) + spectrum.rest / kappa, spectrum.sum(shares**2)
    lost = np.asarray(kappa / (spectrum.values + kappa))
    test = (float((lost**2) @ spectrum.energy) + variance) / (1.0 - df2 / count)
    return RidgeEquivalent(count, own, kappa, df1, df2, test, (own / (count * kappa)) ** 2 * test, variance)


def _least_squares(spectrum: _Spectrum, n: float, rank: float, noise: float) -> RidgeEquivalent:
    """The limit κ → 0 of fewer directions than samples."""
    if rank == n:
        raise ValueError(
            f"as many eigenvalues as samples ({n:g}) and no ridge: the test error is infinite; pass a positive ridge"
        )
    outside = float(spectrum.energy[spectrum.values == 0.0].sum()) + noise
    test = outside / (1.0 - rank / n)
    return RidgeEquivalent(n, 0.0, 0.0, rank, rank, test, (1.0 - rank / n) ** 2 * test, noise)


def random_features(
    eigenvalues: Any,
    target: Any,
    n: float,
    features: float,
    ridge: float,
    noise: float = 0.0,
    *,
    size: float | None = None,
) -> FeatureEquivalent:
    """Training and test error of ridge regression on m Gaussian features Z F/√m of the eigenfunctions.

    Parameters
    ----------
    eigenvalues, target, n
        As for :func:`ridge`.
    features : float
        Number m of features; the test error peaks where m = n (double descent).
    ridge : float
        δ > 0.
    noise, size
        As for :func:`ridge`.

    Returns
    -------
    FeatureEquivalent

    Raises
    ------
    TypeError
        If `eigenvalues`, `target`, `n`, `features`, `ridge` or `noise` is not of the kind named above.
    ValueError
        If something is negative or of the wrong length, or the ridge is not positive.

    References
    ----------
    Simon et al. 2024.

    Examples
    --------
    >>> wide = random_features([1.0, 0.5], [1.0, 0.3], n=10, features=1e9, ridge=0.1, noise=0.05)
    >>> abs(wide.test / ridge([1.0, 0.5], [1.0, 0.3], n=10, ridge=0.1, noise=0.05).test - 1.0) < 1e-7
    True
    """
    spectrum = _spectrum(eigenvalues, target, size)
    count = float(check_real("n", n, above=0.0, at_least=1e-100, at_most=1e100))
    width = float(check_real("features", features, above=0.0, at_least=1e-100, at_most=1e100))
    own = float(check_real("ridge", ridge, above=0.0, at_least=1e-100, at_most=1e100))
    delta = own + spectrum.rest
    variance = float(check_real("noise", noise, at_least=0.0))
    rank = spectrum.sum((spectrum.values > 0.0).astype(np.float64))
    scale = float(spectrum.values.max()) * max(1.0, rank / min(count, width)) + delta
    smallest = -math.inf
    if rank > width:
        smallest = math.log(_log_root(lambda t: spectrum.sum(spectrum.shares(math.exp(t))) - width, scale))

    def excess(log_gamma: float) -> float:
        gamma = math.exp(log_gamma)
        z = spectrum.sum(spectrum.shares(gamma))
        kappa = gamma * (width - z) / width
        return z + delta / kappa - count if kappa > 0.0 else math.inf

    low = max(_LOWEST, smallest)
    high = math.log(scale) + _HIGHEST
    root = brentq(lambda t: math.atan(excess(t) / count), low, high, xtol=1e-15, rtol=8.9e-16, maxiter=500)
    gamma = math.exp(root)
    shares = spectrum.shares(gamma)
    z, q = spectrum.sum(shares), spectrum.sum(shares**2)
    kappa = gamma * (width - z) / width
    lost = gamma / (spectrum.values + gamma) - kappa * spectrum.values / (spectrum.values + gamma) ** 2 * width / (
        width - q
    )
    test = (float(lost @ spectrum.energy) + variance) / (1.0 - (q * (width - 2.0 * z) + z * z) / (count * (width - q)))
    return FeatureEquivalent(count, width, kappa, gamma, test, (own / (count * kappa)) ** 2 * test, variance)


def learning_curve(
    eigenvalues: Any, target: Any, n: ArrayLike, ridge: float, noise: float = 0.0, *, size: float | None = None
) -> tuple[Real, Real]:
    """Test and training error of :func:`ridge` for several numbers of samples.

    Parameters
    ----------
    eigenvalues, target
        As for :func:`ridge`.
    n : array_like of float
        Numbers of samples, > 0.
    ridge, noise, size
        As for :func:`ridge`.

    Returns
    -------
    test, train : ndarray

    Raises
    ------
    TypeError
        If `eigenvalues`, `target`, `n`, `ridge` or `noise` is not of the kind named above.
    ValueError
        As for :func:`ridge`.
    ConvergenceError
        If a value cannot be certified.

    References
    ----------
    Bordelon, Canatar and Pehlevan 2020.

    Examples
    --------
    >>> test, _ = learning_curve([1.0, 0.5, 0.25], [1.0, 0.3, 0.1], [5, 50, 500], ridge=0.1)
    >>> bool((test[1:] < test[:-1]).all())
    True
    """
    counts = np.atleast_1d(check_reals("n", n))
    if counts.ndim != 1:
        raise ValueError(f"n must be a number or a list of numbers, got shape {counts.shape}")
    found = [_ridge(eigenvalues, target, float(count), ridge, noise, size=size) for count in counts]
    return np.array([f.test for f in found]), np.array([f.train for f in found])


_ridge = ridge
