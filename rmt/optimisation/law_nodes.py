"""A law as nodes and weights, fine enough for the functions of this room."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError
from rmt.laws import Law
from rmt.laws.expectation import expectation_rule
from rmt.laws.law import check_law
from rmt.optimisation.recursion_kernels import jacobi_matrix

Real = NDArray[np.float64]

#: eigenvalues below -this times the largest are no rounding errors of 0
_NEGATIVE = 1e-12


def check_spectrum(law: Any) -> tuple[Law, float, float]:
    """Return a law with bounded support in [0, ∞), its smallest positive point (or 0) and its largest.

    Raises
    ------
    TypeError
        If it is no law.
    ValueError
        If its support is unbounded, reaches below 0, or is {0}.
    """
    checked = check_law(law, "law")
    ends = [(i.low, i.high) for i in checked.support] + [(a, a) for a, _ in checked.atoms]
    low, high = min(a for a, _ in ends), max(b for _, b in ends)
    if not math.isfinite(high):
        raise ValueError(f"the eigenvalues of the law must be bounded, the support of {checked!r} ends at {high:g}")
    if low < -_NEGATIVE * abs(high):
        raise ValueError(
            f"the eigenvalues must be >= 0 (a convex problem), the support of {checked!r} starts at {low:g}"
        )
    if high <= 0.0:
        raise ValueError(f"the law must have eigenvalues above 0, got {checked!r}")
    starts = [i.low for i in checked.support] + [a for a, _ in checked.atoms if a > _NEGATIVE * high]
    return checked, max(0.0, min(starts)), high


def law_nodes(law: Law, *, degree: int = 0, decay: float = 0.0) -> tuple[Real, Real]:
    """Nodes >= 0 and weights for squares of polynomials of a degree and for e^{−s x}, s <= `decay`."""
    try:
        nodes, weights = expectation_rule(law, degree=degree, decay=decay)
    except ConvergenceError:  # a density over many decades: the law's own rule follows it
        nodes, weights = law._expectation_rule()
    return np.ascontiguousarray(np.maximum(nodes, 0.0)), np.ascontiguousarray(weights)


def gauss_nodes(nodes: Real, weights: Real, count: int) -> tuple[Real, Real]:
    """Gauss rule of a measure given by nodes and weights: at most `count` of them, exact to degree 2 count − 1."""
    from scipy.linalg import eigh_tridiagonal

    if count >= nodes.size:
        return nodes, weights
    centre, off, many = jacobi_matrix(nodes, weights, count)
    positions, vectors = eigh_tridiagonal(centre[:many], off[: many - 1])
    return np.maximum(positions, 0.0), weights.sum() * vectors[0] ** 2


def mass_at_zero(law: Law) -> float:
    """Mass of the atom at 0."""
    return math.fsum(mass for position, mass in law.atoms if position == 0.0)
