"""The largest or smallest eigenvalue at a soft edge: a Tracy-Widom law in place and scale, with its next term.

P(λ_max <= centre + scale s) = F_β(s) + stretch s² F_β′(s) + bend F_β″(s). The constants are those of the exact laws of
the Gaussian and Wishart ensembles, one formula for every beta: Bornemann (2024), proved for beta = 2; for beta = 1 the
centring is that of Johnstone and Ma (2012) and Ma (2012).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt.errors import check_choice, check_flag, check_real
from rmt.laws.edges.log_tails import LogTailLaw, LogTails
from rmt.laws.edges.tracy_widom import TracyWidom
from rmt.laws.law import Interval, Real

CENTRINGS = ("second_order", "first_order", "plain", "johnstone", "ma", "el_karoui")
#: step of the differences that give derivatives of the density, in units of the scale
_STEP = 5e-4
#: relative correction below which its logarithm continues as a straight line
_LARGEST_CUT = -0.3


@dataclass(frozen=True, init=False, repr=False)
class SoftEdge(LogTailLaw):
    """Tracy-Widom law in place and scale, with a term of next order.

    With s = (x − centre)/scale the cdf is F(s) + stretch s² F′(s) + bend F″(s), F that of ``TracyWidom(beta)``. A
    negative scale is for a smallest eigenvalue: then s grows downwards and this is the survival function. With
    ``logarithmic=True`` s = centre (log x − log centre)/scale. :meth:`rmt.Ensemble.largest_law` chooses the constants.

    Parameters
    ----------
    beta : real
        Dyson index, as for :class:`TracyWidom`.
    centre, scale : real
        Place and length; the centre is > 0 for ``logarithmic=True``, the scale is not 0.
    stretch, bend : real
        Coefficients of the next order; 0 leaves it out.
    logarithmic : bool
        Whether the logarithm of the eigenvalue is what follows the law.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number, or out of range.

    Notes
    -----
    Where the correction takes more than 30 % of a tail, far out, its logarithm continues linearly, so that the law
    stays one; the approximation says nothing about the tail there but its order of magnitude.

    Examples
    --------
    >>> import rmt
    >>> law = rmt.gue().largest_law(1000, method="first_order")
    >>> type(law).__name__, law.centre
    ('SoftEdge', 2.0)
    """

    beta: Any
    centre: Any
    scale: Any
    stretch: Any
    bend: Any
    logarithmic: bool

    def __init__(
        self, beta: Any, centre: Any, scale: Any, stretch: Any = 0, bend: Any = 0, logarithmic: bool = False
    ) -> None:
        object.__setattr__(self, "beta", TracyWidom(beta).beta)
        object.__setattr__(self, "logarithmic", check_flag("logarithmic", logarithmic))
        bounds = {"above": 0.0} if self.logarithmic else {}
        object.__setattr__(self, "centre", check_real("centre", centre, **bounds))
        object.__setattr__(self, "scale", check_real("scale", scale))
        if self.scale == 0:
            raise ValueError(f"scale must not be 0, got {scale!r}")
        object.__setattr__(self, "stretch", check_real("stretch", stretch))
        object.__setattr__(self, "bend", check_real("bend", bend))

    def _intervals(self) -> tuple[Interval, ...]:
        if self.logarithmic:  # vanishes faster than every power
            return (Interval(0.0, math.inf, math.inf, math.nan, 1.0),)
        return super()._intervals()

    def _standard(self, x: Real) -> tuple[Real, Real]:
        """The variable s, and its derivative."""
        centre, scale = float(self.centre), float(self.scale)
        if self.logarithmic:
            return np.asarray(centre / scale * np.log(x / centre)), centre / (scale * x)
        return (x - centre) / scale, np.full_like(x, 1.0 / scale)

    def _log_tails(self, x: Real) -> LogTails:
        s, rate = self._standard(x)
        value, slope, lower = self._corrected(s)
        return LogTails(lower == (self.scale > 0), value, slope * rate)

    def _corrected(self, s: Real) -> tuple[Real, Real, Any]:
        base = TracyWidom(self.beta)
        tails = base._log_tails(s)
        if self.stretch == 0 and self.bend == 0:
            return tails.value, tails.slope, tails.lower
        # densities in units of the tail at s
        here = np.abs(tails.slope)
        before, after = (self._relative_density(base, s + h, tails.value) for h in (-_STEP, _STEP))
        first, second = (after - before) / (2.0 * _STEP), (after - 2.0 * here + before) / _STEP**2
        stretch, bend = float(self.stretch), float(self.bend)
        sign = np.where(tails.lower, 1.0, -1.0)
        change = sign * (stretch * s * s * here + bend * first)
        growth = sign * (stretch * (2.0 * s * here + s * s * first) + bend * second) - change * tails.slope
        cut = change < _LARGEST_CUT
        inside = np.where(cut, 0.0, change)
        value = np.where(
            cut, math.log1p(_LARGEST_CUT) + (change - _LARGEST_CUT) / (1.0 + _LARGEST_CUT), np.log1p(inside)
        )
        return (
            tails.value + value,
            tails.slope + growth / np.where(cut, 1.0 + _LARGEST_CUT, 1.0 + inside),
            tails.lower,
        )

    @staticmethod
    def _relative_density(base: TracyWidom, s: Real, level: Real) -> Real:
        tails = base._log_tails(s)
        return np.asarray(np.exp(tails.value - level) * np.abs(tails.slope))

    def _grid(self) -> Real:
        s = TracyWidom(self.beta)._grid()
        s = s if self.scale > 0 else s[::-1]
        if self.logarithmic:
            return np.asarray(self.centre * np.exp(s * float(self.scale) / float(self.centre)))
        return float(self.centre) + float(self.scale) * s

    def _cdf_error(self, x: Real, value: Real) -> Real:
        s, _ = self._standard(np.where(self.logarithmic & (x <= 0.0), math.nan, x))
        base = TracyWidom(self.beta)
        inside = np.isfinite(s)
        out = np.zeros_like(x)
        out[inside] = base._cdf_error(s[inside], value[inside]) + 1e-9 * (abs(self.stretch) + abs(self.bend))
        return out + super()._cdf_error(x, value)

    def _pdf_error(self, x: Real, value: Real) -> Real:
        return super()._pdf_error(x, value) + np.where(
            np.isfinite(x), 1e-7 * value + 1e-9 * np.max(value, initial=0.0), 0.0
        )


# ---------------------------------------------------------------------- the constants of the ensembles
def gaussian_soft_edge(beta: Any, n: int, centring: str = "second_order") -> SoftEdge:
    """Law of the largest eigenvalue of the Gaussian ensemble of index beta.

    With n′ = n + 1/2 − 1/β: centre 2 √(n′/n), scale n′^(−1/6) n^(−1/2), next order n′^(−2/3) (s² F′/20 − 3F″/(20 β)).
    Largest error for s in [−4, 2] at n = 100: 3e-5 (beta 1), 4e-5 (2); of first order 2e-3 and 4e-3; ``"plain"``,
    2 + n^(−2/3) s, is off by 4e-2 for beta = 1.
    """
    check_choice("method", centring, ("second_order", "first_order", "plain"))
    shifted = n + 0.5 - 1.0 / float(beta)
    if centring == "plain":
        return SoftEdge(beta, 2, n ** (-2.0 / 3.0))
    if shifted <= 0.0:
        raise ValueError(
            f"n must be larger than 1/beta - 1/2 for the centring of beta = {beta!r}, got n = {n}; take method='plain'"
        )
    small = shifted ** (-2.0 / 3.0) if centring == "second_order" else 0.0
    return SoftEdge(
        beta,
        2.0 * math.sqrt(shifted / n),
        shifted ** (-1.0 / 6.0) / math.sqrt(n),
        0.05 * small,
        -0.15 / float(beta) * small,
    )


def wishart_soft_edge(
    beta: Any,
    n: int,
    samples: float,
    centring: str = "second_order",
    *,
    smallest: bool = False,
    estimated_variance: bool = False,
) -> SoftEdge:
    """Law of the largest or smallest eigenvalue of A A*/m at a soft edge, m = samples.

    With M = m + 1/2 − 1/β, P = n + 1/2 − 1/β: μ = (√M + √P)², σ = (√M + √P)(1/√M + 1/√P)^(1/3), and the next order is
    (σ/μ)((1/(5τ) − 2/5) s² F′ + (2/β)(1/10 − 3/(10τ)) F″), τ = 4 √(MP)/μ. The smallest eigenvalue has −√P for √P, and
    follows the law in its logarithm, with 1/(5τ) + 1/10 for 1/(5τ) − 2/5.

    ``"johnstone"`` is (m − 1, n) of Johnstone (2001), ``"ma"`` is first order with half shifts (Ma 2012), ``"plain"``
    is (m, n), ``"el_karoui"`` the combination of El Karoui (2006) for complex matrices: all for comparison with other
    software. Largest errors for s in [−4, 2], beta = 1: (n, m) = (40, 80) 7e-4, first order 1.4e-2.

    ``estimated_variance=True`` is for eigenvalues divided by their mean: it adds −(μ/σ)² F″/(βnm) (Nadler 2011).
    """
    check_choice("method", centring, CENTRINGS)
    index, short, long = float(beta), min(float(n), samples), max(float(n), samples)
    shift = 0.0 if centring == "plain" else 0.5 - 1.0 / index
    sign = -1.0 if smallest else 1.0
    if centring == "johnstone":
        large, small = samples - 1.0, float(n)
    else:
        large, small = long + shift, short + shift
    if not min(large, small) > 0.0:
        raise ValueError(f"n = {n} and samples = {samples:g} are too small for the centring {centring!r}")
    if smallest and not large > small:
        raise ValueError(
            f"samples must be larger than n for a soft lower edge, got n = {n} and samples = {samples:g}; at ratio 1 "
            "the lower edge is hard: BesselEdge"
        )
    if centring == "el_karoui":
        if smallest or beta != 2:
            raise ValueError(
                f"method 'el_karoui' is for the largest eigenvalue of complex matrices (beta = 2), got beta = {beta!r}"
            )
        mu, sigma = _el_karoui(long, short)
        return SoftEdge(beta, mu / samples, sigma / samples)
    mu, sigma, tau = _edge(large, small, sign)
    stretch = bend = 0.0
    if centring == "second_order":
        stretch = sigma / mu * (0.2 / tau + (0.1 if smallest else -0.4))
        bend = sigma / mu * 2.0 / index * (0.1 - 0.3 / tau)
    if estimated_variance:
        bend -= (mu / sigma) ** 2 / (index * n * samples)
    return SoftEdge(beta, mu / samples, sigma / samples, stretch, bend, logarithmic=smallest)


def _edge(large: float, small: float, sign: float) -> tuple[float, float, float]:
    """Place, scale and τ of an edge of A A*."""
    a, b = math.sqrt(large), sign * math.sqrt(small)
    width = a + b
    inverse = 1.0 / a + 1.0 / b
    sigma = width * math.copysign(abs(inverse) ** (1.0 / 3.0), inverse)
    return width * width, sigma, 4.0 * a * b / width**2


def _el_karoui(m: float, n: float) -> tuple[float, float]:
    """Centre and scale of El Karoui (2006), Theorem 2, for complex matrices."""
    mu1, sigma1, _ = _edge(m - 0.5, n + 0.5, 1.0)
    mu2, sigma2, _ = _edge(m + 0.5, n - 0.5, 1.0)
    gamma = mu1 * math.sqrt(sigma2) / (mu2 * math.sqrt(sigma1))
    mu = (1.0 / math.sqrt(sigma1) + 1.0 / math.sqrt(sigma2)) / (
        1.0 / (mu1 * math.sqrt(sigma1)) + 1.0 / (mu2 * math.sqrt(sigma2))
    )
    return mu, (1.0 + gamma) / (1.0 / sigma1 + gamma / sigma2)
