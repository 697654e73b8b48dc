"""Stacks of layers: references, the MLP as a stack, brute-force convolutions, and sampled networks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kernels.references import inputs, numbers

from rmt.kernels import (
    Conv,
    Dense,
    Flatten,
    GlobalAveragePool,
    LayerNorm,
    Residual,
    Stack,
    attention,
    nngp,
    ntk,
)

ROOT2 = math.sqrt(2.0)


def points(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))


@pytest.mark.parametrize("name", ["relu", "tanh", "elu"])
def test_a_stack_of_dense_layers_is_an_mlp(name):
    X = points(6, 4)
    net = Stack([Dense(1.3, 0.2), name, Dense(1.3, 0.2), name, Dense(1.3, 0.2)])
    options = {"activation": name, "depth": 2, "sigma_w": 1.3, "sigma_b": 0.2}
    K, theta = net.nngp(X), net.ntk(X)
    assert np.abs(K - nngp(X, **options)).max() <= 1e-14 * K.max()
    assert np.abs(theta - ntk(X, **options)).max() <= 1e-14 * theta.max()
    assert np.abs(net.ntk(X, train_biases=False) - ntk(X, train_biases=False, **options)).max() <= 1e-14 * theta.max()
    assert (theta == theta.T).all()
    assert np.abs(net.ntk(X, X[:2]) - theta[:, :2]).max() <= 1e-14 * theta.max()


@pytest.mark.parametrize("normalised", [False, True])
def test_residual_reference(normalised):
    name = "residual-preLN-relu-L4-ref" if normalised else "residual-relu-L4-ref"
    given = inputs(name)
    branch = [LayerNorm(), "relu", Dense(ROOT2)] if normalised else ["relu", Dense(ROOT2)]
    net = Stack([Dense(ROOT2), *[Residual(branch, scale=float(given["alpha"])) for _ in range(given["blocks"])]])
    X = np.array([given["x"], given["y"]], dtype=float)
    K, theta = net.nngp(X), net.ntk(X)
    assert [K[0, 1], theta[0, 1], theta[0, 0]] == pytest.approx(numbers(name), rel=1e-12)


def test_convolution_reference():
    given = inputs("conv-relu-L2-ref")
    X, Y = (np.array(given[key], dtype=float)[None] for key in ("x", "y"))
    body = [Conv(ROOT2), "relu", Conv(ROOT2), "relu"]
    _, _, pooled, pooled_ntk, flat, flat_ntk = numbers("conv-relu-L2-ref")
    pool = Stack([*body, GlobalAveragePool(), Dense(ROOT2)])
    flatten = Stack([*body, Flatten(), Dense(ROOT2)])
    assert pool.nngp(X, Y)[0, 0] == pytest.approx(pooled, rel=1e-13)
    assert pool.ntk(X, Y)[0, 0] == pytest.approx(pooled_ntk, rel=1e-13)
    assert flatten.nngp(X, Y)[0, 0] == pytest.approx(flat, rel=1e-13)
    assert flatten.ntk(X, Y)[0, 0] == pytest.approx(flat_ntk, rel=1e-13)


def test_window_of_one_pixel_is_a_dense_layer_on_each():
    X = np.random.default_rng(0).standard_normal((3, 5, 4))
    net = Stack([Conv(1.4, 0.1, size=1), "erf", Flatten(), Dense(1.4, 0.1)])
    K = sum(nngp(X[:, :, s], activation="erf", depth=1, sigma_w=1.4, sigma_b=0.1) for s in range(4)) / 4.0
    assert np.allclose(net.nngp(X), K, rtol=1e-13)


def sampled_network(X, padding, stride, width, rng):
    """One draw of a two-layer convolution with `width` channels: outputs of the pooled read-out."""
    _, channels, rows, columns = X.shape
    mode = "wrap" if padding == "circular" else "constant"
    padded = np.pad(X, ((0, 0), (0, 0), (1, 1), (1, 1)), mode=mode)
    W = rng.standard_normal((width, channels, 3, 3)) * ROOT2 / math.sqrt(9 * channels)
    hidden = 0.0
    for a in range(3):
        for b in range(3):
            window = padded[:, :, a : a + rows : stride, b : b + columns : stride]
            hidden = hidden + np.einsum("wc,ncij->nwij", W[:, :, a, b], window)
    pooled = np.maximum(hidden, 0.0).mean(axis=(2, 3))
    return pooled @ pooled.T * 2.0 / width


@pytest.mark.parametrize(("padding", "stride"), [("circular", 1), ("zero", 1), ("zero", 2)])
def test_images_against_sampled_networks(padding, stride):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((3, 2, 4, 3))
    net = Stack([Conv(ROOT2, size=3, stride=stride, padding=padding), "relu", GlobalAveragePool(), Dense(ROOT2)])
    K = net.nngp(X)
    draws = np.array([sampled_network(X, padding, stride, 400, rng) for _ in range(60)])
    error = draws.std(axis=0) / math.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - K) <= 5.5 * error).all()
    other = "circular" if padding == "zero" else "zero"
    wrong = Stack([Conv(ROOT2, padding=other, stride=stride), "relu", GlobalAveragePool(), Dense(ROOT2)]).nngp(X)
    assert (np.abs(draws.mean(axis=0) - wrong) > 5.5 * error).any()


def test_layer_norm_after_an_activation_takes_the_mean_off():
    """Against a wide sampled layer, normalised over its units."""
    rng = np.random.default_rng(5)
    X = points(3, 4, seed=2)
    K = Stack([Dense(1.5), "relu", LayerNorm()]).nngp(X)
    hidden = np.maximum(X @ rng.standard_normal((4, 400_000)) * 0.75, 0.0)
    hidden = (hidden - hidden.mean(axis=1, keepdims=True)) / hidden.std(axis=1, keepdims=True)
    sampled = hidden @ hidden.T / hidden.shape[1]
    assert np.diag(K) == pytest.approx(np.ones(3), rel=1e-14)
    assert np.abs(sampled - K).max() <= 6.0 * 2.0 / math.sqrt(hidden.shape[1])
    raw = nngp(X, activation="relu", depth=1, sigma_w=1.5)
    uncentred = raw / np.sqrt(np.outer(np.diag(raw), np.diag(raw)))
    assert np.abs(sampled - uncentred).max() > 0.05


def test_tangent_kernel_of_a_convolution_sums_once_over_the_offsets():
    """By hand: one hidden convolution on 4 circular pixels, flattened; the double sum is another number."""
    X = np.random.default_rng(1).standard_normal((2, 1, 4))
    net = Stack([Conv(1.0), Conv(1.0), Flatten(), Dense(1.0)])

    def window(P):
        return sum(np.roll(P, (r, r), (-2, -1)) for r in (-1, 0, 1)) / 3.0

    P = X[0, 0][:, None] * X[1, 0][None, :]
    K1 = window(P)
    K2 = window(K1)
    T2 = K2 + window(K1)
    assert net.ntk(X)[0, 1] == pytest.approx(float((np.diag(K2) + np.diag(T2)).mean()), rel=1e-13)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: attention(heads=4), ValueError, "not a Gaussian process"),
        (lambda: Residual(["relu"]), ValueError, "must end with Dense or Conv"),
        (lambda: Conv(size=2), ValueError, "odd"),
        (lambda: Conv(padding="same"), ValueError, "unknown padding"),
        (lambda: Stack("relu"), TypeError, "sequence of layers"),
        (lambda: Stack([Dense(), 3.0]), TypeError, "activation"),
        (lambda: Stack([Dense()]).nngp(np.ones((2, 3, 4))), ValueError, "Dense takes vectors"),
        (lambda: Stack([Conv()]).nngp(np.ones((2, 3))), ValueError, "Conv takes images"),
        (lambda: Stack([Conv()]).nngp(np.ones((2, 3, 4))), ValueError, "still has 4 pixels"),
        (lambda: Stack([Dense(), "step", Dense()]).ntk(np.ones((2, 3))), ValueError, "no tangent kernel"),
        (lambda: Stack([GlobalAveragePool()]).nngp(np.ones((2, 3))), ValueError, "takes images"),
        (lambda: Stack([Dense()]).nngp([1.0, 2.0]), ValueError, "two-dimensional"),
    ],
)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
