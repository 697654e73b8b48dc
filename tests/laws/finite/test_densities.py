"""Mean densities at finite n, and normalisation constants: exact values, moments, samples."""

from __future__ import annotations

import math
import re

import mpmath as mp
import numpy as np
import pytest
from edge_references import rows
from scipy.integrate import dblquad
from scipy.stats import chi2

import rmt
from rmt.laws import GaussianDensity, Semicircle, WishartDensity


def test_reference_values():
    for row in rows("gue-pdf", "goe-pdf", "gse-pdf"):
        law = GaussianDensity({"u": 2, "o": 1, "s": 4}[row["id"][1]], row["inputs"]["n"])
        assert law.pdf(float(row["inputs"]["x"])) == pytest.approx(float(row["value"]), abs=1e-13), row
    for row in rows("lue-pdf"):
        law = WishartDensity(2, row["inputs"]["n"], row["inputs"]["m"])
        assert law.pdf(float(row["inputs"]["x"])) == pytest.approx(float(row["value"]), rel=1e-12), row


def test_errors_hold_against_sums_of_hermite_polynomials():
    """The density of the GUE is Σ φ_k(√n x)²/√n over k < n, with the variance 1/n of the diagonal."""
    n = 30
    x = np.linspace(-2.4, 2.4, 25)
    value, error = GaussianDensity(2, n).pdf(x, return_error=True)
    with mp.workdps(30):
        exact = []
        for point in x:
            y = mp.sqrt(mp.mpf(n) / 2) * mp.mpf(float(point))
            terms = (mp.hermite(k, y) ** 2 / (2**k * mp.factorial(k)) for k in range(n))
            exact.append(float(mp.exp(-y * y) * mp.fsum(terms) / mp.sqrt(2 * mp.pi * n)))
    assert (np.abs(value - exact) <= error).all()
    assert (error < 1e-10).all()


@pytest.mark.parametrize("n", [1, 2, 7, 40])
@pytest.mark.parametrize("beta", [1, 2, 4])
def test_moments(beta: int, n: int):
    """m₂ = 1 + (2/β − 1)/n, m₄ from the exact traces: GOE 2 + 5/n + 5/n², GUE 2 + 1/n²."""
    law = GaussianDensity(beta, n)
    assert abs(law.line_panels.defect) < 1e-12
    assert law.moment(2) == pytest.approx(1 + (2 / beta - 1) / n, rel=1e-11)
    fourth = {1: 2 + 5 / n + 5 / n**2, 2: 2 + 1 / n**2, 4: 2 - 2.5 / n + 1.25 / n**2}[beta]
    assert law.moment(4) == pytest.approx(fourth, rel=1e-11)
    assert law.moment(3) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 2), (7, 9), (40, 80)])
def test_quaternion_wishart(n: int, m: int):
    """Mass, mean and E tr W² = n (1 + n/m − 1/(2m)), from the bidiagonal model of any beta."""
    law = WishartDensity(4, n, m)
    assert abs(law.line_panels.defect) < 1e-11
    assert law.mean() == pytest.approx(1, rel=1e-10)
    assert law.moment(2) == pytest.approx(1 + n / m - 1 / (2 * m), rel=1e-10)
    assert law.moment(2) != pytest.approx(1 + n / m, rel=1e-5)


def test_real_wishart():
    for n, m in ((1, 3), (4, 4), (5, 8)):
        law = WishartDensity(1, n, m)
        assert law.mean() == pytest.approx(1.0, rel=1e-12)
        assert law.moment(2) == pytest.approx((n + m + 1) / m, rel=1e-12)
        third = (n * n + m * m + 3 * n * m + 3 * n + 3 * m + 4) / m**2  # Goodman's real case
        assert law.moment(3) == pytest.approx(third, rel=1e-11)
    assert WishartDensity(1, 1, 3).pdf(0.7) == pytest.approx(3 * chi2(3).pdf(2.1), rel=1e-12)


def test_the_limit():
    x = np.linspace(-1.5, 1.5, 7)
    distance = [np.abs(rmt.gue().mean_density(n).pdf(x) - Semicircle().pdf(x)).max() for n in (10, 100)]
    assert distance[1] < 0.15 * distance[0]
    assert rmt.wishart(0.5).mean_density(6) == WishartDensity(1, 6, 12)
    assert rmt.hermite(4).mean_density(3) == GaussianDensity(4, 3)


def test_samples():
    values = rmt.goe().eigenvalues(5, rng=0, trials=20000)
    law = rmt.goe().mean_density(5)
    edges = np.linspace(-2.5, 2.5, 11)
    share = np.histogram(values, edges)[0] / values.size
    error = np.sqrt(law.cdf(edges[1:]) - law.cdf(edges[:-1])) / math.sqrt(values.size)
    assert (np.abs(share - np.diff(law.cdf(edges))) < 5.5 * error).all()
    assert (np.abs(share - np.diff(Semicircle().cdf(edges))) > 5.5 * error).any()


def test_normalisation():
    for row in rows("logZ"):
        kind, i = row["id"].split("-")[1], row["inputs"]
        beta, n = int(i["beta"]), i["n"]
        ensemble = {
            "hermite": lambda beta=beta: rmt.hermite(beta),
            "laguerre": lambda beta=beta, i=i: rmt.laguerre(beta, a=i["m"] - i["n"]),
            "jacobi": lambda beta=beta, i=i: rmt.jacobi(beta, i["a"], i["b"]),
        }[kind]()
        assert ensemble.log_normalisation(n) == pytest.approx(float(row["value"]), rel=1e-13), row


def test_joint_densities_have_mass_one():
    for ensemble, low, high in (
        (rmt.hermite(1.5), -6, 6),
        (rmt.laguerre(2.5, a=0.7), 0, 12),
        (rmt.jacobi(3, 0.5, 1.0), 0, 1),
    ):

        def density(y, x, ensemble=ensemble):
            return math.exp(ensemble.log_density([x, y]))

        half, _ = dblquad(density, low, high, lambda x, low=low: low, lambda x: x, epsabs=1e-9)
        assert 2 * half == pytest.approx(1.0, abs=1e-6)
    stacked = rmt.hermite(2).log_density([[0.1, -0.3], [1.0, 1.0]])
    assert stacked[0] == rmt.hermite(2).log_density([-0.3, 0.1])
    assert stacked[1] == -math.inf
    assert rmt.laguerre(1, a=1).log_density([0.5, -0.1]) == -math.inf


def test_growing_jacobi_parameters():
    ensemble = rmt.jacobi(1, ratios=(0.5, 0.25))
    law = ensemble.law()
    assert ensemble.excesses(10) == (10.0, 30.0)
    values = ensemble.eigenvalues(400, rng=1)
    assert rmt.spectra.compare(values, law).ks < 0.01
    # the arcsine law, right for fixed parameters, is far off
    assert rmt.spectra.compare(values, rmt.jacobi(1).law()).ks > 0.2
    assert eval(repr(ensemble), {"jacobi": rmt.jacobi}).ratios == (0.5, 0.25)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: GaussianDensity(3, 2), ValueError, "beta must be 1, 2 or 4 for an exact law at finite n, got 3"),
        (lambda: WishartDensity(1, 5, 3), ValueError, "samples must be >= n = 5, got 3"),
        (lambda: rmt.ginibre().mean_density(3), TypeError, "no law is known for the extreme eigenvalues of ginibre()"),
        (lambda: rmt.wigner("rademacher").mean_density(3), ValueError, "is known for Gaussian entries"),
        (lambda: rmt.hermite(math.inf).log_normalisation(3), ValueError, "do not fluctuate"),
        (lambda: rmt.laguerre(2, ratio=2).log_normalisation(4), ValueError, "fewer samples than dimensions"),
        (lambda: rmt.hermite(2).log_density([1j]), TypeError, "eigenvalues must be real"),
        (lambda: rmt.hermite(2).log_density([]), ValueError, "eigenvalues must have shape (..., n)"),
        (lambda: rmt.jacobi(2, 1, 0, ratios=(0.5, 0.5)), ValueError, "ratios and a, b exclude each other"),
        (
            lambda: rmt.jacobi(2, ratios=(0.5, 2.0)),
            ValueError,
            "ratios must be a finite real number > 0 and <= 1, got 2",
        ),
        (lambda: rmt.jacobi(2, ratios=0.5), TypeError, "ratios must be two numbers in (0, 1]"),
    ],
)
def test_bad_input(call, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_kernels_reproduce_themselves():
    """∫ K(x, t) K(t, y) dt = K(x, y), K(x, x) = n ρ(x), and det K gives the law of the largest eigenvalue."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    for kernel, low, high, density in (
        (lambda x, y: rmt.laws.gue_kernel(6, x, y), -6.0, 6.0, GaussianDensity(2, 6)),
        (lambda x, y: rmt.laws.complex_wishart_kernel(4, 6, x, y), 0.0, 14.0, WishartDensity(2, 4, 6)),
    ):
        t, w = 0.5 * (low + high) + 0.5 * (high - low) * nodes, 0.5 * (high - low) * weights
        x, y = 0.7, 1.1
        assert w @ (kernel(x, t) * kernel(t, y)) == pytest.approx(kernel(x, y), rel=1e-11)
        assert kernel(x, x) == pytest.approx(density.n * density.pdf(x), rel=1e-11)
        assert kernel(np.array([x, y]), 0.5).shape == (2,)
    above = 1.0 + 2.5 * (1 + nodes)
    root = np.sqrt(2.5 * weights)
    gap = np.linalg.det(np.eye(200) - root[:, None] * rmt.laws.gue_kernel(6, above[:, None], above) * root)
    assert gap == pytest.approx(rmt.laws.GaussianLargest(2, 6).cdf(1.0), abs=1e-12)


def test_corrections_of_order_one_over_n():
    """The shift of a linear statistic is the 1/n term of a moment: 1, 5, 22 for m₂, m₄, m₆ of the GOE."""
    for k, exact in ((2, 1), (4, 5), (6, 22)):
        shift = rmt.spectra.linear_statistic(Semicircle(), lambda x, k=k: x**k, beta=1).shift
        assert shift == pytest.approx(exact, rel=1e-12)
    n = 40
    assert n * (GaussianDensity(1, n).moment(4) - 2) == pytest.approx(5 + 5 / n, rel=1e-9)
