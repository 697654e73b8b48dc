"""Every value of ``references/networks.json``, each quoted there with the formula or the method it comes from.

The analytic ones were computed outside this package (closed forms, 25- to 40-digit quadrature, root finding with
mpmath); the Monte Carlo ones carry their own error.
"""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.special import digamma

import rmt
from rmt.networks import (
    MLP,
    BernoulliDepthLimit,
    FreeLogNormal,
    ResidualNetwork,
    activation,
    correlation_map,
    critical_points,
    edge_of_chaos,
    half_stable_point,
    mean_field,
    residual_limit,
)

VALUES = {v["id"]: v for v in json.loads((Path(__file__).parents[1] / "references" / "networks.json").read_text())}
ROOT2 = math.sqrt(2.0)


def reference(name):
    return [float(v) for v in VALUES[name]["value"]]


def check(name, found, rel=1e-10):
    assert list(found) == pytest.approx(reference(name), rel=rel)


def critical(name, q, depth, weights="orthogonal"):
    phi = activation(name)
    point = edge_of_chaos(phi, q=q)
    return MLP(depth, phi, point.sigma_w, point.sigma_b, weights)


def gram_law(*arguments, **options):
    return MLP(*arguments, **options).jacobian().gram_law()


# ---------------------------------------------------------------- signal propagation
@pytest.mark.parametrize("variance", ["0.0025", "0.05", "0.2", "1"])
def test_edge_of_chaos_of_tanh(variance):
    (point,) = critical_points("tanh", sigma_b=math.sqrt(float(variance)))
    check(f"eoc_tanh_sb2_{variance}", [point.q, point.sigma_w**2, point.sigma_w], rel=1e-12)


@pytest.mark.parametrize("q", ["0.25", "1"])
def test_edge_of_chaos_of_hard_tanh(q):
    point = edge_of_chaos("hard_tanh", q=float(q))
    p = activation("hard_tanh").slope_moment(1, float(q))
    check(f"eoc_hardtanh_q{q}", [p, point.sigma_w**2, point.sigma_b**2], rel=1e-12)


def test_half_stable_point_of_silu():
    point = half_stable_point("silu")
    check("silu_half_stable", [point.q, point.sigma_w**2, point.sigma_b**2], rel=1e-10)


def test_gain_of_tanh():
    field = mean_field("tanh", sigma_w=5 / 3)
    rms = math.sqrt(activation("tanh").second_moment(field.q))
    check("torch_gain_tanh", [field.q, field.chi_perp, field.chi_par, field.spread, rms], rel=1e-12)


def test_selu_as_designed():
    field = mean_field("selu", sigma_w=1.0)
    assert field.q == pytest.approx(1.0, rel=1e-12)
    check("selu_lecun", [field.chi_perp, field.chi_par, field.spread], rel=1e-12)


def test_correlation_map_of_relu():
    check("relu_cmap", [correlation_map("relu", c, q=1.0, sigma_w=ROOT2) for c in (0.0, 0.5, 0.9)], rel=1e-13)


@pytest.mark.parametrize(
    ("key", "name", "q"), [("gelu_q1", "gelu", 1.0), ("hardtanh_q1", "hard_tanh", 1.0), ("tanh_q0.25", "tanh", 0.25)]
)
def test_moments(key, name, q):
    phi = activation(name)
    found = [phi.second_moment(q), phi.slope_moment(1, q), phi.slope_moment(2, q), phi.slope_spread(q)]
    check(f"moments_{key}", found, rel=1e-13)


def test_batch_normalisation():
    # growth of m1 a layer, E φ'²/Var φ; and the constants of the centred ReLU kernel
    tanh, relu = activation("tanh"), activation("relu")
    check("bn_growth_tanh", [tanh.slope_moment(1, 1.0) / (tanh.second_moment(1.0) - tanh.mean(1.0) ** 2)], rel=1e-12)
    variance = relu.second_moment(1.0) - relu.mean(1.0) ** 2
    # (E φ')² = 1/4
    check("relu_kernel_consts", [0.25 / variance, relu.slope_moment(1, 1.0) / variance], rel=1e-13)


# ---------------------------------------------------------------- finite depth
@pytest.mark.parametrize(
    ("key", "name", "sigma_w", "sigma_b"),
    [
        ("tanh_nn.Linear default", "tanh", 3**-0.5, 1536**-0.5),
        ("silu_kaiming_relu", "silu", ROOT2, 0.0),
        ("tanh_xavier_gain5/3", "tanh", 5 / 3, 0.0),
        ("selu_gain3/4", "selu", 0.75, 0.0),
    ],
)
def test_initialisers_at_depth_32(key, name, sigma_w, sigma_b):
    net = MLP(33, name, sigma_w, sigma_b, "orthogonal", input_q=1.0)
    first = MLP(32, name, sigma_w, sigma_b, "orthogonal", input_q=1.0)
    check(f"depth32_{key}", [first.mean, first.relative_variance, net.q[32]], rel=1e-9)
    gaussian = first.with_weights("gaussian")
    assert gaussian.relative_variance == pytest.approx(first.relative_variance + 32, rel=1e-13)


def test_lengths_that_never_settle():
    net = MLP(64, "tanh", 1.0, weights="orthogonal", input_q=1.0)
    check("tanh_sw1_sb0_L64", [net.mean, net.relative_variance])


def test_rectangular_relu():
    net = MLP(3, "relu", ROOT2, widths=[300, 600, 200, 400], input_q=1.0)
    check("rect_relu_300_600_200_400", [net.relative_variance], rel=1e-13)
    law = net.jacobian().gram_law()
    assert law.var() / law.mean() ** 2 == pytest.approx(23 / 3, rel=1e-12)


# ---------------------------------------------------------------- edges
@pytest.mark.parametrize("depth", [4, 16, 64])
def test_largest_eigenvalues(depth):
    nets = [
        MLP(depth, "linear", 1.0),
        MLP(depth, "relu", ROOT2),
        MLP(depth, "relu", ROOT2, weights="orthogonal"),
        critical("hard_tanh", 1.0, depth, "gaussian"),
        critical("hard_tanh", 1.0, depth),
    ]
    check(f"lambda_max_L{depth}", [n.jacobian().gram_law().support[-1].high for n in nets], rel=1e-12)


def test_edges_of_nearly_isometric_networks():
    check(
        "hardtanh_edge_L32_q0.25", [critical("hard_tanh", 0.25, 32).jacobian().gram_law().support[-1].high], rel=1e-12
    )
    check(
        "lambda_max_tanh_orth_q0.2_L32", [critical("tanh", 0.2, 32).jacobian().gram_law().support[-1].high], rel=1e-10
    )
    check(
        "lambda_max_erf_orth_q0.05_L64", [critical("erf", 0.05, 64).jacobian().gram_law().support[-1].high], rel=1e-10
    )


# ---------------------------------------------------------------- quantiles
@pytest.mark.parametrize(
    ("key", "law"),
    [
        ("smooth_sigma0^2=1", lambda: FreeLogNormal(1)),
        ("bern_sigma0^2=1", lambda: BernoulliDepthLimit(1)),
        ("bern_sigma0^2=0.25", lambda: BernoulliDepthLimit(0.25)),
        ("linear_gauss_L=2", lambda: gram_law(2, "linear", 1.0)),
        ("linear_gauss_L=32", lambda: gram_law(32, "linear", 1.0)),
        ("relu_gauss_L=4", lambda: gram_law(4, "relu", ROOT2)),
        ("relu_gauss_L=16", lambda: gram_law(16, "relu", ROOT2)),
        ("resnet_c=0.25", lambda: residual_limit(0.25)),
    ],
)
def test_quantiles(key, law):
    found, entry = law(), VALUES[f"quantiles_{key}"]
    levels = [float(u) for u in entry["u"]]
    check(f"quantiles_{key}", found.ppf(levels), rel=1e-9)
    assert found.cdf(reference(f"quantiles_{key}")) == pytest.approx(levels, abs=1e-10)
    for edge, end in zip(entry.get("edges") or [], (found.support[0].low, found.support[-1].high), strict=False):
        assert end == pytest.approx(float(edge), rel=1e-12)


@pytest.mark.parametrize(("name", "q", "depth"), [("tanh", 0.05, 32), ("erf", 0.25, 16)])
def test_quantiles_of_smooth_networks(name, q, depth):
    net = critical(name, q, depth)
    key = f"quantiles_{name}_orth_q{q}_L{depth}"
    check(key, [*net.jacobian().gram_law().ppf(VALUES[key]["u"]), net.relative_variance], rel=1e-9)


# ---------------------------------------------------------------- residual networks
def test_universal_residual_law():
    law = residual_limit(1)
    found = [law.mean(), law.var() / law.mean() ** 2, law.ppf(0.5), law.support[0].low, law.support[0].high]
    check("resnet_c1", found, rel=1e-12)


def test_mean_mode_of_residual_relu():
    nets = [ResidualNetwork(depth, "relu", math.sqrt(1.5 / depth)) for depth in (10, 40, 160)]
    edge = nets[0].jacobian().gram_law().support[0].high
    check("resnet_relu_outlier", [*(n.mean_mode_gain for n in nets), edge], rel=1e-11)


# ---------------------------------------------------------------- advice, and finite width
def test_advice_for_a_target_spread():
    from scipy.optimize import brentq

    phi = activation("tanh")
    q = math.exp(brentq(lambda t: 32 * phi.slope_spread(math.exp(t)) - 0.25, -8.0, 0.0, xtol=1e-15))
    net = critical("tanh", q, 32)
    field = net.mean_field
    found = [q, net.sigma_w[0], net.sigma_b[0], field.chi_par, math.exp(net.log_radial_gain)]
    check("advice_tanh_L32_relvar0.25", found, rel=1e-9)


def test_gradient_norms_of_one_relu_layer():
    # given k of 100 live units, |D W u|² is 2/100 times a chi-squared variable with k degrees of freedom
    n = 100
    k = np.arange(1, n + 1)
    weights = np.array([math.comb(n, int(j)) for j in k], dtype=float)
    weights /= weights.sum()
    mean = digamma(k / 2) + math.log(2) + math.log(2 / n)
    from scipy.special import polygamma

    first = weights @ mean
    second = weights @ (polygamma(1, k / 2) + mean**2) - first**2
    check("hanin_nica_log_n100", [first, second], rel=1e-12)
    jacobian = MLP(1, "relu", ROOT2).jacobian()
    rng = np.random.default_rng(5)
    logs = np.array([math.log(np.sum(jacobian._sample(n, rng)[:, 0] ** 2)) for _ in range(2000)])
    assert abs(logs.mean() - first) < 4 * math.sqrt(second / 2000)
    assert abs(logs.mean()) > 4 * math.sqrt(second / 2000)  # control: not log-unbiased


def test_lyapunov_exponents_of_linear_networks():
    j = np.array([1, 10, 20])
    check("lyap_linear_N20", math.log(2 / 20) + digamma((20 - j + 1) / 2), rel=1e-12)
    net, depth = MLP(400, "linear", 1.0), 400
    logs = 2.0 / depth * net.jacobian().log_singular_values(20, rng=6, trials=4).mean(axis=0)
    # trigamma variances of one layer, over 4 × 400 of them; finite depth orders the values, a shift O(1/L)
    assert logs[j - 1] == pytest.approx(reference("lyap_linear_N20"), abs=0.2)
    assert logs[0] == pytest.approx(reference("lyap_linear_N20")[0], abs=0.05)


def test_conjugate_kernel():
    # Fan and Wang 2020: law_l = MP_{γ_l} ⊠ ((1 − b) + b law_{l−1}), b = (E φ')² of φ with mean 0 and variance 1
    phi = activation("tanh")
    x, w = rmt.networks.activations.gaussian_rules.gaussian_rule(1.0, phi.features)
    b = float(w @ phi.slope(x)) ** 2 / phi.second_moment(1.0)
    law = rmt.MarchenkoPastur(ratio=2 / 3)
    found = []
    for ratio in (4 / 5, 6 / 5):
        law = rmt.boxtimes(rmt.MarchenkoPastur(ratio=ratio), b * law + (1 - b))
        found.append(-law.stieltjes(-1.0))
    check("ck_stieltjes_minus1", found, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("index", "width", "draws"), [(0, 100, 60), (1, 200, 24)])
def test_conditional_theory(index, width, draws):
    net = critical("tanh", 0.2, 32)
    rng = np.random.default_rng(7)
    scatter, free = [], []
    for _ in range(draws):
        product, log_gain = np.eye(width), 0.0
        for weights, slopes in net.jacobian().forward(width, rng):
            product = slopes[:, None] * (weights @ product)
            log_gain += math.log(net.sigma_w[0] ** 2 * float(np.mean(slopes**2)))
        measured = math.log(float(np.mean(np.sum(product**2, axis=1))))
        scatter.append(measured - log_gain)
        free.append(measured - net.log_mean)
    rms = math.sqrt(float(np.mean(np.square(scatter))))
    expected = reference("conditional_D_accuracy")[index]
    # standard errors of two root mean squares over as many draws
    assert abs(rms - expected) < 4 * expected / math.sqrt(draws)
    assert math.sqrt(float(np.mean(np.square(free)))) > 2 * rms


def test_every_value_is_used():
    """Every name is one that this file asks for, with what stands in place of braces written out somewhere here."""
    text = Path(__file__).read_text(encoding="utf-8")
    asked = re.findall(r'(?:check|reference)\(\s*f?"([^"]+)"|key = f"([^"]+)"', text)
    patterns = [re.sub(r"\\{\w+\\}", "(.+)", re.escape(a or b)) for a, b in asked]
    words = set(re.findall(r"[^\s\"'(){}\[\],]+", text)) | set(re.findall(r'"([^"\n]+)"', text))

    def is_asked(name):
        found = (re.fullmatch(pattern, name) for pattern in patterns)
        return any(match and words.issuperset(match.groups()) for match in found)

    assert [name for name in VALUES if not is_asked(name)] == []
    assert not is_asked("eoc_tanh_sb2_7.25")
    assert not is_asked("quantiles_of_nothing")
