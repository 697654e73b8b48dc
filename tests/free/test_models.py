"""Sample covariance, deformed Wigner, free Lévy laws and commutators against independent equations."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from roots import polynomial_roots

import rmt
from rmt.free import anticommutator, boxplus, commutator, deformed_wigner, free_power, sample_covariance
from rmt.free.matrix_models import temporal_law
from rmt.laws import Atomic, Cauchy, Empirical, MarchenkoPastur, Rademacher, Semicircle, Uniform

EPS = 2.0**-52


# ---------------------------------------------------------------------- Silverstein's equation, 40 digits
def silverstein_root(x, population, ratio):
    """The root v of z = -1/v + ratio Σ w t/(1 + t v) with Im v > 0, at most one for real z; else None."""
    with mp.workdps(40):
        terms = [(mp.mpf(t), mp.mpf(w.numerator) / w.denominator) for t, w in population]
        c = mp.mpf(ratio.numerator) / ratio.denominator

        def product(skip):
            """Coefficients of Π (1 + t v) without one factor, highest power first."""
            total = [mp.mpf(1)]
            for i, (t, _) in enumerate(terms):
                if i != skip:
                    total = add([t * a for a in total] + [0], total)
            return total

        # (x v + 1) Π (1 + t v) = ratio v Σ w t Π' (1 + t v)
        whole = product(None)
        equation = add([mp.mpf(x) * a for a in whole] + [0], whole)
        for i, (t, w) in enumerate(terms):
            equation = add(equation, [-c * w * t * a for a in product(i)] + [0])
        above = [r for r in polynomial_roots(equation[::-1], maxsteps=200, extraprec=200) if r.imag > mp.mpf(10) ** -25]
        assert len(above) <= 1
        return above[0] if above else None


def add(first, second):
    """Sum of two polynomials, highest power first."""
    size = max(len(first), len(second))
    first, second = ([0] * (size - len(p)) + list(p) for p in (first, second))
    return [a + b for a, b in zip(first, second, strict=True)]


POPULATIONS = {
    "two": ([(1, Fraction(1, 2)), (3, Fraction(1, 2))], Fraction(1, 2)),
    "wide": ([(0.01, Fraction(1, 4)), (1, Fraction(1, 4)), (40, Fraction(1, 2))], Fraction(1, 10)),
    "more dimensions than samples": ([(1, Fraction(1, 3)), (2.5, Fraction(1, 3)), (7, Fraction(1, 3))], Fraction(5, 2)),
    "square": ([(1, Fraction(2, 3)), (10, Fraction(1, 3))], Fraction(1)),
}


@pytest.mark.parametrize("name", POPULATIONS)
def test_density_solves_silversteins_equation(name):
    population, ratio = POPULATIONS[name]
    law = sample_covariance(Atomic(*zip(*population, strict=True)), ratio)
    points = [x for i in law.support for x in i.low + (i.high - i.low) * np.array([0.05, 0.3, 0.5, 0.8, 0.95])]
    value, bound = law.pdf(points, return_error=True)
    for x, got, allowed in zip(points, value, bound, strict=True):
        exact = silverstein_root(x, population, ratio).imag * ratio.denominator / (mp.pi * ratio.numerator)
        assert abs(got - exact) <= 1e-13 * max(1, exact)
        assert abs(got - exact) <= allowed
    for left, right in pairwise(law.support):
        assert silverstein_root(0.5 * (left.high + right.low), population, ratio) is None
    assert dict(law.atoms).get(0.0, 0.0) == pytest.approx(max(0, 1 - 1 / ratio), abs=4 * EPS)


def test_hundred_components_over_six_decades():
    population, ratio = np.geomspace(1e-3, 1e3, 100), 0.01
    law = sample_covariance(population, ratio)
    assert len(law.support) == 100
    assert max(abs(i.mass - 0.01) for i in law.support) <= 1e-14
    assert law.atoms == ()
    # gaps: the distribution function counts
    middles = [0.5 * (i.high + j.low) for i, j in pairwise(law.support)]
    np.testing.assert_allclose(100 * law.cdf(middles), np.arange(1, 100), rtol=0, atol=1e-11)
    # edges: z'(v) = 0 on both sides of its maximum between two poles -1/t (Silverstein and Choi 1995)
    with mp.workdps(30):
        t, c = [mp.mpf(a) for a in population], mp.mpf(ratio) / 100

        def z(v):
            return -1 / v + c * mp.fsum(a / (1 + a * v) for a in t)

        def slope(v):
            return 1 - c * mp.fsum((a * v / (1 + a * v)) ** 2 for a in t)

        for k in (0, 37, 98):
            low, high = -1 / t[k], -1 / t[k + 1]
            peak = -1 / mp.sqrt(t[k] * t[k + 1])
            assert slope(peak) > 0
            for end, got in ((low, law.support[k].high), (high, law.support[k + 1].low)):
                near = end + (peak - end) * mp.mpf(10) ** -4
                v = mp.findroot(slope, (near, peak), solver="bisect", maxsteps=130, tol=1e-30, verify=False)
                assert abs(got - z(v)) <= 8 * EPS * abs(z(v))


def test_sample_covariance_takes_eigenvalues_or_a_law():
    assert sample_covariance([1.0, 2.0, 2.0], 0.5) == sample_covariance(Empirical([2.0, 1.0, 2.0]), 0.5)
    assert sample_covariance([2.0], 0.5) == MarchenkoPastur(0.5, 2)
    assert sample_covariance([2.0, 2.0], 3, closed_form=False).pdf(5.0) == pytest.approx(
        MarchenkoPastur(3, 2).pdf(5.0), rel=1e-13
    )
    singular = sample_covariance([0.0, 0.0, 1.0], 0.1)
    assert singular.atoms[0] == (0.0, pytest.approx(2 / 3, abs=4 * EPS))
    law = sample_covariance(Uniform(1, 2), 0.25)
    assert law.mean() == pytest.approx(1.5)
    assert law.var() == pytest.approx(1 / 12 + 0.25 * 1.5**2, rel=1e-13)


def test_matrix_of_a_sample_covariance():
    n, rng = 600, np.random.default_rng(11)
    population = np.repeat([1.0, 6.0], n // 2)
    law = sample_covariance(population, 0.3)
    a = rng.standard_normal((n, 2000)) * np.sqrt(population)[:, None]
    found = np.linalg.eigvalsh(a @ a.T / 2000)
    # eigenvalues of a sample covariance are rigid: 0.01 is many standard deviations
    distance = np.abs(law.cdf(found) - (np.arange(n) + 0.5) / n).max()
    assert distance < 0.01
    assert np.abs(sample_covariance(population, 0.2).cdf(found) - (np.arange(n) + 0.5) / n).max() > 0.02


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([1.0], 0), ValueError, "ratio must be a finite real number > 0"),
        (([-1.0, 2.0], 0.5), ValueError, "population must live on"),
        ((np.eye(2), 0.5), ValueError, "numpy.linalg.eigvalsh"),
        (([], 0.5), ValueError, "one-dimensional array"),
        (([1.0, math.nan], 0.5), ValueError, "finite eigenvalues"),
        (("text", 0.5), TypeError, "population must be a Law or an array"),
        ((Semicircle(), 0.5), ValueError, "reaches down to -2"),
    ],
)
def test_sample_covariance_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        sample_covariance(*arguments)


# ---------------------------------------------------------------------- deformed Wigner, free Lévy
def test_deformed_wigner_is_the_free_sum():
    assert deformed_wigner([-1.0, 1.0]) == boxplus(Empirical([-1.0, 1.0]), Semicircle())
    assert deformed_wigner(Semicircle(1, 2), 3) == Semicircle(1, 5)
    # Pastur 1972: G(z) = ∫ dν(t)/(z - variance G(z) - t)
    law, z = deformed_wigner([0.0, 1.0, 5.0], 0.5), np.array([0.3 + 0.2j, 4.0 + 1e-3j, -7.0 + 1j])
    g = law.stieltjes(z)
    np.testing.assert_allclose(np.mean(1 / (z - 0.5 * g - np.array([[0.0], [1.0], [5.0]])), axis=0), g, rtol=1e-13)
    with pytest.raises(ValueError, match="variance must be a finite real number > 0"):
        deformed_wigner([1.0], 0)
    with pytest.raises(ValueError, match="potential must be"):
        deformed_wigner([[1.0]])


def test_free_levy_law():
    law = rmt.FreeLevy(drift=1, variance=2, rate=3, jumps=Atomic((-1, 2), (Fraction(1, 3), Fraction(2, 3))))
    # free Lévy-Khintchine: κ_n = rate m_n(jumps), plus drift and variance
    moments = [Fraction((-1) ** n + 2 * 2**n, 3) for n in range(1, 7)]
    expected = [3 * m for m in moments]
    expected[0] += 1
    expected[1] += 2
    assert law.free_cumulants(6, exact=True) == tuple(expected)
    g = np.array([0.05, -0.1, 0.1 - 0.05j])
    exact = 1 + 2 * g + -1 / (1 + g) + 4 / (1 - 2 * g)
    np.testing.assert_allclose(law.r_transform(g), exact, rtol=1e-12)
    half = free_power(law, Fraction(1, 2))
    assert half.free_cumulants(3, exact=True) == tuple(k / 2 for k in expected[:3])
    assert rmt.FreeLevy(2, 3) == Semicircle(2, 3)
    assert rmt.FreeLevy(2) == Atomic((2,), (1,))
    with pytest.raises(ValueError, match="rate and jumps go together"):
        rmt.FreeLevy(rate=1)
    with pytest.raises(ValueError, match="rate and jumps go together"):
        rmt.FreeLevy(jumps=Rademacher())
    with pytest.raises(ValueError, match="variance must be"):
        rmt.FreeLevy(variance=-1)


# ---------------------------------------------------------------------- commutator and anticommutator
def test_commutators_of_semicirculars():
    law = anticommutator(Semicircle(), Semicircle())
    with mp.workdps(30):
        edge = mp.sqrt((11 + 5 * mp.sqrt(5)) / 2)
    assert abs(law.support[0].high - edge) <= 4 * math.ulp(float(edge))
    assert abs(law.support[0].low + edge) <= 1e-14
    assert commutator(Semicircle(), Semicircle()) == law
    assert law.free_cumulants(8, exact=True) == (0, 2, 0, 2, 0, 2, 0, 2)
    # K(g) = 1/g + 2 g/(1 - g²): a cubic for G
    for x in (0.0, 0.5, 1.7, 3.3):
        with mp.workdps(40):
            # x g (1 - g²) = 1 - g² + 2 g²
            roots = polynomial_roots([1, -mp.mpf(x), 1, mp.mpf(x)] if x else [1, 0, 1], maxsteps=200, extraprec=100)
            exact = max(abs(r.imag) for r in roots) / mp.pi
        assert abs(law.pdf(x) - exact) <= 1e-13
    by_linearisation = anticommutator(Semicircle(), Semicircle(), closed_form=False)
    x = np.linspace(-3.2, 3.2, 9)
    np.testing.assert_allclose(by_linearisation.pdf(x), law.pdf(x), rtol=0, atol=1e-12)
    np.testing.assert_allclose(by_linearisation.cdf(x), law.cdf(x), rtol=0, atol=1e-12)


def test_means_drop_out_of_commutators_and_scales_multiply():
    law = commutator(Semicircle(5, 4), Semicircle(-2, 9))
    assert law == 6 * commutator(Semicircle(), Semicircle())
    assert law.moments(6, exact=True) == commutator(Semicircle(5, 4), Semicircle(-2, 9), closed_form=False).moments(
        6, exact=True
    )
    shifted = anticommutator(Semicircle(1, 1), Semicircle())
    assert shifted.var() == pytest.approx(2 + 4)  # (x + 1) y + y (x + 1) = xy + yx + 2 y, uncorrelated


def test_commutators_of_other_laws():
    sign = Rademacher()
    # u v + v u = w + 1/w for the Haar unitary w = u v: the arcsine law on [-2, 2]
    for law in (anticommutator(sign, sign), commutator(sign, sign)):
        assert law.moments(6, exact=True) == (0, 2, 0, 6, 0, 20)
    with pytest.raises(TypeError, match="laws must hold"):
        commutator(sign, 3.0)
    with pytest.raises(ValueError, match="bounded support"):
        anticommutator(sign, Cauchy())


@pytest.mark.parametrize("a", [0.5, 0.1, -0.5, 0.9])
def test_moments_of_an_autoregressive_spectrum(a):
    """Moments of (1 − a²)/(1 + a² − 2a cos θ) by the trapezoidal rule, exact to rounding for periodic functions."""
    law = temporal_law(a)
    theta = 2 * math.pi * (np.arange(2048) + 0.5) / 2048
    values = (1 - a * a) / (1 + a * a - 2 * a * np.cos(theta))
    assert law.moments(5) == pytest.approx([float(np.mean(values**k)) for k in range(1, 6)], rel=1e-12)
    assert law.moment(2) == pytest.approx((1 + a * a) / (1 - a * a), rel=1e-12)


@pytest.mark.parametrize("base", [Semicircle(), Rademacher(), Uniform(), MarchenkoPastur(0.5)])
@pytest.mark.parametrize("scale", [1e-100, 1e-160, 1e-200, 1e-300])
def test_summands_far_narrower_than_the_rest(base, scale):
    """They move no number: densities and masses are those of the rest away from its singularities."""
    for narrow in (MarchenkoPastur(2), Semicircle(), Rademacher(), Uniform(1, 2)):
        law = boxplus(base, scale * narrow)
        x = np.array([-0.7, 0.3, 1.2])
        np.testing.assert_allclose(law.cdf(x), base.cdf(x), atol=1e-14)
        np.testing.assert_allclose(law.pdf(x), base.pdf(x), atol=1e-13)
        assert math.fsum(i.mass for i in law.support) == pytest.approx(1.0, abs=1e-12)
