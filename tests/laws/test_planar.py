"""Laws on the plane."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from rmt.laws import Atomic, CircularLaw, PlanarLaw, Uniform, UnitCircle

LAWS = [CircularLaw(), CircularLaw(4), CircularLaw(variance=0.3), UnitCircle()]


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_contract(law: PlanarLaw):
    assert eval(repr(law)) == law
    assert hash(pickle.loads(pickle.dumps(law))) == hash(law)
    assert law.angle_law() == Uniform(-math.pi, math.pi)
    sample = law.rvs((50, 40), rng=5)
    np.testing.assert_array_equal(sample, law.rvs((50, 40), rng=5))
    assert isinstance(law.rvs(rng=1), complex)
    # Massart's bound at 1e-7 for the modulus and the angle
    bound = math.sqrt(math.log(2e7) / (2 * sample.size))
    for values, marginal in ((np.abs(sample), law.radial_law()), (np.angle(sample), law.angle_law())):
        if marginal.atoms:
            np.testing.assert_allclose(values, marginal.atoms[0][0], rtol=1e-15)
            continue
        ordered = np.sort(values.ravel())
        share = (np.arange(ordered.size) + 0.5) / ordered.size
        assert np.abs(marginal.cdf(ordered) - share).max() <= bound


def test_circular_law():
    law = CircularLaw(4)
    assert law.radius == 2.0
    z = np.array([[0.0, 1.9j], [-2.5, np.nan]])
    np.testing.assert_array_equal(law.pdf(z), [[1 / (4 * np.pi), 1 / (4 * np.pi)], [0.0, np.nan]])
    assert isinstance(law.pdf(0j), float)
    radial = law.radial_law()
    r = np.linspace(0.1, 1.9, 5)
    np.testing.assert_allclose(radial.pdf(r), r / 2, rtol=1e-14)  # 2 pi r times the density
    np.testing.assert_allclose(radial.cdf(r), r * r / 4, rtol=1e-14)
    assert radial.mean() == pytest.approx(4 / 3, rel=1e-14)
    assert radial.support[0].low_exponent == 1.0


def test_unit_circle():
    law = UnitCircle()
    assert law.radial_law() == Atomic((1,), (1,))
    np.testing.assert_allclose(np.abs(law.rvs(100, rng=0)), 1.0, rtol=1e-15)
