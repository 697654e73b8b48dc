"""Histograms: mass, edges, atoms, log axes."""

import math

import numpy as np
import pytest

import rmt
from rmt.plotting.binning import frame, histogram, wants_log


def mass(data):
    """Total mass of a histogram; on a log axis the density is per unit of log λ."""
    widths = np.diff(np.log(data.edges) if data.log else data.edges)
    return float(data.density @ widths) + sum(m for _, m in data.atoms)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("ratio", [0.3, 1.0, 2.0])
def test_mass_is_one_with_atoms(ratio, log):
    wishart = rmt.wishart(ratio=ratio)
    data = histogram(wishart.eigenvalues(300, rng=0), wishart.law(), log=log)
    assert data.outside == 0
    assert mass(data) == pytest.approx(1.0, rel=1e-12)


def test_at_least_sixty_bins_that_end_at_the_edges():
    law = rmt.MarchenkoPastur(ratio=0.5)
    interval = law.support[0]
    data = histogram(rmt.wishart(ratio=0.5).eigenvalues(200, rng=0), law)
    inside = data.edges[(data.edges >= interval.low) & (data.edges <= interval.high)]
    assert inside[0] == interval.low
    assert inside[-1] == interval.high
    assert inside.size == 61
    large = histogram(np.linspace(interval.low, interval.high, 8000), law)
    assert large.density.size == 6 * 20  # 6 n^(1/3)
    assert histogram([0.2, 1.0], law, bins=7).density.size == 7


def test_no_bin_holds_an_atom():
    """The zeros of ratio 2 are a stem; without the law as well, and with their rounding errors."""
    data = np.random.default_rng(1).standard_normal((200, 100))
    eigenvalues = np.linalg.eigvalsh(data @ data.T / 100)
    for law in (rmt.MarchenkoPastur(ratio=2), None):
        result = histogram(eigenvalues, law)
        assert result.atoms == ((0.0, 0.5),)
        assert float(result.density @ np.diff(result.edges)) == pytest.approx(0.5)
        first = result.edges[:-1][result.density > 0][0]
        assert first > 0.05  # nothing near 0


def test_distinct_eigenvalues_are_no_atoms():
    assert histogram(rmt.goe().eigenvalues(500, rng=0)).atoms == ()
    pairs = np.repeat(rmt.goe().eigenvalues(300, rng=0), 2)  # Kramers pairs
    assert histogram(pairs).atoms == ()


def test_projection_is_all_atoms():
    data = histogram(rmt.projection(0.25).eigenvalues(40, rng=0))
    assert data.atoms == ((0.0, 0.75), (1.0, 0.25))
    assert data.density.size == 0


def test_outliers_get_bins_and_far_ones_a_wide_one():
    sample = np.concatenate([rmt.goe().eigenvalues(300, rng=0), [5.0]])
    data = histogram(sample, rmt.Semicircle())
    assert data.edges[-1] >= 5.0
    assert np.ptp(np.diff(data.edges)) < 1e-12
    far = histogram(np.concatenate([sample, [1e6]]), rmt.Semicircle())
    assert far.edges[-1] >= 1e6
    assert far.density.size < 1000
    assert mass(far) == pytest.approx(1.0)


def test_bins_of_a_log_axis_are_geometric():
    product = rmt.product_wishart(depth=3)
    data = histogram(product.eigenvalues(300, rng=0), product.law(), log=True)
    steps = np.diff(np.log(data.edges))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-9)
    assert mass(data) == pytest.approx(1.0, rel=1e-12)


def test_values_without_place_on_a_log_axis_are_counted():
    data = histogram([-1.0, 0.5, 1.0, 2.0], log=True)
    assert data.outside == 1
    assert mass(data) == pytest.approx(0.75)


def test_log_axis_is_wanted_for_many_decades_only():
    assert not wants_log(None, rmt.Semicircle())
    assert not wants_log(None, rmt.MarchenkoPastur(ratio=1))
    assert not wants_log(None, rmt.MarchenkoPastur(ratio=2))
    assert not wants_log(None, rmt.Bernoulli(0.5))
    assert wants_log(None, rmt.FussCatalan(order=3))
    assert wants_log(rmt.product_wishart(depth=3).eigenvalues(200, rng=0), None)
    assert not wants_log(rmt.wishart(ratio=3.0).eigenvalues(200, rng=0), None)
    assert not wants_log(np.zeros(3), None)


def test_frame_cuts_far_tails_only():
    assert frame(rmt.Semicircle(), False) == [(-2.0, 2.0)]
    ((low, high),) = frame(rmt.FussCatalan(order=10), True)
    law = rmt.FussCatalan(order=10)
    assert law.cdf_of_log(low) == pytest.approx(1e-3, rel=1e-9)
    assert high == pytest.approx(math.log(11**11 / 10**10))


def test_a_wide_gap_is_not_filled_with_bins():
    law = rmt.mixture(rmt.Semicircle(), rmt.Semicircle(mean=1e8))
    values = np.append(law.rvs(1000, rng=0), 5e7)
    data = histogram(values, law)
    assert data.density.size < 2000
    assert mass(data) == pytest.approx(1.0)
    narrow = histogram(values, rmt.mixture(rmt.Semicircle(), rmt.Semicircle(mean=6)))
    assert np.diff(narrow.edges).max() / np.diff(narrow.edges).min() < 1e9


def test_a_support_narrower_than_a_float():
    law = rmt.FreeStable(alpha=0.1)
    data = histogram(law.rvs(50, rng=0), law)
    assert np.isfinite(data.density).all()
