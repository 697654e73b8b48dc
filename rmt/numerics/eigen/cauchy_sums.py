"""Sums of sources over distances on a line, Σ q_i/(d_i − x), in O(n): a one-dimensional fast multipole method.

The sorted poles are split into a binary tree of index ranges. The sources of a box are replaced by equivalent
sources at Chebyshev nodes of the box (anterpolation), the field of a distant box is interpolated at Chebyshev
nodes of the target box, and passed down to the leaves as Chebyshev series. Two boxes are distant when the gap
between them is at least the width of the wider one; then TERMS = 20 terms leave a relative error below 1e-15
(Bernstein ellipse of radius 3 + √8). Everything nearer is left to the caller as ranges of indices.
After Dutt, Gu and Rokhlin (1996) and Fong and Darve (2009).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.compilation.jit import inner_kernel, kernel

Array = NDArray[Any]

#: targets treated together; also the most poles in a leaf
LANES = 32
TERMS = 20
_ANGLES = np.pi * (2 * np.arange(TERMS) + 1) / (2 * TERMS)
NODES = np.cos(_ANGLES)
FROM_LOW = 1.0 + NODES
#: TO_SERIES[a, k]: share of the value at node a in the coefficient of T_k; also the k-th coefficient of the
#: Lagrange polynomial of node a
TO_SERIES = np.cos(np.outer(_ANGLES, np.arange(TERMS))) * np.where(np.arange(TERMS) == 0, 1.0, 2.0) / TERMS
TO_NODES = np.ascontiguousarray(TO_SERIES.T)


@kernel
def tree_depth(size: int) -> int:
    """Levels below the root such that no leaf holds more than LANES poles."""
    depth = 0
    while (size + (1 << depth) - 1) >> depth > LANES:
        depth += 1
    return depth


@kernel
def box_start(size: int, depth: int, i: int) -> int:
    """First pole of box `i` among the 2^depth boxes of a level."""
    return (size * i) >> depth


@kernel
def make_boxes(poles: Array, top: float, depth: int) -> Array:
    """Low end and half width of all boxes in heap order; the box of poles [a, b) spans [d_a, d_b], the last to `top`.

    An end and not the centre, because it is a pole: differences of positions then keep their relative accuracy in
    clusters as narrow as a few rounding units.
    """
    boxes = np.empty(((2 << depth) - 1, 2))
    for level in range(depth + 1):
        for i in range(1 << level):
            a = box_start(poles.size, level, i)
            b = box_start(poles.size, level, i + 1)
            low = poles[a]
            high = poles[b] if b < poles.size else top
            node = (1 << level) - 1 + i
            boxes[node, 0] = low
            boxes[node, 1] = 0.5 * (high - low)
    return boxes


@kernel
def _chebyshev(x: Array, table: Array) -> None:
    """Fill ``table[k, j] = T_k(x_j)``."""
    for j in range(x.size):
        table[0, j] = 1.0
        table[1, j] = x[j]
    for k in range(2, TERMS):
        for j in range(x.size):
            table[k, j] = 2.0 * x[j] * table[k - 1, j] - table[k - 2, j]


@inner_kernel
def _add_product(weights: Array, matrix: Array, out: Array) -> None:
    """out[a] += Σ_b weights[b] matrix[b, a] for a square matrix of TERMS rows."""
    for a in range(TERMS):
        total = out[a]
        for b in range(TERMS):
            total += weights[b] * matrix[b, a]
        out[a] = total


@kernel
def charge_moments(poles: Array, charge: Array, boxes: Array, depth: int) -> Array:
    """Chebyshev moments Σ q_j T_k(x_j) of the leaves, ``[leaf, charge, term]``, for point charges at the poles."""
    leaves = 1 << depth
    moments = np.zeros((leaves, charge.shape[0], TERMS))
    table = np.empty((TERMS, LANES))
    x = np.zeros(LANES)
    for leaf in range(leaves):
        start = box_start(poles.size, depth, leaf)
        count = box_start(poles.size, depth, leaf + 1) - start
        low, half = boxes[leaves - 1 + leaf]
        for j in range(count):
            x[j] = (poles[start + j] - low) / half - 1.0
        _chebyshev(x, table)
        for q in range(charge.shape[0]):
            for k in range(TERMS):
                total = 0.0
                for j in range(count):
                    total += charge[q, start + j] * table[k, j]
                moments[leaf, q, k] = total
    return moments


@kernel
def segment_moments(poles: Array, length: Array, boxes: Array, depth: int) -> Array:
    """Chebyshev moments of the leaves for unit charge density on the segments [d_j, d_j + length_j].

    Their field is Σ log((d_j + length_j − x)/(d_j − x)). The integrals of T_k are differences of T_{k±1}, taken by
    the recurrence of divided differences, relative to the length and without cancellation.
    """
    leaves = 1 << depth
    moments = np.zeros((leaves, 1, TERMS))
    for leaf in range(leaves):
        low, half = boxes[leaves - 1 + leaf]
        for j in range(box_start(poles.size, depth, leaf), box_start(poles.size, depth, leaf + 1)):
            x = (poles[j] - low) / half - 1.0
            t = length[j] / half
            end = x + t
            older, old = 1.0, end
            below, here = 0.0, 1.0
            moments[leaf, 0, 0] += length[j]
            moments[leaf, 0, 1] += length[j] * (x + 0.5 * t)
            for k in range(1, TERMS):
                above = 2.0 * x * here + 2.0 * old - below
                if k > 1:
                    moments[leaf, 0, k] += 0.5 * length[j] * (above / (k + 1.0) - below / (k - 1.0))
                below, here = here, above
                older, old = old, 2.0 * end * old - older
    return moments


@kernel
def upward(leaf_moments: Array, boxes: Array, depth: int) -> Array:
    """Equivalent sources ``[box, charge, node]`` of every box, from the leaves to the root."""
    kinds = leaf_moments.shape[1]
    sources = np.zeros((boxes.shape[0], kinds, TERMS))
    table = np.empty((TERMS, TERMS))
    x = np.empty(TERMS)
    moments = np.empty((kinds, TERMS))
    first_leaf = (1 << depth) - 1
    for node in range(boxes.shape[0] - 1, -1, -1):
        for q in range(kinds):
            for k in range(TERMS):
                moments[q, k] = leaf_moments[node - first_leaf, q, k] if node >= first_leaf else 0.0
        if node < first_leaf:
            for child in range(2 * node + 1, 2 * node + 3):
                _child_nodes(boxes, node, child, x)
                _chebyshev(x, table)
                flipped = table.T.copy()
                for q in range(kinds):
                    _add_product(sources[child, q], flipped, moments[q])
        for q in range(kinds):
            _add_product(moments[q], TO_NODES, sources[node, q])
    return sources


@inner_kernel
def _child_nodes(boxes: Array, parent: int, child: int, x: Array) -> None:
    """Chebyshev nodes of a child in the coordinate of its parent's box."""
    for a in range(TERMS):
        x[a] = (boxes[child, 0] - boxes[parent, 0] + boxes[child, 1] * FROM_LOW[a]) / boxes[parent, 1] - 1.0


@kernel
def _grown(array: Array) -> Array:
    longer = np.empty((2 * array.shape[0], 2), np.int64)
    for t in range(array.shape[0]):
        longer[t, 0], longer[t, 1] = array[t, 0], array[t, 1]
    return longer


@kernel
def interactions(boxes: Array, depth: int) -> tuple[Array, Array]:
    """Pairs (target, source) of distant boxes, and pairs of near leaves, by a dual traversal of the tree.

    The near sources of one leaf come in ascending order.
    """
    first_leaf = (1 << depth) - 1
    stack = np.empty((64 + 8 * depth * depth, 2), np.int64)
    far = np.empty((8 * boxes.shape[0] + 8, 2), np.int64)
    near = np.empty((8 * (first_leaf + 1) + 8, 2), np.int64)
    far_count = 0
    near_count = 0
    stack[0, 0], stack[0, 1] = 0, 0
    height = 1
    while height > 0:
        height -= 1
        target, source = stack[height, 0], stack[height, 1]
        width = 2.0 * max(boxes[target, 1], boxes[source, 1])
        offset = boxes[source, 0] - boxes[target, 0]
        gap = offset - 2.0 * boxes[target, 1] if offset > 0.0 else -offset - 2.0 * boxes[source, 1]
        if gap > 0.0 and gap >= width:
            if far_count == far.shape[0]:
                far = _grown(far)
            far[far_count, 0], far[far_count, 1] = target, source
            far_count += 1
        elif target >= first_leaf and source >= first_leaf:
            if near_count == near.shape[0]:
                near = _grown(near)
            near[near_count, 0], near[near_count, 1] = target - first_leaf, source - first_leaf
            near_count += 1
        else:
            if height + 2 > stack.shape[0]:
                stack = _grown(stack)
            split_target = source >= first_leaf or (target < first_leaf and boxes[target, 1] >= boxes[source, 1])
            for child in range(2, 0, -1):
                stack[height, 0] = 2 * target + child if split_target else target
                stack[height, 1] = source if split_target else 2 * source + child
                height += 1
    return far[:far_count], near[:near_count]


@kernel
def near_ranges(near: Array, size: int, depth: int) -> tuple[Array, Array]:
    """Poles near every leaf as index ranges: those of leaf i are ``ranges[first[i]:first[i + 1]]``."""
    leaves = 1 << depth
    first = np.zeros(leaves + 1, np.int64)
    for t in range(near.shape[0]):
        first[near[t, 0] + 1] += 1
    for i in range(leaves):
        first[i + 1] += first[i]
    listed = np.empty(near.shape[0], np.int64)
    filled = np.zeros(leaves, np.int64)
    for t in range(near.shape[0]):
        target = near[t, 0]
        listed[first[target] + filled[target]] = near[t, 1]
        filled[target] += 1
    ranges = np.empty((near.shape[0], 2), np.int64)
    count = 0
    for i in range(leaves):
        start = count
        for t in range(first[i], first[i] + filled[i]):
            a, b = box_start(size, depth, listed[t]), box_start(size, depth, listed[t] + 1)
            if count > start and ranges[count - 1, 1] == a:
                ranges[count - 1, 1] = b
            else:
                ranges[count, 0], ranges[count, 1] = a, b
                count += 1
        first[i] = start
    first[leaves] = count
    return first, ranges


@kernel
def _far_fields(sources: Array, boxes: Array, far: Array) -> Array:
    """Field of the distant boxes at the nodes of every box."""
    field = np.zeros_like(sources)
    offset = np.empty(TERMS)
    shift = np.empty(TERMS)
    inverse = np.empty((TERMS, TERMS))
    for t in range(far.shape[0]):
        target, source = far[t, 0], far[t, 1]
        for a in range(TERMS):
            offset[a] = boxes[source, 0] - boxes[target, 0] - boxes[target, 1] * FROM_LOW[a]
            shift[a] = boxes[source, 1] * FROM_LOW[a]
        for a in range(TERMS):
            for b in range(TERMS):
                inverse[b, a] = 1.0 / (offset[a] + shift[b])
        for q in range(sources.shape[1]):
            _add_product(sources[source, q], inverse, field[target, q])
    return field


@kernel
def downward(sources: Array, boxes: Array, far: Array, depth: int) -> Array:
    """Chebyshev series ``[leaf, charge, term]`` of the distant part of the field in every leaf."""
    field = _far_fields(sources, boxes, far)
    series = np.zeros_like(field)
    table = np.empty((TERMS, TERMS))
    x = np.empty(TERMS)
    for node in range(boxes.shape[0]):
        parent = (node - 1) // 2
        if node > 0:
            _child_nodes(boxes, parent, node, x)
            _chebyshev(x, table)
            for q in range(field.shape[1]):
                _add_product(series[parent, q], table, field[node, q])
        for q in range(field.shape[1]):
            _add_product(field[node, q], TO_SERIES, series[node, q])
    return series[(1 << depth) - 1 :]
