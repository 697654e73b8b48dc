"""Unfolding and level statistics against their laws, with Poisson levels and regular ones for control."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from edge_references import rows

import rmt
from rmt.laws import MarchenkoPastur, Semicircle
from rmt.spectra import (
    fit_beta,
    form_factor,
    form_factor_law,
    gap_ratios,
    gue_form_factor,
    linear_statistic,
    number_variance,
    number_variance_law,
    spacings,
    spectral_rigidity,
    spectral_rigidity_law,
    unfold,
)

#: standard errors that a right value may be off: 1e-6 for 30 matrices
SIGMAS = 6.0


@pytest.fixture(scope="module")
def goe():
    return rmt.goe().eigenvalues(800, rng=1, trials=60)


@pytest.fixture(scope="module")
def poisson():
    return np.sort(np.random.default_rng(2).uniform(0.0, 800.0, (60, 800)), axis=1)


# ---------------------------------------------------------------------- laws
def test_laws_at_reference_points():
    for row in rows("numvar"):
        i = row["inputs"]
        assert number_variance_law(float(i["L"]), i["beta"]) == pytest.approx(float(row["value"]), rel=1e-13), row
    for row in rows("delta3-1", "delta3-2", "delta3-4"):
        beta = row["inputs"].get("beta", int(row["id"].split("-")[1]))
        got = spectral_rigidity_law(float(row["inputs"]["L"]), beta)
        assert got == pytest.approx(float(row["value"]), rel=1e-12), row
    assert spectral_rigidity_law(10.0, 0) == pytest.approx(2 / 3)
    for row in rows("sff-1", "sff-4"):
        i = row["inputs"]
        assert form_factor_law(float(i["tau"]), i["beta"]) == pytest.approx(float(row["value"]), rel=1e-13), row
    for row in rows("sff-gue"):
        i = row["inputs"]
        assert gue_form_factor(i["n"], float(i["t"])) == pytest.approx(float(row["value"]), rel=1e-12), row


def test_laws_fit_together():
    # the asymptotic series takes over without a step
    for beta in (1, 2, 4):
        L = np.array([49.999999, 50.000001])
        a, b = number_variance_law(L, beta)
        assert a == pytest.approx(b, abs=1e-8)
    assert number_variance_law(0.0, 2) == 0.0
    # between the exact indices: the ramp keeps its slope 2/β, and 1, 2, 4 are met
    assert form_factor_law(1e-6, 3) == pytest.approx(2e-6 / 3, rel=1e-4)
    tau = np.linspace(0.05, 2.5, 9)
    np.testing.assert_allclose(form_factor_law(tau, 2.0), np.minimum(tau, 1.0))
    np.testing.assert_allclose(form_factor_law(tau, 1.0 + 1e-9), form_factor_law(tau, 1), rtol=1e-6)
    # the ramp of the whole GUE: t/2π for every unit of energy, over [−2, 2]
    assert gue_form_factor(60, 6.0) == pytest.approx(4 * 6.0 / (2 * math.pi), rel=1e-3)


# ---------------------------------------------------------------------- measured
@pytest.mark.long
def test_number_variance_and_rigidity(goe, poisson):
    lengths = np.array([1.0, 5.0, 20.0])
    levels = unfold(goe, Semicircle())
    for measure, law in ((number_variance, number_variance_law), (spectral_rigidity, spectral_rigidity_law)):
        found = measure(levels, lengths)
        off = np.abs(found.value - law(lengths, 1)) / found.error
        assert (off < SIGMAS).all(), (measure, off)
        # the other symmetry class and independent levels are refuted
        assert (np.abs(found.value - law(lengths, 2)) > SIGMAS * found.error)[1:].all()
        control = measure(unfold(poisson, rmt.Uniform(0, 800)), lengths)
        assert (np.abs(control.value - law(lengths, 0)) < SIGMAS * control.error).all()
        assert (np.abs(control.value - law(lengths, 1)) > SIGMAS * control.error)[1:].all()


def test_rigidity_of_a_picket_fence():
    fence = unfold(np.tile(np.arange(400.0), (8, 1)) + np.linspace(0, 0.9, 8)[:, None], rmt.Uniform(0, 400))
    assert spectral_rigidity(fence, [10.0]).value[0] == pytest.approx(1 / 12, abs=2e-3)


def test_form_factor(goe):
    times = np.array([0.1, 0.3, 0.7, 1.5])
    found = form_factor(unfold(goe, Semicircle()), times)
    assert (np.abs(found.value - form_factor_law(times, 1)) < SIGMAS * found.error).all()
    assert abs(found.value[1] - form_factor_law(0.3, 0)) > 2 * found.error[1]


def test_local_unfolding_removes_fluctuations(goe):
    law = number_variance(unfold(goe, Semicircle()), [10.0])
    low = number_variance(unfold(goe, degree=5), [10.0])
    assert abs(low.value[0] - law.value[0]) < 0.05
    narrow = unfold(goe, window=5)
    with pytest.raises(ValueError, match=re.escape("lengths must be at most 3.667 mean spacings, got 10")):
        number_variance(narrow, [10.0])
    # the bias that is refused: 0.55 in place of 0.91
    biased = number_variance(type(narrow)(narrow.levels, math.inf), [10.0])
    assert biased.value[0] == pytest.approx(0.55, abs=0.05)
    with pytest.raises(ValueError, match=re.escape("lengths must be at most 8.602 mean spacings")):
        number_variance(unfold(goe, degree=31), [50.0])


def test_spacings_and_ratios(goe):
    levels = unfold(goe, Semicircle())
    for k in (1, 3):
        assert spacings(levels, k, share=0.8).shape == (60, 640 - k)
        assert spacings(levels, k, share=0.8).mean() == pytest.approx(k, abs=0.01)
    assert spacings([0.0, 1.0, 3.0]).tolist() == [1.0, 2.0]
    assert gap_ratios([3.0, 0.0, 1.0]).tolist() == [0.5]
    assert gap_ratios([0.0, 1.0, 2.0, 5.0, 6.0], 2).tolist() == [0.5]
    assert gap_ratios([1.0, 1.0, 1.0]).tolist() == [0.0]
    # unfolding does not matter
    raw, unfolded = gap_ratios(goe, share=0.8).mean(), gap_ratios(levels.levels, share=0.8).mean()
    assert raw == pytest.approx(unfolded, abs=1e-3)


@pytest.mark.parametrize("beta", [1, 2, 3, 4])
def test_fitted_beta(beta: int):
    angles = np.angle(rmt.circular(beta).eigenvalues(400, rng=beta, trials=40))
    ratios = fit_beta(gap_ratios(angles))
    assert abs(ratios.beta - beta) <= SIGMAS * ratios.error + (0.03 if beta == 3 else 0.0)
    assert ratios.error < 0.1
    by_spacing = fit_beta(spacings(angles), kind="spacings")
    assert abs(by_spacing.beta - beta) <= SIGMAS * by_spacing.error + (0.03 if beta == 3 else 0.0)


def test_fitted_beta_of_independent_levels(poisson):
    fitted = fit_beta(gap_ratios(poisson))
    assert abs(fitted.beta) <= SIGMAS * fitted.error
    assert fit_beta(gap_ratios(poisson[0])).error > fitted.error


# ---------------------------------------------------------------------- linear statistics
def test_linear_statistics():
    powers = {"x2": lambda x: x**2, "x4": lambda x: x**4, "exp": np.exp}
    for row in rows("clt-goe", "clt-gue"):
        got = linear_statistic(Semicircle(), powers[row["inputs"]["f"]], beta=row["inputs"]["beta"])
        assert got.variance == pytest.approx(float(row["value"]), rel=1e-13), row
    for row in rows("clt-wigner"):
        got = linear_statistic(Semicircle(), powers[row["inputs"]["f"]], beta=1, fourth_cumulant=-2)
        assert got.variance == pytest.approx(float(row["value"]), rel=1e-12), row
    for name, f in (("logdet", np.log), ("x2", powers["x2"])):
        (row,) = rows(f"clt-wishart-{name}")
        variance, shift, per_kappa, shift_per_kappa = map(float, row["value"])
        plain = linear_statistic(MarchenkoPastur(0.5), f, beta=1)
        heavy = linear_statistic(MarchenkoPastur(0.5), f, beta=1, fourth_cumulant=1)
        assert (plain.variance, plain.shift) == pytest.approx((variance, shift), rel=1e-11)
        assert heavy.variance - plain.variance == pytest.approx(per_kappa, rel=1e-10)
        assert heavy.shift - plain.shift == pytest.approx(shift_per_kappa, rel=1e-10)
    # tr H has the variance of the diagonal
    assert linear_statistic(Semicircle(), lambda x: x, beta=1, diagonal_variance=5).variance == pytest.approx(5.0)
    assert linear_statistic(Semicircle(), lambda x: x**2).centre == pytest.approx(1.0)


def test_sampled_linear_statistic():
    n, trials = 200, 2000
    values = (rmt.goe().eigenvalues(n, rng=5, trials=trials) ** 4).sum(axis=1)
    law = linear_statistic(Semicircle(), lambda x: x**4, beta=1)
    error = math.sqrt(law.variance / trials)
    assert abs(values.mean() - n * law.centre - law.shift) < 5.5 * error + 5 / n
    assert abs(values.var() / law.variance - 1.0) < 5.5 * math.sqrt(2 / trials) + 8 / n
    # without the shift, or with the law of the GUE, it would be off
    assert abs(values.mean() - n * law.centre) > 5.5 * error


# ---------------------------------------------------------------------- bad input
LEVELS = np.arange(50.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: unfold([1.0, 2.0]), ValueError, "eigenvalues must hold at least 3 levels a matrix, got shape (2,)"),
        (lambda: unfold(LEVELS * 1j), TypeError, "eigenvalues must be real numbers, got complex ones"),
        (lambda: unfold([1.0, np.nan, 2.0]), ValueError, "eigenvalues must be finite, got nan"),
        (lambda: unfold(LEVELS, Semicircle(), degree=3), ValueError, "unfold by one of law, degree and window"),
        (lambda: unfold(LEVELS, degree=30), ValueError, "needs at least 124 eigenvalues a matrix, got 50"),
        (lambda: unfold(LEVELS, window=25), ValueError, "window must be smaller than half of the 50 levels, got 25"),
        (lambda: gap_ratios([1.0, 2.0]), ValueError, "levels must hold at least 3 levels a matrix"),
        (lambda: gap_ratios(LEVELS, 0), ValueError, "k must be an integer >= 1, got 0"),
        (lambda: spacings(LEVELS, share=0.01), ValueError, "leaves 0, and 2 are needed"),
        (lambda: fit_beta([0.5] * 5), ValueError, "at least 20 numbers to fit beta, got 5"),
        (lambda: fit_beta(np.full(100, 0.95)), ValueError, "only 0 <= beta <= 4 is covered"),
        (lambda: number_variance(LEVELS, [1.0]), TypeError, "levels must come from rmt.spectra.unfold, got ndarray"),
        (
            lambda: number_variance(unfold(LEVELS, rmt.Uniform(0, 50)), [40.0]),
            ValueError,
            "lengths must be at most 1 mean spacings, a third of the levels at hand",
        ),
        (lambda: number_variance(unfold(LEVELS), [-1.0]), ValueError, "lengths must be finite and > 0"),
        (lambda: form_factor(unfold(LEVELS), [0.5]), ValueError, "a form factor needs at least 8 matrices, got 1"),
        (lambda: number_variance_law(-1.0), ValueError, "length must be finite, >= 0 and <= 1e+06, got -1.0"),
        (lambda: number_variance_law(1.0, 3), ValueError, "beta must be 0, 1, 2 or 4, got 3"),
        (lambda: form_factor_law(1.0, 0.5), ValueError, "beta must be 0 or from 1 to 4, got 0.5"),
        (lambda: linear_statistic(Semicircle(), np.sign), ValueError, "f must be analytic on the support"),
        (lambda: linear_statistic(Semicircle(), abs), ValueError, "f must be analytic on the support"),
        (lambda: linear_statistic(Semicircle(), 3.0), TypeError, "f must be a function, got 3.0"),
        (lambda: linear_statistic(rmt.Cauchy(), np.cos), ValueError, "on one bounded interval only"),
        (lambda: linear_statistic(rmt.Arcsine(), np.cos, fourth_cumulant=1), ValueError, "for Wigner and Wishart"),
    ],
)
def test_bad_input(call, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        call()
