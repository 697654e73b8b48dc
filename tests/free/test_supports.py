"""Supports of free sums and products whose parts differ in size by many decades, against closed forms and mpmath."""

from __future__ import annotations

import math
from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest

import rmt.free.support.edges as support
from rmt.errors import ConvergenceError
from rmt.free import boxplus, boxtimes, deformed_wigner, free_power, multiplicative_power, sample_covariance
from rmt.laws import (
    Affine,
    Arcsine,
    Atomic,
    FussCatalan,
    Gaussian,
    Law,
    MarchenkoPastur,
    Rademacher,
    Semicircle,
    Uniform,
)
from rmt.laws.maps.pushforward import squared
from rmt.networks import squared_slope_law

DECADES = (1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)


def mass(law: Law) -> float:
    return math.fsum([i.mass for i in law.support] + [m for _, m in law.atoms])


# ---------------------------------------------------------------------- closed forms
@pytest.mark.parametrize("e", DECADES)
def test_uniform_and_semicircle(e):
    # R(g) = e coth(e g) - 1/g + g, whose critical point is sinh(e g) = e
    edge = math.sqrt(1.0 + e * e) + math.asinh(e) / e
    (interval,) = boxplus(Uniform(-e, e), Semicircle()).support
    assert (interval.low, interval.high) == pytest.approx((-edge, edge), rel=4e-15)
    assert (interval.low_exponent, interval.high_exponent, interval.mass) == (0.5, 0.5, pytest.approx(1.0, abs=1e-14))
    (shifted,) = boxplus(Uniform(3.0 - e, 3.0 + e), Semicircle()).support
    assert (shifted.low, shifted.high) == pytest.approx((3.0 - edge, 3.0 + edge), abs=4e-15)


@pytest.mark.parametrize("e", DECADES)
def test_two_points_and_semicircle(e):
    # z = w + w/(w^2 - e^2), where (w^2 - e^2)^2 = w^2 + e^2
    w = math.sqrt(0.5 * (2.0 * e * e + 1.0 + math.sqrt(8.0 * e * e + 1.0)))
    edge = w + w / (w * w - e * e)
    intervals = deformed_wigner([-e, e]).support
    assert (intervals[0].low, intervals[-1].high) == pytest.approx((-edge, edge), rel=4e-15)


@pytest.mark.parametrize("variance", [1e-4, 1e-8, 1e-12, 1e-16, 1e-20])
def test_narrow_semicircles_about_two_points(variance):
    # to first order a semicircle of half the variance about each; next order variance/4 off
    law = boxplus(Rademacher(), Semicircle(0, variance))
    assert [i.mass for i in law.support] == pytest.approx([0.5, 0.5], abs=1e-14)
    radius = 2.0 * math.sqrt(variance / 2.0)
    for interval, centre in zip(law.support, (-1.0, 1.0), strict=True):
        ends = centre - radius, centre + radius
        assert (interval.low, interval.high) == pytest.approx(ends, abs=variance + 4e-16)


@pytest.mark.parametrize("variance", [1e-30, 1e-100, 1e-300])
def test_intervals_narrower_than_the_spacing_of_doubles(variance):
    law = boxplus(Semicircle(0, variance), Rademacher())
    assert [i.mass for i in law.support] == [0.5, 0.5]
    for interval, centre in zip(law.support, (-1.0, 1.0), strict=True):
        assert interval.low <= centre <= interval.high
        assert interval.high - interval.low < 4e-15
    np.testing.assert_allclose(law.ppf([0.2, 0.8]), [-1.0, 1.0], rtol=4e-16)


def covariance_edges(low, high, ratio):
    """Edges of a sample covariance with uniform population, from z(v) = -1/v + ratio E t/(1 + t v), at 60 digits."""
    with mp.workdps(60):
        a, b, c = mp.mpf(low), mp.mpf(high), mp.mpf(ratio)

        def mean_log(v):  # E log(1 + t v)
            return (((1 + b * v) * mp.log(abs(1 + b * v)) - (1 + a * v) * mp.log(abs(1 + a * v))) / v) / (b - a) - 1

        def z(v):
            return -1 / v + c * mp.diff(mean_log, v)

        guesses = -1 / (1 + mp.sqrt(c)), -1 / (1 - mp.sqrt(c))
        return sorted(float(z(mp.findroot(lambda v: mp.diff(z, v), guess, tol=1e-40))) for guess in guesses)


@pytest.mark.parametrize("e", [3e-2, 1e-3, 1e-5, 1e-7, 1e-9])
@pytest.mark.parametrize("ratio", [0.3, 0.01])
def test_narrow_populations(e, ratio):
    (interval,) = sample_covariance(Uniform(1.0 - e, 1.0 + e), ratio).support
    expected = covariance_edges(1.0 - e, 1.0 + e, ratio)
    assert [interval.low, interval.high] == pytest.approx(expected, rel=2e-14)
    assert interval.mass == pytest.approx(1.0, abs=1e-14)


# ---------------------------------------------------------------------- masses
@pytest.mark.parametrize("exponent", range(-12, 13, 3))
def test_free_poisson_laws_of_every_rate_times_a_uniform_one(exponent):
    ratio = 10.0**exponent
    law = boxtimes(MarchenkoPastur(ratio), Uniform(1, 3))
    assert mass(law) == pytest.approx(1.0, abs=1e-13)
    (interval,) = law.support
    assert interval.mass == pytest.approx(min(1.0, 1.0 / ratio), rel=1e-3)
    # to leading order: the population itself, or its mean times the rate
    if exponent <= -6:
        assert (interval.low, interval.high) == pytest.approx((1.0, 3.0), rel=20.0 * math.sqrt(ratio))
    if exponent >= 6:
        assert (interval.low, interval.high) == pytest.approx((2.0 * ratio,) * 2, rel=20.0 / math.sqrt(ratio))


def random_part(rng: np.random.Generator, *, positive: bool) -> Law:
    """A law of random kind whose width is about 1, or anything down to 1e-12."""
    size = 10.0 ** rng.uniform(-12.0, 0.0) if rng.random() < 0.5 else rng.uniform(0.3, 3.0)
    place = rng.uniform(0.5, 3.0) if positive else rng.normal()
    ratio = 10.0 ** rng.uniform(-12.0, 12.0) if rng.random() < 0.5 else float(rng.choice([0.3, 1.0, 2.5]))
    laws = (
        Semicircle(2.5 * size + place, size**2),
        Uniform(place, place + size),
        Atomic((place, place + size), (0.3, 0.7)),
        Atomic((place, place + size, place + 2.5 * size), (0.3, 0.45, 0.25)),
        MarchenkoPastur(ratio, size),
        Affine(MarchenkoPastur(0.3), size, place),
        Atomic((0.0, place), (0.4, 0.6)) if positive else Affine(Arcsine(), size, place),
    )
    return laws[int(rng.integers(len(laws)))]


@pytest.mark.slow
@pytest.mark.parametrize("operation", [boxplus, boxtimes])
def test_supports_carry_the_whole_mass_over_twelve_decades(operation):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        parts = [random_part(rng, positive=operation is boxtimes) for _ in range(2 + int(seed % 4 == 0))]
        law = operation(*parts, closed_form=False)
        assert mass(law) == pytest.approx(1.0, abs=1e-12), (seed, parts)
        ends = [e for i in law.support for e in (i.low, i.high)]
        assert ends == sorted(ends), (seed, parts)


def test_a_lost_part_of_the_support_is_said(monkeypatch):
    found = support._openings

    def without_an_interval(law, logarithmic):
        first, gap, last = found(law, logarithmic)
        return [replace(first, high=gap.high, above=gap.above), last]

    def with_a_hole(law, logarithmic):
        first, *rest = found(law, logarithmic)
        return [replace(first, high=math.nan), *rest]

    assert len(boxplus(Rademacher(), Semicircle(0, 0.01)).support) == 2
    monkeypatch.setattr(support, "_openings", without_an_interval)
    with pytest.raises(ConvergenceError, match="whole mass") as caught:
        boxplus(Rademacher(), Semicircle(0, 0.01)).support  # noqa: B018
    assert caught.value.residual == pytest.approx(0.5)
    monkeypatch.undo()
    monkeypatch.setattr(support, "_openings", with_a_hole)
    with pytest.raises(ConvergenceError, match="edge"):
        boxplus(Rademacher(), Semicircle(0, 0.01)).support  # noqa: B018


# ---------------------------------------------------------------------- factors whose transform is finite at their end
def test_products_with_a_law_cut_at_many_deviations():
    (interval,) = boxtimes(squared_slope_law("silu", 0.1), MarchenkoPastur()).support
    assert (interval.low, interval.mass) == (0.0, pytest.approx(1.0, abs=1e-12))
    assert interval.high == pytest.approx(1.61533, abs=1e-5)


# ---------------------------------------------------------------------- extreme powers
@pytest.mark.parametrize("power", [1e10, 1e100])
def test_high_free_powers_are_semicircles(power):
    (interval,) = free_power(Uniform(-1, 1), power).support
    edge = 2.0 * math.sqrt(power / 3.0)
    assert (interval.low, interval.high) == pytest.approx((-edge, edge), rel=1e-9)
    assert interval.mass == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("power", [5e4, 1e6, 1e8])
def test_high_multiplicative_powers(power):
    law = multiplicative_power(MarchenkoPastur(), power, closed_form=False)
    (interval,) = law._log_support
    exact = (power + 1.0) * math.log1p(1.0 / power) + math.log(power)  # (L + 1)^(L + 1)/L^L
    assert interval.high == pytest.approx(exact, abs=1e-15 * power)
    assert interval.mass == pytest.approx(1.0, abs=1e-12)


def test_powers_whose_edge_is_lost_in_rounding_are_refused():
    with pytest.raises(ConvergenceError, match="total power 1e\\+100"):
        multiplicative_power(MarchenkoPastur(), 1e100, closed_form=False).support  # noqa: B018


# ---------------------------------------------------------------------- squares, sums that fill the line, large spreads
def test_squares_have_no_slivers():
    (interval,) = squared(boxplus(MarchenkoPastur(0.5), -MarchenkoPastur(0.5))).support
    assert (interval.low, interval.low_exponent, interval.high_exponent) == (0.0, -0.5, 0.5)
    assert interval.mass == pytest.approx(1.0, abs=1e-12)
    # the cusp of the sum at 0, |x|^(1/3), becomes |y|^(-1/3); the edge is (3/2)^3 * 2
    (cusp,) = squared(boxplus(Semicircle(), Rademacher())).support
    assert (cusp.low, cusp.high) == (0.0, pytest.approx(6.75, rel=1e-14))
    assert cusp.low_exponent == pytest.approx(-1 / 3)
    # ends of a positive law stay where they are
    assert squared(Uniform(1e-20, 1)).support[0].low == pytest.approx(1e-40)


def test_sums_with_a_law_on_the_whole_line():
    law = boxplus(FussCatalan(2), Gaussian())
    assert [(i.low, i.high, i.mass) for i in law.support] == [(-math.inf, math.inf, 1.0)]
    assert law.cdf(law.ppf([0.1, 0.5, 0.9])) == pytest.approx([0.1, 0.5, 0.9], abs=1e-12)


def test_spreads_whose_square_exceeds_the_largest_float():
    (unit,) = boxtimes(Uniform(1, 3), MarchenkoPastur(0.5)).support
    for scale in (1e200, 1e-200):
        (interval,) = boxtimes(scale * Uniform(1, 3), MarchenkoPastur(0.5)).support
        assert (interval.low, interval.high) == pytest.approx((scale * unit.low, scale * unit.high), rel=1e-12)
    law = MarchenkoPastur(0.5, 1e300)
    assert law.std() == pytest.approx(math.sqrt(0.5) * 1e300)
    with pytest.raises(OverflowError, match="variance"):
        law.var()


def test_atoms_whose_sizes_differ_beyond_the_range_of_squares_are_refused():
    near = boxtimes(Atomic((1e-5, 1e5), (0.5, 0.5)), MarchenkoPastur(0.1)).support
    for scale in (1e15, 1e35, 1e55):  # the parts no longer feel each other
        far = boxtimes(Atomic((1e-5 / scale, 1e5 * scale), (0.5, 0.5)), MarchenkoPastur(0.1)).support
        assert [i.mass for i in far] == pytest.approx([0.5, 0.5], abs=1e-13)
        for interval, same, factor in zip(far, near, (1 / scale, scale), strict=True):
            assert (interval.low, interval.high) == pytest.approx((factor * same.low, factor * same.high), rel=1e-8)
    with pytest.raises(ConvergenceError, match="differ in size"):
        boxtimes(Atomic((1e-150, 1e150), (0.5, 0.5)), MarchenkoPastur(0.1)).support  # noqa: B018
