"""Laws given by R or S: G solves ``z(p) = z`` along rays, edges are zeros of z′, atoms its behaviour at infinity."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NoReturn, Self

import numpy as np

from rmt._cached import cached_property
from rmt.errors import ConvergenceError
from rmt.laws.given import refusals
from rmt.laws.given.density import NumericLaw
from rmt.laws.given.ends import End, NoEndError, hull
from rmt.laws.given.green import GreenLaw, _Scan
from rmt.laws.given.rays import ANGLES, Chart, RChart, SChart
from rmt.laws.given.singular import Singularity, at_critical_point, at_infinity
from rmt.laws.law import EPS, Complex, Real
from rmt.numerics.functions.continuation import Continuation, Function

#: points of the scan, and those that are far out on an unbounded side
_SCAN, _OUTSIDE = 500, 120
#: reach of the scan of an unbounded law, in its lengths
_FURTHEST = 1e8
#: points of a circle on which derivatives are read off, its first and its smallest radius, and steps to a zero of z′
_CIRCLE, _RADIUS, _SMALLEST, _STEPS = 16, 0.1, 1e-2, 40
#: share of Im G > 0 in |G| on the line that is no rounding, and heights over it, in widths, at which it is confirmed
_WRONG, _ABOVE = 1e-3, (1e-3, 1e-2, 1e-1)
#: imaginary part, in lengths, up to which a zero of z′ lies on the line
_ON_LINE = 1e-9


class InvertedLaw(GreenLaw):
    """A law whose G is the inverse function of a given one."""

    #: name of the transform in messages
    _transform: ClassVar[str]

    @property
    @abstractmethod
    def _chart(self) -> Chart:
        """The inverse function."""

    def _green(self, z: Complex) -> Complex:
        return self._chart.greens(z)

    # ------------------------------------------------------------------ structure
    @cached_property
    def _hull_ends(self) -> tuple[End, End]:
        ends = hull(self._chart, positive=isinstance(self._chart, SChart))
        for end in ends:
            if end.exponent < 0.0:
                self._keep(end.singular)
        return ends

    def _ends(self) -> tuple[End, End]:
        return self._hull_ends

    @property
    def _bounds(self) -> tuple[float, float]:
        chart, (low, high) = self._chart, self._hull_ends
        reach = 4.0 * chart.scale
        a = low.position if math.isfinite(low.position) else min(chart.centre, high.position) - reach
        b = high.position if math.isfinite(high.position) else max(chart.centre, low.position) + reach
        return a, b

    def _grid(self) -> Real:
        low, high = (e.position for e in self._hull_ends)
        a, b = self._bounds
        angles = math.pi * (np.arange(_SCAN) + 0.5) / _SCAN
        x = 0.5 * (a + b) - 0.5 * (b - a) * np.cos(angles)
        far = (b - a) * np.geomspace(1e-3, _FURTHEST, _OUTSIDE)
        left = a - far[::-1] if math.isinf(low) else np.empty(0)
        right = b + far if math.isinf(high) else np.empty(0)
        return np.concatenate([left, x, right])

    def _edges_between(self, scan: _Scan, walls: np.ndarray) -> list[tuple[float, float]]:
        """Edges: zeros of z′, or places where z stays as p goes to infinity; else as for any G."""
        found: list[tuple[float, float]] = []
        for i in walls.tolist():
            outward = not scan.inside[i]
            outside, inside = (scan.x[i], scan.x[i + 1]) if outward else (scan.x[i + 1], scan.x[i])
            edge = self._critical(outside, inside) or self._infinite(outside, inside)
            found.extend([edge] if edge else super()._edges_between(scan, np.array([i])))
        return found

    def _reached(self, x: float) -> tuple[complex, Continuation] | None:
        """P at a point of the line and its branches, from a ray whose G is the certified one."""
        chart, z = self._chart, np.array([complex(x)])
        g = chart.greens(z)
        for angle in ANGLES:
            p, path = chart.followed(z, angle)
            if abs(chart.green(p, z)[0] - g[0]) <= 1e-6 * abs(g[0]):
                return complex(p[0]), path
        return None

    def _critical(self, outside: float, inside: float) -> tuple[float, float] | None:
        """A soft edge between two points: a zero of z′ on the branch reached from inside."""
        chart = self._chart
        a, b = (float(v[0]) for v in self._bisected(np.array([outside]), np.array([inside]), 8))
        reached = self._reached(b)
        if reached is None:
            return None
        p, path = reached
        turn = np.exp(2j * np.pi * np.arange(_CIRCLE) / _CIRCLE)
        for k in range(_STEPS):
            length = float(chart.size(np.array([p]))[0])
            radius = max(_RADIUS * 0.4**k, _SMALLEST) * length
            if length < 3.0 * chart.shortest:  # another sheet: p = 0 is no singularity, but cancels
                length = radius = chart.shortest
            series = np.fft.fft(chart.z(path, np.concatenate([[p], p + radius * turn]))[1:]) / _CIRCLE
            step = -0.5 * radius * series[1] / series[2]
            step *= min(1.0, max(2.5 * radius, 0.02 * length) / max(abs(step), 1e-300))
            if not np.isfinite(step):
                return None
            p += step
            chart.z(path, np.array([p]))
            path.accept(1)
            if abs(step) <= 8.0 * EPS * length:
                break
        place = complex(np.mean(chart.z(path, np.concatenate([[p], p + radius * turn]))[1:]))
        width = abs(b - a)
        if not (abs(place.imag) <= _ON_LINE * chart.scale and min(a, b) - width <= place.real <= max(a, b) + width):
            return None
        order = 3 if abs(series[2]) < 0.02 * abs(series[3]) else 2
        if radius == chart.shortest and order == 2:
            beside = at_critical_point(chart, p, radius, path)
            chart.series.extend([] if beside is None else [beside])
        return place.real, 1.0 / order

    def _infinite(self, outside: float, inside: float) -> tuple[float, float] | None:
        """A hard edge between two points, where p goes to infinity."""
        reached = self._reached(inside)
        singular = None if reached is None else at_infinity(self._chart, *reached)
        self._keep(singular)
        if singular is None or not min(outside, inside) <= singular.place <= max(outside, inside):
            return None
        return (singular.place, singular.exponent) if math.isfinite(singular.exponent) else None

    def _keep(self, singular: Singularity | None) -> None:
        """Let G next to a place where it is infinite come from the series there."""
        if singular is not None and singular.series is not None:
            self._chart.series.append(singular.series)

    def _singular_at(self, low: float, high: float) -> Singularity | None:
        for x in (low, high):
            reached = self._reached(x)
            singular = None if reached is None else at_infinity(self._chart, *reached)
            if singular is not None and low <= singular.place <= high:
                self._keep(singular)
                return singular
        return super()._singular_at(low, high)

    # ------------------------------------------------------------------ validation
    def _probes(self) -> Complex:
        z = super()._probes()
        low, high = self._bounds
        return z if self._chart.coefficients is not None else z[np.abs(z) <= 3.0 * max(abs(low), abs(high))]

    def validated(self) -> Self:
        """The law itself, if its transform is that of a probability law.

        Raises
        ------
        ValueError
            If it is not: a negative variance, a polynomial q with τ(q²) < 0, a branch that has no edge, a point where
            Im G > 0, or a branch point of G in the upper half plane.
        ConvergenceError
            If neither could be shown.
        """
        chart = self._chart
        refusals.check_moments(chart, self._transform)
        try:
            _ = self._hull_ends
        except NoEndError as error:
            point = refusals.branch_point(chart)
            raise ValueError(
                f"{self._transform} is not that of a probability law: {error}{point and '; '}{point}"
            ) from None
        low, high = (e.position for e in self._hull_ends)
        masses = sum(e.mass for e in self._hull_ends)
        if not (low <= high and masses <= 1.0 + 1e-9 and min(e.mass for e in self._hull_ends) >= 0.0):
            raise ValueError(
                f"{self._transform} is not that of a probability law: its support would lie between {low:.6g} and "
                f"{high:.6g}, with atoms of mass {self._hull_ends[0].mass:.6g} and {self._hull_ends[1].mass:.6g} there"
            )
        g = self._check_sign()
        try:
            point = refusals.positive_point(chart, self._wrong_sides())
            if point:
                raise ValueError(f"{self._transform} is not that of a probability law: {point}")
            own, _ = self.line_panels.transforms(self._probes())
        except ConvergenceError as error:
            self._not_certified(str(error).removeprefix(f"{self!r} could not be certified: "), error.residual)
        gap = float((np.abs(own - g) / np.abs(g)).max())
        if not gap <= 1e-8:
            self._not_certified(f"the transform of its density and atoms differs from G by {gap:.3g} of G", gap)
        return self

    def _wrong_sides(self) -> Complex:
        """Points over the places of the scan where the density is negative."""
        scan, (low, high) = self._scan, self._bounds
        x = scan.x[scan.g.imag > _WRONG * np.abs(scan.g)]
        return np.concatenate([x + 1j * share * (high - low) for share in _ABOVE])

    def _lost(self, z: complex, g: complex) -> NoReturn:
        self._not_certified(f"no two rays to z = {z:.6g} agree", math.inf)

    def _not_certified(self, reason: str, residual: float | None) -> NoReturn:
        point = refusals.branch_point(self._chart)
        if point:
            raise ValueError(f"{self._transform} is not that of a probability law: {point}") from None
        note = (
            ""
            if self._chart.tracked
            else (
                "; the function could not be continued past the branch cuts of its roots and logarithms: write it with "
                "NumPy's functions on arrays (numpy.sqrt, numpy.log, **)"
            )
        )
        raise ConvergenceError(f"{self!r} could not be certified: {reason}{note}", residual=residual) from None

    # ------------------------------------------------------------------ values, from the panels
    def _pdf(self, x: Real) -> Real:
        out = self.line_panels.density(x)
        inside = np.zeros(x.shape, dtype=bool)
        for i in self._intervals():
            inside |= (x > i.low) & (x < i.high)
        out[~inside] = 0.0
        beyond = inside & (out == 0.0)  # closer to a hard edge than the panels reach
        if beyond.any():
            out[beyond] = self._density(x[beyond])
        return self._at_edges(x, out)

    def _stieltjes(self, z: Complex) -> Complex:
        return NumericLaw._stieltjes(self, z)

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        return NumericLaw._stieltjes_error(self, z, value)


class RInvertedLaw(InvertedLaw):
    """A law known by its R-transform: the parameter is G itself."""

    _transform = "r_transform"
    #: whether the branches of the function are followed; None: if it allows it
    _tracked: ClassVar[bool | None] = None

    @abstractmethod
    def _r_values(self, g: Complex) -> Complex:
        """R at any complex points."""

    @cached_property
    def _chart(self) -> Chart:
        return RChart(self._r_values, tracked=self._tracked)


class SInvertedLaw(InvertedLaw):
    """A law on [0, ∞) known by its S-transform: the parameter is M."""

    _transform = "s_transform"
    _tracked: ClassVar[bool | None] = None

    @abstractmethod
    def _s_values(self, m: Complex) -> Complex:
        """S at any complex points."""

    @cached_property
    def _chart(self) -> Chart:
        return SChart(self._s_values, tracked=self._tracked)


@dataclass(frozen=True, repr=False)
class RTransformLaw(RInvertedLaw):
    """Law with a given R-transform; built by :meth:`rmt.laws.Law.from_r_transform`."""

    function: Function

    def _r_values(self, g: Complex) -> Complex:
        out: Complex = self.function(g)
        return out

    def __repr__(self) -> str:
        return f"Law.from_r_transform({self.function!r})"


@dataclass(frozen=True, repr=False)
class STransformLaw(SInvertedLaw):
    """Law with a given S-transform; built by :meth:`rmt.laws.Law.from_s_transform`."""

    function: Function

    def _s_values(self, m: Complex) -> Complex:
        out: Complex = self.function(m)
        return out

    def __repr__(self) -> str:
        return f"Law.from_s_transform({self.function!r})"
