"""Bounds: references, the differential equation of the nearly linear bound, orders of PAC-Bayes bounds, identities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize_scalar
from training_references import inputs, names, values

import rmt
from rmt.training import (
    convergence_certificate,
    dudley_spectral,
    dziugaite_roy_bound,
    effective_dimension,
    gaussian_kl,
    hoeffding_bound,
    kl_bernoulli,
    kl_inverse,
    learning_time,
    linear_proxies,
    local_rademacher,
    massart_bound,
    maurer_sum,
    nearly_linear_bound,
    pac_bayes,
    perturbation_margin_bound,
    rademacher_linear,
    rademacher_thresholds,
    sauer_bound,
    spectral_complexity,
    spectral_margin_bound,
    vc_bound,
)
from rmt.training.pac_bayes import prior_price


def bound(**changes):
    base = {"depth": 2, "dimension": 49, "samples": 60000, "strength": 0.6, "start": 0.3, "slope_gap": 0.01}
    return nearly_linear_bound(**{**base, **changes})


@pytest.mark.parametrize("name", names("upsilon"))
def test_complexity(name):
    given = inputs(name)
    made = bound(
        dimension=given["d"],
        samples=given.get("m", 1),
        bits=given.get("p"),
        order=given["kappa"],
        confidence=given["delta"],
    )
    found = made.least_samples if "min" in name else made.complexity
    assert found == pytest.approx(values(name)[0], rel=1e-14)


@pytest.mark.parametrize("name", names("bound_u", "bound_v", "bound_blowup"))
def test_functions_of_the_bound(name):
    given = inputs(name)
    made = bound(
        depth=given["L"],
        strength=given["s"],
        start=given["beta"],
        stable_rank_root=given["rho"],
        slope_gap=given["eps"],
    )
    if "blowup" in name:
        assert made.blow_up == pytest.approx(values(name)[0], rel=1e-13)
    else:
        function = made.norm if name.startswith("bound_u") else made.difference
        assert function(given["t"]) == pytest.approx(values(name)[0], rel=1e-12)


@pytest.mark.parametrize("name", names("bound_dev", "bound_term"))
def test_deviation(name):
    given = inputs(name)
    gamma = 1e-6 / given["q"] if name.startswith("bound_term") else 1.0
    made = bound(start=1e-3, slope_gap=given["eps"], margin=gamma, order=given["kappa"])
    assert made.deviation(given["t"]) == pytest.approx(values(name)[0], rel=1e-11)


def test_time_at_a_deviation_and_limit_of_small_starts():
    made = bound(start=1e-3, slope_gap=1e-3, margin=1e-7)
    assert made.time_at(0.1) == pytest.approx(values("bound_time_at_0.1")[0], rel=1e-11)
    given = inputs("bound_limit")
    beta = 1e-6
    small = bound(start=beta, slope_gap=given["eps"], stable_rank_root=given["rho"])
    t = math.log(given["r"]) / (2 * given["s"])  # the product of two layers is then r β²
    margin = given["r"] * beta**2 / given["s"] / given["q"]
    ratio = 2 * small.norm(t) * small.difference(t) / margin
    assert ratio == pytest.approx(values("bound_limit")[0], rel=1e-4)


@pytest.mark.parametrize(("depth", "rho"), [(2, 1.0), (2, 3.0), (3, 2.0), (4, 1.5)])
def test_difference_solves_its_equation(depth, rho):
    made = bound(depth=depth, stable_rank_root=rho, slope_gap=0.05)
    rate, one = made.growth_rate, 1 + rho * 0.3**depth

    def flow(t, v):
        u = made.norm(t)
        return v * ((1 + (depth - 1) * rho) * u ** (2 * depth - 2) + (depth - 1) * rate * u ** (depth - 2)) + (
            depth - 1
        ) * u ** (depth - 1) * (one + rho * u**depth)

    found = solve_ivp(flow, (0, 0.9), [0.0], rtol=1e-12, atol=1e-14, method="DOP853").y[0, -1]
    assert made.difference(0.9) == pytest.approx(found, rel=1e-9)
    assert made.difference(0.0) == 0.0
    times = np.linspace(0, 0.9, 6)
    assert (np.diff(made.gap(times)) > 0).all()


def test_blow_up_and_report():
    made = bound(depth=3, stable_rank_root=2.0, slope_gap=0.05)
    assert made.norm(made.blow_up * 1.01) == math.inf
    assert made.gap(made.blow_up * 1.01) == math.inf
    assert "vacuous" in made.report(made.blow_up * 0.9)
    assert bound().blow_up == math.inf
    assert not np.isnan(bound(start=1e-3).deviation(np.array([13.0, 20.0, 1000.0]))).any()
    t, value = bound(start=1e-3, slope_gap=1e-3, margin=1e-7).best_time([1.0, 2.0, 4.0], [0.4, 0.1, 0.05])
    assert t == 2.0
    assert value == pytest.approx(0.1 + bound(start=1e-3, slope_gap=1e-3, margin=1e-7).gap(2.0))


@pytest.mark.parametrize("name", names("mode_time"))
def test_mode_times(name):
    given = inputs(name)
    s, depth = given["s"], given["L"]
    found = learning_time(depth, strength=s, start=given["beta"] ** depth, end=given["alpha"] * s)
    assert found == pytest.approx(values(name)[0], rel=1e-11)


def test_orders_of_the_linear_proxies():
    rng = np.random.default_rng(0)
    d, m, h, beta = 5, 200, 32, 0.05
    x = rng.standard_normal((d, m))
    y = np.sign(rng.standard_normal(d) @ x + 0.5 * rng.standard_normal(m))
    values_, vectors = np.linalg.eigh(x @ x.T / m)
    x = vectors / np.sqrt(values_) @ vectors.T @ x
    queries = rng.standard_normal((d, 500))
    weights = [rng.uniform(-1, 1, (h, d)), rng.uniform(-1, 1, (1, h))]
    weights = tuple(w * beta / np.linalg.norm(w, 2) for w in weights)
    found = linear_proxies(x, y, queries, weights=weights, slope_gaps=[0.003, 0.01, 0.03], time=4.0, rate=0.02)
    first, second = found.orders
    assert first == pytest.approx(1.0, abs=0.06)
    assert second == pytest.approx(2.0, abs=0.08)


@pytest.mark.parametrize("name", names("kl_inverse"))
def test_kl_inverse_references(name):
    given = inputs(name)
    assert kl_inverse(given["q"], given["c"]) == pytest.approx(values(name)[0], rel=1e-14)


def test_kl_inverse_round_trip():
    for q in (0.0, 1e-6, 0.05, 0.3, 0.9):
        assert kl_inverse(q, 0.0) == q
        for c in (1e-4, 0.01, 0.5, 3.0):
            p = kl_inverse(q, c)
            assert kl_bernoulli(q, p) == pytest.approx(c, rel=1e-12 + 1e-15 / (1 - p))
    assert kl_inverse(1.0, 0.5) == 1.0
    assert kl_inverse(0.5, 800.0) == 1.0


@pytest.mark.parametrize("name", names("pac_"))
def test_pac_bayes_references(name):
    given = inputs(name)
    kind = {"mcallester": "mcallester", "seeger": "seeger", "catoni": "catoni_best", "thiemann": "thiemann"}[
        name.split("_")[1]
    ]
    found = pac_bayes(given["train_risk"], given["KL"], given["m"], given["delta"], kind=kind)
    assert found == pytest.approx(values(name)[0], rel=1e-12)


@pytest.mark.parametrize(
    ("risk", "kl", "m"), [(0.0, 1.0, 100), (0.05, 10.0, 1000), (0.02, 5000.0, 60000), (0.4, 3.0, 50)]
)
def test_pac_bayes_order_and_catonis_identity(risk, kl, m):
    found = {k: pac_bayes(risk, kl, m, 0.05, kind=k) for k in ("seeger", "thiemann", "mcallester", "catoni_best")}
    assert found["seeger"] <= found["thiemann"] * (1 + 1e-14)
    assert found["seeger"] <= found["mcallester"] * (1 + 1e-14)
    best = minimize_scalar(
        lambda c: pac_bayes(risk, kl, m, 0.05, kind="catoni", strength=math.exp(c)),
        bounds=(-8, 8),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert best.fun == pytest.approx(found["catoni_best"], rel=1e-9)


def test_classical_references():
    given = inputs("hoeffding")
    pair = [
        hoeffding_bound(given["m"], given["delta"]),
        hoeffding_bound(given["m"], given["delta"], classifiers=given["F"]),
    ]
    assert pair == pytest.approx(values("hoeffding"), rel=1e-14)
    assert sauer_bound(3, 10) == values("sauer")[0] <= values("sauer")[1] == pytest.approx((math.e * 10 / 3) ** 3)
    assert vc_bound(10, 1000) == pytest.approx(values("vc_term")[0], rel=1e-14)
    assert [rademacher_thresholds(8), massart_bound(9, 8)] == pytest.approx([399 / 1024, 0.85005466852082], rel=1e-13)
    assert rademacher_thresholds(12) == pytest.approx(7987 / 24576, rel=1e-14)
    assert dudley_spectral(5, 1000) == pytest.approx(values("dudley_spectral")[0], rel=1e-14)
    assert spectral_complexity([1.5, 2, 0.8], [3, 5, 2]) == pytest.approx(values("bartlett_R")[0], rel=1e-14)
    found = perturbation_margin_bound([np.eye(100)] * 3, input_norm=1, margin=1, m=10**6, delta=0.05)
    assert found == pytest.approx(values("neyshabur_identity")[0], rel=1e-13)
    points = inputs("rademacher_linear")["X"]
    assert [rademacher_linear(points, exact=True), rademacher_linear(points)] == pytest.approx(
        values("rademacher_linear"), rel=1e-14
    )
    assert maurer_sum(20) == pytest.approx(values("maurer_xi_m20")[0], rel=1e-13)
    given = inputs("dziugaite_log_term")
    assert prior_price(given["j"], m=given["m"], delta=given["delta"]) == pytest.approx(
        values("dziugaite_log_term")[0], rel=1e-14
    )
    given = inputs("kl_gaussians")
    mu, origin, logs = ([float(v) for v in given[k]] for k in ("mu", "mu0", "lam"))
    assert gaussian_kl(mu, logs, origin, given["ls"]) == pytest.approx(values("kl_gaussians")[0], rel=1e-14)


def test_spectrum_references():
    law = rmt.MarchenkoPastur(ratio=0.5)
    assert local_rademacher(law, 0.5) == pytest.approx(values("local_rademacher_mp")[0], rel=1e-11)
    assert effective_dimension(law, 0.1) == pytest.approx(values("effective_dimension_mp")[0], rel=1e-14)
    x = np.linalg.eigvalsh(rmt.wishart(ratio=0.5).sample(400, rng=0))
    assert local_rademacher(x, 0.5) == pytest.approx(values("local_rademacher_mp")[0], abs=0.01)
    assert effective_dimension(x, 0.1) == pytest.approx(values("effective_dimension_mp")[0], abs=0.01)
    assert local_rademacher(law, 100.0) == pytest.approx(1.0, rel=1e-11)


def test_certificate():
    given = inputs("book_convergence_constants")
    made = convergence_certificate(
        given["lmin"], given["lmax"], gradient=given["U"], samples=given["m"], start=given["f0"]
    )
    assert [made.radius, made.smoothness, made.step] == pytest.approx(values("book_convergence_constants"), rel=1e-14)
    K = np.diag([0.5, 4.0])  # a linear model keeps its promise
    r = np.array([1.0, 1.0])
    for k in range(1, 20):
        r = r - 2 * made.step * K @ r
        assert r @ r <= made.loss(k) * (1 + 1e-12)
    assert made.holds(1e-6)
    assert not made.holds(1.0)


def test_bad_input():
    for function in (
        lambda d: pac_bayes(0.1, 1.0, 10, d),
        lambda d: hoeffding_bound(10, d),
        lambda d: bound(confidence=d),
    ):
        for delta in (0.0, 1.0, 1.5):
            with pytest.raises(ValueError, match="must be a finite real number > 0 and < 1"):
                function(delta)
    with pytest.raises(ValueError, match="Catoni's C"):
        pac_bayes(0.1, 1.0, 10, 0.1, kind="catoni")
    with pytest.raises(ValueError, match="must have one shape"):
        gaussian_kl([1.0, 2.0], [0.0, 0.0], [0.0], 0.0)
    with pytest.raises(ValueError, match="depth must be"):
        bound(depth=1)
    with pytest.raises(ValueError, match="below m/6"):
        dudley_spectral(5, 10)
    assert spectral_margin_bound([np.eye(2) * 0.01], np.ones((10**6, 2)) * 1e-3, margin=1.0, delta=0.05) < 1
    assert dziugaite_roy_bound(0.008, 387.0, 1400, j=100, draws=300) == pytest.approx(0.344, abs=0.02)
