"""What a spectrum means for training: five grades and a failure, judged on the bulk."""

from __future__ import annotations

import math
from enum import Enum

#: |log m₁| and relative variance below which J is an isometry
ISOMETRIC_SHIFT, ISOMETRIC_SPREAD = 0.2, 0.25
#: |log m₁| below which gradients keep their size, and the relative variance below which J is nearly an isometry
STABLE_SHIFT, NEAR_SPREAD = 0.7, 1.0
#: share of the directions that the widths leave which may be lost: ReLU-like activations lose half by design
LOST = 0.6


class Verdict(Enum):
    """Grade of a Jacobian; its text is the value.

    Examples
    --------
    >>> from rmt.networks import Verdict
    >>> [grade.name for grade in Verdict]
    ['ISOMETRIC', 'NEAR_ISOMETRIC', 'STABLE', 'VANISHING', 'EXPLODING', 'DEGENERATE', 'WITHHELD']
    """

    ISOMETRIC = "ISOMETRIC"
    NEAR_ISOMETRIC = "NEAR-ISOMETRIC"
    STABLE = "STABLE BUT NOT ISOMETRIC"
    VANISHING = "VANISHING"
    EXPLODING = "EXPLODING"
    DEGENERATE = "DEGENERATE"
    WITHHELD = "WITHHELD"

    def __str__(self) -> str:
        return self.value

    @property
    def isometric(self) -> bool:
        """Whether J is an isometry, or nearly."""
        return self in (Verdict.ISOMETRIC, Verdict.NEAR_ISOMETRIC)

    @property
    def meaning(self) -> str:
        """What it says, in one sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    Verdict.ISOMETRIC: "all singular values are close to 1: every direction of a gradient keeps its length",
    Verdict.NEAR_ISOMETRIC: "the singular values lie around 1, most within a factor of two or three",
    Verdict.STABLE: "gradients keep their mean square, but some directions are stretched and most are shrunk",
    Verdict.VANISHING: "gradients shrink with depth",
    Verdict.EXPLODING: "gradients grow with depth",
    Verdict.WITHHELD: "the numbers say nothing about training, for the reason in the notes",
    Verdict.DEGENERATE: "most directions are lost: their gradient is exactly zero",
}


def judge(log_m1: float, relvar: float, *, kernel: float = 0.0, rank: float = 1.0) -> Verdict:
    """Grade a spectrum by its mean, spread and kernel; all shares are of the rows of J.

    ISOMETRIC: ``|log m₁| < 0.2`` and relative variance at most 0.25; NEAR-ISOMETRIC: below 0.7 and below 1; STABLE
    BUT NOT ISOMETRIC: ``|log m₁| < 0.7``, any spread; VANISHING and EXPLODING: beyond; DEGENERATE: J is zero, or
    loses more than 60 % of the directions that the widths leave (ReLU loses half).

    Parameters
    ----------
    log_m1 : float
        Logarithm of the mean of the eigenvalues of J Jᵀ.
    relvar : float
        Their variance over the square of their mean.
    kernel : float
        Share of eigenvalues that are zero.
    rank : float
        Share of eigenvalues that the widths allow to differ from zero: the narrowest width over the last. Mean and
        spread are judged among these.
    """
    if log_m1 == -math.inf or kernel > 1.0 - rank * (1.0 - LOST):
        return Verdict.DEGENERATE
    shift = log_m1 - math.log(rank)
    spread = (1.0 + relvar) * rank - 1.0
    if abs(shift) >= STABLE_SHIFT:
        return Verdict.EXPLODING if shift > 0.0 else Verdict.VANISHING
    if abs(shift) < ISOMETRIC_SHIFT and spread <= ISOMETRIC_SPREAD * (1.0 + 1e-9):
        return Verdict.ISOMETRIC
    return Verdict.NEAR_ISOMETRIC if spread < NEAR_SPREAD else Verdict.STABLE
