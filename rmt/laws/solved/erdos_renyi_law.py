"""The limit law of sparse random graphs, by population dynamics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_choice, check_count, check_real
from rmt.laws.given.panel_measure import PanelMeasure
from rmt.laws.law import Complex, Interval, Law, Real, exact
from rmt.laws.solved.tree_moments import adjacency_moments, laplacian_moments
from rmt.numerics.functions.branches import log_upper

KINDS = ("adjacency", "laplacian")

#: independent populations, sweeps before and while they are measured, and the height above the line
_REPLICAS, _BURN, _MEASURED, _HEIGHT = 8, 80, 20, 1e-9
#: standard errors in the bound of an error
_SIGMAS = 5.0
#: mass that may lie beyond the last bin
_BEYOND = 1e-7
_LARGEST_DEGREE = 100.0
#: moments from which the reach is bounded
_ORDER = 16


class _Table(NamedTuple):
    """Edges of the bins, masses left of them without the atom at 0, and their standard errors."""

    edges: Real
    cumulated: Real
    error: Real


@dataclass(frozen=True, init=False, repr=False)
class ErdosRenyi(Law):
    """Limit law of the Erdős-Rényi graph G(n, degree/n): eigenvalues of its adjacency matrix or Laplacian D − A.

    The graph is locally a tree with Poisson numbers of children, and the law is that of the root (Bordenave and
    Lelarge 2010). It has no closed form: atoms at the eigenvalues of all finite trees, dense on the line, beside a
    continuous part for degree > 1. What is given is the mass in bins of width `resolution`, each with its standard
    error; ``pdf`` is the mean density of a bin, the atom at 0 is exact and apart from the bins, and so are the
    moments.

    Parameters
    ----------
    degree : real
        Mean degree, 0 < degree <= 100.
    kind : {"adjacency", "laplacian"}
        Which matrix of the graph.
    resolution : real
        Width of the bins, > 0; about a hundredth of the width of the law by default.
    population : int
        Trees in each of eight independent populations, >= 100.

    Raises
    ------
    TypeError
        If a parameter is not of the kind named above.
    ValueError
        If a parameter is out of range.

    Notes
    -----
    X = 1/(z − s − Σ_k (s + X_k)), s = 0 or 1, with Poisson many independent copies X_k, is iterated on a population
    just above the line. The distribution function is Im E[log X′ + (degree/2) log(1 − X X″)]/π + 1, X′ the value at the
    root: the integrands are bounded, so that it has an error bar at atoms, too, where a density has none. ``cdf`` with
    ``return_error=True`` gives five standard errors, and between the edges of bins the mass of the bin. The mass at 0
    is that of Karp and Sipser (1981; Bordenave, Lelarge and Salez 2011), for the Laplacian the number of components.

    Examples
    --------
    >>> from rmt.laws import ErdosRenyi
    >>> law = ErdosRenyi(2.0)
    >>> law.moments(6)
    (0.0, 2.0, 0.0, 10.0, 0.0, 66.0)
    >>> round(law.atoms[0][1], 9)
    0.216073573
    """

    degree: Any
    kind: str
    resolution: Any
    population: int

    def __init__(self, degree: Any, kind: str = "adjacency", resolution: Any = None, population: int = 2000) -> None:
        mean = check_real("degree", degree, above=0.0)
        if mean > _LARGEST_DEGREE:
            raise ValueError(
                f"degree must be at most {_LARGEST_DEGREE:g}, got {degree!r}: the law of the adjacency matrix over "
                "√degree is then the semicircle to 1/degree"
            )
        object.__setattr__(self, "degree", mean)
        object.__setattr__(self, "kind", check_choice("kind", kind, KINDS))
        width = 0.04 * math.sqrt(1.0 + float(mean)) if resolution is None else resolution
        object.__setattr__(self, "resolution", check_real("resolution", width, above=0.0, at_least=1e-3))
        object.__setattr__(self, "population", check_count("population", population, minimum=100))

    @property
    def _table(self) -> _Table:
        return _table(float(self.degree), self.kind, float(self.resolution), self.population)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """The atom at 0; all others are in the bins."""
        return ((0.0, mass_at_zero(float(self.degree), self.kind)),)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval of all bins; what lies beyond has a mass below 1e-7."""
        edges = self._table.edges
        return (Interval(float(edges[0]), float(edges[-1]), 0.0, 0.0, 1.0 - self.atoms[0][1]),)

    @cached_property
    def line_panels(self) -> PanelMeasure:
        """The bins as panels, by which the law enters free sums and products."""
        edges, cumulated, _ = self._table
        filled = np.flatnonzero(np.diff(cumulated) > 0.0)
        bins = [Interval(float(edges[i]), float(edges[i + 1]), 0.0, 0.0, math.nan) for i in filled]
        return PanelMeasure(self._pdf, bins, self.atoms, float(self.resolution), repr(self))

    def _pdf(self, x: Real) -> Real:
        edges, cumulated, _ = self._table
        heights = np.concatenate([[0.0], np.diff(cumulated) / np.diff(edges), [0.0]])
        return np.asarray(heights[np.searchsorted(edges, x, side="right")])

    def _cdf(self, x: Real) -> Real:
        edges, cumulated, _ = self._table
        return np.asarray(np.interp(x, edges, cumulated) + np.where(x >= 0.0, self.atoms[0][1], 0.0))

    def _sf(self, x: Real) -> Real:
        edges, cumulated, _ = self._table
        above = np.cumsum(np.diff(cumulated)[::-1])[::-1]
        return np.asarray(np.interp(x, edges, np.append(above, 0.0)) + np.where(x < 0.0, self.atoms[0][1], 0.0))

    def _ppf(self, u: Real) -> Real:
        edges, cumulated, _ = self._table
        mass = self.atoms[0][1]
        below = float(np.interp(0.0, edges, cumulated))
        target = np.where(u > below + mass, u - mass, np.minimum(u, below))
        kept = np.append(True, np.diff(cumulated) > 0.0)
        found = np.interp(target, cumulated[kept], edges[kept])
        return np.where((u >= below) & (u <= below + mass), 0.0, found)

    def _pdf_error(self, x: Real, value: Real) -> Real:
        edges, _, error = self._table
        bars = np.concatenate([[0.0], np.hypot(error[1:], error[:-1]) / np.diff(edges), [0.0]])
        return np.asarray(_SIGMAS * bars[np.searchsorted(edges, x, side="right")])

    def _cdf_error(self, x: Real, value: Real) -> Real:
        edges, cumulated, error = self._table
        masses = np.concatenate([[0.0], np.diff(cumulated), [0.0]])
        place = np.searchsorted(edges, x, side="right")
        inside = ~np.isin(x, edges)
        return np.asarray(_SIGMAS * np.interp(x, edges, error) + np.where(inside, masses[place], 0.0) + _BEYOND)

    def _stieltjes(self, z: Complex) -> Complex:
        edges, cumulated, _ = self._table
        heights = np.diff(cumulated) / np.diff(edges)
        out = self.atoms[0][1] / np.where(z == 0.0, np.nan, z)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = log_upper(z[:, None] - edges)
        return np.asarray(out + (logs[:, :-1] - logs[:, 1:]) @ heights)

    def _log_potential(self, z: Complex) -> Complex:
        edges, cumulated, _ = self._table
        heights = np.diff(cumulated) / np.diff(edges)
        distance = z[:, None] - edges
        with np.errstate(divide="ignore"):
            whole = distance * (log_upper(np.where(distance == 0.0, 1.0, distance)) - 1.0)
            atom = self.atoms[0][1] * log_upper(z)
        return np.asarray(atom + (whole[:, :-1] - whole[:, 1:]) @ heights)

    def _uncertain(self) -> Real:
        """How far the distribution function may be off inside every bin."""
        _, cumulated, error = self._table
        return np.asarray(_SIGMAS * np.maximum(error[1:], error[:-1]) + np.diff(cumulated) + _BEYOND)

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        # |δG| <= ∫ |δF| dx/|z − x|², by parts; no bound on the line, where atoms may lie anywhere
        edges = self._table.edges
        out = np.full(z.shape, math.inf)
        above = z.imag != 0.0
        height = np.abs(z.imag[above])
        angles = np.arctan((edges - z.real[above, None]) / height[:, None])
        out[above] = np.diff(angles, axis=1) @ self._uncertain() / height
        return np.asarray(super()._stieltjes_error(z, value) + out)

    def _log_potential_error(self, z: Complex, value: Complex) -> Real:
        edges = self._table.edges
        out = np.full(z.shape, math.inf)
        above = z.imag != 0.0
        height = np.abs(z.imag[above])
        lengths = np.arcsinh((edges - z.real[above, None]) / height[:, None])
        out[above] = np.diff(lengths, axis=1) @ self._uncertain()
        return np.asarray(super()._log_potential_error(z, value) + out)

    def _exact_moments(self, order: int) -> list[Fraction]:
        moments = adjacency_moments if self.kind == "adjacency" else laplacian_moments
        return list(moments(exact(self.degree), order))


def mass_at_zero(degree: float, kind: str) -> float:
    """Mass of the atom at 0."""
    if kind == "laplacian":  # trees: u is the chance that a vertex lies in a finite component
        u = _fixed_point(lambda u: math.exp(-degree * (1.0 - u)), 0.0)
        return u - 0.5 * degree * u * u
    q = _fixed_point(lambda q: math.exp(-degree * math.exp(-degree * q)), 0.0)
    other = math.exp(-degree * q)
    return q + other + degree * q * other - 1.0


def _fixed_point(function: Any, low: float) -> float:
    """The smallest fixed point of an increasing function on [0, 1]."""
    value = low
    for _ in range(100_000):
        following = function(value)
        if abs(following - value) <= 1e-16:
            break
        value = following
    return float(value)


# ---------------------------------------------------------------------- population dynamics
@lru_cache(maxsize=16)
def _table(degree: float, kind: str, width: float, population: int) -> _Table:
    high = _reach(degree, kind)
    mass = mass_at_zero(degree, kind)
    symmetric = kind == "adjacency"
    # 0 is the middle of a bin for a symmetric law, and an edge for a law on [0, ∞)
    start = 0.5 * width if symmetric else width
    upper: Real = start + width * np.arange(math.ceil((high - start) / width) + 1.0)
    below = np.stack([_distribution(degree, kind, upper, population, seed) for seed in range(_REPLICAS)])
    value = below.mean(axis=0)
    error = below.std(axis=0, ddof=1) / math.sqrt(_REPLICAS)
    value = np.maximum.accumulate(np.minimum(value, 1.0))
    value[-1], error[-1] = 1.0, 0.0
    if symmetric:
        edges = np.concatenate([-upper[::-1], upper])
        cumulated = np.concatenate([1.0 - value[::-1], value - mass])
        error = np.concatenate([error[::-1], error])
    else:
        edges, cumulated = np.append(0.0, upper), np.append(0.0, value - mass)
        error = np.append(0.0, error)
    return _Table(edges, np.maximum.accumulate(np.maximum(cumulated, 0.0)), error)


def _reach(degree: float, kind: str) -> float:
    """A size beyond which the mass is negligible, by Markov's inequality for a moment."""
    moments = adjacency_moments if kind == "adjacency" else laplacian_moments
    sizes = [float(m) for m in moments(Fraction(degree), _ORDER)]
    return min(math.pow(sizes[k] / _BEYOND, 1.0 / k) for k in range(2, _ORDER + 1, 2))


def _distribution(degree: float, kind: str, x: Real, population: int, seed: int) -> Real:
    """The distribution function at points, from one population; all points share its trees."""
    from scipy.sparse import csr_array

    rng = np.random.default_rng(np.random.SeedSequence(20, spawn_key=(seed,)))
    own = 0.0 if kind == "adjacency" else 1.0
    z = np.asarray(x) + 1j * _HEIGHT
    values = np.full((population, z.size), -1j)
    total = np.zeros(z.size)
    half = population // 2
    for sweep in range(_BURN + _MEASURED):
        # half of the population is renewed: where all is, large degrees turn about the fixed point and never settle
        renewed = rng.permutation(population)[:half]
        children = rng.poisson(degree, half)
        starts = np.concatenate([[0], np.cumsum(children)])
        links = csr_array(
            (np.ones(starts[-1]), rng.integers(population, size=starts[-1]), starts), shape=(half, population)
        )
        root = z - own * children[:, None] - links @ values
        if sweep >= _BURN:
            one, other = values[renewed], values[rng.integers(population, size=half)]
            edge = np.angle(one) + np.angle(1.0 / one - other)
            total += (0.5 * degree * edge - np.angle(root)).mean(axis=0)
        values[renewed] = 1.0 / (root - own)
    return 1.0 + total / (_MEASURED * math.pi)
