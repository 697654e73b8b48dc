"""Samplers against their limit laws: the rigidity of eigenvalues is the tolerance, and a wrong law is rejected."""

import math
import warnings

import numpy as np
import pytest
import scipy.special

import rmt

N = 1000


def distance(values, law):
    """Kolmogorov-Smirnov distance, with atoms."""
    points, counts = np.unique(values, return_counts=True)
    right = np.cumsum(counts) / values.size
    left = right - counts / values.size
    below = law.cdf(np.nextafter(points, -np.inf))
    return max(np.abs(law.cdf(points) - right).max(), np.abs(below - left).max())


def tolerance(ensemble, n):
    """log(n)/n max(1, beta^(-1/2)): n KS grows like the square root of log n."""
    return math.log(n) / n * max(1.0, ensemble.beta**-0.5)


RIGID = [
    rmt.goe(),
    rmt.gue(),
    rmt.gse(),
    rmt.wigner(entries="rademacher"),
    rmt.wigner(entries="exponential", field="complex"),
    rmt.wigner(entries="sparse(0.2)"),
    rmt.wishart(ratio=0.3),
    rmt.wishart(ratio=1),
    rmt.wishart(ratio=2.0, field="complex"),
    rmt.wishart(ratio=2.0, entries="uniform"),
    rmt.wishart(ratio=0.5, entries="laplace"),
    rmt.product_wishart(depth=1),
    rmt.product_wishart(depth=3),
    rmt.product_wishart(depth=2, field="complex"),
    rmt.product_wishart(depth=2, entries="truncated_gaussian"),
    rmt.projection(0.3),
    rmt.diagonal(rmt.MarchenkoPastur(ratio=2)),
    rmt.haar_conjugate(rmt.diagonal(rmt.Semicircle())),
]


@pytest.mark.parametrize("ensemble", RIGID, ids=repr)
def test_eigenvalues_follow_the_law(ensemble):
    values = ensemble.eigenvalues(N, rng=1)
    law = ensemble.law()
    assert distance(values, law) < tolerance(ensemble, N)
    assert distance(values * 1.03 + 0.01, law) > tolerance(ensemble, N)


@pytest.mark.parametrize("ensemble", [rmt.wishart(ratio=2.0), rmt.product_wishart(depth=3), rmt.gse()], ids=repr)
def test_samples_follow_the_law(ensemble):
    values = np.linalg.eigvalsh(ensemble.sample(300, rng=2))
    values[np.abs(values) < 1e-13] = 0.0
    assert distance(values, ensemble.law()) < tolerance(ensemble, 300)


def test_a_wrong_ratio_is_rejected():
    values = rmt.wishart(ratio=2.0).eigenvalues(1500, rng=3)
    assert distance(values, rmt.MarchenkoPastur(ratio=2.0)) < tolerance(rmt.wishart(), 1500)
    assert distance(values, rmt.MarchenkoPastur(ratio=1.5)) > 10 * tolerance(rmt.wishart(), 1500)


def test_a_wrong_depth_is_rejected():
    values = rmt.product_wishart(depth=3).eigenvalues(N, rng=4)
    assert distance(values, rmt.FussCatalan(order=2)) > 10 * tolerance(rmt.goe(), N)
    assert distance(values, rmt.FussCatalan(order=4)) > 5 * tolerance(rmt.goe(), N)


def test_independent_points_are_not_rigid():
    law = rmt.Semicircle()
    assert distance(rmt.diagonal(law, points="quantiles").eigenvalues(N, rng=5), law) <= 0.5 / N + 1e-12
    random = distance(rmt.diagonal(law, points="random").eigenvalues(N, rng=5), law)
    assert tolerance(rmt.goe(), N) < random < 3.5 / math.sqrt(N)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (2, 1)])
def test_singular_values_of_ginibre_matrices(shape):
    ensemble = rmt.ginibre(shape=shape)
    values = ensemble.singular_values(400, rng=6)
    rows = 400 * shape[0]
    squares = np.concatenate([values**2, np.zeros(rows - values.size)])
    assert distance(squares, ensemble.gram_law()) < tolerance(ensemble, rows)


@pytest.mark.parametrize("entries", ["gaussian", "rademacher"])
@pytest.mark.parametrize("field", ["real", "complex"])
def test_circular_law(field, entries):
    """|λ|² is uniform up to the boundary layer, which holds about √(n/2π) eigenvalues."""
    values = np.abs(rmt.ginibre(entries, field).eigenvalues(400, rng=7)) ** 2
    expected = np.arange(1, 401) / 400
    assert np.abs(np.sort(values) - expected).max() < 3 / math.sqrt(400)
    assert np.abs(np.minimum(np.sort(values), 1) - expected).max() < 1 / math.sqrt(400)
    assert np.abs(np.minimum(np.sort(values) * 1.2, 1) - expected).max() > 1 / math.sqrt(400)


@pytest.mark.parametrize("ensemble", [rmt.haar_orthogonal(), rmt.haar_unitary(), rmt.haar_symplectic()], ids=repr)
def test_angles_are_uniform(ensemble):
    n = 300
    angles = np.angle(ensemble.eigenvalues(n, rng=8)) / (2 * math.pi) + 0.5
    uniform = (np.arange(angles.size) + 0.5) / angles.size
    assert np.abs(np.sort(angles) - uniform).max() < tolerance(ensemble, angles.size)
    assert np.abs(np.sort(angles) ** 1.1 - uniform).max() > tolerance(ensemble, angles.size)
    assert ensemble.gram_law() == rmt.Atomic((1,), (1,))


def test_gram_law_of_a_hermitian_ensemble():
    values = rmt.goe().singular_values(N, rng=9)
    assert (np.diff(values) <= 0).all()
    assert distance(values**2, rmt.goe().gram_law()) < tolerance(rmt.goe(), N)
    assert distance(values, rmt.goe().singular_value_law()) < tolerance(rmt.goe(), N)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_largest_eigenvalue_of_a_product(depth):
    """The edge (L+1)^(L+1)/L^L is approached like n^(-2/3): at n = 1000, six sigma of Tracy-Widom are 5 %."""
    edge = (depth + 1) ** (depth + 1) / depth**depth
    largest = rmt.product_wishart(depth=depth).eigenvalues(N, rng=10)[-1]
    assert abs(largest / edge - 1) < 0.08
    assert abs(largest / ((depth + 2) ** (depth + 2) / (depth + 1) ** (depth + 1)) - 1) > 0.08


# ---------------------------------------------------------------------- where the theorems stop
HEAVY = [
    rmt.wigner(entries="cube_root_cauchy"),
    rmt.wishart(ratio=0.5, entries="student(3)"),
    rmt.product_wishart(depth=2, entries="student(4)"),
    rmt.ginibre(entries="cube_root_cauchy"),
]


@pytest.mark.parametrize("ensemble", HEAVY, ids=repr)
def test_no_fourth_moment_warns(ensemble):
    message = r"finite variance but E\|x\|\^4 = inf .* limit law holds for the bulk.* fourth moment \(Bai-Yin 1988\)"
    with pytest.warns(rmt.MomentConditionWarning, match=message):
        law = ensemble.gram_law() if not ensemble.hermitian else ensemble.law()
    assert isinstance(law, rmt.Law)


def test_fourth_moment_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("sparse(0.1)", "fifth_root_cauchy", "student(5)", "exponential"):
            rmt.wigner(entries=name).law()
            rmt.wishart(entries=name).law()
            rmt.ginibre(entries=name).gram_law()


def test_bulk_holds_and_edge_escapes_without_fourth_moment():
    """TH-14: the squared norm tends to 4 for a fourth moment and escapes for the cube root of a Cauchy number."""
    heavy = rmt.wigner(entries="cube_root_cauchy").eigenvalues(N, rng=11)
    light = rmt.wigner(entries="fifth_root_cauchy").eigenvalues(N, rng=11)
    law = rmt.Semicircle()
    assert distance(heavy, law) < 0.02
    many = rmt.wigner(entries="cube_root_cauchy").eigenvalues(200, rng=11, trials=150)
    assert np.abs(many).max() > 2.5  # one draw in five goes that far
    assert distance(light, law) < tolerance(rmt.goe(), N)
    assert np.abs(light).max() < 2.2


# ---------------------------------------------------------------------- deep products
@pytest.mark.parametrize("entries", ["gaussian", "rademacher"])
@pytest.mark.parametrize("field", ["real", "complex"])
def test_log_eigenvalues_of_deep_products(field, entries):
    """The determinant of J J* is a product of independent ones: E log det has a closed form for normal entries."""
    n, depth = 20, 100
    ensemble = rmt.product_wishart(depth=depth, entries=entries, field=field)
    logs = ensemble.log_eigenvalues(n, rng=12, trials=20)
    assert logs.shape == (20, n)
    assert (np.diff(logs, axis=1) > 0).all()
    assert logs.min() < math.log(1e-300) / 2  # beyond what the eigenvalues of a formed product can show
    assert np.array_equal(ensemble.eigenvalues(n, rng=12, trials=20), np.exp(logs))
    if entries == "gaussian":
        beta = 1 if field == "real" else 2
        k = beta * np.arange(1, n + 1) / 2
        mean = depth * (scipy.special.digamma(k) - np.log(beta * n / 2)).sum()
        deviation = math.sqrt(depth * scipy.special.polygamma(1, k).sum() / 20)
        assert abs(logs.sum(1).mean() - mean) < 6 * deviation


def test_chain_of_other_entries_agrees_with_the_product():
    """At depth 3 the formed product still has its digits: the same factors give the same eigenvalues."""
    ensemble = rmt.product_wishart(depth=3, entries="uniform")
    generator = rmt.ensembles.repeats.trial_generators(13, 1)[0]
    formed = np.linalg.svd(ensemble._product(40, generator), compute_uv=False)[::-1] ** 2
    assert np.allclose(ensemble.eigenvalues(40, rng=13), formed, rtol=1e-7)


def test_factors_with_empty_rows_give_zeros():
    ensemble = rmt.product_wishart(depth=2, entries="sparse(0.1)")
    logs = ensemble.log_eigenvalues(5, rng=14, trials=20)
    assert not np.isnan(logs).any()
    assert np.isneginf(logs[:, 0]).all()
    assert (ensemble.eigenvalues(5, rng=14, trials=20)[:, 0] == 0.0).all()


def test_commutators_of_wigner_matrices_have_an_exact_law():
    x, y = rmt.gue(), rmt.goe()
    law = rmt.commutator(rmt.Semicircle(), rmt.Semicircle())
    assert (x @ y + y @ x).law() == (1j * (x @ y - y @ x)).law() == law
    turned = ((3 + 4j) * x @ y + (3 - 4j) * y @ x).law()
    assert turned.free_cumulants(6, exact=True) == (0, 50, 0, 1250, 0, 31250)
    assert (x @ y + y @ x + x).law() != law
    assert (x @ y + y @ x + 2).law() == law + 2


def test_sandwiches_of_several_words_between_rectangular_matrices():
    """G T G* with T = 1 + H H*, multiplied out: m_1 = tr T and m_2 = (tr T)² + tr T²/2 for G of shape n × 2n."""
    g, h = rmt.ginibre(shape=(1, 2)), rmt.ginibre(shape=(2, 3))
    law = (g @ g.H + g @ h @ h.H @ g.H).law()
    first, second = 2.0, 1.0 + 2.0 + (1.0 + 2.0 / 3.0)
    assert law.moments(2) == pytest.approx((first, first**2 + second / 2.0), rel=1e-12)
