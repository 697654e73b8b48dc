"""Expectations of functions of several independent normal variables, along axes of different kinds.

Each axis has the rule that its functions need: the trapezoidal rule, which converges geometrically for functions that
are analytic near the real line; Gauss-Legendre panels split where the function bends, anew for every value of the axes
before it; Gauss-Hermite nodes where it is a polynomial; the atoms of a discrete variable. Points that carry a weight
below rounding are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rmt.networks.activations.gaussian_rules import legendre_rule, standard_density

Real = NDArray[np.float64]
#: takes the coordinates of some points, one array an axis, and gives one value a point
Integrand = Callable[[Sequence[Real]], Real]

#: standard deviations kept where the integrand grows slowly, and where its tails matter; beyond, no double reaches
REACH, REACHES = 8.5, (8.5, 12.0, 17.0, 25.0, 37.0)
#: steps of the trapezoidal rule, panels and nodes a panel, from coarse to fine
STEPS = (0.5, 0.36, 0.26, 0.19, 0.14, 0.1, 0.07)
PANELS = ((5, 8), (7, 10), (8, 14), (10, 16), (12, 20), (14, 24), (16, 28))
#: points evaluated at a time, and in all
CHUNK, MOST_POINTS = 2**16, 2.5e7
#: weights below this share of the largest are left out
NEGLIGIBLE = 1e-17
#: polynomials up to this degree take nothing from points whose weights are left out
LOW_DEGREE = 8
#: finer resolution in one and two dimensions, which cost little: narrow maps are seen
FINER = {1: 16, 2: 2}
#: widths of the panels at a kink in one dimension, as shares of the others': for roots and other weak singularities
GRADES = 0.15 ** np.arange(1, 12)
#: share of an integral that its tails may have
TAIL = 1e-13
#: where the tails are looked at, in up to three dimensions and in more
_PROBES = (
    np.array([1.5, 3.0, 4.5, 6.0, 7.2, 8.5, 10.0, 12.0, 14.5, 17.0, 21.0, 25.0, 31.0, 37.0]),
    np.array([2.5, 5.0, 8.5, 12.0, 17.0, 25.0, 37.0]),
)
#: points at which a function of one variable is tried for being linear
_LINE = np.array([-8.1, -4.3, -1.9, 0.0, 0.7, 2.6, 5.2, 7.9])


class TooManyPointsError(Exception):
    """The next resolution would take more points than there may be."""


class HeavyTailError(Exception):
    """The integral has a share of its tails where no double reaches, or is infinite."""


@dataclass(frozen=True, eq=False)
class Axis:
    """One independent variable.

    Attributes
    ----------
    atoms : pair of ndarray or None
        Positions and masses of a discrete variable.
    degree : int or None
        The integrand is a polynomial of at most this degree in the variable, which is normal.
    breaks : tuple of float
        Fixed points where the integrand bends.
    surfaces : tuple of callable
        Functions of the coordinates up to this axis; the integrand bends where one vanishes.
    own : tuple of bool
        Which of the surfaces depend on this axis only.
    reach : float
        Standard deviations that are kept, see :func:`with_reach`.
    """

    atoms: tuple[Real, Real] | None = None
    degree: int | None = None
    breaks: tuple[float, ...] = ()
    surfaces: tuple[Integrand, ...] = ()
    own: tuple[bool, ...] = ()
    reach: float = REACH

    @property
    def is_curved(self) -> bool:
        """Whether no finite rule is exact."""
        return self.atoms is None and self.degree is None

    @property
    def is_smooth(self) -> bool:
        """Whether the trapezoidal rule applies."""
        return self.is_curved and not self.breaks and not self.surfaces

    def count(self, level: int, finer: int = 1) -> int:
        """Number of nodes at a resolution."""
        if self.atoms is not None:
            return self.atoms[0].size
        if self.degree is not None:
            return self.degree // 2 + 1
        if self.is_smooth:
            return trapezoid(level, finer, self.reach)[0].size
        panels, nodes = self._panels(level, finer)
        return (panels + (len(self.breaks) + len(self.surfaces)) * (1 + 2 * _grades(level, finer).size)) * nodes

    def _panels(self, level: int, finer: int) -> tuple[int, int]:
        panels, order = PANELS[level]
        return math.ceil(panels * finer * self.reach / REACH), order

    def nodes(self, level: int, before: Sequence[Real], finer: int = 1) -> tuple[Real, Real]:
        """Nodes and weights: of shape (m,), or (rows, m) where they depend on the axes before."""
        if self.atoms is not None:
            return self.atoms
        if self.degree is not None:
            return hermite_rule(self.degree // 2 + 1)
        if self.is_smooth:
            return trapezoid(level, finer, self.reach)
        panels, order = self._panels(level, finer)
        edges = np.linspace(-self.reach, self.reach, panels + 1)
        grades = _grades(level, finer)
        near = (edges[1] - edges[0]) * np.concatenate([[0.0], grades, -grades])
        edges = np.concatenate([edges, *(kink + near for kink in self.breaks)])
        if not self.surfaces:
            return _panel_rule(np.sort(edges)[None, :], order, flat=True)
        count = before[0].size if before and not all(self.own) else 1
        found = [
            np.broadcast_to(table, (count, table.shape[1]))
            for surface, own in zip(self.surfaces, self.own, strict=True)
            for table in [roots(surface, [x[:1] for x in before] if own else before, 1 if own else count, self.reach)]
        ]
        kinks = (np.concatenate(found, axis=1)[:, :, None] + near).reshape(count, -1)
        table = np.concatenate([np.broadcast_to(edges, (count, edges.size)), kinks], axis=1)
        return _panel_rule(np.sort(table, axis=1), order, flat=count == 1)


def _grades(level: int, finer: int) -> Real:
    return np.asarray(GRADES[: 5 + level if finer == FINER[1] else 0], dtype=np.float64)


@lru_cache(maxsize=64)
def trapezoid(level: int, finer: int = 1, reach: float = REACH) -> tuple[Real, Real]:
    """Nodes and weights of the trapezoidal rule for the standard normal law."""
    step = STEPS[level] / finer
    count = math.ceil(reach / step)
    z: Real = np.asarray(step * np.arange(-count, count + 1), dtype=np.float64)
    w = standard_density(z)
    return z, w / w.sum()


@lru_cache(maxsize=64)
def hermite_rule(order: int) -> tuple[Real, Real]:
    """Gauss-Hermite nodes and weights for the standard normal law."""
    z, w = np.polynomial.hermite_e.hermegauss(order)
    return z, w / w.sum()


def _panel_rule(edges: Real, order: int, flat: bool) -> tuple[Real, Real]:
    t, w = legendre_rule(order)
    half = 0.5 * np.diff(edges, axis=1)[:, :, None]
    centres = 0.5 * (edges[:, 1:] + edges[:, :-1])[:, :, None]
    nodes: Real = np.asarray(centres + half * t, dtype=np.float64).reshape(edges.shape[0], -1)
    weights: Real = np.asarray(half * w).reshape(edges.shape[0], -1) * standard_density(nodes)
    return (nodes[0], weights[0]) if flat else (nodes, weights)


def roots(surface: Integrand, before: Sequence[Real], rows: int, reach: float = REACH) -> Real:
    """Zeros of a surface along the last axis, one row a point of the axes before; the end of the axis where none is."""

    def values(t: Real) -> Real:
        columns = t.shape[-1]
        coordinates = [np.repeat(x, columns) for x in before] + [np.broadcast_to(t, (rows, columns)).reshape(-1)]
        return np.asarray(surface(coordinates)).reshape(rows, columns)

    with np.errstate(all="ignore"):
        return _roots(values, rows, reach)


def _roots(values: Callable[[Real], Real], rows: int, reach: float) -> Real:
    tried = values(_LINE)
    slope = (tried[:, -1] - tried[:, 0]) / (_LINE[-1] - _LINE[0])
    line = tried[:, :1] + slope[:, None] * (_LINE - _LINE[0])
    if (np.abs(tried - line) <= 1e-13 * np.abs(tried).max()).all() and np.ptp(tried, axis=1).max() > 0.0:
        at = np.where(slope != 0.0, _LINE[0] - tried[:, 0] / slope, reach)
        return np.clip(at, -reach, reach)[:, None]
    search = np.linspace(-reach, reach, round(8 * reach) + 1)
    table = values(search)
    changes = (table[:, 1:] > 0.0) != (table[:, :-1] > 0.0)
    most = int(changes.sum(axis=1).max())
    if most == 0:
        return np.empty((rows, 0))
    # the first `most` changes of every row; rows with fewer bisect an interval without one, which does no harm
    order = np.argsort(~changes, axis=1, kind="stable")[:, :most]
    low, high = search[order], search[order + 1]
    positive = np.take_along_axis(table, order, axis=1) > 0.0
    for _ in range(48):
        middle = 0.5 * (low + high)
        same = (values(middle) > 0.0) == positive
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return 0.5 * (low + high)


def with_reach(integrand: Integrand, axes: Sequence[Axis]) -> tuple[list[Axis], bool]:
    """The axes with as many standard deviations as the integrand needs, and whether points of small weight matter.

    The integrand is looked at on a coarse grid; where it is not finite it is not.

    Raises
    ------
    HeavyTailError
        If more than a share of 1e-13 lies beyond what doubles reach.
    """
    curved = [i for i, axis in enumerate(axes) if axis.is_curved]
    # powers may make up for small weights
    rare = any(axis.atoms is not None and axis.atoms[1].min() < TAIL for axis in axes)
    rare = rare or any(axis.degree is not None and axis.degree > LOW_DEGREE for axis in axes)
    if not curved:
        return list(axes), rare
    probe = _PROBES[len(curved) > 3]
    line = np.concatenate([-probe[::-1], [0.0], probe])
    own = [_probed(axis, line) for axis in axes]
    grids = np.meshgrid(*(z for z, _ in own), indexing="ij")
    masses = np.meshgrid(*(w for _, w in own), indexing="ij")
    points = [g.reshape(-1) for g in grids]
    weight = np.prod([m.reshape(-1) for m in masses], axis=0)
    with np.errstate(all="ignore"):
        size = weight * np.abs(integrand(points))
    infinite, size = np.isinf(size), np.where(np.isfinite(size), size, 0.0)
    total = float(size.sum())
    found = list(axes)
    for i in curved:
        distance = np.abs(points[i])
        fits = (
            r
            for r in REACHES
            if size[distance >= r].sum() <= TAIL * total and not infinite[(distance >= r) & (distance < 1.3 * r)].any()
        )
        reach = next(fits, None)
        if reach is None and infinite[distance < REACH].any():
            reach = REACH  # a map overflows or has a pole, which its values at the nodes tell
        if reach is None:
            raise HeavyTailError
        found[i] = replace(axes[i], reach=reach)
    radius = np.sqrt(sum(points[i] ** 2 for i in curved))
    edge = math.sqrt(-2.0 * math.log(NEGLIGIBLE))
    far = any(found[i].reach > REACH for i in curved) or float(size[radius >= edge].sum()) > TAIL * total
    return found, rare or far


def _probed(axis: Axis, line: Real) -> tuple[Real, Real]:
    """A few nodes of an axis and their masses."""
    if axis.is_curved:
        return line, standard_density(line) * np.gradient(line)
    nodes, weights = axis.nodes(0, [])
    kept = np.argsort(weights)[-3:]
    return nodes[kept], weights[kept]


def expectation(
    integrand: Integrand, axes: Sequence[Axis], level: int, all_points: bool, most: float
) -> tuple[float, float]:
    """E of the integrand, with the axes of :func:`with_reach`, and of its absolute value, to which rounding belongs.

    Raises
    ------
    TooManyPointsError
        If the resolution takes more than `most` points.
    """
    curved = sum(axis.is_curved for axis in axes)
    finer = FINER.get(curved, 1)
    ball = 1.0 if all_points else math.pi ** (curved / 2) / math.gamma(curved / 2 + 1) / 2.0**curved
    if ball * math.prod(float(axis.count(level, finer)) for axis in axes) > most:
        raise TooManyPointsError
    if not axes:
        constant = float(np.asarray(integrand([]))[0])
        return constant, abs(constant)
    rule = _Rule(integrand, tuple(axes), level, finer, 0.0 if all_points else NEGLIGIBLE)
    return rule.total([], np.ones(1), 1.0)


@dataclass(frozen=True, eq=False)
class _Rule:
    """A product rule, each axis with nodes that may depend on the axes before."""

    integrand: Integrand
    axes: tuple[Axis, ...]
    level: int
    finer: int
    negligible: float

    def total(self, before: list[Real], weights: Real, largest: float) -> tuple[float, float]:
        """Sums over the remaining axes, for rows of coordinates `before` with their `weights`."""
        depth = len(before)
        axis = self.axes[depth]
        rows = max(1, CHUNK // axis.count(self.level, self.finer))
        if weights.size > rows:
            parts = [
                self.total([x[i : i + rows] for x in before], weights[i : i + rows], largest)
                for i in range(0, weights.size, rows)
            ]
            return math.fsum(value for value, _ in parts), math.fsum(size for _, size in parts)
        nodes, inner = axis.nodes(self.level, before, self.finer)
        count = nodes.shape[-1]
        total = (weights[:, None] * inner).reshape(-1)
        peak = largest * float(inner.max())
        kept = np.flatnonzero(total > self.negligible * peak)
        coordinates = [x[kept // count] for x in before]
        coordinates.append((np.broadcast_to(nodes, (weights.size, count)).reshape(-1))[kept])
        total = total[kept]
        if depth + 1 == len(self.axes):
            values = self.integrand(coordinates) if kept.size else total
            return float(total @ values), float(total @ np.abs(values))
        return self.total(coordinates, total, peak)


def quasi_expectation(integrand: Integrand, axes: Sequence[Axis], points: int, seed: int) -> float:
    """E of the integrand by scrambled Sobol points in the axes that no finite rule integrates exactly."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    finite = [i for i, axis in enumerate(axes) if not axis.is_curved]
    others = [i for i in range(len(axes)) if i not in finite]
    sobol = qmc.Sobol(len(others), scramble=True, rng=np.random.default_rng(seed))
    uniform = sobol.random(points)
    normal = ndtri(np.clip(uniform, 1e-16, 1.0 - 1e-16))
    grids = np.meshgrid(*(axes[i].nodes(0, [])[0] for i in finite), indexing="ij")
    masses = np.meshgrid(*(axes[i].nodes(0, [])[1] for i in finite), indexing="ij")
    mass = np.prod([m.reshape(-1) for m in masses], axis=0) if finite else np.ones(1)
    parts = []
    for j, weight in enumerate(np.atleast_1d(mass)):
        for start in range(0, points, CHUNK):
            block = normal[start : start + CHUNK]
            coordinates: list[Real] = [np.empty(0)] * len(axes)
            for column, i in enumerate(others):
                coordinates[i] = block[:, column]
            for grid, i in zip(grids, finite, strict=True):
                coordinates[i] = np.full(len(block), grid.reshape(-1)[j])
            parts.append(float(weight) * float(np.sum(integrand(coordinates))))
    return math.fsum(parts) / points
