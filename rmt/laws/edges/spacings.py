"""Laws of the spacing of neighbouring levels in the bulk, in units of the mean spacing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from rmt.errors import check_count, check_real, check_reals
from rmt.laws.edges.chebyshev_pieces import ChebyshevPieces
from rmt.laws.edges.log_tails import LogTailLaw, LogTails
from rmt.laws.given.density import NumericLaw
from rmt.laws.law import Interval, Real, _evaluate

_WIDTH = 0.5
#: the first piece of the table that holds log(1 − F)
_SWITCH = 2
_NODES = 40
#: largest interval whose determinants are resolved, in mean spacings
_LONGEST = 30.0


@cache
def spacing_tables() -> dict[str, Real]:
    """The shipped tables of spacings and of their ratios."""
    with resources.files("rmt.laws.edges").joinpath("spacings.npz").open("rb") as file, np.load(file) as data:
        return {name: data[name] for name in data.files}


@dataclass(frozen=True, init=False, repr=False)
class GaudinSpacing(LogTailLaw):
    """Law of the spacing of neighbouring eigenvalues in the bulk, mean 1, in the limit n → ∞ (Gaudin 1961).

    The density is E_β″(0; s), the second derivative of the chance that an interval of length s is empty.
    :class:`WignerSurmise` is its approximation by 2 × 2 matrices.

    Parameters
    ----------
    beta : {1, 2, 4}
        Dyson index.

    Raises
    ------
    TypeError, ValueError
        If beta is no number, or another one.

    Notes
    -----
    Tabulated from Fredholm determinants of the sine kernel's even and odd parts (Mehta 2004) in 60 digits; relative
    accuracy 1e-13 in both tails down to probabilities of 1e-17. Beyond, the survival function continues by
    exp(−βπ²s²/16 + b s + c).

    Examples
    --------
    >>> from rmt.laws import GaudinSpacing
    >>> round(GaudinSpacing(2).pdf(1.0), 13)
    0.9029037895815
    """

    beta: Any

    def __init__(self, beta: Any = 2) -> None:
        object.__setattr__(self, "beta", _classical(beta))

    @property
    def _pieces(self) -> ChebyshevPieces:
        return ChebyshevPieces(0.0, _WIDTH, spacing_tables()[f"spacing{int(self.beta)}"])

    def _intervals(self) -> tuple[Interval, ...]:
        return (Interval(0.0, math.inf, float(self.beta), math.nan, 1.0),)

    def _stretch(self) -> Interval:
        return Interval(0.0, float(self._grid()[-1]), float(self.beta), 0.0, 1.0)

    def _grid(self) -> Real:
        return np.linspace(1e-6, 1.1 * self._pieces.high, 512)

    def _log_tails(self, x: Real) -> LogTails:
        pieces = self._pieces
        value, slope = pieces(np.minimum(x, pieces.high))
        lower = pieces.piece(x) < _SWITCH
        power = float(self.beta) + 1.0
        value = np.where(lower, value + power * np.log(x), value)
        slope = np.where(lower, slope + power / x, slope)
        beyond = x > pieces.high
        if beyond.any():
            end = pieces.high
            curvature = -self.beta * math.pi**2 / 16.0
            linear = slope[beyond] - 2.0 * curvature * end
            t = x[beyond]
            value[beyond] += curvature * (t**2 - end**2) + linear * (t - end)
            slope[beyond] = 2.0 * curvature * t + linear
        return LogTails(lower, value, slope)


@dataclass(frozen=True, init=False, repr=False)
class WignerSurmise(NumericLaw):
    """Wigner's surmise: density a s^β exp(−b s²) with mean 1, the spacing of 2 × 2 matrices (Wigner 1957).

    Within 1-2 % of :class:`GaudinSpacing` for beta = 1, 2, 4; a test with 10⁵ spacings tells them apart.

    Parameters
    ----------
    beta : real
        Dyson index, > 0.

    Raises
    ------
    TypeError, ValueError
        If beta is no number, or not > 0.

    Examples
    --------
    >>> import math
    >>> from rmt.laws import WignerSurmise
    >>> math.isclose(WignerSurmise(1).pdf(1.0), math.pi / 2 * math.exp(-math.pi / 4))
    True
    """

    beta: Any

    def __init__(self, beta: Any = 1) -> None:
        object.__setattr__(self, "beta", check_real("beta", beta, above=0.0))

    @property
    def _shape(self) -> float:
        return 0.5 * (float(self.beta) + 1.0)

    @property
    def _rate(self) -> float:
        return math.exp(2.0 * (math.lgamma(self._shape + 0.5) - math.lgamma(self._shape)))

    def _intervals(self) -> tuple[Interval, ...]:
        return (Interval(0.0, math.inf, float(self.beta), math.nan, 1.0),)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The half line [0, ∞)."""
        return self._intervals()

    def _density(self, x: Real) -> Real:
        log_constant = math.log(2.0) + self._shape * math.log(self._rate) - math.lgamma(self._shape)
        x = np.minimum(x, 1e100)
        with np.errstate(divide="ignore"):
            return np.asarray(np.exp(log_constant + float(self.beta) * np.log(x) - self._rate * x * x))

    def _cdf(self, x: Real) -> Real:
        from scipy.special import gammainc

        return np.asarray(gammainc(self._shape, self._rate * np.maximum(x, 0.0) ** 2))

    def _sf(self, x: Real) -> Real:
        from scipy.special import gammaincc

        return np.asarray(gammaincc(self._shape, self._rate * np.maximum(x, 0.0) ** 2))

    def _ppf(self, u: Real) -> Real:
        from scipy.special import gammainccinv, gammaincinv

        square = np.where(u < 0.5, gammaincinv(self._shape, u), gammainccinv(self._shape, 1.0 - u))
        return np.asarray(np.sqrt(square / self._rate))

    def _float_moments(self, order: int) -> list[float]:
        first, rate = self._shape, self._rate
        exact = [
            math.exp(math.lgamma(first + 0.5 * k) - math.lgamma(first) - 0.5 * k * math.log(rate))
            for k in range(order + 1)
        ]
        return [1.0, 1.0, *exact[2:]][: order + 1]


@dataclass(frozen=True, init=False, repr=False)
class PoissonSpacing(NumericLaw):
    """Law of the spacing of independent levels: exponential with mean 1.

    Examples
    --------
    >>> from rmt.laws import PoissonSpacing
    >>> PoissonSpacing().pdf(0.0)
    1.0
    """

    def __init__(self) -> None:
        pass

    def _intervals(self) -> tuple[Interval, ...]:
        return (Interval(0.0, math.inf, 0.0, math.nan, 1.0),)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The half line [0, ∞)."""
        return self._intervals()

    def _density(self, x: Real) -> Real:
        return np.exp(-x)

    def _cdf(self, x: Real) -> Real:
        return np.asarray(-np.expm1(-np.maximum(x, 0.0)))

    def _sf(self, x: Real) -> Real:
        return np.exp(-np.maximum(x, 0.0))

    def _ppf(self, u: Real) -> Real:
        return np.asarray(-np.log1p(-u))

    def _float_moments(self, order: int) -> list[float]:
        return [float(math.factorial(k)) for k in range(order + 1)]


@overload
def gap_probability(beta: Any, k: int, s: float) -> float: ...
@overload
def gap_probability(beta: Any, k: int, s: ArrayLike) -> Real: ...
def gap_probability(beta: Any, k: int, s: ArrayLike) -> float | Real:
    """Chance E_β(k; s) that an interval of length s, in mean spacings, holds exactly k levels of the bulk.

    Parameters
    ----------
    beta : {1, 2, 4}
        Dyson index.
    k : int
        Number of levels, >= 0.
    s : array_like of float
        Lengths, between 0 and 30 (15 for beta = 4).

    Returns
    -------
    float or ndarray
        To 1e-13 absolute; for beta = 1 and k > 0 by differences.

    Raises
    ------
    TypeError, ValueError
        If an argument is no number, or out of range.

    Notes
    -----
    The levels of an interval in the even and odd parts of the sine kernel are independent signs with the eigenvalues
    of the kernels as chances; E_1 and E_4 combine their counts (Mehta 2004, chapter 20).

    Examples
    --------
    >>> from rmt.laws import gap_probability
    >>> round(gap_probability(2, 0, 1.0), 12)
    0.170217421379
    """
    index, count = _classical(beta), check_count("k", k, minimum=0)
    longest = _LONGEST / (2.0 if index == 4 else 1.0)
    lengths = check_reals("s", s)
    bad = (lengths < 0.0) | (lengths > longest)
    if bad.any():
        raise ValueError(f"s must lie in [0, {longest:g}] mean spacings, got {float(lengths[bad].flat[0])!r}")
    value: float | Real = _evaluate(s, lambda x: np.array([_gap(index, count, float(t)) for t in x]))
    return value


def _gap(beta: int, k: int, s: float) -> float:
    even, odd = (_counts(sign, 2.0 * s if beta == 4 else s, k + 1) for sign in (1.0, -1.0))
    if beta == 2:
        return float(even[: k + 1] @ odd[k::-1])
    if beta == 4:
        return float(0.5 * (even[k] + odd[k]))
    # E+(j) = E1(2j) + E1(2j − 1), E−(j) = E1(2j) + E1(2j + 1)
    value = even[0]
    for j in range(1, k + 1):
        value = odd[j // 2] - value if j % 2 else even[j // 2] - value
    return float(value)


def _counts(sign: float, s: float, count: int) -> Real:
    """Chances of 0, ..., count levels in (0, s/2) of the process with kernel sinc(x − y) ± sinc(x + y)."""
    x, w = np.polynomial.legendre.leggauss(_NODES)
    x, root = 0.25 * s * (1.0 + x), np.sqrt(0.25 * s * w)
    kernel = root[:, None] * (np.sinc(x[:, None] - x) + sign * np.sinc(x[:, None] + x)) * root
    chances = np.zeros(count + 1)
    chances[0] = 1.0
    for share in np.clip(np.linalg.eigvalsh(kernel), 0.0, 1.0):
        chances[1:] = chances[1:] * (1.0 - share) + chances[:-1] * share
        chances[0] *= 1.0 - share
    return chances


def _classical(beta: Any) -> int:
    index = check_real("beta", beta, above=0.0)
    if index not in (1, 2, 4):
        raise ValueError(f"beta must be 1, 2 or 4, got {beta!r}; for any beta > 0 there is WignerSurmise(beta)")
    return int(index)
