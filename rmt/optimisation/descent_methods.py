"""First-order methods on a quadratic problem as residual polynomials P_k, with P_k(0) = 1.

Every method here is a recursion P_{k+1} = (1 + m_k − h_k x) P_k − (m_k − g_k x) P_{k−1}, so that it is given by its
steps h, momenta m and extrapolated steps g.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rmt.errors import check_choice, check_real
from rmt.laws import Law
from rmt.optimisation.law_nodes import check_spectrum, law_nodes
from rmt.optimisation.recursion_kernels import orthogonal_recursion

Real = NDArray[np.float64]
Method = Literal["gradient_descent", "heavy_ball", "nesterov", "chebyshev", "optimal", "conjugate_gradient"]

METHODS = ("gradient_descent", "heavy_ball", "nesterov", "chebyshev", "optimal", "conjugate_gradient")


class Recursion(NamedTuple):
    """Coefficients of the first k steps, each an array of length k."""

    steps: Real
    momenta: Real
    extrapolated: Real


def method_recursion(
    law: Law, method: str, count: int, weight: int, step: float | None, momentum: float | None
) -> Recursion:
    """Coefficients of the first `count` steps of a method; its defaults are taken from the ends of the law.

    Raises
    ------
    ValueError
        If the method is unknown, or is given a step or momentum that it chooses itself.
    """
    check_choice("method", method, METHODS)
    checked, low, high = check_spectrum(law)
    if step is not None and method in ("chebyshev", "optimal", "conjugate_gradient"):
        raise ValueError(f"method={method!r} chooses its own steps from the law; leave step= out, got {step!r}")
    if momentum is not None and method not in ("heavy_ball", "nesterov"):
        raise ValueError(f"method={method!r} takes no momentum=; heavy_ball and nesterov do, got {momentum!r}")
    if momentum is not None:
        momentum = float(check_real("momentum", momentum, at_least=0.0, below=1.0))
    if step is not None:
        step = float(check_real("step", step, above=0.0))
    root_low, root_high = math.sqrt(low), math.sqrt(high)
    none = np.zeros(count)
    if method == "gradient_descent":
        default = 2.0 / (low + high) if low > 0.0 else 1.0 / high
        return Recursion(np.full(count, default if step is None else step), none, none)
    if method == "heavy_ball":
        beta = ((root_high - root_low) / (root_high + root_low)) ** 2 if momentum is None else momentum
        default = 4.0 / (root_high + root_low) ** 2
        return Recursion(np.full(count, default if step is None else step), _from_second(np.full(count, beta)), none)
    if method == "nesterov":
        h = 1.0 / high if step is None else step
        if momentum is not None:
            momenta = np.full(count, momentum)
        elif low > 0.0:
            momenta = np.full(count, (root_high - root_low) / (root_high + root_low))
        else:
            index = np.arange(count)
            momenta = (index - 1.0) / (index + 2.0)
        momenta = _from_second(momenta)
        return Recursion(h * (1.0 + momenta), momenta, h * momenta)
    if method == "chebyshev":
        return _chebyshev(low, high, count)
    nodes, weights = law_nodes(checked, degree=count + weight + 1)
    inner = nodes ** (weight + 1 if method == "optimal" else weight)
    steps, momenta = orthogonal_recursion(nodes, weights * inner, count)
    return Recursion(steps, momenta, none)


def _from_second(momenta: Real) -> Real:
    momenta[:1] = 0.0  # the first step has no predecessor
    return momenta


def _chebyshev(low: float, high: float, count: int) -> Recursion:
    """T_k((2x − low − high)/(high − low)), normalised at 0."""
    steps, momenta = np.empty(count), np.zeros(count)
    if high - low <= 1e-15 * high:  # one point: a single step ends it
        return Recursion(np.full(count, 1.0 / high), momenta, np.zeros(count))
    centre = -(low + high) / (high - low)
    ratio = 1.0 / centre  # T_{k−1}/T_k at the image of 0
    for k in range(count):
        if k == 0:
            steps[0] = 2.0 / (low + high)
            continue
        following = 1.0 / (2.0 * centre - ratio)
        steps[k], momenta[k] = -4.0 * following / (high - low), ratio * following
        ratio = following
    return Recursion(steps, momenta, np.zeros(count))
