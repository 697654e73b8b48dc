"""Activations that a person writes: as good as the named ones, whatever their scale, kinks and bends."""

import math

import mpmath
import numpy as np
import pytest
from scipy.special import erf

import rmt
from rmt.networks import MLP, activation, critical_sigma_w, squared_slope_law

PAIRS = {
    "tanh": [np.tanh, math.tanh, lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1)],
    "erf": [erf, math.erf],
    "sin": [np.sin, math.sin],
    "relu": [lambda x: np.maximum(x, 0.0), lambda x: max(x, 0.0), lambda x: x if x > 0 else 0.0],
    "leaky_relu": [lambda x: np.where(x > 0, x, 0.01 * x)],
    "linear": [lambda x: x],
    "hard_tanh": [lambda x: np.clip(x, -1, 1), lambda x: min(1.0, max(-1.0, x))],
    "silu": [lambda x: x / (1 + np.exp(-x)), lambda x: x * 0.5 * (1 + math.tanh(x / 2))],
    "elu": [lambda x: x if x > 0 else math.expm1(x)],
    "softplus": [lambda x: np.logaddexp(0.0, x)],
    "sigmoid": [lambda x: 1 / (1 + np.exp(-x))],
    "gelu": [lambda x: 0.5 * x * (1 + math.erf(x / math.sqrt(2)))],
    "arctan": [np.arctan, math.atan],
}
CASES = [(name, i) for name, written in PAIRS.items() for i in range(len(written))]


def close(value, exact, relative=1e-9):
    return value == pytest.approx(exact, rel=relative, abs=1e-300)


# ---------------------------------------------------------------- as good as the named ones
@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize(("name", "which"), CASES)
def test_a_callable_equals_the_named_activation(name, which):
    mine, named = activation(PAIRS[name][which]), activation(name)
    for q in (1e-3, 20.0):
        assert close(mine.second_moment(q), named.second_moment(q), 1e-11)
        for k in (1, 2, 4):
            assert close(mine.slope_moment(k, q), named.slope_moment(k, q), 1e-10)
        assert close(mine.radial_moment(q), named.radial_moment(q), 1e-8) or abs(named.radial_moment(q)) < 1e-12
    assert mine.slopes == named.slopes


def test_covariances_of_callables_equal_the_named_ones():
    for mine, named in ((np.tanh, "tanh"), (lambda x: x if x > 0 else math.expm1(x), "elu")):
        found, exact = (activation(phi).covariance(1.0, 1.0, 0.4) for phi in (mine, named))
        assert close(found, exact, 1e-10)


@pytest.mark.slow
def test_reports_and_edges_of_callables_equal_the_named_ones():
    assert close(critical_sigma_w(np.tanh), critical_sigma_w("tanh"))
    assert close(critical_sigma_w(np.arctan, sigma_b=0.2), critical_sigma_w("arctan", sigma_b=0.2))
    ours, theirs = (MLP(3, phi, 1.2, 0.1, "orthogonal").isometry() for phi in (np.tanh, "tanh"))
    for name in ("m1", "relvar", "s_max", "fraction"):
        assert close(getattr(ours, name), getattr(theirs, name))
    for level, value in theirs.quantiles.items():
        assert close(ours.quantiles[level], value, 1e-8)


def test_functions_of_tensors_are_differentiated_by_torch():
    torch = pytest.importorskip("torch")
    for written, name in (
        (torch.tanh, "tanh"),
        (lambda x: x * torch.sigmoid(x), "silu"),
        (torch.nn.ELU(), "elu"),
        (torch.nn.functional.relu, "relu"),
    ):
        mine, named = activation(written), activation(name)
        for q in (0.1, 3.0):
            assert close(mine.slope_moment(2, q), named.slope_moment(2, q), 1e-12)
            assert close(mine.second_moment(q), named.second_moment(q), 1e-12)
    module = torch.nn.PReLU()
    assert activation(module).slopes == (0.25, 1.0)
    assert module.weight.dtype == torch.float32


# ---------------------------------------------------------------- scales
@pytest.mark.parametrize("steep", [1.0, 20.0, 50.0, 1e3, 1e6])
def test_steep_functions_known_by_their_values_alone(steep):
    """erf(s x): E φ'^{2k} = (2 s/√π)^{2k}/√(1 + 4 k s² q), with math.erf, which takes no complex numbers."""
    mine = activation(lambda x: math.erf(steep * x))
    for k in (1, 2):
        exact = (4 * steep**2 / math.pi) ** k / math.sqrt(1 + 4 * k * steep**2)
        assert close(mine.slope_moment(k, 1.0), exact, 1e-10)


def test_steep_tanh_against_thirty_digits():
    with mpmath.workdps(30):
        cuts = [-9, -1, -0.2, -0.05, 0, 0.05, 0.2, 1, 9]
        exact = mpmath.quad(lambda x: (50 * mpmath.sech(50 * x) ** 2) ** 4 * mpmath.npdf(x), cuts)
    value = activation(lambda x: math.tanh(50 * x)).slope_moment(2, 1.0)
    assert close(value, float(exact), 1e-11)
    # negative control: a fixed step of 0.02 was 16 % off
    assert not close(0.84 * value, float(exact), 1e-3)


@pytest.mark.parametrize("height", [1e-6, 1e6])
def test_high_and_low_functions(height):
    for written, named in ((lambda x: height * np.tanh(x), "tanh"), (lambda x: height * max(x, 0.0), "relu")):
        mine, plain = activation(written), activation(named)
        assert close(mine.slope_moment(1, 1.0), height**2 * plain.slope_moment(1, 1.0), 1e-11)
        assert close(critical_sigma_w(mine) * height, critical_sigma_w(plain), 1e-11)


# ---------------------------------------------------------------- kinks and bends
def test_kinks_however_close():
    hat = activation(lambda x: x + np.maximum(0.0, 1 / 128 - np.abs(x - 1.0)))
    assert hat.kinks == pytest.approx((1 - 1 / 128, 1.0, 1 + 1 / 128), abs=1e-12)
    assert hat.slopes == pytest.approx((1.0, 2.0, 0.0, 1.0), abs=1e-12)

    def mass(a, b):
        return 0.5 * (math.erf(b / math.sqrt(2)) - math.erf(a / math.sqrt(2)))

    exact = 1.0 + 3.0 * mass(1 - 1 / 128, 1.0) - mass(1.0, 1 + 1 / 128)
    assert close(hat.slope_moment(1, 1.0), exact, 1e-12)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        (lambda x: x * np.abs(x), lambda q: 4 * q),
        (lambda x: x**3, lambda q: 27 * q**2),
        (lambda x: np.maximum(x, 0.0) ** 2 / 2, lambda q: q / 2),
        (np.exp, lambda q: math.exp(2 * q)),
        (np.sinh, lambda q: (math.exp(2 * q) + 1) / 2),
        (lambda x: np.sin(100 * x), lambda q: 1e4 * (1 + math.exp(-2e4 * q)) / 2),
        (lambda x: x + np.sin(x), lambda q: 1.5 + 2 * math.exp(-q / 2) + 0.5 * math.exp(-2 * q)),
        (np.cos, lambda q: (1 - math.exp(-2 * q)) / 2),
    ],
)
def test_growth_bends_and_oscillation_in_closed_form(written, moment):
    mine = activation(written)
    assert mine.kinks == ()
    for q in (1e-4, 1.0, 4.0):
        assert close(mine.slope_moment(1, q), moment(q), 1e-11)


# ---------------------------------------------------------------- laws of squared slopes
@pytest.mark.parametrize("q", [1e-6, 0.01, 1.0])
def test_a_density_next_to_zero_is_no_atom(q):
    """Squares of slopes x, 2|x|, 3x²: laws of √t by the normal distribution."""
    for written, inverse in (
        (lambda x: x * np.abs(x), lambda t: np.sqrt(t) / 2),
        (lambda x: x**3, lambda t: np.sqrt(np.sqrt(t) / 3)),
    ):
        law = squared_slope_law(written, q)
        assert law.atoms == ()
        t = float(np.asarray(law.mean())) * np.array([1e-6, 0.1, 1.0, 5.0])
        exact = erf(inverse(t) / math.sqrt(2 * q))
        assert np.allclose(law.cdf(t), exact, atol=1e-10)
    half = squared_slope_law(lambda x: np.maximum(x, 0.0) ** 2 / 2, q)
    ((place, mass),) = half.atoms
    assert (place, mass) == (0.0, pytest.approx(0.5, abs=1e-12))
    t = q * np.array([1e-4, 1.0, 4.0])
    assert np.allclose(half.cdf(t), 0.5 + 0.5 * erf(np.sqrt(t / (2 * q))), atol=1e-11)
    # negative control: the law at twice the length
    assert not np.allclose(half.cdf(t), 0.5 + 0.5 * erf(np.sqrt(t / (4 * q))), atol=1e-3)


def test_double_zeros_of_the_slope():
    """x + sin x: φ' = 1 + cos x touches 0 at π; its law by sampling."""
    law = squared_slope_law(lambda x: x + np.sin(x), 4.0)
    assert law.atoms == ()
    assert sum(i.mass for i in law.support) == pytest.approx(1.0, abs=1e-12)
    x = 2.0 * np.random.default_rng(0).standard_normal(200000)
    levels = np.array([1e-6, 1e-3, 0.1, 1.0, 3.0])
    found = ((1 + np.cos(x))[:, None] ** 2 <= levels).mean(axis=0)
    assert np.allclose(law.cdf(levels), found, atol=5.5 * 0.5 / math.sqrt(200000))


def test_identity_absolute_value_and_constants_have_their_laws():
    assert squared_slope_law(lambda x: x, 1.0) == squared_slope_law("linear", 1.0)
    assert squared_slope_law(np.abs, 2.0).atoms == ((1.0, 1.0),)
    assert squared_slope_law(lambda x: 0.0 * x + 3.0, 2.0).atoms == ((0.0, 1.0),)
    for phi in (lambda x: x, lambda x: 1e-6 * x, np.abs):
        report = MLP(4, phi, 1.0, 0.0, "orthogonal", input_q=1.0).isometry()
        assert report.relvar == pytest.approx(0.0, abs=1e-14)


# ---------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("written", "message"),
    [
        (np.sign, "jumps by 2 near x = 0"),
        (lambda x: np.where(x > 0.7, 1.0 + x, x), "jumps by 1 near x = 0.7"),
        (np.log, "not finite at x"),
        (lambda x: np.tanh(np.asarray(x, dtype=np.float32)).astype(float), "double precision"),
    ],
)
def test_what_has_no_derivative_is_refused(written, message):
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=message):
        activation(written)


def test_no_kink_is_invented():
    for written in (np.tanh, math.erf, lambda x: np.sin(10 * x), lambda x: np.logaddexp(0, 1e3 * x) / 1e3):
        assert activation(written).kinks == ()
    assert rmt.networks.activation(lambda x: x * np.clip(x + 3, 0, 6) / 6).kinks == pytest.approx((-3.0, 3.0))


@pytest.mark.parametrize("width", [1.0, 0.01])
def test_functions_that_vanish_far_out_are_no_lines(width):
    """At 0 and at all places of a coarse grid they are 0: they were taken for the constant 0."""
    phi = activation(lambda x: x * np.exp(-((x / width) ** 2) / 2))
    assert phi.slopes is None
    spread = 1 / (1 + 2 / width**2)  # E φ'² = E (1 − h²)² exp(−h²), h = x/width
    expected = spread**0.5 * (1 - 2 * spread / width**2 + 3 * (spread / width**2) ** 2)
    assert phi.slope_moment(1, 1.0) == pytest.approx(expected, rel=1e-9)
    assert not phi.homogeneous
    assert rmt.MLP(2, phi, 1.0).isometry().m1 > 0.0
