"""Random nested trees: total mass, monotone distribution function, certificate everywhere, moments by another route."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from random_trees import random_law

from rmt.errors import ConvergenceError
from rmt.free import boxtimes, free_power
from rmt.free.subordination.free_convolution import FreelyConvolved
from rmt.laws import MarchenkoPastur, Semicircle, Uniform

#: panels in the angle θ, x = c - h cos θ, ever finer towards the ends of an interval
_FINE = math.pi / 30 * 0.5 ** np.arange(1, 17)
BREAKS = np.unique(np.concatenate([np.linspace(0.0, math.pi, 31), _FINE, math.pi - _FINE]))


def rule(n):
    """Angles and weights of the Gauss rule with n points on every panel."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    middles, halves = 0.5 * (BREAKS[1:] + BREAKS[:-1]), 0.5 * np.diff(BREAKS)
    return (middles[:, None] + halves[:, None] * nodes).ravel(), (halves[:, None] * weights).ravel()


RULES = rule(10), rule(7)


def random_tree(seed, depth=3):
    """A tree whose root is computed by the solver."""
    rng = np.random.default_rng(seed)
    while True:
        law = random_law(rng, depth, positive=bool(rng.random() < 0.5))
        if isinstance(law, FreelyConvolved):
            return law, rng


def points_of(law, rng, n):
    mean, deviation = law.mean(), law.std()
    return np.sort(mean + deviation * np.concatenate([np.linspace(-4.0, 4.0, n), rng.uniform(-3.0, 3.0, n // 3)]))


def share_uncertified(law, x):
    """Share of points without certificate; at the others the distribution function increases."""
    values = law._values(x + 0j, certified=False, potential=True)
    below = 1.0 - values.potential[~values.failed].imag / math.pi
    assert np.all(np.diff(below) > -1e-12)
    assert np.all((below > -1e-12) & (below < 1.0 + 1e-12))
    return values.failed.mean()


def integrated_moments(law, cuts, order, angles, weights):
    """E X^k from the distribution function by a rule between all neighbouring cuts."""
    moments = cuts[-1] ** order.astype(float)
    for low, high in itertools.pairwise(cuts):
        x = low + (high - low) * np.sin(0.5 * angles) ** 2
        within = (x > low) & (x < high)
        levels = np.zeros_like(x)
        levels[within] = law.cdf(x[within])
        parts = 0.5 * (high - low) * np.sin(angles) * weights * levels
        moments = moments - order * ((x[:, None] ** (order - 1)).T @ parts)
    return moments


def check_mass_and_moments(law):
    """Mass 1, and E X^k = b^k - k ∫ x^(k-1) cdf(x) dx equal to the moment series, k <= 4."""
    masses = [i.mass for i in law.support] + [m for _, m in law.atoms]
    assert math.fsum(masses) == pytest.approx(1.0, abs=1e-12)
    cuts = {e for i in law.support for e in (i.low, i.high)} | {a for a, _ in law.atoms}
    if min(cuts) < 0.0 < max(cuts):
        cuts.add(0.0)  # where products of laws of both signs pile up
    cuts = sorted(cuts)
    order = np.arange(1, 5)
    scale = max(abs(cuts[0]), abs(cuts[-1])) ** order
    fine, coarse = (integrated_moments(law, cuts, order, *points) for points in RULES)
    tolerance = 1e-10 + np.abs(fine - coarse) / scale
    assert np.all(tolerance < 1e-6)
    assert np.all(np.abs(fine - np.array(law.moments(4), dtype=float)) <= tolerance * scale)


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_nested_trees(first):
    for seed in range(first, first + 10):
        law, rng = random_tree(seed)
        assert share_uncertified(law, points_of(law, rng, 90)) <= 0.02
        if seed % 5 == 0:
            check_mass_and_moments(law)


@pytest.mark.parametrize("seed", [14, 52, 87, 237])
def test_ends_of_deep_trees_are_answered(seed):
    """At an end the distribution function is the mass up to there, beside steep densities and without a certificate."""
    law, _ = random_tree(seed, depth=6)
    for end in {end for i in law.support for end in (i.low, i.high)}:
        mass = math.fsum([i.mass for i in law.support if i.high <= end] + [m for a, m in law.atoms if a <= end])
        level, error = law.cdf(end, return_error=True)
        assert abs(level - mass) <= error < 0.01
        assert law.pdf(end) in (0.0, math.inf)


def test_an_atom_at_the_end_of_a_steep_density():
    """Half of the mass of this power is at 0, and much of the rest within 1e-15 of it."""
    law = free_power(boxtimes(MarchenkoPastur(3), powers=[20], closed_form=False), 1.5)
    assert law.atoms == ((0.0, pytest.approx(0.5, abs=1e-12)),)
    beside = 1e-13 * law.std()
    assert law.cdf(beside) > 0.55
    assert law.cdf(-1e-18) == 0.0
    assert law.cdf(0.0) == pytest.approx(0.5, abs=1e-12)
    # points that are not told from the atom: the mass on their way to it is in the error
    level, error = law.cdf(1e-18, return_error=True)
    assert level > 0.55
    assert level - error <= 0.5 + 1e-12


def test_quantiles_beyond_the_squares_of_floats_are_refused_in_a_sentence():
    law, _ = random_tree(151, depth=6)
    assert law.support[0].low > 1e150
    with pytest.raises(ConvergenceError, match="nearer to size 1"):
        law.ppf(0.5)


def test_moments_that_have_no_exact_form_are_not_offered_exactly():
    law = boxtimes(Semicircle(2.4, 0.3), Uniform(0.3, 2.1), powers=(95, 118.75), closed_form=False)
    with pytest.raises(OverflowError, match="ask for fewer"):
        law.moments(7)
    assert all(map(math.isfinite, law.moments(4)))


def test_rule_of_the_moments_notices_a_missing_mass():
    law, _ = random_tree(0)
    moments = law.moments(4)
    object.__setattr__(law, "moments", lambda order: [m * (1.0 + 1e-6) for m in moments])
    with pytest.raises(AssertionError):
        check_mass_and_moments(law)


@pytest.mark.long
@pytest.mark.parametrize("first", range(100, 140, 20))
def test_many_nested_trees(first):
    shares = []
    for seed in range(first, first + 20):
        law, rng = random_tree(seed)
        shares.append(share_uncertified(law, points_of(law, rng, 300)))
        check_mass_and_moments(law)
    assert np.mean(shares) <= 0.02  # measured: none in 40000 points
