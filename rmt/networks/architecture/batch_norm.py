"""BatchNorm in training mode: what a layer does to gradients, at any batch size."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rmt.errors import check_count
from rmt.networks.activations.lookup import ActivationLike, activation

Real = NDArray[np.float64]

#: nodes of the radius, and of each arc between the directions at which a pair of samples changes sign
RADII, ANGLES = 60, 80
#: samples up to which the sphere is followed
LARGEST_BATCH = 1000


def batch_norm_gain(activation_: ActivationLike, batch: int | None = None) -> float:
    """Factor by which a layer Linear, BatchNorm, φ in training mode multiplies the mean squared gradient.

    Parameters
    ----------
    activation_ : str, callable or Activation
        The name of φ, a function of arrays, or an :class:`~rmt.networks.Activation`.
    batch : int, optional
        Samples in the batch, at least 5; infinitely many when None.

    Returns
    -------
    float
        E φ'²/Var φ at unit variance (Yang et al. 2019), π/(π − 1) for ReLU. For a batch the growth of the Jacobian of
        all outputs at the symmetric fixed point, where samples have overlaps −1/(batch − 1): the normalised samples of
        a unit are uniform on a sphere. Exact for activations whose only kink is at 0.

    Raises
    ------
    TypeError
        If `batch` is no integer.
    ValueError
        If the batch has fewer than 5 samples: the mean is infinite for 3, and gradients are heavy-tailed below 7.

    Examples
    --------
    >>> import math
    >>> round(batch_norm_gain("relu") - math.pi / (math.pi - 1.0), 12)
    0.0
    """
    phi = activation(activation_)
    if batch is None:
        return phi.slope_moment(1, 1.0) / (phi.second_moment(1.0) - phi.mean(1.0) ** 2)
    size = check_count("batch", batch, minimum=5)
    if size > LARGEST_BATCH:
        raise ValueError(
            f"batch must be at most {LARGEST_BATCH}, got {size}; take None, which is within 1 % from there on"
        )
    u, v, weights = _pair_on_sphere(size)
    slope_u, slope_v = (np.asarray(phi.slope(x)) for x in (u, v))
    value_u, value_v = (np.asarray(phi.function(x)) for x in (u, v))
    own = float(weights @ slope_u**2) * (size - 1.0) - float(weights @ (slope_u * u) ** 2)
    other = float(weights @ (slope_u * slope_v)) + float(weights @ (slope_u * slope_v * u * v))
    spread = float(weights @ value_u**2) - float(weights @ (value_u * value_v))
    return (own + other) / ((size - 3.0) * spread)


def _pair_on_sphere(size: int) -> tuple[Real, Real, Real]:
    """Two coordinates of a uniform point with sum 0 and squared length `size`: nodes and weights.

    In the plane of their two directions, at the angle acos(−1/(size − 1)), the density is (1 − r²)^{(size − 5)/2}.
    """
    from scipy.special import roots_jacobi

    nodes, radial = roots_jacobi(RADII, 0.5 * (size - 5.0), 0.0)  # in r² on [0, 1]
    radius = np.sqrt(0.5 * (1.0 + nodes))
    between = math.acos(-1.0 / (size - 1.0))
    breaks = np.sort(
        np.mod([0.5 * math.pi, -0.5 * math.pi, between + 0.5 * math.pi, between - 0.5 * math.pi], math.tau)
    )
    x, w = np.polynomial.legendre.leggauss(ANGLES)
    ends = np.append(breaks, breaks[0] + math.tau)
    angles = np.concatenate([0.5 * (a + b) + 0.5 * (b - a) * x for a, b in pairwise(ends)])
    arcs = np.concatenate([0.5 * (b - a) * w for a, b in pairwise(ends)])
    scale = math.sqrt(size - 1.0) * radius[:, None]
    weights = np.outer(radial / radial.sum(), arcs / arcs.sum()).ravel()
    return (scale * np.cos(angles)).ravel(), (scale * np.cos(angles - between)).ravel(), weights
