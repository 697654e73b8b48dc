"""Reports on real models: read, measured and predicted."""

import copy
import json
import math
import sys

import numpy as np
import pytest

import rmt

torch = pytest.importorskip("torch")

from rmt.networks import Cause, Verdict  # noqa: E402
from rmt.networks.reports.layer_readings import WeightLaw  # noqa: E402
from rmt.networks.torch import apply_init, assert_isometric, check_isometry  # noqa: E402
from rmt.networks.torch.operator import JacobianMap  # noqa: E402
from rmt.networks.torch.recording import Forward  # noqa: E402

nn = torch.nn


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def mlp(depth, width, act=nn.Tanh, gain=1.0, *, orthogonal=True, sigma_b=0.0, dtype=torch.float64):
    parts = []
    for _ in range(depth):
        layer = nn.Linear(width, width, dtype=dtype)
        if orthogonal:
            nn.init.orthogonal_(layer.weight, gain)
        else:
            nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(width))
        nn.init.normal_(layer.bias, 0.0, sigma_b) if sigma_b else nn.init.zeros_(layer.bias)
        parts += [layer, act()]
    return nn.Sequential(*parts)


def vector(size, mean_square=1.0, dtype=torch.float64):
    x = torch.randn(size, dtype=dtype)
    return x * (mean_square / x.square().mean()).sqrt()


def conv_net(depth, channels, kernel, padding_mode="circular"):
    parts = []
    for _ in range(depth):
        layer = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, padding_mode=padding_mode)
        nn.init.zeros_(layer.bias)
        parts += [layer, nn.Tanh()]
    return nn.Sequential(*parts).double()


class Residual(nn.Module):
    def __init__(self, width, scale):
        super().__init__()
        self.linear = nn.Linear(width, width)
        nn.init.normal_(self.linear.weight, 0.0, scale / math.sqrt(width))

    def forward(self, x):
        return x + torch.tanh(self.linear(x))


# ---------------------------------------------------------------------- the linear map
def test_products_and_matrix_agree_with_jacrev():
    net = nn.Sequential(nn.Linear(12, 20), nn.GELU(), nn.Linear(20, 9), nn.Softmax(-1)).double()
    x = vector(12)
    run = Forward(net, x).record()
    jacobian = JacobianMap(run.output, run.leaf)
    exact = torch.func.jacrev(net)(x).detach().numpy()
    np.testing.assert_allclose(jacobian.matrix(), exact, atol=1e-14)
    u, v = np.random.default_rng(0).standard_normal(9), np.random.default_rng(1).standard_normal(12)
    np.testing.assert_allclose(jacobian.rmatvec(u), exact.T @ u, atol=1e-14)
    np.testing.assert_allclose(jacobian.matvec(v), exact @ v, atol=1e-14)


def test_more_outputs_than_inputs_go_by_columns():
    net = nn.Sequential(nn.Linear(5, 30), nn.Tanh()).double()
    x = vector(5)
    run = Forward(net, x).record()
    np.testing.assert_allclose(
        JacobianMap(run.output, run.leaf).matrix(), torch.func.jacrev(net)(x).detach().numpy(), atol=1e-14
    )


# ---------------------------------------------------------------------- reading
def test_numbers_are_those_of_the_model():
    net = mlp(3, 200, gain=1.2, orthogonal=False, sigma_b=0.3)
    x = vector(200)
    report = check_isometry(net, x)
    h = x
    for reading, layer in zip(report.readings, net[::2], strict=True):
        weight = layer.weight.detach().numpy()
        h = layer(h).detach()
        q = float(h.square().mean())
        slopes = (1 - torch.tanh(h) ** 2).numpy()
        h = torch.tanh(h)
        values = np.linalg.svd(weight, compute_uv=False) ** 2
        assert reading.q == pytest.approx(q, rel=1e-12)
        assert reading.weights.kind is WeightLaw.GAUSSIAN
        assert reading.weights.sigma_w == pytest.approx(math.sqrt(200 * np.mean(weight**2)), rel=1e-12)
        assert reading.weights.s1 == pytest.approx(1.0 - np.mean(values**2) / np.mean(values) ** 2, rel=1e-9)
        assert reading.sigma_b == pytest.approx(float(layer.bias.detach().square().mean().sqrt()), rel=1e-12)
        np.testing.assert_allclose(reading.slopes, slopes, atol=1e-14)
        assert reading.activation == rmt.networks.activation("tanh")
    exact = np.linalg.svd(torch.func.jacrev(net)(x).detach().numpy(), compute_uv=False)
    np.testing.assert_allclose(np.exp(report.values), exact, rtol=1e-9)
    assert report.m1 == pytest.approx(np.mean(exact**2), rel=1e-9)
    assert report.relvar == pytest.approx(np.var(exact**2) / np.mean(exact**2) ** 2, rel=1e-9)


@pytest.mark.parametrize(
    ("weights", "kind"),
    [
        (lambda n: torch.randn(n, n) / n**0.5, WeightLaw.GAUSSIAN),
        (lambda n: (torch.rand(n, n) - 0.5) * (12 / n) ** 0.5, WeightLaw.GAUSSIAN),
        (lambda n: torch.linalg.qr(torch.randn(n, n))[0], WeightLaw.ORTHOGONAL),
        (lambda n: torch.linalg.qr(torch.randn(2 * n, n))[0], WeightLaw.ORTHOGONAL),
        (lambda n: torch.diag(torch.linspace(0.1, 2, n)), WeightLaw.OTHER),
        (lambda n: torch.randn(n, 3) @ torch.randn(3, n), WeightLaw.OTHER),
        (lambda n: torch.randn(n, n) / n**0.5 + torch.eye(n), WeightLaw.OTHER),
    ],
)
def test_weight_laws_are_recognised(weights, kind):
    matrix = weights(300).double()
    layer = nn.Linear(matrix.shape[1], matrix.shape[0], bias=False).double()
    layer.weight.data = matrix
    assert check_isometry(layer, vector(matrix.shape[1])).readings[0].weights.kind is kind


def test_activations_as_modules_and_as_functions_are_the_same():
    class Functional(nn.Module):
        def __init__(self, layers):
            super().__init__()
            self.layers = nn.ModuleList(layers)

        def forward(self, x):
            first, second, third = self.layers
            x = torch.relu(first(x))
            x = nn.functional.leaky_relu(second(x), 0.2)
            return x.matmul(third.weight.T).add(third.bias).tanh()

    plain = nn.Sequential(
        nn.Linear(40, 40), nn.ReLU(inplace=True), nn.Linear(40, 40), nn.LeakyReLU(0.2), nn.Linear(40, 40), nn.Tanh()
    ).double()
    x = vector(40)
    reports = [check_isometry(m, x) for m in (plain, Functional(plain[::2]))]
    assert [r.activation.name for r in reports[0].readings] == ["relu", "leaky_relu", "tanh"]
    assert dict(reports[0].readings[1].activation.parameters) == {"slope": 0.2}
    np.testing.assert_allclose(reports[0].values, reports[1].values, atol=1e-9)
    for a, b in zip(reports[0].readings, reports[1].readings, strict=True):
        np.testing.assert_allclose(a.slopes, b.slopes)
    assert reports[0].conditional.m1 == pytest.approx(reports[1].conditional.m1, rel=1e-12)


def test_ranges_of_layers_multiply():
    net = mlp(5, 30, gain=1.3)
    x = vector(30)
    whole = torch.func.jacrev(net)(x).detach().numpy()
    parts = torch.func.jacrev(net[4:])(net[:4](x)).detach().numpy(), torch.func.jacrev(net[:4])(x).detach().numpy()
    np.testing.assert_allclose(parts[0] @ parts[1], whole, atol=1e-13)
    for layers, part in (((3, 5), parts[0]), (range(1, 3), parts[1]), ("all", whole)):
        report = check_isometry(net, x, layers=layers)
        np.testing.assert_allclose(np.exp(report.values), np.linalg.svd(part, compute_uv=False), rtol=1e-8)
    assert check_isometry(net, x, layers="2").depth == 1
    assert check_isometry(net, x, layers=3).depth == 1


def test_readout_is_left_out():
    net = nn.Sequential(mlp(3, 50), nn.Linear(50, 10)).double()
    assert check_isometry(net, vector(50)).depth == 3
    whole = check_isometry(net, vector(50), layers="all")
    assert whole.depth == 4
    assert whole.values.size == 10


# ---------------------------------------------------------------------- against theory
@pytest.mark.parametrize("orthogonal", [True, False])
@pytest.mark.parametrize(("act", "gain", "depth"), [(nn.Tanh, 1.05, 8), (nn.ReLU, 2**0.5, 4), (nn.Hardtanh, 1.1, 8)])
def test_predicted_laws_are_met_and_wrong_ones_rejected(act, gain, depth, orthogonal):
    net = mlp(depth, 512, act, gain, orthogonal=orthogonal)
    x = vector(512, 0.1)
    report = check_isometry(net, x)
    assert report.conditional.ks < 0.03
    assert report.mean_field.ks < 0.06
    assert report.conditional.m1 == pytest.approx(report.m1, rel=0.15)
    assert report.weights == ("orthogonal" if orthogonal else "gaussian")
    other = report.mean_field.network.with_weights("gaussian" if orthogonal else "orthogonal").jacobian().gram_law()
    values = np.sort(np.exp(2.0 * report.values))
    wrong = np.abs(np.arange(1, 513) / 512 - other.cdf(values)).max()
    assert wrong > 0.1


@pytest.mark.slow
def test_sixty_four_layers_of_tanh():
    """The advised point keeps them isometric but for one direction, which shrinks as chi_par^L says."""
    net = mlp(64, 512, dtype=torch.float32)
    x = vector(512, dtype=torch.float32)
    before = check_isometry(net, x)
    # m1 ~ 1/depth at (1, 0) (networks at q_l ~ 1/(2 l)): a power, and no exponential
    assert before.verdict is Verdict.STABLE
    assert before.growth.power == pytest.approx(-1.0, abs=0.25)
    x = x * (before.advice.input_q / x.square().mean()).sqrt()
    after = check_isometry(apply_init(net, before.advice, rng=1), x)
    assert after.verdict.isometric
    assert after.conditional.ks < 0.03
    (outlier,) = after.outliers
    assert outlier.cause is Cause.RADIAL
    chi_par = after.mean_field.network.mean_field.chi_par if after.mean_field.network.uniform else None
    assert chi_par is None or outlier.position == pytest.approx(chi_par**64, rel=0.5)
    assert outlier.position == pytest.approx(after.s_min)
    assert outlier.position < 0.5 * after.bulk.s_min
    assert_isometric(net, x)


@pytest.mark.slow
def test_hundred_layers_of_tanh_with_gain_five_thirds_explode():
    """chi_perp = 1.2098313203828295 at q* (quadrature, from the reference values)."""
    net = mlp(100, 256, gain=5 / 3, orthogonal=False)
    report = check_isometry(net, vector(256, 0.424253))
    assert report.verdict is Verdict.EXPLODING
    assert report.mean_field.log_m1 / 100 == pytest.approx(math.log(1.2098313203828295), abs=0.01)
    assert report.log_m1 / 100 == pytest.approx(report.conditional.log_m1 / 100, abs=0.02)
    assert np.mean([r.q for r in report.readings[20:]]) == pytest.approx(1.1784804903859072, rel=0.1)
    assert math.exp(report.values[-1]) < 1e-12 * math.exp(report.values[0])


def test_orthogonal_kernels_are_a_trap_and_delta_orthogonal_ones_are_not():
    """Relative variance of orthogonal_ on 3 × 3 kernels: 1 − 1/9 a layer; the Gaussian one is 1."""
    net = conv_net(3, 24, 3)
    for layer in net[::2]:
        nn.init.orthogonal_(layer.weight)
    x = vector((1, 24, 6, 6), 0.02)
    trapped = check_isometry(net, x)
    for reading in trapped.readings:
        assert reading.weights.kind is WeightLaw.ORTHOGONAL_KERNEL
        assert reading.weights.spread == pytest.approx(1 - 1 / 9, abs=0.06)
    assert any("delta-orthogonal" in note for note in trapped.notes)
    assert trapped.conditional.ks < 0.03
    assert trapped.verdict is Verdict.STABLE
    x = x * (trapped.advice.input_q / x.square().mean()).sqrt()
    free = check_isometry(apply_init(net, trapped.advice, rng=0), x)
    assert free.verdict.isometric
    assert {r.weights.kind for r in free.readings} == {WeightLaw.ORTHOGONAL}
    assert free.relvar < 0.1 * trapped.relvar


def test_gain_of_zero_padding_is_exact():
    net = conv_net(1, 8, 3, "zeros")
    x = vector((1, 8, 5, 5), 1e-10)
    report = check_isometry(net, x)
    assert report.readings[0].weights.gain == pytest.approx(report.m1, rel=1e-6)


def test_residual_blocks_and_normalised_ones_are_measured():
    net = nn.Sequential(*(Residual(60, 0.3) for _ in range(6))).double()
    x = vector(60)
    report = check_isometry(net, x)
    exact = np.linalg.svd(torch.func.jacrev(net)(x).detach().numpy(), compute_uv=False)
    np.testing.assert_allclose(np.exp(report.values), exact, rtol=1e-8)
    assert report.mean_field is None
    assert report.conditional is None
    assert any("measured, not predicted" in note for note in report.notes)
    assert report.verdict.isometric
    normalised = nn.Sequential(nn.Linear(60, 60), nn.LayerNorm(60), nn.ReLU(), nn.Linear(60, 60), nn.ReLU()).double()
    assert check_isometry(normalised, x).conditional is None


def test_resnet_and_transformer_block():
    class Block(nn.Module):
        def __init__(self, c):
            super().__init__()
            self.one, self.two = nn.Conv2d(c, c, 3, padding=1), nn.Conv2d(c, c, 3, padding=1)
            self.norm = nn.BatchNorm2d(c)

        def forward(self, x):
            return nn.functional.relu(x + self.two(nn.functional.relu(self.norm(self.one(x)))))

    net = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), Block(6), Block(6), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    net = nn.Sequential(net, nn.Linear(6, 4)).double().eval()
    x = vector((1, 3, 6, 6))
    report = check_isometry(net, x, layers="0.1")
    assert report.values.size == 6 * 36
    assert any("BatchNorm" in note for note in report.notes)
    block = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, dropout=0.1).double()
    report = check_isometry(block, vector((1, 4, 16)), layers="all")
    assert report.values.size == 64
    assert any("dropout is off" in note for note in report.notes)
    free = check_isometry(block, vector((1, 4, 16)), layers="all", dense_side=0, steps=64, probes=2)
    assert free.resolution.method == "matrix-free"


def test_batch_norm_in_eval_mode_is_a_part_of_d():
    net = nn.Sequential(nn.Linear(50, 50), nn.BatchNorm1d(50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU()).double()
    net[1].running_var.copy_(torch.rand(50) + 0.5)
    report = check_isometry(net.eval(), vector((1, 50)))
    assert report.mean_field is None
    assert report.conditional.m1 == pytest.approx(report.m1, rel=0.35)


def test_float32_chains_lose_no_singular_value():
    net = mlp(24, 64, gain=1.0, orthogonal=False, dtype=torch.float32)
    x = vector(64, dtype=torch.float32)
    report = check_isometry(net, x)
    double = check_isometry(copy.deepcopy(net).double(), x.double())
    assert report.values[-1] - report.values[0] < math.log(1e-12)
    np.testing.assert_allclose(report.values, double.values, atol=1e-2)
    assert report.ks < 0.1


# ---------------------------------------------------------------------- matrix-free
def test_matrix_free_agrees_with_dense():
    net = mlp(6, 300, gain=1.05, orthogonal=False)
    x = vector(300, 0.1)
    dense, free = (check_isometry(net, x, dense_side=side) for side in (2048, 100))
    assert free.resolution.method == "matrix-free"
    assert abs(free.m1 - dense.m1) < 5.0 * free.resolution.m1_error
    assert abs(free.relvar - dense.relvar) < 5.0 * free.resolution.relvar_error
    assert free.s_max == pytest.approx(math.exp(dense.values[0]), rel=1e-5)
    assert math.isnan(free.s_min)
    assert "unresolved" in str(free)
    squares = np.exp(2.0 * np.sort(dense.values))
    for level, low, high in free.resolution.quantile_bounds:
        exact = math.sqrt(squares[min(int(level * 300), 299)])
        assert low <= exact * (1 + 1e-9)
        assert exact <= high * (1 + 1e-9)
    assert free.conditional.ks < 0.01
    assert json.loads(free.to_json())["s_min"] is None


def test_matrix_free_rejects_a_wrong_law():
    from rmt.numerics.eigen.golub_kahan import lanczos_spectrum

    net = mlp(6, 300, gain=1.05, orthogonal=False)
    x = vector(300, 0.1)
    report = check_isometry(net, x, dense_side=0)
    jacobian = JacobianMap(*(lambda run: (run.output, run.leaf))(Forward(net, x).record()))
    spectrum = lanczos_spectrum(jacobian.matvec, jacobian.rmatvec, jacobian.shape, rng=0)
    wrong = report.mean_field.network.with_weights("orthogonal").jacobian().gram_law()
    assert spectrum.departure(wrong.cdf) > 0.1


# ---------------------------------------------------------------------- side effects
def test_nothing_is_left_behind():
    net = nn.Sequential(nn.Linear(20, 20), nn.BatchNorm1d(20), nn.Dropout(0.5), nn.Tanh(), nn.Linear(20, 20), nn.Tanh())
    net = net.double().eval()
    net[2].train()
    for p in net.parameters():
        p.grad = torch.ones_like(p)
    net[0].weight.requires_grad_(False)
    before = copy.deepcopy(net.state_dict())
    modes = [m.training for m in net.modules()]
    x = vector((1, 20))
    state = torch.get_rng_state()
    kept = x.clone()
    check_isometry(net, x)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), net.state_dict().values(), strict=True))
    assert modes == [m.training for m in net.modules()]
    assert all(torch.equal(p.grad, torch.ones_like(p)) for p in net.parameters())
    assert not net[0].weight.requires_grad
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(x, kept)
    assert not x.requires_grad
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


def test_running_statistics_are_restored():
    net = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()).double().train()
    before = copy.deepcopy(net.state_dict())
    buffer = net[1].running_mean
    report = check_isometry(net, vector((1, 2, 5, 5)))
    assert all(torch.equal(a, b) for a, b in zip(before.values(), net.state_dict().values(), strict=True))
    assert net[1].running_mean is buffer
    assert any("batch statistics" in note for note in report.notes)


def test_state_is_restored_after_an_error():
    net = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5), nn.Tanh()).train()
    net[0].weight.data[0, 0] = math.nan
    with pytest.raises(ValueError, match=r"linear in '0'.* NaN"):
        check_isometry(net, torch.ones(8))
    assert net[1].training
    assert not any(m._forward_hooks for m in net.modules())


def test_works_under_no_grad():
    net = mlp(2, 16)
    with torch.no_grad():
        assert check_isometry(net, vector(16)).depth == 2


# ---------------------------------------------------------------------- continuous integration and advice
def test_assert_isometric():
    net = mlp(4, 64)
    x = vector(64, 1e-4)
    assert assert_isometric(net, x, at_least="ISOMETRIC").verdict is Verdict.ISOMETRIC
    with pytest.raises(AssertionError, match="VANISHING, wanted NEAR-ISOMETRIC or better"):
        assert_isometric(mlp(4, 64, gain=0.5), x)
    with pytest.raises(ValueError, match="at_least must be one of"):
        assert_isometric(net, x, at_least="FINE")


@pytest.mark.parametrize("act", [nn.Tanh, nn.Hardtanh, nn.SELU])
def test_advice_applied_passes(act):
    net = mlp(16, 200, act, 0.7, orthogonal=False)
    x = vector(200)
    before = check_isometry(net, x)
    assert not before.verdict.isometric
    assert "Gaussian weights cannot" in before.advice.text
    x = x * (before.advice.input_q / x.square().mean()).sqrt()
    after = check_isometry(apply_init(net, before.advice, rng=0), x)
    assert abs(math.log(after.m1)) < 0.3
    assert after.relvar == pytest.approx(before.advice.relvar, rel=0.35)
    assert after.verdict.isometric == before.advice.verdict.isometric


def test_first_layer_takes_any_input():
    net = mlp(12, 200, gain=0.7)
    x = vector(200, 25.0)
    advice = check_isometry(net, x).advice
    apply_init(net, advice, input_q=25.0, rng=0)
    report = check_isometry(net, x, layers=(2, 12))
    assert report.verdict is Verdict.ISOMETRIC
    assert report.readings[0].q == pytest.approx(advice.q, rel=0.2)


def test_apply_init_is_reproducible_and_leaves_the_random_state():
    state = torch.get_rng_state()
    nets = [apply_init(mlp(3, 20), rmt.networks.advise("tanh", 3), rng=5) for _ in range(2)]
    for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert torch.equal(a, b)
    torch.set_rng_state(state)
    wide = apply_init(nn.Linear(30, 10), rmt.networks.advise("relu", 2), rng=0).weight.detach().double().numpy()
    np.testing.assert_allclose(wide @ wide.T, 2.0 * np.eye(10), atol=1e-6)


# ---------------------------------------------------------------------- the verdict on predictions
@pytest.mark.parametrize("orthogonal", [True, False])
@pytest.mark.parametrize(
    ("act", "gain", "depth"),
    [(nn.Tanh, 1.05, 1), (nn.Tanh, 2.0, 3), (nn.ReLU, 2**0.5, 3), (nn.GELU, 1.5, 2), (nn.Tanh, 1.05, 6)],
)
def test_right_predictions_are_rejected_at_the_level(act, gain, depth, orthogonal):
    """Of 16 draws at width 48; at a true rate of 3 % more than six rejections come once in 4e7."""
    reports = [
        check_isometry(mlp(depth, 48, act, gain, orthogonal=orthogonal), vector(48), layers="all") for _ in range(16)
    ]
    for judged in ([r.conditional.agreement for r in reports], [r.mean_field.agreement for r in reports]):
        assert sum(a is not None and a.rejected for a in judged) <= 6
    assert sum(r.agreement.verdict == "accepted" for r in reports) >= 10


def test_one_orthogonal_layer_is_its_derivatives():
    """J Jᵀ is orthogonal to D²: the law has an atom at every singular value, many of them close together."""
    for _ in range(5):
        report = check_isometry(mlp(1, 60), vector(60, 0.1), layers="all")
        assert report.ks < 0.02
        assert report.agreement.passed


def test_weights_that_follow_each_other_are_rejected():
    """Two Gaussian matrices with common singular vectors: s⁴ where free ones have the product; each is Gaussian."""
    net = mlp(2, 100, nn.Identity, orthogonal=False)
    left, s, right = torch.linalg.svd(net[0].weight.detach())
    assert check_isometry(net, vector(100), layers="all").agreement.verdict == "accepted"
    net[2].weight.data = right.T @ torch.diag(s) @ left.T
    report = check_isometry(net, vector(100), layers="all")
    assert report.agreement.verdict == "rejected"
    assert any("the prediction is rejected (p = " in note for note in report.notes)
    assert check_isometry(net, vector(100), layers="all", level=1e-300).agreement.verdict == "accepted"


# ---------------------------------------------------------------------- the report
def test_report_in_its_forms():
    report = check_isometry(mlp(4, 64), vector(64))
    record_ = json.loads(report.to_json())
    assert record_["conditional"]["agreement"]["ks"] == pytest.approx(report.ks)
    assert record_["agreement"]["verdict"] == report.agreement.verdict == "accepted"
    assert record_["model_layers"][0]["weights"] == "orthogonal-like"
    text = str(report)
    for word in ("given the D_l", "mean field", "KS distance", "orthogonal-like", "accepted (p = "):
        assert word in text


def test_rectangular_networks():
    net = nn.Sequential(nn.Linear(200, 300), nn.Tanh(), nn.Linear(300, 150), nn.Tanh()).double()
    for layer, fan_in in ((net[0], 200), (net[2], 300)):
        nn.init.normal_(layer.weight, 0.0, fan_in**-0.5)
    report = check_isometry(net, vector(200, 0.3))
    assert report.conditional.ks < 0.03
    assert report.mean_field.ks < 0.05
    assert report.conditional.relvar == pytest.approx(report.relvar, rel=0.1)


# ---------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("net", "x", "error", "message"),
    [
        (lambda: nn.Identity(), torch.ones(3), ValueError, "the range is empty"),
        (lambda: mlp(2, 8), torch.ones(4, 8, dtype=torch.float64), ValueError, r"batch size 4.*pass x\[:1\]"),
        (lambda: nn.Linear(4, 4).half(), torch.ones(4).half(), TypeError, r"float16.*dtype=torch.float32"),
        (lambda: nn.Linear(4, 4).bfloat16(), torch.ones(4), TypeError, "weight has the number type torch.bfloat16"),
        (lambda: nn.Linear(4, 4), torch.tensor([1]), ValueError, "torch.int64, and no embedding takes it"),
        (lambda: nn.Linear(4, 4), torch.full((4,), math.nan), ValueError, "x must be finite"),
        (lambda: nn.Linear(4, 4), np.ones(4), TypeError, "x must be a torch.Tensor, got ndarray"),
        (lambda: torch.tanh, torch.ones(4), TypeError, "module must be a torch.nn.Module"),
    ],
)
def test_bad_input_is_refused(net, x, error, message):
    with pytest.raises(error, match=message):
        check_isometry(net(), x)


@pytest.mark.parametrize("layers", [(0, 1), (2, 1), (1, 9), range(3, 3), "missing"])
def test_bad_ranges_are_refused(layers):
    with pytest.raises(ValueError, match="layers"):
        check_isometry(mlp(3, 8), vector(8), layers=layers)


def test_overflow_names_the_layer():
    net = mlp(3, 8, nn.Identity, gain=1e200)
    with pytest.raises(ValueError, match="linear in '2'"):
        check_isometry(net, vector(8))


def test_advice_that_cannot_be_applied():
    class NoEdge(nn.Module):
        pass

    with pytest.raises(TypeError, match="advice must be an Advice"):
        apply_init(nn.Linear(3, 3), "orthogonal")
    with pytest.raises(ValueError, match="no linear or convolution layer"):
        apply_init(NoEdge(), rmt.networks.advise("tanh", 3))
    with pytest.raises(ValueError, match="no setting to apply"):
        apply_init(nn.Linear(3, 3), rmt.networks.Advice("orthogonal", None, None, None, math.nan, None))


def test_without_torch_the_remedy_is_named(monkeypatch):
    for name in [m for m in sys.modules if m.startswith("rmt.networks.torch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"pip install 'rmt\[torch\]'"):
        rmt.check_isometry(None, None)
