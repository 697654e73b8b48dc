"""Fits of the noise, tests of outliers, and the way back to population spikes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kstest

import rmt
from rmt.data import (
    fit_marchenko_pastur,
    is_outlier,
    number_of_components,
    parallel_analysis,
    population_spike,
    sample_spectrum,
)
from rmt.data.outlier_test import _p_value, _ratio_law, _two
from rmt.data.spike_map import spike_value
from rmt.laws import WishartLargest


def wishart_spectra(n, m, trials, rng, spikes=()):
    """Eigenvalues of A Aᵀ/m, ascending, one row a matrix."""
    A = rng.standard_normal((trials, n, m))
    A[:, : len(spikes)] *= np.sqrt(np.asarray(spikes, dtype=float))[:, None]
    return np.linalg.eigvalsh(A @ A.transpose(0, 2, 1)) / m


# ---------------------------------------------------------------------- fit
@pytest.mark.parametrize(("spikes", "n", "m"), [((), 60, 120), ((5, 10, 60), 50, 100), ((30, 40), 80, 60)])
def test_standard_errors_of_the_fit(spikes, n, m):
    """σ̂² and m̂ are unbiased, and scatter as they say; without the pull of the spikes σ² is 4 % low (control)."""
    spectra = wishart_spectra(n, m, 100, np.random.default_rng(11), spikes)
    fits = [fit_marchenko_pastur(values, ratio=n / m) for values in spectra]
    assert np.mean([fit.count == len(spikes) for fit in fits]) > 0.95
    score = np.array([(fit.variance - 1) / fit.variance_error for fit in fits])
    assert abs(score.mean()) < 0.5
    assert 0.75 < score.std() < 1.3
    naive = [(fit.bulk.sum() / (n - fit.count) - 1) / fit.variance_error for fit in fits]
    assert abs(np.mean(naive)) > 1 or not spikes
    if n < m:
        free = [fit_marchenko_pastur(values) for values in spectra]
        score = np.array([(fit.ratio - n / m) / fit.ratio_error for fit in free])
        assert abs(np.median(score)) < 0.5
        assert 0.75 < score.std() < 1.35


def test_information_is_that_of_the_likelihood():
    """Standard errors of a clean matrix in closed form: asymptotic √(2/(−log(1 − c) − c)) c²/n, and σ² √(2/nm)."""
    fit = fit_marchenko_pastur(wishart_spectra(200, 400, 1, np.random.default_rng(0))[0])
    assert fit.ratio_error == pytest.approx(0.0040094, rel=0.08)
    assert fit.variance_error == pytest.approx(0.005, rel=0.02)
    c = fit.ratio
    assert fit.ratio_error == pytest.approx(c * c / 200 * math.sqrt(2 / (-math.log1p(-c) - c)), rel=0.01)


def test_p_values_of_the_fit_are_uniform():
    rng = np.random.default_rng(4)
    noise = [fit_marchenko_pastur(v, ratio=0.4).p_value for v in wishart_spectra(60, 150, 200, rng)]
    assert kstest(noise, "uniform").statistic < 0.15
    X = rng.standard_normal((20, 150, 60)) * np.sqrt(np.r_[np.ones(30), 2 * np.ones(30)])
    wrong = [fit_marchenko_pastur(np.linalg.eigvalsh(x.T @ x / 150), ratio=0.4).p_value for x in X]
    assert np.median(wrong) < 1e-3


def test_correlation_matrix_with_a_market_mode():
    rng = np.random.default_rng(7)
    fits, pure = [], []
    for _ in range(60):
        market = rng.standard_normal((300, 1))
        X = 1.2 * market + rng.standard_normal((300, 100))
        fits.append(
            fit_marchenko_pastur(sample_spectrum(X, correlation=True).eigenvalues, samples=299, correlation=True)
        )
        noise = sample_spectrum(rng.standard_normal((300, 100)), correlation=True)
        pure.append(fit_marchenko_pastur(noise.eigenvalues, correlation=True))
    assert {fit.count for fit in fits} == {1}
    assert fits[0].spikes[0] > 30 * fits[0].edge
    assert np.mean([fit.variance for fit in fits]) == pytest.approx(1 / (1 + 1.44), rel=0.02)
    assert {round(fit.variance, 9) for fit in pure if fit.count + fit.low_spikes.size == 0} == {1.0}
    assert all(fit.variance_error == 0 for fit in pure if fit.count + fit.low_spikes.size == 0)
    # the number of rows from eigenvalues alone; the formulas of a covariance matrix are off by more than an error
    score = np.array([(fit.ratio - 100 / 299) / fit.ratio_error for fit in pure])
    assert abs(score.mean()) < 0.6
    assert 0.7 < score.std() < 1.4
    wrong = [fit_marchenko_pastur(np.r_[fit.low_spikes, fit.bulk, fit.spikes]).ratio for fit in pure[:20]]
    assert abs(np.mean((np.array(wrong) - 100 / 299) / pure[0].ratio_error)) > 1
    p_values = [fit.p_value for fit in pure]
    assert kstest(p_values, "uniform").statistic < 0.3


def test_noise_that_is_correlated_in_time():
    """Edges of the noise law (Burda et al. 2010); without the correlation noise counts as signal (control)."""
    law = rmt.sample_covariance([1.0], 0.5, temporal=0.5)
    assert (law.support[0].low, law.support[0].high) == pytest.approx(
        (0.057521737804469872455, 4.0430333589673714216), rel=1e-11
    )
    rng, a = np.random.default_rng(3), 0.5
    X = np.empty((400, 200))
    X[0] = rng.standard_normal(200)
    for t in range(1, 400):
        X[t] = a * X[t - 1] + math.sqrt(1 - a * a) * rng.standard_normal(200)
    values = sample_spectrum(1.5 * X, centred=True).eigenvalues
    fit = fit_marchenko_pastur(values, ratio=0.5, temporal=a)
    assert fit.count == 0
    assert abs(fit.variance - 2.25) < 5 * fit.variance_error
    assert fit_marchenko_pastur(values, ratio=0.5).count > 5
    assert fit.distance < math.log(200) / 200
    given = fit_marchenko_pastur(
        values, ratio=0.5, temporal=np.linalg.eigvalsh(a ** np.abs(np.subtract.outer(range(60), range(60))))
    )
    assert given.variance == pytest.approx(fit.variance, rel=1e-9)
    assert given.edge == pytest.approx(fit.edge, rel=0.02)
    with pytest.raises(ValueError, match="the ratio must be known"):
        fit_marchenko_pastur(values, temporal=a)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([1.0, 2.0, math.nan, 3.0], {}, "nan at position 2"),
        (np.eye(4), {}, "a square array is a matrix"),
        ([1.0, 1.0, 1.0, 1.0], {}, "all equal"),
        ([-1.0, 1.0, 2.0, 3.0], {}, "rounding does not explain"),
        ([1.0, 2.0, 3.0, 4.0], {"ratio": 2.0}, "its inverse"),
        ([1.0, 2.0, 3.0, 4.0], {"correlation": True}, "trace n = 4"),
        ([1.0, 2.0, 3.0, 4.0], {"ratio": 0.5, "samples": 8}, "not both"),
        ([1.0, 2.0], {}, "at least 4 numbers"),
    ],
)
def test_what_the_fit_refuses(values, options, message):
    with pytest.raises(ValueError, match=message):
        fit_marchenko_pastur(values, **options)


# ---------------------------------------------------------------------- tests
def test_p_values_under_noise():
    """Uniform with known and with estimated variance; without Nadler's correction they are not (control)."""
    n, m = 20, 40
    W = wishart_spectra(n, m, 4000, np.random.default_rng(5))
    largest, relative = W[:, -1], W[:, -1] / W.mean(axis=1)
    assert kstest(WishartLargest(1, n, m).sf(largest), "uniform").statistic < 0.035
    levels = np.array([_p_value(t, 1.0, n, m, True, "auto")[0] for t in relative])
    assert kstest(levels, "uniform").statistic < 0.035
    assert kstest(WishartLargest(1, n, m).sf(relative), "uniform").statistic > 0.04


def test_two_variables_in_closed_form():
    """The deconvolution of the exact law against (λ₁ − λ₂)/(λ₁ + λ₂) of two variables."""
    law = WishartLargest(1, 2, 10)
    for t in (1.1, 1.3, 1.5, 1.7):
        assert _ratio_law(law, 10.0, t, 2) == pytest.approx(_two(t, 1, 10), abs=6e-3)


def test_estimated_variance_in_the_tail():
    rng = np.random.default_rng(8)
    W = wishart_spectra(10, 20, 40000, rng)
    relative = W[:, -1] / W.mean(axis=1)
    law = WishartLargest(1, 10, 20)
    for t in (3.0, 3.3, 3.5):
        expected = _ratio_law(law, 100.0, t, 10)
        assert abs((relative > t).mean() - expected) < 6 * math.sqrt(expected / 40000)


def test_sequential_level_after_three_components():
    """Noise of (n − k, m − k): about the level; with (n − k, m) far below it (control)."""
    W = wishart_spectra(50, 100, 1500, np.random.default_rng(6), (5, 10, 60))
    fourth = [is_outlier(w[46], w[:47], samples=97, dimension=47).outlier for w in W]
    assert 0.02 < np.mean(fourth) < 0.065
    wrong = [is_outlier(w[46], dimension=47, samples=100, variance=1.0).outlier for w in W]
    assert np.mean(wrong) < 0.03
    assert number_of_components(W[0], samples=100).count == 3
    assert is_outlier(W[0, 46], W[0], samples=100).p_value == is_outlier(W[0, 46], W[0, :47], samples=97).p_value


def test_power():
    W = wishart_spectra(30, 60, 100, np.random.default_rng(9), (4,))
    assert np.mean([bool(is_outlier(w[-1], w, samples=60)) for w in W]) > 0.9


def test_parallel_analysis_deflates():
    rng = np.random.default_rng(10)
    X = rng.standard_normal((150, 40))
    X += 3 * rng.standard_normal((150, 1)) + np.outer(rng.standard_normal(150), np.r_[np.ones(20), -np.ones(20)])
    assert parallel_analysis(X, rng=1, permutations=60).count == 2
    assert parallel_analysis(rng.standard_normal((150, 40)), rng=1, permutations=60).count <= 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: is_outlier(3.0, samples=10), "pass all eigenvalues"),
        (lambda: is_outlier(7.0, [1.0, 2.0, 3.0], samples=10), "one of the eigenvalues"),
        (lambda: is_outlier(1.0, [1.0, 2.0, 3.0], samples=10), "its own mean"),
        (lambda: is_outlier(3.0, [1.0, 2.0, 3.0], samples=10, method="exakt"), "did you mean 'exact'"),
        (lambda: parallel_analysis([[1.0, math.nan], [2.0, 3.0]]), "row 0, column 1"),
        (lambda: population_spike(2.0, ratio=0.5), "inside the noise|outside the noise"),
        (lambda: population_spike(5.0), "pass the ratio"),
    ],
)
def test_what_the_tests_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---------------------------------------------------------------------- spikes
@pytest.mark.parametrize(
    ("observed", "ratio", "samples", "value", "overlap", "error"),
    [
        (4, 0.5, 400, 3.2807764064044151375, 0.74135871120772649055, 0.24400895140116051403),
        (10, 2, 300, 7.7015621187164243432, 0.73585916529403338878, 0.6433173328709691934),
    ],
)
def test_inverse_spike_map(observed, ratio, samples, value, overlap, error):
    found = population_spike(observed, ratio, samples=samples)
    assert (found.value, found.overlap, found.error) == pytest.approx((value, overlap, error), rel=1e-14)
    scaled = population_spike(3.0 * observed, ratio, variance=3.0, samples=samples)
    assert (scaled.value, scaled.error) == pytest.approx((3 * value, 3 * error), rel=1e-14)
    by_law = population_spike(observed, law=rmt.MarchenkoPastur(ratio))
    assert (by_law.value, by_law.overlap) == pytest.approx((value, overlap), rel=1e-9)


def test_spikes_above_and_below():
    spikes, c = np.array([0.05, 0.2, 1.9, 50.0]), 0.3
    observed = spikes + c * spikes / (spikes - 1)
    np.testing.assert_allclose(spike_value(observed, c), spikes, rtol=1e-12)
    additive = population_spike([-2.5, 2.5], law=rmt.Semicircle(), perturbation="additive")
    np.testing.assert_allclose(additive.value, [-2.0, 2.0], rtol=1e-12)


def test_standard_error_of_a_spike_is_covered():
    W = wishart_spectra(40, 80, 400, np.random.default_rng(12), (6,))
    found = population_spike(W[:, -1], 0.5, samples=80)
    score = (found.value - 6) / np.median(found.error)
    assert 0.8 < score.std() < 1.2
    inside = (found.interval[0] < 6) & (found.interval[1] > 6)
    assert inside.mean() > 0.9


# ---------------------------------------------------------------------- data matrices
def test_sample_spectrum_of_any_shape():
    rng = np.random.default_rng(13)
    for rows, columns in ((30, 10), (10, 10), (7, 20), (5, 1)):
        X = rng.standard_normal((rows, columns)) + 5
        found = sample_spectrum(X)
        np.testing.assert_allclose(found.matrix(), np.atleast_2d(np.cov(X.T)), atol=1e-12)
        assert (found.eigenvalues == 0).sum() == max(0, columns - rows + 1)
    single = sample_spectrum(X.astype(np.float32).repeat(3, axis=1))
    assert (single.eigenvalues == 0).sum() == 2
    constant = sample_spectrum(np.c_[X, np.full(5, 0.1)], correlation=True)
    assert constant.kept.tolist() == [0]


def test_sample_spectrum_of_other_containers():
    pandas = pytest.importorskip("pandas")
    X = np.arange(12).reshape(6, 2) ** 2
    for other in (pandas.DataFrame(X), X.tolist(), X.astype(np.int8)):
        np.testing.assert_allclose(
            sample_spectrum(other).eigenvalues, np.linalg.eigvalsh(np.cov(np.asarray(other).T)), rtol=1e-10, atol=1e-12
        )
    with pytest.raises(TypeError, match="masked"):
        sample_spectrum(np.ma.masked_array(X, X == 4))
    with pytest.raises(TypeError, match="real numbers"):
        sample_spectrum(pandas.DataFrame({"a": ["x", "y"]}))
    with pytest.raises(ValueError, match="nan at row 1, column 0"):
        sample_spectrum(pandas.DataFrame({"a": [1.0, None]}))
