"""Quadratic models: the exact updates of outputs and kernel, and the catapult of a model whose curvature is a law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_generator, check_real, check_reals
from rmt.laws import Law
from rmt.laws.expectation import expectation_rule
from rmt.laws.law import check_law
from rmt.optimisation.least_squares import check_square
from rmt.training.catapults import CatapultOrbit, make_orbit
from rmt.training.orbit_kernels import orbit_of_a_spectrum

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class QuadraticModel:
    """f_i(w) = f_i + J_i w + ½ wᵀ H_i w.

    Attributes
    ----------
    outputs : array of shape (n,)
        At w = 0.
    jacobian : array of shape (n, p)
    hessians : array of shape (n, p, p)
        Symmetric.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import QuadraticModel
    >>> model = QuadraticModel(np.zeros(1), np.ones((1, 2)), np.zeros((1, 2, 2)))  # w_1 + w_2
    >>> model.at([1.0, 2.0]), model.jacobian_at([1.0, 2.0])
    (array([3.]), array([[1., 1.]]))
    >>> residual, kernel = model.update([0.0, 0.0], [1.0], 0.25)
    >>> residual, kernel, model.descend([1.0], 0.25, 3).losses
    (array([-0.5]), array([[2.]]), array([0.5      , 0.125    , 0.03125  , 0.0078125]))
    """

    outputs: Real
    jacobian: Real
    hessians: Real

    def __post_init__(self) -> None:
        f, J, H = (check_reals(name, getattr(self, name)) for name in ("outputs", "jacobian", "hessians"))
        if f.ndim != 1 or J.shape[:1] != f.shape or J.ndim != 2 or H.shape != (*J.shape, J.shape[1]):
            raise ValueError(
                f"outputs, jacobian and hessians must have the shapes (n,), (n, p) and (n, p, p), got {f.shape}, "
                f"{J.shape} and {H.shape}"
            )
        for name, value in (("outputs", f), ("jacobian", J), ("hessians", 0.5 * (H + H.transpose(0, 2, 1)))):
            object.__setattr__(self, name, value)

    def at(self, w: ArrayLike) -> Real:
        """Outputs at w.

        Parameters
        ----------
        w : array_like of float, shape (p,)
            Weights.

        Returns
        -------
        ndarray of float, shape (n,)

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        v = check_reals("w", w)
        return np.asarray(self.outputs + self.jacobian @ v + 0.5 * np.einsum("i,nij,j->n", v, self.hessians, v))

    def jacobian_at(self, w: ArrayLike) -> Real:
        """J + H w, of shape (n, p).

        Parameters
        ----------
        w : array_like of float, shape (p,)
            Weights.

        Returns
        -------
        ndarray of float, shape (n, p)

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        return np.asarray(self.jacobian + self.hessians @ check_reals("w", w))

    def update(self, w: ArrayLike, targets: ArrayLike, rate: float) -> tuple[Real, Real]:
        """Residual and tangent kernel after one step on ½ Σ r², from those before.

        r ← (I − ηK + (η²/2) G Jᵀ) r and K ← K − η (G Jᵀ + J Gᵀ) + η² G Gᵀ with G_i = rᵀ J H_i (Zhu et al. 2022, with
        the kernel's update made symmetric).

        Parameters
        ----------
        w : array_like of float, shape (p,)
            Weights before the step.
        targets : array_like of float, shape (n,)
            Targets.
        rate : float
            Learning rate, > 0.

        Returns
        -------
        tuple of ndarray
            Residual of shape (n,) and kernel of shape (n, n).

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        eta = float(check_real("rate", rate, above=0.0))
        J = self.jacobian_at(w)
        r = self.at(w) - check_reals("targets", targets)
        G = np.einsum("i,nij->nj", J.T @ r, self.hessians)
        K, mixed = J @ J.T, G @ J.T
        return r - eta * K @ r + 0.5 * eta**2 * mixed @ r, K - eta * (mixed + mixed.T) + eta**2 * G @ G.T

    def descend(self, targets: ArrayLike, rate: float, steps: int) -> CatapultOrbit:
        """Gradient descent on ½ Σ r² from w = 0: losses and largest kernel eigenvalues.

        Parameters
        ----------
        targets : array_like of float, shape (n,)
            Targets.
        rate : float
            Learning rate, > 0.
        steps : int
            Number of steps, >= 0.

        Returns
        -------
        CatapultOrbit

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        eta, y = float(check_real("rate", rate, above=0.0)), check_reals("targets", targets)
        w = np.zeros(self.jacobian.shape[1])
        losses, tops, diverged = [], [], False
        for _ in range(check_count("steps", steps) + 1):
            J, r = self.jacobian_at(w), self.at(w) - y
            losses.append(0.5 * float(r @ r))
            tops.append(float(np.linalg.eigvalsh(J @ J.T)[-1]))
            diverged = not losses[-1] < 1e60
            if diverged:
                break
            w = w - eta * J.T @ r
        return make_orbit(np.array(losses), np.array(tops), eta, diverged)


def quadratic_catapult(
    law: Law, *, dimension: int, relative_rate: float, target: float = 1.0, scale: float | None = None, steps: int = 120
) -> CatapultOrbit:
    """Gradient descent on ½(f − y)² for f(w) = (γ/2) wᵀΣw − (γ/2) w_0ᵀΣw_0, w_0 Gaussian, from the law of Σ alone.

    All steps act on w_0 by polynomials in Σ: w_t = p_t(Σ) w_0 with p_{t+1}(x) = (1 − ηγ r_t x) p_t(x), and
    f = (γd/2) ∫ x p_t² dμ − f_0, λ = γ²d ∫ x² p_t² dμ. So the orbit is that of a few numbers, for any law; the ceiling
    of the rate, 4 for Σ² ∝ 1, moves with it: :func:`catapult_ceiling`.

    Parameters
    ----------
    law : Law
        Of the eigenvalues of Σ, bounded.
    dimension : int
        d.
    relative_rate : float
        η λ_0 > 0.
    target : float
        y; the output begins at 0.
    scale : float, optional
        γ, 1/√d by default.
    steps : int
        Length of the orbit.

    Returns
    -------
    CatapultOrbit

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import rmt
    >>> orbit = quadratic_catapult(rmt.Semicircle(), dimension=2000, relative_rate=2.3)
    >>> round(orbit.peak, 6), round(orbit.rate * orbit.final_eigenvalue, 6)
    (5.988281, 1.610303)
    """
    checked, d = check_law(law, "law"), check_count("dimension", dimension)
    count = check_count("steps", steps)
    gamma = d**-0.5 if scale is None else float(check_real("scale", scale, above=0.0))
    nodes, weights = expectation_rule(checked, degree=2 * count)
    return _from_nodes(nodes, weights * d, gamma, relative_rate, target, count)


def sampled_quadratic_catapult(
    matrix: ArrayLike,
    *,
    relative_rate: float,
    target: float = 1.0,
    scale: float | None = None,
    steps: int = 120,
    rng: Any = None,
) -> CatapultOrbit:
    """The same descent on a given symmetric matrix Σ from a Gaussian start, beside :func:`quadratic_catapult`.

    Parameters
    ----------
    matrix : array_like of shape (d, d)
        Σ.
    relative_rate, target, scale, steps
        As for :func:`quadratic_catapult`.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    CatapultOrbit

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import rmt
    >>> from rmt.training import sampled_quadratic_catapult
    >>> orbit = sampled_quadratic_catapult(rmt.wishart(ratio=0.5).sample(50, rng=0), relative_rate=1.0, steps=20, rng=0)
    >>> bool(orbit.losses[-1] < orbit.losses[0])
    True
    """
    sigma = check_square("matrix", matrix)
    values, vectors = np.linalg.eigh(sigma)
    start = vectors.T @ check_generator(rng).standard_normal(len(sigma))
    gamma = len(sigma) ** -0.5 if scale is None else float(check_real("scale", scale, above=0.0))
    return _from_nodes(values, start**2, gamma, relative_rate, target, check_count("steps", steps))


def _from_nodes(x: Real, weights: Real, gamma: float, relative: float, target: float, steps: int) -> CatapultOrbit:
    y = float(check_real("target", target))
    first = gamma**2 * float(weights @ (x * x))
    if first <= 0.0:
        raise ValueError("Σ must not vanish: its tangent kernel is 0 and nothing is learnt")
    eta = float(check_real("relative_rate", relative, above=0.0)) / first
    losses, tops, count = orbit_of_a_spectrum(x, weights, gamma, eta, y, steps)
    return make_orbit(losses[: count + 1], tops[: count + 1], eta, not losses[count] <= 1e60)


def catapult_ceiling(
    law: Law, *, dimension: int, target: float = 1.0, scale: float | None = None, steps: int = 400
) -> float:
    """Largest η λ_0 from which the quadratic model of a law comes down again, to three digits.

    About 4 for a law at ±1; lower where the law has eigenvalues far above its root mean square.

    Parameters
    ----------
    law, dimension, target, scale
        As for :func:`quadratic_catapult`.
    steps : int
        Steps in which a divergent orbit must have shown itself.

    Returns
    -------
    float

    Examples
    --------
    >>> import rmt
    >>> 3.9 < catapult_ceiling(rmt.Rademacher(), dimension=2000) < 4.1
    True
    >>> catapult_ceiling(rmt.MarchenkoPastur(ratio=0.5), dimension=2000) < 3.6
    True
    """

    def diverges(rate: float) -> bool:
        orbit = quadratic_catapult(
            law, dimension=dimension, relative_rate=rate, target=target, scale=scale, steps=steps
        )
        return orbit.regime == "divergent"

    rates = np.linspace(2.0, 8.0, 61)[1:]  # divergence is not monotone to the last digit: take the first
    first = next((k for k, rate in enumerate(rates.tolist()) if diverges(rate)), None)
    if first is None:
        return float("inf")
    low, high = float(rates[first]) - 0.1, float(rates[first])
    while high - low > 1e-3:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if diverges(middle) else (middle, high)
    return 0.5 * (low + high)
