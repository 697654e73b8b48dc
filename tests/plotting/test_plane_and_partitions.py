"""Domain colouring and pictures of partitions."""

import math

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.patches import Circle, Polygon

import rmt
from rmt import plotting
from rmt.combinatorics import hasse_diagram
from rmt.plotting.plane import phase_colours


def test_hue_is_the_argument_and_bands_are_factors_of_two():
    positive, negative, again = phase_colours([1.0, -1.0, 2.0])
    assert positive.mean() > 0.8  # light
    assert negative.mean() < 0.3  # dark
    np.testing.assert_allclose(again, positive)  # one band on
    assert phase_colours([1.9]).mean() < positive.mean()
    np.testing.assert_allclose(phase_colours([1j])[0], mpl.colormaps["twilight"](0.25)[:3])
    np.testing.assert_array_equal(phase_colours([np.nan, np.inf, 0.0]), np.ones((3, 3)))


def test_branch_cut_of_g_is_the_support(ax):
    """Colours jump across the real axis on the support, and nowhere else on it."""
    assert plotting.domain_coloring(rmt.Semicircle(), ax, points=200) is ax
    (image,) = ax.images
    pixels = image.get_array()
    rows, columns, _ = pixels.shape
    assert rows % 2 == 0
    jump = np.abs(pixels[rows // 2] - pixels[rows // 2 - 1]).max(axis=1)
    x = -4 + (np.arange(columns) + 0.5) * 8 / columns
    assert (jump[np.abs(x) < 1.5] > 0.1).all()
    assert (jump[np.abs(x) > 2.1] < 0.05).all()
    assert image.get_extent() == [-4.0, 4.0, pytest.approx(-8 / 3), pytest.approx(8 / 3)]
    assert ax.get_xlabel() == r"$\mathrm{Re}\,z$"


def test_any_function_can_be_coloured(ax):
    plotting.domain_coloring(lambda z: z**2, ax, xlim=(-1, 1), ylim=(-1, 1), points=50, alpha=0.5)
    assert ax.images[0].get_array().shape == (50, 50, 3)
    assert ax.images[0].get_alpha() == 0.5


def test_windows_are_checked(ax):
    with pytest.raises(ValueError, match="xlim must be given"):
        plotting.domain_coloring(np.sin, ax)
    with pytest.raises(ValueError, match=r"ylim must be a pair low < high of finite numbers, got \(1, 1\)"):
        plotting.domain_coloring(np.sin, ax, xlim=(0, 1), ylim=(1, 1))


def test_blocks_are_polygons_on_the_circle(ax):
    plotting.partition([[1, 3], [2], [4, 5, 6]], ax)
    polygons = [patch for patch in ax.patches if isinstance(patch, Polygon)]
    assert sorted(len(set(map(tuple, patch.get_xy()))) for patch in polygons) == [2, 3]
    for patch in polygons:
        np.testing.assert_allclose(np.hypot(*patch.get_xy().T), 1.0)
    assert [text.get_text() for text in ax.texts] == list("123456")
    first, second = ax.texts[0].get_position(), ax.texts[1].get_position()
    assert first[0] < 0 < second[0]  # clockwise from the left of the top
    assert first[1] == pytest.approx(second[1])


def test_crossing_partitions_are_red(ax):
    plotting.partition([[1, 3], [2, 4]], ax)
    colours = {patch.get_edgecolor() for patch in ax.patches if isinstance(patch, Polygon)}
    assert colours == {mpl.colors.to_rgba("#D55E00")}
    with pytest.raises(ValueError, match="crossing"):
        plotting.partition([[1, 3], [2, 4]], ax, complement=True)


def test_complement_does_not_cross(ax):
    """All chords of a partition and of its complement together meet in no inner point."""
    plotting.partition([[1, 4], [2, 3], [5]], ax, complement=True)
    chords = []
    for patch in ax.patches:
        if isinstance(patch, Polygon):
            corners = patch.get_xy()
            chords += [(corners[i], corners[i + 1]) for i in range(len(corners) - 1)]

    def side(a, b, c):
        return np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    for i, (a, b) in enumerate(chords):
        for c, d in chords[:i]:
            if all(math.dist(p, q) > 1e-9 for p in (a, b) for q in (c, d)):
                assert not (side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b))
    assert len(chords) >= 4


def test_lattice_has_a_line_for_every_cover(ax):
    plotting.noncrossing_lattice(4, ax)
    lines = [line for line in ax.lines if line.get_marker() in ("None", None)]
    assert len(lines) == len(hasse_diagram(4)) == 28
    discs = [patch for patch in ax.patches if isinstance(patch, Circle) and not patch.get_fill()]
    assert len(discs) == 14 + 1  # and the crossing one
    heights = sorted({round(patch.center[1], 6) for patch in discs})
    assert len(heights) == 4


def test_lattice_without_the_crossing_partition(ax):
    plotting.noncrossing_lattice(4, ax, crossing=False, complement=True, color="green")
    assert ax.lines[0].get_color() == "green"
    discs = [patch for patch in ax.patches if isinstance(patch, Circle) and not patch.get_fill()]
    assert len(discs) == 14


def test_lattices_are_bounded(ax):
    with pytest.raises(ValueError, match="n must be at most 5, got 6"):
        plotting.noncrossing_lattice(6, ax)
    with pytest.raises(ValueError, match="n must be an integer >= 1, got 0"):
        plotting.noncrossing_lattice(0, ax)
