"""Methods on average: references, closed forms, orthogonality, sampled problems, halting times and heavy tails."""

from __future__ import annotations

import numpy as np
import pytest
from training_references import inputs, names, values

import rmt
from rmt.optimisation import (
    average_error,
    halting_time,
    measured_errors,
    measured_halting_time,
    residual_polynomial,
)
from rmt.optimisation.descent_methods import METHODS, method_recursion
from rmt.optimisation.law_nodes import law_nodes
from rmt.optimisation.recursion_kernels import squared_sums

LAWS = {
    "hard edge": rmt.MarchenkoPastur(),
    "gap": rmt.MarchenkoPastur(ratio=0.3),
    "atom at zero": rmt.MarchenkoPastur(ratio=3.0),
    "two intervals": rmt.mixture(
        rmt.MarchenkoPastur(ratio=0.1), rmt.MarchenkoPastur(ratio=0.1) + 5.0, weights=(0.6, 0.4)
    ),
    "uniform": rmt.Uniform(0.2, 2.0),
    "points": rmt.Atomic((0.5, 1.0, 4.0), (0.25, 0.5, 0.25)),
    "data": rmt.Empirical(np.linspace(0.1, 3.0, 80)),
}
ALIASES = {"gd": "gradient_descent", "heavyball": "heavy_ball"}


@pytest.mark.parametrize("name", names("avg_error"))
def test_references(name):
    given = inputs(name)
    law = rmt.MarchenkoPastur(ratio=given["ratio"])
    found = average_error(law, ALIASES.get(given["method"], given["method"]), int(given["k"]))
    assert found == pytest.approx(values(name)[0], rel=1e-12, abs=0)


@pytest.mark.parametrize("c", [0.2, 0.5, 0.8])
def test_closed_forms_on_marchenko_pastur(c):
    law, k = rmt.MarchenkoPastur(ratio=c), np.arange(1, 60)
    assert average_error(law, "heavy_ball", k) == pytest.approx(c**k, rel=1e-12, abs=0)
    assert average_error(law, "conjugate_gradient", k) == pytest.approx(c**k, rel=1e-11, abs=0)
    minimax = c**k * (2 - (1 - c) * c ** (k - 1)) / (1 + c**k) ** 2
    assert average_error(law, "chebyshev", k) == pytest.approx(minimax, rel=1e-11, abs=0)


@pytest.mark.parametrize("c", [0.5, 1.0, 2.0])
def test_orthogonal_polynomials_give_the_optimum_on_marchenko_pastur(c):
    """The closed form, against the polynomials made from the law, for nine hundred steps."""
    law, k = rmt.MarchenkoPastur(ratio=c), np.arange(901)
    nodes, weights = law_nodes(law, degree=900)
    found = squared_sums(nodes, weights, *method_recursion(law, "optimal", 900, 0, None, None))
    assert found == pytest.approx(average_error(law, "optimal", k), rel=1e-11, abs=0)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("method", METHODS)
def test_any_law(law, method):
    k = np.arange(30)
    errors = average_error(law, method, k)
    assert errors[0] == pytest.approx(1.0, abs=1e-15)
    assert residual_polynomial(law, method, 7, 0.0) == pytest.approx(1.0, abs=1e-12)
    best = average_error(law, "optimal", k)
    assert (best <= errors * (1 + 1e-9) + 1e-25).all()
    assert (np.diff(best) <= 1e-12).all()


def test_optimum_is_orthogonal():
    """The fifth residual polynomial is orthogonal to all of lower degree, with respect to x dμ."""
    law = LAWS["two intervals"]
    nodes, weights = law_nodes(law, degree=10)
    residual = residual_polynomial(law, "optimal", 5, nodes)
    for degree in range(5):
        assert abs((weights * nodes * residual) @ nodes**degree) < 1e-12 * (weights @ nodes ** (degree + 1))


def test_few_points_are_learnt_in_as_many_steps():
    assert average_error(LAWS["points"], "optimal", 3) < 1e-25
    assert average_error(LAWS["points"], "conjugate_gradient", 50) < 1e-25
    assert average_error(LAWS["atom at zero"], "optimal", 400) == pytest.approx(2 / 3, abs=1e-12)


@pytest.mark.parametrize("method", ["gradient_descent", "heavy_ball", "nesterov", "chebyshev", "optimal"])
@pytest.mark.parametrize("weight", [0, 1, 2])
def test_run_of_a_given_matrix(method, weight):
    """The vectors of a run are what the residual polynomials make of the start."""
    matrix = rmt.wishart(ratio=0.5).sample(8, rng=1)
    law = rmt.MarchenkoPastur(ratio=0.5)
    x, vectors = np.linalg.eigh(matrix)
    start = (vectors.T @ np.random.default_rng(3).standard_normal(8)) ** 2 * x**weight
    errors = [start @ residual_polynomial(law, method, k, x, weight=weight) ** 2 for k in range(8)]
    run = measured_errors(matrix, method, 7, law=law, weight=weight, rng=3)
    assert run == pytest.approx(np.array(errors) / errors[0], rel=1e-9)


@pytest.mark.parametrize("method", ["gradient_descent", "nesterov", "chebyshev", "optimal"])
def test_run_of_a_large_matrix_follows_the_law(method):
    law, matrix = rmt.MarchenkoPastur(ratio=0.5), rmt.wishart(ratio=0.5).sample(500, rng=2)
    run = measured_errors(matrix, method, 6, law=law, rng=3)
    assert run == pytest.approx(average_error(law, method, np.arange(7)), rel=0.5)
    assert run != pytest.approx(average_error(rmt.MarchenkoPastur(ratio=0.2), method, np.arange(7)), rel=0.5)


def test_conjugate_gradients_tend_to_powers_of_the_ratio():
    """On a Wishart matrix of finite size the steps are ratios of independent χ² with n − j and m − j + 1 degrees."""
    n, m, k = 300, 600, np.arange(11)
    runs = [
        measured_errors(rmt.wishart(ratio=0.5).sample(n, rng=s), "conjugate_gradient", 10, law=LAWS["gap"], rng=s + 100)
        for s in range(4)
    ]
    logs = np.mean(np.log(runs), axis=0)
    expected = np.cumsum([0.0] + [np.log((n - j) / (m - j + 1)) for j in k[1:]])
    assert expected == pytest.approx(k * np.log(0.5), rel=0.02)
    spread = np.sqrt(k * (2 / n + 2 / m) / len(runs))
    assert (np.abs(logs - expected) <= 5.5 * spread).all()
    assert not (np.abs(logs - k * np.log(0.4)) <= 5.5 * spread).all()


def test_halting_times_and_where_universality_fails():
    law = rmt.MarchenkoPastur(ratio=0.5)
    predicted = halting_time(law, "heavy_ball", 1e-4)
    assert predicted == 15
    for seed, entries in enumerate(("gaussian", "rademacher", "uniform")):
        matrix = rmt.wishart(ratio=0.5, entries=entries).sample(400, rng=seed)
        assert abs(measured_halting_time(matrix, "heavy_ball", 1e-4, law=law, rng=seed) - predicted) <= 3
    heavy = rmt.wishart(ratio=0.8, entries="student(3)").sample(600, rng=5)
    light = halting_time(rmt.MarchenkoPastur(ratio=0.8), "heavy_ball", 1e-4)
    with pytest.raises(rmt.ConvergenceError, match="outside of the law"):  # a stray eigenvalue far above the edge
        measured_halting_time(heavy, "heavy_ball", 1e-4, law=rmt.MarchenkoPastur(ratio=0.8), max_steps=3 * light, rng=5)


def test_halting_time_of_heavy_ball_at_ratio_08():
    assert halting_time(rmt.MarchenkoPastur(ratio=0.8), "heavy_ball", 1e-4) == 49


def test_bad_input():
    law = LAWS["gap"]
    with pytest.raises(ValueError, match="chooses its own steps"):
        average_error(law, "optimal", 3, step=0.1)
    with pytest.raises(ValueError, match="takes no momentum"):
        average_error(law, "gradient_descent", 3, momentum=0.1)
    with pytest.raises(ValueError, match="unknown method"):
        average_error(law, "adam", 3)
    with pytest.raises(ValueError, match="step must be"):
        average_error(law, "gradient_descent", 3, step=0.0)
    with pytest.raises(ValueError, match="diverges: its error is beyond the largest float after"):
        average_error(law, "gradient_descent", 900, step=3.0)
    with pytest.raises(TypeError, match="k must be an integer"):
        average_error(law, "optimal", 1.5)
    with pytest.raises(ValueError, match="k must be >= 0"):
        average_error(law, "optimal", [-1])
    with pytest.raises(rmt.ConvergenceError, match="within 100 steps"):
        halting_time(LAWS["atom at zero"], "optimal", 0.1, weight=0, max_steps=100)
    with pytest.raises(ValueError, match="must be symmetric"):
        measured_errors([[1.0, 2.0], [0.0, 1.0]], "optimal", 1, law=law)
