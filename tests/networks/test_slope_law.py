"""The law of D² against changes of variables done by hand, brute-force quadrature and draws."""

import math
import pickle

import numpy as np
import pytest
from scipy import stats
from scipy.special import erfinv

import rmt
from rmt.laws import Atomic
from rmt.networks import activation
from rmt.networks.activations.gaussian_rules import gaussian_rule
from rmt.networks.activations.slope_law import SquaredSlope, squared_slope_law

SMOOTH = ("tanh", "erf", "sigmoid", "arctan", "gelu", "gelu_tanh", "silu", "mish", "elu", "softplus")
POINTS = np.array([0.3 + 0.5j, 2 + 1e-2j, -1 + 0j, 1e-3 + 1e-3j, 0.5 + 1e-2j, 3 + 0j, -1e-4 + 0j, 50.0 + 0j, 1e3j])


def quadrature(name, q, function):
    phi = activation(name)
    x, w = gaussian_rule(q, phi.features, refine=5)
    return np.array([np.sum(w * function(z, phi.slope(x) ** 2)) for z in POINTS])


# ---------------------------------------------------------------- piecewise linear
def test_piecewise_linear_slopes_give_atoms():
    assert squared_slope_law("relu", 3.0) == Atomic((0.0, 1.0), (0.5, 0.5))
    assert squared_slope_law("linear", 3.0) == Atomic((1.0,), (1.0,))
    (low, high) = squared_slope_law("hard_tanh", 1.0).atoms
    assert high == pytest.approx((1.0, math.erf(math.sqrt(0.5))), rel=1e-15)
    assert low[1] == pytest.approx(math.erfc(math.sqrt(0.5)), rel=1e-15)
    assert squared_slope_law("leaky_relu", 3.0).atoms == ((1e-4, 0.5), (1.0, 0.5))
    # a tail probability far below rounding survives
    assert squared_slope_law("hard_tanh", 0.01).atoms[0][1] == pytest.approx(math.erfc(10 / math.sqrt(2)), rel=1e-13)


def test_limit_of_zero_length():
    assert squared_slope_law("tanh", 0.0) == Atomic((1.0,), (1.0,))
    assert len(squared_slope_law("selu", 0.0).atoms) == 2


# ---------------------------------------------------------------- transforms
@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("q", [1e-3, 0.4, 8.0])
def test_stieltjes_and_potential_match_brute_force(name, q):
    law = squared_slope_law(name, q)
    transform = quadrature(name, q, lambda z, t: t / (z - t))
    found = POINTS * law.stieltjes(POINTS) - 1.0
    tolerance = 2e-10 if name.startswith("gelu") and q > 5 else 2e-13
    assert np.max(np.abs(found - transform)) < tolerance * (1 + np.max(np.abs(transform)))
    potential = quadrature(name, q, lambda z, t: np.log(z - t + 0j))
    assert np.max(np.abs(law.log_potential(POINTS) - potential)) < tolerance * 10


def test_sine_at_any_length():
    # D² = cos²: M(z) is a power series of the closed moments far out
    for q in (0.2, 3.0, 1e5):
        law = squared_slope_law("sin", q)
        moments = [law.activation.slope_moment(k, q) for k in range(1, 30)]
        expected = sum(m / 9.0 ** (k + 1) for k, m in enumerate(moments))
        assert 9.0 * law.stieltjes(9.0).real - 1.0 == pytest.approx(expected, rel=1e-13)
    # far out the phase is uniform: the arcsine law on [0, 1]
    x = np.array([0.01, 0.3, 0.77])
    assert np.allclose(law.pdf(x), 1 / (math.pi * np.sqrt(x * (1 - x))), rtol=1e-12)


# ---------------------------------------------------------------- on the real axis
@pytest.mark.parametrize("q", [1e-4, 0.05, 1.0, 20.0])
def test_density_of_erf_by_hand(q):
    # t = (4/pi) e^{-2x²}
    law = squared_slope_law("erf", q)
    t = 4 / math.pi * np.exp(-2 * q * np.array([1e-4, 0.01, 0.3, 1.0, 2.5, 4.0]) ** 2)
    x = np.sqrt(-np.log(t * math.pi / 4) / 2)
    density = 2 * np.exp(-(x**2) / (2 * q)) / np.sqrt(2 * math.pi * q) / (4 * x * t)
    # half an ulp of t moves the distance to the edge by this share
    conditioning = 1e-15 / (2 * x**2)
    assert np.all(np.abs(law.pdf(t) / density - 1) < 2e-12 * (1 + np.abs(np.log(t)) / 100) + conditioning)
    cdf = np.array([math.erfc(v / math.sqrt(2 * q)) for v in x])
    assert np.all(np.abs(law.cdf(t) - cdf) < 1e-13 + np.minimum(conditioning * x / math.sqrt(q), 1e-8))
    assert law.support[0].high == pytest.approx(4 / math.pi, rel=1e-15)
    assert law.support[0].high_exponent == -0.5
    assert law.support[0].mass == pytest.approx(1.0, abs=1e-14)


def test_density_of_tanh_by_hand():
    q = 0.7
    law = squared_slope_law("tanh", q)
    x = np.array([1e-3, 0.1, 0.5, 1.3, 3.0])
    t = np.cosh(x) ** -4.0
    density = 2 * np.exp(-(x**2) / (2 * q)) / np.sqrt(2 * math.pi * q) / (4 * t * np.tanh(x))
    assert np.allclose(law.pdf(t), density, rtol=1e-9)
    assert law.pdf([1.1, -0.5]).tolist() == [0.0, 0.0]
    assert law.cdf([-1.0, 0.0, 1.0, 2.0]).tolist() == pytest.approx([0.0, 0.0, 1.0, 1.0], abs=1e-13)


@pytest.mark.parametrize("name", ["gelu", "silu", "mish", "selu", "sin"])
def test_cdf_of_slopes_that_are_not_monotone(name):
    q = 1.3
    law = squared_slope_law(name, q)
    phi = activation(name)
    # P(phi'² <= t) as the Gaussian measure of the intervals where it holds, found on a fine grid
    x = np.linspace(-9 * math.sqrt(q), 9 * math.sqrt(q), 400001)
    x = np.sort(np.append(x, [-1e-12, 1e-12]))
    values = phi.slope(x) ** 2
    for t in (1e-3, 0.05, 0.5, 1.05, 1.2):
        below = values <= t
        change = np.flatnonzero(np.diff(below.astype(int)))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (t - values[change]) / (values[change + 1] - values[change])
        cuts = x[change] + share * (x[change + 1] - x[change])
        edges = np.concatenate([[-np.inf], cuts, [np.inf]])
        inside = [below[0] ^ (i % 2 == 1) for i in range(edges.size - 1)]
        probability = sum(
            stats.norm.cdf(b / math.sqrt(q)) - stats.norm.cdf(a / math.sqrt(q))
            for a, b, i in zip(edges[:-1], edges[1:], inside, strict=True)
            if i
        )
        assert law.cdf(t) == pytest.approx(probability, abs=1e-8)


def test_selu_keeps_its_atom():
    law = squared_slope_law("selu", 2.0)
    ((position, mass),) = law.atoms
    assert position == pytest.approx(1.0507009873554805**2, rel=1e-14)
    assert mass == pytest.approx(0.5, rel=1e-14)
    assert law.cdf(position) - law.cdf(position * (1 - 1e-9)) == pytest.approx(0.5, abs=1e-7)
    assert law.support[0].high == pytest.approx((1.0507009873554805 * 1.6732632423543772) ** 2, rel=1e-14)


def test_gelu_support():
    (interval,) = squared_slope_law("gelu", 1.0).support
    assert interval.low == 0.0
    assert interval.low_exponent == interval.high_exponent == -0.5
    top = activation("gelu").derivative(math.sqrt(2.0)) ** 2
    assert interval.high == pytest.approx(top, rel=1e-14)


def test_quantiles_and_draws():
    law = squared_slope_law("erf", 1.0)
    # median: |x| at its own median
    x = math.sqrt(2) * erfinv(0.5)
    assert law.ppf(0.5) == pytest.approx(4 / math.pi * math.exp(-2 * x * x), rel=1e-10)
    rng = np.random.default_rng(5)
    slopes = activation("erf").derivative(rng.standard_normal(20000)) ** 2
    # Dvoretzky-Kiefer-Wolfowitz at 1e-7
    bound = math.sqrt(math.log(2e7) / (2 * 20000))
    assert stats.kstest(slopes, law.cdf).statistic < bound
    assert stats.kstest(slopes, squared_slope_law("erf", 1.2).cdf).statistic > bound


def test_moments_and_mean_log():
    law = squared_slope_law("erf", 1.0)
    assert law.moment(3) == pytest.approx((4 / math.pi) ** 3 / math.sqrt(13), rel=1e-13)
    assert law.var() == pytest.approx((4 / math.pi) ** 2 * (1 / 3 - 1 / 5), rel=1e-13)
    assert law.log_potential(0.0).real == pytest.approx(math.log(4 / math.pi) - 2.0, abs=1e-12)
    with pytest.raises(ValueError, match="not rational"):
        law.moments(2, exact=True)


def test_a_callable_gives_the_same_law():
    mine = SquaredSlope(activation(np.tanh), 0.5)
    named = squared_slope_law("tanh", 0.5)
    t = np.array([0.05, 0.3, 0.6, 0.95])
    assert np.allclose(mine.cdf(t), named.cdf(t), atol=1e-9)


CALLABLES = {
    "x tanh x": (lambda x: x * np.tanh(x), lambda x: np.tanh(x) + x / np.cosh(x) ** 2),
    "tanh": (np.tanh, lambda x: 1.0 / np.cosh(x) ** 2),
    "by scalars": (lambda x: math.tanh(float(x)), lambda x: 1.0 / np.cosh(x) ** 2),
    "by abs": (
        lambda x: np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0.0),
        lambda x: 1.0 / (1.0 + np.exp(-x)),
    ),
    "softplus": (lambda x: np.log(1.0 + np.exp(x)), lambda x: 1.0 / (1.0 + np.exp(-x))),
    "bent": (lambda x: np.where(x < 0.5, np.sin(x), x**2 + math.sin(0.5) - 0.25), None),
}


def gaussian_mean(function, q, kink=0.5):
    """E f(x), x ~ N(0, q), by Gauss-Legendre on short panels, two of which meet at the kink."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.sort(np.append(math.sqrt(q) * np.arange(-80, 81) / 8, kink))
    half = 0.5 * np.diff(edges)[:, None]
    x = 0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes
    return np.sum(half * weights * np.exp(-(x**2) / (2 * q)) * function(x)) / math.sqrt(2 * math.pi * q)


@pytest.mark.parametrize("name", CALLABLES)
@pytest.mark.parametrize("q", [1e-3, 0.5, 4.0])
def test_a_callable_without_derivative_has_the_law_of_its_slope(name, q):
    function, slope = CALLABLES[name]
    slope = slope or (lambda x: np.where(x < 0.5, np.cos(x), 2.0 * x))
    evaluated = []

    def counted(x):
        evaluated.append(np.size(x))
        return function(x)

    law = SquaredSlope(activation(counted), q)
    panels = law.log_panels
    assert sum(evaluated) < 1_500_000  # noise is not resolved by ever more panels
    for k in (1, 2, 5):
        moment = np.sum(panels.masses * np.exp(k * panels.logarithms)) + sum(p * a**k for a, p in panels.atoms)
        exact = gaussian_mean(lambda x, k=k: slope(x) ** (2 * k), q)
        assert moment == pytest.approx(exact, rel=1e-9)
    for z in POINTS[[0, 2, 8]]:
        exact = gaussian_mean(lambda x, z=z: np.log(z - slope(x) ** 2 + 0j), q)
        assert abs(law.log_potential(z) - exact) < 1e-9


def test_a_callable_written_for_complex_numbers_keeps_its_tails():
    # slopes down to 1e-40, far below the rounding of tanh itself
    mine, named = SquaredSlope(activation(np.tanh), 25.0), squared_slope_law("tanh", 25.0)
    assert mine.log_potential(0.0).real == pytest.approx(named.log_potential(0.0).real, abs=1e-11)
    assert np.max(np.abs(mine.log_potential(POINTS) - named.log_potential(POINTS))) < 1e-12


@pytest.mark.parametrize("q", [1e-3, 0.5, 4.0])
def test_differences_come_close_to_a_given_derivative(q):
    function, slope = CALLABLES["x tanh x"]
    # np.real keeps the complex step away
    plain, given = (SquaredSlope(activation(lambda x: function(np.real(x)), derivative=d), q) for d in (None, slope))
    t = np.array([0.01, 0.3, 0.8, 1.2])
    assert np.max(np.abs(plain.log_potential(POINTS) - given.log_potential(POINTS))) < 1e-10
    assert np.max(np.abs(plain.cdf(t) - given.cdf(t))) < 1e-10


def test_a_derivative_with_rounding_steps_is_not_resolved_further():
    # 1 - tanh² moves in steps of 1e-16 where it is small
    rough = SquaredSlope(activation(np.tanh, derivative=lambda x: 1.0 - np.tanh(x) ** 2), 4.0)
    exact = squared_slope_law("tanh", 4.0)
    assert np.max(np.abs(rough.log_potential(POINTS) - exact.log_potential(POINTS))) < 1e-12


def test_identity_and_errors():
    law = squared_slope_law("tanh", 0.5)
    assert law == SquaredSlope("tanh", 0.5) != SquaredSlope("tanh", 0.6)
    assert pickle.loads(pickle.dumps(law)) == law
    assert eval(repr(law)) == law
    with pytest.raises(ValueError, match="q must be"):
        squared_slope_law("tanh", -1.0)
    with pytest.raises(ValueError, match="q must be"):
        SquaredSlope("tanh", 0.0)


def test_products_are_not_followed_below_the_range_of_doubles_unless_they_are_power_laws():
    # a percent of the squared slopes of GELU at q = 82 lies below exp(-445), and no power law describes it
    saturated = rmt.boxtimes(squared_slope_law("gelu", 82.0), rmt.MarchenkoPastur(), powers=(8, 8))
    with pytest.raises(rmt.ConvergenceError, match="no power law there yet"):
        saturated.cdf_of_log(-1e4)
    deep = rmt.multiplicative_power(rmt.MarchenkoPastur(), 300, closed_form=False)
    assert deep.cdf_of_log(-1e5) == pytest.approx(rmt.FussCatalan(300).cdf_of_log(-1e5), rel=1e-11)


@pytest.mark.parametrize(("scale", "q"), [(50.0, 1e-6), (50.0, 1e-3), (3.0, 1.0)])
def test_functions_of_the_math_module_next_to_the_top_of_their_slope(scale, q):
    # differences blur log t there: panels narrower than that blur are cut no further
    law = squared_slope_law(lambda x: math.tanh(scale * x), q)
    assert law.log_panels.kind.size < 400
    share = np.array([1e-3, 0.2, 0.5, 0.9, 0.999, 0.999999])
    x = np.arccosh(share**-0.25) / scale  # φ'² = scale² sech⁴(scale x)
    exact = np.array([math.erfc(v / math.sqrt(2.0 * q)) for v in x])
    np.testing.assert_allclose(law.cdf(scale**2 * share), exact, atol=2e-7)


def test_slopes_below_the_range_of_doubles():
    # φ'² = (4·9/π) exp(−18x²) with x² up to 60: the law goes on below 1e-308
    law, top = squared_slope_law(activation("erf", scale=3.0), 0.66), 36.0 / math.pi
    points = np.array([0.0, 1e-300, 1e-100, 1e-10, 0.1, 5.0, 11.0])
    exact = [math.erfc(math.sqrt(math.log(top / max(t, 1e-300)) / 18.0 / 1.32)) for t in points]
    np.testing.assert_allclose(law.cdf(points), exact, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(law.cdf(law.ppf([0.01, 0.3, 0.9])), [0.01, 0.3, 0.9], rtol=1e-9)


@pytest.mark.parametrize(("name", "q"), [("softplus", 3e4), ("arctan", 1e12), ("tanh", 1e4), ("elu", 1e3)])
def test_transforms_over_hundreds_of_orders(name, q):
    """Panels far from z are expanded together: against the sum over all nodes, off the axis."""
    law = SquaredSlope(name, q)
    panels = law.log_panels
    logs = np.concatenate([panels.logarithms.ravel(), [math.log(a) for a, _ in panels.atoms if a > 0.0]])
    masses = np.concatenate([panels.masses.ravel(), [p for a, p in panels.atoms if a > 0.0]])
    zero = math.fsum(p for a, p in panels.atoms if a == 0.0)
    for u in (5.0, -30.0, -200.0, -600.0):
        z = np.exp(np.array([u + 2.0j]))
        below = logs <= u
        t = np.exp(logs - np.where(below, u, logs))  # t/|z| below z, and |z|/t above
        unit, ratio = np.exp(2.0j), np.exp(u - np.where(below, u, logs))
        m = np.where(below, t / (unit - t), 1.0 / (ratio * unit - 1.0))
        g = np.where(below, unit / (unit - t), ratio * unit / (ratio * unit - 1.0))
        found, product = law._transforms(z)
        assert found[0] == pytest.approx((masses * m).sum(), rel=1e-11)
        assert product[0] == pytest.approx((masses * g).sum() + zero, rel=1e-11)
        potential = np.where(below, u + np.log(unit - t), logs + np.log(ratio * unit - 1.0 + 0j))
        whole = (masses * potential).sum() + zero * complex(u, 2.0)
        assert law.log_potential(z)[0] == pytest.approx(whole, rel=1e-11)


def test_noise_of_differences_carries_no_more_than_its_mass():
    """Pieces of erf(50x) overlapped where its derivative is noise: the mean missed by 1e-3, and the law was refused."""
    law, top = squared_slope_law(lambda x: math.erf(50.0 * x), 1.0), 1e4 / math.pi
    points = np.array([1e-16, 1e-6, 1.0, 1e3, 3e3])
    # φ'² = top exp(-5000 x²)
    exact = [math.erfc(math.sqrt(math.log(top / t) / 5000.0 / 2.0)) for t in points]
    np.testing.assert_allclose(law.cdf(points), exact, rtol=0.0, atol=2e-6)
    assert abs(law.cdf(points * 1.1) - exact).max() > 1e-4
