"""Band matrices: Wigner matrices whose entries far from the diagonal are 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmt.ensembles.ensemble import Ensemble, Matrix, show_call
from rmt.ensembles.entries import FIELDS, EntryLaw, as_entries
from rmt.ensembles.theorems import warn_about_edges
from rmt.errors import check_choice, check_real
from rmt.laws.law import Law
from rmt.spectra.verdict.prediction import Fluctuations


class BandEnsemble(Ensemble):
    """Hermitian matrices with independent entries on a ring of bands; made by :func:`band`."""

    def __init__(self, exponent: Any, entries: EntryLaw, field: str) -> None:
        self.exponent = exponent
        self.entries = entries
        self.field = field

    def width(self, n: int) -> int:
        """Largest distance W from the diagonal, on the ring of n places: n^exponent rounded, at most (n − 1)/2."""
        wanted: int = round(math.pow(n, self.exponent))
        return min((n - 1) // 2, max(1, wanted))

    @property
    def is_rigid(self) -> bool:
        """False: narrow bands have localised eigenvectors, whose eigenvalues do not repel."""
        return False

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        width = self.width(n)
        row = 2 * width + 1
        dtype = np.float64 if self.field == "real" else np.complex128
        matrix = np.zeros((n, n), dtype=dtype)
        places = np.arange(n)
        matrix[places, places] = self.entries.draw(rng, n, scale=math.sqrt(2.0 / (self.beta * row)))
        if width:
            entries = self.entries.draw(rng, (width, n), field=self.field, scale=math.sqrt(1.0 / row))
            for distance, values in enumerate(entries, start=1):
                across = (places + distance) % n
                matrix[places, across] = values
                matrix[across, places] = values.conj()
        return matrix

    def fluctuations(self) -> Fluctuations:
        """Not known: the law is approached like 1/W."""
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        reason = "the law of a band matrix is approached like one over its width"
        return UnknownFluctuations(float(self.beta), reason=reason, rigid=False, biased=True, strays=True)

    def law(self) -> Law:
        """Semicircle law on [−2, 2] (Bogachev, Molchanov and Pastur 1991)."""
        from rmt.laws.named.semicircle import Semicircle

        warn_about_edges(self, self.entries)
        return Semicircle()

    def __repr__(self) -> str:
        return show_call(
            "band",
            ("exponent", self.exponent, 0.5),
            ("entries", self.entries.argument, "gaussian"),
            ("field", self.field, "real"),
        )


def band(exponent: Any = 0.5, entries: Any = "gaussian", field: str = "real") -> Ensemble:
    """Periodic band matrix: independent entries within W = n^exponent places of the diagonal, 0 elsewhere.

    E|x_ij|² = 1/(2W + 1) for |i − j| <= W on the ring of n places, on the diagonal 2/(2W + 1) in a real and
    1/(2W + 1) in a complex matrix; exponent 1 is a Wigner matrix. The limit is the semicircle law for every exponent
    > 0 (Bogachev, Molchanov and Pastur 1991). Neighbours tell the width: their gap ratios are those of independent
    levels for W well below √n and those of a Wigner matrix well above (Fyodorov and Mirlin 1991; in physics, proven
    in part).

    Parameters
    ----------
    exponent : float
        Exponent of the width, 0 < exponent <= 1.
    entries : str, EntryLaw, frozen scipy.stats distribution, or Law
        Entry law, standardised to mean 0 and variance 1: see :mod:`rmt.ensembles.entries`.
    field : {"real", "complex"}
        Field of the off-diagonal entries.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If a parameter is not of the kind named above.
    ValueError
        If the exponent is out of range, the entry law is unknown or has infinite variance, or the field is another
        one.

    Examples
    --------
    >>> import numpy as np, rmt
    >>> X = rmt.band(0.5)
    >>> X.width(100), int((X.sample(100, rng=0)[50] != 0).sum())
    (10, 21)
    """
    power = check_real("exponent", exponent, above=0.0, at_most=1.0)
    return BandEnsemble(power, as_entries(entries), check_choice("field", field, FIELDS))
