"""Laws of an ensemble at a given n: of its extreme eigenvalues, and of all of them on average."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rmt.errors import check_choice, check_count
from rmt.laws.law import Law

if TYPE_CHECKING:
    from rmt.ensembles.ensemble import Ensemble

METHODS = ("auto", "exact", "second_order", "first_order", "plain", "johnstone", "ma", "el_karoui", "hard_edge")

#: up to here "auto" takes the exact law
LARGEST_EXACT = 200
#: "auto" takes the hard edge for a smallest eigenvalue while m − n is at most this share of n
_HARD_SHARE = 0.2


def largest_law(ensemble: Ensemble, n: int, method: str) -> Law:
    """Law of the largest eigenvalue."""
    from rmt.laws.edges.soft_edge import gaussian_soft_edge, wishart_soft_edge

    size, name = check_count("n", n), check_choice("method", method, METHODS)
    kind, beta, exact_entries = _kind(ensemble)
    if kind == "gaussian":
        from rmt.laws.finite.extreme_laws import GaussianLargest

        if _take_exact(ensemble, name, size, exact_entries and beta in (1, 2, 4)):
            return GaussianLargest(beta, size)
        return gaussian_soft_edge(beta, size, _centring(ensemble, name, exact_entries))
    from rmt.laws.finite.extreme_laws import WishartLargest

    samples = ensemble.samples(size)  # type: ignore[attr-defined]
    if _take_exact(ensemble, name, min(size, samples), exact_entries and _has_exact_laws(beta, size, samples)):
        return WishartLargest(beta, size, samples)
    if name == "hard_edge":
        raise ValueError("method 'hard_edge' is for the smallest eigenvalue; the largest one has a soft edge")
    return wishart_soft_edge(beta, size, samples, _centring(ensemble, name, exact_entries))


def smallest_law(ensemble: Ensemble, n: int, method: str) -> Law:
    """Law of the smallest eigenvalue."""
    size, name = check_count("n", n), check_choice("method", method, METHODS)
    kind, beta, exact_entries = _kind(ensemble)
    if kind == "gaussian":
        return -largest_law(ensemble, size, name)
    from rmt.laws.edges.soft_edge import wishart_soft_edge
    from rmt.laws.finite.extreme_laws import WishartSmallest

    samples = float(ensemble.samples(size))  # type: ignore[attr-defined]
    if samples <= size - 1:
        from rmt.laws.atomic import Atomic

        return Atomic((0,), (1,))
    integer = samples == int(samples)
    exact = exact_entries and _has_exact_laws(beta, size, samples)
    if _take_exact(ensemble, name, size, exact):
        return WishartSmallest(beta, size, int(samples) if integer else samples)
    if name in ("hard_edge", "auto") and beta in (1, 2, 4):
        excess = samples - size
        if name == "hard_edge" or excess <= _HARD_SHARE * size:
            from rmt.laws.edges.bessel import BesselEdge

            shifted = size + 0.5 * (excess + 1.0) - 1.0 / beta
            law: Law = BesselEdge(beta, int(excess) if integer else excess) * (1.0 / (4.0 * shifted * samples))
            return law
    if name == "hard_edge":
        raise ValueError(f"method 'hard_edge' knows beta = 1, 2 and 4, got {ensemble!r}; sample smallest(n) instead")
    return wishart_soft_edge(beta, size, samples, _centring(ensemble, name, exact_entries), smallest=True)


def _has_exact_laws(beta: Any, size: int, samples: float) -> bool:
    """Whether the laws of Wishart matrices at finite n are known."""
    from rmt.laws.finite.orthogonal_functions import LARGEST_QUATERNION

    if beta == 2:
        return samples >= size
    integer = samples == int(samples)
    return integer and (beta == 1 or (beta == 4 and min(size, samples) <= LARGEST_QUATERNION))


def mean_density(ensemble: Ensemble, n: int) -> Law:
    """Mean density of the eigenvalues at finite n."""
    from rmt.laws.finite.densities import GaussianDensity, WishartDensity

    size = check_count("n", n)
    kind, beta, exact_entries = _kind(ensemble)
    if not exact_entries:
        raise ValueError(f"the density at finite n is known for Gaussian entries, which {ensemble!r} has not")
    if kind == "gaussian":
        return GaussianDensity(beta, size)
    samples = ensemble.samples(size)  # type: ignore[attr-defined]
    return WishartDensity(beta, size, int(samples) if samples == int(samples) else samples)


def _kind(ensemble: Ensemble) -> tuple[str, Any, bool]:
    """Family, Dyson index, and whether the entries are Gaussian, so that the law at finite n is known."""
    from rmt.ensembles.beta import HermiteEnsemble, LaguerreEnsemble
    from rmt.ensembles.covariance import WishartEnsemble
    from rmt.ensembles.gaussian import WignerEnsemble

    if isinstance(ensemble, HermiteEnsemble | LaguerreEnsemble):
        beta = ensemble.beta
        if math.isinf(beta):
            raise ValueError(f"the largest eigenvalue of {ensemble!r} is no random number: take eigenvalues(n)")
        kind = "gaussian" if isinstance(ensemble, HermiteEnsemble) else "wishart"
        return kind, int(beta) if beta == int(beta) else beta, True
    if isinstance(ensemble, WignerEnsemble | WishartEnsemble):
        if not ensemble.entries.has_fourth_moment:
            raise ValueError(
                f"the largest eigenvalue of {ensemble!r} follows no edge law: its entries have no fourth moment, "
                "and the largest entries decide (Bai-Yin 1988)"
            )
        kind = "gaussian" if isinstance(ensemble, WignerEnsemble) else "wishart"
        return kind, int(ensemble.beta), ensemble.entries.is_gaussian
    raise TypeError(
        f"no law is known for the extreme eigenvalues of {ensemble!r}; known: goe, gue, gse, hermite, wigner, wishart, "
        "laguerre. Sample them: eigenvalues(n, trials=...)"
    )


def _take_exact(ensemble: Ensemble, method: str, n: float, known: bool) -> bool:
    if method == "exact" and not known:
        raise ValueError(
            f"no exact law is known for {ensemble!r} at finite n: it needs Gaussian entries, beta = 1, 2 or 4, and "
            "a whole number of samples unless beta is 2; method='auto' gives the limit"
        )
    return method == "exact" or (method == "auto" and known and n <= LARGEST_EXACT)


def _centring(ensemble: Ensemble, method: str, exact_entries: bool) -> str:
    """Second order where it is known: for Gaussian entries; else the limit with the same centre."""
    if method == "second_order" and not exact_entries:
        raise ValueError(
            f"the second-order term is that of Gaussian entries, which {ensemble!r} has not; take method='first_order'"
        )
    if method != "auto":
        return method
    return "second_order" if exact_entries else "first_order"
