"""Bands, Toeplitz and Hankel matrices, Lévy matrices, two covariances: exact moments at finite n, and their laws."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from math import gamma

import numpy as np
import pytest
from cases import long_beyond
from scipy.integrate import quad

import rmt
from rmt.ensembles.symmetric.levy_matrices import stable_numbers
from rmt.ensembles.symmetric.pattern_moments import pairings, volume
from rmt.laws import LevyMatrix

LIMIT = 6.0


def z_score(values, expectation: float) -> float:
    values = np.asarray(values, dtype=float)
    return float(abs(values.mean() - expectation) / (values.std(ddof=1) / math.sqrt(values.size)))


def samples(ensemble, n: int, trials: int) -> list[np.ndarray]:
    return [ensemble.sample(n, rng=np.random.default_rng(s)) for s in range(trials)]


def mean_power(matrix: np.ndarray, k: int) -> float:
    return float(np.trace(np.linalg.matrix_power(matrix, k)).real) / len(matrix)


# ---------------------------------------------------------------------- bands
@pytest.mark.parametrize("field", ["real", "complex"])
def test_moments_of_bands(field: str):
    """E tr X²/n and E tr X⁴/n by counting walks: pairs of equal steps, with kurtosis on one edge."""
    n, ensemble = 9, rmt.band(0.5, field=field)
    width = ensemble.width(n)
    row, beta = 2 * width + 1, ensemble.beta
    diagonal, off = 2 / (beta * row), 1 / row
    total = diagonal + 2 * width * off  # variance of a row
    # two pairs of steps: x y x z x and x y z y x, each of weight total²; walks along one edge count once more for real
    # entries (E x⁴ = 3 σ⁴), and so do those on the diagonal
    fourth = 2 * total**2 + 2 * width * off**2 * (0 if beta == 2 else 1) + diagonal**2
    matrices = samples(ensemble, n, 4000)
    assert all(np.array_equal(m, m.conj().T) for m in matrices[:20])
    assert ((matrices[0] != 0).sum(axis=0) == row).all()
    assert z_score([mean_power(m, 2) for m in matrices], total) < LIMIT
    assert z_score([mean_power(m, 4) for m in matrices], fourth) < LIMIT
    assert z_score([mean_power(m, 4) for m in matrices], 1.1 * fourth) > LIMIT


def test_bands_follow_the_semicircle():
    values = rmt.band(0.7).eigenvalues(800, rng=3)
    place = np.arange(1, 801) / 800
    assert np.abs(rmt.Semicircle().cdf(values) - place).max() < 0.02
    assert np.abs(rmt.Semicircle(variance=1.2).cdf(values) - place).max() > 0.02
    assert rmt.band(1).width(101) == 50
    assert rmt.band(0.01).width(100) == 1
    assert rmt.band().sample(1, rng=0).shape == rmt.band().sample(1, rng=0).shape == (1, 1)


def test_neighbours_tell_the_width():
    """Narrow bands have independent levels (mean ratio .3863), wide ones repel (.5307)."""
    means = {}
    for exponent in (0.15, 0.9):
        values = rmt.band(exponent).eigenvalues(400, rng=1, trials=25)
        ratios = rmt.spectra.gap_ratios(values, share=0.5).mean(axis=1)
        means[exponent] = ratios
    assert z_score(means[0.15], rmt.GapRatio(1).mean()) > LIMIT
    assert z_score(means[0.9], rmt.GapRatio(0).mean()) > LIMIT
    assert z_score(means[0.9], rmt.GapRatio(1).mean()) < LIMIT
    assert means[0.15].mean() < 0.42


# ---------------------------------------------------------------------- Toeplitz and Hankel
def test_moments_of_patterns():
    # Bryc, Dembo and Jiang (2006)
    assert rmt.toeplitz().limit_moments(6) == (0, 1, 0, Fraction(8, 3), 0, 11)
    assert rmt.hankel().limit_moments(8) == (0, 1, 0, 2, 0, Fraction(11, 2), 0, Fraction(281, 15))


def test_volumes_against_random_points():
    """Every pairing of eight steps: the share of random walks that stay inside; a sum 2 % off is seen."""
    rng = np.random.default_rng(0)
    points, total, error = 40_000, 0.0, 0.0
    for pairing in pairings(range(8)):
        place = {a: k for k, (a, _) in enumerate(pairing)}
        partner = {b: a for a, b in pairing}
        x = rng.random((points, 5))
        here, steps, inside = x[:, 0], {}, np.ones(points, dtype=bool)
        for i in range(8):
            there = x[:, 1 + place[i]] if i in place else here - steps[partner[i]]
            steps[i], here = there - here, there
            inside &= (here >= 0) & (here <= 1)
        share = inside.mean()
        spread = math.sqrt(max(share * (1 - share), 1e-12) / points)
        assert abs(share - float(volume(pairing, False))) < LIMIT * spread + 1e-12
        total, error = total + share, math.hypot(error, spread)
    exact = float(rmt.toeplitz().limit_moments(8)[-1])
    assert abs(total - exact) < LIMIT * error
    assert abs(total - 1.02 * exact) > LIMIT * error


@pytest.mark.parametrize("make", [rmt.toeplitz, rmt.hankel])
def test_sampled_patterns(make):
    """E tr X²/n is 1 exactly; E tr X⁴/n approaches the limit like 1/n, which extrapolation from two n removes."""
    limit = make().limit_moments(4)[-1]
    found = {}
    for n in (60, 120):
        matrices = samples(make(), n, 1500)
        assert z_score([mean_power(m, 2) for m in matrices], 1) < LIMIT
        found[n] = np.array([mean_power(m, 4) for m in matrices])
    extrapolated = 2 * found[120].mean() - found[60].mean()
    error = math.hypot(2 * found[120].std(), found[60].std()) / math.sqrt(1500)
    assert abs(extrapolated - limit) < LIMIT * error
    other = (rmt.hankel if make is rmt.toeplitz else rmt.toeplitz)().limit_moments(4)[-1]
    assert abs(extrapolated - other) > LIMIT * error


def test_no_density_is_known():
    for ensemble in (rmt.toeplitz("rademacher"), rmt.hankel()):
        for method in (ensemble.law, ensemble.gram_law):
            with pytest.raises(TypeError, match=re.escape(f"no density is known for the limit law of {ensemble!r}")):
                method()
    with pytest.raises(ValueError, match="order must be at most 10, got 12"):
        rmt.toeplitz().limit_moments(12)


# ---------------------------------------------------------------------- Lévy matrices
def peak(alpha: float) -> float:
    """Density at 0 (Belinschi, Dembo and Guionnet 2009)."""
    return gamma(1 + 2 / alpha) * (gamma(1 + alpha / 2) / gamma(1 - alpha / 2)) ** (1 / alpha) / math.pi


@pytest.mark.parametrize("alpha", long_beyond([0.5, 0.8, 1, 1.3, 1.5, 1.8, 1.95], 4))
def test_levy_laws(alpha: float):
    law = LevyMatrix(alpha)
    assert law.pdf(0.0) == pytest.approx(peak(alpha), rel=1e-8)
    assert abs(law.line_panels.defect) < 1e-9  # total mass 1: not imposed by the equation
    x = np.array([0.3, 1.0, 4.0])
    np.testing.assert_allclose(law.pdf(x), law.pdf(-x), rtol=1e-13)
    np.testing.assert_allclose(law.cdf(x) + law.cdf(-x), 1, rtol=1e-9)
    far = 1e5 ** (1 / alpha)
    assert law.sf(far) * far**alpha == pytest.approx(0.5, rel=0.2)
    assert law.pdf(0.0) != pytest.approx(peak(alpha + 0.01), rel=1e-6)


@pytest.mark.parametrize("alpha", long_beyond([0.6, 1.0, 1.7], 1))
def test_the_fixed_point_equation(alpha: float):
    """G(z) in the upper half plane, from the density, against the equation solved there by quadrature."""
    z = 0.7 + 0.9j
    w = -1j * z
    factor = gamma(1 - alpha / 2)

    def integral(y: complex, power: float) -> complex:
        def f(t: float) -> complex:  # t = u^(2/alpha)
            u = t ** (alpha / 2)
            return t**power * np.exp(-t * w - factor * u * y)

        return sum(
            quad(lambda t, part=part: part(f(t)), 0, np.inf, limit=400, epsabs=1e-11)[0] * unit
            for part, unit in ((np.real, 1), (np.imag, 1j))
        )

    y = 1.0 + 0j
    for _ in range(200):
        new = integral(y, alpha / 2 - 1) / gamma(alpha / 2)
        if abs(new - y) < 1e-11:
            break
        y = 0.5 * (y + new)
    green = -1j * integral(y, 0.0)
    assert abs(LevyMatrix(alpha).stieltjes(z) - green) < 1e-6  # as accurate as the issue asks
    assert abs(LevyMatrix(alpha * 1.001).stieltjes(z) - green) > 1e-6


def test_stable_entries():
    """Characteristic functions: exp(−σ^α t^α); for alpha = 1 they are Cauchy of scale π/2."""
    rng = np.random.default_rng(0)
    for alpha in (0.7, 1.0, 1.6):
        x = stable_numbers(alpha, 400_000, rng)
        scale = math.sqrt(math.pi) * gamma(1 - alpha / 2) / (2**alpha * gamma((1 + alpha) / 2))
        for t in (0.3, 1.0):
            assert z_score(np.cos(t * x), math.exp(-scale * t**alpha)) < LIMIT
            assert z_score(np.cos(t * x), math.exp(-1.05 * scale * t**alpha)) > LIMIT
    assert scale > 0


def test_sampled_levy_matrices():
    alpha, n, trials = 1.5, 500, 30
    values = rmt.levy(alpha).eigenvalues(n, rng=4, trials=trials)
    law = rmt.levy(alpha).law()
    x = np.array([-4.0, -1.5, -0.6, 0.2, 1.0, 2.5, 8.0])
    counts = (values[:, :, None] <= x).mean(axis=1)
    noise = counts.std(axis=0, ddof=1) / math.sqrt(trials) + 2 / n
    assert (np.abs(counts.mean(axis=0) - law.cdf(x)) / noise).max() < LIMIT
    assert (np.abs(counts.mean(axis=0) - LevyMatrix(1.7).cdf(x)) / noise).max() > LIMIT


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: rmt.levy(2), ValueError, "alpha must be between 0.5 and 1.95, got 2"),
        (lambda: rmt.levy(0), ValueError, "alpha must be a finite real number > 0"),
        (lambda: rmt.levy("1"), TypeError, "alpha must be a finite real number > 0"),
        (lambda: rmt.band(0), ValueError, "exponent must be a finite real number > 0 and <= 1, got 0"),
        (lambda: rmt.band(1.5), ValueError, "exponent must be a finite real number > 0 and <= 1, got 1.5"),
    ],
)
def test_bad_input(make, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        make()
