"""The R- and S-transform with their domains, and the subordination curve."""

import math

import numpy as np
import pytest

import rmt
from rmt import plotting
from rmt.plotting.labels import law_label

SUM = rmt.boxplus(rmt.Semicircle(variance=0.5), rmt.Rademacher())


def curves(ax):
    return [line.get_xydata() for line in ax.lines if len(line.get_xdata()) > 2]


def dots(ax):
    return [tuple(line.get_xydata()[0]) for line in ax.lines if len(line.get_xdata()) == 1]


def bars(ax):
    return [(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches if p.get_gid() == "domain"]


# ---------------------------------------------------------------------- R
def test_r_of_the_semicircle_ends_at_one(ax):
    assert plotting.r_transform(rmt.Semicircle(), ax) is ax
    ((g, r),) = (curve.T for curve in curves(ax))
    np.testing.assert_allclose(r, g, atol=1e-12)
    assert bars(ax) == [pytest.approx((-1, 1))]
    np.testing.assert_allclose(dots(ax), [(-1, -1), (1, 1)], atol=1e-8)
    assert ax.get_legend_handles_labels()[1] == ["semicircle law"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$g$", "$R(g)$")


def test_r_of_marchenko_pastur_against_its_formula(ax):
    """R(g) = 1/(1 − cg) on (G(λ₋), G(λ₊)) = (−1/(√c(1 − √c)), 1/(√c(1 + √c)))."""
    c = 0.25
    plotting.r_transform(rmt.MarchenkoPastur(ratio=c), ax, window=(-10, 10))
    ((g, r),) = (curve.T for curve in curves(ax))
    np.testing.assert_allclose(r, 1 / (1 - c * g), rtol=1e-8)
    assert bars(ax) == [pytest.approx((-1 / (0.5 * 0.5), 1 / (0.5 * 1.5)))]


def test_r_with_atoms_is_defined_everywhere(ax):
    """R of two symmetric atoms is (√(1 + 4g²) − 1)/(2g), on the whole line: no end, no dot."""
    plotting.r_transform(rmt.Rademacher(), ax)
    ((g, r),) = (curve.T for curve in curves(ax))
    np.testing.assert_allclose(r, 2 * g / (1 + np.sqrt(1 + 4 * g**2)), atol=1e-12)
    assert bars(ax) == [(-5, 5)]
    assert dots(ax) == []


def test_r_adds_on_the_common_domain(ax):
    for law in (rmt.Semicircle(), rmt.MarchenkoPastur(), rmt.boxplus(rmt.Semicircle(), rmt.MarchenkoPastur())):
        plotting.r_transform(law, ax)
    assert len(bars(ax)) == 3
    inner = bars(ax)[2]
    assert all(low <= inner[0] < inner[1] <= high for low, high in bars(ax)[:2])
    g, r = curves(ax)[2].T
    np.testing.assert_allclose(r, g + 1 / (1 - g), atol=1e-8)
    colours = [line.get_color() for line in ax.lines if len(line.get_xdata()) > 2]
    assert len(set(colours)) == 3


# ---------------------------------------------------------------------- S
def test_s_of_marchenko_pastur_against_its_formula(ax):
    """S(m) = 1/(1 + cm) on (−1/√c ... 1/√c): M = ±1/√c at the two edges."""
    plotting.s_transform(rmt.MarchenkoPastur(ratio=0.25), ax, window=(-5, 5))
    ((m, s),) = (curve.T for curve in curves(ax))
    np.testing.assert_allclose(s, 1 / (1 + 0.25 * m), rtol=1e-6)
    assert bars(ax) == [pytest.approx((-2, 2))]
    assert len(dots(ax)) == 2
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$m$", "$S(m)$")


def test_s_with_an_atom_at_zero_starts_at_the_mass_of_the_rest(ax):
    """S(m) = (1 + m)/(m + p) of a projection of trace p has its pole at −p and leaves the frame there."""
    plotting.s_transform(rmt.Bernoulli(0.25), ax)
    ((m, s),) = (curve.T for curve in curves(ax))
    np.testing.assert_allclose(s, (1 + m) / (m + 0.25), rtol=1e-6)
    assert bars(ax) == [(-0.25, 2)]
    assert dots(ax) == []
    assert s.max() > 1e3 > ax.get_ylim()[1]


def test_domain_of_s_with_a_gap_at_zero(ax):
    plotting.s_transform(rmt.Atomic((1, 2), (0.5, 0.5)), ax)
    assert bars(ax) == [(-2, 2)]


# ---------------------------------------------------------------------- subordination
def test_subordination_curve_bounds_the_domain_of_biane(ax):
    """t ∫ μ(dx)/|ω − x|² = 1 where the curve is above the axis, < 1 where it lies on it."""
    factor = [law for law, _ in SUM.factors].index(rmt.Rademacher())
    assert plotting.subordination(SUM, ax, factor=factor) is ax
    ((u, v),) = (curve.T for curve in curves(ax))
    w = u + 1j * v
    level = 0.5 * (abs(w - 1) ** -2 + abs(w + 1) ** -2) / 2
    np.testing.assert_allclose(level[v > 1e-5], 1.0, atol=1e-9)  # at an edge itself half of the digits are lost
    assert (level[v == 0.0] < 1 + 1e-6).all()
    assert (v >= 0).all()
    assert (v > 0.1).any()
    assert (v == 0).any()
    assert (ax.get_xlabel(), ax.get_ylabel()) == (r"$\mathrm{Re}\,\omega$", r"$\mathrm{Im}\,\omega$")
    assert ax.get_ylim()[0] == 0.0


def test_frame_holds_every_curve(ax):
    for t in (0.5, 1.5):
        plotting.subordination(rmt.boxplus(rmt.Semicircle(variance=t), rmt.Rademacher()), ax, label=f"t = {t}")
    assert ax.get_ylim()[1] > max(curve[:, 1].max() for curve in curves(ax))
    assert ax.get_legend_handles_labels()[1] == ["t = 0.5", "t = 1.5"]


# ---------------------------------------------------------------------- labels
def test_labels_of_free_sums_and_products():
    assert law_label(rmt.boxplus(rmt.Semicircle(), rmt.MarchenkoPastur(ratio=0.5))) == (
        "semicircle law ⊞ Marchenko–Pastur law, ratio 0.5"
    )
    product = rmt.boxtimes(rmt.Uniform(1, 2), rmt.MarchenkoPastur())
    assert law_label(product) in (
        "uniform law, low 1, high 2 ⊠ Marchenko–Pastur law, ratio 1",
        "Marchenko–Pastur law, ratio 1 ⊠ uniform law, low 1, high 2",
    )
    many = rmt.boxplus(*(rmt.Uniform(-k, k + 1) for k in range(1, 6)))
    assert law_label(many) == "freely convolved law"
    assert law_label(rmt.free_power(rmt.Uniform(0, 1), 2.5)) == "freely convolved law"


# ---------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda ax: plotting.r_transform(rmt.Cauchy(), ax), "the support of Cauchy.* is unbounded"),
        (lambda ax: plotting.s_transform(rmt.Semicircle(), ax), r"s_transform draws laws on \[0, inf\)"),
        (lambda ax: plotting.r_transform(rmt.Semicircle(), ax, window=(2, 3)), "window must hold a part of the domain"),
        (lambda ax: plotting.r_transform(rmt.Semicircle(), ax, points=2), "points must be an integer >= 8"),
        (lambda ax: plotting.subordination(rmt.Semicircle(), ax), "was not built as a free convolution"),
        (lambda ax: plotting.subordination(SUM, ax, factor=2), "factor must be one of 0, ..., 1, got 2"),
        (lambda ax: plotting.subordination(SUM, ax, factor=-1), "factor must be an integer >= 0, got -1"),
    ],
)
def test_bad_input(draw, message, ax):
    with pytest.raises(ValueError, match=message):
        draw(ax)
    assert math.isfinite(ax.get_xlim()[0])


def test_transforms_are_drawn_to_the_end_of_their_domain(ax):
    law = rmt.mixture(rmt.Semicircle(), rmt.Atomic((5,), (1,)))
    plotting.r_transform(law, ax)
    assert np.isfinite(curves(ax)[0]).all()
    plotting.r_transform(rmt.Empirical([7]), ax)
    assert curves(ax)[1][:, 1] == pytest.approx(7.0)


@pytest.mark.parametrize("draw", [plotting.r_transform, plotting.s_transform, plotting.subordination])
def test_laws_of_the_plane_have_no_transform(draw):
    with pytest.raises(TypeError, match=r"a law of the plane has one in its radial_law\(\)"):
        draw(rmt.CircularLaw())
