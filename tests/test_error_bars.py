"""Standard errors that are printed, against the scatter of many repeats.

z = (estimate − truth)/error has the mean square 1. With 200 repeats it lies in [0.5, 1.7] but for 1e-6 for normal z
(χ² of 200), a range that keeps room for heavier tails and that an error 1.5 times too wide or narrow leaves.
"""

import math

import numpy as np
import pytest
from scipy import stats

import rmt
from rmt.numerics.golub_kahan import lanczos_spectrum

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
