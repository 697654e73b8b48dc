"""Support of a law that can only be evaluated point by point: intervals, edge exponents, atoms, masses.

The distribution function from the log-potential is exact in every gap, so no mass can hide: between two points
outside the support the difference of its values is the mass in between, and it is searched until it is found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError
from rmt.laws.law import EPS, Complex, Interval, Real

_GRID = 400
_SECTIONS = 12  # subdivisions of an interval per round of a search
_ROUNDS = 30
_FIT = 10  # points from which an edge is extrapolated
_INVISIBLE = 1e-200  # a density that stands for the sign of a rounded zero
_MASS = 1e-10  # mass that must be explained
_TURN = 1e-3  # a mass that increases by more than this has lost a turn of the logarithm
_RESOLVED = 0.02  # relative error of the trapezoidal rule in a step where the density is resolved
_LADDER = 10.0 ** -np.arange(3.0, 14.0)  # distances to special places at which the law is asked
_DEEPEST = 10.0 ** -np.arange(14.0, 18.0)  # the same for the mass next to a density without bounds
_SIDES = 1e-14  # largest difference of the mass above such a place, seen from both sides
_SNAP = 1e-8  # distance to a special place, on the scale of the whole, at which an atom lies there
_NARROW = 1e-12  # steps, on the scale of the whole, that are not narrowed further
_FINEST = 1e-5  # steps, on the scale of the whole, that are not refined for it
_EXPONENTS = (0.5, 1 / 3, -0.5, -1 / 3, -2 / 3, -0.25, -0.75, -0.2, -0.8, 0.25, 0.2, 0.0, 1.0, 1.5)

#: a step, and G at its ends
Span: TypeAlias = tuple[float, float, complex, complex]


@dataclass(frozen=True)
class Samples:
    """Values at a set of points: G, its error, the mass above, and whether they are certified."""

    x: Real
    g: Complex
    error: Real
    above: Real
    certified: NDArray[np.bool_]

    def restrict(self, chosen: NDArray[np.bool_]) -> Samples:
        """Some of the points."""
        return Samples(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @property
    def density(self) -> Real:
        """−Im G/π."""
        return np.asarray(-self.g.imag / math.pi)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Whether a point lies inside the support: its density is larger than its error."""
        return -self.g.imag > 10.0 * self.error + _INVISIBLE


class Probe(Protocol):
    """What the search needs to know about a law."""

    def sample(self, x: Real) -> Samples:
        """G, its error, mass above and certificate at the points `x`."""
        ...

    def discriminant(self, x: Real) -> Real:
        """Logarithm of a function that vanishes like a power of the root of the distance at square-root edges."""
        ...


def find_support(
    probe: Probe,
    low: float,
    high: float,
    known: tuple[tuple[float, float], ...] = (),
    places: tuple[float, ...] = (),
) -> tuple[tuple[Interval, ...], tuple[tuple[float, float], ...]]:
    """Intervals and atoms of a law on [low, high].

    Parameters
    ----------
    probe : Probe
        The law.
    low, high : float
        Bounds of the support.
    known : tuple of (position, mass)
        Atoms that are not searched.
    places : tuple of float
        Where edges and atoms lie exactly if they lie within rounding of them; densities may be singular there.

    Raises
    ------
    ConvergenceError
        If mass is left that belongs to no interval and no atom.
    """
    return _Search(probe, low, high, known, places).run()


class _Search:
    def __init__(
        self,
        probe: Probe,
        low: float,
        high: float,
        known: tuple[tuple[float, float], ...],
        places: tuple[float, ...],
    ) -> None:
        self.probe = probe
        self.places = places
        margin = 0.01 * (high - low)
        self.low, self.high = low - margin, high + margin
        self.width = self.high - self.low
        self.points = probe.sample(np.array([]))
        self.atoms: list[tuple[float, float]] = list(known)
        self.closed: list[tuple[float, float]] = []

    def run(self) -> tuple[tuple[Interval, ...], tuple[tuple[float, float], ...]]:
        angles = (np.arange(_GRID) + 0.5) * math.pi / _GRID
        grid = 0.5 * (self.low + self.high) - 0.5 * self.width * np.cos(angles)
        # from coarse to fine: solutions are continued from their neighbours
        self._add(np.append(grid[::16], [self.low, self.high]))
        for stride in (16, 8, 4, 2):
            self._add(grid[stride // 2 :: stride])
        self._approach_places()
        self._search_mass()
        self._search_gaps()
        intervals = self._intervals()
        total = sum(i.mass for i in intervals) + sum(mass for _, mass in self.atoms)
        if not abs(total - 1.0) < 1e-8:
            raise ConvergenceError("the support found does not carry the whole mass", residual=abs(total - 1.0))
        return tuple(intervals), tuple(sorted(self.atoms))

    # ------------------------------------------------------------------ sampling
    def _add(self, x: Real) -> Samples:
        """Evaluate new points; what cannot be certified is left out."""
        new = self.probe.sample(np.unique(x))
        merged = [
            np.concatenate([getattr(self.points, name), getattr(new, name)[new.certified]])
            for name in ("x", "g", "error", "above", "certified")
        ]
        _, order = np.unique(merged[0], return_index=True)
        self.points = Samples(*(values[order] for values in merged))
        self._drop_lost_turns()
        return new

    def _drop_lost_turns(self) -> None:
        """Leave out points at which the mass above is larger on the right: next to a singularity its turns get lost.

        Of two such points the one with the larger error of G goes. Within rounding of an atom both stay.
        """
        while True:
            p = self.points
            wrong = np.flatnonzero((np.diff(p.above) > _TURN) & (np.diff(p.x) > _NARROW * self.width))
            if wrong.size == 0:
                return
            worse = np.where(p.error[wrong] >= p.error[wrong + 1], wrong, wrong + 1)
            keep = np.ones(p.x.size, dtype=np.bool_)
            keep[worse] = False
            self.points = p.restrict(keep)

    def _approach_places(self) -> None:
        """Sample towards the special places, on both sides, as far as points can be certified."""
        for place in self.places:
            sides = [-1.0, 1.0]
            for distance in self.width * _LADDER:
                new = self._add(np.array([place + side * distance for side in sides]))
                sides = [side for side in sides if (side * (new.x[new.certified] - place) > 0.0).any()]

    def _search_mass(self) -> None:
        """Subdivide the steps with unexplained mass until they show an interval, or cannot be narrowed: an atom."""
        for _ in range(_ROUNDS):
            spans = self._hidden_mass()
            if not spans:
                return
            stuck = [s for s in spans if any(s[0] < place < s[1] for place in self.places)]
            wide = [s for s in spans if s not in stuck]
            self._add(np.concatenate([[_pole(*s)] for s in wide] + [_sections(a, b) for a, b, _, _ in wide] + [[]]))
            remaining = {(a, b) for a, b, _, _ in self._hidden_mass()}
            stuck += [s for s in wide if s[:2] in remaining or s[1] - s[0] < _NARROW * self.width]
            for a, b, g_a, g_b in self._clusters(stuck):
                if not any(low <= b and a <= high for low, high in self.closed):
                    self._close(a, b, g_a, g_b)

    def _clusters(self, spans: list[Span]) -> list[Span]:
        """Steps united with those next to them: within rounding of an atom the mass above jumps to and fro."""
        clusters: list[Span] = []
        for a, b, g_a, g_b in sorted(spans, key=lambda span: span[0]):
            if clusters and a - clusters[-1][1] <= _NARROW * self.width:
                first, _, g_first, _ = clusters.pop()
                clusters.append((first, b, g_first, g_b))
            else:
                clusters.append((a, b, g_a, g_b))
        return clusters

    def _masses(self) -> tuple[Real, Real]:
        """Mass of every step without its atoms, and what the densities at its ends explain of it."""
        p = self.points
        mass = -np.diff(p.above)
        for position, weight in self.atoms:
            mass -= weight * ((p.x[:-1] < position) & (position <= p.x[1:]))
        return mass, np.asarray(0.5 * np.diff(p.x) * (p.density[1:] + p.density[:-1]))

    def _hidden_mass(self) -> list[Span]:
        """Steps, with G at their ends, that carry more mass than the densities at their ends explain."""
        p = self.points
        mass, expected = self._masses()
        both_out = ~p.inside[1:] & ~p.inside[:-1]
        tolerance = np.where(both_out, _MASS, np.maximum(0.5 * expected, 1e-3))
        suspicious = np.flatnonzero(mass - expected > tolerance)
        spans = [(float(p.x[i]), float(p.x[i + 1]), complex(p.g[i]), complex(p.g[i + 1])) for i in suspicious]
        return [span for span in spans if not any(low <= span[1] and span[0] <= high for low, high in self.closed)]

    def _close(self, a: float, b: float, g_a: complex, g_b: complex) -> None:
        """Settle a step that cannot be narrowed: an atom, or an integrable singularity of the density.

        At an atom 1/G is analytic with a simple zero and slope 1/mass; the zero is found by a fit from a distance.
        """
        guess = _pole(a, b, g_a, g_b)
        reaches = self.width * np.geomspace(3e-2, 1e-6, 10)
        fits = [self._fit_pole(guess, reach) for reach in reaches]
        changes = np.abs(np.diff([position for position, _ in fits]))
        if np.isfinite(changes).any():
            best = 1 + int(np.nanargmin(changes))
            position, mass = fits[best]
            ends = self.probe.sample(position + reaches[best] * np.array([-1.0, 1.0]))
            jump = float(ends.above[0] - ends.above[1] - reaches[best] * ends.density.sum())
            if abs(mass - jump) < 1e-3 * jump:
                position = self._snapped(position, a, b)
                self.atoms.append((position, jump))
                a, b = min(a, float(ends.x[0])), max(b, float(ends.x[1]))
                self.points = self.points.restrict((self.points.x <= a) | (self.points.x >= b))
                self._add(ends.x)
        self.closed.append((a, b))

    def _snapped(self, position: float, a: float, b: float) -> float:
        """The special place within rounding of an atom between a and b."""
        for place in self.places:
            if a <= place <= b and abs(position - place) < _SNAP * self.width:
                return place
        return position

    def _fit_pole(self, guess: float, reach: float) -> tuple[float, float]:
        """Zero of 1/G near a point and the inverse of its slope there, from a polynomial fit on both sides."""
        t = np.cos(np.pi * (np.arange(_FIT) + 0.5) / _FIT)
        samples = self.probe.sample(guess + reach * t)
        if not samples.certified.all():
            return math.nan, math.nan
        fit = np.polynomial.Polynomial(np.polynomial.polynomial.polyfit(t, 1.0 / samples.g, _FIT - 2))
        root = 0j
        for _ in range(20):
            root -= fit(root) / fit.deriv()(root)
            if not abs(root) < 0.5:
                return math.nan, math.nan
        return float(guess + reach * root.real), float((reach / fit.deriv()(root)).real)

    def _search_gaps(self) -> None:
        """Look for gaps at the local minima of the density, and where it is not resolved."""
        for _ in range(8):
            spans = self._hidden_gaps()
            if not spans:
                return
            self._add(np.concatenate([_sections(a, b) for a, b in spans]))

    def _hidden_gaps(self) -> list[tuple[float, float]]:
        """Steps inside the support whose mass their ends do not explain, and neighbours of minima of the density."""
        p = self.points
        inside = p.inside
        mass, expected = self._masses()
        unresolved = inside[:-1] & inside[1:] & (np.abs(mass - expected) > _RESOLVED * mass)
        unresolved &= np.diff(p.x) > _FINEST * self.width
        spans = [(float(p.x[i]), float(p.x[i + 1])) for i in np.flatnonzero(unresolved)]
        for i in range(1, len(p.x) - 1):
            if inside[i - 1] and inside[i] and inside[i + 1]:
                left, middle, right = p.density[i - 1 : i + 2]
                if middle < left and middle < right and p.x[i + 1] - p.x[i - 1] > 1e-9 * self.width:
                    spans.append((float(p.x[i - 1]), float(p.x[i + 1])))
        return spans

    # ------------------------------------------------------------------ intervals
    def _intervals(self) -> list[Interval]:
        p = self.points
        inside = p.inside
        starts = np.flatnonzero(~inside[:-1] & inside[1:])
        ends = np.flatnonzero(inside[:-1] & ~inside[1:])
        if len(starts) != len(ends):
            raise ConvergenceError("the support reaches beyond the bound on the norm", point=float(p.x[-1]))
        intervals = []
        for i, j in zip(starts, ends, strict=True):
            low = self._edge(float(p.x[i]), float(p.x[i + 1]))
            high = self._edge(float(p.x[j + 1]), float(p.x[j]))
            mass = float(p.above[i] - p.above[j + 1])
            mass -= sum(m for x, m in self.atoms if p.x[i] <= x <= p.x[j + 1])
            intervals += self._parted(low, high, mass, float(p.above[i]))
        return intervals

    def _parted(self, low: float, high: float, mass: float, above: float) -> list[Interval]:
        """An interval, cut at special places at which its density goes to infinity."""
        rest, start, out = mass, low, []
        for place in self.places:
            if not low < place < high or any(a == place for a, _ in self.atoms):
                continue
            exponents = self._exponent(place, low), self._exponent(place, high)
            if not (exponents[0] < 0.0 and exponents[1] < 0.0):
                continue
            beyond = self._above(place, exponents)
            if not abs(beyond[1] - beyond[0]) < _SIDES:
                continue
            before = above - 0.5 * sum(beyond) - sum(m for a, m in self.atoms if low <= a < place) - (mass - rest)
            out.append(Interval(start, place, self._exponent(start, place), exponents[0], before))
            rest, start = rest - before, place
        return [*out, Interval(start, high, self._exponent(start, high), self._exponent(high, start), rest)]

    def _above(self, place: float, exponents: tuple[float, float]) -> tuple[float, float]:
        """Mass above a singularity of the density, seen from below and from above; NaN where it is not seen.

        The nearest points are noisy, and further ones miss the next term of the density: those count that agree best.
        """
        distances = self.width * np.append(_LADDER, _DEEPEST)
        sides = np.array([[-1.0], [1.0]])
        p = self.probe.sample(np.ravel(place + sides * distances))
        steps = (p.x - place) * p.density / (1.0 + np.repeat(exponents, distances.size))
        below, above = np.where(p.certified, p.above + steps, np.nan).reshape(2, -1)
        apart = np.abs(below - above)
        best = int(np.argmin(np.where(np.isnan(apart), np.inf, apart)))
        return float(below[best]), float(above[best])

    def _edge(self, outside: float, inside: float) -> float:
        """The edge between a point outside and one inside the support."""
        for place in self.places:
            if min(outside, inside) <= place <= max(outside, inside) and abs(inside - outside) < _SNAP * self.width:
                return place
        outside, inside = self._narrow(outside, inside, 1e-6 * self.width)
        towards = math.copysign(self.width, inside - outside)
        found = np.array([self._extrapolate(inside, reach * towards) for reach in (1e-3, 1e-4, 1e-5, 1e-6)])
        changes = np.abs(np.diff(found))
        if np.isfinite(changes).any():
            edge = float(found[1 + np.nanargmin(changes)])
            if abs(edge - inside) <= 2.0 * abs(inside - outside):
                return next((place for place in self.places if abs(edge - place) < _SNAP * self.width), edge)
        outside, inside = self._narrow(outside, inside, 0.0)
        return 0.5 * (outside + inside)

    def _narrow(self, outside: float, inside: float, width: float) -> tuple[float, float]:
        """Narrow a bracket of an edge to the given width, or as far as points can be certified."""
        for _ in range(15):
            if abs(inside - outside) <= max(width, 4.0 * EPS * max(abs(inside), abs(outside))):
                break
            p = self.probe.sample(_sections(outside, inside))
            x, flags = p.x[p.certified], p.inside[p.certified]
            if x.size == 0:
                break
            first = int(np.argmax(flags)) if flags.any() else len(x)
            outside, inside = [outside, *map(float, x[:first])][-1], [*map(float, x[first:]), inside][0]
        return outside, inside

    def _extrapolate(self, inside: float, reach: float) -> float:
        """Zero of the discriminant next to a point inside, by extrapolation from the inside; NaN if there is none.

        With D ~ s^m for the square root s of the distance, inside the modulus is that of D(s) D(−s), so that
        |D|^(2/m) is analytic in x and has a simple zero at the edge.
        """
        t = 1.0 - np.cos(np.pi * (np.arange(_FIT) + 0.5) / (2 * _FIT))
        logarithms = self.probe.discriminant(inside + reach * t)
        if not np.isfinite(logarithms).all():
            return math.nan
        order = round(2.0 * (logarithms[_FIT // 2] - logarithms[1]) / math.log(t[_FIT // 2] / t[1]))
        if order < 1:
            return math.nan
        fit = np.polynomial.Polynomial.fit(t, np.exp((logarithms - logarithms[-1]) * (2.0 / order)), _FIT - 2)
        slope = fit.deriv()
        root = 0.0
        for _ in range(20):
            root -= fit(root) / slope(root)
            if not abs(root) < 0.1:
                return math.nan
        return inside + reach * float(root)

    def _exponent(self, edge: float, other: float) -> float:
        """Exponent of the density at an edge, from its slope in logarithms; NaN if it fits no known value."""
        for near in (1e-7, 1e-6, 1e-5, 1e-4, 1e-3):
            distance = (other - edge) * near * np.array([10.0, 1.0])
            p = self.probe.sample(edge + distance)
            if (p.certified & (p.density > 0.0)).all():
                slope = math.log(p.density[0] / p.density[1]) / math.log(10.0)
                candidates = [e for e in _EXPONENTS if abs(e - slope) < 0.02]
                return min(candidates, key=lambda e: abs(e - slope), default=math.nan)
        return math.nan


def _sections(a: float, b: float) -> Real:
    return np.linspace(a, b, _SECTIONS + 1)[1:-1]


def _pole(a: float, b: float, g_a: complex, g_b: complex) -> float:
    """Where 1/G vanishes between two points, by the secant; the middle if it does not change its sign."""
    f_a, f_b = (1.0 / g_a).real, (1.0 / g_b).real
    return a - f_a * (b - a) / (f_b - f_a) if f_a < 0.0 < f_b else 0.5 * (a + b)
