"""The cuts of equilibrium in a polynomial potential: their number from a convex problem, edges by Newton's method."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmt.errors import ConvergenceError
from rmt.laws.law import Real

#: points of the discretised problem, and rounds of cutting and joining after it
_GRID, _ROUNDS = 240, 12
#: times that the grid is laid anew over what carries mass, and what counts as none
_ZOOMS, _NO_MASS = 12, 1e-7
_NEWTON, _CONVERGED, _ALLOWED = 60, 1e-13, 1e-9
#: nodes of a rule across a gap, and points at which inequalities are looked at
_NODES, _LOOKS = 120, 400


@dataclass(frozen=True, eq=False)
class Cuts:
    """The ends of the cuts in order, and the polynomial factor M of the density |M| √|R|/2π, from its constant on."""

    edges: Real
    factor: Real

    @property
    def pairs(self) -> Real:
        """One row (low, high) a cut."""
        return self.edges.reshape(-1, 2)

    def root(self, x: Real) -> Real:
        """√|R|, R the product of all distances to edges."""
        return np.asarray(np.sqrt(np.abs(np.prod(x[..., None] - self.edges, axis=-1))))

    def force(self, x: Real) -> Real:
        """V′ − 2 Re G off the cuts, from the left of them to the right."""
        beyond = (self.edges > x[..., None]).sum(axis=-1) // 2
        return np.polynomial.polynomial.polyval(x, self.factor) * self.root(x) * np.where(beyond % 2, -1.0, 1.0)

    def density(self, x: Real) -> Real:
        """The density on the cuts; negative where these cuts are wrong."""
        beyond = (self.pairs[:, 0] > x[..., None]).sum(axis=-1)
        sign = np.where(beyond % 2, -1.0, 1.0)
        return np.polynomial.polynomial.polyval(x, self.factor) * self.root(x) * sign / (2.0 * math.pi)


def solve_cuts(slope: Real) -> Cuts:
    """Cuts, inside [−1, 1], of the potential with the derivative Σ slope_k x^k.

    The measure is the only one that is positive, with its effective potential least on it: what these inequalities
    refuse is cut or joined and solved again.

    Raises
    ------
    ConvergenceError
        If no cuts are found that satisfy them.
    """
    pairs = discretised_cuts(slope)
    tried = []
    for _ in range(_ROUNDS):
        found = newton(slope, pairs.ravel())
        tried.append(len(pairs))
        if found is None:
            pairs = _joined(pairs)
            continue
        better = _corrected(found)
        if better is None:
            return found
        pairs = better
    raise ConvergenceError(
        f"no equilibrium measure was found for the potential with derivative coefficients {slope.tolist()!r}, cuts "
        f"tried: {tried}: it may be at a transition between two numbers of cuts; change a coefficient a little"
    )


# ---------------------------------------------------------------------- the convex problem on a grid
def frame(slope: Real) -> tuple[float, float]:
    """Middle and half length of an interval that holds the support and is not much longer."""
    centre, reach = _reach(slope)
    for _ in range(_ZOOMS):
        x, masses = grid_masses(slope, centre, reach)
        here = x[masses > _NO_MASS]
        margin = 3.0 * (x[1] - x[0])
        low, high = here[0] - margin, here[-1] + margin
        if high - low > reach:
            break
        centre, reach = float(0.5 * (low + high)), float(0.5 * (high - low))
    return centre, reach


def discretised_cuts(slope: Real) -> Real:
    """Approximate cuts: runs of points with masses (Olver 2011 starts so, too)."""
    x, masses = grid_masses(slope, 0.0, 1.05)
    step = x[1] - x[0]
    here = np.flatnonzero(masses > _NO_MASS)
    runs = np.split(here, np.flatnonzero(np.diff(here) > 2) + 1)
    return np.array([(x[run[0]] - 0.5 * step, x[run[-1]] + 0.5 * step) for run in runs])


def grid_masses(slope: Real, centre: float, reach: float) -> tuple[Real, Real]:
    """Points of a grid, and the positive masses of least energy on it."""
    from scipy.linalg import solve_triangular
    from scipy.optimize import nnls

    x = centre + reach * np.linspace(-1.0, 1.0, _GRID)
    step = x[1] - x[0]
    if not step > 1e-12 * abs(centre):
        raise ConvergenceError(
            f"the support of the equilibrium measure at {centre!r} is too narrow for its place; move the potential to 0"
        )
    potential = np.polynomial.polynomial.polyval(x, np.concatenate([[0.0], slope / np.arange(1.0, slope.size + 1.0)]))
    potential -= potential.min()
    # in units in which every distance is below 1 the kernel is positive definite
    unit = 8.0 * reach
    distance = np.abs(x[:, None] - x) / unit
    np.fill_diagonal(distance, step / unit * math.exp(-1.5))
    upper = np.linalg.cholesky(-np.log(distance)).T
    weight = 1e4 * math.sqrt(float(np.abs(upper).max()))
    right = -0.5 * solve_triangular(upper, np.minimum(potential, 1e6), trans="T")
    masses, _ = nnls(np.vstack([upper, np.full((1, _GRID), weight)]), np.append(right, weight), maxiter=50 * _GRID)
    return x, masses


def _reach(slope: Real) -> tuple[float, float]:
    """Centre and half width of an interval that holds the support: beyond, V′ pulls inwards more than 1/distance."""
    critical = np.polynomial.polynomial.polyroots(slope)
    centre = float(critical.real.mean())
    reach = 1.1 * float(np.abs(critical - centre).max(initial=0.0)) + 1e-3 * (1.0 + abs(centre))
    for _ in range(400):
        ends = np.array([centre - reach, centre + reach])
        pull = np.polynomial.polynomial.polyval(ends, slope) * np.array([-1.0, 1.0])
        if (pull * reach > 4.0).all():
            return centre, 1.1 * reach
        reach *= 1.1
    raise ConvergenceError(f"the potential with derivative coefficients {slope.tolist()!r} is too flat to be scaled")


# ---------------------------------------------------------------------- edges
def newton(slope: Real, edges: Real) -> Cuts | None:
    """Edges for which V′/√R = M + 2 z^(−q−1) + …, and the effective potential is the same on all cuts; None if lost."""
    e = edges.astype(np.float64)
    size = _size(slope, e)
    for _ in range(_NEWTON):
        value = _residual(slope, e) / size
        if not np.isfinite(value).all():
            return None
        if np.abs(value).max() <= _CONVERGED:
            break
        width = np.diff(e).min()
        h = 1e-6 * width
        jacobian = np.empty((e.size, e.size))
        for i in range(e.size):
            there, back = e.copy(), e.copy()
            there[i] += h
            back[i] -= h
            jacobian[:, i] = (_residual(slope, there) - _residual(slope, back)) / (2.0 * h) / size
        try:
            step = np.linalg.solve(jacobian, value)
        except np.linalg.LinAlgError:
            return None
        room = np.minimum(np.diff(e, prepend=-math.inf), np.diff(e, append=math.inf))
        share = min(1.0, float((0.4 * room / np.maximum(np.abs(step), 1e-300)).min()))
        e = e - share * step
        if share == 1.0 and np.abs(step).max() <= 4.0 * np.finfo(float).eps * np.abs(e).max():
            break
    if np.abs(_residual(slope, e) / size).max() > _ALLOWED:
        return None
    return Cuts(e, _factor(slope, e))


def _series(edges: Real, count: int) -> Real:
    """Coefficients of Π (1 − e u)^(−1/2) in u."""
    out = np.zeros(count)
    out[0] = 1.0
    powers = np.cumprod(np.broadcast_to(edges, (count, edges.size)), axis=0).sum(axis=1)
    for k in range(1, count):
        out[k] = 0.5 * float(powers[:k] @ out[k - 1 :: -1][:k]) / k
    return out


def _laurent(slope: Real, edges: Real, power: int, series: Real) -> float:
    """Coefficient of z^power in V′/√R at infinity."""
    first = edges.size // 2 + power
    j = np.arange(max(0, first), slope.size)
    return float(slope[j] @ series[j - first])


def _factor(slope: Real, edges: Real) -> Real:
    series = _series(edges, slope.size + edges.size + 2)
    return np.array([_laurent(slope, edges, p, series) for p in range(max(slope.size - edges.size // 2, 0))])


def _residual(slope: Real, edges: Real) -> Real:
    cuts = edges.size // 2
    series = _series(edges, slope.size + edges.size + 2)
    algebraic = [_laurent(slope, edges, -r, series) for r in range(1, cuts + 1)]
    algebraic.append(_laurent(slope, edges, -cuts - 1, series) - 2.0)
    found = Cuts(edges, _factor(slope, edges))
    angles = math.pi * np.arange(1, _NODES + 1) / (_NODES + 1)
    gaps = []
    for low, high in zip(edges[1:-1:2], edges[2:-1:2], strict=True):
        x = 0.5 * (low + high) + 0.5 * (high - low) * np.cos(angles)
        weights = 0.5 * (high - low) * math.pi / (_NODES + 1) * np.sin(angles)
        gaps.append(float(weights @ found.force(x)))
    return np.array([*algebraic, *gaps])


def _size(slope: Real, edges: Real) -> Real:
    """Units of the residuals."""
    cuts = edges.size // 2
    width = float(edges[-1] - edges[0])
    reach = max(float(np.abs(edges).max()), width)
    return np.array([*(2.0 * reach ** -(cuts + 1.0 - r) for r in range(1, cuts + 1)), 2.0, *[2.0] * (cuts - 1)])


# ---------------------------------------------------------------------- inequalities
def _corrected(cuts: Cuts) -> Real | None:
    """Other cuts to try, where these violate an inequality; None where they are those of the equilibrium."""
    pairs: list[tuple[float, float]] = []
    changed = False
    for low, high in cuts.pairs:
        x = 0.5 * (low + high) - 0.5 * (high - low) * np.cos(math.pi * (np.arange(_LOOKS) + 0.5) / _LOOKS)
        density = cuts.density(x)
        negative = np.flatnonzero(density < -1e-12 * np.abs(density).max())
        if not negative.size:
            pairs.append((low, high))
            continue
        changed = True
        hole = (float(x[negative[0]]), float(x[negative[-1]]))
        if negative[0] > 0:
            pairs.append((low, hole[0]))
        if negative[-1] < _LOOKS - 1:
            pairs.append((hole[1], high))
    born = _born(cuts)
    if born is not None:
        return np.array(sorted([*pairs, born]))
    return np.array(pairs) if changed else None


def _born(cuts: Cuts) -> tuple[float, float] | None:
    """An interval off the cuts where the effective potential is below its value on them."""
    edges = cuts.edges
    width = edges[-1] - edges[0]
    worst, found = -1e-9, None
    stretches = [(edges[0], edges[0] - 4.0 * width), (edges[-1], edges[-1] + 4.0 * width)]
    stretches += list(zip(edges[1:-1:2], edges[2:-1:2], strict=True))
    for start, end in stretches:
        t = np.linspace(0.0, 1.0, 2 * _LOOKS) ** 2
        x = start + (end - start) * t
        force = cuts.force(x)
        potential = np.concatenate([[0.0], np.cumsum(0.5 * (force[1:] + force[:-1]) * np.diff(x))])
        scale = max(float(np.abs(potential).max()), 1.0)
        i = int(np.argmin(potential))
        if potential[i] < worst * scale and potential[i] < -1e-5 * scale:
            low, high = sorted((x[max(i - 3, 0)], x[min(i + 3, x.size - 1)]))
            found, worst = (float(low), float(high)), potential[i] / scale
    return found


def _joined(pairs: Real) -> Real:
    """The same cuts with the two nearest ones as one; a single cut, wider."""
    if len(pairs) == 1:
        low, high = pairs[0]
        return np.array([(low - 0.2 * (high - low), high + 0.2 * (high - low))])
    gap = int(np.argmin(pairs[1:, 0] - pairs[:-1, 1]))
    return np.vstack([pairs[:gap], [(pairs[gap, 0], pairs[gap + 1, 1])], pairs[gap + 2 :]])
