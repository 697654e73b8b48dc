"""Networks of functions that are powers next to 0: lengths fall doubly exponentially, slopes are those of the power."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import rmt
from rmt.networks import activation
from rmt.networks.activations.power_germs import power_germ


def _square(x: Any) -> Any:
    return x * np.abs(x)


def _soft_square(x: Any) -> Any:
    return x * np.tanh(x)


@pytest.mark.parametrize(
    ("function", "degree", "left", "right"),
    [
        (_soft_square, 2.0, 1.0, 1.0),
        (lambda x: np.sign(x) * np.log1p(x**2), 2.0, -1.0, 1.0),
        (lambda x: np.where(x < 0, 0.5, 2.0) * np.abs(x) ** 1.5 / (1 + x**2), 1.5, 0.5, 2.0),
        (lambda x: x**3 / (1 + x**2), 3.0, -1.0, 1.0),
    ],
)
def test_powers_are_read_from_functions(function: Any, degree: float, left: float, right: float) -> None:
    germ = power_germ(activation(function))
    assert germ is not None
    assert germ.degree == degree
    assert (germ(-1.0), germ(1.0)) == pytest.approx((left, right), rel=1e-9)
    assert germ.derivative(-2.0) == pytest.approx(-left * degree * 2.0 ** (degree - 1.0), rel=1e-9)
    assert germ.second_moment(1.0) == pytest.approx(
        0.5 * (left**2 + right**2) * 2.0**degree * math.gamma(degree + 0.5) / math.sqrt(math.pi), rel=1e-9
    )


@pytest.mark.parametrize("function", [np.tanh, np.abs, np.cos, lambda x: np.maximum(x, 0) ** 2])
def test_what_is_no_power_on_both_sides(function: Any) -> None:
    assert power_germ(activation(function)) is None


@pytest.mark.long
@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
def test_homogeneous_functions_scale(weights: str) -> None:
    """φ = x|x| twice is of degree 4: s is proportional to the cube of the input, whichever way lengths are kept."""
    near, far = (rmt.MLP(2, _square, 0.9, weights=weights, input_q=q) for q in (1.0, 1e-30))
    assert near.layers[0].log_unit == 0.0
    assert far.layers[0].log_unit < -60.0
    shift = 1.5 * math.log(1e-30)
    one, two = near.isometry(), far.isometry()
    assert two.log_m1 == pytest.approx(one.log_m1 + 2.0 * shift, rel=1e-12)
    assert two.relvar == pytest.approx(one.relvar, rel=1e-12)
    moved = np.array(one.spectrum.log_quantiles) + shift
    assert np.allclose(two.spectrum.log_quantiles, moved, rtol=0.0, atol=1e-7)
    assert abs(two.spectrum.log_quantiles[4] - moved[3]) > 0.1
    drawn = [net.jacobian().log_singular_values(40, rng=3) for net in (near, far)]
    assert np.allclose(drawn[1] - shift, drawn[0], rtol=0.0, atol=1e-6)


def test_lengths_below_the_range_of_doubles() -> None:
    """From 1e-20 on q ← 3 σ_w² q², m₁ ← 4 σ_w² q m₁ (x tanh x = x² + O(x⁴)), and D² is h², of relative variance 2."""
    net = rmt.MLP(40, _soft_square, 0.5, weights="orthogonal", input_q=0.2)
    tiny = [i for i, layer in enumerate(net.layers) if layer.log_unit < 0.0]
    assert len(tiny) > 30
    log_q = net.layers[tiny[0]].log_q
    for i in tiny:
        layer = net.layers[i]
        assert layer.log_q == pytest.approx(log_q, rel=1e-12)
        assert layer.log_chi_perp == pytest.approx(math.log(4.0 * 0.25) + log_q, rel=1e-12)
        assert layer.spread == pytest.approx(2.0, rel=1e-9)
        log_q = math.log(3.0 * 0.25) + 2.0 * log_q
    assert net.log_mean < -1e9
    report = net.isometry()
    assert report.log_m1 == net.log_mean
    assert report.spectrum.log_s_max < 0.5 * (net.log_mean + 40 * math.log(10.0) + 40.0)


def test_biases_lift_lengths_again() -> None:
    """A length that vanishes in one layer is that of the biases in the next."""
    still, lifted = (
        rmt.MLP(3, _soft_square, 0.5, 0.0, input_q=1e-15),
        rmt.MLP(3, _soft_square, [0.5, 0.5, 0.5], [0.0, 0.0, 0.3], input_q=1e-15),
    )
    assert still.layers[2].log_unit < 0.0
    assert lifted.layers[2].log_unit == 0.0
    assert lifted.layers[2].q == pytest.approx(0.09, rel=1e-12)


def test_deeper_than_logarithms_is_zero() -> None:
    report = rmt.MLP(3000, _soft_square, 0.5, weights="orthogonal", input_q=0.2).isometry()
    assert report.log_m1 == -math.inf
