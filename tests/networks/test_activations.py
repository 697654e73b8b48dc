import math
import pickle

import mpmath as mp
import numpy as np
import pytest

from rmt.networks.activations.lookup import activation
from rmt.networks.activations.named_activations import names

LENGTHS = (1e-12, 1e-4, 0.25, 1.0, 30.0, 1e6)
NAMES = tuple(n for n in names() if n not in ("identity", "hardtanh", "swish", "atan", "logistic"))


def relative(value, exact):
    return abs(value - exact) / max(abs(exact), 1e-300)


# ---------------------------------------------------------------- closed forms
@pytest.mark.parametrize("q", LENGTHS)
def test_erf_moments_are_the_arcsine_and_square_root_formulas(q):
    phi = activation("erf")
    assert relative(phi.second_moment(q), 2 / math.pi * math.asin(2 * q / (1 + 2 * q))) < 1e-12
    for k in (1, 2, 3):
        assert relative(phi.slope_moment(k, q), (4 / math.pi) ** k / math.sqrt(1 + 4 * k * q)) < 1e-12
    with mp.workdps(60):
        spread = float((1 + 4 * mp.mpf(q)) / mp.sqrt(1 + 8 * mp.mpf(q)) - 1)
    assert relative(phi.slope_spread(q), spread) < 1e-12
    # d/dq of the arcsine
    assert relative(phi.radial_moment(q), 4 / math.pi / (1 + 2 * q) / math.sqrt(1 + 4 * q)) < 1e-12


@pytest.mark.parametrize("q", LENGTHS)
def test_scaled_erf_of_pennington(q):
    phi = activation("erf", scale=math.sqrt(math.pi) / 2)
    assert relative(phi.second_moment(q), 2 / math.pi * math.asin(math.pi * q / (2 + math.pi * q))) < 1e-12
    assert relative(phi.slope_moment(2, q), 1 / math.sqrt(1 + 2 * math.pi * q)) < 1e-12


@pytest.mark.parametrize("q", LENGTHS)
def test_piecewise_linear_moments(q):
    p = math.erf(1 / math.sqrt(2 * q))
    with mp.workdps(40):
        x = mp.mpf(q)
        exact_p = mp.erf(1 / mp.sqrt(2 * x))
        second = x * (exact_p - mp.sqrt(2 / (mp.pi * x)) * mp.exp(-1 / (2 * x))) + 1 - exact_p
    hard = activation("hard_tanh")
    assert relative(hard.slope_moment(1, q), p) < 1e-12
    assert relative(hard.slope_moment(5, q), p) < 1e-12
    assert relative(hard.second_moment(q), float(second)) < 1e-12
    assert relative(activation("relu").second_moment(q), q / 2) < 1e-12
    leaky = activation("leaky_relu", slope=0.3)
    assert relative(leaky.second_moment(q), q * 1.09 / 2) < 1e-12
    assert relative(leaky.slope_moment(2, q), (1 + 0.3**4) / 2) < 1e-12
    assert relative(leaky.slope_spread(q), (0.91 / 1.09) ** 2) < 1e-12
    shifted = activation("shifted_relu")
    assert relative(shifted.slope_moment(1, q), 0.5 * math.erfc(-0.5 / math.sqrt(2 * q))) < 1e-12
    assert relative(activation("linear").second_moment(q), q) < 1e-12


@pytest.mark.parametrize("q", LENGTHS)
def test_sine_moments_are_exponentials(q):
    phi = activation("sin")
    assert relative(phi.second_moment(q), -math.expm1(-2 * q) / 2) < 1e-14
    assert relative(phi.slope_moment(2, q), 3 / 8 + math.exp(-2 * q) / 2 + math.exp(-8 * q) / 8) < 1e-14
    assert relative(phi.covariance(q, q, 1.0), phi.second_moment(q)) < 1e-13
    assert relative(phi.slope_covariance(q, q, 1.0), phi.slope_moment(1, q)) < 1e-13


# ---------------------------------------------------------------- 30-digit quadrature as the independent route
def _logistic(x):
    return 1 / (1 + mp.exp(-x))


def _normal_cdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


REFERENCE = {
    "tanh": (mp.tanh, lambda x: mp.sech(x) ** 2),
    "sigmoid": (_logistic, lambda x: _logistic(x) * _logistic(-x)),
    "gelu": (
        lambda x: x * _normal_cdf(x),
        lambda x: _normal_cdf(x) + x * mp.npdf(x),
    ),
    "silu": (
        lambda x: x * _logistic(x),
        lambda x: _logistic(x) * (1 + x * _logistic(-x)),
    ),
    "elu": (lambda x: x if x > 0 else mp.expm1(x), lambda x: mp.mpf(1) if x > 0 else mp.exp(x)),
}


def _expectation(function, q, reach=13):
    deviation = mp.sqrt(mp.mpf(q))
    cuts = {mp.mpf(i) for i in range(-reach, reach + 1)}
    cuts |= {s * mp.mpf(2) ** j / deviation for j in range(-1, 16) for s in (-1, 1)}
    cuts = sorted(c for c in cuts if abs(c) <= reach)
    return mp.quad(lambda z: function(deviation * z) * mp.npdf(z), cuts, maxdegree=4)


@pytest.mark.parametrize("name", REFERENCE)
@pytest.mark.parametrize("q", [1e-12, 1e6])
def test_extreme_lengths_against_mpmath(name, q):
    phi, (function, slope) = activation(name), REFERENCE[name]
    with mp.workdps(25):
        assert relative(phi.second_moment(q), float(_expectation(lambda x: function(x) ** 2, q))) < 1e-12
        assert relative(phi.slope_moment(1, q), float(_expectation(lambda x: slope(x) ** 2, q))) < 1e-12
        radial = float(_expectation(lambda x: function(x) * slope(x) * x, q) / mp.mpf(q))
        assert relative(phi.radial_moment(q), radial) < 1e-12


def test_published_moments_at_unit_length():
    # 40-digit quadrature
    gelu = activation("gelu")
    assert relative(gelu.second_moment(1.0), 0.42522148257029867) < 1e-13
    assert relative(gelu.slope_moment(1, 1.0), 0.45585086564928712) < 1e-13
    assert relative(gelu.slope_moment(2, 1.0), 0.43395583885633772) < 1e-13
    assert relative(gelu.slope_spread(1.0), 1.0883340442505013) < 1e-13
    tanh = activation("tanh")
    assert relative(tanh.second_moment(0.25), 0.17351614343237185) < 1e-13
    assert relative(tanh.slope_moment(1, 0.25), 0.71737986160310995) < 1e-13
    assert relative(tanh.slope_moment(2, 0.25), 0.58512672938981069) < 1e-13
    assert relative(tanh.slope_spread(0.25), 0.13697672896422468) < 1e-13


def test_small_length_spread_of_tanh_keeps_relative_accuracy():
    # series of mu_2/mu_1^2 - 1: 8 q^2 - 32 q^3 + O(q^4) is not enough at 1e-4; compare leading order
    phi = activation("tanh")
    for q in (1e-12, 1e-9, 1e-6):
        assert relative(phi.slope_spread(q), 8 * q * q) < 20 * q + 1e-12


def test_gauss_hermite_fails_where_the_panels_do_not():
    # negative control: the rule everybody uses
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    estimate = np.sum(weights * np.tanh(10.0 * nodes) ** 2) / math.sqrt(2 * math.pi)
    with mp.workdps(25):
        exact = float(_expectation(lambda x: mp.tanh(x) ** 2, 100.0))
    assert abs(estimate - exact) > 1e-9
    assert abs(activation("tanh").second_moment(100.0) - exact) < 1e-13


# ---------------------------------------------------------------- derivatives of the table
@pytest.mark.parametrize("name", NAMES)
def test_slope_curvature_and_log_slope_belong_to_the_function(name):
    phi = activation(name)
    x = np.linspace(-8.0, 8.0, 33) + 0.0123
    h = 1e-5
    assert np.max(np.abs((phi(x + h) - phi(x - h)) / (2 * h) - phi.derivative(x))) < 1e-9
    if phi.curvature is not None:
        difference = (phi.derivative(x + h) - phi.derivative(x - h)) / (2 * h)
        assert np.max(np.abs(difference - phi.curvature(x))) < 1e-9
    expected = np.abs(phi.derivative(x))
    assert np.allclose(np.exp(phi.log_abs_derivative(x)), expected, rtol=1e-13, atol=0)


def test_log_slope_does_not_underflow():
    assert activation("tanh").log_abs_derivative(1e4) == pytest.approx(math.log(4.0) - 2e4, rel=1e-15)
    assert activation("erf").log_abs_derivative(100.0) == pytest.approx(math.log(2 / math.sqrt(math.pi)) - 1e4)


def test_gelu_slope_keeps_its_relative_accuracy_far_to_the_left():
    with mp.workdps(60):
        for x in (-5.0, -12.0, -30.0):
            exact = _normal_cdf(mp.mpf(x)) + x * mp.npdf(x)
            assert relative(activation("gelu").derivative(x), float(exact)) < 1e-13


# ---------------------------------------------------------------- pairs
@pytest.mark.parametrize("q", [1e-6, 1.0, 50.0, 1e4])
@pytest.mark.parametrize("c", [-1.0, -0.3, 0.0, 0.5, 0.999999, 1.0])
def test_covariance_closed_forms(q, c):
    relu = (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi * q / 2
    assert abs(activation("relu").covariance(q, q, c) - relu) < 1e-13 * q
    assert abs(activation("relu").slope_covariance(q, q, c) - (0.5 - math.acos(c) / (2 * math.pi))) < 1e-13
    erf = 2 / math.pi * math.asin(2 * q * c / (1 + 2 * q))
    assert abs(activation("erf").covariance(q, q, c) - erf) < 1e-12 * min(1.0, q)
    slope = 4 / math.pi / math.sqrt((1 + 2 * q) ** 2 - 4 * q * q * c * c)
    assert abs(activation("erf").slope_covariance(q, q, c) - slope) < 1e-12 * slope


def test_covariance_of_unequal_lengths():
    q1, q2, c = 0.3, 7.0, 0.4
    exact = 2 / math.pi * math.asin(2 * c * math.sqrt(q1 * q2) / math.sqrt((1 + 2 * q1) * (1 + 2 * q2)))
    assert activation("erf").covariance(q1, q2, c) == pytest.approx(exact, abs=1e-14)
    hard = activation("hard_tanh")
    assert hard.covariance(2.0, 2.0, 1.0) == pytest.approx(hard.second_moment(2.0), rel=1e-13)
    assert hard.slope_covariance(2.0, 2.0, 1.0) == pytest.approx(hard.slope_moment(1, 2.0), rel=1e-13)


def test_price_theorem_links_the_two_covariances():
    # d/dc E phi(u1) phi(u2) = q E phi'(u1) phi'(u2)
    for name in ("hard_tanh", "gelu", "selu"):
        phi, h = activation(name), 1e-4
        slope = (phi.covariance(2.0, 2.0, 0.3 + h) - phi.covariance(2.0, 2.0, 0.3 - h)) / (2 * h)
        assert slope == pytest.approx(2.0 * phi.slope_covariance(2.0, 2.0, 0.3), rel=1e-6)


# ---------------------------------------------------------------- callables
def test_a_smooth_callable_matches_the_named_activation():
    mine, named = activation(np.tanh), activation("tanh")
    assert mine.kinks == ()
    for q in (1e-6, 0.5, 20.0):
        assert relative(mine.second_moment(q), named.second_moment(q)) < 1e-12
        assert relative(mine.slope_moment(1, q), named.slope_moment(1, q)) < 1e-10
        assert relative(mine.covariance(q, q, 0.5), named.covariance(q, q, 0.5)) < 1e-10


def test_kinks_of_a_callable_are_located():
    mine = activation(lambda x: np.clip(x, -1.0, math.pi))
    assert mine.kinks == pytest.approx((-1.0, math.pi), abs=1e-9)
    assert mine.slope_moment(1, 2.0) == pytest.approx(
        activation("clipped_relu", low=-1.0, high=math.pi).slope_moment(1, 2.0), abs=1e-8
    )
    assert activation(lambda x: np.where(x > 0, x, 0.1 * x)).kinks == pytest.approx((0.0,), abs=1e-10)


def test_given_kinks_and_derivative_are_used():
    mine = activation(lambda x: np.maximum(x, 0.0), derivative=lambda x: (np.asarray(x) > 0).astype(float), kinks=[0.0])
    assert mine.slope_moment(1, 3.0) == pytest.approx(0.5, abs=1e-14)


def test_the_slope_of_a_callable_by_complex_step_is_exact_and_by_differences_nearly():
    x = np.array([-12.0, -3.0, -0.4, 0.0, 0.7, 5.0])
    exact = np.cosh(x) ** -2.0
    assert np.allclose(activation(np.tanh).derivative(x), exact, rtol=1e-14, atol=0.0)
    sharp = activation(lambda x: np.tanh(30.0 * x))
    assert np.allclose(sharp.derivative(x / 30.0), 30.0 * exact, rtol=1e-13, atol=0.0)
    assert np.allclose(activation(math.tanh).derivative(x), exact, rtol=0.0, atol=1e-12)
    # abs is not analytic: its complex step would give 1/(1 + |x|); (0.02)^8 8! = 1e-9 is the error beside a kink
    soft = activation(lambda x: x / (1.0 + np.abs(x)), kinks=[0.0])
    assert np.allclose(soft.derivative(x), (1.0 + np.abs(x)) ** -2.0, rtol=0.0, atol=1e-9)
    # -800/inf is 0, but not in complex arithmetic
    with np.errstate(over="ignore"):
        assert activation(lambda x: x / (1.0 + np.exp(-x))).derivative(-800.0) == 0.0


def test_a_scalar_only_callable_is_vectorised():
    assert activation(math.tanh).second_moment(1.0) == pytest.approx(activation("tanh").second_moment(1.0), rel=1e-12)


# ---------------------------------------------------------------- identity and errors
def test_named_activations_are_values():
    phi = activation("leaky_relu", slope=0.2)
    assert phi == activation("leaky_relu", slope=0.2) != activation("leaky_relu")
    assert hash(phi) == hash(activation("leaky_relu", slope=0.2))
    assert pickle.loads(pickle.dumps(phi)) == phi
    assert eval(repr(phi)) == phi
    assert activation(phi) is phi
    assert activation("HardTanh".replace("T", "_t")) == activation("hard-tanh") == activation("hardtanh")


def test_unknown_name_lists_the_nearest():
    with pytest.raises(ValueError, match="unknown activation 'reluu'; nearest: relu"):
        activation("reluu")
    with pytest.raises(ValueError, match="nearest: tanh"):
        activation("tahn")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: activation(3.0), TypeError, "must be a name, a callable"),
        (lambda: activation("tanh", slope=0.1), TypeError, "tanh has no parameter 'slope'"),
        (lambda: activation("elu", alpha=-1.0), ValueError, "alpha must be"),
        (lambda: activation("clipped_relu", low=1.0, high=0.0), ValueError, "low < high"),
        (lambda: activation("tanh", derivative=np.cos), TypeError, "known by name"),
        (lambda: activation(np.sign), ValueError, "jumps"),
        (lambda: activation(np.sin, derivative=np.sin), ValueError, "the function's slope there is"),
        (lambda: activation(lambda x: np.where(np.abs(x) > 0.5, np.nan, x)), ValueError, "not finite at x"),
        (lambda: activation("tanh").second_moment(-1.0), ValueError, "q must be"),
        (lambda: activation("tanh").second_moment(math.nan), ValueError, "q must be"),
        (lambda: activation("relu").curvature_moment(1.0), ValueError, "has kinks"),
        (lambda: activation(lambda x: 0.0 * x).slope_spread(1.0), ValueError, "vanishes almost surely"),
    ],
)
def test_bad_input_says_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_hidden_kink_is_refused_not_averaged():
    with pytest.raises(ValueError, match=r"jumps at x = 0.3, which kinks=\[\] does not name; pass kinks="):
        activation(lambda x: np.maximum(x - 0.3, 0.0), kinks=[])


@pytest.mark.parametrize("distance", [0.3, 1e-3, 1e-8, 1e-12])
def test_slopes_of_relu_next_to_opposite_inputs(distance):
    """P(u > 0, v > 0) = asin(√((1 + c)/2))/π: all digits next to c = −1."""
    c = -1.0 + distance
    exact = math.asin(math.sqrt(0.5 * (1.0 + c))) / math.pi
    assert relative(activation("relu").slope_covariance(1.0, 2.0, c), exact) < 1e-12


def test_kinks_of_a_function_that_grows_beyond_floats():
    """No kink is found where exp(x²) overflows, and nothing is warned of."""
    assert activation(lambda x: np.exp(x * x)).kinks == ()
    assert activation(lambda x: np.exp(x * x) + np.abs(x - 1.0)).kinks == pytest.approx((1.0,), abs=1e-6)
