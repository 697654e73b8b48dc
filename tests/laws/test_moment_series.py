"""Moments and free cumulants by formula, against each other and against closed forms at order 1000."""

import math
from fractions import Fraction

import pytest

import rmt
from rmt.combinatorics import catalan, free_cumulants_from_moments, moments_from_free_cumulants
from rmt.laws import (
    Arcsine,
    Bernoulli,
    FreeMeixner,
    FreePoisson,
    FussCatalan,
    Gaussian,
    KestenMcKay,
    MarchenkoPastur,
    ProjectionProduct,
    Rademacher,
    Raney,
    Semicircle,
    Uniform,
    Wachter,
)
from rmt.laws.moment_series import connected_pairings, langevin_series, motzkin_series, raney_numbers, root_series

LAWS = [
    Semicircle(Fraction(1, 3), Fraction(2, 7)),
    Semicircle(0.1, 0.3),
    MarchenkoPastur(Fraction(2, 3), Fraction(1, 5)),
    MarchenkoPastur(0.3),
    FreePoisson(Fraction(3, 2), 2),
    Bernoulli(Fraction(1, 4)),
    Bernoulli(0.3, -1, 2),
    Bernoulli(1),
    Rademacher(),
    Arcsine(Fraction(1, 3)),
    Uniform(Fraction(-1, 7), Fraction(3, 5)),
    Uniform(-0.1, 1.3),
    KestenMcKay(3),
    KestenMcKay(Fraction(5, 2)),
    KestenMcKay(2),
    Wachter(2, 3),
    Wachter(Fraction(1, 2), Fraction(4, 5)),
    FussCatalan(2),
    FussCatalan(Fraction(1, 2)),
    Raney(Fraction(5, 2), Fraction(1, 2)),
    Raney(2, 2),
    FreeMeixner(1, 1),
    FreeMeixner(0, 0),
    FreeMeixner(2, 0),
    FreeMeixner(Fraction(1, 3), Fraction(-1, 2)),
    FreeMeixner(0, -1),
    Gaussian(Fraction(1, 2), Fraction(2, 3)),
    ProjectionProduct(Fraction(1, 4), Fraction(1, 2)),
    2 * Arcsine() + 1,
    Fraction(1, 3) * FussCatalan(2) - Fraction(1, 2),
]


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_two_formulas_agree(law):
    """Moments come from G, free cumulants from R: one from the other by the general recursion."""
    for order in (1, 2, 3, 14):
        moments, cumulants = law.moments(order, exact=True), law.free_cumulants(order, exact=True)
        assert list(cumulants) == free_cumulants_from_moments(moments)
        assert list(moments) == moments_from_free_cumulants(cumulants)
        assert law.moments(order) == tuple(map(float, moments))
    assert law.mean() == pytest.approx(float(law.moments(1, exact=True)[0]))


def test_free_cumulants_of_sums_are_the_sums_of_those():
    parts = Semicircle(), Uniform(), MarchenkoPastur(Fraction(1, 2))
    total = rmt.boxplus(*parts).free_cumulants(12, exact=True)
    assert list(total) == [sum(c) for c in zip(*(p.free_cumulants(12, exact=True) for p in parts), strict=True)]


def test_a_thousand():
    """Closed forms at the end of sequences that took up to minutes."""
    n = 1000
    assert Semicircle().moments(n, exact=True)[-1] == catalan(500)
    assert Semicircle().free_cumulants(n, exact=True) == (0, 1, *[0] * (n - 2))
    assert MarchenkoPastur().moments(n, exact=True)[-1] == catalan(1000)
    assert set(MarchenkoPastur().free_cumulants(n)) == {1.0}
    assert FussCatalan(2).moments(n, exact=True)[-1] == Fraction(math.comb(3 * n, n), 2 * n + 1)
    assert FussCatalan(2).free_cumulants(n, exact=True)[-1] == catalan(n)
    assert Arcsine().moments(n, exact=True)[-1] == math.comb(n, n // 2)
    assert Rademacher().free_cumulants(n, exact=True)[-1] == -catalan(499)
    assert Uniform().moments(n, exact=True)[-1] == Fraction(1, n + 1)
    assert Uniform().free_cumulants(100)[-1] == pytest.approx(-2.0 * math.pi**-100, rel=1e-12)
    assert Gaussian().moments(n, exact=True)[-1] == math.prod(range(1, n, 2))
    assert FreeMeixner(0, 0).moments(n, exact=True)[-1] == catalan(500)
    assert Wachter(1, 1).moments(n, exact=True)[-1] == Fraction(math.comb(2 * n, n), 4**n)  # the arcsine law on [0, 1]
    assert KestenMcKay(2).moments(n, exact=True)[-1] == math.comb(n, n // 2)


def test_the_series_themselves():
    for linear, quadratic in ((1, 2), (Fraction(1, 3), Fraction(-2, 9)), (Fraction(5, 7), Fraction(3, 4)), (-6, 1)):
        root = root_series(linear, quadratic, 12)
        square = [sum(root[i] * root[k - i] for i in range(k + 1)) for k in range(13)]
        assert square == [1, linear, quadratic, *[0] * 10]
    assert motzkin_series(1, 1, 6) == [1, 1, 2, 4, 9, 21, 51]
    assert raney_numbers(2, 1, 6) == [1, 1, 2, 5, 14, 42, 132]
    assert raney_numbers(Fraction(1, 2), 1, 3) == [1, 1, Fraction(1, 2), Fraction(1, 8)]
    assert langevin_series(6) == (1, 0, Fraction(1, 3), 0, Fraction(-1, 45), 0, Fraction(2, 945))
    assert connected_pairings(6) == (1, 1, 4, 27, 248, 2830)


@pytest.mark.parametrize(("p", "r"), [(2, -2), (-1, 1), (1, -3), (-2, 5), (Fraction(3, 2), Fraction(1, 2)), (3, 2)])
def test_raney_numbers_by_their_product(p, r):
    """r/n! (np + r − 1) ... (np + r − n + 1), where its factors vanish or change sign, too."""
    expected = [Fraction(1)]
    for n in range(1, 7):
        product = Fraction(r, math.factorial(n))
        for k in range(1, n):
            product *= n * p + r - k
        expected.append(product)
    assert raney_numbers(p, r, 6) == expected


def test_cumulants_beyond_floats():
    with pytest.raises(OverflowError, match=r"a free cumulant of order <= 2000 of .* exceeds the largest float; ask"):
        MarchenkoPastur(3).free_cumulants(2000)
    assert MarchenkoPastur(3).free_cumulants(2000, exact=True)[-1] == 3**1999
