"""Residual networks at initialisation: x_l = a x_{l−1} + φ(W_l x_{l−1} + b_l)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import rmt
from rmt._cached import cached_property
from rmt._frozen import Frozen
from rmt.ensembles.ensemble import Ensemble, Float, Matrix, Warrant
from rmt.errors import LARGEST_SCALE, LARGEST_VARIANCE, check_count, check_generator, check_real
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.networks.activations.lookup import ActivationLike
from rmt.networks.activations.lookup import activation as as_activation
from rmt.networks.architecture.depth_limits import residual_limit
from rmt.networks.architecture.mlp import ORTHOGONAL, check_depth, parse_weights
from rmt.spectra.verdict.prediction import Fluctuations


@dataclass(frozen=True)
class Block:
    """One residual block in the limit of large width.

    Attributes
    ----------
    q : float
        Pre-activation variance.
    size, mean : float
        Mean square and mean of the entries of the stream that enters.
    gain : float
        v = sigma_w² E φ'², what the branch adds to the mean of the spectrum of the block.
    fourth : float
        sigma_w⁴ E φ'⁴.
    """

    q: float
    size: float
    mean: float
    gain: float
    fourth: float


class ResidualNetwork(Frozen):
    """A wide residual network at initialisation, with L blocks x_l = a x_{l−1} + φ(W_l x_{l−1} + b_l).

    Parameters
    ----------
    depth : int
        Number L of blocks.
    activation : str, callable or Activation
        The name of φ, a function of arrays, or an :class:`~rmt.networks.Activation`.
    sigma_w : float
        Scale of the weights; of order 1/√L for a spectrum that does not spread with depth.
    sigma_b : float
        Standard deviation of the biases.
    weights : str, EntryLaw, frozen scipy.stats distribution, or Law
        ``"gaussian"``, ``"orthogonal"`` or any entry law.
    skip : float
        The factor a, not 0.
    input_q : float
        Mean square of the entries of the input, whose mean is 0.

    Raises
    ------
    TypeError
        If `depth`, `activation` or `sigma_w` is not of the kind named above.
    ValueError
        If `depth`, `activation` or `sigma_w` is out of the range named above.

    References
    ----------
    Tarnowski, Warchoł, Jastrzębski, Tabor and Nowak 2019.

    Examples
    --------
    >>> net = ResidualNetwork(depth=100, activation="tanh", sigma_w=0.1)
    >>> law = net.jacobian().gram_law()
    >>> round(law.ppf(0.5), 10)
    1.0
    >>> import rmt
    >>> rmt.networks.ResidualNetwork(4, "relu", sigma_w=0.5).isometry().depth
    4
    """

    def __init__(
        self,
        depth: int,
        activation: ActivationLike,
        sigma_w: float,
        sigma_b: float = 0.0,
        weights: Any = "gaussian",
        skip: float = 1.0,
        input_q: float = 1.0,
    ) -> None:
        self.depth = check_depth(depth)
        self.activation = as_activation(activation)
        self.sigma_w = float(check_real("sigma_w", sigma_w, above=0.0, at_most=LARGEST_SCALE))
        self.sigma_b = float(check_real("sigma_b", sigma_b, at_least=0.0, at_most=LARGEST_SCALE))
        self.weights = parse_weights(weights)
        self.skip = float(check_real("skip", skip))
        if self.skip == 0.0:
            raise ValueError("skip must not be 0: without skip connections use MLP")
        self.input_q = float(check_real("input_q", input_q, at_least=0.0, at_most=LARGEST_VARIANCE))

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks with the size and mean of the stream, followed from the input."""
        return self._stream[0]

    @cached_property
    def _stream(self) -> tuple[tuple[Block, ...], float]:
        """The blocks, and the mean square of the output."""
        phi, a = self.activation, self.skip
        size, mean = self.input_q, 0.0
        made: list[Block] = []
        for _ in range(self.depth):
            q = self.sigma_w**2 * size + self.sigma_b**2
            if q > 1e200:
                raise ValueError(f"the stream exceeds 1e200 at block {len(made) + 1}: lower sigma_w or skip")
            gain = self.sigma_w**2 * phi.slope_moment(1, q)
            made.append(Block(q, size, mean, gain, self.sigma_w**4 * phi.slope_moment(2, q)))
            branch = phi.mean(q)
            size = a * a * size + 2.0 * a * mean * branch + phi.second_moment(q)
            mean = a * mean + branch
        return tuple(made), size

    @property
    def strength(self) -> float:
        """C = (1/a²) Σ sigma_w² E φ'²: all that the universal law depends on."""
        return math.fsum(block.gain for block in self.blocks) / self.skip**2

    @property
    def relative_variance(self) -> float:
        """Relative variance of the spectrum of J Jᵀ at this depth, to leading order in the gain of a block.

        The sum over the blocks of (2v a² + v₂)/(a² + v)² with Gaussian weights (v₂ = sigma_w⁴ E φ'⁴), less v² for
        orthogonal ones; 2c in the limit of small blocks.
        """
        square = self.skip**2
        less = 1.0 if self.weights == ORTHOGONAL else 0.0
        return math.fsum(
            (2.0 * b.gain * square - less * b.gain**2 + b.fourth) / (square + b.gain) ** 2 for b in self.blocks
        )

    @property
    def mean_mode_gain(self) -> float:
        """Squared gain |J x_0|²/|x_0|² of the input direction, which the mean amplifies; inf for the input 0."""
        return float(self._tangent_products[0, 0]) if self.input_q > 0.0 else math.inf

    @property
    def mean_mode_bound(self) -> float:
        """Largest squared gain |J y|² of a unit vector y in the plane of the input and of the vector of ones.

        The outlier that a nonzero E φ(h) creates is no smaller: without biases it is about the input that is amplified,
        with strong ones the mean of the stream.
        """
        return float(np.linalg.eigvalsh(self._tangent_products)[-1])

    @cached_property
    def _tangent_products(self) -> Float:
        """Products of the tangents y_l = J_l y at the output, for the unit vectors of the input and of the ones.

        They are followed block by block: x and the two y are jointly Gaussian before the weights, and their products
        and means are all that the next block needs.
        """
        phi, a, weight = self.activation, self.skip, self.sigma_w**2
        # of the unit vector of the input and of the ones: E x y, E y y', E y
        cross, products, means = np.array([math.sqrt(self.input_q), 0.0]), np.eye(2), np.array([0.0, 1.0])
        for block in self.blocks:
            q = block.q
            # the tangents of h are beta h plus what is independent of it
            beta = weight * cross / q if q > 0.0 else np.zeros(2)
            rest = weight * products - q * np.outer(beta, beta)
            slope_square = block.gain / weight
            floor = 1e-16 * math.sqrt(q * slope_square)
            shift = beta * phi.expectation(lambda x: np.asarray(phi.slope(x)) * x, q, floor=floor)
            grown = np.outer(beta, beta) * phi.expectation(lambda x: (np.asarray(phi.slope(x)) * x) ** 2, q)
            turned = beta * phi.radial_moment(q) * q
            moved = a * np.outer(means, shift)
            cross = a * a * cross + a * block.mean * shift + a * means * phi.mean(q) + turned
            products = a * a * products + moved + moved.T + grown + rest * slope_square
            means = a * means + shift
        return products

    def jacobian(self) -> ResidualJacobian:
        """The input-output Jacobian J = Π (a + D_l W_l) as a random matrix.

        Returns
        -------
        ResidualJacobian
        """
        return ResidualJacobian(self)

    def isometry(self, **options: Any) -> rmt.networks.IsometryReport:
        """How far the Jacobian is from an isometry, why, and what to set instead.

        Parameters
        ----------
        **options : object
            As for :func:`rmt.networks.isometry`.

        Returns
        -------
        IsometryReport
        """
        from rmt.networks.reports.residual_isometry import residual_isometry

        return residual_isometry(self, **options)

    def __repr__(self) -> str:
        weights = self.weights if isinstance(self.weights, str) else self.weights.argument
        name = self.activation.name if self.activation.named else repr(self.activation)
        return (
            f"ResidualNetwork(depth={self.depth}, activation={name!r}, sigma_w={self.sigma_w!r}, "
            f"sigma_b={self.sigma_b!r}, weights={weights!r}, skip={self.skip!r}, input_q={self.input_q!r})"
        )


class ResidualJacobian(Ensemble):
    """J = (a + D_L W_L) ⋯ (a + D_1 W_1) of a residual network; made by :meth:`ResidualNetwork.jacobian`."""

    hermitian = False
    warrant = Warrant.NONE

    def __init__(self, net: ResidualNetwork) -> None:
        self.net = net

    def singular_value_fluctuations(self) -> Fluctuations:
        """Little: the D_l of one draw differ from their law, which shifts the whole spectrum and moves its atoms."""
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        reason = "the slopes of one draw differ from their law, which shifts the whole spectrum"
        return UnknownFluctuations(1.0, reason=reason, rigid=False, exact_atoms=False, continuous=False)

    @property
    def is_rigid(self) -> bool:
        """Never: the D_l of one draw differ from their law."""
        return False

    def gram_law(self) -> Law:
        """The universal law of J Jᵀ for many weak blocks (:func:`rmt.networks.residual_limit`).

        Exact in the limit of depth; one outlier, of at least ``mean_mode_bound``, may stand apart.
        """
        return residual_limit(self.net.strength, skip=self.net.skip, depth=self.net.depth)

    def law(self) -> PlanarLaw:
        """Refused: the singular values are what matters.

        Raises
        ------
        TypeError
            Naming :meth:`gram_law`.
        """
        raise TypeError(f"the eigenvalues of {self!r} have no law here; gram_law() is the law of J Jᵀ")

    def factors(self, n: int, rng: Any = None) -> Iterator[Matrix]:
        """Run a network of width `n` and yield a + D_l W_l block by block."""
        from rmt.numerics.dense.householder import haar_matrix

        size = check_count("n", n)
        generator = check_generator(rng)
        net = self.net
        x = generator.standard_normal(size)
        x = x - x.mean()
        x *= math.sqrt(net.input_q * size / max(float(x @ x), 1e-300))
        for _ in range(net.depth):
            if net.weights == ORTHOGONAL:
                weights = net.sigma_w * haar_matrix(size, generator, field="real")
            else:
                scale = net.sigma_w / math.sqrt(size)
                weights = net.weights.draw(generator, (size, size), scale=scale)  # type: ignore[union-attr]
            h = weights @ x
            if net.sigma_b:
                h += net.sigma_b * generator.standard_normal(size)
            block = np.asarray(net.activation.slope(h))[:, None] * weights
            block[np.diag_indices(size)] += net.skip
            yield block
            x = net.skip * x + np.asarray(net.activation.function(h))

    def _bytes(self, method: str, n: int) -> float:
        return 6.0 * 8.0 * float(n) ** 2

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        product = np.eye(n)
        for block in self.factors(n, rng):
            product = block @ product
        return product

    def _singular_values(self, n: int, rng: np.random.Generator) -> Float:
        from rmt.numerics.dense.graded_product import QRChain, RowScales

        chain = QRChain(n, np.float64)
        for block in self.factors(n, rng):
            chain.multiply(block, RowScales(n))
        return np.exp(chain.triangle.log_singular_values())

    def __repr__(self) -> str:
        return f"{self.net!r}.jacobian()"
