"""Verdicts on predicted Jacobians: right predictions are rejected at the level at most, wrong ones are seen."""

import pytest
from scipy import stats

import rmt
from rmt.networks.reports.agreement import WIDENED, agreement_with

LAW = rmt.MarchenkoPastur()


def test_words_are_those_of_compare():
    found = agreement_with(LAW, 0.01, 100, level=0.01)
    assert (found.verdict, found.passed, found.rejected) == ("accepted", True, False)
    far = agreement_with(LAW, 0.2, 100, level=0.01)
    assert (far.verdict, far.to_dict()["passed"]) == ("rejected", False)
    assert agreement_with(LAW, 0.2, 100, level=0.01, resolution=0.18).passed
    assert agreement_with(LAW, 0.01, 5, level=0.01).verdict == "no verdict"


def test_the_distance_is_judged_as_compare_judges_it():
    """One p-value for one distance: that of eigenvalues of which only rigidity is known."""
    ensemble = rmt.goe() + rmt.wishart(0.5)
    values = 1.1 * ensemble.eigenvalues(100, rng=0)
    result = rmt.spectra.compare(values, ensemble.law(), ensemble=ensemble, statistics="distance")
    same = agreement_with(ensemble.law(), result.ks, 100, level=0.01)
    assert (same.p_value, same.parts) == (result.p_value, result.parts)


def test_a_lower_bound_rejects_and_does_not_accept():
    assert agreement_with(LAW, 0.3, 100, level=0.01, bound=True).verdict == "rejected"
    assert agreement_with(LAW, 0.0, 100, level=0.01, bound=True).verdict == "no verdict"


def test_one_draw_is_judged_by_its_mean_square():
    assert agreement_with(LAW, 0.9, 100, level=0.01, shift=(0.0, 0.1, 0.0)).verdict == "no verdict"
    found = agreement_with(LAW, 0.0, 100, level=0.01, shift=(WIDENED * 0.3, 0.1, 0.0))
    assert found.verdict == "rejected"
    assert found.p_value == pytest.approx(2 * stats.norm.sf(3.0 + 0.005 / (WIDENED * 0.1)))
    assert agreement_with(LAW, 0.0, 100, level=0.01, shift=(0.45, 0.1, 0.3)).verdict == "no verdict"
    assert agreement_with(LAW, 0.0, 100, level=0.01, shift=(0.45, 0.0, 0.0)).p_value is None
