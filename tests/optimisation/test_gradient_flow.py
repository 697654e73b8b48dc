"""Gradient flow: references, Bessel forms, floors and tails, a sampled problem beside the law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ive
from training_references import inputs, names, values

import rmt
from rmt.optimisation import loss_curve, loss_floor, loss_tail, measured_curve


@pytest.mark.parametrize("name", names("flow_laplace"))
def test_references(name):
    given = inputs(name)
    law = rmt.MarchenkoPastur(ratio=given["ratio"])
    assert loss_curve(law, given["t"], weight=int(given["k"])) == pytest.approx(values(name)[0], rel=1e-13, abs=0)


def test_quadrature_gives_the_bessel_forms():
    t = np.array([1e-9, 0.3, 2.0, 50.0, 1e6])
    plain = rmt.MarchenkoPastur() + 0.0
    shifted = (rmt.MarchenkoPastur() + 1.0) + (-1.0)
    assert plain == rmt.MarchenkoPastur()
    for law in (plain, 0.5 * rmt.MarchenkoPastur(variance=2.0), shifted):
        assert loss_curve(law, t) == pytest.approx(ive(0, 4 * t) + ive(1, 4 * t), rel=1e-12, abs=0)
    from rmt.optimisation.law_nodes import law_nodes

    nodes, weights = law_nodes(plain, degree=1, decay=2e6)
    for time in t:
        assert weights @ np.exp(-2 * nodes * time) == pytest.approx(ive(0, 4 * time) + ive(1, 4 * time), rel=1e-12)
        assert (weights * nodes) @ np.exp(-2 * nodes * time) == pytest.approx(ive(1, 4 * time) / (2 * time), rel=1e-12)


@pytest.mark.parametrize(
    "law",
    [
        rmt.Atomic((0, 1, 3), (0.2, 0.5, 0.3)),
        rmt.Uniform(0.5, 2.0),
        rmt.FussCatalan(2),
        rmt.mixture(rmt.MarchenkoPastur(ratio=0.25), rmt.MarchenkoPastur(ratio=0.25) + 4.0, weights=(0.3, 0.7)),
        rmt.Empirical(np.linspace(0.0, 4.0, 50) ** 2),
    ],
    ids=["atoms", "uniform", "product", "two intervals", "data"],
)
def test_any_law(law):
    """At small times the moments, and the derivative of a curve is the curve of the next weight."""
    m = [float(law.moment(k)) if k else 1.0 for k in range(4)]
    t = 1e-4
    series = 1 - 2 * m[1] * t + 2 * m[2] * t**2 - 4 / 3 * m[3] * t**3
    assert loss_curve(law, t) == pytest.approx(series, abs=1e-9)
    h = 1e-4
    slope = (loss_curve(law, 0.5 + h) - loss_curve(law, 0.5 - h)) / (2 * h)
    assert slope == pytest.approx(-2 * m[1] * loss_curve(law, 0.5, weight=1), rel=1e-5)


def test_floor_is_the_atom_at_zero():
    law = rmt.MarchenkoPastur(ratio=2.0)
    assert loss_floor(law) == 0.5
    assert loss_floor(law, weight=1) == 0.0
    assert loss_curve(law, 1e4) == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("weight", [0, 1])
@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_tail(ratio, weight):
    """The relative error of the tail falls like 1/t; with the exponent off by a half it does not."""
    law = rmt.MarchenkoPastur(ratio=ratio)
    tail = loss_tail(law, weight=weight)
    t = np.array([10.0, 40.0]) if ratio == 2.0 else np.array([100.0, 400.0])
    found = (loss_curve(law, t, weight=weight) - tail.floor) / (tail(t) - tail.floor)
    assert abs(found[1] - 1) < 0.1
    assert 2.5 < abs(found[0] - 1) / abs(found[1] - 1) < 5
    assert tail.exponent == (0.5 + weight if ratio == 1.0 else 1.5)
    wrong = found * np.sqrt(t)
    assert abs(wrong[1] / wrong[0] - 1) > 0.5


def test_sample_beside_the_law():
    """One problem with n = 300: the curve fluctuates by about √2/n a mode; another law is rejected."""
    t = np.array([0.1, 0.5, 1.0, 3.0])
    for seed, entries in enumerate(("gaussian", "rademacher", "uniform")):
        matrix = rmt.wishart(ratio=0.5, entries=entries).sample(300, rng=seed)
        run = measured_curve(matrix, t, weight=1, rng=seed)
        assert np.abs(run - loss_curve(rmt.MarchenkoPastur(ratio=0.5), t, weight=1)).max() < 0.08
        assert np.abs(run - loss_curve(rmt.MarchenkoPastur(ratio=2.0), t, weight=1)).max() > 0.15


def test_bad_input():
    with pytest.raises(ValueError, match="must be >= 0"):
        loss_curve(rmt.Semicircle(), 1.0)
    with pytest.raises(ValueError, match="finite times"):
        loss_curve(rmt.MarchenkoPastur(), [1.0, -1.0])
    with pytest.raises(ValueError, match="bounded"):
        loss_curve(rmt.Cauchy(), 1.0)
    with pytest.raises(ValueError, match="above 0"):
        loss_curve(rmt.Atomic((0,), (1,)), 1.0)
    with pytest.raises(TypeError, match="must be a Law"):
        loss_curve(rmt.wishart(), 1.0)
    with pytest.raises(ValueError, match="times > 0"):
        loss_tail(rmt.MarchenkoPastur())(0.0)
