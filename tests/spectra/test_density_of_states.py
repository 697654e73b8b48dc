"""Spectra of operators by random vectors: against closed forms and eigenvalues."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator

import rmt
from rmt.spectra import density_of_states
from rmt.spectra.density_of_states import DensityOfStates, jackson, jackson_width


def chain(n):
    return sp.diags_array([np.ones(n - 1), np.ones(n - 1)], offsets=[-1, 1]).tocsr()


def test_width_of_the_kernel():
    """In closed form against its definition by the first two damping factors."""
    for count, x, value in ((64, 0.0, 0.04794029765243173654), (200, 0.9, 0.0068676780143111983414)):
        g = jackson(count)
        by_factors = math.sqrt(0.5 * (1 + g[2] * (2 * x * x - 1)) - g[1] ** 2 * x * x)
        assert jackson_width(np.array([x]), count)[0] == pytest.approx(value, rel=1e-12)
        assert by_factors == pytest.approx(value, rel=1e-9)


def test_chain_in_closed_form():
    n = 20000
    found = density_of_states(chain(n), probes=4, rng=0)
    x = np.linspace(-1.9, 1.9, 39)
    exact = 1 - np.arccos(x / 2) / np.pi
    estimate = found.cdf_with_errors(x)
    assert (abs(estimate.value - exact) < estimate.bias + 5 * estimate.noise).all()
    assert np.abs(estimate.value - exact).max() < 6e-3
    np.testing.assert_allclose(found.pdf(x), 1 / (np.pi * np.sqrt(4 - x * x)), rtol=0.1)
    counted = found.count(-1, 1)
    assert abs(counted.value - n / 3) < counted.bias + 5 * counted.noise
    assert (found.cdf(-3.0), found.cdf(3.0), found.pdf(5.0)) == (0.0, 1.0, 0.0)


def test_traces_of_functions():
    n = 2000
    A = (chain(n) + 3 * sp.eye_array(n)).tocsr()
    exact = np.log(3 + 2 * np.cos(np.arange(1, n + 1) * np.pi / (n + 1))).sum()
    found = density_of_states(A, interval=(0.99, 5.01), rng=1).log_determinant()
    assert abs(found.value - exact) < found.bias + 5 * found.noise
    assert found.bias < 1e-6 < found.noise
    with pytest.raises(ValueError, match="reaches 0"):
        density_of_states(chain(50), rng=0).log_determinant()
    one = density_of_states(A, probes=1, interval=(0.99, 5.01), rng=1).trace(np.log)
    assert abs(one.value - exact) < 5 * one.noise


def test_all_kinds_of_operators_agree():
    A = chain(300)
    options = {"moments": 40, "probes": 10, "interval": (-2.1, 2.1), "rng": 2}
    first = density_of_states(A, **options).moments
    for other in (
        A.tocoo(),
        A.toarray(),
        LinearOperator(A.shape, matvec=lambda v: A @ v, matmat=lambda v: A @ v, dtype=float),
        A.astype(np.int64),
    ):
        np.testing.assert_allclose(density_of_states(other, **options).moments, first, atol=1e-12)
    np.testing.assert_allclose(density_of_states(lambda v: A @ v, size=300, **options).moments, first, atol=1e-12)
    single = density_of_states(A, dtype=np.float32, **options).moments
    np.testing.assert_allclose(single, first, atol=1e-4)
    torch = pytest.importorskip("torch")
    np.testing.assert_allclose(density_of_states(torch.tensor(A.toarray()), **options).moments, first, atol=1e-12)


def test_moments_of_all_basis_vectors_are_exact():
    """The moments of a small matrix are traces of Chebyshev polynomials, on average over the probes."""
    values = np.linalg.eigvalsh(chain(12).toarray())
    found = density_of_states(chain(12), moments=10, probes=4000, interval=(-2, 2), rng=3).moments
    exact = np.array([np.cos(k * np.arccos(values / 2)).mean() for k in range(found.shape[1])])
    error = found.std(axis=0) / math.sqrt(4000)
    assert (abs(found.mean(axis=0) - exact) < 5.5 * error + 1e-12).all()


def test_random_regular_graph_against_its_law():
    n = 100_000
    rng = np.random.default_rng(4)
    permutations = [rng.permutation(n) for _ in range(2)]
    inverses = [np.argsort(p) for p in permutations]

    def adjacency(v):
        return sum(v[p] + v[q] for p, q in zip(permutations, inverses, strict=True))

    found = density_of_states(adjacency, size=n, moments=200, probes=1, interval=(-4.01, 4.01), rng=0)
    x = np.linspace(-3.3, 3.3, 67)
    assert np.abs(found.cdf(x) - rmt.KestenMcKay(4).cdf(x)).max() < 6e-3
    assert np.abs(found.cdf(x) - rmt.KestenMcKay(5).cdf(x)).max() > 0.02  # control


def test_goes_on_from_a_file(tmp_path):
    A = chain(200)
    calls = []
    first = density_of_states(A, moments=20, probes=3, rng=0, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (30, 30)
    first.save(tmp_path / "moments.npz")
    more = density_of_states(A, probes=2, rng=1, resume=tmp_path / "moments.npz")
    assert more.probes == 5
    np.testing.assert_array_equal(more.moments[:3], first.moments)
    assert DensityOfStates.load(tmp_path / "moments.npz").low == first.low
    with pytest.raises(ValueError, match="size 200"):
        density_of_states(chain(30), resume=first)


@pytest.mark.parametrize(
    ("operator", "options", "error", "message"),
    [
        (np.ones((3, 4)), {}, ValueError, "square"),
        (np.triu(np.ones((40, 40))), {}, ValueError, "must be symmetric"),
        (1j * np.eye(3), {}, TypeError, "complex"),
        (3.0, {}, TypeError, "must be a sparse matrix"),
        (lambda v: v, {}, ValueError, "size="),
        (lambda v: v[:2], {"size": 5}, ValueError, "shape"),
        (np.full((5, 5), np.nan), {}, ValueError, "NaN"),
        (np.diag(np.arange(50.0)), {"interval": (0, 10)}, ValueError, "outside of the interval"),
        (np.eye(4), {"interval": (2, 1)}, ValueError, "low < high"),
        (np.eye(4), {"dtype": "int8"}, ValueError, "float32"),
    ],
)
def test_what_is_refused(operator, options, error, message):
    with pytest.raises(error, match=message):
        density_of_states(operator, **options)
