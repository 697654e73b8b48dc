import math
import pickle
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from rmt.combinatorics import boxplus_moments, boxtimes_moments, fuss_catalan
from rmt.errors import ConvergenceError
from rmt.free import boxtimes
from rmt.free.polynomials.linearisation import linearise
from rmt.free.polynomials.polynomial_law import CircularElement, HaarUnitary, PolynomialLaw, polynomial_law
from rmt.laws.atomic import Atomic, Bernoulli, Rademacher
from rmt.laws.maps.pushforward import squared
from rmt.laws.named.classical_laws import Arcsine
from rmt.laws.named.marchenko_pastur import FreePoisson, MarchenkoPastur
from rmt.laws.named.semicircle import Semicircle
from rmt.laws.named.uniform import Uniform

S, M = Semicircle(), MarchenkoPastur()
COIN = Atomic((-1, 1), (Fraction(1, 2), Fraction(1, 2)))


def projection(trace):
    return Atomic((0, 1), (1 - trace, trace))


ANTICOMMUTATOR = {(0, 1): 1, (1, 0): 1}
COMMUTATOR = {(0, 1): 1j, (1, 0): -1j}
EDGE = math.sqrt((11 + 5 * math.sqrt(5)) / 2)


@pytest.fixture(scope="module")
def anticommutator():
    return polynomial_law(ANTICOMMUTATOR, [S, S])


def cubic_density(x):
    """G of xy + yx solves z G³ + G² − z G + 1 = 0, from K(g) = 1/g + 2g/(1 − g²) (Nica-Speicher 1998)."""
    guess = max(np.roots([x, 1, -x, 1]), key=lambda g: g.imag)
    with mpmath.workdps(30):
        root = mpmath.findroot(lambda g: ((x * g + 1) * g - x) * g + 1, mpmath.mpc(guess))
        return float(root.imag / mpmath.pi)


def gauss_moments(law, order, nodes=400):
    """Moments by the midpoint rule in θ, which converges geometrically for edges with exponents ±1/2."""
    total = [sum(mass * x**k for x, mass in law.atoms) for k in range(order + 1)]
    for interval in law.support:
        theta = (np.arange(nodes) + 0.5) * math.pi / nodes
        half = 0.5 * (interval.high - interval.low)
        x = 0.5 * (interval.low + interval.high) - half * np.cos(theta)
        weights = math.pi / nodes * half * np.sin(theta) * law.pdf(x)
        total = [t + float(weights @ x**k) for k, t in enumerate(total)]
    return total


# ---------------------------------------------------------------------- linearisation
POLYNOMIALS = [
    (ANTICOMMUTATOR, {0, 1}, 3),
    (COMMUTATOR, {0, 1}, 3),
    ({(0, 0): 1}, {0}, 2),
    ({(0, 1, 0): 1, (1,): 2, (): 0.5}, {0, 1}, 3),
    ({(0, 1): 1, (1, 0): 1, (1, 2): 1, (2, 1): 1, (0, 2): 1, (2, 0): 1}, {0, 1, 2}, 4),
    ({(0, 1, ~0): 1, (0,): 1 + 1j, (~0,): 1 - 1j}, {1}, 3),
    ({(0, ~0): 2}, set(), 2),
    ({(0, 0, 1, 1): 1, (1, 1, 0, 0): 1}, {0, 1}, 7),
    ({(0,) * 5: 1, (0, 0, 0): -2, (0,): 1}, {0}, 5),
    ({(0, 0): 0.1, (0, 1): 1 + 2j, (1, 0): 1 - 2j, (1, 1): -0.2}, {0, 1}, 3),
]


@pytest.mark.parametrize(("terms", "hermitian", "size"), POLYNOMIALS)
def test_linearisation_has_the_resolvent_in_its_corner_and_minimal_size(terms, hermitian, size):
    rng = np.random.default_rng(0)
    n = 4
    matrices = {}
    for variable in {max(x, ~x) for word in terms for x in word}:
        a = rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))
        matrices[variable] = a + a.conj().T if variable in hermitian else a
        matrices[~variable] = matrices[variable].conj().T
    p = sum(c * np.linalg.multi_dot([np.eye(n), *(matrices[x] for x in word), np.eye(n)]) for word, c in terms.items())
    pencil = linearise(terms, frozenset(hermitian))
    z = 0.3 + 0.7j
    full = np.kron(-pencil.constant, np.eye(n))
    for letter, a in pencil.coefficients.items():
        full = full - np.kron(a, matrices[letter])
    full[:n, :n] += z * np.eye(n)
    np.testing.assert_allclose(np.linalg.inv(full)[:n, :n], np.linalg.inv(z * np.eye(n) - p), rtol=0, atol=1e-10)
    assert pencil.dimension == size
    block = np.linalg.det(full[n:, n:])
    assert abs(block - (-1) ** (pencil.negative * n)) < 1e-8


# ---------------------------------------------------------------------- exact moments
def test_moments_are_exact_fractions(anticommutator):
    # free cumulants 2, 2, 2, ... in even orders
    assert anticommutator.moments(6, exact=True) == (0, 2, 0, 10, 0, 66)
    assert anticommutator.free_cumulants(8, exact=True) == (0, 2) * 4
    assert polynomial_law(COMMUTATOR, [S, S]).moments(8, exact=True) == anticommutator.moments(8, exact=True)


def test_moments_agree_with_free_products_and_sums_of_sequences():
    third = MarchenkoPastur(Fraction(1, 3))
    square = [Fraction(m) for m in S._exact_moments(12)[2::2]]
    compressed = polynomial_law({(0, 1, 0): 1}, [S, third]).moments(6, exact=True)
    assert list(compressed) == boxtimes_moments(square, third._exact_moments(6)[1:])
    sum_of_squares = polynomial_law({(0, 0): 1, (1, 1): 2}, [COIN, S]).moments(5, exact=True)
    assert list(sum_of_squares) == boxplus_moments([1] * 5, [2**k * m for k, m in enumerate(square[:5], start=1)])
    circular = polynomial_law({(0, ~0): 1}, [CircularElement(Fraction(1, 2))])
    assert circular.moments(6, exact=True) == tuple(fuss_catalan(1, k) * Fraction(1, 2**k) for k in range(1, 7))
    product = polynomial_law({(0, 1, ~1, ~0): 1}, [CircularElement(), CircularElement()])
    assert product.moments(5, exact=True) == tuple(fuss_catalan(2, k) for k in range(1, 6))


def test_mixed_moments_by_hand():
    # τ((xy + yx)²) = 2 τ(xyxy) + 2 τ(x²y²), with τ(xyxy) = m1² y2 + x2 n1² − m1² n1² for free x, y
    law = polynomial_law(ANTICOMMUTATOR, [M, COIN])
    assert law.moments(2, exact=True) == (0, 2 * 1 + 2 * 2)


# ---------------------------------------------------------------------- values against closed forms
def test_anticommutator_density(anticommutator):
    x = np.linspace(-EDGE, EDGE, 402)[1:-1]
    density, error = anticommutator.pdf(x, return_error=True)
    exact = np.array([cubic_density(v) for v in x])
    assert np.abs(density - exact).max() < 1e-13
    assert (np.abs(density - exact) <= error + 1e-16).all()
    assert np.median(error) < 1e-13
    assert abs(anticommutator.pdf(0.0) - 1 / math.pi) < 1e-14


@pytest.mark.parametrize("terms", [ANTICOMMUTATOR, COMMUTATOR])
def test_edges_of_the_anticommutator_and_commutator(terms):
    (interval,) = polynomial_law(terms, [S, S]).support
    assert abs(interval.high - EDGE) <= 8e-15
    assert abs(interval.low + EDGE) <= 8e-15
    assert (interval.low_exponent, interval.high_exponent) == (0.5, 0.5)
    assert abs(interval.mass - 1.0) < 1e-14


def test_distribution_function_without_integration(anticommutator):
    from scipy.integrate import quad

    for x in (-3.3, -2.0, -0.5, 0.7, 3.0):
        reference = quad(cubic_density, x, EDGE, epsabs=1e-11, epsrel=1e-11, limit=200)[0]
        assert abs(anticommutator.sf(x) - reference) < 1e-9
    cdf, error = anticommutator.cdf(0.0, return_error=True)
    assert abs(cdf - 0.5) <= error < 1e-13
    assert anticommutator.cdf(-EDGE - 0.1) == 0.0
    assert anticommutator.sf(EDGE + 0.1) == 0.0


def test_transforms_off_the_axis(anticommutator):
    z = np.array([0.4 + 0.3j, -2.0 + 0.01j, 5.0 + 2.0j, -7.0 - 1.0j])
    g = anticommutator.stieltjes(z)
    assert np.abs(z * g**3 + g**2 - z * g + 1).max() < 1e-13
    assert ((g.imag < 0) == (z.imag > 0)).all()
    # U' = G
    step = 1e-4
    slope = (anticommutator.log_potential(z + step) - anticommutator.log_potential(z - step)) / (2 * step)
    assert np.abs(slope - g).max() < 1e-6
    assert abs(anticommutator.log_potential(200.0).real - (math.log(200.0) - 2 / (2 * 200.0**2))) < 1e-7
    assert anticommutator.stieltjes(4.0).imag == 0.0


@pytest.mark.parametrize(
    ("terms", "laws", "rate"),
    [({(0, 0): 1, (1, 1): 1}, [S, S], 2), ({(0, ~0): 1, (1, ~1): 1, (2, ~2): 1}, [CircularElement()] * 3, 3)],
)
def test_sums_of_squares_are_free_poisson(terms, laws, rate):
    law = polynomial_law(terms, laws)
    (interval,) = law.support
    low, high = (1 - math.sqrt(rate)) ** 2, (1 + math.sqrt(rate)) ** 2
    assert abs(interval.low - low) < 1e-13
    assert abs(interval.high - high) < 1e-13
    x = np.linspace(low, high, 202)[1:-1]
    density, error = law.pdf(x, return_error=True)
    exact = np.sqrt((x - low) * (high - x)) / (2 * math.pi * x)
    assert np.abs(density - exact).max() < 1e-13
    assert (np.abs(density - exact) <= error + 1e-16).all()


def test_hard_edge():
    law = polynomial_law({(0, ~0): 1}, [CircularElement()])
    (interval,) = law.support
    assert abs(interval.low) < 1e-12
    assert abs(interval.high - 4) < 1e-13
    assert (interval.low_exponent, interval.high_exponent) == (-0.5, 0.5)
    x = np.array([1e-6, 1e-3, 0.5, 3.0])
    np.testing.assert_allclose(law.pdf(x), np.sqrt((4 - x) / x) / (2 * math.pi), rtol=1e-10)


def test_next_to_a_hard_edge_values_are_right_or_refused():
    """(x + 1) w (x + 1) has the law of the free product of (x + 1)² and w."""
    half = MarchenkoPastur(Fraction(1, 2))
    law = polynomial_law({(1,): 1, (0, 1): 1, (1, 0): 1, (0, 1, 0): 1}, [S, half])
    reference = boxtimes(squared(S + 1), half)
    (interval,) = law.support
    assert abs(interval.low) < 1e-14
    assert interval.low_exponent == -0.5
    assert abs(interval.high - reference.support[0].high) < 1e-12
    x = np.array([1e-5, 1e-3, 0.1, 1.0, 10.0])
    np.testing.assert_allclose(law.pdf(x), reference.pdf(x), rtol=1e-9)
    np.testing.assert_allclose(law.cdf(x), reference.cdf(x), rtol=0, atol=1e-11)
    for point in np.geomspace(1e-10, 1e-6, 9):
        try:
            value = law.pdf(point)
        except ConvergenceError:
            continue
        assert abs(value / reference.pdf(point) - 1) < 1e-3


def test_product_of_projections_with_its_atom():
    # free Jacobi: edges a + b − 2ab ± √(4ab(1 − a)(1 − b)), atom max(1 − a, 1 − b) at 0 (Voiculescu 1987)
    a, b = Fraction(3, 10), Fraction(2, 5)
    law = polynomial_law({(0, 1, 0): 1}, [projection(a), projection(b)])
    ((position, mass),) = law.atoms
    assert abs(position) < 1e-12
    assert abs(mass - 0.7) < 1e-12
    (interval,) = law.support
    centre, half = float(a + b - 2 * a * b), math.sqrt(4 * a * b * (1 - a) * (1 - b))
    assert abs(interval.high - 0.9089988864128729662700498) < 1e-12
    assert abs(interval.low - (centre - half)) < 1e-12
    assert abs(interval.mass - 0.3) < 1e-12
    x = np.array([0.3])
    assert abs(law.pdf(x)[0] - 0.317948785799612885757636) < 1e-13
    assert law.cdf(0.005) == pytest.approx(0.7, abs=1e-12)
    assert law.ppf(0.5) == position
    assert law.cdf(law.ppf(0.9)) == pytest.approx(0.9, abs=1e-10)


def test_an_atom_inside_an_interval():
    """y x y of a projection y has the law of the free product; its atom lies at 0, inside the interval."""
    laws = [projection(Fraction(3, 10)), Atomic((-1, 0, 2), (Fraction(3, 10), Fraction(3, 10), Fraction(2, 5)))]
    law = polynomial_law({(0, 1, 0): 1}, laws)
    reference = boxtimes(*laws)
    ((position, mass),) = law.atoms
    assert position == 0.0
    assert abs(mass - 0.7) < 1e-13
    (interval,) = law.support
    assert interval.low < 0.0 < interval.high
    u = np.array([0.05, 0.15, 0.25, 0.5, 0.85, 0.95])
    np.testing.assert_allclose(law.ppf(u), reference.ppf(u), rtol=0, atol=1e-12)
    x = np.array([-0.7, -1e-5, -1e-9, 0.0, 1e-18, 1e-7, 1e-3, 1.7])
    np.testing.assert_allclose(law.cdf(x), reference.cdf(x), rtol=0, atol=1e-12)
    beside = np.array([-1e-3, 1e-7, 1e-3])
    np.testing.assert_allclose(law.pdf(beside), reference.pdf(beside), rtol=1e-7)
    # at the atom, the density of the rest
    assert law.pdf(0.0) == pytest.approx(float(reference.pdf(1e-7)), rel=1e-6)


def test_the_arcsine_law_up_to_its_edges():
    """xy + yx of two signs is u + u*: edges where the density is infinite, and cdf moves by the root of rounding."""
    law, reference = polynomial_law(ANTICOMMUTATOR, [COIN, COIN]), Arcsine(radius=2)
    x = np.concatenate([-2.0 + np.geomspace(1e-14, 1e-1, 14), [0.0, 1.0], 2.0 - np.geomspace(1e-1, 1e-14, 14), [2.0]])
    cdf, error = law.cdf(x, return_error=True)
    assert (np.abs(cdf - reference.cdf(x)) <= error).all()
    assert error.max() < 1e-6
    assert error[13:-14].max() < 1e-13
    u = np.array([1e-3, 0.2, 0.5, 0.9])
    np.testing.assert_allclose(reference.cdf(law.ppf(u)), u, rtol=0, atol=1e-12)
    assert np.abs(law.rvs(100, rng=1)).max() <= 2.0 + 1e-12


def test_quantiles_across_critical_values():
    """x³ − x² of an arcsine x has infinite densities at 0 and −4/27, inside its interval."""
    law = polynomial_law({(0, 0): -1, (0, 0, 0): 1}, [Arcsine(radius=2)])
    u = np.array([0.05, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.95])
    x = law.ppf(u)
    # p(x) <= v on the union of intervals between the roots of p = v
    for level, value in zip(u, x, strict=True):
        roots = sorted(r.real for r in np.roots([1, -1, 0, -value]) if abs(r.imag) < 1e-9)
        cdf = [float(Arcsine(radius=2).cdf(r)) for r in roots]
        below = cdf[0] if len(cdf) == 1 else cdf[0] + cdf[2] - cdf[1]
        assert abs(below - level) < 1e-11


def test_two_intervals():
    law = polynomial_law(ANTICOMMUTATOR, [M, COIN])
    assert [i.mass for i in law.support] == pytest.approx([0.5, 0.5], abs=1e-12)
    expected = [float(m) for m in law._exact_moments(8)]
    assert gauss_moments(law, 8) == pytest.approx(expected, rel=1e-10, abs=1e-8)


def test_a_gap_between_unequal_neighbours_is_found():
    """x c u* + u c* x + 4x vanishes on the kernel of x, of dimension 1/3: as many eigenvalues are negative."""
    terms = {(0, 1, ~2): 1, (2, ~1, 0): 1, (0,): 4}
    law = polynomial_law(terms, [MarchenkoPastur(Fraction(3, 2)), CircularElement(), HaarUnitary()])
    assert [i.mass for i in law.support] == pytest.approx([1 / 3, 2 / 3], abs=1e-12)
    # a fiftieth of the positive part, and no dip of the density on the way to it
    assert law.support[0].high < 0 < law.support[1].low < 0.04
    assert law.pdf(0.0) == 0.0


def test_singular_marchenko_pastur_laws():
    """On the kernel K of x, xy + yx vanishes: [[0, B], [B*, C]], with half of its eigenvalues on either side."""
    half = MarchenkoPastur(Fraction(1, 2))
    law = polynomial_law(ANTICOMMUTATOR, [MarchenkoPastur(2), half])
    assert [i.mass for i in law.support] == pytest.approx([0.5, 0.5], abs=1e-10)
    assert law.atoms == ()
    # B is square, so that the smallest eigenvalues are those of -B C⁻¹ B*
    assert abs(law.support[0].high) < 1e-11
    assert law.support[0].high_exponent == -0.5
    assert gauss_moments(law, 8) == pytest.approx([float(m) for m in law._exact_moments(8)], rel=1e-9)
    # the kernel of x has dimension 3/4, B has rank 1/4
    law = polynomial_law(ANTICOMMUTATOR, [MarchenkoPastur(4), half])
    ((position, mass),) = law.atoms
    assert abs(position) < 1e-13
    assert abs(mass - 0.5) < 1e-11
    assert [i.mass for i in law.support] == pytest.approx([0.25, 0.25], abs=1e-11)


@pytest.mark.parametrize(
    ("terms", "laws"),
    [
        (COMMUTATOR, [S, S]),
        ({(0, 1, 0): 1, (1, 1): 1, (): -1}, [S, MarchenkoPastur(0.5)]),
        ({(0, 0, 0): 1, (0,): -3, (1,): 0.1}, [S, S]),
        ({(0, 1): 1, (~1, ~0): 1}, [CircularElement(), CircularElement(0.5)]),
        ({(0, 1, 2): 1, (2, 1, 0): 1, (0,): 1}, [S, COIN, S]),
    ],
)
def test_density_has_the_exact_moments(terms, laws):
    law = polynomial_law(terms, laws)
    assert sum(i.mass for i in law.support) + sum(m for _, m in law.atoms) == pytest.approx(1, abs=1e-10)
    expected = [float(m) for m in law._exact_moments(6)]
    assert gauss_moments(law, 6) == pytest.approx(expected, rel=2e-9, abs=1e-9)


def test_haar_unitaries():
    u = HaarUnitary()
    assert polynomial_law({(0,): 1j, (~0,): -1j}, [u]) == Arcsine(radius=2)
    # u x u* + x is the free sum of two copies of x
    law = polynomial_law({(0, 1, ~0): 1, (1,): 1}, [u, S])
    reference = Semicircle(0, 2)
    x = np.linspace(-2.8, 2.8, 41)
    assert np.abs(law.pdf(x) - reference.pdf(x)).max() < 1e-13
    assert np.abs(law.cdf(x) - reference.cdf(x)).max() < 1e-13
    assert abs(law.support[0].high - math.sqrt(8)) < 1e-13
    # uv + (uv)* is again u + u*: products of Haar unitaries are Haar
    law = polynomial_law({(0, 1): 1, (~1, ~0): 1}, [u, u])
    x = np.linspace(-1.9, 1.9, 41)
    assert np.abs(law.pdf(x) - Arcsine(radius=2).pdf(x)).max() < 1e-12
    assert law.moments(6, exact=True) == (0, 2, 0, 6, 0, 20)
    # u u* cancels
    assert polynomial_law({(0, ~0, 1): 1}, [u, S]) == S


def test_next_to_an_edge_where_an_argument_is_infinite():
    """u w u* + w is a free Poisson law, and the argument of w has a pole at its lower edge, 1/2."""
    law = polynomial_law({(1,): 1, (0, 1, ~0): 1}, [HaarUnitary(), MarchenkoPastur(Fraction(1, 2))])
    reference = FreePoisson(rate=4, jump=0.5)
    (interval,) = law.support
    assert abs(interval.low - 0.5) < 1e-13
    x = 0.5 + np.geomspace(1e-10, 1e-1, 28)
    density, error = law.pdf(x, return_error=True)
    deviation = np.abs(density - reference.pdf(x))
    assert (deviation <= error + 1e-16).all()
    assert (deviation < 1e-9).all()
    np.testing.assert_allclose(law.cdf(x), reference.cdf(x), rtol=0, atol=1e-13)


def test_degree_one_is_a_free_sum():
    law = polynomial_law({(0,): 2, (1,): 1, (): 3}, [S, S])
    assert law == Semicircle(3, 5)
    assert polynomial_law({(0,): 1j, (~0,): -1j}, [CircularElement(2)]) == Semicircle(0, 4)


# ---------------------------------------------------------------------- the contract of a law
def test_quantiles_and_draws(anticommutator):
    u = np.array([0.0, 1e-6, 0.1, 0.5, 0.9, 1.0])
    x = anticommutator.ppf(u)
    assert x[0] == anticommutator.support[0].low
    assert x[-1] == anticommutator.support[0].high
    assert np.abs(anticommutator.cdf(x[1:-1]) - u[1:-1]).max() < 1e-11
    draws = anticommutator.rvs(4000, rng=1)
    assert abs((draws**2).mean() - 2.0) < 5 * math.sqrt((10 - 4) / 4000)


def test_affine_maps_stay_polynomial(anticommutator):
    moved = 2 * anticommutator - 1.0
    assert isinstance(moved, PolynomialLaw)
    assert moved.mean() == -1.0
    assert moved.var() == 8.0
    assert moved.support[0].high == pytest.approx(2 * EDGE - 1, abs=1e-13)
    assert moved.pdf(0.2) == pytest.approx(anticommutator.pdf(0.6) / 2, rel=1e-13)


def test_equality_hash_pickle_and_repr(anticommutator):
    again = polynomial_law({(1, 0): 1, (0, 1): 1}, [S, S])
    assert again == anticommutator
    assert hash(again) == hash(anticommutator)
    assert pickle.loads(pickle.dumps(anticommutator)) == anticommutator
    names = {"PolynomialLaw": PolynomialLaw, "Semicircle": Semicircle}
    assert eval(repr(anticommutator), names) == anticommutator


def test_off_support_and_edges(anticommutator):
    x = np.array([-9.0, EDGE + 1e-9, np.nan])
    density = anticommutator.pdf(x)
    assert density[:2].tolist() == [0.0, 0.0]
    assert math.isnan(density[2])


def test_an_uncertified_point_raises():
    # its density is unbounded at 0, in the middle of the support
    law, other = polynomial_law({(0, 1, 0): 1}, [S, S]), boxtimes(MarchenkoPastur(), S)
    with pytest.raises(ConvergenceError, match="with a certificate"):
        law.stieltjes(0.0)
    x = np.array([0.0, 1e-12, 1e-9, 1e-3])
    level, error = law.cdf(x, return_error=True)
    assert np.all(np.abs(level - other.cdf(x)) <= error + 1e-15)
    assert law.pdf(x[1:]) == pytest.approx(other.pdf(x[1:]), rel=1e-10)
    assert law.pdf(0.0) == math.inf


# ---------------------------------------------------------------------- bad input
def test_not_self_adjoint():
    with pytest.raises(ValueError, match="not self-adjoint: the coefficient of \\(0, 1\\)"):
        polynomial_law({(0, 1): 1}, [S, S])
    with pytest.raises(ValueError, match="not self-adjoint"):
        polynomial_law({(0, 0): 1j}, [S])
    with pytest.raises(ValueError, match="not self-adjoint"):
        polynomial_law({(0, 0): 1}, [CircularElement()])


def test_bad_polynomials():
    with pytest.raises(ValueError, match="constant"):
        polynomial_law({(): 2}, [S])
    with pytest.raises(ValueError, match="constant"):
        polynomial_law({(0, 1): 0, (1, 0): 0}, [S, S])
    with pytest.raises(ValueError, match="names no variable"):
        polynomial_law({(0, 2): 1, (2, 0): 1}, [S, S])
    with pytest.raises(ValueError, match="finite"):
        polynomial_law({(0, 0): math.nan}, [S])
    with pytest.raises(TypeError, match="map words"):
        polynomial_law([(0, 1)], [S, S])
    with pytest.raises(TypeError, match="Law, CircularElement or HaarUnitary"):
        polynomial_law({(0, 0): 1}, [3.0])
    with pytest.raises(ValueError, match="variance"):
        CircularElement(0)


# ---------------------------------------------------------------------- random matrices
@pytest.mark.long
def test_matrices_of_dimension_1000():
    """KS distance of the eigenvalues is of order log(n)/n (rigidity); the wrong polynomial is rejected."""
    n = 1000
    rng = np.random.default_rng(7)
    g = rng.standard_normal((n, 3 * n))
    wishart = g @ g.T / (3 * n)
    h = rng.standard_normal((n, n))
    goe = (h + h.T) / math.sqrt(2 * n)
    x = np.linalg.eigvalsh(wishart @ goe + goe @ wishart + goe @ goe)
    laws = [MarchenkoPastur(1 / 3), S]
    law = polynomial_law({(0, 1): 1, (1, 0): 1, (1, 1): 1}, laws)
    wrong = polynomial_law({(0, 1): 1, (1, 0): 1, (1, 1): 0.9}, laws)

    def distance(candidate):
        cdf = candidate.cdf(x)
        steps = np.arange(1, n + 1) / n
        return max(np.abs(cdf - steps).max(), np.abs(cdf - steps + 1 / n).max())

    assert distance(law) < 2 * math.log(n) / n
    assert distance(wrong) > 2 * math.log(n) / n


# ---------------------------------------------------------------------- laws of few atoms, one variable
def test_powers_of_projections_and_signs_are_reduced():
    s, p, e = Semicircle(), Bernoulli(Fraction(1, 2)), Rademacher()
    long = polynomial_law({(0, 1, 1): 1j, (1, 1, 0): -1j, (1, 1, 1): 1, (1,): -3}, [s, p])
    short = polynomial_law({(0, 1): 1j, (1, 0): -1j, (1,): -2}, [s, p])
    assert long == short
    assert repr(polynomial_law({(0, 1, 1, 0): 1, (0, 0): 1}, [s, e])) == repr(polynomial_law({(0, 0): 2}, [s]))
    assert polynomial_law({(1, 1): 3, (0,): 1}, [s, e]) == s + 3
    assert polynomial_law({(0, 0): 3}, [e]) == Atomic((3,), (1,))
    three = Atomic((-1, 0, 2), (Fraction(3, 10), Fraction(3, 10), Fraction(2, 5)))
    assert polynomial_law({(0,) * 4: 1, (0,): 1}, [three]) == Atomic((0, 18), (Fraction(3, 5), Fraction(2, 5)))
    # u x x u* = 1 for signs x, and the unitary letters cancel
    assert polynomial_law({(1, 0, 0, ~1): 1, (0,): 1}, [e, HaarUnitary()]) == e + 1


def test_i_times_a_commutator_with_a_projection_and_an_edge_away_from_the_constant():
    """For p = 1 ⊕ 0 the law is that of −1 ± √(1 + s²) with s² of law MarchenkoPastur(1)/2."""
    law = polynomial_law({(0, 1): 1j, (1, 0): -1j, (1,): -2}, [Semicircle(), Bernoulli(Fraction(1, 2))])
    root = math.sqrt(3.0)
    ends = [e for i in law.support for e in (i.low, i.high)]
    np.testing.assert_allclose(ends, [-1.0 - root, -2.0, 0.0, root - 1.0], rtol=0.0, atol=1e-12)
    assert [e for i in law.support for e in (i.low_exponent, i.high_exponent)] == [0.5, -0.5, -0.5, 0.5]
    x = np.array([1e-6, 0.1, 0.5, 0.7])
    square = MarchenkoPastur(1, Fraction(1, 2))
    np.testing.assert_allclose(law.cdf(x), 0.5 + 0.5 * square.cdf((x + 1.0) ** 2 - 1.0), rtol=0.0, atol=1e-11)
    level, error = law.cdf(-2.0 - x, return_error=True)
    assert np.all(np.abs(level - (0.5 - 0.5 * square.cdf((x + 1.0) ** 2 - 1.0))) <= error + 1e-13)
    assert np.all(error < 1e-6)


def test_distribution_of_one_variable_at_critical_values():
    """{p <= x} is a union of intervals: at a triple root of x³ − 2x⁴, at a minimum inside the support."""
    base = Arcsine(2)
    law = polynomial_law({(0, 0, 0): 1, (0,) * 4: -2}, [base])
    right = base.cdf(0.0) + base.sf(0.5)
    level, error = law.cdf(0.0, return_error=True)
    assert abs(level - right) <= error < 1e-12
    assert law.pdf(0.0) == math.inf
    for x in (1e-300, -1e-300, 1e-16, -1e-16, 1e-9):
        level, error = law.cdf(x, return_error=True)
        assert abs(level - right) <= error + abs(x) ** (1.0 / 3.0)
    assert abs(law.ppf(right)) < 1e-12
    wide = Uniform(-1.5, 1.5)
    quartic = polynomial_law({(0,) * 4: 1, (0, 0): -2}, [wide])
    level, error = quartic.cdf(0.0, return_error=True)
    assert abs(level - 2.0 * math.sqrt(2.0) / 3.0) <= error < 1e-12
    assert quartic.pdf(0.0) == math.inf


def test_a_turn_of_the_logarithm_lost_next_to_a_hard_edge():
    """XY + YX + X²Y + YX² for a projection Y: half of the mass below 0, in two intervals."""
    law = polynomial_law(
        {(1, 0): 1, (0, 1): 1, (0, 0, 1, 1): 1, (1, 1, 0, 0): 1}, [Arcsine(2), Bernoulli(Fraction(1, 2))]
    )
    assert [i.mass for i in law.support] == pytest.approx([0.5, 0.5], abs=1e-10)
    assert law.support[0].high == 0.0


@pytest.mark.parametrize("distance", [1e-13, 1e-10])
def test_no_real_value_inside_next_to_a_soft_edge(distance, anticommutator):
    inside = anticommutator.support[0].high * (1.0 - distance)
    assert anticommutator.stieltjes(inside).imag < 0.0
    assert anticommutator.pdf(inside) > 0.0
