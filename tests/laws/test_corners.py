"""Points where a law is not smooth, or floats end: edges, atoms, infinity, squares that overflow, ends of domains."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

import rmt
from rmt.laws import (
    Arcsine,
    Atomic,
    Bernoulli,
    Cauchy,
    Empirical,
    FreeMeixner,
    FreeStable,
    FussCatalan,
    KestenMcKay,
    MarchenkoPastur,
    ProjectionProduct,
    Rademacher,
    Raney,
    Semicircle,
    Uniform,
    Wachter,
    square_root,
    squared,
)

NAMED = [
    Uniform(1, 2),
    Arcsine(2),
    Bernoulli(0.3),
    Rademacher(),
    MarchenkoPastur(1),
    MarchenkoPastur(0.5),
    MarchenkoPastur(2),
    FussCatalan(2),
    Raney(3, 0.5),
    Wachter(0.5, 0.8),
    KestenMcKay(3),
    Semicircle(4),
    Atomic((0, 1, 3), (0.2, 0.3, 0.5)),
    FreeMeixner(1, 0),
    FreeMeixner(2, 0),
    ProjectionProduct(0.3, 0.5),
    Empirical([1.0, 2.0, 2.5]),
]


def images(law):
    low, _ = law._hull()
    yield law
    yield 2 * law + 1
    yield -0.7 * law + 0.3
    yield rmt.mixture(law, Uniform(3, 4))
    yield rmt.mixture(law, Atomic((0, 5), (0.5, 0.5)))
    yield rmt.mixture(law, Uniform(2, 3), Uniform(1, 2))
    yield 3 * rmt.mixture(law, Semicircle(4)) - 1
    yield rmt.symmetrised(law)
    yield squared(law)
    if low >= 0.0:
        yield square_root(law)
    if low > 0.0:
        yield rmt.inverse(law)


@pytest.mark.parametrize("law", NAMED, ids=repr)
def test_transforms_at_edges_and_atoms(law):
    """No part is NaN, G is −iπ times the density, and an infinite part has the sign of the values beside it."""
    for image in images(law):
        ends = [e for i in image.support for e in (i.low, i.high)] + [a for a, _ in image.atoms]
        for x in sorted(set(ends)):
            g, m = image.stieltjes(x), image.t_transform(x)
            for value in (g, m, complex(image.hilbert(x)), image.log_potential(x)):
                assert not math.isnan(value.real), (image, x)
                assert not math.isnan(value.imag), (image, x)
            assert g.imag <= 0.0
            if not any(a == x for a, _ in image.atoms):
                assert -g.imag / math.pi == pytest.approx(image.pdf(x), rel=1e-9, abs=1e-7)
            for value, near in ((g, image.stieltjes(x + 1e-9j)), (m, image.t_transform(x + 1e-9j))):
                assert math.isfinite(value.imag) or value.imag * near.imag > 0.0, (image, x)
                if math.isfinite(g.imag):  # at an infinite density the sign hangs on the direction
                    assert math.isfinite(value.real) or value.real * near.real > 0.0, (image, x)


def test_known_values_at_jumps_and_atoms():
    assert rmt.mixture(Uniform(1, 2), Semicircle(4)).stieltjes(1.0) == complex(-math.inf, -math.pi / 2)
    between = rmt.mixture(Bernoulli(0.5), Uniform(3, 4)).stieltjes(1.0)
    assert between.real == pytest.approx(0.25 - 0.5 * math.log(1.5), abs=1e-15)
    assert between.imag == -math.inf
    assert (2 * Arcsine() + 1).hilbert(-3.0) == Arcsine().hilbert(-2.0) == 0.0
    # two halves of one uniform law meet: the infinities cancel
    assert rmt.mixture(Uniform(0, 1), Uniform(1, 2)).hilbert(1.0) == pytest.approx(0.0, abs=1e-9)
    thirds = rmt.mixture(Uniform(0, 1), Uniform(1, 2), Uniform(2, 3))
    assert thirds.hilbert([1.0, 2.0]) == pytest.approx(Uniform(0, 3).hilbert([1.0, 2.0]), abs=1e-9)
    assert rmt.mixture(Uniform(0, 1), Uniform(1, 3)).hilbert(1.0) == math.inf
    # finite parts beside the poles of M = Σ p a/(z − a)
    assert Bernoulli(0.3).t_transform([0.0, 1.0]).tolist() == [-0.3, complex(0.0, -math.inf)]
    assert (2 * Bernoulli(0.25) + 1).t_transform(1.0).real == pytest.approx(0.25 * 3 / (1 - 3))


# ---------------------------------------------------------------------- infinity and what is nearly that
WIDE = [
    *NAMED,
    FreeMeixner(1, 1),
    FreeMeixner(3, -0.7),
    FreeMeixner(0.5, -1),
    Cauchy(),
    rmt.Gaussian(),
    FreeStable(1.5),
    FreeStable(1, 0.25),
    square_root(MarchenkoPastur(2)),
    square_root(MarchenkoPastur(1)),
    square_root(FussCatalan(2)),
    square_root(Uniform(0, 1)),
    squared(Uniform(-1, 2)),
]


@pytest.mark.parametrize("law", WIDE, ids=repr)
def test_points_whose_square_overflows(law):
    """G = 1/z, U = log z, and M small; cdf and sf are 0 and 1."""
    for exponent in (100, 154, 156, 216, 300, 307):
        for direction in (1.0, -1.0, 1j, 1 + 1j):
            z = direction * 10.0**exponent
            assert law.stieltjes(z) * z == pytest.approx(1.0, rel=1e-9)
            assert abs(law.t_transform(z)) < 1e-40
            assert law.log_potential(z) == pytest.approx(np.log(z + 0j), rel=1e-9)
        far = 10.0**exponent
        assert law.hilbert(far) == pytest.approx(1.0 / far, rel=1e-9)
        assert [law.sf(far), law.cdf(-far)] == pytest.approx([0.0, 0.0], abs=1e-90)
        assert law.pdf([far, -far]) == pytest.approx(0.0, abs=1e-90)
    assert law.hilbert([math.inf, -math.inf]).tolist() == [0.0, 0.0]
    assert np.isnan(law.stieltjes(complex(math.inf, math.nan)))
    assert np.isnan(law.hilbert(math.nan))


@pytest.mark.parametrize("law", WIDE, ids=repr)
def test_points_whose_square_underflows(law):
    for exponent in (-100, -156, -200, -300):
        for direction in (1.0, -1.0, 1j):
            z = direction * 10.0**exponent
            for value in (law.stieltjes(z), law.t_transform(z), law.log_potential(z)):
                assert not np.isnan(value)
                assert not np.isnan(value.imag)


def test_square_roots_next_to_zero():
    law = square_root(MarchenkoPastur(2))
    assert law.stieltjes(1e-200j) * 1e-200j == pytest.approx(0.5, rel=1e-12)  # the pole of the atom
    # E 1/(z + Y) grows like a logarithm, far below the first node of the rule
    quarter = square_root(MarchenkoPastur(1))
    for z in (1e-3j, 1e-6j, 1e-8j, 1e-12j, 1e-100j, 1e-200j):
        value, bound = quarter.stieltjes(z, return_error=True)
        exact = 2.0 / math.pi * (math.log(abs(z)) - math.log(4.0) + 1.0)  # up to terms of order z
        assert abs(value.real - exact) <= bound + 2.0 * abs(z)
        assert bound < 1e-10
    # the density of √X is infinite at 0, like y^(−1/3): 2z G(z²) and the rest cancel nowhere
    steep = square_root(FussCatalan(2))
    z = 1e-12 * np.array([1j, 0.1 + 1j])
    value, bound = steep.stieltjes(z, return_error=True)
    doubled = steep.stieltjes(z) - steep.stieltjes(-z.conj()).conj()
    np.testing.assert_allclose(doubled, 2.0 * z * FussCatalan(2).stieltjes(z * z), rtol=1e-12)


def test_small_scales():
    assert Cauchy(scale=1e-300).pdf(-1) == pytest.approx(1e-300 / math.pi, rel=1e-14)
    assert Bernoulli(1e-300).s_transform(0.1) == pytest.approx(1.1 / (0.1 + 1e-300), rel=1e-12)
    tiny = Empirical([0.0, 5e-324])
    assert tiny.hilbert([0.0, 5e-324]).tolist() == [-math.inf, math.inf]
    assert Empirical([-5e-324, 0.0, 5e-324]).hilbert(0.0) == 0.0


def test_a_light_bulk_has_relative_accuracy():
    """FreeMeixner with mass 1e-6 in its interval: an error of 7e4 of its bounds."""
    law, x = FreeMeixner(1000, 1), 1001.6970562748477
    with mpmath.workdps(40):
        a, c = mpmath.mpf(1000), mpmath.sqrt(2)
        exact = mpmath.quad(
            lambda t: mpmath.sqrt(4 * c * c - (t - a) ** 2) / (2 * mpmath.pi * (1 + a * t + t * t)), [x, a + 2 * c]
        )
        value, bound = law.sf(x, return_error=True)
        assert abs(value - exact) <= bound
    assert bound < 1e-19


# ---------------------------------------------------------------------- ends of the domains of R and S
INVERTED = [
    rmt.mixture(Semicircle(-4), Semicircle(4)),
    rmt.mixture(Semicircle(3), MarchenkoPastur(0.3)),
    rmt.mixture(MarchenkoPastur(0.3), MarchenkoPastur(0.5)),
    rmt.Law.from_moments([0, 1, 0, 2, 0, 5]),
    rmt.sample_covariance(Atomic((1, 3), (0.5, 0.5)), 0.25),
]


@pytest.mark.parametrize("law", INVERTED, ids=repr)
def test_r_and_s_reach_the_end_of_their_domain_and_no_further(law):
    for edge in law._hull():
        g = law.stieltjes(edge).real
        for step in (0.0, 1e-12, 1e-8):
            assert law.blue(g * (1.0 - step)) == pytest.approx(edge, rel=1e-11)
        with pytest.raises(ValueError, match="outside the domain"):
            law.r_transform(1.001 * g)
        if law._hull()[0] > 0.0:
            m = law.t_transform(edge).real
            for step in (0.0, 1e-12, 1e-8):
                assert law.inverse_t_transform(m * (1.0 - step)) == pytest.approx(edge, rel=1e-11)
            with pytest.raises(ValueError, match="outside the domain"):
                law.s_transform(1.001 * m)


def test_r_and_s_of_sums_and_products_end_where_the_law_says():
    law = rmt.boxplus(MarchenkoPastur(0.5), Uniform())
    low, high = (law.stieltjes(edge).real for edge in law._hull())
    assert law.r_transform([0.99 * low, 0.99 * high]) == pytest.approx(
        MarchenkoPastur(0.5).r_transform([0.99 * low, 0.99 * high]) + Uniform().r_transform([0.99 * low, 0.99 * high])
    )
    for g in (1.01 * low, 1.01 * high, 500.0):
        with pytest.raises(ValueError, match="outside the domain"):
            law.r_transform(g)
    product = rmt.boxtimes(MarchenkoPastur(0.5), Uniform(1, 2))
    top = product.t_transform(product._hull()[1]).real
    assert product.inverse_t_transform(0.999999 * top) == pytest.approx(product._hull()[1], rel=1e-5)
    for m in (50.0, -5.0, 1.001 * top):
        with pytest.raises(ValueError, match="outside the domain"):
            product.s_transform(m)


def test_transforms_of_a_point_mass():
    assert Empirical([7.0]).r_transform([1.0, -5.0]).tolist() == [7.0, 7.0]
    with pytest.raises(ValueError, match="g must be finite"):
        Uniform().r_transform(math.inf)


def test_a_density_without_decay_is_refused_at_once():
    with pytest.raises(ValueError, match=r"its mass towards inf is infinite; give a bounded support"):
        rmt.Law.from_pdf(lambda x: 0.5 + 0.0 * x, (0.5, math.inf))
    assert rmt.Law.from_pdf(lambda x: 2.0 + 0.0 * x, (0.5, 1.0)).mean() == pytest.approx(0.75, abs=1e-12)


GAPPED = {
    Uniform(1, 3): (1, 3, lambda x: mpmath.mpf(0.5)),
    Semicircle(3): (1, 5, lambda x: mpmath.sqrt((5 - x) * (x - 1)) / (2 * mpmath.pi)),
}


@pytest.mark.parametrize("law", GAPPED, ids=repr)
def test_squares_next_to_zero(law):
    """G of X² in the gap around 0, where G(√z) − G(−√z) of X cancels, by mpmath."""
    low, high, density = GAPPED[law]
    for z in (-1e-20, 1e-300, 1e-20, 1e-12 + 1e-13j, 1e-3, -2e-3 + 1e-3j, 0.0):
        with mpmath.workdps(25):
            right = complex(mpmath.quad(lambda x, z=z: density(x) / (z - x * x), [low, high]))
        assert abs(squared(law).stieltjes(z) - right) < 1e-12 * abs(right)


def test_products_at_zero():
    """E 1/(X Y) of free X and Y is E 1/X E 1/Y."""
    first, second = squared(Uniform(1, 2)), squared(Uniform(1, 3))  # E 1/X² is 1/(a b)
    assert rmt.boxtimes(first, second).stieltjes(0.0) == pytest.approx(-1 / 6, rel=1e-12)
