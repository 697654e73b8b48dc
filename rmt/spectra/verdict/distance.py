"""The Kolmogorov-Smirnov distance, where nothing sharper is calibrated."""

from __future__ import annotations

import math

from rmt.spectra.verdict.families import SMALLEST_NORMAL
from rmt.spectra.verdict.part import Part
from rmt.spectra.verdict.prediction import Prediction

#: P(KS > t log(n)/n) <= exp(−rate (t − start)), an upper bound of what was measured for rigid spectra, n = 20 ... 1000
_START, _RATE = 0.75, 11.5


def distance(ks: float, size: float, n: int, scale: float, prediction: Prediction, *, resolution: float = 0.0) -> Part:
    """p-value of a distance; `scale` is the rigid one, log(n)/n or its kin in the plane.

    `size` counts the points, and of weighted ones how many independent points would scatter as much; `resolution` is a
    distance that the law may have from the right one.
    """
    if prediction.distance == "independent":
        p = _tail(ks, size)
        return Part("distance", min(1.0, max(p, 0.0)), f"KS {ks:.3g} of {size} independent points", decisive=True)
    if prediction.distance == "weighted":
        # at most the deviation of this many independent points at any place
        p = _tail(ks, max(int(size), 1))
        text = f"KS {ks:.3g}, weighted as {size:.4g} independent points"
        return Part("distance", min(1.0, max(p, 0.0)), text, decisive=True)
    if prediction.distance != "rigid":
        return Part("distance", None, prediction.distance)
    if n < SMALLEST_NORMAL:
        return Part("distance", None, f"fewer than {SMALLEST_NORMAL} eigenvalues")
    ratio = max(ks - resolution, 0.0) / scale
    p = math.exp(-_RATE * max(ratio - _START, 0.0))
    beyond = f" beyond {resolution:.3g}, to which the law is known," if resolution else ""
    text = f"KS {ks:.3g}{beyond} is {ratio:.3g} of the scale {scale:.3g} of rigid spectra"
    return Part("distance", p, text, decisive=True)


def _tail(ks: float, size: float) -> float:
    """P(KS > ks) for independent points."""
    from scipy.stats import kstwo  # half of the time of a first import, and needed by few

    return float(kstwo.sf(ks, size))
