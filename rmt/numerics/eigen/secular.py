"""The secular equation 1/rho + Σ z_i²/(d_i − x) = 0 of a rank-one update, all roots in O(n).

Thirty-two neighbouring roots are solved together, one per SIMD lane: they share the poles nearby, summed directly, and
the Chebyshev series of the far field (:mod:`rmt.numerics.eigen.cauchy_sums`). Each root is measured from the nearer
pole, and the step is the rational interpolant with the two adjacent poles (Li 1993).

Also wanted are the first and the last component of U v for the eigenvectors v of the update, where the two rows of U
are given: Σ z_i u_i/(d_i − x) over the norm. Where roots are so close to poles, or to cancellation, that the rows
would lose orthogonality, z is replaced by the vector for which the computed roots are exact (Löwner's formula; Gu and
Eisenstat 1994).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError
from rmt.numerics.compilation.jit import inner_kernel, kernel
from rmt.numerics.eigen.cauchy_sums import (
    LANES,
    TERMS,
    box_start,
    charge_moments,
    downward,
    interactions,
    make_boxes,
    near_ranges,
    segment_moments,
    tree_depth,
    upward,
)

Array = NDArray[Any]

EPS = float(np.finfo(np.float64).eps)
ITERATIONS = 60
#: fewest poles for which the fast multipole method pays
FAST = 256
#: shift of an eigenvalue in the next merge, by inaccurate end rows, beyond which z is corrected
SUSPECT = 2.0 * EPS

# rows of the lane table
LEFT, RIGHT, ORIGIN, TAU, LOW, HIGH, VALUE, SLOPE, SIZE, UPPER, LOWER, X, WORK = range(13)
WORK_ROWS = 4
# rows of the table of results
ROOTS, FIRST, LAST, ORIGINS, OFFSETS, UNCERTAINTY = range(6)


@inner_kernel
def _far_field(series: Array, x: Array, inverse: float, value: Array, slope: Array, work: Array) -> None:
    """Chebyshev series and its derivative at all lanes by Clenshaw; zero if `inverse` is."""
    b1, b2, c1, c2 = work[0], work[1], work[2], work[3]
    for j in range(LANES):
        b1[j] = 0.0
        b2[j] = 0.0
        c1[j] = 0.0
        c2[j] = 0.0
        value[j] = 0.0
        slope[j] = 0.0
    if inverse == 0.0:
        return
    for k in range(TERMS - 1, 0, -1):
        for j in range(LANES):
            b = 2.0 * x[j] * b1[j] - b2[j] + series[k]
            c = 2.0 * b1[j] + 2.0 * x[j] * c1[j] - c2[j]
            b2[j] = b1[j]
            b1[j] = b
            c2[j] = c1[j]
            c1[j] = c
    for j in range(LANES):
        value[j] = x[j] * b1[j] - b2[j] + series[0]
        slope[j] = (b1[j] + x[j] * c1[j] - c2[j]) * inverse


@inner_kernel
def _near_secular(poles: Array, squares: Array, ranges: Array, constant: float, lanes: Array) -> None:
    """Add the constant and the near part to the secular function, its derivative, and the sum of moduli."""
    origin, tau, value, slope, size = lanes[ORIGIN], lanes[TAU], lanes[VALUE], lanes[SLOPE], lanes[SIZE]
    for j in range(LANES):
        size[j] = constant + abs(value[j])
        value[j] += constant
    for r in range(ranges.shape[0]):
        for i in range(ranges[r, 0], ranges[r, 1]):
            pole = poles[i]
            square = squares[i]
            for j in range(LANES):
                u = 1.0 / ((pole - origin[j]) - tau[j])
                t = square * u
                value[j] += t
                slope[j] += t * u
                size[j] += abs(t)


@inner_kernel
def _start_lanes(first: int, count: int, poles: Array, top: float, lanes: Array, done: Array) -> None:
    """Put every lane at the middle of its interval, measured from the pole on the left."""
    for j in range(LANES):
        i = first + min(j, count - 1)
        lanes[LEFT, j] = poles[i]
        lanes[RIGHT, j] = poles[i + 1] if i + 1 < poles.size else top
        lanes[ORIGIN, j] = poles[i]
        lanes[TAU, j] = 0.5 * (lanes[RIGHT, j] - poles[i])
        done[j] = j >= count


@inner_kernel
def _choose_origins(first: int, count: int, size: int, lanes: Array) -> None:
    """Measure every root from the nearer pole: then tau, and every distance to a pole, is free of cancellation."""
    for j in range(count):
        half = lanes[TAU, j]
        lanes[LOW, j], lanes[HIGH, j] = 0.0, half
        if lanes[VALUE, j] < 0.0:
            if first + j == size - 1:
                lanes[LOW, j], lanes[HIGH, j] = half, 2.0 * half * (1.0 + 4.0 * EPS)
            else:
                lanes[ORIGIN, j] = lanes[RIGHT, j]
                lanes[TAU, j], lanes[LOW, j], lanes[HIGH, j] = -half, -half, 0.0


@inner_kernel
def _step(w: float, slope: float, to_left: float, to_right: float, gap: float, square: float, near_left: bool) -> float:
    """Correction of one root by a rational interpolant with the two adjacent poles (Li's fixed weight method).

    The weight of the nearer pole is exact; the other and the constant match the value and the slope.
    """
    if near_left:
        c = w - to_right * slope + gap * square / (to_left * to_left)
    else:
        c = w - to_left * slope - gap * square / (to_right * to_right)
    a = (to_left + to_right) * w - to_left * to_right * slope
    b = to_left * to_right * w
    root = math.sqrt(abs(a * a - 4.0 * b * c))
    if c == 0.0:
        return b / a
    if a <= 0.0:
        return (a - root) / (2.0 * c)
    return 2.0 * b / (a + root)


@inner_kernel
def _move_lanes(first: int, count: int, poles: Array, squares: Array, lanes: Array, done: Array) -> int:
    """Tighten the brackets and move every lane that has not converged; return how many moved."""
    moved = 0
    for j in range(count):
        w, slope, tau = lanes[VALUE, j], lanes[SLOPE, j], lanes[TAU, j]
        if done[j] or abs(w) <= 4.0 * EPS * lanes[SIZE, j]:
            done[j] = True
            continue
        if w < 0.0:
            lanes[LOW, j] = max(lanes[LOW, j], tau)
        else:
            lanes[HIGH, j] = min(lanes[HIGH, j], tau)
        low, high = lanes[LOW, j], lanes[HIGH, j]
        left, right, origin = lanes[LEFT, j], lanes[RIGHT, j], lanes[ORIGIN, j]
        to_left = (left - origin) - tau
        i = first + j
        if i == poles.size - 1:
            weight = w - slope * to_left
            eta = to_left + slope * to_left * to_left / weight if weight > 0.0 else 0.0
        else:
            near_left = origin == left
            square = squares[i] if near_left else squares[i + 1]
            eta = _step(w, slope, to_left, (right - origin) - tau, right - left, square, near_left)
        if not w * eta < 0.0:
            eta = -w / slope
        x = tau + eta
        if not (low < x < high):
            x = 0.5 * (low + high)
        if x == tau or high - low <= 2.0 * EPS * max(abs(low), abs(high)):
            done[j] = True
            continue
        lanes[TAU, j] = x
        moved += 1
    return moved


@inner_kernel
def _positions(box: Array, lanes: Array) -> float:
    """Coordinates of all lanes in a box (low end, half width); return the inverse half width, 0 without a box."""
    inverse = 1.0 / box[1] if box[1] > 0.0 else 0.0
    for j in range(LANES):
        lanes[X, j] = ((lanes[ORIGIN, j] - box[0]) + lanes[TAU, j]) * inverse - 1.0
    return inverse


@inner_kernel
def _solve_leaf(
    first: int,
    count: int,
    poles: Array,
    squares: Array,
    top: float,
    constant: float,
    ranges: Array,
    series: Array,
    box: Array,
    lanes: Array,
    done: Array,
) -> bool:
    """Solve roots `first` to `first + count`; they are origin + tau of the lanes. Return whether all converged."""
    _start_lanes(first, count, poles, top, lanes, done)
    for iteration in range(ITERATIONS):
        inverse = _positions(box, lanes)
        _far_field(series, lanes[X], inverse, lanes[VALUE], lanes[SLOPE], lanes[WORK:])
        _near_secular(poles, squares, ranges, constant, lanes)
        if iteration == 0:
            _choose_origins(first, count, poles.size, lanes)
        if _move_lanes(first, count, poles, squares, lanes, done) == 0:
            return True
    return False


@inner_kernel
def _end_rows(count: int, poles: Array, charge: Array, ranges: Array, series: Array, box: Array, lanes: Array) -> None:
    """End components of the eigenvectors of the roots in the lanes."""
    origin, tau, norm, upper, lower = lanes[ORIGIN], lanes[TAU], lanes[LOW], lanes[UPPER], lanes[LOWER]
    inverse = _positions(box, lanes)
    _far_field(series[1], lanes[X], inverse, upper, norm, lanes[WORK:])
    _far_field(series[2], lanes[X], inverse, lower, norm, lanes[WORK:])
    _far_field(series[0], lanes[X], inverse, lanes[HIGH], norm, lanes[WORK:])
    for r in range(ranges.shape[0]):
        for i in range(ranges[r, 0], ranges[r, 1]):
            pole = poles[i]
            square, first, last = charge[0, i], charge[1, i], charge[2, i]
            for j in range(LANES):
                u = 1.0 / ((pole - origin[j]) - tau[j])
                norm[j] += square * u * u
                upper[j] += first * u
                lower[j] += last * u
    for j in range(count):
        scale = 1.0 / math.sqrt(norm[j])
        upper[j] *= scale
        lower[j] *= scale


@kernel
def _rows_are_safe(found: Array) -> bool:
    """Whether the end rows are accurate enough for the next merge.

    The components of an eigenvector have the relative error of the distance between its root and the nearest pole,
    its uncertainty. In the next update that moves an eigenvalue by at most twice this error times the smaller of the
    spacing and the component.
    """
    roots = found[ROOTS]
    last = roots.size - 1
    for j in range(roots.size):
        spacing = max(roots[min(j + 1, last)] - roots[j], roots[j] - roots[max(j - 1, 0)])
        component = max(abs(found[FIRST, j]), abs(found[LAST, j]))
        if found[UNCERTAINTY, j] * min(spacing, component) > SUSPECT:
            return False
    return True


@inner_kernel
def _corrected_squares(
    first: int,
    count: int,
    poles: Array,
    origin: Array,
    tau: Array,
    ranges: Array,
    series: Array,
    box: Array,
    lanes: Array,
) -> None:
    """Put Löwner's Π_j (x_j − d_i) / Π_{j≠i} (d_j − d_i), proportional to the corrected z_i², into the lanes VALUE."""
    target, product = lanes[ORIGIN], lanes[UPPER]
    for j in range(LANES):
        target[j] = poles[first + min(j, count - 1)]
        lanes[TAU, j] = 0.0
        product[j] = 1.0
    inverse = _positions(box, lanes)
    _far_field(series, lanes[X], inverse, lanes[VALUE], lanes[SLOPE], lanes[WORK:])
    for r in range(ranges.shape[0]):
        for i in range(ranges[r, 0], ranges[r, 1]):
            for j in range(LANES):
                above = (origin[i] - target[j]) + tau[i]
                below = poles[i] - target[j]
                product[j] *= above / (below if below != 0.0 else 1.0)
    for j in range(count):
        lanes[VALUE, j] = abs(product[j]) * math.exp(lanes[VALUE, j])


@inner_kernel
def _leaf_bounds(size: int, depth: int, leaf: int) -> tuple[int, int]:
    """Roots of a leaf; without a tree they are cut into groups of LANES."""
    if depth == 0:
        return leaf * LANES, min((leaf + 1) * LANES, size)
    return box_start(size, depth, leaf), box_start(size, depth, leaf + 1)


@kernel
def _solve_leaves(
    poles: Array,
    charge: Array,
    rho: float,
    depth: int,
    boxes: Array,
    first_range: Array,
    ranges: Array,
    series: Array,
    found: Array,
) -> bool:
    """Roots, end components and their uncertainties, leaf by leaf; whether all converged."""
    leaves = first_range.size - 1
    top = poles[poles.size - 1] + rho * charge[0].sum()
    lanes = np.zeros((WORK + WORK_ROWS, LANES))
    done = np.empty(LANES, np.bool_)
    for leaf in range(leaves):
        start, stop = _leaf_bounds(poles.size, depth, leaf)
        part = ranges[first_range[leaf] : first_range[leaf + 1]]
        box = boxes[leaves - 1 + leaf]
        if not _solve_leaf(
            start, stop - start, poles, charge[0], top, 1.0 / rho, part, series[leaf, 0], box, lanes, done
        ):
            return False
        _end_rows(stop - start, poles, charge, part, series[leaf], box, lanes)
        for j in range(stop - start):
            i = start + j
            residual = max(abs(lanes[VALUE, j]), EPS * lanes[SIZE, j])
            found[UNCERTAINTY, i] = residual / (lanes[SLOPE, j] * abs(lanes[TAU, j]))
            found[ORIGINS, i], found[OFFSETS, i] = lanes[ORIGIN, j], lanes[TAU, j]
            found[ROOTS, i] = lanes[ORIGIN, j] + lanes[TAU, j]
            found[FIRST, i], found[LAST, i] = lanes[UPPER, j], lanes[LOWER, j]
    return True


@kernel
def _correct_charges(
    poles: Array,
    charge: Array,
    rho: float,
    depth: int,
    boxes: Array,
    first_range: Array,
    ranges: Array,
    series: Array,
    found: Array,
) -> None:
    """Rescale the charges so that the computed roots belong to them exactly."""
    leaves = first_range.size - 1
    lanes = np.zeros((WORK + WORK_ROWS, LANES))
    for leaf in range(leaves):
        start, stop = _leaf_bounds(poles.size, depth, leaf)
        part = ranges[first_range[leaf] : first_range[leaf + 1]]
        box = boxes[leaves - 1 + leaf]
        _corrected_squares(
            start, stop - start, poles, found[ORIGINS], found[OFFSETS], part, series[leaf, 0], box, lanes
        )
        for j in range(stop - start):
            ratio = lanes[VALUE, j] / (rho * charge[0, start + j])
            charge[0, start + j] *= ratio
            charge[1, start + j] *= math.sqrt(ratio)
            charge[2, start + j] *= math.sqrt(ratio)


@kernel
def _repeat_rows(
    poles: Array,
    charge: Array,
    depth: int,
    boxes: Array,
    first_range: Array,
    ranges: Array,
    series: Array,
    found: Array,
) -> None:
    """End components once more, from corrected charges."""
    leaves = first_range.size - 1
    lanes = np.zeros((WORK + WORK_ROWS, LANES))
    for leaf in range(leaves):
        start, stop = _leaf_bounds(poles.size, depth, leaf)
        for j in range(LANES):
            i = start + min(j, stop - start - 1)
            lanes[ORIGIN, j], lanes[TAU, j] = found[ORIGINS, i], found[OFFSETS, i]
        part = ranges[first_range[leaf] : first_range[leaf + 1]]
        _end_rows(stop - start, poles, charge, part, series[leaf], boxes[leaves - 1 + leaf], lanes)
        for j in range(stop - start):
            found[FIRST, start + j], found[LAST, start + j] = lanes[UPPER, j], lanes[LOWER, j]


@lru_cache
def _no_tree(leaves: int) -> tuple[Array, Array, Array]:
    """Boxes, first ranges and far field of a problem in which every pole is near every root."""
    return np.zeros((2 * leaves, 2)), np.arange(leaves + 1), np.zeros((leaves, 3, TERMS))


def _solve_directly(poles: Array, charge: Array, rho: float, found: Array) -> bool:
    """Solve a small problem by direct sums. Not one kernel: it would take ten seconds to compile."""
    leaves = -(-poles.size // LANES)
    boxes, first_range, no_field = _no_tree(leaves)
    ranges = np.array([[0, poles.size]] * leaves)
    tree = (0, boxes, first_range, ranges)
    if not _solve_leaves(poles, charge, rho, *tree, no_field, found):
        return False
    if not _rows_are_safe(found):
        _correct_charges(poles, charge, rho, *tree, no_field, found)
        _repeat_rows(poles, charge, *tree, no_field, found)
    return True


def _solve_with_tree(poles: Array, charge: Array, rho: float, found: Array) -> bool:
    """Solve a large problem with the fast multipole method."""
    depth = tree_depth(poles.size)
    boxes = make_boxes(poles, poles[-1] + rho * charge[0].sum(), depth)
    far, near = interactions(boxes, depth)
    tree = (depth, boxes, *near_ranges(near, poles.size, depth))

    def far_field(moments: Array) -> Array:
        return downward(upward(moments, boxes, depth), boxes, far, depth)

    series = far_field(charge_moments(poles, charge, boxes, depth))
    if not _solve_leaves(poles, charge, rho, *tree, series, found):
        return False
    if not _rows_are_safe(found):
        length = (found[ORIGINS] - poles) + found[OFFSETS]
        _correct_charges(poles, charge, rho, *tree, far_field(segment_moments(poles, length, boxes, depth)), found)
        _repeat_rows(poles, charge, *tree, far_field(charge_moments(poles, charge, boxes, depth)), found)
    return True


def solve_secular(poles: Array, charge: Array, rho: float) -> Array:
    """All roots of the secular equation, and the end components of the eigenvectors.

    Parameters
    ----------
    poles : array of n
        Strictly ascending d_i.
    charge : array (3, n)
        z_i² > 0; z_i times the first row; z_i times the last row. May be rescaled on return.
    rho : float
        > 0.

    Returns
    -------
    array (3, n)
        Roots in ascending order, and the two components of each eigenvector.

    Raises
    ------
    ConvergenceError
        If a root was not found; not known to happen.
    """
    if poles.size == 1:
        return np.vstack([poles + rho * charge[0], charge[1:] / np.sqrt(charge[0])])
    found = np.empty((6, poles.size))
    solve = _solve_with_tree if poles.size >= FAST else _solve_directly
    if not solve(poles, charge, rho, found):
        raise ConvergenceError("a root of the secular equation was not found")
    return found[:3]
