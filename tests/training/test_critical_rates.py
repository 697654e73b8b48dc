"""Critical rates: references of kernels, the table of losses, batches of real Gram matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest
from training_references import inputs, names, values

import rmt
from rmt.kernels import SphereKernelMatrix, ntk, zonal
from rmt.training import batch_critical_rate, batch_critical_rates, batch_threshold, critical_rate

NET = rmt.MLP(depth=1, activation="relu", sigma_w=1.0)


@pytest.mark.parametrize("name", names("ntk_spike", "ntk_eta_crit", "ntk_bulk", "nngp"))
def test_references(name):
    given = inputs(name)
    h = zonal(NET, "ntk" if name.startswith("ntk") else "nngp")
    n, d = int(given["n"]), round(given["n"] / given["ratio"])
    if "bulk" in name:
        found = [h.gram_law(given["ratio"]).support[0].low, h.gram_law(given["ratio"]).support[0].high]
    elif "spike" in name:
        found = [h.outlier(n, d)]
    else:
        found = [critical_rate(h, n, dimension=d)]
    assert found == pytest.approx(values(name), rel=1e-12)


@pytest.mark.parametrize("name", names("batch_"))
def test_batches(name):
    given = inputs(name)
    if name == "batch_threshold_relu":
        assert batch_threshold(NET) == pytest.approx(values(name)[0], rel=1e-13)
    else:
        found = batch_critical_rate(NET, int(given["b"]), dimension=given.get("d"))
        assert found == pytest.approx(values(name)[0], rel=1e-13)


def test_table_of_losses():
    """One step of gradient descent on each loss: at 0.99 of the rate the residual shrinks, at 1.01 it grows."""
    matrix = SphereKernelMatrix(zonal(NET), ratio=0.5).sample(40, rng=0)
    top = np.linalg.eigh(matrix)[1][:, -1]
    gradients = {"mean": 2 / 40, "half_sum": 1.0, "sum": 2.0, "half_mean": 1 / 40}
    for loss, factor in gradients.items():
        for part, grows in ((0.99, False), (1.01, True)):
            step = part * critical_rate(matrix, loss=loss)
            assert (np.linalg.norm(top - step * factor * matrix @ top) > 1.0) == grows


def test_predicted_before_the_data_are_drawn():
    """Four hundred points within 0.2 % of the prediction; without the term of the curvature it is far off."""
    n, d = 400, 400
    matrix = SphereKernelMatrix(zonal(NET), ratio=1.0).sample(n, rng=1)
    top = float(np.linalg.eigvalsh(matrix)[-1])
    assert n / top == pytest.approx(critical_rate(NET, n, dimension=d), rel=2e-3)
    h = zonal(NET)
    without = n * float(h(0.0)) + h.gram_law(1.0).mean()
    assert abs(top / without - 1) > 3e-3


def test_small_batches_are_above_their_critical_rate_at_half_of_the_full_one():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((500, 100))
    gram = ntk(points, activation="relu", depth=1, sigma_w=1.0)
    half = 0.5 * critical_rate(gram)
    shares = {b: float(np.mean(batch_critical_rates(gram, b, 150, rng=b) < half)) for b in (2, 5, 10)}
    assert shares[2] > 0.97
    assert 0.4 < shares[5] < 0.95
    assert shares[10] < 0.05
    law = [batch_critical_rate(NET, b) for b in (2, 10, 50)]
    assert [batch_critical_rate(gram, b) for b in (2, 10, 50)] == pytest.approx(law, rel=0.1)
    assert batch_critical_rate(gram, 2) != pytest.approx(law[1], rel=0.1)


def test_other_kernels():
    assert batch_threshold(zonal(lambda c: c)) == math.inf  # h(0) = 0: all batches are alike
    assert batch_threshold(NET, share=0.25) == pytest.approx((2 * math.pi - 1) / 3)
    assert critical_rate(rmt.MarchenkoPastur(ratio=0.25), 10) == pytest.approx(10 / 2.25)


def test_bad_input():
    with pytest.raises(ValueError, match="one of them is missing"):
        critical_rate(NET, 10)
    with pytest.raises(ValueError, match="leave out"):
        critical_rate(np.eye(3), 3)
    with pytest.raises(ValueError, match="batch must be"):
        batch_critical_rate(NET, 0)
    with pytest.raises(ValueError, match="share must be"):
        batch_threshold(NET, share=1.0)
