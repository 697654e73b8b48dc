"""Second derivatives of activations, which Hessians need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.networks.activations.lookup import ActivationLike, activation

Real = NDArray[np.float64]


def _tanh(z: Real) -> Real:
    t = np.tanh(z)
    return np.asarray(-2.0 * t * (1.0 - t * t))


def _sigmoid(z: Real) -> Real:
    s = 0.5 * (1.0 + np.tanh(0.5 * z))
    return np.asarray(s * (1.0 - s) * (1.0 - 2.0 * s))


def _softplus(z: Real) -> Real:
    s = 0.5 * (1.0 + np.tanh(0.5 * z))
    return np.asarray(s * (1.0 - s))


_KNOWN: dict[str, Callable[[Real], Real]] = {
    "relu": np.zeros_like,
    "leaky_relu": np.zeros_like,
    "linear": np.zeros_like,
    "hard_tanh": np.zeros_like,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "sin": lambda z: -np.sin(z),
    "cos": lambda z: -np.cos(z),
    "erf": lambda z: -4.0 / np.sqrt(np.pi) * z * np.exp(-z * z),
}


def curvature(spec: ActivationLike) -> Callable[[Real], Real]:
    """Second derivative of an activation: in closed form where it is known, else by differences, to about 1e-7."""
    phi: Any = activation(spec)
    known = _KNOWN.get(str(phi.name).split("(")[0])
    if known is not None:
        return known

    def difference(z: Real) -> Real:
        h = 1e-4 * (1.0 + np.abs(z))
        return np.asarray((phi.derivative(z + h) - phi.derivative(z - h)) / (2.0 * h))

    return difference
