"""The law of J Jᵀ for a network, as an expression of the free calculus.

Square layers: J Jᵀ has the law of the free product of all D_l² and W_l W_lᵀ (Pennington, Schoenholz and Ganguli 2017;
proved by Pastur 2020 for Gaussian weights, Pastur 2022 and Collins and Hayase 2023 for orthogonal ones, Pastur and
Slavin 2020 for independent entries with a fourth moment, Yang 2020). Rectangular Gaussian
layers: pad every D_l² with zeros to the largest width N. Then

    law of J Jᵀ, padded = (Π sigma_w² N/N_{l−1}) · MP^⊠L ⊠ P_0 ⊠ Π padded(D_l²),

with P_0 the law of a projection of rank N_0: the factors that the widths in between contribute cancel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rmt.free import boxtimes, compress, mixture
from rmt.laws import Atomic, Bernoulli, Interval, Law, MarchenkoPastur
from rmt.laws.law import Complex, Real
from rmt.networks.activations.activation import Activation
from rmt.networks.activations.slope_law import SquaredSlope, squared_slope_law

if TYPE_CHECKING:
    from rmt.networks.architecture.mlp import MLP, Layer

#: distinct layers up to which each has its own factor
DISTINCT = 16
#: most nodes of a rule that replaces layers, and its error in functions that vary as log S does, for a thousand layers
MOST_NODES, RULE_ERROR = 40, 1e-11
#: size of x, relative to the largest on which φ varies, beyond which lengths no longer matter: to quantiles at levels
#: further than about 1/FAR_OUT from the share of derivatives that vanish in the limit
FAR_OUT = 1e4
#: what a weight may miss 1 by
ROUNDED = 1e-12

Terms = list[tuple[Law, Any]]


def lost_levels(net: MLP) -> set[float]:
    """Levels next to which the law knows no quantiles: shares of derivatives that vanish as lengths grow.

    There the quantiles follow the logarithms of all lengths, and lengths far out are not told apart.
    """
    found = set()
    for layer in net.layers:
        if layer.q > (FAR_OUT * layer.activation.variation[1]) ** 2 and not layer.activation.homogeneous:
            alive = sum(1 for slope in _far_slopes(layer.activation) if slope != 0.0)
            found.add(1.0 - 0.5 * alive * layer.fan_out / net.widths[-1])
    return found


@lru_cache(maxsize=64)
def _far_slopes(phi: Activation) -> tuple[float, float]:
    return phi.slopes_at_infinity()


def gram_law_of(net: MLP) -> Law:
    """Law of J Jᵀ of a network."""
    if any(layer.log_chi_perp == -math.inf for layer in net.layers):
        return Atomic((0,), (1,))
    if net.square:
        return _product([*_slope_terms(net.layers), *_weight_terms(net)])
    return _semi_orthogonal_law(net) if net.orthogonal else _rectangular_gaussian_law(net)


def _product(terms: Terms) -> Law:
    kept = [(law, t) for law, t in terms if law != Atomic((1,), (1,))]
    if not kept:
        return Atomic((1,), (1,))
    return boxtimes(*(law for law, _ in kept), powers=[t for _, t in kept])


def _weight_terms(net: MLP) -> Terms:
    """Law of W Wᵀ, taken apart into its scale and the part of mean 1."""
    scales = _scale_terms([layer.sigma_w**2 * math.exp(layer.log_slope_unit) for layer in net.layers])
    return scales if net.orthogonal else [(MarchenkoPastur(), net.depth), *scales]


def _scale_terms(values: Sequence[float]) -> Terms:
    """Weighted point masses, which stay in logarithms where their power leaves the range of a double."""
    counts: dict[float, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return [(Atomic((value,), (1,)), count) for value, count in counts.items() if value != 1.0]


def _slope_terms(layers: Sequence[Layer], share: dict[int, float] | None = None) -> Terms:
    """The D² of the layers with their multiplicities; padded with zeros to the given shares of live rows."""
    from rmt.networks.architecture.mlp import cone_lengths

    groups: dict[tuple[Any, float], list[float]] = {}
    for index, layer in enumerate(layers):
        alive = 1.0 if share is None else share[index]
        groups.setdefault((layer.activation, alive), []).append(layer.q)
    terms: Terms = []
    for (phi, alive), lengths in groups.items():
        if phi.homogeneous:
            lengths = [1.0] * len(lengths)
        saturates = cone_lengths(phi)[1] < math.inf
        for q, weight in representative_lengths(lengths, phi.variation, saturates=saturates):
            terms.append((_padded(squared_slope_law(phi, q), alive), weight))
    return terms


def _padded(law: Law, alive: float) -> Law:
    if alive == 1.0:
        return law
    if isinstance(law, Atomic):
        return Atomic((*law.positions, 0.0), (*(alive * float(w) for w in law.weights), 1.0 - alive))
    if isinstance(law, SquaredSlope):
        return SquaredSlope(law.activation, law.q, alive * law.alive)
    return mixture(law, Atomic((0,), (1,)), weights=(alive, 1.0 - alive))


def representative_lengths(
    lengths: Sequence[float], variation: tuple[float, float] = (1.0, 1.0), *, saturates: bool = True
) -> list[tuple[float, Any]]:
    """Few lengths with multiplicities that stand for many.

    Equal lengths are counted. More than 16 different ones are replaced by Gauss rules of their own distribution, in a
    coordinate that is √q for short lengths, log q for those on which φ varies, and 1/√q far out if φ is a cone there:
    log S is smooth in it. A rule has weights of at least 1, as the powers of a free product have to be; lengths too far
    apart for that stay as they are. So many nodes are taken that sums of functions of the course of log S come out to
    1e-11.

    Parameters
    ----------
    lengths : sequence of float
    variation : tuple of float
        Smallest and largest size of x on which φ varies.
    saturates : bool
        Whether slopes have a limit far out that is not 0.
    """
    counts: dict[float, int] = {}
    for q in lengths:
        counts[q] = counts.get(q, 0) + 1
    if len(counts) <= DISTINCT or min(counts) <= 0.0:
        return list(counts.items())
    ordered = np.array(sorted(counts))
    weights = np.array([counts[q] for q in ordered.tolist()], dtype=np.float64)
    chart = _LengthChart(*variation, saturates)
    result: list[tuple[float, Any]] = []
    start = 0
    while start < ordered.size:
        stop = ordered.size
        while (rule := chart.rule(ordered[start:stop], weights[start:stop])) is None and stop > start + 1:
            stop = (start + stop) // 2
        result += rule or [(float(ordered[start]), counts[float(ordered[start])])]
        start = stop
    return result


@dataclass(frozen=True)
class _LengthChart:
    """The coordinate of lengths in which log S is smooth, for a φ that varies on these sizes of x."""

    smallest: float
    largest: float
    saturates: bool

    @property
    def end(self) -> float:
        """The size of x from which the coordinate saturates."""
        return FAR_OUT * self.largest if self.saturates else math.inf

    def place(self, q: Real) -> Real:
        """The coordinate of a length."""
        size = np.sqrt(q)
        return np.asarray(np.log1p(size / self.smallest) - np.log1p(size / self.end))

    def length(self, place: Real) -> Real:
        """The length with a coordinate."""
        beyond = np.maximum(1.0 / self.smallest - np.exp(place) / self.end, 1e-200)
        return np.asarray((np.expm1(place) / beyond) ** 2)

    def course(self, q: Real) -> Real:
        """Functions of q that vary as log S does, for φ = erf of both sizes and at levels down to 1/1000."""
        size = np.sqrt(q) / self.largest
        ratios = [
            np.log((1.0 + k * x) / (1.0 + x))
            for k in (1.0 / 16.0, 4.0, 16.0)
            for x in (q / self.smallest**2, q / self.largest**2)
        ]
        if not self.saturates:
            ratios += [np.log1p(size), np.log1p(q / self.smallest**2)]
        return np.array([*ratios, *(np.log(level + 1.0 / (1.0 + size)) for level in (1.0, 1e-1, 1e-2, 1e-3))])

    def rule(self, lengths: Real, weights: Real) -> list[tuple[float, float]] | None:
        """The shortest Gauss rule for these lengths, None if none is shorter than they are or has weights of 1."""
        x = self.place(lengths)
        if lengths.size < 3 or not x[-1] > x[0]:
            return None
        whole = self.course(lengths) @ weights
        within = RULE_ERROR * (1.0 + weights.sum() / 1e3)
        diagonal, off = _jacobi_matrix(x, weights, min(MOST_NODES, lengths.size - 1))
        for n in range(1, diagonal.size + 1):
            centres, shares = _nodes(diagonal[:n], off[: n - 1])
            nodes = np.clip(self.length(centres), lengths[0], lengths[-1])
            masses = weights.sum() * shares
            if np.abs(self.course(nodes) @ masses - whole).max() <= within:
                found = list(zip(nodes.tolist(), np.maximum(masses, 1.0).tolist(), strict=True))
                return found if masses.min() >= 1.0 - ROUNDED else None
        return None


def _jacobi_matrix(points: Real, weights: Real, size: int) -> tuple[Real, Real]:
    """Recurrence coefficients of a discrete measure, by the Lanczos process with full orthogonalisation."""
    vectors = np.sqrt(weights / weights.sum())[None, :]
    diagonal, off = np.empty(size), np.empty(size)
    for k in range(size):
        following = points * vectors[k]
        diagonal[k] = following @ vectors[k]
        for _ in range(2):
            following = following - (vectors @ following) @ vectors
        off[k] = np.linalg.norm(following)
        vectors = np.vstack([vectors, following / off[k]])
    return diagonal, off


def _nodes(diagonal: Real, off: Real) -> tuple[Real, Real]:
    """Nodes and shares of the Gauss rule of recurrence coefficients."""
    nodes, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1))
    return nodes, vectors[0] ** 2


# ---------------------------------------------------------------------- rectangular layers
def _rectangular_gaussian_law(net: MLP) -> Law:
    largest = max(net.widths)
    shares = [w / largest for w in net.widths]
    units = [math.exp(layer.log_slope_unit) for layer in net.layers]
    scales = [unit * layer.sigma_w**2 / share for unit, layer, share in zip(units, net.layers, shares, strict=False)]
    terms = _slope_terms(net.layers, dict(enumerate(shares[1:])))
    terms += [(MarchenkoPastur(), net.depth), *_scale_terms(scales)]
    if shares[0] < 1.0:
        terms.append((Bernoulli(shares[0]), 1))
    law = _product(terms)
    return law if shares[-1] == 1.0 else ZerosRemoved(law, shares[-1])


def _semi_orthogonal_law(net: MLP) -> Law:
    """Layer by layer: a layer that narrows compresses, one that widens adds zeros; the scales come last."""
    law: Law = Atomic((1,), (1,))
    pending: list[Layer] = []
    for layer in net.layers:
        if layer.fan_out != layer.fan_in:
            law, pending = _product([(law, 1), *_slope_terms(pending)]), []
        if layer.fan_out < layer.fan_in:
            law = compress(law, Fraction(layer.fan_out) / Fraction(layer.fan_in))
        elif layer.fan_out > layer.fan_in:
            law = _padded(law, layer.fan_in / layer.fan_out)
        pending.append(layer)
    scales = [layer.sigma_w**2 * math.exp(layer.log_slope_unit) for layer in net.layers]
    return _product([(law, 1), *_slope_terms(pending), *_scale_terms(scales)])


@dataclass(frozen=True, repr=False)
class ZerosRemoved(Law):
    """A law without a part of its atom at 0, rescaled to mass 1: A Aᵀ from the matrix that A was padded to.

    Attributes
    ----------
    base : Law
        With an atom at 0 of mass >= 1 − share.
    share : float
        Mass that is kept.
    """

    base: Law
    share: float

    @property
    def support(self) -> tuple[Interval, ...]:
        """Support of the base, with masses rescaled."""
        return tuple(
            Interval(i.low, i.high, i.low_exponent, i.high_exponent, i.mass / self.share) for i in self.base.support
        )

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Atoms of the base, the one at 0 reduced."""
        removed = 1.0 - self.share
        kept = [(a, (m - removed if a == 0.0 else m) / self.share) for a, m in self.base.atoms]
        return tuple((a, m) for a, m in kept if m > 1e-14)

    def _pdf(self, x: Real) -> Real:
        return self.base._pdf(x) / self.share

    def _cdf(self, x: Real) -> Real:
        return np.where(x < 0.0, 0.0, np.clip(1.0 - self.base._sf(x) / self.share, 0.0, 1.0))

    def _sf(self, x: Real) -> Real:
        return np.where(x < 0.0, 1.0, np.clip(self.base._sf(x) / self.share, 0.0, 1.0))

    def _stieltjes(self, z: Complex) -> Complex:
        return (self.base._stieltjes(z) - (1.0 - self.share) / z) / self.share

    def _t_transform(self, z: Complex) -> Complex:
        return self.base._t_transform(z) / self.share

    def _log_potential(self, z: Complex) -> Complex:
        z = np.where(z == 0.0, -np.finfo(float).tiny, z)
        logarithm = np.log(np.abs(z)) + 1j * np.arctan2(z.imag, z.real)
        return np.asarray((self.base._log_potential(z) - (1.0 - self.share) * logarithm) / self.share)

    def _exact_moments(self, order: int) -> list[Fraction]:
        moments = self.base._exact_moments(order)
        return [Fraction(1), *(m / Fraction(self.share) for m in moments[1:])]

    def _float_moments(self, order: int) -> list[float]:
        return [1.0, *(m / self.share for m in self.base._float_moments(order)[1:])]

    def _inverse_t_transform(self, m: Complex) -> Complex:
        return self.base._inverse_t_transform(m * self.share)

    def _pdf_of_log(self, u: Real) -> Real:
        return self.base._pdf_of_log(u) / self.share

    def _cdf_of_log(self, u: Real) -> Real:
        return np.clip(1.0 - (1.0 - self.base._cdf_of_log(u)) / self.share, 0.0, 1.0)

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        return ZerosRemoved(scale * self.base, self.share) if shift == 0 and scale > 0 else None
