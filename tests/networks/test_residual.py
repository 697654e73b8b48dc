"""Residual networks: the universal law, the strength it depends on, sampled Jacobians, the mean mode."""

import math

import numpy as np
import pytest
from cases import long_beyond

from rmt.networks import ResidualNetwork, residual_limit


def kolmogorov(law, logs):
    u = np.sort(2.0 * logs)
    cdf, ranks = law.cdf_of_log(u), np.arange(u.size + 1) / u.size
    return max(np.max(np.abs(cdf - ranks[1:])), np.max(np.abs(cdf - ranks[:-1])))


def scaled(name, strength, depth, weights, skip=1.0):
    """A network whose blocks together have the given strength."""
    from scipy.optimize import brentq

    def excess(sigma_w):
        return ResidualNetwork(depth, name, sigma_w, weights=weights, skip=skip).strength - strength

    return ResidualNetwork(depth, name, brentq(excess, 1e-3, 4.0 / math.sqrt(depth)), weights=weights, skip=skip)


def test_the_law_depends_on_the_strength_alone():
    for name in ("tanh", "relu", "silu", "linear"):
        net = scaled(name, 0.5, 40, "gaussian")
        law = net.jacobian().gram_law()
        assert np.allclose(law.ppf([0.1, 0.5, 0.9]), residual_limit(0.5).ppf([0.1, 0.5, 0.9]), rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "weights"), [("tanh", "gaussian"), ("tanh", "orthogonal"), ("relu", "gaussian"), ("silu", "orthogonal")]
)
def test_sampled_spectra_are_universal(name, weights):
    net = scaled(name, 0.5, 48, weights)
    logs = np.log(net.jacobian().singular_values(200, rng=1))
    assert kolmogorov(net.jacobian().gram_law(), logs) < 0.03
    assert kolmogorov(residual_limit(0.8), logs) > 0.05


@pytest.mark.slow
@pytest.mark.parametrize("name", long_beyond(["linear", "relu", "tanh", "erf", "sin", "gelu", "selu", "hard_tanh"], 4))
def test_sampled_spectra_of_eight_activations(name):
    net = scaled(name, 0.75, 100, "gaussian")
    logs = np.log(net.jacobian().singular_values(256, rng=2))
    assert kolmogorov(net.jacobian().gram_law(), logs) < 0.03


def test_relative_variance_of_finite_blocks():
    # 2c in the limit; exact for one linear block: the law of (1 + sigma W)(1 + sigma W)ᵀ
    net = ResidualNetwork(1, "linear", 0.7)
    values = np.concatenate([net.jacobian().singular_values(400, rng=seed) ** 2 for seed in range(4)])
    assert values.var() / values.mean() ** 2 == pytest.approx(net.relative_variance, rel=0.02)
    assert scaled("tanh", 0.4, 400, "gaussian").relative_variance == pytest.approx(0.8, rel=0.01)
    turned = ResidualNetwork(1, "linear", 0.7, weights="orthogonal")
    values = turned.jacobian().singular_values(400, rng=1) ** 2
    assert values.var() / values.mean() ** 2 == pytest.approx(turned.relative_variance, rel=0.02)


@pytest.mark.parametrize(
    ("depth", "gain"), [(10, 7.628516829555957), (40, 139.07858785678954), (160, 63093.574480852825)]
)
def test_mean_mode_of_relu(depth, gain):
    net = ResidualNetwork(depth, "relu", math.sqrt(1.5 / depth))
    assert net.mean_mode_gain == pytest.approx(gain, rel=1e-12)
    assert net.strength == pytest.approx(0.75, rel=1e-13)
    assert net.jacobian().gram_law().support[0].high == pytest.approx(13.395931240283382, rel=1e-12)


def test_the_outlier_of_relu_is_seen():
    net = ResidualNetwork(40, "relu", math.sqrt(1.5 / 40))
    values = net.jacobian().singular_values(400, rng=3) ** 2
    edge = net.jacobian().gram_law().support[0].high
    assert values[0] > net.mean_mode_gain > 8 * edge
    assert values[1] < 1.1 * edge


def test_skip_factor():
    net = scaled("tanh", 0.3, 30, "gaussian", skip=0.9)
    logs = np.log(net.jacobian().singular_values(200, rng=4))
    assert kolmogorov(net.jacobian().gram_law(), logs) < 0.03
    assert net.jacobian().gram_law().ppf(0.5) == pytest.approx(0.9**60, rel=1e-10)


def test_sample_and_singular_values_agree():
    jacobian = ResidualNetwork(5, "tanh", 0.4, 0.1).jacobian()
    product = np.eye(30)
    for block in jacobian.factors(30, rng=np.random.default_rng(6)):
        product = block @ product
    assert np.allclose(product, jacobian._sample(30, np.random.default_rng(6)))
    values = jacobian._singular_values(30, np.random.default_rng(6))
    assert np.allclose(values, np.linalg.svd(product, compute_uv=False), rtol=1e-11)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ResidualNetwork(0, "tanh", 0.1), "depth must be"),
        (lambda: ResidualNetwork(3, "tanh", 0.0), "sigma_w must be"),
        (lambda: ResidualNetwork(3, "tanh", 0.1, skip=0.0), "use MLP"),
        (lambda: ResidualNetwork(3, "tanh", 0.1, weights="haar"), "or 'orthogonal'"),
        (lambda: ResidualNetwork(900, "relu", 3.0).blocks, "exceeds 1e200"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_eigenvalues_have_no_law():
    with pytest.raises(TypeError, match="gram_law"):
        ResidualNetwork(3, "tanh", 0.1).jacobian().law()
