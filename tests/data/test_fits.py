"""Families of laws fitted to one matrix, matrices without noise, and spectra behind a block."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kstest

import rmt
from rmt.data import decompress, denoise, fit
from rmt.data.denoising import hard_threshold
from rmt.data.family_fit import spike_pull


def marchenko_pastur(c, s):
    return rmt.MarchenkoPastur(c, s)


def wishart_values(rng, n, m, spikes=()):
    A = rng.standard_normal((n, m))
    A[: len(spikes)] *= np.sqrt(np.asarray(spikes, dtype=float))[:, None]
    return np.linalg.eigvalsh(A @ A.T) / m


# ---------------------------------------------------------------------- families
def test_pull_of_a_spike_in_closed_form():
    """Multiplicative: bulk sums of x change by −1 − cℓ/(ℓ − 1). Additive: those of x by θ − ρ."""
    c, spike = 0.5, 4.0
    law, rho = rmt.MarchenkoPastur(c), spike + c * spike / (spike - 1)
    low, high = law.support[0].low, law.support[0].high
    found = spike_pull(law, rho, (low, high), 3, multiplicative=True)
    middle, half = (low + high) / 2, (high - low) / 2
    assert found[0] == pytest.approx((-1 - c * spike / (spike - 1) + middle) / half, rel=1e-12)
    theta = 1.7
    found = spike_pull(rmt.Semicircle(), theta + 1 / theta, (-2, 2), 2, multiplicative=False)
    assert 2 * found[0] == pytest.approx(theta - (theta + 1 / theta), rel=1e-12)


@pytest.mark.long
def test_errors_are_of_order_one_over_n():
    """Coverage by repeated sampling; errors of independent draws would be ten times larger (control)."""
    rng, scores, p_values = np.random.default_rng(0), [], []
    for _ in range(25):
        found = fit(marchenko_pastur, wishart_values(rng, 100, 200), [0.4, 1.2])
        scores.append((found.parameters - [0.5, 1.0]) / found.errors)
        p_values.append(found.p_value)
    scores = np.array(scores)
    assert (abs(scores.mean(axis=0)) < 0.9).all()
    assert ((scores.std(axis=0) > 0.55) & (scores.std(axis=0) < 1.6)).all()
    assert kstest(p_values, "uniform").statistic < 0.45
    independent = math.sqrt(0.5 / 100)  # standard deviation of a mean of independent draws
    assert found.errors[1] < 0.2 * independent


def test_outliers_are_set_aside():
    found = fit(marchenko_pastur, wishart_values(np.random.default_rng(1), 100, 200, (30, 8)), [0.4, 1.2])
    assert found.outliers.size == 2
    assert (abs(found.parameters - [0.5, 1.0]) < 4.5 * found.errors).all()
    assert found.p_value > 1e-4


@pytest.mark.long
def test_a_wrong_family_is_found_out():
    found = fit(lambda m, s: rmt.Semicircle(m, s * s), wishart_values(np.random.default_rng(2), 100, 200), [1.0, 0.7])
    assert found.p_value < 1e-6


def test_parameters_by_name_and_errors_by_simulation():
    def draw(rng, mean, variance):
        A = rng.standard_normal((60, 60))
        return mean + np.linalg.eigvalsh(A + A.T) * math.sqrt(variance / 120)

    values = draw(np.random.default_rng(3), 5.0, 2.0)
    options = {"start": {"mean": 4.0, "variance": 1.0}}
    plain = fit(lambda variance, mean: rmt.Semicircle(mean, variance), values, **options)
    found = fit(
        lambda variance, mean: rmt.Semicircle(mean, variance),
        values,
        **options,
        simulate=draw,
        rng=0,
    )
    assert (abs(found.parameters - [5.0, 2.0]) < 4.5 * found.errors).all()
    np.testing.assert_allclose(found.errors, plain.errors, rtol=0.35)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fit(marchenko_pastur, np.eye(4), [0.5, 1]), ValueError, "one axis"),
        (lambda: fit(marchenko_pastur, [1.0, 2, 3, np.nan], [0.5, 1]), ValueError, "1 NaN"),
        (lambda: fit(marchenko_pastur, [1.0, 2, 3, 4], [0.5, 1]), ValueError, "too few"),
        (lambda: fit(lambda t: 3.0, np.arange(20.0), [0.5]), TypeError, "must return a Law"),
        (lambda: fit(lambda t: rmt.Cauchy(0, t), np.arange(20.0), [0.5]), ValueError, "bounded support"),
        (lambda: decompress(rmt.Semicircle(), 0.5), ValueError, ">= 1"),
        (lambda: decompress(rmt.KestenMcKay(3), 10), ValueError, "power"),
        (lambda: denoise([1.0, 2.0]), ValueError, "two axes"),
        (lambda: denoise([[1.0, np.nan]]), ValueError, "row 0, column 1"),
        (lambda: denoise([[1.0, 2.0]]), ValueError, "pass noise="),
        (lambda: denoise(np.eye(3), loss="l1"), ValueError, "unknown loss"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


# ---------------------------------------------------------------------- denoising
@pytest.mark.parametrize(("loss", "value"), [("frobenius", 1.5), ("operator", 2.0), ("nuclear", 1.0)])
def test_optimal_shrinkage_in_numbers(loss, value):
    """y = 2.5 in a square matrix, noise 1/√n."""
    found = denoise(np.diag([2.5, 0.5, 0.5, 0.5]), noise=0.5, loss=loss)
    assert found.shrunk.tolist() == pytest.approx([value, 0, 0, 0])
    assert found.rank == 1
    assert found.edge == pytest.approx(2.0)


def test_hard_threshold_in_numbers():
    """Unknown noise: ω = λ*/√median, 2.858362424 for square matrices and 2.171185348 for ratio 1/2."""
    assert hard_threshold(1.0) == pytest.approx(4 / math.sqrt(3))
    for ratio, omega in ((1.0, 2.85836242406953321), (0.5, 2.17118534845382796)):
        assert hard_threshold(ratio) / math.sqrt(rmt.MarchenkoPastur(ratio).ppf(0.5)) == pytest.approx(omega, rel=1e-9)


@pytest.mark.parametrize("shape", [(80, 120), (120, 80), (100, 100)])
@pytest.mark.parametrize("kind", [float, complex])
def test_noise_is_estimated_beside_many_spikes(shape, kind):
    rng = np.random.default_rng(4)
    left, right = rng.standard_normal((shape[0], 20)), rng.standard_normal((20, shape[1]))
    noise = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if kind is complex else 0)
    noise *= 2 / math.sqrt(2 if kind is complex else 1)
    signal = 2 * left @ right
    found = denoise(signal + noise)
    assert found.rank == 20
    assert found.noise == pytest.approx(2.0, rel=0.05)
    lost = [np.linalg.norm(found.matrix - signal), np.linalg.norm(denoise(signal + noise, loss="hard").matrix - signal)]
    assert lost[0] < 1.02 * lost[1] < 0.8 * np.linalg.norm(noise)
    median = np.median(np.linalg.svd(signal + noise, compute_uv=False))
    naive = median / math.sqrt(max(shape) * rmt.MarchenkoPastur(min(shape) / max(shape)).ppf(0.5))
    assert naive > 1.1 * found.noise


def test_nothing_but_noise_and_nothing_but_signal():
    rng = np.random.default_rng(5)
    assert np.linalg.norm(denoise(rng.standard_normal((60, 90))).matrix) < 5
    assert not denoise(np.zeros((5, 5))).matrix.any()
    exact = np.outer(np.arange(6.0), np.ones(5))
    np.testing.assert_allclose(denoise(exact, noise=0.0).matrix, exact, atol=1e-12)
    np.testing.assert_array_equal(denoise([[3, 1], [1, 3]], noise=0).rank, 2)


# ---------------------------------------------------------------------- decompression
def test_decompression_undoes_compression():
    for law in (rmt.Semicircle(1, 2), rmt.MarchenkoPastur(0.5), rmt.FreePoisson(2.0, 0.5)):
        block = rmt.compress(law, 0.25)
        found = decompress(block, 4)
        x = np.linspace(*law._hull(), 7)
        np.testing.assert_allclose(found.law.cdf(x), law.cdf(x), atol=1e-9)
        assert found.largest_factor == math.inf


def test_decompression_of_a_measured_block():
    ensemble = rmt.wishart(ratio=0.5)
    block = ensemble.sample(600, rng=6)[:200, :200]
    found = decompress(np.linalg.eigvalsh(block), 3)
    law = ensemble.law()
    x = np.linspace(*law._hull(), 21)
    assert np.abs(found.law.cdf(x) - law.cdf(x)).max() < 0.03
    assert np.abs(found.block.cdf(x) - law.cdf(x)).max() > 0.05  # control
    assert found.fitted.p_value > 1e-4


def test_range_of_decompression():
    """A block of a projection: at most to the factor at which two atoms are left."""
    block = np.linalg.eigvalsh(rmt.projection(0.5).sample(800, rng=7)[:200, :200])
    found = decompress(block, 2)
    assert 3 < found.largest_factor < 5  # exactly 4
    with pytest.raises(ValueError, match="at most"):
        decompress(block, 6)
