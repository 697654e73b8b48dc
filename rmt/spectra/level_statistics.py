"""Statistics of measured levels: spacings, their ratios, number variance, rigidity, form factor, the fitted beta."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_choice, check_count, check_real, check_reals
from rmt.spectra.unfolding import UnfoldedLevels, as_rows

Float = NDArray[np.float64]

#: blocks of one matrix that stand for matrices, and resamplings of a bootstrap
_BLOCKS, _RESAMPLES = 10, 400
#: overlap of the windows: their distance in units of their length
_STRIDE = 0.25
#: means of the gap ratio and inverse variances of the spacing in the bulk limit, beta = 0, 1, 2, 4
_RATIO_MEANS = {0: 2.0 * math.log(2.0) - 1.0, 1: 0.5307295757, 2: 0.5997504210, 4: 0.674438566}


@dataclass(frozen=True, eq=False)
class LevelStatistic:
    """A measured statistic.

    Attributes
    ----------
    at : ndarray
        Lengths or times.
    value, error : ndarray
        The statistic and its standard error.

    Examples
    --------
    >>> import rmt
    >>> from rmt.spectra import number_variance, unfold
    >>> levels = unfold(rmt.gue().eigenvalues(200, rng=0), rmt.Semicircle())
    >>> found = number_variance(levels, [1.0, 2.0])
    >>> found.at, bool((found.error > 0).all())
    (array([1., 2.]), True)
    """

    at: Float
    value: Float
    error: Float


@dataclass(frozen=True)
class FittedBeta:
    """A fitted Dyson index.

    Attributes
    ----------
    beta, error : float
        The index and its standard error.

    Examples
    --------
    >>> import rmt
    >>> from rmt.spectra import fit_beta, gap_ratios
    >>> found = fit_beta(gap_ratios(rmt.gue().eigenvalues(400, rng=0)))
    >>> abs(found.beta - 2) < 5 * found.error
    True
    """

    beta: float
    error: float


def spacings(levels: UnfoldedLevels | ArrayLike, k: int = 1, *, share: float = 1.0) -> Float:
    """Spacings e_{i+k} − e_i of unfolded levels: k = 1 for neighbours, mean k.

    Parameters
    ----------
    levels : UnfoldedLevels or array_like of shape (n,) or (matrices, n)
        From :func:`unfold`; other numbers are taken as they are.
    k : int
        Order, >= 1.
    share : float
        Share of the levels of every matrix, around the middle, 0 < share <= 1.

    Returns
    -------
    ndarray of shape (n − k,) or (matrices, n − k)

    Raises
    ------
    TypeError, ValueError
        If an argument is no number or out of range, or the levels are too few.

    Examples
    --------
    >>> from rmt.spectra import spacings
    >>> spacings([0.0, 1.0, 3.0])
    array([1., 2.])
    """
    order = check_count("k", k)
    rows = _central(_rows(levels, order + 1), share, order + 1)
    out = rows[:, order:] - rows[:, :-order]
    return out if np.ndim(_raw(levels)) == 2 else out[0]


def gap_ratios(eigenvalues: ArrayLike, k: int = 1, *, share: float = 1.0) -> Float:
    """Ratios min/max of neighbouring k-th spacings: the test of level repulsion that needs no unfolding.

    With k = 1 these are min(s_i, s_{i+1})/max(s_i, s_{i+1}), to compare with :class:`rmt.laws.GapRatio`; for k > 1
    the spacings e_{i+k} − e_i and e_{i+2k} − e_{i+k} do not overlap.

    Parameters
    ----------
    eigenvalues : array_like of shape (n,) or (matrices, n)
        Real eigenvalues or levels, in any order.
    k : int
        Order, >= 1.
    share : float
        Share of the eigenvalues of every matrix, around the middle, 0 < share <= 1.

    Returns
    -------
    ndarray of shape (n − 2k,) or (matrices, n − 2k)
        A pair of spacings that are both 0 counts as 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is no number or out of range, or the eigenvalues are too few.

    References
    ----------
    Oganesyan and Huse 2007.

    Examples
    --------
    >>> import rmt
    >>> ratios = rmt.spectra.gap_ratios(rmt.goe().eigenvalues(1000, rng=0))
    >>> bool(abs(ratios.mean() - rmt.laws.GapRatio(1).mean()) < 0.03)
    True
    """
    order = check_count("k", k)
    rows = _central(_rows(eigenvalues, 2 * order + 1), share, 2 * order + 1)
    steps = rows[:, order:] - rows[:, :-order]
    first, second = steps[:, :-order], steps[:, order:]
    larger = np.maximum(first, second)
    out = np.divide(np.minimum(first, second), larger, out=np.zeros_like(larger), where=larger > 0.0)
    return out if np.ndim(_raw(eigenvalues)) == 2 else out[0]


def fit_beta(values: ArrayLike, kind: str = "ratios") -> FittedBeta:
    """Dyson index from measured gap ratios or spacings, by the mean ratio or the variance of the spacing.

    Parameters
    ----------
    values : array_like of shape (count,) or (matrices, count)
        From :func:`gap_ratios`, or spacings of neighbours with mean 1 from :func:`spacings`.
    kind : {"ratios", "spacings"}
        Which of both.

    Returns
    -------
    FittedBeta
        With a standard error by a bootstrap over matrices, over blocks for one matrix.

    Raises
    ------
    TypeError, ValueError
        If the values are no numbers, too few, or their mean is beyond that of beta = 0 or beta = 4 by more than its
        error: then no beta fits.

    Notes
    -----
    Exact at beta = 0, 1, 2, 4 (bulk limits); between them interpolated, to about 0.02. The surmise would be 1 % off in
    the mean ratio, 0.03 in beta.

    References
    ----------
    Atas, Bogomolny, Giraud and Roux 2013.

    Examples
    --------
    >>> import rmt
    >>> from rmt.spectra import fit_beta, gap_ratios
    >>> found = fit_beta(gap_ratios(rmt.goe().eigenvalues(400, rng=0)))
    >>> abs(found.beta - 1) < 5 * found.error
    True
    """
    check_choice("kind", kind, ("ratios", "spacings"))
    rows = as_rows("values", values, 1)
    if rows.size < 20:
        raise ValueError(f"values must hold at least 20 numbers to fit beta, got {rows.size}")
    units = _blocks(np.atleast_2d(np.asarray(values, dtype=np.float64)))
    means = np.array([unit.mean() for unit in units])
    squares = np.array([(unit**2).mean() for unit in units])
    weights = np.array([float(unit.size) for unit in units])

    def estimate(chosen: Any) -> float:
        weight = weights[chosen] / weights[chosen].sum()
        if kind == "ratios":
            return _beta_of(float(weight @ means[chosen]), "ratios")
        # relative to the measured mean, so that a wrong scale of the unfolding does no harm
        return _beta_of(float(weight @ squares[chosen]) / float(weight @ means[chosen]) ** 2 - 1.0, "spacings")

    beta = estimate(slice(None))
    generator = np.random.default_rng(0)
    samples = [estimate(generator.integers(0, len(units), len(units))) for _ in range(_RESAMPLES)]
    # a bootstrap of k parts has the variance of means of k − 1
    error = float(np.std(samples, ddof=1)) * math.sqrt(len(units) / (len(units) - 1))
    if not -5.0 * error - 0.05 <= beta <= 4.0 + 5.0 * error + 0.05:
        raise ValueError(
            f"the mean of the values belongs to beta = {beta:.3g}, and only 0 <= beta <= 4 is covered; are these "
            f"{kind} of neighbouring levels of one symmetry class?"
        )
    return FittedBeta(beta, error)


def number_variance(levels: UnfoldedLevels, lengths: ArrayLike, *, share: float = 0.8) -> LevelStatistic:
    """Variance Σ²(L) of the number of levels in intervals of length L, to compare with :func:`number_variance_law`.

    Parameters
    ----------
    levels : UnfoldedLevels
        From :func:`unfold`.
    lengths : array_like of float
        L > 0, in mean spacings.
    share : float
        Share of the levels of every matrix, around the middle.

    Returns
    -------
    LevelStatistic
        Errors by the spread over matrices; for one matrix, over ten blocks.

    Raises
    ------
    TypeError
        If the levels do not come from :func:`unfold`.
    ValueError
        If a length is longer than the unfolding permits, or than a third of the levels.

    References
    ----------
    Dyson and Mehta 1963.

    Examples
    --------
    >>> import rmt
    >>> from rmt.spectra import number_variance, unfold
    >>> levels = unfold(rmt.gue().eigenvalues(200, rng=0, trials=20), rmt.Semicircle())
    >>> bool(number_variance(levels, [10.0]).value[0] < 1.0)  # 10 for independent levels
    True
    """

    def count(row: Float, length: float) -> float:
        start = np.arange(row[0], row[-1] - length, max(_STRIDE * length, 0.25))
        inside = np.searchsorted(row, start + length) - np.searchsorted(row, start)
        return float(((inside - length) ** 2).mean())

    return _by_windows(levels, lengths, share, count)


def spectral_rigidity(levels: UnfoldedLevels, lengths: ArrayLike, *, share: float = 0.8) -> LevelStatistic:
    """Spectral rigidity Δ₃(L): least squares deviation of the counting function from a straight line over L spacings.

    Compare with :func:`spectral_rigidity_law`; parameters, errors and refusals as for :func:`number_variance`. The
    closed form of Bohigas and Giannoni (1984) in every window.

    Parameters
    ----------
    levels : UnfoldedLevels
        What :func:`unfold` returns.
    lengths : array_like of float
        Lengths L of the windows in mean spacings, > 0.
    share : float
        As for :func:`number_variance`.

    Returns
    -------
    LevelStatistic

    Raises
    ------
    TypeError
        If `levels`, `lengths` or `share` is not of the kind named above.
    ValueError
        If `lengths` or `share` is out of the range named above.

    Examples
    --------
    >>> import rmt
    >>> from rmt.spectra import spectral_rigidity, unfold
    >>> levels = unfold(rmt.gue().eigenvalues(200, rng=0, trials=20), rmt.Semicircle())
    >>> bool(spectral_rigidity(levels, [10.0]).value[0] < 0.5)  # 10/15 for independent levels
    True
    """

    def rigidity(row: Float, length: float) -> float:
        starts = np.arange(row[0], row[-1] - length, max(_STRIDE * length, 0.25))
        return float(np.mean([_delta3(row, start, length) for start in starts]))

    return _by_windows(levels, lengths, share, rigidity)


def form_factor(levels: UnfoldedLevels, times: ArrayLike, *, share: float = 0.8) -> LevelStatistic:
    """Connected spectral form factor K(τ), τ in Heisenberg times, to compare with :func:`form_factor_law`.

    (E|Σ_i w_i e^(2πiτ e_i)|² − |E Σ_i w_i e^(2πiτ e_i)|²)/Σ w_i², with a smooth window w over the levels in the
    middle.

    Parameters
    ----------
    levels : UnfoldedLevels
        From :func:`unfold`, at least 8 matrices: the form factor of one matrix does not settle, its relative error
        is 1 at every time.
    times : array_like of float
        τ > 0.
    share : float
        Share of the levels of every matrix, around the middle.

    Returns
    -------
    LevelStatistic

    Raises
    ------
    TypeError
        If the levels do not come from :func:`unfold`.
    ValueError
        If there are fewer than 8 matrices, or a time is so short that the unfolding has changed it.

    References
    ----------
    Mehta 2004.

    Examples
    --------
    >>> import rmt
    >>> from rmt.spectra import form_factor, unfold
    >>> levels = unfold(rmt.gue().eigenvalues(200, rng=0, trials=20), rmt.Semicircle())
    >>> form_factor(levels, [0.5, 1.5]).value.shape
    (2,)
    """
    rows = _unfolded(levels)
    tau = _positive("times", times)
    if len(rows) < 8:
        raise ValueError(
            f"a form factor needs at least 8 matrices, got {len(rows)}: it does not settle in one spectrum"
        )
    levels.check_length("1/times", 1.0 / tau)
    part = check_real("share", share, above=0.0, at_least=1e-3, at_most=1.0)
    middle, half = 0.5 * rows.shape[1], 0.5 * part * rows.shape[1]
    position = (rows - middle) / half
    window = np.where(np.abs(position) < 1.0, np.cos(0.5 * np.pi * np.clip(position, -1.0, 1.0)) ** 2, 0.0)
    scale = (window**2).sum(axis=1).mean()
    sums = np.array([(window * np.exp(2j * np.pi * t * rows)).sum(axis=1) for t in tau])
    deviation = np.abs(sums - sums.mean(axis=1, keepdims=True)) ** 2 / scale
    count = len(rows)
    value = deviation.sum(axis=1) / (count - 1)
    return LevelStatistic(tau, value, deviation.std(axis=1, ddof=1) / math.sqrt(count))


# ---------------------------------------------------------------------- parts
def _positive(name: str, value: ArrayLike) -> Float:
    """Positive numbers of ordinary size, in one dimension."""
    array = np.atleast_1d(check_reals(name, value))
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a number or a list of numbers, got shape {array.shape}")
    bad = ~((array >= 1e-9) & (array <= 1e9))
    if bad.any():
        raise ValueError(f"{name} must be finite and > 0, from 1e-9 to 1e9, got {float(array[bad][0])!r}")
    return array


def _by_windows(
    levels: UnfoldedLevels, lengths: ArrayLike, share: float, function: Callable[[Float, float], float]
) -> LevelStatistic:
    rows = _unfolded(levels)
    sizes = _positive("lengths", lengths)
    levels.check_length("lengths", sizes)
    rows = _central(rows, share, 10)
    blocks = list(rows) if len(rows) >= 8 else [b for row in rows for b in np.array_split(row, _BLOCKS)]
    shortest = min(float(b[-1] - b[0]) for b in blocks)
    if sizes.max() > shortest / 3.0:
        raise ValueError(
            f"lengths must be at most {shortest / 3.0:.4g} mean spacings, a third of the levels at hand "
            f"(with fewer than 8 matrices: of a tenth of them), got {sizes.max():.4g}; give more levels or matrices"
        )
    table = np.array([[function(b, float(size)) for size in sizes] for b in blocks])
    return LevelStatistic(sizes, table.mean(axis=0), table.std(axis=0, ddof=1) / math.sqrt(len(blocks)))


def _delta3(row: Float, start: float, length: float) -> float:
    inside = row[np.searchsorted(row, start) : np.searchsorted(row, start + length)] - start - 0.5 * length
    n = inside.size
    first, second = inside.sum(), (inside**2).sum()
    order = (n - 2.0 * np.arange(1, n + 1) + 1.0) @ inside
    return float(
        n * n / 16.0
        - (first / length) ** 2
        + 1.5 * n * second / length**2
        - 3.0 * (second / length**2) ** 2
        + order / length
    )


def _beta_of(statistic: float, kind: str) -> float:
    """Invert the interpolated mean ratio, or the variance of the spacing."""
    places, values = _known(kind)
    coordinate = math.log(statistic / (1.0 - statistic)) if kind == "ratios" else 1.0 / statistic
    # a cubic through the four exact points, of beta as a function of the statistic
    total = 0.0
    for i, (x, y) in enumerate(zip(values, places, strict=True)):
        total += y * math.prod((coordinate - v) / (x - v) for j, v in enumerate(values) if j != i)
    return total


def _known(kind: str) -> tuple[list[float], list[float]]:
    if kind == "ratios":
        return [float(b) for b in _RATIO_MEANS], [math.log(m / (1.0 - m)) for m in _RATIO_MEANS.values()]
    from rmt.laws.edges.spacings import GaudinSpacing

    return [0.0, 1.0, 2.0, 4.0], [1.0, *(1.0 / GaudinSpacing(b).var() for b in (1, 2, 4))]


def _blocks(rows: Float) -> list[Float]:
    """Matrices, or blocks of the few there are."""
    return list(rows) if len(rows) >= 8 else [b for row in rows for b in np.array_split(row, _BLOCKS)]


def _raw(levels: UnfoldedLevels | ArrayLike) -> Any:
    return levels.levels if isinstance(levels, UnfoldedLevels) else levels


def _rows(levels: UnfoldedLevels | ArrayLike, fewest: int) -> Float:
    return as_rows("levels", _raw(levels), fewest)


def _unfolded(levels: Any) -> Float:
    if not isinstance(levels, UnfoldedLevels):
        raise TypeError(f"levels must come from rmt.spectra.unfold, got {type(levels).__name__}")
    return levels.levels


def _central(rows: Float, share: float, fewest: int) -> Float:
    """The levels around the middle of every matrix."""
    part = check_real("share", share, above=0.0, at_most=1.0)
    keep = round(part * rows.shape[1])
    if keep < fewest:
        raise ValueError(f"share = {share!r} of {rows.shape[1]} levels leaves {keep}, and {fewest} are needed")
    first = (rows.shape[1] - keep) // 2
    return rows[:, first : first + keep]
