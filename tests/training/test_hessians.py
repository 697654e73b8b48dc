"""Hessians: exact products, spectra of two layers, graphs, laws of Hessians, series, the edge of stability."""

from __future__ import annotations

import numpy as np
import pytest
from training_references import inputs, names, values

import rmt
from rmt.training import (
    DenseNetwork,
    GraphNetwork,
    critical_energy,
    dense_graph,
    hessian_index,
    hessian_law,
    hessian_norm,
    kernel_drift,
    matrix_series,
    residual_hessian_scale,
    sharpness,
    sharpness_path,
    two_layer_hessian_eigenvalues,
)


def flat(net):
    return np.concatenate([w.ravel() for w in net.weights]) if isinstance(net.weights, list) else net.weights.copy()


def put(net, w):
    if not isinstance(net.weights, list):
        net.weights = w.copy()
        return
    start = 0
    for weight in net.weights:
        weight[:] = w[start : start + weight.size].reshape(weight.shape)
        start += weight.size


@pytest.mark.parametrize(
    "net",
    [
        DenseNetwork([3, 6, 5, 1], "tanh", rng=0),
        DenseNetwork([3, 6, 1], "sigmoid", rng=1),
        GraphNetwork(dense_graph([3, 5, 4, 1], keep=0.7, rng=0), "tanh", rng=2),
        GraphNetwork(dense_graph([3, 5, 1], skips=False), "softplus", rng=3),
    ],
    ids=["dense", "two layers", "graph", "chain"],
)
def test_products_by_differences(net):
    rng = np.random.default_rng(0)
    x, v, h, w = rng.standard_normal(3), rng.standard_normal(net.parameters), 1e-5, flat(net)
    put(net, w + h * v)
    up = net.jacobian(x[None])[0]
    put(net, w - h * v)
    down = net.jacobian(x[None])[0]
    put(net, w)
    product = net.hessian_vector(x, v)
    assert product == pytest.approx((up - down) / (2 * h), abs=1e-7)
    other = rng.standard_normal(net.parameters)
    assert other @ product == pytest.approx(v @ net.hessian_vector(x, other), rel=1e-9)
    full = np.array([net.hessian_vector(x, e) for e in np.eye(net.parameters)])
    assert hessian_norm(net, x, rng=1) == pytest.approx(np.abs(np.linalg.eigvalsh(full)).max(), rel=1e-7)


def test_loss_hessian_by_differences():
    rng = np.random.default_rng(0)
    net, x, y = DenseNetwork([3, 6, 5, 1], "tanh", rng=0), rng.standard_normal((4, 3)), rng.standard_normal(4)
    v, h, w = rng.standard_normal(net.parameters), 1e-5, flat(net)

    def gradient(weights):
        put(net, weights)
        return 2 / 4 * net.jacobian(x).T @ (net.outputs(x) - y)

    found = (gradient(w + h * v) - gradient(w - h * v)) / (2 * h)
    put(net, w)
    assert net.loss_hessian_vector(x, y, v) == pytest.approx(found, abs=1e-6)


def test_graph_of_layers_is_the_dense_network():
    net = DenseNetwork([3, 6, 5, 1], "tanh", rng=0)
    graph = GraphNetwork(dense_graph([3, 6, 5, 1], skips=False), "tanh")
    graph.weights = flat(net)
    x = np.random.default_rng(1).standard_normal((4, 3))
    assert graph.outputs(x) == pytest.approx(net.outputs(x), rel=1e-12)
    assert graph.kernel(x) == pytest.approx(net.kernel(x), rel=1e-12)
    assert (graph.layers, graph.width) == (3, 5)
    net.step(x, np.ones(4), 0.1)
    graph.step(x, np.ones(4), 0.1)
    assert graph.outputs(x) == pytest.approx(net.outputs(x), rel=1e-12)


@pytest.mark.parametrize("name", ["relu", "tanh", "erf"])
def test_spectrum_of_two_layers(name):
    net = DenseNetwork([4, 9, 1], name, rng=0)
    x = np.random.default_rng(1).standard_normal(4)
    full = np.array([net.hessian_vector(x, e) for e in np.eye(net.parameters)])
    found = two_layer_hessian_eigenvalues(net.weights[0], net.weights[1][0], x, name)
    dense = np.linalg.eigvalsh(full)
    assert np.sort(np.concatenate([found, np.zeros(net.parameters - 18)])) == pytest.approx(dense, abs=1e-12)


def test_one_neuron():
    given = inputs("hessian_neuron_tanh")
    first = np.zeros((100, 1))
    second = np.zeros(100)
    x = [np.sqrt(given["c"])]
    first[0, 0], second[0] = given["z"] / x[0], given["v"]
    found = two_layer_hessian_eigenvalues(first, second, x, "tanh")
    top = values("hessian_neuron_tanh")
    assert min(abs(found - top[0])) < 1e-15
    assert min(abs(found - top[1])) < 1e-15


def test_norm_of_relu_is_exact_and_that_of_tanh_falls_with_width():
    x = np.random.default_rng(0).standard_normal(6)
    for m in (10, 200):
        norm = hessian_norm(DenseNetwork([6, m, 1], "relu", rng=m), x, rng=0)
        assert norm * np.sqrt(m) == pytest.approx(np.linalg.norm(x) / np.sqrt(6), rel=1e-9)
    widths = np.array([16, 48, 144])
    norms = [
        np.mean([hessian_norm(DenseNetwork([6, m, m, 1], "tanh", rng=s), x, rng=0) for s in range(5)]) for m in widths
    ]
    slope = np.polyfit(np.log(widths), np.log(norms), 1)[0]
    assert slope == pytest.approx(-0.47, abs=0.11)


def test_kernel_drift_falls_with_width():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((6, 5)), rng.choice([-1.0, 1.0], 6)
    drifts = []
    for m in (32, 512):
        runs = []
        for seed in range(3):
            net = DenseNetwork([5, m, 1], "tanh", rng=seed)
            rate = 3.0 / np.linalg.eigvalsh(net.kernel(x))[-1]
            runs.append(kernel_drift(net, x, y, rate=rate, steps=200, every=40))
        drifts.append(np.mean(runs))
    assert -1.2 < np.log(drifts[1] / drifts[0]) / np.log(16) < -0.45


@pytest.mark.parametrize("name", names("hessian_critical_energy"))
def test_critical_energy(name):
    phi = inputs(name)["phi"]
    assert critical_energy(phi) == pytest.approx(values(name)[0], rel=1e-13)
    assert hessian_law(phi, critical_energy(phi) * 0.999).support[0].low > 0
    assert hessian_law(phi, critical_energy(phi) * 1.001).support[0].low < 0


def test_index():
    assert hessian_index(0.25, 0.3) == pytest.approx(values("hessian_index_phi0.25_e0.3")[0], rel=1e-9)
    assert hessian_index(0.5, 0.4) == pytest.approx(0.230007465, abs=1e-9)
    assert hessian_index(0.5, 0.01) == 0.0
    assert critical_energy(2.0) == 0.0
    n = 400
    matrix = rmt.wishart(ratio=0.25).sample(n, rng=0) + np.sqrt(0.6) * rmt.goe().sample(n, rng=1)
    assert np.mean(np.linalg.eigvalsh(matrix) < 0) == pytest.approx(hessian_index(0.25, 0.3), abs=0.02)
    assert np.mean(np.linalg.eigvalsh(matrix) < 0) != pytest.approx(hessian_index(0.25, 0.15), abs=0.02)


def test_residual_part():
    assert residual_hessian_scale(300, 400) == pytest.approx(values("hessian_residual_part")[0], rel=1e-14)
    rng = np.random.default_rng(0)
    n, d, m = 200, 30, 40
    net, x = DenseNetwork([d, m, 1], "relu", rng=0), rng.standard_normal((n, d))
    x *= np.sqrt(d) / np.linalg.norm(x, axis=1, keepdims=True)
    r = rng.standard_normal(n)
    # per neuron the block couples v_i with u_i: eigenvalues ± |Σ r gate x|/√(md)
    gates = x @ net.weights[0].T >= 0
    sizes = 2 / n * np.linalg.norm((gates * r[:, None]).T @ x, axis=1) / np.sqrt(m * d)
    assert np.sqrt(np.mean(sizes**2)) == pytest.approx(residual_hessian_scale(m, n), rel=0.1)
    assert np.std(sizes) / np.mean(sizes) == pytest.approx(1 / np.sqrt(2 * d), rel=0.5)


def test_series():
    units = np.eye(400).reshape(400, 20, 20)
    series = matrix_series(units)
    assert series.variance == 20
    assert matrix_series(np.eye(100 * 100 // 100).reshape(100, 10, 10)).mean_bound() == pytest.approx(
        np.sqrt(20 * np.log(20))
    )
    given = inputs("tropp_mean_100x100")
    assert np.sqrt(2 * given["d1"] * np.log(given["d1"] + given["d2"])) == pytest.approx(
        values("tropp_mean_100x100")[0]
    )
    norms = series.sample_norms(100, rng=0)
    assert norms.mean() < series.mean_bound()
    assert norms.mean() == pytest.approx(2 * np.sqrt(20), rel=0.1)
    for t in (9.0, 10.0, 12.0):
        assert np.mean(norms >= t) <= series.tail_bound(t)


@pytest.mark.parametrize(("hidden", "part"), [([24, 24, 24], 1.3), ([16, 16], 1.5)])
def test_edge_of_stability(hidden, part):
    """Images with labels that are hard to learn: sharpness rises to 2/rate and hovers there."""
    data = pytest.importorskip("sklearn.datasets").load_digits()
    chosen = np.flatnonzero(np.isin(data.target, (3, 8)))[:60]
    x = data.data[chosen] - data.data[chosen].mean(axis=0)
    x, y = x / np.sqrt(np.mean(x**2)), np.random.default_rng(0).choice([-1.0, 1.0], 60)
    net = DenseNetwork([64, *hidden, 1], "tanh", rng=0)
    rate = 2 / (part * sharpness(net, x, y, rng=0))
    times, path = sharpness_path(net, x, y, rate=rate, steps=900, every=150)
    assert path[0] == pytest.approx(2 / rate / part, rel=1e-4)
    assert path[-3:].mean() == pytest.approx(2 / rate, rel=0.03)
    assert times[-1] == 900


def test_bad_input():
    with pytest.raises(ValueError, match="has a cycle"):
        GraphNetwork([(0, 1), (1, 2), (2, 1), (2, 3)])
    with pytest.raises(ValueError, match="exactly one node without outgoing"):
        GraphNetwork([(0, 1), (0, 2)])
    with pytest.raises(ValueError, match="same pair twice"):
        GraphNetwork([(0, 1), (0, 1)])
    with pytest.raises(ValueError, match="keep must be"):
        dense_graph([2, 2, 1], keep=0.0)
    with pytest.raises(ValueError, match="energy must be"):
        hessian_law(0.5, -1.0)
    with pytest.raises(ValueError, match="terms must be"):
        matrix_series(np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="one a weight"):
        DenseNetwork([2, 2, 1], rng=0).hessian_vector([1.0, 2.0], [1.0])
