"""Training follows isometry: deep linear networks under gradient flow.

A linear network of `depth` d weight matrices learns every singular mode of strength s on its own once its layers are
aligned; with equal layers the product u = a^d of their gains follows

    du/dt = rate · d · u^{2 − 2/d} (s − u)

(Saxe, McClelland and Ganguli 2014). With the optimal rate ∝ 1/d the time to learn hardly depends on depth, from an
orthogonal start; from a Gaussian one the small singular values of the product are stuck.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import (
    LARGEST_SCALE,
    ConvergenceError,
    check_choice,
    check_count,
    check_generator,
    check_real,
    check_reals,
)

Real = NDArray[np.float64]

#: largest step of a training run that still counts as bounded
DIVERGED = 1e6


# ---------------------------------------------------------------------- modes of deep linear networks
@overload
def shallow_mode(t: float, *, strength: float, start: float, rate: float = 1.0) -> float: ...
@overload
def shallow_mode(t: ArrayLike, *, strength: float, start: float, rate: float = 1.0) -> Real: ...
def shallow_mode(t: ArrayLike, *, strength: float, start: float, rate: float = 1.0) -> float | Real:
    """Strength u(t) of a mode of a network of two weight matrices, from balanced layers.

    ``s / (1 + (s/u_0 − 1) exp(−2 s rate t))``, the solution of du/dt = 2 rate u (s − u) (Saxe, McClelland and Ganguli
    2014, equation 8).

    Parameters
    ----------
    t : array_like
        Time, >= 0.
    strength : float
        Singular value s of the input-output correlation, > 0.
    start : float
        u at time 0, > 0.
    rate : float
        Of the gradient flow, > 0.

    Returns
    -------
    float or ndarray of float, like `t`

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> from rmt.training import shallow_mode
    >>> shallow_mode([0.0, 1e3], strength=1.0, start=0.1).round(9)
    array([0.1, 1. ])
    """
    s, u0, eta = _mode("strength", strength), _mode("start", start), _mode("rate", rate)
    value = s / (1.0 + (s / u0 - 1.0) * np.exp(-2.0 * s * eta * check_reals("t", t)))
    return value[()]


def learning_time(depth: int, *, strength: float, start: float, end: float, rate: float = 1.0) -> float:
    """Time in which a mode of a deep linear network of equal layers grows from `start` to `end`.

    The integral of du / (rate d u^{2 − 2/d} (s − u)) with d = `depth` weight matrices; in closed form for d = 1, 2.

    Parameters
    ----------
    depth : int
        Number of weight matrices.
    strength : float
        Singular value s of the input-output correlation; `end` must lie on the same side of it as `start`.
    start, end : float
        Both positive; `end` between `start` and `strength`.
    rate : float
        Of the gradient flow, > 0.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the mode never comes to `end`.

    References
    ----------
    Saxe, McClelland and Ganguli 2014.

    Examples
    --------
    >>> import math
    >>> from rmt.training import learning_time
    >>> round(learning_time(1, strength=1.0, start=0.25, end=0.5) - math.log(1.5), 12)  # du/dt = s − u
    0.0
    """
    d = check_count("depth", depth)
    s, u0, u1, eta = (
        _mode(name, value)
        for name, value in zip(("strength", "start", "end", "rate"), (strength, start, end, rate), strict=True)
    )
    if not (u0 <= u1 < s or u0 >= u1 > s):
        raise ValueError(f"end must lie between start = {u0!r} and strength = {s!r}, and not on it, got {u1!r}")
    if d == 1:
        return math.log((s - u0) / (s - u1)) / eta
    if d == 2:
        return math.log(u1 * (u0 - s) / (u0 * (u1 - s))) / (2.0 * s * eta)
    from scipy.integrate import quad

    power = 2.0 - 2.0 / d

    # in t = log(u/|s − u|) the integrand u^{1 − power} has no pole at s: dt = s du / (u (s − u))
    def integrand(t: float) -> float:
        return float(_from_logit(t, s, u0 > s) ** (1.0 - power))

    low, high = (math.log(u / abs(s - u)) for u in (u0, u1))
    value, _ = quad(integrand, low, high, epsabs=0.0, epsrel=1e-12, limit=200)
    return abs(value) / (eta * d * s)


def _from_logit(t: float, s: float, above: bool) -> float:
    """The u whose log(u/|s − u|) is t."""
    return s / (1.0 - math.exp(-t)) if above else s / (1.0 + math.exp(-t))


def infinite_depth_learning_time(*, strength: float, start: float, end: float, rate: float = 1.0) -> float:
    """Limit of `depth` times :func:`learning_time` as depth grows: the time of du/dt = rate u² (s − u).

    ``(1/u_0 − 1/u_1 + log(u_1 (u_0 − s)/(u_0 (u_1 − s)))/s) / (s rate)``.

    Parameters
    ----------
    strength : float
        Singular value s of the map to learn, > 0.
    start : float
        Strength at the beginning, in (0, s).
    end : float
        Strength at the end, in (start, s).
    rate : float
        Learning rate, > 0.

    Returns
    -------
    float

    References
    ----------
    Saxe, McClelland and Ganguli 2014.

    Examples
    --------
    >>> from rmt.training import infinite_depth_learning_time
    >>> round(infinite_depth_learning_time(strength=1.0, start=0.1, end=0.9), 9)  # 10 − 10/9 + log 81
    13.283338044
    """
    s, u0, u1, eta = _mode("strength", strength), _mode("start", start), _mode("end", end), _mode("rate", rate)
    if not (u0 <= u1 < s or u0 >= u1 > s):
        raise ValueError(f"end must lie between start = {u0!r} and strength = {s!r}, and not on it, got {u1!r}")
    return (1.0 / u0 - 1.0 / u1 + math.log(u1 * (u0 - s) / (u0 * (u1 - s))) / s) / (s * eta)


@overload
def deep_mode(t: float, depth: int, *, strength: float, start: float, rate: float = 1.0) -> float: ...
@overload
def deep_mode(t: ArrayLike, depth: int, *, strength: float, start: float, rate: float = 1.0) -> Real: ...
def deep_mode(t: ArrayLike, depth: int, *, strength: float, start: float, rate: float = 1.0) -> float | Real:
    """Strength u(t) of a mode of a deep linear network of equal layers.

    Inverts :func:`learning_time`, to about 1e-12 relative.

    Parameters
    ----------
    t : array_like
        Times, >= 0.
    depth, strength, start, rate
        As for :func:`learning_time`.

    Returns
    -------
    float or ndarray of float, like `t`

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    References
    ----------
    Saxe, McClelland and Ganguli 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import deep_mode
    >>> deep_mode([0.0, 1e3], 3, strength=1.0, start=0.1).round(9)
    array([0.1, 1. ])
    """
    from scipy.optimize import brentq

    s, u0 = _mode("strength", strength), _mode("start", start)
    times = check_reals("t", t)
    if u0 == s:
        return np.full(times.shape, s)[()]
    above, low = u0 > s, math.log(u0 / abs(s - u0))

    def mode(time: float) -> float:
        check_real("t", time, at_least=0.0)
        if time == 0.0:
            return u0

        def late(step: float) -> float:
            end = _from_logit(low + step, s, above)
            if end == s:
                return math.inf
            return learning_time(depth, strength=s, start=u0, end=end, rate=rate) - time

        high = 1.0
        while late(high) < 0.0:
            high *= 2.0
            if low + high > 36.0:
                return s
        root = brentq(late, 0.0, high, xtol=1e-13, rtol=1e-13) if math.isfinite(late(high)) else high
        return _from_logit(low + float(root), s, above)

    return np.array([mode(float(time)) for time in times.ravel()]).reshape(times.shape)[()]


def mode_hessian_eigenvalues(depth: int, gain: float, *, strength: float) -> tuple[float, float]:
    """Eigenvalues of the Hessian of ½ (s − Π a_l)² in the gains a_l of the layers, where all are equal.

    ``(2d − 1) a^{2d−2} − s (d − 1) a^{d−2}`` once, along equal changes, and ``s a^{d−2} − a^{2d−2}`` d − 1 times.

    Parameters
    ----------
    depth : int
        Number d of weight matrices.
    gain : float
        a, >= 0.
    strength : float
        s.

    Returns
    -------
    tuple of two floats

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> from rmt.training import mode_hessian_eigenvalues
    >>> mode_hessian_eigenvalues(2, 1.0, strength=1.0)  # at the solution: 0 and the depth
    (2.0, 0.0)
    """
    d, s = check_count("depth", depth), _mode("strength", strength)
    a = float(check_real("gain", gain, at_least=0.0, at_most=LARGEST_SCALE))
    squared = a ** (2 * d - 2)
    cross = s * a ** (d - 2) if d > 1 else 0.0
    return (2 * d - 1) * squared - (d - 1) * cross, cross - squared


def optimal_rate(depth: int, *, strength: float) -> float:
    """Largest rate that is safe on the way to the solution: 1 over the largest Hessian eigenvalue, d s^{2 − 2/d}.

    That eigenvalue is taken at the solution itself, a = s^{1/d} (Saxe, McClelland and Ganguli 2014).

    Parameters
    ----------
    depth : int
        Number of layers, >= 1.
    strength : float
        Largest singular value s of the map to learn, > 0.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> from rmt.training import optimal_rate
    >>> optimal_rate(2, strength=2.0)  # 1/(d s^(2 − 2/d))
    0.25
    """
    d, s = check_count("depth", depth), _mode("strength", strength)
    return float(1.0 / (d * s ** (2.0 - 2.0 / d)))


def _mode(name: str, value: float) -> float:
    return float(check_real(name, value, above=0.0))


# ---------------------------------------------------------------------- whole matrices
def linear_start(depth: int, target: ArrayLike, *, gain: float, weights: str, rng: Any = None) -> list[Real]:
    """Weight matrices W_1, ..., W_depth of a square linear network before training.

    Parameters
    ----------
    depth : int
        Number of matrices.
    target : array_like (n, n)
        The map to be learnt.
    gain : float
        Strength of every mode of the product at the start, for orthogonal weights; Gaussian ones have as many modes
        as there are singular values of a Gaussian product of mean square gain².
    weights : {"orthogonal", "gaussian"}
        ``"orthogonal"``: W_l = gain^{1/d} R_{l+1} R_lᵀ, aligned to the singular vectors of the target at both ends,
        Haar orthogonal between.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    list of ndarray

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import linear_start
    >>> [w.shape for w in linear_start(3, np.eye(4), gain=1.0, weights="orthogonal", rng=0)]
    [(4, 4), (4, 4), (4, 4)]
    """
    from rmt.numerics.dense.householder import haar_product

    d, matrix = check_count("depth", depth), check_reals("target", target)
    check_choice("weights", weights, ("orthogonal", "gaussian"))
    n = matrix.shape[0]
    if matrix.shape != (n, n):
        raise ValueError(f"target must be a square matrix, got shape {matrix.shape}")
    scale = _mode("gain", gain) ** (1.0 / d)
    generator = check_generator(rng)
    if weights == "gaussian":
        return [scale / math.sqrt(n) * generator.standard_normal((n, n)) for _ in range(d)]
    left, _, right = np.linalg.svd(matrix)
    frames = [right.T, *(haar_product(n, generator, n, "real").matrix() for _ in range(d - 1)), left]
    return [scale * after @ before.T for before, after in pairwise(frames)]


def train_linear(
    weights: Sequence[ArrayLike], target: ArrayLike, *, rate: float, tolerance: float = 1e-2, max_steps: int = 100_000
) -> int | None:
    """Steps of gradient descent on ½‖target − W_d ⋯ W_1‖² until that norm is below `tolerance`; None if it never is.

    Parameters
    ----------
    weights : sequence of array_like
        Weight matrices, the first layer first; they are not changed.
    target : array_like of float
        The map to learn.
    rate : float
        Learning rate, > 0.
    tolerance : float
        Norm of the error at which training ends, > 0.
    max_steps : int
        Steps after which it is given up.

    Returns
    -------
    int or None

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.
    ConvergenceError
        If the error grows without bound: the rate is too large.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import train_linear
    >>> train_linear([0.9 * np.eye(3), 0.9 * np.eye(3)], np.eye(3), rate=0.2) < 100
    True
    """
    factors = [np.array(w, dtype=np.float64) for w in weights]
    goal = check_reals("target", target)
    limit = DIVERGED * (1.0 + float(np.linalg.norm(goal)))
    for step in range(check_count("max_steps", max_steps) + 1):
        forward = [np.eye(goal.shape[1])]
        for factor in factors:
            forward.append(factor @ forward[-1])
        error = goal - forward[-1]
        size = float(np.linalg.norm(error))
        if size < tolerance:
            return step
        if not size < limit:
            raise ConvergenceError("gradient descent diverges; lower the rate", point=rate, residual=size)
        back = error
        for place in range(len(factors) - 1, -1, -1):
            gradient = back @ forward[place].T
            back = factors[place].T @ back
            factors[place] += rate * gradient
    return None
