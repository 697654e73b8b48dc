"""How m₁ grows with depth, how far other draws scatter, and the grades that follow."""

import math
import time
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from rmt.networks import Verdict
from rmt.networks.reports.depth_growth import Growth, block_scatter, chain_scatter
from rmt.networks.reports.verdict import judge
from rmt.numerics.deadline import Overdue, within


# ---------------------------------------------------------------------- scatter
def test_scatter_of_wide_chains():
    """Var log m₁ ≈ L(μ − 1)/n + [2μL + μ²L(L − 1)]/n², μ = μ₂/μ₁², for Gaussian weights."""
    for n, depth in ((512, 32), (2000, 8), (4000, 64)):
        for mu in (1.0, 2.0, 1.3):
            small = depth * (mu - 1.0) / n + (2.0 * mu * depth + mu**2 * depth * (depth - 1)) / n**2
            found = chain_scatter([mu - 1.0] * depth, [n] * (depth + 1), orthogonal=False)
            assert found**2 == pytest.approx(small, rel=0.02)
    assert chain_scatter([1.0] * 32, [512] * 33, orthogonal=False) ** 2 == pytest.approx(0.0785, abs=1e-4)
    assert chain_scatter([0.0] * 5, [64] * 6, orthogonal=True) == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("orthogonal", [False, True])
@pytest.mark.parametrize("widths", [(12, 12, 12, 12), (8, 16, 8, 6, 12)])
def test_scatter_is_the_exact_second_moment(orthogonal, widths):
    """Of Tr J Jᵀ for ReLU-like slopes, 20000 draws of small matrices at once."""
    rng, draws = np.random.default_rng(5), 20_000
    product = np.broadcast_to(np.eye(widths[0]), (draws, widths[0], widths[0]))
    for n, p in pairwise(widths):
        side = max(n, p)
        weights = rng.standard_normal((draws, side, side))
        if orthogonal:
            q, r = np.linalg.qr(weights)
            weights = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :] * math.sqrt(n)
        slopes = rng.random((draws, p, 1)) < 0.5
        product = slopes * (weights[:, :p, :n] @ product)
    traces = np.sum(product**2, axis=(1, 2))
    second = traces**2 / traces.mean() ** 2
    exact = math.exp(chain_scatter([1.0] * (len(widths) - 1), widths, orthogonal=orthogonal) ** 2)
    error = 2.0 * float(second.std()) / math.sqrt(draws)
    assert abs(float(second.mean()) - exact) < 5.0 * error
    other = math.exp(chain_scatter([0.0] * (len(widths) - 1), widths, orthogonal=orthogonal) ** 2)
    assert abs(float(second.mean()) - other) > 5.0 * error


def test_scatter_of_rotated_blocks():
    """Two given matrices at random angles: the variance of Tr A O B Oᵀ over Haar O, 20000 draws."""
    rng, n, draws = np.random.default_rng(0), 20, 20_000
    a, b = rng.exponential(size=n), rng.exponential(size=n)
    q, _ = np.linalg.qr(rng.standard_normal((draws, n, n)))
    traces = np.einsum("i,dij,j->d", a, q**2, b)
    spreads = [float(v.var() / v.mean() ** 2) for v in (a, b)]
    assert float(traces.std() / traces.mean()) == pytest.approx(block_scatter(spreads, n), rel=0.1)


# ---------------------------------------------------------------------- constant, rate, power
def test_constant_rate_and_power_are_told_apart():
    rate = Growth.of([-3.0, *[0.1] * 15])
    assert (rate.rate, rate.constant, rate.power) == (pytest.approx(0.1), pytest.approx(-3.1), None)
    layers = np.arange(0, 33)
    power = Growth.of(np.diff(0.8 * np.log1p(0.6 * layers)))
    assert power.power == pytest.approx(0.8, rel=0.05)
    assert power.constant == 0.0
    assert "depth^0.8" in str(power)
    noisy = Growth.of(0.2 + 0.05 * np.random.default_rng(0).standard_normal(20))
    assert noisy.power is None
    assert abs(noisy.rate - 0.2) < 5.0 * 0.05 / 4.0
    assert Growth.of([0.0, -0.69]).shift == 0.0
    assert Growth.of([-0.5, -0.7]).shift == -1.0
    assert Growth.of([0.3, -math.inf]).total == -math.inf
    with pytest.raises(ValueError, match="at least one layer"):
        Growth.of([])


def test_grades_are_on_the_rate():
    assert judge(-3.0, 0.2, growth=Growth.of([-3.0, *[0.0] * 9])) is Verdict.ISOMETRIC
    assert judge(-3.0, 0.2, growth=Growth.of([-0.3] * 10)) is Verdict.VANISHING
    assert judge(-3.0, 0.2, growth=Growth.of([-0.3] * 10, scatter=1.2)) is Verdict.ISOMETRIC
    assert judge(-8.0, 20.0, growth=Growth.of([-0.8] * 10, scatter=1.2)) is Verdict.VANISHING
    grown = np.diff(np.log1p(np.arange(33)))
    assert judge(float(grown.sum()), 3.0, growth=Growth.of(grown)) is Verdict.STABLE


# ---------------------------------------------------------------------- deadlines
def test_work_that_takes_too_long_is_given_up():
    def endless():
        while True:
            time.sleep(0.001)

    start = time.monotonic()
    with pytest.raises(Overdue, match=r"more than 0\.05 s"):
        within(0.05, endless)
    assert time.monotonic() - start < 10.0
    assert within(60.0, lambda: 5) == 5
    assert within(math.inf, lambda: 6) == 6
    with pytest.raises(ZeroDivisionError):
        within(60.0, lambda: 1 / 0)
    with pytest.raises(Overdue):
        within(0.0, lambda: 5)


# ---------------------------------------------------------------------- real models
@pytest.fixture
def torch():
    found = pytest.importorskip("torch")
    threads = found.get_num_threads()
    found.set_num_threads(1)
    found.manual_seed(0)
    yield found
    found.set_num_threads(threads)


def chain(torch, width, depth, act, gain, *, orthogonal=False):
    parts = []
    for _ in range(depth):
        layer = torch.nn.Linear(width, width, bias=False)
        if orthogonal:
            torch.nn.init.orthogonal_(layer.weight, gain)
        else:
            torch.nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(width))
        parts += [layer, act()]
    return torch.nn.Sequential(*parts)


def grades(torch, make, size, seeds, **options):
    from rmt.networks.torch import check_isometry

    return Counter(
        check_isometry(make(), torch.randn(size), layers="all", predict=False, **options).verdict for _ in range(seeds)
    )


@pytest.mark.parametrize(("width", "depth"), [(64, 8), (64, 32), (128, 16)])
def test_he_relu_has_one_grade(torch, width, depth):
    found = grades(torch, lambda: chain(torch, width, depth, torch.nn.ReLU, math.sqrt(2.0)), width, 20)
    assert found[Verdict.STABLE] >= 19


@pytest.mark.parametrize(
    ("act", "gain", "grade"),
    [
        ("ReLU", 3.0**-0.5, Verdict.VANISHING),
        ("ReLU", 1.0, Verdict.VANISHING),
        ("ReLU", 3.0, Verdict.EXPLODING),
        ("Tanh", 5.0 / 3.0, Verdict.EXPLODING),
        ("Tanh", 0.58, Verdict.VANISHING),
    ],
)
def test_what_grows_or_shrinks_is_said_to(torch, act, gain, grade):
    found = grades(torch, lambda: chain(torch, 128, 16, getattr(torch.nn, act), gain), 128, 6)
    assert found == Counter({grade: 6})


def test_a_scaled_first_layer_is_a_constant_factor(torch):
    from rmt.networks.torch import apply_init, check_isometry

    net, x = chain(torch, 128, 8, torch.nn.Tanh, 1.0), torch.randn(128)
    advice = check_isometry(net, x).advice
    apply_init(net, advice, input_q=float(x.square().mean()), rng=0)
    report = check_isometry(net, x)
    assert report.verdict is Verdict.ISOMETRIC
    assert math.exp(report.growth.constant) == pytest.approx(advice.input_q / float(x.square().mean()), rel=0.3)
    assert "beside a constant factor 0.0" in str(report)
    exploding = chain(torch, 128, 16, torch.nn.Tanh, 2.0)
    exploding[0].weight.data *= 0.05
    assert check_isometry(exploding, x).verdict is Verdict.EXPLODING


def test_widening_and_narrowing_is_no_lottery(torch):
    nn = torch.nn

    def block(width=64):
        net = nn.Sequential(nn.Linear(width, 2 * width, bias=False), nn.Linear(2 * width, width, bias=False))
        for layer in net:
            nn.init.orthogonal_(layer.weight)
        return net

    assert len(grades(torch, block, 64, 40)) == 1

    def bottleneck():
        widths = (64, 64, 8, 64, 64)
        layers = [nn.Linear(a, b, bias=False) for a, b in pairwise(widths)]
        for layer in layers:
            nn.init.normal_(layer.weight, 0.0, math.sqrt(2.0 / layer.in_features))
        return nn.Sequential(*(part for layer in layers for part in (layer, nn.ReLU())))

    found = grades(torch, bottleneck, 64, 20)
    assert found[Verdict.DEGENERATE] <= 1  # all 8 units dead at once: probability 1/256
    assert found.most_common(1)[0][1] >= 19


def test_lost_directions(torch):
    from rmt.networks.torch import check_isometry

    nn = torch.nn
    report = check_isometry(chain(torch, 64, 4, nn.ReLU, 2**0.5, orthogonal=True), torch.randn(64), layers="all")
    assert report.verdict is Verdict.STABLE  # half of the units are dead, by design
    dead = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
    dead[0].bias.data.fill_(-1.5)
    assert check_isometry(dead, torch.randn(64), layers="all").verdict is Verdict.DEGENERATE
    zero = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 10))
    nn.init.zeros_(zero[2].weight)
    assert check_isometry(zero, torch.randn(64), layers="all").verdict is Verdict.DEGENERATE
    narrow = nn.Sequential(nn.Linear(64, 32, bias=False), nn.Linear(32, 64, bias=False))
    for layer in narrow:
        nn.init.orthogonal_(layer.weight)
    text = str(check_isometry(narrow, torch.randn(64), layers="all"))
    assert "every direction" not in text
    assert "of the 50 % that the widths leave" in text


def test_blocks_of_a_model(torch):
    import real_models as zoo

    from rmt.networks.torch import check_isometry

    net, x = torch.nn.Sequential(*(zoo.PreLN(16) for _ in range(4))), torch.randn(16)
    report = check_isometry(net, x, layers="all")
    double, at, product = zoo.doubled(net), x.double(), np.eye(16)
    for block, module in zip(report.blocks, double, strict=True):
        jacobian = zoo.exact(module, at)
        values = np.linalg.svd(jacobian, compute_uv=False)
        after, product = module(at).detach(), jacobian @ product
        assert block.q_in == pytest.approx(float(at.square().mean()), rel=1e-5)
        assert block.activation_gain == pytest.approx(float(after.square().mean() / at.square().mean()), rel=1e-5)
        assert block.gain == pytest.approx(np.mean(values**2), rel=1e-5)
        assert block.quantiles == pytest.approx(np.quantile(values, (0.05, 0.5, 0.95)), rel=1e-4)
        assert block.log_m1 == pytest.approx(math.log(np.sum(product**2) / 16), abs=1e-5)
        at = after
    assert [block.place for block in report.blocks] == ["0", "1", "2", "3"]
    assert report.table().count("\n") == 4
    assert report.to_dict()["blocks"][3]["log_m1"] == pytest.approx(report.log_m1, abs=1e-5)


def test_predictions_know_where_they_do_not_apply(torch):
    from rmt.networks.torch import check_isometry

    nn, x = torch.nn, torch.randn(128)
    independent = chain(torch, 128, 8, nn.Tanh, 1.0)
    assert check_isometry(independent, x).conditional is not None
    tied = nn.Sequential(*(part for _ in range(8) for part in (independent[0], nn.Tanh())))
    twin = chain(torch, 128, 8, nn.Tanh, 1.0)
    twin[6].weight.data.copy_(twin[2].weight)
    identity = chain(torch, 128, 8, nn.Tanh, 1.0)
    nn.init.eye_(identity[4].weight)
    for net, words in (
        (tied, "are the same"),
        (twin, "weights of 2 and 6 are the same"),
        (identity, "of the identity"),
    ):
        report = check_isometry(net, x)
        assert report.conditional is None
        assert report.mean_field is None
        assert any("no prediction applies" in note and words in note for note in report.notes)


def test_time_for_predictions(torch):
    from rmt.networks.torch import check_isometry

    nn = torch.nn

    def net():
        return nn.Sequential(*(make() for _ in range(4) for make in (lambda: nn.Conv2d(8, 8, 3, padding=1), nn.Tanh)))

    x = torch.randn(1, 8, 8, 8)
    assert check_isometry(net(), x, layers="all", predict=False).conditional is None
    start = time.process_time()
    report = check_isometry(net(), x, layers="all")
    assert time.process_time() - start < 30.0  # one or two where nothing has to be compiled; minutes once
    assert report.conditional.ks < 0.06
    dropped = check_isometry(net(), x, layers="all", budget=0)
    assert dropped.conditional is None
    assert any("the prediction is left out" in note for note in dropped.notes)
    assert dropped.m1 > 0.0
