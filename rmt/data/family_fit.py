"""Any family of laws fitted to the eigenvalues of one matrix, by linear statistics and their covariance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.data.chebyshev_statistics import expectation_rule, misfit, polynomials, universal
from rmt.data.observations import without_rounding
from rmt.data.shrinkers import count_isolated
from rmt.errors import (
    ConvergenceError,
    check_choice,
    check_count,
    check_generator,
    check_real,
    check_reals,
    rounding_unit,
)
from rmt.laws.law import Law
from rmt.numerics.randomness.spawning import spawned

Real = NDArray[np.float64]

#: passes, each with its own interval and outliers; halvings of a step
_PASSES, _HALVINGS = 30, 30
#: from this pass on interval and outliers stay, where they change and change back
_FROZEN = 8
#: relative step of derivatives, and what counts as no change, in standard errors
_STEP, _SMALL = 1e-4, 1e-3
#: an eigenvalue this many times the distance of the quantile 1/n from an edge beyond it is an outlier
_REACH = 1.6
#: points on the circle around the support
_POINTS = 256


@dataclass(frozen=True, eq=False)
class FittedLaw:
    """A member of a family of laws, with its errors; made by :func:`fit`.

    Attributes
    ----------
    law : Law
    parameters : ndarray
    errors : ndarray or None
        Standard errors; None where the covariance of the statistics is not known (several intervals, no simulation).
    covariance : ndarray or None
        Of the parameters.
    outliers : ndarray
        Eigenvalues that were set aside, ascending.
    chi_square, degrees : float, int
        Misfit of the statistics, and its degrees of freedom; degrees is 0 where `errors` is None.

    Examples
    --------
    >>> import rmt
    >>> from rmt.data import fit
    >>> found = fit(lambda m, s: rmt.Semicircle(m, s**2), (3 + 2 * rmt.goe()).eigenvalues(60, rng=0), [0.0, 1.0])
    >>> found.parameters.shape, found.errors.shape, found.degrees > 0
    ((2,), (2,), True)
    """

    law: Law
    parameters: Real
    errors: Real | None
    covariance: Real | None
    outliers: Real
    chi_square: float
    degrees: int

    @property
    def p_value(self) -> float | None:
        """Chance of a larger misfit if a law of the family is right; None where it is not known."""
        if self.degrees < 1:
            return None
        from scipy.special import gammaincc

        return float(gammaincc(0.5 * self.degrees, 0.5 * self.chi_square))


def fit(
    family: Callable[..., Law],
    eigenvalues: ArrayLike,
    start: Sequence[float] | Mapping[str, float],
    *,
    beta: Any = 1,
    order: int | None = None,
    spikes: str = "auto",
    simulate: Callable[..., ArrayLike] | None = None,
    draws: int = 100,
    rng: Any = None,
) -> FittedLaw:
    """Fit a family of laws to the eigenvalues of one matrix.

    The sums Σ T_k of Chebyshev polynomials over the support are compared with n ∫ T_k dμ, weighted by the inverse of
    their covariance, k/(2β) on the diagonal. Eigenvalues repel: the errors are of order 1/n, not 1/√n, and a likelihood
    of independent draws would be wrong.

    Parameters
    ----------
    family : callable
        Law as a function of its parameters, ``lambda c, s: boxplus(MarchenkoPastur(c), Semicircle(0, s))``; raises
        ValueError outside their range.
    eigenvalues : array_like of float
        All eigenvalues of one matrix; exact zeros are set aside where the law has an atom at 0.
    start : sequence or mapping of float
        Where the search begins; a mapping gives the parameters by name.
    beta : real
        Dyson index.
    order : int, optional
        Number of statistics; by default max(6, twice the parameters and two), fewer for few eigenvalues.
    spikes : {"auto", "additive", "multiplicative"}
        How outliers came about, for their pull on the bulk. ``"auto"``: multiplicative for laws on [0, ∞).
    simulate : callable, optional
        ``simulate(rng, *parameters)`` draws the eigenvalues of a matrix of this size. Then the mean shift and the
        covariance of the statistics are measured: the formulas above are exact for Wigner and Wishart matrices (and
        other invariant ensembles with one interval), and near the truth for sums and products of such.
    draws : int
        Number of simulated matrices, at least twice the number of statistics.
    rng : Generator, SeedSequence, int or None
        For `simulate`.

    Returns
    -------
    FittedLaw

    Raises
    ------
    TypeError
        If the family gives no law.
    ValueError
        If the eigenvalues are not finite numbers, too few for the parameters, or the support is unbounded.
    ConvergenceError
        If the search does not settle.

    Examples
    --------
    >>> import rmt
    >>> from rmt.data import fit
    >>> values = (3 + 2 * rmt.goe()).eigenvalues(300, rng=0)
    >>> found = fit(lambda m, s: rmt.Semicircle(m, s**2), values, [0.0, 1.0])
    >>> bool((abs(found.parameters - [3, 2]) < 4 * found.errors).all())
    True
    """
    values = check_reals("eigenvalues", eigenvalues)
    if values.ndim != 1 or values.size < 4 or not np.isfinite(values).all():
        raise ValueError(
            f"eigenvalues must be at least 4 finite numbers on one axis, got the shape {values.shape} with "
            f"{int(values.size - np.isfinite(values).sum())} NaN or infinite"
        )
    if not callable(family):
        raise TypeError(f"family must be a function that returns a law, got {family!r}")
    names = list(start) if isinstance(start, Mapping) else None
    theta = check_reals("start", list(start.values()) if isinstance(start, Mapping) else list(start))
    if theta.size == 0:
        raise ValueError("start must hold at least one parameter")
    count = max(6, 2 * theta.size + 2) if order is None else check_count("order", order, minimum=theta.size)
    count = min(count, values.size // 3)
    if count < theta.size:
        raise ValueError(f"{values.size} eigenvalues are too few for {theta.size} parameters")
    if simulate is not None:
        check_count("draws", draws, minimum=2 * count)
    problem = _Problem(
        family=family,
        names=names,
        values=np.sort(without_rounding(values, rounding_unit(eigenvalues), values.size)),
        beta=float(check_real("beta", beta, above=0.0)),
        order=count,
        spikes=check_choice("spikes", spikes, ("auto", "additive", "multiplicative")),
    )
    theta = problem.search(theta)
    if simulate is None:
        return problem.result(theta, None)
    streams = spawned(check_generator(rng), draws)
    return problem.result(theta, [check_reals("simulate", simulate(s, *theta)).ravel() for s in streams])


@dataclass
class _Problem:
    family: Callable[..., Law]
    names: list[str] | None
    values: Real
    beta: float
    order: int
    spikes: str

    def law(self, theta: Real) -> Law:
        """Return the member of the family, checked."""
        numbers = [float(t) for t in theta]
        law = (
            self.family(*numbers) if self.names is None else self.family(**dict(zip(self.names, numbers, strict=True)))
        )
        if not isinstance(law, Law):
            raise TypeError(f"family must return a Law, got {law!r} of type {type(law).__name__}")
        if not all(map(math.isfinite, law._hull())):
            raise ValueError(f"a fit by polynomials needs laws with bounded support, got {law!r}")
        return law

    # ------------------------------------------------------------------ what is compared
    def data(self, law: Law) -> Real:
        """The eigenvalues that belong to the continuous part."""
        return self.values[self.values != 0.0] if law._mass_at_zero() > 0.0 else self.values

    def means(self, theta: Real, ends: tuple[float, float]) -> Real:
        """∫ T_k dμ of the continuous part."""
        law = self.law(theta)
        nodes, weights = expectation_rule(law, off_zero=law._mass_at_zero() > 0.0)
        return np.asarray(polynomials(nodes, *ends, self.order) @ weights)

    def split(self, law: Law) -> tuple[Real, Real]:
        """Bulk and outliers, by the support of the law."""
        data = self.data(law)
        low, high = support_ends(law)
        level = 1.0 / data.size
        share = 1.0 - law._mass_at_zero()
        below = low - _REACH * (float(law.ppf(1.0 - share + share * level)) - low) if low != 0.0 else low
        above = high + _REACH * (high - float(law.ppf(1.0 - share * level)))
        inside = (data >= below) & (data <= above)
        return data[inside], data[~inside]

    def pull(self, law: Law, outliers: Real, ends: tuple[float, float]) -> Real:
        """What outliers do to the sums over the bulk."""
        kind = self.spikes
        if kind == "auto":
            kind = "multiplicative" if law._hull()[0] >= 0.0 else "additive"
        total = np.zeros(self.order)
        for rho in outliers:
            total += spike_pull(law, float(rho), ends, self.order, multiplicative=kind == "multiplicative")
        return total

    # ------------------------------------------------------------------ search
    def search(self, theta: Real) -> Real:
        """Gauss-Newton steps, each on the support and with the outliers of the law before it."""
        ordered = self.data(self.law(theta))
        high, low = count_isolated(ordered[::-1]), count_isolated(-ordered)
        bulk = ordered[low : ordered.size - high]
        outliers, ends = ordered[:0], (float(bulk[0]), float(bulk[-1]))
        change = math.inf
        for turn in range(_PASSES):
            law = self.law(theta)
            shift, variance = universal(self.order, self.beta)
            target = polynomials(bulk, *ends, self.order).sum(axis=1) - shift
            if outliers.size:
                target -= self.pull(law, outliers, ends)
            size = bulk.size + outliers.size
            new = self._improve(theta, target / size, variance, ends)
            slope = self._slope(new, ends)
            information = size**2 * (slope.T / variance) @ slope
            change = math.sqrt(max(float((new - theta) @ information @ (new - theta)), 0.0))
            theta = new
            if change < _SMALL and turn >= 2:
                return theta
            law = self.law(theta)
            found = support_ends(law)
            if turn < _FROZEN and (turn >= 1 or change < 1.0):
                bulk, outliers = self.split(law)
                ends = found
                if bulk.size < self.order:
                    raise ValueError(
                        f"only {bulk.size} of {self.values.size} eigenvalues lie in the support {found} of {law!r}; "
                        "start from other parameters"
                    )
        raise ConvergenceError("the parameters do not settle; start from others, or fit fewer", residual=change)

    def _improve(self, theta: Real, target: Real, variance: Real, ends: tuple[float, float]) -> Real:
        """A few damped steps towards ∫ T_k dμ = target."""
        root = 1.0 / np.sqrt(variance)

        def cost(t: Real) -> float:
            try:
                return float((((target - self.means(t, ends)) * root) ** 2).sum())
            except (ValueError, ConvergenceError):
                return math.inf

        for _ in range(4):
            here = self.means(theta, ends)
            slope = self._slope(theta, ends, here)
            step = np.linalg.lstsq(slope * root[:, None], (target - here) * root, rcond=None)[0]
            before, scale = cost(theta), 1.0
            for _ in range(_HALVINGS):
                if cost(theta + scale * step) < before:
                    break
                scale *= 0.5
            else:
                return theta
            theta = theta + scale * step
            if float(np.abs(scale * step / np.maximum(np.abs(theta), 1e-3)).max()) < 1e-7:
                break
        return theta

    def _slope(self, theta: Real, ends: tuple[float, float], here: Real | None = None) -> Real:
        """Derivatives of ∫ T_k dμ by the parameters, as columns."""
        base = self.means(theta, ends) if here is None else here
        columns = []
        for k in range(theta.size):
            step = _STEP * max(abs(float(theta[k])), 1e-2)
            for sign in (1.0, -1.0):  # at the end of the range of a parameter the other side has laws
                moved = theta.copy()
                moved[k] += sign * step
                try:
                    columns.append((self.means(moved, ends) - base) / (sign * step))
                    break
                except (ValueError, ConvergenceError):
                    if sign < 0.0:
                        raise
        return np.array(columns).T

    # ------------------------------------------------------------------ errors
    def result(self, theta: Real, simulated: list[Real] | None) -> FittedLaw:
        """Law, errors and goodness of fit."""
        law = self.law(theta)
        ends = support_ends(law)
        bulk, outliers = self.split(law)
        size = bulk.size + outliers.size
        slope = size * self._slope(theta, ends)
        shift, variance = universal(self.order, self.beta)
        if simulated is None and len(law.support) != 1:
            return FittedLaw(law, theta, None, None, outliers, 0.0, 0)
        spread = np.diag(variance)
        if simulated is not None:
            sums = np.array([self._simulated(law, s, ends, size) for s in simulated])
            # the parameters are moved by the difference between the measured shift and the universal one
            gain = np.linalg.solve((slope.T / variance) @ slope, slope.T / variance)
            theta = theta - gain @ (sums.mean(axis=0) - shift)
            law, shift, spread = self.law(theta), sums.mean(axis=0), np.cov(sums.T)
            covariance = gain @ spread @ gain.T
        else:
            covariance = np.linalg.inv((slope.T / variance) @ slope)
        residual = polynomials(bulk, *ends, self.order).sum(axis=1) - size * self.means(theta, ends) - shift
        residual -= self.pull(law, outliers, ends)
        # in coordinates in which the statistics are independent
        scales, axes = np.linalg.eigh(spread)
        chi, degrees = misfit(axes.T @ residual, np.maximum(scales, 1e-12 * scales[-1]), axes.T @ slope)
        errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        return FittedLaw(law, theta, errors, covariance, outliers, chi, degrees)

    def _simulated(self, law: Law, values: Real, ends: tuple[float, float], size: int) -> Real:
        data = values[values != 0.0] if law._mass_at_zero() > 0.0 else values
        nodes, weights = expectation_rule(law, off_zero=law._mass_at_zero() > 0.0)
        mean = polynomials(nodes, *ends, self.order) @ weights
        return np.asarray((polynomials(data, *ends, self.order).mean(axis=1) - mean) * size)


def support_ends(law: Law) -> tuple[float, float]:
    """Ends of the continuous part; of the atoms where there is none."""
    if law.support:
        return float(law.support[0].low), float(law.support[-1].high)
    low, high = (float(e) for e in law._hull())
    if not high > low:
        raise ValueError(f"a law with one point cannot be fitted, got {law!r}")
    return low, high


def spike_pull(law: Law, rho: float, ends: tuple[float, float], order: int, *, multiplicative: bool) -> Real:
    """Change of Σ T_k over the bulk when a spike has sent one eigenvalue to ρ.

    det(z − A − θuu*) = det(z − A)(1 − θ G(z)) with θ = 1/G(ρ), for products with M for G: the change is the contour
    integral of T_k d log(1 − G/G(ρ))/(2πi) around the bulk. For k = 0 it would be −1, the eigenvalue that left.
    """
    middle, half = 0.5 * (ends[0] + ends[1]), 0.5 * (ends[1] - ends[0])
    place = abs((rho - middle) / half)
    radius = min(math.sqrt(place + math.sqrt(place * place - 1.0)), 2.0) if place > 1.0 else 1.0
    if radius <= 1.0 + 1e-9:
        return np.zeros(order)
    angle = 2.0 * math.pi * np.arange(_POINTS) / _POINTS
    w = radius * np.exp(1j * angle)
    z = middle + 0.5 * half * (w + 1.0 / w)

    def transform(x: Any) -> Any:
        g = np.asarray(law.stieltjes(x))
        return x * g - 1.0 if multiplicative else g

    upper = z.imag >= 0.0
    value = np.empty(_POINTS, dtype=np.complex128)
    value[upper] = transform(z[upper])
    value[~upper] = np.conj(transform(np.conj(z[~upper])))
    factor = 1.0 - value / float(np.real(transform(complex(rho))))
    log_factor = np.log(np.abs(factor)) + 1j * np.unwrap(np.angle(factor))
    winding = round(
        (float(np.angle(factor[0] / factor[-1])) + log_factor[-1].imag - log_factor[0].imag) / (2.0 * math.pi)
    )
    periodic = log_factor - 1j * winding * angle
    series = np.fft.fft(periodic) / _POINTS
    k = np.arange(1, order + 1)
    return np.asarray(0.5 * k * (radius ** (-k) * series[k] - radius**k * series[-k])).real
