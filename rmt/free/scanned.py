"""Gaps of the support of any computed law, by scanning the line with the certificate of the solver.

Used where the gaps cannot be enumerated (:mod:`rmt.free.gaps`): a factor that is itself a computed law or takes both
signs in a product, or too many combinations. No interval can hide, since its mass shows in the log-potential on its
two sides, however narrow it is; a gap narrower than the sampling is found where dz/dF has a dip.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from rmt.free.computed import law_of, upper
from rmt.free.gaps import Opening
from rmt.free.tree import point_mass_position
from rmt.laws.law import EPS, Mask, Real
from rmt.numerics.roots import bracketed_roots

_SAMPLES, _TAIL_SAMPLES = 600, 100
_GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)
_BISECTIONS, _ROUNDS, _SECTIONS = 60, 12, 16
#: where in a gap the mass above it is taken
_INSIDE_GAP = np.array([0.5, 0.37, 0.63])
#: logarithm, relative to that of the mean, down to which a product is sampled next to 0
_DEEP = 300.0
#: mass between two points that has to be explained, in units of the rounding error of the potential
_NOISE = 64.0 * EPS


def scanned_openings(law: Any) -> list[Opening]:
    """Gaps of the support, left to right, the outer ones included; logarithms for a product of positive laws."""
    return _Scan(law).openings()


class _Scan:
    """A scan in the coordinate of the solver."""

    def __init__(self, law: Any) -> None:
        self.law = law
        self.logarithmic = law._solver.logarithmic
        atoms = law._log_atoms if self.logarithmic else law.atoms
        self.atoms = [(a, m) for a, m in atoms if math.isfinite(a)]
        self.noise = _NOISE * (1.0 + law._solver.total_weight)
        self.unit = 1.0 if self.logarithmic else law._solver.spread

    def _values(self, t: Real) -> tuple[Real, Mask, Mask]:
        """Re D², positive outside and negative next to a soft edge inside; outside; certified."""
        values = self.law._solve(upper(t), certified=False)
        with np.errstate(over="ignore"):
            small = np.abs(values.d) < 1e150  # D itself overflows next to an atom at 0
        square = (np.where(small, values.d, 0.0) ** 2).real
        square = np.where(small, square, np.where(values.outside, np.inf, -np.inf))
        return np.where(values.failed, np.nan, square), values.outside, ~values.failed

    def _slope(self, t: Real) -> tuple[Real, Mask]:
        return self._values(t)[:2]

    def _above(self, t: Real) -> Real:
        """Mass above points outside the support, NaN where they are not certified."""
        values = self.law._solve(upper(t), potential=True, certified=False)
        raw = values.potential.imag / math.pi
        above: Real = self.law._clean(1.0 - raw, raw, values.outside)[1]
        return np.where(values.outside, above, np.nan)

    # ------------------------------------------------------------------ points
    def openings(self) -> list[Opening]:
        t, slope, outside = self._certified(self._samples())
        t, slope, outside = self._with_hidden_intervals(t, slope, outside)
        seeds, touching = self._hidden_gaps(t, np.abs(slope), outside)
        if seeds.size:
            t, slope, outside = self._certified(np.concatenate([t, seeds]))
        starts = np.flatnonzero(outside[1:] & ~outside[:-1])  # a gap opens between these points
        ends = np.flatnonzero(~outside[1:] & outside[:-1])
        low, low_soft = self._edges(t[starts + 1], t[starts])
        high, high_soft = self._edges(t[ends], t[ends + 1])
        if outside[0]:
            low, low_soft = np.append(-math.inf, low), np.append(False, low_soft)
        if outside[-1]:
            high, high_soft = np.append(high, math.inf), np.append(high_soft, False)
        found = [Opening(-math.inf, -math.inf, 1.0, False, False)] if self.logarithmic else []
        for a, b, a_soft, b_soft in zip(low, high, low_soft, high_soft, strict=True):
            found.extend(self._cut_at_atoms(float(a), float(b), bool(a_soft), bool(b_soft)))
        for place in touching:
            if not any(o.low <= place <= o.high for o in found):
                found.append(Opening(place, place, self._above_cusp(place), True, True, touching=True))
        return sorted(found, key=lambda o: o.low)

    def _certified(self, t: Real) -> tuple[Real, Real, Mask]:
        """The points that are certified, in order, with their slopes and whether they lie outside."""
        t = np.unique(t)
        slope, outside, good = self._values(t)
        return t[good], slope[good], outside[good]

    def _samples(self) -> Real:
        """Points of the hull and a little more, dense at its ends and about 0 where products are singular."""
        nodes = np.cos(math.pi * (np.arange(_SAMPLES) + 0.5) / _SAMPLES)[::-1]
        low, high = _bounds(self.law, self.logarithmic)
        solver = self.law._solver
        if self.logarithmic:
            middle, scale = solver.log_centre, solver.relative_spread
            deepest = middle - _DEEP - 2.0 * solver.total_weight
            start = max(low, middle - 8.0 * scale)
            end = min(high, middle + 8.0 * scale)
            tails = [
                _geometric(start, max(low - 0.1 * scale, deepest), scale),
                _geometric(end, high + 0.1 * scale, scale),
            ]
            return np.concatenate([0.5 * (start + end) + (0.5 * (end - start) + 0.01 * scale) * nodes, *tails])
        if not (math.isfinite(low) and math.isfinite(high)):
            return np.asarray(np.clip(solver.centre + solver.spread * np.sinh(12.0 * nodes), low, high))
        margin = 0.01 * (high - low)
        core = solver.centre + 3.0 * solver.spread * nodes
        x = np.concatenate([0.5 * (low + high) + (0.5 * (high - low) + margin) * nodes, core])
        if low <= 0.0 <= high:
            small = np.geomspace(1e-9, 0.1, 60)
            x = np.concatenate([x, min(low, -self.unit) * small, max(high, self.unit) * small])
        return np.asarray(x)

    def _with_hidden_intervals(self, t: Real, slope: Real, outside: Mask) -> tuple[Real, Real, Mask]:
        """Subdivide between points outside that have more than atoms between them until a point inside shows."""
        for _ in range(_ROUNDS):
            above = np.full(t.size, np.nan)
            above[outside] = self._above(t[outside])
            mass = -np.diff(above)  # NaN unless both ends are outside
            for a, m in self.atoms:
                mass -= m * ((t[:-1] < a) & (a < t[1:]))
            narrow = np.diff(t) <= 64.0 * EPS * np.maximum(np.abs(t[1:]), self.unit)
            spans = np.flatnonzero((mass > self.noise) & ~narrow)
            if spans.size == 0:
                break
            shares = np.arange(1, _SECTIONS) / _SECTIONS
            new = (t[spans, None] + np.diff(t)[spans, None] * shares).ravel()
            t, slope, outside = self._certified(np.concatenate([t, new]))
        return t, slope, outside

    def _hidden_gaps(self, t: Real, slope: Real, outside: Mask) -> tuple[Real, list[float]]:
        """Certified points of gaps between two samples, where |D| has a minimum; and minima that are cusps."""
        size = np.sqrt(slope)
        inner = np.arange(1, t.size - 1)
        dip = ~outside[inner] & ~outside[inner - 1] & ~outside[inner + 1]
        dip &= (size[inner] <= size[inner - 1]) & (size[inner] <= size[inner + 1])
        dip &= size[inner] < 0.5 * np.nanmedian(size)
        at = inner[dip]
        if at.size == 0:
            return np.zeros(0), []
        a, b = t[at - 1].copy(), t[at + 1].copy()
        c, d = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
        (fc, oc), (fd, od) = self._slope(c), self._slope(d)
        hits = [c[oc], d[od]]
        closed = ~(oc | od)
        active = np.flatnonzero(closed)
        for _ in range(70):
            if active.size == 0:
                break
            i = active
            left = np.abs(fc[i]) < np.abs(fd[i])
            b[i], a[i] = np.where(left, d[i], b[i]), np.where(left, a[i], c[i])
            new = np.where(left, b[i] - _GOLDEN * (b[i] - a[i]), a[i] + _GOLDEN * (b[i] - a[i]))
            f, o = self._slope(new)
            hits.append(new[o])
            closed[i[o]] = False
            c[i], d[i] = np.where(left, new, d[i]), np.where(left, c[i], new)
            fc[i], fd[i] = np.where(left, f, fd[i]), np.where(left, fc[i], f)
            wide = (b - a)[i] > 4.0 * EPS * np.maximum(np.abs(a), np.abs(b))[i]
            active = i[~o & wide]
        bottom = 0.5 * (a + b)[closed]
        critical = self.law._solve(upper(bottom), certified=False).critical
        return np.concatenate(hits), bottom[critical].tolist()

    # ------------------------------------------------------------------ gaps
    def _cut_at_atoms(self, low: float, high: float, low_soft: bool, high_soft: bool) -> list[Opening]:
        """The gaps that the atoms in a gap make of it."""
        cuts = [low, *sorted(a for a, _ in self.atoms if low < a < high), high]
        found = []
        for k, (a, b) in enumerate(itertools.pairwise(cuts)):
            if math.isinf(a):
                above = 1.0 - (self.law._mass_at_zero() if self.logarithmic else 0.0)
            else:
                above = 0.0 if math.isinf(b) else float(np.nanmedian(self._above(a + (b - a) * _INSIDE_GAP)))
            found.append(Opening(a, b, above, low_soft and k == 0, high_soft and k + 2 == len(cuts)))
        return found

    def _above_cusp(self, place: float) -> float:
        target = upper(np.array([place]))
        return float(self.law._above(target, self.law._solve(target, potential=True))[0])

    def _edges(self, out: Real, into: Real) -> tuple[Real, Mask]:
        """Edges between points outside and points inside, and whether they are soft."""
        out, into = out.copy(), into.copy()
        ready = np.zeros(out.size, dtype=bool)
        for _ in range(_BISECTIONS):
            rest = np.flatnonzero(~ready)
            if rest.size == 0:
                break
            inside_slope, _ = self._slope(into[rest])
            ready[rest] = inside_slope < 0.0
            rest = rest[~ready[rest]]
            middle = 0.5 * (out[rest] + into[rest])
            _, outside = self._slope(middle)
            out[rest] = np.where(outside, middle, out[rest])
            into[rest] = np.where(outside, into[rest], middle)
        soft = np.flatnonzero(ready)
        edges = 0.5 * (out + into)
        if soft.size:
            roots = bracketed_roots(lambda t, _: self._slope(t)[0], out[soft], into[soft])
            edges[soft] = np.where(np.isnan(roots), edges[soft], roots)
        for place in [*_bounds(self.law, self.logarithmic), *(a for a, _ in self.atoms)]:
            # hard edges are those of the factors, found by bisection up to rounding
            at = ~ready & (np.abs(edges - place) <= 64.0 * EPS * max(self.unit, abs(place)))
            edges[at] = place
        return edges, ready


def _geometric(start: float, stop: float, scale: float) -> Real:
    """Points from `start` to `stop` whose distances grow geometrically."""
    length = abs(stop - start)
    if not 0.0 < length < math.inf:
        return np.zeros(0)
    return np.asarray(
        start + math.copysign(1.0, stop - start) * np.geomspace(min(0.01 * scale, length), length, _TAIL_SAMPLES)
    )


def _bounds(law: Any, logarithmic: bool) -> tuple[float, float]:
    """An interval that holds the support: sums of the ends for a sum, products (or their logs) for a product."""
    node, scale, shift = law._solver.core
    if node.kind == "compound":  # dominated by free Poisson laws of the smallest and of the largest jump
        low, high = law_of(node.child)._hull()
        reach = scale * (1.0 + math.sqrt(float(node.rate))) ** 2
        return min(low, 0.0) * reach + shift, max(high, 0.0) * reach + shift
    if node.kind == "sum":
        factors = [(law_of(child)._hull(), float(t)) for child, t in node.terms]
        low = math.fsum(t * hull[0] for hull, t in factors)
        high = math.fsum(t * hull[1] for hull, t in factors)
        return scale * low + shift, scale * high + shift
    hulls = [
        (position, position) if (position := point_mass_position(child)) is not None else law_of(child)._hull()
        for child, _ in node.terms
    ]
    weights = [float(t) for _, t in node.terms]
    tops = [math.log(hull[1]) * t for hull, t in zip(hulls, weights, strict=True) if hull[0] >= 0.0]
    if logarithmic:
        bottoms = [
            math.log(hull[0]) * t if hull[0] > 0.0 else -math.inf for hull, t in zip(hulls, weights, strict=True)
        ]
        return math.log(scale) + sum(bottoms), math.log(scale) + math.fsum(tops)
    reach = math.exp(math.fsum(tops))
    signed = next(hull for hull in hulls if hull[0] < 0.0)
    return scale * reach * signed[0], scale * reach * max(signed[1], 0.0)
