"""Universal laws of infinitely deep networks: quantiles, transforms, moments, and networks that approach them."""

import math

import numpy as np
import pytest

import rmt
from rmt.networks import MLP, BernoulliDepthLimit, FreeLogNormal, activation, depth_limit, edge_of_chaos, residual_limit


def test_quantiles_of_the_smooth_class():
    law = FreeLogNormal(1)
    expected = [0.1134673234500471, 0.2615121892207033, 0.6065306597126334, 1.406739174444257, 3.242161972150491]
    assert np.allclose(law.ppf([0.05, 0.25, 0.5, 0.75, 0.95]), expected, rtol=1e-12)
    assert law.support[0].low == pytest.approx(0.07573933482692804, rel=1e-13)
    assert law.support[0].high == pytest.approx(4.857178136196782, rel=1e-13)


def test_quantiles_of_the_bernoulli_class():
    expected = [3.434332630681391e-10, 0.0284440609581437, 0.6366197723675813, 1.974645815581321, 2.684906880601021]
    assert np.allclose(BernoulliDepthLimit(1).ppf([0.05, 0.25, 0.5, 0.75, 0.95]), expected, rtol=1e-10)
    law = BernoulliDepthLimit(0.25)
    expected = [0.0007553655064649535, 0.06368314953115839, 0.4454584549227535]
    assert np.allclose(law.ppf([0.05, 0.125, 0.225]), expected, rtol=1e-10)
    assert law.atoms == ((math.exp(0.25), 0.75),)
    assert law.support[0].high == pytest.approx(0.25 * math.e)


def test_quantiles_of_residual_networks():
    law = residual_limit(0.25)
    expected = [0.312729896685867, 0.5581388168659864, 1.0, 1.791668971556422, 3.197647588533842]
    assert np.allclose(law.ppf([0.05, 0.25, 0.5, 0.75, 0.95]), expected, rtol=1e-12)
    law = residual_limit(1)
    assert law.mean() == pytest.approx(math.e, rel=1e-14)
    assert law.var() / law.mean() ** 2 == pytest.approx(2.0, rel=1e-12)
    assert law.ppf(0.5) == pytest.approx(1.0, rel=1e-13)
    assert law.support[0].low == pytest.approx(0.04740589435678496, rel=1e-13)
    assert law.support[0].high == pytest.approx(21.09442324774694, rel=1e-13)
    assert residual_limit(0.75).support[0].high == pytest.approx(13.395931240283382, rel=1e-12)


def test_equation_of_residual_networks():
    # G(z) = (zG - 1) e^{c(1 - 2zG)}
    law, c = residual_limit(0.6), 0.6
    z = np.array([0.5 + 0.2j, 3.0 + 1e-2j, -1.0 + 0j, 40.0 + 0j, 1.0 + 0j])
    g = law.stieltjes(z)
    assert np.allclose(g, (z * g - 1) * np.exp(c * (1 - 2 * z * g)), rtol=1e-11)


@pytest.mark.parametrize("variance", [1e-3, 0.4, 1.0, 3.0, 25.0])
@pytest.mark.parametrize("family", ["smooth", "bernoulli"])
def test_transforms_and_masses(family, variance):
    law = depth_limit(family, variance)
    m = np.array([-0.3, 0.1, 0.5])
    exponent = m if family == "smooth" else m / (1 + m)
    assert np.allclose(law.s_transform(m), np.exp(-variance * exponent), rtol=1e-13)
    z = np.array([0.3 + 0.4j, 2.0 + 1.0j, -0.5 + 0j, 60.0 + 0j])
    assert np.allclose(law.inverse_t_transform(law.t_transform(z)), z, rtol=1e-9)
    u = np.array([0.01, 0.3, 0.5, 0.9, 0.99]) * min(1.0, variance if family == "bernoulli" else 1.0)
    assert np.allclose(law.cdf_of_log(law.ppf_of_log(u)), u, atol=1e-12)
    # dU/dz = G
    h = 1e-5j
    slope = (law.log_potential(z[:2] + h) - law.log_potential(z[:2] - h)) / (2 * h)
    assert np.allclose(slope, law.stieltjes(z[:2]), rtol=1e-7)
    # the density is the derivative of the distribution function
    x = law.ppf_of_log(u[1:4])
    assert np.allclose(
        (law.cdf_of_log(x + 1e-6) - law.cdf_of_log(x - 1e-6)) / 2e-6, law.pdf_of_log(x), rtol=1e-5, atol=1e-9
    )


def test_the_smooth_class_is_symmetric_in_the_logarithm():
    law = FreeLogNormal(0.7)
    u = np.linspace(0.0, 1.5, 9)
    assert np.allclose(law.pdf_of_log(-0.35 + u), law.pdf_of_log(-0.35 - u), rtol=1e-12)
    assert law.log_potential(0.0).real == pytest.approx(-0.35, abs=1e-10)


def test_moments():
    # Lagrange inversion of m S(m)/(1 + m)
    t = rmt.laws.law.exact(3) / 4
    assert FreeLogNormal(t).moments(3, exact=True) == (1, 1 + t, 1 + 3 * t + 3 * t * t / 2)
    assert BernoulliDepthLimit(t).moments(3, exact=True) == (1, 1 + t, 1 + 2 * t + 3 * t * t / 2)
    # both against the density
    law = FreeLogNormal(0.75)
    nodes, weights = law._expectation_rule()
    assert weights @ nodes**3 == pytest.approx(float(law.moment(3, exact=True)), rel=1e-8)


def test_many_decades_of_the_bernoulli_class():
    # cdf ~ s/(log s - u) far below: S has an essential singularity at m = -1
    law = BernoulliDepthLimit(2.0)
    u = np.array([-1e4, -1e6])
    assert np.allclose(law.cdf_of_log(u), 2.0 / (math.log(2.0) - u), rtol=1e-2)
    assert law.ppf_of_log(law.cdf_of_log(-1e5)) == pytest.approx(-1e5, rel=1e-8)


# ---------------------------------------------------------------- networks approach them
def distance(first, second, u):
    return float(np.max(np.abs(first.cdf_of_log(u) - second.cdf_of_log(u))))


def test_hard_tanh_networks_approach_the_bernoulli_class():
    from scipy.optimize import brentq

    phi = activation("hard_tanh")
    limit = BernoulliDepthLimit(2.0)
    u = np.linspace(-20.0, 2.0, 60)
    gaps = []
    for depth in (8, 64, 512):
        q = brentq(lambda q, depth=depth: depth * (1 - phi.slope_moment(1, q)) - 2.0, 1e-3, 50.0)
        point = edge_of_chaos(phi, q=q)
        net = MLP(depth, phi, point.sigma_w, point.sigma_b, "orthogonal")
        gaps.append(distance(net.jacobian().gram_law(), limit, u))
    assert gaps[0] > 4 * gaps[1] > 16 * gaps[2]
    assert gaps[2] < 2e-3


@pytest.mark.parametrize("name", ["tanh", "erf", "sin"])
def test_smooth_networks_approach_the_free_log_normal(name):
    from scipy.optimize import brentq

    phi = activation(name)
    limit = FreeLogNormal(0.5)
    u = np.linspace(-2.5, 2.0, 60)
    gaps = []
    for depth in (16, 256, 4096):
        q = math.exp(brentq(lambda t, depth=depth: depth * phi.slope_spread(math.exp(t)) - 0.5, -12.0, 0.0))
        point = edge_of_chaos(phi, q=q)
        net = MLP(depth, phi, point.sigma_w, point.sigma_b, "orthogonal")
        gaps.append(distance(net.jacobian().gram_law(), limit, u))
    # the skewness of the slopes fades like L^{-1/2}
    assert gaps[0] > 2.5 * gaps[1] > 8.5 * gaps[2]
    assert gaps[2] < 0.012


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FreeLogNormal(0), "variance must be"),
        (lambda: BernoulliDepthLimit(-1), "variance must be"),
        (lambda: depth_limit("tanh", 1.0), "accepted: 'bernoulli', 'smooth'"),
        (lambda: residual_limit(1.0, skip=0.0), "use MLP"),
        (lambda: residual_limit(0.0), "strength must be"),
        (lambda: residual_limit(1.0, skip=0.9), "depth is needed"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_repr_and_pickle():
    import pickle

    for law in (FreeLogNormal(0.5), BernoulliDepthLimit(2)):
        assert eval(repr(law), {"FreeLogNormal": FreeLogNormal, "BernoulliDepthLimit": BernoulliDepthLimit}) == law
        assert pickle.loads(pickle.dumps(law)) == law
