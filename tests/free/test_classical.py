"""Classical convolution: closed forms, mpmath, and what it shares with the free one."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from laws.law_suite import CHECKS

import rmt.free
import rmt.laws
from rmt.combinatorics import classical_cumulants_from_moments
from rmt.free import boxplus, classical_convolution
from rmt.laws import (
    Arcsine,
    Atomic,
    Bernoulli,
    Cauchy,
    Empirical,
    Gaussian,
    MarchenkoPastur,
    Rademacher,
    Semicircle,
    Uniform,
)

NAMES = dict(vars(rmt.laws)) | dict(vars(rmt.free)) | {"Fraction": Fraction}


def test_bernoulli_sums_are_binomial():
    n, p = 6, Fraction(1, 3)
    law = classical_convolution(*[Bernoulli(p)] * n)
    assert law == Atomic(range(n + 1), [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])
    # beside the free sum of two coins, the arcsine law
    assert classical_convolution(Rademacher(), Rademacher()) == Atomic((-2, 0, 2), (0.25, 0.5, 0.25))
    assert boxplus(Rademacher(), Rademacher()) == Arcsine()


def test_gaussian_and_cauchy_laws():
    assert classical_convolution(Gaussian(1, 2), Gaussian(-2, 3)) == Gaussian(-1, 5)
    assert classical_convolution(Cauchy(1, 2), Cauchy(3, 0.5)) == Cauchy(4, 2.5)
    assert classical_convolution(Cauchy(1, 2), Semicircle()) == boxplus(Semicircle(), Cauchy(1, 2))
    # Voigt's profile at the centre: erfcx(1/√2)/√(2π)
    voigt = classical_convolution(Gaussian(), Cauchy())
    exact = mp.exp(mp.mpf(1) / 2) * mp.erfc(mp.sqrt(mp.mpf(1) / 2)) / mp.sqrt(2 * mp.pi)
    assert voigt.pdf(0.0) == pytest.approx(float(exact), rel=1e-13)


def test_atoms_give_mixtures_of_shifts():
    law = classical_convolution(Bernoulli(0.25), Semicircle())
    x = np.linspace(-2.5, 3.5, 13)
    exact = 0.75 * Semicircle().pdf(x) + 0.25 * Semicircle().pdf(x - 1)
    np.testing.assert_allclose(law.pdf(x), exact, rtol=1e-14)
    assert classical_convolution(Atomic((3,), (1,)), Semicircle()) == Semicircle() + 3
    smooth = classical_convolution(Empirical([0.0, 1.0, 2.0]), Gaussian(0, 0.25))
    assert smooth.mean() == pytest.approx(1.0, abs=1e-14)


def test_triangle():
    law = classical_convolution(Uniform(), Uniform())
    x = np.array([-1.999, -1.3, -0.2, 0.0, 0.7, 1.9])
    value, error = law.pdf(x, return_error=True)
    np.testing.assert_allclose(value, (2 - np.abs(x)) / 4, rtol=1e-13)
    assert (error >= np.abs(value - (2 - np.abs(x)) / 4)).all()
    np.testing.assert_allclose(law.cdf([-1.0, 0.0, 1.0]), [0.125, 0.5, 0.875], rtol=1e-14)
    assert [(i.low, i.high, i.low_exponent, i.high_exponent) for i in law.support] == [(-2, 2, 1, 1)]
    assert law.moments(4, exact=True) == (0, Fraction(2, 3), 0, Fraction(16, 15))


def test_gaussian_with_uniform_over_scales():
    for sigma in (1e-2, 1.0, 30.0):
        law = classical_convolution(Uniform(), Gaussian(0, sigma * sigma))
        x = np.array([-1.0 - sigma, -1.0, 0.0, 0.9, 1.0 + 3.0 * sigma])
        phi = [(mp.ncdf((t + 1) / sigma) - mp.ncdf((t - 1) / sigma)) / 2 for t in map(mp.mpf, x.tolist())]
        value, error = law.pdf(x, return_error=True)
        gap = np.abs(value - np.array(phi, dtype=float))
        assert (gap <= 1e-13).all()
        assert (gap <= error).all()


@pytest.mark.parametrize(
    ("first", "second"),
    [(Semicircle(), Uniform()), (Arcsine(), Arcsine(1)), (MarchenkoPastur(0.5), Semicircle(0, 0.5))],
    ids=repr,
)
def test_density_against_mpmath(first, second):
    law = classical_convolution(first, second)
    (i,), (j,) = first.support, second.support
    low, high = i.low + j.low, i.high + j.high

    def density(kind, t):
        if isinstance(kind, Uniform):
            return mp.mpf(1) / 2
        if isinstance(kind, Arcsine):
            r = kind.radius
            return 1 / (mp.pi * mp.sqrt(r - t) * mp.sqrt(r + t))
        if isinstance(kind, Semicircle):
            v = mp.mpf(kind.variance)
            return mp.sqrt(4 * v - t * t) / (2 * mp.pi * v)
        a, b = (1 - mp.sqrt(0.5)) ** 2, (1 + mp.sqrt(0.5)) ** 2
        return mp.sqrt((b - t) * (t - a)) / (mp.pi * t)

    with mp.workdps(25):
        edge = {first: i, second: j}
        for share in (0.11, 0.4, 0.83):
            x = low + share * (high - low)
            a = max(mp.mpf(edge[second].low), x - mp.mpf(edge[first].high))
            b = min(mp.mpf(edge[second].high), x - mp.mpf(edge[first].low))
            exact = mp.quad(lambda t, x=x: mp.re(density(first, x - t) * density(second, t)), [a, (a + b) / 2, b])
            value, error = law.pdf(x, return_error=True)
            # the edges that the reference uses are rounded ones: an inverse root loses half of the digits there
            assert abs(value - exact) <= max(error, 1e-13)
            assert error < 1e-12
    np.testing.assert_allclose(law.line_panels.moments(5)[1:], law.moments(5), atol=1e-12)


def test_cumulants_add():
    laws = MarchenkoPastur(2), Semicircle(1, 3), Uniform(-1, 3)
    law = classical_convolution(*laws)
    total = [
        sum(c) for c in zip(*(classical_cumulants_from_moments(m.moments(8, exact=True)) for m in laws), strict=True)
    ]
    assert classical_cumulants_from_moments(law.moments(8, exact=True)) == total
    # the fourth free cumulant is another thing
    assert law.free_cumulants(4)[3] != pytest.approx(sum(m.free_cumulants(4)[3] for m in laws))
    np.testing.assert_allclose(law.line_panels.moments(4)[1:], law.moments(4), rtol=1e-11)


def test_order_does_not_matter():
    a, b, c = Semicircle(), Uniform(), Bernoulli()
    assert classical_convolution(a, b, c) == classical_convolution(c, b, a)
    left = classical_convolution(classical_convolution(a, b), c)
    right = classical_convolution(a, classical_convolution(b, c))
    x = np.linspace(-2.5, 3.5, 7)
    np.testing.assert_allclose(left.pdf(x), right.pdf(x), rtol=1e-12)


@pytest.mark.parametrize(
    "law",
    [
        classical_convolution(Uniform(), Gaussian()),
        classical_convolution(Semicircle(), Gaussian(1, 0.5)),
        classical_convolution(Bernoulli(0.3), Bernoulli(0.5, -1, 4)),
    ],
    ids=repr,
)
def test_law_suite(law, monkeypatch):
    monkeypatch.setattr(rmt.laws, "classical_convolution", classical_convolution, raising=False)
    for name, check in CHECKS.items():
        if name != "shapes":  # a matrix product rounds differently for one point and for many
            check(law)
    assert pickle.loads(pickle.dumps(law)) == law


def test_enters_the_free_calculus():
    law = boxplus(classical_convolution(Uniform(), Uniform()), Semicircle(0, 0.5))
    x = np.linspace(*law._hull(), 400)
    total = np.trapezoid(law.pdf(x), x)
    assert total == pytest.approx(1.0, abs=1e-4)
    assert law.moments(4, exact=True)[1] == Fraction(2, 3) + Fraction(1, 2)
    assert law.cdf(0.0) == pytest.approx(0.5, abs=1e-13)
    assert eval(repr(law), NAMES) == law


def test_bad_input():
    with pytest.raises(ValueError, match="classical_convolution needs at least one law"):
        classical_convolution()
    with pytest.raises(TypeError, match="classical_convolution takes laws"):
        classical_convolution(Semicircle(), 2.0)
    many = Empirical(np.arange(1500.0) ** 1.5)
    with pytest.raises(ValueError, match="more than 1000000"):
        classical_convolution(many, many)
