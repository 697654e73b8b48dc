"""Maps of lengths and correlations at every scale: fixed points, even activations, flat starts."""

import math

import mpmath
import numpy as np
import pytest

from rmt.errors import ConvergenceError
from rmt.networks import (
    MLP,
    activation,
    advise,
    correlation_map,
    critical_points,
    critical_sigma_w,
    fixed_points,
    half_stable_point,
    mean_field,
)
from rmt.networks.propagation.length_search import all_roots, next_root, values_on


# ---------------------------------------------------------------- the correlation of sin
@pytest.mark.parametrize(("sw", "sb"), [(2.0, 0.1), (1.2, 0.1), (1.5, 0.3), (1.048, 0.0), (3.0, 0.5)])
def test_the_stable_correlation_of_sin_is_where_its_map_comes_to_rest(sw, sb):
    field = mean_field("sin", sigma_w=sw, sigma_b=sb)
    c = 0.7
    for _ in range(20000):
        following = correlation_map("sin", c, q=field.q, sigma_w=sw, sigma_b=sb)
        if abs(following - c) < 1e-15:
            break
        c = following
    assert field.c == pytest.approx(c, abs=1e-11)
    assert 0.0 < field.chi_c < 1.0


def test_published_numbers_of_a_chaotic_sin_network():
    field = mean_field("sin", sigma_w=2.0, sigma_b=0.1)
    assert field.c == pytest.approx(0.011457, abs=5e-7)
    assert field.xi_c == pytest.approx(1.7104, abs=5e-5)


@pytest.mark.parametrize("gap", [1e-9, 0.3, 1.0, 1.9, 2.0])
@pytest.mark.parametrize("name", ["sin", "tanh", "erf", "softplus", "clipped_relu"])
def test_divergence_and_covariance_add_up_to_the_second_moment(name, gap):
    phi = activation(name)
    for q in (0.01, 1.0, 50.0):
        total = phi.divergence(q, gap) + phi.covariance(q, q, 1.0 - gap)
        assert total == pytest.approx(phi.second_moment(q), rel=1e-12)


def test_opposite_inputs_of_a_clipped_relu_share_nothing():
    """At correlation −1 one of the two is clipped at 0: E (φ(u) − φ(−u))²/2 = E φ², kinks and all."""
    phi = activation("clipped_relu")
    assert phi.divergence(50.0, 2.0) == pytest.approx(phi.second_moment(50.0), rel=1e-13)
    assert phi.divergence(50.0, 1.999) == pytest.approx(phi.second_moment(50.0), rel=1e-4)


# ---------------------------------------------------------------- scales
@pytest.mark.parametrize("sb", [1e-8, 1e-40, 1e-120])
def test_short_lengths_that_biases_leave(sb):
    exact = float(mpmath.mpf(sb) ** 2 / (1 - mpmath.mpf("0.9") ** 2))  # V(q) = 0.81 q + sigma_b² to leading order
    assert mean_field("tanh", sigma_w=0.9, sigma_b=sb).q == pytest.approx(exact, rel=1e-13)
    (point,) = fixed_points("tanh", sigma_w=0.9, sigma_b=sb)
    assert point.stable
    assert point.chi_par == pytest.approx(0.81, rel=1e-13)


@pytest.mark.parametrize("sw", [1e4, 1e8, 1e20])
def test_long_lengths_of_bounded_activations(sw):
    zero, point = fixed_points("tanh", sigma_w=sw)
    assert (zero.stable, point.stable) == (False, True)
    # E tanh² = 1 − sqrt(2/(π q)) + O(q^{-3/2})
    assert point.q == pytest.approx(sw**2 * (1 - math.sqrt(2 / math.pi) / sw), rel=max(2 / sw**2, 1e-13))
    assert mean_field("tanh", sigma_w=sw).q == pytest.approx(point.q, rel=1e-13)


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e3, 1e6])
def test_maps_of_a_stretched_activation_are_stretched(scale):
    """erf(s x): with y = s x the lengths are multiplied by s², the biases by s."""
    plain = mean_field("erf", sigma_w=1.5, sigma_b=0.2)
    stretched = mean_field(activation("erf", scale=scale), sigma_w=1.5 / scale, sigma_b=0.2 / scale)
    for name in ("chi_perp", "chi_par", "c", "xi_c", "spread"):
        assert getattr(stretched, name) == pytest.approx(getattr(plain, name), rel=1e-10)
    assert stretched.q * scale**2 == pytest.approx(plain.q, rel=1e-12)
    edge = critical_sigma_w("erf", sigma_b=0.3)
    assert critical_sigma_w(activation("erf", scale=scale), sigma_b=0.3 / scale) * scale == pytest.approx(
        edge, rel=1e-11
    )
    assert advise(activation("erf", scale=scale), 32).relvar == pytest.approx(advise("erf", 32).relvar, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "parameter", "value", "q"), [("erf", "scale", 1e4, 1e-6), ("erf", "scale", 100.0, 9e-4)]
)
def test_spread_of_steep_slopes_in_closed_form(name, parameter, value, q):
    t = value**2 * q
    exact = (1.0 + 4.0 * t) / math.sqrt(1.0 + 8.0 * t) - 1.0
    assert activation("erf", scale=value).slope_spread(q) == pytest.approx(exact, rel=1e-12)


def test_spread_of_a_steep_softplus():
    with mpmath.workdps(30):
        beta, q = mpmath.mpf(1000), mpmath.mpf("9e-4")

        def moment(k):
            width = mpmath.sqrt(q)
            cuts = [-12 * width, -3 / beta, 0, 3 / beta, 12 * width]
            return mpmath.quad(lambda x: (1 / (1 + mpmath.exp(-beta * x))) ** k * mpmath.npdf(x, 0, width), cuts)

        exact = moment(4) / moment(2) ** 2 - 1
    assert activation("softplus", beta=1e3).slope_spread(9e-4) == pytest.approx(float(exact), rel=1e-10)


def test_the_edge_of_chaos_of_large_biases():
    for sb in (1e3, 1e5):
        (point,) = critical_points("tanh", sigma_b=sb)
        assert mean_field("tanh", sigma_w=point.sigma_w, sigma_b=sb).q == pytest.approx(point.q, rel=1e-9)
    assert critical_sigma_w(activation("elu", alpha=1e-3), sigma_b=0.2) == pytest.approx(math.sqrt(2.0), rel=1e-6)


# ---------------------------------------------------------------- kinds of fixed points
def test_a_stable_length_next_to_the_critical_point_is_classed_by_its_slope():
    zero, point = fixed_points("tanh", sigma_w=1 + 1e-12)
    assert (zero.stable, point.stable) == (False, True)
    assert point.q == pytest.approx(1e-12, rel=1e-2)
    (only,) = fixed_points("tanh", sigma_w=1.0)
    assert only.stable
    assert only.marginal


def test_the_double_point_of_gelu_is_found_beside_a_crossing_and_stops_lengths_from_above():
    edge = half_stable_point("gelu")
    below, double = fixed_points("gelu", sigma_w=edge.sigma_w, sigma_b=edge.sigma_b)
    assert below.stable
    assert (double.stable, double.half_stable, double.marginal) == (False, True, True)
    assert double.q == pytest.approx(edge.q, rel=1e-5)
    above = mean_field("gelu", sigma_w=edge.sigma_w, sigma_b=edge.sigma_b, input_q=5.0)
    assert above.q == pytest.approx(edge.q, rel=1e-5)


@pytest.mark.parametrize(("sw", "sb"), [(1.2, 0.1), (0.5, 0.0), (3.0, 0.3), (10.0, 0.0)])
def test_lengths_of_even_activations_swing_and_come_to_rest(sw, sb):
    """cos: V(q) = sigma_w² (1 + e^{-2q})/2 + sigma_b², with chi_par = −sigma_w² e^{-2q} >= −1/2."""
    field = mean_field(np.cos, sigma_w=sw, sigma_b=sb)
    q = 1.0
    for _ in range(400):
        q = sw**2 * (1 + math.exp(-2 * q)) / 2 + sb**2
    assert field.q == pytest.approx(q, rel=1e-12)
    assert field.chi_par == pytest.approx(-(sw**2) * math.exp(-2 * q), rel=1e-9, abs=1e-15)
    (point,) = field.fixed_points
    assert point.stable
    assert -0.5 <= point.chi_par < 1e-15
    if field.chi_par < -1e-12:
        assert point.oscillating
        assert field.xi_q == pytest.approx(-1.0 / math.log(-field.chi_par), rel=1e-12)


def test_lengths_fall_no_faster_than_the_density_of_a_gaussian():
    """d log E φ²/d log q >= −1/2, nearly reached by a narrow bump."""
    for phi in (lambda x: np.exp(-(x**2)), lambda x: np.exp(-50 * x**2), lambda x: 1 / np.cosh(x), np.cos):
        made = activation(phi)
        for q in (0.01, 1.0, 10.0):
            slope = q * made.radial_moment(q) / made.second_moment(q)
            assert -0.5 <= slope < 0.0


# ---------------------------------------------------------------- flat at 0, and no weights
@pytest.mark.parametrize(
    "phi",
    [
        activation("clipped_relu", low=0.2, high=1.2),
        activation("shifted_relu", shift=-0.5),
        lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0.0),
    ],
    ids=["clipped", "shifted", "soft shrink"],
)
def test_activations_that_are_flat_at_zero_have_advice(phi):
    found = advise(phi, 4, sigma_w=1.0, sigma_b=0.1)
    assert found.reasons
    if found.applicable:
        net = MLP(4, phi, found.sigma_w, found.sigma_b, found.weights, input_q=found.input_q)
        assert net.relative_variance == pytest.approx(found.relvar, rel=1e-6)
        assert net.log_mean == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "softplus"])
def test_without_weights_the_length_is_that_of_the_biases(name):
    for sb in (0.0, 0.3):
        field = mean_field(name, sigma_w=0.0, sigma_b=sb)
        assert field.q == pytest.approx(sb**2, abs=0)
        assert field.chi_perp == 0.0
        assert field.xi_grad == 0.0
    assert MLP(3, name, 0.0, 0.1).isometry().m1 == 0.0


# ---------------------------------------------------------------- the search itself
def test_a_length_that_fails_ends_no_search():
    def function(q):
        if 3.0 < q < 5.0:
            raise ConvergenceError("not here", residual=1.0)
        return math.log(q / 100.0)

    grid = np.geomspace(1e-3, 1e3, 31)
    (root,) = all_roots(function, grid)
    assert root == pytest.approx(100.0, rel=1e-12)
    assert next_root(function, 1.0, grid[grid > 1.0]) == pytest.approx(100.0, rel=1e-12)
    assert next_root(function, 200.0, grid[grid > 200.0]) is None


def test_lengths_behind_several_failures_are_not_tried():
    tried = []

    def function(q):
        tried.append(q)
        if q > 10.0:
            raise ValueError("too long")
        return 1.0

    values = values_on(function, np.geomspace(1e-3, 1e9, 49))
    assert np.isnan(values[-1])
    assert max(tried) < 1e6
