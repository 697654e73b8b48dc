"""Tracy-Widom laws of any beta, from the boundary value problem."""

from __future__ import annotations

import math

import numpy as np
import pytest
from cases import long_beyond
from edge_references import rows
from laws.law_suite import check_density_is_derivative, check_quantiles, check_tails_complement

from rmt.laws import TracyWidom
from rmt.laws.edges.stochastic_airy import airy_curve


def probabilities(beta: float, x: np.ndarray) -> tuple[np.ndarray, float]:
    """The computed law where there is a table, too."""
    curve = airy_curve(beta)
    tails = curve.log_tails(x)
    return np.where(tails.lower, np.exp(tails.value), -np.expm1(tails.value)), curve.error


def test_agrees_with_the_determinants_within_its_own_error():
    x = np.linspace(-7.0, 4.0, 60)
    values, error = probabilities(2.0, x)
    assert error <= 1e-8
    difference = np.abs(values - TracyWidom(2).cdf(x))
    assert difference.max() <= error
    # a bound that the law of another beta exceeds by far
    assert np.abs(values - TracyWidom(1).cdf(x)).max() > 1e6 * error


def test_left_tail_is_relative_and_both_ends_join_their_asymptotics():
    curve, exact = airy_curve(2.0), TracyWidom(2)
    x = np.array([-8.0, -7.0, -6.0, -9.0, -12.0, -16.0])
    np.testing.assert_allclose(curve.log_tails(x).value, exact.logcdf(x), rtol=3e-5)
    x = np.array([3.0, 4.0, 5.0, 7.0])
    np.testing.assert_allclose(curve.log_tails(x).value, exact.logsf(x), rtol=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("beta", [6.0, 0.5])
def test_published_values(beta: float):
    law = TracyWidom(beta)
    for row in rows("tw-cdf"):
        if row["inputs"][0] == beta:
            value, error = law.cdf(row["inputs"][1], return_error=True)
            assert error <= 2e-8
            assert value == pytest.approx(float(row["value"]), abs=10.0 ** -row["digits"] + 1e-9)
    check_density_is_derivative(law)
    check_quantiles(law)
    check_tails_complement(law)
    assert math.isfinite(law.mean())
    assert law.pdf(0.3, return_error=True)[1] < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("beta", long_beyond([0.2, 20.0], 1))
def test_ends_of_the_range(beta: float):
    """Against sampled edges: the mean of n^(2/3)(λ_max − 2) with n^(−1/3) left in it."""
    import rmt

    law = TracyWidom(beta)
    assert law.cdf(0.0, return_error=True)[1] <= 1e-8
    n, trials = 10**5, 1000
    sample = n ** (2.0 / 3.0) * (rmt.hermite(beta).largest(n, rng=1, trials=trials)[:, 0] - 2.0)
    # five standard errors and the first correction, of relative size n^(-1/3)
    slack = 5.0 * law.std() / math.sqrt(trials) + n ** (-1.0 / 3.0) * (1.0 + 2.0 / beta)
    assert abs(sample.mean() - law.mean()) <= slack
    assert abs(sample.mean() - TracyWidom(1).mean()) > 2.0 * slack
