"""Exact laws of extreme eigenvalues, and the Tracy-Widom laws with their second-order term against them."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from edge_references import rows
from laws.law_suite import run
from scipy.special import gammainc, hyperu, ndtr

import rmt
from rmt.laws import GaussianLargest, WishartLargest, WishartSmallest
from rmt.laws.edges.soft_edge import gaussian_soft_edge, wishart_soft_edge

S = np.linspace(-4.0, 2.0, 13)


@pytest.mark.parametrize(
    "law",
    [
        GaussianLargest(1, 3),
        GaussianLargest(4, 8),
        WishartLargest(1, 4, 6),
        WishartSmallest(2, 3, 5),
        WishartLargest(4, 3, 4),
    ],
    ids=repr,
)
def test_law_suite(law):
    run(law)


def test_reference_values():
    for row in rows("gue-max", "goe-max", "gse-max"):
        beta = {"u": 2, "o": 1, "s": 4}[row["id"][1]]
        law = GaussianLargest(beta, row["inputs"]["n"])
        assert law.cdf(float(row["inputs"]["x"])) == pytest.approx(float(row["value"]), abs=3e-11), row
    for row in rows("lue-max"):
        law = WishartLargest(2, row["inputs"]["n"], row["inputs"]["m"])
        assert law.cdf(float(row["inputs"]["x"])) == pytest.approx(float(row["value"]), abs=1e-12), row
    for row in rows("rwis-max"):
        m = row["inputs"]["m"]
        law = WishartLargest(1, row["inputs"]["p"], m)
        assert law.sf(float(row["inputs"]["x"]) / m) == pytest.approx(float(row["value"]), abs=1e-12), row
    for row in rows("rwis-min"):
        m = row["inputs"]["m"]
        law = WishartSmallest(1, row["inputs"]["n"], m)
        assert law.sf(float(row["inputs"]["x"]) / m) == pytest.approx(float(row["value"]), abs=1e-12), row
    for row in rows("lue-min"):
        n, m = row["inputs"]["n"], row["inputs"]["m"]
        law = WishartSmallest(2, n, m)
        assert law.sf(float(row["inputs"]["y"]) / (n * m)) == pytest.approx(float(row["value"]), abs=1e-12), row
    for row in rows("edelman-real"):  # n² λ_min
        n = row["inputs"]["n"]
        assert WishartSmallest(1, n, n).cdf(float(row["inputs"]["y"]) / n**2) == pytest.approx(
            float(row["value"]), abs=1e-12
        ), row


def test_one_eigenvalue():
    x = np.linspace(-2.0, 2.5, 9)
    for beta in (1, 2, 4):
        np.testing.assert_allclose(GaussianLargest(beta, 1).cdf(x), ndtr(x * math.sqrt(beta / 2)), atol=1e-12)
    x = np.linspace(0.1, 3.0, 9)
    for law in (WishartLargest(1, 1, 5), WishartSmallest(1, 1, 5)):
        np.testing.assert_allclose(law.cdf(x), gammainc(2.5, 2.5 * x), atol=1e-12)
    # more dimensions than samples: the same positive eigenvalues, divided by m
    np.testing.assert_allclose(WishartLargest(2, 7, 4).cdf(7 * x / 4), WishartLargest(2, 4, 7).cdf(x), atol=1e-12)


def test_quaternion_wishart_matrices():
    """One row: λ m is gamma of shape 2m and rate 2. Two eigenvalues: the joint density integrated numerically."""
    x = np.array([0.3, 0.8, 1.5])
    for law in (WishartLargest(4, 1, 3), WishartSmallest(4, 1, 3)):
        np.testing.assert_allclose(law.cdf(x), gammainc(6, 6 * x), atol=1e-12)
    for m in (2, 5):

        def integral(low: float, high: float, m: int = m) -> float:
            nodes, weights = np.polynomial.legendre.leggauss(80)
            y = 0.5 * (low + high) + 0.5 * (high - low) * nodes
            w = 0.5 * (high - low) * weights * y ** (2 * (m - 2) + 1) * np.exp(-2 * y)
            return float(w @ (y[:, None] - y) ** 4 @ w)

        whole, top = integral(0, 40), m * 1.1
        assert WishartLargest(4, 2, m).cdf(top / m) == pytest.approx(integral(0, top) / whole, abs=1e-12)
        assert WishartSmallest(4, 2, m).sf(top / m) == pytest.approx(integral(top, 40) / whole, abs=1e-12)
        assert WishartLargest(4, 2, m).cdf(top / m) != pytest.approx(WishartLargest(2, 2, m).cdf(top / m), abs=1e-3)
    np.testing.assert_allclose(WishartLargest(4, 7, 4).cdf(7 * x / 4), WishartLargest(4, 4, 7).cdf(x), atol=1e-12)


def test_smallest_in_closed_form():
    x = np.geomspace(1e-6, 2.0, 12)
    np.testing.assert_allclose(WishartSmallest(2, 6, 6).sf(x), np.exp(-36 * x), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(WishartSmallest(1, 6, 7).sf(x), np.exp(-21 * x), rtol=1e-12, atol=1e-12)
    n = 8  # Edelman (1988), density of λ_min of A Aᵀ
    y = np.geomspace(1e-4, 1.0, 9)
    exact = n / math.sqrt(2 * math.pi) * math.gamma((n + 1) / 2) * np.exp(-n * y / 2) / np.sqrt(y)
    exact *= hyperu((n - 1) / 2, -0.5, y / 2)
    np.testing.assert_allclose(WishartSmallest(1, n, n).pdf(y / n) / n, exact, rtol=1e-9)


def test_second_order_of_gaussian_ensembles():
    for beta, n, bound in ((1, 10, 9e-4), (1, 100, 4e-5), (2, 10, 9.5e-4), (2, 100, 4.5e-5), (4, 30, 5.2e-4)):
        exact, law = GaussianLargest(beta, n), gaussian_soft_edge(beta, n)
        x = float(law.centre) + float(law.scale) * S
        assert np.abs(exact.cdf(x) - law.cdf(x)).max() <= bound
        first = gaussian_soft_edge(beta, n, "first_order")
        assert np.abs(exact.cdf(x) - first.cdf(x)).max() >= 8.0 * bound
    # the naive centring 2 + n^(−2/3) s
    plain = gaussian_soft_edge(1, 100, "plain")
    x = 2.0 + 100 ** (-2 / 3) * S
    assert 3e-2 <= np.abs(GaussianLargest(1, 100).cdf(x) - plain.cdf(x)).max() <= 4e-2


def test_second_order_of_wishart_matrices():
    bounds = (
        (1, 10, 20, 5.3e-3),
        (1, 40, 80, 8e-4),
        (1, 20, 400, 6e-4),
        (2, 10, 20, 6.3e-3),
        (2, 100, 200, 3e-4),
    )
    for beta, n, m, bound in bounds:
        exact, law = WishartLargest(beta, n, m), wishart_soft_edge(beta, n, m)
        x = float(law.centre) + float(law.scale) * S
        assert np.abs(exact.cdf(x) - law.cdf(x)).max() <= bound
        first = wishart_soft_edge(beta, n, m, "first_order")
        assert np.abs(exact.cdf(x) - first.cdf(x)).max() >= 5.0 * bound
        assert wishart_soft_edge(beta, n, m, "ma") == first
    # (40, 80): first order is 1.4e-2 off
    level = np.linspace(0.01, 0.99, 40)
    first = wishart_soft_edge(1, 40, 80, "ma")
    assert np.abs(WishartLargest(1, 40, 80).cdf(first.ppf(level)) - level).max() > 1e-2


def test_second_order_of_smallest_eigenvalues():
    for beta, n, m, bound in ((1, 10, 40, 2.1e-3), (1, 20, 400, 3.3e-4), (2, 20, 80, 2e-3)):
        exact, law = WishartSmallest(beta, n, m), wishart_soft_edge(beta, n, m, smallest=True)
        x = float(law.centre) * np.exp(float(law.scale) / float(law.centre) * S)
        assert np.abs(exact.cdf(x) - law.cdf(x)).max() <= bound
        first = wishart_soft_edge(beta, n, m, "first_order", smallest=True)
        assert np.abs(exact.cdf(x) - first.cdf(x)).max() >= 5.0 * bound


def test_centrings():
    for row in rows("centre-"):
        _, name, *_ = row["id"].split("-")
        law = wishart_soft_edge(1, row["inputs"]["p"], row["inputs"]["m"], {"complex": "plain"}.get(name, name))
        centre, scale = map(float, row["value"])
        assert law.centre == pytest.approx(centre, rel=1e-14), row
        assert law.scale == pytest.approx(scale, rel=1e-14), row
    # El Karoui's combination is no better than the plain complex pair: errors of 3.5e-2 and 3.4e-2 at (20, 40)
    exact = WishartLargest(2, 20, 40)
    for name, error in (("el_karoui", 3.5e-2), ("plain", 3.4e-2)):
        law = wishart_soft_edge(2, 20, 40, name)
        x = float(law.centre) + float(law.scale) * S
        assert np.abs(exact.cdf(x) - law.cdf(x)).max() == pytest.approx(error, abs=5e-4)


def test_corrected_law_is_a_law():
    law = gaussian_soft_edge(2, 10)
    x = np.linspace(-8.0, 12.0, 4001)
    assert (np.diff(law.cdf(x)) >= 0.0).all()
    assert (law.pdf(x) >= 0.0).all()
    assert abs(law.line_panels.defect) <= 1e-9
    assert law.cdf(law.ppf(0.3)) == pytest.approx(0.3, rel=1e-12)
    smallest = wishart_soft_edge(1, 10, 40, smallest=True)
    assert abs(smallest.line_panels.defect) <= 1e-9
    assert smallest.cdf(smallest.ppf(1e-9)) == pytest.approx(1e-9, rel=1e-9)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: GaussianLargest(3, 5), ValueError, "beta must be 1, 2 or 4 for an exact law at finite n, got 3"),
        (lambda: GaussianLargest(2, 0), ValueError, "n must be an integer >= 1, got 0"),
        (lambda: GaussianLargest(2, 2.5), TypeError, "n must be an integer >= 1, got 2.5"),
        (lambda: GaussianLargest(2, 1000), ValueError, "n must be at most 400 for an exact law, got 1000"),
        (lambda: WishartLargest(3, 2, 3), ValueError, "beta must be 1, 2 or 4 for an exact law at finite n, got 3"),
        (lambda: WishartLargest(4, 200, 300), ValueError, "n must be at most 150 for an exact law with beta = 4"),
        (lambda: WishartLargest(4, 2, 3.5), TypeError, "samples must be an integer"),
        (lambda: WishartLargest(1, 2, 3.5), TypeError, "samples must be an integer >= 1, got 3.5"),
        (lambda: WishartSmallest(1, 4, 3), ValueError, "samples must be >= n = 4, got 3"),
        (lambda: wishart_soft_edge(1, 4, 4, smallest=True), ValueError, "at ratio 1 the lower edge is hard"),
        (lambda: wishart_soft_edge(1, 4, 8, "tracy"), ValueError, "unknown method 'tracy'"),
        (lambda: wishart_soft_edge(1, 4, 8, "el_karoui"), ValueError, "for the largest eigenvalue of complex matrices"),
        (lambda: rmt.laws.SoftEdge(2, 0, 0), ValueError, "scale must not be 0, got 0"),
    ],
)
def test_bad_input(make, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        make()
