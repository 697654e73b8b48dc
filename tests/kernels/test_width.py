"""Networks of finite width: fluctuations of their kernels, and the corrections of order 1/n against samples."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from kernels.references import inputs, named, numbers

from rmt.kernels import empirical_nngp, empirical_ntk, hierarchy, nngp, ntk
from rmt.kernels.hierarchy import corrected_kernel, linear_final_kernel, linear_fourth_moment, relu_tangent_variance

X = np.array([[1.0, 0.5, -0.3], [0.2, -0.7, 1.1]])
OPTIONS = {"activation": "relu", "depth": 2, "sigma_w": math.sqrt(2.0), "sigma_b": 0.3}


@pytest.mark.parametrize(("sampled", "limit"), [(empirical_nngp, nngp), (empirical_ntk, ntk)])
def test_sampled_kernels_tend_to_the_limit_like_one_over_root_width(sampled, limit):
    rng = np.random.default_rng(0)
    deviations, means = [], []
    for width, runs in ((50, 500), (800, 60)):
        draws = np.array([sampled(width, X, rng=rng, **OPTIONS) for _ in range(runs)])
        deviations.append(draws.std(axis=0))
        means.append((draws.mean(axis=0), draws.std(axis=0) / math.sqrt(runs)))
    slope = np.log(deviations[1] / deviations[0]) / math.log(16.0)
    assert np.abs(slope + 0.5).max() < 0.16  # 5 standard errors of the two deviations
    mean, error = means[1]
    assert (np.abs(mean - limit(X, **OPTIONS)) <= 5.0 * error + 0.01 * np.abs(mean)).all()
    other = limit(X, **{**OPTIONS, "sigma_b": 0.6})
    assert (np.abs(mean - other) > 5.0 * error + 0.01 * np.abs(mean)).any()


def test_tangent_kernel_by_hand():
    """One hidden layer, against finite differences of the output in every parameter."""
    rng = np.random.default_rng(5)
    width = 7
    K = empirical_ntk(width, X, activation="tanh", depth=1, sigma_w=1.3, sigma_b=0.4, rng=5)
    W, b = rng.standard_normal((width, 3)), rng.standard_normal(width)
    a = rng.standard_normal(width)

    def output(p):
        W, b, a = p[: 3 * width].reshape(width, 3), p[3 * width : 4 * width], p[4 * width : 5 * width]
        h = X @ W.T * 1.3 / math.sqrt(3.0) + 0.4 * b
        return np.tanh(h) @ a * 1.3 / math.sqrt(width) + 0.4 * p[-1]

    p = np.concatenate([W.ravel(), b, a, [0.0]])
    J = np.array([(output(p + h) - output(p - h)) / 2e-5 for h in 1e-5 * np.eye(p.size)]).T
    assert np.allclose(K, J @ J.T, rtol=1e-8)
    frozen = empirical_ntk(width, X, activation="tanh", depth=1, sigma_w=1.3, sigma_b=0.4, train_biases=False, rng=5)
    J[:, 3 * width : 4 * width] = J[:, -1:] = 0.0
    assert np.allclose(frozen, J @ J.T, rtol=1e-8)


@pytest.mark.parametrize("name", named("hierarchy-"))
def test_hierarchy_reference(name):
    found = hierarchy(inputs(name)["activation"])
    mean, variance, third, fourth, drift, kurtosis = numbers(name)
    assert (found.mean, found.variance, found.third) == pytest.approx((mean, variance, third), rel=1e-11)
    assert (found.drift, found.kurtosis) == pytest.approx((drift, kurtosis), rel=1e-11)
    assert found.fourth == pytest.approx(fourth, rel=1e-8)


def test_hierarchy_at_another_input_against_mpmath():
    x = 1.7
    found = hierarchy("sin", x)
    mpmath.mp.dps = 25

    def mean(g):
        return float(mpmath.quad(lambda w: g(w * x) * mpmath.npdf(w), mpmath.linspace(-9, 9, 13)))

    s, c, q = mpmath.sin, mpmath.cos, x * x
    fourth = mean(
        lambda u: (
            4 * q * s(u) ** 2 * c(u) ** 2
            + q**2 * (-14 * s(u) ** 2 * c(u) ** 2 + 4 * c(u) ** 4)
            + q**3 * (12 * c(u) ** 2 * s(u) ** 2 - 6 * c(u) ** 4)
        )
    )
    drift = -mean(lambda u: 4 * q * s(u) ** 2 * c(u) ** 2 - 6 * q**2 * s(u) ** 2 * c(u) ** 2)
    assert found.fourth == pytest.approx(fourth, rel=1e-8)
    assert found.drift == pytest.approx(drift, rel=1e-11)


@pytest.mark.parametrize("name", ["tanh", "relu"])
def test_hierarchy_against_sampled_networks(name):
    """n Var Θ, the drift −n E O_3 f and the kurtosis of 40000 networks of width 20."""
    rng = np.random.default_rng(1)
    n, runs = 20, 40_000
    w, a = rng.standard_normal((2, runs, n))
    phi, slope, bend = (
        (np.tanh(w), 1.0 - np.tanh(w) ** 2, -2.0 * np.tanh(w) * (1.0 - np.tanh(w) ** 2))
        if name == "tanh"
        else (np.maximum(w, 0.0), (w > 0.0) * 1.0, 0.0 * w)
    )
    f = (a * phi).sum(axis=1) / math.sqrt(n)
    theta = (phi**2 + a**2 * slope**2).mean(axis=1)
    third = (4.0 * a * phi * slope**2 + 2.0 * a**3 * slope**2 * bend).sum(axis=1) / n**1.5
    found = hierarchy(name, order=2)
    for terms, value in (
        (theta, found.mean),
        (n * (theta - found.mean) ** 2, found.variance),
        (-n * third * f, found.drift),
        (n * (f**4 - 3.0 * (phi**2).mean() ** 2), found.kurtosis),
    ):
        assert abs(terms.mean() - value) <= 5.5 * terms.std() / math.sqrt(runs)
    drift = -n * third * f
    assert abs(drift.mean() + found.drift) > 5.5 * drift.std() / math.sqrt(runs)


def test_exact_results_at_every_width():
    assert relu_tangent_variance(0.0) == pytest.approx(numbers("relu-ntk-variance-0"), rel=1e-14)
    # at equal inputs: E Θ = E[φ² + φ'²] and the variance of one unit
    same = hierarchy("relu", order=2)
    assert relu_tangent_variance(1.0) == pytest.approx((same.mean, same.variance), rel=1e-12)
    given = inputs("wick-deep-linear-3")
    assert linear_fourth_moment(given["n"], given["L"]) == pytest.approx(numbers("wick-deep-linear-3")[0], rel=1e-14)
    given = {k: float(v) for k, v in inputs("scalar-linear-net-ref").items()}
    final = linear_final_kernel(given["n"], given["f0"], given["theta0"], given["y"])
    assert final == pytest.approx(numbers("scalar-linear-net-ref")[0], rel=1e-14)


def test_corrected_kernel_against_the_soluble_network():
    """Two-layer linear, one input: Θ_∞ = √(4 + 4y²/n) = 2 + y²/n + O(1/n²)."""
    linear = hierarchy("linear")
    for y in (1.0, 2.0):
        found = corrected_kernel([[linear.mean]], [[0.0]], [[[[linear.fourth]]]], [y], 1e4)
        exact = linear_final_kernel(1e4, 0.0, 2.0, y)
        assert found[0, 0] - 2.0 == pytest.approx(exact - 2.0, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hierarchy("relu"), "products of delta functions"),
        (lambda: hierarchy("step"), "no tangent kernel"),
        (lambda: hierarchy("tanh", 0.0), "x must not be 0"),
        (lambda: hierarchy("tanh", order=3), "order must be 2 or 4"),
        (lambda: relu_tangent_variance(1.5), "rho"),
        (lambda: linear_fourth_moment(0, 3), "width"),
        (lambda: corrected_kernel([[1.0]], [[0.0]], [[0.0]], [1.0], 10), "must have the shapes"),
        (lambda: empirical_ntk(0, X, **OPTIONS), "width"),
        (lambda: empirical_ntk(5, [1.0], **OPTIONS), "two-dimensional"),
        (lambda: empirical_ntk(5, X, **{**OPTIONS, "activation": "step"}), "no tangent kernel"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
