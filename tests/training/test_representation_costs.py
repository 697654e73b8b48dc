"""Costs: three equal forms, laws in closed form, the bipartite plateau; shrinkage against trained networks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from training_references import inputs, names, values

import rmt
from rmt.training import (
    balanced_factors,
    bipartite_example,
    decaying_mode,
    decaying_mode_gains,
    deep_mode,
    deep_shrinkage,
    deep_threshold,
    hidden_covariances,
    minimal_weights,
    noise_killing_decay,
    regularised_losses,
    representation_cost,
)


@pytest.mark.parametrize("name", names("schatten_"))
def test_cost_references(name):
    given = inputs(name)
    if name == "schatten_cost":
        target = np.diag([float(s) for s in given["singular_values"]])
    elif name.startswith("schatten_mp"):
        target = rmt.MarchenkoPastur(ratio=given["ratio"])
    else:
        target = rmt.FussCatalan(int(given.get("order", given["depth"])))
    assert representation_cost(target, int(given["depth"])) == pytest.approx(values(name)[0], rel=1e-13)


@pytest.mark.parametrize("law", [rmt.MarchenkoPastur(ratio=0.4), rmt.MarchenkoPastur(ratio=2.5, variance=3.0)])
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_closed_form_is_the_integral(law, depth):
    part = law.support[0]
    mass = quad(lambda t: law.pdf(t) * t ** (1 / depth), part.low, part.high, epsabs=1e-13, limit=400)[0]
    assert representation_cost(law, depth) == pytest.approx(depth * mass, rel=1e-8)
    assert representation_cost(law + 0.0 if depth == 1 else rmt.mixture(law, law), depth) == pytest.approx(
        depth * mass, rel=1e-8
    )


def test_deep_gaussian_start_pays_twice():
    for depth in (1, 2, 10, 200):
        assert representation_cost(rmt.FussCatalan(depth), depth) == pytest.approx((depth + 1) / 2, rel=1e-12)


def test_sample_beside_the_law():
    n = 300
    matrix = np.random.default_rng(0).standard_normal((n, n)) / np.sqrt(n)
    for depth in (2, 3):
        assert representation_cost(matrix, depth) / n == pytest.approx(
            representation_cost(rmt.MarchenkoPastur(), depth), rel=0.02
        )
        assert representation_cost(matrix, depth) / n != pytest.approx(
            representation_cost(rmt.FussCatalan(2), depth), rel=0.02
        )


@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_three_forms(bias):
    rng = np.random.default_rng(1)
    widths, x = [4, 12, 11, 2], rng.standard_normal((4, 9))
    weights = [rng.standard_normal((widths[k + 1], widths[k] + (bias > 0))) for k in range(3)]
    losses = regularised_losses(weights, x, bias=bias)
    assert losses.covariances == pytest.approx(losses.representations, rel=1e-10)
    assert losses.representations < losses.weights
    least = minimal_weights(weights, x, bias=bias)
    again = regularised_losses(least, x, bias=bias)
    assert again.weights == pytest.approx(losses.representations, rel=1e-10)
    assert again.representations == pytest.approx(again.weights, rel=1e-10)


def test_balanced_factors_have_the_least_cost():
    rng = np.random.default_rng(0)
    target, x = rng.standard_normal((3, 4)), rng.standard_normal((4, 6))
    for depth in (1, 2, 3):
        factors = balanced_factors(target, depth)
        whole = factors[0]
        covariances = hidden_covariances(x, target @ x, depth)
        for level, factor in enumerate(factors):
            state = factor @ state if level else factor @ x  # noqa: F821
            whole = factor @ whole if level else factor
            assert covariances[level] == pytest.approx(state.T @ state, abs=1e-10)
        assert whole == pytest.approx(target, abs=1e-12)
        assert sum(np.sum(f * f) for f in factors) == pytest.approx(representation_cost(target, depth), rel=1e-12)


def plateau(width, size, seeds, decay=1e-3):
    """Least loss/λ of two layers of ReLU on the bipartite example, decay lowered in steps."""
    target, best = bipartite_example(size), np.inf
    rng = np.random.default_rng(width)
    for _ in range(seeds):
        w = np.concatenate([rng.random(width * size), rng.standard_normal(width * size) * 0.5 + 0.3])
        for lam in (1e-1, 1e-2, decay):

            def loss(w, lam=lam):
                u, v = w[: width * size].reshape(width, size), w[width * size :].reshape(size, width)
                h = np.maximum(u, 0)
                r = v @ h - target
                back = (v.T @ (2 * r)) * (u > 0) + 2 * lam * u
                return np.sum(r * r) + lam * np.sum(w * w), np.concatenate(
                    [back.ravel(), (2 * r @ h.T + 2 * lam * v).ravel()]
                )

            found = minimize(
                loss, w, jac=True, method="L-BFGS-B", options={"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-9}
            )
            w = found.x
        best = min(best, found.fun / decay)
    return best


def test_plateau_starts_at_a_quarter_of_the_square():
    """N = 4: cost 16 from width 4 on, more at width 3; the ideal value is Σ 2s − λ."""
    ideal = sum(2 * s - 1e-3 for s in np.linalg.svd(bipartite_example(4), compute_uv=False) if s > 1e-3)
    assert np.trace(bipartite_example(4)) * 2 == 16
    assert plateau(4, 4, 3) == pytest.approx(ideal, abs=1e-3)
    assert plateau(3, 4, 2) > ideal + 0.05
    assert values("cp_example_N6")[0] == 2 * np.trace(bipartite_example(6))


@pytest.mark.parametrize("name", names("l2_deep_threshold", "l2_noise_killing", "regularised_mode"))
def test_threshold_references(name):
    given = inputs(name)
    if name.startswith("l2_deep"):
        found = deep_threshold(given["lam"], given["depth"])
    elif name.startswith("l2_noise"):
        found = [noise_killing_decay(given["ratio"], given["depth"])]
    else:
        found = decaying_mode_gains(given["s"], given["L"], given["lam"])
    assert list(found) == pytest.approx(values(name), rel=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 10])
def test_shrinkage_is_the_minimum(depth):
    sigma, lam = np.linspace(0.0, 2.0, 41), 0.15
    s = deep_shrinkage(sigma, lam, depth)
    grid = np.linspace(0, 2, 20_001)
    for a, b in zip(sigma, s, strict=True):
        values_ = (grid - a) ** 2 + lam * depth * grid ** (2 / depth)
        assert (b - a) ** 2 + lam * depth * b ** (2 / depth) <= values_.min() + 1e-12
    assert deep_shrinkage(1.3, 0.0, depth) == 1.3


def test_jump_at_the_threshold():
    at = deep_threshold(0.2, 3)
    assert deep_shrinkage(at.target * (1 - 1e-9), 0.2, 3) == 0.0
    assert deep_shrinkage(at.target * (1 + 1e-9), 0.2, 3) == pytest.approx(at.learnt, rel=1e-4)
    bulk = rmt.MarchenkoPastur(ratio=0.5).support[0].high ** 0.5
    lam = noise_killing_decay(0.5, 3)
    assert deep_shrinkage(bulk * (1 - 1e-9), lam, 3) == 0.0
    assert deep_shrinkage(bulk * (1 + 1e-9), lam, 3) > 0.5


@pytest.mark.parametrize(("lam", "least"), [(0.05, 0.378975653140), (0.2, 1.171489890566)])
def test_trained_network_shrinks(lam, least):
    """A linear network of three layers, trained from several starts, ends at the scalar shrinkage."""
    sigma = np.array([1.0, 0.7, 0.4, 0.2])
    s = deep_shrinkage(sigma, lam, 3)
    predicted = float(np.sum((s - sigma) ** 2 + 3 * lam * s ** (2 / 3)))
    assert predicted == pytest.approx(least, abs=1e-11)

    def loss(w):
        a, b, c = w.reshape(3, 4, 4)
        r = c @ b @ a - np.diag(sigma)
        gradients = [(c @ b).T @ (2 * r), c.T @ (2 * r) @ a.T, (2 * r) @ (b @ a).T]
        return np.sum(r * r) + lam * w @ w, np.concatenate([g.ravel() for g in gradients]) + 2 * lam * w

    best = np.inf
    for seed in range(4):
        start = np.random.default_rng(seed).standard_normal(48) * 0.7
        options = {"maxiter": 5000, "ftol": 1e-16, "gtol": 1e-10}
        best = min(best, minimize(loss, start, jac=True, method="L-BFGS-B", options=options).fun)
    assert best == pytest.approx(predicted, abs=1e-9)


def test_flow_with_decay():
    gains = decaying_mode_gains(1.0, 3, 0.1)
    t = [0.0, 1.0, 400.0]
    below = decaying_mode(t, strength=1.0, depth=3, start=(0.9 * gains.unstable) ** (1 / 3), decay=0.1)
    above = decaying_mode(t, strength=1.0, depth=3, start=(1.1 * gains.unstable) ** (1 / 3), decay=0.1)
    assert below[-1] < 1e-12
    assert above[-1] == pytest.approx(gains.stable, rel=1e-8)
    free = decaying_mode([0.0, 2.0], strength=0.8, depth=3, start=0.3)
    assert free[1] == pytest.approx(deep_mode(2.0, 3, strength=0.8, start=0.027), rel=1e-8)
    assert decaying_mode_gains(1.0, 2, 0.3) == (0.0, 0.7)
    assert np.isnan(decaying_mode_gains(1.0, 3, 0.9)).all()


def test_bad_input():
    with pytest.raises(ValueError, match="depth must be"):
        deep_threshold(0.1, 1)
    with pytest.raises(ValueError, match="sigma must hold"):
        deep_shrinkage([-1.0], 0.1, 3)
    with pytest.raises(ValueError, match="must have 3 columns"):
        regularised_losses([np.ones((2, 2))], np.ones((3, 2)))
    with pytest.raises(ValueError, match="size must be even"):
        bipartite_example(5)
    with pytest.raises(ValueError, match="finite matrix"):
        representation_cost([[np.nan]], 2)
    with pytest.raises(ValueError, match="must be >= 0"):
        representation_cost(rmt.mixture(rmt.Semicircle(), rmt.Semicircle()), 2)
