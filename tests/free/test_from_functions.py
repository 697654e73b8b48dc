"""Laws from densities, transforms and moments, against the named laws and closed forms."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from cases import long_beyond
from laws.law_suite import CHECKS

from rmt.free import boxplus, boxtimes, compress
from rmt.laws import (
    Arcsine,
    Atomic,
    Bernoulli,
    Cauchy,
    FreePoisson,
    FussCatalan,
    Gaussian,
    KestenMcKay,
    Law,
    MarchenkoPastur,
    MomentLaw,
    Rademacher,
    Semicircle,
    Uniform,
)


def parabola(x):
    return 0.75 * (1 - x * x)


def semicircle_r(g):
    return g


def free_poisson_r(g):
    return 0.5 / (1 - g)


def fuss_catalan_s(m):
    return 1 / (1 + m) ** 2


BULK = (MarchenkoPastur(2).support[0].low, MarchenkoPastur(2).support[0].high)
VALUES = [
    MomentLaw((0, 1)),
    MomentLaw(Uniform().moments(8)),
    MomentLaw((1, 3, 11, 45, 197)),
    MomentLaw((0, 1, 0, 5, 3)),
]
FUNCTIONS = [
    lambda: Law.from_pdf(parabola, (-1, 1)),
    lambda: Law.from_pdf(Gaussian().pdf, (-math.inf, math.inf)),
    lambda: Law.from_stieltjes(MarchenkoPastur(2).stieltjes, (-1, 7)),
    lambda: Law.from_r_transform(semicircle_r),
    lambda: Law.from_r_transform(free_poisson_r),
    lambda: Law.from_s_transform(MarchenkoPastur(0.5).s_transform),
]


@pytest.mark.parametrize("law", VALUES, ids=repr)
def test_law_suite(law):
    for name, check in CHECKS.items():
        if name != "affine" or not law.atoms:  # masses of atoms of the image are computed anew, to some ulp
            check(law)


@pytest.mark.parametrize("build", long_beyond(FUNCTIONS, 3), ids=range(len(FUNCTIONS)))
def test_law_suite_without_values(build):
    law = build()
    for name, check in CHECKS.items():
        if name != "identity":  # the repr of a function is not an expression
            check(law)
    twin = pickle.loads(pickle.dumps(law))
    assert twin.cdf(0.3) == law.cdf(0.3)


def test_laws_of_the_same_function_are_equal():
    for law in (Law.from_pdf(parabola, (-1, 1)), Law.from_r_transform(semicircle_r)):
        twin = pickle.loads(pickle.dumps(law))
        assert twin == law
        assert hash(twin) == hash(law)
    assert Law.from_pdf(parabola, (-1, 1)) == Law.from_pdf(parabola, [(-1, 1)])


@pytest.mark.parametrize(
    ("law", "named"),
    [
        (lambda: Law.from_pdf(Arcsine().pdf, (-2, 2)), Arcsine()),
        (lambda: Law.from_pdf(Semicircle().pdf, (-2, 2), exponents=(0.5, 0.5)), Semicircle()),
        (lambda: Law.from_pdf(MarchenkoPastur(2).pdf, BULK, atoms=[(0, 0.5)]), MarchenkoPastur(2)),
        (lambda: Law.from_stieltjes(lambda z: (z - np.sqrt(z - 2) * np.sqrt(z + 2)) / 2, (-3, 3)), Semicircle()),
        (lambda: Law.from_stieltjes(MarchenkoPastur(2).stieltjes, (-1, 7)), MarchenkoPastur(2)),
        (lambda: Law.from_stieltjes(Bernoulli(0.3).stieltjes, (-1, 7)), Bernoulli(0.3)),
        (lambda: Law.from_r_transform(lambda g: g), Semicircle()),
        (lambda: Law.from_r_transform(lambda g: 1 / (1 - g)), MarchenkoPastur()),
        (lambda: Law.from_r_transform(free_poisson_r), FreePoisson(0.5)),
        (lambda: Law.from_r_transform(lambda g: 2.5 / (1 - g) - 1), FreePoisson(2.5) - 1),
        (lambda: Law.from_s_transform(lambda m: 1 / (1 + m)), MarchenkoPastur()),
        (lambda: Law.from_s_transform(lambda m: 1 / (1 + 2 * m)), MarchenkoPastur(2)),
        (lambda: Law.from_s_transform(fuss_catalan_s), FussCatalan(2)),
        (lambda: Law.from_moments((1, 2, 5, 14, 42)), MarchenkoPastur()),
        (lambda: Law.from_moments(Arcsine().moments(6)), Arcsine()),
        (lambda: Law.from_moments(MarchenkoPastur(2).moments(7)), MarchenkoPastur(2)),
        (lambda: Law.from_moments(KestenMcKay(3).moments(6)), KestenMcKay(3)),
    ],
)
def test_named_laws_come_back(law, named):
    built = law()
    low, high = named._hull()
    x = np.linspace(low, high, 24)[1:-1]
    for name in ("pdf", "cdf", "sf"):
        value, error = getattr(built, name)(x, return_error=True)
        exact = getattr(named, name)(x)
        assert (np.abs(value - exact) <= error + 1e-13).all(), name
        assert (np.abs(value - exact) <= 1e-12 * (1.0 + exact)).all(), name
    z = x + 0.2j
    for name in ("stieltjes", "log_potential"):
        value, error = getattr(built, name)(z, return_error=True)
        gap = np.abs(value - getattr(named, name)(z))
        assert (gap <= np.minimum(error, 1e-12)).all(), name
    np.testing.assert_allclose(built.moments(4), named.moments(4), atol=1e-11, rtol=1e-11)
    for own, known in zip(built.support, named.support, strict=True):
        assert (own.low, own.high) == pytest.approx((known.low, known.high), abs=1e-13 * (high - low))
        assert (own.low_exponent, own.high_exponent) == pytest.approx((known.low_exponent, known.high_exponent))
        assert own.mass == pytest.approx(known.mass, abs=1e-13)
    for own, known in zip(built.atoms, named.atoms, strict=True):
        assert own == pytest.approx(known, abs=1e-12)


def test_exponential_density():
    law = Law.from_pdf(lambda x: np.exp(-x), (0, math.inf))
    np.testing.assert_allclose(law.moments(5), [1, 2, 6, 24, 120], rtol=1e-12)
    np.testing.assert_allclose(law.sf([0.5, 5.0, 20.0]), np.exp([-0.5, -5.0, -20.0]), rtol=1e-11)
    np.testing.assert_allclose(law.ppf([0.1, 0.9]), -np.log([0.9, 0.1]), rtol=1e-12)
    with pytest.raises(ValueError, match="has no moments of order >= 1"):
        Law.from_pdf(Cauchy().pdf, (-math.inf, math.inf)).mean()


def test_points_one_by_one_and_several_intervals():
    law = Law.from_pdf(lambda x: 0.5 if x < 0 else 0.25, [(0, 2), (-1, 0)])
    assert law.cdf([-0.5, 0.0, 1.0]) == pytest.approx([0.25, 0.5, 0.75], abs=1e-15)
    assert [i.mass for i in law.support] == pytest.approx([0.5, 0.5], abs=1e-15)


def test_moment_law_has_the_moments_and_atoms():
    for moments in (Uniform().moments(9, exact=True), Bernoulli(0.3).moments(1), (0, 1, 0, 5, 3), (1, 2, 6, 24, 120)):
        law = Law.from_moments(moments)
        assert law.moments(len(moments), exact=True) == tuple(map(Fraction, moments))
    # a free Meixner law with an atom: Jacobi coefficients 0, 3, 3, ... and squares 1, 1, ...
    law = Law.from_moments((0, 1, 0, 2, 3))
    assert law.moments(5) == (0, 1, 0, 2, 3)
    assert Law.from_moments((0, 1, 0, 1)) == Rademacher()
    assert Law.from_moments((2,)) == Atomic((2,), (1,))
    back = Law.from_moments(Atomic((-1, 0.5, 3), (0.25, 0.5, 0.25)).moments(8))
    np.testing.assert_allclose(np.array(back.atoms), [(-1, 0.25), (0.5, 0.5), (3, 0.25)], atol=1e-12)
    assert 2 * MomentLaw((0, 1)) + 1 == MomentLaw((1, 5))


@pytest.mark.parametrize(
    ("numeric", "named"),
    [
        (lambda: boxplus(Law.from_pdf(Semicircle().pdf, (-2, 2)), Rademacher()), boxplus(Semicircle(), Rademacher())),
        (lambda: boxplus(Law.from_moments((0, 1)), Semicircle(0, 2)), Semicircle(0, 3)),
        (lambda: boxtimes(Law.from_s_transform(fuss_catalan_s), MarchenkoPastur()), FussCatalan(3)),
        (lambda: compress(Law.from_r_transform(free_poisson_r), 0.5), compress(FreePoisson(0.5), 0.5)),
        (
            lambda: boxplus(Law.from_stieltjes(MarchenkoPastur(2).stieltjes, (-1, 7)), Uniform()),
            boxplus(MarchenkoPastur(2), Uniform()),
        ),
    ],
    ids=range(5),
)
def test_numeric_laws_enter_the_free_calculus(numeric, named):
    numeric = numeric()
    low, high = named._hull()
    x = np.linspace(low, high, 16)[1:-1]
    np.testing.assert_allclose(numeric.pdf(x), named.pdf(x), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(numeric.cdf(x), named.cdf(x), atol=1e-12)


# ---------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (lambda: Law.from_pdf(1.0, (0, 1)), TypeError, "pdf must be a function"),
        (lambda: Law.from_pdf(lambda x: 1.5 - 3 * x**2, (-1, 1)), ValueError, "pdf must be finite and >= 0"),
        (lambda: Law.from_pdf(lambda x: 1 + 0 * x, (-1, 1)), ValueError, "total mass 2 and not 1"),
        (lambda: Law.from_pdf(parabola, (1, -1)), ValueError, "low < high"),
        (lambda: Law.from_pdf(parabola, [(-1, 0.5), (0, 1)]), ValueError, "do not overlap"),
        (lambda: Law.from_pdf(parabola, (-1, 1), exponents=(-1, 1)), ValueError, "exponents must be > -1"),
        (lambda: Law.from_stieltjes("G", (0, 1)), TypeError, "stieltjes must be a function"),
        (lambda: Law.from_stieltjes(lambda z: -Semicircle().stieltjes(z), (-3, 3)), ValueError, "is not negative"),
        (lambda: Law.from_stieltjes(lambda z: 2 * Semicircle().stieltjes(z), (-3, 3)), ValueError, "tend to 1"),
        (lambda: Law.from_stieltjes(Semicircle().stieltjes, (-1, 1)), ValueError, "widen them"),
        (lambda: Law.from_stieltjes(Semicircle().stieltjes, (-math.inf, 1)), ValueError, "finite"),
        # the branch of √(z² − 4) is wrong for Re z < 0
        (lambda: Law.from_stieltjes(lambda z: (z - np.sqrt(z * z - 4)) / 2, (-3, 3)), ValueError, "not a probability"),
        (lambda: Law.from_r_transform(lambda g: -g), ValueError, "variance"),
        # the fourth free cumulant of a law of variance 1 is at least -1
        (lambda: Law.from_r_transform(lambda g: g - 2 * g**3), ValueError, "not"),
        (lambda: Law.from_s_transform(lambda m: -1 / (1 + m)), ValueError, "mean of zero|mean zero"),
        (lambda: Law.from_s_transform(lambda m: 1 + m), ValueError, "variance"),
        (lambda: Law.from_moments(()), ValueError, "at least the mean"),
        (lambda: Law.from_moments((0, -1)), ValueError, "Hankel determinant"),
        (lambda: Law.from_moments((0, 1, 0, 0.5)), ValueError, "Hankel determinant"),
        (lambda: Law.from_moments((0, 1, 0, 1, 0.5)), ValueError, "only the law with 2 atoms"),
        (lambda: Law.from_moments((0, "x")), TypeError, "moments must be a finite real number"),
        (lambda: MomentLaw((0, 1, 0, 1)), ValueError, "not atomic"),
    ],
)
def test_bad_input(build, error, match):
    with pytest.raises(error, match=match):
        build()
