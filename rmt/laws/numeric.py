"""Laws known through a function: a density, a Stieltjes transform, or the inverse of one (R, S).

Whatever the function is, the density is read off at the real line itself and put on quadrature panels; those give
masses, the log-potential and, for a law that enters a free convolution, its leaf. The transform of the panels must
agree with the given one off the line: no law passes that misses an atom or an interval.
"""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, NoReturn

import numpy as np

from rmt.errors import ConvergenceError, check_real
from rmt.laws.law import EPS, Complex, Interval, Law, Real
from rmt.laws.numeric_panels import PanelMeasure, set_atoms
from rmt.numerics.branches import reciprocal

Atoms = tuple[tuple[float, float], ...]
Function = Callable[..., Any]

#: points of the scan for intervals and gaps, and bisections of an edge, before and after a fit was tried
_SCAN, _BISECTIONS, _MORE_BISECTIONS = 800, 14, 40
#: factor from one height to the next on the way down to the real line
_DESCENT = 0.4
#: length of that way in logarithms, and the smallest distance to the origin that it may reach
_DEPTH, _LOWEST = 32.0, 1e-22
#: a density is zero below this share of its largest value
_NOISE = 1e-9
#: relative distances at which an exponent is measured, and the tolerance
_NEAR, _NEARER, _EXPONENT = 1e-5, 1e-7, 1e-2
#: agreement of the transform of the panels with the given one
_AGREEMENT = 1e-8
_NO_MASS = 1e-12
#: points from which an edge is extrapolated
_FIT = 12
#: share of the largest moment that the outermost panels of an unbounded law may carry
_TAIL = 1e-10


# ---------------------------------------------------------------------- laws
class NumericLaw(Law):
    """A law whose density is evaluated numerically; masses and the log-potential come from panels."""

    #: how far the mass may be from 1
    _tolerance: ClassVar[float] = 1e-9

    @property
    def support(self) -> tuple[Interval, ...]:
        """Intervals of the absolutely continuous part, left to right."""
        return self._measured

    @cached_property
    def _measured(self) -> tuple[Interval, ...]:
        panels = self.line_panels
        return tuple(
            Interval(i.low, i.high, i.low_exponent, i.high_exponent, panels.mass_between(i.low, i.high))
            for i in self._intervals()
        )

    @cached_property
    def line_panels(self) -> PanelMeasure:
        """The density on panels, from which masses and the log-potential come."""
        return PanelMeasure(
            self._density, self._intervals(), self.atoms, self._length, repr(self), tolerance=self._tolerance
        )

    @abstractmethod
    def _intervals(self) -> tuple[Interval, ...]:
        """Intervals with their exponents; masses are not read."""

    @abstractmethod
    def _density(self, x: Real) -> Real:
        """Density inside the intervals."""

    @cached_property
    def _length(self) -> float:
        """A length on which the density varies."""
        widths = [i.high - i.low for i in self._intervals()]
        return float(min((w for w in widths if math.isfinite(w)), default=1.0))

    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        inside = np.zeros(x.shape, dtype=bool)
        for i in self._intervals():
            inside |= (x > i.low) & (x < i.high)
        out[inside] = self._density(x[inside])
        for i in self._intervals():
            for edge, exponent, inward in ((i.low, i.low_exponent, i.high), (i.high, i.high_exponent, i.low)):
                if (x == edge).any() and math.isfinite(edge):
                    if exponent < 0.0:
                        out[x == edge] = math.inf
                    elif exponent == 0.0:
                        out[x == edge] = self._density(np.array([np.nextafter(edge, inward)]))
        return out

    def _cdf(self, x: Real) -> Real:
        return self.line_panels.masses(x)[0]

    def _sf(self, x: Real) -> Real:
        return self.line_panels.masses(x)[1]

    def _stieltjes(self, z: Complex) -> Complex:
        g, _ = self.line_panels.transforms(z)
        real = z.imag == 0.0
        for i in self._intervals():
            real &= ~((z.real > i.low) & (z.real < i.high))
        g[real] = g[real].real
        return self._at_singularities(z, g)

    def _at_singularities(self, z: Complex, g: Complex) -> Complex:
        set_atoms(g, z, self.atoms, self._length)
        for i in self._intervals():
            for edge, exponent in ((i.low, i.low_exponent), (i.high, i.high_exponent)):
                if exponent < 0.0:
                    g[z == edge] = complex(0.0, -math.inf)
        return g

    def _t_transform(self, z: Complex) -> Complex:
        return self.line_panels.transforms(z)[1]

    def _log_potential(self, z: Complex) -> Complex:
        return self.line_panels.log_potential(z)

    def _exact_moments(self, order: int) -> list[Fraction]:
        if order > 0:
            raise ValueError(f"the moments of {self!r} are known as floats only (exact=False)")
        return [Fraction(1)]

    def _float_moments(self, order: int) -> list[float]:
        if all(map(math.isfinite, self._hull())):
            return self.line_panels.moments(order)
        moments, tails = self.line_panels.moments(order), self.line_panels.moment_tails(order)
        for k, (moment, tail) in enumerate(zip(moments, tails, strict=True)):
            if tail > _TAIL * max(abs(moment), self._length**k):
                raise ValueError(
                    f"{self!r} has no moments of order >= {k}: their integrals diverge, or converge too slowly; use ppf"
                )
        return moments

    def _pdf_error(self, x: Real, value: Real) -> Real:
        return super()._pdf_error(x, value) + abs(self.line_panels.defect) * np.where(np.isfinite(value), value, 0.0)

    def _cdf_error(self, x: Real, value: Real) -> Real:
        return self.line_panels.error + super()._cdf_error(x, value)

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        scale = self.line_panels.error + 256.0 * EPS
        return super()._stieltjes_error(z, value) + scale * (np.abs(value) + 1.0 / self._length)

    def _log_potential_error(self, z: Complex, value: Complex) -> Real:
        return super()._log_potential_error(z, value) + self.line_panels.error * (1.0 + np.abs(value))


@dataclass(frozen=True, repr=False)
class DensityLaw(NumericLaw):
    """Law with a given density; built by :meth:`rmt.laws.Law.from_pdf`.

    Attributes
    ----------
    density : callable
        The density.
    stretches : tuple of (low, high, low_exponent, high_exponent)
        The intervals of the support; an exponent is None where there is no power law.
    points : tuple of (position, mass)
        The atoms.
    """

    density: Function
    stretches: tuple[tuple[float, float, float | None, float | None], ...]
    points: Atoms

    @property
    def atoms(self) -> Atoms:
        """Atoms ``(position, mass)``, left to right."""
        return self.points

    def _intervals(self) -> tuple[Interval, ...]:
        return tuple(
            Interval(low, high, math.nan if e is None else e, math.nan if f is None else f, math.nan)
            for low, high, e, f in self.stretches
        )

    def _density(self, x: Real) -> Real:
        return np.asarray(call(self.density, x).real, dtype=np.float64)

    def __repr__(self) -> str:
        pairs, exponents = tuple(s[:2] for s in self.stretches), tuple(s[2:] for s in self.stretches)
        atoms = f", atoms={self.points!r}" if self.points else ""
        return f"Law.from_pdf({self.density!r}, {pairs!r}, exponents={exponents!r}{atoms})"


@dataclass(frozen=True, repr=False)
class TransformLaw(NumericLaw):
    """Law with a given transform; built by ``Law.from_stieltjes``, ``from_r_transform`` and ``from_s_transform``.

    Attributes
    ----------
    function : callable
        The transform.
    bounds : tuple of float
        An interval that contains the support.
    """

    function: Function
    bounds: tuple[float, float]

    #: name of the constructor
    _constructor: ClassVar[str] = "from_stieltjes"

    def _green(self, z: Complex) -> Complex:
        """G in the closed upper half plane."""
        out: Complex = call(self.function, z)
        return out

    def _refuse(self, reason: str) -> NoReturn:
        raise ValueError(f"{self!r} is not a probability law on {self.bounds!r}: {reason}")

    def __repr__(self) -> str:
        return f"Law.{self._constructor}({self.function!r}, {self.bounds!r})"

    def _density(self, x: Real) -> Real:
        return np.asarray(np.maximum(-self._green(x.astype(np.complex128)).imag, 0.0) / math.pi)

    # ------------------------------------------------------------------ structure by search
    @cached_property
    def _structure(self) -> tuple[tuple[Interval, ...], Atoms]:
        """Intervals and atoms: a scan of the density, its edges by bisection, the poles of G in between."""
        low, high = self.bounds
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
        reach = (self.bounds[1] - self.bounds[0]) * (1.0 if inside > outside else -1.0)
        nodes = 1.0 - np.cos(np.pi * (np.arange(_FIT) + 0.5) / (2 * _FIT))
        for power in (2.0, -2.0):
            found = []
            for share in (3e-3, 1e-3):
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
            radius = 0.5 * float(distance[distance > 0.0].min(initial=self.bounds[1] - self.bounds[0]))
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
        low, high = self.bounds
        centre, radius = 0.5 * (low + high), complex(0.5 * (high - low))
        return centre + radius * np.array([1e-2j, 0.4 + 0.1j, -0.7 + 0.3j, 1j, 1.5 + 0.5j, -2 + 2j, 10j])

    def validated(self) -> TransformLaw:
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
        reach = max(map(abs, self.bounds))
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
class InvertedLaw(TransformLaw):
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
        length = self.bounds[1] - self.bounds[0]
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


class RTransformLaw(InvertedLaw):
    """The law of an R-transform: G + B."""

    _constructor: ClassVar[str] = "from_r_transform"

    def __repr__(self) -> str:
        return f"Law.from_r_transform({self.function!r})"

    def _inverse(self, p: Complex) -> Complex:
        return np.asarray(call(self.function, p) + reciprocal(p))

    def _start(self, z: Complex) -> Complex:
        return reciprocal(z - call(self.function, np.zeros(1, dtype=np.complex128))[0])

    def _size(self, p: Complex) -> Real:
        return np.abs(p)

    def _green_of(self, p: Complex, z: Complex) -> Complex:
        return p


class STransformLaw(InvertedLaw):
    """The law of an S-transform."""

    _constructor: ClassVar[str] = "from_s_transform"
    #: the density next to a hard edge is a power law to the power 1/(L+1) of the distance
    _tolerance: ClassVar[float] = 1e-7

    def _density(self, x: Real) -> Real:
        # below the smallest points 1 + M has lost its digits, and the density is its power law at a hard edge
        floor = _LOWEST * self.bounds[1]
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
        return 0.0 if abs(edge) < 1e-9 * self.bounds[1] else edge

    def __repr__(self) -> str:
        return f"Law.from_s_transform({self.function!r})"

    def _inverse(self, p: Complex) -> Complex:
        return (1.0 + p) * reciprocal(p * call(self.function, p))

    def _start(self, z: Complex) -> Complex:
        return reciprocal(z * call(self.function, np.zeros(1, dtype=np.complex128))[0])

    def _size(self, p: Complex) -> Real:
        return np.maximum(np.minimum(np.abs(p), np.abs(1.0 + p)), EPS)

    def _green_of(self, p: Complex, z: Complex) -> Complex:
        return (1.0 + p) * reciprocal(z)


# ---------------------------------------------------------------------- constructors
def density_law(pdf: Function, support: Any, exponents: Any, atoms: Sequence[tuple[float, float]]) -> Law:
    """Implement :meth:`rmt.laws.Law.from_pdf`."""
    _require_callable("pdf", pdf)
    pairs = as_pairs("support", support)
    points = tuple(sorted((float(check_real("atoms", a)), float(check_real("atoms", m, above=0.0))) for a, m in atoms))

    def density(x: Real) -> Real:
        return np.asarray(call(pdf, x).real, dtype=np.float64)

    for low, high in pairs:
        x = _inner_points(low, high)
        values = density(x)
        bad = ~(np.isfinite(values) & (values >= 0.0))
        if bad.any():
            raise ValueError(
                f"pdf must be finite and >= 0 inside the support, got {float(values[bad][0])!r} at x = "
                f"{float(x[bad][0])!r}"
            )
    if exponents is None:
        known = [(measured_exponent(density, a, b), measured_exponent(density, b, a)) for a, b in pairs]
    else:
        known = _exponent_pairs(exponents, len(pairs))
    stretches = tuple((a, b, _or_none(e), _or_none(f)) for (a, b), (e, f) in zip(pairs, known, strict=True))
    law = DensityLaw(pdf, stretches, points)
    try:
        _ = law.line_panels
    except ConvergenceError as error:
        raise ValueError(f"pdf must have total mass 1 with the atoms: {error}; divide it by its integral") from None
    return law


def _or_none(exponent: float) -> float | None:
    return None if math.isnan(exponent) else exponent


def stieltjes_law(stieltjes: Function, bounds: Any) -> Law:
    """Implement :meth:`rmt.laws.Law.from_stieltjes`."""
    _require_callable("stieltjes", stieltjes)
    pairs = as_pairs("bounds", bounds)
    if len(pairs) != 1 or not all(map(math.isfinite, pairs[0])):
        raise ValueError(f"bounds must be one pair of finite numbers, got {bounds!r}")
    return TransformLaw(stieltjes, pairs[0]).validated()


def r_transform_law(r_transform: Function) -> Law:
    """Implement :meth:`rmt.laws.Law.from_r_transform`."""
    _require_callable("r_transform", r_transform)

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
    scale = math.sqrt(variance)

    def blue(g: float) -> float:
        value = at(g)
        return math.nan if abs(value.imag) > 1e-9 * (abs(value) + scale) else value.real + 1.0 / g

    bounds = (_extreme(blue, -1e-3 / scale, -math.inf), _extreme(blue, 1e-3 / scale, math.inf))
    return RTransformLaw(r_transform, _widened(*bounds)).validated()


def s_transform_law(s_transform: Function) -> Law:
    """Implement :meth:`rmt.laws.Law.from_s_transform`."""
    _require_callable("s_transform", s_transform)

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

    def inverse(m: float) -> float:
        value = at(m)
        bad = abs(value.imag) > 1e-9 * abs(value) or value.real <= 0.0
        return math.nan if bad else (1.0 + m) / (m * value.real)

    top = _extreme(inverse, 1e-3, math.inf)
    return STransformLaw(s_transform, _widened(0.0, top)).validated()


def _slope(function: Callable[[float], complex]) -> float:
    h = 1e-4
    return float((8.0 * (function(h) - function(-h)) - (function(2 * h) - function(-2 * h))).real / (12.0 * h))


def _extreme(function: Callable[[float], float], start: float, end: float) -> float:
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


# ---------------------------------------------------------------------- helpers
def _require_callable(name: str, function: Any) -> None:
    if not callable(function):
        raise TypeError(f"{name} must be a function, got {function!r} of type {type(function).__name__}")


def call(function: Function, x: Any) -> Any:
    """Value of a user's function at an array; point by point if it does not take arrays."""
    with np.errstate(all="ignore"):
        try:
            out = np.asarray(function(x))
        except (TypeError, ValueError):
            out = None
        if out is None or out.shape != x.shape:
            if out is not None and out.shape == ():  # a constant
                out = np.full(x.shape, out)
            else:
                out = np.array([function(v) for v in x.tolist()]).reshape(x.shape)
    return out.astype(np.complex128)


def as_pairs(name: str, value: Any) -> tuple[tuple[float, float], ...]:
    """One pair, or a sequence of pairs, as sorted disjoint intervals.

    Raises
    ------
    ValueError
        If an interval is empty or two of them overlap.
    """
    items = list(value)
    pairs = [tuple(items)] if len(items) == 2 and not hasattr(items[0], "__len__") else [tuple(i) for i in items]
    found = sorted((float(a), float(b)) for a, b in pairs)
    if not found or any(not a < b for a, b in found):
        raise ValueError(f"{name} must hold intervals (low, high) with low < high, got {value!r}")
    if any(b > c for (_, b), (c, _) in itertools.pairwise(found)):
        raise ValueError(f"{name} must hold intervals that do not overlap, got {value!r}")
    return tuple(found)


def _exponent_pairs(exponents: Any, count: int) -> list[tuple[float, float]]:
    items = list(exponents)
    pairs = [tuple(items)] if len(items) == 2 and not hasattr(items[0], "__len__") else [tuple(i) for i in items]
    if len(pairs) != count:
        raise ValueError(f"exponents must have one pair for each of the {count} intervals, got {exponents!r}")
    pairs = [tuple(math.nan if e is None else float(e) for e in pair) for pair in pairs]
    if any(e <= -1.0 for pair in pairs for e in pair):
        raise ValueError(f"exponents must be > -1 for a density that can be integrated, got {exponents!r}")
    return [(a, b) for a, b in pairs]


def _inner_points(low: float, high: float) -> Real:
    if math.isfinite(low) and math.isfinite(high):
        angles = math.pi * (np.arange(257) + 0.5) / 257
        return np.asarray(0.5 * (low + high) - 0.5 * (high - low) * np.cos(angles))
    growing = np.concatenate([np.linspace(0.01, 1.0, 60), np.geomspace(1.0, 1e4, 60)])
    if math.isfinite(low):
        return low + growing
    if math.isfinite(high):
        return high - growing
    return np.concatenate([-growing, growing])


def measured_exponent(density: Callable[[Real], Real], edge: float, other: float) -> float:
    """Exponent of a density at an edge, a fraction of small denominator if it is near one; NaN if there is none."""
    if not math.isfinite(edge):
        return math.nan
    width = other - edge if math.isfinite(other) else math.copysign(1.0, other)
    points = edge + width * np.array([_NEARER, _NEAR])
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(density(points))
        slope = float((values[1] - values[0]) / np.diff(np.log(np.abs(points - edge)))[0])
    if not math.isfinite(slope):
        return math.nan
    nearest = nearest_fraction(slope)
    return nearest if abs(nearest - slope) < _EXPONENT else math.nan


def nearest_fraction(slope: float) -> float:
    """The fraction of small denominator next to a slope."""
    return float(Fraction(slope).limit_denominator(12))
