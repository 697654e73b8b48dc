"""Random graphs: degrees, exact expectations at finite n, and the law that population dynamics finds."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from cases import long_beyond

import rmt
from rmt.ensembles.graphs.regular_graphs import regular_neighbours
from rmt.laws import ErdosRenyi, KestenMcKay

#: standard errors of a mean that a correct build exceeds once in 5e8 tests
LIMIT = 6.0


def z_score(values, expectation: float) -> float:
    values = np.asarray(values, dtype=float)
    return float(abs(values.mean() - expectation) / (values.std(ddof=1) / math.sqrt(values.size)))


# ---------------------------------------------------------------------- Erdős-Rényi graphs
def test_edges_are_those_of_independent_pairs():
    """E tr A² = n (n − 1) p and E tr A³ = n (n − 1)(n − 2) p³; each pair is as likely as another."""
    n, degree = 12, 4
    p = degree / n
    matrices = [rmt.erdos_renyi(degree).sample(n, rng=np.random.default_rng(s)) for s in range(3000)]
    assert all((m == m.T).all() and not m.diagonal().any() and set(np.unique(m)) <= {0.0, 1.0} for m in matrices[:50])
    assert z_score([np.trace(m @ m) for m in matrices], n * (n - 1) * p) < LIMIT
    triangles = [np.trace(m @ m @ m) for m in matrices]
    assert z_score(triangles, n * (n - 1) * (n - 2) * p**3) < LIMIT
    assert z_score(triangles, n * (n - 1) * (n - 2) * (1.2 * p) ** 3) > LIMIT
    count = np.sum(matrices, axis=0)[np.triu_indices(n, 1)]
    variance = len(matrices) * p * (1 - p)
    assert np.abs(count - len(matrices) * p).max() < LIMIT * math.sqrt(variance)


def test_laplacians_have_rows_of_sum_0():
    for ensemble in (rmt.erdos_renyi(2, "laplacian"), rmt.random_regular(4, "laplacian")):
        matrix = ensemble.sample(30, rng=1)
        assert not matrix.sum(axis=0).any()
        assert (matrix - np.diag(matrix.diagonal()) <= 0).all()


def closed_walks(matrix: np.ndarray, order: int) -> list[float]:
    powers, here = [], np.eye(len(matrix))
    for _ in range(order):
        here = here @ matrix
        powers.append(float(np.trace(here)) / len(matrix))
    return powers


def adjacency_means(n: int, p: float) -> tuple[float, float]:
    """E tr A²/n and E tr A⁴/n: walks of length four go to and fro on one or two edges, or around a square."""
    second = (n - 1) * p
    fourth = (n - 1) * p + 2 * (n - 1) * (n - 2) * p**2 + (n - 1) * (n - 2) * (n - 3) * p**4
    return second, fourth


def test_moments_are_those_of_the_tree():
    # limits of the exact means at finite n, and Catalan numbers at a large degree
    n, degree = 10**7, 3
    assert ErdosRenyi(degree).moments(4) == pytest.approx((0, *adjacency_means(n, degree / n)[:1], 0, 21), rel=1e-6)
    assert adjacency_means(n, degree / n)[1] == pytest.approx(21, rel=1e-6)
    many = ErdosRenyi(100).moments(8, exact=True)
    assert [float(m) / 100**k for k, m in enumerate(many[1::2], start=1)] == pytest.approx([1, 2, 5, 14], rel=0.1)
    # Laplacian: E d, E d² + E d, E d³ + 3 E d² of a Poisson degree
    assert ErdosRenyi(Fraction(5, 2), "laplacian").moments(3, exact=True) == (
        Fraction(5, 2),
        Fraction(5, 2) ** 2 + 5,
        Fraction(5, 2) ** 3 + 6 * Fraction(5, 2) ** 2 + 4 * Fraction(5, 2),
    )


def test_moments_agree_with_sampled_graphs():
    n = 400
    walks = np.array(
        [closed_walks(rmt.erdos_renyi(2, "laplacian").sample(n, rng=np.random.default_rng(s)), 4) for s in range(60)]
    )
    exact = ErdosRenyi(2, "laplacian").moments(4)
    for k in range(4):  # the binomial degree differs from the Poisson one by 1/n
        assert z_score(walks[:, k] * (1 + (k + 1) ** 2 / n), exact[k]) < LIMIT
        assert z_score(walks[:, k], 1.2 * exact[k]) > LIMIT


LAWS = [ErdosRenyi(2), ErdosRenyi(Fraction(1, 2)), ErdosRenyi(5), ErdosRenyi(2, "laplacian")]


@pytest.mark.parametrize("law", long_beyond(LAWS, 1), ids=repr)
def test_masses_have_the_moments_of_the_tree(law):
    """The bins, an estimate, against walks that are counted exactly, within their error bars."""
    edges, cumulated, error = law._table
    middle, masses = 0.5 * (edges[1:] + edges[:-1]), np.diff(cumulated)
    for k, exact in ((1, law.moment(1)), (2, law.moment(2))):
        # summation by parts: Σ x^k ΔF = −Σ F Δ(x^k), so its error is at most Σ |SE| |Δ x^k|
        bound = float(6 * error @ np.abs(np.gradient(edges**k))) + 2 * float(law.resolution) * float(
            masses @ np.abs(middle)
        )
        assert abs(middle**k @ masses - exact) <= bound
        assert abs(1.5 * middle**k @ masses - exact) > bound or exact == 0
    assert masses.sum() + law.atoms[0][1] == pytest.approx(1, abs=1e-12)
    assert law.cdf(edges[-1]) == 1
    inner = edges[1:-1][(masses[1:] > 1e-4) & (masses[:-1] > 1e-4)]
    assert law.ppf(law.cdf(inner)) == pytest.approx(inner, abs=1e-9)


@pytest.mark.parametrize("kind", long_beyond(["adjacency", "laplacian"], 1))
def test_sampled_graphs_follow_the_law(kind: str):
    """Eigenvalues of 40 graphs: the distance is that of 40 noisy counting functions; a wrong degree is seen."""
    n, trials = 500, 40
    values = rmt.erdos_renyi(2, kind).eigenvalues(n, rng=5, trials=trials)
    values[np.abs(values) < 1e-9] = 0
    law = ErdosRenyi(2, kind)
    edges, _, error = law._table
    counts = np.stack([np.searchsorted(np.sort(row), edges, side="right") / n for row in values])
    noise = (
        np.hypot(counts.std(axis=0, ddof=1) / math.sqrt(trials), error) + 4 / n
    )  # means differ from the limit by 1/n
    assert (np.abs(counts.mean(axis=0) - law.cdf(edges)) / noise).max() < LIMIT
    assert (np.abs(counts.mean(axis=0) - ErdosRenyi(3, kind).cdf(edges)) / noise).max() > LIMIT


def test_mass_at_zero():
    """The kernel of the sample, and closed forms: below degree 1 the Laplacian has 1 − d/2 components a vertex."""
    assert dict(ErdosRenyi(0.5, "laplacian").atoms)[0.0] == pytest.approx(0.75, abs=1e-12)
    for kind in ("adjacency", "laplacian"):
        values = rmt.erdos_renyi(3, kind).eigenvalues(400, rng=7, trials=40)
        zeros = (np.abs(values) < 1e-9).mean(axis=1)
        assert z_score(zeros, ErdosRenyi(3, kind).atoms[0][1]) < LIMIT
        assert z_score(zeros, ErdosRenyi(3.6, kind).atoms[0][1]) > LIMIT


@pytest.mark.long
def test_error_bars_hold_the_difference_of_two_populations():
    coarse, fine = ErdosRenyi(3, population=300), ErdosRenyi(3, population=3000)
    edges, _, error = coarse._table
    value, bound = coarse.cdf(edges, return_error=True)
    assert (np.abs(value - fine.cdf(edges)) <= bound + 5 * fine._table.error).all()
    assert error.max() < 0.02
    assert fine._table.error.max() < 0.5 * error.max()
    # inside a bin the error is its mass: atoms may lie anywhere
    inside = float(0.5 * (edges[60] + edges[61]))
    assert coarse.cdf(inside, return_error=True)[1] >= coarse.cdf(edges[61]) - coarse.cdf(edges[60])


def test_error_bars_of_transforms():
    """Two populations, and the exact G at a large z, differ by less than is claimed; on the line nothing is."""
    coarse, fine = ErdosRenyi(3, population=200), ErdosRenyi(3, population=2000)
    z = np.array([0.3 + 0.5j, 2 + 1j, -1 + 0.2j])
    for name in ("stieltjes", "log_potential"):
        value, error = getattr(coarse, name)(z, return_error=True)
        assert (np.abs(value - getattr(fine, name)(z)) <= error).all()
        assert (error < 1).all()
        assert (error > 1e-4).all()
    far = 40j
    exact = sum(m / far ** (k + 1) for k, m in enumerate((1, *ErdosRenyi(3).moments(12))))
    value, error = coarse.stieltjes(far, return_error=True)
    assert abs(value - exact) <= error
    assert coarse.stieltjes(0.5, return_error=True)[1] == math.inf


def test_free_sums_with_graphs():
    """A graph plus a GUE, which is free from it: sampled matrices against the free sum, and that of degree 4."""
    n, trials = 300, 20
    values = (rmt.erdos_renyi(2) + 0.7 * rmt.gue()).eigenvalues(n, rng=1, trials=trials)
    x = np.array([-2.5, -1.0, -0.3, 0.4, 1.5])
    counts = (values[:, :, None] <= x).mean(axis=1)
    noise = counts.std(axis=0, ddof=1) / math.sqrt(trials) + 2 / n
    free = {d: rmt.boxplus(ErdosRenyi(d), rmt.Semicircle(variance=0.49)).cdf(x) for d in (2, 4)}
    assert (np.abs(counts.mean(axis=0) - free[2]) / noise).max() < LIMIT
    assert (np.abs(counts.mean(axis=0) - free[4]) / noise).max() > LIMIT


@pytest.mark.long
def test_large_degrees_are_nearly_a_semicircle():
    law = ErdosRenyi(30)
    x = np.array([-1.5, -0.5, 0.4, 1.2])
    np.testing.assert_allclose(law.cdf(x * math.sqrt(30)), rmt.Semicircle().cdf(x), atol=0.015)
    assert np.abs(ErdosRenyi(2).cdf(x * math.sqrt(2)) - rmt.Semicircle().cdf(x)).max() > 0.03


# ---------------------------------------------------------------------- regular graphs
@pytest.mark.parametrize(("n", "degree"), [(4, 3), (3, 2), (6, 4), (7, 6), (50, 3), (51, 20), (40, 30)])
def test_regular_graphs_are_simple_and_regular(n: int, degree: int):
    for seed in range(20):
        ends = regular_neighbours(n, degree, np.random.default_rng(seed))
        assert len(ends) == n * degree // 2
        assert (ends[:, 0] != ends[:, 1]).all()
        assert len({frozenset(pair) for pair in ends.tolist()}) == len(ends)
        assert (np.bincount(ends.ravel(), minlength=n) == degree).all()


def test_small_cycles_of_regular_graphs():
    """The number of triangles is Poisson of mean (d − 1)³/6 for large n."""
    triangles = [
        round(np.trace(np.linalg.matrix_power(rmt.random_regular(3).sample(300, rng=np.random.default_rng(s)), 3)) / 6)
        for s in range(400)
    ]
    mean = 8 / 6
    assert abs(np.mean(triangles) - mean) < 5 * math.sqrt(mean / 400) + 10 / 300
    assert abs(np.mean(triangles) - 2 * mean) > 5 * math.sqrt(2 * mean / 400)


def test_regular_graphs_follow_kesten_and_mckay():
    for kind, law in (("adjacency", KestenMcKay(3)), ("laplacian", 3 - KestenMcKay(3))):
        values = rmt.random_regular(3, kind).eigenvalues(600, rng=2)
        assert rmt.random_regular(3, kind).law() == law
        place = np.arange(1, 601) / 600
        assert np.abs(law.cdf(values) - place).max() < 0.01  # rigid, but for the eigenvalue of the constant vector
        assert np.abs(law.cdf(1.05 * values) - place).max() > 0.01
        assert (np.abs(values - (3 if kind == "adjacency" else 0)) < 1e-9).sum() == 1
    second = np.sort(rmt.random_regular(3).eigenvalues(600, rng=3))[-2]
    assert second < 2 * math.sqrt(2) + 0.05


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: rmt.erdos_renyi(0), ValueError, "degree must be a finite real number > 0"),
        (lambda: rmt.erdos_renyi(3, "distance"), ValueError, "unknown kind 'distance'"),
        (lambda: ErdosRenyi(101), ValueError, "degree must be at most 100, got 101"),
        (lambda: ErdosRenyi(3, population=10), ValueError, "population must be an integer >= 100, got 10"),
        (lambda: rmt.random_regular(1), ValueError, "degree must be an integer >= 2, got 1"),
        (lambda: rmt.random_regular(3).sample(5), ValueError, "n must be even for the odd degree 3, got 5"),
        (lambda: rmt.random_regular(3).sample(3), ValueError, "n must be larger than the degree 3 of the graph, got 3"),
    ],
)
def test_bad_input(make, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        make()
