"""Properties that every law must have, on laws drawn anew: named, computed, from data.

A short run is part of the suite. For a longer one set the number of laws of every kind, and a seed of your own::

    RMT_PROPERTY_CASES=40 RMT_PROPERTY_SEED=7 python -m pytest tests/test_law_properties.py
"""

from __future__ import annotations

import functools
import math
import os
import pickle
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from random_trees import random_law

import rmt
from rmt.free.subordination.free_convolution import FreelyConvolved
from rmt.laws import (
    Arcsine,
    Atomic,
    Bernoulli,
    Cauchy,
    Empirical,
    FreeMeixner,
    FussCatalan,
    Gaussian,
    KestenMcKay,
    MarchenkoPastur,
    Rademacher,
    Semicircle,
    Uniform,
    Wachter,
)

CASES = int(os.environ.get("RMT_PROPERTY_CASES", "3"))
SEED = int(os.environ.get("RMT_PROPERTY_SEED", "20261130"))
EPS = float(np.finfo(float).eps)


# ---------------------------------------------------------------------- laws
def named(rng):
    """A named law with parameters over some decades."""
    scale = float(10.0 ** rng.uniform(-1.5, 1.5))
    kind = rng.integers(12)
    if kind == 0:
        return Semicircle(float(rng.normal()), scale)
    if kind == 1:
        return MarchenkoPastur(scale, float(rng.uniform(0.5, 2.0)))
    if kind == 2:
        return MarchenkoPastur(int(rng.integers(2, 200)))
    if kind == 3:
        return Uniform(float(rng.normal()), float(rng.normal()) + 5.0)
    if kind == 4:
        return Arcsine(scale)
    if kind == 5:
        return Bernoulli(float(rng.uniform(0.05, 0.95)))
    if kind == 6:
        return FreeMeixner(float(rng.normal()), float(rng.uniform(-0.9, 2.0)))
    if kind == 7:
        a, b = rng.uniform(0.3, 4.0, 2)
        return Wachter(float(a + 0.8), float(b + 0.8))
    if kind == 8:
        return KestenMcKay(int(rng.integers(2, 9)))
    if kind == 9:
        return FussCatalan(int(rng.integers(1, 6)))
    if kind == 10:
        return Gaussian(float(rng.normal()), scale)
    masses = rng.dirichlet(np.ones(4))
    return Atomic(tuple(np.sort(rng.normal(size=4)).tolist()), (*masses[:3].tolist(), 1.0 - masses[:3].sum()))


def simple(rng, *, positive=False):
    """A law to convolve with, on [0, inf) if `positive`."""
    kind = rng.integers(7)
    if kind == 0:
        return MarchenkoPastur(float(rng.uniform(0.1, 3.0)))
    if kind == 1:
        return Bernoulli(Fraction(int(rng.integers(1, 10)), 10))
    if kind == 2:
        return Uniform(float(rng.uniform(0.1, 1.0)), float(rng.uniform(1.2, 4.0)))
    if kind == 3:
        return Atomic((1, 3), (Fraction(1, 2), Fraction(1, 2)))
    if positive:
        return rmt.inverse(Uniform(1, 2))
    return [Semicircle(0, Fraction(int(rng.integers(1, 9)), 4)), Rademacher(), Arcsine(1)][kind - 4]


def computed(rng):
    """Sums, differences, products of both signs, powers, compressions, inverses and nested trees."""
    kind = rng.integers(9)
    if kind == 0:
        a = simple(rng, positive=True)
        return rmt.boxplus(a, -a)
    if kind == 1:
        return rmt.boxplus(simple(rng), simple(rng), simple(rng))
    if kind == 2:
        return rmt.boxtimes(simple(rng, positive=True), simple(rng, positive=True))
    if kind == 3:
        return rmt.boxtimes(rmt.inverse(MarchenkoPastur(Fraction(3, 10))), rmt.inverse(Uniform(1, 2)))
    if kind == 4:
        return rmt.boxtimes(Semicircle(float(rng.normal()), 1.0), MarchenkoPastur(float(rng.uniform(0.2, 2.0))))
    if kind == 5:
        return rmt.free_power(Atomic((0, 1, 3), (0.4, 0.3, 0.3)), float(rng.uniform(1.05, 4.0)), closed_form=False)
    if kind == 6:
        return rmt.boxplus(
            rmt.symmetrised(rmt.square_root(Uniform(1, 2))), Semicircle(0, float(rng.uniform(0.05, 2.0)))
        )
    if kind == 7:
        return rmt.boxplus(Cauchy(0.0, float(rng.uniform(0.2, 2.0))), simple(rng))
    return random_law(rng, 2, positive=bool(rng.random() < 0.5))


def from_data(rng):
    """The law of measured numbers, and its sum with noise."""
    sample = Empirical(tuple(np.round(rng.normal(size=12), 3).tolist()))
    return sample if rng.random() < 0.5 else rmt.boxplus(sample, Semicircle(0, float(rng.uniform(1e-3, 1.0))))


def derived(rng):
    """Images and mixtures of computed laws."""
    kind = rng.integers(6)
    if kind == 0:
        return rmt.mixture(rmt.boxplus(simple(rng), Semicircle()), simple(rng) + 4.0)
    if kind == 1:
        return rmt.squared(rmt.boxplus(simple(rng), Semicircle(0, float(rng.uniform(0.1, 2.0)))))
    if kind == 2:
        return rmt.square_root(rmt.boxtimes(simple(rng, positive=True), MarchenkoPastur(Fraction(1, 2))))
    if kind == 3:
        return rmt.inverse(rmt.boxtimes(Uniform(1, 2), Uniform(2, 3 + float(rng.uniform()))))
    if kind == 4:
        return rmt.boolean_convolution(Semicircle(0, float(rng.uniform(0.1, 2.0))), Rademacher())
    return -2 * rmt.compress(rmt.boxplus(simple(rng), Uniform()), float(rng.uniform(0.1, 0.9))) + 1


def polynomial(rng):
    """Polynomials in free variables, of one and of two."""
    kind = rng.integers(3)
    if kind == 0:
        return rmt.polynomial_law({(0, 0): 1, (0,): float(rng.normal())}, [Uniform(-1, 2)])
    if kind == 1:
        return rmt.polynomial_law(
            {(0, 1): 1, (1, 0): 1, (0,): float(rng.uniform(0.0, 1.0))}, [Semicircle(), Semicircle()]
        )
    return rmt.polynomial_law({(0, 1): 1j, (1, 0): -1j, (1,): -2}, [Semicircle(), Bernoulli(Fraction(1, 2))])


def network(rng):
    """Squared singular values of the Jacobian of a network, and of a sum of rectangular matrices."""
    if rng.random() < 0.5:
        return rmt.networks.MLP(3, "tanh", float(rng.uniform(1.0, 1.5)), 0.1).jacobian().gram_law()
    return rmt.rectangular_boxplus(MarchenkoPastur(0.5), Uniform(1, 2), float(rng.uniform(0.3, 1.0)))


KINDS = {
    "named": named,
    "computed": computed,
    "from data": from_data,
    "derived": derived,
    "polynomial": polynomial,
    "network": network,
}
#: cases of a kind for one of the run: computed laws are many, and polynomials slow
SHARES = {"named": 3.0, "computed": 3.0, "from data": 1.0, "derived": 3.0, "polynomial": 0.5, "network": 0.5}


@functools.cache
def law_of(kind, case):
    return KINDS[kind](np.random.default_rng([SEED, case, *kind.encode()]))


every_law = pytest.mark.parametrize(
    ("kind", "case"), [(kind, case) for kind in KINDS for case in range(max(1, int(CASES * SHARES[kind])))]
)


def hull(law):
    """A bounded stretch that holds all of the law, or all but its far tails."""
    low, high = law._hull()
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    middle = law.ppf(np.array([0.01, 0.99]))
    width = float(middle[1] - middle[0]) or 1.0
    return max(low, float(middle[0]) - 4.0 * width), min(high, float(middle[1]) + 4.0 * width)


def special_points(law):
    """Edges and atoms."""
    edges = [e for i in law.support for e in (i.low, i.high) if math.isfinite(e)]
    return np.array(sorted({*edges, *(a for a, _ in law.atoms)}))


def points_of(law, rng, count=40):
    """Points inside and outside, at edges and atoms, and beside them at all distances."""
    low, high = hull(law)
    width = high - low or 1.0
    special = special_points(law)
    beside = special + width * 10.0 ** rng.uniform(-14.0, -1.0, special.size) * rng.choice([-1.0, 1.0], special.size)
    return np.concatenate([rng.uniform(low - 0.3 * width, high + 0.3 * width, count), beside, special])


# ---------------------------------------------------------------------- properties
def values_in(law, x, z):
    return law.pdf(x), law.cdf(x), law.stieltjes(z)


def check_same_numbers(law, rng, evaluate=values_in, away=-1.0):
    """A value does not depend on the points asked for with it, nor on what was asked before."""
    x = points_of(law, rng, 25 if away < 0.0 else 12)
    low, high = hull(law)
    x = x[np.min(np.abs(x[:, None] - np.append(special_points(law), np.inf)), axis=1) > away * (high - low)]
    z = x + 1j * 10.0 ** rng.uniform(-15.0, 1.0, x.size)
    together = evaluate(law, x, z)
    again = pickle.loads(pickle.dumps(law))
    order = rng.permutation(np.concatenate([np.arange(x.size), rng.integers(x.size, size=10)]))
    shuffled = evaluate(again, x[order], z[order])
    few = rng.choice(x.size, 6, replace=False)
    alone = [np.array([evaluate(again, float(x[i]), complex(z[i]))[k] for i in few]) for k in range(3)]
    tolerance = 0.0 if isinstance(law, FreelyConvolved) else 1e-13
    for whole, part, single in zip(together, shuffled, alone, strict=True):
        np.testing.assert_allclose(part, whole[order], rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(single, whole[few], rtol=tolerance, atol=tolerance)


@every_law
def test_a_value_does_not_depend_on_the_other_points(kind, case):
    # matrix-valued equations may be refused next to an edge
    away = 1e-6 if kind in ("polynomial", "network") else -1.0
    check_same_numbers(law_of(kind, case), np.random.default_rng([SEED, case, 1]), away=away)


def test_a_value_that_depends_on_its_neighbour_is_noticed():
    def smeared(law, x, z):
        return law.pdf(x), law.cdf(x) + 1e-12 * np.roll(np.cumsum(np.atleast_1d(x)), 1)[: np.size(x)], law.stieltjes(z)

    with pytest.raises(AssertionError):
        check_same_numbers(law_of("computed", 0), np.random.default_rng(0), smeared)


ELSEWHERE = """
import pickle, sys
questions = pickle.load(sys.stdin.buffer)
answers = [(law.pdf(x), law.cdf(x), law.stieltjes(z)) for law, x, z in questions]
sys.stdout.buffer.write(pickle.dumps(answers))
"""


@pytest.mark.slow
def test_values_are_the_same_in_another_process():
    laws = [law_of(kind, case) for kind in KINDS for case in range(1 if SHARES[kind] < 1.0 else min(CASES, 2))]
    rng = np.random.default_rng([SEED, 5])
    questions = []
    for law in laws:
        low, high = hull(law)
        x = rng.uniform(low - 0.1 * (high - low), high + 0.1 * (high - low), 5)
        questions.append((law, x, x + 1j * 10.0 ** rng.uniform(-6.0, 0.0, 5)))
    process = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], input=pickle.dumps(questions), capture_output=True, check=True
    )
    for (law, x, z), there in zip(questions, pickle.loads(process.stdout), strict=True):
        for here, elsewhere in zip(values_in(law, x, z), there, strict=True):
            tolerance = 0.0 if isinstance(law, FreelyConvolved) else 1e-13
            np.testing.assert_allclose(elsewhere, here, rtol=tolerance, atol=tolerance, err_msg=repr(law))


@every_law
def test_distribution_functions_increase_in_step_with_the_density(kind, case):
    law = law_of(kind, case)
    rng = np.random.default_rng([SEED, case, 2])
    x = np.sort(points_of(law, rng, 60))
    levels, error = law.cdf(x, return_error=True)
    assert np.all(np.diff(levels) >= -(error[1:] + error[:-1]))
    assert np.all((levels >= 0.0) & (levels <= 1.0))
    assert np.all(np.abs(levels + law.sf(x) - 1.0) <= 4.0 * EPS)
    assert np.all(law.pdf(x) >= 0.0)
    singular = np.append(special_points(law), 0.0)
    for interval in law.support:
        low, high = max(interval.low, hull(law)[0]), min(interval.high, hull(law)[1])
        a = float(rng.uniform(low, high))
        b = a + 0.1 * float(np.min(np.abs(singular - a)))
        integrals = []
        for nodes, weights in (np.polynomial.legendre.leggauss(n) for n in (12, 24)):
            integrals.append(0.5 * (b - a) * float(weights @ law.pdf(0.5 * (a + b) + 0.5 * (b - a) * nodes)))
        (at_a, at_b), bounds = law.cdf(np.array([a, b]), return_error=True)
        assert abs(at_b - at_a - integrals[1]) <= bounds.sum() + 1e-13 + abs(integrals[1] - integrals[0])


@every_law
def test_quantiles_invert_the_distribution_function(kind, case):
    law = law_of(kind, case)
    rng = np.random.default_rng([SEED, case, 3])
    atoms = np.array([a for a, _ in law.atoms])
    jumps = np.array([m for _, m in law.atoms])
    at_atoms = law.cdf(atoms) if atoms.size else np.zeros(0)
    ends = special_points(law)
    u = np.concatenate(
        [rng.uniform(size=30), 10.0 ** rng.uniform(-15.0, -2.0, 6), at_atoms - rng.uniform(size=atoms.size) * jumps]
    )
    u = np.sort(u[(u > 0.0) & (u < 1.0)])
    q = law.ppf(u)
    assert np.all(np.diff(q) >= -4.0 * EPS * np.abs(q[1:]))
    reached, error = law.cdf(q, return_error=True)
    resolution = 4.0 * law.pdf(q) * np.spacing(np.abs(q))
    tolerance = 1e-12 + error + np.where(np.isfinite(resolution), resolution, 1.0)
    jump = np.zeros_like(q)
    for a, m in law.atoms:
        jump += np.where(np.abs(q - a) <= 16.0 * EPS * max(1.0, abs(a)), m, 0.0)
    assert np.all(reached >= u - tolerance)
    assert np.all(reached - jump <= u + tolerance)
    inside = (at_atoms > 0.0) & (at_atoms < 1.0)
    np.testing.assert_allclose(law.ppf(at_atoms[inside]), atoms[inside], rtol=8.0 * EPS, atol=8.0 * EPS)
    tops = np.array([e for e in ends if 0.0 < law.cdf(e) < 1.0])
    if tops.size:  # the quantile at the level of an edge is the edge or left of it, never across the gap
        assert np.all(law.ppf(law.cdf(tops)) <= tops + 1e-7 * (1.0 + np.abs(tops)))


@every_law
def test_masses_sum_to_one_and_are_those_between_gaps(kind, case):
    law = law_of(kind, case)
    masses = [i.mass for i in law.support] + [m for _, m in law.atoms]
    assert math.fsum(masses) == pytest.approx(1.0, abs=1e-10)
    assert min(masses) > 0.0
    for interval in law.support:
        expected = math.fsum(
            [i.mass for i in law.support if i.high <= interval.high] + [m for a, m in law.atoms if a <= interval.high]
        )
        level, error = law.cdf(interval.high, return_error=True)
        assert abs(level - expected) <= error + 1e-12


@every_law
def test_transforms_map_the_upper_half_plane_to_the_lower(kind, case):
    law = law_of(kind, case)
    rng = np.random.default_rng([SEED, case, 4])
    x = points_of(law, rng, 25)
    x = x[np.min(np.abs(x[:, None] - np.append(special_points(law), np.inf)), axis=1) > 1e-12]
    on_axis = law.stieltjes(x)
    assert np.all(on_axis.imag <= 0.0)
    np.testing.assert_allclose(-on_axis.imag / math.pi, law.pdf(x), rtol=1e-9, atol=1e-12)
    z = x + 1j * 10.0 ** rng.uniform(-15.0, 2.0, x.size)
    g, error = law.stieltjes(z, return_error=True)
    assert np.all(g.imag <= 0.0)
    assert np.all(g.imag < 0.0) or np.all(z.imag[g.imag == 0.0] < 1e-11)
    assert np.all(np.abs(law.stieltjes(z.conj()) - g.conj()) <= 2.0 * error + 1e-15)


# ---------------------------------------------------------------------- algebra
def assert_equal_laws(first, second, rng):
    """Two routes to one law differ by no more than their errors together, next to edges, too."""
    x = points_of(first, rng, 30)
    for method in ("pdf", "cdf"):
        (a, error_a), (b, error_b) = (getattr(law, method)(x, return_error=True) for law in (first, second))
        finite = np.isfinite(a) & np.isfinite(b)
        bound = error_a + error_b + 4.0 * EPS * np.where(finite, np.abs(a), 0.0)
        # the laws themselves differ by the rounding of their parameters, which moves the points
        with np.errstate(invalid="ignore"):
            slope = np.abs(
                getattr(second, method)(x + 1e-15 * np.abs(x)) - getattr(second, method)(x - 1e-15 * np.abs(x))
            )
        bound = bound + np.where(np.isfinite(slope), 4.0 * slope, np.inf)
        assert np.all(np.abs(a[finite] - b[finite]) <= bound[finite]), (first, second, method)
    z = x + 1j * 10.0 ** rng.uniform(-6.0, 1.0, x.size)
    (a, error_a), (b, error_b) = (law.stieltjes(z, return_error=True) for law in (first, second))
    assert np.all(np.abs(a - b) <= error_a + error_b + 1e-14 * np.abs(a))


ROUTES = {
    "commutative sum": lambda a, b, c, t: (rmt.boxplus(a, b), rmt.boxplus(b, a)),
    "associative sum": lambda a, b, c, t: (
        rmt.boxplus(a, b, c),
        rmt.boxplus(rmt.mixture(rmt.boxplus(a, b), rmt.boxplus(b, a)), c),
    ),
    "sum of powers": lambda a, b, c, t: (
        rmt.free_power(a, 1 + t, closed_form=False),
        rmt.boxplus(rmt.free_power(a, t, closed_form=False), a, closed_form=False),
    ),
    "scaled sum": lambda a, b, c, t: (t * rmt.boxplus(a, b) + 3, rmt.boxplus(t * a, t * b + 3)),
    "reflected sum": lambda a, b, c, t: (-rmt.boxplus(a, b), rmt.boxplus(-a, -b)),
    "named sum": lambda a, b, c, t: (
        rmt.boxplus(MarchenkoPastur(t), MarchenkoPastur(t)),
        rmt.boxplus(MarchenkoPastur(t), MarchenkoPastur(t), closed_form=False),
    ),
    "commutative product": lambda a, b, c, t: (rmt.boxtimes(a, b), rmt.boxtimes(b, a)),
    "associative product": lambda a, b, c, t: (
        rmt.boxtimes(a, b, c),
        rmt.boxtimes(rmt.mixture(rmt.boxtimes(a, b), rmt.boxtimes(b, a)), c),
    ),
    "inverse of a product": lambda a, b, c, t: (
        rmt.boxtimes(rmt.inverse(Uniform(1, 1 + t)), rmt.inverse(Uniform(2, 3))),
        rmt.inverse(rmt.boxtimes(Uniform(1, 1 + t), Uniform(2, 3))),
    ),
    "semicircle as a power": lambda a, b, c, t: (
        rmt.boxplus(Semicircle(0, t), b),
        rmt.boxplus(Semicircle(0, t - 1), b, Semicircle(0, 1), closed_form=False),
    ),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("case", range(max(1, CASES // 2)))
def test_two_routes_to_a_law_differ_by_no_more_than_their_errors(route, case):
    rng = np.random.default_rng([SEED, case, *route.encode()])
    positive = "product" in route
    a, b, c = (simple(rng, positive=positive) for _ in range(3))
    first, second = ROUTES[route](a, b, c, Fraction(int(rng.integers(5, 12)), 4))
    assert_equal_laws(first, second, rng)


def test_laws_that_differ_a_little_are_noticed():
    rng = np.random.default_rng(0)
    a, b = Semicircle(), MarchenkoPastur(0.3)
    with pytest.raises(AssertionError):
        assert_equal_laws(rmt.boxplus(a, b), rmt.boxplus(a, MarchenkoPastur(0.3 + 1e-11)), rng)
