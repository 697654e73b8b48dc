"""Cobwebs: map, staircase, fixed points."""

import math

import numpy as np
import pytest

from rmt import plotting
from rmt.networks import critical_sigma_w, mean_field


def lines(ax, gid):
    return [line for line in ax.lines if line.get_gid() == gid]


def test_staircase_is_the_iteration(ax):
    assert plotting.cobweb(np.cos, 0.2, ax, steps=30, window=(0.0, 1.0), label="cos") is ax
    (stairs,) = lines(ax, "staircase")
    x, y = stairs.get_xydata().T
    np.testing.assert_allclose(y[1:-1:2], np.cos(x[1:-1:2]))  # corners on the map
    np.testing.assert_allclose(x[2::2], y[2::2])  # corners on the diagonal
    assert (x[0], y[0]) == (0.2, 0.0)
    (dot,) = lines(ax, "fixed point")
    assert dot.get_xdata()[0] == pytest.approx(0.7390851332151607, abs=1e-12)  # Dottie's number
    assert dot.get_markerfacecolor() == dot.get_color()
    assert ax.get_legend_handles_labels()[1] == ["cos"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x_l$", "$x_{l+1}$")


def test_stable_points_are_filled_and_unstable_ones_open(ax):
    """sigma_w = 2 without bias: q = 0 repels, q* attracts."""
    field = mean_field("tanh", sigma_w=2.0)
    plotting.cobweb(field.length_map, [0.05, 3.0], ax)
    assert len(lines(ax, "staircase")) == 2
    zero, rest = lines(ax, "fixed point")
    assert (zero.get_xdata()[0], zero.get_markerfacecolor()) == (0.0, "white")
    assert rest.get_xdata()[0] == pytest.approx(field.q, rel=1e-12)
    assert rest.get_markerfacecolor() == rest.get_color()


@pytest.mark.parametrize(("factor", "filled"), [(0.8, [True]), (1.0, [True]), (1.3, [True, False])])
def test_correlation_map_in_three_regimes(factor, filled, ax):
    """c = 1 attracts up to the edge of chaos and repels beyond, where a fixed point below 1 attracts."""
    field = mean_field("tanh", sigma_w=factor * critical_sigma_w("tanh", sigma_b=0.3), sigma_b=0.3)
    plotting.cobweb(field.correlation_map, 0.3, ax, window=(0.0, 1.0))
    dots = lines(ax, "fixed point")
    assert [dot.get_markerfacecolor() != "white" for dot in dots] == filled
    assert dots[-1].get_xdata()[0] == 1.0
    if factor > 1:
        assert dots[0].get_xdata()[0] == pytest.approx(field.c, abs=1e-10)


def test_one_diagonal_for_several_maps(ax):
    for c in (0.5, 0.7):
        plotting.cobweb(lambda x, c=c: c * x, 1.0, ax, window=(0, 1))
    assert len(lines(ax, "diagonal")) == 1


def test_identity_has_no_isolated_fixed_point(ax):
    plotting.cobweb(lambda x: x, 1.0, ax)
    assert lines(ax, "fixed point") == []
    assert ax.get_xlim() == (0.0, 1.5)


def test_bad_input(ax):
    with pytest.raises(ValueError, match=r"the iteration from start = 2.0 is inf after \d+ steps; lower steps"):
        plotting.cobweb(lambda x: x**2 if x < 1e150 else math.inf, 2.0, ax)
    with pytest.raises(ValueError, match=r"window must be a pair low < high"):
        plotting.cobweb(np.cos, 0.2, ax, window=(1, 1))
    with pytest.raises(ValueError, match="steps must be an integer >= 1"):
        plotting.cobweb(np.cos, 0.2, ax, steps=0)
    with pytest.raises(ValueError, match="start must be a finite real number"):
        plotting.cobweb(np.cos, math.nan, ax)
