"""Planar laws that follow from the law of a modulus: truncated unitary matrices, products, the single ring."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from rmt._cached import cached_property
from rmt.errors import check_complexes, check_generator, check_real
from rmt.laws.given.density import NumericLaw
from rmt.laws.law import Complex, Interval, Law, Real, check_draws, check_law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.numerics.functions.bracketed_roots import bracketed_roots

#: step of log w in numerical derivatives, and the weights of order 8
_STEP, _DIFFERENCES = 0.05, (4 / 5, -1 / 5, 4 / 105, -1 / 280)
#: logarithms of 1e13, and of the inverse of the smallest squared radius that is looked for inside a disc
_ROUNDED, _SMALLEST = 30.0, 80.0


class RadialPlanarLaw(PlanarLaw):
    """A planar law whose density comes from that of the modulus."""

    @overload
    def pdf(self, z: complex) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def pdf(self, z: ArrayLike) -> Real: ...
    def pdf(self, z: ArrayLike) -> float | Real:
        """Density with respect to area: that of the modulus over 2πr; NaN at NaN.

        Parameters
        ----------
        z : array_like of complex
            Points of the plane.

        Returns
        -------
        float or ndarray of float, like `z`

        Raises
        ------
        TypeError
            If `z` holds no numbers.
        """
        modulus = np.abs(np.asarray(check_complexes("z", z)))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value = self.radial_law().pdf(modulus) / (2.0 * math.pi * modulus)
        at_zero = modulus == 0.0
        out = np.where(at_zero, self._density_at_zero(), value)
        return out.item() if out.ndim == 0 else out

    @abstractmethod
    def _density_at_zero(self) -> float:
        """Density at 0."""


# ---------------------------------------------------------------------- truncated unitary matrices
@dataclass(frozen=True, init=False, repr=False)
class TruncatedUnitaryLaw(RadialPlanarLaw):
    """Limit of the eigenvalues of an n × n corner of a Haar matrix of size n/fraction (Życzkowski and Sommers 2000).

    Density (1/α − 1)/(π (1 − r²)²) for r <= √α.

    Parameters
    ----------
    fraction : real
        α, corner over whole, 0 < α < 1.

    Raises
    ------
    TypeError, ValueError
        If `fraction` is no number, or out of range.

    Examples
    --------
    >>> from rmt.laws import TruncatedUnitaryLaw
    >>> round(TruncatedUnitaryLaw(0.6).radial_law().cdf(0.5), 12)
    0.222222222222
    """

    fraction: Any

    def __init__(self, fraction: Any) -> None:
        object.__setattr__(self, "fraction", check_real("fraction", fraction, above=0.0, below=1.0))

    def radial_law(self) -> Law:
        """Law of the modulus, cdf (1/α − 1) r²/(1 − r²).

        Returns
        -------
        Law
        """
        return TruncatedRadius(self.fraction)

    def _density_at_zero(self) -> float:
        return (1.0 / float(self.fraction) - 1.0) / math.pi


@dataclass(frozen=True, repr=False)
class TruncatedRadius(NumericLaw):
    """Law of the modulus of :class:`TruncatedUnitaryLaw`; made by its ``radial_law``."""

    fraction: Any

    def _intervals(self) -> tuple[Interval, ...]:
        return (Interval(0.0, math.sqrt(self.fraction), 1.0, 0.0, 1.0),)

    def _density(self, x: Real) -> Real:
        return np.asarray(2.0 * x * (1.0 / float(self.fraction) - 1.0) / (1.0 - x * x) ** 2)


# ---------------------------------------------------------------------- products of Ginibre matrices
@dataclass(frozen=True, init=False, repr=False)
class GinibreProduct(RadialPlanarLaw):
    """Limit of the eigenvalues of a product of independent Ginibre matrices (Burda, Janik and Waclaw 2010).

    That of the L-th power of one: density r^(2/L − 2)/(πL) on the unit disc.

    Parameters
    ----------
    order : real
        Number of factors L, > 0.

    Raises
    ------
    TypeError, ValueError
        If `order` is no number, or not > 0.

    Examples
    --------
    >>> from rmt.laws import GinibreProduct
    >>> float(GinibreProduct(2).radial_law().cdf(0.5))
    0.5
    """

    order: Any

    def __init__(self, order: Any = 1) -> None:
        object.__setattr__(self, "order", check_real("order", order, above=0.0))

    def radial_law(self) -> Law:
        """Law of the modulus, cdf r^(2/L).

        Returns
        -------
        Law
        """
        return PowerRadius(2.0 / float(self.order))

    def _density_at_zero(self) -> float:
        order = float(self.order)
        return math.inf if order > 1.0 else 1.0 / math.pi if order == 1.0 else 0.0


@dataclass(frozen=True, repr=False)
class PowerRadius(NumericLaw):
    """Law on [0, 1] with cdf r^power; made by ``GinibreProduct(order).radial_law``."""

    power: float

    def _intervals(self) -> tuple[Interval, ...]:
        return (Interval(0.0, 1.0, self.power - 1.0, 0.0, 1.0),)

    def _density(self, x: Real) -> Real:
        return np.asarray(self.power * x ** (self.power - 1.0))

    def _cdf(self, x: Real) -> Real:
        return np.asarray(np.clip(x, 0.0, 1.0) ** self.power)

    def _sf(self, x: Real) -> Real:
        with np.errstate(divide="ignore"):
            return np.asarray(-np.expm1(self.power * np.log(np.clip(x, 0.0, 1.0))))

    def _ppf(self, u: Real) -> Real:
        return np.asarray(u ** (1.0 / self.power))


# ---------------------------------------------------------------------- the single ring
@dataclass(frozen=True, init=False, repr=False)
class SingleRing(RadialPlanarLaw):
    """Limit of the eigenvalues of U diag(s) V, U and V independent Haar matrices: a ring whatever the law of s.

    Radii (E s^(−2))^(−1/2) and (E s²)^(1/2) (Haagerup and Larsen 2000; Guionnet, Krishnapur and Zeitouni 2011). With
    F = E w/(w + s²), r² = w (1 − F)/F runs through the ring as w runs through (0, ∞), and F is the mass inside r.

    Parameters
    ----------
    singular_values : Law
        Law of s, on [0, ∞), with bounded support and not a single point. An atom at 0 is one of the planar law.

    Raises
    ------
    TypeError
        If it is no law.
    ValueError
        If its support is unbounded or reaches below 0, or it is one point (then the law is uniform on a circle).

    Examples
    --------
    >>> from rmt.laws import Atomic, SingleRing
    >>> ring = SingleRing(Atomic((1, 2), (0.5, 0.5)))
    >>> [round(r, 6) for r in ring.radii], round(ring.radial_law().cdf(1.4), 6)
    ([1.264911, 1.581139], 0.459559)
    """

    singular_values: Law

    def __init__(self, singular_values: Law) -> None:
        check_law(singular_values)
        low, high = singular_values._hull()
        if low < 0.0 or not math.isfinite(high):
            raise ValueError(f"singular_values must lie on a bounded part of [0, inf), got {singular_values!r}")
        if low == high:
            raise ValueError(
                f"singular_values must not be one point, got {singular_values!r}: a multiple of a Haar matrix has its "
                "eigenvalues on a circle, UnitCircle()"
            )
        object.__setattr__(self, "singular_values", singular_values)

    @property
    def radii(self) -> tuple[float, float]:
        """Inner and outer radius."""
        gram = _squares(self.singular_values)
        low, outer = gram._hull()[0], math.sqrt(float(gram._float_moments(1)[1]))
        edge = gram.support[0] if gram.support else None
        if low == 0.0 and (gram._mass_at_zero() > 0.0 or edge is None or not edge.low_exponent > 0.0):
            return 0.0, outer
        return 1.0 / math.sqrt(-float(gram.stieltjes(0.0).real)), outer

    def radial_law(self) -> Law:
        """Law of the modulus.

        Returns
        -------
        Law
        """
        return RingRadius(self.singular_values)

    def _density_at_zero(self) -> float:
        return 0.0 if self.radii[0] > 0.0 else math.nan


@lru_cache(maxsize=64)
def _squares(singular_values: Law) -> Law:
    """Law of the squares."""
    from rmt.laws.maps.pushforward import squared

    return squared(singular_values)


@dataclass(frozen=True, repr=False)
class RingRadius(NumericLaw):
    """Law of the modulus of :class:`SingleRing`; made by its ``radial_law``."""

    singular_values: Law

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """The atom at 0 of the singular values."""
        mass = self.singular_values._mass_at_zero()
        return ((0.0, mass),) if mass > 0.0 else ()

    @property
    def support(self) -> tuple[Interval, ...]:
        """The ring."""
        return self._intervals()

    @cached_property
    def _ring(self) -> Interval:
        low, high = SingleRing(self.singular_values).radii
        mass = 1.0 - sum(mass for _, mass in self.atoms)
        return Interval(low, high, 0.0 if low > 0.0 else math.nan, 0.0, mass)

    def _intervals(self) -> tuple[Interval, ...]:
        return (self._ring,)

    def _shares(self, log_w: Real) -> tuple[Real, Real]:
        """E w/(w + s²) and E s²/(w + s²), each without cancellation."""
        gram = _squares(self.singular_values)
        z = (-np.exp(log_w)).astype(np.complex128)
        return np.asarray((z * gram._stieltjes(z)).real), np.asarray(-gram._t_transform(z).real)

    @cached_property
    def _top(self) -> float:
        return math.log(_squares(self.singular_values)._hull()[1])

    def _solved(self, goal: Real, place: Callable[[Real, Real, Real], Real]) -> Real:
        """The logarithm of w at which a function of it and of both shares is at its goal."""
        # beyond the first ends, radii are within rounding of those of the ring, but for a disc
        found = np.full_like(goal, np.nan)
        for depth in (_ROUNDED,) if self._ring.low > 0.0 else (_ROUNDED, _SMALLEST):
            rest = np.flatnonzero(np.isnan(found))

            def difference(log_w: Real, index: Any, rest: Any = rest) -> Real:
                return np.asarray(place(log_w, *self._shares(log_w)) - goal[rest[index]])

            ends = np.full(rest.shape, self._top - depth), np.full(rest.shape, self._top + _ROUNDED)
            with np.errstate(divide="ignore"):
                found[rest] = bracketed_roots(difference, *ends)
        return found

    def _at(self, x: Real) -> Real:
        """Log w at points inside the ring."""
        return self._solved(2.0 * np.log(x), lambda log_w, inner, outer: log_w + np.log(outer) - np.log(inner))

    def _density(self, x: Real) -> Real:
        log_w = self._at(x)
        inside, outside = self._shares(log_w)
        # dF/d log w, of the smaller share, by central differences: analytic where |Im log w| < π
        slopes = np.zeros((2, *x.shape))
        for k, weight in enumerate(_DIFFERENCES, start=1):
            ends = self._shares(log_w + k * _STEP), self._shares(log_w - k * _STEP)
            slopes += weight / _STEP * (np.array(ends[0]) - np.array(ends[1]))
        rate = np.where(inside < outside, slopes[0], -slopes[1])
        return np.asarray(2.0 * rate / x / (1.0 - rate / (inside * outside)))

    def _masses(self, x: Real) -> tuple[Real, Real]:
        """Mass inside and outside every radius."""
        ring = self._ring
        inside = np.where(x < 0.0, 0.0, np.where(x >= ring.high, 1.0, 1.0 - ring.mass))
        outside = np.where(x < 0.0, 1.0, np.where(x >= ring.high, 0.0, ring.mass))
        between = (x > ring.low) & (x < ring.high)
        found = self._shares(self._at(x[between]))
        solved = np.isfinite(found[0])  # nothing is solved within rounding of an edge
        places = np.flatnonzero(between)[solved]
        inside[places], outside[places] = found[0][solved], found[1][solved]
        return inside, outside

    def _cdf(self, x: Real) -> Real:
        return self._masses(x)[0]

    def _sf(self, x: Real) -> Real:
        return self._masses(x)[1]

    def _ppf(self, u: Real) -> Real:
        ring = self._ring
        out = np.where(u >= 1.0, ring.high, np.where(u <= 1.0 - ring.mass, 0.0 if self.atoms else ring.low, np.nan))
        rest = np.isnan(out)
        # log F − log(1 − F) is steep nowhere
        log_w = self._solved(
            np.log(u[rest]) - np.log1p(-u[rest]), lambda _, inner, outer: np.log(inner) - np.log(outer)
        )
        inside, outside = self._shares(log_w)
        radius = np.exp(0.5 * (log_w + np.log(outside) - np.log(inside)))
        out[rest] = np.where(np.isfinite(radius), radius, np.where(u[rest] < 0.5, ring.low, ring.high))
        return out


# ---------------------------------------------------------------------- the ellipse
@dataclass(frozen=True, init=False, repr=False)
class EllipticLaw:
    """Elliptic law: uniform on an ellipse, limit of matrices whose entries x_ij and x_ji have correlation tau.

    Semi-axes 1 + τ and 1 − τ along the real and the imaginary axis (Girko 1986; Sommers, Crisanti, Sompolinsky and
    Stein 1988). For τ = 0 the circular law; it is not invariant under rotations, and has no ``radial_law``.

    Parameters
    ----------
    tau : real
        n E x_ij x_ji, −1 < τ < 1.

    Raises
    ------
    TypeError, ValueError
        If tau is no number, or out of range.

    Examples
    --------
    >>> from rmt.laws import EllipticLaw
    >>> EllipticLaw(0.5).semi_axes, round(EllipticLaw(0.5).pdf(1.2), 12)
    ((1.5, 0.5), 0.424413181578)
    >>> from rmt.laws import EllipticLaw
    >>> law = EllipticLaw(0.5)
    >>> law.real_law(), law.imaginary_law()  # (1 ± τ)²/4 in place of variance
    (Semicircle(mean=0, variance=0.5625), Semicircle(mean=0, variance=0.0625))
    >>> law.rvs(3, rng=0).shape
    (3,)
    """

    tau: Any

    def __init__(self, tau: Any) -> None:
        object.__setattr__(self, "tau", check_real("tau", tau, above=-1.0, below=1.0))

    @property
    def semi_axes(self) -> tuple[float, float]:
        """Along the real and the imaginary axis."""
        return 1.0 + float(self.tau), 1.0 - float(self.tau)

    @overload
    def pdf(self, z: complex) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def pdf(self, z: ArrayLike) -> Real: ...
    def pdf(self, z: ArrayLike) -> float | Real:
        """Density 1/(π (1 − τ²)) inside the ellipse, 0 outside, NaN at NaN.

        Parameters
        ----------
        z : array_like of complex
            Points of the plane.

        Returns
        -------
        float or ndarray of float, like `z`

        Raises
        ------
        TypeError
            If `z` is not of the kind named above.
        ValueError
            If `z` is out of the range named above.
        """
        points = np.asarray(check_complexes("z", z))
        along, across = self.semi_axes
        with np.errstate(over="ignore"):
            inside = (points.real / along) ** 2 + (points.imag / across) ** 2
        value = np.where(inside <= 1.0, 1.0 / (math.pi * along * across), 0.0)
        out = np.where(np.isnan(inside), np.nan, value)
        return out.item() if out.ndim == 0 else out

    def to_disc(self, z: ArrayLike) -> Complex:
        """Map the ellipse to the unit disc, x/(1 + τ) + iy/(1 − τ): the law becomes the circular law.

        Parameters
        ----------
        z : array_like of complex
            Points of the plane.

        Returns
        -------
        ndarray of complex, like `z`

        Raises
        ------
        TypeError
            If `z` is not of the kind named above.

        Examples
        --------
        >>> from rmt.laws import EllipticLaw
        >>> EllipticLaw(0.5).to_disc([1.5, 0.5j]).tolist()
        [(1+0j), 1j]
        """
        points = np.asarray(check_complexes("z", z))
        along, across = self.semi_axes
        return np.asarray(points.real / along + 1j * (points.imag / across), dtype=np.complex128)

    def real_law(self) -> Law:
        """Law of the real part: a semicircle law of radius 1 + τ.

        Returns
        -------
        Law
        """
        from rmt.laws.named.semicircle import Semicircle

        return Semicircle(0, self.semi_axes[0] ** 2 / 4.0)

    def imaginary_law(self) -> Law:
        """Law of the imaginary part: a semicircle law of radius 1 − τ.

        Returns
        -------
        Law
        """
        from rmt.laws.named.semicircle import Semicircle

        return Semicircle(0, self.semi_axes[1] ** 2 / 4.0)

    @overload
    def rvs(self, size: None = None, *, rng: Any = None) -> complex: ...
    @overload
    def rvs(self, size: int | tuple[int, ...], *, rng: Any = None) -> Complex: ...
    def rvs(self, size: int | tuple[int, ...] | None = None, *, rng: Any = None) -> complex | Complex:
        """Draw independent complex numbers from the law (not eigenvalues: eigenvalues repel, these do not).

        Parameters
        ----------
        size : int or tuple of int, optional
            Shape of the result; a complex number when None.
        rng : Generator, SeedSequence, int or None
            Passed to :func:`numpy.random.default_rng`.

        Returns
        -------
        complex or ndarray of complex, of shape `size`

        Raises
        ------
        TypeError
            If `size` or `rng` is not of the kind named above.
        ValueError
            If `size` or `rng` is out of the range named above.
        """
        generator = check_generator(rng)
        check_draws(size)
        modulus = np.sqrt(generator.random(size))
        angle = 2.0 * math.pi * generator.random(size)
        along, across = self.semi_axes
        out = modulus * (along * np.cos(angle) + 1j * across * np.sin(angle))
        return complex(out) if size is None else out

    def __repr__(self) -> str:
        return f"EllipticLaw(tau={self.tau!r})"
