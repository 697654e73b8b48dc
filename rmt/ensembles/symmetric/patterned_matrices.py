"""Random Toeplitz and Hankel matrices, whose limit laws are known by their moments only."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Literal, NoReturn

import numpy as np

from rmt.ensembles.ensemble import Ensemble, Matrix, show_call
from rmt.ensembles.entries import EntryLaw, as_entries
from rmt.ensembles.symmetric.pattern_moments import HIGHEST, pattern_moments
from rmt.errors import check_count
from rmt.laws.law import Law
from rmt.spectra.verdict.prediction import Fluctuations


class PatternedEnsemble(Ensemble):
    """Real symmetric Toeplitz and Hankel matrices; made by :func:`toeplitz` and :func:`hankel`."""

    def __init__(self, pattern: Literal["toeplitz", "hankel"], entries: EntryLaw) -> None:
        self.pattern = pattern
        self.entries = entries

    @property
    def is_rigid(self) -> bool:
        """False: n or 2n − 1 random numbers make the whole matrix."""
        return False

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        places = np.arange(n)
        if self.pattern == "toeplitz":
            numbers = self.entries.draw(rng, n, scale=math.sqrt(1.0 / n))
            return np.asarray(numbers[np.abs(places[:, None] - places)])
        numbers = self.entries.draw(rng, 2 * n - 1, scale=math.sqrt(1.0 / n))
        return np.asarray(numbers[places[:, None] + places])

    def limit_moments(self, order: int) -> tuple[Fraction, ...]:
        """Moments m₁, ..., m_order of the limit law, exactly.

        Parameters
        ----------
        order : int
            1 <= order <= 10.

        Returns
        -------
        tuple of Fraction
            Sums over pairings of the volumes of polytopes (Bryc, Dembo and Jiang 2006).

        Raises
        ------
        TypeError
            If the order is no integer.
        ValueError
            If it is out of range: the pairings are too many.
        """
        highest = check_count("order", order)
        if highest > HIGHEST:
            raise ValueError(
                f"order must be at most {HIGHEST}, got {highest}: the pairings of more steps are too many; average "
                "powers of sampled eigenvalues instead"
            )
        return pattern_moments(self.pattern, highest)

    def fluctuations(self) -> Fluctuations:
        """Not known."""
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        return UnknownFluctuations(1.0, reason="the fluctuations are not known", rigid=False, biased=True)

    def law(self) -> Law:
        """Refuse: the limit exists (Bryc, Dembo and Jiang 2006), but no density of it is known.

        Raises
        ------
        TypeError
            Always.
        """
        self._refuse()

    def gram_law(self) -> Law:
        """Refuse as :meth:`law` does.

        Raises
        ------
        TypeError
            Always.
        """
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TypeError(
            f"no density is known for the limit law of {self!r}, only moments: limit_moments(order) gives them, and "
            "eigenvalues(n, trials=...) a sampled picture"
        )

    def __repr__(self) -> str:
        return show_call(self.pattern, ("entries", self.entries.argument, "gaussian"))


def toeplitz(entries: Any = "gaussian") -> PatternedEnsemble:
    """Symmetric random Toeplitz matrix: x_ij = a_|i−j|/√n with independent a_0, ..., a_(n−1).

    The eigenvalues have a limit law with unbounded support and moments 1, 8/3, 11, 908/15 of order 2, 4, 6, 8 (Bryc,
    Dembo and Jiang 2006); no density of it is known, so ``law()`` refuses and ``limit_moments(order)`` answers.

    Parameters
    ----------
    entries : str, EntryLaw, frozen scipy.stats distribution, or Law
        Entry law, standardised to mean 0 and variance 1: see :mod:`rmt.ensembles.entries`.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `entries` is not of the kind named above.
    ValueError
        If the entry law is unknown or has infinite variance.

    Examples
    --------
    >>> import rmt
    >>> [str(m) for m in rmt.toeplitz().limit_moments(6)]
    ['0', '1', '0', '8/3', '0', '11']
    """
    return PatternedEnsemble("toeplitz", as_entries(entries))


def hankel(entries: Any = "gaussian") -> PatternedEnsemble:
    """Random Hankel matrix: x_ij = a_(i+j)/√n with independent a_0, ..., a_(2n−2).

    The eigenvalues have a symmetric limit law with unbounded support, which is not unimodal, and moments 1, 2, 11/2,
    281/15 of order 2, 4, 6, 8 (Bryc, Dembo and Jiang 2006); no density of it is known, so ``law()`` refuses and
    ``limit_moments(order)`` answers.

    Parameters
    ----------
    entries : str, EntryLaw, frozen scipy.stats distribution, or Law
        Entry law, standardised to mean 0 and variance 1: see :mod:`rmt.ensembles.entries`.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `entries` is not of the kind named above.
    ValueError
        If the entry law is unknown or has infinite variance.

    Examples
    --------
    >>> import rmt
    >>> [str(m) for m in rmt.hankel().limit_moments(6)]
    ['0', '1', '0', '2', '0', '11/2']
    """
    return PatternedEnsemble("hankel", as_entries(entries))
