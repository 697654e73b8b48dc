"""The law of J Jᵀ: published quantiles and edges, the master equation solved on its own, and sampled networks."""

import math

import numpy as np
import pytest
from cases import long_beyond

import rmt
from rmt.networks import MLP, activation, critical_points, edge_of_chaos
from rmt.networks.activations.gaussian_rules import gaussian_rule
from rmt.networks.architecture.jacobian_law import representative_lengths
from rmt.spectra.distances import largest_gap

ROOT2 = math.sqrt(2.0)


def critical_net(name, q, depth, weights, **parameters):
    """A network on the edge of chaos with stationary length q."""
    phi = activation(name, **parameters)
    point = edge_of_chaos(phi, q=q)
    return MLP(depth, phi, point.sigma_w, point.sigma_b, weights)


def hard_tanh_net(depth, weights, q=1.0):
    return critical_net("hard_tanh", q, depth, weights)


# ---------------------------------------------------------------- published numbers
LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]


def test_quantiles_of_tanh_and_erf():
    law = critical_net("tanh", 0.05, 32, "orthogonal").jacobian().gram_law()
    expected = [0.18053760635313312, 0.44432613793918196, 0.8638044873213436, 1.4639680231984924, 2.2491807972836493]
    assert np.allclose(law.ppf(LEVELS), expected, rtol=1e-9)
    net = critical_net("tanh", 0.05, 32, "orthogonal")
    assert net.relative_variance == pytest.approx(0.4262343326993232, rel=1e-10)
    law = critical_net("erf", 0.25, 16, "orthogonal").jacobian().gram_law()
    expected = [6.478793854975841e-05, 0.014287187637722607, 0.216775534455053, 1.30147550921049, 4.747328477861937]
    assert np.allclose(law.ppf(LEVELS), expected, rtol=1e-9)
    assert law.var() / law.mean() ** 2 == pytest.approx(2.4752086140680305, rel=1e-10)


@pytest.mark.parametrize(
    ("depth", "levels", "quantiles"),
    [
        (
            2,
            LEVELS,
            [0.0002278959699465736, 0.03256261623160211, 0.3188848999276198, 1.421103784635383, 4.300757472873955],
        ),
        (
            32,
            LEVELS,
            [
                1.287865177606465e-43,
                1.897192865604319e-20,
                2.436843015233564e-10,
                0.0003107882924795907,
                3.109672496908204,
            ],
        ),
    ],
)
def test_quantiles_of_linear_networks(depth, levels, quantiles):
    law = MLP(depth, "linear", 1.0).jacobian().gram_law()
    assert law == rmt.FussCatalan(depth)
    assert np.allclose(law.ppf(levels), quantiles, rtol=1e-9)


@pytest.mark.parametrize(
    ("depth", "quantiles"),
    [
        (4, [0.0001786202743784388, 0.2275832360609755, 6.897641668720132, 15.14357048967797]),
        (16, [1.351252691230709e-16, 4.973859296409167e-5, 3.082545859992605, 30.6385889211582]),
    ],
)
def test_quantiles_of_relu_networks(depth, quantiles):
    law = MLP(depth, "relu", ROOT2).jacobian().gram_law()
    assert np.allclose(law.ppf([0.55, 0.75, 0.95, 0.99]), quantiles, rtol=1e-9)


@pytest.mark.parametrize(
    ("depth", "edges"),
    [
        (4, [12.20703125, 21.8582493180469, 9.48148148148148, 16.7143444287812, 4.40694303754945]),
        (16, [44.8447844552322, 87.013313699335, 42.1260594836467, 64.4512088853431, 19.5799722757929]),
        (64, [175.327421916731, 347.947152584873, 172.609112433695, 255.561941926594, 80.2278133161955]),
    ],
)
def test_upper_edges(depth, edges):
    nets = [
        MLP(depth, "linear", 1.0),
        MLP(depth, "relu", ROOT2),
        MLP(depth, "relu", ROOT2, weights="orthogonal"),
        hard_tanh_net(depth, "gaussian"),
        hard_tanh_net(depth, "orthogonal"),
    ]
    for net, edge in zip(nets, edges, strict=True):
        assert net.jacobian().gram_law().support[-1].high == pytest.approx(edge, rel=1e-12)


def test_upper_edges_of_smooth_networks():
    law = critical_net("tanh", 0.2, 32, "orthogonal").jacobian().gram_law()
    assert law.support[-1].high == pytest.approx(10.394322154435354, rel=1e-11)
    law = critical_net("erf", 0.05, 64, "orthogonal").jacobian().gram_law()
    assert law.support[-1].high == pytest.approx(4.133750742479624, rel=1e-11)
    law = hard_tanh_net(32, "orthogonal", q=0.25).jacobian().gram_law()
    assert law.support[-1].high == pytest.approx(4.08154792449008, rel=1e-12)


@pytest.mark.parametrize("depth", [2, 3, 5, 10])
def test_edge_of_relu_orthogonal_networks(depth):
    law = MLP(depth, "relu", ROOT2, weights="orthogonal").jacobian().gram_law()
    assert law.support[-1].high == pytest.approx(depth**depth / (depth - 1) ** (depth - 1), rel=1e-13)
    assert law.atoms[0] == pytest.approx((0.0, 0.5))
    assert law.moments(3) == pytest.approx((1.0, 1.0 + depth, (3 * depth**2 + 3 * depth + 2) / 2), rel=1e-12)


def test_one_relu_layer_is_two_atoms():
    # the formula for the edge fails at depth 1: the spectrum is {0, 2}
    law = MLP(1, "relu", ROOT2, weights="orthogonal").jacobian().gram_law()
    assert [a for a, _ in law.atoms] == pytest.approx([0.0, 2.0])
    assert law.support == ()


def test_atom_of_nearly_isometric_hard_tanh():
    # L (1 - p) < 1: an atom at p^-L of mass 1 - L (1 - p) above the bulk
    net = hard_tanh_net(8, "orthogonal", q=0.25)
    p = net.layers[0].mean_slope
    law = net.jacobian().gram_law()
    (_, low_mass), (position, mass) = law.atoms
    assert position == pytest.approx(p**-8, rel=1e-12)
    assert mass == pytest.approx(1 - 8 * (1 - p), rel=1e-12)
    assert low_mass == pytest.approx(1 - p, rel=1e-12)
    assert law.support[-1].high < position
    two = hard_tanh_net(2, "orthogonal").jacobian().gram_law()
    assert two.atoms[-1][0] == pytest.approx(2.145623728448132, rel=1e-12)


def test_lecture_note_densities():
    orthogonal = {
        2: {0.5: 0.120309828, 1: 0.091888149, 2: 0.079577472},
        3: {0.1: 0.346533813, 0.5: 0.127323954, 1: 0.085007874, 5: 0.041345591},
        5: {0.1: 0.383812804, 1: 0.068007520, 10: 0.008059562},
        10: {0.5: 0.083111059, 5: 0.009982866, 10: 0.004696222},
    }
    for depth, values in orthogonal.items():
        law = MLP(depth, "relu", ROOT2, weights="orthogonal").jacobian().gram_law()
        for x, density in values.items():
            assert law.pdf(x) == pytest.approx(density, abs=6e-10)
    assert MLP(2, "relu", ROOT2, weights="orthogonal").jacobian().gram_law().cdf(1.0) == pytest.approx(2 / 3, rel=1e-12)
    gaussian = MLP(2, "relu", ROOT2).jacobian().gram_law()
    assert gaussian.pdf([1.0, 2.0, 5.0]) == pytest.approx([0.096494166, 0.055035877, 0.022103679], abs=6e-10)
    assert gaussian.support[-1].high == pytest.approx(11.09016994, abs=5e-9)
    assert gaussian.moments(4) == pytest.approx((1.0, 5.0, 33.0, 249.0), rel=1e-12)
    top = (math.sqrt(101) - 9) / 20
    edge = (1 + 2 * top) ** 10 * (1 + top) / top
    assert MLP(10, "relu", ROOT2).jacobian().gram_law().support[-1].high == pytest.approx(edge, rel=1e-12)


def test_polynomial_equation_of_relu_orthogonal_networks():
    # z (zG - 1)(zG)^(L-1) = (2zG - 1)^L
    for depth in (2, 3, 7):
        law = MLP(depth, "relu", ROOT2, weights="orthogonal").jacobian().gram_law()
        z = np.array([0.5 + 0.3j, 3.0 + 1e-3j, -2.0 + 0j, 1.0 + 0j])
        w = z * law.stieltjes(z)
        assert np.allclose(z * (w - 1) * w ** (depth - 1), (2 * w - 1) ** depth, rtol=1e-10)


# ---------------------------------------------------------------- moments
@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
@pytest.mark.parametrize(("name", "q"), [("tanh", 0.3), ("gelu", 6.4), ("selu", 1.0), ("hard_tanh", 0.7)])
def test_mean_and_variance_are_those_of_the_layers(name, q, weights):
    net = critical_net(name, q, 5, weights)
    law = net.jacobian().gram_law()
    assert law.mean() == pytest.approx(net.mean, rel=1e-12)
    assert law.var() / law.mean() ** 2 == pytest.approx(net.relative_variance, rel=1e-11)
    share = net.layers[0].spread + (weights == "gaussian")
    assert net.relative_variance == pytest.approx(5 * share, rel=1e-12)


def test_second_moment_of_bernoulli_gaussian_layers():
    # m_2 = m_1² (L + p)/p
    net = hard_tanh_net(6, "gaussian")
    p = net.layers[0].mean_slope
    assert net.jacobian().gram_law().moment(2) == pytest.approx((6 + p) / p, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "sigma_w", "sigma_b", "m1", "relvar", "q33"),
    [
        ("tanh", 3**-0.5, 1536**-0.5, 2.832126181272796e-16, 0.2202950429314945, 0.0009756133004273356),
        ("silu", ROOT2, 0.0, 4.474957160235071e-09, 7.411508449180994, 5.562764463029956e-09),
        ("tanh", 5 / 3, 0.0, 249.3539134047188, 22.55599779950618, 1.1784804903874064),
        ("selu", 0.75, 0.0, 0.06603422666915994, 5.580455595589751, 0.026485123540826282),
    ],
)
def test_pytorch_defaults_at_depth_32(name, sigma_w, sigma_b, m1, relvar, q33):
    net = MLP(32, name, sigma_w, sigma_b, "orthogonal", input_q=1.0)
    assert net.mean == pytest.approx(m1, rel=1e-9)
    assert net.relative_variance == pytest.approx(relvar, rel=1e-9)
    assert net.with_weights("gaussian").relative_variance == pytest.approx(relvar + 32, rel=1e-9)
    following = MLP(33, name, sigma_w, sigma_b, input_q=1.0)
    assert following.q[32] == pytest.approx(q33, rel=1e-9)


def test_lengths_that_never_settle():
    net = MLP(64, "tanh", 1.0, weights="orthogonal", input_q=1.0)
    assert net.mean == pytest.approx(0.01118013356186965, rel=1e-9)
    assert net.relative_variance == pytest.approx(1.3661422770332232, rel=1e-9)


def test_many_lengths_are_represented_by_few():
    net = MLP(400, "tanh", 1.0, weights="orthogonal", input_q=1.0)
    rule = representative_lengths(net.q)
    assert len(rule) < 120
    assert sum(w for _, w in rule) == pytest.approx(400, rel=1e-12)
    phi = activation("tanh")
    # any analytic function of log q: the two first moments of the whole product
    log_mean = sum(w * math.log(phi.slope_moment(1, q)) for q, w in rule)
    assert log_mean == pytest.approx(net.log_mean, abs=1e-11)
    assert sum(w * phi.slope_spread(q) for q, w in rule) == pytest.approx(net.relative_variance, rel=1e-11)


# ---------------------------------------------------------------- the master equation on its own
def master_equation(name, q, sigma_w, depth, gaussian, x, nodes=None):
    """One complex unknown w: log z = (1 − L) log((1+m)/m) + L (log sigma_w² + g log(1+m) + log w), m = M_{D²}(w).

    Pennington, Schoenholz and Ganguli 2017, continued from far above the real axis; the distribution function from
    the log-potential. Independent of the free calculus: its own quadrature, its own path.
    """
    phi = activation(name)
    h, p = gaussian_rule(q, phi.features, refine=1)
    d2 = phi.slope(h) ** 2
    keep = p > 1e-25
    d2, p = d2[keep], p[keep]
    g = 1.0 if gaussian else 0.0
    mu = float(d2 @ p)
    mean = (sigma_w**2 * mu) ** depth
    top = 1e3 * max(mean, x.max())
    w = mu * (x + 1j * top) / mean
    for y in [*np.geomspace(top, 1e-10 * x.max(), 120), 0.0]:
        target = np.log(x + 1j * y)
        for _ in range(40):
            m = (d2 / (w[:, None] - d2)) @ p
            dm = (-d2 / (w[:, None] - d2) ** 2) @ p
            value = (1 - depth) * (np.log(1 + m) - np.log(m)) + depth * (
                2 * math.log(sigma_w) + g * np.log(1 + m) + np.log(w)
            )
            residual = value - target
            residual -= 2j * math.pi * np.round(residual.imag / (2 * math.pi))
            slope = ((1 - depth) * (1 / (1 + m) - 1 / m) + depth * g / (1 + m)) * dm + depth / w
            step = residual / slope
            step *= np.minimum(1.0, 0.3 * np.abs(w) / np.maximum(np.abs(step), 1e-300))
            w = w - step
            if np.max(np.abs(step / w)) < 1e-15:
                break
    m = (d2 / (w[:, None] - d2)) @ p
    pdf = -((1 + m) / x).imag / math.pi
    entropy = (1 + m) * np.log(1 + m) - m * np.log(m)
    integral = m * np.log(w) - np.log(1 - d2 / w[:, None]) @ p
    phi_m = (1 - depth) * entropy + depth * (2 * math.log(sigma_w) * m + g * ((1 + m) * np.log(1 + m) - m) + integral)
    potential = (1 + m) * np.log(x) - phi_m
    return pdf, (1.0 - potential.imag / math.pi) % 2.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "q", "depth", "weights"),
    [
        ("tanh", 0.3, 3, "gaussian"),
        ("tanh", 0.2, 40, "orthogonal"),
        ("gelu", 1.0, 4, "gaussian"),
        ("silu", 2.0, 30, "orthogonal"),
        ("selu", 1.0, 6, "gaussian"),
    ],
)
def test_against_the_master_equation(name, q, depth, weights):
    sigma_w = edge_sigma(name, q)
    net = MLP(depth, name, sigma_w, 0.0, weights, input_q=q / sigma_w**2)
    # all layers at q, whatever the bias that would hold them there
    law = law_at(name, q, depth, sigma_w, weights)
    assert net.layers[0].q == pytest.approx(q)
    x = law.ppf(np.array([0.1, 0.3, 0.5, 0.7, 0.9, 0.97]))
    pdf, cdf = master_equation(name, q, sigma_w, depth, weights == "gaussian", x)
    assert np.allclose(law.pdf(x), pdf, rtol=1e-8)
    assert np.allclose(law.cdf(x), cdf, atol=1e-9)


def edge_sigma(name, q):
    return 1.0 / math.sqrt(activation(name).slope_moment(1, q))


def law_at(name, q, depth, sigma_w, weights):
    from rmt.networks.activations.slope_law import squared_slope_law

    factors = [(squared_slope_law(name, q), depth), (rmt.Atomic((sigma_w**2,), (1,)), depth)]
    if weights == "gaussian":
        factors.append((rmt.MarchenkoPastur(), depth))
    return rmt.boxtimes(*(f for f, _ in factors), powers=[t for _, t in factors])


# ---------------------------------------------------------------- depth and many decades
def test_depth_of_ten_thousand():
    net = critical_net("tanh", 1e-4, 10_000, "orthogonal")
    law = net.jacobian().gram_law()
    u = np.linspace(-2.0, 1.0, 50)
    assert net.relative_variance == pytest.approx(8e-4, rel=2e-3)
    assert np.all(np.diff(law.cdf_of_log(0.02 * u)) >= 0.0)
    assert law.cdf(law.ppf([0.1, 0.5, 0.9])) == pytest.approx([0.1, 0.5, 0.9], abs=1e-8)
    deep = MLP(10_000, "relu", ROOT2).jacobian().gram_law()
    cdf = deep.cdf_of_log(np.linspace(-20_000.0, 0.0, 9))
    assert np.all(np.diff(cdf) > 0.0)
    # E log λ adds up over the factors: -1 for each Gaussian layer
    wide = MLP(3000, "tanh", 1.3, 0.2, "gaussian")
    assert wide.jacobian().gram_law().cdf_of_log(0.0) > 0.99


def test_scales_that_leave_the_range_of_a_double():
    law = MLP(5000, "linear", 1.2).jacobian().gram_law()
    shift = 2 * 5000 * math.log(1.2)
    u = np.array([-4000.0, -100.0, 5.0])
    assert np.allclose(law.cdf_of_log(u + shift), rmt.FussCatalan(5000).cdf_of_log(u), atol=1e-9)


# ---------------------------------------------------------------- rectangular layers
def test_rectangular_relative_variance():
    net = MLP(3, "relu", ROOT2, widths=[300, 600, 200, 400], input_q=1.0)
    assert net.relative_variance == pytest.approx(23 / 3, rel=1e-14)
    law = net.jacobian().gram_law()
    assert law.mean() == pytest.approx(1.0, rel=1e-12)
    assert law.var() == pytest.approx(23 / 3, rel=1e-12)
    # layer 2 has 200 units, half of them dead: rank 100 of 400
    assert law.atoms[0][1] == pytest.approx(0.75, rel=1e-12)


def test_one_rectangular_linear_layer_is_marchenko_pastur():
    for widths in ([100, 300], [300, 100]):
        law = MLP(1, "linear", 1.5, widths=widths, input_q=1.0).jacobian().gram_law()
        exact = rmt.MarchenkoPastur(ratio=widths[1] / widths[0], variance=2.25)
        x = np.linspace(0.3, 6.0, 7)
        assert np.allclose(law.pdf(x), exact.pdf(x), atol=1e-12)
        assert np.allclose(law.cdf(x), exact.cdf(x), atol=1e-12)


def test_semi_orthogonal_layers():
    # widening keeps all singular values, and adds zeros
    law = MLP(1, "linear", 1.0, weights="orthogonal", widths=[100, 300], input_q=1.0).jacobian().gram_law()
    assert law.atoms == ((0.0, pytest.approx(2 / 3)), (1.0, pytest.approx(1 / 3)))
    # there and back: the compression of a projection
    law = MLP(2, "linear", 1.0, weights="orthogonal", widths=[200, 100, 200], input_q=1.0).jacobian().gram_law()
    assert law.atoms == ((0.0, pytest.approx(0.5)), (1.0, pytest.approx(0.5)))


@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
@pytest.mark.parametrize("widths", [[300, 600, 200, 400], [400, 400, 200], [200, 400]])
def test_rectangular_networks_have_the_moments_of_their_layers(widths, weights):
    net = MLP(len(widths) - 1, "tanh", 1.2, 0.1, weights, widths=widths, input_q=1.0)
    law = net.jacobian().gram_law()
    assert law.mean() == pytest.approx(net.mean, rel=1e-11)
    assert law.var() / law.mean() ** 2 == pytest.approx(net.relative_variance, rel=1e-10)
    rows, columns = net.widths[-1], min(net.widths)
    assert dict(law.atoms).get(0.0, 0.0) == pytest.approx(1.0 - columns / rows, abs=1e-12)


# ---------------------------------------------------------------- samples
#: log λ below which laws are not resolved (Jacobian.gram_law)
FLOOR = -250.0


def distance(law, logs, *, rank=False):
    """Kolmogorov-Smirnov distance between log λ and a law; with `rank` both are conditioned to λ > 0.

    The rank of a finite ReLU network is the smallest of L binomial numbers, off its limit by O(N^{-1/2}): that
    fluctuation is not the law's.
    """
    u = np.sort(2.0 * logs)
    live = u[np.isfinite(u)]
    positive = [math.log(position) for position, _ in law.atoms if position > 0.0]
    for position in positive:
        live = np.where(np.abs(live - position) < 1e-6, position, live)
    zeros = dict(law.atoms).get(0.0, 0.0)
    points, first = np.unique(live, return_index=True)
    after = np.append(first[1:], live.size)
    seen = points > FLOOR
    points, first, after = points[seen], first[seen], after[seen]
    dead = 0 if rank else u.size - live.size

    def levels(i):
        above = law.cdf_of_log(points[i] + 1e-12)
        below = law.cdf_of_log(points[i] - 1e-6) if positive else above
        return ((below - zeros) / (1.0 - zeros), (above - zeros) / (1.0 - zeros)) if rank else (below, above)

    gap = largest_gap((dead + first) / (dead + live.size), (dead + after) / (dead + live.size), levels)
    return gap if rank else max(gap, abs(dead / u.size - zeros))


#: sigma_w and sigma_b, or the sigma_b of a stable point of the edge of chaos
FAMILIES = {
    "linear": (1.0, 0.0),
    "relu": (ROOT2, 0.0),
    "leaky_relu": (ROOT2, 0.0),
    "tanh": 0.3,
    "erf": 0.3,
    "hard_tanh": 0.05,
    "sigmoid": 0.5,
    "sin": 0.3,
    "arctan": 0.3,
    "gelu": 0.5,
    "silu": 1.0,
    "mish": 1.0,
    "elu": 0.3,
    "selu": 0.3,
    "softplus": (1.2, 0.3),
    "shifted_relu": 0.05,
    "clipped_relu": 1.0,
}
ON_OFF = ("relu", "hard_tanh", "shifted_relu", "clipped_relu")


def family(name, depth, weights):
    place = FAMILIES[name]
    if isinstance(place, tuple):
        return MLP(depth, name, *place, weights)
    point = next(p for p in critical_points(name, sigma_b=place) if p.stable)
    return MLP(depth, name, point.sigma_w, point.sigma_b, weights)


def check_family(name, weights, depth):
    """KS <= 0.03 at width 160, with no outlier removed.

    The mean of the spectrum of one network differs from that of the limit by O(√(L/N)), as do the shares of live
    units: the spectra of eight networks are pooled, and for slopes that are 0 or 1 the law is that of the masks drawn,
    of one network of width 320.
    """
    net = family(name, depth, weights)
    jacobian = net.jacobian()
    other = net.with_weights("orthogonal" if weights == "gaussian" else "gaussian")
    masked = name in ON_OFF
    if masked:
        steps = list(jacobian.forward(320, rng=7))
        logs = rmt.spectra.product_singular_values([f for w, d in reversed(steps) for f in (d, w)])
        law, wrong = conditional(steps, net), conditional(steps, other)
    else:
        logs = jacobian.log_singular_values(160, rng=7, trials=8).ravel()
        law, wrong = jacobian.gram_law(), other.jacobian().gram_law()
    assert distance(law, logs, rank=masked) <= 0.03
    # negative controls: the other weights, and one layer more where the spectrum can tell
    assert distance(wrong, logs, rank=masked) > 0.04
    if depth == 2 and (name, weights) != ("linear", "orthogonal"):
        assert distance(net.with_depth(3).jacobian().gram_law(), logs, rank=masked) > 0.04


def conditional(steps, net):
    """The law given the shares of live units: their fluctuations of order N^{-1/2} are not the law's to predict."""
    laws = [rmt.Bernoulli(float(np.mean(slopes))) for _, slopes in steps]
    scale = rmt.Atomic((net.sigma_w[0] ** 2,), (1,))
    weights = [] if net.orthogonal else [rmt.MarchenkoPastur()]
    powers = [1] * len(laws) + [net.depth] * (1 + len(weights))
    return rmt.boxtimes(*laws, scale, *weights, powers=powers)


@pytest.mark.parametrize("depth", [2, 8])
@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
@pytest.mark.parametrize("name", ["relu", "hard_tanh", "tanh"])
def test_sampled_spectra_of_shallow_networks(name, weights, depth):
    check_family(name, weights, depth)


@pytest.mark.slow
@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
@pytest.mark.parametrize("name", long_beyond(FAMILIES, 3))
def test_sampled_spectra_of_deep_networks(name, weights):
    """An error of one layer counts 32 times."""
    check_family(name, weights, 32)


@pytest.mark.parametrize(
    ("name", "weights", "widths"),
    [
        ("relu", "gaussian", [300, 600, 200, 400]),
        ("tanh", "gaussian", [300, 600, 200, 400]),
        ("tanh", "orthogonal", [300, 600, 200, 400]),
        ("tanh", "orthogonal", [400, 200, 300]),
    ],
)
def test_sampled_spectra_of_rectangular_networks(name, weights, widths):
    net = MLP(len(widths) - 1, name, 1.3, 0.1, weights, widths=widths, input_q=1.0)
    jacobian = net.jacobian()
    rows = 2 * widths[-1]
    logs = np.concatenate([padded(jacobian.log_singular_values(rows, rng=seed), rows) for seed in (3, 4)])
    assert distance(jacobian.gram_law(), logs, rank=True) <= 0.03
    turned = net.with_weights("orthogonal" if weights == "gaussian" else "gaussian").jacobian()
    assert distance(turned.gram_law(), logs, rank=True) > 0.06


def padded(logs, rows):
    return np.concatenate([logs, np.full(rows - logs.size, -np.inf)])


def test_universality_in_the_entries():
    law = MLP(3, "tanh", 1.2, 0.1, "rademacher", input_q=1.0).jacobian().gram_law()
    assert law == MLP(3, "tanh", 1.2, 0.1, "gaussian", input_q=1.0).jacobian().gram_law()
    net = MLP(3, "hard_tanh", 1.2, 0.1, "student(6)")
    logs = net.jacobian().log_singular_values(512, rng=11)
    assert distance(net.jacobian().gram_law(), logs, rank=True) <= 0.03


def test_sampled_moments_within_four_standard_errors():
    # E tr JJᵀ/n = Π chi exactly for independent D; the scatter of m1 over draws gives the standard error
    net = critical_net("tanh", 0.05, 8, "orthogonal")
    draws = np.array([np.mean(net.jacobian().singular_values(200, rng=seed) ** 2) for seed in range(40)])
    error = draws.std(ddof=1) / math.sqrt(40)
    assert abs(draws.mean() - net.mean) < 4 * error + 2 / 200
    assert abs(draws.mean() - net.with_depth(9).mean * 1.2) > 4 * error + 2 / 200


# ---------------------------------------------------------------- the sampler
def test_jacobian_is_that_of_the_network():
    net = MLP(3, "tanh", 1.3, 0.2, input_q=1.0)
    steps = list(net.jacobian().forward(40, rng=5))
    product = np.eye(40)
    for weights, slopes in steps:
        product = slopes[:, None] * weights @ product
    assert np.allclose(product, net.jacobian().sample(40, rng=5))
    logs = net.jacobian().log_singular_values(40, rng=5)
    # trials spawn their generators: compare with the factors of the same child
    assert logs.shape == (40,)
    assert np.all(np.diff(logs) <= 0.0)


def test_small_singular_values_are_not_lost():
    net = MLP(64, "tanh", 1.5, 0.0, "gaussian")
    logs = net.jacobian().log_singular_values(60, rng=2)
    law = net.jacobian().gram_law()
    # the naive product stops at 1e-16 of the largest
    assert 2 * (logs[-1] - logs[0]) < math.log(1e-60)
    assert distance(law, logs) < 0.2


@pytest.mark.parametrize(("sigma_w", "weights"), [(1.05, "orthogonal"), (2.5, "orthogonal"), (2.5, "gaussian")])
def test_layers_multiplied_out_lose_no_singular_value(sigma_w, weights):
    jacobian = MLP(24, "tanh", sigma_w, 0.1, weights).jacobian()
    steps = list(jacobian.forward(60, rng=9))
    kept_apart = rmt.spectra.product_singular_values([f for w, d in reversed(steps) for f in (d, w)])
    logs = jacobian._log_singular_values(60, np.random.default_rng(9))
    assert np.max(np.abs(logs - kept_apart)) < 1e-10
    product = np.linalg.svd(jacobian._sample(60, np.random.default_rng(9)), compute_uv=False)
    if sigma_w > 2:  # control: multiplied out altogether, the small ones are noise
        assert abs(math.log(product[-1]) - kept_apart[-1]) > 1e-6


def test_homogeneous_networks_multiply_by_their_jacobian():
    # φ(bx) = bφ(x): the output is J x
    net = MLP(5, "leaky_relu", 1.4, input_q=1.0)
    rng = np.random.default_rng(8)
    jacobian = net.jacobian()
    x = jacobian._input(50, np.random.default_rng(8))
    product, y = np.eye(50), x.copy()
    for weights, slopes in jacobian.forward(50, rng):
        product = slopes[:, None] * weights @ product
        h = weights @ y
        y = np.where(h > 0, h, 0.01 * h)
    assert np.allclose(product @ x, y, rtol=1e-12)


def test_radial_gain_is_an_isolated_singular_value():
    # the direction of the input is not free from D: its gain is chi_par^(L/2), below the bulk of a tanh network
    net = critical_net("tanh", 0.2, 32, "orthogonal")
    logs = net.jacobian().log_singular_values(400, rng=4)
    bulk = math.log(net.jacobian().gram_law().ppf(2 / 400)) / 2
    assert net.log_radial_gain < -2.0
    assert logs[-1] < bulk


def test_shapes_and_repr():
    net = MLP(2, "relu", ROOT2, widths=[3, 2, 1], input_q=1.0)
    assert net.jacobian().shapes(10) == (30, 20, 10)
    assert net.jacobian().sample(10, rng=0).shape == (10, 30)
    assert net.jacobian().singular_values(10, rng=0).shape == (10,)
    again = eval(repr(net), {"MLP": MLP})
    assert repr(again) == repr(net)
    J = MLP(3, "relu", ROOT2).jacobian()
    assert (J @ J.H).law() == J.gram_law()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: MLP(0, "tanh", 1.0), ValueError, "depth must be"),
        (lambda: MLP(2.5, "tanh", 1.0), TypeError, "depth must be"),
        (lambda: MLP(3, "tanh", -1.0), ValueError, "sigma_w must be"),
        (lambda: MLP(3, "tanh", [1.0, 1.0]), ValueError, "one for each of the 3 layers"),
        (lambda: MLP(3, "tanh", [1.0, 1.0, 1.2]), ValueError, "pass input_q"),
        (lambda: MLP(3, "relu", 2.0, 0.1), ValueError, "grows without bound"),
        (lambda: MLP(3, "tanh", 1.0, weights="orthogonol"), ValueError, "or 'orthogonal'"),
        (lambda: MLP(3, "tanh", 1.0, widths=[1, 2]), ValueError, "the 4 numbers"),
        (lambda: MLP(3, "relu", ROOT2).jacobian().law(), TypeError, "gram_law"),
        (lambda: MLP(2, "relu", ROOT2, widths=[1, 100, 100], input_q=1.0).jacobian().sample(3), ValueError, "no unit"),
        (lambda: MLP(3, "tanh", 1e120, input_q=1.0).layers, ValueError, "exceeds 1e200"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
