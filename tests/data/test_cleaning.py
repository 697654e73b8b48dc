"""Cleaned covariance matrices: against the oracle, closed forms and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import rmt
from rmt.data import CovarianceCleaner, clean_covariance, population_functionals, sample_spectrum, shrink_eigenvalues
from rmt.data.shrinkers import SPIKED_RULES, isolated
from rmt.data.smoothed_sums import smoothed_sums


def excess(method, scales, rows, trials, seed):
    """Squared Frobenius loss above the oracle, as a share of what the sample loses above it."""
    rng, size = np.random.default_rng(seed), scales.size
    truth, totals = np.diag(scales), np.zeros(3)
    for _ in range(trials):
        X = rng.standard_normal((rows, size)) * np.sqrt(scales)
        oracle = clean_covariance(X, "oracle", centred=True, population=truth)
        found = method(X, oracle.sample)
        sample = oracle.sample.eigenvalues
        # what is lost beside the oracle is a sum over the eigenvalues
        totals += [((found - oracle.eigenvalues) ** 2).sum(), ((sample - oracle.eigenvalues) ** 2).sum(), 1]
    return totals[0] / totals[1]


def default(X, sample):
    return clean_covariance(X, centred=True).eigenvalues


def fixed_height(X, sample):
    """The resolvent at the fixed height n^(−1/2): a negative control."""
    values, c = sample.eigenvalues, sample.ratio
    z = values - 1j * values.size**-0.5
    return values / abs(1 - c + c * z * np.mean(1 / (z[:, None] - values), axis=1)) ** 2


TWO = np.repeat([1.0, 4.0], 50)


@pytest.mark.parametrize(("rows", "most"), [(50, 0.06), (100, 0.085), (110, 0.06), (200, 0.06)])
def test_loss_above_the_oracle(rows, most):
    assert excess(default, TWO, rows, 12, 1) < most


def test_loss_above_the_oracle_in_high_dimension():
    assert excess(default, np.repeat([1.0, 4.0], 200), 800, 3, 2) < 0.02
    linear = excess(lambda X, s: clean_covariance(X, "linear", centred=True).eigenvalues, TWO, 200, 12, 1)
    assert linear > 3 * excess(default, TWO, 200, 12, 1)


def test_loss_with_spikes():
    """0.045 on average over draws; a fixed height loses several times what the sample loses (control)."""
    spiked = np.r_[np.ones(397), 5, 10, 60]
    assert excess(default, spiked, 800, 12, 3) < 0.1
    assert excess(fixed_height, spiked, 800, 2, 3) > 4
    spectrum = sample_spectrum(np.random.default_rng(0).standard_normal((800, 400)) * np.sqrt(spiked), centred=True)
    assert isolated(spectrum.eigenvalues) == 3


def test_sums_against_all_pairs():
    rng = np.random.default_rng(4)
    for size, width, spread in ((1500, 0.05, 4.0), (300, 0.2, 30.0), (500, 0.01, 0.0), (400, 0.03, 1e-9)):
        x = spread * rng.random(size)
        direct = np.mean(1 / (1 - 1j * width - np.exp(x[:, None] - x)), axis=1)
        np.testing.assert_allclose(smoothed_sums(x, width), direct, rtol=1e-7)


def test_trace_is_kept_and_zeros_are_shrunk():
    rng = np.random.default_rng(5)
    for size, rows in ((40, 80), (40, 40), (40, 41), (60, 20), (1, 5), (2, 9)):
        X = rng.standard_normal((rows, size))
        found = clean_covariance(X)
        np.testing.assert_allclose(
            np.trace(found.covariance), np.cov(X.T).trace() if size > 1 else X.var(ddof=1), rtol=1e-12
        )
        assert np.linalg.eigvalsh(found.covariance)[0] > 0
        if size > 1:
            np.testing.assert_allclose(
                np.sort(np.linalg.eigvalsh(found.covariance)), np.sort(found.eigenvalues), rtol=1e-9
            )
    X[:] = 1.0
    assert not clean_covariance(X).covariance.any()


def test_duplicated_rows_and_constant_columns():
    rng = np.random.default_rng(6)
    X = np.repeat(rng.standard_normal((15, 30)), 2, axis=0)
    assert np.linalg.eigvalsh(clean_covariance(X).covariance)[0] > 0
    Y = np.c_[rng.standard_normal((50, 3)) * [1, 10, 100], np.full(50, 7.0)]
    found = clean_covariance(Y, correlation=True)
    assert found.covariance[3].tolist() == [0, 0, 0, 0]
    np.testing.assert_allclose(np.diag(found.covariance)[:3] / Y.var(axis=0, ddof=1)[:3], 1, rtol=0.2)


def test_shrunken_eigenvalues_do_not_depend_on_the_scale():
    values = sample_spectrum(np.random.default_rng(7).standard_normal((90, 60)), centred=True).eigenvalues
    np.testing.assert_allclose(shrink_eigenvalues(1e-200 * values, 90), 1e-200 * shrink_eigenvalues(values, 90))
    shuffled = np.random.default_rng(0).permutation(values)
    np.testing.assert_array_equal(shrink_eigenvalues(shuffled, 90), shrink_eigenvalues(values, 90))


def test_formula_with_the_right_population_is_near_the_oracle():
    share = excess(
        lambda X, s: (
            clean_covariance(
                X, "rotationally_invariant", centred=True, population=rmt.Atomic((1, 4), (0.5, 0.5))
            ).eigenvalues
        ),
        TWO,
        200,
        3,
        8,
    )
    assert share < 0.03


# ---------------------------------------------------------------------- linear shrinkage
def test_linear_shrinkage_in_exact_numbers():
    X = [[4, 0, 1], [0, 1, 0], [-3, 0, 1], [5, 1, -1], [-6, -1, 0], [1, 0, 2], [2, 1, 1]]
    found = clean_covariance(X, "linear")
    centred = np.array(X) - np.mean(X, axis=0)
    S = centred.T @ centred / 7
    target = np.trace(S) / 3 * np.eye(3)
    b = np.mean([((np.outer(x, x) - S) ** 2).sum() for x in centred]) / 7
    weight = b / ((S - target) ** 2).sum()
    assert found.shrinkage == pytest.approx(811434 / 2643949, rel=1e-13)
    assert found.shrinkage == pytest.approx(weight, rel=1e-13)
    np.testing.assert_allclose(found.covariance, (1 - weight) * S + weight * target, rtol=1e-12)


@pytest.mark.parametrize(("rows", "columns"), [(30, 8), (8, 30), (12, 12), (20, 1)])
def test_agrees_with_scikit_learn(rows, columns):
    covariance = pytest.importorskip("sklearn.covariance")
    X = np.random.default_rng(9).standard_normal((rows, columns)) * np.arange(1, columns + 1) + 3
    for name, theirs in (("linear", covariance.LedoitWolf()), ("oas", covariance.OAS())):
        theirs.fit(X)
        ours = CovarianceCleaner(method=name).fit(X)
        np.testing.assert_allclose(ours.covariance_, theirs.covariance_, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(ours.score(X), theirs.score(X), rtol=1e-9)
        np.testing.assert_allclose(ours.mahalanobis(X), theirs.mahalanobis(X), rtol=1e-9)
        other = np.eye(columns)
        for norm in ("frobenius", "spectral"):
            assert ours.error_norm(other, norm=norm) == pytest.approx(theirs.error_norm(other, norm=norm))


def test_estimator_follows_scikit_learn():
    base = pytest.importorskip("sklearn.base")
    cleaner = CovarianceCleaner(method="clip", assume_centered=True)
    copy = base.clone(cleaner)
    assert copy.get_params() == cleaner.get_params()
    assert copy.set_params(method="auto").method == "auto"
    with pytest.raises(ValueError, match="unknown parameter 'methud'; did you mean 'method'"):
        copy.set_params(methud="auto")


# ---------------------------------------------------------------------- spiked model
@pytest.mark.parametrize(
    ("loss", "value"),
    [
        ("frobenius", 3.7858591652940333888),
        ("frobenius_symmetric", 2.1375587212817311677),
        ("operator", 4.3507810593582121716),
        ("nuclear", 3.2209372712298546059),
        ("stein", 2.7801905487174319808),
        ("entropy", 3.7858591652940333888),
        ("frechet", 3.6205879541683179556),
    ],
)
def test_spiked_rules_in_numbers(loss, value):
    """λ = 5, c = 1/2 in unit noise."""
    from rmt.data.shrinkers import spiked

    found = spiked(np.array([1.0, 5.0]), 0.5, 1.0, 1, loss)
    assert found.tolist() == pytest.approx([1.0, value], rel=1e-13)
    assert spiked(np.array([2.0, 10.0]), 0.5, 2.0, 1, loss)[1] == pytest.approx(2 * value, rel=1e-13)


def root(A, power):
    values, vectors = np.linalg.eigh(A)
    return (vectors * values**power) @ vectors.T


LOSSES = {
    "frobenius": lambda A, B: np.linalg.norm(A - B),
    "frobenius_precision": lambda A, B: np.linalg.norm(root(A, -1) - root(B, -1)),
    "frobenius_relative": lambda A, B: np.linalg.norm(root(A, -1) @ B - np.eye(2)),
    "frobenius_inverse_relative": lambda A, B: np.linalg.norm(root(B, -1) @ A - np.eye(2)),
    "frobenius_symmetric": lambda A, B: np.linalg.norm(root(A, -0.5) @ B @ root(A, -0.5) - np.eye(2)),
    "nuclear": lambda A, B: np.linalg.norm(A - B, "nuc"),
    "stein": lambda A, B: np.trace(root(A, -1) @ B) - np.linalg.slogdet(B)[1],
    "entropy": lambda A, B: np.trace(root(B, -1) @ A) + np.linalg.slogdet(B)[1],
    "divergence": lambda A, B: np.trace(root(A, -1) @ B + root(B, -1) @ A),
    "affinity": lambda A, B: np.linalg.slogdet(A + B)[1] - 0.5 * np.linalg.slogdet(B)[1],
    "frechet": lambda A, B: np.linalg.norm(root(A, 0.5) - root(B, 0.5)),
}


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_spiked_rules_minimise_their_losses(loss):
    spike, c2 = 4.35, 0.72
    v = np.array([math.sqrt(c2), math.sqrt(1 - c2)])
    A = np.diag([spike, 1.0])
    found = minimize_scalar(
        lambda x: LOSSES[loss](A, np.eye(2) + (x - 1) * np.outer(v, v)),
        bounds=(1.0, 8.0),
        method="bounded",
        options={"xatol": 1e-9},
    ).x
    assert SPIKED_RULES[loss](np.array(spike), np.array(c2)) == pytest.approx(found, rel=1e-4)


def test_spiked_and_clipped_matrices():
    rng = np.random.default_rng(10)
    X = rng.standard_normal((400, 100)) * np.sqrt(np.r_[20, 2 * np.ones(99)])
    for method in ("spiked", "clip"):
        found = clean_covariance(X, method, centred=True)
        assert found.outliers == 1
        assert np.ptp(found.eigenvalues[:-1]) < 1e-12
        assert found.eigenvalues[0] == pytest.approx(2, rel=0.05)


# ---------------------------------------------------------------------- population
def test_numbers_of_a_population():
    rng = np.random.default_rng(11)
    values = sample_spectrum(
        rng.standard_normal((40, 80)) * np.sqrt(np.repeat([1.0, 4.0], 40)), centred=True
    ).eigenvalues
    found = population_functionals(values, 2.0, draws=5, rng=0)
    assert found.mean == pytest.approx(values.mean(), rel=1e-12)
    assert min(x for x, _ in found.law.atoms) >= 0
    # Var tr S / p² of Gaussian data: 2 tr Σ²/(m p²)
    assert found.mean_error == pytest.approx(math.sqrt(2 * 8.5 / (40 * 80)), rel=1.0)
    assert abs(found.mean - 2.5) < 5 * math.sqrt(2 * 8.5 / (40 * 80))


def test_shrinkage_of_a_sample_covariance_is_that_of_the_population():
    law = rmt.sample_covariance([1.0, 4.0], 0.5)
    assert rmt.nonlinear_shrinkage(law, [2.0, 6.0]) == pytest.approx(
        [3.165373043062414717, 3.8115423784791991611], rel=1e-12
    )
    wide = rmt.sample_covariance([1.0, 4.0], 3.0)
    found = rmt.nonlinear_shrinkage(wide, [0.0, 8.0])
    assert found == pytest.approx([2.1711646096066206, 3.3584936755881020286], rel=1e-12)
    assert rmt.nonlinear_shrinkage(rmt.sample_covariance([1.0, 4.0], 2.0), 0.0) == pytest.approx(2.0, rel=1e-12)
    for law in (rmt.sample_covariance([2.0], 3.0), rmt.sample_covariance([2.0], 3.0, closed_form=False)):
        assert rmt.nonlinear_shrinkage(law, [0.0, 5.0]).tolist() == [2.0, 2.0]
    with pytest.raises(ValueError, match="inside the support"):
        rmt.nonlinear_shrinkage(law, 100.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clean_covariance([1.0, 2.0]), "rows are observations"),
        (lambda: clean_covariance([[1.0, 2.0]]), "at least 2 observations"),
        (lambda: clean_covariance([[1.0, np.inf], [0.0, 1.0]]), "inf at row 0, column 1"),
        (lambda: clean_covariance(np.eye(3), "lineer"), "did you mean 'linear'"),
        (lambda: clean_covariance(np.eye(3), "oracle"), "population="),
        (lambda: clean_covariance(np.eye(3), "spiked", loss="bures"), "unknown loss"),
        (lambda: clean_covariance(np.ones((4, 3)), correlation=True), "constant"),
        (lambda: rmt.population_spectrum(np.eye(20), 0.5), r"\(20, 20\)"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
