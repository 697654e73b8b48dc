"""Free powers below 1 where they exist, and free Poisson laws divided by others."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from rmt.combinatorics import free_cumulants_from_moments
from rmt.free import boxtimes, free_divide, free_power
from rmt.laws import Arcsine, FussCatalan, Gaussian, KestenMcKay, MarchenkoPastur, Raney, Uniform, Wachter

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
    ("law", "power"),
    [(KestenMcKay(3), 0.3), (Arcsine(2), 0.49), (Uniform(-1, 1), 0.9), (Raney(3, 2), 0.5), (Wachter(1, 1), 0.4)],
)
def test_powers_that_do_not_exist_are_refused(law, power):
    with pytest.raises(ValueError, match="not known to be a probability law"):
        free_power(law, power)


def test_powers_of_a_gaussian_law_exist_but_are_not_computed():
    with pytest.raises(ValueError, match="exists"):
        free_power(Gaussian(), 0.5)


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
