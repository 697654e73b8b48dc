"""Spectra against laws: distances with atoms, tolerances with their negative controls, every reported number."""

import json
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

import rmt
from rmt.spectra import compare
from rmt.spectra.distances import largest_gap

SEMICIRCLE = rmt.Semicircle()


# ---------------------------------------------------------------------- distances, against closed forms
def test_one_point_against_the_semicircle():
    result = compare([0.0], SEMICIRCLE)
    assert result.ks == pytest.approx(0.5, rel=1e-15)
    assert result.wasserstein == pytest.approx(8 / (3 * math.pi), rel=1e-6)  # E|X|


def test_a_point_outside_the_support():
    result = compare([3.0], SEMICIRCLE)
    assert result.ks == 1.0
    assert result.wasserstein == pytest.approx(3.0, rel=1e-12)


def test_atoms_are_compared_from_both_sides():
    coin = rmt.Bernoulli(0.5)
    exact = compare([0.0, 0.0, 1.0, 1.0], coin)
    assert exact.ks == 0.0
    assert exact.wasserstein == 0.0
    biased = compare([0.0, 0.0, 0.0, 1.0], coin)
    assert biased.ks == 0.25
    assert biased.wasserstein == pytest.approx(0.25, rel=1e-15)
    between = compare([0.5], coin)
    assert between.ks == 0.5
    assert between.wasserstein == pytest.approx(0.5, rel=1e-15)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-6, 6), min_size=1, max_size=12),
    st.lists(st.integers(-6, 6), min_size=1, max_size=12),
)
def test_distances_between_atomic_laws(left, right):
    result = compare(np.array(left, float), rmt.Empirical(np.array(right, float)))
    grid = np.arange(-6, 7)
    difference = [np.mean(np.array(left) <= x) - np.mean(np.array(right) <= x) for x in grid]
    assert result.ks == pytest.approx(np.abs(difference).max(), abs=1e-15)
    assert result.wasserstein == pytest.approx(scipy.stats.wasserstein_distance(left, right), abs=1e-13)


@pytest.mark.parametrize("size", [1, 7, 300])
def test_distance_to_a_continuous_law_agrees_with_scipy(size):
    sample = np.random.default_rng(size).uniform(-2.5, 2.5, size)
    assert compare(sample, SEMICIRCLE).ks == pytest.approx(
        scipy.stats.ks_1samp(sample, SEMICIRCLE.cdf).statistic, rel=1e-13
    )


@pytest.mark.parametrize("kind", ["true law", "shifted law", "ties and atoms", "few points"])
def test_the_largest_gap_is_found_without_all_values_of_the_law(kind):
    rng = np.random.default_rng(3)
    for _ in range(20):
        x = np.sort(rng.random(5 if kind == "few points" else 1000))
        if kind == "ties and atoms":
            x = np.round(x, 2)
        points, counts = np.unique(x, return_counts=True)
        after = np.cumsum(counts) / x.size
        before = after - counts / x.size
        above = np.clip(points + 0.1 * (kind == "shifted law"), 0.0, 1.0)
        below = above - (points == 0.5) * 0.1 if kind == "ties and atoms" else above
        asked = []

        def levels(i, below=below, above=above, asked=asked):
            asked.extend(i.tolist())
            return below[i], above[i]

        everywhere = max(np.abs(after - above).max(), np.abs(before - below).max())
        assert largest_gap(before, after, levels) == everywhere
        assert len(asked) == len(set(asked))
        if points.size > 500:
            assert len(asked) < points.size / 2


def test_wasserstein_is_the_area_between_the_distribution_functions():
    law = rmt.MarchenkoPastur(ratio=2)
    sample = np.array([0.0, 0.0, 0.1, 0.9, 4.0, 7.0])
    grid = np.linspace(-0.5, 7.5, 800_001)
    empirical = np.searchsorted(sample, grid, side="right") / sample.size
    area = np.trapezoid(np.abs(empirical - law.cdf(grid)), grid)
    assert compare(sample, law).wasserstein == pytest.approx(area, rel=2e-5)


# ---------------------------------------------------------------------- atoms
def test_rounded_zeros_are_counted_into_the_atom():
    data = np.random.default_rng(0).standard_normal((600, 300))
    eigenvalues = np.linalg.eigvalsh(data @ data.T / 300)
    assert np.count_nonzero(eigenvalues == 0.0) < 300
    result = compare(eigenvalues, rmt.MarchenkoPastur(ratio=2))
    (atom,) = result.atoms
    assert (atom.position, atom.predicted, atom.measured) == (0.0, 0.5, 0.5)
    assert 0.0 < result.atom_tolerance < 1e-11
    assert result.passed
    blurred = compare(eigenvalues, rmt.MarchenkoPastur(ratio=2), atom_tolerance=0.0)
    assert not blurred.passed


def test_an_atom_the_law_does_not_know_is_reported():
    zeros = rmt.wishart(ratio=2.0).eigenvalues(200, rng=0)
    (atom,) = compare(zeros, rmt.MarchenkoPastur(ratio=0.5)).atoms
    assert (atom.position, atom.predicted, atom.measured) == (0.0, 0.0, 0.5)
    assert compare(rmt.goe().eigenvalues(200, rng=0), SEMICIRCLE).atoms == ()


def test_small_eigenvalues_of_a_deep_product_are_no_atom():
    deep = rmt.product_wishart(depth=12)
    assert compare(deep.eigenvalues(150, rng=1), deep.law()).atoms == ()


# ---------------------------------------------------------------------- verdicts
@pytest.mark.parametrize(
    ("ensemble", "beta"),
    [
        (rmt.goe(), 1),
        (rmt.gue(), 2),
        (rmt.gse(), 4),
        (rmt.wishart(ratio=0.1), 1),
        (rmt.wishart(ratio=1.0), 1),
        (rmt.wishart(ratio=2.0), 1),
        (rmt.product_wishart(depth=3), 1),
    ],
    ids=repr,
)
def test_true_laws_are_accepted(ensemble, beta):
    result = compare(ensemble.eigenvalues(600, rng=11), ensemble.law(), beta=beta)
    assert result.passed
    assert result.verdict == "accepted"
    assert result.tolerance == pytest.approx(math.log(600) / 600)


@pytest.mark.parametrize("field", ["real", "complex"])
def test_wrong_ratio_is_rejected(field):
    """Negative control: ratio 1.5 for 2 at n = 1500 (KS 0.0253 plus the wrong atom, tolerance 0.0049)."""
    eigenvalues = rmt.wishart(ratio=2.0, field=field).eigenvalues(1500, rng=3)
    assert compare(eigenvalues, rmt.MarchenkoPastur(ratio=2)).passed
    result = compare(eigenvalues, rmt.MarchenkoPastur(ratio=1.5))
    assert result.passed is False
    assert result.verdict == "rejected"


def test_wrong_variance_is_rejected():
    """Negative control: 8 % of variance move a sum by 30 of its standard deviations, independent points by one."""
    eigenvalues = rmt.goe().eigenvalues(1000, rng=3)
    assert compare(eigenvalues, rmt.Semicircle(variance=1.08)).passed is False
    assert compare(eigenvalues, rmt.Semicircle(variance=1.08), rigidity=False).passed  # independent points: blind


def test_independent_points_need_the_other_tolerance():
    points = SEMICIRCLE.rvs(2000, rng=4)
    assert compare(points, SEMICIRCLE).passed is False
    result = compare(points, SEMICIRCLE, rigidity=False, false_alarm=1e-6)
    assert result.passed
    assert result.tolerance == pytest.approx(math.sqrt(math.log(2e6) / 4000))
    assert "false alarm 1e-06" in result.tolerance.reason
    assert result.level == 1e-6


def test_false_alarm_is_kept():
    """Massart's bound: at most 5 % of true samples rejected; 200 of them, binomial tail below 1e-6 beyond 33."""
    rng = np.random.default_rng(8)
    verdicts = [compare(SEMICIRCLE.rvs(50, rng=rng), SEMICIRCLE, rigidity=False, false_alarm=0.05) for _ in range(200)]
    assert sum(not result.passed for result in verdicts) <= 33


def test_tolerance_grows_for_small_beta():
    result = compare(np.zeros(100), SEMICIRCLE, beta=0.25)
    assert result.tolerance == pytest.approx(2 * math.log(100) / 100)


def test_too_few_eigenvalues_give_no_verdict():
    """Sums are normal from 20 on, and no exact law is known of a product; those of the GOE are known at every n."""
    law = rmt.product_wishart(2).law()
    result = compare(rmt.product_wishart(2).eigenvalues(19, rng=0), law)
    assert result.passed is None
    assert result.verdict == "no verdict"
    assert "fewer than 20 eigenvalues" in str(result)
    assert compare(rmt.product_wishart(2).eigenvalues(19, rng=0), law, tolerance=0.3).passed is True
    assert compare(rmt.goe().eigenvalues(19, rng=0), SEMICIRCLE).passed is True
    assert compare(np.full(3, 9.0), SEMICIRCLE).rejected


def test_trials_are_pooled():
    eigenvalues = rmt.goe().eigenvalues(100, rng=0, trials=5)
    result = compare(eigenvalues, SEMICIRCLE)
    assert (result.n, result.size) == (100, 500)
    assert result.tolerance == pytest.approx(math.log(100) / 100)
    assert result == compare(eigenvalues.ravel(), SEMICIRCLE, n=100)
    assert result == compare(eigenvalues.ravel(), SEMICIRCLE)  # five ascending runs of 100
    turned = compare(eigenvalues[:, ::-1].ravel(), SEMICIRCLE)
    assert (turned.n, turned.p_value) == (100, pytest.approx(result.p_value, rel=1e-6))
    assert compare(np.random.default_rng(0).permuted(eigenvalues, axis=1).ravel(), SEMICIRCLE).n == 500


def test_a_sorted_pool_is_compared_by_what_does_not_need_the_matrices():
    eigenvalues = rmt.goe().eigenvalues(100, rng=1, trials=5)
    result = compare(np.sort(eigenvalues, axis=None), SEMICIRCLE, n=100)
    parts = {part.name: part for part in result.parts}
    assert result.passed
    assert parts["edges"].p_value is None
    assert parts["shape"].p_value == pytest.approx(
        compare(eigenvalues, SEMICIRCLE, statistics="shape").p_value, rel=1e-9
    )
    assert compare(np.sort(eigenvalues, axis=None) * 1.03, SEMICIRCLE, n=100).rejected  # negative control


# ---------------------------------------------------------------------- numbers beside the distance
def test_edges_moments_and_variance():
    values = np.array([-1.9, -0.5, 0.4, 2.1])
    result = compare(values, SEMICIRCLE)
    assert [(e.predicted, e.measured) for e in result.edges] == [(-2.0, -1.9), (2.0, 2.1)]
    assert result.mean.measured == pytest.approx(values.mean())
    assert result.variance.measured == pytest.approx(values.var())
    assert [m.predicted for m in result.moments] == [0.0, 1.0, 0.0, 2.0]
    np.testing.assert_allclose([m.measured for m in result.moments], [np.mean(values**k) for k in (1, 2, 3, 4)])


def test_edges_leave_atoms_out():
    result = compare([0.0, 0.0, 0.0, 1.0, 3.0], rmt.MarchenkoPastur(ratio=2))
    assert [e.measured for e in result.edges] == [1.0, 3.0]


def test_purely_atomic_law_has_no_edges():
    assert compare([0.0, 1.0], rmt.Bernoulli(0.5)).edges == ()


def test_numbers_survive_json():
    result = compare(rmt.wishart(ratio=2.0).eigenvalues(100, rng=0), rmt.MarchenkoPastur(ratio=2))
    record = json.loads(result.to_json())
    assert record == result.as_dict()
    assert record["ks"] == result.ks
    assert record["verdict"] == "accepted"
    assert record["atoms"] == [{"position": 0.0, "predicted": 0.5, "measured": 0.5}]
    assert eval(record["law"], vars(rmt.laws)) == result.law


def test_text_names_every_number():
    text = str(compare(rmt.wishart(ratio=2.0).eigenvalues(100, rng=0), rmt.MarchenkoPastur(ratio=2)))
    for word in ("n = 100", "KS distance", "rigidity", "accepted", "lower edge", "variance", "mass at 0", "5.82843"):
        assert word in text


# ---------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("sample", "options", "error", "message"),
    [
        ([], {}, ValueError, r"got shape \(0,\)"),
        (np.eye(3), {}, ValueError, "a square array is a matrix"),
        (np.zeros((2, 2, 2)), {}, ValueError, r"got shape \(2, 2, 2\)"),
        ([1.0, np.nan], {}, ValueError, "nan at position 1"),
        ([1.0 + 1j], {}, TypeError, "law on the line"),
        (["x"], {}, TypeError, "sample must be real or complex numbers"),
        ([1.0], {"n": 0}, ValueError, "n must be an integer >= 1, got 0"),
        ([1.0], {"beta": 0.0}, ValueError, "beta must be"),
        ([1.0], {"tolerance": math.nan}, ValueError, "tolerance must be"),
        ([1.0], {"atom_tolerance": -1.0}, ValueError, "atom_tolerance must be"),
        ([1.0], {"false_alarm": 1.0}, ValueError, "false_alarm must be"),
        ([1.0], {"level": 0.0}, ValueError, "level must be"),
        ([1.0], {"statistics": "shapes"}, ValueError, "did you mean 'shape'"),
        ([1.0], {"statistics": ()}, ValueError, "at least one of shape"),
        ([1.0], {"ensemble": 3}, TypeError, "ensemble must be a random matrix"),
        ([1.0, 2.0, 3.0], {"n": 2}, ValueError, "n must divide the number of eigenvalues"),
    ],
)
def test_bad_input_is_refused(sample, options, error, message):
    with pytest.raises(error, match=message):
        compare(sample, SEMICIRCLE, **options)


# ---------------------------------------------------------------------- the plane
def test_roots_of_unity_on_the_circle():
    n = 40
    roots = np.exp(2j * np.pi * (np.arange(n) + 0.5) / n)
    result = compare(roots, rmt.UnitCircle())
    assert result.radius.ks == 0.0
    assert result.angle.ks == pytest.approx(0.5 / n, rel=1e-9)
    assert result.tolerance == pytest.approx(math.log(n) / n)
    assert result.passed
    assert [(a.position, a.predicted, a.measured) for a in result.radius.atoms] == [(1.0, 1.0, 1.0)]


@pytest.mark.parametrize("ensemble", [rmt.haar_orthogonal(), rmt.haar_unitary(), rmt.haar_symplectic()], ids=repr)
def test_haar_angles_are_rigid(ensemble):
    result = compare(ensemble.eigenvalues(300, rng=2), rmt.UnitCircle(), beta=ensemble.beta)
    assert result.passed
    points = rmt.UnitCircle().rvs(300, rng=2)
    assert compare(points, rmt.UnitCircle()).passed is False  # negative control: independent points


@pytest.mark.parametrize("field", ["real", "complex"])
def test_circular_law(field):
    eigenvalues = rmt.ginibre(field=field).eigenvalues(400, rng=2)
    result = compare(eigenvalues, rmt.CircularLaw())
    assert result.passed
    assert result.tolerance == pytest.approx(1 / math.sqrt(800 * math.pi) + math.log(400) / 400**0.75)
    assert compare(eigenvalues, rmt.CircularLaw(variance=1.3)).passed is False  # negative control
    assert compare(np.abs(eigenvalues), rmt.CircularLaw()).passed is False  # right radii, wrong angles
    record = json.loads(result.to_json())
    assert record["ks"] == max(record["radius"]["ks"], record["angle"]["ks"])
    assert "upper radius" in str(result)


def test_angle_minus_pi_is_pi():
    below = np.array([complex(-1.0, -0.0)])
    assert compare(below, rmt.UnitCircle()).angle.edges[1].measured == math.pi


def test_frozen_eigenvalues():
    result = compare(rmt.hermite(beta=math.inf).eigenvalues(200), rmt.Semicircle(), beta=math.inf)
    assert result.passed
    assert result.tolerance == pytest.approx(math.log(200) / 200)


# ---------------------------------------------------------------------- weights
def test_equal_weights_are_none():
    values = rmt.goe().eigenvalues(60, rng=0)
    assert compare(values, SEMICIRCLE, weights=np.full(60, 3.0)) == compare(values, SEMICIRCLE)


def test_weighted_numbers_are_those_of_the_weighted_measure():
    x, w = np.array([0.5, -1.0, 0.5, 1.5]), np.array([1.0, 2.0, 3.0, 2.0])
    result = compare(x, SEMICIRCLE, weights=10 * w)
    points, share = np.array([-1.0, 0.5, 1.5]), np.array([0.25, 0.5, 0.25])
    after, level = np.cumsum(share), SEMICIRCLE.cdf(points)
    assert result.ks == pytest.approx(max(np.abs(after - level).max(), np.abs(after - share - level).max()), rel=1e-14)
    assert result.mean.measured == pytest.approx(share @ points)
    assert result.variance.measured == pytest.approx(share @ (points - share @ points) ** 2)
    repeated = compare(np.repeat(points, [1, 2, 1]), SEMICIRCLE)
    assert result.wasserstein == pytest.approx(repeated.wasserstein, rel=1e-9)
    half = compare([0.0, 1.0, 1.0], rmt.Bernoulli(0.5), weights=[2.0, 1.0, 1.0])
    assert [(a.position, a.measured) for a in half.atoms] == [(0.0, 0.5), (1.0, 0.5)]
    json.loads(result.to_json())


@pytest.mark.parametrize("n", [20, 100])
def test_weights_of_one_vector_are_judged_as_independent_points(n):
    """Overlaps with a basis vector, and importance of uniform draws: 100 samples, 3 % beyond 15 once in 1e7."""
    rng = np.random.default_rng(3)
    rejected = [0, 0]
    for _ in range(100):
        matrix = rng.standard_normal((n, n))
        values, vectors = np.linalg.eigh((matrix + matrix.T) / math.sqrt(2 * n))
        rejected[0] += compare(values, SEMICIRCLE, weights=vectors[0] ** 2).rejected
        x = rng.uniform(-2, 2, n)
        rejected[1] += compare(x, SEMICIRCLE, weights=SEMICIRCLE.pdf(x)).rejected
    assert max(rejected) <= 15
    assert compare(x, rmt.Semicircle(variance=0.1), weights=SEMICIRCLE.pdf(x)).rejected  # control


def test_weighted_points_beyond_the_support_are_seen_and_those_without_weight_are_not():
    values, weights = rmt.goe().eigenvalues(100, rng=0), np.linspace(1.0, 2.0, 100)
    values[50] = 7.0
    assert [mark.position for mark in compare(values, SEMICIRCLE, weights=weights).marks] == [7.0]
    weights[50] = 0.0
    assert compare(values, SEMICIRCLE, weights=weights).passed
    gap = rmt.boxplus(4 * rmt.Rademacher(), SEMICIRCLE)  # the rule of a symmetric measure has a node at 0
    x = np.append(gap.ppf((np.arange(60) + 0.5) / 60), 0.0)
    assert compare(x, gap, weights=np.append(np.ones(60), 1e-9)).passed


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([1.0], ValueError, r"of shape \(3,\), got shape \(1,\)"),
        ([1.0, -1.0, 1.0], ValueError, "at least 0"),
        ([1.0, math.nan, 1.0], ValueError, "finite"),
        ([0.0, 0.0, 0.0], ValueError, "not all 0"),
        ([1j, 1.0, 1.0], TypeError, "complex"),
    ],
)
def test_bad_weights_are_refused(weights, error, message):
    with pytest.raises(error, match=message):
        compare([0.0, 0.5, 1.0], SEMICIRCLE, weights=weights)
    with pytest.raises(ValueError, match="weights are for laws on the line"):
        compare([0.0, 0.5, 1.0], rmt.CircularLaw(), weights=[1.0, 2.0, 3.0])
