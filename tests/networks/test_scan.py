"""Models of several widths: what tells the standard parametrization from muP, and what cannot."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import rmt  # noqa: E402
from rmt.networks.torch import scan  # noqa: E402

nn = torch.nn
WIDTHS = (32, 64, 128, 256)


def model(width, mup):
    net = nn.Sequential(nn.Linear(16, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 4))
    for layer in net[::2]:
        nn.init.normal_(layer.weight, 0.0, (2.0 / layer.in_features) ** 0.5)
        nn.init.zeros_(layer.bias)
    nn.init.normal_(net[4].weight, 0.0, 1.0 / width if mup else width**-0.5)
    return net


def step(mup):
    """One step of gradient descent; rates for muP after Yang et al. (2021)."""

    def one(net, x):
        width = net[0].out_features
        rates = (0.05 * width, 0.05, 0.05 / width) if mup else (0.01, 0.01, 0.01)
        loss = (net(x) - 1.0).square().sum()
        grads = torch.autograd.grad(loss, [layer.weight for layer in net[::2]])
        with torch.no_grad():
            for layer, grad, rate in zip(net[::2], grads, rates, strict=True):
                layer.weight -= rate * grad

    return one


@pytest.fixture(scope="module")
def scans():
    x = torch.linspace(-1.0, 1.0, 16)[None]
    return {
        (mup, trained): scan(
            lambda n, mup=mup: model(n, mup),
            x,
            widths=WIDTHS,
            seeds=6,
            step=step(mup) if trained else None,
            layers="all",
        )
        for mup in (False, True)
        for trained in (False, True)
    }


def test_the_readout_tells_the_parametrizations_apart(scans):
    """Slopes of the squared readout gain: 0 and −1; of the output: 0 and −1/2."""
    for mup in (False, True):
        found = scans[mup, False]
        slope, error = found.slopes["readout gain"]
        assert abs(slope - (-1.0 if mup else 0.0)) < 5.0 * max(error, 0.02)
        slope, error = found.slopes["output"]
        assert abs(slope - (-0.5 if mup else 0.0)) < 5.0 * error
        assert found.parametrization == ("muP" if mup else "standard")
        assert "give step= to see" in str(found)


def test_one_step_tells_them_apart(scans):
    """Slopes of what one step of gradient descent changes in the last hidden layer: about 1/2 and 0."""
    standard, mup = (scans[kind, True].slopes["change of the last hidden layer"] for kind in (False, True))
    assert standard[0] > 0.25
    assert abs(mup[0]) < 0.25
    assert scans[True, True].parametrization == "muP"
    assert "the width acts as in the muP parametrization" in str(scans[True, True])


def test_hidden_layers_at_initialisation_cannot(scans):
    for mup in (False, True):
        for cell in scans[mup, False].cells:
            mean, error = cell.q[0]
            assert abs(mean - np.mean(np.linspace(-1, 1, 16) ** 2)) < 5.0 * max(error, 0.02)  # He ReLU keeps lengths
    same = [scans[mup, False].cells[2] for mup in (False, True)]
    assert same[0].hidden == same[1].hidden


def test_cells_and_forms(scans):
    found = scans[False, False]
    cell = found.cells[0]
    torch.manual_seed(0)
    values = [
        rmt.check_isometry(made, torch.linspace(-1.0, 1.0, 16)[None], layers="all", predict=False).log_m1
        for made in (seeded(seed) for seed in range(6))
    ]
    assert cell.log_m1 == pytest.approx((np.mean(values), np.std(values, ddof=1) / 6**0.5))
    assert found.to_dict()["parametrization"] == "standard"
    deep = scan(
        lambda n, depth: nn.Sequential(*(nn.Linear(n, n) for _ in range(depth))),
        torch.ones,
        widths=(8, 16),
        depths=(1, 3),
        seeds=2,
        layers="all",
    )
    assert [(c.width, c.depth, len(c.q)) for c in deep.cells] == [(8, 1, 1), (16, 1, 1), (8, 3, 3), (16, 3, 3)]


def seeded(seed):
    torch.manual_seed(seed)
    return model(WIDTHS[0], False)


def test_the_random_state_is_kept_and_bad_input_refused():
    state = torch.get_rng_state()
    scan(lambda n: nn.Linear(4, n), torch.ones(4), widths=(4,), seeds=2)
    assert torch.equal(state, torch.get_rng_state())
    with pytest.raises(ValueError, match="seeds"):
        scan(lambda n: nn.Linear(4, n), torch.ones(4), widths=(4,), seeds=1)
    with pytest.raises(ValueError, match="widths"):
        scan(lambda n: nn.Linear(4, n), torch.ones(4), widths=(0,))
    with pytest.raises(ValueError, match="no linear or convolution layer"):
        scan(lambda n: nn.Tanh(), torch.ones(4), widths=(4,))
