"""The verdict: right laws are rejected at most as often as the level says, wrong ones from a stated n on."""

import json
import math

import numpy as np
import pytest
from scipy import special, stats

import rmt
from rmt.errors import ConvergenceError
from rmt.spectra import compare

SEMICIRCLE = rmt.Semicircle()


def rejections(ensemble, n, trials, seeds, **options):
    """How many of `seeds` samples are rejected."""
    law = ensemble.law()
    values = ensemble.eigenvalues(n, rng=5, trials=seeds * trials).reshape(seeds, trials, n)
    return sum(compare(rows, law, ensemble=ensemble, **options).rejected for rows in values)


def most(seeds, rate=0.03):
    """Rejections that a cell of this true rate exceeds with probability below 1e-8."""
    return int(stats.binom.isf(1e-8, seeds, rate))


# ---------------------------------------------------------------------- calibration
@pytest.mark.parametrize("trials", [1, 21])
@pytest.mark.parametrize("n", [20, 60])
@pytest.mark.parametrize(
    "ensemble",
    [
        rmt.hermite(1),
        rmt.hermite(2),
        rmt.hermite(4),
        rmt.wishart(0.5),
        rmt.wishart(1),
        rmt.wishart(2, field="complex"),
        rmt.laguerre(2, a=100),
        rmt.jacobi(2, 5, 20),
        rmt.jacobi(1, ratios=(0.5, 0.25)),
    ],
    ids=repr,
)
def test_right_laws_are_rejected_at_the_level(ensemble, n, trials):
    seeds = 60 if trials == 1 else 20
    assert rejections(ensemble, n, trials, seeds) <= most(seeds)


def test_p_values_are_uniform():
    """The shape of the GUE at n = 60: 300 p-values, Kolmogorov's distance below 1e-6 of its tail."""
    values = rmt.gue().eigenvalues(60, rng=1, trials=300)
    p_values = [compare(v, SEMICIRCLE, beta=2, statistics="shape").p_value for v in values]
    assert stats.kstest(p_values, "uniform").pvalue > 1e-6
    wrong = [compare(v, SEMICIRCLE, beta=1, statistics="shape").p_value for v in values]  # control: wider sums
    assert stats.kstest(wrong, "uniform").pvalue < 1e-6


def test_the_bias_of_finite_n_is_part_of_the_prediction():
    """laguerre(a=100) against the limit that its own n never reaches, and against what it is at this n."""
    ensemble = rmt.laguerre(2, a=100)
    values = ensemble.eigenvalues(300, rng=0, trials=10)
    assert compare(values, ensemble.law(), ensemble=ensemble).passed
    assert compare(values, ensemble.law(), beta=2).rejected  # control: of the law alone, m = n


@pytest.mark.parametrize(
    ("fixed", "growing", "remedy"),
    [
        (rmt.jacobi(a=400, b=800), rmt.jacobi(ratios=(0.5, 1 / 3)), "ratios=(0.5, 0.333333)"),
        (rmt.laguerre(2, a=400), rmt.laguerre(2, 0.5), "ratio=0.5"),
    ],
    ids=repr,
)
def test_excesses_of_the_order_of_n_are_told(fixed, growing, remedy):
    """The arcsine law under 400 eigenvalues far from its ends is told, and the law that they have is named."""
    values = fixed.eigenvalues(400, rng=0)
    text = str(compare(values, fixed.law(), ensemble=fixed))
    assert remedy in text
    assert "far from this n" in text
    assert compare(values, growing.law(), ensemble=growing).passed
    for ensemble, n in ((growing, 400), (fixed, 4000)):
        assert "far from this n" not in str(compare(ensemble.eigenvalues(n, rng=0), ensemble.law(), ensemble=ensemble))


def test_many_trials_do_not_reject_a_bias():
    """An unknown ensemble: the mean of its sums is off by order 1, which 20 trials see and which is told."""
    ensemble = rmt.goe() + rmt.wishart(0.5)
    values = ensemble.eigenvalues(40, rng=0, trials=20)
    result = compare(values, ensemble.law(), ensemble=ensemble)
    assert result.passed
    assert "bias" in result.parts[0].text
    assert compare(1.2 * values, ensemble.law(), ensemble=ensemble).rejected  # control: off by order n


# ---------------------------------------------------------------------- power: the table of the manual
def half(ensemble, n, law, change=lambda v: v, **options):
    """Whether at least 10 of 20 samples are rejected."""
    values = ensemble.eigenvalues(n, rng=2, trials=20)
    return sum(compare(change(v.copy()), law, **options).rejected for v in values) >= 10


@pytest.mark.parametrize(("percent", "n"), [(1, 800), (2, 400), (5, 200)])
def test_a_wrong_variance_is_seen(percent, n):
    law = rmt.Semicircle(variance=1 + percent / 100)
    assert half(rmt.goe(), n, law)
    values = rmt.goe().eigenvalues(n, rng=2)
    assert compare(values, law).ks < math.log(n) / n  # the distance alone sees nothing


@pytest.mark.parametrize("n", [20, 200])
@pytest.mark.parametrize("place", [5.0, 1e6, -1e200])
def test_one_eigenvalue_outside_is_seen(n, place):
    def change(v):
        v[-1] = place
        return v

    result = compare(change(rmt.goe().eigenvalues(n, rng=0)), SEMICIRCLE)
    assert result.rejected
    assert [(mark.kind, mark.position) for mark in result.marks] == [("outlier", place)]
    json.loads(result.to_json())


@pytest.mark.parametrize("n", [100, 400])
def test_exact_zeros_are_seen(n):
    values = rmt.goe().eigenvalues(n, rng=0)
    values[n // 2 : n // 2 + n // 100] = 0.0
    result = compare(values, SEMICIRCLE)
    assert result.rejected
    assert [(mark.kind, mark.position) for mark in result.marks] == [("atom", 0.0)]
    values = rmt.wishart(1).eigenvalues(n, rng=0)
    assert compare(values, rmt.MarchenkoPastur(1 / 0.99)).rejected  # the atom of the law is missing
    assert compare(values, rmt.MarchenkoPastur(1)).passed


@pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0, 2.0])
def test_a_wrong_ratio_is_seen(ratio):
    assert half(rmt.wishart(ratio), 400, rmt.MarchenkoPastur(1.02 * ratio))


def test_a_wrong_beta_is_seen_in_the_spacings():
    assert half(rmt.goe(), 400, SEMICIRCLE, beta=2, statistics="spacings")
    assert not half(rmt.goe(), 400, SEMICIRCLE, beta=1, statistics="spacings")


def test_twenty_trials_see_a_variance_that_is_two_percent_off():
    values = rmt.goe().eigenvalues(1000, rng=0, trials=20)
    assert compare(values, rmt.Semicircle(variance=1.02)).p_value < 1e-12
    assert compare(values, SEMICIRCLE).passed


# ---------------------------------------------------------------------- small n: exact laws
def test_exact_laws_at_small_n():
    """A GOE of one eigenvalue is a normal number of variance 2."""
    result = compare([3.0], SEMICIRCLE, statistics="shape")
    tails = 2 * special.ndtr(-3 / math.sqrt(2)), 2 * stats.chi2.sf(9 / 2, 1)
    assert result.p_value == pytest.approx(2 * min(tails), rel=1e-12)
    assert rejections(rmt.wishart(0.5), 3, 4, 100, statistics="shape") <= most(100, 0.01)
    assert compare(1.8 * rmt.wishart(0.5).eigenvalues(5, rng=0, trials=20), rmt.MarchenkoPastur(0.5)).rejected


def test_frozen_eigenvalues_are_compared_to_the_last_digits():
    zeros = rmt.hermite(math.inf).eigenvalues(51)
    assert compare(zeros, SEMICIRCLE, beta=math.inf).passed
    assert compare(zeros * (1 + 1e-7), SEMICIRCLE, beta=math.inf).rejected


# ---------------------------------------------------------------------- what ensembles know
@pytest.mark.parametrize("entries", ["rademacher", "uniform", "laplace", "exponential"])
def test_entries_with_a_fourth_cumulant(entries):
    ensemble = rmt.wigner(entries)
    assert rejections(ensemble, 100, 1, 30) <= most(30)
    values = ensemble.eigenvalues(100, rng=1, trials=30)
    assert all(compare(1.3 * v, ensemble.law(), ensemble=ensemble).rejected for v in values)


@pytest.mark.parametrize("ensemble", [rmt.wigner("sparse(0.02)"), rmt.wigner("student(2.5)")], ids=repr)
@pytest.mark.filterwarnings("ignore::rmt.errors.MomentConditionWarning")
def test_no_verdict_where_nothing_is_calibrated(ensemble):
    result = compare(ensemble.eigenvalues(50, rng=0, trials=20), ensemble.law(), ensemble=ensemble)
    assert result.verdict == "no verdict"
    assert result.parts[0].p_value is None


def test_one_variable_of_an_expression_keeps_what_it_knows():
    ensemble = 3 - 2 * rmt.wishart(2)
    values = ensemble.eigenvalues(100, rng=0)
    result = compare(values, ensemble.law(), ensemble=ensemble)
    assert result.passed
    assert "50 of 100 at 3, 50 expected" in str(result)
    values[-1] = 2.9  # one exact zero of the Wishart matrix too few
    assert compare(values, ensemble.law(), ensemble=ensemble).rejected


def test_singular_values_are_those_of_a_wishart_matrix():
    ensemble = rmt.ginibre(shape=(1, 2))
    law, known = ensemble.singular_value_law(), ensemble.singular_value_fluctuations()
    values = ensemble.singular_values(100, rng=0, trials=10)
    result = compare(values, law, ensemble=known)
    assert result.passed
    assert [part.p_value is None for part in result.parts[:2]] == [False, False]
    assert compare(1.01 * values, law, ensemble=known).rejected


def test_an_eigenvalue_in_a_gap():
    ensemble = rmt.haar_conjugate(rmt.diagonal(3 * rmt.Rademacher())) + rmt.gue()
    values = ensemble.eigenvalues(100, rng=0)
    assert compare(values, ensemble.law(), ensemble=ensemble).passed
    values[50] = 0.0
    result = compare(values, ensemble.law(), ensemble=ensemble)
    assert result.rejected
    assert ("outlier", 0.0) in [(mark.kind, mark.position) for mark in result.marks]


def test_independent_points_have_their_own_parts():
    law = rmt.MarchenkoPastur(2)
    ensemble = rmt.diagonal(law, points="random")
    values = ensemble.eigenvalues(400, rng=0)
    assert compare(values, law, ensemble=ensemble).passed
    assert compare(values, rmt.MarchenkoPastur(1.5), ensemble=ensemble).rejected
    values = np.where(values == 0.0, 0.5, values)
    parts = {part.name: part.p_value for part in compare(values, law, ensemble=ensemble).parts}
    assert parts["atoms"] < 1e-20


# ---------------------------------------------------------------------- circle and disc
@pytest.mark.parametrize(
    "ensemble",
    [rmt.haar_orthogonal(), rmt.haar_unitary(), rmt.haar_symplectic(), rmt.circular(1), rmt.circular(4)],
    ids=repr,
)
def test_traces_of_unitary_matrices(ensemble):
    """Diaconis and Shahshahani (1994): 1500 draws, seven standard errors of the mean and of the variance."""
    known = ensemble.fluctuations().traces(12 if ensemble.field != "quaternion" else 24)
    z = ensemble.eigenvalues(12, rng=0, trials=1500)
    for k, (mean, variance) in enumerate(zip(known.mean, known.variance, strict=True), 1):
        trace = (z**k).sum(axis=1)
        assert abs((trace - mean).mean()) < 7 * math.sqrt(variance / 1500)
        squares = np.abs(trace - mean) ** 2
        assert abs(squares.mean() - variance) < 7 * squares.std() / math.sqrt(1500)


def test_points_of_a_circle():
    values = rmt.haar_unitary().eigenvalues(60, rng=0, trials=5)
    assert compare(values, rmt.UnitCircle(), ensemble=rmt.haar_unitary()).passed
    independent = rmt.UnitCircle().rvs(60, rng=0)  # control
    assert compare(independent, rmt.UnitCircle(), ensemble=rmt.haar_unitary()).rejected
    result = compare(values, rmt.UnitCircle(), ensemble=rmt.haar_orthogonal())  # control: not in conjugate pairs
    assert result.parts[0].p_value == 0.0


@pytest.mark.parametrize("field", ["real", "complex"])
def test_an_eigenvalue_beyond_the_disc(field):
    ensemble = rmt.ginibre(field=field)
    values = ensemble.eigenvalues(40, rng=0)
    assert compare(values, ensemble.law(), ensemble=ensemble).passed
    values[-1] = 2.5
    result = compare(values, ensemble.law(), ensemble=ensemble)
    assert result.rejected
    assert [(mark.kind, mark.position) for mark in result.marks] == [("outlier", 2.5)]


# ---------------------------------------------------------------------- networks
def test_networks():
    """One draw gives no verdict, as its slopes shift the whole spectrum; many tell the shift and may reject."""
    jacobian = rmt.MLP(4, "relu", math.sqrt(2.0)).jacobian()
    law, known = jacobian.singular_value_law(), jacobian.singular_value_fluctuations()
    values = jacobian.singular_values(40, rng=0, trials=21)
    assert compare(values[0], law, ensemble=known).verdict == "no verdict"
    result = compare(values, law, ensemble=known)
    assert result.passed
    assert "bias" in result.parts[0].text
    assert compare(3.0 * values, law, ensemble=known).rejected  # control


# ---------------------------------------------------------------------- samples as people have them
def test_as_many_trials_as_eigenvalues():
    values = rmt.gue().eigenvalues(20, rng=0, trials=20)
    assert compare(values, SEMICIRCLE, beta=2).n == 20
    with pytest.raises(ValueError, match="a square array is a matrix"):
        compare(rmt.gue().sample(20, rng=0).real, SEMICIRCLE)


@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_single_precision(ratio):
    """Eigenvalues of a float32 matrix: rounded zeros are zeros, and rounding rejects nothing."""
    data = np.random.default_rng(0).standard_normal((200, round(200 / ratio))).astype(np.float32)
    values = np.linalg.eigvalsh(data @ data.T / np.float32(data.shape[1]))
    assert values.dtype == np.float32
    assert compare(values, rmt.MarchenkoPastur(ratio)).passed
    assert compare(1.1 * values, rmt.MarchenkoPastur(ratio)).rejected  # control


def test_a_degenerate_eigenvalue():
    values = rmt.goe().eigenvalues(60, rng=0)
    values[10:13] = values[11]
    result = compare(values, SEMICIRCLE)
    assert result.rejected
    assert [mark.position for mark in result.marks] == [values[11]]
    pairs = np.repeat(rmt.gse().eigenvalues(60, rng=0), 2)  # a quaternion matrix of 120 rows has equal pairs
    assert "atom" not in [mark.kind for mark in compare(pairs, SEMICIRCLE, n=120, beta=4).marks]


def test_a_law_without_a_value_gives_no_verdict():
    class Broken(rmt.Semicircle):
        def _cdf(self, x):
            return np.where(np.abs(x) < 0.5, np.nan, super()._cdf(x))

    with pytest.raises(ConvergenceError, match="point -0"):
        compare(rmt.goe().eigenvalues(60, rng=0), Broken())


# ---------------------------------------------------------------------- equal numbers, and rounded ones
@pytest.mark.parametrize("n", [60, 2000])
def test_copies_are_seen(n):
    """Every eigenvalue twice, and one trial among others once more: distinct with probability 1."""
    values = rmt.goe().eigenvalues(n, rng=0)
    assert compare(np.repeat(values, 2), SEMICIRCLE, statistics="atoms").rejected
    trials = rmt.goe().eigenvalues(60, rng=0, trials=20)
    assert compare(np.concatenate([trials, trials[:1]]), SEMICIRCLE, statistics="atoms").rejected
    assert not compare(trials, SEMICIRCLE, statistics="atoms").rejected
    o = rmt.haar_orthogonal()
    pairs = o + o.H  # every eigenvalue is there twice, as it should be
    assert compare(pairs.eigenvalues(60, rng=0), pairs.law(), ensemble=pairs).passed
    frozen = np.stack([rmt.hermite(math.inf).eigenvalues(30)] * 3)  # trials that do not differ
    assert compare(frozen, SEMICIRCLE, beta=math.inf).passed


@pytest.mark.parametrize("shape", [(2000, 1), (100, 40)])
@pytest.mark.parametrize("digits", [2, 3, 6])
def test_rounded_numbers_are_not_rejected_for_their_ties_and_zeros(digits, shape):
    n, trials = shape
    values = np.round(rmt.goe().eigenvalues(n, rng=3, trials=trials), digits)
    assert np.unique(values).size < values.size or digits > 3
    result = compare(values, SEMICIRCLE)
    assert result.passed
    assert not result.marks
    assert compare(np.where(np.abs(values) < 0.1, 0.0, values), SEMICIRCLE).rejected  # control: 6 % of zeros


def test_single_precision_in_doubles_has_ties():
    values = rmt.goe().eigenvalues(300, rng=3, trials=150).astype(np.float32).astype(np.float64)
    assert (np.diff(np.sort(values, axis=None)) == 0.0).sum() > 1
    assert compare(values, SEMICIRCLE).passed


@pytest.mark.parametrize("place", [1e300, -1e308, 1.7e308])
@pytest.mark.filterwarnings("error")
def test_an_eigenvalue_at_the_end_of_the_range(place):
    values = rmt.goe().eigenvalues(100, rng=0)
    values[-1] = place
    assert compare(values, SEMICIRCLE).rejected
    squares = rmt.ginibre()
    values = squares.singular_values(50, rng=0)
    values[0] = abs(place)
    assert compare(values, squares.singular_value_law(), ensemble=squares.singular_value_fluctuations()).rejected


# ---------------------------------------------------------------------- what an attack found
@pytest.mark.parametrize(
    "ensemble",
    [
        rmt.hermite(0.1),  # ends reach out as β^(−2/3)
        rmt.laguerre(0.2, ratio=0.4),
        rmt.laguerre(0.5, a=-0.5),  # an eigenvalue below 1e-13 in one matrix of twenty
        rmt.jacobi(0.3),
        rmt.jacobi(1, -0.5, -0.5),
    ],
    ids=repr,
)
def test_small_indices_are_rejected_at_the_level(ensemble):
    assert rejections(ensemble, 20, 21, 30) <= most(30)
    assert rejections(ensemble, 20, 1, 60) <= most(60)
    values = ensemble.eigenvalues(20, rng=3)
    far = np.append(values[:-1], 40.0 * np.abs(values).max())  # control
    assert compare(far, ensemble.law(), ensemble=ensemble).rejected


def test_exact_zeros_of_a_hard_edge_are_still_seen():
    ensemble = rmt.laguerre(1, a=0)
    values = ensemble.eigenvalues(100, rng=0)
    values[0] = 0.0
    assert compare(values, ensemble.law(), ensemble=ensemble).rejected


@pytest.mark.parametrize("factor", [rmt.goe(), rmt.wishart(0.5)], ids=repr)
def test_traces_of_long_words_are_asked_where_they_are_normal(factor):
    """Of the GOE squared 26 of 500 samples of n = 20 were rejected, for the trace of its eighth power."""
    word = factor @ factor
    assert rejections(word, 20, 1, 150) <= most(150)
    values = word.eigenvalues(60, rng=1, trials=20)
    assert all(compare(1.6 * v, word.law(), ensemble=word).rejected for v in values)  # control


@pytest.mark.parametrize(
    "ensemble",
    [rmt.wigner("student(2.5)"), rmt.wigner("sparse(0.1)"), rmt.wishart(0.5, "student(3)")],
    ids=repr,
)
@pytest.mark.parametrize("n", [20, 100])
@pytest.mark.filterwarnings("ignore::rmt.errors.MomentConditionWarning")
def test_an_eigenvalue_beyond_all_entries_is_seen(ensemble, n):
    values = ensemble.eigenvalues(n, rng=1)
    assert not compare(values, ensemble.law(), ensemble=ensemble).rejected  # control: these are its own
    values[-1] = 1e6
    assert compare(values, ensemble.law(), ensemble=ensemble).rejected


def test_a_law_that_lies_over_many_decades():
    jacobian = rmt.MLP(6, "erf", 1.2, sigma_b=0.1).jacobian()
    law, known = jacobian.singular_value_law(), jacobian.singular_value_fluctuations()
    values = jacobian.singular_values(30, rng=1, trials=9)
    result = compare(values, law, ensemble=known)
    assert result.passed
    assert result.parts[0].p_value is not None
    assert compare(3.0 * values, law, ensemble=known).rejected  # control


@pytest.mark.parametrize("law", [rmt.MarchenkoPastur(2), rmt.MarchenkoPastur(1), rmt.Arcsine(3), rmt.Uniform(1, 4)])
def test_chebyshev_means_by_the_distribution_function(law):
    from rmt.spectra.verdict.shape import _by_parts, _chebyshev_means

    ends = law._hull()
    assert np.allclose(_by_parts(law, *ends), _chebyshev_means(law, *ends), atol=1e-12)


def test_permutations_are_not_rigid():
    """Of 100 permutations of 20 points 18 were rejected."""
    ensemble = rmt.ensembles.permutation()
    values = ensemble.eigenvalues(20, rng=1, trials=60)
    assert all(compare(v, ensemble.law(), ensemble=ensemble).verdict == "no verdict" for v in values)
    as_haar = [compare(v, ensemble.law(), ensemble=rmt.haar_unitary()).rejected for v in values]
    assert any(as_haar)  # control
    pairs = ensemble + ensemble.T  # cycles share eigenvalues
    assert not any(compare(pairs.eigenvalues(40, rng=s), pairs.law(), ensemble=pairs).rejected for s in range(10))


def test_zeros_of_words_in_sparse_matrices_are_possible():
    sparse = rmt.wigner("sparse(0.1)")
    word = sparse @ sparse + sparse
    found = [compare(word.eigenvalues(20, rng=s), word.law(), ensemble=word) for s in range(10)]
    assert any(abs(pair.position) < 1e-9 for result in found for pair in result.atoms)  # there are exact zeros
    assert not any("no atom" in part.text for result in found for part in result.parts)
    assert not any(result.rejected for result in found)  # nor is it near its law at n = 20
    values = rmt.goe().eigenvalues(20, rng=0)
    assert compare(np.append(values[2:], [0.0, 0.0]), SEMICIRCLE).rejected  # control


@pytest.mark.parametrize("ensemble", [rmt.haar_unitary(), rmt.circular(1), rmt.ginibre()], ids=repr)
def test_as_many_trials_as_complex_eigenvalues(ensemble):
    values = ensemble.eigenvalues(20, rng=0, trials=20)
    assert compare(values, ensemble.law(), ensemble=ensemble).passed
    with pytest.raises(ValueError, match="eigvals for a law in the plane"):
        compare(ensemble.sample(20, rng=0), ensemble.law())


def test_a_law_whose_moments_overflow():
    values = 1e150 * rmt.goe().eigenvalues(100, rng=1)
    result = compare(values, rmt.Semicircle(variance=1e300))
    assert result.passed
    assert result.moments[3].predicted is None
    assert compare(1.3 * values, rmt.Semicircle(variance=1e300)).rejected  # control


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"statistics": None}, TypeError, "statistics must be a sequence of names"),
        ({"statistics": 3}, TypeError, "statistics must be a sequence of names"),
        ({"beta": 1e300}, ValueError, "beta must be .* <= 1e"),
        ({"n": 40}, ValueError, "50 eigenvalues, more than a matrix of dimension n = 40"),
    ],
)
def test_calls_that_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        compare(rmt.goe().eigenvalues(50, rng=0, trials=2), SEMICIRCLE, **options)
