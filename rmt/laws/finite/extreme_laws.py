"""Exact laws of the largest and the smallest eigenvalue at finite n."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rmt.errors import check_count, check_real
from rmt.laws.edges.log_tails import LogTailLaw, LogTails
from rmt.laws.finite.extreme_probabilities import Tails, gaussian_largest, wishart_largest, wishart_smallest
from rmt.laws.finite.orthogonal_functions import LARGEST_N, LARGEST_QUATERNION
from rmt.laws.finite.tabulated import TabulatedTails, tabulate
from rmt.laws.law import Interval, Real

#: absolute error of a Pfaffian, and of the pieces
_ERROR = 1e-12


class ExactExtremeLaw(LogTailLaw):
    """A law of an extreme eigenvalue, tabulated in a variable of its own."""

    @property
    @abstractmethod
    def _table(self) -> TabulatedTails:
        """The tails in that variable."""

    def _variable(self, x: Real) -> tuple[Real, Real]:
        """The variable and its derivative."""
        return x, np.ones_like(x)

    def _point(self, t: Real) -> Real:
        """Inverse of the variable."""
        return t

    def _log_tails(self, x: Real) -> LogTails:
        t, rate = self._variable(x)
        tails = self._table.log_tails(t)
        return LogTails(tails.lower, tails.value, tails.slope * rate)

    def _grid(self) -> Real:
        return self._point(self._table.grid())

    def _cdf_error(self, x: Real, value: Real) -> Real:
        return super()._cdf_error(x, value) + _ERROR

    def _pdf_error(self, x: Real, value: Real) -> Real:
        length = float(np.ptp(self._grid()))
        return super()._pdf_error(x, value) + np.where(value > 0.0, 200.0 * _ERROR / length + 1e-10 * value, 0.0)


@dataclass(frozen=True, init=False, repr=False)
class GaussianLargest(ExactExtremeLaw):
    """Exact law of the largest eigenvalue of the n × n GOE, GUE or GSE, on the package's scale (edge at 2).

    The smallest eigenvalue has the law of its negative, ``-GaussianLargest(beta, n)``.

    Parameters
    ----------
    beta : {1, 2, 4}
        Dyson index: ``goe()``, ``gue()``, ``gse()``.
    n : int
        Number of (distinct) eigenvalues, 1 <= n <= 400.

    Raises
    ------
    TypeError
        If n is no integer.
    ValueError
        If beta is another number, or n is out of range.

    Notes
    -----
    A Fredholm determinant for beta = 2, ratios of Pfaffians for 1 and 4 (Mehta 2004), tabulated at the first
    evaluation: absolute errors of the cdf below 1e-12. Where a tail is below 1e-9 its logarithm continues as a
    straight line, which lies above it.

    Examples
    --------
    >>> from rmt.laws import GaussianLargest
    >>> round(GaussianLargest(beta=2, n=10).cdf(2.0), 12)
    0.971320437681
    """

    beta: Any
    n: int

    def __init__(self, beta: Any, n: int) -> None:
        object.__setattr__(self, "beta", check_classical_beta(beta, (1, 2, 4)))
        object.__setattr__(self, "n", check_size("n", n))

    @property
    def _table(self) -> TabulatedTails:
        return _gaussian_table(int(self.beta), self.n)

    def _variable(self, x: Real) -> tuple[Real, Real]:
        root = math.sqrt(self.n)
        return root * x, np.full_like(x, root)

    def _point(self, t: Real) -> Real:
        return t / math.sqrt(self.n)


class WishartExtreme(ExactExtremeLaw):
    """What the extremes of Wishart matrices have in common."""

    beta: Any
    n: int
    samples: Any

    def _set(self, beta: Any, n: Any, samples: Any) -> None:
        for name, value in zip(("beta", "n", "samples"), check_wishart(beta, n, samples), strict=True):
            object.__setattr__(self, name, value)

    @property
    def _sides(self) -> tuple[int, float]:
        """Number of eigenvalues that are not 0, and the other side of the data matrix."""
        return (self.n, float(self.samples)) if self.samples >= self.n else (int(self.samples), float(self.n))

    def _variable(self, x: Real) -> tuple[Real, Real]:
        return np.log(x * float(self.samples)), 1.0 / x

    def _point(self, t: Real) -> Real:
        return np.exp(t) / float(self.samples)


@dataclass(frozen=True, init=False, repr=False)
class WishartLargest(WishartExtreme):
    """Exact law of the largest eigenvalue of a Wishart matrix A A*/m, A n × m with Gaussian entries of variance 1.

    Parameters
    ----------
    beta : {1, 2, 4}
        Real, complex or quaternion.
    n : int
        Matrix dimension, >= 1; min(n, samples) <= 400 (150 for beta = 4).
    samples : int
        Number m of columns of A; not necessarily an integer for beta = 2.

    Raises
    ------
    TypeError
        If n is no integer, or samples no number.
    ValueError
        If beta is another number, or n or samples is out of range.

    Notes
    -----
    Methods and accuracy as for :class:`GaussianLargest`.

    Examples
    --------
    >>> from rmt.laws import WishartLargest
    >>> round(WishartLargest(beta=1, n=2, samples=4).sf(10 / 4), 12)
    0.133813827679
    """

    beta: Any
    n: int
    samples: Any

    def __init__(self, beta: Any, n: int, samples: Any) -> None:
        self._set(beta, n, samples)

    @property
    def _table(self) -> TabulatedTails:
        return _wishart_table(int(self.beta), *self._sides, True)

    def _intervals(self) -> tuple[Interval, ...]:
        short, long = self._sides
        return (Interval(0.0, math.inf, 0.5 * self.beta * short * long - 1.0, math.nan, 1.0),)


@dataclass(frozen=True, init=False, repr=False)
class WishartSmallest(WishartExtreme):
    """Exact law of the smallest eigenvalue of a Wishart matrix A A*/m with m >= n.

    For n = samples, beta = 2 it is exponential with mean 1/n²; for beta = 1 see Edelman (1988).

    Parameters
    ----------
    beta : {1, 2, 4}
        Real, complex or quaternion.
    n : int
        Matrix dimension, 1 <= n <= 400 (150 for beta = 4).
    samples : int
        Number m >= n of columns of A; not necessarily an integer for beta = 2.

    Raises
    ------
    TypeError
        If n is no integer, or samples no number.
    ValueError
        If beta is another number, n is out of range, or samples < n: then 0 is an eigenvalue.

    Notes
    -----
    Methods and accuracy as for :class:`GaussianLargest`; towards 0 the law continues as a power.

    Examples
    --------
    >>> from rmt.laws import WishartSmallest
    >>> round(WishartSmallest(beta=2, n=3, samples=3).sf(1 / 9), 12)  # exp(-1)
    0.367879441171
    """

    beta: Any
    n: int
    samples: Any

    def __init__(self, beta: Any, n: int, samples: Any) -> None:
        self._set(beta, n, samples)
        if self.samples < self.n:
            raise ValueError(
                f"samples must be >= n = {self.n}, got {samples!r}: with fewer samples the smallest eigenvalue is "
                "exactly 0; for the smallest one that is not, exchange n and samples"
            )

    @property
    def _table(self) -> TabulatedTails:
        return _wishart_table(int(self.beta), *self._sides, False)

    def _intervals(self) -> tuple[Interval, ...]:
        power = 0.5 * self.beta * (float(self.samples) - self.n + 1.0) - 1.0
        return (Interval(0.0, math.inf, power, math.nan, 1.0),)

    def _stretch(self) -> Interval:
        return Interval(0.0, float(self._grid()[-1]), self._intervals()[0].low_exponent, 0.0, 1.0)


# ---------------------------------------------------------------------- tables
@lru_cache(maxsize=64)
def _gaussian_table(beta: int, n: int) -> TabulatedTails:
    tails = gaussian_largest(beta, n)
    return tabulate(lambda y: _lower_first(tails(y)), 2.0 * math.sqrt(n) - n ** (-1.0 / 6.0), n ** (-1.0 / 6.0))


@lru_cache(maxsize=64)
def _wishart_table(beta: int, n: int, m: float, largest: bool) -> TabulatedTails:
    roots, spread = math.sqrt(m) + math.sqrt(n), 1.0 / math.sqrt(m) + 1.0 / math.sqrt(n)
    if largest:
        width = spread ** (1.0 / 3.0) / roots
        tails = wishart_largest(beta, n, m)
        return tabulate(
            lambda t: _lower_first(tails(math.exp(t))), 2.0 * math.log(roots) - width, width, logarithmic=True
        )
    tails = wishart_smallest(beta, n, m)
    # the harmonic mean of the squares of a soft and of a hard edge
    gap = math.sqrt(m) - math.sqrt(n)
    low = gap * gap + 1.0 / (n + 0.5 * (m - n))
    step = min(1.0, (1.0 / math.sqrt(n) - 1.0 / math.sqrt(m)) ** (1.0 / 3.0) / max(gap, 1e-3)) if gap > 0.0 else 1.0

    def at(t: float) -> tuple[float, float]:
        found = tails(math.exp(t))
        return found.log_occupied, found.log_empty

    return tabulate(at, math.log(low), step, logarithmic=True)


def _lower_first(tails: Tails) -> tuple[float, float]:
    return tails.log_empty, tails.log_occupied


# ---------------------------------------------------------------------- checks
def check_classical_beta(beta: Any, accepted: tuple[int, ...]) -> int:
    """Return beta if it is one of the accepted Dyson indices."""
    index = check_real("beta", beta, above=0.0)
    if index not in accepted:
        names = ", ".join(map(str, accepted[:-1])) + f" or {accepted[-1]}"
        raise ValueError(f"beta must be {names} for an exact law at finite n, got {beta!r}")
    return int(index)


def check_size(name: str, n: Any) -> int:
    """Return n if the exact laws can be computed for it."""
    size = check_count(name, n)
    if size > LARGEST_N:
        raise ValueError(
            f"{name} must be at most {LARGEST_N} for an exact law, got {size}; "
            "largest_law(n) of an ensemble gives the limit with its second-order term"
        )
    return size


def check_wishart(beta: Any, n: Any, samples: Any) -> tuple[int, int, Any]:
    """Return the parameters of a Wishart matrix if its exact laws can be computed."""
    index, size = check_classical_beta(beta, (1, 2, 4)), check_size("n", n)
    count = check_real("samples", samples, above=0.0)
    if index == 4 and min(size, count) > LARGEST_QUATERNION:
        raise ValueError(
            f"n must be at most {LARGEST_QUATERNION} for an exact law with beta = 4, got {size}; largest_law(n) of "
            "laguerre(4, ratio) gives the limit with its second-order term"
        )
    if index != 2 or count < size:
        count = check_count("samples", int(count) if count == int(count) else count)
    return index, size, count
