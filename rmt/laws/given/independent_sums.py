"""The law of a sum of two independent variables with densities, by quadrature."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.laws.given.density import NumericLaw
from rmt.laws.given.panel_measure import PanelMeasure
from rmt.laws.law import EPS, Interval, Law, Real

#: step and reach of the tanh-sinh rule, to the smallest distances next to an end steeper than a square root and to
#: those that matter elsewhere; every second node gives the estimate of its error
_STEP, _REACH, _SHORT = 1.0 / 16.0, 97, 62
#: levels at which an unbounded interval is cut
_LEVELS = (1e-15, 1e-12, 1e-9, 1e-6, 1e-4, 1e-2, 0.1, 0.3, 0.5)
#: points of one block
_BLOCK = 512
#: edges nearer than this share of the width are one
_SAME = 1e-14

_T = _STEP * np.arange(-_REACH, _REACH + 1)
#: nodes of [0, 1] as distances to both ends, and weights
_LEFT, _RIGHT = 1.0 / (1.0 + np.exp(-math.pi * np.sinh(_T))), 1.0 / (1.0 + np.exp(math.pi * np.sinh(_T)))
_WEIGHT = _STEP * math.pi * np.cosh(_T) * _LEFT * _RIGHT
_COARSE = np.where(np.arange(_T.size) % 2 == _REACH % 2, 2.0 * _WEIGHT, 0.0)
_MIDDLE = slice(_REACH - _SHORT, _REACH + _SHORT + 1)


@dataclass(frozen=True, repr=False)
class ClassicalSum(NumericLaw):
    """Law of X + Y for independent X and Y; built by :func:`rmt.classical_convolution`.

    The density is an integral with singularities at both ends of each piece, by the tanh-sinh rule (Takahasi and Mori
    1974) at two step sizes, whose difference is part of the error; all else follows from it on panels.

    Attributes
    ----------
    first, second : Law
        Laws of X and Y; not atomic.
    """

    first: Law
    second: Law

    def __repr__(self) -> str:
        return f"classical_convolution({self.first!r}, {self.second!r})"

    # ------------------------------------------------------------------ structure
    @cached_property
    def _pieces(self) -> list[tuple[Interval, Interval]]:
        """Pairs of intervals of X and Y between which the densities are analytic."""
        return list(itertools.product(finite_pieces(self.first), finite_pieces(self.second)))

    @cached_property
    def _intervals_found(self) -> tuple[Interval, ...]:
        parts = [
            Interval(i.low + j.low, i.high + j.high, *_exponents(i, j), math.nan)
            for i, j in itertools.product(self.first.support, self.second.support)
        ]
        for law, other in ((self.first, self.second), (self.second, self.first)):
            for a, _ in other.atoms:
                parts += [
                    Interval(i.low + a, i.high + a, i.low_exponent, i.high_exponent, math.nan) for i in law.support
                ]
        return merge_intervals(parts)

    def _intervals(self) -> tuple[Interval, ...]:
        return self._intervals_found

    @cached_property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Sums of atoms."""
        found: dict[float, float] = {}
        for (a, p), (b, q) in itertools.product(self.first.atoms, self.second.atoms):
            found[a + b] = found.get(a + b, 0.0) + p * q
        return tuple(sorted(found.items()))

    @cached_property
    def _stretches(self) -> list[Interval]:
        """The intervals, cut at all sums of an edge or atom of X and one of Y."""
        marks = [_marks(law) for law in (self.first, self.second)]
        sums = sorted({a + b for a, b in itertools.product(*marks)})
        out = []
        for i in self._intervals():
            width = i.high - i.low if math.isfinite(i.high - i.low) else self._length
            inner = [s for s in sums if i.low + _SAME * width < s < i.high - _SAME * width]
            inner = [s for k, s in enumerate(inner) if k == 0 or s - inner[k - 1] > _SAME * width]
            ends = [i.low, *inner, i.high]
            for k, (low, high) in enumerate(itertools.pairwise(ends)):
                left = i.low_exponent if k == 0 else math.nan
                right = i.high_exponent if k == len(ends) - 2 else math.nan
                out.append(Interval(low, high, left, right, math.nan))
        return out

    @cached_property
    def line_panels(self) -> PanelMeasure:
        """The density on panels, from which masses and transforms come."""
        return PanelMeasure(self._density, self._stretches, self.atoms, self._length, repr(self))

    @cached_property
    def _length(self) -> float:
        return min(_typical_length(law) for law in (self.first, self.second))

    # ------------------------------------------------------------------ density
    def _density(self, x: Real) -> Real:
        return self._both(x)[0]

    def _both(self, x: Real) -> tuple[Real, Real]:
        """Density and the estimate of its error."""
        value, error = np.zeros_like(x), np.zeros_like(x)
        for start in range(0, x.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            for i, j in self._pieces:
                fine, coarse = self._integral(x[block], i, j)
                value[block] += fine
                error[block] += np.abs(fine - coarse)
        for law, other in ((self.first, self.second), (self.second, self.first)):
            for a, mass in other.atoms:
                value += mass * density_of(law, x - a)
        return value, error

    def _integral(self, x: Real, i: Interval, j: Interval) -> tuple[Real, Real]:
        """∫ f(x − t) g(t) dt over an interval i of f and j of g, by two rules."""
        low, high = np.maximum(j.low, x - i.high), np.minimum(j.high, x - i.low)
        fine, coarse = np.zeros_like(x), np.zeros_like(x)
        some = high > low
        if not some.any():
            return fine, coarse
        steep = min(e for k in (i, j) for e in (k.low_exponent, k.high_exponent, 0.0) if e == e) < -0.5
        nodes = slice(None) if steep else _MIDDLE
        y, width = x[some, None], (high - low)[some, None]
        near, far = width * _LEFT[nodes], width * _RIGHT[nodes]
        # distances of t to the ends of j, and of x − t to those of i; the nearer one is exact
        with np.errstate(over="ignore", invalid="ignore"):
            g = _between(
                self.second, j, np.maximum(y - i.high - j.low, 0.0) + near, np.maximum(j.high - y + i.low, 0.0) + far
            )
            f = _between(
                self.first, i, np.maximum(y - j.high - i.low, 0.0) + far, np.maximum(i.high + j.low - y, 0.0) + near
            )
        values = f * g * width
        fine[some], coarse[some] = values @ _WEIGHT[nodes], values @ _COARSE[nodes]
        return fine, coarse

    def _pdf_error(self, x: Real, value: Real) -> Real:
        out = super()._pdf_error(x, value)
        inside = (value > 0.0) & np.isfinite(value)
        out[inside] += self._both(x[inside])[1] + 64.0 * EPS / self._length
        return out

    def _exact_moments(self, order: int) -> list[Fraction]:
        return _sum_of_moments(self.first._exact_moments(order), self.second._exact_moments(order))

    def _float_moments(self, order: int) -> list[float]:
        try:
            return [float(m) for m in self._exact_moments(order)]
        except ValueError:
            return _sum_of_moments(self.first._float_moments(order), self.second._float_moments(order))

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        return ClassicalSum(scale * self.first + shift, scale * self.second)


# ---------------------------------------------------------------------- helpers
def _sum_of_moments(a: list[Any], b: list[Any]) -> list[Any]:
    return [sum(math.comb(k, j) * a[j] * b[k - j] for j in range(k + 1)) for k in range(len(a))]


def _exponents(i: Interval, j: Interval) -> tuple[float, float]:
    """Two powers of the distance convolve to the power of the sum of the exponents plus 1."""
    return i.low_exponent + j.low_exponent + 1.0, i.high_exponent + j.high_exponent + 1.0


def merge_intervals(parts: Iterable[Interval]) -> tuple[Interval, ...]:
    """Union of intervals; at a common end the smaller exponent wins."""
    merged: list[Interval] = []
    for part in sorted(parts, key=lambda i: (i.low, i.high)):
        if not merged or part.low >= merged[-1].high:
            merged.append(part)
            continue
        last = merged.pop()
        low = last.low_exponent if part.low > last.low else _smaller(last.low_exponent, part.low_exponent)
        if part.high == last.high:
            high = _smaller(last.high_exponent, part.high_exponent)
        else:
            high = part.high_exponent if part.high > last.high else last.high_exponent
        merged.append(Interval(last.low, max(last.high, part.high), low, high, math.nan))
    return tuple(merged)


def _smaller(a: float, b: float) -> float:
    return min(a, b) if math.isfinite(a) and math.isfinite(b) else math.nan


def analytic_intervals(law: Law) -> Iterable[Interval]:
    """Intervals inside which the density is analytic; that of a convolution is not where edges meet."""
    return law._stretches if isinstance(law, ClassicalSum) else law.support


def _marks(law: Law) -> list[float]:
    """Finite edges and atoms."""
    ends = [e for i in analytic_intervals(law) for e in (i.low, i.high) if math.isfinite(e)]
    return ends + [a for a, _ in law.atoms]


def _typical_length(law: Law) -> float:
    widths = [i.high - i.low for i in law.support if math.isfinite(i.high - i.low)]
    quartiles = law.ppf(np.array([0.25, 0.75]))
    return min([*widths, float(quartiles[1] - quartiles[0]) or math.inf])


def finite_pieces(law: Law) -> list[Interval]:
    """The intervals of a law; unbounded ones cut at quantiles, and off where hardly any mass is left."""
    out = []
    for i in analytic_intervals(law):
        if math.isfinite(i.low) and math.isfinite(i.high):
            out.append(i)
            continue
        cuts = np.array(law.ppf(np.array([*_LEVELS, *(1.0 - level for level in _LEVELS)])))
        middle = float(law.ppf(0.5))
        cuts = np.concatenate([cuts, middle + 2.0 * (cuts[[0, len(_LEVELS)]] - middle)])
        ends = sorted({float(c) for c in cuts if i.low < c < i.high})
        ends = [*([i.low] if math.isfinite(i.low) else []), *ends, *([i.high] if math.isfinite(i.high) else [])]
        for k, (low, high) in enumerate(itertools.pairwise(ends)):
            left = i.low_exponent if k == 0 and low == i.low else 0.0
            right = i.high_exponent if k == len(ends) - 2 and high == i.high else 0.0
            out.append(Interval(low, high, left, right, math.nan))
    return out


def density_of(law: Law, x: Real) -> Real:
    """Density of a law; that of a convolution from its panels, which is the faster one."""
    return law.line_panels.density(x) if isinstance(law, ClassicalSum) else law._pdf(x)


def _between(law: Law, i: Interval, to_low: Real, to_high: Real) -> Real:
    """Density at points of an interval given by their distances to its ends, as if these had not been rounded."""
    lower = to_low <= to_high
    x = np.where(lower, i.low + to_low, i.high - to_high)
    x = np.clip(x, np.nextafter(i.low, i.high), np.nextafter(i.high, i.low))
    out = density_of(law, x.ravel()).reshape(x.shape)
    for here, distance, edge, exponent in (
        (lower, to_low, i.low, i.low_exponent),
        (~lower, to_high, i.high, i.high_exponent),
    ):
        if math.isfinite(exponent) and exponent != 0.0:
            out[here] *= (distance[here] / np.abs(x[here] - edge)) ** exponent
    return np.where(np.isfinite(out), out, 0.0)
