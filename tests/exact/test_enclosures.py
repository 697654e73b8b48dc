"""Enclosures and digits: closed forms, subordination in mpmath, and the double solver held against them."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

import rmt

pytest.importorskip("flint")

from rmt.exact.tree_digits import tree_value

HALF = Fraction(1, 2)
MP = rmt.MarchenkoPastur
NESTED = rmt.boxplus(rmt.Semicircle(), MP(HALF), rmt.Rademacher())


def semicircle_value(name, x):
    with mpmath.workdps(80):
        x = mpmath.mpf(x)
        root = mpmath.sqrt(4 - x * x)
        cdf = mpmath.mpf(1) / 2 + x * root / (4 * mpmath.pi) + mpmath.asin(x / 2) / mpmath.pi
        return {"pdf": root / (2 * mpmath.pi), "cdf": cdf, "sf": 1 - cdf}[name]


@pytest.mark.parametrize("name", ["pdf", "cdf", "sf"])
@pytest.mark.parametrize("x", [-1.999, -0.3, 0.0, 1.75])
def test_the_semicircle_is_enclosed(name, x):
    interval, value = rmt.Semicircle().enclose(x, name), semicircle_value(name, x)
    assert value in interval
    assert interval.radius <= 1e-14 * abs(value)
    for wrong in (value * (1 + mpmath.mpf(10) ** -14), value * (1 - mpmath.mpf(10) ** -14)):
        assert wrong not in interval
    with mpmath.workdps(80):
        assert abs(getattr(rmt.Semicircle(), name)(x, digits=60) / value - 1) < mpmath.mpf(10) ** -60


def random_algebraic(rng):
    leaves = [
        rmt.Semicircle(0, HALF),
        MP(HALF),
        MP(2),
        rmt.Bernoulli(Fraction(1, 3), 1, 2),
        rmt.FreePoisson(Fraction(3, 2)),
    ]
    first, second, third = (leaves[int(i)] for i in rng.integers(0, len(leaves), 3))
    kind = int(rng.integers(0, 4))
    if kind == 0:
        return rmt.boxplus(first, second, third)
    if kind == 1:
        return rmt.boxtimes(MP(HALF), *(leaf for leaf in (first, second) if leaf._hull()[0] >= 0))
    if kind == 2:
        return rmt.free_power(rmt.boxplus(first, second), Fraction(int(rng.integers(3, 7)), 2))
    return rmt.mixture(rmt.boxplus(first, second), third)


def test_double_precision_is_held_against_enclosures():
    """The claimed errors of the double solver at the points of random laws; a bound a tenth as large would fail."""
    rng = np.random.default_rng(1)
    judged, sharp = 0, 0
    for _ in range(24):
        law = random_algebraic(rng)
        for u in rng.uniform(0.02, 0.98, 3):
            x = float(law.ppf(u))
            if any(abs(x - a) < 1e-6 for a, _ in law.atoms):
                continue
            value, error = law.pdf(x, return_error=True)
            interval = law.enclose(x)
            assert interval.low - error <= value <= interval.high + error, (law, x)
            assert interval.radius <= 1e-14 * abs(interval.value)
            judged += 1
            sharp += abs(value - interval.value) > 1e-3 * error
    assert judged > 35
    assert sharp > 5  # the bounds are not idle


def test_masses_are_held_against_enclosures():
    for law in (NESTED, rmt.boxtimes(MP(HALF), MP(Fraction(1, 3)), rmt.Bernoulli(Fraction(1, 4)))):
        for x in (0.25, 0.9, 1.7):
            value, error = law.cdf(x, return_error=True)
            interval = law.enclose(x, "cdf")
            assert interval.low - error <= value <= interval.high + error


@pytest.mark.parametrize("x", [-1.5, 0.25, 3.0])
def test_two_ways_to_sixty_digits(x):
    """Balls on the equation, and the subordination equations in mpmath."""
    balls, tree = NESTED.pdf(x, digits=60), tree_value(NESTED, "pdf", x, 60)
    with mpmath.workdps(70):
        assert abs(balls / tree - 1) < mpmath.mpf(10) ** -59
    interval = NESTED.enclose(x)
    assert balls in interval
    assert tree in interval


def test_gaps_are_proven():
    law = rmt.boxplus(rmt.Semicircle(0, Fraction(1, 4)), rmt.Rademacher())
    assert law.enclose(0.0) == rmt.exact.Enclosure(0.0, 0.0)
    assert law.enclose(5) == rmt.exact.Enclosure(0.0, 0.0)
    assert law.enclose(0.0, "cdf").radius < 1e-15
    assert 0.5 in law.enclose(0.0, "cdf")
    real, imaginary = law.enclose(0.1, "stieltjes")
    assert imaginary == rmt.exact.Enclosure(0.0, 0.0)
    assert law.stieltjes(0.1).real in rmt.exact.Enclosure(real.low - 1e-14, real.high + 1e-14)


def test_off_the_line():
    for z in (0.5 + 1j, 0.5 - 1j):
        real, imaginary = NESTED.enclose(z, "stieltjes")
        value = NESTED.stieltjes(z)
        assert abs(real.value - value.real) + abs(imaginary.value - value.imag) < 1e-14


def test_near_an_edge():
    edge = NESTED.edges()[1]
    for x in (np.nextafter(edge, 0.0), edge - 1e-9):
        assert NESTED.enclose(float(x)).low > 0.0
    with pytest.raises(rmt.ConvergenceError, match="proven to lie within 0 of the singular point 2"):
        rmt.Semicircle().enclose(2)


def test_edges_and_moments():
    for law in (NESTED, MP(HALF)):
        edges = law.enclose(quantity="edges")
        assert all(e.radius <= 1e-15 * abs(e.value) for e in edges)
        with mpmath.workdps(50):
            assert all(x in e for x, e in zip(law.edges(digits=45), edges, strict=True))
        assert law.moment(5) in law.enclose(5, "moment")
    with mpmath.workdps(60):
        exact = (1 + mpmath.sqrt(mpmath.mpf(1) / 2)) ** 2
        assert abs(MP(HALF).edges(digits=50)[1] - exact) < mpmath.mpf(10) ** -50
        assert MP(HALF).moment(3, digits=30) == mpmath.mpf(11) / 4


def test_digits_of_all_methods():
    """The digits continue those of double precision, and the inverse functions invert."""
    x, g = 0.75, 0.125
    for name, at in (("pdf", x), ("cdf", x), ("sf", x), ("stieltjes", x + 1j), ("r_transform", g), ("s_transform", g)):
        law = MP(HALF) if name == "s_transform" else NESTED
        double = getattr(law, name)(at)
        assert abs(complex(getattr(law, name)(at, digits=30)) - double) < 1e-13 * abs(double)
    with mpmath.workdps(50):
        s = MP(HALF).s_transform(Fraction(1, 8), digits=40)  # 1/(1 + m/2)
        assert abs(s - mpmath.mpf(16) / 17) < mpmath.mpf(10) ** -40
        u = mpmath.mpf("0.37")
        quantile = rmt.Semicircle().ppf(Fraction(37, 100), digits=40)
        assert abs(semicircle_value("cdf", quantile) - u) < mpmath.mpf(10) ** -39
    many = NESTED.pdf(np.array([[0.5, 1.5]]), digits=20)
    assert many.shape == (1, 2)
    # a float counts as the binary number it stores
    with mpmath.workdps(50):
        c = mpmath.mpf(0.1)
        low, high = (1 - mpmath.sqrt(c)) ** 2, (1 + mpmath.sqrt(c)) ** 2
        exact = mpmath.sqrt((1 - low) * (high - 1)) / (2 * mpmath.pi * c)
        assert abs(MP(0.1).pdf(1, digits=40) / exact - 1) < mpmath.mpf(10) ** -40


def test_digits_without_an_equation():
    law = rmt.boxplus(rmt.Semicircle(), rmt.Uniform(-1, 1))
    with mpmath.workdps(60):
        x = mpmath.mpf(3) / 10
        g = law.stieltjes(x, digits=50)
        # G(z) = G_U(z − G(z)) on the boundary from above
        w = x - g
        assert abs((mpmath.log(w + 1) - mpmath.log(w - 1)) / 2 - g) < mpmath.mpf(10) ** -50
        assert abs(law.r_transform(HALF, digits=40) - HALF - (mpmath.coth(HALF) - 2)) < mpmath.mpf(10) ** -40
    product = rmt.boxtimes(MP(HALF), rmt.Uniform(1, 2))
    assert abs(float(product.pdf(1.3, digits=30)) - product.pdf(1.3)) < 1e-13
    gauss = rmt.boxplus(rmt.Semicircle(), rmt.Gaussian())
    assert abs(float(gauss.pdf(0.3, digits=30)) - gauss.pdf(0.3)) < 1e-13
    with pytest.raises(ValueError, match=r"TracyWidom\(.*double precision only"):
        rmt.TracyWidom(2).pdf(0, digits=50)


def test_bad_input():
    with pytest.raises(ValueError, match="unknown quantity"):
        NESTED.enclose(1, "mode")
    with pytest.raises(TypeError, match="x must be a number"):
        NESTED.enclose([1, 2])
    with pytest.raises(TypeError, match="real for pdf"):
        NESTED.enclose(1 + 1j)
    with pytest.raises(ValueError, match="digits must be"):
        NESTED.pdf(1, digits=0)
