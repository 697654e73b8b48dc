"""Laws as lines: data, frame, atoms, edges, labels."""

import math
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

import rmt
from rmt import plotting
from rmt.plotting.labels import ensemble_label, law_label


def curve(ax, index=0):
    """Abscissae and ordinates of a line with more than two points, gaps left out."""
    line = [line for line in ax.lines if len(line.get_xdata()) > 2][index]
    x, y = line.get_xdata(), line.get_ydata()
    return x[np.isfinite(y)], y[np.isfinite(y)]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_line_is_the_density(ax):
    law = rmt.Semicircle()
    assert plotting.law(law, ax) is ax
    x, y = curve(ax)
    np.testing.assert_allclose(y, law.pdf(x), atol=1e-15)
    assert (x[0], x[-1], y[0], y[-1]) == (-2.0, 2.0, 0.0, 0.0)
    assert np.abs(np.diff(y)).max() < 0.01  # no visible corner, at the edges either
    assert ax.get_xlabel() == r"$\lambda$"
    assert ax.get_ylabel() == r"$\rho(\lambda)$"
    assert ax.get_title() == ""
    assert texts(ax) == ["−2", "2"]
    assert ax.get_ylim()[0] == 0.0


def test_line_of_a_log_axis_is_the_density_of_the_logarithm(ax):
    law = rmt.FussCatalan(order=10)
    plotting.law(law, ax)
    assert ax.get_xscale() == "log"
    x, y = curve(ax)
    np.testing.assert_allclose(y[:-1], law.pdf_of_log(np.log(x[:-1])), rtol=1e-9)
    assert abs(np.trapezoid(y, np.log(x)) - 1.0) < 2e-3  # one thousandth is left out below
    assert ax.get_ylabel() == r"$\lambda\,\rho(\lambda)$"
    assert texts(ax) == ["$(L+1)^{L+1}/L^L$ = 28.5"]


def test_unbounded_density_leaves_the_frame(ax):
    law = rmt.MarchenkoPastur(ratio=1)
    plotting.law(law, ax)
    _, top = ax.get_ylim()
    cell = 4 / 60
    assert top == pytest.approx(1.06 * law.cdf(cell) / cell, rel=1e-3)
    _, y = curve(ax)
    assert y.max() > 5 * top
    plotting.law(rmt.MarchenkoPastur(ratio=0.5), ax)  # a second law does not unveil the pole of the first
    assert ax.get_ylim()[1] == top


def test_atom_is_a_stem_with_its_mass(ax):
    plotting.law(rmt.MarchenkoPastur(ratio=2), ax)
    (stem,) = [line for line in ax.lines if list(line.get_xdata()) == [0.0, 0.0]]
    assert list(stem.get_ydata()) == [0.0, pytest.approx(0.9 * 0.5)]  # fractions of the frame
    assert stem.get_transform() == ax.get_xaxis_transform()
    assert "mass 0.5" in texts(ax)
    assert r"$(1+\sqrt{c})^2$ = 5.83" in texts(ax)
    _, y = curve(ax)
    assert y.max() == pytest.approx(0.225, abs=1e-3)  # the density of the continuous half


def test_atom_at_zero_on_a_log_axis_stands_at_the_end(ax):
    plotting.law(rmt.MarchenkoPastur(ratio=2), ax, log=True)
    assert "mass 0.5 at 0" in texts(ax)
    (stem,) = [line for line in ax.lines if list(line.get_xdata()) == [0.0, 0.0]]
    assert stem.get_transform() == ax.transAxes
    assert ax.get_xlim()[0] > 0.0


def test_purely_atomic_law(ax):
    plotting.law(rmt.Bernoulli(0.25), ax)
    assert texts(ax) == ["mass 0.75", "mass 0.25"]
    low, high = ax.get_xlim()
    assert low < 0.0 < 1.0 < high


def test_several_laws_differ_in_colour_and_dashes(ax):
    for ratio in (0.25, 0.5, 2.0):
        plotting.law(rmt.MarchenkoPastur(ratio=ratio), ax, edges=False)
    lines = [line for line in ax.lines if len(line.get_xdata()) > 2]
    assert len({line.get_color() for line in lines}) == 3
    assert len({line.get_linestyle() for line in lines}) == 3
    labels = ax.get_legend_handles_labels()[1]
    assert labels == [f"Marchenko–Pastur law, ratio {ratio:g}" for ratio in (0.25, 0.5, 2.0)]


def test_colours_differ_in_grey_print():
    """The lines of the style have different dashes, and no colour is lighter than middle grey on paper."""
    with plotting.style():
        cycle = list(mpl.rcParams["axes.prop_cycle"])
    assert len({str(entry["linestyle"]) for entry in cycle}) == len(cycle)
    for entry in cycle:
        red, green, blue = mpl.colors.to_rgb("#" + entry["color"].lstrip("#"))
        assert 0.299 * red + 0.587 * green + 0.114 * blue < 0.65


def test_keywords_reach_the_line(ax):
    plotting.law(rmt.Semicircle(), ax, color="red", linewidth=5, label="mine", edges=False)
    assert ax.lines[0].get_color() == "red"
    assert ax.lines[0].get_linewidth() == 5
    assert ax.get_legend_handles_labels()[1] == ["mine"]
    assert len(ax.texts) == 0


def test_negative_support_has_no_log_axis(ax):
    with pytest.raises(ValueError, match=r"log=True needs a law on \[0, inf\).*starts at -2"):
        plotting.law(rmt.Semicircle(), ax, log=True)


def test_mass_that_no_float_holds_is_named(ax):
    law = rmt.FussCatalan(order=5000)
    plotting.law(law, ax)
    mass = law.cdf_of_log(-600.0)
    assert ax.get_legend_handles_labels()[1] == [f"Fuss–Catalan law, order 5000, mass {mass:.2g} below 3e-261"]
    x, y = curve(ax)
    assert abs(np.trapezoid(y, np.log(x)) - (1 - mass)) < 2e-3


def test_global_settings_stay():
    before = dict(mpl.rcParams)
    plotting.law(rmt.Semicircle(), plotting.figure()[1])
    with plotting.style():
        assert mpl.rcParams["axes.spines.top"] is False
    assert dict(mpl.rcParams) == before


def test_pyplot_is_loaded_only_without_axes():
    code = (
        "import sys, rmt; fig, ax = rmt.plotting.figure(); rmt.plotting.law(rmt.Semicircle(), ax); "
        "print('matplotlib.pyplot' in sys.modules); "
        "ax = rmt.plotting.law(rmt.Semicircle()); print('matplotlib.pyplot' in sys.modules, len(ax.lines))"
    )
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env={"MPLBACKEND": "Agg"}
    )
    assert result.stdout.split() == ["False", "True", "3"], result.stderr


def test_style_is_found_by_name():
    import matplotlib.style

    with matplotlib.style.context("rmt.plotting.rmt"):
        assert mpl.rcParams["svg.fonttype"] == "none"


def test_labels():
    assert law_label(rmt.Semicircle()) == "semicircle law"
    assert law_label(rmt.Semicircle(mean=1, variance=0.25)) == "semicircle law, mean 1, variance 0.25"
    assert law_label(rmt.FussCatalan(order=3)) == "Fuss–Catalan law, order 3"
    assert law_label(rmt.Empirical(np.arange(200.0))) == "empirical law"
    assert ensemble_label(rmt.gue()) == "GUE"
    assert ensemble_label(rmt.wishart(ratio=2.0, entries="rademacher")) == "Wishart, ratio 2, entries rademacher"
    assert ensemble_label(rmt.ginibre(shape=(1, 2))) == "Ginibre, shape (1, 2)"
    assert ensemble_label(rmt.gue() + rmt.wishart(ratio=2)) == "gue() + wishart(ratio=2)"
    assert ensemble_label(rmt.haar_unitary()) == "Haar unitary"


def test_figures_are_written_without_dates(tmp_path, ax):
    plotting.law(rmt.Semicircle(), ax)
    for ending in ("png", "pdf", "svg"):
        first, second = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
        plotting.save(ax.figure, first)
        plotting.save(ax.figure, second)
        assert first.read_bytes() == second.read_bytes()
    assert ">semicircle" not in (tmp_path / "a.svg").read_text()  # no legend was asked for
    assert "<text" in (tmp_path / "a.svg").read_text()  # text stays text
    with pytest.raises(ValueError, match=r"'.*x.bmp': its ending must be one of .png, .pdf, .svg"):
        plotting.save(ax.figure, tmp_path / "x.bmp")


def test_default_size_fits_a_page():
    figure, _ = plotting.figure()
    assert tuple(figure.get_size_inches()) == (6.8, pytest.approx(6.8 / 1.6))
    assert math.isclose(plotting.figure(2, 2, width=3.4)[0].get_size_inches()[0], 3.4)


def test_labels_of_networks():
    import rmt.networks as networks

    assert law_label(2 * networks.FreeLogNormal(3)) == "free log-normal law, variance 3, times 2"
    assert law_label(networks.depth_limit("bernoulli", 1)) == "Bernoulli depth limit"
    assert law_label(rmt.Affine(networks.FreeLogNormal(3), 1, 2)) == "free log-normal law, variance 3, plus 2"
    net = networks.MLP(8, "tanh", 1.0, 0.1, weights="orthogonal")
    assert ensemble_label(net.jacobian()) == "Jacobian, depth 8"
    assert ensemble_label(networks.ResidualNetwork(4, "tanh", 0.5).jacobian()) == "Jacobian, depth 4"
