"""The chain of transforms, link by link, for the cases of the lecture notes."""

import math

import numpy as np
import pytest

from rmt.networks import MLP, edge_of_chaos

ROOT2 = math.sqrt(2.0)
M = np.array([-0.3, 0.2, 1.5, 0.4 - 0.7j, -0.2 - 0.1j])


def chain(*arguments, **options):
    return MLP(*arguments, **options).jacobian().transform_chain()


def test_linear_gaussian():
    found = chain(3, "linear", 1.0)
    assert np.allclose(found.weight_s_transform(M), 1 / (1 + M))
    assert np.allclose(found.slope_s_transform(M), 1.0)
    assert np.allclose(found.s_transform(M), (1 + M) ** -3)
    assert np.allclose(found.inverse_t_transform(M), (1 + M) ** 4 / M)
    # zG − 1 = z³ G⁴
    z = np.array([2.0 + 1.0j, 0.5 + 0.1j])
    g = found.stieltjes(z)
    assert np.allclose(z * g - 1, z**3 * g**4, rtol=1e-9)
    assert found.density([0.5, 1.0, 3.0, 5.0]) == pytest.approx(
        [0.25644225892269, 0.13687779917564, 0.044696394628695, 0.023126566939707], rel=1e-8
    )


def test_relu_orthogonal():
    found = chain(3, "relu", ROOT2, weights="orthogonal")
    assert np.allclose(found.weight_s_transform(M), 0.5)
    assert np.allclose(found.slope_s_transform(M), (M + 1) / (M + 0.5))
    assert np.allclose(found.s_transform(M), ((M + 1) / (M + 0.5)) ** 3 / 8)
    assert np.allclose(found.inverse_t_transform(M), 8 * (M + 0.5) ** 3 / (M * (M + 1) ** 2))
    z = np.array([3.0 + 1.0j, 1.0 + 0.2j])
    w = z * found.stieltjes(z)
    assert np.allclose(z * (w - 1) * w**2, (2 * w - 1) ** 3, rtol=1e-9)
    assert np.allclose(found.t_transform(z), w - 1, rtol=1e-9)
    assert found.density([0.1, 0.5, 1.0, 5.0]) == pytest.approx(
        [0.346533813, 0.127323954, 0.085007874, 0.041345591], abs=2e-9
    )


def test_relu_gaussian():
    found = chain(2, "relu", ROOT2)
    assert np.allclose(found.s_transform(M), 0.25 / (M + 0.5) ** 2)
    assert found.density([1.0, 2.0, 5.0]) == pytest.approx([0.096494166, 0.055035877, 0.022103679], abs=2e-9)


@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
def test_hard_tanh(weights):
    point = edge_of_chaos("hard_tanh", q=1.0)
    net = MLP(6, "hard_tanh", point.sigma_w, point.sigma_b, weights)
    found, law = net.jacobian().transform_chain(), net.jacobian().gram_law()
    p = net.layers[0].mean_slope
    expected = p * (1 + M) / (M + p) / (1 + M if weights == "gaussian" else 1)
    assert np.allclose(found.s_transform(M), expected**6, rtol=1e-10)
    x = law.ppf([0.5, 0.7, 0.9])
    assert np.allclose(found.density(x), law.pdf(x), rtol=1e-7)


def test_smooth_activations_on_the_real_line():
    net = MLP(4, "tanh", 1.3, 0.1)
    found, law = net.jacobian().transform_chain(), net.jacobian().gram_law()
    assert not found.closed
    m = np.array([-0.3, 0.02, 0.1])
    z = found.inverse_t_transform(m)
    assert np.allclose(law.t_transform(z), m, rtol=1e-10)
    assert found.s_transform(1e-9) == pytest.approx(1 / net.mean, rel=1e-6)
    assert found.density(0.5) == law.pdf(0.5)


@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
def test_rectangular_layers(weights):
    net = MLP(3, "hard_tanh", 1.2, 0.3, weights, widths=[300, 600, 200, 400], input_q=1.0)
    found, law = net.jacobian().transform_chain(), net.jacobian().gram_law()
    m = np.array([-0.1, 0.05, 0.1])
    assert np.allclose(law.t_transform(found.inverse_t_transform(m)), m, rtol=1e-9)
    # −S'(0)/S(0) is the relative variance
    slope = (found.s_transform(1e-5) - found.s_transform(-1e-5)) / 2e-5
    assert -slope * net.mean == pytest.approx(net.relative_variance, rel=1e-6)


def test_off_the_support_the_density_vanishes():
    found = chain(3, "relu", ROOT2, weights="orthogonal")
    assert found.density(8.0) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(ValueError, match="positive"):
        found.density([0.0, 1.0])
    with pytest.raises(ValueError, match="upper half plane"):
        found.t_transform(1.0 - 1.0j)


def test_layer_must_exist():
    with pytest.raises(ValueError, match="between 1 and 2"):
        chain(2, "relu", 1.0).slope_s_transform(0.1, layer=3)
