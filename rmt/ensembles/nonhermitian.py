"""Matrices with independent entries: the Ginibre ensembles and their universality class."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmt.ensembles.beta import LaguerreEnsemble
from rmt.ensembles.ensemble import Ensemble, Float, Matrix, Warrant, eigenvalues_in_order, show_call
from rmt.ensembles.entries import FIELDS, EntryLaw, as_entries
from rmt.ensembles.theorems import edges_not_asked, warn_about_edges
from rmt.errors import check_choice, check_count
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.spectra.verdict.prediction import Fluctuations


class IndependentEntriesEnsemble(Ensemble):
    """Matrices with independent identically distributed entries; made by :func:`ginibre`."""

    hermitian = False

    def __init__(self, entries: EntryLaw, field: str, shape: tuple[int, int]) -> None:
        self.entries = entries
        self.field = field
        self.shape = shape
        self.warrant = Warrant.INVARIANT if entries.is_gaussian else Warrant.WIGNER

    @property
    def is_rigid(self) -> bool:
        """Whether the entries have a fourth moment."""
        return self.entries.has_fourth_moment

    def _bytes(self, method: str, n: int) -> float:
        if method == "_singular_values" and self.entries.is_gaussian:
            return 0.0
        rows, columns = self.shape
        return self._dense_bytes(n) * rows * columns

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        rows, columns = (n * multiple for multiple in self.shape)
        return self.entries.draw(rng, (rows, columns), field=self.field, scale=math.sqrt(1.0 / columns))

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        self._require_square()
        return eigenvalues_in_order(self._sample(n, rng))

    def _singular_values(self, n: int, rng: np.random.Generator) -> Float:
        if not self.entries.is_gaussian:
            return super()._singular_values(n, rng)
        rows, columns = (n * multiple for multiple in self.shape)
        squares = LaguerreEnsemble(self.beta, rows / columns, None)._eigenvalues(rows, rng)
        return np.sqrt(squares[::-1][: min(rows, columns)])

    def law(self) -> PlanarLaw:
        """Circular law (Ginibre 1965; for entries of finite variance Tao-Vu 2010).

        Raises
        ------
        ValueError
            If the matrix is not square: it has no eigenvalues.
        """
        from rmt.laws.planar.planar_law import CircularLaw

        self._require_square()
        warn_about_edges(self, self.entries)
        return CircularLaw()

    def gram_law(self) -> Law:
        """Marchenko-Pastur law of X X*, of ratio rows / columns (Marchenko-Pastur 1967)."""
        from rmt.laws import MarchenkoPastur

        warn_about_edges(self, self.entries)
        rows, columns = self.shape
        return MarchenkoPastur(ratio=rows // columns if rows % columns == 0 else rows / columns)

    def singular_value_law(self) -> Law:
        """Limit law of the singular values, min(rows, columns) of them: without the zeros of X X* for a tall X."""
        from rmt.laws import MarchenkoPastur
        from rmt.laws.maps.pushforward import square_root

        rows, columns = self.shape
        if rows <= columns:
            return super().singular_value_law()
        warn_about_edges(self, self.entries)
        stretch = rows // columns if rows % columns == 0 else rows / columns
        return square_root(MarchenkoPastur(ratio=columns / rows, variance=stretch))

    def singular_value_fluctuations(self) -> Fluctuations:
        """Those of the sample covariance matrix X X*, or X* X for a tall X."""
        from rmt.laws import MarchenkoPastur
        from rmt.spectra.verdict.families import LaguerreFluctuations
        from rmt.spectra.verdict.independent_entries import CovarianceFluctuations
        from rmt.spectra.verdict.kinds import SingularValueFluctuations

        rows, columns = self.shape
        index = float(self.beta)
        base: Fluctuations
        if self.entries.is_gaussian:
            base = LaguerreFluctuations(index)
        else:
            base = CovarianceFluctuations(self.entries.known(), index)
        with edges_not_asked():
            squares = self.gram_law() if rows <= columns else MarchenkoPastur(columns / rows, rows / columns)
            return SingularValueFluctuations(base, squares, self.singular_value_law())

    def _require_square(self) -> None:
        rows, columns = self.shape
        if rows != columns:
            raise ValueError(f"{self!r} is not square, so it has no eigenvalues; use singular_values(n) and gram_law()")

    def __repr__(self) -> str:
        return show_call(
            "ginibre",
            ("entries", self.entries.argument, "gaussian"),
            ("field", self.field, "real"),
            ("shape", self.shape, (1, 1)),
        )


def ginibre(entries: Any = "gaussian", field: str = "real", shape: tuple[int, int] = (1, 1)) -> Ensemble:
    """Matrix of independent entries (Ginibre ensemble for Gaussian ones), square or rectangular.

    E|x_ij|² = 1/columns, so a square one has its eigenvalues in the unit disc: the circular law (Ginibre 1965;
    Tao-Vu 2010 for entries of finite variance). X X* has the Marchenko-Pastur law of ratio rows / columns; the
    largest singular value converges to 1 + √ratio exactly if the fourth moment is finite
    (Yin-Bai-Krishnaiah 1988; Bai-Silverstein-Yin 1988).

    Parameters
    ----------
    entries : str, EntryLaw, frozen scipy.stats distribution, or Law
        Entry law, standardised to mean 0 and variance 1: see :mod:`rmt.ensembles.entries`.
    field : {"real", "complex"}
        Field of the entries.
    shape : tuple of int
        Rows and columns as multiples of n: (1, 2) is n × 2n.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `entries`, `field` or `shape` is not of the kind named above.
    ValueError
        If the entry law is unknown or has infinite variance, the field is another one, or a multiple is < 1.

    Examples
    --------
    >>> import rmt
    >>> rmt.ginibre().law(), rmt.ginibre(shape=(1, 2)).gram_law()
    (CircularLaw(variance=1), MarchenkoPastur(ratio=0.5, variance=1))
    >>> rmt.ginibre(field="complex").eigenvalues(3, rng=0).dtype
    dtype('complex128')
    """
    return IndependentEntriesEnsemble(as_entries(entries), check_choice("field", field, FIELDS), _check_shape(shape))


def _check_shape(shape: Any) -> tuple[int, int]:
    if not isinstance(shape, (tuple, list)) or len(shape) != 2:
        raise TypeError(f"shape must be two integers >= 1 (rows and columns in multiples of n), got {shape!r}")
    rows, columns = (check_count("shape", multiple) for multiple in shape)
    return rows, columns
