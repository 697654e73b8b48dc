"""The isometry report against closed forms, mpmath, and sampled networks."""

import json
import math

import mpmath
import numpy as np
import pytest

import rmt
from rmt.networks import (
    MLP,
    Cause,
    IsometryReport,
    ResidualNetwork,
    SpectrumSummary,
    Verdict,
    advise,
    edge_of_chaos,
    initialiser,
    isometry,
    torch_gain,
)
from rmt.networks.reports.agreement import agreement_with
from rmt.networks.reports.network_isometry import log_inverse_radial_gain, log_radial_gain
from rmt.networks.reports.spectrum_summary import log_quantiles
from rmt.networks.reports.verdict import judge

#: tanh, orthogonal, L = 32, relative variance 0.25: q*, sigma_w, sigma_b, chi_par^L (mpmath)
TANH_32 = (0.03651711446452348, 1.0341652193292374, 0.007300167448106282, 0.11222556595285602)


def strict(text):
    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def tanh_32():
    return MLP(32, "tanh", TANH_32[1], TANH_32[2], "orthogonal")


# ---------------------------------------------------------------- the numbers
@pytest.mark.parametrize("depth", [1, 7, 1000])
def test_linear_orthogonal_is_an_isometry_exactly(depth):
    report = MLP(depth, "linear", 1.0, weights="orthogonal").isometry()
    assert report.verdict is Verdict.ISOMETRIC
    assert (report.m1, report.relvar, report.s_min, report.s_max, report.condition) == (1.0, 0.0, 1.0, 1.0, 1.0)
    assert report.atoms == ((1.0, 1.0),)
    assert set(report.quantiles.values()) == {1.0}
    assert (report.fraction, report.outliers) == (1.0, ())


def test_scaled_orthogonal_network_has_one_singular_value():
    report = MLP(5, "linear", 3.0, weights="orthogonal").isometry()
    assert report.verdict is Verdict.EXPLODING
    assert report.atoms == ((pytest.approx(243.0, rel=1e-14), 1.0),)
    assert (report.s_min, report.s_max) == pytest.approx((243.0, 243.0), rel=1e-13)
    assert (report.fraction, report.outliers) == (0.0, ())


@pytest.mark.parametrize("depth", [2, 32])
def test_relu_orthogonal_at_he_is_stable_but_not_isometric(depth):
    report = isometry(MLP(depth, "relu", math.sqrt(2.0), weights="orthogonal"))
    assert report.m1 == pytest.approx(1.0, rel=1e-13)
    assert report.relvar == pytest.approx(depth, rel=1e-13)
    assert report.s_max == pytest.approx(math.sqrt(depth**depth / (depth - 1.0) ** (depth - 1)), rel=1e-10)
    assert report.atoms == ((0.0, 0.5),)
    assert (report.s_min, report.condition) == (0.0, math.inf)
    assert str(report.verdict) == "STABLE BUT NOT ISOMETRIC"
    assert report.quantiles[0.25] == 0.0
    assert report.outliers == ()


def test_atom_of_hard_tanh_near_isometry():
    depth, q = 8, 0.25
    point = edge_of_chaos("hard_tanh", q=q)
    report = MLP(depth, "hard_tanh", point.sigma_w, point.sigma_b, "orthogonal").isometry()
    p = math.erf(1.0 / math.sqrt(2.0 * q))
    zero, top = report.atoms
    assert zero == (0.0, pytest.approx(1.0 - p, rel=1e-10))
    assert top == (pytest.approx(p ** (-depth / 2), rel=1e-11), pytest.approx(1.0 - depth * (1.0 - p), rel=1e-10))
    assert report.s_max == pytest.approx(p ** (-depth / 2), rel=1e-11)
    assert report.quantiles[0.95] == pytest.approx(report.s_max, rel=1e-11)
    assert report.relvar == pytest.approx(depth * (1.0 / p - 1.0), rel=1e-9)
    assert report.verdict is Verdict.NEAR_ISOMETRIC


def test_gaussian_linear_network_is_a_fuss_catalan_law():
    report = MLP(3, "linear", 1.0).isometry()
    law = rmt.FussCatalan(order=3)
    assert report.s_max**2 == pytest.approx(256.0 / 27.0, rel=1e-12)
    for level, s in report.quantiles.items():
        assert law.cdf(s * s) == pytest.approx(level, abs=1e-9)
    assert report.spectrum.log_geometric_mean == pytest.approx(-1.5)
    assert report.fraction == pytest.approx(law.cdf(4.0) - law.cdf(0.25), abs=1e-11)


def test_moments_and_depth_scales_of_a_tanh_network():
    net = MLP(64, "tanh", 1.05, 0.2, "orthogonal")
    report = net.isometry()
    mpmath.mp.dps = 25

    def gauss(function):
        return mpmath.quad(lambda z: function(mpmath.sqrt(q) * z) * mpmath.npdf(z), [-12, -3, 0, 3, 12])

    q = mpmath.mpf("0.2")
    for _ in range(60):
        q = mpmath.mpf("1.05") ** 2 * gauss(lambda x: mpmath.tanh(x) ** 2) + mpmath.mpf("0.2") ** 2
    mu1, mu2 = (gauss(lambda x, k=k: mpmath.sech(x) ** (4 * k)) for k in (1, 2))
    chi = mpmath.mpf("1.05") ** 2 * mu1
    assert report.m1 == pytest.approx(float(chi**64), rel=1e-9)
    assert report.relvar == pytest.approx(float(64 * (mu2 / mu1**2 - 1)), rel=1e-9)
    assert report.gain_per_layer == pytest.approx(float(chi), rel=1e-11)
    assert report.scales.xi_grad == pytest.approx(float(-1 / mpmath.log(chi)), rel=1e-9)
    log_mean = float(64 * (mpmath.log(mpmath.mpf("1.05")) + gauss(lambda x: mpmath.log(mpmath.sech(x) ** 2))))
    assert report.spectrum.log_geometric_mean == pytest.approx(log_mean, rel=1e-8)
    assert report.verdict is Verdict.VANISHING


def test_rectangular_network_counts_over_its_rows():
    net = MLP(3, "relu", math.sqrt(2.0), widths=(300, 600, 200, 400), input_q=1.0)
    report = net.isometry()
    assert report.relvar == pytest.approx(23.0 / 3.0, rel=1e-12)
    assert report.spectrum.rank == 0.5
    kernel = dict(report.atoms)[0.0]
    assert kernel == pytest.approx(1.0 - 0.5 * 200 / 400, abs=1e-9) or kernel >= 0.5
    assert any("rows" in note for note in report.notes)


def test_widening_orthogonal_layers_are_an_isometry_on_what_the_widths_leave():
    report = MLP(2, "linear", 1.0, weights="orthogonal", widths=(1, 2, 4), input_q=1.0).isometry()
    # orthonormal columns: one quarter of the rows carries singular value 1
    assert report.m1 == pytest.approx(0.25, rel=1e-12)
    assert report.verdict is Verdict.ISOMETRIC
    assert report.s_min == pytest.approx(1.0, rel=1e-9)


@pytest.mark.slow
def test_lengths_followed_from_the_input():
    net = MLP(64, "tanh", 1.0, weights="orthogonal", input_q=1.0)
    report = net.isometry()
    # mpmath: finite depth without bias
    assert report.m1 == pytest.approx(0.01118013356186965, rel=1e-9)
    assert report.relvar == pytest.approx(1.3661422770332232, rel=1e-9)
    assert report.log_m1_shares.sum() == pytest.approx(1.0)
    assert report.relvar_shares[0] == pytest.approx(net.layers[0].spread / net.relative_variance)
    assert report.relvar_shares[0] > 0.3
    assert "1 tanh" in str(report)
    assert "these spread the spectrum most" in str(report)


# ---------------------------------------------------------------- verdicts
@pytest.mark.parametrize(
    ("network", "verdict", "m1"),
    [
        (MLP(100, "tanh", torch_gain("tanh")), "EXPLODING", 1.2098313203828295**100),
        (MLP(32, "tanh", torch_gain("tanh"), input_q=1.0), "EXPLODING", 249.3539134047188),
        (MLP(32, "linear", 1.0), "STABLE BUT NOT ISOMETRIC", 1.0),
        (MLP(5, "tanh", 0.0), "DEGENERATE", 0.0),
        (tanh_32(), "ISOMETRIC", 1.0),
        (tanh_32().with_depth(96), "NEAR-ISOMETRIC", 1.0),
        (tanh_32().with_depth(160), "STABLE BUT NOT ISOMETRIC", 1.0),
        (MLP(8, "hard_tanh", 10.0, weights="orthogonal"), "DEGENERATE", None),
    ],
    ids=lambda x: str(x)[:40],
)
def test_verdicts(network, verdict, m1):
    report = network.isometry()
    assert str(report.verdict) == verdict
    if m1 is not None:
        assert report.m1 == pytest.approx(m1, rel=1e-8)


def test_default_linear_layers_of_pytorch_vanish():
    start = initialiser("torch_linear", fan_in=512)
    report = MLP(32, "tanh", start.sigma_w, 0.0, "uniform", input_q=1.0).isometry()
    assert str(report.verdict) == "VANISHING"
    relu = MLP(32, "relu", start.sigma_w, 0.0, "uniform").isometry()
    assert relu.m1 == pytest.approx(6.0**-32, rel=1e-12)
    assert relu.verdict is Verdict.VANISHING


def test_thresholds():
    assert judge(0.19, 0.25) is Verdict.ISOMETRIC
    assert judge(-0.21, 0.1) is Verdict.NEAR_ISOMETRIC
    assert judge(0.0, 0.26) is Verdict.NEAR_ISOMETRIC
    assert judge(0.0, 1.0) is Verdict.STABLE
    assert judge(0.7, 0.0) is Verdict.EXPLODING
    assert judge(-0.7, 50.0) is Verdict.VANISHING
    assert judge(0.0, 1.0, kernel=0.5) is Verdict.STABLE
    assert judge(0.0, 3.0, kernel=0.7) is Verdict.DEGENERATE
    assert judge(math.log(0.25), 3.0, kernel=0.75, rank=0.25) is Verdict.ISOMETRIC


# ---------------------------------------------------------------- the direction of the input
def test_radial_direction_stands_apart_where_it_is_predicted():
    report = tanh_32().isometry()
    (outlier,) = report.outliers
    assert outlier.cause is Cause.RADIAL
    assert math.exp(outlier.expected) == pytest.approx(TANH_32[3], rel=1e-9)
    # E[h tanh/sech²] = q exp(2q)
    assert outlier.position == pytest.approx(math.exp(-2.0 * 32 * TANH_32[0]), rel=1e-9)
    logs = tanh_32().jacobian().log_singular_values(200, rng=3)
    assert math.exp(logs[-1]) == pytest.approx(outlier.position, rel=0.25)
    assert logs[-2] > math.log(2.5 * outlier.position)


def test_gains_along_the_signal():
    net = MLP(12, "tanh", 1.2, 0.1, "orthogonal")
    layer = net.layers[0]
    assert log_radial_gain(net) == pytest.approx(12 * math.log(layer.chi_par), rel=1e-9)
    assert log_inverse_radial_gain(net) == pytest.approx(-12 * 2.0 * layer.q, rel=1e-9)
    assert log_inverse_radial_gain(MLP(4, "gelu", 1.5, 0.1, "orthogonal", input_q=0.1)) is None
    assert log_inverse_radial_gain(net.with_weights("gaussian")) is None


def test_gaussian_bulk_covers_the_radial_direction():
    assert MLP(32, "tanh", 1.05, 0.2).isometry().outliers == ()


# ---------------------------------------------------------------- advice
def test_advice_reaches_the_target():
    found = advise("tanh", 32, target=0.25)
    assert (found.q, found.sigma_w, found.sigma_b) == pytest.approx(TANH_32[:3], rel=1e-11)
    assert found.relvar == pytest.approx(0.25, rel=1e-12)
    assert (found.weights, found.verdict, found.applicable) == ("orthogonal", Verdict.ISOMETRIC, True)
    assert found.sigma_w**2 * found.input_q + found.sigma_b**2 == pytest.approx(found.q)


@pytest.mark.parametrize("name", ["tanh", "erf", "sin", "arctan", "hard_tanh"])
@pytest.mark.parametrize("depth", [1, 16, 1000])
def test_applied_advice_is_isometric(name, depth):
    advice = advise(name, depth)
    net = MLP(depth, name, advice.sigma_w, advice.sigma_b, advice.weights, input_q=advice.input_q)
    assert net.layers[-1].q == pytest.approx(advice.q, rel=1e-6)
    assert judge(net.log_mean, net.relative_variance) is Verdict.ISOMETRIC
    assert net.relative_variance == pytest.approx(0.2, rel=1e-5) or depth == 1


def test_activations_that_cannot_be_isometric_say_so():
    relu = advise("relu", 32)
    assert (relu.sigma_w, relu.sigma_b, relu.q) == (pytest.approx(math.sqrt(2.0)), 0.0, None)
    assert relu.relvar == pytest.approx(32.0)
    assert "relu cannot be isometric at depth 32" in relu.text
    # ((1 - a²)/(1 + a²))² L = 0.2
    root = math.sqrt(0.2 / 32)
    assert f"leaky ReLU of slope >= {math.sqrt((1 - root) / (1 + root)):.4g}" in relu.text
    gelu = advise("gelu", 16)
    assert gelu.q >= (3 + math.sqrt(17)) / 2
    assert edge_of_chaos("gelu", q=gelu.q).stable
    assert "gelu cannot be isometric at depth 16" in gelu.text


def test_gaussian_weights_cannot():
    advice = MLP(24, "tanh", 1.05, 0.2).isometry().advice
    assert "Gaussian weights cannot: relative variance >= 24" in advice.text
    assert advice.weights == "orthogonal"
    assert "Gaussian" not in MLP(24, "tanh", 1.05, 0.2, "orthogonal").isometry().advice.text


def test_critical_scale_at_this_bias_or_why_there_is_none():
    advice = advise("tanh", 8, sigma_b=math.sqrt(0.05), sigma_w=1.0)
    assert advice.critical_sigma_w == pytest.approx(math.sqrt(1.76095463960674), rel=1e-12)
    gelu = advise("gelu", 8, sigma_b=0.1)
    assert gelu.critical_sigma_w is None
    assert "half-stable point" in gelu.text
    assert advise("relu", 8, sigma_b=0.1).critical_sigma_w is None


def test_nothing_to_change():
    advice = tanh_32().isometry().advice
    assert advice.text.startswith("nothing to change")
    assert (advice.sigma_w, advice.sigma_b, advice.weights) == (*TANH_32[1:3], "orthogonal")


def test_advice_for_widths():
    advice = advise("tanh", 3, widths=(1, 2, 4, 8))
    net = MLP(3, "tanh", advice.sigma_w, advice.sigma_b, "orthogonal", widths=(1, 2, 4, 8), input_q=1.0)
    spread = net.layers[0].activation.slope_spread(advice.q)
    # an eighth of the rows: (1 + relvar)/8 - 1 = 0.2 with relvar = spread Σ N_L/N_l + Σ (N_L/N_{l-1} - N_L/N_l)
    assert (1.0 + spread * (4 + 2 + 1) + (4 + 2 + 1)) / 8.0 - 1.0 == pytest.approx(0.2, rel=1e-9)
    stuck = advise("linear", 3, widths=(300, 600, 200, 400))
    assert "the widths alone" in stuck.text


# ---------------------------------------------------------------- residual networks
def test_residual_network_with_a_mean_mode():
    net = ResidualNetwork(40, "relu", math.sqrt(1.5 / 40))
    report = net.isometry()
    v = 0.75 / 40
    assert report.m1 == pytest.approx((1.0 + v) ** 40, rel=1e-12)
    assert report.relvar == pytest.approx(40 * (2.0 * v + 2.0 * v * v) / (1.0 + v) ** 2, rel=1e-12)
    # universal law, c = 3/4: median 1, edges 1/13.396 and 13.396; the stream grows 139-fold, its mean more
    assert report.quantiles[0.5] == pytest.approx(1.0, rel=1e-9)
    assert report.s_max**2 == pytest.approx(13.395931240283382, rel=1e-10)
    assert report.s_min * report.s_max == pytest.approx(1.0, rel=1e-9)
    (outlier,) = report.outliers
    assert outlier.cause is Cause.MEAN_MODE
    assert net.mean_mode_gain == pytest.approx(139.07858786, rel=1e-8)
    sampled = np.linalg.norm(np.asarray(net.jacobian().sample(400, rng=0)), 2) ** 2
    assert net.mean_mode_gain < outlier.position**2 < 1.1 * sampled  # which scatters by 6 %
    assert outlier.position**2 > 0.65 * sampled
    better = ResidualNetwork(40, "relu", report.advice.sigma_w).isometry()
    assert better.verdict is Verdict.ISOMETRIC
    assert better.relvar == pytest.approx(0.2, rel=1e-9)
    assert better.advice.text.startswith("nothing to change")
    assert strict(report.to_json())["outliers"][0]["cause"] == "mean mode"


def test_strong_blocks_are_noted():
    assert "not weak" in str(ResidualNetwork(20, "tanh", 0.7).isometry())
    assert "not weak" not in str(ResidualNetwork(20, "tanh", 0.1).isometry())


# ---------------------------------------------------------------- forms
def test_report_is_strict_json():
    record = strict(MLP(8, "relu", 1.0, weights="orthogonal").isometry().to_json())
    assert (record["condition"], record["verdict"], record["measured"]) == (None, "VANISHING", None)
    assert record["m1"] == pytest.approx(2.0**-8)
    (layer,) = record["layers"]
    assert (layer["first"], layer["last"], layer["chi_perp"], layer["dead"]) == pytest.approx((1, 8, 0.5, 0.5))
    assert record["advice"]["sigma_w"] == pytest.approx(math.sqrt(2.0))
    assert strict(MLP(3, "tanh", 0.0).isometry().to_json())["relvar"] is None


def test_numbers_beyond_the_range_of_a_double():
    report = MLP(1000, "linear", 5.0, weights="orthogonal").isometry()
    assert report.m1 == math.inf
    assert report.log_m1 == pytest.approx(2000.0 * math.log(5.0))
    assert report.spectrum.log_s_max == pytest.approx(1000.0 * math.log(5.0))
    assert strict(report.to_json())["m1"] is None
    assert "e+698" in str(report)


def test_quantiles_of_a_deep_network_with_a_positive_edge():
    report = MLP(4000, "tanh", 1.05, 0.2, "orthogonal").isometry()
    levels, logs = np.array(report.spectrum.levels), np.array(report.spectrum.log_quantiles)
    assert np.all(np.diff(logs) > 0.0)
    mass = report.law.cdf_of_log(2.0 * logs - report.log_scale)
    assert np.allclose(mass, levels, rtol=0, atol=1e-7)
    # E log s from the quantile function against the determinant
    u, w = np.polynomial.legendre.leggauss(64)
    inner = 0.5 * (log_quantiles(report.law, 0.5 * (u + 1.0)) + report.log_scale)
    assert 0.5 * float(inner @ w) == pytest.approx(report.spectrum.log_geometric_mean, rel=2e-3)


def test_measured_values():
    summary = SpectrumSummary.of_values(np.log([0.5, 1.0, 2.0]), rows=4, rank=0.75)
    squares = np.array([0.0, 0.25, 1.0, 4.0])
    assert summary.m1 == pytest.approx(squares.mean())
    assert summary.relvar == pytest.approx(squares.var() / squares.mean() ** 2)
    assert (summary.s_min, summary.s_max) == pytest.approx((0.5, 2.0))
    assert (summary.kernel, summary.fraction, summary.count) == (0.25, 0.75, 4)
    zero = SpectrumSummary.of_values([-math.inf, -math.inf])
    assert zero.verdict is Verdict.DEGENERATE
    far = SpectrumSummary.of_values([-2000.0, -2001.0])
    assert far.log_m1 == pytest.approx(-4000.0 + math.log((1.0 + math.exp(-2.0)) / 2.0))


def test_measured_numbers_come_before_predicted_ones():
    predicted = tanh_32().isometry().predicted
    measured = SpectrumSummary.of_values(np.zeros(5))
    agreement = agreement_with(rmt.MarchenkoPastur(), 0.5, 50, level=0.01)
    report = IsometryReport("a model", 4, "gaussian", predicted, measured, agreement=agreement)
    assert (report.m1, report.verdict) == (1.0, Verdict.ISOMETRIC)
    text = str(report)
    assert "predicted" in text
    assert "measured" in text
    record = strict(report.to_json())
    assert record["predicted"]["m1"] == pytest.approx(1.0)
    assert (record["agreement"]["verdict"], record["agreement"]["ks"]) == ("rejected", 0.5)
    assert "rejected (p = " in text


def test_text_of_the_report():
    text = str(MLP(64, "tanh", 1.05, 0.2, "orthogonal").isometry())
    for part in ("VANISHING", "critical sigma_w of tanh is 1.30415", "radial direction", "chi_perp", "quantile 50 %"):
        assert part in text
    assert max(map(len, text.splitlines())) <= 120


# ---------------------------------------------------------------- bad input
def test_bad_input():
    with pytest.raises(ValueError, match="nearest: tanh"):
        advise("tnah", 3)
    with pytest.raises(ValueError, match="depth must be an integer >= 1, got 0"):
        advise("tanh", 0)
    with pytest.raises(ValueError, match="sigma_b"):
        advise("tanh", 3, sigma_b=-0.1)
    with pytest.raises(ValueError, match="target"):
        tanh_32().isometry(target=0.0)
    with pytest.raises(ValueError, match="logs must be"):
        SpectrumSummary.of_values([math.nan])
    with pytest.raises(ValueError, match="rows"):
        SpectrumSummary.of_values([0.0, 0.0], rows=1)
    with pytest.raises(ValueError, match="predicted or a measured"):
        IsometryReport("nothing", 1, "gaussian", None)


def test_softplus_has_no_usable_edge():
    advice = advise("softplus", 4)
    assert not advice.applicable
    assert advice.verdict is None
    assert "critical at no stable length" in advice.text
    assert advice.to_dict()["relvar"] is None


def test_deep_orthogonal_networks_whose_edges_leave_the_range_of_doubles():
    report = MLP(depth=96, activation="leaky_relu", sigma_w=1.3, weights="orthogonal").isometry()
    # E phi'^2 = (1 + slope^2)/2 in every layer
    assert report.log_m1 == pytest.approx(96 * math.log(1.69 * (1 + 0.01**2) / 2), rel=1e-12)


# ---------------------------------------------------------------- laws that spread over hundreds of orders
@pytest.mark.long
@pytest.mark.parametrize(
    "network",
    [
        MLP(4, "leaky_relu", 1.0, 0.0, "orthogonal", (1, 0.75, 0.5, 1, 0.5), input_q=1.0),
        MLP(4, "leaky_relu", 1.0, 0.0, "orthogonal", (1, 2, 1, 2, 1), input_q=1.0),
        MLP(2, "tanh", 1.0, 0.0, "orthogonal", (1, 2, 1), input_q=1.0),
    ],
    ids=["narrowing", "widening twice", "widening tanh"],
)
def test_quantiles_of_networks_with_far_tails_beside_samples(network):
    n = 200
    report = network.isometry()
    measured = []
    for seed in range(3):
        jacobian = np.asarray(network.jacobian().sample(n, rng=np.random.default_rng(seed)))
        measured.append(np.linalg.svd(jacobian, compute_uv=False))
    s = np.concatenate(measured)
    for level, value in report.predicted.quantiles.items():
        if value > 1e-7:
            # numbers of live units wander by √n/2 in every layer
            assert np.mean(s <= value) == pytest.approx(level, abs=0.1)
    values = np.array(list(report.predicted.quantiles.values()))
    assert np.all(np.diff(values) > 0.0)
    halved = np.mean(s[:, None] <= 0.5 * values, axis=0)
    assert np.abs(halved - report.predicted.levels).max() > 0.12  # half of each singular value is refused


def test_levels_below_the_range_of_doubles_are_unresolved():
    report = MLP(3, "erf", 4.0, 0.0, "orthogonal").isometry()
    summary = report.predicted
    logs = dict(zip(summary.levels, summary.log_quantiles, strict=True))
    assert math.isnan(logs[0.001])
    assert summary.to_dict()["quantiles"]["0.001"] is None
    assert "unresolved" in str(report)
    rest = [v for level, v in logs.items() if level > 0.001]
    assert np.all(np.isfinite(rest))
    assert np.all(np.diff(rest) > 0.0)


def test_mass_far_below_lies_between_the_bounds_of_its_factors():
    # singular values of a product: N(e^u) ≥ N_1(e^u / max D_2²), and N(e^u) ≤ N_1(a) + N_2(e^u / a) for every a
    network = MLP(2, rmt.networks.activation("erf", scale=3.0), 1.0, 0.0, "orthogonal", input_q=0.66)
    first, second = (layer.q for layer in network.layers)
    top = math.log(36.0 / math.pi)

    def below(v, q):
        return math.erfc(math.sqrt(max(top - v, 0.0) / 36.0 / q))

    points = np.linspace(-600.0, -200.0, 9)
    masses = np.asarray(network.jacobian().gram_law().cdf_of_log(points))
    assert np.all(np.diff(masses) > 0.0)
    for u, mass in zip(points, masses, strict=True):
        least = max(below(u - top, first), below(u - top, second))
        most = min(below(v, first) + below(u - v, second) for v in np.linspace(u - top, top, 400))
        assert least < mass < most
