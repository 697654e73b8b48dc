"""Equations of laws: closed forms, the double solver, exact moments, wrong factors and wrong branches."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest

import rmt
from rmt.combinatorics import moments_from_free_cumulants
from rmt.laws import Law

pytest.importorskip("flint")

from rmt.exact.branch_choice import choose
from rmt.exact.curves import CurveBuilder
from rmt.exact.rings import ring

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
MP = rmt.MarchenkoPastur
COIN = rmt.Rademacher()
NESTED = rmt.boxplus(rmt.Semicircle(), MP(HALF), COIN)
LAWS = {
    "semicircle": rmt.Semicircle(1, Fraction(3, 2)),
    "marchenko-pastur": MP(Fraction(3, 2), 2),
    "free poisson": rmt.FreePoisson(THIRD, 2),
    "atoms": rmt.Atomic((0, 1, 3), (HALF, Fraction(1, 3), Fraction(1, 6))),
    "arcsine": rmt.Arcsine(2),
    "kesten-mckay": rmt.KestenMcKay(Fraction(7, 2)),
    "meixner": rmt.FreeMeixner(HALF, THIRD),
    "wachter": rmt.Wachter(Fraction(3, 2), Fraction(5, 2)),
    "projections": rmt.ProjectionProduct(THIRD, Fraction(1, 4)),
    "fuss-catalan": rmt.FussCatalan(Fraction(3, 2)),
    "raney": rmt.Raney(Fraction(5, 2), Fraction(3, 2)),
    "quartic, two cuts": rmt.QuarticEquilibrium(-3, 1),
    "sum of three": NESTED,
    "product": rmt.boxtimes(MP(HALF), MP(THIRD), rmt.Bernoulli(Fraction(1, 4))),
    "signed product": rmt.boxtimes(MP(HALF), COIN),
    "powers": rmt.boxtimes(MP(HALF), MP(THIRD), powers=(Fraction(3, 2), 2)),
    "compression": rmt.compress(NESTED, Fraction(2, 3)),
    "compound": rmt.CompoundFreePoisson(Fraction(3, 2), rmt.Atomic((-1, 2), (THIRD, 1 - THIRD))),
    "mixture": rmt.mixture(rmt.Semicircle(), MP(HALF), COIN, weights=(HALF, THIRD, Fraction(1, 6))),
    "boolean": rmt.boolean_convolution(rmt.Semicircle(), MP(HALF)),
    "monotone": rmt.monotone_convolution(rmt.Semicircle(), MP(HALF)),
    "square": rmt.squared(rmt.boxplus(rmt.Semicircle(), MP(HALF))),
    "inverse": rmt.inverse(MP(HALF)),
    "symmetric root": rmt.symmetrised(rmt.square_root(MP(HALF))),
    "rectangular": rmt.rectangular_boxplus(rmt.Atomic((1, 2), (HALF, HALF)), MP(HALF), HALF),
    "difference": rmt.free_subtract(rmt.boxplus(rmt.Semicircle(0, 2), COIN), rmt.Semicircle(0, 1)),
    "affine": 2 - THIRD * rmt.boxplus(COIN, MP(HALF)),
    "relu layers": rmt.boxtimes(MP(1), MP(1), rmt.Bernoulli(HALF), rmt.Bernoulli(HALF)),
    "hard tanh": rmt.boxtimes(MP(1), rmt.Bernoulli(THIRD)),
    "leaky relu": rmt.boxtimes(MP(1), rmt.Atomic((Fraction(1, 25), 1), (HALF, HALF))),
    "information plus noise": rmt.rectangular_boxplus(rmt.Atomic((0, 3), (HALF, HALF)), MP(2, HALF), 2),
    "spatio-temporal": rmt.boxtimes(
        rmt.Atomic((1, 3), (HALF, HALF)), rmt.CompoundFreePoisson(2, rmt.Atomic((1, 2), (HALF, HALF)))
    ),
}
POINTS = np.array([0.3 + 0.7j, -1.0 + 0.2j, 2.0 + 1e-3j])


def residual(equation, law, z=POINTS):
    """|P(G, z)| against its largest term, at the values of the double solver."""
    g = law.stieltjes(z)
    terms = np.array([c * g**i * z**j for (i, j), c in equation.terms])
    return (np.abs(terms.sum(axis=0)) / np.abs(terms).max(axis=0)).max()


@pytest.mark.parametrize("name", LAWS)
def test_the_double_solver_solves_the_equation(name):
    assert residual(LAWS[name].equation(), LAWS[name]) < 1e-12


@pytest.mark.parametrize("name", [n for n in LAWS if n != "quartic, two cuts"])
def test_moments_of_the_equation_are_those_of_the_law(name):
    assert LAWS[name].equation().moments(24) == LAWS[name].moments(24, exact=True)


@pytest.mark.parametrize("name", ["sum of three", "product", "powers", "projections", "raney", "affine"])
def test_edges_and_atoms_are_those_of_the_law(name):
    law, equation = LAWS[name], LAWS[name].equation()
    bands = [(float(b.low), float(b.high)) for b in equation.bands()]
    assert np.allclose(bands, [(i.low, i.high) for i in law.support], atol=1e-13, rtol=1e-13)
    assert np.allclose([(float(a), float(m)) for a, m in equation.atoms()], law.atoms, atol=1e-13)


def test_closed_forms():
    assert str(rmt.Semicircle().equation()) == "G^2 - G*z + 1"
    assert str(MP(2).equation("S")) == "2*S*m + S - 1"
    assert MP(2).equation("R")(Fraction(-1), 1) == 0  # R(g) = 1/(1 − 2 g)
    assert str(rmt.FussCatalan(2).equation("M")) == "M^3 + 3*M^2 - M*z + 3*M + 1"
    assert rmt.Semicircle(0, 2).equation().edges()[1].polynomial == (-8, 0, 1)
    assert [str(e) for e in MP(4).equation().edges()] == ["1", "9"]


def test_moments_by_non_crossing_partitions():
    cumulants = [a + b for a, b in zip((0, 1, *[0] * 8), (HALF**k * 2 for k in range(1, 11)), strict=True)]
    law = rmt.boxplus(rmt.Semicircle(), MP(HALF))
    assert list(law.equation().moments(10)) == list(moments_from_free_cumulants(cumulants))


def test_a_recurrence_gives_thousands_of_moments():
    law = rmt.boxplus(rmt.Semicircle(), MP(HALF))
    moments = law.equation().moments(3000)
    assert list(moments[:100]) == law.equation()._newton(100)[1:]
    # m_k = edge^k up to a power of k
    edge = float(law.equation().edges()[1])
    assert abs(float(moments[-1] / moments[-2]) / edge - (1 - 1.5 / 3000)) < 1e-5
    catalan = MP().equation().recurrence()
    assert catalan.coefficients == ((-2, -4), (2, 1))


def test_random_trees():
    """The equation's residual at the double solver's values, and its moments, for random expressions."""
    rng = np.random.default_rng(0)
    judged = refused = 0
    for _ in range(300):
        law = random_expression(rng, 2)
        try:
            equation = law.equation(limit=400)
        except ValueError as error:
            refused += "monomials" in str(error)
            continue
        spread = max(1.0, law.std())
        assert residual(equation, law, spread * POINTS[:2] + law.mean()) < 1e-11, law
        judged += 1
    assert judged > 200
    assert judged + refused == 300


def random_expression(rng, depth, positive=False):
    kind = int(rng.integers(0, 6)) if depth else 0
    if kind <= 1:
        p = Fraction(int(rng.integers(1, 6)), 6)
        choices = [MP(Fraction(int(rng.integers(1, 5)), 2)), rmt.Bernoulli(p, 1, 3), rmt.FreePoisson(2 * p, 1)]
        choices += [] if positive else [rmt.Semicircle(0, p), rmt.Bernoulli(p, -1, 2)]
        return choices[int(rng.integers(len(choices)))]
    if kind == 2:
        return rmt.free_power(random_expression(rng, depth - 1, positive), Fraction(int(rng.integers(3, 8)), 2))
    if kind == 3:
        return rmt.mixture(random_expression(rng, depth - 1, positive), random_expression(rng, 0, positive))
    first, second = random_expression(rng, depth - 1, kind == 5 or positive), random_expression(rng, 0, positive)
    return rmt.boxtimes(first, second) if kind == 5 else rmt.boxplus(first, second)


def test_a_wrong_factor_is_told():
    """Negative control: of the factors of a product of equations each set of moments takes its own."""
    r = ring(())
    laws = [rmt.Semicircle(), rmt.Semicircle(0, 2), rmt.boxplus(rmt.Semicircle(0, HALF), rmt.Atomic((0,), (1,)))]
    factors = [CurveBuilder(r, {}).of_law(law) for law in laws]
    for i, law in enumerate(laws):
        assert choose(factors, law._exact_moments) == i
    with pytest.raises(rmt.ConvergenceError, match="no factor"):
        choose(factors, MP()._exact_moments)


def test_a_wrong_branch_is_told():
    """Negative control: the mirror image has other moments, and the other branch of the semicircle no law."""
    wrong = rmt.Semicircle(1, 1).equation()
    assert residual(wrong, rmt.Semicircle(-1, 1)) > 1e-3
    with pytest.raises(ValueError, match="singular at 0\\+2j in the upper half plane"):
        Law.from_equation("G^2 + z*G - 1")


def test_families_specialise():
    family = rmt.exact.family(lambda s, c: rmt.boxplus(rmt.Semicircle(0, s), MP(c)))
    assert family.variables == ("G", "z", "s", "c")
    assert family.at(s=1, c=HALF).terms == rmt.boxplus(rmt.Semicircle(), MP(HALF)).equation().terms
    with pytest.raises(ValueError, match=r"symbols s, c; give them with equation.at\(s=...\)"):
        family.moments(2)
    t = rmt.exact.family(lambda t: rmt.free_power(COIN, t, closed_form=False), t=3)
    assert t.at(t=Fraction(7, 2)).terms == rmt.free_power(COIN, Fraction(7, 2)).equation().terms


def test_a_lost_symbol_is_noticed():
    with pytest.raises(ValueError, match="closed_form=False"):
        rmt.exact.family(lambda a: rmt.free_power(rmt.Bernoulli(HALF, -a, a), 2))


def test_phases():
    diagram = rmt.exact.phase_diagram(
        lambda s, a: rmt.boxplus(rmt.Semicircle(0, s), rmt.Bernoulli(HALF, -a, a)), (0.25, 2), (0.5, 2), points=9
    )
    expected = np.where(diagram.first[None, :] < diagram.second[:, None] ** 2, 2, 1)
    off = diagram.first[None, :] != diagram.second[:, None] ** 2
    assert (diagram.intervals == expected)[off].all()


def test_operations_of_equations():
    law = MP(Fraction(1, 4))
    twice = law.equation().moebius(0, 1, 1, 0)
    assert twice.terms == rmt.inverse(law).equation().terms
    assert law.equation().moebius(2, 1, 0, 1).terms == (2 * law + 1).equation().terms
    # X*X of XX* with ratio 1/4: the Marchenko-Pastur law of ratio 4 in other units
    assert law.equation().transposed(Fraction(1, 4)).terms == MP(4, Fraction(1, 4)).equation().terms


def test_laws_from_equations():
    law = Law.from_equation(NESTED.equation())
    x = np.linspace(-1.8, 4.1, 9)
    assert np.abs(law.pdf(x) - NESTED.pdf(x)).max() < 1e-13
    assert np.abs(law.cdf(x) - NESTED.cdf(x)).max() < 1e-13
    assert np.abs(NESTED.equation().density(x) - NESTED.pdf(x)).max() < 1e-13
    hard = Law.from_equation({(2, 1): 1, (1, 1): -1, (0, 0): 1})
    assert (hard.support[0].low_exponent, hard.support[0].high) == (-0.5, 4.0)
    coin = Law.from_equation("(z^2 - 1)*G = z")
    assert coin.atoms == ((-1.0, 0.5), (1.0, 0.5))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("G^3 - z*G + 1", "singular at"),
        ("G*z^2 - z + 1", "variance -1"),
        ("2*G - z", "no single branch"),
        ("(z^3 - z)*G = z^2 + 1/10", "residue -0.1"),
        ("sin(G) - z", "is not understood"),
    ],
)
def test_reasons_why_there_is_no_law(text, reason):
    with pytest.raises(ValueError, match=reason):
        Law.from_equation(text)


def test_bad_input():
    with pytest.raises(ValueError, match=r"Uniform\(.*\) has no algebraic equation"):
        rmt.boxplus(rmt.Semicircle(), rmt.Uniform()).equation()
    with pytest.raises(ValueError, match=r"give Fraction\(1, 10\)"):
        MP(0.1).equation()
    with pytest.raises(ValueError, match="give a Fraction"):
        MP(0.123456789123).equation()
    with pytest.raises(ValueError, match="beyond the limit of 20; pass limit="):
        rmt.boxplus(rmt.Semicircle(0, 3), MP(HALF), COIN).equation(limit=20)
    with pytest.raises(ValueError, match="variable"):
        MP().equation("Q")
    with pytest.raises(ValueError, match="at least one parameter"):
        rmt.exact.family(lambda: MP())
    with pytest.raises(TypeError, match="an equation must be text"):
        Law.from_equation(3)


def test_equations_are_values():
    equation = NESTED.equation()
    assert pickle.loads(pickle.dumps(equation)) == equation
    assert hash(equation) == hash(NESTED.equation())
    assert equation.latex().startswith("G^{5} - 2 G^{4} z")


def test_sympy():
    sympy = pytest.importorskip("sympy")
    equation = MP(2).equation()
    g, z = sympy.symbols("G z")
    assert sympy.expand(equation.sympy() - (2 * z * g**2 - z * g - g + 1)) == 0
    edge = rmt.Semicircle(1, 3).equation().edges()[0]
    assert edge.radicals() == 1 - 2 * sympy.sqrt(3)
    assert Law.from_equation(equation.sympy()).support[0].high == MP(2).support[0].high
