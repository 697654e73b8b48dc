"""Numerical inverses for laws without closed ones: quantiles, and the inverses of G and M near infinity."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rmt._cached import cached_property
from rmt.errors import ConvergenceError
from rmt.numerics.functions.bracketed_roots import bracketed_roots
from rmt.numerics.functions.branches import reciprocal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rmt.laws.law import Complex, Law, Mask, Real

    Index = NDArray[np.intp]

EPS = float(np.finfo(np.float64).eps)
_CHUNK = 1 << 14
_LIMIT = 200
_QUICK = 6
_NEWTON_LIMIT = 40
_STEP = 8.0 * EPS
_NOISE = 1e-11
_ROUNDING = 1e-9
_SMALLEST = 1e-280
#: distance below which its logarithm leaves the range of doubles in the steps
_UNDERFLOW = 1e-300
#: relative rounding error of a mass: a level that reaches an atom, or the lower end of a gap, within it stays there
_SLACK = 4.0 * EPS


# ---------------------------------------------------------------------- quantiles
@dataclass(frozen=True)
class _Tail:
    """One end of an interval of the support, with the distance to a point as the unknown.

    The origin is the end itself where it is finite (there the mass of the tail is a power of the distance), and
    a point near the median for a tail towards infinity.
    """

    law: Law
    lower: bool
    origin: float
    scale: float
    power: float  # the distance is proportional to this power of the mass
    offset: float  # mass beyond the end of the interval
    growing: bool  # whether the mass of the tail grows with the distance

    def point(self, distance: Real) -> Real:
        inward = 1.0 if self.lower == self.growing else -1.0
        return np.asarray(self.origin + inward * distance)

    def mass(self, x: Real) -> Real:
        """Mass between the end of the interval and `x`."""
        return (self.law._cdf(x) if self.lower else self.law._sf(x)) - self.offset

    @cached_property
    def table(self) -> tuple[Real, Real]:
        """Logarithms of the distance to the origin and of the mass, sorted by mass."""
        if self.growing:
            grid = np.concatenate([np.geomspace(1e-40, 1e-2, 150, endpoint=False), np.linspace(1e-2, 1.0, 200)])
            distance = self.scale * grid**self.power
        else:
            distance = np.geomspace(1e-6, 1e150, 700)
        mass = self.mass(self.point(distance))
        positive = mass > 0.0
        log_distance, log_mass = np.log(distance[positive]), np.log(mass[positive])
        log_mass, first = np.unique(log_mass, return_index=True)
        return log_distance[first], log_mass

    def invert(self, mass: Real) -> Real:
        """Point that leaves the given mass between itself and the end."""
        out = np.empty_like(mass)
        for start in range(0, mass.size, _CHUNK):
            block = slice(start, start + _CHUNK)
            out[block] = self._invert(mass[block])
        return out

    def _invert(self, mass: Real) -> Real:
        """Newton's iteration for log mass as a function of log distance, inside a bracket."""
        sign = 1.0 if self.growing else -1.0
        distance = self._first_guess(mass)
        low, high = np.zeros_like(mass), np.full_like(mass, np.inf)
        active = np.flatnonzero(
            (not self.growing) | (distance > _UNDERFLOW)
        )  # below that the power law is all there is
        for iteration in range(_LIMIT):
            if active.size == 0:
                return self.point(distance)
            d, target = distance[active], mass[active]
            x = self.point(d)
            value = self.mass(x)
            excess = sign * (value - target)
            high[active] = np.where(excess > 0.0, d, high[active])
            low[active] = np.where(excess < 0.0, d, low[active])
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                step = sign * np.log(target / value) * value / (self.law._pdf(x) * d)
                new = d * np.exp(step)
            done = (np.abs(value - target) <= EPS * target) | (np.abs(step) <= _STEP)
            if iteration > _QUICK:  # next to an edge no float may have the wanted mass: bisect down to one ulp
                new[:] = np.nan if iteration % 2 else new
                gap = np.abs(self.point(high[active]) - self.point(low[active]))
                # rounding of the cdf has crossed the bracket
                done |= (low[active] >= high[active]) & (np.abs(step) <= _NOISE)
                done |= gap <= 4.0 * np.spacing(np.maximum(np.abs(x), d))
            distance[active] = np.where(done, d, _inside_bracket(new, low[active], high[active]))
            active = active[~done]
        i = active[:1]
        raise ConvergenceError(
            f"the quantile of {self.law!r} did not converge; check that its cdf is monotone",
            point=float(mass[i[0]]),
            residual=float((self.mass(self.point(distance[i])) - mass[i])[0]),
        )

    def _first_guess(self, mass: Real) -> Real:
        log_distance, values = self.table
        log_mass = np.log(mass)
        guess = np.interp(log_mass, values, log_distance)
        if self.growing:  # below the table the mass is a power of the distance
            guess += self.power * np.minimum(log_mass - values[0], 0.0)
            if self.origin != 0.0:  # nearer points are the end itself
                guess = np.maximum(guess, math.log(float(np.spacing(abs(self.origin)))))
        return np.exp(guess)


def _inside_bracket(new: Real, low: Real, high: Real) -> Real:
    """Keep `new` if it lies inside the bracket; else the geometric mean, or a step towards the open end."""
    with np.errstate(invalid="ignore"):
        middle = np.where(np.isinf(high), 4.0 * low, np.where(low == 0.0, high / 4.0, np.sqrt(low) * np.sqrt(high)))
        return np.where((new > low) & (new < high), new, middle)


class _Segment(NamedTuple):
    """An atom, or a stretch of the support between edges and atoms; segments follow each other from left to right."""

    low: float
    high: float
    below: float  # mass left of the segment
    through: float  # mass up to its end, the end included
    beyond: float  # mass right of it
    tails: tuple[_Tail, _Tail] | None = None  # None for an atom
    middle: float = math.nan  # mass left of the point where the tails meet

    def reached_by(self, u: Real) -> Mask:
        """Whether the quantile at `u` lies in the segment or left of it, within rounding; 1 − u decides near 1."""
        reached = u <= self.through * (1.0 + _SLACK)
        return np.asarray(reached | (1.0 - u >= self.beyond * (1.0 - _SLACK)) if self.through > 0.5 else reached)

    def quantile(self, u: Real) -> Real:
        out = np.where(u > self.below, self.high, self.low)
        if self.tails is None:
            return out
        lower, upper = self.tails
        left = (u <= self.middle) & (u > self.below)
        out[left] = lower.invert(u[left] - self.below)
        rest = 1.0 - u - self.beyond
        right = (u > self.middle) & (rest > 0.0)
        out[right] = upper.invert(rest[right])
        return out


class QuantileFunction:
    """The generalised inverse of the cdf of a law, from its support, atoms, pdf, cdf and sf."""

    def __init__(self, law: Law) -> None:
        self.law = law
        atoms = dict(law.atoms)
        segments = [self._atom(position, mass) for position, mass in atoms.items()]
        for interval in law.support:
            if interval.mass <= 0.0:
                continue
            ends = [interval.low, *(a for a in atoms if interval.low < a < interval.high), interval.high]
            exponents = [interval.low_exponent, *[0.0] * (len(ends) - 2), interval.high_exponent]
            for k, (low, high) in enumerate(itertools.pairwise(ends)):
                segments.append(self._stretch(low, high, exponents[k], exponents[k + 1], atoms.get(high, 0.0)))
        self._segments = sorted(segments, key=lambda t: (t.low, t.high))

    def __call__(self, u: Real) -> Real:
        """Quantiles at levels in (0, 1)."""
        out = np.full_like(u, self.law._hull()[1])
        todo = np.ones(u.shape, dtype=bool)
        for segment in self._segments:
            here = todo & segment.reached_by(u)
            if here.any():
                out[here] = segment.quantile(u[here])
                todo &= ~here
        return out

    def _cdf(self, x: float) -> float:
        return float(self.law._cdf(np.array([x]))[0])

    def _sf(self, x: float) -> float:
        return float(self.law._sf(np.array([x]))[0])

    def _atom(self, position: float, mass: float) -> _Segment:
        through = self._cdf(position)
        return _Segment(position, position, through - mass, through, self._sf(position))

    def _stretch(
        self, low: float, high: float, low_exponent: float, high_exponent: float, mass_at_end: float
    ) -> _Segment:
        below = self._cdf(low) if math.isfinite(low) else 0.0
        beyond = self._sf(high) + mass_at_end if math.isfinite(high) else 0.0
        if math.isfinite(low) and math.isfinite(high):
            middle = low + (0.5 * high - 0.5 * low)
        else:
            middle = self._near_median(low, high, 0.5 * (below + 1.0 - beyond))
        tails = (
            self._tail(low, low_exponent, middle, True, below),
            self._tail(high, high_exponent, middle, False, beyond),
        )
        through = self._cdf(high) - mass_at_end if math.isfinite(high) else 1.0
        level = self._cdf(middle)
        if not below - _ROUNDING <= level <= through + _ROUNDING:
            raise ConvergenceError(
                f"{self.law!r} has no quantiles: its cdf is not monotone on [{low:.6g}, {high:.6g}]", point=middle
            )
        return _Segment(low, high, below, through, beyond, tails, level)

    def _tail(self, end: float, exponent: float, middle: float, lower: bool, offset: float) -> _Tail:
        if not math.isfinite(end):
            return _Tail(self.law, lower, middle, 1.0, 1.0, offset, False)
        power = 1.0 / (1.0 + exponent) if math.isfinite(exponent) else 1.0
        return _Tail(self.law, lower, end, abs(middle - end), power, offset, True)

    def _near_median(self, low: float, high: float, goal: float) -> float:
        """A point of an unbounded stretch near its median, by bisection over the orders of magnitude."""
        first = math.asinh(low) if math.isfinite(low) else -700.0
        last = math.asinh(high) if math.isfinite(high) else 700.0
        for _ in range(60):
            centre = 0.5 * (first + last)
            if self._cdf(math.sinh(centre)) < goal:
                first = centre
            else:
                last = centre
        return math.sinh(0.5 * (first + last))


# ---------------------------------------------------------------------- inverses of G and M
def r_by_inversion(law: Law, g: Complex) -> Complex:
    """R at `g` by solving G(1/g + r) = g in the form ``r g = M(1/g + r)``, which does not cancel as g -> 0.

    Real `g` in the image of the real line outside the convex hull: bracketed. Complex `g`: accepted when the
    solution z = 1/g + r keeps the distance √2 · radius from the centre of the support, where G is univalent.
    NaN elsewhere.
    """
    out = np.full_like(g, np.nan)
    low, high = law._hull()
    if not (math.isfinite(low) and math.isfinite(high)):
        return out
    real = g.imag == 0.0
    out[real] = _r_on_line(law, g[real].real, low, high)
    rest = np.flatnonzero(~real)
    if rest.size:
        w = g[rest]
        r = _newton(lambda t: _t_anywhere(law, 1.0 / w + t) - t * w, np.full_like(w, law.mean()), 1.0 / w)
        centre, radius = 0.5 * (low + high), 0.5 * (high - low)
        certified = np.abs(1.0 / w + r - centre) > math.sqrt(2.0) * radius
        out[rest] = np.where(certified, r, np.nan)
    return out


def _r_on_line(law: Law, g: Real, low: float, high: float) -> Real:
    """Real `g`: z = 1/g + R(g) lies outside the hull, within 1/|g| of it."""
    if low == high:  # a point mass
        return np.full_like(g, low)
    out = np.empty_like(g)
    far = np.abs(g) * (high - low) < 0.5
    out[far] = _r_far(law, g[far], low, high)
    out[~far] = _z_near(law, g[~far], low, high) - 1.0 / g[~far]
    return out


def _r_far(law: Law, g: Real, low: float, high: float) -> Real:
    """The unknown is r, between the ends of the hull."""

    def residual(r: Real, index: Index) -> Real:
        z = (1.0 / g[index] + r).astype(np.complex128)
        return np.asarray(law._t_transform(z).real - r * g[index])

    return bracketed_roots(residual, np.full_like(g, low), np.full_like(g, high))


def _z_near(law: Law, g: Real, low: float, high: float) -> Real:
    """The unknown is the logarithm of the distance of z to the hull."""
    edge, direction = np.where(g > 0.0, high, low), np.where(g > 0.0, 1.0, -1.0)

    def residual(tau: Real, index: Index) -> Real:
        z = (edge[index] + direction[index] * np.exp(tau)).astype(np.complex128)
        return np.asarray(law._stieltjes(z).real - g[index])

    closest = np.log(_nearest(edge))
    tau = bracketed_roots(residual, closest, -np.log(np.abs(g)))
    everything = np.arange(g.size)
    at_edge = np.isnan(tau) & _between(residual(closest, everything) + g, law._stieltjes(edge + 0j).real, g)
    return np.where(at_edge, edge, edge + direction * np.exp(tau))


def _between(first: Real, at_edge: Real, value: Real) -> Mask:
    """Whether `value` lies between what the nearest float has and what the edge has: then the edge is the solution.

    Beyond the edge by rounding counts as the edge.
    """
    return np.asarray((np.abs(first) <= np.abs(value)) & (np.abs(value) <= (1.0 + 8.0 * EPS) * np.abs(at_edge)))


def _nearest(edge: Real) -> Real:
    """Smallest distance from an edge that a float can resolve."""
    return np.maximum(np.spacing(np.abs(edge)), _SMALLEST)


def inverse_t_by_inversion(law: Law, m: Complex) -> Complex:
    """M^{-1} at `m`, on the branch that tends to infinity as m -> 0; NaN where it cannot be certified."""
    out = np.full_like(m, np.nan)
    low, high = law._hull()
    if not (math.isfinite(low) and math.isfinite(high)):
        return out
    if high <= 0.0:
        return -inverse_t_by_inversion(-law, m)
    bracketed = (m.imag == 0.0) & (low >= 0.0)
    out[bracketed] = _inverse_t_on_line(law, m[bracketed].real, low, high)
    rest = np.flatnonzero(~bracketed)
    if rest.size:
        w, mean = m[rest], law.mean()
        # 1/z is the unknown: M is nearly proportional to it
        v = _newton(lambda t: _t_anywhere(law, 1.0 / t) - w, w / mean, w / mean)
        ratio = abs(mean) / math.sqrt(law.moment(2))
        reach = max(abs(low), abs(high)) / (1.0 - 1.0 / math.sqrt(1.0 + ratio))
        out[rest] = reciprocal(np.where(np.abs(v) * reach < 1.0, v, 0.0))
    return out


def _inverse_t_on_line(law: Law, m: Real, low: float, high: float) -> Real:
    """A positive law: M decreases on either side of the support; the unknown is the log of the distance."""
    right = m > 0.0
    edge = np.where(right, high, low)
    direction = np.where(right, 1.0, -1.0)
    spread = max(abs(low), abs(high))
    farthest = 2.0 * spread * (1.0 + 1.0 / np.abs(m))

    def residual(tau: Real, index: Index) -> Real:
        z = (edge[index] + direction[index] * np.exp(tau)).astype(np.complex128)
        return np.asarray(np.abs(law._t_transform(z).real / m[index]) - 1.0)

    closest = np.log(_nearest(edge))
    tau = bracketed_roots(residual, closest, np.log(farthest))
    first = m * (1.0 + residual(closest, np.arange(m.size)))
    at_edge = np.isnan(tau) & _between(first, law._t_transform(edge + 0j).real, m)
    return np.where(at_edge, edge, edge + direction * np.exp(tau))


def _t_anywhere(law: Law, z: Complex) -> Complex:
    """M at any complex points."""
    return np.asarray(law.t_transform(z))


def _newton(function: Callable[[Complex], Complex], start: Complex, scale: Complex) -> Complex:
    """Newton's iteration with a central difference for the derivative; NaN where it does not settle."""
    x = start.copy()
    step = np.full_like(x, np.inf)
    for _ in range(_NEWTON_LIMIT):
        h = 1e-5 * np.maximum(np.abs(scale), np.abs(x))
        with np.errstate(all="ignore"):  # points that run away end as NaN
            slope = (function(x + h) - function(x - h)) / (2.0 * h)
            step = function(x) / slope
            x = x - step
        if not (np.abs(step) > 4.0 * EPS * np.abs(x)).any():
            break
    return np.where(np.abs(step) <= 1e-12 * np.maximum(np.abs(x), np.abs(scale) * EPS), x, np.nan)
