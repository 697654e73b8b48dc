"""Exact free deconvolution of laws: cancellation by algebra, continuation of R and S, and what is refused."""

from __future__ import annotations

import pickle
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from laws.law_suite import CHECKS
from roots import polynomial_roots

import rmt.free
import rmt.laws
from rmt.errors import ConvergenceError
from rmt.free import (
    CompoundFreePoisson,
    boxplus,
    boxtimes,
    compress,
    free_divide,
    free_power,
    free_subtract,
    multiplicative_power,
)
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
    Rademacher,
    Semicircle,
    Uniform,
)

COIN = Atomic((-1, 0.5, 3), (0.25, 0.5, 0.25))


@pytest.mark.parametrize(
    ("law", "noise", "rest"),
    [
        (boxplus(MarchenkoPastur(), COIN), COIN, MarchenkoPastur()),
        (boxplus(Uniform(), Uniform(0, 3)), Uniform(0, 3), Uniform()),
        (boxplus(Uniform(), Uniform()), Uniform(), Uniform()),
        (Semicircle(0, 3), Semicircle(1, 1), Semicircle(-1, 2)),
        (Semicircle(1, 2), Semicircle(0, 2), Atomic((1,), (1,))),
        (FreePoisson(3), FreePoisson(1), FreePoisson(2)),
        (Cauchy(1, 2), Cauchy(2, 0.5), Cauchy(-1, 1.5)),
        (KestenMcKay(5), Rademacher(), KestenMcKay(4)),
        (Arcsine(), Rademacher(), Rademacher()),
        (free_power(COIN, 3), free_power(COIN, 2), COIN),
        (boxplus(Rademacher(), Semicircle()), Semicircle(0, 0.5), boxplus(Rademacher(), Semicircle(0, 0.5))),
        (2 * boxplus(Uniform(), Semicircle()) + 1, 2 * Semicircle(), 2 * Uniform() + 1),
        (
            CompoundFreePoisson(3, Uniform(1, 2)),
            CompoundFreePoisson(1, Uniform(1, 2)),
            CompoundFreePoisson(2, Uniform(1, 2)),
        ),
        (MarchenkoPastur(0.3), MarchenkoPastur(0.3), Atomic((0,), (1,))),
        (Gaussian(), Gaussian(), Atomic((0,), (1,))),
    ],
    ids=repr,
)
def test_subtraction_by_algebra(law, noise, rest):
    assert free_subtract(law, noise) == rest


@pytest.mark.parametrize(
    ("law", "noise", "rest"),
    [
        (FussCatalan(3), MarchenkoPastur(), FussCatalan(2)),
        (FussCatalan(3), FussCatalan(3), Atomic((1,), (1,))),
        (boxtimes(MarchenkoPastur(0.3), Uniform(1, 2)), Uniform(1, 2), MarchenkoPastur(0.3)),
        (boxtimes(Semicircle(), Uniform(1, 2)), Uniform(1, 2), Semicircle()),
        (boxtimes(3 * MarchenkoPastur(0.3), Uniform(1, 2)), 2 * MarchenkoPastur(0.3), 1.5 * Uniform(1, 2)),
        (multiplicative_power(Uniform(1, 2), 3), Uniform(1, 2), multiplicative_power(Uniform(1, 2), 2)),
    ],
    ids=repr,
)
def test_division_by_algebra(law, noise, rest):
    assert free_divide(law, noise) == rest


# ---------------------------------------------------------------------- by continuation of R and S
def test_subtraction_by_continuation():
    # jumps 1 and 2 at rate 1/2 each, minus jumps 1 at rate 1/2: jumps 2 at rate 1/2, seen through other names
    law = CompoundFreePoisson(1, Atomic((1, 2), (0.5, 0.5)))
    rest = free_subtract(law, FreePoisson(Fraction(1, 2)))
    named = FreePoisson(Fraction(1, 2), 2)
    x = np.linspace(0.2, 5.7, 15)
    for name in ("pdf", "cdf"):
        value, error = getattr(rest, name)(x, return_error=True)
        gap = np.abs(value - getattr(named, name)(x))
        assert (gap <= np.minimum(error, 1e-12)).all()
    assert rest.atoms == ((0.0, pytest.approx(0.5, abs=1e-13)),)
    assert rest.moments(5, exact=True) == named.moments(5, exact=True)
    assert boxplus(rest, FreePoisson(Fraction(1, 2))).pdf(3.0) == pytest.approx(law.pdf(3.0), rel=1e-12)


def test_division_by_continuation():
    # S = (1 + 0.2 m)/(1 + 0.7 m): M solves (1 + m)(1 + 0.7 m) = z m (1 + 0.2 m)
    law = free_divide(MarchenkoPastur(0.7), MarchenkoPastur(0.2))
    assert law.support[0].low > 0
    with mp.workdps(40):
        for x in (0.05, 0.3, 1.0, 2.5):
            roots = polynomial_roots([1, mp.mpf("1.7") - x, mp.mpf("0.7") - mp.mpf("0.2") * x])
            m = min(roots, key=lambda r: mp.im((1 + r) / x))
            exact = -mp.im((1 + m) / x) / mp.pi
            value, error = law.pdf(x, return_error=True)
            assert abs(value - exact) <= error
            assert abs(value - exact) <= 1e-12 * exact
    again = boxtimes(law, MarchenkoPastur(0.2))
    x = np.linspace(0.1, 3.2, 12)
    np.testing.assert_allclose(again.pdf(x), MarchenkoPastur(0.7).pdf(x), rtol=1e-12)
    np.testing.assert_allclose(again.cdf(x), MarchenkoPastur(0.7).cdf(x), atol=1e-13)
    (edge,) = {i.high for i in again.support}
    assert edge == pytest.approx(MarchenkoPastur(0.7).support[0].high, rel=1e-13)


def test_continued_law_passes_the_suite(monkeypatch):
    monkeypatch.setattr(rmt.laws, "free_divide", free_divide, raising=False)
    law = free_divide(MarchenkoPastur(0.7), MarchenkoPastur(0.2))
    for name, check in CHECKS.items():
        if name != "sampling":
            check(law)
    assert hash(pickle.loads(pickle.dumps(law))) == hash(law)


# ---------------------------------------------------------------------- what is no probability law
@pytest.mark.parametrize(
    ("law", "noise"),
    [
        (Rademacher(), Semicircle(0, Fraction(3, 10))),
        (Semicircle(), Semicircle(0, 2)),
        (boxplus(Rademacher(), Semicircle()), Semicircle(0, 2)),
        (MarchenkoPastur(0.5), Semicircle(0, 0.05)),
        (Rademacher(), Bernoulli(0.3)),
        (FreePoisson(1), FreePoisson(2)),
        (Uniform(), Semicircle(0, 0.001)),
    ],
    ids=repr,
)
def test_differences_that_are_not_laws(law, noise):
    with pytest.raises(ValueError, match="not a probability law"):
        free_subtract(law, noise)


def test_quotients_that_are_not_laws():
    with pytest.raises(ValueError, match="not a probability law"):
        free_divide(MarchenkoPastur(0.2), MarchenkoPastur(0.7))
    with pytest.raises(ValueError, match="not a probability law"):
        free_divide(Bernoulli(0.5, 1, 3), MarchenkoPastur(0.7))
    with pytest.raises(ValueError, match=r"power 0.5 .* not known to be a probability law"):
        free_divide(multiplicative_power(Uniform(1, 2), 2), multiplicative_power(Uniform(1, 2), 1.5))
    with pytest.raises(ValueError, match=r"free_power\(Rademacher\(\), 0.5\) is not a probability law: .*Hankel"):
        free_subtract(free_power(Rademacher(), 3), free_power(Rademacher(), 2.5))


def test_needs_a_transform_in_closed_form():
    smooth = Law.from_pdf(lambda x: 0.75 * (1 - x * x), (-1, 1))
    with pytest.raises(ConvergenceError, match=r"not known in closed form.*free_deconvolve"):
        free_subtract(boxplus(smooth, Semicircle(0, 4)), boxplus(Rademacher(), Semicircle(0, 0.01)))


def test_subtraction_is_not_the_law_of_a_difference():
    law = boxplus(Semicircle(), -1 * Semicircle())
    assert law == Semicircle(0, 2)
    assert free_subtract(law, Semicircle()) == Semicircle()


def test_the_error_of_law_minus_law_names_functions_that_exist():
    with pytest.raises(TypeError) as caught:
        _ = Semicircle() - Rademacher()
    names = [w.split("rmt.")[1].strip(",()") for w in str(caught.value).split() if w.startswith(("rmt.", "(rmt."))]
    assert {"boxplus", "free_subtract", "free_divide", "classical_convolution", "mixture"} <= set(names)
    for name in names:
        assert callable(getattr(rmt, name))


# ---------------------------------------------------------------------- bad input
def test_bad_input():
    with pytest.raises(TypeError, match="free_subtract takes laws"):
        free_subtract(Semicircle(), 1.0)
    with pytest.raises(TypeError, match="free_divide takes laws"):
        free_divide([1, 2], Semicircle())
    with pytest.raises(ValueError, match=r"noise must be a law on \[0, inf\)"):
        free_divide(MarchenkoPastur(), Semicircle())
    with pytest.raises(ValueError, match="not the point mass at 0"):
        free_divide(MarchenkoPastur(), Atomic((0,), (1,)))
    with pytest.raises(ValueError, match=r"free_divide needs a law on \[0, inf\)"):
        free_divide(Semicircle(), MarchenkoPastur())


@pytest.mark.parametrize(
    ("build", "match"),
    [
        (lambda: free_power(Rademacher(), 0.5), "Hankel"),
        (lambda: free_power(Semicircle(), 0), "> 0"),
        (lambda: multiplicative_power(Uniform(1, 2), 0.5), "Belinschi-Bercovici 2005"),
        (lambda: multiplicative_power(Semicircle(), 2), r"law on \[0, inf\)"),
        (lambda: boxtimes(Semicircle(), Rademacher()), "at most one factor of a free product may take negative"),
        (lambda: compress(Semicircle(), 0), "fraction"),
        (lambda: compress(Semicircle(), 1.5), "fraction"),
        (lambda: Semicircle().s_transform(0.1), "mean is zero"),
        (lambda: FussCatalan(2).r_transform(9.0), "outside the domain"),
        (lambda: boxtimes(Semicircle(), MarchenkoPastur(0.5)).r_transform(50.0), "outside the domain"),
        (lambda: Cauchy().r_transform(0.5), "outside the domain"),
        (lambda: boxplus(Cauchy(), Semicircle()).mean(), "no moments"),
        (lambda: boxplus(Cauchy(), Semicircle()).s_transform(0.1), "no moments"),
        (lambda: rmt.free.rectangular_boxplus(Gaussian(), Gaussian(), 0.5), "bounded"),
    ],
)
def test_bad_input_of_the_other_operations(build, match):
    with pytest.raises(ValueError, match=match):
        build()
