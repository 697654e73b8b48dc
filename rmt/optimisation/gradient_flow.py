"""Gradient flow on a quadratic problem: the loss is the Laplace transform of the law of the eigenvalues."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_reals
from rmt.laws import Law, MarchenkoPastur
from rmt.optimisation.law_nodes import check_spectrum, law_nodes, mass_at_zero

Real = NDArray[np.float64]

#: relative distances from an edge at which its density is compared with the power law
_NEAR_EDGE = 1e-9


def loss_curve(law: Law, t: ArrayLike, *, weight: int = 0) -> Real:
    """Loss of gradient flow over its value at the start: ∫ x^weight e^{−2xt} dμ / ∫ x^weight dμ.

    For ẋ = −H x with eigenvalues of H from the law μ and a start spread evenly over the eigenvectors, in the limit of
    large dimension.

    Parameters
    ----------
    law : Law
        Law of the eigenvalues of H, bounded and >= 0. For a network: of its tangent kernel, times the loss's factor.
    t : array_like
        Times >= 0.
    weight : int
        0 for |x|² (or the loss of a network with random labels, whose residual decays with the kernel), 1 for the loss
        ½ xᵀHx of a least-squares problem with an isotropic planted error, 2 for the squared gradient.

    Returns
    -------
    ndarray
        Of the shape of `t`; relative error about 1e-13. For MP at ratio 1 by Bessel functions:
        e^{−4t}(I₀(4t) + I₁(4t)) at weight 0 and e^{−4t} I₁(4t)/(2t) at weight 1.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If a time is negative or infinite, or the law has eigenvalues below 0 or no bound.

    Examples
    --------
    >>> import rmt
    >>> loss_curve(rmt.MarchenkoPastur(), [0.0, 1.0]).round(12).tolist()
    [1.0, 0.385752760726]
    """
    checked, _, _ = check_spectrum(law)
    times = _times(t)
    power = check_count("weight", weight, minimum=0)
    if isinstance(checked, MarchenkoPastur) and checked.ratio == 1 and power < 2:
        return _bessel(times * float(checked.variance), power)
    nodes, weights = law_nodes(checked, degree=power, decay=2.0 * float(times.max(initial=0.0)))
    start = weights * nodes**power
    flat = times.ravel()
    out = np.array([np.sum(start * np.exp(-2.0 * nodes * time)) for time in flat])
    return np.asarray(out.reshape(times.shape) / start.sum())


def _bessel(s: Real, power: int) -> Real:
    from scipy.special import ive

    if power == 0:
        return np.asarray(ive(0, 4.0 * s) + ive(1, 4.0 * s))
    safe = np.where(s > 0.0, s, 1.0)
    return np.where(s > 0.0, ive(1, 4.0 * safe) / (2.0 * safe), 1.0)


def loss_floor(law: Law, *, weight: int = 0) -> float:
    """Part of the loss that is never learnt: the mass of the atom at 0 at weight 0, nothing at higher weights.

    Parameters
    ----------
    law : Law
        Of the eigenvalues of the Hessian.
    weight : int
        As for :func:`loss_curve`.

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
    >>> import rmt
    >>> loss_floor(rmt.MarchenkoPastur(ratio=2.0))  # 1 − 1/ratio
    0.5
    """
    checked, _, _ = check_spectrum(law)
    return mass_at_zero(checked) if check_count("weight", weight, minimum=0) == 0 else 0.0


@dataclass(frozen=True)
class LossTail:
    """How the loss of gradient flow ends: constant · t^(−exponent) · e^(−rate t) above its floor.

    Attributes
    ----------
    rate : float
        Twice the smallest positive eigenvalue; 0 for a law that reaches down to 0.
    exponent : float
        Of the power of t; 0 where an atom comes last.
    constant : float
    floor : float
        What stays: :func:`loss_floor`.

    Examples
    --------
    >>> import rmt
    >>> from rmt.optimisation import loss_tail
    >>> tail = loss_tail(rmt.MarchenkoPastur())
    >>> tail.rate, tail.exponent, tail.floor
    (0.0, 0.5, 0.0)
    """

    rate: float
    exponent: float
    constant: float
    floor: float

    def __call__(self, t: ArrayLike) -> Real:
        """Value of the tail at times > 0."""
        times = _times(t)
        if (times == 0.0).any():
            raise ValueError("the tail is for times > 0, got 0")
        return np.asarray(self.floor + self.constant * times**-self.exponent * np.exp(-self.rate * times))


def loss_tail(law: Law, *, weight: int = 0) -> LossTail:
    """Behaviour of :func:`loss_curve` for large times, from the lowest edge of the law.

    A density C (x − x₋)^a gives C Γ(a + 1) x₋^weight (2t)^{−a−1} e^{−2x₋t}; at x₋ = 0 the weight adds to the exponent.
    MP at ratio 1: t^{−1/2} at weight 0 and t^{−3/2} at weight 1; at other ratios e^{−2x₋t} t^{−3/2}.

    Parameters
    ----------
    law : Law
        Of the eigenvalues of the Hessian.
    weight : int
        As for :func:`loss_curve`.

    Returns
    -------
    LossTail

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the density has no power law at its lowest edge.

    Examples
    --------
    >>> import rmt
    >>> tail = loss_tail(rmt.MarchenkoPastur())
    >>> tail.exponent, round(tail.constant * (2 * 3.141592653589793) ** 0.5, 6)
    (0.5, 1.0)
    """
    checked, low, high = check_spectrum(law)
    power = check_count("weight", weight, minimum=0)
    total = float(checked.moment(power)) if power else 1.0
    floor = mass_at_zero(checked) if power == 0 else 0.0
    mass = math.fsum(m for a, m in checked.atoms if a == low and a > 0.0)
    if mass > 0.0:
        return LossTail(2.0 * low, 0.0, mass * low**power / total, floor)
    edge = next(i for i in checked.support if max(0.0, i.low) == low)
    a = edge.low_exponent
    if not math.isfinite(a):
        raise ValueError(f"the density of {checked!r} has no power law at its lowest edge {low:g}")
    distance = _NEAR_EDGE * (high - low)
    points = low + distance * np.array([1.0, 4.0])
    near, far = np.asarray(checked.pdf(points)) * (points - low) ** -a
    constant = float(near + (near - far) / 3.0)  # the next term is linear in the distance, or smaller
    shift = power if low == 0.0 else 0
    size = constant * math.gamma(a + 1.0 + shift) * 2.0 ** -(a + 1.0 + shift) * (low**power if low else 1.0)
    return LossTail(2.0 * low, a + 1.0 + shift, size / total, floor)


def _times(t: ArrayLike) -> Real:
    times = check_reals("t", t)
    bad = ~(np.isfinite(times) & (times >= 0.0))
    if bad.any():
        raise ValueError(f"t must hold finite times >= 0, got {float(times[bad].flat[0])!r}")
    return times
