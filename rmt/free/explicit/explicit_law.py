"""Laws whose transforms are explicit functions of those of their parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rmt._cached import cached_property
from rmt.free.expressions.computed_law import ComputedLaw, represents
from rmt.laws.law import Complex, Interval, Law, Real
from rmt.numerics.functions.branches import scaled

#: distances from a jump, in units of the room about it, at which its two sides are compared
_NEAR, _NEARER = 1e-5, 1e-8

Atoms = tuple[tuple[float, float], ...]


def union_of_intervals(law: Law, parts: Sequence[Interval]) -> tuple[Interval, ...]:
    """Merge overlapping intervals; masses from the distribution function of `law`."""
    merged: list[Interval] = []
    for part in sorted(parts, key=lambda i: (i.low, i.high)):
        if merged and part.low < merged[-1].high:
            last = merged.pop()
            low_exponent = min(last.low_exponent, part.low_exponent) if part.low == last.low else last.low_exponent
            if part.high == last.high:
                high_exponent = min(last.high_exponent, part.high_exponent)
            else:
                high_exponent = part.high_exponent if part.high > last.high else last.high_exponent
            part = Interval(last.low, max(last.high, part.high), low_exponent, high_exponent, math.nan)
        merged.append(part)
    return tuple(
        Interval(i.low, i.high, i.low_exponent, i.high_exponent, _continuous_mass(law, i.low, i.high)) for i in merged
    )


def _continuous_mass(law: Law, low: float, high: float) -> float:
    below, above = law._cdf(np.array([low, high]))
    at_high = dict(law.atoms).get(high, 0.0)
    inside = math.fsum(mass for position, mass in law.atoms if low < position < high)
    return float(above - at_high - below - inside)


@represents("mixture")
@dataclass(frozen=True, repr=False, eq=False)
class MixedLaw(ComputedLaw):
    """Convex combination of laws."""

    def _combine(self, values: Sequence[Real]) -> Real:
        return np.asarray(sum(float(p) * v for p, v in zip(self.node.weights, values, strict=True)))

    @cached_property
    def support(self) -> tuple[Interval, ...]:
        """Union of the supports of the parts."""
        return union_of_intervals(self, [i for law in self._child_laws for i in law.support])

    @cached_property
    def atoms(self) -> Atoms:
        """Atoms of the parts, with weights."""
        found: dict[float, float] = {}
        for law, weight in self.factors:
            for position, mass in law.atoms:
                found[position] = found.get(position, 0.0) + float(weight) * mass
        return tuple(sorted(found.items()))

    def _pdf(self, x: Real) -> Real:
        return self._combine([law._pdf(x) for law in self._child_laws])

    def _pdf_error(self, x: Real, value: Real) -> Real:
        return self._combine([law._pdf_error(x, law._pdf(x)) for law in self._child_laws])

    def _cdf(self, x: Real) -> Real:
        return self._combine([law._cdf(x) for law in self._child_laws])

    def _sf(self, x: Real) -> Real:
        return self._combine([law._sf(x) for law in self._child_laws])

    def _cdf_error(self, x: Real, value: Real) -> Real:
        return self._combine([law._cdf_error(x, law._cdf(x)) for law in self._child_laws])

    def _stieltjes(self, z: Complex) -> Complex:
        out = self._blend([law._stieltjes(z) for law in self._child_laws])
        for i in np.flatnonzero(np.isnan(out.real)):
            out.real[i] = self._principal_value(float(z[i].real))
        return out

    def _blend(self, values: Sequence[Complex]) -> Complex:
        """Weighted sum of transforms; where infinities of both signs meet on the axis the real part is NaN."""
        out = np.zeros_like(values[0])
        with np.errstate(invalid="ignore"):
            for weight, value in zip(self.node.weights, values, strict=True):
                out += scaled(float(weight), value)
        return out

    def _principal_value(self, x: float) -> float:
        """Re G where the densities of two parts jump against each other: the limit of the mean of both sides.

        Where one jump is larger, it decides the sign of an infinite value.
        """
        ends = [e for i in self.support for e in (i.low, i.high)] + [a for a, _ in self.atoms]
        room = min((abs(e - x) for e in ends if e != x and math.isfinite(e)), default=1.0)
        steps = room * np.array([_NEAR, _NEARER])
        sides = [self._stieltjes((x + side * steps).astype(np.complex128)).real for side in (-1.0, 1.0)]
        near, nearer = 0.5 * (sides[0] + sides[1])
        if abs(nearer - near) <= _NEAR * max(abs(near), 1.0 / room):
            return float(near)
        return math.copysign(math.inf, nearer - near)

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        return self._combine([law._stieltjes_error(z, law._stieltjes(z)) for law in self._child_laws])

    def _t_transform(self, z: Complex) -> Complex:
        out = self._blend([law._t_transform(z) for law in self._child_laws])
        infinite = ~np.isfinite(out)
        out[infinite] = super()._t_transform(z[infinite])
        return out

    def _log_potential(self, z: Complex) -> Complex:
        return self._blend([law._log_potential(z) for law in self._child_laws])

    def _pdf_of_log(self, u: Real) -> Real:
        return self._combine([law._pdf_of_log(u) for law in self._child_laws])

    def _cdf_of_log(self, u: Real) -> Real:
        return self._combine([law._cdf_of_log(u) for law in self._child_laws])
