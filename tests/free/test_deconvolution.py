import math

import numpy as np
import pytest

from rmt.errors import ConvergenceError
from rmt.free import boxplus, boxtimes, sample_covariance
from rmt.free.deconvolution import free_deconvolve, population_spectrum
from rmt.laws import MarchenkoPastur, Semicircle
from rmt.laws.atomic import Atomic, Rademacher
from rmt.laws.named.uniform import Uniform

# off every grid
SIGNAL = Atomic((-1.0371, 0.4142, 1.7), (0.25, 0.45, 0.3))
POPULATION = Atomic((1, 3.1416), (0.4, 0.6))


def wasserstein(law, values):
    levels = (np.arange(4000) + 0.5) / 4000
    return np.mean(np.abs(law.ppf(levels) - np.quantile(values, levels, method="inverted_cdf")))


def same_atoms(found, expected, tolerance):
    assert len(found.law.atoms) == len(expected.atoms)
    np.testing.assert_allclose(found.law.atoms, expected.atoms, rtol=0, atol=tolerance)


# ---------------------------------------------------------------------- exact data
@pytest.mark.parametrize("noise", [Semicircle(0, 0.5), Uniform(-1, 1), MarchenkoPastur(0.2), Semicircle(2, 1)])
def test_exact_data_give_back_the_signal(noise):
    found = free_deconvolve(boxplus(SIGNAL, noise), noise)
    same_atoms(found, SIGNAL, 1e-9)
    assert found.residual < 1e-12
    assert found.points == found.tried
    assert 0 < found.heights[0] < found.heights[1]


@pytest.mark.parametrize("noise", [MarchenkoPastur(0.5), MarchenkoPastur(2.0), Uniform(0, 1)])
def test_exact_products_give_back_the_population(noise):
    found = free_deconvolve(boxtimes(POPULATION, noise), noise, operation="multiplicative")
    same_atoms(found, POPULATION, 1e-7)
    assert found.residual < 1e-10


def test_the_wrong_noise_leaves_a_residual():
    observed = boxplus(SIGNAL, Semicircle(0, 0.5))
    right = free_deconvolve(observed, Semicircle(0, 0.5))
    wrong = free_deconvolve(observed, Semicircle(0, 0.7))
    assert wrong.residual > 1e6 * right.residual


def test_a_grid_restricts_the_positions():
    noise = Semicircle(0, 0.5)
    signal = Atomic((-1, 1), (0.3, 0.7))
    found = free_deconvolve(boxplus(signal, noise), noise, grid=[-1, 0, 1])
    same_atoms(found, signal, 1e-10)


# ---------------------------------------------------------------------- eigenvalues
def noisy(signal, variance, rng):
    n = len(signal)
    a = rng.standard_normal((n, n))
    return np.linalg.eigvalsh(np.diag(signal) + (a + a.T) * math.sqrt(variance / (2 * n)))


def test_eigenvalues_of_a_noisy_matrix():
    """The residual is in units of the fluctuation of G: of order 1 for the right model, larger for a wrong one."""
    n = 400
    signal = np.where(np.arange(n) < n // 2, -1.0, 1.0)
    values = noisy(signal, 0.25, np.random.default_rng(0))
    found = free_deconvolve(values, Semicircle(0, 0.25))
    assert wasserstein(found.law, signal) < 0.05
    assert found.residual < 2
    assert free_deconvolve(values, Semicircle(0, 0.4)).residual > 3


def test_smoothing_suits_continuous_signals():
    n = 400
    signal = np.linspace(-1, 1, n)
    values = noisy(signal, 0.25, np.random.default_rng(1))
    rough = free_deconvolve(values, Semicircle(0, 0.25))
    smooth = free_deconvolve(values, Semicircle(0, 0.25), smoothing=100.0)
    assert wasserstein(smooth.law, signal) < 0.05 < wasserstein(rough.law, signal)
    assert smooth.residual < 2


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [0.4, 1.25])
def test_population_of_a_sample_covariance(ratio):
    n = 500
    samples = round(n / ratio)
    population = np.repeat([1.0, 3.0, 10.0], [200, 200, 100])
    x = np.sqrt(population)[:, None] * np.random.default_rng(2).standard_normal((n, samples))
    values = np.linalg.eigvalsh(x @ x.T / samples)
    found = population_spectrum(values, ratio)
    assert found.residual < 2
    assert wasserstein(found.law, population) < 0.1 * population.mean()
    assert wasserstein(found.law, population) < 0.3 * wasserstein(Atomic(values.tolist(), [1 / n] * n), population)
    assert population_spectrum(values, 1.5 * ratio).residual > 3


# ---------------------------------------------------------------------- bad input
def test_bad_input():
    noise = Semicircle()
    values = np.linspace(-2, 2, 50)
    with pytest.raises(ValueError, match="'additive' or 'multiplicative'"):
        free_deconvolve(values, noise, operation="sum")
    with pytest.raises(TypeError, match="noise must be a Law"):
        free_deconvolve(values, 1.0)
    with pytest.raises(ValueError, match="at least 10 finite"):
        free_deconvolve([1.0, 2.0], noise)
    with pytest.raises(ValueError, match="finite"):
        free_deconvolve(np.full(50, np.nan), noise)
    with pytest.raises(ValueError, match="constant"):
        free_deconvolve(np.ones(50), noise)
    with pytest.raises(ValueError, match=r"needs a law on \[0, inf\)"):
        free_deconvolve(values, noise, operation="multiplicative")
    with pytest.raises(ValueError, match="non-negative"):
        free_deconvolve(values, MarchenkoPastur(), operation="multiplicative")
    with pytest.raises(ValueError, match="grid"):
        free_deconvolve(values, noise, grid=[])
    with pytest.raises(ValueError, match="smoothing"):
        free_deconvolve(values, noise, smoothing=-1.0)
    with pytest.raises(ValueError, match="ratio"):
        population_spectrum(values + 3, 0.0)
    with pytest.raises(ConvergenceError, match="no admissible"):
        free_deconvolve(np.linspace(-0.01, 0.01, 50), Semicircle(0, 100.0))


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_populations_stay_in_the_range_that_the_data_allow(seed):
    rng = np.random.default_rng(seed)
    scales = np.sqrt(np.repeat([1.0, 3.0], 200))
    data = scales[:, None] * rng.standard_normal((400, 200))
    eigenvalues = np.linalg.eigvalsh(data @ data.T / 200)
    law = population_spectrum(eigenvalues, 2.0).law
    positions = [x for x, _ in law.atoms]
    assert min(positions) >= 0.0
    assert max(positions) <= 1.1 * eigenvalues.max()
    assert law.mean() == pytest.approx(2.0, abs=0.1)
    assert law.var() == pytest.approx(1.0, abs=0.25)


def test_a_continuous_population_comes_to_an_end():
    """A population of free Poisson law, which no atoms are: moments to the third, and the data explained."""
    population = MarchenkoPastur(0.3)
    found = free_deconvolve(sample_covariance(population, 0.3), MarchenkoPastur(0.3), operation="multiplicative")
    assert found.residual < 1e-6
    assert found.law.moments(3) == pytest.approx(population.moments(3), rel=1e-4)


def test_the_largest_smoothing_is_said_and_works():
    data, noise = boxplus(Semicircle(), Rademacher()), Semicircle(0, 0.5)
    with pytest.raises(ValueError, match=r"smoothing must be at most \S+ for these data") as caught:
        free_deconvolve(data, noise, smoothing=1e308)
    most = float(str(caught.value).split("at most ")[1].split()[0])
    with pytest.raises(ValueError, match="outweighs"):
        free_deconvolve(data, noise, smoothing=1.01 * most)
    # the signal is Rademacher + semicircle of variance 1/2; a heavy penalty flattens it, a light one does not
    assert free_deconvolve(data, noise, smoothing=0.99 * most).law.mean() == pytest.approx(0.0, abs=1e-9)
    assert free_deconvolve(data, noise, smoothing=1e-3).law.var() == pytest.approx(1.5, abs=0.02)
