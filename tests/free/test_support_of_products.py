"""The support of a product of many positive laws with gaps between their atoms."""

import numpy as np
import pytest

import rmt
from rmt.free import boxtimes
from rmt.free.expressions.tree import node_of
from rmt.free.support.certified_gaps import _reach
from rmt.free.support.outer_edges import outer_edge
from rmt.free.support.real_axis import Factor


def test_product_of_different_atomic_laws():
    rng = np.random.default_rng(0)
    factors = [rmt.Atomic(np.sort(rng.uniform(0.3, 1.0, 4)).tolist(), (0.25,) * 4) for _ in range(8)]
    law = boxtimes(*factors)
    assert law.mean() == pytest.approx(np.prod([f.mean() for f in factors]), rel=1e-12)
    low, high = law.support[0].low, law.support[-1].high
    assert np.prod([min(f.positions) for f in factors]) < low < high < np.prod([max(f.positions) for f in factors])
    assert law.cdf(low) == pytest.approx(0.0, abs=1e-9)
    assert law.cdf(high) == pytest.approx(1.0, abs=1e-9)
    x = np.linspace(low, high, 20001)
    assert np.trapezoid(law.sf(x), x) + low == pytest.approx(law.mean(), rel=1e-6)


def test_ends_with_an_atom_of_deep_products():
    """A power t of a law with the mass 1 − ε at its end b keeps the mass 1 − εt there, at b^t."""
    law = boxtimes(rmt.Atomic((1, 2), (0.001, 0.999)), powers=[500], closed_form=False)
    ((position, mass),) = law.atoms
    assert position == pytest.approx(2.0**500, rel=1e-12)
    assert mass == pytest.approx(0.5, abs=1e-12)
    assert law.support[-1].high < position
    np.testing.assert_allclose(law.ppf_of_log([0.6, 0.9]), 500.0 * np.log(2.0), rtol=1e-14)


def test_intervals_without_search_hold_the_support():
    """Ends of products from those of their factors: factors that begin at 0, take both signs, have weights beyond 1."""
    laws = [
        boxtimes(rmt.MarchenkoPastur(1), rmt.Uniform(1, 2), powers=[3, 1], closed_form=False),
        boxtimes(rmt.MarchenkoPastur(1), rmt.MarchenkoPastur(0.5), powers=[1, 2], closed_form=False),
        boxtimes(rmt.Uniform(0, 3), rmt.Uniform(0, 5), powers=[2, 1], closed_form=False),
        boxtimes(rmt.Uniform(-1, 2), rmt.Uniform(0, 5), powers=[1, 2], closed_form=False),
    ]
    for law in laws:
        low, high = _reach(law.node)
        slack = 1e-12 * (abs(low) + abs(high))
        assert low - slack <= law.support[0].low <= law.support[-1].high <= high + slack, law
        assert high - low < 1e4


@pytest.mark.parametrize("upper", [True, False])
def test_outer_gaps_begin_at_products_of_atoms(upper):
    """Where the atoms at the ends of all factors are so large that one is left, the gap beyond begins at it."""
    laws = [rmt.Atomic((1, 2), (0.02, 0.98)), rmt.Atomic((0.5, 3), (0.01, 0.99))]
    if not upper:
        laws = [rmt.Atomic(law.positions, law.weights[::-1]) for law in laws]
    weights = (4.0, 7.0)
    first, second = (2.0, 3.0) if upper else (1.0, 0.5)
    total, product = 4.0 * first + 7.0 * second, first**4 * second**7
    for multiplicative, logarithmic, expected in (
        (False, False, total),
        (True, False, product),
        (True, True, np.log(product)),
    ):
        factors = [Factor(node_of(law), multiplicative) for law in laws]
        edge, soft = outer_edge(factors, weights, upper=upper, multiplicative=multiplicative, logarithmic=logarithmic)
        assert edge == pytest.approx(expected, rel=1e-14)
        assert not soft


@pytest.mark.parametrize("a", [0.5, 1.0, 2.0])
def test_densities_that_vanish_at_zero_leave_their_least_power_to_the_product(a):
    """E 1/x is finite for the factors: x = cε (1 + O(ε^a)) for both, and so for the product."""
    vanishing = rmt.Law.from_pdf(lambda x: (1 + a) * x**a, support=(0, 1))
    steeper = rmt.Law.from_pdf(lambda x: (2 + a) * x ** (1 + a), support=(0, 1))
    for law in (boxtimes(vanishing, vanishing), boxtimes(steeper, rmt.Uniform(1, 2), vanishing)):
        assert (law.support[0].low, law.support[0].low_exponent) == (0.0, a)
        near, nearer = law.pdf([1e-4, 1e-5])
        assert np.log10(near / nearer) == pytest.approx(a, abs=0.02)


def test_a_steep_density_at_zero_outweighs_one_that_vanishes():
    steep = rmt.Law.from_pdf(lambda x: 0.5 / np.sqrt(x), support=(0, 1))
    law = boxtimes(steep, rmt.Law.from_pdf(lambda x: 2 * x, support=(0, 1)))
    assert law.support[0].low_exponent == pytest.approx(-0.5, abs=1e-12)
    near, nearer = law.pdf([1e-6, 1e-8])
    assert np.log10(near / nearer) / 2 == pytest.approx(-0.5, abs=0.02)
