"""Bad parameters and bad arguments: an error that names the argument, its value and what is accepted."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from rmt.laws import (
    Affine,
    Arcsine,
    Atomic,
    Bernoulli,
    Cauchy,
    CircularLaw,
    Empirical,
    FreePoisson,
    FussCatalan,
    Gaussian,
    KestenMcKay,
    MarchenkoPastur,
    ProjectionProduct,
    Rademacher,
    Semicircle,
    Squared,
    SquareRoot,
    Uniform,
    UnitCircle,
    Wachter,
    square_root,
)

INF, NAN = math.inf, math.nan

BAD_VALUES = [
    (lambda: Semicircle(0, 0), "variance must be a finite real number > 0, got 0"),
    (lambda: Semicircle(0, -1.5), "variance must be a finite real number > 0, got -1.5"),
    (lambda: Semicircle(NAN), "mean must be a finite real number, got nan"),
    (lambda: MarchenkoPastur(0), "ratio must be a finite real number > 0, got 0"),
    (lambda: MarchenkoPastur(-2), "ratio must be a finite real number > 0, got -2"),
    (lambda: MarchenkoPastur(INF), "ratio must be a finite real number > 0, got inf"),
    (lambda: MarchenkoPastur(NAN), "ratio must be a finite real number > 0, got nan"),
    (lambda: MarchenkoPastur(1, 0.0), "variance must be a finite real number > 0, got 0.0"),
    (lambda: FreePoisson(0, 1), "rate must be a finite real number > 0, got 0"),
    (lambda: FreePoisson(1, -1), "jump must be a finite real number > 0, got -1"),
    (lambda: FussCatalan(0), "order must be a finite real number > 0, got 0"),
    (lambda: FussCatalan(INF), "order must be a finite real number > 0, got inf"),
    (lambda: Arcsine(0), "radius must be a finite real number > 0, got 0"),
    (lambda: Uniform(1, 1), "low must be smaller than high, got low = 1 and high = 1"),
    (lambda: Uniform(0, INF), "high must be a finite real number, got inf"),
    (lambda: Cauchy(0, 0), "scale must be a finite real number > 0, got 0"),
    (lambda: Gaussian(0, NAN), "variance must be a finite real number > 0, got nan"),
    (lambda: Bernoulli(1.5), "p must be a finite real number >= 0 and <= 1, got 1.5"),
    (lambda: Bernoulli(0.5, 2, 1), "low must be smaller than high, got low = 2 and high = 1"),
    (lambda: Atomic((), ()), "positions and weights must have the same length >= 1, got 0 and 0"),
    (lambda: Atomic((1, 2), (1,)), "positions and weights must have the same length >= 1, got 2 and 1"),
    (lambda: Atomic((1, 2), (0.5, 0.4)), "weights must sum to 1, got the sum 0.9; divide them by it"),
    (lambda: Atomic((1, 2), (1.5, -0.5)), "weights must be a finite real number >= 0, got -0.5"),
    (lambda: Atomic((NAN,), (1,)), "positions must be a finite real number, got nan"),
    (lambda: Empirical([]), "samples must be a non-empty 1-d array of numbers, got shape (0,)"),
    (lambda: Empirical([[1.0, 2.0]]), "samples must be a non-empty 1-d array of numbers, got shape (1, 2)"),
    (lambda: Empirical([1.0, NAN]), "samples must be finite, got nan among 2 numbers; drop such entries"),
    (lambda: KestenMcKay(1.5), "degree must be a finite real number >= 2, got 1.5"),
    (lambda: Wachter(0, 2), "a must be a finite real number > 0, got 0"),
    (lambda: Wachter(0.25, 0.5), "a + b must be > 1, got a = 0.25 and b = 0.5"),
    (lambda: Wachter(0.5, 0.5), "Bernoulli(a)"),
    (lambda: ProjectionProduct(0, 0.5), "first must lie strictly between 0 and 1, got 0"),
    (lambda: ProjectionProduct(0.5, 1.0), "second must lie strictly between 0 and 1, got 1.0"),
    (lambda: ProjectionProduct(0.5, 1.2), "second must be a finite real number >= 0 and <= 1, got 1.2"),
    (lambda: Affine(Semicircle(), 0, 1), "scale must not be 0, got 0"),
    (lambda: SquareRoot(Semicircle()), "SquareRoot needs a law on [0, inf); the support of Semicircle"),
    (lambda: square_root(Rademacher()), "square_root needs a law on [0, inf)"),
    (lambda: CircularLaw(0), "variance must be a finite real number > 0, got 0"),
    (lambda: UnitCircle().pdf(1j), "has no density on the plane"),
]

BAD_TYPES = [
    (lambda: Semicircle("0"), "mean must be a finite real number, got '0'"),
    (lambda: MarchenkoPastur(True), "ratio must be a finite real number > 0, got True"),
    (lambda: MarchenkoPastur(1 + 2j), "ratio must be a finite real number > 0, got (1+2j) of type complex"),
    (lambda: FussCatalan([1]), "order must be a finite real number > 0, got [1] of type list"),
    (lambda: Empirical([1j]), "samples must be real"),
    (lambda: Affine(3.0), "base must be a Law, got 3.0 of type float"),
    (lambda: Squared("law"), "base must be a Law, got 'law' of type str"),
    (lambda: Semicircle() + "x", "shift must be a finite real number, got 'x'"),
]


@pytest.mark.parametrize(("make", "message"), BAD_VALUES, ids=[m for _, m in BAD_VALUES])
def test_bad_value(make, message: str):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(("make", "message"), BAD_TYPES, ids=[m for _, m in BAD_TYPES])
def test_bad_type(make, message: str):
    with pytest.raises(TypeError, match=re.escape(message)):
        make()


BAD_QUESTIONS = [
    (lambda: Cauchy().mean(), "has no moments of order >= 1"),
    (lambda: Cauchy().moments(3, exact=True), "has no moments of order >= 1"),
    (lambda: Cauchy().r_transform(0.5), "g = 0.5 is outside the domain for Cauchy"),
    (lambda: Gaussian().r_transform(0.5), "accepted: g = 0 only"),
    (lambda: MarchenkoPastur(2).r_transform(0.5), "g = 0.5 is outside the domain"),
    (lambda: MarchenkoPastur(2).s_transform(-0.5), "every complex m but the pole -rate = -0.5"),
    (lambda: FussCatalan(3).s_transform(-1.5), "complex m off the half line (-inf, -1]"),
    (lambda: FussCatalan(3).r_transform(0.2), "right of (L-1)^(L-1)/L^L"),
    (lambda: Semicircle().s_transform(0.1), "its mean is zero"),
    (lambda: Semicircle(1, 1).s_transform(-0.3), "left of -mean²/(4 variance)"),
    (
        lambda: Squared(MarchenkoPastur(0.5)).r_transform(500.0),
        "image under G of the real line outside the convex hull",
    ),
    (lambda: SquareRoot(MarchenkoPastur()).moments(2, exact=True), "moments of odd order"),
    (lambda: MarchenkoPastur(2).to_scipy(), "has an atom of mass 0.5 at 0"),
    (lambda: Semicircle().ppf([0.5, -0.1]), "u must lie in [0, 1], got -0.1"),
    (lambda: Semicircle().ppf_of_log(0.5), "ppf_of_log needs a law on [0, inf); the support of Semicircle"),
    (lambda: Uniform().blue(0), "blue(g) has a pole at g = 0; use r_transform"),
    (lambda: Semicircle() / 0, "divisor must not be 0, got 0"),
]


@pytest.mark.parametrize(("ask", "message"), BAD_QUESTIONS, ids=[m for _, m in BAD_QUESTIONS])
def test_bad_question(ask, message: str):
    with pytest.raises(ValueError, match=re.escape(message)):
        ask()


def test_moments_too_large_for_a_float():
    with pytest.raises(OverflowError, match=re.escape("exceeds the largest float; ask for exact=True")):
        MarchenkoPastur(1, 1e30).moments(12)
    assert MarchenkoPastur(1, 1e30).moments(12, exact=True)[11] > 10**360


def test_numpy_scalars_become_numbers():
    law = MarchenkoPastur(np.float64(0.5), np.int64(2))
    assert repr(law) == "MarchenkoPastur(ratio=0.5, variance=2)"
    assert law == MarchenkoPastur(0.5, 2)
