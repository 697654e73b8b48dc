"""Neighbouring spacings: the test of the Dyson index, to which a law of all eigenvalues is blind."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from rmt.spectra.level_statistics import gap_ratios
from rmt.spectra.verdict.families import SMALLEST_NORMAL
from rmt.spectra.verdict.part import Part
from rmt.spectra.verdict.prediction import Real

#: neighbouring ratios share a spacing: the mean of them has this much more than the error of independent ones (measured
#: 1.11 to 1.15 for independent levels, 1.19 to 1.27 for beta = 1, 2, 4)
_CORRELATION = {0: 1.15, 1: 1.25, 2: 1.25, 4: 1.27}
#: share of the eigenvalues around the middle: the limit is that of the bulk
_SHARE = 0.8


def spacings(rows: Real, beta: float, distance: str) -> Part:
    """Compare the mean ratio of neighbouring spacings with that of beta."""
    from rmt.laws.edges.gap_ratios import GapRatio

    index = 0.0 if distance == "independent" else beta
    if index not in (0, 1, 2, 4):
        return Part("spacings", None, f"the ratios of beta = {beta:g} have no table; it is there for 0, 1, 2 and 4")
    if rows.shape[1] < SMALLEST_NORMAL:
        return Part("spacings", None, f"fewer than {SMALLEST_NORMAL} eigenvalues")
    law = GapRatio(int(index))
    ratios = np.asarray(gap_ratios(np.sort(rows, axis=1), share=_SHARE))
    size, expected = ratios.size, float(law.mean())
    mean = float(ratios.mean())
    error = _CORRELATION[int(index)] * float(law.std()) / math.sqrt(size)
    p_value = 2.0 * float(special.ndtr(-abs(mean - expected) / error))
    text = f"mean ratio {mean:.4g} of {size}, expected {expected:.4g} +- {error:.1g} for beta = {index:g}"
    return Part("spacings", p_value, text)
