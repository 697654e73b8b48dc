"""Spikes, Rosenzweig-Porter matrices and two covariances: places of outliers, neighbours, exact moments."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import rmt

LIMIT = 6.0


def z_score(values, expectation: float) -> float:
    values = np.asarray(values, dtype=float)
    return float(abs(values.mean() - expectation) / (values.std(ddof=1) / math.sqrt(values.size)))


# ---------------------------------------------------------------------- spikes
@pytest.mark.parametrize("field", ["real", "complex"])
def test_spiked_wigner(field: str):
    """θ + 1/θ up to O(1/n), fluctuations of variance 2(1 − θ⁻²)/(βn), and the overlap 1 − θ⁻²."""
    n, theta, trials = 300, 2.0, 60
    ensemble = rmt.spiked_wigner((theta, 0.5), field=field)
    (found,) = ensemble.outliers()
    assert (found.position, found.overlap) == pytest.approx((theta + 1 / theta, 1 - theta**-2), rel=1e-12)
    top, overlaps = [], []
    for seed in range(trials):
        values, vectors = np.linalg.eigh(ensemble.sample(n, rng=np.random.default_rng(seed)))
        top.append(values[-1])
        overlaps.append(abs(vectors[0, -1]) ** 2)
        assert values[-2] < 2.2
    spread = math.sqrt(2 * (1 - theta**-2) / (ensemble.beta * n))
    assert abs(np.mean(top) - found.position) < LIMIT * spread / math.sqrt(trials) + 3 / n
    assert abs(np.mean(top) - theta) > 0.2
    assert abs(np.mean(overlaps) - found.overlap) < 0.03
    assert np.std(top) == pytest.approx(spread, rel=0.6)


def test_spiked_wishart():
    n, ell, ratio, trials = 200, 4.0, 0.5, 60
    ensemble = rmt.spiked_wishart((ell, 1.2), ratio=ratio)
    (found,) = ensemble.outliers()
    assert found.position == pytest.approx(ell + ratio * ell / (ell - 1), rel=1e-12)
    top = ensemble.eigenvalues(n, rng=0, trials=trials)[:, -1]
    m = n / ratio
    spread = ell * math.sqrt(2 * (1 - ratio / (ell - 1) ** 2) / m)  # Baik and Silverstein; Paul 2007
    assert abs(top.mean() - found.position) < LIMIT * spread / math.sqrt(trials) + 10 / n
    assert abs(top.mean() - ell) > LIMIT * spread / math.sqrt(trials) + 10 / n
    # E tr S = tr Σ, exactly
    traces = [np.trace(ensemble.sample(20, rng=np.random.default_rng(s))) for s in range(2000)]
    assert z_score(traces, 20 + (ell - 1) + 0.2) < LIMIT
    assert z_score(traces, 20) > LIMIT
    assert rmt.spiked_wishart((1.2, 1)).outliers() == ()


def test_outliers_are_no_reason_to_reject():
    ensemble = rmt.spiked_wigner((3.0,))
    values = ensemble.eigenvalues(200, rng=1)
    assert rmt.spectra.compare(values, ensemble.law(), ensemble=ensemble).passed
    assert rmt.spectra.compare(values, ensemble.law()).rejected
    assert not rmt.spectra.compare(1.3 * values, ensemble.law(), ensemble=ensemble).passed


# ---------------------------------------------------------------------- Rosenzweig-Porter
def test_rosenzweig_porter_moments():
    """E tr X²/n = E d² + variance of a row, exactly."""
    n = 30
    for gamma, field in ((0.5, "real"), (1.5, "complex")):
        ensemble = rmt.rosenzweig_porter(gamma, rmt.Uniform(-1, 1), field)
        row = n**-gamma * (n - 1 + 2 / ensemble.beta)
        second = [
            float(np.trace(m @ m).real) / n
            for m in (ensemble.sample(n, rng=np.random.default_rng(s)) for s in range(2000))
        ]
        assert z_score(second, 1 / 3 + row) < LIMIT
        assert z_score(second, 1 / 3 + 1.3 * row) > LIMIT


def test_rosenzweig_porter_density():
    """At n the law is the free sum of the diagonal and the coupling: 20 matrices against it and against the limit."""
    ensemble, n, trials = rmt.rosenzweig_porter(1.2), 400, 30
    values = ensemble.eigenvalues(n, rng=2, trials=trials)
    x = np.array([-1.5, -0.5, 0.3, 1.1, 2.0])
    counts = (values[:, :, None] <= x).mean(axis=1)
    error = counts.std(axis=0, ddof=1) / math.sqrt(trials)
    law = ensemble.law_at(n)
    assert (np.abs(counts.mean(axis=0) - law.cdf(x)) / error).max() < LIMIT
    assert (np.abs(counts.mean(axis=0) - ensemble.law().cdf(x)) / error).max() > LIMIT
    assert law.var() == pytest.approx(1 + n**-0.2, rel=1e-9)


def test_neighbours_of_rosenzweig_porter():
    """Repulsion below gamma = 2, none above."""
    for gamma, beta in ((0.8, 1), (3.0, 0)):
        values = rmt.rosenzweig_porter(gamma).eigenvalues(300, rng=3, trials=40)
        means = rmt.spectra.gap_ratios(values, share=0.4).mean(axis=1)
        assert z_score(means, rmt.GapRatio(beta).mean()) < LIMIT
        assert z_score(means, rmt.GapRatio(1 - beta).mean()) > LIMIT


# ---------------------------------------------------------------------- two covariances
@pytest.mark.parametrize("field", ["real", "complex"])
def test_separable_moments(field: str):
    """E tr S and E tr S² at finite n, by Wick's theorem for diagonal A and B."""
    n, m = 8, 16
    population, temporal = rmt.Atomic((1, 3), (0.5, 0.5)), rmt.Atomic((0, 2), (0.5, 0.5))
    ensemble = rmt.separable_covariance(population, temporal, ratio=0.5, field=field)
    a, b = np.repeat([1.0, 3.0], n // 2), np.repeat([0.0, 2.0], m // 2)
    first = a.sum() * b.sum() / m
    same = 1 if field == "real" else 0
    second = ((a**2).sum() * b.sum() ** 2 + a.sum() ** 2 * (b**2).sum() + same * (a**2).sum() * (b**2).sum()) / m**2
    matrices = [ensemble.sample(n, rng=np.random.default_rng(s)) for s in range(3000)]
    assert z_score([np.trace(s).real for s in matrices], first) < LIMIT
    assert z_score([np.trace(s @ s).real for s in matrices], second) < LIMIT
    assert z_score([np.trace(s @ s).real for s in matrices], 1.1 * second) > LIMIT
    # the limits of the same sums are the moments of the law
    mean_a, square_a, mean_b, square_b = 2.0, 5.0, 1.0, 2.0
    law = ensemble.law()
    assert law.moments(2) == pytest.approx(
        (mean_a * mean_b, square_a * mean_b**2 + 0.5 * mean_a**2 * square_b), rel=1e-9
    )


def test_separable_samples():
    ensemble = rmt.separable_covariance(rmt.Uniform(1, 3), rmt.Uniform(0, 2), ratio=0.5)
    values = ensemble.eigenvalues(500, rng=0)
    place = np.arange(1, 501) / 500
    assert np.abs(ensemble.law().cdf(values) - place).max() < 0.015
    # without the temporal covariance
    assert np.abs(rmt.separable_covariance(rmt.Uniform(1, 3), ratio=0.5).law().cdf(values) - place).max() > 0.015
    assert rmt.separable_covariance(ratio=2).law() == rmt.MarchenkoPastur(2)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: rmt.spiked_wigner(()), ValueError, "spikes must hold at least one number, got none"),
        (lambda: rmt.spiked_wigner((0,)), ValueError, "spikes must not be 0"),
        (lambda: rmt.spiked_wigner((2, 3)).sample(1), ValueError, "n must be at least the number of spikes, 2, got 1"),
        (lambda: rmt.spiked_wishart((-1,)), ValueError, "spikes must be a finite real number > 0, got -1"),
        (lambda: rmt.rosenzweig_porter(0.5).law(), ValueError, "gamma must be >= 1 for a limit law, got 0.5"),
        (lambda: rmt.rosenzweig_porter(1.5, 3), TypeError, "diagonal must be a Law, got 3"),
        (
            lambda: rmt.separable_covariance(rmt.Semicircle()),
            ValueError,
            "population must be a law on [0, inf), as that of a covariance, got Semicircle",
        ),
    ],
)
def test_bad_input(make, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        make()
