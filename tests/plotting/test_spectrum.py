"""Measured spectra, alone and under their law."""

import numpy as np
import pytest
from matplotlib.patches import StepPatch

import rmt
from rmt import plotting


def stairs(ax):
    (patch,) = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    return patch.get_data()


def test_histogram_is_a_density(ax):
    eigenvalues = rmt.goe().eigenvalues(300, rng=0)
    assert plotting.esd(eigenvalues, ax) is ax
    data = stairs(ax)
    assert data.values @ np.diff(data.edges) == pytest.approx(1.0)
    assert data.values.size >= 60
    assert ax.get_legend_handles_labels()[1] == ["n = 300"]
    assert ax.get_ylim()[0] == 0.0
    assert ax.get_ylim()[1] >= data.values.max()


def test_compare_lays_the_law_over_the_histogram(ax):
    wishart = rmt.wishart(ratio=0.5)
    plotting.compare(wishart, n=200, rng=3, ax=ax)
    data = stairs(ax)
    eigenvalues = wishart.eigenvalues(200, rng=3)
    counts = np.histogram(eigenvalues, data.edges)[0]
    np.testing.assert_allclose(data.values, counts / (200 * np.diff(data.edges)))
    line = ax.lines[0]
    good = np.isfinite(line.get_ydata())
    np.testing.assert_allclose(line.get_ydata()[good], wishart.law().pdf(line.get_xdata()[good]))
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["Wishart, ratio 0.5, n = 200", "Marchenko–Pastur law, ratio 0.5"]


@pytest.mark.parametrize("ratio", [0.2, 1.0, 2.0, 8.0])
def test_every_measured_eigenvalue_is_in_the_frame(ax, ratio):
    wishart = rmt.wishart(ratio=ratio)
    plotting.compare(wishart, n=160, rng=0, ax=ax)
    eigenvalues = wishart.eigenvalues(160, rng=0)
    low, high = ax.get_xlim()
    assert low <= eigenvalues.min()
    assert high >= eigenvalues.max()
    data = stairs(ax)
    assert data.values @ np.diff(data.edges) == pytest.approx(np.mean(eigenvalues > 1e-12))
    assert ax.get_ylim()[1] >= data.values.max()


def test_measured_and_predicted_atoms_stand_together(ax):
    plotting.compare(rmt.wishart(ratio=3.0), n=100, rng=0, ax=ax)
    stems = [line for line in ax.lines if list(line.get_xdata()) == [0.0, 0.0]]
    heights = sorted(line.get_ydata()[1] for line in stems)
    measured = 0.9 * (100 - round(100 / 3)) / 100
    assert heights == [pytest.approx(0.9 * 2 / 3), pytest.approx(measured)]
    assert [text.get_text() for text in ax.texts].count("mass 0.667") == 1


def test_esd_finds_atoms_and_writes_their_masses(ax):
    plotting.esd(rmt.wishart(ratio=2.0).eigenvalues(100, rng=0), ax)
    assert "mass 0.5" in [text.get_text() for text in ax.texts]


def test_esd_of_atoms_only(ax):
    plotting.compare(rmt.projection(0.25), n=40, rng=0, ax=ax)
    assert not [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    assert "projection, fraction 0.25, n = 40" in ax.get_legend_handles_labels()[1]


def test_deep_products_get_a_log_axis(ax):
    product = rmt.product_wishart(depth=10)
    plotting.compare(product, n=100, rng=0, ax=ax)
    assert ax.get_xscale() == "log"
    data = stairs(ax)
    assert data.values @ np.diff(np.log(data.edges)) == pytest.approx(1.0)
    assert ax.get_xlim()[0] < product.eigenvalues(100, rng=0).min()


def test_log_axis_can_be_refused(ax):
    plotting.compare(rmt.product_wishart(depth=3), n=60, rng=0, ax=ax, log=False)
    assert ax.get_xscale() == "linear"


def test_trials_are_pooled(ax):
    plotting.compare(rmt.gue(), n=30, rng=0, trials=8, ax=ax)
    data = stairs(ax)
    assert data.values @ np.diff(data.edges) == pytest.approx(1.0)
    assert "GUE, n = 30, 8 trials" in ax.get_legend_handles_labels()[1]


def test_marks_are_those_of_the_comparison_that_is_given(ax):
    ensemble = rmt.wigner("sparse(0.1)")  # its largest eigenvalues lie beyond the limit law
    values = ensemble.eigenvalues(100, rng=1)
    plotting.compare(
        values, ensemble.law(), ax=ax, result=rmt.spectra.compare(values, ensemble.law(), ensemble=ensemble)
    )
    assert len(ax.get_legend_handles_labels()[1]) == 2
    plotting.compare(values, ensemble.law(), ax=ax)  # control: as a Gaussian matrix
    assert any("where the law has none" in label for label in ax.get_legend_handles_labels()[1])
    with pytest.raises(TypeError, match="result must be what"):
        plotting.compare(values, ensemble.law(), ax=ax, result="accepted")


def test_eigenvalues_and_a_law_can_be_given(ax):
    plotting.compare(rmt.goe().eigenvalues(50, rng=0), rmt.Semicircle(), ax=ax, legend=False)
    assert ax.get_legend() is None
    assert ax.get_legend_handles_labels()[1] == ["n = 50", "semicircle law"]


def test_keywords_reach_the_artists(ax):
    plotting.esd([0.0, 0.5, 1.0], ax, facecolor="red", bins=3, label="mine")
    (patch,) = ax.patches
    assert patch.get_facecolor() == (1.0, 0.0, 0.0, 1.0)
    assert stairs(ax).values.size == 3
    plotting.compare(rmt.goe(), n=30, rng=0, ax=ax, color="green")
    assert "green" in {line.get_color() for line in ax.lines}


@pytest.mark.parametrize(
    ("values", "message"),
    [([], "at least one eigenvalue"), ([1.0, np.nan], "nan at position 1"), ([1j, np.inf], "at position 1")],
)
def test_bad_values_are_refused(ax, values, message):
    with pytest.raises(ValueError, match=message):
        plotting.esd(values, ax)


def test_bad_options_are_refused(ax):
    with pytest.raises(ValueError, match="unknown view 'sideways'"):
        plotting.compare(rmt.goe(), n=10, ax=ax, view="sideways")
    with pytest.raises(ValueError, match="law must be given"):
        plotting.compare([1.0, 2.0], ax=ax)
    with pytest.raises(ValueError, match="bins must be an integer >= 1"):
        plotting.esd([1.0, 2.0], ax, bins=0)


def test_eigenvalues_in_the_plane_are_points(ax):
    values = np.exp(2j * np.pi * np.arange(12) / 12)
    plotting.esd(values, ax, label="roots of unity")
    (points,) = ax.collections
    np.testing.assert_allclose(points.get_offsets(), np.c_[values.real, values.imag])
    assert ax.get_aspect() == 1.0
    assert ax.get_xlabel() == r"$\mathrm{Re}\,\lambda$"


def test_planar_ensemble_is_points_in_a_circle(ax):
    plotting.compare(rmt.ginibre(), n=60, rng=0, ax=ax)
    (points,) = ax.collections
    eigenvalues = rmt.ginibre().eigenvalues(60, rng=0)
    np.testing.assert_allclose(points.get_offsets(), np.c_[eigenvalues.real, eigenvalues.imag])
    (circle,) = ax.lines
    np.testing.assert_allclose(np.hypot(*circle.get_data()), 1.0)
    assert ax.get_legend_handles_labels()[1] == ["Ginibre, n = 60", "circular law"]


@pytest.mark.parametrize("view", ["radii", "angles", "singular values"])
def test_views_of_a_planar_ensemble(ax, view):
    plotting.compare(rmt.ginibre(), n=90, rng=0, ax=ax, view=view)
    data = stairs(ax)
    assert data.values @ np.diff(data.edges) == pytest.approx(1.0)
    names = {"radii": r"$|\lambda|$", "angles": r"$\arg\,\lambda$", "singular values": "$s$"}
    assert ax.get_xlabel() == names[view]
    law = {
        "radii": rmt.CircularLaw().radial_law(),
        "angles": rmt.CircularLaw().angle_law(),
        "singular values": rmt.ginibre().singular_value_law(),
    }[view]
    x, y = ax.lines[0].get_data()
    inside = np.isfinite(y) & (y > 0)
    np.testing.assert_allclose(y[inside], law.pdf(x[inside]))


def test_law_in_the_plane_is_a_circle(ax):
    plotting.law(rmt.CircularLaw(variance=4), ax)
    (circle,) = ax.lines
    np.testing.assert_allclose(np.hypot(*circle.get_data()), 2.0)
    assert ax.get_aspect() == 1.0


def test_views_that_make_no_sense_are_refused(ax):
    with pytest.raises(ValueError, match="view='radii' needs a law in the plane"):
        plotting.compare(rmt.goe(), n=10, rng=0, ax=ax, view="radii")


# ---------------------------------------------------------------------- what does not fit together
def test_points_of_the_plane_under_a_law_on_the_line():
    with pytest.raises(TypeError, match="the eigenvalues are complex and semicircle law is a law on the line"):
        plotting.compare(rmt.ginibre(), rmt.Semicircle(), n=20, rng=0)


def test_the_remedies_for_complex_eigenvalues(ax):
    """A law of the plane, or the singular values with theirs: both are named in the message."""
    plotting.compare(rmt.ginibre(), rmt.CircularLaw(), n=20, rng=0, ax=ax)
    plotting.compare(rmt.ginibre(), rmt.square_root(rmt.MarchenkoPastur()), n=20, rng=0, view="singular values")


@pytest.mark.parametrize("value", ["x", 3, None], ids=repr)
def test_what_is_no_axes(value):
    if value is not None:
        with pytest.raises(TypeError, match=r"ax must be two-dimensional matplotlib Axes, got .*axes\[0\].*gca\(\)"):
            plotting.law(rmt.Semicircle(), ax=value)
    with pytest.raises(TypeError, match="figure must be a matplotlib Figure"):
        plotting.save(value, "a.png")


def test_the_remedies_for_what_is_no_axes():
    from matplotlib.figure import Figure

    figure = Figure()
    panels = figure.subplots(1, 2)
    for wrong in (figure, panels, figure.add_subplot(projection="3d")):
        with pytest.raises(TypeError, match="ax must be two-dimensional"):
            plotting.law(rmt.Semicircle(), ax=wrong)
    assert plotting.law(rmt.Semicircle(), ax=panels[0]) is panels[0]
    assert plotting.law(rmt.Semicircle(), ax=Figure().gca()).lines
    with pytest.raises(TypeError, match=r"of Axes pass axes.figure"):
        plotting.save(panels[0], "a.png")


@pytest.mark.slow
def test_the_same_figure_gives_the_same_bytes(tmp_path):
    """Constrained layout moves with the first draw: of any formats in any order, the first is no exception."""

    def saved(*endings):
        figure, axes = plotting.figure()
        plotting.compare(rmt.wishart(ratio=2.0), n=50, rng=0, ax=axes)
        return [plotting.save(figure, tmp_path / f"figure.{ending}").read_bytes() for ending in endings]

    alone = {ending: saved(ending)[0] for ending in ("png", "svg", "pdf")}
    for order in (("png", "svg", "svg"), ("svg", "png", "pdf"), ("pdf", "pdf", "png")):
        assert saved(*order) == [alone[ending] for ending in order]


def test_more_bins_than_dots(ax):
    with pytest.raises(ValueError, match="bins must be an integer >= 1 and <= 1000000, got 1000000000"):
        plotting.esd([1.0, 2.0], ax, bins=10**9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("values", "log"), [([5e-324, 0.0], None), ([1e-300, 1e300], True), ([1.0, 1.0 + 2.3e-16], False), ([3.0], None)]
)
def test_spectra_of_extreme_width(ax, values, log):
    plotting.esd(values, ax, log=log)
    ax.figure.canvas.draw()
    assert np.isfinite(ax.get_xlim()).all()


def test_numbers_too_large_for_axes_are_refused(ax):
    with pytest.raises(ValueError, match=r"at most 1e\+300 in size to be drawn; divide them by their largest"):
        plotting.esd([1e308, -1e308], ax)
    plotting.esd(np.array([1e308, -1e308]) / 1e308, ax)
