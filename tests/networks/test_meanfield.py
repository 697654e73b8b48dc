"""Signal propagation against published fixed points (20-digit quadrature), closed forms and simulated networks."""

import math

import numpy as np
import pytest

from rmt.errors import ConvergenceError
from rmt.networks import (
    Phase,
    activation,
    correlation_map,
    critical_points,
    critical_sigma_w,
    edge_of_chaos,
    fixed_points,
    half_stable_point,
    initialiser,
    length_map,
    lengths,
    mean_field,
    torch_gain,
)
from rmt.networks.propagation.initialisers import compare_initialisers

# tanh without bias: sigma_w², q*, chi_1 (mpmath, 20 digits)
TANH = [
    (1.05, 0.0254974400915, 1.00075271078),
    (1.1, 0.0519079321182, 1.00274886682),
    (1.25, 0.135688731449, 1.01364996047),
    (1.5, 0.28689422938, 1.04056756503),
    (2.0, 0.617964769769, 1.10552882044),
    (2.25, 0.793354042607, 1.13932322499),
    (3.0, 1.34539322513, 1.23879714957),
    (4.0, 2.1214735682, 1.36267333752),
    (6.25, 3.96096123266, 1.60697497002),
    (9.0, 6.30539147878, 1.85985519081),
    (16.0, 12.5006010101, 2.37680158378),
]


def close(value, exact, digits=9):
    return value == pytest.approx(exact, rel=10.0**-digits, abs=0)


# ---------------------------------------------------------------- lengths
@pytest.mark.parametrize(("variance", "q", "chi"), TANH)
def test_tanh_fixed_points(variance, q, chi):
    field = mean_field("tanh", sigma_w=math.sqrt(variance))
    assert close(field.q, q, 11)
    assert close(field.chi_perp, chi, 11)
    assert field.phase is Phase.CHAOTIC
    assert field.c == 0.0


@pytest.mark.parametrize(("variance", "slope"), [(1.5, 0.695491), (2, 0.552516), (2.25, 0.504678), (4, 0.330967)])
def test_slope_of_the_length_map(variance, slope):
    field = mean_field("tanh", sigma_w=math.sqrt(variance))
    assert field.chi_par == pytest.approx(slope, abs=5e-7)
    h = 1e-5 * field.q
    difference = (field.length_map(field.q + h) - field.length_map(field.q - h)) / (2 * h)
    assert field.chi_par == pytest.approx(difference, rel=1e-8)


def test_length_map_is_concave_at_the_origin_with_half_the_printed_curvature():
    # V''(0) = 2 sigma_w² phi'''(0) = -4 for tanh
    h = 1e-3
    second = (length_map("tanh", 2 * h, sigma_w=1) - 2 * length_map("tanh", h, sigma_w=1)) / h**2
    assert second == pytest.approx(-4.0, rel=0.02)


def test_pytorch_gain_for_tanh_explains_the_forum_printout():
    field = mean_field("tanh", sigma_w=torch_gain("tanh"))
    assert close(field.q, 1.1784804903859072, 13)
    assert close(field.chi_perp, 1.2098313203828295, 13)
    assert close(field.chi_par, 0.4308993863647457, 13)
    assert close(field.spread, 0.6740022200963125, 13)
    assert close(0.6 * math.sqrt(field.q), 0.651347047693414, 13)


def test_selu_is_chaotic_at_its_designed_fixed_point():
    field = mean_field("selu", sigma_w=1.0)
    assert close(field.q, 1.0, 13)
    # lambda² (1/2 + alpha² e² Phi(-2))
    scale, alpha = 1.0507009873554804934, 1.6732632423543772848
    chi = scale**2 * (0.5 + alpha**2 * math.e**2 * math.erfc(math.sqrt(2)) / 2)
    assert close(field.chi_perp, chi, 14)
    assert close(field.chi_par, 0.7826478831969106, 12)
    assert close(field.spread, 0.31619653964639927, 12)


def test_all_fixed_points_with_stability():
    zero, positive = fixed_points("tanh", sigma_w=2.0)
    assert (zero.q, zero.stable, positive.stable) == (0.0, False, True)
    assert zero.chi_par == pytest.approx(4.0)
    stable, unstable = mean_field("gelu", sigma_w=1.5, input_q=0.1).fixed_points
    assert (stable.q, stable.stable, unstable.stable) == (0.0, True, False)
    assert unstable.chi_par > 1.0
    assert length_map("gelu", unstable.q, sigma_w=1.5) == pytest.approx(unstable.q, rel=1e-13)


def test_where_several_lengths_are_possible_the_input_decides():
    assert mean_field("gelu", sigma_w=1.5, input_q=0.1).q == 0.0
    assert math.isinf(mean_field("gelu", sigma_w=1.5, input_q=10.0).q)
    assert mean_field("relu", sigma_w=math.sqrt(2.0), input_q=3.0).q == pytest.approx(6.0)


def test_homogeneous_activations_in_closed_form():
    field = mean_field("leaky_relu", sigma_w=1.0, sigma_b=0.5)
    gain = (1 + 0.01**2) / 2
    assert field.q == pytest.approx(0.25 / (1 - gain), rel=1e-13)
    assert field.chi_perp == pytest.approx(gain, rel=1e-13)
    diverging = mean_field("relu", sigma_w=2.0)
    assert math.isinf(diverging.q)
    assert diverging.chi_perp == diverging.chi_par == pytest.approx(2.0)


def test_depth_scales():
    field = mean_field("tanh", sigma_w=0.9, sigma_b=0.3)
    assert field.xi_c == pytest.approx(-1 / math.log(field.chi_perp))
    assert field.xi_q == pytest.approx(-1 / math.log(field.chi_par))
    assert field.xi_grad == field.xi_c
    critical = mean_field("hard_tanh", sigma_w=1 / math.sqrt(math.erf(1 / math.sqrt(2))), sigma_b=0.24408013173566**0.5)
    assert critical.phase is Phase.CRITICAL
    assert critical.xi_c > 1e9


def test_lengths_through_the_layers():
    q = lengths("tanh", 2000, sigma_w=1.0, input_q=1.0)
    assert q[0] == 1.0
    assert q[1] == pytest.approx(activation("tanh").second_moment(1.0))
    # q_l ~ 1/(2 l): the next order is (3/8) log l relative to l
    assert 2 * 2000 * q[-1] == pytest.approx(1.0, abs=0.01)
    assert lengths("erf", 60, sigma_w=1.5, sigma_b=0.2, input_q=9.0)[-1] == pytest.approx(
        mean_field("erf", sigma_w=1.5, sigma_b=0.2).q, rel=1e-9
    )


# ---------------------------------------------------------------- correlations
@pytest.mark.parametrize(("variance", "value"), [(1.5, 0.4927888411), (2.25, 0.4776918085), (4.0, 0.4521171241)])
def test_tanh_correlation_map(variance, value):
    field = mean_field("tanh", sigma_w=math.sqrt(variance))
    assert field.correlation_map(0.5) == pytest.approx(value, abs=6e-11)
    h = 1e-5
    assert (1.0 - field.correlation_map(1.0 - h)) / h == pytest.approx(field.chi_perp, rel=1e-3)


@pytest.mark.parametrize(("c", "value"), [(0.0, 0.318309886183791), (0.5, 0.608997781044229), (0.9, 0.909538398844672)])
def test_relu_correlation_map(c, value):
    assert close(correlation_map("relu", c, q=3.0, sigma_w=math.sqrt(2)), value, 13)


def test_stable_correlation_in_the_chaotic_phase():
    # erf in closed form: c solves sigma_w² (2/pi) asin(2qc/(1+2q)) + sigma_b² = q c
    field = mean_field("erf", sigma_w=2.0, sigma_b=0.5)

    def next_c(c):
        return (4.0 * 2 / math.pi * math.asin(2 * field.q * c / (1 + 2 * field.q)) + 0.25) / field.q

    assert 0.0 < field.c < 1.0
    assert next_c(field.c) == pytest.approx(field.c, abs=1e-13)
    slope = 4.0 * (4 / math.pi) / math.sqrt((1 + 2 * field.q) ** 2 - 4 * field.q**2 * field.c**2)
    assert field.chi_c == pytest.approx(slope, rel=1e-11)
    assert field.chi_c < 1.0 < field.chi_perp


def test_stable_correlation_keeps_its_gap_close_to_the_edge():
    edge = critical_sigma_w("tanh", sigma_b=0.3)
    field = mean_field("tanh", sigma_w=edge * (1 + 1e-7), sigma_b=0.3)
    phi, gap = field.activation, 1.0 - field.c
    assert 0.0 < gap < 1e-5
    # 1 - c = 2 (chi - 1)/C''(1), with C''(1) = sigma_w² q E phi''²
    curvature = field.sigma_w**2 * field.q * phi.curvature_moment(field.q)
    assert gap == pytest.approx(2 * (field.chi_perp - 1) / curvature, rel=1e-5)


# ---------------------------------------------------------------- edge of chaos
@pytest.mark.parametrize(
    ("bias_variance", "q", "weight_variance"),
    [
        (0.0025, 0.153691935821217, 1.26009381722907),
        (0.05, 0.570047881640764, 1.76095463960674),
        (0.2, 1.16449628745798, 2.28515247372019),
        (1.0, 3.0363963946237, 3.44321091226544),
    ],
)
def test_tanh_edge_of_chaos(bias_variance, q, weight_variance):
    (point,) = critical_points("tanh", sigma_b=math.sqrt(bias_variance))
    assert close(point.q, q, 12)
    assert close(point.sigma_w**2, weight_variance, 13)
    assert close(critical_sigma_w("tanh", sigma_b=math.sqrt(bias_variance)) ** 2, weight_variance, 13)
    field = mean_field("tanh", sigma_w=point.sigma_w, sigma_b=point.sigma_b)
    assert close(field.q, q, 11)
    assert close(field.chi_perp, 1.0, 12)


@pytest.mark.parametrize("name", ["linear", "relu", "leaky_relu"])
def test_every_length_is_critical_for_homogeneous_activations(name):
    """Also where E φ² and q E φ'² differ by a rounding error."""
    curve = edge_of_chaos(name, q=np.geomspace(1e-3, 1e3, 50))
    assert curve.q.size == 50
    assert (curve.sigma_b == 0.0).all()
    assert edge_of_chaos(name, q=1.0).sigma_w == pytest.approx(critical_sigma_w(name), rel=1e-14)


def test_hard_tanh_edge_of_chaos():
    quarter, one = edge_of_chaos("hard_tanh", q=0.25), edge_of_chaos("hard_tanh", q=1.0)
    assert close(quarter.sigma_w**2, 1.04766922627144, 13)
    assert close(quarter.sigma_b**2, 0.00889544784107483, 12)
    assert close(one.sigma_w**2, 1.46479477349154, 13)
    assert close(one.sigma_b**2, 0.244080131735663, 13)


def test_erf_edge_of_chaos_in_closed_form():
    curve = edge_of_chaos("erf", q=np.geomspace(1e-6, 100.0, 9))
    assert np.allclose(curve.sigma_w**2, math.pi / 4 * np.sqrt(1 + 4 * curve.q), rtol=1e-12)
    assert curve.stable.all()


def test_bias_on_the_edge_keeps_relative_accuracy_at_small_lengths():
    # tanh: sigma_b² = (4/3) q³ - 8 q⁴ + ...
    for q in (1e-8, 1e-6, 1e-4):
        assert edge_of_chaos("tanh", q=q).sigma_b ** 2 == pytest.approx(4 / 3 * q**3, rel=7 * q + 1e-15 / q)


def test_critical_points_without_bias():
    assert critical_sigma_w("tanh") == pytest.approx(1.0, rel=1e-14)
    assert critical_sigma_w("erf") == pytest.approx(math.sqrt(math.pi) / 2, rel=1e-14)
    assert critical_sigma_w("relu") == pytest.approx(math.sqrt(2), rel=1e-14)
    assert critical_sigma_w("leaky_relu") == pytest.approx(math.sqrt(2 / 1.0001), rel=1e-14)
    assert critical_sigma_w("linear") == pytest.approx(1.0, rel=1e-14)


def test_half_stable_points():
    gelu = half_stable_point("gelu")
    assert close(gelu.q, (3 + math.sqrt(17)) / 2, 12)
    assert gelu.sigma_w**2 == pytest.approx(1.983058, abs=5e-7)
    assert gelu.sigma_b**2 == pytest.approx(0.172922, abs=5e-7)
    silu = half_stable_point("silu")
    assert close(silu.q, 14.320173618025799, 11)
    assert close(silu.sigma_w**2, 1.988004678269492, 12)
    assert close(silu.sigma_b**2, 0.5551431707215304, 12)
    mish = half_stable_point("mish")
    assert mish.q == pytest.approx(1.67017, abs=5e-6)
    assert mish.sigma_b**2 == pytest.approx(0.0945218, abs=5e-8)
    assert half_stable_point("tanh") is None
    assert half_stable_point("relu") is None
    assert half_stable_point("hard_tanh") is None


def test_above_the_half_stable_point_the_edge_is_usable():
    point = next(p for p in critical_points("gelu", sigma_b=0.5) if p.stable)
    field = mean_field("gelu", sigma_w=point.sigma_w, sigma_b=0.5, input_q=point.q / 2)
    assert close(field.q, point.q, 9)
    assert close(field.chi_perp, 1.0, 10)


# ---------------------------------------------------------------- a simulated network
def test_a_simulated_network_follows_the_maps():
    rng = np.random.default_rng(20240)
    width, depth, sigma_w, sigma_b = 2000, 6, 1.4, 0.3
    phi = activation("gelu")
    x = rng.standard_normal((width, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    h = sigma_w / math.sqrt(width) * rng.standard_normal((width, width)) @ x
    h += sigma_b * rng.standard_normal((width, 1))
    q = sigma_w**2 + sigma_b**2
    p = 0.6 * sigma_w**2 + sigma_b**2
    for _ in range(depth):
        # the measured pair is the starting point of each step: errors of one layer only
        q1, q2, q12 = np.mean(h[:, 0] ** 2), np.mean(h[:, 1] ** 2), np.mean(h[:, 0] * h[:, 1])
        expected = sigma_w**2 * phi.covariance(q1, q2, q12 / math.sqrt(q1 * q2)) + sigma_b**2
        wrong = sigma_w**2 * phi.covariance(q1, q2, 0.3) + sigma_b**2
        h = sigma_w / math.sqrt(width) * rng.standard_normal((width, width)) @ phi(h)
        h += sigma_b * rng.standard_normal((width, 1))
        found = np.mean(h[:, 0] * h[:, 1])
        error = 6 * math.sqrt(2 * max(q1, q2) ** 2 * 2 / width)
        assert abs(found - expected) < error
    assert abs(found - wrong) > error / 4
    assert q > p


# ---------------------------------------------------------------- initialisers
def test_initialisers_on_the_diagram():
    assert initialiser("glorot_uniform", fan_in=100).sigma_w == pytest.approx(1.0)
    assert initialiser("xavier_normal_", fan_in=100, fan_out=300, gain=2.0).sigma_w ** 2 == pytest.approx(2.0)
    assert initialiser("kaiming_normal_", fan_in=64).sigma_w ** 2 == pytest.approx(2.0)
    assert initialiser("lecun_normal", fan_in=64).sigma_w == pytest.approx(1.0)
    default = initialiser("torch_linear", fan_in=512)
    assert default.sigma_w**2 == pytest.approx(1 / 3)
    assert default.sigma_b**2 == pytest.approx(1 / 1536)
    assert initialiser("orthogonal", fan_in=10, fan_out=40, gain=1.5).weight_variance == pytest.approx(2.25 / 40)
    assert initialiser("he", fan_in=9).mean_field("relu").phase is Phase.CRITICAL
    assert torch_gain("leaky_relu", 0.2) == pytest.approx(math.sqrt(2 / 1.04))
    placed = dict(compare_initialisers("tanh"))
    assert placed["he_normal"].phase is Phase.CHAOTIC
    assert placed["torch_linear"].phase is Phase.ORDERED


# ---------------------------------------------------------------- errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_field("tanh", sigma_w=-1.0), "sigma_w must be"),
        (lambda: mean_field("tanh", sigma_w=1.0, sigma_b=-0.1), "sigma_b must be"),
        (lambda: mean_field("tanh", sigma_w=math.nan), "sigma_w must be"),
        (lambda: mean_field("tahn", sigma_w=1.0), "nearest: tanh"),
        (lambda: critical_sigma_w("gelu"), "unstable, lengths near 0 grow.*sigma_b >= 0.415839, the half-stable"),
        (lambda: critical_sigma_w("gelu", sigma_b=0.3), "unstable, chi_par = 1.0.*half-stable point"),
        (lambda: critical_sigma_w("relu", sigma_b=0.1), "adds sigma_b²"),
        (lambda: critical_sigma_w("softplus", sigma_b=0.1), "no edge of chaos"),
        (lambda: critical_sigma_w("tanh", sigma_b=-0.1), "sigma_b must be"),
        (lambda: edge_of_chaos("softplus", q=0.05), "makes the length grow even without biases"),
        (lambda: edge_of_chaos("tanh", q=-1.0), "q must be"),
        (lambda: correlation_map("tanh", 1.5, q=1.0, sigma_w=1.0), "c must be"),
        (lambda: lengths("relu", 4000, sigma_w=4.0, input_q=1.0), "exceeds 1e200"),
        (lambda: initialiser("glorott", fan_in=3), "nearest: glorot"),
        (lambda: initialiser("torch_linear", fan_in=3, gain=2.0), "no gain"),
        (lambda: torch_gain("gelu"), "tabulates no gain"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_correlation_too_close_to_the_edge_is_refused_or_resolved():
    edge = critical_sigma_w("tanh", sigma_b=0.3)
    try:
        field = mean_field("tanh", sigma_w=edge * (1 + 1e-11), sigma_b=0.3)
        assert 0.0 <= 1.0 - field.c < 1e-9
    except ConvergenceError as refusal:
        assert "too close to 1" in str(refusal)  # noqa: PT017
