"""Densities that are steeper than a square root at an end away from 0, where doubles do not resolve the distance."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

from rmt.free import classical_convolution, monotone_convolution
from rmt.laws import Bernoulli, FussCatalan, Law, Rademacher, Uniform

EPS = float(np.finfo(float).eps)


def power_law(exponent, end, side):
    """Density (1 + a) d^a of the distance d from an end, on an interval of length 1."""
    ends = sorted((end, end + side))
    exponents = (exponent, 0.0) if side > 0 else (0.0, exponent)
    return Law.from_pdf(lambda x: (1 + exponent) * np.abs(x - end) ** exponent, ends, exponents=exponents)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("exponent", [-0.95, -0.9, -2 / 3, -0.5, -1 / 3])
def test_power_laws(exponent, side):
    end = 2.0 * side
    law = power_law(exponent, end, side)
    distances = np.array([0.0, 4 * EPS, 1e-12, 1e-3, 0.7, 1.0])
    x = end + side * distances
    share = np.abs(x - end) ** (1 + exponent)
    below, above = (law.cdf, law.sf) if side > 0 else (law.sf, law.cdf)
    np.testing.assert_allclose(below(x), share, rtol=1e-12, atol=4 * EPS)
    np.testing.assert_allclose(above(x), 1.0 - share, atol=4 * EPS)
    assert law.mean() == pytest.approx(side * (2.0 + (1 + exponent) / (2 + exponent)), rel=1e-14)
    assert law.support[0].mass == pytest.approx(1.0, abs=1e-14)
    # G is a hypergeometric function of the distance
    z = end + np.array([0.3 + 0.2j, -0.1 * side + 0.05j, 0.9 * side + 1e-3j, -1e-4 * side])
    value, error = law.stieltjes(z, return_error=True)
    for w, g, bound in zip((side * (z - end)).tolist(), value.tolist(), error.tolist(), strict=True):
        w = w.conjugate() if side < 0 else w
        expected = side * complex(mp.hyp2f1(1, 1 + exponent, 2 + exponent, 1 / mp.mpc(w)) / mp.mpc(w))
        expected = expected.conjugate() if side < 0 else expected
        assert abs(g - expected) <= bound < 1e-9 * abs(expected)


def test_the_exponent_is_measured():
    law = Law.from_pdf(lambda x: 0.1 * (x - 2) ** -0.9, (2, 3))
    assert law.support[0].low_exponent == -0.9
    assert law.cdf(2.5) == pytest.approx(0.5**0.1, rel=1e-14)


def test_remedies_of_the_message():
    """What the message proposes is done, and the law is right; what doubles do not reach is said."""
    with pytest.raises(ValueError, match="give exponents= at ends"):
        Law.from_pdf(lambda x: 0.05 * (x - 2) ** -0.95, (2, 3))
    law = Law.from_pdf(lambda x: 0.05 * (x - 2) ** -0.95, (2, 3), exponents=(-0.95, 0))
    assert law.cdf(2.5) == pytest.approx(0.5**0.05, rel=1e-14)

    def peak(x):
        return np.exp(-0.5 * ((x - 0.3) / 1e-6) ** 2) / (1e-6 * math.sqrt(2 * math.pi))

    with pytest.raises(ValueError, match="cut the support where it has a narrow peak"):
        Law.from_pdf(peak, (-1, 1))
    law = Law.from_pdf(peak, [(-1, 0.3), (0.3, 1)])
    assert law.cdf(0.3 + 1e-6) == pytest.approx(float(mp.ncdf(1)), abs=1e-9)

    with pytest.raises(ValueError, match="divide it by its integral"):
        Law.from_pdf(lambda x: 1 + x, (0, 1))
    assert Law.from_pdf(lambda x: (1 + x) / 1.5, (0, 1)).mean() == pytest.approx(5 / 9, rel=1e-14)

    with pytest.raises(ValueError, match=r"exponent of -0\.99 leaves a share of the mass nearer to the end"):
        power_law(-0.99, 2.0, 1)


@pytest.mark.parametrize("order", [2, 3, 5, 8])
def test_classical_sums_with_fuss_catalan_laws(order):
    """The density of FC + U(−1, 1) is half a difference of distribution functions, moments are binomial sums."""
    law = classical_convolution(FussCatalan(order), Uniform())
    assert abs(law.line_panels.defect) < 1e-12
    x = np.array([-0.99, -0.2, 0.5, 1.0 + 1e-9, 2.5])
    other = FussCatalan(order)
    value, error = law.pdf(x, return_error=True)
    assert (np.abs(value - 0.5 * (other.cdf(x + 1) - other.cdf(x - 1))) <= error).all()
    assert error[[0, 1, 2, 4]].max() < 1e-12
    for k in (1, 2):
        expected = sum(math.comb(k, j) * other.moment(j) * Uniform().moment(k - j) for j in range(k + 1))
        assert law.line_panels.moments(k)[k] == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FussCatalan(2), Rademacher()),
        (FussCatalan(4), Rademacher()),
        (FussCatalan(4) + 1, Rademacher()),
        (1 - 2 * FussCatalan(4), Rademacher()),
        (FussCatalan(3), Bernoulli(0.3, 1, 3)),
    ],
)
def test_monotone_convolutions_with_steep_laws(first, second):
    """Moments of the density against those of F₁ ∘ F₂ from power series; the mass is what was lost."""
    law = monotone_convolution(first, second)
    assert abs(law.line_panels.defect) < 1e-12
    # the transform is a composition
    z = np.array([0.3 + 0.2j, 2.0 + 1e-2j, -1.0 + 1.0j])
    expected = first.stieltjes(1.0 / second.stieltjes(z))
    np.testing.assert_allclose(law.line_panels.transforms(z)[0], expected, rtol=1e-10)
