"""COE, CSE and rotations as dense matrices: their symmetries, exact traces, and the eigenvalues of the other route."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rmt
from rmt.ensembles.unitary.circular_matrices import dual

LIMIT = 6.0


def z_score(values, expectation: float) -> float:
    values = np.asarray(values, dtype=float)
    return float(abs(values.mean() - expectation) / (values.std(ddof=1) / math.sqrt(values.size)))


def matrices(ensemble, n: int, trials: int) -> list[np.ndarray]:
    return [ensemble.sample(n, rng=np.random.default_rng(s)) for s in range(trials)]


def test_symmetries():
    n = 6
    symmetric, selfdual = rmt.coe().sample(n, rng=0), rmt.cse().sample(n, rng=0)
    assert np.abs(symmetric - symmetric.T).max() < 1e-14
    assert np.abs(selfdual - dual(selfdual)).max() < 1e-13
    assert np.abs(selfdual - selfdual.T).max() > 0.1
    for matrix in (symmetric, selfdual):
        assert np.abs(matrix @ matrix.conj().T - np.eye(len(matrix))).max() < 1e-13
    # the dual reverses products, and twice is nothing
    a, b = np.random.default_rng(1).standard_normal((2, 4, 4))
    np.testing.assert_allclose(dual(a @ b), dual(b) @ dual(a), atol=1e-13)
    np.testing.assert_allclose(dual(dual(a)), a)
    # Kramers: equal pairs
    angles = np.sort(np.angle(np.linalg.eigvals(selfdual)))
    np.testing.assert_allclose(angles[::2], angles[1::2], atol=1e-10)


@pytest.mark.parametrize(("make", "beta"), [(rmt.coe, 1), (rmt.cse, 4)])
def test_traces_of_circular_matrices(make, beta: int):
    """E|Σ z|² = 2n/(βn − β + 2) (Haake et al. 1996), from matrices and from the eigenvalues of the other route."""
    n, exact = 5, {b: 2 * 5 / (b * 5 - b + 2) for b in (1, 2, 4)}
    assert make().beta == beta
    pairs = 1 if beta == 1 else 2
    dense = [abs(np.trace(m) / pairs) ** 2 for m in matrices(make(), n, 3000)]
    assert z_score(dense, exact[beta]) < LIMIT
    assert z_score(dense, exact[2]) > LIMIT
    direct = [abs(row.sum()) ** 2 for row in make().eigenvalues(n, rng=1, trials=3000)]
    assert z_score(direct, exact[beta]) < LIMIT
    second = [abs(np.trace(m @ m) / pairs) ** 2 for m in matrices(make(), n, 3000)]
    expected = make().fluctuations().traces(n).variance[1]
    assert z_score(second, expected) < LIMIT


@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_rotations(n: int):
    for matrix in matrices(rmt.haar_special_orthogonal(), n, 30):
        assert np.linalg.det(matrix) == pytest.approx(1, abs=1e-12)
        assert np.abs(matrix @ matrix.T - np.eye(n)).max() < 1e-13
    values = rmt.haar_special_orthogonal().eigenvalues(n, rng=0, trials=30).reshape(30, n)
    assert np.prod(values, axis=1) == pytest.approx(1, abs=1e-12)
    dets = [np.linalg.det(m) for m in matrices(rmt.haar_orthogonal(), n, 30)]
    assert min(dets) < 0 < max(dets)
    turned = rmt.haar_special_orthogonal().reflections(n, rng=2)
    assert np.linalg.det(turned.matrix()) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(turned.apply(np.eye(n)), turned.matrix(), atol=1e-13)


def test_traces_of_rotations():
    """SO(3): 1 + 2 cos θ with density (1 − cos θ)/π, so E tr² = 1, E tr³ = 1; on O(3) the odd moment is 0."""
    trace = [np.trace(m) for m in matrices(rmt.haar_special_orthogonal(), 3, 4000)]
    assert z_score(np.square(trace), 1) < LIMIT
    assert z_score(np.power(trace, 3), 1) < LIMIT
    assert z_score(np.power([np.trace(m) for m in matrices(rmt.haar_orthogonal(), 3, 4000)], 3), 1) > LIMIT
    direct = rmt.haar_special_orthogonal().eigenvalues(3, rng=1, trials=4000).sum(axis=1).real
    assert z_score(direct**3, 1) < LIMIT
    # E tr M² on SO(6) as on O(6); at twice the power the determinant is seen
    assert rmt.haar_special_orthogonal().fluctuations().traces(6).mean.size == 2
    assert rmt.haar_orthogonal().fluctuations().traces(6).mean.size == 3
    squares = rmt.haar_special_orthogonal().eigenvalues(6, rng=2, trials=4000) ** 2
    assert z_score(squares.sum(axis=1).real, 1) < LIMIT
    assert z_score(squares.sum(axis=1).real, 1.5) > LIMIT


@pytest.mark.parametrize("make", [rmt.coe, rmt.cse, rmt.haar_special_orthogonal])
def test_they_agree_with_the_circle(make):
    ensemble = make()
    values = ensemble.eigenvalues(150, rng=3)
    assert rmt.spectra.compare(values, ensemble.law(), ensemble=ensemble).passed
    assert ensemble.gram_law() == rmt.Atomic((1,), (1,))
    assert ensemble.singular_values(4, rng=0).tolist() == [1.0] * 4
    assert not rmt.spectra.compare(values**2 / np.abs(values) + 0.3, ensemble.law(), ensemble=ensemble).passed
