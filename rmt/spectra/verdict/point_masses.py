"""Point masses of a spectrum: those of the law by exact counts, and those that the law does not know."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from rmt.laws.law import Law
from rmt.spectra.verdict.part import Mark, Part, any_of
from rmt.spectra.verdict.prediction import Prediction, Real, Sums


def atoms(
    rows: Real, law: Law, prediction: Prediction, beta: float, tolerance: float, strange: Sequence[float]
) -> Part:
    """Count the eigenvalues of every matrix (one row each) at the atoms of the law, and at `strange` places.

    The rows hold the positions of atoms exactly where they are within `tolerance` of one.
    """
    p_values: list[float] = []
    texts: list[str] = []
    marks: list[Mark] = []
    n = rows.shape[1]
    masses = dict(law.atoms)
    for position in strange if prediction.continuous else ():
        expected = rows.shape[0] * _expected(law, prediction, n, position, tolerance)
        count = int((np.abs(rows - position) <= tolerance).sum())
        # P(N >= count) <= E N / count, whatever the dependence; numbers that repel each other are fewer than Poisson's
        repel = isinstance(prediction.sums, Sums)
        p_values.append(float(special.pdtrc(count - 1, expected)) if repel else min(1.0, expected / count))
        texts.append(f"{count} at {position:.6g}, where the law has no atom")
        marks.append(Mark("atom", position))
    if masses and prediction.distance == "independent":
        for position, mass in masses.items():
            p, text = _binomial(int((rows == position).sum()), rows.size, mass)
            p_values.append(p)
            texts.append(f"at {position:.6g}: {text}")
    elif isinstance(prediction.counts, str):
        texts += [prediction.counts] if masses else []
    elif masses:
        for position, fewest, most in prediction.counts:
            counts = (rows == position).sum(axis=1)
            wrong = (counts < fewest) | (counts > most)
            p_values.append(0.0 if wrong.any() else 1.0)
            wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            shown = int(counts[wrong][0]) if wrong.any() else int(counts[0])
            texts.append(f"{shown} of {n} at {position:.6g}, {wanted} expected")
            if wrong.any():
                marks.append(Mark("atom", position, masses.get(position, 0.0)))
    if prediction.simple and prediction.continuous and beta != 4.0:  # quaternion matrices have pairs
        p, text = _ties(rows, law, tolerance)
        if p < 1.0:
            p_values.append(p)
            texts.append(text)
    if not p_values:
        return Part("atoms", None, texts[0] if texts else "the law has none, and none was measured")
    bad = [p for p in p_values if p < 1.0]
    return Part("atoms", any_of(bad), "; ".join(texts), decisive=not law.support, marks=tuple(marks))


def _expected(law: Law, prediction: Prediction, n: int, position: float, tolerance: float) -> float:
    """How many eigenvalues of one matrix are within the tolerance of a place.

    Where the law has less than one near a hard end, finite matrices have more: there the density of its smallest
    eigenvalue rules, whose power may be lower than that of the law.
    """
    share = n * float(law.cdf(position + tolerance) - law.cdf(position - tolerance))
    if not law.support or share >= 1.0:
        return share
    ends = (law.support[0].low, law.support[-1].high)
    exponents = prediction.hard if prediction.scale > 0.0 else prediction.hard[::-1]
    for end, exponent in zip(ends, exponents, strict=True):
        if abs(position - end) <= 2.0 * tolerance and exponent < 0.5:
            share = max(share, min(1.0, 2.0 * share ** (2.0 * exponent)))
    return share


def _ties(rows: Real, law: Law, tolerance: float) -> tuple[float, str]:
    """Bound the probability of so many equal numbers off the atoms, of one matrix or of several.

    Numbers that repel each other have fewer than independent ones, of which N with the density f on a lattice of step h
    have a Poisson number of mean N² h/2 ∫ f². They may have been rounded by the tolerance, or once to single precision.
    """
    x = np.sort(rows[~np.isin(rows, [position for position, _ in law.atoms])])
    equal = np.diff(x) == 0.0
    count = int(equal.sum())
    if count < 2:
        return 1.0, ""
    places = x[1:][equal]
    step = np.maximum(2.0 * tolerance, np.abs(places) * np.finfo(np.float32).eps)
    chances = np.asarray(law.pdf(places)) * step
    mean = 0.5 * x.size**2 * float(np.median(chances[np.isfinite(chances)])) if np.isfinite(chances).any() else math.inf
    text = f"{count} of {rows.size} numbers equal another one off the atoms"
    return (float(special.pdtrc(count - 1, mean)) if math.isfinite(mean) else 1.0), text


def counts_of(law: Law, n: int) -> tuple[tuple[float, int, int], ...]:
    """Counts at the atoms of a law where they are its masses up to the rounding of a dimension."""
    return tuple((x, math.ceil(n * mass - 1.0 + 1e-9), math.floor(n * mass + 1.0 - 1e-9)) for x, mass in law.atoms)


def _binomial(count: int, size: int, mass: float) -> tuple[float, str]:
    lower, upper = special.bdtr(count, size, mass), special.bdtrc(count - 1, size, mass) if count else 1.0
    return min(1.0, 2.0 * float(min(lower, upper))), f"{count} of {size}, expected {size * mass:.4g}"
