"""Exact means and covariances of power sums at finite n, against closed forms, each other, and small matrices."""

import math

import numpy as np
import pytest

import rmt
from rmt.spectra.verdict.families import chebyshev_coefficients
from rmt.spectra.verdict.power_sums import (
    HermiteVariables,
    JacobiVariables,
    LaguerreVariables,
    power_sum_covariance,
    power_sum_means,
)


@pytest.mark.parametrize("n", [1, 2, 7, 50])
def test_gaussian_means(n):
    """Harer and Zagier (1986) for beta = 2; Goulden and Jackson (1997) for beta = 1: 2 + 5/n + 5/n²."""
    np.testing.assert_allclose(power_sum_means(HermiteVariables(2, n)) / n, [0, 1, 0, 2 + 1 / n**2], rtol=1e-13)
    expected = [0, 1 + 1 / n, 0, 2 + 5 / n + 5 / n**2]
    np.testing.assert_allclose(power_sum_means(HermiteVariables(1, n)) / n, expected, rtol=1e-13)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 5), (6, 4.5 + 2), (20, 30)])
def test_wishart_means(n, m):
    """Complex: E Tr W² = n (1 + n/m), E Tr W³ = n (1 + 3c + c² + 1/m²) (Hanlon, Stanley and Stembridge 1992)."""
    means = power_sum_means(LaguerreVariables(2, n, m))
    c = n / m
    np.testing.assert_allclose(means[:3] / n, [1, 1 + c, 1 + 3 * c + c * c + 1 / m**2], rtol=1e-13)
    real = power_sum_means(LaguerreVariables(1, n, m))
    np.testing.assert_allclose(real[:2] / n, [1, 1 + c + 1 / m], rtol=1e-13)


def test_sums_of_two_sufficient_statistics():
    """Tr X is normal and Tr X² is χ² in the Gaussian ensemble, Tr W in the Wishart one."""
    n, beta = 9, 1.7
    covariance = power_sum_covariance(HermiteVariables(beta, n))
    degrees, scale = n + beta * n * (n - 1) / 2, 2 / (beta * n)
    assert covariance[0, 0] == pytest.approx(n * scale, rel=1e-13)
    assert covariance[1, 1] == pytest.approx(2 * degrees * scale**2, rel=1e-13)
    assert covariance[0, 2] == pytest.approx(3 * power_sum_means(HermiteVariables(beta, n))[1] * scale, rel=1e-12)
    assert power_sum_covariance(LaguerreVariables(beta, 5, 8.5))[0, 0] == pytest.approx(2 * 5 / (beta * 8.5), rel=1e-13)


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_covariances_tend_to_those_of_chebyshev_polynomials(beta):
    """Johansson (1998): Cov(Σ T_j, Σ T_k) -> δ_jk k/(2β), with a correction of order 1/n that two sizes take away."""
    low, high = (1 - math.sqrt(0.5)) ** 2, (1 + math.sqrt(0.5)) ** 2
    for make, ends in (
        (lambda n: HermiteVariables(beta, n), (-2.0, 2.0)),
        (lambda n: LaguerreVariables(beta, n, 2 * n), (low, high)),
        (lambda n: JacobiVariables(beta, n, 0, 0), (0.0, 1.0)),
    ):
        table = chebyshev_coefficients(*ends)[:, 1:]
        half, whole = (table @ power_sum_covariance(make(n)) @ table.T for n in (200, 400))
        np.testing.assert_allclose(2 * whole - half, np.diag(np.arange(1, 5) / (2 * beta)), atol=8e-3)


def test_one_beta_variable():
    """At n = 1 the Jacobi ensemble is a beta variable."""
    a, b = 1.5 * 2, 1.5 * 3.5
    moments = [math.prod((a + j) / (a + b + j) for j in range(k)) for k in range(1, 9)]
    variables = JacobiVariables(3, 1, 1.0, 2.5)
    np.testing.assert_allclose(power_sum_means(variables), moments[:4], rtol=1e-13)
    covariance = [[moments[j + k + 1] - moments[j] * moments[k] for k in range(4)] for j in range(4)]
    np.testing.assert_allclose(power_sum_covariance(variables), covariance, rtol=1e-10)


@pytest.mark.parametrize(
    ("variables", "ensemble", "n"),
    [
        (HermiteVariables(0.7, 4), rmt.hermite(0.7), 4),
        (LaguerreVariables(1, 4, 7.5), rmt.laguerre(1, a=3.5), 4),
        (JacobiVariables(2, 4, 1, 2.5), rmt.jacobi(2, 1, 2.5), 4),
    ],
    ids=repr,
)
def test_against_samples(variables, ensemble, n):
    """4000 draws, seven standard errors; the variances by those of squared deviations."""
    values = ensemble.eigenvalues(n, rng=0, trials=4000)
    sums = np.array([(values**k).sum(axis=1) for k in range(1, 5)])
    means, covariance = power_sum_means(variables), power_sum_covariance(variables)
    centred = sums - means[:, None]
    assert np.all(np.abs(centred.mean(axis=1)) < 7 * centred.std(axis=1) / math.sqrt(4000))
    for j in range(4):
        for k in range(j + 1):
            product = centred[j] * centred[k]
            assert abs(product.mean() - covariance[j, k]) < 7 * product.std() / math.sqrt(4000)


def test_frozen_eigenvalues_do_not_fluctuate():
    zeros = rmt.hermite(math.inf).eigenvalues(12)
    variables = HermiteVariables(math.inf, 12)
    np.testing.assert_allclose(power_sum_means(variables), [(zeros**k).sum() for k in range(1, 5)], atol=1e-12)
    np.testing.assert_allclose(power_sum_covariance(variables), 0.0, atol=1e-12)
