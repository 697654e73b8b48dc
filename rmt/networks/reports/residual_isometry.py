"""The isometry report of a residual network, whose spectrum does not spread with depth if its branches are weak."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rmt.networks.architecture.residual_network import Block, ResidualNetwork
from rmt.networks.reports.advice import TARGET, Advice
from rmt.networks.reports.jacobian_report import Cause, IsometryReport, JacobianOutlier, LayerShare, check_target
from rmt.networks.reports.spectrum_summary import SpectrumSummary
from rmt.networks.reports.verdict import Verdict, judge

#: sigma_w² E φ'²/a² of a block up to which the law of weak blocks is good
WEAK = 0.1
#: scales of the branches that are tried
SCALES = 81


def residual_isometry(network: ResidualNetwork, *, target: float = TARGET) -> IsometryReport:
    """Report on a residual network x_l = a x_{l−1} + φ(W_l x_{l−1} + b_l).

    The mean and the relative variance are those of the finite depth, edges and quantiles those of the universal law of
    many weak blocks (Tarnowski et al. 2019). Where E φ(h) is not 0 the stream grows along its mean, and one singular
    value with it: the mean mode, no smaller than what the input and the vector of ones gain.

    Parameters
    ----------
    network : ResidualNetwork
    target : float
        Relative variance of J Jᵀ that the advice aims at.

    Returns
    -------
    IsometryReport
        Without depth scales.

    Raises
    ------
    ValueError
        If the target is not positive.
    """
    goal = check_target(target)
    square = network.skip**2
    log_m1 = math.fsum(math.log(square + block.gain) for block in network.blocks)
    relvar = network.relative_variance
    law = network.jacobian().gram_law()
    summary = SpectrumSummary.of_law(law, log_m1=log_m1, relvar=relvar)
    name = network.weights if isinstance(network.weights, str) else str(network.weights.argument)
    return IsometryReport(
        subject=repr(network),
        depth=network.depth,
        weights=name,
        predicted=summary,
        layers=tuple(_share(network, block) for block in network.blocks),
        outliers=_mean_mode(network, summary),
        advice=_advice(network, name, summary, goal),
        notes=_notes(network),
        network=network,
        law=law,
    )


def _notes(network: ResidualNetwork) -> tuple[str, ...]:
    notes = [f"edges and quantiles are those of many weak blocks, C = {network.strength:.4g}"]
    strongest = max(block.gain for block in network.blocks) / network.skip**2
    if strongest > WEAK:
        notes.append(f"the blocks are not weak (sigma_w² E φ'² = {strongest:.3g} a²): edges and quantiles are rough")
    return tuple(notes)


def _share(network: ResidualNetwork, block: Block) -> LayerShare:
    square = network.skip**2
    gain = square + block.gain
    less = block.gain**2 if network.weights == "orthogonal" else 0.0
    return LayerShare(
        name=f"+ {network.activation.name}",
        sigma_w=network.sigma_w,
        sigma_b=network.sigma_b,
        q=block.q,
        chi_perp=gain,
        chi_par=None,
        log_m1=math.log(gain),
        relvar=(2.0 * block.gain * square - less + block.fourth) / gain**2,
    )


def _mean_mode(network: ResidualNetwork, summary: SpectrumSummary) -> tuple[JacobianOutlier, ...]:
    """The gain of the input and of the mean of the stream, if it exceeds the bulk."""
    log_gain = 0.5 * math.log(network.mean_mode_bound)
    if log_gain <= summary.log_s_max:
        return ()
    return (JacobianOutlier(log_gain, Cause.MEAN_MODE, log_gain),)


def _advice(network: ResidualNetwork, weights: str, summary: SpectrumSummary, target: float) -> Advice:
    if summary.verdict is Verdict.ISOMETRIC:
        reason = f"nothing to change: relative variance {summary.relvar:.4g}, m1 = {summary.m1:.4g}"
        here = (network.sigma_w, network.sigma_b, None, summary.relvar, summary.verdict, None, (reason,))
        return Advice(weights, *here)
    sigma_w = _branch_scale(network, target)
    if sigma_w is None:
        reason = f"no sigma_w gives relative variance {target:.3g} with skip 1 and this sigma_b: lower sigma_b or depth"
        return Advice(weights, None, None, None, math.nan, None, None, (reason,))
    better = _with_scale(network, sigma_w)
    log_m1 = math.fsum(math.log(1.0 + block.gain) for block in better.blocks)
    relvar = better.relative_variance
    strength = better.strength
    reason = (
        f"with skip 1 and branches of sigma_w = {sigma_w:.6g} (now {network.sigma_w:.6g}), L sigma_w² E φ'² = "
        f"{strength:.4g}, the relative variance is {relvar:.4g} at depth {network.depth}; any weights will do"
    )
    verdict = judge(log_m1, relvar)
    return Advice(weights, sigma_w, network.sigma_b, None, relvar, verdict, None, (reason,))


def _with_scale(network: ResidualNetwork, sigma_w: float) -> ResidualNetwork:
    return ResidualNetwork(
        network.depth, network.activation, sigma_w, network.sigma_b, network.weights, 1.0, network.input_q
    )


def _branch_scale(network: ResidualNetwork, target: float) -> float | None:
    """The sigma_w at which the relative variance, with skip 1, is the target."""
    from scipy.optimize import brentq

    def excess(log_scale: float) -> float:
        try:
            return math.log(_with_scale(network, math.exp(log_scale)).relative_variance / target)
        except (ValueError, OverflowError):  # the stream exceeds the range
            return math.inf

    # the first scale at which the spectrum spreads that far: the spread need not grow with the scale for ever
    grid = np.linspace(math.log(1e-6 / math.sqrt(network.depth)), math.log(1e2), SCALES)
    low = float(grid[0])
    if excess(low) >= 0.0:
        return None
    for point in grid[1:].tolist():
        value = excess(point)
        high = point if value < math.inf else _last_finite(excess, low, point)
        if excess(high) >= 0.0:
            return math.exp(brentq(excess, low, high, xtol=1e-13))
        if value == math.inf:
            return None
        low = point
    return None


def _last_finite(excess: Callable[[float], float], low: float, high: float) -> float:
    """The largest point of [low, high] at which the stream stays in range."""
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if excess(middle) < math.inf else (low, middle)
    return low
