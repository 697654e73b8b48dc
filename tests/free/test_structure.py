"""Structure of computed laws: edges and exponents, number and masses of intervals, atoms; also beyond double range."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

from rmt.free import boxplus, boxtimes, multiplicative_power
from rmt.laws import Atomic, Bernoulli, FussCatalan, MarchenkoPastur, Semicircle, Uniform


# ---------------------------------------------------------------------- beyond the range of double precision
def relu_edge(depth):
    """Upper edge of x = (1 + m)(1 + 2m)^L/m, where 2L m^2 + 2(L - 1) m = 1."""
    roots = np.roots([2.0 * depth, 2.0 * (depth - 1), -1.0])
    m = max(roots)
    return math.exp(math.log1p(m) + depth * math.log1p(2 * m) - math.log(m))


def test_point_masses_to_high_powers_stay_in_logarithms():
    depth, gain = 10_000, 2.0000000000000004
    law = boxtimes(
        Bernoulli(0.5), FussCatalan(depth), Atomic((gain,), (1,)), powers=(depth, 1, depth), closed_form=False
    )
    edge = relu_edge(depth) * (gain / 2.0) ** depth
    (interval,) = law.support
    assert (interval.low, interval.low_exponent) == (0.0, pytest.approx(-depth / (depth + 1)))
    assert interval.high == pytest.approx(edge, rel=1e-11)
    assert interval.mass == pytest.approx(0.5, abs=1e-12)
    assert law.atoms == ((0.0, pytest.approx(0.5, abs=1e-15)),)
    levels = np.array([0.9998, 0.99999])
    np.testing.assert_allclose(law.cdf(law.ppf(levels)), levels, atol=1e-13)
    np.testing.assert_allclose(law.cdf_of_log(law.ppf_of_log([0.6, 0.9])), [0.6, 0.9], atol=1e-13)
    assert law.cdf(2.0 * edge) == 1.0


def test_what_double_precision_cannot_hold_is_said_in_the_error():
    law = boxtimes(Bernoulli(0.9999, 0, 1 / 0.9999), Atomic((2,), (1,)), powers=(3000, 3000))
    # the free power of the projection keeps an atom of mass 3000 * 0.9999 - 2999 at 2^3000/0.9999^3000
    place = 3000 * (math.log(2) - math.log(0.9999))
    with pytest.raises(OverflowError, match="ppf_of_log"):
        law.support  # noqa: B018
    with pytest.raises(OverflowError, match="ppf_of_log"):
        law.atoms  # noqa: B018
    assert law.ppf_of_log(0.5) == pytest.approx(place, rel=1e-15)
    np.testing.assert_allclose(law.cdf_of_log([place - 0.2, place + 0.2]), [0.3, 1.0], atol=1e-11)


@pytest.mark.parametrize("depth", [10, 100, 1000, 10_000])
def test_mean_logarithm_of_deep_products(depth):
    # E log X = -1 for a free Poisson law of rate 1, and logarithms of determinants add
    law = multiplicative_power(MarchenkoPastur(), depth, closed_form=False)
    assert law.log_potential(0.0).real == pytest.approx(-depth, rel=1e-12)
    assert boxtimes(Bernoulli(0.5), Bernoulli(0.3), closed_form=False).log_potential(0.0).real == -math.inf


# ---------------------------------------------------------------------- cusps
def critical_covariance():
    """Ratio and cusp x of a population 1, 5, 10^5, where x'(v) = x''(v) = 0 for x = -1/v + c ∫ t/(1 + tv)."""
    positions, masses = (1, 5, 100_000), (0.5, 0.4375, 0.0625)
    with mp.workdps(40):

        def power_sum(v, k):
            return mp.fsum(p * mp.mpf(t) ** k / (1 + t * v) ** k for t, p in zip(positions, masses, strict=True))

        v = mp.findroot(lambda v: power_sum(v, 3) * v - power_sum(v, 2), mp.mpf(-0.487))
        ratio = 1 / (v * v * power_sum(v, 2))
        return float(ratio), float(-1 / v + ratio * power_sum(v, 1)), Atomic(positions, masses)


def test_masses_at_a_cusp_far_below_the_spread():
    ratio, cusp, population = critical_covariance()
    law = boxtimes(MarchenkoPastur(ratio), population)
    assert [i.mass for i in law.support] == pytest.approx([0.5, 0.4375, 0.0625], abs=1e-14)
    assert (law.support[0].high_exponent, law.support[1].low_exponent) == pytest.approx((1 / 3, 1 / 3))
    assert law.support[0].high == pytest.approx(cusp, abs=1e-14)
    near = cusp + np.array([-1e-11, -1e-13, 0.0, 1e-13, 1e-11])
    np.testing.assert_allclose(law.cdf(near), 0.5, atol=2e-15)
    np.testing.assert_allclose(law.cdf_of_log(np.log(near)), 0.5, atol=2e-15)
    assert np.all(np.diff(law.cdf(cusp + np.array([-1e-9, -1e-10, 0.0, 1e-10, 1e-9]))) > 0.0)


# ---------------------------------------------------------------------- nested trees
def test_atoms_of_nested_trees():
    # the product has atoms 0.1 at 0 (Belinschi) and 0.8 at 1; sums keep what is above 1 (Bercovici and Voiculescu)
    law = boxplus(boxtimes(Bernoulli(0.9), Bernoulli(0.9), closed_form=False), Bernoulli(0.95), closed_form=False)
    assert law.atoms == (
        (1.0, pytest.approx(0.05, abs=1e-14)),
        (2.0, pytest.approx(0.75, abs=1e-14)),
    )
    total = math.fsum(i.mass for i in law.support) + math.fsum(m for _, m in law.atoms)
    assert total == pytest.approx(1.0, abs=1e-13)


def test_exponents_of_nested_trees():
    shifted = boxplus(Semicircle(3, 0.25), Bernoulli(0.5), closed_form=False)
    for depth in (1, 2, 4):
        law = boxtimes(shifted, MarchenkoPastur(), powers=(1, depth), closed_form=False)
        assert law.support[0].low == 0.0
        assert law.support[0].low_exponent == pytest.approx(-depth / (depth + 1))
        assert law.support[-1].high_exponent == 0.5


def test_intervals_of_nested_trees():
    # a sum with few far atoms keeps one interval around each, of its mass
    inner = boxtimes(MarchenkoPastur(0.5, 0.01), Atomic((1, 2), (0.5, 0.5)))
    law = boxplus(inner, Atomic((-10, 0, 10), (0.2, 0.3, 0.5)))
    assert [i.mass for i in law.support] == pytest.approx([0.2, 0.3, 0.5], abs=1e-13)
    # negative control: without the atoms there is one
    assert len(inner.support) == 1


def test_edge_next_to_a_jump_near_the_origin():
    # the transform of the uniform law grows like a logarithm at its edge and takes the edge's value within rounding
    law = boxtimes(MarchenkoPastur(0.5, 0.875), Uniform(0.006, 3.0))
    (interval,) = law.support
    assert 0.0 < interval.low < 0.006
    assert (interval.low_exponent, interval.high_exponent) == (0.5, 0.5)
    assert interval.mass == pytest.approx(1.0, abs=1e-14)
    beyond = interval.low * (1.0 + np.array([-1e-6, 1e-6]))
    assert law.pdf(beyond)[0] == 0.0 < law.pdf(beyond)[1]


def test_dilated_deep_products_keep_their_logarithm():
    deep = 1e-3 * multiplicative_power(MarchenkoPastur(), 300, closed_form=False)
    exact = FussCatalan(300)
    assert deep.ppf_of_log(0.1) == pytest.approx(exact.ppf_of_log(0.1) + math.log(1e-3), rel=1e-12)
    assert deep.cdf_of_log(-2000.0) == pytest.approx(exact.cdf_of_log(-2000.0 - math.log(1e-3)), rel=1e-10)
