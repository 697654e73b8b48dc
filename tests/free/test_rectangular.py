import math
import pickle
from fractions import Fraction

import numpy as np
import pytest

from rmt.combinatorics import boxplus_moments
from rmt.free import boxplus
from rmt.free.polynomials.rectangular_convolution import RectangularConvolution, rectangular_boxplus
from rmt.laws import MarchenkoPastur, Semicircle
from rmt.laws.atomic import Atomic
from rmt.laws.named.uniform import Uniform

HALF = Fraction(1, 2)
ONE = Atomic((1,), (1,))
TWO = Atomic((1, 4), (HALF, HALF))


def gauss_moments(law, order, nodes=400):
    total = [sum(mass * x**k for x, mass in law.atoms) for k in range(order + 1)]
    for interval in law.support:
        theta = (np.arange(nodes) + 0.5) * math.pi / nodes
        half = 0.5 * (interval.high - interval.low)
        x = 0.5 * (interval.low + interval.high) - half * np.cos(theta)
        weights = math.pi / nodes * half * np.sin(theta) * law.pdf(x)
        total = [t + float(weights @ x**k) for k, t in enumerate(total)]
    return total


# ---------------------------------------------------------------------- Gaussian matrices
@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_sum_of_gaussian_matrices_is_gaussian(ratio):
    law = rectangular_boxplus(MarchenkoPastur(ratio), MarchenkoPastur(ratio), ratio, closed_form=False)
    exact = MarchenkoPastur(ratio, 2)
    assert isinstance(law, RectangularConvolution)
    (interval,), (reference,) = law.support, exact.support
    assert abs(interval.low - reference.low) < 1e-13
    assert abs(interval.high - reference.high) < 2e-14
    assert (interval.low_exponent, interval.high_exponent) == (reference.low_exponent, reference.high_exponent)
    assert abs(interval.mass - reference.mass) < 1e-14 * 100
    assert [mass for _, mass in law.atoms] == [mass for _, mass in exact.atoms]
    x = np.linspace(reference.low, reference.high, 302)[1:-1]
    density, error = law.pdf(x, return_error=True)
    deviation = np.abs(density - exact.pdf(x))
    assert deviation.max() < 1e-13
    assert (deviation <= error + 1e-16).all()
    assert np.abs(law.cdf(x) - exact.cdf(x)).max() < 1e-14
    z = np.array([1 + 0.1j, -0.3 + 0.2j, 9 + 1j, 0.5 - 0.5j])
    np.testing.assert_allclose(law.stieltjes(z), exact.stieltjes(z), rtol=1e-13)
    np.testing.assert_allclose(law.log_potential(z), exact.log_potential(z), rtol=0, atol=1e-13)


def test_reference_edge_and_closed_form():
    closed = rectangular_boxplus(MarchenkoPastur(0.5), MarchenkoPastur(0.5), 0.5)
    assert closed == MarchenkoPastur(0.5, 2)
    law = rectangular_boxplus(MarchenkoPastur(0.5), MarchenkoPastur(0.5), 0.5, closed_form=False)
    assert abs(law.support[0].high - 5.828427124746190097603377) < 2e-14


def test_three_summands_flatten_and_merge():
    once = rectangular_boxplus(TWO, MarchenkoPastur(0.5, 0.1), 0.5)
    twice = rectangular_boxplus(once, MarchenkoPastur(0.5, 0.2), 0.5)
    assert isinstance(twice, RectangularConvolution)
    assert set(twice.laws) == {TWO, MarchenkoPastur(0.5, 0.1 + 0.2)}


# ---------------------------------------------------------------------- limits in the ratio
def test_ratio_one_is_the_free_sum_of_symmetrised_singular_values():
    law = rectangular_boxplus(TWO, ONE, 1)
    signed = boxplus(Atomic((-2, -1, 1, 2), (0.25,) * 4), Atomic((-1, 1), (0.5, 0.5)))
    x = np.linspace(0.2, 8.8, 87)
    np.testing.assert_allclose(law.pdf(x), signed.pdf(np.sqrt(x)) / np.sqrt(x), rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(law.sf(x), 2 * signed.sf(np.sqrt(x)), rtol=0, atol=1e-13)


def test_small_ratio_is_the_free_sum_of_squares():
    ratio = 1e-7
    law = rectangular_boxplus(Uniform(1, 2), TWO, ratio)
    squares = boxplus(Uniform(1, 2), TWO)
    x = np.linspace(2.2, 5.8, 37)
    inside = squares.pdf(x) > 0.05
    np.testing.assert_allclose(law.pdf(x[inside]), squares.pdf(x[inside]), rtol=1e-4)
    moments = law.moments(4, exact=True)
    expected = boxplus_moments(Uniform(1, 2)._exact_moments(4)[1:], TWO._exact_moments(4)[1:])
    assert [float(m) for m in moments] == pytest.approx([float(m) for m in expected], rel=1e-5)


# ---------------------------------------------------------------------- information plus noise
@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_information_plus_noise_solves_its_equation(ratio):
    """m = ∫ dH(t)/(t/(1 + s c m) − (1 + s c m) z + s (1 − c)) for m = −G (Dozier, Silverstein 2007)."""
    s = 0.3
    positions, weights = (0.0, 1.0, 4.0), (0.5, 0.25, 0.25)
    law = rectangular_boxplus(Atomic(positions, weights), MarchenkoPastur(ratio, s), ratio)
    for z in (1 + 0.2j, 3 + 0.01j, -1 + 1j, 6 + 3j):
        m = -law.stieltjes(z)
        a = 1 + s * ratio * m
        right = sum(p / (t / a - a * z + s * (1 - ratio)) for t, p in zip(positions, weights, strict=True))
        assert abs(m - right) < 1e-13


@pytest.mark.parametrize(
    ("mu", "nu", "ratio"),
    [
        (ONE, MarchenkoPastur(0.5, 0.25), 0.5),
        (TWO, ONE, 0.5),
        (Uniform(1, 2), TWO, 0.25),
        (Atomic((0, 1), (0.5, 0.5)), MarchenkoPastur(2.0, 0.1), 2.0),
    ],
)
def test_density_has_the_exact_moments(mu, nu, ratio):
    law = rectangular_boxplus(mu, nu, ratio)
    expected = [float(m) for m in law._exact_moments(5)]
    assert gauss_moments(law, 5) == pytest.approx(expected, rel=1e-9)
    assert law.mean() == pytest.approx(mu.mean() + nu.mean(), rel=1e-14)


def test_atom_at_zero_by_ranks():
    law = rectangular_boxplus(Atomic((0, 1), (0.7, 0.3)), Atomic((0, 1), (0.6, 0.4)), 0.5)
    ((position, mass),) = law.atoms
    assert position == 0.0
    assert mass == pytest.approx(0.3, abs=1e-15)
    assert sum(i.mass for i in law.support) == pytest.approx(0.7, abs=1e-12)
    assert law.cdf(0.01) == pytest.approx(0.3, abs=1e-12)
    assert law.ppf(0.2) == 0.0


def test_a_zero_matrix_adds_nothing():
    zero = Atomic((0,), (1,))
    assert rectangular_boxplus(TWO, zero, 0.5) == TWO
    assert rectangular_boxplus(zero, MarchenkoPastur(0.5), 0.5) == MarchenkoPastur(0.5)
    assert rectangular_boxplus(zero, zero, 0.5) == zero


def test_many_more_rows_than_columns():
    """A Gaussian matrix of ratio 1000, and one of rank 1/2000 more."""
    law = rectangular_boxplus(Atomic((0, 1), (0.9995, 0.0005)), MarchenkoPastur(1000, 0.1), 1000)
    ((position, mass),) = law.atoms
    assert (position, mass) == (0.0, 0.999)
    assert sum(i.mass for i in law.support) == pytest.approx(0.001, rel=1e-9)


# ---------------------------------------------------------------------- the contract of a law
def test_quantiles_scaling_and_identity():
    law = rectangular_boxplus(TWO, MarchenkoPastur(0.5, 0.1), 0.5)
    u = np.array([1e-4, 0.3, 0.5, 0.99])
    assert np.abs(law.cdf(law.ppf(u)) - u).max() < 1e-10
    doubled = 2 * law
    assert isinstance(doubled, RectangularConvolution)
    assert doubled.pdf(3.0) == pytest.approx(law.pdf(1.5) / 2, rel=1e-12)
    assert pickle.loads(pickle.dumps(law)) == law
    assert hash(rectangular_boxplus(TWO, MarchenkoPastur(0.5, 0.1), 0.5)) == hash(law)
    names = {c.__name__: c for c in (RectangularConvolution, Atomic, MarchenkoPastur)} | {"Fraction": Fraction}
    assert eval(repr(law), names) == law


def test_bad_input():
    with pytest.raises(TypeError, match="mu must be a Law"):
        rectangular_boxplus(1.0, ONE, 0.5)
    with pytest.raises(ValueError, match="nu must be the law of X X"):
        rectangular_boxplus(ONE, Semicircle(), 0.5)
    with pytest.raises(ValueError, match="ratio"):
        rectangular_boxplus(ONE, ONE, 0)
    with pytest.raises(ValueError, match="mass at least"):
        rectangular_boxplus(ONE, MarchenkoPastur(2.0), 2.0)


def test_mass_off_the_support_is_exact():
    law = rectangular_boxplus(MarchenkoPastur(0.5), Uniform(1, 2), 0.5)
    low, high = law._hull()
    for far in (high, high + 1.0, 1e6):
        assert (law.cdf(far), law.sf(far)) == (1.0, 0.0)
    for far in (low - 1e-3, -1e6):
        assert (law.cdf(far), law.sf(far)) == (0.0, 1.0)


# ---------------------------------------------------------------------- random matrices
@pytest.mark.slow
def test_singular_values_of_matrices():
    """KS distance of order log(n)/n for rigid spectra; another ratio is rejected."""
    n, m = 500, 1000
    rng = np.random.default_rng(11)
    noise = rng.standard_normal((n, m)) * math.sqrt(0.2 / m)
    left = np.linalg.qr(rng.standard_normal((n, n)))[0]
    signal = np.zeros((n, m))
    signal[:, :n] = left * np.where(np.arange(n) < n // 2, 1.0, 2.0)
    x = np.sort(np.linalg.svd(signal + noise, compute_uv=False) ** 2)
    law = rectangular_boxplus(TWO, MarchenkoPastur(0.5, 0.2), 0.5)
    wrong = rectangular_boxplus(TWO, MarchenkoPastur(0.6, 0.2), 0.6)

    def distance(candidate):
        cdf, steps = candidate.cdf(x), np.arange(1, n + 1) / n
        return max(np.abs(cdf - steps).max(), np.abs(cdf - steps + 1 / n).max())

    tolerance = 2 * math.log(n) / n
    assert distance(law) < tolerance
    assert distance(wrong) > tolerance
