"""Expectations of functions of normal variables that are linear on cones, as those of ReLU networks are.

Where every kink is the zero of a function that is linear wherever those before it do not bend, the variables fall into
simplicial cones on which the integrand is smooth, mostly a polynomial. On each, polar coordinates: along a ray a Gauss
rule for the length, which is exact for polynomials, and across it a product rule on the simplex, which converges
geometrically as no cone is wider than an orthant.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rmt.networks.activations.gaussian_rules import panel_nodes
from rmt.programs.cubature import CHUNK, MOST_POINTS, REACHES, TooManyPointsError, hermite_rule
from rmt.programs.integrands import HIGHEST_DEGREE
from rmt.programs.nodes import Map, MatrixProduct, ProgramNode
from rmt.programs.nonlinearities import BENT_IN, STEPPED

if TYPE_CHECKING:
    from rmt.programs.integrands import Plan

Real = NDArray[np.float64]
#: values on the rays of L·z and c, for a function L·z + c on every cone; None for one that is not of this form
Affine = tuple[Real, Real] | None

#: values below this share of the largest are 0
NOTHING = 1e-14
#: sine of the angle of planes that are not nearly one, and cosine of the widest angle in a cone
APART, WIDEST = 0.2, -0.2
#: most cones, and variables
MOST_CONES, MOST_VARIABLES = 20000, 6
#: most points in up to four dimensions
LARGEST = 8e7
#: digits of the rules across the rays, from coarse to fine
DIGITS = (3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0)
#: panels and nodes a panel along a ray where the integrand is no polynomial, and more digits across it
RADIAL, ACROSS = ((3, 8), (3, 10), (4, 12), (5, 14), (6, 16), (7, 19), (8, 22)), 1.1
#: where a function is tried for being linear or constant on one side of 0, in units of its largest argument on a ray
_TRIED = np.concatenate([np.geomspace(1e-6, 1e-2, 50), np.linspace(0.0101, REACHES[-1], 4000)])


class _NotLinearError(Exception):
    """A kink is not where a function vanishes that is linear on every cone."""


@dataclass(frozen=True, eq=False)
class Cones:
    """The cones on which the integrand of a plan is smooth.

    Attributes
    ----------
    rays : ndarray of shape (cones, n, n)
        Unit vectors, one a row, that generate each.
    degree : float
        Degree of the integrand in all variables; infinite where it is no polynomial.
    """

    plan: Plan
    rays: Real
    degree: float

    @property
    def is_polynomial(self) -> bool:
        """Whether the integrand is a polynomial on every cone."""
        return self.degree <= HIGHEST_DEGREE

    def expectation(self, level: int, reach: float = REACHES[0]) -> tuple[float, float]:
        """E of the integrand at a resolution, and of its absolute value; `reach` is for what is no polynomial.

        Raises
        ------
        TooManyPointsError
            If it takes more than 8e7 points, or 2.5e7 in more than four dimensions.
        """
        n = self.rays.shape[1]
        if self.count(level, reach) > (MOST_POINTS if n > 4 else LARGEST):
            raise TooManyPointsError
        lengths, masses = self._radial(level, reach)
        grids = np.meshgrid(lengths, *(z for z, _ in self._others), indexing="ij")
        scales = np.prod(np.meshgrid(masses, *(w for _, w in self._others), indexing="ij"), axis=0).reshape(-1)
        orders = self._orders(level)
        values, sizes = [], []
        for directions, weights in self._directions(orders, max(1, CHUNK // scales.size)):
            curved = iter(np.multiply.outer(directions, grids[0].reshape(-1)).reshape(n, -1))
            fixed = iter(np.tile(g.reshape(-1), weights.size) for g in grids[1:])
            coordinates = [next(fixed if axis.degree is not None else curved) for axis in self.plan.axes]
            total = np.multiply.outer(weights, scales).reshape(-1)
            found = self.plan.integrand(coordinates)
            values.append(float(total @ found))
            sizes.append(float(total @ np.abs(found)))
        return math.fsum(values), math.fsum(sizes)

    def count(self, level: int, reach: float = REACHES[0]) -> float:
        """Number of points at a resolution."""
        along = math.prod(z.size for z, _ in self._others) * self._radial(level, reach)[0].size
        return float((self._orders(level).astype(np.float64) ** (self.rays.shape[1] - 1)).sum()) * along

    def _radial(self, level: int, reach: float) -> tuple[Real, Real]:
        n = self.rays.shape[1]
        return _radial_rule(n, int(self.degree)) if self.is_polynomial else _radial_panels(n, level, reach)

    @property
    def _others(self) -> list[tuple[Real, Real]]:
        """Rules of the variables that enter as polynomials and make no kink."""
        return [hermite_rule(axis.degree // 2 + 1) for axis in self.plan.axes if axis.degree is not None]

    def _orders(self, level: int) -> NDArray[np.int64]:
        """Nodes in each direction across every cone, by its widest angle.

        On an edge of angle θ the length |s a + (1 − s) b| vanishes at the complex s = (1 ± i cot(θ/2))/2.
        """
        digits = DIGITS[level] * (1.0 if self.is_polynomial else ACROSS)
        if self.rays.shape[1] == 1:
            return np.ones(len(self.rays), dtype=np.int64)
        others = self.rays.sum(axis=1, keepdims=True) - self.rays
        others = others / np.sqrt((others**2).sum(axis=2, keepdims=True))
        pairs = self.rays @ self.rays.transpose(0, 2, 1)
        cosine = np.minimum(pairs.min(axis=(1, 2)), (self.rays * others).sum(axis=2).min(axis=1))
        cosine = np.clip(cosine, -1.0 + 1e-12, 1.0 - 1e-12)
        away = np.sqrt((1.0 + cosine) / (1.0 - cosine))
        rate = np.log(away + np.sqrt(1.0 + away * away))
        return np.asarray(np.ceil(0.5 * digits * math.log(10.0) / rate) + 1, dtype=np.int64)

    def _directions(self, orders: NDArray[np.int64], most: int) -> Iterator[tuple[Real, Real]]:
        """Unit vectors, one a column, and their weights, at most so many at a time where a cone has fewer."""
        n = self.rays.shape[1]
        for order in np.unique(orders):
            rays = self.rays[orders == order]
            places, shares = simplex_rule(n, int(order))
            step = max(1, most // shares.size)
            for start in range(0, len(rays), step):
                some = rays[start : start + step]
                points = places @ some
                size = np.sqrt((points**2).sum(axis=2))
                weights = np.abs(np.linalg.det(some))[:, None] * shares * size**-n
                directions = (points / size[:, :, None]).reshape(-1, n)
                for part in range(0, weights.size, most):
                    yield directions[part : part + most].T, weights.reshape(-1)[part : part + most]


def cones(plan: Plan) -> Cones | None:
    """The cones of a plan, or None where its kinks are of another kind or it has too many."""
    if plan.steep or any(axis.atoms is not None or axis.breaks for axis in plan.axes):
        return None
    n = sum(axis.is_curved for axis in plan.axes)
    bent = [node for node in plan.nodes if isinstance(node, Map) and _may_bend(plan, node)]
    if not bent or not 1 <= n <= MOST_VARIABLES:
        return None
    try:
        rays = _fan(plan, bent, n)
        for node in bent:
            rays = split(rays, _Values(plan, rays).kink(node))
            if len(rays) > MOST_CONES:
                return None
        return Cones(plan, rays, _Values(plan, rays).degree())
    except _NotLinearError:
        return None


def _may_bend(plan: Plan, node: Map) -> bool:
    name = node.function.name
    return bool(node.function.compares or name in BENT_IN or name in STEPPED or plan.limit.kinks.get(node))


def _fan(plan: Plan, bent: Sequence[Map], n: int) -> Real:
    """Cones between n planes, the first independent ones where a map bends, with the widest bisected."""
    signs = np.array(list(product((1.0, -1.0), repeat=n)))
    values = _Values(plan, signs[:, :, None] * np.eye(n))
    normals = np.empty((0, n))
    for node in bent:
        slopes = values.kink(node) * signs
        if len(normals) < n and slopes.any() and not np.ptp(slopes, axis=0).any():
            row = slopes[0] / np.linalg.norm(slopes[0])
            if np.linalg.norm(row - np.linalg.lstsq(normals.T, row)[0] @ normals) > APART:
                normals = np.vstack([normals, row])
    rest = np.linalg.svd(normals)[2][len(normals) :] if len(normals) else np.eye(n)
    edges = np.linalg.inv(np.vstack([normals, rest])).T
    rays = signs[:, :, None] * (edges / np.linalg.norm(edges, axis=1)[:, None])
    done = []
    while len(rays):
        cosines = (rays @ rays.transpose(0, 2, 1)).reshape(len(rays), -1)
        wide = cosines.min(axis=1) < WIDEST
        done.append(rays[~wide])
        rays, first, second = rays[wide], *np.divmod(cosines[wide].argmin(axis=1), n)
        row = np.arange(len(rays))
        rays = _bisected(rays, first, second, rays[row, first] + rays[row, second])
    return np.concatenate(done)


def _bisected(rays: Real, first: Any, second: Any, cut: Real) -> Real:
    """Cones with one of two rays replaced by another between them, then those with the other replaced."""
    row, halves = np.arange(len(rays)), [rays.copy(), rays.copy()]
    for half, place in zip(halves, (first, second), strict=True):
        half[row, place] = cut / np.sqrt((cut**2).sum(axis=1))[:, None]
    return np.concatenate(halves)


def split(rays: Real, values: Real) -> Real:
    """Cones on which a function has one sign, by bisecting edges; `values` are its values on the rays."""
    done = []
    values = np.where(np.abs(values) <= NOTHING * np.abs(values).max(initial=0.0), 0.0, values)
    while True:
        mixed = (values.max(axis=1) > 0.0) & (values.min(axis=1) < 0.0)
        done.append(rays[~mixed])
        if not mixed.any():
            return np.concatenate(done)
        rays, values = rays[mixed], values[mixed]
        row, high, low = np.arange(len(rays)), values.argmax(axis=1), values.argmin(axis=1)
        up, down = values[row, high][:, None], -values[row, low][:, None]
        rays = _bisected(rays, high, low, down * rays[row, high] + up * rays[row, low])
        parts = [values.copy(), values.copy()]
        parts[0][row, high] = parts[1][row, low] = 0.0
        values = np.concatenate(parts)


class _Values:
    """Functions of a plan on cones where those before the next kink are linear."""

    def __init__(self, plan: Plan, rays: Real) -> None:
        self.plan, self.rays = plan, rays
        self.curved = [j for j, axis in enumerate(plan.axes) if axis.is_curved]
        self._memo: dict[Any, tuple[Affine, float]] = {}

    def degree(self) -> float:
        """Of the integrand, in all variables."""
        return sum(self.of(f)[1] for f in self.plan.factors) + len(self.plan.gaussians)

    def of(self, x: Any) -> tuple[Affine, float]:
        """Affine form of a node, and its degree."""
        if x not in self._memo:
            self._memo[x] = self._found(x)
        return self._memo[x]

    def kink(self, node: Map) -> Real:
        """Values on the rays of the function at whose zeros a map bends; 0 where it cannot.

        Raises
        ------
        _NotLinearError
            If it is not linear.
        """
        given = [self.of(a)[0] for a in node.arguments]
        if not any(form is None or form[0].any() for form in given):
            return np.zeros(self.rays.shape[:2])
        if node.function.compares:
            form = _sum(given[0], given[1], -1.0)
        else:
            vectors = [i for i, a in enumerate(node.arguments) if isinstance(a, ProgramNode) and a.size is not None]
            if len(vectors) != 1 or self._bends_elsewhere(node, vectors[0]):
                raise _NotLinearError
            form = given[vectors[0]]
        if form is None:
            raise _NotLinearError
        slopes, constants = form
        size = np.abs(slopes).max(axis=1)
        if (constants[size > 0.0] != 0.0).any() or ((size > 0.0) & (size <= NOTHING * size.max())).any():
            raise _NotLinearError
        return slopes

    def _bends_elsewhere(self, node: Map, place: int) -> bool:
        name = node.function.name
        if name in STEPPED:
            return True
        return BENT_IN[name] != (place,) if name in BENT_IN else self.plan.limit.kinks[node] != (0.0,)

    def _found(self, x: Any) -> tuple[Affine, float]:
        count, n = self.rays.shape[:2]
        if not isinstance(x, ProgramNode):
            return (np.zeros((count, n)), np.full(count, float(x))), 0.0
        if x in self.plan.position:
            return self._variable(x)
        if x.size is None:
            return self.of(self.plan.limit.scalars[x])
        if isinstance(x, MatrixProduct):
            form, degree = self._variable((x,))
            for coefficient, y in self.plan.limit.terms.get(x, ()):
                other, own = self.of(y)
                form, degree = _sum(form, other, coefficient), max(degree, own)
            return form, degree
        assert isinstance(x, Map)
        return self._mapped(x)

    def _variable(self, leaf: Any) -> tuple[Affine, float]:
        i, plan = self.plan.position[leaf], self.plan
        if leaf in plan.transforms:
            return None, math.inf
        row = plan.mixing[i]
        if any(row[j] for j, axis in enumerate(plan.axes) if not axis.is_curved):
            return None, 1.0
        return (self.rays @ row[self.curved], np.full(len(self.rays), plan.shifts[i])), 1.0

    def _mapped(self, node: Map) -> tuple[Affine, float]:
        name, given = node.function.name, [self.of(a) for a in node.arguments]
        forms, degrees = [form for form, _ in given], [degree for _, degree in given]
        if name in ("add", "subtract"):
            return _sum(forms[0], forms[1], -1.0 if name == "subtract" else 1.0), max(degrees)
        if name in ("negative", "linear"):
            return _scaled(forms[0], -1.0 if name == "negative" else 1.0), degrees[0]
        if name == "multiply":
            return _product(forms[0], forms[1]), sum(degrees)
        if name == "divide" and forms[1] is not None and not forms[1][0].any() and forms[1][1].all():
            return _product(forms[0], (forms[1][0], 1.0 / forms[1][1])), degrees[0]
        if self.plan._is_power(node):
            exponent = float(self.plan.limit._number(node.arguments[1]))
            return (forms[0] if exponent == 1.0 else None), degrees[0] * exponent
        if all(form is not None and not form[0].any() for form in forms):
            return self._constant(node, [form[1] for form in forms if form is not None])
        if _may_bend(self.plan, node):
            return self._bent(node, forms, degrees)
        return None, math.inf

    def _constant(self, node: Map, numbers: Sequence[Real]) -> tuple[Affine, float]:
        with np.errstate(all="ignore"):
            values = np.asarray(node.function.call(*numbers), dtype=np.float64)
        count, n = self.rays.shape[:2]
        return ((np.zeros((count, n)), np.broadcast_to(values, (count,))) if np.isfinite(values).all() else None), 0.0

    def _bent(self, node: Map, forms: Sequence[Affine], degrees: Sequence[float]) -> tuple[Affine, float]:
        """A map on either side of its kink, along which the cones are cut."""
        name = node.function.name
        side = np.sign(self.kink(node).sum(axis=1))
        if node.function.is_mask and node.function.compares:
            first, second = forms
            assert first is not None
            assert second is not None
            side = np.where(side == 0.0, np.sign(first[1] - second[1]), side)
            values = np.asarray(node.function.call(side, np.zeros(side.size)), dtype=np.float64)
            return (np.zeros(self.rays.shape[:2]), values), 0.0
        if node.function.compares:
            first, second = forms
            assert first is not None
            assert second is not None
            side = np.where(side == 0.0, np.sign(first[1] - second[1]), side)
            chosen = side > 0.0 if name in ("maximum", "fmax") else side < 0.0
            slopes = np.where(chosen[:, None], first[0], second[0])
            return (slopes, np.where(chosen, first[1], second[1])), max(degrees)
        place = next(i for i, a in enumerate(node.arguments) if isinstance(a, ProgramNode) and a.size is not None)
        form = forms[place]
        assert form is not None
        slopes, constants, degree = np.zeros(form[0].shape), np.zeros(side.size), 0.0
        numbers = [None if i == place else self.plan.limit._number(a) for i, a in enumerate(node.arguments)]
        for sign in np.unique(side):
            on = side == sign
            tried = form[1][on] if sign == 0.0 else sign * float(np.abs(form[0]).max()) * _TRIED
            with np.errstate(all="ignore"):
                raw = node.function.call(*(tried if number is None else number for number in numbers))
            values = np.broadcast_to(np.asarray(raw, dtype=np.float64), tried.shape)
            if sign == 0.0:
                constants[on] = values
            elif np.abs(values - values[0]).max() <= NOTHING * abs(values[0]):
                constants[on] = values[0]
            elif np.abs(values / tried - values[0] / tried[0]).max() <= NOTHING * abs(values[0] / tried[0]):
                slopes[on], degree = form[0][on] * (values[-1] / tried[-1]), 1.0
            else:
                return None, math.inf
        return (slopes, constants), degree


def _sum(a: Affine, b: Affine, factor: float) -> Affine:
    return None if a is None or b is None else (a[0] + factor * b[0], a[1] + factor * b[1])


def _scaled(a: Affine, factor: float) -> Affine:
    return None if a is None else (factor * a[0], factor * a[1])


def _product(a: Affine, b: Affine) -> Affine:
    if a is None or b is None or (a[0].any(axis=1) & b[0].any(axis=1)).any():
        return None
    return a[1][:, None] * b[0] + b[1][:, None] * a[0], a[1] * b[1]


@lru_cache(maxsize=64)
def simplex_rule(n: int, order: int) -> tuple[Real, Real]:
    """Conical product rule on the simplex of n barycentric coordinates: nodes of shape (m, n), and weights."""
    from scipy.special import roots_jacobi

    places, weights, left = np.zeros((1, 0)), np.ones(1), np.ones(1)
    for k in range(n - 2, -1, -1):
        t, w = roots_jacobi(order, k, 0)
        t, w = 0.5 * (1.0 + t), w * 0.5 ** (k + 1)
        places = np.column_stack([np.repeat(places, order, axis=0), np.multiply.outer(left, t).reshape(-1)])
        weights = np.multiply.outer(weights, w).reshape(-1)
        left = np.multiply.outer(left, 1.0 - t).reshape(-1)
    return np.column_stack([places, left]), weights


def _radial_panels(n: int, level: int, reach: float) -> tuple[Real, Real]:
    """Panels for ∫ g(r) r^(n−1) exp(−r²/2) dr/(2π)^(n/2), as far as points at `reach` in two directions lie."""
    panels, order = RADIAL[level]
    edges = np.linspace(0.0, math.sqrt(2.0) * reach, math.ceil(panels * reach / REACHES[0]) + 1)
    r, w = panel_nodes(edges, order)
    return r, w * _radial_density(r, n)


def _radial_density(r: Real, n: int) -> Real:
    return np.asarray(r ** (n - 1) * np.exp(-0.5 * r * r) * (2.0 * math.pi) ** (-0.5 * n))


@lru_cache(maxsize=64)
def _radial_rule(n: int, degree: int) -> tuple[Real, Real]:
    """Gauss rule for the same, exact for polynomials of a degree: by the three-term recursion of its polynomials."""
    from scipy.linalg import eigh_tridiagonal

    r, w = panel_nodes(np.linspace(0.0, REACHES[-1], 75), RADIAL[-1][1])
    w = w * _radial_density(r, n)
    total = float(w.sum())
    order = degree // 2 + 1
    diagonal, beside = np.empty(order), np.empty(order)
    before, now = np.zeros(r.size), np.full(r.size, total**-0.5)
    for k in range(order):
        diagonal[k] = float(w @ (r * now * now))
        rest = (r - diagonal[k]) * now - (beside[k - 1] * before if k else 0.0)
        beside[k] = math.sqrt(float(w @ (rest * rest)))
        before, now = now, rest / beside[k]
    nodes, vectors = eigh_tridiagonal(diagonal, beside[:-1])
    return np.asarray(nodes, dtype=np.float64), np.asarray(total * vectors[0] ** 2, dtype=np.float64)
