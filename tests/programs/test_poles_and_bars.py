"""Means that do not exist, though their two sides seem to cancel, and errors of what bends unseen."""

import math

import numpy as np
import pytest
from cases import long_beyond
from scipy import special, stats

from rmt.programs import Program, dot


def started(law="gaussian"):
    P = Program()
    return P, P.matrix(), P.vector(law)


@pytest.mark.parametrize(
    "build",
    [
        lambda P, W, v: 1 / v,
        lambda P, W, v: P.map(lambda x: 1 / x, v),
        lambda P, W, v: P.map(lambda x: 1 / (x - 0.3), v),
        lambda P, W, v: 1 / (v - 0.3),
        lambda P, W, v: np.tan(v),
        lambda P, W, v: np.sign(v) * abs(v) ** -1.2,
        lambda P, W, v: v / (W @ v - 0.2),
        lambda P, W, v: np.tanh(v) / (np.exp(v) - 2.0),
        lambda P, W, v: np.tanh(W @ (abs(v) ** -0.6)),  # the vector has a mean, and no second moment
    ],
)
def test_means_that_do_not_exist_are_refused_where_both_sides_of_a_pole_cancel(build):
    P, W, v = started()
    P.mean(build(P, W, v))
    with pytest.raises(ValueError, match=r"is infinite: it grows at least as 1/distance towards a pole"):
        P.limit(return_error=True)


def test_poles_that_can_be_integrated_or_are_lifted_are_not_refused():
    P, _, v = started()
    root = 2**-0.25 * math.gamma(0.25) / math.sqrt(math.pi)  # E |v|^(−1/2)
    outputs = [P.mean(abs(v) ** -0.5), P.mean(np.tan(v) * np.sin(v) * np.cos(v)), P.mean(v / (1 + np.exp(-v)))]
    values, errors = P.limit(outputs, return_error=True)
    z = np.linspace(-12.0, 12.0, 24001)
    logistic = float((z * special.expit(z) * stats.norm.pdf(z)).sum() * 1e-3)
    exact = np.array([root, 0.5 * (1.0 - math.exp(-2.0)), logistic])
    assert (np.abs(values - exact) <= errors + 1e-12).all()
    assert (errors < [1e-5, 1e-9, 1e-9]).all()


def test_discrete_vectors_have_no_poles_between_their_values():
    P, W, v = started("rademacher")
    values, errors = P.limit([P.mean(1 / v), P.mean((W @ v) ** 2 / (v + 0.5))], return_error=True)
    assert (np.abs(values - [0.0, -2.0 / 3.0]) <= errors).all()
    assert errors.max() < 1e-9


@pytest.mark.parametrize("count", long_beyond([2, 3], 1))
def test_errors_hold_where_functions_of_several_vectors_bend_or_jump_unseen(count):
    rng = np.random.default_rng(3)
    for _ in range(25):
        slopes, level = rng.normal(size=count), float(rng.normal())
        P = Program()
        vectors = P.vectors(np.eye(count))

        def form(*x, slopes=slopes, level=level):
            return sum(a * b for a, b in zip(slopes, x, strict=True)) - level

        jump = P.mean(P.map(lambda *x, form=form: 1.0 * (form(*x) > 0.0), *vectors))
        kink = P.mean(P.map(lambda *x, form=form: abs(form(*x)), *vectors))
        size = float(np.linalg.norm(slopes))
        below = level / size
        folded = size * (2.0 * stats.norm.pdf(below) + below * (2.0 * stats.norm.cdf(below) - 1.0))
        for output, exact in ((jump, stats.norm.sf(below)), (kink, folded)):
            value, error = P.limit(output, return_error=True)
            assert abs(value - exact) <= error
            assert error < 0.2 * max(1.0, size)


def test_where_continuous_vectors_are_equal_has_no_mass():
    P, W, v = started()
    g = W @ v
    outputs = [np.equal(v, 0), np.not_equal(v, 0.3) * v * v, np.equal(v, g), np.equal(v, v), np.equal(v > 0, g > 0)]
    values, errors = P.limit([P.mean(x) for x in outputs], return_error=True)
    assert (np.abs(values - [0.0, 1.0, 0.0, 1.0, 0.5]) <= errors).all()
    assert errors.max() < 1e-9
    assert "1[v1 ≠ 0.3]" in str(P)


@pytest.mark.parametrize("function", [np.sort, np.cumsum, np.argsort, lambda x: x - x[0]])
def test_functions_that_depend_on_the_order_of_coordinates_are_refused(function):
    P, _, v = started()
    P.mean(v * P.map(function, v))
    with pytest.raises(ValueError, match="must act coordinate by coordinate"):
        P.limit()


def test_functions_that_return_lists_are_taken():
    P, _, v = started()
    P.mean(P.map(lambda x: [float(a) ** 2 for a in x], v))
    assert P.limit() == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("mean", [117.7, 1e4, 1e5])
def test_errors_of_discrete_laws_hold_the_errors_of_their_masses(mean):
    P, _, v = started(stats.poisson(mean))
    value, error = P.limit(P.mean((v - mean) ** 2), return_error=True)
    assert abs(value - mean) <= error < 1e-8 * mean


def test_ufuncs_with_other_arguments_and_graphs_of_no_program_are_refused():
    P, _, v = started()
    for function, given in ((np.add, [v]), (np.modf, [v]), (np.tanh, [v, v])):
        with pytest.raises(ValueError, match=r"takes \d arguments and gives \d values"):
            P.map(function, *given)
    with pytest.raises(TypeError, match=r"program must be a Program of rmt\.programs, got 3"):
        dot(3)
