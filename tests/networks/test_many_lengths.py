"""Networks of hundreds of different lengths: a few stand for them, and far out and next to 0 all are alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from cases import long_beyond

from rmt.networks import MLP, activation
from rmt.networks.architecture import jacobian_law
from rmt.networks.architecture.jacobian_law import representative_lengths

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@pytest.mark.parametrize(
    ("name", "ratio"),
    [
        *((name, ratio) for name in ("gelu", "selu", "tanh") for ratio in (1.02, 1.3, 0.98, 0.6)),
        ("gelu", 4.0),
        ("selu", 4.0),
    ],
)
def test_few_lengths_stand_for_many(name: str, ratio: float) -> None:
    """Means and variances of products come out, by powers that free products may have."""
    phi = activation(name)
    lengths = [2.0 * ratio**k for k in range(120)]
    rule = representative_lengths(lengths, phi.variation, saturates=name != "tanh")
    weights = np.array([w for _, w in rule])
    assert len(rule) < 80
    assert weights.min() >= 1.0
    assert weights.sum() == pytest.approx(120.0, rel=1e-12)
    for function in (lambda q: math.log(phi.slope_moment(1, q)), phi.slope_spread):
        exact = math.fsum(map(function, lengths))
        assert math.fsum(w * function(q) for q, w in rule) == pytest.approx(exact, rel=1e-9, abs=1e-9)
        # the measure sees a length that is left out
        left_out = [math.fsum(w * function(q) for q, w in part) for part in (rule[1:], rule[:-1])]
        assert max(abs(found - exact) for found in left_out) > 1e-6


@pytest.mark.parametrize(
    "net",
    long_beyond(
        [
            MLP(30, "elu", 0.8, weights="gaussian", input_q=3.0),
            MLP(24, "selu", 1.6, 0.3, weights="gaussian", input_q=0.01),
            MLP(30, "tanh", 1.0, weights="orthogonal", input_q=2.0),
        ],
        1,
    ),
    ids=["shrinking", "growing", "critical"],
)
def test_quantiles_are_those_of_all_lengths(net: MLP, monkeypatch: pytest.MonkeyPatch) -> None:
    few = np.array(net.isometry().spectrum.log_quantiles)
    monkeypatch.setattr(jacobian_law, "DISTINCT", 1000)
    twin = MLP(net.depth, net.activations[0], net.sigma_w[0], net.sigma_b[0], net.weights, input_q=net.input_q)
    all_ = np.array(twin.isometry().spectrum.log_quantiles)
    known = ~np.isnan(few)
    assert known[-5:].all()
    np.testing.assert_allclose(few[known], all_[known], rtol=1e-8, atol=1e-8)
    other = MLP(net.depth - 1, net.activations[0], net.sigma_w[0], net.sigma_b[0], net.weights, input_q=net.input_q)
    assert np.abs(np.array(other.isometry().spectrum.log_quantiles) - few)[known].max() > 1e-3


def test_lengths_that_vanish_go_on_as_logarithms() -> None:
    """SELU next to 0 is a line on each side: every layer multiplies lengths and m₁ by σ_w² λ²(1 + α²)/2."""
    short, deep = (MLP(depth, "selu", 0.4889, input_q=0.05) for depth in (400, 2000))
    gain = math.log(0.4889**2 * SELU_SCALE**2 * (1.0 + SELU_ALPHA**2) / 2.0)
    assert deep.log_mean - short.log_mean == pytest.approx(1600.0 * gain, rel=1e-12)
    assert deep.layers[-1].log_q - short.layers[-1].log_q == pytest.approx(1600.0 * gain, rel=1e-12)
    assert deep.layers[-1].log_unit < 0.0
    assert math.exp(deep.layers[-1].log_q) == 0.0
    assert not math.isnan(deep.isometry().spectrum.log_quantiles[4])


def test_layers_of_one_length_share_what_they_know() -> None:
    """Far out only the unit of the length differs from layer to layer."""
    layers = MLP(400, "mish", 3.0, input_q=1.0).layers
    assert layers[-1].log_unit > layers[-2].log_unit > 0.0
    assert layers[-1].moments is layers[-2].moments
    assert layers[0].moments is not layers[1].moments
    assert layers[-1].chi_perp == pytest.approx(4.5, rel=1e-12)


def test_what_follows_all_lengths_is_not_resolved() -> None:
    """Half of the slopes of SELU vanish far out; at that level quantiles follow the logarithms of all lengths."""
    grown: Any = MLP(30, "selu", 2.9, weights="orthogonal", input_q=3.0).isometry().spectrum
    assert math.isnan(grown.log_quantiles[4])
    assert math.isfinite(grown.log_quantiles[5])
    still = MLP(3, "selu", 2.9, weights="orthogonal", input_q=3.0).isometry().spectrum
    assert math.isfinite(still.log_quantiles[4])
