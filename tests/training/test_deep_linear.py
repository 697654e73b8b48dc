"""Deep linear networks against closed forms and integrated flows; tanh networks trained from two starts."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from rmt.errors import ConvergenceError
from rmt.training import (
    deep_mode,
    infinite_depth_learning_time,
    learning_time,
    linear_start,
    mode_hessian_eigenvalues,
    optimal_rate,
    shallow_mode,
    train_linear,
)
from rmt.training.tanh_runs import digit_images, train_tanh


def integrated_mode(t, depth, s, u0, rate=1.0):
    """Gradient flow of ½ (s − Π a_l)² in the gains of all layers, not in their product."""

    def flow(_, a):
        product = np.prod(a)
        return rate * (s - product) * product / a

    start = np.full(depth, u0 ** (1 / depth))
    return np.prod(solve_ivp(flow, (0, max(t)), start, t_eval=t, rtol=1e-11, atol=1e-13, method="DOP853").y, axis=0)


def test_shallow_mode_values():
    u = shallow_mode([5, 10, 20, 30], strength=2.0, start=0.01, rate=0.1)
    np.testing.assert_allclose(u, [0.0716031774, 0.4305879205, 1.8748411137, 1.9975575898], rtol=1e-9)
    time = learning_time(2, strength=2.0, start=0.01, end=1.99, rate=0.1)
    assert time == pytest.approx(math.log((2 / 0.01 - 1) * 199) / 0.4, rel=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 3, 6, 20])
@pytest.mark.parametrize("start", [0.1, 3.0])
def test_modes_follow_the_flow_of_all_layers(depth, start):
    t = np.array([0.05, 0.2, 0.5])
    np.testing.assert_allclose(
        deep_mode(t, depth, strength=2.0, start=start), integrated_mode(t, depth, 2.0, start), rtol=1e-8
    )


def test_deep_mode_of_two_layers_is_the_shallow_one():
    t = np.linspace(0, 8, 9)
    shallow = shallow_mode(t, strength=2.0, start=0.01, rate=0.3)
    np.testing.assert_allclose(deep_mode(t, 2, strength=2.0, start=0.01, rate=0.3), shallow, rtol=1e-11)


def test_learning_times_by_quadrature():
    """eta (L + 1) t for s = 2 from 0.1 to 1.9, with L + 1 weight matrices."""
    expected = {1: 2.944439, 2: 3.414314, 5: 4.377275, 10: 5.069655, 50: 5.929487, 100: 6.065330, 1000: 6.194317}
    for hidden, value in expected.items():
        time = learning_time(hidden + 1, strength=2.0, start=0.1, end=1.9)
        assert (hidden + 1) * time == pytest.approx(value, abs=1e-6)
    limit = infinite_depth_learning_time(strength=2.0, start=0.1, end=1.9)
    assert limit == pytest.approx(6.209062, abs=1e-6)
    assert 10**6 * learning_time(10**6, strength=2.0, start=0.1, end=1.9) == pytest.approx(limit, rel=1e-5)


def test_time_at_the_optimal_rate_saturates_with_depth():
    times = {
        hidden: learning_time(hidden + 1, strength=2.0, start=0.1, end=1.9, rate=optimal_rate(hidden + 1, strength=2.0))
        for hidden in (1, 10, 100, 1000)
    }
    for hidden, value in {1: 5.889, 10: 17.877, 100: 23.931, 1000: 24.743}.items():
        assert times[hidden] == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize("depth", [2, 3, 6, 11])
def test_hessian_against_differences(depth):
    s, a, h = 2.0, 0.9, 1e-4

    def loss(x):
        return 0.5 * (s - np.prod(x)) ** 2

    eye = h * np.eye(depth)
    base = np.full(depth, a)
    hessian = np.array(
        [
            [
                (loss(base + p + q) - loss(base + p - q) - loss(base - p + q) + loss(base - p - q)) / (4 * h * h)
                for q in eye
            ]
            for p in eye
        ]
    )
    along, across = mode_hessian_eigenvalues(depth, a, strength=s)
    found = np.sort(np.linalg.eigvalsh(hessian))
    np.testing.assert_allclose(found, np.sort([along, *[across] * (depth - 1)]), atol=1e-5 * abs(found).max())


def test_largest_and_smallest_curvature():
    """Values for s = 2: max (L + 1) s^{2L/(L+1)} at the solution; the minimum on the way."""
    for hidden, low, high in ((3, -2.138090, 11.313708), (5, -3.056770, 19.048813), (10, -5.499469, 38.790015)):
        gains = np.linspace(0.01, 2.0 ** (1 / (hidden + 1)), 20001)
        along = np.array([mode_hessian_eigenvalues(hidden + 1, g, strength=2.0)[0] for g in gains])
        assert along.max() == pytest.approx(high, abs=1e-6)
        assert along.min() == pytest.approx(low, abs=1e-5)
        assert 1.0 / optimal_rate(hidden + 1, strength=2.0) == pytest.approx(high, abs=1e-6)


def test_orthogonal_start_saturates_with_depth_and_gaussian_does_not():
    """Steps of full matrix descent, modes 1..2, u0 = 0.2, half of the optimal rate, stop at 1e-2."""
    target = np.diag(np.linspace(1.0, 2.0, 8))
    steps = {}
    for hidden in (1, 2, 5, 10, 20, 50):
        start = linear_start(hidden + 1, target, gain=0.2, weights="orthogonal", rng=0)
        steps[hidden] = train_linear(start, target, rate=0.5 * optimal_rate(hidden + 1, strength=2.0))
    assert list(steps.values()) == [23, 34, 51, 62, 69, 75]
    gaussian = linear_start(6, target, gain=0.2, weights="gaussian", rng=0)
    assert train_linear(gaussian, target, rate=0.5 * optimal_rate(6, strength=2.0), max_steps=400) is None


def test_aligned_start_has_the_modes_of_the_target():
    target = np.random.default_rng(1).standard_normal((6, 6))
    product = np.linalg.multi_dot(linear_start(4, target, gain=0.3, weights="orthogonal", rng=2)[::-1])
    u, _, vt = np.linalg.svd(target)
    np.testing.assert_allclose(u.T @ product @ vt.T, 0.3 * np.eye(6), atol=1e-12)


def test_too_large_a_rate_is_said_to_diverge():
    target = np.diag([1.0, 2.0])
    with pytest.raises(ConvergenceError, match="lower the rate"):
        train_linear(linear_start(4, target, gain=0.5, weights="orthogonal", rng=0), target, rate=10.0)


def test_images_are_standardised_and_repeatable():
    images, labels = digit_images(300, rng=3)
    assert images.mean() == pytest.approx(0.0, abs=1e-12)
    assert np.mean(images**2) == pytest.approx(1.0)
    assert set(labels) == set(range(10))
    assert np.array_equal(images, digit_images(300, rng=3)[0])


def test_advised_start_trains_where_the_default_does_not():
    advised = train_tanh(32, "advised", max_steps=120, rates=(1.0, 3.0))
    default = train_tanh(32, "default", max_steps=120, rates=(1.0, 3.0))
    assert advised.steps is not None
    assert default.steps is None
    assert default.losses[-1] > 1.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: learning_time(0, strength=1, start=0.1, end=0.5), "depth"),
        (lambda: learning_time(3, strength=1, start=0.1, end=2.0), "end must lie between"),
        (lambda: learning_time(3, strength=1, start=0.5, end=0.1), "end must lie between"),
        (lambda: shallow_mode(1.0, strength=-1.0, start=0.1), "strength"),
        (lambda: deep_mode(-1.0, 3, strength=1.0, start=0.1), "t must be"),
        (lambda: train_tanh(4, "torch"), "start"),
        (lambda: linear_start(2, np.ones((2, 3)), gain=1, weights="gaussian"), "square"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
