"""Laws of free sums, free products and compound free Poisson type, by the solver of their tree."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rmt._cached import cached_property
from rmt.errors import ConvergenceError
from rmt.free.computed import ComputedLaw, law_of, upper
from rmt.free.quantiles import Quantiles
from rmt.free.solver import TreeSolver, Values
from rmt.free.tree import Compound, point_mass_position
from rmt.laws.law import EPS, Complex, Interval, Mask, Real

Atoms = tuple[tuple[float, float], ...]

#: masses beyond a point that are integrated from the edge, and the size of the Gauss rule
_TAIL, _RULE = 1e-3, 20
#: mass that may be missing below the reach of doubles
_HIDDEN_MASS = 1e-9
#: distance from a cusp, relative to the spread, at which masses are not yet affected by its rounding errors
_ASIDE = 1e-9
#: number of quantiles from which a table pays
_MANY = 500
#: total weight of a product from which its quantiles may leave the range of double precision
_DEEP = 12.0
#: logarithm of the largest point that an edge may be
_LARGEST_LOG = 709.0


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
        """Solve in the order of the real parts; raise at a point that is not certified, unless told not to."""
        order = np.argsort(targets.real, kind="stable")
        found = self._solver(targets[order], potential=potential)
        back = np.empty_like(order)
        back[order] = np.arange(order.size)
        values = found.reordered(back)
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
        z = np.where(zero, -np.finfo(float).tiny, z)
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
            point = np.where(z == 0.0, -np.finfo(float).tiny, z)
            with np.errstate(over="ignore"):
                values = values._replace(g=values.g / point, error=values.error / np.abs(point))
        self.__dict__["_last"] = key, potential, certified, values
        return values

    # ------------------------------------------------------------------ structure
    @cached_property
    def atoms(self) -> Atoms:
        """Atoms ``(position, mass)``, left to right (Bercovici-Voiculescu 1998; Belinschi 2003)."""
        from rmt.free.atoms import atoms_of_convolution

        return atoms_of_convolution(self.node)

    @cached_property
    def support(self) -> tuple[Interval, ...]:
        """Intervals of the absolutely continuous part, left to right, with exponents and masses."""
        from rmt.free.support import support_of_convolution

        if not self._deep:
            return support_of_convolution(self)
        return tuple(replace(i, low=_exponential(i.low), high=_exponential(i.high)) for i in self._log_support)

    @property
    def _deep(self) -> bool:
        """Whether this is a product of so many factors that only its logarithm stays in the range of floats."""
        return self._solver.logarithmic and self._solver.total_weight > _DEEP

    @cached_property
    def _log_support(self) -> tuple[Interval, ...]:
        """Intervals of log X for a product of positive laws; exponents at 0 are those of X."""
        from rmt.free.support import support_of_convolution

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
        from rmt.free.atoms import log_atoms_of_product

        return log_atoms_of_product(self.node)

    def _off_atoms(self, x: Real) -> Real:
        """The points, those at an atom and within some ulp of it moved away to their side of it."""
        for position, _ in self.atoms:
            if position == 0.0 and self._solver.logarithmic:
                continue
            scale = abs(position) if self._solver.logarithmic else max(abs(position), self._solver.spread)
            distance = 16.0 * EPS * scale
            close = np.abs(x - position) < distance
            x = np.where(close, np.where(x < position, position - distance, position + distance), x)
        return x

    # ------------------------------------------------------------------ density and distribution function
    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        inside = np.isfinite(x)
        if self._solver.logarithmic:
            inside &= x > 0.0
        if inside.any():
            values = self._values(upper(self._off_atoms(x[inside])))
            density = np.maximum(-values.g.imag, 0.0) / math.pi
            out[inside] = np.where(values.outside, 0.0, density)
        if self._solver.logarithmic and (x == 0.0).any():
            out[x == 0.0] = self._density_at_zero
        if out.size and out.max() * self._solver.spread > 1e5:
            for edge in self._unbounded_edges:
                out[x == edge] = np.inf
        return out

    @cached_property
    def _unbounded_edges(self) -> tuple[float, ...]:
        return tuple(
            edge
            for i in self.support
            for edge, exponent in ((i.low, i.low_exponent), (i.high, i.high_exponent))
            if exponent < 0.0
        )

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
            values = self._values(upper(self._off_atoms(x[inside])))
            out[inside] = np.where(values.outside, 0.0, values.error / math.pi)
        return out

    def _levels(self, x: Real) -> tuple[Real, Real, Real]:
        """Mass of (-inf, x], mass of (x, inf) and density at finite points (positive ones for positive laws)."""
        x = self._off_atoms(x)
        values = self._values(upper(x), potential=True)
        above = self._above(self._targets(upper(x)), values)
        below, above = self._clean(1.0 - above, above, values.outside)
        density = np.where(values.outside, 0.0, np.maximum(-values.g.imag, 0.0) / math.pi)
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
            below[finite], above[finite], _ = self._levels(x[finite])
            self._refine_tails(x, below, above)
        return below, above

    def _refine_tails(self, x: Real, below: Real, above: Real) -> None:
        """Integrate the density from the ends of the support where the masses beyond are small.

        The potential gives them to absolute accuracy only.
        """
        if not np.any((np.minimum(below, above) < _TAIL) & (np.minimum(below, above) > 0.0)):
            return
        for interval, masses, lower in ((self.support[0], below, True), (self.support[-1], above, False)):
            edge = interval.low if lower else interval.high
            exponent = interval.low_exponent if lower else interval.high_exponent
            beyond = math.fsum(m for a, m in self.atoms if (a <= edge if lower else a >= edge))
            distance = (x - edge) if lower else (edge - x)
            masses[(distance <= 0.0) & (masses > beyond) & (masses - beyond < _TAIL)] = beyond
            small = (masses - beyond < _TAIL) & (distance > 0.0) & (distance < interval.high - interval.low)
            if math.isfinite(edge) and exponent > -1.0 and small.any():
                masses[small] = beyond + self._integral_from(edge, distance[small], exponent, 1.0 if lower else -1.0)
            rest = above if lower else below
            rest[:] = np.where(masses < 0.5, 1.0 - masses, rest)

    def _integral_from(self, edge: float, distance: Real, exponent: float, side: float) -> Real:
        """Mass between an edge and points at these distances, by a Gauss rule in a power of the distance."""
        power = 1.0 / exponent if exponent > 0.0 else 1.0 / (1.0 + exponent)
        nodes, weights = np.polynomial.legendre.leggauss(_RULE)
        s = 0.5 * (nodes + 1.0)
        d = distance[:, None] * s**power
        x = edge + side * d
        rounded = np.abs(x - edge)
        density = self._pdf(x.ravel()).reshape(d.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            density = np.where(rounded > 0.0, density * (d / rounded) ** exponent, 0.0)
        return np.asarray((density * d * (power / s)) @ (0.5 * weights))

    def _cdf(self, x: Real) -> Real:
        return self._masses(x)[0]

    def _sf(self, x: Real) -> Real:
        return self._masses(x)[1]

    def _cdf_error(self, x: Real, value: Real) -> Real:
        return np.full_like(x, 4.0 * EPS * (1.0 + self._solver.total_weight))

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
        floor = self._solver.log_centre - 300.0 * max(1.0, 1.0 / rate)
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
        density = np.where(values.outside, 0.0, np.maximum(-values.g.imag, 0.0) / math.pi) * decay
        if not masses:
            return density, density, density
        above = self._above(upper(u), values)
        below, above = self._clean(1.0 - above, above, values.outside)
        atom = self._mass_at_zero()
        small = (below - atom < _TAIL) & (below > atom)
        if small.any() and self._log_support[0].low == -math.inf:
            # the density of log X decays like exp((1 + a) u): a Gauss rule in that exponential
            rate = 1.0 + self._log_support[0].low_exponent
            nodes, weights = np.polynomial.legendre.leggauss(_RULE)
            w = 0.5 * (nodes + 1.0)
            lower = u[small, None] + np.log(w) / rate
            decayed = self._log_levels(lower.ravel(), masses=False)[2].reshape(lower.shape) / (rate * w)
            below[small] = atom + decay[small] * (decayed @ (0.5 * weights))
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
        return Quantiles(self._point_levels, self.support, self.atoms, self._solver.spread)

    def _point_levels(self, x: Real) -> tuple[Real, Real, Real]:
        below, above = self._masses(x)
        return below, above, self._pdf(x)

    @cached_property
    def _log_quantiles(self) -> Quantiles:
        """Quantiles of log X; an exponent a at 0 becomes the rate 1 + a of an exponential tail."""
        return Quantiles(self._log_levels, self._log_support, self._log_atoms, self._solver.relative_spread)

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
        array = np.asarray(z).astype(np.complex128)
        flat = array.ravel()
        below = flat.imag < 0.0
        points = upper(np.where(below, flat.conj(), flat))
        solver = self._placed_solver
        targets = self._targets(points)
        order = np.argsort(targets.real, kind="stable")
        found = solver(targets[order], arguments=True)
        if found.failed.any():
            self._refuse(targets[order][found.failed][0], found.step[found.failed][0])
        columns = iter(solver.child_columns)
        results = []
        for child, weight in zip(self.node.children, self.node.weights, strict=True):
            omega = np.empty_like(points)
            position = point_mass_position(child) if self.node.kind == "product" else None
            if position is not None:  # x/k with k = position
                omega[order] = float(position) * found.g / (found.g - 1.0)
            else:
                omega[order] = found.arguments[:, next(columns)]
            if weight < 1:  # the solver holds the infinitely divisible power of this factor as one law
                omega[order] = law_of(child).blue(found.g)
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
