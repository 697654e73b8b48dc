"""The one-dimensional fast multipole method against direct summation."""

import numpy as np
import pytest
from numpy.polynomial import chebyshev

from rmt.numerics.eigen import cauchy_sums
from rmt.numerics.eigen.secular import solve_secular


def tree(poles, top):
    depth = cauchy_sums.tree_depth(poles.size)
    boxes = cauchy_sums.make_boxes(poles, top, depth)
    far, near = cauchy_sums.interactions(boxes, depth)
    return depth, boxes, far, *cauchy_sums.near_ranges(near, poles.size, depth)


def far_poles(size, ranges):
    far = np.ones(size, bool)
    for start, stop in ranges:
        far[start:stop] = False
    return far


POLES = {
    "normal": lambda rng: rng.normal(size=3000),
    "Cauchy": lambda rng: rng.standard_cauchy(3000),
    "geometric": lambda rng: 0.99 ** np.arange(3000),
    "two clusters": lambda rng: np.r_[rng.random(1500), 1e6 + 1e-6 * rng.random(1500)],
}


@pytest.mark.parametrize("name", POLES)
def test_far_field_of_charges_and_segments(name):
    rng = np.random.default_rng(0)
    poles = np.unique(POLES[name](rng))
    top = poles[-1] + 1e-3 * (poles[-1] - poles[0])
    charge = rng.normal(size=(2, poles.size))
    length = np.diff(np.append(poles, top)) * rng.random(poles.size)
    depth, boxes, far, first, ranges = tree(poles, top)
    fields = [
        cauchy_sums.downward(cauchy_sums.upward(moments, boxes, depth), boxes, far, depth)
        for moments in (
            cauchy_sums.charge_moments(poles, charge, boxes, depth),
            cauchy_sums.segment_moments(poles, length, boxes, depth),
        )
    ]
    leaves = 1 << depth
    for leaf in range(leaves):
        distant = far_poles(poles.size, ranges[first[leaf] : first[leaf + 1]])
        low, half = boxes[leaves - 1 + leaf]
        x = low + 1.37 * half
        t = (x - low) / half - 1.0
        terms = charge[:, distant] / (poles[distant] - x)
        error = np.abs(chebyshev.chebval(t, fields[0][leaf].T) - terms.sum(axis=1))
        assert (error <= 1e-14 * np.abs(terms).sum(axis=1)).all()
        logs = np.log1p(length[distant] / (poles[distant] - x))
        assert abs(chebyshev.chebval(t, fields[1][leaf, 0]) - logs.sum()) <= 1e-14 * np.abs(logs).sum()


def test_far_and_near_pairs_cover_everything_once():
    poles = np.sort(np.random.default_rng(1).standard_cauchy(800))
    depth, _, far, first, ranges = tree(poles, poles[-1] + 1.0)
    leaves = 1 << depth
    seen = np.zeros((leaves, poles.size), int)

    def below(node):
        while node < leaves - 1:
            return below(2 * node + 1) + below(2 * node + 2)
        return [node - leaves + 1]

    for target, source in far:
        for a in below(target):
            for b in below(source):
                seen[
                    a,
                    cauchy_sums.box_start(poles.size, depth, b) : cauchy_sums.box_start(poles.size, depth, b + 1),
                ] += 1
    for a in range(leaves):
        for start, stop in ranges[first[a] : first[a + 1]]:
            seen[a, start:stop] += 1
    assert (seen == 1).all()


@pytest.mark.parametrize("size", [1, 2, 40, 400])
def test_rank_one_update_against_a_dense_solver(size):
    rng = np.random.default_rng(size)
    poles, z, rho = np.sort(rng.normal(size=size)), rng.normal(size=size), 0.7
    rows = rng.normal(size=(2, size))
    roots, upper, lower = solve_secular(poles, np.array([z * z, z * rows[0], z * rows[1]]), rho)
    values, vectors = np.linalg.eigh(np.diag(poles) + rho * np.outer(z, z))
    np.testing.assert_allclose(roots, values, rtol=0, atol=1e-13 * size)
    for mine, row in ((upper, rows[0]), (lower, rows[1])):
        np.testing.assert_allclose(np.abs(mine), np.abs(row @ vectors), rtol=0, atol=1e-9)
