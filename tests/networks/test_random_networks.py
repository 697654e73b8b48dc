"""Lengths beyond the range of doubles: what derivatives do far out does not depend on them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from random_networks import log_mean_on_a_grid, random_network

import rmt
from rmt.networks.isometry import log_radial_gain


@pytest.mark.parametrize("depth", [300, 1100])
def test_homogeneous_networks_do_not_know_their_lengths(depth: int) -> None:
    """ReLU: m₁ = (σ_w²/2)^L, and the singular values are those of the network whose lengths stay."""
    report = rmt.MLP(depth, "relu", 2.0, input_q=1.0).isometry()
    still = rmt.MLP(depth, "relu", math.sqrt(2.0), input_q=1.0).isometry()
    assert report.log_m1 == pytest.approx(depth * math.log(2.0), rel=1e-12)
    shifted = np.array(report.spectrum.log_quantiles) - 0.5 * depth * math.log(2.0)
    assert np.allclose(shifted, still.spectrum.log_quantiles, rtol=1e-9, atol=0.0)


def test_gelu_far_out_is_relu() -> None:
    """From lengths of 1e60 on, layers of GELU are those of ReLU; the radial gain of ReLU is √m₁."""
    far, relu = (rmt.MLP(600, phi, 2.0, input_q=1e60) for phi in ("gelu", "relu"))
    assert far.layers[-1].log_unit > 0.0
    assert math.log(far.q[-1]) == pytest.approx(far.layers[-1].log_q, rel=1e-12)
    assert far.log_mean == pytest.approx(relu.log_mean, rel=1e-12)
    gain = log_radial_gain(relu)
    assert gain == pytest.approx(0.5 * relu.log_mean, rel=1e-12)
    assert log_radial_gain(far) == pytest.approx(gain, rel=1e-9)


def test_networks_are_sampled_beyond_the_range_of_doubles() -> None:
    """GELU with biases from q = 1 and ReLU have the same singular values far out, up to their first layers."""
    net = rmt.MLP(800, "gelu", 4.0, 0.5, input_q=1e60)
    assert net.q[-1] == math.inf
    drawn = net.jacobian().log_singular_values(60, rng=1)
    assert np.isfinite(drawn[0])
    # log m₁ of one draw scatters like the square root of Σ 5/n over 800 layers of 60 units, about 8 (Hanin and Nica)
    alike = rmt.MLP(800, "relu", 4.0, input_q=1e60).jacobian().log_singular_values(60, rng=1)
    assert np.abs(drawn[0] - alike[0]) < 1.0


def test_what_has_no_derivatives_far_out_is_refused() -> None:
    """tanh is no cone: its derivatives go on falling with the lengths."""
    with pytest.raises(ValueError, match="have no limit far out"):
        _ = rmt.MLP(3, "tanh", 1e120, input_q=10.0).layers


@pytest.mark.parametrize("seed", [53, 89])
def test_deep_random_networks_have_the_mean_of_a_grid(seed: int) -> None:
    """Lengths leave the range of doubles in these; 40000 points err by 1e-3 a layer at most."""
    net = random_network(seed).net
    assert abs(net.isometry().log_m1 - log_mean_on_a_grid(net)) < 1e-3 * net.depth
    other = random_network(seed + 1).net
    assert abs(other.log_mean / other.depth - net.log_mean / net.depth) > 1e-2  # the measure sees a difference
