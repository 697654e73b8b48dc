"""Sentences of the networks' docstrings that once were untrue."""

import math

import numpy as np
import pytest

import rmt
from rmt.networks import advise


def test_the_singular_value_law_of_a_critical_relu_network_has_a_mean():
    """The refinement of its quadrature did not end."""
    jacobian = rmt.MLP(4, "relu", 2**0.5).jacobian()
    law = jacobian.singular_value_law()
    values = jacobian.singular_values(400, rng=0, trials=10)
    means = values.mean(axis=1)
    assert abs(law.mean() - means.mean()) < 5.0 * means.std() / math.sqrt(10) + 0.02
    assert rmt.spectra.compare(values, law, rigidity=False).wasserstein < 0.05


@pytest.mark.parametrize(
    ("widths", "error"),
    [((1,), ValueError), ("a", TypeError), (3, TypeError), ((0, 1, 1, 1, 1), ValueError), ((1,) * 6, ValueError)],
)
def test_widths_of_an_advice(widths, error):
    with pytest.raises(error, match="widths must be"):
        advise("tanh", 4, widths=widths)


def test_the_radial_gain_is_not_squared():
    """⟨x_L, J x_0⟩/(‖x_L‖ ‖x_0‖) of sampled networks: the product of the chi_par, and not its root."""
    net = rmt.MLP(3, "erf", 1.2, 0.1)
    gains = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        x = start = net.jacobian()._input(600, rng)
        product = np.eye(600)
        for layer in net.layers:
            weights = layer.sigma_w / math.sqrt(600) * rng.standard_normal((600, 600))
            h = weights @ x + layer.sigma_b * rng.standard_normal(600)
            product = (layer.activation.slope(h)[:, None] * weights) @ product
            x = layer.activation.function(h)
        gains.append(float(x @ product @ start / np.linalg.norm(x) / np.linalg.norm(start)))
    error = np.std(gains) / 2.0
    assert abs(np.mean(gains) - math.exp(net.log_radial_gain)) < 5.0 * error + 0.01
    assert abs(np.mean(gains) - math.exp(0.5 * net.log_radial_gain)) > 5.0 * error + 0.1


def test_an_outlier_below_the_bulk_is_a_bound_and_says_so():
    report = rmt.MLP(64, "tanh", 1.5, 0.3, weights="orthogonal").isometry()
    below = [outlier for outlier in report.outliers if outlier.is_bound]
    above = [outlier for outlier in report.outliers if not outlier.is_bound]
    for outlier in below:
        assert str(outlier).startswith("s <= ")
    for outlier in above:
        assert str(outlier).startswith("s = ")
    assert len(below) + len(above) == len(report.outliers)
