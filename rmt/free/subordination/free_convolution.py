"""Laws of free sums, free products and compound free Poisson type, by the solver of their tree."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rmt._cached import cached_property
from rmt.errors import ConvergenceError, check_complexes
from rmt.free.expressions.computed_law import ComputedLaw, law_of, represents, upper
from rmt.free.expressions.tree import Compound, point_mass_position
from rmt.free.subordination.product_origin import cut_at_origin, mass_below_origin, origin_exponents, shift_at_origin
from rmt.free.subordination.quantiles import Quantiles
from rmt.free.subordination.solver import TreeSolver, Values
from rmt.free.subordination.tails import mass_below_log, mass_from_edge, mass_to_infinity
from rmt.laws.law import EPS, Complex, Interval, Mask, Real

Atoms = tuple[tuple[float, float], ...]

#: stands for 0; what is added to it and multiplied with it stays above the smallest normal number
_NEXT_TO_ZERO = np.finfo(float).tiny / np.finfo(float).eps
#: masses beyond a point that are integrated from the edge
_TAIL = 1e-3
#: mass that may be missing below the reach of doubles
_HIDDEN_MASS = 1e-9
#: distance from a cusp, relative to the spread, at which masses are not yet affected by its rounding errors
_ASIDE = 1e-9
#: derivative of z below which a point may be an edge, 1e-12 of the spread from it or nearer
_SINGULAR = 1e-6
#: mass beyond a point towards an infinite end that is integrated
_OPEN_TAIL = 1e-4
#: number of quantiles from which a table pays
_MANY = 500
#: total weight of a product from which its quantiles may leave the range of double precision
_DEEP = 12.0
#: logarithm of the largest point that an edge may be
_LARGEST_LOG = 709.0


@represents("sum", "product", "compound")
@dataclass(frozen=True, repr=False, eq=False)
class FreelyConvolved(ComputedLaw):
    """Free sum or product with real powers, or compound free Poisson law.

    Every value is the boundary value on the real axis itself (no imaginary offset), certified to be on the right
    branch: the arguments of all nodes lie in the upper half plane, where the solution is unique, or are real and
    attracting (outside the support). A point that cannot be certified raises :class:`~rmt.ConvergenceError`.
    """

    # ------------------------------------------------------------------ solver
    @cached_property
    def _solver(self) -> TreeSolver:
        return TreeSolver(self.node)

    @cached_property
    def _placed_solver(self) -> TreeSolver:
        """Solver whose root has the children of the node in their order."""
        return TreeSolver(self.node, flatten=False)

    def _solve(self, targets: Complex, *, potential: bool = False, certified: bool = True) -> Values:
        """Solve at every target; raise at a point that is not certified, unless told not to."""
        values = self._solver(targets, potential=potential)
        if certified and values.failed.any():
            self._refuse(targets[values.failed][0], values.step[values.failed][0])
        # off the support G is real; -0.0 would sit on the wrong side of branch cuts
        return values._replace(g=np.where(values.outside, values.g.real + 0j, values.g))

    def _refuse(self, target: complex, step: float) -> None:
        point = target if target.imag else target.real
        where = "log z" if self._solver.logarithmic else "z"
        raise ConvergenceError(
            f"the subordination equations of {self!r} could not be solved with a certificate at this {where}; "
            "evaluate at a neighbouring point, or take the law apart (rmt.free: factors) to see which part is "
            "nearly singular there",
            point=point,
            residual=float(step),
        )

    def _targets(self, z: Complex) -> Complex:
        if not self._solver.logarithmic:
            return z
        # 0 stands for a point next to it on the negative axis, where a positive law is analytic or unbounded
        zero = z == 0.0
        z = np.where(zero, -_NEXT_TO_ZERO, z)
        log = np.asarray(np.log(np.abs(z)) + 1j * np.arctan2(z.imag, z.real))
        if self._deep and zero.any():
            log[zero] = complex(min(self._floor[0], float(np.log(np.finfo(float).tiny))), math.pi)
        return log

    def _values(self, z: Complex, *, potential: bool = False, certified: bool = True) -> Values:
        """G with its error, and the rest, at points of the closed upper half plane."""
        key = z.tobytes()
        last = self.__dict__.get("_last")
        if last is not None and last[0] == key and last[1] >= potential and last[2] >= certified:
            return last[3]  # type: ignore[no-any-return]
        values = self._solve(self._targets(z), potential=potential, certified=certified)
        if self._solver.logarithmic:
            point = np.where(z == 0.0, -_NEXT_TO_ZERO, z)
            with np.errstate(over="ignore"):
                values = values._replace(g=values.g / point, error=values.error / np.abs(point))
        values = self._below_axis(z, values)
        self.__dict__["_last"] = key, potential, certified, values
        return values

    def _below_axis(self, z: Complex, values: Values) -> Values:
        """G with imaginary parts above 0 that are rounding errors taken off; others are no values."""
        above = values.g.imag > 0.0
        if not above.any():
            return values
        wrong = above & (values.g.imag > values.error) & (values.g.imag > 4.0 * EPS * np.abs(values.g)) & ~values.failed
        if wrong.any():
            self._refuse(z[wrong][0], values.g.imag[wrong][0])
        return values._replace(g=np.where(above, values.g.real + 0j, values.g))

    # ------------------------------------------------------------------ structure
    @cached_property
    def atoms(self) -> Atoms:
        """Atoms ``(position, mass)``, left to right (Bercovici-Voiculescu 1998; Belinschi 2003)."""
        from rmt.free.support.atoms import atoms_of_convolution

        return atoms_of_convolution(self.node)

    @cached_property
    def support(self) -> tuple[Interval, ...]:
        """Intervals of the absolutely continuous part, left to right, with exponents and masses."""
        from rmt.free.support.edges import support_of_convolution

        if not self._deep:
            return (
                cut_at_origin(self, support_of_convolution(self)) if self._is_signed else support_of_convolution(self)
            )
        return tuple(replace(i, low=_exponential(i.low), high=_exponential(i.high)) for i in self._log_support)

    @property
    def _is_signed(self) -> bool:
        """Whether this is a product with a factor of both signs: 0 is a singularity of the equations."""
        return self._solver.product and not self._solver.logarithmic

    @property
    def _deep(self) -> bool:
        """Whether this is a product of so many factors that only its logarithm stays in the range of floats."""
        return self._solver.logarithmic and self._solver.total_weight > _DEEP

    @cached_property
    def _log_support(self) -> tuple[Interval, ...]:
        """Intervals of log X for a product of positive laws; exponents at 0 are those of X."""
        from rmt.free.support.edges import support_of_convolution

        if self._deep:
            return support_of_convolution(self, logarithmic=True)
        with np.errstate(divide="ignore"):
            return tuple(replace(i, low=float(np.log(i.low)), high=float(np.log(i.high))) for i in self.support)

    @property
    def _log_hull(self) -> tuple[float, float]:
        places = [e for i in self._log_support for e in (i.low, i.high)] + [a for a, _ in self._log_atoms]
        return min(places), max(places)

    def _hull(self) -> tuple[float, float]:
        if not self._deep:
            return super()._hull()
        with np.errstate(over="ignore"):
            low, high = np.exp(self._log_hull)
        return float(low), float(high)

    def _require_positive(self, method: str) -> None:
        if not self._solver.logarithmic:
            super()._require_positive(method)

    def _origin_exponent(self) -> float:
        if not self._deep:
            return super()._origin_exponent()
        first = self._log_support[0]
        return first.low_exponent if first.low == -math.inf else math.inf

    def _mass_at_zero(self) -> float:
        if not self._deep:
            return super()._mass_at_zero()
        return math.fsum(mass for place, mass in self._log_atoms if place == -math.inf)

    @cached_property
    def _log_atoms(self) -> Atoms:
        """Atoms of log X for a product of positive laws; -inf is a place like others."""
        from rmt.free.support.atoms import log_atoms_of_product

        return log_atoms_of_product(self.node)

    def _off_atoms(self, x: Real) -> Real:
        """The points, those at an atom and within some ulp of it moved away to their side of it."""
        for position, _ in self.atoms:
            if position == 0.0 and self._solver.logarithmic:
                continue
            distance = self._closeness(position)
            close = np.abs(x - position) < distance
            x = np.where(close, np.where(x < position, position - distance, position + distance), x)
        return x

    def _closeness(self, position: float) -> float:
        """Distance of an atom below which points are moved away from it."""
        return 16.0 * EPS * (abs(position) if self._solver.logarithmic else max(abs(position), self._solver.spread))

    # ------------------------------------------------------------------ density and distribution function
    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        inside = np.isfinite(x)
        if self._solver.logarithmic:
            inside &= x > 0.0
        if inside.any():
            values, edges = self._on_line(x[inside])
            density = _density(values)
            for near, exponent, _ in edges:
                density[near] = np.inf if exponent < 0.0 else 0.0
            out[inside] = density
        if self._solver.logarithmic and (x == 0.0).any():
            out[x == 0.0] = self._density_at_zero
        if self._is_signed and (x == 0.0).any() and min(self._origin_exponents) < 0.0:
            out[x == 0.0] = np.inf
        return out

    @cached_property
    def _origin_exponents(self) -> tuple[float, float]:
        return origin_exponents(self)

    @cached_property
    def _mass_below_zero(self) -> float:
        return mass_below_origin(self.node)

    def _on_line(self, x: Real, *, potential: bool = False) -> tuple[Values, list[tuple[Mask, float, float]]]:
        """The values at real points off the atoms, and those of the points that are edges: they need no certificate."""
        moved = self._off_atoms(x)
        values = self._values(upper(moved), potential=potential, certified=False)
        edges = list(self._at_edges(x, values, moved != x))
        lost = values.failed.copy()
        for near, _, _ in edges:
            lost &= ~near
        if lost.any():
            self._refuse(self._targets(upper(moved))[lost][0], values.step[lost][0])
        return values, edges

    def _at_edges(self, x: Real, values: Values, moved: Mask) -> Iterator[tuple[Mask, float, float]]:
        """Points at an edge of the support up to rounding, its exponent, and the mass up to it.

        The equations are singular there: D vanishes like the square root of the distance. A point moved away from an
        atom may have the mass of a steep density on its way.
        """
        singular = ((np.abs(values.d) < _SINGULAR) | values.critical | values.failed) & ~moved
        if not (singular | moved).any():
            return
        for i in self.support:
            for edge, exponent in ((i.low, i.low_exponent), (i.high, i.high_exponent)):
                scale = abs(edge) if self._solver.logarithmic else max(abs(edge), self._solver.spread)
                near = (singular & (np.abs(x - edge) <= 2.0 * EPS * scale)) | (moved & (x == edge))
                if near.any() and math.isfinite(exponent):
                    yield near, exponent, self._mass_up_to(edge)

    def _mass_up_to(self, edge: float) -> float:
        """Mass of everything that ends at an edge or below."""
        return math.fsum([i.mass for i in self.support if i.high <= edge] + [m for a, m in self.atoms if a <= edge])

    @cached_property
    def _density_at_zero(self) -> float:
        exponents = [i.low_exponent for i in self.support if i.low == 0.0]
        return math.inf if any(e < 0.0 for e in exponents) else 0.0

    def _pdf_error(self, x: Real, value: Real) -> Real:
        out = np.zeros_like(x)
        inside = np.isfinite(x) & np.isfinite(value)
        if self._solver.logarithmic:
            inside &= x > 0.0
        if inside.any():
            values, _ = self._on_line(x[inside])
            sharp = values.outside & (np.abs(values.d) > _SINGULAR)  # nearer to an edge it may be the other side
            error = np.where(values.failed, np.inf, values.error / math.pi)
            out[inside] = np.where(sharp & ~values.failed, 0.0, error)
        return out

    def _levels(self, x: Real) -> tuple[Real, Real, Real]:
        """Mass of (-inf, x], mass of (x, inf) and density at finite points (positive ones for positive laws)."""
        values, edges = self._on_line(x, potential=True)
        above = self._above(self._targets(upper(self._off_atoms(x))), values)
        below, above = self._clean(1.0 - above, above, values.outside)
        density = _density(values)
        for near, _, mass in edges:
            below[near], above[near] = mass, 1.0 - mass
        if self._is_signed and (x == 0.0).any():
            below[x == 0.0] = self._mass_below_zero + self._mass_at_zero()
            above[x == 0.0] = 1.0 - below[x == 0.0]
        return below, above, density

    def _above(self, targets: Complex, values: Values) -> Real:
        """Mass above real targets from the log-potential there; at a cusp from the two sides."""
        above = values.potential.imag / math.pi
        cusp = values.critical & ~values.outside
        if cusp.any():  # the distribution function is odd about a cusp up to d^(5/3)
            shift = _ASIDE * (1.0 if self._solver.logarithmic else self._solver.spread)
            sides = [self._solve(targets[cusp] + d, potential=True, certified=False) for d in (-shift, shift)]
            mean = 0.5 * (sides[0].potential.imag + sides[1].potential.imag) / math.pi
            inside = ~(sides[0].failed | sides[1].failed | sides[0].outside | sides[1].outside)
            above[cusp] = np.where(inside, mean, above[cusp])  # otherwise an edge
        return np.asarray(above)

    def _clean(self, below: Real, above: Real, outside: Mask) -> tuple[Real, Real]:
        """Outside the support masses are sums of weights up to rounding; there 0 and 1 are exact."""
        noise = 64.0 * EPS * (1.0 + self._solver.total_weight)
        below = np.where(outside & (below < noise), 0.0, np.clip(below, 0.0, 1.0))
        above = np.where(outside & (above < noise), 0.0, np.clip(above, 0.0, 1.0))
        return np.where(above == 0.0, 1.0, below), np.where(below == 0.0, 1.0, above)

    def _masses(self, x: Real) -> tuple[Real, Real]:
        below = np.where(x > 0.0, 1.0, 0.0)
        above = 1.0 - below
        finite = np.isfinite(x)
        if self._solver.logarithmic:
            finite &= x > 0.0
            zero = x == 0.0
            if zero.any():
                below[zero] = self._mass_at_zero()
                above[zero] = 1.0 - below[zero]
        if finite.any() and self._deep:
            below[finite], above[finite], _ = self._log_levels(np.log(x[finite]))
        elif finite.any():
            below[finite], above[finite], density = self._levels(x[finite])
            rest = np.minimum(below, above)
            tail = (rest < _TAIL) & (rest > 0.0)
            tail[finite] |= (rest[finite] < _TAIL) & (density > 0.0)
            if tail.any():
                below[tail], above[tail] = self._tails(x[tail], below[tail], above[tail])
        return below, above

    def _tails(self, x: Real, below: Real, above: Real) -> tuple[Real, Real]:
        """Masses beyond points where they are small, integrated from the ends of the support.

        The potential gives them to absolute accuracy only.
        """
        for interval, masses, lower in ((self.support[0], below, True), (self.support[-1], above, False)):
            edge = interval.low if lower else interval.high
            exponent = interval.low_exponent if lower else interval.high_exponent
            beyond = math.fsum(m for a, m in self.atoms if (a <= edge if lower else a >= edge))
            distance = (x - edge) if lower else (edge - x)
            masses[(distance <= 0.0) & (masses > beyond) & (masses - beyond < _TAIL)] = beyond
            small = (masses - beyond < _TAIL) & (distance > 0.0) & (distance < interval.high - interval.low)
            if math.isinf(edge):
                outwards = self._solver.centre - x if lower else x - self._solver.centre
                small = (masses < _OPEN_TAIL) & (outwards > 0.0)
                masses[small] = mass_to_infinity(self._raw_density, self._solver.centre, x[small])
            elif exponent >= 0.0 and small.any():  # next to an infinite density the potential is the more accurate one
                side = 1.0 if lower else -1.0
                masses[small] = beyond + mass_from_edge(self._raw_density, edge, distance[small], exponent, side)
            rest = above if lower else below
            rest[:] = np.where(masses < 0.5, 1.0 - masses, rest)
        return below, above

    def _raw_density(self, x: Real) -> Real:
        return _density(self._values(upper(self._off_atoms(x))))

    def _cdf(self, x: Real) -> Real:
        return self._masses(x)[0]

    def _sf(self, x: Real) -> Real:
        return self._masses(x)[1]

    def _cdf_error(self, x: Real, value: Real) -> Real:
        out = np.full_like(x, 4.0 * EPS * (1.0 + self._solver.total_weight))
        inside = np.isfinite(x)
        if self._solver.logarithmic:
            inside &= x > 0.0
        if inside.any() and not self._deep:  # and what the rounding of the point itself comes to
            size = np.abs(x[inside]) if self._solver.product else np.maximum(np.abs(x[inside]), self._solver.spread)
            values, _ = self._on_line(x[inside])
            singular = np.abs(values.d) < _SINGULAR  # the edge is known to some ulp only
            with np.errstate(over="ignore", invalid="ignore"):
                moved = np.where(singular, 2.0 * np.abs(values.g), np.abs(values.g.imag)) * 4.0 * EPS * size
            # an edge without certificate is known to the square root of its rounding
            moved = np.where(values.failed, math.sqrt(EPS), moved)
            out[inside] += np.where(np.isnan(moved), 1.0, moved) + self._beside_atoms(x[inside], value[inside])
        return np.minimum(out, 1.0)

    def _beside_atoms(self, x: Real, value: Real) -> Real:
        """The mass between points that were moved away from an atom at an end of the support and that end."""
        out = np.zeros_like(x)
        for position, mass in self.atoms:
            close = (self._off_atoms(x) != x) & (np.abs(x - position) < self._closeness(position))
            if close.any() and any(position in (i.low, i.high) for i in self.support):
                whole = self._mass_up_to(position)
                out[close] = np.abs(value - np.where(x < position, whole - mass, whole))[close]
        return out

    # ------------------------------------------------------------------ transforms
    def _stieltjes(self, z: Complex) -> Complex:
        out = np.zeros_like(z)
        finite = np.isfinite(z)
        out[finite] = self._values(z[finite]).g
        for position, _ in self.atoms:
            out[z == position] = complex(self._finite_part(position), -math.inf)
        return out

    def _finite_part(self, position: float) -> float:
        """Principal value of G at an atom, as the mean of the values on its two sides."""
        distance = 1e-4 * self._solver.spread
        sides = self._values(upper(position + distance * np.array([-1.0, 1.0]))).g.real
        return float(sides.mean())

    def _t_transform(self, z: Complex) -> Complex:
        out = np.zeros_like(z)
        finite = np.isfinite(z)
        out[finite] = self._values(z[finite]).m
        return out

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        out = np.zeros(z.shape)
        finite = np.isfinite(z) & np.isfinite(value)
        out[finite] = self._values(z[finite]).error
        return out

    def _log_potential(self, z: Complex) -> Complex:
        out = np.full_like(z, np.inf)
        finite = np.isfinite(z)
        out[finite] = self._values(z[finite], potential=True).potential
        for position, _ in self.atoms:
            out.real[z == position] = -math.inf
        return out

    # ------------------------------------------------------------------ many decades
    @cached_property
    def _floor(self) -> tuple[float, float]:
        """A logarithm below which the arguments of the factors may underflow, and the rate of decay of log X there."""
        rate = 1.0 + self._origin_exponent()
        centre = self._solver.log_centre + shift_at_origin(self._solver.core[0])
        if rate > 0.0:
            floor = centre - 300.0 * max(1.0, 1.0 / rate)
        else:  # no power law: followed to the end of doubles, with nothing below
            floor, rate = centre - 690.0, math.inf
        lowest = self._log_hull[0]  # a deep product may end far below
        return (min(floor, lowest - 1.0) if math.isfinite(lowest) else floor), rate

    def _pdf_of_log(self, u: Real) -> Real:
        if not self._solver.logarithmic:
            return super()._pdf_of_log(u)
        out = np.zeros_like(u)
        finite = np.isfinite(u)
        if finite.any():
            out[finite] = self._log_levels(u[finite], masses=False)[2]
        return out

    def _cdf_of_log(self, u: Real) -> Real:
        if not self._solver.logarithmic:
            return super()._cdf_of_log(u)
        out = np.where(u > 0.0, 1.0, self._mass_at_zero())
        finite = np.isfinite(u)
        if finite.any():
            out[finite] = self._log_levels(u[finite])[0]
        return out

    def _log_levels(self, u: Real, masses: bool = True) -> tuple[Real, Real, Real]:
        """Mass of (0, exp u] and atom at 0, mass above, and density of log X.

        Far below, the law is a power law or has ended.
        """
        floor, rate = self._floor if u.size and u.min() < -300.0 else (-math.inf, math.inf)
        decay = np.ones_like(u)
        if (u < floor).any():
            self._check_power_law()
        decay[u < floor] = np.exp(rate * (u[u < floor] - floor))
        u = np.maximum(u, floor)
        values = self._solve(upper(u), potential=masses)
        density = _density(values) * decay
        if not masses:
            return density, density, density
        above = self._above(upper(u), values)
        below, above = self._clean(1.0 - above, above, values.outside)
        atom = self._mass_at_zero()
        small = (below - atom < _TAIL) & (below > atom)
        rate = 1.0 + self._log_support[0].low_exponent if small.any() else 0.0
        if rate > 0.0 and self._log_support[0].low == -math.inf:  # else slower than any power: no tail to extend
            tail = decay[small] * mass_below_log(lambda v: self._log_levels(v, masses=False)[2], u[small], rate)
            # more than the rounding of the potential: it is no power law there
            alike = np.abs(tail - (below[small] - atom)) <= _HIDDEN_MASS
            below[small] = np.where(alike, atom + tail, below[small])
            above = np.where(below < 0.5, 1.0 - below, above)
        return below, above, density

    def _check_power_law(self) -> None:
        """Raise if the law is no power law yet where the arguments of the factors may underflow."""
        if abs(self._hidden_mass) > _HIDDEN_MASS:
            floor = self._floor[0]
            raise ConvergenceError(
                f"{self!r} cannot be followed below exp({floor:.6g}), where the arguments of its factors leave the "
                "range of doubles: it is no power law there yet. Stay above",
                residual=self._hidden_mass,
                point=floor,
            )

    @cached_property
    def _hidden_mass(self) -> float:
        """Mass below the floor beyond that of a power law with the density there."""
        floor, rate = self._floor
        point = np.array([floor])
        values = self._solve(upper(point), potential=True)
        mass = 1.0 - float(self._above(upper(point), values)[0]) - self._mass_at_zero()
        density = 0.0 if values.outside[0] else -float(values.g[0].imag) / math.pi
        return mass - density / rate

    # ------------------------------------------------------------------ quantiles
    @cached_property
    def _quantiles(self) -> Quantiles:
        return Quantiles(self._point_levels, self.support, self.atoms, self._solver.spread, self._slack)

    @property
    def _slack(self) -> float:
        return 4.0 * EPS * (1.0 + self._solver.total_weight)

    def _point_levels(self, x: Real) -> tuple[Real, Real, Real]:
        below, above = self._masses(x)
        return below, above, self._pdf(x)

    @cached_property
    def _log_quantiles(self) -> Quantiles:
        """Quantiles of log X; an exponent a at 0 becomes the rate 1 + a of an exponential tail."""
        unit = self._solver.relative_spread
        return Quantiles(self._log_levels, self._log_support, self._log_atoms, unit, self._slack)

    def _ppf(self, u: Real) -> Real:
        if self._deep:
            with np.errstate(over="ignore"):
                return np.exp(self._ppf_of_log(u))
        return self._quantiles(u, tabulate=u.size > _MANY)

    def _ppf_of_log(self, v: Real) -> Real:
        if not self._solver.logarithmic:
            return super()._ppf_of_log(v)
        out = np.where(v <= 0.0, -np.inf, np.inf)
        inside = (v > 0.0) & (v < 1.0)
        out[inside] = self._log_quantiles(v[inside], tabulate=v.size > _MANY)
        if not inside.all():
            out[~inside] = np.where(v[~inside] <= 0.0, *self._log_hull)
        return out

    # ------------------------------------------------------------------ subordination
    def subordination(self, z: ArrayLike) -> Any:
        """Subordination functions: one ω per factor, in the order of ``factors``.

        For a sum ``G(z) = G_i(ω_i(z))``; for a product ``M(z) = M_i(ω_i(z))``; for a compound free Poisson law the
        one function F(z). On the real axis the boundary value from above, real outside the support.

        Parameters
        ----------
        z : array_like of complex

        Returns
        -------
        tuple of complex or ndarray
        """
        array = check_complexes("z", z)
        if not np.isfinite(array).all():
            lost = array[~np.isfinite(array)].flat[0]
            raise ValueError(f"z must be finite, got {lost!r}: subordination functions grow like z")
        flat = array.ravel()
        below = flat.imag < 0.0
        points = upper(np.where(below, flat.conj(), flat))
        solver = self._placed_solver
        targets = self._targets(points)
        found = solver(targets, arguments=True)
        if found.failed.any():
            self._refuse(targets[found.failed][0], found.step[found.failed][0])
        columns = iter(solver.child_columns)
        results = []
        for child, weight in zip(self.node.children, self.node.weights, strict=True):
            position = point_mass_position(child) if self.node.kind == "product" else None
            if position is not None:  # x/k with k = position
                omega = float(position) * found.g / (found.g - 1.0)
            else:
                omega = found.arguments[:, next(columns)]
            if weight < 1:  # the solver holds the infinitely divisible power of this factor as one law
                omega = law_of(child).blue(found.g)
            omega = np.where(below, omega.conj(), omega).reshape(array.shape)
            results.append(omega[()] if array.ndim == 0 else omega)
        return tuple(results)

    # ------------------------------------------------------------------ R and S
    def _r_transform(self, g: Complex) -> Complex:
        if self.node.kind == "sum":
            total = np.zeros_like(g)
            for law, weight in self.factors:
                total = total + float(weight) * law._r_transform(g)
            return total
        if isinstance(self.node, Compound):
            jumps = law_of(self.node.children[0])
            with np.errstate(divide="ignore", invalid="ignore"):
                w = 1.0 / g
                at = jumps.stieltjes(w)
                return np.asarray(float(self.node.rate) * w * (w * at - 1.0))
        return super()._r_transform(g)

    def _r_ends(self) -> tuple[float, float]:
        # the sum of the factors goes on where theirs do, but is R of the sum only here
        return _finite_ends(self._stieltjes, self._hull()) if self.node.kind == "sum" else super()._r_ends()

    def _s_ends(self) -> tuple[float, float]:
        low, high = self._hull()
        if self.node.kind != "product" or low < 0.0:
            return super()._s_ends()
        first, last = _finite_ends(self._t_transform, (low if low > 0.0 else -math.inf, high))
        return (first if low > 0.0 else self._mass_at_zero() - 1.0), last

    def _inverse_t_transform(self, m: Complex) -> Complex:
        if self.node.kind != "product" or any(abs(law.mean()) < 1e-300 for law, _ in self.factors):
            return super()._inverse_t_transform(m)
        # log x = Σ t log x_i - (T - 1) log((1 + m)/m)
        total = np.zeros_like(m)
        excess = -1.0
        for law, weight in self.factors:
            total = total + float(weight) * np.log(law._inverse_t_transform(m))
            excess += float(weight)
        return np.exp(total - excess * np.log((1.0 + m) / m))


def _density(values: Values) -> Real:
    return np.asarray(np.where(values.outside, 0.0, np.maximum(-values.g.imag, 0.0) / math.pi))


def _finite_ends(transform: Callable[[Complex], Complex], hull: tuple[float, float]) -> tuple[float, float]:
    """Values of G or M at the ends of the support; infinite where the density is, and where nothing is certain."""
    ends = []
    for end, sign in zip(hull, (-1.0, 1.0), strict=True):
        try:
            value = transform(np.array([complex(end)]))[0] if math.isfinite(end) else complex(math.nan)
        except ConvergenceError:
            value = complex(math.nan)
        ends.append(float(value.real) if np.isfinite(value) and value.real * sign > 0.0 else sign * math.inf)
    return ends[0], ends[1]


def _exponential(u: float) -> float:
    """exp(u) for an edge at the logarithm u."""
    if u == -math.inf:
        return 0.0
    if not abs(u) < _LARGEST_LOG:
        raise OverflowError(
            f"an edge of this product is exp({u:.17g}), which double precision does not hold; divide a factor by the "
            "typical size of the product, or use pdf_of_log, cdf_of_log and ppf_of_log"
        )
    return math.exp(u)
