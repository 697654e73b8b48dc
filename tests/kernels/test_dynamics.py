"""Critical steps, condition numbers, posteriors and training curves; the loss conventions of the manual, row by row."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
from kernels.references import inputs, numbers

import rmt
from rmt.kernels import bayes, condition_number, critical_step, descent, flow, nngp_and_ntk, zonal

ROOT2 = math.sqrt(2.0)


def problem(name="posterior-relu-L2-ref"):
    given = inputs(name)
    X = np.array(given["points"], dtype=float)
    return X, np.array(inputs("posterior-relu-L2-ref")["y"], dtype=float)


def kernels(X):
    return nngp_and_ntk(X, activation="relu", depth=2, sigma_w=ROOT2, sigma_b=math.sqrt(0.1))


# ---------------------------------------------------------------- critical steps
def test_critical_step_reference():
    X, _ = problem("critical-lr-ref")
    _, theta = kernels(X)
    half_sum, total, mean, half_mean, condition = numbers("critical-lr-ref")
    for loss, value in {"half_sum": half_sum, "sum": total, "mean": mean, "half_mean": half_mean}.items():
        assert critical_step(theta, loss=loss) == pytest.approx(value, rel=1e-13)
    assert condition_number(theta) == pytest.approx(condition, rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "gradient", "step"),
    [
        ("half_sum", lambda r: r, lambda top, n: 2.0 / top),
        ("sum", lambda r: 2.0 * r, lambda top, n: 1.0 / top),
        ("mean", lambda r: 2.0 * r / r.size, lambda top, n: n / top),
        ("half_mean", lambda r: r / r.size, lambda top, n: 2.0 * n / top),
    ],
)
def test_loss_conventions(loss, gradient, step):
    """docs/kernels.md, one row each: a linear model trained by hand converges below the step and diverges above."""
    rng = np.random.default_rng(0)
    A, y = rng.standard_normal((6, 9)), rng.standard_normal(6)
    K = A @ A.T
    top = np.linalg.eigvalsh(K)[-1]
    critical = critical_step(K, loss=loss)
    assert critical == pytest.approx(step(top, 6), rel=1e-13)
    for factor, settles in ((0.99, True), (1.01, False)):
        w = np.zeros(9)
        for _ in range(3000):
            w -= factor * critical * A.T @ gradient(A @ w - y)
        assert (np.abs(A @ w - y).max() < 1.0) == settles
    w = np.zeros(9)
    for _ in range(7):
        w -= 0.3 * critical * A.T @ gradient(A @ w - y)
    assert descent(K, y, 7, 0.3 * critical, loss=loss).mean == pytest.approx(A @ w, rel=1e-12)


def test_critical_step_from_the_law_alone():
    """Before any sampling: the bulk and its outlier; a sample agrees within 0.2 %."""
    h = zonal(rmt.MLP(depth=2, activation="relu", sigma_w=ROOT2))
    ensemble = rmt.kernels.SphereKernelMatrix(h, 0.5)
    predicted = critical_step(ensemble.law(), outlier=ensemble.outlier(600))
    assert critical_step(ensemble.sample(600, rng=0)) == pytest.approx(predicted, rel=2e-3)
    assert critical_step(ensemble.law(), "mean", n=600, outlier=ensemble.outlier(600)) == pytest.approx(
        300.0 * predicted, rel=1e-13
    )
    assert critical_step(ensemble.law()) > 50.0 * predicted


def test_condition_number_against_depth():
    values = [condition_number(rmt.MLP(L, "relu", ROOT2), n=10) for L in (1, 10, 100)]
    assert values == pytest.approx(numbers("condition-vs-depth-ref"), rel=1e-11)
    assert values[0] < values[2] < values[1]
    assert condition_number(rmt.MLP(3000, "relu", ROOT2), n=10) == pytest.approx(13.0 / 3.0, rel=0.02)
    assert condition_number([[1.0, 1.0], [1.0, 1.0]]) == math.inf
    assert condition_number(rmt.MarchenkoPastur(ratio=0.25)) == pytest.approx(9.0, rel=1e-13)


# ---------------------------------------------------------------- posteriors
def test_posterior_reference():
    X, y = problem()
    K, theta = kernels(X)
    train, test = slice(0, 3), slice(3, 4)
    mean_t, var_t, mean, var, bayes_mean, bayes_var, *eigenvalues = numbers("posterior-relu-L2-ref")
    prior = {"nngp": K[train, train], "nngp_test": K[test, train], "nngp_both": K[test, test]}
    for time, expected in ((3.0, (mean_t, var_t)), (math.inf, (mean, var))):
        out = flow(theta[train, train], y, time, test=theta[test, train], **prior)
        assert (out.mean[0], out.covariance[0, 0]) == pytest.approx(expected, rel=1e-12)
    out = bayes(K[train, train], y, test=K[test, train], both=K[test, test])
    assert (out.mean[0], out.covariance[0, 0]) == pytest.approx((bayes_mean, bayes_var), rel=1e-12)
    assert np.linalg.eigvalsh(theta[train, train]) == pytest.approx(eigenvalues, rel=1e-12)


def test_gradient_descent_reference():
    X, y = problem("gd-ref")
    _, theta = kernels(X)
    T = theta[:3, :3]
    step = 1.0 / np.linalg.eigvalsh(T)[-1]
    *residuals, prediction = numbers("gd-ref")
    steps = inputs("gd-ref")["steps"]
    assert descent(T, y, steps, step).mean - y == pytest.approx(residuals, rel=1e-10)
    assert descent(T, y, steps, step, test=theta[3:, :3]).mean[0] == pytest.approx(prediction, rel=1e-12)


def test_flow_against_matrix_exponential_and_small_times():
    rng = np.random.default_rng(2)
    A = rng.standard_normal((5, 8))
    T, y, f0 = A @ A.T, rng.standard_normal((5, 2)), rng.standard_normal((5, 2))
    decay = scipy.linalg.expm(-0.3 * T)
    assert np.allclose(flow(T, y, 0.3, initial=f0).mean, y + decay @ (f0 - y), rtol=1e-12)
    tiny = flow(T, y, 1e-14).mean
    assert np.allclose(tiny, 1e-14 * T @ y, rtol=1e-10)
    assert np.allclose(flow(T, y, 0.6, loss="mean").mean, flow(T, y, 0.6 * 2.0 / 5.0).mean, rtol=1e-13)
    covariance = flow(T, y, 0.3, nngp=np.eye(5)).covariance
    assert np.allclose(covariance, decay @ decay, rtol=1e-11)
    assert np.allclose(flow(T, y).mean, y, rtol=1e-12)


def test_duplicates_give_the_minimum_norm_answer_and_say_so():
    X = np.array([[1.0, 0.2], [1.0, 0.2], [0.3, -1.1]])
    K, theta = kernels(X)
    y = np.array([1.0, 0.0, 0.5])
    for out in (flow(theta, y), bayes(K, y), flow(theta, y, nngp=K), descent(theta, y, 5000, 0.2)):
        assert out.rank == 2
        assert out.mean == pytest.approx([0.5, 0.5, 0.5], abs=1e-9)
        assert out.null_residual == pytest.approx([0.5, -0.5, 0.0], abs=1e-9)
    opposite = nngp_and_ntk(np.array([[1.0, 0.2], [-1.0, -0.2]]), activation="abs", depth=1, sigma_w=1.0)[0]
    assert bayes(opposite, [1.0, -1.0]).rank == 1


def test_linearised_training_against_a_wide_network():
    """Full training of a real network of width 4096: outputs on and off the data follow the empirical kernel."""
    rng = np.random.default_rng(3)
    n, width = 4, 4096
    X, x = rng.standard_normal((n, 3)), rng.standard_normal((2, 3))
    y = rng.standard_normal(n)
    W, a = rng.standard_normal((width, 3)), rng.standard_normal(width)
    points = np.concatenate([X, x]) / math.sqrt(3.0)

    def outputs(W, a):
        return np.tanh(points @ W.T) @ a / math.sqrt(width)

    def gradients(W, a):
        h = np.tanh(points @ W.T)
        slopes = (1.0 - h**2) * a
        return h @ h.T / width + (slopes @ slopes.T / width) * (points @ points.T)

    theta, start = gradients(W, a), outputs(W, a)
    step, steps = 0.2, 60
    for _ in range(steps):
        h = np.tanh(points @ W.T)
        r = (h @ a / math.sqrt(width))[:n] - y
        slopes = (1.0 - h[:n] ** 2) * a
        W, a = (
            W - step * ((slopes * r[:, None]).T @ points[:n]) / math.sqrt(width),
            a - step * h[:n].T @ r / math.sqrt(width),
        )
    trained = outputs(W, a)
    train = descent(theta[:n, :n], y, steps, step, initial=start[:n]).mean
    off = descent(theta[:n, :n], y, steps, step, test=theta[n:, :n], initial=start[:n], initial_test=start[n:]).mean
    assert np.abs(trained[:n] - train).max() <= 0.03
    assert np.abs(trained[n:] - off).max() <= 0.06
    assert np.abs(trained - start).max() > 0.3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: critical_step([[1.0, 2.0]]), "square matrix"),
        (lambda: critical_step([[1.0, 2.0], [0.0, 1.0]]), "symmetric"),
        (lambda: critical_step([[1.0]], loss="mse"), "unknown loss"),
        (lambda: critical_step(rmt.MarchenkoPastur(), "mean"), "pass n="),
        (lambda: critical_step([[1.0]], n=3), "belong to a law"),
        (lambda: critical_step([[math.nan]]), "must be finite"),
        (lambda: condition_number(rmt.MLP(1, "relu", 1.0)), "needs n="),
        (lambda: flow([[1.0]], [1.0], -1.0), "time must be"),
        (lambda: flow([[1.0]], [1.0, 2.0]), "one row for each of the 1"),
        (lambda: flow([[1.0]], [1.0], test=[[1.0, 2.0]]), "shape m × 1"),
        (lambda: flow([[1.0]], [1.0], test=[[1.0]], nngp=[[1.0]]), "nngp_test"),
        (lambda: flow([[1.0]], [1.0], nngp=[[1.0]], initial=[0.0]), "not both"),
        (lambda: flow([[1.0]], [math.inf]), "y must be finite"),
        (lambda: descent([[1.0]], [1.0], 3, 0.0), "step must be"),
        (lambda: descent([[1.0]], [1.0], 5000, 10.0), "the critical step is 2"),
        (lambda: bayes([[1.0]], [1.0], noise=-1.0), "noise must be"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_manual_page_has_a_row_for_each_loss():
    page = (Path(__file__).parents[2] / "docs" / "kernels.md").read_text()
    assert [f'| `"{loss}"` |' in page for loss in ("half_sum", "sum", "mean", "half_mean")] == [True] * 4
