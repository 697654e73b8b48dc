"""β ensembles against exact finite-n laws for every β, polynomial zeros at β = ∞, dense matrices and limit laws."""

import math
import pickle

import numpy as np
import pytest
from scipy import special, stats

import rmt
from rmt.ensembles.beta import circular, hermite, jacobi, laguerre
from rmt.ensembles.catalogue import CATALOGUE

BETAS = (0.1, 1.0, 3.7, 50.0)
#: a correct build fails a test of this level once in a million
LEVEL = 1e-6
TRIALS = 600


def fits(sample, cdf):
    return stats.kstest(np.ravel(sample), cdf).pvalue > LEVEL


def same_law(first, second):
    return stats.ks_2samp(np.ravel(first), np.ravel(second)).pvalue > LEVEL


def within(sample, mean):
    """Whether the sample mean lies within five standard errors."""
    return abs(np.mean(sample) - mean) < 5.0 * np.std(sample) / math.sqrt(len(sample))


# ---------------------------------------------------------------- exact laws at finite n
@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("n", [1, 2, 7])
def test_hermite_traces_are_exactly_normal_and_chi_square(beta, n):
    values = hermite(beta).eigenvalues(n, rng=0, trials=TRIALS).reshape(TRIALS, n)
    assert fits(values.sum(axis=1), stats.norm(scale=math.sqrt(2 / beta)).cdf)
    squares = np.sum(values**2, axis=1) * beta * n / 2
    degrees = n + beta * n * (n - 1) / 2
    assert fits(squares, stats.chi2(degrees).cdf)
    assert not fits(squares * 1.2, stats.chi2(degrees + 40).cdf)


@pytest.mark.parametrize("beta", BETAS)
def test_hermite_spacing_at_two(beta):
    values = hermite(beta).eigenvalues(2, rng=1, trials=TRIALS)
    spacing = np.diff(values, axis=1) ** 2 * beta / 2
    assert fits(spacing, stats.chi2(beta + 1).cdf)
    assert not fits(spacing, stats.chi2(1.3 * beta + 2).cdf)


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize(("n", "parameters"), [(1, {}), (4, {"ratio": 0.5}), (6, {"ratio": 2.0}), (3, {"a": -0.7})])
def test_laguerre_trace_is_exactly_chi_square(beta, n, parameters):
    ensemble = laguerre(beta, **parameters)
    m = ensemble.samples(n)
    values = ensemble.eigenvalues(n, rng=2, trials=TRIALS).reshape(TRIALS, n)
    assert fits(values.sum(axis=1) * beta * m, stats.chi2(beta * n * m).cdf)
    # E tr W² = n (m + n − 1 + 2/β)/m
    assert within(np.sum(values**2, axis=1), n * (m + n - 1 + 2 / beta) / m)
    assert ((values == 0.0).sum(axis=1) == max(0, n - m if "ratio" in parameters else 0)).all()


@pytest.mark.parametrize("beta", BETAS)
def test_laguerre_smallest_eigenvalue_is_exponential_when_its_weight_is_flat(beta):
    """For β(a + 1)/2 = 1 a shift of all eigenvalues multiplies the density by an exponential."""
    a, n = 2 / beta - 1, 5
    ensemble = laguerre(beta, a=a)
    rate = beta * ensemble.samples(n) * n / 2
    smallest = ensemble.smallest(n, rng=2, trials=TRIALS)
    assert fits(smallest * rate, stats.expon.cdf)
    assert fits(ensemble.eigenvalues(n, rng=3, trials=TRIALS)[:, 0] * rate, stats.expon.cdf)
    assert not fits(smallest * rate * 1.4, stats.expon.cdf)


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (-0.6, 2.5), (3.0, -0.5)])
def test_jacobi_trace_and_determinant(beta, a, b):
    n = 4
    values = jacobi(beta, a, b).eigenvalues(n, rng=4, trials=TRIALS)
    assert ((values >= 0.0) & (values <= 1.0)).all()
    assert within(values.sum(axis=1), n * (a + n) / (a + b + 2 * n))
    # Selberg's integral gives E (λ_1 ... λ_n)^s, and its slope at 0 the mean of the logarithm
    j = np.arange(n)
    first, second = beta / 2 * (a + 1 + j), beta / 2 * (a + b + 1 + n + j)
    assert within(np.log(values).sum(axis=1), np.sum(special.digamma(first) - special.digamma(second)))
    one = jacobi(beta, a, b).eigenvalues(1, rng=5, trials=TRIALS)
    law = stats.beta(beta / 2 * (a + 1), beta / 2 * (b + 1))
    high = 0.5 if beta < 1.0 else 1.0  # for small β many round to 1
    assert fits(one[one < high], lambda x: law.cdf(x) / law.cdf(high))


@pytest.mark.parametrize("beta", BETAS)
def test_jacobi_smallest_eigenvalue_when_its_weight_is_flat(beta):
    n, b = 4, 0.3
    smallest = jacobi(beta, 2 / beta - 1, b).eigenvalues(n, rng=6, trials=TRIALS)[:, 0]
    exponent = n * beta / 2 * (b + 1) + beta * n * (n - 1) / 2
    assert fits(-np.log1p(-smallest) * exponent, stats.expon.cdf)


@pytest.mark.parametrize("beta", BETAS)
def test_circular_moments_and_spacing(beta):
    n = 6
    values = circular(beta).eigenvalues(n, rng=7, trials=TRIALS)
    np.testing.assert_allclose(np.abs(values), 1.0, rtol=1e-14)
    assert (np.diff(np.angle(values), axis=1) >= 0.0).all()
    # 2n/(n + 1) for the COE, 1 for the CUE, n/(2n − 1) for the CSE
    trace = np.abs(values.sum(axis=1)) ** 2
    assert within(trace, 2 * n / (beta * n - beta + 2))
    assert not within(trace, 2 * n / (beta * n - beta + 2) * 1.4)
    pair = circular(beta).eigenvalues(2, rng=8, trials=TRIALS)
    sine = np.sin(np.angle(pair[:, 1] / pair[:, 0]) / 2) ** 2
    assert fits(sine, stats.beta((beta + 1) / 2, 0.5).cdf)
    angle = np.angle(circular(beta).eigenvalues(1, rng=9, trials=TRIALS))
    assert fits(angle, stats.uniform(-math.pi, 2 * math.pi).cdf)


def test_circular_unitary_power_traces():
    """E|tr U^k|² = min(k, n) for the CUE (Diaconis-Shahshahani 1994)."""
    values = circular(2).eigenvalues(4, rng=10, trials=1500)
    for k in range(1, 8):
        assert within(np.abs(np.sum(values**k, axis=1)) ** 2, min(k, 4))


# ---------------------------------------------------------------- β = ∞
def test_infinite_beta_freezes_at_polynomial_zeros():
    n = 30
    zeros = special.roots_hermite(n)[0] * math.sqrt(2 / n)
    np.testing.assert_allclose(hermite(math.inf).eigenvalues(n), zeros, rtol=0, atol=2e-15)
    m = 40
    np.testing.assert_allclose(
        laguerre(math.inf, a=m - n).eigenvalues(n), special.roots_genlaguerre(n, m - n)[0] / m, rtol=1e-11
    )
    a, b = 0.5, 3.0
    np.testing.assert_allclose(
        jacobi(math.inf, a, b).eigenvalues(n), (1 + special.roots_jacobi(n, b, a)[0]) / 2, rtol=1e-11
    )
    angles = np.angle(circular(math.inf).eigenvalues(n, rng=0))
    np.testing.assert_allclose(np.diff(angles), 2 * np.pi / n, rtol=1e-12)


def test_large_beta_approaches_the_zeros():
    frozen = hermite(math.inf).eigenvalues(20)
    assert np.abs(hermite(1e8).eigenvalues(20, rng=0) - frozen).max() < 1e-3
    assert np.abs(hermite(1e2).eigenvalues(20, rng=0) - frozen).max() > 1e-3


# ---------------------------------------------------------------- dense = tridiagonal = law
@pytest.mark.parametrize(("beta", "dense"), [(1, rmt.goe), (2, rmt.gue), (4, rmt.gse)])
def test_hermite_has_the_eigenvalues_of_the_dense_ensembles(beta, dense):
    rng = np.random.default_rng(11)
    step = 2 if beta == 4 else 1
    matrices = np.array([np.linalg.eigvalsh(dense().sample(6, rng=rng))[::step] for _ in range(TRIALS)])
    values = hermite(beta).eigenvalues(6, rng=12, trials=TRIALS)
    for k in range(6):
        assert same_law(matrices[:, k], values[:, k])
    assert not same_law(matrices[:, 0], hermite(2.6 * beta).eigenvalues(6, rng=13, trials=TRIALS)[:, 0])


@pytest.mark.parametrize(("beta", "field"), [(1, "real"), (2, "complex")])
@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_laguerre_has_the_eigenvalues_of_dense_wishart_matrices(beta, field, ratio):
    rng = np.random.default_rng(14)
    dense = rmt.wishart(ratio, field=field)
    matrices = np.array([np.linalg.eigvalsh(dense.sample(6, rng=rng)) for _ in range(TRIALS)])
    values = laguerre(beta, ratio).eigenvalues(6, rng=15, trials=TRIALS)
    for k in range(3, 6):
        assert same_law(matrices[:, k], values[:, k])


def test_jacobi_has_the_eigenvalues_of_dense_manova_matrices():
    n, a, b = 5, 1, 3
    rng = np.random.default_rng(16)
    dense = []
    for _ in range(TRIALS):
        first, second = rng.normal(size=(n, n + a)), rng.normal(size=(n, n + b))
        first, second = first @ first.T, second @ second.T
        dense.append(np.sort(np.linalg.eigvals(np.linalg.solve(first + second, first)).real))
    values = jacobi(1, a, b).eigenvalues(n, rng=17, trials=TRIALS)
    for k in range(n):
        assert same_law(np.array(dense)[:, k], values[:, k])
    assert not same_law(np.array(dense)[:, 0], jacobi(1, a + 1, b).eigenvalues(n, rng=18, trials=TRIALS)[:, 0])


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0, 4.0, 30.0])
@pytest.mark.parametrize("make", [hermite, lambda beta: laguerre(beta, ratio=0.5), laguerre, jacobi])
def test_rigidity_about_the_limit_law(beta, make):
    n = 1200
    values = make(beta).eigenvalues(n, rng=19)
    tolerance = math.log(n) / n * max(1.0, beta**-0.5)
    assert stats.kstest(values, make(beta).law().cdf).statistic < tolerance
    assert stats.kstest(values * 1.05, make(beta).law().cdf).statistic > tolerance


@pytest.mark.parametrize("beta", [0.5, 2.0, 30.0])
def test_circular_rigidity(beta):
    n = 1000
    angles = np.angle(circular(beta).eigenvalues(n, rng=20))
    tolerance = math.log(n) / n * max(1.0, beta**-0.5)
    uniform = stats.uniform(-math.pi, 2 * math.pi).cdf
    assert stats.kstest(angles, uniform).statistic < tolerance
    assert stats.kstest(0.98 * angles, uniform).statistic > tolerance


# ---------------------------------------------------------------- samples, histograms, extremes
@pytest.mark.parametrize(
    "ensemble", [hermite(2), hermite(0.2), laguerre(1, 0.5), laguerre(3, 2.0), laguerre(1, a=-0.5), jacobi(2, 1, 1)]
)
def test_histogram_counts_the_eigenvalues_of_the_same_draw(ensemble):
    values = ensemble.eigenvalues(400, rng=np.random.default_rng(21).spawn(1)[0])
    # eigenvalues() hands its one trial a spawned child: give the histogram the same generator
    counts, edges = ensemble.histogram(400, 37, rng=np.random.default_rng(21).spawn(1)[0].spawn(1)[0])
    np.testing.assert_array_equal(counts, np.histogram(values, edges)[0])
    assert counts.sum() == 400
    chosen = np.array([0.05, 0.3, 0.7])
    counts, edges = ensemble.histogram(400, chosen, rng=np.random.default_rng(21).spawn(1)[0].spawn(1)[0])
    np.testing.assert_array_equal(counts, np.histogram(values, chosen)[0])
    np.testing.assert_array_equal(edges, chosen)


def test_circular_histogram():
    generators = [np.random.default_rng(22).spawn(1)[0] for _ in range(2)]
    values = circular(1).eigenvalues(300, rng=generators[0])
    counts, edges = circular(1).histogram(300, 16, rng=generators[1].spawn(1)[0])
    np.testing.assert_array_equal(counts, np.histogram(np.angle(values), edges)[0])


@pytest.mark.parametrize(
    "ensemble",
    [
        hermite(0.5),
        hermite(2),
        hermite(math.inf),
        laguerre(1, 0.5),
        laguerre(2, 3.0),
        laguerre(1, a=0),
        jacobi(1, 2, 0),
    ],
)
def test_extremes_have_the_law_of_the_extremes_of_all(ensemble):
    n, k, trials = 60, 3, 400
    values = ensemble.eigenvalues(n, rng=23, trials=trials)
    top = ensemble.largest(n, k, rng=24, trials=trials)
    bottom = ensemble.smallest(n, k, rng=25, trials=trials)
    assert top.shape == bottom.shape == (trials, k)
    assert (np.diff(top) <= 0.0).all()
    assert (np.diff(bottom) >= 0.0).all()
    if ensemble.beta == math.inf:
        np.testing.assert_allclose(top, values[:, : -k - 1 : -1], rtol=1e-13)
        return
    for i in range(k):
        assert same_law(top[:, i], values[:, -1 - i])
        assert same_law(bottom[:, i], values[:, i])
    assert not same_law(top[:, 0], values[:, -4])


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0, 4.0])
def test_corner_gives_the_extremes_of_the_whole_matrix(beta):
    """The same matrix, cut where :meth:`largest` cuts it and much later: 1e-8 Tracy-Widom units, worst of 200."""
    from rmt.ensembles.beta import hermite_model, laguerre_model
    from rmt.numerics.eigen.bidiagonal import bidiagonal_singular_values
    from rmt.numerics.eigen.tridiagonal import tridiagonal_eigenvalues

    n, rng = 10**5, np.random.default_rng(25)
    rows = hermite(beta)._corner(n, 1, n ** (1 / 3))
    unit = n ** (2 / 3)
    for _ in range(200):
        d, e = hermite_model(n, beta, rng, 3 * rows)
        whole = tridiagonal_eigenvalues(d, e, indices=(3 * rows - 1, 3 * rows))
        corner = tridiagonal_eigenvalues(d[:rows], e[: rows - 1], indices=(rows - 1, rows))
        assert abs(whole - corner) * unit < 1e-8
    short = tridiagonal_eigenvalues(d[: rows // 6], e[: rows // 6 - 1], indices=(rows // 6 - 1, rows // 6))
    assert abs(whole - short) * unit > 1e-8
    m = 2 * n
    for sign in (1.0, -1.0):
        rows = laguerre(beta, 0.5)._corner(n, 1, (n**-0.5 + sign * m**-0.5) ** (-2 / 3))
        for _ in range(20):
            d, e = laguerre_model(n, m, beta, rng, 3 * rows)
            place = -1 if sign > 0 else 0
            found = []
            for cut in (rows, 3 * rows):
                indices = (cut - 1, cut) if sign > 0 else (0, 1)
                found.append(bidiagonal_singular_values(d[:cut], e[: cut - 1], indices=indices)[place])
            assert abs(found[0] ** 2 - found[1] ** 2) * unit < 1e-8


def test_gigantic_dimension_takes_no_memory():
    value = hermite(1).largest(10**12, rng=0)[0]
    assert abs(value - 2) * 1e8 < 15


@pytest.mark.parametrize("ensemble", [hermite(1.5), laguerre(2.5, 0.5), laguerre(2, 2.0), jacobi(1, 1, 2), circular(3)])
def test_dense_sample_has_the_eigenvalues_of_the_same_draw(ensemble):
    rng = np.random.default_rng(26)
    matrix = ensemble.sample(12, rng=rng.spawn(1)[0])
    values = ensemble.eigenvalues(12, rng=np.random.default_rng(26))
    if ensemble.hermitian:
        np.testing.assert_allclose(np.linalg.eigvalsh(matrix), values, rtol=0, atol=1e-13)
    else:
        np.testing.assert_allclose(matrix @ matrix.conj().T, np.eye(12), rtol=0, atol=1e-13)
        np.testing.assert_allclose(np.sort(np.angle(np.linalg.eigvals(matrix))), np.angle(values), rtol=0, atol=1e-12)


def test_small_eigenvalues_at_the_hard_edge_are_exact_in_40_digits():
    import mpmath

    from rmt.ensembles.beta import laguerre_model
    from rmt.numerics.eigen.bidiagonal import bidiagonal_singular_values

    d, e = laguerre_model(12, 11.2, 0.3, np.random.default_rng(27))
    with mpmath.workdps(60):
        matrix = mpmath.matrix(12)
        for i in range(12):
            matrix[i, i] = mpmath.mpf(float(d[i]))
            if i < 11:
                matrix[i, i + 1] = mpmath.mpf(float(e[i]))
        exact = sorted(mpmath.svd_r(matrix, compute_uv=False))
    values = bidiagonal_singular_values(d, e)
    assert values[0] < 1e-7 * values[-1]
    assert all(abs(float(v / x - 1)) < 1e-14 for v, x in zip(map(mpmath.mpf, values), exact, strict=True))


# ---------------------------------------------------------------- contract
def test_repr_pickle_and_catalogue():
    names = {"hermite": hermite, "laguerre": laguerre, "jacobi": jacobi, "circular": circular, "inf": math.inf}
    for ensemble in (hermite(1), hermite(math.inf), laguerre(2, 0.5), laguerre(1, a=0.5), jacobi(4, 1, 2), circular(1)):
        again = eval(repr(ensemble), names)
        np.testing.assert_array_equal(again.eigenvalues(5, rng=0), ensemble.eigenvalues(5, rng=0))
        copy = pickle.loads(pickle.dumps(ensemble))
        np.testing.assert_array_equal(copy.eigenvalues(5, rng=0), ensemble.eigenvalues(5, rng=0))
        assert copy.beta == ensemble.beta
    assert {"hermite", "laguerre", "jacobi", "circular"} <= set(CATALOGUE)


@pytest.mark.parametrize("make", [hermite, laguerre, jacobi, circular])
@pytest.mark.parametrize("beta", [0, -1.0, math.nan, -math.inf])
def test_beta_must_be_positive(make, beta):
    with pytest.raises(ValueError, match="beta must be"):
        make(beta)


def test_bad_input():
    with pytest.raises(TypeError, match="beta must be"):
        hermite("2")
    with pytest.raises(ValueError, match="a must be a finite real number > -1"):
        jacobi(2, -1)
    with pytest.raises(ValueError, match="b must be a finite real number > -1"):
        jacobi(2, 0, -2.0)
    with pytest.raises(ValueError, match="a must be a finite real number > -1"):
        laguerre(2, a=-1.5)
    with pytest.raises(ValueError, match="exclude"):
        laguerre(2, 0.5, a=1)
    with pytest.raises(ValueError, match="ratio must be"):
        laguerre(2, 0)
    with pytest.raises(ValueError, match="k must be at most n = 5, got 6"):
        hermite(2).largest(5, 6)
    with pytest.raises(ValueError, match="k must be an integer >= 1"):
        hermite(2).smallest(5, 0)
    with pytest.raises(ValueError, match="bins must be"):
        hermite(2).histogram(5, 0)
    with pytest.raises(ValueError, match="ascending"):
        hermite(2).histogram(5, [1.0, 0.0])
    with pytest.raises(ValueError, match="between -pi and pi"):
        circular(2).histogram(5, [0.0, 7.0])


def test_too_large_for_memory_names_the_route_that_fits():
    with pytest.raises(ValueError, match=r"too large for memory.*largest\(n, k\)"):
        hermite(2).eigenvalues(10**13)
    with pytest.raises(ValueError, match=r"too large for memory"):
        hermite(2).histogram(10**13)
    with pytest.raises(ValueError, match=r"too large for memory.*every row of the matrix"):
        laguerre(1).smallest(10**13)
    with pytest.raises(ValueError, match=r"eigenvalues\(n\) draws no dense matrix"):
        hermite(2).sample(10**6)


# ---------------------------------------------------------------- ends of the documented range
@pytest.mark.parametrize(
    ("beta", "a", "b"),
    [(2, -0.999, -0.999), (2, -0.9999, -0.9999), (1e-3, 0, 0), (0.005, 0, 0), (1, -0.99, -0.99), (1e-6, 0, -0.9)],
)
def test_jacobi_with_few_degrees_of_freedom(beta, a, b):
    ensemble = jacobi(beta=beta, a=a, b=b)
    values = ensemble.eigenvalues(5, rng=0, trials=200)
    assert ((values >= 0.0) & (values <= 1.0)).all()
    assert np.isfinite(ensemble.sample(5, rng=1)).all()


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (-0.5, 1.0)])
def test_jacobi_of_one_row_is_a_beta_variable_whatever_its_shape(a, b):
    # the shapes are 0.005 and 0.01: most of the mass lies beyond the range of floats at 0, or at 1
    values = jacobi(beta=0.01, a=a, b=b).eigenvalues(1, rng=5, trials=4000)[:, 0]
    shapes = 0.005 * (a + 1.0), 0.005 * (b + 1.0)
    for cut in (1e-200, 1e-50, 1e-3, 0.5, 1.0 - 1e-9):
        p = stats.beta(*shapes).cdf(cut)
        assert abs(np.mean(values < cut) - p) < 5.0 * math.sqrt(p * (1.0 - p) / 4000)
    assert within(values, shapes[0] / sum(shapes))


@pytest.mark.parametrize("options", [{"beta": 0.1}, {"beta": 0.3}, {"beta": 2}, {"beta": 2, "b": -0.95}])
def test_jacobi_histograms_hold_the_eigenvalues_at_one(options):
    for seed in range(60):
        counts, edges = jacobi(**options).histogram(50, 10, rng=seed)
        assert counts.sum() == 50
        assert edges[-1] <= np.nextafter(1.0, 2.0)


def test_histograms_reach_the_spectrum_however_wide():
    for beta in (1e-30, 1e-80, 1e-100):
        assert hermite(beta=beta).histogram(50, 7, rng=0)[0].sum() == 50


def test_degrees_of_freedom_beyond_floats():
    for call in (
        lambda: hermite(beta=1e308),
        lambda: circular(beta=1e200),
        lambda: laguerre(a=1e308),
        lambda: laguerre(ratio=1e-300),
        lambda: jacobi(a=1e300),
        lambda: jacobi(b=1e300),
    ):
        with pytest.raises(ValueError, match=r"^(beta|a|b|ratio) must be a finite real number .*1e[+-]100"):
            call()
    assert np.isfinite(jacobi(beta=1e100, a=1e100, b=1e100).eigenvalues(3, rng=0)).all()
    assert np.array_equal(hermite(np.float32(np.inf)).eigenvalues(4, rng=0), hermite(math.inf).eigenvalues(4, rng=0))


def test_requests_without_an_end():
    with pytest.raises(ValueError, match=r"bins = 10000000000000 at n = 100 would take more than ten minutes"):
        hermite().histogram(100, 10**13)
    with pytest.raises(ValueError, match=r"trials = 1000000000000 is too large for memory: .*ask for fewer"):
        hermite().largest(10, trials=10**12)
    with pytest.raises(ValueError, match=r"k = 100000000000000 .*is too large for memory"):
        laguerre(ratio=2).smallest(10**15, k=10**14)
    # the remedy of the first
    values = hermite().eigenvalues(100, rng=0)
    assert np.histogram(values, np.linspace(-4.0, 4.0, 10**5))[0].sum() == 100
