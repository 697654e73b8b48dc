"""Eigenvalues beyond the disc of a matrix of independent entries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.spectra.verdict.families import SMALLEST_NORMAL
from rmt.spectra.verdict.part import Mark, Part


def beyond_disc(rows: NDArray[Any], radius: float, level: float) -> Part:
    """Bound the probability of the outermost point of every matrix (one row each).

    For complex Gaussian entries n|z|² are independent gamma variables of 1, ..., n degrees (Kostlan 1992), so that
    P(|z| > r) <= n exp(−n (r² − 1 − 2 log r)); the real eigenvalues of real matrices have half of this exponent.
    """
    trials, n = rows.shape
    if n < SMALLEST_NORMAL:
        return Part("gaps", None, f"fewer than {SMALLEST_NORMAL} eigenvalues")
    r = np.abs(rows) / radius
    outside = np.maximum(r, 1.0)
    log_p = np.minimum(math.log(n) - 0.5 * n * (outside * outside - 1.0 - 2.0 * np.log(outside)), 0.0)
    worst = float(np.exp(log_p.min()))
    marks = tuple(Mark("outlier", float(x)) for x in np.abs(rows)[trials * np.exp(log_p) <= level / 4.0])
    text = f"outermost of {rows.size} at {float(r.max() * radius):.6g}: P <= {worst:.2g}"
    return Part("gaps", min(1.0, trials * worst), text, marks=marks)
