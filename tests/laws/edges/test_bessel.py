"""The hard edge: closed forms, exact finite-n laws, a of every size."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from cases import long_beyond
from edge_references import rows
from laws.law_suite import run
from scipy.special import iv
from scipy.stats import kstest

import rmt
from rmt.laws import BesselEdge, WishartSmallest


@pytest.mark.parametrize("law", [BesselEdge(2, 0.5), BesselEdge(1, 0), BesselEdge(1, 3), BesselEdge(4, 1)], ids=repr)
def test_law_suite(law: BesselEdge):
    run(law)


def test_reference_values():
    for row in rows("bessel2"):
        law = BesselEdge(2, float(row["inputs"]["a"]))
        assert law.sf(float(row["inputs"]["s"])) == pytest.approx(float(row["value"]), rel=1e-13), row
    for row in rows("bessel1"):  # 4 n² λ_min
        assert BesselEdge(1, 0).cdf(4 * float(row["inputs"]["x"])) == pytest.approx(float(row["value"]), rel=1e-13)


def test_closed_forms():
    s = np.geomspace(1e-12, 60.0, 40)
    np.testing.assert_allclose(BesselEdge(2, 0).sf(s), np.exp(-s / 4), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(BesselEdge(1, 0).sf(s), np.exp(-s / 8 - np.sqrt(s) / 2), rtol=1e-13, atol=1e-14)
    exact = np.log(-np.expm1(-s / 8 - np.sqrt(s) / 2))  # relative digits down to 0
    np.testing.assert_allclose(BesselEdge(1, 0).logcdf(s), exact, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(BesselEdge(2, 0).cdf(s), -np.expm1(-s / 4), rtol=1e-13)
    np.testing.assert_allclose(BesselEdge(2, 0).pdf(s), np.exp(-s / 4) / 4, rtol=1e-11, atol=1e-13)
    # real, one more sample than dimensions: exponential (beta (a + 1)/2 = 1)
    np.testing.assert_allclose(BesselEdge(1, 1).sf(s), np.exp(-s / 8), rtol=1e-13, atol=1e-14)
    # complex, integer a: Forrester and Hughes (1994)
    for a in (2, 3, 5):
        for x in (1.0, 9.0, 40.0):
            order = np.subtract.outer(np.arange(a), np.arange(a))
            exact = math.exp(-x / 4) * np.linalg.det(iv(order, math.sqrt(x)))
            assert BesselEdge(2, a).sf(x) == pytest.approx(exact, rel=1e-11, abs=1e-14)


def test_far_tail_continues():
    """Beyond the table: log survival −s/4 + a √s − (a²/4) log s + constant for beta = 2."""
    law = BesselEdge(2, 2)
    s = 400.0
    order = np.subtract.outer(np.arange(2), np.arange(2))
    exact = -s / 4 + math.log(np.linalg.det(iv(order, math.sqrt(s))))
    assert law.logsf(s) == pytest.approx(exact, rel=5e-3)


@pytest.mark.long
def test_quaternion_matrices():
    """Beta (a + 1)/2 = 1: exponential. Where V is not square integrable, a <= −1/2, it is continued: no step there."""
    s = np.geomspace(1e-6, 40.0, 25)
    np.testing.assert_allclose(BesselEdge(4, -0.5).sf(s), np.exp(-s / 2), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(BesselEdge(4, -0.5).cdf(s), -np.expm1(-s / 2), rtol=1e-6)
    a = -0.45 + 1e-3 * np.arange(-4, 5)  # the two formulas meet at a = −0.45
    values = np.array([BesselEdge(4, float(b)).sf(2.0) for b in a])
    np.testing.assert_allclose(np.diff(values, 3), 0, atol=1e-8)
    # a power at 0, of exponent β(a + 1)/2, also next to a = −1, where the matrix becomes singular
    for a, exponent in ((-0.99, 0.02), (-0.7, 0.6), (0.5, 3.0)):
        assert BesselEdge(4, a).cdf(1e-4) / BesselEdge(4, a).cdf(1e-5) == pytest.approx(10**exponent, rel=1e-3)


@pytest.mark.parametrize("a", long_beyond([0, -0.8, 3], 1))
def test_exact_laws_tend_to_the_hard_edge(a: float):
    """Samples of the bidiagonal model at n = 300; the edge of a + 0.3, and of beta = 2, are refuted."""
    n = 300
    draws = rmt.laguerre(4, a=a).smallest(n, rng=1, trials=3000)[:, 0]
    scaled = 4 * (n + 0.5 * (a + 1) - 0.25) * (n + a) * draws
    assert kstest(BesselEdge(4, a).cdf(scaled), "uniform").pvalue > 1e-7
    assert kstest(BesselEdge(4, a + 0.3).cdf(scaled), "uniform").pvalue < 1e-9
    assert kstest(BesselEdge(2, a).cdf(scaled), "uniform").pvalue < 1e-9


@pytest.mark.parametrize("beta", [1, 2, 4])
@pytest.mark.parametrize("a", [2, 4])
def test_shifted_scale_is_second_order(beta: int, a: int):
    """4 ν λ_min, ν = n + (a + 1)/2 − 1/β; 4 n λ_min, the negative control, is much worse."""
    n = 40 if beta == 4 else 20
    shifted = n + 0.5 * (a + 1) - 1 / beta
    law, exact = BesselEdge(beta, a), WishartSmallest(beta, n, n + a)
    x = law.ppf(np.linspace(0.02, 0.98, 25))
    errors = [np.abs(exact.cdf(x / (4 * nu * (n + a))) - law.cdf(x)).max() for nu in (shifted, n)]
    assert errors[0] <= 4e-3
    assert errors[1] >= 5.0 * errors[0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((4, 300), ValueError, "a must be <= 200, got 300"),
        ((3, 0), ValueError, "beta must be 1, 2 or 4, got 3; for others sample rmt.laguerre(beta, a=a).smallest(n)"),
        ((0, 0), ValueError, "beta must be a finite real number > 0, got 0"),
        ((2, -1), ValueError, "a must be a finite real number > -1, got -1"),
        ((2, 1000), ValueError, "a must be <= 400, got 1000"),
        ((2, None), TypeError, "a must be a finite real number > -1, got None"),
    ],
)
def test_bad_input(arguments, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        BesselEdge(*arguments)
