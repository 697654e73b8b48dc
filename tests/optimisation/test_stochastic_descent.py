"""Stochastic gradient descent: the Volterra equation, its limits and rates, and runs of it."""

from __future__ import annotations

import numpy as np
import pytest
from training_references import inputs, names, values

import rmt
from rmt.optimisation import (
    sgd_critical_step,
    sgd_limit,
    sgd_loss,
    sgd_rate,
    sgd_run,
    sgd_transition_step,
)


def gram(r):
    return rmt.MarchenkoPastur(ratio=r) * (1 / r)


@pytest.mark.parametrize("name", names("sgd_volterra"))
def test_loss_references(name):
    given = inputs(name)
    found = sgd_loss(
        gram(given["r"]),
        given["epochs"],
        ratio=given["r"],
        step=given["gamma"],
        distance=given["R2"],
        noise=given["noise2"],
    )
    assert found == pytest.approx(values(name)[0], rel=1e-10)


@pytest.mark.parametrize("name", names("sgd_rate", "sgd_limit", "sgd_gamma_star"))
def test_rate_references(name):
    given = inputs(name)
    r = given["r"]
    if name.startswith("sgd_gamma_star"):
        assert sgd_transition_step(gram(r), ratio=r) == pytest.approx(values(name)[0], rel=1e-12)
    elif name.startswith("sgd_rate"):
        assert sgd_rate(gram(r), ratio=r, step=given["gamma"]) == pytest.approx(values(name)[0], rel=1e-11)
    else:
        assert sgd_limit(gram(r), ratio=r, step=given["gamma"], noise=given["noise2"]) == pytest.approx(values(name)[0])


@pytest.mark.parametrize("r", [0.3, 1.0, 2.5])
def test_start_limit_and_end_of_stability(r):
    law = gram(r)
    # at the start ½(R² tr H/d + N)
    assert sgd_loss(law, 0.0, ratio=r, step=1.0, distance=2.0, noise=0.7) == pytest.approx(
        0.5 * (2.0 / r + 0.7), rel=1e-12
    )
    assert sgd_critical_step(law, ratio=r) == pytest.approx(2.0, rel=1e-14)
    if r < 1:
        late = sgd_loss(law, 400.0, ratio=r, step=0.8, noise=0.7)
        assert late == pytest.approx(sgd_limit(law, ratio=r, step=0.8, noise=0.7), rel=1e-9)
        assert sgd_limit(law, ratio=r, step=1.999, noise=0.7) == pytest.approx(0.35 * (1 - r) / 5e-4, rel=1e-9)
        assert sgd_rate(law, ratio=r, step=1.999) > 0 > sgd_rate(law, ratio=r, step=2.001)


def test_volterra_equation_holds():
    """The solution, put into the convolution, for a law of two intervals and an atom at 0."""
    law = rmt.mixture(
        rmt.Atomic((0,), (1,)), rmt.MarchenkoPastur(ratio=0.2), rmt.Uniform(2.0, 3.0), weights=(0.3, 0.4, 0.3)
    )
    r, gamma, noise = 0.6, 0.7, 0.5
    x, w = law._expectation_rule()
    s, u = np.polynomial.legendre.leggauss(60)
    for t in (0.4, 2.0):
        late, weight = 0.5 * t * (1 + s), 0.5 * t * u
        psi = sgd_loss(law, late, ratio=r, step=gamma, noise=noise)
        h = [(w * x**k) @ np.exp(-2 * gamma * np.outer(x, t - late)) for k in range(3)]
        now = [(w * x**k) @ np.exp(-2 * gamma * x * t) for k in range(3)]
        right = 0.5 * now[1] + 0.5 * noise * (r * now[0] + 1 - r) + gamma**2 * r * weight @ (h[2] * psi)
        assert sgd_loss(law, t, ratio=r, step=gamma, noise=noise) == pytest.approx(right, rel=1e-10)


@pytest.mark.parametrize("r", [0.25, 0.5])
def test_rate_is_continuous_and_that_of_the_curve(r):
    law, star = gram(r), sgd_transition_step(gram(r), ratio=r)
    assert sgd_rate(law, ratio=r, step=star * (1 + 1e-7)) == pytest.approx(sgd_rate(law, ratio=r, step=star), rel=1e-5)
    step = 0.5 * (star + 2.0)
    rate = sgd_rate(law, ratio=r, step=step)
    t = np.array([60.0, 70.0]) / rate * 0.2
    curve = sgd_loss(law, t, ratio=r, step=step)
    assert np.log(curve[0] / curve[1]) / (t[1] - t[0]) == pytest.approx(rate, rel=0.02)


def test_rate_from_data():
    """For numbers instead of a law the rate is the eigenvalue of the linear system."""
    x = np.array([0.5, 1.0, 2.0, 4.0])
    law, r, gamma = rmt.Empirical(x), 0.5, 0.6
    system = np.diag(-2 * gamma * x) + np.outer(gamma**2 * r * x**2, np.full(4, 0.25))
    assert sgd_rate(law, ratio=r, step=gamma) == pytest.approx(-np.linalg.eigvals(system).real.max(), rel=1e-10)
    assert sgd_transition_step(law, ratio=r) == 0.0


def test_runs_follow_the_equation():
    """Six runs at n = 1000, d = 500: three standard errors as measured over many seeds; a wrong step is rejected."""
    n, d = 1000, 500
    means = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        rows = rng.standard_normal((n, d)) / np.sqrt(d)
        means.append(sgd_run(rows, [1.0, 2.0], step=1.5, rng=rng))
    mean = np.mean(means, axis=0)
    predicted = sgd_loss(gram(0.5), [1.0, 2.0], ratio=0.5, step=1.5)
    wrong = sgd_loss(gram(0.5), [1.0, 2.0], ratio=0.5, step=1.0)
    assert mean == pytest.approx(predicted, rel=0.15)
    assert mean != pytest.approx(wrong, rel=0.15)


def test_bad_input():
    law = gram(0.5)
    with pytest.raises(ValueError, match="step must be"):
        sgd_loss(law, 1.0, ratio=0.5, step=0.0)
    with pytest.raises(ValueError, match="ratio must be"):
        sgd_loss(law, 1.0, ratio=-1.0, step=1.0)
    with pytest.raises(ValueError, match=r"at least the share 0\.5"):
        sgd_loss(law, 1.0, ratio=2.0, step=1.0)
    with pytest.raises(ValueError, match="above the critical one, 2"):
        sgd_loss(law, 1e4, ratio=0.5, step=4.0)
    with pytest.raises(ValueError, match="below the critical step 2"):
        sgd_limit(law, ratio=0.5, step=2.0, noise=1.0)
    with pytest.raises(ValueError, match="finite epochs"):
        sgd_loss(law, np.inf, ratio=0.5, step=1.0)
    with pytest.raises(rmt.ConvergenceError, match="diverges"):
        sgd_run(np.eye(4) * 3, 400.0, step=1.0, rng=0)
