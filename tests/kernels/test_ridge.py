"""Deterministic equivalents of ridge regression: references, Gaussian simulations with a control, limits, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kernels.references import inputs, named, numbers

import rmt
from rmt.kernels import learning_curve, random_features, ridge, zonal


def powers(p, a, b):
    j = np.arange(1, p + 1, dtype=float)
    return j**-a, j**-b


@pytest.mark.parametrize("name", [n for n in named("krr-") if "sphere" not in n])
def test_kernel_ridge_reference(name):
    given = inputs(name)
    values, target = powers(int(given["p"]), float(given["a"]), float(given["b"]))
    found = ridge(values, target, float(given["n"]), float(given["delta"]), float(given["noise"]))
    kappa, df1, df2, test, train = numbers(name)
    assert (found.kappa, found.df1, found.df2, found.test) == pytest.approx((kappa, df1, df2, test), rel=1e-12)
    assert found.train == pytest.approx(train, rel=1e-11)
    assert found.gcv == pytest.approx(found.test, rel=1e-9)


@pytest.mark.parametrize("name", named("ridge-iso-"))
def test_isotropic_reference_from_numbers_and_from_a_law(name):
    given = inputs(name)
    ratio, ratio_of_ridge = float(given["r"]), float(given["de"])
    n = 1000.0
    p = ratio * n
    kappa, test, train = numbers(name)
    from_law = ridge(rmt.Atomic((1,), (1,)), 1.0, n, ratio_of_ridge * n, 0.25, size=p)
    from_numbers = ridge(np.ones(int(p)), np.full(int(p), 1.0 / p), n, ratio_of_ridge * n, 0.25)
    for found in (from_law, from_numbers):
        assert (found.kappa, found.test, found.train) == pytest.approx((kappa, test, train), rel=1e-11)
    # κ = −1/m̃(−δ) of the companion of Marchenko-Pastur
    law = rmt.MarchenkoPastur(ratio=ratio)
    m = -law.stieltjes(-ratio_of_ridge).real
    companion = ratio * m + (1.0 - ratio) / ratio_of_ridge
    assert found.kappa == pytest.approx(1.0 / companion, rel=1e-11)


def test_sphere_reference():
    """The trace of the degrees left out goes into the ridge; without it the training error is another."""
    given = inputs("krr-sphere-d10-n100")
    first, second, tail, kappa, test, train = numbers("krr-sphere-d10-n100")
    h = zonal(rmt.MLP(depth=1, activation="relu", sigma_w=math.sqrt(2.0)))
    spectrum = h.mercer(given["d"], 24)
    assert spectrum.eigenvalues[1:3] == pytest.approx([first, second], rel=1e-12)
    assert spectrum.rest == pytest.approx(tail, rel=1e-11)
    target = np.zeros(24)
    target[[1, 2]] = [float(given["beta"]["1"]), float(given["beta"]["2"])]
    found = ridge(spectrum, target, given["n"], float(given["delta"]), float(given["noise"]))
    assert (found.kappa, found.test, found.train) == pytest.approx((kappa, test, train), rel=1e-11)
    assert found.gcv == pytest.approx(found.test, rel=1e-10)
    few = h.mercer(given["d"], 4)
    spread = np.repeat(target[:4] / few.multiplicities, few.multiplicities)
    assert abs(ridge(few.repeated(), spread, 100, 1, 0.05).train / train - 1.0) > 1e-2


def test_random_feature_reference_and_limits():
    given = inputs("rf-ridge-ref")
    values, target = powers(given["p"], float(given["a"]), float(given["b"]))
    n, delta, noise = given["n"], float(given["delta"]), float(given["noise"])
    found = random_features(values, target, n, given["m"], delta, noise)
    assert (found.kappa, found.gamma, found.test, found.train) == pytest.approx(numbers("rf-ridge-ref"), rel=1e-11)
    wide = random_features(values, target, n, 1e9, delta, noise)
    assert wide.test == pytest.approx(ridge(values, target, n, delta, noise).test, rel=1e-6)
    peak = [random_features(values, target, n, m, 1e-3, noise).test for m in (40, 100, 400)]
    assert peak[1] > 2.0 * max(peak[0], peak[2])


def simulate(values, target, n, delta, noise, runs, rng, features=None):
    p, out = values.size, []
    for _ in range(runs):
        Z = rng.standard_normal((n, p)) * np.sqrt(values)
        b = np.sqrt(target / values) * rng.choice([-1.0, 1.0], p)
        y = Z @ b + math.sqrt(noise) * rng.standard_normal(n)
        F = np.eye(p) if features is None else rng.standard_normal((p, features)) / math.sqrt(features)
        phi = Z @ F
        a = np.linalg.solve(phi @ phi.T + delta * np.eye(n), y)
        out.append((float(values @ (F @ (phi.T @ a) - b) ** 2) + noise, float(((phi @ (phi.T @ a) - y) ** 2).mean())))
    return np.array(out)


@pytest.mark.parametrize("features", [None, 65])
def test_against_gaussian_simulations(features):
    values, target = powers(120, 1.2, 1.5)
    n, delta, noise = 60, 0.1, 0.05
    runs = simulate(values, target, n, delta, noise, 80, np.random.default_rng(7), features)
    error = runs.std(axis=0) / math.sqrt(len(runs))
    if features is None:
        found, wrong = ridge(values, target, n, delta, noise), ridge(values, target, n, n * delta, noise)
    else:
        found = random_features(values, target, n, features, delta, noise)
        wrong = random_features(values, target, n, 2 * features, delta, noise)
    assert (np.abs(runs.mean(axis=0) - [found.test, found.train]) <= 5.0 * error + 0.01 * runs.mean(axis=0)).all()
    assert abs(runs[:, 0].mean() - wrong.test) > 5.0 * error[0] + 0.01 * runs[:, 0].mean()


def test_least_squares_limits():
    values, target = np.ones(30), np.full(30, 1.0 / 30)
    plain = ridge(values, target, 100, 0.0, 0.2)
    assert plain.kappa == 0.0
    assert plain.test == pytest.approx(0.2 / (1.0 - 0.3), rel=1e-14)
    assert plain.train == pytest.approx(0.2 * (1.0 - 0.3), rel=1e-14)
    assert ridge(values, target, 100, 1e-9, 0.2).test == pytest.approx(plain.test, rel=1e-8)
    minimum_norm = ridge(values, target, 10, 0.0, 0.2)
    assert minimum_norm.kappa > 0.0
    assert minimum_norm.train == 0.0
    # isotropic: κ = p/n − 1, test = (1 − n/p + s²)/(1 − n/p)
    assert minimum_norm.kappa == pytest.approx(2.0, rel=1e-13)
    assert minimum_norm.test == pytest.approx((4.0 / 9.0 + 0.2) / (1.0 - 1.0 / 3.0), rel=1e-12)


def test_learning_curve_has_steps_at_the_dimensions_of_the_harmonics():
    spectrum = zonal(rmt.MLP(depth=2, activation="relu", sigma_w=math.sqrt(2.0))).mercer(25, 4)
    test, train = learning_curve(spectrum, [0.0, 0.5, 0.5, 0.0], [5, 200, 5000], 1e-6)
    assert test[0] > 0.8
    assert 0.3 < test[1] < 0.65
    assert test[2] < 0.05
    assert train.shape == (3,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ridge([1.0, 0.5], [1.0], 10, 0.1), "equally long"),
        (lambda: ridge([1.0, -0.5], [1.0, 1.0], 10, 0.1), "eigenvalues must be finite and >= 0"),
        (lambda: ridge([1.0, 0.5], [1.0, math.nan], 10, 0.1), "target must be finite"),
        (lambda: ridge([1.0, 0.5], [1.0, 1.0], 10, -0.1), "ridge must be"),
        (lambda: ridge([1.0, 0.5], [1.0, 1.0], 0, 0.1), "n must be"),
        (lambda: ridge([1.0, 0.5], [1.0, 1.0], 2, 0.0), "as many eigenvalues"),
        (lambda: ridge([0.0], [1.0], 2, 0.1), "all 0"),
        (lambda: ridge(rmt.MarchenkoPastur(), 1.0, 10, 0.1), "pass size="),
        (lambda: ridge(rmt.Semicircle(), 1.0, 10, 0.1, size=5), "eigenvalues must be >= 0"),
        (lambda: random_features([1.0], [1.0], 10, 0, 0.1), "features must be"),
        (lambda: random_features([1.0], [1.0], 10, 5, 0.0), "ridge must be"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
