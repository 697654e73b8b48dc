"""Integrands of the expectations in a limit: their independent variables, and where they bend or turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rmt.programs.cubature import REACH, Axis, Integrand, roots
from rmt.programs.narrow_features import narrow_places
from rmt.programs.nodes import Initial, Map, MatrixProduct, ProgramNode
from rmt.programs.nonlinearities import BENT_AT_0, BENT_IN, PERIODS, STEPPED
from rmt.programs.runs import evaluated, refuse_infinite

if TYPE_CHECKING:
    from rmt.programs.program_limits import Affine, Form, Limit

Real = NDArray[np.float64]
#: conditional variances below this share are none
RANK = 1e-28
#: how much more than their standard deviations the terms of a covariance may add up to; beyond, it is integrated anew
CANCELLED = 25.0
#: most jumps of a map such as floor(x), and points at which arguments are looked at, twice
MOST_STEPS, LOOKED_AT = 400, 256
#: standard deviation of an argument, by the number of axes, beyond which a smooth map is steep
STEEP = {0: math.inf, 1: 25.0, 2: 6.0, 3: 4.0, 4: 8.0}
#: width, in standard deviations, of panels on which grids resolve a function by the number of axes, and to which share
RESOLVED = {1: (1 / 16, 1e-8), 2: (1 / 4, 1e-6), 3: (1 / 2, 1e-5)}
#: maps that turn nowhere, as they are linear or periodic, or bend anyway
NEVER_TURN = (
    *("add", "subtract", "negative", "linear", "sin", "cos", *BENT_AT_0, *BENT_IN, *STEPPED),
    *(name + d for name in ("relu", "leaky_relu", "hard_tanh", "shifted_relu", "clipped_relu") for d in ("", "'")),
)
#: distance over which a surface crosses an axis abruptly, and where its crossings split that axis
NARROW, CROSSED = 0.1, (0.0, -0.5, 0.5, -1.0, 1.0, -2.0, 2.0, -4.0, 4.0, -8.0, 8.0)
#: lines along which functions of several vectors are looked at, how far, at how many points, and the share of their
#: size that eighth differences of no smooth function have
LINES, ROUGH = (8, 6.0, 2401), 1e-6
#: distances from a place at which the growth towards it is measured, the power at which a mean is infinite, and at how
#: many points of the other axes
BESIDE, INFINITE, MEASURED = (1e-6, 1e-7, 1e-8, 1e-9), -0.999, 16
#: polynomials of a higher degree are integrated as any function
HIGHEST_DEGREE = 60


class Basis:
    """Independent standard normal variables that combinations of Gaussian variables are made of.

    Attributes
    ----------
    mixing : ndarray
        Coefficients, one row a combination; triangular.
    axes : list of dict
        The variables as combinations; empty for those of no combination.
    """

    def __init__(self, limit: Limit, forms: Sequence[Form | None]) -> None:
        """`forms` are the combinations; None stands for another variable of variance 1."""
        count = len(forms)
        self.mixing = np.zeros((count, count))
        self.axes: list[Form] = []
        self._limit = limit
        self._bases = list(dict.fromkeys(base for form in forms if form is not None for base in form))
        size = len(self._bases)
        self._table = np.array([[limit.covariance(p, q) for q in self._bases] for p in self._bases]).reshape(size, size)
        rows: list[Real | None] = []
        for i, form in enumerate(forms):
            if form is None:
                self.mixing[i, len(self.axes)] = 1.0
                self.axes.append({})
                rows.append(None)
                continue
            rest = np.array([form.get(base, 0.0) for base in self._bases])
            deviation = math.sqrt(max(self._joint(rest, rest, None), 0.0))
            if not math.isfinite(deviation):
                raise ValueError(
                    "a Gaussian variable of the limit has a variance beyond the largest float, 1.8e308: take smaller "
                    "scales, variances or factors"
                )
            for k, axis in enumerate(rows):
                if axis is not None and abs(row := self._joint(rest, axis, deviation)) > 1e-15 * deviation:
                    self.mixing[i, k] = row
                    rest = rest - row * axis
            left = self._joint(rest, rest, None)
            if left > RANK * deviation**2:
                root = self.mixing[i, len(self.axes)] = math.sqrt(left)
                rows.append(rest / root)
                self.axes.append(self._form(rest / root))
        self.mixing = self.mixing[:, : len(self.axes)]

    def _form(self, row: Real) -> Form:
        return {base: float(c) for base, c in zip(self._bases, row, strict=True) if c != 0.0}

    def _joint(self, a: Real, b: Real, size: float | None) -> float:
        """:meth:`Limit.joint` of rows of coefficients."""
        with np.errstate(over="ignore"):
            total, terms = float(a @ self._table @ b), float(np.abs(a) @ np.abs(self._table) @ np.abs(b))
        if terms <= CANCELLED * (abs(total) if size is None else size):
            return total
        return self._limit.joint(self._form(a), self._form(b))


@dataclass(frozen=True, eq=False)
class _Surface:
    """Where an integrand is not smooth, or not smooth enough.

    Attributes
    ----------
    call : callable
        A function of the coordinates up to the last of its axes that vanishes there.
    argument, level : object
        The node and the value that it has there.
    axes : tuple of int
        The axes that it depends on.
    is_smooth : bool
        Whether the integrand is smooth, but steep.
    """

    call: Integrand
    argument: Any
    level: Any
    axes: tuple[int, ...]
    is_smooth: bool = False

    @property
    def top(self) -> int:
        """The last of its axes."""
        return self.axes[-1]

    @property
    def is_alone(self) -> bool:
        """Whether it depends on one axis only."""
        return len(self.axes) == 1


class Plan:
    """Axes of an expectation, and the integrand as a function of their coordinates.

    The variables are the affine functions of Gaussian variables, and the other initial vectors, that the factors are
    functions of: a sum of two products that enters as such is one variable.
    """

    def __init__(self, limit: Limit, factors: tuple[ProgramNode, ...], gaussians: tuple[Form, ...]) -> None:
        self.limit, self.factors, self.gaussians = limit, factors, gaussians
        self.nodes: list[ProgramNode] = []
        leaves = self._leaves()
        degrees = self._total_degrees(leaves)
        self._check_moments(degrees)
        laws = {b: b.law for b in leaves if isinstance(b, Initial) and not b.law.is_gaussian}
        atoms = {b: found for b, law in laws.items() if (found := law.atoms()) is not None}
        self.transforms = {b: law.transform() for b, law in laws.items() if b not in atoms}

        def rank(leaf: Any) -> tuple[bool, bool, int]:
            index = leaf[0].index if isinstance(leaf, tuple) else leaf.index
            return leaf not in atoms, leaf not in laws and degrees[leaf] <= HIGHEST_DEGREE, index

        self.leaves = sorted(leaves, key=rank)
        forms = [self._form(leaf) for leaf in self.leaves]
        self.position = {leaf: i for i, leaf in enumerate(self.leaves)}
        self.shifts = [0.0 if leaf in laws else form[1] for leaf, form in zip(self.leaves, forms, strict=True)]
        self.mixing = Basis(
            limit, [None if leaf in laws else form[0] for leaf, form in zip(self.leaves, forms, strict=True)]
        ).mixing
        self._points = self._places(atoms)
        self._continuous = [self._owner(j) not in atoms for j in range(self.mixing.shape[1])]
        self._memo: dict[ProgramNode, Any] = {}
        #: whether a smooth map is steep in the variables
        self.steep = False
        self.axes = self._axes(atoms, degrees, laws)

    def _places(self, atoms: dict[Any, tuple[Real, Real]]) -> list[Real]:
        """Coordinates at which arguments of maps are looked at: by their law, then over the whole reach."""
        if not self.mixing.size:
            return []
        rng = np.random.default_rng(0)
        typical = rng.standard_normal((self.mixing.shape[1], LOOKED_AT))
        wide = typical * (REACH * rng.random(LOOKED_AT) / np.sqrt((typical**2).sum(axis=0)))
        points = np.concatenate([typical, wide], axis=1)
        for j in range(len(points)):
            owner = self._owner(j)
            if owner in atoms:
                points[j] = rng.choice(atoms[owner][0], points.shape[1])
        return list(points)

    def _owner(self, axis: int) -> Any:
        """The first variable that depends on an axis."""
        return self.leaves[int(np.argmax(self.mixing[:, axis] != 0.0))]

    def _form(self, leaf: Any) -> Affine:
        if isinstance(leaf, tuple):
            return {leaf[0]: 1.0}, 0.0
        return self.limit._affine[leaf] or ({}, 0.0)

    def _is_leaf(self, node: ProgramNode) -> bool:
        return isinstance(node, Initial) or self.limit._affine[node] is not None

    def _leaves(self) -> list[Any]:
        """The variables; `nodes` is filled with what is computed from them, in the order of evaluation."""
        found: dict[Any, None] = {}
        inner: set[ProgramNode] = set()
        waiting = list(self.factors)
        while waiting:
            node = waiting.pop()
            if node.size is None or node in inner or node in found:
                continue
            if self._is_leaf(node):
                found[node] = None
                continue
            inner.add(node)
            if isinstance(node, MatrixProduct):
                found[node,] = None  # its Gaussian variable alone
            else:
                waiting += node.parents
            waiting += [y for _, y in self.limit.terms.get(node, ())]
        for form in self.gaussians:
            found.update(dict.fromkeys((product,) for product in form))
        self.nodes = sorted(inner, key=lambda node: node.index)
        return list(found)

    def _total_degrees(self, leaves: list[Any]) -> dict[Any, float]:
        """Degree of the integrand in each variable; infinite where it is no polynomial."""
        table: dict[Any, dict[Any, float]] = {leaf: {leaf: 1.0} for leaf in leaves}
        for node in self.nodes:
            table[node] = self._degrees_of(node, table)
        total: dict[Any, float] = {}
        for factor in self.factors:
            _merge(total, table[factor], _plus)
        for form in self.gaussians:
            _merge(total, {(product,): 1.0 for product in form}, _plus)
        return {leaf: total.get(leaf, 0.0) for leaf in leaves}

    def _degrees_of(self, node: ProgramNode, table: dict[Any, dict[Any, float]]) -> dict[Any, float]:
        found: dict[Any, float] = {}
        if isinstance(node, MatrixProduct):
            found[node,] = 1.0
            for _, y in self.limit.terms.get(node, ()):
                _merge(found, table[y], max)
            return found
        assert isinstance(node, Map)
        name = node.function.name
        parts = [table[a] if isinstance(a, ProgramNode) and a.size is not None else {} for a in node.arguments]
        if name in ("add", "subtract", "negative", "linear"):
            for part in parts:
                _merge(found, part, max)
            return found
        if name == "multiply" or (name == "divide" and not parts[1]):
            for part in parts:
                _merge(found, part, _plus)
            return found
        if self._is_power(node):
            exponent = self.limit._number(node.arguments[1])
            return {leaf: degree * exponent for leaf, degree in parts[0].items() if exponent}
        return {leaf: math.inf for part in parts for leaf in part}

    def _is_power(self, node: Map) -> bool:
        """Whether a map is x to a power that is a polynomial."""
        if node.function.name != "power" or _is_vector(node.arguments[1]):
            return False
        exponent = self.limit._number(node.arguments[1])
        return bool(exponent >= 0 and float(exponent).is_integer())

    def _check_moments(self, degrees: dict[Any, float]) -> None:
        for base, degree in degrees.items():
            if isinstance(base, Initial) and not base.law.is_gaussian and math.isfinite(degree):
                order, name = base.law.finite_moments, self.limit.program._name
                if degree >= order:
                    raise ValueError(
                        f"E {self.what} is infinite: it needs E|{name(base)}|^{degree:g}, and moments of {base.law!r} "
                        f"exist below {order:g} only; limits need two moments of every vector that meets a matrix"
                    )

    def _axes(self, atoms: dict[Any, tuple[Real, Real]], degrees: dict[Any, float], laws: Any) -> list[Axis]:
        touched = self.mixing != 0.0
        surfaces = self._surfaces(touched) if self._points else []
        axes = []
        for j in range(self.mixing.shape[1]):
            owner = self._owner(j)
            if owner in atoms:
                axes.append(Axis(atoms=atoms[owner]))
                continue
            on = [leaf for leaf, hit in zip(self.leaves, touched[:, j], strict=True) if hit]
            if all(leaf not in laws and degrees[leaf] <= HIGHEST_DEGREE for leaf in on):
                axes.append(Axis(degree=round(sum(degrees[leaf] for leaf in on))))
                continue
            breaks = self.transforms[owner][1] if owner in self.transforms else ()
            mine = [s for s in surfaces if s.top == j]
            axes.append(Axis(breaks=breaks, surfaces=tuple(s.call for s in mine), own=tuple(s.is_alone for s in mine)))
        return axes

    def _surfaces(self, touched: NDArray[np.bool_]) -> list[_Surface]:
        """Where maps bend, jump or turn sharply, on every axis that sees it."""
        reach: dict[Any, NDArray[np.bool_]] = {leaf: touched[i] for leaf, i in self.position.items()}
        found: list[_Surface] = []
        for node in self.nodes:
            below: list[Any] = (
                [(node,)] if isinstance(node, MatrixProduct) else [a for a in node.parents if a.size is not None]
            )
            below += [y for _, y in self.limit.terms.get(node, ())]
            reach[node] = np.logical_or.reduce([reach[n] for n in below])
            if isinstance(node, Map) and reach[node].any():
                found += self._bends(node, reach)
        for surface in (*found, *self._denominators(reach)):
            self._refuse_pole(surface)
        steep = list({(s.argument, s.level): s for s in self._turns(reach)}.values())
        sharp = [crossing for s in (*found, *steep) for crossing in self._crossings(s)]
        self.steep = bool(steep)
        if steep or sharp:
            self.limit.sharp = True
        return [*found, *steep, *sharp] if self.limit.follows else found

    def _bends(self, node: Map, reach: dict[Any, NDArray[np.bool_]]) -> list[_Surface]:
        """Where a map bends or jumps."""
        name, arguments = node.function.name, node.arguments
        vectors = [a for a in node.parents if a.size is not None]
        if node.function.compares:
            return [self._surface(arguments[0], arguments[1], reach)]
        if name in BENT_IN:
            places = [arguments[i] for i in BENT_IN[name] if i < len(arguments)]
            return [self._surface(a, 0.0, reach) for a in places if _is_vector(a) and not self._is_mask(a)]
        if name in STEPPED:
            return self._steps(node, reach)
        return [self._surface(vectors[0], kink, reach) for kink in self.limit.kinks.get(node, ())]

    def _denominators(self, reach: dict[Any, NDArray[np.bool_]]) -> list[_Surface]:
        """Zeros of the vectors that maps divide by."""
        found = []
        for node in self.nodes:
            if isinstance(node, Map):
                place = {"divide": 1, "reciprocal": 0}.get(node.function.name)
                if node.function.name == "power" and (self.limit._number(node.arguments[1]) or 0.0) < 0.0:
                    place = 0
                if place is not None and _is_vector(node.arguments[place]):
                    found.append(self._surface(node.arguments[place], 0.0, reach))
        return found

    def _refuse_pole(self, surface: _Surface) -> None:
        """Refuse an integrand that grows like 1/distance towards a surface, where both sides may seem to cancel."""
        if not surface.axes or not self._continuous[surface.top]:
            return
        rows, top = MEASURED, surface.top
        points = [x[:rows] for x in self._points]
        places = roots(surface.call, points[:top], rows)
        if not places.size:
            return
        columns, sides = places.shape[1], np.array([1.0, -1.0])
        beside = places[None, None] + np.array(BESIDE)[:, None, None, None] * sides[:, None, None]
        given = [np.broadcast_to(x[:, None], beside.shape).reshape(-1) for x in points]
        given[top] = beside.reshape(-1)
        with np.errstate(all="ignore"):
            sizes = np.log(np.abs(self.unchecked(given))).reshape(len(BESIDE), 2, rows, columns)
            sizes[~np.isfinite(sizes)] = np.nan  # a mask, or no value
            powers = (sizes[2:] - sizes[:-2]) / math.log(BESIDE[2] / BESIDE[0])
        if (powers <= INFINITE).all(axis=0).any():
            raise ValueError(
                f"E {self.what} is infinite: it grows at least as 1/distance towards a pole, so that means over runs "
                "do not settle either; bound the map there, for example by np.maximum of its denominator"
            )

    def _is_mask(self, node: Any) -> bool:
        return isinstance(node, Map) and node.function.is_mask

    def _steps(self, node: Map, reach: dict[Any, NDArray[np.bool_]]) -> list[_Surface]:
        """Where a map such as floor(x), or x mod y, jumps."""
        x, unit = (
            node.arguments[0],
            node.arguments[1] if len(node.arguments) > 1 else PERIODS.get(node.function.name, 1),
        )
        with np.errstate(all="ignore"):
            multiples = self._looked_at(x) / self._looked_at(unit)
        multiples = multiples[np.isfinite(multiples)]
        offset = STEPPED[node.function.name]
        if not multiples.size or np.ptp(multiples) > MOST_STEPS:
            return []
        numbers = np.arange(math.floor(multiples.min()), math.ceil(multiples.max()) + 1) + offset
        return [self._surface(x, float(k), reach, unit) for k in numbers]

    def _turns(self, reach: dict[Any, NDArray[np.bool_]]) -> list[_Surface]:
        """Levels 0, ±√10^k of the arguments of maps that are smooth, but steep in the variables."""
        found: list[_Surface] = []
        curved = self.mixing.shape[1]
        for node in self.nodes:
            if isinstance(node, Map) and node.function.is_opaque:
                found += self._features(node, reach)
            if not isinstance(node, Map) or node.function.compares or node.function.name in NEVER_TURN:
                continue
            for x in _nonlinear_in(node):
                values = self._looked_at(x)
                near, values = (part[np.isfinite(part)] for part in (values[:LOOKED_AT], values))
                if not near.size or np.subtract(*np.quantile(near, [0.84, 0.16])) < 2.0 * STEEP[min(curved, 4)]:
                    continue
                powers = 10.0 ** (0.5 * np.arange(-1, 2.0 * math.log10(np.abs(values).max()) + 1))
                levels = np.concatenate([-powers, [0.0], powers])
                levels = levels[(levels > values.min()) & (levels < values.max())]
                found += [replace(self._surface(x, float(c), reach), is_smooth=True) for c in levels]
        return found

    def _features(self, node: Map, reach: dict[Any, NDArray[np.bool_]]) -> list[_Surface]:
        """Around what is narrow in a function of one vector, of which nothing is known."""
        numbers = tuple(self.limit._number(a) for a in node.arguments)
        if numbers.count(None) != 1:
            return []
        x = node.arguments[numbers.index(None)]
        near = self._looked_at(x)[:LOOKED_AT]
        centre, spread = float(near.mean()), float(near.std())
        if not 0.0 < spread < math.inf:
            return []

        def standardised(u: Real) -> Real:
            y = centre + spread * u
            return np.asarray(node.function.call(*(y if number is None else number for number in numbers)))

        kinks = [(kink - centre) / spread for kink in self.limit.kinks.get(node, ())]
        places = narrow_places(standardised, *RESOLVED[min(self.mixing.shape[1], 3)], kinks)
        return [replace(self._surface(x, centre + spread * u, reach), is_smooth=True) for u in places]

    def bends_unseen(self) -> bool:
        """Whether a function of several vectors, of which nothing is known, is rough along some lines."""
        opaque = [n for n in self.nodes if isinstance(n, Map) and n.function.is_opaque]
        opaque = [n for n in opaque if len(set(filter(_is_vector, n.arguments))) > 1]
        if not opaque:
            return False
        steps = np.linspace(-LINES[1], LINES[1], LINES[2])
        for i in range(LINES[0]):
            start, end = (np.array([x[k] for x in self._points]) for k in (2 * i, 2 * i + 1))
            ways = (end - start) / max(float(np.linalg.norm(end - start)), 1e-300)
            line = [
                np.full(steps.size, x) if axis.atoms is not None else x + way * steps
                for x, way, axis in zip(start, ways, self.axes, strict=True)
            ]
            for node in opaque:
                values = self._value(node, line, {}, steps.size)
                with np.errstate(all="ignore"):
                    rough = np.abs(np.diff(values, 8)) > ROUGH * np.abs(values).max()
                if rough.any():
                    return True
        return False

    def _looked_at(self, x: Any) -> Real:
        """Values of a node at points of the law and, in a second half, over the whole reach."""
        return np.asarray(self._value(x, self._points, self._memo, self._points[0].size))

    def _surface(self, x: Any, level: float, reach: dict[Any, NDArray[np.bool_]], unit: Any = 1) -> _Surface:
        on = np.logical_or.reduce([reach[n] for n in (x, unit, level) if _is_vector(n)])
        axes = np.flatnonzero(on)
        call = self._difference(x, level, unit)
        return _Surface(call, x, level, tuple(map(int, axes)))

    def _crossings(self, surface: _Surface) -> list[_Surface]:
        """Where a surface crosses the earlier axes that it is nearly perpendicular to.

        The integral over its last axis, as a function of an earlier one, changes there over a small distance.
        """
        found = []
        for j, later in ((j, i) for j in surface.axes[:-1] for i in surface.axes if i > j):

            def crossing(coordinates: Sequence[Real], at: float, i: int = later) -> Real:
                zero = np.zeros(coordinates[-1].size)
                rest = [zero + at if k == i else zero for k in range(len(coordinates), i + 1)]
                return surface.call([*coordinates, *rest])

            start = [np.zeros(1)] * j
            here, there = (roots(partial(crossing, at=at), start, 1) for at in (0.0, 1.0))
            if here.shape != there.shape or not here.size or not 1e-13 < np.abs(here - there).max() < NARROW:
                continue
            places = (0.0,) if surface.is_smooth and surface.level else CROSSED
            axes = tuple(k for k in surface.axes if k <= j)
            found += [replace(surface, call=partial(crossing, at=at), axes=axes) for at in places]
        return found

    def _difference(self, a: Any, b: Any, unit: Any) -> Integrand:
        def surface(coordinates: Sequence[Real]) -> Real:
            size = coordinates[-1].size
            memo: dict[ProgramNode, Any] = {}
            left, right, one = (self._value(x, coordinates, memo, size) for x in (a, b, unit))
            with np.errstate(invalid="ignore", over="ignore"):
                return np.asarray(left - right * one)

        return surface

    def unchecked(self, coordinates: Sequence[Real]) -> Real:
        """The product of the factors."""
        size = coordinates[0].size if coordinates else 1
        memo: dict[ProgramNode, Any] = {}
        total: Any = np.ones(size)
        for factor in self.factors:
            total = total * self._value(factor, coordinates, memo, size)
        for form in self.gaussians:
            row = sum(c * self.mixing[self.position[product,]] for product, c in form.items())
            total = total * sum(c * x for c, x in zip(row, coordinates, strict=True))
        return np.asarray(total)

    def integrand(self, coordinates: Sequence[Real]) -> Real:
        """The same, refused where it is not finite; maps inside may be infinite, as in 1/(1 + exp(−x))."""
        with np.errstate(all="ignore"):
            total = self.unchecked(coordinates)
        if not np.isfinite(total).all():
            size, memo = total.size, dict[ProgramNode, Any]()
            for node in self.nodes:
                value = self._value(node, coordinates, memo, size)
                if not np.isfinite(value).all():
                    refuse_infinite(self.limit.program, node, value)
            raise ValueError(
                f"the product {self.what} is beyond the largest float at the values that the program meets"
            )
        return total

    @property
    def what(self) -> str:
        """What the expectation is of."""
        return " · ".join(self.limit.program._name(f) for f in self.factors)

    def _value(self, node: Any, coordinates: Sequence[Real], memo: dict[ProgramNode, Any], size: int) -> Any:
        if not isinstance(node, ProgramNode):
            return np.full(size, float(node))
        if node.size is None:
            return self.limit.scalars[node]
        if node in memo:
            return memo[node]
        if node in self.position:
            value = self._variable(node, coordinates, size)
        elif isinstance(node, Map):
            arguments = [
                self._value(a, coordinates, memo, size) if isinstance(a, ProgramNode) else float(a)
                for a in node.arguments
            ]
            value = evaluated(self.limit.program, node, arguments, size, False)
        else:
            value = self._variable((node,), coordinates, size)
            for coefficient, y in self.limit.terms.get(node, ()):
                value = value + coefficient * self._value(y, coordinates, memo, size)
        memo[node] = value
        return value

    def _variable(self, leaf: Any, coordinates: Sequence[Real], size: int) -> Real:
        i = self.position[leaf]
        value = np.full(size, self.shifts[i])
        for j, coefficient in enumerate(self.mixing[i]):
            # a surface knows the axes up to its own only, on which alone it depends
            if coefficient != 0.0 and j < len(coordinates):
                value = value + coefficient * coordinates[j]
        return self.transforms[leaf][0](value) if leaf in self.transforms else value


def _nonlinear_in(node: Map) -> list[ProgramNode]:
    """The vectors that a map is not a linear function of, each alone."""
    vectors = list(dict.fromkeys(filter(_is_vector, node.arguments)))
    if node.function.name == "divide":
        return [x for x in vectors if x is node.arguments[1]]
    if node.function.name == "multiply":  # of two: where the others turn that make them
        return vectors if node.arguments[0] is node.arguments[1] else []
    return vectors


def _is_vector(x: Any) -> bool:
    return isinstance(x, ProgramNode) and x.size is not None


def _plus(a: float, b: float) -> float:
    return a + b


def _merge(into: dict[Any, float], other: dict[Any, float], combine: Any) -> None:
    for leaf, degree in other.items():
        into[leaf] = combine(into[leaf], degree) if leaf in into else degree
