"""Verdicts on expressions, by the limit covariances of the traces of their powers."""

import numpy as np
import pytest
from scipy import stats

import rmt
from rmt.ensembles.fluctuations import WordFluctuations
from rmt.spectra import compare


def gue_sum():
    return rmt.gue() + rmt.gue()


def unitary_sum():
    u = rmt.haar_unitary()
    return u + u.H


def triple():
    p = rmt.projection(0.5, field="complex")
    return p @ rmt.projection(0.25, field="complex") @ p


COMPLEX = {
    "gue + gue": gue_sum,
    "gue + wishart": lambda: rmt.gue() + rmt.wishart(0.5, field="complex"),
    "u + u*": unitary_sum,
    "pqp": triple,
}


def shares(make, n, seeds, change=1.0):
    expression = make()
    law = expression.law()
    values = change * np.atleast_2d(expression.eigenvalues(n, rng=4, trials=seeds))
    return [compare(v, law, ensemble=expression, statistics="shape") for v in values]


@pytest.mark.parametrize("name", COMPLEX)
def test_sums_of_complex_expressions_are_calibrated(name):
    """60 draws at n = 40: more than 10 rejections at a true rate of 3 % come once in 2e6."""
    found = shares(COMPLEX[name], 40, 60)
    assert all(result.passed is not None for result in found)
    assert sum(result.rejected for result in found) <= 10
    wrong = shares(COMPLEX[name], 40, 10, 1.25)
    assert sum(result.rejected for result in wrong) >= 8


def test_the_sum_of_two_gues_is_a_gue():
    """The covariances of √2 X, which are known exactly at every n."""
    law = rmt.Semicircle(variance=2)
    words = gue_sum().fluctuations().predict(law, 400).sums
    exact = rmt.gue().fluctuations().predict(rmt.Semicircle(), 400).sums
    np.testing.assert_allclose(words.covariance, exact.covariance, atol=1e-4)
    np.testing.assert_allclose(words.mean, exact.mean, atol=0.01)
    p_values = [result.p_value for result in shares(gue_sum, 60, 150)]
    assert stats.kstest(p_values, "uniform").pvalue > 1e-6
    assert stats.kstest([r.p_value for r in shares(gue_sum, 60, 150, 1.02)], "uniform").pvalue < 1e-6  # control


@pytest.mark.parametrize(
    "make",
    [
        lambda: rmt.goe() + rmt.wishart(0.3),
        lambda: rmt.projection(0.3) + rmt.projection(0.2),
        lambda: rmt.goe() + rmt.haar_conjugate(rmt.diagonal(rmt.Uniform())),
    ],
)
def test_biased_means_are_allowed_and_more_is_not(make):
    for n in (20, 43):
        assert not any(result.rejected for result in shares(make, n, 20))
    assert all(result.rejected for result in shares(make, 200, 3, 1.15))
    assert "may be that of n = 43" in shares(make, 43, 1)[0].parts[0].text


def test_variables_without_covariances_leave_the_spread():
    expression = rmt.wigner("rademacher") + rmt.wishart(0.5)
    known = expression.fluctuations()
    assert isinstance(known, WordFluctuations)
    assert "no limit covariances are known" in known.predict(expression.law(), 50).sums
    values = expression.eigenvalues(50, rng=0, trials=10)
    assert compare(values, expression.law(), ensemble=expression).passed
    assert compare(1.2 * values, expression.law(), ensemble=expression).rejected
