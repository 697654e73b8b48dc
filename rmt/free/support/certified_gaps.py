"""Gaps of the support of any computed law, by scanning the line with the certificate of the solver.

Used where the gaps cannot be enumerated (:mod:`rmt.free.support.gaps`): a factor that is itself a computed law or takes
both signs in a product, or too many combinations. No interval can hide, since its mass shows in the log-potential on
its two sides, however narrow it is; a gap narrower than the sampling is found where dz/dF has a dip.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from rmt.errors import ConvergenceError
from rmt.free.expressions.computed_law import law_of, upper
from rmt.free.expressions.tree import (
    AffineNode,
    BooleanSum,
    Compound,
    Leaf,
    Mixture,
    Monotone,
    Node,
    Product,
    Square,
    Sum,
    SymmetricRoot,
    point_mass_position,
    post_order,
)
from rmt.free.support.gaps import Opening
from rmt.laws.law import EPS, Mask, Real
from rmt.numerics.functions.bracketed_roots import bracketed_roots

_SAMPLES, _TAIL_SAMPLES = 600, 100
_GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)
_BISECTIONS, _ROUNDS, _SECTIONS, _SPANS = 60, 12, 16, 100
#: bounds so many standard deviations off are narrowed
_NEAR_BOUND = 10.0
#: logarithm of the largest bound
_LARGEST_LOG = 700.0
#: where between two points others are tried
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
        self.bounds = self._narrowed(*_bounds(law, self.logarithmic))

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

    def _narrowed(self, low: float, high: float) -> tuple[float, float]:
        """Bounds of the support within a fraction of it: those of nested laws grow with their depth."""
        solver = self.law._solver
        if self.logarithmic or not (math.isfinite(low) and math.isfinite(high)):
            return low, high
        ends = []
        for end in (low, high):
            length = end - solver.centre
            if abs(length) <= _NEAR_BOUND * solver.spread:
                ends.append(end)
                continue
            distance = np.geomspace(solver.spread, abs(length), _TAIL_SAMPLES)
            x = solver.centre + math.copysign(1.0, length) * distance
            above = self._above(x)
            beyond = above if length > 0.0 else 1.0 - above
            beyond = beyond - np.array([math.fsum(m for a, m in self.atoms if (a - p) * length > 0.0) for p in x])
            reached = np.flatnonzero(~(np.abs(beyond) <= self.noise))  # inside, not certified, or mass beyond
            last = int(reached[-1]) + 1 if reached.size else 0
            ends.append(float(x[min(last, x.size - 1)]))
        places = [a for a, _ in self.atoms]
        return min([ends[0], *places]), max([ends[1], *places])

    # ------------------------------------------------------------------ points
    def openings(self) -> list[Opening]:
        t, slope, outside = self._certified(self._samples())
        if t.size == 0:
            raise ConvergenceError(
                f"the support of {self.law!r} could not be searched: the equations have no certified solution at any "
                "point of the line; its parts may differ too much in size (rmt.free: factors)",
                residual=math.inf,
            )
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
        low, high = self.bounds
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
            # what cannot be told from rounding errors must not take the time of all
            spans = np.sort(spans[np.argsort(-mass[spans], kind="stable")[:_SPANS]])
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
        ready, lost = np.zeros(out.size, dtype=bool), np.zeros(out.size, dtype=bool)
        for _ in range(_BISECTIONS):
            rest = np.flatnonzero(~ready)
            if rest.size == 0:
                break
            inside_slope, _ = self._slope(into[rest])
            ready[rest] = inside_slope < 0.0
            rest = rest[~ready[rest]]
            middle = out[rest, None] + (into - out)[rest, None] * _INSIDE_GAP
            _, outside, good = (v.reshape(middle.shape) for v in self._values(middle.ravel()))
            # a point that is not certified says nothing
            chosen = np.arange(rest.size), np.argmax(good, axis=1)
            known = good.any(axis=1)
            ready[rest[~known]] = lost[rest[~known]] = True
            rest, middle, outside = rest[known], middle[chosen][known], outside[chosen][known]
            out[rest] = np.where(outside, middle, out[rest])
            into[rest] = np.where(outside, into[rest], middle)
        ready &= ~lost
        soft = np.flatnonzero(ready)
        edges = 0.5 * (out + into)
        if soft.size:
            within = EPS if self.logarithmic else 0.0
            roots = bracketed_roots(lambda t, _: self._slope(t)[0], out[soft], into[soft], absolute=within)
            edges[soft] = np.where(np.isnan(roots), edges[soft], roots)
        for place in [*self.bounds, *(a for a, _ in self.atoms)]:
            # hard edges are those of the factors, found by bisection up to rounding
            away = np.abs(edges - place)
            at = (~ready & (away <= 64.0 * EPS * max(self.unit, abs(place)))) | (away <= np.finfo(float).tiny)
            edges[at], ready[at] = place, False
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
    if not logarithmic:
        low, high = _reach(node)
        return scale * low + shift, scale * high + shift
    tops, bottoms = [], []
    for child, t in node.terms:
        position = point_mass_position(child)
        low, high = _reach(child) if position is None else (float(position), float(position))
        tops.append(float(t) * math.log(high))
        bottoms.append(float(t) * math.log(low) if low > 0.0 else -math.inf)
    return math.log(scale) + sum(bottoms), math.log(scale) + math.fsum(tops)


def _reach(node: Node) -> tuple[float, float]:
    """An interval that holds the support of the law of a node, from those of its parts: nothing is searched for it.

    A support that is known already is that interval.
    """
    for part in post_order(node, known="_reach"):
        part.__dict__["_reach"] = _reach_of(part, [child.__dict__["_reach"] for child in part.children])
    known = node.__dict__.get("_law")
    reach: tuple[float, float] = node.__dict__["_reach"]
    return known._hull() if known is not None and "support" in known.__dict__ else reach


def _reach_of(node: Node, reaches: list[tuple[float, float]]) -> tuple[float, float]:
    """The same for a node, given the intervals of its children."""
    lows, highs = [low for low, _ in reaches], [high for _, high in reaches]
    if isinstance(node, Leaf | BooleanSum | Monotone):
        return law_of(node)._hull()
    if isinstance(node, Compound):  # dominated by free Poisson laws of the smallest and of the largest jump
        size = (1.0 + math.sqrt(float(node.rate))) ** 2
        return min(lows[0], 0.0) * size, max(highs[0], 0.0) * size
    if isinstance(node, AffineNode):
        ends = [float(node.scale) * end + float(node.shift) for end in reaches[0]]
        return min(ends), max(ends)
    if isinstance(node, Sum):
        weights = [float(t) for t in node.weights]
        return (
            math.fsum(t * low for t, low in zip(weights, lows, strict=True)),
            math.fsum(t * high for t, high in zip(weights, highs, strict=True)),
        )
    if isinstance(node, Product):
        return _reach_of_product(node, lows, highs)
    if isinstance(node, Mixture):
        return min(lows), max(highs)
    low, high = reaches[0]
    if isinstance(node, SymmetricRoot):
        return -math.sqrt(high), math.sqrt(high)
    if isinstance(node, Square):
        return (0.0 if low <= 0.0 <= high else min(low * low, high * high)), max(low * low, high * high)
    if low > 0.0 or high < 0.0:  # an inverse
        return 1.0 / high, 1.0 / low
    return (0.0 if low == 0.0 else -math.inf), math.inf


def _reach_of_product(node: Product, lows: list[float], highs: list[float]) -> tuple[float, float]:
    """At most one factor takes both signs, with weight 1."""
    signed = next((i for i, low in enumerate(lows) if low < 0.0), None)

    def product(ends: list[float]) -> float:
        logs = [
            float(t) * math.log(end) if end > 0.0 else -math.inf
            for i, (t, end) in enumerate(zip(node.weights, ends, strict=True))
            if i != signed
        ]
        return math.exp(min(sum(logs), _LARGEST_LOG))

    if signed is None:
        return product(lows), product(highs)
    return product(highs) * lows[signed], product(highs) * max(highs[signed], 0.0)
