"""The smallest and the largest eigenvalue against their own laws."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rmt.laws.law import Law
from rmt.spectra.verdict.part import Mark, Part, any_of
from rmt.spectra.verdict.prediction import Prediction, Real

_SMALLEST = 1e-300
#: farther out, in units of the support, all places count alike
_FARTHEST = 1e30


def edges(rows: Real, off: NDArray[np.bool_], prediction: Prediction, level: float) -> Part:
    """Compare the ends of every matrix (one row each); `off` marks eigenvalues on atoms.

    Each end gives a two-sided p-value: of one matrix that of its law; of several that of the mean of their normal
    scores, and that of the outermost of all of them.
    """
    z = prediction.standard(rows)
    p_values: list[float] = []
    texts: list[str] = []
    marks: list[Mark] = []
    reasons: list[str] = []
    for name, law, outward in (("smallest", prediction.lower, -1.0), ("largest", prediction.upper, 1.0)):
        if isinstance(law, str):
            reasons.append(law)
            continue
        ends = np.where(off, -math.inf, outward * z).max(axis=1)
        if (ends == -math.inf).any():
            return Part("edges", None, "some matrix has no eigenvalue off the atoms")
        ends = outward * ends
        beyond, inside = _tails(law, ends, outward)
        found = _side(beyond, inside)
        p_values.append(any_of(found))
        place = prediction.place(ends)
        shown = float(place[np.argmin(beyond)])
        texts.append(f"{name} {shown:.6g}: P(beyond) = {beyond.min():.3g}")
        far = beyond * (4.0 * rows.shape[0]) <= level
        if far.any():
            innermost = np.min(outward * ends[far])
            marks += [Mark("outlier", float(x)) for x in rows[(outward * z >= innermost) & ~off]]
    if not p_values:
        return Part("edges", None, reasons[0])
    return Part("edges", any_of(p_values), "; ".join(texts), marks=tuple(marks))


def _tails(law: Law, ends: Real, outward: float) -> tuple[Real, Real]:
    """Probabilities of a place farther out, and farther in."""
    ends = np.clip(ends, -_FARTHEST, _FARTHEST)
    below, above = np.asarray(law.cdf(ends)), np.asarray(law.sf(ends))
    return (above, below) if outward > 0 else (below, above)


def _side(beyond: Real, inside: Real) -> list[float]:
    if beyond.size == 1:
        return [min(1.0, 2.0 * float(min(beyond[0], inside[0])))]
    scores = np.where(
        beyond < inside,
        -special.ndtri(np.clip(beyond, _SMALLEST, 0.5)),
        special.ndtri(np.clip(inside, _SMALLEST, 0.5)),
    )
    mean = float(scores.sum()) / math.sqrt(scores.size)
    outermost = -math.expm1(beyond.size * math.log1p(-min(float(beyond.min()), 1.0 - 1e-16)))
    return [2.0 * float(special.ndtr(-abs(mean))), outermost]
