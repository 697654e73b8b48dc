"""Lévy matrices: symmetric matrices whose entries have no variance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmt.ensembles.ensemble import Ensemble, Float, Matrix, show_call
from rmt.laws.law import Law
from rmt.laws.solved.levy_matrix import LevyMatrix
from rmt.spectra.verdict.prediction import Fluctuations


class LevyEnsemble(Ensemble):
    """Symmetric matrices with independent stable entries; made by :func:`levy`."""

    def __init__(self, alpha: Any) -> None:
        self.alpha = alpha

    @property
    def is_rigid(self) -> bool:
        """False: the largest entries are eigenvalues."""
        return False

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        from rmt.numerics.dense.hermitian import hermitian_from_triangle

        alpha = float(self.alpha)
        entries = stable_numbers(alpha, n * (n + 1) // 2, rng) * n ** (-1.0 / alpha)
        matrix = np.empty((n, n))
        hermitian_from_triangle(entries[n:], entries[:n], matrix)
        return matrix

    def fluctuations(self) -> Fluctuations:
        """Not known; the largest entries are eigenvalues."""
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        return UnknownFluctuations(1.0, reason="the eigenvalues of heavy tails are not rigid", rigid=False, biased=True)

    def law(self) -> Law:
        """Their own law (Ben Arous and Guionnet 2008)."""
        return LevyMatrix(self.alpha)

    def __repr__(self) -> str:
        return show_call("levy", ("alpha", self.alpha, 1.5))


def levy(alpha: Any = 1.5) -> Ensemble:
    """Lévy matrix: symmetric, with independent symmetric stable entries of index alpha, so without a variance.

    P(|x_ij| > t) is t^(−alpha)/n for large t, on the diagonal, too. The limit law (Ben Arous and Guionnet 2008; Cizeau
    and Bouchaud 1994) has the same tail and no edge: the largest eigenvalues are the largest entries
    (Auffinger, Ben Arous and Péché 2009).

    Parameters
    ----------
    alpha : float
        Tail index, 0.5 <= alpha <= 1.95.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If alpha is no number.
    ValueError
        If alpha is out of range.

    Examples
    --------
    >>> import rmt
    >>> rmt.levy(1.5).law(), rmt.levy().eigenvalues(4, rng=0).shape
    (LevyMatrix(alpha=1.5), (4,))
    """
    return LevyEnsemble(LevyMatrix(alpha).alpha)


def stable_numbers(alpha: float, size: int, rng: np.random.Generator) -> Float:
    """Symmetric stable numbers with P(|x| > t) ~ t^(−alpha) (Chambers, Mallows and Stuck 1976)."""
    angle = math.pi * (rng.random(size) - 0.5)
    exponential = rng.standard_exponential(size)
    plain = np.sin(alpha * angle) / np.cos(angle) ** (1.0 / alpha)
    plain *= (np.cos((1.0 - alpha) * angle) / exponential) ** ((1.0 - alpha) / alpha)
    # of characteristic function exp(−|t|^α) the tail is 2^α Γ((1 + α)/2)/(√π Γ(1 − α/2)) t^(−α)
    log_tail = (
        alpha * math.log(2.0)
        + math.lgamma(0.5 * (1.0 + alpha))
        - 0.5 * math.log(math.pi)
        - math.lgamma(1.0 - 0.5 * alpha)
    )
    return plain * math.exp(-log_tail / alpha)
