"""Catapults: orbits to all digits, the law of small ones, frozen gates, many examples, laws as curvature."""

from __future__ import annotations

import numpy as np
import pytest
from training_references import extra, inputs, names, values

import rmt
from rmt.training import (
    QuadraticModel,
    TwoLayers,
    catapult,
    catapult_ceiling,
    catapult_invariant,
    catapult_law,
    dead_share,
    example_curvature,
    quadratic_catapult,
    sampled_quadratic_catapult,
)


def orbit(given, **changes):
    start = {"output": given["g0"], "target": given["y"], "eigenvalue": given["lam0"], "curvature": given["a"]}
    return catapult(**start, rate=given["eta"], steps=int(given.get("steps", 400)), **changes)


@pytest.mark.parametrize("name", names("nqm1_"))
def test_orbits(name):
    found, given = orbit(inputs(name)), inputs(name)
    if "diverge" in name:
        assert found.regime == "divergent"
        assert len(found.losses) - 1 == values(name)[0]
        return
    precision = 1e-12 if given["eta"] <= 3 else 1e-9
    if "peak" in name:
        assert found.peak == pytest.approx(values(name)[0], rel=precision, abs=0)
        assert found.peak_step == extra(name, "peak_step")
    else:
        assert found.final_eigenvalue == pytest.approx(values(name)[0], rel=precision, abs=0)


def test_regimes():
    regimes = [catapult(output=1.0, eigenvalue=1.0, curvature=1e-6, rate=r, steps=4000).regime for r in (1.99, 2.01)]
    assert regimes == ["monotone", "catapult"]
    assert catapult(output=0.1, eigenvalue=1.0, curvature=1e-6, rate=3.99, steps=4000).regime == "catapult"
    assert catapult(output=0.1, eigenvalue=1.0, curvature=1e-6, rate=4.01, steps=4000).regime == "divergent"


def test_general_quadratic_model_is_the_same_map():
    given = inputs("gqm_peak")
    found = catapult(
        output=given["g0"], eigenvalue=given["lam0"], curvature=given["gamma"] ** 2 * given["c"], rate=given["eta"]
    )
    assert found.peak == pytest.approx(values("gqm_peak")[0], rel=1e-8)


@pytest.mark.parametrize("delta", [0.02, 0.05, 0.1])
def test_law_of_small_catapults(delta):
    """The end within δ⁴ and the peak within 0.3 δ², where the linear law 2 − δ is wrong by 2/3 δ²."""
    run = catapult(output=1e-3, eigenvalue=2 + delta, curvature=1e-6, rate=1.0, steps=20_000 if delta < 0.05 else 6000)
    law = catapult_law(delta)
    assert abs(run.final_eigenvalue - law.final) < delta**4
    assert abs(run.final_eigenvalue - (2 - delta)) > 0.5 * delta**2
    assert abs(2e-6 * run.peak / law.peak - 1) < 0.3 * delta**2
    u = 2e-6 * run.losses
    kept = catapult_invariant(u, run.eigenvalues)
    assert np.ptp(kept) < 2 * delta**4
    assert values(f"catapult_small_final_{delta}")[0] == pytest.approx(run.final_eigenvalue, abs=1e-6)
    assert values(f"catapult_small_peak_{delta}")[0] == pytest.approx(law.peak, rel=0.3 * delta**2)


def test_frozen_gates_are_the_map_and_the_network_is_not():
    rng = np.random.default_rng(0)
    m, x, y = 1000, rng.standard_normal(5), 0.7
    start = TwoLayers.drawn(5, m, rng=rng)
    g, lam = float(start.outputs(x[None])[0]), float(start.kernel(x[None])[0, 0])
    eta = 3.0 / lam
    run = catapult(output=g, target=y, eigenvalue=lam, curvature=example_curvature(x, m), rate=eta, steps=60)
    worst = {}
    for net in (start.frozen_gates(), start.copy()):
        gaps = []
        for t in range(60):
            r = float(net.outputs(x[None])[0]) - y
            gaps.append(abs(abs(r) - np.sqrt(2 * run.losses[t])) / max(1.0, abs(r)))
            gaps.append(abs(float(net.kernel(x[None])[0, 0]) - run.eigenvalues[t]))
            net.step(x[None], [y], eta / 2)  # the mean loss of one example is r², not r²/2
        worst[net.kind] = max(gaps)
    assert worst["quadratic"] < 1e-13
    assert worst["network"] > 1e-3


def test_a_dead_network_looks_converged():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 5))
    net = TwoLayers.drawn(5, 2000, rng=rng)
    eta = 10.0 / float(net.kernel(x)[0, 0])
    for _ in range(100):
        net.step(x, [0.7], eta / 2)
    assert dead_share(net, x) == 1.0
    assert net.outputs(x)[0] == 0.0


def test_updates_of_residual_and_kernel():
    rng = np.random.default_rng(3)
    n, p = 6, 40
    model = QuadraticModel(rng.standard_normal(n), rng.standard_normal((n, p)), rng.standard_normal((n, p, p)))
    y, w, eta = rng.standard_normal(n), 0.1 * rng.standard_normal(p), 0.01
    r, kernel = model.update(w, y, eta)
    J = model.jacobian_at(w)
    after = w - eta * J.T @ (model.at(w) - y)
    assert np.abs(model.at(after) - y - r).max() < 1e-12
    exact = model.jacobian_at(after) @ model.jacobian_at(after).T
    assert np.abs(exact - kernel).max() < 1e-11
    G = np.einsum("i,nij->nj", J.T @ (model.at(w) - y), model.hessians)
    printed = J @ J.T - eta / 4 * (4 * G @ J.T - eta * G @ G.T)  # as printed: not symmetric
    assert np.abs(exact - printed).max() > 1e-3


def test_many_examples_have_two_windows():
    """128 points on the line: between the two thresholds one eigenvalue catapults, above both do, the rest is still."""
    rng = np.random.default_rng(0)
    y = rng.choice([-1.0, 1.0], 128)
    x = (2 * y + rng.standard_normal(128))[:, None]
    start = TwoLayers.drawn(1, 2000, rng=rng).frozen_gates()
    sides = [np.where(x[:, 0] >= 0, x[:, 0], 0.0), np.where(x[:, 0] < 0, x[:, 0], 0.0)]
    sides = sorted((s / np.linalg.norm(s) for s in sides), key=lambda s: -s @ start.kernel(x) @ s)
    tops = [float(s @ start.kernel(x) @ s) for s in sides]
    for relative, first, second in ((0.2 + 0.8 * tops[0] / tops[1], True, False), (1.5, True, True)):
        net, parts = start.copy(), []
        for _ in range(80):
            r = net.outputs(x) - y
            parts.append([(s @ r) ** 2 for s in sides] + [r @ r - sum((s @ r) ** 2 for s in sides)])
            net.step(x, y, relative * 128 / tops[0])
        parts = np.array(parts)
        growth = parts[:, :2].max(axis=0) / parts[0, :2]
        assert (growth[0] > 5) == first
        assert (growth[1] > 20) if second else (growth[1] == 1)
        assert np.ptp(parts[:, 2]) < 1e-9


@pytest.mark.parametrize("name", names("quadratic_law_sc"))
def test_catapult_of_a_law(name):
    given = inputs(name)
    found = quadratic_catapult(
        rmt.Semicircle(), dimension=given["d"], relative_rate=given["eta_lam0"], target=given["y"], steps=given["steps"]
    )
    assert [found.peak, found.rate * found.final_eigenvalue] == pytest.approx(values(name), rel=1e-9)


def test_catapult_of_marchenko_pastur_and_its_ceiling():
    law = rmt.MarchenkoPastur(ratio=0.5)
    for rate, peak, final in ((2.3, 37.4661688, 1.93728651), (3.0, 131.566295, 1.94011663)):
        found = quadratic_catapult(law, dimension=2000, relative_rate=rate, steps=119)
        assert [found.peak, found.rate * found.final_eigenvalue] == pytest.approx([peak, final], rel=1e-7)
    assert quadratic_catapult(law, dimension=2000, relative_rate=3.6).regime == "divergent"
    assert 3.0 < catapult_ceiling(law, dimension=2000) < 3.6
    assert catapult_ceiling(rmt.Rademacher(), dimension=2000) == pytest.approx(4.0, abs=0.1)


def test_sampled_catapults_beside_their_law():
    """The kernel at the start fluctuates, and with it the exponent of the peak: the mean of logarithms is compared."""
    drawn = [rmt.goe().sample(400, rng=seed) for seed in range(4)]
    peaks = [sampled_quadratic_catapult(m, relative_rate=3.0, rng=s + 50).peak for s, m in enumerate(drawn)]
    predicted = quadratic_catapult(rmt.Semicircle(), dimension=400, relative_rate=3.0).peak
    assert np.mean(np.log(peaks)) == pytest.approx(np.log(predicted), abs=0.4)
    for law, rate in ((rmt.Semicircle(), 2.3), (rmt.MarchenkoPastur(ratio=0.5), 3.0)):
        other = quadratic_catapult(law, dimension=400, relative_rate=rate).peak
        assert np.mean(np.log(peaks)) != pytest.approx(np.log(other), abs=0.4)


def test_bad_input():
    with pytest.raises(ValueError, match="rate must be"):
        catapult(output=1.0, eigenvalue=1.0, curvature=1.0, rate=0.0)
    with pytest.raises(ValueError, match="ends at"):
        catapult_law(0.45, 0.1)
    with pytest.raises(ValueError, match="must have the shapes"):
        QuadraticModel(np.ones(2), np.ones((2, 3)), np.ones((2, 3, 2)))
    with pytest.raises(ValueError, match="must have the shape"):
        TwoLayers.drawn(3, 4, rng=0).outputs(np.ones((2, 2)))
    with pytest.raises(ValueError, match="must not vanish"):
        sampled_quadratic_catapult(np.zeros((2, 2)), relative_rate=2.0)
