"""The right branch at every point, and the points where the equations of subordination are singular."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import rmt
from rmt.free import boxplus, boxtimes, compress, free_power, multiplicative_power
from rmt.laws import (
    Atomic,
    Bernoulli,
    Cauchy,
    Empirical,
    FussCatalan,
    Gaussian,
    MarchenkoPastur,
    Rademacher,
    Semicircle,
    Uniform,
)

HALVES = (Fraction(1, 2), Fraction(1, 2))


# ---------------------------------------------------------------------- neighbours
def test_a_neighbour_outside_the_support_does_not_lead_out_of_it():
    law = boxplus(MarchenkoPastur(ratio=1), -MarchenkoPastur(ratio=1))
    alone = law.cdf(-2.5)
    edge = law.support[0].low
    nodes, weights = np.polynomial.legendre.leggauss(60)
    s = 0.5 * (nodes + 1.0) * math.sqrt(-2.5 - edge)  # the density is a square root at the edge
    mass = float((weights * 0.5 * math.sqrt(-2.5 - edge) * 2.0 * s) @ law.pdf(edge + s * s))
    assert alone == pytest.approx(mass, abs=1e-13)
    for before in (-4.01, -10.0, -4.5, 0.0, 3.0, -2.5):
        assert law.cdf([before, -2.5])[1] == alone


def test_a_product_of_inverses_next_to_its_edge():
    law = boxtimes(rmt.inverse(MarchenkoPastur(0.3)), rmt.inverse(Uniform(1, 2)))
    x = np.array([0.2, 0.29083717, 0.3])
    assert law.pdf(x).tolist() == [law.pdf(float(v)) for v in x]
    # 1/X is the product of the inverses
    other = boxtimes(MarchenkoPastur(0.3), Uniform(1, 2))
    np.testing.assert_allclose(law.pdf(x), other.pdf(1.0 / x) / x**2, rtol=1e-13, atol=1e-14)


def test_no_transform_has_a_positive_imaginary_part():
    law = rmt.CompoundFreePoisson(2, Uniform())
    near = law.stieltjes([1000j, 1e-15j])[1]
    assert near == law.stieltjes(1e-15j)
    assert near == pytest.approx(law.stieltjes(0.0), rel=1e-12)
    # at z = 0 the equation is 1 + 2 M(v) = 0: v = iy with arctan(1/y) y = 1/2
    v = float(mpmath.findroot(lambda y: y * mpmath.atan(1 / y) - mpmath.mpf(1) / 2, 0.43))
    assert near.imag == pytest.approx(-1.0 / v, rel=1e-13)


def test_density_far_out_in_a_tail_keeps_its_digits():
    # Cauchy noise shifts the argument; Gaussian tails of a sum with a bounded law are of the order of the normal ones
    x = np.array([-3e13, -1e6, 1e9])
    density = boxplus(Cauchy(), Uniform()).pdf(x)
    np.testing.assert_allclose(density, 1.0 / (math.pi * (1.0 + x * x)), rtol=1e-6)
    tail = boxplus(Gaussian(), Semicircle(0, 0.01)).pdf(np.array([6.0, 8.0, 10.0, 12.0]))
    assert np.all(tail > 0.0)
    assert np.all(np.diff(np.log(tail)) < -10.0)


# ---------------------------------------------------------------------- singular points
@pytest.mark.parametrize(
    ("law", "edge", "level"),
    [
        (lambda: boxplus(Rademacher(), 2 * Rademacher()), -1.0, 0.5),
        (lambda: boxplus(Rademacher(), 2 * Rademacher()), -3.0, 0.0),
        (lambda: boxplus(Rademacher(), 1.5 * Rademacher()), -2.5, 0.0),
        (lambda: boxplus(Bernoulli(0.3), Bernoulli(0.7)), 2.0, 1.0),
        (lambda: free_power(Atomic((1, 3), HALVES), 2), 6.0, 1.0),
        (lambda: free_power(Atomic((-3, 0), (Fraction(2, 3), Fraction(1, 3))), 3), -9.0, 0.0),
        (lambda: rmt.sample_covariance(Atomic((1, 3, 10), (0.5, 0.3, 0.2)), 0.1), 7.566533410816408, 0.8),
        (lambda: rmt.sample_covariance(Atomic((1, 3), HALVES), 0.25), 1.5, 0.5),
        (lambda: boxplus(3 * Rademacher(), Semicircle()), 0.0, 0.5),
    ],
)
def test_mass_up_to_a_singular_point(law, edge, level):
    value, error = law().cdf(edge, return_error=True)
    assert value == pytest.approx(level, abs=1e-14)
    assert abs(value - level) <= error


def test_an_edge_where_an_argument_is_infinite():
    law = rmt.sample_covariance(Atomic((1, 3), HALVES), 0.25)
    assert law.pdf(1.5) == 0.0
    u = (np.arange(400) + 0.5) / 400
    q = law.ppf(u)
    np.testing.assert_allclose(law.cdf(q), u, atol=1e-12)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    parts = [0.25 * float(weights @ law.ppf(0.25 * (nodes + 1.0) + start)) for start in (0.0, 0.5)]
    assert sum(parts) == pytest.approx(2.0, abs=1e-4)  # the mean


def test_distribution_function_of_a_symmetric_root_left_of_its_support():
    law = boxplus(rmt.symmetrised(rmt.square_root(Uniform(1, 2))), Semicircle())
    x = np.linspace(-12.0, law.support[0].low, 40)
    assert np.all(law.cdf(x) == 0.0)
    assert rmt.squared(law).cdf(9.17) == 1.0


@pytest.mark.parametrize(
    ("signed", "positive", "below"),
    [
        (Rademacher(), FussCatalan(20), 0.5),
        (Rademacher(), FussCatalan(3), 0.5),
        (Uniform(-1, 3), FussCatalan(5), 0.25),
        (Atomic((-1, 1), (0.4, 0.6)), FussCatalan(3), 0.4),
        (Semicircle(), MarchenkoPastur(1), 0.5),
        (Rademacher(), MarchenkoPastur(1), 0.5),
    ],
)
def test_signed_products_keep_the_mass_below_zero(signed, positive, below):
    law = boxtimes(signed, positive)
    assert law.cdf(0.0) == pytest.approx(below, abs=4e-16)
    x = np.concatenate([-(10.0 ** np.arange(0.0, -180.0, -15.0)), [0.0], 10.0 ** np.arange(-180.0, 1.0, 15.0)])
    levels = law.cdf(x)
    assert np.all(np.diff(levels) >= -1e-15)
    assert law.pdf(0.0) == math.inf
    assert any(0.0 in (i.low, i.high) and min(i.low_exponent, i.high_exponent) < 0.0 for i in law.support)
    u = np.array([0.1, below, below + 0.01, 0.9])
    np.testing.assert_allclose(law.cdf(law.ppf(u)), u, atol=1e-13)


def test_squares_of_signed_products():
    # (sign x FussCatalan)^2 is the free product of two Fuss-Catalan laws
    law, square = boxtimes(Rademacher(), FussCatalan(3)), FussCatalan(6)
    x = 10.0 ** np.arange(-30.0, 1.0, 3.0)
    np.testing.assert_allclose(law.pdf(x), x * square.pdf(x * x), rtol=1e-11)
    np.testing.assert_allclose(law.cdf(x), 0.5 + 0.5 * square.cdf(x * x), rtol=1e-14)
    assert law.support[1].low_exponent == pytest.approx(2.0 * (1.0 / 7.0 - 1.0) + 1.0, abs=1e-12)


def test_mass_below_zero_of_a_product_with_a_projection():
    # P X P in the corner is the compression of X
    law = boxtimes(Uniform(-1, 3), Bernoulli(0.4), MarchenkoPastur(0.3))
    corner = compress(Uniform(-1, 3), 0.4)
    assert law.cdf(-1e-12) == pytest.approx(0.4 * corner.cdf(0.0), abs=1e-12)


def test_a_gap_next_to_zero_on_one_side():
    # next to 0 the small part of Y sees X compressed to a small corner, near its mean 0.2
    law = boxtimes(Atomic((-1, 1), (0.4, 0.6)), FussCatalan(3))
    lower, upper = law.support
    assert lower.high < 0.0
    assert law.cdf(lower.high) == pytest.approx(0.4, abs=1e-14)
    assert (upper.low, upper.low_exponent) == (0.0, -0.75)


# ---------------------------------------------------------------------- quantiles
@pytest.mark.parametrize("ratio", [2, 5, 10, 12, 35, 101, 200])
def test_quantile_at_the_level_of_an_atom(ratio):
    for law in (MarchenkoPastur(ratio), multiplicative_power(MarchenkoPastur(ratio), 1.5)):
        assert law.ppf(law.cdf(0.0)) == 0.0
        assert law.ppf(1.0 - 1.0 / ratio) == 0.0


def test_quantiles_in_the_tail_of_a_law_without_ends():
    law = boxplus(Cauchy(), Uniform())
    with mpmath.workdps(120):

        def above(x):  # Im U/pi for the uniform law at x + i
            z = mpmath.mpc(x, 1)
            return mpmath.im((z + 1) * mpmath.log(z + 1) - (z - 1) * mpmath.log(z - 1)) / (2 * mpmath.pi)

        for u in (1e-3, 1e-6, 1e-10, 1e-14, 1e-30):
            q = law.ppf(u)
            assert float(above(-mpmath.mpf(q)) / u) == pytest.approx(1.0, abs=1e-11)
            assert law.cdf(q) == pytest.approx(u, rel=1e-11)
    assert law.ppf(0.5) == pytest.approx(0.0, abs=1e-15)


def test_tabulated_quantiles_reach_their_levels():
    for law in (
        boxplus(Cauchy(), Bernoulli(0.3)),
        boxtimes(Semicircle(), MarchenkoPastur(1)),
        free_power(Atomic((0, 1, 3), (0.4, 0.3, 0.3)), 1.2),
    ):
        u = (np.arange(2000) + 0.5) / 2000
        q = law.ppf(u)
        assert np.all(np.diff(q) >= 0.0)
        reached = law.cdf(q)
        jumps = sum((np.where(q == a, m, 0.0) for a, m in law.atoms), np.zeros_like(q))
        assert np.all(reached >= u - 1e-12)
        assert np.all(reached - jumps <= u + 1e-12)


# ---------------------------------------------------------------------- near the identity, errors
def test_powers_next_to_one_are_the_law():
    x = np.array([0.3, 1.0, 2.0, 2.39])
    for law, points in ((MarchenkoPastur(0.3), x), (Gaussian(), np.append(x, 5.0)), (Uniform(), x / 3.0)):
        for excess in (1e-12, 1e-13, 1e-14):
            power = free_power(law, 1.0 + excess, closed_form=False)
            np.testing.assert_allclose(power.pdf(points), law.pdf(points), rtol=1e-9)
            np.testing.assert_allclose(power.cdf(points), law.cdf(points), rtol=1e-11)


def test_errors_are_numbers_and_hold_next_to_singular_edges():
    value, error = boxplus(Cauchy(), Rademacher()).pdf(0.0, return_error=True)
    assert abs(value - 0.5 / math.pi) <= error < 1e-14
    arcsine = boxplus(Bernoulli(0.5), Bernoulli(0.5), closed_form=False)
    x = 2.0 - np.array([1e-15, 2e-15, 1e-14, 1e-12, 1e-8])
    density, error = arcsine.pdf(x, return_error=True)
    truth = [float(1 / (mpmath.pi * mpmath.sqrt(mpmath.mpf(float(v)) * (2 - mpmath.mpf(float(v)))))) for v in x]
    assert np.all(np.abs(density - truth) <= error)
    level, error = arcsine.cdf(x, return_error=True)
    truth = [float(mpmath.acos(1 - mpmath.mpf(float(v))) / mpmath.pi) for v in x]
    assert np.all(np.abs(level - truth) <= error)
    assert np.all(error < 1e-6)


def test_points_at_the_measured_numbers_of_an_empirical_law():
    law = boxplus(Empirical(tuple(np.linspace(0.0, 1.0, 5).tolist())), Semicircle(0, 0.01))
    x = np.linspace(0.0, 1.0, 7)
    np.testing.assert_allclose(law.stieltjes(x + 2e-14j), law.stieltjes(x), rtol=1e-9, atol=1e-9)
    assert np.all(law.stieltjes(x + 2e-14j).imag < 0.0)


# ---------------------------------------------------------------------- domains
def test_transforms_of_sums_and_products_end_with_their_domain():
    total = boxplus(MarchenkoPastur(0.5), Uniform())
    with pytest.raises(ValueError, match="outside the domain"):
        total.r_transform(500.0)
    z = total.support[-1].high + 0.1
    g = total.stieltjes(z).real
    assert total.r_transform(g) == pytest.approx(z - 1.0 / g, rel=1e-12)
    product = boxtimes(MarchenkoPastur(0.5), Uniform(1, 2))
    for m in (50.0, -5.0):
        with pytest.raises(ValueError, match="outside the domain"):
            product.s_transform(m)
    z = product.support[-1].high + 0.1
    m = z * product.stieltjes(z).real - 1.0
    assert product.s_transform(m) == pytest.approx((1.0 + m) / (m * z), rel=1e-12)
