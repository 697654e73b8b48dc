"""Finite free convolutions: enumeration over signed permutations, sampling, Hermite and Laguerre, the free limit."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

import rmt
from rmt.exact.finite import (
    MonicPolynomial,
    derivative,
    finite_boxplus,
    finite_boxtimes,
    finite_free_power,
    finite_rectangular_boxplus,
    gaussian_polynomial,
    largest_root_bound,
    poisson_polynomial,
)


def characteristic(matrix):
    """Coefficients of det(x − M) of a whole matrix, by Faddeev and Le Verrier."""
    n = len(matrix)
    m, out = np.zeros((n, n), dtype=object), [1]
    for k in range(1, n + 1):
        m = matrix.dot(m) + out[-1] * np.eye(n, dtype=int).astype(object)
        out.append(-Fraction(int(np.trace(matrix.dot(m))), k))
    return out


def symmetric(n, seed):
    a = np.random.default_rng(seed).integers(-3, 4, (n, n))
    return (a + a.T).astype(object)


def signed_permutations(n):
    for places in itertools.permutations(range(n)):
        for signs in itertools.product((1, -1), repeat=n):
            q = np.zeros((n, n), dtype=object)
            q[range(n), places] = signs
            yield q


@pytest.mark.parametrize("n", [2, 3, 4])
def test_means_over_signed_permutations(n):
    a, b = symmetric(n, n), symmetric(n, n + 10)
    sums, products, count = np.zeros(n + 1, dtype=object), np.zeros(n + 1, dtype=object), 0
    for q in signed_permutations(n):
        turned = q.dot(b).dot(q.T)
        sums, products = sums + characteristic(a + turned), products + characteristic(a.dot(turned))
        count += 1
    p, q = (MonicPolynomial.from_coefficients(characteristic(m)) for m in (a, b))
    assert finite_boxplus(p, q).coefficients == tuple(Fraction(c) / count for c in sums)
    assert finite_boxtimes(p, q).coefficients == tuple(Fraction(c) / count for c in products)


@pytest.mark.parametrize(("n", "excess"), [(2, 0), (2, 1)])
def test_rectangular_means_over_signed_permutations(n, excess):
    rng = np.random.default_rng(1)
    a, b = (rng.integers(-3, 4, (n, n + excess)).astype(object) for _ in range(2))
    total, count = np.zeros(n + 1, dtype=object), 0
    for q in signed_permutations(n):
        for r in signed_permutations(n + excess):
            c = a + q.dot(b).dot(r)
            total, count = total + characteristic(c.dot(c.T)), count + 1
    p, q = (MonicPolynomial.from_coefficients(characteristic(m.dot(m.T))) for m in (a, b))
    assert finite_rectangular_boxplus(p, q, excess).coefficients == tuple(Fraction(c) / count for c in total)


def test_means_over_the_orthogonal_group_by_sampling():
    """The elementary symmetric functions of A + QBQᵀ, n = 8, within five standard errors; n = 7 is told."""
    n, draws = 8, 2000
    a, b = np.diag(np.linspace(-1.0, 1.0, n)), np.diag(np.arange(n) % 3.0)
    rng = np.random.default_rng(3)
    values = np.empty((draws, n + 1))
    for i in range(draws):
        q, r = np.linalg.qr(rng.standard_normal((n, n)))
        q = q * np.sign(np.diag(r))
        values[i] = np.poly(a + q @ b @ q.T)
    mean, error = values.mean(axis=0)[1:], values.std(axis=0)[1:] / math.sqrt(draws)
    exact = np.array([float(c) for c in finite_boxplus(np.diag(a), np.diag(b)).coefficients])[1:]
    assert (np.abs(mean - exact) < 5.0 * error + 1e-10).all()
    wrong = np.array([float(c) for c in finite_boxplus(np.diag(a), 1.02 * np.diag(b)).coefficients])[1:]
    assert (np.abs(mean - wrong) > 5.0 * error).any()


def test_hermite_and_laguerre():
    n = 20
    hermite = np.polynomial.hermite_e.hermegauss(n)[0] / math.sqrt(n)
    assert np.abs(gaussian_polynomial(n).roots() - hermite).max() < 1e-13
    from scipy.special import roots_genlaguerre

    laguerre = roots_genlaguerre(n, n)[0] / n  # rate 2: exponent (rate − 1) n
    assert np.abs(poisson_polynomial(n, 2).roots() / laguerre - 1.0).max() < 1e-11
    assert gaussian_polynomial(n).cumulants() == (0, 1, *[0] * (n - 2))
    assert poisson_polynomial(n, 3).cumulants(6) == (3,) * 6
    both = finite_boxplus(gaussian_polynomial(n), gaussian_polynomial(n, 3))
    assert both == gaussian_polynomial(n, 4)
    assert finite_boxplus(poisson_polynomial(n, 1), poisson_polynomial(n, 2)) == poisson_polynomial(n, 3)


def test_cumulants_add_and_powers_scale_them():
    p = MonicPolynomial.from_roots([0, 1, 3, Fraction(7, 2), -2])
    q = MonicPolynomial.from_roots([1, 1, 2, 5, 0])
    total = finite_boxplus(p, q).cumulants()
    assert total == tuple(a + b for a, b in zip(p.cumulants(), q.cumulants(), strict=True))
    assert finite_free_power(p, Fraction(5, 2)).cumulants() == tuple(Fraction(5, 2) * c for c in p.cumulants())
    assert finite_free_power(p, 2) == finite_boxplus(p, p)


def test_cumulants_tend_to_free_ones():
    free = rmt.Rademacher().free_cumulants(6)
    errors = []
    for n in (80, 160, 320):
        finite = MonicPolynomial.from_roots([1] * (n // 2) + [-1] * (n // 2)).cumulants(6)
        errors.append(max(abs(float(a) - b) for a, b in zip(finite, free, strict=True)))
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.12)
    assert errors[1] / errors[2] == pytest.approx(2.0, abs=0.06)


def test_roots_tend_to_the_free_sum_like_one_over_n():
    distances = []
    for n in (50, 100, 200):
        half = [1] * (n // 2) + [-1] * (n // 2)
        roots = finite_boxplus(half, half).roots()
        distances.append(np.abs(roots - rmt.Arcsine(2).ppf((np.arange(n) + 0.5) / n)).max())
    assert distances == pytest.approx([0.0314, 0.0162, 0.0082], abs=2e-4)


def test_roots_of_degree_500():
    half = [1] * 250 + [-1] * 250
    p = finite_boxplus(half, half)
    roots = p.roots()
    assert np.abs(roots + roots[::-1]).max() < 1e-14  # even
    # closed forms of sums of powers, and the largest root against 60 digits of Newton's method
    squares = math.fsum((roots**2).tolist())
    assert squares == pytest.approx(float(p.elementary[1] ** 2 - 2 * p.elementary[2]), rel=1e-14)
    import mpmath

    from rmt.exact.horner import with_derivative

    with mpmath.workdps(400):
        coefficients = [mpmath.mpf(c.numerator) / c.denominator for c in p.coefficients]
        for k in (0, 137, 499):
            x = mpmath.mpf(float(roots[k]))
            value, slope = with_derivative(coefficients, x)
            assert abs(value / slope) < 1e-15


def test_product_with_projections():
    """⊠ of projections of rank k is a Jacobi polynomial with n − 2k zeros at 0."""
    n, k = 12, 8
    p = [1] * k + [0] * (n - k)
    roots = finite_boxtimes(p, p).roots()
    assert np.abs(roots[: n - k]).max() < 1e-14
    assert (roots[n - k :] > 0.01).all()
    assert math.fsum(roots.tolist()) == pytest.approx(k * k / n, rel=1e-13)


def test_derivatives_follow_the_free_power():
    """The roots of the derivative of order (1 − t) n against the free power 1/t dilated by t, as 1/n."""
    t = Fraction(1, 2)
    law = float(t) * rmt.free_power(rmt.Rademacher(), 1 / t)
    distances = []
    for n in (40, 80, 160):
        roots = derivative([1] * (n // 2) + [-1] * (n // 2), n - int(t * n)).roots()
        distances.append(np.abs(roots - law.ppf((np.arange(len(roots)) + 0.5) / len(roots))).max())
    assert distances[0] / distances[1] == pytest.approx(2.0, abs=0.25)
    assert distances[1] / distances[2] == pytest.approx(2.0, abs=0.15)


def test_bound_on_the_largest_root():
    rng = np.random.default_rng(5)
    for _ in range(4):
        p, q = rng.standard_normal(12), rng.exponential(size=12)
        largest = finite_boxplus(p, q).roots()[-1]
        bound = largest_root_bound(p, q)
        assert largest <= bound < p.max() + q.max()
    assert largest_root_bound([-1, 1] * 3, [-1, 1] * 3) == pytest.approx(2.0, abs=1e-9)


def test_results_do_not_depend_on_the_integers(monkeypatch):
    """python-flint's integers only make it faster."""
    from rmt.exact import real_rooted

    p = finite_boxplus([0, 1, 4, 4, 9], [Fraction(1, 3), 2, 2, 2, 5])
    monkeypatch.setattr(real_rooted, "big_integers", list)
    again = finite_boxplus([0, 1, 4, 4, 9], [Fraction(1, 3), 2, 2, 2, 5])
    assert again == p
    assert (real_rooted.roots_of(p.elementary) == p.roots()).all()


def test_multiple_roots():
    assert np.allclose(MonicPolynomial.from_roots([1] * 5 + [2] * 3 + [0.5]).roots(), [0.5] + [1] * 5 + [2] * 3)
    assert (MonicPolynomial.from_roots([Fraction(1, 2)] * 4).roots() == 0.5).all()


def test_bad_input():
    with pytest.raises(ValueError, match="equal degrees, got 2 and 3"):
        finite_boxplus([0, 1], [0, 1, 2])
    with pytest.raises(ValueError, match="roots that are not real"):
        MonicPolynomial.from_coefficients([1, 0, 1]).roots()
    with pytest.raises(ValueError, match="roots that are not real"):
        finite_boxplus(MonicPolynomial.from_coefficients([1, 0, 9]), [-1, 1]).roots()
    with pytest.raises(TypeError, match="p must be a sequence of roots"):
        finite_boxplus("roots", [1])
    with pytest.raises(TypeError, match="a root must be"):
        finite_boxplus([1, None], [0, 1])
    with pytest.raises(ValueError, match="must not be 0"):
        MonicPolynomial.from_coefficients([0, 1])
    with pytest.raises(ValueError, match=">= 0"):
        finite_rectangular_boxplus([1], [1], -1)
