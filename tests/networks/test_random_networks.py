"""Random networks beside samples of them, and lengths beyond the range of doubles.

Fifty networks are drawn with fixed seeds, of those that take little time, half of them in the long run;
``RMT_NETWORKS=1000`` in the environment adds the networks of seeds 0 to 999, whatever they take.
"""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
from cases import long_beyond
from random_networks import (
    RandomNetwork,
    Real,
    log_mean_on_a_grid,
    neighbour,
    random_network,
    share_distance,
)

import rmt
from rmt.networks.reports.network_isometry import log_radial_gain


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


# ---------------------------------------------------------------------- random networks
#: the fifty, among them functions that oscillate or vanish far out and lengths that grow (26, 29, 45); four with
#: hundreds of different lengths, a law narrower than its rounding (1022), and a kernel at a level (1082)
SEEDS = (
    *(1, 2, 3, 4, 6, 7, 8, 9, 11, 13, 15, 16, 18, 20, 21, 22, 26, 27, 29, 33, 35, 36, 37, 40, 41),
    *(43, 44, 45, 46, 47, 48, 49, 50, 51, 55, 58, 59, 61, 62, 63, 64, 66, 68, 69, 70, 75, 77, 79, 80, 83),
    *(65, 124, 137, 197, 1022, 1082),
)
#: rows of a sample, depth up to which networks are drawn, and largest distance of shares from levels: five standard
#: deviations of the share of units on one side of a kink, √(1/4/400)
ROWS, DRAWN, FAR = 400, 12, 0.125


def _drawn(random: RandomNetwork) -> Real:
    """Log singular values of one network, −inf for the rows beyond them."""
    found = random.net.jacobian().log_singular_values(ROWS, rng=random.seed).ravel()
    return np.concatenate([found, np.full(ROWS - found.size, -math.inf)])


def more_seeds() -> list[int]:
    return [seed for seed in range(int(os.environ.get("RMT_NETWORKS", "0"))) if seed not in SEEDS]


@pytest.mark.parametrize("seed", [*long_beyond(SEEDS, 25), *more_seeds()])
def test_random_networks_beside_samples(seed: int) -> None:
    """m₁ by a plain grid, and quantiles, kernel and share near 1 of one draw."""
    random = random_network(seed)
    net = random.net
    report = net.isometry()
    spectrum = report.spectrum
    if net.depth <= 300 and math.isfinite(report.log_m1):
        assert abs(report.log_m1 - log_mean_on_a_grid(net)) < 1e-3 * net.depth
    resolved = [v for u, v in zip(spectrum.levels, spectrum.log_quantiles, strict=True) if u >= 0.75 or v > -300.0]
    assert not np.isnan(resolved).any()
    # lengths that vanish doubly exponentially scatter likewise
    if net.depth <= DRAWN and all(layer.activation.degree == 1.0 for layer in net.layers):
        drawn = _drawn(random)
        assert share_distance(drawn, spectrum) < FAR
        assert abs(float((np.abs(drawn) <= math.log(2.0)).mean()) - spectrum.fraction) < FAR
        assert float((drawn == -math.inf).mean()) > spectrum.kernel - FAR


@pytest.mark.parametrize("seed", [7, 9, 15, 16, 18, 21])
def test_laws_of_other_activations_are_rejected(seed: int) -> None:
    random = random_network(seed)
    assert share_distance(_drawn(random), neighbour(random).isometry().spectrum) > FAR
