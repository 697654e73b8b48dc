"""Dynamical isometry: the report on the spectrum of a network's Jacobian, predicted before any training.

The bulk follows the law of J Jᵀ: mean m₁ = Π chi_perp, relative variance Σ (μ₂/μ₁² − 1 − s₁) (Pennington, Schoenholz
and Ganguli 2018). One direction is not free from the D_l, that of the signal itself, and it may stand alone outside the
bulk. Its gain forwards, ⟨x̂_L, J x̂_0⟩ → Π chi_par at stationarity, is a lower bound of the largest singular value; its
gain backwards, ⟨x̂_0, J⁻¹ x̂_L⟩ → Π E[h φ/φ']/q for orthogonal weights, is one of 1/s_min, and a sharper one.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError, check_count
from rmt.laws.law import Law
from rmt.networks.activations.activation import Activation
from rmt.networks.activations.slope_law import SquaredSlope
from rmt.networks.architecture.jacobian_law import lost_levels
from rmt.networks.architecture.mlp import MLP, Layer
from rmt.networks.reports.advice import TARGET, Advice, advise
from rmt.networks.reports.jacobian_report import (
    Cause,
    DepthScales,
    IsometryReport,
    JacobianOutlier,
    LayerShare,
    check_target,
)
from rmt.networks.reports.spectrum_summary import SpectrumSummary, exponential, log_quantiles
from rmt.networks.reports.verdict import Verdict

#: rows of the matrix whose extreme singular values are given where the limit has no ends
WIDTH = 1000
#: relative distance of what the rows show from the end of a law above which it is no end to speak of
OPEN = 0.2
#: mass of the bulk beyond which the radial direction counts as outside
BEYOND = 1e-3
#: lengths beyond which E[h φ/φ'] is not computed: it grows like e^{2q} for tanh
LONGEST_INVERTED = 4.0
#: distance from a level that the law does not know (:func:`lost_levels`)
NEAR_LOST = 5e-4
#: layers of one activation that are asked whether their ends are rare
SHOWN = 9
#: different layers up to which the geometric mean is computed
DISTINCT = 8
#: share of units with derivative 0 above which a layer is called saturated
SATURATED = 0.6


def isometry(network: MLP, *, target: float = TARGET, width: int = WIDTH) -> IsometryReport:
    """Report how far the Jacobian of a network is from an isometry, why, and what to set instead.

    Parameters
    ----------
    network : MLP
        The network.
    target : float
        Relative variance of J Jᵀ that the advice aims at.
    width : int
        Rows of J for which `s_min`, `s_max` and the condition are given where the limit of large width has no ends to
        speak of: derivatives that decay are met ever farther out, so that the extreme singular values go on moving.

    Returns
    -------
    IsometryReport
        `m1`, `relvar`, `s_max`, `s_min`, `quantiles`, `condition`, `atoms`, `fraction`, `outliers`, `verdict`,
        `advice`, `layers`, `scales`; ``print(report)``, ``report.to_json()``, ``report.plot()``.

    Raises
    ------
    TypeError
        If `network` or `target` is not of the kind named above.
    ValueError
        If the target is not positive, or the width below 2.

    References
    ----------
    Pennington, Schoenholz and Ganguli 2017.

    Examples
    --------
    >>> import rmt
    >>> report = isometry(rmt.MLP(32, "tanh", sigma_w=1.0341652193, sigma_b=0.0073001674, weights="orthogonal"))
    >>> print(report.verdict)
    ISOMETRIC
    """
    goal = check_target(target)
    rows = check_count("width", width, minimum=2)
    law, log_scale = scaled_gram_law(network)
    rank = min(network.widths) / network.widths[-1]
    summary = SpectrumSummary.of_law(
        law,
        log_m1=network.log_mean,
        relvar=network.relative_variance if network.log_mean > -math.inf else math.nan,
        rank=rank,
        log_geometric_mean=_log_geometric_mean(network),
        log_scale=log_scale,
    )
    summary = _without_lost_levels(network, summary)
    outlier = _radial_outlier(network, summary, law, log_scale)
    summary, ends = _with_extremes(network, summary, law, log_scale, rows)
    return IsometryReport(
        subject=repr(network),
        depth=network.depth,
        weights=weights_name(network),
        predicted=summary,
        layers=_shares(network),
        outliers=() if outlier is None else (outlier,),
        scales=_depth_scales(network),
        advice=_advice(network, summary, goal),
        notes=(*_notes(network, summary), *ends),
        network=network,
        law=law,
        log_scale=log_scale,
    )


def _without_lost_levels(network: MLP, summary: SpectrumSummary) -> SpectrumSummary:
    """Quantiles next to levels that the law does not know are not resolved."""
    lost = lost_levels(network)
    kept = [
        math.nan if any(abs(level - u) < NEAR_LOST for u in lost) and place > -math.inf else place
        for level, place in zip(summary.levels, summary.log_quantiles, strict=True)
    ]
    return replace(summary, log_quantiles=tuple(kept))


def _with_extremes(
    network: MLP, summary: SpectrumSummary, law: Law, log_scale: float, rows: int
) -> tuple[SpectrumSummary, tuple[str, ...]]:
    """Ends that are none in the limit replaced by what a matrix of this size shows, and a note that says so."""
    if summary.log_m1 == -math.inf:
        return summary, ()
    sides = [_open_ends(layer, rows) for layer in _distinct(network)]
    levels = {}
    if network.orthogonal and summary.kernel <= 1.0 - summary.rank + 1e-9 and any(below for below, _ in sides):
        levels["log_s_min"] = summary.kernel + 0.5 / rows
    if any(above for _, above in sides):
        levels["log_s_max"] = 1.0 - 0.5 / rows
    if not levels:
        return summary, ()
    # what is lost at the lowest level of the report is lost below it
    known = [name != "log_s_min" or not math.isnan(summary.log_quantiles[0]) for name in levels]
    found = np.full(len(levels), math.nan)
    wanted = [level for level, yes in zip(levels.values(), known, strict=True) if yes]
    found[known] = 0.5 * (log_quantiles(law, wanted) + log_scale) if wanted else []
    names = " and ".join(name[4:] for name in levels)
    note = (
        f"{names} as a matrix of {rows} rows shows: they move on with the width, to the ends of what slopes can be "
        "(0 where they decay, infinity where they grow)"
    )
    return replace(summary, **dict(zip(levels, found.tolist(), strict=True))), (note,)


def _distinct(network: MLP) -> list[Layer]:
    """Layers of every activation from the shortest length to the longest, a few of them where there are many."""
    groups: dict[Activation, dict[float, Layer]] = {}
    for layer in network.layers:
        groups.setdefault(layer.activation, {})[layer.q] = layer
    chosen: list[Layer] = []
    for found in groups.values():
        ordered = [found[q] for q in sorted(found)]
        places = np.linspace(0, len(ordered) - 1, min(len(ordered), SHOWN)).round().astype(int)
        chosen += [ordered[i] for i in places.tolist()]
    return chosen


def _open_ends(layer: Layer, rows: int) -> tuple[bool, bool]:
    """Whether the lowest and the highest squared derivatives are so rare that these rows do not show them."""
    law = layer.slope_law()
    if not law.support:
        return False, False
    ends = [*(i.low for i in law.support), *(i.high for i in law.support), *(a for a, _ in law.atoms)]
    levels = (0.5 / rows, 1.0 - 0.5 / rows)
    found = law.log_panels.node_quantiles(levels) if isinstance(law, SquaredSlope) else np.asarray(law.ppf(levels))
    low, high = (float(v) for v in found)
    return low > min(ends) * (1.0 + OPEN), high * (1.0 + OPEN) < max(ends)


def scaled_gram_law(network: MLP) -> tuple[Law, float]:
    """Law of J Jᵀ/m₁ and log m₁: with mean 1 it fits the range of a double at any depth; (law, 0) if J is zero."""
    from rmt.networks.architecture.jacobian_law import gram_law_of
    from rmt.networks.architecture.mlp import check_network, with_moments_of

    check_network("network", network)
    if network.log_mean == -math.inf:
        return network.jacobian().gram_law(), 0.0
    made: dict[int, Layer] = {}
    for layer in network.layers:
        if id(layer) not in made:
            gain = layer.weight_gain * layer.mean_slope  # the unit of the slopes goes into log m₁
            scaled = replace(layer, sigma_w=layer.sigma_w / math.sqrt(gain), log_unit=0.0)
            made[id(layer)] = with_moments_of(layer, scaled)
    twin = copy(network)
    layers = tuple(made[id(layer)] for layer in network.layers)
    vars(twin).update(layers=layers, sigma_w=tuple(layer.sigma_w for layer in layers))
    return gram_law_of(twin), network.log_mean


def weights_name(network: MLP) -> str:
    """Word for the weights: ``"orthogonal"``, or the name of the entry law."""
    if isinstance(network.weights, str):
        return network.weights
    argument = network.weights.argument
    return argument if isinstance(argument, str) else "independent"


def _shares(network: MLP) -> tuple[LayerShare, ...]:
    made: dict[int, LayerShare] = {}
    for layer in network.layers:
        if id(layer) not in made:
            made[id(layer)] = _share(layer, network.widths[-1])
    return tuple(made[id(layer)] for layer in network.layers)


def _share(layer: Layer, rows: float) -> LayerShare:
    gain = layer.chi_perp
    return LayerShare(
        name=layer.activation.name,
        sigma_w=layer.sigma_w,
        sigma_b=layer.sigma_b,
        q=layer.q if layer.log_unit == 0.0 else exponential(layer.log_q),
        chi_perp=gain,
        chi_par=layer.chi_par,
        log_m1=layer.log_chi_perp,
        relvar=layer.relative_variance(rows),
        dead=layer.dead,
    )


def _depth_scales(network: MLP) -> DepthScales | None:
    if not network.uniform:
        return None
    field = network.mean_field
    try:
        return DepthScales(field.xi_c, field.xi_q, field.xi_grad)
    except ConvergenceError:  # covariances of functions that oscillate fast; the report holds without them
        return None


def _log_geometric_mean(network: MLP) -> float | None:
    """E log s of a square network of few different layers: determinants multiply, so that every factor adds its own."""
    distinct = {(layer.activation, layer.q): layer for layer in network.layers}
    if not network.square or len(distinct) > DISTINCT:
        return None
    if any(layer.sigma_w == 0.0 or layer.dead > 0.0 for layer in network.layers):
        return -math.inf
    logs = {key: 0.5 * float(layer.slope_law().log_potential(0.0).real) for key, layer in distinct.items()}
    # E log of the Marchenko-Pastur law of ratio 1 is -1
    weights = 0.0 if network.orthogonal else -0.5 * network.depth
    return weights + math.fsum(
        logs[layer.activation, layer.q] + math.log(layer.sigma_w) + 0.5 * layer.log_slope_unit
        for layer in network.layers
    )


# ---------------------------------------------------------------------- the radial direction
def log_radial_gain(network: MLP) -> float | None:
    """Logarithm of |⟨x̂_L, J x̂_0⟩| in the limit: the gain along the signal, Π chi_par at stationarity.

    None where lengths vanish.
    """
    layers = network.layers
    first, last = layers[0], layers[-1]
    bias = first.sigma_b**2 * exponential(-first.log_unit) if first.sigma_b > 0.0 else 0.0
    entering = (first.q - bias) / first.weight_gain if first.weight_gain > 0.0 else 0.0
    if min(layer.q for layer in layers) <= 0.0 or entering <= 0.0:
        return None
    # x_0 → (1 + ε) x_0 turns h_l by a_l ε h_l: a_1 = σ_w² E x_0²/q_1, a_{l+1} = a_l E φφ'h σ_w²/q_{l+1}
    factors = [first.weight_gain * entering / first.q]
    for before, after in pairwise(layers):
        before_q, before_par = before.q, before.moments.radial
        after_q = after.weight_gain * before.moments.square
        if after.sigma_b > 0.0:
            after_q += after.sigma_b**2 * exponential(-before.log_unit - before.log_slope_unit)
        factors.append(after.weight_gain * before_par * before_q / after_q)
    leaving = last.moments.square
    factors.append(last.moments.radial * last.q / math.sqrt(leaving * entering))
    factors.append(math.sqrt(network.widths[-1] / network.widths[0]))
    sizes = [abs(f) for f in factors]
    unit = last.log_unit + last.log_slope_unit - first.log_unit
    return 0.5 * unit + math.fsum(map(math.log, sizes)) if min(sizes) > 0.0 else -math.inf


def log_inverse_radial_gain(network: MLP) -> float | None:
    """Logarithm of 1/|⟨x̂_0, J⁻¹ x̂_L⟩|, a bound on the smallest singular value of a square orthogonal network.

    Backwards x_l becomes e_l x_{l−1} plus what is orthogonal to it, with e_l = E[h φ/φ']/q_l. None where φ' vanishes,
    also by underflow, or changes sign, where the weights are not orthogonal, and where lengths vanish.
    """
    layers = network.layers
    if not (network.square and network.orthogonal) or min(layer.q for layer in layers) <= 0.0:
        return None
    logs: dict[int, float] = {}
    for layer in layers:
        if id(layer) not in logs:
            found = _log_backward_gain(layer)
            if found is None:
                return None
            logs[id(layer)] = found
    entering = (layers[0].q - layers[0].sigma_b ** 2) / layers[0].sigma_w ** 2
    leaving = layers[-1].moments.square
    if entering <= 0.0 or leaving <= 0.0:
        return None
    return 0.5 * math.log(leaving / entering) - math.fsum(logs[id(layer)] for layer in layers)


def _log_backward_gain(layer: Layer) -> float | None:
    phi = layer.activation
    met = phi.derivative(math.sqrt(layer.q) * np.linspace(-8.0, 8.0, 401))
    if met.min() <= 0.0 or layer.q > LONGEST_INVERTED:
        return None

    def stretched(x: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(divide="ignore"):
            return np.asarray(x * phi.function(x) / phi.slope(x), dtype=np.float64)

    try:
        gain = phi.expectation(stretched, layer.q) / layer.q
    except (ValueError, ConvergenceError):  # φ' underflows where x is met: E[h φ/φ'] is infinite or nearly so
        return None
    return math.log(gain) if gain > 0.0 else None


def _radial_outlier(network: MLP, summary: SpectrumSummary, law: Law, log_scale: float) -> JacobianOutlier | None:
    """The singular value of the signal direction, if the bulk of a network of about 1000 units does not cover it."""
    if summary.log_m1 == -math.inf or network.scale_free:
        return None  # homogeneous layers: J x_0 = x_L, a gain of √m₁ amid the bulk
    gain = log_radial_gain(network)
    if gain is not None and summary.log_s_max + 1e-9 < gain:
        return JacobianOutlier(gain, Cause.RADIAL, gain)
    bound = log_inverse_radial_gain(network) if summary.kernel == 0.0 else None
    if bound is None:
        return None
    lowest = 0.5 * (float(log_quantiles(law, [BEYOND])[0]) + log_scale)
    return JacobianOutlier(bound, Cause.RADIAL, gain, is_bound=True) if bound < lowest - 1e-9 else None


# ---------------------------------------------------------------------- words
def _advice(network: MLP, summary: SpectrumSummary, target: float) -> Advice | None:
    weights = weights_name(network)
    first = network.layers[0]
    if summary.verdict is Verdict.ISOMETRIC and network.uniform:
        reason = f"nothing to change: relative variance {summary.relvar:.4g}, m1 = {summary.m1:.4g}"
        return Advice(weights, first.sigma_w, first.sigma_b, first.q, summary.relvar, summary.verdict, None, (reason,))
    nonlinear = {phi for phi in network.activations if phi.name != "linear"} or {network.activations[0]}
    if len(nonlinear) > 1:
        return None
    return advise(
        nonlinear.pop(),
        network.depth,
        sigma_w=first.sigma_w if len(set(network.sigma_w)) == 1 else None,
        sigma_b=max(network.sigma_b),
        weights=weights,
        widths=None if network.square else network.widths,
        target=target,
    )


def _notes(network: MLP, summary: SpectrumSummary) -> tuple[str, ...]:
    notes = []
    last = network.layers[-1]
    if network.uniform and network.input_q is None and not network.scale_free and last.chi_par > 1.0 + 1e-9:
        notes.append(
            f"the length map is unstable (chi_par = {last.chi_par:.4g} > 1): lengths drift away from q = {last.q:.4g}"
        )
    dead = max(layer.dead for layer in network.layers)
    if dead > SATURATED:
        notes.append(f"{100.0 * dead:.0f} % of the units of a layer are saturated: their gradient is exactly zero")
    if summary.rank < 1.0:
        notes.append(
            f"shares are of the {network.widths[-1]:g} rows of J; the widths leave {100.0 * summary.rank:.4g} % of "
            "them, and the verdict is on these"
        )
    if len({phi for phi in network.activations if phi.name != "linear"}) > 1:
        notes.append("no advice for layers with different activations: each has its own critical sigma_w")
    return tuple(notes)
