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
from typing import TYPE_CHECKING, Any

import numpy as np

from rmt.free import boxtimes, compress, mixture
from rmt.laws import Atomic, Bernoulli, Interval, Law, MarchenkoPastur
from rmt.laws.law import Complex, Real
from rmt.networks.activations.slope_law import SquaredSlope, squared_slope_law

if TYPE_CHECKING:
    from rmt.networks.architecture.mlp import MLP, Layer

#: distinct layers up to which each has its own factor
DISTINCT = 16
#: layers whose log q lies within this are replaced by a Gauss rule
CLUSTER_WIDTH = 0.4
#: nodes of that rule, and the number of layers from which on it has weights >= 1
CLUSTER_NODES, CLUSTER_SIZE = 4, 16

Terms = list[tuple[Law, Any]]


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
    groups: dict[tuple[Any, float], list[float]] = {}
    for index, layer in enumerate(layers):
        alive = 1.0 if share is None else share[index]
        groups.setdefault((layer.activation, alive), []).append(layer.q)
    terms: Terms = []
    for (phi, alive), lengths in groups.items():
        if phi.homogeneous:
            lengths = [1.0] * len(lengths)
        for q, weight in representative_lengths(lengths):
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


def representative_lengths(lengths: Sequence[float]) -> list[tuple[float, Any]]:
    """Few lengths with multiplicities that stand for many.

    Equal lengths are counted. Beyond 16 different ones, those whose logarithms lie within 0.4 are replaced by a
    4-point Gauss rule of their own distribution: log S is analytic in log q, so the error is that of its 8th
    derivative, below 1e-10.
    """
    counts: dict[float, int] = {}
    for q in lengths:
        counts[q] = counts.get(q, 0) + 1
    if len(counts) <= DISTINCT or min(counts) <= 0.0:
        return list(counts.items())
    ordered = sorted(counts)
    result: list[tuple[float, Any]] = []
    start = 0
    while start < len(ordered):
        stop = start
        while stop < len(ordered) and math.log(ordered[stop] / ordered[start]) <= CLUSTER_WIDTH:
            stop += 1
        cluster = ordered[start:stop]
        weights = [counts[q] for q in cluster]
        rule = _gauss_rule(np.log(cluster), np.array(weights, dtype=np.float64)) if len(cluster) >= CLUSTER_SIZE else []
        if rule and min(w for _, w in rule) >= 1.0:
            result += [(math.exp(t), w) for t, w in rule]
        else:
            result += list(zip(cluster, weights, strict=True))
        start = stop
    return result


def _gauss_rule(points: Real, weights: Real) -> list[tuple[float, float]]:
    """Gauss quadrature of a discrete measure, by the Stieltjes procedure."""
    total = float(weights.sum())
    centre, scale = float(points @ weights) / total, float(np.ptp(points)) or 1.0
    x = (points - centre) / scale
    before, now = np.zeros_like(x), np.ones_like(x) / math.sqrt(total)
    diagonal: list[float] = []
    off: list[float] = []
    for _ in range(CLUSTER_NODES):
        diagonal.append(float((weights * x * now) @ now))
        following = (x - diagonal[-1]) * now - (off[-1] if off else 0.0) * before
        norm = math.sqrt(float((weights * following) @ following))
        off.append(norm)
        before, now = now, following / norm
    nodes, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(off[:-1], 1) + np.diag(off[:-1], -1))
    return [(centre + scale * float(t), total * float(v) ** 2) for t, v in zip(nodes, vectors[0], strict=True)]


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
    pending: Terms = []
    for layer in net.layers:
        if layer.fan_out != layer.fan_in:
            law, pending = _product([(law, 1), *pending]), []
        if layer.fan_out < layer.fan_in:
            law = compress(law, Fraction(layer.fan_out) / Fraction(layer.fan_in))
        elif layer.fan_out > layer.fan_in:
            law = _padded(law, layer.fan_in / layer.fan_out)
        pending += _slope_terms([layer])
    scales = [layer.sigma_w**2 * math.exp(layer.log_slope_unit) for layer in net.layers]
    return _product([(law, 1), *pending, *_scale_terms(scales)])


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
