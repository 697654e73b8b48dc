"""Functions that are linear on cones: closed forms in four and five dimensions, and what is no such function."""

from __future__ import annotations

import math
from functools import reduce
from operator import mul

import mpmath
import numpy as np
import pytest

from rmt.networks import MLP
from rmt.programs import Program
from rmt.programs.cones import Cones, cones, simplex_rule, split
from rmt.programs.integrands import Plan
from rmt.programs.program_limits import Limit


def equal_correlations(f, k, rho):
    """The program of E f(z_1) … f(z_k) for normal variables of equal correlation."""
    P = Program()
    P.mean(reduce(mul, [f(P, v) for v in P.vectors(np.full((k, k), rho) + (1 - rho) * np.eye(k))]))
    return P


def given(f, k, rho):
    """The same by conditioning on what they share: E (E f(√ρ t + √(1 − ρ) z))^k; `f` gives the inner one."""
    a, s = mpmath.sqrt(rho), mpmath.sqrt(1 - mpmath.mpf(rho))
    return float(mpmath.quad(lambda t: mpmath.npdf(t) * f(a * t, s) ** k, [-12, -4, -2, 0, 2, 4, 12]))


def relu_mean(m, s):
    return m * mpmath.ncdf(m / s) + s * mpmath.npdf(m / s)


def above(m, s):
    return mpmath.ncdf(m / s)


def size_mean(m, s):
    return 2 * relu_mean(m, s) - m


def elu_mean(m, s):
    """E max(x, 0) + E exp(min(x, 0)) − 1 for x of mean m and deviation s."""
    return relu_mean(m, s) + mpmath.exp(m + s * s / 2) * mpmath.ncdf(-m / s - s) - mpmath.ncdf(-m / s)


MAPS = {
    "relu": (lambda P, v: np.maximum(v, 0), relu_mean),
    "x > 0": (lambda P, v: v > 0, above),
    "abs": (lambda P, v: abs(v), size_mean),
    "elu": (lambda P, v: P.map("elu", v), elu_mean),
}


@pytest.mark.parametrize(
    ("name", "rho"),
    [("relu", 0.3), ("x > 0", 0.9), ("abs", 0.3), pytest.param("elu", 0.3, marks=pytest.mark.long)],
)
def test_four_dimensions(name, rho):
    f, inner = MAPS[name]
    value, error = equal_correlations(f, 4, rho).limit(return_error=True)
    exact = given(inner, 4, rho)
    assert abs(value - exact) <= error < 3e-9
    assert abs(value - given(inner, 4, rho + 1e-6)) > error  # another number is told apart


def test_five_dimensions():
    f, inner = MAPS["x > 0"]
    value, error = equal_correlations(f, 5, 0.3).limit(return_error=True)
    assert abs(value - given(inner, 5, 0.3)) <= error < 1e-9


def test_nested_kinks_and_masks():
    """|x y| max(|x| − |y|, 0) and masks of masks: polar coordinates give them by elementary integrals."""
    P = Program()
    x, y = P.vector(), P.vector()
    P.mean(np.maximum(abs(x) - abs(y), 0))
    P.mean(((x > y) * x > 0) * (y > 0) * x)
    P.mean(np.maximum(np.maximum(x, 0), y) * np.minimum(x, y) * x * y)
    # E r = √(π/2); 8 wedges of 1/8 of the circle, of which four have |x| > |y|
    first = math.sqrt(math.pi / 2) / (2 * math.pi) * 4 * (math.sqrt(2) - 1)
    second = math.sqrt(math.pi / 2) / (2 * math.pi) * math.sqrt(0.5)
    values, errors = P.limit(return_error=True)
    # E r⁴ = 8; max(x, y) min(x, y) = x y where one of them is positive, else 0 · min
    third = 8 / (2 * math.pi) * float(mpmath.quad(lambda t: (mpmath.sin(2 * t) / 2) ** 2, [-mpmath.pi / 2, mpmath.pi]))
    np.testing.assert_allclose(values, [first, second, third], atol=1e-10)
    assert errors.max() < 1e-9


@pytest.mark.long
def test_two_steps_of_a_relu_network():
    """Integrals over four dimensions with kinks inside kinks, against runs."""
    P = Program.from_mlp(MLP(2, "relu", 1.0, input_q=1.0), steps=2, rate=0.5)
    value, error = P.limit(return_error=True)
    assert error < 1e-9
    drawn = P.sample(1000, rng=3, trials=60)
    spread = drawn.std(ddof=1) / 60**0.5
    assert abs(drawn.mean() - value) < 5.5 * spread + 10 / 1000
    wrong = P.limit(transpose_correction=False, return_error=True)[0]
    assert abs(drawn.mean() - wrong) > 5.5 * spread + 10 / 1000


def plan_of(P):
    limit = Limit(P)
    limit._advance([node for node in P.nodes if node.size is not None])
    return Plan(limit, (P.outputs[0].argument,), ())


def test_cones_fill_the_space_and_have_one_sign():
    """Random planes through 0; two half spaces at an angle of π/4 have 3/8 in common."""
    rng = np.random.default_rng(0)
    plan = plan_of(equal_correlations(MAPS["relu"][0], 4, 0.5))
    rays = cones(plan).rays
    planes = rng.standard_normal((5, 4))
    for normal in planes:
        rays = split(rays, rays @ normal)
    values = rays @ planes.T
    values[np.abs(values) < 1e-12] = 0.0
    assert not ((values.max(axis=1) > 0) & (values.min(axis=1) < 0)).any()
    np.testing.assert_allclose(np.linalg.norm(rays, axis=2), 1.0, atol=1e-14)

    class Quadrant:
        axes = plan.axes

        @staticmethod
        def integrand(z):
            return ((z[0] > 0) & (z[0] + z[2] > 0)).astype(float)

    for normal in ([1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0]):
        assert Cones(Quadrant, rays, 0.0).expectation(4)[0] != pytest.approx(3 / 8, abs=1e-6)  # not cut there yet
        rays = split(rays, rays @ normal)
    assert Cones(Quadrant, rays, 0.0).expectation(4)[0] == pytest.approx(3 / 8, abs=1e-10)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_rule_on_simplices(n):
    """Moments of the uniform law on a simplex: Dirichlet."""
    places, weights = simplex_rule(n, 4)
    assert (places > 0).all()
    np.testing.assert_allclose(places.sum(axis=1), 1.0, atol=1e-14)
    for powers in ((3, 4), (0, 7), (7, 0), (1, 1)):
        exact = math.prod(map(math.factorial, powers)) / math.factorial(n - 1 + sum(powers))
        found = weights @ (places[:, 0] ** powers[0] * places[:, -1] ** powers[1])
        assert found == pytest.approx(exact, rel=1e-12)


def test_what_is_not_linear_on_cones_is_left_to_grids():
    for f in (
        lambda P, v: P.map("hard_tanh", v),
        lambda P, v: np.maximum(v - 0.3, 0),
        lambda P, v: np.maximum(v**3 - v, 0),
        lambda P, v: np.floor(v),
        lambda P, v: np.maximum(np.tanh(1e5 * v), v),
    ):
        assert cones(plan_of(equal_correlations(f, 2, 0.3))) is None
    assert cones(plan_of(equal_correlations(lambda P, v: np.tanh(v), 2, 0.3))) is None  # no kink at all
