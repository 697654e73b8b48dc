"""All gaps of the support of a free convolution, however small, from the gaps of its factors.

On a gap of the result every factor sits in one of its own gaps: the one through infinity ("outer") or an inner one,
and its transform c (G for sums, M = zG - 1 for products) is common to all. With K_i the inverse of c_i,

    sum:      z(c) = Σ_outer t_i k_i + Σ_inner t_i K_i + (1 - T_inner)/c,
    product:  z(c) = Π_outer k_i^{t_i} Π_inner K_i^{t_i} ((1 + c)/c)^{1 - T_inner},
    compound free Poisson:  z = v (1 + rate M(v)) on the gaps of the jumps,

and a real point z lies outside the support exactly where the map is decreasing in c (increasing in v). Edges are the
zeros of its derivative. This generalises Silverstein and Choi (1995); compare Bao, Erdős and Schnelli (2020) and
Belinschi, Bercovici and Ho (2024), who bound the number of components.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rmt.free.support.outer_edges import outer_edge, reaches_origin
from rmt.free.support.real_axis import Factor, Gap
from rmt.laws.law import EPS, Mask, Real
from rmt.numerics.functions.bracketed_roots import bracketed_roots

Index = NDArray[np.intp]

_SAMPLES, _FEW_SAMPLES, _MANY_ROWS = 48, 20, 40
#: rounding error of a sum, in units of the sizes of its terms
_NOISE = 16.0 * EPS
_GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)
#: ratio of the ends of a row from which its points are spread over the decades
_DECADES = 1e6
#: combinations of inner gaps beyond which enumeration takes too long
LIMIT = 3000


@dataclass(frozen=True)
class Opening:
    """A gap of the result.

    Attributes
    ----------
    low, high : float
        Its ends.
    above : float
        Mass above it.
    low_soft, high_soft : bool
        Whether the end is a simple zero of the derivative.
    touching : bool
        The gap has just closed (a cusp).
    """

    low: float
    high: float
    above: float
    low_soft: bool
    high_soft: bool
    touching: bool = False


class EdgeChart(ABC):
    """A curve on which gaps are looked for: rows of the same kind, each with its parameter x in (low, high)."""

    low: Real
    high: Real
    #: z is known to rounding in units of itself and of this
    unit = 0.0

    @abstractmethod
    def slope(self, x: Real, row: Index) -> tuple[Real, Real, Real]:
        """dz/dx up to a positive factor, the size of the terms that it is the sum of, and z."""

    @abstractmethod
    def end(self, row: int, upper: bool) -> tuple[float, bool]:
        """Z at the end of a row, and whether there is a zero of the derivative next to it that doubles do not show."""

    @abstractmethod
    def mass_above(self, row: int) -> float:
        """Mass above the gap that a row describes."""

    def _clear_slope(self, x: Real, row: Index) -> Real:
        """The slope, exactly 0 where it is rounding error."""
        q, size, _ = self.slope(x, row)
        return np.where(np.abs(q) <= _NOISE * size, 0.0, q)

    # ------------------------------------------------------------------ search
    def openings(self) -> list[Opening]:
        """The interval of every row on which z increases, in terms of z."""
        if self.low.size == 0:
            return []
        x = self._samples()
        n = x.shape[1]
        q = self._clear_slope(x.ravel(), np.repeat(np.arange(x.shape[0]), n)).reshape(x.shape)
        best = np.argmax(np.where(np.isnan(q), -np.inf, q), axis=1)
        top = q[np.arange(x.shape[0]), best]
        wide = np.flatnonzero(top > 0.0)
        flat = np.mean(q == 0.0, axis=1) > 0.5  # z constant: the row is not a gap
        hidden = np.flatnonzero(~(top > 0.0) & ~np.isnan(top) & ~flat)
        peak, value, noise = self._peaks(x, q, best, hidden)
        # at the end of a row the slope may tend to 0 without a gap closing
        margin = 1e-6 * (self.high - self.low)[hidden]
        interior = (peak > self.low[hidden] + margin) & (peak < self.high[hidden] - margin)
        touching = (np.abs(value) <= noise) & interior
        opened = value > noise
        rows = np.concatenate([wide, hidden[opened]])
        inside = np.concatenate([x[wide, best[wide]], peak[opened]])
        found = self._between(rows, inside, x, q)
        z = self.slope(peak[touching], hidden[touching])[2]
        for r, place in zip(hidden[touching].tolist(), z.tolist(), strict=True):
            found.append(Opening(place, place, self.mass_above(r), True, True, touching=True))
        return found

    def _samples(self) -> Real:
        """Points of every row, dense at its ends."""
        n = _SAMPLES if self.low.size < _MANY_ROWS else _FEW_SAMPLES
        tau = np.sort(np.sin(0.25 * math.pi * (1.0 + np.cos(math.pi * (np.arange(n) + 0.5) / n))) ** 2)
        x = np.asarray(self.low[:, None] + (self.high - self.low)[:, None] * tau)
        long = np.flatnonzero((self.low > 0.0) & (self.high > _DECADES * self.low))
        low, high = np.log(self.low[long]), np.log(self.high[long])
        x[long] = np.exp(low[:, None] + (high - low)[:, None] * tau)
        return x

    def _peaks(self, x: Real, q: Real, best: Index, rows: Index) -> tuple[Real, Real, Real]:
        """Largest slope near the best sample, by golden section; its value, and the rounding error of that.

        A row is given up when the slope varies much less in its bracket than it would have to rise.
        """
        left, right = np.maximum(best[rows] - 1, 0), np.minimum(best[rows] + 1, x.shape[1] - 1)
        a = np.where(best[rows] > 0, x[rows, left], self.low[rows])
        b = np.where(best[rows] < x.shape[1] - 1, x[rows, right], self.high[rows])
        c, d = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
        fc, fd = self.slope(c, rows)[0], self.slope(d, rows)[0]
        lowest = np.fmin(np.fmin(q[rows, left], q[rows, right]), np.fmin(fc, fd))
        active = np.arange(rows.size)
        for _ in range(80):
            top = np.fmax(fc, fd)[active]
            width = (b - a)[active]
            narrow = width <= 4.0 * EPS * np.maximum(np.abs(a), np.abs(b))[active]
            hopeless = top < -4.0 * (top - lowest[active])
            active = active[~(narrow | hopeless | (top > 0.0))]
            if active.size == 0:
                break
            i = active
            left_half = fc[i] > fd[i]
            lowest[i] = np.fmin(fc[i], fd[i])
            b[i], a[i] = np.where(left_half, d[i], b[i]), np.where(left_half, a[i], c[i])
            new = np.where(left_half, b[i] - _GOLDEN * (b[i] - a[i]), a[i] + _GOLDEN * (b[i] - a[i]))
            f = self.slope(new, rows[i])[0]
            c[i], d[i], fc[i], fd[i] = (
                np.where(left_half, new, d[i]),
                np.where(left_half, c[i], new),
                np.where(left_half, f, fd[i]),
                np.where(left_half, fc[i], f),
            )
        peak = np.where(fc > fd, c, d)
        value, size, _ = self.slope(peak, rows)
        return peak, value, _NOISE * size

    def _between(self, rows: Index, inside: Real, x: Real, q: Real) -> list[Opening]:
        """Zeros of the slope on both sides of a point of every row where it is positive."""
        if rows.size == 0:
            return []
        left, left_found = self._negative_neighbour(rows, inside, x, q, -1)
        right, right_found = self._negative_neighbour(rows, inside, x, q, +1)

        def residual(point: Real, index: Index) -> Real:
            return self.slope(point, np.concatenate([rows, rows])[index])[0]

        roots = bracketed_roots(residual, np.concatenate([left, inside]), np.concatenate([inside, right]))
        z = self.slope(roots, np.concatenate([rows, rows]))[2]
        result = []
        for i, r in enumerate(rows.tolist()):
            low, low_soft = (float(z[i]), True) if left_found[i] else self.end(r, False)
            high, high_soft = (float(z[rows.size + i]), True) if right_found[i] else self.end(r, True)
            if high - low > 2.0 * EPS * max(self.unit, abs(low), abs(high)) or math.isinf(high - low):
                result.append(Opening(low, high, self.mass_above(r), low_soft, high_soft))
        return result

    def _negative_neighbour(self, rows: Index, inside: Real, x: Real, q: Real, side: int) -> tuple[Real, Mask]:
        """The nearest point on one side where the slope is negative, and whether there is one."""
        beyond = (x[rows] < inside[:, None]) if side < 0 else (x[rows] > inside[:, None])
        candidates = beyond & (q[rows] < 0.0)
        found = np.array(np.any(candidates, axis=1))
        nearest = (
            candidates.shape[1] - 1 - np.argmax(candidates[:, ::-1], axis=1)
            if side < 0
            else np.argmax(candidates, axis=1)
        )
        out = np.where(found, x[rows, nearest], inside)
        missing = np.flatnonzero(~found)
        if missing.size:
            r = rows[missing]
            end, start = (self.low[r], x[r, 0]) if side < 0 else (self.high[r], x[r, -1])
            powers = 10.0 ** -np.arange(1.0, 15.0)
            points = end[:, None] + (start - end)[:, None] * powers
            values = self._clear_slope(points.ravel(), np.repeat(r, powers.size)).reshape(points.shape)
            hits = values < 0.0
            found[missing] = np.any(hits, axis=1)
            out[missing] = np.where(found[missing], points[np.arange(r.size), np.argmax(hits, axis=1)], inside[missing])
        return out, found


def merge(openings: Sequence[Opening]) -> list[Opening]:
    """Sort gaps of the support, and join those that overlap (they were found twice)."""
    result: list[Opening] = []
    for o in sorted(openings, key=lambda o: (o.low, o.high)):
        if result and (o.low < result[-1].high or (o.touching and result[-1].touching and _same(o, result[-1]))):
            p = result.pop()
            far = o if o.high > p.high else p
            o = Opening(p.low, far.high, p.above, p.low_soft, far.high_soft, p.touching and o.touching)
        result.append(o)
    return result


def _same(o: Opening, p: Opening) -> bool:
    return abs(o.low - p.low) <= 1e-9 * max(1.0, abs(o.low))


# ---------------------------------------------------------------------- sums and products
@dataclass(frozen=True)
class FreeOperation:
    """A weighted sum, or a weighted product times exp(log_scale), of factors.

    Where `logarithmic`, the points z of the product are given by their logarithms.
    """

    factors: Sequence[Factor]
    weights: Sequence[float]
    multiplicative: bool
    log_scale: float = 0.0

    logarithmic: bool = False

    @property
    def origin(self) -> float:
        """What stands for the point 0."""
        return -math.inf if self.logarithmic else 0.0

    def combined(self, places: Sequence[float]) -> float:
        """Σ t_i a_i, or Π a_i^{t_i} or its logarithm."""
        if not self.multiplicative:
            return math.fsum(t * a for a, t in zip(places, self.weights, strict=True))
        if min(places) == 0.0:
            return self.origin
        if self.logarithmic:
            return self.log_scale + math.fsum(t * math.log(a) for a, t in zip(places, self.weights, strict=True))
        return math.exp(self.log_scale) * float(np.prod(np.power(places, self.weights)))

    def value(self, total: Real) -> Real:
        """Z from the sum of the terms of the factors."""
        if not self.multiplicative:
            return total
        return total + self.log_scale if self.logarithmic else np.exp(total + self.log_scale)


class Convolution(EdgeChart):
    """Rows with one pivot factor that runs through its own gaps, the others following.

    Parameters
    ----------
    operation : Operation
    pivot : int
        The factor whose argument is the parameter.
    pivot_gaps : sequence of Gap
        One row each (two where the range of c has to avoid its singular values).
    choice : sequence of Gap or None
        Inner gap of every other factor, or None for outer.
    """

    def __init__(
        self, operation: FreeOperation, pivot: int, pivot_gaps: Sequence[Gap], choice: Sequence[Gap | None]
    ) -> None:
        self.operation = operation
        self.factors, self.weights, self.multiplicative = operation.factors, operation.weights, operation.multiplicative
        self.unit = 1.0 if operation.logarithmic else 0.0
        self.pivot, self.choice = pivot, choice
        self._pivot_outer = pivot_gaps[0].outer
        self.inner = [(i == pivot and not self._pivot_outer) or gap is not None for i, gap in enumerate(choice)]
        self.excess = 1.0 - sum(t for t, inner in zip(self.weights, self.inner, strict=True) if inner)
        self._rows(pivot_gaps)

    def _allowed(self) -> list[tuple[float, float]]:
        """Ranges of c without the values where the map is singular or not real."""
        if self.excess == 0.0:
            return [(-math.inf, math.inf)]
        return [(-math.inf, -1.0 if self.multiplicative else 0.0), (0.0, math.inf)]

    def _rows(self, pivot_gaps: Sequence[Gap]) -> None:
        lowest, highest = -math.inf, math.inf
        for i, factor in enumerate(self.factors):
            if i != self.pivot:
                a, b = factor.range_of(self.choice[i])
                lowest, highest = max(lowest, a), min(highest, b)
        pivot = self.factors[self.pivot]
        rows: list[tuple[float, float, float, float, Gap]] = []
        for gap in pivot_gaps:
            a, b = pivot.range_of(gap)
            for first, last in self._allowed():
                c_low, c_high = max(a, lowest, first), min(b, highest, last)
                if c_low < c_high:
                    rows.append((c_low, c_high, a, b, gap))
        self.gaps = [row[4] for row in rows]
        self.ends = [(row[0], row[1]) for row in rows]
        self.gap_low = np.array([row[4].low for row in rows])
        self.gap_high = np.array([row[4].high for row in rows])
        self.low, self.high = self.gap_low.copy(), self.gap_high.copy()
        table = np.array([row[:4] for row in rows]).reshape(-1, 4)
        self._cut(self.low, table[:, 1], table[:, 1] < table[:, 3])
        self._cut(self.high, table[:, 0], table[:, 0] > table[:, 2])

    def _cut(self, ends: Real, c: Real, inside: Mask) -> None:
        """Move the ends of the rows to where c takes its last admissible value."""
        rows = np.flatnonzero(inside)
        if rows.size == 0:
            return
        pivot = self.factors[self.pivot]
        if self._pivot_outer:
            cut = np.array([pivot.inverse(None, np.array([c[r]]))[0] if c[r] != 0.0 else ends[r] for r in rows])
        else:
            low = np.array([self.gaps[r].low for r in rows])
            high = np.array([self.gaps[r].high for r in rows])
            margin_low, margin_high = 2.0 * EPS * np.abs(low) + 1e-300, 2.0 * EPS * np.abs(high) + 1e-300
            cut = pivot.inverse_between(low + margin_low, high - margin_high, c[rows])
        # a logarithmic singularity takes the value within rounding of the end
        ends[rows] = np.where(np.isnan(cut), ends[rows], cut)

    def mass_above(self, row: int) -> float:
        """Σ_inner t_i (mass above the gap of factor i), and 1 - T_inner more where c is negative."""
        total = self.excess if self.ends[row][1] <= 0.0 else 0.0
        for i, factor in enumerate(self.factors):
            if self.inner[i]:
                gap = self.gaps[row] if i == self.pivot else self.choice[i]
                assert gap is not None
                total += self.weights[i] * factor.mass_above(gap)
        return total

    def slope(self, x: Real, row: Index) -> tuple[Real, Real, Real]:
        """dz/dx (or dlog z/dx), the sizes of its terms, and z."""
        c, dc, k, dk = self.factors[self.pivot].coordinate(x)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            derivative, size, value = self._term(self.pivot, x, np.ones_like(x) / dc, k, dk / dc)
            for i, factor in enumerate(self.factors):
                if i == self.pivot:
                    continue
                scale = 1e-15 / max(self.factors[self.pivot].width, factor.width)
                safe = np.where(np.abs(c) < scale, np.where(c < 0.0, -scale, scale), c)
                y = factor.inverse(self.choice[i], safe)
                _, dc_i, k_i, dk_i = factor.coordinate(y)
                if not self.inner[i]:
                    k_i = self._steady_self_energy(y, k_i, dk_i, safe)
                d, s, v = self._term(i, y, 1.0 / dc_i, k_i, dk_i / dc_i)
                derivative, size, value = derivative + d, size + s, value + v
            if self.excess != 0.0:
                if self.multiplicative:
                    above = x / (x - k)  # 1 + c, which cancels close to the origin
                    d, v = self.excess * (1.0 / above - 1.0 / c), self.excess * np.log(above / c)
                else:
                    d, v = -self.excess / (c * c), self.excess / c
                derivative, size, value = derivative + d, size + np.abs(d), value + v
            value = self.operation.value(value)
            # next to an atom the distance to it, and all that follows from it, is known to fewer digits
            near = np.fmin(np.abs(x - self.gap_low[row]), np.abs(self.gap_high[row] - x))
            return derivative * dc, size * np.abs(dc) * (1.0 + 0.25 * np.abs(x) / near), value

    def _steady_self_energy(self, y: Real, k: Real, dk: Real, c: Real) -> Real:
        """The self-energy of a factor where its transform is `c`: next to an edge from that, not from the point."""
        if self.multiplicative:
            return np.where(np.abs(y * dk) > np.abs(k), y * c / (1.0 + c), k)
        return np.where(np.abs(dk) > 1.0, y - 1.0 / c, k)

    def _term(self, i: int, x: Real, dx: Real, k: Real, dk: Real) -> tuple[Real, Real, Real]:
        """Contribution of a factor: derivative with respect to c, its size, and value (or logarithm)."""
        t = self.weights[i]
        value, slope = (x, dx) if self.inner[i] else (k, dk)
        if self.multiplicative:
            return t * slope / value, np.abs(t * slope / value), t * np.log(value)
        return t * slope, np.abs(t * slope), t * value

    def end(self, row: int, upper: bool) -> tuple[float, bool]:
        """Z where c reaches the end of its range, and whether a factor bends there, or its atoms are too small."""
        gap = self.gaps[row]
        c = self.ends[row][0 if upper else 1]
        if math.isinf(gap.high if upper else gap.low):
            return (math.inf if upper else -math.inf), False
        if self.multiplicative and not upper and gap.low == 0.0:
            return self.operation.origin, False
        side = -1 if upper else 1
        places = []
        for i, factor in enumerate(self.factors):
            chosen = gap if i == self.pivot else self.choice[i]
            if chosen is None:
                chosen = factor.lower if upper else factor.upper
            places.append(math.nan if chosen is None else chosen.high if upper else chosen.low)
        if math.isinf(c):
            masses = [factor.atom_at(place) for factor, place in zip(self.factors, places, strict=True)]
            budget = math.fsum(t * (1.0 - m) for t, m in zip(self.weights, masses, strict=True))
            soft = budget > 1.0 + 4.0 * EPS * math.fsum(self.weights)
            return self.operation.combined(places), soft
        ranges = [f.range_of(gap if i == self.pivot else self.choice[i]) for i, f in enumerate(self.factors)]
        binding = [i for i, ends in enumerate(ranges) if ends[0 if upper else 1] == c]
        soft = any(self.factors[i].bends(places[i], side) for i in binding)
        return self._value_near(row, upper), soft

    def _value_near(self, row: int, upper: bool) -> float:
        """Z at the last point of a row where all factors have one."""
        start, other = (self.high[row], self.low[row]) if upper else (self.low[row], self.high[row])
        inwards = start + (other - start) * np.array([0.0, 1e-16, 1e-15, 1e-14, 1e-12, 1e-9])
        z = self.slope(inwards, np.full(inwards.size, row))[2]
        return float(z[np.argmax(np.isfinite(z))])


def convolution_openings(operation: FreeOperation) -> list[Opening] | None:
    """Gaps of a sum or of a product of positive laws, left to right; None if the combinations are too many."""
    factors = operation.factors
    widest = max(range(len(factors)), key=lambda i: len(factors[i].inner_gaps))
    choices = list(itertools.islice(_choices(operation, widest), LIMIT + 1))
    if len(choices) > LIMIT:
        return None
    found = _outer_openings(operation)
    for choice in choices:
        if factors[widest].inner_gaps:
            found.extend(Convolution(operation, widest, factors[widest].inner_gaps, choice).openings())
        pivot = next((i for i, gap in enumerate(choice) if gap is not None), None)
        if pivot is not None:
            gap = choice[pivot]
            assert gap is not None
            found.extend(Convolution(operation, pivot, [gap], choice).openings())
    return merge(found)


def _choices(operation: FreeOperation, left_out: int) -> Iterator[list[Gap | None]]:
    """Gaps (None: the outer ones) of all factors but one for which some value of c is common and not singular."""
    factors, weights = operation.factors, operation.weights
    bottom = -1.0 if operation.multiplicative else 0.0

    def extended(chosen: list[Gap | None], low: float, high: float, inner: float) -> Iterator[list[Gap | None]]:
        # the map is regular on [-1, 0] only if the weights of the inner gaps sum to 1
        if not low < high or (inner > 1.0 and low >= bottom and high <= 0.0):
            return
        i = len(chosen)
        if i == len(factors):
            yield chosen
            return
        yield from extended([*chosen, None], *narrowed(i, None, low, high), inner)
        for gap in factors[i].inner_gaps if i != left_out else ():
            yield from extended([*chosen, gap], *narrowed(i, gap, low, high), inner + weights[i])

    def narrowed(i: int, gap: Gap | None, low: float, high: float) -> tuple[float, float]:
        a, b = factors[i].range_of(gap) if i != left_out else (-math.inf, math.inf)
        return max(low, a), min(high, b)

    return extended([], -math.inf, math.inf, 0.0)


def _outer_openings(operation: FreeOperation) -> list[Opening]:
    """The two gaps that reach infinity; of a product the lower one contains the negative half line."""
    factors = operation.factors
    found = []

    def edge(upper: bool) -> tuple[float, bool]:
        z, soft = outer_edge(
            factors,
            operation.weights,
            upper=upper,
            multiplicative=operation.multiplicative,
            logarithmic=operation.logarithmic,
        )
        if not operation.multiplicative:
            return z, soft
        return (z + operation.log_scale if operation.logarithmic else z * math.exp(operation.log_scale)), soft

    if all(f.upper is not None for f in factors):
        z, soft = edge(True)
        found.append(Opening(z, math.inf, 0.0, soft, False))
    if operation.multiplicative and any(f.lower is None or f.lower.high <= 0.0 or reaches_origin(f) for f in factors):
        found.append(Opening(-math.inf, operation.origin, 1.0, False, False))
    elif all(f.lower is not None for f in factors):
        z, soft = edge(False)
        found.append(Opening(-math.inf, z, 1.0, False, soft))
    return found


# ---------------------------------------------------------------------- compound free Poisson
class CompoundChart(EdgeChart):
    """z = v (1 + rate M(v)) on the gaps of the law of the jumps, cut at 0."""

    def __init__(self, jumps: Factor, rate: float) -> None:
        self.jumps, self.rate = jumps, rate
        scale = jumps.width + max(abs(e) for e in jumps.law._hull() if math.isfinite(e))
        reach = 1e4 * scale * (1.0 + math.sqrt(rate) + rate)
        self.gaps = []
        for gap in jumps.gaps:
            if gap.low < 0.0 < gap.high:
                self.gaps.extend([Gap(gap.low, 0.0), Gap(0.0, gap.high)])
            else:
                self.gaps.append(gap)
        self.low = np.array([max(g.low, -reach) for g in self.gaps])
        self.high = np.array([min(g.high, reach) for g in self.gaps])

    def mass_above(self, row: int) -> float:
        """Rate times the mass of the jumps above the gap, and 1 - rate more where v is negative."""
        gap = self.gaps[row]
        total = self.rate * self.jumps.mass_above(gap)
        return total + (1.0 - self.rate) if gap.high <= 0.0 else total

    def slope(self, x: Real, row: Index) -> tuple[Real, Real, Real]:
        """dz/dv, the sizes of its terms, and z."""
        m, dm, _, _ = self.jumps.coordinate(x)
        slope = 1.0 + self.rate * (m + x * dm)
        return slope, 1.0 + self.rate * (np.abs(m) + np.abs(x * dm)), x * (1.0 + self.rate * m)

    def end(self, row: int, upper: bool) -> tuple[float, bool]:
        """0 at v = 0; the slope can stay positive up to no other end but infinity."""
        place = self.gaps[row].high if upper else self.gaps[row].low
        return (0.0 if place == 0.0 else math.copysign(math.inf, 1.0 if upper else -1.0)), False
