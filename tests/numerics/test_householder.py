"""Haar matrices from Householder products: the groups, their exact moments, and products without forming them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from rmt.numerics.dense.householder import (
    haar_matrix,
    haar_orthogonal_matrix,
    haar_product,
    haar_symplectic_matrix,
    haar_unitary_matrix,
)

FIELDS = ("real", "complex", "quaternion")


def within(sample, mean):
    return abs(np.mean(sample) - mean) < 5.0 * np.std(sample) / math.sqrt(len(sample))


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("n", "columns"), [(1, 1), (2, 2), (7, 7), (7, 1), (9, 4), (80, 80)])
def test_orthonormal_columns_and_products(field, n, columns):
    rng = np.random.default_rng(0)
    product = haar_product(n, rng, columns, field)
    q = product.matrix()
    twice = 2 if field == "quaternion" else 1
    assert q.shape == product.shape == (twice * n, twice * columns)
    np.testing.assert_allclose(q.conj().T @ q, np.eye(twice * columns), rtol=0, atol=1e-14)
    for block in (rng.normal(size=(twice * columns, 3)), rng.normal(size=twice * columns) * (1 + 2j)):
        np.testing.assert_allclose(product.apply(block), q @ block, rtol=0, atol=2e-13)
    for block in (rng.normal(size=(twice * n, 2)) * 1j, rng.normal(size=twice * n)):
        np.testing.assert_allclose(product.apply_adjoint(block), q.conj().T @ block, rtol=0, atol=2e-13)
    np.testing.assert_array_equal(product.matrix(), q)


def test_one_call_gives_the_matrix_of_the_product():
    for field, make in zip(FIELDS, (haar_orthogonal_matrix, haar_unitary_matrix, haar_symplectic_matrix), strict=True):
        whole = haar_product(6, np.random.default_rng(1), 4, field).matrix()
        np.testing.assert_array_equal(make(6, np.random.default_rng(1), 4), whole)
        np.testing.assert_array_equal(haar_matrix(6, np.random.default_rng(1), 4, field), whole)


def test_symplectic_structure_is_exact():
    q = haar_symplectic_matrix(5, np.random.default_rng(2), 3)
    np.testing.assert_array_equal(q[:5, :3], q[5:, 3:].conj())
    np.testing.assert_array_equal(q[5:, :3], -q[:5, 3:].conj())


def traces(field, n, trials=4000):
    """tr Q and tr Q² of independent matrices."""
    rng = np.random.default_rng(3)
    matrices = np.array([haar_matrix(n, rng, None, field) for _ in range(trials)])
    return np.trace(matrices, axis1=1, axis2=2), np.einsum("tij,tji->t", matrices, matrices), matrices


def test_orthogonal_moments():
    """E tr Q = 0, E (tr Q)² = 1, E (tr Q)⁴ = 3, E tr Q² = 1 (Diaconis-Shahshahani 1994); both components."""
    first, second, matrices = traces("real", 5)
    assert within(first, 0.0)
    assert within(first**2, 1.0)
    assert within(first**4, 3.0)
    assert within(second, 1.0)
    assert within(np.linalg.det(matrices) > 0, 0.5)
    assert within(matrices[:, 0, 4] ** 2, 0.2)
    # one entry: x² ~ Beta(1/2, (n − 1)/2)
    for i, j in ((0, 0), (4, 0), (2, 4), (4, 4)):
        assert stats.kstest(matrices[:, i, j] ** 2, stats.beta(0.5, 2.0).cdf).pvalue > 1e-6


def test_unitary_moments():
    """E|tr U|^2k = k! for k <= n, E|tr U²|² = 2, E tr U² = 0."""
    first, second, matrices = traces("complex", 4)
    for k in (1, 2, 3, 4):
        assert within(np.abs(first) ** (2 * k), math.factorial(k))
    assert within(np.abs(second) ** 2, 2.0)
    assert within(second.real, 0.0)
    angle = np.angle(np.linalg.det(matrices))
    assert stats.kstest(angle, stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue > 1e-6
    assert stats.kstest(np.abs(matrices[:, 3, 1]) ** 2, stats.beta(1.0, 3.0).cdf).pvalue > 1e-6


def test_symplectic_moments():
    """E (tr Q)² = 1, E (tr Q)⁴ = 3, E tr Q² = −1."""
    first, second, matrices = traces("quaternion", 3)
    np.testing.assert_allclose(first.imag, 0.0, atol=1e-13)
    assert within(first.real, 0.0)
    assert within(first.real**2, 1.0)
    assert within(first.real**4, 3.0)
    assert within(second.real, -1.0)
    modulus = np.abs(matrices[:, 2, 1]) ** 2 + np.abs(matrices[:, 2, 4]) ** 2
    assert stats.kstest(modulus, stats.beta(2.0, 4.0).cdf).pvalue > 1e-6


@pytest.mark.parametrize("field", FIELDS)
def test_without_the_phases_it_is_not_haar(field):
    """The negative control: plain LAPACK QR gives these, with a fixed determinant or a real diagonal."""
    rng = np.random.default_rng(4)
    wrong = []
    for _ in range(2000):
        product = haar_product(4, rng, None, field)
        phases = np.ones_like(product.phases)
        if field == "quaternion":
            phases[:, 1] = 0.0
        wrong.append(replace(product, phases=phases).matrix())
    if field == "real":
        assert len(set(np.sign(np.linalg.det(wrong)))) == 1
    else:
        assert not within(np.trace(wrong, axis1=1, axis2=2).real ** 2, {"complex": 0.5, "quaternion": 1.0}[field])


@pytest.mark.parametrize("field", FIELDS)
def test_stiefel_columns_are_uniform_directions(field):
    rng = np.random.default_rng(5)
    beta = {"real": 1, "complex": 2, "quaternion": 4}[field]
    n = 6
    q = np.array([haar_matrix(n, rng, 2, field) for _ in range(1500)])
    last = np.abs(q[:, n - 1, 1]) ** 2
    if field == "quaternion":
        last += np.abs(q[:, 2 * n - 1, 1]) ** 2
    assert stats.kstest(last, stats.beta(beta / 2, beta * (n - 1) / 2).cdf).pvalue > 1e-6


def test_bad_input():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="columns must be at most n = 3, got 4"):
        haar_product(3, rng, 4)
    with pytest.raises(ValueError, match="columns must be an integer >= 1"):
        haar_product(3, rng, 0)
    with pytest.raises(ValueError, match="unknown field 'octonion'"):
        haar_product(3, rng, None, "octonion")
    product = haar_product(3, rng, 2)
    with pytest.raises(ValueError, match="with 2 rows"):
        product.apply(np.ones(3))
    with pytest.raises(ValueError, match="with 3 rows"):
        product.apply_adjoint(np.ones((2, 2)))
