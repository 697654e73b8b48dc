"""Eigenangles from Verblunsky coefficients against dense CMV matrices and closed forms."""

import math

import numpy as np
import pytest

from rmt.numerics.eigen.circular import verblunsky_angles, verblunsky_histogram


def killip_nenciu(n, beta, seed):
    rng = np.random.default_rng(seed)
    e, g = rng.standard_exponential(n - 1), rng.standard_gamma(beta / 2 * np.arange(n - 1, 0, -1.0))
    return np.append(np.sqrt(e / (e + g)), 1.0) * np.exp(2j * np.pi * rng.random(n))


def cmv(alpha):
    """The product of the two block-diagonal unitary matrices of Cantero, Moral and Velázquez."""
    n = alpha.size
    rho = np.sqrt(np.maximum(0.0, 1.0 - np.abs(alpha) ** 2))
    even, odd = np.eye(n, dtype=complex), np.eye(n, dtype=complex)
    for k in range(n):
        factor = odd if k % 2 else even
        if k < n - 1:
            block = [[alpha[k].conj(), rho[k]], [rho[k], -alpha[k]]]
            factor[k : k + 2, k : k + 2] = block
        else:
            factor[k, k] = alpha[k].conj()
    return even @ odd


@pytest.mark.parametrize("n", [1, 2, 8, 9, 40, 201])
@pytest.mark.parametrize("beta", [0.01, 1.0, 2.0, 100.0])
def test_angles_and_counts_of_the_dense_matrix(n, beta):
    alpha = killip_nenciu(n, beta, n)
    exact = np.sort(np.angle(np.linalg.eigvals(cmv(alpha))) % (2 * np.pi))
    angles = verblunsky_angles(alpha)
    np.testing.assert_allclose(np.exp(1j * angles), np.exp(1j * exact), rtol=0, atol=2e-14)
    edges = np.linspace(-np.pi, np.pi, 12)
    signed = np.where(exact >= np.pi, exact - 2 * np.pi, exact)
    np.testing.assert_array_equal(verblunsky_histogram(alpha, edges), np.histogram(signed, edges)[0])


def test_roots_of_unity():
    """Zero coefficients give z^n = conj(α_{n-1})."""
    n = 1000
    alpha = np.zeros(n, complex)
    alpha[-1] = np.exp(-0.3j)
    exact = (0.3 + 2 * np.pi * np.arange(n)) / n
    np.testing.assert_allclose(verblunsky_angles(alpha), exact, rtol=0, atol=4e-15)
    # the conjugate would be another spectrum: the negative control
    assert np.abs(verblunsky_angles(alpha.conj()) - exact).max() > 1e-4


def test_bad_input():
    with pytest.raises(ValueError, match="non-empty"):
        verblunsky_angles([])
    with pytest.raises(ValueError, match="unit disc"):
        verblunsky_angles([1.5, 1.0])
    with pytest.raises(ValueError, match="on the circle"):
        verblunsky_angles([0.5, 0.5])
    with pytest.raises(ValueError, match="on the circle"):
        verblunsky_angles([0.5, math.nan])
    with pytest.raises(ValueError, match="between -pi and pi"):
        verblunsky_histogram([0.5, 1.0], [0.0, 4.0])
