"""Laws whose G is a function on the closed upper half plane: density from the line, intervals and atoms by search."""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import NoReturn, Self

import numpy as np

from rmt._cached import cached_property
from rmt.errors import ConvergenceError
from rmt.laws.given.density import Atoms, NumericLaw, measured_exponent
from rmt.laws.given.ends import End
from rmt.laws.given.singular import Singularity, simple_fraction
from rmt.laws.law import Complex, Interval, Real
from rmt.numerics.functions.continuation import Function, evaluated

#: points of the scan for intervals and gaps, and bisections of an edge, before and after a fit was tried
_SCAN, _BISECTIONS, _MORE_BISECTIONS = 800, 14, 40
#: a density is zero below this share of |G|, and this one times the square of |G| in half lengths of the bounds
_NOISE, _ROUNDING = 1e-8, 1e-14
#: |G| in inverse half lengths of the bounds that counts, although G vanishes in a gap
_SMALL = 0.05
#: agreement of the transform of the panels with the given one
_AGREEMENT = 1e-8
_NO_MASS = 1e-12
#: where G is compared, in half lengths of the bounds around their middle
_PROBES = (0.013 + 0.01j, 0.41 + 0.1j, -0.71 + 0.31j, 0.017 + 0.97j, 1.53 + 0.49j, -2.1 + 1.9j, 0.3 + 9.7j)
#: points from which an edge is extrapolated
_FIT = 12
#: share of the points of a scan that may stay unknown
_LOST = 0.05
#: how much |G| stands out where it may be infinite, rounds of the search for the place, and points of a round
_PEAK, _ROUNDS, _ROUND = 2.0, 13, 33
#: how much |G| stands out in every round next to a place where it is infinite
_GROWTH = 1.05


@dataclass(frozen=True)
class _Scan:
    """Points of the line from left to right, G there, and where the density is positive."""

    x: Real
    g: Complex
    inside: np.ndarray


class GreenLaw(NumericLaw):
    """A law whose G is a function on the closed upper half plane."""

    @property
    @abstractmethod
    def _bounds(self) -> tuple[float, float]:
        """An interval that contains the support."""

    @abstractmethod
    def _green(self, z: Complex) -> Complex:
        """G in the closed upper half plane; NaN where it could not be computed."""

    def _refuse(self, reason: str) -> NoReturn:
        raise ValueError(f"{self!r} is not a probability law on {self._bounds!r}: {reason}")

    def _density(self, x: Real) -> Real:
        return np.asarray(np.maximum(-self._green(x.astype(np.complex128)).imag, 0.0) / math.pi)

    # ------------------------------------------------------------------ structure by search
    def _ends(self) -> tuple[End, End] | None:
        """The ends of the hull, if they are known without search."""
        return None

    def _grid(self) -> Real:
        """Points of the scan."""
        low, high = self._bounds
        margin = 0.0 if self._ends() is not None else 0.01 * (high - low)
        angles = math.pi * (np.arange(_SCAN) + 0.5) / _SCAN
        return np.asarray(0.5 * (low + high) - (0.5 * (high - low) + margin) * np.cos(angles))

    @cached_property
    def _scan(self) -> _Scan:
        x = self._grid()
        g = self._green(x.astype(np.complex128))
        lost = ~np.isfinite(g)
        if lost.mean() > _LOST:
            raise ConvergenceError(
                f"{self!r} could not be certified: G could not be followed to the line at {int(lost.sum())} of "
                f"{lost.size} points, the first of them x = {float(x[lost][0])!r}",
                residual=float(lost.mean()),
                point=float(x[lost][0]),
            )
        x, g = x[~lost], g[~lost]
        ends = self._ends()
        inside = self._is_inside(g)
        low, high = (math.inf, -math.inf) if ends is None else (ends[0].position, ends[1].position)
        somewhere = np.flatnonzero(inside)
        if somewhere.size and math.isinf(low) and low < 0.0:
            inside[: somewhere[0]] = True
        if somewhere.size and math.isinf(high) and high > 0.0:
            inside[somewhere[-1] :] = True
        return _Scan(x, g, inside)

    def _is_inside(self, g: Complex) -> np.ndarray:
        """Where the density is positive beyond rounding, which grows next to an atom."""
        low, high = self._bounds
        unit = 0.5 * (high - low)
        size = np.maximum(np.abs(g), _SMALL / unit)
        return -g.imag > (_NOISE + _ROUNDING * (unit * size) ** 2) * size

    @cached_property
    def _structure(self) -> tuple[tuple[Interval, ...], Atoms]:
        """Intervals and atoms: a scan of the density, its edges, the places inside where G is infinite, and poles."""
        scan, ends = self._scan, self._ends()
        if ends is None and (scan.inside[0] or scan.inside[-1]):
            self._refuse("its density does not vanish at the bounds; widen them")
        walls = np.flatnonzero(scan.inside[1:] != scan.inside[:-1])
        edges = self._edges_between(scan, walls)
        if scan.inside[0] and ends is not None:
            edges = [(ends[0].position, ends[0].exponent), *edges]
        if scan.inside[-1] and ends is not None:
            edges = [*edges, (ends[1].position, ends[1].exponent)]
        singular = self._singularities(scan)
        atoms = [(s.place, s.mass) for s in singular if s.mass > 0.0]
        atoms += [(e.position, e.mass) for e in ends or () if e.mass > 0.0]
        intervals: list[Interval] = []
        for (low, a), (high, b) in zip(edges[::2], edges[1::2], strict=True):
            cuts = [s for s in singular if low < s.place < high and math.isfinite(s.exponent)]
            places = [(low, a), *((s.place, s.exponent) for s in cuts), (high, b)]
            intervals.extend(Interval(p, q, e, f, math.nan) for (p, e), (q, f) in itertools.pairwise(places))
        known = np.array([a for a, _ in atoms])
        poles = self._poles(scan.x[~scan.inside], scan.g[~scan.inside].real, intervals, known)
        return tuple(intervals), tuple(sorted([*atoms, *poles]))

    def _edges_between(self, scan: _Scan, walls: np.ndarray) -> list[tuple[float, float]]:
        """Edges and exponents between the points i and i + 1 of a scan, for i in `walls`."""
        outward = ~scan.inside[walls]
        outside = np.where(outward, scan.x[walls], scan.x[walls + 1])
        inside = np.where(outward, scan.x[walls + 1], scan.x[walls])
        places = self._found_edges(outside, inside)
        others = np.where(outward, np.roll(places, -1), np.roll(places, 1))
        return [
            (p, measured_exponent(self._density, p, q)) for p, q in zip(places.tolist(), others.tolist(), strict=True)
        ]

    def _found_edges(self, outside: Real, inside: Real) -> Real:
        """Edges between points, by bisection, then from the zero of the squared density: soft edges are blurred."""
        outside, inside = self._bisected(outside, inside, _BISECTIONS)
        edges = np.array([self._extrapolated(a, b) for a, b in zip(outside.tolist(), inside.tolist(), strict=True)])
        rest = np.isnan(edges)
        if rest.any():
            outside, inside = self._bisected(outside[rest], inside[rest], _MORE_BISECTIONS)
            edges[rest] = 0.5 * (outside + inside)
        return edges

    def _bisected(self, outside: Real, inside: Real, steps: int) -> tuple[Real, Real]:
        for _ in range(steps if outside.size else 0):
            middle = 0.5 * (outside + inside)
            g = self._green(middle.astype(np.complex128))
            there = self._is_inside(g)
            inside, outside = np.where(there, middle, inside), np.where(there, outside, middle)
        return outside, inside

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

    # ------------------------------------------------------------------ places where G is infinite
    def _singularities(self, scan: _Scan) -> list[Singularity]:
        """Atoms and infinite densities inside the intervals: |1/G| goes to 0 between the points of a scan."""
        size = np.abs(scan.g)
        middle = size[1:-1]
        peak = scan.inside[1:-1] & (middle >= size[:-2]) & (middle >= size[2:]) & (middle > _PEAK * np.median(size))
        found = []
        for i in np.flatnonzero(peak) + 1:
            singular = self._singular_at(float(scan.x[i - 1]), float(scan.x[i + 1]))
            if singular is not None:
                found.append(singular)
        return found

    @cached_property
    def _typical(self) -> float:
        """The size of G on the scan."""
        return float(np.median(np.abs(self._scan.g)))

    def _singular_at(self, low: float, high: float) -> Singularity | None:
        width = high - low
        for k in range(_ROUNDS):
            x = np.linspace(low, high, _ROUND)
            with np.errstate(all="ignore"):
                value = np.nan_to_num(np.abs(self._green(x.astype(np.complex128))), nan=math.inf, posinf=math.inf)
            largest = float(value.max())
            if k and not largest > _GROWTH * max(value[0], value[-1]):
                return None  # an ordinary maximum
            if largest * width > 1e12 * (1.0 + self._typical * width):
                low = high = float(x[np.argmax(value)])
                break
            at = min(max(int(np.argmax(value)), 1), _ROUND - 2)
            low, high = float(x[at - 1]), float(x[at + 1])
        place = 0.5 * (low + high)
        place = 0.0 if abs(place) < 1e-13 * width else place
        heights = width * 10.0 ** -np.arange(2.0, 7.0, 0.5)
        g = self._green((place + 1j * heights).astype(np.complex128))
        slopes = -np.diff(np.log(np.abs(g))) / np.diff(np.log(heights))
        order = float(slopes[-1])
        if not order > 0.05:
            return None
        if order < 0.97:
            simple = simple_fraction(order, 1e-3)
            return Singularity(place, -order if math.isnan(simple) else -simple, 0.0)
        mass = heights * -g.imag
        return Singularity(place, math.nan, _limit(heights, mass))

    def _poles(self, x: Real, g: Real, intervals: list[Interval], known: Real) -> Atoms:
        """Atoms outside the intervals: there 1/G increases through zero, with slope 1/mass."""
        ends = np.concatenate([np.array([e for i in intervals for e in (i.low, i.high)]), known])
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
        return centre + radius * np.array(_PROBES)

    def _check_sign(self) -> Complex:
        """G at the probes.

        Raises
        ------
        ValueError
            If G is not in the lower half plane there.
        """
        z = self._probes()
        g = self._green(z)
        if not np.isfinite(g).all():
            self._lost(complex(z[~np.isfinite(g)][0]), complex(g[~np.isfinite(g)][0]))
        if not (g.imag < 0.0).all():
            at = int(np.argmax(g.imag))
            self._refuse(
                f"Im G = {g[at].imag:.6g} is not negative at z = {complex(z[at]):.6g}; the package's sign is G ~ 1/z"
            )
        return g

    def _lost(self, z: complex, g: complex) -> NoReturn:
        self._refuse(f"G is {g!r} at z = {z!r}")

    def validated(self) -> Self:
        """The law itself, if its transform is that of a probability law.

        Returns
        -------
        Law

        Raises
        ------
        ValueError
            If it is not.
        """
        g = self._check_sign()
        reach = max(map(abs, self._bounds))
        if not abs(1e4j * reach * self._green(np.array([1e4j * reach]))[0] - 1.0) < 2e-4:
            self._refuse("zG does not tend to 1 at infinity")
        try:
            panels = self.line_panels
        except ConvergenceError as error:
            self._refuse(str(error))
        own, _ = panels.transforms(self._probes())
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


def _limit(heights: Real, values: Real) -> float:
    """Value at height 0 of a smooth function."""
    return float(np.polynomial.Polynomial.fit(heights[2:], values[2:], 3)(0.0))


@dataclass(frozen=True, repr=False)
class TransformLaw(GreenLaw):
    """Law with a given Stieltjes transform; built by :meth:`rmt.laws.Law.from_stieltjes`.

    Attributes
    ----------
    function : callable
        G.
    bounds : tuple of float
        An interval that contains the support.

    Examples
    --------
    >>> import numpy as np, rmt
    >>> law = rmt.Law.from_stieltjes(lambda z: (z - np.sqrt(z - 2) * np.sqrt(z + 2)) / 2, (-3, 3))
    >>> round(law.pdf(0.0), 8), round(law.support[0].high, 8)
    (0.31830989, 2.0)
    """

    function: Function
    bounds: tuple[float, float]

    @property
    def _bounds(self) -> tuple[float, float]:
        return self.bounds

    def _green(self, z: Complex) -> Complex:
        out: Complex = evaluated(self.function, z)
        return out

    def __repr__(self) -> str:
        return f"Law.from_stieltjes({self.function!r}, {self.bounds!r})"
