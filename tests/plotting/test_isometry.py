"""The figure of an isometry report."""

import math

import numpy as np
import pytest

import rmt
from rmt.networks import MLP, IsometryReport, ResidualNetwork, SpectrumSummary, edge_of_chaos


def labels(axes):
    return axes.get_legend_handles_labels()[1]


def test_spectrum_on_given_axes(ax):
    report = MLP(6, "tanh", 1.2, 0.1, "orthogonal").isometry()
    assert rmt.plotting.isometry(report, ax, n=80, rng=1) is ax
    assert report.plot(rmt.plotting.figure()[1], n=80) is not None
    assert labels(ax)[:2] == ["sampled network, n = 80", "law"]
    (line,) = [x for x in ax.lines if x.get_label() == "law"]
    x, y = line.get_data()
    assert float(np.trapezoid(y, x)) == pytest.approx(1.0, abs=5e-3)
    (steps,) = [p for p in ax.patches if p.get_label().startswith("sampled")]
    data = steps.get_data()
    assert float(data.values @ np.diff(data.edges)) == pytest.approx(1.0, abs=0.03)


def test_atoms_are_stems_and_outliers_are_marked(ax):
    point = edge_of_chaos("hard_tanh", q=0.25)
    report = MLP(8, "hard_tanh", point.sigma_w, point.sigma_b, "orthogonal").isometry()
    rmt.plotting.isometry(report, ax, n=60)
    texts = [text.get_text() for text in ax.texts]
    assert "mass 0.636" in texts
    assert any("at s = 0" in text for text in texts)
    other = rmt.plotting.figure()[1]
    tanh = MLP(32, "tanh", 1.0341652193292374, 0.007300167448106282, "orthogonal").isometry()
    rmt.plotting.isometry(tanh, other, n=60)
    assert "outlier" in labels(other)
    (marker,) = [x for x in other.lines if x.get_label() == "outlier"]
    assert marker.get_xdata()[0] == pytest.approx(math.log10(tanh.outliers[0].position))
    assert "input direction" in [text.get_text() for text in other.texts]


def test_whole_figure_has_three_panels():
    report = MLP(5, "tanh", 1.2, weights="orthogonal", input_q=1.0).isometry()
    figure = rmt.plotting.isometry_figure(report, n=40)
    spectrum, layers, phase = figure.axes[:3]
    assert spectrum.get_xlabel() == r"$\log_{10} s$"
    assert layers.get_xlabel() == "layer"
    chi = next(x for x in layers.lines if x.get_label() == r"$\chi_\perp$").get_ydata()
    assert np.allclose(chi, [layer.chi_perp for layer in report.layers], rtol=1e-12)
    assert {"edge of chaos", "this network", "advice"} <= set(labels(phase))


def test_new_figure_through_pyplot():
    import matplotlib.pyplot as plt

    axes = MLP(3, "relu", math.sqrt(2.0)).isometry().plot(n=30)
    assert axes.figure.axes[0] is axes
    plt.close(axes.figure)


def test_mixed_and_extreme_networks():
    mixed = MLP(3, ["tanh", "relu", "linear"], 1.0, weights="orthogonal", input_q=1.0).isometry()
    assert len(rmt.plotting.isometry_figure(mixed, n=30).axes) == 3  # spectrum, layers, and q on the right
    deep = MLP(1000, "linear", 5.0, weights="orthogonal").isometry()
    assert len(rmt.plotting.isometry_figure(deep, n=10).axes) == 4
    zero = MLP(3, "tanh", 0.0).isometry()
    assert zero.plot(rmt.plotting.figure()[1], n=10) is not None


def test_residual_network():
    figure = rmt.plotting.isometry_figure(ResidualNetwork(10, "relu", 0.2).isometry(), n=30)
    assert len(figure.axes) == 3
    assert labels(figure.axes[0])[:2] == ["sampled network, n = 30", "law"]


def test_measured_values_alone(ax):
    values = np.log(np.linspace(0.5, 1.5, 50))
    report = IsometryReport("a model", 3, "gaussian", None, SpectrumSummary.of_values(values), values=values)
    rmt.plotting.isometry(report, ax)
    assert labels(ax) == ["measured, 50 values"]
