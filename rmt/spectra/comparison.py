"""Reports on a measured spectrum beside a law: the verdict, its parts, and the numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt._cached import cached_property
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.laws.planar.planar_rings import EllipticLaw
from rmt.spectra.distances import wasserstein
from rmt.spectra.verdict.judge import Verdict
from rmt.spectra.verdict.part import Mark, Part

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """One number as the law predicts it and as it was measured; None where it does not exist."""

    predicted: float | None
    measured: float | None


@dataclass(frozen=True)
class AtomPair:
    """Mass at one point, as the law predicts it and as it was measured."""

    position: float
    predicted: float
    measured: float


class Tolerance(float):
    """A scale for the Kolmogorov-Smirnov distance: a number that knows where it comes from.

    Attributes
    ----------
    reason : str
        The formula, or "given".
    given : bool
        Whether it was given, and so decides.
    """

    reason: str
    given: bool

    def __new__(cls, value: float, reason: str, given: bool = False) -> Tolerance:
        """Hold a number with its reason."""
        number = super().__new__(cls, value)
        number.reason, number.given = reason, given
        return number

    def __getnewargs__(self) -> tuple[float, str, bool]:  # type: ignore[override]
        return float(self), self.reason, self.given

    def __str__(self) -> str:
        return f"{'tolerance' if self.given else 'scale'} {float(self):.3g} ({self.reason})"


class Judged:
    """What every comparison of a spectrum with a law has: a verdict, its parts, and the distance beside them.

    Attributes
    ----------
    judged : Verdict
        The parts and their level.
    ks : float
        Kolmogorov-Smirnov distance.
    tolerance : Tolerance
        The scale of the distance.
    """

    judged: Verdict
    ks: float
    tolerance: Tolerance

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every question that was asked, with its p-value or the reason why there is none."""
        return self.judged.parts

    @property
    def level(self) -> float:
        """Probability with which a right law is rejected, at most."""
        return self.judged.level

    @property
    def p_value(self) -> float | None:
        """Probability of a sample as strange as this one under the law; None where no part is calibrated.

        It is the smallest p-value of the parts times the number of those that have one (Bonferroni).
        """
        return self.judged.p_value

    @property
    def passed(self) -> bool | None:
        """False if the p-value is at most the level, None where the law as a whole could not be tested, else True."""
        return self.ks <= self.tolerance if self.tolerance.given else self.judged.passed

    @property
    def rejected(self) -> bool:
        """Whether the law is rejected at the level."""
        return self.passed is False

    @property
    def verdict(self) -> str:
        """Return "accepted", "rejected" or "no verdict"."""
        return {True: "accepted", False: "rejected", None: "no verdict"}[self.passed]

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Eigenvalues where the law allows none, and masses that are not the law's."""
        return tuple(mark for part in self.parts for mark in part.marks)

    def _judgement(self) -> dict[str, Any]:
        return {
            "ks": self.ks,
            "tolerance": float(self.tolerance),
            "tolerance_reason": self.tolerance.reason,
            "level": self.level,
            "p_value": self.p_value,
            "passed": self.passed,
            "verdict": self.verdict,
            "parts": [part.as_dict() for part in self.parts],
        }

    def _judgement_lines(self) -> list[str]:
        p_value = "no p-value" if self.p_value is None else f"p = {self.p_value:.3g}"
        decided = "by the tolerance that was given" if self.tolerance.given else f"{p_value}, level {self.level:g}"
        lines = [f"{'verdict':<14}{self.verdict} ({decided})"]
        for part in self.parts:
            shown = "no p-value" if part.p_value is None else f"p = {part.p_value:.3g}"
            lines.append(f"  {part.name:<11} {shown:<14}{part.text}")
        return lines


@dataclass(frozen=True)
class Comparison(Judged):
    """A spectrum on the line beside its predicted law; made by :func:`compare`.

    Attributes
    ----------
    law : Law
    n : int
        Matrix dimension.
    size : int
        Number of eigenvalues compared (n times the number of trials).
    ks : float
        Kolmogorov-Smirnov distance sup |F_n - F|, both one-sided limits taken at every eigenvalue and atom.
    tolerance : Tolerance
    wasserstein : float or None
        Wasserstein-1 distance, the area between the distribution functions, in units of the eigenvalues, to about 1e-6
        of itself; None if the law has no mean.
    edges : tuple of Pair
        Ends of the intervals of the support, left to right, with the extreme eigenvalues found there; infinite ends
        are left out.
    mean, variance : Pair
    moments : tuple of Pair
        The first four moments.
    atoms : tuple of AtomPair
        Every atom of the law, and 0 if exact zeros were measured that the law does not predict.
    atom_tolerance : float
        An eigenvalue this close to an atom was counted into it.
    judged : Verdict
        The parts and their level.

    Examples
    --------
    >>> import json, rmt
    >>> found = rmt.spectra.compare(rmt.gue().eigenvalues(500, rng=0), rmt.Semicircle(), beta=2)
    >>> found.passed, found.verdict, [part.name for part in found.parts if part.p_value is not None]
    (True, 'accepted', ['shape', 'edges'])
    >>> sorted(found.as_dict()) == sorted(json.loads(found.to_json()))
    True
    """

    law: Law
    n: int
    size: int
    ks: float
    tolerance: Tolerance
    edges: tuple[Pair, ...]
    moments: tuple[Pair, ...]
    variance: Pair
    atoms: tuple[AtomPair, ...]
    atom_tolerance: float
    judged: Verdict
    _sorted: Real = field(repr=False, compare=False)
    _weights: Real | None = field(default=None, repr=False, compare=False)

    @cached_property
    def wasserstein(self) -> float | None:
        """Wasserstein-1 distance; computed when it is first asked for, as it takes longer than all the rest."""
        return None if self.mean.predicted is None else wasserstein(self._sorted, self.law, self._weights)

    @property
    def mean(self) -> Pair:
        """First moment."""
        return self.moments[0]

    def as_dict(self) -> dict[str, Any]:
        """Every number, as built-in types that JSON can hold (None where a number does not exist).

        Returns
        -------
        dict
        """
        return {
            "law": repr(self.law),
            "n": self.n,
            "size": self.size,
            **self._judgement(),
            "wasserstein": self.wasserstein,
            "edges": [_pair_as_dict(edge) for edge in self.edges],
            "mean": _pair_as_dict(self.mean),
            "variance": _pair_as_dict(self.variance),
            "moments": [_pair_as_dict(moment) for moment in self.moments],
            "atoms": [{"position": a.position, "predicted": a.predicted, "measured": a.measured} for a in self.atoms],
            "atom_tolerance": self.atom_tolerance,
        }

    def to_json(self) -> str:
        """:meth:`as_dict` as JSON text.

        Returns
        -------
        str
        """
        return json.dumps(self.as_dict(), indent=2, allow_nan=False)

    def __str__(self) -> str:
        edges = [(_edge_name(i, len(self.edges)), pair) for i, pair in enumerate(self.edges)]
        rows = [*edges, ("mean", self.mean), ("variance", self.variance)]
        rows += [(f"moment {k}", pair) for k, pair in enumerate(self.moments, 1) if k > 2]
        rows += [(f"mass at {atom.position:.6g}", Pair(atom.predicted, atom.measured)) for atom in self.atoms]
        distance = "none (the law has no mean)" if self.wasserstein is None else f"{self.wasserstein:.3g}"
        lines = [
            *_heading(repr(self.law), self.n, self.size),
            *self._judgement_lines(),
            f"{'KS distance':<14}{self.ks:.3g}   {self.tolerance}",
            f"{'Wasserstein':<14}{distance}",
            "",
            f"{'':<14}{'predicted':>14}{'measured':>14}",
        ]
        lines += [f"{name:<14}{_cell(pair.predicted)}{_cell(pair.measured)}" for name, pair in rows]
        return "\n".join(lines)


@dataclass(frozen=True)
class PlanarComparison(Judged):
    """A spectrum in the plane beside its law, through its radii and angles; see :func:`compare`.

    Those of an elliptic law are taken where its ellipse is the unit disc.

    Attributes
    ----------
    law : PlanarLaw or EllipticLaw
    n, size : int
        Matrix dimension, and number of eigenvalues compared.
    radius, angle : Comparison
        The two marginals: distances from the centre, and angles in (-π, π].
    whole : tuple of Part
        Questions that are put to the points and not to a marginal.

    Examples
    --------
    >>> import rmt
    >>> found = rmt.spectra.compare(rmt.ginibre(field="complex").eigenvalues(300, rng=0), rmt.CircularLaw())
    >>> found.passed, found.radius.passed, sorted(found.as_dict())[:2]
    (True, True, ['angle', 'ks'])
    >>> found.to_json()[:1]
    '{'
    """

    law: PlanarLaw | EllipticLaw
    n: int
    size: int
    radius: Comparison
    angle: Comparison
    whole: tuple[Part, ...] = ()

    @property
    def judged(self) -> Verdict:  # type: ignore[override]
        """The parts of both marginals."""
        sides = (("radius", self.radius.judged), ("angle", self.angle.judged))
        marginals = tuple(replace(part, name=f"{name}: {part.name}") for name, side in sides for part in side.parts)
        return Verdict(self.whole + marginals, self.radius.level)

    @property
    def ks(self) -> float:  # type: ignore[override]
        """The larger of the two Kolmogorov-Smirnov distances."""
        return max(self.radius.ks, self.angle.ks)

    @property
    def tolerance(self) -> Tolerance:  # type: ignore[override]
        """The tolerance, common to both marginals."""
        return self.radius.tolerance

    def as_dict(self) -> dict[str, Any]:
        """Every number, as built-in types that JSON can hold.

        Returns
        -------
        dict
        """
        return {
            "law": repr(self.law),
            "n": self.n,
            "size": self.size,
            **self._judgement(),
            "radius": self.radius.as_dict(),
            "angle": self.angle.as_dict(),
        }

    def to_json(self) -> str:
        """:meth:`as_dict` as JSON text.

        Returns
        -------
        str
        """
        return json.dumps(self.as_dict(), indent=2, allow_nan=False)

    def __str__(self) -> str:
        lines = [
            *_heading(repr(self.law), self.n, self.size),
            *self._judgement_lines(),
            f"{'KS distance':<14}{self.radius.ks:.3g} radius, {self.angle.ks:.3g} angle   {self.tolerance}",
            "",
            f"{'':<14}{'predicted':>14}{'measured':>14}",
        ]
        edges = self.radius.edges
        rows = [(f"{_edge_name(i, len(edges))[:5]} radius", pair) for i, pair in enumerate(edges)]
        rows += [(f"mass at |z|={a.position:.4g}", Pair(a.predicted, a.measured)) for a in self.radius.atoms]
        rows += [("mean radius", self.radius.mean), ("mean angle", self.angle.mean)]
        lines += [f"{name:<14}{_cell(pair.predicted)}{_cell(pair.measured)}" for name, pair in rows]
        return "\n".join(lines)


def _pair_as_dict(pair: Pair) -> dict[str, float | None]:
    return {"predicted": pair.predicted, "measured": pair.measured}


def _edge_name(i: int, count: int) -> str:
    if count == 2:
        return ("lower edge", "upper edge")[i]
    return f"edge {i + 1}"


def _cell(number: float | None) -> str:
    return f"{'none' if number is None else format(number, '.6g'):>14}"


def _heading(law: str, n: int, size: int) -> list[str]:
    trials = f"n = {n}" if size == n else f"n = {n}, {size} eigenvalues"
    return [f"{'law':<14}{law}", f"{'matrix':<14}{trials}"]
