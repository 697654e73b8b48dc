"""Corrections of order 1/width to the kernel limit: fluctuation and drift of the tangent kernel, output kurtosis.

For two layers and one input, f = n^{−1/2} Σ a_i φ(w_i x) with standard normal a and w, let O_1 = f and
O_{s+1} = ∇O_s·∇f, so that O_2 = Θ is the tangent kernel and dO_s/dt = −O_{s+1}(f − y) under gradient flow on
½(f − y)² (Huang and Yau 2020; Dyer and Gur-Ari 2020). All averages at initialisation are Gaussian integrals over one
pre-activation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import LARGEST_SCALE, check_count, check_real, check_reals
from rmt.kernels.critical import check_kernel
from rmt.kernels.dual import dual, slope_dual
from rmt.kernels.kernel_activations import activation as kernel_activation
from rmt.kernels.kernel_activations import require_slope
from rmt.networks.activations.activation import Activation, RealFunction
from rmt.networks.activations.difference_steps import difference_quotient
from rmt.networks.activations.lookup import ActivationLike

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Hierarchy:
    """Averages at initialisation for width n, to leading order where they depend on n.

    Attributes
    ----------
    mean : float
        E Θ, exact at every n.
    variance : float
        n Var Θ, exact at every n.
    drift : float
        n E dΘ/dt at t = 0 on ½(f − y)²; the label enters not at all.
    kurtosis : float
        n(E f⁴ − 3(E f²)²), exact at every n.
    third : float
        n² E O_3², to leading order.
    fourth : float or None
        n E O_4; None where φ has kinks, for which it does not exist.

    Examples
    --------
    >>> from rmt.kernels import hierarchy
    >>> found = hierarchy("linear")
    >>> found.mean, round(found.variance, 9)
    (2.0, 4.0)
    """

    mean: float
    variance: float
    drift: float
    kurtosis: float
    third: float | None
    fourth: float | None


def hierarchy(activation: ActivationLike, x: float = 1.0, *, order: int = 4) -> Hierarchy:
    """Averages of order 1/width of a two-layer network on one input.

    Parameters
    ----------
    activation : str, callable or Activation
        Three times differentiable for ``order=4``.
    x : float
        The input, not 0.
    order : {2, 4}
        2 leaves O_3 and O_4 out, which need φ'' and φ'''.

    Returns
    -------
    Hierarchy

    Raises
    ------
    TypeError
        If `activation`, `x` or `order` is not of the kind named above.
    ValueError
        If φ has kinks and ``order=4``: O_4 then holds products of delta functions; if x is 0.

    References
    ----------
    Huang and Yau 2020; Dyer and Gur-Ari 2020.

    Examples
    --------
    >>> out = hierarchy("linear")
    >>> [round(v, 9) for v in (out.mean, out.variance, out.third, out.fourth, out.drift, out.kurtosis)]
    [2.0, 4.0, 16.0, 8.0, -4.0, 6.0]
    """
    phi = kernel_activation(activation)
    require_slope(phi)
    point = float(check_real("x", x, at_least=-LARGEST_SCALE, at_most=LARGEST_SCALE))
    if abs(point) < 1.0 / LARGEST_SCALE:
        raise ValueError(
            f"x must not be 0, or so small that its square is, got {x!r}: there the network does not depend on its "
            "first layer"
        )
    if check_count("order", order) not in (2, 4):
        raise ValueError(f"order must be 2 or 4, got {order}")
    q = point**2
    f, s = phi.function, phi.slope
    if phi.kinks and order == 4:
        raise ValueError(
            f"O_4 of {phi.name!r} does not exist: its kinks make products of delta functions at coinciding inputs. Use "
            "order=2, or an activation with three derivatives such as tanh, erf or gelu"
        )

    def mean(function: RealFunction) -> float:
        return phi.expectation(function, q)

    theta = mean(lambda u: f(u) ** 2 + q * s(u) ** 2)
    square = mean(lambda u: f(u) ** 4 + 2.0 * q * f(u) ** 2 * s(u) ** 2 + 3.0 * q * q * s(u) ** 4)
    second = mean(lambda u: f(u) ** 2)
    kurtosis = 3.0 * mean(lambda u: f(u) ** 4) - 3.0 * second**2
    variance = square - theta**2
    if order == 2:
        return Hierarchy(theta, variance, _drift(phi, q), kurtosis, None, None)
    c, t = _curvature(phi), _third(phi)
    third = mean(
        lambda u: (
            q**2 * (16.0 * f(u) ** 2 * s(u) ** 4)
            + q**3 * (48.0 * f(u) * s(u) ** 4 * c(u))
            + q**4 * (60.0 * s(u) ** 4 * c(u) ** 2)
        )
    )
    fourth = mean(
        lambda u: (
            q * 4.0 * f(u) ** 2 * s(u) ** 2
            + q**2 * (14.0 * f(u) * s(u) ** 2 * c(u) + 4.0 * s(u) ** 4)
            + q**3 * (12.0 * s(u) ** 2 * c(u) ** 2 + 6.0 * s(u) ** 3 * t(u))
        )
    )
    return Hierarchy(theta, variance, _drift(phi, q), kurtosis, third, fourth)


def _drift(phi: Activation, q: float) -> float:
    """−E[4 q φ² φ'² + 6 q² φ φ'² φ''], with φ'² φ'' = (φ'³/3)' integrated by parts, so that kinks do not matter."""
    f, s = phi.function, phi.slope
    first = phi.expectation(lambda u: f(u) ** 2 * s(u) ** 2, q)
    parts = phi.expectation(lambda u: u / q * f(u) * s(u) ** 3 - s(u) ** 4, q)
    return -(4.0 * q * first + 2.0 * q * q * parts)


def _curvature(phi: Activation) -> RealFunction:
    """φ'', in closed form or by differences of the derivative."""
    return phi.curvature if phi.curvature is not None else difference_quotient(phi.slope, ())


def _third(phi: Activation) -> RealFunction:
    """Third derivative by differences of order 8."""
    return difference_quotient(_curvature(phi), ())


def relu_tangent_variance(rho: float) -> tuple[float, float]:
    """E Θ(x, x') and n Var Θ(x, x') of a two-layer ReLU network on unit inputs with x·x' = `rho`, exact at every n.

    All parameters are standard normal: with the arc-cosine kernels F, F' and J_2 of order 1, 0 and 2
    (Cho and Saul 2009) they are F + ρF' and J_2 + 2ρF + 3ρ²F' − (F + ρF')².

    Parameters
    ----------
    rho : float
        In [−1, 1].

    Returns
    -------
    mean, variance : float

    Raises
    ------
    TypeError
        If `rho` is not of the kind named above.
    ValueError
        If `rho` is out of the range named above.

    Examples
    --------
    >>> mean, variance = relu_tangent_variance(0.0)
    >>> round(variance, 7)
    0.2246697
    """
    c = float(check_real("rho", rho, at_least=-1.0, at_most=1.0))
    first, zeroth = float(dual("relu", 1.0, 1.0, c)), float(slope_dual("relu", 1.0, 1.0, c))
    second = float(dual("relu_squared", 1.0, 1.0, c))
    mean = first + c * zeroth
    return mean, second + 2.0 * c * first + 3.0 * c * c * zeroth - mean**2


def linear_fourth_moment(width: float, depth: int) -> float:
    """E f⁴ of a deep linear network on a unit input with E f² = 1: 3(1 + 2/n)^L, exact (Hanin and Nica 2020b).

    Parameters
    ----------
    width : float
        n.
    depth : int
        Number L of hidden layers.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If `width` or `depth` is not of the kind named above.
    ValueError
        If `width` or `depth` is out of the range named above.

    Examples
    --------
    >>> round(linear_fourth_moment(7, 3), 9)
    6.376093294
    """
    units, layers = float(check_real("width", width, above=0.0)), check_count("depth", depth, minimum=0)
    if not layers * math.log1p(2.0 / units) < 700.0:
        raise ValueError(
            f"the fourth moment, 3 (1 + 2/width)^depth, exceeds the largest float for width = {width!r} and depth = "
            f"{depth!r}; give a smaller depth or a larger width"
        )
    return 3.0 * (1.0 + 2.0 / units) ** layers


def linear_final_kernel(width: float, output: float, kernel: float, target: float) -> float:
    """Θ at the end of training of a two-layer linear network on x = 1, from f_0, Θ_0 and y: Θ² − 4f²/n is conserved.

    Parameters
    ----------
    width : float
        The n of the conserved quantity, > 0.
    output, kernel, target : float
        f_0, Θ_0 and y.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If `width`, `output`, `kernel` or `target` is not of the kind named above.
    ValueError
        If `width`, `output`, `kernel` or `target` is out of the range named above.

    Examples
    --------
    >>> round(linear_final_kernel(50, 0.3, 2.1, 1.0), 9)
    2.117262383
    """
    n = float(check_real("width", width, above=0.0, at_least=1.0 / LARGEST_SCALE))
    bounds = {"at_least": -LARGEST_SCALE, "at_most": LARGEST_SCALE}
    start, end = float(check_real("output", output, **bounds)), float(check_real("target", target, **bounds))
    theta = float(check_real("kernel", kernel, above=0.0, at_most=LARGEST_SCALE))
    square = theta**2 + 4.0 * (end**2 - start**2) / n
    if not 0.0 <= square < math.inf:
        raise ValueError(
            f"the corrected kernel needs kernel² >= 4 (output² − target²)/width, got kernel = {kernel!r}, output = "
            f"{output!r}, target = {target!r}, width = {width!r}; this expansion is for large widths"
        )
    return math.sqrt(square)


def corrected_kernel(ntk: ArrayLike, first: ArrayLike, fourth: ArrayLike, y: ArrayLike, width: float) -> Real:
    """Tangent kernel with its correction of order 1/n after training to the end from f_0 = 0, for small data.

    With Θ = Σ λ v vᵀ

        Θ + E O_2^{(1)}/n + (1/n)[Σ_ij (Θ⁻¹y)_i O_4,ij (Θ⁻¹y)_j − Σ_kl (v_k·y) (v_kᵀ O_4 v_l) (v_l·y)/(λ_k (λ_k + λ_l))]

    where O_4 is contracted over its last two arguments (Huang and Yau 2020; Dyer and Gur-Ari 2020).

    Parameters
    ----------
    ntk : array_like of shape (n, n)
        Θ.
    first : array_like of shape (n, n)
        n times the deviation of E O_2 from Θ at initialisation; 0 for two layers.
    fourth : array_like of shape (n, n, n, n)
        n E O_4(x_a, x_b, x_i, x_j).
    y : array_like of shape (n,)
        Targets.
    width : float
        The n of the correction, > 0.

    Returns
    -------
    ndarray of shape (n, n)

    Raises
    ------
    TypeError
        If `ntk`, `first`, `fourth`, `y` or `width` is not of the kind named above.
    ValueError
        If shapes do not fit or Θ is singular.

    Examples
    --------
    >>> corrected_kernel([[2.0]], [[0.0]], [[[[8.0]]]], [1.0], 100).tolist()  # linear: 2 + y²/n
    [[2.01]]
    """
    theta = check_kernel("ntk", ntk)
    points = theta.shape[0]
    start, o4, target = check_reals("first", first), check_reals("fourth", fourth), check_reals("y", y)
    if start.shape != (points, points) or o4.shape != (points,) * 4 or target.shape != (points,):
        raise ValueError(
            f"first, fourth and y must have the shapes {(points,) * 2}, {(points,) * 4} and {(points,)}, got "
            f"{start.shape}, {o4.shape} and {target.shape}"
        )
    values, vectors = np.linalg.eigh(theta)
    if values[0] <= 1e-13 * points * values[-1]:
        raise ValueError(f"ntk must have full rank, its smallest eigenvalue is {values[0]:.3g}; drop duplicate inputs")
    n = float(check_real("width", width, above=0.0, at_least=1.0 / LARGEST_SCALE))
    along = vectors.T @ target
    solved = vectors @ (along / values)
    rotated = np.einsum("abij,ik,jl->abkl", o4, vectors, vectors)
    weights = np.outer(along, along) / (values[:, None] * (values[:, None] + values[None, :]))
    change = np.einsum("abij,i,j->ab", o4, solved, solved) - np.einsum("abkl,kl->ab", rotated, weights)
    return np.asarray(theta + (start + change) / n)
