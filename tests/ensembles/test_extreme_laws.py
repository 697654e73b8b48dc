"""largest_law and smallest_law: which law is chosen, and samples that it fits."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy.stats import kstest, t

import rmt
from rmt.laws import Atomic, BesselEdge, GaussianLargest, SoftEdge, WishartLargest, WishartSmallest
from rmt.laws.edges.soft_edge import gaussian_soft_edge, wishart_soft_edge

#: Kolmogorov-Smirnov p-values: a right law fails with probability 1e-7
LEVEL = 1e-7
DRAWS = 4000


def p_value(law, sample: np.ndarray) -> float:
    return float(kstest(law.cdf(sample), "uniform").pvalue)


def test_choice():
    assert rmt.goe().largest_law(10) == GaussianLargest(1, 10)
    assert rmt.gse().largest_law(200) == GaussianLargest(4, 200)
    assert rmt.gue().largest_law(201) == gaussian_soft_edge(2, 201)
    assert rmt.hermite(3).largest_law(10) == gaussian_soft_edge(3, 10)
    assert rmt.goe().largest_law(10, method="plain") == gaussian_soft_edge(1, 10, "plain")
    assert rmt.wigner("rademacher").largest_law(10) == gaussian_soft_edge(1, 10, "first_order")
    assert rmt.wishart(0.5).largest_law(10) == WishartLargest(1, 10, 20)
    assert rmt.wishart(0.5, field="complex").largest_law(10) == WishartLargest(2, 10, 20)
    assert rmt.wishart(0.5).largest_law(300) == wishart_soft_edge(1, 300, 600)
    assert rmt.wishart(0.5).largest_law(10, method="johnstone") == wishart_soft_edge(1, 10, 20, "johnstone")
    assert rmt.laguerre(4, ratio=0.5).largest_law(10) == WishartLargest(4, 10, 20)
    assert rmt.laguerre(4, ratio=0.5).largest_law(160) == wishart_soft_edge(4, 160, 320)
    assert rmt.laguerre(3, ratio=0.5).largest_law(10) == wishart_soft_edge(3, 10, 20)
    assert rmt.laguerre(4, a=3).smallest_law(300).base == BesselEdge(4, 3)
    assert rmt.wishart(0.5).smallest_law(10) == WishartSmallest(1, 10, 20)
    assert rmt.wishart(0.5).smallest_law(300) == wishart_soft_edge(1, 300, 600, smallest=True)
    assert rmt.wishart(2).smallest_law(10) == Atomic((0,), (1,))
    hard = rmt.laguerre(2, a=3).smallest_law(300)
    assert hard.base == BesselEdge(2, 3)
    assert rmt.gue().smallest_law(9).cdf(-2.1) == pytest.approx(GaussianLargest(2, 9).sf(2.1))
    assert isinstance(rmt.gue().largest_law(50, method="second_order"), SoftEdge)


@pytest.mark.parametrize("n", [10, 100])
@pytest.mark.parametrize("make", [rmt.goe, rmt.gue, rmt.gse])
def test_samples_of_gaussian_ensembles(make, n: int):
    beta = make().beta
    sample = rmt.hermite(beta).largest(n, rng=n, trials=DRAWS)[:, 0]
    assert p_value(make().largest_law(n), sample) > LEVEL
    if n == 10 and beta == 1:  # the limit, 2 + n^(−2/3) TW, is refuted
        assert p_value(make().largest_law(n, method="plain"), sample) < 1e-12


def test_samples_of_large_matrices():
    sample = rmt.hermite(1).largest(1000, rng=3, trials=DRAWS)[:, 0]
    assert p_value(rmt.goe().largest_law(1000), sample) > LEVEL
    assert p_value(rmt.gue().largest_law(1000), sample) < LEVEL


@pytest.mark.long
def test_samples_of_wishart_matrices():
    ensemble, law = rmt.wishart(0.5), rmt.laguerre(1, ratio=0.5)
    for n in (10, 100):
        largest = law.largest(n, rng=n, trials=DRAWS)[:, 0]
        assert p_value(ensemble.largest_law(n), largest) > LEVEL
        smallest = law.smallest(n, rng=n, trials=DRAWS)[:, 0]
        assert p_value(ensemble.smallest_law(n), smallest) > LEVEL
        if n == 10:  # the law of first order is refuted
            assert p_value(ensemble.largest_law(n, method="first_order"), largest) < 1e-3
            assert p_value(ensemble.smallest_law(n, method="first_order"), smallest) < 1e-3
    square = rmt.laguerre(1, a=2).smallest(300, rng=1, trials=1000)[:, 0]
    assert p_value(rmt.laguerre(1, a=2).smallest_law(300), square) > LEVEL


@pytest.mark.long
def test_any_beta():
    sample = rmt.hermite(6).largest(100, rng=0, trials=1000)[:, 0]
    assert p_value(rmt.hermite(6).largest_law(100), sample) > LEVEL
    assert p_value(rmt.hermite(2).largest_law(100), sample) < LEVEL


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: rmt.goe().largest_law(0), ValueError, "n must be an integer >= 1, got 0"),
        (lambda: rmt.goe().largest_law(5, method="tw"), ValueError, "unknown method 'tw'"),
        (lambda: rmt.ginibre().largest_law(5), TypeError, "no law is known for the extreme eigenvalues of ginibre()"),
        (lambda: rmt.hermite(math.inf).largest_law(5), ValueError, "is no random number"),
        (lambda: rmt.hermite(3).largest_law(5, method="exact"), ValueError, "no exact law is known for hermite(beta=3"),
        (lambda: rmt.wigner(t(3)).largest_law(5), ValueError, "its entries have no fourth moment"),
        (lambda: rmt.wishart().largest_law(5, method="hard_edge"), ValueError, "for the smallest eigenvalue"),
        (lambda: rmt.goe().largest_law(500, method="exact"), ValueError, "n must be at most 400 for an exact law"),
        (
            lambda: rmt.wigner("rademacher").largest_law(9, method="second_order"),
            ValueError,
            "the second-order term is that of Gaussian entries",
        ),
    ],
)
def test_bad_input(make, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        make()


def test_eigenvalues_divided_by_their_mean():
    """The largest eigenvalue over the mean one needs Nadler's term; without it p-values are wrong."""
    values = rmt.laguerre(1, ratio=0.5).eigenvalues(20, rng=4, trials=DRAWS)
    ratio = values[:, -1] / values.mean(axis=1)
    assert p_value(wishart_soft_edge(1, 20, 40, estimated_variance=True), ratio) > LEVEL
    assert p_value(wishart_soft_edge(1, 20, 40), ratio) < LEVEL
