"""Predictions for a real chain of layers: given its derivatives, and by mean field from its scales alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.laws.law import Law
from rmt.networks.architecture.mlp import MLP, ORTHOGONAL
from rmt.networks.reports.agreement import Agreement
from rmt.networks.reports.layer_readings import LayerReading, WeightLaw
from rmt.numerics.eigen.golub_kahan import compressed_measure

Real = NDArray[np.float64]

#: range of the spreads of D² within which layers are pooled
ALIKE = 0.1
#: atoms that stand for pooled derivatives: of deep and of shallow networks, of each of two groups, of each of several
FEW_NODES, MANY_NODES, PAIR_NODES, SEVERAL_NODES = 32, 96, 24, 8
SHALLOW = 3
#: atoms of pooled spectra of weights, and copies that stand for shares of these
POOLED_NODES, POOLED_COPIES = 12, 40
#: relative difference of squared derivatives that are the same
SAME_SLOPE = 1e-5
#: lengths that stand for those of a network
LENGTHS = 5
#: standard errors within which the scales of several layers are taken for equal
EQUAL_SCALES = 6.0


@dataclass(frozen=True, eq=False)
class ChainPrediction:
    """What theory says about the Jacobian of a real chain of layers.

    Attributes
    ----------
    log_m1, relvar : float
        Logarithm of E Tr J Jᵀ over the number of inputs; relative variance over the rows of J.
    law : Law or None
        Law of J Jᵀ; None where only mean and variance are known.
    network : MLP or None
        The network that stands for the model, for mean field.
    resolution : float
        Distance from the law of all derivatives that `law` may have, as it holds a few atoms for them.
    agreement : Agreement or None
        Whether the measured bulk agrees with `law`, in the words of :func:`rmt.spectra.compare`.
    """

    log_m1: float
    relvar: float
    law: Law | None = None
    network: MLP | None = None
    resolution: float = 0.0
    agreement: Agreement | None = None

    @property
    def ks(self) -> float | None:
        """Kolmogorov-Smirnov distance of the measured bulk to the law; without a matrix a lower bound of it."""
        return None if self.agreement is None else self.agreement.ks

    @property
    def m1(self) -> float:
        """Mean squared singular value."""
        return math.exp(self.log_m1) if self.log_m1 < 709.0 else math.inf


def conditional_prediction(layers: Sequence[LayerReading]) -> ChainPrediction | None:
    """Prediction given the measured D_l and the weight laws; None unless every D_l is diagonal.

    The law is that of a chain of equal widths, or of Gaussian weights of any widths; else only mean and variance.
    """
    if any(layer.slopes is None or math.isnan(layer.weights.spread) for layer in layers):
        return None
    rows = layers[-1].weights.rows
    gains = [layer.weights.gain * layer.mean_slope for layer in layers]
    if min(gains) <= 0.0:
        return ChainPrediction(-math.inf, math.nan)
    log_m1 = math.fsum(map(math.log, gains)) + math.log(rows / layers[0].weights.columns)
    relvar = math.fsum(layer.relative_variance(rows) for layer in layers)
    law, resolution = _conditional_law(layers)
    return ChainPrediction(log_m1, relvar, law, resolution=resolution)


def _conditional_law(layers: Sequence[LayerReading]) -> tuple[Law | None, float]:
    """The law, and how far it may be from that of all derivatives."""
    widths = [layers[0].weights.columns, *(layer.weights.rows for layer in layers)]
    if not _is_square(widths) and any(layer.weights.kind is not WeightLaw.GAUSSIAN for layer in layers):
        return None, 0.0
    weights: Counter[Law] = Counter()
    unknown = _pooled_spectrum([layer for layer in layers if layer.weights.spectrum is not None])
    for layer in layers:
        law = unknown if layer.weights.spectrum is not None else _weight_shape(layer)
        if law is None:
            return None, 0.0
        weights[law] += 1
    pooled = [(*_pooled_slopes(group, max(widths), nodes), len(group)) for group, nodes in _groups(layers)]
    resolution = max(away for _, away, _ in pooled)
    if unknown is not None:
        resolution = max(resolution, 0.5 * max(mass for _, mass in unknown.atoms))
    terms: list[tuple[Law, Any]] = [*((law, count) for law, _, count in pooled), *weights.items()]
    return _chain_law(terms, widths, [layer.weights.gain * layer.mean_slope for layer in layers]), resolution


def _is_square(widths: Sequence[int]) -> bool:
    return min(widths) == max(widths)


def _weight_shape(layer: LayerReading) -> Law | None:
    """Law of W Wᵀ scaled to mean 1, for Gaussian weights that of the square matrix that they are a part of."""
    from rmt.laws import MarchenkoPastur
    from rmt.networks.architecture.convolution_layers import convolution_gram_law

    if layer.weights.kind is WeightLaw.GAUSSIAN:
        return MarchenkoPastur()
    if layer.weights.kind is WeightLaw.ORTHOGONAL_KERNEL:
        return convolution_gram_law((layer.weights.taps,))
    law = layer.weights.law()
    return None if law is None else law * (1.0 / float(law.mean()))


def _pooled_spectrum(layers: Sequence[LayerReading]) -> Law | None:
    """Spectrum of W Wᵀ, each over its mean, for layers whose weights have no known law; None without such layers.

    Products of many laws of atoms have gaps between all of them, powers of one have few; the relative variance of the
    product is exact all the same.
    """
    from rmt.laws import Atomic

    if not layers:
        return None
    spectra = [layer.weights.spectrum for layer in layers if layer.weights.spectrum is not None]
    if len(spectra) == 1:
        positions, weights = spectra[0]
    else:
        scaled = [(p / float(p @ w), w) for p, w in spectra]
        points = np.concatenate([p for p, _ in scaled])
        shares = np.concatenate([w for _, w in scaled]) / len(scaled)
        copies = np.maximum(1, np.round(shares * points.size * POOLED_COPIES)).astype(int)
        positions, weights = compressed_measure(np.repeat(points, copies), POOLED_NODES)
    law = Atomic(positions.tolist(), (weights / weights.sum()).tolist())
    return law * (1.0 / float(law.mean()))


def _groups(layers: Sequence[LayerReading]) -> list[tuple[list[LayerReading], int]]:
    """Layers of one width and of similar derivatives, and the number of atoms for each group.

    Free powers of one law are much cheaper than products of many that have gaps between their atoms. The relative
    variance of a product, the sum of those of its factors, hardly depends on how layers are pooled.
    """
    by_width: dict[int, list[LayerReading]] = {}
    for layer in layers:
        by_width.setdefault(layer.weights.rows, []).append(layer)
    groups = list(by_width.values())
    spreads = [layer.slope_spread for layer in layers]
    if len(groups) == 1 and max(spreads) - min(spreads) >= ALIKE:
        middle = 0.5 * (min(spreads) + max(spreads))
        high = [layer for layer, spread in zip(layers, spreads, strict=True) if spread > middle]
        low = [layer for layer, spread in zip(layers, spreads, strict=True) if spread <= middle]
        groups = [low, high]
    if len(groups) == 1:
        rough = len(layers) <= SHALLOW and all(layer.weights.kind is WeightLaw.ORTHOGONAL for layer in layers)
        return [(groups[0], MANY_NODES if rough else FEW_NODES)]
    return [(group, PAIR_NODES if len(groups) == 2 else SEVERAL_NODES) for group in groups]


def _pooled_slopes(group: Sequence[LayerReading], largest: int, nodes: int) -> tuple[Law, float]:
    """Measured D² of some layers, each over its mean, in a few atoms; padded with zeros to the largest width.

    And the distance of its distribution function from that of all of them.
    """
    from rmt.laws import Atomic

    resolution = 0.0
    shares = [_share_on(layer.squared_slopes) for layer in group]
    if None not in shares:
        # units that are on or off: the geometric mean of the shares keeps the mean and the atom of a product
        on = math.exp(math.fsum(math.log(share) for share in shares if share) / len(shares))
        positions, weights = np.array([0.0, 1.0 / on]), np.array([1.0 - on, on])
    else:
        squares = np.concatenate([layer.squared_slopes / layer.mean_slope for layer in group])
        positions, weights, resolution = _in_groups(squares, nodes)
    alive = group[0].weights.rows / largest
    positions, weights = np.append(0.0, positions), np.append(1.0 - alive, alive * weights)
    return Atomic(positions.tolist(), (weights / weights.sum()).tolist()), alive * resolution


def _in_groups(squares: Real, nodes: int) -> tuple[Real, Real, float]:
    """Means and shares of groups of equal size, zeros apart, and the distance from all of them.

    A rule for moments would leave the many small derivatives of saturated units to a few heavy atoms.
    """
    values, repeats = np.unique(squares, return_counts=True)
    if values.size <= nodes:
        return values, repeats / squares.size, 0.0
    groups = np.array_split(np.sort(squares[squares > 0.0]), nodes)
    weights = np.array([group.size for group in groups]) / squares.size
    zeros = float(np.mean(squares == 0.0))
    positions = np.array([float(group.mean()) for group in groups])
    resolution = 0.5 * float(weights.max())
    if zeros:
        return np.append(0.0, positions), np.append(zeros, weights), resolution
    return positions, weights, resolution


def _share_on(squares: Real) -> float | None:
    """Share of units that are on, if all of these have one derivative and the others none; else None."""
    on = squares[squares > 0.0]
    return on.size / squares.size if on.size and on.max() - on.min() <= SAME_SLOPE * on.max() else None


def _chain_law(terms: Sequence[tuple[Law, Any]], widths: Sequence[float], gains: Sequence[float]) -> Law:
    """Free product of the terms, padded to the largest width, scaled to the mean Π gains, on the last width."""
    from rmt.free import boxtimes
    from rmt.laws import Atomic, Bernoulli
    from rmt.networks.architecture.jacobian_law import ZerosRemoved

    largest = max(widths)
    kept = [(law, power) for law, power in terms if law != Atomic((1,), (1,))]
    if widths[0] < largest:
        kept.append((Bernoulli(widths[0] / largest), 1))
    log_mean = math.fsum(map(math.log, gains)) + math.log(widths[-1] / largest)
    log_scale = log_mean - math.fsum(power * math.log(law.mean()) for law, power in kept)
    depth = len(gains)
    # the scale enters as a power of a point mass, so that it may leave the range of a double
    scale = Atomic((math.exp(log_scale / depth),), (1,))
    if not kept:
        return Atomic((math.exp(log_scale),), (1,))
    if log_scale != 0.0:
        kept.append((scale, depth))
    product = boxtimes(*(law for law, _ in kept), powers=[power for _, power in kept])
    return product if widths[-1] == largest else ZerosRemoved(product, widths[-1] / largest)


def mean_field_prediction(layers: Sequence[LayerReading], input_q: float) -> ChainPrediction | str:
    """Prediction from the scales of weights and biases and the length of the input alone, or why there is none."""
    unnamed = next((layer for layer in layers if layer.activation is None), None)
    if unnamed is not None:
        return f"{unnamed.between or 'what follows'} after {unnamed.place or unnamed.kind} is measured, not predicted"
    kinds = {layer.weights.kind for layer in layers}
    if len(kinds) != 1 or not kinds <= {WeightLaw.GAUSSIAN, WeightLaw.ORTHOGONAL}:
        return f"weights are {' and '.join(sorted(map(str, kinds)))}"
    widths = [layers[0].weights.columns, *(layer.weights.rows for layer in layers)]
    orthogonal = kinds == {WeightLaw.ORTHOGONAL}
    activations = [layer.activation for layer in layers]
    equal = len(set(widths)) == 1
    try:
        network = MLP(
            len(layers),
            activations if len(set(activations)) > 1 else activations[0],  # type: ignore[arg-type]
            pooled_scales([_scale_of(layer) for layer in layers], [_entries(layer) for layer in layers]),
            pooled_scales([layer.sigma_b for layer in layers], [layer.weights.rows for layer in layers]),
            weights=ORTHOGONAL if orthogonal else "gaussian",
            widths=None if equal else widths,
            input_q=input_q,
        )
        log_m1 = network.log_mean + math.log(widths[-1] / widths[0])
        return ChainPrediction(log_m1, network.relative_variance, _mean_field_law(network), network)
    except ValueError as error:
        return str(error)


def _mean_field_law(network: MLP) -> Law:
    """Law of J Jᵀ; drifting lengths in a square network of one activation by a few that stand for them."""
    layers = network.layers
    lengths = {layer.q for layer in layers}
    alike = len(set(network.activations)) == 1 and network.square and not network.activations[0].homogeneous
    plain = all(layer.log_unit == 0.0 and layer.chi_perp > 0.0 for layer in layers)
    if not alike or len(lengths) <= LENGTHS or not plain:
        return network.jacobian().gram_law()
    from rmt.laws import Bernoulli
    from rmt.networks.activations.slope_law import squared_slope_law

    phi = network.activations[0]
    gains = [layer.chi_perp for layer in layers]
    if phi.slopes is not None and set(phi.slopes) == {0.0, 1.0}:
        on = math.exp(math.fsum(math.log(layer.mean_slope) for layer in layers) / len(layers))
        terms: list[tuple[Law, Any]] = [(Bernoulli(on), network.depth)]
        return _chain_law([*terms, *_gaussian_terms(network)], network.widths, gains)
    ordered = np.sort([layer.q for layer in layers])
    terms = [(squared_slope_law(phi, float(part.mean())), part.size) for part in np.array_split(ordered, LENGTHS)]
    return _chain_law([*terms, *_gaussian_terms(network)], network.widths, gains)


def _gaussian_terms(network: MLP) -> list[tuple[Law, Any]]:
    from rmt.laws import MarchenkoPastur

    return [] if network.orthogonal else [(MarchenkoPastur(), network.depth)]


def _scale_of(layer: LayerReading) -> float:
    """sigma_w as :class:`rmt.networks.MLP` counts it: of the orthogonal matrix itself where that widens."""
    widening = max(1.0, layer.weights.rows / layer.weights.columns)
    return math.sqrt(layer.weights.sigma_w**2 * (widening if layer.weights.kind is WeightLaw.ORTHOGONAL else 1.0))


def _entries(layer: LayerReading) -> int:
    """Number of weights."""
    weights = layer.weights
    return max(1, round(weights.fan_in * weights.rows / max(1, weights.columns // max(1, weights.fan_in))))


def pooled_scales(scales: Sequence[float], counts: Sequence[int]) -> list[float]:
    """The scales, replaced by their root mean square where they differ no more than samples of one scale do."""
    squares = np.square(scales)
    common = float(np.average(squares, weights=counts))
    slack = EQUAL_SCALES * np.sqrt(2.0 / np.asarray(counts)) + 1e-6
    if (np.abs(squares - common) <= slack * common).all():
        return [math.sqrt(common)] * len(scales)
    return [float(s) for s in scales]
