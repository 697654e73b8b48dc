"""Tangent kernels of PyTorch models, by contraction and by products with vectors."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rmt.kernels import empirical_ntk as numpy_ntk  # noqa: E402
from rmt.kernels import ntk  # noqa: E402
from rmt.networks.torch import empirical_ntk, ntk_vector_product  # noqa: E402


class Wide(torch.nn.Module):
    """One hidden layer in the NTK parametrization."""

    def __init__(self, dimension, width, outputs=1):
        super().__init__()
        self.W = torch.nn.Parameter(torch.randn(width, dimension, dtype=torch.float64))
        self.v = torch.nn.Parameter(torch.randn(outputs, width, dtype=torch.float64))

    def forward(self, x):
        h = torch.tanh(x @ self.W.T / math.sqrt(self.W.shape[1]))
        return h @ self.v.T / math.sqrt(self.W.shape[0])


def model(width=30, outputs=1, seed=0):
    torch.manual_seed(seed)
    return Wide(3, width, outputs).eval()


def points(n=5):
    return torch.tensor(np.random.default_rng(0).standard_normal((n, 3)))


def test_contraction_against_the_closed_sum():
    net, X = model(), points()
    x, W, v = X.numpy(), net.W.detach().numpy(), net.v.detach().numpy()[0]
    h = np.tanh(x @ W.T / math.sqrt(3.0))
    slopes = (1.0 - h**2) * v
    K = (h @ h.T + (slopes @ slopes.T) * (x @ x.T) / 3.0) / 30
    assert np.allclose(empirical_ntk(net, X), K, rtol=1e-12)
    assert np.allclose(empirical_ntk(net, X, X[:2]), K[:, :2], rtol=1e-12)
    vector = np.arange(5.0)
    assert np.allclose(ntk_vector_product(net, X, vector), K @ vector, rtol=1e-12)


def test_several_outputs():
    net, X = model(outputs=2), points(4)
    blocks = empirical_ntk(net, X, trace=False)
    assert blocks.shape == (4, 4, 2, 2)
    assert np.allclose(empirical_ntk(net, X), np.trace(blocks, axis1=2, axis2=3) / 2.0, rtol=1e-13)
    vector = np.random.default_rng(1).standard_normal((4, 2))
    product = np.einsum("abkl,bl->ak", blocks, vector)
    assert np.allclose(ntk_vector_product(net, X, vector), product, rtol=1e-12)


def test_fluctuations_shrink_like_one_over_root_width():
    X = points(2)
    spread = []
    for width in (25, 400):
        draws = [empirical_ntk(model(width, seed=s), X) for s in range(150)]
        spread.append(np.std(draws, axis=0))
    limit = ntk(X.numpy(), activation="tanh", depth=1, sigma_w=1.0)
    assert np.abs(np.log(spread[1] / spread[0]) / math.log(16.0) + 0.5).max() < 0.16
    assert np.abs(np.mean(draws, axis=0) - limit).max() <= 5.0 * spread[1].max() / math.sqrt(150)
    assert numpy_ntk(10, X.numpy(), activation="tanh", depth=1, sigma_w=1.0, rng=0).shape == (2, 2)


def test_bad_input():
    with pytest.raises(ValueError, match=r"call \.eval\(\)"):
        empirical_ntk(Wide(3, 4), points())
    with pytest.raises(ValueError, match="must have the shape"):
        ntk_vector_product(model(), points(), np.ones(3))
    with pytest.raises(ValueError, match="no trainable parameters"):
        empirical_ntk(torch.nn.Identity().eval(), points())
