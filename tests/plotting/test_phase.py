"""The phase diagram: edge, regions, contours of the stationary length, initialisers."""

import math

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from rmt import plotting
from rmt.networks import activation, half_stable_point, mean_field
from rmt.plotting.phase import _Plane, _Table


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_edge_of_erf_against_its_closed_form(ax):
    """sigma_w² = (π/4)√(1 + 4q) and sigma_b² = q − sigma_w² (2/π) asin(2q/(1 + 2q))."""
    assert plotting.phase_diagram("erf", ax, sigma_w=(0.5, 2.5), sigma_b=(0.0, 0.6), points=40) is ax
    x, y = lines(ax)["edge of chaos"].T
    q = ((4 / math.pi) ** 2 * x**4 - 1) / 4
    square = q - x**2 * (2 / math.pi) * np.arcsin(2 * q / (1 + 2 * q))
    seen = q > 1e-3  # below it the inversion loses digits
    assert seen.sum() > 100
    np.testing.assert_allclose(y[seen] ** 2, square[seen], rtol=1e-6)
    assert (ax.get_xlabel(), ax.get_ylabel()) == (r"$\sigma_w$", r"$\sigma_b$")
    assert (ax.get_xlim(), ax.get_ylim()) == ((0.5, 2.5), (0.0, 0.6))
    assert {"ordered", "chaotic"} <= set(words(ax))


@pytest.mark.parametrize("name", ["tanh", "gelu", "hard_tanh", "sin", "sigmoid", "relu"])
def test_lengths_of_the_picture_are_those_of_the_mean_field(name):
    phi = activation(name)
    rng = np.random.default_rng(0)
    sw, sb = rng.uniform(0.3, 2.5, 40), rng.uniform(0.01, 1.0, 40)
    found = _Table.of(phi).resting_length(sw**2, sb**2, 1.0)
    exact = [mean_field(phi, sigma_w=w, sigma_b=b).q for w, b in zip(sw, sb, strict=True)]
    np.testing.assert_allclose(found, exact, rtol=1e-4)


def test_contours_of_the_length_are_ellipses(ax):
    """q = sigma_w² E φ² + sigma_b² with E φ² = (1 − e^{−2q})/2 for the sine."""
    plotting.phase_diagram("sin", ax, sigma_w=(0.5, 2.0), sigma_b=(0.0, 1.0))
    (contours,) = [c for c in ax.collections if c.get_zorder() == 1]
    labelled = [10.0**level for level in contours.levels]
    assert sorted(f"$q^*$ = {q:g}" for q in labelled) == sorted(t for t in words(ax) if "q^*" in t)
    for q, path in zip(labelled, contours.get_paths(), strict=True):
        x, y = path.vertices.T
        np.testing.assert_allclose(x**2 * (1 - math.exp(-2 * q)) / 2 + y**2, q, rtol=5e-3)


def test_relu_has_a_critical_point_and_no_length_beyond(ax):
    plotting.phase_diagram("relu", ax, sigma_w=(0.5, 2.5), points=60)
    np.testing.assert_allclose(lines(ax)["edge of chaos"], [[math.sqrt(2), 0.0]])
    assert "unbounded\nlengths" in words(ax)
    assert "chaotic" not in words(ax)
    plane = _Plane.compute(activation("relu"), ((0.5, 2.5), (0.1, 1.0)), 1.0, 20)
    np.testing.assert_allclose(plane.unbounded_from, math.sqrt(2), rtol=1e-6)


def test_gelu_is_dashed_below_its_half_stable_point(ax):
    plotting.phase_diagram("gelu", ax, sigma_w=(1.0, 2.2), sigma_b=(0.0, 0.8), points=40)
    half = half_stable_point("gelu")
    found = lines(ax)
    np.testing.assert_allclose(found["half-stable point"], [[half.sigma_w, half.sigma_b]])
    stable, unstable = found["edge of chaos"], found["edge, unstable"]
    assert np.nanmin(np.where(np.isnan(stable[:, 0]), np.nan, stable[:, 1])) >= half.sigma_b - 1e-9
    assert np.nanmax(np.where(np.isnan(unstable[:, 0]), np.nan, unstable[:, 1])) <= half.sigma_b + 1e-9
    hatched = [c for c in ax.collections if isinstance(c, PolyCollection) and c.get_hatch()]
    assert len(hatched) == 1


def test_keywords_reach_the_edge(ax):
    plotting.phase_diagram("tanh", ax, points=40, color="red", label="critical")
    (line,) = [line for line in ax.lines if line.get_label() == "critical"]
    assert line.get_color() == "red"


def test_initialisers_at_their_places(ax):
    plotting.phase_diagram("tanh", ax, sigma_w=(0.5, 2.0), sigma_b=(0.0, 0.5), points=40)
    plotting.mark_initialisers("tanh", ax, width=300)
    marks = sorted(tuple(line.get_xydata()[0]) for line in ax.lines if line.get_marker() == "o")
    expected = [(1 / math.sqrt(3), 1 / 30), (1, 0), (math.sqrt(2), 0), (5 / 3, 0)]
    np.testing.assert_allclose(marks, expected, atol=1e-9)
    assert {"nn.Linear", "He", "gain 5/3"} <= set(words(ax))
    assert "LeCun, Glorot,\northogonal" in words(ax)


def test_initialisers_outside_the_window_are_left_out(ax):
    plotting.phase_diagram("gelu", ax, sigma_w=(1.2, 2.0), points=40)
    plotting.mark_initialisers("gelu", ax)
    assert [t.get_text() for t in ax.texts if t.get_rotation() == 90] == ["He"]
    plotting.mark_initialisers("gelu", ax, names=["LeCun"])
    assert [t.get_text() for t in ax.texts if t.get_rotation() == 90] == ["He"]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"sigma_w": (-1, 2)}, r"sigma_w\[0\] must be a finite real number >= 0"),
        ({"sigma_b": (1, 1)}, r"sigma_b\[1\] must be a finite real number > 1"),
        ({"input_q": 0.0}, "input_q must be a finite real number > 0"),
        ({"points": 3}, "points must be an integer >= 16"),
        ({"activation": "tanhh"}, "unknown activation 'tanhh'; nearest: tanh"),
    ],
)
def test_bad_input(kwargs, message, ax):
    with pytest.raises(ValueError, match=message):
        plotting.phase_diagram(**{"activation": "tanh", "ax": ax, **kwargs})


def test_bad_pair_and_bad_name(ax):
    with pytest.raises(TypeError, match="sigma_w must be a pair"):
        plotting.phase_diagram("tanh", ax, sigma_w=2.0)
    with pytest.raises(ValueError, match="unknown initialiser 'Xavier'"):
        plotting.mark_initialisers("tanh", ax, names=["Xavier"])
