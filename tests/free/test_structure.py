"""Structure of computed laws: edges and exponents, number and masses of intervals, atoms; also beyond double range."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rmt.free import boxtimes, multiplicative_power
from rmt.laws import Atomic, Bernoulli, FussCatalan, MarchenkoPastur


# ---------------------------------------------------------------------- beyond the range of double precision
def relu_edge(depth):
    """Upper edge of x = (1 + m)(1 + 2m)^L/m, where 2L m^2 + 2(L - 1) m = 1."""
    roots = np.roots([2.0 * depth, 2.0 * (depth - 1), -1.0])
    m = max(roots)
    return math.exp(math.log1p(m) + depth * math.log1p(2 * m) - math.log(m))


def test_point_masses_to_high_powers_stay_in_logarithms():
    depth, gain = 10_000, 2.0000000000000004
    law = boxtimes(
        Bernoulli(0.5), FussCatalan(depth), Atomic((gain,), (1,)), powers=(depth, 1, depth), closed_form=False
    )
    edge = relu_edge(depth) * (gain / 2.0) ** depth
    (interval,) = law.support
    assert (interval.low, interval.low_exponent) == (0.0, pytest.approx(-depth / (depth + 1)))
    assert interval.high == pytest.approx(edge, rel=1e-11)
    assert interval.mass == pytest.approx(0.5, abs=1e-12)
    assert law.atoms == ((0.0, pytest.approx(0.5, abs=1e-15)),)
    levels = np.array([0.9998, 0.99999])
    np.testing.assert_allclose(law.cdf(law.ppf(levels)), levels, atol=1e-13)
    np.testing.assert_allclose(law.cdf_of_log(law.ppf_of_log([0.6, 0.9])), [0.6, 0.9], atol=1e-13)
    assert law.cdf(2.0 * edge) == 1.0


def test_what_double_precision_cannot_hold_is_said_in_the_error():
    law = boxtimes(Bernoulli(0.9999, 0, 1 / 0.9999), Atomic((2,), (1,)), powers=(3000, 3000))
    # the free power of the projection keeps an atom of mass 3000 * 0.9999 - 2999 at 2^3000/0.9999^3000
    place = 3000 * (math.log(2) - math.log(0.9999))
    with pytest.raises(OverflowError, match="ppf_of_log"):
        law.support  # noqa: B018
    with pytest.raises(OverflowError, match="ppf_of_log"):
        law.atoms  # noqa: B018
    assert law.ppf_of_log(0.5) == pytest.approx(place, rel=1e-15)
    np.testing.assert_allclose(law.cdf_of_log([place - 0.2, place + 0.2]), [0.3, 1.0], atol=1e-11)


@pytest.mark.parametrize("depth", [10, 100, 1000, 10_000])
def test_mean_logarithm_of_deep_products(depth):
    # E log X = -1 for a free Poisson law of rate 1, and logarithms of determinants add
    law = multiplicative_power(MarchenkoPastur(), depth, closed_form=False)
    assert law.log_potential(0.0).real == pytest.approx(-depth, rel=1e-12)
    assert boxtimes(Bernoulli(0.5), Bernoulli(0.3), closed_form=False).log_potential(0.0).real == -math.inf
