"""Tracy-Widom laws of beta 1, 2, 4: exact values, determinants, seams, conventions, quantiles."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from edge_references import described, rows
from laws.law_suite import run
from scipy.special import airy

from rmt.laws import TracyWidom

NAMED = {
    "F1": TracyWidom(1),
    "F2": TracyWidom(2),
    "F4_raw": TracyWidom(4, "raw"),
    "F4_TW": TracyWidom(4, "tw96"),
    "F4_SAO": TracyWidom(4),
}


def determinants(s: float, nodes: int = 70) -> tuple[float, float]:
    """det(1 ∓ B_s) in double precision: absolute errors of about 1e-15 (Ferrari and Spohn 2005)."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    half = 0.5 * max(18.0 - s, 8.0)
    x, w = half * (1.0 + x), half * w
    root = np.sqrt(w)
    kernel = root[:, None] * airy(x[:, None] + x + s)[0] * root
    return float(np.linalg.det(np.eye(nodes) - kernel)), float(np.linalg.det(np.eye(nodes) + kernel))


@pytest.mark.parametrize("name", NAMED)
def test_law_suite(name: str):
    run(NAMED[name])


def test_cdf():
    for row in described("Tracy-Widom cdf"):
        name, s = row["inputs"]
        if name not in NAMED:
            continue  # another beta
        exact = float(row["value"])
        assert NAMED[name].cdf(s) == pytest.approx(exact, rel=1e-13), row
        assert NAMED[name].logcdf(s) == pytest.approx(math.log(exact), rel=1e-13, abs=1e-15), row


def test_quantiles_and_moments():
    for row in described("Tracy-Widom quantile"):
        name, level = row["inputs"]
        law = NAMED["F" + name.removeprefix("TW")]
        assert law.ppf(level) == pytest.approx(float(row["value"]), abs=1e-10), row
    for row in described("Tracy-Widom moments"):
        law = NAMED["F" + row["inputs"][0].removeprefix("TW")]
        centre, scale = law.mean(), law.std()
        raw = [1.0, *law.moments(4)]
        central = [sum(math.comb(k, j) * raw[j] * (-centre) ** (k - j) for j in range(k + 1)) for k in range(5)]
        got = (centre, scale**2, central[3] / scale**3, central[4] / scale**4 - 3.0)
        want = (row["value"][key] for key in ("mean", "var", "skew", "exkurt"))
        for a, b in zip(got, want, strict=True):
            assert a == pytest.approx(b, abs=1e-9), row
    for row in rows("tw-mean", "tw-var", "tw4-mean", "tw4-var"):
        name = {"F2": "F2", "T": "F4_TW", "S": "F4_SAO", "r": "F4_raw"}[
            row["inputs"][0] if row["inputs"][0] == "F2" else row["inputs"][0][0]
        ]
        got = NAMED[name].mean() if "mean" in row["id"] else NAMED[name].var()
        assert got == pytest.approx(float(row["value"]), rel=1e-13), row


def test_densities():
    for row in rows("tw-pdf"):
        name, s = row["inputs"]
        assert NAMED[name.upper()[:2] + name[2:]].pdf(s) == pytest.approx(float(row["value"]), rel=1e-13), row


def test_far_tails():
    for row in rows("tw-logcdf", "tw-logsf"):
        name, s = row["inputs"]
        method = row["id"].split("-")[1]
        assert getattr(NAMED[name], method)(s) == pytest.approx(float(row["value"]), rel=1e-14), row
    # relative accuracy of the probability itself, as far as doubles reach
    law = TracyWidom(1)
    assert law.sf(100.0) == pytest.approx(1.3162555643809308e-292, rel=1e-12)
    assert law.cdf(-20.0) == pytest.approx(math.exp(-354.844301003963488), rel=1e-12)
    assert math.isinf(law.logsf(math.inf))
    assert law.logcdf(1e6) == 0.0
    assert law.logcdf(-1e5) < -1e13


@pytest.mark.parametrize("s", [-7.3, -5.5, -4.25, -3.0, -2.9, -1.77, -1.0, -0.4, 0.6, 1.9, 3.5])
def test_determinants(s: float):
    minus, plus = determinants(s)
    for law, exact in ((TracyWidom(1), minus), (TracyWidom(2), minus * plus), (NAMED["F4_raw"], 0.5 * (minus + plus))):
        # rounding of a determinant of 70 rows
        assert law.cdf(s) == pytest.approx(exact, abs=2e-14)
        assert law.sf(s) == pytest.approx(1.0 - exact, abs=2e-14)
    # the comparison tells the laws apart: D+ is not D-
    assert abs(minus - plus) > 1e-6


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_seams(beta: int):
    """Pieces and expansions agree where they meet, and the Painlevé series agrees with the determinants."""
    from rmt.laws.edges import tracy_widom_table as table

    for s in range(-9, 10):
        sides = table.log_tails(beta, np.array([np.nextafter(s, -20.0), float(s)]))
        if sides.lower[0] == sides.lower[1]:
            assert sides.value[0] == pytest.approx(sides.value[1], rel=3e-15, abs=3e-15)
            assert sides.slope[0] == pytest.approx(sides.slope[1], rel=1e-12, abs=1e-13)
        else:
            assert math.exp(sides.value[0]) == pytest.approx(-math.expm1(sides.value[1]), rel=3e-15)
    for s, side in ((np.array([-10.0, -9.9]), table._left), (np.array([9.9, 9.99]), table._right)):
        inner = table.log_tails(beta, s)
        value, slope = side(beta, s)
        np.testing.assert_allclose(value, inner.value, rtol=2e-14)
        np.testing.assert_allclose(slope, inner.slope, rtol=1e-12)


def test_conventions_are_scalings():
    raw, tw96, sao = (TracyWidom(4, name) for name in ("raw", "tw96", "sao"))
    assert raw.mean() / tw96.mean() == pytest.approx(math.sqrt(2.0), rel=1e-13)
    assert raw.mean() / sao.mean() == pytest.approx(2.0 ** (2.0 / 3.0), rel=1e-13)
    assert TracyWidom(4) == sao != tw96
    x = np.array([-3.0, -1.0, 0.5])
    np.testing.assert_allclose(sao.pdf(x), 2.0 ** (2.0 / 3.0) * raw.pdf(2.0 ** (2.0 / 3.0) * x), rtol=1e-14)


@pytest.mark.parametrize("name", NAMED)
def test_quantiles_invert_both_tails(name: str):
    law = NAMED[name]
    u = np.concatenate([10.0 ** -np.arange(1.0, 300.0, 13.0), np.linspace(0.01, 0.99, 50)])
    np.testing.assert_allclose(law.logcdf(law.ppf(u)), np.log(u), rtol=1e-14, atol=1e-14)
    rest = 10.0 ** -np.arange(1.0, 15.0)
    np.testing.assert_allclose(law.sf(law.ppf(1.0 - rest)), 1.0 - (1.0 - rest), rtol=1e-13)


def test_left_tail_against_the_exponent():
    """log F_β ≈ −β |s|³/24 (Dumaz and Virág 2013): the laws of the three β are not exchanged far out."""
    for beta in (1, 2, 4):
        law = TracyWidom(beta)
        assert law.logcdf(-3e3) / (3e3**3) == pytest.approx(-beta / 24.0, rel=1e-4)
        assert law.logsf(3e3) / 3e3**1.5 == pytest.approx(-2.0 * beta / 3.0, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0,), ValueError, "beta must be a finite real number > 0, got 0"),
        ((-1,), ValueError, "beta must be a finite real number > 0, got -1"),
        (("2",), TypeError, "beta must be a finite real number > 0, got '2'"),
        ((2, "raw"), ValueError, "convention = 'raw' is for beta = 4; the law of beta = 2 has one scale only"),
        ((4, "TW"), ValueError, "unknown convention 'TW'"),
        ((25,), ValueError, "beta must lie in [0.2, 20], where the law is computed to 1e-8, got 25"),
        ((0.1,), ValueError, "beta must lie in [0.2, 20], where the law is computed to 1e-8, got 0.1"),
        ((4, 1.0), TypeError, "convention must be one of 'raw', 'sao', 'tw96', got 1.0"),
    ],
)
def test_bad_input(arguments, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        TracyWidom(*arguments)
