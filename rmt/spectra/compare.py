"""A measured spectrum laid over a law: a test of known level, and the numbers beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import (
    check_choice,
    check_count,
    check_flag,
    check_items,
    check_numbers,
    check_real,
    check_reals,
    rounding_unit,
)
from rmt.laws.law import Law, check_law
from rmt.laws.planar.planar_law import CircularLaw, PlanarLaw, UnitCircle
from rmt.laws.planar.planar_rings import EllipticLaw
from rmt.spectra.comparison import AtomPair, Comparison, Pair, PlanarComparison, Tolerance
from rmt.spectra.distances import kolmogorov_smirnov
from rmt.spectra.verdict.circle import traces
from rmt.spectra.verdict.disc import beyond_disc
from rmt.spectra.verdict.judge import ALL_STATISTICS, STATISTICS, judge
from rmt.spectra.verdict.kinds import CircleFluctuations, UnknownFluctuations, WeightedFluctuations, of_law
from rmt.spectra.verdict.part import Part
from rmt.spectra.verdict.prediction import Fluctuations

Real = NDArray[np.float64]

#: a run in order shorter than this is no sign of a pool of trials
_SHORTEST_RUN = 5
#: finite Dyson indices are at most this, as those of the ensembles
_LARGEST_BETA = 1e100
#: decimals that numbers may have been rounded to, and how many different ones show it
_MOST_DECIMALS, _FEWEST_WRITTEN = 8, 10


def compare(
    sample: ArrayLike,
    law: Law | PlanarLaw | EllipticLaw,
    *,
    weights: ArrayLike | None = None,
    ensemble: Any = None,
    n: int | None = None,
    beta: float = 1,
    rigidity: bool = True,
    level: float = 0.01,
    statistics: str | Sequence[str] = STATISTICS,
    false_alarm: float | None = None,
    tolerance: float | None = None,
    atom_tolerance: float | None = None,
) -> Any:
    """Test whether a measured spectrum has the law, at a stated level.

    The p-value is made of parts, each calibrated by itself, and corrected for their number: the smooth shape (sums of
    Chebyshev polynomials of the eigenvalues, whose means and covariances are known at finite n), both ends (the laws
    of the smallest and the largest eigenvalue), atoms (exact counts), and eigenvalues where the law has none. A part
    whose null distribution is not known has no p-value and says why.

    "Accepted" means that no part is stranger than the level allows. It is blind to what no part asks: to the
    repulsion of neighbours (``statistics="spacings"`` asks for it), and to deviations below the fluctuations of the
    sums, which are of order 1 out of n eigenvalues.

    Parameters
    ----------
    sample : array_like
        Eigenvalues of one matrix (one axis, any order), or of several (one row a matrix). One axis that is made of
        runs of one length, each in order, is read as one matrix a run.
    law : Law, PlanarLaw or EllipticLaw
        The prediction. A law in the plane is compared through its radii and its angles, the elliptic law after its
        ellipse is mapped to the disc.
    weights : array_like, optional
        One weight ≥ 0 for each number of `sample`, in any unit: overlaps of the eigenvectors with one vector, nodes of
        a quadrature rule, importance of draws. The weighted distribution is compared by its distance, against that of
        as many independent points as scatter so much; points beyond the whole support are still seen. Multiplicities
        are no weights: repeat the numbers.
    ensemble : Ensemble or Fluctuations, optional
        What drew the eigenvalues: it knows how they fluctuate (``ensemble.fluctuations()``). Without it they are
        those of the classical matrices of the law: Gaussian entries for :class:`~rmt.laws.Semicircle`,
        :class:`~rmt.laws.MarchenkoPastur` and :class:`~rmt.laws.Wachter`; of another law nothing is known, and its
        distance is compared with that of rigid eigenvalues.
    n : int, optional
        Matrix dimension; the number of eigenvalues in a row when None. For one axis it must divide the number of
        eigenvalues, which are then those of several matrices.
    beta : float
        Dyson index: 1 real, 2 complex, 4 quaternion; infinite for frozen eigenvalues. That of the ensemble if given.
    rigidity : bool
        Whether the eigenvalues repel and so are rigid; False for independent points.
    level : float
        Probability with which a right law is rejected, at most; 0 < level < 1.
    statistics : str or sequence of str
        Parts to ask: ``"shape"``, ``"edges"``, ``"atoms"``, ``"gaps"``, ``"distance"`` (where the shape has no
        p-value), ``"spacings"`` (mean ratio of neighbouring spacings, which tells beta), or ``"all"``.
    false_alarm : float, optional
        The level, for ``rigidity=False``.
    tolerance : float, optional
        A tolerance of your own for the Kolmogorov-Smirnov distance, which then decides alone.
    atom_tolerance : float, optional
        How near to an atom an eigenvalue is counted into it. The default ``4 max(n, 100) eps`` times the largest
        absolute value, eps that of the type of `sample` (float32: 1e-7), is what rounding leaves of an exact zero; half
        of the last decimal, if all numbers were rounded to at most eight.

    Returns
    -------
    Comparison or PlanarComparison
        With ``p_value``, ``parts``, ``verdict``, ``rejected``, and the numbers beside them.

    Raises
    ------
    TypeError
        If `sample` is complex and the law is on the line, or `ensemble` is no ensemble.
    ValueError
        If `sample` is empty, not finite, or a square array whose rows are not in order, which is a matrix; if n does
        not divide its length, a parameter is out of range, or the law cannot be evaluated at a point of the sample.

    Notes
    -----
    Sums: exact means and covariances of the tridiagonal models (Dumitriu and Edelman 2002), limits of Johansson (1998)
    and Lytova and Pastur (2009). Ends: Tracy and Widom with the term of next order (Bornemann 2024; Ma 2012), from
    n = 20 on, exact below. The distance of rigid eigenvalues is bounded by what was measured, on the scale
    ``log(n)/n * max(1, beta**-0.5)`` (after the local law of Erdős, Schlein and Yau 2009 the rigidity of Erdős, Yau and
    Yin 2012; for the GUE Gustavsson 2005 and Claeys, Fahs, Lambert and Webb 2021), in the plane
    ``(2 pi n)**-0.5 + log(n) * n**-0.75``: the spectrum leaks over its edge by ``n**-0.5``, and the number of
    eigenvalues in a disc fluctuates by ``n**0.25`` (Kostlan 1992; Jancovici, Lebowitz and Manificat 1993). That of
    independent points has Kolmogorov's law, and its scale is the bound of Massart (1990).

    Examples
    --------
    >>> import rmt
    >>> from rmt.spectra import compare
    >>> values = rmt.goe().eigenvalues(500, rng=0)
    >>> compare(values, rmt.Semicircle()).verdict
    'accepted'
    >>> compare(values, rmt.Semicircle(variance=1.05)).verdict
    'rejected'
    """
    values, unit = _check_sample(sample), rounding_unit(sample)
    rows, dimension, grouped = _rows(values, n)
    shares = _check_weights(weights, values)
    if not (isinstance(beta, (float, np.floating)) and beta == math.inf):  # frozen eigenvalues are rigid, too
        check_real("beta", beta, above=0.0, at_most=_LARGEST_BETA)
    independent = not check_flag("rigidity", rigidity)
    alpha = float(check_real("level", level, above=0.0, below=1.0))
    if false_alarm is not None and check_real("false_alarm", false_alarm, above=0.0, below=1.0) and independent:
        alpha = float(false_alarm)
    if atom_tolerance is not None:
        atom_tolerance = float(check_real("atom_tolerance", atom_tolerance, at_least=0.0))
    given = (
        None if tolerance is None else Tolerance(float(check_real("tolerance", tolerance, above=0.0)), "given", True)
    )
    known = _fluctuations(ensemble)
    index = float(beta) if known is None else known.beta
    asked = _statistics(statistics)
    setting = _Setting(rows, dimension, grouped, alpha, asked, atom_tolerance, unit, shares)
    if isinstance(law, PlanarLaw | EllipticLaw):
        if shares is not None:
            raise ValueError(f"weights are for laws on the line, got them with {law!r}; compare its marginals")
        disc: PlanarLaw = CircularLaw() if isinstance(law, EllipticLaw) else law
        scale = _planar_tolerance(dimension, index, independent, alpha, values.size, disc)
        kind = of_law(disc.angle_law(), index, independent=independent)
        if isinstance(law, EllipticLaw):
            # the layer at the edge of an ellipse is not as wide everywhere as that of a disc
            asked = tuple(name for name in setting.statistics if name != "gaps")
            setting = setting._replace(rows=law.to_disc(rows), statistics=asked)
        return replace(_compare_in_the_plane(setting, disc, known or kind, scale, given), law=law)
    check_law(law, "law")
    if np.iscomplexobj(values):
        raise TypeError(
            f"sample is complex and {law!r} is a law on the line: take the eigenvalues of a Hermitian matrix from "
            "numpy.linalg.eigvalsh, not eigvals; otherwise pass a planar law, or singular values"
        )
    kind = known or of_law(law, index, independent=independent)
    if rows.shape[1] != dimension:
        kind = UnknownFluctuations(
            index,
            reason=f"there are {rows.shape[1]} eigenvalues of a matrix of dimension {dimension}",
            exact_atoms=False,
        )
    scale = _tolerance(dimension, index, independent, alpha, values.size)
    if shares is not None:
        kind = WeightedFluctuations()
        held = shares.reshape(rows.shape) > 0.0
        setting = setting._replace(rows=np.where(held, rows, rows[held][0]))  # without weight, a place says nothing
    return _compare_on_the_line(setting, law, kind, scale, given)


class _Setting(NamedTuple):
    """What is compared, and how."""

    rows: NDArray[Any]
    n: int
    grouped: bool
    level: float
    statistics: tuple[str, ...]
    atom_tolerance: float | None
    unit: float
    weights: Real | None = None


def _fluctuations(ensemble: Any) -> Fluctuations | None:
    if ensemble is None or isinstance(ensemble, Fluctuations):
        return ensemble
    if not callable(getattr(ensemble, "fluctuations", None)):
        raise TypeError(
            f"ensemble must be a random matrix such as rmt.goe(), got {ensemble!r} of type {type(ensemble).__name__}"
        )
    found: Fluctuations = ensemble.fluctuations()
    return found


def _statistics(names: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str):
        return ALL_STATISTICS if names == "all" else (check_choice("statistics", names, (*ALL_STATISTICS, "all")),)
    found = tuple(
        check_choice("statistics", name, ALL_STATISTICS) for name in check_items("statistics", names, of="names")
    )
    if not found:
        raise ValueError(f"statistics must name at least one of {', '.join(ALL_STATISTICS)}, got none")
    return found


def _rows(values: NDArray[Any], n: int | None) -> tuple[NDArray[Any], int, bool]:
    """One row a matrix, the dimension, and whether the rows surely are the matrices."""
    size = values.size
    if values.ndim == 2:
        dimension = values.shape[1] if n is None else check_count("n", n)
        if values.shape[1] > dimension:
            raise ValueError(
                f"a row of sample has {values.shape[1]} eigenvalues, more than a matrix of dimension n = {dimension}; "
                "leave n out, or pass one row a matrix"
            )
        return values, dimension, True
    if n is None:
        run = _run_length(values)
        return values.reshape(-1, run), run, True
    dimension = check_count("n", n)
    if size <= dimension:
        return values[None, :], dimension, True
    if size % dimension:
        raise ValueError(
            f"n must divide the number of eigenvalues of several matrices, got n = {dimension} and {size} eigenvalues; "
            "leave n out for those of one matrix"
        )
    rows = values.reshape(-1, dimension)
    if np.iscomplexobj(values):
        return rows, dimension, True
    steps = np.diff(rows, axis=1)
    monotone = bool((steps >= 0.0).all(axis=1).all() or (steps <= 0.0).all(axis=1).all())
    whole = bool((np.diff(values) >= 0.0).all() or (np.diff(values) <= 0.0).all())
    return rows, dimension, monotone and not whole


def _run_length(values: NDArray[Any]) -> int:
    """Length of the runs of one length, all ascending or all descending, that the values are made of; or all of them.

    Singular values come in descending order.
    """
    size: int = values.size
    if np.iscomplexobj(values):
        return size
    steps = np.diff(values)
    for sign in (1.0, -1.0):
        breaks = np.flatnonzero(sign * steps < 0.0) + 1
        run = size // (breaks.size + 1)
        equal = run * (breaks.size + 1) == size and bool((breaks == run * np.arange(1, breaks.size + 1)).all())
        if equal and run >= _SHORTEST_RUN:
            return run
    return size


# ---------------------------------------------------------------------- scales of the distance
def _tolerance(n: int, beta: float, independent: bool, level: float, size: float) -> Tolerance:
    if independent:
        value = math.sqrt(math.log(2.0 / level) / (2.0 * size))
        return Tolerance(value, f"independent points, false alarm {level:g}")
    factor = max(1.0, beta**-0.5) if beta > 0.0 else 1.0
    reason = "rigidity, log(n)/n" if factor == 1.0 else "rigidity, log(n)/n beta^-1/2"
    return Tolerance(factor * math.log(max(n, 2)) / n, reason)


def _planar_tolerance(n: int, beta: float, independent: bool, level: float, size: int, law: PlanarLaw) -> Tolerance:
    on_a_curve = not law.radial_law().support
    if on_a_curve or independent:
        return _tolerance(n, beta, independent, level, size)
    value = 1.0 / math.sqrt(2.0 * math.pi * n) + math.log(max(n, 2)) / n**0.75
    return Tolerance(value, "plane, (2 pi n)^-1/2 + log(n) n^-3/4")


# ---------------------------------------------------------------------- the comparison itself
def _compare_on_the_line(
    setting: _Setting, law: Law, kind: Fluctuations, scale: Tolerance, given: Tolerance | None
) -> Comparison:
    positions, rows = np.array([position for position, _ in law.atoms]), setting.rows
    near = setting.atom_tolerance
    if near is None:
        largest = max(float(np.abs(rows).max()), float(np.abs(positions).max(initial=0.0)))
        near = max(4.0 * max(setting.n, 100) * setting.unit * largest, 0.5 * _written_step(rows))
    rows = _snap(rows, positions, near)
    order = np.argsort(rows, axis=None, kind="stable")
    x = rows.reshape(-1)[order]
    weights = None if setting.weights is None else setting.weights[order]
    ks = kolmogorov_smirnov(x, law, weights)
    size = float(rows.size)
    if weights is not None:
        size = _effective_size(x, law, weights)
        scale = _tolerance(setting.n, 1.0, True, setting.level, size)
    found = _atoms(x, rows, law, near, weights)
    known = set(positions.tolist())
    verdict = judge(
        rows,
        law,
        kind,
        n=setting.n,
        grouped=setting.grouped,
        ks=ks,
        size=size,
        ks_scale=float(scale),
        level=setting.level,
        statistics=setting.statistics,
        atom_tolerance=near,
        strange=[pair.position for pair in found if pair.position not in known],
        unit=setting.unit,
    )
    return Comparison(
        law=law,
        n=setting.n,
        size=rows.size,
        ks=ks,
        tolerance=scale if given is None else given,
        edges=_edges(x, law),
        moments=_moments(x, law, weights),
        variance=Pair(_or_none(law.var), _or_none(partial(_variance, x, weights))),
        atoms=found,
        atom_tolerance=near,
        judged=verdict,
        _sorted=x,
        _weights=weights,
    )


def _compare_in_the_plane(
    setting: _Setting, law: PlanarLaw, kind: Fluctuations, scale: Tolerance, given: Tolerance | None
) -> PlanarComparison:
    z = setting.rows.astype(np.complex128)
    angles = np.angle(z)
    angles[angles == -math.pi] = math.pi
    asked = tuple(name for name in ("atoms", "distance") if name in setting.statistics)
    radial = setting._replace(rows=np.abs(z), statistics=asked)
    # real eigenvalues of a real matrix have equal angles: atoms are asked of the radii
    around = setting._replace(rows=angles, statistics=tuple(name for name in asked if name == "distance"))
    whole: list[Part] = []
    prediction = kind.predict(law.angle_law(), setting.n)
    if isinstance(kind, CircleFluctuations) and isinstance(law, UnitCircle) and "shape" in setting.statistics:
        whole.append(traces(z, kind.traces(z.shape[1]), setting.unit))
    if isinstance(law, CircularLaw) and prediction.distance == "rigid" and "gaps" in setting.statistics:
        whole.append(beyond_disc(z, math.sqrt(float(law.variance)), setting.level))
    return PlanarComparison(
        whole=tuple(whole),
        law=law,
        n=setting.n,
        size=z.size,
        radius=_compare_on_the_line(radial, law.radial_law(), kind, scale, given),
        angle=_compare_on_the_line(around, law.angle_law(), kind, scale, given),
    )


def _written_step(rows: Real) -> float:
    """The last digit of numbers that were all rounded to a few decimals, a little more; else 0, for integers too."""
    distinct = np.unique(rows)
    if distinct.size < _FEWEST_WRITTEN or bool((np.round(distinct) == distinct).all()):
        return 0.0
    with np.errstate(over="ignore"):
        for digits in range(1, _MOST_DECIMALS + 1):
            if bool((np.round(distinct, digits) == distinct).all()):
                return 1.000001 * 10.0**-digits
    return 0.0


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


def _moments(x: Real, law: Law, weights: Real | None, order: int = 4) -> tuple[Pair, ...]:
    predicted = [_or_none(partial(law.moment, k)) for k in range(1, order + 1)]
    with np.errstate(over="ignore", invalid="ignore"):  # sums of +∞ and −∞ are told as None
        measured = [float(np.average(x**k, weights=weights)) for k in range(1, order + 1)]
    return tuple(Pair(p, m if math.isfinite(m) else None) for p, m in zip(predicted, measured, strict=True))


def _variance(x: Real, weights: Real | None) -> float:
    with np.errstate(over="ignore"):
        return float(np.average((x - np.average(x, weights=weights)) ** 2, weights=weights))


def _effective_size(x: Real, law: Law, weights: Real) -> float:
    """How many independent points of equal weights scatter as much as these, at the place where these scatter most."""
    squares, level = np.cumsum(weights**2), np.asarray(law.cdf(x))
    most = float(np.max(squares * (1.0 - level) ** 2 + (squares[-1] - squares) * level**2))
    return 1.0 / max(4.0 * most, float(squares[-1]))


def _atoms(x: Real, rows: Real, law: Law, tolerance: float, weights: Real | None) -> tuple[AtomPair, ...]:
    positions = np.array([position for position, _ in law.atoms])
    first, last = (np.searchsorted(x, positions, side=side) for side in ("left", "right"))
    until = None if weights is None else np.append(0.0, np.cumsum(weights))
    shares = (last - first) / x.size if until is None else until[last] - until[first]
    pairs = [AtomPair(position, mass, float(share)) for (position, mass), share in zip(law.atoms, shares, strict=True)]
    if weights is not None:
        return tuple(pairs)
    for place in _multiple(rows, tolerance):
        if np.abs(positions - place).min(initial=math.inf) <= 2.0 * tolerance:
            continue
        count = int((np.abs(x - place) <= tolerance).sum())
        expected = x.size * float(law.cdf(place + tolerance) - law.cdf(place - tolerance))
        if count > 10.0 * expected:  # more than the density explains: a degeneracy that the law does not know
            pairs.append(AtomPair(place, 0.0, count / x.size))
    return tuple(sorted(pairs, key=lambda pair: pair.position))


def _multiple(rows: Real, tolerance: float) -> list[float]:
    """Zero, if it is there, and where three eigenvalues of one matrix coincide (quaternion matrices have pairs)."""
    places = [0.0] if bool((np.abs(rows) <= tolerance).any()) else []
    ordered = np.sort(rows, axis=1)
    for x in np.unique(ordered[:, 1:-1][ordered[:, 2:] - ordered[:, :-2] <= tolerance]).tolist():
        if abs(x) > 2.0 * tolerance and (len(places) == 0 or abs(x - places[-1]) > 2.0 * tolerance):
            places.append(float(x))
    return places


# ---------------------------------------------------------------------- small helpers
def _check_sample(sample: ArrayLike) -> NDArray[Any]:
    values = check_numbers("sample", sample)
    if values.ndim not in (1, 2) or values.size == 0:
        raise ValueError(
            "sample must hold the eigenvalues of one matrix (1 axis) or of several (one row a matrix), not empty; "
            f"got shape {values.shape}"
        )
    if values.ndim == 2 and values.shape[0] == values.shape[1] > 1 and not _are_spectra(values):
        raise ValueError(
            f"sample has shape {values.shape}: a square array is a matrix, and its eigenvalues are needed "
            "(np.linalg.eigvalsh, or eigvals for a law in the plane). For as many trials as eigenvalues, each in "
            "order, pass sample.ravel() and n="
        )
    bad = ~np.isfinite(values)
    if bad.any():
        position = ", ".join(str(int(i)) for i in np.argwhere(bad)[0])
        raise ValueError(f"sample must be finite: {values[bad][0]} at position {position}")
    return values


def _check_weights(weights: ArrayLike | None, values: NDArray[Any]) -> Real | None:
    """Weights that sum to 1, one a number of the sample; None for equal ones."""
    if weights is None:
        return None
    given = check_reals("weights", weights)
    if given.shape != values.shape:
        raise ValueError(
            f"weights must be one number for each of the sample, of shape {values.shape}, got shape {given.shape}"
        )
    flat = given.reshape(-1)
    if not np.isfinite(flat).all() or (flat < 0.0).any() or not (flat > 0.0).any():
        raise ValueError("weights must be finite and at least 0, and not all 0")
    if flat.min() == flat.max():
        return None
    flat = flat / flat.max()
    return np.asarray(flat / flat.sum())


def _are_spectra(values: NDArray[Any]) -> bool:
    """Whether a square array is no symmetric matrix, and every row of it in order."""
    if np.array_equal(values, values.T):
        return False
    if np.iscomplexobj(values):  # in order of their real and imaginary parts, or around the circle
        return np.array_equal(values, np.sort(values, axis=1)) or bool((np.diff(np.angle(values), axis=1) >= 0.0).all())
    steps = np.diff(values, axis=1)
    return bool((steps >= 0.0).all() or (steps <= 0.0).all())


def _or_none(number: Any) -> float | None:
    """Value of a moment, or None where the law has no such moment."""
    try:
        value = float(number())
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None
