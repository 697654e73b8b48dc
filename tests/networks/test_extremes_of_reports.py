"""Ends, outliers, advice and initialisers of reports beside samples."""

import math

import numpy as np
import pytest

from rmt.networks import (
    MLP,
    ResidualNetwork,
    convolution_relative_variance,
    initialiser,
    torch_gain,
)


@pytest.mark.parametrize(("depth", "name", "q"), [(1, "tanh", 1.0), (8, "tanh", 1.0), (1, "mish", 0.02)])
def test_ends_are_those_of_the_width_asked_for(depth, name, q):
    """They were those of slopes at 9.5 standard deviations: a condition of 8.6e6 for tanh at depth 1."""
    net = MLP(depth, name, 1.0, 0.0, "orthogonal", input_q=q)
    report = net.isometry(width=200)
    values = net.jacobian().singular_values(200, rng=1, trials=8).reshape(8, -1)
    lowest, highest = values.min(axis=1), values.max(axis=1)
    assert math.log(report.s_min) == pytest.approx(np.log(lowest).mean(), abs=6.0 * np.log(lowest).std() + 0.02)
    assert math.log(report.s_max) == pytest.approx(np.log(highest).mean(), abs=6.0 * np.log(highest).std() + 0.02)
    assert any("a matrix of 200 rows" in note for note in report.notes)
    assert net.isometry(width=100000).s_min < report.s_min


def test_sharp_ends_stay_what_they_are():
    report = MLP(4, "relu", math.sqrt(2.0), 0.0, "orthogonal").isometry()
    assert report.s_max**2 == pytest.approx(256.0 / 27.0, rel=1e-10)
    assert not any("rows shows" in note for note in report.notes)


def _plane_gain(net, n):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(n)
    x -= x.mean()
    x *= math.sqrt(net.input_q * n / float(x @ x))
    tangents = np.stack([x / math.sqrt(float(x @ x)), np.full(n, n**-0.5)], axis=1)
    phi = net.activation
    for _ in range(net.depth):
        weights = rng.standard_normal((n, n)) * net.sigma_w / math.sqrt(n)
        h = weights @ x + net.sigma_b * rng.standard_normal(n)
        tangents = net.skip * tangents + phi.derivative(h)[:, None] * (weights @ tangents)
        x = net.skip * x + phi(h)
    return math.log(float(np.linalg.svd(tangents, compute_uv=False)[0]))


@pytest.mark.parametrize(
    ("name", "depth", "sigma_w", "sigma_b", "q"),
    [
        ("sigmoid", 30, 0.3, 0.1, 1.0),
        ("softplus", 30, 0.1, 0.0, 1.0),
        ("relu", 30, 0.2, 1.0, 1.0),
        ("gelu", 30, 0.2, 0.0, 1.0),
    ],
)
def test_gains_of_the_input_and_of_the_mean_of_residual_networks(name, depth, sigma_w, sigma_b, q):
    net = ResidualNetwork(depth, name, sigma_w, sigma_b, input_q=q)
    assert 0.5 * math.log(net.mean_mode_bound) == pytest.approx(_plane_gain(net, 1500), abs=0.06)


@pytest.mark.parametrize("sigma_b", [0.0, 1.0, 3.0])
def test_strong_biases_leave_the_mean_mode(sigma_b):
    """It was missed from biases of about 1 on, where the mean of the stream is amplified, and not the input."""
    net = ResidualNetwork(30, "relu", 0.2, sigma_b)
    report = net.isometry()
    (outlier,) = report.outliers
    values = np.log(net.jacobian().singular_values(300, rng=1))
    assert values[1] < report.spectrum.log_s_max + 0.02 < outlier.log_position < values[0]
    assert values[0] - outlier.log_position < 0.25


def test_no_mean_mode_is_invented():
    assert ResidualNetwork(30, "sigmoid", 0.3, 0.1).isometry().outliers == ()
    # e^.69 beside a bulk up to e^.42, and not the e^7.9 that the growth of the stream would be
    net = ResidualNetwork(30, "softplus", 0.1, 0.0, input_q=1e-4)
    (outlier,) = net.isometry().outliers
    assert outlier.log_position == pytest.approx(np.log(net.jacobian().singular_values(300, rng=1)[0]), abs=0.15)


def test_advice_over_a_spread_that_falls_again():
    """One linear block with orthogonal weights: relative variance 2v/(1 + v)², at most 1/2."""
    advice = ResidualNetwork(1, "linear", 1.0, weights="orthogonal").isometry().advice
    v = advice.sigma_w**2
    assert 2 * v / (1 + v) ** 2 == pytest.approx(0.2, rel=1e-9)
    assert v < 1.0


def test_the_widening_of_an_orthogonal_initialiser_is_counted_once():
    made = initialiser("orthogonal", fan_in=300, fan_out=700, gain=math.sqrt(2.0))
    net = MLP(1, "relu", made.sigma_w, 0.0, "orthogonal", [300, 700], 1.0)
    assert net.mean == pytest.approx(300 / 700, rel=1e-12)
    assert made.mean_field("tanh").sigma_w == pytest.approx(math.sqrt(2.0 * 300 / 700), rel=1e-12)


def test_every_gain_of_pytorch():
    init = pytest.importorskip("torch").nn.init
    kinds = ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
    for name in (*kinds, *(f"conv{n}d" for n in (1, 2, 3)), *(f"conv_transpose{n}d" for n in (1, 2, 3))):
        assert torch_gain(name) == pytest.approx(init.calculate_gain(name), rel=1e-15)


def test_integers_of_numpy_are_integers():
    assert convolution_relative_variance(np.int64(3)) == convolution_relative_variance(3)
    assert convolution_relative_variance((np.int32(3), 3)) == convolution_relative_variance((3, 3))
    assert MLP(np.int64(2), "tanh", np.float32(1.0), 0.1).depth == 2
