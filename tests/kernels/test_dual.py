"""Dual activations against mpmath, quadrature in the plane, Price's theorem and Monte Carlo."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from kernels.references import inputs, named, numbers

from rmt.errors import ConvergenceError
from rmt.kernels import activation, dual, slope_dual
from rmt.kernels.plane_quadrature import plane_pair
from rmt.networks import activation as network_activation

NAMES = {
    "leaky_relu(0.1)": network_activation("leaky_relu", slope=0.1),
    "exp(-x^2)": "gaussian",
    "hardtanh": "hard_tanh",
}
GAPS = (0.0, 1e-12, 1e-6, 1e-3, 0.5, 1.0, 1.9, 2.0 - 1e-9, 2.0)


def scale(function, phi, q1, q2):
    return math.sqrt(abs(function(phi, q1, q1, gap=0.0) * function(phi, q2, q2, gap=0.0)))


@pytest.mark.parametrize("name", named("dual-"))
def test_reference_values(name):
    spec = name.split("-r-")[0].removeprefix("dual-")
    phi = NAMES.get(spec, spec)
    q1, q2, c = (float(inputs(name)[key]) for key in ("q1", "q2", "c"))
    value, slope = numbers(name)
    assert abs(dual(phi, q1, q2, c) - value) <= 1e-13 * scale(dual, phi, q1, q2)
    assert abs(slope_dual(phi, q1, q2, c) - slope) <= 1e-13 * scale(slope_dual, phi, q1, q2)


@pytest.mark.parametrize("name", ["relu", "gelu", "erf", "abs", "relu_squared", "gaussian", "sin", "elu", "hard_tanh"])
@pytest.mark.parametrize(("q1", "q2"), [(1e-6, 1e-6), (1.0, 4.0), (100.0, 90.0)])
def test_closed_forms_against_the_plane(name, q1, q2):
    """Quadrature in the plane knows none of the formulas; a wrong sign of the gap must show."""
    phi = activation(name)
    for gap in (1e-12, 0.5, 1.9):
        value, slope, _, _ = plane_pair(phi, q1, q2, gap)
        assert abs(dual(phi, q1, q2, gap=gap) - value) <= 1e-13 * scale(dual, phi, q1, q2)
        assert abs(slope_dual(phi, q1, q2, gap=gap) - slope) <= 1e-13 * scale(slope_dual, phi, q1, q2)
    if q1 == 1.0:  # exp(−x²) is nearly constant at small variances, sin uncorrelated at large ones
        assert abs(dual(phi, q1, q2, gap=0.4) - plane_pair(phi, q1, q2, 0.5)[0]) > 1e-3 * scale(dual, phi, q1, q2)


@pytest.mark.parametrize("q", [1e-6, 1.0, 1e4])
@pytest.mark.parametrize("gap", [1e-12, 1e-6, 1.0, 2.0 - 1e-9])
def test_angles_next_to_the_diagonal(q, gap):
    """mpmath at 40 digits: relu, leaky relu, step, erf and gelu from the gap itself."""
    mpmath.mp.dps = 40
    g, v = mpmath.mpf(gap), mpmath.mpf(q)
    c, sine = 1 - g, mpmath.sqrt(g * (2 - g))
    theta = mpmath.atan2(sine, c)
    relu = (sine + (mpmath.pi - theta) * c) / (2 * mpmath.pi)
    mirror = (sine - theta * c) / (2 * mpmath.pi)
    a = mpmath.mpf(0.25)
    k, s2 = v * c, 1 + 2 * v + v * v * g * (2 - g)
    s = mpmath.sqrt(s2)
    share = mpmath.mpf(1) / 4 + mpmath.atan2(k, s) / (2 * mpmath.pi)
    h = 2 / (1 + v) - 1
    gelu_slope = share + k / (2 * mpmath.pi * s) * (1 + 2 * h + (v * v + k * k * h) / s2)
    expected = {
        ("relu", dual): v * relu,
        ("relu", slope_dual): (mpmath.pi - theta) / (2 * mpmath.pi),
        ("leaky", dual): v * ((1 + a**2) * relu - 2 * a * mirror),
        ("step", dual): (mpmath.pi - theta) / (2 * mpmath.pi),
        ("erf", dual): 2 / mpmath.pi * mpmath.atan2(2 * k, mpmath.sqrt(1 + 4 * v + 4 * v * v * g * (2 - g))),
        ("gelu", dual): k * share + (v * v + k * k * h) / (2 * mpmath.pi * s),
        ("gelu", slope_dual): gelu_slope,
    }
    leaky = network_activation("leaky_relu", slope=0.25)
    for (name, function), value in expected.items():
        phi = leaky if name == "leaky" else name
        found = function(phi, q, q, gap=gap)
        assert abs(found - value) <= 1e-13 * scale(function, phi, q, q), (name, function)


def test_arccos_of_the_correlation_loses_the_digits_that_the_gap_keeps():
    gap = 1e-12
    exact = 0.5 - math.sqrt(2.0 * gap) / (2.0 * math.pi)
    naive = (math.pi - math.acos(1.0 - gap)) / (2.0 * math.pi)
    assert slope_dual("relu", 1.0, 1.0, gap=gap) == pytest.approx(exact, abs=1e-15)
    assert abs(naive - exact) > 1e-12


@pytest.mark.parametrize("q", [0.1, 1.0, 25.0, 1e4])
def test_tanh_by_series_and_by_the_plane(q):
    phi = activation("tanh")
    for gap in (1e-12, 0.3, 1.7):
        value, slope, _, _ = plane_pair(phi, q, 0.7 * q, gap)
        assert dual(phi, q, 0.7 * q, gap=gap) == pytest.approx(value, abs=1e-13)
        assert slope_dual(phi, q, 0.7 * q, gap=gap) == pytest.approx(slope, abs=1e-13)


def test_named_and_callable_agree_and_errors_are_honest():
    for name, function, kinks in (
        ("gelu", lambda x: x * 0.5 * (1.0 + np.vectorize(math.erf)(x / math.sqrt(2.0))), ()),
        ("sin", np.sin, ()),
        ("leaky", lambda x: np.where(x > 0.0, x, 0.25 * x), (0.0,)),
    ):
        phi = network_activation("leaky_relu", slope=0.25) if name == "leaky" else name
        own = network_activation(function, kinks=kinks)
        for q1, q2, c in ((1.0, 1.0, 0.3), (2.0, 0.4, -0.6)):
            value, error = dual(own, q1, q2, c, return_error=True)
            truth = dual(phi, q1, q2, c)
            assert abs(value - truth) <= min(error, 1e-12)
            slope, error = slope_dual(own, q1, q2, c, return_error=True)
            assert abs(slope - slope_dual(phi, q1, q2, c)) <= max(error, 1e-10)


def test_many_pairs_are_interpolated_and_agree_with_single_ones(monkeypatch):
    rng = np.random.default_rng(0)
    c = rng.uniform(-1.0, 1.0, 300)
    monkeypatch.setattr("rmt.kernels.engines.MANY_PAIRS", 200)
    single = [dual("elu", 1.3, 1.3, x) for x in c[:5]]
    assert np.abs(dual("elu", 1.3, 1.3, c)[:5] - single).max() <= 1e-13
    q1, q2 = rng.uniform(0.9, 1.1, (2, 300))
    slopes = slope_dual("selu", q1, q2, c)
    assert np.abs(slopes[:5] - [slope_dual("selu", *t) for t in zip(q1[:5], q2[:5], c[:5], strict=True)]).max() <= 4e-13


@pytest.mark.parametrize(
    "name", ["relu", "gelu", "erf", "sin", "exp", "gaussian", "elu", "tanh", "x^4", "relu_squared"]
)
def test_price(name):
    """F' is the derivative of F in the covariance: Richardson differences at fixed variances."""
    q1, q2, k, h = 1.2, 0.8, 0.3, 1e-3
    root = math.sqrt(q1 * q2)
    f = {s: dual(name, q1, q2, (k + s * h) / root) for s in (-2, -1, 1, 2)}
    difference = (8.0 * (f[1] - f[-1]) - (f[2] - f[-2])) / (12.0 * h)
    assert slope_dual(name, q1, q2, k / root) == pytest.approx(difference, rel=1e-9)


def test_monte_carlo():
    rng = np.random.default_rng(1)
    u, w = rng.standard_normal((2, 200_000))
    v = 0.6 * u + 0.8 * w
    for name in ("relu", "step", "cos", "monomial", "selu", "mish"):
        phi = activation(name)
        terms = phi(u) * phi(v)
        error = terms.std() / math.sqrt(terms.size)
        assert abs(terms.mean() - dual(name, 1.0, 1.0, 0.6)) <= 6.0 * error
        assert abs(terms.mean() - dual(name, 1.0, 1.7, 0.6)) > 6.0 * error or name == "step"


def test_shapes_and_missing_values():
    out = dual("relu", np.ones((2, 1)), 1.0, [0.0, math.nan, 0.5])
    assert out.shape == (2, 3)
    assert np.isnan(out[:, 1]).all()
    assert isinstance(dual("relu", 1.0, 1.0, 0.5), float)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: slope_dual("step", 1.0, 1.0, 0.5), ValueError, "no tangent kernel"),
        (lambda: slope_dual("sign", 1.0, 1.0, 0.5), ValueError, "no tangent kernel"),
        (lambda: dual("relu", 1.0, 1.0), ValueError, "neither"),
        (lambda: dual("relu", 1.0, 1.0, 0.5, gap=0.5), ValueError, "both"),
        (lambda: dual("relu", -1.0, 1.0, 0.5), ValueError, "q1 must be"),
        (lambda: dual("relu", 1.0, 1.0, 1.5), ValueError, "c must be numbers in"),
        (lambda: dual("relu", 1.0, 1.0, gap=2.5), ValueError, "gap must be numbers in"),
        (lambda: dual("rleu", 1.0, 1.0, 0.5), ValueError, "nearest: .*relu.*kernels also know"),
        (lambda: dual("exp", 1000.0, 1000.0, 0.5), ValueError, "largest float"),
        (lambda: dual(lambda x: np.exp(x * x), 0.3, 0.3, 0.5), ValueError, "not square integrable"),
        (lambda: dual("monomial", 1j, 1.0, 0.5), TypeError, "real numbers"),
        (lambda: activation("step", scale=2.0), TypeError, "no parameter"),
        (lambda: activation("monomial", degree=-1), ValueError, "degree"),
    ],
)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_a_square_integrable_fast_callable_is_accepted():
    """E exp(x²/8)... with q = 1: E e^{(u² + v²)/8} = 1/√det, by hand."""
    c = 0.5
    value = dual(lambda x: np.exp(x * x / 8.0), 1.0, 1.0, c)
    assert value == pytest.approx(1.0 / math.sqrt((1.0 - 0.25) ** 2 - 0.25**2 * c * c), rel=1e-11)


@pytest.mark.parametrize("name", ["relu", "tanh", "elu", "gelu", "sigmoid", "cos", "hard_tanh"])
def test_variance_zero_is_the_value_at_zero(name):
    phi = activation(name)
    at_zero = float(phi(0.0))
    assert dual(name, 0.0, 0.0, 0.5) == pytest.approx(at_zero**2, abs=1e-15)
    mean = phi.expectation(phi.function, 1.3)
    assert dual(name, 0.0, 1.3, 0.5) == pytest.approx(at_zero * mean, abs=1e-13)


def test_jumping_callable_is_refused():
    with pytest.raises((ValueError, ConvergenceError), match="jump"):
        dual(lambda x: np.floor(x), 1.0, 1.0, 0.5)
