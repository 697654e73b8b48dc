"""Kernels of networks of finite width: one draw of the weights, contracted layer by layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import LARGEST_SCALE, check_count, check_flag, check_generator, check_real
from rmt.kernels.covariances import check_inputs
from rmt.kernels.kernel_activations import activation as kernel_activation
from rmt.kernels.kernel_activations import require_slope
from rmt.networks.activations.activation import Activation
from rmt.networks.activations.lookup import ActivationLike
from rmt.numerics.dense.blas import one_blas_thread

Real = NDArray[np.float64]


def empirical_nngp(
    width: int,
    X: ArrayLike,
    *,
    activation: ActivationLike,
    depth: int,
    sigma_w: float,
    sigma_b: float = 0.0,
    rng: Any = None,
) -> Real:
    """Covariance of the outputs over the read-out weights, given one draw of the hidden layers of a network.

    Parameters
    ----------
    width : int
        Units in each hidden layer.
    X : array_like of shape (n, d)
        Inputs in rows.
    activation, depth, sigma_w, sigma_b
        As for :func:`rmt.kernels.nngp`, to which it tends with a deviation of the order of 1/√width.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    ndarray of shape (n, n)

    Raises
    ------
    TypeError
        If `width`, `X`, `activation`, `depth`, `sigma_w`, `sigma_b` or `rng` is not of the kind named above.
    ValueError
        If the inputs are not a finite two-dimensional array, or a scale is negative.

    Examples
    --------
    >>> empirical_nngp(100, [[1.0, 0.0]], activation="relu", depth=2, sigma_w=1.4, rng=0).shape
    (1, 1)
    """
    points, phi, units, layers, weight, bias = _checked(width, X, activation, depth, sigma_w, sigma_b)
    with one_blas_thread():
        features, _, _ = _forward(points, phi, units, layers, weight, bias, check_generator(rng))
        last = features[-1]
        return np.asarray(weight**2 * (last @ last.T) / last.shape[1] + bias**2)


def empirical_ntk(
    width: int,
    X: ArrayLike,
    *,
    activation: ActivationLike,
    depth: int,
    sigma_w: float,
    sigma_b: float = 0.0,
    train_biases: bool = True,
    rng: Any = None,
) -> Real:
    """Tangent kernel of one network drawn at random, in the NTK parametrization.

    Parameters
    ----------
    width : int
        Units in each hidden layer.
    X : array_like of shape (n, d)
        Inputs in rows.
    activation, depth, sigma_w, sigma_b, train_biases
        As for :func:`rmt.kernels.ntk`, to which it tends with a deviation of the order of 1/√width.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    ndarray of shape (n, n)

    Raises
    ------
    TypeError
        If `width`, `X`, `activation`, `depth`, `sigma_w`, `sigma_b` or `rng` is not of the kind named above.
    ValueError
        As for :func:`empirical_nngp`, and for an activation that jumps.

    Notes
    -----
    Each layer adds (back-propagated Gram matrix) ⊙ (forward Gram matrix): no Jacobian is formed (Novak, Sohl-Dickstein
    and Schoenholz 2022).

    Examples
    --------
    >>> empirical_ntk(100, [[1.0, 0.0]], activation="relu", depth=2, sigma_w=1.4, rng=0).shape
    (1, 1)
    """
    points, phi, units, layers, weight, bias = _checked(width, X, activation, depth, sigma_w, sigma_b)
    require_slope(phi)
    generator = check_generator(rng)
    added = bias**2 if check_flag("train_biases", train_biases) else 0.0
    with one_blas_thread():
        features, inside, weights = _forward(points, phi, units, layers, weight, bias, generator)
        last = features[-1]
        out = np.asarray(weight**2 * (last @ last.T) / last.shape[1] + added)
        back = np.tile(
            generator.standard_normal(last.shape[1]) * weight / math.sqrt(last.shape[1]), (points.shape[0], 1)
        )
        for layer in range(layers - 1, -1, -1):
            back = back * phi.slope(inside[layer])
            before = features[layer]
            out = out + (back @ back.T) * (weight**2 * (before @ before.T) / before.shape[1] + added)
            if layer > 0:
                back = back @ weights[layer] * (weight / math.sqrt(before.shape[1]))
        return out


def _checked(
    width: int, X: ArrayLike, activation: ActivationLike, depth: int, sigma_w: float, sigma_b: float
) -> tuple[Real, Activation, int, int, float, float]:
    return (
        check_inputs("X", X),
        kernel_activation(activation),
        check_count("width", width),
        check_count("depth", depth, minimum=0),
        float(check_real("sigma_w", sigma_w, at_least=0.0, at_most=LARGEST_SCALE)),
        float(check_real("sigma_b", sigma_b, at_least=0.0, at_most=LARGEST_SCALE)),
    )


def _forward(
    X: Real, phi: Activation, width: int, depth: int, weight: float, bias: float, rng: np.random.Generator
) -> tuple[list[Real], list[Real], list[Real]]:
    """Features x_0, ..., x_L, pre-activations and standard normal weights."""
    features, inside, weights = [X], [], []
    for _ in range(depth):
        before = features[-1]
        weights.append(rng.standard_normal((width, before.shape[1])))
        inside.append(
            before @ weights[-1].T * (weight / math.sqrt(before.shape[1])) + bias * rng.standard_normal(width)
        )
        features.append(np.asarray(phi.function(inside[-1])))
    return features, inside, weights
