"""Outliers of finite-rank perturbations and nonlinear shrinkage, from the subordination function.

One function ω decides: a spike θ sends an eigenvalue to every real ρ outside the support with ω(ρ) = θ
(Baik-Ben Arous-Péché 2005; Benaych-Georges-Nadakuditi 2011; Belinschi-Bercovici-Capitaine-Février 2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from rmt._cached import cached_property
from rmt.errors import LARGEST_SCALE, ConvergenceError, check_choice, check_count, check_real, check_reals
from rmt.free.expressions.computed_law import ComputedLaw
from rmt.free.expressions.leaves import location
from rmt.laws.law import EPS, Complex, Law, check_law
from rmt.laws.named.marchenko_pastur import MarchenkoPastur
from rmt.numerics.functions.bracketed_roots import bracketed_roots

Perturbation = Literal["additive", "multiplicative"]

# points on half of the circle of a Cauchy integral; the radius is half of that of convergence, 2^-64 remains
_CIRCLE = np.exp(1j * np.pi * (np.arange(32) + 0.5) / 32)
# extrapolation of a function of the root of the distance to an edge, from 1, 4, 9, ... steps to 0
_STEPS = np.arange(1, 9)
_EXTRAPOLATION = np.array([(-1) ** (k + 1) * math.comb(8, k) for k in _STEPS])
#: such a step, and the distance at which the coefficient of the root is taken, in units of the gap
_STEP, _BESIDE = 1e-4, 1e-8
#: distance from a pole of ω at which a point is replaced by two neighbours, in units of the gap
_ASIDE = 1e-7


@dataclass(frozen=True)
class Outlier:
    """An eigenvalue that a spike pulls out of the bulk.

    Attributes
    ----------
    spike : float
        The spike θ that causes it.
    position : float
        Where the eigenvalue sticks, outside the support, in units of the eigenvalues.
    overlap : float
        Limit of the squared inner product of its unit eigenvector with the eigenvector of the spike (with the
        eigenspace, for a multiple spike).

    Examples
    --------
    >>> import rmt
    >>> (found,) = rmt.outliers(rmt.Semicircle(), [2.0])
    >>> found.spike, round(found.position, 12), round(found.overlap, 12)  # at 2 + 1/2, overlap 1 − 1/4
    (2.0, 2.5, 0.75)
    """

    spike: float
    position: float
    overlap: float


def outliers(
    law: Law,
    spikes: ArrayLike,
    *,
    perturbation: Perturbation = "additive",
    factor: int | None = None,
) -> tuple[Outlier, ...]:
    """Outliers of a random matrix with limit law `law` under a perturbation of finite rank.

    ``"additive"``: X + P, where P has the eigenvalues `spikes` and one of the matrices is unitarily invariant. A
    spike θ gives an outlier at ρ iff G(ρ) = 1/θ, with squared overlap −1/(θ² G′(ρ)).

    ``"multiplicative"``: A^{1/2} X A^{1/2}, where A is the identity but for the eigenvalues `spikes`, as for a
    spiked covariance with `law` the Marchenko-Pastur law. A spike ℓ gives an outlier at ρ iff
    M(ρ) = ρG(ρ) − 1 = 1/(ℓ − 1).

    With `factor`, `law` is a free sum or product and the matrix number `factor` in it has, besides the eigenvalues
    that make its own law, the eigenvalues `spikes`.

    In all cases ω(ρ) = θ with the subordination function ω of the perturbed matrix: 1/G and (1 + M)/M in the first
    two. The squared overlap is 1/ω′(ρ) for sums and ω/(ρ ω′(ρ)) for products.

    Parameters
    ----------
    law : Law
        Limit law of the unperturbed matrix; on [0, ∞) for products.
    spikes : array_like of float
        Eigenvalues of the perturbed matrix; a repeated value counts as often as it is given.
    perturbation : {"additive", "multiplicative"}
        How P or A enters; with `factor` the law knows.
    factor : int, optional
        Place in ``law.factors``.

    Returns
    -------
    tuple of Outlier
        In the order of `spikes`. A spike inside the thresholds gives none; where the support has several
        intervals, one spike may give an outlier in several gaps.

    Raises
    ------
    TypeError
        If `law`, `spikes` or `perturbation` is not of the kind named above.
    ValueError
        If a spike is not finite, not positive (products), equals the eigenvalue it perturbs (0, respectively 1) or
        lies in the support of the law of its factor; if `law` is not on [0, ∞) (products), or has no such factor.

    See Also
    --------
    spike_thresholds : the smallest spikes that are seen.

    References
    ----------
    Benaych-Georges and Nadakuditi 2011; Belinschi, Bercovici, Capitaine and Février 2017.

    Examples
    --------
    >>> from rmt.laws import Semicircle
    >>> (found,) = outliers(Semicircle(), [-2.0, 0.5])
    >>> round(found.position, 12), round(found.overlap, 12)
    (-2.5, 0.75)
    """
    curve = _curve(law, perturbation, factor)
    found: list[Outlier] = []
    for value in check_reals("spikes", spikes).ravel():
        found.extend(curve.outliers(float(value)))
    return tuple(found)


def spike_thresholds(
    law: Law, *, perturbation: Perturbation = "additive", factor: int | None = None
) -> tuple[float, float]:
    """The spikes at which an outlier leaves the lowest and the highest edge of the support.

    A spike below the first number has an outlier below the support (products: between 0 and the bulk, an atom at 0
    left aside), one above the second has an outlier above it; a spike between them can only have one in an inner
    gap.

    Parameters
    ----------
    law : Law
        Limit law of the unperturbed matrix.
    perturbation, factor
        As for :func:`outliers`.

    Returns
    -------
    low, high : float
        Infinite where the support is unbounded; equal to the unperturbed eigenvalue (0, respectively 1) where
        every spike is seen, as at an edge with infinite density.

    Raises
    ------
    TypeError
        If `law`, `perturbation` or `factor` is not of the kind named above.
    ValueError
        If `law`, `perturbation` or `factor` is out of the range named above.

    References
    ----------
    Benaych-Georges and Nadakuditi 2011; Belinschi, Bercovici, Capitaine and Février 2017.

    Examples
    --------
    >>> from rmt.laws import MarchenkoPastur
    >>> spike_thresholds(MarchenkoPastur(0.25), perturbation="multiplicative")
    (0.5, 1.5)
    """
    return _curve(law, perturbation, factor).thresholds()


def nonlinear_shrinkage(law: Law, eigenvalues: ArrayLike, *, factor: int | None = None) -> Any:
    """The expected value of one term, given an eigenvector of a free sum or product.

    For X = A + B, or X = √A B √A, with A the matrix number `factor`, and the unit eigenvector v of X at the
    eigenvalue x, the number vᵀ A v tends to Im(ωG)/Im G for sums, and to Im(ωM)/(x Im G) for products, M = xG − 1:
    the best estimate of A that keeps the eigenvectors of X (Ledoit-Péché 2011; Bun-Allez-Bouchaud-Potters 2016).

    Parameters
    ----------
    law : Law
        A free sum or product; a ``MarchenkoPastur`` law is that of a population with one eigenvalue.
    eigenvalues : array_like of float
        Points inside its support; 0 for the zero eigenvalues of a sample covariance with fewer samples than variables,
        where the value is 1/((c − 1) v), 1 = c ∫ tv/(1 + tv) dH(t), with c the ratio and H the population.
    factor : int, optional
        Place of A in ``law.factors``. By default the population of a :func:`sample_covariance`, and the first one of
        all other laws.

    Returns
    -------
    float or ndarray
        The shrunk eigenvalues.

    Raises
    ------
    TypeError
        If `eigenvalues` or `factor` is not of the kind named above.
    ValueError
        If a point lies outside the support (use :func:`outliers` there), or the law has no such factor.
    ConvergenceError
        If a value cannot be certified.

    Examples
    --------
    A semicircle in noise of half its variance is shrunk by 2/3:

    >>> from rmt.free import boxplus
    >>> from rmt.laws import Semicircle
    >>> observed = boxplus(Semicircle(0, 1), Semicircle(0, 0.5), closed_form=False)
    >>> round(float(nonlinear_shrinkage(observed, 0.6)), 12)
    0.4
    """
    x = check_reals("eigenvalues", eigenvalues)
    if isinstance(law, MarchenkoPastur) and factor is None:
        inside = (x >= law.support[0].low) & (x <= law.support[0].high)
        inside |= (x == 0.0) & (law._mass_at_zero() > 0.0)
        _check_inside(law, x, inside)
        return np.full(x.shape, float(law.variance))[()]
    place = _factor(law, _population_place(law) if factor is None else factor)
    assert isinstance(law, ComputedLaw)  # _factor has refused all others
    zero = (x == 0.0) & (law._mass_at_zero() > 0.0)
    if zero.any():
        out = np.full(x.shape, _at_zero(law, place))
        if not zero.all():
            out[~zero] = nonlinear_shrinkage(law, x[~zero], factor=place)
        return out[()]
    g = np.asarray(law.stieltjes(x))
    _check_inside(law, x, g.imag < 0.0)
    omega = np.asarray(law.subordination(x)[place])
    kept = (omega * (g - 1.0 / x)).imag if law.node.kind == "product" else (omega * g).imag
    return kept / g.imag


def _check_inside(law: Law, x: Any, inside: Any) -> None:
    """Refuse points outside the support."""
    if not inside.all():
        raise ValueError(
            f"eigenvalues must lie inside the support of {law!r}, got {float(x[~inside].flat[0])!r}; eigenvalues "
            "outside are outliers, use rmt.free.outliers"
        )


def _population_place(law: Law) -> int:
    """Place of the population, where the other factor is the Marchenko-Pastur law of white noise."""
    if isinstance(law, ComputedLaw) and law.node.kind == "product" and len(law.factors) == 2:
        return int(isinstance(law.factors[0][0], MarchenkoPastur))
    return 0


def _at_zero(law: ComputedLaw, place: int) -> float:
    """Value of the population on the null space of its sample covariance."""
    from scipy.optimize import brentq

    others = [factor for k, (factor, power) in enumerate(law.factors) if k != place and power == 1]
    if not (law.node.kind == "product" and len(others) == len(law.factors) - 1 == 1):
        others = []
    noise = others[0] if others else None
    if not (isinstance(noise, MarchenkoPastur) and float(noise.ratio) > 1.0):
        raise ValueError(
            f"eigenvalues must not be 0, an atom of {law!r}: the value there is known for a sample covariance with a "
            "ratio above 1 and the population as factor"
        )
    c, population = float(noise.ratio), law.factors[place][0]
    if c * (1.0 - population._mass_at_zero()) <= 1.0:
        return 0.0  # the null space is that of the population

    def gap(log_v: float) -> float:
        v = math.exp(log_v)
        return c * (1.0 + float(np.real(population.stieltjes(complex(-1.0 / v)))) / v) - 1.0

    start = -math.log(population.mean())
    low, high = start, start
    while gap(low) > 0.0:
        low -= 2.0
    while gap(high) < 0.0:
        high += 2.0
    v = math.exp(brentq(gap, low, high, xtol=1e-14) if low < high else low)
    return float(noise.variance) / ((c - 1.0) * v)


# ---------------------------------------------------------------------- subordination as a curve
def _factor(law: Any, factor: int) -> int:
    """Check the place of a factor."""
    if not isinstance(law, ComputedLaw) or law.node.kind not in ("sum", "product"):
        raise ValueError(
            f"{law!r} was not built as a free sum or product, so it has no factors; build it with rmt.boxplus or "
            "rmt.boxtimes (closed_form=False keeps the factors of a named law)"
        )
    return check_count("factor", factor, minimum=0, maximum=len(law.factors) - 1)


def _curve(law: Law, perturbation: str, factor: int | None) -> _Curve:
    check_choice("perturbation", perturbation, ("additive", "multiplicative"))
    check_law(law, "law")
    if factor is None:
        return _Curve(law, perturbation == "multiplicative")
    return _FactorCurve(law, _factor(law, factor))


@dataclass(frozen=True)
class _Gap:
    """A component of the complement of the support, with the limits of φ at its ends, and its size."""

    low: float
    high: float
    phi_low: float
    phi_high: float
    length: float


class _Curve:
    """The increasing function φ = −1/(ω − c) on every gap, finite where ω passes through infinity.

    c is the unperturbed eigenvalue: ω never takes it outside the support.
    """

    def __init__(self, law: Law, multiplicative: bool) -> None:
        self.law = law
        self.multiplicative = multiplicative
        self.base = 1.0 if multiplicative else 0.0
        if multiplicative:
            law._require_positive("a multiplicative perturbation")

    def phi(self, z: Complex) -> Complex:
        """−1/(ω − c)."""
        g = np.asarray(self.law.stieltjes(z))
        return 1.0 - z * g if self.multiplicative else -g

    def origin(self) -> float:
        """φ at 0 for a product: there M = −1 + mass of an atom at 0."""
        return 1.0 - math.fsum(mass for x, mass in self.law.atoms if x == 0.0)

    def check_spike(self, spike: float) -> None:
        """Refuse what is not a perturbation."""
        if spike == self.base:
            raise ValueError(
                f"spikes must differ from {self.base:g}, the eigenvalue they perturb, got {spike!r}; leave it out"
            )

    def at(self, x: float, aside: float = 0.0) -> float:
        """φ at one point outside the support; from two neighbours, if they are given, where ω is infinite."""
        try:
            return float(self.phi(np.array([complex(x)]))[0].real)
        except ConvergenceError:
            if aside == 0.0:
                raise
            neighbours = np.array([x - aside, x + aside], dtype=np.complex128)
            return float(np.mean(self.phi(neighbours).real))

    # ------------------------------------------------------------------ gaps
    def gaps(self) -> Iterator[_Gap]:
        """The gaps in which outliers can be, left to right; intervals that touch leave none."""
        pieces = [(i.low, i.high, i.low_exponent, i.high_exponent) for i in self.law.support]
        pieces += [(x, x, -1.0, -1.0) for x, _ in self.law.atoms]
        reached, exponent = (0.0, 0.0) if self.multiplicative else (-math.inf, 0.0)
        for low, high, low_exponent, high_exponent in sorted(pieces):
            if low > reached:
                yield self._gap(reached, low, exponent, low_exponent)
            if high >= reached:
                reached, exponent = high, high_exponent
        if reached < math.inf:
            yield self._gap(reached, math.inf, exponent, 0.0)

    def _gap(self, low: float, high: float, low_exponent: float, high_exponent: float) -> _Gap:
        length = min(high - low, max(abs(e) for e in (low, high, self.scale) if math.isfinite(e)))
        return _Gap(
            low,
            high,
            self._limit(low, low_exponent, length, -1.0),
            self._limit(high, high_exponent, -length, 1.0),
            length,
        )

    @cached_property
    def scale(self) -> float:
        """Standard deviation of the law, or its quartiles where that does not exist."""
        return location(self.law)[1]

    def _limit(self, end: float, exponent: float, length: float, sign: float) -> float:
        """Limit of φ at the end of a gap where the density behaves with this exponent (−1 at an atom)."""
        if math.isinf(end):
            return 0.0
        if self.multiplicative and end == 0.0:
            return self.origin()
        if not self.finite_at(exponent):
            return sign * math.inf
        if not (isinstance(self.law, ComputedLaw) and exponent == 0.5):
            try:
                return self.at(end)
            except ConvergenceError:
                pass
        # at the edge itself half of the digits of a solution are lost
        values = self.phi(end + _STEP * length * _STEPS.astype(np.complex128) ** 2).real
        return float(_EXTRAPOLATION @ values)

    def finite_at(self, exponent: float) -> bool:
        """Whether φ is finite at an edge: exactly where the density vanishes."""
        return exponent > 0.0

    def thresholds(self) -> tuple[float, float]:
        """The spikes that belong to the outer ends of the support."""
        gaps = list(self.gaps())
        bottom, top = self.law._hull()
        low = gaps[0].phi_high if gaps and gaps[0].high == bottom else 0.0
        if self.multiplicative:
            low = gaps[0].phi_high if gaps and gaps[0].low == 0.0 else self.origin()
        high = gaps[-1].phi_low if gaps and gaps[-1].low == top else 0.0
        # no gap at an end: the support is unbounded there, and φ has its limit at infinity
        return self.base - 1.0 / low if low else -math.inf, self.base - 1.0 / high if high else math.inf

    # ------------------------------------------------------------------ outliers
    def outliers(self, spike: float) -> Iterator[Outlier]:
        """The outliers of one spike, left to right."""
        check_real("spikes", spike, above=0.0 if self.multiplicative else -LARGEST_SCALE, at_most=LARGEST_SCALE)
        self.check_spike(spike)
        target = -1.0 / (spike - self.base)
        for gap in self.gaps():
            if gap.phi_low < target < gap.phi_high:
                position, slope = self._solve(gap, target)
                slope *= (spike - self.base) ** 2
                share = spike / (position * slope) if self.multiplicative else 1.0 / slope
                yield Outlier(spike, position, share)

    def _solve(self, gap: _Gap, target: float) -> tuple[float, float]:
        """Where φ is the target, and φ′ there."""
        aside = _ASIDE * gap.length
        low = self._inside(gap.low, gap.high, lambda x: self.at(x, aside) < target)
        high = self._inside(gap.high, gap.low, lambda x: self.at(x, aside) > target)
        if low is None:
            return self._at_edge(gap.low, gap.length, target - gap.phi_low)
        if high is None:
            return self._at_edge(gap.high, -gap.length, gap.phi_high - target)

        def residual(x: Any, _: Any) -> Any:
            return np.array([self.at(float(point), aside) - target for point in x])

        position = float(bracketed_roots(residual, np.array([low]), np.array([high]))[0])
        if abs(position) < EPS * EPS * max(abs(low), abs(high)):
            position = 0.0
        return position, self._derivative(position, gap, target)

    def _at_edge(self, end: float, length: float, rise: float) -> tuple[float, float]:
        """The same so close to an edge that doubles do not tell: there φ rises like the root of the distance."""
        distance = _BESIDE * abs(length)
        values = self.at(end + math.copysign(distance, length)), self.at(end + math.copysign(4.0 * distance, length))
        root = abs(values[1] - values[0]) / math.sqrt(distance)
        return end + math.copysign((rise / root) ** 2, length), root * root / (2.0 * rise)

    def _inside(self, end: float, other: float, reached: Callable[[float], bool]) -> float | None:
        """A point of the gap with φ on the same side of the target as at an end; None if doubles do not show one."""
        if math.isinf(end):
            start = other if math.isfinite(other) else 0.0
            step = math.copysign(max(abs(start), self.scale), end)
            while not reached(start + step) and abs(step) < 1e300:
                step *= 8.0
            return start + step
        step = math.copysign(max(abs(end), 1.0), other - end) if math.isinf(other) else 0.5 * (other - end)
        while not reached(end + step):
            if end + 0.25 * step == end:
                return None
            step *= 0.25
        return end + step

    def _derivative(self, position: float, gap: _Gap, target: float) -> float:
        """φ′ by Cauchy's formula on a circle inside the domain of analyticity."""
        radius = 0.5 * min(position - gap.low, gap.high - position)
        values = self.phi(position + radius * _CIRCLE) - target
        return float(np.mean((values * _CIRCLE.conj()).real)) / radius


class _FactorCurve(_Curve):
    """The same for the subordination function of one factor of a free sum or product."""

    def __init__(self, law: Law, factor: int) -> None:
        assert isinstance(law, ComputedLaw)
        super().__init__(law, law.node.kind == "product")
        self.place = factor
        self.own, _ = law.factors[factor]
        # the median, of a factor of a product that of the part off 0: ω vanishes at 0
        at_zero = self.own._mass_at_zero() if self.multiplicative else 0.0
        self.base = float(self.own.ppf(at_zero + 0.5 * (1.0 - at_zero)))

    def phi(self, z: Complex) -> Complex:
        """−1/(ω − c)."""
        omega: Complex = np.asarray(self.law.subordination(z)[self.place])
        return -1.0 / (omega - self.base)

    def origin(self) -> float:
        """ω vanishes at 0 for a product, unless an atom there comes from another factor."""
        tiny = 1e-12 * self.law.mean()
        return float(_EXTRAPOLATION @ self.phi(-tiny * _STEPS.astype(np.complex128)).real)

    def finite_at(self, exponent: float) -> bool:
        """At an atom of the law ω is an atom of the factor, and finite."""
        return exponent > 0.0 or exponent == -1.0

    def check_spike(self, spike: float) -> None:
        """Refuse what is not a perturbation."""
        inside = any(i.low <= spike <= i.high for i in self.own.support)
        if inside or any(spike == x for x, _ in self.own.atoms):
            raise ValueError(f"spikes must lie outside the support of {self.own!r}, got {spike!r}")
