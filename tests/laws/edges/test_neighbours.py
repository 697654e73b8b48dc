"""Spacings, their ratios and gap probabilities: exact values, sum rules, samples, what the surmise misses."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from edge_references import described, rows
from laws.law_suite import check_quantiles, check_tails_complement, run
from scipy.stats import kstest

import rmt
from rmt.laws import GapRatio, GapRatioSurmise, GaudinSpacing, PoissonSpacing, WignerSurmise, gap_probability


@pytest.mark.parametrize("law", [GaudinSpacing(1), WignerSurmise(2), GapRatio(1)], ids=repr)
def test_law_suite(law):
    run(law)


def test_gap_probabilities():
    for row in rows("E1-", "E2-", "E4-"):
        i = row["inputs"]
        got = gap_probability(i["beta"], i["k"], float(i["s"]))
        assert got == pytest.approx(float(row["value"]), abs=2e-14), row
    for row in described("bulk gap probability E_beta(0;s)"):
        beta, s = row["inputs"]
        assert gap_probability(beta, 0, s) == pytest.approx(float(row["value"]), abs=1e-12), row
    for beta in (1, 2, 4):  # the expected number of levels is the length
        chances = [gap_probability(beta, k, np.array([1.0, 2.5])) for k in range(12)]
        np.testing.assert_allclose(sum(chances), 1.0, rtol=1e-13)
        np.testing.assert_allclose(sum(k * c for k, c in enumerate(chances)), [1.0, 2.5], rtol=1e-12)


def test_spacing_densities():
    for row in rows("gaudin"):
        law = GaudinSpacing(row["inputs"]["beta"])
        assert law.pdf(float(row["inputs"]["s"])) == pytest.approx(float(row["value"]), rel=2e-13), row
    assert GaudinSpacing(1).moment(2) == pytest.approx(1.2855306557, abs=2e-10)
    for beta in (1, 2, 4):
        law = GaudinSpacing(beta)
        assert law.mean() == pytest.approx(1.0, abs=1e-13)
        # the second derivative of the gap probability, by differences
        h = 1e-3
        second = sum(
            w * gap_probability(beta, 0, 1.0 + j * h)
            for j, w in zip((-2, -1, 0, 1, 2), (-1, 16, -30, 16, -1), strict=True)
        )
        assert law.pdf(1.0) == pytest.approx(second / (12 * h * h), abs=2e-8)
        # the surmise is another law
        s = np.linspace(0.05, 3.0, 60)
        difference = np.abs(law.cdf(s) - WignerSurmise(beta).cdf(s)).max()
        assert 3e-4 < difference < 2e-2
        check_quantiles(law)
        check_tails_complement(law)


def test_small_and_large_spacings():
    # p_1(s) ~ π² s/6, p_2 ~ π² s²/3, p_4 ~ 16 π⁴ s⁴/135 (Mehta 2004)
    s = 1e-4
    for beta, slope in ((1, math.pi**2 / 6), (2, math.pi**2 / 3), (4, 16 * math.pi**4 / 135)):
        assert GaudinSpacing(beta).pdf(s) / s**beta == pytest.approx(slope, rel=1e-6)
        far = GaudinSpacing(beta).logsf(40.0) / 1600
        assert far == pytest.approx(-beta * math.pi**2 / 16, rel=0.05)


def test_surmise_and_poisson():
    assert WignerSurmise(1).pdf(1.0) == pytest.approx(math.pi / 2 * math.exp(-math.pi / 4), rel=1e-14)
    assert WignerSurmise(2).pdf(1.0) == pytest.approx(32 / math.pi**2 * math.exp(-4 / math.pi), rel=1e-14)
    assert WignerSurmise(1).moment(2) == pytest.approx(4 / math.pi, rel=1e-14)
    assert WignerSurmise(0.5).mean() == 1.0
    check_quantiles(PoissonSpacing())
    assert PoissonSpacing().moments(3) == (1.0, 2.0, 6.0)


def test_ratio_means():
    for row in rows("r-mean"):
        beta = row["inputs"]["beta"]
        assert GapRatio(beta).mean() == pytest.approx(float(row["value"]), abs=2e-8 if beta == 4 else 2e-10), row
    assert GapRatio(0).mean() == pytest.approx(2 * math.log(2) - 1, rel=1e-13)
    for beta, mean in ((1, 4 - 2 * math.sqrt(3)), (2, 2 * math.sqrt(3) / math.pi - 0.5), (4, 0.67616831023315637)):
        assert GapRatioSurmise(beta).mean() == pytest.approx(mean, rel=1e-12)
    for beta in (0, 1, 2, 4):
        assert abs(GapRatio(beta).line_panels.defect) < 1e-12


@pytest.mark.long
def test_sampled_ratios_reject_the_surmise():
    """10⁶ ratios of the circular ensemble, whose levels are stationary: the bulk limit fits, the surmise does not."""
    from rmt.spectra import gap_ratios

    angles = np.sort(np.angle(rmt.circular(2).eigenvalues(1000, rng=0, trials=250)), axis=1)
    ratios = gap_ratios(angles).ravel()
    error = ratios.std() / math.sqrt(ratios.size)
    assert abs(ratios.mean() - GapRatio(2).mean()) < 5.5 * error
    assert abs(ratios.mean() - GapRatioSurmise(2).mean()) > 4.5 * error
    assert abs(ratios.mean() - GapRatio(1).mean()) > 50 * error
    spacing = np.diff(angles, axis=1)[:, ::7].ravel() * 1000 / (2 * np.pi)
    assert kstest(spacing, GaudinSpacing(2).cdf).pvalue > 1e-7
    assert kstest(spacing, WignerSurmise(1).cdf).pvalue < 1e-12


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: GaudinSpacing(3),
            ValueError,
            "beta must be 1, 2 or 4, got 3; for any beta > 0 there is WignerSurmise",
        ),
        (lambda: WignerSurmise(0), ValueError, "beta must be a finite real number > 0, got 0"),
        (lambda: GapRatio(3), ValueError, "beta must be 0, 1, 2 or 4, got 3"),
        (lambda: GapRatio(-1), ValueError, "beta must be a finite real number >= 0, got -1"),
        (lambda: GapRatioSurmise("1"), TypeError, "beta must be a finite real number >= 0, got '1'"),
        (lambda: gap_probability(2, -1, 1.0), ValueError, "k must be an integer >= 0, got -1"),
        (lambda: gap_probability(4, 0, 16.0), ValueError, "s must lie in [0, 15] mean spacings, got 16.0"),
        (lambda: gap_probability(2, 0, -0.5), ValueError, "s must lie in [0, 30] mean spacings, got -0.5"),
    ],
)
def test_bad_input(make, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        make()
