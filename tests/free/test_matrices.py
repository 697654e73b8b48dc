"""Laws against eigenvalues of matrices built by hand, at dimension 1000: every kind of expression, each with a control.

Eigenvalues of matrices of this kind are rigid: n times their Kolmogorov-Smirnov distance from the law is of order
log n (Erdős, Schlein and Yau 2009; Bao, Erdős and Schnelli 2017), where independent points would have sqrt(n). The
control is a law with one parameter off, too little for independent points to show.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.linalg
from cases import long_beyond

from rmt.free import (
    CircularElement,
    CompoundFreePoisson,
    HaarUnitary,
    boxplus,
    boxtimes,
    compress,
    free_power,
    mixture,
    multiplicative_power,
    outliers,
    polynomial_law,
    rectangular_boxplus,
)
from rmt.laws import Atomic, MarchenkoPastur, Rademacher, Semicircle, Uniform, squared

pytestmark = pytest.mark.slow

N = 1000
SIGNS = Atomic((-1, 1), (0.4, 0.6))
SCALES = Atomic((1, 4), (0.75, 0.25))
LINE = Uniform(-1, 1)


def gaussian(rng, rows, columns=None):
    return rng.standard_normal((rows, columns or rows))


def haar(rng, n):
    q, r = np.linalg.qr(gaussian(rng, n))
    return q * np.sign(np.diag(r))


def semicircular(rng, variance=1.0):
    g = gaussian(rng, N)
    return (g + g.T) * math.sqrt(variance / (2 * N))


def wishart(rng, ratio):
    columns = round(N / ratio)
    g = gaussian(rng, N, columns)
    return g @ g.T / columns


def points(law, n=N):
    """Quantiles, which are within 1/(2n) of the law."""
    return law.ppf((np.arange(n) + 0.5) / n)


def turned(rng, law):
    """Eigenvalues of a law with uniformly distributed eigenvectors."""
    q = haar(rng, N)
    return (q * points(law)) @ q.T


def spread(diagonal, other):
    """D^(1/2) X D^(1/2), with the eigenvalues of D X."""
    root = np.sqrt(diagonal)
    return root[:, None] * other * root


def sum_of_three(rng):
    return semicircular(rng, 0.25) + np.diag(points(LINE)) + wishart(rng, 0.5)


def sum_law(variance):
    return boxplus(Semicircle(0, variance), LINE, MarchenkoPastur(0.5))


def sample_covariance(rng):
    return spread(points(SCALES), wishart(rng, 0.25))


def signed_product(rng):
    return spread(points(SCALES), turned(rng, SIGNS))


def square(rng):
    return spread(points(SCALES), turned(rng, SCALES))


def nested(rng):
    return spread(points(SCALES), wishart(rng, 0.5) + turned(rng, LINE))


def corner(rng):
    return turned(rng, SIGNS)[:600, :600]


def sum_of_copies(rng):
    return np.diag(points(SIGNS)) + turned(rng, SIGNS) + turned(rng, SIGNS)


def compound_poisson(rng):
    g = gaussian(rng, N, 2 * N)
    return (g * points(SIGNS, 2 * N)) @ g.T / N


def rectangular(rng):
    """Singular values 1 and 2, turned on both sides, plus a matrix of entries, 500 x 1000."""
    rows = N // 2
    fixed = (haar(rng, rows) * np.sqrt(points(SCALES, rows))) @ haar(rng, N)[:rows]
    x = fixed + gaussian(rng, rows, N) * math.sqrt(0.5 / N)
    return x @ x.T


def anticommutator(rng):
    x, y = wishart(rng, 2.0), np.diag(points(SIGNS))
    return x @ y + y @ x


def commutator(rng):
    x, y = semicircular(rng), wishart(rng, 0.5)
    return 1j * (x @ y - y @ x)


def three_variables(rng):
    x, y, z = semicircular(rng), wishart(rng, 0.5), turned(rng, SIGNS)
    return x @ y @ x + y @ z + z @ y + 0.5 * z


def mixed_words(rng):
    a, u, y = gaussian(rng, N) / math.sqrt(N), haar(rng, N), np.diag(points(LINE))
    return a @ y @ a.T + u @ y + y @ u.T


def squared_sum(rng):
    x = semicircular(rng) + np.diag(points(SIGNS))
    return x @ x


X, Y, Z = 0, 1, 2
ANTICOMMUTATOR = {(X, Y): 1, (Y, X): 1}
COMMUTATOR = {(X, Y): 1j, (Y, X): -1j}


def three_law(shift):
    terms = {(X, Y, X): 1, (Y, Z): 1, (Z, Y): 1, (Z,): shift}
    return polynomial_law(terms, [Semicircle(), MarchenkoPastur(0.5), SIGNS])


def mixed_law(share):
    terms = {(0, 2, ~0): share, (1, 2): 1, (2, ~1): 1}
    return polynomial_law(terms, [CircularElement(), HaarUnitary(), LINE])


# matrix, law, the same with a parameter off
CASES = {
    "sum": (sum_of_three, lambda: sum_law(0.25), lambda: sum_law(0.33)),
    "product": (
        sample_covariance,
        lambda: boxtimes(SCALES, MarchenkoPastur(0.25)),
        lambda: boxtimes(SCALES, MarchenkoPastur(0.3)),
    ),
    "product with signs": (
        signed_product,
        lambda: boxtimes(SIGNS, SCALES),
        lambda: boxtimes(SIGNS, Atomic((1, 4.2), (0.75, 0.25))),
    ),
    "multiplicative power": (
        square,
        lambda: multiplicative_power(SCALES, 2),
        lambda: multiplicative_power(SCALES, 2.1),
    ),
    "product of a sum": (
        nested,
        lambda: boxtimes(boxplus(MarchenkoPastur(0.5), LINE), SCALES),
        lambda: boxtimes(boxplus(MarchenkoPastur(0.5), 1.1 * LINE), SCALES),
    ),
    "compression": (corner, lambda: compress(SIGNS, 0.6), lambda: compress(SIGNS, 0.63)),
    "free power": (sum_of_copies, lambda: free_power(SIGNS, 3), lambda: free_power(SIGNS, 3.1)),
    "real free power": (
        lambda rng: corner(rng) / 0.6,
        lambda: free_power(SIGNS, 1 / 0.6),
        lambda: free_power(SIGNS, 1.6),
    ),
    "compound Poisson": (
        compound_poisson,
        lambda: CompoundFreePoisson(2, SIGNS),
        lambda: CompoundFreePoisson(2, Atomic((-1, 1), (0.38, 0.62))),
    ),
    "rectangular": (
        rectangular,
        lambda: rectangular_boxplus(SCALES, MarchenkoPastur(0.5, 0.5), 0.5),
        lambda: rectangular_boxplus(SCALES, MarchenkoPastur(0.5, 0.57), 0.5),
    ),
    "push-forward": (
        squared_sum,
        lambda: squared(boxplus(Semicircle(), SIGNS)),
        lambda: squared(boxplus(Semicircle(0, 1.1), SIGNS)),
    ),
    "anticommutator": (
        anticommutator,
        lambda: polynomial_law(ANTICOMMUTATOR, [MarchenkoPastur(2), SIGNS]),
        lambda: polynomial_law(ANTICOMMUTATOR, [MarchenkoPastur(2.1), SIGNS]),
    ),
    "commutator": (
        commutator,
        lambda: polynomial_law(COMMUTATOR, [Semicircle(), MarchenkoPastur(0.5)]),
        lambda: polynomial_law(COMMUTATOR, [Semicircle(), MarchenkoPastur(0.56)]),
    ),
    "three variables": (three_variables, lambda: three_law(0.5), lambda: three_law(0.6)),
    "circular and Haar": (mixed_words, lambda: mixed_law(1.0), lambda: mixed_law(1.1)),
}


def distance(values, law, step=1):
    """Kolmogorov-Smirnov distance; eigenvalues within rounding of an atom count into it.

    A lower bound of it from every `step`-th eigenvalue only.
    """
    for position, _ in law.atoms:
        values = np.where(np.abs(values - position) < 1e-9, position, values)
    x, counts = np.unique(values, return_counts=True)
    above = np.cumsum(counts) / len(values)
    x, counts, above = x[::step], counts[::step], above[::step]
    jumps = sum(mass * (x == position) for position, mass in law.atoms) if law.atoms else 0.0
    cdf = law.cdf(x)
    return max(np.abs(cdf - above).max(), np.abs(cdf - jumps - above + counts / len(values)).max())


def check(values, law, wrong):
    tolerance = math.log(len(values)) / len(values)
    assert distance(values, law) < tolerance
    assert distance(values, wrong, step=8) > tolerance


@pytest.mark.parametrize("name", long_beyond(CASES, 6))
def test_expressions(name):
    matrix, law, wrong = CASES[name]
    check(np.linalg.eigvalsh(matrix(np.random.default_rng(1))), law(), wrong())


def test_block_diagonal_matrices_are_mixtures():
    rng = np.random.default_rng(2)
    share = 0.5
    first = np.linalg.eigvalsh(semicircular(rng, 0.25) + np.diag(points(SIGNS)))
    values = np.concatenate([first, np.linalg.eigvalsh(wishart(rng, 0.5))])

    def law(weight):
        return mixture(boxplus(Semicircle(0, 0.25), SIGNS), MarchenkoPastur(0.5), weights=(weight, 1 - weight))

    check(values, law(share), law(share + 0.01))


# ---------------------------------------------------------------------- spikes
def top(matrix):
    """The largest eigenvalue and the squared first entry of its eigenvector."""
    values, vectors = scipy.linalg.eigh(matrix, subset_by_index=[len(matrix) - 1, len(matrix) - 1])
    return values[0], vectors[0, 0] ** 2


def spiked_sum(rng):
    """A spike in the deterministic term of a deformed Wigner matrix."""
    diagonal = points(SIGNS)
    diagonal[0] = 2.0
    return semicircular(rng, 0.25) + np.diag(diagonal)


def spiked_covariance(rng):
    """A spike among the eigenvalues of a population."""
    diagonal = points(SCALES)
    diagonal[0] = 8.0
    return spread(diagonal, wishart(rng, 0.25))


def spiked_line(rng):
    """A spike added to a matrix with uniformly distributed eigenvectors."""
    x = turned(rng, LINE)
    x[0, 0] += 1.5
    return x


SPIKES = {
    "factor of a sum": (spiked_sum, lambda: outliers(boxplus(SIGNS, Semicircle(0, 0.25)), 2.0, factor=0)),
    "factor of a product": (
        spiked_covariance,
        lambda: outliers(boxtimes(SCALES, MarchenkoPastur(0.25)), 8.0, factor=0),
    ),
    "any law": (spiked_line, lambda: outliers(LINE, 1.5)),
}


@pytest.mark.parametrize("name", SPIKES)
def test_outliers_and_overlaps(name):
    """Both fluctuate by order n^(-1/2), relative to the scale of the bulk and to 1."""
    matrix, predicted = SPIKES[name]
    found = predicted()[-1]
    rng = np.random.default_rng(4)
    draws = [top(matrix(rng)) for _ in range(3)]
    position, overlap = np.mean(draws, axis=0)
    tolerance = 6 / math.sqrt(3 * N)

    def accepted(claim, share):
        return abs(position / claim - 1) < tolerance and abs(overlap - share) < tolerance

    assert accepted(found.position, found.overlap)
    assert not accepted(found.spike, 1.0)  # what a spike without noise would be


@pytest.mark.parametrize(
    ("outer", "inner", "jumps"),
    [
        (2, Fraction(1, 2), Uniform(1, 2)),
        (Fraction(1, 2), 3, Uniform(-1, 2)),
        (2, Fraction(1, 3), Rademacher()),
    ],
)
def test_compound_laws_of_compound_laws(outer, inner, jumps):
    """A S T S* A*: a product around A* A, against the equations of the sandwich itself."""
    law = CompoundFreePoisson(outer, 2 * CompoundFreePoisson(inner, jumps))
    other = CompoundFreePoisson(outer, 2 * CompoundFreePoisson(inner, jumps, closed_form=False), closed_form=False)
    assert law.moments(6, exact=True) == other.moments(6, exact=True)
    x = np.linspace(*other._hull(), 9)[1:-1]
    assert law.cdf(x) == pytest.approx(other.cdf(x), abs=1e-12)
    assert abs(law.cdf(x) - (1.01 * law).cdf(x)).max() > 1e-4


def test_the_hard_edge_of_nested_compound_laws():
    """n x 2n times 2n x n: the density of x ~ x^(-1/2) at 0 for one such pair, x^(-2/3) with a third factor."""
    half = Fraction(1, 2)
    for jumps, exponent in ((Uniform(1, 2), -1 / 2), (MarchenkoPastur(), -2 / 3)):
        edge = CompoundFreePoisson(2, CompoundFreePoisson(half, jumps)).support[0]
        assert (edge.low, edge.low_exponent) == (0.0, pytest.approx(exponent, abs=1e-12))
