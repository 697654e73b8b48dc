"""Samplers against exact moments at finite n, each with a wrong sampler that the test rejects.

Sources. Gaussian ensembles: Harer-Zagier 1986 (beta = 2), Goulden-Jackson 1997 and Ledoux 2009 (beta = 1), and for
every beta the tridiagonal model of Dumitriu-Edelman 2002, which gives E tr H⁴ as below. Wishart: Hanlon-Stanley-
Stembridge 1992, Haagerup-Thorbjørnsen 2003. Haar: Diaconis-Shahshahani 1994, Diaconis-Evans 2001. Other entry laws:
by counting closed walks of length four.
"""

import numpy as np
import pytest

import rmt
from rmt.ensembles import entries

TRIALS = 3000
#: a correct build exceeds this once in 5e8 tests; the seeds are fixed
LIMIT = 6.0
ENTRY_LAWS = ["uniform", "rademacher", "laplace", "exponential", "truncated_gaussian", "sparse(0.3)", "student(9)"]


def z_score(values, expectation):
    """Standardised difference between the mean of independent values and their exact expectation."""
    values = np.asarray(values, dtype=float)
    return abs(values.mean() - expectation) / (values.std(ddof=1) / np.sqrt(values.size))


def samples(ensemble, n, trials, seed):
    rng = np.random.default_rng(seed)
    return [ensemble.sample(n, rng=rng) for _ in range(trials)]


def trace(matrix, power=1):
    return np.trace(np.linalg.matrix_power(matrix, power))


# ---------------------------------------------------------------------- Gaussian ensembles
def gaussian_moments(n, beta):
    """E (tr H)², E tr H², E tr H⁴ for off-diagonal variance 1/n and diagonal variance 2/(beta n)."""
    k = 2 / beta
    fourth = 2 * n**3 + 5 * (k - 1) * n**2 + (3 * k**2 - 5 * k + 3) * n
    return k, k + n - 1, fourth / n**2


def test_formula_agrees_with_the_literature():
    # E tr H⁴ = 57 for the 3 x 3 GUE with E|h|² = 1 (Harer-Zagier), 114 for the GOE with diagonal variance 2
    assert gaussian_moments(3, 2)[2] * 9 == pytest.approx(57)
    assert gaussian_moments(3, 1)[2] * 9 == pytest.approx(114)


GAUSSIAN = [rmt.goe(), rmt.gue(), rmt.gse(), rmt.wigner(), rmt.wigner(field="complex")]


@pytest.mark.parametrize("ensemble", GAUSSIAN, ids=repr)
def test_gaussian_samples(ensemble):
    n = 5
    matrices = samples(ensemble, n, TRIALS, seed=1)
    fold = 2 if ensemble.field == "quaternion" else 1  # every eigenvalue of the 2n x 2n matrix counts twice
    first, second, fourth = gaussian_moments(n, ensemble.beta)
    assert z_score([(trace(m).real / fold) ** 2 for m in matrices], first) < LIMIT
    assert z_score([trace(m, 2).real / fold for m in matrices], second) < LIMIT
    assert z_score([trace(m, 4).real / fold for m in matrices], fourth) < LIMIT


@pytest.mark.parametrize("ensemble", GAUSSIAN, ids=repr)
def test_gaussian_eigenvalues(ensemble):
    n = 5
    values = ensemble.eigenvalues(n, rng=2, trials=TRIALS)
    first, second, fourth = gaussian_moments(n, ensemble.beta)
    assert z_score(values.sum(1) ** 2, first) < LIMIT
    assert z_score((values**2).sum(1), second) < LIMIT
    assert z_score((values**4).sum(1), fourth) < LIMIT


def test_wrong_diagonal_variance_is_rejected():
    matrices = samples(rmt.goe(), 5, TRIALS, seed=1)
    for m in matrices:
        np.fill_diagonal(m, m.diagonal() / np.sqrt(2))
    assert z_score([trace(m) ** 2 for m in matrices], gaussian_moments(5, 1)[0]) > LIMIT


def test_wrong_dyson_index_is_rejected():
    values = rmt.gue().eigenvalues(5, rng=2, trials=TRIALS)
    assert z_score((values**4).sum(1), gaussian_moments(5, 1)[2]) > LIMIT


# ---------------------------------------------------------------------- Wigner matrices of any entries
def wigner_fourth(n, kurtosis, field):
    """E tr H⁴: closed walks of length four on the complete graph."""
    diagonal = 2 if field == "real" else 1
    off = kurtosis if field == "real" else (kurtosis + 1) / 2
    returns = (n - 1) * off + kurtosis * diagonal**2 + (n - 1) * (n - 2) + 2 * (n - 1) * diagonal
    return (n * returns + n * (n - 1) * (n - 2 + 2 * diagonal)) / n**2


@pytest.mark.parametrize("field", ["real", "complex"])
@pytest.mark.parametrize("name", ENTRY_LAWS)
def test_wigner(name, field):
    n = 5
    values = rmt.wigner(entries=name, field=field).eigenvalues(n, rng=3, trials=TRIALS)
    beta = 1 if field == "real" else 2
    first, second, _ = gaussian_moments(n, beta)
    assert z_score(values.sum(1) ** 2, first) < LIMIT
    if name != "rademacher" or field == "complex":
        assert z_score((values**2).sum(1), second) < LIMIT or np.allclose((values**2).sum(1), second)
    assert z_score((values**4).sum(1), wigner_fourth(n, entries.as_entries(name).kurtosis, field)) < LIMIT
    if name in ("rademacher", "exponential"):
        assert z_score((values**4).sum(1), wigner_fourth(n, 3.0, field)) > LIMIT


# ---------------------------------------------------------------------- Wishart matrices
def wishart_moments(p, m, field):
    """E tr W, E tr W², E tr W³ for W = A A*/m, A of p rows and m columns with normal entries."""
    if field == "real":
        moments = 1, p + m + 1, p**2 + m**2 + 3 * p * m + 3 * p + 3 * m + 4
    else:
        moments = 1, p + m, p**2 + m**2 + 3 * p * m + 1
    return [p * m * value / m**k for k, value in enumerate(moments, start=1)]


def test_wishart_formula_agrees_with_the_literature():
    assert [w * 7**k for k, w in enumerate(wishart_moments(4, 7, "real"), 1)] == pytest.approx([28, 336, 5208])
    assert [w * 7**k for k, w in enumerate(wishart_moments(4, 7, "complex"), 1)] == pytest.approx([28, 308, 4200])


@pytest.mark.parametrize("field", ["real", "complex"])
@pytest.mark.parametrize(("p", "m"), [(4, 7), (5, 5), (6, 3)])
def test_wishart(p, m, field):
    ensemble = rmt.wishart(ratio=p / m, field=field)
    assert ensemble.samples(p) == m
    values = ensemble.eigenvalues(p, rng=4, trials=TRIALS)
    matrices = samples(ensemble, p, TRIALS, seed=5)
    other = wishart_moments(p, m, "complex" if field == "real" else "real")
    for k, expectation in enumerate(wishart_moments(p, m, field), start=1):
        assert z_score((values**k).sum(1), expectation) < LIMIT
        assert z_score([trace(w, k).real for w in matrices], expectation) < LIMIT
    assert z_score((values**2).sum(1), other[1]) > LIMIT
    if m < p:
        assert (values[:, : p - m] == 0.0).all()
        assert (values[:, p - m :] > 0.0).all()


@pytest.mark.parametrize("field", ["real", "complex"])
@pytest.mark.parametrize("name", ENTRY_LAWS)
def test_wishart_of_other_entries(name, field):
    p, m = 4, 6
    kurtosis = entries.as_entries(name).kurtosis
    excess = kurtosis - 3 if field == "real" else (kurtosis + 1) / 2 - 2
    values = rmt.wishart(ratio=p / m, entries=name, field=field).eigenvalues(p, rng=6, trials=TRIALS)
    normal = wishart_moments(p, m, field)[1]
    assert z_score((values**2).sum(1), normal + excess * p / m) < LIMIT
    if name in ("rademacher", "exponential"):
        assert z_score((values**2).sum(1), normal) > LIMIT


# ---------------------------------------------------------------------- products
def product_moment(n, depth, field):
    """E tr (J J*)² by the recursion over layers of E tr S² and E (tr S)²."""
    square, trace_squared = n, n**2
    for _ in range(depth):
        square, trace_squared = (
            (n * trace_squared + (n**2 + (n if field == "real" else 0)) * square) / n**2,
            (n**2 * trace_squared + (2 if field == "real" else 1) * n * square) / n**2,
        )
    return square


@pytest.mark.parametrize("field", ["real", "complex"])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_product_wishart(depth, field):
    n = 8
    assert product_moment(n, 1, field) == pytest.approx(wishart_moments(n, n, field)[1])
    ensemble = rmt.product_wishart(depth=depth, field=field)
    values = ensemble.eigenvalues(n, rng=7, trials=TRIALS)
    matrices = samples(ensemble, n, TRIALS, seed=8)
    assert z_score(values.sum(1), n) < LIMIT
    assert z_score([trace(w).real for w in matrices], n) < LIMIT
    assert z_score((values**2).sum(1), product_moment(n, depth, field)) < LIMIT
    assert z_score([trace(w, 2).real for w in matrices], product_moment(n, depth, field)) < LIMIT
    assert z_score((values**2).sum(1), product_moment(n, depth + 1, field)) > LIMIT


# ---------------------------------------------------------------------- Ginibre matrices
def test_complex_ginibre_moduli():
    """The n|λ|² are independent Gamma(1), ..., Gamma(n) numbers, unordered (Kostlan 1992)."""
    n = 6
    values = rmt.ginibre(field="complex").eigenvalues(n, rng=9, trials=TRIALS)
    assert z_score((np.abs(values) ** 2).sum(1), (n + 1) / 2) < LIMIT
    assert z_score((np.abs(values) ** 4).sum(1), sum(k * (k + 1) for k in range(1, n + 1)) / n**2) < LIMIT
    real = rmt.ginibre().eigenvalues(n, rng=9, trials=TRIALS)
    assert z_score((np.abs(real) ** 2).sum(1), (n + 1) / 2) > LIMIT


def test_real_ginibre_counts_real_eigenvalues():
    """Expected number of real eigenvalues of a 4 x 4 real Ginibre matrix: 11 √2/8 (Edelman-Kostlan-Shub 1994)."""
    values = rmt.ginibre().eigenvalues(4, rng=10, trials=TRIALS)
    assert z_score((values.imag == 0.0).sum(1), 11 * np.sqrt(2) / 8) < LIMIT
    assert z_score(values.sum(1).real ** 2, 1.0) < LIMIT


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (3, 3)])
def test_rectangular_ginibre(shape):
    n = 2
    rows, columns = (n * multiple for multiple in shape)
    ensemble = rmt.ginibre(shape=shape)
    values = ensemble.singular_values(n, rng=11, trials=TRIALS)
    assert values.shape == (TRIALS, min(rows, columns))
    for k, expectation in enumerate(wishart_moments(rows, columns, "real"), start=1):
        assert z_score((values ** (2 * k)).sum(1), expectation) < LIMIT


# ---------------------------------------------------------------------- Haar measures
def qr_without_phases(ensemble, n, rng):
    shape = (n, n)
    g = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if ensemble.field == "complex" else 0)
    return np.linalg.qr(g)[0]


def test_haar_unitary_traces():
    """E|tr U^k|² = min(k, n)."""
    n = 4
    values = rmt.haar_unitary().eigenvalues(n, rng=12, trials=TRIALS)
    matrices = samples(rmt.haar_unitary(), n, TRIALS, seed=13)
    for k in range(1, 8):
        assert z_score(np.abs((values**k).sum(1)) ** 2, min(k, n)) < LIMIT
        assert z_score([abs(trace(u, k)) ** 2 for u in matrices], min(k, n)) < LIMIT
    assert z_score([abs(u[0, 0]) ** 4 for u in matrices], 2 / (n * (n + 1))) < LIMIT
    assert z_score([abs(u[-1, -1]) ** 4 for u in matrices], 2 / (n * (n + 1))) < LIMIT


def test_haar_orthogonal_traces():
    """E (tr O)² = 1, E tr O² = 1, E (tr O²)² = 3, E (tr O)⁴ = 3, E (tr O³)² = 3, both determinants equally often."""
    n = 8
    values = rmt.haar_orthogonal().eigenvalues(n, rng=14, trials=TRIALS)
    matrices = samples(rmt.haar_orthogonal(), n, TRIALS, seed=15)
    traces = {k: np.array([trace(q, k) for q in matrices]) for k in (1, 2, 3)}
    for power_sum in (lambda k: (values**k).sum(1).real, traces.get):
        assert z_score(power_sum(1), 0) < LIMIT
        assert z_score(power_sum(1) ** 2, 1) < LIMIT
        assert z_score(power_sum(1) ** 4, 3) < LIMIT
        assert z_score(power_sum(2), 1) < LIMIT
        assert z_score(power_sum(2) ** 2, 3) < LIMIT
        assert z_score(power_sum(3) ** 2, 3) < LIMIT
    assert z_score([np.linalg.det(q) for q in matrices], 0) < LIMIT
    assert z_score(np.prod(values, axis=1).real, 0) < LIMIT
    assert z_score([q[-1, -1] ** 4 for q in matrices], 3 / (n * (n + 2))) < LIMIT


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_small_orthogonal_and_symplectic_eigenvalues(n):
    """E (tr)² = 1, E (tr)⁴ = 3 from n = 2 on; at n = 1, O(1) = {±1} and Sp(1) = SU(2)."""
    for ensemble, at_one, square in ((rmt.haar_orthogonal(), 1, 1), (rmt.haar_symplectic(), 2, -1)):
        values = ensemble.eigenvalues(n, rng=21, trials=TRIALS)
        traces = values.sum(1).real
        if n > 1:
            assert z_score(traces**2, 1) < LIMIT
            assert z_score((values**2).sum(1).real, square) < LIMIT
            assert z_score(traces**4, 3) < LIMIT
        elif ensemble.field == "quaternion":
            assert z_score(traces**4, at_one) < LIMIT
        else:
            assert set(values.ravel().tolist()) == {-1.0, 1.0}
    determinants = np.prod(rmt.haar_orthogonal().eigenvalues(n, rng=22, trials=TRIALS), axis=1).real
    assert np.allclose(np.abs(determinants), 1.0)
    assert z_score(determinants, 0) < LIMIT


def test_haar_symplectic_traces():
    """Tr S^k has mean -1 for even k and variance k; the limit theorem is exact at low order."""
    n = 6
    values = rmt.haar_symplectic().eigenvalues(n, rng=16, trials=TRIALS)
    assert values.shape == (TRIALS, 2 * n)
    matrices = samples(rmt.haar_symplectic(), n, TRIALS, seed=17)
    traces = {k: np.array([trace(s, k).real for s in matrices]) for k in (1, 2, 3)}
    for power_sum in (lambda k: (values**k).sum(1).real, traces.get):
        assert z_score(power_sum(1), 0) < LIMIT
        assert z_score(power_sum(1) ** 2, 1) < LIMIT
        assert z_score(power_sum(2), -1) < LIMIT
        assert z_score(power_sum(2) ** 2, 3) < LIMIT
        assert z_score(power_sum(3) ** 2, 3) < LIMIT


@pytest.mark.parametrize("ensemble", [rmt.haar_unitary(), rmt.haar_orthogonal()], ids=repr)
def test_qr_without_phases_is_rejected(ensemble):
    rng = np.random.default_rng(18)
    matrices = [qr_without_phases(ensemble, 8, rng) for _ in range(TRIALS)]
    assert z_score([abs(trace(q)) ** 2 for q in matrices], 1) > LIMIT


@pytest.mark.parametrize("n", [1, 2, 7])
def test_haar_matrices_are_unitary(n):
    unit = np.kron([[0, 1], [-1, 0]], np.eye(n))
    for ensemble in (rmt.haar_orthogonal(), rmt.haar_unitary(), rmt.haar_symplectic()):
        q = ensemble.sample(n, rng=0)
        assert np.allclose(q @ q.conj().T, np.eye(len(q)), atol=1e-14 * len(q))
        assert np.iscomplexobj(q) == (ensemble.field != "real")
        values = ensemble.eigenvalues(n, rng=0)
        assert np.allclose(np.abs(values), 1.0, atol=1e-14)
        assert (np.diff(np.angle(values)) >= 0).all()
        if ensemble.field == "quaternion":
            assert np.array_equal(unit @ q.conj() @ unit.T, q)
            assert np.allclose(np.sort(np.angle(values)), -np.sort(-np.angle(values))[::-1])


# ---------------------------------------------------------------------- structured matrices
@pytest.mark.parametrize("field", ["real", "complex"])
@pytest.mark.parametrize("fraction", [0.3, 0.8])
def test_projection(fraction, field):
    n = 10
    rank = round(fraction * n)
    ensemble = rmt.projection(fraction, field=field)
    matrices = samples(ensemble, n, TRIALS, seed=19)
    for p in matrices[:5]:
        assert np.allclose(p @ p, p, atol=1e-14)
        assert np.trace(p).real == pytest.approx(rank)
    expected = rank * (rank + 2) / (n * (n + 2)) if field == "real" else rank * (rank + 1) / (n * (n + 1))
    corner = [p[0, 0].real ** 2 for p in matrices]
    assert z_score(corner, expected) < LIMIT
    assert z_score(corner, rank / n) > LIMIT  # a projection on coordinates
    assert ensemble.eigenvalues(n, rng=0).tolist() == [0.0] * (n - rank) + [1.0] * rank


def test_haar_conjugate_moves_the_eigenvectors_only():
    n = 6
    law = rmt.Semicircle(mean=1)
    quantiles = law.ppf((np.arange(n) + 0.5) / n)
    for field, expected in (("real", 3), ("complex", 2)):
        ensemble = rmt.haar_conjugate(rmt.diagonal(law), field=field)
        matrices = samples(ensemble, n, TRIALS // 4, seed=20)
        assert np.allclose(np.linalg.eigvalsh(matrices[0]), quantiles, atol=1e-14)
        assert np.allclose(ensemble.eigenvalues(n, rng=0), quantiles, atol=1e-14)
        # Σ d_i |q_i|² with (|q_i|²) uniform on the sphere: second moments expected/(n(n + 2)) or expected/(n(n + 1))
        dimension = n * (n + 2) if field == "real" else n * (n + 1)
        second = (quantiles.sum() ** 2 + (expected - 1) * (quantiles**2).sum()) / dimension
        assert z_score([m[0, 0].real ** 2 for m in matrices], second) < LIMIT
