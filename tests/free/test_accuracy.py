"""Computed laws against closed forms, 40-digit roots of polynomials, and published values."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

from rmt.free import CompoundFreePoisson, boxplus, boxtimes, compress, free_power, multiplicative_power
from rmt.laws import (
    Arcsine,
    Atomic,
    Bernoulli,
    Cauchy,
    FussCatalan,
    Gaussian,
    KestenMcKay,
    MarchenkoPastur,
    ProjectionProduct,
    Rademacher,
    Semicircle,
    Uniform,
    Wachter,
)

SIGN = Rademacher()
WIGNER = Semicircle()
WISHART = MarchenkoPastur()


def computed(function, *args, **kwargs):
    return function(*args, **kwargs, closed_form=False)


def interior(law, n=1000):
    interval = law.support[0]
    return np.linspace(interval.low, interval.high, n + 2)[1:-1]


# every pair: a law that the solver computes, and the same law in closed form
PAIRS = {
    "semicircles": (computed(boxplus, WIGNER, WIGNER), Semicircle(0, 2), 1e-13),
    "free Poisson": (computed(boxplus, WISHART, WISHART), MarchenkoPastur(0.5, 2), 1e-13),
    "arcsine": (computed(boxplus, SIGN, SIGN), Arcsine(2), 1e-12),
    "tree of degree 3": (computed(free_power, SIGN, 3), KestenMcKay(3), 1e-13),
    "tree of degree 5": (computed(free_power, SIGN, 5), KestenMcKay(5), 1e-13),
    "tree of degree 20": (computed(free_power, SIGN, 20), KestenMcKay(20), 1e-13),
    "projections": (computed(boxtimes, Bernoulli(0.3), Bernoulli(0.4)), ProjectionProduct(0.3, 0.4), 1e-13),
    "corner": (computed(compress, Bernoulli(0.3), 0.4), Wachter(0.75, 1.75), 1e-13),
    "product": (computed(boxtimes, WISHART, WISHART), FussCatalan(2), 1e-13),
    "product of four": (computed(multiplicative_power, WISHART, 4), FussCatalan(4), 1e-12),
}


@pytest.mark.parametrize("name", PAIRS)
def test_density_equals_closed_form(name):
    law, exact, tolerance = PAIRS[name]
    x = interior(exact)
    value, bound = law.pdf(x, return_error=True)
    truth = exact.pdf(x)
    # absolute accuracy where the density is moderate, relative where it diverges
    assert np.max(np.abs(value - truth) / np.maximum(1.0, truth)) < tolerance
    assert np.all(np.abs(value - truth) <= bound + 4e-16 * truth)


@pytest.mark.parametrize("name", PAIRS)
def test_distribution_function_equals_closed_form(name):
    law, exact, _ = PAIRS[name]
    x = interior(exact)
    assert np.max(np.abs(law.cdf(x) - exact.cdf(x))) < 1e-14
    assert np.max(np.abs(law.sf(x) - exact.sf(x))) < 1e-14


@pytest.mark.parametrize("name", PAIRS)
def test_structure_equals_closed_form(name):
    law, exact, _ = PAIRS[name]
    assert len(law.support) == len(exact.support)
    assert len(law.atoms) == len(exact.atoms)
    for (a, p), (b, q) in zip(law.atoms, exact.atoms, strict=True):
        assert (a, p) == pytest.approx((b, q), abs=1e-15)
    for i, j in zip(law.support, exact.support, strict=True):
        assert abs(i.low - j.low) <= 4 * np.spacing(abs(j.low))
        assert abs(i.high - j.high) <= 4 * np.spacing(abs(j.high))
        assert i.low_exponent == pytest.approx(j.low_exponent, abs=1e-12)
        assert i.high_exponent == pytest.approx(j.high_exponent, abs=1e-12)
        assert i.mass == pytest.approx(j.mass, abs=1e-14)


@pytest.mark.parametrize("name", PAIRS)
def test_transforms_equal_closed_form(name):
    law, exact, _ = PAIRS[name]
    rng = np.random.default_rng(5)
    z = rng.normal(0.5, 3.0, 60) + 1j * rng.exponential(1.0, 60)
    np.testing.assert_allclose(law.stieltjes(z), exact.stieltjes(z), rtol=1e-12)
    np.testing.assert_allclose(law.log_potential(z), exact.log_potential(z), rtol=1e-12, atol=1e-13)
    assert law.moments(8, exact=True) == pytest.approx(exact.moments(8, exact=True), rel=1e-12)


# ---------------------------------------------------------------------- semicircle + sign: a cubic
def cubic_roots(b, c, d):
    """Roots of w^3 + b w^2 + c w + d by Cardano's formula, at the working precision of mpmath."""
    p, q = c - b * b / 3, 2 * b**3 / 27 - b * c / 3 + d
    half = mp.sqrt(mp.mpc(q * q / 4 + p**3 / 27))
    base = max(-q / 2 + half, -q / 2 - half, key=abs)
    if base == 0:
        return [-b / 3] * 3
    units = [mp.expjpi(mp.mpf(2 * k) / 3) for k in range(3)]
    cubes = [base ** (mp.mpf(1) / 3) * unit for unit in units]
    return [u - p / (3 * u) - b / 3 for u in cubes]


def cubic_density(x, sigma):
    """Im w/(pi sigma^2) for the root of w^3 - x w^2 + (sigma^2 - 1) w + x = 0 in the upper half plane, 40 digits."""
    with mp.workdps(40):
        s2 = mp.mpf(sigma) ** 2
        roots = cubic_roots(-mp.mpf(x), s2 - 1, mp.mpf(x))
        return float(mp.chop(max(r.imag for r in roots), tol=mp.mpf(10) ** -30) / (mp.pi * s2))


def cubic_edges(variance):
    with mp.workdps(40):
        s2 = mp.mpf(variance)
        found = []
        for sign in (1, -1):
            w2 = ((2 + s2) + sign * mp.sqrt(s2) * mp.sqrt(s2 + 8)) / 2
            if w2 > 0:
                w = mp.sqrt(w2)
                found += [w + s2 * w / (w2 - 1), -(w + s2 * w / (w2 - 1))]
        return sorted(float(e) for e in found)


@pytest.mark.parametrize("sigma", [0.5, 0.99, 0.99999, 1.0, 1.00001, 2.0])
def test_semicircle_plus_sign(sigma):
    law = boxplus(Semicircle(0, sigma * sigma), SIGN)
    x = np.concatenate([np.linspace(-3.5, 3.5, 60), [1e-6, 1e-4, 1e-2]])
    truth = np.array([cubic_density(v, math.sqrt(sigma * sigma)) for v in x])
    value, bound = law.pdf(x, return_error=True)
    assert np.max(np.abs(value - truth)) < 1e-12
    assert np.all(np.abs(value - truth) <= bound)


@pytest.mark.parametrize("variance", [0.25, 0.81, 0.998001])
def test_edges_of_semicircle_plus_sign(variance):
    found = [e for i in boxplus(Semicircle(0, variance), SIGN).support for e in (i.low, i.high)]
    for edge, truth in zip(found, cubic_edges(variance), strict=True):
        # the inner edges are differences of numbers of size 1
        assert abs(edge - truth) <= 4 * np.spacing(max(abs(truth), 1.0))


def test_tiny_gap():
    # half width from w^2 = (2 + s^2 - s sqrt(s^2 + 8))/2, reference value free-calculus sc0.9999_bern_gap
    left, right = boxplus(Semicircle(0, 0.9999**2), SIGN).support
    assert right.low == pytest.approx(0.000001088653035732003194254146, abs=4e-16)
    assert left.high == pytest.approx(-0.000001088653035732003194254146, abs=4e-16)
    assert left.mass == pytest.approx(0.5, abs=1e-15)


def test_gap_of_width_of_rounding():
    law = boxplus(Semicircle(0, (1 - 1e-9) ** 2), SIGN)
    left, right = law.support
    truth = cubic_edges((1 - 1e-9) ** 2)
    assert right.low == pytest.approx(truth[2], abs=4e-16)
    assert left.high == pytest.approx(truth[1], abs=4e-16)


def test_cusp():
    law = boxplus(WIGNER, SIGN)
    left, right = law.support
    assert left.high == right.low == pytest.approx(0.0, abs=1e-15)
    assert (left.high_exponent, right.low_exponent) == pytest.approx((1 / 3, 1 / 3))
    assert right.high == pytest.approx(3 * math.sqrt(3) / 2, abs=4e-16)
    x = np.geomspace(1e-9, 1e-2, 30)
    truth = np.array([cubic_density(v, 1.0) for v in x])
    value, bound = law.pdf(x, return_error=True)
    assert np.all(np.abs(value - truth) <= bound)
    assert np.max(np.abs(value - truth)[x >= 1e-6]) < 1e-12
    # at the triple point itself the density is known to the cube root of rounding, and says so
    value, bound = law.pdf(0.0, return_error=True)
    assert abs(value) <= bound < 1e-4
    assert law.cdf(0.0) == pytest.approx(0.5, abs=1e-10)


# ---------------------------------------------------------------------- published values, 25 digits
VALUES = {
    # case: (value computed, truth, absolute tolerance)
    "uniform + uniform": lambda: (boxplus(Uniform(), Uniform()).pdf(0.0), 0.371009648203551590403805, 2e-16),
    "semicircle + uniform edge": lambda: (
        boxplus(WIGNER, Uniform()).support[-1].high,
        2.295587149392638074034298,
        5e-16,
    ),
    "compressed uniform edge": lambda: (
        compress(Uniform(), 0.5).support[-1].high,
        0.7714509263784341816513502,
        3e-16,
    ),
    "compressed sign edge": lambda: (
        computed(compress, SIGN, 0.7).support[-1].high,
        0.9165151389911680013176094,
        4e-16,
    ),
    "semicircle + Cauchy": lambda: (boxplus(WIGNER, Cauchy()).pdf(0.0), 0.1967263286166931934694976, 1e-16),
    "semicircle + normal": lambda: (boxplus(WIGNER, Gaussian()).pdf(0.0), 0.2393026746591469565669099, 2e-16),
    "semicircle x MP edge": lambda: (
        boxtimes(WIGNER, WISHART).support[-1].high,
        3.079201435678004077382127,
        9e-16,
    ),
    "power of a coin": lambda: (dict(computed(free_power, Bernoulli(0.1), 5).atoms).get(0.0), 0.5, 1e-15),
    "sum of projections edge": lambda: (
        computed(boxplus, Bernoulli(0.3), Bernoulli(0.3)).support[-1].high,
        1.916515138991168001317609,
        5e-16,
    ),
    "Fuss-Catalan median": lambda: (
        computed(multiplicative_power, WISHART, 2).ppf(0.5),
        0.3188848999276197592640371,
        1e-15,  # the distribution function is right to two units in its last place, the density is 0.45
    ),
    "Fuss-Catalan cdf": lambda: (
        computed(multiplicative_power, WISHART, 3).cdf(1.0),
        0.7306499943796467134560204,
        4e-16,
    ),
    "mean log": lambda: (computed(multiplicative_power, WISHART, 10).log_potential(0.0).real, -10.0, 1e-13),
    "depth 1000": lambda: (
        computed(multiplicative_power, WISHART, 1000).pdf_of_log(-500.0),
        0.000604732037943422366920245,
        1e-15,
    ),
    "covariance 0.5": lambda: (
        boxtimes(MarchenkoPastur(0.5), Atomic((1, 3), (0.5, 0.5))).pdf(0.5),
        0.4932235134822435913788391,
        4e-16,
    ),
    "covariance 4": lambda: (
        boxtimes(MarchenkoPastur(0.5), Atomic((1, 3), (0.5, 0.5))).pdf(4.0),
        0.08777540457893569274781904,
        2e-16,
    ),
    "covariance edge": lambda: (
        boxtimes(MarchenkoPastur(0.5), Atomic((1, 3), (0.5, 0.5))).support[0].low,
        0.1180959174181630049923098,
        1e-16,
    ),
    "ReLU depth 2": lambda: (relu(2).pdf(1.0), 0.09649416650411554093816353, 2e-16),
    "ReLU depth 10": lambda: (relu(10).pdf(1.0), 0.02967111051908164218274098, 5e-16),
    "ReLU depth 100": lambda: (relu(100).pdf(1.0), 0.003905377661951615139287902, 1e-15),
    "ReLU depth 10 cdf": lambda: (relu(10).cdf(1.0), 0.9018076457925133332305646, 2e-15),
    "ReLU orthogonal 10": lambda: (
        multiplicative_power(Bernoulli(0.5, 0, 2), 10).pdf(1.0),
        0.04499318729433485132982305,
        5e-16,
    ),
    "hard tanh atom": lambda: (hard_tanh(0.99, 10).atoms[-1][1], 0.9, 1e-14),
    "hard tanh edge 1000": lambda: (
        hard_tanh(0.99, 1000).support[-1].high / 27.44366236592330823264804,
        1.0,
        1e-12,
    ),
    "hard tanh Gaussian 100": lambda: (
        boxtimes(MarchenkoPastur(1, 1 / 0.9), Bernoulli(0.9), powers=(100, 100)).pdf(1.0),
        0.006885297695737415106408779,
        1e-14,
    ),
}


def relu(depth):
    return boxtimes(MarchenkoPastur(1, 2), Bernoulli(0.5), powers=(depth, depth), closed_form=False)


def hard_tanh(p, depth):
    return multiplicative_power(Bernoulli(p, 0, 1 / p), depth, closed_form=False)


@pytest.mark.parametrize("case", VALUES)
def test_published_value(case):
    value, truth, tolerance = VALUES[case]()
    assert abs(value - truth) <= tolerance


def test_moments_of_relu_networks():
    # (1/k) [u^(k-1)] ((1 + u)(1 + 2u)^L)^k
    assert [relu(depth).moment(3, exact=True) for depth in (1, 2, 10, 100)] == [11, 33, 641, 60401]


@pytest.mark.parametrize(
    ("population", "ratio", "edges", "points", "densities"),
    [
        (
            (1, 3),
            0.1,
            (0.550893073465233, 1.392638845331574, 1.8961147091819694, 4.560353372021224),
            (0.8034168050251352, 3.2282340406015964),
            (0.7942687494987866, 0.22668665008692157),
        ),
        (
            (1, 3),
            2.0,
            (0.27934002630029015, 13.198804889479176),
            (4.155179485253956, 6.739072457889733),
            (0.04470469122927862, 0.028329265239782218),
        ),
        (
            (1, 5),
            0.5,
            (0.1246587783752584, 1.6593741957378791, 1.6775273853205095, 11.538439640566352),
            (0.5850734035840446, 6.607983512943431),
            (0.4309885905230017, 0.050581146371253896),
        ),
    ],
)
def test_sample_covariance(population, ratio, edges, points, densities):
    # edges from x'(u) = 0 (Silverstein and Choi), densities from polynomial roots
    law = boxtimes(MarchenkoPastur(ratio), Atomic(population, (0.5, 0.5)))
    found = [e for i in law.support for e in (i.low, i.high)]
    np.testing.assert_allclose(found, edges, rtol=1e-14)
    np.testing.assert_allclose(law.pdf(points), densities, rtol=1e-12)
    assert math.fsum(i.mass for i in law.support) + math.fsum(m for _, m in law.atoms) == pytest.approx(1, abs=1e-15)


def test_three_atoms_give_two_intervals():
    # branch points of the quartic for G: -3.62616, .15053, .37210, 2.24202
    law = boxplus(WIGNER, Atomic((-2, -1, 1), (0.5, 0.25, 0.25)))
    found = [e for i in law.support for e in (i.low, i.high)]
    assert found == pytest.approx([-3.62616, 0.15053, 0.37210, 2.24202], abs=6e-6)
    assert [i.mass for i in law.support] == pytest.approx([0.75, 0.25], abs=1e-15)


def test_hundred_populations_over_six_decades():
    population = Atomic(tuple(np.geomspace(1e-3, 1e3, 100)), (0.01,) * 100)
    law = boxtimes(MarchenkoPastur(0.01), population)
    assert len(law.support) == 100
    assert [i.mass for i in law.support] == pytest.approx([0.01] * 100, abs=1e-15)
    middles = np.array([0.5 * (a.high + b.low) for a, b in zip(law.support, law.support[1:], strict=False)])
    np.testing.assert_allclose(law.cdf(middles), np.arange(1, 100) / 100, atol=2e-12)


@pytest.mark.parametrize("depth", [2, 10, 100, 1000, 10000])
def test_deep_products_solve_their_equation(depth):
    u = np.linspace(-0.9 * depth, math.log(max(2, depth)), 200)
    cases = (
        (computed(multiplicative_power, WISHART, depth), lambda m: (depth + 1) * np.log1p(m) - np.log(m)),
        (relu(depth), lambda m: np.log1p(m) + depth * np.log1p(2 * m) - np.log(m)),
    )
    for law, log_x in cases:
        # from zG = 1 + M through the solver's own transform
        values = law._solve(u + 0j)
        inside = ~values.outside & (-values.g.imag > 1e-13)
        m = values.g[inside] - 1.0
        residual = np.abs(np.expm1(log_x(m) - u[inside]))
        assert np.max(residual) < 1e-14 * max(depth, 1)


# ---------------------------------------------------------------------- compound free Poisson
def test_compound_free_poisson_of_one_jump():
    law = CompoundFreePoisson(0.4, Atomic((2,), (1,)), closed_form=False)
    exact = MarchenkoPastur(2.5, 0.8)  # rate 0.4, jump 2
    x = interior(exact, 200)
    np.testing.assert_allclose(law.pdf(x), exact.pdf(x), rtol=1e-11)
    np.testing.assert_allclose(law.cdf(x), exact.cdf(x), atol=1e-14)
    assert law.atoms[0] == pytest.approx((0.0, 0.6))


def test_compound_free_poisson_is_a_sum():
    # jumps 1 and 3 with probability 1/2 at rate 2: free Poisson of rate 1 at each jump
    law = CompoundFreePoisson(2, Atomic((1, 3), (0.5, 0.5)))
    other = boxplus(MarchenkoPastur(), MarchenkoPastur(1, 3))
    x = np.linspace(-1, 16, 200)
    np.testing.assert_allclose(law.pdf(x), other.pdf(x), atol=1e-13)
    np.testing.assert_allclose(law.cdf(x), other.cdf(x), atol=1e-14)
    assert law.moments(6, exact=True) == other.moments(6, exact=True)


# ---------------------------------------------------------------------- products with a law of both signs
def test_mean_zero_product():
    # (semicircle x MP)^2 = MP^3 in law: the density is |x| times that of Fuss-Catalan 3 at x^2
    law, exact = boxtimes(WIGNER, WISHART), FussCatalan(3)
    edge = law.support[-1].high
    x = np.linspace(-edge, edge, 402)[1:-1]
    np.testing.assert_allclose(law.pdf(x), np.abs(x) * exact.pdf(x * x), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(law.cdf(x), 0.5 + 0.5 * np.sign(x) * exact.cdf(x * x), atol=1e-14)
    assert law.moments(6) == pytest.approx((0, 1, 0, 4, 0, 22))


def test_signed_product_with_a_constant_factor_shape():
    # a sign times a positive law: the symmetric square root of the squared law
    law, positive = boxtimes(SIGN, MarchenkoPastur(0.1)), MarchenkoPastur(0.1)
    assert law.moments(4, exact=True)[1] == positive.moment(1, exact=True) ** 2
    assert [i.mass for i in law.support] == pytest.approx([0.5, 0.5], abs=1e-13)
    x = np.linspace(0.6, 1.4, 50)
    np.testing.assert_allclose(law.pdf(x), law.pdf(-x), rtol=1e-10)


@pytest.mark.parametrize("ratio", [0.25, 0.5])
def test_product_of_both_signs_next_to_zero(ratio):
    """zG(z) = −iz/(1 − c) + O(z²) for semicircle ⊠ Marchenko-Pastur of ratio c < 1, down to z = 0."""
    law = boxtimes(Semicircle(), MarchenkoPastur(ratio=ratio))
    x = np.array([0.0, 1e-300, 1e-20, 1e-16, 1e-15, -3.55e-15, 1e-14, -1e-13, 1e-10])
    density, error = law.pdf(x, return_error=True)
    truth = 1.0 / (np.pi * (1.0 - ratio))
    np.testing.assert_allclose(density, truth, rtol=1e-13)
    assert (np.abs(density - truth) <= error).all()
    np.testing.assert_allclose(law.cdf(x), 0.5 + x * truth, atol=1e-14)
