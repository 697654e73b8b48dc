"""Unfolding: eigenvalues on the scale of their mean spacing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_reals
from rmt.laws.law import Law

Float = NDArray[np.float64]

#: default degree of a fitted counting function: higher ones remove fluctuations of long intervals
_DEGREE = 5


@dataclass(frozen=True, eq=False)
class UnfoldedLevels:
    """Levels with mean spacing 1; made by :func:`unfold`.

    Attributes
    ----------
    levels : ndarray of shape (matrices, n)
        Ascending in every row.
    reach : float
        Longest interval whose statistics the unfolding has not changed; infinite for unfolding by a law.

    Examples
    --------
    >>> import rmt
    >>> from rmt.spectra import unfold
    >>> levels = unfold(rmt.gue().eigenvalues(200, rng=0), rmt.Semicircle())
    >>> levels.levels.shape, levels.reach
    ((1, 200), inf)
    >>> import numpy as np
    >>> levels.check_length("lengths", np.array([1.0]))
    """

    levels: Float
    reach: float

    def check_length(self, name: str, lengths: Float) -> None:
        """Raise if a statistic is asked on intervals that the fit has smoothed.

        Parameters
        ----------
        name : str
            Name of the argument, for the message.
        lengths : ndarray of float
            Lengths in mean spacings.

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        """
        longest = float(np.max(lengths, initial=0.0))
        if longest > self.reach:
            raise ValueError(
                f"{name} must be at most {self.reach:.4g} mean spacings, got {longest:.4g}: the fit that unfolded "
                "these levels has removed their fluctuations on longer intervals; unfold by the law, "
                "unfold(values, law), or with a lower degree"
            )


def unfold(
    eigenvalues: ArrayLike, law: Law | None = None, *, degree: int | None = None, window: int | None = None
) -> UnfoldedLevels:
    """Map eigenvalues to levels of mean spacing 1.

    Parameters
    ----------
    eigenvalues : array_like of shape (n,) or (matrices, n)
        Real eigenvalues, in any order; every row is one matrix.
    law : Law, optional
        The law that they follow: level = n · cdf(eigenvalue). Without bias.
    degree : int, optional
        Without a law: degree of the polynomial that is fitted to the counting function of every matrix; 5 by default.
    window : int, optional
        Instead of a polynomial: spacings are divided by their mean over ±window neighbours.

    Returns
    -------
    UnfoldedLevels

    Raises
    ------
    TypeError
        If the eigenvalues are complex or no numbers.
    ValueError
        If they are not finite or too few, or more than one way of unfolding is given.

    Notes
    -----
    A fit removes fluctuations that belong to the spectrum: for 1000 eigenvalues of the GOE the number variance of
    intervals of 50 spacings is 1.235, and 1.23, 1.12, 0.90 after fits of degree 5, 15, 31; a mean over ±5 neighbours
    leaves 0.55 of 0.91 at 10 spacings. So Σ², Δ₃ and the form factor refuse intervals longer than n/(3 · degree), or a
    third of the window. Ratios of spacings, :func:`gap_ratios`, need no unfolding.

    Examples
    --------
    >>> import rmt
    >>> values = rmt.gue().eigenvalues(200, rng=0)
    >>> rmt.spectra.unfold(values, rmt.gue().law()).levels.shape
    (1, 200)
    """
    values = as_rows("eigenvalues", eigenvalues, 3)
    given = [name for name, v in (("law", law), ("degree", degree), ("window", window)) if v is not None]
    if len(given) > 1:
        raise ValueError(f"unfold by one of law, degree and window, got {' and '.join(given)}")
    n = values.shape[1]
    if law is not None:
        from rmt.laws.law import check_law

        return UnfoldedLevels(n * np.asarray(check_law(law, "law").cdf(values)), math.inf)
    if window is not None:
        width = check_count("window", window)
        if 2 * width >= n:
            raise ValueError(f"window must be smaller than half of the {n} levels, got {width}")
        return UnfoldedLevels(np.stack([_by_neighbours(row, width) for row in values]), (2 * width + 1) / 3.0)
    order = _DEGREE if degree is None else check_count("degree", degree)
    if n < 4 * (order + 1):
        raise ValueError(
            f"a fit of degree {order} needs at least {4 * (order + 1)} eigenvalues a matrix, got {n}; unfold by the law"
        )
    return UnfoldedLevels(np.stack([_by_polynomial(row, order) for row in values]), n / (3.0 * order))


def as_rows(name: str, values: ArrayLike, fewest: int) -> Float:
    """Ascending real numbers, one row a matrix.

    Raises
    ------
    TypeError
        If they are complex or no numbers.
    ValueError
        If they are not finite, or fewer than needed.
    """
    array = check_reals(name, values)
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} must have shape (n,) or (matrices, n), got {array.shape}")
    array = np.atleast_2d(array)
    if array.shape[1] < fewest or array.shape[0] == 0:
        raise ValueError(f"{name} must hold at least {fewest} levels a matrix, got shape {np.shape(values)}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {float(array[~np.isfinite(array)][0])!r}")
    return np.sort(array, axis=1)


def _by_polynomial(values: Float, degree: int) -> Float:
    count = np.arange(values.size) + 0.5
    centre, half = 0.5 * (values[0] + values[-1]), 0.5 * (values[-1] - values[0]) or 1.0
    x = (values - centre) / half
    return np.asarray(np.polynomial.chebyshev.chebval(x, np.polynomial.chebyshev.chebfit(x, count, degree)))


def _by_neighbours(values: Float, width: int) -> Float:
    first = np.maximum(np.arange(values.size - 1) - width, 0)
    last = np.minimum(np.arange(values.size - 1) + width + 1, values.size - 1)
    spacing = np.diff(values) * (last - first) / (values[last] - values[first])
    return np.concatenate([[0.0], np.cumsum(spacing)])
