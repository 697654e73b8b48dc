"""What an activation with φ(0) = φ'(0) = 0 is next to 0: a power c|x|^d, whose lengths are mere units."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from rmt.networks.activations.activation import Activation, Real

#: lengths below this, relative to the square of the smallest size on which φ varies, know φ by its power only
TINY_LENGTH = 1e-20
#: points at which the power is read, relative to that size, and how closely they have to agree
_READ, _AGREED = (1e-13, 1e-11, 1e-9), 1e-7
#: first panel of the rules for powers that are no polynomials
_SCALE = 1e-3


@lru_cache(maxsize=64)
def power_germ(phi: Activation) -> Activation | None:
    """The activation c|x|^d, d > 1, with both c of φ; None where φ is no such power next to 0.

    The power is read from φ itself, not from its derivative.
    """
    if phi.slopes is not None or phi.named:
        return None
    x = phi.variation[0] * np.array(_READ)
    with np.errstate(all="ignore"):
        right, left = (np.asarray(phi.function(sign * x), dtype=np.float64) for sign in (1.0, -1.0))
        sizes = np.log(np.abs([right, left]))
    if not np.isfinite(sizes).all():
        return None
    degrees = np.diff(sizes, axis=1) / np.diff(np.log(x))
    near = float(degrees.mean())
    degree = float(round(2.0 * near) / 2.0) if abs(near - round(2.0 * near) / 2.0) < _AGREED else near
    if not (degree > 1.0 + _AGREED and np.ptp(degrees) < _AGREED):
        return None
    logs = sizes[:, 0] - degree * math.log(x[0])
    return _power(phi, degree, math.copysign(math.exp(logs[1]), left[0]), math.copysign(math.exp(logs[0]), right[0]))


def _power(phi: Activation, degree: float, left: float, right: float) -> Activation:
    def factor(x: Real) -> Real:
        return np.where(x < 0.0, left, right)

    def log_slope(x: Real) -> Real:
        with np.errstate(divide="ignore"):
            logarithm = (degree - 1.0) * np.log(np.abs(x))
        return np.asarray(math.log(degree) + np.log(np.abs(factor(x))) + logarithm)

    return Activation(
        name=phi.name,
        function=lambda x: factor(x) * np.abs(x) ** degree,
        slope=lambda x: np.copysign(degree, x) * factor(x) * np.abs(x) ** (degree - 1.0),
        features=(0.0,),
        scale=_SCALE,
        degree=degree,
        log_slope=log_slope,
        recipe=(power_germ, (phi,)),
    )
