"""Inverses and symmetric square roots: push-forwards that a tree can hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rmt._cached import cached_property
from rmt.free.expressions.computed_law import ComputedLaw, law_of, represents
from rmt.laws.law import EPS, Complex, Interval, Law, Mask, Real
from rmt.numerics.functions.branches import log_upper, over, pull_back, reciprocal, times_green

Atoms = tuple[tuple[float, float], ...]

#: a number whose square does not underflow
_SMALL = 1e-140


@represents("inverse")
@dataclass(frozen=True, repr=False, eq=False)
class InverseLaw(ComputedLaw):
    """Law of 1/X."""

    @cached_property
    def base(self) -> Law:
        """Law of X."""
        return law_of(self.node.children[0])

    @cached_property
    def support(self) -> tuple[Interval, ...]:
        """Inverses of the intervals, those that contain 0 cut there."""
        found = []
        for i in self.base.support:
            parts = [i]
            if i.low < 0.0 < i.high:
                below = self._mass_below_zero - math.fsum(j.mass for j in self.base.support if j.high <= i.low)
                below -= math.fsum(m for a, m in self.base.atoms if a < 0.0)
                parts = [
                    Interval(i.low, 0.0, i.low_exponent, math.nan, below),
                    Interval(0.0, i.high, math.nan, i.high_exponent, i.mass - below),
                ]
            found += [self._image(p) for p in parts]
        found.sort(key=lambda i: i.low)
        merged: list[Interval] = []
        for i in found:
            if merged and i.low == merged[-1].high == 0.0:  # the two ends of the line meet
                last = merged.pop()
                i = Interval(last.low, i.high, last.low_exponent, i.high_exponent, last.mass + i.mass)
            merged.append(i)
        return tuple(merged)

    @staticmethod
    def _image(i: Interval) -> Interval:
        low = -math.inf if i.high == 0.0 else 1.0 / i.high
        high = math.inf if i.low == 0.0 else 1.0 / i.low
        at_low = i.high_exponent if math.isfinite(low) else math.nan
        at_high = i.low_exponent if math.isfinite(high) else math.nan
        return Interval(low, high, at_low, at_high, i.mass)

    @cached_property
    def atoms(self) -> Atoms:
        """Inverses of the atoms."""
        return tuple(sorted((1.0 / a, mass) for a, mass in self.base.atoms))

    @cached_property
    def _mass_below_zero(self) -> float:
        return float(self.base._cdf(np.zeros(1))[0])

    @cached_property
    def _marks(self) -> tuple[tuple[Real, Real], tuple[Real, Real]]:
        """Edges and atoms of X on either side of 0, and their images: rounding must not move a point across one."""
        marks = [a for a, _ in self.base.atoms]
        marks += [e for i in self.base.support for e in (i.low, i.high) if math.isfinite(e) and e != 0.0]
        sides = (np.array([m for m in marks if m < 0.0]), np.array([m for m in marks if m > 0.0]))
        return (sides[0], 1.0 / sides[0]), (sides[1], 1.0 / sides[1])

    def _exact_moments(self, order: int) -> list[Fraction]:
        self._require_bounded(order)
        return super()._exact_moments(order)

    def _float_moments(self, order: int) -> list[float]:
        self._require_bounded(order)
        return super()._float_moments(order)

    def _pdf_beside(self, end: float, distance: Real) -> Real:
        for edge in (e for i in self.base.support for e in (i.low, i.high)):
            if math.isfinite(edge) and edge != 0.0 and 1.0 / edge == end:
                x = 1.0 / edge + distance
                return self.base._pdf_beside(edge, -edge * distance / x) / x**2
        return super()._pdf_beside(end, distance)

    def _require_bounded(self, order: int) -> None:
        if order > 0 and not all(map(math.isfinite, self._hull())):
            raise ValueError(
                f"no moments of order >= 1 of {self!r} are known: X takes values near 0, so that 1/X is unbounded"
            )

    def _pull(self, x: Real) -> Real:
        """1/x for x ≠ 0, on the side of edges and atoms where it belongs."""
        with np.errstate(divide="ignore"):
            y = 1.0 / x
        for (marks, images), here in zip(self._marks, (x < 0.0, x > 0.0), strict=True):
            y[here] = pull_back(y[here], x[here], marks, images, increasing=False)
        return y

    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        inside = np.isfinite(x) & (x != 0.0)
        with np.errstate(over="ignore", under="ignore"):
            y = self._pull(x[inside])
            out[inside] = np.where(np.isfinite(y), self.base._pdf(y) * np.where(np.isfinite(y), y, 0.0) ** 2, 0.0)
        if (x == 0.0).any():
            out[x == 0.0] = self._density_at_zero
        return out

    @cached_property
    def _density_at_zero(self) -> float:
        """Limit of y² pdf(y) at infinity."""
        if not any(i.low <= 0.0 <= i.high for i in self.support):
            return 0.0
        return float(self._pdf(np.array([_SMALL, -_SMALL]) / max(map(abs, self.base.ppf([0.25, 0.75])))).max())

    def _atom_masses(self, x: Real) -> Real:
        out = np.zeros_like(x)
        for position, mass in self.atoms:
            out[x == position] = mass
        return out

    def _masses(self, x: Real) -> tuple[Real, Real]:
        """Mass up to `x` and beyond it."""
        negative = self._mass_below_zero
        below, above = np.full_like(x, negative), np.full_like(x, 1.0 - negative)
        at = self._atom_masses(x)
        for here, sign in ((x > 0.0, 1.0), (x < 0.0, -1.0)):
            y = self._pull(x[here])
            if sign > 0.0:  # 0 < 1/X <= x
                left, right = self.base._sf(y) + at[here], self.base._cdf(y) - at[here]
                below[here] = left + negative
                above[here] = right - negative if negative else right
            else:  # x < 1/X < 0
                left, right = self.base._cdf(y) - at[here], self.base._sf(y) + at[here]
                above[here] = left + (1.0 - negative)
                below[here] = right - (1.0 - negative) if negative < 1.0 else right
        lower = below <= above
        below, above = np.where(lower, below, 1.0 - above), np.where(lower, 1.0 - below, above)
        return np.clip(below, 0.0, 1.0), np.clip(above, 0.0, 1.0)

    def _cdf(self, x: Real) -> Real:
        return self._masses(x)[0]

    def _sf(self, x: Real) -> Real:
        return self._masses(x)[1]

    def _cdf_error(self, x: Real, value: Real) -> Real:
        return np.full_like(x, 16.0 * EPS) + super()._cdf_error(x, value)

    def _reflect(self, z: Complex) -> Complex:
        """1/z̄, in the closed upper half plane; NaN at 0."""
        w = reciprocal(z.conj())
        on_axis = (z.imag == 0.0) & (z != 0.0)
        w[on_axis] = self._pull(z[on_axis].real)
        w.imag[on_axis] = 0.0
        return w

    def _stieltjes(self, z: Complex) -> Complex:
        # −M(1/z)/z, which does not cancel far out
        out = np.empty_like(z)
        away = z != 0.0
        w = self._reflect(z[away])
        out[away] = over(-self.base._t_transform(w).conj(), z[away])
        out[~away] = self._green_at_zero if not away.all() else 0.0
        for position, _ in self.atoms:
            out[z == position] = complex(0.0, -math.inf)
        return out

    @cached_property
    def _green_at_zero(self) -> complex:
        try:
            mean = self.base.mean()
        except ValueError:
            mean = math.nan
        return complex(-mean, -math.pi * self._density_at_zero)

    def _t_transform(self, z: Complex) -> Complex:
        out = np.full_like(z, -1.0)
        away = z != 0.0
        w = self._reflect(z[away])
        out[away] = over(-self.base._stieltjes(w).conj(), z[away])
        return out

    def _log_potential(self, z: Complex) -> Complex:
        # log(z − 1/t) = log z + log(1/z − t) − log(−t), each continuous in the upper half plane
        at_zero = self._potential_at_zero
        out = np.full_like(z, complex(-at_zero.real, math.pi - at_zero.imag))
        away = z != 0.0
        there = self.base._log_potential(self._reflect(z[away]))
        out[away] = log_upper(z[away]) + (there - at_zero).conj()
        out.imag = np.clip(out.imag, 0.0, math.pi)
        return out

    @cached_property
    def _potential_at_zero(self) -> complex:
        return complex(self.base._log_potential(np.zeros(1, dtype=np.complex128))[0])


@represents("root")
@dataclass(frozen=True, repr=False, eq=False)
class SymmetricRootLaw(ComputedLaw):
    """Law of ±√X with an independent random sign, for X >= 0: the symmetric law whose square is that of X."""

    @cached_property
    def base(self) -> Law:
        """Law of X."""
        return law_of(self.node.children[0])

    @cached_property
    def support(self) -> tuple[Interval, ...]:
        """Both roots of the intervals; two that meet at 0 are one."""
        right = [
            Interval(math.sqrt(i.low), math.sqrt(i.high), i.low_exponent, i.high_exponent, 0.5 * i.mass)
            for i in self.base.support
        ]
        left = [Interval(-i.high, -i.low, i.high_exponent, i.low_exponent, i.mass) for i in reversed(right)]
        # a density that is finite and not 0 at the origin is not cut there
        if right and right[0].low == 0.0 and self.base.support[0].low_exponent == -0.5:
            first, last = left.pop(), right.pop(0)
            middle = Interval(first.low, last.high, first.low_exponent, last.high_exponent, first.mass + last.mass)
            return (*left, middle, *right)
        exponents = [2.0 * i.low_exponent + 1.0 if i.low == 0.0 else i.low_exponent for i in self.base.support]
        right = [Interval(i.low, i.high, e, i.high_exponent, i.mass) for i, e in zip(right, exponents, strict=True)]
        left = [Interval(-i.high, -i.low, i.high_exponent, i.low_exponent, i.mass) for i in reversed(right)]
        return (*left, *right)

    @cached_property
    def atoms(self) -> Atoms:
        """Both roots of the atoms, with half the mass each; an atom at 0 stays whole."""
        found: dict[float, float] = {}
        for a, mass in self.base.atoms:
            for sign in (-1.0, 1.0):
                place = sign * math.sqrt(a) + 0.0
                found[place] = found.get(place, 0.0) + 0.5 * mass
        return tuple(sorted(found.items()))

    @cached_property
    def _marks(self) -> tuple[Real, Real]:
        marks = [a for a, _ in self.base.atoms]
        marks += [e for i in self.base.support for e in (i.low, i.high) if math.isfinite(e)]
        return np.array(marks), np.sqrt(np.array(marks))

    def _square(self, x: Real) -> Real:
        size = np.abs(x)
        return pull_back(size * size, size, *self._marks)

    def _pdf(self, x: Real) -> Real:
        from rmt.laws.maps.pushforward import SquareRoot

        out = np.empty_like(x)
        away = x != 0.0
        out[away] = 0.5 * SquareRoot(self.base)._pdf(np.abs(x[away]))
        out[~away] = 0.0 if away.all() else self._density_at_zero
        return out

    @cached_property
    def _density_at_zero(self) -> float:
        exponent = 2.0 * self.base._origin_exponent() + 1.0
        if exponent != 0.0:
            return 0.0 if exponent > 0.0 else math.inf
        return float(self._pdf(np.array([_SMALL]))[0])

    def _tail(self, x: Real) -> Real:
        """Mass beyond x > 0."""
        return 0.5 * self.base._sf(self._square(x))

    def _sf(self, x: Real) -> Real:
        outer = self._tail(x)
        at = np.zeros_like(x)
        for position, mass in self.atoms:
            at[x == position] = mass
        return np.where(x >= 0.0, outer, 1.0 - (outer + at))

    def _cdf(self, x: Real) -> Real:
        outer = self._tail(x)
        at = np.zeros_like(x)
        for position, mass in self.atoms:
            at[x == position] = mass
        return np.where(x >= 0.0, 1.0 - outer, outer + at)

    def _at_square(self, z: Complex) -> tuple[Complex, Mask]:
        """z² reflected into the upper half plane, and where it was."""
        w = z * z
        on_axis = z.imag == 0.0
        w[on_axis] = self._square(z[on_axis].real)
        flipped = (z.real < 0.0) & ((w.imag < 0.0) | on_axis)
        w.imag = np.abs(w.imag)
        return w, flipped

    def _through(self, values: Complex, flipped: Mask) -> Complex:
        return np.where(flipped, values.conj(), values)

    def _stieltjes(self, z: Complex) -> Complex:
        w, flipped = self._at_square(z)
        origin = z == 0.0
        out = np.empty_like(z)
        out[~origin] = times_green(z[~origin], self._through(self.base._stieltjes(w[~origin]), flipped[~origin]), 0.0)
        if origin.any():
            density = math.inf if self._mass_at_zero() else self._density_at_zero
            out[origin] = complex(0.0, -math.pi * density)
        return out

    def _t_transform(self, z: Complex) -> Complex:
        w, flipped = self._at_square(z)
        return self._through(self.base._t_transform(w), flipped)

    def _log_potential(self, z: Complex) -> Complex:
        w, flipped = self._at_square(z)
        u = self.base._log_potential(w)
        return np.asarray(0.5 * np.where(flipped, u.conj() + 2j * math.pi, u))
