"""Free Meixner, Raney and free stable laws under the operations that keep their families."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from rmt.free import boxplus, boxtimes, free_power, multiplicative_power
from rmt.laws import Atomic, Cauchy, FreeMeixner, FreeStable, FussCatalan, MarchenkoPastur, Raney, Semicircle

HALF = Fraction(1, 2)


def same(law, exact, *, density=1e-13, mass=1e-14):
    """Density, masses and ends of a computed law against those of a named one."""
    low, high = (float(exact.ppf(u)) for u in (0.003, 0.997))
    x = np.linspace(low, high, 41)[1:-1]
    value, bound = law.pdf(x, return_error=True)
    truth = exact.pdf(x)
    assert np.max(np.abs(value - truth) / np.maximum(1.0, truth)) < density
    assert np.all(np.abs(value - truth) <= bound + 1e-14 * truth)
    assert np.max(np.abs(law.cdf(x) - exact.cdf(x))) < mass
    for i, j in zip(law.support, exact.support, strict=True):
        scale = max(abs(e) for e in (j.low, j.high) if math.isfinite(e)) if math.isfinite(j.low + j.high) else 1.0
        for got, end in ((i.low, j.low), (i.high, j.high)):
            assert got == end or abs(got - end) <= 8 * math.ulp(max(abs(end), scale))
    for (a, m), (b, n) in zip(law.atoms, exact.atoms, strict=True):
        assert (a, m) == pytest.approx((b, n), abs=1e-14)


# ---------------------------------------------------------------------- free Meixner: powers
@pytest.mark.parametrize(("a", "b"), [(1, 2), (4, 1), (2, 1), (0.3, -0.6), (2, 0), (-3, -0.5)])
def test_meixner_powers_by_the_solver(a, b):
    law = FreeMeixner(a, b)
    same(free_power(law, 4, closed_form=False), 2 * FreeMeixner(Fraction(a) / 2, Fraction(b) / 4))


def test_meixner_powers_are_recognised():
    assert free_power(FreeMeixner(1, 2), 4) == 2 * FreeMeixner(0.5, 0.5)
    assert free_power(FreeMeixner(1, 2), Fraction(1, 4)) == 0.5 * FreeMeixner(2, 8)
    # b < 0: powers from -b on
    assert free_power(FreeMeixner(1, Fraction(-1, 16)), Fraction(1, 4)) == 0.5 * FreeMeixner(2, -0.25)
    with pytest.raises(ValueError, match="is not a probability law"):
        free_power(FreeMeixner(1, -0.5), 0.25)
    third = free_power(FreeMeixner(1, 2), Fraction(1, 3), closed_form=False)
    assert third.free_cumulants(4, exact=True) == (0, Fraction(1, 3), Fraction(1, 3), 1)


# ---------------------------------------------------------------------- Raney
def test_raney_times_free_poisson_by_the_solver():
    same(boxtimes(Raney(3, 2), MarchenkoPastur(), closed_form=False), Raney(5, 2), density=1e-12)
    same(boxtimes(Raney(2.5, 0.5), MarchenkoPastur(), closed_form=False), Raney(3, 0.5), density=1e-12)
    # exponent -1/2 at 0, but no analytic function of the square root
    same(boxtimes(Raney(4, 2), MarchenkoPastur(), closed_form=False), Raney(6, 2), density=1e-12)


def test_raney_products_are_recognised():
    assert boxtimes(Raney(3, 2), MarchenkoPastur()) == Raney(5, 2)
    assert boxtimes(MarchenkoPastur(1, 2), Raney(3, 2), FussCatalan(2)) == 2 * Raney(9, 2)
    assert multiplicative_power(Raney(3, 2), 2).mean() == pytest.approx(4.0)


def test_raney_plus_semicircle_has_the_sum_of_the_cumulants():
    law = boxplus(Raney(3, 2), Semicircle(0, 2))
    # the free cumulants of Raney(3, 2) are 2/(n + 2) binom(n + 2, n)
    expected = [Fraction(2, n + 2) * math.comb(n + 2, n) for n in range(1, 6)]
    expected[1] += 2
    assert law.free_cumulants(5, exact=True) == tuple(expected)
    g = np.array([0.02, -0.1])
    np.testing.assert_allclose(law.r_transform(g), ((1 + g / (1 - g)) ** 2 - 1) / g + 2 * g, rtol=1e-12)


# ---------------------------------------------------------------------- free stable
@pytest.mark.parametrize(
    ("alpha", "rho"), [(1.5, 0.5), (1.5, Fraction(2, 3)), (0.5, 1), (0.8, 0.9), (0.5, 0.5), (1.2, 0.4)]
)
def test_sums_of_free_stable_laws_by_the_solver(alpha, rho):
    law = FreeStable(alpha, rho)
    same(boxplus(law, law, closed_form=False), 2.0 ** (1.0 / alpha) * law)


def test_sums_of_free_stable_laws_are_recognised():
    law = FreeStable(0.5, 1)
    assert boxplus(law, 4 * law) == 9 * law
    assert boxplus(-law, -4 * law) == 9 * FreeStable(0.5, 0)
    assert free_power(law, 3) == 9 * law
    assert free_power(law, HALF) == 0.25 * law
    assert boxplus(law, FreeStable(0.5, HALF)).node.kind == "sum"


def test_heavy_tails_meet_a_semicircle():
    # G(z) = G_W(z - R(G)) with R of the stable law, at complex points
    law, stable = boxplus(Semicircle(), FreeStable(1.5, 0.4)), FreeStable(1.5, 0.4)
    z = np.array([0.3 + 0.5j, -2.0 + 0.1j, 5.0 + 2.0j])
    g = law.stieltjes(z)
    np.testing.assert_allclose(stable.r_transform(g) + g + 1 / g, z, rtol=1e-12)
    assert boxplus(Cauchy(), Semicircle()).pdf(0.0) == pytest.approx(
        boxplus(FreeStable(1, HALF), Semicircle()).pdf(0.0), rel=1e-13
    )
    assert boxplus(FreeStable(0.5, 1), Atomic((3,), (1,))) == FreeStable(0.5, 1) + 3


# ---------------------------------------------------------------------- quantiles at the ends of inner gaps
def test_quantiles_next_to_a_gap_with_and_without_a_table():
    law = boxtimes(MarchenkoPastur(0.2), Atomic((-1, 2), (HALF, HALF)))
    near = 0.5 + np.array([-1e-13, -1e-14, -3e-15, -1e-16, 0.0, 1e-16, 3e-15, 1e-14, 1e-13])
    many = law.ppf(np.concatenate([np.linspace(0.001, 0.999, 1500), near]))[-near.size :]
    assert np.all(np.diff(many) >= 0.0)
    np.testing.assert_allclose(many, law.ppf(near), rtol=0, atol=1e-9)
    low, high = law.support[0].high, law.support[1].low
    assert np.all((np.abs(many - low) < 1e-7) | (np.abs(many - high) < 1e-7))
