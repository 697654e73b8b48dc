"""What the tables of docs/conventions.md state of normalisations and signs."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rmt


def second_moment(draw, entries, n=400):
    """Mean of n |x_ij|^2 over the entries picked, and its standard error."""
    matrix = draw.sample(n, rng=0)
    values = n * np.abs(matrix[entries(n)]) ** 2
    return values.mean(), values.std(ddof=1) / np.sqrt(values.size)


def off_diagonal(n):
    return np.triu_indices(n, 1)


def diagonal(n):
    return np.diag_indices(n)


@pytest.mark.parametrize("field", ["real", "complex"])
@pytest.mark.parametrize("entries", ["gaussian", "rademacher", "uniform", "laplace", "exponential"])
def test_wigner_off_diagonal_variance(entries, field):
    mean, error = second_moment(rmt.wigner(entries=entries, field=field), off_diagonal)
    assert abs(mean - 1.0) <= 6.0 * error + 1e-12


@pytest.mark.parametrize(
    ("ensemble", "variance"),
    [(rmt.goe(), 2.0), (rmt.gue(), 1.0), (rmt.wigner("uniform", "real"), 2.0), (rmt.wigner("uniform", "complex"), 1.0)],
    ids=repr,
)
def test_diagonal_variance(ensemble, variance):
    mean, error = second_moment(ensemble, diagonal, n=1500)
    assert abs(mean - variance) <= 6.0 * error
    assert abs(mean - variance * 1.5) > 6.0 * error


def test_gse_blocks():
    n = 300
    matrix = rmt.gse().sample(n, rng=0)
    assert matrix.shape == (2 * n, 2 * n)
    assert rmt.gse().eigenvalues(n, rng=0).shape == (n,)
    doubled = np.linalg.eigvalsh(matrix)
    assert np.allclose(doubled[::2], doubled[1::2], rtol=0, atol=1e-12)
    # |x_ij|^2 of a quaternion is the sum over half of its 2 x 2 block of complex numbers
    blocks = np.abs(matrix) ** 2
    quaternion = 0.5 * (blocks[::2, ::2] + blocks[1::2, ::2] + blocks[::2, 1::2] + blocks[1::2, 1::2])
    if not np.allclose(matrix[1::2, 1::2], matrix[::2, ::2].conj()):  # blocks stored as [[A, B], [-B*, A*]]
        quaternion = 0.5 * (blocks[:n, :n] + blocks[n:, :n] + blocks[:n, n:] + blocks[n:, n:])
    values = n * quaternion[off_diagonal(n)]
    assert abs(values.mean() - 1.0) <= 6.0 * values.std() / np.sqrt(values.size)
    diagonal_values = n * quaternion[diagonal(n)]
    assert abs(diagonal_values.mean() - 0.5) <= 6.0 * diagonal_values.std() / np.sqrt(n)


@pytest.mark.parametrize("ensemble", [rmt.goe(), rmt.gue(), rmt.gse(), rmt.wigner("rademacher")], ids=repr)
def test_wigner_support(ensemble):
    values = ensemble.eigenvalues(1000, rng=0)
    assert abs(values[0] + 2.0) < 0.06
    assert abs(values[-1] - 2.0) < 0.06
    assert (ensemble.law().support[0].low, ensemble.law().support[0].high) == (-2.0, 2.0)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_wishart_edges_mean_and_atom(ratio):
    law = rmt.wishart(ratio=ratio).law()
    assert law.mean() == pytest.approx(1.0, abs=1e-15)
    interval = law.support[-1]
    assert interval.low == pytest.approx((1 - np.sqrt(ratio)) ** 2, abs=1e-15)
    assert interval.high == pytest.approx((1 + np.sqrt(ratio)) ** 2, rel=1e-15)
    assert law.atoms == (((0.0, 1 - 1 / ratio),) if ratio > 1 else ())
    n = 600
    matrix = rmt.wishart(ratio=ratio).sample(n, rng=0)
    assert matrix.shape == (n, n)
    assert abs(np.trace(matrix) / n - 1.0) < 0.03
    assert abs(np.linalg.eigvalsh(matrix)[-1] / interval.high - 1.0) < 0.06


def test_ratio_is_dimension_over_samples():
    """A Wishart matrix of ratio 2 has rank n/2; the inverse convention would give full rank."""
    assert np.linalg.matrix_rank(rmt.wishart(ratio=2.0).sample(100, rng=0)) == 50
    assert np.linalg.matrix_rank(rmt.wishart(ratio=0.5).sample(100, rng=0)) == 100


def test_ginibre_variance_and_disc():
    square = rmt.ginibre().sample(600, rng=0)
    assert abs(np.mean(np.abs(square) ** 2) * 600 - 1.0) < 6 * np.sqrt(2.0) / 600
    assert abs(np.abs(np.linalg.eigvals(square)).max() - 1.0) < 0.1
    wide = rmt.ginibre(shape=(1, 3)).sample(200, rng=0)
    assert wide.shape == (200, 600)
    assert abs(np.mean(wide**2) * 600 - 1.0) < 6 * np.sqrt(2.0 / wide.size)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_product_wishart_mean_and_edge(depth):
    ensemble = rmt.product_wishart(depth=depth)
    law = ensemble.law()
    edge = (depth + 1) ** (depth + 1) / depth**depth
    assert law.mean() == pytest.approx(1.0, abs=1e-14)
    assert law.support[0].high == pytest.approx(edge, rel=1e-14)
    assert abs(ensemble.eigenvalues(800, rng=0)[-1] / edge - 1.0) < 0.12


@pytest.mark.parametrize(
    ("ensemble", "size"), [(rmt.haar_orthogonal(), 40), (rmt.haar_unitary(), 40), (rmt.haar_symplectic(), 80)], ids=repr
)
def test_haar_sizes(ensemble, size):
    matrix = ensemble.sample(40, rng=0)
    assert matrix.shape == (size, size)
    assert np.allclose(matrix @ matrix.conj().T, np.eye(size), atol=1e-12)


def test_stieltjes_sign_and_boundary_value():
    law = rmt.Semicircle()
    assert law.stieltjes(1.0 + 1.0j).imag < 0.0
    assert law.cauchy(3.0) == law.stieltjes(3.0)
    assert -law.stieltjes(0.5).imag / np.pi == pytest.approx(law.pdf(0.5), rel=1e-15)
    assert law.log_potential(0.5).imag == pytest.approx(np.pi * law.sf(0.5), rel=1e-14)
    assert law.hilbert(0.5) == pytest.approx(0.25, rel=1e-14)  # p.v. without 1/pi: x/2


def test_transform_definitions():
    law = rmt.MarchenkoPastur(ratio=0.5)
    z = 5.0
    g = law.stieltjes(z).real
    assert law.r_transform(g) + 1 / g == pytest.approx(z, rel=1e-13)
    assert law.blue(g) == pytest.approx(z, rel=1e-13)
    m = law.t_transform(z).real
    assert m == pytest.approx(z * g - 1, rel=1e-13)
    assert law.inverse_t_transform(m) == pytest.approx(z, rel=1e-13)
    assert law.s_transform(m) == pytest.approx((1 + m) / (m * z), rel=1e-13)


def test_sequences_start_at_one():
    law = rmt.MarchenkoPastur(ratio=1)
    assert law.moments(3) == (1.0, 2.0, 5.0)
    assert law.free_cumulants(3) == (1.0, 1.0, 1.0)


def test_beta_is_the_dyson_index():
    assert [e.beta for e in (rmt.goe(), rmt.gue(), rmt.gse())] == [1, 2, 4]


def test_tracy_widom_is_on_the_scale_of_the_largest_eigenvalue():
    for ensemble in (rmt.goe(), rmt.gue(), rmt.gse()):
        law = ensemble.largest_law(1000, method="plain")
        x = 2 + 1000 ** (-2 / 3) * np.array([-3.0, -1.0])
        np.testing.assert_allclose(law.cdf(x), rmt.TracyWidom(int(ensemble.beta)).cdf([-3.0, -1.0]), rtol=1e-9)
        # 2 % off the exact law at n = 100; another scale of beta = 4 would be 20 % off
        exact = ensemble.largest_law(100)
        assert abs(exact.cdf(2 + 100 ** (-2 / 3) * -2.0) - rmt.TracyWidom(int(ensemble.beta)).cdf(-2.0)) < 0.05
    assert abs(rmt.TracyWidom(4).cdf(-2.0) - rmt.TracyWidom(4, "raw").cdf(-2.0)) > 0.2


def test_scale_of_the_hard_edge():
    for beta, a in ((1, 0), (1, 2), (2, 2)):
        n = 30
        exact = rmt.laguerre(beta, a=a).smallest_law(n, method="exact")
        nu = n + 0.5 * (a + 1) - 1 / beta
        s = 6.0
        assert abs(exact.cdf(s / (4 * nu * (n + a))) - rmt.BesselEdge(beta, a).cdf(s)) < 2e-3


def test_spacings_have_mean_one():
    for law in (rmt.GaudinSpacing(1), rmt.WignerSurmise(2), rmt.PoissonSpacing()):
        assert abs(law.mean() - 1.0) < 1e-12
    assert rmt.spectra.form_factor_law(10.0, 1) == pytest.approx(1.0, abs=1e-2)


def test_tau_is_the_trace_over_the_dimension():
    matrix = rmt.wishart(ratio=0.5).sample(6, rng=0)
    assert rmt.spectra.esd(matrix).moment(1) == pytest.approx(np.trace(matrix) / 6, rel=1e-12)
    assert rmt.spectra.esd(matrix).moment(2) == pytest.approx(np.trace(matrix @ matrix) / 6, rel=1e-12)


def test_one_meaning_of_m():
    """M(z) = zG(z) − 1 = ψ(1/z) with ψ(w) = Σ m_k w^k."""
    law, z = rmt.Arcsine(), 50.0
    assert law.t_transform(z).real == pytest.approx(sum(m / z**k for k, m in enumerate(law.moments(20), 1)), rel=1e-12)
    assert law.t_transform(z).real == pytest.approx(z * law.stieltjes(z).real - 1.0, abs=1e-14)


def test_median_of_the_free_log_normal_law():
    """exp(t/2) times it is free multiplicative Brownian motion of median 1."""
    t = 0.7
    law = math.exp(t / 2) * rmt.networks.FreeLogNormal(t)
    assert law.ppf(0.5) == pytest.approx(1.0, rel=1e-12)
    assert law.s_transform(0.3) == pytest.approx(math.exp(-t * (0.3 + 0.5)), rel=1e-12)


@pytest.mark.parametrize(
    ("law", "transform"),
    [
        (rmt.boxplus(rmt.MarchenkoPastur(0.5), rmt.Uniform(1, 2)), "stieltjes"),
        (rmt.boxtimes(rmt.MarchenkoPastur(0.5), rmt.Uniform(1, 2)), "t_transform"),
    ],
)
def test_subordination_keeps_g_of_sums_and_m_of_products(law, transform):
    z = 0.3 + 0.8j
    for factor, w in zip((rmt.MarchenkoPastur(0.5), rmt.Uniform(1, 2)), law.subordination(z), strict=True):
        assert abs(getattr(factor, transform)(w) - getattr(law, transform)(z)) < 1e-13
        other = "stieltjes" if transform == "t_transform" else "t_transform"
        assert abs(getattr(factor, other)(w) - getattr(law, other)(z)) > 0.01
