"""Activations centred and scaled to variance 1 under their Gaussian argument, for kernels of random features."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rmt.errors import LARGEST_VARIANCE, check_real
from rmt.kernels.engines import require_square_integrable
from rmt.kernels.kernel_activations import activation as kernel_activation
from rmt.kernels.kernel_activations import closed_form, gaussian_mean, is_known, require_slope
from rmt.kernels.pair_kernels import closed_pair
from rmt.networks.activations.activation import Activation
from rmt.networks.activations.lookup import ActivationLike

Real = NDArray[np.float64]


@dataclass(frozen=True)
class NormalisedActivation:
    """σ(z) = (φ(√q z) − E φ)/√Var φ for standard normal z.

    Attributes
    ----------
    phi : Activation
    q : float
        Variance of the pre-activations.
    mean, variance : float
        Of φ(√q z).
    linear_share : float
        b² = (E σ')² = (E z σ)², the share of the variance that is linear in z; in [0, 1].
    """

    phi: Activation
    q: float
    mean: float
    variance: float
    linear_share: float

    def __call__(self, z: Real) -> Real:
        """σ(z)."""
        return np.asarray((self.phi.function(math.sqrt(self.q) * z) - self.mean) / math.sqrt(self.variance))

    def slope(self, z: Real) -> Real:
        """σ'(z)."""
        return np.asarray(self.phi.slope(math.sqrt(self.q) * z) * math.sqrt(self.q / self.variance))

    @property
    def slope_energy(self) -> float:
        """E σ'²."""
        require_slope(self.phi)
        return self.q * _slope_moment(self.phi, self.q) / self.variance


def _second_moment(phi: Activation, q: float) -> float:
    form = closed_form(phi)
    if form is None:
        return phi.second_moment(q)
    return float(closed_pair(form.kind, form.first, form.second, q, q, 0.0)[0])


def _slope_moment(phi: Activation, q: float) -> float:
    form = closed_form(phi)
    if form is None:
        return phi.slope_moment(1, q)
    return float(closed_pair(form.kind, form.first, form.second, q, q, 0.0)[1])


def _linear_coefficient(phi: Activation, q: float) -> float:
    """E z φ(√q z), from the part of φ that is odd about 0."""
    root = math.sqrt(q)
    if is_known(phi) and phi.name == "sin":
        return root * math.exp(-0.5 * q)
    if is_known(phi) and phi.name == "cos":
        return 0.0
    value = phi.expectation(lambda x: 0.5 * x / root * (phi.function(x) - phi.function(-x)), q)
    return value


def normalised_activation(spec: ActivationLike, q: float = 1.0) -> NormalisedActivation:
    """Normalise an activation for pre-activations of variance `q`.

    Raises
    ------
    ValueError
        If φ is constant, or not square integrable.
    """
    phi = kernel_activation(spec)
    variance_in = float(check_real("q", q, above=0.0, at_most=LARGEST_VARIANCE))
    require_square_integrable(phi, variance_in)
    mean = gaussian_mean(phi, variance_in)
    variance = _second_moment(phi, variance_in) - mean**2
    if not variance > 1e-14 * mean**2 or variance <= 0.0:
        raise ValueError(f"activation {phi.name!r} is constant under N(0, {variance_in:g}): it has no features")
    coefficient = _linear_coefficient(phi, variance_in)
    share = min(coefficient**2 / variance, 1.0)
    if phi.slopes == (1.0,) or 1.0 - share < 1e-14:
        share = 1.0
    return NormalisedActivation(phi, variance_in, mean, variance, 0.0 if share < 1e-24 else share)
