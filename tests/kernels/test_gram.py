"""NNGP and NTK Gram matrices: references, exact identities, symmetry, blocks, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kernels.references import inputs, named, numbers

import rmt
from rmt.kernels import MLP, nngp, nngp_and_ntk, ntk
from rmt.networks import activation

ROOT2 = math.sqrt(2.0)


def points(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))


@pytest.mark.parametrize("name", named("mlp-"))
def test_reference_values(name):
    given = inputs(name)
    spec = given["activation"]
    phi = activation("leaky_relu", slope=0.1) if spec.startswith("leaky") else spec
    options = {
        "activation": phi,
        "depth": given["hidden_layers"],
        "sigma_w": math.sqrt(float(given["sigma_w2"])),
        "sigma_b": math.sqrt(float(given["sigma_b2"])),
    }
    X = np.array([given["x"], given["y"]], dtype=float)
    K, theta = nngp(X, **options), ntk(X, **options)
    found = [K[0, 1], theta[0, 1], theta[0, 0]]
    if "width" in given:
        standard = ntk(X, parametrization="standard", width=given["width"], **options)
        found += [standard[0, 1], standard[0, 0]]
    assert found == pytest.approx(numbers(name), rel=1e-12)


@pytest.mark.parametrize("name", ["relu", "erf", "gelu", "tanh", "elu"])
def test_diagonal_is_the_recursion_of_one_input(name):
    X = points(40, 7)
    options = {"activation": name, "depth": 4, "sigma_w": 1.3, "sigma_b": 0.2}
    K, theta = nngp_and_ntk(X, **options)
    for i in (0, 7, 39):
        one, own = nngp_and_ntk(X[i : i + 1], **options)
        assert K[i, i] == pytest.approx(one[0, 0], rel=1e-14)
        assert theta[i, i] == pytest.approx(own[0, 0], rel=2e-14)


@pytest.mark.parametrize("name", ["relu", "tanh", "selu", "softplus"])
def test_symmetric_to_the_bit_and_blocks_agree(name):
    X = points(30, 5)
    options = {"activation": name, "depth": 3, "sigma_w": 1.2, "sigma_b": 0.1}
    theta = ntk(X, **options)
    assert (theta == theta.T).all()
    blocks = np.empty((30, 30))
    assert ntk(X, rows=7, out=blocks, **options) is blocks
    assert (blocks == blocks.T).all()
    near = 1e-13 * theta.max()
    assert np.allclose(blocks, theta, rtol=0, atol=near)
    assert np.allclose(ntk(X, X[:4], **options), theta[:, :4], rtol=0, atol=near)
    assert np.allclose(nngp_and_ntk(X, **options)[1], theta, rtol=0, atol=near)


@pytest.mark.parametrize("depth", [1, 3, 10])
def test_exact_identities_of_relu(depth):
    """He: Θ(x, x) = (L + 1) K_1(x, x); σ_w = 1: (L + 1) 2^-L K_1; opposite points do not see each other at once."""
    X = points(5, 4)
    first = np.einsum("ij,ij->i", X, X) / 4.0
    he = ntk(X, activation="relu", depth=depth, sigma_w=ROOT2)
    assert np.diag(he) == pytest.approx((depth + 1) * 2.0 * first, rel=1e-14)
    plain = ntk(X, activation="relu", depth=depth, sigma_w=1.0)
    assert np.diag(plain) == pytest.approx((depth + 1) * 0.5**depth * first, rel=1e-14)
    opposite = nngp(np.array([X[0], -X[0]]), activation="relu", depth=1, sigma_w=ROOT2)
    assert abs(opposite[0, 1]) <= 1e-15 * opposite[0, 0]


def test_linear_networks_by_hand():
    X = points(6, 3)
    K1 = 1.5 * X @ X.T / 3.0 + 0.2
    K2 = 1.5 * K1 + 0.2
    theta = ntk(X, activation="linear", depth=1, sigma_w=math.sqrt(1.5), sigma_b=math.sqrt(0.2))
    assert np.allclose(theta, K2 + 1.5 * K1, rtol=1e-14)
    frozen = ntk(X, activation="linear", depth=1, sigma_w=math.sqrt(1.5), sigma_b=math.sqrt(0.2), train_biases=False)
    assert np.allclose(frozen, (K2 - 0.2) + 1.5 * (K1 - 0.2), rtol=1e-13)
    assert np.allclose(
        nngp(X, activation="relu", depth=0, sigma_w=math.sqrt(1.5), sigma_b=math.sqrt(0.2)), K1, rtol=1e-14
    )


def test_standard_parametrization_by_hand():
    X, width = points(4, 3), 50
    F = nngp(X, activation="relu", depth=1, sigma_w=1.0)
    slope = rmt.kernels.slope_dual("relu", 1.0, 1.0, 1.0) * 2.0
    one = ntk(X, activation="relu", depth=1, sigma_w=1.0, parametrization="standard", width=width)
    diagonal = width * np.diag(F) + 1.0 + 0.5 * slope * (np.einsum("ij,ij->i", X, X) + 1.0)
    assert np.diag(one) == pytest.approx(diagonal, rel=1e-14)
    none = ntk(X, activation="relu", depth=1, sigma_b=None, parametrization="standard", width=width)
    assert np.diag(none) == pytest.approx(width * np.diag(F) + 0.5 * np.einsum("ij,ij->i", X, X), rel=1e-14)
    mup = ntk(X, activation="erf", depth=2, parametrization="mup")
    assert np.allclose(mup, ntk(X, activation="erf", depth=2, sigma_w=1.0), rtol=0)


def test_deep_limit_of_he_relu():
    """1 − c ≈ 9π²/(2L²) and Θ12/Θ11 → 1/4."""
    X = np.eye(2)
    K = nngp(X, activation="relu", depth=999, sigma_w=ROOT2)
    assert 1.0 - K[0, 1] / K[0, 0] == pytest.approx(4.3215e-5, rel=1e-4)
    ratios = [t[0, 1] / t[0, 0] for t in (ntk(X, activation="relu", depth=L, sigma_w=ROOT2) for L in (199, 999))]
    assert ratios == pytest.approx([0.2631, 0.2533], abs=1e-4)


@pytest.mark.parametrize("name", ["relu", "erf", "tanh", "selu"])
def test_near_duplicates(name):
    """|x − x'| = 1e-9 |x|: K11 − K12 from the gradient of the diagonal, to 1e-6; duplicates exactly."""
    x = points(1, 6, seed=3)
    X = np.concatenate([x, x * (1.0 + 1e-9), x])
    options = {"activation": name, "depth": 3, "sigma_w": 1.3, "sigma_b": 0.3}
    K, theta = nngp_and_ntk(X, **options)
    assert K[0, 2] == K[0, 0]
    assert theta[0, 2] == theta[0, 0]
    wide = nngp(np.concatenate([x, x * (1.0 + 1e-5)]), **options)
    rate = (wide[1, 1] - wide[0, 0]) / 1e-5
    assert K[0, 1] - K[0, 0] == pytest.approx(0.5 * rate * 1e-9, rel=2e-5)
    assert abs(theta[0, 1] - theta[0, 0]) <= 2e-7 * theta[0, 0]


def test_tangent_kernel_of_close_points_to_all_digits():
    """ReLU at an angle of 1e-7: F' from the angle itself, where arccos of the correlation is wrong by 1e-8."""
    angle = 1e-7
    X = np.array([[1.0, 0.0], [math.cos(angle), math.sin(angle)]])
    theta = ntk(X, activation="relu", depth=1, sigma_w=ROOT2)
    seen = math.cos(angle) * (1.0 - angle / math.pi)
    assert theta[0, 1] == pytest.approx(2.0 * seen + math.sin(angle) / math.pi, rel=1e-15)
    assert abs(theta[0, 1] / theta[0, 0] - 1.0) > 1e-8


def test_mlp_has_both_kernels():
    X = points(5, 3)
    net = rmt.MLP(depth=3, activation="erf", sigma_w=1.2, sigma_b=0.1)
    assert isinstance(net, MLP)
    assert np.allclose(net.nngp(X), nngp(X, activation="erf", depth=3, sigma_w=1.2, sigma_b=0.1), rtol=0)
    assert np.allclose(net.ntk(X), ntk(X, activation="erf", depth=3, sigma_w=1.2, sigma_b=0.1), rtol=0)
    mixed = rmt.MLP(2, ["relu", "tanh"], [1.0, 1.3], [0.1, 0.0], input_q=1.0)
    assert mixed.nngp(X).shape == (5, 5)
    assert net.with_depth(5).ntk(X).shape == (5, 5)
    with pytest.raises(ValueError, match="needs widths="):
        net.ntk(X, parametrization="standard")


@pytest.mark.parametrize(
    ("X", "options", "kind", "message"),
    [
        ([1.0, 2.0], {}, ValueError, r"shape \(2,\); write X\[:, None\]"),
        (np.zeros((0, 3)), {}, ValueError, "it is empty"),
        ([[1.0, math.nan]], {}, ValueError, "nan in row 0, column 1"),
        ([[1.0, 2.0]], {"activation": "step"}, ValueError, "no tangent kernel"),
        ([[1.0, 2.0]], {"depth": -1}, ValueError, "depth"),
        ([[1.0, 2.0]], {"sigma_w": -1.0}, ValueError, "sigma_w"),
        ([[1.0, 2.0]], {"parametrization": "standard"}, ValueError, "needs width="),
        ([[1.0, 2.0]], {"parametrization": "kaiming"}, ValueError, "unknown parametrization"),
        ([[1.0, 2.0]], {"width": 5}, ValueError, "belongs to the standard"),
        ([[1.0, 2.0]], {"parametrization": "mup", "sigma_w": 2.0}, ValueError, "leave them out"),
        ([[1.0, 2.0]], {"activation": lambda x: np.exp(x * x)}, ValueError, "not square integrable"),
        ([[1.0, 2.0]], {"activation": "relu", "sigma_w": 30.0, "depth": 300}, ValueError, "at layer"),
        ([["a", "b"]], {}, TypeError, "X must be real numbers"),
        ([[1.0, 2.0]], {"out": np.zeros(3)}, ValueError, "out must be a float64 array"),
    ],
)
def test_bad_input(X, options, kind, message):
    with pytest.raises(kind, match=message):
        ntk(X, **{"activation": "relu", "depth": 2, "sigma_w": 1.0, **options})


def test_columns_must_agree():
    with pytest.raises(ValueError, match="same number of columns"):
        nngp(np.ones((2, 3)), np.ones((2, 4)), activation="relu", depth=1, sigma_w=1.0)


def test_zero_inputs_and_opposite_points_give_numbers():
    X = np.array([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    for name in ("relu", "tanh", "gelu", "elu"):
        K, theta = nngp_and_ntk(X, activation=name, depth=2, sigma_w=1.0)
        assert np.isfinite(K).all()
        assert np.isfinite(theta).all()
        assert K[0, 0] == 0.0
