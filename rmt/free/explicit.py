"""Laws whose transforms are explicit functions of those of their parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rmt._cached import cached_property
from rmt.free.computed import ComputedLaw
from rmt.laws.law import Complex, Interval, Law, Real

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
        return np.asarray(sum(float(p) * law._stieltjes(z) for law, p in self.factors), dtype=np.complex128)

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        return self._combine([law._stieltjes_error(z, law._stieltjes(z)) for law in self._child_laws])

    def _t_transform(self, z: Complex) -> Complex:
        return np.asarray(sum(float(p) * law._t_transform(z) for law, p in self.factors), dtype=np.complex128)

    def _log_potential(self, z: Complex) -> Complex:
        return np.asarray(sum(float(p) * law._log_potential(z) for law, p in self.factors), dtype=np.complex128)

    def _pdf_of_log(self, u: Real) -> Real:
        return self._combine([law._pdf_of_log(u) for law in self._child_laws])

    def _cdf_of_log(self, u: Real) -> Real:
        return self._combine([law._cdf_of_log(u) for law in self._child_laws])
