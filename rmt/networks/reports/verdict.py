"""What a spectrum means for training: five grades and a failure, judged on the bulk and on how it grows with depth."""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rmt.networks.reports.depth_growth import Growth

#: |log m₁| and relative variance below which J is an isometry
ISOMETRIC_SHIFT, ISOMETRIC_SPREAD = 0.2, 0.25
#: |log m₁| below which gradients keep their size, and the relative variance below which J is nearly an isometry
STABLE_SHIFT, NEAR_SPREAD = 0.7, 1.0
#: share of the directions that the widths leave which may be lost: ReLU-like activations lose half by design
LOST = 0.6


class Verdict(Enum):
    """Grade of a Jacobian; its text is the value.

    A grade is on two numbers. The **shift** is what depth does to log m₁: the rate a layer times the depth, so that a
    constant factor (a scaled first layer, a readout) is reported and not judged; all of log m₁ where it follows a power
    of the depth, as in pre-norm networks; plus s²/2, with s the standard deviation of log m₁ over draws of weights of
    this width, as log m₁ is −s²/2 on average. (Below, s is that of the rate times the depth where this is larger.) The
    **spread** is the relative variance of J Jᵀ in the bulk, among the directions that the widths leave.

    ========================= ================================================================================
    ISOMETRIC                 abs(shift) < 0.2 + 2s and spread <= 0.25
    NEAR-ISOMETRIC            abs(shift) < 0.7 + 2s and spread < 1
    STABLE BUT NOT ISOMETRIC  abs(shift) < 0.7 + 2s, or m₁ follows a power of the depth; any spread
    VANISHING, EXPLODING      shift beyond
    DEGENERATE                J is zero, or a layer loses more than 60 % of the directions that its width leaves
                              (three standard errors beyond, for measured layers; ReLU loses half by design)
    WITHHELD                  the numbers say nothing about training: BatchNorm that has never seen data
    ========================= ================================================================================

    At width 64 and depth 32 of He ReLU, s is 1.2: a factor below e^{3.1} in m₁ passes there as no growth. Grades are of
    the input-output Jacobian at initialisation, and not of trainability: a network that vanishes may train with a
    larger step, a stable one may not.

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
    Verdict.ISOMETRIC: "the singular values are close to each other: directions of a gradient keep their lengths",
    Verdict.NEAR_ISOMETRIC: "the singular values lie around 1, most within a factor of two or three",
    Verdict.STABLE: "gradients neither vanish nor explode with depth, but some directions are stretched, most shrunk",
    Verdict.VANISHING: "gradients shrink exponentially with depth",
    Verdict.EXPLODING: "gradients grow exponentially with depth",
    Verdict.WITHHELD: "the numbers say nothing about training, for the reason in the notes",
    Verdict.DEGENERATE: "most directions are lost: their gradient is exactly zero",
}


def judge(
    log_m1: float, relvar: float, *, kernel: float = 0.0, rank: float = 1.0, growth: Growth | None = None
) -> Verdict:
    """Grade a spectrum; all shares are of the rows of J, and thresholds stand with :class:`Verdict`.

    Parameters
    ----------
    log_m1 : float
        Logarithm of the mean of the eigenvalues of J Jᵀ.
    relvar : float
        Their variance over the square of their mean.
    kernel : float
        Share of eigenvalues that are zero.
    rank : float
        Share of eigenvalues that the widths allow to differ from zero: the narrowest width over the last. The spread is
        judged among these, and the mean where `growth` is not known.
    growth : Growth, optional
        How log m₁ comes about; without it all of log m₁ is the shift.
    """
    if log_m1 == -math.inf or kernel > 1.0 - rank * (1.0 - LOST):
        return Verdict.DEGENERATE
    shift, slack = (log_m1 - math.log(rank), 0.0) if growth is None else (growth.shift, growth.slack)
    spread = (1.0 + relvar) * rank - 1.0
    if abs(shift) >= STABLE_SHIFT + slack:
        if growth is not None and growth.power is not None:
            return Verdict.STABLE
        return Verdict.EXPLODING if shift > 0.0 else Verdict.VANISHING
    if abs(shift) < ISOMETRIC_SHIFT + slack and spread <= ISOMETRIC_SPREAD * (1.0 + 1e-9):
        return Verdict.ISOMETRIC
    return Verdict.NEAR_ISOMETRIC if spread < NEAR_SPREAD else Verdict.STABLE
