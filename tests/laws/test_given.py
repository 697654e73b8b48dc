"""Laws from transforms: the functions of the reference file, cuts turned, point masses, and functions of no law."""

from __future__ import annotations

import cmath
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from cases import long_beyond

from rmt.errors import ConvergenceError
from rmt.laws import Atomic, Cauchy, FussCatalan, Law
from rmt.numerics.functions.continuation import Continuation

ENTRIES = json.loads((Path(__file__).parents[1] / "references" / "transforms.json").read_text(encoding="utf-8"))
LAWS = [e for e in ENTRIES if e["value"].get("law") is not False]
NO_LAWS = [e for e in ENTRIES if e["value"].get("law") is False]
#: words of the reasons, by the grounds on which a function may be refused
REASONS = {
    "none-R--1g": "variance",
    "none-R-g-2g3": "Hankel",
    "none-R-g+0.2g2": "no left edge; its G has a branch point in the upper half plane, at z = -1.71035073",
    "none-R-1g/(1+1g2)": "law of 2 atoms",
    "none-S-1+1m": "variance",
    "none-S-np.exp(1(m+.5))": "variance",
    "none-S-1-1m2": "variance",
    "none-S-(1+m)2/((m+1.2)(m+0.5))": "Hankel|atoms of mass",
    "none-S-((1+m)(1/2.5)-1)/m(1+m)(1-2/2.5)": "Hankel",
    "none-R-31/(1-1g)-0.252/(1-2g)": "Hankel|atoms of mass",
}


def function_of(entry):
    argument = {"R": "g", "S": "m", "G": "z"}[entry["inputs"]["kind"]]
    return eval(f"lambda {argument}: {entry['inputs']['function']}", {"np": np})


def built(entry):
    kind = entry["inputs"]["kind"]
    if kind == "G":
        return Law.from_stieltjes(function_of(entry), tuple(map(float, entry["inputs"]["bounds"])))
    return (Law.from_r_transform if kind == "R" else Law.from_s_transform)(function_of(entry))


@pytest.mark.parametrize("entry", long_beyond(LAWS, 10), ids=lambda e: e["id"])
def test_reference_laws(entry):
    law, value = built(entry), entry["value"]
    if "support" in value:
        for own, (low, high, mass) in zip(law.support, value["support"], strict=True):
            width = float(high) - float(low)
            for a, b in ((own.low, float(low)), (own.high, float(high))):
                assert a == b or abs(a - b) <= 1e-12 * width
            assert own.mass == pytest.approx(float(mass), abs=1e-12)
        atoms = [(float(a), float(m)) for a, m in value["atoms"]]
        assert len(law.atoms) == len(atoms)
        np.testing.assert_allclose(np.reshape(law.atoms, (-1, 2)), np.reshape(atoms, (-1, 2)), atol=1e-12)
    for name, tolerance in (("cdf", 1e-12), ("pdf", 1e-11)):
        if value.get(name):
            x, exact = np.array(value[name], dtype=float).T
            own, error = getattr(law, name)(x, return_error=True)
            gap = np.abs(own - exact)
            assert np.all(gap <= tolerance * (1.0 if name == "cdf" else exact)), (name, gap)
            assert np.all(gap <= error + 1e-16), (name, gap)
    if value.get("moments"):
        np.testing.assert_allclose(law.moments(4), [float(m) for m in value["moments"]], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("entry", NO_LAWS, ids=lambda e: e["id"])
def test_functions_that_are_no_law_are_refused_with_the_reason(entry):
    with pytest.raises(ValueError, match=f"not that of a probability law.*({REASONS[entry['id']]})"):
        built(entry)


@pytest.mark.parametrize("order", [0.25, 0.5, 0.7, 1, 2, 5.5, 16])
def test_hard_edges_have_their_exact_exponent(order):
    law = Law.from_s_transform(lambda m: (1 + m) ** -order)
    assert law.support[0].low == 0.0
    assert law.support[0].low_exponent == pytest.approx(1.0 / (1.0 + order) - 1.0, abs=1e-12)
    x = np.array([1e-12, 1e-6, 0.1, 1.5])
    np.testing.assert_allclose(law.cdf(x), FussCatalan(order).cdf(x), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("depth", [1, 2, 3, 8])
def test_relu_layers_with_orthogonal_weights(depth):
    law = Law.from_s_transform(lambda m: ((1 + m) / (m + 0.5)) ** depth / 2**depth)
    assert law.atoms[0] == pytest.approx((0.0, 0.5), abs=1e-12)
    if depth == 1:
        assert law.atoms[1] == pytest.approx((2.0, 0.5), abs=1e-12)
        assert not law.support
    else:
        assert law.support[0].high == pytest.approx(depth * (depth / (depth - 1)) ** (depth - 1), rel=1e-12)
        assert law.support[0].low_exponent == pytest.approx(1.0 / depth - 1.0, abs=1e-12)


@pytest.mark.long
def test_cuts_may_be_turned():
    x = np.array([-1.5, -0.9, 0.0, 0.5, 1.2])
    upright = Law.from_r_transform(lambda g: 0.25 * g + 2 * g / (1 + np.sqrt(1 + 4 * g**2)))
    turned = Law.from_r_transform(lambda g: 0.25 * g + 2 * g / (1 + np.sqrt(1 + 2j * g) * np.sqrt(1 - 2j * g)))
    np.testing.assert_allclose(turned.cdf(x), upright.cdf(x), atol=1e-12)
    x = np.array([0.1, 1.0, 5.0])
    power = Law.from_s_transform(lambda m: (1 + m) ** -2.5).cdf(x)
    for other in (lambda m: np.exp(-2.5 * np.log(1 + m)), lambda m: (1 / (1 + m)) ** 2.5):
        np.testing.assert_allclose(Law.from_s_transform(other).cdf(x), power, atol=1e-12)


def test_functions_of_single_numbers_are_right_or_the_cut_is_named():
    law = Law.from_s_transform(lambda m: cmath.exp(-2.5 * cmath.log(1 + m)))
    x = np.array([0.1, 1.0, 5.0])
    np.testing.assert_allclose(law.cdf(x), FussCatalan(2.5).cdf(x), atol=1e-12)
    with pytest.raises(ConvergenceError, match="branch cuts"):
        Law.from_r_transform(lambda g: 0.25 * g + 2 * g / (1 + cmath.sqrt(1 + 4 * g**2)))


def test_the_largest_third_cumulant_of_a_law_without_others():
    # R = g + e g² is that of a law exactly for |e| <= 1/sqrt(27) = 0.19245
    for e in (0.1924, -0.1924):
        law = Law.from_r_transform(lambda g, e=e: g + e * g * g)
        np.testing.assert_allclose(law.moments(4), [0.0, 1.0, e, 2.0], atol=1e-11)
    with pytest.raises(ValueError, match="branch point in the upper half plane"):
        Law.from_r_transform(lambda g: g + 0.1925 * g * g)


@pytest.mark.slow
@pytest.mark.long
def test_a_zero_of_g_at_an_edge():
    # G vanishes at the edge 1 of the sum of a free Poisson law and a coin
    law = Law.from_r_transform(lambda g: 1 / (1 - g) + 2 * g / (1 + np.sqrt(1 + 4 * g**2)))
    assert [i.mass for i in law.support] == pytest.approx([0.5, 0.5], abs=1e-12)
    assert law.support[0].high == pytest.approx(1.0, abs=1e-12)


def test_constants_are_point_masses_or_cauchy_laws():
    assert Law.from_r_transform(lambda g: 3 + 0 * g) == Atomic((3.0,), (1,))
    assert Law.from_s_transform(lambda m: 0.5) == Atomic((2.0,), (1,))
    assert Law.from_r_transform(lambda g: 1 - 2j) == Cauchy(1.0, 2.0)


@pytest.mark.parametrize("factor", [1e-8, 1e8])
def test_scales(factor):
    law = Law.from_r_transform(lambda g: factor * g)
    assert law.support[0].high == pytest.approx(2.0 * math.sqrt(factor), rel=1e-12)
    shifted = Law.from_r_transform(lambda g: 1e6 + g)
    assert (shifted.support[0].low, shifted.support[0].high) == (1e6 - 2.0, 1e6 + 2.0)


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (lambda: Law.from_r_transform(lambda g: 1j + g), ValueError, "imaginary part <= 0"),
        (lambda: Law.from_r_transform(lambda g: g * math.nan), ValueError, "finite next to 0"),
        (lambda: Law.from_r_transform(lambda g: "a"), TypeError, "return numbers, got"),
        (lambda: Law.from_s_transform(lambda m: -1 / (1 + m)), ValueError, "mean zero"),
    ],
)
def test_bad_functions(build, error, match):
    with pytest.raises(error, match=match):
        build()


# ---------------------------------------------------------------------- analytic continuation
@pytest.mark.parametrize("function", [np.sqrt, np.log, lambda w: w**0.3, np.arctan, np.arcsinh, np.arccosh, np.arcsin])
def test_a_loop_around_a_branch_point_changes_the_sheet(function):
    path, values = Continuation(function), []
    for t in np.linspace(0.0, 4.0 * math.pi, 400):
        # around -1, 1, i and 0, which are the branch points of these functions
        values.append(path.values(3.0 * np.exp(1j * (np.array([t]) + 0.1)))[0])
        path.accept(1)
    assert path.tracked
    assert np.abs(np.diff(values)).max() < 0.1  # no jump
    assert abs(values[0] - function(3.0 * np.exp(0.1j))) < 1e-14
    plain = [function(3.0 * np.exp(1j * (t + 0.1))) for t in np.linspace(0.0, 4.0 * math.pi, 400)]
    assert np.abs(np.diff(plain)).max() > 0.5  # the negative control: the principal branch jumps


def test_sums_keep_the_digits_of_the_tail():
    path = Continuation(lambda m: (2 * m + 1) ** -3.0)
    value = path.values(np.array([-0.5 + 0j]), np.array([1e-30 + 0j]))
    assert value[0] == pytest.approx((2e-30) ** -3.0, rel=1e-14)


def test_functions_that_take_no_objects_are_evaluated_as_they_are():
    for function in (
        cmath.sqrt,
        lambda w: abs(w) + w,
        lambda w: w.real + 1j * w.imag,
        lambda w: np.where(w == 0, 1, w),
    ):
        assert not Continuation(function).tracked
    with pytest.raises(ZeroDivisionError):
        Continuation(lambda w: 1 / 0).values(np.array([1j]))


# ---------------------------------------------------------------------- the grounds on which a function is no law
def two_cauchys(weight, scale):
    """R of a Cauchy law of scale 1 with mass 1 − w, and one of another scale with mass w: a quadratic equation."""
    linear, constant, shift = 1j * (1.0 + scale), scale, 1j * ((1.0 - weight) * scale + weight)

    def r_transform(g):
        return (np.sqrt((1 - linear * g) ** 2 + 4 * g * (constant * g + shift)) - 1 - linear * g) / (2 * g)

    return r_transform


@pytest.mark.parametrize("weight", long_beyond([-0.4, 0.5, -0.2], 1))
def test_differences_of_cauchy_laws_are_laws_while_their_density_is_positive(weight):
    """At 0 the density is (1 − w + w/s)/π: positive for w > −3/7 at the scale 3/10."""
    law = Law.from_r_transform(two_cauchys(weight, 0.3))
    x = np.array([-3.0, 0.0, 0.2, 5.0])
    expected = ((1 - weight) / (1 + x * x) + weight * 0.3 / (0.09 + x * x)) / math.pi
    np.testing.assert_allclose(law.pdf(x), expected, rtol=1e-11)


def test_a_point_of_the_upper_half_plane_where_g_has_the_wrong_sign():
    """No moments, no branch points, and a density that is negative near 0: the point is named, and G there is right."""
    weight, scale = -0.5, 0.3
    with pytest.raises(ValueError, match=r"not that of a probability law: its G is .* at z = .* two rays") as caught:
        Law.from_r_transform(two_cauchys(weight, scale))
    numbers = re.search(r"its G is (\S+) (\S+)i at z = (\S+) (\S+)i", str(caught.value)).groups()
    g, z = (complex(*map(float, pair)) for pair in (numbers[:2], numbers[2:]))
    assert z.imag > 0.0
    assert g.imag > 0.0
    assert abs(g - ((1 - weight) / (z + 1j) + weight / (z + 1j * scale))) < 1e-5 * abs(g)


@pytest.mark.parametrize("amount", [-8, -30])
def test_an_inverse_function_that_turns_back_before_it_is_0(amount):
    """The first ten moments are those of the free Poisson law; beyond the place that is named z falls again."""
    with pytest.raises(ValueError, match=r"not monotone on the negative line: it rises .* at m = (\S+), and") as caught:
        Law.from_s_transform(lambda m: np.exp(amount * m**14) / (1 + m))
    at = float(re.search(r"at m = (\S+), and", str(caught.value)).group(1))
    m = np.array([0.8 * at, at, at - 0.05])
    z = (1 + m) ** 2 / (m * np.exp(amount * m**14))
    assert z[0] < z[1]
    assert z[2] < z[1] < 0.0
    with pytest.raises(ValueError, match="not that of a probability law"):
        Law.from_s_transform(lambda m: np.exp(-amount * m**14) / (1 + m))


@pytest.mark.parametrize(
    "function",
    [lambda z: 1 / (z - 0.5j), lambda z: 1.5 / (z - 1) - 0.5 / (z + 1), lambda z: np.conj(1 / (np.conj(z) + 0.5j))],
)
def test_transforms_with_the_wrong_sign_somewhere(function):
    with pytest.raises(ValueError, match=r"Im G = .* is not negative at z = "):
        Law.from_stieltjes(function, (-2, 2))
