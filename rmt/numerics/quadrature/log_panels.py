"""A positive measure on panels of log t: built from a density in a parameter, evaluated by compiled kernels."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Function = Callable[[Real], Real]

#: nodes and coefficients of a panel; log_panel_kernels has the same number
NODES = 16
PLAIN, MAXIMUM, MINIMUM, ZERO = 0, 1, 2, 3
#: largest half width of a panel in log t, of one beside an extreme from that extreme on
WIDEST, WIDEST_TURNING = 2.0, 1.0
#: resolved when the last coefficients are below this share of the whole mass, or of the panel's
ABSOLUTE, RELATIVE = 1e-14, 1e-13
#: rounding of log t, which blurs the map back to h on panels where log t hardly moves
ROUNDING = 1e-13
#: a panel narrower than this in log t becomes an atom
NARROWEST = 1e-12
#: panels with less mass are left out
NEGLIGIBLE = 1e-17
#: times a panel is cut at most, and panels of one level that are cut no further
DEEPEST, MOST_PANELS = 64, 4096
#: rounding of one operation
EPSILON = 2.3e-16
#: noise of log t behind which its course on a panel is not known
HIDDEN = 1e-3
#: noise of log t in the coefficients of the density, whose polynomial is differentiated
AMPLIFIED = 100.0
#: probes of one root
MOST_STEPS = 120
#: keeps quotients finite
TINY = 1e-300


@dataclass(frozen=True)
class Piece:
    """A stretch of the parameter h on which log t is monotone, or monotone on either side of one extreme.

    Attributes
    ----------
    low, high : float
        Ends in h.
    kind : int
        PLAIN; MAXIMUM or MINIMUM of log t; ZERO of the root of t inside.
    where, extreme : float
        Place of the extreme in h and log t there (unused for the other kinds).
    weight : float
        Factor of the density.
    """

    low: float
    high: float
    kind: int = PLAIN
    where: float = 0.0
    extreme: float = 0.0
    weight: float = 1.0


@dataclass(frozen=True)
class LogPanels:
    """A measure of total mass 1 as atoms and panels, sorted by log t.

    Attributes
    ----------
    atoms : tuple of (position, mass)
    kind, centre, half, extreme : ndarray of shape (panels,)
        With s = centre + half ξ, ξ in [-1, 1]: log t is s, ``extreme - s²`` or ``extreme + s²``, or t is s².
    masses, logarithms, coefficients : ndarray of shape (panels, 16)
        Masses and log t at the Gauss-Legendre nodes, Legendre coefficients of the density in ξ.
    unresolved : float
        Estimate of the mass by which the polynomials miss.
    """

    atoms: tuple[tuple[float, float], ...]
    kind: NDArray[np.int64]
    centre: Real
    half: Real
    extreme: Real
    masses: Real
    logarithms: Real
    coefficients: Real
    unresolved: float

    @property
    def parameters(self) -> Real:
        """The flat layout that the kernels of :mod:`rmt.numerics.quadrature.log_panel_kernels` read."""
        from rmt.numerics.quadrature.log_panel_kernels import far_table

        header = [float(len(self.atoms)), float(self.kind.size)]
        header += [a for a, _ in self.atoms] + [p for _, p in self.atoms]
        columns = np.column_stack([self.kind.astype(np.float64), self.centre, self.half, self.extreme])
        positions = np.exp(self.logarithms)
        body = np.concatenate([columns, self.masses, self.logarithms, positions, self.coefficients], axis=1)
        table = far_table(*self.ends, self.masses, self.logarithms)
        return np.concatenate([header, body.ravel(), table.ravel()])

    @property
    def mean(self) -> float:
        """Mean of t."""
        return float((self.masses * np.exp(self.logarithms)).sum()) + math.fsum(a * p for a, p in self.atoms)

    def node_quantiles(self, levels: Sequence[float]) -> Real:
        """Quantiles of t to the distance of the nodes, a seventh of a panel at most."""
        positions = np.concatenate([[a for a, _ in self.atoms], np.exp(self.logarithms).ravel()])
        masses = np.concatenate([[p for _, p in self.atoms], self.masses.ravel()])
        order = np.argsort(positions)
        reached = np.searchsorted(np.cumsum(masses[order]), np.asarray(levels))
        return np.asarray(positions[order][np.minimum(reached, order.size - 1)])

    def padded(self, zeros: float) -> LogPanels:
        """The same measure with a share of zeros mixed in."""
        share = 1.0 - zeros
        atoms = _merged([(0.0, zeros), *((a, share * p) for a, p in self.atoms)], 1.0)
        return replace(self, atoms=atoms, masses=share * self.masses, coefficients=share * self.coefficients)

    @property
    def ends(self) -> tuple[Real, Real]:
        """Smallest and largest log t of every panel."""
        first, last = self.centre - self.half, self.centre + self.half
        far = np.maximum(first**2, last**2)
        near = np.where(first * last < 0.0, 0.0, np.minimum(first**2, last**2))
        with np.errstate(divide="ignore"):
            log_near, log_far = np.log(near), np.log(far)
        low = np.choose(self.kind, [first, self.extreme - far, self.extreme + near, log_near])
        high = np.choose(self.kind, [last, self.extreme - near, self.extreme + far, log_far])
        return low, high


@dataclass(frozen=True)
class Measure:
    """What the panels are built from: functions of a parameter h, smooth inside every piece.

    Attributes
    ----------
    log_value : callable
        log t.
    root : callable
        A root of t that changes sign where t = 0, for pieces of kind ZERO.
    density : callable
        Density of h.
    pieces : sequence of Piece
        Together they carry all the mass that is not in `atoms`.
    atoms : sequence of (position, mass)
    noise : callable
        Noise of log t beyond a rounding relative to its own size.
    hidden : sequence of (position, mass)
        Points that stand for a density which noise hides.
    """

    log_value: Function
    root: Function
    density: Function
    pieces: Sequence[Piece]
    atoms: Sequence[tuple[float, float]] = ()
    noise: Function = np.zeros_like
    hidden: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class _Batch:
    """Panels under construction, one a row: their piece, their ends in h, and s at these ends."""

    piece: NDArray[np.int64]
    low: Real
    high: Real
    first: Real
    last: Real

    def __getitem__(self, index: Any) -> _Batch:
        return _Batch(self.piece[index], self.low[index], self.high[index], self.first[index], self.last[index])


class _Builder:
    """Cuts the pieces of a measure until the density on every panel is a polynomial of degree 15."""

    def __init__(self, measure: Measure) -> None:
        self.measure = measure
        self.kind = np.array([p.kind for p in measure.pieces], dtype=np.int64)
        self.where = np.array([p.where for p in measure.pieces])
        self.extreme = np.array([p.extreme for p in measure.pieces])
        self.weight = np.array([p.weight for p in measure.pieces])
        self.rows: list[dict[str, Any]] = []
        self.points = [*measure.atoms, *measure.hidden]

    def local(self, piece: NDArray[np.int64], h: Real) -> Real:
        """The monotone local variable s at h, both of one shape."""
        kind = self.kind[piece]
        out = np.empty(h.shape)
        zero, turning = kind == ZERO, (kind == MAXIMUM) | (kind == MINIMUM)
        if zero.any():
            out[zero] = self.measure.root(h[zero])
        if not zero.all():
            out[~zero] = self.measure.log_value(h[~zero])
        if turning.any():
            distance = np.sqrt(np.abs(self.extreme[piece[turning]] - out[turning]))
            out[turning] = np.copysign(distance, h[turning] - self.where[piece[turning]])
        return out

    def batch(self, piece: NDArray[np.int64], low: Real, high: Real) -> _Batch:
        """Panels with s evaluated at their ends."""
        return _Batch(piece, low, high, self.local(piece, low), self.local(piece, high))

    def inverse(self, batch: _Batch, target: Real) -> Real:
        """The h in [low, high] where s has these values, of shape (rows, targets)."""
        count = target.shape[1]
        piece, goal = np.repeat(batch.piece, count), target.ravel()
        a, b = np.repeat(batch.low, count), np.repeat(batch.high, count)
        fa, fb = np.repeat(batch.first, count) - goal, np.repeat(batch.last, count) - goal
        kind, size, noise = self.kind[piece], np.abs(goal), np.repeat(self.noise(batch), count)
        # noise of log t moves s = sqrt|extreme - log t| the more, the closer the extreme
        beside = 0.5 * (EPSILON * np.abs(self.extreme[piece]) + noise) / np.maximum(size, TINY)
        within = EPSILON * size + np.select([kind == PLAIN, kind == ZERO], [noise, 0.5 * noise * size], beside)
        return _solve(lambda h, i: self.local(piece[i], h) - goal[i], a, b, fa, fb, within).reshape(target.shape)

    def noise(self, batch: _Batch) -> Real:
        """Noise of log t on every panel."""
        return np.maximum(self.measure.noise(batch.low), self.measure.noise(batch.high))

    def run(self) -> None:
        """Cut level by level."""
        pieces = self.measure.pieces
        low, high = np.array([p.low for p in pieces]), np.array([p.high for p in pieces])
        batch = self.batch(np.arange(len(pieces)), low, high)
        for level in range(DEEPEST + 1):
            if batch.low.size == 0:
                break
            wide = self.width(batch) > self.widest(batch)
            last = level == DEEPEST or wide.size > MOST_PANELS
            again = np.zeros_like(wide) if last else wide
            again[~again] = self.cut(batch[~again], last=last)
            batch = batch[again]
            if batch.low.size:
                batch = self.split(batch)

    def width(self, batch: _Batch) -> Real:
        """Width in log t, counted from the extreme if there is one; 0 around a zero of t."""
        kind = self.kind[batch.piece]
        farthest = np.maximum(np.abs(batch.first), np.abs(batch.last))
        return np.select([kind == PLAIN, kind == ZERO], [np.abs(batch.last - batch.first), 0.0], farthest**2)

    def widest(self, batch: _Batch) -> Real:
        """Largest width of these panels, which keeps them away from the periods 2πi of the kernels in log t."""
        return 2.0 * np.where(self.kind[batch.piece] == PLAIN, WIDEST, WIDEST_TURNING)

    def own_width(self, batch: _Batch) -> Real:
        """Width in log t of the panel itself; 0 around a zero of t."""
        kind = self.kind[batch.piece]
        beside = np.where(batch.first * batch.last > 0.0, np.minimum(np.abs(batch.first), np.abs(batch.last)), 0.0)
        farthest = np.maximum(np.abs(batch.first), np.abs(batch.last))
        turning = (farthest - beside) * (farthest + beside)
        return np.select([kind == PLAIN, kind == ZERO], [np.abs(batch.last - batch.first), 0.0], turning)

    def split(self, batch: _Batch) -> _Batch:
        """Cut every panel about where s is halfway, but never at an extreme."""
        share = np.where(self.kind[batch.piece] == PLAIN, 0.5, 0.42)
        target = batch.first + share * (batch.last - batch.first)
        middle = self.inverse(batch, target[:, None])[:, 0]
        there = self.local(batch.piece, middle)
        columns = ((batch.low, middle), (middle, batch.high), (batch.first, there), (there, batch.last))
        return _Batch(np.repeat(batch.piece, 2), *(np.stack(pair, axis=1).ravel() for pair in columns))

    def cut(self, batch: _Batch, *, last: bool) -> NDArray[np.bool_]:
        """Keep the resolved panels of a batch; return which rows need another cut."""
        nodes, weights, transform, differentiate = _legendre_tools()
        kind, extreme = self.kind[batch.piece], self.extreme[batch.piece]
        centre, half = 0.5 * (batch.first + batch.last), 0.5 * (batch.last - batch.first)
        orientation = np.where(half < 0.0, -1.0, 1.0)
        half = np.abs(half)
        s = centre[:, None] + half[:, None] * nodes
        h = self.inverse(batch, s)
        # dh/dξ from the polynomial through h(ξ), whose ends are known too
        limits = np.stack([batch.low, batch.high], axis=1)
        limits = np.where(orientation[:, None] > 0.0, limits, limits[:, ::-1])
        speed = orientation[:, None] * (np.concatenate([h, limits], axis=1) @ differentiate.T)
        values = self.weight[batch.piece][:, None] * np.asarray(self.measure.density(h)) * speed
        masses, coefficients = weights * values, values @ transform.T
        mass = masses.sum(axis=1)
        noise = self.noise(batch)
        lost = noise > HIDDEN  # h is not known there, but between the ends lies what the density says
        if lost.any():
            between = 0.5 * (batch.high - batch.low)[lost]
            places = (0.5 * (batch.low + batch.high)[lost])[:, None] + between[:, None] * nodes
            whole = self.weight[batch.piece][lost] * between * (np.asarray(self.measure.density(places)) @ weights)
            masses[lost] = 0.5 * whole[:, None] * weights
            coefficients[lost] = np.where(np.arange(NODES) == 0, 0.5 * whole[:, None], 0.0)
            mass[lost] = whole
        with np.errstate(divide="ignore"):
            logarithms = np.select(
                [(kind == k)[:, None] for k in (PLAIN, MAXIMUM, MINIMUM)],
                [s, extreme[:, None] - s * s, extreme[:, None] + s * s],
                2.0 * np.log(np.abs(s)),
            )
        width = self.own_width(batch)
        scale = np.maximum(1.0, np.abs(np.where(kind == ZERO, 0.0, logarithms.T)).max(axis=0))
        narrow = (width < np.maximum(NARROWEST, 2.0 * noise)) & (kind != ZERO)
        blurred = np.maximum(ROUNDING * scale, AMPLIFIED * noise)
        blur = blurred / np.where(kind == ZERO, 1.0, np.maximum(width, NARROWEST))
        blur += ROUNDING * np.abs(limits).max(axis=1) / np.maximum(batch.high - batch.low, TINY)
        tail = np.abs(coefficients[:, -3:]).max(axis=1)
        resolved = (self.width(batch) <= self.widest(batch)) & (
            tail <= np.maximum(ABSOLUTE, np.maximum(RELATIVE, blur) * mass)
        )
        negligible = mass < NEGLIGIBLE
        for i in np.flatnonzero(narrow & ~negligible):
            self.points.append((math.exp(float(logarithms[i].mean())), float(mass[i])))
        keep = ~narrow & ~negligible & (resolved | last)
        for i in np.flatnonzero(keep):
            self.rows.append(
                {
                    "kind": kind[i],
                    "centre": centre[i],
                    "half": half[i],
                    "extreme": extreme[i],
                    "masses": masses[i],
                    "logarithms": logarithms[i],
                    "coefficients": coefficients[i],
                    "error": 0.0 if resolved[i] else tail[i],
                }
            )
        return np.asarray(~(narrow | negligible | keep))


def build_log_panels(measure: Measure) -> LogPanels:
    """Panels of the law of t = exp(log_value(h)), where h has the density of the measure; total mass 1."""
    builder = _Builder(measure)
    builder.run()
    rows = sorted(builder.rows, key=lambda row: float(row["logarithms"].mean()))
    total = math.fsum(p for _, p in builder.points) + math.fsum(float(row["masses"].sum()) for row in rows)

    def table(name: str) -> Real:
        return np.array([row[name] for row in rows]).reshape(len(rows), NODES)

    return LogPanels(
        atoms=_merged(builder.points, total),
        kind=np.array([row["kind"] for row in rows], dtype=np.int64),
        centre=np.array([row["centre"] for row in rows]),
        half=np.array([row["half"] for row in rows]),
        extreme=np.array([row["extreme"] for row in rows]),
        masses=table("masses") / total,
        logarithms=table("logarithms"),
        coefficients=table("coefficients") / total,
        unresolved=math.fsum(row["error"] for row in rows),
    )


def _solve(
    function: Callable[[Real, NDArray[np.intp]], Real], a: Real, b: Real, fa: Real, fb: Real, within: Real
) -> Real:
    """Roots in the brackets [a, b], to the last digit or until the function is below `within` (Chandrupatla 1997).

    ``function(x, i)`` is the function of every root i still sought; `fa` and `fb` are its values at the ends.
    """
    roots = np.where(np.abs(fa) < np.abs(fb), a, b)
    index = np.arange(a.size)
    share = np.full(a.shape, 0.5)
    for _ in range(MOST_STEPS):
        if index.size == 0:
            break
        x = a + share * (b - a)
        f = function(x, index)
        same = (f < 0.0) == (fa < 0.0)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = x, f
        closer = np.abs(fa) < np.abs(fb)
        best, residual = np.where(closer, a, b), np.where(closer, fa, fb)
        smallest = EPSILON * np.abs(best) / np.maximum(np.abs(b - a), TINY)
        open_ = (smallest < 0.5) & (np.abs(residual) > within[index])
        roots[index] = best
        index = index[open_]
        a, b, c, fa, fb, fc, smallest = (v[open_] for v in (a, b, c, fa, fb, fc, smallest))
        share = np.clip(_next_share(a, b, c, fa, fb, fc), smallest, 1.0 - smallest)
    return roots


def _next_share(a: Real, b: Real, c: Real, fa: Real, fb: Real, fc: Real) -> Real:
    """Where to probe between a and b: by inverse quadratic interpolation where it is monotone, else halfway."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        along, up = (a - b) / (c - b), (fa - fb) / (fc - fb)
        quadratic = (up**2 < along) & ((1.0 - up) ** 2 < 1.0 - along)
        step = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
    return np.where(quadratic, step, 0.5)


def _merged(points: Sequence[tuple[float, float]], total: float) -> tuple[tuple[float, float], ...]:
    """Atoms in increasing order, those that agree to rounding put together."""
    merged: list[tuple[float, float]] = []
    for a, p in sorted(points):
        if merged and a - merged[-1][0] <= 4.0 * NARROWEST * a:
            b, w = merged.pop()
            merged.append(((a * p + b * w) / (p + w), p + w))
        else:
            merged.append((a, p))
    return tuple((a, p / total) for a, p in merged)


@lru_cache(maxsize=1)
def _legendre_tools() -> tuple[Real, Real, Real, Real]:
    """Nodes, weights, values → Legendre coefficients, and values at nodes and both ends → derivative at the nodes."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    table = np.polynomial.legendre.legvander(nodes, NODES - 1)
    transform = ((np.arange(NODES) + 0.5)[:, None] * table.T) * weights
    points = np.concatenate([nodes, [-1.0, 1.0]])
    differences = points[:, None] - points[None, :]
    np.fill_diagonal(differences, 1.0)
    barycentric = 1.0 / differences.prod(axis=1)
    matrix = (barycentric[None, :] / barycentric[:, None]) / differences
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return nodes, weights, transform, matrix[:NODES]
