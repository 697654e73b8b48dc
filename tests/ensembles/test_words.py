"""Words of random matrices: their reduction, their shapes, whether they are Hermitian, and what is free from what."""

import math
import pickle
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import rmt
from rmt.ensembles.coefficients import collect, is_hermitian
from rmt.ensembles.letters import adjoint, reduced
from rmt.free import boxplus, boxtimes

X, Y, W, V = rmt.gue(), rmt.gue(), rmt.wishart(ratio=0.5), rmt.wishart(ratio=0.25)
U, Q, G, C = rmt.haar_unitary(), rmt.haar_orthogonal(), rmt.ginibre(), rmt.ginibre(field="complex")
P = rmt.projection(0.3)
R, R2, S = rmt.ginibre(shape=(1, 2)), rmt.ginibre(shape=(1, 2)), rmt.ginibre(shape=(2, 1))
D, B = rmt.diagonal(rmt.Uniform(1, 2)), rmt.diagonal(rmt.Rademacher())
E = rmt.diagonal(rmt.Uniform(1, 3))
N = rmt.haar_conjugate(rmt.diagonal(rmt.Uniform(-2, -1)))
MP = rmt.MarchenkoPastur()


def moments(expression, order=4):
    return pytest.approx([float(m) for m in expression.law().moments(order)], rel=1e-12, abs=1e-12)


# ---------------------------------------------------------------------- what is Hermitian
def test_conjugates_of_matrices_that_are_not_hermitian():
    """H has the law of X W, which is on the line, and its sum with H* is that of X W + W X: not twice a real law."""
    h = rmt.haar_conjugate(X @ W)
    assert not h.hermitian
    assert moments(h + h.H) == [0, 5, 0, 70.75]
    assert moments(h + h.H) != [0, 4, 0, 48]  # of two commuting copies
    assert moments(h @ Y + Y @ h.H, 2) == [0, 3]
    assert (rmt.haar_conjugate(X @ rmt.haar_conjugate(D)) + Y).gram_law().mean() == pytest.approx(10 / 3, rel=1e-12)
    k = rmt.haar_conjugate(X @ rmt.haar_conjugate(D))
    assert (k @ k).gram_law().moments(2)[0] == pytest.approx(10.69444444444444, rel=1e-12)
    k = rmt.haar_conjugate(D @ X)
    assert moments(k + k.H + D, 2) == [1.5, 11.5]
    assert moments(1j * (h - h.H), 2) == [0, 1]


def test_conjugates_of_sums_without_a_law():
    """Inside Q (Y + O) Q* there is no law to ask for, only letters."""
    h = rmt.haar_conjugate(rmt.goe() + rmt.haar_orthogonal())
    element = h + X @ W
    assert moments(element @ element.H, 1) == [1 + 1 + 1.5]
    inverse = (rmt.ginibre() + 2 * rmt.haar_unitary()).inverse()
    with pytest.raises(TypeError, match="does not live on the line"):
        (inverse + inverse.H).law()


def test_hermiticity_does_not_hang_on_rounding():
    rng = np.random.default_rng(7)
    misjudged = 0
    for _ in range(40):
        a, b, c, d = (round(float(t), 2) for t in rng.uniform(-2, 2, 4))
        line, other = a * X + b * Y + c, c * X + d * W
        k = (a + 1j * b) * X @ W + (c + 1j * d) * Y
        for expression in (line**3, line**4, line @ other @ line, k @ other @ k.H):
            assert expression.hermitian
        plain = {}
        for u, p in line.terms.items():
            for v, q in line.terms.items():
                for w, r in line.terms.items():
                    plain[u + v + w] = plain.get(u + v + w, 0) + p * q * r
        misjudged += any(plain[word] != plain[adjoint(word)] for word in plain)
    assert misjudged > 10  # exact comparison gets these wrong
    assert not (X @ Y + (1 + 1e-10) * Y @ X).hermitian
    assert not (X @ Y).hermitian


def test_real_coefficients_given_as_complex_numbers():
    z = 0.3 - 1.7j
    for expression in ((-1 + 0j) * rmt.goe(), 1j * (1j * rmt.goe()), (z * z.conjugate()) * rmt.goe()):
        assert expression.hermitian
        assert expression.field == "real"
        assert expression.eigenvalues(3, rng=0).dtype == np.float64
        assert expression.sample(3, rng=0).dtype == np.float64
    assert (complex(2) * rmt.gse()).law() == rmt.Semicircle(variance=4)


def test_sums_that_are_rounding_are_zero():
    assert (0.1 * X + 0.2 * X - 0.3 * X).terms == {}
    assert (sum([0.1 * X] * 1000, 0) - 100 * X).terms == {}
    assert (X - (1 - 1e-10) * X).terms != {}
    assert (1e-20 * X).terms != {}
    half_sum = (0.1 * X + 0.3 * Y) ** 2
    assert half_sum.law() == rmt.squared(boxplus(0.1 * X.law(), 0.3 * Y.law()))
    word = ((X, False), (Y, False))
    assert not is_hermitian(collect([(word, 1), (adjoint(word), 1 + 1e-9)]))
    assert is_hermitian(collect([(word, 0.1), (word, 0.2), (adjoint(word), 0.3)]))


# ---------------------------------------------------------------------- shapes
@pytest.mark.parametrize(
    "make",
    [
        lambda: R.H @ R + X,
        lambda: X @ R.H @ R @ X,
        lambda: G.H @ R.H,
        lambda: rmt.haar_conjugate(R),
        lambda: rmt.haar_conjugate(R + R2),
        lambda: rmt.haar_conjugate(R.H @ R) + X,
        lambda: R + 1,
        lambda: R @ R,
        lambda: 2 - S,
        lambda: (R @ S) @ R.H,
        lambda: R**0,
        lambda: R.inverse(),
    ],
)
def test_what_cannot_be_formed_raises_where_it_is_written(make):
    with pytest.raises(ValueError, match="shape"):
        make()


def test_zero_keeps_its_shape():
    assert (0 * R).sample(3).shape == (3, 6)
    assert (R.H @ R - R.H @ R).sample(3).shape == (6, 6)
    assert (R.H @ R - R.H @ R).law() == rmt.Atomic((0,), (1,))
    four = rmt.gse()
    assert (four - four).sample(2).shape == (4, 4)
    assert (R.H @ R + 1).sample(2, rng=0).shape == (4, 4)
    with pytest.raises(ValueError, match="shapes do not match"):
        0 * R + X


@pytest.mark.parametrize("rectangle", [R.H, R + R2, 0 * R, 2 * R], ids=repr)
def test_rectangles_have_no_eigenvalues(rectangle):
    for ask in (lambda: rectangle.eigenvalues(3), rectangle.law):
        with pytest.raises(ValueError, match=r"not square, so it has no eigenvalues; use singular_values\(n\)"):
            ask()
    assert rectangle.singular_values(3, rng=0).shape == (3,)


# ---------------------------------------------------------------------- reduction
def test_reduction_of_words():
    inverse = W.inverse()
    cases = {
        (U @ U.H @ X): {((X, False),): 1},
        (U.H @ U): {(): 1},
        (U @ W @ inverse @ U.H): {(): 1},
        (P @ P @ P): {((P, False),): 1},
        ((U @ U.H) ** 2): {(): 1},
        (inverse @ W @ X): {((X, False),): 1},
    }
    for expression, terms in cases.items():
        assert expression.terms == terms
    assert reduced([(U, False), (P, False), (P, False), (U, True)]) == ((U, False), (P, False), (U, True))
    assert (U @ U.H @ X).sample(5, rng=0) == pytest.approx((1 * X).sample(5, rng=0))


LAWS = {
    "X³W": (lambda: X @ X @ X @ W, lambda: boxtimes(rmt.free.PolynomialImage(X.law(), (0, 0, 0, 1)), W.law())),
    "W X³": (lambda: W @ X**3, lambda: boxtimes(rmt.free.PolynomialImage(X.law(), (0, 0, 0, 1)), W.law())),
    "(W + 1)X": (lambda: (W + 1) @ X, lambda: boxtimes(W.law() + 1, X.law())),
    "WX − W": (lambda: W @ X - W, lambda: boxtimes(W.law(), X.law() - 1)),
    "XW + 2W, shifted": (lambda: X @ W + 2 * W + 3, lambda: boxtimes(W.law(), X.law() + 2) + 3),
    "(V + .3)W": (lambda: (V + 0.3) @ W, lambda: boxtimes(V.law() + 0.3, W.law())),
    "(W + V)(X + Y), written out": (
        lambda: W @ X + V @ X + W @ Y + V @ Y,
        lambda: boxtimes(boxplus(W.law(), V.law()), rmt.Semicircle(0, 2)),
    ),
    "2WX − 2W + 3X − 3": (lambda: 2 * W @ X - 2 * W + 3 * X - 3, lambda: boxtimes(2 * W.law() + 3, X.law() - 1)),
    "RSX(RS)*": (
        lambda: R @ S @ X @ S.H @ R.H,
        lambda: Fraction(1, 2) * boxtimes(rmt.FreePoisson(2), MP, rmt.Semicircle()),
    ),
    "(X + Y)³V": (
        lambda: (X + Y) ** 3 @ V,
        lambda: boxtimes(rmt.free.PolynomialImage(rmt.Semicircle(0, 2), (0, 0, 0, 1)), V.law()),
    ),
    "PPXP": (lambda: P @ P @ X @ P, lambda: boxtimes(P.law(), X.law())),
    "PPPV": (lambda: P @ P @ P @ V, lambda: boxtimes(P.law(), V.law())),
    "U*XU": (lambda: U.H @ X @ U, X.law),
    "NX": (lambda: N @ X, lambda: boxtimes(N.law(), X.law())),
    "NN'": (lambda: N @ rmt.haar_conjugate(rmt.diagonal(rmt.Uniform(-2, -1))), lambda: boxtimes(N.law(), N.law())),
    "(UU*)²": (lambda: (U @ U.H) ** 2, lambda: rmt.Atomic((1,), (1,))),
    "(U²)(U²)*": (lambda: U @ U @ (U @ U).H, lambda: rmt.Atomic((1,), (1,))),
    "(RR*)²": (lambda: (R @ R.H) ** 2, lambda: rmt.squared(rmt.MarchenkoPastur(0.5))),
    "(R + R')(R + R')*": (lambda: (R + R2) @ (R + R2).H, lambda: rmt.MarchenkoPastur(0.5, variance=2)),
    "RSS*R*": (
        lambda: R @ S @ S.H @ R.H,
        lambda: Fraction(1, 2) * rmt.CompoundFreePoisson(2, rmt.MarchenkoPastur(2)),
    ),
    "U² + U*²": (lambda: U @ U + (U @ U).H, rmt.Arcsine),
    "UOU* + adjoint": (lambda: U @ Q @ U.H + (U @ Q @ U.H).H, rmt.Arcsine),
    "U² + U*² + W": (lambda: U @ U + (U @ U).H + W, lambda: boxplus(rmt.Arcsine(), W.law())),
}


@pytest.mark.parametrize("name", LAWS)
def test_laws_of_words(name):
    make, expected = LAWS[name]
    law, other = make().law(), expected()
    assert law.moments(6) == pytest.approx(other.moments(6), rel=1e-11, abs=1e-11)
    low, high = other._hull()
    grid = np.linspace(low, high, 7)[1:-1] + 0.0123 * (high - low)
    assert law.cdf(grid) == pytest.approx(other.cdf(grid), abs=1e-10)


PLANAR = {
    "2G": (lambda: 2 * G, rmt.CircularLaw(4)),
    "−U": (lambda: -U, rmt.UnitCircle()),
    "iU": (lambda: 1j * U, rmt.UnitCircle()),
    "G + 1": (lambda: G + 1, rmt.PlanarAffine(rmt.CircularLaw(), 1, 1)),
    "U²": (lambda: U @ U, rmt.UnitCircle()),
    "UO": (lambda: U @ Q, rmt.UnitCircle()),
    "G + C": (lambda: G + C, rmt.CircularLaw(2)),
    "UG": (lambda: U @ G, rmt.CircularLaw(1)),
    "GC": (lambda: G @ C, rmt.GinibreProduct(2)),
    "G²": (lambda: G @ G, rmt.GinibreProduct(2)),
    "X + iY": (lambda: X + 1j * Y, rmt.CircularLaw(2.0)),
}


@pytest.mark.parametrize("name", PLANAR)
def test_laws_in_the_plane(name):
    make, law = PLANAR[name]
    assert make().law() == law
    values = make().eigenvalues(300, rng=1)
    assert values.dtype == np.complex128
    shifted = values - getattr(law, "shift", 0)
    base = getattr(law, "base", law)
    levels = np.sort(
        base.radial_law().cdf(np.minimum(np.abs(shifted), 1.0))
        if base == rmt.UnitCircle()
        else base.radial_law().cdf(np.abs(shifted))
    )
    assert np.abs(levels - np.arange(1, 301) / 300).max() < (1.1 if base == rmt.UnitCircle() else 0.12)


RINGS = {
    # letters around u are turned to one side, since X U X is no R-diagonal element: radius √τ(X⁴), not τ(X²)
    "XUX": (lambda: X @ U @ X, lambda: rmt.free.PolynomialImage(X.law(), (0, 0, 0, 0, 1))),
    "DGD": (lambda: D @ G @ D, lambda: boxtimes(MP, rmt.squared(rmt.squared(D.law())))),
    "WXUW": (lambda: W @ X @ U @ W, lambda: boxtimes(rmt.squared(rmt.squared(W.law())), rmt.squared(X.law()))),
    # letters of one depth meet only each other: as free copies of U
    "UWUWU": (lambda: U @ W @ U @ W @ U, lambda: boxtimes(rmt.squared(W.law()), rmt.squared(W.law()))),
    "(GW)²": (lambda: (G @ W) ** 2, lambda: boxtimes(MP, rmt.squared(W.law()), MP, rmt.squared(W.law()))),
    "GX + 2G": (lambda: G @ X + 2 * G, lambda: boxtimes(MP, rmt.squared(X.law() + 2))),
    # rectangles of independent entries
    "RS": (lambda: R @ S, lambda: Fraction(1, 2) * boxtimes(rmt.FreePoisson(2), MP)),
    "RSX": (lambda: R @ S @ X, lambda: Fraction(1, 2) * boxtimes(rmt.FreePoisson(2), MP, rmt.squared(X.law()))),
    # a Haar or Ginibre letter takes dependent matrices apart
    "UDVE": (lambda: U @ D @ Q @ E, lambda: boxtimes(rmt.squared(D.law()), rmt.squared(E.law()))),
    "UDUE": (lambda: U @ D @ U @ E, lambda: boxtimes(rmt.squared(D.law()), rmt.squared(E.law()))),
    "ECDG": (lambda: E @ C @ D @ G, lambda: boxtimes(MP, MP, rmt.squared(D.law()), rmt.squared(E.law()))),
    # X + iY is circular, also as a factor
    "(X + iY)D": (lambda: (X + 1j * Y) @ D, lambda: boxtimes(2 * MP, rmt.squared(D.law()))),
    "U + Uᵀ": (lambda: U + U.T, lambda: rmt.squared(rmt.Arcsine(2))),
}


@pytest.mark.parametrize("name", RINGS)
def test_laws_of_rings(name):
    """Radii against samples: n = 300 moves the distribution of the moduli by less than .1, as for the circular law."""
    make, gram = RINGS[name]
    law, moduli = make().law(), np.sort(np.abs(make().eigenvalues(300, rng=3)))
    expected = rmt.SingleRing(rmt.square_root(gram()))
    assert law.radii == pytest.approx(expected.radii, rel=1e-12)
    x = np.linspace(*law.radii, 7)[1:-1]
    assert law.radial_law().cdf(x) == pytest.approx(expected.radial_law().cdf(x), abs=1e-11)
    assert np.abs(law.radial_law().cdf(moduli) - np.arange(1, 301) / 300).max() < 0.1


def test_products_with_repeated_letters_have_the_closed_form():
    assert (G @ C @ C).law() == rmt.GinibreProduct(3)
    assert ((X + 1j * Y) @ (X + 1j * Y)).law().radial_law().cdf(1.0) == pytest.approx(0.5, rel=1e-12)


def test_sums_around_dependent_matrices_are_not_free():
    """U D + V E has not the singular values of a free sum if D and E commute; samples see it, and both are refused."""
    d, e = (rmt.diagonal(rmt.Atomic((0, 3), (0.5, 0.5))) for _ in range(2))
    total = U @ d + rmt.haar_unitary() @ e
    for question in (total.gram_law, (total @ total.H).law, (total @ X).law, total.law):
        with pytest.raises(rmt.errors.FreenessError, match="not known to be asymptotically free"):
            question()
    part = rmt.symmetrised(d.law())
    free, levels = rmt.squared(boxplus(part, part)), np.arange(1, 401) / 400
    apart = rmt.haar_conjugate(e)
    known = U @ d + rmt.haar_unitary() @ apart
    assert known.gram_law().moments(4) == pytest.approx(free.moments(4), rel=1e-12)
    values, right = (np.sort(t.singular_values(400, rng=1) ** 2) for t in (total, known))
    assert np.abs(free.cdf(right + 1e-9) - levels).max() < 0.05 < np.abs(free.cdf(values + 1e-9) - levels).max()


def test_a_word_is_asked_only_what_stands_next_to_each_other():
    assert (U @ D @ Q @ E).theorems == ("haar_unitary() is free from any algebra of the others (Voiculescu 1991)",)
    for word in (U @ D @ E, D @ U @ E, C @ D @ E @ G):
        with pytest.raises(rmt.errors.FreenessError):
            word.law()


def test_symmetric_unitary_matrices_are_free_from_others():
    """Dyson's S of index 1 is its own transpose, and its eigenvectors are uniformly distributed."""
    s, b = rmt.coe(), rmt.diagonal(rmt.Rademacher())
    assert s.T is s
    assert (X @ s).T.terms == (s @ X.T).terms
    assert (s @ D @ s.H + b).law() == boxplus(D.law(), b.law())
    assert (s + s.T).law() == (2 * s).law()
    values = (s @ D @ s.H + b).eigenvalues(300, rng=1)
    levels = np.arange(1, 301) / 300
    assert np.abs(boxplus(D.law(), b.law()).cdf(values) - levels).max() < 0.03
    assert np.abs(rmt.classical_convolution(D.law(), b.law()).cdf(values) - levels).max() > 0.06


def test_singular_values_of_elliptic_matrices():
    """Non-crossing pairings of e e* e e* ... pair e with e* only, so that they do not depend on τ; e D e* is free."""
    for tau, field in ((0.5, "real"), (-0.7, "complex")):
        e = rmt.elliptic(tau, field)
        assert e.gram_law() == MP
        values = np.sort(e.singular_values(400, rng=2) ** 2)
        assert np.abs(MP.cdf(values) - np.arange(1, 401) / 400).max() < 0.02
        assert (e @ U).law() == rmt.CircularLaw()
        total = (e @ D @ e.H + B).law()
        assert total == boxplus(boxtimes(MP, D.law()), B.law())
        sampled = (e @ D @ e.H + B).eigenvalues(400, rng=3)
        assert np.abs(total.cdf(sampled) - np.arange(1, 401) / 400).max() < 0.02
    assert (rmt.elliptic(0.5) ** 2).gram_law().mean() != 1  # E E is no product of free copies: τ(E² E*²) = 1 + τ²


def test_zero_rectangles():
    assert (0 * R).gram_law() == rmt.Atomic((0,), (1,))
    assert (R - R).singular_values(3).tolist() == [0.0, 0.0, 0.0]


def test_rings_of_repeated_rectangles():
    """The lower end of the law of a a* is 0, with the exponent −2/3 of two inverse moments, not a subnormal number."""
    law = (R @ R2.H @ R @ R2.H).law()
    moduli = np.sort(np.abs((R @ R2.H @ R @ R2.H).eigenvalues(300, rng=3)))
    assert law.radii[0] == 0.0
    assert np.abs(law.radial_law().cdf(moduli) - np.arange(1, 301) / 300).max() < 0.1


def test_the_ring_of_two_free_sides_is_another_one():
    """Negative control: with free copies of X on both sides of U the radius is τ(X²) = 1, and samples see it."""
    law, moduli = (X @ U @ X).law(), np.abs((X @ U @ X).eigenvalues(300, rng=3))
    assert law.radii == pytest.approx((0.0, math.sqrt(2)))
    free = (X @ U @ Y).law()
    assert free.radial_law().support[0].high == pytest.approx(1.0)
    assert np.abs(free.radial_law().cdf(np.sort(moduli)) - np.arange(1, 301) / 300).max() > 0.2
    with pytest.raises(TypeError, match="none in the plane is known"):  # nor does it add as an R-diagonal element
        (X @ U @ X + G).law()


def test_ellipses():
    """Second moments of linear forms a x + b x* in circular, semicircular and elliptic letters, against samples."""
    elliptic = rmt.elliptic(0.3, field="complex")
    forms = {
        2 * C + C.H: (5, 4),
        X + C: (2, 1),
        1j * elliptic + X: (2, 0.7),
        (1 + 1j) * elliptic + (2 - 1j) * elliptic.H: (7 + 2 * 0.3, 0.3 * (2j + 3 - 4j) + 2 * (3 + 1j)),
    }
    for form, (variance, pseudo) in forms.items():
        law = form.law()
        scale = complex(law.scale)
        assert abs(scale) ** 2 == pytest.approx(variance, rel=1e-12)
        assert law.base.tau * scale**2 == pytest.approx(pseudo, rel=1e-12)
        values = form.eigenvalues(400, rng=1)
        assert abs((values**2).mean() - pseudo) < 0.1 < abs((values**2).mean() - 1.3 * pseudo)


def test_rings():
    """U W has the singular values of W; U + Q those of the sum of two R-diagonal elements."""
    for element in (U @ W, U + Q):
        law = element.law()
        values = np.abs(element.eigenvalues(400, rng=2))
        assert np.abs(np.sort(law.radial_law().cdf(values)) - np.arange(1, 401) / 400).max() < 0.1
    tilted = (X + 0.5j * Y).law()
    assert tilted.base == rmt.EllipticLaw(0.6)


# ---------------------------------------------------------------------- freeness
ACCEPTED = {
    "UDU* + B": (lambda: U @ D @ U.H + B, lambda: boxplus(D.law(), B.law())),
    "UDU* + D": (lambda: U @ D @ U.H + D, lambda: boxplus(D.law(), D.law())),
    "GDG* + B": (lambda: G @ D @ G.H + B, lambda: boxplus(boxtimes(MP, D.law()), B.law())),
    "DGEG*D": (lambda: D @ G @ E @ G.H @ D, lambda: boxtimes(MP, E.law(), rmt.squared(D.law()))),
    "XDX + B": (lambda: X @ D @ X + B, lambda: boxplus(boxtimes(MP, D.law()), B.law())),
    "UDU* + OEO* + B": (lambda: U @ D @ U.H + Q @ E @ Q.H + B, lambda: boxplus(D.law(), E.law(), B.law())),
    "2 + D": (lambda: rmt.diagonal(rmt.Atomic((2,), (1,))) + D, lambda: D.law() + 2),
    "2D": (lambda: rmt.diagonal(rmt.Atomic((2,), (1,))) @ D, lambda: 2 * D.law()),
    "rademacher + D": (
        lambda: rmt.wigner("rademacher") + D,
        lambda: boxplus(rmt.Semicircle(), D.law()),
    ),
    "UOBO*U* + UDU* + B": (
        lambda: U @ Q @ B @ Q.H @ U.H + U @ D @ U.H + B,
        lambda: boxplus(B.law(), D.law(), B.law()),
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_only_what_is_added_or_multiplied_must_be_free(name):
    make, expected = ACCEPTED[name]
    expression, other = make(), expected()
    law = expression.law()
    assert law.moments(6) == pytest.approx(other.moments(6), rel=1e-11, abs=1e-11)
    values = expression.eigenvalues(400, rng=3)
    for k in (1, 2):
        assert (values**k).mean() == pytest.approx(law.moments(2)[k - 1], rel=0.03, abs=0.05)


REFUSED = {
    "D + B": lambda: D + B,
    "DXB": lambda: D @ X @ B + B @ X @ D,
    "UDU* + UBU*": lambda: U @ D @ U.H + U @ B @ U.H,
    "UDU* + U*DU + B": lambda: U @ D @ U.H + U.H @ D @ U + B,
    "UDU* + U*BU": lambda: U @ D @ U.H + U.H @ B @ U,
    "GDG* + GBG*": lambda: G @ D @ G.H + G @ B @ G.H,
    "UDU* + B + U + U*": lambda: U @ D @ U.H + B + U + U.H,
    "WDW + B": lambda: W @ D @ W + B,
    "shifted semicircle": lambda: (X + 1) @ D @ (X + 1) + B,
    "transpose of a Wigner matrix": lambda: (lambda x: x + x.T)(rmt.wigner("rademacher", field="complex")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_free_is_refused(name):
    with pytest.raises(rmt.FreenessError, match=r"Conjugate .* by a Haar matrix: rmt.haar_conjugate\(...\)"):
        REFUSED[name]().law()


def test_without_the_condition_the_free_sum_is_wrong():
    """Negative control: what is refused has another law than the free sum that a laxer rule would give."""
    free = boxplus(D.law(), B.law())
    for expression in (U @ D @ U.H + U @ B @ U.H, D + B):
        values = expression.eigenvalues(400, rng=4)
        assert abs((values**2).mean() - free.moments(2)[1]) > 0.2


def test_theorems_are_named():
    assert (U @ D @ U.H + B).theorems == ("haar_unitary() is free from any algebra of the others (Voiculescu 1991)",)
    (sentence,) = (rmt.wigner("rademacher") + D).theorems
    assert "Anderson, Guionnet and Zeitouni 2010" in sentence
    with pytest.raises(rmt.FreenessError):
        _ = (D + B).theorems


def test_warrants():
    r = rmt.wigner("rademacher")
    for expression in (2 * r, -r, r + 1, X + r, r @ X + X @ r):
        assert expression.warrant is rmt.Warrant.WIGNER
    for expression in (2 * X - 1, U @ D @ U.H, X + W):
        assert expression.warrant is rmt.Warrant.INVARIANT
    for expression in (2 * D, X + D, U @ D @ U.H + B):
        assert expression.warrant is rmt.Warrant.NONE


def test_permutations_are_free_from_each_other():
    """Random regular graphs, and their sums and products with invariant matrices, against samples."""
    s, t = rmt.permutation(), rmt.permutation()
    assert (s + s.T).law() == rmt.Arcsine()
    assert (s @ s.H).terms == {(): 1}
    graph = s + s.T + t + t.T
    assert graph.law().moments(8) == pytest.approx(rmt.KestenMcKay(4).moments(8), rel=1e-12)
    assert graph.law().cdf(1.3) == pytest.approx(rmt.KestenMcKay(4).cdf(1.3), abs=1e-12)
    (theorem,) = [sentence for sentence in graph.theorems if "Nica 1993" in sentence]
    assert "permutation()" in theorem
    word = s @ t @ s + (s @ t @ s).T
    for expression, law in ((graph, graph.law()), (graph + X, boxplus(graph.law(), X.law())), (word, word.law())):
        values = expression.eigenvalues(500, rng=1)
        x = np.quantile(values, np.linspace(0.1, 0.9, 9))
        shares = (values[:, None] <= x).mean(axis=0)
        assert np.abs(law.cdf(x) - shares).max() < 0.04 < np.abs(law.cdf(1.3 * x) - shares).max()
    assert rmt.permutation().law() == rmt.UnitCircle()
    drawn = s.eigenvalues(50, rng=2)
    assert np.abs(np.abs(drawn) - 1).max() < 1e-14
    assert np.sort(np.angle(drawn)) == pytest.approx(np.angle(drawn))


def test_permutations_are_not_free_from_diagonal_matrices():
    """S D S* + B is diagonal: its law is the classical convolution, and the free one is rejected."""
    s = rmt.permutation()
    for expression in (s @ D @ s.T + B, s + s.T + D, D @ s + s.T @ D):
        with pytest.raises(rmt.FreenessError, match=r"takes diagonal matrices to diagonal .*haar_conjugate\(\.\.\.\)"):
            expression.law()
    values = (s @ B @ s.T + rmt.diagonal(rmt.Rademacher())).eigenvalues(500, rng=3)
    x = np.array([-1.0, 1.9])  # shares with a standard deviation of .011
    shares = (values[:, None] <= x).mean(axis=0)
    assert rmt.classical_convolution(B.law(), B.law()).cdf(x) == pytest.approx(shares, abs=0.06)
    assert rmt.Arcsine().cdf(x) != pytest.approx(shares, abs=0.06)  # of the free sum
    assert (s + s.T + D).warrant is rmt.Warrant.NONE
    with pytest.raises(TypeError, match="none in the plane is known"):
        (s + rmt.permutation()).law()


# ---------------------------------------------------------------------- letters
def test_transposes():
    g = rmt.goe()
    assert g.T is g
    assert G.T.terms == G.H.terms
    assert X.T.T is X
    assert (X + X.T).law() == rmt.Semicircle(variance=2)
    matrix = (X @ C @ X.T).sample(4, rng=1)
    assert (X @ C @ X.T).T.sample(4, rng=1) != pytest.approx(matrix)
    both = X @ Y + 2j * Y
    a = both.sample(4, rng=2)
    assert (both + both.T).sample(4, rng=2) == pytest.approx(a + a.T)
    with pytest.raises(TypeError, match="quaternion"):
        rmt.gse().T  # noqa: B018


def test_inverses():
    inverse = W.inverse()
    assert inverse.inverse() is W
    assert (W @ inverse).terms == {(): 1}
    assert moments(inverse, 3) == [2, 8, 48]
    assert (inverse @ X).law().moments(2) == pytest.approx([0, 4], abs=1e-10)
    a = ((W + 1).inverse() @ (W + 1)).sample(5, rng=0)
    assert a == pytest.approx(np.eye(5))
    assert U.inverse().terms == U.H.terms
    product = (U @ W).inverse()
    assert product.terms == (inverse @ U.H).terms
    pickled = pickle.loads(pickle.dumps(inverse @ X + X @ inverse))
    assert pickled.sample(4, rng=1) == pytest.approx((inverse @ X + X @ inverse).sample(4, rng=1))
    for singular in (P, rmt.wishart(ratio=2), X - X):
        with pytest.raises(ValueError, match="has no inverse"):
            singular.inverse()
    # E w + E 1/w and E w² + 2 + E 1/w²
    assert (W + inverse).law().moments(2) == pytest.approx([3, 11.5], abs=1e-12)


def test_powers_of_exponent_zero():
    assert (X**0).law() == rmt.Atomic((1,), (1,))
    assert ((R.H @ R) ** 0).sample(2).shape == (4, 4)


def test_numbers_of_other_libraries():
    assert (mpmath.mpf("0.5") * X).terms == (0.5 * X).terms
    assert (X * mpmath.mpc(0, 2)).terms == (2j * X).terms
    assert (Decimal("0.25") * X + 0.5 * X).terms == (0.75 * X).terms
    for mixed in (lambda: X + rmt.Semicircle(), lambda: rmt.Semicircle() + X, lambda: rmt.Semicircle() - X):
        with pytest.raises(TypeError, match=r"ensemble [+] law mixes the two faces"):
            mixed()
    for mixed in (lambda: X * rmt.Semicircle(), lambda: rmt.Semicircle() * X):
        with pytest.raises(TypeError, match=r"ensemble \* law mixes the two faces"):
            mixed()
    with pytest.raises(ValueError, match="beyond the largest float"):
        1e300 * X * 1e300


def test_dtype_of_eigenvalues_does_not_depend_on_the_draw():
    q, c = rmt.haar_orthogonal(), rmt.ginibre()
    for expression in (X @ Y, Q @ q, G @ c):
        assert {expression.eigenvalues(2, rng=seed).dtype for seed in range(6)} == {np.dtype(np.complex128)}
    for expression in (N @ X, W @ X, (W + 1) @ X, P @ X @ P @ V):
        assert {expression.eigenvalues(2, rng=seed).dtype for seed in range(6)} == {np.dtype(np.float64)}


@pytest.mark.parametrize(
    "ensemble", [rmt.elliptic(0.5), rmt.truncated_unitary(0.5), rmt.permutation(), Q, G.inverse()], ids=repr
)
def test_eigenvalues_of_what_is_not_hermitian_are_complex(ensemble):
    assert {ensemble.eigenvalues(n, rng=seed).dtype for n in (1, 2, 3) for seed in range(6)} == {
        np.dtype(np.complex128)
    }


def test_laws_and_numbers_on_the_left():
    for left in (rmt.Semicircle(), 3, np.eye(2)):
        with pytest.raises(TypeError, match="X @ Y needs two ensembles, got"):
            left @ X
    with pytest.raises(TypeError, match=r"is written c \* X.inverse\(\), got 1 / gue\(\)"):
        1 / X


# ---------------------------------------------------------------------- length
@pytest.mark.slow
def test_long_expressions_cost_what_they_write():
    many = [rmt.gue() for _ in range(2000)]
    total = sum(many, 0)
    assert total.law() == rmt.Semicircle(variance=2000)
    assert len(pickle.loads(pickle.dumps(total)).variables) == 2000
    power = (X + Y) ** 16
    assert power.hermitian
    assert float(power.law().moments(1)[0]) == 2**8 * math.comb(16, 8) / 9
    assert power.eigenvalues(4, rng=0) == pytest.approx(np.sort((X + Y).eigenvalues(4, rng=0) ** 16), abs=1e-6)
    with pytest.raises(ValueError, match="takes up to 1048576 words, more than 100000"):
        ((X + W) ** 20).terms  # noqa: B018
