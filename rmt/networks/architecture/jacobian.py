"""The input-output Jacobian of a network at initialisation: a random matrix with two faces."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.ensembles.ensemble import Ensemble, Float, Matrix, Warrant
from rmt.errors import check_count, check_generator
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.networks.architecture.mlp import MLP, Layer
from rmt.networks.architecture.transform_chain import TransformChain
from rmt.spectra.verdict.prediction import Fluctuations

#: layers are multiplied out while the logarithm of the condition number of their product stays below this, which
#: costs a factor e^9 of precision at most: relative errors stay below 1e-11
BLOCK_SPREAD = 9.0
#: and while the logarithm of their product's norm is within this of 0
BLOCK_SIZE = 200.0
#: derivatives below this share of the largest of their layer are zeros of a sample, as what underflows
UNDERFLOW = 1e-270


def _log_condition(slopes: Float) -> float:
    """Logarithm of the condition number of a diagonal matrix."""
    sizes = np.abs(slopes)
    return math.log(sizes.max() / sizes.min()) if sizes.min() > 0.0 else math.inf


def log_singular_values_of_layers(
    layers: Iterable[tuple[Matrix, Float]], columns: int, *, orthogonal: bool = False
) -> Float:
    """Natural logarithms of the nonzero singular values of D_L W_L ⋯ D_1 W_1, descending, to relative accuracy.

    Parameters
    ----------
    layers : iterable of (W_l, diagonal of D_l)
        From the first layer on.
    columns : int
        Columns of W_1.
    orthogonal : bool
        The square W_l are orthogonal: layers are then multiplied out as long as that loses no small singular value.
    """
    from rmt.numerics.dense.graded_product import QRChain, RowScales

    chain = QRChain(columns, np.float64)
    block: Matrix | None = None
    spread = size = 0.0
    for weights, slopes in layers:
        growth = _log_condition(slopes) if orthogonal and weights.shape[0] == weights.shape[1] else math.inf
        if block is not None and (spread + growth > BLOCK_SPREAD or abs(size) > BLOCK_SIZE):
            chain.multiply(block, RowScales(block.shape[0]))
            block, spread, size = None, 0.0, 0.0
        if growth > BLOCK_SPREAD:
            scales = RowScales(slopes.size)
            sizes = np.abs(slopes)
            scales.multiply(np.where(sizes < UNDERFLOW * sizes.max(initial=0.0), 0.0, slopes))
            chain.multiply(weights, scales)
        else:
            factor = slopes[:, None] * weights
            block, spread = factor if block is None else factor @ block, spread + growth
            size += math.log(float(np.linalg.norm(factor, axis=1).max()))
    if block is not None:
        chain.multiply(block, RowScales(block.shape[0]))
    return chain.triangle.log_singular_values()


class Jacobian(Ensemble):
    """J = D_L W_L ⋯ D_1 W_1 of a network: what a small change of the input becomes at the output.

    ``sample(n)`` runs a real network of n output units on a random input and multiplies its Jacobian out;
    ``singular_values(n)`` takes the same factors without ever multiplying them, so that none is lost to rounding;
    ``gram_law()`` is the law of J Jᵀ in the limit of large width. One direction is not free from the D_l: the input
    itself, whose gain is the product of the chi_par. It may show as a single outlier (see ``MLP.isometry``).

    Parameters
    ----------
    net : MLP
        The network.

    References
    ----------
    Pennington, Schoenholz and Ganguli 2017.

    Examples
    --------
    >>> import rmt
    >>> J = rmt.networks.MLP(3, "linear", sigma_w=1.0).jacobian()
    >>> J.gram_law()
    FussCatalan(order=3)
    >>> J.singular_value_law().mean() < 1.0, J.shapes(4)
    (True, (4, 4, 4, 4))
    >>> J.log_singular_values(4, rng=0).shape, len(list(J.forward(4, rng=0)))
    ((4,), 3)
    >>> round(J.transform_chain().s_transform(1.0), 12)  # 1/(1 + m)³
    0.125
    >>> try:
    ...     J.law()
    ... except TypeError as error:
    ...     print(str(error)[:15])
    the eigenvalues
    """

    hermitian = False
    warrant = Warrant.NONE

    def __init__(self, net: MLP) -> None:
        self.net = net

    def singular_value_fluctuations(self) -> Fluctuations:
        """Little: the D_l of one draw differ from their law, which shifts the whole spectrum and moves its atoms.

        Returns
        -------
        rmt.spectra.Fluctuations

        Examples
        --------
        >>> import rmt
        >>> J = rmt.MLP(2, "relu", 2**0.5).jacobian()
        >>> J.singular_value_fluctuations().rigid
        False
        """
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        reason = "the slopes of one draw differ from their law, which shifts the whole spectrum"
        return UnknownFluctuations(1.0, reason=reason, rigid=False, exact_atoms=False, continuous=False)

    @property
    def is_rigid(self) -> bool:
        """Never: the D_l of one draw differ from their law, which shifts the whole spectrum by O(√(L/N))."""
        return False

    # ------------------------------------------------------------------ the limit
    @cached_property
    def _gram_law(self) -> Law:
        from rmt.networks.architecture.jacobian_law import gram_law_of

        return gram_law_of(self.net)

    def gram_law(self) -> Law:
        """Law of J Jᵀ, a free product of the laws of D_l² and W_l W_lᵀ.

        Universal in the entry law of the weights (finite variance; the edges need a fourth moment). One draw differs
        from it by O(√(L/N)) in the scale of the spectrum, more where chi_par is close to 1 and lengths wander.
        Eigenvalues below about 10⁻¹³⁰ of the mean are not resolved: units of GELU, SiLU or sigmoid that saturate far
        out have derivatives that fall below any double.

        Returns
        -------
        Law
        """
        return self._gram_law

    def singular_value_law(self) -> Law:
        """Limit law of the min(N_0, N_L) singular values: without the zeros of J Jᵀ where the output is wider.

        Returns
        -------
        Law
        """
        from rmt.laws.maps.pushforward import square_root
        from rmt.networks.architecture.jacobian_law import ZerosRemoved

        first, last = self.net.widths[0], self.net.widths[-1]
        law = self.gram_law()
        return square_root(law if last <= first else ZerosRemoved(law, first / last))

    def transform_chain(self) -> TransformChain:
        """The route of the theory from the S-transforms of the layers to the density, link by link.

        Returns
        -------
        TransformChain
        """
        from rmt.networks.architecture.transform_chain import TransformChain

        return TransformChain(self.net)

    def law(self) -> PlanarLaw:
        """Refused: the eigenvalues of J are not what the network does to gradients.

        Returns
        -------
        PlanarLaw

        Raises
        ------
        TypeError
            Naming :meth:`gram_law`.
        """
        raise TypeError(
            f"the eigenvalues of {self!r} have no law here; what matters to a network are the singular values: "
            "gram_law() is the law of J Jᵀ, singular_value_law() that of the singular values"
        )

    # ------------------------------------------------------------------ samples
    def shapes(self, n: int) -> tuple[int, ...]:
        """Widths N_0, ..., N_L of a network with `n` output units.

        Parameters
        ----------
        n : int
            Number of output units, >= 1.

        Returns
        -------
        tuple of int, of length L + 1

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If a width would be below 1.
        """
        rows = check_count("n", n)
        sizes = tuple(round(rows * w / self.net.widths[-1]) for w in self.net.widths)
        if min(sizes) < 1:
            raise ValueError(f"n = {rows} is too small for widths {self.net.widths!r}: a layer would have no unit")
        return sizes

    def _draw_weights(self, layer: Layer, rows: int, columns: int, rng: np.random.Generator) -> Matrix:
        if not self.net.orthogonal:
            return self.net.weights.draw(  # type: ignore[union-attr]
                rng, (rows, columns), scale=layer.sigma_w / math.sqrt(columns)
            )
        from rmt.numerics.dense.householder import haar_product

        tall, thin = max(rows, columns), min(rows, columns)
        matrix = haar_product(tall, rng, thin, "real").matrix()
        return layer.sigma_w * (matrix if rows >= columns else matrix.T)

    def _input(self, size: int, rng: np.random.Generator) -> Float:
        """A random direction of the length that puts the first layer where the limit says it is."""
        first = self.net.layers[0]
        mean_square = self.net.input_q
        if mean_square is None:
            mean_square = max(first.q - first.sigma_b**2, 0.0) / first.weight_gain if first.weight_gain else 0.0
        x = rng.standard_normal(size)
        return np.asarray(x * math.sqrt(mean_square * size / float(x @ x)))

    def _bytes(self, method: str, n: int) -> float:
        """Memory for one layer and the product so far, with work space; the layers are not kept."""
        return 6.0 * 8.0 * float(max(self.shapes(n))) ** 2

    def forward(self, n: int, rng: Any = None) -> Iterator[tuple[Matrix, Float]]:
        """Run a network of `n` output units, and yield W_l and the diagonal of D_l layer by layer.

        Parameters
        ----------
        n : int
            Number of output units, >= 1.
        rng : Generator, SeedSequence, int or None
            As :func:`numpy.random.default_rng` takes it.

        Yields
        ------
        tuple of ndarray
            W_l and the diagonal of D_l

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        """
        generator = check_generator(rng)
        sizes = self.shapes(n)
        x = self._input(sizes[0], generator)
        log_unit = 0.0
        for layer, columns, rows in zip(self.net.layers, sizes[:-1], sizes[1:], strict=True):
            weights = self._draw_weights(layer, rows, columns, generator)
            h = weights @ x
            if layer.sigma_b:
                h += layer.sigma_b * math.exp(-0.5 * log_unit) * generator.standard_normal(rows)
            if layer.log_unit != log_unit:  # lengths that leave the range of a double
                h *= math.exp(0.5 * (log_unit - layer.log_unit))
            unit = math.exp(0.5 * layer.log_slope_unit)
            yield weights, np.asarray(unit * layer.activation.slope(h), dtype=np.float64)
            log_unit = layer.log_unit + layer.log_slope_unit
            x = np.asarray(layer.activation.function(h), dtype=np.float64)
            if self.net.scale_free and x.any():  # the length may leave the range of a double
                x /= math.sqrt(float(x @ x) / x.size)

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        product: Matrix | None = None
        for weights, slopes in self.forward(n, rng):
            factor = slopes[:, None] * weights
            product = factor if product is None else factor @ product
        assert product is not None
        return product

    def _log_singular_values(self, n: int, rng: np.random.Generator) -> Float:
        sizes = self.shapes(n)
        found = log_singular_values_of_layers(self.forward(n, rng), sizes[0], orthogonal=self.net.orthogonal)
        return np.concatenate([found, np.full(min(sizes[0], sizes[-1]) - found.size, -np.inf)])

    def _singular_values(self, n: int, rng: np.random.Generator) -> Float:
        return np.exp(self._log_singular_values(n, rng))

    def log_singular_values(self, n: int, *, rng: Any = None, trials: int = 1, **options: Any) -> Float:
        """Draw natural logarithms of the singular values, descending; −inf for zeros.

        Derivatives below 1e-270 of the largest of their layer count as 0, as those do that underflow.

        As :meth:`singular_values`, for depths at which the values themselves leave the range of a double.

        Parameters
        ----------
        n : int
            Number of output units, >= 1.
        rng : Generator, SeedSequence, int or None
            As :func:`numpy.random.default_rng` takes it.
        trials : int
            Number of independent networks.
        **options : object
            As for :meth:`singular_values`: `executor`, `out`, `progress`.

        Returns
        -------
        ndarray of float, shape (min(n, columns),) or (trials, min(n, columns))
        """
        return self._repeat(
            "_log_singular_values",
            n,
            rng,
            trials,
            options.get("executor"),
            options.get("out"),
            bool(options.get("progress", False)),
        )

    def __repr__(self) -> str:
        return f"{self.net!r}.jacobian()"
