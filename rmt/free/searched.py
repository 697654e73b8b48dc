"""Laws known point by point through matrix-valued subordination: everything else follows here."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, Protocol

import numpy as np

from rmt._cached import cached_property
from rmt.errors import ConvergenceError
from rmt.free.interpolated import InterpolatedInterval
from rmt.free.operator_valued import Solution
from rmt.free.scan import Samples, find_support
from rmt.laws.law import EPS, Complex, Interval, Law, Real

Atoms = tuple[tuple[float, float], ...]


class Equations(Protocol):
    """Equations that give G, point by point, with a certificate."""

    #: number of terms of the log-potential, which its rounding error grows with
    terms: int

    def solve(self, z: Complex) -> Solution:
        """Solve at points of the closed upper half plane."""
        ...

    def remember(self, z: Complex, solution: Solution) -> None:
        """Keep solutions as starting points for later ones."""
        ...

    def mark(self, points: Real) -> None:
        """Tell edges and atoms, next to which solutions follow powers of the distance."""
        ...

    def potential(self, solution: Solution) -> Complex:
        """Log-potential of the equations at solved points."""
        ...


class SearchedLaw(Law):
    """A law whose G and log-potential come from certified solutions of subordination equations.

    Support and atoms are searched once (:mod:`rmt.free.scan`); the points solved on the way are starting points for
    all later evaluations, under the same certificate.
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
    def _transform(self, z: Complex, solution: Solution) -> tuple[Complex, Real]:
        """G and a bound on its error, at solved points."""

    @abstractmethod
    def _potential(self, z: Complex, solution: Solution) -> Complex:
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
    def _solve(self, z: Complex) -> Solution:
        return self._equations.solve(self._coordinate(z))

    def _certified(self, z: Complex) -> Solution:
        solution = self._solve(z)
        if not solution.certified.all():
            first = int(np.argmin(solution.certified))
            point = complex(z[first])
            raise ConvergenceError(
                f"the subordination equations of {self!r} could not be solved with a certificate; the point may be "
                "an edge or a singularity of the density, evaluate beside it",
                point=point if point.imag else point.real,
                residual=float(solution.residual[first]),
            )
        return solution

    # ------------------------------------------------------------------ support
    @cached_property
    def _spectrum(self) -> tuple[tuple[Interval, ...], Atoms]:
        intervals, atoms = find_support(_Probe(self), *self._bounds(), known=self._known_atoms(), places=self._places())
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

    def _interior(self, x: Real) -> Any:
        inside = np.zeros(x.shape, dtype=bool)
        for interval in self.support:
            inside |= (x > interval.low) & (x < interval.high)
        return inside

    # ------------------------------------------------------------------ values
    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        for interval in self.support:
            ends = (interval.low, interval.low_exponent), (interval.high, interval.high_exponent)
            for edge, exponent in ends:
                if exponent < 0.0:
                    out[x == edge] = np.inf
        inside = self._interior(x)
        if inside.any():
            z = x[inside].astype(np.complex128)
            g, _ = self._transform(z, self._certified(z))
            out[inside] = np.maximum(-g.imag, 0.0) / math.pi
        return out

    def _mass(self, x: Real, above: bool) -> Real:
        """Mass of (x, inf) or of (-inf, x]; exact multiples of the masses off the support."""
        out = np.zeros_like(x)
        for interval in self.support:
            out[x <= interval.low if above else x >= interval.high] += interval.mass
        for position, mass in self.atoms:
            out[x < position if above else x >= position] += mass
        inside = self._interior(x)
        if inside.any():
            z = x[inside].astype(np.complex128)
            turns = self._potential(z, self._certified(z)).imag / math.pi
            out[inside] = turns if above else 1.0 - turns
        return np.clip(out, 0.0, 1.0)

    def _sf(self, x: Real) -> Real:
        return self._mass(x, above=True)

    def _cdf(self, x: Real) -> Real:
        return self._mass(x, above=False)

    @cached_property
    def _pieces(self) -> list[InterpolatedInterval]:
        return [InterpolatedInterval(interval, self._density, self._cdf) for interval in self.support]

    def _density(self, x: Real) -> Real:
        """Density at points inside the support, which become starting points; NaN where it is not certified."""
        z = x.astype(np.complex128)
        solution = self._solve(z)
        self._equations.remember(self._coordinate(z), solution)
        g, _ = self._transform(z, solution)
        return np.where(solution.certified, np.maximum(-g.imag, 0.0) / math.pi, np.nan)

    def _ppf(self, u: Real) -> Real:
        parts: list[tuple[float, float, InterpolatedInterval | None]] = [(x, mass, None) for x, mass in self.atoms]
        parts += [(piece.interval.low, piece.interval.mass, piece) for piece in self._pieces]
        out = np.full_like(u, self._hull()[1])
        reached = 0.0
        for low, mass, piece in sorted(parts, key=lambda part: part[0]):
            here = (u > reached) & (u <= reached + mass)
            out[here] = low if piece is None else piece.ppf(u[here] - reached)
            reached += mass
        return out

    def _stieltjes(self, z: Complex) -> Complex:
        out = np.empty_like(z)
        rest = np.ones(z.shape, dtype=bool)
        for position, _ in self.atoms:
            out[z == position] = complex(0.0, -math.inf)
            rest &= z != position
        g, _ = self._transform(z[rest], self._certified(z[rest]))
        outside = (z[rest].imag == 0.0) & ~self._interior(z[rest].real)
        out[rest] = np.where(outside, g.real, g)
        return out

    def _log_potential(self, z: Complex) -> Complex:
        return self._potential(z, self._certified(z))

    def _pdf_error(self, x: Real, value: Real) -> Real:
        out = np.zeros_like(x)
        inside = (value > 0.0) & np.isfinite(value)
        out[inside] = self._stieltjes_error(x[inside].astype(np.complex128), value) / math.pi
        return out

    def _cdf_error(self, x: Real, value: Real) -> Real:
        return np.full_like(x, EPS * (16.0 + 8.0 * self._equations.terms))

    def _stieltjes_error(self, z: Complex, value: Any) -> Real:
        return self._transform(z, self._solve(z))[1]


class _Probe:
    """Values of a law for the search of its support."""

    def __init__(self, law: SearchedLaw) -> None:
        self._law = law

    def sample(self, x: Real) -> Samples:
        """G, its error, the mass above and the certificate; every point becomes a starting point."""
        law = self._law
        z = x.astype(np.complex128)
        solution = law._solve(z)
        law._equations.remember(law._coordinate(z), solution)
        g, error = law._transform(z, solution)
        # a point within rounding of an atom or a singularity says nothing
        size = np.abs(solution.g[:, 0, 0])
        good = solution.certified & (size < 0.01 / EPS) & (solution.error < 1e-4 * (1.0 + size))
        above = np.full(x.shape, np.nan)
        above[good] = law._potential(z[good], solution.restrict(good)).imag / math.pi
        return Samples(x, g, error, above, good)

    def discriminant(self, x: Real) -> Real:
        """Logarithm of the modulus of the determinant of the Jacobian."""
        solution = self._law._solve(x.astype(np.complex128))
        return np.where(solution.certified, solution.determinant, np.nan)
