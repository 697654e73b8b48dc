"""Boolean and monotone convolution, inverses and symmetrised laws, against closed forms and mpmath."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from laws.law_suite import CHECKS

import rmt.laws
from rmt.combinatorics import boolean_cumulants_from_moments
from rmt.free import boolean_convolution, boxplus, boxtimes, inverse, monotone_convolution, symmetrised
from rmt.laws import (
    Arcsine,
    Atomic,
    Bernoulli,
    Cauchy,
    FussCatalan,
    Gaussian,
    MarchenkoPastur,
    Rademacher,
    Semicircle,
    Uniform,
    square_root,
)

NAMES = dict(vars(rmt.laws)) | dict(vars(rmt.free)) | {"Fraction": Fraction}


def semicircle_f(z):
    """1/G of the semicircle law of variance 1, on the closed upper half plane."""
    root = mp.sqrt(z - 2) * mp.sqrt(z + 2)
    return (z + root) / 2


def mp_density(f):
    return lambda x: -(1 / f(mp.mpc(x))).imag / mp.pi


# ---------------------------------------------------------------------- the law suite
EXPLICIT = [
    boolean_convolution(Semicircle(), Semicircle()),
    boolean_convolution(Semicircle(), Rademacher()),
    boolean_convolution(Arcsine(), powers=(2,)),
    boolean_convolution(Bernoulli(0.3, -1, 4), Atomic((-1, 0.5, 3), (0.25, 0.5, 0.25))),
    boolean_convolution(Semicircle(), Gaussian()),
    monotone_convolution(Semicircle(), Rademacher()),
    monotone_convolution(Rademacher(), Semicircle()),
    monotone_convolution(Rademacher(), Rademacher()),
    inverse(MarchenkoPastur(0.5)),
    inverse(Semicircle()),
    symmetrised(square_root(MarchenkoPastur(0.5))),
    symmetrised(square_root(MarchenkoPastur(2))),
    symmetrised(square_root(FussCatalan(2))),
    symmetrised(Uniform(1, 2)),
]


@pytest.mark.parametrize("law", EXPLICIT, ids=repr)
def test_law_suite(law, monkeypatch):
    for name in ("boolean_convolution", "monotone_convolution", "inverse", "symmetrised", "mixture"):
        monkeypatch.setattr(rmt.laws, name, getattr(rmt.free, name), raising=False)
    for check in CHECKS.values():
        check(law)


# ---------------------------------------------------------------------- Boolean
def test_boolean_central_limit_is_a_fair_sign():
    for n in (1, 3, 100):
        law = boolean_convolution(Bernoulli(Fraction(1, 4), -Fraction(1, 3), 1), powers=(n,))
        scaled = law / math.sqrt(n / 3)
        distance = max(abs(abs(a) - 1.0) for a, m in scaled.atoms if m > 0.1)
        assert distance < 1.5 / math.sqrt(n)
    assert boolean_convolution(Rademacher(), Rademacher()) == Rademacher() * math.sqrt(2)
    assert boolean_convolution(Rademacher(), powers=(4,)) == 2 * Rademacher()


def test_boolean_cauchy_and_powers():
    assert boolean_convolution(Cauchy(1, 2), Cauchy(-3, 0.5)) == Cauchy(-2, 2.5)
    law = boolean_convolution(Semicircle(), powers=(3,))
    assert law == boolean_convolution(Semicircle(), Semicircle(), Semicircle())
    assert boolean_convolution(law, powers=(2,)) == boolean_convolution(Semicircle(), powers=(6,))
    # every law is infinitely divisible in the Boolean sense; the half of the semicircle law has F = (3z + root)/4
    half = boolean_convolution(Semicircle(), powers=(0.5,))
    x = np.array([-1.5, 0.0, 1.0])
    root = np.sqrt(4 - x * x)
    np.testing.assert_allclose(half.pdf(x), 4 * root / (9 * x * x + root**2) / math.pi, rtol=1e-13)
    assert half.support[0].mass == pytest.approx(1.0, abs=1e-13)


def test_boolean_sum_of_semicircle_and_sign():
    law = boolean_convolution(Semicircle(), Rademacher())
    density = mp_density(lambda z: semicircle_f(z) - 1 / z)
    with mp.workdps(30):
        for x in (-1.9, -1.0, -0.3, 0.01, 0.77, 1.99):
            value, error = law.pdf(x, return_error=True)
            assert abs(value - density(x)) <= min(error, 1e-13)
        assert abs(law.cdf(0.77) - mp.quad(density, [-2, -1.5, -1, -0.5, 0, 0.5, 0.77])) < 1e-13
    # F = 1/2 at the edge 2: no atom
    assert law.atoms == ()


def test_boolean_atoms_of_a_power_of_the_arcsine_law():
    # F = t sqrt(z² - 4) - (t - 1) z vanishes at ± 2t/sqrt(2t - 1), where F' = (2t - 1)/(t - 1)
    for t in (1.5, 2.0, 7.0):
        law = boolean_convolution(Arcsine(), powers=(t,))
        (low, mass), (high, other) = law.atoms
        assert (-low, high) == pytest.approx((2 * t / math.sqrt(2 * t - 1),) * 2, rel=1e-14)
        assert (mass, other) == pytest.approx(((t - 1) / (2 * t - 1),) * 2, rel=1e-12)
        assert law.support[0].mass == pytest.approx(1 / (2 * t - 1), rel=1e-12)


def test_boolean_cumulants_add():
    laws = MarchenkoPastur(Fraction(1, 2)), Bernoulli(Fraction(1, 3), -1, 2), Semicircle(1, 3)
    law = boolean_convolution(*laws, powers=(1, Fraction(1, 2), 2))
    cumulants = [_scaled(m, t) for m, t in zip(laws, (1, Fraction(1, 2), 2), strict=True)]
    total = [sum(c) for c in zip(*cumulants, strict=True)]
    assert boolean_cumulants_from_moments(list(law.moments(8, exact=True))) == total
    integrals = law.line_panels.moments(6)[1:]
    np.testing.assert_allclose(integrals, law.moments(6), rtol=1e-11)


def _scaled(law, t):
    return [t * c for c in boolean_cumulants_from_moments(list(law.moments(8, exact=True)))]


# ---------------------------------------------------------------------- monotone
def test_monotone_central_limit_is_the_arcsine_law():
    assert monotone_convolution(Arcsine(3), Arcsine(4)) == Arcsine(5)
    law = monotone_convolution(Arcsine(), Arcsine(), closed_form=False)
    other = Arcsine(math.sqrt(8))
    x = np.array([-2.7, -2.1, -1.0, 0.3, 1.9, 2.5])
    np.testing.assert_allclose(law.pdf(x), other.pdf(x), rtol=1e-13)
    np.testing.assert_allclose(law.cdf(x), other.cdf(x), atol=1e-12)
    assert law.support[0].low == pytest.approx(-math.sqrt(8), rel=1e-15)
    sign = Rademacher()
    for _ in range(3):
        sign = monotone_convolution(sign, Rademacher())
    moments = (sign / 2).moments(4, exact=True)  # four steps
    assert moments[:3] == (0, 1, 0)
    assert abs(moments[3] - Fraction(3, 2)) <= Fraction(1, 4)
    assert len(sign.atoms) == 16


def test_monotone_order_is_first_after_second():
    # F = F_first(F_second): a point mass as first factor shifts
    unit = Atomic((3,), (1,))
    assert monotone_convolution(Semicircle(), unit) == Semicircle() + 3
    # F(z) − 3 is no shift: the Jacobi parameters are 3, 0, 0, ... and 1, 1, ...
    first = monotone_convolution(unit, Semicircle())
    assert first.moments(3, exact=True) == (3, 10, 33)
    z = 1.5 + 0.5j
    assert abs(first.stieltjes(z) - 1.0 / (z - 3.0 - Semicircle().stieltjes(z))) < 1e-14
    assert monotone_convolution(Atomic((0,), (1,)), Semicircle()) == Semicircle()
    steep = monotone_convolution(FussCatalan(2), Atomic((2,), (1,)))
    assert steep.cdf(2.5) == FussCatalan(2).cdf(0.5)
    one, two = monotone_convolution(Semicircle(), Bernoulli()), monotone_convolution(Bernoulli(), Semicircle())
    z = np.array([0.3 + 0.2j, -1.0 + 1.0j])
    f = 1.0 / Bernoulli().stieltjes(z)
    np.testing.assert_allclose(one.stieltjes(z), Semicircle().stieltjes(f), rtol=1e-13)
    g = Semicircle().stieltjes(z)
    np.testing.assert_allclose(two.stieltjes(z), Bernoulli().stieltjes(1.0 / g), rtol=1e-13)
    assert one.moments(3, exact=True) != two.moments(3, exact=True)


def test_monotone_of_cauchy_and_a_shift():
    assert monotone_convolution(Cauchy(1, 2), Cauchy(2, 1)) == Cauchy(3, 3)
    # Cauchy after anything, or anything after Cauchy, is the classical and the free sum
    law, free = monotone_convolution(Semicircle(), Cauchy(1, 0.5)), boxplus(Semicircle(), Cauchy(1, 0.5))
    x = np.linspace(-3.0, 4.0, 9)
    np.testing.assert_allclose(law.pdf(x), free.pdf(x), rtol=1e-12)
    np.testing.assert_allclose(law.cdf(x), free.cdf(x), rtol=1e-11)


def test_monotone_density_against_mpmath():
    law = monotone_convolution(Semicircle(), Semicircle())
    density = mp_density(lambda z: semicircle_f(_above(semicircle_f(z))))
    assert (law.support[0].low, law.support[0].high) == (-2.5, 2.5)
    with mp.workdps(30):
        for x in (-2.3, -1.2, 0.4, 2.2):
            value, error = law.pdf(x, return_error=True)
            assert abs(value - density(x)) <= min(error, 1e-13)
        exact = mp.quad(density, [-2.5, -2.25, -2, -1.75, -1, 0, 0.4])
        assert abs(law.cdf(0.4) - exact) <= 1e-13
    np.testing.assert_allclose(law.line_panels.moments(6)[1:], law.moments(6), atol=1e-12)


def _above(z):
    return mp.mpc(z.real, max(z.imag, 0))


# ---------------------------------------------------------------------- inverse, symmetrised
def test_inverse_of_marchenko_pastur():
    law = inverse(MarchenkoPastur(0.5))
    a, b = (1 - math.sqrt(0.5)) ** 2, (1 + math.sqrt(0.5)) ** 2
    x = np.array([0.4, 1.0, 5.0, 11.0])
    exact = np.sqrt((b - 1 / x) * (1 / x - a)) / (2 * math.pi * 0.5 / x) / x**2
    np.testing.assert_allclose(law.pdf(x), exact, rtol=1e-12)
    np.testing.assert_allclose(law.cdf(x), MarchenkoPastur(0.5).sf(1 / x), rtol=1e-13)
    # E 1/X = 1/(1 - ratio), E 1/X² = 1/(1 - ratio)³
    assert inverse(MarchenkoPastur(Fraction(1, 2))).moments(2, exact=True) == (2, 8)
    assert inverse(law) == MarchenkoPastur(0.5)
    assert inverse(3 * law) == MarchenkoPastur(0.5) / 3
    # S of 1/X (Haagerup-Schultz 2007, Proposition 3.13)
    m = np.array([0.05, -0.05])
    np.testing.assert_allclose(law.s_transform(m), 1 / MarchenkoPastur(0.5).s_transform(-1 - m), rtol=1e-10)


def test_inverse_of_named_laws():
    assert inverse(Cauchy()) == Cauchy()
    assert inverse(Cauchy(3, 4)) == Cauchy(Fraction(3, 25), Fraction(4, 25))
    assert inverse(Atomic((-2, 4), (0.5, 0.5))) == Atomic((-0.5, 0.25), (0.5, 0.5))
    law = inverse(Cauchy(3, 4), closed_form=False)
    x = np.array([-1.0, 0.0, 0.1, 0.5])
    np.testing.assert_allclose(law.pdf(x), Cauchy(0.12, 0.16).pdf(x), rtol=1e-9)
    np.testing.assert_allclose(law.cdf(x), Cauchy(0.12, 0.16).cdf(x), atol=1e-15)


def test_symmetrised_singular_values():
    for ratio in (0.5, 2):
        base = MarchenkoPastur(ratio)
        law = symmetrised(square_root(base))
        x = np.array([0.1, 0.5, 1.0, 1.6])
        np.testing.assert_allclose(law.pdf(x), x * base.pdf(x * x), rtol=1e-13)
        np.testing.assert_allclose(law.pdf(-x), law.pdf(x), rtol=0)
        np.testing.assert_allclose(law.sf(x), 0.5 * base.sf(x * x), rtol=1e-14)
        assert law.moments(6, exact=True)[1::2] == base.moments(3, exact=True)
    assert symmetrised(square_root(MarchenkoPastur(1, 3))) == Semicircle(0, 3)
    assert symmetrised(Semicircle()) == Semicircle()
    assert symmetrised(Atomic((2,), (1,))) == 2 * Rademacher()


# ---------------------------------------------------------------------- as parts of other expressions
@pytest.mark.parametrize(
    "law",
    [
        boxplus(boolean_convolution(Semicircle(), Rademacher()), Semicircle(0, 0.5)),
        boxtimes(boolean_convolution(MarchenkoPastur(0.5), Bernoulli(0.3, 1, 2)), MarchenkoPastur(0.7)),
        boxplus(inverse(MarchenkoPastur(0.5)), Rademacher()),
        boxtimes(inverse(MarchenkoPastur(0.5)), MarchenkoPastur()),
        boxplus(symmetrised(square_root(MarchenkoPastur(0.5))), Semicircle()),
    ],
    ids=repr,
)
def test_results_enter_the_free_calculus(law):
    from rmt.laws.given.panel_measure import PanelMeasure

    panels = PanelMeasure(law._pdf, law.support, law.atoms, 1.0, repr(law))
    assert abs(panels.defect) < 1e-12
    np.testing.assert_allclose(panels.moments(5)[1:], law.moments(5), rtol=1e-11, atol=1e-11)
    x = np.linspace(*law._hull(), 9)[1:-1]
    np.testing.assert_allclose(law.cdf(x), panels.masses(x)[0], atol=1e-12)
    assert eval(repr(law), NAMES) == law


def test_wrong_model_is_rejected():
    # the classical, free and Boolean sums of two fair signs differ in the fourth moment
    free = boxplus(Rademacher(), Rademacher()).moment(4)
    assert boolean_convolution(Rademacher(), Rademacher()).moment(4) == pytest.approx(4)
    assert monotone_convolution(Rademacher(), Rademacher()).moment(4) == 5
    assert free == 6


# ---------------------------------------------------------------------- bad input
def test_bad_input():
    with pytest.raises(ValueError, match=r"inverse needs a law without atom at 0.*mass 0.5"):
        inverse(MarchenkoPastur(2))
    with pytest.raises(ValueError, match="no moments"):
        inverse(Semicircle()).mean()
    with pytest.raises(TypeError, match="inverse takes laws"):
        inverse(3.0)
    with pytest.raises(TypeError, match="symmetrised takes laws"):
        symmetrised("law")
    with pytest.raises(ValueError, match="boolean_convolution needs at least one law"):
        boolean_convolution()
    with pytest.raises(ValueError, match="power must be a finite real number > 0, got 0"):
        boolean_convolution(Semicircle(), powers=(0,))
    with pytest.raises(ValueError, match="one entry a law"):
        boolean_convolution(Semicircle(), powers=(1, 2))
    with pytest.raises(TypeError, match="monotone_convolution takes laws"):
        monotone_convolution(Semicircle(), 2)
