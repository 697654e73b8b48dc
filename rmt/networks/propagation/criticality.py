"""The edge of chaos: where chi_perp = 1 and gradients keep their mean square.

Parametrised by the length q the edge is explicit: sigma_w² = 1/E φ'², sigma_b² = q − sigma_w² E φ². It exists where
sigma_b² >= 0, and is usable where the length q is stable, chi_par <= 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from rmt.errors import LARGEST_SCALE, LARGEST_VARIANCE, check_real, check_reals
from rmt.networks.activations.activation import Activation, Real
from rmt.networks.activations.lookup import ActivationLike, activation
from rmt.networks.propagation.length_search import all_roots, guarded, length_grid

#: lengths of the search for half-stable points relative to the squared scales of the activation
SHORT, LONG, STEPS_PER_DECADE = 1e-6, 1e6, 5
#: longest length up to which the edge is followed
TOP = 1e40
#: rounding of a difference of two lengths, relative to them
ROUNDING = 1e-14
#: slack on chi_par <= 1 for lengths that are marginally stable
MARGINAL = 1e-9

#: squared derivative at 0, relative to that at the activation's scale, that is none
NO_SLOPE = 1e-20


@dataclass(frozen=True)
class CriticalPoint:
    """One point of the edge of chaos.

    Attributes
    ----------
    q : float
        Stationary length.
    sigma_w, sigma_b : float
        Standard deviations of weights (times sqrt(fan_in)) and biases.
    chi_par : float
        Derivative of the length map at `q`.
    spread : float
        Relative variance of D² per layer: the relative variance of J Jᵀ grows by this much a layer with
        orthogonal weights, by this plus 1 with Gaussian ones.

    Examples
    --------
    >>> from rmt.networks import critical_points
    >>> (point,) = critical_points("relu", sigma_b=0.0)
    >>> point.q, round(point.sigma_w**2, 12)
    (1.0, 2.0)
    """

    q: float
    sigma_w: float
    sigma_b: float
    chi_par: float
    spread: float

    @property
    def stable(self) -> bool:
        """Whether the length map returns to `q`, so that a deep network stays at this point."""
        return self.chi_par <= 1.0 + MARGINAL


@dataclass(frozen=True)
class CriticalCurve:
    """The edge of chaos along a grid of lengths: arrays of the attributes of :class:`CriticalPoint`.

    Parameters
    ----------
    q, sigma_w, sigma_b, chi_par, spread : ndarray of float, shape (n,)
        As in :class:`CriticalPoint`, one entry for each length.

    Examples
    --------
    >>> from rmt.networks import edge_of_chaos
    >>> curve = edge_of_chaos("tanh", q=[0.01, 0.1])
    >>> curve.sigma_w.shape, bool(curve.sigma_w[0] < curve.sigma_w[1])
    ((2,), True)
    """

    q: Real
    sigma_w: Real
    sigma_b: Real
    chi_par: Real
    spread: Real

    @property
    def stable(self) -> Any:
        """Where the length map returns to `q`."""
        return self.chi_par <= 1.0 + MARGINAL


@overload
def edge_of_chaos(activation_: ActivationLike, *, q: float) -> CriticalPoint: ...
@overload
def edge_of_chaos(activation_: ActivationLike, *, q: ArrayLike) -> CriticalCurve: ...
def edge_of_chaos(activation_: ActivationLike, *, q: ArrayLike) -> CriticalPoint | CriticalCurve:
    """The point of the edge of chaos with stationary length `q`, or the curve over an array of lengths.

    Parameters
    ----------
    activation_ : str, callable or Activation
        Its name, a function of arrays, or an :class:`~rmt.networks.Activation`.
    q : float or array_like
        Stationary length, >= 0; at 0 the limit from above.

    Returns
    -------
    CriticalPoint or CriticalCurve
        The curve holds only the lengths at which the edge exists (sigma_b² >= 0).

    Raises
    ------
    TypeError
        If `activation_` or `q` is not of the kind named above.
    ValueError
        If no bias variance makes `q` stationary at criticality, or φ' vanishes.

    References
    ----------
    Hayou, Doucet and Rousseau 2019.

    Examples
    --------
    >>> point = edge_of_chaos("erf", q=0.5)
    >>> round(point.sigma_w**2, 12)  # (π/4) sqrt(1 + 4q)
    1.360349523176
    """
    phi = activation(activation_)
    array = check_reals("q", q)
    if array.ndim == 0:
        length = float(check_real("q", q, at_least=0.0, at_most=LARGEST_VARIANCE))
        variance = bias_variance(phi, length)
        if variance < 0.0:
            raise ValueError(
                f"{phi.name} has no critical network with stationary length q = {length:.6g}: sigma_w² = 1/E φ'² makes "
                f"the length grow even without biases (sigma_b² would be {variance:.6g}). {_accepted(phi)}"
            )
        return _point(phi, length, variance)
    points = [
        _point(phi, length, variance)
        for length in array.ravel().tolist()
        if (variance := _variance_or_nan(phi, float(check_real("q", length, at_least=0.0, at_most=LARGEST_VARIANCE))))
        >= 0.0
    ]
    columns = {
        name: np.array([getattr(p, name) for p in points]) for name in ("q", "sigma_w", "sigma_b", "chi_par", "spread")
    }
    return CriticalCurve(**columns)


def critical_points(activation_: ActivationLike, *, sigma_b: float) -> tuple[CriticalPoint, ...]:
    """All points of the edge of chaos with this bias scale, by increasing length; stable and unstable ones.

    For ReLU-like activations without bias every length is stationary, and the one at q = 1 is returned.

    Parameters
    ----------
    activation_ : str, callable or Activation
        The activation function, as for :func:`activation`.
    sigma_b : float
        Standard deviation of the biases.

    Returns
    -------
    tuple of CriticalPoint

    Raises
    ------
    TypeError
        If `activation_` or `sigma_b` is not of the kind named above.
    ValueError
        If `activation_` or `sigma_b` is out of the range named above.

    References
    ----------
    Schoenholz et al. 2017; Hayou, Doucet and Rousseau 2019.

    Examples
    --------
    >>> from rmt.networks import critical_points
    >>> critical_points("relu", sigma_b=0.0)[0].q
    1.0
    """
    phi = activation(activation_)
    sb = float(check_real("sigma_b", sigma_b, at_least=0.0, at_most=LARGEST_SCALE))
    if phi.homogeneous:
        return (_point(phi, 1.0, 0.0),) if sb == 0.0 else ()
    grid = _edge_grid(phi, sb)
    points = []
    if sb == 0.0 and float(phi(0.0)) == 0.0 and phi.slope_moment(1, 0.0) > NO_SLOPE * phi.slope_moment(1, phi.scale**2):
        points.append(_limit_at_zero(phi))
    target = sb**2

    def excess(q: float) -> float:
        variance = bias_variance(phi, q)
        if target == 0.0:
            return variance / q
        return math.log(variance / target) if variance > 0.0 else -1e3

    # without bias the edge may hug the axis near q = 0: that is the limit, already taken
    noise = 1e-12 if target == 0.0 else 1e-14
    return (*points, *(_point(phi, q, target) for q in all_roots(excess, grid, noise=noise)))


def _edge_grid(phi: Activation, sigma_b: float) -> Real:
    """Lengths between which every point of the edge with this bias lies: up to where the edge has more than it."""
    grid = length_grid(phi)
    top = float(grid[-1])
    while sigma_b > 0.0 and top < TOP and not guarded(lambda q: bias_variance(phi, q))(top) > sigma_b**2:
        top *= 1e8
    return grid if top == grid[-1] else length_grid(phi, None, top)


def critical_sigma_w(activation_: ActivationLike, *, sigma_b: float = 0.0) -> float:
    """The sigma_w at which a network with this sigma_b is critical, chi_perp = 1, at a stable length.

    Parameters
    ----------
    activation_ : str, callable or Activation
        Its name, a function of arrays, or an :class:`~rmt.networks.Activation`.
    sigma_b : float
        Standard deviation of the biases, >= 0.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If `activation_` or `sigma_b` is not of the kind named above.
    ValueError
        If there is none: the activation is critical only without bias (ReLU), or its critical lengths are
        unstable at this sigma_b (GELU, SiLU and Mish below their half-stable point). The message says which.

    References
    ----------
    Schoenholz et al. 2017.

    Examples
    --------
    >>> round(critical_sigma_w("tanh", sigma_b=0.05**0.5) ** 2, 10)
    1.7609546396
    """
    phi = activation(activation_)
    points = critical_points(phi, sigma_b=sigma_b)
    stable = [p for p in points if p.stable]
    if stable:
        return stable[0].sigma_w
    if phi.homogeneous:
        gain = 1.0 / math.sqrt(phi.slope_moment(1, 1.0))
        raise ValueError(
            f"{phi.name} has no edge of chaos at sigma_b = {sigma_b!r}: at its critical sigma_w = {gain:.6g} every "
            "layer adds sigma_b² to the length, which grows without bound. Accepted: sigma_b = 0"
        )
    if points:
        worst = points[-1]
        fate = "lengths near 0 grow" if worst.q == 0.0 else f"chi_par = {worst.chi_par:.6g} > 1"
        raise ValueError(
            f"{phi.name} has no usable edge of chaos at sigma_b = {sigma_b!r}: its critical length q = {worst.q:.6g} "
            f"(sigma_w = {worst.sigma_w:.6g}) is unstable, {fate}, so that the length map leaves it. {_accepted(phi)}"
        )
    grid = _edge_grid(phi, float(sigma_b))
    raise ValueError(
        f"{phi.name} has no edge of chaos at sigma_b = {sigma_b!r}: no length from {grid[0]:.3g} to {grid[-1]:.3g} is "
        f"stationary where chi_perp = 1. {_accepted(phi)}"
    )


def half_stable_point(activation_: ActivationLike) -> CriticalPoint | None:
    """The point of the edge of chaos where chi_par = 1: below its length the edge is unstable, above it usable.

    None if the whole edge is stable (tanh, erf, hard-tanh, ...). At this point E φ φ'' = 0.

    Parameters
    ----------
    activation_ : str, callable or Activation
        The activation function, as for :func:`activation`.

    Returns
    -------
    CriticalPoint or None

    Raises
    ------
    TypeError
        If `activation_` is not of the kind named above.
    ValueError
        If `activation_` is out of the range named above.

    Examples
    --------
    >>> round(half_stable_point("gelu").q, 10)  # (3 + √17)/2
    3.5615528128
    """
    phi = activation(activation_)
    if phi.homogeneous:
        return None
    grid = _coarse_grid(phi)
    crossings = [
        q
        for q in all_roots(lambda q: phi.radial_moment(q) / phi.slope_moment(1, q) - 1.0, grid, noise=1e-11)
        if _variance_or_nan(phi, q) >= 0.0
    ]
    # a crossing in the right direction: unstable below, stable above
    for q in crossings:
        if phi.radial_moment(1.01 * q) < phi.slope_moment(1, 1.01 * q):
            return _point(phi, q, bias_variance(phi, q))
    return None


def _coarse_grid(phi: Activation) -> Real:
    """Lengths around the scales of the activation, on which half-stable points are looked for."""
    smallest, largest = phi.variation
    low, high = SHORT * smallest**2, LONG * largest**2
    return np.geomspace(low, high, round(STEPS_PER_DECADE * math.log10(high / low)) + 1)


def _variance_or_nan(phi: Activation, q: float) -> float:
    """Bias variance on the edge; NaN where there is no edge because the derivative vanishes, or cannot be computed."""
    return guarded(lambda length: bias_variance(phi, length))(q)


def bias_variance(phi: Activation, q: float) -> float:
    """sigma_b² = q − E φ²/E φ'² on the edge of chaos, negative where there is no edge.

    With the linear part a0 + a1 z of φ(√q z) taken off, q E φ'² − E φ² = E(√q φ' − a1)² − E(φ − a0 − a1 z)² − a0²,
    which keeps relative accuracy at small q, where φ is nearly linear.
    """
    if phi.homogeneous:  # E φ² = q E φ'²
        return 0.0
    slope = phi.slope_moment(1, q)
    if slope == 0.0:
        raise ValueError(f"the slope of activation {phi.name!r} vanishes almost surely at q = {q:.6g}")
    if q > phi.variation[0] ** 2:
        difference = q - phi.second_moment(q) / slope
        return difference if abs(difference) > ROUNDING * q else 0.0
    if q == 0.0:
        return -(float(phi(0.0)) ** 2) / slope
    root = math.sqrt(q)
    centre = phi.expectation(phi.function, q)
    tilt = phi.expectation(phi.slope, q)
    bend = phi.expectation(lambda x: (phi.slope(x) - tilt) ** 2, q) * q
    rest = phi.expectation(lambda x: (phi.function(x) - centre - tilt * x) ** 2, q)
    # rounding of φ itself; below it the sign means nothing
    noise = 16.0 * np.finfo(float).eps ** 2 * (q * tilt**2 + centre**2) + 1e-300 * root
    difference = bend - rest - centre**2
    return difference / slope if abs(difference) > noise else 0.0


def _point(phi: Activation, q: float, variance: float) -> CriticalPoint:
    slope = phi.slope_moment(1, q)
    return CriticalPoint(
        q, 1.0 / math.sqrt(slope), math.sqrt(variance), phi.radial_moment(q) / slope, phi.slope_spread(q)
    )


def _limit_at_zero(phi: Activation) -> CriticalPoint:
    """The critical point without bias at q → 0; its chi_par is 1 to leading order, so stability is read beside it."""
    slope = phi.slope_moment(1, 0.0)
    beside = SHORT * phi.variation[0] ** 2
    ratio = phi.second_moment(beside) / (beside * slope)
    chi_par = 1.0 if ratio <= 1.0 + 1e-14 else phi.radial_moment(beside) / phi.slope_moment(1, beside)
    return CriticalPoint(0.0, 1.0 / math.sqrt(slope), 0.0, chi_par, phi.slope_spread(0.0))


def _accepted(phi: Activation) -> str:
    """Say for which biases the edge is usable."""
    stable = edge_of_chaos(phi, q=_coarse_grid(phi))
    usable = stable.sigma_b[stable.stable]
    if usable.size == 0:
        return f"No sigma_b makes {phi.name} critical at a stable length; use another activation (tanh, ReLU)"
    point = half_stable_point(phi)
    if point is None:
        return f"Accepted: sigma_b between about {usable.min():.3g} and {usable.max():.3g}"
    return (
        f"Accepted: sigma_b >= {point.sigma_b:.6g}, the half-stable point (q = {point.q:.6g}, sigma_w = "
        f"{point.sigma_w:.6g})"
    )
