import math
import time
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmt import combinatorics as cb
from rmt.free.expressions import exact_moments as series
from rmt.free.expressions import tree
from rmt.laws.named.marchenko_pastur import MarchenkoPastur
from rmt.laws.named.semicircle import Semicircle


@dataclass(frozen=True)
class Given:
    """A leaf of which only the moments are known."""

    moments: tuple

    def _exact_moments(self, order):
        return [Fraction(1), *self.moments[:order]]

    def _affine(self, scale, shift):
        return None


def leaf(*moments):
    return tree.Leaf(Given(moments))


SEMICIRCLE = tree.Leaf(Semicircle())
POISSON = tree.Leaf(MarchenkoPastur())
RADEMACHER = leaf(*(Fraction(1 - n % 2) for n in range(1, 61)))
fractions = st.fractions(min_value=-3, max_value=3, max_denominator=8)
given_laws = st.builds(lambda m: leaf(*m), st.lists(fractions, min_size=6, max_size=6))
weights = st.fractions(min_value=1, max_value=4, max_denominator=5)


def moments(node, order):
    got = series.moments(node, order)
    assert len(got) == order + 1
    assert got[0] == 1
    assert all(isinstance(m, Fraction) for m in got)
    return got[1:]


def even(values):
    return [x for value in values for x in (0, value)]


# ---------------------------------------------------------------------- closed forms
def test_fuss_catalan():
    for s in (1, 2, 3, 10**4):
        node = tree.free_product([(POISSON, s)])
        assert moments(node, 12) == [cb.fuss_catalan(s, n) for n in range(1, 13)]


def test_fractional_power_is_a_raney_law():
    # S = (1 + m)^(-p): m_n = C((p+1)n, n) with generalised binomials, over pn + 1
    p = Fraction(3, 2)
    top = [(p + 1) * n for n in range(1, 8)]
    expected = [
        math.prod((t - j for j in range(n)), start=Fraction(1)) / math.factorial(n) / (p * n + 1)
        for n, t in enumerate(top, start=1)
    ]
    assert moments(tree.free_product([(POISSON, 1.5)]), 7) == expected


def test_arcsine_as_free_sum_of_two_coins():
    node = tree.free_sum([(RADEMACHER, 1), (RADEMACHER, 1)])
    assert moments(node, 12) == even(math.comb(2 * n, n) for n in range(1, 7))


def test_mean_zero_products():
    """Squares of semicircle ⊠ MP and semicircle ⊠ MP² are Fuss-Catalan (Arizmendi, Pérez-Abreu 2009)."""
    node = tree.free_product([(SEMICIRCLE, 1), (POISSON, 1)])
    assert moments(node, 12) == even(cb.fuss_catalan(3, n) for n in range(1, 7))
    node = tree.free_product([(POISSON, 2), (SEMICIRCLE, 1)])
    assert moments(node, 12) == even(cb.fuss_catalan(5, n) for n in range(1, 7))


def test_compound_free_poisson():
    # jumps of a free Poisson law at rate 1: the free product of the jumps with MP
    assert moments(tree.Compound(POISSON, 1), 8) == [cb.fuss_catalan(2, n) for n in range(1, 9)]
    rate = Fraction(5, 3)
    node = tree.Compound(RADEMACHER, rate)
    assert cb.free_cumulants_from_moments(moments(node, 6)) == [0, rate, 0, rate, 0, rate]


def test_boolean_sum_of_two_coins_has_atoms_at_root_two():
    node = tree.BooleanSum(((RADEMACHER, 1), (RADEMACHER, 1)))
    assert moments(node, 8) == [0, 2, 0, 4, 0, 8, 0, 16]


def test_monotone_sum_of_two_coins():
    # F = z - 1/z twice: atoms ±phi, ±1/phi of masses 0.3618..., 0.1381... (phi the golden ratio)
    golden = (1 + math.sqrt(5)) / 2
    mass = (1 + 1 / math.sqrt(5)) / 4
    expected = [2 * mass * golden ** (2 * n) + (1 - 2 * mass) * golden ** (-2 * n) for n in range(1, 6)]
    got = moments(tree.Monotone(RADEMACHER, RADEMACHER), 10)
    assert [float(m) for m in got[1::2]] == pytest.approx(expected, rel=1e-14)
    assert got[::2] == [0] * 5


@given(a=given_laws, b=given_laws)
@settings(max_examples=20, deadline=None)
def test_monotone_sums_in_low_order(a, b):
    # k = k_b + k_a(1/G_b): Boolean cumulants add up to an asymmetric term in order 3 (Muraki 2001)
    beta = [cb.boolean_cumulants_from_moments(moments(x, 3)) for x in (a, b)]
    expected = [x + y for x, y in zip(*beta, strict=True)]
    expected[2] += beta[0][1] * beta[1][0]
    assert cb.boolean_cumulants_from_moments(moments(tree.Monotone(a, b), 3)) == expected


def test_pushforwards():
    assert moments(tree.Square(SEMICIRCLE), 8) == moments(POISSON, 8)
    assert moments(tree.SymmetricRoot(POISSON), 9) == moments(SEMICIRCLE, 9)
    shifted = tree.AffineNode(POISSON, -2, Fraction(1, 2))
    m1, m2 = moments(shifted, 2)
    assert (m1, m2 - m1**2) == (Fraction(-3, 2), 4)
    mixed = tree.Mixture(((POISSON, 0.25), (SEMICIRCLE, 0.75)))
    assert moments(mixed, 2) == [Fraction(1, 4), Fraction(2, 4) + Fraction(3, 4)]


def test_inverse_wishart():
    # moments of 1/MP(c): 1/(1-c), 1/(1-c)^3, (1+c)/(1-c)^5
    c = Fraction(1, 3)
    node = tree.Inverse(tree.Leaf(MarchenkoPastur(c)))
    assert moments(node, 3) == [1 / (1 - c), 1 / (1 - c) ** 3, (1 + c) / (1 - c) ** 5]
    twice = tree.Inverse(tree.free_product([(tree.Leaf(MarchenkoPastur(c)), 2)]))
    assert moments(twice, 3) == cb.boxtimes_moments(moments(node, 3), moments(node, 3))
    halved = tree.Inverse(tree.AffineNode(tree.Leaf(MarchenkoPastur(c)), 2, 0))
    assert moments(halved, 2) == [moments(node, 2)[0] / 2, moments(node, 2)[1] / 4]


# ---------------------------------------------------------------------- algebra, by partition sums
@given(a=given_laws, b=given_laws, t=weights)
@settings(max_examples=20, deadline=None)
def test_free_sums_with_real_weights_add_cumulants(a, b, t):
    got = cb.free_cumulants_from_moments(moments(tree.Sum(((a, t), (b, 1))), 6))
    kappa = [cb.free_cumulants_from_moments(moments(x, 6)) for x in (a, b)]
    assert got == [t * x + y for x, y in zip(*kappa, strict=True)]


@given(a=given_laws, b=given_laws)
@settings(max_examples=20, deadline=None)
def test_free_products_are_sums_over_noncrossing_partitions(a, b):
    first, second = moments(a, 6), moments(b, 6)
    kappa = cb.free_cumulants_from_moments(first)
    expected = [
        sum(
            cb.multiplicative_extension(kappa, p) * cb.multiplicative_extension(second, cb.kreweras_complement(p))
            for p in cb.noncrossing_partitions(n)
        )
        for n in range(1, 7)
    ]
    assert moments(tree.Product(((a, 1), (b, 1))), 6) == expected


@given(a=given_laws, b=given_laws, c=given_laws)
@settings(max_examples=20, deadline=None)
def test_nested_expressions_follow_their_parts(a, b, c):
    parts = (tree.Sum(((a, 1), (b, 2))), tree.Monotone(c, a), tree.BooleanSum(((b, 1), (c, 3))))
    nested = tree.AffineNode(tree.Product(tuple((part, 1) for part in parts)), 3, 1)
    flat = tree.AffineNode(tree.Product(tuple((leaf(*moments(part, 6)), 1) for part in parts)), 3, 1)
    assert moments(nested, 6) == moments(flat, 6)


# ---------------------------------------------------------------------- refusals, speed
def test_irrational_powers_are_refused():
    with pytest.raises(ValueError, match="not rational"):
        series.moments(tree.Product(((tree.Leaf(MarchenkoPastur(1, 2)), Fraction(1, 2)),)), 3)
    four = tree.Leaf(MarchenkoPastur(1, 4))
    assert series.moments(tree.Product(((four, Fraction(1, 2)),)), 1)[1] == 2


def test_inverse_without_rational_moments_is_refused():
    with pytest.raises(ValueError, match="1/X"):
        series.moments(tree.Inverse(tree.Leaf(Semicircle(3, 1))), 2)


def test_order_is_checked():
    assert series.moments(Semicircle(), 0) == [1]
    with pytest.raises(ValueError, match="order"):
        series.moments(Semicircle(), -1)


def test_order_fifty_takes_about_a_second():
    parts = [(POISSON, 1), (tree.Leaf(MarchenkoPastur(0.3, 0.7)), 2), (SEMICIRCLE, 1)]
    node = tree.free_sum([(tree.free_product(parts), 1.5), (RADEMACHER, 1)])
    start = time.process_time()
    got = series.moments(node, 50)
    assert time.process_time() - start < 5.0  # measured 0.6 s; a slow machine may take longer
    assert got[50] > 0
