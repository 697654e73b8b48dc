"""Rational expressions and block matrices: closed forms, second routes, sampled matrices, refusals."""

from __future__ import annotations

import io
import math
import pickle
import sys
import warnings

import mpmath
import numpy as np
import pytest
from cases import long_beyond

import rmt
from rmt.ensembles.rational_limits import rectangular_limit
from rmt.errors import FreenessError
from rmt.free.polynomials.rational_law import RationalLaw, _affine_words, rational_law, realise
from rmt.free.polynomials.realisation import Realisation
from rmt.laws import Atomic, MarchenkoPastur, Semicircle

X, Y, W = rmt.gue(), rmt.gue(), rmt.wishart(ratio=0.5)
P, D = rmt.projection(0.25), rmt.diagonal(rmt.Uniform(1, 2))
G, C = rmt.ginibre(shape=(1, 2)), rmt.ginibre(field="complex")
MP = MarchenkoPastur(ratio=0.5)


def constant(value, size=1):
    return "matrix", tuple(tuple(value if i == j else 0 for j in range(size)) for i in range(size))


def plus(*formulas):
    return ("sum", *((1, f) for f in formulas))


def agree(law, other, x, slack=1e-11):
    """Densities and distribution functions, within the errors claimed and a little for the other route."""
    density, error = law.pdf(x, return_error=True)
    assert np.all(np.abs(density - other.pdf(x)) <= error + slack * np.maximum(1.0, other.pdf(x)))
    level, error = law.cdf(x, return_error=True)
    assert np.all(np.abs(level - other.cdf(x)) <= error + slack)


# ---------------------------------------------------------------------- closed forms
@pytest.mark.parametrize(
    ("expression", "function", "base"),
    [
        (lambda: W @ (W + 0.5).inverse(), lambda t: t / (t + 0.5), MP),
        (lambda: X + (X + 4).inverse(), lambda t: t + 1 / (t + 4), Semicircle()),
        (lambda: (W + W.inverse()) @ W, lambda t: t * t + 1, MP),
    ],
)
def test_function_of_one_matrix_is_the_push_forward(expression, function, base):
    law = expression().law()
    t = np.linspace(base.support[0].low, base.support[0].high, 25)[1:-1]
    level, error = law.cdf(function(t), return_error=True)
    assert np.all(np.abs(level - base.cdf(t)) <= error + 1e-12)
    slope = (function(t + 1e-5) - function(t - 1e-5)) / 2e-5
    density, error = law.pdf(function(t), return_error=True)
    assert np.all(np.abs(density - base.pdf(t) / slope) <= error + 1e-8 * density)
    assert (law.support[0].low, law.support[0].high) == pytest.approx(
        (function(base.support[0].low), function(base.support[0].high)), abs=1e-12
    )
    assert np.all(np.abs(law.cdf(function(1.02 * t)) - base.cdf(t)).max() > 1e-3)  # the test sees two per cent


def test_claimed_errors_hold_against_forty_digits():
    """Density of w/(w + 1/2) inside and next to both edges, from that of w in mpmath."""
    law = (W @ (W + 0.5).inverse()).law()
    low, high = law.support[0].low, law.support[0].high
    near = 10.0 ** -np.arange(2, 10)
    x = low + (high - low) * np.concatenate([np.linspace(0, 1, 12)[1:-1], near, 1 - near])
    density, error = law.pdf(x, return_error=True)
    with mpmath.workdps(40):
        half = mpmath.mpf(1) / 2
        ends = (1 - mpmath.sqrt(half)) ** 2, (1 + mpmath.sqrt(half)) ** 2
        for point, value, claimed in zip(x.tolist(), density.tolist(), error.tolist(), strict=True):
            w = half * point / (1 - mpmath.mpf(point))
            exact = mpmath.sqrt((w - ends[0]) * (ends[1] - w)) / (mpmath.pi * w) * (w + half) ** 2 / half
            assert abs(value - exact) <= claimed
            assert abs(1.001 * value - exact) > claimed  # an error of one in a thousand would be seen
    assert np.all(error < 1e-6 * density)


def test_mean_of_a_resolvent():
    law = (X + (X + 3).inverse()).law()
    assert law.mean() == pytest.approx((3 - math.sqrt(5)) / 2, abs=1e-13)
    # τ(x²) + 2 τ(x/(3 + x)) + τ(1/(3 + x)²) with G and G' of the semicircle at 3
    g = (3 - math.sqrt(5)) / 2
    assert law.moment(2) == pytest.approx(1 + 2 * (1 - 3 * g) + g * g / (1 - g * g), abs=1e-13)
    assert law.moments(3)[:2] == pytest.approx([law.moment(1), law.moment(2)], abs=1e-13)
    with pytest.raises(ValueError, match="known as floats only"):
        law.moment(1, exact=True)


def test_second_route_of_a_free_inverse():
    formula = ("product", 0, ("inverse", plus(constant(1), 1)), 0)
    law = rational_law(formula, [Semicircle(), MP])
    assert isinstance(law, RationalLaw)
    other = (X @ (1 + W).inverse() @ X).law()  # boxtimes
    assert not isinstance(other, RationalLaw)
    agree(law, other, np.linspace(0.02, 2.4, 17))
    assert law.moments(5) == pytest.approx(other.moments(5), rel=1e-12)


def test_symmetrised_singular_values():
    square = rmt.block([[0, C], [C.H, 0]]).law()
    agree(square, Semicircle(), np.linspace(-1.9, 1.9, 12))
    law = rmt.block([[0, G], [G.H, 0]]).law()
    assert law.atoms == ((0.0, pytest.approx(1 / 3, abs=1e-14)),)
    x = np.linspace(0.31, 1.69, 11)
    assert law.cdf(x) == pytest.approx(2 / 3 + MP.cdf(x * x) / 3, abs=1e-12)
    assert law.cdf(-x) == pytest.approx((1 - MP.cdf(x * x)) / 3, abs=1e-12)
    assert [i.low for i in law.support] == pytest.approx([-1 - math.sqrt(0.5), 1 - math.sqrt(0.5)], abs=1e-12)


def test_rounding_does_not_cost_self_adjointness():
    """On another LAPACK the coefficients of a part of a block matrix had imaginary parts of 4e-30."""
    coefficients = {None: np.array([[1e-30j]]), 0: np.array([[2 + 1e-30j]]), 1: np.array([[1 + 1j]])}
    coefficients[~1] = np.array([[1 - 1.0000000000000002j]])
    words = _affine_words(Realisation((1, 1), coefficients), (rmt.Semicircle(), rmt.free.HaarUnitary()))
    assert words == {(0,): 1.0, (1,): words[(~1,)].conjugate(), (~1,): words[(~1,)]}
    assert abs(words[(1,)] - (1 + 1j)) < 1e-15


def test_two_by_two_mixture():
    law = rmt.block([[X, W], [W, X]]).law()
    both = [rmt.boxplus(Semicircle(), MP), rmt.boxplus(Semicircle(), -1 * MP)]
    agree(law, rmt.mixture(*both), np.linspace(-3.5, 3.5, 12))


def test_block_of_gues_is_a_gue():
    law = rmt.block([[X, C], [C.H, Y]]).law()
    agree(law, Semicircle(variance=2), np.linspace(-2.8, 2.8, 15))
    # τ(M²) = 3/2 and τ(M⁴) = 5, not 2 (3/2)², without one of the blocks
    assert rmt.block([[X, C], [C.H, 0]]).law().moments(4) == pytest.approx((0, 1.5, 0, 5), abs=1e-12)


def test_schur_complement():
    """The corner of the inverse of a block matrix, as functions and by traces."""
    laws = (Semicircle(), MP, Semicircle())
    a, b, d = plus(constant(3), 0), 1, plus(constant(-4), 2)
    whole = ("inverse", ("block", (a, b), (b, d)))
    corner = ("product", ("matrix", ((1, 0),)), whole, ("matrix", ((1,), (0,))))
    first = ("inverse", ("sum", (1, a), (-1, ("product", b, ("inverse", d), b))))
    assert realise(("sum", (1, corner), (-1, first)), laws).vanishes()
    assert not realise(("sum", (1, corner), (-1, ("inverse", a))), laws).vanishes()
    second = ("inverse", ("sum", (1, d), (-1, ("product", b, ("inverse", a), b))))
    means = [rational_law(f, laws).mean() for f in (whole, first, second)]
    assert 2 * means[0] == pytest.approx(means[1] + means[2], abs=1e-12)


def test_atoms():
    assert (P + (P + 1).inverse()).law() == Atomic([1, 1.5], [0.75, 0.25])
    # a projection of trace 1/4 on each diagonal place, with nothing beside it
    assert rmt.block([[P, 0], [0, P]]).law().atoms == P.law().atoms
    law = rmt.block([[P, 2], [2, P]]).law()
    assert np.ravel(law.atoms) == pytest.approx([-2, 0.375, -1, 0.125, 2, 0.375, 3, 0.125])


# ---------------------------------------------------------------------- samples
SAMPLED = {
    "inverse beside its matrix": lambda: (X + W + 5).inverse() + X,
    "congruence by an inverse": lambda: (X + W + 4).inverse() @ Y @ (X + W + 4).inverse(),
    "block with numbers": lambda: rmt.block([[X, W, 1], [W, D, 0], [1, 0, X]]),
    "Schur complement": lambda: X - G @ (rmt.block([[X, 0], [0, D]]) + 4).inverse() @ G.H,
    "rectangular gram": lambda: rmt.block([[X, G]]) @ rmt.block([[X, G]]).H,
    "inverse of a block": lambda: rmt.block([[X + 3, W], [W, X - 4]]).inverse(),
}


@pytest.mark.parametrize("name", SAMPLED)
def test_samples_follow_the_law(name):
    expression = SAMPLED[name]()
    law = expression.law()
    n = 200
    values = expression.eigenvalues(n, rng=5)
    rank = (np.arange(len(values)) + 0.5) / len(values)
    # eigenvalues are rigid: log n/n, not 1/√n; the constant covers real matrices, whose bias is 1/n
    bound = 4 * math.log(n) / n / expression.shape[0]
    assert np.abs(law.cdf(values) - rank).max() < bound
    shifted = values + 0.1 * values.std()
    assert np.abs(law.cdf(shifted) - rank).max() > 1.0 * math.log(n) / n
    for k, moment in enumerate(law.moments(3), start=1):
        assert moment == pytest.approx(np.mean(values**k), abs=2 * k * k / n * np.mean(np.abs(values) ** k))


def test_the_same_matrix_is_no_free_one():
    same, free = ((X + 3).inverse() + X).law(), ((Y + 3).inverse() + X).law()
    values = ((X + 3).inverse() + X).eigenvalues(300, rng=2)
    rank = (np.arange(300) + 0.5) / 300
    assert np.abs(same.cdf(values) - rank).max() < 0.02
    assert np.abs(free.cdf(values) - rank).max() > 0.04


def test_sample_is_made_of_the_same_draws():
    expression = W @ (W + X + 4).inverse() @ W
    n = 12
    w, x = (expression._draw(n, np.random.default_rng(3))[v] for v in (W, X))
    assert expression.sample(n, rng=3) == pytest.approx(w @ np.linalg.solve(w + x + 4 * np.eye(n), w), abs=1e-12)
    block = rmt.block([[W, X], [X, 2]])
    assert block.sample(n, rng=3) == pytest.approx(np.block([[w, x], [x, 2 * np.eye(n)]]))


# ---------------------------------------------------------------------- expressions
def test_hermitian_functions():
    assert (W @ (W + 1).inverse()).hermitian
    assert ((X + W + 5).inverse() @ X @ (X + W + 5).inverse()).hermitian
    assert not (X @ (X + W + 5).inverse()).hermitian
    assert rmt.block([[X, X @ W], [W @ X, W]]).hermitian
    assert not rmt.block([[X, X @ W], [X @ W, W]]).hermitian
    resolvents = (X + 3).inverse() - (X + 4).inverse()
    assert rmt.block([[0, resolvents], [(X + 3).inverse() @ (X + 4).inverse(), 0]]).hermitian  # first identity
    with pytest.raises(TypeError, match="is not Hermitian"):
        (X @ (X + W + 5).inverse()).law()


def test_operators_on_blocks():
    B = rmt.block([[X, W], [W, 1]])
    assert (B - B).law() == Atomic((0,), (1,))
    law = (2 * B + 1).law()
    assert law.moments(3) == pytest.approx((1 + 2 * B.law()).moments(3), rel=1e-12)
    assert (B @ B).law().moments(2) == pytest.approx(np.array(B.law().moments(4))[[1, 3]], rel=1e-10)
    tall = rmt.block([[X], [W]])
    assert tall.shape == (2, 1)
    # X X + W W on the square side; as many zeros on the other
    assert (tall.H @ tall).law().moments(3) == pytest.approx((X @ X + W @ W).law().moments(3), rel=1e-10)
    assert tall.gram_law().moments(3) == pytest.approx(np.array((tall.H @ tall).law().moments(3)) / 2, rel=1e-10)
    assert "gue() is free" in B.theorems[0]


def test_blocks_are_free_from_haar_conjugates_of_their_size():
    B = rmt.block([[X, W], [W, 1]])
    law = (B + rmt.haar_conjugate(rmt.block([[Y, 1], [1, Y]]))).law()
    assert law.moments(3) == pytest.approx(
        rmt.boxplus(B.law(), rmt.block([[Y, 1], [1, Y]]).law()).moments(3), rel=1e-10
    )
    # another block that is not conjugated is free over the 2 x 2 matrices only
    other = (B + rmt.block([[Y, 1], [1, Y]])).law()
    assert other.moment(3) != pytest.approx(law.moment(3), rel=1e-3)
    values = (B + rmt.block([[Y, 1], [1, Y]])).eigenvalues(150, rng=1)
    assert other.moment(3) == pytest.approx(np.mean(values**3), rel=0.05)


def test_text_and_pickles():
    names = {**vars(rmt), **{name: getattr(rmt, name) for name in dir(rmt)}}
    for expression in [*(build() for build in SAMPLED.values()), W @ (W + 0.5).inverse()]:
        again = eval(repr(expression), dict(names))
        assert repr(again) == repr(expression)
        first = expression.sample(4, rng=1)
        assert again.sample(4, rng=1) == pytest.approx(first, abs=1e-13)
        assert pickle.loads(pickle.dumps(expression)).sample(4, rng=1) == pytest.approx(first, abs=1e-13)
    law = SAMPLED["inverse beside its matrix"]().law()
    assert eval(repr(law), dict(names)) == law == pickle.loads(pickle.dumps(law))


def test_affine_images_of_the_law():
    law = ((X + W + 5).inverse() + X).law()
    moved = 1 - 2 * law
    assert isinstance(moved, RationalLaw)
    x = np.linspace(-1, 1, 5)
    assert moved.cdf(1 - 2 * x) == pytest.approx(law.sf(x), abs=1e-12)


# ---------------------------------------------------------------------- refusals
def test_inverses_that_do_not_exist():
    with pytest.raises(ValueError, match="0 is inside the spectrum"):
        ((X + W).inverse() + X).law()
    full, other = rmt.wishart(ratio=1), rmt.diagonal(rmt.Rademacher())
    with pytest.raises(ValueError, match="has its edge at 0"):
        (full.inverse() + full).law()
    with pytest.raises(ValueError, match=r"has mass 0.75 at 0"):
        rational_law(plus(0, ("inverse", 0)), [P.law()])
    product = ("inverse", ("product", 0, 1))
    with pytest.raises(ValueError, match=r"the spectrum of f f\*, for the f that is inverted, .* has its edge at 0"):
        rational_law(plus(product, ("inverse", ("product", 1, 0))), [Semicircle(), MP])
    with pytest.raises(FreenessError):
        (rmt.block([[X, D], [D, other]])).law()
    with pytest.raises(ValueError, match="not self-adjoint"):
        rational_law(("product", 0, ("inverse", plus(constant(5), 0, 1))), [Semicircle(), MP])
    with pytest.raises(ValueError, match="bounded support"):
        rational_law(plus(0, ("inverse", plus(constant(5), 1))), [Semicircle(), rmt.Gaussian()])


@pytest.mark.parametrize(
    ("rows", "error", "match"),
    [
        (X, TypeError, "list of rows"),
        ([], TypeError, "list of rows"),
        ([X, W], TypeError, "list of rows"),
        ([[X, W], [X]], ValueError, "same number of blocks, got 2 and 1"),
        ([[X, G], [G, X]], ValueError, r"row 1, column 0 has shape 1n x 2n"),
        ([[X, G], [2, X]], ValueError, "blocks do not fit"),
        ([[X, G], [G.H, "a"]], TypeError, "number or an ensemble"),
        ([[X, G, 1], [G.H, 0, 3]], ValueError, "not square but 2n x 1n"),
        ([[X], [0]], ValueError, "no block tells the size of row 1"),
        ([[1, 2], [2, 1]], ValueError, "numbers only"),
        ([[rmt.gse(), X], [X, rmt.gse()]], ValueError, "quaternion"),
    ],
)
def test_blocks_that_cannot_be_formed(rows, error, match):
    with pytest.raises(error, match=match):
        rmt.block(rows)


def test_quaternion_blocks():
    Q = rmt.gse()
    B = rmt.block([[Q, 1], [1, Q]])
    assert B.sample(3, rng=0).shape == (12, 12)
    assert B.law().moments(2) == pytest.approx((0, 2), abs=1e-12)
    assert B.eigenvalues(3, rng=0).shape == (6,)


def test_not_hermitian_blocks():
    B = rmt.block([[X, W], [0, Y]])
    with pytest.raises(TypeError, match="is not Hermitian"):
        B.law()
    # |entries|²: τ(B B*) = (1 + 1.5 + 1)/2
    assert B.gram_law().mean() == pytest.approx(1.75, abs=1e-12)
    values = B.singular_values(150, rng=0)
    assert np.mean(values**2) == pytest.approx(1.75, abs=0.1)


# ---------------------------------------------------------------------- rectangles
R, R2, S, T = (rmt.ginibre(shape=shape) for shape in ((1, 2), (1, 2), (2, 1), (1, 3)))


def test_rectangles_that_turn_into_free_ones():
    """R R'* + R' R* = A A* − B B* for the free A, B = (R ± R')/√2; the commutator is the same up to a phase."""
    other = rmt.boxplus(MP, -1 * MP)
    for expression in (R @ R2.H + R2 @ R.H, 1j * (R @ R2.H - R2 @ R.H)):
        law = expression.law()
        assert isinstance(law, RationalLaw)
        agree(law, other, np.linspace(-2.3, 2.3, 12))
        assert abs(law.cdf(0.5) - rmt.boxplus(MP, -1.05 * MP).cdf(0.5)) > 1e-3  # five per cent are seen


def test_a_rectangular_sandwich_has_two_routes():
    words = (R @ S @ S.H @ R.H).terms
    agree(rectangular_limit(words), (R @ S @ S.H @ R.H).law(), np.linspace(0.1, 4.0, 9))
    words = (R.H @ (X + 1) @ R).terms  # a 2n x 2n matrix with n zeros
    law, other = rectangular_limit(words), (R.H @ (X + 1) @ R).law()
    agree(law, other, np.linspace(-0.3, 2.0, 9))
    assert abs(law.cdf(1.0) - (R.H @ (X + 1.1) @ R).law().cdf(1.0)) > 1e-3


RECTANGULAR = {
    "two sandwiches multiplied": (
        lambda: R @ S @ D @ S.H @ R.H @ R @ R.H + R @ R.H @ R @ S @ D @ S.H @ R.H,
        lambda r, s, d: mirrored(r @ s @ d @ s.T @ r.T @ r @ r.T),
        (R, S, D),
    ),
    "two inner words between R* and R": (
        lambda: R.H @ X @ R @ R.H @ Y @ R + R.H @ Y @ R @ R.H @ X @ R,
        lambda r, x, y: mirrored(r.T @ x @ r @ r.T @ y @ r),
        (R, X, Y),
    ),
    "a sum around another": (
        lambda: (R @ S + X) @ (R @ S + X).H,
        lambda r, s, x: (r @ s + x) @ (r @ s + x).conj().T,
        (R, S, X),
    ),
    "R next to the sandwich S S* of its own size": (
        lambda: R @ S @ S.H @ R.H @ R @ R.H + R @ R.H @ R @ S @ S.H @ R.H + D,
        lambda r, s, d: mirrored(r @ s @ s.T @ r.T @ r @ r.T) + d,
        (R, S, D),
    ),
}


def mirrored(matrix):
    return matrix + matrix.conj().T


@pytest.mark.parametrize("name", long_beyond(RECTANGULAR, 1))
def test_several_rectangular_sandwiches_against_samples(name):
    """Rigid eigenvalues, n = 200: within some log(n)/n of the distribution function; another width is seen."""
    make, judge, letters = RECTANGULAR[name]
    law = make().law()
    rng = np.random.default_rng(5)
    values = np.linalg.eigvalsh(judge(*(letter.sample(200, rng=rng) for letter in letters)))
    x = np.quantile(values, np.linspace(0.1, 0.9, 9))
    x = x[np.abs(x) > 1e-9]
    shares = (values[:, None] <= x).mean(axis=0)
    assert np.abs(law.cdf(x) - shares).max() < 0.03
    assert np.abs(law.cdf(1.6 * x - 0.6 * law.mean()) - shares).max() > 0.03


def test_what_is_not_free_beside_rectangles_is_refused():
    other = rmt.diagonal(rmt.Rademacher())
    with pytest.raises(FreenessError):
        (R @ S @ D @ S.H @ R.H @ R @ S @ other @ S.H @ R.H + R @ S @ other @ S.H @ R.H @ R @ S @ D @ S.H @ R.H).law()


def test_polynomials_in_r_diagonal_letters_have_moments():
    """R-diagonal t, a = τ(t t*), b = τ((t t*)²): the second and fourth moments of t + t* are 2a and 2b + 4a²."""
    for letter in (rmt.truncated_unitary(0.5), rmt.single_ring(rmt.Uniform(1, 2)), rmt.ginibre_product(2)):
        second, fourth = (float(m) for m in letter.gram_law().moments(2))
        law = (letter @ X + X @ letter.H).law()
        assert law.moments(2) == pytest.approx((0.0, 2.0 * second), rel=1e-12)
        law = (letter + letter.H + 0 * X).law()
        assert law.moments(4) == pytest.approx((0.0, 2.0 * second, 0.0, 2.0 * fourth + 4.0 * second**2), rel=1e-12)


def test_polynomials_in_laws_without_exact_moments():
    bump = rmt.haar_conjugate(rmt.diagonal(rmt.Law.from_pdf(lambda x: 0.75 * (1 - x * x), (-1, 1))))
    law = (X @ bump + bump @ X).law()
    assert law.moments(2) == pytest.approx((0.0, 2.0 * 0.2), abs=1e-12)


def test_a_singularity_inside_is_a_node():
    """B W + W B = 2 (P W P − Q W Q) for signs B = P − Q: half of 2 MP(1) and half of −2 MP(1), |x|^(−1/2) at 0."""
    signs, w = rmt.diagonal(rmt.Rademacher()), rmt.wishart(ratio=2.0)
    law, half = (signs @ w + w @ signs).law(), MarchenkoPastur(1)
    assert [(i.low_exponent, i.high_exponent) for i in law.support] == [(0.5, -0.5), (-0.5, 0.5)]
    assert law.support[0].high == law.support[1].low == 0.0
    x = np.array([1e-12, 1e-9, 1e-6, 1e-3, 0.1, 1.0, 5.0, 7.9])
    assert law.cdf(x) == pytest.approx(0.5 + 0.5 * half.cdf(x / 2), abs=1e-13)
    assert law.cdf(-x) == pytest.approx(0.5 - 0.5 * half.cdf(x / 2), abs=1e-13)
    assert law.pdf(x[1:]) == pytest.approx(0.25 * half.pdf(x[1:] / 2), rel=1e-10)
    assert (law.pdf(0.0), law.cdf(0.0)) == (math.inf, pytest.approx(0.5, abs=1e-13))
    total = rmt.boxplus(law, rmt.Bernoulli(0.3))  # points of the law next to 0 are asked for
    assert total.support[0].mass == pytest.approx(1.0, abs=1e-10)
    assert total.cdf(0.3) + (rmt.boxplus(law, -1 * rmt.Bernoulli(0.3))).cdf(-0.3) == pytest.approx(1.0, abs=1e-10)


def test_complex_points_ask_for_no_support(monkeypatch):
    def asked(*_, **__):
        raise AssertionError("a support was searched")

    monkeypatch.setattr("rmt.free.polynomials.pointwise_law.find_support", asked)
    for expression in (
        X @ W + W @ X + W,
        1j * (X @ W - W @ X) + W,
        (X + 4).inverse() @ W + W @ (X + 4).inverse(),
    ):
        law = expression.law()
        assert law.stieltjes(0.3 + 0.5j).imag < 0.0
        assert law.moments(2)[1] > 0.0
        with pytest.raises(AssertionError, match="searched"):
            law.cdf(0.3)


# ---------------------------------------------------------------------- costs
def test_what_is_costly_says_so_first_and_shows_progress(monkeypatch):
    monkeypatch.setattr("rmt.free.polynomials.pointwise_law._LONG", 0.0)
    monkeypatch.setattr("rmt.numerics.progress.DELAY", 0.0)
    monkeypatch.setattr("rmt.numerics.progress.INTERVAL", 0.01)
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    law = (X @ W + W @ X + W).law()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        law.stieltjes(1 + 1j)  # asks for no support
    with pytest.warns(rmt.CostWarning, match=r"is searched, which takes about \d+ s, once; .* eigenvalues\(n\)"):
        assert law.support
    assert "searching a support, " in terminal.getvalue()
    assert terminal.getvalue().endswith("\r")  # the line is gone
    monkeypatch.undo()
    assert (X @ W + W @ X + W).law().support == law.support  # quick here, and without a word


def test_large_pencils_say_their_size(monkeypatch):
    monkeypatch.setattr("rmt.free.polynomials.pencil_law._MANY_ROWS", 2)
    with pytest.warns(rmt.CostWarning, match=r"has 3 rows: its equations alone may take minutes; .*haar_conjugate"):
        (X @ W + W @ X).law().stieltjes(1 + 1j)
