"""Singular values of bidiagonal matrices: full relative accuracy against mpmath, down to 1e-126."""

import math

import mpmath
import numpy as np
import pytest

from rmt.numerics.eigen import bidiagonal
from rmt.numerics.eigen.bidiagonal import bidiagonal_counts, bidiagonal_histogram, bidiagonal_singular_values

EPS = np.finfo(float).eps


def laguerre(n, m, beta, seed):
    rng = np.random.default_rng(seed)
    diagonal = np.sqrt(rng.chisquare(beta * (m - np.arange(n))) / beta)
    return diagonal, np.sqrt(rng.chisquare(beta * np.arange(n - 1, 0, -1.0)) / beta)


def exact_singular_values(d, e, digits):
    n = len(d)
    with mpmath.workdps(digits):
        matrix = mpmath.matrix(n)
        for i in range(n):
            matrix[i, i] = mpmath.mpf(float(d[i]))
        for i in range(n - 1):
            matrix[i, i + 1] = mpmath.mpf(float(e[i]))
        return sorted(mpmath.svd_r(matrix, compute_uv=False))


def wide(exponents):
    rng = np.random.default_rng(1)
    return 10.0 ** rng.uniform(*exponents, 9), 10.0 ** rng.uniform(*exponents, 8)


def clustered():
    """Rows that are nearly the same, and fall apart one by one."""
    return np.ones(9), 10.0 ** np.random.default_rng(2).uniform(-16, 0, 8)


def near_zeros():
    """Couplings that are next to nothing inside."""
    rng = np.random.default_rng(3)
    return rng.standard_normal(12), rng.standard_normal(11) * 10.0 ** np.where(np.arange(11) % 4 == 1, -14.0, 0.0)


@pytest.mark.parametrize(
    ("d", "e"),
    [
        laguerre(14, 14, 1.0, 0),
        laguerre(10, 30, 2.0, 1),
        laguerre(8, 8, 0.01, 2),
        (10.0 ** -np.arange(0, 24, 2.0), 10.0 ** -np.arange(1, 23, 2.0)),
        (10.0 ** np.arange(0, 24, 2.0), 10.0 ** np.arange(1, 23, 2.0)),
        clustered(),
        near_zeros(),
        wide((-40, 0)),
        wide((-60, 60)),
        (np.array([-1.0, 2.0, -3.0]), np.array([0.0, -1e-20])),
        (np.array([1e-200]), np.array([])),
    ],
    ids=[
        *("square", "rectangular", "beta 0.01", "graded", "graded upwards", "clustered", "near zeros", "wide"),
        *("widest", "signs", "one"),
    ],
)
def test_every_singular_value_has_full_relative_accuracy(monkeypatch, d, e):
    exact = exact_singular_values(d, e, 280)
    for largest in (bidiagonal.LARGEST_QD, 0):  # by quotients and differences, and by counts and secants
        monkeypatch.setattr(bidiagonal, "LARGEST_QD", largest)
        for value, reference in zip(bidiagonal_singular_values(d, e), exact, strict=True):
            assert abs(mpmath.mpf(float(value)) / reference - 1) < 4 * d.size * EPS


def test_both_ways_to_small_matrices_agree(monkeypatch):
    matrices = [laguerre(n, n, beta, n) for n in (2, 7, 32) for beta in (0.1, 1.0, 100.0)]
    by_qd = [bidiagonal_singular_values(d, e) for d, e in matrices]
    few = bidiagonal_singular_values(*matrices[-1], indices=(30, 32))
    np.testing.assert_array_equal(few, by_qd[-1][30:])
    monkeypatch.setattr(bidiagonal, "LARGEST_QD", 0)
    for (d, e), values in zip(matrices, by_qd, strict=True):
        np.testing.assert_allclose(values, bidiagonal_singular_values(d, e), rtol=40 * EPS, atol=0)


def test_zero_rows_give_exact_zeros():
    d, e = np.array([1.0, 0.0, 2.0, 3.0, 0.0]), np.ones(4)
    values = bidiagonal_singular_values(d, e)
    dense = np.linalg.svd(np.diag(d) + np.diag(e, 1), compute_uv=False)[::-1]
    np.testing.assert_allclose(values, dense, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(values == 0.0, [True, False, False, False, False])
    np.testing.assert_array_equal(bidiagonal_singular_values(np.zeros(3), np.zeros(2)), np.zeros(3))
    np.testing.assert_array_equal(bidiagonal_singular_values(d, e, indices=(0, 2)), values[:2])


def test_hard_edge_in_forty_digits():
    """The smallest singular value by bisection on a differential qd sequence in mpmath: an independent count."""
    n = 400
    d, e = laguerre(n, n, 1.0, 3)
    value = bidiagonal_singular_values(d, e, indices=(0, 1))[0]
    with mpmath.workdps(40):
        q = [mpmath.mpf(float(x)) ** 2 for x in d]
        r = [mpmath.mpf(float(x)) ** 2 for x in e] + [mpmath.mpf(0)]

        def below(x):
            t, count = -x, 0
            for i in range(n):
                pivot = q[i] + t
                count += pivot < 0
                t = t * r[i] / pivot - x
            return count

        low, high = (mpmath.mpf(float(value)) * (1 + s * mpmath.mpf(10) ** -9) for s in (-1, 1))
        low, high = low**2, high**2
        assert (below(low), below(high)) == (0, 1)
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if below(middle) else (middle, high)
        assert abs(mpmath.mpf(float(value)) / mpmath.sqrt(low) - 1) < 16 * EPS
    # the tridiagonal matrix B Bᵀ has forgotten most of it: the negative control
    squares = np.append(e**2, 0.0)
    lost = math.sqrt(
        abs(np.linalg.eigvalsh(np.diag(d**2 + squares) + np.diag(d[1:] * e, 1) + np.diag(d[1:] * e, -1))[0])
    )
    assert abs(lost / value - 1) > 200 * EPS


def test_divide_and_conquer_keeps_the_hard_edge():
    d, e = laguerre(3000, 3000, 2.0, 4)
    values = bidiagonal_singular_values(d, e)
    few = bidiagonal_singular_values(d, e, indices=(0, 15))
    np.testing.assert_allclose(values[:15], few, rtol=1e-13)
    assert abs(np.sum(values**2) / (np.sum(d**2) + np.sum(e**2)) - 1) < 1e-13
    # relative certificate: counts just below and just above every fiftieth value
    k = np.arange(0, 3000, 50)
    assert (bidiagonal_counts(d, e, values[k] * (1 - 1e-12)) <= k).all()
    assert (bidiagonal_counts(d, e, values[k] * (1 + 1e-12)) > k).all()


def test_histogram_and_selection_agree_with_all():
    d, e = laguerre(500, 700, 1.0, 5)
    values = bidiagonal_singular_values(d, e)
    edges = np.linspace(-1.0, 60.0, 123)
    np.testing.assert_array_equal(bidiagonal_histogram(d, e, edges), np.histogram(values, edges)[0])
    np.testing.assert_array_equal(bidiagonal_counts(d, e, [[-1.0, 0.0, np.inf]]), [[0, 0, 500]])
    np.testing.assert_allclose(bidiagonal_singular_values(d, e, indices=(490, 500)), values[490:], rtol=1e-14)


def test_bad_input():
    with pytest.raises(ValueError, match="one entry less"):
        bidiagonal_singular_values([1.0, 2.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="diagonal must be finite"):
        bidiagonal_singular_values([1.0, np.nan], [1.0])
    with pytest.raises(ValueError, match="first < last <= n = 2"):
        bidiagonal_singular_values([1.0, 2.0], [1.0], indices=(1, 3))
    with pytest.raises(ValueError, match="NaN"):
        bidiagonal_counts([1.0], [], [np.nan])


def test_singular_values_of_1e_245_of_the_norm():
    """The determinant is the product of the diagonal; it was once off by a fifth."""
    couplings = 10.0 ** np.random.default_rng(37).uniform(-8, 8, 399)
    values = bidiagonal_singular_values(couplings[::2], couplings[1::2])
    assert values.min() < 1e-244 * values.max()
    assert abs(np.log(values).sum() - np.log(couplings[::2]).sum()) < 1e-11
