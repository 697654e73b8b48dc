"""Free powers below 1 where they exist, and free Poisson laws divided by others."""

from __future__ import annotations

from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

from rmt.combinatorics import free_cumulants_from_moments
from rmt.free import boxplus, boxtimes, free_divide, free_power, free_subtract
from rmt.laws import (
    Arcsine,
    Atomic,
    FussCatalan,
    Gaussian,
    KestenMcKay,
    MarchenkoPastur,
    Rademacher,
    Raney,
    Semicircle,
    TracyWidom,
    Uniform,
    Wachter,
)

EPS = float(np.finfo(float).eps)
POWERS = {
    "Fuss-Catalan": (FussCatalan(2), Fraction(1, 2)),
    "Fuss-Catalan of order 3": (FussCatalan(3), Fraction(1, 10)),
    "Raney": (Raney(4, 2), Fraction(1, 4)),
    "free Poisson as Raney": (Raney(2, 1), Fraction(1, 2)),
    "Kesten-McKay": (KestenMcKay(3), Fraction(9, 10)),
    "Kesten-McKay, the last": (KestenMcKay(3), Fraction(1, 3)),
    "arcsine": (Arcsine(2), Fraction(3, 4)),
    "Wachter": (Wachter(3, 4), Fraction(1, 2)),
}


@pytest.mark.parametrize("case", POWERS)
def test_powers_below_one(case):
    law, power = POWERS[case]
    small = free_power(law, power)
    cumulants = free_cumulants_from_moments(law.moments(12, exact=True))
    found = free_cumulants_from_moments(small.moments(12, exact=True))
    assert found == [power * k for k in cumulants]
    # the transform that the solver finds has these moments: a circle far outside
    radius = 1.5 * max(map(abs, small._hull()))
    z = radius * np.exp(2j * np.pi * (np.arange(128) + 0.5) / 128)
    moments = [float(np.mean(small.stieltjes(z) * z ** (k + 1)).real) for k in range(1, 9)]
    assert moments == pytest.approx(small.moments(8), rel=1e-10, abs=1e-12 * radius**8)
    mass = sum(i.mass for i in small.support) + sum(m for _, m in small.atoms)
    assert mass == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("law", "power", "proof"),
    [
        (KestenMcKay(3), 0.3, "Hankel"),
        (Arcsine(2), 0.49, "Hankel"),
        (Uniform(-1, 1), 0.1, "Hankel"),
        (Uniform(-1, 1), 0.9, "branch point of|branch point in the upper half plane"),
        (Raney(3, 2), 0.5, "Hankel"),
        (Wachter(1, 1), 0.4, "Hankel"),
        (Rademacher(), 0.99, "Hankel"),
        (Atomic((-1, 0, 2), (0.3, 0.3, 0.4)), 0.9, "Hankel"),
    ],
)
def test_powers_that_do_not_exist_are_refused_with_the_proof(law, power, proof):
    with pytest.raises(ValueError, match=f"is not a probability law: .*({proof})"):
        free_power(law, power)


def test_powers_that_cannot_be_told_say_so_and_their_cumulants_are_those_of_the_remedy():
    law = TracyWidom(2)
    with pytest.raises(ValueError, match=r"not known to be a probability law.*law\.free_cumulants\(k\)"):
        free_power(law, 0.9)
    assert len(law.free_cumulants(4)) == 4


def test_a_sum_may_exist_although_its_powers_do_not():
    """The half power of a uniform law is none, but with a semicircle law it is: twice the sum is known otherwise."""
    with pytest.raises(ValueError, match="is not a probability law"):
        free_power(Uniform(-1, 1), 0.5)
    half = boxplus(Uniform(-1, 1), Semicircle(0, 1), powers=(0.5, 1))
    assert eval(repr(half)) == half
    whole = boxplus(Uniform(-1, 1), Semicircle(0, 2))
    x = np.linspace(-2.5, 2.5, 11)
    np.testing.assert_allclose(free_power(half, 2).cdf(x), whole.cdf(x), atol=1e-11)


# ---------------------------------------------------------------------- Gaussian laws
@pytest.mark.parametrize("power", [Fraction(1, 2), 0.9, 0.1, 1e-3, 1e-8])
def test_powers_of_a_gaussian_law(power):
    """Against the free cumulants of the Gaussian law, read off its density and off its transform."""
    law = free_power(Gaussian(), power)
    cumulants = free_cumulants_from_moments(law.moments(8, exact=True))
    assert cumulants == [Fraction(power) * k for k in free_cumulants_from_moments(Gaussian().moments(8, exact=True))]
    # densities are known to a few ulps of 1 for |x| < 8, and tails of relative accuracy 1e-8 are left beyond
    for k, (found, expected) in enumerate(zip(law.line_panels.moments(4), [1.0, *law.moments(4)], strict=True)):
        assert abs(found - expected) < 4 * EPS * 8.0 ** (k + 1) + 1e-9 * law.moment(4)
    z = np.array([0.3 + 0.2j, -2.0 + 0.01j, 1.0 + 3.0j])
    np.testing.assert_allclose(law.line_panels.transforms(z)[0], law.stieltjes(z), rtol=1e-13)
    x = np.array([-4.0, -1.0, -float(power), 0.0, 0.4])
    u = law.cdf(x)
    np.testing.assert_allclose(law.pdf(x), law.pdf(-x), rtol=1e-7, atol=1e-15)
    np.testing.assert_allclose(u + law.cdf(-x), 1.0, rtol=1e-14)
    np.testing.assert_allclose(law.ppf(u[:4]), x[:4], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("power", [Fraction(1, 2), Fraction(1, 50)])
def test_density_of_a_gaussian_power_at_its_centre(power):
    """At 0, ω = −iy with ty = (1 − t)F, G(−iy) = −i√(π/2) e^(y²/2) erfc(−y/√2): one real equation, in mpmath."""
    t = mp.mpf(power.numerator) / power.denominator
    with mp.workdps(30):

        def size(y):
            return mp.sqrt(mp.pi / 2) * mp.exp(y * y / 2) * mp.erfc(-y / mp.sqrt(2))

        y = mp.findroot(lambda y: t * y - (1 - t) / size(y), mp.sqrt(2 * mp.log(1 / t)) / 2)
        expected = float(size(y) / mp.pi)
    value, error = free_power(Gaussian(), power).pdf(0.0, return_error=True)
    assert abs(value - expected) <= error < 1e-12 * expected
    assert free_power(Gaussian(3, 4), power).pdf(3.0 * float(power)) == pytest.approx(expected / 2, rel=1e-13)


def test_free_copies_of_a_gaussian_power_make_the_gaussian_law():
    half = free_power(Gaussian(), 0.5)
    x = np.array([-5.0, -1.0, 0.3, 2.0])
    computed = free_power(half, 2, closed_form=False)
    np.testing.assert_allclose(computed.cdf(x), Gaussian().cdf(x), rtol=1e-8, atol=1e-14)
    assert np.abs(half.cdf(x) - Gaussian().cdf(x)).max() > 0.01
    assert boxplus(half, half) == Gaussian()
    assert boxplus(free_power(Gaussian(2, 4), 0.5), free_power(Gaussian(2, 4), 0.5)) == Gaussian(2.0, 4)
    assert free_power(free_power(Gaussian(2, 4), 0.5), 0.5) == free_power(Gaussian(2, 4), 0.25)
    assert free_subtract(Gaussian(), free_power(Gaussian(), 0.25)) == free_power(Gaussian(), 0.75)
    law = free_power(Gaussian(2, 4), 0.5)
    assert eval(repr(half)) == half
    assert (law.mean(), law.var()) == (1.0, 2.0)


def test_gaussian_powers_in_sums():
    """A sum of other laws with half a Gaussian law, twice, is the sum with the whole one."""
    law = boxplus(Gaussian(), Rademacher(), powers=(0.5, 1))
    x = np.array([-2.0, -0.5, 0.0, 1.0])
    whole = boxplus(Gaussian(), Rademacher(), powers=(1, 2))
    np.testing.assert_allclose(free_power(law, 2).cdf(x), whole.cdf(x), atol=1e-13)
    assert law.cdf(0.0) == pytest.approx(0.5, abs=1e-14)


def test_the_quotient_of_two_free_poisson_laws_is_named():
    quotient = free_divide(MarchenkoPastur(Fraction(3, 10)), MarchenkoPastur(Fraction(1, 10)))
    assert quotient == 3 * Wachter(Fraction(10, 3), Fraction(20, 3))


def test_quotients_of_free_poisson_laws():
    # S = 1/(rate + m), and (a + b + m)/(a + m) for a Wachter law
    law = boxtimes(MarchenkoPastur(Fraction(3, 10)), Uniform(1, 2))
    quotient = free_divide(law, MarchenkoPastur(Fraction(1, 10)))
    expected = boxtimes(3 * Wachter(Fraction(10, 3), Fraction(20, 3)), Uniform(1, 2))
    assert quotient.moments(8, exact=True) == expected.moments(8, exact=True)
    back = boxtimes(quotient, MarchenkoPastur(Fraction(1, 10)))
    assert back.moments(8, exact=True) == law.moments(8, exact=True)
    x = np.linspace(0.2, 4.0, 9)
    np.testing.assert_allclose(back.cdf(x), law.cdf(x), atol=1e-12)
