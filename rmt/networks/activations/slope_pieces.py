"""Where the squared derivative φ'(√q h)² rises and falls, and the density of h on each stretch."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from rmt.networks.activations.activation import Activation, Real, RealFunction
from rmt.networks.activations.gaussian_rules import geometric_offsets, standard_density
from rmt.numerics.quadrature.log_panels import MAXIMUM, MINIMUM, PLAIN, ZERO, Function, Measure, Piece

#: standard deviations kept: the rest carries 2e-21
REACH = 9.5
#: smallest change of log φ'² between neighbours of the search grid that counts
FLAT = 1e-13
#: runs of at most this many flat cells are the top of an extreme, not a constant stretch
SHORT = 3
#: change of log φ'² up to which one panel follows an extreme
EXTREME_DROP = 0.2
#: drop of log φ'², from the last extreme, behind which the panels around a zero of φ' take over
ZERO_DROP = 4.0
#: log φ'² below this counts as 0: no double z comes near
DEEPEST = -760.0
#: errors of a difference quotient below which a derivative counts as 0
UNTOLD = 4.0
#: log φ'² this far below the neighbours of a minimum: φ' is 0 there, without a change of sign
TOUCHING = 40.0
#: distance from such a zero at which φ' is nothing but rounding, and the multiple of that rounding from which it counts
ROUNDED, COUNTED = 1e-9, 1e3
#: spacing of the points between which φ' is compared to find its noise
SPACING = 2.3e-3
#: noise taken for each standard deviation of it measured in φ'
SAFE = 6.0
#: noise of log φ'² behind which nothing is known
PURE_NOISE = 1e3
#: noise of log φ'² above which a stretch is not known to be constant
BLURRED = 1e-6
_KINDS = {"maximum": MAXIMUM, "minimum": MINIMUM, "zero": ZERO}
_EXTREMES = ("maximum", "minimum")


def squared_slope_measure(phi: Activation, q: float) -> Measure:
    """The law of φ'(√q h)² as pieces of h with a density, and atoms where the derivative is constant.

    The line of h is cut at the kinks, extremes and zeros of φ', and folded where φ'² is even or periodic.
    """
    deviation = math.sqrt(q)

    def log_value(h: Real) -> Real:
        logarithm = 2.0 * np.asarray(phi.log_abs_derivative(deviation * h), dtype=np.float64)
        if phi.slope_noise is not None:  # a derivative that is not told from 0
            with np.errstate(divide="ignore"):
                nothing = 2.0 * np.log(UNTOLD * np.asarray(phi.slope_noise(deviation * h)))
            logarithm = np.where(logarithm <= nothing, DEEPEST, logarithm)
        return np.maximum(logarithm, DEEPEST)

    def at(function: RealFunction) -> Callable[[float], float]:
        return lambda h: float(np.asarray(function(np.array([deviation * h])))[0])

    slope, curvature = at(phi.slope), at(phi.slope_of_slope)

    period = None if phi.slope_period is None else phi.slope_period / deviation
    even = _is_even(phi, deviation)
    if period is not None and period < 2.0 * REACH:
        low = _steepest_place(phi) / deviation
        high = low + period
        density = _folded_density(period)
        even = False
    else:
        density = standard_density if not even else (lambda h: 2.0 * standard_density(h))
        low, high = (0.0 if even else -REACH), REACH
    cuts = [k / deviation for k in phi.kinks if low < k / deviation < high]
    pieces: list[Piece] = []
    atoms: list[tuple[float, float]] = []
    hidden: list[tuple[float, float]] = []
    places, levels = [], []
    for a, b in zip([low, *cuts], [*cuts, high], strict=True):
        grid = _search_grid(phi, deviation, a, b)
        places.append(grid)
        levels.append(_noise(phi, deviation, deviation * grid))
        noise = _noise_between(phi, deviation, grid, levels[-1])
        new_pieces, new_atoms, new_hidden = _stretch(log_value, slope, curvature, density, noise, grid, even)
        pieces += new_pieces
        atoms += new_atoms
        hidden += new_hidden
    noise = _noise_between(phi, deviation, np.concatenate(places), np.concatenate(levels))
    return Measure(log_value, lambda h: np.asarray(phi.slope(deviation * h)), density, pieces, atoms, noise, hidden)


def _noise_between(phi: Activation, deviation: float, places: Real, levels: Real) -> Function:
    """Noise of log φ'² at any h: known for a difference quotient, else interpolated."""
    if phi.slope_noise is not None:
        return lambda h: _noise(phi, deviation, deviation * np.asarray(h))
    return lambda h: np.interp(h, places, levels)


def _noise(phi: Activation, deviation: float, x: Real) -> Real:
    """Noise of log φ'² at increasing points between two kinks, beyond a rounding relative to its own size."""
    if phi.named:
        return np.full(x.shape, 0.0 if phi.log_slope is not None else 4e-16)
    if phi.slope_noise is not None:
        size = np.abs(np.asarray(phi.slope(x)))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(size > 0.0, np.asarray(phi.slope_noise(x)) / size, 0.0)
        return np.minimum(4e-16 + share, PURE_NOISE)
    # eighth differences leave nothing of a smooth φ' (Moré and Wild 2011, with a spacing that shows staircases too);
    # a bend of φ' spoils one of three windows at most
    edges = np.array([-np.inf, *phi.kinks, np.inf])
    right = int(np.searchsorted(edges, 0.5 * (x[0] + x[-1])))
    low, high = edges[right - 1], edges[right]
    widest = np.minimum(SPACING * np.maximum(1.0, np.abs(x) / 8.0), SPACING * deviation)
    if phi.slope_period is not None:
        widest = np.minimum(widest, SPACING * phi.slope_period / (2.0 * math.pi))
    spacing = np.minimum(widest, (high - low) / 39.0)
    centre = np.clip(x, low + 19.5 * spacing, high - 19.5 * spacing)
    values = np.asarray(phi.slope(centre[:, None] + spacing[:, None] * np.arange(-19, 20))).reshape(-1, 3, 13)
    # of values of different sizes every one has its own rounding
    spread = np.abs(values).max(axis=2) * math.sqrt(math.comb(16, 8))
    rough = np.abs(np.diff(values, 8, axis=2)).max(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(rough > 0.0, rough / spread, 0.0)
    share = np.median(share, axis=1)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(share, 3, mode="edge"), 7).max(axis=1)
    return np.asarray(np.minimum(4e-16 + SAFE * around, PURE_NOISE))


def _is_even(phi: Activation, deviation: float) -> bool:
    """Whether φ'² is even, so that half the line suffices."""
    x = deviation * np.linspace(0.01, REACH, 101)
    right, left = np.asarray(phi.slope(x)) ** 2, np.asarray(phi.slope(-x)) ** 2
    return bool(np.all(np.abs(right - left) <= 1e-15 * np.maximum(right, left))) and phi.named


def _folded_density(period: float) -> Function:
    """Density of h modulo the period."""
    if period > 2.0:
        images = period * np.arange(-math.ceil(REACH / period) - 1, math.ceil(REACH / period) + 2)
        return lambda h: standard_density(h[..., None] + images).sum(axis=-1)
    # many images: their Fourier series
    order = np.arange(1, 8)
    decay = np.exp(-2.0 * (math.pi * order / period) ** 2)
    return lambda h: (1.0 + 2.0 * np.cos(2.0 * math.pi / period * h[..., None] * order) @ decay) / period


def _steepest_place(phi: Activation) -> float:
    """Where a period of φ'² may begin: far from its extremes and zeros."""
    assert phi.slope_period is not None
    x = phi.slope_period * (np.arange(256) / 256.0 - 0.5123)
    squares = np.asarray(phi.slope(x)) ** 2
    return float(x[1 + np.argmax(np.abs(squares[2:] - squares[:-2]))])


def _search_grid(phi: Activation, deviation: float, low: float, high: float) -> Real:
    """Points of [low, high] dense enough to show every rise and fall of φ'²."""
    uniform = np.arange(low, high, 0.02)
    if phi.slope_period is not None:
        uniform = np.arange(low, high, min(0.02, phi.slope_period / deviation / 256.0))
    elif phi.panels:  # polynomials of degree 16, that turn no more often
        ends = np.asarray(phi.panels) / deviation
        ends = ends[(ends > low - 0.02) & (ends < high + 0.02)]
        uniform = np.concatenate([uniform, *(np.linspace(a, b, 25) for a, b in pairwise(ends))])
    offsets = phi.scale * geometric_offsets(2.0 * REACH * deviation / phi.scale, 1.0 / 64.0)
    fine = np.concatenate([offsets[:1], *(np.linspace(a, b, 9) for a, b in pairwise(offsets))])
    graded = [(f + fine) / deviation for f in phi.features]
    grid = np.unique(np.concatenate([uniform, *graded, [low, high]]))
    return grid[(grid >= low) & (grid <= high)]


def _stretch(
    log_value: Function,
    slope: Callable[[float], float],
    curvature: Callable[[float], float],
    density: Function,
    noise: Function,
    grid: Real,
    even: bool,
) -> tuple[list[Piece], list[tuple[float, float]], list[tuple[float, float]]]:
    """Pieces and atoms between two kinks, and points for what noise hides."""
    # at a kink the values from inside count
    inner = grid.copy()
    inner[0] += 4e-16 * max(abs(grid[0]), 1e-3 * (grid[1] - grid[0]))
    inner[-1] -= 4e-16 * max(abs(grid[-1]), 1e-3 * (grid[-1] - grid[-2]))
    values = log_value(inner)
    values, inner, direction, atoms = _without_underflow(log_value, density, noise, values, inner)
    marks: list[tuple[float, str]] = [(float(inner[0]), "end")]
    pieces: list[Piece] = []
    hidden: list[tuple[float, float]] = []
    i, last, begin, cells = 0, 0, 0, direction.size
    while i < cells:
        j = i
        while j < cells and direction[j] == direction[i]:
            j += 1
        if direction[i] == 0 and (j - i > SHORT or j - i == cells):
            _close(log_value, density, pieces, hidden, marks, float(inner[i]))
            found = _constant(values[i : j + 1], density, float(inner[i]), float(inner[j]))
            blurred = float(np.max(noise(inner[i : j + 1]))) > BLURRED and values[i:j].max() > DEEPEST
            atoms, hidden = (atoms, hidden + found) if blurred else (atoms + found, hidden)
            marks = [(float(inner[j]), "end")]
            last, begin = 0, j
        elif direction[i] != 0:
            if last != 0 and direction[i] != last:
                marks.append(_turn(log_value, slope, curvature, inner[max(begin, i - SHORT - 1) : i + 2], last))
            last = int(direction[i])
        i = j
    _close(log_value, density, pieces, hidden, marks, float(inner[-1]))
    if even and inner[0] < 1e-9:
        pieces = [part for piece in pieces for part in _mirrored(log_value, piece)]
    return pieces, atoms, hidden


def _without_underflow(
    log_value: Function, density: Function, noise: Function, values: Real, grid: Real
) -> tuple[Real, Real, Real, list[tuple[float, float]]]:
    """Cut off the ends of a stretch where t underflows, and put their mass at 0."""
    live = np.flatnonzero(values > DEEPEST)
    if live.size < 2:
        return values, grid, _directions(values, noise(grid)), []
    first, last = int(live[0]), int(live[-1])
    atoms: list[tuple[float, float]] = []
    low, high = float(grid[first]), float(grid[last])
    if first > 0:
        low = _last_live(log_value, low, float(grid[0]))
        atoms += _constant(values[:1], density, float(grid[0]), low)
    if last < grid.size - 1:
        high = _last_live(log_value, high, float(grid[-1]))
        atoms += _constant(values[-1:], density, high, float(grid[-1]))
    kept = np.unique(np.concatenate([[low], grid[first : last + 1], [high]]))
    inside = log_value(kept)
    return inside, kept, _directions(inside, noise(kept)), atoms


def _last_live(log_value: Function, live: float, dead: float) -> float:
    """The last h on the way from `live` to `dead` where t does not underflow."""
    for _ in range(60):
        middle = 0.5 * (live + dead)
        if float(log_value(np.array([middle]))[0]) > DEEPEST:
            live = middle
        else:
            dead = middle
    return live


def _directions(values: Real, noise: Real) -> Real:
    """Sign of every change that is more than noise."""
    with np.errstate(invalid="ignore"):
        change = np.diff(values)
    change[np.isnan(change)] = 0.0  # -inf next to -inf
    return np.where(np.abs(change) <= np.maximum(FLAT, noise[1:] + noise[:-1]), 0.0, np.sign(change))


def _constant(values: Real, density: Function, low: float, high: float) -> list[tuple[float, float]]:
    """Atom of a stretch of constant derivative."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    edges = np.linspace(low, high, 25)
    half = 0.5 * np.diff(edges)[:, None]
    h = 0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes
    mass = float((half * weights * density(h)).sum())
    level = float(np.mean(values))
    return [(math.exp(level), mass)] if mass > 1e-18 else []


def _turn(
    log_value: Function,
    slope: Callable[[float], float],
    curvature: Callable[[float], float],
    around: Real,
    before: int,
) -> tuple[float, str]:
    """The extreme, or the zero of φ', between these points, where the direction changes."""
    from scipy.optimize import brentq, minimize_scalar

    a, b = float(around[0]), float(around[-1])
    if before < 0 and slope(a) * slope(b) < 0.0:
        return float(brentq(slope, a, b, xtol=1e-300, rtol=1e-15, maxiter=2000)), "zero"
    if curvature(a) * curvature(b) < 0.0:
        place = float(brentq(curvature, a, b, xtol=1e-300, rtol=1e-15, maxiter=2000))
        if before < 0 and _touches(log_value, a, place, b):
            return place, "touch"
        return place, "maximum" if before > 0 else "minimum"
    found = minimize_scalar(
        lambda h: -before * float(log_value(np.array([h]))[0]),
        bounds=(a, b),
        method="bounded",
        options={"xatol": 1e-12},
    )
    if before < 0 and _touches(log_value, a, float(found.x), b):
        return float(found.x), "touch"
    return float(found.x), "maximum" if before > 0 else "minimum"


def _rounding(log_value: Function, zero: float) -> float:
    """Level of log φ'² from which on it is more than rounding."""
    around = zero + ROUNDED * np.array([-3.0, -2.0, -1.0, -0.3, 0.0, 0.3, 1.0, 2.0, 3.0])
    return max(float(log_value(around).max()) + 2.0 * math.log(COUNTED), DEEPEST + 1.0)


def _touches(log_value: Function, a: float, place: float, b: float) -> bool:
    """Whether φ' is 0 at a minimum of its square, as far as its rounding tells."""
    left, here, right = (float(v) for v in log_value(np.array([a, place, b])))
    return here < min(left, right) - TOUCHING


def _close(
    log_value: Function,
    density: Function,
    pieces: list[Piece],
    atoms: list[tuple[float, float]],
    marks: list[tuple[float, str]],
    end: float,
) -> None:
    """Turn the marks of a stretch into pieces: panels around extremes and zeros, plain ones between."""
    if end <= marks[0][0]:
        return
    marks = [*marks, (end, "end")]
    cuts = [_cuts(log_value, a, first, b, second) for (a, first), (b, second) in pairwise(marks)]
    reached = -math.inf
    for k, (left, right) in enumerate(cuts):
        left, right = max(left, reached), max(right, reached)  # next to noise cuts may pass each other
        reached = right
        if right > left:
            pieces.append(Piece(left, right))
        if k + 1 < len(cuts):
            where, name = marks[k + 1]
            if cuts[k + 1][0] <= right:
                continue
            if name == "touch":
                atoms += _constant(np.array([_rounding(log_value, where)]), density, right, cuts[k + 1][0])
                continue
            level = 0.0 if name == "zero" else float(log_value(np.array([where]))[0])
            pieces.append(Piece(right, cuts[k + 1][0], _KINDS[name], where, level))


def _cuts(log_value: Function, a: float, first: str, b: float, second: str) -> tuple[float, float]:
    """Ends of the plain piece between two marks."""
    at_a, at_b = (float(v) for v in log_value(np.array([a, b])))
    left, right = a, b
    if first == "zero":
        left = _level(log_value, b, a, at_b, ZERO_DROP)
    if second == "zero":
        right = _level(log_value, a, b, at_a, ZERO_DROP)
    # next to a zero without a change of sign φ' is known to the rounding of its terms only
    if first == "touch":
        left = _level(log_value, b, a, at_b, at_b - _rounding(log_value, a))
    if second == "touch":
        right = _level(log_value, a, b, at_a, at_a - _rounding(log_value, b))
    drop = EXTREME_DROP if "zero" in (first, second) else min(EXTREME_DROP, 0.5 * abs(at_b - at_a))
    if first in _EXTREMES:
        left = _level(log_value, a, b, at_a, drop)
    if second in _EXTREMES:
        right = _level(log_value, b, a, at_b, drop)
    return left, max(left, right)


def _level(log_value: Function, start: float, stop: float, level: float, drop: float) -> float:
    """The h between start and stop where log t has moved by `drop` from its level at the start; else stop."""

    def moved(h: float) -> bool:
        return not abs(float(log_value(np.array([h]))[0]) - level) <= drop

    if not moved(stop):
        return stop
    inside, outside = start, stop
    for _ in range(60):
        middle = 0.5 * (inside + outside)
        inside, outside = (inside, middle) if moved(middle) else (middle, outside)
    return outside


def _mirrored(log_value: Function, piece: Piece) -> list[Piece]:
    """Start a plain piece at the axis of symmetry with a panel around the extreme there."""
    if piece.low > 1e-9 or piece.kind != PLAIN:
        return [piece]
    level, beside = (float(v) for v in log_value(np.array([0.0, piece.high])))
    if not math.isfinite(level):
        return [piece]
    high = _level(log_value, 0.0, piece.high, level, EXTREME_DROP)
    around = Piece(-high, high, MAXIMUM if beside < level else MINIMUM, 0.0, level, 0.5)
    return [around] if high == piece.high else [around, Piece(high, piece.high)]
