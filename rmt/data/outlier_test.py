"""Is this eigenvalue outside the noise? Tests of one eigenvalue, and the number of components."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.data.observations import check_eigenvalues, check_observations, sample_spectrum
from rmt.errors import check_choice, check_count, check_generator, check_real
from rmt.laws.edges.soft_edge import wishart_soft_edge
from rmt.laws.law import Law

Real = NDArray[np.float64]

METHODS = ("auto", "exact", "second_order", "first_order", "uncorrected")
#: up to this short side the exact law is taken
LARGEST_EXACT = 200
#: above this number of entries the first correction for an estimated variance is good enough
_FEW = 2000.0
#: below this p-value the saddle point takes over; below the second one it is an upper bound
_TAIL, SMALLEST = 2e-3, 1e-9
#: points of the deconvolution, and the noise of the characteristic function of the exact law
_POINTS, _NOISE = 4096, 1e-9


@dataclass(frozen=True)
class OutlierTest:
    """Whether an eigenvalue is larger than those of noise; made by :func:`is_outlier`. True as a truth value if so.

    Attributes
    ----------
    eigenvalue : float
    statistic : float
        The eigenvalue over the noise variance, known or estimated, and over (m − k)/m.
    p_value : float
        Chance of a larger statistic under noise.
    level : float
        The eigenvalue is an outlier if the p-value is smaller.
    above : int
        Number k of larger eigenvalues, taken for components.
    dimension, samples : int, float
        Sizes of the noise: n − k and m − k.
    estimated : bool
        Whether the noise variance is estimated from the same eigenvalues.
    method : str
        Law that was taken: ``"exact"``, ``"second_order"``, ...

    Examples
    --------
    >>> import rmt
    >>> from rmt.data import is_outlier
    >>> values = rmt.wishart(ratio=0.5).eigenvalues(50, rng=0)
    >>> found = is_outlier(values.max(), values, samples=100)
    >>> bool(found), found.p_value > found.level
    (False, True)
    """

    eigenvalue: float
    statistic: float
    p_value: float
    level: float
    above: int
    dimension: int
    samples: float
    estimated: bool
    method: str

    @property
    def outlier(self) -> bool:
        """Whether the eigenvalue is taken for an outlier."""
        return self.p_value < self.level

    def __bool__(self) -> bool:
        return self.outlier


@dataclass(frozen=True)
class Components:
    """How many components a spectrum has, with the tests that said so.

    Attributes
    ----------
    count : int
        Number of components.
    p_values : tuple of float
        Of the first eigenvalue, the second, ... up to the first that is not an outlier.
    level : float

    Examples
    --------
    >>> import rmt
    >>> from rmt.data import number_of_components
    >>> values = rmt.wishart(ratio=0.5).eigenvalues(50, rng=0)
    >>> found = number_of_components([9.0, *values[:-1]], samples=100)
    >>> found.count, len(found.p_values), found.level
    (1, 2, 0.05)
    """

    count: int
    p_values: tuple[float, ...]
    level: float


def is_outlier(
    eigenvalue: Any,
    eigenvalues: ArrayLike | None = None,
    *,
    samples: Any,
    dimension: int | None = None,
    variance: Any = None,
    beta: Any = 1,
    level: float = 0.05,
    method: str = "auto",
) -> OutlierTest:
    """Test whether an eigenvalue of a sample covariance matrix is larger than noise explains.

    The k eigenvalues above it are taken for components; the rest is the noise of n − k variables and m − k samples.
    With (n − k, m) a test of nominal 5 % rejects 1.9 % at n = 50, m = 100, k = 3.

    Parameters
    ----------
    eigenvalue : real
        The eigenvalue in question.
    eigenvalues : array_like of float, optional
        All of them: they estimate the noise variance and tell k. Needed without `variance`.
    samples : real
        Degrees of freedom m: observations, less one if the mean was taken away (:func:`sample_spectrum` counts).
    dimension : int, optional
        Number n of variables, where `eigenvalues` is not given; then k = 0.
    variance : real, optional
        Known noise variance. Otherwise it is the mean of the eigenvalues up to this one, which must be its largest; the
        law of the ratio is narrower than that of the eigenvalue, and without the correction p-values are wrong
        (Nadler 2011).
    beta : real
        Dyson index: 1 real, 2 complex data.
    level : float
        Probability with which the largest eigenvalue of noise is called an outlier.
    method : {"auto", "exact", "second_order", "first_order", "uncorrected"}
        Law of the largest eigenvalue. ``"auto"`` is exact up to a short side of 200, second order beyond
        (as ``largest_law`` of :func:`rmt.wishart`); with an estimated variance the exact law is freed of the
        fluctuation of the trace up to nm = 2000, and corrected by Nadler's term beyond. ``"uncorrected"`` leaves the
        correction out, to show its worth.

    Returns
    -------
    OutlierTest
        False as a truth value where noise explains the eigenvalue.

    Raises
    ------
    TypeError, ValueError
        If sizes or variance are missing or out of range, or the eigenvalue is not among `eigenvalues`.

    Notes
    -----
    The null hypothesis is independent Gaussian entries of one variance. Other entries with a fourth moment leave the
    law of the edge as it is for large n; heavy tails do not, and columns of different variance break it: standardise
    them. Error of the p-values: 1e-9 with known variance where exact, about 1e-3 with an estimated one, in its
    tail (below 2e-3) some per cent of the p-value, and 1e-9 stands for everything below; second order at a short side
    above 200 about 1e-4.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.data import is_outlier, sample_spectrum
    >>> X = np.random.default_rng(0).normal(size=(60, 20))
    >>> noise = sample_spectrum(X)
    >>> bool(is_outlier(noise.eigenvalues[-1], noise.eigenvalues, samples=noise.samples))
    False
    >>> X[:, 0] *= 3
    >>> found = sample_spectrum(X)
    >>> is_outlier(found.eigenvalues[-1], found.eigenvalues, samples=found.samples).p_value < 1e-6
    True
    """
    value = float(check_real("eigenvalue", eigenvalue, at_least=0.0))
    m = float(check_real("samples", samples, above=0.0))
    index = float(check_real("beta", beta, above=0.0))
    threshold = float(check_real("level", level, above=0.0, below=1.0))
    way = check_choice("method", method, METHODS)
    if eigenvalues is None:
        if variance is None or dimension is None:
            raise ValueError("pass all eigenvalues, or the noise variance= and the dimension= (number of variables)")
        size, above, rest = check_count("dimension", dimension), 0, None
    else:
        values = check_eigenvalues("eigenvalues", eigenvalues)
        size = values.size
        if dimension is not None and check_count("dimension", dimension) != size:
            raise ValueError(f"dimension must be the number of eigenvalues, {size}, got {dimension}")
        place = int(np.argmin(np.abs(values - value)))
        if abs(values[place] - value) > 1e-6 * values[-1]:
            raise ValueError(
                f"eigenvalue must be one of the eigenvalues, got {value!r}; the nearest is {float(values[place])!r}"
            )
        above, rest = size - 1 - place, values[: place + 1]
    n, freedom = size - above, m - above
    if not freedom > 1.0:
        raise ValueError(
            f"samples must exceed the number of larger eigenvalues, {above}, by more than 1, got {samples!r}"
        )
    estimated = variance is None
    if estimated:
        assert rest is not None
        if min(n, freedom) < 2.0:
            raise ValueError(
                f"one eigenvalue cannot be compared with its own mean: {above} of {size} are larger; pass the variance"
            )
        statistic = value / float(rest.mean())
    else:
        noise = float(check_real("variance", variance, above=0.0))
        statistic = value / noise * m / freedom
    p_value, taken = _p_value(statistic, index, n, freedom, estimated, way)
    return OutlierTest(value, statistic, p_value, threshold, above, n, freedom, estimated, taken)


def number_of_components(
    eigenvalues: ArrayLike,
    *,
    samples: Any,
    variance: Any = None,
    beta: Any = 1,
    level: float = 0.05,
    most: int | None = None,
    method: str = "auto",
) -> Components:
    """Number of components of a sample covariance matrix: the largest eigenvalues are tested one after the other.

    Eigenvalue k + 1 is tested by :func:`is_outlier` against noise of n − k variables and m − k samples, until one is
    no outlier.

    Parameters
    ----------
    eigenvalues : array_like of float
        All eigenvalues.
    samples, variance, beta, level
        As for :func:`is_outlier`.
    most : int, optional
        Stop after so many; by default half of the smaller of n and m.
    method
        As for :func:`is_outlier`.

    Returns
    -------
    Components

    Raises
    ------
    TypeError, ValueError
        As :func:`is_outlier`.

    Notes
    -----
    Known biases: after k true components the test is slightly conservative, more so next to weak ones (3.9 % for a
    nominal 5 % at n = 50, m = 100, k = 3 strong ones). Components below σ²(1 + √(n/m)) are never seen. With an
    estimated variance components not yet found enlarge it: a first component among several strong ones has a smaller
    statistic than it would have alone.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.data import number_of_components, sample_spectrum
    >>> X = np.random.default_rng(1).normal(size=(100, 50)) * np.r_[3, 4, 8, np.ones(47)]
    >>> number_of_components(sample_spectrum(X, centred=True).eigenvalues, samples=100).count
    3
    """
    values = check_eigenvalues("eigenvalues", eigenvalues)
    m = float(check_real("samples", samples, above=1.0))
    limit = int(min(values.size, m) // 2) if most is None else check_count("most", most)
    p_values: list[float] = []
    count = 0
    while count < limit and min(values.size - count, m - count) >= 2.0:
        # the eigenvalues down to this one, whatever ties there are
        rest = values[: values.size - count]
        left = m - count
        known = None if variance is None else float(check_real("variance", variance, above=0.0)) * left / m
        found = is_outlier(
            rest[-1],
            rest if known is None else None,
            samples=left,
            dimension=rest.size,
            variance=known,
            beta=beta,
            level=level,
            method=method,
        )
        p_values.append(found.p_value)
        if not found:
            break
        count += 1
    return Components(count, tuple(p_values), float(level))


def parallel_analysis(
    X: ArrayLike,
    *,
    permutations: int = 199,
    level: float = 0.05,
    centred: bool = False,
    correlation: bool = False,
    most: int | None = None,
    rng: Any = None,
) -> Components:
    """Number of components by permutation: the columns of X are shuffled, which leaves no common component.

    Horn (1965), with deflation (Dobriban and Owen 2019): a component that is found is taken out of the data before the
    next one is tested, because shuffled columns keep its variance and would hide weaker ones.

    Parameters
    ----------
    X : array_like, shape (observations, p)
        Observations in rows.
    permutations : int
        Number of shufflings; the smallest p-value is 1/(permutations + 1).
    level : float
        A component counts while its p-value is at most this, in (0, 1).
    centred, correlation
        As for :func:`sample_spectrum`.
    most : int, optional
        Stop after so many; by default half of the smaller side.
    rng : Generator, SeedSequence, int or None
        Source of randomness.

    Returns
    -------
    Components

    Raises
    ------
    TypeError, ValueError
        As :func:`sample_spectrum`.

    Notes
    -----
    Needs no Gaussian entries and no equal variances, but independent rows. Valid for the first component; later ones
    are approximate, because what deflation leaves has lost degrees of freedom.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.data import parallel_analysis
    >>> draw = np.random.default_rng(3)
    >>> X = draw.normal(size=(200, 30)) + draw.normal(size=(200, 1))
    >>> parallel_analysis(X, rng=0).count
    1
    """
    values, _ = check_observations("X", X)
    trials, generator = check_count("permutations", permutations), check_generator(rng)
    check_real("level", level, above=0.0, below=1.0)
    spectrum = sample_spectrum(X, centred=centred, correlation=correlation)
    data = (values[:, spectrum.kept] - spectrum.location) / spectrum.scale
    limit = min(data.shape) // 2 if most is None else check_count("most", most)
    p_values: list[float] = []
    for count in range(limit):
        left, singular, right = np.linalg.svd(data, full_matrices=False)
        larger = sum(_largest(generator.permuted(data, axis=0)) >= singular[0] for _ in range(trials))
        p_values.append((larger + 1) / (trials + 1))
        if not p_values[-1] < level:
            return Components(count, tuple(p_values), float(level))
        data = data - singular[0] * np.outer(left[:, 0], right[0])
    return Components(limit, tuple(p_values), float(level))


def _largest(data: Real) -> float:
    """Largest singular value."""
    small = data @ data.T if data.shape[0] < data.shape[1] else data.T @ data
    return math.sqrt(max(float(np.linalg.eigvalsh(small)[-1]), 0.0))


# ---------------------------------------------------------------------- the laws
def _p_value(statistic: float, beta: float, n: int, samples: float, estimated: bool, method: str) -> tuple[float, str]:
    """Sf of the statistic for a Wishart matrix of these sizes, and the law that was taken."""
    short, long = sorted((float(n), samples))
    known = (beta == 1.0 and samples == int(samples)) or (beta == 2.0 and (samples >= n or samples == int(samples)))
    exact = method == "exact" or (method in ("auto", "uncorrected") and known and short <= LARGEST_EXACT)
    if exact:
        from rmt.laws.finite.extreme_laws import WishartLargest

        law: Law = WishartLargest(int(beta), n, int(samples) if samples == int(samples) else samples)
        if not estimated or method == "uncorrected":
            return float(law.sf(statistic)), "exact"
        if short == 2.0:
            return _two(statistic, beta, long), "exact"
        if n * samples <= _FEW:
            return _ratio_law(law, 0.5 * beta * n * samples, statistic, short), "exact"
    order = "first_order" if method == "first_order" else "second_order"
    edge = wishart_soft_edge(beta, n, samples, order, estimated_variance=estimated and method != "uncorrected")
    return float(edge.sf(statistic)), order


def _two(statistic: float, beta: float, long: float) -> float:
    """Closed form for two eigenvalues: (λ₁ − λ₂)/(λ₁ + λ₂) has the density r^β (1 − r²)^(β(m − 1)/2 − 1)."""
    from scipy.special import betainc

    r = min(max(statistic - 1.0, 0.0), 1.0)
    return float(1.0 - betainc(0.5 * (beta + 1.0), 0.5 * beta * (long - 1.0), r * r))


def _ratio_law(law: Law, freedom: float, statistic: float, short: float) -> float:
    """P(λ₁/mean > t): log λ₁ = log T + log s with s = mean, independent of T, of the Gamma law of this freedom."""
    if statistic >= short:
        return 0.0
    if statistic <= 1.0:
        return 1.0
    points, survival, density = _ratio_table(law, freedom)
    p_value = float(np.interp(math.log(statistic), points, survival))
    return p_value if p_value > _TAIL else min(_TAIL, _ratio_tail(points, density, freedom, math.log(statistic)))


def _ratio_tail(x: Real, density: Real, freedom: float, target: float) -> float:
    """The far tail by its saddle point (Lugannani and Rice 1980): log E T^θ = log E λ^θ − log E s^θ."""
    from scipy.optimize import brentq
    from scipy.special import erfc, gammaln, polygamma, psi

    kept = density > 0.0
    x, mass = x[kept], density[kept] / density.sum()

    def tilted(theta: float) -> tuple[float, float, float]:
        log_weight = np.log(mass) + theta * x
        top = float(log_weight.max())
        weight = np.exp(log_weight - top)
        total = float(weight.sum())
        mean = float(weight @ x) / total
        spread = float(weight @ (x - mean) ** 2) / total
        value = top + math.log(total) - float(gammaln(freedom + theta) - gammaln(freedom)) + theta * math.log(freedom)
        slope = mean - float(psi(freedom + theta)) + math.log(freedom)
        return value, slope, max(spread - float(polygamma(1, freedom + theta)), 1e-12)

    steepest = 1.0
    while steepest < 1e6 and tilted(2.0 * steepest)[1] > tilted(steepest)[1] and tilted(steepest)[1] < target:
        steepest *= 2.0
    if not tilted(steepest)[1] > target:
        return SMALLEST
    theta = float(brentq(lambda u: tilted(u)[1] - target, 0.0, steepest))
    value, _, curvature = tilted(theta)
    w, u = math.sqrt(max(2.0 * (theta * target - value), 1e-12)), theta * math.sqrt(curvature)
    tail = 0.5 * float(erfc(w / math.sqrt(2.0))) + math.exp(-0.5 * w * w) / math.sqrt(2.0 * math.pi) * (
        1.0 / u - 1.0 / w
    )
    return max(tail, SMALLEST)


@lru_cache(maxsize=64)
def _ratio_table(law: Law, freedom: float) -> tuple[Real, Real, Real]:
    """Survival function of log T on a grid, by division of characteristic functions, and the density of log λ₁."""
    from scipy.special import loggamma

    low, high = np.log(law.ppf(np.array([1e-9, 1.0 - 1e-9])))
    centre, reach = 0.5 * (low + high), max(high - low, 1e-6)
    step = 2.0 * reach / _POINTS
    x = centre + step * (np.arange(_POINTS) - _POINTS // 2)
    density = np.asarray(law.pdf(np.exp(x))) * np.exp(x)
    t = 2.0 * math.pi * np.fft.fftfreq(_POINTS, step)
    # E e^{it log λ}, and E e^{it log s} for s of the Gamma law with mean 1
    seen = step * np.fft.ifft(density) * _POINTS
    log_trace = loggamma(freedom + 1j * t) - loggamma(freedom) - 1j * t * math.log(freedom)
    # from where the data are below their noise nothing is known; the quotient fades out before
    half = np.abs(seen[: _POINTS // 2])
    first = int(np.argmax(half < _NOISE)) or _POINTS // 2
    fade = np.exp(-36.0 * np.minimum(np.abs(t) / t[first - 1], 1.0) ** 12)
    kept = np.abs(t) < t[first - 1]
    quotient = np.where(kept, seen * np.exp(-np.where(kept, log_trace, 0.0)) * fade, 0.0)
    found = np.fft.fft(quotient).real / (step * _POINTS)
    mass = np.cumsum(found) * step
    mass = (mass - 0.5 * found * step) / mass[-1]
    return x, np.clip(1.0 - np.maximum.accumulate(mass), 0.0, 1.0), density
