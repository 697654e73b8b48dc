"""The verdict: every question put to one spectrum, and what they say together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rmt.laws.law import Law
from rmt.spectra.verdict.distance import distance
from rmt.spectra.verdict.eigenvalues_in_gaps import gaps
from rmt.spectra.verdict.extreme_eigenvalues import edges
from rmt.spectra.verdict.neighbour_spacings import spacings
from rmt.spectra.verdict.part import Part, any_of
from rmt.spectra.verdict.point_masses import atoms
from rmt.spectra.verdict.prediction import Fluctuations, Real, Sums
from rmt.spectra.verdict.shape import shape

#: what is asked, in this order; spacings only on request
STATISTICS = ("shape", "edges", "atoms", "gaps", "distance")
_POOL = "which eigenvalues belong to one matrix is not known: pass one row a matrix"
ALL_STATISTICS = (*STATISTICS, "spacings")


@dataclass(frozen=True)
class Verdict:
    """The parts of a verdict and their common p-value.

    Attributes
    ----------
    parts : tuple of Part
    level : float
    """

    parts: tuple[Part, ...]
    level: float

    @property
    def p_value(self) -> float | None:
        """The smallest p-value times the number of parts that have one; None if none has."""
        found = [part.p_value for part in self.parts if part.p_value is not None]
        return any_of(found) if found else None

    @property
    def passed(self) -> bool | None:
        """False if the p-value is at most the level; True if not and the law as a whole was asked; else None."""
        p_value = self.p_value
        if p_value is not None and p_value <= self.level:
            return False
        return True if any(part.decisive and part.p_value is not None for part in self.parts) else None


def judge(
    rows: Real,
    law: Law,
    fluctuations: Fluctuations,
    *,
    n: int,
    grouped: bool,
    ks: float,
    size: float,
    ks_scale: float,
    level: float,
    statistics: Sequence[str],
    atom_tolerance: float,
    strange: Sequence[float],
    unit: float,
) -> Verdict:
    """Put every question to a spectrum, one row a matrix, whose atoms are at their exact places.

    Rows that are not `grouped` are a pool of several matrices in some order; `size` counts the points, weighted ones
    as so many independent ones as scatter as much.
    """
    prediction = fluctuations.predict(law, n)
    if not grouped:
        prediction = replace(prediction, lower=_POOL, upper=_POOL, counts=_POOL if law.atoms else ())
        if not isinstance(prediction.sums, Sums):
            prediction = replace(prediction, biased=True)
    off = np.isin(rows, [position for position, _ in law.atoms])
    parts: list[Part] = []
    for name in ALL_STATISTICS:
        if name not in statistics:
            continue
        if name == "shape":
            part = shape(rows, off, law, prediction, fluctuations.beta, unit)
            if prediction.remark:
                part = replace(part, text=f"{part.text}; {prediction.remark}")
        elif name == "edges":
            part = edges(rows, off, prediction, level)
        elif name == "atoms":
            part = atoms(rows, law, prediction, fluctuations.beta, atom_tolerance, strange)
        elif name == "gaps":
            part = gaps(rows, off, law, prediction, fluctuations.beta, level)
        elif name == "spacings" and not grouped:
            part = Part("spacings", None, _POOL)
        elif name == "spacings":
            part = spacings(rows, fluctuations.beta, prediction.distance)
        else:
            if any(p.name == "shape" and p.p_value is not None for p in parts):
                continue
            part = distance(ks, size, n, ks_scale, prediction)
        if part.p_value is not None and math.isnan(part.p_value):
            raise ValueError(
                f"the p-value of the part {name!r} is not a number for {law!r}: it cannot be evaluated at a point of "
                "the sample"
            )
        parts.append(part)
    return Verdict(tuple(parts), level)
