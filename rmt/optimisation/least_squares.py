"""The methods themselves, run on matrices that one brings: what stands beside the predictions of this room."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import ConvergenceError, check_count, check_generator, check_real, check_reals
from rmt.laws import Law
from rmt.optimisation.descent_methods import METHODS, Method, method_recursion
from rmt.optimisation.recursion_kernels import stochastic_losses

Real = NDArray[np.float64]

#: error at which a run counts as divergent
DIVERGED = 1e100


def measured_errors(
    hessian: ArrayLike,
    method: Method,
    k: int,
    *,
    law: Law,
    weight: int = 0,
    step: float | None = None,
    momentum: float | None = None,
    rng: Any = None,
) -> Real:
    """Errors of one run of a method on a given quadratic problem, after 0, ..., k steps, over that at the start.

    The run multiplies vectors by the matrix, as it would in earnest. ``"conjugate_gradient"`` are the true ones, which
    see only their matrix; the other methods choose steps from `law`.

    Parameters
    ----------
    hessian : array_like of shape (d, d)
        Symmetric and positive semidefinite, for instance ``rmt.wishart(ratio=0.5).sample(1000)``.
    method
        As for :func:`average_error`; for conjugate gradients at weight 0 the squared residual from an isotropic right
        side, the only weight they have.
    k : int
        Number of steps.
    law : Law
        What the eigenvalues are expected to follow.
    weight, step, momentum
        As for :func:`average_error`; for conjugate gradients at weight 0 the squared residual from an isotropic right
        side, the only weight they have.
    rng : Generator, SeedSequence, int or None
        Of the isotropic start.

    Returns
    -------
    ndarray of shape (k + 1,)

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the matrix is not square, or conjugate gradients are given another weight than 0.
    ConvergenceError
        If the run diverges: an eigenvalue lies outside of the law.

    Examples
    --------
    >>> import numpy as np
    >>> import rmt
    >>> run = measured_errors(np.eye(3), "gradient_descent", 2, law=rmt.MarchenkoPastur(), rng=0)
    >>> run.round(12).tolist()  # (1 − 1/4)^2k
    [1.0, 0.5625, 0.31640625]
    """
    matrix = check_square("hessian", hessian)
    count, power = check_count("k", k, minimum=0), check_count("weight", weight, minimum=0)
    start = check_generator(rng).standard_normal(len(matrix))
    if method == "conjugate_gradient":
        if power != 0:
            raise ValueError(f"conjugate gradients are measured by their residual, weight 0, got weight={weight!r}")
        return _conjugate_gradients(matrix, start, count)
    recursion = method_recursion(law, method, count, power, step, momentum)
    before, now = np.zeros_like(start), start
    sizes = [_weighted(matrix, now, power)]
    for h, m, g in zip(*recursion, strict=True):
        image = matrix @ (h * now - g * before)
        before, now = now, (1.0 + m) * now - m * before - image
        sizes.append(_weighted(matrix, now, power))
        if not sizes[-1] < DIVERGED:
            raise ConvergenceError(
                "the run diverges along an eigenvalue outside of the law; take the steps from a law that reaches it",
                residual=sizes[-1],
            )
    return np.array(sizes) / sizes[0]


def _weighted(matrix: Real, vector: Real, power: int) -> float:
    """vᵀ H^power v."""
    half = vector
    for _ in range(power // 2):
        half = matrix @ half
    return float(half @ (matrix @ half if power % 2 else half))


def _conjugate_gradients(matrix: Real, right: Real, count: int) -> Real:
    residual = right.copy()
    direction = residual.copy()
    sizes = [float(residual @ residual)]
    for _ in range(count):
        image = matrix @ direction
        curvature = float(direction @ image)
        if curvature <= 0.0 or sizes[-1] == 0.0:
            sizes.append(sizes[-1])
            continue
        residual = residual - sizes[-1] / curvature * image
        sizes.append(float(residual @ residual))
        direction = residual + sizes[-1] / sizes[-2] * direction
    return np.array(sizes) / sizes[0]


def measured_halting_time(
    hessian: ArrayLike,
    method: Method,
    tol: float,
    *,
    law: Law,
    weight: int = 2,
    step: float | None = None,
    momentum: float | None = None,
    max_steps: int = 10_000,
    rng: Any = None,
) -> int:
    """First step of one run at which the weighted error, from a start of norm 1, is below `tol`.

    Parameters
    ----------
    hessian
        As for :func:`measured_errors`.
    method, tol
        As for :func:`halting_time`; not for conjugate gradients.
    law
        As for :func:`measured_errors`.
    weight, step, momentum, max_steps
        As for :func:`halting_time`; not for conjugate gradients.
    rng
        As for :func:`measured_errors`.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.
    ConvergenceError
        If that is never the case within `max_steps`; for instance because an eigenvalue lies outside of the law and
        the method diverges along it.

    Examples
    --------
    >>> import rmt
    >>> from rmt.optimisation import measured_halting_time
    >>> H = rmt.wishart(ratio=0.25).sample(50, rng=0)
    >>> measured_halting_time(H, "gradient_descent", 1e-2, law=rmt.MarchenkoPastur(ratio=0.25), rng=0) > 1
    True
    """
    if method == "conjugate_gradient" or method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS[:-1])}, got {method!r}")
    matrix = check_square("hessian", hessian)
    bound, most = float(check_real("tol", tol, above=0.0)), check_count("max_steps", max_steps, minimum=0)
    now = check_generator(rng).standard_normal(len(matrix))
    now /= np.linalg.norm(now)
    before = np.zeros_like(now)
    recursion = method_recursion(law, method, most, weight, step, momentum)
    size = _weighted(matrix, now, weight)
    for k, (h, m, g) in enumerate(zip(*recursion, strict=True)):
        if size < bound:
            return k
        if not size < DIVERGED:
            break
        before, now = now, (1.0 + m) * now - m * before - matrix @ (h * now - g * before)
        size = _weighted(matrix, now, weight)
    if size < bound:
        return most
    raise ConvergenceError(
        f"the run does not come below {bound:g} within {most} steps: an eigenvalue outside of the law, perhaps",
        residual=size,
    )


def measured_curve(hessian: ArrayLike, t: ArrayLike, *, weight: int = 0, rng: Any = None) -> Real:
    """Loss of gradient flow on a given matrix from an isotropic start, over its value at the start.

    Parameters
    ----------
    hessian : array_like of shape (d, d)
        Symmetric and positive semidefinite.
    t : array_like
        Times >= 0.
    weight : int
        As for :func:`loss_curve`.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    ndarray of float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.optimisation import measured_curve
    >>> measured_curve(np.eye(3), [0.0, 1.0], rng=0).round(9)  # e^(−2t)
    array([1.        , 0.13533528])
    """
    matrix, times = check_square("hessian", hessian), check_reals("t", t)
    power = check_count("weight", weight, minimum=0)
    values, vectors = np.linalg.eigh(matrix)
    values = np.maximum(values, 0.0)
    start = (vectors.T @ check_generator(rng).standard_normal(len(matrix))) ** 2 * values**power
    out = np.array([np.sum(start * np.exp(-2.0 * values * time)) for time in times.ravel()])
    return np.asarray(out.reshape(times.shape) / start.sum())


def sgd_run(
    rows: ArrayLike, epochs: ArrayLike, *, step: float, distance: float = 1.0, noise: float = 0.0, rng: Any = None
) -> Real:
    """Losses of one run of single-sample stochastic gradient descent on ½|Ax − b|² with b = A x̃ + η.

    Parameters
    ----------
    rows : array_like of shape (n, d)
        A; rows of mean square norm 1 for :func:`sgd_loss` as it stands.
    epochs : array_like
        Increasing times >= 0, in epochs of n steps, at which the loss is read.
    step : float
        γ > 0.
    distance, noise : float
        |x̃|² (the start is 0) and |η|², both of isotropic direction.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    ndarray
        Of the shape of `epochs`.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.
    ConvergenceError
        If the loss exceeds the largest float: the step is above the critical one.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.optimisation import sgd_run
    >>> losses = sgd_run(np.eye(4), [0, 1, 2], step=0.5, rng=0)
    >>> losses.shape, bool(losses[0] > losses[-1])
    ((3,), True)
    """
    matrix = check_reals("rows", rows)
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"rows must be a matrix, one sample a row, got shape {matrix.shape}")
    n, d = matrix.shape
    times = check_reals("epochs", epochs)
    counts = np.rint(times.ravel() * n)
    if not (np.isfinite(counts).all() and (counts >= 0).all() and (np.diff(counts) >= 0).all()):
        raise ValueError(f"epochs must be finite, >= 0 and increasing, got {times.tolist()!r}")
    gamma = float(check_real("step", step, above=0.0))
    generator = check_generator(rng)
    planted = _direction(generator, d, float(check_real("distance", distance, at_least=0.0)))
    right = matrix @ planted + _direction(generator, n, float(check_real("noise", noise, at_least=0.0)))
    order = generator.integers(0, n, int(counts.max(initial=0.0)))
    out = stochastic_losses(np.ascontiguousarray(matrix), right, order, gamma, counts.astype(np.int64))
    if not np.isfinite(out).all():
        raise ConvergenceError(f"stochastic gradient descent diverges at step {gamma:g}; lower it", point=gamma)
    return np.asarray(out.reshape(times.shape))


def _direction(generator: np.random.Generator, size: int, square: float) -> Real:
    vector = generator.standard_normal(size)
    return np.asarray(vector * np.sqrt(square) / np.linalg.norm(vector))


def check_square(name: str, value: ArrayLike) -> Real:
    """Return a finite square matrix, symmetric up to rounding.

    Raises
    ------
    ValueError
    """
    matrix = check_reals(name, value)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(f"{name} must be a square matrix, got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} must be finite, got {matrix[~np.isfinite(matrix)][0]}")
    if np.abs(matrix - matrix.T).max() > 1e-10 * np.abs(matrix).max():
        raise ValueError(
            f"{name} must be symmetric, it differs from its transpose by {np.abs(matrix - matrix.T).max():.3g}"
        )
    return matrix
