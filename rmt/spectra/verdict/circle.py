"""Traces of powers of unitary matrices against their normal laws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rmt.spectra.verdict.families import SMALLEST_NORMAL
from rmt.spectra.verdict.part import Part
from rmt.spectra.verdict.prediction import Real


@dataclass(frozen=True)
class Traces:
    """Means and variances E|Σ zᵏ − mean|² for k = 1, 2, ...

    Attributes
    ----------
    mean, variance : ndarray
    real : bool
        Whether the traces are real.
    """

    mean: Real
    variance: Real
    real: bool


def traces(rows: NDArray[Any], known: Traces, unit: float) -> Part:
    """Compare the mean over trials of every trace with its normal law; one row a matrix."""
    trials, n = rows.shape
    if n < SMALLEST_NORMAL or known.mean.size == 0:
        return Part("shape", None, f"fewer than {SMALLEST_NORMAL} eigenvalues")
    powers = np.array([(rows**k).sum(axis=1).mean() for k in range(1, known.mean.size + 1)])
    difference = powers - known.mean
    scale = known.variance / trials + (50.0 * unit * n) ** 2
    if known.real:
        statistic = float((difference.real**2 / scale).sum())
        freedom = known.mean.size
        impossible = bool(np.abs(difference.imag).max() > 1e3 * unit * n)
    else:
        statistic = float(2.0 * (np.abs(difference) ** 2 / scale).sum())
        freedom, impossible = 2 * known.mean.size, False
    p_value = 0.0 if impossible else float(special.chdtrc(freedom, statistic))
    worst = int(np.argmax(np.abs(difference) ** 2 / scale))
    text = (
        f"chi2 = {statistic:.3g} of {freedom}, traces of {known.mean.size} powers; |tr z^{worst + 1}| "
        f"{abs(powers[worst]):.3g}, expected {known.mean[worst]:.3g} +- {math.sqrt(scale[worst]):.2g}"
    )
    return Part("shape", p_value, text, decisive=True)
