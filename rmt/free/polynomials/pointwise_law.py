"""Laws known point by point through matrix-valued subordination: everything else follows here."""

from __future__ import annotations

import math
import time
import warnings
from abc import abstractmethod
from contextlib import ExitStack
from typing import Any, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from rmt._cached import cached_property
from rmt.errors import ConvergenceError, CostWarning, shown
from rmt.free.polynomials.matrix_subordination import MatrixSolution
from rmt.free.polynomials.pointwise_support import Samples, find_support
from rmt.free.subordination.quantiles import Quantiles
from rmt.laws.law import EPS, Complex, Interval, Law, Mask, Real
from rmt.numerics.progress import Progress

Atoms = tuple[tuple[float, float], ...]

_TINY = 1e-15  # mass times relative distance to an edge below which the density is integrated as a power
_SHADOW = 1e-4  # distance to an atom, on the scale of the law, in which its pole may hide the density
_HIDDEN = 1e-9  # error of G there, on the scale of the law, that a density may have
_BRACKETS = 1e-15 * 4.0 ** np.arange(18.0)  # distances at which points that are not certified are enclosed
_BLUR = 64.0 * EPS  # uncertainty of an edge, on the scale of the law
_SEARCH = 8.0  # time of a search over that of its first points, as a rule
_LONG = 10.0  # seconds of a search from which on they are said first
_SPREAD = 1e-6  # mass between two enclosing points that is refused


class Equations(Protocol):
    """Equations that give G, point by point, with a certificate."""

    #: number of terms of the log-potential, which its rounding error grows with
    terms: int

    def solve(self, z: Complex) -> MatrixSolution:
        """Solve at points of the closed upper half plane."""
        ...

    def remember(self, z: Complex, solution: MatrixSolution) -> None:
        """Keep solutions as starting points for later ones."""
        ...

    def mark(self, points: Real) -> None:
        """Tell edges and atoms, next to which solutions follow powers of the distance."""
        ...

    def potential(self, solution: MatrixSolution) -> Complex:
        """Log-potential of the equations at solved points."""
        ...


class SearchedLaw(Law):
    """A law whose G and log-potential come from certified solutions of subordination equations.

    Support and atoms are searched once (:mod:`rmt.free.polynomials.pointwise_support`); the points solved on the way
    are starting points for all later evaluations, under the same certificate.
    """

    # ------------------------------------------------------------------ hooks
    @property
    @abstractmethod
    def _equations(self) -> Equations:
        """The equations."""

    @abstractmethod
    def _coordinate(self, z: Complex) -> Complex:
        """The variable of the equations at a point of the closed upper half plane."""

    @abstractmethod
    def _transform(self, z: Complex, solution: MatrixSolution) -> tuple[Complex, Real]:
        """G and a bound on its error, at solved points."""

    @abstractmethod
    def _potential(self, z: Complex, solution: MatrixSolution) -> Complex:
        """The log-potential at solved points, its imaginary part in [0, pi]."""

    @abstractmethod
    def _bounds(self) -> tuple[float, float]:
        """An interval that contains the support."""

    def _places(self) -> tuple[float, ...]:
        """Where edges and atoms lie exactly if they lie within rounding of them."""
        return (0.0,)

    def _known_atoms(self) -> Atoms:
        """Atoms that need not be searched."""
        return ()

    # ------------------------------------------------------------------ solution
    def _solve(self, z: Complex) -> MatrixSolution:
        return self._equations.solve(self._coordinate(z))

    def _certified(self, z: Complex) -> MatrixSolution:
        solution = self._solve(z)
        if not solution.certified.all():
            first = int(np.argmin(solution.certified))
            point = complex(z[first])
            self._refuse(point if point.imag else point.real, float(solution.residual[first]))
        return solution

    # ------------------------------------------------------------------ support
    @cached_property
    def _spectrum(self) -> tuple[tuple[Interval, ...], Atoms]:
        with ExitStack() as signs_of_life:
            probe = _Probe(self, signs_of_life)
            intervals, atoms = find_support(probe, *self._bounds(), known=self._known_atoms(), places=self._places())
        marks = [x for x, _ in atoms] + [edge for i in intervals for edge in (i.low, i.high)]
        self._equations.mark(self._coordinate(np.array(marks, dtype=np.complex128)).real)
        return intervals, atoms

    @property
    def support(self) -> tuple[Interval, ...]:
        """Intervals of the absolutely continuous part, left to right, found by search."""
        return self._spectrum[0]

    @property
    def atoms(self) -> Atoms:
        """Atoms ``(position, mass)``, left to right, found by search."""
        return self._spectrum[1]

    # ------------------------------------------------------------------ values
    def _interval_of(self, x: Real) -> NDArray[np.intp]:
        """Number of the interval that holds a point in its interior, -1 outside."""
        out = np.full(x.shape, -1)
        for k, interval in enumerate(self.support):
            out[(x > interval.low) & (x < interval.high)] = k
        return out

    def _interior(self, x: Real) -> Any:
        return self._interval_of(x) >= 0

    def _jumps(self, x: Real, above: bool) -> Real:
        """Mass of the atoms in (x, inf) or in (-inf, x]."""
        out = np.zeros_like(x)
        for position, mass in self.atoms:
            out[x < position if above else x >= position] += mass
        return out

    def _outer_masses(self) -> tuple[Real, Real]:
        """Mass of the other intervals on the left and on the right of each, without atoms."""
        masses = np.array([i.mass for i in self.support])
        return np.cumsum(masses) - masses, np.cumsum(masses[::-1])[::-1] - masses

    def _continuous(self, x: Real) -> tuple[Real, Real, Real, Mask, Mask]:
        """Mass of the intervals below and above points inside them, their density; which are known.

        Next to an edge, where a mass is smaller than the rounding of the log-potential, it is the integral of the
        density as a power of the distance.
        """
        z = x.astype(np.complex128)
        solution = self._solve(z)
        g, error = self._transform(z, solution)
        known = solution.certified.copy()
        density = np.maximum(-g.imag, 0.0) / math.pi
        below, above = np.zeros_like(x), np.zeros_like(x)
        turns = self._potential(z[known], solution.restrict(known)).imag / math.pi
        above[known] = turns - self._jumps(x[known], True)
        below[known] = 1.0 - turns - self._jumps(x[known], False)
        numbers = self._interval_of(x)
        left, right = self._outer_masses()
        for k, i in enumerate(self.support):
            for edge, exponent, near, far, outer in (
                (i.low, i.low_exponent, below, above, left[k]),
                (i.high, i.high_exponent, above, below, right[k]),
            ):
                distance = np.abs(x - edge)
                mass = density * distance / (1.0 + exponent)
                length = i.high - i.low
                here = known & (numbers == k) & (mass * distance < _TINY * length) & (mass < 0.5 * i.mass)
                here &= error * distance < _TINY
                near[here] = outer + mass[here]
                far[here] = left[k] + right[k] + i.mass - near[here]
        # the pole of an atom hides the density beside it, and at last on which side of it a point lies
        distance, width = self._distance_to_atoms(x), self._width()
        resolved = known & ((distance > _SHADOW * width) | (error * width < _HIDDEN))
        return below, above, density, known & (distance > 1e3 * EPS * width), resolved

    def _distance_to_atoms(self, x: Real) -> Real:
        atoms = np.array([position for position, _ in self.atoms])
        return np.asarray(np.abs(x[:, None] - atoms).min(axis=1, initial=np.inf))

    def _width(self) -> float:
        low, high = self._bounds()
        return high - low

    def _levels(self, x: Real) -> tuple[Real, Real, Real, Real]:
        """Mass of (-inf, x] and of (x, inf), density, and an error of the masses, at points inside the intervals.

        Where a point cannot be certified (next to an edge, a singularity or an atom) the masses lie between those at
        certified points on either side of it.
        """
        near, below, above, density, error = self._beside_edges(x)
        away = np.flatnonzero(~near)
        known, resolved = near.copy(), near.copy()
        below[away], above[away], density[away], known[away], resolved[away] = self._continuous(x[away])
        missing = np.flatnonzero(~known)
        if missing.size:
            (below[missing], above[missing]), error[missing] = self._enclosed(x[missing], density=False)
            if not (error < _SPREAD).all():
                self._refuse(float(x[~(error < _SPREAD)][0]))
        missing = np.flatnonzero(~resolved)
        if missing.size:
            (density[missing], _), _ = self._enclosed(x[missing], density=True)
        return below + self._jumps(x, False), above + self._jumps(x, True), density, error

    def _refuse(self, point: complex, residual: float | None = None) -> NoReturn:
        raise ConvergenceError(
            f"the subordination equations of {shown(self)} could not be solved with a certificate; the point may be "
            "an edge or a singularity of the density, evaluate beside it",
            point=point,
            residual=residual,
        )

    def _enclosed(self, x: Real, *, density: bool) -> tuple[Real, Real]:
        """Means of the masses below and above (or of the density, twice) at the nearest known points on both sides.

        Edges are known points of the masses. The second array is half the difference of the masses below, NaN where no
        known points were found.
        """
        numbers = self._interval_of(x)
        left, right = self._outer_masses()
        lows, highs, masses = (
            np.array([getattr(i, name) for i in self.support])[numbers] for name in ("low", "high", "mass")
        )
        left, right = left[numbers], right[numbers]
        means, spread = np.full((2, x.size), np.nan), np.full(x.size, np.nan)
        rest = np.arange(x.size)
        for distance in _BRACKETS * self._width():
            ends = np.stack([x[rest] - distance, x[rest] + distance])
            inner = np.stack([ends[0] > lows[rest], ends[1] < highs[rest]])
            values = np.full((2, 2, rest.size), np.nan)
            if not density:
                values[:, 0] = left[rest], right[rest] + masses[rest]
                values[:, 1] = left[rest] + masses[rest], right[rest]
            found = self._continuous(ends[inner])
            values[0][inner], values[1][inner] = (found[2], found[2]) if density else found[:2]
            good = ~inner
            good[inner] = found[4 if density else 3]
            ready = good.all(axis=0) & (inner.any(axis=0) | (not density))
            means[:, rest[ready]] = np.nanmean(values[:, :, ready], axis=1)
            spread[rest[ready]] = 0.5 * np.abs(np.diff(values[0][:, ready], axis=0))[0]
            rest = rest[~ready]
            if rest.size == 0:
                break
        return means, spread

    @cached_property
    def _edges_known(self) -> list[tuple[int, int, float, float, float, float, float, float]]:
        """Interval, side, edge, exponent; the nearest known distance to it; mass, its error and density there."""
        out = []
        reaches = _BRACKETS[6:] * self._width()
        left, right = self._outer_masses()
        for k, i in enumerate(self.support):
            for side, edge, exponent, outer in (
                (1, i.low, i.low_exponent, left[k]),
                (-1, i.high, i.high_exponent, right[k]),
            ):
                found = self._continuous(edge + side * reaches)
                unknown = np.flatnonzero(~found[3] | ~self._interior(edge + side * reaches))
                first = int(unknown[-1]) + 1 if unknown.size else 0
                if first < reaches.size and not math.isnan(exponent):
                    mass = float(found[0 if side > 0 else 1][first] - outer)
                    reach, height = float(reaches[first]), float(found[2][first])
                    point = np.array([edge + side * reach], dtype=np.complex128)
                    error = reach * float(self._stieltjes_error(point, None)[0])
                    out.append((k, side, edge, exponent, reach, mass, error, height))
        return out

    def _beside_edges(self, x: Real) -> tuple[Mask, Real, Real, Real, Real]:
        """Which points lie too near an edge to be solved, and there masses, density and error by powers."""
        numbers = self._interval_of(x)
        near = np.zeros(x.shape, dtype=bool)
        below, above, density, error = (np.zeros_like(x) for _ in range(4))
        left, right = self._outer_masses()
        blur = _BLUR * self._width()
        for k, side, edge, exponent, reach, mass, uncertainty, height in self._edges_known:
            distance = side * (x - edge)
            here = (numbers == k) & (distance < reach)
            distance = distance[here]
            share = (distance / reach) ** (1.0 + exponent)
            further = ((distance + blur) / reach) ** (1.0 + exponent)
            nearer = (np.maximum(distance - blur, 0.0) / reach) ** (1.0 + exponent)
            inner, outer = (below, above) if side > 0 else (above, below)
            inner[here] = (left if side > 0 else right)[k] + mass * share
            outer[here] = left[k] + right[k] + self.support[k].mass - inner[here]
            density[here] = height * (distance / reach) ** exponent
            error[here] = mass * (np.maximum(further - share, share - nearer) + share * reach / self._width())
            error[here] += uncertainty * share
            near |= here
        return near, below, above, density, error

    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        for interval in self.support:
            ends = (interval.low, interval.low_exponent), (interval.high, interval.high_exponent)
            for edge, exponent in ends:
                if exponent < 0.0:
                    out[x == edge] = np.inf
        inside = np.flatnonzero(self._interior(x))
        if inside.size:
            out[inside], resolved = self._continuous(x[inside])[2::2]
            missing = inside[~resolved]
            if missing.size:
                beside = self._distance_to_atoms(x[missing]) < _SHADOW * self._width()
                if not beside.all():
                    self._refuse(float(x[missing][~beside][0]))
                out[missing] = self._enclosed(x[missing], density=True)[0][0]
            lost = inside[out[inside] <= 0.0]  # within rounding of an edge
            if lost.size:
                near, _, _, density, _ = self._beside_edges(x[lost])
                out[lost[near]] = density[near]
        return out

    def _mass(self, x: Real, above: bool) -> tuple[Real, Real]:
        """Mass of (x, inf) or of (-inf, x], exact multiples of the masses off the support, and an error."""
        out, error = self._jumps(x, above), np.zeros_like(x)
        for interval in self.support:
            out[x <= interval.low if above else x >= interval.high] += interval.mass
        inside = self._interior(x)
        if inside.any():
            levels = self._levels(x[inside])
            out[inside], error[inside] = levels[1 if above else 0], levels[3]
        low, high = self._hull()
        out[x < low if above else x >= high] = 1.0
        return np.clip(out, 0.0, 1.0), error

    def _sf(self, x: Real) -> Real:
        return self._mass(x, above=True)[0]

    def _cdf(self, x: Real) -> Real:
        return self._mass(x, above=False)[0]

    @cached_property
    def _quantiles(self) -> Quantiles:
        def evaluate(x: Real) -> tuple[Real, Real, Real]:
            inside = self._interior(x)
            below, above, density = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
            below[~inside], above[~inside] = self._cdf(x[~inside]), self._sf(x[~inside])
            if inside.any():
                below[inside], above[inside], density[inside], _ = self._levels(x[inside])
            return below, above, density

        return Quantiles(evaluate, list(self.support), self.atoms, self._width())

    def _ppf(self, u: Real) -> Real:
        return self._quantiles(u, tabulate=True)

    def _stieltjes(self, z: Complex) -> Complex:
        out = np.empty_like(z)
        rest = np.ones(z.shape, dtype=bool)
        real = z.imag == 0.0
        if real.any():  # only the real axis asks for the support
            for position, _ in self.atoms:
                out[z == position] = complex(0.0, -math.inf)
                rest &= z != position
        g, _ = self._transform(z[rest], self._certified(z[rest]))
        outside = real[rest]
        if outside.any():
            outside &= ~self._interior(z[rest].real)
        out[rest] = np.where(outside, g.real, g)
        # a real value inside would be that of a point outside: the density next to the edge is known
        flat = np.flatnonzero(real & rest & (out.imag >= 0.0))
        if flat.size:
            flat = flat[self._interior(z.real[flat])]
            out.imag[flat] = -math.pi * self._pdf(z.real[flat])
        return out

    def _log_potential(self, z: Complex) -> Complex:
        return self._potential(z, self._certified(z))

    def _pdf_error(self, x: Real, value: Real) -> Real:
        out = np.zeros_like(x)
        inside = (value > 0.0) & np.isfinite(value)
        out[inside] = self._stieltjes_error(x[inside].astype(np.complex128), value) / math.pi
        return out

    def _cdf_error(self, x: Real, value: Real) -> Real:
        # an error of G, integrated from the nearest edge, and what enclosing points leave open
        edges = np.array([edge for i in self.support for edge in (i.low, i.high)])
        inside = np.flatnonzero(self._interior(x))
        out = np.full_like(x, EPS * (16.0 + 8.0 * self._equations.terms)) + self._mass(x, above=False)[1]
        if inside.size:
            solved = inside[~self._beside_edges(x[inside])[0]]
            error = self._stieltjes_error(x[solved].astype(np.complex128), None)
            distance = np.abs(x[solved][:, None] - edges).min(axis=1)
            share = error * distance / math.pi
            out[solved] += np.where(share < _SPREAD, share, 0.0)
        return out

    def _stieltjes_error(self, z: Complex, value: Any) -> Real:
        return self._transform(z, self._solve(z))[1]


class _Probe:
    """Values of a law for the search of its support.

    The first points tell how long the search takes: if long, it is said and its progress shown.
    """

    def __init__(self, law: SearchedLaw, signs_of_life: ExitStack) -> None:
        self._law = law
        self._signs_of_life = signs_of_life
        self._progress: Progress | None = None
        self._count = 0

    def sample(self, x: Real) -> Samples:
        """G, its error, the mass above and the certificate; every point becomes a starting point."""
        start = time.monotonic()
        found = self._sampled(x)
        if self._count == 0 and x.size:
            self._say_cost(_SEARCH * (time.monotonic() - start))
        self._count += x.size
        if self._progress is not None:
            self._progress.text = f"searching a support, {self._count} points"
        return found

    def _say_cost(self, seconds: float) -> None:
        if seconds < _LONG:
            return
        warnings.warn(
            f"the support of {shown(self._law)} is searched, which takes about {seconds:.0f} s, once; stieltjes at "
            "complex points and low moments need no support, and eigenvalues(n) of the expression are a first look",
            CostWarning,
            stacklevel=2,
        )
        self._progress = self._signs_of_life.enter_context(Progress("searching a support"))

    def _sampled(self, x: Real) -> Samples:
        law = self._law
        z = x.astype(np.complex128)
        solution = law._solve(z)
        law._equations.remember(law._coordinate(z), solution)
        g, error = law._transform(z, solution)
        # a point within rounding of an atom or a singularity says nothing
        size = np.abs(solution.value)
        good = solution.certified & (size < 0.01 / EPS) & (solution.error < 1e-4 * (1.0 + size))
        above = np.full(x.shape, np.nan)
        above[good] = law._potential(z[good], solution.restrict(good)).imag / math.pi
        return Samples(x, g, error, above, good)

    def discriminant(self, x: Real) -> Real:
        """Logarithm of the modulus of the determinant of the Jacobian."""
        solution = self._law._solve(x.astype(np.complex128))
        return np.where(solution.certified, solution.determinant, np.nan)
