"""Golub-Kahan steps and Lanczos quadrature against matrices whose spectra are known."""

import numpy as np
import pytest

from rmt.numerics.eigen.golub_kahan import (
    bidiagonalise,
    compressed_measure,
    gauss_rule_of_map,
    lanczos_spectrum,
)


def matrix_with(singular_values, rows, columns, seed=0):
    rng = np.random.default_rng(seed)
    u = np.linalg.qr(rng.standard_normal((rows, rows)))[0]
    v = np.linalg.qr(rng.standard_normal((columns, columns)))[0]
    middle = np.zeros((rows, columns))
    np.fill_diagonal(middle, singular_values)
    return u @ middle @ v.T


def products(a):
    return (lambda v: a @ v), (lambda u: a.T @ u)


@pytest.mark.parametrize(("rows", "columns"), [(30, 30), (30, 50), (50, 30)])
def test_bidiagonal_matrix_has_the_singular_values(rows, columns):
    s = np.linspace(1.0, 2.0, 30)
    a = matrix_with(s, rows, columns)
    d, e, remainder = bidiagonalise(*products(a), np.random.default_rng(1).standard_normal(rows), 60)
    found = np.linalg.svd(np.diag(d) + np.diag(e, -1), compute_uv=False)
    np.testing.assert_allclose(np.sort(found)[-30:], s, rtol=1e-12)
    np.testing.assert_allclose(np.sort(found)[:-30], 0.0, atol=1e-12)
    assert remainder == 0.0


def test_gauss_rule_is_exact_for_polynomials():
    rng = np.random.default_rng(2)
    a, u = rng.standard_normal((40, 60)) / 8, rng.standard_normal(40)
    u /= np.linalg.norm(u)
    rule = gauss_rule_of_map(*products(a), u, 6)
    gram = a @ a.T
    for k in range(12):  # degree 2 * 6 - 1
        assert rule.weights @ rule.nodes**k == pytest.approx(u @ np.linalg.matrix_power(gram, k) @ u, rel=1e-12)
    beyond = rule.weights @ rule.nodes**12 / (u @ np.linalg.matrix_power(gram, 12) @ u)
    assert abs(beyond - 1.0) > 1e-7


def test_few_distinct_singular_values_end_the_iteration():
    a = matrix_with(np.repeat([1.0, 3.0], 10), 20, 20)
    d, _, remainder = bidiagonalise(*products(a), np.random.default_rng(0).standard_normal(20), 15)
    assert len(d) <= 3
    assert remainder < 1e-12
    rule = gauss_rule_of_map(*products(a), np.random.default_rng(0).standard_normal(20), 15)
    assert rule.largest == pytest.approx(3.0, rel=1e-13)


def test_bounds_of_the_distribution_function_hold_for_the_measure_seen():
    rng = np.random.default_rng(3)
    s = np.sort(rng.uniform(0.0, 2.0, 80))
    a = np.diag(s)
    u = rng.standard_normal(80)
    masses = u**2 / (u @ u)
    rule = gauss_rule_of_map(*products(a), u, 12)
    x = np.concatenate([np.linspace(-0.1, 4.2, 500), rule.nodes])
    truth = np.array([masses[s**2 <= t * (1 + 1e-14)].sum() for t in x])
    low, high = rule.cdf_bounds(x)
    assert (low <= truth + 1e-12).all()
    assert (truth <= high + 1e-12).all()
    assert np.mean(high - low) < 0.25


def test_stochastic_estimates_are_within_their_errors():
    rng = np.random.default_rng(4)
    a = rng.standard_normal((300, 300)) / np.sqrt(300)
    spectrum = lanczos_spectrum(*products(a), a.shape, steps=30, probes=6, rng=5)
    values = np.linalg.svd(a, compute_uv=False) ** 2
    for k in (1, 2, 3):
        estimate, error = spectrum.moment(k)
        assert abs(estimate - np.mean(values**k)) < 5.0 * error
        assert error < 0.1 * estimate
    largest, distance = spectrum.largest
    assert largest <= np.sqrt(values.max()) * (1 + 1e-12)
    assert np.abs(np.sqrt(values) - largest).min() <= distance * (1 + 1e-9) + 1e-12
    levels = np.linspace(0.0, 4.2, 200)
    low, high = spectrum.cdf_bounds(levels)
    share = np.mean(values[:, None] <= levels, axis=0)
    assert (low <= share).all()
    assert (share <= high).all()
    for u in (0.25, 0.5, 0.75):
        q = spectrum.quantile_bounds(u)
        assert q[0] <= np.quantile(values, u) <= q[1]
        assert q[1] - q[0] < 1.0


def test_a_wrong_law_leaves_the_bounds():
    from rmt.laws import MarchenkoPastur

    rng = np.random.default_rng(6)
    a = rng.standard_normal((400, 400)) / 20.0
    spectrum = lanczos_spectrum(*products(a), a.shape, steps=40, probes=8, rng=7)
    assert spectrum.departure(MarchenkoPastur().cdf) == 0.0
    assert spectrum.departure(MarchenkoPastur(variance=1.2).cdf) > 0.01
    assert spectrum.departure(MarchenkoPastur(ratio=0.5).cdf) > 0.05


def test_small_singular_values_are_said_to_be_unresolved():
    s = np.geomspace(1e-9, 1.0, 200)
    a = matrix_with(s, 200, 200)
    spectrum = lanczos_spectrum(*products(a), a.shape, steps=20, probes=4, rng=0)
    assert np.sqrt(spectrum.resolved_above) > 1e-6
    assert spectrum.quantile_bounds(0.01)[0] == 0.0


def test_compressed_measure_keeps_moments():
    x = np.random.default_rng(8).uniform(0.2, 1.0, 500)
    positions, weights = compressed_measure(x, 8)
    assert positions.size == 8
    for k in range(16):
        assert weights @ positions**k == pytest.approx(np.mean(x**k), rel=1e-12)
    positions, weights = compressed_measure([0.0, 1.0, 1.0, 0.0, 1.0], 8)
    np.testing.assert_allclose(positions, [0.0, 1.0])
    np.testing.assert_allclose(weights, [0.4, 0.6])


def test_bad_input():
    eye = np.eye(3)
    with pytest.raises(ValueError, match="not zero"):
        bidiagonalise(*products(eye), np.zeros(3), 2)
    with pytest.raises(ValueError, match="not finite"):
        bidiagonalise(*products(np.full((3, 3), np.nan)), np.ones(3), 2)
    with pytest.raises(ValueError, match="probes"):
        lanczos_spectrum(*products(eye), (3, 3), probes=0)
    with pytest.raises(ValueError, match="finite"):
        compressed_measure([np.nan], 3)
