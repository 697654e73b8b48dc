"""Dyson's Brownian motion: exact laws at finite n, the free convolution in the limit, equilibrium."""

import math

import numpy as np
import pytest
from scipy import stats

import rmt
from rmt.spectra import compare

FIELDS = {"real": 1, "complex": 2, "quaternion": 4}
PATHS = 2000
#: a Kolmogorov-Smirnov distance, times the root of the sample size, beyond which one sample in 10^7 lies
REJECTED = math.sqrt(math.log(2e7) / 2)


def many(paths, n, times, seed, **options):
    rng = np.random.default_rng(seed)
    return np.stack([rmt.dyson_brownian_motion(n, times, rng=rng, **options) for _ in range(paths)])


def distance(sample, law):
    """Kolmogorov-Smirnov distance times the root of the size of the sample."""
    return math.sqrt(sample.size) * stats.kstest(sample, law.cdf).statistic


# ---------------------------------------------------------------------- exact at finite n
@pytest.mark.parametrize("field", FIELDS)
def test_gap_of_two_eigenvalues(field):
    """n = 2: β gap²/(2t) is noncentral χ² with β + 1 degrees of freedom (a Bessel process of that dimension).

    The second time is reached through the first: the transition density is that of one step.
    """
    beta = FIELDS[field]
    times = (0.3, 1.0)
    gaps = np.diff(many(PATHS, 2, times, 1, field=field, start=[-0.5, 0.5]), axis=2)[..., 0]
    for gap, t in zip(gaps.T, times, strict=True):
        scaled = beta * gap**2 / (2 * t)
        assert distance(scaled, stats.ncx2(beta + 1, beta / (2 * t))) < REJECTED
        assert distance(scaled, stats.ncx2(beta + 2, beta / (2 * t))) > REJECTED
        assert distance(1.2 * scaled, stats.ncx2(beta + 1, beta / (2 * t))) > REJECTED


@pytest.mark.parametrize("field", FIELDS)
def test_sum_of_the_eigenvalues_is_a_brownian_motion(field):
    """Σλ has independent increments of variance 2t/β, whatever n and the start are."""
    times = np.array([0.5, 0.75, 2.0])
    sums = many(PATHS, 3, times, 2, field=field, start=[0.0, 1.0, 5.0]).sum(axis=2)
    scales = np.sqrt(2 * np.diff(times, prepend=0.0) / FIELDS[field])
    increments = np.diff(sums, axis=1, prepend=6.0) / scales
    assert distance(increments.ravel(), stats.norm()) < REJECTED
    assert distance(1.2 * increments.ravel(), stats.norm()) > REJECTED
    correlation = np.corrcoef(increments.T)
    assert np.abs(np.arctanh(correlation[np.triu_indices(3, 1)])).max() < 5.5 / math.sqrt(PATHS - 3)


@pytest.mark.parametrize("field", FIELDS)
def test_equilibrium_is_stationary(field):
    """Σλ is a stationary Ornstein-Uhlenbeck process with covariance (2/β) e^(−|s − t|/2)."""
    times = np.array([0.0, 0.4, 3.0])
    sums = many(PATHS, 3, times, 3, field=field, confined=True).sum(axis=2)
    for column in sums.T:
        assert distance(column, stats.norm(scale=math.sqrt(2 / FIELDS[field]))) < REJECTED
    correlation = np.corrcoef(sums.T)
    lags = np.abs(times[:, None] - times)
    pairs = np.triu_indices(3, 1)
    spread = 5.5 / math.sqrt(PATHS - 3)
    assert np.abs(np.arctanh(correlation[pairs]) - np.arctanh(np.exp(-lags / 2)[pairs])).max() < spread
    assert np.abs(np.arctanh(correlation[pairs]) - np.arctanh(np.exp(-lags)[pairs])).max() > spread


def test_one_eigenvalue_is_a_brownian_motion():
    ends = many(PATHS, 1, [2.0], 4, start=[1.0])[:, 0, 0]
    assert distance(ends, stats.norm(1.0, math.sqrt(2.0))) < REJECTED


# ---------------------------------------------------------------------- the limit
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("confined", [False, True])
def test_paths_follow_the_free_convolution(field, confined):
    n, times = 300, (0.0, 0.2, 0.6, 1.4)
    start = rmt.Rademacher()
    paths = rmt.dyson_brownian_motion(n, times, field=field, start=start, confined=confined, rng=5)
    tolerance = math.log(n) / n
    laws = [rmt.dyson_law(t, start=start, confined=confined) for t in times]
    for values, law in zip(paths, laws, strict=True):
        assert compare(values, law).ks < tolerance
    for values, later in zip(paths, laws[1:], strict=False):
        assert compare(values, later).ks > tolerance


def test_start_of_an_asymmetric_law():
    """Free motion from Marchenko-Pastur: the semicircle of variance t is added."""
    n = 300
    (values,) = rmt.dyson_brownian_motion(n, [0.5], start=rmt.MarchenkoPastur(ratio=2), rng=6)
    law = rmt.dyson_law(0.5, start=rmt.MarchenkoPastur(ratio=2))
    assert compare(values, law).ks < math.log(n) / n
    assert compare(values - 0.1, law).ks > math.log(n) / n


def test_law_solves_the_semigroup_equation():
    start = rmt.Bernoulli(0.25)
    x = np.linspace(-2.5, 3.5, 50)
    twice = rmt.dyson_law(0.7, start=rmt.dyson_law(0.5, start=start))
    np.testing.assert_allclose(twice.pdf(x), rmt.dyson_law(1.2, start=start).pdf(x), atol=1e-13)
    twice = rmt.dyson_law(0.7, start=rmt.dyson_law(0.5, start=start, confined=True), confined=True)
    np.testing.assert_allclose(twice.pdf(x), rmt.dyson_law(1.2, start=start, confined=True).pdf(x), atol=1e-12)


def test_burgers_equation():
    """∂G/∂t + G ∂G/∂z = 0 for the free motion (Voiculescu's complex Burgers equation), by central differences."""
    z, t, h = np.array([0.3 + 0.5j, -1.2 + 0.4j, 3.0 + 1.0j]), 0.8, 1e-4

    def g(t, z):
        return rmt.dyson_law(t, start=rmt.Rademacher()).stieltjes(z)

    in_time = (g(t + h, z) - g(t - h, z)) / (2 * h)
    in_space = (g(t, z + h) - g(t, z - h)) / (2 * h)
    np.testing.assert_allclose(in_time + g(t, z) * in_space, 0.0, atol=1e-7)


def test_laws_at_the_ends_of_time():
    start = rmt.Uniform(-1, 2)
    assert rmt.dyson_law(0, start=start) == start
    assert rmt.dyson_law(0, start=start, confined=True) == start
    assert rmt.dyson_law(3) == rmt.Semicircle(variance=3)
    assert rmt.dyson_law(0) == rmt.Atomic((0,), (1,))
    assert rmt.dyson_law(1.5, confined=True) == rmt.Semicircle()
    late = rmt.dyson_law(60.0, start=start, confined=True)
    np.testing.assert_allclose(late.pdf(np.linspace(-1.9, 1.9, 9)), rmt.Semicircle().pdf(np.linspace(-1.9, 1.9, 9)))


# ---------------------------------------------------------------------- shape, order, seeds
def test_shape_order_and_start():
    paths = rmt.dyson_brownian_motion(5, [0, 0.1, 0.2], start=[3, 1, 2, 5, 4], field="real", rng=0)
    assert paths.shape == (3, 5)
    assert paths.dtype == np.float64
    np.testing.assert_array_equal(paths[0], [1, 2, 3, 4, 5])
    assert (np.diff(paths, axis=1) > 0).all()
    np.testing.assert_array_equal(rmt.dyson_brownian_motion(3, [0.0], rng=0), np.zeros((1, 3)))


def test_same_seed_same_paths():
    times = [0.5, 1.0]
    first = rmt.dyson_brownian_motion(6, times, rng=7)
    np.testing.assert_array_equal(first, rmt.dyson_brownian_motion(6, times, rng=7))
    np.testing.assert_array_equal(first, rmt.dyson_brownian_motion(6, times, rng=np.random.default_rng(7)))
    np.testing.assert_array_equal(first[:1], rmt.dyson_brownian_motion(6, times[:1], rng=7))
    assert (first != rmt.dyson_brownian_motion(6, times, rng=8)).all()


# ---------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((0, [1.0]), {}, ValueError, "n must be an integer >= 1, got 0"),
        ((3, 1.0), {}, ValueError, "times must be a sequence of at least one number, got shape"),
        ((3, []), {}, ValueError, "times must be a sequence"),
        ((3, [-0.5, 1.0]), {}, ValueError, "times must be finite, >= 0 and increasing"),
        ((3, [1.0, 0.5]), {}, ValueError, "times must be finite, >= 0 and increasing"),
        ((3, [0.0, math.inf]), {}, ValueError, "times must be finite"),
        ((3, [1.0]), {"field": "octonion"}, ValueError, "unknown field 'octonion'"),
        ((3, [1.0]), {"start": [0.0, 1.0]}, ValueError, "start must be a law or n = 3 finite numbers"),
        ((2, [1.0]), {"start": [0.0, math.nan]}, ValueError, "start must be a law or n = 2 finite numbers"),
        ((10**7, [1.0]), {}, ValueError, "too large for memory"),
    ],
)
def test_bad_input(arguments, options, error, message):
    with pytest.raises(error, match=message):
        rmt.dyson_brownian_motion(*arguments, **options)


def test_bad_input_of_the_law():
    with pytest.raises(ValueError, match="time must be a finite real number >= 0, got -1"):
        rmt.dyson_law(-1)
    with pytest.raises(TypeError, match="must be a Law, got 'semicircle'"):
        rmt.dyson_law(1, start="semicircle")


@pytest.mark.parametrize("time", [80, 1000, 3000])
def test_a_confined_motion_forgets_its_start(time):
    """At large times the start is dilated beyond the squares of doubles, then to nothing."""
    x = np.array([-2.0, -1.0, 0.0, 0.5, 2.0])
    law = rmt.dyson_law(time, start=rmt.MarchenkoPastur(2), confined=True)
    np.testing.assert_allclose(law.cdf(x), rmt.Semicircle().cdf(x), atol=1e-13)
    assert abs(rmt.dyson_law(1, start=rmt.MarchenkoPastur(2), confined=True).cdf(0.0) - 0.5) > 0.01
