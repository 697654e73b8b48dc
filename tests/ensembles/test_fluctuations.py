"""Limit covariances of traces: closed forms, and samples with standard errors and a control that fails."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import rmt
from rmt import cov
from rmt.spectra import linear_statistic

THIRD = Fraction(1, 3)


def traces(words, n, draws, seed):
    rng = np.random.default_rng(seed)
    expressions = [w._expression() for w in words]
    variables = list(dict.fromkeys(v for e in expressions for v in e.variables))
    out = np.empty((draws, len(words)), dtype=complex)
    for i in range(draws):
        drawn = {v: v._sample(n, rng) for v in variables}
        out[i] = [np.trace(e._evaluate(drawn, n)) for e in expressions]
    return out - out.mean(axis=0)


def test_gue_table():
    x = rmt.gue()
    table = {(1, 1): 1, (2, 2): 2, (1, 3): 3, (3, 3): 12, (2, 4): 8, (4, 4): 36}
    assert {k: cov(x ** k[0], x ** k[1]) for k in table} == table


@pytest.mark.parametrize("beta", [1, 2])
def test_chebyshev_polynomials_diagonalise(beta):
    """2 T_k(x/2) of a Gaussian matrix: variance 2k/β, and no covariance."""
    x = rmt.goe() if beta == 1 else rmt.gue()
    chebyshev = {1: x, 2: x**2 - 2 * _one(x), 3: x**3 - 3 * x, 4: x**4 - 4 * x**2 + 2 * _one(x)}
    for j, p in chebyshev.items():
        for k, q in chebyshev.items():
            assert cov(p, q) == (Fraction(2 * k, beta) if j == k else 0)


def _one(x):
    """Constants have no covariance: 0 stands for them."""
    return 0 * x


def test_powers_of_one_matrix_are_linear_statistics():
    """Two ways: the cosine series of x^p on the support, and counting."""
    for law, ensemble, beta in (
        (rmt.Semicircle(), rmt.goe(), 1),
        (rmt.MarchenkoPastur(THIRD), rmt.wishart(THIRD, field="complex"), 2),
        (rmt.MarchenkoPastur(2), rmt.wishart(2), 1),
    ):
        for p in (1, 2, 3):
            variance = linear_statistic(law, lambda x, p=p: x**p, beta=beta).variance
            assert float(cov(ensemble**p, ensemble**p)) == pytest.approx(variance, rel=1e-12)


def test_haar_matrices():
    u, o = rmt.haar_unitary(), rmt.haar_orthogonal()
    assert [cov(u**p, (u**q).H) for p, q in ((1, 1), (3, 3), (2, 3))] == [1, 3, 0]
    assert cov(u, u) == 0
    assert cov(o @ o, o @ o) == 2
    assert cov(o, o.H) == 1


def test_conjugation_changes_nothing():
    u, x, d = rmt.haar_unitary(), rmt.gue(), rmt.diagonal(rmt.Uniform(0, 1))
    assert cov(u @ x @ u.H, u @ x @ u.H) == 1
    assert cov(u @ d @ u.H, x) == 0
    assert cov(rmt.haar_conjugate(d, "complex"), x) == 0
    assert cov(x + d, 2 * x) == 2
    assert float(cov(x @ d, x @ d)) == pytest.approx(1 / 3)


def complex_words():
    x, y, u = rmt.gue(), rmt.gue(), rmt.haar_unitary()
    d, w = rmt.diagonal(rmt.Uniform(0, 1)), rmt.wishart(Fraction(1, 2), field="complex")
    return [
        x @ y,
        x @ x @ y @ y,
        x @ d @ x @ d,
        w @ d,
        w @ d @ w @ d,
        u @ d @ u.H @ d,
        u @ x @ u.H @ x,
        u @ d,
        (u @ d).H,
    ]


def test_samples_of_complex_words():
    """Covariances of 9 words at n = 24, 900 draws, to 5.5 standard errors and 1/n of their size."""
    words = complex_words()
    sampled = traces(words, 24, 900, 1)
    for i, v in enumerate(words):
        for j, w in enumerate(words[: i + 1]):
            products = (sampled[:, i] * sampled[:, j]).real
            error, value = products.std() / 30.0, float(cov(v, w))
            assert abs(products.mean() - value) < 5.5 * error + 0.06 * abs(value) + 1e-9, (v, w)
    # negative control: the words of another order are told
    x, y = rmt.gue(), rmt.gue()
    crossing, nested = cov(x @ y @ x @ y, x @ y @ x @ y), cov(x @ x @ y @ y, x @ x @ y @ y)
    assert (crossing, nested) == (2, 5)
    products = (sampled[:, 1] ** 2).real
    assert abs(products.mean() - float(crossing)) > 8.0 * products.std() / 30.0


def test_samples_of_real_words():
    g, w, o = rmt.goe(), rmt.wishart(Fraction(1, 2)), rmt.haar_orthogonal()
    d, p = rmt.diagonal(rmt.Uniform(0, 1)), rmt.projection(THIRD)
    words = [g @ d, w @ d, w @ g @ d, o @ d, o @ d @ o @ d, p @ d]
    sampled = traces(words, 30, 900, 2)
    for i, v in enumerate(words):
        for j, u in enumerate(words[: i + 1]):
            products = (sampled[:, i] * sampled[:, j]).real
            error, value = products.std() / 30.0, float(cov(v, u))
            assert abs(products.mean() - value) < 5.5 * error + 0.08 * abs(value) + 0.002, (v, u)


def test_bad_input():
    x = rmt.gue()
    with pytest.raises(TypeError, match="first must be a word in random matrices"):
        cov("X", x)
    with pytest.raises(ValueError, match="real or complex matrices, not both"):
        cov(x @ rmt.goe(), x)
    with pytest.raises(ValueError, match="no limit covariances are known for wigner"):
        cov(rmt.wigner("rademacher"), rmt.wigner("rademacher"))
    with pytest.raises(ValueError, match="both diagonal"):
        cov(x @ rmt.diagonal(rmt.Uniform()) @ rmt.diagonal(rmt.Uniform()), x)
    with pytest.raises(ValueError, match="no limit covariances are known for diagonal"):
        cov(x @ rmt.diagonal(rmt.Uniform(), points="random"), x)
    with pytest.raises(ValueError, match="too long"):
        cov((x @ rmt.gue()) ** 9, x)
