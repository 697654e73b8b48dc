"""The noise level of a covariance spectrum: a Marchenko-Pastur law fitted to its bulk, spikes set aside."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.data.chebyshev_statistics import expectation_rule, misfit, polynomials, universal
from rmt.data.observations import check_eigenvalues, check_samples
from rmt.data.spike_map import spike_value
from rmt.errors import ConvergenceError, check_real
from rmt.laws.edges.soft_edge import SoftEdge, wishart_soft_edge
from rmt.laws.edges.tracy_widom import TracyWidom
from rmt.laws.law import Law
from rmt.laws.named.marchenko_pastur import MarchenkoPastur

Real = NDArray[np.float64]

#: rounds of fitting and setting spikes aside, and of the noise level inside one
_ROUNDS, _STEPS = 50, 200
#: Chebyshev statistics of the goodness of fit; at least so many eigenvalues for each
_ORDER, _PER_STATISTIC = 8, 4
#: below this ratio of the short to the long side the lower edge is soft
_SOFT = 0.8


@dataclass(frozen=True, eq=False)
class NoiseFit:
    """A noise level with its spikes; made by :func:`fit_marchenko_pastur`.

    Attributes
    ----------
    variance, variance_error : float
        Noise variance σ² and its standard error. The trace of a correlation matrix is fixed: without spikes its σ² is
        1, and the error 0.
    ratio, ratio_error : float
        Dimension over samples, and its standard error: 0 where it was given.
    samples : float
        Number of samples m, given or estimated; its relative error is that of the ratio.
    dimension : int
        Number of eigenvalues, zeros included.
    spikes : ndarray
        Eigenvalues above the noise, descending.
    low_spikes : ndarray
        Eigenvalues below the noise, ascending: nearly collinear variables.
    bulk : ndarray
        The others, ascending, those that are exactly 0 left out.
    edge : float
        Largest value that was taken for noise.
    chi_square, degrees : float, int
        Misfit of the bulk in smooth statistics that eigenvalues of noise follow, parameters fitted; degrees is 0 where
        there are too few eigenvalues for a judgement.
    distance : float
        Largest distance between the distribution functions of bulk and law. Not to be looked up in tables of
        Kolmogorov's law: eigenvalues are rigid, and noise gives distances of order log(n)/n.
    beta : float
    correlation : bool

    Examples
    --------
    >>> import rmt
    >>> from rmt.data import fit_marchenko_pastur
    >>> found = fit_marchenko_pastur(rmt.wishart(ratio=0.5).eigenvalues(200, rng=0), samples=400)
    >>> abs(found.variance - 1) < 5 * found.variance_error, len(found.spikes)
    (True, 0)
    >>> sorted(found.as_dict())[:3]
    ['chi_square', 'correlation', 'degrees']
    """

    variance: float
    variance_error: float
    ratio: float
    ratio_error: float
    samples: float
    dimension: int
    spikes: Real
    low_spikes: Real
    bulk: Real
    edge: float
    chi_square: float
    degrees: int
    distance: float
    beta: float
    correlation: bool
    _shape: Law

    @property
    def law(self) -> Law:
        """Limit law of the noise."""
        return self._shape * self.variance

    @property
    def count(self) -> int:
        """Number of spikes above the noise."""
        return int(self.spikes.size)

    @property
    def p_value(self) -> float | None:
        """Chance of a larger misfit under noise; None where there are too few eigenvalues."""
        if self.degrees < 1:
            return None
        from scipy.special import gammaincc

        return float(gammaincc(0.5 * self.degrees, 0.5 * self.chi_square))

    def __str__(self) -> str:
        judged = "too few eigenvalues to judge" if self.p_value is None else f"p = {self.p_value:.3g}"
        rows = [
            ("variance", f"{self.variance:.6g} ± {self.variance_error:.2g}"),
            ("ratio", f"{self.ratio:.6g}" + (f" ± {self.ratio_error:.2g}" if self.ratio_error else " (given)")),
            ("samples", f"{self.samples:.6g}"),
            ("spikes", f"{self.count}" + "".join(f", {x:.5g}" for x in self.spikes[:8])),
            ("below", f"{self.low_spikes.size}"),
            ("edge", f"{self.edge:.6g}"),
            ("fit", f"{judged}; largest distance {self.distance:.3g}"),
        ]
        return "\n".join(f"{name:<10}{text}" for name, text in rows)

    def as_dict(self) -> dict[str, Any]:
        """Every number, as built-in types that JSON can hold.

        Returns
        -------
        dict
        """
        return {
            "variance": self.variance,
            "variance_error": self.variance_error,
            "ratio": self.ratio,
            "ratio_error": self.ratio_error,
            "samples": self.samples,
            "dimension": self.dimension,
            "spikes": self.spikes.tolist(),
            "low_spikes": self.low_spikes.tolist(),
            "edge": self.edge,
            "chi_square": self.chi_square,
            "degrees": self.degrees,
            "p_value": self.p_value,
            "distance": self.distance,
            "correlation": self.correlation,
        }


def fit_marchenko_pastur(
    eigenvalues: ArrayLike,
    ratio: Any = None,
    *,
    samples: Any = None,
    correlation: bool = False,
    temporal: Any = None,
    beta: Any = 1,
    false_alarm: float = 1e-3,
) -> NoiseFit:
    """Fit the noise of a sample covariance matrix: its variance, the ratio if unknown, the number of spikes.

    The bulk beside k strong spikes is that of a Wishart matrix of n − k variables and m − k samples. Its variance and
    its number of samples are those of greatest likelihood: Σλ and Σ log λ are sufficient and the two estimates
    uncorrelated. The pull of the spikes on the bulk, −(σ²c/(n − k)) Σ ℓ/(ℓ − σ²), is taken out (Passemier and Yao
    2012). Spikes are what lies above the 1 − `false_alarm` quantile of the largest eigenvalue of such noise; fit and
    count are repeated until they agree.

    Parameters
    ----------
    eigenvalues : array_like of float
        All n eigenvalues of one covariance matrix, zeros included. From a data matrix: :func:`sample_spectrum`.
    ratio : real, optional
        Dimension over samples, n/m. Centring costs a sample: m is the number of observations less one.
    samples : real, optional
        The number m, in place of the ratio. Without either m is estimated, to about m √(2/(−log(1 − c) − c))/n; where
        zeros show that n > m it is the rank.
    correlation : bool
        Whether the matrix is a correlation matrix, of trace n. Then σ² is what the spikes leave of the trace, and its
        error that of the spikes (an upper bound).
    temporal : real in (−1, 1), array_like or Law, optional
        Correlation in time, as for :func:`rmt.sample_covariance`; needs the ratio, and beta 1.
    beta : real
        Dyson index: 1 real, 2 complex data.
    false_alarm : float
        Chance that the largest eigenvalue of noise counts as a spike.

    Returns
    -------
    NoiseFit

    Raises
    ------
    TypeError
        If a number is none.
    ValueError
        If the eigenvalues are not those of a covariance matrix, are all equal, or fewer than 3 of them are left as
        noise; if a correlation matrix has another trace; if a parameter is out of range.
    ConvergenceError
        If counting and fitting do not agree in the end.

    Notes
    -----
    Data with heavy tails (no fourth moment), or with correlations that are no few spikes, have other bulks; then the
    p-value is small. With `temporal` the edge is set apart by its own width, and there is no p-value.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.data import fit_marchenko_pastur
    >>> X = np.random.default_rng(0).normal(size=(400, 100)) * np.sqrt(2)
    >>> X[:, 0] *= 5
    >>> found = fit_marchenko_pastur(np.linalg.eigvalsh(X.T @ X / 400), ratio=0.25)
    >>> found.count, abs(found.variance - 2) < 4 * found.variance_error
    (1, True)
    """
    values = check_eigenvalues("eigenvalues", eigenvalues, least=4)
    index = float(check_real("beta", beta, above=0.0))
    level = float(check_real("false_alarm", false_alarm, above=0.0, below=0.5))
    given = check_samples(samples, ratio, values.size)
    if correlation and not abs(values.sum() / values.size - 1.0) < 1e-6:
        raise ValueError(
            f"a correlation matrix has the trace n = {values.size}, got eigenvalues of sum {float(values.sum()):.8g}; "
            "pass all of them, or correlation=False for a covariance matrix"
        )
    positive = values[values > 0.0]
    if positive[-1] - positive[0] <= 1e-9 * positive[-1]:
        raise ValueError(f"eigenvalues must not be all equal, got {positive.size} times {float(positive[-1])!r}")
    if given is None and positive.size < values.size:
        given = float(positive.size)
    if given is not None and positive.size > math.ceil(given) + 0.5:
        raise ValueError(
            f"with {given:g} samples at most {math.ceil(given)} eigenvalues are not 0, got {positive.size}; is the "
            "ratio dimension/samples, not its inverse?"
        )
    if temporal is not None:
        return _fit_temporal(values, given, temporal, index, level, correlation)
    problem = _Problem(values, positive, index, level, given, correlation)
    return problem.result(*problem.converged())


class _Problem:
    """Eigenvalues, and what is asked of them."""

    def __init__(
        self, values: Real, positive: Real, beta: float, level: float, samples: float | None, correlation: bool
    ) -> None:
        self.dimension, self.positive = values.size, positive
        self.beta, self.level, self.given, self.correlation = beta, level, samples, correlation

    # ------------------------------------------------------------------ rounds
    def converged(self) -> tuple[int, int, float, float]:
        """Numbers of spikes above and below, σ² and m, that agree with each other."""
        samples, variance = self._start()
        high, low = self._count(0, 0, variance, samples)
        seen: dict[tuple[int, int], int] = {}
        for turn in range(_ROUNDS):
            variance, samples = self._estimate(high, low)
            found = self._count(high, low, variance, samples)
            if found == (high, low):
                return high, low, variance, samples
            if (
                found in seen and turn - seen[found] < 4
            ):  # two counts that lead to each other: an eigenvalue at the edge
                high, low = max(found, (high, low))
                return (high, low, *self._estimate(high, low))
            seen[found] = turn
            high, low = found
        raise ConvergenceError(
            "the number of spikes and the noise level do not agree after 50 rounds; pass the ratio, or a smaller "
            "false_alarm",
            residual=float(high + low),
        )

    def _start(self) -> tuple[float, float]:
        """m, and σ² from the median: half of the eigenvalues may be anything."""
        low, high = np.quantile(self.positive, [0.2, 0.6])
        if self.given is not None:
            ratio = self.dimension / self.given
        else:
            ratios, spreads = _spreads()
            ratio = float(np.exp(np.interp(math.log(high / low), spreads, np.log(ratios))))
            ratio = min(ratio, 1.0 - 0.5 / self.positive.size)
        zero = max(0.0, 1.0 - 1.0 / ratio)
        return self.dimension / ratio, float(high / MarchenkoPastur(ratio).ppf(zero + (1.0 - zero) * 0.6))

    def _count(self, high: int, low: int, variance: float, samples: float) -> tuple[int, int]:
        """Spikes above and below by the quantiles of the extreme eigenvalues of the noise that is left."""
        upper, lower = self._thresholds(high, low, variance, samples)
        return int((self.positive > upper).sum()), int((self.positive < lower).sum())

    def _thresholds(self, high: int, low: int, variance: float, samples: float) -> tuple[float, float]:
        short, long = self._sides(high + low, samples)
        scale = variance * long / samples
        upper = edge_quantile(wishart_soft_edge(self.beta, max(1, round(short)), long), self.level)
        lower = 0.0
        if short < _SOFT * long and short > 1.5:
            lower = edge_quantile(wishart_soft_edge(self.beta, round(short), long, smallest=True), self.level)
        return upper * scale, lower * scale

    def _sides(self, aside: int, samples: float) -> tuple[float, float]:
        """Short and long side of the Wishart matrix of the bulk."""
        short, long = sorted((float(self.dimension), samples))
        return max(1.0, short - aside), max(1.0, long - aside)

    # ------------------------------------------------------------------ one fit
    def bulk(self, high: int, low: int) -> Real:
        """The eigenvalues between the spikes."""
        left = self.positive[low : self.positive.size - high]
        if left.size < 3:
            raise ValueError(
                f"{high + low} of {self.positive.size} positive eigenvalues lie outside the noise, which leaves "
                f"{left.size} for a fit of it; at least 3 are needed. Is the ratio dimension/samples, not its inverse?"
            )
        return left

    def _estimate(self, high: int, low: int) -> tuple[float, float]:
        bulk = self.bulk(high, low)
        samples = self.given
        if samples is None:
            share = 1.0 if not self.correlation else (self.dimension - self.outside(high, low).sum()) / self.dimension
            samples = self._likely_samples(bulk, share) + high + low
        return self._variance(bulk, self.outside(high, low), samples), samples

    def outside(self, high: int, low: int) -> Real:
        """The spikes, those below first."""
        return np.concatenate([self.positive[:low], self.positive[self.positive.size - high :]])

    def _variance(self, bulk: Real, outside: Real, samples: float) -> float:
        """σ² (n − k − c Σ ℓ/(ℓ − σ²)) = Σ bulk, ℓ from the observed spikes."""
        ratio, total, rest = self.dimension / samples, float(bulk.sum()), self.dimension - outside.size
        variance = total / rest
        for _ in range(_STEPS):
            spikes = spike_value(outside / variance, ratio)
            pull = ratio * float((spikes / (spikes - 1.0)).sum())
            new = total / max(rest - pull, 0.1 * rest)
            if abs(new - variance) <= 1e-14 * variance:
                return new
            variance = new
        return variance

    def _likely_samples(self, bulk: Real, share: float) -> float:
        """Solve Σ_j ψ(β(m − j)/2) − n log(βm/2) = Σ log(λ/mean λ), for a correlation matrix with ψ for the log."""
        from scipy.optimize import brentq
        from scipy.special import psi

        size = bulk.size
        target = float(np.log(bulk / bulk.mean()).sum())
        j, half = np.arange(size), 0.5 * self.beta
        weight = share * share if self.correlation else 0.0

        def gap(log_excess: float) -> float:
            m = size - 1.0 + math.exp(log_excess)
            level = (1.0 - weight) * math.log(half * m) + weight * float(psi(half * m))
            return float(psi(half * (m - j)).sum()) - size * level - target

        ends = (math.log(1e-6), math.log(1e9 * size))
        if gap(ends[1]) < 0.0:
            raise ValueError("no finite number of samples explains eigenvalues so close to each other; pass the ratio")
        return size - 1.0 + math.exp(brentq(gap, *ends, xtol=1e-13))

    # ------------------------------------------------------------------ what is known in the end
    def result(self, high: int, low: int, variance: float, samples: float) -> NoiseFit:
        """Standard errors and goodness of fit."""
        bulk, outside = self.bulk(high, low), self.outside(high, low)
        short, long = self._sides(high + low, samples)
        ratio = self.dimension / samples
        scale = variance * long / samples
        shape = partial(_short_law, short / long)
        kappa = -2.0 / self.beta * variance**2 if self.correlation else 0.0
        chi, degrees = goodness(bulk, shape, scale, self.beta, kappa, free_ratio=self.given is None)
        spikes = self.positive[self.positive.size - high :][::-1]
        if self.correlation:
            error = _trace_error(outside, variance, ratio, samples, self.beta) / (self.dimension - outside.size)
        else:
            error = variance * math.sqrt(2.0 / (self.beta * short * long))
        return NoiseFit(
            variance=variance,
            variance_error=error,
            ratio=ratio,
            ratio_error=0.0 if self.given is not None else ratio / samples * self._samples_error(short, long, variance),
            samples=samples,
            dimension=self.dimension,
            spikes=spikes,
            low_spikes=self.positive[:low],
            bulk=bulk,
            edge=self._thresholds(high, low, variance, samples)[0],
            chi_square=chi,
            degrees=degrees,
            distance=_distance(bulk, shape(0.0), scale),
            beta=self.beta,
            correlation=self.correlation,
            _shape=MarchenkoPastur(ratio),
        )

    def _samples_error(self, short: float, long: float, variance: float) -> float:
        """Standard error of m from its Fisher information."""
        from scipy.special import polygamma

        half, j = 0.5 * self.beta, np.arange(round(short))
        terms = np.asarray(polygamma(1, half * (long - j)))
        weight = variance**2 if self.correlation else 0.0
        level = (1.0 - weight) / (half * long) + weight * float(polygamma(1, half * long))
        return 1.0 / math.sqrt(half * half * (float(terms.sum()) - j.size * level))


def edge_quantile(edge: SoftEdge, level: float) -> float:
    """Where the tail outside of an edge is this level, to the order of the law itself."""
    s, bend = _standard_quantile(float(edge.beta), level)
    s -= float(edge.stretch) * s * s + float(edge.bend) * bend
    centre, scale = float(edge.centre), float(edge.scale)
    return centre * math.exp(s * scale / centre) if edge.logarithmic else centre + s * scale


@lru_cache(maxsize=64)
def _standard_quantile(beta: float, level: float) -> tuple[float, float]:
    """The quantile of the Tracy-Widom law, and F″/F′ there."""
    law = TracyWidom(beta)
    s = float(law.ppf(1.0 - level))
    below, here, above = (float(law.pdf(s + h)) for h in (-1e-4, 0.0, 1e-4))
    return s, (above - below) / (2e-4 * here)


@lru_cache(maxsize=1)
def _spreads() -> tuple[Real, Real]:
    """Ratios from 1e-4 to 1, and the logarithm of the quotient of two quantiles of their laws."""
    ratios = np.concatenate([np.geomspace(1e-4, 0.9, 24), [0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1.0]])
    quantiles = np.array([MarchenkoPastur(float(c)).ppf(np.array([0.2, 0.6])) for c in ratios])
    return ratios, np.log(quantiles[:, 1] / quantiles[:, 0])


def _short_law(ratio: float, change: float) -> Law:
    """Marchenko-Pastur law with the logarithm of its ratio, below 1, changed."""
    return MarchenkoPastur(min(ratio * math.exp(change), 1.0))


def _trace_error(outside: Real, variance: float, ratio: float, samples: float, beta: float) -> float:
    """Standard error of the sum of spikes."""
    if outside.size == 0:
        return 0.0
    spikes = spike_value(outside / variance, ratio)
    slope = np.clip(1.0 - ratio / (spikes - 1.0) ** 2, 0.0, 1.0)
    return float(variance * math.sqrt(float((2.0 / (beta * samples) * spikes**2 * slope).sum())))


def goodness(
    bulk: Real, shape: Callable[[float], Law], scale: float, beta: float, kappa: float, *, free_ratio: bool
) -> tuple[float, int]:
    """χ² of Chebyshev statistics of the bulk, and its degrees of freedom, after a fit of scale (and ratio)."""
    order = min(_ORDER, bulk.size // _PER_STATISTIC)
    if order < 4:
        return 0.0, 0
    law = shape(0.0)
    low, high = (float(e) * scale for e in law._hull())
    if law.atoms:
        low = float(law.support[0].low) * scale
    step = 1e-4
    nodes, weights = expectation_rule(law)

    def means(x: Real, mass: Real) -> Real:
        return np.asarray(polynomials(x * scale, low, high, order) @ mass)

    here = means(nodes, weights)
    shift, variance = universal(order, beta, kappa)
    residual = polynomials(bulk, low, high, order).sum(axis=1) - bulk.size * here - shift
    directions = [(means(nodes * (1.0 + step), weights) - here) / step]
    if free_ratio:
        directions.append((here - means(*expectation_rule(shape(-step)))) / step)
    return misfit(residual, variance, bulk.size * np.array(directions).T)


def _distance(bulk: Real, law: Law, scale: float) -> float:
    level = np.asarray(law.cdf(bulk / scale))
    after = np.arange(1, bulk.size + 1) / bulk.size
    return float(max(np.abs(after - level).max(), np.abs(after - 1.0 / bulk.size - level).max()))


# ---------------------------------------------------------------------- noise that is correlated in time
def _fit_temporal(
    values: Real, samples: float | None, temporal: Any, beta: float, level: float, correlation: bool
) -> NoiseFit:
    """σ² from the trace of the bulk; spikes lie beyond the edge of the law by several of its widths."""
    from rmt.free.matrix_models import sample_covariance, temporal_law

    if samples is None:
        raise ValueError("with temporal correlations the ratio must be known: pass ratio= or samples=")
    if beta != 1.0:
        raise ValueError(f"temporal correlations are for real data, beta = 1, got beta = {beta:g}")
    size, ratio = values.size, values.size / samples
    law = sample_covariance([1.0], ratio, temporal=temporal)
    top = float(law._hull()[1])
    # mean distance of the largest eigenvalue from a soft edge is 1.77 of its widths, the quantile 1/n about 2.8
    width = (top - float(law.ppf(1.0 - 1.0 / size))) / 2.8
    reach = top + width * _standard_quantile(beta, level)[0]
    positive = values[values > 0.0]
    zero = max(0.0, 1.0 - positive.size / size)
    count, variance = 0, float(np.median(positive) / law.ppf(zero + 0.5 * (1.0 - zero)))
    for _ in range(_ROUNDS):
        found = int((values > reach * variance).sum())
        if size - found < 3:
            raise ValueError(f"{found} of {size} eigenvalues lie above the noise, which leaves too few for a fit of it")
        kept = values[: size - found]
        variance = float(kept.sum() / (size - found)) / (1.0 - ratio * found / size)
        if found == count:
            break
        count = found
    # mean of the squares of the eigenvalues of the covariance in time
    scalar = np.ndim(temporal) == 0 and not isinstance(temporal, Law)
    square = (1.0 + temporal**2) / (1.0 - temporal**2) if scalar else float(temporal_law(temporal).moment(2))
    bulk = values[(values > 0.0) & (values <= reach * variance)]
    return NoiseFit(
        variance=variance,
        variance_error=0.0 if correlation else variance * math.sqrt(2.0 * square / (size * samples)),
        ratio=ratio,
        ratio_error=0.0,
        samples=samples,
        dimension=size,
        spikes=values[size - count :][::-1],
        low_spikes=values[:0],
        bulk=bulk,
        edge=reach * variance,
        chi_square=0.0,
        degrees=0,
        distance=_distance(np.sort(values[: size - count]), law, variance),
        beta=beta,
        correlation=correlation,
        _shape=law,
    )
