"""The gallery: every script runs at small n, draws what its caption says, and stands in the index page."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from cases import long_beyond
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from rmt.cli import main
from rmt.cli.gallery import index_page, scripts

FOLDER = Path(__file__).parents[1] / "gallery"
SCRIPTS = scripts()

#: optional packages without which a figure cannot be made
NEEDS = {"F76": "sklearn", "F79": "sklearn", "F81": "flint", "F82": "flint", "F83": "flint"}


@pytest.fixture(scope="module")
def figures():
    built = {}

    def build(name):
        if name in NEEDS:
            pytest.importorskip(NEEDS[name])
        if name not in built:
            built[name] = SCRIPTS[name].figure(n=60, seed=1)
        return built[name]

    return build


def test_every_script_has_an_id_and_a_caption_with_its_source():
    assert len(SCRIPTS) == len(list(FOLDER.glob("*.py")))
    assert list(SCRIPTS) == [f"F{i:02d}" for i in range(1, len(SCRIPTS) + 1)]
    for script in SCRIPTS.values():
        assert re.search(r"^Source: .*\d{4}", script.caption, re.MULTILINE), script.id
        assert script.path.name.startswith(script.id.lower())
        assert len(script.path.read_text().splitlines()) <= 40


@pytest.mark.parametrize("name", long_beyond(SCRIPTS, 29))
def test_figure_is_labelled_and_no_text_is_clipped(figures, name):
    figure = figures(name)
    check_labels(figure)
    check_text(figure, name)


@pytest.mark.parametrize("name", long_beyond(SCRIPTS, 12))
def test_every_size_from_two_on_is_taken_or_the_least_is_said(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    try:
        SCRIPTS[name].figure(n=2, seed=2)
    except ValueError as error:
        least = int(re.fullmatch(r"n must be an integer >= (\d+), got 2", str(error)).group(1))
        SCRIPTS[name].figure(n=least, seed=2)


def check_labels(figure):
    assert isinstance(figure, Figure)
    assert figure.get_suptitle() == ""
    for ax in figure.axes:
        assert ax.has_data()
        assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()
    assert any(ax.get_xlabel() for ax in figure.axes)
    assert any(ax.get_ylabel() for ax in figure.axes)


def check_text(figure, name):
    """No text is clipped or overlaps another."""
    figure.draw_without_rendering()
    width, height = figure.canvas.get_width_height()
    boxes = []
    for ax in figure.axes:
        shown = [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label, ax.title]
        shown += [ax._left_title, *(ax.get_legend().get_texts() if ax.get_legend() else [])]
        boxes += [t.get_window_extent() for t in shown if t.get_text() and t.get_visible() and _drawn(t, ax)]
    for box in boxes:
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= width + 1
        assert box.y1 <= height + 1
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            overlap = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
            assert min(overlap) < 2.0, (name, a, b)


def _drawn(text, ax):
    """Tick labels outside the view have a text but are not drawn."""
    if text in ax.get_xticklabels():
        return (
            ax.get_xlim()[0] <= text.get_position()[0] <= ax.get_xlim()[1] and ax.xaxis.get_tick_params()["labelbottom"]
        )
    if text in ax.get_yticklabels():
        return (
            ax.get_ylim()[0] <= text.get_position()[1] <= ax.get_ylim()[1] and ax.yaxis.get_tick_params()["labelleft"]
        )
    return True


def histograms(figure):
    return [patch.get_data() for ax in figure.axes for patch in ax.patches if isinstance(patch, StepPatch)]


def labels(ax):
    return ax.get_legend_handles_labels()[1]


def test_f01_has_four_ensembles_on_one_law(figures):
    figure = figures("F01")
    assert [ax.get_title(loc="left").split(",")[0] for ax in figure.axes] == ["GOE", "GUE", "GSE", "signs"]
    for data in histograms(figure):
        assert data.values @ np.diff(data.edges) == pytest.approx(1.0)
    laws = [ax.lines[0].get_xydata() for ax in figure.axes]
    assert all(np.array_equal(laws[0], other) for other in laws)


def test_f02_eigenvalues_stay_below_the_logarithm(figures):
    (ax,) = figures("F02").axes
    assert labels(ax) == ["GOE", "GUE", "independent points", r"$\log n$", r"$0.87\,\sqrt{n}$"]
    lines = {line.get_label(): line.get_xydata() for line in ax.lines}
    for name in ("GOE", "GUE"):
        n, distance = lines[name].T
        assert (distance < np.log(n) + 1).all()


def test_f03_has_one_curve_and_one_sample_a_ratio(figures):
    (ax,) = figures("F03").axes
    assert labels(ax) == ["ratio 0.1", "ratio 0.25", "ratio 0.5", "ratio 1"]
    assert len(histograms(figures("F03"))) == 4


def test_f04_shows_the_hard_edge(figures):
    (ax,) = figures("F04").axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    points = ax.lines[0].get_xydata()
    low = points[points[:, 0] < 0.3]
    slope = np.polyfit(*np.log(low).T, 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.1)


def test_f05_has_the_stem_of_mass_one_half(figures):
    (ax,) = figures("F05").axes
    assert "mass 0.5" in [text.get_text() for text in ax.texts]
    (data,) = histograms(figures("F05"))
    assert data.values @ np.diff(data.edges) == pytest.approx(0.5)


def test_f06_has_four_entry_laws(figures):
    titles = [ax.get_title(loc="left") for ax in figures("F06").axes]
    assert titles == [f"{name}, n = 60" for name in ("gaussian", "uniform", "rademacher", "exponential")]


def test_f07_marks_what_escapes():
    (ax,) = SCRIPTS["F07"].figure(n=400, seed=0).axes
    marks = next(line for line in ax.lines if "beyond the edge" in str(line.get_label()))
    assert marks.get_label() == f"{len(marks.get_xdata())} eigenvalues beyond the edge"
    assert len(marks.get_xdata()) > 0
    assert (np.abs(marks.get_xdata()) > 2).all()


def test_f08_has_four_depths(figures):
    axes = figures("F08").axes
    assert [ax.get_title(loc="left") for ax in axes] == [f"L = {depth}, n = 60" for depth in (1, 2, 3, 5)]
    edges = [max(line.get_xdata().max() for line in ax.lines) for ax in axes]
    assert edges == pytest.approx([4, 6.75, 256 / 27, 46656 / 3125])


def curves(ax):
    """Data of the lines with more than two points, by label."""
    return {line.get_label(): line.get_xydata() for line in ax.lines if len(line.get_xdata()) > 2}


def test_f09_has_stems_beside_the_arcsine(figures):
    left, right = figures("F09").axes
    assert {text.get_text() for text in left.texts} >= {"mass 0.25", "mass 0.5"}
    assert left.get_ylabel() == "mass"
    ((x, density),) = (curve.T for curve in curves(right).values())
    inside = np.abs(x) < 1.9
    np.testing.assert_allclose(density[inside], 1 / (np.pi * np.sqrt(4 - x[inside] ** 2)), rtol=1e-12)


def test_f10_closes_its_gap(figures):
    axes = figures("F10").axes
    assert [ax.get_title(loc="left") for ax in axes] == [f"t = {t}, n = 60" for t in ("0.5", "1", "1.5")]
    at_zero = []
    for ax in axes:
        ((x, density),) = (curve.T for curve in curves(ax).values())
        at_zero.append(np.interp(0.0, x, density))
    assert at_zero[0] == 0.0
    assert at_zero[1] < 0.02
    assert at_zero[2] == pytest.approx(np.sqrt(0.5) / (1.5 * np.pi))  # ω(0) = i√(t − 1), G = −ω/t


def test_f11_is_the_sum_of_the_readme(figures):
    (ax,) = figures("F11").axes
    assert labels(ax) == ["GOE + Wishart, n = 60", "semicircle law ⊞ Marchenko–Pastur law, ratio 0.5"]
    ((x, density),) = (curve[~np.isnan(curve[:, 1])].T for curve in curves(ax).values())
    assert np.trapezoid(density, x) == pytest.approx(1.0, abs=1e-4)
    assert np.trapezoid(x * density, x) == pytest.approx(1.0, abs=1e-4)
    assert np.trapezoid((x - 1) ** 2 * density, x) == pytest.approx(1.5, abs=1e-3)


def test_f12_has_ten_steps_and_the_atom_until_three(figures):
    axes = figures("F12").axes
    assert [ax.get_title(loc="left") for ax in axes] == [f"k = {k}, n = 60" for k in range(1, 11)]
    masses = [[t.get_text() for t in ax.texts if t.get_text().startswith("mass")] for ax in axes]
    assert masses[:3] == [["mass 0.667", "mass 0.333"], ["mass 0.333"], []]
    assert not any(masses[3:])


def test_f13_has_atoms_in_large_corners_only(figures):
    axes = figures("F13").axes
    masses = [[t.get_text() for t in ax.texts] for ax in axes]
    assert masses == [["mass 0.444"] * 2, ["mass 0.286"] * 2, [], []]


def test_f14_has_two_atoms(figures):
    (ax,) = figures("F14").axes
    assert {"mass 0.5", "mass 0.25"} <= {t.get_text() for t in ax.texts}
    (data,) = histograms(figures("F14"))
    assert data.values @ np.diff(data.edges) == pytest.approx(0.25)


def test_f15_shows_one_law_twice(figures):
    edge = np.sqrt((11 + 5 * np.sqrt(5)) / 2)
    lines = []
    for ax in figures("F15").axes:
        ((x, density),) = (curve.T for curve in curves(ax).values())
        assert (x[0], x[-1]) == pytest.approx((-edge, edge), abs=1e-12)
        lines.append(np.interp(np.linspace(-3, 3, 31), x, density))
    np.testing.assert_allclose(lines[0], lines[1], atol=1e-10)
    assert lines[0][15] == pytest.approx(1 / np.pi, abs=1e-4)


def test_f16_adds_and_multiplies(figures):
    left, right = figures("F16").axes
    for ax, name, combine in (
        (left, "free sum", lambda g: g + 1 / (1 - g / 2)),
        (right, "free product", lambda m: 1 / ((1 + m / 2) * (1 + m / 4))),
    ):
        x, y = curves(ax)[name].T
        np.testing.assert_allclose(y, combine(x), rtol=1e-6)


def test_f17_joins_two_arches(figures):
    (ax,) = figures("F17").axes
    for t, name in ((0.5, "t = 0.5"), (0.8, "t = 0.8"), (1.5, "t = 1.5")):
        u, v = curves(ax)[name].T
        w = (u + 1j * v)[v > 1e-6]
        np.testing.assert_allclose(t * (abs(w - 1) ** -2 + abs(w + 1) ** -2) / 2, 1.0, atol=1e-8)
    at_zero = [np.interp(0.0, *curves(ax)[f"t = {t}"].T) for t in ("0.5", "1", "1.5")]
    assert at_zero[:2] == pytest.approx([0.0, 0.0], abs=0.02)
    assert at_zero[2] > 0.7


def test_f18_is_coloured_by_a_function(figures):
    (ax,) = figures("F18").axes
    (image,) = ax.images
    colours = image.get_array()
    assert colours.shape[2] == 3
    assert np.ptp(colours[:, :, 0]) > 0.5


def test_f19_has_fourteen_partitions_and_a_crossing_one(figures):
    from matplotlib.patches import Circle

    (ax,) = figures("F19").axes
    assert sum(isinstance(patch, Circle) and not patch.get_fill() for patch in ax.patches) == 15
    assert [t.get_text() for t in ax.get_yticklabels()] == ["4 blocks", "3 blocks", "2 blocks", "1 block"]


def test_f20_counts_catalan_numbers(figures):
    from matplotlib.patches import Circle

    (ax,) = figures("F20").axes
    rows = [patch.center[1] for patch in ax.patches if isinstance(patch, Circle)]
    assert [rows.count(row) for row in sorted(set(rows), reverse=True)] == [1, 2, 5, 14]
    assert [t.get_text().split(",")[0] for t in ax.get_yticklabels()] == [
        f"$m_{2 * k}$ = {count}" for k, count in enumerate((1, 2, 5, 14), 1)
    ]


def test_f21_outlier_and_overlap(figures):
    above, below = figures("F21").axes
    theta, position = curves(above)["law"].T
    out = theta > 1
    np.testing.assert_allclose(position[out], theta[out] + 1 / theta[out], rtol=1e-12)
    assert (position[~out] == 2).all()
    theta, overlap = curves(below)["law"].T
    np.testing.assert_allclose(overlap[out], 1 - theta[out] ** -2.0, atol=1e-9)
    dots = next(iter(curves(below).values()))
    assert dots[-1] == pytest.approx([2.5, 0.84], abs=0.15)


def test_f22_finds_the_signal():
    _, below = SCRIPTS["F22"].figure(n=300, seed=0).axes
    position, mass = next(line.get_xydata() for line in below.lines if line.get_label() == "recovered").T
    for where, share in ((-1.5, 0.2), (0.0, 0.5), (1.5, 0.3)):
        near = np.abs(position - where) < 0.5
        assert mass[near].sum() == pytest.approx(share, abs=0.05)
        assert np.average(position[near], weights=mass[near]) == pytest.approx(where, abs=0.1)


def test_f23_has_a_row_for_each_temperature(figures):
    _, ax = figures("F23").axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["0.1", "1", "2", "4", "100"]
    rows = [[segment[0, 0] for segment in lines.get_segments()] for lines in ax.collections]
    assert [len(row) for row in rows] == [60] * 5
    smallest = [np.diff(sorted(row))[15:45].min() for row in rows]
    assert smallest[0] < smallest[2] < smallest[4]


def test_f24_counts_every_eigenvalue():
    """n(F_n − F) has the variance log n/(2π²) and stays within five of its standard deviations."""
    top, below = SCRIPTS["F24"].figure(n=10**5, seed=0).axes
    (data,) = (patch.get_data() for patch in top.patches if isinstance(patch, StepPatch))
    assert data.values @ np.diff(data.edges) == pytest.approx(1.0)
    deviation = below.lines[0].get_ydata()
    assert 0.3 < deviation[20:-20].std() < 1.6
    assert np.abs(deviation).max() < 4.3


def test_f25_naive_product_stops_at_sixteen_digits(figures):
    (ax,) = figures("F25").axes
    data = curves(ax)
    naive, lossless = data["multiplied out"][:, 1], data["lossless, n = 60"][:, 1]
    law = data["Fuss–Catalan law, order 64"][:, 1]
    np.testing.assert_allclose(naive[:20], lossless[:20], atol=1e-6)
    assert naive.min() > -20
    assert lossless[-1] < -50
    assert np.abs(lossless - law)[:50].max() < 3


def test_f26_edges_against_their_formula(figures):
    """ω at an edge solves (ω² − 1)² = t(ω² + 1), and λ = ω + tω/(ω² − 1)."""
    (ax,) = figures("F26").axes
    assert labels(ax) == ["eigenvalues, n = 60", "edges of the law"]
    t, outer = ax.lines[60].get_xydata()[1:].T
    w = np.sqrt(1 + (t + np.sqrt(t**2 + 8 * t)) / 2)
    np.testing.assert_allclose(outer, w + t * w / (w**2 - 1), rtol=1e-12)
    t, inner = ax.lines[61].get_xydata()[1:].T
    gap = t < 1
    w = np.sqrt(1 + (t - np.sqrt(t**2 + 8 * t)) / 2, where=gap, out=np.zeros_like(t))
    np.testing.assert_allclose(inner[gap], (w + t * w / (w**2 - 1))[gap], atol=1e-12)
    assert np.isnan(inner[t > 1.001]).all()
    paths = np.array([line.get_ydata() for line in ax.lines[:60]])
    assert (np.diff(paths[:, 1:], axis=0) > 0).all()


def test_f27_has_four_routes(figures):
    (ax,) = figures("F27").axes
    assert labels(ax) == ["dense matrix", "tridiagonal", "histogram", "largest"]
    for line in ax.lines:
        assert (line.get_ydata() > 0).all()


def test_f28_network_follows_its_maps(figures):
    """Crosses (x_l, x_{l+1}) lie on the maps up to the fluctuations of 60 units."""
    columns = np.reshape(figures("F28").axes, (2, 3)).T
    assert [top.get_title(loc="left").split(",")[0] for top, _ in columns] == ["ordered", "critical", "chaotic"]
    for ax in columns.ravel():
        crosses = next(line for line in ax.lines if line.get_marker() == "x").get_xydata()
        curve = next(line for line in ax.lines if line.get_linewidth() == 1.8 and line.get_gid() is None).get_xydata()
        assert crosses.shape == (11, 2)
        assert np.abs(crosses[:, 1] - np.interp(crosses[:, 0], *curve.T)).mean() < 0.25 * ax.get_xlim()[1]
    open_dots = [sum(line.get_markerfacecolor() == "white" for line in below.lines) for _, below in columns]
    assert open_dots == [0, 0, 1]


def test_f29_edges_start_where_the_slope_at_zero_says(figures):
    tanh, gelu = figures("F29").axes
    x, y = next(line for line in tanh.lines if line.get_label() == "edge of chaos").get_data()
    assert x[np.nanargmin(y)] == pytest.approx(1.0, abs=0.02)
    half = next(line for line in gelu.lines if line.get_label() == "half-stable point").get_xydata()[0]
    assert half**2 == pytest.approx([1.983058, 0.172922], abs=1e-5)
    assert {"nn.Linear", "He", "gain 5/3"} <= {text.get_text() for text in tanh.texts}


def test_f30_tops_of_the_laws(figures):
    """Fuss-Catalan for Gaussian linear networks, 1 for orthogonal ones, L^L/(L − 1)^(L − 1) for orthogonal ReLU."""
    gaussian, orthogonal = figures("F30").axes
    assert labels(gaussian) == ["linear", "ReLU", "erf", "hard-tanh"]
    depth, top = curves(gaussian)["linear"].T
    np.testing.assert_allclose(top**2, (depth + 1) ** (depth + 1) / depth**depth, rtol=1e-9)
    depth, top = curves(orthogonal)["linear"].T
    np.testing.assert_allclose(top, 1.0, rtol=1e-12)
    depth, top = curves(orthogonal)["ReLU"][1:].T
    np.testing.assert_allclose(top**2, depth**depth / (depth - 1) ** (depth - 1), rtol=1e-9)
    _, top = curves(orthogonal)["hard-tanh"].T
    np.testing.assert_allclose(np.diff(np.log(top[:5])), np.log(top[0]) * np.array([1, 2, 4, 8]), rtol=1e-6)  # p^(−L/2)


def test_f31_atoms_of_the_laws(figures):
    linear, relu, hard_tanh = figures("F31").axes
    for ax in (linear, relu, hard_tanh):
        for depth in (2, 8, 32, 128):
            _, share = curves(ax)[f"L = {depth}"].T
            assert share[-1] == pytest.approx(1.0, abs=1e-9)
            assert (np.diff(share) >= -1e-12).all()
    assert curves(relu)["L = 2"][0, 1] == pytest.approx(0.5, abs=1e-3)
    for depth, mass in ((2, 0.96), (8, 0.84), (32, 0.36)):  # 1 − L(1 − p)
        assert np.diff(curves(hard_tanh)[f"L = {depth}"][:, 1]).max() == pytest.approx(mass, abs=0.02)


def test_f32_laws_converge_to_their_limits(figures):
    smooth, jumping, rate = figures("F32").axes
    x, share = curves(smooth)["s = 1"].T
    assert np.interp(np.exp(-0.5), x, share) == pytest.approx(0.5, abs=1e-3)  # the median is exp(−s/2)
    _, share = curves(jumping)["s = 0.25"].T
    assert np.diff(share).max() == pytest.approx(0.75, abs=0.01)  # the atom 1 − s
    slopes = {name: np.diff(np.log(line[:, 1])).max() for name, line in curves(rate).items()}
    assert slopes["tanh"] < 0
    assert slopes["hard-tanh"] == pytest.approx(-np.log(2), abs=0.1)  # as 1/L


def test_f33_has_eight_activations_on_one_law(figures):
    axes = figures("F33").axes
    laws = [next(iter(curves(ax).values())) for ax in axes]
    assert len(axes) == 8
    assert all(np.array_equal(laws[0], other) for other in laws)
    low, high = laws[0][0, 0], laws[0][-1, 0]
    assert low * high == pytest.approx(1.0, rel=1e-9)  # symmetric in log λ


def test_f34_convolutions_against_their_edges(figures):
    gaussian, orthogonal, deep = figures("F34").axes
    tops = [max(line[:, 0].max() for line in curves(ax).values()) for ax in (gaussian, orthogonal)]
    assert tops == pytest.approx([2.0, 2 * np.sqrt(8 / 9)], rel=1e-9)
    x, share = curves(deep)["delta_orthogonal"].T
    assert set(share) == {0.0, 1.0}
    assert (share[x < 0.99] == 0).all()


def test_f35_mean_is_flat(figures):
    """Within four standard errors: the bars are two."""
    for ax in figures("F35").axes:
        assert labels(ax) == ["mean", "90 %", "largest"]
        segments = ax.containers[0][2][0].get_segments()
        for (_, low), (_, high) in segments:
            assert abs(low + high) / 2 < 2.5 * (high - low) / 2


# ---------------------------------------------------------------------- the command
@pytest.mark.parametrize(("n", "seed"), [(2, 1), (5, 2**70 + 1)])
def test_f70_leaves_out_runs_that_diverge(n, seed):
    aligned, losses = (line.get_ydata() for line in SCRIPTS["F70"].figure(n=n, seed=seed).axes[2].lines)
    assert np.isnan(aligned).any()
    assert not np.isfinite(losses[np.isnan(aligned)]).any()
    assert (np.abs(aligned[~np.isnan(aligned)]) <= 1.0).all()


def test_index_page_is_in_step():
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == index_page(list(SCRIPTS.values()))


def test_command_lists_and_builds(capsys, tmp_path):
    assert main(["gallery"]) == 0
    assert "F05  Marchenko-Pastur with an atom" in capsys.readouterr().out
    assert main(["gallery", "--json"]) == 0
    assert [figure["id"] for figure in json.loads(capsys.readouterr().out)["figures"]] == list(SCRIPTS)
    out = tmp_path / "new" / "folder"
    assert main(["gallery", "f05", "-n", "40", "--out", str(out), "--format", "svg"]) == 0
    assert [path.name for path in out.iterdir()] == ["F05.svg"]
    assert "F05.svg" in capsys.readouterr().out
    assert "n = 40" in (out / "F05.svg").read_text(encoding="utf-8")


def test_command_builds_all_with_an_index(tmp_path, monkeypatch, capsys):
    import rmt.cli.gallery as command

    few = {name: SCRIPTS[name] for name in ("F05", "F07")}
    monkeypatch.setattr(command, "scripts", lambda: few)
    assert main(["gallery", "-n", "40", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "![Marchenko-Pastur with an atom](F05.png)" in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["F05.png", "F07.png", "README.md"]
