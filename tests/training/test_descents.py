"""Runs whose kernels are watched: split losses, spikes, match rates, staircases, sweeps, features."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rmt.training import (
    DenseNetwork,
    RateSweep,
    TwoLayers,
    agop,
    alignment,
    critical_rate,
    descend,
    egop,
    match_rate,
    raise_after_catapult,
    spikes,
    split_loss,
    target_values,
)


def digits(n, seed=0):
    """Sevens and nines, centred, of mean square 1."""
    data = pytest.importorskip("sklearn.datasets").load_digits()
    chosen = np.isin(data.target, (7, 9))
    x, y = data.data[chosen], np.where(data.target[chosen] == 7, 1.0, -1.0)
    x = x - x.mean(axis=0)
    x /= np.sqrt(np.mean(x**2))
    order = np.random.default_rng(seed).permutation(len(x))
    return x[order[:n]], y[order[:n]], x[order[n:]], y[order[n:]]


def test_gradients_by_differences():
    for net in (DenseNetwork([4, 7, 6, 1], "tanh", rng=0), DenseNetwork([4, 7, 1], "relu", rng=1)):
        x = np.random.default_rng(2).standard_normal((3, 4))
        J = net.jacobian(x)
        assert net.kernel(x) == pytest.approx(J @ J.T, rel=1e-12)
        h, weight = 1e-6, net.weights[0]
        weight[2, 1] += h
        up = net.outputs(x)
        weight[2, 1] -= 2 * h
        down = net.outputs(x)
        weight[2, 1] += h
        assert (up - down) / (2 * h) == pytest.approx(J[:, 2 * 4 + 1], abs=1e-8)
        move = np.zeros((3, 4))
        move[:, 1] = h
        assert (net.outputs(x + move) - net.outputs(x - move)) / (2 * h) == pytest.approx(
            net.input_gradients(x)[:, 1], abs=1e-8
        )


@pytest.mark.parametrize("kind", ["network", "quadratic", "linear"])
def test_two_layers_descend_their_own_loss(kind):
    x, y = np.random.default_rng(0).standard_normal((5, 3)), np.arange(5.0)
    net = TwoLayers(*(getattr(TwoLayers.drawn(3, 8, rng=1), part) for part in ("first", "second")), kind)
    before, f, K = net.step(x, y, 0.3), None, None
    f, K = net.outputs(x), net.kernel(x)
    rate = 1e-6
    net.step(x, y, rate)
    assert before > 0
    assert net.outputs(x) - f == pytest.approx(-2 * rate / 5 * K @ (f - y), rel=1e-4, abs=1e-12)


def test_split_adds_up():
    rng = np.random.default_rng(0)
    root, r = rng.standard_normal((6, 9)), rng.standard_normal(6)
    parts = split_loss(root @ root.T, r, top=2)
    assert sum(parts) == pytest.approx(r @ r / 6, rel=1e-13)


def test_spike_is_in_the_leading_eigenvectors():
    x, y, _, _ = digits(64)
    net = TwoLayers.drawn(64, 256, readout="gaussian", rng=1)
    run = descend(net, x, y, rate=1.67 * critical_rate(net.kernel(x)), steps=60)
    assert run.regime != "divergent"
    assert run.leading.max() > 5 * run.leading[0]
    assert run.leading.max() / run.leading[0] > 2 * run.rest.max() / run.rest[0]
    assert run.rates[0] * run.eigenvalues[-1] / 64 < 1.1  # ended below the critical rate
    assert len(spikes(run.losses)) >= 1
    calm = descend(TwoLayers.drawn(64, 256, readout="gaussian", rng=1), x, y, rate=0.5 * run.batch_rates[0], steps=30)
    assert len(spikes(calm.losses)) == 0


def test_staircase_of_catapults():
    """Each stage reads λ₁ and lowers it; the last rate, from the start, diverges."""
    x, y, _, _ = digits(64)
    net = DenseNetwork([64, 128, 128, 1], rng=1)
    run = descend(net, x, y, rate=raise_after_catapult(1.3, every=30), steps=89, goal=1e-12)
    assert run.regime == "running"
    stages = run.eigenvalues[[0, 29, 59, 89]]
    assert (np.diff(stages) < 0).all()
    assert (np.diff(run.rates[[0, 30, 60]]) > 0).all()
    direct = descend(DenseNetwork([64, 128, 128, 1], rng=1), x, y, rate=6 * run.rates[0], steps=60, watch=False)
    assert direct.regime == "divergent"


def test_match_rate_of_a_linear_model_is_one():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 10))
    x /= np.linalg.norm(x, axis=1, keepdims=True) / np.sqrt(10)
    y = rng.choice([-1.0, 1.0], 40)
    for seed in range(3):
        net = TwoLayers.drawn(10, 200, rng=seed).linearised()
        rate = 1.0 * critical_rate(net.kernel(x))
        run = descend(net, x, y, rate=rate, steps=40, batch=5, rng=seed, goal=1e-9)
        assert run.supercritical.any()
        assert match_rate(run) == 1.0
    calm = descend(TwoLayers.drawn(10, 200, rng=0).linearised(), x, y, rate=0.01, steps=10, batch=5, rng=0)
    with pytest.warns(RuntimeWarning, match="0/0"):
        assert np.isnan(match_rate(calm))


def test_one_point_of_twice_the_length_is_alone_above_its_critical_rate():
    rng = np.random.default_rng(0)
    n = d = 60
    x = rng.standard_normal((n, d))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = np.ones(n)
    x[0] *= 2
    y[0] *= 2
    net = TwoLayers.drawn(d, 2000, rng=1)
    rates = 1 / np.diag(net.kernel(x))
    rate = 0.5 * (rates[0] + rates[1:].min())
    own = {0: 0, 1: 0}
    for t in range(2 * n):
        i = t % n
        before = net.step(x[i : i + 1], y[i : i + 1], rate)
        own[int(i > 0)] += (net.outputs(x[i : i + 1])[0] - y[i]) ** 2 > before
    assert own[0] >= 1
    assert own[1] == 0


def test_sweep_of_rates():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((120, 8))
    y = target_values("rank2", x)
    sweep = RateSweep(x[:40], y[:40], x[40:], y[40:], width=64, relative_rates=[0.5, 1.4], steps=80)
    alone = sweep.run(2, rng=3)
    with ThreadPoolExecutor(2) as pool:
        together = sweep.run(2, rng=3, executor=pool)
    for name in ("network", "quadratic", "linear"):
        assert (getattr(alone, name) == getattr(together, name)).all()
    assert np.ptp([alone.network[:, 0], alone.quadratic[:, 0], alone.linear[:, 0]], axis=0).max() < 0.5
    assert np.isinf(alone.linear[:, 1]).all()
    assert np.isfinite(alone.network[:, 1]).all()


def test_sweep_resumes(tmp_path):
    x = np.random.default_rng(0).standard_normal((20, 3))
    sweep = RateSweep(x, x[:, 0], x, x[:, 0], width=8, relative_rates=[0.5], steps=10)
    first = sweep.run(1, rng=0, out=tmp_path / "sweep.npz")
    both = sweep.run(2, rng=0, out=tmp_path / "sweep.npz")
    assert both.network[0] == first.network[0]
    with pytest.raises(ValueError, match="relative_rates must be"):
        RateSweep(x, x[:, 0], x, x[:, 0], width=8, relative_rates=[0.0])


def test_sweeps_of_other_data_are_told_apart(tmp_path):
    """Same sums, another order, another test set; diverged runs are results."""
    x = np.random.default_rng(0).standard_normal((20, 3))
    y = x[:, 0]
    out = tmp_path / "sweep.npz"

    def run(*data, trials=1):
        return RateSweep(*data, width=8, relative_rates=[0.5, 3.0], steps=10).run(trials, rng=0, out=out)

    first = run(x, y, x, y)
    assert np.isinf(first.linear[:, 1]).all()
    assert (run(x.copy(), y.tolist(), x, y, trials=2).network[0] == first.network[0]).all()
    swapped = np.concatenate([y[1::-1], y[2:]])
    for other in (
        (x, y, x, -y),
        (x, y, 2.0 * x, y),
        (x, swapped, x, y),
        (x, y, x[:10], y[:10]),
        (x[:10], y[:10], x, y),
    ):
        with pytest.raises(ValueError, match="holds other trials: its ensemble is 'RateSweep"):
            run(*other)


@pytest.mark.parametrize("target", ["rank2", "rank3", "rank4", "full"])
def test_egop_by_sampling(target):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20_000, 12))
    h = 1e-5
    gradients = np.stack(
        [(target_values(target, x + h * e) - target_values(target, x - h * e)) / (2 * h) for e in np.eye(12)], axis=1
    )
    exact = egop(target, 12)
    sampled = gradients.T @ gradients / len(x)
    if target == "full":  # the limit of large dimension, where |x|² is d
        assert np.diag(sampled) == pytest.approx(np.diag(exact), rel=0.1)
    else:
        assert sampled == pytest.approx(exact, abs=6 * np.abs(exact).max() / np.sqrt(len(x) / 20))
    assert alignment(sampled, exact) > 0.99
    assert alignment(np.eye(12), exact) < 0.99 or target == "full"


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1.0, 1e200, 1e308])
def test_alignment_has_no_size(size):
    matrix = np.array([[1.0, 0.5], [0.5, 0.25]])
    assert alignment(size * np.eye(2), np.eye(2)) == pytest.approx(1.0, rel=1e-15)
    if size > 1e-300:  # below, the entries themselves are rounded
        assert alignment(matrix, size * np.eye(2)) == pytest.approx(1.25 / math.sqrt(2.0 * 1.5625), rel=1e-14)


def test_small_batches_learn_features():
    """Rank-2 target, half of the critical rate: with smaller batches the alignment rises and the test loss falls."""
    rng = np.random.default_rng(0)
    n, d, m = 300, 30, 64
    x, x_test = rng.standard_normal((n, d)), rng.standard_normal((500, d))
    y = target_values("rank2", x) + 0.1 * rng.standard_normal(n)
    y_test = target_values("rank2", x_test)
    found = []
    for batch in (n, 5):
        net = TwoLayers.drawn(d, m, readout="gaussian", rng=7)
        rate, order = 0.5 * critical_rate(net.kernel(x)), np.random.default_rng(1)
        best = (np.inf, 0.0)
        for _ in range(300 if batch == n else 15):
            chosen = order.permutation(n)
            for k in range(0, n - batch + 1, batch):
                net.step(x[chosen[k : k + batch]], y[chosen[k : k + batch]], rate)
            loss = float(np.mean((net.outputs(x_test) - y_test) ** 2))
            best = min(best, (loss, alignment(agop(net, x), egop("rank2", d))))
        found.append(best)
    (full_loss, full_alignment), (small_loss, small_alignment) = found
    assert small_loss < 0.8 * full_loss
    assert small_alignment > full_alignment + 0.02


def test_bad_input():
    net, x = TwoLayers.drawn(2, 3, rng=0), np.ones((4, 2))
    with pytest.raises(ValueError, match="rate must be"):
        descend(net, x, np.ones(4), rate=-1.0, steps=3)
    with pytest.raises(ValueError, match="must have the shapes"):
        descend(net, x, np.ones(3), rate=1.0, steps=3)
    with pytest.raises(ValueError, match="needs watch=True"):
        descend(net, x, np.ones(4), rate=raise_after_catapult(), steps=3, watch=False)
    with pytest.raises(ValueError, match="vanishes"):
        alignment(np.zeros((2, 2)), np.eye(2))
    with pytest.raises(ValueError, match="b must be finite"):
        alignment(np.eye(2), np.full((2, 2), np.nan))
    with pytest.raises(ValueError, match="factor must be"):
        spikes([1.0, 2.0, 1.0], factor=1.0)
    with pytest.raises(ValueError, match="at least one hidden width"):
        DenseNetwork([3, 1])
