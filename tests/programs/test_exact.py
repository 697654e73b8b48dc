"""Exact limits and exact means at finite width."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from programs.examples import wishart, word

from rmt.combinatorics import pairings
from rmt.ensembles.entries import as_entries
from rmt.programs import Program


@pytest.mark.parametrize("law", ["gaussian", "rademacher", "uniform", "laplace", "exponential"])
def test_fourth_moment_at_finite_width(law):
    """E (1/n) tr (W W')² = 2 + (kurtosis − 2)/n."""
    P = wishart(2)
    for n in (1, 2, 9, 100):
        value = P.exact_mean(n, P.outputs[1], entries=law)
        assert value == 2 + (Fraction(as_entries(law).kurtosis).limit_denominator(1000) - 2) / n


def ginibre_word(letters, n):
    """E (1/n) tr of a word in W and w = W' with Gaussian entries: n^(loops − pairs − 1) over all pairings."""
    size, total = len(letters), Fraction(0)
    for pairing in pairings(size):
        root = list(range(size))

        def find(i, root=root):
            while root[i] != i:
                i = root[i]
            return i

        for a, b in pairing:
            a, b = a - 1, b - 1
            rows = [(k, (k + 1) % size) if letters[k] == "W" else ((k + 1) % size, k) for k in (a, b)]
            for i, j in zip(*rows, strict=True):
                root[find(i)] = find(j)
        loops = len({find(i) for i in range(size)})
        total += Fraction(n) ** (loops - size // 2 - 1)
    return total


@pytest.mark.parametrize("letters", ["Ww", "WWww", "WwWw", "WWwWww", "WWWwww", "WWWW"])
def test_gaussian_words_by_the_genus_expansion(letters):
    for n in (2, 5, 30):
        assert word(letters).exact_mean(n) == ginibre_word(letters, n)


def test_exact_means_tend_to_exact_limits():
    P = Program()
    W, (u, t), v = P.matrix(), P.vectors([[1, Fraction(1, 2)], [Fraction(1, 2), 2]]), P.vector("uniform")
    g = W @ (u * t + v)
    y = W.T @ (g**2 + g)
    P.mean(y * u * v)
    P.mean(g**4)
    P.mean(v * y * P.mean(u * t))
    limits = P.exact_limit()
    np.testing.assert_allclose(P.limit(), [float(x) for x in limits], atol=1e-9)
    gaps = [[abs(a - b) * n for a, b in zip(P.exact_mean(n), limits, strict=True)] for n in (10**4, 10**6)]
    for near, far in zip(*gaps, strict=True):
        assert abs(near - far) <= 0.02 * abs(far) + Fraction(1, 100)


def test_exact_mean_against_sampling_with_skewed_entries():
    P = Program()
    W, v = P.matrix(), P.vector()
    g = W @ v**2
    P.mean(g**3)
    expected = float(P.exact_mean(49, entries="exponential"))
    drawn = P.sample(49, rng=0, trials=2000, entries="exponential")
    error = drawn.std(ddof=1) / 2000**0.5
    assert abs(drawn.mean() - expected) < 5.5 * error
    assert abs(drawn.mean() - float(P.exact_limit())) > 6 * error


def test_maps_that_are_polynomials():
    P = Program()
    W, v = P.matrix(), P.vector()
    P.mean(P.map(lambda x: (x**2 + 1) / 2, W @ v))
    assert P.exact_limit() == 1
    assert P.exact_mean(7) == 1
    P = Program()
    P.mean(np.tanh(P.vector()))
    for method in (P.exact_limit, lambda: P.exact_mean(5)):
        with pytest.raises(ValueError, match="tanh"):
            method()


def test_too_many_indices_are_refused():
    P = wishart(6)
    with pytest.raises(ValueError, match="10 are accepted"):
        P.exact_mean(5)


def test_infinite_moments_are_refused():
    with pytest.raises(ValueError, match="E x\\^4"):
        wishart(2).exact_mean(5, entries="cube_root_cauchy")


def random_polynomial_program(rng):
    """A program of a few random steps with polynomial maps, two matrices used again, and rectangular ones."""
    P, share = Program(), Fraction(int(rng.integers(1, 4)), 2)
    matrices = [P.matrix(), P.matrix(share, 1, variance=Fraction(1, 2))]
    vectors = {Fraction(1): [P.vector("rademacher"), *P.vectors([[1, Fraction(1, 2)], [Fraction(1, 2), 1]])]}
    scalars = [P.mean(vectors[1][0] ** 2)]

    def one(size):
        return vectors[size][rng.integers(len(vectors[size]))]

    for _ in range(6):
        kind, size = rng.integers(4), list(vectors)[rng.integers(len(vectors))]
        W = matrices[rng.integers(2)]
        if kind == 0 and W.rows in vectors:
            vectors.setdefault(Fraction(W.columns), []).append(W.T @ one(W.rows))
        elif kind == 1:
            vectors.setdefault(Fraction(W.rows), []).append(W @ one(Fraction(W.columns)))
        elif kind == 2:
            x, y = one(size), one(size)
            vectors[size].append(x * y if rng.random() < 0.4 else x - 2 * scalars[-1] * y)
        else:
            scalars.append(P.mean(vectors[size][-1] * one(size)))
    scalars.append(P.mean(vectors[1][-1] * one(Fraction(1))))
    return P, scalars


@pytest.mark.parametrize("seed", range(8))
def test_random_polynomial_programs_have_one_limit(seed):
    """In exact arithmetic by Wick's formula, and by quadrature with Stein's identity."""
    rng = np.random.default_rng(seed)
    for _ in range(12):
        P, scalars = random_polynomial_program(rng)
        exact = [float(x) for x in P.exact_limit(scalars)]
        np.testing.assert_allclose(P.limit(scalars), exact, rtol=1e-9, atol=1e-9, err_msg=str(P))
