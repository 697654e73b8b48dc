"""``apply_init`` does what it promises to every kind of layer, or says which it cannot set and writes nothing."""

import copy
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import real_models as zoo  # noqa: E402

from rmt.networks import advise  # noqa: E402
from rmt.networks.torch import apply_init, check_isometry  # noqa: E402

nn = torch.nn


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def tanh(layers):
    return nn.Sequential(*(part for layer in layers for part in (layer, nn.Tanh())))


def at(x, mean_square):
    return x * (mean_square / x.square().mean()).sqrt()


# ---------------------------------------------------------------------- promises kept
@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: [nn.Linear(128, 128) for _ in range(8)], (1, 128)),
        (lambda: [zoo.Conv1D(128, 128) for _ in range(8)], (1, 128)),
        (lambda: [nn.Conv2d(16, 16, 3, padding=1) for _ in range(4)], (1, 16, 5, 5)),
        (lambda: [nn.Conv2d(48, 48, 3, padding=1, groups=3) for _ in range(4)], (1, 48, 4, 4)),
        (lambda: [nn.Conv2d(16, 16, 3, padding=2, dilation=2) for _ in range(3)], (1, 16, 5, 5)),
        (lambda: [nn.Conv2d(8, 32, 3, 2, 1), nn.Conv2d(32, 128, 3, 2, 1)], (1, 8, 8, 8)),
        (lambda: [nn.Conv1d(8, 16, 2, 2), nn.Conv1d(16, 32, 4, 2, 1)], (1, 8, 32)),
        (lambda: [nn.ConvTranspose2d(32, 8, 2, 2), nn.Conv2d(8, 8, 3, padding=1)], (1, 32, 4, 4)),
    ],
    ids=["linear", "Conv1D", "conv", "groups", "dilated", "strided", "strided 1d", "transposed"],
)
def test_the_promised_relative_variance_is_reached(make, shape):
    net = tanh(make())
    x = torch.randn(shape)
    depth = len(net) // 2
    found = advise("tanh", depth)
    apply_init(net, found, rng=0)
    report = check_isometry(net, at(x, found.input_q), layers="all")
    assert report.relvar == pytest.approx(found.relvar, rel=0.2)
    assert report.m1 == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize("padding", [1, "same"])
def test_maps_are_orthogonal(padding):
    """J Jᵀ of a linear layer alone is the identity, but for the bottom of numbers."""
    for layer, shape in (
        (nn.Conv2d(6, 6, 3, padding=padding, groups=3), (1, 6, 4, 4)),
        (nn.Conv2d(4, 16, 3, 2, 1), (1, 4, 6, 6)),
        (nn.Conv2d(8, 4, 1), (1, 8, 3, 3)),
        (nn.ConvTranspose1d(6, 3, 2, 2), (1, 6, 5)),
    ):
        net = layer.double()
        apply_init(net, advise("linear", 1), rng=0)
        jacobian = zoo.exact(net, torch.randn(shape).double())
        small = jacobian @ jacobian.T if jacobian.shape[0] <= jacobian.shape[1] else jacobian.T @ jacobian
        np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-12)


def test_the_order_of_execution_decides():
    class Backwards(nn.Module):
        def __init__(self):
            super().__init__()
            self.head, self.last, self.first = nn.Linear(64, 10), nn.Linear(64, 64), nn.Linear(64, 64)

        def forward(self, x):
            return self.head(torch.tanh(self.last(torch.tanh(self.first(x)))))

    net, x = Backwards(), at(torch.randn(64), 4.0)
    advice = check_isometry(net, x).advice
    assert advice.layers == ("first", "last")
    head = net.head.weight.detach().clone()
    plan = apply_init(net, advice, input_q=4.0, dry_run=True)
    assert [planned.name for planned in plan] == ["first", "last"]
    assert plan[0].scale == pytest.approx(advice.sigma_w * math.sqrt(advice.input_q / 4.0))
    apply_init(net, advice, input_q=4.0, rng=0)
    assert torch.equal(head, net.head.weight)  # a readout is left out
    report = check_isometry(net, x)
    assert report.relvar == pytest.approx(advice.relvar, rel=0.2)
    with pytest.raises(ValueError, match="order of execution is not known"):
        apply_init(net, advise("tanh", 2), input_q=4.0)
    apply_init(net, advise("tanh", 2), input_q=4.0, layers=["first", "last"], rng=0)


def test_a_dry_run_changes_nothing():
    net = tanh([nn.Linear(8, 8), nn.Linear(8, 4, bias=False)])
    before = copy.deepcopy(net.state_dict())
    plan = apply_init(net, advise("tanh", 2), dry_run=True)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), net.state_dict().values(), strict=True))
    assert [(p.name, p.kind, p.shape, p.sigma_b is None) for p in plan] == [
        ("0", "Linear", (8, 8), False),
        ("2", "Linear", (4, 8), True),
    ]
    assert "2: Linear 4×8" in str(plan[1])


def test_finite_groups_have_the_predicted_spread():
    """Relative variance of four ReLU layers of eight units, 4000 draws: 1.55 times its limit 4."""
    from rmt.networks.reports.depth_growth import chain_relvar

    rng, values = np.random.default_rng(0), []
    for _ in range(4000):
        product = np.eye(8)
        for _ in range(4):
            q, r = np.linalg.qr(rng.standard_normal((8, 8)))
            product = (rng.random((8, 1)) < 0.5) * ((q * np.sign(np.diag(r))) @ product)
        values.append(product @ product.T)
    traces = np.array([[np.trace(s), np.sum(s**2)] for s in values])
    measured = 8.0 * traces[:, 1].mean() / traces[:, 0].mean() ** 2 - 1.0
    assert measured == pytest.approx(chain_relvar([1.0] * 4, [8] * 5, orthogonal=True), rel=0.1)
    assert chain_relvar([1.0] * 4, [8] * 5, orthogonal=True) > 1.4 * 4.0
    assert chain_relvar([1.0] * 4, [4000] * 5, orthogonal=True) == pytest.approx(4.0, rel=0.01)


# ---------------------------------------------------------------------- refused, with the name, before a write
def normed(wrap):
    def make():
        net = tanh([nn.Linear(8, 8) for _ in range(3)])
        net[2] = wrap(net[2])
        return net

    return make


def tied():
    net = tanh([nn.Linear(8, 8) for _ in range(3)])
    net[4].weight = net[2].weight
    return net


def frozen():
    net = tanh([nn.Linear(8, 8) for _ in range(3)])
    net[2].weight.requires_grad_(False)
    return net


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (normed(nn.utils.parametrizations.weight_norm), "'2' are computed by a parametrisation"),
        (normed(nn.utils.parametrizations.spectral_norm), "'2' are computed by a parametrisation"),
        (normed(nn.utils.parametrizations.orthogonal), "'2' are computed by a parametrisation"),
        (normed(nn.utils.weight_norm), "'2' are computed by a parametrisation"),
        (normed(nn.utils.spectral_norm), "'2' are computed by a parametrisation"),
        (tied, "'2' shares its weights with '4'"),
        (frozen, "'2' is frozen"),
        (lambda: tanh([nn.Linear(8, 8), nn.LazyLinear(8)]), "'2' are not made yet"),
        (lambda: tanh([nn.Conv2d(16, 16, 3, groups=4)]), "'0' mixes only 4 channels in a group"),
        (lambda: tanh([nn.Conv2d(16, 16, 3, groups=16)]), "'0' mixes only 1 channels in a group"),
        (lambda: tanh([nn.Conv1d(4, 4, 3, 2, dilation=2)]), "'0' has stride and dilation"),
        (lambda: nn.Sequential(nn.Tanh()), "no linear or convolution layer"),
    ],
)
def test_what_cannot_be_set_is_named(make, message):
    net = make()
    names = {n: p.detach().clone() for n, p in net.named_parameters() if not isinstance(p, nn.UninitializedParameter)}
    with pytest.raises(ValueError, match=message):
        apply_init(net, advise("tanh", 3), rng=0)
    assert all(torch.equal(p, dict(net.named_parameters())[n]) for n, p in names.items())


def test_names_of_layers_are_checked():
    net = tanh([nn.Linear(8, 8) for _ in range(3)])
    for layers, message in (
        (["9"], "no layer '9'; its layers are '0', '2', '4'"),
        (["1"], "'1' is Tanh"),
        ([], "none"),
    ):
        with pytest.raises(ValueError, match=message):
            apply_init(net, advise("tanh", 3), layers=layers)
    with pytest.raises(ValueError, match="'0' is used more than once"):
        apply_init(net, advise("tanh", 3), layers=["0", "0"])


def test_embeddings_tied_to_a_readout_are_not_overwritten():
    net = nn.Sequential(nn.Embedding(20, 8), nn.Linear(8, 20, bias=False))
    net[1].weight = net[0].weight
    with pytest.raises(ValueError, match="'1' shares its weights with '0'"):
        apply_init(net, advise("tanh", 1))
