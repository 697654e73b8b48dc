"""Boolean and monotone convolution: G of the result is an explicit function of the G of its parts.

Both are functions of F = 1/G: F = z + Σ t_i (F_i − z) for the Boolean sum, F = F_1 ∘ F_2 for the monotone one. No
equation has to be solved, but there is no formula for the log-potential: masses come from the density on panels.
"""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rmt._cached import cached_property
from rmt.free.expressions.computed_law import ComputedLaw, represents, upper
from rmt.free.expressions.leaves import location
from rmt.laws.given.panel_measure import PanelMeasure
from rmt.laws.law import EPS, Complex, Interval, Law, Real
from rmt.numerics.functions.bracketed_roots import bracketed_roots

Atoms = tuple[tuple[float, float], ...]

#: points on half a circle around an atom; half the distance to the next singularity gives 2^-64
_CIRCLE = 32
#: terms of F next to a steep end, and up to which share of the room there they are taken
_TERMS, _BESIDE = 6, 1e-3
#: atoms of less mass are rounding
_NO_MASS = 1e-14
#: F at an end of the support is zero below this share of its scale
_ZERO = 1e-10


class ExplicitLaw(ComputedLaw):
    """A law whose Boolean self-energy k = z − F is an explicit function."""

    @abstractmethod
    def _energy(self, z: Complex) -> Complex:
        """Boolean self-energy k(z) = z − 1/G(z) in the closed upper half plane, real where the density is 0."""

    @abstractmethod
    def _blocks(self) -> list[Interval]:
        """Intervals on which F is not real, cut where the density is not analytic; masses are not read."""

    @abstractmethod
    def _candidates(self) -> Real:
        """Zeros of F outside the blocks."""

    @abstractmethod
    def _singularities(self) -> Real:
        """Poles of F outside the blocks."""

    # ------------------------------------------------------------------ structure
    @cached_property
    def _pieces(self) -> list[Interval]:
        return sorted(self._blocks(), key=lambda i: (i.low, i.high))

    @cached_property
    def atoms(self) -> Atoms:
        """Atoms ``(position, mass)``, left to right: the zeros of F, of mass 1/F′."""
        places = np.sort(self._candidates())
        if places.size == 0:
            return ()
        ends = np.array([e for i in self._pieces for e in (i.low, i.high)])
        walls = np.concatenate([self._singularities(), ends, places])
        found = []
        for place in places.tolist():
            distance = np.abs(walls - place)
            scale = max(abs(place), self._scale)
            radius = min(0.5 * float(distance[distance > 4.0 * EPS * scale].min(initial=2.0 * scale)), scale)
            circle = radius * np.exp(1j * math.pi * (np.arange(_CIRCLE) + 0.5) / _CIRCLE)
            mass = float(np.mean((self._green(place + circle) * circle).real))
            if mass > _NO_MASS:
                found.append((place, min(mass, 1.0)))
        return tuple(found)

    @cached_property
    def support(self) -> tuple[Interval, ...]:
        """Intervals of the absolutely continuous part, left to right."""
        merged: list[Interval] = []
        for piece in self._pieces:
            if merged and piece.low <= merged[-1].high:
                last = merged.pop()
                piece = Interval(last.low, piece.high, last.low_exponent, piece.high_exponent, math.nan)
            merged.append(piece)
        return tuple(
            Interval(i.low, i.high, i.low_exponent, i.high_exponent, self.line_panels.mass_between(i.low, i.high))
            for i in merged
        )

    @cached_property
    def _scale(self) -> float:
        return location_of_parts(self._child_laws)

    @cached_property
    def line_panels(self) -> PanelMeasure:
        """The density on panels, from which masses and the log-potential come."""
        return PanelMeasure(
            self._density, self._pieces, self.atoms, self._scale, repr(self), beside=self._density_beside
        )

    def _density_beside(self, place: float, distance: Real) -> Real:
        """Density at signed distances from an end of a piece; NaN where it is not known better than by its points."""
        return np.full_like(distance, np.nan)

    # ------------------------------------------------------------------ values
    def _density(self, x: Real) -> Real:
        return np.asarray(np.maximum(-self._green(upper(x)).imag, 0.0) / math.pi)

    def _green(self, z: Complex) -> Complex:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            f = z - self._energy(z)
            g = 1.0 / f
        return np.where(np.isfinite(f), np.where(f == 0.0, complex(0.0, -math.inf), g), 0.0)

    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        inside = np.zeros(x.shape, dtype=bool)
        for i in self.support:
            inside |= (x > i.low) & (x < i.high)
        out[inside] = self._density(x[inside])
        for i in self.support:
            for edge, exponent, inward in ((i.low, i.low_exponent, i.high), (i.high, i.high_exponent, i.low)):
                if exponent < 0.0:
                    out[x == edge] = math.inf
                elif exponent == 0.0 and (x == edge).any():
                    out[x == edge] = self._density(np.array([np.nextafter(edge, inward)]))
        return out

    def _cdf(self, x: Real) -> Real:
        return self.line_panels.masses(x)[0]

    def _sf(self, x: Real) -> Real:
        return self.line_panels.masses(x)[1]

    def _cdf_error(self, x: Real, value: Real) -> Real:
        return np.full_like(x, self.line_panels.error) + super()._cdf_error(x, value)

    def _pdf_error(self, x: Real, value: Real) -> Real:
        out = super()._pdf_error(x, value)
        inside = (value > 0.0) & np.isfinite(value)
        out[inside] += self._stieltjes_error(upper(x[inside]), self._green(upper(x[inside]))) / math.pi
        return out

    def _stieltjes(self, z: Complex) -> Complex:
        g = self._green(z)
        if not z.imag.all():
            for position, _ in self.atoms:
                at = z == position
                if at.any():
                    sides = self._green(upper(position + 1e-4 * self._scale * np.array([-1.0, 1.0]))).real
                    g[at] = complex(float(sides.mean()), -math.inf)
        return g

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        # G = 1/F: rounding of F and of z, magnified by |G|²
        with np.errstate(invalid="ignore", over="ignore"):
            change = np.abs(value) ** 2 * self._energy_error(z)
            bound = np.where(value == 0.0, EPS / self._scale, change + 8.0 * EPS * np.abs(value))
        return np.asarray(np.where(np.isfinite(value), bound, 0.0))

    @abstractmethod
    def _energy_error(self, z: Complex) -> Real:
        """Bound on the error of F."""

    def _t_transform(self, z: Complex) -> Complex:
        # zG − 1 = kG
        return np.asarray(self._energy(z) * self._green(z))

    def _log_potential(self, z: Complex) -> Complex:
        return self.line_panels.log_potential(z)

    def _log_potential_error(self, z: Complex, value: Complex) -> Real:
        return super()._log_potential_error(z, value) + self.line_panels.error * (1.0 + np.abs(value))


@represents("boolean")
@dataclass(frozen=True, repr=False, eq=False)
class BooleanLaw(ExplicitLaw):
    """Boolean convolution with real powers: the self-energies add."""

    def _energy(self, z: Complex) -> Complex:
        total = np.zeros_like(z)
        with np.errstate(invalid="ignore"):  # infinite at the zeros of a G
            for law, power in self.factors:
                total += float(power) * self_energy(law, z)
        return total

    def _energy_error(self, z: Complex) -> Real:
        total = 4.0 * EPS * np.abs(z)
        for law, power in self.factors:
            total = total + float(power) * reciprocal_error(law, z)
        return np.asarray(total)

    def _blocks(self) -> list[Interval]:
        ends = sorted({e for law in self._child_laws for i in law.support for e in (i.low, i.high)})
        pieces = []
        for low, high in itertools.pairwise(ends):
            if any(i.low <= low and high <= i.high for law in self._child_laws for i in law.support):
                pieces.append(Interval(low, high, self._exponent(low, 1), self._exponent(high, -1), math.nan))
        return pieces

    def _exponent(self, end: float, side: int) -> float:
        """Exponent of the density at an end of a piece; `side` points inwards."""
        if math.isinf(end):
            return math.nan
        intervals = [i for law in self._child_laws for i in law.support]
        if any(i.low < end < i.high or end == (i.high if side > 0 else i.low) for i in intervals):
            return inner_exponent(self._child_laws, end)
        starting = [i.low_exponent if side > 0 else i.high_exponent for i in intervals if end in (i.low, i.high)]
        f = end - self._energy(upper([end]))[0]
        return reciprocal_exponent([abs(e) for e in starting], abs(f) < _ZERO * self._scale)

    @cached_property
    def _gaps(self) -> list[tuple[float, float]]:
        return complement([(i.low, i.high) for i in self._pieces])

    @cached_property
    def _poles(self) -> Real:
        found = [zeros_of_g(law, *gap) for law in self._child_laws for gap in self._gaps]
        return np.unique(np.concatenate(found)) if found else np.zeros(0)

    def _singularities(self) -> Real:
        return self._poles

    def _candidates(self) -> Real:
        return level_points(self._real_f, self._gaps, self._poles, 0.0, self._scale)

    def _real_f(self, x: Real) -> Real:
        return np.asarray(x - self._energy(upper(x)).real)


@dataclass(frozen=True)
class _SteepEnd:
    """A place where F of the second law is an end of the first: F − level is a power series of the distance."""

    place: float
    level: float
    room: float
    series: Real


@represents("monotone")
@dataclass(frozen=True, repr=False, eq=False)
class MonotoneLaw(ExplicitLaw):
    """Monotone convolution: F = F_first ∘ F_second."""

    @property
    def _first(self) -> Law:
        return self._child_laws[0]

    @property
    def _second(self) -> Law:
        return self._child_laws[1]

    def _inner(self, z: Complex) -> Complex:
        with np.errstate(invalid="ignore"):
            w = z - self_energy(self._second, z)
        w.imag = np.maximum(w.imag, 0.0)
        return w

    def _energy(self, z: Complex) -> Complex:
        k = self_energy(self._second, z)
        w = self._inner(z)
        finite = np.isfinite(w)
        k[finite] += self_energy(self._first, w[finite])
        return k

    @cached_property
    def _steep_ends(self) -> list[_SteepEnd]:
        """Where the second law has no mass and its F is an end of the first at which the density is steep."""
        walls = np.array([*self._poles.tolist(), *(e for gap in self._gaps for e in gap if math.isfinite(e))])
        found = []
        for i in self._first.support:
            for level, exponent in ((i.low, i.low_exponent), (i.high, i.high_exponent)):
                if not exponent < -0.5:
                    continue
                for end in level_points(self._real_inner, self._gaps, self._poles, level, self._scale).tolist():
                    room = 0.5 * float(np.abs(walls - end).min(initial=self._scale))
                    turn = np.exp(1j * math.pi * (np.arange(_CIRCLE) + 0.5) / _CIRCLE)
                    values = self._inner(end + room * turn)
                    powers = np.arange(1, _TERMS + 1)
                    series = np.mean((values * turn ** -powers[:, None]).real, axis=1) / room**powers
                    found.append(_SteepEnd(end, level, room, series))
        return found

    def _density_beside(self, place: float, distance: Real) -> Real:
        out = np.full_like(distance, np.nan)
        for end in self._steep_ends:
            near = np.abs(distance) < _BESIDE * end.room
            if abs(end.place - place) <= 64.0 * EPS * abs(place) and near.any():
                beyond = np.polynomial.polynomial.polyval(distance[near], np.concatenate([[0.0], end.series]))
                out[near] = self._first._pdf_beside(end.level, beyond)
        return out

    def _energy_error(self, z: Complex) -> Real:
        w = self._inner(z)
        error = reciprocal_error(self._second, z)
        out = np.full(z.shape, np.inf)
        finite = np.isfinite(w)
        at, step = w[finite], np.maximum(error[finite], EPS * np.abs(w[finite]))
        with np.errstate(divide="ignore", invalid="ignore"):
            f = [1.0 / self._first._stieltjes(upper(at + d)) for d in (0.0, step, 1j * step)]
        moved = np.maximum(np.abs(f[1] - f[0]), np.abs(f[2] - f[0]))
        out[finite] = np.where(np.isfinite(moved), moved, step) + reciprocal_error(self._first, at)
        return out

    @cached_property
    def _gaps(self) -> list[tuple[float, float]]:
        return complement([(i.low, i.high) for i in self._second.support])

    @cached_property
    def _poles(self) -> Real:
        found = [zeros_of_g(self._second, *gap) for gap in self._gaps]
        return np.unique(np.concatenate(found)) if found else np.zeros(0)

    def _real_inner(self, x: Real) -> Real:
        return np.asarray(self._inner(upper(x)).real)

    def _blocks(self) -> list[Interval]:
        pieces = [self._over(i) for i in self._second.support]
        for low, high in sections(self._gaps, self._poles):
            bottom, top = self._range(low, high)
            for i in self._first.support:
                if i.high <= bottom or i.low >= top:
                    continue
                ends = [low if i.low <= bottom else self._solve(i.low, low, high)]
                ends.append(high if i.high >= top else self._solve(i.high, low, high))
                if not ends[0] < ends[1]:
                    continue
                exponents = [i.low_exponent if i.low > bottom else self._beside(ends[0])]
                exponents.append(i.high_exponent if i.high < top else self._beside(ends[1]))
                pieces.append(Interval(ends[0], ends[1], exponents[0], exponents[1], math.nan))
        return pieces

    def _beside(self, end: float) -> float:
        """Exponent where an interval ends at an edge of the second law, or at a pole of its F."""
        return math.nan if math.isinf(end) else inner_exponent([self._second], end)

    def _range(self, low: float, high: float) -> tuple[float, float]:
        """Limits of the increasing F_second at the ends of a section."""
        poles = set(self._poles.tolist())
        limits = []
        for end, outward in ((low, -math.inf), (high, math.inf)):
            if math.isinf(end) or end in poles:
                limits.append(outward)
            else:
                limits.append(float(self._real_inner(np.array([end]))[0]))
        return limits[0], limits[1]

    def _solve(self, level: float, low: float, high: float) -> float:
        found = level_points(self._real_inner, [(low, high)], np.zeros(0), level, self._scale)
        return float(found[0]) if found.size else (low if math.isfinite(low) else high)

    def _over(self, i: Interval) -> Interval:
        """An interval of the second law, with the exponents that it gets."""
        exponents = []
        for end, exponent in ((i.low, i.low_exponent), (i.high, i.high_exponent)):
            if math.isinf(end):
                exponents.append(math.nan)
                continue
            image = float(self._real_inner(np.array([end]))[0])
            inside = any(j.low < image < j.high for j in self._first.support)
            atom = any(abs(a - image) < _ZERO * self._scale for a, _ in self._first.atoms)
            if inside:
                exponents.append(inner_exponent([self._second], end))
            else:
                exponents.append(reciprocal_exponent([abs(exponent)], atom))
        return Interval(i.low, i.high, exponents[0], exponents[1], math.nan)

    def _singularities(self) -> Real:
        ends = [e for i in self._first.support for e in (i.low, i.high) if math.isfinite(e)]
        images = [level_points(self._real_inner, self._gaps, self._poles, e, self._scale) for e in ends]
        return np.concatenate([self._poles, *images])

    def _candidates(self) -> Real:
        atoms = [a for a, _ in self._first.atoms]
        found = [level_points(self._real_inner, self._gaps, self._poles, a, self._scale) for a in atoms]
        return np.concatenate(found) if found else np.zeros(0)


# ---------------------------------------------------------------------- functions of one law
def self_energy(law: Law, z: Complex) -> Complex:
    """Boolean self-energy z − 1/G = (zG − 1)/G, the second form where the first would cancel."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        g = law._stieltjes(z)
        quotient = law._t_transform(z) / g
        f = np.where(np.isinf(g.real) | np.isinf(g.imag), 0.0, 1.0 / g)
    k = np.where(np.isfinite(quotient), quotient, z - f)
    return np.where(g == 0.0, np.inf, k)


def reciprocal_error(law: Law, z: Complex) -> Real:
    """Bound on the error of F = 1/G."""
    with np.errstate(divide="ignore", invalid="ignore"):
        g = law._stieltjes(z)
        relative = law._stieltjes_error(z, g) / np.abs(g)
        out = relative / np.abs(g) + 4.0 * EPS * np.abs(z)
    return np.asarray(np.where(np.isfinite(out), out, 4.0 * EPS * np.abs(z)))


def location_of_parts(laws: Iterable[Law]) -> float:
    """A length on which the laws vary."""
    return max(max(location(law)[1], abs(location(law)[0])) for law in laws)


def reciprocal_exponent(exponents: Sequence[float], vanishes: bool) -> float:
    """Exponent of Im(1/F) where Im F has these exponents and F vanishes or not; NaN where a part has a jump."""
    if not exponents or any(not math.isfinite(e) or e == 0.0 for e in exponents):
        return math.nan
    smallest = min(exponents)
    return smallest if not vanishes else -smallest if smallest < 1.0 else smallest - 2.0


def inner_exponent(laws: Iterable[Law], end: float) -> float:
    """How the density depends on the distance to an edge of a part inside the support: analytic in its root, or NaN."""
    exponents = [
        exponent
        for law in laws
        for i in law.support
        for edge, exponent in ((i.low, i.low_exponent), (i.high, i.high_exponent))
        if edge == end
    ]
    return 0.5 if exponents and all(abs(e) % 1.0 == 0.5 for e in exponents) else math.nan


def complement(intervals: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Gaps between intervals, the unbounded ones included."""
    gaps = []
    end = -math.inf
    for low, high in sorted(intervals):
        if low > end:
            gaps.append((end, low))
        end = max(end, high)
    if end < math.inf:
        gaps.append((end, math.inf))
    return gaps


def sections(gaps: Iterable[tuple[float, float]], poles: Real) -> list[tuple[float, float]]:
    """Gaps cut at the poles."""
    out: list[tuple[float, float]] = []
    for low, high in gaps:
        out.extend(itertools.pairwise([low, *poles[(poles > low) & (poles < high)].tolist(), high]))
    return out


def zeros_of_g(law: Law, low: float, high: float) -> Real:
    """Zeros of G in a gap: at most one between two neighbouring atoms or edges, since G decreases there."""
    ends = [low, *(a for a, _ in law.atoms if low < a < high), high]
    pairs = [(a, b) for a, b in itertools.pairwise(ends) if math.isfinite(a) and math.isfinite(b)]
    if not pairs:
        return np.zeros(0)
    a, b = np.array(pairs).T
    start, stop = inwards(a, b)

    def residual(x: Real, index: object) -> Real:
        return np.asarray(-law._stieltjes(upper(x)).real)

    roots = bracketed_roots(residual, start, stop)
    return roots[np.isfinite(roots)]


def inwards(low: Real, high: Real) -> tuple[Real, Real]:
    """The ends of intervals moved inwards by some ulp."""
    size = 8.0 * EPS * np.maximum(np.abs(low), np.abs(high))
    step = np.minimum(size, 1e-3 * (high - low))
    return low + step, high - step


def level_points(
    function: Callable[[Real], Real], gaps: Sequence[tuple[float, float]], poles: Real, level: float, scale: float
) -> Real:
    """Where a function that increases between its poles takes a value; at most once in each section of the gaps."""
    pairs = sections(gaps, poles)
    if not pairs:
        return np.zeros(0)
    low, high = np.array(pairs).T
    reach = 2.0 * (scale + abs(level))
    open_low, open_high = np.isinf(low), np.isinf(high)
    low = np.where(open_low, np.where(open_high, -reach, high - reach), low)
    high = np.where(open_high, np.where(open_low, reach, low + reach), high)
    for _ in range(200):  # F(x) ~ x at infinity
        short_low = open_low & (function(low) > level)
        short_high = open_high & (function(high) < level)
        if not (short_low | short_high).any():
            break
        width = high - low
        low, high = np.where(short_low, low - width, low), np.where(short_high, high + width, high)
    start, stop = inwards(low, high)

    def residual(x: Real, index: object) -> Real:
        return function(x) - level

    roots = bracketed_roots(residual, start, stop)
    return np.sort(roots[np.isfinite(roots)])
