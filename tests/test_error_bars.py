"""Standard errors that are printed, against the scatter of many repeats.

z = (estimate − truth)/error has the mean square 1. With 200 repeats it lies in [0.5, 1.7] but for 1e-6 for normal z
(χ² of 200), a range that keeps room for heavier tails and that an error 1.5 times too wide or narrow leaves.
"""

import math

import numpy as np
import pytest
from scipy import stats

import rmt
from rmt.numerics.eigen.golub_kahan import lanczos_spectrum

REPEATS = 200
LOW, HIGH = 0.5, 1.7


def test_the_range():
    assert stats.chi2.cdf(LOW * REPEATS, REPEATS) < 1e-6
    assert stats.chi2.sf(HIGH * REPEATS, REPEATS) < 1e-6


def mean_square(values, errors, truth):
    return float(np.mean(((np.asarray(values) - truth) / np.asarray(errors)) ** 2))


@pytest.fixture(scope="module")
def probed():
    """Lanczos spectra of one matrix by other start vectors, with its squared singular values."""
    s = np.linspace(0.2, 3.0, 60)
    spectra = [
        lanczos_spectrum(lambda v: s * v, lambda v: s * v, (60, 60), steps=12, probes=4, rng=i) for i in range(REPEATS)
    ]
    return s * s, spectra


@pytest.mark.parametrize("k", [1, 2])
def test_moments_by_random_vectors(probed, k):
    squares, spectra = probed
    values, errors = np.transpose([spectrum.moment(k) for spectrum in spectra])
    assert LOW < mean_square(values, errors, np.mean(squares**k)) < HIGH


def test_relative_variance_by_random_vectors(probed):
    squares, spectra = probed
    truth = float(np.mean(squares**2) / np.mean(squares) ** 2 - 1.0)
    values, errors = np.transpose([spectrum.relative_variance() for spectrum in spectra])
    assert LOW < mean_square(values, errors, truth) < HIGH
    apart = [  # control: both moments as if they erred apart from each other
        math.hypot(second[1] / first[0] ** 2, 2.0 * second[0] * first[1] / first[0] ** 3)
        for first, second in ((spectrum.moment(1), spectrum.moment(2)) for spectrum in spectra)
    ]
    assert mean_square(values, apart, truth) < LOW


def test_log_mean_by_random_vectors(probed):
    squares, spectra = probed
    values, errors = np.transpose([spectrum.log_mean() for spectrum in spectra])
    assert LOW < mean_square(values, errors, np.mean(np.log(squares))) < HIGH


def test_trace_moments():
    """Of the mean over draws, whose expectation 1 + 1/n is exact; eight draws give an error with seven degrees."""
    n = 30
    found = [rmt.spectra.trace_moments(rmt.goe(), 2, n, probes=4, draws=8, rng=i) for i in range(REPEATS)]
    square = mean_square([f.values[1] for f in found], [f.errors[1] for f in found], 1.0 + 1.0 / n)
    assert LOW < square * 5.0 / 7.0 < HIGH  # E t² of seven degrees is 7/5


def in_range(z, degrees=math.inf):
    """Whether the mean square of z is that of Student's t with so many degrees, and 1.96 errors cover 95 % of normal z.

    95 % of 200 are 190 ± 3.1; below 170 of 200 the coverage is under .9 but for 1e-6.
    """
    z = np.asarray(z)
    square = float(np.mean(z**2)) * (1.0 if math.isinf(degrees) else (degrees - 2.0) / degrees)
    width = float(stats.t.ppf(0.975, degrees)) if not math.isinf(degrees) else 1.96
    assert z.size == REPEATS
    return LOW < square < HIGH and np.mean(np.abs(z) < width) > 0.85


def wishart(n, m, seed):
    return rmt.wishart(n / m).eigenvalues(n, rng=seed)


def test_fitted_noise():
    known = [rmt.data.fit_marchenko_pastur(wishart(60, 120, k), samples=120) for k in range(REPEATS)]
    free = [rmt.data.fit_marchenko_pastur(wishart(60, 120, k)) for k in range(REPEATS)]
    assert in_range([(f.variance - 1.0) / f.variance_error for f in known])
    assert in_range([(f.ratio - 0.5) / f.ratio_error for f in free])
    assert not in_range([(f.variance - 1.0) / (0.6 * f.variance_error) for f in known])  # control


def test_population_spikes():
    """A spike of 5 among 100 dimensions and 400 samples: standard error and 95 % interval."""
    found = []
    for seed in range(REPEATS):
        x = np.random.default_rng(seed).standard_normal((400, 100))
        x[:, 0] *= math.sqrt(5.0)
        found.append(
            rmt.data.population_spike(np.linalg.svd(x, compute_uv=False)[0] ** 2 / 400, ratio=0.25, samples=400)
        )
    assert in_range([(f.value - 5.0) / f.error for f in found])
    inside = [f.interval[0] <= 5.0 <= f.interval[1] for f in found]
    assert np.mean(inside) > 0.85
    short = [abs(f.value - 5.0) <= 0.3 * (f.interval[1] - f.interval[0]) for f in found]
    assert np.mean(short) < 0.85  # control: .6 of the length


@pytest.mark.parametrize(("n", "trials", "degrees"), [(200, 1, 9.0), (60, 30, 29.0)])
def test_fitted_beta(n, trials, degrees):
    """One matrix is cut into ten parts."""
    ratios = [rmt.spectra.gap_ratios(rmt.gue().eigenvalues(n, rng=k, trials=trials), share=0.8) for k in range(REPEATS)]
    found = [rmt.spectra.fit_beta(r) for r in ratios]
    assert in_range([(f.beta - 2.0) / f.error for f in found], degrees)
    assert not in_range([(f.beta - 2.0) / (0.5 * f.error) for f in found], degrees)  # control


def test_number_variance():
    """About the mean of all repeats, which is 14 times nearer to the truth than one."""
    values = [rmt.gue().eigenvalues(100, rng=k, trials=20) for k in range(REPEATS)]
    found = [rmt.spectra.number_variance(rmt.spectra.unfold(v, rmt.Semicircle()), [3.0]) for v in values]
    estimates, errors = (np.array([getattr(f, name)[0] for f in found]) for name in ("value", "error"))
    assert in_range((estimates - estimates.mean()) / errors, 19.0)
    assert not in_range((estimates - estimates.mean()) / (0.5 * errors), 19.0)  # control


def test_traces_by_random_vectors():
    """Default probes, whose number makes Student's t of the noise."""
    matrix = rmt.goe().sample(200, rng=0)
    truth = float(np.exp(np.linalg.eigvalsh(matrix)).sum())
    found = [rmt.spectra.density_of_states(matrix, moments=30, rng=k) for k in range(REPEATS)]
    traces = [f.trace(np.exp) for f in found]
    z = np.array([(e.value - truth) / e.noise for e in traces])
    assert in_range(z, found[0].probes - 1.0)
    assert not in_range(2.0 * z, found[0].probes - 1.0)  # control


@pytest.mark.long
def test_interpolations_between_laws():
    """Of the change over 100 runs, whose expectation is 2; it is a mean of squares with heavy tails."""
    program = rmt.programs.Program()
    w, u, v = program.matrix(), program.vector(), program.vector()
    program.mean(u * (w @ v))
    found = [rmt.programs.interpolate(program, "laplace", [0.3], 10, 100, rng=k) for k in range(REPEATS)]
    z = (np.array([f.change for f in found]) - 2.0) / np.array([f.change_error for f in found])
    assert in_range(z)
    assert not in_range(2.0 * z)  # control
