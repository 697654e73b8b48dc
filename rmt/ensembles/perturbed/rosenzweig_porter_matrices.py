"""The Rosenzweig-Porter model: independent energies, coupled weakly by a Wigner matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt.ensembles.ensemble import Ensemble, Matrix, show_call
from rmt.ensembles.entries import FIELDS, gaussian
from rmt.ensembles.gaussian import hermitian_matrix
from rmt.errors import check_choice, check_count, check_real
from rmt.laws.law import Law, check_law
from rmt.spectra.verdict.prediction import Fluctuations


class RosenzweigPorterEnsemble(Ensemble):
    """Independent diagonal entries and a Gaussian matrix of variance n^−gamma; made by :func:`rosenzweig_porter`."""

    def __init__(self, gamma: Any, diagonal: Law | None, field: str) -> None:
        self.gamma = gamma
        self.given = diagonal
        self.field = field

    @property
    def diagonal(self) -> Law:
        """Law of the diagonal entries."""
        from rmt.laws.named.classical_laws import Gaussian

        return Gaussian() if self.given is None else self.given

    @property
    def is_rigid(self) -> bool:
        """False: the diagonal entries are independent."""
        return False

    def coupling(self, n: int) -> float:
        """Variance of the semicircle law that the Gaussian part has alone, n^(1 − gamma).

        Parameters
        ----------
        n : int
            Matrix dimension, >= 1.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If n is no integer.
        ValueError
            If n < 1.
        """
        return float(check_count("n", n) ** (1.0 - float(self.gamma)))

    def law_at(self, n: int) -> Law:
        """Law of the diagonal, free sum of it and the semicircle law of the coupling at dimension n.

        Parameters
        ----------
        n : int
            Matrix dimension, >= 1.

        Returns
        -------
        Law

        Raises
        ------
        TypeError
            If n is no integer.
        ValueError
            If n < 1.
        """
        from rmt.free import boxplus
        from rmt.laws.named.semicircle import Semicircle

        return boxplus(self.diagonal, Semicircle(variance=self.coupling(n)))

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        variance = self.coupling(n) / n
        matrix = hermitian_matrix(gaussian(), self.field, n, rng, variance, 2.0 * variance / self.beta)
        places = np.arange(n)
        matrix[places, places] += self.diagonal.rvs(n, rng=rng)
        return matrix

    def fluctuations(self) -> Fluctuations:
        """Those of independent points, as far as sums go."""
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        return UnknownFluctuations(
            float(self.beta), reason="the diagonal is independent", rigid=False, biased=True, strays=True
        )

    def law(self) -> Law:
        """Limit law: that of the diagonal for gamma > 1, its free sum with the semicircle law for gamma = 1.

        Raises
        ------
        ValueError
            If gamma < 1: the eigenvalues grow like n^((1 − gamma)/2); ``law_at(n)`` is their law at n.
        """
        if self.gamma > 1:
            return self.diagonal
        if self.gamma == 1:
            return self.law_at(1)
        raise ValueError(
            f"gamma must be >= 1 for a limit law, got {self.gamma!r}: the eigenvalues grow like n^((1 - gamma)/2); "
            "law_at(n) is their law at dimension n"
        )

    def __repr__(self) -> str:
        return show_call(
            "rosenzweig_porter",
            ("gamma", self.gamma, 1.5),
            ("diagonal", self.given, None),
            ("field", self.field, "real"),
        )


def rosenzweig_porter(gamma: Any = 1.5, diagonal: Law | None = None, field: str = "real") -> RosenzweigPorterEnsemble:
    """Rosenzweig-Porter matrix: independent diagonal entries of size 1 plus a Gaussian matrix with E|x_ij|² = n^−gamma.

    The limit law is that of the diagonal for gamma > 1. Neighbours repel as in the GOE (GUE) for gamma < 2 and not at
    all for gamma > 2; between 1 and 2 the eigenvectors are fractal (Kravtsov, Khaymovich, Cuevas and Amini 2015;
    proven by von Soosten and Warzel 2019).

    Parameters
    ----------
    gamma : float
        Exponent of the coupling, >= 0.
    diagonal : Law, optional
        Law of the diagonal entries, the standard normal one by default.
    field : {"real", "complex"}
        Field of the Gaussian part.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If a parameter is not of the kind named above.
    ValueError
        If gamma < 0, or the field is another one.

    References
    ----------
    Rosenzweig and Porter 1960.

    Examples
    --------
    >>> import rmt
    >>> X = rmt.rosenzweig_porter(1.5)
    >>> X.law(), round(X.coupling(100), 9)
    (Gaussian(mean=0, variance=1), 0.1)
    """
    exponent = check_real("gamma", gamma, at_least=0.0, at_most=100.0)
    law = None if diagonal is None else check_law(diagonal, "diagonal")
    return RosenzweigPorterEnsemble(exponent, law, check_choice("field", field, FIELDS))
