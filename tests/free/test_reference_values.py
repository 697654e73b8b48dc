"""Published and exact values of the free calculus: each one from a public function, to the accuracy promised for it.

``references/free_calculus.json`` quotes the values to 25 digits, each with the formula it comes from (mpmath, 40
digits). Where a named law would be recognised, the solver computes the value as well.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import rmt
from rmt.combinatorics import free_cumulants_from_moments
from rmt.laws import (
    Atomic,
    Bernoulli,
    Cauchy,
    FussCatalan,
    Gaussian,
    KestenMcKay,
    Law,
    MarchenkoPastur,
    Rademacher,
    Semicircle,
    Uniform,
)
from rmt.networks.activations.slope_law import squared_slope_law

REFERENCES = Path(__file__).resolve().parents[1] / "references" / "free_calculus.json"
EPS = 2.0**-52
SIGN, WIGNER, WISHART = Rademacher(), Semicircle(), MarchenkoPastur()
THIRD, NINE = Fraction(3, 10), Fraction(9, 10)


@cache
def references() -> dict[str, dict[str, str]]:
    return {entry["id"]: entry for entry in json.loads(REFERENCES.read_text())}


@dataclass(frozen=True)
class Check:
    """How a value is computed, from one law or from several builds of the same law, and how near it must be."""

    laws: tuple[Callable[[], Any], ...]
    quantity: Callable[[Any], Any]
    relative: float = 0.0
    absolute: float = 0.0
    ulps: int = 0


def pdf(x: float) -> dict[str, Any]:
    """Density at an interior point: 1e-13, relative where the density is above 1."""
    return {"quantity": lambda law: law.pdf(x), "relative": 1e-13, "absolute": 1e-13}


def cdf(x: float) -> dict[str, Any]:
    return {"quantity": lambda law: law.cdf(x), "absolute": 1e-14}


def edge(high: bool = True) -> dict[str, Any]:
    """An ordinary edge: four units in the last place."""
    return {"quantity": lambda law: law.support[-1].high if high else law.support[0].low, "ulps": 4}


def deep_edge(depth: int) -> dict[str, Any]:
    """An edge of a product of many factors: a rounding error of a factor counts `depth` times."""
    return {"quantity": lambda law: law.support[-1].high, "relative": 1e-15 * depth}


def moment(k: int) -> dict[str, Any]:
    """A moment, exactly."""
    return {"quantity": lambda law: law.moment(k, exact=True)}


def atom(position: float) -> dict[str, Any]:
    def mass(law: Law) -> float:
        near = [m for a, m in law.atoms if math.isclose(a, position, rel_tol=1e-14, abs_tol=1e-300)]
        return math.fsum(near)

    return {"quantity": mass, "absolute": 4 * EPS}


def cumulant(k: int) -> dict[str, Any]:
    return {"quantity": lambda law: law.free_cumulants(k, exact=True)[-1], "relative": 4 * EPS}


def both(function: Callable[..., Any], *arguments: Any) -> tuple[Callable[[], Any], ...]:
    """The law as it is recognised, and as the solver computes it."""
    return (cache(lambda: function(*arguments)), cache(lambda: function(*arguments, closed_form=False)))


@cache
def noisy_sign(deviation: Any) -> Law:
    return rmt.boxplus(Semicircle(0, Fraction(deviation) ** 2), SIGN)


@cache
def relu(depth: int) -> Law:
    """J J* of a ReLU network with Gaussian weights of variance 2."""
    return rmt.boxtimes(MarchenkoPastur(1, 2), Bernoulli(Fraction(1, 2)), powers=(depth, depth))


@cache
def orthogonal_relu(depth: int) -> Law:
    return rmt.multiplicative_power(Bernoulli(Fraction(1, 2), 0, 2), depth)


@cache
def hard_tanh(depth: int, p: Fraction, gaussian: bool = False) -> Law:
    """J J* of a hard-tanh network at criticality, whose units are linear with probability p."""
    slopes = Bernoulli(p, 0, 1 / p)
    if gaussian:
        return rmt.boxtimes(WISHART, slopes, powers=(depth, depth))
    return rmt.multiplicative_power(slopes, depth)


@cache
def tanh(q: float) -> Law:
    return squared_slope_law("tanh", q)


@cache
def gaussian_tanh(q: float, depth: int) -> Law:
    slopes = tanh(q)
    return rmt.boxtimes(MarchenkoPastur(1, 1 / slopes.mean()), slopes, powers=(depth, depth))


@cache
def covariance() -> Law:
    return rmt.boxtimes(MarchenkoPastur(Fraction(1, 2)), Atomic((1, 3), (Fraction(1, 2), Fraction(1, 2))))


@cache
def silverstein() -> Law:
    return rmt.sample_covariance([1.0, 3.0], Fraction(1, 2))


@cache
def anticommutator(commutator: bool = False) -> Law:
    terms = {(0, 1): -1j, (1, 0): 1j} if commutator else {(0, 1): 1, (1, 0): 1}
    return rmt.polynomial_law(terms, [WIGNER, WIGNER])


@cache
def rectangular() -> Law:
    half = MarchenkoPastur(Fraction(1, 2))
    return rmt.rectangular_boxplus(half, half, Fraction(1, 2))


def overlap(law: Law, spike: float) -> float:
    (found,) = rmt.outliers(law, [spike])
    return found.overlap


def exponential_cumulant(k: int) -> Fraction:
    moments = [Fraction(math.factorial(j)) for j in range(1, k + 1)]
    return Fraction(free_cumulants_from_moments(moments)[-1])


SEMICIRCLES = both(rmt.boxplus, WIGNER, WIGNER)
WISHARTS = both(rmt.boxplus, WISHART, WISHART)
SIGNS = both(rmt.boxplus, SIGN, SIGN)
PRODUCT = both(rmt.boxtimes, WISHART, WISHART)
JACOBI = both(rmt.boxtimes, Bernoulli(THIRD), Bernoulli(Fraction(4, 10)))
COMMUTATORS = (
    anticommutator,
    lambda: anticommutator(True),
    lambda: rmt.anticommutator(WIGNER, WIGNER),
    lambda: rmt.commutator(WIGNER, WIGNER),
)
HALF = Fraction(1, 2)


def tree(degree: int) -> tuple[Callable[[], Any], ...]:
    return (*both(rmt.free_power, SIGN, degree), lambda: KestenMcKay(degree))


def wisharts(count: int) -> tuple[Callable[[], Any], ...]:
    return (*both(rmt.multiplicative_power, WISHART, count), lambda: FussCatalan(count))


CHECKS: dict[str, Check] = {
    "sc_sc_pdf_0": Check(SEMICIRCLES, **pdf(0.0)),
    "sc_sc_pdf_2.5": Check(SEMICIRCLES, **pdf(2.5)),
    "sc_sc_cdf_1": Check(SEMICIRCLES, **cdf(1.0)),
    "mp_mp_pdf_0.2": Check(WISHARTS, **pdf(0.2)),
    "mp_mp_pdf_3.0": Check(WISHARTS, **pdf(3.0)),
    "mp_mp_edge_lo": Check(WISHARTS, **edge(high=False)),
    "mp_mp_m4": Check(WISHARTS, **moment(4)),
    "bern_bern_pdf_0": Check(SIGNS, **pdf(0.0)),
    "bern_bern_pdf_1.99": Check(SIGNS, **pdf(1.99)),
    "proj_proj_sum_edge_hi": Check(both(rmt.boxplus, Bernoulli(THIRD), Bernoulli(THIRD)), **edge()),
    "fc2_pdf_0.001": Check(PRODUCT, **pdf(0.001)),
    "fc2_pdf_3": Check(PRODUCT, **pdf(3.0)),
    "fc2_edge": Check(PRODUCT, **edge()),
    # the next term of the expansion is of relative size x^(1/3)
    "fc2_hard_edge_coeff": Check(PRODUCT, lambda law: 1e-200 ** (2 / 3) * law.pdf(1e-200), relative=1e-12),
    "fc3_pdf_1": Check(wisharts(3), **pdf(1.0)),
    "fc3_cdf_1": Check(wisharts(3), **cdf(1.0)),
    "fc10_edge": Check(wisharts(10), **edge()),
    "fc10_Elog": Check(wisharts(10), lambda law: law.log_potential(0.0).real, relative=1e-13),
    "fc1000_xpdf_e-500": Check(wisharts(1000), lambda law: law.pdf_of_log(-500.0), relative=1e-12),
    "sc0.5_bern_pdf_1": Check((lambda: noisy_sign("0.5"),), **pdf(1.0)),
    "sc0.5_bern_edge_outer": Check((lambda: noisy_sign("0.5"),), **edge()),
    "sc1_bern_pdf_0.001": Check((lambda: noisy_sign(1),), **pdf(0.001)),
    "sc1_bern_pdf_2": Check((lambda: noisy_sign(1),), **pdf(2.0)),
    "sc2_bern_pdf_0": Check((lambda: noisy_sign(2),), **pdf(0.0)),
    "sc2_bern_pdf_3": Check((lambda: noisy_sign(2),), **pdf(3.0)),
    "sc1_bern_edge_closed": Check((lambda: noisy_sign(1),), **edge()),
    # a difference of numbers of size 1
    "sc0.9999_bern_gap": Check((lambda: noisy_sign("0.9999"),), lambda law: law.support[1].low, absolute=4 * EPS),
    "km3_pdf_1": Check(tree(3), **pdf(1.0)),
    "km3_edge": Check(tree(3), **edge()),
    "km5_pdf_1": Check(tree(5), **pdf(1.0)),
    "km5_edge": Check(tree(5), **edge()),
    "coin_power_atom": Check(both(rmt.free_power, Bernoulli(NINE), 5), **atom(5.0)),
    "jac_edge_hi": Check(JACOBI, **edge()),
    "jac_pdf_0.3": Check(JACOBI, **pdf(0.3)),
    "jac_atom0": Check(JACOBI, **atom(0.0)),
    "jac2_atom0": Check(both(rmt.boxtimes, Bernoulli(Fraction(6, 10)), Bernoulli(Fraction(7, 10))), **atom(0.0)),
    "uu_pdf_0": Check(both(rmt.boxplus, Uniform(), Uniform()), **pdf(0.0)),
    "sc_u_edge": Check(both(rmt.boxplus, WIGNER, Uniform()), **edge()),
    "u_compress_edge": Check(both(rmt.compress, Uniform(), HALF), **edge()),
    "bern_compress_edge": Check(both(rmt.compress, SIGN, Fraction(7, 10)), **edge()),
    "sc_cauchy_pdf_0": Check(both(rmt.boxplus, WIGNER, Cauchy()), **pdf(0.0)),
    "sc_gauss_pdf_0": Check(both(rmt.boxplus, WIGNER, Gaussian()), **pdf(0.0)),
    "anticomm_pdf_0": Check(COMMUTATORS, **pdf(0.0)),
    "anticomm_m4": Check(COMMUTATORS, **moment(4)),
    "sc_mp_prod_edge": Check(both(rmt.boxtimes, WIGNER, WISHART), **edge()),
    **{f"relu_gauss_L{n}_pdf_1": Check((lambda n=n: relu(n),), **pdf(1.0)) for n in (1, 2, 10, 100)},
    **{f"relu_gauss_L{n}_m3": Check((lambda n=n: relu(n),), **moment(3)) for n in (1, 2, 10, 100)},
    "relu_gauss_L10_cdf_1": Check((lambda: relu(10),), **cdf(1.0)),
    "relu_orth_L2_edge": Check((lambda: orthogonal_relu(2),), **edge()),
    "relu_orth_L2_m3": Check((lambda: orthogonal_relu(2),), **moment(3)),
    "relu_orth_L10_pdf_1": Check((lambda: orthogonal_relu(10),), **pdf(1.0)),
    "ht_orth_p0.9_L2_atom": Check((lambda: hard_tanh(2, NINE),), **atom(1 / 0.81)),
    "ht_orth_p0.9_L100_edge": Check((lambda: hard_tanh(100, NINE),), **deep_edge(100)),
    "ht_orth_p0.9_L1000_edge": Check((lambda: hard_tanh(1000, NINE),), **deep_edge(1000)),
    "ht_orth_p0.99_L10_atom": Check((lambda: hard_tanh(10, Fraction(99, 100)),), **atom(0.99**-10)),
    "ht_orth_p0.99_L1000_edge": Check((lambda: hard_tanh(1000, Fraction(99, 100)),), **deep_edge(1000)),
    "ht_gauss_L10_pdf_1": Check((lambda: hard_tanh(10, NINE, gaussian=True),), **pdf(1.0)),
    "ht_gauss_L100_pdf_1": Check((lambda: hard_tanh(100, NINE, gaussian=True),), **pdf(1.0)),
    "tanh_q0.1_m2": Check((lambda: tanh(0.1),), lambda law: law.moment(2), relative=1e-13),
    "tanh_gauss_q0.1_L10_edge": Check((lambda: gaussian_tanh(0.1, 10),), **deep_edge(10)),
    # a tenth of a unit beside a support of width 7
    "cov2_edge_0": Check((covariance, silverstein), lambda law: law.support[0].low, absolute=4 * EPS),
    "cov2_pdf_0.5": Check((covariance, silverstein), **pdf(0.5)),
    "cov2_pdf_4": Check((covariance, silverstein), **pdf(4.0)),
    "bbp_sc_overlap": Check((lambda: WIGNER,), lambda law: overlap(law, 2.0), relative=1e-13),
    "bbp_mp_overlap": Check(
        (lambda: rmt.boxtimes(MarchenkoPastur(HALF), Atomic((1,), (1,))),),
        lambda law: rmt.outliers(law, [3.0], perturbation="multiplicative")[0].overlap,
        relative=1e-13,
    ),
    "bbp_u_overlap": Check((Uniform,), lambda law: overlap(law, 1.0), relative=1e-13),
    "cumulant_Uniform[-1,1]_4": Check((Uniform,), **cumulant(4)),
    "cumulant_sym Bernoulli(±1)_2": Check((lambda: SIGN,), **cumulant(2)),
    "cumulant_sym Bernoulli(±1)_6": Check((lambda: SIGN,), **cumulant(6)),
    "cumulant_N(0,1)_2": Check((Gaussian,), **cumulant(2)),
    "cumulant_N(0,1)_6": Check((Gaussian,), **cumulant(6)),
    "cumulant_N(0,1)_10": Check((Gaussian,), **cumulant(10)),
    "cumulant_Exp(1)_2": Check((lambda: 2,), exponential_cumulant),
    "cumulant_Exp(1)_4": Check((lambda: 4,), exponential_cumulant),
    "cumulant_Bernoulli{0,1} p=0.3_1": Check((lambda: Bernoulli(THIRD),), **cumulant(1)),
    "cumulant_Bernoulli{0,1} p=0.3_3": Check((lambda: Bernoulli(THIRD),), **cumulant(3)),
    "boolean_bern": Check(both(rmt.boolean_convolution, SIGN, SIGN), lambda law: law.atoms[-1][0], ulps=4),
    # the golden ratio and its inverse, with both signs
    "monotone_bern_mass": Check(
        (lambda: rmt.monotone_convolution(SIGN, SIGN),), lambda law: law.atoms[-1][1], absolute=4 * EPS
    ),
    "rect_gauss_edge": Check((rectangular,), **edge()),
    "fc2_cdf_1_closed": Check(PRODUCT, **cdf(1.0)),
    "fc2_median": Check(PRODUCT, lambda law: law.ppf(0.5), relative=1e-13),
}


def names() -> list[Any]:
    return [
        pytest.param(name, build, id=f"{name}-{number}")
        for name, check in CHECKS.items()
        for number, build in enumerate(check.laws)
    ]


@pytest.mark.parametrize(("name", "build"), names())
def test_value(name: str, build: Callable[[], Any]) -> None:
    check, entry = CHECKS[name], references()[name]
    got, exact = check.quantity(build()), Fraction(entry["value"])
    error = abs(Fraction(got) - exact)
    allowed = max(
        check.relative * abs(float(exact)),
        check.absolute,
        check.ulps * math.ulp(float(exact)),
        abs(float(exact)) * 1e-24,
    )
    assert error <= allowed, f"{entry['case']}, {entry['quantity']}: {got!r} is off by {float(error):.2e}"


def test_every_value_is_checked() -> None:
    assert set(CHECKS) == set(references())
    assert all(entry["source"] for entry in references().values())
