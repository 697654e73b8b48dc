"""Free Meixner, Raney and free stable laws: their special cases, and what they refuse."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

from rmt.combinatorics import free_cumulants_from_moments
from rmt.laws import (
    Bernoulli,
    Cauchy,
    FreeMeixner,
    FreePoisson,
    FreeStable,
    FussCatalan,
    KestenMcKay,
    Law,
    Raney,
    Semicircle,
)

EPS = 2.0**-52


def agree(law: Law, other: Law, *, tolerance: float = 1e-13) -> None:
    """The same law, by the formulas of two classes."""
    low, high = other.ppf(np.array([1e-6, 1 - 1e-6]))
    x = np.linspace(low, high, 31)
    x = x[[all(abs(t - a) > 1e-6 for a, _ in other.atoms) for t in x]]
    for name in ("cdf", "sf", "pdf"):
        value, exact = getattr(law, name)(x), getattr(other, name)(x)
        assert np.max(np.abs(value - exact) / np.maximum(1.0, exact)) < tolerance
    z = np.array([0.3 + 0.4j, -2.0 + 1.0j, 5.0 + 0.01j, 300.0 - 40.0j])
    np.testing.assert_allclose(law.stieltjes(z), other.stieltjes(z), rtol=1e-13)
    np.testing.assert_allclose(law.log_potential(z), other.log_potential(z), rtol=1e-13, atol=1e-13)
    for (a, m), (b, n) in zip(law.atoms, other.atoms, strict=True):
        assert (a, m) == pytest.approx((b, n), abs=4 * EPS * max(1.0, abs(b)))
    for i, j in zip(law.support, other.support, strict=True):
        assert (i.low, i.high) == pytest.approx((j.low, j.high), rel=4 * EPS, abs=4 * EPS)


# ---------------------------------------------------------------------- free Meixner
@pytest.mark.parametrize(
    ("law", "other"),
    [
        (FreeMeixner(), Semicircle()),
        (FreeMeixner(0.5, 0), 0.5 * FreePoisson(4, 1) - 2),
        (FreeMeixner(-2, 0), -2 * FreePoisson(Fraction(1, 4), 1) + 0.5),
        (2 * FreeMeixner(0, Fraction(-1, 4)), KestenMcKay(4)),
        (FreeMeixner(-1, 0), 1 - FreePoisson(1, 1)),
        (FreeMeixner(1.5, -1), Bernoulli(Fraction(1, 5), -0.5, 2)),
    ],
    ids=["semicircle", "free Poisson", "free Poisson with atom", "Kesten-McKay", "hard edge", "two points"],
)
def test_special_free_meixner_laws(law, other):
    agree(law, other, tolerance=1e-12)


def test_families_of_free_meixner_laws():
    names = {
        (0, 0): "semicircle",
        (1, 0): "free Poisson",
        (3, 2): "free Pascal",
        (2, 1): "free gamma",
        (1, 1): "pure free Meixner",
        (1, -0.5): "free binomial",
    }
    assert {parameters: FreeMeixner(*parameters).family for parameters in names} == names


@pytest.mark.parametrize(("a", "b"), [(0, 0), (Fraction(1, 3), 2), (4, 1), (2, -1), (-1, Fraction(-1, 2))])
def test_free_cumulants_of_free_meixner_laws(a, b):
    # R = g + a g R + b g R²: the recursion of its coefficients
    kappa = [Fraction(0), Fraction(1)]
    for n in range(2, 8):
        square = sum(kappa[i] * kappa[n - 1 - i] for i in range(n))
        kappa.append(a * kappa[n - 1] + b * square)
    assert FreeMeixner(a, b).free_cumulants(8, exact=True) == tuple(kappa)


def test_atoms_of_free_meixner_laws():
    ((position, _),) = FreeMeixner(4, 1).atoms  # a zero of 1 + 4 x + x²
    assert position == pytest.approx(math.sqrt(3) - 2, rel=4 * EPS)
    assert len(FreeMeixner(0.1, -0.75).atoms) == 2
    assert FreeMeixner(1, 0).atoms == FreeMeixner(1, 5).atoms == ()
    assert FreeMeixner(0.75, -1).support == ()


# ---------------------------------------------------------------------- Raney
@pytest.mark.parametrize(
    ("law", "other"),
    [
        (Raney(2, 1), FussCatalan(1)),
        (Raney(3, 1), FussCatalan(2)),
        (Raney(1.5, 1), FussCatalan(0.5)),
        (Raney(2, 2), Semicircle(2)),
    ],
    ids=repr,
)
def test_special_raney_laws(law, other):
    agree(law, other)


@pytest.mark.parametrize(("p", "r"), [(2, 1), (3, 2), (Fraction(5, 2), Fraction(1, 2)), (4, 4)])
def test_moments_and_free_cumulants_of_raney_laws(p, r):
    def raney(first, second, n):
        """The n-th Raney number as a product."""
        return second * math.prod((n * first + second - j for j in range(1, n)), start=Fraction(1)) / math.factorial(n)

    moments = Raney(p, r).moments(7, exact=True)
    assert moments == tuple(raney(Fraction(p), Fraction(r), n) for n in range(1, 8))
    assert tuple(free_cumulants_from_moments(moments)) == tuple(
        raney(Fraction(p) - r, Fraction(r), n) for n in range(1, 8)
    )


@pytest.mark.parametrize(("p", "r"), [(3, 2), (2.5, 0.5), (1.2, 0.3), (8, 8), (30, 1.5)])
def test_mean_logarithm_of_raney_laws(p, r):
    # E log X = -∫_0^1 log S(-t) dt, with S(m) = y^(-p) (y - 1)(1 + m)/m and y = (1 + m)^(1/r)
    with mp.workdps(20):
        q, s = mp.mpf(p), mp.mpf(r)
        exact = mp.quad(lambda t: -mp.log((1 - t) / t * (1 - (1 - t) ** (1 / s)) * (1 - t) ** (-q / s)), [0, 0.5, 1])
    assert Raney(p, r).log_potential(0.0).real == pytest.approx(float(exact), rel=1e-13, abs=1e-13)


def test_raney_laws_over_many_decades():
    law = Raney(1.5, 0.3)
    u = np.array([-50.0, -500.0, -2000.0, -3000.0])
    assert np.diff(np.log(law.cdf_of_log(u))) / np.diff(u) == pytest.approx(0.2, rel=1e-9)
    assert law.pdf_of_log(u) / law.cdf_of_log(u) == pytest.approx(0.2, rel=1e-9)


# ---------------------------------------------------------------------- free stable
@pytest.mark.parametrize(
    ("law", "other"),
    [
        (FreeStable(2), Semicircle()),
        (FreeStable(1), Cauchy(0, 1)),
        (FreeStable(1, 0.25), Cauchy(-math.sqrt(0.5), math.sqrt(0.5))),
    ],
    ids=repr,
)
def test_special_free_stable_laws(law, other):
    agree(law, other)


def test_free_counterpart_of_the_law_of_levy():
    law = FreeStable(0.5, 1)
    x = np.array([0.2500001, 0.26, 0.5, 1.0, 10.0, 1e9])
    np.testing.assert_allclose(law.pdf(x), np.sqrt(4 * x - 1) / (2 * np.pi * x * x), rtol=1e-14)
    # F = ((i + √(4z − 1))/2)²
    z = np.array([0.1 + 0.3j, -4.0 + 1.0j, 2.0 + 1e-6j])
    np.testing.assert_allclose(law.stieltjes(z), 4 / (1j + np.sqrt(4 * z - 1)) ** 2, rtol=1e-13)


@pytest.mark.parametrize(("alpha", "rho"), [(0.5, 1), (0.3, 0.8), (1.5, Fraction(2, 3)), (1.7, 0.5), (0.9, 0)])
def test_free_stable_laws_solve_their_equation(alpha, rho):
    law = FreeStable(alpha, rho)
    z = np.array([0.4 + 0.2j, -0.4 + 0.2j, 3.0 + 1e-4j, -3.0 + 1e-4j, 1e5 + 1e5j, 1e-7j, 2.0 + 0.0j, -2.0 + 0.0j])
    f = 1 / law.stieltjes(z)
    turn = complex(mp.expjpi(mp.mpf(alpha) * (mp.mpf(Fraction(rho).numerator) / Fraction(rho).denominator)))
    # arg F in [0, π]
    angle = np.where(f.imag <= 0.0, np.where(f.real < 0.0, np.pi, 0.0), np.angle(f))
    power = np.abs(f) ** (1 - alpha) * np.exp(1j * (1 - alpha) * angle)
    np.testing.assert_allclose(f - turn * power, z, rtol=1e-11, atol=1e-12)
    assert law.sf(0.0) == pytest.approx(float(rho), abs=4 * EPS)
    assert (-law).cdf(-1.3) == pytest.approx(law.sf(1.3), rel=1e-13)
    turned = -law
    assert -turned == law


def test_moments_of_free_stable_laws():
    assert FreeStable(2).moments(4, exact=True) == (0, 1, 0, 2)
    assert FreeStable(1.5).mean() == 0.0
    for law, order in ((FreeStable(1.5), 2), (FreeStable(0.5, 1), 1)):
        with pytest.raises(ValueError, match="no moments of order"):
            law.moment(order)


# ---------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: FreeMeixner(0, -1.5), "b must be a finite real number >= -1"),
        (lambda: FreeMeixner(math.nan, 0), "a must be a finite real number"),
        (lambda: Raney(1, 0.5), "p must be a finite real number > 1"),
        (lambda: Raney(2, 2.5), "r must be a finite real number > 0 and <= 2"),
        (lambda: Raney(2, 0), "r must be a finite real number > 0"),
        (lambda: FreeStable(2.5), "alpha must be a finite real number > 0 and <= 2"),
        (lambda: FreeStable(1.5, 0.9), r"rho must lie in \[0.333333, 0.666667\]"),
        (lambda: FreeStable(0.5, 1.5), "rho must be a finite real number >= 0 and <= 1"),
        (lambda: FreeStable(1, 1), "point masses are Atomic"),
        (lambda: FreeMeixner(1, 2).r_transform(0.5), "outside the domain"),
        (lambda: Raney(4, 2).r_transform(3.0), "outside the domain"),
        (lambda: FreeStable(0.8, 0.5).r_transform(0.5), "outside the domain"),
        (lambda: FreeStable(0.5, 1).s_transform(0.1), "no moments"),
        (lambda: FreeMeixner(1, 2).s_transform(0.1), "mean is zero"),
    ],
)
def test_bad_input(build, message):
    with pytest.raises(ValueError, match=message):
        build()
