"""Mean error of first-order methods over random quadratic problems, from the law of their eigenvalues."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import ConvergenceError, check_count, check_real, check_reals
from rmt.laws import Law, MarchenkoPastur
from rmt.optimisation.descent_methods import Method, Recursion, method_recursion
from rmt.optimisation.law_nodes import check_spectrum, law_nodes
from rmt.optimisation.recursion_kernels import polynomial_values, squared_sums

Real = NDArray[np.float64]


def average_error(
    law: Law,
    method: Method,
    k: ArrayLike,
    *,
    weight: int = 0,
    step: float | None = None,
    momentum: float | None = None,
) -> Any:
    """Mean error after k steps over the error at the start: ∫ x^weight P_k² dμ / ∫ x^weight dμ.

    P_k is the residual polynomial of the method: x_k − x* = P_k(H)(x_0 − x*) on a quadratic problem with Hessian H. For
    large dimension every single run has this error (Pedregosa and Scieur 2020; Paquette et al. 2023).

    Parameters
    ----------
    law : Law
        Law of the eigenvalues of H, bounded and >= 0.
    method : str
        ``"gradient_descent"``, ``"heavy_ball"``, ``"nesterov"``, ``"chebyshev"`` (the minimax polynomial on the hull of
        the positive spectrum), ``"optimal"`` (the least error of its weight over all polynomials: orthogonal with
        respect to x^(weight+1) dμ) or ``"conjugate_gradient"`` (orthogonal with respect to x^weight dμ: what conjugate
        gradients tend to when their residual has the spectral measure x^weight dμ).
    k : int or array_like of int
        Numbers of steps.
    weight : int
        0 for the squared distance, 1 for the loss, 2 for the squared gradient, from an isotropic start.
    step, momentum : float, optional
        Of gradient descent (default 2/(L + μ), and 1/L where the law reaches down to 0), heavy ball (4/(√L + √μ)² and
        ((√L − √μ)/(√L + √μ))²) and Nesterov's method (1/L and (√L − √μ)/(√L + √μ), or (j − 1)/(j + 2)), with L and μ
        the largest and the smallest positive point of the law. The first step is without momentum.

    Returns
    -------
    float or ndarray
        Relative error about 1e-12. On MP(c) exactly: c^k for heavy ball and conjugate gradients,
        (1/c − 1)/(c^{−k−1} − 1) for the optimum, c^k (2 − (1 − c) c^{k−1})/(1 + c^k)² for Chebyshev.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the law has eigenvalues below 0 or no bound, the method or its parameters are not known, or the method
        diverges beyond the largest float.

    Examples
    --------
    >>> import rmt
    >>> law = rmt.MarchenkoPastur(ratio=0.5)
    >>> average_error(law, "heavy_ball", [0, 1, 2]).round(12).tolist()
    [1.0, 0.5, 0.25]
    >>> round(average_error(rmt.MarchenkoPastur(), "optimal", 50), 12)  # 1/51
    0.019607843137
    """
    counts, shape = _counts(k)
    power = check_count("weight", weight, minimum=0)
    last = int(counts.max(initial=0))
    checked, _, _ = check_spectrum(law)
    recursion = method_recursion(checked, method, last, power, step, momentum)
    if method == "optimal" and power == 0 and isinstance(checked, MarchenkoPastur):
        errors = _optimum_on_marchenko_pastur(float(checked.ratio), last)
    else:
        nodes, weights = law_nodes(checked, degree=last + power)
        errors = _checked(squared_sums(nodes, weights * nodes**power, *recursion), recursion)
        errors = errors / errors[0]
    return _shaped(errors[counts], shape)


def _optimum_on_marchenko_pastur(c: float, last: int) -> Real:
    """(1/c − 1)/(c^{−k−1} − 1) = c^k / (1 + c + ... + c^k); the same form holds for c > 1, floor 1 − 1/c."""
    k = np.arange(last + 1.0)
    if c == 1.0:
        return np.asarray(1.0 / (k + 1.0))
    if c < 1.0:
        return np.asarray(c**k * (1.0 - c) / -np.expm1((k + 1.0) * np.log(c)))
    return np.asarray((1.0 - 1.0 / c) / -np.expm1(-(k + 1.0) * np.log(c)))


def _checked(errors: Real, recursion: Recursion) -> Real:
    if not np.isfinite(errors).all():
        when = int(np.argmax(~np.isfinite(errors)))
        raise ValueError(
            f"the method diverges: its error is beyond the largest float after {when} steps of size "
            f"{float(recursion.steps[0]):g}; lower the step or the momentum"
        )
    return errors


def residual_polynomial(
    law: Law,
    method: Method,
    k: int,
    x: ArrayLike,
    *,
    weight: int = 0,
    step: float | None = None,
    momentum: float | None = None,
) -> Any:
    """P_k(x): the factor by which k steps of a method shrink the error along an eigenvector of eigenvalue x.

    Parameters
    ----------
    law, method
        As for :func:`average_error`.
    k : int
        Number of steps.
    x : array_like
        Eigenvalues.
    weight, step, momentum
        As for :func:`average_error`.

    Returns
    -------
    float or ndarray

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    References
    ----------
    Pedregosa and Scieur 2020.

    Examples
    --------
    >>> import rmt
    >>> residual_polynomial(rmt.MarchenkoPastur(), "gradient_descent", 2, [0.0, 2.0, 4.0]).tolist()
    [1.0, 0.25, 0.0]
    """
    count, points = check_count("k", k, minimum=0), check_reals("x", x)
    power = check_count("weight", weight, minimum=0)
    recursion = method_recursion(law, method, count, power, step, momentum)
    values = polynomial_values(np.ascontiguousarray(points.ravel()), *recursion)
    return _shaped(values, points.shape)


def halting_time(
    law: Law,
    method: Method,
    tol: float,
    *,
    weight: int = 2,
    step: float | None = None,
    momentum: float | None = None,
    max_steps: int = 100_000,
) -> int:
    """First k with ∫ x^weight P_k² dμ < tol: when a run from a start with |x_0 − x*| = 1 stops.

    At weight 2 the squared gradient is measured. The time is that of almost every problem: it does not depend on the
    entries of the data as long as their tails are light (Paquette et al. 2023). Entries with heavy tails put single
    eigenvalues outside of the law, and take longer.

    Parameters
    ----------
    law, method
        As for :func:`average_error`.
    tol : float
        > 0.
    weight : int
        Not normalised: at weight 0 the squared distance, from 1 on.
    step, momentum
        As for :func:`average_error`.
    max_steps : int
        Where the search ends without an answer.

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
        If that is never the case within `max_steps`; the residual is the error reached.

    Examples
    --------
    >>> import rmt
    >>> halting_time(rmt.MarchenkoPastur(ratio=0.5), "heavy_ball", 1e-4)
    15
    """
    bound = float(check_real("tol", tol, above=0.0))
    power = check_count("weight", weight, minimum=0)
    most = check_count("max_steps", max_steps, minimum=0)
    checked, _, _ = check_spectrum(law)
    count, errors = min(64, most), np.ones(1)
    while True:
        recursion = method_recursion(checked, method, count, power, step, momentum)
        nodes, weights = law_nodes(checked, degree=count + power)
        errors = _checked(squared_sums(nodes, weights * nodes**power, *recursion), recursion)
        below = np.flatnonzero(errors < bound)
        if below.size:
            return int(below[0])
        if count == most:
            raise ConvergenceError(
                f"the error does not fall below {bound:g} within {most} steps; raise tol or max_steps, or take a "
                "faster method",
                residual=float(errors[-1]),
            )
        count = min(4 * count, most)


def _shaped(values: Real, shape: tuple[int, ...]) -> Any:
    return values.reshape(shape) if shape else float(values[0])


def _counts(k: ArrayLike) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    array = np.asarray(k)
    if array.dtype.kind not in "iu":
        raise TypeError(f"k must be an integer >= 0 or an array of them, got {k!r}")
    if (array < 0).any():
        raise ValueError(f"k must be >= 0, got {int(array.min())}")
    return array.ravel().astype(np.int64), array.shape
