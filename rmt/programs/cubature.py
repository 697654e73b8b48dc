"""Expectations of functions of several independent normal variables, along axes of different kinds.

Each axis has the rule that its functions need: the trapezoidal rule, which converges geometrically for functions that
are analytic near the real line; Gauss-Legendre panels split where the function bends, anew for every value of the axes
before it; Gauss-Hermite nodes where it is a polynomial; the atoms of a discrete variable. Points that carry a weight
below rounding are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rmt.networks.gaussian import legendre_rule, standard_density

Real = NDArray[np.float64]
#: takes the coordinates of some points, one array an axis, and gives one value a point
Integrand = Callable[[Sequence[Real]], Real]

#: standard deviations kept, and those of variables with heavy tails
REACH, FAR = 8.5, 25.0
#: steps of the trapezoidal rule, panels and nodes a panel, from coarse to fine
STEPS = (0.5, 0.36, 0.26, 0.19, 0.14, 0.1, 0.07)
PANELS = ((5, 8), (7, 10), (8, 14), (10, 16), (12, 20), (14, 24), (16, 28))
#: points evaluated at a time, and in all
CHUNK, MOST_POINTS = 2**16, 2.5e7
#: weights below this share of the largest are left out
NEGLIGIBLE = 1e-17
#: where a surface that is not linear along its axis is looked at
_SEARCH = np.linspace(-REACH, REACH, 69)


class TooManyPointsError(Exception):
    """The next resolution would take more points than there may be."""


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
    own : bool
        Whether the surfaces depend on this axis only.
    far : bool
        Whether the integrand may grow as fast as the normal density falls, so that the tails matter.
    """

    atoms: tuple[Real, Real] | None = None
    degree: int | None = None
    breaks: tuple[float, ...] = ()
    surfaces: tuple[Integrand, ...] = ()
    own: bool = False
    far: bool = False

    @property
    def is_smooth(self) -> bool:
        """Whether the trapezoidal rule applies."""
        return self.atoms is None and self.degree is None and not self.breaks and not self.surfaces and not self.far

    def count(self, level: int) -> int:
        """Number of nodes at a resolution."""
        if self.atoms is not None:
            return self.atoms[0].size
        if self.degree is not None:
            return self.degree // 2 + 1
        if self.is_smooth:
            return trapezoid(level)[0].size
        panels, nodes = self._panels(level)
        return (panels + len(self.breaks) + len(self.surfaces)) * nodes

    def _panels(self, level: int) -> tuple[int, int]:
        panels, order = PANELS[level]
        return math.ceil(panels * FAR / REACH) if self.far else panels, order

    def nodes(self, level: int, before: Sequence[Real]) -> tuple[Real, Real]:
        """Nodes and weights: of shape (m,), or (rows, m) where they depend on the axes before."""
        if self.atoms is not None:
            return self.atoms
        if self.degree is not None:
            return hermite_rule(self.degree // 2 + 1)
        if self.is_smooth:
            return trapezoid(level)
        panels, order = self._panels(level)
        reach = FAR if self.far else REACH
        edges = np.concatenate([np.linspace(-reach, reach, panels + 1), np.array(self.breaks)])
        if not self.surfaces:
            return _panel_rule(np.sort(edges)[None, :], order, flat=True)
        rows = [x[:1] for x in before] if self.own else list(before)
        count = 1 if self.own or not before else before[0].size
        found = [roots(surface, rows, count) for surface in self.surfaces]
        table = np.concatenate([np.broadcast_to(edges, (count, edges.size)), *found], axis=1)
        return _panel_rule(np.sort(table, axis=1), order, flat=count == 1)


@lru_cache(maxsize=16)
def trapezoid(level: int) -> tuple[Real, Real]:
    """Nodes and weights of the trapezoidal rule for the standard normal law."""
    count = math.ceil(REACH / STEPS[level])
    z: Real = np.asarray(STEPS[level] * np.arange(-count, count + 1), dtype=np.float64)
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


def roots(surface: Integrand, before: Sequence[Real], rows: int) -> Real:
    """Zeros of a surface along the last axis, one row a point of the axes before; the end of the axis where none is."""

    def values(t: Real) -> Real:
        columns = t.shape[-1]
        coordinates = [np.repeat(x, columns) for x in before] + [np.broadcast_to(t, (rows, columns)).reshape(-1)]
        return np.asarray(surface(coordinates)).reshape(rows, columns)

    three = values(np.array([-2.0, 0.0, 2.0]))
    bend = np.abs(three[:, 0] - 2.0 * three[:, 1] + three[:, 2])
    if (bend <= 1e-13 * np.abs(three).max()).all() and np.ptp(three, axis=1).max() > 0.0:
        slope = 0.25 * (three[:, 2] - three[:, 0])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(slope != 0.0, -three[:, 1] / slope, REACH)
        return np.clip(at, -REACH, REACH)[:, None]
    table = values(_SEARCH)
    changes = (table[:, 1:] > 0.0) != (table[:, :-1] > 0.0)
    most = int(changes.sum(axis=1).max())
    if most == 0:
        return np.empty((rows, 0))
    # the first `most` changes of every row; rows with fewer bisect an interval without one, which does no harm
    order = np.argsort(~changes, axis=1, kind="stable")[:, :most]
    low, high = _SEARCH[order], _SEARCH[order + 1]
    positive = np.take_along_axis(table, order, axis=1) > 0.0
    for _ in range(48):
        middle = 0.5 * (low + high)
        same = (values(middle) > 0.0) == positive
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return 0.5 * (low + high)


def expectation(integrand: Integrand, axes: Sequence[Axis], level: int, most: float = MOST_POINTS) -> float:
    """E of the integrand.

    Raises
    ------
    TooManyPointsError
        If the resolution takes more than `most` points.
    """
    curved = sum(axis.degree is None and axis.atoms is None for axis in axes)
    ball = math.pi ** (curved / 2) / math.gamma(curved / 2 + 1) / 2.0**curved
    if ball * math.prod(float(axis.count(level)) for axis in axes) > most:
        raise TooManyPointsError
    if not axes:
        return float(np.asarray(integrand([]))[0])
    return _sum(integrand, axes, level, [], np.ones(1), 1.0)


def _sum(
    integrand: Integrand, axes: Sequence[Axis], level: int, before: list[Real], weights: Real, largest: float
) -> float:
    """Sum over the remaining axes, for rows of coordinates `before` with their `weights`."""
    depth = len(before)
    axis = axes[depth]
    rows = max(1, CHUNK // axis.count(level))
    if weights.size > rows:
        return math.fsum(
            _sum(integrand, axes, level, [x[i : i + rows] for x in before], weights[i : i + rows], largest)
            for i in range(0, weights.size, rows)
        )
    nodes, inner = axis.nodes(level, before)
    count = nodes.shape[-1]
    total = (weights[:, None] * inner).reshape(-1)
    peak = largest * float(inner.max())
    kept = np.flatnonzero(total > (0.0 if any(a.far for a in axes) else NEGLIGIBLE * peak))
    coordinates = [x[kept // count] for x in before]
    coordinates.append((np.broadcast_to(nodes, (weights.size, count)).reshape(-1))[kept])
    total = total[kept]
    if depth + 1 == len(axes):
        return float(total @ integrand(coordinates)) if kept.size else 0.0
    return _sum(integrand, axes, level, coordinates, total, peak)


def quasi_expectation(integrand: Integrand, axes: Sequence[Axis], points: int, seed: int) -> float:
    """E of the integrand by scrambled Sobol points in the axes that no finite rule integrates exactly."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    finite = [i for i, axis in enumerate(axes) if axis.atoms is not None or axis.degree is not None]
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
