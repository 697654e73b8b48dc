"""What residual blocks add to their stream: random maps with Gaussian weights, their scales and their laws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rmt.laws.law import Law
from rmt.networks.activations.activation import Activation

Real = NDArray[np.float64]

#: nodes of Gauss-Hermite rules of products of two Gaussians, atoms that stand for their squared slopes
NODES, ATOMS = 80, 16


class Branch(Protocol):
    """What a block adds to its stream: a random map, at an input whose entries have mean square 1 (or q)."""

    def __hash__(self) -> int:
        """Branches are immutable."""
        ...

    @property
    def homogeneous(self) -> bool:
        """Whether the singular values do not depend on q."""
        ...

    def power(self, q: float) -> float:
        """κ: mean square of what it gives for an input of mean square q."""
        ...

    def gain(self, q: float) -> float:
        """χ: mean squared singular value of its Jacobian there."""
        ...

    def fourth(self, q: float) -> float:
        """k₄: second moment of the squared singular values over the square of their mean."""
        ...

    def law(self, q: float, scale: float) -> Law:
        """Law of its squared singular values times `scale`."""
        ...


@dataclass(frozen=True)
class MLPBranch:
    """W₂ φ(W₁ x + b₁) + b₂ with Gaussian weights.

    Attributes
    ----------
    activation : Activation
    sigma_1, sigma_2 : float
        Scales of the weights: variances sigma²/fan_in. ``torch.nn.Linear`` has 1/√3.
    hidden : float
        Hidden units over those of the stream.
    bias_1, bias_2 : float
        Standard deviations of the biases.

    Examples
    --------
    >>> import rmt
    >>> branch = MLPBranch(rmt.networks.activation("relu"), 1.0, 2**0.5)
    >>> round(branch.power(1.0), 12), round(branch.gain(1.0), 12)
    (1.0, 1.0)
    >>> branch.length(2.0), round(branch.fourth(1.0), 12)
    (2.0, 4.0)
    >>> round(branch.law(1.0, 0.5).mean(), 12)
    0.5
    """

    activation: Activation
    sigma_1: float = 1.0
    sigma_2: float = 1.0
    hidden: float = 1.0
    bias_1: float = 0.0
    bias_2: float = 0.0

    @property
    def homogeneous(self) -> bool:
        """Whether the singular values do not depend on q: homogeneous activations without biases."""
        return self.activation.homogeneous and self.bias_1 == 0.0

    def length(self, q: float) -> float:
        """Variance of the hidden pre-activations.

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.

        Returns
        -------
        float
        """
        return self.sigma_1**2 * q + self.bias_1**2

    def power(self, q: float) -> float:
        """κ = σ₂² E φ² + b₂².

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.

        Returns
        -------
        float
        """
        return self.sigma_2**2 * self.activation.second_moment(self.length(q)) + self.bias_2**2

    def gain(self, q: float) -> float:
        """χ = σ₁² σ₂² E φ'².

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.

        Returns
        -------
        float
        """
        return (self.sigma_1 * self.sigma_2) ** 2 * self.activation.slope_moment(1, self.length(q))

    def fourth(self, q: float) -> float:
        """k₄ = 2 + μ₂/(h μ₁²).

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.

        Returns
        -------
        float
        """
        length = self.length(q)
        first = self.activation.slope_moment(1, length)
        return 2.0 + self.activation.slope_moment(2, length) / (self.hidden * first**2)

    def law(self, q: float, scale: float) -> Law:
        """Of W₂ D W₁: a Marchenko-Pastur law times a compound free Poisson law.

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.
        scale : float
            Multiplies the squared singular values.

        Returns
        -------
        Law
        """
        from rmt.free import CompoundFreePoisson, boxtimes
        from rmt.laws import MarchenkoPastur
        from rmt.networks.activations.slope_law import squared_slope_law

        phi, h = self.activation, self.hidden
        slopes = (1.0 / h) * squared_slope_law(phi, self.length(q))
        size = scale * (self.sigma_1 * self.sigma_2) ** 2
        return size * boxtimes(MarchenkoPastur(1), CompoundFreePoisson(h, slopes))


@dataclass(frozen=True)
class GatedBranch:
    """W₂ (φ(W_g x) · W_u x), SwiGLU for SiLU, with Gaussian weights.

    Attributes
    ----------
    activation : Activation
        φ.
    sigma_gate, sigma_up, sigma_2 : float
        Scales of the weights: variances sigma²/fan_in.
    hidden : float
        Hidden units over those of the stream.

    Examples
    --------
    >>> import rmt
    >>> branch = GatedBranch(rmt.networks.activation("silu"), hidden=2.0)
    >>> round(branch.gain(1.0), 9), round(branch.power(1.0), 9)
    (0.735257871, 0.35577552)
    >>> round(branch.fourth(1.0), 6), round(branch.law(1.0, 1.0).mean(), 6)
    (4.303498, 0.735258)
    """

    activation: Activation
    sigma_gate: float = 1.0
    sigma_up: float = 1.0
    sigma_2: float = 1.0
    hidden: float = 1.0

    @property
    def homogeneous(self) -> bool:
        """No: a product of two is not."""
        return False

    def power(self, q: float) -> float:
        """κ = σ₂² σ_u² q E φ².

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.

        Returns
        -------
        float
        """
        return (self.sigma_2 * self.sigma_up) ** 2 * q * self.activation.second_moment(self.sigma_gate**2 * q)

    def _squares(self, q: float) -> tuple[Real, Real]:
        """d² = σ_g² (φ'(g) u)² + σ_u² φ(g)² at the nodes of a rule for the Gaussians g and u, and its weights."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        weights = weights / weights.sum()
        g = self.sigma_gate * math.sqrt(q) * nodes
        slope, value = np.asarray(self.activation.slope(g)), np.asarray(self.activation.function(g))
        u = self.sigma_up * math.sqrt(q) * nodes
        squares = (self.sigma_gate * slope[:, None] * u[None]) ** 2 + (self.sigma_up * value[:, None]) ** 2
        return squares.ravel(), np.outer(weights, weights).ravel()

    def gain(self, q: float) -> float:
        """χ = σ₂² σ_u² (σ_g² q E φ'² + E φ²).

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.

        Returns
        -------
        float
        """
        length = self.sigma_gate**2 * q
        inner = self.sigma_gate**2 * q * self.activation.slope_moment(1, length) + self.activation.second_moment(length)
        return (self.sigma_2 * self.sigma_up) ** 2 * inner

    def fourth(self, q: float) -> float:
        """k₄ = 2 + E d⁴/(h (E d²)²).

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.

        Returns
        -------
        float
        """
        squares, weights = self._squares(q)
        return 2.0 + float(weights @ squares**2) / (self.hidden * float(weights @ squares) ** 2)

    def law(self, q: float, scale: float) -> Law:
        """Of W₂ D (W_g, W_u), with d² in a few atoms that share its moments.

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.
        scale : float
            Multiplies the squared singular values.

        Returns
        -------
        Law
        """
        from rmt.free import CompoundFreePoisson, boxtimes
        from rmt.laws import Atomic, MarchenkoPastur
        from rmt.numerics.eigen.golub_kahan import compressed_measure

        squares, weights = self._squares(q)
        copies = np.maximum(np.round(weights * 1e6), 0.0).astype(int)
        positions, shares = compressed_measure(np.repeat(squares, copies), ATOMS)
        positions = positions * (float(weights @ squares) / float(positions @ shares))
        jumps = Atomic((positions / self.hidden).tolist(), (shares / shares.sum()).tolist())
        return scale * self.sigma_2**2 * boxtimes(MarchenkoPastur(1), CompoundFreePoisson(self.hidden, jumps))


@dataclass(frozen=True)
class LinearBranch:
    """W_O W_V with Gaussian weights: attention on one token.

    Attributes
    ----------
    sigma : float
        Product of the scales of the two.

    Examples
    --------
    >>> branch = LinearBranch(0.5)
    >>> branch.gain(1.0), branch.power(2.0), branch.fourth(1.0), branch.law(1.0, 1.0).mean()
    (0.25, 0.5, 3.0, 0.25)
    """

    sigma: float = 1.0

    @property
    def homogeneous(self) -> bool:
        """Yes: it is linear."""
        return True

    def power(self, q: float) -> float:
        """κ = σ² q.

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.

        Returns
        -------
        float
        """
        return self.sigma**2 * q

    def gain(self, q: float) -> float:
        """χ = σ².

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.

        Returns
        -------
        float
        """
        return self.sigma**2

    def fourth(self, q: float) -> float:
        """k₄ = 3.

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.

        Returns
        -------
        float
        """
        return 3.0

    def law(self, q: float, scale: float) -> Law:
        """Square of a Marchenko-Pastur law, by the free product.

        Parameters
        ----------
        q : float
            Mean square of the entries of the input.
        scale : float
            Multiplies the squared singular values.

        Returns
        -------
        Law
        """
        from rmt.free import boxtimes
        from rmt.laws import MarchenkoPastur

        return scale * self.sigma**2 * boxtimes(MarchenkoPastur(1), powers=[2])
