"""Work that does not fit into memory is refused before it starts."""

import pytest

import rmt
from rmt.numerics import memory

HUGE = 10**6


@pytest.fixture(autouse=True)
def four_gibibytes(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 4.0 * 2**30)


@pytest.mark.parametrize(
    "ensemble",
    [
        rmt.goe(),
        rmt.gse(),
        rmt.wigner(entries="rademacher"),
        rmt.wishart(ratio=0.5),
        rmt.product_wishart(depth=3),
        rmt.ginibre(),
        rmt.haar_unitary(),
        rmt.projection(0.3),
        rmt.diagonal(rmt.Semicircle()),
        rmt.haar_conjugate(rmt.diagonal(rmt.Semicircle())),
        rmt.goe() + rmt.gue(),
    ],
    ids=repr,
)
def test_samples_that_do_not_fit(ensemble):
    with pytest.raises(
        ValueError, match=r"n = 1000000 is too large for memory: .*sample\(n\) takes about .* TiB and 4 G"
    ):
        ensemble.sample(HUGE, rng=0)


def test_the_message_names_the_route():
    with pytest.raises(ValueError, match=r"eigenvalues\(n\) draws no dense matrix"):
        rmt.goe().sample(HUGE)
    with pytest.raises(ValueError, match=r"goe\(\) has the same limit, and its eigenvalues\(n\) draws no dense matrix"):
        rmt.wigner(entries="uniform").eigenvalues(HUGE)
    with pytest.raises(ValueError, match="take a smaller n"):
        rmt.ginibre().eigenvalues(HUGE)


def test_results_count():
    with pytest.raises(ValueError, match="too large for memory"):
        rmt.projection(0.3).eigenvalues(HUGE, trials=10**4)


def test_what_needs_no_matrix_runs():
    assert rmt.projection(0.25).eigenvalues(HUGE, rng=0).sum() == HUGE / 4
    assert (rmt.haar_orthogonal().singular_values(HUGE, rng=0) == 1.0).all()
    assert (2.0 * rmt.projection(0.25)).eigenvalues(HUGE, rng=0).sum() == HUGE / 2


def test_a_matrix_that_fits_is_drawn(monkeypatch):
    needed = rmt.goe()._bytes("_sample", 5000)
    monkeypatch.setattr(memory, "available_memory", lambda: 0.9 * needed)
    with pytest.raises(ValueError, match=r"about 572 MiB and 515 MiB are available"):
        rmt.goe().sample(5000)
    assert rmt.goe().sample(100).shape == (100, 100)


def test_available_memory_is_read():
    import importlib

    fresh = importlib.reload(memory)
    assert 2**20 < fresh.available_memory() < 2**60


@pytest.mark.parametrize("ensemble", [rmt.goe(), rmt.gue(), rmt.gse(), rmt.wigner(), rmt.wishart(ratio=2.0)], ids=repr)
def test_rows_of_tridiagonal_models_count(ensemble):
    for draw in (ensemble.eigenvalues, ensemble.singular_values):
        with pytest.raises(ValueError, match=r"n = 100000000 is too large for memory"):
            draw(10**8)


def test_bins_count():
    with pytest.raises(ValueError, match=r"bins = 1000000000 is too large for memory: .*take fewer bins"):
        rmt.hermite().histogram(10, 10**9)
