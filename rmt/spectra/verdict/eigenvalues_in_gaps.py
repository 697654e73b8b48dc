"""Eigenvalues where the law has none: beyond its support, and in its gaps."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rmt.laws.edges.tracy_widom import TracyWidom
from rmt.laws.law import Law
from rmt.spectra.verdict.part import Mark, Part
from rmt.spectra.verdict.prediction import Prediction, Real

#: where the law of an end is not known, that of beta = 1 is taken this many of its units farther out, and wider
_SHIFT, _STRETCH = 2.0, 1.5
#: (3π/2)^(2/3): quantile of mass 1/n, in units of the scale of a soft edge
_UNITS = (1.5 * math.pi) ** (2.0 / 3.0)


def gaps(rows: Real, off: NDArray[np.bool_], law: Law, prediction: Prediction, beta: float, level: float) -> Part:
    """Find eigenvalues outside the support, and bound the probability that the noise of an edge put them there.

    An end with a law of its own is the business of :func:`edges`.
    """
    intervals = law.support
    x = rows[~off]
    trials, n = rows.shape
    known = (isinstance(prediction.lower, Law), isinstance(prediction.upper, Law))
    if len(intervals) == 1 and not law.atoms and all(known):
        return Part("gaps", None, "the law has none, and both ends have laws of their own")
    if prediction.scale < 0.0:
        known = known[::-1]
    if not intervals:
        if x.size == 0:
            return Part("gaps", 1.0, "every eigenvalue is on an atom")
        return Part("gaps", 0.0, f"{x.size} eigenvalues on no atom", marks=tuple(Mark("outlier", float(v)) for v in x))
    log_p = np.zeros_like(x)
    outside = np.ones(x.shape, dtype=bool)
    inside = [(interval.low, interval.high) for interval in intervals]
    for low, high in [(inside[0][0], inside[-1][1])] if prediction.hull else inside:
        outside &= (x < low) | (x > high)
    nearest = np.full(x.shape, math.inf)
    # the upper tail of an end is exp(−(2/3) β s^(3/2)) for every β (Dumaz and Virág 2013)
    softness = beta ** (-2.0 / 3.0) if 0.0 < beta < 1.0 else 1.0
    for i, interval in enumerate(intervals):
        for edge, outward, settled in (
            (interval.low, -1.0, i == 0 and known[0]),
            (interval.high, 1.0, i == len(intervals) - 1 and known[1]),
        ):
            if not math.isfinite(edge):
                continue
            distance = outward * (x - edge)
            mine = outside & (distance > 0.0) & (distance < nearest)
            if not mine.any():
                continue
            nearest[mine] = distance[mine]
            if settled:
                log_p[mine] = 0.0
                continue
            allowed = prediction.edge_shift * abs(prediction.scale)
            if prediction.squared:
                allowed /= max(abs(edge), 1.0)
            unit = softness * _scale(law, interval.mass, edge, outward, n)
            s = ((distance[mine] - allowed) / unit - _SHIFT) / _STRETCH
            noise = np.asarray(TracyWidom(1).sf(s))
            if prediction.stray is not None:
                z = np.abs(prediction.standard(x[mine]))
                noise = np.minimum(1.0, noise + np.array([prediction.stray(float(v)) for v in z]))
            log_p[mine] = np.log(np.maximum(noise, 1e-300))
    worst = float(np.exp(log_p.min())) if x.size else 1.0
    found = int(outside.sum())
    ends = 2 * len(intervals)
    p_value = min(1.0, ends * trials * worst)
    marks = tuple(Mark("outlier", float(v)) for v in x[ends * trials * np.exp(log_p) <= level / 4.0])
    text = f"{found} eigenvalues outside the support"
    if found and worst < 1.0:
        text += f", the strangest at {float(x[np.argmin(log_p)]):.6g}: P <= {min(1.0, worst):.2g}"
    return Part("gaps", p_value, text, marks=marks)


def _scale(law: Law, mass: float, edge: float, outward: float, n: int) -> float:
    """The length on which the outermost eigenvalue at this edge fluctuates, from where the law has the mass 1/n."""
    share = min(1.0 / n, 0.5 * mass)
    below = float(law.cdf(edge)) if outward > 0 else 1.0 - float(law.sf(edge))
    if outward < 0:
        below -= dict(law.atoms).get(edge, 0.0)
    level = below - share if outward > 0 else below + share
    inside = float(law.ppf(min(max(level, 0.0), 1.0)))
    return max(abs(inside - edge) / float(_UNITS), 1e-300)
