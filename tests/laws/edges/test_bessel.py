"""The hard edge: closed forms, exact finite-n laws, a of every size."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from edge_references import rows
from laws.law_suite import run
from scipy.special import iv

from rmt.laws import BesselEdge, WishartSmallest


@pytest.mark.parametrize("law", [BesselEdge(2, 0.5), BesselEdge(1, 0), BesselEdge(1, 3)], ids=repr)
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


@pytest.mark.parametrize("beta", [1, 2])
@pytest.mark.parametrize("a", [2, 4])
def test_shifted_scale_is_second_order(beta: int, a: int):
    """4 ν λ_min, ν = n + (a + 1)/2 − 1/β, at n = 20; 4 n λ_min, the negative control, is much worse."""
    n = 20
    shifted = n + 0.5 * (a + 1) - 1 / beta
    law, exact = BesselEdge(beta, a), WishartSmallest(beta, n, n + a)
    x = law.ppf(np.linspace(0.02, 0.98, 25))
    errors = [np.abs(exact.cdf(x / (4 * nu * (n + a))) - law.cdf(x)).max() for nu in (shifted, n)]
    assert errors[0] <= 4e-3
    assert errors[1] >= 5.0 * errors[0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3, 0), ValueError, "beta must be 1 or 2, got 3; for others sample rmt.laguerre(beta, a=a).smallest(n)"),
        ((0, 0), ValueError, "beta must be a finite real number > 0, got 0"),
        ((2, -1), ValueError, "a must be a finite real number > -1, got -1"),
        ((2, 1000), ValueError, "a must be <= 400, got 1000"),
        ((2, None), TypeError, "a must be a finite real number > -1, got None"),
    ],
)
def test_bad_input(arguments, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        BesselEdge(*arguments)
