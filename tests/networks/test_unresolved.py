"""Numbers of a law that cannot be followed everywhere: each is right, or marked; and masses far below."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

import rmt
from rmt.errors import ConvergenceError
from rmt.free import boxtimes
from rmt.laws.law import Real
from rmt.networks import SpectrumSummary, squared_slope_law


class _Fading(rmt.laws.MarchenkoPastur):
    """A law that is lost below e^-3, and whose upper end is found by its support only."""

    def _cdf_of_log(self, u: Real) -> Real:
        if np.min(u) < -3.0:
            raise ConvergenceError("lost", residual=1.0)
        return super()._cdf_of_log(u)

    def _ppf_of_log(self, u: Real) -> Real:
        raise ConvergenceError("lost", residual=1.0)

    def ppf_of_log(self, u: Real) -> Real:  # type: ignore[override]
        return self._ppf_of_log(u)


def test_single_numbers_are_unresolved() -> None:
    whole = SpectrumSummary.of_law(rmt.MarchenkoPastur(1), log_m1=0.0, relvar=1.0)
    found = SpectrumSummary.of_law(_Fading(1), log_m1=0.0, relvar=1.0)
    assert found.log_s_max == pytest.approx(whole.log_s_max, abs=1e-12)
    lost = np.array(whole.log_quantiles) < -1.5
    assert lost.any()
    assert not lost.all()
    assert np.isnan(np.array(found.log_quantiles)[lost]).all()
    assert np.allclose(np.array(found.log_quantiles)[~lost], np.array(whole.log_quantiles)[~lost], rtol=0.0, atol=1e-8)
    assert found.fraction == pytest.approx(whole.fraction, abs=1e-10)
    assert found.to_dict()["quantiles"]["0.001"] is None
    assert found.verdict == whole.verdict


def test_small_masses_of_laws_that_are_no_power_laws() -> None:
    """The mass between two points is the integral of the density, also where less than 1e-3 is left below."""
    law = boxtimes(squared_slope_law("gelu_tanh", 12.0), rmt.MarchenkoPastur(), powers=[4, 4])
    u = np.linspace(-800.0, -640.0, 4)
    masses = np.asarray(law.cdf_of_log(u))
    assert masses[0] < 1e-3 < masses[-1]
    nodes, weights = np.polynomial.legendre.leggauss(24)
    for (a, b), rise in zip(pairwise(u), np.diff(masses), strict=True):
        inside = 0.5 * (a + b) + 0.5 * (b - a) * nodes
        assert rise == pytest.approx(0.5 * (b - a) * float(weights @ np.asarray(law.pdf_of_log(inside))), rel=1e-6)


@pytest.mark.long
def test_slopes_that_decay_are_sampled() -> None:
    """Quantiles of a draw of 400 rows, shares within five binomial deviations; weaker weights are rejected."""
    net = rmt.MLP(2, "gelu", 2.17, input_q=60.0)
    summary = net.isometry().spectrum
    drawn = net.jacobian().log_singular_values(400, rng=11)
    bound = 5.0 * math.sqrt(0.25 / 400)

    def distance(spectrum: SpectrumSummary) -> float:
        pairs = zip(spectrum.levels, spectrum.log_quantiles, strict=True)
        return max(abs(float((drawn <= place).mean()) - level) for level, place in pairs if place > -300.0)

    assert distance(summary) < bound
    assert np.isfinite(summary.log_quantiles).sum() >= 5
    assert distance(rmt.MLP(2, "gelu", 1.3, input_q=60.0).isometry().spectrum) > bound


@pytest.mark.long
def test_reports_hold_without_depth_scales() -> None:
    """x³ runs away from every fixed point, and covariances of sin 100x do not settle; m₁ = Π σ_w² E φ'² is closed."""
    q = (0.3 + 0.01, 15.0 * 0.31**3 + 0.01)
    report = rmt.MLP(2, lambda x: x**3, 1.0, 0.1, input_q=0.3).isometry()
    assert report.log_m1 == pytest.approx(math.log(27.0 * q[0] ** 2 * 27.0 * q[1] ** 2), rel=1e-10)
    report = rmt.MLP(1, lambda x: np.sin(100 * x), 1.0, 0.1, input_q=0.3).isometry()
    assert report.scales is None
    assert report.log_m1 == pytest.approx(math.log(5000.0), rel=1e-10)
