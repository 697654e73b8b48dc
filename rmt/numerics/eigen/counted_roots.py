"""Real roots of a function that comes with a count of its roots below any point.

The characteristic polynomial of a tridiagonal matrix (Sturm), of its Golub-Kahan form, or of a unitary matrix
given by Verblunsky coefficients (Szegő) all cost one sweep per point and give the count as a by-product. Roots
are isolated by the counts; each isolated root is then found by the secant method on the function divided by
(x − λ_m) over the nearest other roots λ_m, whose current estimates take away most of the curvature. The bracket
given by the counts is kept at every step, so a bad step costs one bisection and never a wrong root.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError
from rmt.numerics.compilation.jit import inner_kernel, kernel

Array = NDArray[Any]
Real = NDArray[np.float64]
Counts = NDArray[np.int64]
#: points -> (number of roots below each point, mantissa and power-of-two exponent of the function)
Evaluate = Callable[[Real], tuple[Counts, Real, Counts]]

NEIGHBOURS = 3
SUBDIVISION = 8
FIRST_GRID = 128
ISOLATION_PASSES = 1100
SECANT_PASSES = 1200


def counted_roots(
    evaluate: Evaluate,
    low: float,
    high: float,
    first: int,
    last: int,
    *,
    absolute: float,
    relative: float = 0.0,
    grid: Real | None = None,
) -> Real:
    """Roots number `first` to `last` (excluded), counted from 0 in ascending order.

    Parameters
    ----------
    evaluate : callable
        Takes ascending points and returns the count of roots below, and the function as mantissa and exponent.
    low, high : float
        The roots asked for lie between: ``count(low) <= first`` and ``count(high) >= last``.
    first, last : int
        Range of indices.
    absolute, relative : float
        A root is accepted at the error ``max(absolute, relative |x|)``.
    grid : array, optional
        Ascending first points, for instance quantiles of the limit law; by default equally spaced.

    Returns
    -------
    array of ``last - first`` ascending roots

    Raises
    ------
    ConvergenceError
        If a root is not found, which means that the counts are inconsistent.
    """
    wanted = last - first
    if wanted <= 0:
        return np.empty(0)
    if grid is None:
        grid = np.linspace(low, high, max(wanted, FIRST_GRID) + 1)[1:-1]
    inside = grid[(grid > low) & (grid < high)]
    x = np.concatenate(([low], inside, [high]))
    x, count, mantissa, exponent = _isolate(evaluate, x, first, last, absolute, relative)
    left = np.searchsorted(count, np.arange(first, last), side="right") - 1
    state = _Brackets(x, mantissa, exponent, left)
    active = np.arange(wanted)
    for iteration in range(SECANT_PASSES):
        points = np.empty(active.size)
        remaining = propose(active, points, absolute, relative, iteration, *state.arrays)
        if remaining == 0:
            return np.sort(state.root)
        active, points = active[:remaining], points[:remaining]
        count, mantissa, exponent = evaluate(points)
        absorb(active, points, count - first, mantissa, exponent, *state.arrays)
    worst = int(active[0])
    raise ConvergenceError(
        "a root of a characteristic polynomial was not found: its counts are inconsistent",
        point=float(state.root[worst]),
        residual=float(state.arrays[4][worst] - state.arrays[3][worst]),
    )


class _Brackets:
    """Estimate, isolating interval, bracket, and the last two iterates of every root, newest first.

    An iterate is a position and the function there as mantissa and exponent, one row of three arrays. The last
    array says which roots wait for the confirmation of their estimate.
    """

    def __init__(self, x: Real, mantissa: Real, exponent: Counts, left: Counts) -> None:
        low, high = x[left], x[left + 1]
        self.root = 0.5 * (low + high)
        position = np.stack([high, low])
        value = np.stack([mantissa[left + 1], mantissa[left]])
        power = np.stack([exponent[left + 1], exponent[left]])
        waiting = np.zeros(left.size, np.bool_)
        self.arrays = (self.root, low, high, low.copy(), high.copy(), position, value, power, waiting)


def _isolate(
    evaluate: Evaluate, x: Real, first: int, last: int, absolute: float, relative: float
) -> tuple[Real, Counts, Real, Counts]:
    """Refine the points until every wanted root is alone in its interval, or its interval is narrow.

    A sweep costs the same for one point as for FIRST_GRID of them: a few roots are enclosed to the end this way.
    """
    alone = 0 if (last - first) * SUBDIVISION <= FIRST_GRID else 1
    count, mantissa, exponent = evaluate(x)
    count = np.maximum.accumulate(count)
    count[0], count[-1] = min(count[0], first), max(count[-1], last)
    for _ in range(ISOLATION_PASSES):
        owner, points = subdivide(x, count, first, last, alone, absolute, relative)
        if owner.size == 0:
            break
        x, count, mantissa, exponent = insert(owner, x, count, mantissa, exponent, points, *evaluate(points))
    return x, count, mantissa, exponent


@inner_kernel
def _tolerance(low: float, high: float, absolute: float, relative: float) -> float:
    return max(absolute, relative * min(abs(low), abs(high)))


@inner_kernel
def _middle(low: float, high: float, share: float) -> float:
    """Point between: geometric where the ends differ by more than a factor of 16 without enclosing 0."""
    if low > 0.0 and high > 16.0 * low:
        return math.exp((1.0 - share) * math.log(low) + share * math.log(high))
    return low + (high - low) * share


@kernel
def subdivide(
    x: Array, count: Array, first: int, last: int, alone: int, absolute: float, relative: float
) -> tuple[Array, Array]:
    """New points in the wanted intervals with more than `alone` roots, and the interval each one falls in."""
    parts = np.zeros(x.size, np.int64)
    crowded = 0
    for i in range(x.size - 1):
        if (
            count[i + 1] - count[i] > alone
            and count[i] < last
            and count[i + 1] > first
            and x[i + 1] - x[i] > _tolerance(x[i], x[i + 1], absolute, relative)
        ):
            crowded += 1
            parts[i] = min(count[i + 1] - count[i], SUBDIVISION)
    total = 0
    for i in range(x.size):
        if parts[i] > 0:
            parts[i] = max(parts[i], FIRST_GRID // crowded)
            total += parts[i]
    owner = np.empty(total, np.int64)
    points = np.empty(total)
    t = 0
    for i in range(x.size):
        for step in range(parts[i]):
            owner[t] = i
            points[t] = _middle(x[i], x[i + 1], (step + 1) / (parts[i] + 1))
            t += 1
    return owner, points


@kernel
def insert(
    owner: Array,
    x: Array,
    count: Array,
    mantissa: Array,
    exponent: Array,
    new_x: Array,
    new_count: Array,
    new_mantissa: Array,
    new_exponent: Array,
) -> tuple[Array, Array, Array, Array]:
    """Merge the new points behind their owners and make the counts monotone."""
    size = x.size + owner.size
    all_x, all_count = np.empty(size), np.empty(size, np.int64)
    all_mantissa, all_exponent = np.empty(size), np.empty(size, np.int64)
    i = 0
    t = 0
    largest = count[0]
    for k in range(size):
        if t < owner.size and i > owner[t]:
            all_x[k], all_mantissa[k], all_exponent[k] = new_x[t], new_mantissa[t], new_exponent[t]
            largest = max(largest, new_count[t])
            t += 1
        else:
            all_x[k], all_mantissa[k], all_exponent[k] = x[i], mantissa[i], exponent[i]
            largest = max(largest, count[i])
            i += 1
        all_count[k] = min(largest, count[-1])
    return all_x, all_count, all_mantissa, all_exponent


@inner_kernel
def _deflated(k: int, root: Array, x: float, mantissa: float) -> float:
    """Mantissa of f(x) / prod (x - root_m) over the neighbours m of root k."""
    value = mantissa
    for m in range(max(0, k - NEIGHBOURS), min(root.size, k + NEIGHBOURS + 1)):
        if m != k:
            value /= x - root[m]
    return value


@inner_kernel
def _secant_step(x0: float, f0: float, e0: int, x1: float, f1: float, e1: int) -> float:
    """Step from x1 to the zero of the line through two points; NaN where it says nothing."""
    shift = int(e1 - e0)
    if shift > 400 or shift < -400:
        return math.nan
    value = math.ldexp(f1, shift)
    slope = value - f0
    if slope == 0.0 or not math.isfinite(value):
        return math.nan
    return float(-value * (x1 - x0) / slope)


@inner_kernel
def _gap(k: int, x: float, root: Array, left_end: float, right_end: float) -> float:
    """Distance from x to the nearest other root, from below: a neighbour that is not sought may sit at an end."""
    below = x - (root[k - 1] if k > 0 else left_end)
    above = (root[k + 1] if k < root.size - 1 else right_end) - x
    return float(min(abs(below), abs(above)))


@kernel
def propose(
    active: Array,
    points: Array,
    absolute: float,
    relative: float,
    iteration: int,
    root: Array,
    left_end: Array,
    right_end: Array,
    low: Array,
    high: Array,
    position: Array,
    value: Array,
    power: Array,
    waiting: Array,
) -> int:
    """Accept converged roots; pack the others into the front of `active` with their next points.

    When the next error predicted for the secant method (the product of the last two errors over the distance to
    the nearest root) is below the tolerance, the next point is put just beyond the estimate. The root is accepted
    if the function changes sign there and the new secant agrees with the estimate: a function that grows by powers
    of ten between two points, with hundreds of roots close together on one side, lets the secant stall far from
    the root, and this finds it out. Beside the far end of the bracket, where the function is known already, a change of
    sign would confirm nothing.
    """
    remaining = 0
    for k in active:
        tolerance = _tolerance(low[k], high[k], absolute, relative)
        if high[k] - low[k] <= tolerance:
            root[k] = 0.5 * (low[k] + high[k])
            continue
        x1, x0 = position[0, k], position[1, k]
        g1 = _deflated(k, root, x1, value[0, k])
        g0 = _deflated(k, root, x0, value[1, k])
        step = _secant_step(x0, g0, power[1, k], x1, g1, power[0, k])
        x = x1 + step
        before = abs(x1 - x0)
        trusted = x > low[k] - tolerance and x < high[k] + tolerance
        x = min(max(x, low[k]), high[k]) if trusted else _middle(low[k], high[k], 0.5)
        if waiting[k] and trusted and high[k] - low[k] <= before and abs(x - root[k]) <= 0.5 * tolerance:
            root[k] = x
            continue
        waiting[k] = False
        root[k] = x
        if trusted and iteration >= 2:
            gap = _gap(k, x, root, left_end[k], right_end[k])
            room = high[k] - x if x > x1 else x - low[k]
            step = abs(step)
            waiting[k] = (
                gap > 1e4 * tolerance
                and before < 0.1 * gap
                and step * (before + step) < 0.5 * tolerance * gap
                and step <= room
            )
        if waiting[k]:
            x += 2.0 * tolerance if x > x1 else -2.0 * tolerance
            x = min(max(x, low[k]), high[k])
        elif iteration > 8 and iteration % 3 == 0:
            x = _middle(low[k], high[k], 0.5)
            root[k] = x
        points[remaining] = x
        active[remaining] = k
        remaining += 1
    return remaining


@kernel
def absorb(
    active: Array,
    points: Array,
    count: Array,
    mantissa: Array,
    exponent: Array,
    root: Array,
    left_end: Array,
    right_end: Array,
    low: Array,
    high: Array,
    position: Array,
    value: Array,
    power: Array,
    waiting: Array,
) -> None:
    """Tighten the brackets with the new counts and shift the iterates."""
    for t in range(active.size):
        k = active[t]
        if count[t] <= k:
            low[k] = max(low[k], points[t])
        else:
            high[k] = min(high[k], points[t])
        position[1, k], value[1, k], power[1, k] = position[0, k], value[0, k], power[0, k]
        position[0, k], value[0, k], power[0, k] = points[t], mantissa[t], exponent[t]
