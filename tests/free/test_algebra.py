"""The laws of the algebra, over random laws: each identity joins two computations that share no intermediate."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from rmt.combinatorics import (
    boxplus_moments,
    boxtimes_moments,
    compression_moments,
    rectangular_cumulants_from_moments,
    s_transform_from_moments,
)
from rmt.free import boxplus, boxtimes, compress, free_power, multiplicative_power, rectangular_boxplus
from rmt.laws import Atomic, MarchenkoPastur, Semicircle, Uniform

ORDER = 7
fixed = settings(derandomize=True, database=None, deadline=None, max_examples=12, phases=[Phase.generate])


def fractions(low, high):
    return st.fractions(min_value=low, max_value=high, max_denominator=6)


def atomic(low):
    points = st.lists(fractions(low, 3), min_size=2, max_size=4, unique=True)

    def build(x):
        weights = st.lists(st.integers(1, 4), min_size=len(x), max_size=len(x))
        return weights.map(lambda w: Atomic(tuple(sorted(x)), tuple(Fraction(k, sum(w)) for k in w)))

    return points.flatmap(build)


def uniform(low):
    return st.builds(lambda a, length: Uniform(a, a + length), fractions(low, 2), fractions(Fraction(1, 2), 2))


scales = fractions(Fraction(1, 3), 3)
free_poisson = st.builds(MarchenkoPastur, fractions(Fraction(1, 4), 3), scales)
positive = st.one_of(free_poisson, atomic(0), uniform(0))
real = st.one_of(positive, st.builds(Semicircle, fractions(-2, 2), scales), atomic(-3), uniform(-2))
powers = fractions(1, 4)
shares = fractions(Fraction(1, 5), 1)


def agree(first, second):
    """Equal moments, and equal values up to the errors that both laws claim."""
    assert first.moments(ORDER, exact=True) == second.moments(ORDER, exact=True)
    centre, spread = first.mean(), first.std()
    z = centre + spread * np.add.outer([1e-3j, 0.1j, 1j], np.linspace(-3, 3, 9)).ravel()
    claims = [(first.stieltjes(z, return_error=True), second.stieltjes(z, return_error=True))]
    for interval in first.support:
        x = np.linspace(interval.low, interval.high, 7)[1:-1]
        claims.append((first.cdf(x, return_error=True), second.cdf(x, return_error=True)))
    for (value, error), (other, other_error) in claims:
        assert (np.abs(value - other) <= error + other_error + 1e-14 * np.abs(value)).all()
        assert np.median(error / np.abs(value)) < 1e-12


# ---------------------------------------------------------------------- free sums
@fixed
@given(a=real, b=real)
def test_sums_commute(a, b):
    agree(boxplus(a, b), boxplus(b, a))


@fixed
@given(a=real, b=real, c=real)
def test_sums_associate(a, b, c):
    agree(boxplus(boxplus(a, b), c), boxplus(a, boxplus(b, c)))


@fixed
@given(a=real, b=real, shift=fractions(-3, 3), scale=fractions(-2, 2).filter(bool))
def test_sums_follow_shifts_and_scales(a, b, shift, scale):
    agree(boxplus(scale * a + shift, scale * b), scale * boxplus(a, b) + shift)
    assert boxplus(a, Atomic((shift,), (1,))) == a + shift


@fixed
@given(a=real, b=real)
def test_cumulants_add(a, b):
    total = boxplus(a, b, closed_form=False)
    cumulants = [law.free_cumulants(ORDER, exact=True) for law in (a, b, total)]
    assert tuple(map(sum, zip(*cumulants[:2], strict=True))) == cumulants[2]
    moments = [law.moments(ORDER, exact=True) for law in (a, b)]
    assert total.moments(ORDER, exact=True) == tuple(boxplus_moments(*moments))
    radius = max(abs(end) for law in (a, b, total) for end in law._hull())
    g = np.array([0.1, -0.05, 0.08j]) / radius
    np.testing.assert_allclose(total.r_transform(g), a.r_transform(g) + b.r_transform(g), rtol=1e-12, atol=1e-12)


@fixed
@given(a=real, s=powers, t=powers)
def test_free_powers_are_a_semigroup(a, s, t):
    agree(free_power(free_power(a, s), t), free_power(a, s * t))
    agree(boxplus(free_power(a, s), free_power(a, t)), free_power(a, s + t))
    assert free_power(a, 2).free_cumulants(ORDER, exact=True) == tuple(
        2 * k for k in a.free_cumulants(ORDER, exact=True)
    )


# ---------------------------------------------------------------------- compressions
@fixed
@given(a=real, b=real, s=shares, t=shares)
def test_compressions_compose_and_respect_sums(a, b, s, t):
    agree(compress(compress(a, s), t), compress(a, s * t))
    agree(compress(boxplus(a, b), t), boxplus(compress(a, t), compress(b, t)))


@fixed
@given(a=real, share=shares)
def test_cumulants_of_compressions_scale(a, share):
    law = compress(a, share)
    scaled = tuple(share**n * k for n, k in enumerate(a.free_cumulants(ORDER, exact=True)))
    assert law.free_cumulants(ORDER, exact=True) == scaled
    assert law.moments(ORDER, exact=True) == tuple(compression_moments(a.moments(ORDER, exact=True), share))
    agree(law, share * free_power(a, 1 / share))


# ---------------------------------------------------------------------- free products
@fixed
@given(a=real, b=positive)
def test_products_commute(a, b):
    agree(boxtimes(a, b), boxtimes(b, a))


@fixed
@given(a=positive, b=positive, c=positive)
def test_products_associate(a, b, c):
    agree(boxtimes(boxtimes(a, b), c), boxtimes(a, boxtimes(b, c)))


@fixed
@given(a=real, b=positive, scale=scales)
def test_products_follow_scales(a, b, scale):
    agree(boxtimes(scale * a, b), scale * boxtimes(a, b))
    agree(boxtimes(-1 * a, b), -1 * boxtimes(a, b))
    assert boxtimes(b, Atomic((scale,), (1,))) == scale * b


@fixed
@given(a=positive, b=positive)
def test_s_transforms_multiply(a, b):
    product = boxtimes(a, b, closed_form=False)
    moments = [law.moments(ORDER, exact=True) for law in (a, b)]
    assert product.moments(ORDER, exact=True) == tuple(boxtimes_moments(*moments))
    first, second = (s_transform_from_moments(m) for m in moments)
    cauchy = [sum(first[i] * second[n - i] for i in range(n + 1)) for n in range(ORDER)]
    assert s_transform_from_moments(product.moments(ORDER, exact=True)) == cauchy
    atom = max(mass for law in (a, b) for mass in [0.0, *(mass for x, mass in law.atoms if x == 0)])
    m = (atom - 1) * np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(product.s_transform(m), a.s_transform(m) * b.s_transform(m), rtol=1e-11)


@fixed
@given(a=positive, s=powers, t=powers)
def test_multiplicative_powers_are_a_semigroup(a, s, t):
    power = multiplicative_power(multiplicative_power(a, s), t)
    other = multiplicative_power(a, s * t)
    z = -(a.mean() ** float(s * t)) * np.array([0.1, 1.0, 10.0]) + 0j
    np.testing.assert_allclose(power.stieltjes(z), other.stieltjes(z), rtol=1e-11)
    agree(boxtimes(multiplicative_power(a, 2), a), multiplicative_power(a, 3))


# ---------------------------------------------------------------------- rectangular sums
def cumulants(law, ratio):
    return rectangular_cumulants_from_moments(law.moments(ORDER, exact=True), ratio)


@pytest.mark.long
@settings(fixed, max_examples=1)
@given(a=positive, b=positive, ratio=fractions(Fraction(1, 3), 1), scale=scales)
def test_rectangular_sums(a, b, ratio, scale):
    total = rectangular_boxplus(a, b, ratio, closed_form=False)
    sums = [x + y for x, y in zip(cumulants(a, ratio), cumulants(b, ratio), strict=True)]
    assert cumulants(total, ratio) == sums
    agree(rectangular_boxplus(b, a, ratio, closed_form=False), total)
    agree(rectangular_boxplus(scale * a, scale * b, ratio, closed_form=False), scale * total)


# ---------------------------------------------------------------------- negative controls
@fixed
@given(a=real, b=real, c=real)
def test_other_laws_do_not_agree(a, b, c):
    assume(b.free_cumulants(ORDER, exact=True) != c.free_cumulants(ORDER, exact=True))
    with pytest.raises(AssertionError):
        agree(boxplus(a, b), boxplus(a, c))
