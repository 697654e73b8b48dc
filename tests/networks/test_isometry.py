"""The isometry report against closed forms: moments, verdicts, outliers, advice."""

import json
import math

import numpy as np
import pytest

from rmt.networks import (
    MLP,
    SpectrumSummary,
    Verdict,
    advise,
    edge_of_chaos,
    isometry,
)


def strict(text):
    def refuse(word):
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


def test_linear_orthogonal_is_an_isometry_exactly():
    report = MLP(7, "linear", 1.0, weights="orthogonal").isometry()
    assert report.verdict is Verdict.ISOMETRIC
    assert (report.m1, report.relvar, report.s_min, report.s_max, report.condition) == (1.0, 0.0, 1.0, 1.0, 1.0)
    assert report.atoms == ((1.0, 1.0),)
    assert set(report.quantiles.values()) == {1.0}
    assert report.fraction == 1.0
    assert report.outliers == ()


def test_mean_and_spread_of_relu():
    report = isometry(MLP(32, "relu", math.sqrt(2.0), weights="orthogonal"))
    assert report.m1 == pytest.approx(1.0, rel=1e-13)
    assert report.relvar == pytest.approx(32.0, rel=1e-13)
    assert report.s_max == pytest.approx(math.sqrt(32.0**32 / 31.0**31), rel=1e-10)
    assert report.atoms == ((0.0, 0.5),)
    assert report.verdict is Verdict.STABLE
    assert str(report.verdict) == "STABLE BUT NOT ISOMETRIC"


def test_advice_reaches_the_target_of_the_reference():
    # mpmath: tanh, orthogonal, L = 32, relative variance 0.25
    found = advise("tanh", 32, target=0.25)
    assert found.q == pytest.approx(0.03651711446452348, rel=1e-11)
    assert found.sigma_w == pytest.approx(1.0341652193292374, rel=1e-12)
    assert found.sigma_b == pytest.approx(0.007300167448106282, rel=1e-11)
    assert found.relvar == pytest.approx(0.25, rel=1e-12)
    assert found.verdict is Verdict.ISOMETRIC


def test_report_is_strict_json():
    record = strict(MLP(8, "relu", 1.0, weights="orthogonal").isometry().to_json())
    assert record["condition"] is None
    assert record["verdict"] == "VANISHING"
    assert record["m1"] == pytest.approx(2.0**-8)
    assert record["layers"] == [
        {
            "first": 1,
            "last": 8,
            "name": "relu",
            "sigma_w": 1.0,
            "sigma_b": 0.0,
            "q": 1.0,
            "chi_perp": 0.5,
            "chi_par": 0.5,
            "log_m1": pytest.approx(-math.log(2.0)),
            "relvar": 1.0,
            "dead": 0.5,
        }
    ]


def test_measured_values_give_the_same_numbers_as_their_law():
    summary = SpectrumSummary.of_values(np.log([0.5, 1.0, 2.0]), rows=4, rank=0.75)
    squares = np.array([0.0, 0.25, 1.0, 4.0])
    assert summary.m1 == pytest.approx(squares.mean())
    assert summary.relvar == pytest.approx(squares.var() / squares.mean() ** 2)
    assert (summary.s_min, summary.s_max) == pytest.approx((0.5, 2.0))
    assert summary.kernel == 0.25
    assert summary.fraction == 0.75


def test_radial_direction_of_a_tanh_network():
    point = edge_of_chaos("tanh", q=0.03651711446452348)
    report = MLP(32, "tanh", point.sigma_w, point.sigma_b, "orthogonal").isometry()
    (outlier,) = report.outliers
    assert outlier.position == pytest.approx(0.11222556595285602, rel=1e-9)  # chi_par^L
    assert report.verdict is Verdict.ISOMETRIC
