"""Laws known through a transform: G itself, or R and S, whose inverse functions are followed to the real line.

The density is read off at the line, and the transform of the panels must agree with the given one off the line: no
law passes that misses an atom or an interval.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn, Self

import numpy as np

from rmt._cached import cached_property
from rmt.errors import ConvergenceError
from rmt.laws.law import EPS, Complex, Interval, Law, Real
from rmt.laws.numeric import (
    Atoms,
    Function,
    NumericLaw,
    as_pairs,
    call,
    measured_exponent,
    nearest_fraction,
    require_callable,
)
from rmt.numerics.branches import reciprocal

#: points of the scan for intervals and gaps, and bisections of an edge, before and after a fit was tried
_SCAN, _BISECTIONS, _MORE_BISECTIONS = 800, 14, 40
#: factor from one height to the next on the way down to the real line
_DESCENT = 0.4
#: length of that way in logarithms, and the smallest distance to the origin that it may reach
_DEPTH, _LOWEST = 32.0, 1e-22
#: a density is zero below this share of its largest value
_NOISE = 1e-9
#: agreement of the transform of the panels with the given one
_AGREEMENT = 1e-8
_NO_MASS = 1e-12
#: points from which an edge is extrapolated
_FIT = 12


# ---------------------------------------------------------------------- laws
class GreenLaw(NumericLaw):
    """A law whose G is a function on the closed upper half plane: the density on the line, intervals by search."""

    @property
    @abstractmethod
    def _bounds(self) -> tuple[float, float]:
        """An interval that contains the support."""

    @abstractmethod
    def _green(self, z: Complex) -> Complex:
        """G in the closed upper half plane."""

    def _refuse(self, reason: str) -> NoReturn:
        raise ValueError(f"{self!r} is not a probability law on {self._bounds!r}: {reason}")

    def _density(self, x: Real) -> Real:
        return np.asarray(np.maximum(-self._green(x.astype(np.complex128)).imag, 0.0) / math.pi)

    # ------------------------------------------------------------------ structure by search
    @cached_property
    def _structure(self) -> tuple[tuple[Interval, ...], Atoms]:
        """Intervals and atoms: a scan of the density, its edges by bisection, the poles of G in between."""
        low, high = self._bounds
        margin = 0.01 * (high - low)
        angles = math.pi * (np.arange(_SCAN) + 0.5) / _SCAN
        x = 0.5 * (low + high) - (0.5 * (high - low) + margin) * np.cos(angles)
        density = self._density(x)
        floor = _NOISE * float(np.nanmax(density, initial=0.0))
        inside = density > floor
        if inside[0] or inside[-1]:
            self._refuse("its density does not vanish at the bounds; widen them")
        starts, ends = np.flatnonzero(~inside[:-1] & inside[1:]), np.flatnonzero(inside[:-1] & ~inside[1:])
        lows = self._found_edges(x[starts], x[starts + 1], floor)
        highs = self._found_edges(x[ends + 1], x[ends], floor)
        settled = [[self._settled(e) for e in edges.tolist()] for edges in (lows, highs)]
        intervals = tuple(
            Interval(a, b, self._exponent(a, b), self._exponent(b, a), math.nan) for a, b in zip(*settled, strict=True)
        )
        return intervals, self._poles(x[~inside], intervals)

    def _found_edges(self, outside: Real, inside: Real, floor: float) -> Real:
        """Edges between points, by bisection, then from the zero of the squared density: soft edges are blurred."""
        outside, inside = self._bisected(outside, inside, floor, _BISECTIONS)
        edges = np.array([self._extrapolated(a, b) for a, b in zip(outside.tolist(), inside.tolist(), strict=True)])
        rest = np.isnan(edges)
        if rest.any():
            outside, inside = self._bisected(outside[rest], inside[rest], floor, _MORE_BISECTIONS)
            edges[rest] = 0.5 * (outside + inside)
        return edges

    def _bisected(self, outside: Real, inside: Real, floor: float, steps: int) -> tuple[Real, Real]:
        for _ in range(steps if outside.size else 0):
            middle = 0.5 * (outside + inside)
            there = self._density(middle) > floor
            inside, outside = np.where(there, middle, inside), np.where(there, outside, middle)
        return outside, inside

    def _exponent(self, edge: float, other: float) -> float:
        return measured_exponent(self._density, edge, other)

    def _settled(self, edge: float) -> float:
        """An edge that was found, or the place where it must be."""
        return edge

    def _extrapolated(self, outside: float, inside: float) -> float:
        """Zero of density^(1/a), analytic next to an edge of exponent a = ±1/2, by a polynomial fit; else NaN."""
        reach = (self._bounds[1] - self._bounds[0]) * (1.0 if inside > outside else -1.0)
        nodes = 1.0 - np.cos(np.pi * (np.arange(_FIT) + 0.5) / (2 * _FIT))
        for power in (2.0, -2.0):
            found = []
            for share in (3e-3, 1e-3):
                with np.errstate(divide="ignore"):
                    values = self._density(inside + share * reach * nodes) ** power
                if not (np.isfinite(values).all() and values.max() > 0.0):
                    break
                fit = np.polynomial.Polynomial.fit(nodes, values / values.max(), _FIT - 2)
                root = 0.0
                for _ in range(20):
                    root -= float(fit(root) / fit.deriv()(root))
                    if not abs(root) < 0.05:
                        break
                found.append(inside + share * reach * root)
            if len(found) == 2 and abs(found[0] - found[1]) < 1e-11 * abs(reach):
                return found[1]
        return math.nan

    def _poles(self, x: Real, intervals: tuple[Interval, ...]) -> Atoms:
        """Atoms outside the intervals: there 1/G increases through zero, with slope 1/mass."""
        g = self._green(x.astype(np.complex128)).real
        ends = np.array([e for i in intervals for e in (i.low, i.high)])
        places = []
        for i in np.flatnonzero((g[:-1] < 0.0) & (g[1:] > 0.0)):
            a, b = float(x[i]), float(x[i + 1])
            if ((ends >= a) & (ends <= b)).any():
                continue
            for _ in range(_MORE_BISECTIONS):
                middle = 0.5 * (a + b)
                value = self._green(np.array([middle + 0j])).real[0]
                a, b = (middle, b) if value < 0.0 else (a, middle)
            places.append(0.5 * (a + b))
        walls = np.concatenate([ends, places])
        found = []
        for place in places:
            distance = np.abs(walls - place)
            radius = 0.5 * float(distance[distance > 0.0].min(initial=self._bounds[1] - self._bounds[0]))
            circle = radius * np.exp(1j * math.pi * (np.arange(64) + 0.5) / 64)
            residues = self._green(place + circle) * circle
            mass = float(np.mean(residues.real))
            if mass > _NO_MASS:
                centre = place + float(np.mean((residues * circle).real)) / mass
                found.append((0.0 if abs(centre) < 1e-14 * radius else centre, mass))
        return tuple(found)

    def _intervals(self) -> tuple[Interval, ...]:
        return self._structure[0]

    @property
    def atoms(self) -> Atoms:
        """Atoms ``(position, mass)``, left to right, found by search."""
        return self._structure[1]

    # ------------------------------------------------------------------ validation
    def _probes(self) -> Complex:
        low, high = self._bounds
        centre, radius = 0.5 * (low + high), complex(0.5 * (high - low))
        return centre + radius * np.array([1e-2j, 0.4 + 0.1j, -0.7 + 0.3j, 1j, 1.5 + 0.5j, -2 + 2j, 10j])

    def validated(self) -> Self:
        """The law itself, if its transform is that of a probability law.

        Raises
        ------
        ValueError
            If it is not.
        """
        z = self._probes()
        g = self._green(z)
        if not np.isfinite(g).all():
            self._refuse(f"G is {g[~np.isfinite(g)][0]!r} at z = {z[~np.isfinite(g)][0]!r}")
        if not (g.imag < 0.0).all():
            at = int(np.argmax(g.imag))
            self._refuse(f"Im G = {g[at].imag:.6g} is not negative at z = {z[at]!r}; the package's sign is G ~ 1/z")
        reach = max(map(abs, self._bounds))
        if not abs(1e4j * reach * self._green(np.array([1e4j * reach]))[0] - 1.0) < 2e-4:
            self._refuse("zG does not tend to 1 at infinity")
        try:
            panels = self.line_panels
        except ConvergenceError as error:
            self._refuse(str(error))
        own, _ = panels.transforms(z)
        if not (np.abs(own - g) <= _AGREEMENT * np.abs(g)).all():
            self._refuse(
                "the transform of its density and atoms is not the given one; G on the real line must be the boundary "
                "value from above"
            )
        return self

    # ------------------------------------------------------------------ values
    def _stieltjes(self, z: Complex) -> Complex:
        g = self._green(z)
        real = z.imag == 0.0
        for i in self._intervals():
            real &= ~((z.real > i.low) & (z.real < i.high))
        g[real] = g[real].real
        lost = ~np.isfinite(g)
        if lost.any():
            g[lost] = self.line_panels.transforms(z[lost])[0]
        return self._at_singularities(z, g)

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        own, _ = self.line_panels.transforms(z)
        with np.errstate(invalid="ignore"):
            gap = np.where(np.isfinite(value), np.abs(own - value), 0.0)
        return super()._stieltjes_error(z, value) + gap


# ---------------------------------------------------------------------- R and S: inverse functions
class InvertedLaw(GreenLaw):
    """A law whose G solves ``inverse(p) = z`` for a parameter p; p is followed from infinity down to the real line."""

    @abstractmethod
    def _inverse(self, p: Complex) -> Complex:
        """The point z of a parameter."""

    @abstractmethod
    def _start(self, z: Complex) -> Complex:
        """The parameter of a point far away, roughly."""

    @abstractmethod
    def _size(self, p: Complex) -> Real:
        """Scale on which the inverse varies about a parameter: the distance to its singularities."""

    @abstractmethod
    def _green_of(self, p: Complex, z: Complex) -> Complex:
        """G at a point from its parameter."""

    def _green(self, z: Complex) -> Complex:
        length = self._bounds[1] - self._bounds[0]
        # down to rounding, and to the points next to a hard edge at the origin
        nearest = float(np.abs(z[z != 0.0]).min(initial=length)) / length
        depth = _DEPTH - math.log(max(nearest, _LOWEST))
        heights = 8.0 * length * _DESCENT ** np.arange(math.ceil(depth / -math.log(_DESCENT)))
        top = z.real + 1j * np.maximum(z.imag, heights[0])
        p = follow(self._inverse, self._size, self._start(top), top, 40, 4.0 * EPS)
        moving = np.flatnonzero(z.imag < heights[0])
        for height in heights[1:]:
            moving = moving[z.imag[moving] < height / _DESCENT]
            if moving.size == 0:
                break
            target = z.real[moving] + 1j * np.maximum(z.imag[moving], height)
            p[moving] = follow(self._inverse, self._size, p[moving], target, 4, 1e-7)
        p = follow(self._inverse, self._size, p, z, 12, 4.0 * EPS)
        g = self._green_of(p, z)
        # below the line by rounding only
        return np.asarray(np.where((g.imag > 0.0) & (g.imag < 1e-7 * np.abs(g)), g.real, g))


def follow(inverse: Function, length: Function, p: Complex, target: Complex, sweeps: int, tolerance: float) -> Complex:
    """Newton's iteration for ``inverse(p) = target`` with a central difference for the slope.

    `length` is the scale on which the inverse varies about p; no step may be longer than half of it, so that the branch
    is followed.
    """
    p = p.copy()
    active = np.arange(p.size)
    for _ in range(sweeps):
        q = p[active]
        reach = length(q)
        h = 1e-5 * reach
        with np.errstate(all="ignore"):
            value, beyond, before = inverse(np.concatenate([q, q + h, q - h])).reshape(3, -1)
            step = (target[active] - value) * (2.0 * h) / (beyond - before)
            size = np.abs(step) / reach
            step = np.where(size > 0.5, step * (0.5 / size), step)
        p[active] = q + np.where(np.isfinite(step), step, 0.0)
        active = active[size > tolerance]
        if active.size == 0:
            break
    return p


class RInvertedLaw(InvertedLaw):
    """A law known by its R-transform: the parameter is G itself."""

    @abstractmethod
    def _r_values(self, g: Complex) -> Complex:
        """R at any complex points."""

    def _inverse(self, p: Complex) -> Complex:
        return np.asarray(self._r_values(p) + reciprocal(p))

    def _start(self, z: Complex) -> Complex:
        return reciprocal(z - self._r_values(np.zeros(1, dtype=np.complex128))[0])

    def _size(self, p: Complex) -> Real:
        return np.abs(p)

    def _green_of(self, p: Complex, z: Complex) -> Complex:
        return p


class SInvertedLaw(InvertedLaw):
    """A law on [0, ∞) known by its S-transform: the parameter is M."""

    @abstractmethod
    def _s_values(self, m: Complex) -> Complex:
        """S at any complex points."""

    #: the density next to a hard edge is a power law to the power 1/(L+1) of the distance
    _tolerance: ClassVar[float] = 1e-7

    def _density(self, x: Real) -> Real:
        # below the smallest points 1 + M has lost its digits, and the density is its power law at a hard edge
        floor = _LOWEST * self._bounds[1]
        small = (x > 0.0) & (x < floor)
        out = super()._density(np.where(small, floor, x))
        if small.any():
            near = super()._density(floor * np.array([1e2, 1e4]))
            exponent = nearest_fraction(math.log(near[1] / near[0]) / math.log(1e2)) if near.min() > 0.0 else 0.0
            out[small] *= (x[small] / floor) ** exponent
        return out

    def _exponent(self, edge: float, other: float) -> float:
        if edge == 0.0:
            return measured_exponent(self._density, edge, 1e-12 * other)
        return super()._exponent(edge, other)

    def _settled(self, edge: float) -> float:
        return 0.0 if abs(edge) < 1e-9 * self._bounds[1] else edge

    def _inverse(self, p: Complex) -> Complex:
        return (1.0 + p) * reciprocal(p * self._s_values(p))

    def _start(self, z: Complex) -> Complex:
        return reciprocal(z * self._s_values(np.zeros(1, dtype=np.complex128))[0])

    def _size(self, p: Complex) -> Real:
        return np.maximum(np.minimum(np.abs(p), np.abs(1.0 + p)), EPS)

    def _green_of(self, p: Complex, z: Complex) -> Complex:
        return (1.0 + p) * reciprocal(z)


# ---------------------------------------------------------------------- laws of given functions
@dataclass(frozen=True, repr=False)
class TransformLaw(GreenLaw):
    """Law with a given Stieltjes transform; built by :meth:`rmt.laws.Law.from_stieltjes`.

    Attributes
    ----------
    function : callable
        G.
    bounds : tuple of float
        An interval that contains the support.
    """

    function: Function
    bounds: tuple[float, float]

    @property
    def _bounds(self) -> tuple[float, float]:
        return self.bounds

    def _green(self, z: Complex) -> Complex:
        out: Complex = call(self.function, z)
        return out

    def __repr__(self) -> str:
        return f"Law.from_stieltjes({self.function!r}, {self.bounds!r})"


@dataclass(frozen=True, repr=False)
class RTransformLaw(RInvertedLaw):
    """Law with a given R-transform; built by :meth:`rmt.laws.Law.from_r_transform`."""

    function: Function
    bounds: tuple[float, float]

    @property
    def _bounds(self) -> tuple[float, float]:
        return self.bounds

    def _r_values(self, g: Complex) -> Complex:
        out: Complex = call(self.function, g)
        return out

    def __repr__(self) -> str:
        return f"Law.from_r_transform({self.function!r})"


@dataclass(frozen=True, repr=False)
class STransformLaw(SInvertedLaw):
    """Law with a given S-transform; built by :meth:`rmt.laws.Law.from_s_transform`."""

    function: Function
    bounds: tuple[float, float]

    @property
    def _bounds(self) -> tuple[float, float]:
        return self.bounds

    def _s_values(self, m: Complex) -> Complex:
        out: Complex = call(self.function, m)
        return out

    def __repr__(self) -> str:
        return f"Law.from_s_transform({self.function!r})"


# ---------------------------------------------------------------------- constructors
def stieltjes_law(stieltjes: Function, bounds: Any) -> Law:
    """Implement :meth:`rmt.laws.Law.from_stieltjes`."""
    require_callable("stieltjes", stieltjes)
    pairs = as_pairs("bounds", bounds)
    if len(pairs) != 1 or not all(map(math.isfinite, pairs[0])):
        raise ValueError(f"bounds must be one pair of finite numbers, got {bounds!r}")
    return TransformLaw(stieltjes, pairs[0]).validated()


def r_transform_law(r_transform: Function) -> Law:
    """Implement :meth:`rmt.laws.Law.from_r_transform`."""
    require_callable("r_transform", r_transform)

    def at(g: float) -> complex:
        return complex(call(r_transform, np.array([g + 0j]))[0])

    mean = at(0.0)
    if not (np.isfinite(mean) and abs(mean.imag) <= 1e-12 * (1.0 + abs(mean))):
        raise ValueError(
            f"r_transform must be real and finite at g = 0, where it is the mean, got {mean!r}; a law without mean "
            "(Cauchy) has no R-transform on the real line"
        )
    variance = _slope(at)
    if not variance > 0.0:
        raise ValueError(f"r_transform must have a positive slope at g = 0, where it is the variance, got {variance!r}")
    return RTransformLaw(r_transform, bounds_of_r(at, math.sqrt(variance))).validated()


def bounds_of_r(r: Callable[[float], complex], scale: float) -> tuple[float, float]:
    """An interval around the support of the law with this R-transform and standard deviation."""

    def blue(g: float) -> float:
        value = r(g)
        return math.nan if not abs(value.imag) <= 1e-9 * (abs(value) + scale) else value.real + 1.0 / g

    return _widened(_extreme(blue, -1e-3 / scale), _extreme(blue, 1e-3 / scale))


def s_transform_law(s_transform: Function) -> Law:
    """Implement :meth:`rmt.laws.Law.from_s_transform`."""
    require_callable("s_transform", s_transform)

    def at(m: float) -> complex:
        return complex(call(s_transform, np.array([m + 0j]))[0])

    first = at(0.0)
    if not (np.isfinite(first) and abs(first.imag) <= 1e-12 * abs(first) and first.real > 0.0):
        raise ValueError(
            f"s_transform must be > 0 at m = 0, where it is 1/mean, got {first!r}; a law of mean zero has no "
            "S-transform (Rao-Speicher 2007)"
        )
    if _slope(at) >= 0.0:
        raise ValueError("s_transform must decrease at m = 0: its slope there is -variance/mean³")

    return STransformLaw(s_transform, bounds_of_s(at)).validated()


def bounds_of_s(s: Callable[[float], complex]) -> tuple[float, float]:
    """An interval around the support of the law on [0, ∞) with this S-transform."""

    def inverse(m: float) -> float:
        value = s(m)
        good = abs(value.imag) <= 1e-9 * abs(value) and value.real > 0.0
        return (1.0 + m) / (m * value.real) if good else math.nan

    return _widened(0.0, _extreme(inverse, 1e-3))


def _slope(function: Callable[[float], complex]) -> float:
    h = 1e-4
    return float((8.0 * (function(h) - function(-h)) - (function(2 * h) - function(-2 * h))).real / (12.0 * h))


def _extreme(function: Callable[[float], float], start: float) -> float:
    """Extreme point of the support: where the inverse of G (or M) on the real line stops being monotone, or ends.

    `function` falls from infinity on the right of 0; on the left it rises to minus infinity at 0.
    """
    sign = math.copysign(1.0, start)
    before, here = math.nan, function(start)
    p = start
    for _ in range(4000):
        following = p * 1.02
        value = function(following)
        if math.isnan(value) or sign * (value - here) > 0.0 or abs(following) > 1e14:
            break
        before, here, p = here, value, following
    if math.isnan(before) or not math.isfinite(here):
        raise ValueError(
            "the transform is not that of a law of bounded support: its inverse does not decrease next to 0"
        )
    return here


def _widened(low: float, high: float) -> tuple[float, float]:
    if not low < high:
        raise ValueError(
            f"the transform is not that of a probability law: its support would be [{low:.6g}, {high:.6g}]"
        )
    margin = 0.02 * (high - low)
    return low - margin, high + margin
