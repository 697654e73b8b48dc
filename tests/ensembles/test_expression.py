"""Expressions in random matrices: their algebra, their samples, their laws, and what they refuse."""

import copy
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from cases import long_beyond

import rmt
from rmt.ensembles.repeats import trial_generators
from rmt.free import boxplus, boxtimes
from rmt.spectra import compare

N = 1000


def drawn(seed, n, *variables):
    """The matrices that an expression with these variables, in the order of appearance, draws."""
    children = trial_generators(np.random.default_rng(seed), len(variables))
    return [variable._sample(n, child) for variable, child in zip(variables, children, strict=True)]


def tolerance(n=N):
    """Rigidity: n times the Kolmogorov-Smirnov distance of eigenvalues from their law stays below log n."""
    return math.log(n) / n


# ---------------------------------------------------------------------- algebra
def test_identity_decides():
    x = rmt.gue()
    assert (x + x).terms == (2 * x).terms
    assert (x + x).variables == (x,)
    assert len((rmt.gue() + rmt.gue()).variables) == 2
    assert (x + x).law() == rmt.Semicircle(variance=4)
    assert (x + rmt.gue()).law() == rmt.Semicircle(variance=2)
    np.testing.assert_array_equal((x + x).sample(5, rng=1), (2 * x).sample(5, rng=1))
    np.testing.assert_allclose((x + x).eigenvalues(5, rng=1), 2 * (1 * x).eigenvalues(5, rng=1))


def test_operations_are_those_of_matrices():
    x, y, a = rmt.goe(), rmt.gue(), rmt.ginibre(field="complex")
    mx, my, ma = drawn(3, 6, x, y, a)
    one = np.eye(6)
    cases = {
        x @ y - y @ x + a: mx @ my - my @ mx + ma,
        (x + 2) @ (y - 1j) + a.H: (mx + 2 * one) @ (my - 1j * one) + ma.conj().T,
        (x + y + a) ** 3: np.linalg.matrix_power(mx + my + ma, 3),
        -(x - y) / 4 + 1 - a: -(mx - my) / 4 + one - ma,
        (x @ y @ (3j * a)).H @ x: (mx @ my @ (3j * ma)).conj().T @ mx,
        np.float64(2) * x + y * np.array(3) - Fraction(1, 2) * a: 2 * mx + 3 * my - ma / 2,
        5 - x + +y @ a: 5 * one - mx + my @ ma,
    }
    for expression, matrix in cases.items():
        assert set(expression.variables) == {x, y, a}
        np.testing.assert_allclose(expression._evaluate({x: mx, y: my, a: ma}, 6), matrix, atol=1e-13)


def test_rules():
    x, y, a = rmt.goe(), rmt.gue(), rmt.ginibre()
    assert ((x + y) @ a).terms == (x @ a + y @ a).terms
    assert ((x @ y) @ a).terms == (x @ (y @ a)).terms
    assert ((x @ a).H).terms == (a.H @ x).terms
    assert (2j * x @ a).H.H.terms == (2j * x @ a).terms
    assert (a.H.H).terms == (1 * a).terms
    assert x.H is x
    assert (x @ x).terms == (x**2).terms
    assert (x + y - x).variables == (y,)
    assert sum([x, y], 0).terms == (x + y).terms


@pytest.mark.parametrize(
    ("hermitian", "make"),
    [
        (True, lambda x, y, a: x @ y + y @ x),
        (True, lambda x, y, a: 1j * (x @ y - y @ x)),
        (True, lambda x, y, a: a @ x @ a.H + 2),
        (True, lambda x, y, a: 1j * a - 1j * a.H),
        (False, lambda x, y, a: x @ y - y @ x),
        (False, lambda x, y, a: x @ y),
        (False, lambda x, y, a: x + 1j),
        (False, lambda x, y, a: a + a),
    ],
)
def test_hermitian_is_known(hermitian, make):
    expression = make(rmt.goe(), rmt.gue(), rmt.ginibre())
    matrix = expression.sample(8, rng=0)
    assert expression.hermitian is hermitian
    assert np.allclose(matrix, matrix.conj().T) is hermitian


def test_field():
    assert (rmt.goe() + rmt.wishart()).field == "real"
    assert (rmt.goe() + rmt.gue()).field == "complex"
    x, y = rmt.goe(), rmt.goe()
    commutator = 1j * (x @ y - y @ x)
    assert commutator.field == "complex"
    assert commutator.sample(3, rng=0).dtype == np.complex128
    assert (rmt.gse() + rmt.gse()).field == "quaternion"


def test_repr():
    x, y, a = rmt.gue(), rmt.goe(), rmt.ginibre()
    assert repr(x + x) == "2 * gue()"
    assert repr(x @ y - 2 * x + 1) == "(X1 := gue()) @ goe() + -2 * X1 + 1"
    assert repr(x + rmt.gue()) == "gue() + gue()"
    assert repr(1j * (x @ y - y @ x)) == "1j * (X1 := gue()) @ (X2 := goe()) + -1j * X2 @ X1"
    assert repr(a @ a.H) == "(X1 := ginibre()) @ X1.H"
    assert repr(x - x) == "0"


def test_evaluating_repr_gives_the_same_polynomial():
    x, y, a = rmt.gue(), rmt.goe(), rmt.ginibre(shape=(1, 2))
    rotated = rmt.haar_conjugate(x @ y + y @ x)
    for expression in (
        x + x,
        x + rmt.gue(),
        x @ y - 2 * x + 1,
        1j * (x @ y - y @ x),
        a @ a.H / 3,
        x @ x + rmt.gue() @ y @ rmt.gue(),
        y @ rotated @ y + rotated @ rotated,
    ):
        again = eval(repr(expression), {name: getattr(rmt, name) for name in dir(rmt)})
        assert repr(again) == repr(expression)
        assert len(again.variables) == len(expression.variables)
        assert np.array_equal(again.sample(8, rng=3), expression.sample(8, rng=3))


def test_terms_are_read_only():
    expression = rmt.gue() @ rmt.gue() + 1
    with pytest.raises(TypeError, match="does not support item assignment"):
        expression.terms[()] = 5
    again = pickle.loads(pickle.dumps(expression))
    assert repr(again) == repr(expression)
    assert np.array_equal(again.sample(4, rng=0), copy.deepcopy(expression).sample(4, rng=0))


def test_constants():
    x = rmt.gue()
    nothing = x - x
    np.testing.assert_array_equal(nothing.sample(3), np.zeros((3, 3)))
    np.testing.assert_array_equal((nothing + 2).eigenvalues(3), [2, 2, 2])
    assert nothing.law() == rmt.Atomic((0,), (1,))
    assert (nothing + 2).law() == rmt.Atomic((2,), (1,))


def test_same_seed_same_numbers():
    expression = rmt.gue() + rmt.wishart(ratio=0.5)
    np.testing.assert_array_equal(expression.sample(4, rng=1), expression.sample(4, rng=1))
    assert expression.eigenvalues(4, rng=1, trials=3).shape == (3, 4)
    np.testing.assert_array_equal(
        expression.eigenvalues(4, rng=1),
        np.linalg.eigvalsh(expression.sample(4, rng=np.random.default_rng(1).spawn(1)[0])),
    )


# ---------------------------------------------------------------------- which law
def test_laws_in_closed_form():
    x, w, a, b = rmt.gue(), rmt.wishart(ratio=2), rmt.ginibre(), rmt.ginibre()
    u, v = rmt.haar_unitary(), rmt.haar_orthogonal()
    cases = {
        2 * x - 1: rmt.Semicircle(mean=-1, variance=4),
        (1 + 0j) * x: rmt.Semicircle(),
        x - x + w: rmt.MarchenkoPastur(ratio=2),
        x @ x: rmt.MarchenkoPastur(),
        x @ x + 4 * x + 4: rmt.squared(rmt.Semicircle(mean=2)),
        a @ a.H: rmt.MarchenkoPastur(),
        a.H @ a: rmt.MarchenkoPastur(),
        (a @ b) @ (a @ b).H: rmt.FussCatalan(order=2),
        a + a.H: rmt.Semicircle(variance=2),
        3j * a - 3j * a.H: rmt.Semicircle(variance=18),
        u + u.H: rmt.Arcsine(radius=2),
        u @ u.H: rmt.Atomic((1,), (1,)),
        u @ w @ u.H: rmt.MarchenkoPastur(ratio=2),
        rmt.gse() - rmt.gse(): rmt.Semicircle(variance=2),
    }
    for expression, law in cases.items():
        assert expression.law() == law, expression
    grid = np.linspace(-3.4, 3.4, 41)
    tree = (u + u.H + v + v.H).law()
    np.testing.assert_allclose(tree.pdf(grid), rmt.KestenMcKay(degree=4).pdf(grid), atol=1e-13)


def test_rectangular_factors():
    r = rmt.ginibre(shape=(1, 3))
    assert (r @ r.H).law() == rmt.MarchenkoPastur(ratio=1 / 3)
    law = (r.H @ r).law()
    values = (r.H @ r).eigenvalues(200, rng=0)
    assert values.size == 600
    assert law.mean() == pytest.approx(1 / 3)
    assert dict(law.atoms)[0.0] == pytest.approx(2 / 3)
    values[np.abs(values) < 1e-12] = 0.0
    assert compare(values, law).ks < tolerance(600)


def test_free_parts_add():
    """Words without a common variable stay on the tree of scalar operations."""
    x, a, w = rmt.gue(), rmt.ginibre(), rmt.wishart(ratio=0.5)
    grid = np.linspace(-2, 6, 30)
    law = (x + a @ a.H + w @ w + 1).law()
    expected = boxplus(rmt.Semicircle(), rmt.MarchenkoPastur(), rmt.squared(w.law())) + 1
    np.testing.assert_allclose(law.pdf(grid), expected.pdf(grid), atol=1e-13)


def test_palindromes_are_free_products():
    """u M u* has the moments of M u*u."""
    v, w, a = rmt.wishart(ratio=0.5), rmt.wishart(ratio=0.25), rmt.ginibre()
    expected = boxtimes(rmt.squared(v.law()), rmt.MarchenkoPastur(), w.law())
    law = (v @ a @ w @ a.H @ v).law()
    assert law.moments(5, exact=True) == expected.moments(5, exact=True)


def test_perfect_squares():
    """a y² + b y + c in a linear form y is a push-forward of the law of y."""
    x, p, w = rmt.gue(), rmt.projection(0.5), rmt.wishart()
    y = 2 * x - p
    line = boxplus(2 * x.law(), -p.law())
    assert (y**2).law() == rmt.squared(line)
    assert (x @ x + x @ w + w @ x + w @ w).law() == rmt.squared(boxplus(x.law(), w.law()))
    grid = np.linspace(0.1, 20, 30)
    np.testing.assert_allclose((y @ y).law().pdf(grid), rmt.squared(line).pdf(grid), atol=1e-13)
    shifted = (rmt.squared(line + 1.5) - 2.25).pdf(grid)
    np.testing.assert_allclose((y @ y + 3 * y).law().pdf(grid), shifted, atol=1e-13)
    tangled = (y @ y + 3 * x).law()
    assert tangled.moments(3, exact=True)[0] == 4 + Fraction(1, 2)


def test_three_positive_factors_have_no_real_spectrum():
    """Their moments are those of the free product, but their eigenvalues leave the line."""
    product = rmt.wishart(ratio=0.5) @ rmt.wishart(ratio=0.5) @ rmt.wishart(ratio=0.5)
    assert np.abs(product.eigenvalues(100, rng=0).imag).max() > 0.1
    with pytest.raises(TypeError, match="is not self-adjoint and no product of two matrices, one of them positive"):
        product.law()


# ---------------------------------------------------------------------- matrix against law
def two_atoms():
    return rmt.diagonal(rmt.Bernoulli(0.25, low=-1.5, high=1.0))


EXPRESSIONS = {
    "GUE + Wishart": lambda: rmt.gue() + rmt.wishart(ratio=2.0, field="complex"),
    "GOE + Wishart": lambda: rmt.goe() + rmt.wishart(ratio=0.5),
    "GUE + two atoms": lambda: rmt.gue() + two_atoms(),
    "signs + two atoms": lambda: 0.5 * rmt.wigner(entries="rademacher") + two_atoms(),
    "GSE + GSE": lambda: rmt.gse() + 2 * rmt.gse() - 1,
    "Wishart - Wishart": lambda: rmt.wishart(ratio=0.5) - 2 * rmt.wishart(ratio=0.25),
    "projection + projection": lambda: rmt.projection(0.5) + rmt.projection(0.25),
    "projection @ projection": lambda: rmt.projection(0.5) @ rmt.projection(0.3),
    "Wishart @ conjugated diagonal": lambda: (
        rmt.wishart(ratio=0.5) @ rmt.haar_conjugate(rmt.diagonal(rmt.Uniform(1, 3)))
    ),
    "GOE @ Wishart": lambda: rmt.goe() @ rmt.wishart(ratio=0.5),
    "Wishart @ both signs": lambda: (
        rmt.wishart(ratio=0.2) @ rmt.haar_conjugate(rmt.diagonal(rmt.Atomic((-1, 2), (0.5, 0.5))))
    ),
    "Haar + adjoint": lambda: (lambda u, v: u + u.H + v + v.H)(rmt.haar_orthogonal(), rmt.haar_orthogonal()),
}

POLYNOMIALS = {
    "product of Ginibre": lambda: (lambda a, b: (a @ b) @ (a @ b).H)(rmt.ginibre(), rmt.ginibre()),
    "anticommutator": lambda: (lambda x, y: x @ y + y @ x)(rmt.goe(), rmt.goe()),
    "commutator": lambda: (lambda x, y: 1j * (x @ y - y @ x))(rmt.goe(), rmt.goe()),
    "anticommutator with Wishart": lambda: (lambda x, w: x @ w + w @ x)(rmt.goe(), rmt.wishart(ratio=0.5)),
    "square of a sum": lambda: (lambda x, p: (x + p) ** 2)(rmt.goe(), rmt.projection(0.5)),
    "quadratic in one": lambda: (lambda x: x @ x - 3 * x)(rmt.goe()),
    "circular and Hermitian": lambda: (lambda a, x: a @ x @ a.H + x)(rmt.ginibre(), rmt.goe()),
    "Haar and Hermitian": lambda: (lambda u, w: u @ w @ u.H + w)(rmt.haar_orthogonal(), rmt.wishart(ratio=0.5)),
    "Haar and Ginibre": lambda: (lambda u, a: u @ a + a.H @ u.H + u + u.H)(rmt.haar_unitary(), rmt.ginibre()),
}


@pytest.mark.parametrize("name", long_beyond(EXPRESSIONS, 4))
def test_eigenvalues_follow_the_law(name):
    expression = EXPRESSIONS[name]()
    values, law = expression.eigenvalues(N, rng=1), expression.law()
    scale = np.abs(values).max()
    values[np.abs(values) < 1e-12 * scale] = 0.0
    assert values.size == N
    assert compare(values, law).ks < tolerance()
    assert compare(values * 1.03 + 0.02, law).ks > tolerance()


@pytest.mark.parametrize("name", long_beyond(POLYNOMIALS, 5))
def test_polynomials_follow_the_law(name):
    expression = POLYNOMIALS[name]()
    values, law = expression.eigenvalues(N, rng=2), expression.law()
    assert compare(values, law).ks < tolerance()
    assert compare(values * 1.03 + 0.02, law).ks > tolerance()


def test_wrong_laws_are_rejected():
    """The classical convolution, another ratio, the product for the sum: each is far outside the tolerance."""
    two = rmt.projection(0.5) + rmt.projection(0.5)
    values = two.eigenvalues(N, rng=3)
    assert compare(values, two.law()).ks < tolerance()
    assert compare(values, rmt.Atomic((0, 1, 2), (0.25, 0.5, 0.25))).ks > 20 * tolerance()
    values = (rmt.gue() + rmt.wishart(ratio=0.5)).eigenvalues(N, rng=3)
    assert compare(values, (rmt.gue() + rmt.wishart(ratio=0.6)).law()).ks > tolerance()
    assert compare(values, (rmt.gue() - rmt.wishart(ratio=0.5)).law()).ks > 20 * tolerance()


def test_matrices_that_are_not_free():
    """Two diagonal matrices add like numbers: the free sum is wrong for them, and only conjugation mends it."""
    law = rmt.Rademacher()
    rng = np.random.default_rng(4)
    classical = rmt.diagonal(law).sample(400) + np.diag(rng.permutation(rmt.diagonal(law).eigenvalues(400)))
    free = rmt.diagonal(law) + rmt.haar_conjugate(rmt.diagonal(law))
    arcsine = free.law()
    assert compare(free.eigenvalues(400, rng=4), arcsine).ks < tolerance(400)
    assert compare(np.sort(np.diag(classical)), arcsine).ks > 15 * tolerance(400)


@pytest.mark.parametrize("positive", [rmt.wishart(ratio=0.5), rmt.wishart(ratio=2), rmt.projection(0.5)], ids=repr)
def test_eigenvalues_of_a_product_are_those_of_the_matrix(positive):
    """X W is not Hermitian; its eigenvalues come from W^(1/2) X W^(1/2)."""
    product = rmt.goe() @ positive
    matrix = product.sample(30, rng=np.random.default_rng(5).spawn(1)[0])
    direct = np.sort(np.linalg.eigvals(matrix).real)
    np.testing.assert_allclose(product.eigenvalues(30, rng=5), direct, atol=1e-10)


def test_singular_values():
    a, b = rmt.ginibre(), rmt.ginibre()
    product = a @ b
    values = product.singular_values(300, rng=6)
    assert product.gram_law() == rmt.FussCatalan(order=2)
    assert compare(values**2, product.gram_law()).ks < tolerance(300)
    assert (1 * rmt.goe()).gram_law() == rmt.MarchenkoPastur()


# ---------------------------------------------------------------------- freeness
def test_freeness_needs_a_warrant():
    d, e = rmt.diagonal(rmt.Rademacher()), rmt.diagonal(rmt.Uniform(0, 1))
    message = (
        r"diagonal\(law=Rademacher\(\)\) and diagonal\(law=Uniform\(low=0, high=1\)\) are not known to be "
        r"asymptotically free: .* Conjugate one of them by a Haar matrix: rmt.haar_conjugate"
    )
    for expression in (d + e, d @ e, d @ e + e @ d, rmt.gue() + d - e, (d + e) @ (d + e)):
        with pytest.raises(rmt.FreenessError, match=message):
            expression.law()
        assert expression.eigenvalues(10, rng=0).shape == (10,)  # it can still be sampled


def test_one_term_may_lack_a_warrant():
    d, e = rmt.diagonal(rmt.Rademacher()), rmt.diagonal(rmt.Uniform(0, 1))
    for expression in (rmt.gue() + d, rmt.wigner(entries="uniform") + d, d + rmt.haar_conjugate(e), d @ d + d):
        assert isinstance(expression.law(), rmt.Law)


def test_a_conjugate_of_itself_is_another_matrix():
    d = rmt.diagonal(rmt.Rademacher())
    assert (d + d).law() == 2 * rmt.Rademacher()
    assert (d + rmt.haar_conjugate(d)).law() == rmt.Arcsine(radius=2)


# ---------------------------------------------------------------------- bad input
X, Y, W, A = rmt.gue(), rmt.goe(), rmt.wishart(), rmt.ginibre()
R = rmt.ginibre(shape=(1, 3))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: X * Y, TypeError, "ensemble is ambiguous: write X @ Y for the matrix product"),
        (lambda: (X + Y) * Y, TypeError, "ensemble is ambiguous: write X @ Y"),
        (lambda: X @ 2, TypeError, r"X @ Y needs two ensembles, got int; a number multiplies with \*"),
        (lambda: X * "2", TypeError, r"expected a number or an ensemble after \*, got str"),
        (lambda: X + np.eye(2), TypeError, r"expected a number or an ensemble after \+, got ndarray"),
        (lambda: X * np.array([2.0]), TypeError, r"expected a number or an ensemble after \*, got ndarray"),
        (lambda: X * math.inf, ValueError, r"expected a finite number after \*, got inf"),
        (lambda: X - math.nan, ValueError, "expected a finite number after -, got nan"),
        (lambda: X / 0, ValueError, "division of an ensemble by zero"),
        (lambda: 1 / X, TypeError, r"is written c \* X.inverse\(\), got 1 / gue\(\)"),
        (lambda: X**-1, ValueError, "the exponent must be an integer >= 0, got -1; X.inverse.. is the inverse"),
        (lambda: X**0.5, TypeError, "the exponent must be an integer >= 0, got 0.5"),
        (lambda: X + rmt.Semicircle(), TypeError, "ensemble [+] law mixes the two faces: add rmt.haar_conjugate"),
        (lambda: X + rmt.gse(), ValueError, "a quaternion ensemble .* cannot be combined with a real or complex one"),
        (lambda: 1j * rmt.gse(), ValueError, "a complex multiple of a quaternion ensemble is no quaternion matrix"),
        (lambda: (X @ Y).law(), TypeError, "is not self-adjoint and no product of two matrices, one of them positive"),
        (lambda: (1j * X).law(), TypeError, "is not self-adjoint"),
        (lambda: (A @ X + X @ A).law(), TypeError, "is not self-adjoint .* the law of A @ A.H or of A [+] A.H is"),
        (lambda: R + R.H, ValueError, "shapes do not match: a matrix of shape 1n x 3n [+] one of shape 3n x 1n"),
        (lambda: R + 1, ValueError, "shapes do not match: .* 1n x 3n [+] a multiple of the identity"),
        (lambda: R @ R, ValueError, "shapes do not match: a matrix of shape 1n x 3n @ one of shape 1n x 3n"),
        (lambda: R @ X @ R.H, ValueError, "shapes do not match: .* 1n x 3n @ one of shape 1n x 1n"),
        (lambda: (X + Y).eigenvalues(0), ValueError, "n must be an integer >= 1, got 0"),
        (lambda: (X + W).eigenvalues(10**6), ValueError, "too large for memory"),
    ],
)
def test_bad_input(make, error, message):
    with pytest.raises(error, match=message):
        make()
