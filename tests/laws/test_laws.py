"""Every law passes the law suite, at fixed parameters and at random ones."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws.law_suite import CHECKS, run

from rmt.errors import ConvergenceError
from rmt.laws import (
    Affine,
    Arcsine,
    Atomic,
    Bernoulli,
    Cauchy,
    Empirical,
    FreeMeixner,
    FreePoisson,
    FreeStable,
    FussCatalan,
    Gaussian,
    KestenMcKay,
    Law,
    MarchenkoPastur,
    ProjectionProduct,
    Rademacher,
    Raney,
    Semicircle,
    Squared,
    SquareRoot,
    Uniform,
    Wachter,
    square_root,
    squared,
)

LAWS = [
    Semicircle(),
    Semicircle(mean=1.5, variance=Fraction(1, 3)),
    MarchenkoPastur(),
    MarchenkoPastur(0.3),
    MarchenkoPastur(2),
    MarchenkoPastur(ratio=Fraction(5, 2), variance=4),
    FreePoisson(0.4, 2),
    FreePoisson(3, 0.5),
    FussCatalan(1),
    FussCatalan(2),
    FussCatalan(Fraction(5, 2)),
    FussCatalan(0.5),
    FussCatalan(7),
    Arcsine(),
    Uniform(),
    Uniform(0.5, 4),
    Cauchy(),
    Cauchy(1.5, 0.25),
    Gaussian(),
    Gaussian(2, 0.5),
    Bernoulli(),
    Bernoulli(0.3, -1, 4),
    Bernoulli(0),
    Bernoulli(1, 2, 3),
    Rademacher(),
    Atomic((-1, 0.5, 3), (0.25, 0.5, 0.25)),
    Empirical([0.5, -1.25, 3.0, 0.5, 2.0]),
    KestenMcKay(2),
    KestenMcKay(3),
    KestenMcKay(7.5),
    Wachter(2, 1.5),
    Wachter(1, 3),
    Wachter(3, 1),
    Wachter(),
    Wachter(0.75, 0.5),
    ProjectionProduct(0.3, 0.4),
    ProjectionProduct(0.75, 0.5),
    ProjectionProduct(),
    FreeMeixner(),
    FreeMeixner(1, 0),
    FreeMeixner(-2, 0),
    FreeMeixner(Fraction(1, 2), 2),
    FreeMeixner(2, 1),
    FreeMeixner(4, 1),
    FreeMeixner(0.3, -0.6),
    FreeMeixner(3, -0.5),
    FreeMeixner(0.5, -1),
    Raney(3, 2),
    Raney(2, 2),
    Raney(Fraction(5, 2), 0.5),
    Raney(1.5, 1.5),
    Raney(10, 4),
    FreeStable(2),
    FreeStable(1, 0.3),
    FreeStable(0.5, 1),
    FreeStable(0.8, 0.9),
    FreeStable(0.25, 0),
    FreeStable(1.5, 0.4),
    FreeStable(1.5, Fraction(2, 3)),
    Affine(MarchenkoPastur(2), -0.5, 3),
    SquareRoot(MarchenkoPastur()),
    SquareRoot(MarchenkoPastur(2)),
    SquareRoot(FussCatalan(2)),
    SquareRoot(Wachter()),
    Squared(Semicircle(0.3, 1)),
    Squared(MarchenkoPastur(0.5)),
    Squared(Uniform(-1, 2)),
]


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_law(law: Law, check):
    check(law)


# ---------------------------------------------------------------------- random parameters
centres = st.floats(-5.0, 5.0, allow_subnormal=False).map(lambda x: round(x, 3))
sizes = st.floats(0.05, 20.0).map(lambda x: float(f"{x:.4g}"))
shares = st.floats(0.02, 0.98).map(lambda x: round(x, 4))

FAMILIES = {
    "semicircle": st.builds(Semicircle, centres, sizes),
    "marchenko_pastur": st.builds(MarchenkoPastur, sizes, sizes),
    "free_poisson": st.builds(FreePoisson, sizes, sizes),
    "fuss_catalan": st.builds(FussCatalan, st.one_of(st.integers(1, 12), st.floats(0.3, 8.0))),
    "arcsine": st.builds(Arcsine, sizes),
    "uniform": st.builds(lambda low, width: Uniform(low, low + width), centres, sizes),
    "cauchy": st.builds(Cauchy, centres, sizes),
    "gaussian": st.builds(Gaussian, centres, sizes),
    "bernoulli": st.builds(lambda p, low, width: Bernoulli(p, low, low + width), shares, centres, sizes),
    "empirical": st.builds(Empirical, st.lists(centres, min_size=1, max_size=12)),
    "kesten_mckay": st.builds(KestenMcKay, st.floats(2.05, 50.0)),
    "wachter": st.builds(Wachter, st.floats(0.3, 6.0), st.floats(0.75, 6.0)),
    "meixner": st.builds(FreeMeixner, centres, st.floats(-0.95, 6.0).map(lambda x: round(x, 2))),
    "raney": st.builds(lambda p, share: Raney(p, share * p), st.floats(1.2, 9.0), st.floats(0.15, 1.0)),
    "free_stable": st.builds(lambda a, s: FreeStable(a, 1 - 1 / a + s * (2 / a - 1)), st.floats(1.05, 1.95), shares),
    "free_stable_below_1": st.builds(FreeStable, st.floats(0.2, 0.95), shares),
    "projections": st.builds(ProjectionProduct, shares, shares),
    "square_root": st.builds(lambda c: SquareRoot(MarchenkoPastur(c)), st.floats(0.1, 5.0)),
    "squared": st.builds(lambda c: Squared(MarchenkoPastur(c)), st.floats(0.1, 0.8)),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_random_parameters(family: str):
    @settings(max_examples=4, derandomize=True, deadline=None, database=None)
    @given(law=FAMILIES[family])
    def check(law: Law) -> None:
        run(law)

    check()


# ---------------------------------------------------------------------- extreme parameters
EXTREME = [
    Semicircle(1e6, 1e-4),
    Semicircle(0, 1e-30),
    Semicircle(0, 1e30),
    MarchenkoPastur(1e-6),
    MarchenkoPastur(1e6),
    MarchenkoPastur(1 + 1e-9),
    MarchenkoPastur(1 - 1e-9),
    MarchenkoPastur(2, 1e-30),
    MarchenkoPastur(0.5, 1e30),
    FreePoisson(1e-9, 3),
    FussCatalan(1000),
    FussCatalan(10**4),
    FussCatalan(0.01),
    KestenMcKay(2 + 1e-9),
    KestenMcKay(10**6),
    Wachter(1 + 1e-9, 1 - 1e-9),
    Wachter(1e4, 1e4),
    Wachter(0.5, 0.5 + 1e-6),
    ProjectionProduct(1e-6, 1 - 1e-6),
    Uniform(1e6, 1e6 + 1),
    Arcsine(1e-20),
    Cauchy(0, 1e-20),
    Gaussian(1e4, 1e-2),
]
ROBUST = (
    "tails_complement",
    "off_support",
    "stieltjes_sign_and_reflection",
    "stieltjes_inversion",
    "quantiles",
    "identity",
    "shapes",
    "refusals",
)


@pytest.mark.parametrize("law", EXTREME, ids=repr)
def test_extreme_parameters(law: Law):
    masses = [i.mass for i in law.support] + [m for _, m in law.atoms]
    assert abs(sum(masses) - 1.0) <= 1e-13
    for name in ROBUST:
        CHECKS[name](law)


# ---------------------------------------------------------------------- identities between laws
def test_free_poisson_is_marchenko_pastur():
    for c in (0.3, 1, 2, 3, 7.7, Fraction(1, 3)):
        assert FreePoisson(1 / c, c) == MarchenkoPastur(c)
        assert hash(FreePoisson(1 / c, c)) == hash(MarchenkoPastur(c))
    assert FreePoisson(2, 3) == MarchenkoPastur(0.5, 6)
    assert FreePoisson(2, 3) != MarchenkoPastur(0.5, 3)
    assert MarchenkoPastur(0.5) != Semicircle()


def test_laws_of_atoms_are_equal_when_their_atoms_are():
    assert Rademacher() == Bernoulli(0.5, -1, 1) == Atomic((-1, 1), (0.5, 0.5)) == Empirical([1, -1])
    assert len({Rademacher(), Bernoulli(0.5, -1, 1), Empirical([1.0, -1.0])}) == 1
    assert Bernoulli(0, 2, 3) == Atomic((2,), (1,))
    assert Atomic((1, 0, 1), (0.25, 0.5, 0.25)) == Bernoulli(0.5)
    assert Atomic((0.0, 5.0, 1.0), (0.5, 0.0, 0.5)) == Bernoulli(0.5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FussCatalan(1), MarchenkoPastur()),
        (KestenMcKay(2), Arcsine(2)),
        (Wachter(1, 1), 0.5 * Arcsine(1) + 0.5),
        (SquareRoot(MarchenkoPastur()), SquareRoot(FussCatalan(1))),
        (Squared(Semicircle()), MarchenkoPastur()),
        (Squared(Arcsine(2)), Arcsine(2) + 2),
        (SquareRoot(Squared(Uniform(0, 2))), Uniform(0, 2)),
        (1 - Wachter(1.5, 2.5), Wachter(2.5, 1.5)),
    ],
    ids=repr,
)
def test_two_names_of_one_law(one: Law, other: Law):
    low, high = one._hull()
    x = np.linspace(low, high, 12)[1:-1]
    np.testing.assert_allclose(one.pdf(x), other.pdf(x), rtol=1e-13)
    np.testing.assert_allclose(one.cdf(x), other.cdf(x), rtol=1e-13)
    np.testing.assert_allclose(one.sf(x), other.sf(x), rtol=1e-13)
    z = np.concatenate([x + 0.3j, [high + 1.0, low - 1.0]])
    np.testing.assert_allclose(one.stieltjes(z), other.stieltjes(z), rtol=1e-13)
    np.testing.assert_allclose(one.log_potential(z), other.log_potential(z), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(one.moments(6), other.moments(6), rtol=1e-13, atol=1e-15)


def test_projection_product_is_a_wachter_law_with_an_atom():
    # P Q P on the range of P, a fraction s of the space, is the Wachter law of (t/s, (1 - t)/s)
    s, t = 0.375, 0.625
    product, corner = ProjectionProduct(s, t), Wachter(t / s, (1 - t) / s)
    x = np.linspace(0.02, 0.99, 9)
    np.testing.assert_allclose(product.pdf(x), s * corner.pdf(x), rtol=1e-13)
    np.testing.assert_allclose(product.cdf(x), 1 - s + s * corner.cdf(x), rtol=1e-13)
    z = x + 0.25j
    np.testing.assert_allclose(product.stieltjes(z), (1 - s) / z + s * corner.stieltjes(z), rtol=1e-13)
    assert ProjectionProduct(s, t).support == ProjectionProduct(t, s).support


def test_squares_and_roots_undo_each_other():
    law = MarchenkoPastur(0.5)
    assert squared(SquareRoot(law)) == law
    assert squared(Semicircle(0, 3)) == MarchenkoPastur(1, 3)
    assert Squared(SquareRoot(Uniform(0, 2))).pdf(0.0) == pytest.approx(0.5)
    assert Squared(Uniform(1, 2)).pdf(0.0) == 0.0
    assert squared(Arcsine(2)) == Arcsine(2) + 2
    assert squared(-3 * FussCatalan(2)) == 9 * Squared(FussCatalan(2))
    assert squared(Atomic((-2, 2, 3), (0.25, 0.25, 0.5))) == Atomic((4, 9), (0.5, 0.5))
    assert square_root(Atomic((4, 9), (0.5, 0.5))) == Atomic((2, 3), (0.5, 0.5))
    assert square_root(law) == SquareRoot(law)
    assert 3 * SquareRoot(law) == SquareRoot(9 * law)


def test_affine_closes_where_it_can():
    assert 2 * Semicircle(1, 3) - 1 == Semicircle(1, 12)
    assert -Semicircle(1, 3) == Semicircle(-1, 3)
    assert 3 * MarchenkoPastur(2, 5) == MarchenkoPastur(2, 15)
    assert 3 * FreePoisson(2, 5) == FreePoisson(2, 15)
    assert -2 * Arcsine(3) == Arcsine(6)
    assert -2 * Uniform(0, 1) + 1 == Uniform(-1, 1)
    assert 2 * Cauchy(1, 3) - 5 == Cauchy(-3, 6)
    assert -3 * Gaussian(1, 2) == Gaussian(-3, 18)
    assert 1 - Bernoulli(0.25) == Bernoulli(0.75)
    assert 2 * Rademacher() + 1 == Bernoulli(0.5, -1, 3)
    assert 1 - Wachter(2, 3) == Wachter(3, 2)
    assert 2 * (3 * FussCatalan(2) + 1) == 6 * FussCatalan(2) + 2
    assert isinstance(6 * FussCatalan(2) + 2, Affine)
    assert (Semicircle(Fraction(3, 7), 2) / 3).moments(1, exact=True) == (Fraction(1, 7),)


@pytest.mark.parametrize("law", [MarchenkoPastur(0.4), FussCatalan(3), FussCatalan(2.5), Wachter(2, 1.5)], ids=repr)
def test_the_chain_from_s_to_the_density(law: Law):
    """S -> M^-1 -> M -> G -> density, as on the blackboard, at points of the support."""
    x = np.linspace(*law._hull(), 7)[1:-1]
    m = law.t_transform(x)
    s = law.s_transform(m)
    inverse = (1 + m) / (m * s)
    np.testing.assert_allclose(inverse, law.inverse_t_transform(m), rtol=1e-12)
    np.testing.assert_allclose(inverse, x, rtol=1e-12)
    g = (1 + m) / x
    np.testing.assert_allclose(g, law.stieltjes(x), rtol=1e-13)
    np.testing.assert_allclose(-g.imag / np.pi, law.pdf(x), rtol=1e-12)


def test_s_transforms_multiply():
    m = np.array([-0.2, 0.05, 0.3j])
    np.testing.assert_allclose(FussCatalan(5).s_transform(m), MarchenkoPastur().s_transform(m) ** 5, rtol=1e-14)
    one, other = Bernoulli(0.3), Bernoulli(0.4)
    product = one.s_transform(m) * other.s_transform(m)
    np.testing.assert_allclose(ProjectionProduct(0.3, 0.4).s_transform(m), product, rtol=1e-13)


def test_r_transforms_add():
    g = np.array([-0.2, 0.05, 0.3 - 0.2j])
    np.testing.assert_allclose(Arcsine(2).r_transform(g), 2 * Rademacher().r_transform(g), rtol=1e-14)
    np.testing.assert_allclose(KestenMcKay(5).r_transform(g), 5 * Rademacher().r_transform(g), rtol=1e-14)
    np.testing.assert_allclose(FreePoisson(3, 2).r_transform(g), 3 * FreePoisson(1, 2).r_transform(g), rtol=1e-14)


def test_fuss_catalan_over_thousands_of_decades():
    law = FussCatalan(10**4)
    u = np.linspace(-3e4, 9.0, 41)
    density, mass = law.pdf_of_log(u), law.cdf_of_log(u)
    assert (density > 0.0).all()
    assert (np.diff(mass) > 0.0).all()
    np.testing.assert_allclose(law.ppf_of_log(mass), u, rtol=1e-12, atol=1e-10)
    # E log X = -order, from the potential
    assert law.log_potential(0.0) == complex(-1e4, np.pi)
    levels = np.array([1e-300, 1e-30, 0.5])
    np.testing.assert_allclose(law.cdf_of_log(law.ppf_of_log(levels)), levels, rtol=1e-12)


@pytest.mark.parametrize("law", [MarchenkoPastur(), SquareRoot(MarchenkoPastur()), Uniform(0, 3)], ids=repr)
def test_logarithmic_scale_below_the_smallest_float(law: Law):
    # cdf ~ x^a at 0, so that log cdf is linear in log x
    u = np.array([-300.0, -350.0, -700.0])
    mass = law.cdf_of_log(u)
    slope = np.diff(np.log(mass)) / np.diff(u)
    np.testing.assert_allclose(slope, 0.5 if law == MarchenkoPastur() else 1.0, rtol=1e-13)
    np.testing.assert_allclose(law.ppf_of_log(mass), u, rtol=1e-13)
    np.testing.assert_allclose(law.pdf_of_log(u), slope[0] * mass, rtol=1e-12)
    assert law.cdf_of_log(-5000.0) == 0.0


@pytest.mark.parametrize("order", [1, 2, 3, 5, 8, 13, 20])
def test_fuss_catalan_takes_the_right_root(order: int):
    """zG - 1 = z^L G^(L+1) has L + 1 roots, several of them in the lower half plane; one has arg(zG) > -pi/(L+1)."""
    law = FussCatalan(order)
    rng = np.random.default_rng(order)
    z = law.support[0].high * np.exp(rng.uniform(-12, 3, 2000) + 1j * rng.uniform(0, np.pi, 2000))
    w = z * law.stieltjes(z)
    left, right = z * (w - 1), w ** (order + 1)
    assert (np.abs(left - right) <= 1e-12 * np.abs(right) + 1e-14 * np.abs(z)).all()
    angle = np.angle(w)
    assert ((angle < 0) & (angle > -np.pi / (order + 1))).all()
    assert (np.angle(w - 1) < 0).all()


def test_singular_values_over_thousands_of_decades():
    # E Y^-s and E Y^s of Y² = X in terms of moments of X of half-integer order: binomial generalised to k = 1/2
    for order in (1, 3, 50, 1000):
        exact = math.exp(
            math.lgamma((order + 1) / 2 + 1) - math.lgamma(1.5) - math.lgamma(order / 2 + 1) - math.log(order / 2 + 1)
        )
        assert SquareRoot(FussCatalan(order)).mean() == pytest.approx(exact, rel=1e-12)
        assert square_root(9 * FussCatalan(order)).mean() == pytest.approx(3 * exact, rel=1e-12)
    with pytest.raises(ConvergenceError, match="misses part of its mass"):
        SquareRoot(Squared(FussCatalan(1000))).mean()


def test_empirical_law_of_thousands():
    values = np.random.default_rng(3).standard_normal(4000)
    law = Empirical(values)
    x = np.linspace(-3, 3, 50)
    np.testing.assert_array_equal(law.cdf(x), (values[:, None] <= x).mean(axis=0))
    np.testing.assert_array_equal(law.cdf(x) + law.sf(x), 1.0)
    z = x + 0.1j
    np.testing.assert_allclose(law.stieltjes(z), (1 / (z[:, None] - values)).mean(axis=1), rtol=1e-13)
    assert law.moment(3) == pytest.approx(np.mean(values**3), rel=1e-12)
    assert law.atoms[0] == (values.min(), 1 / 4000)
    assert len(repr(law)) <= 200  # a summary: so many numbers are no expression to read
    assert Empirical(values) == law != Empirical(values + 1e-9)


def test_sampler_rejects_a_wrong_law():
    # negative control of the sampling check: a ratio of 1.5 for 2
    class Impostor(MarchenkoPastur):
        def _ppf(self, u):
            return MarchenkoPastur(1.5)._ppf(u)

    with pytest.raises(AssertionError):
        CHECKS["sampling"](Impostor(2))


def test_scipy_distribution():
    for law in (MarchenkoPastur(0.5), Semicircle(), FussCatalan(2), Uniform(1, 2)):
        frozen = law.to_scipy()
        x = np.linspace(*law._hull(), 9)
        np.testing.assert_array_equal(frozen.pdf(x)[1:-1], law.pdf(x)[1:-1])
        np.testing.assert_array_equal(frozen.cdf(x), law.cdf(x))
        np.testing.assert_array_equal(frozen.sf(x), law.sf(x))
        np.testing.assert_allclose(frozen.ppf([0.2, 0.9]), law.ppf([0.2, 0.9]))
        assert frozen.support() == law._hull()
        assert frozen.mean() == pytest.approx(law.mean())
        assert frozen.var() == pytest.approx(law.var())
        assert frozen.rvs(size=3, random_state=1).shape == (3,)
        assert pickle.loads(pickle.dumps(frozen)).cdf(x[3]) == law.cdf(x[3])
    assert Cauchy().to_scipy().median() == 0.0
