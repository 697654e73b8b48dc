"""A measured spectrum against a law: distances, edges, moments, atoms, and a verdict with its tolerance."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt._cached import cached_property
from rmt.errors import check_count, check_flag, check_numbers, check_real, rounding_unit
from rmt.laws.law import Law, check_law
from rmt.laws.planar import PlanarLaw
from rmt.spectra.distances import kolmogorov_smirnov, wasserstein

Real = NDArray[np.float64]

#: below this dimension log(n)/n rejects true laws too often (GOE: 2 % at n = 10, 0.3 % at n = 20)
SMALLEST_RIGID_N = 20


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
    """The largest Kolmogorov-Smirnov distance that is accepted: a number that knows where it comes from.

    Attributes
    ----------
    reason : str
        The formula, or "given".
    decisive : bool
        False where the formula does not hold (fewer than 20 eigenvalues): no verdict is given then.
    """

    reason: str
    decisive: bool

    def __new__(cls, value: float, reason: str, decisive: bool = True) -> Tolerance:
        """Hold a number with its reason."""
        number = super().__new__(cls, value)
        number.reason, number.decisive = reason, decisive
        return number

    def __getnewargs__(self) -> tuple[float, str, bool]:  # type: ignore[override]
        return float(self), self.reason, self.decisive

    def accepts(self, distance: float) -> bool | None:
        """Whether `distance` is within the tolerance; None without a verdict."""
        return distance <= self if self.decisive else None

    def verdict(self, distance: float) -> str:
        """Return "accepted", "rejected" or "no verdict"."""
        return {True: "accepted", False: "rejected", None: "no verdict"}[self.accepts(distance)]

    def __str__(self) -> str:
        remark = "" if self.decisive else f"; meaningful from n = {SMALLEST_RIGID_N} on"
        return f"tolerance {float(self):.3g} ({self.reason}{remark})"


@dataclass(frozen=True)
class Comparison:
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

    Examples
    --------
    >>> import json, rmt
    >>> found = rmt.spectra.compare(rmt.gue().eigenvalues(500, rng=0), rmt.Semicircle())
    >>> found.passed, found.ks < found.tolerance, found.verdict
    (True, True, 'accepted')
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
    _sorted: Real = field(repr=False, compare=False)

    @cached_property
    def wasserstein(self) -> float | None:
        """Wasserstein-1 distance; computed when it is first asked for, as it takes longer than all the rest."""
        return None if self.mean.predicted is None else wasserstein(self._sorted, self.law)

    @property
    def mean(self) -> Pair:
        """First moment."""
        return self.moments[0]

    @property
    def passed(self) -> bool | None:
        """Whether the distance is within the tolerance; None below n = 20, where log(n)/n means nothing."""
        return self.tolerance.accepts(self.ks)

    @property
    def verdict(self) -> str:
        """Return "accepted", "rejected", or "no verdict" below n = 20."""
        return self.tolerance.verdict(self.ks)

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
            "ks": self.ks,
            "tolerance": float(self.tolerance),
            "tolerance_reason": self.tolerance.reason,
            "passed": self.passed,
            "verdict": self.verdict,
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
            f"{'KS distance':<14}{self.ks:.3g}   {self.tolerance}",
            f"{'verdict':<14}{self.verdict}",
            f"{'Wasserstein':<14}{distance}",
            "",
            f"{'':<14}{'predicted':>14}{'measured':>14}",
        ]
        lines += [f"{name:<14}{_cell(pair.predicted)}{_cell(pair.measured)}" for name, pair in rows]
        return "\n".join(lines)


@dataclass(frozen=True)
class PlanarComparison:
    """A spectrum in the plane beside its rotation-invariant law, through its radii and angles; see :func:`compare`.

    Attributes
    ----------
    law : PlanarLaw
    n, size : int
        Matrix dimension, and number of eigenvalues compared.
    radius, angle : Comparison
        The two marginals: distances from the centre, and angles in (-π, π].

    Examples
    --------
    >>> import rmt
    >>> found = rmt.spectra.compare(rmt.ginibre(field="complex").eigenvalues(300, rng=0), rmt.CircularLaw())
    >>> found.passed, found.radius.passed, sorted(found.as_dict())[:2]
    (True, True, ['angle', 'ks'])
    >>> len(found.to_json()) > 100
    True
    """

    law: PlanarLaw
    n: int
    size: int
    radius: Comparison
    angle: Comparison

    @property
    def ks(self) -> float:
        """The larger of the two Kolmogorov-Smirnov distances."""
        return max(self.radius.ks, self.angle.ks)

    @property
    def tolerance(self) -> Tolerance:
        """The tolerance, common to both marginals."""
        return self.radius.tolerance

    @property
    def passed(self) -> bool | None:
        """Whether both marginals are within the tolerance."""
        return self.tolerance.accepts(self.ks)

    @property
    def verdict(self) -> str:
        """Return "accepted", "rejected", or "no verdict" below n = 20."""
        return self.tolerance.verdict(self.ks)

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
            "ks": self.ks,
            "tolerance": float(self.tolerance),
            "tolerance_reason": self.tolerance.reason,
            "passed": self.passed,
            "verdict": self.verdict,
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
            f"{'KS distance':<14}{self.radius.ks:.3g} radius, {self.angle.ks:.3g} angle   {self.tolerance}",
            f"{'verdict':<14}{self.verdict}",
            "",
            f"{'':<14}{'predicted':>14}{'measured':>14}",
        ]
        edges = self.radius.edges
        rows = [(f"{_edge_name(i, len(edges))[:5]} radius", pair) for i, pair in enumerate(edges)]
        rows += [(f"mass at |z|={a.position:.4g}", Pair(a.predicted, a.measured)) for a in self.radius.atoms]
        rows += [("mean radius", self.radius.mean), ("mean angle", self.angle.mean)]
        lines += [f"{name:<14}{_cell(pair.predicted)}{_cell(pair.measured)}" for name, pair in rows]
        return "\n".join(lines)


def compare(
    sample: ArrayLike,
    law: Law | PlanarLaw,
    *,
    n: int | None = None,
    beta: float = 1,
    rigidity: bool = True,
    false_alarm: float = 0.01,
    tolerance: float | None = None,
    atom_tolerance: float | None = None,
) -> Any:
    """Lay a measured spectrum over a law.

    Parameters
    ----------
    sample : array_like
        Eigenvalues of one matrix (one axis, any order), or of several (one row a matrix).
    law : Law or PlanarLaw
        The prediction. A law in the plane is compared through its radii and its angles.
    n : int, optional
        Matrix dimension, for the tolerance; the number of eigenvalues in a row when None.
    beta : float
        Dyson index: 1 real, 2 complex, 4 quaternion; infinite for frozen eigenvalues.
    rigidity : bool
        Whether the eigenvalues repel and so are rigid. The tolerance then is ``log(n)/n * max(1, beta**-0.5)`` (after
        the local law of Erdős, Schlein and Yau 2009 the rigidity of Erdős, Yau and Yin 2012; for the GUE Gustavsson
        2005 and Claeys, Fahs, Lambert and Webb 2021), about six times sharper than independent points allow at n =
        1000. For an area in the plane it is ``(2 pi n)**-0.5 + log(n) * n**-0.75``: the spectrum leaks over its edge by
        ``n**-0.5``, and the number of eigenvalues in a disc fluctuates by ``n**0.25`` (Kostlan 1992; Jancovici,
        Lebowitz and Manificat 1993). Pass False for independent eigenvalues, sparse graphs and heavy tails: the
        tolerance then is that of independent points, ``sqrt(log(2/false_alarm)/(2 size))`` (Massart 1990).
    false_alarm : float
        Probability with which independent points of the true law are rejected; used with ``rigidity=False``.
    tolerance : float, optional
        A tolerance of your own for the Kolmogorov-Smirnov distance.
    atom_tolerance : float, optional
        How near to an atom an eigenvalue is counted into it. The default ``4 max(n, 100) eps`` times the largest
        absolute value, eps that of the type of `sample` (float32: 1e-7), is what rounding leaves of an exact zero.

    Returns
    -------
    Comparison or PlanarComparison

    Raises
    ------
    TypeError
        If `sample` is complex and the law is on the line.
    ValueError
        If `sample` is empty, not finite, or a square array, which is a matrix and not a spectrum.

    Examples
    --------
    >>> import rmt
    >>> from rmt.spectra import compare
    >>> result = compare(rmt.goe().eigenvalues(500, rng=0), rmt.Semicircle())
    >>> result.verdict
    'accepted'
    """
    values, unit = _check_sample(sample), rounding_unit(sample)
    dimension = check_count("n", values.shape[-1] if n is None else n)
    if not (isinstance(beta, (float, np.floating)) and beta == math.inf):  # frozen eigenvalues are rigid, too
        check_real("beta", beta, above=0.0)
    check_flag("rigidity", rigidity)
    check_real("false_alarm", false_alarm, above=0.0, below=1.0)
    if atom_tolerance is not None:
        atom_tolerance = float(check_real("atom_tolerance", atom_tolerance, at_least=0.0))
    given = None if tolerance is None else Tolerance(float(check_real("tolerance", tolerance, above=0.0)), "given")
    if not isinstance(law, PlanarLaw):
        check_law(law, "law")
        if np.iscomplexobj(values):
            raise TypeError(
                f"sample is complex and {law!r} is a law on the line: take the eigenvalues of a Hermitian matrix from "
                "numpy.linalg.eigvalsh, not eigvals; otherwise pass a planar law, or singular values"
            )
        chosen = given or _tolerance(dimension, beta, rigidity, false_alarm, values.size)
        return _compare_on_the_line(values.ravel(), law, dimension, chosen, atom_tolerance, unit)
    chosen = given or _planar_tolerance(dimension, beta, rigidity, false_alarm, values.size, law)
    return _compare_in_the_plane(values, law, dimension, chosen, atom_tolerance, unit)


# ---------------------------------------------------------------------- tolerances
def _tolerance(n: int, beta: float, rigidity: bool, false_alarm: float, size: int) -> Tolerance:
    if not rigidity:
        value = math.sqrt(math.log(2.0 / false_alarm) / (2.0 * size))
        return Tolerance(value, f"independent points, false alarm {false_alarm:g}")
    factor = max(1.0, beta**-0.5)
    reason = "rigidity, log(n)/n" if factor == 1.0 else "rigidity, log(n)/n beta^-1/2"
    return Tolerance(factor * math.log(n) / n, reason, decisive=n >= SMALLEST_RIGID_N)


def _planar_tolerance(n: int, beta: float, rigidity: bool, false_alarm: float, size: int, law: PlanarLaw) -> Tolerance:
    on_a_curve = not law.radial_law().support
    if on_a_curve or not rigidity:
        return _tolerance(n, beta, rigidity, false_alarm, size)
    value = 1.0 / math.sqrt(2.0 * math.pi * n) + math.log(n) / n**0.75
    return Tolerance(value, "plane, (2 pi n)^-1/2 + log(n) n^-3/4", decisive=n >= SMALLEST_RIGID_N)


# ---------------------------------------------------------------------- the comparison itself
def _compare_on_the_line(
    values: Real, law: Law, n: int, tolerance: Tolerance, atom_tolerance: float | None, unit: float
) -> Comparison:
    positions = np.array([position for position, _ in law.atoms])
    if atom_tolerance is None:
        scale = max(float(np.abs(values).max()), float(np.abs(positions).max(initial=0.0)))
        atom_tolerance = 4.0 * max(n, 100) * unit * scale
    x = np.sort(_snap(values, positions, atom_tolerance))
    return Comparison(
        law=law,
        n=n,
        size=values.size,
        ks=kolmogorov_smirnov(x, law),
        tolerance=tolerance,
        edges=_edges(x, law),
        moments=_moments(x, law),
        variance=Pair(_or_none(law.var), float(x.var())),
        atoms=_atoms(x, law, atom_tolerance),
        atom_tolerance=atom_tolerance,
        _sorted=x,
    )


def _compare_in_the_plane(
    values: NDArray[Any], law: PlanarLaw, n: int, tolerance: Tolerance, atom_tolerance: float | None, unit: float
) -> PlanarComparison:
    z = values.ravel().astype(np.complex128)
    angles = np.angle(z)
    angles[angles == -math.pi] = math.pi
    return PlanarComparison(
        law=law,
        n=n,
        size=z.size,
        radius=_compare_on_the_line(np.abs(z), law.radial_law(), n, tolerance, atom_tolerance, unit),
        angle=_compare_on_the_line(angles, law.angle_law(), n, tolerance, atom_tolerance, unit),
    )


def _snap(values: Real, positions: Real, tolerance: float) -> Real:
    """Move every value within `tolerance` of an atom onto it."""
    if positions.size == 0:
        return values
    right = np.searchsorted(positions, values).clip(1, max(1, positions.size - 1))
    left = positions[right - 1]
    nearest = left
    if positions.size > 1:
        nearest = np.where(values - left <= positions[right] - values, left, positions[right])
    return np.where(np.abs(values - nearest) <= tolerance, nearest, values)


def _edges(x: Real, law: Law) -> tuple[Pair, ...]:
    intervals = law.support
    if not intervals:
        return ()
    continuous = x[~np.isin(x, [position for position, _ in law.atoms])]
    middles = [(a.high + b.low) / 2.0 for a, b in pairwise(intervals)]
    owner = np.searchsorted(middles, continuous)
    pairs = []
    for i, interval in enumerate(intervals):
        mine = continuous[owner == i]
        for edge, extreme in ((interval.low, np.min), (interval.high, np.max)):
            if math.isfinite(edge):
                pairs.append(Pair(edge, float(extreme(mine)) if mine.size else None))
    return tuple(pairs)


def _moments(x: Real, law: Law, order: int = 4) -> tuple[Pair, ...]:
    predicted = [_or_none(partial(law.moment, k)) for k in range(1, order + 1)]
    return tuple(Pair(p, float(np.mean(x**k))) for k, p in enumerate(predicted, 1))


def _atoms(x: Real, law: Law, tolerance: float) -> tuple[AtomPair, ...]:
    positions = np.array([position for position, _ in law.atoms])
    counts = np.searchsorted(x, positions, side="right") - np.searchsorted(x, positions, side="left")
    pairs = [
        AtomPair(position, mass, float(count / x.size))
        for (position, mass), count in zip(law.atoms, counts.tolist(), strict=True)
    ]
    if not any(pair.position == 0.0 for pair in pairs):
        near_zero = np.abs(x) <= tolerance
        expected = float(law.cdf(tolerance) - law.cdf(-tolerance))
        # more zeros than the density explains: a rank deficiency that the law does not know
        if near_zero.sum() > max(1.0, 10.0 * expected * x.size):
            pairs.append(AtomPair(0.0, 0.0, float(near_zero.mean())))
    return tuple(sorted(pairs, key=lambda pair: pair.position))


# ---------------------------------------------------------------------- small helpers
def _check_sample(sample: ArrayLike) -> NDArray[Any]:
    values = check_numbers("sample", sample)
    if values.ndim not in (1, 2) or values.size == 0:
        raise ValueError(
            "sample must hold the eigenvalues of one matrix (1 axis) or of several (one row a matrix), not empty; "
            f"got shape {values.shape}"
        )
    if values.ndim == 2 and values.shape[0] == values.shape[1] > 1:
        raise ValueError(
            f"sample has shape {values.shape}: a square array is a matrix, and its eigenvalues are needed "
            "(np.linalg.eigvalsh). For as many trials as eigenvalues pass sample.ravel() and n="
        )
    bad = ~np.isfinite(values)
    if bad.any():
        position = ", ".join(str(int(i)) for i in np.argwhere(bad)[0])
        raise ValueError(f"sample must be finite: {values[bad][0]} at position {position}")
    return values


def _or_none(number: Any) -> float | None:
    """Value of a moment, or None where the law has no such moment."""
    try:
        value = float(number())
    except ValueError:
        return None
    return value if math.isfinite(value) else None


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
